#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What debugfs shows is so, only root may see it, and neither a namespace nor
# the module minds who is reading when it goes.
# time: 300
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

debug=/sys/kernel/debug/mqttk
rounds=20

# shown FILE PATTERN: in this namespace's directory
shown()
{
	grep -qE "$2" "$debug"/"$here"/"$1" || {
		cat "$debug"/"$here"/"$1"
		return 1
	}
}

# inode NETNS
inode()
{
	stat -Lc %i /run/netns/"$1"
}

# read_on: until somebody makes an end of it
read_on()
{
	while :; do
		cat "$debug"/*/* "$debug"/senders >/dev/null 2>&1
	done
}

# A namespace with a subscriber and a message goes while it is read.
go_while_read()
{
	local i dir

	for ((i = 0; i < rounds; i++)); do
		ip netns add read || return 1
		dir=$debug/$(inode read)
		[ -r "$dir/index" ] || return 1
		mqttkctl -n read retained set "kept/$i" 1 || return 1
		grep -q '^retained 1 ' "$dir/index" || return 1
		# One that is open stays open, and has nothing to say.
		exec 9<"$dir/budgets"
		ip netns del read
		wait_for 30 test ! -e "$dir" || return 1
		! cat <&9 2>/dev/null || return 1
		exec 9<&-
	done
}

broker_start
limit sys_interval 0
here=$(stat -Lc %i /proc/self/ns/net)
check 'it is for root only' [ "$(stat -c %a "$debug"/"$here"/index)" = 400 ]
listen "$tmp/got" -t 'a/b' -t 'a/+' -t 'c/#'
check 'filters are counted' shown index '^filters 4 exact 2 wildcard 2 '
check 'tables are shown' shown index '^sessions +entries 1 buckets [0-9]+$'
check 'budgets are shown' shown budgets '^client_memory limit [0-9]+ used [1-9]'
check 'deadlines are shown' shown deadlines '^deadlines [0-9]+'
check 'senders are shown' grep -q '^cpu 0 ' "$debug"/senders
kill "$listener"
read_on &
reader=$!
check "namespaces go while they are read, $rounds times" go_while_read
check 'mqttkctl reset' mqttkctl reset
# Whoever has a file open holds the module, as with any other.
check 'the module goes while all is read' wait_for 60 modprobe -r mqttk
kill "$reader"
check 'and nothing is left' [ ! -e "$debug" ]
finish
