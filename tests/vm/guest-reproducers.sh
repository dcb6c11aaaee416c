#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: the programs that are posted with the fixes of the series, on a kernel that has
# the defects ("defect") and on one that has them not ("fixed"). They need nothing of this
# project. Prints TAP.
set -uo pipefail
source "$(dirname "$0")/guest-lib.sh"
wanted=1
[[ $1 == defect ]] || wanted=0

# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
result $? "test_hmm has devices"
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
# The last one leaves a lock behind in the kernel, if it has the defect.
for name in ksm ksm-zero mlock flags extra-reference thp-lock pagemap-scan lru-drain khugepaged drain memory-failure; do
	said=$(timeout 100 "$top/build/vm-tests/reproducers/$name" 2>&1)
	is "$name: $1, $said" "$wanted" $?
done
is "each was run" "" "$(for name in "$top"/kernel-patches/mail/reproducers/*.c; do
	grep -qw -- "$(basename "$name" .c)" "$guest/guest-reproducers.sh" || echo "$name"; done)"
finish
