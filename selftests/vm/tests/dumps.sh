#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Dumps of very much while it changes: SESSIONS sessions, as many subscriptions
# to one filter, MANY of one client, and as many retained messages. By two
# readers at a time that read little at once, and between their reads others
# come and go: whatever lasts is shown to each exactly once, no dump says that it
# was interrupted, and one that is given up leaves nothing behind.
# kernels: 6.12
# time: 600
# mem: 1536
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

n=${SESSIONS:-6000} m=${MANY:-20000}
dumps=/selftests/netlink/nl-dumps

# timed WHAT...: how long that takes
timed()
{
	local start=$SECONDS

	"$@" -n "$n" -m "$m" || return 1
	echo "seconds=$((SECONDS - start))"
}

# step DESCRIPTION COMMAND...: timed
step()
{
	check "$1" timed "${@:2}" || return 1
	grep -E '^(seconds|entries|reads)=' "$ktap_tmp/output" | tr '\n' ' ' |
		sed 's/^/# /; s/ $/\n/'
}

memory()
{
	used client
	used retained
}

as_before()
{
	[ "$(memory)" = "$before" ]
}

ulimit -n 4096
broker_start
limit sys_interval 0
limit client_memory $((n * 4096 + m * 1024 + (64 << 20)))
limit retained_memory $((m * 1024 + (16 << 20)))
limit message_memory $((m * 1024 + (16 << 20)))
step "$n clients subscribe and leave" "$clients/absent" subscribe -t 3000
step "one has $m subscriptions" "$dumps" many
step "$m messages are retained" "$dumps" retain
is "$(mqttkctl -j stats | jq .retained_messages)" "$m" 'so many are there'
for what in sessions subscriptions filter client retained; do
	step "what lasts is shown once: $what" "$dumps" "$what"
done
before=$(memory)
for what in sessions subscriptions filter client retained; do
	check "some are given up: $what" "$dumps" "$what" -r 3 -c 0
done
check 'that leaves nothing behind' wait_for 30 as_before
retained=$(mqttkctl -j stats | jq .retained_messages)
is "$(mqttkctl retained del '#')" "removed $retained" \
	'all retained messages can be removed'
is "$(mqttkctl -j retained show | jq length)" 0 'none is left'
broker_stop
finish
