#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every row of the state table of QoS 2 (selftests/model/qos2.table, of which
# static/qos2-model.sh proves that it delivers exactly once) is what the broker
# does: by packets, in MQTT 3.1.1 and 5.0.
# time: 300
# mem: 1024
# fast
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

broker_start
results "$(dirname "$0")/../../model/rows.py"
broker_stop
finish
