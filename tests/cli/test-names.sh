#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Names that nobody expects, in every output: nothing moves a terminal's cursor, and where
# the format allows it the name can be had back, read by python3 and promtool. TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
top=$project/tools/cdmtop/cdmtop trace=$project/tools/cdmtrace/cdmtrace ctl=$project/tools/cdmctl/cdmctl
work=$(mktemp -d)
trap 'kill $pid 2> /dev/null; wait 2> /dev/null; rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
export LC_ALL=C.UTF-8 TZ=UTC
cd "$work" || exit

"$project/tests/fuzz/make-recording.py" a.cdm 211 hostile > truth.json
for format in text csv ndjson; do
	for view in proc cgroup device events; do
		"$top" -b -r a.cdm --view $view --format $format > "top-$view.$format" 2>> top-err.text
		result $? "cdmtop, $view as $format"
	done
	"$trace" -r a.cdm --format $format > "trace.$format" 2>> trace-err.text
	result $? "cdmtrace, $format"
done
for format in openmetrics prometheus; do
	"$top" -r a.cdm --format $format > "top.$format" 2>> top-err.text
	result $? "cdmtop, $format"
done
"$trace" -r a.cdm --format chrome > trace.chrome 2>> trace-err.text
result $? "cdmtrace, chrome"
"$trace" -r a.cdm --folded > trace.folded 2>> trace-err.text
result $? "cdmtrace, folded"
"$trace" report -r a.cdm > report.text 2>> trace-err.text
result $? "cdmtrace report"
"$trace" report -r a.cdm -j > report.json 2>> trace-err.text
result $? "cdmtrace report -j"
"$trace" report -r a.cdm --html report.html 2>> trace-err.text
result $? "cdmtrace report --html"
"$project/tests/fuzz/make-recording.py" b.cdm 151 hostile > /dev/null
"$trace" diff a.cdm b.cdm > diff.text 2>> trace-err.text
result $? "cdmtrace diff"
"$trace" diff a.cdm b.cdm -j > diff.json 2>> trace-err.text
result $? "cdmtrace diff -j"

"$python" -c '
import ctypes, sys, time
ctypes.CDLL(None).prctl(15, b"\x1b[2Jq\"\\\xff\xe2\x80\xae\n")
print(flush=True)
time.sleep(600)' > started &
pid=$!
until [[ -s started ]]; do sleep 0.1; done
"$ctl" status -p $pid > ctl.text 2>> ctl-err.text
"$ctl" status -p $pid -j > ctl.json 2>> ctl-err.text

cat > names.py << 'PY'
import json, re
truth = json.load(open("truth.json"))
names = {int(pid): bytes.fromhex(name) for pid, name in truth["names"].items()}
paths = {bytes.fromhex(path) for path in truth["paths"].values()}
def undo(text):
    """Back from \\xXX and \\\\."""
    return re.sub(rb"\\(\\|x([0-9a-f]{2}))",
                  lambda m: bytes.fromhex(m[2].decode()) if m[2] else b"\\", text.encode())
def for_json(name):
    """U+FFFD for each byte that is no UTF-8, which errors="replace" does not do."""
    return "".join("\ufffd" if "\udc80" <= c <= "\udcff" else c
                   for c in name.decode(errors="surrogateescape"))
PY

check "all is UTF-8, and nothing of it hides, moves or turns" << 'PY'
import glob, unicodedata
files = glob.glob("*.*")
assert len(files) >= 25, files
for name in files:
    if name.endswith((".py", ".cdm")) or name == "truth.json":
        continue
    text = open(name, "rb").read().decode()
    assert text or "ctl-err" in name, name
    for line in text.split("\n"):
        bad = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
        if bad:
            print(name, ascii(bad), ascii(line)[:200])
PY
check "NDJSON: the names, but for what is no UTF-8" << 'PY'
from names import *
rows = [json.loads(line) for line in open("top-proc.ndjson")]
got = {r["pid"]: r["comm"] for r in rows if r["type"] == "proc"}
assert got == {pid: for_json(name) for pid, name in names.items()}, got
rows = [json.loads(line) for line in open("top-cgroup.ndjson")]
assert {r["path"] for r in rows if r["type"] == "cgroup"} == {for_json(p) for p in paths}
for file in "trace.ndjson", "top-events.ndjson":
    rows = [json.loads(line) for line in open(file)]
    for r in rows:
        if r.get("pid") and r["type"] != "proc":
            assert r["comm"] == for_json(names[r["pid"]]), (file, r)
    assert {r["cgroup"] for r in rows if r.get("cgroup")} <= {for_json(p) for p in paths}
    assert {tuple(r["stack"]) for r in rows if r.get("stack")} == {
        ("migrate_vma_setup", "std::\x1b[2J;op\"\"x\\", "__x64_sys_ioctl", "do_syscall_64")}
    if file == "trace.ndjson":
        assert rows[0]["host"] == "h\x1b\ufffd\"\\", rows[0]
        assert any(r["type"] == "note" and r["text"] == "note \x1b[2J\n\ufffd" for r in rows)
PY
check "CSV: the names, byte for byte" << 'PY'
from names import *
import csv
table = list(csv.DictReader(open("top-proc.csv", newline="")))
got = {int(r["pid"]): undo(r["comm"]) for r in table}
assert got == names, got
table = list(csv.DictReader(open("top-cgroup.csv", newline="")))
assert {undo(r["path"]) for r in table} == paths
for file in "trace.csv", "top-events.csv":
    table = list(csv.DictReader(open(file, newline="")))
    assert len(table) > 211
    for r in table:
        if r["pid"] not in ("", "0"):
            assert undo(r["comm"]) == names[int(r["pid"])], r
    assert {undo(r["cgroup"]) for r in table if r["cgroup"]} <= paths
    assert {undo(r["stack"]) for r in table if r["stack"]} == {
        b"migrate_vma_setup;std::\x1b[2J;op\"\"x\\;__x64_sys_ioctl;do_syscall_64"}
PY
check "OpenMetrics: the names, byte for byte" << 'PY'
from names import *
for file in "top.openmetrics", "top.prometheus":
    got, cgroups = {}, set()
    for line in open(file):
        if line.startswith("#"):
            continue
        found = re.fullmatch(r'\w+(?:\{((?:\w+="(?:[^"\\]|\\["\\n])*",?)*)\})? \S+\n', line)
        assert found, line
        labels = {k: re.sub(r"\\(.)", r"\1", v)
                  for k, v in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[1] or "")}
        if "pid" in labels:
            got[int(labels["pid"])] = undo(labels["comm"])
        if "cgroup" in labels:
            cgroups.add(undo(labels["cgroup"]))
    assert got.items() <= names.items() and len(got) > 5, (file, got)
    assert cgroups == paths, (file, cgroups)
PY
if command -v promtool > /dev/null; then
	said=$(promtool check metrics < top.prometheus 2>&1)
	result $? "promtool reads them" "$said"
else
	skip "promtool reads them" "no promtool"
fi
check "Chrome: the names, but for what is no UTF-8" << 'PY'
from names import *
events = json.load(open("trace.chrome"))
got = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
assert all(got[pid] == for_json(name) for pid, name in names.items() if pid in got), got
assert len(got) > 5
PY
check "folded stacks: a line each, the names byte for byte" << 'PY'
from names import *
got = set()
for line in open("trace.folded"):
    stack, count = line.rsplit(" ", 1)
    assert int(count) > 0
    comm, *frames = stack.split(";")
    got.add(undo(comm))
    assert frames == ["[no stack]"] or [undo(f) for f in frames] == [
        b"do_syscall_64", b"__x64_sys_ioctl", b"std::\x1b[2J;op\"\"x\\", b"migrate_vma_setup"], line
assert set(names.values()) < got, got
PY
"$project/tests/fuzz/make-recording.py" users.cdm 97 hostile users > /dev/null
for format in text csv ndjson chrome; do
	"$trace" -r users.cdm --format $format > "users.$format" 2>> trace-err.text
	result $? "stacks in user space, $format"
done
"$trace" -r users.cdm --folded > users.folded 2>> trace-err.text
result $? "stacks in user space, folded"
"$trace" report -r users.cdm > users.report 2>> trace-err.text
result $? "stacks in user space, report"
check "functions and files of user space: nothing hides or moves, JSON, CSV and folded have the names" << 'PY'
from names import *
import csv, glob, unicodedata
for name in glob.glob("users.*"):
    if name != "users.cdm":
        bad = {c for c in open(name, "rb").read().decode() if c != "\n" and unicodedata.category(c) in ("Cc", "Cf")}
        assert not bad, (name, bad)
function, module = b"op;\x1b[2J<\xff>\\", b"/srv/\"\n\xe2\x80\xae,x"
rows = [json.loads(line) for line in open("users.ndjson")]
stacks = [r["ustack"] for r in rows if "ustack" in r]
assert stacks and all(s == stacks[0] for s in stacks)
wanted = [("ioctl", 0x3b, "/lib/libc.so.6", 0xfdd6b, bytes(range(20)).hex()),
          (for_json(function), 1, for_json(module), 2, None), (None, None, "/srv/db", 0x1234, "0102ff"),
          (None, None, None, 0x7f0000001000, None)]
assert [tuple(f.values()) for f in stacks[0]] == wanted, stacks[0]
assert {r["ustack_why"] for r in rows if "ustack" in r} == {"the program had ended before it was looked at"}
table = [r for r in csv.DictReader(open("users.csv", newline="")) if r["ustack"]]
assert {undo(r["ustack"]) for r in table} == {b"ioctl;" + function + b";db+0x1234;0x7f0000001000"}
for line in open("users.folded"):
    comm, *frames = line.rsplit(" ", 1)[0].split(";")
    assert frames == ["[no stack]"] or [undo(f) for f in frames] == [
        b"0x7f0000001000", b"db+0x1234", function, b"ioctl", b"do_syscall_64_[k]", b"__x64_sys_ioctl_[k]",
        b"std::\x1b[2J;op\"\"x\\_[k]", b"migrate_vma_setup_[k]"], line
PY
check "report: JSON has the names, text a line for each process" << 'PY'
from names import *
report = json.load(open("report.json"))
def comms(value):
    if isinstance(value, dict):
        if isinstance(value.get("comm"), str):
            yield value["pid"], value["comm"]
        value = list(value.values())
    for v in value if isinstance(value, list) else ():
        yield from comms(v)
seen = set(comms(report))
assert len(seen) > 5
assert all(comm == for_json(names[pid]) for pid, comm in seen if pid in names), seen
lines = open("report.text").read().split("\n")
assert any(line.split()[:2] == ["1412", "?[31mred?"] for line in lines)
assert any(line.split()[:2] == ["1416", "???(?"] for line in lines)
PY
check "HTML: they are text, not markup" << 'PY'
import html.parser
from names import *
class Page(html.parser.HTMLParser):
    tags, text = set(), []
    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
    def handle_data(self, data):
        self.text.append(data)
page = Page()
page.feed(open("report.html").read())
assert page.tags.isdisjoint({"img", "script", "link", "iframe"}), page.tags
text = " ".join(page.text)
for shown in "?[31mred?", "q\"u,o;t{e}'", "back\\slash\\x1b", "???(?", "?gpj.exe", "größe", "<img src=x>&lt;":
    assert shown in text, shown
PY
check "diff: by the names, JSON and text" << 'PY'
from names import *
diff = json.load(open("diff.json"))
text = open("diff.text").read()
wanted = for_json(names[1414])
assert wanted in json.dumps(diff, ensure_ascii=False).replace('\\"', '"'), diff
assert "q\"u,o;t{e}'" in text
PY
check "columns stay under their headings, whatever stands in them" << 'PY'
import re, unicodedata
lines = open("report.text").read().split("\n")
at = next(i for i, line in enumerate(lines) if "PID COMM" in line and "CALLS" in line)
end = lines[at].index("CALLS") + 5
for line in lines[at + 1:at + 8]:
    assert line[end - 1].isdigit() and line[end] == " ", (lines[at], line)
PY
check "cdmctl: text and JSON" << 'PY'
import json
row = open("ctl.text").read().split("\n")
assert any(" ?[2Jq\"\\??? " in line for line in row), row
processes = json.load(open("ctl.json"))["processes"]
assert processes[0]["comm"] == "\x1b[2Jq\"\\\ufffd\u202e\n", processes
PY
finish
