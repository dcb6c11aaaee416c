#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: cdmctl on real processes. The second source of truth
# is what the kernel says itself: RssDevHost, memory.stat and sysfs. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
cdmctl=${CDMCTL:-$cdmctl}

# Starts a program in the cgroup /job, with 8 MiB in [heap] and 12 MiB beside it, or with MEMORY, which
# computes a sum over all of it when asked to. Sets pid.
# holder [MEMORY]
holder() {
	local memory='bytearray(b"h" * (8 << 20)), bytearray(b"a" * (12 << 20))'

	mkfifo "$work/ask" "$work/tell" 2> /dev/null
	MALLOC_MMAP_THRESHOLD_=10485760 in_cgroup job "$python" -c '
import mmap, os, sys, zlib

def shared(size):
    m = mmap.mmap(-1, size)
    m.write(os.urandom(size))
    return m

heap, anon = eval(sys.argv[1])
want = zlib.crc32(anon, zlib.crc32(heap))
print(os.getpid(), flush=True)
for line in sys.stdin:
    print("same" if zlib.crc32(anon, zlib.crc32(heap)) == want else "DIFFERENT", flush=True)
' "${1:-$memory}" < "$work/ask" > "$work/tell" &
	exec 3> "$work/ask" 4< "$work/tell"
	read -r -u 4 pid
}
still_same() {
	local answer
	echo >&3
	read -r -u 4 answer
	[[ $answer == same ]]
}
end_holder() {
	exec 3>&- 4<&-
	wait
}

echo "# list"
like "list shows both devices" 'cdm0.*online.*cdm1.*online' "$("$cdmctl" list | tr '\n' ' ')"
is "list says whose memory they are" "$(basename -a "$(readlink -f /sys/class/cdm/cdm0/device)" "$(readlink -f /sys/class/cdm/cdm1/device)")" \
	"$("$cdmctl" list | awk 'NR > 1 { print $NF }')"
is "list -j: sizes are those of sysfs" "$(cat /sys/class/cdm/cdm{0,1}/size | xargs)" \
	"$("$cdmctl" list -j | json '*[v["size_bytes"] for v in d["devices"]]')"
is "list -j: physical start is that of iomem" \
	"$((0x$(sed -n 's/^ *\([0-9a-f]*\)-.* : cdm0$/\1/p' /proc/iomem)))" \
	"$("$cdmctl" list -j | json 'd["devices"][0]["physical_start"]')"
like "no such device: those that exist are named" 'cdm7: no such device; there are: cdm0 cdm1' \
	"$("$cdmctl" migrate -p $$ --to cdm7 2>&1)"

echo "# migrate"
mkdir "$cgroups/job"
echo +memory > "$cgroups/cgroup.subtree_control" 2> /dev/null
holder
"$cdmctl" migrate -p $pid --to cdm0 --vma heap -j > "$work/out"
is "migrate of the heap succeeds" 0 $?
moved=$(json 'd["moved_pages"]' < "$work/out")
((moved >= 2048))
result $? "at least the 8 MiB moved"
is "moved pages are RssDevHost" $((moved * 4096)) "$(on_device $pid)"
is "... and used of the device" $((moved * 4096)) "$(used cdm0)"
is "... and of smaps of the heap alone" "$moved" \
	"$(awk '/^[0-9a-f]+-/ { heap = /\[heap\]/ } /^RssDevHost:/ && heap { n += $2 / 4 }
		END { print n }' /proc/$pid/smaps)"
is "the sum of all counts is the request" True "$(json 'd["requested_pages"] == d["moved_pages"] +
	d["already_pages"] + d["unmapped_pages"] + d["stayed_pages"]' < "$work/out")"
still_same
result $? "the data is the same there"
like "a second time all is there already" "0 pages .0. moved, $moved there already, 0 stayed" \
	"$("$cdmctl" migrate -p $pid --to cdm0 --vma heap)"

echo "# status"
"$cdmctl" status -j -p $pid --vmas > "$work/out"
is "status: device memory of the process" "$(on_device $pid)" \
	"$(json 'd["processes"][0]["device_bytes"]' < "$work/out")"
is "status: by device" "$(used cdm0) 0" \
	"$(json '*d["processes"][0]["devices"].values()' < "$work/out")"
is "status: its VMAs sum up" "$(on_device $pid)" \
	"$(json 'sum(v["device_bytes"] for v in d["processes"][0]["vmas"])' < "$work/out")"
is "status: the VMA is the heap" "heap" \
	"$(json '*set(v["class"] for v in d["processes"][0]["vmas"])' < "$work/out")"
is "status: its cgroup" /job "$(json 'd["processes"][0]["cgroup"]' < "$work/out")"
"$cdmctl" status -j > "$work/out"
is "status: all processes with device memory" $pid \
	"$(json '*[p["pid"] for p in d["processes"]]' < "$work/out")"
is "status: cgroup's device memory is that of memory.stat" "$(charged job)" \
	"$(json '[c["device_bytes"] for c in d["cgroups"] if c["path"] == "/job"][0]' < "$work/out")"
is "status: a cgroup's id is its inode" "$(stat -c %i $cgroups/job)" \
	"$(json '[c["id"] for c in d["cgroups"] if c["path"] == "/job"][0]' < "$work/out")"
like "status as text" "$pid root +python3 .*/job" "$("$cdmctl" status | tr '\n' ' ')"

echo "# from one device to another"
"$cdmctl" migrate -p $pid --to cdm1 -j > "$work/out"
is "heap, stack and the rest to the other device" 0 $?
is "nothing is left on the first" 0 "$(used cdm0)"
is "all of the process is on the second" "$(on_device $pid)" "$(used cdm1)"
is "the counts say so" "$(on_device $pid)" \
	"$(json '(d["moved_pages"] + d["already_pages"]) * 4096' < "$work/out")"
still_same
result $? "the data is the same there"
start=$(awk '/\[heap\]/ { split($1, a, "-"); print a[1] }' /proc/$pid/maps)
"$cdmctl" migrate -p $pid --to cdm0 --range "$start+1M" -j > "$work/out"
is "a range of 1 MiB" 256 "$(json 'd["requested_pages"]' < "$work/out")"
is "what moved of it is on the device" "$(($(json 'd["moved_pages"]' < "$work/out") * 4096))" \
	"$(used cdm0)"
is "status walks pagemap: by device" "$(used cdm0) $(used cdm1)" \
	"$("$cdmctl" status -j -p $pid | json '*d["processes"][0]["devices"].values()')"

"$cdmctl" migrate -p $pid --to cdm1 -v > "$work/out"
like "-v: an area without a name" '[0-9a-f]+-[0-9a-f]+ anon: [0-9]+ pages moved' "$(< "$work/out")"
is "or with one" "" "$(grep ' :' "$work/out")"

echo "# home"
before=$(on_device $pid)
is "evict -p brings all home, from both devices" $((before / 4096)) \
	"$("$cdmctl" evict -p $pid -j | json 'd["moved_pages"]')"
is "RssDevHost" 0 "$(on_device $pid)"
is "sysfs" "0 0" "$(used cdm0) $(used cdm1)"
is "memory.stat" 0 "$(charged job)"
still_same
result $? "the data is the same"
"$cdmctl" migrate -p $pid --to cdm0 --vma heap > /dev/null
"$cdmctl" migrate -p $pid --to cdm1 --vma stack > /dev/null
before=$(on_device $pid)
"$cdmtrace" -j -e migrate -p $pid --ready-file "$work/ready" -o "$work/home" &
until_true 60 test -e "$work/ready"
"$cdmctl" migrate -p $pid --home -j > "$work/out"
"$cdmctl" migrate -p $pid --home
kill -INT $!
wait $!
is "migrate --home of all" $((before / 4096)) "$(json 'd["moved_pages"]' < "$work/out")"
check "... looks only where there is something" /proc/$pid/maps << 'PY'
import sys
from truth import rows
areas = [tuple(int(at, 16) for at in line.split()[0].split("-")) for line in open(sys.argv[1])
         if "[heap]" in line or "[stack]" in line]
looked = {area for r in rows("home") for area in areas if area[0] <= r["start"] < area[1]}
others = [r for r in rows("home") if not any(a <= r["start"] < b for a, b in areas)]
if len(looked) != 2 or others:
    print(looked, others)
PY
is "... and what it says of the rest sums up" True "$(json 'd["requested_pages"] == d["moved_pages"] +
	d["already_pages"] + d["unmapped_pages"] + d["stayed_pages"] and d["already_pages"] > 0' < "$work/out")"
"$cdmctl" migrate -p $pid --to cdm0 > /dev/null
before=$(used cdm0)
is "evict --device" $((before / 4096)) \
	"$("$cdmctl" evict --device cdm0 -j | json 'd["moved_pages"]')"
is "the device is empty" 0 "$(used cdm0)"

echo "# failures"
"$cdmctl" inject cdm0 fail-alloc=7 -- "$cdmctl" migrate -p $pid --to cdm0 -j > "$work/out"
is "pages that stay are a failure" 1 $?
is "their number and reason" 7 "$(json 'd["stayed_by_reason_pages"]["alloc"]' < "$work/out")"
"$cdmctl" inject cdm0 fail-alloc=7 -- "$cdmctl" migrate -p $pid --to cdm1 --partial-ok > /dev/null
is "--partial-ok, and another device than the one at fault" 0 $?
"$cdmctl" evict -p $pid > /dev/null
"$cdmctl" inject cdm0 fail-alloc=7 -- "$cdmctl" migrate -p $pid --to cdm0 --partial-ok > /dev/null
is "--partial-ok makes it a success" 0 $?

# What no device takes, each with what is to be done about it
echo 1 > /proc/sys/vm/nr_hugepages
coproc kinds { "$python" -c '
import ctypes, mmap, os, sys
fd = ctypes.CDLL(None).syscall(447, 0)		# memfd_secret()
os.ftruncate(fd, 64 << 10)
kinds = [mmap.mmap(fd, 64 << 10),
         mmap.mmap(-1, 2 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)]
for kind in kinds:
    kind[0] = 1
    print(hex(ctypes.addressof(ctypes.c_char.from_buffer(kind)))[2:], end=" ")
print(os.getpid(), flush=True)
sys.stdin.read()'; }
read -r -u "${kinds[0]}" secret huge kinds_of
like "memfd_secret() has a reason of its own" 'secretmem: 16: .*choose other ranges' \
	"$("$cdmctl" migrate -p $kinds_of --to cdm0 --range $secret+64K)"
like "and so has hugetlb" 'hugetlb: 512: .*transparent' \
	"$("$cdmctl" migrate -p $kinds_of --to cdm0 --range $huge+2M)"
is "in JSON as well" 512 "$("$cdmctl" migrate -p $kinds_of --to cdm0 --range $huge+2M -j |
	json 'd["stayed_by_reason_pages"]["hugetlb"]')"
kill $kinds_of
wait $kinds_of
echo 0 > /proc/sys/vm/nr_hugepages
like "a hung device" 'cdm0: hangs' \
	"$("$cdmctl" inject cdm0 hang=20000 -- "$cdmctl" migrate -p $pid --to cdm0 2>&1)"
is "the hang ends with the command that injected it" online "$(cat /sys/class/cdm/cdm0/state)"
"$cdmctl" inject cdm0 hang=20000 --for 30s &
hang=$!
until_true 5 grep -q hung /sys/class/cdm/cdm0/state
result $? "a hang that is held"
"$cdmctl" evict -p $pid > /dev/null
is "the way home is open" 0 $?
"$cdmctl" inject cdm0 reset
is "reset ends it" online "$(cat /sys/class/cdm/cdm0/state)"
kill $hang
wait $hang
is "a signal withdraws it, orderly" 0 $?
"$cdmctl" inject cdm0 delay=50 -- sh -c 'exit 3'
is "inject has its command's exit status" 3 $?
"$cdmctl" inject cdm0 delay=50 -- sh -c 'kill -KILL $$' 2> /dev/null
is "... or its signal" 137 $?

# What is lost: by sysfs, and by who touches it
quarantined() { echo $(($(cat "/sys/class/cdm/$1/size") - $(cat "/sys/class/cdm/$1/used") - $(cat "/sys/class/cdm/$1/free"))); }
"$python" -c '
import ctypes, mmap, signal
memory = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory[:] = b"m" * (4 << 20)
signal.signal(signal.SIGUSR1, lambda *_: print(sum(memory), flush=True))
print("%x" % ctypes.addressof(ctypes.c_char.from_buffer(memory)), flush=True)
while True:
    signal.pause()' > "$work/sum" &
victim=$!
until_true 20 grep -q . "$work/sum"
# Not what the kernel writes to when it runs again, rseq(2): that would be SIGSEGV.
"$cdmctl" migrate -p $victim --to cdm1 --range "$(cat "$work/sum")+4M" > /dev/null
held=$(used cdm1)
size=$(cat /sys/class/cdm/cdm1/size)
is "what is lost is told in pages that were in use" "cdm1: lost $((held / 4096)) pages that were in use" \
	"$("$cdmctl" inject cdm1 lose=$size)"
result $((held != 4 << 20)) "... of it, and of nobody else"
is "all of it is quarantined" "$size" "$(quarantined cdm1)"
is "list shows it" "$size" "$("$cdmctl" list -j | json 'd["devices"][1]["quarantined_bytes"]')"
kill -USR1 $victim
wait $victim
is "who touches it gets SIGBUS" "135 1" "$? $(wc -l < "$work/sum")"
"$cdmctl" inject cdm1 reset
is "reset gives it back" 0 "$(quarantined cdm1)"
"$cdmctl" inject cdm1 lose=8K@64K > /dev/null
is "a part of it" 8192 "$(quarantined cdm1)"
like "not of the device: what and why" 'cdm1: .*not pages of it.*multiples' \
	"$("$cdmctl" inject cdm1 lose=4K@$size 2>&1)"
"$cdmctl" inject cdm1 reset

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
like "another user's process: EPERM" 'not permitted.*ptrace' \
	"$(as_nobody "$cdmctl" migrate -p $pid --to cdm0 2>&1)"
like "eviction of a device: EPERM" 'not permitted.*CAP_SYS_ADMIN' \
	"$(as_nobody "$cdmctl" evict --device cdm0 2>&1)"
like "injection: EPERM" 'not permitted.*CAP_SYS_ADMIN' \
	"$(as_nobody "$cdmctl" inject cdm0 reset 2>&1)"
is "status for everybody: the split by device is unknown with several devices" True \
	"$(as_nobody "$cdmctl" status -j | json 'all(p["devices"] is None or sum(p["devices"].values()) == 0
		for p in d["processes"])')"
end_holder
like "a process that has ended: ESRCH" 'no such process' \
	"$("$cdmctl" migrate -p $pid --to cdm0 2>&1)"
like "a kernel thread" '2: has no memory' "$("$cdmctl" migrate -p 2 --to cdm0 2>&1)"

echo "# shared memory"
holder 'shared(4 << 20), b""'
like "it moves when it is asked for" '1024 pages .* moved' \
	"$("$cdmctl" migrate -p $pid --to cdm0 --vma shmem)"
is "... is RssDevHost" $((4 << 20)) "$(on_device $pid)"
is "... and in RssShmem as before" 4096 "$(awk '/^RssShmem/ { print $2 }' /proc/$pid/status)"
still_same
result $? "... with its content"
"$cdmctl" migrate -p $pid --home > /dev/null
is "it comes home" 0 "$(used cdm0)"
still_same
result $? "... with its content, too"
end_holder

echo "# engine"
holder
"$cdmctl" migrate -p $pid --to cdm0 --vma heap > /dev/null
address=$(awk '/\[heap\]/ { split($1, a, "-"); print a[1] }' /proc/$pid/maps)
"$cdmctl" engine cdm0 -p $pid read "$address" 4K | cmp - <(dd if=/proc/$pid/mem bs=4096 count=1 \
	skip=$((0x$address / 4096)) status=none)
result $? "engine read is what /proc/PID/mem has"
end_holder

echo "# run"
prog='
import os, sys, time
data = bytearray(b"x" * (8 << 20))
if os.fork() == 0:
    more = bytearray(b"y" * (4 << 20))
    time.sleep(600)
late = None
for i in range(600):
    if os.path.exists(sys.argv[1] + "/grow") and not late:
        late = bytearray(b"z" * (16 << 20))
    if os.path.exists(sys.argv[1] + "/stop"):
        sys.exit(len(data) + len(late) - (24 << 20) + 42)
    time.sleep(0.1)
'
"$cdmctl" run --place heap=cdm0,anon=cdm1 --interval 50ms --cgroup /run/a -v -- \
	"$python" -c "$prog" "$work" 2> "$work/err"
is "--cgroup makes one level only" 1 $?
"$cdmctl" run --place heap=cdm0,anon=cdm1 --interval 50ms --cgroup /placed -v -- \
	"$python" -c "$prog" "$work" 2> "$work/err" &
run=$!
family_on_device() { # BYTES: are at least so many there
	(($(charged placed 2> /dev/null || echo 0) >= $1))
}
until_true 20 family_on_device $((12 << 20))
result $? "run: memory of the program and its child is placed"
by_class() { (($(used cdm1) >= 4 << 20)) && (($(used cdm0) >= 4 << 20)); }
until_true 20 by_class || echo "# cdm0 $(used cdm0), cdm1 $(used cdm1)"
by_class
result $? "run: by class, on the devices named"
touch "$work/grow"
until_true 20 family_on_device $((28 << 20))
result $? "run: what is allocated later is placed, too"
"$cdmctl" evict --device cdm1 > /dev/null
until_true 20 family_on_device $((28 << 20))
result $? "run: what was brought home is placed again"
ticks() { awk '{ print $14 + $15 }' /proc/$run/stat; }
at_rest() {
	local n=-$(ticks)
	sleep 2
	n=$(($(ticks) + n))
	((n <= 60)) || echo "# $n ticks in 2 s"
	((n <= 60))
}
at_rest
result $? "run: at rest the supervisor costs little"
touch "$work/stop"
sleep 1
kill -0 $run
result $? "run: waits for the child that the program left"
pkill -P $run
wait $run
is "run: has the program's exit status" 42 $?
like "run -v says what it did" 'pages .* placed in [0-9]+ passes over [0-9]+ processes' "$(cat "$work/err")"
is "run: nothing is left on the devices" "0 0" "$(used cdm0) $(used cdm1)"

mkfifo "$work/orders"
"$cdmctl" run --place anon=cdm0 --interval 2s -- "$top/build/vm-tests/worker" < "$work/orders" > "$work/said" &
exec 5> "$work/orders"
printf 'map 0 0 1000\npin 0 0 16\n' >&5
on_cdm0() { (($(used cdm0) >= $1)); }
until_true 20 on_cdm0 $(((1000 - 16) * 4096))
result $? "run: what is not pinned is placed"
sleep 3
before=$(used cdm0)
echo unpin >&5
until_true 30 on_cdm0 $((before + 16 * 4096))
is "run: ... and what was, when it is not any more" "$((before + 16 * 4096)) ok ok ok" \
	"$(used cdm0) $(cut -d' ' -f1 "$work/said" | xargs)"
exec 5>&-
wait

# A supervised worker, which does what it is told
run_worker() { # OPTION...
	"$cdmctl" run --place anon=cdm0 "$@" -- "$top/build/vm-tests/worker" < "$work/orders" > "$work/tell" &
	run=$!
	exec 5> "$work/orders" 4< "$work/tell"
}
tell() { local answer; echo "$*" >&5; read -r -u 4 answer; }
end_run() {
	exec 5>&- 4<&-
	wait $run
}

# A pass must not take for its own leavings what came while it ran. Most of its time is
# for the first mapping, which is the higher one and comes last in /proc/PID/smaps.
run_worker --interval 1ms
tell map 14000
tell map 500
all_placed() { # what has no name, "anon"
	awk '/^[0-9a-f]+-/ { anon = NF == 5 }
		anon && $1 == "Rss:" { n += $2 }
		anon && $1 == "RssDevHost:" { n -= $2 }
		END { exit n != 0 }' "/proc/$(pgrep -P $run)/smaps"
}
until_true 60 all_placed
placed=0
for _ in {1..12}; do
	tell drop 0 500
	# One by one, so that the last ones come during a pass for those before.
	for page in {0..490..10}; do tell write $page 10; done
	until_true 20 all_placed && ((placed += 1))
done
is "run: what is allocated during a pass is placed, too" 12 $placed
end_run

run_worker --interval 50ms
tell map 10000
tell map 10000
until_true 60 at_rest
result $? "run: what does not fit on a device comes and goes for a while only"
end_run

echo keep > /sys/class/cdm/cdm0/when_full
room=$(($(cat /sys/class/cdm/cdm0/size) / 4096))
start_worker other job/other
ask other map $((room - 1000)) > /dev/null
ask other in 0 0 $((room - 1000)) > /dev/null
run_worker --interval 50ms
wholly_placed() { (($(on_device "$(pgrep -P $run)") >= 3000 * 4096)); }
tell map 3000
until_true 60 on_cdm0 $((room * 4096))
result $? "run: a device is filled"
sleep 1
ask other drop 0 $((room - 1000)) > /dev/null
until_true 60 wholly_placed
result $? "run: when there is room on it again, the rest is placed"
end_run
end_worker other
echo evict > /sys/class/cdm/cdm0/when_full

"$cdmctl" run --place heap=cdm0 -- bash -c 'trap "exit 7" TERM; touch "$1"; while :; do sleep 0.05; done' bash "$work/traps" &
run=$!
until_true 60 test -e "$work/traps"
kill $run
wait $run
is "run passes signals on" 7 $?
"$cdmctl" run --place heap=cdm0 -- bash -c 'kill -SEGV $$' 2> /dev/null
is "run dies of the signal that the program died of" 139 $?
"$cdmctl" run --place heap=cdm0 -- /no/such/program 2> "$work/err"
is "run: no such program" 127 $?
"$cdmctl" run --place heap=cdm0 -- /etc/passwd 2> "$work/err"
is "run: not a program" 126 $?
"$cdmctl" inject cdm0 hang=20000 -- "$cdmctl" run --place heap=cdm0 -- \
	"$python" -c 'print("fine")' > "$work/out" 2> "$work/err"
is "run: on a hung device the program goes on" fine "$(cat "$work/out")"

echo "# version 1 of cgroups, kernel without devices"
modprobe -r cdm
like "the module is not loaded" 'modprobe cdm' "$("$cdmctl" list 2>&1)"
is "list -j is valid without devices" '0' "$("$cdmctl" list -j 2> /dev/null | json 'len(d["devices"])')"
is "status goes on without devices" 0 "$("$cdmctl" status -j | json 'len(d["processes"])')"

rm -rf "$work"
finish
