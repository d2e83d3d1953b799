#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The quick lane does what it is for, and nothing when it is off; what it
# remembers of a topic does not outlive a change of its subscribers.
# time: 200
# kernels: 6.12
# fast
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

on_mqttk || skip_all 'this is about mqttk'
broker_start
mountpoint -q /sys/kernel/tracing ||
	check 'tracefs is there' mount -t tracefs none /sys/kernel/tracing || finish
results python3 -B "$clients/lane.py"
broker_stop
finish
