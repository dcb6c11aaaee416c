#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, on the kernel of Debian: what the tools say and do where rights and parts of
# the kernel are missing, when they are killed, when the clock is set, and in a container.
# What is not known is never 0. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
chmod 777 "$work"
source "$(dirname "$0")/guest-lib.sh"
mirror=$top/build/vm-tests/mirror
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
with_bpf=("${nobody[@]}" --inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon)

# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)

# denied WHAT MESSAGE [PREFIX...]: neither tool knows of migrations, both say why
denied() {
	local what=$1 message=$2
	shift 2
	"$@" "$cdmtrace" -e migrate --duration 0.1 > /dev/null 2> "$work/err"
	is "$what: cdmtrace fails" 1 $?
	like "... and says why" "$message" "$(< "$work/err")"
	"$@" "$cdmtop" -j -F pid,rss,cdm,in,out,fail,p99 0.1 1 > "$work/denied" 2> "$work/err"
	is "... cdmtop shows what is left" 0 $?
	like "... and says why" "$message" "$(< "$work/err")"
	check "... what is not known is not 0" << 'PY'
from truth import rows, same
got = rows("denied", "proc")
assert got and all(r["rss_bytes"] for r in got), got
same("unknown", {None}, {r[k] for r in got for k in r if k == "cdm_bytes" or k.endswith(("_per_second", "p99_ns"))})
PY
}

mkdir "$work/empty"
# shellcheck disable=SC2016
denied "no types of the kernel" 'no events: .*CONFIG_DEBUG_INFO_BTF' \
	unshare -m sh -c 'mount --bind "$0" /sys/kernel/btf && exec "$@"' "$work/empty"
denied "no rights" 'CAP_BPF and CAP_PERFMON' "${nobody[@]}"
sysctl -qw net.core.bpf_jit_enable=0
denied "no compiler of BPF programs" 'net.core.bpf_jit_enable=1' env
sysctl -qw net.core.bpf_jit_enable=1
sysctl -qw kernel.ftrace_enabled=0
denied "functions that call nobody" 'kernel.ftrace_enabled=1' env
sysctl -qw kernel.ftrace_enabled=1

sysctl -qw kernel.kptr_restrict=2
"$cdmtop" -j --view cgroup -F path,procs,cdm 0.1 1 > "$work/hidden" 2> "$work/err"
is "addresses of symbols are nobody's business: cdmtop shows what is left" 0 $?
like "... and says why" 'processes and cgroups: .*pgmap_array' "$(< "$work/err")"
check "... what is not known is not 0" << 'PY'
from truth import rows, same
got = rows("hidden", "cgroup")
assert got
same("unknown", {None}, {r["cdm_bytes"] for r in got})
PY
sysctl -qw kernel.kptr_restrict=0

echo "# few rights, a clock that is set, and a recorder that is killed"
sysctl -qw kernel.unprivileged_bpf_disabled=2 kernel.perf_event_paranoid=3
told_lines() { (($(wc -l < "$work/told") >= $1)); }
start_mirror() {	# [PREFIX...]
	rm -f "$work/steps"
	mkfifo "$work/steps"
	: > "$work/told"
	"$@" "$mirror" /dev/hmm_dmirror2 < "$work/steps" > "$work/told" &
	exec {steps}> "$work/steps"
}
step() {	# STEP: and its answer
	local lines
	lines=$(wc -l < "$work/told")
	echo "$1" >&"$steps"
	until_true 60 told_lines $((lines + 1))
}
start_mirror env
step "in 0 1"
mirror_pid=$(json 'd["pid"]' < <(head -1 "$work/told"))
"$cdmtrace" -e migrate -w "$work/killed.cdm" --ready-file "$work/killed.ready" > /dev/null 2>&1 &
recorder=$!
"${with_bpf[@]}" "$cdmtrace" -j -e migrate -o "$work/few.json" --ready-file "$work/few.ready" 2> "$work/few.err" &
few=$!
"${with_bpf[@]}" "$cdmtop" -j -F pid,cdm,in,out 0.5 > "$work/top.json" 2> "$work/top.err" &
cdmtop_pid=$!
refreshes() { (($(grep -c '"type":"end"' "$work/top.json") >= $1)); }
for name in killed few; do
	until_true 120 test -e "$work/$name.ready" || cat "$work/$name.err"
done
until_true 120 refreshes 2 || cat "$work/top.err"
clock() { date -s "@$(($(date +%s) + $1))" > /dev/null; }
step "in 1 299"
clock 18000
step "out 0 50"
clock -40000
step "out 50 57"
clock 22000
recorded() { [[ $("$cdmtrace" -r "$work/killed.cdm.part" -j 2> /dev/null | grep -c '"type":"migrate"') == "$1" ]]; }
until_true 60 recorded 7
kill -KILL $recorder
wait $recorder 2> /dev/null
until_true 60 refreshes $(($(grep -c '"type":"end"' "$work/top.json") + 2))
kill -INT $few $cdmtop_pid
wait $few
is "CAP_BPF and CAP_PERFMON, others may not load anything, perf is for nobody: success" 0 $?
wait $cdmtop_pid
is "cdmtop, too" 0 $?
exec {steps}>&-
"$cdmtrace" -r "$work/killed.cdm.part" -j > "$work/killed.json" 2> /dev/null
"$cdmtrace" -r "$work/killed.cdm.part" -o "$work/killed.txt" 2> /dev/null
for name in few killed; do
	check "$name: what moved, in the order in which it did" "$name" "$mirror_pid" << 'PY'
import sys
from truth import rows, same
got = rows(sys.argv[1] + ".json", "migrate")
same("pages", [64, 64, 64, 64, 43, 50, 57], [r["migrated_pages"] for r in got])
same("dirs", ["in"] * 5 + ["out"] * 2, [r["dir"] for r in got])
same("of whom", {int(sys.argv[2])}, {r["pid"] for r in got})
stamps = [r["ts_ns"] for r in got]
same("order", sorted(stamps), stamps)
assert stamps[-1] - stamps[0] < 600e9, stamps
PY
done
check "killed: times of day are those of the clock when it began" << 'PY'
from truth import same
times = [line.split()[0].split(":") for line in open("killed.txt") if line[0].isdigit()]
seconds = [int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in times]
same("events", 7, len(seconds))
assert (seconds[-1] - seconds[0]) % 86400 < 600, times
PY
check "cdmtop: rates of moments that are not shifted" "$mirror_pid" << 'PY'
import sys
from truth import refreshes, same, totals
pid = int(sys.argv[1])
same("in", 299, totals("top.json", "pid", "in_pages_per_second").get(pid))
same("out", 107, totals("top.json", "pid", "out_pages_per_second").get(pid))
got = refreshes("top.json")
assert all(0 <= r[-1]["interval_ns"] < 600e9 for r in got), [r[-1]["interval_ns"] for r in got]
same("device memory without CAP_SYS_ADMIN", {None}, {r["cdm_bytes"] for g in got for r in g[:-1]})
PY
like "... and it is said what that takes" "CAP_SYS_ADMIN" "$(< "$work/top.err")"

echo "# a container: a root and a pid namespace of its own, no tracefs, no debugfs"
root=$work/root
mkdir "$root"
mount -t tmpfs none "$root"
for dir in usr bin lib lib64 sbin "${top#/}" "${work#/}/share"; do
	mkdir -p "/$dir" "$root/$dir"
	mount --bind "/$dir" "$root/$dir"
done
mkdir -p "$root"/{proc,sys,dev,tmp}
touch "$root/dev/hmm_dmirror2" "$root/dev/null"
mount --bind /dev/hmm_dmirror2 "$root/dev/hmm_dmirror2"
mount --bind /dev/null "$root/dev/null"
cat > "$work/share/inside" << 'SH'
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 none /sys/fs/cgroup
source "$1/tests/vm/guest-lib.sh"
work=$2
cd "$work"
mkfifo steps
: > told
"$1/build/vm-tests/mirror" /dev/hmm_dmirror2 < steps > told &
exec {steps}> steps
until_true() { for _ in $(seq $(($1 * 10))); do "${@:2}" && return; sleep 0.1; done; return 1; }
told_lines() { (($(wc -l < told) >= $1)); }
refreshes() { (($(grep -c '"type":"end"' top.json) >= $1)); }
# A busy machine has no time for a scan at each refresh.
known() { grep '"comm":"mirror"' top.json | tail -1 | grep -q '"error_bytes": *[0-9]'; }
echo "in 0 500" >&$steps
until_true 60 told_lines 2
"$cdmtop" -j -F pid,comm,cgroup,cdm,error,in,out 0.5 > top.json 2> top.err &
cdmtop_pid=$!
"$cdmtrace" -j -e migrate,numa -o trace.json --ready-file ready 2> trace.err &
cdmtrace_pid=$!
until_true 120 test -e ready
until_true 120 refreshes 2
echo "out 0 101" >&$steps
until_true 60 told_lines 3
until_true 60 refreshes $(($(grep -c '"type":"end"' top.json) + 4))
until_true 60 known
kill -INT $cdmtop_pid $cdmtrace_pid
wait $cdmtop_pid; echo $? > status
wait $cdmtrace_pid; echo $? >> status
ls /sys/kernel/tracing /sys/kernel/debug > hidden
for pid in /proc/[0-9]*; do echo "${pid#/proc/}"; done > pids
exec {steps}>&-
SH
unshare -pfmC chroot "$root" /bin/bash /"${work#/}/share/inside" "$top" "$work/share" > "$work/inside.out" 2>&1
is "both tools end well" "0 0" "$(xargs < "$work/share/status")"
work=$work/share
is "there is no tracefs, nor debugfs" "/sys/kernel/debug: /sys/kernel/tracing:" "$(xargs < "$work/hidden")"
check "cdmtop: processes of the container, by their numbers there, with what moved" << 'PY'
import json
from truth import refreshes, same, totals
told = [json.loads(line) for line in open("told")][-1]
last = {r["pid"]: r for r in refreshes("top.json")[-1][:-1]}
mine = last[told["pid"]]
same("who", "mirror", mine["comm"])
same("out", 101, totals("top.json", "pid", "out_pages_per_second")[told["pid"]])
same("processes", set(), {r["comm"] for r in last.values()} -
     {"bash", "mirror", "cdmtop", "cdmtrace", "seq", "sleep", "grep", "tail", "wc"})
known = [r for rows in refreshes("top.json") for r in rows[:-1]
         if r["pid"] == told["pid"] and r["error_bytes"] is not None][-1]
n, error = known["cdm_bytes"] // 4096, known["error_bytes"] // 4096
assert n - error <= told["device"] <= n, (known, told)
same("on the device", 399, told["device"])
PY
check "cdmtrace: the same" << 'PY'
import json
from truth import rows, same
told = [json.loads(line) for line in open("told")][-1]
got = rows("trace.json", "migrate")
same("pages", 101, sum(r["migrated_pages"] for r in got))
same("pid", {told["pid"]}, {r["pid"] for r in got})
PY
work=${work%/share}

echo confidentiality > /sys/kernel/security/lockdown
denied "locked down" 'lockdown=integrity' env
finish
