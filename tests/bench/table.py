#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""All that benchmarks have measured, build/bench/*.tsv, as one table.

table.py FOLDER    prints it and writes table.txt, table.json (with the environment) and
                   table.svg there
"""
import json
import os
import platform
import re
import subprocess
import sys
import time
from html import escape
from pathlib import Path

FIELDS = ("what", "unit", "who", "value", "spread_percent", "against", "times")
PEERS = {"bpftrace": "bpftrace --version", "perf": "perf --version", "trace-cmd": "trace-cmd --version",
         "top": "top -V", "htop": "htop --version", "qemu": "qemu-system-x86_64 --version", "gcc": "gcc --version"}


def number(text):
    return None if text in ("", "-") else float(text)


def read(folder):
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(path.stat().st_mtime))
        for line in path.read_text().splitlines():
            row = dict(zip(FIELDS, line.split("\t"), strict=True))
            for name in ("value", "spread_percent", "times"):
                row[name] = number(row[name])
            row["against"] = None if row["against"] == "-" else row["against"]
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


def text(rows, env):
    lines = [f"{env['processor']}, {env['processors']} processors, Linux {env['kernel']}, "
             f"load {env['load_average']:.1f}; commit {env['commit']}", ""]
    wide = max((len(row["who"]) for row in rows), default=0)
    for (benchmark, what, unit), group in groups(rows).items():
        lines.append(f"{what}, {unit} ({benchmark}, {group[0]['measured']})")
        for row in group:
            line = f"  {row['who']:<{wide}} {short(row['value']):>12}"
            line += "        " if row["spread_percent"] is None else f" ±{row['spread_percent'] / 2:5.1f}%"
            if row["times"] is not None:
                line += f"  {row['times']:8.3f} times {row['against']}"
            lines.append(line.rstrip())
        lines.append("")
    return "\n".join(lines)


def picture(rows, env):
    """A bar for each value; within a group they are to scale."""
    left, width, step, y = 260, 400, 18, 40
    out = [f'<text x="10" y="20" font-weight="bold">{escape(str(env["processor"]))}, Linux {escape(env["kernel"])}</text>']
    for (_, what, unit), group in groups(rows).items():
        out.append(f'<text x="10" y="{y}" font-weight="bold">{escape(what)}, {escape(unit)}</text>')
        most = max(row["value"] or 0 for row in group) or 1
        for row in group:
            y += step
            length = width * (row["value"] or 0) / most
            ours = row["who"].startswith(("cdm", "series", "/dev/cdm", "HOST"))
            out.append(f'<text x="{left - 8}" y="{y}" text-anchor="end">{escape(row["who"])}</text>'
                       f'<rect x="{left}" y="{y - 11}" width="{max(length, 1):.1f}" height="13" '
                       f'fill="{"#3465a4" if ours else "#babdb6"}"/>'
                       f'<text x="{left + length + 6:.1f}" y="{y}">{short(row["value"])}</text>')
        y += 2 * step
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 100}" height="{y}" '
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
