#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Memory fails wherever the broker asks for it, seldom and often, while clients
# come and go, publish, retain and leave wills, files are read and written, and
# listeners are opened and closed: nothing is reported, nothing leaks, and when
# there is memory again everybody is served.
# time: 300
# mem: 768
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

debug=/sys/kernel/debug
times=1000000000
[ -d $debug/failslab ] || skip_all 'no fault injection in this kernel'

# faults PERCENT: of the allocations with the module on their stack.
faults()
{
	local kind

	for kind in failslab fail_page_alloc; do
		echo "$1" >$debug/$kind/probability
	done
}

prepare_faults()
{
	local kind size base

	size=$(awk '$1 == "mqttk" { print $2 }' /proc/modules)
	base=$(awk '$1 == "mqttk" { print $6 }' /proc/modules)
	for kind in failslab fail_page_alloc; do
		echo 0 >$debug/$kind/probability
		echo 0 >$debug/$kind/verbose
		echo N >$debug/$kind/ignore-gfp-wait
		echo 1 >$debug/$kind/interval
		echo $times >$debug/$kind/times
		echo 32 >$debug/$kind/stacktrace-depth
		echo "$base" >$debug/$kind/require-start
		printf '0x%x\n' $((base + size)) >$debug/$kind/require-end
	done
	echo 0 >$debug/fail_page_alloc/min-order
}

# load_once: every feature, whatever becomes of it.
load_once()
{
	local i

	timeout 20 swarm busy -n 30 -t 8 >"$tmp/busy" 2>&1 &
	head -c 100000 /dev/urandom >"$tmp/large"
	timeout 8 cat /dev/mqtt >/dev/null 2>&1 &
	for i in 1 2 3 4 5 6; do
		timeout 3 mosquitto_pub -t "faults/$i" -r -m "$i" --will-topic w \
			--will-payload gone --will-retain
		timeout 3 mosquitto_pub -t faults/large -q "$((i % 3))" \
			-f "$tmp/large"
		timeout 2 mosquitto_sub -t '#' -t "faults/+/$i" -W 1 -C 20
		echo "faults/dev $i" >/dev/mqtt
		mqttkctl listener add "127.0.0.1:$((2000 + i))" name "f$i"
		mqttkctl listener del "f$i"
		mqttkctl client show
	done >/dev/null 2>&1
	wait
}

broker_start
prepare_faults
for percent in 1 5 20 60; do
	faults "$percent"
	load_once
	faults 0
	listen "$tmp/got" -t after -C 2
	check "memory failed at $percent % and is back: connects and publishes" \
		pub -t after -m "$percent"
	check 'and receives' wait_for 20 grep -qx "$percent" "$tmp/got"
	check 'mqttkctl works' mqttkctl stats
	kill "$listener" 2>/dev/null
done
# The test itself could fail to fail anything.
for kind in failslab fail_page_alloc; do
	failed=$((times - $(cat $debug/$kind/times)))
	at_least $failed 20 "allocations failed by $kind"
done
broker_stop
finish
