# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Reporting in TAP for tests written in shell, and what most of them need. To
# be sourced; a test looks like this:
#
#	. "$(dirname "$0")/../../lib/ktap.sh"
#	load                                    # the module, or end as failed
#	check 'a client can connect' mosquitto_pub -t a -m b
#	finish
#
# `finish` must be reached: a script that ends before it has failed.

ktap_count=0 ktap_failed=0 ktap_finished=''
ktap_tmp=$(mktemp -d)
mkfifo "$ktap_tmp/never"
exec {ktap_never}<>"$ktap_tmp/never"

# What a test that ends says of itself.
ktap_exit()
{
	local status=$?

	rm -rf "$ktap_tmp"
	[ -z "$ktap_finished" ] || exit "$status"
	echo "not ok $((ktap_count + 1)) - the script ended early, status $status"
	exit 1
}
trap ktap_exit EXIT

pass()
{
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count - $*"
}

fail()
{
	ktap_count=$((ktap_count + 1)) ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_count - $*"
}

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# check DESCRIPTION COMMAND...: COMMAND succeeds; its output is shown if not.
check()
{
	local what=$1 status

	shift
	"$@" >"$ktap_tmp/output" 2>&1
	status=$?
	if [ $status = 0 ]; then
		pass "$what"
	else
		fail "$what"
		note "status $status of: $*"
		head -n 40 "$ktap_tmp/output" | sed 's/^/# /'
	fi
	return $status
}

# check_not DESCRIPTION COMMAND...: COMMAND fails.
check_not()
{
	local what=$1

	shift
	if "$@" >"$ktap_tmp/output" 2>&1; then
		fail "$what"
		note "succeeded: $*"
		head -n 40 "$ktap_tmp/output" | sed 's/^/# /'
		return 1
	fi
	pass "$what"
}

# is GOT EXPECTED DESCRIPTION
is()
{
	if [ "$1" = "$2" ]; then
		pass "$3"
		return 0
	fi
	fail "$3"
	note "expected: $2"
	note "got:      $1"
	return 1
}

skip()
{
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count # SKIP $*"
}

# skip_all WHY: this test makes no sense here.
skip_all()
{
	echo "1..0 # SKIP $*"
	ktap_finished=1
	exit 4
}

finish()
{
	echo "1..$ktap_count"
	ktap_finished=1
	[ $ktap_failed = 0 ] || exit 1
	exit 0
}

# each_line PROGRAM...: each line that it prints is a test, 'ok ...' or
# 'failed ...', or a note; and so is that it came to its end.
each_line()
{
	local line status

	"$@" >"$ktap_tmp/lines" 2>&1
	status=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) pass "${line#ok }" ;;
		'failed '*) fail "${line#failed }" ;;
		*) note "$line" ;;
		esac
	done <"$ktap_tmp/lines"
	is "$status" 0 "all of ${1##*/} ran"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for()
{
	local end=$((SECONDS + $1 + 1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		# What never says anything: a pause that starts no process.
		read -rt 0.1 <&"$ktap_never" || :
	done
}

# load [PARAMETER...]: the module, freshly loaded.
load()
{
	modprobe -r mqttk 2>/dev/null
	modprobe mqttk "$@" || {
		fail "modprobe mqttk $*"
		finish
	}
}

not_connected()
{
	! mqttkctl client show id "$1"
}

# left ID: the broker has seen client ID go. One that has exited may still have
# acknowledgments and a DISCONNECT that wait to be read: who connects with its
# client id before they are takes the session over as it was.
left()
{
	wait_for 30 not_connected "$1"
}

# port_open PORT [ADDRESS]: somebody accepts connections there.
port_open()
{
	nc -z -w 1 "${2:-127.0.0.1}" "$1"
}
