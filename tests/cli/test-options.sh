#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the command lines of all tools have in common. Prints TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
cd "$project/tools" || exit

commands=(cdmtop/cdmtop cdmtrace/cdmtrace cdm-vm/cdm-vm)
for command in list status migrate evict run inject engine bind unbind; do
	commands+=("cdmctl/cdmctl $command")
done
helps() {
	local command
	for command in "${commands[@]}"; do
		$command --help
	done
}

# "c --cgroup": a letter and a long name that it has.
helps | sed -nE 's/^ +-([A-Za-z]), (-\?, )?(--[a-z-]+).*/\1 \3/p' | LC_ALL=C sort -u > "$work/help"
sed -nE 's/^\| `-([A-Za-z])`.*\| (`--.*) \|$/\1 \2/p' ../docs/options.md | tr -d '\`' |
	awk '{ for (i = 2; i <= NF; i++) print $1, $i }' | LC_ALL=C sort -u > "$work/table"
is "docs/options.md has each letter, with its long names" "" "$(diff "$work/table" "$work/help")"
is "and each letter once" "" "$(sed -nE 's/^\| `-(.)`.*/\1/p' ../docs/options.md | sort | uniq -d)"

is "no line of a help is one word that was left over" "" \
	"$(helps | awk 'word != "" && NF { print word } { word = /^[a-z]+$/ ? $0 : "" }')"

is "each example is a line" "" "$(helps | awk '/^(EXAMPLES|Examples:)$/ { on = 1; next } !NF || /^Usage/ { on = 0 }
	on && !/^  / { print }')"
is "no line ends in blanks" "" "$(helps | grep ' $')"

for command in "${commands[@]}"; do
	name=${command#*/}
	said=$($command --hlep 2>&1); is "$name: an unknown option" 2 $?
	like "... by the name of the tool, with a suggestion" \
		"^$name: --hlep: no such option; did you mean --help\?"$'\n'"$name: .*'--hlep'" "$said"
done
unlike() { [[ ! $3 =~ $2 ]]; result $? "$1" "$3"; }
unlike "options of a command are its own" "did you mean" "$(cdmtrace/cdmtrace -p 1 no-such --hlep 2>&1)"
unlike "and what follows --" "did you mean" "$(cdm-vm/cdm-vm --dry-run -- ls --hlep 2>&1)"
like "the value of an option is none" "did you mean --summary" \
	"$(cdmtrace/cdmtrace --comm no-such -p 1 --summery 2>&1)"

# --help ends the reading of options: what came before it was right.
taken() {	# COMMAND OPTION VALUE
	$1 "$2" "$3" --help > /dev/null 2>&1 && echo "$3"
}
for command in "${commands[@]}"; do
	for option in $($command --help | grep -oE -- '--[a-z-]+=TIME' | cut -d= -f1); do
		is "${command#*/} $option takes a unit" "100ms 0.5s 500000us" \
			"$(echo $(for value in 100ms 0.5s 500000us 100x 1e2s; do taken "$command" "$option" "$value"; done))"
	done
	for option in $($command --help | grep -oE -- '--[a-z-]+=SIZE' | cut -d= -f1); do
		is "${command#*/} $option takes a unit" "64M 131072K 1g" \
			"$(echo $(for value in 64M 131072K 1g 64X 64MB; do taken "$command" "$option" "$value"; done))"
	done
done
is "an interval takes a unit" "" "$(cdmtop/cdmtop 500ms 3 --help > /dev/null || echo no)"
is "so does a fault" "" "$(cdmctl/cdmctl inject cdm0 delay=1ms hang=2s --help > /dev/null || echo no)"
is "one that is too long is refused" "cdmctl: hang: 31s is more than 30000ms" \
	"$(cdmctl/cdmctl inject cdm0 hang=31s 2>&1 | sed -n 's/^cdmctl inject:/cdmctl:/; 1p')"

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
		like "... and says so" "$tool: cannot write standard output: No space" "$said"
	done
done
for command in list status migrate evict run inject engine bind unbind; do
	is "cdmctl $command -h" "$(cdmctl/cdmctl "$command" --help)" "$(cdmctl/cdmctl "$command" -h)"
	is "cdmctl $command -V" "cdmctl ${version#* }" "$(cdmctl/cdmctl "$command" -V)"
done

finish
