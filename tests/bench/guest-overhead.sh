#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: migrations under each tool.
set -uo pipefail
source "$(dirname "$0")/../vm/guest-lib.sh"
load=$1 pages=$2 seconds=$3
work=$(mktemp -d)
base=
device=/dev/cdm0 probe=tracepoint:migrate:migrate_vma_finalize sources=tracepoint
if [[ ! -e $device ]]; then
	# shellcheck disable=SC2046
	modprobe test_hmm $(test_hmm_parameters)
	device=/dev/hmm_dmirror2 probe=kprobe:migrate_vma_finalize sources="fentry kprobe"
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
	awk -v name="$name" -v rate="$rate" -v base="$base" -v pages="$pages" 'BEGIN {
		printf "%-28s %9d pages/s %6.3f %7d instructions a call\n", name, rate, rate / base,
			pages * 1e9 * (1 / rate - 1 / base)
	}'
	grep -o 'migrate: .*\|page: .*' "$work/log" | sed 's/^/    /' || true
}

watched nothing
for source in $sources; do
	by=(--source "$source")
	watched "cdmtop, $source" "$cdmtop" -b "${by[@]}" 1
	watched "cdmtop with PP/s, $source" "$cdmtop" -b "${by[@]}" -F +pp 1
	# Whatever a screen can show is recorded.
	watched "cdmtop -w, $source" "$cdmtop" -b "${by[@]}" -w "$work/record" 1
	watched "cdmtrace -j, $source" "$cdmtrace" -e migrate "${by[@]}" -j -o "$work/events" \
		--ready-file "$work/ready"
	watched "cdmtrace -w, $source" "$cdmtrace" "${by[@]}" -w "$work/record" --ready-file "$work/ready"
	watched "cdmtrace -e page -j, $source" "$cdmtrace" -e page "${by[@]}" -j -o "$work/events" \
		--ready-file "$work/ready"
done
if command -v bpftrace > /dev/null; then
	watched "bpftrace, a line a call" bpftrace -e "$probe"' { printf("%llu %d %s\n", nsecs, pid, comm); }'
	# What cdmtop counts, but for reasons, cgroups, devices and directions.
	[[ $device == /dev/cdm0 ]] || watched "bpftrace, calls and times" bpftrace -e '
		kprobe:migrate_vma_setup { @start[tid] = nsecs; }
		kretprobe:migrate_vma_finalize /@start[tid]/ {
			@calls[pid] = count(); @ns[pid] = hist(nsecs - @start[tid]); delete(@start[tid]); }'
fi
watched "nothing, again"
