"""dbus-broker as a bus for a test, without a systemd that starts it."""
import os
import socket

# It wants its socket as systemd would give it, and a journal that it can reach; nothing reads that. Its mount
# namespace is its own, so that this is the only process that sees the journal.
SCRIPT = """
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/journal
ln -s "$1/journal" /run/systemd/journal/socket
export LISTEN_FDS=1 LISTEN_PID=$$
exec dbus-broker-launch --scope user --config-file="$1/bus.conf" 3<&0 </dev/null
"""


def prepare(directory):
    """A bus at DIRECTORY/bus by DIRECTORY/bus.conf. Returns a command, the socket that it needs as its standard
    input, and all sockets, which must stay open as long as the bus is to live."""
    sockets = []
    for name, kind in (("journal", socket.SOCK_DGRAM), ("bus", socket.SOCK_STREAM)):
        sockets.append(socket.socket(socket.AF_UNIX, kind))
        sockets[-1].bind(f"{directory}/{name}")
    sockets[-1].listen()
    may_mount = ["--mount"] if os.getuid() == 0 else ["--user", "--map-current-user", "--keep-caps", "--mount"]
    return ["unshare", *may_mount, "sh", "-eu", "-c", SCRIPT, "sh", str(directory)], sockets[-1], sockets
