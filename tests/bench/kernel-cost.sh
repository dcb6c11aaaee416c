#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Instructions per operation, by QEMU's instruction counter: the unpatched kernel,
# the kernel with the series without a device, with one that is not used, and in a
# process that has a page on it; migration to DEVICE_HOST against DEVICE_COHERENT in
# the same kernel; and of huge pages against that of base pages.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
vm=$top/tools/cdm-vm/cdm-vm
cost=$top/build/bench/cost
source "$top/tests/bench/rows.sh"
rows kernel-cost

mkdir -p "$top/build/bench"
gcc -O2 -Wall -static -I"$top/build/linux" -idirafter "$top/build/linux/include/uapi" \
	-o "$cost" "$top/tests/bench/cost.c"

on() {
	local kernel=$1
	shift
	"$vm" --kernel "$kernel" --icount --memory 2G --timeout 1200 --no-modprobe "$@"
}

stock=$(on "$top/build/kernel-stock" -- "$top/tests/bench/guest-cost.sh" "$cost" core)
devices=$(on "$top/build/kernel" --cdm 64M --cdm 256M,reserved --cdm 256M,reserved \
	--cdm 256M,reserved --cdm 256M,reserved -- \
	"$top/tests/bench/guest-cost.sh" "$cost")

value() { awk -v name="$2" '$1 == name { print $2 }' <<< "$1"; }
# row NAME BASE VALUE; rows are of $title, and compare $base with $ours
row() {
	awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN {
		printf "%-28s %14.1f %14.1f %9.3f %%\n", n, a, b, (b / a - 1) * 100 }'
	record "$1, $title" instructions "$base" "$2"
	record "$1, $title" instructions "$ours" "$3" - "$base" "$(awk -v a="$2" -v b="$3" 'BEGIN { print b / a }')"
}
base=unpatched ours=series

for state in "" unused_ used_; do
	case $state in
	"")	 title="no device" ;;
	unused_) title="a device, not used" ;;
	used_)	 title="a page on the device" ;;
	esac
	printf '%-28s %14s %14s %11s\n' "$title" "unpatched" "series" "change"
	for name in fork+exit_per_page anon_fault_4KiB munmap_per_page shmem_fault_4KiB \
			shmem_fault_around_per_page shmem_munmap_per_page; do
		row "$name" "$(value "$stock" "$name")" "$(value "$devices" "$state$name")"
	done
	echo
done
title="a page" base=COHERENT ours=HOST
printf '%-28s %14s %14s %11s\n' "instructions per page" "$base" "$ours" "change"
for way in in out; do
	coherent=$(value "$devices" "test_hmm_coherent_${way}_per_page")
	row "test_hmm, $way" "$coherent" "$(value "$devices" "test_hmm_host_${way}_per_page")"
	row "/dev/cdm against it, $way" "$coherent" "$(value "$devices" "cdm_driver_${way}_per_page")"
done
title="4 KiB" base="base pages" ours="huge pages"
printf '\n%-28s %14s %14s %11s\n' "instructions per 4 KiB" "$base" "$ours" "change"
for way in in out; do
	row "/dev/cdm, $way" "$(value "$devices" "cdm_driver_${way}_per_page")" \
		"$(value "$devices" "cdm_huge_${way}_per_page")"
done
