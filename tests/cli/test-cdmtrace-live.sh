#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cdmtrace live on page faults, which any kernel has. TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
trace=$project/tools/cdmtrace/cdmtrace
if ! $trace --features 2>&1 | grep -qE 'events +pagefault +yes'; then
	echo "1..0 # SKIP $($trace --features 2>&1 | grep -E 'events +pagefault')"
	exit 4
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"

cd "$work" || exit
chmod 755 .
# Touches a prime number of fresh pages, and says where they are.
cat > touch.py << 'PY'
import ctypes, mmap, os, sys
pages = int(sys.argv[1])
m = mmap.mmap(-1, pages * 4096)
m.madvise(mmap.MADV_NOHUGEPAGE)
for i in range(pages):
    m[i * 4096] = 1
at = ctypes.addressof(ctypes.c_char.from_buffer(m))
print(os.getpid(), at, at + pages * 4096, file=open(sys.argv[2], "w"))
PY
touch="$python touch.py"

refused() {	# NAME MESSAGE OPTION...
	local said
	said=$($trace -e pagefault --duration 30 "${@:3}" 2>&1); is "$1" "1 cdmtrace: $2" "$? $said"
}
refused "a process that is not there" "pid 2147483: no such process" -p 2147483
refused "a device that is not there" "cdm99: no such device in this machine; there $(
	ls /sys/class/cdm 2> /dev/null | grep -q . && echo "are: $(ls /sys/class/cdm | xargs)" || echo "is none")" -D cdm99

$trace -e pagefault -o own.ndjson -j -- $touch 1409 own 2> err; is "a command" 0 $?
check "all its faults are there, and no one else's" << 'PY'
import json
pid, start, end = map(int, open("own").read().split())
rows = [r for r in map(json.loads, open("own.ndjson")) if r["type"] == "pagefault"]
assert {r["pid"] for r in rows} == {pid}, {r["pid"] for r in rows}
assert sum(start <= int(str(r["addr"]), 0) < end for r in rows) == 1409
PY
check "what it says at the end adds up" << 'PY'
import re
text = open("err").read()
n = dict((k, int(v)) for v, k in re.findall(r"(\d+) (\w+)", text))
assert n["seen"] == n["filtered"] + n["emitted"] + n["lost"], text
assert n["lost"] == 0 and n["events"] == n["emitted"] > 1409 and n["filtered"] > 0, text
PY

$trace -e pagefault -o child.ndjson -j -- bash -c "$touch 997 one; bash -c '$touch 499 two; true'; true" 2> err
is "a command with children" 0 $?
check "faults of children and theirs are there" << 'PY'
import json
rows = [r for r in map(json.loads, open("child.ndjson")) if r["type"] == "pagefault"]
for name, pages in ("one", 997), ("two", 499):
    pid, start, end = map(int, open(name).read().split())
    got = [r for r in rows if r["pid"] == pid and start <= int(str(r["addr"]), 0) < end]
    assert len(got) == pages, (name, len(got))
assert len({r["pid"] for r in rows}) == 4, {(r["pid"], r["comm"]) for r in rows}
PY
$trace -e pagefault -- bash -c 'exit 42' > /dev/null 2>&1; is "its exit status" 42 $?
$trace -e pagefault -- bash -c 'kill -9 $$' > /dev/null 2>&1; is "... of a signal" 137 $?
$trace -e pagefault -- /nonexistent > /dev/null 2> err; is "a command that is not there" 127 $?

$trace -e pagefault -n 17 -o n.txt -- $touch 1409 n 2> err; is "-n" 0 $?
is "... so many lines and the heading" 18 "$(wc -l < n.txt)"
start=$SECONDS; $trace -e pagefault --duration 300ms > /dev/null 2> err; is "--duration" 0 $?
is "... ends soon" 1 $((SECONDS - start < 5))

$trace -e pagefault --ready-file ready --comm touch-me -j -o comm.ndjson 2> err & tracer=$!
for ((i = 0; i < 100; i++)); do [[ -e ready ]] && break; sleep 0.1; done
is "--ready-file" 1 $((i < 100))
cp /usr/bin/python3 touch-me && PYTHONHOME=/usr ./touch-me touch.py 101 me; $touch 103 other
kill -INT $tracer; wait $tracer; is "Ctrl-C ends it well" 0 $?
check "--comm" << 'PY'
import json
rows = [r for r in map(json.loads, open("comm.ndjson")) if r["type"] == "pagefault"]
assert {r["comm"] for r in rows} == {"touch-me"}, {r["comm"] for r in rows}
pid, start, end = map(int, open("me").read().split())
assert sum(start <= int(str(r["addr"]), 0) < end for r in rows) == 101
PY

$trace -e pagefault --rings 2 -w two.cdm -- $touch 1409 own > /dev/null 2>&1; is "two rings" 0 $?
$trace -r two.cdm -j -o own.ndjson 2> err
check "... and a recording have them all" << 'PY'
import json
pid, start, end = map(int, open("own").read().split())
rows = [r for r in map(json.loads, open("own.ndjson")) if r["type"] == "pagefault"]
assert sum(start <= int(str(r["addr"]), 0) < end for r in rows) == 1409
PY
# A ring of a page cannot hold what comes within a poll.
$trace -e pagefault --ring 4K --strict -o /dev/null -- $touch 20011 own 2> err; is "--strict, and a loss" 1 $?
check "... is said, and adds up" << 'PY'
import re
text = open("err").read()
n = dict((k, int(v)) for v, k in re.findall(r"(\d+) (seen|filtered|emitted|lost|events)", text))
assert n["lost"] > 0 and n["seen"] == n["filtered"] + n["emitted"] + n["lost"], text
assert n["events"] == n["emitted"], text
PY

rm ready
$trace -e pagefault --ready-file ready --comm touch-me -w killed.cdm > /dev/null 2>&1 & tracer=$!
for ((i = 0; i < 100; i++)); do [[ -e ready ]] && break; sleep 0.1; done
PYTHONHOME=/usr ./touch-me touch.py 101 me
read -r _ start end < me
recorded() {
	$trace -r "$1" -j 2> /dev/null | "$python" -c 'import json, sys
start, end = map(int, sys.argv[1:])
rows = [r for r in map(json.loads, sys.stdin) if r["type"] == "pagefault"]
print(sum(start <= int(str(r["addr"]), 0) < end for r in rows))' "$start" "$end"
}
for ((i = 0; i < 100; i++)); do [[ $(recorded killed.cdm.part) == 101 ]] && break; sleep 0.1; done
kill -KILL $tracer; wait $tracer 2> /dev/null
is "a recorder that is killed leaves what it has seen" 101 "$(recorded killed.cdm.part)"
like "... and who asks for the file hears of it" "No such file.* there is killed.cdm.part" \
	"$($trace -r killed.cdm 2>&1)"

mkdir theirs && chown nobody theirs 2> /dev/null && chmod 755 theirs
$trace -e pagefault --duration 50ms -w theirs/a.cdm --chrome theirs/a.json > /dev/null 2> err
is "root records into a folder of someone else" "0 a.cdm a.json" "$? $(ls theirs | xargs)"
if unshare -pf --mount-proc true 2> /dev/null; then
	unshare -pf --mount-proc $trace -e pagefault -j -o ns.ndjson -- $touch 97 ns 2> err
	check "in a pid namespace ids are those of the namespace" << 'PY'
import json
pid, start, end = map(int, open("ns").read().split())
rows = [r for r in map(json.loads, open("ns.ndjson")) if r["type"] == "pagefault"]
assert pid < 10 and {(r["pid"], r["actor_tid"]) for r in rows} == {(pid, pid)}, {r["pid"] for r in rows}
assert sum(start <= int(str(r["addr"]), 0) < end for r in rows) == 97
PY
	said=$(unshare -pf bash -c '"$@" 2>&1 > ns.ndjson' bash \
		"$project/tools/cdmtop/cdmtop" -j -F pid,comm,rss,cdm 0.1 1)
	like "with the /proc of another one: it is said" "another pid namespace; mount -t proc proc /proc" "$said"
	check "... processes are those of the namespace" << 'PY'
import json
rows = [r for r in map(json.loads, open("ns.ndjson")) if r["type"] == "proc"]
assert {1: "bash"} == {r["pid"]: r["comm"] for r in rows if r["pid"] == 1}, rows
assert max(r["pid"] for r in rows) < 10 and all(r["rss_bytes"] for r in rows), rows
PY
else
	skip "in a pid namespace" "no pid namespace can be made here"
fi

# What the kernel tells of its types is hidden.
mkdir empty
hidden() { unshare -m sh -c 'mount --bind empty /sys/kernel/btf && exec "$@"' sh "$@"; }
if hidden true 2> /dev/null; then
	said=$(hidden $trace -e pagefault --duration 10ms 2>&1); status=$?
	is "no types of the kernel: failure" 1 $status
	like "... and it is said what is missing" "no events: .*CONFIG_DEBUG_INFO_BTF" "$said"
	hidden "$project/tools/cdmtop/cdmtop" -j -F pid,rss,in,out,fail,faults 0.1 1 > hidden.ndjson 2> err
	is "cdmtop goes on" 0 $?
	like "... and says so" "no events: .*CONFIG_DEBUG_INFO_BTF" "$(< err)"
	check "... what is not known is not 0" << 'PY'
import json
rows = [r for r in map(json.loads, open("hidden.ndjson")) if r["type"] == "proc"]
assert rows and all(r["rss_bytes"] for r in rows)
assert {r[k] for r in rows for k in r if k.endswith("_per_second")} == {None}, rows
PY
else
	skip "no types of the kernel" "no mount namespace can be made here"
fi
$trace -e migrate --duration 10ms > /dev/null 2> err; status=$?
if [[ -e /sys/class/cdm ]]; then
	skip "without devices" "there is /sys/class/cdm"
else
	is "a kernel without the series" 1 $status
	$trace -e fault 2> err
	like "one tracepoint that is missing" 'no tracepoint cdm_fault: it is built without' "$(< err)"
	$trace -e evict 2> err
	like "two" 'no tracepoint cdm_evict_start, nor 1 other of its kind: ' "$(< err)"
	$trace -e migrate 2> err
	like "more" 'no tracepoint migrate_vma_start, nor [0-9]+ others of its kind: ' "$(< err)"
fi

finish
