#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: upstream's hmm-tests, the program given, on test_hmm's devices.
set -euo pipefail
source "$(dirname "$0")/guest-lib.sh"

# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
# A benchmark of 7.3, whose buffer is as large as the device: what it gets there depends on
# which tests were before it, and an unpatched kernel warns where that is not enough.
exec "$1" -T benchmark_thp_migration
