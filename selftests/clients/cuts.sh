# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# cuts.sh CUTS [CUTS-WITH-OVERLAPPING-FILTERS]: clients that know what the broker
# owes them, on links that are cut at random places, so many times. To be sourced
# by selftests/{vm,uml}/tests/cuts.sh. SEED=N repeats a run, nearly.

cuts=$1 overlapping=${2:-}
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

no_sessions()
{
	mqttkctl session show
	[ "$(mqttkctl -j session show | jq -r length)" = 0 ]
}

ulimit -n 4096
broker_start
# Nothing is to be lost by a limit.
limit max_queued_messages 100000
seed=(${SEED:+-S "$SEED"})
if on_mqttk; then
	if ! results "$clients/cuts" -c "$cuts" "${seed[@]}"; then
		skip 'filters that overlap: what is left of the first run is in the way'
	elif [ -n "$overlapping" ]; then
		note 'filters that overlap: one copy, at the highest QoS'
		results "$clients/cuts" -o -c "$overlapping" "${seed[@]}"
	fi
	is "$(stat_of messages_dropped)" 0 'nothing was dropped'
	check 'no session is left' wait_for 20 no_sessions
	note "bytes of messages that are left: $(used message)"
else
	# What it gets wrong is forgiven; how well the test finds it, is not
	# tested here.
	results "$clients/cuts" -l -c "$cuts" "${seed[@]}"
fi
broker_stop
finish
