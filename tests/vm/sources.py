#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What each kernel that there is tells, by which source and how exact, is what the table in
docs/sources.md says. Prints TAP. With --record it writes that table."""
import os
import re
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PAGE = TOP + "/docs/sources.md"
TABLE = re.compile(r"(^\|.*\n)+", re.M)  # the first one
KERNELS = {"kernel-debian-6.1": "Debian 6.1", "kernel-debian": "Debian 6.12",
           "kernel-stock": "6.12 as it is", "kernel": "with the series"}
SOURCES = "any", "tracepoint", "fentry", "kprobe", "proc"


def kind(there, how):
    if there != "yes":
        return "-"
    if "how exact" in how or "exact to" in how or "to a tick" in how or "while nothing" in how:
        return "bounded"
    return "in part" if "not told" in how or "in part" in how else "exact"


def boot(kernel):
    """{(what, figure, source): how exact}"""
    # Each waits most of the time, until functions have taken a program and are rid of it.
    each = ('for source; do "$0" --features --source "$source" | sed "s/^/$source /" > /tmp/$source & done; '
            'wait; cd /tmp && cat "$@"')
    vm = [TOP + "/tools/cdm-vm/cdm-vm", "--kernel", f"{TOP}/build/{kernel}", "--memory", "1G", "--cpus", "2",
          "--cdm", "64M", "--timeout", "900", "--dmesg", TOP + "/build/sources.dmesg",
          "--", "sh", "-c", each, TOP + "/tools/cdmtop/cdmtop", *SOURCES]
    out = subprocess.run(vm, stdout=subprocess.PIPE, text=True, check=False).stdout
    lines = [line.split(None, 4) for line in out.splitlines()]
    return {(words[1], words[2], words[0]): kind(words[3], words[4] if words[4:] else "")
            for words in lines if len(words) > 3 and words[0] in SOURCES}


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def read():
    """{kernel: {(what, figure, source): how exact}}, of the table, below its two lines of heading."""
    rows = [cells(line) for line in TABLE.search(open(PAGE).read())[0].splitlines()]
    head = dict(zip(rows[0][3:], range(3, 99)))
    return {kernel: {tuple(row[:3]): row[head[name]] for row in rows[2:]}
            for kernel, name in KERNELS.items() if name in head}


def write(table):
    rows = sorted({key for told in table.values() for key, how in told.items() if how != "-"},
                  key=lambda key: (*key[:2], SOURCES.index(key[2])))
    names = [KERNELS[kernel] for kernel in table]
    lines = [["what", "figure", "source", *names], ["---"] * (3 + len(names))]
    lines += [[*key, *(told.get(key, "-") for told in table.values())] for key in rows]
    text = "".join("| " + " | ".join(line) + " |\n" for line in lines)
    page = open(PAGE).read()
    with open(PAGE, "w") as out:
        out.write(TABLE.sub(lambda _: text, page, count=1))


def main():
    known, table, number, failed = read(), {}, 0, 0
    for kernel, name in KERNELS.items():
        if not os.path.exists(f"{TOP}/build/{kernel}/bzImage"):
            continue
        number += 1
        table[kernel] = boot(kernel)
        said = {key: how for key, how in known.get(kernel, {}).items() if how != "-"}
        told = {key: how for key, how in table[kernel].items() if how != "-"}
        off = sorted(said.items() ^ told.items())
        print(*(f"# {'page' if said.get(key) == how else 'kernel'}: {' '.join(key)}: {how}" for key, how in off),
              f"{'not ' if off else ''}ok {number} - {name}: what docs/sources.md says", sep="\n", flush=True)
        failed += bool(off)
    if "--record" in sys.argv[1:]:
        write(table)
    print(f"1..{number}")
    return failed > 0


sys.exit(main())
