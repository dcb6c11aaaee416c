#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The picture of docs/architecture.md: which folder feeds which, from what files include.

Usage: docs/architecture.py > docs/architecture.svg"""
import glob
import os
import re
from html import escape

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# What a folder is for; the rest is found.
FOLDERS = {
    "kernel-patches": "the series, linux/cdm.h",
    "bpf": "programs in the kernel",
    "tools/lib/base": "files, numbers, JSON",
    "tools/lib/record": "recordings, what a record is",
    "tools/lib/source": "/proc, cgroups, BPF, sysfs",
    "tools/lib/model": "who has what, rates",
    "tools/lib/table": "columns, all outputs",
    "tools/lib/event": "kinds, fields, outputs",
    "tools/cdmtop": "live view",
    "tools/cdmtrace": "events, report, diff",
    "tools/cdmctl": "moves memory",
    "tools/cdm-vm": "boots kernels",
}
ELSEWHERE = {"linux/cdm.h": "kernel-patches", "cdm_abi.h": "bpf", "programs.skel.h": "bpf"}
WIDTH, HEIGHT, GAP_X, GAP_Y = 190, 46, 24, 50


def feeds():
    """{folder: those whose headers it includes}"""
    needs = {folder: set() for folder in FOLDERS}
    for folder in FOLDERS:
        for name in glob.glob(folder + "/**/*.[ch]", recursive=True):
            for header in re.findall(r'#include ["<]([^">]+)', open(name, encoding="utf-8").read()):
                other = ELSEWHERE.get(os.path.basename(header) if "linux/" not in header else header)
                path = "tools/lib/" + header
                if os.path.exists(path):
                    other = other or os.path.dirname(path)
                if other in FOLDERS and other != folder:
                    needs[folder].add(other)
    # cdm-vm takes base/ by its makefile's search path, the programs make what the series tells.
    needs["bpf"].add("kernel-patches")
    needs["tools/cdm-vm"].add("tools/lib/base")
    return needs


def layers(needs):
    level = {}

    def of(folder):
        if folder not in level:
            level[folder] = 1 + max((of(other) for other in needs[folder]), default=-1)
        return level[folder]

    for folder in needs:
        of(folder)
    return level


def reduced(needs):
    """Without what a longer way says, too."""
    def reach(folder):
        return set().union(*({o} | reach(o) for o in needs[folder])) if needs[folder] else set()

    return {f: {o for o in n if not any(o in reach(p) for p in n - {o})} for f, n in needs.items()}


needs = feeds()
level = layers(needs)
rows = [[f for f in FOLDERS if level[f] == n] for n in range(max(level.values()) + 1)]
width = max(len(row) for row in rows) * (WIDTH + GAP_X) + GAP_X
height = len(rows) * (HEIGHT + GAP_Y) + GAP_Y // 2
place = {}
for n, row in enumerate(rows):
    left = (width - len(row) * (WIDTH + GAP_X) + GAP_X) / 2
    for i, folder in enumerate(row):
        place[folder] = left + i * (WIDTH + GAP_X), height - (n + 1) * (HEIGHT + GAP_Y) + GAP_Y // 2

print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
      f'height="{height}" font-family="sans-serif" font-size="13">')
print('<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
      '<path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>')
print(f'<rect width="{width}" height="{height}" fill="#fff"/>')
for folder, others in sorted(reduced(needs).items()):
    for other in sorted(others):
        (x0, y0), (x1, y1) = place[other], place[folder]
        print(f'<path d="M{x0 + WIDTH / 2:g} {y0:g}C{x0 + WIDTH / 2:g} {y0 - GAP_Y * .7:g} '
              f'{x1 + WIDTH / 2:g} {y1 + HEIGHT + GAP_Y * .7:g} {x1 + WIDTH / 2:g} {y1 + HEIGHT:g}" '
              'fill="none" stroke="#667" marker-end="url(#a)"/>')
for folder, (x, y) in place.items():
    fill = "#fdf0d5" if not folder.startswith("tools") else "#e4eefb" if "/lib/" in folder else "#e3f4e1"
    print(f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{fill}" stroke="#445"/>')
    print(f'<text x="{x + WIDTH / 2:g}" y="{y + 19:g}" text-anchor="middle" font-weight="bold">{escape(folder)}</text>')
    print(f'<text x="{x + WIDTH / 2:g}" y="{y + 36:g}" text-anchor="middle">{escape(FOLDERS[folder])}</text>')
print("</svg>")
