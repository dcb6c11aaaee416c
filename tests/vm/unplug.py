# SPDX-License-Identifier: GPL-2.0
"""
unplug.py CYCLES: in a VM whose monitor is at hand (qmp.py), with a PCI Express root port
and devices on the root bus: one of 32M that stays, and a spare one full of ones (pci.py).

A device comes and goes while processes have memory there and migrate: by device_del, by
hand over sysfs, with the driver, and, where the kernel looks after the slot itself and not
ACPI, by the slot's switch and by being pulled out. In order: all comes home. Pulled out: who
had memory there has lost that, and nothing else. Each time memory, counters, /proc/iomem,
memory blocks and sysfs are compared with what they were. Prints TAP.
"""
import ctypes, errno, glob, itertools, json, mmap, os, random, re, select, signal, subprocess, sys, time

from cdm import TO_DEVICE, TO_RAM, Device
from numa import PAGE, libc, read, write
from pci import IVSHMEM, PCI, ROOT_PORT, bytes_of, find, is_off, leave_alone, pull, put_behind
from qmp import Monitor
import tap

MADV_HUGEPAGE, PR_SET_PDEATHSIG, WAIT = 14, 1, 60
HUGE, MIB = 2 << 20, 1 << 20
CLASS, DRIVER, CGROUPS = "/sys/class/cdm", "/sys/bus/pci/drivers/cdm", "/sys/fs/cgroup"
GROWTH = 4096	# KiB; the page structures of one device are 1024


def wait_for(done, what):
    until = time.monotonic() + WAIT
    while not done():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.005)


# Memory of processes

class Area:
    """Memory, and what has to be in it: whose it is, and which page."""
    numbers = itertools.count()

    def __init__(self, name, pages, shared=False, huge=False, file=False):
        fd = -1
        if file:
            fd = os.memfd_create(name)
            os.ftruncate(fd, pages * PAGE + HUGE)
        self.name, self.pages, self.shared = f"{name}{next(self.numbers)}", pages, shared
        self.map = mmap.mmap(fd, pages * PAGE + HUGE,
                             flags=(mmap.MAP_SHARED if shared else mmap.MAP_PRIVATE) |
                             (0 if file else mmap.MAP_ANONYMOUS))
        if file:
            os.close(fd)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.map)) + HUGE - 1 & -HUGE
        libc.madvise(ctypes.c_void_p(self.address), ctypes.c_size_t(pages * PAGE),
                     MADV_HUGEPAGE if huge else mmap.MADV_NOHUGEPAGE)
        self.wanted = bytearray(b"".join(f"{self.name}: page {i}".encode().ljust(64, b".")
                                         * (PAGE // 64) for i in range(pages)))
        self.wanted_at = ctypes.addressof(ctypes.c_char.from_buffer(self.wanted))

    def fill(self):
        ctypes.memmove(self.address, self.wanted_at, self.pages * PAGE)

    def change(self, page):
        word = random.randbytes(8)
        self.wanted[page * PAGE:page * PAGE + 8] = word
        ctypes.memmove(self.address + page * PAGE, word, 8)

    def good(self, first, pages):
        at = first * PAGE
        return not libc.memcmp(ctypes.c_void_p(self.address + at), ctypes.c_void_p(self.wanted_at + at),
                               ctypes.c_size_t(pages * PAGE))

    def bad(self):
        """Pages that are not what they should be. Who has lost some is killed."""
        return [] if self.good(0, self.pages) else [i for i in range(self.pages) if not self.good(i, 1)]

    def look(self):
        """The same, and those that are lost, without touching them."""
        bad, lost = [], []
        fd = os.open("/proc/self/mem", os.O_RDONLY)
        for i in range(self.pages):
            try:
                data = os.pread(fd, PAGE, self.address + i * PAGE)
            except OSError as e:
                assert e.errno == errno.EIO, e
                lost.append(i)
                continue
            if data != self.wanted[i * PAGE:i * PAGE + PAGE]:
                bad.append(i)
        os.close(fd)
        return bad, lost


def hot(in_slot=True):
    """Name of the device in the slot, or of the other one, if it has its driver."""
    for path in glob.glob(f"{CLASS}/*"):
        if (f"/{port}/" in os.path.realpath(f"{path}/device")) == in_slot:
            return os.path.basename(path)


class Worker:
    """
    A process: does what it is ordered, by the methods do_..., and answers each with a line.
    @part: so much of its own memory is to be on the device, and all that it shares.
    """
    def __init__(self, cgroup, areas, part=1):
        self.areas, self.part, self.device = areas, part, None
        ask, tell = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            write(f"{CGROUPS}/{cgroup}/cgroup.procs", 0)
            os.dup2(ask[0], 0)
            self.answers = tell[1]
            try:
                self.serve()
            except BaseException as e:
                self.say(f"{e!r} at line {e.__traceback__.tb_next.tb_lineno}")
            os._exit(1)
        os.close(ask[0])
        os.close(tell[1])
        self.orders, self.answers = ask[1], os.fdopen(tell[0])

    def order(self, *words):
        try:
            os.write(self.orders, json.dumps(words).encode().ljust(128))
        except BrokenPipeError:
            pass	# answer() says how it ended
        return self

    def answer(self):
        line = self.answers.readline()
        assert line, f"a process with memory on the device ended with {os.waitpid(self.pid, 0)[1]}"
        said = json.loads(line)
        assert not isinstance(said, str), said
        return said

    def ended(self):
        """Waits for it; how it ended."""
        os.close(self.orders)
        self.answers.close()
        return os.waitpid(self.pid, 0)[1]

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        self.ended()

    # In the process

    def say(self, what):
        os.write(self.answers, json.dumps(what).encode() + b"\n")

    def serve(self):
        random.seed(os.getpid())
        for area in self.areas:
            area.fill()
        self.say(True)
        while order := os.read(0, 128):
            name, *args = json.loads(order)
            self.say(getattr(self, "do_" + name)(*args))

    def goes(self, area):
        return area.pages if area.shared else int(area.pages * self.part)

    def do_in(self, name):
        """How many pages are not on the device after that, of those that should be."""
        self.device = Device(name)
        for area in self.areas:
            self.device.migrate(area.address, self.goes(area))
        return sum(self.goes(area) - len(self.device.here(area.address, self.goes(area)))
                   for area in self.areas)

    def do_where(self):
        """All its page frames on the device."""
        return list(set().union(*(self.device.here(a.address, a.pages) for a in self.areas)))

    def do_close(self):
        os.close(self.device.fd)
        return True

    def do_stop(self):
        return True

    def do_check(self):
        return {area.name: bad for area in self.areas if (bad := area.bad())}

    def do_look(self):
        """Of each area: pages that are bad, that are lost, that should be lost."""
        return [(area.name, *area.look(), self.goes(area)) for area in self.areas]

    def do_storm(self, touch):
        """To and fro until it is told to stop; without the device it only waits for that."""
        moved = 0
        self.say(True)
        while not select.select([0], [], [], 0)[0]:
            try:
                moved += self.move(random.choice(self.areas), touch)
            except OSError as e:
                if e.errno != errno.ENODEV:
                    raise
                break
        return moved

    def move(self, area, touch):
        pages = random.choice((1, 7, 64, 512, 512))
        first = random.randrange(area.pages) // pages * pages
        pages = min(pages, area.pages - first)
        moved = self.device.migrate(area.address + first * PAGE, pages,
                                    random.choice((TO_DEVICE, TO_DEVICE, TO_RAM)))
        if touch:
            assert area.good(first, pages), f"{area.name}: data are not what they were"
            if not area.shared:
                area.change(first + random.randrange(pages))
        if random.randrange(32) == 0:
            self.copy(area if touch else None)
        return moved

    def copy(self, area):
        """A child has it all, too, for a moment."""
        pid = os.fork()
        if not pid:
            os._exit(area.bad() != [] if area else 0)
        status = os.waitpid(pid, 0)[1]
        assert status == 0, f"a child ended with {status}"

    def do_touch(self):
        self.say(True)
        while True:
            for area in self.areas:
                area.good(0, area.pages)


def crew():
    """
    Two that have all or half of their memory on the device, and two that move theirs;
    all kinds of memory, some of it shared by two.
    """
    def areas(file, shared):
        return [Area("anon", 256), Area("huge", 1024, huge=True), file, shared]
    both = [(Area("memfd", 128, shared=True, file=True), Area("shared", 96, shared=True))
            for _ in range(2)]
    holders = [Worker("crew", areas(*both[0]), part) for part in (1, 0.5)]
    movers = [Worker("crew", areas(*both[1])) for _ in range(2)]
    for worker in holders + movers:
        worker.answer()
    return holders, movers


def ask_all(workers, *order):
    for worker in workers:
        worker.order(*order)
    return [worker.answer() for worker in workers]


# What there is to be counted

def vmstat(path="/proc/vmstat"):
    return int(re.search(r"^nr_device_host (\d+)$", read(path), re.M)[1])


def counts(workers):
    """Pages on devices, by all that tells of them."""
    write("/proc/sys/vm/stat_refresh", 1)
    read(f"{CGROUPS}/cpu.stat")	# sums up those of cgroups
    rss = [int(re.search(r"^RssDevHost:\s*(\d+) kB", read(f"/proc/{w.pid}/status"), re.M)[1]) * 1024 // PAGE
           for w in workers]
    charged = {group: int(re.search(r"^device_host (\d+)$", read(f"{CGROUPS}/{group}/memory.stat"),
                                    re.M)[1]) // PAGE for group in ("crew", "keeper")}
    used = sum(int(read(f"{path}/used")) for path in glob.glob(f"{CLASS}/*")) // PAGE
    return {"vmstat": vmstat(), "nodes": sum(vmstat(path + "/vmstat") for path in
                                             glob.glob("/sys/devices/system/node/node[0-9]*")),
            "used": used, "crew": charged["crew"], "keeper": charged["keeper"], "rss": rss}


def count(workers, frames):
    """@frames: those that each has, the keeper's first."""
    everyone, total, kept = [keeper, *workers], len(set().union(*frames)), len(frames[0])
    wanted = {"vmstat": total, "nodes": total, "used": total, "crew": total - kept, "keeper": kept,
              "rss": [len(f) for f in frames]}
    until = time.monotonic() + 10
    while (got := counts(everyone)) != wanted:
        assert time.monotonic() < until, f"pages on devices: wanted {wanted}, got {got}"
        time.sleep(0.02)


def world():
    """What a device must leave as it was."""
    trees = (f"/sys/devices/{os.path.basename(os.path.dirname(os.path.realpath(PCI + '/' + port)))}",
             "/sys/devices/system/memory", "/sys/devices/system/node", "/sys/bus/pci", "/sys/class")
    # What is not there any more of a device that has found its driver is no loss.
    names = {os.path.join(path, name) for tree in trees for path, dirs, files in os.walk(tree)
             for name in dirs + files if name != "waiting_for_supplier"}
    blocks = {path + " " + read(path) for path in glob.glob("/sys/devices/system/memory/memory*/state")}
    iomem = {f"{i} {line}" for i, line in enumerate(read("/proc/iomem").splitlines())}
    poisoned = {line for line in read("/proc/meminfo").splitlines() if line.startswith("Hardware")}
    return names | blocks | iomem | poisoned


def same_world(name):
    """It may take a moment: what was used last is given back by RCU."""
    until, wanted = time.monotonic() + 10, worlds[name]
    while (got := world()) != wanted:
        assert time.monotonic() < until, (f"sysfs and iomem ({name}): missing {sorted(wanted - got)[:8]}, "
                                          f"new {sorted(got - wanted)[:8]}")
        time.sleep(0.1)


def kernel_memory():
    """KiB in use, but for files and processes, when what has ended is through; and what tells of it."""
    def look():
        time.sleep(0.2)
        return memory_in_use()
    return min((look() for _ in range(10)), key=lambda told: told[0])


def memory_in_use():
    write("/proc/sys/vm/drop_caches", 3)
    write("/proc/sys/vm/stat_refresh", 1)
    info = {k: int(n) for k, n in re.findall(r"^(\S+): *(\d+)", read("/proc/meminfo"), re.M)}
    info["CPUs"] = sum(map(int, re.findall(r"^ +count: +(\d+)", read("/proc/zoneinfo"), re.M))) * PAGE // 1024
    return info["MemTotal"] - sum(info[k] for k in ("MemFree", "CPUs", "Buffers", "Cached", "SReclaimable",
                                                    "AnonPages")), info


# How the device comes and goes

class Slot:
    number = 0

    def add(self):
        self.number += 1
        monitor.ask("object-add", **{"qom-type": "memory-backend-ram", "id": f"hot{self.number}",
                                     "size": 64 * MIB, "share": True})
        monitor.ask("device_add", driver="ivshmem-plain", id="hot", memdev=f"hot{self.number}", bus="rp0")
        wait_for(lambda: self.device() and (hot() or not has_driver()), "the device comes")

    def device(self):
        return next((d for d in os.listdir(f"{PCI}/{port}") if re.fullmatch(r"[0-9a-f:]+\.[0-7]", d)), None)

    def gone(self):
        """A new one cannot take the same memory in QEMU 7.2."""
        monitor.await_deleted("hot")
        wait_for(lambda: not self.device(), "the kernel lets go of it")
        if native:
            wait_for(lambda: is_off(port), "the slot is off")
        monitor.ask("object-del", id=f"hot{self.number}")


def has_driver():
    return os.path.exists(DRIVER)


def device_del():
    monitor.ask("device_del", id="hot")
    slot.gone()


def switch():
    write(next(p for p in glob.glob("/sys/bus/pci/slots/*") if
               slot.device().startswith(read(f"{p}/address"))) + "/power", 0)
    slot.gone()


def pulled():
    pull(port, tell=True)
    slot.gone()


def remove():
    write(f"{PCI}/{slot.device()}/remove", 1)


def rescan():
    write("/sys/bus/pci/rescan", 1)
    wait_for(hot, "the device is found again")


def unbind():
    write(f"{DRIVER}/unbind", slot.device())


def bind():
    write(f"{DRIVER}/bind", slot.device())


def rmmod():
    subprocess.run(["modprobe", "-r", "cdm"], check=True)


def modprobe():
    subprocess.run(["modprobe", "cdm"], check=True)
    wait_for(lambda: hot() or not slot.device(), "the driver finds it")


class Kind:
    """A way to take the device away, how it comes back, and what is to be seen in between."""
    def __init__(self, away, back, meanwhile="out"):
        self.name, self.away, self.back, self.meanwhile = away.__name__, away, back, meanwhile
        self.times, self.said, self.moved, self.lost = [], "", 0, 0

    def report(self):
        times = sorted(self.times) or [0]
        print(f"# {self.name}: {times[len(times) // 2] * 1000:.0f} ms, at most {times[-1] * 1000:.0f} ms; "
              f"{self.moved} pages moved meanwhile, {self.lost} were lost")
        tap.result(self.times and not self.said, f"unplug.{self.name}: {len(self.times)} times", self.said)


def look(kind, holders, movers):
    """After the device was pulled out: who has lost what."""
    for worker, said in zip(holders + movers, ask_all(holders + movers, "look")):
        for name, bad, lost, there in said:
            assert not bad, f"{name}: {len(bad)} pages have other data: {bad[:8]}"
            assert worker in movers or lost == list(range(there)), \
                f"{name}: {there} pages were on the device, {len(lost)} are lost: {lost[:8]}"
            kind.lost += len(lost)


def check(workers):
    for said in ask_all(workers, "check"):
        assert not said, f"data are not what they were: {said}"


def one_that_touches(name):
    victim = Worker("crew", [Area("private", 64), Area("shared", 64, shared=True)])
    victim.answer()
    assert victim.order("in", name).answer() == 0, "its pages are on the device"
    victim.order("touch").answer()
    return victim


def all_in(workers):
    """One after the other: two must not get hold of a page at once. Returns the frames of each."""
    left = [worker.order("in", hot()).answer() for worker in workers]
    assert not any(left), f"not on the device: {left} pages"
    assert keeper.order("in", hot(False)).answer() == 0, "the other device has the keeper's pages"
    frames = ask_all([keeper, *workers], "where")
    count(workers, frames)
    return frames


def take_away(kind, workers, busy):
    """While @busy migrate. Nothing may be open for the driver to be unloaded."""
    if kind.away is rmmod:
        ask_all([keeper, *workers], "close")
        busy = []
    ask_all(busy, "storm", kind.away is not pulled)
    time.sleep(0.1)
    began = time.monotonic()
    kind.away()
    kind.times.append(time.monotonic() - began)
    for worker in busy:
        worker.order("stop")
        kind.moved += worker.answer()
        worker.answer()
    if kind.away is not rmmod:
        ask_all([keeper, *workers], "close")


def cycle(kind, holders, movers):
    workers = holders + movers
    frames = all_in(workers)
    victim = one_that_touches(hot()) if kind.away is pulled else None
    take_away(kind, workers, movers)
    if victim:
        status = victim.ended()
        assert status == signal.SIGBUS, f"who reads lost memory ended with {status}"
    count(workers, [frames[0] if has_driver() else [], *[[] for _ in workers]])
    if kind.away is pulled:
        look(kind, holders, movers)
    else:
        check(workers)
    check([keeper])
    same_world(kind.meanwhile)
    kind.back()
    same_world("in")


def fly(kinds):
    """The crew is replaced when it has lost memory."""
    workers = []
    for number, kind in enumerate(kinds, 1):
        if number % 50 == 0:
            print(f"# {number} times", flush=True)
        holders, movers = workers or crew()
        workers = holders, movers
        try:
            cycle(kind, holders, movers)
        except Exception as e:
            at = e.__traceback__.tb_next
            kind.said = f"{e} (line {at.tb_next.tb_lineno if at.tb_next else at.tb_lineno})"
            return False
        if kind.away is pulled:
            end(workers)
            workers = []
    end(workers)
    return True


def end(crews):
    for worker in sum(crews, []):
        worker.end()


def get_worlds():
    """Of a device that nobody has used: what is to be seen with it, and without."""
    worlds["bare"] = world()
    modprobe()
    worlds["out"] = world()
    slot.add()
    worlds["in"] = world()
    unbind()
    worlds["unbound"] = world()
    bind()
    rmmod()
    worlds["no driver"] = world()
    modprobe()


KEPT = 64
cycles = int(sys.argv[1])
native = glob.glob("/sys/bus/pci_express/drivers/pciehp/*:pcie*")
port = find(ROOT_PORT)[0]
spare = next((d for d in find(IVSHMEM) if bytes_of(d) == 64 * MIB), None)
assert bool(native) == bool(spare), "who looks after the slot?"
monitor, slot, worlds = Monitor(), Slot(), {}
for group in "crew", "keeper":
    os.mkdir(f"{CGROUPS}/{group}")
if spare:
    leave_alone(spare)
get_worlds()
if spare:
    put_behind(port, slot.device(), spare)
keeper = Worker("keeper", [Area("kept", KEPT)])
keeper.answer()

by_hand = [Kind(remove, rescan), Kind(unbind, bind, "unbound"), Kind(rmmod, modprobe, "no driver")]
deleted = Kind(device_del, slot.add)
if native:
    out, off = Kind(pulled, slot.add), Kind(switch, slot.add)
    kinds = [out, off, deleted]
    turns = [out, out, out, off, out, out, off, out, out, deleted]
else:
    kinds = [deleted, *by_hand]
    turns = [kind for other in by_hand for kind in (deleted, deleted, other)]
good = fly(kinds)
used, before = kernel_memory()
good = good and fly(itertools.islice(itertools.cycle(turns), cycles - len(kinds)))
growth, after = kernel_memory()
growth -= used
for kind in kinds:
    kind.report()
print(f"# {growth} KiB more are in use")
tap.result(good and growth < GROWTH, "unplug.memory: no more than after the first times",
           {k: (before[k], after[k]) for k in after if before[k] != after[k]})
keeper.end()
if good:
    device_del()
    rmmod()
    try:
        same_world("bare")
    except AssertionError as e:
        good = print(f"# {e}")
tap.result(good, "unplug.world: without device and driver all is as it was before")
sys.exit(tap.finish())
