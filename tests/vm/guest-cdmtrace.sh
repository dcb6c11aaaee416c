#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: many cdmtraces watch the same scene, each with other
# options. What one that sees everything has is compared with what was done; then what
# the others have with that. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
export TZ=UTC
kinds=migrate,evict,fault,page,rss,charge,pingpong,device

# trace NAME OPTION...: in the background, into NAME.out and NAME.err
declare -A tracer status
trace() {
	local name=$1
	shift
	"$cdmtrace" --ready-file "$work/$name.ready" -o "$work/$name.out" "$@" 2> "$work/$name.err" &
	tracer[$name]=$!
}
is_ready() { [[ -e $work/$1.ready ]] || ! kill -0 "${tracer[$1]}" 2> /dev/null; }
await_tracers() {
	local name
	for name in "${!tracer[@]}"; do
		until_true 120 is_ready "$name" || echo "# $name is not ready"
	done
}
end_tracers() {
	local name
	sleep 0.5
	kill -INT "${tracer[@]}" 2> /dev/null
	for name in "${!tracer[@]}"; do
		wait "${tracer[$name]}"
		status[$name]=$?
	done
	tracer=()
}

# Pages of the first worker: 0 to 1408 to and fro, 1410 to 1620 copied on write and
# evicted, 2000 to 2002 ping-pong, 2100 to 2119 slow.
mkdir -p $cgroups/job
echo +memory > $cgroups/job/cgroup.subtree_control
start_worker first job/a
cp "$top/build/vm-tests/worker" "$work/second"
start_worker second job/b "$work/second"
ask first map 3000 > "$work/first.address"
ask second map 1000 > "$work/second.address"
scene() {
	local child i
	ask first in 0 0 1409 > /dev/null
	ask first out 0 0 1409 > /dev/null
	ask second in 1 0 307 > /dev/null
	ask second out 1 0 307 > /dev/null
	ask first in 1 1410 211 > /dev/null
	child=$(ask first fork)
	ask first write 1410 53 > /dev/null
	kill -KILL "$child"
	until_true 5 ended "$child"
	ask first write 1463 7 > /dev/null
	"$cdmctl" evict --device cdm1 -j | json 'd["moved_pages"]' > "$work/evicted"
	for i in 1 2; do
		ask first in 0 2000 3 > /dev/null
		ask first out 0 2000 3 > /dev/null
	done
	"$cdmctl" inject cdm0 fail-alloc=7 -- "$cdmctl" migrate -p "${worker[second]}" --to cdm0 \
		--range "$(page second 400)+409600" --partial-ok > /dev/null
	ask second out 0 400 100 > /dev/null
	"$cdmctl" inject cdm0 delay=20000 --for 5s &
	sleep 1
	ask first race 0 2100 20 > /dev/null
	wait $!
	ask first out 0 2100 20 > /dev/null
	"$cdmctl" inject cdm1 hang=20000 --for 200ms
}
# The address of a worker's page
page() { printf %x $(($(< "$work/$1.address") + $2 * 4096)); }
# A child that was killed is its parent's zombie: without memory.
ended() { ! grep -q ^VmRSS "/proc/$1/status" 2> /dev/null; }

echo "# everything"
trace all -j -e $kinds --pingpong-pages --chrome "$work/all.chrome" -w "$work/all.cdm" --ring 16M
trace text -w "$work/text.cdm"
trace pid -j -e $kinds -p "${worker[second]}"
trace tid -j -t "${worker[second]}"
trace comm -j --comm second
trace cgroup -j -c /job/b
trace above -j --pingpong-pages -c /job
trace ranges -j -e pingpong
trace device -j -e migrate,evict,device -D cdm1
trace device-page -j -e page -D cdm1
trace in -j -e migrate --dir in
trace page-out -j -e page --dir out
trace why -j -e migrate --why alloc
trace pages -j -e migrate --min-pages 300
trace slow -j -e migrate,fault --min-latency 300ms
trace five -j -n 5
await_tracers
scene
end_tracers
"$python" -c 'import json, sys
print(json.dumps({"first": int(sys.argv[1]), "second": int(sys.argv[2]), "first_at": int(sys.argv[3], 0),
                  "second_at": int(sys.argv[4], 0), "evicted": int(sys.argv[5]), "cgroup": int(sys.argv[6])}))' \
	"${worker[first]}" "${worker[second]}" "$(< "$work/first.address")" "$(< "$work/second.address")" \
	"$(< "$work/evicted")" "$(stat -c %i $cgroups/job/a)" > "$work/told.json"
cat > "$work/scene.py" << 'PY'
"""What the scene was, and what a tracer saw of it."""
import json, re
from truth import rows, same
told = json.load(open("told.json"))
def events(name):
    return [r for r in rows(name + ".out") if r["type"] not in ("loss", "note")]
def of(kind, **fields):
    return [r for r in all_events if r["type"] == kind and all(r[k] == v for k, v in fields.items())]
def first_page(n):
    return told["first_at"] + n * 4096
def on_second_device(r):
    """By what the scene did, not by name."""
    at = r.get("start", r.get("addr", 0))
    return (r["type"] in ("evict", "device") or
            r["pid"] == told["first"] and first_page(1410) <= at < first_page(1621) or
            r["pid"] == told["second"] and told["second_at"] <= at < told["second_at"] + 307 * 4096)
def totals(name):
    said = open(name + ".err").read()
    return {k: tuple(map(int, n)) for k, *n in
            re.findall(r"(\w+): (\d+) seen, (\d+) filtered, (\d+) emitted, (\d+) lost", said)}
# Times differ from one tracer to the next; names of devices have a test of their own.
def key(r):
    return tuple(str(r.get(k)) for k in ("type", "pid", "actor_tid", "cgroup", "dir", "start", "addr",
                 "requested_pages", "migrated_pages", "moved_pages", "evicted_pages", "change_pages", "charge",
                 "charge_pages", "fault", "why", "flips", "state", "src_pfn"))
def same_events(name, wanted):
    a, b = sorted(map(key, wanted)), sorted(map(key, events(name)))
    if a != b:
        print("%s: wanted %d, got %d" % (name, len(a), len(b)))
        for r in sorted(set(a) ^ set(b))[:8]:
            print("wanted" if r in a else "got", *[v for v in r if v != "None"])
def nameless(kind, all_of_them):
    bad = [r for r in all_of_them if r["device"] not in ("cdm0", "cdm1")]
    if bad:
        print("%s: %d of %d have no device" % (kind, len(bad), len(all_of_them)))
all_events = events("all")
PY
checks() { check "$@" < <(cat "$work/scene.py" -); }

is "all of them end well" "" "$(for name in "${!status[@]}"; do
	[[ ${status[$name]} == 0 ]] || echo "$name ${status[$name]}: $(tail -1 "$work/$name.err")"; done)"
checks "migrations: each page once, of whom and where" << 'PY'
mine = dict(pid=told["first"], comm="worker", cgroup="/job/a", actor_pid=told["first"])
def moved(start, pages, device, **fields):
    assert device in {r["device"] for r in of("migrate", **mine, **fields)}, device
    return sum(r["migrated_pages"] for r in of("migrate", **mine, **fields)
               if first_page(start) <= r["start"] and r["start"] + r["range_bytes"] <= first_page(start + pages))
same("in", 1409, moved(0, 1409, dir="in", device="cdm0"))
same("out", 1409, moved(0, 1409, dir="out", device="cdm0"))
same("to the other device", 211, moved(1410, 211, dir="in", device="cdm1"))
same("ping-pong", 6, moved(2000, 3, dir="in", device="cdm0"))
same("all of it", 1409 + 211 + 6 + 20, sum(r["migrated_pages"] for r in of("migrate", **mine, dir="in")))
for r in of("migrate"):
    same("sum", r["requested_pages"], r["migrated_pages"] + r["already_pages"] +
         sum(r["skipped_pages"].values()) + sum(r["failed_pages"].values()))
    same("time", r["total_ns"], r["collect_ns"] + r["copy_ns"] + r["restore_ns"])
    same("range", r["range_bytes"], 4096 * r["requested_pages"])
    same("kind", "anon", r["vma"])
same("those that stayed", 7, sum(r["failed_pages"].get("alloc", 0) for r in of("migrate", pid=told["second"])))
PY
checks "pages: each address once to the device and once home" << 'PY'
for way in "in", "out":
    got = sorted(r["addr"] for r in of("page", pid=told["first"], dir=way, moved_pages=1)
                 if r["addr"] < first_page(1409) and r["device"] in (None, "cdm0"))
    same(way, [first_page(n) for n in range(1409)], got)
same("in, and moved in calls", sum(r["migrated_pages"] for r in of("migrate", dir="in")), len(of("page", dir="in", moved_pages=1)))
same("out, and moved in calls", sum(r["migrated_pages"] for r in of("migrate", dir="out")), len(of("page", dir="out", moved_pages=1)))
PY
checks "residency: the changes sum up to what is left" << 'PY'
for who in "first", "second":
    mm = {r["mm"] for r in of("migrate", pid=told[who])}
    same(who + " has one address space", 1, len(mm))
    same(who, 0, sum(r["change_pages"] for r in of("rss") if r["mm"] in mm))
    same(who + ", with those of others", mm, {r["mm"] for r in of("rss", pid=told[who])})
same("all", 0, sum(r["change_pages"] for r in of("rss")))
for why in "migrate", "map", "unmap", "evict":
    assert of("rss", why=why), "no rss event " + why
same("evicted", -told["evicted"], sum(r["change_pages"] for r in of("rss", why="evict")))
same("mapped by fork", 211, sum(r["change_pages"] for r in of("rss", why="map")))
same("frames", {r["dst_pfn"] for r in of("page", dir="in", moved_pages=1)},
     {r["pfn"] for r in of("rss", why="migrate") if r["change_pages"] > 0})
PY
checks "charges: of each page that moved, to the cgroup that is charged" << 'PY'
mine = of("charge", cgroup="/job/a")
same("identity", {told["cgroup"]}, {r["cgroup_id"] for r in mine})
count = lambda what: sum(r["charge_pages"] for r in mine if r["charge"] == what)
same("in", 1409 + 211 + 6 + 20, count("transfer_in"))
same("out", 1409 + told["evicted"] + 6 + 20, count("transfer_out"))
same("what came in went out or was given back", count("transfer_in"), count("transfer_out") + count("uncharge"))
PY
checks "faults: as many copies as pages written, as many writes in place; waits" << 'PY'
written = lambda fault: sorted(r["addr"] for r in of("fault", fault=fault, pid=told["first"], comm="worker"))
same("copies", [first_page(1410 + n) for n in range(53)], written("cow"))
same("in place", [first_page(1463 + n) for n in range(7)], written("reuse"))
waits = of("fault", fault="wait", pid=told["first"])
assert waits, "nobody waited"
for r in waits:
    assert first_page(2100) <= r["addr"] < first_page(2120) and r["wait_ns"] > 0, r
PY
checks "ping-pong: of each page, at the third change" << 'PY'
same("pages", [(first_page(2000 + n), 3) for n in range(3)], sorted((r["addr"], r["flips"]) for r in of("pingpong")))
same("a range", [(first_page(2000), 3 * 4096, 3, 3)],
     [(r["addr"], r["range_bytes"], r["range_pages"], r["flips"]) for r in events("ranges")])
same("of", {(told["first"], "worker", "/job/a")}, {(r["pid"], r["comm"], r["cgroup"]) for r in of("pingpong")})
PY
checks "evictions: the device, the pages and who did it" << 'PY'
same("evictions", [("cdm1", told["evicted"], 0, 0, "cdmctl")],
     [(r["device"], r["evicted_pages"], r["left_pages"], r["ret"], r["actor_comm"]) for r in of("evict")])
PY
checks "device: hung and back" << 'PY'
same("states", [("cdm1", "online", "hung"), ("cdm1", "hung", "online")], [(r["name"], r["old_state"], r["state"]) for r in of("device")])
PY
checks "devices have a name, from the first event on, and are of a kind" << 'PY'
for kind in "migrate", "page", "evict", "charge", "pingpong", "device":
    nameless(kind, of(kind))
unknown = [r for r in of("migrate") if r["memory"] != "host"]
if unknown:
    print("migrate:", len(unknown), "of", len(of("migrate")), "of unknown memory")
PY
checks "seen == filtered + emitted + lost, and emitted == lines" << 'PY'
got = totals("all")
same("kinds", set("migrate evict fault page rss charge pingpong device".split()), set(got))
for kind, (seen, filtered, emitted, lost) in got.items():
    same(kind, (seen, len(of(kind))), (filtered + emitted + lost, emitted))
    same(kind + ", nothing was lost", 0, lost)
PY
# Words of a recording may be -1, a negative errno, or two numbers of 32 bits: those are no pointers.
LC_ALL=C grep -hoE -D skip 'ffff[0-9a-f]{12}|[0-9]{20}' "$work"/*.out | sort -u > "$work/like-pointers"
checks "no pointer of the kernel leaves it; what stands for one is another number for each tracer" << 'PY'
def is_pointer(n):
    return 0xffff << 48 <= n < 2**64 - 4096 and not 0xffffffff << 32 <= n < 0xffffffff << 32 | 1 << 31
found = open("like-pointers").read().split()
same("printed", [], [n for n in found if is_pointer(int(n, 10 if len(n) == 20 else 16))][:3])
data = open("all.cdm", "rb").read()
high = data[7::8]
words = (int.from_bytes(data[8 * m.start():8 * m.end()], "little") for m in re.finditer(b"\xff", high))
same("recorded", [], [hex(n) for n in words if is_pointer(n)][:3])
mm = lambda name, who: {r["mm"] for r in events(name) if r.get("mm") and r.get("pid") == told[who]}
first, second, again = mm("all", "first"), mm("all", "second"), mm("pid", "second")
same("one a process", (1, 1, 1), (len(first), len(second), len(again)))
assert first != second, "two processes have the same number"
assert second != again, "two tracers have the same number"
PY
"$cdmtrace" -r "$work/all.cdm" -j > "$work/again.out" 2> /dev/null
checks "the recording has the same events" << 'PY'
same("events", all_events, events("again"))
PY
is "text, live and from the recording" "" \
	"$(diff "$work/text.out" <("$cdmtrace" -r "$work/text.cdm" 2> /dev/null) | head -5)"
is "... which has what there was" "$(grep -c '"type":"migrate"' "$work/all.out")" \
	"$(grep -c ' migrate ' "$work/text.out")"
checks "--chrome: JSON, a span for each migration and eviction" << 'PY'
spans = [e for e in json.load(open("all.chrome")) if e["ph"] == "X"]
for kind in "migrate", "evict":
    same(kind, len(of(kind)), sum(e["name"].startswith(kind) for e in spans))
moves = [e for e in spans if e["name"].startswith("migrate")]
for event, span in zip(of("migrate"), moves):
    same("span", [event["ts_ns"], event["total_ns"], event["pid"]],
         [round(span["ts"] * 1000), round(span["dur"] * 1000), span["pid"]])
PY

echo "# filters"
usual='usual = [r for r in all_events if r["type"] in ("migrate", "evict", "pingpong", "device")
         or r["type"] == "fault" and r["fault"] != "reuse"]'
filtered() {	# TEXT NAME EXPRESSION: what should pass, of all events "r"
	checks "$1" < <(printf '%s\nsame_events("%s", [r for r in %s])\nassert events("%s"), "nothing passes"\n' \
		"$usual" "$2" "$3" "$2")
}
filtered "-p" pid 'all_events if told["second"] in (r["pid"], r["actor_pid"]) or r["type"] == "device"'
filtered "-t" tid 'usual if r["actor_tid"] == told["second"] or r["type"] == "device"'
filtered "--comm" comm 'usual if "second" in (r["comm"], r["actor_comm"]) or r["type"] == "device"'
filtered "-c" cgroup 'usual if r["cgroup"] == "/job/b" or r["type"] == "device"'
filtered "-c and those below" above 'usual if (r["cgroup"] or "").startswith("/job/") or r["type"] == "device"'
filtered "-D" device 'of("migrate") + of("evict") + of("device") if on_second_device(r)'
filtered "-D, pages" device-page 'of("page") if on_second_device(r)'
filtered "--dir in" in 'of("migrate", dir="in")'
filtered "--dir out, pages" page-out 'of("page", dir="out")'
filtered "--why" why 'of("migrate") if "alloc" in r["failed_pages"]'
filtered "--min-pages" pages \
	'of("migrate") if r["migrated_pages"] + sum(r["failed_pages"].values()) >= 300'
checks "--min-latency: no shorter one, and the slow one is there" << 'PY'
got = events("slow")
for r in got:
    assert r["total_ns" if r["type"] == "migrate" else "wait_ns"] >= 300000000, r
assert any(r["type"] == "migrate" and r["start"] == first_page(2100) and r["dir"] == "in" for r in got), "it is not there"
PY
checks "-n" << 'PY'
same("events", 5, len(events("five")))
PY
checks "filtered events are counted" << 'PY'
for name in "pid", "in", "why", "pages", "device-page":
    for kind, (seen, filtered, emitted, lost) in totals(name).items():
        same("%s, %s" % (name, kind), (seen, len([r for r in events(name) if r["type"] == kind])),
             (filtered + emitted + lost, emitted))
        if kind != "pingpong":	# of pages that pass alone it is known that they go to and fro
            same("%s, %s: seen as without a filter" % (name, kind), len(of(kind)), seen)
PY

echo "# each kind alone, and more options"
rm "$work"/*.ready
printf 'map 997\nin 0 0 499\nout 0 0 401\n' > "$work/script"
trace all -j -e $kinds --ring 16M
for kind in ${kinds//,/ } migrate:evict page,pingpong; do
	trace "alone-$kind" -j -e "$kind"
done
trace stacks -j --stacks
trace folded --folded=pages -e migrate,evict
trace rings -j -e page --rings 2
trace tiny -j -e page --ring 4K --strict
await_tracers
is "-e page,pingpong can be loaded" "" "$(cat "$work/alone-page,pingpong.err")"
scene
end_tracers
sed -i "s/\"evicted\": [0-9]*/\"evicted\": $(< "$work/evicted")/" "$work/told.json"
for kind in ${kinds//,/ } page,pingpong; do
	filtered "-e $kind" "alone-$kind" "all_events if r['type'] in '$kind'.split(',')"
done
checks "... with the names of devices" << 'PY'
for kind in "migrate", "evict", "page", "rss", "charge", "pingpong", "device":
    nameless("alone, " + kind, events("alone-" + kind))
PY
checks "--stacks: from migrate_vma_*() down to the system call" << 'PY'
got = events("stacks")
same("as many events as without", len([r for r in all_events if r["type"] == "migrate"]),
     len([r for r in got if r["type"] == "migrate"]))
for r in got:
    if r["type"] != "migrate":
        continue
    assert any(f.startswith("migrate_vma_") for f in r["stack"]), r["stack"]
    assert any("ioctl" in f for f in r["stack"]), r["stack"]
    assert not any(f.startswith("0x") for f in r["stack"]), r["stack"]
PY
checks "... and from there to the function of the program that asked, or touched the page" << 'PY'
workers = {told["first"]: "/worker", told["second"]: "/second"}
asked, touched = [], []
for r in events("stacks"):
    if r["type"] == "migrate" and r["actor_tid"] in workers:
        asked.append((r["actor_pid"], r["ustack"]))
    if r["type"] == "fault" and r["fault"] == "cow" and r["actor_tid"] in workers:
        touched.append((r["actor_pid"], r["ustack"]))
assert asked and touched, (len(asked), len(touched))
for function, stacks in ("migrate", asked), ("write_pages", touched):
    for pid, frames in stacks:
        mine = [f["function"] for f in frames if f["module"].endswith(workers[pid])]
        assert mine[0] == function and "main" in mine, frames
        # ioctl() is in the C library.
        assert function != "migrate" or frames[0]["module"].endswith("/libc.so.6"), frames
PY
checks "--folded=pages: the weights are the pages" << 'PY'
lines = [l.rsplit(" ", 1) for l in open("folded.out")]
assert any("migrate_vma_" in stack for stack, n in lines)
wanted = sum(r["migrated_pages"] for r in of("migrate")) + sum(r["evicted_pages"] for r in of("evict"))
same("pages", wanted, sum(int(n) for stack, n in lines))
for stack, n in lines:
    for frame in stack.split(";")[1:]:
        assert not frame.endswith("_[k]") or not frame.startswith(("0x", "[unknown]")), "without names"
assert any(re.search(r"/?worker;.*main;.*migrate;.*ioctl_\[k\];", stack) for stack, n in lines)
PY
filtered "--rings 2: the same events" rings 'of("page")'
is "--strict fails when events were lost" 1 "${status[tiny]}"
checks "... which are counted, in the end and in the stream" << 'PY'
seen, filtered, emitted, lost = totals("tiny")["page"]
assert lost > 0, "nothing was lost"
same("seen", seen, filtered + emitted + lost)
same("all pages were seen", len(of("page")), seen)
same("lines", emitted, len(events("tiny")))
same("lost, in the stream", lost, [r for r in rows("tiny.out") if r["type"] == "loss"][-1]["lost_ring"])
PY
cd "$work" || exit
"$cdmtrace" -j -o "$work/command.out" -- "$top/build/vm-tests/worker" < "$work/script" \
	> "$work/command.said" 2> "$work/command.err"
is "-- COMMAND: its status" 0 $?
is "... its output is its own" "ok 499 ok 401" "$(tail -n +2 "$work/command.said" | xargs)"
checks "... and its migrations, to the page" << 'PY'
got = [r for r in events("command") if r["type"] == "migrate"]
for way, n in ("in", 499), ("out", 401):
    same(way, n, sum(r["migrated_pages"] for r in got if r["dir"] == way))
same("of", 1, len({r["pid"] for r in got}))
same("comm", {"worker"}, {r["comm"] for r in got})
PY
"$cdmtrace" -o /dev/null -- sh -c 'exit 42' 2> /dev/null
is "-- COMMAND that fails: its status" 42 $?
"$cdmtrace" -o /dev/null -- /no/such/program 2> /dev/null
is "-- COMMAND that is not there" 127 $?
cd /

echo "# huge pages, of one event each or of one for each of their pages"
start_worker huge job/huge
ask huge huge 3 > "$work/huge.address"
trace huge -j -e migrate,page,rss,charge -c /job/huge
await_tracers
ask huge in 0 0 1536 > /dev/null
ask huge out 0 0 512 > /dev/null
ask huge drop 1024 100 > /dev/null
still_charged() { [[ $(charged job/huge) != $(((1536 - 512 - 100) * 4096)) ]]; }
until_true 20 eval '! still_charged'
result $? "the kernel splits the one of which a part is gone"
end_tracers
checks "huge pages are counted as all their pages" "$(< "$work/huge.address")" << 'PY'
import sys
start = int(sys.argv[1], 0)
all_events = events("huge")
for way, n in ("in", 1536), ("out", 512):
    same("moved " + way, n, sum(r["migrated_pages"] for r in of("migrate", dir=way)))
    same("pages " + way, [start + i * 4096 for i in range(n)],
         sorted(r["addr"] for r in of("page", dir=way, moved_pages=1)))
    same("charges " + way, [512] * (n // 512), [r["charge_pages"] for r in of("charge", charge="transfer_" + way)])
same("frames", 1536, len({r["dst_pfn"] for r in of("page", dir="in")}))
same("uncharged", 100, sum(r["charge_pages"] for r in of("charge", charge="uncharge")))
same("residency", 1536 - 512 - 100, sum(r["change_pages"] for r in of("rss")))
same("of huge pages the first", {r["dst_pfn"] // 512 * 512 for r in of("page", dir="in")},
     {r["pfn"] for r in of("rss", why="migrate") if r["change_pages"] > 0})
PY

echo "# a device that is full"
end_worker huge
start_worker old job/old
start_worker new job/new
ask old map 16384 > /dev/null
ask new map 700 > /dev/null
ask old in 0 0 16384 > /dev/null
trace room -j -e migrate,evict,rss
await_tracers
is "there is room for all that comes" 700 "$(ask new in 0 0 700)"
end_tracers
checks "... of two blocks that went home for it, and who asked for them" "${worker[old]}" "${worker[new]}" << 'PY'
import sys
old, new = map(int, sys.argv[1:])
all_events = events("room")
same("made room", {("full", "cdm0", 0, new)},
     {(r["cause"], r["device"], r["ret"], r["actor_pid"]) for r in of("evict")})
same("pages", 1024, sum(r["evicted_pages"] for r in of("evict")))
same("of whom", -1024, sum(r["change_pages"] for r in of("rss", why="evict", pid=old)))
same("the rest", 0, sum(r["change_pages"] for r in of("rss", why="evict") if r["pid"] != old))
same("moved", 700, sum(r["migrated_pages"] for r in of("migrate", dir="in", pid=new)))
PY
end_worker old
end_worker new

echo "# pages that a device loses"
start_worker whole job/whole
start_worker loser job/loser
ask whole map 100 > /dev/null
ask whole in 0 0 100 > /dev/null
ask loser map 300 > /dev/null
ask loser in 1 0 300 > /dev/null
child=$(ask loser fork)
start_worker large job/loser
ask large huge 1 > /dev/null
ask large in 1 0 512 > /dev/null
trace lost -j -e rss:lost
await_tracers
like "they are lost" 'lost 812 pages' "$("$cdmctl" inject cdm1 lose=64M)"
kill -KILL "$child"
until_true 5 ended "$child"
ask loser drop 0 300 > /dev/null
ask whole drop 0 100 > /dev/null
end_tracers
"$cdmctl" inject cdm1 reset > /dev/null
checks "... by each who had them, and by nobody else" "${worker[loser]}" "$child" "${worker[large]}" << 'PY'
import collections, sys
loser, child, large = map(int, sys.argv[1:])
lost = collections.Counter()
for r in events("lost"):
    lost[r["pid"], r["why"], r["device"], r["change_pages"]] += 1
same("pages", {(pid, "lost", "cdm1", -1): n for pid, n in ((loser, 300), (child, 300), (large, 512))},
     dict(lost))
same("frames", 812, len({r["pfn"] for r in events("lost")}))
PY
end_worker whole
end_worker loser
end_worker large

echo "# more pages than can be watched for going to and fro"
trace full -j -e pingpong --pingpong-window 600s
await_tracers
for n in $(seq 9); do	# of a quarter of a GiB at a time
	start_worker "many$n" job/many
	for request in "map 16384" "in 0 0 16384" "map 16384" "in 1 0 16384"; do ask "many$n" "$request" > /dev/null; done
	end_worker "many$n"
done
end_tracers
checks "some may have gone to and fro unseen, which is a loss" << 'PY'
seen, filtered, emitted, lost = totals("full")["pingpong"]
same("half of the room was new again", 1, lost)
PY

echo "# more events than can be written"
mkfifo "$work/slow"
"$python" -c 'import os, time
while os.read(0, 65536):
    time.sleep(0.1)' < "$work/slow" &
reader=$!
ask first storm 0 0 1409 > /dev/null
"$cdmtrace" -j -e page,rss,charge --duration 1 > "$work/slow" 2> "$work/slow.err" &
tracer=$!
until_true 120 ended $tracer
result $? "-d ends it all the same"
kill -INT $tracer
until_true 30 ended $tracer
result $? "... or Ctrl-C"
kill -KILL $tracer $reader 2> /dev/null
wait $tracer $reader 2> /dev/null
end_workers
rm -rf "$work"
finish
