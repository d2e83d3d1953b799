#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Thousands of idle clients, each with a subscription of its own, all stay
# through a keep-alive interval, cost next to nothing beyond their sockets, and
# each is reached by what is meant for it; unloading gives everything back.
# A hundred thousand, from a few addresses of 127.0.0.0/8:
#	selftests/vm/run -m 4096 -t 3000 \
#		'CLIENTS=100000 KEEPALIVE=600 /selftests/vm/tests/idle.sh'
# kernels: 6.12
# time: 300
# mem: 1024
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

CLIENTS=${CLIENTS:-3000} KEEPALIVE=${KEEPALIVE:-20}

# KiB that nobody can have just now; free memory of the processors included.
taken()
{
	awk '/^MemTotal/ { total = $2 } /^(MemFree|Buffers|Cached|AnonPages):/ { free += $2 }
		/^ +count:/ { free += $2 * 4 } END { print total - free }' \
		/proc/meminfo /proc/zoneinfo
}

# Caches of the kernel keep a part.
given_back()
{
	[ $(($(taken) - before)) -lt $(((peak - before) / 4 + 4096)) ]
}

connected()
{
	echo $(($(stat_of clients_connected) - $(stat_of clients_disconnected)))
}

got_it()
{
	grep -qx "message=$1" "$tmp/idle"
}

# Budgets count what connections may take, which is far more than they do.
mkdir -p /run/modprobe.d
echo "options mqttk memory_max=$((CLIENTS * 60000 + 268435456))" >/run/modprobe.d/idle.conf
sysctl -qw net.core.somaxconn=4096 fs.nr_open=1100000
before=$(taken)
broker_start
limit max_connections 1000000
limit sys_interval 0
limit client_memory $((CLIENTS * 60000))
: >"$tmp/idle"
"$clients/idle" -n "$CLIENTS" -k "$KEEPALIVE" -t 3000 >"$tmp/idle" 2>&1 &
job=$!
check "$CLIENTS clients connect and subscribe" wait_for 2000 grep -qx ready "$tmp/idle" ||
	note "$(cat "$tmp/idle")"
peak=$(taken)
note "$(((peak - before) * 1024 / CLIENTS)) bytes for each connection, both ends of it"
# An interval and a half is what the broker waits: there is nothing else to wait for.
sleep $((KEEPALIVE * 8 / 5))
is "$(connected)" "$CLIENTS" 'after a keep-alive interval all are there'
is "$(stat_of keepalive_timeouts)" 0 'none was late'
for n in 0 $((CLIENTS / 2)) $((CLIENTS - 1)); do
	check "a message for client $n is sent" pub -t "d/$(printf %06u "$n")/cmd" -m on
	check "client $n has it" wait_for 30 got_it "$n"
done
is "$(grep -c '^message=' "$tmp/idle")" 3 'nobody else has'
kill $job
wait $job
is "$(sed -n 's/^cut=//p' "$tmp/idle")" 0 'no client was cut off'
note "$(grep -E '^(pings|answers)=' "$tmp/idle" | tr '\n' ' ')"
broker_stop
check 'their memory is given back' wait_for 60 given_back
note "$(($(taken) - before)) KiB more than in the beginning, of $((peak - before))"
finish
