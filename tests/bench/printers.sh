#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Recordings printed: cdmtrace, every format, on two million events; perf script on
# page faults that perf recorded. CPU time and events a second of it, start-up included.
#
#   tests/bench/printers.sh [EVENTS [ROUNDS]]
source "$(dirname "$0")/lib.sh"
with_tracefs "$@"
events=${1:-2000000} rounds=${2:-5}
perf_events=$((events / 20))
# shellcheck disable=SC2046
compile mkevents $(libcdm)
compile faults

# measure NAME EVENTS COMMAND...
measure() {
	local name=$1 n=$2 TIMEFORMAT='%3U %3S'
	shift 2
	note print "$name" "$({ time "$@" > /dev/null 2> "$work/log"; } 2>&1 |
		awk -v n="$n" '{ print ($1 + $2) * 1e9 / n }')"
}

names=()
for kind in pagefault migrate; do
	"$work/mkevents" "$kind" "$events" "$work/$kind.cdm"
	names+=("$kind-ndjson" "$kind-csv" "$kind-text" "$kind-binary")
done
if have perf && perf record -q -o "$work/perf" -e exceptions:page_fault_user \
	"$work/faults" "$perf_events" > /dev/null 2>&1; then
	names+=(perf-script)
fi

for ((round = 0; round < rounds; round++)); do
	for name in "${names[@]}"; do
		recording=$work/${name%-*}.cdm
		case $name in
		perf-script) measure "$name" "$perf_events" perf script -i "$work/perf" ;;
		*-binary) measure "$name" "$events" "$cdmtrace" -r "$recording" -w - ;;
		*) measure "$name" "$events" "$cdmtrace" -r "$recording" --format "${name#*-}" ;;
		esac
	done
done

echo "$events events a recording ($perf_events with perf), medians of $rounds rounds"
printf '%-18s %8s %12s %22s\n' '' 'CPU ns' 'a CPU s' 'times pagefault-ndjson'
for name in "${names[@]}"; do
	awk -v name="$name" -v ns="$(median print "$name")" \
		-v times="$(ratio print "$name" pagefault-ndjson)" \
		'BEGIN { printf "%-18s %8d %12d %22.1f\n", name, ns, 1e9 / ns, times }'
done

rows printers
record_rounds "an event of a recording printed" "ns of CPU" print pagefault-ndjson "${names[@]}"
