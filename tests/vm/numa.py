#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Moves memory between NUMA nodes, by the system calls that libnuma would make.

numa.py migrate PID FROM TO             migrate_pages(2), as migratepages(8) does
numa.py move PID ADDRESS PAGES TO       move_pages(2)
numa.py mbind PAGES FROM TO             of its own, by mbind(2); prints its pid
numa.py use PAGES NODE  of its own, moved to NODE, until NUMA balancing has brought enough
                        home; prints its pid
numa.py crowd PROCESSES NODE HOME       a page of each, by as many others, to NODE and HOME
numa.py failure PAGES   of its own, whose frames the kernel is told to stop using

Some prints its pid, and then how many of its pages were in the way:

numa.py compact PAGES        of its own, of which every second one is given back, so that there
                             is something to do, until some were where compaction begins
numa.py contig PAGES NODE    of its own on NODE, until a page of 1 GiB is made where they are
numa.py movable NODE         a block of that GiB is for what can always be moved, from now on
numa.py offline PAGES NODE   of its own in there, until it is taken offline, for a moment
numa.py pin PAGES NODE       of its own in there, for I/O as long as it likes
numa.py cold PAGES NODE      of its own, which DAMON finds idle and takes to NODE
"""
import collections
import ctypes
import glob
import mmap
import os
import signal
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
MBIND, MIGRATE_PAGES, MOVE_PAGES = 237, 256, 279	# of x86-64
MADVISE, IO_URING_SETUP, IO_URING_REGISTER = 28, 425, 427
MPOL_BIND, MPOL_MF_MOVE = 2, 2
MADV_SOFT_OFFLINE = 101
PAGE, GIB = 4096, 1 << 30
MEMORY = '/sys/devices/system/memory'
NODE = '/sys/devices/system/node/node%d'
DAMON = '/sys/kernel/mm/damon/admin/kdamonds'


def call(*args):
    """What the kernel returns: -errno when it is an error."""
    done = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return -ctypes.get_errno() if done < 0 else done


def syscall(*args):
    done = call(*args)
    if done < 0:
        sys.exit(f'numa.py: {os.strerror(-done)}')
    return done


def nodes(*which):
    return ctypes.byref(ctypes.c_ulong(sum(1 << n for n in which)))


def read(path):
    with open(path) as f:
        return f.read().strip()


def write(path, value):
    with open(path, 'w') as f:
        f.write(str(value))


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


def stopped(area):
    pid = os.fork()
    if not pid:
        touch(area)
        os.kill(os.getpid(), signal.SIGSTOP)
    os.waitpid(pid, os.WUNTRACED)
    return pid


def crowd(processes, node, home):
    area, address = memory(1)
    owners = [stopped(area) for _ in range(processes)]
    for _ in owners:
        actor = os.fork()
        if not actor:
            for target in node, home:
                for pid in owners:
                    move(pid, address, 1, target)
            os._exit(0)
        os.waitpid(actor, 0)
    for pid in owners:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def mbind(pages, source, target):
    area, address = memory(pages)
    syscall(MBIND, address, len(area), MPOL_BIND, nodes(source), 64, 0)
    touch(area)
    syscall(MBIND, address, len(area), MPOL_BIND, nodes(target), 64, MPOL_MF_MOVE)


def taken_to(pages, node):
    area, address = memory(pages)
    touch(area)
    move(0, address, pages, node)
    return area, address


def balanced():
    with open('/proc/vmstat') as f:
        return int(dict(line.split() for line in f)['numa_pages_migrated'])


def use(pages, node):
    area, address = taken_to(pages, node)
    start, until = balanced(), time.monotonic() + 120
    while balanced() - start < pages / 2 and time.monotonic() < until:
        touch(area)


def on_node(pages, node):
    """Huge pages, as far as there are some."""
    area, address = memory(pages)
    area.madvise(mmap.MADV_HUGEPAGE)
    syscall(MBIND, address, len(area), MPOL_BIND, nodes(node), 64, 0)
    ctypes.memset(address, 1, len(area))
    return area, address


def frames(address, pages):
    with open('/proc/self/pagemap', 'rb') as f:
        f.seek(address // PAGE * 8)
        entries = memoryview(f.read(pages * 8)).cast('Q')
    return [e & (1 << 55) - 1 for e in entries]


def scattered(pages):
    area, address = memory(pages)
    touch(area)
    for at in range(0, len(area), 2 * PAGE):
        area.madvise(mmap.MADV_DONTNEED, at, PAGE)
    return area, address


def compact(pages):
    """It goes from both ends of a zone until it meets itself: what is there is found by trying."""
    areas = []
    for _ in range(16):
        areas.append(scattered(pages))
        before = [frames(address, pages) for _, address in areas]
        write('/proc/sys/vm/compact_memory', 1)
        after = [frames(address, pages) for _, address in areas]
        moved = sum(a != b for x, y in zip(before, after) for a, b in zip(x, y))
        if moved:
            break
    print(moved)


def failure(pages):
    area, address = memory(pages)
    touch(area)
    syscall(MADVISE, address, len(area), MADV_SOFT_OFFLINE)
    print(pages)


def block_bytes():
    return int(read(f'{MEMORY}/block_size_bytes'), 16)


def gib(node):
    """The blocks of the first whole GiB. Memory of the kernel is below it, and at the end."""
    first = min(int(path.rsplit('memory', 1)[1]) for path in glob.glob(NODE % node + '/memory[0-9]*'))
    a_gib = GIB // block_bytes()
    return range(-(-first // a_gib) * a_gib, (-(-first // a_gib) + 1) * a_gib)


def in_blocks(address, pages):
    return collections.Counter(f * PAGE // block_bytes() for f in frames(address, pages))


def movable(node):
    state = f'{MEMORY}/memory{gib(node)[-1]}/state'
    write(state, 'offline')
    write(state, 'online_movable')


def offline(pages, node):
    area, address = taken_to(pages, node)
    there = in_blocks(address, pages)
    movable(node)
    print(there[gib(node)[-1]])


def pin(pages, node):
    area, address = taken_to(pages, node)
    ring = syscall(IO_URING_SETUP, 1, ctypes.create_string_buffer(120))
    vector = (ctypes.c_ulong * 2)(address, len(area))
    syscall(IO_URING_REGISTER, ring, 0, vector, 1)
    print(pages)


def moved_by(change, address, pages):
    before = frames(address, pages)
    change()
    return sum(a != b for a, b in zip(before, frames(address, pages)))


def contig(pages, node):
    """The kernel takes the first GiB that it can, which may be one without a page of this:
    then the next one is wanted, too."""
    area, address = on_node(pages, node)
    huge = NODE % node + '/hugepages/hugepages-1048576kB/nr_hugepages'
    moved = moved_by(lambda: write(huge, 1), address, pages)
    moved = moved or moved_by(lambda: write(huge, 2), address, pages)
    write(huge, 0)
    print(moved)


def damon(action, ranges, node=-1, max_accesses=0):
    """DAMON does @action to what is accessed no more often than that in @ranges, (start, end)."""
    context = f'{DAMON}/0/contexts/0'
    write(f'{DAMON}/nr_kdamonds', 1)
    write(f'{DAMON}/0/contexts/nr_contexts', 1)
    write(f'{context}/operations', 'paddr')
    write(f'{context}/targets/nr_targets', 1)
    write(f'{context}/targets/0/regions/nr_regions', len(ranges))
    for i, (start, end) in enumerate(ranges):
        write(f'{context}/targets/0/regions/{i}/start', start)
        write(f'{context}/targets/0/regions/{i}/end', end)
    write(f'{context}/schemes/nr_schemes', 1)
    scheme = f'{context}/schemes/0'
    write(f'{scheme}/action', action)
    if node >= 0:
        write(f'{scheme}/target_nid', node)
    for what in 'sz', 'nr_accesses', 'age':
        most = max_accesses if what == 'nr_accesses' else 1 << 30
        write(f'{scheme}/access_pattern/{what}/max', most)
    write(f'{DAMON}/0/state', 'on')
    return scheme


def cold(pages, node):
    area, address = memory(pages)
    touch(area)
    where = frames(address, pages)
    damon('migrate_cold', [(f * PAGE, f * PAGE + PAGE) for f in sorted(where)], node)
    until = time.monotonic() + 120
    while set(frames(address, pages)) & set(where) and time.monotonic() < until:
        time.sleep(0.1)
    write(f'{DAMON}/0/state', 'off')
    print(len(set(where) - set(frames(address, pages))))


def main():
    name, *args = sys.argv[1:]
    print(os.getpid(), flush=True)
    {'migrate': migrate, 'move': move, 'mbind': mbind, 'use': use, 'crowd': crowd,
     'compact': compact, 'failure': failure, 'offline': offline, 'movable': movable, 'pin': pin,
     'contig': contig, 'cold': cold}[name](*map(int, args))


if __name__ == '__main__':
    main()
