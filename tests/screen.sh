# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For test scripts that look at a screen, that of the session "ui" of a tmux of their own.
mux=(tmux -u -L "cdm-screen-$$" -f /dev/null)
patience=20		# seconds until what is to be seen is missing

if ! command -v tmux > /dev/null; then
	echo "1..0 # SKIP tmux is not installed"
	exit 4
fi

screen() { "${mux[@]}" capture-pane -p -t ui 2> /dev/null; }
on_failure() { screen; }

# Waits until the screen has a line that matches the expression.
until_seen() {
	local i
	for ((i = 0; i < 10 * patience; i++)); do
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
