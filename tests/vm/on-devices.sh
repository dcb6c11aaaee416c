#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Other people's tests of memory, in RAM and with their memory on devices: on-devices.py says
# what is compared. Upstream's selftests of mm are built from the kernel's source, if
# `make kernel-tree` has unpacked it.
#
#   on-devices.sh SECONDS [PROGRAM...]	of each stress; all, or some by part of their names
#
# CPUS=1: where a processor is emulated and has to wait for its turn, a page that is unmapped
# waits for it, too, which takes what is there for minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$(dirname "$here")")
out=$top/build/on-devices
source=$top/build/linux
programs=(migration cow gup_longterm ksm_functional_tests khugepaged uffd-unit-tests uffd-stress
	mremap_test pagemap_ioctl split_huge_page_test transhuge-stress madv_populate mlock2-tests
	soft-dirty)

# khugepaged.c of 6.12 uses a name of a header that it does not include.
build_selftests() {
	make -s -C "$source" O="$source/obj-headers" headers
	make -s -C "$source/tools/testing/selftests/mm" OUTPUT="$out" "${programs[@]/#/$out/}" \
		KHDR_INCLUDES="-isystem $source/obj-headers/usr/include" EXTRA_CFLAGS=-DKSFT_SKIP=4
}

mkdir -p "$out"
if [[ -e $source/Makefile ]]; then
	build_selftests > "$out/build.log" 2>&1 || { tail -20 "$out/build.log" >&2; exit 1; }
fi
exec "$top/tools/cdm-vm/cdm-vm" --kernel "$top/build/kernel${DEBUG:+-debug}" ${DEBUG:+--debug-kernel} \
	--memory 4G --cpus "${CPUS:-2}" --numa 2 --swap 512M \
	--cdm 256M --cdm 256M --timeout 3h --dmesg "$out/dmesg" -- \
	/usr/bin/python3 -B "$here/on-devices.py" "$out" "$@"
