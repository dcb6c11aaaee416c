#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The package's service as systemd runs it, in a container of a Debian that has it, while
# memory moves; the node exporter serves what it writes, and Prometheus scrapes that. TAP.
# Usage: guest-exporter.sh ROOT SECONDS
set -uo pipefail
root=$1 seconds=$2
work=$(mktemp -d)
source "$(dirname "$0")/guest-lib.sh"
packaging=$top/packaging/prometheus

container=$work/container
mkdir "$work/upper" "$work/work" "$container"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" "$container" || exit
# It is to have what the kernel gives a machine's first systemd.
systemd-nspawn -q -D "$container" -b --register=no --keep-unit --capability=all \
	--system-call-filter='bpf perf_event_open' --resolv-conf=off --timezone=off \
	> "$work/console" 2>&1 < /dev/null &
nspawn=$!
on_failure() { tail -20 "$work/console" "$work/prometheus.log"; }
start_worker one job
ask one map 4000 > /dev/null
ask one in 0 0 3000 > /dev/null

cat > "$work/prometheus.yml" << YAML
global: { scrape_interval: 5s, evaluation_interval: 5s }
rule_files: [ "$packaging/cdm.rules.yml" ]
scrape_configs: [ { job_name: node, static_configs: [ targets: [ "127.0.0.1:9100" ] ] } ]
YAML
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
	--web.listen-address=127.0.0.1:9090 > "$work/prometheus.log" 2>&1 &
prometheus=$!
# query EXPRESSION: its values
query() {
	"$python" - "$1" << 'PY'
import json, sys, urllib.parse, urllib.request
address = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": sys.argv[1]})
try:
    with urllib.request.urlopen(address) as answer:
        print(*(r["value"][1] for r in json.load(answer)["data"]["result"]))
except OSError:
    pass
PY
}
comes_to() {	# EXPRESSION VALUE
	[[ $(query "$1") == "$2" ]]
}
seen() {	# NAME EXPRESSION VALUE
	until_true 120 comes_to "$2" "$3"
	is "$1" "$3" "$(query "$2")"
}
seen "Prometheus has what is used of the device" 'cdm_device_used_bytes{device="cdm0"}' "$(used cdm0)"
is "... which is what was moved" $((3000 * 4096)) "$(used cdm0)"
ask one out 0 0 1000 > /dev/null
ask one in 0 3000 500 > /dev/null
seen "... and goes on" 'cdm_device_used_bytes{device="cdm0"}' $((2500 * 4096))
seen "pages that moved since are counted: in" 'cdm_device_in_pages_total{device="cdm0"}' 500
seen "... and out" 'cdm_device_out_pages_total{device="cdm0"}' 1000
seen "the rules work on it" 'floor(device:cdm_device_used:ratio * 1e4)' $((2500 * 4096 * 10000 / (64 << 20)))

start=$SECONDS
while ((SECONDS < start + seconds)); do
	ask one in 0 0 1000 > /dev/null
	sleep 1
	ask one out 0 0 1000 > /dev/null
done
is "it was scraped all the time, for $seconds s" 1 "$(query "min_over_time(up[${seconds}s])")"
is "... each time with figures of the last minute" 1 \
	"$(query "max_over_time((time() - node_textfile_mtime_seconds)[${seconds}s:5s]) < bool 60")"
is "nothing was lost" 0 "$(query 'sum(cdm_events_lost_total)')"
is "no alert" "" "$(query 'ALERTS{alertstate="firing"}')"

service=$(pgrep -f '^/usr/bin/cdmtop --textfile')
is "it has no more rights than it was given" "$(printf '%016x' $((1 << 38 | 1 << 39 | 1 << 19 | 1 << 2)))" \
	"$(awk '/^CapBnd/ { print $2 }' "/proc/$service/status")"
is "... and gets no new ones" 1 "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$service/status")"
is "it can write nowhere else" "" "$(nsenter -t "$service" -m -- sh -c 'for folder in / /etc /usr /var /home /root; do
	touch $folder/x 2> /dev/null && echo $folder; done; echo 1 2> /dev/null > /proc/sys/vm/swappiness && echo /proc/sys')"
kill -TERM "$service"
until_true 60 test ! -e "$container/var/lib/prometheus/node-exporter/cdm.prom"
is "what is old goes with it" 0 $?

kill $prometheus
kill $nspawn
wait $nspawn $prometheus 2> /dev/null
end_workers
finish
