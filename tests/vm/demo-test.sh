#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `make demo STOCK=1` as somebody sees it who sits before it: on Debian's packaged kernel
# the programs' rows show what moves and why pages stayed, and q leaves nothing behind.
# Prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
source "$top/tests/tap.sh"
source "$top/tests/screen.sh"
trap '"${mux[@]}" kill-server 2> /dev/null; rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
patience=180

if [[ ! -e $top/build/kernel-debian/bzImage ]]; then
	echo "1..0 # SKIP there is no build/kernel-debian: make kernel-debian"
	exit 4
fi
if ! command -v redis-server stress-ng > /dev/null; then
	echo "1..0 # SKIP the programs of the demo are not installed: make deps"
	exit 4
fi

cat > "$work/run" <<-END
	echo \$\$ > $work/pid
	STOCK=1 $top/tests/vm/demo.sh
	echo "left with \$?"
	sleep 1000
END
"${mux[@]}" new-session -d -s ui -x 120 -y 30 "bash $work/run"

moved='[0-9.]+[KM]'
# row COMM CGROUP IN OUT [WHY [CDM]]: a row of the table, and of the latter the beginning
row() { echo " $1 +$2[^ ]* +${6:-.}[^ ]* +[0-9.]+[KM] +[^ ]+ +$3[^ ]* +$4[^ ]* +${5:-}"; }

seen "it says what it found" '^test_hmm: device-coherent memory, by functions \(fentry\); residency by scans'
seen "cdmtop shows the programs, in their cgroups" "$(row redis-server db . .)" "$(row python3 ml . .)" \
	"$(row stress-ng-vm batch . .)" "$(row sender sender.ser . .)"
qemu=$(pgrep -P "$(pgrep -P "$(< "$work/pid")")" qemu)
like "a VM shows it" '^[0-9]+$' "$qemu"
seen "memory goes to the device, and home" "$(row python3 ml "$moved" .)" "$(row python3 ml . "$moved")" \
	"$(row redis-server db "$moved" .)" "$(row redis-server db . "$moved")"
seen "how much is there" "$(row redis-server db . . '' "~?$moved")"
seen "why pages stayed" "$(row sender sender.ser . . "$moved pinned")"
keys 2
seen "whose cgroup it was" " db +$moved .*96M +[0-9.]+[KM]" " db +$moved .*96M +[^ ]+ +[0-9.]+[KM]"
keys 4
seen "each migration, by the driver of the device" ' python3 +(in|out) +test_h' ' redis-server +(in|out) +test_h'
keys q
seen "q leaves with status 0" '^left with 0'
! kill -0 "$qemu" 2> /dev/null
result $? "no VM is left"
finish
