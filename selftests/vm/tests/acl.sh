#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Access control lists: what clients are let do and told, in every way in which a
# message goes; that a change holds at once; lists that are none; and lists made
# at random, which permit what they do with mosquitto. At the end the module is
# unloaded with one in force.
# time: 600
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

load
results python3 -B "$clients/acl.py" said change netlink beside

# With the tools that people have.
cat >"$tmp/acl" <<'END'
# Those without a name
topic read news/#
topic write listen/ready

user hub
topic readwrite #

pattern write dev/%c/up
END
cat >"$tmp/conf" <<END
listener $PORT $HOST
allow_anonymous true
acl_file $tmp/acl
END
check 'apply takes acl_file' mqttkctl apply "$tmp/conf"
check 'a list that is wrong is told by file and line, and changes nothing' \
	test "$(printf 'topic read a\ntopic read a/#/b\n' | mqttkctl acl load - 2>&1 |
		grep -c 'standard input:2: a/#/b: ')" = 1 # the kernel says what
mqttkctl acl show >"$tmp/shown"
is "$(grep -v '^#\|^$' "$tmp/shown" | sort)" "$(grep -v '^#\|^$' "$tmp/acl" | sort)" \
	'acl show: as it was written'
is "$(mqttkctl show | grep ^acl_file)" "acl_file $tmp/acl" 'show: where it is'
listen "$tmp/hub" -u hub -t 'dev/#' -v -C 3 || fail 'the hub is there'
pub -i d1 -t dev/d1/up -m mine -q 1
pub -i d2 -t dev/d1/up -m anothers -q 1
pub -i d2 -t dev/d2/up -m own -q 1
wait_for 60 not_connected hub
wait "$listener"
is "$(tail -n +2 "$tmp/hub")" "dev/d1/up mine
dev/d2/up own" 'what %c permits comes, and nothing else'
check 'the module can be unloaded with a list in force' timeout 60 modprobe -r mqttk
finish
