#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own checkpatch, strict, has nothing to say about any C file that
# people wrote (generated ones are their generator's affair).
# time: 600
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/tree")
linux=$("$MQTTK_LIB/source" 6.12)
cd "$MQTTK_TOP"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# Nor has it to say how macros imitate the kernel, or are read by a prover.
"$MQTTK_LIB/sources" . | grep '\.[ch]$' |
	grep -vE '^selftests/(fuzz/shim|proof)/[^/]*\.h$' |
	xargs grep -L 'YNL-GEN' >"$dir/all" || :
# Tracepoints are written in a form of their own, in the kernel as well.
grep -x 'mqttk/trace.h' "$dir/all" >"$dir/trace" || :
grep -vE '^(tools|selftests)/|^mqttk/trace.h$' "$dir/all" >"$dir/kernel"
# In user space C has its own integer types, and libraries their own style.
grep -E '^(tools|selftests)/' "$dir/all" >"$dir/user" || :
n=0 failed=0
for kind in kernel trace user; do
	[ -s "$dir/$kind" ] || continue
	mapfile -t files <"$dir/$kind"
	n=$((n + 1))
	case $kind in
	kernel)	ignore='' ;;
	trace)	ignore=--ignore=OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT ;;
	user)	ignore=--ignore=PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,CAMELCASE,EMBEDDED_FUNCTION_NAME ;;
	esac
	if "$MQTTK_LIB/enter" "$tree" -r "$MQTTK_TOP:/src" -r "$linux:/stage" \
		sh -c 'cd /tmp && exec perl /stage/scripts/checkpatch.pl --no-tree \
			--strict --terse --no-summary --show-types "$@"' sh \
		$ignore -f "${files[@]/#//src/}"
	then
		echo "ok $n - checkpatch --strict on ${#files[@]} $kind files"
	else
		echo "not ok $n - checkpatch --strict on $kind files"
		failed=1
	fi
done
exit $failed
