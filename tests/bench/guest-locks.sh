#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest-locks.sh LOAD SECONDS: in a VM with many CPUs, one process on each migrates to and
# from one device. Which spinlocks are waited for, and how often for a page that moves: by the
# kernel's lock:contention_begin, which the slow path of a spinlock passes.
set -euo pipefail
load=$1 seconds=$2 cpus=$(nproc) loads=()

bpftrace -e 'tracepoint:lock:contention_begin { @[kstack(8)] = count(); } BEGIN { printf("up\n"); }' > /tmp/stacks &
tracer=$!
until grep -q up /tmp/stacks; do sleep 0.1; done
for ((i = 0; i < cpus; i++)); do
	taskset -c "$i" "$load" /dev/cdm0 512 "$seconds" &
	loads+=($!)
done > /tmp/moved
wait "${loads[@]}"
kill -INT "$tracer"
wait "$tracer" || true
pages=$(awk -v s="$seconds" '{ n += $1 * s } END { printf "%d", n }' /tmp/moved)
echo "cpus $cpus pages $pages"
# The first function that is not of the lock itself is who waited.
awk '
/^@\[/ { who = "" }
!who && /^ +[a-z_]/ && !/lock|contention|bpf/ { who = $1; sub(/\+.*/, "", who) }
/^\]: / { sum[who] += $2 }
END { for (w in sum) print sum[w], w }' /tmp/stacks | sort -rn | head -12
