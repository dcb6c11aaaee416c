#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""join-recordings.py REFRESHES EVENTS...: one recording of several that were made at the
same time. Of the first it has all but events, of the others events and what belongs to
them; they stand before the refresh that came next. To standard output."""
import struct
import sys

EVENT_MAX, BEGIN, LOSS, STACK, DEVICE_ID, USER_STACK = 64, 64, 70, 71, 73, 76
BEFORE_EVENTS = (STACK, USER_STACK, DEVICE_ID)


def records(path):
    """The header, and then (kind, time, bytes) of each record."""
    data = open(path, "rb").read()
    at = struct.unpack_from("<I", data, 16)[0]
    yield data[:at]
    while at < len(data):
        kind, _, size, ts = struct.unpack_from("<HHIQ", data, at)
        if size < 16:
            sys.exit(f"{path}: a record of {size} bytes at {at}")
        yield kind, ts, data[at:at + size]
        at += size


def is_event(kind):
    return kind < EVENT_MAX or kind == LOSS or kind in BEFORE_EVENTS


out = sys.stdout.buffer
first = records(sys.argv[1])
out.write(next(first))
events, totals = [], []
for path in sys.argv[2:]:
    other = records(path)
    next(other)
    # Events are stamped with their start, and stand where they ended.
    now = 0
    for kind, ts, data in other:
        if kind < EVENT_MAX or kind in BEFORE_EVENTS:
            now = max(now, ts if kind < EVENT_MAX else 0)
            events.append((now, data))
        elif kind == LOSS:
            totals.append(data)
events.sort(key=lambda event: event[0])
at = 0
for kind, ts, data in first:
    while kind == BEGIN and at < len(events) and events[at][0] <= ts:
        out.write(events[at][1])
        at += 1
    if not is_event(kind):
        out.write(data)
for _, data in events[at:]:
    out.write(data)
for data in totals:
    out.write(data)
