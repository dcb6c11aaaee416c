#!/bin/bash
# CPU time of a refresh with many sleeping processes: cdmtop, with and without BPF,
# against top and htop, in the same run. A refresh costs the difference between many
# and few refreshes, so start-up does not count.
#
#   tests/bench/refresh.sh [PROCESSES]
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
processes=${1:-10000}
few=2 many=12
work=$(mktemp -d)
session=cdm-refresh-$$
trap 'kill "${forker:-}" 2> /dev/null; tmux kill-session -t "$session" 2> /dev/null; rm -rf "$work"' EXIT

${CC:-cc} -O2 -Wall -Wextra -Werror -o "$work/manyprocs" "$top/tests/bench/manyprocs.c"
mkfifo "$work/ready"
"$work/manyprocs" "$processes" > "$work/ready" &
forker=$!
read -r < "$work/ready"

# cpu_of COMMAND...: its user and system time, ms
cpu_of() {
	local TIMEFORMAT='%3U %3S' times
	times=$({ time "$@" > /dev/null 2>&1; } 2>&1)
	awk '{ print ($1 + $2) * 1000 }' <<< "$times"
}

# per_refresh NAME FORMAT: FORMAT is a command with %d for the number of refreshes
per_refresh() {
	local name=$1 a b
	# shellcheck disable=SC2059
	a=$(cpu_of sh -c "$(printf "$2" $few)") || return 0
	# shellcheck disable=SC2059
	b=$(cpu_of sh -c "$(printf "$2" $many)") || return 0
	report "$name" "$(awk -v a="$a" -v b="$b" -v n=$((many - few)) 'BEGIN { print (b - a) / n }')"
}

base=
report() {
	base=${base:-$2}
	awk -v name="$1" -v ms="$2" -v base="$base" \
		'BEGIN { printf "%-24s %9.2f ms  %6.1f times cdmtop\n", name, ms, (base > 0 ? ms / base : 0) }'
}

# No batch mode: on a terminal of its own, between two readings of its CPU time.
htop_refresh() {
	local pid before after seconds=10
	tmux new-session -d -s "$session" -x 120 -y 40 'exec htop -d 10'
	sleep 3
	pid=$(tmux list-panes -t "$session" -F '#{pane_pid}')
	before=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	sleep "$seconds"
	after=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	report htop "$(awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v n="$seconds" \
		'BEGIN { print t * 1000 / hz / n }')"
}

echo "CPU of a refresh, $processes processes:"
per_refresh cdmtop "$top/tools/cdmtop/cdmtop -b 0.5 %d"
per_refresh "cdmtop, no BPF" "$top/tools/cdmtop/cdmtop -b --no-bpf 0.5 %d"
per_refresh top "top -b -d 0.5 -n %d"
if command -v htop > /dev/null && command -v tmux > /dev/null; then
	htop_refresh
else
	echo "htop                     not installed (or tmux)"
fi
