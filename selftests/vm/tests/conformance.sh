#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the standards of MQTT 3.1, 3.1.1 and 5.0 ask of a server, statement by
# statement; see Documentation/conformance.md. Nothing is left of the clients
# then. CASES='-k PATTERN' in the environment chooses some.
# time: 900
# mem: 1024
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

nothing_left()
{
	[ "$(used handshake)" = 0 ] && [ "$(mqttkctl -j client show)" = '[]' ]
}

broker_start
users=()
if on_mqttk; then
	users=(-u $((PORT + 1)))
	check 'a listener for users only' mqttkctl listener add "$HOST:${users[1]}"
fi
# shellcheck disable=SC2086 # options, or nothing
results python3 -B "$clients/../conformance/run.py" -n ${CASES:-} "${users[@]}" "$HOST" "$PORT"
# shellcheck disable=SC2086
for setting in $(python3 -B "$clients/../conformance/run.py" ${CASES:-} -S); do
	on_mqttk || break
	key=${setting%=*}
	before=$(limit_of "$key")
	limit "$key" "${setting#*=}"
	# shellcheck disable=SC2086
	results python3 -B "$clients/../conformance/run.py" -n ${CASES:-} -s "$setting" "$HOST" "$PORT"
	limit "$key" "$before"
done
if on_mqttk; then
	check 'nothing is left of the clients' wait_for 40 nothing_left ||
		mqttkctl -j limit show
fi
broker_stop
finish
