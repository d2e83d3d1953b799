#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mqttkctl monitor: every event in text and JSON, in order, to those who may
# listen and asked for it; a listener that does not read is told, and harms
# nobody; the module goes in spite of one.
# time: 600
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

on_mqttk || skip_all 'this is about mqttk'
# shellcheck disable=SC2119 # no parameters of the module
load
results python3 "$clients/monitor.py"
finish
