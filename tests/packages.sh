#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The package on a fresh Debian: installed, upgraded, removed, purged, and its service in a VM,
# scraped by Prometheus. As root, with network; prints TAP.
# Usage: tests/packages.sh [RELEASE...]; SECONDS_SERVED=600: how long Prometheus looks
project=$(cd "$(dirname "$0")/.." && pwd)
chroots=$project/build/chroots
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"
[[ $# -gt 0 ]] || set -- bookworm trixie

# Built once, on this Debian: what it needs has the same names, or provides them, in both.
new=$("$project/scripts/deb.sh") && old=$(DEB_VERSION=0.4 "$project/scripts/deb.sh") || exit
version=$(dpkg-deb -f "$new" Version)

inside() { "$project/scripts/chroot.sh" run "$release" "$@" 2>&1; }
apt() { inside apt-get -q -y -o Dpkg::Use-Pty=0 "$@"; }
files() { (cd "$root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache \
	-o -path ./var/log -o -path ./tmp -o -path ./run \) -prune -o -print | sort); }
installed() { inside dpkg-query -W -f '${Version} ${db:Status-Status}' cdm-tools; }
programs() {
	local tool
	for tool in cdmtop cdmtrace cdmctl cdm-vm; do
		inside "$tool" --version
	done | sort -u -k2
}

# takes FILE: the schema of Grafana's dashboards, which is types of TypeScript, takes it
takes() {
	{
		echo 'import type { Dashboard } from "@grafana/schema";'
		echo 'export const board: Dashboard ='
		cat "$1"
	} > "$grafana/board.ts"
	(cd "$grafana" && node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module esnext \
		--target esnext --moduleResolution bundler board.ts)
}
grafana=$project/build/grafana
if command -v npm > /dev/null; then
	said=$(npm install --no-audit --no-fund --prefix "$grafana" @grafana/schema@13.2.3 typescript@5.9.3 2>&1)
	result $? "the schema of Grafana" "$said"
	said=$(takes "$project/packaging/grafana/cdm.json")
	result $? "... takes the dashboard" "$said"
	sed '0,/"title": .*,/s//"title": 1,/' "$project/packaging/grafana/cdm.json" > "$work/wrong.json"
	like "... and not one whose title is a number" "'number' is not assignable" "$(takes "$work/wrong.json")"
else
	skip "the schema of Grafana takes the dashboard" "npm is not installed"
fi

for release; do
	root=$chroots/$release
	said=$("$project/scripts/chroot.sh" new "$release" 2>&1 && apt update)
	status=$?
	result $status "$release is there" "$said"
	[[ $status == 0 ]] || continue
	files > "$work/before"
	cp "$old" "$new" "$root/tmp/"
	said=$(apt install --no-install-recommends "/tmp/${old##*/}")
	result $? "$release: the version before is installed" "$said"
	is "... whole" "0.4 installed" "$(installed)"
	said=$(apt install "/tmp/${new##*/}")
	result $? "... upgraded" "$said"
	is "... whole" "$version installed" "$(installed)"
	is "... and runs" "cdmtop $version" "$(programs | head -1)"
	like "... without BPF, too" "CDM +RSS" "$(inside cdmtop -b --source proc 0.1 2)"
	is "its files are as they were packed" "" "$(inside dpkg --verify cdm-tools)"
	is "the service is not enabled" "" "$(find "$root/etc/systemd" -name 'cdm-*')"
	said=$(apt remove cdm-tools)
	result $? "... removed" "$said"
	said=$(apt purge cdm-tools && apt autoremove --purge)
	result $? "... purged" "$said"
	is "nothing is left" "" "$(files | comm -13 "$work/before" -)"
	is "nothing is missing" "" "$(files | comm -23 "$work/before" -)"

	said=$(apt install --no-install-recommends "/tmp/${new##*/}" systemd systemd-sysv prometheus-node-exporter &&
		inside systemctl enable cdm-exporter prometheus-node-exporter)
	result $? "$release: systemd, the service and the node exporter" "$said"
	"$project/tools/cdm-vm/cdm-vm" --memory 1G --cpus 2 --cdm 64M --timeout 3000 \
		-- "$project/tests/vm/guest-exporter.sh" "$root" "${SECONDS_SERVED:-60}" < /dev/null > "$work/served" 2>&1
	status=$?
	sed -E 's/^(ok|not ok) [0-9]+ - /\1 - '"$release"': /; /^1\.\./d' "$work/served"
	result $status "$release: the service in a VM"
done
finish
