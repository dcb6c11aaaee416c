#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# From the start of a program to its first result: one refresh of cdmtop, cdmtrace
# attached, bpftrace attached (a script that ends at once). Then the memory of cdmtop.
#
#   tests/bench/startup.sh [ROUNDS]
source "$(dirname "$0")/lib.sh"
with_tracefs "$@"
rounds=${1:-9}

# measure NAME COMMAND...: wall clock and CPU time, ms
measure() {
	local name=$1 TIMEFORMAT='%3R %3U %3S' real user system
	shift
	read -r real user system < <({ time "$@" > /dev/null 2> "$work/log"; } 2>&1)
	note real "$name" "$(awk -v s="$real" 'BEGIN { print s * 1000 }')"
	note cpu "$name" "$(awk -v s="$user" -v t="$system" 'BEGIN { print (s + t) * 1000 }')"
}

until_ready() {
	local reader
	rm -f "$work/ready"
	"$cdmtrace" -e pagefault --comm nobody --ready-file "$work/ready" > /dev/null 2>&1 &
	reader=$!
	until [[ -e $work/ready ]]; do sleep 0.005; done
	kill -KILL "$reader"
	wait "$reader" 2> /dev/null || true
}

names=(cdmtop cdmtop-no-bpf cdmtrace)
! have bpftrace || names+=(bpftrace)
for ((round = 0; round < rounds; round++)); do
	measure cdmtop "$cdmtop" -b -F pid,rss 0.1 1
	measure cdmtop-no-bpf "$cdmtop" -b --no-bpf -F pid,rss 0.1 1
	measure cdmtrace until_ready
	! have bpftrace || measure bpftrace bpftrace -e \
		'tracepoint:exceptions:page_fault_user /comm == "nobody"/ { printf("%d\n", pid); }
		 interval:ms:1 { exit(); }'
done
echo "start-up, medians of $rounds rounds"
for name in "${names[@]}"; do
	awk -v name="$name" -v real="$(median real "$name")" -v cpu="$(median cpu "$name")" \
		-v times="$(ratio real "$name" cdmtop)" \
		'BEGIN { printf "%-14s %6d ms, %6d ms of CPU, %5.1f times cdmtop\n", name, real, cpu, times }'
done
rows startup
record_rounds "until the first result" ms real cdmtop "${names[@]}"
record_rounds "until the first result" "ms of CPU" cpu cdmtop "${names[@]}"

"$cdmtop" -b 0.2 > /dev/null 2>&1 &
reader=$!
sleep 3
awk '/^(VmHWM|VmRSS)/ { printf "cdmtop live, %s %.1f MiB\n", $1, $2 / 1024 }' "/proc/$reader/status"
record "memory, live" KiB cdmtop "$(awk '/^VmHWM/ { print $2 }' "/proc/$reader/status")"
kill "$reader"
