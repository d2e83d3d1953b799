#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# QoS 2 is exactly once: spin explores all of selftests/model/qos2.pml, one link
# and two in a row, with cuts at every moment; each of a few broken tables is
# found out; and the state table in mqttk's source is the model's.
# time: 240
# fast
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

need_packages spin gcc libc6-dev python3
model=$MQTTK_TOP/selftests/model
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$model/qos2.pml" .
n=0 failed=0

report()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		sed 's/^/# /' "$dir/said"
		echo "not ok $n - $2"
		failed=1
	fi
}

# build TABLE HOPS MSGS: a verifier. The compiler takes longer than most of them.
build()
{
	rm -f pan* ./*.trail
	"$model/generate" promela "$1" >qos2-table.pml &&
		spin "-DHOPS=$2" "-DMSGS=$3" -a qos2.pml &&
		gcc -w -DCOLLAPSE -o pan pan.c
} >said 2>&1

# verify: what spin has to say, in `said`. The claim is true of any beginning, so
# assertions are checked wherever the model gets.
verify()
{
	timeout 100 ./pan -a -m1000000 -w22 -n
} >said 2>&1

# holds DESCRIPTION: everything was explored, no error found.
holds()
{
	local status=0

	[ -x pan ] && verify || status=1
	grep -q 'errors: 0$' said || status=1
	! grep -qE 'Search not completed|max search depth too small' said || status=1
	report $status "$1: $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' said) states"
}

# broken ROW...: with these rows instead, spin finds an error.
broken()
{
	local row found=1

	cp "$model/qos2.table" table
	for row; do
		sed -i "s/^${row%% ->*} -> .*/$row/" table
	done
	if ! cmp -s table "$model/qos2.table" && build table 1 3; then
		verify || :
		! grep -q 'errors: [1-9]' said || found=0
	fi
	report $found "found out: $*"
}

# rows: the rows that are said in comments of the source, once each.
rows()
{
	sed -nE 's/.*\bqos2: (sender|receiver) ([A-Z]+) ([A-Z]+) -> ([a-z_]+) ([A-Z]+)\b.*/\1: \2 \3 -> \4 \5/p' \
		"$MQTTK_TOP"/mqttk/*.c | sort -u
}

build "$model/qos2.table" 1 5 || :
holds 'one link: each message once, in order, none left over'
build "$model/qos2.table" 2 2 || :
holds 'two links in a row: the same'

broken 'receiver KNOWN PUBLISH -> deliver_pubrec KNOWN'
broken 'receiver UNKNOWN PUBLISH -> deliver_pubrec UNKNOWN'
broken 'receiver KNOWN PUBREL -> pubcomp KNOWN'
broken 'receiver UNKNOWN PUBREL -> ignore UNKNOWN'
broken 'sender PUBLISHED RESUME -> ignore PUBLISHED'
broken 'sender RELEASED RESUME -> ignore RELEASED'
broken 'sender RELEASED RESUME -> publish_dup RELEASED'
broken 'sender PUBLISHED PUBREC -> pubrel FREE'
broken 'sender PUBLISHED PUBREC -> pubrel RELEASED' \
	'sender PUBLISHED RESUME -> pubrel RELEASED'

status=0
"$model/generate" comments >model.rows
rows >code.rows
diff model.rows code.rows >said || status=1
report $status "the rows that mqttk's source says it follows are the model's"
exit $failed
