# SPDX-License-Identifier: GPL-2.0
"""TAP for programs in the VM. What a failed test has to say comes before it."""
number = failed = 0


def result(good, what, said=""):
    global number, failed
    number += 1
    if not good:
        failed += 1
        print("".join(f"# {line}\n" for line in str(said).splitlines()), end="")
    print(f"{'ok' if good else 'not ok'} {number} - {what}", flush=True)


def skip(what, why):
    global number
    number += 1
    print(f"ok {number} - {what} # SKIP {why}", flush=True)


def finish():
    print(f"1..{number}")
    return int(failed > 0)
