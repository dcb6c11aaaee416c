# SPDX-License-Identifier: GPL-2.0
# Rows for the table of all benchmarks, in build/bench/NAME.tsv, on the host and in VMs, where
# it is the same folder. Sourced; $top is set.
# shellcheck shell=bash disable=SC2154

# rows NAME: what was measured before by this name is forgotten
rows() {
	rows=${CDM_BENCH:-$top/build/bench}/$1.tsv
	mkdir -p "${rows%/*}"
	: > "$rows"
}

# Of the rows to come: at which size they were measured, and what else is to say.
at=- note=-

# record WHAT UNIT WHO VALUE [SPREAD [AGAINST TIMES]]: spread is in % of the value; "-" is
# for what is not known
record() {
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:--}" "${6:--}" "${7:--}" \
		"$at" "${note//$'\t'/ }" >> "$rows"
}
