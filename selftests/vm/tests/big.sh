#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With the limits raised, messages of 16 MiB and 200 MiB arrive byte for byte;
# their memory is given back, and with the limits lowered they are cut.
# time: 600
# mem: 3072
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

# big MIB: from a file, compared by checksum.
big()
{
	local sum

	head -c "${1}M" /dev/urandom >"$tmp/sent"
	sum=$(sha256sum <"$tmp/sent")
	listen "$tmp/got" -C 2 -N -t big/x || return 1
	timeout 300 mosquitto_pub -h "$HOST" -p "$PORT" -t big/x -f "$tmp/sent" || return 1
	rm "$tmp/sent"
	wait $listener || return 1
	[ "$(tail -c +6 "$tmp/got" | sha256sum)" = "$sum" ]
}

given_back()
{
	[ "$(used message)" -le 1024 ]
}

LIMIT=268435455 broker_start
# What messages take is looked at below; the $SYS topics are some, too.
limit sys_interval 0
limit max_packet_size 268435455
limit max_queued_bytes 268435456
limit message_memory 536870912
check '16 MiB, byte for byte' big 16
check '200 MiB, byte for byte' big 200
if on_mqttk; then
	check 'their memory is given back' wait_for 40 given_back
	limit max_packet_size 1048576
	check_not 'with the limit lowered, 16 MiB do not arrive' timeout 20 bash -c "
		. '$clients/lib.sh'
		head -c 16M /dev/zero >'$tmp/sent'
		pub -t big/x -f '$tmp/sent'"
fi
broker_stop
finish
