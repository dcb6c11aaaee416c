#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The screens of cdmtop, looked at through tmux while it replays a recording whose
# figures are known (ui-recording.c). CDMTOP names the program. Prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cdmtop=${CDMTOP:-$top/tools/cdmtop/cdmtop}
work=$(mktemp -d)
source "$top/tests/tap.sh"
source "$top/tests/screen.sh"
export LC_ALL=C.UTF-8 TZ=UTC XDG_CONFIG_HOME=$work/config

trap '"${mux[@]}" kill-server 2> /dev/null; rm -rf "$work"' EXIT

# A server that lost its last session leaves, while the next one is being opened.
"${mux[@]}" new-session -d -s kept "sleep 100000"

# start COLUMNS LINES RECORDING [VARIABLE=VALUE...] [-- OPTION...]; $pace says how fast, $config
# whether it remembers
pace=0.1 config=--no-config
start() {
	local size=(-x "$1" -y "$2") recording=$3 env=()
	shift 3
	while [[ $# != 0 && $1 != -- ]]; do
		env+=("$1")
		shift
	done
	[[ $# == 0 ]] || shift
	"${mux[@]}" kill-session -t ui 2> /dev/null
	rm -f "$work"/{before,after,status,pid}
	cat > "$work/run" <<-END
		trap : INT QUIT
		stty -a > $work/before
		$(printf '%q ' env -u NO_COLOR "${env[@]}" bash -c 'echo $$ > '"$work/pid"'; exec "$0" "$@"' \
			"$cdmtop" -r "$recording" "$@") $config $pace
		echo \$? > $work/status
		stty -a > $work/after
		echo "left with \$(cat $work/status)"
		sleep 1000
	END
	"${mux[@]}" new-session -d -s ui "${size[@]}" "bash $work/run"
}

# left TEXT STATUS: it ended, with that, and the terminal is as it was
left() {
	local i
	for ((i = 0; i < 100; i++)); do
		[[ -s $work/after ]] && break
		sleep 0.1
	done
	[[ $(cat "$work/status" 2> /dev/null) == "$2" ]]
	result $? "$1: status $2"
	cmp -s "$work/before" "$work/after" && until_seen "left with"
	result $? "$1: the terminal is as it was"
}

flags="-std=gnu11 -D_GNU_SOURCE -I$top/tools/lib"
if ! ${CC:-cc} $flags -o "$work/generate" "$top"/tests/cli/ui-recording.c \
	"$top"/build/lib/libcdm.a -lcap; then
	echo "not ok 1 - the recording could be made"
	echo "1..1"
	exit 1
fi
"$work/generate" "$work/small.cdm" 6 30 0
"$work/generate" "$work/lost.cdm" 6 30 123
"$work/generate" "$work/many.cdm" 3 10000 0
"$work/generate" "$work/bare.cdm" 3 9 0 bare
"$work/generate" "$work/traced.cdm" 3 9 0 traced

# --- views ---
start 80 24 "$work/small.cdm"
seen "the end of the recording is reached" "cdmtop 22:13:26.* END"
seen "title" "events 8/s" "lost 0" "emulated"
seen "devices above all views" "cdm0 .* 64M \[.*\] +95% in +10M/s" "cdm1 .*draining .* 6%"
seen "totals" "total 4/30 procs hold +40M" "failed"
seen "processes, those with most device memory first" "PID +USER +COMM" \
	"1000 .*redis-server +web.service +16M +32M +50.0" "1003 .*stress-ng +db.service +4M"
screen | grep -A1 -E "^ +PID" | tail -1 | grep -q redis-server
result $? "sorted by device memory"
seen "control characters of names do not reach the terminal" "\?\[31mred\?" "größe"
seen "last lines" "lost 0 of 48 events" "CPU 0.4% RSS 12M BPF 111ns/run" "q quit"
(($(screen | wc -L) <= 80))
result $? "nothing is wider than the screen"
keys 2
seen "cgroups as a tree, figures before bars" "^/ +81M +40M" "^  system.slice" "OUT/s FAIL/s +\+" \
	"^    db.service +33M +16M +48.5 +64M +0 +0 +0"
"${mux[@]}" resize-window -t ui -x 110 -y 24
seen "with bars where there is room" "WHY +device\+RAM" "^    db.service .* 64M .*\[.*\]"
"${mux[@]}" resize-window -t ui -x 80 -y 24
keys F4
keys d b . Enter
seen "a filter makes it a list" "^/system.slice/db.service" "filter: db\."
keys Escape 3
seen "devices" "DEVICE +STATE" "cdm0 +online +64M +60.8M" "held by" "peak 10M/s" "node 0"
keys 4
seen "events" "CLOCK +EVENT" "22:13:26.00.* migrate +1000 redis-serve in +cdm0 +512 +0 +320us" \
	"in +cdm0 +499 +13 +320us pinned"
keys / p i n n e d Enter
seen "events, filtered" "499 +13"
unseen "events, filtered: others are gone" "migrate .* 512 +0 "
keys Escape Tab
seen "Tab leads on to ordinary migrations" "COMM +REASON +FROM"
keys Tab
seen "and round to the processes" "PID +USER"

# --- events: scrolled, paused ---
pace=1.5
start 80 24 "$work/small.cdm"
until_seen "replay #4"
keys 4 Up Up
rows() { screen | grep " migrate "; }
before=$(rows)
until_seen "replay #5" && sleep 0.2
[[ $(rows) == "$before" ]]
result $? "scrolled up, events stay where they are while others come"
keys G
seen "End follows the newest again" "22:13:25.00.* migrate"
keys Home
seen "Home: the oldest" "22:13:21.00.* migrate"
pace=0.1
start 80 24 "$work/small.cdm"
until_seen "END"
keys 4 p / p i n n e d Enter
seen "paused: a filter takes effect" "PAUSED" "499 +13"
unseen "paused: others are gone" "migrate .* 512 +0 "
keys Escape
seen "paused: and come back" "migrate .* 512 +0 "
keys / r e d i s Enter 1 Escape Down Enter End
seen "paused: the events of the process that is looked at" "PAUSED" "migrate +1001 python3"
keys Escape Escape 4 Right Right
seen "the columns of events scroll, for more of the details" "CLOCK +EVENT +DIR .*DETAIL" \
	"13 +320us pinned:13 driver anon$"
keys Left Left
seen "and back" "EVENT +PID +COMM"
seen "details fit, or are marked as cut" "320us driver anon$" "320us pinned:13 ~$"
"$top/tools/cdmtrace/cdmtrace" -r "$work/small.cdm" 2> /dev/null > "$work/text"
keys Right Right Right Right Right Right
is "details are those of cdmtrace" "$(grep -m1 pinned "$work/text" | sed 's/.*320.000 //')" \
	"$(screen | grep -m1 pinned | sed 's/.*320us //')"

# --- one unit: bytes in the lines above and in the tables ---
start 132 24 "$work/small.cdm"
seen "what moved, of a process: 4096 pages" "1000 .* 50.0 +16M +16M +52K +pinned"
keys 3
seen "of a device, above and in its row" "^cdm0 .* in +10M/s" "^cdm0 +online .* 95.0 +10M +0 "
keys 1
seen "the sum above, and the column that it is of" "total .* in 20M/s" "CDM +RSS +%CDM +IN/s"

# --- order, filter, cursor ---
start 80 24 "$work/small.cdm"
until_seen "END"
keys / p y t h o n
seen "a filter takes effect while it is typed" "filter: python_" "1001 .*python3"
unseen "what does not match is not shown" "redis-server"
keys Enter
seen "Enter keeps it" "filter: python$"
keys Escape
seen "Esc clears it" "redis-server"
keys r
seen "reversed" "by CDM reversed"
screen | grep -A1 -E "^ +PID" | tail -1 | grep -qE " 0 +32M"
result $? "reversed: the least first"
keys r '>'
seen "the next column" "by RSS"
keys '<' '<' '<'
seen "columns to the left" "by COMM"
screen | grep -A1 -E "^ +PID" | tail -1 | grep -q "red?"
result $? "names in ascending order"
keys s
seen "the menu of columns" "Sort by" "\* COMM +Name of the process"
keys Home Enter
seen "a column from the menu" "by PID"
screen | grep -A1 -E "^ +PID" | tail -1 | grep -q " 1000 "
result $? "pids in ascending order"
seen "unknown is -" "1006 .* - +32M"
keys Right Right Right Right Right Right
seen "columns scrolled into sight, pid stays" "PID .*FAIL/s"
keys Left Left Left Left Left Left Home Down Down r
seen "reversed by pid" "by PID reversed"
keys Enter
seen "the cursor followed its process" "1002 sqlite3"

keys Escape r M
seen "M: by memory" "by CDM"
keys P
seen "P: by what moves to devices" "by IN/s"
keys 3 M
seen "M: devices by what is used" "by USED"
keys 2 t
seen "t: cgroups as a list" "^/system.slice/db.service "
keys t
seen "t: as a tree again" "^    db.service "

# --- the processes of a cgroup: by what it is, not by its name ---
keys Home Down Down Enter
seen "Enter on a cgroup: its processes and those of its children" \
	"in /system.slice/db.service" " 1001 .*python3 +db.service" " 1003 " " 1007 .*inner"
unseen "but none of its namesake" " 1005 "
unseen "and none of its parent" " 1000 "
keys 4
seen "and its events" " 1001 " " 1003 "
unseen "but no others" " 1000 "
keys 1 / r e d i s Enter
seen "a filter within it" " 1007 .*inner" \
	"in ~.*/db.service  filter: redis"
unseen "does not leave it" " 1000 "
keys Escape
seen "Esc clears the filter first" "in /system.slice/db.service" " 1003 "
keys Escape
seen "and then leads to all" " 1005 .* db.service"
keys 2 Home Enter
seen "the root has them all" " 1005 " " 1000 "
unseen "without being named" "  in /"
keys s Home Enter r

# --- one process ---
keys Escape r Home Enter
seen "a process in full" "PID 1000 .*COMM redis-server" "CDM 16M" "History" "on device .*peak 16M" \
	"Areas with pages"
keys Down Down Down Down Down
seen "areas with device pages" "55aa00000000 +16M +heap +rw-p +16M +8M +50.0 \[heap\]"
keys NPage Up Up Up Up Up Up
seen "times" "65.5us .. 131us \[" \
	"in [0-9.]+us/[0-9.]+us +out [0-9.]+us/[0-9.]+us +wait 6.1us/8"
keys End
seen "failures and events" "pinned +in 78 +out 0" "Last events" "migrate +1000 redis-serve"
keys Escape
seen "Esc leads back" "PID +USER"

# --- help and reasons ---
keys '?'
seen "help on keys" "Left Right +scroll the columns"
keys End PPage
seen "help on columns" "P99 +99th percentile"
keys q d
seen "reasons for -" "no +device pages by device +DEVICES" "it needs CAP_SYS_ADMIN"
keys q p
seen "pause" "PAUSED"
keys p + +
seen "interval" "interval 0.5s"

# --- a recording: how fast, and where ---
pace=
start 80 24 "$work/small.cdm" -- --speed max
seen "--speed max does not wait" "interval 1s xmax .* END #6"
keys b
seen "b: one back" "22:13:25 .* PAUSED #5" "lost 0 of 40 events"
seen "with rates as before" "events 8/s" "cdm0 .* in +10M/s"
keys B
seen "B: ten back, at most to the first" "22:13:21 .* PAUSED #1" "events -"
keys n
seen "n: one on" "22:13:22 .* PAUSED #2" "events 8/s"
keys N
seen "N: ten on, at most to the last" "22:13:26 .* PAUSED #6"
keys b Space
seen "Space goes on" "END #6"
start 80 24 "$work/small.cdm" -- --speed 0.25
seen "--speed N" "interval .* x0.25 .* emulated  replay #1"
keys - -
seen "- makes it slower" "x0.1 "
keys + + + + +
seen "+ makes it faster" "x4 "
before=$(date +%s%N)
keys + + + + +
until_seen "END #6"
(($(date +%s%N) - before < 3000000000))
result $? "and it is: five seconds in less than three"
keys q
left "q" 0
"${mux[@]}" kill-session -t ui
"${mux[@]}" new-session -d -s ui -x 80 -y 24 "cat $work/small.cdm | $cdmtop -r - --speed max; sleep 1000"
seen "from a pipe" "END #6"
keys b
seen "a pipe cannot be read again" "not a file"
pace=0.1

# --- options mean the same as with -b ---
start 80 24 "$work/small.cdm" -- -p 1002
seen "-p: its details first" "PID 1002 " "END"
keys Escape
seen "-p: and no other process" "total 1/1 procs" " 1002 .*sqlite3"
unseen "-p: and no other process" " 100[^2] "
keys 4
seen "-p: its events" " 1002 "
unseen "-p: and no others" " 100[^2] "
start 80 24 "$work/small.cdm" -- -c system.slice/db.service/
seen "-c: a cgroup and those below" "END" " 1001 " " 1007 "
unseen "-c: no others" " 100[0245] "
keys 2
seen "-c: cgroups" "inner"
unseen "-c: other cgroups" "web.service"
start 80 24 "$work/small.cdm" -- -D cdm1 --view device
seen "-d: a device" "END" "^cdm1 +draining" "cdm1 +64M draining"
unseen "-d: no other" "cdm0"
keys 4
seen "-d: its events" " cdm1 "
unseen "-d: no others" " cdm0 "
start 80 24 "$work/small.cdm" -- --rows 2
seen "-n: rows" "END" " 1000 " " 1001 "
unseen "-n: not more" " 1002 "
keys r
seen "-n: the first ones in any order" "reversed" " 1004 "
unseen "-n: in any order not more" " 1007 "
keys 4
seen "-n: the newest events" "CLOCK"
(($(screen | grep -c " migrate ") == 2))
result $? "-n: not more events"

# --- a machine without all this ---
start 80 24 "$work/bare.cdm"
seen "what is missing is said" "not known: devices, device memory, migrations .*d: why" \
	"lost - " "events -" "total 9 processes, on devices -"
seen "and the rest is shown" " 1000 .*redis-server .* - +32M"
keys 3
seen "no devices" "there are no devices"
keys 4
seen "no events" "no events can be had"
keys d
seen "reasons" "no +devices " "no +migrations "
keys Escape 1 Home Enter
seen "a process of which nothing is known" "PID 1000 " "^not known \(d: why\)"
unseen "is not one that did nothing" "moved nothing"
start 80 24 "$work/traced.cdm"
seen "a recording of cdmtrace has levels and no rates" "not known: migrations .*d: why" \
	" 1000 .* 16M +32M +50.0 +- +-"
keys d
seen "reasons" "no +migrations " "no +NUMA migrations, while shown "
keys G
seen "and why" "It was not recorded. cdmtrace -w" "cdmtop -w records"
keys Escape 4
seen "its events are there" "migrate +1000 redis-serve"

# --- sizes ---
start 80 24 "$work/small.cdm"
seen "the screen that is resized" "END"
"${mux[@]}" resize-window -t ui -x 120 -y 40
seen "larger: more columns" "OUT/s .*FAIL/s" "cdm0 .* p50/p99 .* fail"
"${mux[@]}" resize-window -t ui -x 40 -y 10
seen "small" "1 Proc" "PID +USER"
"${mux[@]}" resize-window -t ui -x 10 -y 3
seen "tiny" "too small"
keys 2 3 4 1 Enter d '?'
seen "tiny, with keys" "too small"
for size in "1 1" "19 4" "24 6" "79 13" "200 50"; do
	for key in 1 2 3 4 '?' d s; do
		keys "$key"
		"${mux[@]}" resize-window -t ui -x "${size% *}" -y "${size#* }"
		keys End PPage Home Escape
	done
	"${mux[@]}" resize-window -t ui -x 80 -y 24
done
seen "any view in any size" "1 Processes +2 Cgroups"
keys q q q q q q
left "q" 0
unseen "q: what was on the screen before is back" "Processes"

# --- columns yield to those that matter more, and the heading says so ---
heading() { screen | grep -E "^ +PID "; }
# columns_add_up: those in the heading, and those that its mark counts, are all there are
columns_add_up() {
	local mark words all
	mark=$(heading | grep -oE "(<[0-9]+)?(\+[0-9]+>)?$" | head -1)
	words=$(heading | sed 's| *\(<[0-9]*\)\?\(+[0-9]*>\)\?$||' | wc -w)
	all=$("$cdmtop" --list-columns | grep -c "^proc ")
	mark=${mark//[<>]/ }
	is "$1: none is cut without a sign" "$all" $((words + ${mark:-0}))
}
for size in "40 PID USER COMM CDM" "60 PID USER COMM CDM RSS IN/s OUT/s" \
	"80 PID USER COMM CGROUP CDM RSS %CDM IN/s OUT/s" \
	"132 PID USER COMM CGROUP CDM RSS %CDM IN/s OUT/s FAIL/s WHY P99 .*"; do
	start "${size%% *}" 24 "$work/small.cdm"
	until_seen "END"
	seen "${size%% *} columns" "^ +$(sed 's/ / +/g' <<< "${size#* }") +\+[0-9]+>$"
	columns_add_up "${size%% *} columns"
	(($(screen | wc -L) <= ${size%% *}))
	result $? "${size%% *} columns: nothing is wider"
	keys 2
	seen "${size%% *} columns: cgroups" "^CGROUP .*CDM .*\+[0-9]+>$"
	keys 3
	seen "${size%% *} columns: devices" "^DEVICE +STATE .*USED .*\+[0-9]+>$"
done
start 240 24 "$work/small.cdm"
until_seen "END"
seen "240 columns" "^ +PID .* WAIT99 +MCG"
columns_add_up "240 columns"
unseen "what slows down migrations is not shown for the room alone" "PP/s"
start 80 24 "$work/small.cdm"
until_seen "END"
for want in "<1\+[0-9]+>" "<2\+[0-9]+>" "<3\+[0-9]+>"; do
	keys Right
	seen "Right: to the next column" "$want$"
	columns_add_up "scrolled"
done
for ((i = 0; i < 24; i++)); do
	"${mux[@]}" send-keys -t ui Right
done
seen "the last column ends it" "^ +PID .* MCG +<[0-9]+$"
columns_add_up "scrolled to the end"
end=$(heading)
"${mux[@]}" send-keys -t ui Left Left Left Left Right Right Right Right Right Right Right Right
seen "and no further, however fast keys come" "^$end$"
for ((i = 0; i < 24; i++)); do
	"${mux[@]}" send-keys -t ui Left
done
seen "and back to those that matter" "PID +USER +COMM .*OUT/s +\+[0-9]+>$"
keys s End Enter
seen "what is sorted by is in sight" "by MCG" "PID +USER +COMM .* MCG +\+[0-9]+>$"
start 60 24 "$work/small.cdm" -- -F pid,why,p99,mcg,user,comm,cgroup,rss,cdm
seen "an unknown column is refused" "column 'mcg'"
start 40 24 "$work/small.cdm" -- -F pid,why,comm,cgroup,rss,cdm,user
seen "columns that are chosen yield in the same order" "PID +COMM +CDM +USER +\+3>$"
for size in "40 PID" "60 PID COMM DIR DEV"; do
	start "${size%% *}" 24 "$work/small.cdm"
	until_seen "END"
	keys 4
	seen "${size%% *} columns: events" "^CLOCK +EVENT $(sed 's/ / +/g' <<< " ${size#* }") +\+[0-9]>$"
	unseen "${size%% *} columns: no figure is cut" "320u?$"
done
start 40 12 "$work/small.cdm"
until_seen "END"
keys s
seen "40 columns: the menu's texts are marked as cut" "^Sort by \(Enter.*~$" "RSS .* Resident memory.*~$"
keys Escape / x y z
seen "40 columns: sentences go on below" "^nothing matches the filter \(Esc clears$" "^it\)"
keys Escape d
seen "40 columns: titles, too" "^Where figures come from, and the$" "^columns that need it"
start 60 24 "$work/small.cdm"
until_seen "END"
keys 4 Right
seen "events: what is scrolled out is counted" "^CLOCK +EVENT +COMM .* <1\+[0-9]>$"
keys Right Right Right Right Right Right
seen "events: the last column" "^CLOCK +EVENT +DETAIL +<7$" "driver anon$"

# --- keys that the help names, and no other for the same ---
start 80 24 "$work/small.cdm"
until_seen "END"
keys F3
seen "F3: cgroups" "^CGROUP"
keys F5
seen "F5: devices" "^DEVICE"
keys F7
seen "F7: events" "^CLOCK"
keys F2
seen "F2: processes" "^ +PID"
keys F6
seen "F6: the menu of columns" "Sort by"
keys Escape F4 b a s h Enter
seen "F4: a filter" "filter: bash"
keys Escape F1
seen "F1: help" "^Keys"
for key in F1 F2 F3 F4 F5 F6 F7 F10; do
	named=$(sed -n '/keys\[\] = {/,/^};/p' "$top/tools/cdmtop/ui/pages.c" | grep -owE "$key" | wc -l)
	is "$key is named once" 1 "$named"
done

# --- the mouse, as a terminal reports it: button, column and line from 0 ---
mouse() {
	local at
	at=$(printf '\\%03o\\%03o' $((33 + $2)) $((33 + $3)))
	"${mux[@]}" send-keys -t ui -l "$(printf "\\033[M\\$(printf %03o $((32 + $1)))$at")"
	# The wheel is not let go of.
	[[ $1 != 0 ]] || "${mux[@]}" send-keys -t ui -l "$(printf "\\033[M#$at")"
	sleep 0.2
}
start 80 24 "$work/small.cdm" TERM=screen
until_seen "END"
line=$(($(screen | grep -nE "^ +PID" | cut -d: -f1) - 1))
where=$(screen | grep -E "^ +PID" | grep -bo "RSS" | cut -d: -f1)
mouse 0 $((where + 1)) $line
seen "a click on a heading sorts" "by RSS$"
mouse 0 $((where + 1)) $line
seen "another one reverses" "by RSS reversed"
mouse 0 5 $line
seen "of the first column, too" "by PID$"
mouse 0 20 $((line + 3))
keys Enter
seen "a click on a row puts the cursor there" "PID 1002 "
keys Escape Home
mouse 65 20 10
keys Enter
seen "the wheel moves the cursor" "PID 1003 "
before=$(screen | grep -m1 -n "^History")
mouse 65 20 10
[[ $(screen | grep -m1 -n "^History") != "$before" ]]
result $? "and scrolls pages"
mouse 0 0 0
mouse 0 79 23
seen "clicks elsewhere do nothing" "History"
line=$(($(screen | grep -n " 3 Devices " | cut -d: -f1) - 1))
where=$(screen | grep " 3 Devices " | grep -bo "Devices" | cut -d: -f1)
mouse 0 "$where" $line
seen "a click on the name of a view leads there" "^DEVICE +STATE"
mouse 0 "$((where - 12))" $line
seen "... from there, too" "^CGROUP +CHARGED"
mouse 0 79 $line
seen "behind the names there is none" "^CGROUP +CHARGED"
keys q
left "the mouse" 0

# --- command lines, of live processes ---
# A name of its own: "sleep" would also find the short ones that this test waits with.
cp "$(command -v sleep)" "$work/sleeper"
(cd "$work" && exec ./sleeper 100000) &
sleeper=$!
"${mux[@]}" kill-session -t ui
"${mux[@]}" new-session -d -s ui -x 100 -y 24 "$cdmtop --no-bpf --no-config -f sleeper; sleep 1000"
until_seen " sleeper +"
unseen "c: not yet" "sleeper 100000"
keys c
seen "c: command lines" "PID .*COMMAND" "sleeper 100000"
keys Enter
seen "and in full of a process" "^COMMAND .*sleeper 100000"
keys Escape c
seen "c: names again" "PID .*COMM  "
for source in proc any; do
	how=$($cdmtop --features --source $source | sed -n 's/^processes *rss *yes *//p')
	"${mux[@]}" kill-session -t ui
	"${mux[@]}" new-session -d -s ui -x 120 -y 24 "$cdmtop --source $source --no-config; sleep 1000"
	until_seen "PID .*COMM  "
	keys d
	seen "d: what --features says, by $source" "yes +rss and CPU time of processes +$how: "
	like "... which is by which source, and how exact" "^by [a-z]+, exact" "$how"
done
kill $sleeper
start 80 24 "$work/small.cdm" -- -D cdm9
seen "a device that is not in it" "there is nothing of what -p, -c and -D ask for"
start 80 24 "$work/small.cdm"
until_seen "END"
keys c
seen "a recording has none" "no command lines"
keys Down
seen "the next key takes a message away, also where nothing moves" "^lost 0 of .*cdmtop itself"
seen "keys that a table has" "s sort +r rev +Enter look"
keys 4
seen "and those of events" "^ ?1-5 view +/ filter +Up/Down scroll +p pause"
unseen "... which have nothing to sort" "s sort|Enter look"

# --- what was chosen is there the next time ---
config=
conf=$work/config/cdm/cdmtop.conf
start 80 24 "$work/small.cdm"
until_seen "END"
keys q
left "nothing chosen" 0
[[ ! -e $conf ]]
result $? "nothing chosen: nothing is written"
start 80 24 "$work/small.cdm"
until_seen "END"
keys s Home Down Space Down Enter r 3 M s Space Escape
seen "the first column stays" "^DEVICE"
keys 1
seen "a column that is not to be shown" "PID +COMM +CGROUP"
keys q
left "columns chosen" 0
is "what was chosen, in words" "proc.sort = comm reversed|device.sort = used" \
	"$(grep -v -e '^#' -e columns "$conf" | paste -sd '|')"
is "and the columns" "pid comm cgroup cdm rss share in out fail why p99 cpu" \
	"$(sed -n 's/^proc.columns = //p' "$conf")"
is "for nobody else" "600 700" "$(stat -c %a "$conf" "$(dirname "$conf")" | xargs)"
cp "$conf" "$work/first"
start 200 24 "$work/small.cdm"
seen "it is there again, and not more" "PID +COMM +CGROUP +CDM .* P99 +CPU%$" "by COMM reversed"
keys s End
seen "others can be chosen" "\[ \] +MCG"
keys Space Enter 3
seen "as it was chosen" "by USED"
keys q
left "chosen again" 0
like "one more" "why p99.* charged$" "$(grep ^proc.columns "$conf")"
like "the order" "^proc.sort = charged$" "$(grep ^proc.sort "$conf")"
start 80 24 "$work/small.cdm" -- -F pid,comm,rss -s rss
seen "what is asked for comes first" "PID +COMM +RSS$" "by RSS"
keys q
left "and" 0
like "does not change what was chosen" "^proc.sort = charged$" "$(grep ^proc.sort "$conf")"
start 80 24 "$work/small.cdm" -- --no-config
seen "--no-config" "PID +USER +COMM" "by CDM"
keys r q
left "--no-config" 0
like "--no-config: nothing is kept" "^proc.sort = charged$" "$(grep ^proc.sort "$conf")"
is "print does not know of it" "PID USER COMM" \
	"$("$cdmtop" -b -r "$work/small.cdm" | sed -n 2p | awk '{ print $1, $2, $3 }')"
for damage in "proc.columns = pid nonsense" "proc.columns = pid pid" "proc.sort" "x.sort = cdm" \
	"proc.sort = cdm backwards" "proc.columns = " "\\x7fELF\\x02\\x00\\x00" \
	"$(printf 'proc.columns = %5000s' pid)"; do
	printf "$damage\n" > "$conf"
	cp "$conf" "$work/damaged"
	start 80 24 "$work/small.cdm"
	seen "a damaged file: the usual" "PID +USER +COMM" "by CDM"
	keys r
	seen "and it runs: ${damage:0:30}" "by CDM reversed"
	keys q
	left "a damaged file" 0
	seen "a damaged file is named" "cdmtop.conf, line 1: not understood"
	cmp -s "$conf" "$work/damaged"
	result $? "and stays"
done
rm -rf "$work/config"
echo "not a folder" > "$work/config"
start 80 24 "$work/small.cdm"
until_seen "END"
keys r q
left "where it cannot be written" 0
seen "where it cannot be written that is said" "what was chosen is not kept: " "Not a directory"
rm "$work/config"
start 80 24 "$work/small.cdm" XDG_CONFIG_HOME=not/absolute HOME="$work/home"
until_seen "END"
keys r q
left "HOME" 0
like "without XDG_CONFIG_HOME it is in ~/.config" "proc.sort = cdm reversed" \
	"$(cat "$work/home/.config/cdm/cdmtop.conf")"
config=--no-config

# --- leaving ---
start 80 24 "$work/lost.cdm"
seen "losses cannot be overlooked" "LOST 123 of" "lost 123"
keys C-c
left "Ctrl-C" 0
for signal in TERM:143 HUP:129 QUIT:131; do
	start 80 24 "$work/small.cdm"
	until_seen "END"
	kill -"${signal%:*}" "$(cat "$work/pid")"
	left "SIG${signal%:*}" "${signal#*:}"
done
# Nothing can be seen of what happens to it then.
start 80 24 "$work/small.cdm"
until_seen "END"
"${mux[@]}" kill-session -t ui
for ((i = 0; i < 50; i++)); do
	kill -0 "$(cat "$work/pid")" 2> /dev/null || break
	sleep 0.1
done
((i < 50))
result $? "it ends with its terminal"
start 80 24 "$work/small.cdm"
until_seen "END"
kill -SEGV "$(cat "$work/pid")"
left "a crash" 139
# A shell with job control, for Ctrl-Z.
"${mux[@]}" kill-session -t ui
"${mux[@]}" new-session -d -s ui -x 80 -y 24 "bash --norc --noprofile"
keys "PS1='ready> '" Enter
keys "$cdmtop -r $work/small.cdm 0.1" Enter
until_seen "END"
keys C-z
seen "Ctrl-Z gives the terminal back" "Stopped" "ready> "
keys fg Enter
seen "and fg takes it again" "1 Processes +2 Cgroups" "redis-server"
keys C-z
seen "Ctrl-Z once more" "ready> "
"${mux[@]}" resize-window -t ui -x 100 -y 30
keys fg Enter
seen "fg in another size" "FAIL/s"
(($(screen | grep -n "q quit" | cut -d: -f1) == 30))
result $? "fg in another size: down to the last line"
keys q
seen "and q leads to the shell" "ready> "

# --- terminals ---
start 80 24 "$work/small.cdm" LC_ALL=C
seen "without UTF-8" "cdm0 .*\[\|+ *\]"
[[ $(screen | LC_ALL=C tr -d '\000-\177' | wc -c) == 0 ]]
result $? "without UTF-8: nothing but ASCII"
keys 3
seen "sparklines without UTF-8" "in +10M/s.*_+#+ peak"
keys q
start 80 24 "$work/small.cdm" -- --ascii
seen "--ascii" "cdm0 .*\[\|+ *\]"
start 80 24 "$work/small.cdm" NO_COLOR=1
seen "NO_COLOR" "END"
! "${mux[@]}" capture-pane -e -p -t ui | grep -qE $'\e\\[([0-9]+;)*(3[0-7]|9[0-7]|4[0-7])m'
result $? "NO_COLOR: there is none"
start 80 24 "$work/small.cdm"
until_seen END
"${mux[@]}" capture-pane -e -p -t ui | grep -qE $'\e\\[([0-9]+;)*3[0-7]m'
result $? "with colour otherwise"
start 80 24 "$work/small.cdm" TERM=vt100
seen "vt100" "redis-server" "END"
keys q
left "vt100" 0
start 80 24 "$work/small.cdm" TERM=dumb
seen "a dumb terminal" "cdmtop: .*dumb.*use -b"
left "dumb" 1
echo precious > "$work/kept.cdm"
"${mux[@]}" kill-session -t ui
"${mux[@]}" new-session -d -s ui -x 80 -y 24 \
	"TERM=dumb $cdmtop --no-bpf -w $work/kept.cdm; echo status \$?; sleep 1000"
seen "a recording that cannot start" "status 1"
[[ $(cat "$work/kept.cdm") == precious && ! -e $work/kept.cdm.part ]]
result $? "leaves what was there"
"$cdmtop" -r "$work/small.cdm" > "$work/out" 2> "$work/err" < /dev/null
[[ $? == 2 && ! -s $work/out ]] && grep -q "not a terminal.*use -b" "$work/err"
result $? "no terminal: says what to do"

start 80 24 "$work/many.cdm"
seen "10,000 processes" "4/10000 procs" "END"
keys s Home Enter End
seen "10,000 processes: the last one" " 10999 "

if command -v valgrind > /dev/null; then
	"${mux[@]}" kill-session -t ui
	"${mux[@]}" new-session -d -s ui -x 100 -y 30 "valgrind -q --leak-check=full \
		--show-leak-kinds=definite,possible --error-exitcode=9 --log-file=$work/valgrind \
		$cdmtop -r $work/small.cdm --speed max; echo status \$?; sleep 1000"
	for ((tries = 0; tries < 5; tries++)); do
		until_seen "END #6" && break
	done
	keys 2 Down Down Enter 4 / r e d Enter 3 1 Escape Escape Home Enter End Escape b b B n N \
		'?' Escape d Escape s End Enter p Down Enter + - b q M P r t q
	seen "valgrind" "status 0"
	sed 's/^/# /' "$work/valgrind"
else
	skip "valgrind" "not installed"
fi

finish
