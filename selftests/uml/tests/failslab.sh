#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# KUnit's tests that make allocations fail, one after another: whatever fails,
# nothing is left half done and nothing leaks.
# time: 600
. "$(dirname "$0")/../../lib/ktap.sh"

debug=/sys/kernel/debug
[ -d $debug/failslab ] || skip_all 'no fault injection in this kernel'
for kind in failslab fail_page_alloc; do
	# An injected failure would be reported like a real one.
	echo 0 >$debug/$kind/verbose
	# Allocations that may sleep fail only if told so.
	echo N >$debug/$kind/ignore-gfp-wait
done
glob=/sys/module/kunit/parameters/filter_glob
# A line's end would be part of the pattern.
printf 'mqttk-*.*_failed_*' >$glob
check 'mqttk-test.ko loads' modprobe mqttk-test failslab=1
cases=0
for results in $debug/kunit/mqttk-*/results; do
	[ -e "$results" ] || continue
	suite=${results%/results}
	suite=${suite##*/}
	cases=$((cases + $(grep -c '^    ok' "$results")))
	if grep -qE 'not ok|SKIP' "$results"; then
		fail "$suite"
		head -n 60 "$results" | sed 's/^/# /'
	else
		pass "$suite"
	fi
done
check 'there are cases' [ "$cases" -gt 0 ]
check 'mqttk-test.ko unloads' modprobe -r mqttk-test
finish
