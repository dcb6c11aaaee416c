#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Takes these screens anew, of refresh 19 of the demo's recording and 43 of that on Debian's kernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
export TZ=UTC LC_ALL=C.UTF-8 XDG_CONFIG_HOME=/nonexistent

# screen NAME COLUMNS LINES KEY...: of the $recording, after the keys that lead to the refresh
recording=demo keys="N n n n n n n n n"
screen() {
	local name=$1 columns=$2 lines=$3 key
	local server=cdm-screen-$name
	shift 3
	tmux -L "$server" -f /dev/null new-session -d -x "$columns" -y "$lines" \
		"cd '$top/tests/data' && '$top/tools/cdmtop/cdmtop' -r $recording.cdm"
	sleep 1
	# Paused, to the start, and on.
	for key in Space B B $keys "$@"; do
		tmux -L "$server" send-keys "$key"
		sleep 0.3
	done
	sleep 0.5
	tmux -L "$server" capture-pane -p > "$here/$name.txt"
	tmux -L "$server" kill-server
}

screen processes 80 24
screen cgroups 80 24 2
screen devices 80 24 3
screen events 110 24 4
screen process 120 46 Enter
screen help 80 24 '?'
recording=stock keys="N N N N n n"
screen stock 110 24
screen stock-cgroups 80 24 2
screen stock-devices 80 24 3
screen numa 120 24 5
