#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: loads the reference driver on the PCI devices and test_hmm on the
# reserved ranges, then becomes the program given, one of the kernel's selftests.
# With --reserved the driver gets the reserved ranges instead; with --v1 the memory
# controller is in a version 1 hierarchy, which it cannot join later: a cgroup that
# was removed keeps it busy.
set -euo pipefail
source "$(dirname "$0")/guest-lib.sh"

driver=(reserved=)
case $1 in
--reserved)
	driver=()
	shift ;;
--v1)
	echo -memory > /sys/fs/cgroup/cgroup.subtree_control
	mkdir /tmp/memory
	mount -t cgroup -o memory none /tmp/memory
	shift ;;
esac
modprobe cdm "${driver[@]}"

if [[ ${#driver[@]} -gt 0 ]]; then
	# shellcheck disable=SC2046
	modprobe test_hmm $(test_hmm_parameters)
fi
# What failed is told on stderr, that it did on stdout: in this order.
exec "$@" 2>&1
