#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make check QUICK=1 on a fresh Debian of each release, of the last commit, or where there is no
# git of what is in this folder. As root.
# Usage: scripts/ci.sh [RELEASE...]
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
[[ $# -gt 0 ]] || set -- bookworm trixie

# The folder is somebody else's, as a rule.
git() { command git -c "safe.directory=$top" -C "$top" "$@"; }
commit=$(git rev-parse -q --verify HEAD 2> /dev/null) || commit=
[[ -z $commit ]] || git log -1 --format='commit %h %s'

tested() {
	if [[ -n $commit ]]; then
		git archive "$commit"
	else
		tar -C "$top" --exclude=./build --exclude=./.git -cf - .
	fi
}

failed=0
for release; do
	"$top/scripts/chroot.sh" new "$release"
	source=$top/build/chroots/$release/src
	mkdir "$source"
	tested | tar -C "$source" -xf -
	log=$top/build/chroots/ci-$release.log
	if "$top/scripts/chroot.sh" run "$release" sh -c 'apt-get update -q && apt-get install -q -y make &&
		cd /src && make clean && make check QUICK=1' > "$log" 2>&1 < /dev/null; then
		echo "$release: $(tail -1 "$log")"
	else
		echo "$release: failed, see $log"
		grep -A12 -E '[1-9][0-9]* failed' "$log" || tail -5 "$log"
		failed=1
	fi
done
exit $failed
