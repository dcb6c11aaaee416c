#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: what cdmtop shows against the kernel's counters and
# against a walk of all page tables, at rest and in the middle of a storm; and its
# rates against the numbers of pages that were moved. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
residency=$top/build/vm-tests/residency

# shot NAME: the truth, and all views of cdmtop, of a moment when nothing happens
shot() {
	"$residency" > "$work/$1.truth"
	"$cdmtop" -j -F pid,cgroup,cdm,anon,dev -w "$work/$1.cdm" 0.1 1 > "$work/$1.proc"
	"$cdmtop" -r "$work/$1.cdm" -j --view cgroup -F path,cdm,charged,procs,procs_cdm \
		> "$work/$1.cgroup"
	"$cdmtop" -r "$work/$1.cdm" -j --view device -F name,used,free,size > "$work/$1.device"
	(cd $cgroups && find . -name memory.stat -printf '%P %h\n' | while read -r file dir; do
		echo "/${dir#.}" "$(stat -c %i "$dir")" "$(awk '/^device_host / { print $2 }' "$file")"
	done | sed 's|^//|/|') > "$work/$1.memory"
	for device in cdm0 cdm1; do
		echo $device "$(used $device)" "$(cat /sys/class/cdm/$device/size)"
	done > "$work/$1.sysfs"
}

# same_everywhere NAME TEXT: of that moment, all sources say the same
same_everywhere() {
	check "$2: counter == page tables == cdmtop, of each process" "$1" << 'PY'
import sys
from truth import Truth, rows, same
name = sys.argv[1]
truth, shown = Truth(name + ".truth"), {r["pid"]: r for r in rows(name + ".proc", "proc")}
same("counter and page tables", truth.counter, truth.walked)
same("page tables and cdmtop", truth.walked, {p: r["cdm_bytes"] for p, r in shown.items() if r["cdm_bytes"]})
# Not told of those who have shared memory as well.
told = {p: r["anon_bytes"] for p, r in shown.items() if r["anon_bytes"]}
same("anonymous", {p: n for p, n in truth.walked.items() if shown[p]["anon_bytes"] is not None}, told)
assert truth.walked, "nothing is on a device: this compares nothing"
PY
	check "$2: memory.stat == cdmtop == pages by /proc/kpagecgroup, with descendants" "$1" << 'PY'
import sys
from truth import Truth, rows, same
name = sys.argv[1]
truth, shown = Truth(name + ".truth"), {r["path"]: r for r in rows(name + ".cgroup", "cgroup")}
memory = {path: (int(inode), int(n)) for path, inode, n in map(str.split, open(name + ".memory"))}
same("cgroups", set(memory), set(shown))
for path, (inode, charged) in memory.items():
    below = sum(truth.cgroups.get(i, 0) for p, (i, n) in memory.items()
                if p == path or p.startswith(path.rstrip("/") + "/"))
    same(path + ": memory.stat and cdmtop", charged, shown[path]["cdm_bytes"])
    same(path + ": memory.stat and pages", charged, below)
    if shown[path]["charged_bytes"] is not None:
        assert shown[path]["charged_bytes"] >= charged, path
PY
	check "$2: pages mapped == sysfs == cdmtop, of each device" "$1" << 'PY'
import sys
from truth import Truth, rows, same
name = sys.argv[1]
truth, shown = Truth(name + ".truth"), {r["name"]: r for r in rows(name + ".device", "device")}
sysfs = {d: (int(used), int(size)) for d, used, size in map(str.split, open(name + ".sysfs"))}
same("sysfs and pages", truth.devices, {d: used for d, (used, size) in sysfs.items()})
same("sysfs and cdmtop", sysfs, {d: (r["used_bytes"], r["size_bytes"]) for d, r in shown.items()})
for d, r in shown.items():
    same(d + ": used + free", r["size_bytes"], r["used_bytes"] + r["free_bytes"])
PY
}

echo "# at rest"
mkdir -p $cgroups/b
echo +memory > $cgroups/b/cgroup.subtree_control
start_worker all a
start_worker shares b/c
start_worker partly b/d
start_worker copies b/d
start_worker execs a
start_worker dies a
ask all map 1409 > "$work/address"
ask all in 0 0 1409 > /dev/null
ask shares map 997 > /dev/null
ask shares in 1 0 997 > /dev/null
child=$(ask shares fork)
ask partly map 499 > /dev/null
ask partly in 0 0 499 > /dev/null
ask partly out 0 0 251 > /dev/null
ask copies map 211 > /dev/null
ask copies in 1 0 211 > /dev/null
ask copies fork > /dev/null
ask copies write 0 101 > /dev/null
for name in execs dies; do
	ask $name map 307 > /dev/null
	ask $name in 0 0 307 > /dev/null
done
shot rest
same_everywhere rest "at rest"
check "... and those are the pages that were moved" "${worker[all]}" "${worker[shares]}" "$child" \
	"${worker[partly]}" "${worker[copies]}" "${worker[execs]}" << 'PY'
import sys
from truth import Truth, same
truth = Truth("rest.truth")
same("pages", [1409, 997, 997, 499 - 251, 211 - 101, 307], [truth.walked[int(p)] // 4096 for p in sys.argv[1:]])
PY
check "by device: the column DEVICES" << 'PY'
from truth import Truth, rows, same
def pages(text):
    units = {"K": 1 << 10, "M": 1 << 20}
    return {d: float(v[:-1]) * units[v[-1]] for d, v in (part.split(":") for part in text.split())}
truth = Truth("rest.truth")
for row in rows("rest.proc", "proc"):
    wanted = {d: n for d, n in truth.by_device.get(row["pid"], {}).items() if n}
    got = pages(row["dev"] or "")
    if set(wanted) != set(got) or any(abs(got[d] - n) > .051 * n for d, n in wanted.items()):
        print(row["pid"], "wanted", wanted, "got", row["dev"])
PY
is "-p: that process alone, and the same figure" "${worker[all]} $(on_device "${worker[all]}")" \
	"$("$cdmtop" -j -F pid,cdm -p "${worker[all]}" 0.1 1 | tail -n +2 |
		grep '"proc"' | json 'd["pid"], d["cdm_bytes"]' | tr -d '(),')"
is "-c: the processes of that cgroup and of those below" \
	"$(cat $cgroups/b/c/cgroup.procs $cgroups/b/d/cgroup.procs | sort -n | xargs)" \
	"$("$cdmtop" --format csv -F pid -c /b 0.1 1 | awk -F, 'NR > 1 { print $NF }' | sort -n | xargs)"
for option in --no-bpf "--source proc"; do
	# shellcheck disable=SC2086
	is "$option: the same figures from /proc" \
		"$(awk '$1 == "proc" { print $2, $3 }' "$work/rest.truth" | sort -n | xargs)" \
		"$("$cdmtop" $option -j -F pid,cdm 0.1 1 | "$python" -c 'import json, sys
for r in sorted((json.loads(l) for l in sys.stdin if "\"proc\"" in l and "\"pid\"" in l), key=lambda r: r["pid"]):
    if r["cdm_bytes"]: print(r["pid"], r["cdm_bytes"])' | xargs)"
done
is "... and a process that goes to another cgroup between two refreshes" "a d" \
	"$("$cdmtop" --no-bpf -b --format csv -F pid,cgroup -p "${worker[all]}" 1 2 | sed -u 1d | while read -r row; do
		echo "${row##*,}"
		echo "${worker[all]}" > $cgroups/b/d/cgroup.procs
	done | xargs)"
echo "${worker[all]}" > $cgroups/a/cgroup.procs
for source in any proc; do
	by=$([[ $source == any ]] && echo iterator || echo proc)
	features=$("$cdmtop" --features --source $source)
	for figure in "processes device" "processes rss" "cgroups device"; do
		like "--features --source $source: $figure" "${figure/ / +} +yes +by $by, exact" "$features"
	done
	like "... devices" "devices +sysfs +yes +by proc, exact" "$features"
done
is "... and what files do not tell" "$(grep -cE '^(figures|events|stacks) ' <<< "$features")" \
	"$(grep -c ' no .*the source proc ' <<< "$features")"

ask execs exec > /dev/null
kill -KILL "${worker[dies]}"
wait "${worker[dies]}" 2> /dev/null
is "after exec nothing is left" 0 "$(on_device "${worker[execs]}")"
shot left
same_everywhere left "after exec and exit"

echo "# storm"
evictor() {
	while :; do
		if [[ -e $work/pause ]]; then
			touch "$work/paused"
		else
			"$cdmctl" evict --device cdm0 --timeout 0 > /dev/null 2>&1
		fi
		sleep 0.05
	done
}
storming=(all shares partly)
is_stopped() { grep -q '^State:	T' "/proc/$1/status"; }
stop_all() {
	touch "$work/pause"
	for name in "${storming[@]}"; do
		kill -STOP "${worker[$name]}"
		until_true 20 is_stopped "${worker[$name]}"
	done
	until_true 20 test -e "$work/paused"
}
go_on() {
	rm "$work/pause" "$work/paused"
	for name in "${storming[@]}"; do
		kill -CONT "${worker[$name]}"
	done
}
refreshes_of() { grep -c '"type":"end"' "$1"; }
has_refreshes() { (($(refreshes_of "$1") >= $2)); }
# The one under way began before, the one after it did not.
next_refresh() { until_true 30 has_refreshes "$1" $(($(refreshes_of "$1") + 2)); }

"$cdmtop" -j -F pid,cdm 0.1 > "$work/watched.proc" &
watcher=$!
ask all storm 0 0 1409 > /dev/null
ask shares storm 1 0 997 > /dev/null
ask partly storm 0 100 399 > /dev/null
evictor &
evictor=$!
for round in 1 2 3 4 5 6; do
	sleep 0.3
	stop_all
	"$residency" > "$work/storm$round.truth"
	next_refresh "$work/watched.proc"
	refreshes_of "$work/watched.proc" > "$work/storm$round.nr"
	go_on
done
stop_all
shot storm
kill $watcher $evictor
wait $watcher
is "cdmtop ends by a signal, orderly" 143 $?
same_everywhere storm "in the middle of a storm"
check "cdmtop watching a storm: at six moments counter == page tables == cdmtop" << 'PY'
from truth import Truth, refreshes, same
shown, seen = refreshes("watched.proc"), set()
for i in range(1, 7):
    truth, nr = Truth("storm%d.truth" % i), int(open("storm%d.nr" % i).read())
    got = {r["pid"]: r["cdm_bytes"] for r in shown[nr - 1] if r["type"] == "proc" and r["cdm_bytes"]}
    same("%d: counter and page tables" % i, truth.counter, truth.walked)
    same("%d: page tables and cdmtop" % i, truth.walked, got)
    seen.add(tuple(sorted(got.items())))
assert len(seen) > 1, "it was the same every time: that was no storm"
PY
end_workers
is "all have ended: the devices are empty" "0 0" "$(used cdm0) $(used cdm1)"

echo "# the dmem controller"
if grep -q '^device_host/' $cgroups/dmem.capacity 2> /dev/null; then
	echo +dmem > $cgroups/cgroup.subtree_control
	mkdir -p $cgroups/x
	echo +memory +dmem > $cgroups/x/cgroup.subtree_control
	start_worker moves x/y
	start_worker moved z
	ask moves map 300 > /dev/null
	ask moves in 0 0 200 > /dev/null
	ask moves in 1 200 100 > /dev/null
	address=$(ask moved map 500)
	ask moved in 1 0 70 > /dev/null
	(in_cgroup x/y "$cdmctl" migrate -p "${worker[moved]}" --to cdm0 \
		--range "$(printf %x $((address + 100 * 4096)))+$((211 * 4096))" > /dev/null)
	"$cdmtop" -j --view cgroup -F path,cdm,dmem,by_others,for_others 0.1 1 > "$work/dmem"
	"$cdmtop" --format openmetrics 0.1 1 > "$work/dmem.om"
	(cd $cgroups && find . -name dmem.current -printf '/%P\n' | while read -r file; do
		dir=${file%dmem.current}
		dir=${dir%/}
		echo "${dir:-/}" "$(awk '/^device_host\// { n += $2 } END { print n }' ".$file")"
	done) > "$work/dmem.files"
	check "dmem.current == cdmtop, of each cgroup that the controller is on in" << 'PY'
from truth import rows, same
shown = {r["path"]: r for r in rows("dmem", "cgroup")}
files = {path: int(n) for path, n in map(str.split, open("dmem.files"))}
same("cgroups", files, {p: r["dmem_bytes"] for p, r in shown.items() if r["dmem_bytes"] is not None})
assert any(r["dmem_bytes"] is None for r in shown.values()), "it is on everywhere: nothing shows how that is told"
pages = lambda p: [shown[p][k + "_bytes"] // 4096 for k in ("cdm", "dmem", "by_others", "for_others")]
same("who moved for others", [300, 511, 0, 211], pages("/x/y"))
same("... and those above", [300, 511, 0, 211], pages("/x"))
same("whose it is", [281, 70, 211, 0], pages("/z"))
PY
	is "... of the root it is what the devices have in use" "$(($(used cdm0) + $(used cdm1)))" \
		"$(sed -n 's|^/ ||p' "$work/dmem.files")"
	like "... in metrics, too" 'cdm_cgroup_dmem_bytes\{cgroup="/z"\} '$((70 * 4096))'($|[^0-9])' "$(cat "$work/dmem.om")"
	end_workers
else
	is "without it nothing is known, and nobody is told" " None" \
		"$("$cdmtop" -j --view cgroup -c / 0.1 1 2>&1 > "$work/dmem") $(sed -n '/"path":"\/"/p' "$work/dmem" | json 'd["dmem_bytes"]')"
	like "... but who asks for it" "dmem.capacity has no device_host/" \
		"$("$cdmtop" -b --view cgroup -F path,dmem 0.1 1 2>&1)"
fi

echo "# rates"
start_worker moves r
address=$(ask moves map 3000)
start_worker shared s
ask shared map 499 > /dev/null
"$cdmtop" -j -F pid,in,out,evicted,fail,faults -w "$work/rates.cdm" 0.5 > "$work/rates.proc" &
watcher=$!
until_true 30 has_refreshes "$work/rates.proc" 1
ask shared in 1 0 499 > /dev/null
child=$(ask shared fork)
"$cdmctl" evict --device cdm1 > /dev/null
kill -KILL "$child"
in0=$(ask moves in 0 0 1409)
out0=$(ask moves out 0 0 997)
in1=$(ask moves in 1 1409 211)
child=$(ask moves fork)
ask moves write 1409 53 > /dev/null
kill -KILL "$child"
evicted=$("$cdmctl" evict --device cdm0 -j | json 'd["moved_pages"]')
"$cdmctl" inject cdm0 fail-alloc=7 -- "$cdmctl" migrate -p "${worker[moves]}" --to cdm0 \
	--range "$(printf %x $((address + 2000 * 4096)))+409600" --partial-ok -j > "$work/failed"
next_refresh "$work/rates.proc"
kill -INT $watcher
wait $watcher
is "Ctrl-C is success" 0 $?
for view in cgroup:path device:name; do
	"$cdmtop" -r "$work/rates.cdm" -j --view ${view%:*} -F ${view#*:},in,out,fail > "$work/rates.${view%:*}"
done
is "the worker moved what it was told to" "1409 997 211 412 93" \
	"$in0 $out0 $in1 $evicted $(json 'd["moved_pages"]' < "$work/failed")"
check "rates summed up are the pages that moved: of the process" "${worker[moves]}" << 'PY'
import sys
from truth import same, totals
pid = int(sys.argv[1])
total = lambda name: totals("rates.proc", "pid", name).get(pid)
same("in", 1409 + 211 + 93, total("in_pages_per_second"))
same("out", 997 + 412, total("out_pages_per_second"))
same("evicted", 412, total("evicted_pages_per_second"))
same("failed", 7, total("fail_pages_per_second"))
same("faults", 53, total("faults_per_second"))
PY
check "... of its cgroup and of the root, and of no other" << 'PY'
from truth import same, totals
total = lambda name: {p: n for p, n in totals("rates.cgroup", "path", name).items() if n and p != "/s"}
same("in", {"/r": 1409 + 211 + 93, "/": 1409 + 211 + 93 + 499}, total("in_pages_per_second"))
same("out", {"/r": 997 + 412, "/": 997 + 412 + 499}, total("out_pages_per_second"))
same("failed", {"/r": 7, "/": 7}, total("fail_pages_per_second"))
PY
check "... of each device" << 'PY'
from truth import same, totals
total = lambda name: totals("rates.device", "name", name)
same("in", {"cdm0": 1409 + 93, "cdm1": 499 + 211}, total("in_pages_per_second"))
same("out", {"cdm0": 997 + 412, "cdm1": 499}, total("out_pages_per_second"))
same("failed", {"cdm0": 7, "cdm1": 0}, total("fail_pages_per_second"))
PY
"$cdmtop" -r "$work/rates.cdm" --format openmetrics > "$work/rates.om"
"$top/tools/cdmtrace/cdmtrace" -r "$work/rates.cdm" -j > "$work/rates.events"
check "... and histograms have each call, as the events tell" << 'PY'
import json, re
from truth import same
calls = {}
for line in open("rates.events"):
    e = json.loads(line)
    if e["type"] == "migrate":
        calls.setdefault((e["device"], e["dir"]), []).append(e["total_ns"])
assert {("cdm0", "in"), ("cdm0", "out"), ("cdm1", "in")} == set(calls), calls
text = open("rates.om").read()
for (device, way), ns in calls.items():
    name = r'cdm_device_migration_seconds_%%s{device="%s",dir="%s"%%s} (\S+)\n' % (device, way)
    got = {b: int(n) for b, n in re.findall(name % ("bucket", ',le="(.*?)"'), text)}
    same(f"{device} {way}", {b: sum(n < float(b) * 1e9 for n in ns) for b in got}, got)
    same("calls", len(ns), int(re.search(name % ("count", ""), text)[1]))
    same("time", round(sum(ns) / 1e9, 9), float(re.search(name % ("sum", ""), text)[1]))
assert 'emulated="1"} 1' in text
PY
check "... and pages that two processes share go home once, for their cgroup" << 'PY'
from truth import same, totals
total = lambda name: totals("rates.cgroup", "path", name).get("/s")
same("in", 499, total("in_pages_per_second"))
same("out", 499, total("out_pages_per_second"))
PY
end_workers
rm -rf "$work"
finish
