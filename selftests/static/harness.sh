#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The harness itself can fail: a guest's output and status come through
# unchanged, and one that warns, dies or hangs is told apart from one that is
# well, in virtual machines and in User Mode Linux. Without this nothing that
# the other tests say would mean much.
# time: 600
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

cd "$MQTTK_TOP/selftests"
n=0 failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# expect STATUS OUTPUT DESCRIPTION RUNNER...
expect()
{
	local status=$1 output=$2 what=$3 got=0

	shift 3
	"$@" >"$dir/out" 2>"$dir/err" || got=$?
	n=$((n + 1))
	printf '%b' "$output" >"$dir/expected"
	if [ $got = "$status" ] && cmp -s "$dir/out" "$dir/expected"; then
		echo "ok $n - $what"
	else
		failed=1
		echo "not ok $n - $what"
		echo "# status $got instead of $status; it printed:"
		cat "$dir/out" "$dir/err" | tail -n 40 | sed 's/^/# /'
	fi
}

for runner in 'vm/run -k 6.12' 'vm/run -k 7.3' uml/run; do
	# shellcheck disable=SC2086 # a command and its options
	expect 7 'a\nb\0\tc' "$runner: output and status" $runner -d "$dir" \
		'printf "a\nb\0\tc"; echo x >/share/shared; exit 7'
	n=$((n + 1))
	if [ "$(cat "$dir/shared" 2>/dev/null)" = x ]; then
		echo "ok $n - $runner: a shared directory"
	else
		failed=1
		echo "not ok $n - $runner: a shared directory"
	fi
	rm -f "$dir/shared"
done
for runner in 'vm/run -s 1' uml/run; do
	# shellcheck disable=SC2086
	expect 125 '' "$runner: a warning in the kernel's log fails" $runner \
		'echo "WARNING: not a real one" >/dev/kmsg'
	# shellcheck disable=SC2086
	expect 124 'begun\n' "$runner: the time limit" $runner -t 3 \
		'echo begun; sleep 60'
done
expect 125 'begun\n' 'vm/run: a panic' vm/run -s 1 \
	'echo begun; sleep 1; echo c >/proc/sysrq-trigger; sleep 30'
expect 125 'begun\n' 'uml/run: a panic' uml/run \
	'echo begun; sleep 1; echo c >/proc/sysrq-trigger; sleep 30'
exit $failed
