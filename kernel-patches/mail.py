#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Writes the series as postings for the kernel's mailing lists. Nothing is sent.

mail.py SERIES PARTS TREE OUT    SERIES: folder of patches; PARTS: kernel-patches/mail;
                                 TREE: git tree with the series over the tag "base"

AUTHOR="Name <address>" in the environment stands for the one that the patches have: a
posting needs a person who signs it off. PARTS/README says what a part is.
"""
import email
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PATCH_TAKER = "Andrew Morton <akpm@linux-foundation.org>"  # of mm and fs that nobody is in charge of
NOBODY = "CDM toolkit <cdm-toolkit@example.org>"
AUTHOR = os.environ.get("AUTHOR") or NOBODY
KEYS = {"kind", "first", "last", "title", "prefix", "needs", "stable", "cc", "reproducer"}
KINDS = ("fix", "patch", "series")


def die(*lines):
    sys.exit("\n".join(["mail: " + lines[0], *lines[1:]]))


class Patch:
    def __init__(self, path):
        self.path = path
        head, rest = path.read_text().split("\n\n", 1)
        headers = email.message_from_string(head.split("\n", 1)[1])
        self.subject = re.sub(r"^\[[^]]*\] ", "", re.sub(r"\s*\n\s*", " ", headers["Subject"]))
        self.date = headers["Date"]
        self.message, self.diff = rest.split("\n---\n", 1)


class Part:
    def __init__(self, path):
        self.name = path.name
        self.path = path
        text = email.message_from_string(path.read_text())
        self.text = text.get_payload().strip()
        unknown = {key.lower() for key in text.keys()} - KEYS
        if unknown:
            die(f"{path}: nobody knows '{unknown.pop()}:'")
        self.kind = text["Kind"]
        if self.kind not in KINDS:
            die(f"{path}: 'Kind:' is one of {', '.join(KINDS)}")
        self.first = self.unfold(text["First"])
        self.last = self.unfold(text["Last"] or text["First"])
        self.title = self.unfold(text["Title"] or "")
        self.prefix = text["Prefix"] or "PATCH"
        self.needs = self.unfold(text["Needs"] or "")
        self.cc = [person for cc in text.get_all("Cc", []) for person in self.unfold(cc).split(", ")]
        self.reproducer = self.unfold(text["Reproducer"] or "")
        self.trailers = ["Cc: stable@vger.kernel.org"] if text["Stable"] else []
        self.patches = []

    @staticmethod
    def unfold(text):
        return re.sub(r"\s*\n\s*", " ", text).strip()

    def index(self, patches, pattern):
        """Where the patch with that subject is."""
        found = [i for i, p in enumerate(patches) if fnmatch.fnmatchcase(p.subject, pattern)]
        if len(found) != 1:
            die(f"{self.path}: {len(found) or 'no'} patches are called '{pattern}'")
        return found[0]

    def needed(self):
        """The parts that have to be applied before, without what is said about why."""
        return re.sub(r"\(.*?\)", "", self.needs).split()


def assign(patches, parts):
    """Each patch to one part; the parts in the order of the series."""
    owner = {}
    for part in parts:
        first, last = part.index(patches, part.first), part.index(patches, part.last)
        part.patches = patches[first:last + 1]
        if not part.patches:
            die(f"{part.path}: '{part.last}' comes before '{part.first}'")
        if part.kind != "series" and len(part.patches) > 1:
            die(f"{part.path}: more than one patch makes a series, with 'Title:' and a cover letter")
        for i in range(first, last + 1):
            if i in owner:
                die(f"{patches[i].path.name} is in two parts, {owner[i].name} and {part.name}")
            owner[i] = part
    for i, patch in enumerate(patches):
        if i not in owner:
            complain(patches, owner, i)
    return sorted(parts, key=lambda part: patches.index(part.patches[0]))


def complain(patches, owner, i):
    before = next((owner[j] for j in range(i, -1, -1) if j in owner), None)
    after = next((owner[j] for j in range(i, len(patches)) if j in owner), None)
    folder = next(iter(owner.values())).path.parent
    die(f"no part has {patches[i].path.name}:", f"    {patches[i].subject}",
        "  It is a posting of its own? Write a file for it, see", f"    {folder}/README",
        *([f"  It belongs to the part before it? Then make that subject 'Last:' of", f"    {before.path}"]
          if before else []),
        *([f"  Or to the part after it? Then make it 'First:' of", f"    {after.path}"] if after else []))


def run(tree, *command):
    return subprocess.run(command, cwd=tree, check=True, stdout=subprocess.PIPE, text=True).stdout


def recipients(tree, patch):
    """Those in charge of what the patch touches, and the lists."""
    said = run(tree, "scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-fixes",
               "--no-keywords", str(patch.path))
    to, cc = [], []
    for line in said.splitlines():
        who, role = re.match(r"(.*?) \((.*)\)$", line).groups()
        if who != NOBODY:
            (to if re.match("maintainer|supporter", role) else cc).append(who)
    return to or [PATCH_TAKER], cc


def head(subject, date, to, cc):
    lines = ["From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001",
             f"From: {AUTHOR}", f"Date: {date}",
             "\n ".join(textwrap.wrap("Subject: " + subject, 76, break_long_words=False,
                                      break_on_hyphens=False))]
    for name, people in (("To", to), ("Cc", cc)):
        people = list(dict.fromkeys(people))
        if people:
            lines.append(f"{name}: " + ",\n    ".join(people))
    lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8",
              "Content-Transfer-Encoding: 8bit", "", ""]
    return "\n".join(lines)


def with_trailers(message, trailers):
    """Before the sign-off; what the patch has already is not said twice."""
    new = [t for t in trailers if t not in message.splitlines()]
    return message.replace("\nSigned-off-by:", "".join("\n" + t for t in new) + "\nSigned-off-by:", 1)


def program(path):
    """A reproducer as one file."""
    def own_header(match):
        return (path.parent / match[1]).read_text().split("*/\n", 2)[2].strip()
    text = re.sub(r'^#include "(hmm\.h)"$', own_header, path.read_text(), flags=re.M)
    return text.replace("// SPDX-License-Identifier: GPL-2.0\n", "")


def notes(part):
    """What is read on the list and not kept in the history."""
    text = part.text
    if part.reproducer and not part.reproducer.startswith("none"):
        path = part.path.parent / "reproducers" / part.reproducer
        indented = "".join("  " + line if line.strip() else line
                           for line in program(path).splitlines(True))
        text += (f"\n\nReproducer, {path.name}, to be built with -I lib of the kernel's source and run as\n"
                 f"root on a kernel with test_hmm's coherent memory:\n\n{indented.rstrip()}")
    return text + "\n\n"


def cover(tree, part, commits, to, cc):
    last = part.patches[-1]
    log = "".join(f"  {p.subject}\n" for p in part.patches)
    stat = run(tree, "git", "diff", "--stat=72", "--no-renames", f"{commits[0]}^", commits[-1])
    return (head(f"[{part.prefix} 0/{len(part.patches)}] {part.title}", last.date, to, cc) +
            f"{part.text}\n\n{AUTHOR} ({len(part.patches)}):\n{log}\n{stat}\n-- \n")


def write(tree, part, number, commit_of, people, out):
    folder = out / f"{number:02}-{part.name}"
    folder.mkdir(parents=True)
    all_to, all_cc, count = [], list(part.cc), len(part.patches)
    for i, patch in enumerate(part.patches, 1):
        to, cc = people[patch]
        all_to += to
        all_cc += cc
        series = part.kind == "series"
        tag = f"{part.prefix} {i}/{count}" if series else part.prefix
        text = head(f"[{tag}] {patch.subject}", patch.date, to, cc + part.cc)
        text += with_trailers(patch.message, part.trailers) + "\n---\n"
        text += ("" if series else notes(part)) + patch.diff
        slug = re.sub(r"^\d+-", "", patch.path.name)
        (folder / f"{i:04}-{slug}").write_text(text.replace(NOBODY, AUTHOR))
    if part.kind == "series":
        commits = [commit_of[p.subject] for p in part.patches]
        (folder / "0000-cover-letter.patch").write_text(cover(tree, part, commits, all_to, all_cc))


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    series, folder, tree, out = (Path(arg).resolve() for arg in sys.argv[1:])
    patches = [Patch(path) for path in sorted(series.glob("*.patch"))]
    parts = [Part(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != "README"]
    parts = assign(patches, parts)
    commit_of = dict(line.split(" ", 1)[::-1] for line in
                     run(tree, "git", "log", "--format=%H %s", "base..HEAD").splitlines())
    with ThreadPoolExecutor() as pool:
        people = dict(zip(patches, pool.map(lambda patch: recipients(tree, patch), patches)))
    shutil.rmtree(out, ignore_errors=True)
    for number, part in enumerate(parts, 1):
        write(tree, part, number, commit_of, people, out)
    print(f"mail: {len(parts)} postings with {len(patches)} patches in {out}; nothing was sent")
    if AUTHOR == NOBODY:
        print('mail: they are signed off by nobody: make kernel-mail AUTHOR="Name <address>"')


if __name__ == "__main__":
    main()
