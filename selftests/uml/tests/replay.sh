#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A subscriber gets more retained messages than its queue takes, from a broker
# that has released identifiers of QoS 2: the sender then looks at the session
# while it has the socket, and lockdep sees every lock that is ever taken below.
# time: 300
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

count=3000

# One line a write: whole lines are what the device takes.
retain_many()
{
	seq "$count" | sed -u 's|.*|qos=0,retain;replay/& &|' >/dev/mqtt
}

all_arrive()
{
	timeout 60 mosquitto_sub -h "$HOST" -p "$PORT" -t 'replay/#' -C "$count" \
		>"$tmp/got" &&
		[ "$(sort -n "$tmp/got")" = "$(seq "$count")" ]
}

broker_start
check 'a message of QoS 2 is taken' \
	mosquitto_pub -h "$HOST" -p "$PORT" -q 2 -t replay/first -m 0
limit max_queued_messages 100
check "$count messages are retained" retain_many
check 'a subscriber gets all of them' all_arrive
broker_stop
finish
