#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: programs with the troubles that docs/tour.md finds, and its commands. Prints TAP.
# Usage: guest-tour.sh series|stock [--record]
set -uo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
export PATH=$top/tools/cdmtop:$top/tools/cdmtrace:$top/tools/cdmctl:$PATH HOME=$work

# program NAME PROGRAM: under a name of its own
program() { cp "$2" "$work/$1"; echo "$work/$1"; }

if [[ $1 == series ]]; then
	worker_program=$(program trainer "$top/build/vm-tests/worker")
	mkdir -p "$cgroups/ml"
	echo 24M > "$cgroups/ml/memory.max"
	start_worker trainer ml "$worker_program"
	ask trainer map 5000 > /dev/null
	ask trainer in 0 0 4500 > /dev/null
	start_worker shuttle batch "$(program shuttle "$top/build/vm-tests/worker")"
	ask shuttle map 64 > /dev/null
	ask shuttle storm 1 0 16 > /dev/null
	in_cgroup web /usr/bin/python3 -c '
import ctypes, mmap, os, time
memory = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory[:] = b"data" * (1 << 20)
# Given to a pipe without a copy, and nobody reads it: pinned
vector = (ctypes.c_void_p * 2)(ctypes.addressof(ctypes.c_char.from_buffer(memory)), 48 << 10)
ctypes.CDLL(None).vmsplice(os.pipe()[1], vector, 1, 0)
open("/proc/self/comm", "w").write("sender")
time.sleep(3600)' &
	sender=$!
	until grep -q sender "/proc/$sender/comm" 2> /dev/null; do sleep 0.1; done
	"$cdmctl" migrate --partial-ok -p $sender --to cdm1 > /dev/null
else
	# shellcheck disable=SC2046
	modprobe test_hmm $(test_hmm_parameters) || exit
	in_cgroup ml env LD_PRELOAD="$top/build/vm-tests/hmm-open.so" /usr/bin/python3 -c '
import time
memory = bytearray(16 << 20)
open("/proc/self/comm", "w").write("trainer")
time.sleep(3600)' &
	trainer=$!
	until grep -q trainer "/proc/$trainer/comm" 2> /dev/null; do sleep 0.1; done
	(while "$top/build/vm-tests/hmm-move" -p $trainer --to hmm_dmirror2 --vma anon &&
		"$top/build/vm-tests/hmm-move" -p $trainer --home --vma anon; do sleep 0.3; done) > /dev/null 2>&1 &
fi
cd "$work" || exit
/usr/bin/python3 "$guest/tour.py" "$@"
status=$?
kill $(jobs -p) 2> /dev/null
exit $status
