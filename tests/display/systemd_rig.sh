#!/bin/sh
# A real user systemd in namespaces of its own; see systemd_rig.py. Run by root as
#     unshare --mount --pid --fork --mount-proc systemd_rig.sh HOME
# It is process 1 in there, and ends with that systemd, which SIGTERM to this one ends.
#
# Everything lives in a control group of its own below the one this was started in: two of these at a time would
# otherwise take each other's services for their own. HOME/systemd.pid appears when systemd may be asked.
set -eu
home=$1

mount -t tmpfs tmpfs /run/systemd
mkdir -p /run/systemd/system
# Unified, whatever the machine itself uses.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/${home##*/}
mkdir "$group"

sh -c '
	echo 0 >"$1/cgroup.procs"
	# The same file system a second time on the same place is refused, though its root is another one now.
	exec unshare --mount --cgroup sh -ec "
		umount /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		exec /lib/systemd/systemd --user" 2>"$2/systemd.log"
' - "$group" "$home" &
systemd=$!
trap 'kill "$systemd"' TERM
echo "$systemd" >"$home/systemd.pid"
# The trap ends the first wait.
wait "$systemd" || wait "$systemd" || :
# systemd has removed it, unless it was killed.
[ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} \;
