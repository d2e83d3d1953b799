#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The core of the broker, in a process under the sanitizers: what the fuzzer has
# learnt so far goes well again, and so do some thousand inputs made from it: all
# answers are packets that a client understands, messages are what was published
# and match, arrive once and in order, nothing leaks, no budget is exceeded. And
# the fuzzer finds the faults that are put in for it to find.
# time: 900
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/prover")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$MQTTK_LIB/sources" -c "$dir" Kbuild mqttk uapi selftests/fuzz

# run TARGET: makes it where clang is; what it says is in $dir/log.
run()
{
	"$MQTTK_LIB/enter" "$tree" -b "$dir:/build" \
		make -s -C /build/selftests/fuzz CLANG=clang "$1" \
		>"$dir/log" 2>&1 </dev/null
}

failed=0
if run replay-proto; then
	echo "ok 1 - the core of the broker, $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' \
		"$dir/log") inputs"
else
	grep -vE '^(INFO|#)' "$dir/log" | tail -n 60 | sed 's/^/# /'
	echo "not ok 1 - the core of the broker"
	failed=1
fi
if run mutants-proto; then
	sed 's/^ok/#/' "$dir/log"
	echo "ok 2 - faults in the core of the broker are found"
else
	tail -n 60 "$dir/log" | sed 's/^/# /'
	echo "not ok 2 - faults in the core of the broker are found"
	failed=1
fi
exit $failed
