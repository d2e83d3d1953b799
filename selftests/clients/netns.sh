# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# netns.sh ROUNDS: deletes a network namespace with a busy broker in it, so many
# times. To be sourced by selftests/{vm,uml}/tests/netns.sh.

rounds=$1
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

on_mqttk || skip_all 'mosquitto holds its namespace'

delivers()
{
	[ "$(mqttkctl -n broker -j stats | jq -er .counters.messages_sent)" -gt 100 ]
}

# The namespace has an id in ours until it is really taken down.
gone()
{
	! ip netns list-id | grep -q 'nsid 77\b'
}

# begin ADDRESS: a namespace with a broker in it.
begin()
{
	ip netns add broker && ip netns set broker 77 &&
		ip -n broker link set lo up || return 1
	if [ "$1" = "$outside" ]; then
		ip link add name wire netns broker type veth \
			peer name wire netns clients &&
			ip -n broker addr add "$1/24" dev wire &&
			ip -n clients addr add 10.78.0.2/24 dev wire &&
			ip -n broker link set wire up &&
			ip -n clients link set wire up || return 1
	fi
	mqttkctl -n broker listener add "$1:$PORT" anonymous on
}

busy()
{
	wait_for 30 delivers || {
		echo 'no messages for the clients'
		mqttkctl -n broker -j stats
		return 1
	}
}

end()
{
	wait_for 30 gone || {
		echo 'the namespace lives on'
		return 1
	}
}

# The clients are outside, in another namespace, and stay.
from_outside()
{
	begin $outside && busy && ip netns del broker && end
}

# The clients are inside and are killed: when the last of their sockets is
# closed, the broker is in the middle of its work.
from_inside()
{
	local status

	begin 127.0.0.1 || return 1
	HOST=127.0.0.1 SWARM_IN='ip netns exec broker' swarm_start busy -n 50 -t 1000
	busy
	status=$?
	ip netns del broker
	{
		kill -KILL $job
		wait $job
	} 2>/dev/null
	[ $status = 0 ] && end
}

# repeat N COMMAND...
repeat()
{
	local i n=$1

	shift
	for i in $(seq "$n"); do
		"$@" || {
			echo "in round $i"
			return 1
		}
	done
}

outside=10.78.0.1
load
check "deleted $rounds times, its clients killed at that moment" \
	repeat "$rounds" from_inside
ip netns add clients
if ip -n clients link add name probe type veth peer name probe1 2>/dev/null; then
	ip -n clients link del probe
	HOST=$outside SWARM_IN='ip netns exec clients' swarm_start busy -n 50 -t 1000
	check "deleted $rounds times, its clients elsewhere" \
		repeat "$rounds" from_outside
	kill $job
	wait $job
	note "$(cat "$tmp/busy")"
	at_least "$(figure busy delivered)" $((rounds * 100)) 'messages came to the clients'
else
	skip "deleted $rounds times, its clients elsewhere: this kernel has no veth"
fi
ip netns del clients
check 'the module can be unloaded' timeout 60 modprobe -r mqttk
finish
