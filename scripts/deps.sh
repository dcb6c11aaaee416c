#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debian packages that the named groups need: installs those that are missing, by sudo
# if it must, or with --check only says which and how to get them.
# Usage: scripts/deps.sh [--check] GROUP...
# groups: kernel kernel-check deb debian vm tools demo test bench lint chroot clang
set -euo pipefail

declare -A packages=(
	[kernel]="linux-source-6.12 git gcc make flex bison bc libelf-dev libssl-dev
		  dwarves ccache cpio kmod rsync xz-utils zstd perl python3"
	[kernel-check]="sparse coccinelle gcc-aarch64-linux-gnu gcc-powerpc64le-linux-gnu"
	[deb]="build-essential debhelper dpkg-dev fakeroot"
	[debian]="gcc make libelf-dev kmod xz-utils"
	[vm]="qemu-system-x86 gcc make libc6-dev linux-libc-dev"
	[tools]="gcc make libc6-dev linux-libc-dev clang llvm bpftool libbpf-dev libelf-dev libdw-dev
		 zlib1g-dev libcap-dev libncurses-dev scdoc"
	[demo]="python3 redis-server redis-tools stress-ng sqlite3 procps"
	[test]="python3 tmux util-linux procps e2fsprogs xfsprogs libcmocka-dev valgrind prometheus
		libcap2-bin man-db chromium strace lintian zsh stress-ng fio liburing-dev libnuma-dev
		ndctl daxctl"
	[bench]="bpftrace linux-perf trace-cmd htop procps tmux util-linux libcmocka-dev"
	[lint]="clang-tidy cppcheck sparse"
	[chroot]="debootstrap systemd-container util-linux prometheus prometheus-node-exporter libcap2-bin"
	[clang]=""	# the oldest and the newest that there are
)

check=
if [[ ${1:-} == --check ]]; then
	check=1
	shift
fi
if [[ " $* " == *" clang "* ]] && command -v apt-cache > /dev/null; then
	packages[clang]=$(apt-cache pkgnames clang- | grep -E '^clang-[0-9]+$' | sort -V | sed -n '1p; $p')
fi
# libFuzzer and sanitizers are of a version of clang: that of the package without one.
clang=$(apt-cache depends clang 2> /dev/null | sed -nE 's/.*Depends: clang-([0-9]+)$/\1/p') || true
packages[test]+=${clang:+ libclang-rt-$clang-dev}

wanted=()
for group in "$@"; do
	if [[ ! -v "packages[$group]" ]]; then
		echo "deps: no group '$group'; there are: ${!packages[*]}" >&2
		exit 2
	fi
	wanted+=(${packages[$group]})
done

# Elsewhere packages have other names: the compiler says what it lacks.
if ! command -v dpkg-query > /dev/null; then
	[[ -z $check ]] || exit 0
	echo "deps: there is no dpkg here; install what your system calls: ${wanted[*]}" >&2
	exit 1
fi

missing=($(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
	<(dpkg-query -W -f '${Package} ${Status}\n' "${wanted[@]}" 2> /dev/null |
		sed -n 's/ install ok installed$//p' | sort -u)))
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ -n $check ]]; then
	echo "deps: packages are missing: ${missing[*]}" >&2
	echo "deps: install them with: sudo apt-get install ${missing[*]}" >&2
	exit 1
fi
if [[ $(id -u) != 0 ]]; then
	if command -v sudo > /dev/null; then
		exec sudo "$0" "$@"
	fi
	echo "deps: packages are missing: ${missing[*]}; install them as root" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
echo "deps: installing ${missing[*]}"
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
apt-get install -q -y --no-install-recommends "${missing[@]}"
