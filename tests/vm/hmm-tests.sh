#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Upstream's hmm-tests on the kernel with the series: no test may be worse than
# on the unpatched kernel, whose results are in hmm-tests.stock beside this. BASE=7.3: of
# that one, in hmm-tests.stock-7.3.
#
#   hmm-tests.sh              compare
#   hmm-tests.sh --baseline   run them on the unpatched kernel, write the file
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$(dirname "$here")")
base=${BASE:+-$BASE}
baseline=$here/hmm-tests.stock$base

run_on() {
	local kernel=$1
	shift
	"$top/tools/cdm-vm/cdm-vm" --kernel "$kernel" --no-modprobe "$@" \
		--memory 2G --timeout 600 \
		--cdm 256M,reserved --cdm 256M,reserved \
		--cdm 256M,reserved --cdm 256M,reserved \
		-- "$here/guest-hmm.sh" "$kernel/selftests/hmm-tests" 2>&1 || true
}

# "ok NAME", "skip NAME" or "not NAME", sorted by name
results() {
	sed -nE -e 's/^ok +[0-9]+ (- )?([^ ]+).*# SKIP.*/skip \2/p; t' \
		-e 's/^ok +[0-9]+ (- )?([^ ]+).*/ok \2/p' \
		-e 's/^not ok +[0-9]+ (- )?([^ ]+).*/not \2/p' | sort -k2
}

if [[ ${1:-} == --baseline ]]; then
	run_on "$top/build/kernel-stock$base" --no-dmesg-check | results > "$baseline.new"
	[[ -s $baseline.new ]] || { echo "hmm-tests: no results" >&2; exit 1; }
	mv "$baseline.new" "$baseline"
	echo "hmm-tests: $(wc -l < "$baseline") results in $baseline"
	exit
fi

kernel=$top/build/kernel${DEBUG:+-debug}$base
if [[ ${BASE:-} && ! -e $kernel/bzImage ]]; then
	echo "1..0 # SKIP there is no $kernel: make kernel BASE=$BASE"
	exit 4
fi
output=$(run_on "$kernel" ${DEBUG:+--debug-kernel --memory 4G --timeout 3000})
now=$(results <<< "$output")
n=0
while read -r was name; do
	n=$((n + 1))
	is=$(awk -v name="$name" '$2 == name { print $1 }' <<< "$now")
	case ${is:-missing},$was in
	ok,*)		 echo "ok $n - $name" ;;
	skip,skip)	 echo "ok $n - $name # SKIP as on the unpatched kernel" ;;
	not,not)	 echo "ok $n - $name # SKIP fails on the unpatched kernel too" ;;
	*)		 echo "not ok $n - $name: was $was, is ${is:-missing}" ;;
	esac
done < "$baseline"
# Tests that only the series has
while read -r is name; do
	grep -q " $name\$" "$baseline" && continue
	n=$((n + 1))
	case $is in
	ok)	echo "ok $n - $name" ;;
	skip)	echo "ok $n - $name # SKIP" ;;
	not)	# the same test fails for every type of memory on the unpatched kernel
		if grep -q "^not .*\.${name##*.}\$" "$baseline"; then
			echo "ok $n - $name # SKIP fails on the unpatched kernel too"
		else
			echo "not ok $n - $name"
		fi ;;
	esac
done <<< "$now"
n=$((n + 1))
if grep -qE 'cdm-vm: .*dmesg|kernel.s log shows' <<< "$output"; then
	echo "not ok $n - the kernel's log is clean"
	sed 's/^/# /' <<< "$output" | tail -60
else
	echo "ok $n - the kernel's log is clean"
fi
[[ -n $now ]] || sed 's/^/# /' <<< "$output" | tail -40
