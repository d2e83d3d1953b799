#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# For all inputs up to a length, no packet, property list, topic or filter makes
# the wire format's code read or write what it may not, and it answers as it
# should: proved by CBMC, see Documentation/reliability.md. And the proofs find
# the faults that are put in for them to find.
# time: 900
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

"$MQTTK_TOP/selftests/proof/run" &&
	"$MQTTK_TOP/selftests/proof/run" -m
