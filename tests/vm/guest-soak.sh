#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with a device: processes that have a page there and end, more than any map of
# the tools has room for: nothing fills up, nothing is lost, nothing grows. Prints TAP.
set -uo pipefail
many=${1:-2003}
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"

mkdir $cgroups/mayflies
start_worker one job
ask one map 307 > /dev/null
"$cdmtop" -j --view cgroup -F path,in 1 > "$work/all" 2> "$work/err" &
all=$!
"$cdmtop" -j --view cgroup -F path,in -c /mayflies 1 > "$work/theirs" 2> "$work/err" &
theirs=$!
"$cdmtrace" -j -e migrate --stacks --ring 16M -o /dev/null --ready-file "$work/ready" 2> "$work/trace.err" &
trace=$!
refreshes() { (($(grep -c '"type":"end"' "$work/$1") >= $2)); }
next_refresh() { until_true 60 refreshes "$1" $(($(grep -c '"type":"end"' "$work/$1") + 2)); }
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
until_true 60 test -e "$work/ready"
for name in all theirs; do next_refresh $name; done

# What the first tenth takes is what it takes.
born=0 before=
for part in $((many / 10)) $((many - many / 10)); do
	in_cgroup mayflies "$top/build/vm-tests/mayfly" "$part" > "$work/number" &
	wait $!
	born=$((born + $(< "$work/number")))
	for name in all theirs; do next_refresh $name; done
	after=$(for pid in $all $theirs $trace; do memory $pid; done | xargs)
	before=${before:-$after}
done
is "each had its page on the device" "$many" "$born"
echo "# RSS of the tools, KiB: $before, then $after"
# cdmtrace keeps up to 65,536 stacks, and what it knows of 4096 address spaces.
check "the tools are no larger than after the first tenth" $before $after << 'PY'
import sys
n = list(map(int, sys.argv[1:]))
for before, after, more in zip(n[:3], n[3:], (4096, 4096, 65536)):
    assert after < before + more, n
PY
is "one that stays is counted as ever" 211 "$(ask one in 0 0 211)"
for name in all theirs; do next_refresh $name; done
kill -INT $all $theirs $trace
for pid in $all $theirs $trace; do
	wait $pid
	is "a tool ends well" 0 $?
done
check "cgroups: all that moved, and nothing was lost" "$many" << 'PY'
import sys
from truth import rows, same, totals
many = int(sys.argv[1])
same("all", {"/": many + 211, "/mayflies": many, "/job": 211},
     {p: n for p, n in totals("all", "path", "in_pages_per_second").items() if n})
same("theirs", {"/mayflies": many}, totals("theirs", "path", "in_pages_per_second"))
same("lost", {0}, {r["events_lost"] for name in ("all", "theirs") for r in rows(name, "end")})
PY
read -r shown lost < <(sed -n 's/.*cdmtrace: \([0-9]*\) events shown.* \([0-9]*\) lost.*/\1 \2/p' "$work/trace.err")
is "events: as many, and none was lost" "1 0" "$((shown > many)) $lost"
end_workers
rm -rf "$work"
finish
