# SPDX-License-Identifier: GPL-2.0
# What a refresh costs: the difference between $many and $few of them, so that start-up does
# not count. Sourced after lib.sh. Noted are ms and KiB, with $scale behind the name.
# shellcheck shell=bash disable=SC2154
few=3 many=23 interval=0.2 htop_refreshes=6 htop_delay=1 scale=
columns=pid,user,comm,cgroup,rss,cpu	# those that every kernel has
compile spent

# cpu COMMAND...: $ms is its user and system time, $peak its memory, KiB
cpu() {
	"$work/spent" "$work/used" "$@" || {
		echo "bench: $* failed: $(tail -1 "$work/used.log")" >&2
		return 1
	}
	read -r ms peak < "$work/used"
}

# note_refresh NAME MS MS REFRESHES: of a few, of many, and how many more those are
note_refresh() {
	note "ms$scale" "$1" "$(awk -v a="$2" -v b="$3" -v n="$4" 'BEGIN { print (b - a) / n }')"
	note "KiB$scale" "$1" "$peak"
}

# per_refresh NAME COMMAND...: the number of refreshes comes last
per_refresh() {
	local name=$1 a
	shift
	cpu "$@" "$few"
	a=$ms
	cpu "$@" "$many"
	note_refresh "$name" "$a" "$ms" $((many - few))
}

# A recording says by itself how often cdmtrace looked, which is not so often if looks take long.
per_snapshot() {
	local n looks=() spent=()
	for n in "$few" $((many < few + 20 ? few + 20 : many)); do
		cpu "$cdmtrace" -e pagefault --comm nobody -w "$work/recorded" -d "${interval}s" \
			--duration "$(awk -v n="$n" -v s="$interval" 'BEGIN { print n * s "s" }')"
		spent+=("$ms")
		looks+=("$("$cdmtop" -b --rows 1 -r "$work/recorded" | grep -c ^cdmtop)")
	done
	note_refresh cdmtrace-w "${spent[@]}" $((looks[1] - looks[0]))
}

# No batch mode: on a terminal of its own, between two readings of its CPU time.
htop_refresh() {
	local pid before session=cdm-refresh-$$
	tmux new-session -d -s "$session" -x 120 -y 40 "exec htop -d ${htop_delay}0"
	sleep $((2 * htop_delay))
	pid=$(tmux list-panes -t "$session" -F '#{pane_pid}')
	before=$(cpu_ns "$pid")
	sleep $((htop_refreshes * htop_delay))
	peak=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	note_refresh htop 0 "$(awk -v ns=$(($(cpu_ns "$pid") - before)) 'BEGIN { print ns / 1e6 }')" "$htop_refreshes"
	tmux kill-session -t "$session"
}

# crowd PROCESSES: there are so many more, until disperse
crowd() {
	rm -f "$work/ready"
	mkfifo "$work/ready"
	"$work/manyprocs" "$1" > "$work/ready" &
	forker=$!
	read -r < "$work/ready"
}

disperse() {
	[[ -n ${forker:-} ]] || return 0
	kill "$forker" 2> /dev/null || true
	wait "$forker" 2> /dev/null || true
	forker=
}
