# SPDX-License-Identifier: GPL-2.0
"""
big.py MIB: that much of the memory of cdm0 is in use when the device is removed, in order. It
takes longer than a removal waits for pages that are pinned, and all of it comes home.
Prints TAP.
"""
import os, struct, sys, time

from cdm import Device
from numa import PAGE, memory, read, write
import tap

PATIENCE = 10	# seconds: REMOVE_TIMEOUT_MS of mm/device_host.c
pages = int(sys.argv[1]) * 256

area, address = memory(pages)
for page in range(pages):
    struct.pack_into("Q", area, page * PAGE, page)
device = Device("cdm0")
tap.result(device.migrate(address, pages) == pages, f"{pages} pages go to the device")
os.close(device.fd)

begin = time.monotonic()
write(os.path.realpath("/sys/class/cdm/cdm0/device") + "/remove", 1)
took = time.monotonic() - begin
print(f"# removed in {took:.1f} s")
if took < PATIENCE:
    tap.skip("it takes longer than pages that are pinned are waited for", f"{took:.1f} s")
fd, lost, wrong = os.open("/proc/self/mem", os.O_RDONLY), 0, 0
for page in range(pages):
    try:
        wrong += struct.unpack("Q", os.pread(fd, 8, address + page * PAGE)) != (page,)
    except OSError:
        lost += 1
tap.result((lost, wrong) == (0, 0), "no page is lost or has other contents", f"{lost} lost, {wrong} wrong")
tap.result(not os.path.exists("/sys/class/cdm/cdm0") and
           read("/proc/vmstat").split("nr_device_host ")[1].split()[0] == "0", "and nothing is left of the device")
sys.exit(tap.finish())
