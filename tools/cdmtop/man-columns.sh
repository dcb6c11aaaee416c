#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Replaces @COLUMNS@ in a manual by what `cdmtop --list-columns` says.
# Usage: man-columns.sh CDMTOP < cdmtop.1.scd
set -euo pipefail
columns=$("$1" --list-columns)

list() {
	local view=
	while IFS= read -r line; do
		[[ $line != VIEW* && $line != "* "* ]] || continue
		read -r name id rest <<< "$line"
		if [[ $name != "$view" ]]; then
			view=$name
			printf '## View %s\n\n' "$view"
		fi
		# What the title, the unit and the sentence are is told by their places.
		printf '*%s*%s\n\t%s\n\n' "$id" "$([[ $rest == *' *' ]] || echo ' +')" \
			"$(sed 's/ \*$//; s/_/\\_/g' <<< "${line:40}")"
	done <<< "$columns"
}

while IFS= read -r line; do
	if [[ $line == @COLUMNS@ ]]; then
		list
	else
		printf '%s\n' "$line"
	fi
done
