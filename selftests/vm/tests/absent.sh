#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Store and forward at scale: SESSIONS clients are away, MESSAGES messages match
# all of them. Each payload is stored once, a waiting message costs a few tens of
# bytes for each client; all come back and get everything once, in order, and the
# memory is given back. On one kernel they are 10,000 times 1,000, which takes
# three minutes; on the other fewer.
# time: 900
# mem: 2048
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

case ${MQTTK_KERNEL:-} in
6.12)	n=10000 m=1000 ;;
*)	n=2000 m=200 ;;
esac
n=${SESSIONS:-$n} m=${MESSAGES:-$m} size=200

absent()
{
	"$clients/absent" "$@" -n "$n" -m "$m" -s $size -t 800 >"$tmp/$1" 2>&1 || {
		cat "$tmp/$1"
		return 1
	}
}

away()
{
	mqttkctl -j stats
	[ "$(mqttkctl -j client show | jq -r length)" = 0 ]
}

slab()
{
	awk '/^Slab:/ { print $2 * 1024 }' /proc/meminfo
}

given_back()
{
	used message
	[ "$(used message)" -le "$before" ]
}

ulimit -n 4096
sysctl -q net.core.somaxconn=4096
broker_start
limit sys_interval 0
limit max_connections $((n + 100))
limit max_queued_messages $((m + 10))
limit max_queued_bytes $((m * (size + 100) + 4096))
limit message_memory $((n * m * 32 + m * 1024 + (64 << 20)))
check "$n clients subscribe and leave" absent subscribe
if on_mqttk; then
	check 'they are away' wait_for 30 away
	is "$(mqttkctl -j session show | jq -r length)" "$n" 'their sessions are kept'
	before=$(used message) slab_before=$(slab)
	note "bytes for each session: $(($(used client) / n))"
fi
check "$m messages are published" absent publish
note "after $(sed -n 's/^ms=//p' "$tmp/publish") ms"
if on_mqttk; then
	held=$(($(used message) - before)) grown=$(($(slab) - slab_before))
	note "$((n * m)) messages wait: $held bytes are charged, slab grew by $grown"
	# A message: the payload, the topic, what holds them.
	of_entries=$((held - m * (size + 200)))
	note "$((of_entries * 100 / (n * m))) hundredths of a byte for each that waits"
	at_most $((of_entries / (n * m))) 40 'bytes for each message that waits for a client'
	at_least "$held" $((m * size)) 'bytes charged: the payloads at least'
	at_most $((grown / (n * m))) 64 'bytes of slab for each'
	is "$(stat_of messages_dropped)" 0 'nothing was dropped'
fi
check 'all come back and get everything, once, in order' absent collect
note "after $(sed -n 's/^ms=//p' "$tmp/collect") ms"
is "$(figure collect delivered)" $((n * m)) 'every message was delivered to every client'
! on_mqttk || check 'the memory is given back' wait_for 30 given_back
broker_stop
finish
