#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every statement of the MQTT standards that binds a server has a test that says
# it proves it, no test names a statement that does not exist, and
# Documentation/conformance.md says the same as the tests.
# time: 60
# fast
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

need_packages python3
if python3 "$MQTTK_TOP/selftests/conformance/generate" -c; then
	echo 'ok 1 - statements, tests and Documentation/conformance.md agree'
else
	echo 'not ok 1 - statements, tests and Documentation/conformance.md agree'
	exit 1
fi
