#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Clients that people use (mosquitto's, paho.mqtt.c by both interfaces, Python's
# paho-mqtt) exchange messages through the broker, on IPv4 and IPv6.
# time: 900
# mem: 1024
# fast
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

has_lines()
{
	[ "$(wc -l <"$1")" -gt "$2" ]
}

wildcards()
{
	local t

	listen "$tmp/wild" -v -t 'w/+/x' -t 'w/deep/#' || return 1
	for t in w/a/x w/a/y w/deep w/deep/1/2 w/a/x/z w/b/x; do
		pub -t $t -m "$t" || return 1
	done
	pub -t w/deep/end -m end
	wait_for 30 grep -q 'w/deep/end end' "$tmp/wild" || return 1
	kill $listener
	[ "$(tail -n +2 "$tmp/wild" | cut -d' ' -f1 | paste -sd' ')" = \
		'w/a/x w/deep w/deep/1/2 w/b/x w/deep/end' ] || {
		cat "$tmp/wild"
		return 1
	}
}

# payload BYTES: through a file, compared as a file.
payload()
{
	head -c "$1" /dev/urandom >"$tmp/sent"
	listen "$tmp/got" -C 2 -N -t "bytes/$1" || return 1
	if [ "$1" = 0 ]; then
		pub -t bytes/0 -n
	else
		pub -t "bytes/$1" -f "$tmp/sent"
	fi || return 1
	wait $listener || return 1
	# What came first is listen's own message.
	tail -c +6 "$tmp/got" | cmp - "$tmp/sent"
}

retained()
{
	pub -r -t kept/1 -m one && pub -r -t kept/2 -m two || return 1
	listen "$tmp/kept" -v -t 'kept/#' || return 1
	wait_for 30 has_lines "$tmp/kept" 2 || return 1
	kill $listener
	sort "$tmp/kept" | paste -sd, | grep -qx 'kept/1 one,kept/2 two,listen/ready ready' || {
		cat "$tmp/kept"
		return 1
	}
	pub -r -t kept/1 -n || return 1
	listen "$tmp/kept" -v -t 'kept/#' || return 1
	wait_for 30 has_lines "$tmp/kept" 1 || return 1
	# Sent after everything that could come.
	pub -t kept/end -m end
	wait_for 30 grep -q kept/end "$tmp/kept" || return 1
	kill $listener
	! grep kept/1 "$tmp/kept"
}

publish_qos()
{
	listen "$tmp/qos" -C 11 -q 2 -t qos/x || return 1
	seq 10 | pub -q "$1" -t qos/x -l || return 1
	wait $listener || return 1
	[ "$(tail -n +2 "$tmp/qos" | paste -sd' ')" = "$(seq -s ' ' 10)" ]
}

# wills SIGNAL: a client with a will that ends by it; prints what was sent.
wills()
{
	local victim patience=60

	# What must not come is not waited for as long.
	[ "$1" != TERM ] || patience=10
	listen "$tmp/will" -v -t will/x || return 1
	: >"$tmp/victim"
	mosquitto_sub -h "$HOST" -p "$PORT" -k 60 -t x -t victim/ready \
		--will-topic will/x --will-payload gone >"$tmp/victim" 2>&1 &
	victim=$!
	pub -r -t victim/ready -m ready
	wait_for 30 test -s "$tmp/victim" || return 1
	kill "-$1" $victim
	wait_for $patience grep -q 'will/x gone' "$tmp/will"
	kill $listener
	grep -c 'will/x gone' "$tmp/will"
}

# A client that stands still with a keep-alive of 5 s is given up after 7.5 s:
# not at once, and not as late as by the keep-alive that mosquitto_sub has.
standstill()
{
	local began victim ms

	listen "$tmp/still" -v -t still/x || return 1
	pub -r -t victim/ready -m ready
	: >"$tmp/victim"
	mosquitto_sub -h "$HOST" -p "$PORT" -k 5 -t x -t victim/ready \
		--will-topic still/x --will-payload gone >"$tmp/victim" 2>&1 &
	victim=$!
	wait_for 30 test -s "$tmp/victim" || return 1
	kill -STOP $victim
	began=$(date +%s%3N)
	wait_for 60 grep -q 'still/x gone' "$tmp/still"
	ms=$(($(date +%s%3N) - began))
	kill -KILL $victim
	kill $listener
	echo "after $ms ms"
	# Its last packet may have been up to 5 s before the standstill.
	grep -q gone "$tmp/still" && [ $ms -ge 2000 ]
}

over_limit()
{
	truncate -s 2000001 "$tmp/large"
	listen "$tmp/over" -v -t 'over/#' || return 1
	# Its status says nothing: what it sends may fit the socket's buffer.
	timeout 30 mosquitto_pub -h "$HOST" -p "$PORT" -t over/1 -f "$tmp/large"
	pub -t over/2 -m small
	wait_for 30 grep -q 'over/2 small' "$tmp/over" || return 1
	kill $listener
	! grep -qa over/1 "$tmp/over"
}

six()
{
	listen "$tmp/six" -C 2 -t six/x || return 1
	HOST=::1 pub -t six/x -m hello || return 1
	wait $listener
	[ "$(tail -n 1 "$tmp/six")" = hello ]
}

json()
{
	local id="we\"ird\\ü☃"

	mosquitto_sub -h "$HOST" -p "$PORT" -i "$id" -t x &
	listener=$!
	shown()
	{
		mqttkctl -j client show | python3 -c '
import json, sys
sys.exit(not any(sys.argv[1] in x.values() for x in json.load(sys.stdin)))' "$id"
	}
	wait_for 20 shown || {
		mqttkctl -j client show
		return 1
	}
	kill $listener
}

broker_start "$HOST:$PORT" "[::1]:$PORT"
check 'mosquitto: wildcards' wildcards
for bytes in 0 1 65536; do
	check "mosquitto: $bytes bytes, byte for byte" payload $bytes
done
check 'mosquitto: retained, and cleared by an empty one' retained
for qos in 0 1 2; do
	check "mosquitto: publishing at QoS $qos ends, all arrives in order" publish_qos $qos
done
is "$(wills KILL)" 1 'mosquitto: the will of a killed client'
is "$(wills TERM)" 0 'mosquitto: no will after DISCONNECT'
check 'mosquitto: a client that stands still is cut' standstill
check 'mosquitto: a packet over the limit reaches nobody' over_limit
check 'mosquitto: IPv6' six
results "$clients/paho-sync"
results "$clients/paho-async"
results "$clients/paho-python.py"
if on_mqttk; then
	check 'client show in JSON: any client id' json
	check 'the oversized packet was counted' test "$(stat_of packets_too_large)" -gt 0
	check 'the standstill was counted' test "$(stat_of keepalive_timeouts)" -gt 0
fi
broker_stop
finish
