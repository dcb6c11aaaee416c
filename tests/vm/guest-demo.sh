#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: four programs in cgroups of their own, one of them as a
# systemd unit, their memory moved to and fro, and cdmtop on the terminal. Three of them
# are unmodified. Without the series the devices are those of test_hmm. With
#   guest-demo.sh record FOLDER
# cdmtop and cdmtrace record all of it once into the folder, see
# tests/data/record-demo.sh; without the series cdmtop alone, and memory moves between NUMA
# nodes, too.
set -uo pipefail
source "$(dirname "$0")/guest-lib.sh"

# start CGROUP COMMAND...: in the background, silently
start() {
	local cgroup=$cgroups/$1
	shift
	mkdir -p "$cgroup"
	(echo "$BASHPID" > "$cgroup/cgroup.procs"; exec "${with[@]}" "$@") > /dev/null 2>&1 < /dev/null &
}

# Who moves memory: move PID ARGUMENT...; empty DEVICE PID; hang DEVICE PID. What does
# not move is for cdmtop to show.
with=()
if [[ -d /sys/class/cdm ]]; then
	devices=(cdm0 cdm1)
	# Where it is installed, which is what stacks show of it, whatever folder this is.
	cp "$cdmctl" /usr/local/bin/
	cdmctl=/usr/local/bin/cdmctl
	move() { "$cdmctl" migrate --partial-ok -p "$@" > /dev/null 2>&1; }
	empty() { "$cdmctl" evict --device "$1" > /dev/null 2>&1; }
	hang() {
		"$cdmctl" inject "$1" hang=2000 -- "$cdmctl" migrate --partial-ok \
			-p "$2" --to "$1" --vma anon > /dev/null 2>&1
	}
else
	devices=(hmm_dmirror2 hmm_dmirror3)
	# shellcheck disable=SC2046
	modprobe test_hmm $(test_hmm_parameters) || exit
	with=(env LD_PRELOAD="$top/build/vm-tests/hmm-open.so")
	move() { "$top/build/vm-tests/hmm-move" -p "$@" > /dev/null 2>&1; }
	empty() { move "$2" --home --vma all; }
	hang() { :; }
fi

start db redis-server --save '' --appendonly no --dir /tmp --rdb-key-save-delay -10 \
	--enable-debug-command yes
redis=$!
echo 96M > "$cgroups/db/memory.max"
until redis-cli ping > /dev/null 2>&1; do sleep 0.1; done
redis-cli debug populate 100000 key 100 > /dev/null
start db redis-benchmark -q -l -t get,set -r 100000 -c 4
start batch stress-ng --vm 1 --vm-bytes 24M --vm-keep --vm-method rand-set
start ml /usr/bin/python3 -c '
import array
a = array.array("d", range(3_000_000))
while True:
    for i in range(0, len(a), 512):
        a[i] += 1.0'
python=$!
mkdir -p "$cgroups/system.slice"
echo +memory > "$cgroups/system.slice/cgroup.subtree_control"
start system.slice/sender.service /usr/bin/python3 "$guest/demo-sender.py"
sender=$!

# A copy in the background, of which the child shares all pages: writes of the parent
# are copied to RAM, and who moves both at a time finds pages locked.
snapshot() {
	local child where
	redis-cli bgsave > /dev/null
	child=$(pgrep -n -P "$redis") || return
	for where in --home "--to ${devices[0]}"; do
		move "$child" $where --vma anon &
		move "$redis" $where --vma anon
		wait $!
	done
}

# What a driver or a placement policy would do.
mover() {
	local round=0
	while sleep 0.5; do
		move "$redis" --to ${devices[0]} --vma heap,anon
		move "$python" --to ${devices[1]} --vma anon
		move "$sender" --home --vma anon	# what is pinned stays
		move "$sender" --to ${devices[0]} --vma anon
		# To and fro: what cdmtop calls ping-pong.
		for _ in 1 2; do
			move "$python" --home --vma heap
			move "$python" --to ${devices[1]} --vma heap
		done
		case $((round++ % 6)) in
		1)	snapshot ;;
		2)	move "$redis" --home --vma all ;;
		3)	move "$(pgrep -nf 'stress-ng-vm')" --to ${devices[0]} --vma anon ;;
		4)	pkill -USR1 -P "$redis" redis	# the copy ends, with what it has
			empty "${devices[1]}" "$python" ;;
		5)	hang "${devices[1]}" "$python" ;;
		esac
		echo "$round" > /tmp/round
	done
}

cleanup() {
	trap - EXIT INT TERM
	kill $(jobs -p) 2> /dev/null
	redis-cli shutdown nosave > /dev/null 2>&1
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# wait_for_round N: of the mover
wait_for_round() {
	until (($(cat /tmp/round 2> /dev/null || echo 0) >= $1)); do sleep 0.2; done
}

# Three at a time: who holds what, and on the screen a process in full; the events and
# who called; and for a while each page.
record() {
	local folder=$1 events
	tmux new-session -d -s demo -x 120 -y 45 "$cdmtop -w $folder/top.cdm 1"
	"$cdmtrace" -e migrate,evict,fault,pingpong,device --stacks -w "$folder/events.cdm" \
		--snapshots 0 -o /dev/null --ready-file /tmp/ready &
	events=$!
	# The first refresh is there, and the programs are attached.
	until [[ -e /tmp/ready && $(stat -c %s "$folder/top.cdm.part") -gt 4096 ]]; do sleep 0.1; done
	mover &
	wait_for_round 1
	tmux send-keys -t demo Enter
	wait_for_round 2
	"$cdmtrace" -e page -n 1200 -w "$folder/pages.cdm" --snapshots 0 -o /dev/null
	wait_for_round 7
	kill -INT "$events"
	wait "$events"
	tmux send-keys -t demo Escape
	sleep 1
	tmux send-keys -t demo q
	while tmux has-session -t demo 2> /dev/null; do sleep 0.2; done
}

# Node 1 is slower: what is taken there comes home by NUMA balancing.
record_stock() {
	local pid
	echo 2 > /proc/sys/kernel/numa_balancing
	tmux new-session -d -s demo -x 120 -y 45 "$cdmtop -w $1/top.cdm 1"
	until [[ $(stat -c %s "$1/top.cdm.part") -gt 4096 ]]; do sleep 0.1; done
	mover &
	wait_for_round 2
	tmux send-keys -t demo 5
	for round in 3 4 5; do
		for pid in "$python" "$(pgrep -nf 'stress-ng-vm')"; do /usr/bin/python3 "$guest/numa.py" migrate "$pid" 0 1; done
		wait_for_round $round
	done > /dev/null
	tmux send-keys -t demo q
	while tmux has-session -t demo 2> /dev/null; do sleep 0.2; done
}

if [[ ${1:-} == record && -d /sys/class/cdm ]]; then
	record "$2"
elif [[ ${1:-} == record ]]; then
	record_stock "$2"
else
	mover &
	"$cdmtop"
fi
