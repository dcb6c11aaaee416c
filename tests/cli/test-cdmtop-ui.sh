#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The screens of cdmtop, looked at through tmux while it replays a recording whose
# figures are known (ui-recording.c). CDMTOP names the program. Prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cdmtop=${CDMTOP:-$top/tools/cdmtop/cdmtop}
work=$(mktemp -d)
mux=(tmux -u -L "cdmtop-ui-$$" -f /dev/null)
number=0 failed=0
export LC_ALL=C.UTF-8 TZ=UTC

trap '"${mux[@]}" kill-server 2> /dev/null; rm -rf "$work"' EXIT

if ! command -v tmux > /dev/null; then
	echo "1..0 # SKIP tmux is not installed"
	exit 4
fi

result() {
	number=$((number + 1))
	if [[ $1 == 0 ]]; then
		echo "ok $number - $2"
		return
	fi
	failed=$((failed + 1))
	screen | sed 's/^/# /'
	echo "not ok $number - $2"
}

screen() { "${mux[@]}" capture-pane -p -t ui 2> /dev/null; }

# Waits until the screen has a line that matches the expression.
until_seen() {
	local i
	for ((i = 0; i < 60; i++)); do
		screen | grep -qE -- "$1" && return 0
		sleep 0.1
	done
	return 1
}

# seen TEXT REGEX...: all of them come to be on the screen
seen() {
	local text=$1 regex status=0
	shift
	for regex; do
		until_seen "$regex" && continue
		echo "# not seen: $regex"
		status=1
	done
	result $status "$text"
}

unseen() {
	! screen | grep -qE -- "$2"
	result $? "$1"
}

keys() {
	local key
	for key; do
		"${mux[@]}" send-keys -t ui "$key"
		# An Esc and a key that follow each other closely would be Alt and the key.
		sleep 0.1
	done
}

# start COLUMNS LINES RECORDING [VARIABLE=VALUE...] [-- OPTION...]
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
			"$cdmtop" -r "$recording" "$@" 0.1)
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
	cmp -s "$work/before" "$work/after" && screen | grep -q "left with"
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
seen "cgroups as a tree, with bars" "^/ +81M +40M" "^  system.slice" \
	"^    db.service +33M +16M +48.5 +64M .*\[.*\]"
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
seen "Tab leads round to the processes" "PID +USER"

# --- order, filter, cursor ---
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

# --- sizes ---
"${mux[@]}" resize-window -t ui -x 120 -y 40
seen "larger: more columns" "OUT/s .*FAIL/s" "cdm0 .* p50/p99 .* fail"
"${mux[@]}" resize-window -t ui -x 40 -y 10
seen "small" "1 Proc" "PID +USER"
"${mux[@]}" resize-window -t ui -x 10 -y 3
seen "tiny" "too small"
keys 2 3 4 1 Enter d '?'
seen "tiny, with keys" "too small"
"${mux[@]}" resize-window -t ui -x 80 -y 24
keys q q q q q q
left "q" 0
unseen "q: what was on the screen before is back" "Processes"

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
keys q

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
"$cdmtop" -r "$work/small.cdm" > "$work/out" 2> "$work/err" < /dev/null
[[ $? == 2 && ! -s $work/out ]] && grep -q "not a terminal.*use -b" "$work/err"
result $? "no terminal: says what to do"

start 80 24 "$work/many.cdm"
seen "10,000 processes" "4/10000 procs" "END"
keys s Home Enter End
seen "10,000 processes: the last one" " 10999 "

echo "1..$number"
((failed == 0))
