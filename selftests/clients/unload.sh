# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# unload.sh ROUNDS: modprobe -r under 200 busy clients, so many times. To be
# sourced by selftests/{vm,uml}/tests/unload.sh.

rounds=$1
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

on_mqttk || skip_all 'mosquitto is no module'

# One round: a broker under load, unloaded; the clients stay.
round()
{
	modprobe mqttk && mqttkctl listener add "$HOST:$PORT" anonymous on || return 1
	wait_for 60 busy_times "$1" || {
		echo 'the clients did not come back'
		mqttkctl -j stats
		return 1
	}
	if [ $(($1 % 10)) = 1 ]; then
		busy_file || return 1
	fi
	timeout 30 modprobe -r mqttk || {
		echo "modprobe -r: $?"
		return 1
	}
	[ ! -e /sys/module/mqttk ]
}

# With the device open the module stays, and works; it goes once that is closed.
busy_file()
{
	local before

	exec 9<>/dev/mqtt || return 1
	before=$(stat_of messages_sent)
	if modprobe -r mqttk 2>"$tmp/rmmod"; then
		echo 'unloaded in spite of an open file'
		return 1
	fi
	grep -qi "in use" "$tmp/rmmod" || {
		cat "$tmp/rmmod"
		return 1
	}
	more()
	{
		[ "$(stat_of messages_sent)" -gt "$before" ]
	}
	wait_for 10 more || return 1
	exec 9>&-
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

modprobe -r mqttk 2>/dev/null
# Whoever starts and stops the broker comes first; the clients have the rest of
# the processor, which is all of it while they are waited for.
SWARM_IN='nice -n 10' swarm_start busy -n 200 -t 1800
check "unloaded $rounds times under 200 busy clients" all_rounds
kill $job
wait $job
note "$(grep '=' "$tmp/busy")"
at_least "$(figure busy delivered)" $((rounds * 200)) 'messages came to the clients'
at_least "$(figure busy cut)" $((rounds * 50)) 'connections were cut by unloading'
finish
