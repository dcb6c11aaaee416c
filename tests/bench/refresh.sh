#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# CPU time of a refresh with many sleeping processes: cdmtop against top and htop, in
# turns. A refresh costs the difference between many and few, so start-up does not
# count. Then a recording of ten times as many: time of a refresh, and memory.
#
#   tests/bench/refresh.sh [PROCESSES [ROUNDS]]
source "$(dirname "$0")/lib.sh"
processes=${1:-10000} rounds=${2:-3}
source "$top/tests/bench/per-refresh.sh"
at_exit() {
	disperse
	tmux kill-session -t "cdm-refresh-$$" 2> /dev/null || true
}

compile manyprocs
make -s -C "$top/tests/unit" "$top/build/tests/unit/mkrecording"
crowd "$processes"

names=(cdmtop cdmtop-screen cdmtop-ndjson cdmtop-no-bpf top)
! have htop || ! have tmux || names+=(htop)
for ((round = 0; round < rounds; round++)); do
	per_refresh cdmtop "$cdmtop" -b -F "$columns" "$interval"
	per_refresh cdmtop-screen "$cdmtop" -b -F "$columns" --rows 40 "$interval"
	per_refresh cdmtop-ndjson "$cdmtop" -j -F "$columns" "$interval"
	per_refresh cdmtop-no-bpf "$cdmtop" -b -F "$columns" --no-bpf "$interval"
	per_refresh top top -b -d "$interval" -n
	[[ " ${names[*]} " != *" htop "* ]] || htop_refresh
done

echo "CPU of a refresh, $processes processes, medians of $rounds rounds"
for name in "${names[@]}"; do
	awk -v name="$name" -v ms="$(median ms "$name")" -v times="$(ratio ms "$name" cdmtop)" \
		'BEGIN { printf "%-16s %8.2f ms %6.1f times cdmtop\n", name, ms, times }'
done

rows refresh
record_rounds "a refresh with $processes processes" "ms of CPU" ms cdmtop "${names[@]}"

"$top/build/tests/unit/mkrecording" "$work/recording" $((10 * processes))
"$cdmtop" -b --rows 40 -r "$work/recording" > /dev/null &
reader=$!
while [[ -e /proc/$reader/fd ]]; do
	note rss replay "$(awk '/VmHWM/ { print $2 }' "/proc/$reader/status" 2> /dev/null)"
	sleep 0.1
done
cpu "$cdmtop" -b --rows 40 -r "$work/recording"
awk -v n=$((10 * processes)) -v ms="$ms" -v kib="$(grep -v '^$' "$work/rss@replay" | tail -1)" \
	'BEGIN { printf "recording of %d processes: %.1f ms a refresh, %.1f MiB\n", n, ms / 30, kib / 1024 }'
record "a refresh from a recording of $((10 * processes)) processes" "ms of CPU" "cdmtop -r" "$(awk -v ms="$ms" 'BEGIN { print ms / 30 }')"
record "memory for $((10 * processes)) processes" KiB "cdmtop -r" "$(grep -v '^$' "$work/rss@replay" | tail -1)"
