#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every tracepoint is there, is hit where it should be, and says what happened;
# there is none that this does not try.
# time: 600
# kernels: 6.12
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

on_mqttk || skip_all 'this is about mqttk'
# shellcheck disable=SC2119 # no parameters of the module
load
mountpoint -q /sys/kernel/tracing ||
	check 'tracefs is there' mount -t tracefs none /sys/kernel/tracing || finish
results python3 "$clients/traces.py"
check 'the module can be unloaded' modprobe -r mqttk
finish
