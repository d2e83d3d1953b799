#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# $SYS/broker: mosquitto's topics are there, retained, true, and only said again
# when they change; nobody else may write them, and nothing is left of them when
# nobody is there.
# time: 480
# mem: 1024
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

# watch: gathers all that is said in $tmp/said, until $watcher is killed. One
# client for the whole time, so that it counts in every round.
watch()
{
	: >"$tmp/said"
	mosquitto_sub -h "$HOST" -p "$PORT" -t "\$SYS/#" -F '%r %t=%p' \
		>"$tmp/said" &
	watcher=$!
}

# sys TOPIC: what was said last.
sys()
{
	sed -n "s|^[01] .SYS/broker/$1=||p" "$tmp/said" | tail -n 1
}

# now TOPIC TEST VALUE: test says so of its whole part.
now()
{
	local value

	value=$(sys "$1")
	test "${value%%[. ]*}" "$2" "$3"
}

# will_be TOPIC TEST VALUE DESCRIPTION
will_be()
{
	if wait_for 60 now "$1" "$2" "$3"; then
		pass "$4"
	else
		fail "$4"
		note "$1 is $(sys "$1")"
	fi
}

rounds()
{
	grep -c '/uptime=' "$tmp/said"
}

rounds_are()
{
	[ "$(rounds)" -ge "$1" ]
}

# round: a whole one has passed.
round()
{
	wait_for 60 rounds_are $(($(rounds) + 2))
}

retained()
{
	mqttkctl -j stats | jq -er .retained_messages
}

retained_is()
{
	[ "$(retained)" = "$1" ]
}

# names: the topics that mosquitto 2.1 has, where it is one broker by itself.
names()
{
	local load

	printf '%s\n' version uptime bytes/{received,sent} \
		clients/{active,connected,disconnected,expired,inactive} \
		clients/{maximum,total} connections/socket/count \
		heap/{current,maximum} messages/{received,sent,stored} \
		publish/bytes/{received,sent} \
		publish/messages/{dropped,received,sent} \
		'retained messages/count' shared_subscriptions/count \
		store/messages/{bytes,count} subscriptions/count
	for load in bytes/{received,sent} connections \
		messages/{received,sent} publish/{dropped,received,sent} sockets
	do
		printf '%s\n' "load/$load/"{1,5,15}min
	done
}
names | LC_ALL=C sort >"$tmp/names"
topics=$(wc -l <"$tmp/names")

broker_start
limit sys_interval 1

watch
wait_for 30 sh -c "[ \$(wc -l <'$tmp/said') -ge $topics ]"
head -n "$topics" "$tmp/said" >"$tmp/all"
is "$(grep -c '^1 ' "$tmp/all")" "$topics" "$topics values are retained"
sed 's|^1 \$SYS/broker/||; s/=.*//' "$tmp/all" | LC_ALL=C sort -u |
	diff "$tmp/names" - >"$tmp/diff"
is $? 0 "they are mosquitto's topics" || note "$(cat "$tmp/diff")"
is "$(sys version)" "mqttk version $(modinfo -F version mqttk)" \
	'version is the module'"'"'s'
is "$(grep '/load/' "$tmp/all" | grep -cvE '=[0-9]+\.[0-9]{2}$')" 0 \
	'averages have two digits behind the point'
is "$(grep -v '/load/' "$tmp/all" | grep -cvE '=([0-9]+( seconds)?|mqttk.*)$')" \
	0 'the others are whole numbers'

round
before=$(sys publish/bytes/received)
received=$(sys publish/messages/received)
listen "$tmp/a" -t 'data/#'
listeners=$listener
listen "$tmp/b" -t 'data/#' -t other
listeners+=" $listener"
will_be clients/connected -eq 3 'two clients and the one that watches'
will_be clients/total -eq 3 'all of them have a session'
will_be clients/disconnected -eq 0 'nobody is absent'
will_be subscriptions/count -eq 6 'their subscriptions, and that of who watches'
# The listeners published a line each.
seq -f %064.0f 50 | pub -t data/x -l
will_be publish/messages/received -ge $((received + 52)) \
	'messages received are counted'
will_be publish/bytes/received -ge $((before + 50 * 64 + 10)) \
	'and their payloads'
wait_for 30 sh -c "[ \$(wc -l <'$tmp/a') = 51 ]"
will_be publish/messages/sent -ge 102 'messages sent are counted'
will_be publish/bytes/sent -ge $((2 * 50 * 64)) 'and their payloads'
will_be messages/received -ge 60 'and packets received'
will_be messages/sent -ge 102 'and packets sent'
will_be bytes/received -ge $((50 * 64)) 'and bytes received'
will_be bytes/sent -ge $((2 * 50 * 64)) 'and bytes sent'
will_be load/publish/received/1min -gt 0 'messages a minute are above nothing'
will_be load/bytes/sent/1min -gt 0 'so are bytes a minute'
will_be connections/socket/count -ge 5 'and connections'
at_least "$(sys heap/current)" 10000 'memory is in use'
will_be heap/maximum -ge "$(sys heap/current)" 'and is at most the maximum'

# listen/ready is one, too.
will_be 'retained messages/count' -eq $((topics + 1)) 'retained messages'
pub -r -t kept/1 -m 12345
will_be 'retained messages/count' -eq $((topics + 2)) 'one more'
will_be store/messages/count -ge $((topics + 2)) 'they are in the store'
pub -r -t kept/1 -n
will_be 'retained messages/count' -eq $((topics + 1)) 'one less'
# shellcheck disable=SC2086 # several
kill $listeners
will_be clients/connected -eq 1 'clients that left are not connected'
will_be clients/maximum -ge 3 'the maximum stays'

# Nothing but the first value of a topic that does not change; `#` has none.
mosquitto_sub -h "$HOST" -p "$PORT" -t "\$SYS/broker/version" -t mark -v \
	-t "\$SYS/broker/uptime" -t "\$SYS/broker/clients/expired" \
	>"$tmp/changes" &
listeners=$!
listen "$tmp/hash" -v -t '#'
listeners+=" $listener"
round
round
pub -t mark -m end
wait_for 30 grep -q end "$tmp/changes"
wait_for 30 grep -q end "$tmp/hash"
# shellcheck disable=SC2086 # several
kill $listeners
is "$(grep -c version "$tmp/changes")" 1 'what does not change is said once'
is "$(grep -c expired "$tmp/changes")" 1 'also a counter'
at_least "$(grep -c uptime "$tmp/changes")" 3 'what changes, every interval'
is "$(grep -c SYS "$tmp/hash")" 0 'a subscription to # gets none of it'

pub -r -t "\$SYS/broker/version" -m mine
pub -r -t "\$SYS/broker/mine" -m mine
round
is "$(timeout 60 mosquitto_sub -h "$HOST" -p "$PORT" -C 1 \
	-t "\$SYS/broker/version")" "mqttk version $(modinfo -F version mqttk)" \
	'a client does not write it'
is "$(retained)" $((topics + 1)) 'or add to it'

limit sys_interval 0
check 'sys_interval 0: nothing is left' wait_for 30 retained_is 1
limit sys_interval 1
check 'sys_interval 1: all is there again' \
	wait_for 30 retained_is $((topics + 1))

# The last listener and client go, then only a file is there.
pub -r -t listen/ready -n
kill $watcher
check 'the listener is closed' mqttkctl listener del "$HOST:$PORT"
check 'with nobody there, nothing is left' wait_for 30 retained_is 0
is "$(timeout 60 mqttkctl sub -t "\$SYS/broker/uptime" -C 2 | grep -c seconds)" \
	2 'a file is enough'
check 'when it is closed, nothing is left' wait_for 30 retained_is 0

exec 7<>/dev/mqtt
check 'a file has it there' wait_for 30 retained_is "$topics"
check 'mqttkctl reset' mqttkctl reset
check 'after a reset it is there again' wait_for 30 retained_is "$topics"
exec 7>&-
mqttkctl listener add "$HOST:$PORT" anonymous on
check 'unloading in the middle of it' timeout 60 modprobe -r mqttk
finish
