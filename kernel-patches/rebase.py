#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""rebase.py TREE FIRST OUT: writes the commits of TREE, the series on another base, to OUT as
what they do otherwise than the patches of FIRST, which have the same subjects.

OUT/series names the patches in order. NAME.diff begins with the files of the patch that
are left out as it does not apply to them; its text goes on top of the others. NAME.msg is
the message if it is not that of the patch. A commit that FIRST does not have is NAME.patch.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def git(*args, **more):
    done = subprocess.run(["git", "-C", TREE, *args], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"git {' '.join(args)}: {done.stderr}")
    return done.stdout


def applies(patch, index, *which):
    """To the tree in an index file"""
    return not subprocess.run(["git", "-C", TREE, "apply", "--cached", *which, patch],
                              env={**os.environ, "GIT_INDEX_FILE": index}, capture_output=True).returncode


def message(patch):
    text = patch.read_text()
    head, _, body = text.partition("\n\n")
    subject = re.search(r"^Subject: \[PATCH[^]]*\] (.*(?:\n .*)*)", head, re.M)[1].replace("\n ", " ")
    return subject, f"{subject}\n\n{body.partition(chr(10) + '---' + chr(10))[0]}\n"


def otherwise(commit, patch, index):
    """What the commit does otherwise than the patch: lines of NAME.diff"""
    env = {**os.environ, "GIT_INDEX_FILE": index}
    git("read-tree", f"{commit}^", env=env)
    files = re.findall(r"^diff --git a/(\S+) b/", patch.read_text(), re.M)
    without = [f for f in files if not applies(patch, index, "--check", f"--include={f}")]
    if len(without) < len(files):
        applies(patch, index, *(f"--exclude={f}" for f in without))
    tree = git("write-tree", env=env).strip()
    diff = git("diff", "--no-renames", "--diff-algorithm=myers", tree, commit)
    diff = re.sub(r"^index [0-9a-f]+\.\.[0-9a-f]+( [0-7]+)?\n", "", diff, flags=re.M)
    return "".join(f"# without {f}\n" for f in without) + diff


def main(first, out):
    patches = {}
    for patch in sorted(first.glob("*.patch")):
        subject, text = message(patch)
        patches[subject] = patch, text
    for old in [*out.glob("*.patch"), *out.glob("*.diff"), *out.glob("*.msg")]:
        old.unlink()
    names = []
    with tempfile.TemporaryDirectory() as scratch:
        for line in git("log", "--reverse", "--format=%H %s", "base..HEAD").splitlines():
            commit, subject = line.split(" ", 1)
            if subject not in patches:
                text = git("format-patch", "-1", "-N", "--stdout", "--zero-commit", "--no-signature", "--no-renames",
                           "--diff-algorithm=myers", "--stat=72", commit)
                name = re.sub(r"\W+", "-", subject)[:52].strip("-")
                (out / f"{name}.patch").write_text(
                    re.sub(r"^index [0-9a-f]+\.\.[0-9a-f]+( [0-7]+)?\n", "", text, flags=re.M))
            else:
                patch, text = patches[subject]
                name = patch.stem.split("-", 1)[1]
                diff = otherwise(commit, patch.resolve(), f"{scratch}/index")
                if diff:
                    (out / f"{name}.diff").write_text(diff)
                said = git("log", "-1", "--format=%B", commit).rstrip("\n") + "\n"
                if said != text:
                    (out / f"{name}.msg").write_text(said)
            names.append(name)
    (out / "series").write_text("".join(f"{name}\n" for name in names))


TREE = sys.argv[1]
main(Path(sys.argv[2]), Path(sys.argv[3]))
