#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with a node without processors that is slower than the other one: ordinary
# migrations, for each reason that the kernel has and that can be brought about, as events
# and in cdmtop, against /proc/vmstat and what was asked for. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
numa() { "$python" "$guest/numa.py" "$@"; }
counters() { grep -E '^(pgmigrate|pgpromote|pgdemote|numa_pages)_' /proc/vmstat > "$work/vmstat.$1"; }
on_node() { grep -o "N$2=[0-9]*" "/proc/$1/numa_maps" | awk -F= '{ n += $2 } END { print n + 0 }'; }
refreshes() { (($(grep -c '"type":"end"' "$1") >= $2)); }

cat > "$work/scene.py" << 'PY'
"""What was seen: events, and the kernel's counters from before to after."""
import json, os
from truth import refreshes, rows, same
def counters(when):
    return {k: int(v) for k, v in (line.split() for line in open("vmstat." + when))}
before, after = counters("before"), counters("after")
counted = {k: after[k] - before[k] for k in after}
events = rows("trace.json", "numa")
pids = {name: int(open(name + ".pid").read()) for name in ("held", "migrate", "back", "move", "mbind", "use", "shell")}
def told(name):
    """By the process itself: which one it is, and how many of its pages were in the way."""
    return map(int, open(name + ".told"))
def pages(key="migrated_pages", **fields):
    return sum(e[key] for e in events if all(e[k] == v for k, v in fields.items()))
def demoted(kernel):
    return sum(n for k, n in kernel.items() if k.startswith("pgdemote_"))
PY
# Kernels know of slower memory since 6.1, and what makes some slower since 6.6.
tiers=$(find /sys/devices/virtual/memory_tiering -mindepth 1 -name 'memory_tier*' 2> /dev/null | wc -l)
one_tier="this kernel has one tier of memory"
# told NAME COMMAND [ARG...]: what numa.py says
told() { numa "${@:2}" > "$work/$1.told" 2> "$work/$1.err" || echo "# $1: $(tail -1 "$work/$1.err")"; }
checks() { check "$1" "${@:2}" < <(cat "$work/scene.py" -); }

# Only what is asked for moves.
echo 0 > /proc/sys/kernel/numa_balancing
echo $$ > "$work/shell.pid"
start_worker held held
echo "${worker[held]}" > "$work/held.pid"
address=$(($(ask held map 211)))
is "all of its pages are on the node with processors" 211 "$(grep -A9999 heap "/proc/${worker[held]}/numa_maps" |
	awk -v a="$(printf %x $address)" '$1 == a' | grep -o 'N0=[0-9]*' | cut -d= -f2)"

"$cdmtrace" -e numa -j -w "$work/trace.cdm" -o "$work/trace.json" --ready-file "$work/ready" 2> "$work/trace.err" &
trace=$!
"$cdmtop" -j --view numa 0.5 > "$work/top.json" 2> "$work/top.err" &
cdmtop_pid=$!
until_true 120 test -e "$work/ready"
until_true 120 refreshes "$work/top.json" 2
counters before

numa migrate "${worker[held]}" 0 1 > "$work/migrate.pid"
away=$(on_node "${worker[held]}" 1)
numa migrate "${worker[held]}" 1 0 > "$work/back.pid"
numa move "${worker[held]}" $address 101 1 > "$work/move.pid"
numa mbind 211 0 1 > "$work/mbind.pid"
told compact compact 8192
# Both, or what is no promotion alone.
echo $((tiers > 1 ? 2 : 1)) > /proc/sys/kernel/numa_balancing
numa use 199 1 > "$work/use.pid"
echo 0 > /proc/sys/kernel/numa_balancing
if ((tiers > 1)); then
	echo 1 > /sys/kernel/mm/numa/demotion_enabled
	echo 512K > $cgroups/held/memory.reclaim 2> /dev/null
	echo 0 > /sys/kernel/mm/numa/demotion_enabled
fi
told failure failure 13
told contig contig 40000 1
numa movable 1 > /dev/null
told offline offline 53 1
told pin pin 37 1
told cold cold 29 1
counters after
until_true 60 refreshes "$work/top.json" $(($(grep -c '"type":"end"' "$work/top.json") + 2))
kill -INT $trace $cdmtop_pid
wait $trace
is "cdmtrace ends well" 0 $?
wait $cdmtop_pid
is "cdmtop ends well" 0 $?
is "nothing was lost" "" "$(grep '[1-9][0-9]* lost' "$work/trace.err")"

checks "events sum up to what the kernel counted" << 'PY'
same("moved", counted["pgmigrate_success"], pages())
same("failed", counted["pgmigrate_fail"], pages("not_migrated_pages"))
assert counted["pgmigrate_success"] > 2 * 211, counted
PY
checks "by reason, too: NUMA balancing" << 'PY'
same("balanced", counted["numa_pages_migrated"], pages(reason="numa_misplaced"))
assert counted["numa_pages_migrated"] >= 99, counted
same("whose", {pids["use"]}, {e["pid"] for e in events if e["reason"] == "numa_misplaced" and e["src_node"] == 1})
PY
if ((tiers > 1)); then
	checks "promotion: what balancing brings from slower memory" << 'PY'
same("promoted", counted["pgpromote_success"], pages(reason="numa_misplaced", src_node=1, dst_node=0))
assert counted["pgpromote_success"] >= 99, counted
PY
else
	skip "promotion: what balancing brings from slower memory" "$one_tier"
fi
if ((tiers > 1)); then
	checks "demotion: of the cgroup that was squeezed, by whoever did it" << 'PY'
same("demoted", demoted(counted), pages(reason="demotion"))
assert demoted(counted) >= 32, counted
held = [e for e in events if e["reason"] == "demotion" and e["migrated_pages"]]
same("nodes", {(0, 1)}, {(e["src_node"], e["dst_node"]) for e in held})
same("cgroup", {"/held"}, {e["cgroup"] for e in held})
same("actor", {pids["shell"]}, {e["actor_pid"] for e in held})
assert pages(reason="demotion", pid=pids["held"]) >= 32, held
PY
else
	skip "demotion: of the cgroup that was squeezed, by whoever did it" "$one_tier"
fi
# reason NAME REASON FROM TO NEEDS WHY
reason() {
	local what="$2: all pages that were in the way, of whom, from where to where"
	if [[ ! -e $5 ]]; then
		skip "$what" "$6"
		return
	fi
	if [[ $2 == contig_range && $(tail -1 "$work/$1.told") == 0 ]]; then
		skip "$what" "the kernel found its GiB where no page was in the way"
		return
	fi
	checks "$what" "$@" << 'PY'
import sys
name, reason, src, dst = sys.argv[1:5]
pid, moved = told(name)
assert moved
mine = [e for e in events if e["reason"] == reason and e["pid"] == pid and e["migrated_pages"]]
same("pages", moved, sum(e["migrated_pages"] for e in mine))
same("nodes", set(), {(e["src_node"], e["dst_node"]) for e in mine} - {(int(src), int(n)) for n in dst.split(",")})
same("by itself", {name != "cold"}, {e["actor_pid"] == pid for e in mine})
PY
}
reason failure memory_failure 0 0 /sys/devices/system/memory/soft_offline_page \
	"this kernel is built without CONFIG_MEMORY_FAILURE"
reason offline memory_hotplug 1 0 /sys/devices/system/memory/auto_online_blocks \
	"this kernel is built without CONFIG_MEMORY_HOTPLUG"
reason pin longterm_pin 1 1 /sys/devices/system/memory/auto_online_blocks \
	"without CONFIG_MEMORY_HOTPLUG there is no memory that may not be pinned for long"
reason contig contig_range 1 0,1 /sys/kernel/mm/hugepages/hugepages-1048576kB \
	"this processor has no pages of 1 GiB, and the kernel no CONFIG_CMA, which would be another way"
reason cold damon 0 1 /sys/kernel/mm/damon/admin "this kernel is built without CONFIG_DAMON_SYSFS"
checks "move_pages(), mbind(): as many as were asked for, from where to where, of whom" << 'PY'
mine = [(e["reason"], e["pid"], e["src_node"], e["dst_node"], e["migrated_pages"])
        for e in events if e["actor_pid"] in (pids["move"], pids["mbind"]) and e["reason"] != "compaction"]
same("calls", sorted([("syscall", pids["held"], 0, 1, 101), ("mempolicy_mbind", pids["mbind"], 0, 1, 211)]), sorted(mine))
PY
checks "migrate_pages(): there and back" "$away" << 'PY'
import sys
out, back = (pages(reason="syscall", actor_pid=pids[k], pid=pids["held"], src_node=s, dst_node=1 - s)
             for k, s in (("migrate", 0), ("back", 1)))
assert 211 <= out <= int(sys.argv[1]), (out, sys.argv)
assert 211 <= back, back
same("other ways", 0, sum(e["migrated_pages"] for e in events if e["actor_pid"] == pids["migrate"] and
                          (e["src_node"], e["dst_node"]) != (0, 1)))
PY
checks "compaction stays on its node" << 'PY'
compacted = [e for e in events if e["reason"] == "compaction" and e["migrated_pages"]]
pid, moved = told("compact")
# Those that it looked at; it has others.
assert 0 < moved <= pages(reason="compaction", pid=pid, actor_pid=pid), (moved, compacted)
same("within", [], [e for e in compacted if e["src_node"] != e["dst_node"] and e["src_node"] is not None])
PY
checks "each call has its time" << 'PY'
assert all(0 < e["total_ns"] == e["end_ns"] - e["ts_ns"] for e in events)
PY
"$cdmtrace" -r "$work/trace.cdm" -j -o "$work/replay.json"
"$cdmtrace" -r "$work/trace.cdm" -j -e numa:numa_misplaced -o "$work/sort.json"
checks "the recording says the same; one reason can be chosen" << 'PY'
same("events", events, rows("replay.json", "numa"))
same("one", [e for e in events if e["reason"] == "numa_misplaced"], rows("sort.json", "numa"))
PY
checks "cdmtop: rows sum up to the events, and to the counters beside them" << 'PY'
last = refreshes("top.json")[-1]
mine = [r for r in last if r["type"] == "numa" and r["source"] == "events"]
for key, e in ("pages", "migrated_pages"), ("failed", "not_migrated_pages"):
    same(key, pages(e), sum(r[key] for r in mine))
kernel = {r["reason"]: r["pages"] for r in last if r["type"] == "numa" and r["source"] == "vmstat"}
same("counters", {k: counted[k] for k in kernel}, kernel)
sums = {}
for e in events:
    k = e["reason"], e["pid"] or None, e["actor_pid"], e["src_node"], e["dst_node"], e["cgroup"]
    sums[k] = sums.get(k, 0) + e["migrated_pages"]
same("each", sums, {(r["reason"], r["pid"], r["actor_pid"], r["src"], r["dst"], r["cgroup_path"]): r["pages"] for r in mine})
PY
checks "cdmtop: rates are those of the pages that moved" << 'PY'
moved = 0
for refresh in refreshes("top.json"):
    seconds = refresh[-1]["interval_ns"] / 1e9
    moved += sum(round(r["moved_pages_per_second"] * seconds) for r in refresh[:-1] if r["source"] == "events")
same("moved", pages(), moved)
PY

echo "# without functions of the kernel: where pages went and whose they are is not told, not guessed"
rm "$work/ready"
"$cdmtrace" -e numa -j --source tracepoint -o "$work/trace.json" --ready-file "$work/ready" 2> "$work/trace.err" &
trace=$!
until_true 120 test -e "$work/ready"
counters before
numa move "${worker[held]}" $address 101 0 > /dev/null
counters after
kill -INT $trace
wait $trace
checks "the sum is the same, nodes and owner are not known" << 'PY'
same("moved", counted["pgmigrate_success"], pages())
same("nodes", {(None, None, 0)}, {(e["src_node"], e["dst_node"], e["pid"]) for e in events if e["reason"] == "syscall"})
PY

echo "# more rows than there is room for: some go, and are counted"
"$cdmtop" -j --view numa 1 > "$work/crowd.json" 2> "$work/crowd.err" &
cdmtop_pid=$!
until_true 120 refreshes "$work/crowd.json" 2
numa crowd 96 1 0 > /dev/null
until_true 60 refreshes "$work/crowd.json" $(($(grep -c '"type":"end"' "$work/crowd.json") + 2))
kill -INT $cdmtop_pid
wait $cdmtop_pid
check "rows that are there and those that are lost are all that were made" << 'PY'
from truth import refreshes
*last, end = refreshes("crowd.json")[-1]
shown = len([r for r in last if r["source"] == "events"])
made, others = 2 * 96 * 96, 64
assert shown > 4096 and made <= shown + end["events_lost"] < made + others, (shown, end)
PY

echo "# on the terminal: programs are attached while the view is shown"
screen() { tmux -u -L numa capture-pane -p -t top 2> /dev/null; }
shows() { screen | grep -qE -- "$1"; }
on_failure() { screen; }
attached() { readlink /proc/"$(pgrep -x cdmtop)"/fd/* | grep -cE 'bpf.?(link|raw)'; }
LC_ALL=C.UTF-8 tmux -u -L numa -f /dev/null new-session -d -s top -x 150 -y 40 "$cdmtop --no-config 0.5 2> $work/ui.err"
until_true 120 shows 'PID COMM'
unwatched=$(attached)
numa move "${worker[held]}" $address 101 1 > /dev/null
tmux -L numa send-keys -t top 5
until_true 60 shows 'vmstat pgmigrate_success'
result $? "key 5 shows the view"
! shows ' syscall '
result $? "what moved before is not in it"
watched=$(attached)
numa move "${worker[held]}" $address 67 0 > /dev/null
until_true 60 shows "${worker[held]} worker .* events syscall +1 +0 .* 67 "
result $? "what moves now is"
until_true 60 shows "vmstat pgmigrate_success .* 67 "
result $? "so it is in the counter beside it"
tmux -L numa send-keys -t top 1
until_true 60 shows '%CDM'
until_true 20 eval '[[ $(attached) == $unwatched ]]'
is "programs are attached while it is shown, and no longer" "6 more, then 0" \
	"$((watched - unwatched)) more, then $(($(attached) - unwatched))"
tmux -L numa send-keys -t top q
end_workers
rm -rf "$work"
finish
