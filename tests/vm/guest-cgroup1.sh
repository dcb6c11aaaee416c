#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: the memory controller in a hierarchy of version 1, which is
# the only one there is, and then beside one of version 2. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"

# Nobody is in a cgroup yet: a controller that somebody uses does not change its hierarchy.
sed 's/ /\n/g' $cgroups/cgroup.subtree_control | sed 's/^/-/' | while read -r controller; do
	echo "$controller" > $cgroups/cgroup.subtree_control
done
umount $cgroups
mount -t tmpfs none $cgroups
mkdir $cgroups/{memory,unified}
mount -t cgroup -o memory none $cgroups/memory
cgroups=/sys/fs/cgroup/memory

refreshes() { (($(grep -c '"type":"end"' "$work/$1") >= $2)); }
next_refresh() { until_true 60 refreshes "$1" $(($(grep -c '"type":"end"' "$work/$1") + 2)); }
file_says() { awk '/^total_device_host / { print $2 }' "$cgroups/$1/memory.stat"; }

scene() {	# NAME
	local name=$1
	start_worker "$name" "jobs/$name"
	start_worker "$name-other" "other"
	[[ ! -e /sys/fs/cgroup/unified/cgroup.procs ]] || in_unified "$name"
	ask "$name" map 1409 > /dev/null
	ask "$name-other" map 211 > /dev/null
	ask "$name" in 0 0 499 > /dev/null
	"$cdmtop" -j --view cgroup -F path,cdm,charged,limit,procs,in 0.5 > "$work/$name.cgroups" &
	local cdmtop_pid=$!
	"$cdmtrace" -j -e migrate -c /jobs -o "$work/$name.trace" --ready-file "$work/$name.ready" 2> /dev/null &
	local cdmtrace_pid=$!
	until_true 60 test -e "$work/$name.ready"
	until_true 60 refreshes "$name.cgroups" 1
	ask "$name" in 1 499 307 > /dev/null
	ask "$name-other" in 1 0 101 > /dev/null
	next_refresh "$name.cgroups"
	kill -INT $cdmtop_pid $cdmtrace_pid
	wait $cdmtop_pid $cdmtrace_pid
	cat "$cgroups/jobs/$name/memory.usage_in_bytes" > "$work/$name.usage"
	file_says "jobs/$name" > "$work/$name.device"
	check "$name: cgroups, by the files of version 1" "$name" << 'PY'
import sys
from truth import refreshes, same, totals
name = sys.argv[1]
rows = {r["path"]: r for r in refreshes(name + ".cgroups")[-1][:-1]}
mine = rows["/jobs/" + name]
same("memory.stat", int(open(name + ".device").read()), mine["cdm_bytes"])
same("moved", (499 + 307) * 4096, mine["cdm_bytes"])
same("usage", int(open(name + ".usage").read()), mine["charged_bytes"])
same("processes", 1, mine["procs"])
same("rates", {"/": 408, "/jobs": 307, "/jobs/" + name: 307, "/other": 101},
     {p: n for p, n in totals(name + ".cgroups", "path", "in_pages_per_second").items() if n})
PY
	check "$name: events of one cgroup" "${worker[$name]}" "$name" << 'PY'
import sys
from truth import rows, same
got = rows(sys.argv[2] + ".trace", "migrate")
same("pages", 307, sum(r["migrated_pages"] for r in got))
same("of whom", {(int(sys.argv[1]), "/jobs/" + sys.argv[2])}, {(r["pid"], r["cgroup"]) for r in got})
PY
	for option in "" --no-bpf; do
		"$cdmtop" -j $option -F pid,cgroup,cdm 0.1 1 > "$work/$name.procs" 2> /dev/null
		check "$name: processes are in the cgroups of memory${option:+, $option}" \
			"${worker[$name]}" "${worker[$name-other]}" "$name" << 'PY'
import sys
from truth import rows, same
one, other, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
got = {r["pid"]: (r["cgroup"], r["cdm_bytes"] // 4096) for r in rows(name + ".procs", "proc")}
same("cgroups", [(name, 806), ("other", 101)], [got[one], got[other]])
PY
	done
	is "$name: -c" "${worker[$name]}" "$("$cdmtop" --format csv -F pid -c /jobs 0.1 1 2> /dev/null |
		awk -F, 'NR > 1 { print $NF }')"
	end_workers
	unset "worker[$name]" "worker[$name-other]"
}
# In another place of the hierarchy without the memory controller.
in_unified() {
	mkdir -p /sys/fs/cgroup/unified/elsewhere
	echo "${worker[$1]}" > /sys/fs/cgroup/unified/elsewhere/cgroup.procs
}

scene v1
mount -t cgroup2 none /sys/fs/cgroup/unified
scene hybrid
finish
