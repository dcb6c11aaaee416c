# SPDX-License-Identifier: GPL-2.0
# For scripts that start a VM.

# ones FILE MIB: sets $ones to what QEMU needs for a device full of ones that stays so, which
# tests/vm/pci.py puts where another one was. Its memory is in FILE.
ones() {
	head -c "$2M" /dev/zero | tr '\0' '\377' > "$1"
	ones=(-object "memory-backend-file,id=ones,mem-path=$1,size=$2M,share=on,readonly=on"
		-device ivshmem-plain,memdev=ones)
}

# to_the_end SAID ERR COMMAND...: a VM that cannot end by itself, as its files are out of reach
# once it has slept. What it has to say goes to SAID, up to "the end".
to_the_end() {
	local said=$1 vm
	"${@:3}" > "$said" 2> "$2" < /dev/null &
	vm=$!
	while ! grep -q '^the end' "$said" && kill -0 $vm 2> /dev/null; do sleep 0.2; done
	kill $vm 2> /dev/null
	wait $vm 2> /dev/null
}
