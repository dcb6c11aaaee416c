#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: device memory of processes, cgroups and devices where the kernel does not count
# it, of DEVICE_COHERENT memory and, where the kernel has it, DEVICE_PRIVATE, compared with
# what the program that had its memory moved found itself, and with memory.stat. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
mirror=$top/build/vm-tests/mirror
stat=$cgroups/job/memory.stat
top_options=(--source fentry 1)

has_private() {
	grep -q is_device_private_page /proc/kallsyms || [[ -e /sys/kernel/tracing/events/migrate/migrate_vma_setup ]]
}

cat > "$work/figures.py" << 'PY'
"""What cdmtop said of a program, and what that said itself."""
import json, sys
def told(name):
    return json.loads(open(name + ".told").readlines()[-1])
def lines(name):
    """Each with the time when it was there at the latest."""
    for line in open(name):
        at, _, row = line.partition(" ")
        try:
            yield int(at), json.loads(row)
        except ValueError:
            return
def last(name):
    """Rows of the last whole refresh."""
    rows, whole = [], []
    for _, row in lines(name):
        rows.append(row)
        if row["type"] == "end":
            whole, rows = rows, []
    return whole
def pages(row, key="cdm_bytes"):
    return None if row.get(key) is None else row[key] // 4096
PY
cat > "$work/stamp.py" << 'PY'
import sys, time
for line in sys.stdin:
    print(time.time_ns(), line, end="", flush=True)
PY
# settles NAME ARG...: standard input says what has to be true
settles() {
	local name=$1
	shift
	cat "$work/figures.py" - > "$work/settle.py"
	settled() { (cd "$work" && "$python" settle.py "$@") > "$work/settle.said" 2>&1; }
	until_true 120 settled "$@"
	settled "$@"
	result $? "$name" "$(< "$work/settle.said")"
}
told_lines() { (($(wc -l < "$work/$1.told") >= $2)); }
steps=0
# step NAME STEP...: and the program has said what came of it
step() {
	steps=$((steps + 1))
	echo "${*:2}" >&"$to_mirror"
	until_true 60 told_lines "$1" $((steps + 1))
}
show() { # VIEW COLUMNS
	"$cdmtop" -j --view "$1" -F "$2" "${top_options[@]}" 2> "$work/$1.err" |
		"$python" "$work/stamp.py" > "$work/$1.json" &
	until_true 120 grep -q '"type":"end"' "$work/$1.json"
}
end_shows() {
	pkill -INT -x cdmtop
	exec {to_mirror}>&-
	pkill -x mirror
	wait
	steps=0
}

exact() { # NAME KIND
	settles "$2: $1" "$2" << 'PY'
kind = sys.argv[1]
t = told(kind)
rows = {r["pid"]: r for r in last("proc.json") if r["type"] == "proc"}
row = rows[t["pid"]]
print(t, row)
assert pages(row) == t["device"] + t["other"], "not as many"
assert not row["error_bytes"] and row["age_ns"] is not None, "not exact"
assert [p for p, r in rows.items() if pages(r)] == [t["pid"]] * bool(pages(row)), "others"
def text(n):
    return f"{n / 256:.1f}M" if n > 255 else f"{4 * n}K"
split = sorted(part.split(":")[1] for part in row["dev"].split())
assert split == sorted(text(n) for n in (t["device"], t["other"]) if n), split
devices = sorted(pages(r, "used_bytes") for r in last("device.json") if r["type"] == "device")
print(devices, [(r["error_bytes"], r["age_ns"]) for r in last("device.json") if r["type"] == "device"])
assert [n for n in devices if n] == sorted(n for n in (t["device"], t["other"]) if n), "of devices"
assert not any(r["error_bytes"] for r in last("device.json") if r["type"] == "device")
job = [r for r in last("cgroup.json") if r.get("path") == "/job"][0]
print(job)
assert pages(job) == pages(row) and not job["error_bytes"], "of the cgroup"
PY
}

residency() { # KIND DEVICE OTHER
	local kind=$1
	mkfifo "$work/$kind.steps"
	: > "$work/$kind.told"
	: > "$work/$kind.log"
	in_cgroup job "$mirror" "/dev/hmm_dmirror$2" "/dev/hmm_dmirror$3" \
		< "$work/$kind.steps" >> "$work/$kind.told" 2>> "$work/$kind.log" &
	exec {to_mirror}> "$work/$kind.steps"
	step "$kind" in 0 500
	show proc pid,cdm,error,age,dev
	show device name,used,error,age
	show cgroup path,cdm,error
	exact "what was there before" "$kind"
	step "$kind" other 600 300
	exact "on two devices" "$kind"
	step "$kind" out 0 101
	exact "what went home" "$kind"
	step "$kind" free 200 53
	exact "what was freed, which no migration tells" "$kind"
	# Pages on their way to an LRU list are on none: that puts them there.
	echo 1 > /proc/sys/vm/compact_memory
	settles "$kind: memory.stat has as many anonymous pages that are on no LRU list" "$kind" "$stat" << 'PY'
counts = {k: int(v) // 4096 for k, v in (line.split() for line in open(sys.argv[2])) if k in
          ("anon", "shmem", "active_anon", "inactive_anon", "unevictable")}
print(told(sys.argv[1]), counts)
off = counts["anon"] + counts["shmem"] - counts["active_anon"] - counts["inactive_anon"] - counts["unevictable"]
t = told(sys.argv[1])
assert off == t["device"] + t["other"], off
PY
	step "$kind" fork
	settles "$kind: a child maps it as well: once on the device, within the bound of each" "$kind" << 'PY'
t = told(sys.argv[1])
truth = t["device"] + t["other"]
rows = [r for r in last("proc.json") if r["type"] == "proc" and pages(r)]
print(t, rows)
assert len(rows) == 2
for r in rows:
    assert r["error_bytes"] and abs(pages(r) - truth) <= pages(r, "error_bytes")
used = [pages(r, "used_bytes") for r in last("device.json") if r["type"] == "device"]
print(used)
assert sum(used) == truth
PY
	# Which waits for a step again, and says what it has before.
	echo exec >&"$to_mirror"
	steps=$((steps + 1))
	step "$kind" free 1999 1
	settles "$kind: who becomes another program has none, the child has it still" "$kind" << 'PY'
lines_told = [json.loads(line) for line in open(sys.argv[1] + ".told")]
pid = lines_told[-1]["pid"]
before = [t for t in lines_told if t.get("other")][-1]
rows = {r["pid"]: r for r in last("proc.json") if r["type"] == "proc"}
print(before, rows[pid], [r for r in rows.values() if pages(r)])
assert pages(rows[pid]) == 0 and not rows[pid]["error_bytes"]
assert [pages(r) for r in rows.values() if pages(r)] == [before["device"] + before["other"]]
PY
	end_shows
}

storm() { # KIND DEVICE
	local kind=$1-storm
	mkfifo "$work/$kind.steps"
	: > "$work/$kind.told"
	: > "$work/$kind.log"
	in_cgroup job "$mirror" "/dev/hmm_dmirror$2" < "$work/$kind.steps" >> "$work/$kind.told" 2> "$work/$kind.log" &
	exec {to_mirror}> "$work/$kind.steps"
	step "$kind" in 1200 200
	show proc pid,cdm,error,age
	show device name,used,error,age
	echo "storm 1152 1" >&"$to_mirror"
	storm_lasts() { (($(grep -c '"type":"end"' "$work/proc.json") > $1)); }
	until_true 120 storm_lasts $(($(grep -c '"type":"end"' "$work/proc.json") + 25))
	step "$kind" free 1999 1
	settles "$1: after the storm it is exact again" "$kind" << 'PY'
t = told(sys.argv[1])
row = [r for r in last("proc.json") if r.get("pid") == t["pid"]][0]
print(t, row)
assert pages(row) == t["device"] and not row["error_bytes"]
PY
	cat "$work/figures.py" - > "$work/storm.py" << 'PY'
log = [tuple(map(int, line.split())) for line in open(sys.argv[1] + ".log")]
pid = told(sys.argv[1])["pid"]
def truths(start, end):
    """What the program may have had in between: what it was before, and all that it became."""
    before = [count for _, over, count in log if over < start]
    return (before or [200])[-1:] + [count for began, over, count in log if over >= start and began <= end]
def check(name, key, of):
    seen = marked = 0
    wrong = []
    for arrived, r in lines(name):
        if not of(r) or r["time_ns"] < log[0][0] or arrived > log[-1][1] or pages(r, key) is None:
            continue
        n, error, t = pages(r, key), pages(r, "error_bytes"), truths(r["time_ns"], arrived)
        seen += 1
        marked += error > 0
        if not (min(t) - error <= n <= max(t) + error):
            wrong.append((n, error, t))
    print(name, "seen", seen, "marked", marked, "wrong", len(wrong), wrong[:5])
    assert not wrong and seen > 5, name
    return marked
assert check("proc.json", "cdm_bytes", lambda r: r.get("pid") == pid)
devices = {r["name"] for _, r in lines("device.json") if r["type"] == "device" and r["used_bytes"]}
assert len(devices) == 1, devices
check("device.json", "used_bytes", lambda r: r.get("name") in devices)
PY
	(cd "$work" && "$python" storm.py "$kind") > "$work/storm.said" 2>&1
	result $? "$1: in a storm of moves and frees each figure is within its bound" "$(< "$work/storm.said")"
	grep seen "$work/storm.said" | sed 's/^/# /'
	end_shows
}

# What one of them moves is no reason to doubt what another one has.
neighbour() { # KIND DEVICE
	local kind=$1-neighbour busy
	mkfifo "$work/$kind.steps" "$work/$kind.busy"
	: > "$work/$kind.told"
	: > "$work/$kind.log"
	in_cgroup job "$mirror" "/dev/hmm_dmirror$2" < "$work/$kind.steps" >> "$work/$kind.told" 2>&1 &
	exec {to_mirror}> "$work/$kind.steps"
	step "$kind" in 0 500
	in_cgroup other "$mirror" "/dev/hmm_dmirror$2" < "$work/$kind.busy" \
		> "$work/$kind.busy.told" 2>> "$work/$kind.log" &
	exec {busy}> "$work/$kind.busy"
	echo "in 0 1152" >&$busy
	until_true 60 test -s "$work/$kind.busy.told"
	show proc pid,cdm,error,age
	settles "$1: one that is still" "$kind" << 'PY'
t = told(sys.argv[1])
row = [r for r in last("proc.json") if r.get("pid") == t["pid"]][0]
assert pages(row) == 500 and not row["error_bytes"], row
PY
	echo "storm 1152" >&$busy
	storm_lasts() { (($(grep -c '"type":"end"' "$work/proc.json") > $1)); }
	until_true 60 test -s "$work/$kind.log"
	until_true 120 storm_lasts $(($(grep -c '"type":"end"' "$work/proc.json") + 25))
	cp "$work/proc.json" "$work/$kind.json"
	cat "$work/figures.py" - > "$work/neighbour.py" << 'PY'
kind = sys.argv[1]
pid, began = told(kind)["pid"], int(open(kind + ".log").readline().split()[0])
rows = [r for _, r in lines(kind + ".json") if r.get("pid") == pid and r["time_ns"] > began]
off = [(pages(r), pages(r, "error_bytes")) for r in rows if pages(r) != 500 or r["error_bytes"]]
print("seen", len(rows), "not exact", len(off), off[:5])
assert len(rows) > 20 and not off
PY
	(cd "$work" && "$python" neighbour.py "$kind") > "$work/neighbour.said" 2>&1
	result $? "$1: ... stays exact while another one's pages go to and fro" "$(< "$work/neighbour.said")"
	exec {busy}>&-
	end_shows
}

# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
result $? "test_hmm has devices"
residency coherent 2 3
neighbour coherent 2
storm coherent 2
if has_private; then
	residency private 0 1
	neighbour private 0
	storm private 0
else
	skip "private: all of it" "this kernel is built without CONFIG_DEVICE_PRIVATE"
fi
rm -rf "$work"
finish
