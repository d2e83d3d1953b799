#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The wire decoder, the topic code and the reader of configuration files read
# nothing they should not, and agree with their oracles, on a fixed sequence of
# 200,000 broken inputs each, under AddressSanitizer and UBSan. `make -C selftests/fuzz fuzz` looks for more.
# time: 300
# fast
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/tree")
user=$("$MQTTK_LIB/build" user)
n=0 failed=0
for target in wire props topic conf; do
	n=$((n + 1))
	if "$MQTTK_LIB/enter" "$tree" -r "$user:/stage" \
		"/stage/selftests/fuzz/fuzz-$target" 200000; then
		echo "ok $n - fuzzing $target"
	else
		echo "not ok $n - fuzzing $target"
		failed=1
	fi
done
exit $failed
