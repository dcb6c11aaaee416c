#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: migrations under each tool.
set -uo pipefail
source "$(dirname "$0")/../vm/guest-lib.sh"
load=$1 pages=$2 seconds=$3
work=$(mktemp -d)
base=
device=/dev/cdm0 probe=tracepoint:migrate:migrate_vma_finalize
if [[ ! -e $device ]]; then
	# shellcheck disable=SC2046
	modprobe test_hmm $(test_hmm_parameters)
	device=/dev/hmm_dmirror2 probe=kprobe:migrate_vma_finalize
fi
echo "$(uname -r), $device"

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
	awk -v name="$name" -v rate="$rate" -v base="$base" \
		'BEGIN { printf "%-26s %9d pages/s %6.3f\n", name, rate, rate / base }'
	grep -o 'migrate: .*\|page: .*' "$work/log" | sed 's/^/    /' || true
}

watched nothing
watched "cdmtop -b 1" "$top/tools/cdmtop/cdmtop" -b 1
watched "cdmtop -b, with PP/s" "$top/tools/cdmtop/cdmtop" -b -F +pp 1
# Whatever a screen can show is recorded.
watched "cdmtop -b -w" "$top/tools/cdmtop/cdmtop" -b -w "$work/record" 1
watched "cdmtrace -j" "$top/tools/cdmtrace/cdmtrace" -e migrate -j -o "$work/events" --ready-file "$work/ready"
if [[ $device != /dev/cdm0 ]]; then
	watched "cdmtop -b 1, kprobes" "$top/tools/cdmtop/cdmtop" -b --source kprobe 1
	watched "cdmtrace -j, kprobes" "$top/tools/cdmtrace/cdmtrace" -e migrate --source kprobe -j \
		-o "$work/events" --ready-file "$work/ready"
fi
watched "cdmtrace -w" "$top/tools/cdmtrace/cdmtrace" -w "$work/record" --ready-file "$work/ready"
watched "cdmtrace -e page -j" "$top/tools/cdmtrace/cdmtrace" -e page -j -o "$work/events" --ready-file "$work/ready"
if command -v bpftrace > /dev/null; then
	watched "bpftrace, a line a call" bpftrace -e "$probe"' { printf("%llu %d %s\n", nsecs, pid, comm); }'
fi
watched "nothing, again"
