#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: the machine is suspended while migrations are traced. What lies on the host,
# this script included, is out of reach from then on; so all goes on from memory, and what
# was seen goes to standard output, which works.
set -u
source "$(dirname "$0")/guest-lib.sh"

# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
cat > /tmp/suspend << 'SH'
cd /tmp
pause() { read -rt "$1" <> <(:) || :; }
# until_true COMMAND...
until_true() { for ((i = 0; i < 600; i++)); do "$@" && return; pause 0.2; done; }
lines() { local all; mapfile -t all < "$1"; ((${#all[@]} >= $2)); }
lines_of() { local all; mapfile -t all < "$1"; echo ${#all[@]}; }
# By how much CLOCK_BOOTTIME is before CLOCK_MONOTONIC, in hundredths of a second.
asleep() {
	local up now line
	while read -r line; do
		[[ $line == "now at "* ]] && now=${line#now at } && break
	done < /proc/timer_list
	read -r up _ < /proc/uptime
	echo "asleep $((${up/./} - ${now% nsecs} / 10000000))"
}
: > told
coproc mirror { exec /bin/mirror /dev/hmm_dmirror2 > told; }
exec {steps}>&"${mirror[1]}"
step() { local n; n=$(lines_of told); echo "$1" >&$steps; until_true lines told $((n + 1)); }
step "in 0 1"
/bin/cdmtop -j -F pid,in,out 0.5 > top.json 2> top.err &
top_pid=$!
/bin/cdmtrace -j -e migrate --ready-file ready > trace.json 2> trace.err &
trace_pid=$!
until_true test -e ready
until_true lines top.json 12
asleep
step "in 1 99"
echo core > /sys/power/pm_test
echo mem > /sys/power/state && echo suspended
step "in 100 101"
asleep
until_true lines top.json $(($(lines_of top.json) + 24))
kill -INT $top_pid $trace_pid
wait $top_pid; echo "cdmtop $?"
wait $trace_pid; echo "cdmtrace $?"
for file in top trace; do
	while read -r line; do echo "$file $line"; done < $file.json
done
echo the end
SH
leave_the_host /tmp/suspend "$cdmtop" "$cdmtrace" "$top/build/vm-tests/mirror"
