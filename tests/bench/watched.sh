# SPDX-License-Identifier: GPL-2.0
# In the VM: how much a program does while it is watched, one that migrates and one that has page
# faults. Sourced; of the script that does are $top, $work, a folder of its own, $load, the program,
# its $device, $pages and $seconds.
# shellcheck shell=bash disable=SC2154
base='' fault_base='' faults=${load%/*}/faults
source "$top/tests/bench/rows.sh"
rows "overhead-$(uname -r)-${device##*/}"

# Waiting for the host's files takes no time here, so time says nothing of readiness.
ready() {
	case $1 in
	*/cdmtrace) [[ -e $work/ready ]] ;;
	*/cdmtop) [[ -s $work/out ]] ;;
	perf) [[ $(readlink /proc/"$2"/fd/*) == *perf_event* ]] ;;
	trace-cmd) grep -qx 1 /sys/kernel/tracing/events/migrate/*/enable ;;
	*) grep -q Attaching "$work/out" ;;
	esac
}

# watched NAME COMMAND...
watched() {
	local name=$1 pid rate fault
	shift
	rm -f "$work"/*
	: > "$work/log"
	if (($#)); then
		"$@" > "$work/out" 2> "$work/log" &
		pid=$!
		until ready "$1" "$pid"; do sleep 0.1; done
		sleep 1
	fi
	rate=$("$load" "$device" "$pages" "$seconds") && fault=$("$faults" 20000 write) || return
	if (($#)); then
		kill -INT "$pid"
		wait "$pid"
	fi
	base=${base:-$rate} fault_base=${fault_base:-$fault}
	awk -v name="$name" -v rate="$rate" -v base="$base" -v pages="$pages" -v fault="$fault" 'BEGIN {
		printf "%-28s %9d pages/s %6.3f %7d instructions a call, %6d a page fault\n", name, rate, rate / base,
			pages * 1e9 * (1 / rate - 1 / base), fault
	}'
	record "a migrating program watched, $pages pages a call, $(uname -r), $device" "pages/s" "$name" "$rate" \
		- nothing "$(awk -v rate="$rate" -v base="$base" 'BEGIN { print rate / base }')"
	record "a page fault with a page allocated, $(uname -r)" instructions "$name" "$fault" \
		- nothing "$(awk -v n="$fault" -v base="$fault_base" 'BEGIN { print n / base }')"
	grep -o 'migrate: .*\|page: .*' "$work/log" | sed 's/^/    /' || true
}

# peers EVENT: other tracers of migrations, of the same tracepoint
peers() {
	if command -v perf > /dev/null; then
		watched "perf record" perf record -q -a -e "$1" -o "$work/events"
		watched "perf trace" perf trace -a --no-syscalls -e "$1" -o "$work/events"
	fi
	! command -v trace-cmd > /dev/null || watched trace-cmd trace-cmd record -q -e "$1" -o "$work/events"
}
