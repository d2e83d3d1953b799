#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mqttk-bench: every kind of work runs against mqttk, mosquitto and its own floor
# and counts each message; what a broker loses, keeps or mixes up is found; JSON
# is JSON; bad usage is told. Says nothing about how fast anything is.
# kernels: 6.12
# time: 300
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

# bench KEY EXPECTED WORDS...: mqttk-bench WORDS succeeds, and says so.
bench()
{
	local key=$1 expected=$2

	shift 2
	mqttk-bench -j -T 30 -p "$PORT" "$@" >"$tmp/json" 2>"$tmp/errors" || {
		fail "mqttk-bench $* on $PORT: $(cat "$tmp/json" "$tmp/errors")"
		return
	}
	is "$(jq -r ".$key" "$tmp/json")" "$expected" "port $PORT: mqttk-bench $*"
}

# Work with tiny numbers, and how many deliveries that is.
works()
{
	bench units 60 fan -n 3 -m 20
	bench units 96 fan -n 3 -m 32 -b 16 -W 16
	bench units 40 pairs -n 4 -m 10
	bench units 200 pairs -n 4 -m 50 -w 20 -b 2 --pid $$
	bench units 24 fan -n 2 -m 12 -s 300000 -b 4
	bench units 20 fan -n 2 -m 10 -s 16384 -L
	bench units 20 pingpong -m 10
	bench units 20 connect -m 20
}

# Those for which a broker is needed that is one.
works_with_broker()
{
	bench units 200 pairs -n 4 -q 1 -w 10 -m 50
	bench units 200 pairs -n 4 -q 2 -w 10 -m 50
	bench units 20 fan -n 2 -q 2 -m 10
	bench units 20 match -F 1234 -m 20
	bench clients 60 idle -f 20 -n 60
	bench lost 0 fan -n 3 -t 1
	check 'latencies are in order' jq -e '.latency_us | .p50 > 0 and
		.p50 <= .p90 and .p90 <= .p99 and .p99 <= .p99_9 and .p99_9 <= .max' \
		"$tmp/json"
}

# status EXPECTED WORDS...: mqttk-bench WORDS ends so and says why.
status()
{
	local expected=$1 got

	shift
	timeout 60 mqttk-bench "$@" >"$tmp/out" 2>"$tmp/errors"
	got=$?
	if [ $got = "$expected" ] && [ -s "$tmp/errors" ]; then
		pass "status $got: mqttk-bench $*"
	else
		fail "status $got, not $expected: mqttk-bench $*"
		note "$(cat "$tmp/out" "$tmp/errors")"
	fi
}

# A broker that answers everything; of messages it passes on what DO makes of
# them: drop: not the third; twice: the third again; hold: none.
liar()
{
	python3 - "$1" "$2" <<'END' &
import socket, sys
port, do = int(sys.argv[1]), sys.argv[2]
server = socket.create_server(('127.0.0.1', port))
links = []
def packet(link):
    first = link.recv(1)
    if not first:
        return None, b''
    size, shift = 0, 0
    head = first
    while True:
        byte = link.recv(1)
        head += byte
        size |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            break
    body = b''
    while len(body) < size:
        body += link.recv(size - len(body))
    return first[0] >> 4, head + body
for role in 'receiver', 'publisher':
    link = server.accept()[0]
    packet(link)
    link.sendall(b'\x20\x02\x00\x00')
    if role == 'receiver':
        kind, data = packet(link)
        link.sendall(b'\x90\x03' + data[2:4] + b'\x00')
    links.append(link)
number = 0
while True:
    kind, data = packet(links[1])
    if kind is None:
        break
    number += 1
    times = 1
    if number == 3:
        times = {'drop': 0, 'twice': 2}.get(do, 1)
    if do != 'hold':
        links[0].sendall(data * times)
END
	liar=$!
	wait_for 30 grep -q "$(printf ':%04X 00000000:0000 0A' "$1")" /proc/net/tcp
}

# It has ended by itself, or does now.
caught()
{
	kill "$liar"
	wait "$liar"
} 2>/dev/null

for words in '-q 3' '-n 0' '-n x' '-s 4' '-b 2 -w 1' 'nonsense' '--nonsense' \
	'pairs fan' '-P x' '-t'; do
	# shellcheck disable=SC2086 # words
	status 2 $words
done
check 'help' sh -c 'mqttk-bench -h | grep -q "kinds of work"'
check 'version' sh -c 'mqttk-bench -V | grep -q "^mqttk-bench [0-9]"'
status 1 -p 1 pairs
is "$(cat "$tmp/errors")" \
	'mqttk-bench: connection 0 to 127.0.0.1 port 1: Connection refused' 'why'

broker_start
works
works_with_broker
bench units 60 device -n 3 -m 20
bench units 96 device -n 3 -m 32 -b 16
bench units 30 device -n 3 -m 10 -q 1
broker_stop

BROKER=mosquitto PORT=1884
broker_start
works
works_with_broker
broker_stop

mqttk-bench floor -p 1885 &
floor=$!
mqttk-bench floor -p 1886 -B &
batch=$!
for PORT in 1885 1886; do
	wait_for 20 port_open "$PORT"
	works
done
kill "$floor" "$batch"

liar 1887 drop
timeout 60 mqttk-bench fan -j -n 1 -m 10 -w 5 -T 3 -p 1887 >"$tmp/json"
is "$? $(jq -c '[.units, .lost]' "$tmp/json")" '1 [9,1]' 'a lost message is found'
caught
liar 1888 twice
status 1 fan -n 1 -m 10 -w 5 -p 1888
check 'and named' grep -q 'gets message 2 again' "$tmp/errors"
caught
liar 1889 hold
timeout 60 mqttk-bench fan -j -n 1 -m 10 -w 5 -T 3 -p 1889 >"$tmp/json"
is "$? $(jq -c '[.units, .lost]' "$tmp/json")" '1 [0,5]' 'messages that never come are lost'
caught
finish
