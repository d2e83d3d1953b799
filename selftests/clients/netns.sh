# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# netns.sh ROUNDS [OUTSIDE]: deletes a network namespace with a busy broker in it,
# so many times with its clients in it, too, and as often, or OUTSIDE times, with
# clients elsewhere. To be sourced by selftests/{vm,uml}/tests/netns.sh.

rounds=$1 rounds_outside=${2:-$1}
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

on_mqttk || skip_all 'mosquitto holds its namespace'

# The namespace has an id in ours until it is really taken down.
gone()
{
	[[ "$(ip netns list-id) " != *'nsid 77 '* ]]
}

# come_up NETNS DEVICE ADDRESS
come_up()
{
	ip -n "$1" -batch - <<EOT
addr add $3/24 dev $2
link set $2 up
EOT
}

# begin ADDRESS: a namespace with a broker in it.
begin()
{
	ip netns add broker && ip netns set broker 77 || return 1
	if [ "$1" = "$outside" ]; then
		ip link add name wire netns broker type veth \
			peer name wire netns clients &&
			come_up broker wire "$1" &&
			come_up clients wire 10.78.0.2 || return 1
	else
		ip -n broker link set lo up || return 1
	fi
	mqttkctl -n broker listener add "$1:$PORT" anonymous on
}

# busy N: for the Nth time that the clients are told of
busy()
{
	wait_for 60 busy_times "$1" || {
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
	begin $outside && busy "$1" && ip netns del broker && end
}

# The clients are inside and are killed: when the last of their sockets is
# closed, the broker is in the middle of its work.
from_inside()
{
	local status

	begin 127.0.0.1 || return 1
	HOST=127.0.0.1 SWARM_IN='nice -n 10 ip netns exec broker' \
		swarm_start busy -n 50 -t 1000
	busy 1
	status=$?
	ip netns del broker
	{
		kill -KILL $job
		wait $job
	} 2>/dev/null
	[ $status = 0 ] && end
}

# repeat N COMMAND...: each time with its number
repeat()
{
	local i n=$1

	shift
	for i in $(seq "$n"); do
		"$@" "$i" || {
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
	HOST=$outside SWARM_IN='nice -n 10 ip netns exec clients' \
		swarm_start busy -n 50 -t 1800
	check "deleted $rounds_outside times, its clients elsewhere" \
		repeat "$rounds_outside" from_outside
	kill $job
	wait $job
	note "$(grep '=' "$tmp/busy")"
	at_least "$(figure busy delivered)" $((rounds_outside * 50)) 'messages came to the clients'
else
	skip "deleted $rounds_outside times, its clients elsewhere: this kernel has no veth"
fi
ip netns del clients
check 'the module can be unloaded' timeout 60 modprobe -r mqttk
finish
