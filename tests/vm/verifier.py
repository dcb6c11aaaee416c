#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Each kernel that there is takes the programs of each clang that is installed, by each
source, and its verifier goes through hardly more instructions than tests/data/verified
says. Prints TAP. With --record it writes that file."""
import glob
import os
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
KNOWN = os.path.join(TOP, "tests/data/verified")
KERNELS = "kernel", "kernel-debian", "kernel-debian-6.1"


def loads():
    return sorted(glob.glob(TOP + "/build/bpf-tests/verified-*[0-9]"))


def boot(kernel):
    """What build/bpf-tests/verified-CLANG prints, and what it says: {clang: (lines, status)}."""
    each = 'for load; do "$load" 2>&1; echo "${load##*-} $?"; done'
    vm = [TOP + "/tools/cdm-vm/cdm-vm", "--kernel", f"{TOP}/build/{kernel}", "--memory", "1G",
          "--cpus", "2", "--no-modprobe", "--timeout", "900", "--", "sh", "-c", each, "sh"]
    out = subprocess.run(vm + loads(), stdout=subprocess.PIPE, text=True, check=False).stdout
    said, lines = {}, []
    for line in out.splitlines():
        words = line.split()
        if len(words) == 2 and words[0].isdigit():
            said[words[0]], lines = (lines, int(words[1])), []
        else:
            lines.append(line)
    clangs = [load.rpartition("-")[2] for load in loads()]
    return {clang: said.get(clang, (lines, 1)) for clang in clangs}


def most(lines):
    """By program, from lines of SOURCE PROGRAM INSTRUCTIONS."""
    insns = {}
    for words in map(str.split, lines):
        if len(words) == 3 and words[2].isdigit():  # not something that libbpf says
            insns[words[1]] = max(int(words[2]), insns.get(words[1], 0))
    return insns


def read():
    """{(kernel, clang): {program: instructions}}"""
    rows = [line.split() for line in open(KNOWN) if line[0] != "#"]
    return {tuple(column.split("/")): {row[0]: int(row[i]) for row in rows[1:] if row[i] != "-"}
            for i, column in enumerate(rows[0]) if i}


def write(table):
    columns = sorted(table)
    programs = sorted(set().union(*table.values()))
    rows = [["program"] + ["/".join(c) for c in columns]]
    rows += [[p] + [str(table[c].get(p, "-")) for c in columns] for p in programs]
    with open(KNOWN, "w") as out:
        print("# Instructions that the verifier of a kernel goes through, by program and clang.",
              "# Written by tests/vm/verifier.py --record.", sep="\n", file=out)
        for row in rows:
            print(row[0].ljust(16), *(cell.rjust(len(head)) for cell, head in zip(row[1:], rows[0][1:])), file=out)


def grown(known, now):
    """Programs that take more than a tenth more, which no other patch level of a kernel does."""
    return [f"{program}: {n}, was {known.get(program, 'not there')}"
            for program, n in sorted(now.items()) if n > known.get(program, 0) * 1.1 + 50]


def main():
    known, table, number, failed = read() if os.path.exists(KNOWN) else {}, {}, 0, 0

    def result(said, name):
        nonlocal number, failed
        number += 1
        failed += bool(said)
        print(*(f"# {line}" for line in said), ("not " if said else "") + f"ok {number} - {name}", sep="\n", flush=True)

    for kernel in KERNELS:
        if not os.path.exists(f"{TOP}/build/{kernel}/bzImage"):
            number += 1
            print(f"ok {number} - {kernel} # SKIP it is not there")
            continue
        for clang, (lines, status) in boot(kernel).items():
            name = f"{kernel}: programs of clang {clang}"
            result(lines[-20:] if status or not lines else [], name + " load")
            if status or not lines:
                continue
            table[kernel, clang] = most(lines)
            if (kernel, clang) in known:
                result(grown(known[kernel, clang], table[kernel, clang]), name + " take as many instructions as before")
    if len(loads()) < 2:
        number += 1
        print(f"ok {number} - the oldest and the newest clang # SKIP scripts/deps.sh clang installs them")
    if "--record" in sys.argv[1:]:
        write(table)
    print(f"1..{number}")
    return failed > 0


sys.exit(main())
