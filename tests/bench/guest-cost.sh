#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: everything that cost can measure on this kernel.
set -euo pipefail
source "$(dirname "$0")/../vm/guest-lib.sh"

cost=$1
"$cost" core
[[ ${2:-} != core ]] || exit 0
modprobe cdm reserved=
"$cost" core unused_
"$cost" core used_ /dev/cdm0
# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
"$cost" hmm /dev/hmm_dmirror2 test_hmm_coherent
"$cost" hmm /dev/hmm_dmirror4 test_hmm_host
"$cost" cdm /dev/cdm0 cdm_driver
"$cost" huge /dev/cdm0 cdm_huge
