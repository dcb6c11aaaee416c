#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The postings that `make kernel-mail` writes: together they are the series, each stands
# where its part says, and has what the lists want of it.
set -uo pipefail
source "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
series=$top/kernel-patches/6.12
parts=$top/kernel-patches/mail
tree=$top/build/linux
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mail=$work/mail

"$top/kernel-patches/kernel.sh" tree > /dev/null || exit 1

# postings SERIES PARTS: to $mail, by somebody who signs them off
postings() {
	AUTHOR="Some Body <some@body.example>" "$python" -B "$top/kernel-patches/mail.py" \
		"$1" "$2" "$tree" "$mail" 2>&1
}
# shellcheck disable=SC2086
patches_of() { find "$mail"/[0-9][0-9]-$1 -name '*.patch' ! -name '0000-*' | sort; }
subject() { (cd "$work" && git mailinfo msg diff < "$1" | sed -n 's/^Subject: //p'); }
header() { sed -n "s/^$2: //p;/^\$/q" "$parts/$1"; }

said=$(postings "$series" "$parts")
result $? "each patch is in one part" "$said"
[[ -d $mail ]] || { finish; exit; }

for patch in $(patches_of '*'); do
	subject "$patch"
done > "$work/posted"
for patch in "$series"/*.patch; do
	subject "$patch"
done > "$work/wanted"
said=$(diff "$work/wanted" "$work/posted")
result $? "each once, in order" "$said"

# on_base PATCH...: in an index of its own
export GIT_INDEX_FILE=$work/index
on_base() {
	git -C "$tree" read-tree base && git -C "$tree" apply --cached "$@"
}
mkdir "$work/signed"
for patch in "$series"/*.patch; do
	sed 's/CDM toolkit <cdm-toolkit@example.org>/Some Body <some@body.example>/' "$patch" > "$work/signed/${patch##*/}"
done
on_base "$work/signed"/*.patch
wanted=$(git -C "$tree" write-tree)
mapfile -t all < <(patches_of '*')
on_base "${all[@]}"
is "all of them are the series" "$wanted" "$(git -C "$tree" write-tree)"

# needs PART: what it says that has to be applied before
needs() {
	sed -nE '/^Needs:/,/^[A-Z]/{s/^Needs://;/^[ \t]/p}' "$parts/$1" | tr '\n' ' ' | sed 's/(.*//'
}
# needed PART: that, and what that needs; only parts that are in order get into $before, so this ends
needed() {
	local part
	for part in $(needs "$1"); do
		[[ $before != *" $part "* ]] || { needed "$part"; echo "$part"; }
	done
}
before=' '
for folder in "$mail"/*; do
	part=${folder##*/[0-9][0-9]-} late='' wanted=()
	for other in $(needs "$part"); do
		[[ $before == *" $other "* ]] || late+=" $other"
	done
	for other in $(needed "$part" | awk '!seen[$0]++'); do
		mapfile -t -O ${#wanted[@]} wanted < <(patches_of "$other")
	done
	is "$part: what it needs is posted before" "" "$late"
	mapfile -t own < <(patches_of "$part")
	mapfile -t all < <(printf '%s\n' "${wanted[@]}" "${own[@]}" | sort | grep .)
	said=$(on_base "${all[@]}" 2>&1)
	result $? "$part: applies to the base${wanted[*]:+ with what it needs}" "$said"
	if [[ ${wanted[*]} ]] && grep -q '^Kind: fix' "$parts/$part"; then
		! on_base "${own[@]}" 2> /dev/null
		result $? "$part: does not without"
	fi
	[[ $late ]] || before+="$part "
done

for fix in $(grep -l -d skip '^Kind: fix' "$parts"/*); do
	part=${fix##*/}
	like "$part: Fixes names a commit" $'\n''Fixes: [0-9a-f]{12} \("[^"]+"\)'$'\n' "$(cat "$(patches_of "$part")")"
	like "$part: has a reproducer, or says why not" '^(none: .+|[a-z-]+\.c)$' "$(header "$part" Reproducer)"
done

for posted in $(grep -l 'Reproducer, .*\.c, to be built' "$mail"/*/*.patch); do
	name=$(sed -nE 's/^Reproducer, (.*)\.c, .*/\1/p' "$posted")
	sed -n '/^Reproducer, /,/^ [^ ].* | /{s/^  //p;s/^$//p}' "$posted" > "$work/$name.c"
	said=$(gcc -O2 -Wall -Wextra -Werror -pthread -I"$tree/lib" -o "$work/$name" "$work/$name.c" 2>&1)
	result $? "$name.c builds as it is posted" "$said"
done

is "nothing of this project is named" "" \
	"$(grep -lE 'cdmtop|cdmtrace|cdmctl|cdm-vm|CDM toolkit|kernel-patches|tests/(vm|kernel)|make (check|bench)' "$mail"/*/*.patch)"
is "each is to somebody, and to the lists" "" \
	"$(grep -LE '^To: .+@' "$mail"/*/*.patch; grep -L 'linux-kernel@vger.kernel.org' "$mail"/*/*.patch)"
is "who signs them off is who sends them" "" \
	"$(grep -L '^Signed-off-by: Some Body <some@body.example>$' "$mail"/*/000[1-9]*.patch)"

for folder in "$mail"/*; do
	part=${folder##*/[0-9][0-9]-} letter=$folder/0000-cover-letter.patch
	count=$(patches_of "$part" | wc -l)
	if [[ ! -e $letter ]]; then
		is "$part: one patch needs no cover letter" 1 "$count"
		continue
	fi
	check "$part: the cover letter is complete" "$letter" "$count" << 'PY'
import email, re, sys
mail = email.message_from_file(open(sys.argv[1]))
text, count = mail.get_payload(), int(sys.argv[2])
if not re.match(r"\[(RFC )?PATCH 0/%d\] \S.{9,}" % count, re.sub(r"\s+", " ", mail["Subject"])):
    print("subject:", mail["Subject"])
if "***" in text:
    print("something was not filled in")
for title in ("Tests", "Changes.*", "Open"):
    if not re.search(r"^(%s)$" % title, text, re.M):
        print("nothing about", title)
if len(text.split("Some Body <some@body.example> (")[0]) < 800:
    print("says too little")
if not re.search(r"^Some Body <some@body.example> \(%d\):\n(  \S.*\n){%d}\n" % (count, count), text, re.M):
    print("no list of patches")
if not re.search(r"^ \d+ files? changed, \d+ insertions", text, re.M):
    print("no diffstat")
for line in text.splitlines():
    if len(line) > 76 and "http" not in line:
        print("too long:", line)
PY
done
for question in 'Why not DEVICE_COHERENT' 'Why not a NUMA node, and what CDMM does' 'Why not private memory nodes' 'Why not dmem'; do
	like "device-host: $question" $'\n'"$question"$'\n=+\n' "$(cat "$mail"/*-device-host/0000-*)"
done

# One in no part and one in two
cp -r "$series" "$work/more"
sed 's/^Subject: .*/Subject: [PATCH] mm: one more/; /^Subject:/,/^$/{/^ /d}' \
	"$series"/0001-*.patch > "$work/more/9999-one-more.patch"
said=$(postings "$work/more" "$parts")
like "a patch that no part has is named, and where to add it" \
	"no part has 9999-one-more.patch:.*mm: one more.*make that subject 'Last:' of.*/devdax" "$said"
cp -r "$parts" "$work/parts"
sed 's/^Last: .*/Last: mm\/device_host: make room on a device that is full/' "$parts/shmem" > "$work/parts/shmem"
said=$(postings "$series" "$work/parts")
like "one in two parts is an error" "is in two parts" "$said"
finish
