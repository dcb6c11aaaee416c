#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Records tests/data/demo.cdm anew: the demo's programs in a VM, see
# tests/vm/guest-demo.sh. What cdmtop and cdmtrace recorded at the same time becomes
# one recording. With STOCK=1 tests/data/stock.cdm, on Debian's kernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d "$top/build/demo.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [[ -n ${STOCK:-} ]]; then
	"$top/tools/cdm-vm/cdm-vm" --kernel "$top/build/kernel-debian" --no-modprobe --memory 1G --numa 2,far --cpus 2 \
		--cdm 256M,reserved --cdm 256M,reserved --timeout 900 -- \
		"$top/tests/vm/guest-demo.sh" record "$work" < /dev/null
	mv "$work/top.cdm" "$here/stock.cdm"
	exit
fi
"$top/tools/cdm-vm/cdm-vm" --memory 1G --cpus 2 --cdm 64M --cdm 64M --timeout 900 -- \
	"$top/tests/vm/guest-demo.sh" record "$work" < /dev/null
"$here/join-recordings.py" "$work/top.cdm" "$work/events.cdm" "$work/pages.cdm" > "$work/demo.cdm"
size=$(stat -c %s "$work/demo.cdm")
((size < 1 << 20)) || { echo "$size bytes: too long" >&2; exit 1; }
mv "$work/demo.cdm" "$here/demo.cdm"
