#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What an event costs its reader: page faults of one program, read by cdmtrace and by
# other tracers with the same fields, in turns.
#
#   full buffer: the reader is stopped until all faults are in its buffer, then it runs
#     until it has them. Its CPU time an event says how many it can take in a second;
#     no machine has to produce that many. All went through the buffer before, so that
#     its memory is there.
#   live: reader and program run at once, with the buffers that each has by default.
#     What is lost, and what a fault costs the program against the same untraced.
#
#   tests/bench/events.sh [FAULTS [ROUNDS]]
source "$(dirname "$0")/lib.sh"
with_tracefs "$@"
faults=${1:-50000} rounds=${2:-3}
compile faults
source "$top/tests/bench/readers.sh"

# Room for all faults, of 160 bytes at most; a power of two.
buffer=4096
while ((buffer < faults * 160)); do ((buffer *= 2)); done

sieve bpftrace-stdout bpftrace-file cdmtrace-ndjson cdmtrace-csv cdmtrace-text cdmtrace-binary \
	perf-trace perf-record trace-cmd

# lost CONTENDER RUNS: what did not come
lost() {
	local n all=$((faults * $2))
	n=$(received "$1")
	echo $((n < all ? all - n : 0))
}

# On one CPU, for a buffer of each CPU has room for all.
load() { taskset -c 0 "$work/faults" "$faults"; }

full_buffer() {
	local before
	launch "$1" "$buffer"
	load > /dev/null
	load > /dev/null
	settle "$reader"
	kill -STOP "$reader"
	load > /dev/null
	before=$(cpu_ns "$reader")
	kill -CONT "$reader"
	settle "$reader"
	note full "$1" $((($(cpu_ns "$reader") - before) / faults))
	interrupt "$reader"
	note full-lost "$1" "$(lost "$1" 3)"
}

live() {
	note fault-alone "$1" "$(load)"
	launch "$1"
	note fault "$1" "$(load)"
	settle "$reader"
	interrupt "$reader"
	note lost "$1" "$(lost "$1" 1)"
}

for ((round = 0; round < rounds; round++)); do
	for name in "${able[@]}"; do
		# They copy their buffers in pages, no event at a time.
		[[ $name == @(perf-record|trace-cmd) ]] || full_buffer "$name"
		live "$name"
	done
done

base=${able[0]}
echo "$faults page faults, medians of $rounds rounds; \"times\": of $base"
printf '%-16s | %27s %6s | %23s\n' '' 'full buffer' '' live
printf '%-16s | %8s %11s %6s %6s | %9s %6s %6s\n' reader 'CPU ns' 'a CPU s' times lost \
	'fault ns' times lost
for name in "${able[@]}"; do
	printf '%-16s | ' "$name"
	if [[ -e $work/full@$name ]]; then
		awk -v ns="$(median full "$name")" -v times="$(ratio full "$base" "$name")" \
			-v lost="$(median full-lost "$name")" \
			'BEGIN { printf "%8d %11d %6.1f %6d", ns, 1e9 / ns, times, lost }'
	else
		printf '%8s %11s %6s %6s' - - - -
	fi
	awk -v ns="$(median fault "$name")" -v lost="$(median lost "$name")" \
		-v times="$(paste "$work/fault@$name" "$work/fault-alone@$name" |
			awk '{ print $1 / $2 }' | middle)" \
		'BEGIN { printf " | %9d %6.2f %6d\n", ns, times, lost }'
done

rows events
record_rounds "an event of $faults from a full buffer" "ns of CPU" full "$base" "${able[@]}"
record_rounds "an event of $faults from a full buffer" "lost" full-lost - "${able[@]}"
record_rounds "a page fault that is read as it happens" "ns of the program" fault "$base" "${able[@]}"
record_refused "a page fault that is read as it happens" "ns of the program"
record_rounds "a page fault that is read as it happens" "lost" lost - "${able[@]}"
