#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A tool's completion, bash.in or zsh.in with the table of its options.
# Usage: make.sh SHELL NAME < TABLE, which is from options.sh
set -euo pipefail
here=$(dirname "$0")

# Of a value its first word; "-" where there is nothing
table=$(awk -F '\t' -v OFS='\t' '
	$3 == "" && $1 == "" { next }
	{
		sub(/^\[--\] /, "", $4)
		sub(/^\[/, "=", $4)
		sub(/[] [].*/, "", $4)
		$3 = $3 == "" ? "" : ($2 == "" ? "" : "-" $2 ",") "--" $3
		$2 = ""
		for (i = 1; i <= 6; i++)
			$i = $i == "" ? "-" : $i
		print $1, $3, $4, $5, $6
	}')
while IFS= read -r line; do
	[[ $line != @TABLE@ ]] || line=$table
	printf '%s\n' "${line//@NAME@/$2}"
done < "$here/$1.in"
