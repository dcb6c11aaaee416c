#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the command lines of all tools have in common. Prints TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
cd "$project/tools" || exit

helps() {
	local command
	for command in cdmtop/cdmtop cdmtrace/cdmtrace cdm-vm/cdm-vm; do
		"$command" --help
	done
	for command in list status migrate evict run inject engine; do
		cdmctl/cdmctl "$command" --help
	done
}

# "c --cgroup": a letter and a long name that it has.
helps | sed -nE 's/^ +-([A-Za-z]), (-\?, )?(--[a-z-]+).*/\1 \3/p' | LC_ALL=C sort -u > "$work/help"
sed -nE 's/^\| `-([A-Za-z])`.*\| (`--.*) \|$/\1 \2/p' ../docs/options.md | tr -d '\`' |
	awk '{ for (i = 2; i <= NF; i++) print $1, $i }' | LC_ALL=C sort -u > "$work/table"
is "docs/options.md has each letter, with its long names" "" "$(diff "$work/table" "$work/help")"
is "and each letter once" "" "$(sed -nE 's/^\| `-(.)`.*/\1/p' ../docs/options.md | sort | uniq -d)"

version=$(cdmtop/cdmtop --version)
for tool in cdmtop cdmtrace cdmctl cdm-vm; do
	is "$tool --version" "$tool ${version#* }" "$("$tool/$tool" --version)"
	is "$tool -V" "$tool ${version#* }" "$("$tool/$tool" -V)"
	is "$tool -h" "$("$tool/$tool" --help)" "$("$tool/$tool" -h)"
	is "$tool -?" "$("$tool/$tool" --help)" "$("$tool/$tool" -\?)"
	for option in --help --usage --version; do
		[[ $tool$option != cdmctl--usage ]] || continue
		said=$("$tool/$tool" "$option" 2>&1 > /dev/full)
		is "$tool $option > /dev/full fails" 1 $?
		like "... and says so" "$tool: standard output: No space" "$said"
	done
done
for command in list status migrate evict run inject engine; do
	is "cdmctl $command -h" "$(cdmctl/cdmctl "$command" --help)" "$(cdmctl/cdmctl "$command" -h)"
	is "cdmctl $command -V" "cdmctl ${version#* }" "$(cdmctl/cdmctl "$command" -V)"
done

finish
