#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cdmtop on real programs whose memory moves to two devices and back: live in a VM,
# with STOCK=1 on Debian's packaged kernel, or with REPLAY=1 from a recording, which needs
# no kernel, root or VM.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

if [[ -n ${REPLAY:-} ]]; then
	exec "$top/tools/cdmtop/cdmtop" -r "$top/tests/data/demo.cdm"
fi
options=(--cdm 64M --cdm 64M)
if [[ -n ${STOCK:-} ]]; then
	options=(--kernel "$top/build/kernel-debian${DEBIAN:+-$DEBIAN}" --no-modprobe --cdm 256M,reserved --cdm 256M,reserved)
fi
exec "$top/tools/cdm-vm/cdm-vm" --memory 1G --cpus 2 "${options[@]}" -- "$here/guest-demo.sh" "$@"
