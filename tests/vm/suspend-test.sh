#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A machine, a VM with the kernel of Debian, that is suspended while cdmtop and cdmtrace
# watch: events stay in order, and the time that it slept counts. Prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
source "$top/tests/tap.sh"
source "$top/tests/vm/host-lib.sh"
guest=$top/tests/vm
trap 'rm -rf "$work"' EXIT

if [[ ! -e $top/build/kernel-debian/bzImage ]]; then
	echo "1..0 # SKIP there is no build/kernel-debian: make kernel-debian"
	exit 4
fi
to_the_end "$work/said" "$work/err" "$top/tools/cdm-vm/cdm-vm" --kernel "$top/build/kernel-debian" \
	--memory 1G --cpus 2 --no-modprobe --cdm 256M,reserved --cdm 256M,reserved --timeout 600 \
	--dmesg "$top/build/tests/suspend.dmesg" -- "$guest/guest-suspend.sh"
grep -q '^suspended' "$work/said"
result $? "the machine was suspended, and is there again" "$(head -30 "$work/said" "$work/err")"
for tool in cdmtop cdmtrace; do
	is "$tool ends well" "$tool 0" "$(grep "^$tool " "$work/said")"
done
for file in top trace; do
	sed -n "s/^$file //p" "$work/said" > "$work/$file"
done
check "it was asleep for seconds" << 'PY'
before, after = [int(line.split()[1]) for line in open("said") if line.startswith("asleep ")]
assert after - before > 200, (before, after)
PY
check "cdmtrace: all that moved, in order, with the time asleep in between" << 'PY'
from truth import rows, same
got = rows("trace", "migrate")
same("pages", [64, 35, 64, 37], [r["migrated_pages"] for r in got])
stamps = [r["ts_ns"] for r in got]
same("order", sorted(stamps), stamps)
assert stamps[2] - stamps[1] > 2e9, stamps
assert all(r["total_ns"] < 2e9 for r in got), got
PY
check "cdmtop: all that moved, and a refresh that lasted as long" << 'PY'
from truth import refreshes, same, totals
same("in", [200], [n for n in totals("top", "pid", "in_pages_per_second").values() if n])
assert max(r[-1]["interval_ns"] for r in refreshes("top")) > 2e9
PY
finish
