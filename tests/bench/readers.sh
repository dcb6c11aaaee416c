# SPDX-License-Identifier: GPL-2.0
# Readers of page faults of a process that is called "faulting", all with the same fields.
# Sourced after lib.sh.
#
# bpftrace flushes each line on standard output, its default, and not with -o.
# shellcheck shell=bash disable=SC2034,SC2154
event=exceptions:page_fault_user
filter='comm=="faulting"'

# Those of cdmtrace -j but for the path of the cgroup, which bpftrace looks up in files.
print='{"type":"pagefault","ts_ns":%llu,"cpu":%d,"pid":%d,"comm":"%s","actor_pid":%d,'
print+='"actor_tid":%d,"actor_comm":"%s","cgroup_id":%llu,"device":null,"device_id":"0x0",'
print+='"mm":"0x%llx","addr":%llu,"ip":%llu,"error_code":%d}\n'
script="tracepoint:$event /comm == \"faulting\"/ { printf(\"${print//\"/\\\"}\", nsecs, cpu, pid, comm,
	pid, tid, comm, cgroup, (uint64)curtask, args->address, args->ip, args->error_code); }"

declare -A scripts=()	# others, by name
declare -A start=(
	[cdmtrace-ndjson]="$cdmtrace -e pagefault --comm faulting -o $work/out -j"
	[cdmtrace-csv]="$cdmtrace -e pagefault --comm faulting -o $work/out --format csv"
	[cdmtrace-text]="$cdmtrace -e pagefault --comm faulting -o $work/out"
	[cdmtrace-binary]="$cdmtrace -e pagefault --comm faulting --snapshots 0 -w -"
	[cdmtrace-rings]="$cdmtrace -e pagefault --comm faulting -o $work/out -j --rings $(nproc)"
	[bpftrace-stdout]="bpftrace -e"
	[bpftrace-file]="bpftrace -o $work/out -e"
	[perf-record]="perf record -q -a -e $event --filter $filter -o $work/out"
	[perf-trace]="perf trace -a --no-syscalls -e $event --filter $filter -o $work/out"
	[trace-cmd]="trace-cmd record -q -e $event -f $filter -o $work/out"
)

# sized NAME BYTES [CPUS]: $size is the options for a buffer of so much, if each of CPUS has one a
# part of it; in pages, a power of two.
sized() {
	local bytes=$2 pages=1
	while ((pages * 2 * 4096 * ${3:-1} <= bytes)); do ((pages *= 2)); done
	size=()
	case $1 in
	cdmtrace-rings) size=(--ring $((bytes / $(nproc)))) ;;
	cdmtrace-*) size=(--ring "$bytes") ;;
	perf-*) size=(-m "$((pages * 4096))B") ;;
	trace-cmd) size=(-b $((pages * 4))) ;;
	bpftrace-*) export BPFTRACE_PERF_RB_PAGES=$pages ;;
	esac
}

# A program that says by nothing that it is attached is given a second, as all are.
is_ready() {
	case $1 in
	cdmtrace-*) [[ -e $work/up ]] ;;
	cdmtop*) [[ -s $work/log ]] ;;
	bpftrace-*) grep -qs Attaching "$work/out" "$work/log" ;;
	perf-*) [[ $(readlink /proc/"$reader"/fd/*) == *perf_event* ]] ;;
	esac
}

# launch NAME [BYTES [CPUS]]: $reader is its process, it is ready
launch() {
	local name=$1 command size=() end=$((SECONDS + limit_s))
	[[ $# == 1 ]] || sized "$@"
	read -ra command <<< "${start[$name]}"
	command+=("${size[@]}")
	[[ $name != bpftrace-* ]] || command+=("${scripts[$name]:-$script}")
	[[ $name != cdmtrace-* ]] || command+=(--ready-file "$work/up")
	rm -f "$work/up" "$work/out" "$work/log"
	case $name in
	*-stdout | *-binary) "${command[@]}" > "$work/out" 2> "$work/log" & ;;
	*) "${command[@]}" > "$work/log" 2>&1 & ;;
	esac
	reader=$!
	unset BPFTRACE_PERF_RB_PAGES
	until is_ready "$name" || ! kill -0 "$reader" 2> /dev/null || ((SECONDS > end)); do sleep 0.1; done
	sleep "${ready_s:-1}"
	! kill -0 "$reader" 2> /dev/null || settle "$reader"
}

# why_not NAME: what keeps it from running here, if anything
why_not() {
	have "${start[$1]%% *}" || {
		echo "not installed"
		return
	}
	launch "$1"
	if kill -0 "$reader" 2> /dev/null; then
		interrupt "$reader"
	else
		sed "s/^${start[$1]%% *}: *//" "$work/log" | tr -s ' \n' ' ' | cut -c-100
	fi
}

# received NAME: how many page faults it has
received() {
	case $1 in
	cdmtrace-binary) "$cdmtrace" -r "$work/out" -e pagefault -j ;;
	perf-record) perf script -i "$work/out" 2> /dev/null ;;
	# It may not know the name any more.
	trace-cmd) trace-cmd report "$work/out" 2> /dev/null | sed 's/page_fault_user/faulting/' ;;
	*) cat "$work/out" ;;
	esac | grep -c faulting || true
}

# sieve NAME...: $able are those that run here, $why says of others what keeps them from it
sieve() {
	local name reason
	able=()
	declare -gA why=()
	for name; do
		reason=$(why_not "$name")
		if [[ -z $reason ]]; then
			able+=("$name")
		else
			why[$name]=$reason
			echo "$name: $reason"
		fi
	done
}

# record_refused WHAT UNIT: a row for each of those others
record_refused() {
	local name
	for name in "${!why[@]}"; do
		note=${why[$name]}
		record "$1" "$2" "$name" -
	done
	note=-
}
