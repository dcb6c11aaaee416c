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
# bpftrace flushes each line on standard output, its default, and not with -o.
#
#   tests/bench/events.sh [FAULTS [ROUNDS]]
source "$(dirname "$0")/lib.sh"
with_tracefs "$@"
faults=${1:-50000} rounds=${2:-3}
event=exceptions:page_fault_user
compile faults

# Those of cdmtrace -j but for the path of the cgroup, which bpftrace looks up in files.
print='{"type":"pagefault","ts_ns":%llu,"cpu":%d,"pid":%d,"comm":"%s","actor_pid":%d,'
print+='"actor_tid":%d,"actor_comm":"%s","cgroup_id":%llu,"device":null,"device_id":"0x0",'
print+='"mm":"0x%llx","addr":%llu,"ip":%llu,"error_code":%d}\n'
script="tracepoint:$event /comm == \"faults\"/ { printf(\"${print//\"/\\\"}\", nsecs, cpu, pid, comm,
	pid, tid, comm, cgroup, (uint64)curtask, args->address, args->ip, args->error_code); }"

declare -A start=(
	[cdmtrace-ndjson]="$cdmtrace -e pagefault --comm faults -o $work/out -j"
	[cdmtrace-csv]="$cdmtrace -e pagefault --comm faults -o $work/out --format csv"
	[cdmtrace-text]="$cdmtrace -e pagefault --comm faults -o $work/out"
	[cdmtrace-binary]="$cdmtrace -e pagefault --comm faults --snapshots 0 -w -"
	[bpftrace-stdout]="bpftrace -e"
	[bpftrace-file]="bpftrace -o $work/out -e"
	[perf-record]="perf record -q -a -e $event --filter comm==\"faults\" -o $work/out"
	[perf-trace]="perf trace -a --no-syscalls -e $event --filter comm==\"faults\" -o $work/out"
)
# Room for all faults, of 160 bytes at most; a power of two.
buffer=4096
while ((buffer < faults * 160)); do ((buffer *= 2)); done
declare -A large=([cdmtrace]="--ring $buffer" [perf]="-m ${buffer}B")

contenders=(cdmtrace-ndjson cdmtrace-csv cdmtrace-text cdmtrace-binary)
! have bpftrace || contenders=(bpftrace-stdout bpftrace-file "${contenders[@]}")
! have perf || contenders+=(perf-trace perf-record)

# launch CONTENDER [full]: $reader is its process, it is ready
launch() {
	local name=$1 command
	read -ra command <<< "${start[$name]}"
	# shellcheck disable=SC2206
	[[ -z ${2:-} ]] || command+=(${large[${name%-*}]:-})
	if [[ $name == bpftrace-* ]]; then
		command+=("$script")
		[[ -z ${2:-} ]] || export BPFTRACE_PERF_RB_PAGES=$((buffer / 4096))
	fi
	case $name in
	*-stdout | *-binary) "${command[@]}" > "$work/out" 2> "$work/log" & ;;
	*) "${command[@]}" > "$work/log" 2>&1 & ;;
	esac
	reader=$!
	unset BPFTRACE_PERF_RB_PAGES
	sleep 2
	settle "$reader"
}

received() {
	case $1 in
	cdmtrace-binary) "$cdmtrace" -r "$work/out" -e pagefault -j ;;
	perf-record) perf script -i "$work/out" 2> /dev/null ;;
	*) cat "$work/out" ;;
	esac | grep -c faults || true
}

# lost CONTENDER RUNS: what did not come; the start of the program faults as well
lost() {
	local n all=$((faults * $2))
	n=$(received "$1")
	echo $((n < all ? all - n : 0))
}

# On one CPU, for a buffer of each CPU has room for all.
load() { taskset -c 0 "$work/faults" "$faults"; }

full_buffer() {
	local before
	launch "$1" full
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
	for name in "${contenders[@]}"; do
		# It copies its buffer in halves, no event at a time.
		[[ $name == perf-record ]] || full_buffer "$name"
		live "$name"
	done
done

base=${contenders[0]}
echo "$faults page faults, medians of $rounds rounds; \"times\": of $base"
printf '%-16s | %27s %6s | %23s\n' '' 'full buffer' '' live
printf '%-16s | %8s %11s %6s %6s | %9s %6s %6s\n' reader 'CPU ns' 'a CPU s' times lost \
	'fault ns' times lost
for name in "${contenders[@]}"; do
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
record_rounds "an event of $faults from a full buffer" "ns of CPU" full "$base" "${contenders[@]}"
record_rounds "an event of $faults from a full buffer" "lost" full-lost - "${contenders[@]}"
record_rounds "a page fault that is read as it happens" "ns of the program" fault "$base" "${contenders[@]}"
record_rounds "a page fault that is read as it happens" "lost" lost - "${contenders[@]}"
