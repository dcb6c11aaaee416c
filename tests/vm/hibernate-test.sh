#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A VM whose devices have no driver any more, but a process with memory that was there, makes
# an image of itself, and comes back from it. Prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
source "$top/tests/tap.sh"
source "$top/tests/vm/host-lib.sh"
trap 'rm -rf "$work"' EXIT

to_the_end "$work/said" "$work/err" "$top/tools/cdm-vm/cdm-vm" --memory 640M --swap 512M --cpus 2 \
	--cdm 64M --cdm 128M,reserved --timeout 300 --dmesg "$top/build/tests/hibernate.dmesg" \
	-- "$top/tests/vm/guest-hibernate.sh"
said() { sed -n "s/^$1: //p" "$work/said"; }

is "with memory on both devices there is no hibernation" "disabled, Operation not permitted" "$(said refused)"
is "their drivers leave, and all comes home" "2512 0" "$(said unbound)"
is "the machine was away" "1 of 1" "$(said hibernated)"
is "and is what it was" "$(said before)" "$(said after)"
is "what is in memory, too" "$(said sums_before)" "$(said sums_after)"
like "that is something" '^[1-9][0-9]* [1-9][0-9]* [1-9][0-9]*$' "$(said sums_after)"
is "with their drivers the devices take memory as before" "1000 1000 512, 10048" "$(said again)"
is "which is what it was" "$(said sums_before)" "$(said sums_there)"
is "and comes home" "2512, 0" "$(said home)"
is "there is no hibernation again" "disabled" "$(said disk)"
is "nothing in the kernel's log" "" "$(said splat)"
((tap_failed == 0)) || sed 's/^/# /' "$work/said" "$work/err"
finish
