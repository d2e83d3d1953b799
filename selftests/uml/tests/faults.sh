#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Memory fails wherever the broker asks for it, seldom and often, while clients
# come and go, publish, retain and leave wills, files are read and written, and
# listeners are opened and closed: nothing is reported, nothing leaks, and when
# there is memory again everybody is served.
# time: 900
# mem: 768
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

debug=/sys/kernel/debug
times=1000000000
[ -d $debug/failslab ] || skip_all 'no fault injection in this kernel'

kinds='failslab fail_page_alloc'

# faults PERCENT [KIND...]: of the allocations with the module on their stack.
faults()
{
	local kind percent=$1

	shift
	# shellcheck disable=SC2086 # words
	[ $# -gt 0 ] || set -- $kinds
	for kind; do
		echo "$percent" >$debug/$kind/probability
	done
}

prepare_faults()
{
	local kind size base

	size=$(awk '$1 == "mqttk" { print $2 }' /proc/modules)
	base=$(awk '$1 == "mqttk" { print $6 }' /proc/modules)
	for kind in $kinds; do
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

# failed KIND: how many allocations it has made fail so far.
failed()
{
	echo $((times - $(cat "$debug/$1/times")))
}

# lacking: those kinds that have made too few fail for it to be worth the while.
lacking()
{
	local kind

	for kind in $kinds; do
		[ "$(failed $kind)" -ge $least ] || echo "$kind"
	done
}

# round PERCENT [KIND...]: memory fails that often, then no more.
round()
{
	faults "$@"
	load_once
	faults 0
	note "failed so far: $(failed failslab) of slab, $(failed fail_page_alloc) of pages"
	listen "$tmp/got" -t after -C 2
	check "memory failed at $1 % and is back: connects and publishes" \
		pub -t after -m "$1"
	check 'and receives' wait_for 60 grep -qx "$1" "$tmp/got"
	check 'mqttkctl works' mqttkctl stats
	kill "$listener" 2>/dev/null
}

least=20
broker_start
prepare_faults
for percent in 1 5 20 60; do
	round $percent
done
# How many fail is left to chance, and how many are asked for to the machine's
# speed: there may have to be more rounds. In these only what has failed too
# seldom does: pages are asked for late, where slab has to be had before.
for more in 1 2 3 4 5 6 7 8 9 10 11 12; do
	lacks=$(lacking)
	[ -n "$lacks" ] || break
	note "more, round $more: $lacks"
	# shellcheck disable=SC2086 # words
	round 30 $lacks
done
# The test itself could fail to fail anything.
for kind in $kinds; do
	at_least "$(failed $kind)" $least "allocations failed by $kind"
done
broker_stop
finish
