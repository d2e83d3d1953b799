#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Access control lists under sanitizers: what vm/tests/acl.sh does but for
# mosquitto, and each allocation fails.
# time: 600
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

load
if [ -e /proc/self/fail-nth ]; then
	results python3 -B "$clients/acl.py" memory
else
	skip 'no fault injection in this kernel'
fi
results python3 -B "$clients/acl.py" said change netlink
check 'a list is in force' mqttkctl acl load - <<<'topic read a'
check 'the module can be unloaded' timeout 60 modprobe -r mqttk
finish
