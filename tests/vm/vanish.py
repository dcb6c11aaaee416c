# SPDX-License-Identifier: GPL-2.0
"""
In the VM, with a CDM device behind a PCI Express root port and another device on the
root bus: the first one leaves its slot and nobody tells the kernel. What is read from its
memory then is all ones, as on a real bus; QEMU's holes read as zeros, so the memory of
the second device, full of ones, is put there.

Memory of a process that is on the device must not come home like this. Prints TAP.
"""
import ctypes, mmap, os, signal, subprocess, sys

from tap import finish, result

PAGES = 64
SIZE = PAGES * 4096
PCI = "/sys/bus/pci/devices"
EXPRESS, SLOT_CONTROL, BAR2 = 0x10, 0x18, 0x18
cdmctl = sys.argv[1]


def config(device, offset, size, value=None):
    with open(f"{PCI}/{device}/config", "r+b", buffering=0) as f:
        if value is not None:
            return os.pwrite(f.fileno(), value.to_bytes(size, "little"), offset)
        return int.from_bytes(os.pread(f.fileno(), size, offset), "little")


def express(device):
    at = config(device, 0x34, 1)
    while config(device, at, 1) != EXPRESS:
        at = config(device, at + 1, 1)
    return at


def pull(port, device, spare):
    """Takes @device out of its slot, and puts @spare's memory where its own was."""
    with open(f"{PCI}/{spare}/resource2", "r+b") as f:
        with mmap.mmap(f.fileno(), 0) as memory:
            for at in range(0, len(memory), 1 << 20):
                memory[at:at + (1 << 20)] = b"\xff" * (1 << 20)

    control = express(port) + SLOT_CONTROL
    config(port, control, 2, config(port, control, 2) & ~0x102b)   # no interrupts
    config(port, control, 2, config(port, control, 2) | 0x700)     # indicator, power off
    where = int(open(f"{PCI}/{device}/resource").readlines()[2].split()[0], 16)
    low = config(spare, BAR2, 4) & 0xf
    config(spare, BAR2, 4, where & 0xfffffff0 | low)
    config(spare, BAR2 + 4, 4, where >> 32)


def on_device(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("RssDevHost:"):
            return int(line.split()[1]) // 4


def run(*args):
    return subprocess.run([cdmctl, *args], capture_output=True, text=True)


def holder():
    """A process with data, which looks at them when it is told to, and ends."""
    ask, tell = os.pipe(), os.pipe()
    pid = os.fork()
    if pid:
        return pid, int(os.read(tell[0], 64)), ask[1]
    memory = mmap.mmap(-1, SIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[:] = b"data" * (SIZE // 4)
    where = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    os.write(tell[1], str(where).encode())
    os.read(ask[0], 1)
    os._exit(memory[:] != b"data" * (SIZE // 4))


port = next(d for d in os.listdir(PCI) if config(d, 0, 4) == 0x000c1b36)
ivshmem = [d for d in os.listdir(PCI) if config(d, 0, 4) == 0x11101af4]
spare = next(d for d in ivshmem if d.startswith("0000:00:"))
device = next(d for d in ivshmem if d != spare)
with open(f"{PCI}/{spare}/driver_override", "w") as f:
    f.write("none")
subprocess.run(["modprobe", "cdm"], check=True)

pid, where, ask = holder()
moved = run("migrate", "-p", str(pid), "--to", "cdm0", "--range", f"{where:x}+{SIZE >> 10}K")
result(moved.returncode == 0 and on_device(pid) == PAGES, f"{PAGES} pages go to the device")
pull(port, device, spare)
result(config(device, 0, 4) == 0xffffffff, "it is gone, and nobody has told")

home = run("evict", "-p", str(pid))
result(home.returncode == 1, "a process's pages do not come home as all ones")
result("the copy failed" in home.stdout, "and it says why")
home = run("evict", "-D", "cdm0", "--timeout", "0")
result(home.returncode == 1, "nor do those of an eviction")
result(on_device(pid) == PAGES, "all are where they were")

with open(f"{PCI}/{device}/remove", "w") as f:
    f.write("1")
result(on_device(pid) == 0, "once it is told they are lost")
os.write(ask, b"1")
status = os.waitpid(pid, 0)[1]
result(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGBUS,
       "and who reads them gets SIGBUS")
sys.exit(finish())
