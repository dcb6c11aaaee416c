#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A fresh Debian in build/chroots/RELEASE, from the archive that this machine uses, and a
# command in it. What is downloaded is kept in build/chroots/ for the next one.
# Usage, as root: scripts/chroot.sh new RELEASE; scripts/chroot.sh run RELEASE COMMAND...
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
chroots=$top/build/chroots
what=$1 release=$2
root=$chroots/$release
shift 2

mirror() {
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2> /dev/null | grep -m1 '/debian/*$'
}

new() {
	local tar=$chroots/$release.tar
	mkdir -p "$chroots/archives/partial"
	if [[ ! -e $tar ]]; then
		rm -rf "$root"
		debootstrap --variant=minbase "$release" "$root" "$(mirror)" > "$chroots/$release.log" 2>&1 ||
			{ tail -5 "$chroots/$release.log" >&2; return 1; }
		tar -C "$root" -cf "$tar.new" .
		mv "$tar.new" "$tar"
	fi
	rm -rf "$root"
	mkdir -p "$root"
	tar -C "$root" -xf "$tar"
}

# In a mount namespace of its own, of which nothing stays
run() {
	unshare --mount bash -c '
		root=$1; shift
		mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" &&
		mount --rbind /dev "$root/dev" &&
		mount --bind "$root/../archives" "$root/var/cache/apt/archives" || exit
		cp /etc/resolv.conf "$root/etc/resolv.conf"
		exec chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"' - "$root" "$@"
}

"$what" "$@"
