#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cppcheck, sparse and clang-tidy on the tools: prints what they find, exit status 1 if they do.
# What is none is marked at its place, with the reason.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
includes=(-Itools/lib -Itools/include -Itools/cdmtop -Itools/cdmtrace -Ibuild/bpf)
flags=(-std=gnu11 -D_GNU_SOURCE "${includes[@]}")
mapfile -t sources < <(find tools -name '*.c')
# Not: style of names and expressions that is the kernel's, and what the analyzer says of any
# va_list, of strcpy() and memcpy(), of a loop over double and of the order of members.
checks='bugprone-*,clang-analyzer-*,-clang-analyzer-valist.Uninitialized,
	-clang-analyzer-security.FloatLoopCounter,-clang-analyzer-security.insecureAPI.strcpy,
	-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,
	-clang-analyzer-optin.performance.Padding,-bugprone-assignment-in-if-condition,-bugprone-branch-clone,
	-bugprone-easily-swappable-parameters,-bugprone-implicit-widening-of-multiplication-result,
	-bugprone-macro-parentheses,-bugprone-narrowing-conversions,-bugprone-reserved-identifier,
	-bugprone-sizeof-expression,-bugprone-suspicious-string-compare'
failed=0

cppcheck -q -j2 --std=c11 --enable=warning,performance,portability --inline-suppr \
	--error-exitcode=1 -D_GNU_SOURCE "${includes[@]:0:4}" \
	'-DDECLARE_LIBBPF_OPTS(TYPE,NAME,...)=struct TYPE NAME={__VA_ARGS__}' tools || failed=1
# The skeleton has the programs as one string; argp's tables have 0 where there is none.
# cdm-vm has flags of its own.
said=$(printf '%s\n' "${sources[@]}" | grep -v '^tools/cdm-vm/' |
	xargs -P2 -n1 sparse -Wsparse-error -Wno-vla -Wno-non-pointer-null "${flags[@]}" 2>&1 | grep -vE 'string too long|note: in included file')
[[ -z $said ]] || { echo "$said"; failed=1; }
said=$(printf '%s\n' "${sources[@]}" | xargs -P2 -n8 sh -c 'files=$(printf "%s " "$@"); exec clang-tidy --quiet \
	--checks="-*,$0" $files -- '"${flags[*]}" "${checks//[$'\n\t']/}" 2> /dev/null |
	grep -v 'build/bpf/programs.skel.h' | grep -A4 -E ': (warning|error): ')
[[ -z $said ]] || { echo "$said"; failed=1; }
exit $failed
