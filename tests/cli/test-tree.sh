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

# circles: of pairs "from to", those that lead back to where they started
circles() { tsort 2>&1 > /dev/null | sed 's/^tsort: //'; }
headers() {	# FOLDER: which header includes which
	grep -rHoE --include='*.h' '^#include "[^"]+' "$1" | while IFS=: read -r from to; do
		to=${to#*\"}
		for folder in "${from%/*}" "$1" tools/lib tools/include; do
			[[ ! -e $folder/$to ]] || { echo "$from $folder/$to"; break; }
		done
	done
}
# symbols PART KINDS: "symbol object" of what the objects define, or need, by nm's letters
symbols() {
	find "tools/$1" -name '*.c' | sed 's,^tools,build,; s,c$,o,' | xargs nm -gAP |
		awk -v kinds="[$2]" '$3 ~ kinds { sub(/\.o:$/, "", $1); print $2, $1 }' | sort
}
calls() {	# PART: which object takes a function or data from which
	join <(symbols "$1" U) <(symbols "$1" A-TV-Z) | awk '$2 != $3 { print $2, $3 }' | sort -u
}
is "a circle is seen" "a b" "$(printf '%s\n' 'a b' 'b a' 'a c' | circles | sed 1d | paste -sd ' ')"
for part in lib cdmtop cdmtrace cdmctl cdm-vm; do
	is "headers of $part include no one that includes them" "" "$(headers tools/$part | circles)"
	is "files of $part need no one that needs them" "" "$(calls $part 2>&1 | circles)"
done
is "nor do folders of lib" "" "$(calls lib | sed -E 's,/[^/ ]+( |$),\1,g' | awk '$1 != $2' |
	circles)"

is "docs/architecture.svg is the picture of this tree" "" "$(docs/architecture.py | diff docs/architecture.svg - | head -5)"

# Commands are indented, or in `quotes`.
readme=$(cat README.md CONTRIBUTING.md tools/cdm-vm/README.md docs/*.md)
targets=$(sed -nE '/^\.PHONY/,/[^\\]$/ { s/\.PHONY://; p }' Makefile | tr -s ' \t\\' '\n' | sort -u)
is "targets of make that the README names are there" "" \
	"$(grep -oE '(^    |sudo |`)make [a-z-]+' <<< "$readme" | sed 's/.*make //' | grep -v '^-' |
		sort -u | comm -23 - <(echo "$targets"))"
is "files that it names are there" "" \
	"$(grep -oE '`?\b(tools|docs|tests|scripts|kernel-patches|bpf)/[A-Za-z0-9_./-]*' <<< "$readme" |
		tr -d '\`' | sed 's/[.,:]*$//' | grep -v NAME | sort -u | while read -r file; do
		[[ -e $file ]] || echo "$file"
	done)"
if git rev-parse --git-dir > /dev/null 2>&1; then
	is "commits that CONTRIBUTING.md names are there" "" \
		"$(grep -oE '`[0-9a-f]{7}`' CONTRIBUTING.md | tr -d '\`' | while read -r commit; do
			git merge-base --is-ancestor "$commit" HEAD 2> /dev/null || echo "$commit"
		done)"
fi
# Of the kernel's selftests, and of two programs in tests/vm, which say what they have.
kernel_tests=$(sed -nE 's/^\+TEST_F\((\w+), (\w+)\).*/\1.\2/p' kernel-patches/*/*selftests-add-device_host.patch
	for suite in isolation pressure; do
		sed -nE "s/^def (\w+)\(\):.*/$suite.\1/p; s/.*\"($suite\.\w+):.*/\1/p" tests/vm/$suite.py
	done)
programs=$(sed 's/\..*//' <<< "$kernel_tests" | sort -u | paste -sd '|')
named=$(cat docs/isolation.md; grep -oE '\b(isolation|pressure)\.[a-z_]*' kernel-patches/AUDIT.md)
is "tests of the kernel that docs/isolation.md names are there" "" \
	"$(grep -oE "(^|[^-/[:alnum:]_])($programs)\.\w+" <<< "$named" | sed 's/^[^a-z]//' |
		grep -vE '\.(py|md)$' | sort -u | comm -23 - <(sort -u <<< "$kernel_tests"))"
is "and it names those of tests/vm" "" \
	"$(for suite in isolation pressure; do
		sed -nE '/^(BEFORE|WITH_PAGES|WITH_TIERS|TESTS) = /,/^\)/p' tests/vm/$suite.py |
			grep -oE '\b[a-z_]+\b' | grep -vx by_generations | sort -u | while read -r test; do
			grep -qE "\b$suite\.$test\b" docs/isolation.md || echo "$test"
		done
	done)"
for tool in cdmtop cdmtrace cdmctl cdm-vm; do
	help=$(tools/$tool/$tool --help)
	[[ $tool != cdmctl ]] || for command in list status migrate evict run inject engine bind unbind; do
		help+=$(tools/cdmctl/cdmctl $command --help)
	done
	is "options of $tool that it names are there" "" \
		"$(grep -E "^    ([^ ]*/)?$tool " <<< "$readme" | sed 's/ -- .*//' |
			grep -oE -- '--[a-z-]+' | sort -u | while read -r option; do
			grep -qe "$option\\b" <<< "$help" || echo "$option"
		done)"
done
finish
