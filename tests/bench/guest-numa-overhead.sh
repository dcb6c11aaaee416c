#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: ordinary migrations under each tool.
set -uo pipefail
source "$(dirname "$0")/../vm/guest-lib.sh"
load=$1 pages=$2 seconds=$3
work=$(mktemp -d)
device=node1
source "$(dirname "$0")/watched.sh"
echo "$(uname -r), ordinary pages to $device and back"

watched nothing
watched "cdmtop -b" "$top/tools/cdmtop/cdmtop" -b 1
watched "cdmtop -b --view numa" "$top/tools/cdmtop/cdmtop" -b --view numa 1
watched "cdmtrace -e numa -j" "$top/tools/cdmtrace/cdmtrace" -e numa -j -o "$work/events" --ready-file "$work/ready"
watched "..., by tracepoints alone" "$top/tools/cdmtrace/cdmtrace" -e numa --source tracepoint -j -o "$work/events" \
	--ready-file "$work/ready"
peers migrate:mm_migrate_pages
if command -v bpftrace > /dev/null; then
	watched "bpftrace, a line a call" bpftrace -e 'tracepoint:migrate:mm_migrate_pages {
		printf("%llu %d %s %d %d %d\n", nsecs, pid, comm, args->reason, args->succeeded, args->failed); }'
	# Where pages went takes a look at each of them.
	watched "bpftrace, pages by process" bpftrace -e 'kprobe:folio_migrate_flags { @[pid, comm] = count(); }'
fi
watched "nothing, again"
