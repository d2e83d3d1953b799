#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Requests by generic netlink that no client would send harm nothing: under KASAN,
# REQUESTS random ones, made from the specification, good, nearly good and bad,
# beside clients that are busy, and the broker works afterwards. Who is no
# administrator learns nothing by the same requests, whatever the broker holds,
# nor does who is one in a user namespace only.
# time: 900
# mem: 768
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

requests=${REQUESTS:-60000} seed=${SEED:-$RANDOM}
fuzz=/selftests/netlink/nl-fuzz

# denied COMMAND...: what somebody else's requests are answered
denied()
{
	local status

	"$@" -n 5000 -s 7 >"$tmp/denied"
	status=$?
	grep -v '^digest' "$tmp/denied"
	sed -n 's/^digest=//p' "$tmp/denied" >"$tmp/digest"
	return $status
}

load
mqttkctl listener add 127.0.0.1:1883 anonymous on
SWARM_IN='nice -n 10' swarm_start busy -n 20 -t 3600
check 'there are clients' wait_for 60 busy_times 1
results denied "$fuzz" -u
full=$(cat "$tmp/digest")
results denied unshare -rn "$fuzz" -x
results "$fuzz" -n "$requests" -s "$seed" -l 1883
kill "$job"
wait "$job"
note "$(grep '=' "$tmp/busy")"
at_least "$(figure busy delivered)" 100 'messages came to the clients all the while'
check 'reset' mqttkctl reset
results denied "$fuzz" -u
is "$(cat "$tmp/digest")" "$full" 'who is no administrator is answered the same'
check 'the broker works afterwards: control' \
	mqttkctl listener add 127.0.0.1:1883 anonymous on
check 'the broker works afterwards: a message' pub -t a -m b
check 'and it unloads' timeout 60 modprobe -r mqttk
finish
