#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: what hibernate-test.sh wants to know, a line each.
set -u
source "$(dirname "$0")/guest-lib.sh"

cat > /tmp/hibernate << 'SH'
cd /tmp
declare -a to from pid
# worker N: its process, and what it is told and says
worker() {
	coproc { exec worker; }
	exec {to[$1]}>&"${COPROC[1]}" {from[$1]}<&"${COPROC[0]}"
	pid[$1]=$COPROC_PID
}
# ask N REQUEST...
ask() {
	local answer
	echo "${*:2}" >&"${to[$1]}"
	read -r _ answer <&"${from[$1]}"
	echo "$answer"
}
of_each() { echo "$(ask 0 "$@") $(ask 1 "$@") $(ask 2 "$@")"; }
# resident PID KEY...: the sum of kB in status
resident() {
	local key kb sum=0
	while read -r key kb _; do
		[[ " ${*:2} " != *" ${key%:} "* ]] || ((sum += kb))
	done < "/proc/$1/status"
	echo "$sum"
}
# What the kernel counts, to the page: of each process, and of the machine
counts() {
	local n
	for n in 0 1 2; do
		# Some is swapped out to make room for the image.
		resident "${pid[n]}" RssAnon VmSwap
		resident "${pid[n]}" RssDevHost
	done
	grep -E '^nr_device_host' /proc/vmstat
	grep -E '^(MemTotal|SwapTotal)' /proc/meminfo
	grep -c . /proc/iomem
	cat /sys/devices/system/memory/*/state
}
on_devices() { grep -h RssDevHost /proc/[0-9]*/status | { sum=0; while read -r _ kb _; do ((sum += kb)); done; echo $sum; }; }
# Each device's driver, and what it calls the device
declare -A driver
for d in /sys/class/cdm/*/device; do
	d=$(readlink -f "$d")
	driver[${d##*/}]=$(readlink -f "$d/driver")
done
drivers() { for d in "${!driver[@]}"; do echo "$d" > "${driver[$d]}/$1"; done; }

for n in 0 1 2; do worker $n 2> /dev/null; done	# bash wants one at a time
ask 0 map 2000 && ask 1 map 2000 && ask 2 huge 3
of_each write 0 1500
sums=$(of_each sum 0 1500)
echo "moved: $(ask 0 in 0 0 1000) $(ask 1 in 1 0 1000) $(ask 2 in 1 0 512)"
echo "refused: $(tr -d '[]' < /sys/power/disk), $({ echo disk > /sys/power/state; } 2>&1 | sed 's/.*: //')"
there=$(on_devices)
drivers unbind
echo "unbound: $((there / 4)) $(on_devices)"
echo "sums_before: $sums"
echo "before: $(counts | tr '\n' ' ')"
echo 1 > /sys/power/pm_debug_messages
echo test_resume > /sys/power/disk
echo disk > /sys/power/state && away=1
echo "hibernated: $(dmesg | grep -c 'Hibernation image restored successfully') of ${away:-0}"
echo "after: $(counts | tr '\n' ' ')"
echo "sums_after: $(of_each sum 0 1500)"
drivers bind
echo "again: $(ask 0 in 0 0 1000) $(ask 1 in 1 0 1000) $(ask 2 in 1 0 512), $(on_devices)"
echo "sums_there: $(of_each sum 0 1500)"
echo "disk: $(tr -d '[]' < /sys/power/disk)"
echo "home: $(($(ask 0 out 0 0 1000) + $(ask 1 out 1 0 1000) + $(ask 2 out 1 0 512))), $(on_devices)"
echo "splat: $(dmesg | grep -E 'BUG|WARNING|Oops|Bad ')"
echo the end
SH
leave_the_host /tmp/hibernate /bin/{cat,dmesg,grep,readlink,sed,tr} "$top/build/vm-tests/worker"
