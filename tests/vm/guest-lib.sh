# For scripts that run in the VM.

# Parameters of test_hmm that make devices of the ranges that --cdm SIZE,reserved
# kept free: two DEVICE_COHERENT ones and then, if the module knows them, two
# DEVICE_HOST ones.
test_hmm_parameters() {
	local names=(spm_addr_dev0 spm_addr_dev1 host_addr_dev0 host_addr_dev1)
	local ranges range address n=0
	ranges=$(sed -n 's/.*\bcdm\.reserved=\([^ ]*\).*/\1/p' /proc/cmdline)
	for range in ${ranges//,/ }; do
		address=${range#*@}
		if modinfo -p test_hmm | grep -q "^${names[n]}:"; then
			echo "${names[n]}=${address%\%*}"
		fi
		n=$((n + 1))
	done
}
