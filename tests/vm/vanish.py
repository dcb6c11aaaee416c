# SPDX-License-Identifier: GPL-2.0
"""
In the VM, with a CDM device behind a PCI Express root port and another device on the
root bus: the first one leaves its slot and nobody tells the kernel. What is read from its
memory then is all ones, as on a real bus: the second device's, see pci.py.

Memory of a process that is on the device must not come home like this. Prints TAP.
"""
import ctypes, mmap, os, signal, subprocess, sys

from pci import IVSHMEM, PCI, ROOT_PORT, config, find, leave_alone, pull, put_behind
from tap import finish, result

PAGES = 64
SIZE = PAGES * 4096
cdmctl = sys.argv[1]


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


port = find(ROOT_PORT)[0]
spare = next(d for d in find(IVSHMEM) if d.startswith("0000:00:"))
device = next(d for d in find(IVSHMEM) if d != spare)
leave_alone(spare)
put_behind(port, device, spare)
subprocess.run(["modprobe", "cdm"], check=True)

pid, where, ask = holder()
moved = run("migrate", "-p", str(pid), "--to", "cdm0", "--range", f"{where:x}+{SIZE >> 10}K")
result(moved.returncode == 0 and on_device(pid) == PAGES, f"{PAGES} pages go to the device")
pull(port, tell=False)
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
