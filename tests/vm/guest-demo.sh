#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM, with two devices: three unmodified programs in cgroups of their own,
# their memory moved to and fro, and cdmtop on the terminal. With
#   guest-demo.sh record FILE SECONDS
# cdmtop writes a recording instead.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cdmctl=$top/tools/cdmctl/cdmctl
cdmtop=$top/tools/cdmtop/cdmtop
cgroups=/sys/fs/cgroup

# start CGROUP COMMAND...: in the background, silently
start() {
	local cgroup=$cgroups/$1
	shift
	mkdir -p "$cgroup"
	(echo "$BASHPID" > "$cgroup/cgroup.procs"; exec "$@") > /dev/null 2>&1 < /dev/null &
}

pid_of() { pgrep -nx "$1"; }

# move PID ARGUMENT...: what does not move is for cdmtop to show
move() { "$cdmctl" migrate --partial-ok -p "$@" > /dev/null 2>&1; }

start db redis-server --save '' --appendonly no --enable-debug-command yes
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

# What a driver or a placement policy would do.
mover() {
	local round=0
	while sleep 0.5; do
		move "$(pid_of redis-server)" --to cdm0 --vma heap,anon
		move "$python" --to cdm1 --vma anon
		# To and fro: what cdmtop calls ping-pong.
		for _ in 1 2; do
			move "$python" --home --vma heap
			move "$python" --to cdm1 --vma heap
		done
		case $((round++ % 6)) in
		2)	move "$(pid_of redis-server)" --home --vma all ;;
		3)	move "$(pgrep -nf 'stress-ng-vm')" --to cdm0 --vma anon ;;
		5)	"$cdmctl" evict --device cdm1 > /dev/null 2>&1 ;;
		esac
	done
}
mover &

cleanup() {
	trap - EXIT INT TERM
	kill $(jobs -p) 2> /dev/null
	redis-cli shutdown nosave > /dev/null 2>&1
}
trap cleanup EXIT
trap 'exit 130' INT TERM

if [[ ${1:-} == record ]]; then
	"$cdmtop" -b -w "$2" 1 "$3" > /dev/null
else
	"$cdmtop"
fi
