#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Peers that cost without giving: one that dribbles its CONNECT, 5,000 that say
# nothing, packets that claim 256 MB, refusals without end. Each costs no more
# than the budget before CONNECT, is cut in time and counted; others are served.
# time: 600
# mem: 2048
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

dribble()
{
	python3 - <<-END
	import sys, time
	sys.path.insert(0, "$clients")
	import mq
	# The broker's clock runs from when it accepts.
	start = time.monotonic()
	p = mq.Peer()
	try:
	    for b in mq.connect("x" * 100):
	        p.send(bytes([b]))
	        time.sleep(1)
	except mq.Closed:
	    pass
	took = time.monotonic() - start
	print(f"cut after {took:.1f} s")
	# All of it would take 110 s.
	sys.exit(not 4 < took < 60)
	END
}

served()
{
	listen "$tmp/served" -C 2 -t served/x || return 1
	pub -t served/x -m hello && wait $listener
}

# A pair of clients that were there before still talk.
pair()
{
	python3 - <<-END
	import sys, time
	sys.path.insert(0, "$clients")
	import mq
	p = mq.Peer("pair")
	p.subscribe("pair")
	print("ready", flush=True)
	slowest = 0
	for i in range(100):
	    start = time.monotonic()
	    p.send(mq.publish("pair", str(i)))
	    assert p.message()[1] == str(i).encode()
	    slowest = max(slowest, time.monotonic() - start)
	    time.sleep(0.1)
	print(f"slowest {slowest * 1000:.0f} ms")
	END
}

no_handshakes()
{
	[ "$(used handshake)" = 0 ]
}

# Packets that claim 256 MB, whatever they begin with, 200 connections at once.
claims()
{
	python3 - <<-END
	import sys
	sys.path.insert(0, "$clients")
	import mq
	peers = [mq.Peer() for _ in range(200)]
	for i, p in enumerate(peers):
	    try:
	        p.send(bytes([i % 16 << 4]) + b"\xff\xff\xff\x7f" + b"x" * 1000)
	    except mq.Closed:
	        pass
	for p in peers:
	    p.cut(30)
	END
}

refusals()
{
	python3 - <<-END
	import sys
	sys.path.insert(0, "$clients")
	import mq
	for _ in range(500):
	    with mq.Peer() as p:
	        p.send(mq.connect("", clean=False))
	        assert p.expect(mq.CONNACK) == b"\0\2"
	END
}

if ! on_mqttk; then
	skip_all 'budgets are mqttk'\''s own'
fi
ulimit -n 8192
sysctl -q net.core.somaxconn=4096 net.core.netdev_max_backlog=20000
broker_start
limit max_connections 6000
limit connect_timeout 5

check 'a CONNECT that dribbles, a byte a second, is cut in time' dribble
at_least "$(stat_of connect_timeouts)" 1 'and counted'
check 'others are served' served

limit connect_timeout 20
pair >"$tmp/pair" 2>&1 &
pair=$!
check 'a client comes before the flood' told pair ready
refused=$(stat_of connections_refused) late=$(stat_of connect_timeouts)
swarm_start hold -n 5000 -t 300
check '5,000 connections that say nothing are opened' told hold ready 200
handshake=$(used handshake)
note "open: $(figure hold open), bytes charged: $handshake"
at_most "$handshake" "$(limit_of handshake_memory)" 'bytes charged, at most the budget'
grep -E '^(TCP|TCP6):' /proc/net/sockstat | sed 's/^/# /'
check 'who was there before is served' wait $pair
note "$(cat "$tmp/pair")"
check 'all of them are cut' wait $job
note "$(cat "$tmp/hold")"
counted=$(($(stat_of connections_refused) - refused + $(stat_of connect_timeouts) - late))
at_least "$counted" 5000 'all of them counted, as refused or as late'
check 'nothing is charged afterwards' wait_for 40 no_handshakes
check 'others are served again' served

malformed=$(($(stat_of malformed) + $(stat_of packets_too_large)))
check '200 first packets that claim 256 MB are cut at once' claims
at_least $(($(stat_of malformed) + $(stat_of packets_too_large) - malformed)) 200 \
	'and counted'
check 'refused CONNECTs are answered, again and again' refusals
at_least "$(stat_of connects_refused)" 500 'and counted'
check 'nothing is charged for them afterwards' wait_for 40 no_handshakes
is "$(mqttkctl -j listener show | jq -er 'map(.connections) | add')" 0 \
	'no connection is left'
broker_stop
finish
