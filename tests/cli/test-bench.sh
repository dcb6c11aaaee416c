#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The table of benchmarks: rows in, text, JSON and a picture out. Nothing is measured. TAP.
source "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# As benchmarks write them
real=$top
top=$work
source "$real/tests/bench/rows.sh"
top=$real
rows() { rows=$work/$1.tsv; : > "$rows"; }
rows one
record "a <thing> done" "ms of CPU" cdmtop 12.5 8 cdmtop 1
record "a <thing> done" "ms of CPU" top 250 - cdmtop 20
record "a <thing> done" "lost" top -
rows two
record "memory" KiB cdmtop 17676

said=$("$top/tests/bench/table.py" "$work" 2>&1)
result $? "the table is made" "$said"
like "value, spread and how many times whom" "cdmtop +12.5 ± +4.0% +1.000 times cdmtop" "$said"
like "... without a spread" "top +250 +20.000 times cdmtop" "$said"
like "... and of what is not known" "top +-"$'\n' "$said"
like "each benchmark has its own" "memory, KiB \(two, .*"$'\n'" +cdmtop +17676" "$said"
is "the file has what is printed" "$said" "$(cat "$work/table.txt")"
check "JSON has the rows and where they were measured" << 'PY'
import json
table = json.load(open("table.json"))
rows, env = table["rows"], table["environment"]
if len(rows) != 4 or rows[1]["value"] != 250 or rows[1]["spread_percent"] is not None or rows[1]["times"] != 20:
    print(rows)
if rows[2]["value"] is not None or rows[3]["against"] is not None:
    print(rows[2:])
if not env["kernel"] or not env["processors"] or "gcc" not in env["versions"]:
    print(env)
PY
check "the picture has a bar for each row, to scale" << 'PY'
import xml.etree.ElementTree as xml
bars = [r for r in xml.parse("table.svg").getroot().iter("{http://www.w3.org/2000/svg}rect") if r.get("width") != "100%"]
wide = [float(r.get("width")) for r in bars]
if len(wide) != 4 or abs(wide[1] / wide[0] - 20) > 0.1:
    print(wide)
PY
printf 'three\tfields\tonly\n' > "$work/three.tsv"
"$top/tests/bench/table.py" "$work" > /dev/null 2>&1
is "a row that is none is no table" 1 $?
mkdir "$work/none"
like "nothing measured is said" "nothing was measured yet" "$("$top/tests/bench/table.py" "$work/none" 2>&1)"
for script in "$top"/tests/bench/*.sh; do
	[[ ${script##*/} == @(lib|rows|overhead|holders|guest-cost|guest-locks|guest-overhead|guest-numa-overhead).sh ]] ||
		like "${script##*/} writes rows" $'\n'[^#]*'record' "$(cat "$script")"
done
finish
