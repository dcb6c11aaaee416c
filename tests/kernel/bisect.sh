#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whether each patch of the series builds and boots, in order, so that a bisection ends at
# what broke something and nowhere else. Prints TAP.
#
#   bisect.sh           all of them
#   bisect.sh N...      those with these numbers
#   bisect.sh sample    one that is cheap to build: the last that changes mm, of which most
#                       objects are in the cache when the series has been built
set -uo pipefail
source "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
series=$top/kernel-patches/6.12
build=$top/build

# The last patch that changes what is compiled into the kernel, not into a module
sample() {
	grep -lE '^diff --git a/(mm|fs|kernel|lib|include/linux)/' "$series"/*.patch | tail -1 |
		sed -E 's,.*/0*([0-9]+)-.*,\1,'
}
case ${1:-} in
'')	mapfile -t numbers < <(seq "$(find "$series" -name '*.patch' | wc -l)") ;;
sample)	numbers=("$(sample)") ;;
*)	numbers=("$@") ;;
esac

for n in "${numbers[@]}"; do
	name=$(basename "$series/$(printf %04d "$n")"-*.patch .patch)
	said=$("$top/kernel-patches/kernel.sh" bisect "$n" 2>&1)
	status=$?
	result $status "$name builds" "$said"
	[[ $status == 0 ]] || continue
	said=$("$top/tools/cdm-vm/cdm-vm" --kernel "$build/kernel-bisect" --memory 1G --no-modprobe \
		--cdm 256M,reserved --cdm 256M,reserved --timeout 300 -- \
		"$top/tests/vm/guest-bisect.sh" 2>&1)
	result $? "$name boots, and moves memory to a device and home" "$said"
done
finish
