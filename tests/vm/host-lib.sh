# SPDX-License-Identifier: GPL-2.0
# For scripts that start a VM.

# ones FILE MIB: sets $ones to what QEMU needs for a device full of ones that stays so, which
# tests/vm/pci.py puts where another one was. Its memory is in FILE.
ones() {
	head -c "$2M" /dev/zero | tr '\0' '\377' > "$1"
	ones=(-object "memory-backend-file,id=ones,mem-path=$1,size=$2M,share=on,readonly=on"
		-device ivshmem-plain,memdev=ones)
}
