# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# TAP for test scripts that source this. What a failed test has to say comes before it.
tap_number=0 tap_failed=0 tap_skipped=0
python=/usr/bin/python3		# a bare python3 may be something slow in front of it

on_failure() { :; }		# what else there is to show, of a screen for example

# result STATUS NAME [SAID]
result() {
	tap_number=$((tap_number + 1))
	if [[ $1 == 0 ]]; then
		echo "ok $tap_number - $2"
		return
	fi
	tap_failed=$((tap_failed + 1))
	[[ -z ${3:-} ]] || tail -20 <<< "$3" | sed 's/^/# /'
	on_failure | sed 's/^/# /'
	echo "not ok $tap_number - $2"
}
ok() { result 0 "$1"; }
not_ok() { result 1 "$1" "${2:-}"; }	# NAME SAID
skip() {	# NAME REASON
	tap_number=$((tap_number + 1)) tap_skipped=$((tap_skipped + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}
is() {		# NAME WANTED GOT
	if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "wanted '$2', got '$3'"; fi
}
like() {	# NAME REGEX GOT
	if [[ $3 =~ $2 ]]; then ok "$1"; else not_ok "$1" "wanted /$2/, got '$3'"; fi
}
near() {	# NAME WANTED GOT: within 1 %
	local off=$(($3 - $2))
	((${off#-} * 100 <= $2))
	result $? "$1" "wanted about '$2', got '$3'"
}
# check NAME ARG...: python from standard input, in $work; prints nothing when all is well
check() {
	local name=$1 said
	shift
	said=$(cd "$work" && PYTHONPATH=$work:${guest:-}:${PYTHONPATH:-} "$python" -B - "$@" 2>&1) && [[ -z $said ]]
	result $? "$name" "$said"
}
finish() {
	echo "1..$tap_number"
	((tap_failed == 0))
}
