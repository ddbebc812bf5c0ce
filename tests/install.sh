#!/bin/sh
# Run by `make check-install`: what `make install` puts into an empty DESTDIR is what tests/install.list says, none
# of it knows of DESTDIR, and `make uninstall` leaves nothing.
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
echo "== install: as tests/install.list says, and uninstalled to nothing"
