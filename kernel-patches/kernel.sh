#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes, keeps and builds the kernel with the DEVICE_HOST series.
#
#   kernel.sh tree      git tree of the Debian source plus the series, build/linux
#   kernel.sh refresh   write the tree's commits back as patches
#   kernel.sh build     build it, or take it from the cache; result in build/kernel
#   kernel.sh deb       installable packages, in build/kernel-deb
#   kernel.sh stock     build the unpatched kernel, for comparisons, build/kernel-stock
#   kernel.sh bisect N  build the kernel with the first N patches, build/kernel-bisect
#   kernel.sh debian    unpack Debian's packaged kernel, build/kernel-debian, with
#                       upstream's lib/test_hmm.c as a module for it; DEBIAN=6.1: that
#                       one, build/kernel-debian-6.1
#
# DEBUG=1 builds the debug kernel beside the normal one, in build/kernel-debug;
# DEBUG=kcsan one that looks for data races, in build/kernel-kcsan.
# BASE=7.3: the series on that kernel, kernel-patches/7.3/README; the tree and the results
# have -7.3 at the end of their names.
# BASE_CONFIG=FILE is the configuration that cdm.config is merged over, vm.config if
# not given.
# CDM_CACHE=DIR holds built kernels and compiler results; default ~/.cache/cdm.
#
# A result has: bzImage, vmlinux, config, lib/modules/VERSION/, selftests/, and
# series, the hash of the patches in it.
set -euo pipefail

first_base=6.12	# all of the series; other bases have what they do otherwise
version=${BASE:-$first_base}
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
patches=$here/$version
source_package=linux-source-$version
tarball=/usr/src/$source_package.tar.xz
build=$top/build
other=${version#"$first_base"}
other=${other:+-$other}
tree=$build/linux$other
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
	if [[ -e $tarball.version ]]; then
		cat "$tarball.version"
	else
		dpkg-query -W -f '${Version}' "$source_package"
	fi
}

# The source of a newer kernel is in the backports of a newer Debian. apt gets it from there
# with lists of its own: what the machine has for sources stays as it is.
fetch_source() {
	local dir=$build/source$other mirror apt
	[[ -n $other && ! -e $tarball ]] || return 0
	tarball=$dir/$source_package.tar.xz
	[[ ! -e $tarball.version ]] || return 0
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2> /dev/null |
		grep -m1 '/debian/*$') || die "apt has no mirror of Debian in its sources, to have $source_package from"
	rm -rf "$dir"
	mkdir -p "$dir"/state/lists/partial "$dir"/cache/archives/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie-backports main" \
		> "$dir/sources.list"
	apt=(-q -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=-
		-o Dir::State="$dir/state" -o Dir::State::status=/dev/null
		-o Dir::Cache="$dir/cache" -o APT::Sandbox::User="$(id -un)")
	say "downloading $source_package"
	(cd "$dir" && apt-get "${apt[@]}" update && apt-get "${apt[@]}" download "$source_package") \
		> "$build/source$other.log" 2>&1 ||
		die "$source_package cannot be downloaded, see $build/source$other.log"
	dpkg-deb --fsys-tarfile "$dir/$source_package"_*.deb |
		tar -x -C "$dir" --strip-components=3 "./usr/src/$source_package.tar.xz"
	dpkg-deb -f "$dir/$source_package"_*.deb Version > "$tarball.version"
	rm -r "$dir"/{state,cache} "$dir"/*.deb
}

# The patches in order; none for the unpatched kernel.
patch_files() {
	local name
	if [[ ! -e $patches/series ]]; then
		ls "$patches"/*.patch 2> /dev/null || true
		return
	fi
	while read -r name; do
		ls "$patches/$name.patch" 2> /dev/null || ls "$here/$first_base"/????-"$name.patch"
	done < "$patches/series"
}

# All that the tree of a base is made of, beside the base
series() {
	local files
	mapfile -t files < <(patch_files)
	[[ ! -e $patches/series ]] || files+=("$patches"/*.diff "$patches"/*.msg)
	[[ ${#files[@]} == 0 ]] || cat "${files[@]}"
}

series_hash() {
	series | sha256sum | cut -c1-16
}

configs() {
	local files=("$here/cdm.config")
	[[ -n $base_config ]] || files=("$here/vm.config" "${files[@]}")
	[[ -z $variant ]] || files+=("$here/${variant#-}.config")
	if [[ -e $patches/config ]]; then
		# What it says is instead of what the others say.
		grep -hvE "^($(sed -n 's/=.*//p' "$patches/config" | paste -sd'|'))=" "${files[@]}" |
			cat - "$patches/config" > "$build/config$other"
		files=("$build/config$other")
	fi
	printf '%s\n' "${files[@]}"
}

# What the tree was made of: this base with this series at that commit.
tree_stamp() { echo "$(base_version) $(series_hash) $(git -C "$tree" rev-parse HEAD)"; }
tree_stamp_file() { echo "$tree/.git/cdm-stamp"; }

# Applies patch $1. For another base than the one that it is of: without the files that
# NAME.diff names, the rest of that on top, and with the message in NAME.msg.
apply_patch() {
	local name diff message without=()
	name=$(basename "$1" .patch)
	name=${name#[0-9][0-9][0-9][0-9]-}
	diff=$patches/$name.diff message=$patches/$name.msg
	[[ ! -e $diff ]] || mapfile -t without < <(sed -n 's/^# without //p' "$diff")
	git -C "$tree" am -q --keep-cr "${without[@]/#/--exclude=}" "$1" || return
	[[ ! -e $diff ]] || git -C "$tree" apply --index --whitespace=nowarn "$diff" || return
	[[ ! -e $diff ]] || git -C "$tree" commit -q --amend --no-edit
	[[ ! -e $message ]] || git -C "$tree" commit -q --amend --cleanup=verbatim -F "$message"
}

apply_series() {
	local patch
	for patch in $(patch_files); do
		apply_patch "$patch" && continue
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
	say "applying $(patch_files | wc -l) patches"
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
	if [[ -e $patches/series ]]; then
		/usr/bin/python3 -B "$here/rebase.py" "$tree" "$here/$first_base" "$patches"
		tree_stamp > "$(tree_stamp_file)"
		say "$(wc -l < "$patches/series") patches in $patches/series"
		return
	fi
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
	: > "$build/$1$other.log"
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
		-j"$(nproc)" "$@" > >(tee -a "$build/$obj$other.log" | progress) 2>&1
}

# The selftests belong to the kernel that they test.
build_selftests() {
	local out=$1/selftests self=$tree/tools/testing/selftests common=()
	mkdir -p "$out"
	make -s -C "$tree" O="$2" headers > /dev/null
	# What newer ones have in common is in files of its own.
	[[ ! -e $self/mm/hugepage_settings.c ]] || common=("$self"/mm/{vm_util,hugepage_settings}.c)
	gcc -O2 -w -I"$self" -I"$tree" -I"$self/mm" -isystem "$tree/$2/usr/include" \
		-o "$out/hmm-tests" "$self/mm/hmm-tests.c" "${common[@]}" -lm
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
		# How it is built, but for the name of the log
		sed -n '/^configure()/,/^result_key()/{s/\$other\.log/.log/;p}' "$0"
	} | sha256sum | cut -c1-16
}

# use RESULT NAME: build/NAME is the result, which is one of those in use
use() {
	touch "$1"
	ln -sfn "$1" "$build/$2"
}

build() {
	local name=kernel$variant$other obj=obj$variant
	local result lock start=$SECONDS
	result=$cache/kernels/$(result_key "$name")
	mkdir -p "$cache/kernels" "$build"
	# Two at once would build one of them with the configuration of the other.
	exec {lock}> "$build/kernel.lock"
	flock "$lock"
	if [[ ! -e $result/series ]]; then
		ensure_tree
		configure "$obj"
		say "building $name, log in $build/$obj$other.log"
		kmake "$obj" bzImage modules ||
			{ grep -E 'error|Error' "$build/$obj$other.log" >&2; die "the build failed"; }
		install_result "$result" "$obj"
		say "built in $((SECONDS - start)) s"
	fi
	use "$result" "$name"
	say "$build/$name is $(basename "$build"/$name/lib/modules/*) with series $(cat "$result/series")"
}

# The base without the series, in a tree of its own: only benchmarks and the
# baseline of upstream's tests need it.
stock() {
	patches=$here/none tree=$build/linux-stock$other localversion=
	export CCACHE_BASEDIR=$tree
	local result
	result=$cache/kernels/$(result_key stock)
	if [[ ! -e $result/series ]]; then
		[[ -d $tree/.git ]] || make_tree
		configure obj-stock
		kmake obj-stock bzImage modules || die "the build failed, see $build/obj-stock$other.log"
		install_result "$result" obj-stock
	fi
	use "$result" "kernel-stock$other"
	say "$build/kernel-stock$other is $(basename "$build/kernel-stock$other"/lib/modules/*)"
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
		{ grep -E 'error|Error' "$build/obj-bisect$other.log" >&2; die "the build failed"; }
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

# Without that of a vmlinux with all debug information, which is for crash dumps, and large.
deb() {
	local out=$build/kernel-deb$other who
	who=$(sed -n 's/^Maintainer: //p' "$top/packaging/debian/control")
	export DEBFULLNAME=${who% <*} DEBEMAIL=${who#*<}
	export DEBEMAIL=${DEBEMAIL%>}
	export DEB_BUILD_PROFILES=${DEB_BUILD_PROFILES-pkg.linux-upstream.nokerneldbg}
	ensure_tree
	configure obj-deb
	kmake obj-deb KDEB_PKGVERSION="$(base_version)+cdm" bindeb-pkg ||
		die "packaging failed, see $build/obj-deb$other.log"
	rm -rf "$out"
	mkdir "$out"
	mv "$tree"/*.deb "$out/"
	rm -f "$tree"/*.buildinfo "$tree"/*.changes
	say "packages:"
	ls "$out"/*.deb
}

# In a function, so that the whole script is read before it runs for minutes.
main() {
	fetch_source
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
