#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: cdmtop and cdmtrace, compiled with the address and
# undefined behaviour sanitizers, at work. Prints TAP.
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
cdmtop=$top/build/vm-sanitized/cdmtop.san
cdmtrace=$top/build/vm-sanitized/cdmtrace.san

# run NAME COMMAND...: in the background, into NAME.out and NAME.err
declare -A running
run() {
	local name=$1
	shift
	"$@" > "$work/$name.out" 2> "$work/$name.err" &
	running[$name]=$!
}
# clean NAME: it ends well, and no sanitizer said anything
clean() {
	wait "${running[$1]}"
	local status=$?
	! grep -qE 'Sanitizer|runtime error' "$work/$1.err" && [[ $status == 0 ]] ||
		{ echo "# status $status"; head -30 "$work/$1.err" | sed 's/^/# /'; false; }
	result $? "$1"
}
refreshes_of() { grep -c '"type":"end"' "$work/$1.out"; }

start_worker one job
start_worker two job/below
ask one map 1409 > /dev/null
ask two map 997 > /dev/null
mover() {
	while sleep 0.1; do
		ask one in 1 0 997
		ask one fork
		ask one write 0 53
		ask one out 1 0 997
		ask two in 0 0 211
		ask two drop 0 211
	done > /dev/null
}
mover &
mover=$!
run "cdmtop, processes" "$cdmtop" -j -F +dev -w "$work/proc.cdm" 0.5 6
run "cdmtop, cgroups" "$cdmtop" -j --view cgroup 0.5 6
run "cdmtop, devices" "$cdmtop" -j --view device -F +holders 0.5 6
run "cdmtop, a process as text" "$cdmtop" -b -p "${worker[one]}" 0.5 6
run "cdmtop without BPF" "$cdmtop" --no-bpf --format openmetrics 0.5 6
for name in "${!running[@]}"; do clean "$name"; done
is "... with all refreshes" "6 6 6" \
	"$(for what in processes cgroups devices; do refreshes_of "cdmtop, $what"; done | xargs)"
run "cdmtop, replay" "$cdmtop" -r "$work/proc.cdm" -j
clean "cdmtop, replay"

running=()
run "cdmtrace, all kinds" "$cdmtrace" -j --stacks -w "$work/trace.cdm" --chrome "$work/chrome" \
	-e migrate,page,rss,charge,fault,pingpong,device,evict --ring 512K
run "cdmtrace, report" "$cdmtrace" --summary --duration 4
run "cdmtrace, filters" "$cdmtrace" --duration 4 -c /job --dir in --comm worker -D cdm1
run "cdmtrace, flame graph" "$cdmtrace" --folded --duration 4 --rings 2
run "cdmtrace, a command" "$cdmtrace" -o /dev/null -- sleep 3
events_of_pages() { (($(grep -c '"type":"page"' "$work/cdmtrace, all kinds.out") > 997)); }
until_true 120 events_of_pages
result $? "... with events" "$(grep -c '"type":"page"' "$work/cdmtrace, all kinds.out") of pages
$(tail -3 "$work/cdmtrace, all kinds.err")"
kill -TERM "${running[cdmtrace, all kinds]}"
for name in "${!running[@]}"; do clean "$name"; done
run "cdmtrace, replay" "$cdmtrace" report -r "$work/trace.cdm" -j
clean "cdmtrace, replay"
kill $mover
wait $mover 2> /dev/null
end_workers

# Does it say anything at all, if there is something to say?
echo 'int main(int argc, char **argv) { char a[4] = "abc"; return a[argc + 3]; }' > "$work/bad.c"
gcc -fsanitize=address -o "$work/bad" "$work/bad.c" 2> /dev/null && ! "$work/bad" 2> "$work/bad.err"
result $? "the sanitizer works here"
rm -rf "$work"
finish
