#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds the package of the tools, build/deb/cdm-tools_VERSION_ARCH.deb, and says its name.
# The version is that of the tools, the changelog NEWS.md; DEB_VERSION=X: as version X, to
# test upgrades.
# Usage: scripts/deb.sh
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/build/deb
maintainer=$(sed -n 's/^Maintainer: //p' "$top/packaging/debian/control")
version=${DEB_VERSION:-$(sed -n 's/^#define CDM_VERSION\t"\(.*\)"/\1/p' "$top/tools/lib/base/version.h")}
source=$out/cdm-tools-$version
log=$out/build-$version.log

# "## 0.5, 2026-11-29" and its list become an entry of the changelog.
changelog() {
	local line name date= heading='^## (.*), (.*)$'
	while IFS= read -r line; do
		if [[ $line =~ $heading ]]; then
			name=${BASH_REMATCH[1]}
			[[ -n $date ]] || name=$version
			[[ -z $date ]] || trailer "$date"
			date=${BASH_REMATCH[2]}
			printf 'cdm-tools (%s) unstable; urgency=medium\n\n' "$name"
		elif [[ -n $date && $line == "- "* ]]; then
			printf '  * %s\n' "${line#- }"
		elif [[ -n $date && $line == "  "* ]]; then
			printf '    %s\n' "${line#  }"
		fi
	done < "$top/NEWS.md"
	trailer "$date"
}
trailer() {
	printf '\n -- %s  %s\n\n' "$maintainer" "$(date -R -u -d "$1")"
}

rm -rf "$source"
mkdir -p "$source"
# What was built here is cleaned away first by dpkg-buildpackage.
tar -C "$top" --exclude=./build --exclude=./.git --exclude=./kernel-patches --exclude=./tests -cf - . |
	tar -C "$source" -xf -
mv "$source/packaging/debian" "$source/debian"
changelog > "$source/debian/changelog"
if ! (cd "$source" && DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage --build=binary --no-sign -rfakeroot) > "$log" 2>&1; then
	tail -20 "$log" >&2
	echo "deb: it failed, see $log" >&2
	exit 1
fi
rm -rf "$source"
echo "$out/cdm-tools_${version}_$(dpkg --print-architecture).deb"
