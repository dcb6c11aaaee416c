# SPDX-License-Identifier: GPL-2.0
# What the benchmarks of the tools share. Sourced; sets $top, $cdmtop, $cdmtrace, $work.
# shellcheck shell=bash disable=SC2034
#
# A machine is never quite idle: contenders take turns for several rounds, figures
# are medians, and ratios are medians of the ratios of each round.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cdmtop=$top/tools/cdmtop/cdmtop
cdmtrace=$top/tools/cdmtrace/cdmtrace
source "$top/tests/bench/rows.sh"
work=$(mktemp -d -p /dev/shm cdm-bench.XXXXXX)
trap 'at_exit; rm -rf "$work"' EXIT
at_exit() { :; }

# compile NAME [ARGUMENT...]: tests/bench/NAME.c, to $work/NAME
compile() {
	local name=$1
	shift
	"${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Werror -D_GNU_SOURCE \
		-I"$top/tools/lib" -I"$top/tools/include" -o "$work/$name" \
		"$top/tests/bench/$name.c" "$@"
}

libcdm() { echo "$top/build/lib/libcdm.a" -lbpf -lelf -lz -lcap -lm; }

# Tracepoints by name, without leaving anything mounted.
with_tracefs() {
	[[ -z ${CDM_BENCH_MOUNTS:-} ]] || {
		mountpoint -q /sys/kernel/tracing ||
			mount -t tracefs tracefs /sys/kernel/tracing 2> /dev/null || true
		return 0
	}
	# In a chroot there may be no such thing: then without.
	unshare --mount true 2> /dev/null || return 0
	rm -rf "$work"
	CDM_BENCH_MOUNTS=1 exec unshare --mount "$0" "$@"
}

have() { command -v "$1" > /dev/null; }

# Not %d: mawk ends at 2^31, two seconds.
cpu_ns() { awk '{ ns += $1 } END { printf "%.0f\n", ns }' /proc/"$1"/task/*/schedstat; }

# A contender that does not come to rest, or to its end, is not waited for any longer.
limit_s=60

# settle PID: waits until it takes less than a twentieth of a CPU
settle() {
	local before after end=$((SECONDS + limit_s))
	after=$(cpu_ns "$1")
	while before=$after; sleep 0.3; after=$(cpu_ns "$1"); ((after - before > 15000000)); do
		((SECONDS < end)) || {
			echo "bench: $(ps -o args= -p "$1" | cut -c1-60) is busy for $limit_s s: its figures are of what it did until then" >&2
			return
		}
	done
}

# interrupt PID: a child ends as by Ctrl-C
interrupt() {
	local end=$((SECONDS + limit_s))
	kill -INT "$1"
	while kill -0 "$1" 2> /dev/null; do
		((SECONDS < end)) || {
			echo "bench: $(ps -o args= -p "$1" | cut -c1-60) does not end $limit_s s after SIGINT: it is killed, what it had not written is lost" >&2
			kill -KILL "$1"
			break
		}
		sleep 0.1
	done
	wait "$1" || true
}

# note NAME CONTENDER VALUE: one value a round
note() { echo "$3" >> "$work/$1@$2"; }

middle() { sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# median NAME CONTENDER
median() { middle < "$work/$1@$2"; }

# spread NAME CONTENDER: from the least to the most of all rounds, % of the median
spread() {
	sort -g "$work/$1@$2" | awk -v middle="$(median "$1" "$2")" 'NR == 1 { least = $1 }
		END { if (NR > 1 && middle > 0) print ($1 - least) / middle * 100; else print "-" }'
}

# ratio NAME CONTENDER BASE: how many times that of BASE
ratio() { paste "$work/$1@$2" "$work/$1@$3" | awk '$2 { print $1 / $2 }' | middle; }

# record_rounds WHAT UNIT NAME BASE CONTENDER...: what was noted by that name, as rows;
# BASE is "-" if there is nothing to compare
record_rounds() {
	local what=$1 unit=$2 name=$3 base=$4 who times=-
	shift 4
	for who in "$@"; do
		[[ -e $work/$name@$who ]] || continue
		[[ $base == - ]] || times=$(ratio "$name" "$who" "$base")
		record "$what" "$unit" "$who" "$(median "$name" "$who")" "$(spread "$name" "$who")" "$base" "$times"
	done
}
