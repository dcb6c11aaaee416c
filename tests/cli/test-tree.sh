#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What holds for all files of the tree, and whether the README tells the truth. TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
source "$project/tests/tap.sh"
cd "$project" || exit

if git rev-parse --git-dir > /dev/null 2>&1; then
	sources=$(git ls-files)
else
	sources=$(find . -path ./build -prune -o -type f -printf '%P\n')
fi
sources=$(grep -E '\.(c|h|S|sh|py|awk|bash|mk|scd)$|(^|/)Makefile$' <<< "$sources")
is "each source, script, makefile and manual names its license" "" \
	"$(while read -r file; do
		head -5 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' || echo "$file"
	done <<< "$sources")"
like "LICENSE has the text" 'GNU GENERAL PUBLIC LICENSE +Version 2, June 1991' \
	"$(echo $(head -2 LICENSE))"

# Commands are indented, or in `quotes`.
readme=$(cat README.md tools/cdm-vm/README.md docs/options.md)
targets=$(sed -nE '/^\.PHONY/,/[^\\]$/ { s/\.PHONY://; p }' Makefile | tr -s ' \t\\' '\n' | sort -u)
is "targets of make that the README names are there" "" \
	"$(grep -oE '(^    |sudo |`)make [a-z-]+' <<< "$readme" | sed 's/.*make //' | grep -v '^-' |
		sort -u | comm -23 - <(echo "$targets"))"
is "files that it names are there" "" \
	"$(grep -oE '`?\b(tools|docs|tests|scripts|kernel-patches|bpf)/[A-Za-z0-9_./-]*' <<< "$readme" |
		tr -d '\`' | sed 's/[.,:]*$//' | sort -u | while read -r file; do
		[[ -e $file ]] || echo "$file"
	done)"
for tool in cdmtop cdmtrace cdmctl cdm-vm; do
	help=$(tools/$tool/$tool --help)
	[[ $tool != cdmctl ]] || for command in list status migrate evict run inject engine; do
		help+=$(tools/cdmctl/cdmctl $command --help)
	done
	is "options of $tool that it names are there" "" \
		"$(grep -E "^    ([^ ]*/)?$tool " <<< "$readme" | sed 's/ -- .*//' |
			grep -oE -- '--[a-z-]+' | sort -u | while read -r option; do
			grep -qe "$option\\b" <<< "$help" || echo "$option"
		done)"
done
finish
