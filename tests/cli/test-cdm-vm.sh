#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cdm-vm, tested with real VMs. CDM_KERNEL names the kernel (default: what
# cdm-vm takes). Prints TAP lines and a summary; exits 1 if a test failed.

project=$(cd "$(dirname "$0")/../.." && pwd)
vm=$project/tools/cdm-vm/cdm-vm
kernel=(${CDM_KERNEL:+--kernel "$CDM_KERNEL"})
work=$(mktemp -d)
mkdir -p "$project/build"
shared=$(mktemp -d "$project/build/cdm-vm-test.XXXXXX")
trap 'rm -rf "$work" "$shared"' EXIT
source "$project/tests/tap.sh"

run() { "$vm" "${kernel[@]}" --timeout 120 --dmesg "$work/dmesg" "$@"; }

finish() {
	echo "1..$tap_number"
	echo "$((tap_number - tap_failed - tap_skipped)) passed, $tap_failed failed, $tap_skipped skipped"
	[ "$tap_failed" == 0 ]
	exit
}

test_command_line() {
	"$vm" --bogus >/dev/null 2>&1
	is "an unknown option is a usage error" 2 $?
	"$vm" --memory lots -- true >/dev/null 2>&1
	is "a bad size is a usage error" 2 $?
	"$vm" --cdm 3M -- true >/dev/null 2>&1
	is "a PCI device needs a power of two" 2 $?
	run --numa 2,near -- true </dev/null 2>/dev/null
	is "a node is far, or it is not" 2 $?
	run --numa 1,far -- true </dev/null 2>/dev/null
	is "a far node is not the only one" 2 $?
	like "--version" '^cdm-vm [0-9]' "$("$vm" --version)"
	like "--help has examples" 'Examples:' "$("$vm" --help)"
	like "a missing kernel is named, with what to do" '/nonexistent.*check --kernel' \
		"$("$vm" --kernel /nonexistent -- true 2>&1)"
	like "--dry-run prints the command" '^qemu-system.*ivshmem-plain' "$(run --dry-run --cdm 64M)"
	like "a missing QEMU is explained" 'make deps' \
		"$(PATH=/nonexistent run --accel tcg -- true 2>&1)"
}

test_status() {
	local status

	run -- true </dev/null
	is "exit status 0" 0 $?
	run -- sh -c 'exit 7' </dev/null
	is "exit status 7" 7 $?
	run -- sh -c 'kill -9 $$' </dev/null
	is "a command killed by signal 9" 137 $?
	run -- /nonexistent </dev/null 2>"$work/err"
	is "a command that does not exist" 127 $?
	like "... and the message" "cannot run '/nonexistent'" "$(cat "$work/err")"
}

test_streams() {
	local start first sum

	is "stdin to stdout" hi "$(echo hi | run -- cat)"
	run -- sh -c 'echo out; echo err >&2' </dev/null >"$work/out" 2>"$work/err"
	is "stdout and stderr stay apart" "out,err" "$(cat "$work/out"),$(cat "$work/err")"
	head -c 100M /dev/urandom >"$work/big"
	sum=$(md5sum <"$work/big")
	is "100 MB through stdin and stdout" "$sum" "$(run -- cat <"$work/big" | md5sum)"
	is "a slow reader gets all" 3000000 \
		"$(run -- head -c 3000000 /dev/zero </dev/null | (sleep 3; wc -c) | tr -d ' ')"
	run -- true <"$work/big"
	is "stdin that is not read" 0 $?
	run -- yes </dev/null | head -n 1 >/dev/null
	is "a reader that goes away is SIGPIPE" 141 "${PIPESTATUS[0]}"
	run -- cat <&-
	is "stdin may be closed" 0 $?
	start=$(date +%s%N)
	first=$(run -- sh -c 'echo; sleep 1' </dev/null | { read -r; date +%s%N; })
	first=$(((first - start) / 1000000))
	if [ "$first" -lt 10000 ]; then
		ok "first output within 10 s ($first ms)"
	else
		not_ok "first output within 10 s ($first ms)"
	fi
}

test_files() {
	local probe=/etc/cdm-vm-test.$$ tmp

	is "the project is the host's, read-write" "guest,host" "$(
		echo host >"$shared/from-host"
		run -- sh -c "echo guest >'$shared/from-guest'; cat '$shared/from-host'" </dev/null >"$work/out"
		echo "$(cat "$shared/from-guest"),$(cat "$work/out")")"
	is "other files can be written in the guest" x \
		"$(run -- sh -c "echo x >$probe; cat $probe" </dev/null)"
	[ ! -e $probe ]
	is "... and the host does not change" 0 $?
	tmp=$(mktemp -d)
	run --rw "$tmp" --cwd "$tmp" -- sh -c 'pwd >here' </dev/null
	is "--rw and --cwd" "$tmp" "$(cat "$tmp/here")"
	rm -rf "$tmp"
	is "--env" bar "$(run --env FOO=bar -- printenv FOO </dev/null)"
	is "python3 of the host" 42 "$(run -- python3 -c 'print(6 * 7)' </dev/null)"
	like "cgroup v2 with the memory controller" memory \
		"$(run -- cat /sys/fs/cgroup/cgroup.subtree_control </dev/null)"
}

test_machine() {
	local a b
	local busy='a=${EPOCHREALTIME/./}; for ((i = 0; i < 20000; i++)); do :; done; echo $((${EPOCHREALTIME/./} - a))'

	is "--cpus" 3 "$(run --cpus 3 -- grep -c ^processor /proc/cpuinfo </dev/null)"
	is "--numa" "node0 0-1 node1 2-3" "$(run --numa 2 --cpus 4 -- sh -c '
		cd /sys/devices/system/node
		for n in node?; do echo $n $(cat $n/cpulist); done | xargs' </dev/null)"
	is "--numa N,far: the last node has memory alone" "node0 0-1 node1" "$(run --numa 2,far -- sh -c '
		cd /sys/devices/system/node
		for n in node?; do echo $n $(cat $n/cpulist); done | xargs' </dev/null)"
	like "--swap" 'partition.6553[0-9]' "$(run --swap 64M -- cat /proc/swaps </dev/null)"
	like "--append" ' cdmtest=1 cdmtest=2' \
		"$(run --append cdmtest=1 --append cdmtest=2 -- cat /proc/cmdline </dev/null)"
	a=$(run --icount -- bash -c "$busy" </dev/null)
	b=$(run --icount -- bash -c "$busy" </dev/null)
	if ((a > 0 && (a > b ? a - b : b - a) * 100 <= a)); then
		ok "--icount: two runs differ by less than 1% ($a and $b us)"
	else
		not_ok "--icount: two runs differ by less than 1%" "$a and $b us"
	fi
	is "--cdm: a PCI device with its BAR" 268435456 "$(run --no-modprobe --cdm 256M -- sh -c '
		for d in /sys/bus/pci/devices/*; do
			[ "$(cat $d/vendor)$(cat $d/device)" = 0x1af40x1110 ] || continue
			stat -c %s $d/resource2
		done' </dev/null)"
	a=$(run --no-modprobe --cdm 256M,reserved --cdm 100M,reserved,node=0 -- cat /proc/iomem /proc/cmdline </dev/null)
	like "--cdm reserved: in /proc/iomem" '140000000-14fffffff|140000000-157ffffff : Reserved' "$a"
	like "--cdm reserved: the module parameter" 'cdm.reserved=256M@0x140000000,100M@0x150000000%0' "$a"
}

test_gate() {
	local out

	out=$(run -- sh -c "echo 'WARNING: fake' >/dev/kmsg" </dev/null 2>&1)
	is "a kernel warning fails a command that succeeded" 126 $?
	like "... and is shown" 'WARNING: fake' "$out"
	run -- sh -c "echo 'WARNING: fake' >/dev/kmsg; exit 3" </dev/null 2>/dev/null
	is "... and keeps the status of one that failed" 3 $?
	run --no-dmesg-check -- sh -c "echo 'WARNING: fake' >/dev/kmsg" </dev/null
	is "--no-dmesg-check" 0 $?
	printf '# a test\nWARNING: fake$\n' >"$work/allow"
	run --allow "$work/allow" -- sh -c "echo 'WARNING: fake' >/dev/kmsg" </dev/null
	is "--allow" 0 $?
	printf 'WARNING: fake$\n' >"$work/allow"
	run --allow "$work/allow" -- true </dev/null 2>/dev/null
	is "an allowed line needs a reason" 125 $?
	run --dmesg "$work/log" -- sh -c 'echo cdm-vm-marker >/dev/kmsg' </dev/null
	like "--dmesg has the whole log" 'Linux version.*cdm-vm-marker' "$(cat "$work/log")"
	out=$(run -- sh -c 'echo c >/proc/sysrq-trigger' </dev/null 2>&1)
	is "a panic" 125 $?
	like "... and is shown" 'Kernel panic - not syncing' "$out"
	out=$(run --append rdinit=/nonexistent -- true </dev/null 2>&1)
	is "a kernel that does not come up" 125 $?
	like "... and its console is shown" 'Unable to mount root' "$out"
	like "... and it was started again, once" '^1$' "$(grep -c 'did not start, once again' <<< "$out")"
	out=$(run --append rdinit=/nonexistent -- cat <<< input 2>&1)
	is "... but not where input was read" 0 "$(grep -c 'once again' <<< "$out")"
}

test_end() {
	local out pid i

	out=$(run --timeout 4 -- sleep 100 </dev/null 2>&1)
	is "--timeout" 124 $?
	like "... and is explained" 'timeout 4 seconds' "$out"

	"$vm" "${kernel[@]}" --dmesg "$work/dmesg" -- sh -c 'echo up; exec sleep 100' </dev/null >"$work/out" &
	pid=$!
	for i in {1..300}; do grep -q up "$work/out" && break; sleep 0.1; done
	kill -TERM $pid
	wait $pid
	is "SIGTERM ends command and VM" 143 $?

	# The shell in the background may empty the file only after the first look at it.
	rm "$work/out"
	"$vm" "${kernel[@]}" --dmesg "$work/dmesg" --monitor "$work/qmp" -- sh -c 'echo up; exec sleep 100' \
		</dev/null >"$work/out" &
	pid=$!
	for i in {1..300}; do grep -qs up "$work/out" && break; sleep 0.1; done
	[ -S "$work/qmp" ]
	is "--monitor makes a socket" 0 $?
	kill -KILL $pid
	wait $pid 2>/dev/null
	sleep 0.5
	ps -eo args | grep -v grep | grep -q "$work/qmp"
	is "SIGKILL leaves no QEMU behind" 1 $?
}

test_parallel() {
	local i

	for i in 1 2 3; do
		run --dmesg "$work/dmesg$i" -- sh -c "echo $i" </dev/null >"$work/out$i" &
	done
	wait
	is "three at a time" "1 2 3" "$(cat "$work"/out[123] | xargs)"
}

screen() { tmux -L "cdm$$" -f /dev/null "$@"; }
type_keys() { screen send-keys -t t "$@"; sleep 0.7; }

# await TEXT REGEX: until the terminal shows it
await() {
	local i out

	for i in {1..120}; do
		out=$(screen capture-pane -p -t t)
		[[ $out =~ $2 ]] && { ok "$1"; return; }
		sleep 0.25
	done
	not_ok "$1" "$out"
}

test_terminal() {
	if ! type tmux >/dev/null 2>&1; then
		skip "a terminal" "tmux is not installed"
		return
	fi
	cat >"$work/tty.sh" <<-EOF
		stty -g >'$work/before'
		'$vm' ${kernel[*]@Q} --dmesg '$work/dmesg' --env PS1='guest> ' -- bash --norc
		echo "status=\$?"
		stty -g >'$work/after'
		sleep 60
	EOF
	screen new-session -d -s t -x 90 -y 33 "bash '$work/tty.sh'"
	await "a shell prompt" 'guest>'
	type_keys 'tty; stty size' Enter
	await "a terminal with the window's size" '/dev/pts/0.33 90'
	screen resize-window -t t -x 77 -y 31
	sleep 0.5
	type_keys 'clear; stty size' Enter
	await "a new size arrives" '31 77'
	type_keys 'clear; sleep 100' Enter
	type_keys C-c
	type_keys 'echo rc=$?' Enter
	await "Ctrl-C goes to the guest's command" 'rc=130'
	type_keys 'exit 9' Enter
	await "the shell's exit status" 'status=9'
	cmp -s "$work/before" "$work/after"
	is "the terminal is as before" 0 $?
	screen kill-server
}

[ -x "$vm" ] || { not_ok "cdm-vm is built" "make -C tools/cdm-vm"; finish; }
test_command_line
if ! type qemu-system-x86_64 >/dev/null 2>&1; then
	skip "everything that boots" "qemu-system-x86_64 is not installed"
	finish
fi
if ! run --dry-run >/dev/null 2>&1; then
	skip "everything that boots" "no kernel: set CDM_KERNEL or run make kernel"
	finish
fi
test_status
test_streams
test_files
test_machine
test_gate
test_end
test_parallel
test_terminal
finish
