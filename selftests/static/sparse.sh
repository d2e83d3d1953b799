#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sparse finds nothing on 6.12: no mixed byte orders, address spaces, or locks
# that are left held.
# time: 600
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/tree")
version=$(cat "$tree/mqttk/kernel/6.12/version")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
"$MQTTK_LIB/sources" -c "$dir/src" Kbuild compat mqttk uapi
"$MQTTK_LIB/enter" "$tree" -b "$dir/src:/build" make -s -j2 \
	-C "/usr/lib/modules/$version/build" M=/build C=2 modules \
	>"$dir/log" 2>&1 || { cat "$dir/log"; echo "not ok 1 - it builds"; exit 1; }
if grep -E '^/build.*(warning|error):' "$dir/log"; then
	echo "not ok 1 - sparse, C=2, on $version"
	exit 1
fi
echo "ok 1 - sparse, C=2, on $version"
