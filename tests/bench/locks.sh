#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# locks.sh [CPUS [SECONDS]]: which locks are waited for while a process on each of CPUS migrates
# to and from one device, and how often for a page that moves, see guest-locks.sh. Emulated CPUs
# that are more than those of this machine lose them while they hold locks: an upper bound.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cpus=${1:-16} seconds=${2:-20}
load=$top/build/bench/migrations
source "$top/tests/bench/rows.sh"
rows locks

mkdir -p "${load%/*}"
gcc -O2 -static -I"$top/build/linux" -idirafter "$top/build/linux/include/uapi" \
	-o "$load" "$top/tests/bench/migrations.c"
said=$("$top/tools/cdm-vm/cdm-vm" --memory 2G --cpus "$cpus" --cdm 256M --timeout 1200 -- \
	"$top/tests/bench/guest-locks.sh" "$load" "$seconds")
pages=$(awk '/^cpus/ { print $4 }' <<< "$said")
echo "$cpus CPUs, $pages pages moved; waits for a lock, by who waits, per 1000 pages:"
while read -r waits who; do
	[[ $waits != cpus ]] || continue
	each=$(awk -v n="$waits" -v p="$pages" 'BEGIN { printf "%.3f", 1000 * n / p }')
	printf '%10s %s\n' "$each" "$who"
	record "waits for locks of 1000 pages, $cpus CPUs" count "$who" "$each"
done <<< "$said"
