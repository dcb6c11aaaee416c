#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What it costs a program to be watched while it does nothing but migrate: pages a
# second with nothing attached, and with each tool, on one processor whose time is
# counted in instructions, so that the tool's own work is in it and noise is not; and what
# a page fault costs a program that has nothing to do with that. Then
# the same on Debian's kernel, where functions tell of migrations, if it is there, and there
# ordinary migrations between NUMA nodes.
#
#   tests/bench/overhead.sh [PAGES-A-CALL [SECONDS]]	(of the VM's clock)
source "$(dirname "$0")/lib.sh"
load=$top/build/bench/migrations
mkdir -p "${load%/*}"
for program in migrations faults; do
	compile "$program" -static
	mv "$work/$program" "${load%/*}"
done
"$top/tools/cdm-vm/cdm-vm" --icount --cdm 64M --timeout 1800 -- \
	"$top/tests/bench/guest-overhead.sh" "$load" "${1:-64}" "${2:-2}"
[[ -e $top/build/kernel-debian/bzImage ]] || exit 0
debian=("$top/tools/cdm-vm/cdm-vm" --icount --kernel "$top/build/kernel-debian" --no-modprobe --timeout 1800)
"${debian[@]}" --cdm 256M,reserved --cdm 256M,reserved -- \
	"$top/tests/bench/guest-overhead.sh" "$load" "${1:-64}" "${2:-2}"
"${debian[@]}" --numa 2,far -- "$top/tests/bench/guest-numa-overhead.sh" "$load" "${1:-64}" "${2:-2}"
