# SPDX-License-Identifier: GPL-2.0
"""PCI devices for programs in the VM, and memory that is no more, as it is on a real bus."""
import os

from numa import read, write

PCI = "/sys/bus/pci/devices"
ROOT_PORT, IVSHMEM = 0x000c1b36, 0x11101af4
CAPABILITIES, EXPRESS, SLOT_CONTROL, BAR2, PREFETCHABLE = 0x34, 0x10, 0x18, 0x18, 0x24
# Bits of the slot control: all interrupts, that of presence, indicator and power off.
NO_INTERRUPTS, PRESENCE, INDICATOR_OFF, POWER_OFF = ~0x102b, 1 << 3, 0x300, 1 << 10


def config(device, offset, size, value=None):
    with open(f"{PCI}/{device}/config", "r+b", buffering=0) as f:
        if value is not None:
            return os.pwrite(f.fileno(), value.to_bytes(size, "little"), offset)
        return int.from_bytes(os.pread(f.fileno(), size, offset), "little")


def find(what):
    return [d for d in sorted(os.listdir(PCI)) if config(d, 0, 4) == what]


def address(device, bar=2):
    return int(read(f"{PCI}/{device}/resource").splitlines()[bar].split()[0], 16)


def slot_control(port):
    at = config(port, CAPABILITIES, 1)
    while config(port, at, 1) != EXPRESS:
        at = config(port, at + 1, 1)
    return at + SLOT_CONTROL


def bytes_of(device, bar=2):
    first, last = read(f"{PCI}/{device}/resource").splitlines()[bar].split()[:2]
    return int(last, 16) + 1 - int(first, 16)


def leave_alone(device):
    write(f"{PCI}/{device}/driver_override", "none")


def put_behind(port, device, spare):
    """
    What is read from memory of a device that is gone is all ones. QEMU's holes read as
    zeros, so @spare's memory, full of ones, is put where that of @device is; and then the
    window of @port before it, which is transparent where there is no device.
    """
    where, low = address(device), config(spare, BAR2, 4) & 0xf
    config(spare, BAR2, 4, where & 0xfffffff0 | low)
    config(spare, BAR2 + 4, 4, where >> 32)
    config(port, PREFETCHABLE, 4, config(port, PREFETCHABLE, 4))


def is_off(port):
    return config(port, slot_control(port), 2) & INDICATOR_OFF == INDICATOR_OFF


def pull(port, tell):
    """Takes the device out of its slot, at once. The kernel is told after that, or is not."""
    control = slot_control(port)
    before = config(port, control, 2)
    config(port, control, 2, before & NO_INTERRUPTS | INDICATOR_OFF | POWER_OFF)
    if tell:
        config(port, control, 2, before | PRESENCE)
