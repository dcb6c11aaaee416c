#!/bin/bash
# In the VM, with two devices: valgrind watches cdmtop and cdmtrace at work. Prints TAP.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cdmtop=$top/tools/cdmtop/cdmtop
cdmtrace=$top/tools/cdmtrace/cdmtrace
cdmctl=$top/tools/cdmctl/cdmctl
work=$(mktemp -d)
source "$top/tests/vm/guest-lib.sh"
checked() {
	valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,possible \
		--log-file="$work/valgrind" "$@"
}
# clean NAME STATUS
clean() {
	[[ $2 == 0 && ! -s $work/valgrind ]] || head -40 "$work/valgrind" | sed 's/^/# /'
	[[ $2 == 0 && ! -s $work/valgrind ]]
	result $? "$1"
	: > "$work/valgrind"
}

if ! checked /bin/true 2> "$work/err"; then
	echo "1..0 # SKIP valgrind does not run here: $(head -1 "$work/err" "$work/valgrind" | xargs)"
	exit 4
fi
start_worker one job
ask one map 1409 > /dev/null
ask one in 0 0 1409 > /dev/null
checked "$cdmctl" status --vmas > "$work/out"
clean "cdmctl status" $?
like "... with its result" "${worker[one]} root" "$(tr '\n' ' ' < "$work/out")"
checked "$cdmctl" migrate -p "${worker[one]}" --home > /dev/null
clean "cdmctl migrate" $?

mover() { while :; do ask one in 1 0 997; ask one out 1 0 997; sleep 0.2; done > /dev/null; }
mover &
mover=$!
for view in proc cgroup device; do
	checked "$cdmtop" -j --view $view -w "$work/$view.cdm" 0.5 2 > "$work/$view.out" 2> "$work/err"
	clean "cdmtop -b --view $view, live" $?
	is "... two refreshes" 2 "$(grep -c '"type":"end"' "$work/$view.out")"
	[[ ! -s $work/err ]] || sed 's/^/# /' "$work/err"
done
checked "$cdmtop" -o +dev -p "${worker[one]}" 0.5 2 > "$work/out"
clean "cdmtop -p, as text, live" $?
checked "$cdmtrace" -j --stacks -e migrate,page,rss,charge,fault,pingpong,device,evict -d 5 -w "$work/trace.cdm" \
	--chrome "$work/chrome" -o "$work/trace" 2> "$work/err"
clean "cdmtrace of everything, live" $?
(($(grep -c '"type":"page"' "$work/trace") > 997))
result $? "... with events"
checked "$cdmtrace" --summary -d 3 > "$work/out" 2> "$work/err"
clean "cdmtrace --summary, live" $?
kill $mover
wait $mover 2> /dev/null
end_workers
rm -rf "$work"
finish
