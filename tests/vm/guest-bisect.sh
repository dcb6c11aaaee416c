#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: is this kernel alive, with whatever of the series is in it?
set -euo pipefail
source "$(dirname "$0")/guest-lib.sh"
# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
if modinfo cdm > /dev/null 2>&1; then
	modprobe cdm reserved=
fi
echo go | "$top/build/vm-tests/mirror" /dev/hmm_dmirror2 > /tmp/told
[[ $(json 'min(d["in"], d["out"]) > 1000' < /tmp/told) == True ]] || { cat /tmp/told; exit 1; }
