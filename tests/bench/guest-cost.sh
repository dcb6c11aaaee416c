#!/bin/bash
# In the VM: everything that cost can measure on this kernel.
set -euo pipefail
cost=$1
"$cost" core
[[ ${2:-} == core ]] && exit
args=() names=(spm_addr_dev0 spm_addr_dev1 host_addr_dev0 host_addr_dev1) n=0
ranges=$(sed -n 's/.*\bcdm\.reserved=\([^ ]*\).*/\1/p' /proc/cmdline)
for range in ${ranges//,/ }; do
	address=${range#*@}
	args+=("${names[n++]}=${address%\%*}")
done
modprobe test_hmm "${args[@]}"
"$cost" hmm /dev/hmm_dmirror2 test_hmm_coherent
"$cost" hmm /dev/hmm_dmirror4 test_hmm_host
modprobe cdm reserved=
"$cost" cdm /dev/cdm0 cdm_driver
