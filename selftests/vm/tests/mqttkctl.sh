#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mqttkctl's objects but for sub and pub: what they do, what they print in text
# and JSON, how they refuse, and to whom.
# time: 900
# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "$0")/../../lib/ktap.sh"

out=$ktap_tmp/out err=$ktap_tmp/err

# ctl STATUS WORDS...: mqttkctl WORDS exits with STATUS; leaves $out and $err.
ctl()
{
	local want=$1 got

	shift
	mqttkctl "$@" >"$out" 2>"$err"
	got=$?
	[ "$got" = "$want" ] && return 0
	echo "mqttkctl $*: status $got, not $want"
	cat "$out" "$err"
	return 1
}

# says FILE TEXT: FILE holds the line TEXT.
says()
{
	grep -qxF -e "$2" "$1" && return 0
	echo "no line '$2' in:"
	cat "$1"
	return 1
}

# json EXPRESSION: a Python expression over d, the output, is true.
json()
{
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(0 if eval("(" + sys.argv[2] + ")") else "not " + sys.argv[2] + ": " + str(d))' \
		"$out" "$1"
}

# as_nobody COMMAND...: without any privilege.
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps=-all --bounding-set=-all "$@"
}

# --- without the module ---
modprobe -r mqttk 2>/dev/null
check 'without the module: status 1' ctl 1 stats
check 'without the module: says what to do' says "$err" 'hint: modprobe mqttk'
as_nobody mqttkctl stats 2>/dev/null
check_not 'asking for it does not load the module' test -d /sys/module/mqttk
load

# --- words ---
check 'no words: status 2' ctl 2
check 'no such object: status 2' ctl 2 nonsense
check 'no such verb: status 2' ctl 2 listener nonsense
check 'reset cannot be shortened' ctl 2 res
check 'reset takes no words' ctl 2 reset all
check 'a listener needs an address' ctl 2 listener add
for word in 1.2.3.4 1.2.3:1883 ::1:1883 '[::1]:' 127.0.0.1:65536 \
	'[fe80::1]:1883' '[::1%nodev]:1883' localhost:1883; do
	check "not an address: $word" ctl 2 listener add "$word"
done
check 'a listener cannot be half anonymous' \
	ctl 2 listener add 127.0.0.1:1883 anonymous maybe
for words in 'a reason' 'a reason 256' 'a reason 0x' 'a reason x' 'a reason 1 2' \
	'a b' 'index a' ''; do
	# shellcheck disable=SC2086 # words
	check "nobody is disconnected so: $words" ctl 2 client disconnect $words
done
check 'a session to end must be named' ctl 2 session del
check 'one session at a time' ctl 2 session del a b
check 'the version' ctl 0 -V
check 'every object says what it can do' \
	sh -c 'for o in listener client session subscription retained limit stats top sub pub reset
		do mqttkctl help $o | grep -qi "^usage: mqttkctl $o" || exit; done'

# --- listener ---
check 'an empty list is a list' ctl 0 -j listener show
check 'an empty list is a list: []' says "$out" '[]'
check 'add an anonymous listener' \
	ctl 0 listener add 127.0.0.1:1883 name lan anonymous on max-connections 50
is "$(cat "$err")" '' 'no warning then'
check 'show it' ctl 0 listener show lan
check 'show it: text' says "$out" \
	'127.0.0.1:1883 name lan anonymous on max-connections 50 connections 0 accepted 0 refused 0'
check 'show it as JSON' ctl 0 -j listener show
check 'show it as JSON: the same' json 'len(d) == 1 and d[0]["address"] == "127.0.0.1" and
	d[0]["port"] == 1883 and d[0]["name"] == "lan" and d[0]["anonymous"] is True and
	d[0]["max_connections"] == 50 and d[0]["connections"] == 0'
check 'words may be shortened' ctl 0 l s lan
check_not 'but not names' ctl 0 listener show la
check 'somebody connects' mosquitto_pub -t a -m b
check 'and is counted' ctl 0 -j listener show lan
check 'and is counted: once' json 'd[0]["accepted"] == 1'
check 'the same address again: status 1' ctl 1 listener add 127.0.0.1:1883
check 'the same address again: says so' \
	says "$err" 'listener add: 127.0.0.1:1883: address in use'
check 'the same name again' ctl 1 listener add 127.0.0.1:1884 name lan
check 'the same name again: says so' \
	says "$err" 'listener add: 127.0.0.1:1884: a listener of this name exists'
check 'a listener nobody can use' ctl 0 listener add 127.0.0.1:1884 name none
check 'a listener nobody can use: warns' says "$err" \
	'warning: nobody can connect to 127.0.0.1:1884: anonymous is off, and there are no users'
check 'an address that is not up yet' \
	ctl 0 listener add 192.0.2.1:1883 anonymous on
check 'a port of the kernel'\''s choice' \
	ctl 0 listener add 127.0.0.1:0 name any anonymous on
check 'a port of the kernel'\''s choice: shown' ctl 0 -j listener show any
check 'a port of the kernel'\''s choice: above 0' json 'd[0]["port"] > 0'
check 'IPv6' ctl 0 listener add '[::1]:1883' anonymous on
check 'IPv6: named by its address' ctl 0 listener show '[::1]:1883'
check 'IPv6: works' mosquitto_pub -h ::1 -t a -m b
check 'link-local' \
	ctl 0 listener add '[fe80::1%lo]:1883' name ll bind-device lo
check 'link-local: shown as it was typed' ctl 0 listener show ll
check 'link-local: text' says "$out" \
	'[fe80::1%lo]:1883 name ll anonymous off max-connections 0 bind-device lo connections 0 accepted 0 refused 0'
check 'link-local: JSON' ctl 0 -j listener show ll
check 'link-local: JSON keys' \
	json 'd[0]["interface"] == "lo" and d[0]["bind_device"] == "lo"'
check 'the same link-local address on two interfaces: two names' sh -ec '
	ip link add ll0 type dummy
	ip link add ll1 type dummy
	mqttkctl listener add "[fe80::1%ll0]:1888" anonymous on
	mqttkctl listener add "[fe80::1%ll1]:1888" anonymous on
	mqttkctl listener del "[fe80::1%ll0]:1888"
	mqttkctl listener del "[fe80::1%ll1]:1888"
	ip link del ll0
	ip link del ll1'
check 'every address: two listeners' ctl 0 listener add :1885 anonymous on
check 'every address: IPv4' mosquitto_pub -h 127.0.0.1 -p 1885 -t a -m b
check 'every address: IPv6' mosquitto_pub -h ::1 -p 1885 -t a -m b
check 'every address: the name would be twice' \
	ctl 2 listener add :1886 name both
check 'every address or none' sh -c 'mqttkctl listener add "[::]:1887" anonymous on
	! mqttkctl listener add :1887 anonymous on && ! nc -z 127.0.0.1 1887'
check 'no such device' ctl 1 listener add 127.0.0.1:1889 bind-device nodev
check 'delete one' ctl 0 listener del none
check 'delete one: it is gone' ctl 1 listener show none
check 'delete one: its port is free' ctl 0 listener add 127.0.0.1:1884 anonymous on
check 'delete nobody' ctl 1 listener del nobody
check 'delete nobody: says so' \
	says "$err" 'listener del: nobody: no listener of this name'
check 'pretty JSON is JSON' ctl 0 -p listener show
check 'pretty JSON is JSON: as many' json "len(d) == $(mqttkctl listener show | wc -l)"

# --- client ---
mosquitto_sub -h 127.0.0.1 -i plain -k 30 -t 'a/#' -t b >/dev/null &
sub=$!
mosquitto_sub -h 127.0.0.1 -i $'w \\ "\xc3\xa9' -V 31 -t c &
sub2=$!
# shellcheck disable=SC2016 # jq's
both='[.[] | select(.subscriptions > 0)] | length == 2'
check 'two clients' wait_for 30 sh -c "mqttkctl -j client show | jq -e '$both'"
mosquitto_pub -t a/b -m 12345
check 'one gets a message' wait_for 30 sh -c \
	'mqttkctl -j client show plain | jq -e ".[0].messages_sent > 0"'
check 'one of them' ctl 0 -j client show plain
check 'one of them: JSON' json 'len(d) == 1 and d[0]["id"] == "plain" and
	d[0]["transport"] == "tcp" and d[0]["address"] == "127.0.0.1" and
	d[0]["port"] > 0 and d[0]["listener"] == "lan" and
	d[0]["version"] == "3.1.1" and d[0]["keepalive"] == 30 and
	d[0]["subscriptions"] == 2 and d[0]["messages_sent"] == 1 and
	d[0]["messages_received"] == 0 and d[0]["messages_dropped"] == 0 and
	d[0]["messages_queued"] == 0 and d[0]["bytes_queued"] == 0 and
	0 < d[0]["connected_ms"] <= '"$((SECONDS + 1))"'000 and d[0]["bytes_sent"] >= 12 and
	d[0]["bytes_received"] > 20 and d[0]["index"] > 0'
check 'both, as text' ctl 0 client show
check 'both, as text: one word an identifier' \
	grep -qE '^w\\x20\\x5c\\x20"é 127\.0\.0\.1:[0-9]+ listener lan version 3\.1 ' "$out"
check 'both, as JSON' ctl 0 -j client show
check 'both, as JSON: exactly' json '[c for c in d if c["id"] == "w \\ \"é"]'
check 'disconnect one' ctl 0 client disconnect $'w \\ "\xc3\xa9'
kill $sub2
wait $sub2 2>/dev/null
check 'nobody to disconnect' ctl 1 client disconnect nobody
check 'nobody to disconnect: says so' \
	says "$err" 'client disconnect: nobody: no such client is connected'
mqttkctl -j client show plain >"$out"
index=$(jq '.[0].index' "$out")
port=$(jq '.[0].port' "$out")
check 'by index' ctl 0 client show index "$index"
check 'by identifier, said so' ctl 0 client show id plain
# mosquitto_sub connects again at once, with the same identifier.
check 'disconnect by index' ctl 0 client disconnect index "$index"
check 'disconnect by index: gone, or back by another connection' wait_for 30 sh -c \
	"! mqttkctl client show index $index ||
		mqttkctl -j client show plain | jq -e '.[0].port != $port'"
kill $sub
wait $sub 2>/dev/null

# --- reasons, and what a session goes through ---
# hold.py ID LEVEL EXPIRY [busy|long]: a client that stays until it is cut off,
# then prints type and reason code of the last packet it got. busy: it owes an
# acknowledgment, and the release of a message of QoS 2.
cat >"$ktap_tmp/hold.py" <<'PY'
import socket, struct, sys
name, level, expiry = sys.argv[1].encode(), int(sys.argv[2]), int(sys.argv[3])
mode = (sys.argv[4:] or [''])[0]
def string(s):
    return struct.pack('>H', len(s)) + s
def packet(kind, body):
    n, length = len(body), b''
    while n > 127:
        length += bytes([n & 127 | 128])
        n >>= 7
    return bytes([kind]) + length + bytes([n]) + body
props = struct.pack('>BBI', 5, 0x11, expiry) if level == 5 else b''
none = b'\0' if level == 5 else b''
if mode == 'long':
    name *= 2000
s = socket.create_connection(('127.0.0.1', 1883))
s.settimeout(60)
s.sendall(packet(0x10, string(b'MQTT') + bytes([level, 2 if level == 5 else 0, 0, 0]) +
                 props + string(name)))
if mode == 'busy':
    s.sendall(packet(0x82, b'\0\1' + none + string(b'busy') + b'\1') +
              packet(0x32, string(b'busy') + b'\0\2' + none + b'x') +
              packet(0x34, string(b'nobody') + b'\0\3' + none + b'x'))
data = b''
while True:
    try:
        more = s.recv(4096)
    except ConnectionResetError:
        more = b''
    if not more:
        break
    data += more
while data:
    length, at = 0, 0
    while True:
        at += 1
        length |= (data[at] & 127) << 7 * (at - 1)
        if not data[at] & 128:
            break
    last, data = data[:at + 1 + length], data[at + 1 + length:]
print('%02x %02x' % (last[0], last[at + 1]))
PY

# hold ID LEVEL EXPIRY [MODE]: hold.py in the background, $told its output.
hold()
{
	python3 "$ktap_tmp/hold.py" "$@" >"$ktap_tmp/told-$1" &
	held=$! told=$ktap_tmp/told-$1
	wait_for 20 mqttkctl client show "$1"
}

hold kicked 5 0
check 'disconnect with a reason' ctl 0 client disconnect kicked reason 0x97
wait $held
is "$(cat "$told")" 'e0 97' 'disconnect with a reason: the client is told'
hold kicked 5 0
check 'disconnect without a reason' ctl 0 client disconnect kicked
wait $held
is "$(cat "$told")" 'e0 98' 'disconnect without a reason: administrative action'
hold kicked 4 0
check 'disconnect one of 3.1.1 with a reason' \
	ctl 0 client disconnect id kicked reason 151
wait $held
is "$(cat "$told")" '20 00' 'disconnect one of 3.1.1 with a reason: that cannot be told'
check 'its session stays' ctl 0 session show kicked
check 'which can be ended' ctl 0 session del kicked
for code in 0 4 127 0x84 0x91 0x92 0xa3 255; do
	check "no server disconnects with $code" \
		ctl 1 client disconnect nobody reason "$code"
	check "no server disconnects with $code: says so" says "$err" \
		'client disconnect: nobody: not a reason a server may disconnect for'
done

hold busy 5 36000 busy
for object in client session; do
	check "a busy $object" wait_for 30 sh -c "mqttkctl -j $object show busy | jq -e '
		.[0] | .messages_inflight == 1 and .messages_unreleased == 1 and
		.messages_queued == 0 and .messages_received == 2 and
		.messages_sent == 1 and .messages_expired == 0 and
		.messages_dropped == 0 and .subscriptions == 1 and
		.expiry_interval == 36000'"
done
check 'a busy session: connected' ctl 0 -j session show busy
check 'a busy session: connected, no end in sight' json 'd[0]["connected"] and
	d[0]["connected_ms"] > 0 and not {"away_ms", "ends_ms"} & set(d[0])'
index=$(jq '.[0].index' "$out")
check 'its client leaves' ctl 0 client disconnect busy
wait $held
check 'and it goes on' wait_for 30 sh -c "mqttkctl session show busy | grep -qE '^busy \
away [0-9.ms]+ ends-in 9h[0-9]{2}m expiry 10h00m subscriptions 1 queued 0 bytes 0 \
inflight 1 unreleased 1 received 2 sent 1 dropped 0 expired 0\$'"
check 'without its client' ctl 1 client show busy
check 'disconnect who is away' ctl 1 client disconnect busy
check 'disconnect who is away: says so' \
	says "$err" 'client disconnect: busy: no such client is connected'
check 'a session has its client'\''s index' ctl 0 -j session show index "$index"
check 'a session has its client'\''s index: the same' json 'd[0]["id"] == "busy" and
	not d[0]["connected"] and 0 < d[0]["ends_ms"] <= 36000000'
hold busy 5 0
check 'end it, by index' ctl 0 session del index "$(mqttkctl -j session show busy |
	jq '.[0].index')"
wait $held
is "$(cat "$told")" 'e0 98' 'end it: its client is told'
check 'end it: it is gone' ctl 1 session show busy
check 'end it: says so' says "$err" 'session show: busy: no such session'
check 'nothing to end' ctl 1 session del busy
check 'nothing to end: says so' says "$err" 'session del: busy: no such session'
check 'no such index' ctl 1 session del index 4000000000

mosquitto_sub -c -i keeper -q 1 -t 's/#' -E
left keeper
mosquitto_sub -V 5 -x 3600 -i five -q 2 -t 's/#' -E
left five
mqttkctl limit set max_queued_messages 4
for n in 1 2 3 4 5; do
	mosquitto_pub -q 1 -t s/t -m "$n"
done
mosquitto_pub -t s/t -m 'QoS 0 is not kept'
check 'two are away' ctl 0 session show
check 'two are away: one for ever' grep -qE "^keeper away [0-9.ms]+ expiry never \
subscriptions 1 queued 4 bytes 16 inflight 0 unreleased 0 received 0 sent 0 dropped 1 expired 0\$" \
	"$out"
check 'two are away: JSON' ctl 0 -p session show
check 'two are away: the other for an hour' json 'len(d) == 2 and [s for s in d if
	s["id"] == "five" and s["messages_queued"] == 4 and s["bytes_queued"] == 16 and
	s["messages_dropped"] == 1 and 0 < s["ends_ms"] <= 3600000 and
	s["expiry_interval"] == 3600 and s["connected"] is False]'
check 'two are away: the other ends some day' \
	json '[s for s in d if s["id"] == "keeper" and "ends_ms" not in s and
	s["expiry_interval"] == 4294967295]'
mqttkctl limit set max_queued_messages 10
mqttkctl limit set queue_qos0_messages true
mosquitto_pub -t s/t -m 0
mosquitto_pub -V 5 -D publish message-expiry-interval 1 -q 1 -t s/t -m x
check 'queue_qos0_messages keeps it; what expires goes by itself' wait_for 20 sh -c \
	"mqttkctl -j session show keeper |
		jq -e '.[0] | .messages_queued == 5 and .messages_expired == 1'"
mqttkctl limit set max_queued_messages 5
mqttkctl limit set queue_drop_qos0 true
mosquitto_pub -q 1 -t s/t -m 6
mosquitto_pub -q 1 -t s/t -m 7
check 'queue_drop_qos0 makes room, once' ctl 0 session show keeper
check 'queue_drop_qos0 makes room, once: counted' \
	grep -q ' queued 5 .* dropped 3 expired 1$' "$out"
is "$(mosquitto_sub -c -i keeper -q 1 -t 's/#' -C 5 -W 30 | tr '\n' ' ')" '1 2 3 4 6 ' \
	'queue_drop_qos0 makes room, once: by what was of QoS 0'
mqttkctl limit set queue_drop_qos0 false
mqttkctl limit set queue_qos0_messages off
mqttkctl limit set max_queued_messages 1000

mosquitto_sub -V 5 -x 1 -i brief -t x -E
check 'a session ends by itself' wait_for 20 sh -c \
	"mqttkctl -j stats | jq -e '.counters.sessions_expired == 1'"
check 'a session ends by itself: it is gone' ctl 1 session show brief
mqttkctl limit set persistent_client_expiration 2h
mosquitto_sub -c -i limited -t x -E
check 'persistent_client_expiration' wait_for 30 sh -c "mqttkctl -j session show limited |
	jq -e '.[0] | .ends_ms > 3600000 and .ends_ms <= 7200000'"
mqttkctl limit set persistent_client_expiration 0
python3 "$ktap_tmp/hold.py" x 4 0 long >/dev/null &
held=$!
check 'a long identifier' wait_for 30 sh -c 'mqttkctl session show | grep -qE \
	"^x{1024} \.\.\. id-length 2000 index [0-9]+ connected "'
check 'a long identifier: JSON' ctl 0 -j session show
index=$(jq '.[] | select(.id_length == 2000).index' "$out")
check 'a long identifier: ended by index' ctl 0 session del index "$index"
wait $held
exec 9</dev/mqtt
index=$(mqttkctl -j client show | jq '.[] | select(.transport == "device").index')
check 'a reader of /dev/mqtt is no session' ctl 1 session show index "$index"
check 'a reader of /dev/mqtt is no session: to end' ctl 1 session del index "$index"
check 'a reader of /dev/mqtt is no session: to be listed' ctl 0 -j session show
check 'a reader of /dev/mqtt is no session: listed are' \
	json '{s["id"] for s in d} == {"keeper", "five", "limited"}'
exec 9<&-

# --- subscriptions; more in tests/golden.sh ---
for words in 'nonsense' 'client' 'filter' 'filter a filter b' 'client a client b' \
	'client index x'; do
	# shellcheck disable=SC2086 # words
	check "no subscription is shown so: $words" ctl 2 subscription show $words
done
check 'no empty filter' ctl 2 subscription show filter ''
check 'subscriptions of who is away' ctl 0 -j subscription show client keeper
check 'subscriptions of who is away: s/#' json '[s["filter"] for s in d] == ["s/#"]'
check 'by index' ctl 0 -j subscription show client index "$(jq '.[0].index' "$out")" filter 's/#'
check 'by index: the same' json '[s["client"] for s in d] == ["keeper"]'
check 'of a filter' ctl 0 -j subscription show filter 's/#'
check 'of a filter: two' json '{s["client"] for s in d} == {"keeper", "five"}'
check 'of another' ctl 0 -j subscription show client keeper filter 's/'
check 'of another: none' says "$out" '[]'

# --- retained messages; more in tests/golden.sh ---
for words in 'get' 'get a b' 'show a b' 'set' 'set a' 'set a b c' 'set a b -f c' 'set a b -q 3' \
	'set a b -q' 'set a -f' 'del' 'del a b'; do
	# shellcheck disable=SC2086 # words
	check "nothing is done with retained messages so: $words" ctl 2 retained $words
done
check 'no file to keep' ctl 1 retained set a -f /nonexistent
check 'a payload like an option' ctl 0 retained set minus -- -q
check 'a payload like an option: kept' ctl 0 retained get minus
is "$(cat "$out")" '-q' 'a payload like an option: as it is'
check 'a number below 0' ctl 0 retained set minus -5
check 'a number below 0: kept' ctl 0 -j retained get minus
check 'a number below 0: once' json 'd["payload"] == "-5" and d["payload_length"] == 2'
check 'nothing to keep removes' ctl 0 retained set minus ''
check_not 'nothing to keep removes: it is gone' mqttkctl retained get minus
# All bytes there are; two that differ everywhere, to be told apart.
python3 -c 'import sys
for name, first in ("one", 0), ("two", 1):
    with open(sys.argv[1] + name, "wb") as f:
        f.write(bytes((first + 2 * i + i // 256) % 256 for i in range(200000)))' "$ktap_tmp/"
head -c 65531 "$ktap_tmp/one" >"$ktap_tmp/fits"
check 'as much as a netlink attribute holds' \
	ctl 0 retained set fits -f - <"$ktap_tmp/fits"
check 'as much as a netlink attribute holds: exactly' \
	sh -c "mqttkctl retained get fits | cmp - $ktap_tmp/fits"
check 'more than that, by the device' \
	ctl 0 retained set large -f "$ktap_tmp/one" -q 1
check 'more than one answer holds' sh -c "mqttkctl retained get large | cmp - $ktap_tmp/one"
(while mosquitto_pub -r -t large -f "$ktap_tmp/two" &&
	mosquitto_pub -r -t large -f "$ktap_tmp/one"; do :; done) 2>/dev/null &
changing=$!
check 'one that changes meanwhile is got whole' sh -ec "for n in 1 2 3 4 5 6 7 8; do
	mqttkctl retained get large >$ktap_tmp/got
	cmp $ktap_tmp/got $ktap_tmp/one || cmp $ktap_tmp/got $ktap_tmp/two
done"
kill $changing
wait $changing 2>/dev/null
check 'as JSON, what is no text is base64' sh -c "mqttkctl -j retained get fits |
	jq -r .payload_base64 | base64 -d | cmp - $ktap_tmp/fits"
check 'many at a time' sh -c 'seq 300 | sed "s|.*|retain;many/& x|" |
	dd bs=64k iflag=fullblock of=/dev/mqtt'
check 'many at a time: shown' ctl 0 -j retained show 'many/+'
check 'many at a time: each once' json 'len(d) == len({m["topic"] for m in d}) == 300'
check 'remove them' ctl 0 retained del 'many/#'
is "$(cat "$out")" 'removed 300' 'remove them: all'
check 'remove the others' ctl 0 -j retained del '#'
check 'remove the others: how many' json 'd == {"removed": 2}'
# shellcheck disable=SC2016 # a topic
check '$SYS stays' test "$(mqttkctl retained show '$SYS/#' | wc -l)" -gt 20

# --- many sessions ---
cat >"$ktap_tmp/sessions.py" <<'PY'
import json, socket, subprocess
def come_and_go(name):
    s = socket.create_connection(('127.0.0.1', 1883))
    s.sendall(b'\x10' + bytes([12 + len(name)]) + b'\0\4MQTT\4\0\0\0\0' +
              bytes([len(name)]) + name + b'\xe0\0')
    while s.recv(100):
        pass
def ids(shown):
    return [s['id'] for s in json.loads(shown)]
for i in range(400):
    come_and_go(b'many-%03d' % i)
command = ['mqttkctl', '-j', 'session', 'show']
seen = ids(subprocess.check_output(command))
want = {'many-%03d' % i for i in range(400)}
assert len(seen) == len(set(seen)) and want <= set(seen), len(seen)
# A dump that others come and go around shows those who stay, once.
dump = subprocess.Popen(command, stdout=subprocess.PIPE)
for i in range(1, 40, 2):
    subprocess.check_call(['mqttkctl', 'session', 'del', 'many-%03d' % i])
    come_and_go(b'more-%03d' % i)
seen = ids(dump.communicate()[0])
assert dump.returncode == 0 and len(seen) == len(set(seen))
gone = {'many-%03d' % i for i in range(1, 40, 2)}
assert want - gone <= set(seen), len(want - gone - set(seen))
PY
check 'four hundred sessions, shown whole while some come and go' \
	python3 "$ktap_tmp/sessions.py"

# --- many clients: each open /dev/mqtt is one ---
cat >"$ktap_tmp/many.py" <<'PY'
import os, resource, subprocess, json
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
def show():
    return json.loads(subprocess.check_output(['mqttkctl', '-j', 'client', 'show']))
fds = [os.open('/dev/mqtt', os.O_RDONLY) for _ in range(2000)]
seen = show()
assert len(seen) == 2000, len(seen)
assert len({c['index'] for c in seen}) == 2000
assert all(c['transport'] == 'device' and 'id' not in c for c in seen)
# A dump that others come and go around shows those who stay, once.
stay = {c['index'] for c in seen[::2]}
for fd in fds[1::2]:
    os.close(fd)
dump = subprocess.Popen(['mqttkctl', '-j', 'client', 'show'], stdout=subprocess.PIPE)
extra = [os.open('/dev/mqtt', os.O_RDONLY) for _ in range(500)]
seen = [c['index'] for c in json.loads(dump.communicate()[0])]
assert dump.returncode == 0 and len(seen) == len(set(seen))
assert stay <= set(seen), len(stay - set(seen))
PY
check 'two thousand clients, shown whole while some come and go' \
	python3 "$ktap_tmp/many.py"

# --- limit ---
check 'limits' ctl 0 -j limit show
check 'limits: with units and bounds' json 'len(d) > 10 and
	all(l["minimum"] <= l["value"] <= l["maximum"] and l["unit"] for l in d)'
check 'limits: the memory budgets say what is used' \
	json 'sum("used" in l and "overflows" in l for l in d) == 4'
check 'one limit' ctl 0 limit show max_packet_size
check 'one limit: as text' says "$out" \
	'max_packet_size 2000000 bytes default 2000000 minimum 20 maximum 268435460'
check 'set it' ctl 0 limit set max_packet_size 16M
check 'set it: shown' ctl 0 -j limit show max_packet_size
check 'set it: 16 MiB' json 'd[0]["value"] == 16777216 and d[0]["default"] == 2000000'
check 'too much' ctl 1 limit set max_packet_size 1G
check 'too much: says how much may be' says "$err" \
	'limit set: max_packet_size: 1G: the value must be 20 to 268435460'
check 'no number' ctl 2 limit set max_packet_size 1T
check 'a limit of yes or no' ctl 0 limit set queue_qos0_messages true
check 'a limit of yes or no: shown' ctl 0 limit show queue_qos0_messages
check 'a limit of yes or no: text' \
	says "$out" 'queue_qos0_messages true boolean default false'
check 'a limit of yes or no: JSON' ctl 0 -j limit show queue_qos0_messages
check 'a limit of yes or no: number and text' \
	json 'd[0]["value"] == 1 and d[0]["text"] == "true" and d[0]["maximum"] == 1'
check 'a limit of yes or no: a number' ctl 0 limit set queue_qos0_messages 0
check 'a limit of yes or no: neither' ctl 2 limit set queue_qos0_messages maybe
check 'a limit of yes or no: too high' ctl 1 limit set queue_qos0_messages 2
check 'a strategy' ctl 0 limit set shared_strategy least-inflight
check 'a strategy: shown' ctl 0 limit show shared_strategy
check 'a strategy: text' says "$out" "shared_strategy least-inflight strategy \
default round-robin choices round-robin or least-inflight or same-topic"
check 'a strategy: JSON' ctl 0 -j limit show shared_strategy
check 'a strategy: number and text' \
	json 'd[0]["value"] == 1 and d[0]["text"] == "least-inflight"'
check 'a strategy: none of those' ctl 2 limit set shared_strategy most
check 'a strategy: none of those: says which there are' says "$err" \
	'mqttkctl: limit set: shared_strategy: most: must be round-robin, least-inflight or same-topic'
while read -r typed seconds shown; do
	mqttkctl limit set persistent_client_expiration "$typed"
	mqttkctl -j limit show persistent_client_expiration >"$out"
	is "$(jq -r '.[0] | [.value, .text, .unit] | join(" ")' "$out")" \
		"$seconds $shown duration" "a duration: $typed"
done <<'END'
0 0 0
59 59 59s
60s 60 60s
7200 7200 2h
36h 129600 36h
14d 1209600 2w
2m 5184000 2m
1y 31536000 1y
END
for word in 2M 1x h 1hh -1 1.5h 600000000000y; do
	check "no duration: $word" ctl 2 limit set persistent_client_expiration "$word"
done
check 'a duration over the maximum' ctl 1 limit set persistent_client_expiration 200y
check 'no boolean for a number' ctl 2 limit set max_inflight_messages true
check 'no duration for a number' ctl 2 limit set max_queued_messages 2h
for key in max_inflight_messages=20 max_topic_alias=10 queue_qos0_messages=0 \
	queue_drop_qos0=0 persistent_client_expiration=0 shared_strategy=0 \
	check_payload_format=0 sys_interval=10; do
	is "$(mqttkctl -j limit show "${key%=*}" | jq '.[0].default')" "${key#*=}" \
		"mosquitto's default: $key"
done
check 'no such limit' ctl 1 limit set nonsense 1
check 'no such limit: says so' says "$err" 'limit set: nonsense: 1: no such limit'

# --- completion ---
# complete LINE: what bash offers at the end of LINE, which readline breaks into
# words at colons, too.
complete_line()
{
	bash -c '. /usr/share/bash-completion/completions/mqttkctl
		COMP_LINE=$1 COMP_POINT=${#1}
		read -r -a COMP_WORDS <<<"${1//:/ : }"
		case $1 in *" "|*:) COMP_WORDS+=("") ;; esac
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_mqttkctl && echo "${COMPREPLY[*]}"' bash "$1"
}

test_completion()
{
	local sub sub2

	[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
	mosquitto_sub -h 127.0.0.1 -i a/b:c -t x &
	sub=$!
	wait_for 30 mqttkctl client show a/b:c
	mosquitto_sub -h 127.0.0.1 -i 'not easy' -t x &
	sub2=$!
	wait_for 30 mqttkctl client show 'not easy'
	is "$(complete_line 'mqttkctl l')" 'listener limit' 'completion: objects'
	is "$(complete_line 'mqttkctl -j listener ')" 'show add del help' 'completion: verbs'
	is "$(complete_line 'mqttkctl listener del l')" 'lan ll' \
		'completion: names of listeners'
	is "$(complete_line 'mqttkctl client disconnect ')" 'a/b:c not\ easy id index' \
		'completion: clients'
	is "$(complete_line 'mqttkctl client disconnect a/b:')" 'c' \
		'completion: clients, where readline breaks them'
	is "$(complete_line 'mqttkctl limit set max_p')" 'max_packet_size' \
		'completion: limits'
	is "$(complete_line 'mqttkctl limit set shared_strategy ')" \
		'round-robin least-inflight same-topic' 'completion: strategies'
	is "$(complete_line 'mqttkctl limit set queue_drop_qos0 ')" 'true false' \
		'completion: booleans'
	is "$(complete_line 'mqttkctl limit set max_packet_size ')" '' \
		'completion: no numbers'
	is "$(complete_line 'mqttkctl se')" 'session' 'completion: session'
	is "$(complete_line 'mqttkctl session del lim')" 'limited' 'completion: sessions'
	is "$(complete_line 'mqttkctl session show id kee')" 'keeper' \
		'completion: sessions, by id'
	is "$(complete_line 'mqttkctl client disconnect id a')" 'a/b:c' \
		'completion: clients, by id'
	is "$(complete_line 'mqttkctl client disconnect a/b:c ')" 'reason' \
		'completion: a reason'
	is "$(complete_line 'mqttkctl client disconnect id x r')" 'reason' \
		'completion: a reason, after id'
	is "$(complete_line 'mqttkctl client disconnect x reason 0x97')" '0x97' \
		'completion: reasons'
	kill $sub $sub2
	wait $sub $sub2 2>/dev/null
}

if [ -e /usr/share/bash-completion/completions/mqttkctl ]; then
	test_completion
else
	skip 'completion is not installed here'
fi

# --- stats, privileges ---
# Who has just gone may not have been missed yet.
check 'nobody is connected' wait_for 30 sh -c \
	'mqttkctl -j stats | jq -e ".connections == 0"'
check 'totals' ctl 0 -j stats
check 'totals: counted' json 'd["connections"] == 0 and
	d["counters"]["messages_received"] >= 5 and
	d["counters"]["clients_connected"] >= 7 and len(d["counters"]) == 24'
check 'totals: sessions without connections' json 'd["sessions"] >= 300'
check 'totals: packets and payloads' json 'd["counters"]["packets_received"] >
	d["counters"]["messages_received"] and
	d["counters"]["packets_sent"] >= d["counters"]["messages_sent"] and
	0 < d["counters"]["publish_bytes_received"] < d["counters"]["bytes_received"] and
	0 < d["counters"]["publish_bytes_sent"] < d["counters"]["bytes_sent"] and
	d["counters"]["messages_expired"] == 2 and d["counters"]["sessions_expired"] == 1'
check 'totals: who came is here or has left' wait_for 20 sh -c "mqttkctl -j stats | jq -e '
	.counters.clients_connected == .counters.clients_disconnected'"
check 'totals are for everybody' as_nobody mqttkctl -j stats
for words in 'listener show' 'listener show lan' 'listener add 127.0.0.1:1900' \
	'listener del lan' 'client show' 'client show x' 'client disconnect x' \
	'session show' 'session show x' 'session del x' \
	'subscription show' 'subscription show client x' 'subscription show filter x' \
	'retained show' 'retained show x' 'retained get x' 'retained set x y' \
	'retained del x' 'top -n 1' \
	'limit show' 'limit show max_packet_size' 'limit set max_packet_size 20' \
	'reset'; do
	# shellcheck disable=SC2086 # words
	as_nobody mqttkctl $words >"$out" 2>"$err"
	is "$? $(wc -c <"$out") $(sed 's/.*: //' "$err" | head -n 1)" \
		'1 0 Operation not permitted' "not for everybody: $words"
done
check 'what to do about it' says "$err" \
	'hint: this needs CAP_NET_ADMIN in the network namespace: try as root'
check_not 'not for root of a user namespace of its own' \
	as_nobody unshare -Urn mqttkctl stats
as_nobody unshare -Urn mqttkctl listener add 127.0.0.1:1883 2>"$err"
check 'and why' grep -q 'listener add: .*: module parameter userns=1 ' "$err"

# --- network namespaces ---
ip netns add side
ip -n side link set lo up
check 'another network namespace' \
	ctl 0 -n side listener add 127.0.0.1:1883 name side anonymous on
check 'another network namespace: it is there' ctl 0 -n side listener show side
check 'another network namespace: not here' ctl 1 listener show side
check 'another network namespace: has limits of its own' ctl 0 -n side limit show max_packet_size
check 'another network namespace: the default' grep -q '^max_packet_size 2000000 ' "$out"
check 'no such network namespace' ctl 1 -n nowhere stats
ip netns del side

# --- reset ---
mosquitto_pub -t kept -m x -r
check 'reset' ctl 0 reset
is "$(mqttkctl listener show)" '' 'reset: no listener'
check 'reset: nothing retained, no session' ctl 0 -j stats
check 'reset: nothing retained, no session: 0' json 'not (d["retained_messages"] or
	d["sessions"] or d["connections"] or d["subscriptions"])'
check 'reset: limits, too' ctl 0 limit show max_packet_size
check 'reset: limits, too: the default' grep -q '^max_packet_size 2000000 ' "$out"

# --- user namespaces, allowed ---
load userns=1
check 'allowed, root of a user namespace has a broker' as_nobody unshare -Urn sh -ec '
	ip link set lo up
	mqttkctl listener add 127.0.0.1:1883 anonymous on
	mosquitto_pub -t a -m b
	mqttkctl -j limit show max_packet_size'
as_nobody unshare -Urn mqttkctl -j limit show max_packet_size >"$out"
max=$(jq '.[0].maximum' "$out")
as_nobody unshare -Urn mqttkctl -j limit show >"$out"
check 'its defaults are within them' json 'all(l["minimum"] <= l["value"] <=
	l["maximum"] and l["default"] == l["value"] for l in d)'
check 'its ceilings are lower' test "$max" -lt 268435460
check_not 'and not for it to pass' \
	as_nobody unshare -Urn mqttkctl limit set max_packet_size $((max + 1))

# --- man pages ---
objects=$(mqttkctl help | sed -n '/^objects/,/^options/s/^  \([a-z]*\) .*/\1/p')
check 'there are objects' test "$(echo "$objects" | wc -l)" -gt 12
for object in $objects; do
	[ -e /usr/share/man/man8/mqttkctl.8 ] || break
	check "$object has a man page, is in mqttkctl(8), and is completed" sh -ec "
		[ -e /usr/share/man/man8/mqttkctl-$object.8 ]
		grep -qx '.B $object' /usr/share/man/man8/mqttkctl.8
		grep -qF 'mqttkctl-$object (8)' /usr/share/man/man8/mqttkctl.8
		for file in bash-completion/completions/mqttkctl \
			zsh/vendor-completions/_mqttkctl
		do
			tr -s '\n\t' '  ' </usr/share/\$file |
				grep -q \"objects=[('][^)']*\\b$object\\b\"
		done"
done
for page in /usr/share/man/man8/mqttkctl*.8; do
	[ -e "$page" ] || { skip 'man pages are not installed here'; break; }
	check "mandoc is content with ${page##*/}" mandoc -Tlint -Wwarning "$page"
done
modprobe -r mqttk
finish
