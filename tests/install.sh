#!/bin/sh
# Run by `make check-install`: what `make install` puts into an empty DESTDIR is what tests/install.list says, none
# of it knows of DESTDIR, and `make uninstall` leaves nothing; it refuses while an account is enabled.
set -eu
export LC_ALL=C
stage=$(mktemp -d)
trap 'rm -rf "$stage" "$stage.list"' EXIT

# The same prefix as that of the build: another one would have lulld linked anew.
$MAKE -s install DESTDIR="$stage"
sed "s|lib/systemd/user|${UNITDIR#"$PREFIX"/}|" tests/install.list | sort -k2 >"$stage.list"
(cd "$stage$PREFIX" && find . -type f -printf '%m %P\n') | sort -k2 | diff -u "$stage.list" - || {
	echo "what was installed isn't what tests/install.list says"
	exit 1
}
if find "$stage" -type f ! -path "$stage$PREFIX/*" | grep .; then
	echo "these were installed outside of the prefix"
	exit 1
fi
if grep -rlF "$stage" "$stage"; then
	echo "these have the path of DESTDIR in them"
	exit 1
fi
if grep -rn '@[A-Z]*@' "$stage" --include='*.service' --include='*.conf'; then
	echo "these have a path that wasn't filled in"
	exit 1
fi
$MAKE -s uninstall DESTDIR="$stage"
if find "$stage" -mindepth 1 | grep .; then
	echo "uninstall left these behind"
	exit 1
fi

# Without DESTDIR nothing is removed from under an account that is enabled, or from under that of sudo's user.
mkdir -p "$stage/home/.local/state/lull"
echo '{}' >"$stage/home/.local/state/lull/enabled.json"
mkdir -p "$stage/bin"
printf '#!/bin/sh\necho "anna:x:1000:1000::%s:/bin/sh"\n' "$stage/home" >"$stage/bin/getent"
chmod +x "$stage/bin/getent"
# Nothing that whoever ran this has set may lead to directories outside of the stage.
uninstall() { # uninstall VARIABLE=VALUE...
	env -u MAKEFLAGS -u MFLAGS -u DESTDIR -u BINDIR -u LIBEXECDIR -u MANDIR -u DOCDIR -u SYSTEMDUSERUNITDIR \
		-u DBUSSERVICEDIR -u XDG_STATE_HOME -u SUDO_USER "$@" $MAKE -s uninstall PREFIX="$stage/usr" 2>&1
}
refuses() { # refuses USER VARIABLE=VALUE...
	user=$1
	shift
	said=$(uninstall "$@") && {
		echo "uninstall didn't refuse for $user"
		exit 1
	}
	echo "$said" | grep -qF "lull is still enabled for $user: run 'lull disable' first" || {
		echo "$said"
		exit 1
	}
}
mkdir -p "$stage/usr/bin"
echo lulld >"$stage/usr/bin/lulld"
refuses "$(id -un)" HOME="$stage/home"
refuses "$(id -un)" HOME=/nowhere XDG_STATE_HOME="$stage/home/.local/state"
refuses anna HOME=/nowhere SUDO_USER=anna PATH="$stage/bin:$PATH"
[ -e "$stage/usr/bin/lulld" ] || {
	echo "uninstall removed something before it refused"
	exit 1
}
rm "$stage/home/.local/state/lull/enabled.json"
uninstall HOME="$stage/home"
if [ -e "$stage/usr/bin/lulld" ]; then
	echo "uninstall left lulld behind"
	exit 1
fi
echo "== install: as tests/install.list says, and uninstalled to nothing"
