#!/bin/bash
# Shows a real program's heap moving to a device and back. Until cdmtop exists,
# with what the kernel says in /proc/PID/status and memory.stat.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../../tools/cdm-vm/cdm-vm" --memory 1G --cdm 128M --timeout 300 \
	-- /usr/bin/python3 "$here/guest-demo.py" < /dev/null
