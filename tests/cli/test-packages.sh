#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The package of the tools, its service, and what is for Prometheus and Grafana. What comes of
# it on a machine is in tests/packages.sh. Prints TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"

# --- Prometheus and Grafana: each figure is one that cdmtop gives ---
make -s -C "$project/tests/unit" all && "$project/build/tests/unit/mkrecording" "$work/a.cdm" &&
	"$project/tests/fuzz/make-recording.py" "$work/b.cdm" 307 stats > /dev/null || exit 1
for recording in a b; do
	"$project/tools/cdmtop/cdmtop" -r "$work/$recording.cdm" --format prometheus 2> /dev/null |
		sed -nE 's/^(cdm_[a-z0-9_]+)[{ ].*/\1/p'
done | sort -u > "$work/metrics"
metrics() { grep -oE '\bcdm_[a-z0-9_]+\b' "$@" | sort -u; }
rules=$project/packaging/prometheus/cdm.rules.yml
is "metrics of the rules are there" "" "$(metrics "$rules" | comm -23 - "$work/metrics" |
	grep -vxFf <(sed -nE 's/.*record: [a-z_]+:([a-z_]+):.*/\1/p' "$rules"))"
check "the dashboard is one" "$project/packaging/grafana/cdm.json" << 'PY'
import json, sys
board = json.load(open(sys.argv[1]))
assert board["title"] and board["uid"] and board["schemaVersion"] >= 36
variables = {v["name"]: v["type"] for v in board["templating"]["list"]}
assert variables == {"datasource": "datasource", "instance": "query"}, variables
panels, taken = board["panels"], set()
assert len({p["id"] for p in panels}) == len(panels) > 5
for p in panels:
    assert p["type"] in ("timeseries", "stat", "table") and p["title"], p
    g = p["gridPos"]
    cells = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
    assert g["x"] + g["w"] <= 24 and not cells & taken, (p["title"], "lies over another")
    taken |= cells
    assert len({t["refId"] for t in p["targets"]}) == len(p["targets"]) > 0
    for t in p["targets"]:
        assert t["datasource"] == p["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert 'instance=~"$instance"' in t["expr"], t
# Its queries as rules, for promtool
with open("queries.yml", "w") as out:
    json.dump({"groups": [{"name": "board", "rules": [
        {"record": "q", "labels": {"n": "%d%s" % (p["id"], t["refId"])}, "expr":
         t["expr"].replace("$__rate_interval", "5m").replace("$__range", "1h").replace("$instance", ".*")}
        for p in panels for t in p["targets"]]}]}, out)
PY
is "... of metrics that are there" "" "$(metrics "$work/queries.yml" | comm -23 - "$work/metrics")"
if command -v promtool > /dev/null; then
	for file in "$rules" "$work/queries.yml"; do
		said=$(promtool check rules "$file" 2>&1)
		result $? "promtool takes ${file##*/}" "$said"
	done
	said=$(promtool test rules "$project/tests/data/cdm.rules.test.yml" 2>&1)
	result $? "rules speak when they should, and only then" "$said"
else
	skip "promtool" "prometheus is not installed"
fi

# --- the package ---
if ! "$project/scripts/deps.sh" --check tools deb 2> /dev/null; then
	skip "the package" "packages are missing: make deb"
	finish
	exit
fi
deb=$("$project/scripts/deb.sh" 2> "$work/said")
result $? "make deb" "$(< "$work/said")"
[[ -n $deb ]] || { finish; exit; }
root=$work/root
dpkg-deb -x "$deb" "$root"
if command -v lintian > /dev/null; then
	is "lintian has nothing to say" "" "$(lintian --fail-on none "${deb%_*}"_*.changes 2> /dev/null)"
else
	skip "lintian" "not installed"
fi
version=$(dpkg-deb -f "$deb" Version)
is "its version is that of the tools" "cdmtop $version" "$("$root/usr/bin/cdmtop" --version)"
is "... and the newest of the news" "$version" "$(sed -n 's/^## \(.*\), .*/\1/p' "$project/NEWS.md" | head -1)"
like "... and the newest of its changelog" "^cdm-tools \\($version\\)" \
	"$(zcat "$root/usr/share/doc/cdm-tools/changelog.gz" | head -1)"
make -s -C "$project" install DESTDIR="$work/made" PREFIX=/usr
is "it has all that make install has" "" "$(cd "$work/made" && find . -type f | while read -r file; do
	[[ -e $root/$file || -e $root/$file.gz ]] || echo "$file"; done)"
is "programs and libraries that it needs are of Debian 12 and 13" "" \
	"$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' |
		grep -vxE 'libbpf1|libc6|libcap2|libdw1(t64)?|libelf1(t64)?|libncursesw6|libtinfo6|zlib1g')"

unit=$(find "$root" -name cdm-exporter.service)
if command -v systemd-analyze > /dev/null; then
	sed "s,/usr/bin/cdm,$root&," "$unit" > "$work/cdm-exporter.service"
	is "systemd takes the service" "" "$(systemd-analyze verify --man=no "$work/cdm-exporter.service" 2>&1)"
	said=$(systemd-analyze security --offline=true --threshold=20 "$unit" 2>&1)
	result $? "... and calls it protected: $(sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p' <<< "$said")" "$said"
else
	skip "the service" "systemd is not installed"
fi
read -r -a start < <(sed -n 's,^ExecStart=/usr/bin/,,p' "$unit")
said=$("$root/usr/bin/${start[0]}" "${start[@]:1}" --help 2>&1)
result $? "cdmtop takes the service's options" "$said"
finish
