#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every command of mqttkctl prints what it always did, in text and in JSON: one
# scene with known clients, compared with the files in vm/golden. When something
# is meant to be printed differently, this writes them anew (then look at them):
#
#	selftests/vm/run -t 240 -d selftests/vm/golden \
#		'UPDATE=1 /selftests/vm/tests/golden.sh'
#
# time: 600
# kernels: 6.12
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

# A command that people may type must be here, and what is here must be run.
got=$tmp/golden
mkdir "$got"
cat >"$got/commands" <<'END'
listener add
listener show
listener del
client show
client disconnect
session show
session del
subscription show
retained show
retained get
retained set
retained del
limit show
limit set
stats
top client
top topic
monitor
acl show
acl load
acl del
apply
show
reset
sub
pub
END

# transcript NAME WORDS...: to NAME.txt: the command, what it prints, what it
# complains about, and its status.
transcript()
{
	local file=$got/$1.txt status words

	shift
	words=''
	[ $# = 0 ] || printf -v words ' %q' "$@"
	echo "\$ mqttkctl$words" >>"$file"
	mqttkctl "$@" >>"$file" 2>"$tmp/complaint" </dev/null
	status=$?
	# A payload may have no newline behind it.
	[ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
	cat "$tmp/complaint" >>"$file"
	[ $status = 0 ] || echo "[status $status]" >>"$file"
	echo "$*" | sed 's/^-s //' >>"$got/ran"
}

# json NAME WORDS...: to NAME.json.
json()
{
	local file=$got/$1.json

	shift
	mqttkctl -j "$@" >>"$file" 2>/dev/null </dev/null
}

# both NAME WORDS...: for what shows.
both()
{
	transcript "$@"
	json "$@"
}

# --- before there is a module ---
modprobe -r mqttk 2>/dev/null
transcript no-module stats
transcript no-module sub -t a
load

# --- listeners ---
both empty listener show
both empty client show
transcript listener-add listener add 127.0.0.1:1883 name lan anonymous on \
	max-connections 50
json listener-add listener add '[::1]:1884' anonymous on
transcript listener-add-closed listener add 127.0.0.1:1885 name closed
both listener-show listener show
both listener-show-one listener show lan
transcript listener-add-in-use listener add 127.0.0.1:1883
nc -l 127.0.0.1 1999 >/dev/null &
other=$!
wait_for 20 sh -c "grep -q ':07CF 00000000:0000 0A' /proc/net/tcp"
transcript listener-add-in-use listener add 127.0.0.1:1999
kill $other
wait $other 2>/dev/null
transcript listener-del listener del closed
json listener-del listener del '[::1]:1884'

# --- clients, one after the other: they are shown so ---
# came ID: it is there, and has subscribed.
came()
{
	wait_for 30 subscribed "$1"
}

subscribed()
{
	mqttkctl -j client show "$1" | jq -e '.[0].subscriptions > 0'
}

mosquitto_sub -i plain -k 6000 -q 1 -t 'room/+/temp' -t 'alarm/#' >"$tmp/plain" &
plain=$!
came plain
mosquitto_sub -i $'odd \\ "\xc3\xa9' -k 6000 -V 5 -x 3600 -q 2 --retain-as-published \
	-D subscribe subscription-identifier 7 -t 'room/#' >"$tmp/odd" &
odd=$!
came $'odd \\ "\xc3\xa9'
mosquitto_sub -i shared -u worker -k 6000 -q 1 -t '$share/group/jobs/#' -t 'a b' >/dev/null &
shared=$!
came shared
mqttkctl sub -t 'device/#' -q 1 >/dev/null &
reader=$!
wait_for 30 sh -c 'mqttkctl -j client show | jq -e "length == 4 and
	(.[] | select(.transport == \"device\")).subscriptions == 1"'
mosquitto_sub -c -i keeper -q 1 -t 's/#' -E
left keeper
pub -q 1 -t s/1 -m one
pub -q 1 -t s/2 -m two
pub -q 1 -t room/1/temp -m 21.5
pub -q 2 -t room/2/temp -m 19.0
wait_for 30 sh -c "[ \$(cat $tmp/plain $tmp/odd | wc -l) = 4 ]"
# The last acknowledgments are on their way.
wait_for 30 sh -c 'mqttkctl -j client show | jq -e "all(.[]; .messages_inflight == 0)"'

both client-show client show
both client-show-one -s client show plain
transcript client-show-nobody client show nobody
both session-show session show
both session-show-one session show keeper
both subscription-show subscription show
both subscription-show-client subscription show client plain
both subscription-show-filter subscription show filter 'room/#'
both subscription-show-both subscription show client plain filter 'alarm/#'
transcript subscription-show-errors subscription show client nobody
transcript subscription-show-errors subscription show filter 'a/#/b'
transcript subscription-show-errors subscription show nonsense

# --- retained messages ---
both empty retained show
transcript retained-set retained set room/mode away -q 1
json retained-set retained set room/mode home -q 1
printf 'a\0\377b' | mqttkctl retained set bin/ary -f -
transcript retained-set-errors retained set '$SYS/x' y
transcript retained-set-errors retained set 'a/+' y
transcript retained-set-errors retained set a
transcript retained-set-errors retained set a b c
both retained-show retained show 'room/#'
both retained-show-none retained show 'nothing/+'
transcript retained-show-errors retained show 'a/#/b'
both retained-get retained get room/mode
json retained-get-binary retained get bin/ary
transcript retained-get-nothing retained get nothing
transcript retained-del retained del bin/ary
json retained-del retained del 'room/#'
transcript retained-del-errors retained del bin/ary
transcript retained-del-errors retained del '$SYS/#'
both retained-del-nothing retained del '#'

# --- messages ---
mqttkctl retained set note/1 'text é' -q 1
both sub sub -t 'note/+' -C 1 -v
transcript pub pub -t device/x -m hello
json pub pub -t device/x -m hello -q 1 -r

# --- limits and figures ---
both limit-show limit show
transcript limit-set limit set max_packet_size 1M
json limit-set limit set queue_qos0_messages true
both limit-show-one limit show max_packet_size
transcript limit-set-errors limit set max_packet_size 1
transcript limit-set-errors limit set max_packet_size much
transcript limit-set-errors limit set nonsense 1
both stats stats
# One reader of /dev/mqtt less, so that the figures are the same again.
both top-client top client -b -n 1 -d 0.2 -o name
(sleep 1; mqttkctl pub -t device/y -m hello) &
transcript top-topic top topic 2 -b -n 1 -d 4
wait $!
(sleep 1; mqttkctl pub -t device/y -m hello) &
json top-topic top topic 2 -n 1 -d 4
wait $!

# --- what happens ---
# How many programs listen for events, by generic netlink.
listeners()
{
	awk '$2 == 16 && $4 != "00000000"' /proc/net/netlink | wc -l
}

listening()
{
	[ "$(listeners)" -ge "$1" ]
}

others=$(listeners)
mqttkctl monitor >"$tmp/events" &
monitor=$!
mqttkctl -j monitor >"$got/monitor.json" &
monitor_json=$!
wait_for 30 listening $((others + 2))
mqttkctl listener add 127.0.0.1:1886 name shed anonymous on
mosquitto_sub -p 1886 -i visitor -q 1 -t x/y -E
wait_for 30 sh -c '! mqttkctl client show visitor && ! mqttkctl session show visitor'
mqttkctl listener del shed
wait_for 30 sh -c "grep -q down $tmp/events && grep -q down $got/monitor.json"
kill -INT $monitor $monitor_json
wait $monitor $monitor_json
echo monitor >>"$got/ran"
{ echo "\$ mqttkctl monitor"; cat "$tmp/events"; } >"$got/monitor.txt"

# --- ends ---
transcript client-disconnect client disconnect shared
json client-disconnect client disconnect plain reason 0x98
transcript client-disconnect-errors client disconnect nobody
transcript client-disconnect-errors client disconnect plain reason 0x84
transcript session-del session del keeper
json session-del session del $'odd \\ "\xc3\xa9'
transcript session-del-errors session del nobody
kill $plain $odd $shared $reader
wait $plain $odd $shared $reader 2>/dev/null
transcript reset reset
json reset reset
both empty session show
both empty subscription show

# --- access control lists ---
cd "$tmp" || exit 1
cat >rules.acl <<'END'
# whoever it is
pattern write dev/%c/#
topic read news/#
user hub
topic readwrite #
topic deny private/+
user tap
topic subscribe dev/+/#
topic read dev/#
END
printf 'topic read\nuser\nnonsense\ntopic write a\n' >bad.acl
printf 'topic read a\n\ntopic read a/#/b\n' >worse.acl
both acl-show-none acl show
transcript acl-load acl load rules.acl
json acl-load acl load rules.acl
both acl-show acl show
transcript acl-load-errors acl load bad.acl
transcript acl-load-errors acl load worse.acl
transcript acl-load-errors acl load missing.acl
transcript acl-load-errors acl load
transcript acl-del acl del
json acl-del acl del

# --- configurations ---
both show-nothing show
cp rules.acl /run/rules.acl
cat >good.conf <<'END'
log_type all
max_queued_messages 500
max_queued_bytes 100
client_memory 16M
acl_file /run/rules.acl
listener 1883 127.0.0.1
listener_name lan
allow_anonymous true
max_connections 50
listener 1884
mount_point cellar/
max_qos 1
END
cat >bad.conf <<'END'
persistence true
nonsense 1
listener 1883 127.0.0.1
cafile /etc/ssl/ca.pem
allow_anonymous perhaps
END
transcript apply apply good.conf --check
transcript apply apply good.conf
json apply apply good.conf
transcript apply-errors apply bad.conf
json apply-errors apply bad.conf
transcript apply-errors apply missing.conf
printf 'socket_buffer 1\n' >low.conf
transcript apply-errors apply low.conf
transcript apply-ignore apply bad.conf --ignore-unsupported
both apply-keys apply --keys
both show show
transcript listener-terms listener show
json listener-terms listener show
mqttkctl reset

# --- words ---
for words in '' nonsense 'listener nonsense' 'reset now' 'res' '-n nowhere stats' \
	'client disconnect' 'session del' 'retained del' 'stats now' 'apply' 'show it' \
	'-x'; do
	# shellcheck disable=SC2086 # words
	transcript words $words
done
# The list of objects stands in the help, which completion is compared with.
sed -i '/^objects/,/^options/d; /^  /d; /^$/d' "$got/words.txt"

broker_stop
if [ -n "${UPDATE:-}" ]; then
	rm -f /share/*.txt /share/*.json
	results python3 /selftests/vm/golden.py "$got" /share /share
else
	results python3 /selftests/vm/golden.py "$got" /selftests/vm/golden
fi
finish
