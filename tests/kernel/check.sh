#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What compilers, sparse and coccinelle say of the files that the series touches, and did not
# say before it. Only the objects of these files are built. Prints TAP.
#
#   check.sh [modern|arm64|ppc64|off|least|tiny|alone|each|cocci]...    all of them if none is named
#
#   modern   x86-64, allmodconfig, W=1, sparse; compared with the base
#   arm64    cross build of its defconfig and what the series needs; compared with the base
#   ppc64    likewise: the size of its page tables is not known before it boots
#   off      x86-64 without DEVICE_HOST, memory cgroups and huge pages
#   least    DEVICE_HOST and none of what it goes without
#   tiny     tinyconfig, which cannot migrate pages
#   alone    each fix that is a posting of its own, over the base: what it touches builds
#   each     each patch over those before it: what the series touches builds
#   cocci    the semantic patches of the kernel; compared with the base
set -uo pipefail
source "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
patches=$top/kernel-patches
tree=$top/build/linux
work=$top/build/check
src=$work/linux		# base and series by turns, so that paths are the same
export CCACHE_DIR=${CDM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdm}/ccache
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

"$patches/kernel.sh" tree > /dev/null || exit 1
mkdir -p "$work"

at() {
	git -C "$src" checkout -q --detach "$1" 2> /dev/null && return
	rm -rf "$src"
	git -C "$tree" worktree prune
	git -C "$tree" worktree add -q --detach "$src" "$1"
}
head=$(git -C "$tree" rev-parse HEAD)
at "$head" || exit

# What is not compiled when that is off; Kbuild would do so if it is asked by name.
declare -A unconfigured=([off]='mm/(memcontrol|memcontrol-v1|huge_memory|khugepaged|device_host)\.c|lib/test_hmm\.c|drivers/misc/cdm/'
	[tiny]='mm/(memcontrol|memcontrol-v1|memory-failure|memremap|huge_memory|khugepaged|device_host|migrate|migrate_device)\.c|lib/test_hmm\.c|drivers/(misc/cdm|dax)/'
	[least]='mm/(memcontrol|memcontrol-v1|huge_memory|khugepaged|ksm|memory-failure|swapfile)\.c|drivers/misc/cdm/(inject|pci)\.c')

# touched [CONFIGURATION]: C files of the kernel that the series touches and that are there now
touched() {
	local file
	git -C "$tree" diff --name-only base.."$head" -- '*.c' ':!tools' ':!Documentation' |
	grep -vE "^(${unconfigured[${1:-all}]:-none})" | while read -r file; do
		[[ ! -e $src/$file ]] || echo "$file"
	done
}

# kmake OBJ ARG...: in an object folder of its own
kmake() {
	local obj=$work/$1
	shift
	make -C "$src" O="$obj" -j"$(nproc)" "$@"
}

# Configurations, each in an object folder of its name
fragment() { grep -hE '^CONFIG_[A-Z0-9_]+=' "$@" | grep -vE '=n$'; }
configure_modern() {
	printf 'CONFIG_%s\n' WERROR=n DEBUG_INFO_NONE=y GCC_PLUGINS=n MEMCG_V1=y DEVICE_HOST=y > "$work/modern.config"
	KCONFIG_ALLCONFIG=$work/modern.config kmake modern -s allmodconfig
}
configure_cross() {
	kmake "$1" -s defconfig
	fragment "$patches/cdm.config" >> "$work/$1/.config"
	printf 'CONFIG_%s\n' DEBUG_INFO_NONE=y WERROR=n PPC_WERROR=n >> "$work/$1/.config"
	kmake "$1" -s olddefconfig 2> /dev/null
}
configure_arm64() { configure_cross arm64; }
configure_ppc64() { configure_cross ppc64; }
configure_alone() {
	cat "$patches/vm.config" "$patches/cdm.config" > "$work/alone.config"
	KCONFIG_ALLCONFIG=$work/alone.config kmake "${1:-alone}" -s allnoconfig 2> /dev/null
}
configure_off() {
	cat "$patches/vm.config" "$patches/cdm.config" > "$work/off.config"
	printf 'CONFIG_%s=n\n' DEVICE_HOST CDM MEMCG TRANSPARENT_HUGEPAGE DEBUG_INFO_BTF >> "$work/off.config"
	KCONFIG_ALLCONFIG=$work/off.config kmake off -s allnoconfig 2> /dev/null
}
configure_least() {
	cat "$patches/vm.config" "$patches/cdm.config" > "$work/least.config"
	printf 'CONFIG_%s=n\n' MEMORY_FAILURE MEMCG TRANSPARENT_HUGEPAGE KSM NUMA SWAP USERFAULTFD FTRACE \
		CPUSETS PCI SUSPEND HIBERNATION DEBUG_FS DEBUG_INFO_BTF CDM_FAULT_INJECTION >> "$work/least.config"
	KCONFIG_ALLCONFIG=$work/least.config kmake least -s allnoconfig 2> /dev/null
}
configure_tiny() { kmake tiny -s tinyconfig; }

# What sparse says of any function that takes a lock by guard(), as it knows no destructors, or
# has a page table mapped, which may fail.
but_locks() {
	local line
	while read -r line; do
		case $line in
		*'wrong count at exit') grep -q '[^_]guard(' "$src/${line%%:*}" || echo "$line" ;;
		include/linux/rcupdate.h:*'unexpected unlock') ;;
		*) echo "$line" ;;
		esac
	done
}

# said NAME COMMIT ARG...: warnings and errors, without the numbers of lines, to NAME.COMMIT.
# Objects are made anew, or nothing would be said of those that are there.
said() {
	local name=$1 commit=$2 log=$work/$1.$2.log object list
	shift 2
	at "$([[ $commit == base ]] && echo base || echo "$head")"
	"configure_$name" > "$log" 2>&1
	kmake "$name" -s prepare modules_prepare >> "$log" 2>&1
	mapfile -t list < <(touched "$name" | sed 's/c$/o/')
	for object in "${list[@]}"; do
		rm -f "$work/$name/$object"
	done
	kmake "$name" -k "$@" "${list[@]}" >> "$log" 2>&1
	grep -E ' (warning|error): |^make.*Error' "$log" | sed -E "s,^($src/|\.\./)+,,; s/:[0-9]+(:[0-9]+)?:/:/" |
		sort -u | but_locks > "$work/$name.$commit"
	for object in "${list[@]}"; do
		[[ -e $work/$name/$object ]] || echo "$object is not built"
	done | sort > "$work/$name.$commit.missing"
}

# compare NAME WHAT ARG...: of what is built at the base and at the series
compare() {
	local name=$1 what=$2
	shift 2
	said "$name" base "$@"
	said "$name" series "$@"
	is "$what: nothing that was not said before" "" "$(comm -13 "$work/$name.base" "$work/$name.series")"
	built "$name" "$what"
}
# A file that no configuration like this one compiles is none of the series' doing.
built() {
	is "$2: each file is compiled" "" "$(comm -13 "$work/$1.base.missing" "$work/$1.series.missing")"
}

modern() {
	compare modern "allmodconfig, W=1, sparse" W=1 C=1 CHECK=sparse CC="ccache gcc"
	like "DEVICE_HOST was on" 'CONFIG_DEVICE_HOST=y' "$(grep DEVICE_HOST= "$work/modern/.config")"
}
# cross NAME ARCH COMPILER
cross() {
	export ARCH=$2 CROSS_COMPILE=$3-
	compare "$1" "$1" CC="ccache $3-gcc"
	like "$1: DEVICE_HOST was on" 'CONFIG_DEVICE_HOST=y' "$(grep DEVICE_HOST= "$work/$1/.config")"
	unset ARCH CROSS_COMPILE
}
arm64() { cross arm64 arm64 aarch64-linux-gnu; }
ppc64() { cross ppc64 powerpc powerpc64le-linux-gnu; }
off() {
	compare off "without DEVICE_HOST" CC="ccache gcc"
	is "it was off" "" "$(grep -E '^CONFIG_(DEVICE_HOST|MEMCG|TRANSPARENT_HUGEPAGE)=' "$work/off/.config")"
}
least() {
	compare least "with little else" CC="ccache gcc"
	is "little else" CONFIG_DEVICE_HOST=y "$(grep -E '^CONFIG_(DEVICE_HOST|MEMORY_FAILURE|MEMCG|TRANSPARENT_HUGEPAGE|KSM|NUMA|SWAP|PCI)=' "$work/least/.config")"
}
tiny() {
	compare tiny "tinyconfig" CC="ccache gcc"
	is "it cannot migrate" "" "$(grep '^CONFIG_MIGRATION=' "$work/tiny/.config")"
}

# over_base PART: a fix, after those that it needs, which are fixes, too
over_base() {
	local subject need
	for need in $(sed -n 's/^Needs: //p' "$patches/mail/$1" | sed 's/(.*//'); do
		over_base "$need"
	done
	subject=$(sed -n 's/^First: //p' "$patches/mail/$1")
	git -C "$tree" log --format='%H %s' base.."$head" | while read -r commit title; do
		[[ $title != "$subject" ]] || git -C "$tree" show "$commit" | git -C "$src" apply
	done
}
alone() {
	local part list
	at base
	configure_alone > "$work/alone.log" 2>&1
	kmake alone -s prepare modules_prepare CC="ccache gcc" >> "$work/alone.log" 2>&1
	for part in $(grep -l -d skip '^Kind: fix' "$patches"/mail/*) "$patches/mail/drain"; do
		part=${part##*/}
		git -C "$src" reset -q --hard base
		over_base "$part"
		mapfile -t list < <(git -C "$src" diff --name-only -- '*.c' | sed 's/c$/o/')
		[[ ${list[*]} ]] || list=(mm/rmap.o)	# a header: something that includes it
		said=$(kmake alone -s CC="ccache gcc" W=1 "${list[@]}" 2>&1)
		[[ $? == 0 && $said != *warning:* ]]
		result $? "$part: ${list[*]} over the base" "$said"
	done
	git -C "$src" reset -q --hard
}

# A configuration changes with what there is to configure.
each() {
	local commit list
	for commit in $(git -C "$tree" rev-list --reverse base.."$head"); do
		at "$commit"
		said=$(configure_alone each && kmake each -s prepare modules_prepare CC="ccache gcc" 2>&1)
		mapfile -t list < <(touched | sed 's/c$/o/')
		said+=$(kmake each -s -k CC="ccache gcc" "${list[@]}" 2>&1)
		result $? "$(git -C "$src" log -1 --format=%s)" "$(grep -E 'error:|rule' <<< "$said")"
	done
}

cocci() {
	local commit
	for commit in base series; do
		at "$([[ $commit == base ]] && echo base || echo "$head")"
		cd "$src" || exit
		mapfile -t files < <(touched)
		[[ ${files[*]} ]] || { not_ok "coccinelle: files of the $commit"; return; }
		# xargs would end with the first one that spatch cannot read, which is 255.
		find scripts/coccinelle -name '*.cocci' | sort |
			xargs -P "$(nproc)" -I{} sh -c 'timeout 300 spatch -D report --no-show-diff --very-quiet \
				--cocci-file "$@" || true' sh {} --no-includes "${files[@]}" 2> /dev/null |
			sed -E 's/:[0-9]+(-[0-9]+)?(:[0-9]+(-[0-9]+)?)?:/:/; s/(line|lines) [0-9, ]+/\1 /g' |
			sort -u > "$work/cocci.$commit"
		cd "$top" || exit
	done
	is "coccinelle: nothing that was not said before" "" "$(comm -13 "$work/cocci.base" "$work/cocci.series")"
}

for what in "${@:-modern arm64 ppc64 off least tiny alone each cocci}"; do
	for one in $what; do
		case $one in
		modern | arm64 | ppc64 | off | least | tiny | alone | each | cocci) "$one" ;;
		*) echo "usage: $0 [modern|arm64|ppc64|off|least|tiny|alone|each|cocci]..." >&2; exit 2 ;;
		esac
	done
done
finish
