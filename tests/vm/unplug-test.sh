#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# unplug-test.sh acpi|native CYCLES [OPTION...]: a device comes and goes while processes use
# it, see unplug.py. The slot is ACPI's business, as in most VMs, or that of PCI Express, as on
# hardware, where removing one in order takes 6 seconds. OPTIONs are those of cdm-vm.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
source "$top/tests/vm/host-lib.sh"
slot=$1 cycles=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

options=(-chardev "socket,id=qmp,path=$work/qmp" -device virtio-serial-pci,id=qmp-port
	-device virtserialport,bus=qmp-port.0,chardev=qmp,name=qmp
	-device pcie-root-port,id=rp0,slot=1,pref64-reserve=128M)
if [[ $slot == native ]]; then
	ones "$work/ones" 64
	options+=(-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off "${ones[@]}")
fi
"$top/tools/cdm-vm/cdm-vm" --memory 1G --cpus 2 --no-modprobe --cdm 32M --monitor "$work/qmp" \
	"${options[@]/#/--qemu-arg=}" --dmesg "$top/build/tests/unplug-$slot.dmesg" "${@:3}" -- \
	/usr/bin/python3 -B "$top/tests/vm/unplug.py" "$cycles"
