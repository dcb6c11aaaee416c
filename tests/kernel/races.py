#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""races.py VMLINUX DMESG: what KCSAN said in a kernel's log. A race in code of the series is a
failure unless RACES explains it; those that are the kernel's own are listed."""
import collections
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../vm"))
import tap

TITLE = re.compile(r"BUG: KCSAN: (?:data-race|assert: race) in (\S+(?: \[\w+\])?)(?: / (\S+(?: \[\w+\])?))?")
SERIES = ("mm/device_host.c", "mm/device_host.h", "mm/migrate_device.c", "include/linux/device_host.h")
MODULES = ("[cdm]",)
# Functions of a race, and why it does no harm
RACES = {}


def files(vmlinux, functions):
    """{function: the file that it is in}"""
    symbols = {}
    for line in subprocess.run(["nm", "--defined-only", vmlinux], capture_output=True, text=True, check=True).stdout.splitlines():
        address, _, name = line.split()
        symbols[name] = address
    names = sorted(functions & symbols.keys())
    if not names:
        return {}
    lines = subprocess.run(["addr2line", "-e", vmlinux, *(symbols[n] for n in names)],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(zip(names, lines))


def main(vmlinux, dmesg):
    with open(dmesg, errors="replace") as log:
        text = log.read()
    tap.result("kcsan: enabled" in text, "KCSAN looked for races")
    races, reports = collections.Counter(), {}
    for found in TITLE.finditer(text):
        race = frozenset(filter(None, found.groups()))
        races[race] += 1
        reports.setdefault(race, text[found.start():found.start() + 4000])
    where = files(vmlinux, {name for race in races for name in race})

    def of_series(name):
        return name.endswith(MODULES) or any(f"/{part}:" in where.get(name, "") for part in SERIES)

    for race, times in sorted(races.items(), key=lambda item: -item[1]):
        name = " / ".join(sorted(race))
        if not any(map(of_series, race)):
            print(f"# {times:4} times, code of the kernel: {name}")
        elif race in RACES:
            print(f"# {times:4} times, {name}: {RACES[race]}")
        else:
            tap.result(False, name, reports[race])
    tap.result(True, f"{len(races)} different races were looked at")
    return tap.finish()


sys.exit(main(*sys.argv[1:]))
