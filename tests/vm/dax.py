# SPDX-License-Identifier: GPL-2.0
"""
In the VM: memory of a devdax device becomes a device of the cdm driver and devdax again, by
sysfs and by cdmctl, and what stands in the way. dax.py CDMCTL NODE: namespace0.0, an NVDIMM
or memmap=, is that memory, and on NODE. A PCI device of the driver is there before.

After each test but the first the memory is devdax, and all that the kernel tells of the
machine's memory is as it was before. TAP.
"""
import ctypes, difflib, errno, glob, json, mmap, os, re, subprocess, sys, time

from cdm import TO_RAM, Device
from common import Cgroup, child, equal, run, wait_for
from numa import NODE, PAGE, libc, read, write
import tap

cdmctl, node = sys.argv[1], int(sys.argv[2])
HUGE = 2 << 20
DAX, NAMESPACE = "dax0.0", "namespace0.0"
BUS = "/sys/bus/dax"
DEVICE = f"{BUS}/devices/{DAX}"
MEMORY = "/sys/devices/system/memory"
CYCLES = 20
NOBODY = 65534


def said(*command, status=0, **more):
    done = subprocess.run(command, text=True, **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **more})
    assert status in (None, done.returncode), f"{command}: {done.returncode}, {done.stdout}"
    return done.stdout


def refused(*command, why, status=1, **more):
    text = said(*command, status=status, **more)
    assert re.search(why, text), text
    return text


def the_command_in(text):
    """What a message says is to be done"""
    return re.search(r"`([^`]*)`", text)[1].split()


def driver():
    link = f"{DEVICE}/driver"
    return os.path.basename(os.readlink(link)) if os.path.islink(link) else None


def ask(name, file):
    write(f"{BUS}/drivers/{name}/{file}", DAX)


def fails(wanted, change, *args):
    try:
        change(*args)
    except OSError as e:
        return equal(wanted, e.errno, f"{args}")
    raise AssertionError(f"{args}: it worked")


def claims(name):
    """[(start, end)] of what has this name in /proc/iomem"""
    return [(int(a, 16), int(b, 16)) for a, b in
            re.findall(rf"^ *(\w+)-(\w+) : {name}$", read("/proc/iomem"), re.M)]


def the_rest():
    """What the kernel tells of memory, but not how much of it is free."""
    blocks = sorted(glob.glob(f"{MEMORY}/memory*"))
    return [*read("/proc/iomem").splitlines(), *(f"{b}: {read(f'{b}/state')}" for b in blocks),
            re.search(r"MemTotal:.*", read("/proc/meminfo"))[0],
            re.search(r"nr_device_host .*", read("/proc/vmstat"))[0],
            "nodes with memory: " + read("/sys/devices/system/node/has_memory"),
            f"{DAX}: {driver()}", *sorted(os.listdir("/sys/class/cdm"))]


def bind():
    """The device of the driver, as cdmctl says and sysfs does"""
    text = said(cdmctl, "bind", DAX)
    name, size, where = re.fullmatch(rf"{DAX} is (cdm\d+): (\S+) on node (\d+)\n", text).groups()
    equal([name], os.listdir(f"{DEVICE}/cdm"), "its device")
    equal(node, int(where), "node")
    return Device(name)


def unbind(device):
    os.close(device.fd)
    equal(f"{DAX} is devdax again\n", said(cdmctl, "unbind", device.name))
    fails(errno.ENODEV, ask, "cdm", "bind")		# its name was forgotten


class Memory:
    """Of this process, in its cgroup: pages, huge pages, a memfd; none is like another."""
    def __init__(self):
        fd = os.memfd_create("memory")
        os.ftruncate(fd, HUGE)
        self.areas = [mmap.mmap(-1, 2 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS),
                      mmap.mmap(-1, 4 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS),
                      mmap.mmap(fd, HUGE)]
        os.close(fd)
        self.areas[0].madvise(mmap.MADV_NOHUGEPAGE)
        self.areas[1].madvise(mmap.MADV_HUGEPAGE)
        for area in self.areas:
            area[:] = os.urandom(len(area))
        self.was = [bytes(area) for area in self.areas]
        self.pages = sum(len(area) for area in self.areas) // PAGE

    def addresses(self):
        return [ctypes.addressof(ctypes.c_char.from_buffer(area)) for area in self.areas]

    def move(self, device, *direction):
        """Others may have a page for a moment."""
        moved = 0

        def all_of_it():
            nonlocal moved
            moved += sum(device.migrate(address, len(area) // PAGE, *direction)
                         for address, area in zip(self.addresses(), self.areas))
            return moved >= self.pages
        wait_for(all_of_it, "all pages move")
        equal(self.pages, moved, "moved")

    def check(self, device, wanted):
        """Its content, and that all who count say that @wanted pages are there."""
        for area, was in zip(self.areas, self.was):
            assert area[:] == was, "the content has changed"
        if device:
            equal(wanted, device.used(), "used")
            equal(wanted, sum(len(device.here(address, len(area) // PAGE))
                              for address, area in zip(self.addresses(), self.areas)), "page frames")
        equal(wanted, counted("/proc/self/smaps_rollup", r"RssDevHost: *(\d+) kB") // 4, "smaps_rollup")
        # These are summed up over processors now and then.
        wait_for(lambda: wanted * PAGE == counted(f"{group.path}/memory.stat", r"device_host (\d+)"),
                 f"{wanted} pages in memory.stat")
        wait_for(lambda: wanted == counted(NODE % node + "/vmstat", r"nr_device_host (\d+)"),
                 f"{wanted} pages in vmstat of the node")


def counted(file, regex):
    return int(re.search(f"^{regex}$", read(file), re.M)[1])


def devdax_works():
    """The file gives the memory, all of it, and keeps what is written."""
    size = int(read(f"{DEVICE}/size"))
    wanted = {at: os.urandom(PAGE) for at in (0, size // 2, size - PAGE)}
    with open(f"/dev/{DAX}", "r+b") as f:
        with mmap.mmap(f.fileno(), size) as area:
            for at, data in wanted.items():
                area[at:at + PAGE] = data
        with mmap.mmap(f.fileno(), size) as area:
            for at, data in wanted.items():
                assert area[at:at + PAGE] == data, f"not what was written at {at:#x}"


# The tests, in this order

def another_mode():
    """cdmctl says how a namespace becomes devdax, and the driver does not take it by itself."""
    text = refused(cdmctl, "bind", DAX, why=f"{NAMESPACE} is of the mode (fsdax|raw)")
    said(*the_command_in(text))
    wait_for(lambda: os.path.exists(DEVICE), DAX)
    equal("device_dax", driver(), "driver")
    devdax_works()


def refusals():
    refused(cdmctl, "bind", "pmem0", why="is not the name of a devdax device", status=2)
    refused(cdmctl, "bind", "dax7.1", why="dax7.1: no such device")
    refused(cdmctl, "unbind", "dax7.1", why="dax7.1: no such device")
    refused(cdmctl, "unbind", "cdm7", why="cdm7: no such device; there are: cdm0")
    refused(cdmctl, "unbind", DAX, why="belongs to the driver device_dax")
    parent = os.path.basename(os.path.realpath("/sys/class/cdm/cdm0/device"))
    refused(cdmctl, "unbind", "cdm0", why=f"cdm0: is the memory of {parent}, not of a devdax")
    refused(cdmctl, "bind", DAX, why="not permitted: it takes root", user=NOBODY)
    fails(errno.ENODEV, ask, "cdm", "bind")		# new_id has not named it


def without_the_driver():
    said("modprobe", "-r", "cdm")
    refused(cdmctl, "bind", DAX, why="Try `modprobe cdm`")
    equal("device_dax", driver(), "driver")
    said("modprobe", "cdm")
    # It is to be asked first, as before.
    said("modprobe", "-r", "device_dax")
    said("modprobe", "device_dax")


def by_hand():
    """The steps of Documentation/admin-guide/mm/cdm.rst"""
    said("daxctl", "disable-device", DAX)
    equal(None, driver(), "driver")
    ask("cdm", "new_id")
    equal("cdm", driver(), "driver")
    name, = os.listdir(f"{DEVICE}/cdm")
    equal("online", read(f"/sys/class/cdm/{name}/state"), "state")
    ask("cdm", "unbind")
    ask("cdm", "remove_id")
    equal(None, driver(), "driver")
    fails(errno.ENODEV, ask, "cdm", "bind")
    ask("device_dax", "bind")
    devdax_works()


def pages_go_and_come():
    device = bind()
    (start, end), = claims(device.name)
    size = int(read(f"{DEVICE}/size"))
    resource = int(read(f"{DEVICE}/resource"), 16)
    equal((resource + HUGE - 1) // HUGE * HUGE, start, "first byte")
    equal((resource + size) // HUGE * HUGE - 1, end, "last byte")
    assert claims("Persistent Memory.*")[0][0] <= start, read("/proc/iomem")
    equal(said(cdmctl, "bind", DAX).split()[2], f"{device.name}:", "bound once more")
    line, = re.findall(rf"^{device.name} .*", said(cdmctl, "list"), re.M)
    equal([str(node), "online", DAX], line.split()[-3:], "listed")

    memory = Memory()
    for _ in range(2):
        memory.check(device, 0)
        memory.move(device)
        memory.check(device, memory.pages)
        seen_by_cdmtop(device, memory)
        memory.move(device, TO_RAM)
    memory.check(device, 0)
    unbind(device)
    devdax_works()


def seen_by_cdmtop(device, memory):
    cdmtop = os.path.join(os.path.dirname(cdmctl), "../cdmtop/cdmtop")
    rows = {row["name"]: row for row in
            map(json.loads, said(cdmtop, "--no-bpf", "-j", "-n", "1", "--view", "device",
                                 stderr=subprocess.DEVNULL).splitlines())
            if row["type"] == "device"}
    equal([memory.pages * PAGE, device.end - device.start, node],
          [rows[device.name][key] for key in ("used_bytes", "size_bytes", "node")], "cdmtop")


def unbound_while_in_use():
    """With the file of the device open"""
    def disable(_):
        said("ndctl", "disable-namespace", NAMESPACE)
        said("ndctl", "enable-namespace", NAMESPACE)
    for leave in (lambda _: said(cdmctl, "unbind", DAX),
                  lambda device: said(cdmctl, "unbind", device.name), disable):
        device = bind()
        memory = Memory()
        memory.move(device)
        memory.check(device, memory.pages)
        leave(device)
        memory.check(None, 0)
        fails(errno.ENODEV, device.info)
        os.close(device.fd)
        equal("device_dax", driver(), "driver")
        devdax_works()


def vmsplice(address, pages):
    """Pins memory until the pipe, which is returned, is closed."""
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
    reader, writer = os.pipe()
    equal(pages * PAGE, libc.vmsplice(writer, ctypes.byref(Vector(address, pages * PAGE)), 1, 0), "vmsplice")
    return reader, writer


def pinned():
    """Nobody gets the memory until the last page is home."""
    device = bind()
    memory = Memory()
    memory.move(device)
    pipe = vmsplice(memory.addresses()[0], 3)
    os.close(device.fd)
    began = time.monotonic()
    refused(cdmctl, "unbind", DAX, why="its memory is claimed")
    assert time.monotonic() - began < 30, "it took long"
    equal(None, driver(), "driver")
    memory.check(None, 3)
    claimed = claims(device.name)

    fails(errno.EBUSY, ask, "device_dax", "bind")
    refused(cdmctl, "bind", DAX, why="its memory is claimed")
    blocks = os.listdir(MEMORY)
    said("daxctl", "reconfigure-device", "--mode=system-ram", DAX, status=None)
    equal(None, driver(), "driver")
    equal(blocks, os.listdir(MEMORY), "blocks of memory")
    said("ndctl", "disable-namespace", NAMESPACE)
    said("ndctl", "create-namespace", "--force", f"--reconfig={NAMESPACE}", "--mode=raw", status=None)
    said("ndctl", "enable-namespace", NAMESPACE, status=None)
    equal([], glob.glob("/dev/pmem*"), "block devices of it")
    equal(claimed, claims(device.name), "in /proc/iomem")
    memory.check(None, 3)

    for fd in pipe:
        os.close(fd)
    wait_for(lambda: not claims(device.name), "the last page comes home")
    memory.check(None, 0)
    if not os.path.exists(DEVICE):
        said("ndctl", "create-namespace", "--force", f"--reconfig={NAMESPACE}", "--mode=devdax")
    if driver() != "device_dax":
        said(cdmctl, "unbind", DAX)
    devdax_works()


def mapped_by_somebody():
    told, tell = os.pipe()

    def work():
        area = mmap.mmap(os.open(f"/dev/{DAX}", os.O_RDWR), HUGE)
        area[0] = 1
        os.write(tell, b"x")
        time.sleep(600)
    pid = child(work, 0)
    os.read(told, 1)
    refused(cdmctl, "bind", DAX, why=f"process {pid} has it mapped")
    equal("device_dax", driver(), "driver")
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def system_ram():
    """It is for kmem afterwards, and comes from there by what cdmctl says."""
    unbind(bind())
    before = len(os.listdir(MEMORY))
    said("daxctl", "reconfigure-device", "--mode=system-ram", DAX)
    equal("kmem", driver(), "driver")
    assert len(os.listdir(MEMORY)) > before, "no block of memory"
    text = refused(cdmctl, "bind", DAX, why="is system RAM")
    equal("kmem", driver(), "driver")
    said(*the_command_in(text))
    equal("device_dax", driver(), "driver")
    unbind(bind())


def again_and_again():
    free = counted("/proc/meminfo", r"MemAvailable: *(\d+) kB")
    memory = Memory()
    for _ in range(CYCLES):
        device = bind()
        equal(64, device.migrate(memory.addresses()[0], 64), "moved")
        unbind(device)
    memory.check(None, 0)
    lost = free - counted("/proc/meminfo", r"MemAvailable: *(\d+) kB")
    # Of the struct pages alone it would be 4 MiB each time.
    assert lost < 64 << 10, f"{lost} kB of RAM are gone"


def module_removed():
    """The memory stays nobody's, until somebody gives it to a driver."""
    device = bind()
    os.close(device.fd)
    said("modprobe", "-r", "cdm")
    equal(None, driver(), "driver")
    equal([], claims(device.name), "in /proc/iomem")
    said("modprobe", "cdm")
    equal(None, driver(), "driver")
    said(cdmctl, "unbind", DAX)
    said("modprobe", "-r", "device_dax")
    refused(cdmctl, "unbind", DAX, why="`modprobe device_dax`")
    equal(None, driver(), "driver")
    said("modprobe", "device_dax")
    equal("device_dax", driver(), "driver")


TESTS = (refusals, without_the_driver, by_hand, pages_go_and_come, unbound_while_in_use, pinned,
         mapped_by_somebody, system_ram, again_and_again, module_removed)


def changed():
    return "\n".join(difflib.unified_diff(before, the_rest(), "before", "after", lineterm="", n=0))


# Who comes first is asked first.
for module in "cdm", "dax_pmem", "device_dax", "kmem":
    said("modprobe", module)
group = Cgroup("dax")
group.enter()
run("dax", another_mode, lambda: "")
before = the_rest()
for test in TESTS:
    run("dax", test, changed)
sys.exit(tap.finish())
