#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The options of a tool and of each of its commands as a table, for its manual and its completion:
# command, letter, name, value, the words that it may be, and text, between tabs. What is no
# option has no name: a heading, or a command with what comes after it as "value".
# Usage: options.sh TOOL
set -euo pipefail
tool=$1

# said COMMAND WORD...: the words that are there instead of one that is not
said() {
	local command=$1 word said
	shift
	said=$("$tool" $command "$@" --help 2>&1 > /dev/null) || true
	said=$(sed -n 's/.*[tT]here are: //p' <<< "$said")
	for word in $said; do
		echo "${word%%=*}${word//[^=]/}"
	done | paste -sd ' '
}

# table COMMAND
table() {
	local line letter name value text wrong
	# Tabs in a row would be read as one.
	"$tool" $1 --list-options | tr '\t' '\037' | while IFS=$'\037' read -r letter name value text; do
		wrong=\?
		[[ $value != CLASS=DEVICE* ]] || wrong=\?=cdm0
		# What all commands have is the tool's.
		[[ -z $1 || $name != @(help|version) ]] || continue
		line=$1$'\t'$letter$'\t'$name$'\t'$value$'\t'
		[[ -z $value ]] || line+=$(said "$1" "--$name=$wrong")
		echo "$line"$'\t'"$text"
	done
}

commands=$("$tool" --help | sed -n '/^Commands:/,/^$/ s/^  \([a-z]*\) .*/\1/p')
if [[ -z $commands ]]; then
	table ""
	"$tool" --help | sed -nE 's/^  or:  [^ ]+ \[OPTION...\] ([a-z]+) (.*)/\1\t\t\t\2\t\t/p'
	exit
fi
"$tool" "${commands%%$'\n'*}" --list-options | awk -F '\t' -v OFS='\t' '
	$2 ~ /^(help|version)$/ { print "", $1, $2, "", "", $4 }'
for command in $commands; do
	table "$command"
	arguments=$("$tool" "$command" --help | sed -nE "1 s/.* $command \[OPTION...\] ?//p")
	printf '%s\t\t\t%s\t%s\t\n' "$command" "${arguments:--}" "$(said "$command" cdm0 \?)"
done
