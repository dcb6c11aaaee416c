#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the VM: what the hotplug helper refuses, each with a message that says why,
# and that what it takes shows in /proc/iomem and is gone with the driver.
set -uo pipefail
source "$(dirname "$0")/../tap.sh"
good=$(sed -n 's/.*\bcdm\.reserved=[^@]*@\([^ ,%]*\).*/\1/p' /proc/cmdline)

# refused WHAT RANGES DEVICES MESSAGE: load with RANGES, expect DEVICES devices
# and MESSAGE in the kernel's log
refused() {
	local devices
	dmesg -C
	modprobe cdm reserved="$2"
	devices=$(ls /sys/class/cdm 2> /dev/null | wc -l)
	[[ $devices == "$3" ]] && dmesg | grep -q "$4"
	result $? "refused: $1"
	modprobe -r cdm
}

refused "System RAM" 64M@0x10000000 0 "is System RAM"
refused "beyond what can be mapped" 64M@0x4000000000000 0 "beyond what the kernel can map"
refused "the same range twice" "64M@$good,64M@$good" 1 "in use by another driver"
refused "an overlap" "64M@$good,4M@$good" 1 "in use by another driver"

modprobe cdm reserved="64M@$good"
grep -q "^ *$(printf %x "$good")-.* : cdm0$" /proc/iomem
result $? "the range is in /proc/iomem"
modprobe -r cdm
! grep -q cdm0 /proc/iomem
result $? "and gone with the driver"

! modprobe cdm reserved="1M@$good" 2> /dev/null
result $? "a range that is not in units of 2 MiB fails the load"
! modprobe cdm reserved="64M" 2> /dev/null
result $? "so does one without an address"
finish
