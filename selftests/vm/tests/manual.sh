#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The examples of mqttk(7), typed as they stand there, one after the other:
# each command succeeds and what it prints is what the page says.
# kernels: 6.12
# time: 300
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

# The page's examples: commands behind "# ", go on in the next line after | and
# do; whatever else is indented so far is what they print. An example ends with
# an empty line, and what it left in the background with it. What traces is for
# traces.sh.
mandoc -T ascii -O width=200 /usr/share/man/man7/mqttk.7 | sed 's/.\x08//g' |
	awk '
		!/[^ ]/ { if (example) print "."; example = 0; next }
		/^           # bpftrace/ { next }
		/^           # / { example = 1 }
		!example { next }
		sub(/^               */, ">") { print; next }
		{ print substr($0, 12) }' >"$tmp/page"
grep '^# ' "$tmp/page" | sed 's/^# //' >"$tmp/first"
at_least "$(wc -l <"$tmp/first")" 12 'commands on the page'

reads()
{
	[ "$(mqttkctl -j client show | jq 'map(.subscriptions) | add')" -gt 0 ]
}

# What the commands say, those in the background too, goes to $tmp/said.
command='' expected=0
: >"$tmp/said"
modprobe -r mqttk
run()
{
	[ -n "$command" ] || return 0
	# The shell that people type into goes on: no subshell.
	if [ "${command%&}" != "$command" ]; then
		eval "$command" >>"$tmp/said" 2>&1
		check "${command%&}: is there" wait_for 20 reads
	else
		eval "$command" >>"$tmp/said" 2>&1
		is $? 0 "$command"
	fi
	command=
}
said()
{
	grep -qxF -- "$1" "$tmp/said"
}
cd "$tmp" || exit 1
# A name that no example uses.
while IFS= read -r typed <&3; do
	case $typed in
	'# '*)	run; command=${typed#\# } ;;
	'>'*)	command="$command ${typed#>}" ;;
	.)	run; kill %% 2>/dev/null ;;
	*)
		run
		expected=$((expected + 1))
		check "it says: $typed" wait_for 20 said "$typed"
		;;
	esac
done 3<"$tmp/page"
at_least "$expected" 4 'answers on the page'
note "$(cat "$tmp/said")"
modprobe -r mqttk
finish
