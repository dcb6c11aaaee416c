#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What page faults cost a program that is watched: CPU time of one that reads memory that was
# never written, the cheapest, and of one that gets a page, with nothing attached and with each
# tool, in turns. As root. QUICK=1: few, once, to see that it works.
#
#   tests/bench/faults.sh [FAULTS [ROUNDS]]
source "$(dirname "$0")/lib.sh"
with_tracefs "$@"
source "$top/tests/bench/readers.sh"
faults=${1:-200000} rounds=${2:-5}
watchers=(cdmtop cdmtop-w cdmtrace-others cdmtrace-ndjson cdmtrace-binary
	bpftrace-others bpftrace-counts bpftrace-file perf-record perf-trace trace-cmd top)
if [[ -n ${QUICK:-} ]]; then
	faults=1000 rounds=1 ready_s=0.3
	watchers=(cdmtop cdmtrace-ndjson trace-cmd)
fi
# What looks at page faults of others, counts them, or does not look at any
start+=(
	[cdmtop]="$cdmtop -b 1"
	[cdmtop-w]="$cdmtop -b -w $work/recorded 1"
	[cdmtrace-others]="$cdmtrace -e pagefault --comm nobody -o $work/out"
	[bpftrace-others]="bpftrace -e"
	[bpftrace-counts]="bpftrace -e"
	[top]="top -b -d 1"
)
scripts+=(
	[bpftrace-others]="tracepoint:$event /comm == \"nobody\"/ { printf(\"%d\\n\", pid); }"
	[bpftrace-counts]="tracepoint:$event { @[pid] = count(); }"
)
compile faults
rows faults

# watched NAME: what a fault costs then
watched() {
	[[ $1 == nothing ]] || launch "$1"
	for kind in read write; do
		# shellcheck disable=SC2046
		note "$kind" "$1" "$("$work/faults" "$faults" $([[ $kind == read ]] || echo write))"
	done
	[[ $1 == nothing ]] || interrupt "$reader"
}

save() {
	record_rounds "$1" "ns of the program" "$2" nothing nothing "${able[@]}"
	record_refused "$1" "ns of the program"
}

sieve "${watchers[@]}"
for ((round = 0; round < rounds; round++)); do
	for name in nothing "${able[@]}"; do watched "$name"; done
	echo "round $((round + 1)) of $rounds: done after $SECONDS s"
done
save "a page fault of a program that is watched, no page is allocated" read
save "a page fault of a program that is watched, 4 KiB are allocated" write
