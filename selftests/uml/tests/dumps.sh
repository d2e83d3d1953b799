#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Dumps under KASAN, lockdep and the leak detector: while what they show comes
# and goes, given up in the middle, with their client's session ending under
# them; and every request while each of the module's allocations fails in turn:
# the answer is right, or it is an error that says why.
# time: 600
# mem: 768
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

n=300 m=3000
dumps=/selftests/netlink/nl-dumps
debug=/sys/kernel/debug

# session_ends: of the client whose subscriptions are being shown
session_ends()
{
	"$dumps" client -n "$n" -m "$m" -c 0 -r 2 &&
		mqttkctl session del many && "$dumps" many -m "$m"
}

# Only what has the module on its stack fails.
prepare_faults()
{
	local kind size base

	size=$(awk '$1 == "mqttk" { print $2 }' /proc/modules)
	base=$(awk '$1 == "mqttk" { print $6 }' /proc/modules)
	# Either kind counts down, so each must know whose allocations count.
	for kind in failslab fail_page_alloc; do
		echo N >$debug/$kind/ignore-gfp-wait
		echo 0 >$debug/$kind/verbose
		echo 32 >$debug/$kind/stacktrace-depth
		echo "$base" >$debug/$kind/require-start
		printf '0x%x\n' $((base + size)) >$debug/$kind/require-end
	done
}

# with_nth NTH COMMAND...: the NTH allocation fails
with_nth()
{
	local nth=$1

	shift
	(
		echo "$nth" >/proc/self/fail-nth
		exec "$@"
	)
}

# starved COMMAND...: each allocation fails once. Sets $failures.
starved()
{
	local nth status

	failures=0
	for ((nth = 1; nth <= 12; nth++)); do
		with_nth "$nth" "$@" >"$tmp/said" 2>&1
		status=$?
		case $status in
		0)	continue ;;
		1)	failures=$((failures + 1)) ;;
		*)	cat "$tmp/said"; return 1 ;;
		esac
		# The kernel's word for it, and not only the error's name.
		grep -qE 'no (memory|room)|over client_memory' "$tmp/said" || {
			echo "allocation $nth: $(cat "$tmp/said")"
			return 1
		}
	done
}

ulimit -n 4096
broker_start
limit sys_interval 0
check "$n clients subscribe and leave" "$clients/absent" subscribe -n "$n"
check "one has $m subscriptions" "$dumps" many -m "$m"
check "$m messages are retained" "$dumps" retain -m "$m"
for what in sessions subscriptions filter client retained; do
	check "what lasts is shown once: $what" "$dumps" "$what" -n "$n" -m "$m"
	check "some are given up: $what" "$dumps" "$what" -r 2 -c 0
done
check 'the session ends while its subscriptions are shown' session_ends
(
	for ((i = 0; i < 20; i++)); do
		"$dumps" retained -n "$n" -m "$m" -c 0 -r 1
		"$dumps" subscriptions -n "$n" -m "$m" -c 0 -r 1
	done
) >"$tmp/beside" 2>&1 &
check 'all is removed while others look' mqttkctl retained del '#'
wait $!
check 'a message to be shown' mqttkctl retained set keep/1 x

if [ -e /proc/self/fail-nth ]; then
	prepare_faults
	while read -r words; do
		# shellcheck disable=SC2086 # words
		check "without memory: $words" starved mqttkctl $words
		at_least "$failures" 1 'of its allocations failed and were told'
	done <<-END
		listener show $HOST:$PORT
		session show absent-1
		subscription show client absent-1
		subscription show filter absent/all
		subscription show
		retained show
		retained get keep/1
		retained set keep/2 y
		retained del nothing/#
		limit show max_keepalive
		stats
	END
	check 'with memory again' mqttkctl retained get keep/1
else
	skip 'no fault injection in this kernel'
fi
broker_stop
finish
