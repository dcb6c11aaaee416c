#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes a recording with every kind of record, and what is in it as JSON.

make-recording.py FILE [MIGRATIONS [delta] [hostile] [stats] [users]]: the truth goes to stdout.
It knows the format from cdm-record(5), not from the C headers. With "delta" it is of
version 2, and has only what changes from one refresh to the next; else of version 1.
With "hostile" names are such as nobody expects, with "stats" devices have what BPF
would have counted, with "users" stacks have a part in user space.
"""
import json
import random
import struct
import sys

PAGE = 4096
WHY = ("unmapped swapped pinned locked isolate file writeback large ksm foreign "
       "unsupported alloc charge copy raced").split()
MIGRATE, EVICT, FAULT, PAGE_EV, RSS, CHARGE, PINGPONG, DEVICE, PAGEFAULT, NUMA = range(1, 11)
(BEGIN, PROC, CGROUP, DEV, VMA, END, LOSS, STACK, NOTE, DEVICE_ID, DELTA,
 _, USER_STACK, NUMA_ROW) = range(64, 78)
CDM0, CDM1 = 0xffff888000010000, 0xffff888000020000
PROCS = [(1412, 21, b"bfs"), (1420, 21, b'sten"cil,\\'), (1433, 22, b"redis-server")]
PATHS = {1: b"/", 20: b"/job", 21: b"/job/a", 22: b"/db"}
FRAMES = [b"migrate_vma_setup", b"cdm_ioctl", b"__x64_sys_ioctl", b"do_syscall_64"]
# Function, its offset, module, offset in there, build id, whether it is the program's.
USERS = [(b"ioctl", 0x3b, b"/lib/libc.so.6", 0xfdd6b, bytes(range(20)), 0),
         (b"move", 0x11, b"/srv/db", 0x1150, b"\x01\x02\xff", 1),
         (b"", 0, b"/srv/db", 0x1234, b"\x01\x02\xff", 1), (b"", 0, b"", 0x7f0000001000, b"", 0)]
NOTE_TEXT = b"pagefault: not available, \"quoted\""
HOST = b"host"
if "hostile" in sys.argv[3:]:
    names = (b"\x1b[31mred\x07", b"new\nline\r\t", b"q\"u,o;t{e}' ", b"back\\slash\\x1b",
             b"\xff\xfe\xc3(\x80", "\u202egpj.exe".encode(), "gr\u00f6\u00dfe".encode(),
             b"\xed\xa0\x80\xf4\x90\x80\x80", "\u2028\u200d\ufeff\u009b".encode(),
             b"<img src=x>&lt;")
    PROCS = [(1412 + i, 21 + i % 2, name) for i, name in enumerate(names)]
    PATHS[21] = b"/job/\x1b]0;title\x07\\\"\n" + "\u2066\U000e0041".encode()
    PATHS[22] = b"/" + "\u00e9\u200f".encode() * 500
    FRAMES[1] = b"std::\x1b[2J;op\"\"x\\"
    USERS[1] = (b"op;\x1b[2J<\xff>\\", 1, b"/srv/\"\n\xe2\x80\xae,x", 2, b"", 1)
    NOTE_TEXT = b"note \x1b[2J\n\xff"
    HOST = b"h\x1b\xff\"\\"
held = {pid: 7 for pid, _, _ in PROCS[3:]}
out = open(sys.argv[1], "wb")
count = int(sys.argv[2]) if len(sys.argv) > 2 else 211
delta, counted = (word in sys.argv[3:] for word in ("delta", "stats"))
last_rows, rows = [], []
rng = random.Random(42)
now = 5_000_000_000_000
truth = {"migrate": [], "wait_ns": 0, "waits": [], "faults": {"cow": 0, "reuse": 0, "wait": 0},
         "evicted": 0, "pingpong": {}, "records": 0, "events": {}}


def put(kind, body, cpu=0):
    out.write(struct.pack("<HHIQ", kind, cpu, 16 + len(body), now) + body)


def put_row(kind, body):
    """A row, by what changed since the last refresh if it was in there."""
    rows.append((kind, body))
    for i, (k, old) in enumerate(last_rows):
        if (k, len(old), old[:8]) != (kind, len(body), body[:8]):
            continue
        del last_rows[:i + 1]
        if i:
            put(DELTA, struct.pack("<IHH", 0, i, 0))
        runs = [struct.pack("<II", 2 + at // 8, 1) + body[at:at + 8]
                for at in range(0, len(body), 8) if body[at:at + 8] != old[at:at + 8]]
        put(DELTA, struct.pack("<IHH", not runs, 0, 2 * len(runs)) + b"".join(runs))
        return
    put(kind, body)


def rec(kind, body, cpu=0):
    body += b"\0" * (-len(body) % 8)
    if kind == BEGIN:
        last_rows[:], rows[:] = rows, []
    if delta and kind in (PROC, CGROUP, DEV, VMA):
        put_row(kind, body)
    else:
        put(kind, body, cpu)
    truth["records"] += 1
    if kind < 64:
        truth["events"][str(kind)] = truth["events"].get(str(kind), 0) + 1


def event(kind, proc, device, body, stack=-1, actor=None):
    pid, cgroup, comm = proc
    apid, _, acomm = actor or proc
    rec(kind, struct.pack("<QQQIIIi16s16s", 0xffff888100000000 + pid, cgroup, device, pid,
                          apid, apid + 1, stack, comm, acomm) + body, cpu=pid % 2)


def stats(name=None):
    """pages, calls, ns by direction, failed pages by direction and reason, faults, times"""
    mine = [t for t in truth["migrate"] if counted and t["device"] == name]
    waits = truth["waits"] if mine and name == "cdm0" else []
    pages, calls, ns, failed, hist = [0] * 2, [0] * 2, [0] * 2, [0] * 30, [0] * 80
    for t in mine:
        pages[t["dir"]] += t["migrated"]
        calls[t["dir"]] += 1
        ns[t["dir"]] += t["ns"]
        hist[40 * t["dir"] + t["ns"].bit_length() - 1] += 1
        for i, n in enumerate(t["failed"]):
            failed[15 * t["dir"] + i] += n
    wait_hist = [sum(w.bit_length() - 1 == i for w in waits) for i in range(40)]
    return struct.pack("<163Q", *pages, *calls, *ns, 0, *failed, 0, 0, len(waits), sum(waits), 0, 0,
                       *hist, *wait_hist)


def snapshot(interval, holdings):
    rec(BEGIN, struct.pack("<QQ", interval, 0x2f if counted else 0x7))
    for i, (name, ident) in enumerate(((b"cdm0", CDM0), (b"cdm1", CDM1))):
        used = sum(holdings.values()) if not i else 0
        rec(DEV, struct.pack("<IIiIQQQQQ16s", i, 0, -1, counted, 16384, used, 16384 - used, 3,
                             ident, name) + stats(name.decode()))
    for ident, parent in ((1, 0), (20, 1), (21, 20), (22, 1)):
        members = {1: (21, 22), 20: (21,), 21: (21,), 22: (22,)}[ident]
        dev = sum(holdings[p[0]] for p in PROCS if p[1] in members and p[0] in holdings)
        rec(CGROUP, struct.pack("<QQQQQQ", ident, parent, 50000, dev, 2 ** 64 - 2 if ident < 22
                                else 8192, 0) + stats() + PATHS[ident] + b"\0")
    for pid, cgroup, comm in PROCS:
        if pid in holdings:
            held = holdings[pid]
            rec(PROC, struct.pack("<IIIIQQQQQQQ16Q16s", pid, pid, 1000, 0, cgroup, 4_000_000_000,
                                  held + 1000, held, held, 0, 0, *([0] * 16), comm))
    rec(VMA, struct.pack("<IIQQQQ8s", 1412, 1, 0x555500000000, 0x555500800000, 2048,
                         holdings.get(1412, 0), b"rw-p") + b"[heap]\0")
    rec(END, struct.pack("<QQQQQQ", 10, 0, 5_000_000, 77_000, 100, 4 << 20))


def migrate():
    proc = rng.choice(PROCS)
    dir_, cause, vma = rng.randrange(2), rng.choice((0, 0, 0, 3)), rng.randrange(5)
    requested = rng.randrange(1, 513)
    failed = [0] * 15
    for _ in range(rng.randrange(3)):
        failed[rng.randrange(15)] += rng.randrange(0, 1 + requested // 4)
    left = requested - sum(failed)
    already = left // 8
    holes = failed[0] if vma < 3 else 0		# of anonymous memory
    phases = [rng.randrange(1000, 400_000) for _ in range(3)]
    device = rng.choice((CDM0, CDM0, CDM1))
    actor = rng.choice((None, (99, 1, b"kworker/0:1")))
    event(MIGRATE, proc, device, struct.pack(
        "<QQIIIIQQQBBBB15I", 0x7f0000000000 + rng.randrange(1000) * (512 * PAGE),
        requested * PAGE, requested, left + holes, left - already, already, *phases, dir_, cause, 1, vma,
        *failed), stack=rng.choice((-1, 7)), actor=actor)
    truth["migrate"].append({"pid": proc[0], "actor": (actor or proc)[0],
                             "vma": ("anon", "heap", "stack", "file", "shmem")[vma], "dir": dir_, "device": "cdm0" if device == CDM0
                             else "cdm1", "requested": requested, "migrated": left - already,
                             "found": left, "ns": sum(phases), "failed": failed, "cause": cause, "ts": now})


out.write(struct.pack("<8sIIIIQQQII64s64s", b"CDMREC\r\n", 0x01020304, 1 + delta, 184, PAGE,
                      1_700_000_000_123_456_789, 4_999_000_000_000, 500_000, 3, 0,
                      b"6.12.0-test", HOST))
rec(NOTE, NOTE_TEXT + b"\0")
for name, ident in ((b"cdm0", CDM0), (b"cdm1", CDM1)):
    rec(DEVICE_ID, struct.pack("<Q16sQQ", ident, name, 0x60000000, 256 << 20))
rec(STACK, struct.pack("<iI", 7, len(FRAMES)) + b"\0".join(FRAMES) + b"\0")
if "users" in sys.argv[3:]:
    frames = b""
    for function, at, module, offset, build_id, program in USERS:
        names = function + b"\0" + module + b"\0"
        names += b"\0" * (-(44 + len(names)) % 8)
        frames += struct.pack("<HBBIQQ20s", 44 + len(names), program, len(build_id), 0, offset,
                              at, build_id) + names
    rec(USER_STACK, struct.pack("<iHH", 7, len(USERS), 2) + frames)
snapshot(0, {1412: 0, PROCS[1][0]: 100, PROCS[2][0]: 7, **held})
for i in range(count):
    now += rng.randrange(1000, 2_000_000)
    migrate()
    if i % 10 == 3:
        kind = rng.randrange(3)
        wait = rng.randrange(1000, 90_000) if kind == 2 else 0
        truth["wait_ns"] += wait
        if wait:
            truth["waits"].append(wait)
        truth["faults"][("cow", "reuse", "wait")[kind]] += 1
        event(FAULT, rng.choice(PROCS), CDM0,
              struct.pack("<QQQII", 0x7f0000001000, 12345, wait, kind, 0))
    if i % 10 == 5:
        addr, flips = 0x7f0000000000 + PAGE * rng.randrange(5), rng.randrange(3, 6)
        proc = PROCS[1]
        truth["pingpong"][hex(addr)] = truth["pingpong"].get(hex(addr), 0) + flips
        event(PINGPONG, proc, CDM0, struct.pack("<QQII", addr, 400_000, flips, 0))
now += 1_000_000_000
snapshot(1_000_000_000, {1412: 300, PROCS[1][0]: 200, PROCS[2][0]: 7, **held})
event(EVICT, (0, 0, b""), CDM0, struct.pack("<QQQiI", 123, 4, 5_000_000, -16, 1),
      actor=(99, 1, b"kworker/0:1"))
truth["evicted"] += 123
event(PAGE_EV, PROCS[0], CDM0, struct.pack("<QQQBB6x", 0x7f0000000000, 1, 2, 0, 1))
event(RSS, PROCS[0], CDM0, struct.pack("<QiI", 5, -3, 3))
event(CHARGE, (0, 21, b""), CDM0, struct.pack("<II", 1, 0), actor=PROCS[0])
event(DEVICE, (0, 0, b""), CDM1, struct.pack("<16sQQBBHi", b"cdm1", 0, 0, 0, 3, 0, -1),
      actor=(1, 1, b"init"))
for src, dst, moved, failed in (0, 1, 211, 0), (-1, -1, 0, 13):
    event(NUMA, PROCS[2] if moved else (0, 0, b""), 0,
          struct.pack("<QIIIIIiiBBH", 70_000, moved, failed, 0, 0, 0, src, dst, 8, 0, 0),
          actor=(99, 1, b"kswapd0"))
event(PAGEFAULT, PROCS[2], 0, struct.pack("<QQQ", 0x7fff00001000, 0x401000, 6))
now += 1_000_000_000
snapshot(1_000_000_000, {1412: 300, PROCS[2][0]: 7, **held})
for kind, seen in ((MIGRATE, count + 9), (FAULT, 100), (PINGPONG, 50)):
    n = truth["events"].get(str(kind), 0)
    rec(LOSS, struct.pack("<IIQQQQQ", kind, 0, seen, seen - n - 2, n, 2, 0))
rec(300, b"of a later version")
truth["names"] = {pid: name.hex() for pid, _, name in PROCS}
truth["paths"] = {ident: path.hex() for ident, path in PATHS.items()}
json.dump(truth, sys.stdout)
