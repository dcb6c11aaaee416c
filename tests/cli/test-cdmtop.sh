#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cdmtop on recordings: needs neither privilege nor the series. Prints TAP.

project=$(cd "$(dirname "$0")/../.." && pwd)
cdmtop=${CDMTOP:-$project/tools/cdmtop/cdmtop}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
export TZ=UTC LC_ALL=C.UTF-8

# fails TEXT STATUS REGEX ARGUMENT...
fails() {
	local text=$1 status=$2 regex=$3 said got
	shift 3
	said=$("$cdmtop" "$@" 2>&1 > /dev/null < /dev/null)
	got=$?
	if [[ $got == "$status" && $said =~ $regex ]]; then
		ok "$text"
	else
		not_ok "$text" "wanted status $status and /$regex/, got $got and '$said'"
	fi
}

make -s -C "$project/tests/unit" all || exit 1
"$project/build/tests/unit/mkrecording" "$work/small.cdm" || exit 1
"$project/build/tests/unit/mkrecording" "$work/again.cdm" || exit 1
is "the recording is the same every time" "" "$(cmp "$work"/{small,again}.cdm)"

top() { "$cdmtop" -b -r "$work/small.cdm" "$@"; }

is "processes" "\
cdmtop 22:13:49  interval 1.0s  in 408K/s  out 208K/s  lost 0  cost 0.6%
    PID USER     COMM            CGROUP        CDM    RSS  %CDM   IN/s  OUT/s FAIL/s WHY          P99  CPU%
   1420 1000     python3         ml          39.1M    96M  40.7      0      0      0 -              -  99.8
   1412 107      redis-server    db           5.7M   220M   2.6   400K   200K    28K pinned     522us  30.5
   1433 1000     stress-ng       stress          0    32M   0.0     8K     8K      0 -          522us   125" \
	"$(top | tail -5)"
is "what goes to and fro, if it is asked for" $'PP/s\n0\n0\n4K' "$(top -F pp | tail -4 | tr -d ' ')"
is "CPU time is a percentage in all formats" "99.800|0.998" \
	"$(top --format csv -F pid,cpu | tail -3 | sed -n 's/.*,1420,//p')|$(top --format openmetrics -F pid,comm,cpu | sed -n 's/^cdm_process_cpu_ratio{pid="1420".* //p')"
is "in order" "1433 1420 1412" "$(top -F pid -s cpu | tail -3 | xargs)"
is "not known in a recording without" "-" "$(top -F cpu -r "$project/tests/data/demo.cdm" | tail -1 | tr -d ' ')"
is "cgroups" "\
CGROUP                   CHARGED    CDM  %CDM  LIMIT   IN/s  OUT/s FAIL/s WHY
/                           360M  44.7M  12.4    max   408K   208K    28K pinned
/db                         224M   5.7M   2.5   512M   400K   200K    28K pinned
/ml                         100M  39.1M  39.1   512M      0      0      0 -
/stress                      36M      0   0.0   512M     8K     8K      0 -" \
	"$(top --view cgroup | tail -5)"
is "devices, one of them hung" "\
DEVICE  STATE      SIZE   USED  %USE   IN/s  OUT/s    P99 FAIL/s HOLDERS
cdm0    online     256M   5.7M   2.2   408K   208K  522us    28K 1412
cdm1    hung       256M  39.1M  15.3      0      0      -      0 1420" \
	"$(top --view device | tail -3)"
is "the first refresh has no rates" "-" \
	"$(top -F in -p 1412 1 1 | tail -1 | tr -d ' ')"
is "columns, sort, reverse, rows" $'PID DEVICES\n1412 cdm0:5.7M' \
	"$(top -F pid,dev -s rss --rows 1 | tail -2 | sed 's/^ *//')"
is "the other way round" 1433 "$(top -F pid -s rss -R --rows 1 | tail -1 | tr -d ' ')"
is "filter" "python3" "$(top -F comm --filter PYTH | tail -1)"
is "a pid" 1412 "$(top -F pid -p 1412 | tail -1 | tr -d ' ')"
is "a cgroup" 1420 "$(top -F pid -c /ml/ | tail -1 | tr -d ' ')"
is "a device" 1412 "$(top -F pid -D cdm0 | tail -1 | tr -d ' ')"
is "count" 3 "$(top 1 3 | grep -c ^cdmtop)"

# What redis-server did, told by the generator: 29 times 100 pages in, 50 out.
top -j > "$work/out.ndjson"
is "NDJSON: sums over all refreshes" "2900 1450 203 5939200 30" "$(python3 - "$work/out.ndjson" <<- 'END'
	import json, sys
	rows = [json.loads(line) for line in open(sys.argv[1])]
	assert rows[0]["type"] == "meta" and rows[0]["schema"] == 2
	redis = [r for r in rows if r.get("pid") == 1412]
	total = lambda key: round(sum(r[key] or 0 for r in redis))
	print(total("in_pages_per_second"), total("out_pages_per_second"),
	      total("fail_pages_per_second"), redis[-1]["cdm_bytes"],
	      sum(r["type"] == "end" for r in rows))
	assert redis[0]["in_pages_per_second"] is None
	END
)"
top -j -F pid,fail,skip,why > "$work/skip.ndjson"
is "holes are skipped, no failures and no reason" "0 240 {None}" "$(python3 - "$work/skip.ndjson" <<- 'END'
	import json, sys
	python = [r for r in map(json.loads, open(sys.argv[1])) if r.get("pid") == 1420]
	total = lambda key: round(sum(r[key] or 0 for r in python))
	print(total("fail_pages_per_second"), total("skip_pages_per_second"), {r["why"] for r in python})
	END
)"
is "CSV: the same bytes, read by another program" "1412 5939200 pinned" "$(top --format csv |
	python3 -c '
import csv, sys
rows = [r for r in csv.DictReader(sys.stdin) if r["comm"] == "redis-server"]
print(rows[-1]["pid"], rows[-1]["cdm_bytes"], rows[-1]["why"])')"
is "CSV: the last field has nothing behind it for cut and awk" "why" "$(top --format csv -F pid,why |
	awk -F, 'NR == 1 { print $NF } /\r/ { print "\\r" }')"

top --format openmetrics > "$work/out.om"
is "OpenMetrics: totals" "2900" \
	"$(sed -n 's/^cdm_process_in_pages_total{pid="1412".*} //p' "$work/out.om")"
is "OpenMetrics: why pages stayed" "203 240" "$(sed -n 's/^cdm_failed_pages_total{device="cdm0",reason="pinned"} //p
	s/^cdm_skipped_pages_total{device="cdm1",reason="unmapped"} //p' "$work/out.om" | xargs)"
is "OpenMetrics: holes are no failure" "" "$(grep 'failed_pages.*unmapped' "$work/out.om")"
is "OpenMetrics ends with EOF" "# EOF" "$(tail -1 "$work/out.om")"
is "OpenMetrics: counters are described without _total" "" \
	"$(grep '^# TYPE.*_total' "$work/out.om")"
if command -v promtool > /dev/null; then
	is "promtool accepts the metrics" "0:" \
		"$(said=$(top --format prometheus | promtool check metrics 2>&1); echo "$?:$said")"
else
	skip "promtool accepts the metrics" "no promtool"
fi

# A stream of metrics is one exposition: a second one would be refused.
top --format openmetrics -n 3 > "$work/3.om" 2> "$work/err"
is "of several refreshes in OpenMetrics the last one" "0 1 1 0" "$? $(grep -c '^# EOF' "$work/3.om") \
$(grep -c '^# HELP cdm_process_cdm_bytes ' "$work/3.om") $(sort "$work/3.om" | grep '^# ' | uniq -d | wc -l)"
is "which is said" "cdmtop: of 3 refreshes the last one is printed, readers of metrics take one; \
--textfile has each of them" "$(< "$work/err")"
is "the third it is" 200 "$(sed -n 's/^cdm_process_in_pages_total{pid="1412".*} //p' "$work/3.om")"
is "live, too" "1 1" "$("$cdmtop" --no-bpf --format openmetrics 0.1 3 2> /dev/null |
	grep -cE '^# (EOF|HELP cdm_info)' | xargs) $("$cdmtop" --no-bpf --format prometheus 0.1 3 \
	2> /dev/null | grep -c '^# HELP cdm_info')"
is "what is interrupted has one as well" "0 1" "$(timeout --preserve-status -s INT 1 "$cdmtop" --no-bpf \
	--format openmetrics 0.1 900 2> /dev/null > "$work/int.om"; echo "$? $(grep -c EOF "$work/int.om")")"

# How many series there are.
pids_of() { sed -nE 's/.*pid="([0-9]+)".*/\1/p' "$1" | sort -u | xargs; }
top --format openmetrics --top 2 > "$work/top.om"
is "--top: those with most device memory" "1412 1420" "$(pids_of "$work/top.om")"
is "and how many there are" "3 2" "$(sed -nE 's/^cdm_processes(_reported)? //p' "$work/top.om" | xargs)"
top --format openmetrics --top 1 -s rss -R > "$work/top.om"
is "--top: those that -s has first" 1433 "$(pids_of "$work/top.om")"
is "cgroups are all there" 4 "$(grep -c ^cdm_cgroup_charged_bytes{ "$work/top.om")"
"$project/build/tests/unit/mkrecording" "$work/many.cdm" 150
is "100 processes unless told otherwise" "100 153 100" "$("$cdmtop" -r "$work/many.cdm" --format \
	prometheus > "$work/top.om"; pids_of "$work/top.om" | wc -w) $(sed -nE \
	's/^cdm_processes(_reported)? //p' "$work/top.om" | xargs)"
is "or all" 153 "$("$cdmtop" -r "$work/many.cdm" --format prometheus --top all | grep -c ^cdm_process_rss_bytes)"
histograms() { top --format openmetrics "$@" | sed -n 's/^# TYPE \(.*\) histogram/\1/p' | xargs; }
is "histograms are of cgroups and devices" "cdm_cgroup_migration_seconds cdm_cgroup_fault_wait_seconds \
cdm_device_migration_seconds cdm_device_fault_wait_seconds" "$(histograms)"
is "or what is asked for" "cdm_process_migration_seconds cdm_process_fault_wait_seconds" \
	"$(histograms --histograms proc)"
is "or none" "" "$(histograms --histograms none)"
fails "--top is for metrics" 2 "are for metrics" -b --top 3
fails "--histograms of nothing" 2 "did you mean 'device'" --format openmetrics --histograms devices
is "a column that is asked for twice" 1 "$(top --format openmetrics --view proc -F cdm,cdm,pid |
	grep -c '^# HELP cdm_process_cdm')"

# Machines are told what people are: whether the times are real, and when a refresh was.
is "emulated, in CSV" "0" "$(top --format csv | cut -d, -f2 | tail -n +2 | sort -u)"
like "emulated, in OpenMetrics" '^cdm_info.*release="6.12.0-cdm",emulated="0". 1$' "$(grep ^cdm_info "$work/out.om")"
python3 - "$work/small.cdm" "$work/emulated.cdm" <<- 'END'
	import sys
	data = bytearray(open(sys.argv[1], "rb").read())
	data[52] = 1
	open(sys.argv[2], "wb").write(data)
END
is "if they are not" "1 1 true" "$("$cdmtop" -r "$work/emulated.cdm" --format csv | cut -d, -f2 |
	tail -n +2 | sort -u) $("$cdmtop" -r "$work/emulated.cdm" --format prometheus |
	grep -c '^cdm_info{.*emulated="1"} 1$') $("$cdmtop" -r "$work/emulated.cdm" -j |
	sed -n '1s/.*"emulated":\([a-z]*\),.*/\1/p')"
top --format csv > "$work/out.csv"
is "each row says when it was, and a refresh is one time" "30 30 1000000000" "$(python3 - \
	"$work/out.ndjson" "$work/out.csv" <<- 'END'
	import csv, json, sys
	rows = [json.loads(line) for line in open(sys.argv[1])][1:]
	times, at = [], set()
	for row in rows:	# a refresh is what comes before its "end"
	    at.add(row["time_ns"])
	    if row["type"] == "end":
	        assert len(at) == 1, at
	        times += at
	        at = set()
	assert times == sorted(set(times))
	table = [int(r["time_ns"]) for r in csv.DictReader(open(sys.argv[2], newline=""))]
	assert table == [r["time_ns"] for r in rows if r["type"] == "proc"]
	print(len(times), len(set(table)), times[1] - times[0])
	END
)"
"$cdmtop" -r "$work/small.cdm" --textfile "$work/cdm.prom" 1 30
is "a textfile is what --format prometheus says" "" \
	"$(diff "$work/cdm.prom" <(top --format prometheus 2>&1))"
mkdir "$work/theirs" && chown nobody "$work/theirs" 2> /dev/null && chmod 755 "$work" "$work/theirs"
"$cdmtop" -b --textfile "$work/theirs/cdm.prom" -w "$work/theirs/cdm.cdm" 0.1 2 > /dev/null 2> "$work/err"
is "root writes into a folder of someone else, a textfile and a recording" "0 cdm.cdm cdm.prom" \
	"$? $(ls "$work/theirs" | xargs)"
is "and nothing else is left" "" "$(ls "$work" | grep part)"

# Events: as cdmtrace prints them, one for one.
cdmtrace=${CDMTRACE:-$project/tools/cdmtrace/cdmtrace}
sum_of() { "$@" | grep -v '"type":"end"' | sed '1s/"tool":"[a-z]*"/"tool":""/' | md5sum; }
meta() { "$1" -j -r "$work/small.cdm" "${@:2}" | head -1 | sed "s/$(basename "$1")/TOOL/; s/\"view\":\"$view\"/VIEW/"; }
view=proc meta=$(meta "$cdmtop")
like "NDJSON says by what it was written, and of what it is" \
	'^."type":"meta","schema":2,"tool":"TOOL","version":"[0-9.]+",VIEW,"host":"example","kernel":"6.12.0-cdm","page_bytes":4096,"emulated":false,"wall_ns":1700000000000000000,"boot_ns":1000000000000,' "$meta"
for view in cgroup device events; do
	is "so it does in view $view" "$meta" "$(meta "$cdmtop" --view $view)"
done
if [ -x "$cdmtrace" ]; then
	is "cdmtrace says the same, of itself" "$meta" "$(meta "$cdmtrace")"
	for format in text ndjson csv; do
		is "events as $format" "$(sum_of "$cdmtrace" -r "$work/small.cdm" --format "$format")" \
			"$(sum_of top --view events --format "$format")"
	done
	is "events of a process" "$(sum_of "$cdmtrace" -r "$work/small.cdm" -p 1412)" \
		"$(sum_of top --view events -p 1412)"
	is "events of a cgroup" "$(sum_of "$cdmtrace" -r "$work/small.cdm" -c /ml)" \
		"$(sum_of top --view events -c ml)"
	is "events on a device" "$(sum_of "$cdmtrace" -r "$work/small.cdm" -D cdm1)" \
		"$(sum_of top --view events -D cdm1)"
	# A recording of events alone has no refresh.
	python3 - "$work/small.cdm" > "$work/events.cdm" <<- 'END'
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		at = struct.unpack_from("=I", data, 16)[0]
		out = data[:at]
		while at < len(data):
		    kind, _, size = struct.unpack_from("=HHI", data, at)
		    if kind < 64:
		        out += data[at:at + size]
		    at += size
		sys.stdout.buffer.write(out)
	END
	is "events without refreshes" "$(sum_of "$cdmtrace" -r "$work/events.cdm")" \
		"$(sum_of "$cdmtop" -b --view events -r "$work/events.cdm")"
else
	skip "events as cdmtrace prints them" "cdmtrace is not built"
fi
is "at most N events" 4 "$(top --view events --rows 3 | wc -l)"
is "events, filtered" "$(top --view events -j | grep -c '"pinned":')" \
	"$(top --view events --filter 'nothing|PINNED' -j | grep -c '"type":"migrate"')"
is "an end for each refresh" 30 "$(top --view events -j | grep -c '"type":"end"')"
fails "events of a process that is not in it" 1 "nothing of -p 99;" -b --view events \
	-r "$work/small.cdm" -p 99
like "events to a full disk" "No space left" "$(top --view events 2>&1 > /dev/full)"
fails "events are no metrics" 2 "no metrics" --view events --format openmetrics
fails "nor a textfile" 2 "no metrics" --view events --textfile "$work/x"
# Also for root: that there is no device is no matter of capabilities.
if [[ -e /sys/class/cdm ]]; then
	skip "a missing device is told once, as what it is" "there are devices"
else
	is "a missing device is told once, as what it is" 1 \
		"$("$cdmtop" --strict -F dev 0.1 1 -b 2>&1 | grep -icE 'no devices|/proc/iomem|by device')"
fi
fails "events without BPF" 1 "the source proc" -b --view events --no-bpf
fails "--no-bpf and a source that is BPF" 2 "is --source proc" --source fentry --no-bpf
fails "a recording by a source" 2 "says what was recorded" -r x --source proc
fails "a figure that files do not tell, --strict" 1 "the source proc" -b --strict -F in --source proc 1 1
is "a filter with alternatives" "redis-server stress-ng" \
	"$(echo $(top -F comm --filter 'redis|STRESS' 1 1 | tail -2 | sort))"

fails "--speed without -r" 2 "needs -r" --speed 2
fails "--speed with -b" 2 "at once" -b -r x --speed 2
fails "--speed and an interval" 2 "one of them" -r x --speed 2 1
fails "a negative speed" 2 "between" -r x --speed -1
fails "a speed that is no number" 2 "neither a number nor max" -r x --speed fast

# Who the users are is known only where it was recorded.
user_of() { "$cdmtop" -b -r "$1" -F user 1 1 2> /dev/null | tail -1; }
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I"$project/tools/lib" -o "$work/generate" \
	"$project"/tests/cli/ui-recording.c "$project"/build/lib/libcdm.a -lcap || exit 1
"$work/generate" "$work/here.cdm" 2 5 0
is "the unit of a process by its cgroup" "web.service" \
	"$("$cdmtop" -b -r "$work/here.cdm" -F unit -f redis-server 1 1 2> /dev/null | tail -1)"
is "a user by name" "$(id -nu 0)" "$(user_of "$work/here.cdm")"
python3 - "$work/here.cdm" "$work/there.cdm" <<- 'END'
	import sys
	data = bytearray(open(sys.argv[1], "rb").read())
	data[120:128] = b"another" + bytes(1)	# the header ends with the name of the host
	open(sys.argv[2], "wb").write(data)
END
is "a user of another machine" 0 "$(user_of "$work/there.cdm")"

# Where nothing can be told of events, none was seen to be lost.
like "without BPF: losses are not known" "  lost -" "$("$cdmtop" -b --no-bpf 0.1 1 2> /dev/null)"
like "nor as NDJSON" '"events_lost":null' "$("$cdmtop" -j --no-bpf 0.1 1 2> /dev/null)"

# Where there is nothing to tell of device memory, one sentence says why.
if [ ! -e /sys/class/cdm ] && ! grep -q RssDevHost /proc/self/status; then
	for arguments in "" "-j" "--view cgroup" "--view device"; do
		"$cdmtop" -b --no-bpf $arguments 0.1 1 > /dev/null 2> "$work/err"
		is "nothing to show: 1, ${arguments:-processes}" "1 1" "$? $(wc -l < "$work/err")"
	done
	like "and why" "RssDevHost" "$("$cdmtop" -b --no-bpf 0.1 1 2>&1 > /dev/null)"
	"$cdmtop" -b --no-bpf -F pid,rss 0.1 1 > /dev/null 2>&1
	is "what can be shown is" 0 $?
	"$cdmtop" --no-bpf --format openmetrics 1 1 > /dev/null 2>&1
	is "a scrape is answered" 0 $?
else
	skip "nothing to show" "this kernel has device memory"
fi

# A recording that could not start leaves what was there.
for arguments in "-c /no/such/cgroup" "-p 2147483646" "-D cdm99" "--textfile /no/such/dir"; do
	echo precious > "$work/kept.cdm"
	"$cdmtop" -b --no-bpf -w "$work/kept.cdm" $arguments 0.1 1 > /dev/null 2>&1
	is "failed start: $arguments" "1 precious kept.cdm" \
		"$? $(cat "$work/kept.cdm") $(ls "$work" | grep kept)"
done
"$cdmtop" -b --no-bpf -w "$work/kept.cdm" 0.1 1 > /dev/full 2> /dev/null
is "nothing could be shown" "1 precious kept.cdm" \
	"$? $(cat "$work/kept.cdm") $(ls "$work" | grep kept)"
like "a recording that cannot be written" "cannot write /dev/full: No space left" \
	"$("$cdmtop" -b --no-bpf -w /dev/full 0.1 1 2>&1 > /dev/null)"
"$cdmtop" -b --no-bpf -w "$work/stopped.cdm" 60 > /dev/null 2>&1 &
sleep 1
kill -TERM $!
wait $!
is "SIGTERM completes a recording" "143 1" \
	"$? $("$cdmtop" -b -r "$work/stopped.cdm" 2> /dev/null | grep -c ^cdmtop)"

"$cdmtop" -b --no-bpf -w "$work/killed.cdm" 0.1 > "$work/killed.txt" 2> /dev/null &
until [ "$(grep -c ^cdmtop "$work/killed.txt")" -gt 2 ] || ! kill -0 $! 2> /dev/null; do sleep 0.1; done
kill -KILL $!
wait $! 2> /dev/null
shown=$(grep -c ^cdmtop "$work/killed.txt")
is "SIGKILL leaves all that was shown" 1 \
	$(($("$cdmtop" -b -r "$work/killed.cdm.part" 2> /dev/null | grep -c ^cdmtop) >= shown))
like "... and who asks for the file hears of it" "No such file.* there is .*killed.cdm.part" \
	"$("$cdmtop" -b -r "$work/killed.cdm" 2>&1)"
rm "$work/killed.cdm.part"

# Stopped as soon as it begins, while BPF programs are loaded.
"$cdmtop" -b -w "$work/early.cdm" 60 > /dev/null 2>&1 &
until [ -e "$work/early.cdm.part" ] || ! kill -0 $! 2> /dev/null; do :; done
kill -TERM $!
wait $! 2> /dev/null
is "SIGTERM while it starts" "143 " "$? $(ls "$work" | grep early.cdm.part)"
# Just as it goes from blocking signals to handling them.
for call in "rt_sigaction 1" "rt_sigprocmask 1" "rt_sigprocmask 2" "rt_sigprocmask 3"; do
	what="SIGTERM at ${call% *} ${call#* } leaves nothing unfinished"
	if ! strace -o /dev/null true 2> /dev/null; then
		skip "$what" "there is no strace, or it may not"
		continue
	fi
	strace -o /dev/null -e "trace=${call% *}" -e "inject=${call% *}:signal=TERM:when=${call#* }" \
		"$cdmtop" --no-bpf -b -w "$work/early.cdm" 60 > /dev/null 2>&1
	is "$what" "143 " "$? $(ls "$work" | grep early.cdm.part)"
done

# -o: the file is the one before, or all of the new one.
echo precious > "$work/out.csv"
"$cdmtop" -r "$work/small.cdm" --format csv -o "$work/out.csv"
is "-o has what standard output has" "0 " "$? $(diff "$work/out.csv" <(top --format csv))"
"$cdmtop" -r "$work/small.cdm" --view events -j -o "$work/out.csv"
is "-o with events" "0 " "$? $(diff "$work/out.csv" <(top --view events -j))"
echo precious > "$work/out.csv"
"$cdmtop" -r "$work/small.cdm" -p 99 -o "$work/out.csv" 2> /dev/null
is "-o of what failed" "1 precious out.csv" "$? $(cat "$work/out.csv") $(ls "$work" | grep out.csv)"
"$cdmtop" --no-bpf -o "$work/out.csv" 60 2> /dev/null &
until [ -s "$work/out.csv.part" ] || ! kill -0 $! 2> /dev/null; do sleep 0.1; done
is "-o while it runs" precious "$(cat "$work/out.csv")"
fails "another one that writes the same file" 1 "another program is writing it" \
	--no-bpf -o "$work/out.csv" 0.1 1
kill -TERM $!
wait $!
is "-o after SIGTERM" "143 1 out.csv" "$? $(grep -c ^cdmtop "$work/out.csv") $(ls "$work" | grep out.csv)"
"$cdmtop" --list-columns -o "$work/columns"
is "--list-columns -o" "0 " "$? $(diff "$work/columns" <("$cdmtop" --list-columns))"
fails "-o where there is no folder" 1 "cannot write /no/such/dir/x: No such file" -o /no/such/dir/x --no-bpf 0.1 1
for arguments in "-o" "--textfile"; do
	is "$arguments /dev/full" $'cdmtop: cannot write /dev/full: No space left on device\n1' \
		"$("$cdmtop" -r "$work/small.cdm" "$arguments" /dev/full 2>&1; echo $?)"
done
fails "-o and --textfile" 2 "one of them" -o x --textfile y
cp "$work/small.cdm" "$work/same.cdm"
for arguments in -o --textfile; do
	fails "$arguments the recording itself" 2 "/same.cdm: is two of what is read and written" \
		-r "$work/same.cdm" "$arguments" "$work/../${work##*/}/same.cdm"
	is "... which stays" "" "$(cmp "$work/small.cdm" "$work/same.cdm")"
done
fails "-w and -o the same" 2 "is two of" -w "$work/new" -o "$work/new"
for output in "--list-columns" "--features" "-b -r $work/small.cdm" "-j -r $work/small.cdm"; do
	is "${output%% -r*} > /dev/full" $'cdmtop: cannot write standard output: No space left on device\n1' \
		"$("$cdmtop" $output 2>&1 > /dev/full; echo $?)"
done

mount=$(awk '$3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /memory/) { print $2; exit }' /proc/mounts)
cgroup=$("$cdmtop" -b --view cgroup --no-bpf --format csv -F cgroup 0.1 1 2> /dev/null |
	sed -n '3s/^[0-9]*,//p')
if [ -n "$cgroup" ] && [ -d "$mount/$cgroup" ]; then
	is "a cgroup by its directory" "$cgroup" "$("$cdmtop" -b --view cgroup --no-bpf --format csv \
		-F cgroup -c "$mount$cgroup" 0.1 1 2> /dev/null | sed -n '2s/^[0-9]*,//p')"
else
	skip "a cgroup by its directory" "there is no cgroup"
fi

# pid and cgroup of all processes, as they say it themselves
by_processes() {
	for file in /proc/[0-9]*/cgroup; do
		awk -F: -v pid="${file//[!0-9]/}" 'NF > 2 && ($2 ~ /(^|,)memory(,|$)/ || $2 == "" && one == "") { one = $3 }
			END { print pid, one }' "$file"
	done 2> /dev/null | sed 's, .*/\([^/][^/]*\)$, \1,' | sort
}
by_processes > "$work/before"
"$cdmtop" -b --no-bpf --format csv -F pid,cgroup 0.1 1 2> /dev/null | awk -F, 'NR > 1 { print $3, $4 }' |
	sort > "$work/shown"
by_processes | comm -12 - "$work/before" > "$work/lasting"
is "--no-bpf: cgroups of processes are what these say" "$(join -o 1.1,1.2 "$work/lasting" "$work/shown")" \
	"$(join -o 2.1,2.2 "$work/lasting" "$work/shown")"
is "... this one is among them" 1 "$(join "$work/lasting" "$work/shown" | grep -c "^$$ ")"

fails "unknown column" 2 "column 'coom'.*did you mean 'comm'" -b -s coom
fails "unknown view" 2 "did you mean 'device'" -b --view devce
fails "unknown format" 2 "ndjson" --format xml
fails "bad interval" 2 "0.05" -b 0
fails "bad count" 2 "count" -b 1 x
fails "bad options of the same" 2 "--delay: 0 is less" -b -d 0
fails "... and of these" 2 "--count: 'x'" -b -n x
fails "too many arguments" 2 "interval and a count" -b 1 2 3
fails "no terminal" 2 "use -b"
fails "a missing recording" 1 "No such file" -b -r "$work/none"
fails "a foreign file" 1 "not a recording" -b -r "$0"
fails "a pid that is not in it" 1 "nothing of -p 99;" -b -p 99 -r "$work/small.cdm"
fails "nor a device and a cgroup" 1 "nothing of -c /no -D cdm9;" -b -c /no -D cdm9 -r "$work/small.cdm"
is "a column that is named twice is there once" "time_ns,emulated,pid,comm" \
	"$("$cdmtop" -r "$work/small.cdm" --format csv -F pid,comm,pid | head -1)"
fails "a process that does not exist" 1 "no such process" -b -p 2147483646 --no-bpf
fails "a device that does not exist" 1 "not found" -b -D cdm99 --no-bpf
fails "a process of the cgroups" 2 "-p and -D cannot" -b --view cgroup -p 1002 -r "$work/small.cdm"
fails "a device of the cgroups" 2 "-p and -D cannot" -b --view cgroup -D cdm0 -r "$work/small.cdm"
fails "a cgroup of the devices" 2 "-p and -c cannot" -b --view device -c / -r "$work/small.cdm"
fails "-r and -w" 2 "copy the file" -b -r x -w y

head -c 20003 "$work/small.cdm" > "$work/cut.cdm"
fails "a truncated recording is read, and said to be" 0 "last whole one" -b -r "$work/cut.cdm"
fails "--strict fails on it" 1 "last whole one" --strict -b -r "$work/cut.cdm"
head -c 100 "$work/small.cdm" > "$work/cut.cdm"
fails "ends in the header" 1 "within its header" -b -r "$work/cut.cdm"

is "full disk" 1 "$(top > /dev/full 2> /dev/null; echo $?)"
like "full disk is named" "No space left" "$(top 2>&1 > /dev/full)"
"$project/build/tests/unit/mkrecording" "$work/big.cdm" 10000
for format in text ndjson csv "openmetrics --top all"; do
	{ "$cdmtop" -b -r "$work/big.cdm" --format $format 2> "$work/err"; echo $? > "$work/status"; } |
		head -1 > /dev/null
	is "a closed pipe ends it quietly, by SIGPIPE: $format" "141:" "$(cat "$work/status"):$(< "$work/err")"
done
like "10,000 processes in less than 32 MiB" "^([0-9]|[12][0-9]|3[01])[0-9]{3}$" "$(python3 - \
	"$cdmtop" "$work/big.cdm" <<- 'END'
	import resource, subprocess, sys
	subprocess.run([sys.argv[1], "-b", "-n", "5", "-r", sys.argv[2]],
		       stdout=subprocess.DEVNULL, check=True)
	print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
	END
)"

"$cdmtop" -b --no-bpf -w "$work/live.cdm" -F pid,rss 0.1 2 > "$work/live" 2> /dev/null
is "what is recorded is what was shown" "$(cat "$work/live")" \
	"$("$cdmtop" -b -F pid,rss -r "$work/live.cdm" 2> /dev/null)"
is "a recording is its owner's alone" 600 "$(stat -c %a "$work/live.cdm")"
# Processes come, grow and go meanwhile; only what changed is in the file.
for view in proc cgroup; do
	for _ in 1 2 3 4 5; do
		sleep 0.3
		"$python" -c 'import time; b = bytearray(9 << 20); time.sleep(0.3)'
	done &
	"$cdmtop" -j --no-bpf -w "$work/live.cdm" --view "$view" 0.1 29 > "$work/live" 2> /dev/null
	wait
	is "NDJSON of a recording is what it was live: $view" "29 $(md5sum < "$work/live")" \
		"$(grep -c '^{"type":"end"' "$work/live") $("$cdmtop" -j -r "$work/live.cdm" \
			--view "$view" 2> /dev/null | md5sum)"
done

like "--help has examples" "EXAMPLES" "$("$cdmtop" --help)"
is "--list-columns has what -F takes" "" "$("$cdmtop" --list-columns |
	awk '$1 ~ /^(proc|cgroup|device)$/ { print $1, $2 }' |
	while read -r view id; do
		top --view "$view" -F "$id" 1 1 > /dev/null || echo "$view $id"
	done)"
if command -v valgrind > /dev/null; then
	valgrind -q --leak-check=full --error-exitcode=9 "$cdmtop" -j -r "$work/small.cdm" \
		> /dev/null 2> "$work/valgrind"
	is "valgrind" "0" "$?"
else
	skip "valgrind" "not installed"
fi

finish
