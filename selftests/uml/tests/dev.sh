#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# /dev/mqtt under sanitizers: what it promises to programs, each allocation that
# may fail, a hundred network namespaces that end under readers and writers, and
# REQUESTS hostile ones.
# time: 600
# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "$0")/../../lib/ktap.sh"

load
each_line "$(dirname "$0")/../../dev/device.py"
each_line "$(dirname "$0")/../../dev/records.py"
check 'any allocation may fail' "$(dirname "$0")/../../dev/failnth.py"
check 'files outlive their namespaces, 100 times' \
	"$(dirname "$0")/../../dev/storm.py" 100
check 'hostile requests, beside others, of processes that are killed' \
	"$(dirname "$0")/../../dev/fuzz" "${REQUESTS:-60000}" "${SEED:-$RANDOM}"
note "$(cat "$ktap_tmp/output")"
check 'the module goes' modprobe -r mqttk
finish
