#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that are wrong, and some that are merely odd: each gets what the
# standard says, and nobody else notices. Nothing is left of the peers then.
# time: 900
# mem: 1024
# fast
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

nothing_left()
{
	[ "$(used handshake)" = 0 ] && [ "$(used message)" -le 1024 ] &&
		[ "$(mqttkctl -j client show)" = '[]' ]
}

nobody_without_name()
{
	python3 - <<-END
	import sys
	sys.path.insert(0, "$clients")
	import mq
	def code(**how):
	    with mq.Peer(port=$((PORT + 1))) as p:
	        p.send(mq.connect("x", **how))
	        code = p.expect(mq.CONNACK)[1]
	        p.cut()
	        return code
	assert code() in (4, 5)
	assert code(user="u", password="p") in (4, 5)
	END
}

broker_start
# What messages take is looked at below; the $SYS topics are some, too.
limit sys_interval 0
results python3 "$clients/raw.py"
if on_mqttk; then
	check 'a listener for users only' mqttkctl listener add "127.0.0.1:$((PORT + 1))"
	check 'a listener without anonymous clients refuses with 4 or 5' nobody_without_name
	check 'bad packets were counted' test "$(stat_of malformed)" -gt 50
	check 'large packets were counted' test "$(stat_of packets_too_large)" -gt 0
	check 'nothing is left of them' wait_for 40 nothing_left || mqttkctl -j limit show
fi
broker_stop
finish
