#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# coalesce-usecs: fewer segments, nothing lost; and a network namespace or the
# module may go while output waits, under KASAN, lockdep and kmemleak.
# time: 200
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

slow=1993

listen_slow()
{
	mqttkctl listener add "127.0.0.1:$slow" anonymous on coalesce-usecs 10000
}

shown()
{
	[[ $(mqttkctl listener show "127.0.0.1:$slow") = *' coalesce-usecs 10000 '* ]] &&
		[ "$(mqttkctl show | grep coalesce)" = 'coalesce_usecs 10000' ]
}

too_long()
{
	! mqttkctl listener add 127.0.0.1:1994 coalesce-usecs 10001 2>"$tmp/said" &&
		grep -q '0 to 10000' "$tmp/said"
}

usecs_of()
{
	mqttkctl -j listener show "$1" | jq -r '.[].coalesce_usecs'
}

# One says how long, the other nothing, which is 0 and not what lay there before.
applied()
{
	printf '%s\n' 'per_listener_settings true' \
		'listener 1995 127.0.0.1' 'coalesce_usecs 300' \
		'listener 1996 127.0.0.1' >"$tmp/wait.conf"
	mqttkctl apply "$tmp/wait.conf" 2>"$tmp/said" &&
		[ "$(usecs_of 127.0.0.1:1995)" = 300 ] &&
		[ "$(usecs_of 127.0.0.1:1996)" = 0 ]
}

# It has no other process, so it goes with this one.
netns_goes()
{
	for _ in {1..10}; do
		# shellcheck disable=SC2016 # the inner shell's
		timeout 30 unshare -n bash -c '
			ip link set lo up &&
			mqttkctl listener add "127.0.0.1:$1" anonymous on \
				coalesce-usecs 10000 &&
			exec python3 -B "$2/coalesce.py" "$1" leave' - \
			"$slow" "$clients" || return 1
	done
}

module_goes()
{
	for _ in {1..10}; do
		modprobe mqttk && listen_slow &&
			timeout 30 python3 -B "$clients/coalesce.py" "$slow" unload ||
			return 1
	done
}

broker_start
check 'a listener whose output waits' listen_slow
check 'is shown as one' shown
check 'longer than 10 ms is refused' too_long
results python3 -B "$clients/coalesce.py" "$slow" "$PORT"
check 'network namespaces go while output waits' netns_goes
check 'a configuration says so, too' applied
broker_stop
check 'the module goes while output waits' module_goes
finish
