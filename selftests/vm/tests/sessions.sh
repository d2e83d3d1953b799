#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sessions with clients that people use (mosquitto's, paho.mqtt.c, Python's
# paho-mqtt; 3.1.1 and 5.0): store and forward, what expires, wills that wait,
# retained messages at QoS 1 and 2, and paho's own ways to go on after a link is
# cut or its process killed.
# time: 600
# kernels: 6.12
# mem: 1024
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

# sub -i ID OPTIONS...: mosquitto_sub, in the foreground, until it has left.
sub()
{
	local status

	timeout 60 mosquitto_sub -h "$HOST" -p "$PORT" "$@"
	status=$?
	! on_mqttk || [ "$1" != -i ] || left "$2" || return 1
	return $status
}

# enter ID OPTIONS...: makes a session and leaves.
enter()
{
	local id=$1

	shift
	sub -i "$id" -c "$@" -E
}

# What the readme tells people to try.
readme()
{
	local i

	sub -i cellar -c -q 1 -t 'cellar/#' -W 1
	[ $? = 27 ] || return 1
	for i in 1 2 3; do
		pub -t cellar/level -q 1 -m $i || return 1
	done
	sub -i cellar -c -q 1 -t 'cellar/#' -v -C 3 >"$tmp/cellar" || return 1
	[ "$(paste -sd, "$tmp/cellar")" = 'cellar/level 1,cellar/level 2,cellar/level 3' ]
}

# away VERSION QOS PUBLISHED-QOS: 1,000 messages for one who has left.
away()
{
	local expiry=()

	[ "$1" != 5 ] || expiry=(-x 600)
	enter "away-$1-$2" -V "$1" -q "$2" "${expiry[@]}" -t away/x || return 1
	seq 1000 | pub -V "$1" -q "$3" -t away/x -l || return 1
	sub -i "away-$1-$2" -c -V "$1" -q "$2" "${expiry[@]}" -t away/x -C 1000 \
		>"$tmp/away" || return 1
	seq 1000 | cmp - "$tmp/away" || return 1
	# Nothing is left for a third visit.
	enter "away-$1-$2" -V "$1" -q "$2" "${expiry[@]}" -t away/x || return 1
	pub -q 1 -t away/x -m 'the next' || return 1
	[ "$(sub -i "away-$1-$2" -c -V "$1" -q "$2" -t away/x -C 1)" = 'the next' ]
}

# session_ends: mosquitto has to be given the time, mqttk says so.
sessions_expired=0
session_ends()
{
	if on_mqttk; then
		sessions_expired=$((sessions_expired + 1))
		wait_for 20 eval "[ \"\$(stat_of sessions_expired)\" -ge $sessions_expired ]"
	else
		sleep 3.5
	fi
}

session_expiry()
{
	enter brief -V 5 -x 1 -q 1 -t brief/x || return 1
	session_ends || return 1
	pub -q 1 -t brief/x -m lost || return 1
	enter brief -V 5 -x 600 -q 1 -t brief/x || return 1
	pub -q 1 -t brief/x -m kept || return 1
	[ "$(sub -i brief -c -V 5 -x 0 -q 1 -t brief/x -C 1)" = kept ] || return 1
	# Its expiry was 0 this time, so nothing is kept.
	pub -q 1 -t brief/x -m lost || return 1
	pub -q 1 -r -t brief/x -m retained || return 1
	[ "$(sub -i brief -c -V 5 -x 0 -q 1 -t brief/x -C 1)" = retained ] || return 1
	pub -r -t brief/x -n
}

message_expiry()
{
	enter stale -V 5 -x 600 -q 1 -t stale/x || return 1
	pub -V 5 -q 1 -t stale/x -m stale -D publish message-expiry-interval 1 || return 1
	pub -V 5 -q 1 -t stale/x -m fresh -D publish message-expiry-interval 600 || return 1
	if on_mqttk; then
		wait_for 20 eval '[ "$(stat_of messages_expired)" -ge 1 ]' || return 1
	else
		sleep 2.5
	fi
	[ "$(sub -i stale -c -V 5 -x 0 -q 1 -t stale/x -C 1)" = fresh ]
}

# dies SIGNAL DELAY: a client with a will that is to wait so many seconds.
dies()
{
	local victim

	: >"$tmp/victim"
	pub -r -t victim/ready -m ready || return 1
	mosquitto_sub -h "$HOST" -p "$PORT" -V 5 -c -x 600 -i victim -t x -t victim/ready \
		--will-topic will/x --will-payload "after $2" --will-qos 1 \
		-D will will-delay-interval "$2" >"$tmp/victim" 2>&1 &
	victim=$!
	wait_for 30 test -s "$tmp/victim" || return 1
	kill "-$1" $victim
	wait $victim
	return 0
} 2>/dev/null

will_delay()
{
	listen "$tmp/will" -v -q 1 -t will/x || return 1
	dies KILL 600 || return 1
	# It comes back in time: the first will is void, the second is not.
	dies KILL 1 || return 1
	wait_for 20 grep -q 'after 1$' "$tmp/will"
	kill $listener
	cat "$tmp/will"
	! grep -q 'after 600' "$tmp/will" && grep -q 'after 1$' "$tmp/will"
}

retained()
{
	pub -r -q 1 -t kept/1 -m one && pub -r -q 2 -t kept/2 -m two || return 1
	sub -q 2 -t 'kept/#' -F '%t %q %r %p' -C 2 | sort >"$tmp/kept"
	cat "$tmp/kept"
	[ "$(paste -sd, "$tmp/kept")" = 'kept/1 1 1 one,kept/2 2 1 two' ] || return 1
	sub -q 1 -t 'kept/#' -F '%t %q %r %p' -C 2 | sort >"$tmp/kept"
	cat "$tmp/kept"
	[ "$(paste -sd, "$tmp/kept")" = 'kept/1 1 1 one,kept/2 1 1 two' ] || return 1
	pub -r -q 1 -t kept/1 -n && pub -r -q 2 -t kept/2 -n
}

broker_start
limit max_queued_messages 10000
check 'readme: one who left for a while finds all in order' readme
for qos in 1 2; do
	check "mosquitto, 3.1.1: 1,000 of QoS $qos wait" away 311 $qos 2
	check "mosquitto, 5.0: 1,000 of QoS $qos wait" away 5 $qos 2
done
check 'mosquitto, 5.0: sessions expire' session_expiry
check 'mosquitto, 5.0: messages expire' message_expiry
check 'mosquitto, 5.0: a will waits, unless its client comes back' will_delay
check 'mosquitto: retained messages at QoS 1 and 2' retained
results "$clients/sessions.py"
results "$clients/paho-session"
results "$clients/paho-killed"
broker_stop
finish
