# SPDX-License-Identifier: GPL-2.0
"""
In the VM: a file whose page cache is on a device is written to, synced, and the machine is
reset with more written after that. Prints what the file had when it was synced; with
"verify" TAP on what it has after the reset, which has that as its second argument.

usage: disk.py ext4|xfs write|verify=SUM
"""
import ctypes, hashlib, mmap, os, random, subprocess, sys, time

import cdm, tap
from numa import PAGE

PAGES = 512
DISK, DIR = "/dev/vda", "/tmp/disk"


def mounted(kind):
    os.makedirs(DIR, exist_ok=True)
    subprocess.run(["mount", "-t", kind, DISK, DIR], check=True)
    fd = os.open(f"{DIR}/file", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, PAGES * PAGE)
    return fd, mmap.mmap(fd, PAGES * PAGE)


def there(memory):
    # A large folio that was split is not mapped.
    sum(memory[page * PAGE] for page in range(PAGES))
    return len(device.here(ctypes.addressof(ctypes.c_char.from_buffer(memory)), PAGES))


def move(memory):
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return device.migrate(address, PAGES)


def write(fd, memory):
    """Synced, with pages on the device that were clean, written to, and clean again."""
    draw = random.Random(1)
    memory[:] = draw.randbytes(len(memory))
    os.fsync(fd)
    moved = move(memory)
    for page in draw.sample(range(PAGES), 100):
        memory[page * PAGE:page * PAGE + 100] = draw.randbytes(100)
    for page in draw.sample(range(PAGES), 100):
        os.pwrite(fd, draw.randbytes(PAGE), page * PAGE)
    left = there(memory)
    os.fsync(fd)
    again = move(memory)
    print(f"moved {moved} left {left} again {again}")
    print("sum", hashlib.sha256(memory).hexdigest(), flush=True)


def cut_off(memory):
    """What is not synced may get lost, with the device, and hurts nothing else."""
    os.pwrite(os.open(f"{DIR}/later", os.O_RDWR | os.O_CREAT), b"x" * PAGE, 0)
    move(memory)
    time.sleep(3)	# what was printed is on its way to the host
    with open("/proc/sysrq-trigger", "w") as f:
        f.write("b")


def verify(fd, memory, want):
    tap.result(hashlib.sha256(memory).hexdigest() == want, "after a reset the file has what was synced")
    tap.result(move(memory) == PAGES, "and goes to the device again", there(memory))
    tap.result(hashlib.sha256(memory).hexdigest() == want, "where it is the same")


kind, what = sys.argv[1:]
device = cdm.Device("cdm0")
fd, memory = mounted(kind)
if what == "write":
    write(fd, memory)
    cut_off(memory)
verify(fd, memory, what.removeprefix("verify="))
memory.close()
os.close(fd)
tap.result(subprocess.run(["umount", DIR]).returncode == 0, "it is unmounted")
sys.exit(tap.finish())
