#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The patch series itself: that every patch is clean, that the series can be
# written back without a change, and that the kernel was built from it.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
series=$top/kernel-patches/6.12
tree=$top/build/linux
n=0

check() {
	local what=$1 output
	shift
	n=$((n + 1))
	if output=$("$@" 2>&1); then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' <<< "$output"
	fi
}

# Ignored: MAINTAINERS comes with the last patch, the commits that Fixes: names
# are not in this tree. Trace headers are not C to look at, every one in the
# kernel has these, and page flags have names like HWPoison. Selftests are user
# space, with the macros of their harness: of them only errors count.
checkpatch() {
	local found
	found=$("$tree/scripts/checkpatch.pl" --strict --root="$tree" --quiet --showfile \
		--show-types --terse --no-summary \
		--ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID "$1" 2>&1 |
	grep -vE -e '^include/trace/events/[a-z]+\.h:[0-9]+: (CHECK:(OPEN_ENDED_LINE|PARENTHESIS_ALIGNMENT)|ERROR:COMPLEX_MACRO|WARNING:(MACRO_ARG_UNUSED|TRAILING_SEMICOLON)):' \
		-e '^include/linux/page-flags\.h:[0-9]+: CHECK:CAMELCASE:' \
		-e '^tools/testing/selftests/[^:]+:[0-9]+: (WARNING|CHECK):')
	echo "$found"
	[[ -z $found ]]
}

same_after_refresh() {
	local before after
	before=$(cat "$series"/*.patch | sha256sum)
	"$top/kernel-patches/kernel.sh" refresh || return
	after=$(cat "$series"/*.patch | sha256sum)
	[[ $before == "$after" ]]
}

built_from_series() {
	[[ $(cat "$top/build/kernel/series") == "$(cat "$series"/*.patch | sha256sum | cut -c1-16)" ]]
}

# The tools are built without the kernel's source.
same_uapi() {
	diff -u "$tree/include/uapi/linux/cdm.h" "$top/tools/include/linux/cdm.h"
}

# The tree and its files are there once: the normal and the debug kernel, one by one.
take_turns() {
	local status
	flock "$top/build/kernel.lock" timeout 2 "$top/kernel-patches/kernel.sh" build
	status=$?
	[[ $status == 124 ]] && "$top/kernel-patches/kernel.sh" build
}

# A base that has what it does otherwise than the first: what it names is there, nothing is
# there that it does not name, and what it leaves out it gives a reason for.
whole_base() {
	local base=$1 name patch bad=0
	while read -r name; do
		compgen -G "$base/$name.patch" > /dev/null || compgen -G "$series/????-$name.patch" > /dev/null ||
			{ echo "series: there is no patch $name"; bad=1; }
	done < "$base/series"
	for patch in "$base"/*.diff "$base"/*.msg "$base"/*.patch; do
		name=$(basename "${patch%.*}")
		[[ ! -e $patch ]] || grep -qxF "$name" "$base/series" || { echo "$patch is of no patch"; bad=1; }
	done
	for patch in "$series"/*.patch; do
		name=$(basename "$patch" .patch)
		grep -qxF "${name#????-}" "$base/series" || grep -qF "\`${name#????-}\`: " "$base/README.md" ||
			{ echo "$name is left out, $base/README.md does not say why"; bad=1; }
	done
	return $bad
}

same_after_other_refresh() {
	local base=$1 before after
	before=$(cat "$base"/{series,*.diff,*.msg,*.patch} | sha256sum)
	BASE=$(basename "$base") "$top/kernel-patches/kernel.sh" refresh || return
	after=$(cat "$base"/{series,*.diff,*.msg,*.patch} | sha256sum)
	[[ $before == "$after" ]]
}

"$top/kernel-patches/kernel.sh" tree > /dev/null || exit 1
cd "$top/build" || exit	# checkpatch leaves a file where it runs
for patch in "$series"/*.patch; do
	check "checkpatch --strict $(basename "$patch")" checkpatch "$patch"
done
check "refresh writes the same bytes" same_after_refresh
check "build/kernel has this series" built_from_series
check "builds take turns" take_turns
check "the tools have the interface of this series" same_uapi
for base in "$top"/kernel-patches/[0-9]*/series; do
	base=$(dirname "$base")
	check "$(basename "$base") has the series" whole_base "$base"
	for patch in "$base"/*.patch; do
		check "checkpatch --strict $(basename "$base") $(basename "$patch")" checkpatch "$patch"
	done
	if [[ -e $tree-$(basename "$base")/.git/cdm-stamp ]]; then
		check "refresh of $(basename "$base") writes the same bytes" same_after_other_refresh "$base"
	else
		n=$((n + 1))
		echo "ok $n - refresh of $(basename "$base") # SKIP there is no tree: make kernel-tree BASE=$(basename "$base")"
	fi
done
