# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the end-to-end tests share: ktap.sh, a broker to start and stop, clients
# to talk to it, and figures to ask it for. To be sourced.
#
# The broker is mqttk, or mosquitto with BROKER=mosquitto in the environment:
# that is how the tests themselves are tested. Where mosquitto rightly differs,
# the tests ask on_mqttk. HOST and PORT say where the broker is.

# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ktap.sh"

clients=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tmp=$ktap_tmp
export HOST=${HOST:-127.0.0.1} PORT=${PORT:-1883} BROKER=${BROKER:-mqttk}
export PYTHONUNBUFFERED=1

on_mqttk()
{
	[ "$BROKER" = mqttk ]
}

# broker_start [ADDRESS:PORT...]: with anonymous listeners there.
broker_start()
{
	local address

	[ $# -gt 0 ] || set -- "$HOST:$PORT"
	if on_mqttk; then
		load
		for address; do
			check "listens on $address" \
				mqttkctl listener add "$address" anonymous on || finish
		done
		return
	fi
	for address; do
		echo "listener ${address##*:} ${address%:*}" | tr -d '[]'
	done >"$tmp/mosquitto.conf"
	printf '%s\n' 'allow_anonymous true' "max_packet_size ${LIMIT:-2000000}" \
		"max_queued_messages 100000" >>"$tmp/mosquitto.conf"
	mosquitto -c "$tmp/mosquitto.conf" >"$tmp/mosquitto.log" 2>&1 &
	mosquitto=$!
	wait_for 20 port_open "$PORT" "$HOST"
}

# broker_stop: leaves nothing behind, and says so.
broker_stop()
{
	if on_mqttk; then
		check 'mqttkctl reset' mqttkctl reset
		check 'the module can be unloaded' timeout 60 modprobe -r mqttk
	else
		kill "$mosquitto"
		wait "$mosquitto"
	fi
}

# limit KEY VALUE: of mqttk's.
limit()
{
	! on_mqttk || check "limit $1 $2" mqttkctl limit set "$1" "$2"
}

# stat_of NAME: a counter.
stat_of()
{
	mqttkctl -j stats | jq -er ".counters.$1"
}

# used BUDGET: bytes charged to handshake, client, message or retained memory.
used()
{
	mqttkctl -j limit show | jq -er ".[] | select(.name == \"$1_memory\").used"
}

limit_of()
{
	mqttkctl -j limit show | jq -er ".[] | select(.name == \"$1\").value"
}

pub()
{
	timeout 60 mosquitto_pub -h "$HOST" -p "$PORT" "$@"
}

# listen FILE OPTIONS...: mosquitto_sub into FILE, there when this returns: a
# retained message of its own, which it gets when it has subscribed, is FILE's
# first line. Sets $listener to its process.
listen()
{
	local file=$1

	shift
	pub -r -t listen/ready -m ready || return 1
	: >"$file"
	mosquitto_sub -h "$HOST" -p "$PORT" -t listen/ready "$@" \
		>"$file" 2>"$file.errors" &
	# shellcheck disable=SC2034 # for the caller
	listener=$!
	wait_for 30 test -s "$file"
}

# results COMMAND...: a program that reports 'ok - ...' or 'not ok - ...'. Fails
# if it did.
results()
{
	local before=$ktap_count line status=lost

	# A named pipe, because small systems have no /dev/fd.
	mkfifo "$tmp/results"
	{ "$@" 2>&1; echo "@status $?"; } >"$tmp/results" &
	while IFS= read -r line; do
		case $line in
		'ok - '*)	pass "${line#ok - }" ;;
		'not ok - '*)	fail "${line#not ok - }" ;;
		'@status '*)	status=${line#@status } ;;
		'#'*)		echo "$line" ;;
		*)		note "$line" ;;
		esac
	done <"$tmp/results"
	rm "$tmp/results"
	if [ "$status" != 0 ] || [ "$ktap_count" = "$before" ]; then
		fail "$(basename "$1") ended with status $status"
		return 1
	fi
}

# swarm MODE OPTIONS...: the load generator; its figures go to $tmp/MODE.
# SWARM_IN is a command it is run by, such as `ip netns exec NAME`.
swarm()
{
	# shellcheck disable=SC2086 # a command and its arguments, or nothing
	${SWARM_IN:-} "$clients/swarm" "$@" >"$tmp/$1" 2>&1
}

# swarm_start MODE OPTIONS...: in the background, to be killed as $job.
swarm_start()
{
	# Not only when it starts: somebody may look sooner.
	: >"$tmp/$1"
	# shellcheck disable=SC2086 # a command and its arguments, or nothing
	${SWARM_IN:-} "$clients/swarm" "$@" >"$tmp/$1" 2>&1 &
	# shellcheck disable=SC2034 # for the caller
	job=$!
}

# busy_times N: swarm busy has all its clients served for the Nth time; each time
# but the first, after the broker had gone. Without a process: where all
# processors are busy each takes longer than what is waited for.
busy_times()
{
	local lines line n=0

	mapfile -t lines <"$tmp/busy"
	for line in "${lines[@]}"; do
		[ "$line" != busy ] || n=$((n + 1))
	done
	[ $n -ge "$1" ]
}

# figure MODE NAME: what swarm printed as NAME.
figure()
{
	sed -n "s/^$2=//p" "$tmp/$1"
}

# told MODE WORD: swarm MODE, started in the background, has come so far.
told()
{
	wait_for "${3:-60}" grep -q "^$2" "$tmp/$1"
}

# at_most VALUE MOST DESCRIPTION
at_most()
{
	if [ -n "$1" ] && [ "$1" -le "$2" ]; then
		pass "$3 ($1)"
	else
		fail "$3: $1 is more than $2"
	fi
}

# at_least VALUE LEAST DESCRIPTION
at_least()
{
	if [ -n "$1" ] && [ "$1" -ge "$2" ]; then
		pass "$3 ($1)"
	else
		fail "$3: $1 is less than $2"
	fi
}
