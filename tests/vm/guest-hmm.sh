#!/bin/bash
# In the VM: upstream's hmm-tests, with test_hmm's devices: two DEVICE_PRIVATE,
# two DEVICE_COHERENT in the ranges that --cdm SIZE,reserved kept free and, on a
# kernel with the series, two DEVICE_HOST in further ones.
set -euo pipefail

ranges=$(sed -n 's/.*\bcdm\.reserved=\([^ ]*\).*/\1/p' /proc/cmdline)
args=() n=0
for range in ${ranges//,/ }; do
	address=${range#*@}
	case $((n / 2)) in
	0) args+=("spm_addr_dev$n=${address%\%*}") ;;
	1) modinfo test_hmm | grep -q host_addr_dev0 &&
		args+=("host_addr_dev$((n - 2))=${address%\%*}") ;;
	esac
	n=$((n + 1))
done
modprobe test_hmm "${args[@]}"
exec "$1"
