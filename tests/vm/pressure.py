# SPDX-License-Identifier: GPL-2.0
"""
In the VM, with swap and two devices, the second one small: cgroups at their limit, RAM that is
used up, reclaim by each kind of list, swap and zswap, of processes with memory on a device. They
hold private memory in pages or huge pages, or a memfd; where it is, and what is counted for it
where, comes from page tables, page frames, /proc/PID/status and the cgroup, which have to agree.

After each test the devices are as they were at first, and no counter of the kernel is below 0. TAP.
"""
import collections, contextlib, ctypes, itertools, mmap, os, re, signal, struct, sys

from cdm import POPULATE, TO_DEVICE, TO_RAM, Device
from common import (LRU_GEN, Cgroup, a_new_generation, child, equal, generations, needs, run, vmstat,
                    wait_for)
from numa import PAGE, libc, memory, read, touch, write
import tap

MADV_POPULATE_WRITE = 23
HUGE, MIB = 2 << 20, 1 << 20
PAGES = 4 * HUGE // PAGE
KINDS = "anon", "huge", "memfd"
# What is taken to the device of a process of which the rest is in RAM: (first page, pages)
PARTS = {"anon": ((0, 700), (1100, 400)), "huge": ((0, 512), (1024, 512)), "memfd": ((0, 700), (1100, 400))}
PRESENT, SWAPPED, FRAME = 1 << 63, 1 << 62, (1 << 55) - 1	 # pagemap
KPF_LRU, KPF_ACTIVE, KPF_MMAP, KPF_ANON, KPF_SWAPBACKED, KPF_UNEVICTABLE = 5, 6, 11, 12, 14, 18
TOUCH = ord("t")	# of a Holder, beside the two directions
LRU_GEN_ENABLED = "/sys/kernel/mm/lru_gen/enabled"
ZSWAP = "/sys/module/zswap/parameters/enabled"
TRACING = "/sys/kernel/tracing"
KHUGEPAGED = "/sys/kernel/mm/transparent_hugepage/khugepaged"
# How far counters of a process are off that are not summed up over processors: 32 for each
INEXACT = 2 * 32
# Slots of swap that were given back are charged until a processor has 64 of them.
SLOTS = 2 * 64


def words(data):
    return memoryview(data).cast("Q")


def of_frames(file, frames):
    """What /proc/kpage* has of some page frames."""
    with open(f"/proc/{file}", "rb") as f:
        return [words(os.pread(f.fileno(), 8, frame * 8))[0] for frame in frames]


class Holder:
    """A process in a cgroup of its own that has memory, and sleeps until it is asked."""
    def __init__(self, kind, pages=PAGES, group=None, device=None):
        self.kind, self.pages, self.device = kind, pages, device or devices[0]
        self.seed, self.status = next(seeds), None
        self.group, self.own_group = group or Cgroup(f"holder{self.seed}"), not group
        self.inode = os.stat(self.group.path).st_ino
        before = self.stat("anon") // PAGE
        requests, self.requests = os.pipe()
        self.answers, answers = os.pipe()
        self.pid = child(lambda: self.serve(requests, answers), 0)
        os.close(requests)
        os.close(answers)
        self.pidfd = os.pidfd_open(self.pid)
        self.address = self.answer()
        self.anon = self.rss("RssAnon") + self.rss("VmSwap")
        self.others = self.stat("anon") // PAGE - before - (0 if kind == "memfd" else pages)
        assert 0 <= self.others < 16, f"{self.others} other pages are charged"

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if self.status is None:
            alive = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
            os.kill(self.pid, signal.SIGKILL)
            self.ended()
            assert alive or failed, f"{self.kind}: has ended with status {self.status}"

    def ended(self):
        """How"""
        self.status = os.waitpid(self.pid, 0)[1]
        for fd in self.requests, self.answers, self.pidfd:
            os.close(fd)
        if self.own_group:
            self.group.remove()
        return self.status

    def content(self):
        """In parts, that nobody has more of it than it takes. Every page is another one."""
        for first in range(0, self.pages, 2048):
            yield b"".join(struct.pack("<QQ", page, self.seed) * 256
                           for page in range(first, min(first + 2048, self.pages)))

    # In the process

    def serve(self, requests, answers):
        data = b"".join(self.content())
        be_yourself()
        self.group.enter()
        size = self.pages * PAGE
        if self.kind == "memfd":
            fd = os.memfd_create("holder")
            os.ftruncate(fd, size)
            area = mmap.mmap(fd, size)
            address = ctypes.addressof(ctypes.c_char.from_buffer(area))
        else:
            area = mmap.mmap(-1, size + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            area.madvise(mmap.MADV_HUGEPAGE if self.kind == "huge" else mmap.MADV_NOHUGEPAGE)
            address = (ctypes.addressof(ctypes.c_char.from_buffer(area)) + HUGE - 1) & -HUGE
        ctypes.memmove(address, data, size)
        del data	# which are many pages, and not of the cgroup
        done = address
        while True:
            os.write(answers, struct.pack("Q", done))
            request = os.read(requests, 1)
            if request[0] == TOUCH:
                done = sum(ctypes.string_at(address + i * PAGE, 1)[0] for i in range(self.pages))
            else:
                done = self.device.migrate(address, self.pages, request[0])

    # Of those who look at it

    def answer(self):
        return words(os.read(self.answers, 8))[0]

    def ask(self, request):
        os.write(self.requests, bytes([request]))
        return self.answer()

    def move(self, parts, *direction):
        return sum(self.device.migrate(self.address + first * PAGE, pages, *direction, pidfd=self.pidfd)
                   for first, pages in parts)

    def take(self, parts):
        """To the device; how many pages."""
        wanted = sum(pages for _, pages in parts)
        equal(wanted, self.move(parts), "moved to the device")
        return wanted

    def everything(self):
        return ((0, self.pages),)

    def entries(self, start, pages):
        with open(f"/proc/{self.pid}/pagemap", "rb") as f:
            return words(os.pread(f.fileno(), pages * 8, start // PAGE * 8))

    def frames(self):
        """Those in RAM and those on the device"""
        found = [e & FRAME for e in self.entries(self.address, self.pages) if e & PRESENT]
        there = [f for f in found if any(d.start <= f * PAGE < d.end for d in devices)]
        return sorted(set(found) - set(there)), there

    def in_ram(self):
        return len(self.frames()[0])

    def swap_entries(self):
        """In all its page tables"""
        found = 0
        for line in read(f"/proc/{self.pid}/maps").splitlines():
            start, end = (int(n, 16) for n in line.split()[0].split("-"))
            if end < 1 << 47:
                found += sum(1 for e in self.entries(start, (end - start) // PAGE) if e & SWAPPED)
        return found

    def rss(self, name):
        return int(re.search(rf"^{name}:\s*(\d+) kB", read(f"/proc/{self.pid}/status"), re.M)[1]) // 4

    def huge_kib(self):
        text = read(f"/proc/{self.pid}/smaps")
        return sum(map(int, re.findall(r"^AnonHugePages: *(\d+)", text, re.M)))

    def stat(self, name, file="memory.stat"):
        read(f"{self.group.path}/cpu.stat")	# sums up what processors have counted
        return int(re.search(rf"^{name} (\d+)$", read(f"{self.group.path}/{file}"), re.M)[1])

    def event(self, name):
        return self.stat(name, "memory.events")

    def charge(self):
        """Without what processors have charged in advance."""
        serve_us_instead()
        return int(read(f"{self.group.path}/memory.current"))

    def limit(self, most):
        """Lowered when it is kept: what is being written to swap is no reason to kill."""
        def kept():
            self.group.set("memory.high", most)
            return self.charge() <= most
        wait_for(kept, f"at most {most} bytes are charged, of {self.charge()}")
        self.group.set("memory.max", most)
        self.group.set("memory.high", "max")

    def check(self, there, ram=None):
        """Where the pages are, and that all who count them say the same."""
        in_ram, on_device = self.frames()
        equal(there, len(on_device), "pages on the device")
        if ram is not None:
            equal(ram, len(in_ram), "pages in RAM")
        equal(there, self.rss("RssDevHost"), "RssDevHost")
        equal(there * PAGE, self.stat("device_host"), "device_host")
        equal({self.inode}, set(of_frames("kpagecgroup", in_ram + on_device)) or {self.inode}, "charged to")
        on_lists = [hex(f) for f in of_frames("kpageflags", on_device) if f >> KPF_LRU & 1]
        equal([], on_lists, "device pages on a list")
        swapped = self.pages - len(in_ram) - there
        equal(self.swap_entries(), self.rss("VmSwap"), "VmSwap")
        if self.kind == "memfd":
            equal(len(in_ram) + there, self.rss("RssShmem"), "RssShmem")
            # What is in neither was brought in, and not mapped.
            swapped -= self.stat("shmem") // PAGE - len(in_ram) - there
        else:
            equal(self.anon, self.rss("RssAnon") + self.rss("VmSwap"), "RssAnon and VmSwap")
            assert 0 <= self.stat("anon") // PAGE - len(in_ram) - there <= self.others, "anon"
        assert swapped >= 0, f"{swapped} pages are swapped out"
        slots = int(read(f"{self.group.path}/memory.swap.current")) // PAGE
        # One is kept for what was brought in as long as that is clean.
        kept = self.stat("swapcached") // PAGE + self.others + SLOTS
        assert swapped <= slots <= swapped + kept, f"{slots} slots for {swapped} pages, and up to {kept} more"

    def intact(self):
        """As others read it, which brings in what is swapped out."""
        with open(f"/proc/{self.pid}/mem", "rb") as f:
            f.seek(self.address)
            for part in self.content():
                assert f.read(len(part)) == part, "data is not what it was"

    def reclaim(self):
        """All that is to be had."""
        def done():
            try:
                self.group.set("memory.reclaim", "64M")
            except OSError:
                pass		# not that much
            return not self.in_ram()
        wait_for(done, f"{self.kind}: all pages in RAM are reclaimed, {self.in_ram()} are left")


seeds = itertools.count(1)


def be_yourself():
    """Copies what a process shares with its parent, so that no charge for it comes later."""
    for line in read("/proc/self/maps").splitlines():
        start, end = (int(n, 16) for n in line.split()[0].split("-"))
        if " rw-p " in line:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_POPULATE_WRITE)


def serve_us_instead():
    """Each processor charges in advance, for one cgroup at a time: kernel memory, and pages."""
    for cpu in 0, 1:
        os.sched_setaffinity(0, {cpu})
        for fd in os.pipe():
            os.close(fd)
        area, _ = memory(1)
        touch(area)
    os.sched_setaffinity(0, {0, 1})


@contextlib.contextmanager
def no_swap():
    for path in swaps:
        equal(0, libc.swapoff(path), "swapoff")
    try:
        yield
    finally:
        for path in swaps:
            equal(0, libc.swapon(path, 0), "swapon")


# At the limit

def wanted_by_others(holder):
    area, address = memory((holder.device.end - holder.device.start) // PAGE)
    equal(len(area) // PAGE, holder.device.migrate(address, len(area) // PAGE, flags=POPULATE), "others have")


WAYS_HOME = (
    lambda holder: equal(holder.pages, holder.ask(TO_RAM), "came home by request of the process"),
    lambda holder: equal(holder.pages, holder.move(holder.everything(), TO_RAM), "of another one"),
    lambda holder: equal(holder.pages, holder.device.evict(), "evicted"),
    wanted_by_others,
)


def home_at_the_limit():
    """Not a byte more can be charged, and none has to be."""
    for kind in KINDS:
        with Holder(kind, device=devices[1]) as holder:
            huge = PAGES * 4 if kind == "huge" else 0
            equal(huge, holder.huge_kib(), "in huge pages")
            equal(PAGES, holder.ask(TO_DEVICE), "went to the device")
            equal(huge, holder.huge_kib(), "in huge pages on the device")
            holder.check(PAGES, 0)
            holder.group.set("memory.swap.max", 0)
            charge = holder.charge()
            holder.group.set("memory.max", charge)
            for way in WAYS_HOME:
                equal(charge, holder.charge(), "charged on the device")
                way(holder)
                equal(charge, holder.charge(), "charged at home")
                holder.check(0, PAGES)
                equal(huge, holder.huge_kib(), "in huge pages at home")
                holder.intact()
                holder.take(holder.everything())
            equal(0, holder.event("oom"), "out of memory")


def over_memory_high():
    """Nothing can be reclaimed on the device, but at home."""
    for kind in KINDS:
        with Holder(kind) as holder:
            holder.take(holder.everything())
            holder.group.set("memory.high", MIB)
            holder.check(PAGES, 0)
            assert holder.charge() > PAGES * PAGE, f"{holder.charge()} bytes are charged"
            equal(PAGES, holder.device.evict(), "came home")
            holder.check(0, PAGES)
            holder.limit(MIB)
            holder.check(0)
            assert holder.in_ram() < MIB // PAGE, f"{holder.in_ram()} are in RAM"
            holder.group.set("memory.max", "max")
            holder.intact()


def a_lower_limit():
    """The part in RAM is swapped out for it, and at home all of it."""
    for kind in KINDS:
        with Holder(kind) as holder:
            there = holder.take(PARTS[kind])
            holder.limit(there * PAGE + 2 * MIB)
            holder.check(there)
            assert holder.in_ram() < 2 * MIB // PAGE, f"{holder.in_ram()} are in RAM"
            equal(there, holder.move(PARTS[kind], TO_RAM), "came home")
            holder.check(0)
            holder.limit(2 * MIB)
            holder.check(0)
            equal(0, holder.event("oom"), "out of memory")
            holder.group.set("memory.max", "max")
            holder.intact()


def a_limit_below_what_is_on_the_device():
    """As documented: its owner is killed."""
    with Holder("anon") as holder:
        holder.take(holder.everything())
        victims = Victims()
        holder.group.set("memory.max", 2 * MIB)
        equal(1, holder.event("oom_kill"), "killed")
        equal({holder.pid: PAGES * 4}, victims.marked(), "victims, and KiB on the device")
        equal(signal.SIGKILL, holder.ended(), "how it ended")


# Swap

def swapped_out():
    """What is in RAM goes, what is on a device stays, until it has come home."""
    for kind in KINDS:
        with Holder(kind) as holder:
            there = holder.take(PARTS[kind])
            rest = PAGES - there
            holder.reclaim()
            holder.check(there, 0)
            holder.intact()
            holder.check(there, rest)
            holder.reclaim()
            with no_swap():
                holder.check(there)
                holder.intact()
                holder.check(there, rest)
            holder.reclaim()
            equal(there, holder.move(holder.everything(), TO_RAM), "came home")
            holder.check(0, there)
            holder.reclaim()
            holder.check(0, 0)
            equal(0, holder.move(holder.everything()), "went to the device though swapped out")
            holder.intact()
            holder.check(0, PAGES)


def swapped_to_zswap():
    needs(ZSWAP, "CONFIG_ZSWAP")
    write(ZSWAP, "Y")
    before = vmstat("zswpout"), vmstat("zswpin")
    try:
        swapped_out()
    finally:
        write(ZSWAP, "N")
    # Each of three is swapped out and in four times, in whole or in part.
    for what, counted in zip(before, (vmstat("zswpout"), vmstat("zswpin"))):
        assert counted - what > 3 * PAGES, f"through zswap: {counted - what} pages"


def by_generations(test):
    def tested():
        needs(LRU_GEN, "CONFIG_LRU_GEN")
        write(LRU_GEN_ENABLED, "y")
        try:
            test()
        finally:
            write(LRU_GEN_ENABLED, "n")
    tested.__name__ = f"{test.__name__}_by_generations"
    return tested


# Lists

def ram():
    for line in read("/proc/iomem").splitlines():
        if line.endswith(" : System RAM"):
            start, end = (int(n, 16) // PAGE for n in line.split()[0].split("-"))
            yield start, end + 1


def walk(file):
    """/proc/kpage* of all RAM"""
    with open(f"/proc/{file}", "rb") as f:
        return b"".join(os.pread(f.fileno(), (end - start) * 8, start * 8) for start, end in ram())


def list_of(flags):
    if flags >> KPF_UNEVICTABLE & 1:
        return "unevictable"
    return "anon" if flags >> KPF_SWAPBACKED & 1 else "file"


def on_lists(told):
    """{list: pages} by page frames of which @told are the flags."""
    found = collections.Counter({"anon": 0, "file": 0, "unevictable": 0})
    for flags, count in collections.Counter(told).items():
        if flags >> KPF_LRU & 1:
            found[list_of(flags)] += count
    return dict(found)


def counted(counter):
    return {name: counter(f"inactive_{name}") + counter(f"active_{name}") for name in ("anon", "file")} | {
        "unevictable": counter("unevictable")}


def lists_are_counted(group):
    """Of the machine, and of a cgroup: page frames on the lists are as many as is counted."""
    inode = os.stat(group.path).st_ino
    last = []

    def agree():
        write("/proc/sys/vm/compact_memory", 1)	# takes what is on its way to a list there
        refresh()
        flags, owners = words(walk("kpageflags")), words(walk("kpagecgroup"))
        read(f"{group.path}/cpu.stat")
        stat = dict(line.split() for line in read(f"{group.path}/memory.stat").splitlines())
        last[:] = [on_lists(flags), counted(lambda name: vmstat(f"nr_{name}")),
                   on_lists(f for f, owner in zip(flags, owners) if owner == inode),
                   counted(lambda name: int(stat[name]) // PAGE)]
        return last[0] == last[1] and last[2] == last[3]
    try:
        wait_for(agree, "lists")
    except AssertionError:
        raise AssertionError(f"wanted, and got, of the machine and of the cgroup: {last}")
    return last[2]


def lists_without_device_pages():
    """Generations are made, and what is old is evicted, by two kinds of lists in turn."""
    needs(LRU_GEN, "CONFIG_LRU_GEN")
    group = Cgroup("lists")
    with contextlib.ExitStack() as stack:
        stack.callback(write, LRU_GEN_ENABLED, "n")
        holders = [stack.enter_context(Holder(kind, group=group)) for kind in KINDS]
        there = {h: h.take(PARTS[h.kind]) for h in holders}
        for enabled in "y", "n", "y", "n":
            write(LRU_GEN_ENABLED, enabled)
            for holder in holders:
                holder.ask(TOUCH)
            anon, in_ram = lists_are_counted(group)["anon"], sum(h.in_ram() for h in holders)
            # Other pages of theirs may be swapped out. What was compacted is on its way to a
            # list again, up to 15 pages on each processor.
            assert -30 <= anon - in_ram <= sum(h.others for h in holders), f"{in_ram} in RAM, {anon} on lists"
            if enabled == "y":
                grow_old("/lists")
            for holder in holders:
                holder.reclaim()
                on_device = of_frames("kpageflags", holder.frames()[1])
                equal(there[holder], len(on_device), "on the device")
                equal([], [f for f in on_device if f >> KPF_LRU & 1], "on a list")
                holder.intact()
    group.remove()


def grow_old(path):
    before = vmstat("pgsteal_anon")

    def evicted():
        """What others have read, or is written to swap, is older the next time."""
        for _ in range(4):
            a_new_generation(path)
        for (memcg, node), newest in generations(path).items():
            write(LRU_GEN, f"- {memcg} {node} {newest - 2} 200")
        return vmstat("pgsteal_anon") > before
    wait_for(evicted, "the oldest are evicted")


# The OOM killer

class Victims:
    """What the kernel tells of the tasks that it may kill, and of those that it does, from now on."""
    def __init__(self):
        self.log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.log, 0, os.SEEK_END)
        write(f"{TRACING}/trace", "")
        write(f"{TRACING}/events/oom/mark_victim/enable", 1)

    def lines(self):
        while True:
            try:
                yield os.read(self.log, 8192).decode(errors="replace").splitlines()[0].partition(";")[2]
            except BlockingIOError:
                return

    def table(self):
        """{pid: {column: value}} as of the first time"""
        columns, tasks = [], {}
        for line in self.lines():
            if line.startswith("[  pid  ]"):
                columns = line[9:].split()
            row = re.match(r"\[ *(\d+)\] (.*)", line)
            if row and columns:
                tasks.setdefault(int(row[1]), dict(zip(columns, row[2].split())))
        return tasks

    def marked(self):
        """{pid: KiB on a device}"""
        write(f"{TRACING}/events/oom/mark_victim/enable", 0)
        found = re.findall(r"mark_victim: pid=(\d+) .* device-rss=(\d+)kB", read(f"{TRACING}/trace"))
        return {int(pid): int(size) for pid, size in found}


def fill_until_one_is_killed(group=None):
    def work():
        if group:
            group.enter()
        killed = vmstat("oom_kill")
        while vmstat("oom_kill") == killed:
            area = mmap.mmap(-1, HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(area)), 1, len(area))
            kept.append(area)
    equal(0, os.waitpid(child(work, -1000), 0)[1], "how it ended")


kept = []


def one_of_two(victim, other, group=None):
    """Memory is used up, and @victim is killed. The table and the event tell what both have there."""
    there = {h.pid: h.rss("RssDevHost") for h in (victim, other)}
    victims = Victims()
    fill_until_one_is_killed(group)
    tasks, marked = victims.table(), victims.marked()
    equal({victim.pid}, set(marked), "victims")
    equal(signal.SIGKILL, victim.ended(), "how it ended")
    for pid in there:
        told = int(tasks[pid]["rss_device"])
        assert abs(there[pid] - told) < INEXACT, f"{there[pid]} pages are there, {told} in the table"
    assert abs(there[victim.pid] * 4 - marked[victim.pid]) < INEXACT * 4, f"{there}, marked {marked}"
    return tasks


def out_of_ram():
    """Who has the most RAM dies, not who has more memory that is none."""
    with Holder("anon", 25600) as there, Holder("anon", 15360) as with_ram:
        there.take(there.everything())
        tasks = one_of_two(with_ram, there)
        sizes = [int(tasks[h.pid]["rss"]) + int(tasks[h.pid]["swapents"]) for h in (there, with_ram)]
        assert sizes[0] > sizes[1] + 4096, f"{sizes} pages, so anybody would have done that"
        there.check(25600)
        there.intact()


def out_of_a_limit():
    """A cgroup is charged for both: who has the most dies, and its charge is gone."""
    group = Cgroup("limit", memory_max=64 * MIB, memory_swap_max=0)
    with Holder("anon", 8192, group) as there, Holder("anon", 4096, group) as with_ram:
        there.take(there.everything())
        one_of_two(there, with_ram, group)
        with_ram.check(0, 4096)
        with_ram.intact()
    group.remove()


# After each test

def refresh():
    """Sums up what processors have counted, and finds what is negative."""
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    os.lseek(log, 0, os.SEEK_END)
    write("/proc/sys/vm/stat_refresh", 1)
    try:
        return os.read(log, 8192).decode(errors="replace")
    except BlockingIOError:
        return ""
    finally:
        os.close(log)


def as_before():
    said = [refresh()]
    for d in devices:
        try:
            wait_for(lambda: not d.used() and not d.taken(idle[d.name]), d.name)
        except AssertionError:
            said.append(f"{d.name}: {d.used()} pages are used, {len(d.taken(idle[d.name]))} are not as before")
    if vmstat("nr_device_host"):
        said.append(f"nr_device_host {vmstat('nr_device_host')}")
    return "\n".join(filter(None, said))


TESTS = (
    home_at_the_limit, over_memory_high, a_lower_limit, a_limit_below_what_is_on_the_device,
    swapped_out, swapped_to_zswap, by_generations(swapped_out), by_generations(swapped_to_zswap),
    lists_without_device_pages, out_of_a_limit, out_of_ram,
)

write("/proc/self/oom_score_adj", -1000)
libc.mlockall(1)	# what runs: where RAM is short it would be read again and again
write(f"{KHUGEPAGED}/scan_sleep_millisecs", 3600000)	# or pages are others while they are looked at
Cgroup("tests").enter()
swaps = [line.split()[0].encode() for line in read("/proc/swaps").splitlines()[1:]]
assert swaps, "no swap"
devices = [Device(name) for name in sorted(os.listdir("/sys/class/cdm"))]
devices.sort(key=lambda d: d.start - d.end)
idle = {d.name: d.walk() for d in devices}
for test in [t for t in TESTS if t.__name__ in sys.argv[1:]] or TESTS:
    run("pressure", test, as_before)
sys.exit(tap.finish())
