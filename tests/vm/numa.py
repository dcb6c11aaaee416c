#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Moves memory between NUMA nodes, by the system calls that libnuma would make.

numa.py migrate PID FROM TO             migrate_pages(2), as migratepages(8) does
numa.py move PID ADDRESS PAGES TO       move_pages(2)
numa.py mbind PAGES FROM TO             of its own, by mbind(2); prints its pid
numa.py use PAGES NODE  of its own, moved to NODE, until NUMA balancing has brought enough
                        home; prints its pid
"""
import ctypes
import mmap
import os
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
MBIND, MIGRATE_PAGES, MOVE_PAGES = 237, 256, 279	# of x86-64
MPOL_BIND, MPOL_MF_MOVE = 2, 2
PAGE = 4096


def syscall(*args):
    done = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    if done < 0:
        sys.exit(f'numa.py: {os.strerror(ctypes.get_errno())}')


def nodes(*which):
    return ctypes.byref(ctypes.c_ulong(sum(1 << n for n in which)))


def memory(pages):
    area = mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    area.madvise(mmap.MADV_NOHUGEPAGE)
    return area, ctypes.addressof(ctypes.c_char.from_buffer(area))


def touch(area):
    for at in range(0, len(area), PAGE):
        area[at] = 1


def migrate(pid, source, target):
    syscall(MIGRATE_PAGES, pid, 64, nodes(source), nodes(target))


def move(pid, address, pages, target):
    where = (ctypes.c_void_p * pages)(*[address + i * PAGE for i in range(pages)])
    targets, status = (ctypes.c_int * pages)(*[target] * pages), (ctypes.c_int * pages)()
    syscall(MOVE_PAGES, pid, pages, where, targets, status, MPOL_MF_MOVE)


def mbind(pages, source, target):
    area, address = memory(pages)
    syscall(MBIND, address, len(area), MPOL_BIND, nodes(source), 64, 0)
    touch(area)
    syscall(MBIND, address, len(area), MPOL_BIND, nodes(target), 64, MPOL_MF_MOVE)


def balanced():
    with open('/proc/vmstat') as f:
        return int(dict(line.split() for line in f)['numa_pages_migrated'])


def use(pages, node):
    area, address = memory(pages)
    touch(area)
    move(0, address, pages, node)
    start, until = balanced(), time.monotonic() + 120
    while balanced() - start < pages / 2 and time.monotonic() < until:
        touch(area)


def main():
    name, *args = sys.argv[1:]
    print(os.getpid(), flush=True)
    {'migrate': migrate, 'move': move, 'mbind': mbind, 'use': use}[name](*map(int, args))


main()
