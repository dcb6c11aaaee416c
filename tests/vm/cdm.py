# SPDX-License-Identifier: GPL-2.0
"""
Devices of the cdm driver for programs in the VM: requests, and what the kernel's files tell
of each of their pages.
"""
import ctypes, fcntl, os

from numa import PAGE, frames, read

KPF_DEVICE_HOST = 27
TO_DEVICE, TO_RAM = 0, 1
POPULATE = 1
FAULTS = {"none": 0, "fail_alloc": 1, "delay": 2, "hang": 3, "lose": 4, "reset": 5}


class Info(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("version", ctypes.c_uint32),
                ("features", ctypes.c_uint64), ("start", ctypes.c_uint64),
                ("bytes", ctypes.c_uint64), ("page_size", ctypes.c_uint32),
                ("nid", ctypes.c_int32), ("state", ctypes.c_uint32), ("index", ctypes.c_uint32),
                ("free", ctypes.c_uint64), ("used", ctypes.c_uint64),
                ("quarantined", ctypes.c_uint64)]


class Migrate(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("flags", ctypes.c_uint32),
                ("addr", ctypes.c_uint64), ("len", ctypes.c_uint64), ("pidfd", ctypes.c_int32),
                ("direction", ctypes.c_uint32), ("requested", ctypes.c_uint64),
                ("migrated", ctypes.c_uint64), ("already", ctypes.c_uint64),
                ("failed", ctypes.c_uint64 * 24)]


class Evict(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("flags", ctypes.c_uint32),
                ("timeout_ms", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                ("evicted", ctypes.c_uint64), ("remaining", ctypes.c_uint64)]


class Device:
    def __init__(self, name):
        self.name = name
        self.fd = os.open(f"/dev/{name}", os.O_RDWR)
        info = self.info()
        self.start, self.end, self.node = info.start, info.start + info.bytes, info.nid

    def request(self, nr, arg):
        arg.size = ctypes.sizeof(arg)
        fcntl.ioctl(self.fd, 3 << 30 | arg.size << 16 | 0xcd << 8 | nr, arg)
        return arg

    def info(self):
        return self.request(0, Info())

    def migrate(self, address, pages, direction=TO_DEVICE, flags=0, pidfd=-1):
        """How many pages moved."""
        return self.request(1, Migrate(addr=address, len=pages * PAGE, pidfd=pidfd,
                                       direction=direction, flags=flags)).migrated

    def evict(self):
        """How many pages came home, which is all there were."""
        return self.request(2, Evict(timeout_ms=60000)).evicted

    def used(self):
        """In pages, by sysfs and by the device itself, which had better agree."""
        counts = {int(read(f"/sys/class/cdm/{self.name}/used")) // PAGE, self.info().used}
        return counts.pop() if len(counts) == 1 else f"{counts}"

    def walk(self):
        """What the kernel says of each page frame: bytes for each of three files."""
        told = []
        for file in "kpageflags", "kpagecount", "kpagecgroup":
            with open(f"/proc/{file}", "rb") as f:
                told.append(os.pread(f.fileno(), (self.end - self.start) // PAGE * 8,
                                     self.start // PAGE * 8))
        return told

    def taken(self, idle):
        """The page frames that are not as they were in an earlier walk."""
        changed = set()
        for before, now in zip(idle, self.walk()):
            if before != now:
                before, now = memoryview(before).cast("Q"), memoryview(now).cast("Q")
                changed |= {self.start // PAGE + i for i, (a, b) in enumerate(zip(before, now))
                            if a != b}
        return changed

    def here(self, address, pages):
        """The page frames of this device among those of our memory."""
        return {f for f in frames(address, pages) if self.start <= f * PAGE < self.end}
