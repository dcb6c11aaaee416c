#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A real Prometheus scrapes what cdmtop writes, in both formats, and is asked for every
# sample; the file is read by a parser of this test's own. Prints TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
cdmtop=$project/tools/cdmtop/cdmtop
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; wait 2> /dev/null; rm -rf "$work"' EXIT
source "$project/tests/tap.sh"

if ! command -v prometheus > /dev/null || ! command -v promtool > /dev/null; then
	echo "1..0 # SKIP prometheus is not installed"
	exit 4
fi

make -s -C "$project/tests/unit" all && "$project/build/tests/unit/mkrecording" "$work/a.cdm" || exit 1
"$cdmtop" -r "$work/a.cdm" --format openmetrics > "$work/cdm.om"
result $? "cdmtop --format openmetrics"
"$cdmtop" -r "$work/a.cdm" --textfile "$work/cdm.prom"
result $? "cdmtop --textfile"
said=$(promtool check metrics < "$work/cdm.prom" 2>&1)
result $? "promtool finds nothing to complain about" "$said"

python3 "$project/tests/cli/prometheus-serve.py" "$work/cdm.om" "$work/cdm.prom" > "$work/port" &
pids+=($!)
until [[ -s $work/port ]]; do sleep 0.1; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$work/prometheus.yml" << YAML
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
$(for file in cdm.om cdm.prom; do
	printf '  - { job_name: %s, metrics_path: /%s, static_configs: [ targets: [ "127.0.0.1:%d" ] ] }\n' \
		$file $file "$(< "$work/port")"; done)
YAML
said=$(promtool check config "$work/prometheus.yml" 2>&1) || result 1 "the configuration" "$said"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
	--web.listen-address="127.0.0.1:$port" > "$work/prometheus.log" 2>&1 &
pids+=($!)

cat > "$work/ask.py" << PY
import json, re, time, urllib.error, urllib.parse, urllib.request
def ask(what):
    with urllib.request.urlopen("http://127.0.0.1:$port/api/v1/" + what) as answer:
        return json.load(answer)["data"]
def targets():
    try:
        return {t["labels"]["job"]: t for t in ask("targets")["activeTargets"]}
    except urllib.error.URLError:
        return {}
def in_file(name):
    """{(metric, labels): value}, by regular expressions."""
    samples = {}
    for line in open(name, encoding="utf-8"):
        found = re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)\n', line)
        if line.startswith("#") or not found:
            assert line.startswith("#"), line
            continue
        labels = {k: re.sub(r'\\\\(.)', lambda m: {"n": "\n"}.get(m[1], m[1]), v)
                  for k, v in re.findall(r'(\w+)="((?:[^"\\\\]|\\\\.)*)"', found[2] or "")}
        samples[found[1], frozenset(labels.items())] = float(found[3])
    return samples
def in_prometheus(job):
    got = ask("query?" + urllib.parse.urlencode({"query": '{job="%s", __name__=~"cdm_.*"}' % job}))
    samples = {}
    for sample in got["result"]:
        labels = {k: v for k, v in sample["metric"].items() if k not in ("__name__", "job", "instance")}
        samples[sample["metric"]["__name__"], frozenset(labels.items())] = float(sample["value"][1])
    return samples
PY
check "Prometheus scrapes both" << 'PY'
from ask import *
for i in range(150):
    jobs = targets()
    if {t["health"] for t in jobs.values()} == {"up"}:
        break
    time.sleep(0.2)
for job in "cdm.om", "cdm.prom":
    if job not in jobs or jobs[job]["health"] != "up":
        print(job, jobs.get(job, {}).get("lastError", "no target: " + open("prometheus.log").read()[-500:]))
PY
for file in cdm.om cdm.prom; do
	check "it has every sample of $file, with its labels and value, and no other" $file << 'PY'
import sys
from ask import *
wanted, got = in_file(sys.argv[1]), in_prometheus(sys.argv[1])
assert len(wanted) > 20, "there is hardly anything to compare"
for key in sorted(set(wanted) | set(got), key=str):
    if wanted.get(key) != got.get(key):
        print(key, "wanted", wanted.get(key), "got", got.get(key))
PY
done
check "both formats say the same" << 'PY'
from ask import *
a, b = in_file("cdm.om"), in_file("cdm.prom")
assert a == b, set(a.items()) ^ set(b.items())
PY
check "it knows what is a counter, a gauge, and the help" << 'PY'
from ask import *
metadata = {job: {} for job in ("cdm.om", "cdm.prom")}
for entry in ask("targets/metadata?" + urllib.parse.urlencode({"match_target": '{job=~"cdm.*"}'})):
    if entry["metric"].startswith("cdm_"):
        metadata[entry["target"]["job"]][entry["metric"]] = (entry["type"], entry["help"], entry["unit"])
for job, known in metadata.items():
    for (name, labels) in in_file(job):
        base = name[:-6] if job == "cdm.om" and name.endswith("_total") else name
        kind, text, unit = known.get(base, ("nothing", "", ""))
        if kind != ("counter" if name.endswith("_total") else "gauge") or not text:
            print(job, name, kind, text)
        if job == "cdm.om" and re.search("_(bytes|seconds|ratio|pages)$", base) and not base.endswith(unit or "?"):
            print(job, name, "unit", unit)
PY

finish
