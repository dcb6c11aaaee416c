#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: a refresh costs the difference between many and few of them, a second
# apart, so that one in five visits all processes.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
source "$top/tests/bench/rows.sh"
rows holders
cdmtop=$top/tools/cdmtop/cdmtop
crowd=$1 processes=$2 holders=$3
few=3 many=23
work=$(mktemp -d)

ulimit -u unlimited
mkfifo "$work/ready"
"$crowd" "$processes" /dev/cdm0 "$holders" > "$work/ready" &
read -r < "$work/ready"

# cpu_ms COMMAND...: its user and system time
cpu_ms() {
	local TIMEFORMAT='%3U %3S' times
	times=$({ time "$@" > "$work/out" 2> "$work/log"; } 2>&1)
	awk '{ print ($1 + $2) * 1000 }' <<< "$times"
}

# refresh NAME COMMAND...: the number of refreshes comes last
refresh() {
	local name=$1 a b
	shift
	a=$(cpu_ms "$@" "$few") b=$(cpu_ms "$@" "$many")
	awk -v name="$name" -v a="$a" -v b="$b" -v n=$((many - few)) \
		'BEGIN { printf "%-24s %8.2f million instructions a refresh\n", name, (b - a) / n }'
	record "a refresh, $processes processes, $holders with device memory" "million instructions" "$name" \
		"$(awk -v a="$a" -v b="$b" -v n=$((many - few)) 'BEGIN { print (b - a) / n }')"
}

echo "$processes processes, $holders of them with device memory"
refresh "cdmtop, a screen" "$cdmtop" -b --rows 40 1
refresh "cdmtop, all rows" "$cdmtop" -b 1
refresh "cdmtop --no-bpf" "$cdmtop" -b --no-bpf 1
echo "rows with device memory: $("$cdmtop" -b -F pid,cdm 0.1 1 | awk '$2 ~ /^64/' | wc -l)"
