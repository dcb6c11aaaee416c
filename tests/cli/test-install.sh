#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is built, what that needs, and what `make install` puts where. Prints TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"

for tool in cdmtop cdmtrace cdmctl; do
	said=$(make -s -C "$project/tools/$tool" install DESTDIR="$work" PREFIX=/usr 2>&1)
	result $? "$tool is installed" "$said"
	like "... and runs" "Usage: $tool" "$("$work/usr/bin/$tool" --help 2>&1)"
	like "... and has a manual" "$tool" "$(man -l "$work/usr/share/man/man1/$tool.1" 2>&1 | head -3)"
	is "... and completes" 0 "$(bash -c "source $work/usr/share/bash-completion/completions/$tool &&
		complete -p $tool" > /dev/null 2>&1; echo $?)"
done
is "nothing else is" "bin/cdmctl bin/cdmtop bin/cdmtrace share/bash-completion/completions/cdmctl share/bash-completion/completions/cdmtop share/bash-completion/completions/cdmtrace share/man/man1/cdmctl.1 share/man/man1/cdmtop.1 share/man/man1/cdmtrace.1 share/man/man5/cdm-record.5" \
	"$(cd "$work/usr" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs)"

# A machine that lacks scdoc and ccache, and notes down who would change it.
mkdir "$work/lacks"
cat > "$work/lacks/dpkg-query" << EOF
#!/bin/sh
$(command -v dpkg-query) "\$@" | grep -vE '^(scdoc|ccache) '
EOF
for command in apt-get sudo; do
	printf '#!/bin/sh\necho "$0 $*" >> %s\n' "$work/changed" > "$work/lacks/$command"
done
chmod +x "$work"/lacks/*
for target in tools install kernel; do
	said=$(PATH=$work/lacks:$PATH make -s -C "$project" "$target" DESTDIR="$work" 2>&1)
	result $((!$?)) "make $target does not begin without a package" "$said"
	like "... names it, and how to get it" 'packages are missing: (scdoc|ccache)
.*sudo apt-get install (scdoc|ccache)' "$said"
done
is "... and installs nothing" "" "$(cat "$work/changed" 2> /dev/null)"
said=$("$project/scripts/deps.sh" --check kernels 2>&1)
is "an unknown group of packages" "2 deps: no group 'kernels'" "$? ${said%%;*}"
is "make help names each target" "" "$(comm -13 <(make -s -C "$project" help | grep -oE 'make [a-z-]+' | sort -u) \
	<(sed -nE '/^\.PHONY/,/[^\\]$/ { s/\.PHONY://; p }' "$project/Makefile" | tr -s ' \t\\' '\n' | grep . |
		grep -vxE 'help|clean|kernel-stock|hmm-baseline' | sed 's/^/make /' | sort -u))"
finish
