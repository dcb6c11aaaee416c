#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's packages, of the configuration of the VM, on a fresh Debian: installed, removed,
# purged; a module is built with the headers, and the kernel in them boots. As root, with
# network; prints TAP.
# Usage: tests/kernel/packages.sh [RELEASE...]
set -uo pipefail
source "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
packages=$top/build/kernel-deb
work=$top/build/kernel-deb.test
[[ $# -gt 0 ]] || set -- bookworm trixie

said=$(BASE_CONFIG=$top/build/kernel/config "$top/kernel-patches/kernel.sh" deb 2>&1)
result $? "the packages are built" "$said"
image=$(ls "$packages"/linux-image-*.deb | grep -v -- -dbg)
headers=$(ls "$packages"/linux-headers-*.deb)
if command -v lintian > /dev/null; then
	is "lintian has nothing to say but of what upstream puts among the headers" "" \
		"$(lintian --allow-root --fail-on none "$packages"/*.deb 2> /dev/null |
			grep -vE '^[EW]: linux-headers-.*: (package-contains-vcs-control-file|unstripped-binary-or-object|undeclared-elf-prerequisites)')"
else
	skip "lintian" "not installed"
fi
name=$(basename "$image")
release_of=${name#linux-image-}
release_of=${release_of%%_*}

inside() { "$top/scripts/chroot.sh" run "$debian" "$@" 2>&1; }
apt() { inside apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@"; }
files() { (cd "$root" && find boot lib/modules etc/kernel usr/src usr/lib/linux-* usr/share/doc/linux-* | sort) 2> /dev/null; }

# A module for the kernel whose headers are installed, which by upstream's packaging do not
# depend on what its build needs: a compiler, make, libelf
build_module() {
	mkdir -p "$root/tmp/module"
	echo 'obj-m := some.o' > "$root/tmp/module/Makefile"
	printf '%s\n' '#include <linux/module.h>' '#include <linux/memremap.h>' \
		'static int __init some_init(void) { return MEMORY_DEVICE_HOST ? 0 : -EINVAL; }' \
		'module_init(some_init);' 'MODULE_LICENSE("GPL");' 'MODULE_DESCRIPTION("a test");' \
		> "$root/tmp/module/some.c"
	inside make -s -C "/lib/modules/$release_of/build" M=/tmp/module modules
}

for debian; do
	root=$top/build/chroots/$debian
	said=$("$top/scripts/chroot.sh" new "$debian" 2>&1 && apt update && apt install initramfs-tools zstd gcc make libelf-dev)
	status=$?
	result $status "$debian is there" "$said"
	[[ $status == 0 ]] || continue
	files > "$work.before"
	cp "$image" "$headers" "$root/tmp/"
	said=$(apt install "/tmp/${image##*/}" "/tmp/${headers##*/}")
	result $? "$debian: the kernel is installed" "$said"
	is "... with its modules, and an initrd for it" "" "$(cd "$root" &&
		ls "boot/vmlinuz-$release_of" "boot/initrd.img-$release_of" "lib/modules/$release_of/modules.dep" 2>&1 > /dev/null)"
	like "... of which one is cdm" "/cdm\.ko" "$(inside modinfo -k "$release_of" -n cdm)"
	is "its files are as they were packed" "" "$(inside dpkg --verify "${name%%_*}")"
	said=$(build_module)
	result $? "$debian: a module is built with its headers" "$said"
	like "... for it" "^$release_of " "$(inside modinfo -F vermagic /tmp/module/some.ko)"
	said=$(apt purge "${name%%_*}" "linux-headers-$release_of")
	result $? "... removed and purged" "$said"
	is "nothing is left, and nothing is missing" "" "$(files | diff "$work.before" -)"
done

# The result that cdm-vm boots, from the package
rm -rf "$work"
mkdir -p "$work"
dpkg-deb -x "$image" "$work"
mv "$work/boot/vmlinuz-$release_of" "$work/bzImage"
make -s -C "$top/tests/vm" && make -s -C "$top/tools/cdm-vm"
said=$("$top/tools/cdm-vm/cdm-vm" --kernel "$work" --memory 1G --no-modprobe --cdm 256M,reserved \
	--cdm 256M,reserved --timeout 300 -- "$top/tests/vm/guest-bisect.sh" 2>&1)
result $? "the kernel of the package boots, and moves memory to a device and home" "$said"
rm -rf "$work" "$work.before"
finish
