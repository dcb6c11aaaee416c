# SPDX-License-Identifier: GPL-2.0
# For scripts that run in the VM: where the project is, its tools, and helpers. Those that
# test set $work, a folder of their own.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
guest=$top/tests/vm	# truth.py is there
source "$top/tests/tap.sh"
cdmtop=$top/tools/cdmtop/cdmtop
cdmtrace=$top/tools/cdmtrace/cdmtrace
cdmctl=$top/tools/cdmctl/cdmctl

# Parameters of test_hmm that make devices of the ranges that --cdm SIZE,reserved
# kept free: two DEVICE_COHERENT ones and then, if the module knows them, two
# DEVICE_HOST ones.
test_hmm_parameters() {
	local names=(spm_addr_dev0 spm_addr_dev1 host_addr_dev0 host_addr_dev1)
	local ranges range address n=0
	ranges=$(sed -n 's/.*\bcdm\.reserved=\([^ ]*\).*/\1/p' /proc/cmdline)
	for range in ${ranges//,/ }; do
		address=${range#*@}
		if modinfo -p test_hmm | grep -q "^${names[n]}:"; then
			echo "${names[n]}=${address%\%*}"
		fi
		n=$((n + 1))
	done
}

# What the kernel says, in bytes
cgroups=/sys/fs/cgroup
json() { "$python" -c "import json, sys; d = json.load(sys.stdin); print($1)"; }
on_device() { awk '/^RssDevHost:/ { print $2 * 1024 }' "/proc/$1/status"; }
used() { cat "/sys/class/cdm/$1/used"; }
charged() { awk '/^device_host / { print $2 }' "$cgroups/$1/memory.stat"; }

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# The first cgroup of all has the kernel patch its allocators. While nothing else runs: see
# tests/run.sh for what the emulator makes of it otherwise.
mkdir "$cgroups/first" 2> /dev/null && rmdir "$cgroups/first"

# in_cgroup CGROUP COMMAND...: becomes it, so call it in the background. What a process
# was charged before it joins a cgroup stays with the old one.
in_cgroup() {
	local cgroup=$cgroups/$1
	shift
	mkdir -p "$cgroup"
	exec sh -c 'echo 0 > '"$cgroup/cgroup.procs"' && exec "$@"' sh "$@"
}

# start_worker NAME CGROUP [PROGRAM]: tests/vm/worker.c, whose pid is ${worker[NAME]}
declare -A worker worker_in worker_out
start_worker() {
	local fd pipe=$work/worker-$1
	mkfifo "$pipe.in" "$pipe.out"
	in_cgroup "$2" "${3:-$top/build/vm-tests/worker}" < "$pipe.in" > "$pipe.out" &
	worker[$1]=$!
	exec {fd}> "$pipe.in"
	worker_in[$1]=$fd
	exec {fd}< "$pipe.out"
	worker_out[$1]=$fd
}
# ask NAME REQUEST...: prints what the worker answers
ask() {
	local name=$1 good answer
	shift
	echo "$*" >&"${worker_in[$name]}"
	read -r -u "${worker_out[$name]}" good answer
	[[ $good == ok ]] || echo "# $name: $*: $answer" >&2
	echo "$answer"
	[[ $good == ok ]]
}
end_worker() {
	kill "${worker[$1]}"
	wait "${worker[$1]}" 2> /dev/null
	unset "worker[$1]"
}
end_workers() {
	kill -KILL "${worker[@]}" 2> /dev/null
	wait "${worker[@]}" 2> /dev/null
}

# leave_the_host SCRIPT PROGRAM...: becomes bash that runs SCRIPT, with PROGRAMs in /bin and
# nothing but memory below it: what lies on the host is out of reach once devices were asleep.
leave_the_host() {
	local root=/tmp/root script=$1
	shift
	mkdir -p $root/{proc,sys,dev,tmp,bin}
	for dir in proc sys dev; do
		mount --rbind /$dir $root/$dir
	done
	cp /bin/bash "$script" "$@" $root/bin
	ldd /bin/bash "$@" | grep -o '/[^ ]*\.so[^ ]*' | sort -u | grep -v ':$' | xargs cp --parents -Lt $root
	exec chroot $root /bin/bash "/bin/${script##*/}"
}
