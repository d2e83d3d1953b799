#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# One publisher whose fan-outs are of 1 and of 10,000 in turn: no subscriber
# sees anything out of order, twice, or not at all. Every one is checked.
# time: 700
# mem: 4096
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

n=${SUBSCRIBERS:-10000}
ulimit -n 32768
sysctl -q net.core.somaxconn=4096 net.core.netdev_max_backlog=50000 \
	net.ipv4.ip_local_port_range='10240 65000'
broker_start
limit max_connections $((n + 100))
check "fan-outs of 1 and $n in turn: everything in order" \
	swarm order -n "$n" -m 30 -w 10 -t 360
note "$(cat "$tmp/order")"
is "$(figure order delivered)" $((15 * (n + 1))) 'every message arrived once'
check 'small fan-outs in between, 32 and 33 on either side of a lane' \
	swarm order -n 33 -m 2000 -w 100 -t 120
check 'the same with 32' swarm order -n 32 -m 2000 -w 100 -t 120
broker_stop
finish
