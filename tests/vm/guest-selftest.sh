#!/bin/bash
# In the VM: loads the reference driver on the PCI devices and test_hmm on the
# reserved ranges, then becomes the program given, one of the kernel's selftests.
# With --reserved the driver gets the reserved ranges instead; with --v1 the memory
# controller is in a version 1 hierarchy, which it cannot join later: a cgroup that
# was removed keeps it busy.
set -euo pipefail

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
	args=() names=(spm_addr_dev0 spm_addr_dev1) n=0
	ranges=$(sed -n 's/.*\bcdm\.reserved=\([^ ]*\).*/\1/p' /proc/cmdline)
	for range in ${ranges//,/ }; do
		address=${range#*@}
		args+=("${names[n++]}=${address%\%*}")
	done
	modprobe test_hmm "${args[@]}"
fi
exec "$@"
