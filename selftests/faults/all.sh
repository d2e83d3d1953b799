#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The n-th allocation that the module makes fails, in each of the things that it
# does, whoever makes it: nothing is reported, nothing leaks, nobody hangs, the
# others are served, and afterwards everything is as it was before. Every
# STRIDE-th n, from OFFSET on; `make faults` takes all.
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../clients/lib.sh"

stride=${STRIDE:-17} offset=${OFFSET:-5} kind=${KIND:-failslab}
[ -d /sys/kernel/debug/failslab ] || skip_all 'no fault injection in this kernel'
broker_start
limit sys_interval 0
note "each $stride-th allocation from the ${offset}th"
# shellcheck disable=SC2086 # words
results python3 -B "$clients/../faults/nth.py" -k "$kind" -s "$stride" -o "$offset" ${STEPS:-}
broker_stop
finish
