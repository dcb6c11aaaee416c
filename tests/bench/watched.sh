# SPDX-License-Identifier: GPL-2.0
# In the VM: how much a program does while it is watched. Sourced; of the script that does
# are $top, $work, a folder of its own, $load, the program, and its $device, $pages and $seconds.
# shellcheck shell=bash disable=SC2154
base=
source "$top/tests/bench/rows.sh"
rows "overhead-$(uname -r)-${device##*/}"

# Waiting for the host's files takes no time here, so time says nothing of readiness.
ready() {
	case $1 in
	*/cdmtrace) [[ -e $work/ready ]] ;;
	*/cdmtop) [[ -s $work/out ]] ;;
	*) grep -q Attaching "$work/out" ;;
	esac
}

# watched NAME COMMAND...
watched() {
	local name=$1 pid rate
	shift
	rm -f "$work"/*
	: > "$work/log"
	if (($#)); then
		"$@" > "$work/out" 2> "$work/log" &
		pid=$!
		until ready "$1"; do sleep 0.1; done
		sleep 1
	fi
	rate=$("$load" "$device" "$pages" "$seconds") || return
	if (($#)); then
		kill -INT "$pid"
		wait "$pid"
	fi
	base=${base:-$rate}
	awk -v name="$name" -v rate="$rate" -v base="$base" -v pages="$pages" 'BEGIN {
		printf "%-28s %9d pages/s %6.3f %7d instructions a call\n", name, rate, rate / base,
			pages * 1e9 * (1 / rate - 1 / base)
	}'
	record "a migrating program watched, $pages pages a call, $(uname -r), $device" "pages/s" "$name" "$rate" \
		- nothing "$(awk -v rate="$rate" -v base="$base" 'BEGIN { print rate / base }')"
	grep -o 'migrate: .*\|page: .*' "$work/log" | sed 's/^/    /' || true
}
