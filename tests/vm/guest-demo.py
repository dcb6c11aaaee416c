"""In the VM: redis-server in a cgroup of its own, its heap on /dev/cdm0 and back."""
import ctypes
import fcntl
import os
import subprocess
import sys
import time

CGROUP = "/sys/fs/cgroup/redis"
TO_DEVICE, TO_RAM = 0, 1
REASONS = ("unmapped swapped pinned locked isolate file writeback large ksm "
           "foreign unsupported alloc charge copy raced").split()


class Migrate(ctypes.Structure):
    """struct cdm_migrate of linux/cdm.h"""
    _fields_ = [("size", ctypes.c_uint32), ("flags", ctypes.c_uint32),
                ("addr", ctypes.c_uint64), ("len", ctypes.c_uint64),
                ("pidfd", ctypes.c_int32), ("direction", ctypes.c_uint32),
                ("requested", ctypes.c_uint64), ("migrated", ctypes.c_uint64),
                ("already", ctypes.c_uint64), ("failed", ctypes.c_uint64 * 24)]


CDM_MIGRATE = 3 << 30 | ctypes.sizeof(Migrate) << 16 | 0xCD << 8 | 1


def anonymous_ranges(pid):
    for line in open(f"/proc/{pid}/maps", encoding="ascii"):
        fields = line.split()
        name = fields[5] if len(fields) > 5 else ""
        if "w" in fields[1] and name in ("", "[heap]", "[stack]"):
            yield (int(x, 16) for x in fields[0].split("-"))


def migrate(device, pid, direction):
    pidfd = os.pidfd_open(pid)
    moved, failed = 0, dict.fromkeys(REASONS, 0)
    for start, end in anonymous_ranges(pid):
        m = Migrate(size=ctypes.sizeof(Migrate), addr=start, len=end - start,
                    pidfd=pidfd, direction=direction)
        fcntl.ioctl(device, CDM_MIGRATE, m)
        moved += m.migrated
        for i, reason in enumerate(REASONS):
            failed[reason] += m.failed[i]
    os.close(pidfd)
    why = ", ".join(f"{n} {r}" for r, n in failed.items() if n)
    print(f"\n== {'to the device' if direction == TO_DEVICE else 'back to RAM'}: "
          f"{moved} pages moved; stayed: {why or 'none'}")


def value(path, key):
    for line in open(path, encoding="ascii"):
        fields = line.split()
        if fields[0].rstrip(":") == key:
            return int(fields[1])
    return 0


def show(what, pid):
    status = {k: value(f"/proc/{pid}/status", k) for k in
              ("VmRSS", "RssAnon", "RssDevHost")}
    stat = value(f"{CGROUP}/memory.stat", "device_host") // 1024
    current = int(open(f"{CGROUP}/memory.current", encoding="ascii").read()) // 1024
    free = int(open("/sys/class/cdm/cdm0/free", encoding="ascii").read()) // 1024
    print(f"{what:22} VmRSS {status['VmRSS']:7} kB   RssAnon {status['RssAnon']:7} kB   "
          f"RssDevHost {status['RssDevHost']:7} kB")
    print(f"{'':22} cgroup: charged {current} kB, of it on the device {stat} kB; "
          f"/dev/cdm0 free {free} kB")


def redis(*words):
    return subprocess.run(["redis-cli", "-e", *words], capture_output=True,
                          text=True, check=True).stdout.strip()


def main():
    os.makedirs(CGROUP, exist_ok=True)
    server = subprocess.Popen(
        ["redis-server", "--save", "", "--appendonly", "no",
         "--enable-debug-command", "yes"],
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: open(f"{CGROUP}/cgroup.procs", "w",
                                encoding="ascii").write("0"))
    while subprocess.run(["redis-cli", "ping"], capture_output=True,
                         check=False).returncode:
        time.sleep(0.1)
    redis("debug", "populate", "100000", "key", "100")
    digest = redis("debug", "digest")
    device = os.open("/dev/cdm0", os.O_RDWR)

    print("redis-server with 100,000 keys, unmodified\n")
    show("in RAM", server.pid)
    migrate(device, server.pid, TO_DEVICE)
    show("heap on the device", server.pid)
    same = redis("debug", "digest") == digest
    print(f"{'':22} redis reads all keys there: "
          f"{'the digest is the same' if same else 'THE DIGEST DIFFERS'}")
    migrate(device, server.pid, TO_RAM)
    show("back in RAM", server.pid)
    same = same and redis("debug", "digest") == digest
    redis("shutdown", "nosave")
    server.wait()
    sys.exit(0 if same else 1)


main()
