#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# CPU time of a refresh with many sleeping processes: cdmtop against top and htop, in
# turns. A refresh costs the difference between many and few, so start-up does not
# count. Then a recording of ten times as many: time of a refresh, and memory.
#
#   tests/bench/refresh.sh [PROCESSES [ROUNDS]]
source "$(dirname "$0")/lib.sh"
processes=${1:-10000} rounds=${2:-3}
few=3 many=23
session=cdm-refresh-$$
at_exit() {
	kill "${forker:-}" 2> /dev/null || true
	tmux kill-session -t "$session" 2> /dev/null || true
}

compile manyprocs
make -s -C "$top/tests/unit" "$top/build/tests/unit/mkrecording"
mkfifo "$work/ready"
"$work/manyprocs" "$processes" > "$work/ready" &
forker=$!
read -r < "$work/ready" || true

# cpu_ms COMMAND...: its user and system time
cpu_ms() {
	local TIMEFORMAT='%3U %3S' times
	times=$({ time "$@" > /dev/null 2> "$work/log"; } 2>&1)
	awk '{ print ($1 + $2) * 1000 }' <<< "$times"
}

# per_refresh NAME COMMAND...: the number of refreshes comes last
per_refresh() {
	local name=$1 a b
	shift
	a=$(cpu_ms "$@" "$few")
	b=$(cpu_ms "$@" "$many")
	note ms "$name" "$(awk -v a="$a" -v b="$b" -v n=$((many - few)) 'BEGIN { print (b - a) / n }')"
}

# No batch mode: on a terminal of its own, between two readings of its CPU time.
htop_refresh() {
	local pid before seconds=6
	tmux new-session -d -s "$session" -x 120 -y 40 'exec htop -d 10'
	sleep 3
	pid=$(tmux list-panes -t "$session" -F '#{pane_pid}')
	before=$(cpu_ns "$pid")
	sleep "$seconds"
	note ms htop "$(awk -v ns=$(($(cpu_ns "$pid") - before)) -v n="$seconds" \
		'BEGIN { print ns / 1e6 / n }')"
	tmux kill-session -t "$session"
}

names=(cdmtop cdmtop-screen cdmtop-ndjson cdmtop-no-bpf top)
! have htop || ! have tmux || names+=(htop)
for ((round = 0; round < rounds; round++)); do
	per_refresh cdmtop "$cdmtop" -b 0.2
	per_refresh cdmtop-screen "$cdmtop" -b --rows 40 0.2
	per_refresh cdmtop-ndjson "$cdmtop" -j 0.2
	per_refresh cdmtop-no-bpf "$cdmtop" -b --no-bpf 0.2
	per_refresh top top -b -d 0.2 -n
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
ms=$(cpu_ms "$cdmtop" -b --rows 40 -r "$work/recording")
awk -v n=$((10 * processes)) -v ms="$ms" -v kib="$(grep -v '^$' "$work/rss@replay" | tail -1)" \
	'BEGIN { printf "recording of %d processes: %.1f ms a refresh, %.1f MiB\n", n, ms / 30, kib / 1024 }'
record "a refresh from a recording of $((10 * processes)) processes" "ms of CPU" "cdmtop -r" "$(awk -v ms="$ms" 'BEGIN { print ms / 30 }')"
record "memory for $((10 * processes)) processes" KiB "cdmtop -r" "$(grep -v '^$' "$work/rss@replay" | tail -1)"
