#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cdmtrace from a recording: outputs against what python3 wrote into it. TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
trace=$project/tools/cdmtrace/cdmtrace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
export PYTHONPATH=$project/tests/cli

"$project/tests/fuzz/make-recording.py" "$work/a.cdm" 211 > "$work/truth.json"
cd "$work" || exit
export TZ=UTC
$trace -r a.cdm -j > a.ndjson 2> err; is "NDJSON" 0 $?
$trace -r a.cdm --format csv > a.csv 2> err; is "CSV" 0 $?
$trace -r a.cdm > a.txt 2> err; is "text" 0 $?
$trace report -r a.cdm -j > report.json 2> err; is "report -j" 0 $?
$trace report -r a.cdm > report.txt 2> err; is "report" 0 $?
$trace -r a.cdm --format chrome -o a.chrome 2> err; is "chrome" 0 $?

check "NDJSON has what was recorded, event by event" << 'PY'
import json
truth = json.load(open("truth.json"))
rows = [json.loads(line) for line in open("a.ndjson")]
assert rows[0]["type"] == "meta" and rows[0]["schema"] == 2, rows[0]
why = "unmapped swapped pinned locked isolate file writeback large ksm foreign unsupported alloc charge copy raced".split()
got = [r for r in rows if r["type"] == "migrate"]
assert len(got) == len(truth["migrate"]) == 211
for g, t in zip(got, truth["migrate"]):
    assert (g["pid"], g["device"], g["ts_ns"]) == (t["pid"], t["device"], t["ts"])
    assert g["dir"] == ("in", "out")[t["dir"]]
    assert (g["requested_pages"], g["migrated_pages"], g["total_ns"]) == (t["requested"], t["migrated"], t["ns"])
    stayed = {w: n for w, n in zip(why, t["failed"]) if n}
    # Nobody failed to move what was not there, or is on another device already.
    assert g["skipped_pages"] == {w: n for w, n in stayed.items() if w in ("unmapped", "foreign")}
    assert g["failed_pages"] == {w: n for w, n in stayed.items() if w not in ("unmapped", "foreign")}
    assert g["requested_pages"] == (g["migrated_pages"] + g["already_pages"] +
                                    sum(g["skipped_pages"].values()) + sum(g["failed_pages"].values()))
    # The kernel counts the holes of anonymous memory as collected.
    assert g["collected_pages"] == t["found"], (g, t)
    assert g["cgroup"] == ("/db" if g["pid"] == 1433 else "/job/a")
assert any(g["comm"] == 'sten"cil,\\' for g in got)
assert any("stack" in g and g["stack"][0] == "migrate_vma_setup" for g in got)
kinds = "migrate evict fault page rss charge pingpong device pagefault numa".split()
for i, kind in enumerate(kinds, 1):
    assert sum(r["type"] == kind for r in rows) == truth["events"][str(i)], kind
assert [r["lost_ring"] for r in rows if r["type"] == "loss"] == [2, 2, 2]
assert any(r["type"] == "note" and '"quoted"' in r["text"] for r in rows)
assert all(r["cgroup"] is None for r in rows if r["type"] == "evict")
PY
check "CSV and NDJSON are the same" << 'PY'
import csv, json
meta, *rows = [json.loads(line) for line in open("a.ndjson")]
table = list(csv.DictReader(open("a.csv", newline="")))
assert b"\r" not in open("a.csv", "rb").read()
assert len(rows) == len(table), (len(rows), len(table))
assert {k for k in table[0] if k.startswith("skipped")} == {"skipped_unmapped_pages", "skipped_foreign_pages"}
assert sum(k.startswith("failed") for k in table[0]) == 13
for r, c in zip(rows, table):
    assert None not in c and None not in c.values(), c
    assert c["emulated"] == "0"
    # The wall clock, which NDJSON has in its meta line.
    assert int(c["time_ns"]) == r["ts_ns"] - meta["boot_ns"] + meta["wall_ns"] > 1.6e18, (c, meta)
    c = {key: value.replace("\\\\", "\\") for key, value in c.items()}
    for key, value in r.items():
        if key in ("failed_pages", "skipped_pages"):
            for why, n in value.items():
                assert c["%s_%s_pages" % (key.split("_")[0], why)] == str(n)
        elif key == "stack":
            assert c[key] == ";".join(value)
        else:
            assert c[key] == ("" if value is None else str(value)), (key, value, c[key])
PY
check "ordinary migrations, of which not all is known" << 'PY'
import csv, json
keys = ("reason", "src_node", "dst_node", "migrated_pages", "not_migrated_pages", "total_ns", "mode")
rows = [json.loads(line) for line in open("a.ndjson") if '"type":"numa"' in line]
assert [tuple(r[k] for k in keys) for r in rows] == [
    ("demotion", 0, 1, 211, 0, 70000, "async"), ("demotion", None, None, 0, 13, 70000, "async")], rows
assert [(r["pid"], r["actor_comm"], r["cgroup"]) for r in rows] == [(1433, "kswapd0", "/db"), (0, "kswapd0", None)]
table = [r for r in csv.DictReader(open("a.csv", newline="")) if r["type"] == "numa"]
assert [(r["src_node"], r["dst_node"]) for r in table] == [("0", "1"), ("", "")], table
lines = [line.split() for line in open("a.txt") if " numa " in line]
assert [line[-4:] for line in lines] == [["demotion", "src_node=0", "dst_node=1", "mode=async"],
    ["src_node=-", "dst_node=-", "not_migrated_pages=13", "mode=async"]], lines
spans = [e for e in json.load(open("a.chrome")) if e.get("cat") == "numa"]
assert [(e["name"], e["ph"], e["dur"]) for e in spans] == [("numa demotion", "X", 70)] * 2, spans
PY
check "text has a line for each, with the sums of the truth" << 'PY'
import json
truth = json.load(open("truth.json"))
lines = [line for line in open("a.txt") if not line.startswith(" ")]
assert lines[0].startswith("TIME ")
at = {name: lines[0].index(name) for name in ("KIND", "DIR", "PAGES", "us")}
moves = [line for line in lines if line[at["KIND"]:].startswith("migrate ")]
assert len(moves) == 211
total = sum(int(line[at["PAGES"]:].split()[1]) for line in moves)
assert total == sum(t["migrated"] for t in truth["migrate"]), total
assert lines[2][:18] == "22:13:21.12" + lines[2][11:18]
PY
check "text has the time when it ended, and deltas between those that are shown" "$trace" << 'PY'
import json, subprocess, sys
rows = [json.loads(line) for line in open("a.ndjson")]
meta, shown = rows[0], [r for r in rows[1:] if r["type"] not in ("note", "loss")]
for r in shown:
    if r["type"] in ("migrate", "evict"):
        assert r["end_ns"] == r["ts_ns"] + r["total_ns"], r
    elif r["type"] == "fault":
        assert r["end_ns"] == r["ts_ns"] + r["wait_ns"], r
ends = [r.get("end_ns", r["ts_ns"]) for r in shown]
def times(*options):
    text = subprocess.run([sys.argv[1], "-r", "a.cdm", *options], capture_output=True, text=True).stdout
    lines = [line.split() for line in text.splitlines()[1:] if not line.startswith(" ")]
    return [l[0] for l in lines if not {"note", "loss"} & set(l)]
assert times("--time", "boot") == ["%d.%09d" % divmod(t, 10 ** 9) for t in ends]
wall = times()
for t, said in zip(ends, wall):
    ns = t - meta["boot_ns"] + meta["wall_ns"]
    assert said.split(".")[1] == "%09d" % (ns % 10 ** 9), (t, said)
latest, wanted = rows[1]["ts_ns"], []	# a note
for t in ends:
    wanted.append("%d.%09d" % divmod(max(0, t - latest), 10 ** 9))
    latest = max(latest, t)
assert times("--time", "delta") == wanted
PY
check "report: sums, percentiles and ping-pong as computed from the truth" << 'PY'
import json, math
truth, report = json.load(open("truth.json")), json.load(open("report.json"))
for row in report["migrations"]["by_device"]:
    mine = [t for t in truth["migrate"] if t["device"] == row["device"] and ("in", "out")[t["dir"]] == row["dir"]]
    ns = sorted(t["ns"] for t in mine)
    assert row["calls"] == len(mine) and row["migrated_pages"] == sum(t["migrated"] for t in mine)
    assert row["migrated_bytes"] == 4096 * row["migrated_pages"]
    assert (row["min_ns"], row["max_ns"], row["avg_ns"]) == (ns[0], ns[-1], sum(ns) // len(ns))
    for key, share in (("p50_ns", .5), ("p90_ns", .9), ("p99_ns", .99)):
        assert row[key] == ns[math.ceil(share * len(ns)) - 1], key
    assert abs(row["collect_percent"] + row["copy_percent"] + row["restore_percent"] - 100) < .01
assert sum(r["calls"] for r in report["migrations"]["by_device"]) == 211
assert sum(r["in_pages"] + r["out_pages"] for r in report["causes"]["by_cause"]) == sum(t["migrated"] for t in truth["migrate"])
who = {r["pid"]: r for r in report["causes"]["by_process"]}
for pid in {t["pid"] for t in truth["migrate"]}:
    mine = [t for t in truth["migrate"] if t["pid"] == pid]
    assert who[pid]["calls"] == len(mine) and who[pid]["total_ns"] == sum(t["ns"] for t in mine)
    for i, key in enumerate(("in_pages", "out_pages")):
        assert who[pid][key] == sum(t["migrated"] for t in mine if t["dir"] == i)
for pid in {t["actor"] for t in truth["migrate"]}:
    assert who[pid]["moved_by_it_pages"] == sum(t["migrated"] for t in truth["migrate"] if t["actor"] == pid)
for row in report["residency"]["vmas"]:
    for i, key in enumerate(("in_bytes", "out_bytes")):
        assert row[key] == 4096 * sum(t["migrated"] for t in truth["migrate"] if t["vma"] == row["vma"] and t["dir"] == i)
assert sum(r["in_bytes"] for r in report["residency"]["vmas"]) == 4096 * sum(t["migrated"] for t in truth["migrate"] if not t["dir"])
assert sum(r["evicted_pages"] for r in report["causes"]["by_cause"]) == truth["evicted"]
stayed = [sum(t["failed"][i] for t in truth["migrate"]) for i in range(15)]
assert stayed[0] and stayed[9]
assert {r["why"]: r["pages"] for r in report["failures"]["skipped"]} == {"unmapped": stayed[0], "foreign": stayed[9]}
assert sum(r["pages"] for r in report["failures"]["by_reason"]) == sum(stayed) - stayed[0] - stayed[9]
assert {r["addr"]: r["flips"] for r in report["pingpong"]["top_pages"]} == truth["pingpong"]
assert report["faults"]["wait_ns"] == truth["wait_ns"]
assert {k: report["faults"][k] for k in ("cow", "reuse", "wait")} == truth["faults"]
assert report["header"]["lost_events"] == 6
assert report["header"]["emulated"] is False and report["schema"] == 2
p = {r["pid"]: r for r in report["residency"]["processes"]}
assert (p[1420]["start_bytes"], p[1420]["peak_bytes"], p[1420]["end_bytes"]) == (409600, 819200, 0)
assert [r["pid"] for r in report["exits"]["ended"]] == [1420]
assert report["devices"]["events"][0]["state"] == "hung"
c = {r["cgroup"]: r for r in report["charges"]["cgroups"]}
assert c["/job"]["device_bytes"] == c["/job"]["resident_bytes"] == 300 * 4096
assert c["/"]["limit_bytes"] is None
assert len(report) == 12	# eleven sections and the schema
PY
check "text and JSON of the report have the same numbers" << 'PY'
import json, re
from report_figures import printed
report, text = json.load(open("report.json")), open("report.txt").read()
words = set(text.split())
def walk(v, key=""):
    if isinstance(v, dict):
        for k, x in v.items():
            if k != "schema":
                walk(x, k)
    elif isinstance(v, list):
        for x in v:
            walk(x, key)
    elif isinstance(v, bool) or v is None:
        pass
    elif isinstance(v, (int, float)):
        want = printed(key, v)
        assert want in words, (key, v, want)
walk(report)
assert len(re.findall(r"^\d+\. ", text, re.M)) == 11
assert "not the bandwidth of the bus" in re.sub(r"\s+", " ", text)
PY
demo=$project/tests/data/demo.cdm
is "report: ten call sites, and how to get all there are" \
	"10 of $($trace -r "$demo" --folded 2> err | grep -vc ';\[no stack\] '); all of them: cdmtrace -r FILE --folded" \
	"$($trace report "$demo" 2> err | grep -o '10 of .*')"
is "report: what has no more says nothing of it" "" "$(grep 'all of them' report.txt)"
check "Chrome trace: phases lie within their migration" << 'PY'
import json
truth, events = json.load(open("truth.json")), json.load(open("a.chrome"))
moves = [e for e in events if e["ph"] == "X" and e["name"].startswith("migrate")]
assert len(moves) == 211
assert abs(sum(e["dur"] for e in moves) * 1000 - sum(t["ns"] for t in truth["migrate"])) < 211
phases = [e for e in events if e["ph"] == "X" and e["name"] in ("collect", "copy", "restore")]
assert len(phases) == 3 * 211
for e in phases:
    assert any(m["pid"] == e["pid"] and m["tid"] == e["tid"] and m["ts"] <= e["ts"] + .002 and
               e["ts"] + e["dur"] <= m["ts"] + m["dur"] + .002 for m in moves)
# What NDJSON says of an event besides who and when; addresses as people read them.
rows = [json.loads(line) for line in open("a.ndjson")]
for kind, key in ("migrate", "start"), ("fault", "addr"), ("pingpong", "addr"), ("evict", None), ("device", "start"):
    said = [e["args"] for e in events if e.get("cat") == kind]
    assert said and len(said) == sum(r["type"] == kind for r in rows), kind
    for args, row in zip(said, (r for r in rows if r["type"] == kind)):
        assert len(args) > 3
        for k, v in args.items():
            assert (hex(row[k]) if k == key else row[k]) == v, (k, v, row)
named = {e["pid"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
assert {e["pid"] for e in events} <= named
values = [e["args"]["bytes"] for e in events if e["ph"] == "C" and e["name"] == "device memory" and e["pid"] == 1412]
assert values and values[-1] == 300 * 4096, values
PY

"$project/tests/fuzz/make-recording.py" changes.cdm 211 delta > /dev/null
for what in "-j" "--format csv" "" "--format chrome"; do
	is "a recording of changes says the same: ${what:-text}" "$($trace -r a.cdm $what 2>&1 | md5sum)" \
		"$($trace -r changes.cdm $what 2>&1 | md5sum)"
done
report_but_size() { sed "s/\"recording_bytes\": $(stat -c %s "$1")//" | md5sum; }
is "... in a report, but for the size of the file" "$(report_but_size a.cdm < report.json)" \
	"$($trace report -r changes.cdm -j 2>/dev/null | report_but_size changes.cdm)"
$trace -r changes.cdm -w copy.cdm > /dev/null 2>&1
$trace -r a.cdm -w old.cdm > /dev/null 2>&1
is "... and so do copies of it, and of an old one" "$(md5sum < a.ndjson) $(md5sum < a.ndjson)" \
	"$($trace -r copy.cdm -j 2>/dev/null | md5sum) $($trace -r old.cdm -j 2>/dev/null | md5sum)"

"$project/tests/fuzz/make-recording.py" b.cdm 97 > truth-b.json
$trace diff a.cdm changes.cdm > same.txt 2> err; is "diff of equal recordings" "0 1" "$? $(grep -c 'nothing differs' same.txt)"
is "... is a sentence, and no more" 1 "$(grep -cE '^[0-9]+[.] ' same.txt)"
$trace diff -j a.cdm a.cdm > same.json; $trace diff a.cdm b.cdm > diff.txt; is "diff" 0 $?
$trace diff -j a.cdm b.cdm > diff.json; is "diff -j" 0 $?
check "diff: by second, as computed from the truth of both" << 'PY'
import collections, json, math
same, diff = json.load(open("same.json")), json.load(open("diff.json"))
assert same["equal"] is True and set(same) == {"schema", "equal", "recordings"}, same
assert diff["equal"] is False
truth = [json.load(open(f)) for f in ("truth.json", "truth-b.json")]
seconds = [s["duration_s"] for s in diff["recordings"]["sides"]]
why = "unmapped swapped pinned locked isolate file writeback large ksm foreign unsupported alloc charge copy raced".split()
comm = {1412: "bfs", 1420: 'sten"cil,\\', 1433: "redis-server"}
cgroup = {1412: "/job/a", 1420: "/job/a", 1433: "/db"}
def close(x, y):
    return math.isclose(x, y, rel_tol=1e-3, abs_tol=2e-3)
def compare(rows, key, what, of, complete=True):
    want = [collections.Counter(), collections.Counter()]
    for side in 0, 1:
        for t in truth[side]["migrate"]:
            for k, n in of(t):
                want[side][k] += n / seconds[side]
    changed = {k for k in want[0] | want[1] if abs(want[1][k] - want[0][k]) >= .0005}
    got = {(r[key], r[what]) if what else r[key]: r for r in rows}
    assert len(got) == min(20, len(changed)) and set(got) <= changed, (key, what, got.keys(), changed)
    figures = [k for k in rows[0] if k.startswith(("a_", "b_", "change_"))]
    for k, r in got.items():
        a, b, change, percent = (r[f] for f in figures)
        assert close(a, want[0][k]) and close(b, want[1][k]) and close(change, want[1][k] - want[0][k]), (k, r)
        assert percent is None if not want[0][k] else close(percent, 100 * (want[1][k] / want[0][k] - 1)), (k, r)
    sizes = [abs(r[figures[2]]) for r in rows]
    assert sizes == sorted(sizes, reverse=True)
    left = sorted((abs(want[1][k] - want[0][k]) for k in changed - set(got)), reverse=True)
    assert not left or left[0] <= sizes[-1] + 1e-3
moved, failed, time = diff["moved"], diff["failed"], diff["time"]
dirs, nothing = ("in", "out"), ("unmapped", "foreign")
compare(moved["by_process"], "comm", "dir", lambda t: [((comm[t["pid"]], dirs[t["dir"]]), t["migrated"])])
compare(moved["by_cgroup"], "cgroup", "dir", lambda t: [((cgroup[t["pid"]], dirs[t["dir"]]), t["migrated"])])
compare(moved["by_vma"], "vma", "dir", lambda t: [((t["vma"], dirs[t["dir"]]), t["migrated"])])
for key, name in (("by_process", lambda t: comm[t["pid"]]), ("by_cgroup", lambda t: cgroup[t["pid"]]), ("by_vma", lambda t: t["vma"])):
    compare(failed[key], {"by_process": "comm", "by_cgroup": "cgroup", "by_vma": "vma"}[key], "why",
            lambda t: [((name(t), w), n) for w, n in zip(why, t["failed"]) if n and w not in nothing])
compare(failed["by_reason"], "why", None, lambda t: [(w, n) for w, n in zip(why, t["failed"]) if n and w not in nothing])
compare(diff["skipped"]["by_reason"], "why", None, lambda t: [(w, n) for w, n in zip(why, t["failed"]) if n and w in nothing])
compare(time["by_process"], "comm", None, lambda t: [(comm[t["pid"]], t["ns"] / 1000)])
assert sum(r["a_pages_per_s"] for r in moved["by_call_site"]) < sum(t["migrated"] for t in truth[0]["migrate"]) / seconds[0]
for row in diff["latency"]["by_device"]:
    if row["what"] == "wait":
        continue
    ns = [sorted(t["ns"] for t in side["migrate"] if (t["device"], dirs[t["dir"]]) == (row["device"], row["what"])) for side in truth]
    for q, key in ((.5, "p50"), (.99, "p99")):
        a, b = (n[math.ceil(q * len(n)) - 1] for n in ns)
        assert (row["a_%s_ns" % key], row["b_%s_ns" % key]) == (a, b)
        assert close(row[key + "_change_percent"], 100 * (b - a) / a)
    shares = [collections.Counter(n.bit_length() for n in side) for side in ns]
    moved_by = sum(abs(shares[1][k] / len(ns[1]) - shares[0][k] / len(ns[0])) for k in shares[0] | shares[1])
    assert close(row["shifted_percent"], 50 * moved_by), (row, moved_by)
PY
check "diff: text has the numbers of JSON" << 'PY'
import json
words = open("diff.txt").read().split()
for section in json.load(open("diff.json")).values():
    for table in section.values() if isinstance(section, dict) else ():
        for row in table if isinstance(table, list) else ():
            for key, v in row.items():
                if isinstance(v, (int, float)) and not key.endswith("_ns") and key not in ("snapshots", "events", "lost_events"):
                    assert ("%+.3f" if "change" in key else "%.3f") % v in words, (key, v)
PY
$trace diff -p 1433 -j a.cdm b.cdm > diff.json
is "diff of one process" redis-server "$("$python" -c '
import json; print(*{r["comm"] for r in json.load(open("diff.json"))["moved"]["by_process"]})')"
for output in "" -j "-o kept"; do
	echo precious > kept
	$trace diff -D cdm9 $output a.cdm b.cdm > out 2> err
	is "diff of a device that neither has: $output" "1 0 precious" "$? $(stat -c %s out) $(< kept)"
	is "... is told" "cdmtrace: cdm9: no such device in either recording; there are: cdm0 cdm1" "$(< err)"
done
$trace diff -D cdm1 -j a.cdm b.cdm > diff.json
is "diff of one device" cdm1 "$("$python" -c '
import json; print(*{r["device"] for r in json.load(open("diff.json"))["latency"]["by_device"]})')"
$trace diff a.cdm /nonexistent > out 2> err; is "diff with a file that is not there" "1 0" "$? $(stat -c %s out)"
$trace -r a.cdm -D cdm0 -w without.cdm > /dev/null
$trace diff -j a.cdm without.cdm > diff.json
is "diff: no distribution of what one of them has no calls of" "cdm1 0" "$(python3 -c '
import json
latency = json.load(open("diff.json"))["latency"]
print(*{r["device"] for r in latency["by_device"] if not r["b_calls_per_s"]},
      sum(r["device"] == "cdm1" for r in latency["histogram"]))')"
$trace diff a.cdm b.cdm > /dev/full 2> err; is "diff on a full disk" 1 $?
head -c 2000 a.cdm > cut.cdm
$trace diff a.cdm cut.cdm > out 2> err; is "diff with a part of one" 1 $?
like "... in which nothing lasts" 'no rates' "$(< err)"
head -c 60000 a.cdm > cut.cdm
$trace diff --strict a.cdm cut.cdm > out 2> err; is "diff --strict with a part of one" 1 $?

rows() { $trace -r a.cdm -j "$@" 2>/dev/null | grep -vcE '"type":"(meta|loss|note)"'; }
count() { grep -c "$1" a.ndjson; }
is "-e migrate" 211 "$(rows -e migrate)"
is "-e fault:wait" "$(count '"fault":"wait"')" "$(rows -e fault:wait)"
is "-p: owner or actor" "$(grep -v '"type":"[lmn][eo]' a.ndjson | grep -cE '"(actor_)?pid":1412,')" "$(rows -p 1412)"
is "-c: a cgroup and those below" "$(count '"cgroup":"/job/a"')" "$(rows -c /job)"
is "-c: with or without a slash in front" "$(rows -c /job)" "$(rows -c job)"
is "-c: no other one with the same start" 0 "$(rows -c /jo)"
is "--dir in" "$(count '"dir":"in"')" "$(rows -e migrate,page --dir in)"
is "--why pinned" "$(count '"pinned":')" "$(rows -e migrate --why pinned)"
is "--why alone: of kinds with reasons" "events: migrate" "$($trace --dry-run --why pinned | grep ^events)"
is "--dir alone: of kinds with a direction" "events: migrate,page" \
	"$($trace --dry-run -r a.cdm --dir in | grep ^events)"
is "--min-latency alone: of kinds that take time" "events: migrate,evict,fault,pingpong" \
	"$($trace --dry-run --min-latency 1ms | grep ^events)"
is "pages that were there are told where there are any" "$(count '"already_pages":[1-9]')" \
	"$($trace -r a.cdm | grep -c ' already_pages=[1-9]')"
is "... and not where there are none" 0 "$($trace -r a.cdm | grep -c 'already_pages=0')"
is "--why takes what is no failure, too" "$(count '"unmapped":')" "$(rows -e migrate --why unmapped)"
is "--min-pages: moved, or failed to" "$(python3 -c '
import json
print(sum(r["migrated_pages"] + sum(r["failed_pages"].values()) >= 200 for r in map(json.loads, open("a.ndjson"))
          if r["type"] == "migrate"))')" "$(rows -e migrate --min-pages 200)"
is "-D cdm1" "$(grep -cE '"device":"cdm1"|"name":"cdm1"' a.ndjson)" "$(rows -D cdm1)"
is "-n" 7 "$(rows -n 7)"
is "--min-latency" "$(python3 -c '
import json
print(sum(json.loads(l).get("total_ns", 0) >= 700000 for l in open("a.ndjson") if "\"migrate\"" in l))')" \
	"$(rows -e migrate --min-latency 700us)"
$trace -r a.cdm -e migrate -p 1412 -w b.cdm > /dev/null 2>&1
is "-r with -w: a copy of what passes" "$(rows -e migrate -p 1412)" \
	"$($trace -r b.cdm -j 2>/dev/null | grep -c '"type":"migrate"')"
is "--folded: the weights sum up" "$(python3 -c '
import json; print(sum(t["migrated"] for t in json.load(open("truth.json"))["migrate"]))')" \
	"$($trace -r a.cdm -e migrate --folded=pages 2>/dev/null | awk '{s += $NF} END {print s}')"
is "from standard input" "$(md5sum < a.ndjson)" "$($trace -r - -j < a.cdm 2>/dev/null | md5sum)"
$trace -r a.cdm --strict > /dev/null 2>&1; is "--strict: losses fail" 1 $?

"$project/tests/fuzz/make-recording.py" small.cdm 1 delta > /dev/null
size=$(stat -c %s small.cdm) bad=
[[ -n ${CDM_THOROUGH:-} ]] && step=1 || step=151
for ((i = 0; i < size; i += step)); do
	head -c "$i" small.cdm > cut.cdm
	$trace -r cut.cdm -j > cut.out 2> cut.err
	status=$?
	# Up to its header there is nothing to read; from then on whole lines.
	((i < 184 ? status == 1 : status == 0)) && [[ -s cut.err ]] &&
		[[ ! -s cut.out || -z $(tail -c 1 cut.out) ]] || bad+=" $i:$status"
done
is "cut short anywhere: read up to the last whole record, and said so" "" "$(tr ' ' '\n' <<< "$bad" | while IFS=: read -r at status; do
	[[ -z $at ]] || { head -c "$at" small.cdm > cut.cdm; $trace -r cut.cdm -j > /dev/null 2> cut.err
	# At the end of a record nothing is missing that one could know of.
	[[ $status == 0 && ! $(< cut.err) =~ "ends within" ]] || echo "$at:$status"; }; done)"
for input in /dev/null /bin/true "$project/README.md" "$work"; do
	$trace -r "$input" > out 2> err
	status=$?
	is "not a recording: ${input##*/}" "1 1" "$status $(grep -c . err)"
done
$trace -r /nonexistent > out 2> err; is "a file that is not there" 1 $?
head -c 184 small.cdm > loop.cdm; printf '\1\0\0\0\20\0\0\0%08d' 0 >> loop.cdm
$trace -r loop.cdm > out 2> err; is "a record too short for its kind" 1 $?

for what in "-j" "--format csv" "--format chrome" "--summary" "--folded" ""; do
	$trace -r a.cdm $what > /dev/full 2> err
	is "a full disk: ${what:-text}" 1 $?
done
like "... and it is said" 'No space left' "$(< err)"
$trace -r a.cdm -w /dev/full > /dev/null 2> err; is "a full disk: -w" 1 $?
cat a.cdm > keep.cdm
$trace -r /nonexistent -w keep.cdm > /dev/null 2>&1
is "what was there stays when nothing could be traced" "$(md5sum < a.cdm)" "$(md5sum < keep.cdm)"
for failing in "-r /nonexistent" "-r /dev/null" "-p 4194304"; do
	$trace $failing -o keep.cdm > /dev/null 2>&1; is "so it does with -o: $failing" 1 $?
	is "... as it was" "" "$(cmp a.cdm keep.cdm)"
done
is "no half-written file" "" "$(ls ./*.part 2>/dev/null)"
$trace -r a.cdm -j 2> err | head -n 1 > /dev/null; is "a closed pipe" 141 "${PIPESTATUS[0]}"
for what in "report -r a.cdm" "report -j -r a.cdm" "diff a.cdm b.cdm" "-r a.cdm --summary" "-r a.cdm --folded" "-r a.cdm -w -"; do
	exec 3> >(:); wait $!		# nobody reads it any more
	$trace $what >&3 2> err; is "a closed pipe: $what" "141 0" "$? $(grep -c 'cannot write' err)"
	exec 3>&-
done

echo precious > kept
for output in "" "-o kept" -j "--format csv" "--format chrome -o kept" --summary "--folded -o kept" "-w kept" "--chrome kept"; do
	$trace -r a.cdm -D cdm9 $output > out 2> err; is "no such device in the recording: $output" 1 $?
	like "... is told" 'cdm9: no such device in a.cdm; there are: cdm0 cdm1' "$(< err)"
	is "... and is all" precious "$(cat kept out)"
done
$trace report -r a.cdm -D cdm9 > out 2> err; is "... of a report" 1 $?; is "... and is all" "" "$(< out)"
$trace -r a.cdm -D cdm1 > out 2> err; is "a device that is there" 0 $?

usage() { local text=$1; shift; $trace "$@" > out 2> err; is "usage: $text" 2 $?; }
usage "unknown kind" -e migrat; like "... with a suggestion" "did you mean 'migrate'\? There are: migrate " "$(< err)"
usage "a kind like no other" -e xyz; like "... with what there is" "'xyz': no such kind of event; there are: migrate " "$(< err)"
usage "no kind" -e ,; like "... with what there is" 'there are: migrate ' "$(< err)"
usage "unknown sort" -e fault:reus; like "... with a suggestion" "did you mean 'reuse'" "$(< err)"
usage "unknown reason" --why pined; like "... with a suggestion" "did you mean 'pinned'" "$(< err)"
usage "unknown format" --format jsn; like "... with what there is" 'text ndjson csv chrome' "$(< err)"
usage "unknown option" --summery; like "... with a suggestion" 'did you mean --summary' "$(< err)"
usage "a name" --comm ''; like "... by its option" "--comm: '': a name has" "$(< err)"
usage "a pid" -p x; usage "no pid" -p 0; usage "a time" -d 5x; usage "a ring" --ring 3M
usage "report without a recording" report
is "report FILE, as diff has it" "$($trace report -r a.cdm --dir in)" "$($trace report --dir in a.cdm)"
usage "a report of two" report a.cdm b.cdm
usage "a command and a recording" -r a.cdm -- true
ln a.cdm linked.cdm; ln -s b.cdm symbolic.cdm
for same in "-r a.cdm -w a.cdm" "-r a.cdm -o ./a.cdm" "-r a.cdm --chrome linked.cdm" "report -r a.cdm --html a.cdm" \
	"diff a.cdm b.cdm -o symbolic.cdm" "-r a.cdm -o new --chrome new" "-r a.cdm -o - -w -"; do
	cat a.cdm b.cdm > before
	usage "the same file: $same" $same
	like "... is named" "${same##* }: is two of what is read and written" "$(< err)"
	is "... and stays" "$(md5sum < before)" "$(cat a.cdm b.cdm | md5sum)"
done
$trace -r a.cdm -j -o /dev/null -w /dev/null 2> err; is "a device is not the same file twice" "0 " "$? $(< err)"
for live in "--duration 1" "--ring 4M" "--rings 2" "--pingpong-window 1ms" "--pingpong-flips 2" --pingpong-pages \
	"--ready-file ready" --features "--source fentry" "-d 0"; do
	usage "$live of a recording" -r a.cdm $live; like "... is told" "is for tracing; a recording" "$(< err)"
done
usage "so it is of a diff" diff a.cdm b.cdm --duration 1
for word in report diff; do
	usage "$word after options" -r a.cdm $word; like "... is told" "$word: comes first" "$(< err)"
done
is "a program of that name" "command: diff" "$($trace --dry-run -- diff a b | grep ^command)"
usage "a diff of one" diff a.cdm; usage "a diff of three" diff a.cdm a.cdm a.cdm
usage "a diff that records" diff a.cdm b.cdm -w c.cdm; usage "a diff as CSV" diff a.cdm b.cdm --format csv

$trace --help > help; is "--help" 0 $?
like "... ends in examples" 'EXAMPLES' "$(< help)"
$trace --list > list; is "--list" 0 $?
is "every key of NDJSON is in --list" "" "$(python3 -c '
import json
words = set(open("list").read().split())
print(*{k for l in open("a.ndjson") for k in json.loads(l)
        if json.loads(l)["type"] != "meta" and k not in words and k != "type"})')"
is "the man page has every field" "" "$(awk '/^    / && !/sorts:/ {print $1}' list | sort -u | while read -r f; do
	grep -q "${f//_/\\\\_}" "$project/build/cdmtrace/cdmtrace.1.fields" || echo "$f"; done)"
like "--dry-run" 'pid=1412' "$($trace --dry-run -p 1412)"

finish
