#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The report as a page: what it says, and that a browser shows it. TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
trace=$project/tools/cdmtrace/cdmtrace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
export PYTHONPATH=$project/tests/cli
cd "$work" || exit

# Names that would be tags and scripts.
"$project/tests/fuzz/make-recording.py" plain.cdm 211 > truth.json
"$python" -c '
data = open("plain.cdm", "rb").read().replace(b"redis-server\0\0\0\0", b"<script>\"&\x1b\0\0\0\0\0")
open("a.cdm", "wb").write(data.replace(b"/job/a\0", b"/<b>/a\0"))'
$trace report -r a.cdm --html a.html 2> err; is "report --html" 0 $?
$trace report -r a.cdm -j > report.json 2> err
is "the recording has such names" 1 "$(grep -c '"/<b>/a"' report.json | sed 's/[1-9][0-9]*/1/')"
$trace -r a.cdm --summary --html b.html > out 2> err
is "--summary --html: the same page" "$(md5sum < a.html)" "$(md5sum < b.html)"
is "... instead of the text" "" "$(cat out)"
check "it is well-formed, and needs nothing else" << 'PY'
import html.parser, re
page = open("a.html", encoding="utf-8").read()
class Page(html.parser.HTMLParser):
    open, ids, void = [], [], ("meta", "br", "hr", "img", "input", "link")
    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe", "object", "b"), tag
        for key, value in attrs:
            assert not key.startswith("on") and key not in ("src", "href", "srcset"), (tag, key)
            assert "url(" not in (value or ""), value
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in self.void:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())
p = Page(convert_charrefs=True)
p.feed(page)
p.close()
assert p.open == [] and len(set(p.ids)) == len(p.ids), p.ids
assert "default-src 'none'" in page and "@import" not in page and not re.search("https?:", page)
assert not re.search("[\0-\x08\x0b-\x1f\x7f]", page)
PY
check "charts have a title, a description and their figures in a table" << 'PY'
import re, xml.etree.ElementTree as ET
page = open("a.html", encoding="utf-8").read()
figures = re.findall("<figure .*?</figure>", page, re.S)
assert len(figures) == 4, len(figures)
for figure in figures:
    svg = ET.fromstring(re.search("<svg .*?</svg>", figure, re.S).group())
    ids = {e.get("id"): e.text for e in svg if e.get("id")}
    assert svg.get("role") == "img" and len(ids) == 2
    assert all(ids[i] for i in svg.get("aria-labelledby").split())
    assert re.search("<details>.*<table>", figure, re.S)
PY
check "it has the numbers of JSON, section by section" << 'PY'
import html, json, re
from report_figures import printed
report, page = json.load(open("report.json")), open("a.html", encoding="utf-8").read()
sections = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.S))
del report["schema"]
assert set(sections) == set(report), set(sections) ^ set(report)
def walk(v, key, have):
    if isinstance(v, dict):
        for k, x in v.items():
            walk(x, k, have)
    elif isinstance(v, list):
        for x in v:
            walk(x, key, have)
    elif isinstance(v, str):
        if key not in ("addr",) and not key.endswith("note"):
            assert re.sub("[\0-\x1f]", "?", v).split(";")[0] in have, (key, v)
    elif not isinstance(v, bool) and v is not None:
        want = printed(key, v)
        assert want in have.split(), (key, v, want)
for key, section in report.items():
    walk(section, key, html.unescape(re.sub("<[^>]*>", " ", sections[key])))
PY
check "charts show what was recorded" << 'PY'
import json, re
truth, page = json.load(open("truth.json")), open("a.html", encoding="utf-8").read()
def table(chart):
    text = re.search('<figure id="%s">.*?<details>(.*?)</details>' % chart, page, re.S).group(1)
    return [[float(c) for c in re.findall("<td>(.*?)</td>", row)] for row in re.findall("<tr>(.*?)</tr>", text)][1:]
for i, name in enumerate(("in", "out")):
    rows = table("chart-latency-" + name)
    assert sum(sum(r[1:]) for r in rows) == sum(t["dir"] == i for t in truth["migrate"])
first, last = table("chart-devices")[0], table("chart-devices")[-1]
assert (first[1], last[1]) == (.418, 1.199), (first, last)	# 107 and 307 pages
held = table("chart-processes")
assert abs(sum(held[0][1:]) - .418) < .002 and abs(sum(held[-1][1:]) - 1.199) < .002, held[-1]
PY
check "before the first snapshot no level is known" "$trace" << 'PY'
import re, struct, subprocess, sys
data, out, at, ended = open("plain.cdm", "rb").read(), b"", 184, False
while at < len(data):
    kind, _, size, _ = struct.unpack_from("<HHIQ", data, at)
    if ended or not 64 <= kind <= 69:
        out += data[at:at + size]
    ended |= kind == 69
    at += size
open("late.cdm", "wb").write(data[:184] + out)
subprocess.run([sys.argv[1], "report", "-r", "late.cdm", "--html", "late.html"], check=True, stderr=subprocess.DEVNULL)
text = re.search('<figure id="chart-devices">.*?</figure>', open("late.html").read(), re.S).group()
rows = [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr>(.*?)</tr>", text)][1:]
assert rows[0][1:] == ["-", "-"] and rows[-1][1] == "1.199", (rows[0], rows[-1])
PY
for what in "-j" "-o x" "--folded" ""; do
	$trace ${what:+report} -r a.cdm --html c.html $what > out 2> err
	is "usage: --html ${what:-without a report}" 2 $?
done
$trace report -r a.cdm --html /dev/full > out 2> err; is "a full disk" 1 $?
$trace report -r /nonexistent --html c.html > out 2> err
is "no page of nothing" "1 " "$? $(ls c.html* 2> /dev/null)"
$trace report -r "$project/tests/data/demo.cdm" --html demo.html 2> err; is "a page of the demo" 0 $?
is "... which has no file of whoever recorded it" "" "$($trace -r "$project/tests/data/demo.cdm" -j |
	grep -o '"module":"[^"]*"' | grep -v '"/usr/' | sort -u)"

browser=$(command -v chromium)
# shows PAGE OPTION...: in a browser that has never been used
shows() {
	local page=$1
	shift
	timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$work/profile" --enable-logging=stderr "$@" "file://$work/$page" 2> browser.err
}
if [[ -z $browser ]]; then
	skip "in a browser" "there is no chromium"
else
	shows a.html --dump-dom > dom; is "a browser shows it" 0 $?
	is "... and has nothing to complain" "" "$(grep CONSOLE browser.err)"
	check "... with all sections and charts, and names as names" << 'PY'
import re
dom = open("dom", encoding="utf-8").read()
assert len(re.findall("<section ", dom)) == 11 and len(re.findall("<svg ", dom)) == 4
assert "<script" not in dom and "&lt;script&gt;" in dom and "<b>" not in dom
PY
	for page in a demo; do
		shows $page.html --hide-scrollbars --window-size=1280,2400 --screenshot="$work/$page.png"
		check "a picture of it, which is not blank: $page" $page.png << 'PY'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, pixels = 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IHDR":
        width, height = struct.unpack(">II", data[at + 8:at + 16])
    if kind == b"IDAT":
        pixels += data[at + 8:at + 8 + size]
    at += 12 + size
assert (width, height) == (1280, 2400)
assert len(set(zlib.decompress(pixels))) > 100
PY
	done
fi
finish
