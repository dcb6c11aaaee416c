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
# Times of migrations and waits, in all views, at the refresh for which the truth is known.
"$project/tests/fuzz/make-recording.py" "$work/b.cdm" 307 stats > "$work/truth.json"
"$cdmtop" -r "$work/b.cdm" --format openmetrics --histograms proc,cgroup,device -n 2 \
	> "$work/times.om" 2> "$work/err"
result $? "histograms of all views" "$(< "$work/err")"
"$cdmtop" -r "$work/b.cdm" --format csv --view device -F name,p50,p99 -n 2 > "$work/times.csv" 2> "$work/err"
said=$("$cdmtop" -r "$work/b.cdm" --format prometheus 2>&1 > "$work/times.prom"; promtool check metrics < "$work/times.prom" 2>&1)
result $? "promtool finds nothing wrong with histograms" "$said"

python3 "$project/tests/cli/prometheus-serve.py" "$work"/{cdm.om,cdm.prom,times.om} > "$work/port" &
pids+=($!)
until [[ -s $work/port ]]; do sleep 0.1; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$work/prometheus.yml" << YAML
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
$(for file in cdm.om cdm.prom times.om; do
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
for job in "cdm.om", "cdm.prom", "times.om":
    if job not in jobs or jobs[job]["health"] != "up":
        print(job, jobs.get(job, {}).get("lastError", "no target: " + open("prometheus.log").read()[-500:]))
PY
for file in cdm.om cdm.prom times.om; do
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
metadata = {job: {} for job in ("cdm.om", "cdm.prom", "times.om")}
for entry in ask("targets/metadata?" + urllib.parse.urlencode({"match_target": '{job=~".*om"}'})):
    if re.match("cdm(_|$)", entry["metric"]):
        metadata[entry["target"]["job"]][entry["metric"]] = (entry["type"], entry["help"], entry["unit"])
for job, known in metadata.items():
    for (name, labels) in in_file(job):
        om = job.endswith(".om")
        base = re.sub("_seconds_(bucket|sum|count)$", "_seconds", name)
        wanted = "histogram" if base != name else "counter" if name.endswith("_total") else "gauge"
        if om and wanted == "counter":
            base = name[:-6]
        elif om and name == "cdm_info":
            base, wanted = "cdm", "info"
        kind, text, unit = known.get(base, ("nothing", "", ""))
        if kind != wanted or not text:
            print(job, name, kind, text)
        if om and re.search("_(bytes|seconds|ratio|pages)$", base) and not base.endswith(unit or "?"):
            print(job, name, "unit", unit)
PY
check "histograms are those of the truth" << 'PY'
from ask import *
truth, got = json.load(open("truth.json")), in_file("times.om")
def times(view, name, **labels):
    """Buckets by bound, sum and count, of the one series with these labels."""
    base = "cdm_%s_%s_seconds" % (view, name)
    mine = {n: {} for n in ("_bucket", "_sum", "_count")}
    for (metric, having), value in got.items():
        having = dict(having)
        le = having.pop("le", None)
        if metric.startswith(base) and having == labels:
            mine[metric[len(base):]][le] = value
    return mine["_bucket"], mine["_sum"][None], mine["_count"][None]
def compare(ns, buckets, total, count):
    assert count == len(ns) == buckets["+Inf"], (count, len(ns))
    assert abs(total - sum(ns) / 1e9) < 1e-9, (total, sum(ns))
    bounds = sorted((b for b in buckets if b != "+Inf"), key=float)
    assert [round(float(b) * 1e9) for b in bounds] == [2 ** n for n in range(9, 36)], bounds
    for b in bounds:
        assert buckets[b] == sum(n < round(float(b) * 1e9) for n in ns), (b, buckets[b])
for device in "cdm0", "cdm1":
    for i, way in enumerate(("in", "out")):
        ns = [t["ns"] for t in truth["migrate"] if (t["device"], t["dir"]) == (device, i)]
        assert len(ns) > 30
        compare(ns, *times("device", "migration", device=device, dir=way))
assert len(truth["waits"]) > 5
compare(truth["waits"], *times("device", "fault_wait", device="cdm0"))
compare([], *times("device", "fault_wait", device="cdm1"))
PY
check "histogram_quantile() says what cdmtop does" << 'PY'
from ask import *
import csv
rows = list(csv.DictReader(open("times.csv", newline="")))[-2:]
for row in rows:
    for key, share in ("p50_ns", 0.5), ("p99_ns", 0.99):
        query = 'histogram_quantile(%g, sum by (le) (cdm_device_migration_seconds_bucket{job="times.om", device="%s"}))'
        got = ask("query?" + urllib.parse.urlencode({"query": query % (share, row["name"])}))["result"]
        seconds = float(got[0]["value"][1])
        if abs(seconds * 1e9 - int(row[key])) > 2 or seconds < 1e-4:
            print(row, key, seconds)
PY

finish
