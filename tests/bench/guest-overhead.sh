#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: migrations and page faults under each tool.
set -uo pipefail
source "$(dirname "$0")/../vm/guest-lib.sh"
load=$1 pages=$2 seconds=$3
work=$(mktemp -d)
device=/dev/cdm0 probe=tracepoint:migrate:migrate_vma_finalize sources=tracepoint
if [[ ! -e $device ]]; then
	# shellcheck disable=SC2046
	modprobe test_hmm $(test_hmm_parameters)
	device=/dev/hmm_dmirror2 probe=kprobe:migrate_vma_finalize sources="fentry kprobe"
fi
echo "$(uname -r), $device"

source "$(dirname "$0")/watched.sh"

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
watched "cdmtrace -e pagefault -j" "$top/tools/cdmtrace/cdmtrace" -e pagefault -j -o "$work/events" \
	--ready-file "$work/ready"
[[ $probe != tracepoint:* ]] || peers "${probe#tracepoint:}"
if command -v bpftrace > /dev/null; then
	watched "bpftrace, a line a call" bpftrace -e "$probe"' { printf("%llu %d %s\n", nsecs, pid, comm); }'
	# What cdmtop counts, but for reasons, cgroups, devices and directions.
	[[ $device == /dev/cdm0 ]] || watched "bpftrace, calls and times" bpftrace -e '
		kprobe:migrate_vma_setup { @start[tid] = nsecs; }
		kretprobe:migrate_vma_finalize /@start[tid]/ {
			@calls[pid] = count(); @ns[pid] = hist(nsecs - @start[tid]); delete(@start[tid]); }'
fi
watched "nothing, again"
