#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: cdmtop and cdmtrace while a device goes away and comes
# back, in a pid namespace of their own, and with fewer privileges. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
chmod 777 "$work"
source "$(dirname "$0")/guest-lib.sh"

echo "# a device goes away and comes back"
start_worker one job
ask one map 1000 > /dev/null
ask one in 0 0 211 > /dev/null
ask one in 1 300 499 > /dev/null
"$cdmtop" -j --view device -F name,state,used,in 0.2 > "$work/devices" 2> "$work/devices.err" &
devices=$!
"$cdmtop" -j -F pid,cdm,dev 0.2 > "$work/procs" 2> "$work/procs.err" &
procs=$!
"$cdmtrace" -j -e device,evict,migrate -o "$work/trace" --ready-file "$work/ready" 2> "$work/trace.err" &
trace=$!
refreshes_of() { grep -c '"type":"end"' "$1"; }
has_refreshes() { (($(refreshes_of "$1") >= $2)); }
next_refresh() {
	local file
	for file in devices procs; do
		until_true 30 has_refreshes "$work/$file" $(($(refreshes_of "$work/$file") + 2))
	done
}
# latest: names of the devices in the latest refresh
latest() {
	check "$1" "${@:2}" << 'PY'
import sys
from truth import refreshes, same
wanted = dict(part.split("=") for part in sys.argv[1:])
same("devices", wanted, {r["name"]: str(r["used_bytes"] // 4096) for r in refreshes("devices")[-1][:-1] if r["state"] != "removed"})
PY
}
until_true 60 test -e "$work/ready"
next_refresh
latest "before: both are shown, with their pages" cdm0=211 cdm1=499
pci=$(basename "$(readlink -f /sys/class/cdm/cdm1/device)")
echo "$pci" > /sys/bus/pci/drivers/cdm/unbind
next_refresh
latest "unbound: only the other one is shown" cdm0=211
is "its pages went home" $((211 * 4096)) "$(on_device "${worker[one]}")"
echo "$pci" > /sys/bus/pci/drivers/cdm/bind
until_true 20 test -e /dev/cdm1
is "the worker uses it again" 101 "$(ask one in 1 300 101)"
next_refresh
latest "bound again: both are shown" cdm0=211 cdm1=101
# It is in use for as long as a tool asks it for figures.
until_true 20 modprobe -qr cdm
is "the module can be removed while all watch" 0 $?
next_refresh
latest "without the module there is no device"
is "nothing is left on a device" 0 "$(on_device "${worker[one]}")"
modprobe cdm
until_true 20 test -e /dev/cdm0
is "the worker uses it again" 53 "$(ask one in 0 0 53)"
next_refresh
latest "loaded again" cdm0=53 cdm1=0
kill -INT $devices $procs $trace
for pid in $devices $procs $trace; do
	wait "$pid"
	is "it was there all the time, and ends well" 0 $?
done
is "cdmtop had nothing to complain about" "" "$(cat "$work"/{devices,procs}.err)"
check "cdmtop: rates of a device that came back start from nothing" << 'PY'
from truth import same, totals
same("in", {"cdm0": 53, "cdm1": 101}, totals("devices", "name", "in_pages_per_second"))
PY
check "cdmtrace: devices that come and go, in order" << 'PY'
from truth import rows, same
states = [(r["name"], r["state"]) for r in rows("trace", "device")]
for name, gone in ("cdm0", 1), ("cdm1", 2):
    mine = [s for n, s in states if n == name]
    same(name + " gone", gone, mine.count("removed"))
    same(name + " back", gone, len([s for a, s in zip(mine, mine[1:]) if a == "removed" and s == "online"]))
PY
check "cdmtrace: evictions, because a device is removed" << 'PY'
from truth import rows, same
same("pages", [("cdm1", 499), ("cdm0", 211), ("cdm1", 101)][:1],
     [(r["device"], r["evicted_pages"]) for r in rows("trace", "evict") if r["cause"] == "remove"][:1])
same("all pages", 499 + 211 + 101, sum(r["evicted_pages"] for r in rows("trace", "evict") if r["cause"] == "remove"))
PY

echo "# pid namespace"
ask one out 0 0 53 > /dev/null
ask one in 0 0 307 > /dev/null
# In the namespace the worker is told by way of a pipe that is there already.
cat > "$work/inside" << 'SH'
cd "$1"
mkfifo ask answer
"$2/build/vm-tests/worker" < ask > answer &
worker=$!
exec 3> ask 4< answer
for request in "map 499" "in 0 0 499"; do
	echo "$request" >&3
	read -r -u 4 _
done
echo $worker > pid
"$2/tools/cdmtop/cdmtop" -j -F pid,comm,cdm,in 0.2 1 > inside.top 2> inside.top.err
for pid in /proc/[0-9]*; do grep -q ^VmRSS $pid/status && echo "${pid#/proc/}"; done > inside.pids
"$2/tools/cdmtrace/cdmtrace" -j -p $worker -o inside.trace --ready-file inside.ready 2> inside.trace.err &
tracer=$!
for i in $(seq 300); do [ -e inside.ready ] && break; sleep 0.1; done
echo "out 0 0 401" >&3
read -r -u 4 _
sleep 0.5
kill -INT $tracer
wait $tracer
printf 'map 997\nin 0 0 97\n' > script
"$2/tools/cdmtrace/cdmtrace" -j -o inside.command -- "$2/build/vm-tests/worker" < script > /dev/null 2>&1
kill $worker
SH
unshare -pf --mount-proc bash "$work/inside" "$work" "$top"
check "cdmtop: pids are those of the namespace, and of no process outside" << 'PY'
from truth import rows, same
shown = {r["pid"]: r for r in rows("inside.top", "proc")}
there = {int(pid) for pid in open("inside.pids")}
worker = int(open("pid").read())
same("the worker", ("worker", 499 * 4096), (shown.get(worker, {}).get("comm"), shown.get(worker, {}).get("cdm_bytes")))
same("others with device memory", [], [r for p, r in shown.items() if r["cdm_bytes"] and p != worker])
same("processes that are not there", set(), {p for p in shown if p not in there and shown[p]["comm"] != "cdmtop"})
same("processes that are not shown", set(), {p for p in there if p not in shown and p != 1} - {max(there)})
PY
check "cdmtrace -p: a pid of the namespace, and its migrations" << 'PY'
from truth import rows, same
got = rows("inside.trace", "migrate")
same("pages", 401, sum(r["migrated_pages"] for r in got))
same("pid", {int(open("pid").read())}, {r["pid"] for r in got})
PY
check "cdmtrace -- COMMAND in a namespace" << 'PY'
from truth import rows, same
same("pages", 97, sum(r["migrated_pages"] for r in rows("inside.command", "migrate")))
PY

echo "# privileges"
ask one in 1 400 53 > /dev/null
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
with_bpf() { as_nobody --inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon "$@"; }
"$cdmtop" -j -F pid,user,cdm,in 0.2 1 > "$work/root.top"
with_bpf "$cdmtop" -j -F pid,user,cdm,in,dev 0.2 1 > "$work/bpf.top" 2> "$work/bpf.err"
is "with CAP_BPF and CAP_PERFMON: success" 0 $?
as_nobody "$cdmtop" -j -F pid,user,cdm,in,dev 0.2 1 > "$work/none.top" 2> "$work/none.err"
is "without any: success" 0 $?
check "both show the same memory as root sees" "${worker[one]}" << 'PY'
import sys
from truth import rows, same
def held(name):
    return {r["pid"]: (r["user"], r["cdm_bytes"]) for r in rows(name, "proc") if r["cdm_bytes"]}
same("with BPF", held("root.top"), held("bpf.top"))
same("with nothing", held("root.top"), held("none.top"))
same("what root sees", {int(sys.argv[1]): ("root", (307 + 53) * 4096)}, held("root.top"))
PY
check "rates: known with BPF, not known without; by device: never" << 'PY'
from truth import rows, same
for name, known in ("root", True), ("bpf", True), ("none", False):
    same(name, {known}, {r["in_pages_per_second"] is not None for r in rows(name + ".top", "proc")})
same("by device", {None}, {r["dev"] for n in ("bpf", "none") for r in rows(n + ".top", "proc") if r["cdm_bytes"]})
PY
like "... and it is said what by device needs" CAP_SYS_ADMIN "$(< "$work/bpf.err")"
like "what is missing is named: BPF" 'CAP_BPF.*CAP_PERFMON' "$(< "$work/none.err")"
like "... and by device" CAP_SYS_ADMIN "$(< "$work/none.err")"
as_nobody "$cdmtop" --strict -j -F pid,in 0.2 1 > /dev/null 2> "$work/err"
is "--strict fails then" 1 $?
like "cdmtop --features names it, too" 'CAP_BPF' "$(as_nobody "$cdmtop" --features 2>&1)"
as_nobody "$cdmtrace" --duration 1 > "$work/out" 2> "$work/err"
is "cdmtrace without any: failure" 1 $?
like "... and it names them" 'CAP_BPF.*CAP_PERFMON' "$(< "$work/err")"
like "cdmtrace --features, too" 'CAP_BPF' "$(as_nobody "$cdmtrace" --features 2>&1)"
for capability in bpf perfmon; do
	as_nobody --inh-caps=+$capability --ambient-caps=+$capability "$cdmtrace" --duration 1 > "$work/out" 2> "$work/err"
	is "with CAP_${capability^^} alone: failure" 1 $?
	like "... and the other is named" "$([[ $capability == bpf ]] && echo CAP_PERFMON || echo CAP_BPF)" \
		"$(< "$work/err")"
done
with_bpf "$cdmtrace" -j --stacks -n 1 -o "$work/bpf.trace" --ready-file "$work/bpf.ready" 2> "$work/bpf.err" &
trace=$!
until_true 60 test -e "$work/bpf.ready"
ask one out 0 0 307 > /dev/null
ask one out 1 400 53 > /dev/null
wait $trace
is "cdmtrace with both: success" 0 $?
check "... and the events" << 'PY'
from truth import rows, same
same("pages", 307, sum(r["migrated_pages"] for r in rows("bpf.trace", "migrate")))
PY
like "... without names of functions, and it is said why" CAP_SYSLOG "$(< "$work/bpf.err")"
end_workers
rm -rf "$work"
finish
