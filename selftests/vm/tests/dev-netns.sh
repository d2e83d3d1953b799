#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Namespaces that end under busy files of /dev/mqtt, on two processors, where
# publishing, subscribing and detaching really happen at once.
# time: 360
# mem: 1024
# cpus: 2
# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "$0")/../../lib/ktap.sh"

load
check 'files outlive their namespaces, 25 times' \
	"$(dirname "$0")/../../dev/storm.py" 25
check 'the module goes' modprobe -r mqttk
finish
