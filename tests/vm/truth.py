# SPDX-License-Identifier: GPL-2.0
"""What tests compare the tools with, from tests/vm/residency.c."""
import json


class Truth:
    def __init__(self, path):
        self.counter, self.walked, self.by_device = {}, {}, {}
        self.devices, self.cgroups = {}, {}
        for line in open(path):
            what, key, *values = line.split()
            if what == "proc":
                pid = int(key)
                self.counter[pid], self.walked[pid] = map(int, values[:2])
                self.by_device[pid] = {"cdm%d" % i: int(v) for i, v in enumerate(values[2:])}
            elif what == "device":
                self.devices[key] = int(values[0])
            else:
                self.cgroups[int(key)] = int(values[0])


def rows(path, kind=None):
    """NDJSON; without a kind, all but the first line, which describes the rest."""
    all_rows = [json.loads(line) for line in open(path)]
    return [r for r in all_rows if r["type"] == kind or (not kind and r["type"] != "meta")]


def refreshes(path):
    """Of cdmtop: a list of refreshes, each a list of rows that ends with its "end"."""
    parts = [[]]
    for row in rows(path):
        parts[-1].append(row)
        if row["type"] == "end":
            parts.append([])
    return parts[:-1]


def totals(path, key, name):
    """Rates times intervals, summed up over all refreshes: {row: total}."""
    sums = {}
    for refresh in refreshes(path):
        seconds = refresh[-1]["interval_ns"] / 1e9
        for row in refresh[:-1]:
            if row[name] is not None:
                sums[row[key]] = sums.get(row[key], 0) + round(row[name] * seconds)
    return sums


def same(what, wanted, got):
    if wanted != got:
        print("%s: wanted %.300s, got %.300s" % (what, wanted, got))
