#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A refresh with many processes of which few have device memory: instructions, in a VM.
#
#   tests/bench/holders.sh [PROCESSES [HOLDERS]]
source "$(dirname "$0")/lib.sh"
crowd=$top/build/bench/manyprocs
mkdir -p "${crowd%/*}"
compile manyprocs -static
mv "$work/manyprocs" "$crowd"
"$top/tools/cdm-vm/cdm-vm" --icount --memory 4G --cdm 64M --timeout 1800 -- \
	"$top/tests/bench/guest-holders.sh" "$crowd" "${1:-10000}" "${2:-100}"
