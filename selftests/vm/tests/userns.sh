#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Root of a user namespace that anybody can make: cannot load the module, use it
# unless that was allowed, exceed a ceiling or see another namespace; and many of
# them together leave half of the module's memory to the machine.
# time: 600
# kernels: 6.12
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

on_mqttk || skip_all 'mosquitto knows no namespaces'

namespaces=5 cap=$((32 << 20))

# mine COMMAND...: as root of a new user and network namespace, made by nobody.
mine()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps=-all --bounding-set=-all \
		unshare -Urn sh -c 'ip link set lo up && exec "$@"' sh "$@"
}

# loads COMMAND...: not if the module is there afterwards.
loads()
{
	mine "$@"
	[ -d /sys/module/mqttk ]
}

attack()
{
	# shellcheck disable=SC2016 # for the other shell
	mine sh -c '! mqttkctl listener add 127.0.0.1:1883 &&
		! mqttkctl limit show && ! mqttkctl reset &&
		! cat /dev/mqtt && ! mknod "$1/node" c 10 "$2" && ! rmmod mqttk &&
		! modprobe -r mqttk && ! nsenter --net=/proc/1/ns/net true &&
		! sh -c "echo 0 >/sys/module/mqttk/parameters/quick_lane" &&
		! ls /sys/kernel/debug/mqttk && ip link show lo' \
		sh "$tmp" "$(awk '$2 == "mqtt" { print $1 }' /proc/misc)"
}

# A file of it that somebody privileged opened acts on its opener's namespace;
# what is made by netlink acts on the caller's.
events()
{
	# shellcheck disable=SC2016 # for the other shell
	mine sh -c 'mqttkctl listener add 127.0.0.1:1883 anonymous on || exit 1
		mqttkctl monitor & echo "monitor=$!"; echo "pid=$$"; exec sleep 1000' >"$tmp/monitor" 2>&1 &
	job=$!
	wait_for 30 grep -q '^pid' "$tmp/monitor" || return 1
	inside=$(figure monitor pid)
	told_of()
	{
		pub -i outside -t x -m x &&
			nsenter -t "$inside" -n mosquitto_pub -i inside -t x -m x &&
			grep -q inside "$tmp/monitor"
	}
	wait_for 30 told_of
	told=$?
	kill "$inside" "$(figure monitor monitor)"
	wait "$job"
	cat "$tmp/monitor"
	[ "$told" = 0 ] && ! grep -q outside "$tmp/monitor"
}

pids()
{
	sed -n 's/^pid=//p' "$tmp"/fill-*
}

# held: bytes charged in the namespaces of all fillers.
held()
{
	local pid

	for pid in $(pids); do
		nsenter -t "$pid" -n mqttkctl -j limit show
	done | jq -s 'map(.[] | select(.name == ("handshake_memory", "client_memory",
		"message_memory")).used) | add'
}

within()
{
	local pid

	for pid in $(pids); do
		nsenter -t "$pid" -n mqttkctl -j limit show
	done | jq -se --argjson slack $((512 << 10)) 'all(.[][];
		.used == null or .used <= .value + $slack)'
}

all_full()
{
	[ "$(cat "$tmp"/fill-* | grep -c '^full')" = "$namespaces" ]
}

chmod 755 "$tmp"
modprobe -r mqttk
check_not 'nothing of it loads the module: modprobe' loads modprobe mqttk
check_not 'nothing of it loads the module: insmod' loads insmod "$(modinfo -n mqttk)"
check_not 'nothing of it loads the module: netlink' loads mqttkctl stats
check_not 'nothing of it loads the module: the device' loads cat /dev/mqtt
is "$(modinfo -F alias mqttk)" '' 'there is no alias that would'

load
check 'it may do nothing where that was not allowed' attack

load userns=1 memory_max=$cap
check 'the machine has a listener' \
	mqttkctl listener add 127.0.0.1:1883 name secret-listener anonymous on
check 'and something retained' pub -r -t secret/topic -m secret
check 'and a session' mosquitto_sub -i secret-session -c -q 1 -t 'secret/#' -E
check 'allowed, it exceeds no ceiling' mine python3 "$clients/userns.py" limits
check 'nor sees or changes what is in another namespace' \
	mine python3 "$clients/userns.py" blind
check 'nor is told of it' events
check 'the machine still has its own' sh -c "mqttkctl listener show secret-listener &&
	mqttkctl session show secret-session && mqttkctl retained get secret/topic"

# Those that come when the others have all there is do not even get a listener.
for i in $(seq $namespaces); do
	# shellcheck disable=SC2016 # for the other shell
	mine sh -c 'mqttkctl listener add 127.0.0.1:1883 anonymous on
		echo "pid=$$"; python3 "$1" fill; exec sleep 1000' sh "$clients/userns.py" \
		>"$tmp/fill-$i" 2>&1 &
done
check "$namespaces namespaces take what they can get" wait_for 120 all_full
note "$(cat "$tmp"/fill-*)"
held=$(held)
at_most "$held" $((cap / 2 + (1 << 20))) 'bytes that they hold, half of the cap'
at_least "$held" $((cap / 2 - (4 << 20))) 'and that is what stopped them'
check 'each of them within its own limits' within
check 'the machine has the other half: 6 MB wait for a client' \
	sh -c "head -c 1000000 /dev/zero >$tmp/big && for i in 1 2 3 4 5 6; do
		mosquitto_pub -q 1 -t secret/\$i -f $tmp/big || exit 1; done"
is "$(mqttkctl -j session show secret-session | jq '.[0].messages_queued')" 6 \
	'all of them'
# shellcheck disable=SC2046 # numbers
kill $(pids)
wait
broker_stop
finish
