#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Records tests/data/demo.cdm anew: the demo's programs in a VM, see
# tests/vm/guest-demo.sh. What cdmtop and cdmtrace recorded at the same time becomes
# one recording.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d "$top/build/demo.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$top/tools/cdm-vm/cdm-vm" --memory 1G --cpus 2 --cdm 64M --cdm 64M --timeout 900 -- \
	"$top/tests/vm/guest-demo.sh" record "$work" < /dev/null
"$here/join-recordings.py" "$work/top.cdm" "$work/events.cdm" "$work/pages.cdm" > "$work/demo.cdm"
size=$(stat -c %s "$work/demo.cdm")
((size < 1 << 20)) || { echo "$size bytes: too long" >&2; exit 1; }
mv "$work/demo.cdm" "$here/demo.cdm"
