#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""All that benchmarks have measured, build/bench/*.tsv, as one table.

table.py FOLDER    prints it and writes table.txt, table.json (with the environment) and
                   table.svg there
"""
import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from html import escape
from pathlib import Path

FIELDS = ("what", "unit", "who", "value", "spread_percent", "against", "times", "at", "note")
PEERS = {"bpftrace": "bpftrace --version", "perf": "perf --version", "trace-cmd": "trace-cmd --version",
         "top": "top -V", "htop": "htop --version", "systemd-cgtop": "systemd-cgtop --version", "qemu": "qemu-system-x86_64 --version", "gcc": "gcc --version"}


OURS = ("cdm", "series", "/dev/cdm", "HOST")
BLUES = ("#204a87", "#3465a4", "#729fcf", "#5c3566", "#75507b")
OTHERS = ("#c4a000", "#ce5c00", "#4e9a06", "#a40000", "#555753", "#8f5902")


def number(text):
    return None if text in ("", "-") else float(text)


def read(folder):
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(path.stat().st_mtime))
        for line in path.read_text().splitlines():
            said = line.split("\t")
            if len(said) != len(FIELDS):
                sys.exit(f"table.py: {path} has a row of {len(said)} fields, not {len(FIELDS)}: "
                         "run its benchmark again, or remove it")
            row = dict(zip(FIELDS, said))
            for name in ("value", "spread_percent", "times", "at"):
                row[name] = number(row[name])
            for name in ("against", "note"):
                row[name] = None if row[name] == "-" else row[name]
            rows.append(row | {"benchmark": path.stem, "measured": when})
    return rows


def first_line(command):
    try:
        said = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        return None
    return said.stdout.splitlines()[0].strip() if said.returncode == 0 and said.stdout else None


def environment():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    top = Path(__file__).resolve().parents[2]
    return {
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": first_line(f"git -C '{top}' rev-parse --short HEAD"),
        "kernel": platform.release(),
        "processor": model and model[1],
        "processors": os.cpu_count(),
        "memory_kib": memory and int(memory[1]),
        "load_average": os.getloadavg()[0],
        "versions": {name: said for name, command in PEERS.items() if (said := first_line(command))},
    }


def short(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def groups(rows):
    found = {}
    for row in rows:
        found.setdefault((row["benchmark"], row["what"], row["unit"]), []).append(row)
    return found


def line(row, wide):
    said = f"  {row['who']:<{wide}} {short(row['value']):>12}"
    said += "        " if row["spread_percent"] is None else f" ±{row['spread_percent'] / 2:5.1f}%"
    if row["times"] is not None:
        said += f"  {row['times']:8.3f} times {row['against']}"
    if row["note"]:
        said += f"  {row['note']}"
    return said.rstrip()


def cell(row):
    """Value, spread and ratio; "+": it may be more."""
    if not row or row["value"] is None:
        return "-"
    said = short(row["value"]) + ("+" if row["note"] else "")
    said += "" if row["spread_percent"] is None else f" ±{row['spread_percent'] / 2:.0f}%"
    return said + ("" if row["times"] is None else f" ×{row['times']:.3g}")


def sizes(group):
    return sorted({row["at"] for row in group if row["at"] is not None})


def names(group):
    return list(dict.fromkeys(row["who"] for row in group))


def scaled(group, wide):
    """Who by at how many: a line for each, a column for each number."""
    found = {(row["who"], row["at"]): row for row in group}
    rows = [["", *(f"{at:,.0f}" for at in sizes(group))]]
    rows += [[who, *(cell(found.get((who, at))) for at in sizes(group))] for who in names(group)]
    columns = [max(len(row[i]) for row in rows) for i in range(1, len(rows[0]))]
    lines = [f"  {row[0]:<{wide}}" + "".join(f"  {said:>{n}}" for said, n in zip(row[1:], columns)) for row in rows]
    against = {row["against"] for row in group if row["against"]}
    lines += [f"  ×: times that of {who}" for who in sorted(against)]
    refused = {row["who"]: row["note"] for row in group if row["value"] is None and row["note"]}
    return lines + [f"  {who}: {why}" for who, why in refused.items()]


def text(rows, env):
    lines = [f"{env['processor']}, {env['processors']} processors, Linux {env['kernel']}, "
             f"load {env['load_average']:.1f}; commit {env['commit']}", ""]
    wide = max((len(row["who"]) for row in rows), default=0)
    for (benchmark, what, unit), group in groups(rows).items():
        lines.append(f"{what}, {unit} ({benchmark}, {group[0]['measured']})")
        lines += scaled(group, wide) if sizes(group) else [line(row, wide) for row in group]
        lines.append("")
    return "\n".join(lines)


LEFT, WIDTH, STEP = 260, 400, 18


def label(x, y, said, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(said)}</text>'


def bars(group, y):
    """A bar for each value, to scale; and the y below them."""
    out = []
    most = max(row["value"] or 0 for row in group) or 1
    for row in group:
        y += STEP
        length = WIDTH * (row["value"] or 0) / most
        out.append(label(LEFT - 8, y, row["who"], ' text-anchor="end"') +
                   f'<rect x="{LEFT}" y="{y - 11}" width="{max(length, 1):.1f}" height="13" '
                   f'fill="{"#3465a4" if row["who"].startswith(OURS) else "#babdb6"}"/>' +
                   label(LEFT + length + 6, y, short(row["value"]) if row["value"] is not None else row["note"] or "-"))
    return out, y


def axis(values, length):
    """Where a value is on it: each ten times as far as the last, if there is no 0."""
    least, most = min(values), max(values)
    if least <= 0:
        return lambda v: length * v / (most or 1)
    low = math.log10(least)
    return lambda v: length * (math.log10(v) - low) / (math.log10(most) - low or 1)


def spaced(wanted, step):
    """Heights of labels, from above, that do not touch."""
    got = []
    for y in wanted:
        got.append(max(y, got[-1] + step) if got else y)
    return got


def curves(group, y):
    """A line for each who, the numbers to the right; and the y below them."""
    height, top = 180, y + 12
    known = [row for row in group if row["value"] is not None]
    across, up = axis(sizes(known), WIDTH), axis([row["value"] for row in known], height)
    who = names(known)
    ours, others = iter(BLUES * len(who)), iter(OTHERS * len(who))
    colour = {name: next(ours if name.startswith(OURS) else others) for name in who}
    out = [f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{height}" fill="none" stroke="#d3d7cf"/>']
    for at in sizes(known):
        out.append(label(LEFT + across(at), top + height + 16, f"{at:,.0f}", ' text-anchor="middle"'))
    for value in (min(row["value"] for row in known), max(row["value"] for row in known)):
        out.append(label(LEFT - 8, top + height - up(value) + 4, short(value), ' text-anchor="end"'))
    last = []
    for name in who:
        points = [(LEFT + across(row["at"]), top + height - up(row["value"])) for row in known if row["who"] == name]
        out.append(f'<polyline fill="none" stroke-width="2" stroke="{colour[name]}" points="'
                   + " ".join(f"{px:.1f},{py:.1f}" for px, py in points) + '"/>')
        out += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour[name]}"/>' for px, py in points]
        end = [row for row in known if row["who"] == name][-1]
        last.append((points[-1][1], name, short(end["value"]) + ("+" if end["note"] else "")))
    last.sort()
    place = top
    for (_, name, value), place in zip(last, spaced([py for py, *_ in last], 14)):
        out.append(label(LEFT + WIDTH + 10, place + 4, f"{name} {value}", f' fill="{colour[name]}"'))
    return out, max(top + height + 16, int(place) + 4)


def picture(rows, env):
    y = 40
    out = [label(10, 20, f"{env['processor']}, Linux {env['kernel']}", ' font-weight="bold"')]
    for (_, what, unit), group in groups(rows).items():
        out.append(label(10, y, f"{what}, {unit}", ' font-weight="bold"'))
        drawn, y = curves(group, y) if len(sizes(group)) > 1 else bars(group, y)
        out += drawn
        y += 2 * STEP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 220}" height="{y}" '
            f'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(out) + "\n</svg>\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    rows = read(folder)
    if not rows:
        sys.exit(f"bench: nothing was measured yet, there is no {folder}/*.tsv")
    env = environment()
    table = text(rows, env)
    (folder / "table.txt").write_text(table)
    (folder / "table.json").write_text(json.dumps({"environment": env, "rows": rows}, indent=1) + "\n")
    (folder / "table.svg").write_text(picture(rows, env))
    print(table, end="")


if __name__ == "__main__":
    main()
