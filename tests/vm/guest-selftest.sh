#!/bin/bash
# In the VM: loads the reference driver on the PCI devices and test_hmm on the
# reserved ranges, then becomes the program given, one of the kernel's selftests.
# With --reserved the driver gets the reserved ranges instead.
set -euo pipefail

driver=(reserved=)
if [[ $1 == --reserved ]]; then
	driver=()
	shift
fi
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
