#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: migrations as functions of the kernel tell them, of DEVICE_COHERENT memory
# and, where the kernel has it, DEVICE_PRIVATE, compared with what the program that had its
# memory moved found itself. With the series in the kernel its tracepoints tell the same.
# Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
mirror=$top/build/vm-tests/mirror

has_series() { [[ -e /sys/kernel/tracing/events/migrate/migrate_vma_setup ]]; }
# The first two devices of test_hmm are device-private, and empty without support for it.
has_private() { grep -q is_device_private_page /proc/kallsyms || has_series; }
# Kprobes take a function of the kernel that tells the verifier types, since 6.2.
has_kprobe() { grep -qw bpf_rdonly_cast /proc/kallsyms; }

# trace NAME OPTION...: in the background, ready when this returns
trace() {
	local name=$1
	shift
	$cdmtrace -j --ready-file "$work/$name.ready" -o "$work/$name.json" "$@" 2> "$work/$name.err" &
	tracers+=($!)
	until_true 120 test -e "$work/$name.ready" || cat "$work/$name.err"
}
# scene DEVICE NAME: what the program says is in NAME.told
scene() {
	echo go | "$mirror" "/dev/hmm_dmirror$1" > "$work/$2.told" 2> "$work/$2.said" ||
		echo "# $(< "$work/$2.said")"
}
end_tracers() {
	sleep 0.5
	kill -INT "${tracers[@]}"
	wait "${tracers[@]}"
	tracers=()
}
tracers=()
functions=fentry
if has_kprobe; then functions+=" kprobe"; fi
sources=$functions
if has_series; then sources+=" tracepoint"; fi

cat > "$work/scene.py" << 'PY'
"""What mirror says of itself, and what a tracer saw of it."""
import json, sys
from truth import rows, same
kind, source = sys.argv[1:3]
told = json.load(open(kind + ".told"))
end = told["start"] + 2000 * 4096
def calls(source=source, **fields):
    return [r for r in rows(source + ".json", "migrate") if r["pid"] == told["pid"] and
            all(r[k] == v for k, v in fields.items())]
def pages(calls, key):
    return sum(r[key] for r in calls)
def failed(calls):
    sums = {}
    for r in calls:
        for why, n in r["failed_pages"].items():
            sums[why] = sums.get(why, 0) + n
    return sums
PY
# checks NAME KIND SOURCE: what that source told of the scene of that kind
checks() { check "$2 by $3: $1" "$2" "$3" < <(cat "$work/scene.py" -); }

compare() { # KIND SOURCE
	local kind=$1 source=$2
	is "$kind by $source: nothing was lost" "" "$(grep -h '[1-9][0-9]* lost' "$work/$source.err")"
	checks "each page once, in calls of 64 pages" "$kind" "$source" << 'PY'
into, out = calls(dir="in"), calls(dir="out")
same("pages to the device", told["in"] + told["filled"] + told["in_again"], pages(into, "migrated_pages"))
same("by the requests", told["in_returned"] + told["filled_returned"] + told["in_again_returned"], pages(into, "migrated_pages"))
home = told["home_by_faults"] if kind == "private" else 0
same("pages home", told["out"] + told["out_again"] + home, pages(out, "migrated_pages"))
same("nothing to bring home", (0, 0), (told["nothing"], told["nothing_returned"]))
same("that were pinned", 0, told["in_pinned"])
same("calls in", 22 + 1 + 1 + 1, len(into))
same("calls out", 2 * 23 + 1 + home, len(out))
same("asked for", 1409 + 61 + 64, pages(into, "requested_pages"))
PY
	checks "why pages stayed, and those of which nobody can tell" "$kind" "$source" << 'PY'
into, out = calls(dir="in"), calls(dir="out")
same("pinned", {"pinned": told["pinned"]}, failed(into))
same("going home", {}, failed(out))
for r in into + out:
    same("sum", r["requested_pages"], r["migrated_pages"] + r["already_pages"] + r["untold_pages"] +
         sum(r["skipped_pages"].values()) + sum(r["failed_pages"].values()))
    same("time", r["total_ns"], r["collect_ns"] + r["copy_ns"] + r["restore_ns"])
    assert r["collect_ns"] and (r["copy_ns"] and r["restore_ns"] or not r["migrated_pages"]), r
same("in", 0, pages(into, "untold_pages"))
same("out, in RAM already", told["pinned"] + 1409, pages(out, "untold_pages"))
PY
	checks "of whom, by whom, where, why" "$kind" "$source" << 'PY'
for r in calls():
    same("range", True, told["start"] <= r["start"] and r["start"] + r["range_bytes"] <= end)
    same("who", ("mirror", told["pid"], "anon"), (r["comm"], r["actor_pid"], r["vma"]))
    same("memory", kind, r["memory"])
    assert r["cgroup_id"] and r["mm"], r
by_fault = calls(cause="fault")
same("faults", told["home_by_faults"] if kind == "private" else 0, pages(by_fault, "migrated_pages"))
same("addresses", [told["start"] + (1409 + i) * 4096 for i in range(len(by_fault))], sorted(r["start"] for r in by_fault))
same("others", {"driver", "fault"} if by_fault else {"driver"}, {r["cause"] for r in calls()})
names = [r["device"] for r in sorted(calls(), key=lambda r: r["ts_ns"]) if r["migrated_pages"]]
assert all(n and n.startswith("test_hmm.") for n in names), set(names)
PY
	checks "page by page" "$kind" "$source" << 'PY'
moved = [r["addr"] for r in rows(source + ".json", "page") if r["pid"] == told["pid"] and r["dir"] == "in" and r["moved_pages"]]
first = [told["start"] + i * 4096 for i in range(1409 + 61) if not 1402 <= i < 1409]
same("addresses", sorted(first + [told["start"] + i * 4096 for i in range(64)]), sorted(moved))
PY
}

compare_tracepoints() { # KIND SOURCE
	checks "tracepoints tell the same" "$1" "$2" << 'PY'
both = [sorted((r["ts_ns"] // 10**12, r["dir"], r["start"], r["requested_pages"], r["migrated_pages"], r["pid"],
               r["cgroup"], r["cause"], r["collected_pages"]) for r in calls(name)) for name in (source, "tracepoint")]
same("calls", both[1], both[0])
def reasons(name):
    known = failed(calls(name))
    known["pinned"] = known.get("pinned", 0) + known.pop("isolate", 0)
    return known
same("reasons", reasons("tracepoint"), reasons(source))
same("untold", sum(r["already_pages"] + sum(r["skipped_pages"].values()) for r in calls("tracepoint")),
     sum(r["untold_pages"] + sum(r["skipped_pages"].values()) for r in calls()))
PY
}

# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
result $? "test_hmm has devices"
like "cdmtrace says what tells of migrations, and how exact that is" \
	"migrate +yes +by $(has_series && echo tracepoint || echo fentry), " "$("$cdmtrace" --features)"
for source in $functions; do
	like "cdmtop, too, of $source" "reasons +yes +by $source, pages exact, reasons in part" \
		"$("$cdmtop" --features --source "$source")"
done

for kind in coherent private; do
	if [[ $kind == private ]] && ! has_private; then
		skip "private: all of it" "this kernel is built without CONFIG_DEVICE_PRIVATE"
		continue
	fi
	rm -f "$work"/*.ready
	for source in $sources; do trace "$source" -e migrate,page --source "$source"; done
	scene "$([[ $kind == private ]] && echo 0 || echo 2)" "$kind"
	end_tracers
	for source in $functions; do
		compare "$kind" "$source"
		if has_series; then compare_tracepoints "$kind" "$source"; fi
	done
done

# What leaves a device without anybody asking for a range of addresses. With the series
# test_hmm empties its devices by a function of that.
emptied() {
	mkfifo "$work/empty.steps"
	: > "$work/empty.told"
	"$mirror" /dev/hmm_dmirror2 < "$work/empty.steps" > "$work/empty.told" &
	exec {steps}> "$work/empty.steps"
	trace evict -e evict --source fentry
	"$cdmtop" -j --view device --source fentry 0.5 > "$work/empty.json" 2> "$work/empty.err" &
	local top=$!
	ends() { (($(grep -c '"type":"end"' "$work/empty.json") >= $1)); }
	until_true 120 ends 2
	local lines=1 step
	for step in "in 0 300" "pin 0 7" "empty"; do
		echo "$step" >&"$steps"
		lines=$((lines + 1))
		until_true 60 told_lines empty $lines
	done
	until_true 60 ends $(($(grep -c '"type":"end"' "$work/empty.json") + 3))
	kill -INT $top; wait $top
	end_tracers
	exec {steps}>&-
	check "what is pinned for long, and what the driver empties, as evictions" << 'PY'
import json
from truth import rows, same, totals
told = [json.loads(line)["device"] for line in open("empty.told")]
same("on the device", [0, 300, 293, 0], told)
got = rows("evict.json", "evict")
same("pins", [(1, 0)] * 7, [(r["evicted_pages"], r["left_pages"]) for r in got if r["cause"] == "pin"])
same("by the driver", (293, 0), tuple(sum(r[k] for r in got if r["cause"] == "evict") for k in ("evicted_pages", "left_pages")))
same("devices", {True}, {r["device"].startswith("test_hmm.") for r in got if r["evicted_pages"]})
same("out of devices", 300, sum(totals("empty.json", "name", "out_pages_per_second").values()))
PY
}
told_lines() { [[ $(wc -l < "$work/$1.told") -ge $2 ]]; }
if has_series; then
	skip "what is emptied" "with the series in the kernel its tracepoints tell it"
else
	emptied
fi

# It lives before the first refresh and after the last: rates are those of rows that are there.
refreshes() { [[ $(grep -c '"type":"end"' "$work/top.json") -ge $1 ]]; }
mkfifo "$work/go"
"$mirror" /dev/hmm_dmirror2 < "$work/go" > "$work/top.told" &
exec {go}> "$work/go"
"$cdmtop" -j --source fentry 1 > "$work/top.json" 2> "$work/top.err" &
top_pid=$!
until_true 120 refreshes 2 || cat "$work/top.err"
echo go >&"$go"
until_true 60 grep -q '}' "$work/top.told"
until_true 60 refreshes $(($(grep -c '"type":"end"' "$work/top.json") + 2))
kill -INT $top_pid
wait $top_pid
exec {go}>&-
wait
check "cdmtop counts them, for whom" << 'PY'
import json
from truth import same, totals
told = json.load(open("top.told"))
def total(name):
    return totals("top.json", "pid", name + "_pages_per_second").get(told["pid"])
same("in", told["in"] + told["filled"] + told["in_again"], total("in"))
same("out", told["out"] + told["out_again"], total("out"))
same("failed", told["pinned"], total("fail"))
PY

# Device memory of processes, which no counter of these kernels tells: by the program's own
# look at each page. What was there before cdmtop, what moved, what was freed, what a child
# maps as well.
residency() { # KIND DEVICE
	local kind=$1 name=res-$1
	mkfifo "$work/$name.steps"
	: > "$work/$name.told"
	"$mirror" "/dev/hmm_dmirror$2" < "$work/$name.steps" > "$work/$name.told" &
	exec {steps}> "$work/$name.steps"
	echo "in 0 500" >&"$steps"
	until_true 60 told_lines "$name" 2
	"$cdmtop" -j -F pid,cdm,error,age --source fentry 0.5 > "$work/$name.json" 2> "$work/$name.err" &
	local top=$!
	settles "$kind: what was there before" "$name"
	echo "in 500 300" >&"$steps"; until_true 60 told_lines "$name" 3
	settles "$kind: what came" "$name"
	echo "out 0 100" >&"$steps"; until_true 60 told_lines "$name" 4
	settles "$kind: what went home" "$name"
	echo "free 100 50" >&"$steps"; until_true 60 told_lines "$name" 5
	settles "$kind: what was freed, which no migration tells" "$name"
	echo "fork" >&"$steps"; until_true 60 told_lines "$name" 6
	settles "$kind: what a child maps as well, within the bound that is shown" "$name" child
	kill -INT $top; wait $top
	exec {steps}>&-
	pkill mirror; wait
}
cat > "$work/settled.py" << 'PY'
"""Whether the last whole refresh has what the program found itself, and no bound but with a child."""
import json, sys
name, child = sys.argv[1], len(sys.argv) > 2
told = [json.loads(line) for line in open(name + ".told")][-1]
found, last, all_pids = {}, {}, {}
for line in open(name + ".json"):
    try:
        r = json.loads(line)
    except ValueError:
        break
    if r["type"] == "proc":
        found[r["pid"]] = r
    elif r["type"] == "end":
        last, found = found, {}
row = last.get(told["pid"], {})
holders = {pid: r["cdm_bytes"] // 4096 for pid, r in last.items() if r.get("cdm_bytes")}
print("told", told, "row", row, "holders", holders)
n, error = row.get("cdm_bytes"), row.get("error_bytes")
if n is None:
    sys.exit(1)
n, error = n // 4096, error // 4096
if child:
    ok = len(holders) == 2 and error and all(n - error <= told["device"] <= n for n in holders.values())
else:
    ok = n == told["device"] and not error and set(holders) == {told["pid"]} and row["age_ns"] is not None
sys.exit(not ok)
PY
settled() { (cd "$work" && /usr/bin/python3 settled.py "$@") > "$work/settled.said" 2>&1; }
settles() {
	local what=$1
	shift
	until_true 120 settled "$@"
	settled "$@"
	result $? "$what" "$(< "$work/settled.said")"
}
like "device memory of processes is by scans" 'processes +device +yes +by fentry and scans' \
	"$("$cdmtop" --features --source fentry)"
residency coherent 2
if has_private; then residency private 0; else
	skip "private: resident" "this kernel is built without CONFIG_DEVICE_PRIVATE"
fi

# Each has a pagemap from the start, used or not; the last program moved pages to one of them.
mkfifo "$work/dev.steps"
"$mirror" /dev/hmm_dmirror2 < "$work/dev.steps" > "$work/dev.told" &
exec {steps}> "$work/dev.steps"
"$cdmtop" -j --view device --source fentry 0.5 > "$work/dev.json" 2> "$work/dev.err" &
top_pid=$!
devices() { [[ $(grep -c '"type":"device"' "$work/dev.json") -ge $1 ]]; }
until_true 120 devices 4
echo "in 0 700" >&"$steps"
until_true 60 grep -q ":700}" "$work/dev.told"
until_true 60 devices $(($(grep -c '"type":"device"' "$work/dev.json") + 8))
kill -INT $top_pid; wait $top_pid
exec {steps}>&-
wait
check "devices: all those of the driver, and what moved to which" "$(has_private && echo 4 || echo 2)" << 'PY'
import sys
from truth import rows, same, totals
last = {r["name"]: r for r in rows("dev.json", "device")}
same("devices", int(sys.argv[1]), len(last))
same("names", {"test_hmm"}, {n.split(".")[0] for n in last})
same("sizes", {256 << 20}, {r["size_bytes"] for r in last.values()})
same("in use", [700], [r["used_bytes"] // 4096 for r in last.values() if r["used_bytes"]])
moved = totals("dev.json", "name", "in_pages_per_second")
same("moved", [700], [n for n in moved.values() if n])
PY
like "cdmtop says what it found" 'test_hmm: device-coherent memory.*, by functions \(fentry\); residency by scans' "$(head -1 "$work/top.err")"
# migrations_by SOURCE: says why not
migrations_by() { "$cdmtrace" -e migrate --source "$1" --strict --duration 0.1 2>&1; }
mkfifo "$work/leave"
"$top/build/vm-tests/occupy" migrate_vma_pages < "$work/leave" > "$work/occupy.out" 2>&1 &
exec {leave}> "$work/leave"
until_true 60 grep -q ready "$work/occupy.out" || cat "$work/occupy.out"
like "fentry that is refused is told as such" "the source fentry on this kernel" "$(migrations_by fentry)"
if has_kprobe; then
	said=$(migrations_by any)
	result $? "... and what else there is takes its place" "$said"
fi
exec {leave}>&-
wait
said=$(migrations_by fentry)
result $? "... as long as it is refused" "$said"

# Addresses of the kernel are hidden, and it is somewhere else at each boot.
echo 1 > /proc/sys/kernel/kptr_restrict
cdmtrace="setpriv --bounding-set=-syslog $cdmtrace"
for source in $functions; do trace "hidden-$source" -e migrate --source "$source"; done
scene 2 hidden
end_tracers
for source in $functions; do
	check "devices have names without CAP_SYSLOG, by $source" "$source" << 'PY'
import json, sys
from truth import rows, same
told = json.load(open("hidden.told"))
names = {r["device"] for r in rows(f"hidden-{sys.argv[1]}.json", "migrate")
         if r["pid"] == told["pid"] and r["migrated_pages"]}
same("names", [True], [bool(n and n.startswith("test_hmm.")) for n in names])
PY
done
cdmtrace=${cdmtrace##* }
like "what functions do not tell is said" 'source fentry on this kernel' \
	"$("$cdmtrace" -e migrate,rss --source fentry --duration 0.1 --strict 2>&1)"
finish
