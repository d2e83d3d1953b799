#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The terms of listeners (highest QoS, identifiers, mount points), and whole
# configurations: one that cannot be leaves everything as it was, one that can
# be disconnects nobody who may stay, and loses no message.
# time: 600
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

load
results python3 -B "$clients/config.py"
broker_stop
finish
