#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How many events a second readers take: page faults that come at a rate for a second, to each
# reader, in turns. As root. QUICK=1: few, once, to see that it works.
#
#   ceiling: the highest rate at which not one is lost, for some sizes of the buffer, that of
#     cdmtrace or those of all CPUs together, and from some numbers of processes. Looked for
#     by halves among rates that are 1.4 times each other. What came is counted in the output.
#   rates: CPU time of an event, what is lost and the memory of the reader, at some rates. A
#     reader that costs the program much has fewer to read, and loses none: that is seen, too.
#
#   tests/bench/ceiling.sh [ROUNDS [SECONDS]]
source "$(dirname "$0")/lib.sh"
with_tracefs "$@"
source "$top/tests/bench/readers.sh"
rounds=${1:-3} seconds=${2:-1}
few_rates=(1000 10000 100000 400000) mib=(1 4 16) producers=(2 8) buffer=4
# The last is as many as come.
rates=(5000 7000 10000 14000 20000 28000 40000 56000 80000 112000 160000 224000 320000 448000 640000 0)
contenders=(cdmtrace-ndjson cdmtrace-rings cdmtrace-binary bpftrace-file perf-record perf-trace trace-cmd)
if [[ -n ${QUICK:-} ]]; then
	rounds=1 seconds=0.1 ready_s=0.3
	few_rates=(1000) mib=(1) producers=(2) buffer=1 rates=(1000)
	contenders=(cdmtrace-ndjson trace-cmd)
fi
limit_s=20	# a reader that is still busy has lost
compile rates
rows ceiling

# trial CONTENDER RATE MIB PRODUCERS: $faults there were, $rate a second, $lost of them
trial() {
	local name=$1 before ns
	launch "$name" $(($3 << 20)) "$(nproc)"
	before=$(cpu_ns "$reader")
	read -r faults ns < <("$work/rates" "$4" "$seconds" "$2")
	settle "$reader" 2> /dev/null
	spent_ns=$(($(cpu_ns "$reader") - before))
	peak=$(awk '/VmHWM/ { print $2 }' "/proc/$reader/status")
	interrupt "$reader" 2> /dev/null
	lost=$((faults - $(received "$name")))
	rate=$(awk -v n="$faults" -v ns="$ns" 'BEGIN { printf "%d", n * 1e9 / ns }')
}

# ceiling CONTENDER MIB PRODUCERS: $best, and $more if no more came than that
ceiling() {
	local low=-1 high=${#rates[@]} try
	best=0 more=''
	while ((high - low > 1)); do
		try=$(((low + high) / 2))
		trial "$1" "${rates[try]}" "$2" "$3"
		if ((lost > 0)); then
			high=$try
		else
			low=$try
			((rate <= best)) || best=$rate
			((rate * 10 >= rates[try] * 9 && rates[try])) || more=1
		fi
	done
}

note_ceiling() {
	ceiling "$1" "$2" "$3"
	note "ceiling-$2-$3" "$1" "$best"
	[[ -z $more ]] || : > "$work/more-$2-$3@$1"
	note "KiB-$2-$3" "$1" "$peak"
}

note_rate() {
	trial "$1" "$2" "$buffer" 1
	# They copy their buffers in pages, and late.
	[[ $1 == @(perf-record|trace-cmd) ]] || note "ns-$2" "$1" $((spent_ns / faults))
	note "came-$2" "$1" "$rate"
	note "lost-$2" "$1" "$(awk -v n="$lost" -v all="$faults" 'BEGIN { print (n > 0 ? n * 100 / all : 0) }')"
}

# save WHAT UNIT NAME BASE: a row for each reader
save() {
	local name
	for name in "${able[@]}"; do
		note=-
		[[ $3 != ceiling-* || ! -e $work/more${3#ceiling}@$name ]] || note="or more"
		record_rounds "$1" "$2" "$3" "$4" "$name"
	done
	note=-
	record_refused "$1" "$2"
}

sieve "${contenders[@]}"
for ((round = 0; round < rounds; round++)); do
	for name in "${able[@]}"; do
		for n in "${few_rates[@]}"; do note_rate "$name" "$n"; done
		for n in "${mib[@]}"; do note_ceiling "$name" "$n" 1; done
		for n in "${producers[@]}"; do note_ceiling "$name" "$buffer" "$n"; done
	done
	echo "round $((round + 1)) of $rounds: done after $SECONDS s"
done

for at in "${mib[@]}"; do
	save "most page faults a second of which none is lost, with buffers of that many MiB" 1/s "ceiling-$at-1" cdmtrace-ndjson
done
for at in 1 "${producers[@]}"; do
	save "the same with $buffer MiB, from so many programs" 1/s "ceiling-$buffer-$at" cdmtrace-ndjson
done
for at in "${few_rates[@]}"; do
	save "an event where there are so many a second" "ns of CPU" "ns-$at" cdmtrace-ndjson
done
for at in "${few_rates[@]}"; do
	save "events that come where a program would make so many a second" 1/s "came-$at" -
done
for at in "${few_rates[@]}"; do
	save "events lost where there are so many a second" % "lost-$at" -
done
for at in "${mib[@]}"; do
	save "memory of the reader, with buffers of that many MiB" KiB "KiB-$at-1" cdmtrace-ndjson
done
