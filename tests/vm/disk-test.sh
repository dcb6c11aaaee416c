#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A machine whose disk has files with their page cache on a device is reset: what was synced
# is there. Prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
source "$top/tests/tap.sh"
trap 'rm -rf "$work"' EXIT

# boot KIND WHAT: what it says is in $work/said
boot() {
	"$top/tools/cdm-vm/cdm-vm" --memory 1G --timeout 300 --cdm 64M \
		--qemu-arg=-drive --qemu-arg="file=$work/$1,format=raw,if=virtio" \
		--dmesg "$top/build/tests/disk-$1-${2%%=*}.dmesg" -- \
		/usr/bin/python3 -B "$top/tests/vm/disk.py" "$1" "$2" \
		> "$work/said" 2> "$work/err" < /dev/null
}

truncate -s 64M "$work/ext4"
truncate -s 320M "$work/xfs"
mkfs.ext4 -q -F "$work/ext4" && mkfs.xfs -q -f "$work/xfs" || exit 1
for kind in ext4 xfs; do
	boot $kind write
	read -r _ moved _ left _ again < <(grep '^moved' "$work/said")
	is "$kind: all of the file goes to the device" 512 "${moved:-$(cat "$work/err")}"
	is "$kind: a write brings home what it touches, and no more" "yes" \
		"$([[ ${left:-0} -ge 312 && $left -le 412 ]] && echo yes || echo "$left left")"
	is "$kind: what was synced goes there again" $((512 - ${left:-0})) "${again:-}"
	boot $kind "verify=$(sed -n 's/^sum //p' "$work/said")"
	is "$kind: after a reset the file has what was synced, on the disk and on the device" \
		"4 0" "$(grep -c '^ok' "$work/said") $(grep -c '^not ok' "$work/said")"
done
is "ext4: its structure is sound" 0 "$(fsck.ext4 -fn "$work/ext4" > "$work/fsck" 2>&1; echo $?)"
is "xfs: its structure is sound" 0 "$(xfs_repair -n "$work/xfs" > "$work/fsck" 2>&1; echo $?)"
finish
