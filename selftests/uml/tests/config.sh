#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Configurations under sanitizers: each of their allocations fails, and hundreds
# of them come, with listeners that come and go and resets in another namespace,
# beside live traffic of which nothing is lost. COUNT=1000 in the environment
# makes it a thousand.
# time: 900
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

export COUNT=${COUNT:-200}
load
if [ -e /proc/self/fail-nth ]; then
	results python3 -B "$clients/config.py" memory
else
	skip 'no fault injection in this kernel'
fi
results python3 -B "$clients/config.py" cycles
broker_stop
finish
