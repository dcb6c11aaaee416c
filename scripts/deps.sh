#!/bin/bash
# Installs the Debian packages that the named groups need and that are missing.
# Usage: scripts/deps.sh GROUP...      groups: kernel deb vm tools demo test bench
set -euo pipefail

declare -A packages=(
	[kernel]="linux-source-6.12 git gcc make flex bison bc libelf-dev libssl-dev
		  dwarves ccache cpio kmod rsync xz-utils zstd perl python3"
	[deb]="debhelper dpkg-dev"
	[vm]="qemu-system-x86 gcc make libc6-dev linux-libc-dev"
	[tools]="gcc make libc6-dev linux-libc-dev clang llvm bpftool libbpf-dev libelf-dev
		 zlib1g-dev libcap-dev libncurses-dev scdoc"
	[demo]="python3 redis-server redis-tools stress-ng sqlite3 procps"
	[test]="python3 tmux util-linux procps libcmocka-dev valgrind prometheus libclang-rt-14-dev
		libcap2-bin man-db chromium"
	[bench]="bpftrace linux-perf htop procps tmux util-linux libcmocka-dev"
)

wanted=()
for group in "$@"; do
	if [[ ! -v "packages[$group]" ]]; then
		echo "deps: no group '$group'; there are: ${!packages[*]}" >&2
		exit 2
	fi
	for package in ${packages[$group]}; do
		status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
		[[ $status == "install ok installed" ]] || wanted+=("$package")
	done
done
[[ ${#wanted[@]} -gt 0 ]] || exit 0

if [[ $(id -u) != 0 ]]; then
	echo "deps: missing packages: ${wanted[*]}" >&2
	echo "deps: run 'sudo make deps', or install them yourself" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
echo "deps: installing ${wanted[*]}"
apt-get update -q
# A server that comes as a dependency is started by the tests, not by its package.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d.cdm
chmod +x /usr/sbin/policy-rc.d.cdm
if [[ ! -e /usr/sbin/policy-rc.d ]]; then
	mv /usr/sbin/policy-rc.d.cdm /usr/sbin/policy-rc.d
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
else
	rm -f /usr/sbin/policy-rc.d.cdm
fi
apt-get install -q -y --no-install-recommends "${wanted[@]}"
