#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: many processes at a time, and many that come and go.
# Prints TAP.
set -uo pipefail
many=${1:-10007}
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"

ulimit -u unlimited
start_worker one job
ask one map 307 > /dev/null
ask one in 0 0 307 > /dev/null
mkfifo "$work/crowd"
mkdir $cgroups/crowd
in_cgroup crowd "$top/build/vm-tests/crowd" "$many" < "$work/crowd" > "$work/number" &
crowd=$!
exec 9> "$work/crowd"
until_true 300 test -s "$work/number"
is "so many processes were started" "$many" "$(< "$work/number")"

seconds=$SECONDS
"$cdmtop" -j -F pid,comm,cgroup,cdm,rss,in 1 2 > "$work/top"
is "cdmtop -b shows two refreshes of them" 0 $?
echo "# in $((SECONDS - seconds)) s"
check "every one is there, once, and what is on the device" "$many" "${worker[one]}" << 'PY'
import sys
from truth import refreshes, same
many, worker = map(int, sys.argv[1:])
shown = refreshes("top")
same("refreshes", 2, len(shown))
for refresh in shown:
    pids = [r["pid"] for r in refresh[:-1]]
    same("each once", len(pids), len(set(pids)))
    same("sleepers", many, sum(r["comm"] == "sleeper" and r["cgroup"].endswith("crowd") for r in refresh[:-1]))
    same("on the device", {worker: 307 * 4096}, {r["pid"]: r["cdm_bytes"] for r in refresh[:-1] if r["cdm_bytes"]})
    assert refresh[-1]["tool_rss_bytes"] < 128 << 20, refresh[-1]
PY
"$cdmtop" --no-bpf -j -F pid,comm,cdm 1 1 > "$work/files"
is "the same from /proc" "0 $many" "$? $(grep -c '"comm":"sleeper"' "$work/files")"
"$cdmtop" --view cgroup -j -F path,procs 0.1 1 > "$work/cgroups"
is "by cgroup: as many, and the one that started them" $((many + 1)) \
	"$(grep '"/crowd"' "$work/cgroups" | json 'd["procs"]')"
# A day of refreshes 10 s apart is 8640 of them; a whole one is written again once the
# changes have become as long as that.
size() { "$cdmtop" -b -w "$work/$1.cdm" "$2" "$3" > /dev/null; stat -c %s "$work/$1.cdm"; }
first=$(size first 1 1)
day=$(((($(size idle 10 13) - first) / 12) * 8640))
day=$((day + first * (1 + day / first)))
echo "# recorded: $first bytes first, $day a day"
result $((day >= 20000000)) "a recording of an idle day is less than 20 MB"
exec 9>&-
wait $crowd

# They end between the list of processes and a look at them.
churn() { while :; do for _ in 1 2 3 4 5 6 7 8 9 10; do /bin/true & done; wait; done; }
churn &
churn=$!
"$cdmtop" -j -F pid,comm,cdm 0.1 30 > "$work/churn"
is "processes that come and go" 0 $?
kill $churn
wait $churn 2> /dev/null
check "... the one that stays is in every refresh" "${worker[one]}" << 'PY'
import sys
from truth import refreshes, same
for refresh in refreshes("churn"):
    same("cdm", [307 * 4096], [r["cdm_bytes"] for r in refresh[:-1] if r["pid"] == int(sys.argv[1])])
PY
end_workers
rm -rf "$work"
finish
