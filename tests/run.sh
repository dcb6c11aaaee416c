#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the tests and ends with "N passed, N failed, N skipped".
#
#   tests/run.sh [debug|quick|soak] [SUITE...]
#
# "quick": what needs neither a kernel of ours nor a VM. "soak": what takes hours. Without
# a word: everything on build/kernel, and the storm-prone part on build/kernel-debug. With
# "debug": everything on build/kernel-debug. BASE=7.3: what is about the kernel, on
# build/kernel-7.3. Suites are named as in the output, a part of the name is enough. Logs are
# in build/tests/.
#
# A suite prints TAP; one that prints no result at all, or ends before it said
# how many there are, has failed.
#
# Two run at a time: those on this machine one after the other, since they look at all
# that it does, and beside them those in VMs.
set -uo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
vm=$top/tools/cdm-vm/cdm-vm
logs=$top/build/tests
results=$logs/results	# a line for each suite: passed, failed, skipped
source "$top/tests/vm/host-lib.sh"

debug='' quick='' soak='' base=${BASE:-}
case ${1:-} in
debug | quick | soak)
	declare "$1=1"
	shift ;;
esac
only=("$@")
mkdir -p "$logs"
rm -rf "$logs"/*.log "$logs"/*.dmesg "$logs"/taken
mkdir "$logs/taken"
: > "$results"

wanted() {
	local part
	[[ ${#only[@]} -gt 0 ]] || return 0
	for part in "${only[@]}"; do
		[[ $1 == *"$part"* ]] && return 0
	done
	return 1
}

# Each "not ok" of a log, after the comments since the result before it, which say
# what was expected.
failures() {
	awk '
	/^ok / { n = 0; next }
	/^#  +(RUN|OK) / { next }
	{ line[n++] = $0 }
	/^not ok / {
		for (i = n > 40 ? n - 40 : 0; i < n; i++)
			print "    " line[i]
		n = 0
	}' "$1"
}

# QEMU before 8.1, where there is no KVM, now and then runs a breakpoint that the kernel had
# there while it patched itself, and has no more (https://bugzilla.redhat.com/2216496). At boot
# cdm-vm starts again. Nothing of what is tested has a part in that: it is done again.
patched_under_its_feet() {
	grep -q '] \(Oops: \)\?int3: 0000 \[#1]' "$1"
}

# suite NAME COMMAND...: by whoever comes to it first
suite() {
	local name=$1 file=${1//[^a-z0-9]/-} log status ok skip bad line start=$SECONDS
	shift
	wanted "$name" || return 0
	mkdir "$logs/taken/$file" 2> /dev/null || return 0
	log=$logs/$file.log
	"$@" < /dev/null > "$log" 2>&1
	status=$?
	if patched_under_its_feet "$log"; then
		mv "$log" "${log%.log}.int3.log"
		echo "$name: the emulator ran a breakpoint that was not there any more, once again"
		"$@" < /dev/null > "$log" 2>&1
		status=$?
	fi
	skip=$(grep -cE '^ok .*# SKIP' "$log")
	ok=$(($(grep -cE '^ok ' "$log") - skip))
	bad=$(grep -cE '^not ok ' "$log")
	# A plan that says "1..0 # SKIP why" is a program that found nothing to test.
	if [[ $status == 4 && $ok == 0 && $bad == 0 ]]; then
		skip=$((skip > 0 ? skip : 1))
	elif [[ $status != 0 && $bad == 0 ]] || ((ok + bad + skip == 0)); then
		bad=$((bad + 1))
		echo "not ok - $name ended with status $status" >> "$log"
	fi
	echo "$ok $bad $skip" >> "$results"
	line=$(printf '%-34s %4d passed %3d failed %3d skipped  %4d s' \
		"$name" "$ok" "$bad" "$skip" $((SECONDS - start)))
	((bad == 0)) || line+=$'\n'$(failures "$log")
	echo "$line"
}

# The devices of the series' selftests: two of its driver, two ranges for test_hmm
devices=(--swap 256M --no-modprobe --cdm 64M --cdm 64M --cdm 256M,reserved --cdm 256M,reserved)

# selftest DEBUG [--reserved|--v1|--numa] PROGRAM [ARG...]: one of the series'
# selftests, in a VM of its own
selftest() {
	local kernel=$top/build/kernel${1:+-debug}${base:+-$base} options=(--memory 2G --timeout 1200)
	[[ -z $1 ]] || options=(--debug-kernel --memory 3G --timeout 2400)
	if [[ -n $base ]]; then
		options+=(--kernel "$kernel")
		[[ -e $kernel/bzImage ]] || { echo "1..0 # SKIP there is no $kernel: make kernel BASE=$base"; return 4; }
	fi
	shift
	local tag='' setup=()
	case $1 in
	--numa) tag=$1 options+=(--numa 2) ;;
	--*)	tag=$1 setup=("$1") ;;
	esac
	[[ -z $tag ]] || shift
	local program=$1
	shift
	"$vm" "${options[@]}" --cpus 2 "${devices[@]}" \
		--dmesg "$logs/$program$tag${kernel#"$top/build/kernel"}.dmesg" -- \
		"$top/tests/vm/guest-selftest.sh" "${setup[@]}" \
		"$kernel/selftests/$program" "$@"
}

hotplug() {
	"$vm" --memory 1G --timeout 120 --no-modprobe --cdm 128M,reserved \
		--dmesg "$logs/hotplug.dmesg" -- "$top/tests/vm/guest-refuse.sh"
}

# A device that leaves its slot behind the kernel's back
vanish() {
	local file=$logs/vanish.ones status
	ones "$file" 64
	local bus=(-device pcie-root-port,id=rp0,slot=1 "${ones[@]}"
		-object memory-backend-ram,id=cdm,size=64M,share=on -device ivshmem-plain,memdev=cdm,bus=rp0)
	"$vm" --memory 1G --timeout 120 --no-modprobe "${bus[@]/#/--qemu-arg=}" --dmesg "$logs/vanish.dmesg" -- \
		python3 -B "$top/tests/vm/vanish.py" "$top/tools/cdmctl/cdmctl"
	status=$?
	rm "$file"
	return $status
}

# dax NAME NODE OPTION...: memory that is devdax, on NODE
dax() {
	"$vm" --memory 1G --cpus 2 --no-modprobe --cdm 16M --timeout 900 --dmesg "$logs/dax-$1.dmesg" \
		"${@:3}" -- /usr/bin/python3 -B "$top/tests/vm/dax.py" "$top/tools/cdmctl/cdmctl" "$2"
}
nvdimm() {
	local nvdimm=(-machine nvdimm=on -m 1G,slots=1,maxmem=4G
		-object memory-backend-ram,id=nvdimm,size=256M -device nvdimm,memdev=nvdimm,node=1)
	dax nvdimm 1 --numa 2 "${nvdimm[@]/#/--qemu-arg=}"
}

# isolation NUMA [tiers]: a device on each of two nodes; the script loads the driver.
isolation() {
	"$vm" --memory 1G --numa "$1" --cpus 2 --no-modprobe --cdm 64M,node=1 \
		--cdm 128M,reserved,node=0 --timeout 900 --dmesg "$logs/isolation-$1.dmesg" -- \
		/usr/bin/python3 -B "$top/tests/vm/isolation.py" "${@:2}"
}

# RAM, swap and cgroups that are full
pressure() {
	"$vm" --memory 640M --cpus 2 --swap 128M --cdm 128M --cdm 16M --timeout 900 \
		--dmesg "$logs/pressure.dmesg" -- /usr/bin/python3 -B "$top/tests/vm/pressure.py"
}

# The storm on a kernel that looks for data races, and what it found: once it is up, it watches
# more often and longer than by default, which here finds nothing in minutes.
races() {
	local kernel=$top/build/kernel-kcsan
	"$vm" --kernel "$kernel" --memory 2G --cpus 2 "${devices[@]}" --no-dmesg-check --timeout 2h \
		--dmesg "$logs/races.dmesg" -- \
		bash -c 'cd /sys/module/kcsan/parameters && echo 300 > skip_watch && echo 400 > udelay_task; exec "$@"' watched \
		"$top/tests/vm/guest-selftest.sh" "$kernel/selftests/storm" "$1"
	"$top/tests/kernel/races.py" "$kernel/vmlinux" "$logs/races.dmesg"
}

# A device with much memory is removed
big() {
	"$vm" --memory $(($1 * 5 / 4 + 512))M --cpus 2 --cdm $(($1 * 9 / 8))M --timeout 30m --dmesg "$logs/big.dmesg" -- \
		/usr/bin/python3 -B "$top/tests/vm/big.py" "$1"
}

# On this machine; one that waits for what does not come ends as failed, and those after
# it still run. VMs have limits of their own.
on_host() {
	timeout --kill-after 10 900 "$@"
}

# Programs in a VM with two devices
in_vm() {
	"$vm" ${base:+--kernel "$top/build/kernel-$base"} --memory "${memory:-1G}" --cpus 2 --cdm 64M --cdm 64M --timeout "${limit:-1800}" \
		--dmesg "$logs/$(basename "$1").dmesg" -- "$@"
}

# The same on the debug kernel, and one that is soon full
in_debug_vm() {
	"$vm" --debug-kernel --cpus 2 --swap 256M --cdm 64M --cdm 64M --cdm 4M --timeout 2h \
		${allow:+--allow "$allow"} --dmesg "$logs/$(basename "$1")-debug.dmesg" -- "$@"
}

# stock KERNEL [SCRIPT [ARG...]]: what functions of the kernel tell. KERNEL: that of Debian,
# without the series; ours has tracepoints to compare with, and DEVICE_PRIVATE memory.
stock() {
	local kernel=$top/build/$1 script=${2:-guest-stock.sh}
	if [[ ! -e $kernel/bzImage ]]; then
		echo "1..0 # SKIP there is no $kernel: make ${1/debian-/debian DEBIAN=}"
		return 4
	fi
	"$vm" --kernel "$kernel" --memory 1G --cpus 2 --no-modprobe --cdm 256M,reserved \
		--cdm 256M,reserved --timeout 1800 --dmesg "$logs/$script-$1.dmesg" -- \
		"$top/tests/vm/$script" "${@:3}"
}

# reproducers KERNEL defect|fixed: what is posted with the fixes. Without them the kernel
# has warned and oopsed by the end.
reproducers() {
	local kernel=$top/build/$1 log=()
	if [[ ! -e $kernel/bzImage ]]; then
		echo "1..0 # SKIP there is no $kernel: make ${1/debian-/debian DEBIAN=}"
		return 4
	fi
	[[ $2 == fixed ]] || log=(--no-dmesg-check)
	"$vm" --kernel "$kernel" --memory 1G --cpus 2 --no-modprobe "${log[@]}" --cdm 256M,reserved \
		--cdm 256M,reserved --timeout 600 --dmesg "$logs/reproducers-$1.dmesg" -- \
		"$top/tests/vm/guest-reproducers.sh" "$2"
}

# Ordinary migrations: KERNEL is one of Debian, which know of tiers of memory. A GiB
# of the far node starts 128M from its start, so that little memory is below it.
numa() {
	local kernel=$top/build/$1
	if [[ ! -e $kernel/bzImage ]]; then
		echo "1..0 # SKIP there is no $kernel: make ${1/debian-/debian DEBIAN=}"
		return 4
	fi
	"$vm" --kernel "$kernel" --numa 2,far --memory 5888M --cpus 2 --no-modprobe --timeout 900 \
		--dmesg "$logs/numa-$1.dmesg" -- "$top/tests/vm/guest-numa.sh"
}

sanitized() {
	make -s -C "$top/tests/vm" sanitized && memory=2G in_vm "$top/tests/vm/guest-sanitized.sh"
}

unit() {
	local test
	make -s -C "$top/tests/unit" || return
	for test in "$top"/build/tests/unit/test-*; do
		[[ ! -x $test ]] || CMOCKA_MESSAGE_OUTPUT=TAP "$test" || return
	done
}

# The recordings that the fuzzer has kept
corpus() {
	make -s -C "$top/tests/fuzz" all || return
	"$top/build/fuzz/reader" -close_fd_mask=1 "$top"/tests/fuzz/corpus/* && echo "ok 1 - the reader takes what the fuzzer kept"
}

on_this_machine() {
	local test
	if [[ -z $quick ]]; then
		suite "series" "$top/tests/kernel/series.sh"
		suite "mail" on_host "$top/tests/kernel/mail.sh"
	fi
	suite "unit" unit
	suite "corpus" corpus
	suite "collector" on_host "$top/build/bpf-tests/collector"
	for test in tree install packages options cdmtop cdmtop-ui names page prometheus cdmtrace cdmtrace-live stacks cdmctl bench; do
		suite "$test" on_host "$top/tests/cli/test-$test.sh"
	done
}

tools_in_vms() {
	local test
	suite "cdm-vm" "$top/tests/cli/test-cdm-vm.sh"
	suite "hotplug" hotplug
	suite "vanish vm" vanish
	suite "unplug vm" "$top/tests/vm/unplug-test.sh" acpi 10 --timeout 600
	suite "unplug vm native" "$top/tests/vm/unplug-test.sh" native 6 --timeout 600
	suite "dax vm" nvdimm
	suite "dax vm memmap" dax memmap 0 --append 'memmap=256M!512M'
	suite "isolation vm" isolation 2
	suite "isolation tiers vm" isolation 2,far tiers
	suite "pressure vm" pressure
	suite "fuzz vm" in_vm "$top/build/vm-tests/fuzz-ioctl" 20
	suite "faults vm" in_vm "$top/build/vm-tests/fail-nth"
	suite "collector vm" in_vm "$top/build/bpf-tests/collector"
	for test in cdmctl cdmtop cdmtrace watch cgroup1 soak; do
		suite "$test vm" in_vm "$top/tests/vm/guest-$test.sh"
	done
	suite "stock vm" stock kernel-debian
	suite "verifier vm" "$top/tests/vm/verifier.py"
	suite "robust vm" stock kernel-debian guest-robust.sh
	suite "disk vm" on_host "$top/tests/vm/disk-test.sh"
	suite "suspend vm" on_host "$top/tests/vm/suspend-test.sh"
	suite "hibernate vm" on_host "$top/tests/vm/hibernate-test.sh"
	suite "tour vm" in_vm "$top/tests/vm/guest-tour.sh" series
	suite "tour vm stock" stock kernel-debian guest-tour.sh stock
	suite "numa vm" numa kernel-debian
	suite "sanitized vm" sanitized
}

# The same programs on the kernel of another base
tools_on_base() {
	local test
	suite "collector vm $base" in_vm "$top/build/bpf-tests/collector"
	for test in cdmctl cdmtop cdmtrace; do
		suite "$test vm $base" in_vm "$top/tests/vm/guest-$test.sh"
	done
}

the_kernel() {
	local program
	local suffix=${debug:+ debug}${base:+ $base}
	suite "hmm-tests$suffix" env DEBUG="$debug" BASE="$base" "$top/tests/vm/hmm-tests.sh"
	# What the other base has, too
	for program in accounting refuse memcg ${base:+dmem} device trace coexist fixes loss huge file full unbind; do
		suite "$program$suffix" selftest "$debug" "$program"
	done
	suite "storm$suffix" selftest "$debug" storm 60
	# All of it is in the soak.
	suite "disk$suffix" selftest "$debug" disk -v ext4 -v xfs -t storm -t truncate_and_punch
	# It has a second node for NUMA balancing.
	suite "calls$suffix" selftest "$debug" --numa calls -V xfs
	suite "device numa$suffix" selftest "$debug" --numa device -r device.evict_to_the_home_node
	suite "memcg v1$suffix" selftest "$debug" --v1 memcg -r memcg_v1.stat_and_move \
		-r memcg_v1.huge_page_moves
	if [[ -n $debug$base ]]; then
		suite "device reserved$suffix" selftest "$debug" --reserved device
		return
	fi
	# All of it: BASE=7.3
	for program in accounting huge dmem; do
		base=7.3 suite "$program 7.3" selftest "" "$program"
	done
	# All of it on that kernel: make check-debug
	suite "huge debug" selftest 1 huge
	suite "storm debug" selftest 1 storm 60
	# What it is about only KASAN sees.
	suite "device exit debug" selftest 1 device -r device.evict_and_exit
}

# Hours of it: as many processes as a machine has in days, storms, other people's tests with
# their memory on devices, requests at random, and every allocation failing once. And what
# takes minutes and changes rarely: postings, older kernels, the same scripts on more of them.
soak() {
	local unplug=${UNPLUG:-1000}
	limit=3h suite "soak vm" in_vm "$top/tests/vm/guest-soak.sh" 300000
	suite "storm" selftest "" storm 600
	suite "disk" selftest "" disk
	suite "calls" selftest "" --numa calls
	suite "big vm" big 3600
	suite "unplug vm" "$top/tests/vm/unplug-test.sh" acpi "$unplug" --timeout 3h
	suite "unplug vm native" "$top/tests/vm/unplug-test.sh" native $((unplug / 5)) --timeout 3h
	suite "on devices vm" "$top/tests/vm/on-devices.sh" 5
	suite "device reserved" selftest "" --reserved device
	memory=2G suite "crowd vm" in_vm "$top/tests/vm/guest-crowd.sh"
	suite "sources vm" "$top/tests/vm/sources.py"
	suite "functions vm" stock kernel
	suite "residency vm" stock kernel guest-residency.sh
	suite "residency vm stock" stock kernel-debian guest-residency.sh
	suite "stock vm 6.1" stock kernel-debian-6.1
	suite "residency vm 6.1" stock kernel-debian-6.1 guest-residency.sh
	suite "robust vm 6.1" stock kernel-debian-6.1 guest-robust.sh
	suite "numa vm 6.1" numa kernel-debian-6.1
	suite "demo stock vm" on_host "$top/tests/vm/demo-test.sh"
	suite "reproducers vm" reproducers kernel fixed
	suite "reproducers vm stock" reproducers kernel-debian defect
	suite "storm debug" selftest 1 storm 600
	suite "disk debug" selftest 1 disk
	suite "races" races 300
	suite "fuzz debug" in_debug_vm "$top/build/vm-tests/fuzz-ioctl" 600
	allow=$top/tests/vm/fail-nth.allow suite "faults debug" in_debug_vm "$top/build/vm-tests/fail-nth"
	suite "unplug debug" "$top/tests/vm/unplug-test.sh" acpi $((unplug / 10)) --timeout 3h --debug-kernel --memory 2G
	suite "unplug debug native" "$top/tests/vm/unplug-test.sh" native $((unplug / 50)) --timeout 3h --debug-kernel --memory 2G
}

all() {
	if [[ -z $debug$base ]]; then
		[[ $1 != first ]] || on_this_machine
		tools_in_vms
	fi
	[[ -z $base ]] || tools_on_base
	the_kernel
}

[[ -n $debug ]] || { make -s -C "$top/tests/bpf" && make -s -C "$top/tests/vm"; } || exit
if [[ -n $soak ]]; then
	soak
elif [[ -n $quick ]]; then
	# It looks at recordings, and mostly waits.
	suite "cdmtop-ui" on_host "$top/tests/cli/test-cdmtop-ui.sh" & on_this_machine & wait
else
	all first & all second & wait
fi

read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$results")
echo
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
