#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Many retained messages, on one processor: while a new subscriber gets all of
# them, while they are listed, and while they are removed, another client's
# messages of QoS 1 go on. With a million, by hand:
#   selftests/vm/run -s 1 -m 4096 -t 3000 'COUNT=1000000 /selftests/vm/tests/retained.sh'
# time: 600
# mem: 1024
# cpus: 1
# kernels: 6.12
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

count=${COUNT:-20000}

# What the machine has left, in KiB.
available()
{
	awk '/^MemAvailable/ { print $2 }' /proc/meminfo
}

# pings_during COMMAND...: how often the ping-pong came round meanwhile, by the
# messages that its client has sent.
pings_during()
{
	local before

	before=$(stat_of messages_received)
	"$@" || return 1
	echo $(($(stat_of messages_received) - before))
}

shown()
{
	mqttkctl retained show | wc -l >"$tmp/shown"
}

deleted()
{
	mqttkctl -j retained del '#' >"$tmp/deleted"
}

broker_start
limit message_memory $((count * 512 + 16777216))
limit retained_memory $((count * 512 + 16777216))
before=$(available)
swarm_start replay -m "$count" -s 64 -t 2900
if ! check "$count messages are retained" told replay retain_ms 2900; then
	cat "$tmp/replay"
	finish
fi
after=$(available)
note "$(($(used retained) / count)) bytes of retained_memory and" \
	"$(($(used message) / count)) of message_memory for each," \
	"$(((before - after) * 1024 / count)) of the machine's memory"
check 'a new subscriber gets them' told replay ready 2900
note "$(tr '\n' ' ' <"$tmp/replay")"
is "$(figure replay replayed)" "$count" 'each of them once'
# A turn of a replay is 256 messages; in a ping there is one of those, or two,
# and what was in the subscriber's socket.
at_most "$(figure replay most)" 4096 'messages replayed while a ping was under way'

pings=$(pings_during shown)
at_least "$(cat "$tmp/shown")" "$count" 'all of them are shown'
at_least "$pings" 20 'pings meanwhile'
pings=$(pings_during deleted)
note "$(tr '\n' ' ' <"$tmp/deleted")"
at_least "$pings" 20 'pings while all of them were removed'
is "$(mqttkctl -j retained show | jq length)" 0 'none is left'
kill $job
wait $job
is $? 0 'no ping was lost'
broker_stop
finish
