# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# netns.sh ROUNDS: deletes a network namespace with a busy broker in it, so many
# times; its clients are in another one. To be sourced by
# selftests/{vm,uml}/tests/netns.sh.

rounds=$1
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

on_mqttk || skip_all 'mosquitto holds its namespace'
export HOST=10.78.0.1

delivers()
{
	[ "$(mqttkctl -n broker -j stats |
		python3 "$clients/figure.py" messages_sent)" -gt 100 ]
}

gone()
{
	! ip -n clients link show dev wire
}

round()
{
	ip netns add broker &&
		ip link add name wire netns broker type veth peer name wire netns clients &&
		ip -n broker addr add "$HOST/24" dev wire &&
		ip -n clients addr add 10.78.0.2/24 dev wire &&
		ip -n broker link set wire up &&
		ip -n clients link set wire up || return 1
	mqttkctl -n broker listener add "$HOST:$PORT" anonymous on || return 1
	wait_for 30 delivers || {
		echo 'the clients did not come back'
		mqttkctl -n broker -j stats
		return 1
	}
	ip netns del broker || return 1
	# The link's other end goes when the namespace is really taken down: the
	# broker in it held nothing.
	wait_for 20 gone || {
		echo 'the namespace lives on'
		return 1
	}
}

all_rounds()
{
	local i

	for i in $(seq "$rounds"); do
		round "$i" || {
			echo "in round $i"
			return 1
		}
	done
}

load
ip netns add clients
SWARM_IN='ip netns exec clients' swarm_start busy -n 50 -t 1000
check "a namespace with a busy broker deleted $rounds times" all_rounds
kill $job
wait $job
note "$(cat "$tmp/busy")"
at_least "$(figure busy delivered)" $((rounds * 100)) 'messages came to the clients'
ip netns del clients
check 'the module can be unloaded' timeout 60 modprobe -r mqttk
finish
