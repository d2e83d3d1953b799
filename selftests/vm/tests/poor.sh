#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A poor network: the broker in one namespace, clients in another, and between
# them delay, loss and reordering, or no link at all. Nothing is lost that TCP
# would not lose, and nothing is left behind.
# time: 900
# mem: 1024
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

on_mqttk || skip_all 'the broker has to be in a namespace of its own'
export HOST=10.77.0.1
SWARM_IN='ip netns exec clients'

broker()
{
	ip netns exec broker "$@"
}

clients()
{
	ip netns exec clients "$@"
}

# netem OPTIONS...: on both ends of the link.
netem()
{
	broker tc qdisc replace dev wire root netem limit 100000 "$@" &&
		clients tc qdisc replace dev wire root netem limit 100000 "$@"
}

ctl()
{
	mqttkctl -n broker "$@"
}

# No socket of the broker's but those that listen, in any state. TIME-WAIT is
# as TCP has it, after the other side's FIN: none after a cut link, where the
# other side never said anything. (Orphans are counted for all namespaces at
# once, the clients' too; here they would show by their state.)
no_sockets()
{
	[ "$(broker ss -Htan state all | grep -vcE 'LISTEN|TIME-WAIT')" = 0 ] &&
		[ "$(broker ss -Htan state time-wait "sport = $PORT" | wc -l)" -le "${1:-0}" ] &&
		broker grep -q '^TCP: inuse [012] ' /proc/net/sockstat
}

charged()
{
	ctl -j limit show | jq -er ".[] | select(.name == \"$1_memory\").used"
}

# What the listeners themselves cost stays.
nothing_charged()
{
	[ "$(charged handshake)" = 0 ] && [ "$(charged client)" -le "$listeners" ] &&
		[ "$(charged message)" -le 4096 ] && nobody
}

disconnect_all()
{
	local i

	for i in $(seq 0 99); do
		ctl client disconnect "sit-$i" || return 1
	done
}

nobody()
{
	[ "$(ctl -j client show)" = '[]' ]
}

load
ip netns add broker
ip netns add clients
ip link add name wire netns broker type veth peer name wire netns clients
broker ip addr add 10.77.0.1/24 dev wire
clients ip addr add 10.77.0.2/24 dev wire
broker ip link set wire up
clients ip link set wire up
check 'listens in a namespace' ctl listener add "$HOST:$PORT" anonymous on || finish
# What is charged is looked at below; the $SYS topics are charged, too.
check 'no $SYS topics' ctl limit set sys_interval 0

listeners=$(charged client)

netem delay 200ms 20ms loss 5% reorder 25% 50%
check '200 ms, 5 % loss, reordering: 20 clients each get 200 messages in order' \
	swarm fan -n 20 -m 200 -w 50 -s 500 -t 300
note "$(cat "$tmp/fan")"
check 'the same with messages of 20 KB' swarm fan -n 5 -m 50 -w 10 -s 20000 -t 300
netem delay 0ms
check 'nothing is charged afterwards' wait_for 40 nothing_charged || ctl -j limit show

# The window is never full: the publisher goes on while the link is down.
swarm_start fan -n 20 -m 3000 -w 5 -s 200 -t 400
told fan connect_ms
clients ip link set wire down
check 'the link goes down while messages are under way' kill -0 $job
sleep 30
clients ip link set wire up
check 'a link that is down for 30 s: everything comes after all, in order' wait $job
note "$(cat "$tmp/fan")"
check 'nothing is charged afterwards' wait_for 40 nothing_charged || ctl -j limit show

check 'no socket is left' wait_for 40 no_sockets 1000 || broker ss -tan

netem loss 20% delay 20ms
check 'a listener for users only' ctl listener add "$HOST:1884"
listeners=$(charged client)
# Who has lost three packets in a row by then is not waited for: the broker lets
# go after 10 s, and some of 20 may be as unlucky.
swarm refuse -P 1884 -n 20 -t 180 || :
at_least "$(figure refuse refused)" 17 'of 20 refusals sent into 20 % loss arrive'
is "$(figure refuse closed)" 20 'and all are closed'
netem delay 0ms

swarm_start sit -i sit -n 100 -t 600
check '100 clients come' told sit ready
netem loss 100%
check 'the link is cut, they are closed by the broker' disconnect_all
check 'and are no clients any more' wait_for 30 nobody
# The broker waits ten seconds for a peer to answer; TCP by itself would go on
# trying for more than a minute.
check 'soon no socket is left' wait_for 30 no_sockets || {
	broker ss -tan
	broker cat /proc/net/sockstat
}
check 'nothing is charged afterwards' wait_for 30 nothing_charged || ctl -j limit show
kill $job
wait $job
ip netns del clients
ip netns del broker
check 'the module can be unloaded' timeout 60 modprobe -r mqttk
finish
