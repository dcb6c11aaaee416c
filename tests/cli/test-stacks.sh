#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who in the program touched the page: stacks of page faults, which any kernel has, by the
# functions of a program that nm and addr2line know as well. TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
trace=$project/tools/cdmtrace/cdmtrace
if ! $trace --features 2>&1 | grep -qE 'events +pagefault +yes'; then
	echo "1..0 # SKIP $($trace --features 2>&1 | grep -E 'events +pagefault')"
	exit 4
fi
work=$(mktemp -d)
trap 'kill $tracer 2> /dev/null; wait 2> /dev/null; rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
cd "$work" || exit
chmod 755 .

pages=97
build() {	# NAME OPTION...
	gcc -O1 -fno-omit-frame-pointer -fno-inline -o "$1" "$project/tests/cli/stacks.c" "${@:2}" \
		-L. -Wl,-rpath,"$work"
}
gcc -O1 -fno-omit-frame-pointer -DLIBRARY -fPIC -shared -o libtouch.so "$project/tests/cli/stacks.c"
build pie -pie -fPIE -ltouch && build nopie -no-pie -fno-pie -ltouch &&
	build linked -pie -fPIE -ltouch && strip --strip-all -o stripped linked && chmod 755 ./*
result $? "the programs"

# Until FILE has PATTERN, or for a minute.
await() {
	for ((i = 0; i < 600; i++)); do
		grep -qE -- "$2" "$1" 2> /dev/null && return
		sleep 0.1
	done
}
# traced NAME PROGRAM [compiled]: NAME.ndjson, NAME.cdm, and where its pages are in NAME.told
traced() {
	rm -f release
	$trace -e pagefault --stacks -j -o "$1.ndjson" -w "$1.cdm" -- "./$2" $pages "$1.told" release ${3:-} \
		2> "$1.err" & tracer=$!
	await "$1.told" .
	local pid at
	read -r pid at < "$1.told"
	await "$1.ndjson" "\"addr\":$((at + (${3:+1} + 3) * pages * 4096 - 4096)),"
	touch release
	wait $tracer
	is "$1: traced" 0 $?
}
cat > look.py << 'PY'
import functools, json, subprocess
PAGES, PAGE = 97, 4096
def read(name):
    return [json.loads(line) for line in open(name + ".ndjson")]
def stacks(name, part):
    """Of the faults on the part-th run of pages."""
    pid, at = map(int, open(name + ".told").read().split())
    start = at + part * PAGES * PAGE
    rows = [r for r in read(name) if r["type"] == "pagefault" and r["pid"] == pid and
            start <= r["addr"] < start + PAGES * PAGE]
    assert len({r["addr"] for r in rows}) == PAGES, (name, part, len(rows))
    return [r["ustack"] for r in rows]
@functools.cache
def symbols(path, *options):
    rows = [line.split() for line in subprocess.check_output(["nm", "-S", *options, path], text=True).splitlines()]
    return {r[3]: (int(r[0], 16), int(r[1], 16)) for r in rows if len(r) == 4}
def is_in(frame, path, function, *options):
    """By what nm says, whatever the frame calls it."""
    start, size = symbols(path, *options)[function]
    assert frame["module"].endswith("/" + path), frame
    # A call may be a function's last instruction.
    assert start <= frame["offset"] <= start + size, (frame, function)
    assert frame["function"] in (function, None), frame
    if frame["function"]:
        assert frame["offset"] - frame["function_offset"] == start, (frame, start)
def build_id(path):
    text = subprocess.check_output(["readelf", "-n", path], text=True)
    return text.split("Build ID: ")[1].split()[0]
PY

for program in pie nopie stripped; do
	traced $program $program
	check "$program: its functions, the C library's and another library's" $program << 'PY'
import sys
from look import *
name = sys.argv[1]
path = {"stripped": "linked"}.get(name, name)
for frames in stacks(name, 0):
    for frame, function in zip(frames, ("touch_pages", "main")):
        is_in(dict(frame, module=frame["module"].replace(name, path)), path, function)
for frames in stacks(name, 1):
    assert "libc" in frames[0]["module"], frames
    # Which is not linked to its caller by a frame pointer.
    for frame, function in zip(frames[1:], ("copy_pages", "main")):
        is_in(dict(frame, module=frame["module"].replace(name, path)), path, function)
for frames in stacks(name, 2):
    is_in(frames[0], "libtouch.so", "library_touch", "-D")
    is_in(dict(frames[1], module=frames[1]["module"].replace(name, path)), path, "main")
    assert frames[0]["build_id"] == build_id("libtouch.so")
    assert frames[1]["build_id"] == build_id(name)
named = {f["function"] for frames in stacks(name, 0) for f in frames}
assert ("touch_pages" in named) == (name != "stripped"), named
PY
done
check "addr2line says the same" << 'PY'
from look import *
for frame in stacks("pie", 0)[0][:2]:
    said = subprocess.check_output(["addr2line", "-fe", "pie", hex(frame["offset"] - 1)], text=True)
    assert said.split()[0] == frame["function"], (said, frame)
PY

traced compiled pie compiled
check "what a runtime compiled has the name that it wrote for perf" << 'PY'
from look import *
for frames in stacks("compiled", 3):
    assert [f["function"] for f in frames[:3]] == ["rt::touch;it", "compiled", "main"], frames
    assert frames[0]["module"] is None and frames[0]["function_offset"] == 4, frames[0]
PY
rm -f /tmp/perf-"$(cut -d' ' -f1 compiled.told)".map

# The program is gone by now, and so are its files.
mkdir gone && mv pie libtouch.so gone
$trace -r pie.cdm -j -o replayed.ndjson; is "a recording" 0 $?
check "... has the same names" << 'PY'
from look import *
def stacks_of(name):
    return [(r["ts_ns"], r["stack"], r["ustack"], r["ustack_why"]) for r in read(name) if r["type"] == "pagefault"]
assert stacks_of("replayed") == stacks_of("pie")
assert len(stacks_of("pie")) > 3 * PAGES
PY
mv gone/* .

$trace -r pie.cdm --folded > folded
check "--folded: the program, its functions and the kernel's, outermost first" << 'PY'
lines = [line.rsplit(" ", 1) for line in open("folded")]
for way in "main;touch_pages;", "main;library_touch;", "main;copy_pages;":
    found = [(stack, int(n)) for stack, n in lines if way in stack]
    assert sum(n for stack, n in found) >= 97, (way, found)
    for stack, n in found:
        frames = stack.split(";")
        assert frames[0] == "pie" and "asm_exc_page_fault_[k]" in frames, stack
        kernel = [f.endswith("_[k]") for f in frames]
        assert kernel == sorted(kernel), stack
PY
$trace -r pie.cdm --stacks > text 2> err
is "text of a recording has them if asked for" "" "$(< err)"
is "... if not, one line says how" "events have stacks: --stacks prints them, report those that cost most" \
	"$($trace -r pie.cdm 2>&1 > plain | sed "s/^cdmtrace: //")"
is "... and it is the same without them" "$(grep -v "^ " text)" "$(< plain)"
check "text: the kernel's frames, then those in user space" << 'PY'
import re
block, blocks = [], []
for line in open("text"):
    if not line.startswith(" "):
        blocks.append(block)
        block = []
    block.append(line.rstrip("\n"))
mine = [b for b in blocks if any("touch_pages+0x" in l for l in b)]
assert len(mine) >= 97
for b in mine:
    at = b.index("      user space")
    assert any("exc_page_fault" in l for l in b[1:at]), b
    assert re.fullmatch(r" {8}touch_pages\+0x[0-9a-f]+ \(/.*/pie\)", b[at + 1]), b
PY
$trace -r pie.cdm --format csv > csv
check "CSV" << 'PY'
import csv
rows = [r["ustack"] for r in csv.DictReader(open("csv", newline="")) if r["ustack"].startswith("touch_pages;main;")]
assert len(rows) == 97, len(rows)
PY
$trace -r stripped.cdm --folded | grep -cE '^stripped;.*;stripped\+0x[0-9a-f]+;stripped\+0x[0-9a-f]+;' > count
is "without symbols it is the file and the place in it" 1 $(($(< count) > 0))
$trace report -r pie.cdm -j > report.json
check "report: by function of the program" << 'PY'
import json
found = {r["function"]: r["events"] for r in json.load(open("report.json"))["causes"]["functions"]}
assert found["pie;touch_pages"] >= 97 and found["pie;copy_pages"] >= 97, found
# What the library does for it is the program's.
assert sum(n for function, n in found.items() if "memset" in function) < 97, found
PY
$trace -r pie.cdm --chrome chrome.json > /dev/null
check "Chrome: in the arguments" << 'PY'
import json
rows = [e for e in json.load(open("chrome.json")) if e["name"] == "pagefault"]
assert any(e["args"]["ustack"][0]["function"] == "touch_pages" for e in rows)
PY

# Programs without frame pointers have nearly as many different stacks as faults.
$trace -e pagefault --stacks -j -o many.ndjson -- gcc -O2 -S -o /dev/null "$project/tests/cli/stacks.c" \
	2> many.err; is "a program with thousands of stacks" 0 $?
check "... has one at each fault" << 'PY'
from look import *
rows = [r for r in read("many") if r["type"] == "pagefault"]
assert len(rows) > 500, len(rows)
assert not [r for r in rows if not r["ustack"]]
PY

# The tracer is asleep while the program runs: there is nothing left to look at.
rm -f ready release
$trace -e pagefault --stacks --comm nopie -j -o late.ndjson --ready-file ready 2> late.err & tracer=$!
for ((i = 0; i < 600; i++)); do [[ -e ready ]] && break; sleep 0.1; done
kill -STOP $tracer
touch release && ./nopie $pages late.told release
# It became another program, that is still there.
(exec -a nopie ./nopie $pages late2.told /nonexistent) & other=$!
await late2.told .
kill $other; wait $other 2> /dev/null
kill -CONT $tracer
await late.ndjson "\"pid\":$other,"
sleep 0.3; kill -INT $tracer; wait $tracer; is "a program that has ended" 0 $?
check "... has addresses, and it is said why" << 'PY'
from look import *
for frames in stacks("late", 0):
    assert all(f["function"] is None and f["module"] is None for f in frames), frames
    start, size = symbols("nopie")["touch_pages"]
    assert start <= frames[0]["offset"] < start + size, frames
assert {r["ustack_why"] for r in read("late") if r["type"] == "pagefault"} == {
    "the program had ended before it was looked at"}
PY

$trace -e pagefault -n 7 -j -o none.ndjson -- true 2> err; is "without --stacks" 0 $?
check "... there are none" << 'PY'
from look import *
assert not any("ustack" in r or "stack" in r for r in read("none"))
PY
finish
