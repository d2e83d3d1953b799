# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# How selftests/run gets its tests done: two at a time, three where those leave
# much of the processors idle, the long preparations (kernels, images) first and
# shared, each result printed as it comes. To be sourced after common.sh; works
# in $MQTTK_RESULTS.

# shellcheck source=selftests/lib/klog.sh
. "$MQTTK_LIB/klog.sh"

sched_slots=2
sched_uml=''

# running: the processes of jobs that have not ended. Each has its number in a
# file until then: in a run as long as this numbers are used again, for others'
# processes, and bash forgets how its own ended.
running()
{
	local mark pid

	for mark in "$MQTTK_RESULTS"/job.*; do
		pid=$(cat "$mark" 2>/dev/null) || continue
		if kill -0 "$pid" 2>/dev/null; then echo "$pid"; fi
	done
}

kill_jobs()
{
	local pid

	for pid in $(running); do
		kill -TERM "$pid" 2>/dev/null || :
	done
	wait
}

# job COMMAND...: in the background.
job()
{
	local mark

	mark=$(mktemp "$MQTTK_RESULTS/new.XXXXXX")
	(
		trap 'rm -f "$MQTTK_RESULTS/job.$BASHPID"' EXIT
		until [ -e "$MQTTK_RESULTS/job.$BASHPID" ]; do sleep 0.1; done
		"$@"
	) &
	echo $! >"$mark"
	mv "$mark" "$MQTTK_RESULTS/job.$!"
}

# excerpt: standard input: what the guest's kernel complained about whole, and
# first; of the rest, if it is long, not the middle: what went wrong first is at
# the beginning, what came of it at the end.
excerpt()
{
	awk -v mark="$KLOG_MARK" '
		{ line = $0; sub(/^# /, "", line) }
		index(line, mark) == 1 {
			if (++marked <= 130)
				print substr(line, length(mark) + 1)
			next
		}
		++n <= 80 { first[n] = $0; next }
		{ last[n % 80] = $0 }
		END {
			for (i = 1; i <= n && i <= 80; i++)
				print first[i]
			if (n > 160)
				print "[" n - 160 " lines left out]"
			for (i = (n > 160 ? n - 79 : 81); i <= n; i++)
				print last[i % 80]
		}'
}

# restarts FILE: tell of guests that were started again, though all went well
# then: nobody should have to guess how often that happens.
restarts()
{
	(
		flock 6
		grep -ahF 'the guest died while booting' "$1" |
			tee -a "$MQTTK_RESULTS/restarts" | sed 's/^\(# \)\{0,1\}/note  /'
	) 6>>"$MQTTK_RESULTS/words.lock" || :
}

# report NAME STATUS SECONDS OUTPUT: one line, and what a failure printed.
report()
{
	local name=$1 status=$2 seconds=$3 output=$4 points word

	points=$(grep -cE '^(not )?ok ' "$output") || :
	case $status in
	0)	word=ok ;;
	4)	word=skip ;;
	*)	word=FAIL ;;
	esac
	# A test that fails in a point and exits 0 has failed.
	if [ "$status" = 0 ] && grep -qE '^not ok ' "$output"; then
		word=FAIL
	fi
	(
		flock 6
		echo "$word" >>"$MQTTK_RESULTS/words"
		printf '%-5s %s (%s points, %s s)\n' "$word" "$name" "$points" "$seconds"
		if [ $word = FAIL ]; then
			echo "$name" >>"$MQTTK_RESULTS/failed"
			echo "      status $status; it said:"
			grep -vE '^ok ' "$output" | excerpt | sed 's/^/      /'
		elif [ $word = skip ]; then
			grep -m1 SKIP "$output" | sed 's/^/      /'
		fi
	) 6>>"$MQTTK_RESULTS/words.lock"
}

# A test of the machine itself.
run_static()
{
	local test=$1 seconds=$2 start=$SECONDS status=0
	local output=$MQTTK_RESULTS/${1//\//_}

	timeout -k 10 "$seconds" "./$test" >"$output" 2>&1 </dev/null || status=$?
	restarts "$output"
	report "$test" "$status" $((SECONDS - start)) "$output"
}

run_uml()
{
	local test=$1 seconds=$2 mem=$3 start status=0
	local output=$MQTTK_RESULTS/${1//\//_}

	start=$SECONDS
	uml/run -t "$seconds" -m "$mem" "/selftests/$test" \
		>"$output" 2>&1 </dev/null || status=$?
	report "$test" "$status" $((SECONDS - start)) "$output"
}

# run_vm KERNEL MEM CPUS SECONDS TEST:SECONDS...: several in one guest; those
# that the guest did not live to see run in another.
run_vm()
{
	local kernel=$1 mem=$2 cpus=$3 seconds=$4 test status start rest
	local output

	shift 4
	output=$(mktemp "$MQTTK_RESULTS/vm.XXXXXX")
	while [ $# -gt 0 ]; do
		start=$SECONDS status=0
		MQTTK_LOG=$output.klog vm/run -k "$kernel" -m "$mem" -s "$cpus" \
			-t "$seconds" "/selftests/lib/batch $*" \
			>"$output" 2>"$output.err" </dev/null || status=$?
		restarts "$output.err"
		rest=()
		for test; do
			vm_result "${test%:*}" "$kernel" "$output" "$status" \
				$((SECONDS - start)) || rest+=("$test")
		done
		# What the kernel said outside of any test is a failure, too.
		if [ "$status" != 0 ] && [ ${#rest[@]} = 0 ] &&
			! grep -q '^@@end [^ ]* [^04]' "$output" &&
			[ "$(grep -c '^@@begin' "$output")" = \
			  "$(grep -c '^@@end' "$output")" ]; then
			echo "vm/guest@$kernel" >>"$MQTTK_RESULTS/tests"
			report "vm/guest@$kernel" "$status" \
				$((SECONDS - start)) "$output.err"
		fi
		# A guest that began nothing at all will not do better again.
		if [ ${#rest[@]} = $# ]; then
			for test; do
				report "${test%:*}@$kernel" "$status" \
					$((SECONDS - start)) "$output.err"
			done
			break
		fi
		set -- "${rest[@]}"
	done
}

# vm_result TEST KERNEL OUTPUT STATUS SECONDS: report one test of a guest's
# output; fails if it has not begun there.
vm_result()
{
	local test=$1 kernel=$2 output=$3 status=$4 seconds=$5
	local own=$MQTTK_RESULTS/${1//\//_}@$2

	awk -v t="$test" '$1 == "@@begin" && $2 == t { on = 1; print; next }
		on { print }
		$1 == "@@end" && $2 == t { exit }' "$output" >"$own"
	grep -q '^@@begin ' "$own" || return 1
	if grep -q '^@@end ' "$own"; then
		read -r _ _ status seconds < <(grep '^@@end ' "$own")
	else
		cat "$output.err" >>"$own"
		[ "$status" != 0 ] || status=125
	fi
	sed -i '/^@@/d' "$own"
	report "$test@$kernel" "$status" "$seconds" "$own"
}

# batches FILE: the virtual machines' tests, as lines `KERNEL MEM CPUS SECONDS
# TEST:SECONDS...`: the same kind of guest, at most eight tests and five
# minutes together; the longest first, so that the end is not one long wait.
batches()
{
	grep '^vm/' "$1" | sed 's/@/ /' | sort -k2,2 -k4,4n -k5,5n -k6,6n | awk '
		function flush() {
			if (n)
				print total + 5 * n, kernel, mem, cpus, total + 10 * n, tests
			n = total = 0
			tests = ""
		}
		{
			if ($6 || n >= 8 || total + $3 > 300 ||
			    $2 != kernel || $4 != mem || $5 != cpus || alone)
				flush()
			kernel = $2; mem = $4; cpus = $5; alone = $6
			tests = tests " " $1 ":" $3
			total += $3
			n++
		}
		END { flush() }' | sort -rn | cut -d' ' -f2-
}

# idle_lately: whether in the last five seconds more than a third of the machine
# went unused, or to what has nice to give way, and memory is there for a guest.
# Many tests wait for a clock most of their time.
sched_samples=()
idle_lately()
{
	local user nice system idle wait rest oldest free

	read -r _ user nice system idle wait rest </proc/stat
	sched_samples+=("$((idle + wait + nice)) $((user + nice + system + idle + wait))")
	[ ${#sched_samples[@]} -gt 25 ] || return 1
	read -r -a oldest <<<"${sched_samples[0]}"
	sched_samples=("${sched_samples[@]:1}")
	free=$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)
	[ $((3 * (idle + wait + nice - oldest[0]))) -gt \
		$((user + nice + system + idle + wait - oldest[1])) ] &&
		[ "$free" -gt 3000000 ]
}

# slot COMMAND...: run it as soon as fewer than so many are running, of which
# building the UML kernel is one, or there is room for one more.
slot()
{
	local n

	sched_samples=()
	while :; do
		n=$(running | wc -l)
		[ "$n" -ge $sched_slots ] || break
		[ "$n" -gt $sched_slots ] || ! idle_lately || break
		sleep 0.2
	done
	job "$@"
}

build_uml()
{
	local status=0

	nice -n 10 uml/kernel 6.12 >/dev/null || status=$?
	echo $status >"$MQTTK_RESULTS/uml-kernel"
}

# wait_jobs [FILE]: until all have ended, or one has written FILE.
wait_jobs()
{
	while [ -n "$(running)" ] && [ ! -s "$MQTTK_RESULTS/${1:-none}" ]; do
		sleep 0.2
	done
}

run_all()
{
	local tests=$1 test seconds mem rest broken=''

	: >"$MQTTK_RESULTS/words"
	: >"$MQTTK_RESULTS/restarts"
	"$MQTTK_LIB/tree" >/dev/null
	if grep -q '^uml/' "$tests"; then
		job build_uml
		sched_uml=1
	fi
	if grep -q '^vm/' "$tests"; then
		need_packages qemu-system-x86
		"$MQTTK_LIB/image" >/dev/null
		batches "$tests" >"$MQTTK_RESULTS/batches"
		while read -r rest; do
			# shellcheck disable=SC2086 # a list of words
			slot run_vm $rest
		done <"$MQTTK_RESULTS/batches"
	fi
	while read -r test seconds mem rest; do
		case $test in
		static/*)	slot run_static "$test" "$seconds" ;;
		esac
	done <"$tests"
	if [ -n "$sched_uml" ]; then
		wait_jobs 'uml-kernel'
		[ "$(cat "$MQTTK_RESULTS/uml-kernel" 2>/dev/null)" = 0 ] || broken=1
	fi
	while read -r test seconds mem rest; do
		case $test in
		uml/*)	;;
		*)	continue ;;
		esac
		# Each would try to build the kernel again.
		if [ -n "$broken" ]; then
			echo 'not ok 1 - the UML kernel builds' >"$MQTTK_RESULTS/uml"
			report "$test" 125 0 "$MQTTK_RESULTS/uml"
		else
			slot run_uml "$test" "$seconds" "$mem"
		fi
	done < <(sort -k2,2nr "$tests")
	wait_jobs
}

# summary: which tests failed, the last line, and the exit status.
summary()
{
	local passed failed skipped

	passed=$(grep -c '^ok' "$MQTTK_RESULTS/words") || :
	failed=$(grep -c '^FAIL' "$MQTTK_RESULTS/words") || :
	skipped=$(grep -c '^skip' "$MQTTK_RESULTS/words") || :
	# A test that got lost has failed.
	failed=$((failed + $(wc -l <"$MQTTK_RESULTS/tests") - passed - failed - skipped))
	[ ! -s "$MQTTK_RESULTS/failed" ] ||
		echo "failed: $(sort "$MQTTK_RESULTS/failed" | tr '\n' ' ' | sed 's/ $//')"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}
