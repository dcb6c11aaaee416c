#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What `make install` puts where. Prints TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"

for tool in cdmtop cdmtrace cdmctl; do
	said=$(make -s -C "$project/tools/$tool" install DESTDIR="$work" PREFIX=/usr 2>&1)
	result $? "$tool is installed" "$said"
	like "... and runs" "Usage: $tool" "$("$work/usr/bin/$tool" --help 2>&1)"
	like "... and has a manual" "$tool" "$(man -l "$work/usr/share/man/man1/$tool.1" 2>&1 | head -3)"
	is "... and completes" 0 "$(bash -c "source $work/usr/share/bash-completion/completions/$tool &&
		complete -p $tool" > /dev/null 2>&1; echo $?)"
done
is "nothing else is" "bin/cdmctl bin/cdmtop bin/cdmtrace share/bash-completion/completions/cdmctl share/bash-completion/completions/cdmtop share/bash-completion/completions/cdmtrace share/man/man1/cdmctl.1 share/man/man1/cdmtop.1 share/man/man1/cdmtrace.1 share/man/man5/cdm-record.5" \
	"$(cd "$work/usr" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs)"
finish
