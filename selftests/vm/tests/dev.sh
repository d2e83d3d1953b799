#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# /dev/mqtt: what cat, echo and programs see, `mqttkctl sub` and `pub` beside
# mosquitto's clients, and that an open file keeps the module.
# time: 900
# mem: 1024
# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "$0")/../../lib/ktap.sh"

load
tmp=$ktap_tmp

check 'only root may open the device before the udev rule says otherwise' \
	test "$(stat -c '%F %U' /dev/mqtt)" = 'character special file root'
check_not 'nobody else opens it' setpriv --reuid=65534 --regid=65534 \
	--clear-groups cat /dev/mqtt
is "$(unshare -Urn cat /dev/mqtt 2>&1)" \
	'cat: /dev/mqtt: Operation not permitted' \
	'nor root of a user namespace, unless the module allows it'
is "$(modinfo -F alias mqttk)" '' 'no alias lets anybody load the module'

each_line "$(dirname "$0")/../../dev/device.py"
each_line "$(dirname "$0")/../../dev/records.py"

mqttkctl limit set message_memory 60000000
check "a file's messages are charged to its opener's memory cgroup" \
	"$(dirname "$0")/../../dev/memcg.py"

mqttkctl listener add 127.0.0.1:1883 anonymous on || fail 'listener add'
wait_for 20 port_open 1883

# listen FILE COMMAND...: in the background, until it is subscribed.
listen()
{
	local out=$1

	shift
	"$@" -t ready >"$out" 2>"$out.err" &
	listener=$!
	wait_for 20 sh -c "echo 'ready yes' >/dev/mqtt; sleep 0.2; test -s '$out'"
}

# subscribed ID: there is a client ID, and it has subscribed.
subscribed()
{
	mqttkctl -j client show id "$1" | jq -e '.[0].subscriptions > 0'
}

echo_to_tcp()
{
	listen "$tmp/tcp" mosquitto_sub -v -t 'a/#' || return 1
	echo 'a/b hello' >/dev/mqtt
	wait_for 20 grep -qx 'a/b hello' "$tmp/tcp"
	kill $listener
	cat "$tmp/tcp"
	grep -qx 'a/b hello' "$tmp/tcp"
}
check 'a line echoed into the device reaches a TCP subscriber' echo_to_tcp

tcp_to_cat()
{
	cat /dev/mqtt >"$tmp/cat" &
	wait_for 20 sh -c "echo 'ready yes' >/dev/mqtt; test -s '$tmp/cat'"
	mosquitto_pub -t 'über x' -m 'smörgås' -q 1
	wait_for 20 grep -q 'xc3' "$tmp/cat"
	kill $!
	cat "$tmp/cat"
	grep -qE '^[0-9]+,[0-9]+,1,-;\\xc3\\xbcber\\x20x sm\\xc3\\xb6rg\\xc3\\xa5s$' \
		"$tmp/cat"
}
check 'cat shows what a TCP client publishes' tcp_to_cat

# same FORMAT...: mosquitto_sub and mqttkctl sub print the same. Times differ
# by when each looks, so none are in these formats.
same()
{
	local a b

	listen "$tmp/theirs" mosquitto_sub -t 's/#' "$@" || return 1
	a=$listener
	listen "$tmp/ours" mqttkctl sub -t 's/#' "$@" || return 1
	b=$listener
	mosquitto_pub -t s/1 -m plain
	mosquitto_pub -t s/empty -n
	mosquitto_pub -t s/utf -m 'ä"\	x'
	printf '\000\001\377' | mosquitto_pub -t 's/bin ary' -s
	mosquitto_pub -t s/end -m end
	wait_for 20 sh -c "grep -aq end '$tmp/theirs' && grep -aq end '$tmp/ours'"
	kill $a $b
	grep -av yes "$tmp/theirs" >"$tmp/theirs.end"
	grep -av yes "$tmp/ours" >"$tmp/ours.end"
	diff -a "$tmp/theirs.end" "$tmp/ours.end" && [ -s "$tmp/ours.end" ]
}
check 'mqttkctl sub prints what mosquitto_sub does' same
check 'mqttkctl sub -v prints what mosquitto_sub does' same -v
check 'mqttkctl sub -F prints what mosquitto_sub does' \
	same -F '%t|%l|%q|%r|%m|%X|%20t|%-20t|%.3t|%08l|%-8l|%%\t\\@@|%p'

mosquitto_pub -t v/1 -m '{"a":[-1.5e-3,25,"x",null,{"b":{}}]}' -r
mosquitto_pub -t v/2 -m 'sa"y' -r
is "$(mqttkctl sub -t v/1 -C 1 -F %J | jq -c '[.topic,.retain,.payload.a[1]]')" \
	'["v/1",1,25]' 'sub -F %J is JSON with the payload as JSON'
is "$(mqttkctl sub -t v/2 -C 1 -F %j | jq -c '[.topic,.payload,.payloadlen]')" \
	'["v/2","sa\"y",4]' 'sub -F %j is JSON with the payload as text'
check_not 'sub -F %J says if the payload is no JSON' \
	mqttkctl sub -t v/2 -C 1 -F %J
is "$(mqttkctl sub -t 'v/+' --retained-only -W 20 -t none | wc -l; echo "${PIPESTATUS[0]}")" \
	"$(printf '2\n27')" 'sub --retained-only prints what was retained'
mqttkctl sub -t none -W 0.3 >"$tmp/out" 2>&1
is $? 27 'sub -W ends with status 27'
mqttkctl sub -t v/1 -R -W 0.3 >"$tmp/out" 2>&1
is "$?$(cat "$tmp/out")" '27Timed out' 'sub -R leaves retained messages out'
mqttkctl sub >"$tmp/out" 2>&1
is $? 2 'sub without a filter is a usage error'
mqttkctl sub -t 'a/#/b' >"$tmp/out" 2>&1
is "$?$(cat "$tmp/out")" '1sub: a/#/b: not a topic filter' 'sub names a bad filter'

pub_kinds()
{
	local files

	listen "$tmp/pub" mosquitto_sub -v -t 'p/#' || return 1
	mqttkctl pub -t p/m -m 'a message; with = \x41' || return 1
	mqttkctl pub -t 'p/odd topic;=\' -n || return 1
	printf 'one\n\nthree' | mqttkctl pub -t p/l -l || return 1
	printf 'x\ny' | mqttkctl pub -t p/s -s || return 1
	head -c 30000 /dev/urandom >"$tmp/sent"
	mosquitto_sub -i files -t p/f -C 1 -N >"$tmp/file" &
	files=$!
	wait_for 30 subscribed files || return 1
	mqttkctl pub -t p/f -f "$tmp/sent" || return 1
	wait $files
	cmp "$tmp/sent" "$tmp/file" || return 1
	mqttkctl pub -t p/end -m end
	wait_for 20 grep -aq end "$tmp/pub"
	kill $listener
	grep -av '^ready' "$tmp/pub" | head -n 7 >"$tmp/got"
	diff -a - "$tmp/got" <<-'END'
		p/m a message; with = \x41
		p/odd topic;=\ (null)
		p/l one
		p/l (null)
		p/l three
		p/s x
		y
	END
}
check 'mqttkctl pub -m, -n, -l, -s and -f publish byte for byte' pub_kinds

mqttkctl pub -t r/1 -m kept -r -q 1
is "$(mosquitto_sub -t r/1 -C 1 -W 60 -F '%r %p')" '1 kept' 'pub -r retains'
mqttkctl pub -t r/1 -n -r
is "$(mosquitto_sub -t r/1 -C 1 -W 2 2>/dev/null)" '' 'pub -r -n forgets'

# says STATUS TEXT COMMAND...: it fails so and says so.
says()
{
	local status=$1 text=$2

	shift 2
	"$@" >"$tmp/out" 2>&1
	is "$? $(grep -oF "$text" "$tmp/out" | head -n 1)" "$status $text" \
		"mqttkctl ${*:2:3}... says: $text" || note "$(cat "$tmp/out")"
}
says 1 "\$SYS/ is the broker's own" mqttkctl pub -t '$SYS/x' -m 1
says 2 'not a topic to publish to' mqttkctl pub -t 'a/+' -m 1
says 2 'only one of' mqttkctl pub -t a -m 1 -n
mqttkctl limit set max_packet_size 1000
head -c 2000 /dev/zero >"$tmp/large"
says 1 'larger than max_packet_size' mqttkctl pub -t a -f "$tmp/large"
mqttkctl limit set max_packet_size 2000000

mqttkctl limit set max_packet_size 2000000
head -c 1500000 /dev/urandom >"$tmp/large"
mqttkctl pub -t large -f "$tmp/large" -r
is "$(mqttkctl sub -t large -C 1 -N | md5sum)" "$(md5sum <"$tmp/large")" \
	'sub and pub pass large payloads byte for byte'
mqttkctl pub -t large -n -r

# sub -i: what is missed is kept, and what was not acknowledged comes again.
kept()
{
	local n

	mqttkctl sub -i keeper -c -q 1 -t 'kept/#' -W 0.3
	mosquitto_pub -q 1 -t kept/1 -m one
	mqttkctl pub -q 2 -t kept/2 -m two
	mosquitto_sub -i keeper -c -q 2 -t kept/none -C 1 -W 60 | grep -qx one || return 1
	left keeper || return 1
	# It closed with something unread, so TCP may have thrown its PUBACK away.
	n=$(mqttkctl -j session show id keeper |
		jq '.[0] | .messages_queued + .messages_inflight')
	mqttkctl sub -i keeper -c -t 'kept/#' -q 1 -C "$n" -W 60 >"$tmp/out" || return 1
	printf 'one\ntwo\n' | tail -n "$n" | diff - "$tmp/out" || return 1
	mqttkctl -j session show id keeper | jq -e '.[0].connected == false' || return 1
	mqttkctl sub -i keeper -t kept/none -W 0.3
	[ "$(mqttkctl -j session show | jq length)" = 0 ]
}
check 'sub -i is a client that goes on, by TCP or the device' kept

example()
{
	local program out=$tmp/example

	program=$(dirname "$0")/../../dev/example
	[ "$(wc -l <"$program.c")" -lt 40 ] || return 1
	"$program" 'ex/#' >"$out" &
	wait_for 20 subscribed example
	mosquitto_pub -t ex/1 -m first -q 1
	mqttkctl pub -t ex/2 -m stop -q 2
	wait $! || return 1
	mqttkctl pub -t ex/3 -m stop -q 1
	"$program" 'ex/#' >>"$out" && "$program" 'ex/#' >>"$out" || return 1
	cat "$out"
	diff - "$out" <<-'END'
		ex/1 first
		ex/2 stop
		ex/2 stop (again?)
		ex/2 stop (again?)
	END
}
check 'the example of less than 40 lines keeps messages while it is away' example
mqttkctl session del example

exec 7<>/dev/mqtt
check_not 'an open file keeps the module' modprobe -r mqttk
# Its first read subscribes.
works_on()
{
	echo 'k still-there' >&7
	timeout 1 cat <&7 >"$tmp/out"
	grep -q ';k still-there$' "$tmp/out"
}
check 'and works on' wait_for 30 works_on
exec 7>&-
mqttkctl reset
check 'the module goes when the last file is closed' modprobe -r mqttk
check_not 'no module, no device' test -e /dev/mqtt
says 1 'modprobe mqttk' mqttkctl sub -t a
finish
