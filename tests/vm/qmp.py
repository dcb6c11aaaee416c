# SPDX-License-Identifier: GPL-2.0
"""QEMU's monitor for programs in its VM, by a virtio-serial port of the name "qmp"."""
import glob, json, os, select, time

from numa import read

WAIT = 60


class Monitor:
    def __init__(self):
        port = next(p for p in glob.glob("/sys/class/virtio-ports/*") if read(f"{p}/name") == "qmp")
        self.fd = os.open(f"/dev/{os.path.basename(port)}", os.O_RDWR)
        self.rest, self.events = b"", []
        self.hear()
        self.ask("qmp_capabilities")

    def hear(self):
        until = time.monotonic() + WAIT
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], "QEMU says nothing"
            self.rest += os.read(self.fd, 65536)
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, **arguments):
        os.write(self.fd, json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "return" not in (said := self.hear()):
            assert "error" not in said, f"{command}: {said}"
            self.events.append(said)
        return said["return"]

    def await_deleted(self, device):
        """Until QEMU has seen the guest let go of @device, and has removed it."""
        def deleted(event):
            return event.get("event") == "DEVICE_DELETED" and event["data"].get("device") == device

        while not any(map(deleted, self.events)):
            self.events.append(self.hear())
        self.events.clear()
