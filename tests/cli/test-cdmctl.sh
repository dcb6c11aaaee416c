#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cdmctl without a device: command line, messages, JSON. What moves memory is in tests/vm/guest-cdmctl.sh.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cdmctl=${CDMCTL:-$top/tools/cdmctl/cdmctl}
source "$top/tests/tap.sh"
commands="list status migrate evict run inject engine bind unbind"
# refused NAME STATUS REGEX ARGUMENT...: a message, nothing on stdout
refused() {
	local name=$1 want=$2 regex=$3 out err got
	shift 3
	err=$("$cdmctl" "$@" 2>&1 > /dev/null)
	got=$?
	out=$("$cdmctl" "$@" 2> /dev/null)
	[[ $got == "$want" && $err =~ $regex && -z $out ]] ||
		echo "# wanted $want and /$regex/, got $got and '$err', stdout '$out'"
	[[ $got == "$want" && $err =~ $regex && -z $out ]]
	result $? "$name"
}

refused "no command" 2 'command is missing'
refused "an unknown command" 2 'lst: no such command' lst
for command in $commands; do
	"$cdmctl" "$command" --help | grep -q EXAMPLES
	result $? "$command --help ends in examples"
	refused "$command: an unknown option" 2 'unrecognized option' "$command" --bogus
done
refused "migrate needs a pid" 2 'give the process' migrate --to cdm0
refused "migrate needs a direction" 2 'either --to' migrate -p 1
refused "not both directions" 2 'either --to' migrate -p 1 --to cdm0 --home
refused "a pid is a number" 2 'not a number' migrate -p init --home
refused "nor a negative one" 2 'not a number' migrate -p -5 --home
refused "an unknown class suggests one" 2 "did you mean 'stack'" migrate -p 1 --home --vma stak
refused "an empty range" 2 'range is empty' migrate -p 1 --home --range 2000-1000
refused "a range not in pages" 2 'not in pages' migrate -p 1 --home --range 1000+17
refused "not a range" 2 'not a range' migrate -p 1 --home --range 1000
refused "a range and classes" 2 'either --range or --vma' migrate -p 1 --home --vma heap --range 0+4K
refused "evict: a process or a device" 2 'either -p' evict
refused "a bad duration" 2 'not a duration' evict --device cdm0 --timeout soon
refused "run needs a placement" 2 'what goes where' run true
refused "run: a bad placement" 2 'not CLASS=DEVICE' run --place heap true
refused "inject needs a fault" 2 'give a device and a fault' inject cdm0
refused "an unknown fault" 2 'there are: fail-alloc' inject cdm0 fire
refused "a fault without its number" 2 'number is missing' inject cdm0 hang
refused "a hang of more than 30 s" 2 'more than 30000' inject cdm0 hang=30001
refused "lost is a size" 2 'lose: .*not a size' inject cdm0 lose=x
refused "... from an offset on" 2 'lose: .*not a size' inject cdm0 lose=2M@
refused "... and not nothing" 2 'lose: ' inject cdm0 lose=0
refused "engine needs an operation" 2 'give add64' engine cdm0 -p 1 sub64 0 8 1
refused "engine: not aligned" 2 'multiples of 8' engine cdm0 -p 1 add64 4 8 1
refused "bind needs a device" 2 'give a device' bind
refused "one device at a time" 2 'one device at a time' bind dax0.0 dax1.0
refused "bind: not a devdax device" 2 'not the name of a devdax device' bind dax0
refused "bind: no such device" 1 'dax99.99: no such device.*daxctl list' bind /dev/dax99.99
refused "unbind: neither" 1 'dax99.99: no such device' unbind dax99.99
refused "status of no process" 1 'no such process' status -p 2147483647
"$cdmctl" list > /dev/full 2> /dev/null
result $((!$?)) "a full disk is a failure"

if [[ ! -e /sys/class/cdm ]]; then
	refused "without a device the reason is told" 1 '/sys/class/cdm is missing' migrate -p 1 --home
	refused "list without a device" 1 '/sys/class/cdm is missing' list
	refused "status without a device" 1 '/sys/class/cdm is missing' status
	[[ $("$cdmctl" status 2>&1) == "$("$cdmctl" list 2>&1)" ]]
	result $? "status and list say the same then"
	for option in "" -j; do
		"$cdmctl" list $option > /dev/null 2>&1
		listed=$?
		"$cdmctl" status $option > /dev/null 2>&1
		[[ $? == 1 && $listed == 1 ]]
		result $? "status $option fails as list does"
	done
	{ "$cdmctl" list -j 2> /dev/null || true; } | python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["devices"] != [])'
	result $? "list -j is JSON then"
	"$cdmctl" status -j -p $$ | python3 -c '
import json, os, sys
d = json.load(sys.stdin)
rss = int(open(f"/proc/{sys.argv[1]}/statm").read().split()[1]) * d["page_bytes"]
p = d["processes"][0]
sys.exit(not (p["pid"] == int(sys.argv[1]) and p["comm"] == open(f"/proc/{sys.argv[1]}/comm").read().strip() and
              abs(p["rss_bytes"] - rss) < 2 << 20 and d["devices"] == [] and
              (p["device_bytes"] is None) == (not d["kernel_has_device_host"])))' $$
	result $? "status -j tells what /proc tells, and null for what is not known"
fi

finish
