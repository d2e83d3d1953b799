#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The harness itself can fail: a guest's output and status come through
# unchanged, and one that warns, dies or hangs is told apart from one that is
# well, in virtual machines and in User Mode Linux. One that dies before there
# was anything to test is started again, and that is said. Without this nothing
# that the other tests say would mean much.
# time: 900
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
	# For selftests/run to tell of; not those that only seemed to (dying).
	[ "$1" = env ] ||
		grep -aF 'the guest died while booting' "$dir/err" | sed 's/^/# /' || :
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
		'printf "a\nb\0\tc"; nproc >/share/shared; exit 7'
	n=$((n + 1))
	cpus=2
	[ "$runner" != uml/run ] || cpus=1
	if [ "$(cat "$dir/shared" 2>/dev/null)" = $cpus ]; then
		echo "ok $n - $runner: a shared directory, and $cpus processors"
	else
		failed=1
		echo "not ok $n - $runner: a shared directory, and $cpus processors"
	fi
	rm -f "$dir/shared"
done
for runner in 'vm/run -s 1' uml/run; do
	# shellcheck disable=SC2086
	expect 125 '' "$runner: a warning in the kernel's log fails" $runner \
		'echo "WARNING: not a real one" >/dev/kmsg'
	# shellcheck disable=SC2086
	expect 124 'begun\n' "$runner: the time limit" $runner -t 5 \
		'echo begun; sleep 60'
done
expect 125 'begun\n' 'vm/run: a panic' vm/run -s 1 \
	'echo begun; sleep 1; echo c >/proc/sysrq-trigger; sleep 30'
expect 125 'begun\n' 'uml/run: a panic' uml/run \
	'echo begun; sleep 1; echo c >/proc/sysrq-trigger; sleep 30'

# In QEMU's place: as many guests as $dir/deaths says die while they boot, with
# $dir/oops in their log.
mkdir "$dir/bin"
cat >"$dir/bin/qemu-system-x86_64" <<END
#!/bin/bash
read -r deaths <"$dir/deaths"
[ "\$deaths" -gt 0 ] || exec env PATH="$PATH" qemu-system-x86_64 "\$@"
echo \$((deaths - 1)) >"$dir/deaths"
for arg; do
	[[ \$arg != file,id=log,path=* ]] || cp "$dir/oops" "\${arg#*path=}"
done
END
chmod +x "$dir/bin/qemu-system-x86_64"

# dying DEATHS OOPS RESTARTS STATUS OUTPUT DESCRIPTION
dying()
{
	echo "$1" >"$dir/deaths"
	printf '%b' "$2" >"$dir/oops"
	expect "$4" "$5" "$6" env PATH="$dir/bin:$PATH" vm/run -s 1 'echo begun'
	n=$((n + 1))
	if [ "$(grep -c 'died while booting.*started again' "$dir/err")" = "$3" ]; then
		echo "ok $n - $6: started again $3 times, and says so"
	else
		failed=1
		echo "not ok $n - $6: started again $3 times, and says so"
		sed 's/^/# /' "$dir/err"
	fi
}

dying 2 'a\nOops: int3: 0000\nb\n' 2 0 'begun\n' 'vm/run: two guests die while booting'
dying 3 'a\nOops: int3: 0000\nb\n' 2 125 '' 'vm/run: three guests die while booting'
dying 1 'a\nOops: int3: 0000\nmqttk_foo\n' 0 125 '' 'vm/run: one dies with mqttk in its log'
dying 1 'a\nb\n' 0 125 '' 'vm/run: one ends without a word'
# What selftests/run shows of a test that failed, its guest's kernel having
# complained between much that is of no use.
MQTTK_RESULTS=$dir/results
mkdir "$MQTTK_RESULTS"
# shellcheck source=selftests/lib/sched.sh
. "$MQTTK_LIB/sched.sh"
{
	seq -f 'before %g' 500
	echo 'WARNING: possible recursive locking detected'
	seq -f 'splat %g' 115
	seq -f 'after %g' 500
} >"$dir/klog"
{
	seq -f '# noise %g' 300
	echo 'not ok 1 - something'
	klog_check "$dir/klog" 2>&1 | sed 's/^/# /' || :
} >"$dir/output"
echo some/test.sh >"$MQTTK_RESULTS/tests"
{
	report some/test.sh 125 1 "$dir/output"
	summary "$MQTTK_RESULTS" || :
} >"$dir/report"

# shows DESCRIPTION COMMAND...
shows()
{
	local what=$1

	shift
	n=$((n + 1))
	if "$@" >/dev/null; then
		echo "ok $n - $what"
	else
		failed=1
		echo "not ok $n - $what"
		sed 's/^/# /' "$dir/report"
	fi
}

shows 'a report: the complaint comes first' \
	grep -q "complained" <(sed -n 3p "$dir/report")
shows 'a report: all of the complaint' \
	test "$(grep -c '^ *splat' "$dir/report")" = 115
shows 'a report: the beginning and the end of the rest' \
	grep -q '^ *# noise 1$' "$dir/report"
shows 'a report: the end of the log' grep -q '^ *# after 500$' "$dir/report"
shows 'a report: who failed' grep -qx 'failed: some/test.sh' "$dir/report"
shows 'a report: the last line' \
	grep -qx '0 passed, 1 failed, 0 skipped' <(tail -n 1 "$dir/report")
exit $failed
