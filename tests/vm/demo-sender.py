#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A program of the demo that gives pages of its memory to a pipe without a copy, as a
server does that sends from memory: they are pinned until the pipe is read. Between, where
there is a device cdm0, it moves a few pages there and back, and uses them on both sides:
ping-pong."""
import ctypes
import fcntl
import mmap
import os
import struct
import time

PAGE, SIZE = 4096, 4 << 20
PINNED, FEW = 48, 6		# pages
REQUEST = 248			# bytes, struct cdm_migrate of linux/cdm.h
CDM_MIGRATE = 3 << 30 | REQUEST << 16 | 0xcd << 8 | 1
TO_DEVICE, TO_RAM = 0, 1

with open("/proc/self/comm", "w") as comm:
    comm.write("sender")
libc = ctypes.CDLL(None, use_errno=True)
memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for i in range(0, SIZE, PAGE):
    memory[i] = 1
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
device = os.open("/dev/cdm0", os.O_RDWR) if os.path.exists("/dev/cdm0") else None


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


def pin():
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, PINNED * PAGE)
    vector = Iovec(address, PINNED * PAGE)
    if libc.vmsplice(into, ctypes.byref(vector), 1, 0) < 0:
        raise OSError(ctypes.get_errno(), "vmsplice")
    return out, into


def migrate(first, pages, direction):
    request = struct.pack("<IIQQiI", REQUEST, 0, address + first * PAGE, pages * PAGE, -1, direction)
    fcntl.ioctl(device, CDM_MIGRATE, bytearray(request.ljust(REQUEST, b"\0")))


while True:
    ends = pin()
    time.sleep(1.5)
    for end in ends:
        os.close(end)
    for _ in range(4 if device else 0):
        migrate(512, FEW, TO_DEVICE)
        migrate(512, FEW, TO_RAM)
    time.sleep(0.5)
