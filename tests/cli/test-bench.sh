#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The table of benchmarks: rows in, text, JSON and a picture out; and that benchmarks which have a
# quick mode give such rows. What they measure then says nothing, and nothing is asserted of it. TAP.
source "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# As benchmarks write them
export CDM_BENCH=$work
source "$top/tests/bench/rows.sh"
rows one
record "a <thing> done" "ms of CPU" cdmtop 12.5 8 cdmtop 1
record "a <thing> done" "ms of CPU" top 250 - cdmtop 20
record "a <thing> done" "lost" top -
rows two
record "memory" KiB cdmtop 17676
rows sizes
for at in 1 1000; do
	record "by size" ms cdmtop $((at * 2)) 8 cdmtop 1
	note="or more"
	record "by size" ms top $((at * 20)) - cdmtop 10
	note="not permitted"
	record "by size" ms tracer -
	note=-
done
at=-

said=$("$top/tests/bench/table.py" "$work" 2>&1)
result $? "the table is made" "$said"
like "value, spread and how many times whom" "cdmtop +12.5 ± +4.0% +1.000 times cdmtop" "$said"
like "... without a spread" "top +250 +20.000 times cdmtop" "$said"
like "... and of what is not known" "top +-"$'\n' "$said"
like "each benchmark has its own" "memory, KiB \(two, .*"$'\n'" +cdmtop +17676" "$said"
like "sizes are columns" "by size, ms \(sizes, [^)]*\)"$'\n'" +1 +1,000"$'\n'" +cdmtop +2 ±4% ×1 +2000 ±4% ×1" "$said"
like "... with what may be more" "top +20\+ ×10 +20000\+ ×10" "$said"
like "... and why there is nothing" "tracer: not permitted" "$said"
is "the file has what is printed" "$said" "$(cat "$work/table.txt")"
check "JSON has the rows and where they were measured" << 'PY'
import json
table = json.load(open("table.json"))
rows, env = table["rows"], table["environment"]
rows, sizes = rows[:3] + rows[-1:], rows[3:-1]
if len(sizes) != 6 or [row["at"] for row in sizes] != [1] * 3 + [1000] * 3 or sizes[2]["note"] != "not permitted":
    print(sizes)
if len(rows) != 4 or rows[1]["value"] != 250 or rows[1]["spread_percent"] is not None or rows[1]["times"] != 20:
    print(rows)
if rows[2]["value"] is not None or rows[3]["against"] is not None:
    print(rows[2:])
if not env["kernel"] or not env["processors"] or "gcc" not in env["versions"]:
    print(env)
PY
check "the picture has a bar for each row, to scale" << 'PY'
import xml.etree.ElementTree as xml
bars = [r for r in xml.parse("table.svg").getroot().iter("{http://www.w3.org/2000/svg}rect") if r.get("height") == "13"]
wide = [float(r.get("width")) for r in bars]
if len(wide) != 4 or abs(wide[1] / wide[0] - 20) > 0.1:
    print(wide)
PY
check "... and a line for who was measured at sizes, as far up as it says" << 'PY'
import xml.etree.ElementTree as xml
lines = [line.get("points").split() for line in xml.parse("table.svg").getroot().iter("{http://www.w3.org/2000/svg}polyline")]
(ours, ours_end), (top, top_end) = [[float(point.split(",")[1]) for point in line] for line in lines]
# Four decades: of 2 to 20 is one of them, as of 2000 to 20000
if abs((ours - top) - (ours_end - top_end)) > 0.2 or abs((ours - ours_end) - 3 * (ours - top)) > 0.3:
    print(lines)
PY
printf 'three\tfields\tonly\n' > "$work/three.tsv"
said=$("$top/tests/bench/table.py" "$work" 2>&1)
is "a row that is none is no table" 1 $?
like "... which is said, and what to do" "^table.py: $work/three.tsv .* run its benchmark again, or remove it$" "$said"
mkdir "$work/none"
like "nothing measured is said" "nothing was measured yet" "$("$top/tests/bench/table.py" "$work/none" 2>&1)"
for script in "$top"/tests/bench/*.sh; do
	[[ ${script##*/} == @(lib|rows|overhead|holders|guest-cost|guest-locks|guest-overhead|guest-numa-overhead).sh ]] ||
		like "${script##*/} writes rows" $'\n'[^#]*'record' "$(cat "$script")"
done

# quick SCRIPT...: all at once, what they say is in $work/SCRIPT
quick() {
	local script pids=()
	for script; do
		"$top/tests/bench/$script.sh" > "$work/$script" 2>&1 &
		pids+=($!)
	done
	for script; do
		wait "${pids[0]}"
		result $? "$script.sh, the quick mode" "$(cat "$work/$script")"
		pids=("${pids[@]:1}")
	done
}

# has BENCHMARK WHO...: rows with figures of each of those, and none of anybody with neither a
# figure nor a reason
has() {
	check "... gives figures of ${*:2}" "$@" << 'PY'
import json, sys
rows = [row for row in json.load(open("quick/table.json"))["rows"] if row["benchmark"] == sys.argv[1]]
for who in sys.argv[2:]:
    if not any(row["value"] is not None for row in rows if row["who"] == who):
        print("nothing of", who)
for row in rows:
    if row["value"] is None and not row["note"]:
        print(row)
PY
}

export QUICK=1 CDM_BENCH=$work/quick
if [[ $(id -u) != 0 ]]; then
	skip "the quick modes" "they need root"
elif [[ ! $("$top/tools/cdmtrace/cdmtrace" --features 2>&1) =~ "pagefault    yes" ]]; then
	skip "the quick modes" "this kernel tells nothing of page faults"
else
	quick scale ceiling faults
	said=$("$top/tests/bench/table.py" "$work/quick" 2>&1)
	result $? "a table is made of that" "$said"
	has scale cdmtop cdmtop-screen cdmtop-no-bpf cdmtrace-w top
	like "... with 5 processes" "a look at processes, ms of CPU \(scale, [^)]*\)"$'\n'" +5"$'\n' "$said"
	if grep -q "^bench: no cgroups" "$work/scale"; then
		skip "... and 5 cgroups" "$(grep "^bench: no cgroups" "$work/scale")"
	else
		like "... and 5 cgroups" "a look at cgroups, ms of CPU \(scale, [^)]*\)"$'\n'" +5"$'\n' "$said"
	fi
	has ceiling cdmtrace-ndjson
	has faults nothing cdmtop cdmtrace-ndjson
	for left in /sys/fs/cgroup{,/*}/cdm-bench-*; do
		# Somebody may measure beside this.
		[[ ! -d $left ]] || kill -0 "${left##*-}" 2> /dev/null || echo "$left"
	done > "$work/left"
	is "no cgroups are left" "" "$(cat "$work/left")"
fi
finish
