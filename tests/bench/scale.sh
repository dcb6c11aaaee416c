#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a refresh costs, in CPU time and memory, with ever more processes and cgroups: cdmtop and
# cdmtrace -w against top, htop and systemd-cgtop, in turns. As root. QUICK=1: few of them,
# once, to see that it works.
#
#   tests/bench/scale.sh [ROUNDS [PROCESSES...]]
source "$(dirname "$0")/lib.sh"
with_tracefs "$@"
source "$top/tests/bench/per-refresh.sh"
rounds=${1:-3} processes=("${@:2}") cgroups=(1 100 1000 10000)
[[ $# -gt 1 ]] || processes=(1 100 1000 10000 100000)
if [[ -n ${QUICK:-} ]]; then
	rounds=1 processes=(5) cgroups=(5)
	few=1 many=3 interval=0.1 htop_refreshes=1
fi
pid_max=$(cat /proc/sys/kernel/pid_max)
at_exit() {
	disperse
	remove_cgroups
	[[ $pid_max == "$(cat /proc/sys/kernel/pid_max)" ]] || echo "$pid_max" > /proc/sys/kernel/pid_max
	tmux kill-session -t "cdm-refresh-$$" 2> /dev/null || true
}

# pace N: of so many a look takes long, so that a few will do, and htop needs time; a look
# at few costs little beside the start of the program
pace() {
	[[ -z ${QUICK:-} ]] || return 0
	interval=0.2 many=$((few + 20)) htop_refreshes=6 htop_delay=1
	(($1 > 1000)) || interval=0.05 many=$((few + 100))
	(($1 <= 10000)) || many=$((few + 4)) htop_refreshes=3 htop_delay=9
}

# Folders of the hierarchy that has the controller for memory, a hundred in each
memory_root() {
	awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { one = $2 } $3 == "cgroup2" { two = $2 }
		END { print one ? one : two }' /proc/self/mounts
}

has_memory() { [[ ! -e $1/cgroup.subtree_control ]] || echo +memory > "$1/cgroup.subtree_control"; }

make_cgroups() {
	local n
	has_memory "${own%/*}" && mkdir "$own" && has_memory "$own" || return
	for ((n = 0; n * 100 < $1; n++)); do
		mkdir "$own/$n" && has_memory "$own/$n" || return
		seq $(($1 - n * 100 < 100 ? $1 - n * 100 : 100)) | (cd "$own/$n" && xargs mkdir) || return
	done
}

remove_cgroups() { [[ ! -d $own ]] || find "$own" -depth -type d -exec rmdir {} +; }

# wants N: there is room, 80 KiB a process, and numbers for them
wants() {
	local available
	available=$(awk '/MemAvailable/ { print $2 }' /proc/meminfo)
	if ((available < $1 * 100)); then
		echo "bench: no $1 processes: $((available >> 10)) MiB are too little memory" >&2
		return 1
	fi
	(($1 + 5000 < $(cat /proc/sys/kernel/pid_max))) ||
		echo $(($1 * 2)) 2> /dev/null > /proc/sys/kernel/pid_max || {
		echo "bench: no $1 processes: kernel.pid_max is $pid_max" >&2
		return 1
	}
}

look_at_processes() {
	per_refresh cdmtop "$cdmtop" -b -F "$columns" "$interval"
	per_refresh cdmtop-screen "$cdmtop" -b -F "$columns" --rows 40 "$interval"
	per_refresh cdmtop-no-bpf "$cdmtop" -b -F "$columns" --no-bpf "$interval"
	per_snapshot
	per_refresh top top -b -d "$interval" -n
	[[ -z $with_htop ]] || htop_refresh
}

look_at_cgroups() {
	per_refresh cdmtop "$cdmtop" -b --view cgroup -F path,charged,limit "$interval"
	per_refresh cdmtop-screen "$cdmtop" -b --view cgroup -F path,charged,limit --rows 40 "$interval"
	per_snapshot
	[[ -z $with_cgtop ]] ||
		per_refresh systemd-cgtop systemd-cgtop -b --depth 20 -d "${interval}s" -n
}

# save WHAT SCALE...: what was noted, as rows
save() {
	local what=$1
	shift
	for at; do record_rounds "a look at $what" "ms of CPU" "ms-$what-$at" cdmtop "${names[@]}"; done
	for at; do record_rounds "memory of who looks at $what" KiB "KiB-$what-$at" cdmtop "${names[@]}"; done
}

with_htop=''
! have htop || ! have tmux || with_htop=1
with_cgtop=''
! have systemd-cgtop || with_cgtop=1
own=$(memory_root)/cdm-bench-$$
names=(cdmtop cdmtop-screen cdmtop-no-bpf cdmtrace-w top htop systemd-cgtop)
compile manyprocs -static
rows scale

for n in "${processes[@]}"; do
	wants "$n" || continue
	crowd "$n"
	pace "$n"
	scale=-processes-$n
	for ((round = 0; round < rounds; round++)); do look_at_processes; done
	disperse
	echo "$n processes: done after $SECONDS s"
done
save processes "${processes[@]}"
for n in "${cgroups[@]}"; do
	make_cgroups "$n" 2> "$work/log" || {
		echo "bench: no cgroups: $(tail -1 "$work/log")" >&2
		break
	}
	pace "$n"
	scale=-cgroups-$n
	for ((round = 0; round < rounds; round++)); do look_at_cgroups; done
	remove_cgroups
	echo "$n cgroups: done after $SECONDS s"
done
save cgroups "${cgroups[@]}"
