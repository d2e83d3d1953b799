#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds without a warning for arm64 and armhf (32 bits), against
# the headers that Debian ships for their kernels.
# time: 900
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/cross")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0 failed=0
while read -r arch compiler headers; do
	n=$((n + 1))
	what="$arch, ${headers##*linux-headers-}"
	mkdir "$dir/$n"
	"$MQTTK_LIB/sources" -c "$dir/$n" Kbuild compat mqttk uapi
	if "$MQTTK_LIB/enter" "$tree" -b "$dir/$n:/build" make -s -j2 \
		-C "$headers" M=/build ARCH="$arch" CROSS_COMPILE="$compiler" \
		KCFLAGS=-Werror modules >"$dir/log" 2>&1 </dev/null &&
		! grep -E 'mqttk.*(warning|WARNING|undefined)' "$dir/log" &&
		[ -s "$dir/$n/mqttk.ko" ]
	then
		echo "ok $n - $what"
	else
		cat "$dir/log"
		echo "not ok $n - $what"
		failed=1
	fi
done <"$tree/mqttk/cross"
while read -r what; do
	n=$((n + 1))
	echo "ok $n - $what # SKIP the mirror had no headers"
done <"$tree/mqttk/missing"
# A mirror whose index of one architecture is out of step is not our fault; but
# without any headers of Debian's stable kernel there is something wrong here.
grep -q 6.12 "$tree/mqttk/cross" || {
	echo "not ok $((n + 1)) - headers of 6.12 for arm64 or armhf"
	failed=1
}
exit $failed
