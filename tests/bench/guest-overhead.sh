#!/bin/bash
# In the VM: migrations under each tool.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
load=$1 pages=$2 seconds=$3
work=$(mktemp -d)
base=

# watched NAME COMMAND...: %r in it is a file that it makes when it is ready; others get time
watched() {
	local name=$1 pid rate
	shift
	rm -f "$work"/*
	: > "$work/log"
	if (($#)); then
		"${@//%r/$work/ready}" > "$work/out" 2> "$work/log" &
		pid=$!
		if [[ "$*" == *%r* ]]; then
			until [[ -e $work/ready ]]; do sleep 0.1; done
		else
			sleep 10
		fi
	fi
	rate=$("$load" /dev/cdm0 "$pages" "$seconds") || return
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
watched "cdmtop -b, not PP/s" "$top/tools/cdmtop/cdmtop" -b -o pid,comm,cdm,rss,in,out,fail 1
watched "cdmtrace -j" "$top/tools/cdmtrace/cdmtrace" -e migrate -j -o "$work/events" --ready-file %r
watched "cdmtrace -w" "$top/tools/cdmtrace/cdmtrace" -e migrate -w - --ready-file %r
watched "cdmtrace -e page -j" "$top/tools/cdmtrace/cdmtrace" -e page -j -o "$work/events" --ready-file %r
if command -v bpftrace > /dev/null; then
	watched "bpftrace, a line a call" bpftrace -e 'tracepoint:migrate:migrate_vma_finalize {
		printf("%llu %d %s\n", nsecs, pid, comm); }'
fi
watched "nothing, again"
