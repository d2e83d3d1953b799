#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every KUnit suite of mqttk-test.ko passes. A suite's own log is shown when it
# does not.
# time: 600
# fast
. "$(dirname "$0")/../../lib/ktap.sh"

check 'mqttk-test.ko loads' modprobe mqttk-test
suites=0
for results in /sys/kernel/debug/kunit/mqttk-*/results; do
	[ -e "$results" ] || continue
	suites=$((suites + 1))
	suite=${results%/results}
	suite=${suite##*/}
	totals=$(sed -n 's/^# Totals: //p' "$results")
	if grep -q "^ok .* $suite$" "$results"; then
		pass "$suite${totals:+ ($totals)}"
	else
		fail "$suite${totals:+ ($totals)}"
		grep -B 5 'not ok' "$results" | head -n 60 | sed 's/^/# /'
	fi
done
check 'there are suites' [ "$suites" -gt 0 ]
check 'mqttk-test.ko unloads' modprobe -r mqttk-test
finish
