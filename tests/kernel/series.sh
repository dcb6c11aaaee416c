#!/bin/bash
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

checkpatch() {
	# The tree's own documents and MAINTAINERS come with later patches.
	"$tree/scripts/checkpatch.pl" --strict --no-tree --terse --quiet \
		--ignore FILE_PATH_CHANGES "$1"
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

"$top/kernel-patches/kernel.sh" tree > /dev/null || exit 1
for patch in "$series"/*.patch; do
	check "checkpatch --strict $(basename "$patch")" checkpatch "$patch"
done
check "refresh writes the same bytes" same_after_refresh
check "build/kernel has this series" built_from_series
