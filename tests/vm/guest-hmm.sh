#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: upstream's hmm-tests, the program given, on test_hmm's devices.
set -euo pipefail
source "$(dirname "$0")/guest-lib.sh"

# shellcheck disable=SC2046
modprobe test_hmm $(test_hmm_parameters)
exec "$1"
