#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs the commands of docs/tour.md, those of one part, one after the other.

A command is an indented line that begins with "$ ", its screen what is below, and the comment
before it, <!-- shows: REGEX; ... -->, what has to be on the screen: on that of the document and
on that of this run. With --record the screens of this run replace those of the document.
Usage, in the VM: tour.py PART [--record]"""
import os
import re
import subprocess
import sys

part, record = sys.argv[1], sys.argv[2:] == ["--record"]
document = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/tour.md")
lines = open(document, encoding="utf-8").read().split("\n")
out, results, failed = [], 0, 0


def result(good, name, screen=()):
    global results, failed
    results += 1
    failed += not good
    if not good:
        print(*("# " + line for line in screen), sep="\n")
    print("ok" if good else "not ok", results, "-", name, flush=True)


def missing(wanted, screen):
    return [regex for regex in wanted if not any(re.search(regex, line) for line in screen)]


def run(command):
    """At most 40 lines of 130 columns."""
    done = subprocess.run(["timeout", "60", "bash", "-c", command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")
    return [line[:130].rstrip() for line in done.stdout.rstrip().split("\n")[:40]]


def in_screen(at):
    """Whether the line is of a screen; an empty one is if the next one is."""
    while at < len(lines) and not lines[at]:
        at += 1
    return at < len(lines) and lines[at].startswith("    ") and not lines[at].startswith("    $ ")


here, wanted, at = False, [], 0
while at < len(lines):
    line = lines[at]
    at += 1
    out.append(line)
    if line.startswith("## "):
        here = (part == "stock") == ("stock" in line)
    found = re.fullmatch(r"<!-- shows: (.*) -->", line)
    if found:
        wanted = found[1].split("; ")
    if not line.startswith("    $ "):
        continue
    told = []
    while in_screen(at):
        told.append(lines[at][4:])
        at += 1
    if here:
        command = line[6:]
        screen = run(command)
        result(not missing(wanted, screen), command, missing(wanted, screen) + screen)
        if not record:
            result(not missing(wanted, told), "... and the tour shows it so", missing(wanted, told))
        else:
            told = screen
        wanted = []
    out += ["    " + text if text else "" for text in told]
if record:
    open(document, "w", encoding="utf-8").write("\n".join(out))
print(f"1..{results}")
sys.exit(failed != 0 or results == 0)
