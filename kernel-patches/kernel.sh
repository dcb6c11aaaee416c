#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes, keeps and builds the kernel with the DEVICE_HOST series.
#
#   kernel.sh tree      git tree of the Debian source plus the series, build/linux
#   kernel.sh refresh   write the tree's commits back as patches
#   kernel.sh build     build it, or take it from the cache; result in build/kernel
#   kernel.sh deb       installable packages, in build/
#   kernel.sh stock     build the unpatched kernel, for comparisons, build/kernel-stock
#   kernel.sh bisect N  build the kernel with the first N patches, build/kernel-bisect
#   kernel.sh debian    unpack Debian's packaged kernel, build/kernel-debian, with
#                       upstream's lib/test_hmm.c as a module for it; DEBIAN=6.1: that
#                       one, build/kernel-debian-6.1
#
# DEBUG=1 builds the debug kernel beside the normal one, in build/kernel-debug;
# DEBUG=kcsan one that looks for data races, in build/kernel-kcsan.
# BASE_CONFIG=FILE is the configuration that cdm.config is merged over, vm.config if
# not given.
# CDM_CACHE=DIR holds built kernels and compiler results; default ~/.cache/cdm.
#
# A result has: bzImage, vmlinux, config, lib/modules/VERSION/, selftests/, and
# series, the hash of the patches in it.
set -euo pipefail

version=6.12
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
patches=$here/$version
source_package=linux-source-$version
tarball=/usr/src/$source_package.tar.xz
build=$top/build
tree=$build/linux
cache=${CDM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdm}
case ${DEBUG:-} in
'')	variant='' ;;
kcsan)	variant=-kcsan ;;
*)	variant=-debug ;;
esac
localversion=-cdm
base_config=${BASE_CONFIG:-}

# Results must not depend on the user's git configuration, nor on the clock.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_COMMITTER_NAME="CDM toolkit" GIT_COMMITTER_EMAIL=cdm-toolkit@example.org
export GIT_AUTHOR_NAME=$GIT_COMMITTER_NAME GIT_AUTHOR_EMAIL=$GIT_COMMITTER_EMAIL
export GIT_COMMITTER_DATE="2026-01-01T00:00:00Z"
export KBUILD_BUILD_USER=cdm KBUILD_BUILD_HOST=cdm
export KBUILD_BUILD_TIMESTAMP="Thu Jan  1 00:00:00 UTC 2026"
export CCACHE_DIR=$cache/ccache CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1
export CCACHE_MAXSIZE=4G

say() { echo "kernel: $*"; }
die() { echo "kernel: $*" >&2; exit 1; }

base_version() {
	[[ -e $tarball ]] || die "$tarball is missing: run 'sudo make deps'"
	dpkg-query -W -f '${Version}' "$source_package"
}

# The patches in order; none for the unpatched kernel.
series() {
	local patch
	for patch in "$patches"/*.patch; do
		[[ ! -e $patch ]] || cat "$patch"
	done
}

series_hash() {
	series | sha256sum | cut -c1-16
}

configs() {
	[[ -n $base_config ]] || echo "$here/vm.config"
	echo "$here/cdm.config"
	[[ -z $variant ]] || echo "$here/${variant#-}.config"
}

# What the tree was made of: this base with this series at that commit.
tree_stamp() { echo "$(base_version) $(series_hash) $(git -C "$tree" rev-parse HEAD)"; }
tree_stamp_file() { echo "$tree/.git/cdm-stamp"; }

apply_series() {
	local patch
	for patch in "$patches"/*.patch; do
		[[ -e $patch ]] || return 0
		git -C "$tree" am -q --keep-cr "$patch" && continue
		git -C "$tree" am --show-current-patch=diff > "$build/failed.patch" || true
		git -C "$tree" apply --check "$build/failed.patch" || true
		git -C "$tree" am --abort
		echo "$(base_version) incomplete $(git -C "$tree" rev-parse HEAD)" \
			> "$(tree_stamp_file)"
		die "$(basename "$patch") does not apply to $source_package $(base_version)." \
		    "The hunks are named above; the tree is at the last patch that does, $tree"
	done
	tree_stamp > "$(tree_stamp_file)"
}

make_tree() {
	say "unpacking $source_package $(base_version)"
	rm -rf "$tree.new"
	mkdir -p "$tree.new"
	tar -C "$tree.new" --strip-components=1 -xf "$tarball"
	# Debian ignores all but its packaging there; we do not.
	sed -i '/^# Debian packaging/,$d' "$tree.new/.gitignore"
	git -C "$tree.new" init -q
	echo 'obj*/' >> "$tree.new/.git/info/exclude"
	git -C "$tree.new" add -A -f .
	git -C "$tree.new" commit -q -m "$source_package $(base_version)" \
		--date="$GIT_COMMITTER_DATE"
	git -C "$tree.new" tag base
	rm -rf "$tree"
	mv "$tree.new" "$tree"
	say "applying $(ls "$patches"/*.patch 2>/dev/null | wc -l) patches"
	apply_series
}

tree_is_clean() {
	[[ -z $(git -C "$tree" status --porcelain --untracked-files=normal) ]]
}

# Leaves the tree at the series as it is in kernel-patches/, and never throws
# away work that is not there.
ensure_tree() {
	if [[ ! -d $tree/.git ]]; then
		make_tree
		return
	fi
	local stamp
	stamp=$(cat "$(tree_stamp_file)" 2>/dev/null || true)
	if tree_is_clean && [[ $stamp == "$(tree_stamp)" ]]; then
		return
	fi
	if [[ ${stamp##* } != "$(git -C "$tree" rev-parse HEAD)" ]] || ! tree_is_clean; then
		die "$tree has changes that are not in $patches:" \
		    "commit them and run 'make kernel-refresh', or remove $tree"
	fi
	if [[ ${stamp%% *} != "$(base_version)" ]]; then
		make_tree
		return
	fi
	say "the series has changed, applying it again"
	git -C "$tree" reset -q --hard base
	apply_series
}

# No hashes of blobs, commits or tools in the patches: the same commits give the
# same bytes on every base and with every git.
refresh() {
	[[ -d $tree/.git ]] || die "there is no tree: run 'make kernel-tree'"
	tree_is_clean || die "$tree has changes that are not committed"
	local new=$build/patches.new
	rm -rf "$new"
	git -C "$tree" format-patch -q --zero-commit --no-signature --no-renames \
		--diff-algorithm=myers --stat=72 -o "$new" base..HEAD
	sed -i -E '/^index [0-9a-f]+\.\.[0-9a-f]+( [0-7]+)?$/d' "$new"/*.patch
	rm -f "$patches"/*.patch
	mv "$new"/*.patch "$patches"/
	rmdir "$new"
	tree_stamp > "$(tree_stamp_file)"
	say "$(ls "$patches" | wc -l) patches in $patches"
}

# Configures $1 (an object folder in the tree) from a base, or from nothing.
configure() {
	local obj=$tree/$1 wanted=$build/wanted.config
	mkdir -p "$obj"
	# shellcheck disable=SC2046
	cat $(configs) > "$wanted"
	if [[ -n $base_config ]]; then
		# Only what is missing: the rest is the user's choice.
		sed -i '/=n$/d' "$wanted"
		grep -vxFf <(sed -nE 's/=[ym]$//p' "$base_config" | sed 's/$/=y/p; s/=y$/=m/') \
			"$wanted" | cat "$base_config" - > "$obj/.config"
		make -s -C "$tree" O="$1" olddefconfig 2> >(grep -v override: >&2)
	else
		KCONFIG_ALLCONFIG=$wanted make -s -C "$tree" O="$1" allnoconfig
	fi
	: > "$build/$1.log"
	[[ $1 == obj-stock ]] || check_config "$wanted" "$obj/.config"
}

# A line that Kconfig drops without a word would be a test that never runs.
check_config() {
	local line bad=0
	while IFS= read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$2" && continue ;;
		CONFIG_*) grep -qxF "$line" "$2" && continue ;;
		*) continue ;;
		esac
		# A base may have built in what we ask for as a module, or the reverse.
		[[ -z $base_config ]] || grep -qE "^${line%%=*}=[my]" "$2" && continue
		echo "kernel: $line is not in the resulting configuration" >&2
		bad=1
	done < "$1"
	[[ $bad == 0 ]] || die "a dependency of the lines above is missing in $(configs | xargs)"
}

# Counts what make prints, so that a build of minutes shows that it lives.
progress() {
	awk -v tty="$([[ -t 1 ]] && echo 1)" '
	/^  (CC|AS|LD|AR|BTF|HOSTCC)/ {
		n++
		if (tty) { printf "\r\033[Kkernel: %5d %s", n, substr($0, 3, 60); fflush() }
		else if (n % 500 == 0) { print "kernel: " n " objects"; fflush() }
		next
	}
	/(warning|error|Error|undefined)/ { if (tty) printf "\n"; print; fflush() }
	END { if (tty) printf "\r\033[K" }'
}

kmake() {
	local obj=$1
	shift
	make -C "$tree" O="$obj" CC="ccache gcc" LOCALVERSION="$localversion" \
		-j"$(nproc)" "$@" > >(tee -a "$build/$obj.log" | progress) 2>&1
}

# The selftests belong to the kernel that they test.
build_selftests() {
	local out=$1/selftests self=$tree/tools/testing/selftests
	mkdir -p "$out"
	make -s -C "$tree" O="$2" headers > /dev/null
	gcc -O2 -w -I"$self" -I"$tree" -I"$self/mm" -isystem "$tree/$2/usr/include" \
		-o "$out/hmm-tests" "$self/mm/hmm-tests.c" -lm
	[[ -d $self/device_host ]] || return 0
	make -s -C "$self/device_host" OUTPUT="$out" \
		KHDR_INCLUDES="-isystem $tree/$2/usr/include" > /dev/null
}

install_result() {
	local result=$1 obj=$2 new=$1.new
	rm -rf "$new"
	mkdir -p "$new"
	kmake "$obj" INSTALL_MOD_PATH="$new" INSTALL_MOD_STRIP=1 modules_install
	rm -f "$new"/lib/modules/*/{build,source}
	cp "$tree/$obj/arch/x86/boot/bzImage" "$new/"
	cp "$tree/$obj/.config" "$new/config"
	cp --sparse=always "$tree/$obj/vmlinux" "$new/"
	build_selftests "$new" "$obj"
	series_hash > "$new/series"
	rm -rf "$result"
	mv "$new" "$result"
}

result_key() {
	{
		base_version
		echo "$1"
		# shellcheck disable=SC2046
		cat $(configs) ${base_config:+"$base_config"}
		series
		gcc --version | head -1
		pahole --version
		sed -n '/^configure()/,/^result_key()/p' "$0"
	} | sha256sum | cut -c1-16
}

# use RESULT NAME: build/NAME is the result, which is one of those in use
use() {
	touch "$1"
	ln -sfn "$1" "$build/$2"
}

build() {
	local name=kernel$variant obj=obj$variant
	local result lock start=$SECONDS
	result=$cache/kernels/$(result_key "$name")
	mkdir -p "$cache/kernels" "$build"
	# Two at once would build one of them with the configuration of the other.
	exec {lock}> "$build/kernel.lock"
	flock "$lock"
	if [[ ! -e $result/series ]]; then
		ensure_tree
		configure "$obj"
		say "building $name, log in $build/$obj.log"
		kmake "$obj" bzImage modules ||
			{ grep -E 'error|Error' "$build/$obj.log" >&2; die "the build failed"; }
		install_result "$result" "$obj"
		say "built in $((SECONDS - start)) s"
	fi
	use "$result" "$name"
	say "$build/$name is $(basename "$build"/$name/lib/modules/*) with series $(cat "$result/series")"
}

# The base without the series, in a tree of its own: only benchmarks and the
# baseline of upstream's tests need it.
stock() {
	patches=$here/none tree=$build/linux-stock localversion=
	export CCACHE_BASEDIR=$tree
	local result
	result=$cache/kernels/$(result_key stock)
	if [[ ! -e $result/series ]]; then
		[[ -d $tree/.git ]] || make_tree
		configure obj-stock
		kmake obj-stock bzImage modules || die "the build failed, see $build/obj-stock.log"
		install_result "$result" obj-stock
	fi
	use "$result" kernel-stock
	say "$build/kernel-stock is $(basename "$build"/kernel-stock/lib/modules/*)"
}

# In a tree of its own beside that of the series, whose objects are used again for the next.
bisect() {
	local commit main_tree=$tree
	ensure_tree
	commit=$(git -C "$tree" rev-list --reverse base..HEAD | sed -n "${1}p")
	[[ -n $commit ]] || die "there is no patch $1"
	tree=$build/linux-bisect
	export CCACHE_BASEDIR=$tree
	if ! git -C "$tree" checkout -q --detach "$commit" 2> /dev/null; then
		rm -rf "$tree"
		git -C "$main_tree" worktree prune
		git -C "$main_tree" worktree add -q --detach "$tree" "$commit"
	fi
	check_config() { :; }	# patches that are not there have no options
	configure obj-bisect
	kmake obj-bisect bzImage modules ||
		{ grep -E 'error|Error' "$build/obj-bisect.log" >&2; die "the build failed"; }
	install_result "$build/kernel-bisect" obj-bisect
	say "$build/kernel-bisect has $1 patches, up to: $(git -C "$tree" log -1 --format=%s)"
}

# The newest packaged kernel of $version, its headers, and what those need.
debian_packages() {
	local image release
	image=$(apt-cache search --names-only "^linux-image-${version/./\\.}\\.[^-]*(-[0-9]+)?-amd64\$" |
		sort -V | tail -1 | cut -d' ' -f1)
	[[ -n $image ]] || die "apt knows no packaged kernel $version: run 'sudo apt-get update'"
	release=${image#linux-image-}
	printf "%s\n" "$image" "linux-headers-$release"
	apt-cache depends "linux-headers-$release" | sed -nE 's/.*Depends: (linux-(headers|kbuild|compiler)-.*)/\1/p'
}

# The source of test_hmm, made to do without device-private memory, which Debian's
# kernels are built without: its first two devices have no memory then. And a program
# that ends does not empty the device of everybody's memory, which is no way of a driver
# and meets pages whose anon_vma is gone.
# $1: the folder; $2: the tarball
test_hmm_source() {
	local files=(test_hmm.c test_hmm_uapi.h)
	mkdir -p "$1"
	# Each is there once: tar need not read on.
	tar -C "$1" --strip-components=2 --occurrence=1 -xf "$2" \
		"${files[@]/#/$source_package/lib/}"
	sed -i -e 's/make_device_exclusive_range(.*)/-EOPNOTSUPP/' \
		-e 's/^\treturn dmirror_allocate_chunk(mdevice, NULL);/\treturn dmirror_is_private_zone(mdevice) ? 0 : dmirror_allocate_chunk(mdevice, NULL);/' \
		-e '/^static int dmirror_fops_release/,/^}/s/dmirror_device_evict_chunk(devmem)/(void)devmem/' \
		"$1/test_hmm.c"
	echo 'obj-m := test_hmm.o' > "$1/Makefile"
}

# $1: where the packages were unpacked
build_test_hmm() {
	local headers=$1/usr/src/linux-headers-$2
	[[ -e $tarball ]] || tarball=$1$tarball
	test_hmm_source "$1/test_hmm" "$tarball"
	sed -i "s,/usr/src/,$1/usr/src/," "$headers/Makefile"
	make -s -C "$headers" M="$1/test_hmm" modules > "$build/debian.log" 2>&1 ||
		die "test_hmm cannot be built for $2, see $build/debian.log"
	install -D -m 644 "$1/test_hmm/test_hmm.ko" "$1/lib/modules/$2/extra/test_hmm.ko"
	depmod -b "$1" "$2"
}

# Nothing is installed: the packages are unpacked.
debian() {
	local name=kernel-debian${DEBIAN:+-$DEBIAN}
	local packages result package release work=$build/unpacked-$name
	version=${DEBIAN:-$version} source_package=linux-source-$version
	tarball=/usr/src/$source_package.tar.xz
	mapfile -t packages < <(debian_packages)
	[[ ${#packages[@]} -gt 2 ]] || exit 1
	release=${packages[0]#linux-image-}
	result=$cache/kernels/debian-$({ apt-cache show --no-all-versions "${packages[@]}" |
		grep -E '^(Package|Version):'; sed -n '/^debian_packages()/,/^# Nothing is installed/p' "$0"; } |
		sha256sum | cut -c1-16)
	if [[ ! -e $result/bzImage ]]; then
		say "downloading and unpacking ${packages[0]}"
		rm -rf "$work"
		mkdir -p "$work/packages" "$cache/kernels"
		[[ -e $tarball ]] || packages+=("$source_package")
		(cd "$work/packages" && apt-get download -q "${packages[@]}" > "$build/debian.log" 2>&1) ||
			die "the packages cannot be downloaded, see $build/debian.log"
		for package in "$work"/packages/*.deb; do
			dpkg-deb -x "$package" "$work"
		done
		build_test_hmm "$work" "$release"
		mkdir "$work/result"
		mv "$work/lib" "$work/result/lib"
		mv "$work/boot/vmlinuz-$release" "$work/result/bzImage"
		mv "$work/boot/config-$release" "$work/result/config"
		rm -rf "$result"
		mv "$work/result" "$result"
		rm -rf "$work"
	fi
	use "$result" "$name"
	say "$build/$name is $release"
}

deb() {
	ensure_tree
	configure obj-deb
	kmake obj-deb KDEB_PKGVERSION="$(base_version)+cdm" bindeb-pkg ||
		die "packaging failed, see $build/obj-deb.log"
	mv "$tree"/*.deb "$build/"
	rm -f "$tree"/*.buildinfo "$tree"/*.changes
	say "packages:"
	ls "$build"/*.deb
}

# In a function, so that the whole script is read before it runs for minutes.
main() {
	case ${1:-} in
	tree)	 ensure_tree; say "$tree has $(git -C "$tree" rev-list --count base..HEAD) patches" ;;
	refresh) refresh ;;
	build)	 build ;;
	stock)	 stock ;;
	bisect)	 bisect "${2:-}" ;;
	deb)	 deb ;;
	debian)	 debian ;;
	*)	 echo "usage: $0 tree|refresh|build|stock|bisect N|deb|debian" >&2; exit 2 ;;
	esac
}

main "$@"; exit
