# SPDX-License-Identifier: GPL-2.0
"""
In the VM, two nodes with a device on each: what the kernel does with memory by itself, or for
who asks it to have memory on a node, never ends on a device, and leaves alone what is there.
docs/isolation.md has the table. With "tiers" the memory of node 1 is slower, and it has no processors.

After each test the page frames in use are, by all that the kernel tells of each, exactly those
that this process has brought there itself. In the end, without the driver, so does the memory:
it was filled before the driver came, and only in those frames it is not what it was. TAP.
"""
import ctypes, errno, fcntl, glob, mmap, os, re, resource, signal, struct, subprocess, sys

from cdm import Device, KPF_DEVICE_HOST, TO_RAM
from common import (CGROUPS, LRU_GEN, Cgroup, a_new_generation, child, equal, needs, run,
                    vmstat, wait_for)
from numa import (MOVE_PAGES, MPOL_BIND, MPOL_MF_MOVE, NODE, PAGE, call, damon, frames,
                  libc, memory, nodes, read, taken_to, touch, write)
import tap

MBIND, SET_MEMPOLICY, MIGRATE_PAGES, SET_HOME_NODE = 237, 238, 256, 450	 # of x86-64
PREFERRED, INTERLEAVE, PREFERRED_MANY, WEIGHTED = 1, 3, 5, 6
MPOL_MF_STRICT = 1
MADV_DONTFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE = 10, 12, 13, 14
MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE, MADV_SOFT_OFFLINE = 20, 21, 25, 101
HUGE, MIB = 2 << 20, 1 << 20
NEEDED = 40 * MIB
MEMORY = "/sys/devices/system/memory"
KSM, KHUGEPAGED = "/sys/kernel/mm/ksm", "/sys/kernel/mm/transparent_hugepage/khugepaged"
TIERS = "/sys/devices/virtual/memory_tiering/memory_tier*/nodelist"
PCI = "/sys/bus/pci/devices"


def free(node):
    """MiB"""
    return int(re.search(r"MemFree: *(\d+)", read(NODE % node + "/meminfo"))[1]) // 1024


# Processes that did not ask

def fill(mib, more=lambda: None):
    """Takes RAM, and what else there is to do at each MiB of it."""
    for _ in range(mib):
        area = mmap.mmap(-1, MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        touch(area)
        kept.append(area)
        more()


kept = []


def policy(mode, *which):
    equal(0, call(SET_MEMPOLICY, mode, nodes(*which), 64), "set_mempolicy")


def killed_for_memory(work):
    status = os.waitpid(child(work, 1000), 0)[1]
    equal(signal.SIGKILL, status, "how it ended")


def ends_well(work):
    equal(0, os.waitpid(child(work, 1000), 0)[1], "how it ended")


def fills_node_of(device, mode, *which):
    """A policy under which the device's node is to be had first, until it is full."""
    def work():
        policy(mode, *which)
        fill(free(device.node) + 64)
        falls_back_from(device, kept[0], kept[-1])
    ends_well(work)


def falls_back_from(device, first, last):
    """What was taken first is on the device's node, what was taken last is not any more."""
    equal([device.node, 1 - device.node],
          [placement(0, ctypes.addressof(ctypes.c_char.from_buffer(area, at)), 1)[0]
           for area, at in ((first, 0), (last, len(last) - PAGE))], "nodes")


# The tests, in this order

def ram_exhausted_in_a_cgroup():
    group = Cgroup("need", memory_max="48M")
    killed_for_memory(lambda: group.enter() or fill(256))
    group.remove()


def ram_exhausted():
    """With pages of the kernel, too: pipes, and what is in a slab."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))

    def work():
        junk = b"x" * MIB

        def more():
            r, w = os.pipe()
            fcntl.fcntl(w, 1031, MIB // 4)	# F_SETPIPE_SZ
            os.set_blocking(w, False)
            os.write(w, junk)
            os.open("/tmp", os.O_TMPFILE | os.O_RDWR)
        fill(2048, more)
    killed_for_memory(work)


def mempolicy_bind():
    for device in devices:
        killed_for_memory(lambda: policy(MPOL_BIND, device.node) or fill(2048))


def mempolicy_preferred():
    for device in devices:
        fills_node_of(device, PREFERRED, device.node)


def mempolicy_preferred_many():
    for device in devices:
        fills_node_of(device, PREFERRED_MANY, device.node)


def mempolicy_interleave():
    killed_for_memory(lambda: policy(INTERLEAVE, 0, 1) or fill(2048))


def mempolicy_weighted_interleave():
    killed_for_memory(lambda: policy(WEIGHTED, 0, 1) or fill(2048))


def mempolicy_home_node():
    def work(device):
        pages = (free(device.node) + 64) * MIB // PAGE
        area, address = memory(pages)
        equal(0, call(MBIND, address, len(area), PREFERRED_MANY, nodes(0, 1), 64, 0), "mbind")
        equal(0, call(SET_HOME_NODE, address, len(area), device.node, 0), "home node")
        touch(area)
        falls_back_from(device, area, area)
    for device in devices:
        ends_well(lambda: work(device))


def cpuset():
    for device in devices:
        group = Cgroup("set", cpuset_mems=device.node)
        killed_for_memory(lambda: group.enter() or fill(2048))
        group.remove()


def advise(address, size, advice):
    done = libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), advice)
    return -ctypes.get_errno() if done else 0


def placement(pid, address, pages):
    """The node of each page, or -errno."""
    where = (ctypes.c_void_p * pages)(*[address + i * PAGE for i in range(pages)])
    status = (ctypes.c_int * pages)()
    equal(0, call(MOVE_PAGES, pid, pages, where, None, status, 0), "move_pages")
    return list(status)


def moves_to(change):
    """@change(device, pid, area, address) moves memory of a process to the device's node."""
    for device in devices:
        area, address = taken_to(256, 1 - device.node)
        equal([1 - device.node] * 256, placement(0, address, 256), "before")
        change(device, area, address)
        equal([device.node] * 256, placement(0, address, 256), "after")
        area.madvise(mmap.MADV_DONTNEED)


def moved_by_mbind():
    moves_to(lambda device, area, address:
             equal(0, call(MBIND, address, len(area), MPOL_BIND, nodes(device.node), 64,
                           MPOL_MF_MOVE), "mbind"))


def moved_by_migrate_pages():
    moves_to(lambda device, area, address:
             equal(0, call(MIGRATE_PAGES, os.getpid(), 64, nodes(1 - device.node),
                           nodes(device.node)), "migrate_pages"))


def moved_by_move_pages():
    def change(device, area, address):
        where = (ctypes.c_void_p * 256)(*[address + i * PAGE for i in range(256)])
        targets, status = (ctypes.c_int * 256)(*[device.node] * 256), (ctypes.c_int * 256)()
        equal(0, call(MOVE_PAGES, 0, 256, where, targets, status, MPOL_MF_MOVE), "move_pages")
    moves_to(change)


def moved_by_cpuset():
    """A process whose cpuset gets another node is taken there."""
    group = Cgroup("set")

    def change(device, area, address):
        group.set("cpuset.mems", 1 - device.node)
        group.enter()
        group.set("cpuset.mems", device.node)
    try:
        moves_to(change)
    finally:
        write(f"{CGROUPS}/cgroup.procs", os.getpid())
    group.remove()


def memory_tiers():
    def listed(text):
        return sorted(n for part in text.split(",") for first, _, last in [part.partition("-")]
                      for n in range(int(first), int(last or first) + 1))
    equal(listed(read("/sys/devices/system/node/has_memory")),
          listed(",".join(read(tier) for tier in glob.glob(TIERS))), "nodes in tiers")


def demotion():
    write("/sys/kernel/mm/numa/demotion_enabled", 1)
    group = Cgroup("need")
    scanned = vmstat("pgscan_anon") + vmstat("pgscan_file")

    def work():
        group.enter()
        fill(32)
        # A cache, until the last one closes it; files of tmpfs would need swap.
        disks = [open(disk, "rb") for disk in glob.glob("/dev/ram*")]
        assert sum(len(f.read()) for f in disks) >= 32 * MIB, "small disks"
        try:
            group.set("memory.reclaim", NEEDED)
        except OSError:
            pass		# not that much
    ends_well(work)
    group.remove()
    write("/sys/kernel/mm/numa/demotion_enabled", 0)
    assert vmstat("pgscan_anon") + vmstat("pgscan_file") > scanned, "nothing was scanned"


def demoted():
    return sum(int(n) for n in re.findall(r"^pgdemote_\w+ (\d+)", read("/proc/vmstat"), re.M))


def demotion_to_a_slower_tier():
    equal(2, len(glob.glob(TIERS)), "tiers of memory: CONFIG_ACPI_HMAT, and cdm-vm --numa 2,far")
    before = demoted()
    demotion()
    assert demoted() > before, "nothing was demoted"


def demotion_to_a_tier_that_is_full():
    """Of the slower node only the device has room."""
    told, tell = os.pipe()

    def work():
        policy(MPOL_BIND, 1)
        fill(free(1) - 24)
        os.write(tell, b"x")
        signal.pause()
    pid = child(work, 1000)
    try:
        os.read(told, 1)
        before, room = demoted(), free(1)
        demotion()
        # What is there already may go to make room, so that all can be demoted.
        equal(True, (demoted() - before) * PAGE > (room - 8) * MIB,
              f"{demoted() - before} pages were demoted to {room} MiB: it was full")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def balances(mode, moved):
    """Ordinary pages come to the processor that uses them; those of a device stay."""
    write("/proc/sys/kernel/numa_balancing", mode)
    os.sched_setaffinity(0, {0})
    area, _ = taken_to(1024, 1)
    start = vmstat(moved)

    def done():
        touch(area)
        touch_ours()
        return vmstat(moved) - start >= 64
    wait_for(done, "NUMA balancing moves pages")
    write("/proc/sys/kernel/numa_balancing", 0)
    os.sched_setaffinity(0, {0, 1})


def numa_balancing():
    balances(1, "numa_pages_migrated")


def promotion():
    balances(2, "pgpromote_success")


def compaction():
    scanned = vmstat("compact_migrate_scanned")
    subprocess.run([sys.executable, f"{here}/numa.py", "compact", "8192"], check=True,
                   capture_output=True)
    for device in devices:
        write(NODE % device.node + "/compact", 1)
    assert vmstat("compact_migrate_scanned") > scanned, "nothing was scanned"


def aligned(pages):
    area, address = memory(pages + HUGE // PAGE)
    return area, (address + HUGE - 1) & -HUGE


def khugepaged():
    write(f"{KHUGEPAGED}/scan_sleep_millisecs", 20)
    write(f"{KHUGEPAGED}/alloc_sleep_millisecs", 20)
    area, address = aligned(512)
    touch(area)
    pages = frames(address, 512)
    for at, size in (address, HUGE), *((o, p * PAGE) for o, p, _ in ours):
        equal(0, advise(at, size, MADV_HUGEPAGE), "madvise")
    wait_for(lambda: not set(pages) & set(frames(address, 512)), "khugepaged takes a huge page")
    scans = int(read(f"{KHUGEPAGED}/full_scans"))
    wait_for(lambda: int(read(f"{KHUGEPAGED}/full_scans")) > scans + 2, "khugepaged scans")
    write(f"{KHUGEPAGED}/scan_sleep_millisecs", 10000)


def collapse_on_request():
    area, address = aligned(512)
    touch(area)
    equal(0, advise(address, HUGE, MADV_HUGEPAGE), "madvise")
    equal(0, advise(address, HUGE, MADV_COLLAPSE), "pages in RAM")
    for at, pages, _ in ours:
        if pages < 512:
            assert advise(at & -HUGE, HUGE, MADV_COLLAPSE), "collapsed"


def ksm():
    """There are more pages like ours, and among ours."""
    area, address = memory(64)
    area[:] = bytes([7]) * len(area)
    where = [(address, len(area)), *((at, pages * PAGE) for at, pages, _ in ours)]
    for at, size in where:
        advise(at, size, MADV_MERGEABLE)
    write(f"{KSM}/sleep_millisecs", 10)
    write(f"{KSM}/pages_to_scan", 4096)
    write(f"{KSM}/run", 1)
    wait_for(lambda: int(read(f"{KSM}/pages_sharing")) >= 60, "pages are merged")
    scans = int(read(f"{KSM}/full_scans"))
    wait_for(lambda: int(read(f"{KSM}/full_scans")) > scans + 2, "ksmd scans")
    equal(63, int(read(f"{KSM}/pages_sharing")), "merged, all of them in RAM")
    write(f"{KSM}/run", 2)
    for at, size in where:
        advise(at, size, MADV_UNMERGEABLE)
    write(f"{KSM}/run", 0)


def hugetlb():
    """As many as there are, of each size, while RAM is short."""
    def work():
        fill((free(0) + free(1)) // 2)
        for node in 0, 1:
            for size in glob.glob(NODE % node + "/hugepages/*/nr_hugepages"):
                write(size, 4096)
        assert int(read("/proc/sys/vm/nr_hugepages")) > 16, "hardly any huge page was made"
    ends_well(work)
    for node in 0, 1:
        for size in glob.glob(NODE % node + "/hugepages/*/nr_hugepages"):
            write(size, 0)


def mglru():
    """Generations are made by walks over page tables, and the oldest are evicted."""
    needs(LRU_GEN, "CONFIG_LRU_GEN")
    write("/sys/kernel/mm/lru_gen/enabled", "y")
    group = Cgroup("lru")
    group.enter()
    try:
        area, _ = memory(1024)
        touch(area)
        touch_ours()
        a_new_generation("/lru")
        touch(area)
        try:
            group.set("memory.reclaim", "2M")
        except OSError:
            pass		# there is no swap
    finally:
        write(f"{CGROUPS}/cgroup.procs", os.getpid())
        write("/sys/kernel/mm/lru_gen/enabled", "n")
    group.remove()


def reclaim_on_request():
    for at, pages, _ in ours:
        for advice in MADV_COLD, MADV_PAGEOUT:
            equal(0, advise(at, pages * PAGE, advice), "madvise")


def damon_migrates():
    for device in devices:
        os.sched_setaffinity(0, {1 - device.node})
        moved = subprocess.run([sys.executable, f"{here}/numa.py", "cold", "64", str(device.node)],
                               check=True, capture_output=True, text=True)
        equal("64", moved.stdout.split()[-1], f"moved to node {device.node}")
    os.sched_setaffinity(0, {0, 1})


def damon_on_the_device():
    """It looks at the whole range, whether used or not, and finds nothing to act on."""
    stats = "/sys/kernel/mm/damon/admin/kdamonds/0"
    for action in "pageout", "lru_prio", "lru_deprio", "migrate_hot":
        target = 1 if action.startswith("migrate") else -1
        scheme = damon(action, [(d.start, d.end) for d in sorted(devices, key=lambda d: d.start)],
                       target, max_accesses=1 << 30)

        def tried():
            write(f"{stats}/state", "update_schemes_stats")
            return int(read(f"{scheme}/stats/nr_tried"))
        wait_for(lambda: tried() > 2, f"DAMON tries {action}")
        equal("0", read(f"{scheme}/stats/sz_applied"), f"{action} was applied to")
        write(f"{stats}/state", "off")


def page_idle():
    """Not RAM that is online: no bit is to be set."""
    needs("/sys/kernel/mm/page_idle/bitmap", "CONFIG_IDLE_PAGE_TRACKING")
    area, address = memory(1)
    touch(area)

    def idle(frame):
        with open("/sys/kernel/mm/page_idle/bitmap", "r+b", buffering=0) as f:
            try:
                os.pwrite(f.fileno(), b"\xff" * 8, frame // 64 * 8)
                bits = os.pread(f.fileno(), 8, frame // 64 * 8)
            except OSError as e:
                equal(errno.ENXIO, e.errno, "error")
                return False
        return bool(bits) and struct.unpack("Q", bits)[0] >> frame % 64 & 1
    for at, pages, _ in ours:
        assert not idle(frames(at, 1)[0]), f"a page of {pages} is idle"


def soft_offline():
    area, address = taken_to(1, 0)
    equal(0, advise(address, PAGE, MADV_SOFT_OFFLINE), "of RAM")
    for at, pages, _ in ours:
        equal(-errno.EIO, advise(at, PAGE, MADV_SOFT_OFFLINE), "of a device, by madvise()")
        try:
            write(f"{MEMORY}/soft_offline_page", hex(frames(at, 1)[0] * PAGE))
        except OSError as e:
            equal(True, e.errno in (errno.EIO, errno.ENXIO), "error")
        else:
            raise AssertionError("a page of a device was taken offline")


def ours_stay():
    """Who asks for pages of a device to be on a node is not heard."""
    for at, pages, device in ours:
        wanted = 1 - device.node
        equal([-errno.ENOENT] * pages, placement(0, at, pages), "move_pages() tells")
        where = (ctypes.c_void_p * pages)(*[at + i * PAGE for i in range(pages)])
        targets, status = (ctypes.c_int * pages)(*[wanted] * pages), (ctypes.c_int * pages)()
        call(MOVE_PAGES, 0, pages, where, targets, status, MPOL_MF_MOVE)
        equal({-errno.ENOENT}, set(status), "move_pages() does")
        call(MBIND, at, pages * PAGE, MPOL_BIND, nodes(wanted), 64, MPOL_MF_MOVE)
        call(MBIND, at, pages * PAGE, 0, None, 0, 0)
        call(MIGRATE_PAGES, os.getpid(), 64, nodes(0, 1), nodes(wanted))


def memory_blocks():
    """Nothing to take online, and no way to add it."""
    size = int(read(f"{MEMORY}/block_size_bytes"), 16)
    for path in glob.glob(f"{MEMORY}/memory[0-9]*"):
        start = int(path.rsplit("memory", 1)[1]) * size
        for d in devices:
            assert start + size <= d.start or d.end <= start, f"{path} is of {d.name}"
    if os.path.exists(f"{MEMORY}/probe"):
        for d in devices:
            try:
                write(f"{MEMORY}/probe", hex(d.start & -size))
            except OSError:
                continue
            raise AssertionError(f"memory of {d.name} was added")


def zones():
    """No page of the zone is managed, and no node has grown."""
    found = re.findall(r"zone +Device.*?(?=^Node|\Z)", read("/proc/zoneinfo"), re.M | re.S)
    equal(2, len(found), "zones with device memory")
    for zone in found:
        equal({"0"}, set(re.findall(r"(?:free|present|managed) +(\d+)", zone)), "pages in the zone")
    assert "Device" not in read("/proc/buddyinfo"), "in /proc/buddyinfo"
    for node, total in totals.items():
        equal(total, node_total(node), f"RAM of node {node}")


def node_total(node):
    return re.search(r"MemTotal: *(\d+)", read(NODE % node + "/meminfo"))[1]


def iomem():
    """What kexec and a crash dump take for RAM"""
    ram, claimed = [], set()
    for line in read("/proc/iomem").splitlines():
        start, end = (int(n, 16) for n in line.split(":")[0].split()[0].split("-"))
        name = line.split(" : ")[1]
        if name == "System RAM":
            ram.append((start, end + 1))
        claimed.add((start, end + 1, name))
    assert ram, "no RAM in /proc/iomem"
    for d in devices:
        assert (d.start, d.end, d.name) in claimed, f"{d.name} has no claim"
        assert all(end <= d.start or d.end <= start for start, end in ram), f"{d.name} is RAM"


def kcore():
    """What it shows by physical address"""
    with open("/proc/kcore", "rb") as f:
        header = f.read(64)
        offset, count = struct.unpack_from("<Q", header, 32)[0], struct.unpack_from("<H", header, 56)[0]
        shown = [struct.unpack_from("<QQQQ", os.pread(f.fileno(), 56, offset + 56 * i), 16)
                 for i in range(count)]
    ram = [(address, address + size) for _, address, size, _ in shown if address < 1 << 52]
    assert any(start <= 16 * MIB < end for start, end in ram), f"no RAM in {ram}"
    for d in devices:
        assert all(end <= d.start or d.end <= start for start, end in ram), f"{d.name} in {ram}"


def refused(error, what, work):
    try:
        work()
    except OSError as e:
        return equal(error, e.errno, what)
    raise AssertionError(f"{what}: done")


def ways_to_hibernate():
    return re.findall(r"\w+", read("/sys/power/disk"))


def take_a_snapshot():
    """The other way to an image: https://docs.kernel.org/power/userland-swsusp.html"""
    os.close(os.open("/dev/snapshot", os.O_RDONLY))


def hibernation():
    equal(["disabled"], ways_to_hibernate(), "ways to hibernate")
    refused(errno.EPERM, "hibernation", lambda: write("/sys/power/state", "disk"))
    if os.path.exists("/dev/snapshot"):
        refused(errno.EPERM, "a snapshot", take_a_snapshot)


def hibernation_under_way():
    """Devices that came after an image was begun, which would not have what is on them"""
    needs("/dev/snapshot", "CONFIG_HIBERNATION_SNAPSHOT_DEV")
    area, address = memory(4)
    touch(area)
    for d in devices:
        refused(errno.ENODEV, d.name, lambda: d.migrate(address, 4))
    os.close(image)
    for d in devices:
        equal(4, d.migrate(address, 4), "moved after that")
        asked[d.name] |= d.here(address, 4)
        equal(4, d.migrate(address, 4, TO_RAM), "moved home")


def map_dev_mem(at):
    with open("/dev/mem", "r+b") as f:
        mmap.mmap(f.fileno(), PAGE, offset=at).close()


def dev_mem():
    """Of the device's range nothing. Before the driver came the BAR could be mapped, see below."""
    for d in devices:
        for at in d.start, (d.start + d.end) // 2 & -PAGE, d.end - PAGE:
            refused(errno.EPERM, f"{d.name}, {at:#x}", lambda: map_dev_mem(at))


def bar_by_sysfs():
    refused(errno.EINVAL, "the memory of a process", bar_memory)


def without_a_driver():
    """That what is refused later is to be had when there is no device."""
    map_dev_mem(int(read(f"{bar}/resource").splitlines()[2].split()[0], 16))
    assert "shutdown" in ways_to_hibernate(), ways_to_hibernate()
    if os.path.exists("/dev/snapshot"):
        take_a_snapshot()


# What is there on purpose

def ask_for_memory():
    """Pages, with as many that stay in RAM behind them; a huge page; pages of shmem."""
    for device, pages, advice, flags in (
            (devices[0], 255, mmap.MADV_NOHUGEPAGE, mmap.MAP_PRIVATE),
            (devices[1], 255, mmap.MADV_NOHUGEPAGE, mmap.MAP_PRIVATE),
            (devices[1], 512, mmap.MADV_HUGEPAGE, mmap.MAP_PRIVATE),
            (devices[0], 63, mmap.MADV_NOHUGEPAGE, mmap.MAP_SHARED)):
        area = mmap.mmap(-1, 2 * HUGE, flags=flags | mmap.MAP_ANONYMOUS)
        address = (ctypes.addressof(ctypes.c_char.from_buffer(area)) + HUGE - 1) & -HUGE
        equal(0, advise(address, HUGE, advice), "madvise")
        equal(0, advise(address, HUGE, MADV_DONTFORK), "madvise")
        ctypes.memset(address, 7, HUGE)
        equal(pages, device.migrate(address, pages), "moved")
        kept.append(area)
        ours.append((address, pages, device))
        asked[device.name] |= device.here(address, pages)


def touch_ours():
    for at, pages, _ in ours:
        for i in range(pages):
            ctypes.memset(at + i * PAGE, 7, 1)


ours = []	# (address, pages, device)


def isolated():
    """What is not as it should be, or nothing."""
    said = []
    for d in devices:
        should = set().union(*(d.here(at, pages) for at, pages, device in ours if device is d))
        equal(sum(pages for _, pages, device in ours if device is d), len(should), "ours are there")
        taken = d.taken(idle[d.name])
        if taken != should:
            said.append(f"{d.name}: {len(taken - should)} pages by {whose(d, taken - should)}, "
                        f"{len(should - taken)} of ours are not in use")
        if d.used() != len(should):
            said.append(f"{d.name}: {d.used()} pages in use, {len(should)} asked for")
    for at, pages, d in ours:
        if ctypes.string_at(at, pages * PAGE) != b"\7" * pages * PAGE:
            said.append(f"{d.name}: data is not what it was")
    return "\n".join(said)


def whose(device, some):
    with open("/proc/kpageflags", "rb") as f:
        return sorted({hex(struct.unpack("Q", os.pread(f.fileno(), 8, p * 8))[0]) for p in some})


def an_intruder():
    """That the check can fail: a process with pages nobody here asked for."""
    r, w = os.pipe()
    told, tell = os.pipe()

    def work():
        area, address = memory(3)
        touch(area)
        moved = devices[0].migrate(address, 3)
        asked_by_it = sorted(devices[0].here(address, 3))
        os.write(tell, struct.pack("4Q", moved, *asked_by_it))
        os.read(r, 1)
    pid = child(work, 1000)
    moved, *its = struct.unpack("4Q", os.read(told, 32))
    said = isolated()
    os.write(w, b"x")
    os.waitpid(pid, 0)
    asked[devices[0].name] |= set(its)
    equal(3, moved, "moved")
    assert f"{devices[0].name}: 3 pages by" in said and "pages in use" in said, f"nothing but: {said}"


# The memory itself, while there is no driver

def bar_memory():
    with open(f"{bar}/resource2", "r+b") as f:
        return mmap.mmap(f.fileno(), 0)


def fill_the_bar():
    with bar_memory() as m:
        for at in range(0, len(m), MIB):
            m[at:at + MIB] = canary
        return len(m)


def touched_in_the_bar():
    with bar_memory() as m:
        return {at // PAGE for at in range(0, len(m), PAGE) if m[at:at + PAGE] != canary[:PAGE]}


BEFORE = (
    hibernation_under_way, ram_exhausted_in_a_cgroup, ram_exhausted, mempolicy_bind, mempolicy_preferred,
    mempolicy_preferred_many, mempolicy_interleave, mempolicy_weighted_interleave,
    mempolicy_home_node, cpuset, moved_by_mbind, moved_by_migrate_pages, moved_by_move_pages,
    moved_by_cpuset, memory_tiers, memory_blocks, zones, iomem, kcore,
    hibernation, dev_mem, bar_by_sysfs, ask_for_memory,
)
WITH_PAGES = (
    ours_stay, ram_exhausted, hibernation, demotion, numa_balancing, compaction, khugepaged,
    collapse_on_request, ksm, hugetlb, mglru, reclaim_on_request, damon_migrates,
    damon_on_the_device, page_idle, soft_offline, memory_blocks, zones, iomem, kcore, an_intruder,
)
WITH_TIERS = (
    hibernation_under_way, memory_tiers, ask_for_memory, demotion_to_a_slower_tier, demotion_to_a_tier_that_is_full, promotion,
)

here = os.path.dirname(os.path.abspath(__file__))
canary = bytes(i * 37 & 0xff for i in range(PAGE)) * (MIB // PAGE)
bar = next(d for d in glob.glob(f"{PCI}/*") if read(f"{d}/device") == "0x1110")
totals = {node: node_total(node) for node in (0, 1)}
run("isolation", without_a_driver, lambda: "")
size = fill_the_bar()
write("/proc/self/oom_score_adj", -1000)
libc.mlockall(1)	# what runs: where RAM is short it would be read again and again
image = os.path.exists("/dev/snapshot") and os.open("/dev/snapshot", os.O_RDONLY)
subprocess.run(["modprobe", "cdm"], check=True)
devices = [Device(name) for name in sorted(os.listdir("/sys/class/cdm"))]
idle = {d.name: d.walk() for d in devices}
asked = {d.name: set() for d in devices}
flags = {f for d in devices for f in memoryview(idle[d.name][0]).cast("Q")}
tap.result(len(flags) == 1 and flags.pop() >> KPF_DEVICE_HOST & 1,
           "isolation.walk: all pages of the devices are known", flags)
equal({0, 1}, {d.node for d in devices}, "nodes of the devices")
for test in WITH_TIERS if sys.argv[1:] == ["tiers"] else BEFORE + WITH_PAGES:
    run("isolation", test, isolated)
pci = next(d for d in devices if d.end - d.start == size and
           os.path.realpath(f"/sys/class/cdm/{d.name}/device") == os.path.realpath(bar))
wanted = {f - pci.start // PAGE for f in asked[pci.name]}
for d in devices:
    os.close(d.fd)
subprocess.run(["modprobe", "-r", "cdm"], check=True)
run("isolation", without_a_driver, lambda: "")
touched = touched_in_the_bar()
tap.result(touched == wanted and len(wanted) > 100,
           "isolation.canary: no byte of other pages was written",
           f"{len(touched - wanted)} others, {len(wanted - touched)} were not, of {len(wanted)}")
sys.exit(tap.finish())
