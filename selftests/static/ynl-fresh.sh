#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The netlink code in the tree is what its specification gives today.
# time: 600
# fast
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

need_packages python3 python3-yaml python3-jsonschema
linux=$("$MQTTK_LIB/source" 6.12)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$MQTTK_TOP"
n=0 failed=0
PYTHONDONTWRITEBYTECODE=1 timeout 60 tools/ynl-regen.sh "$linux" "$dir" || failed=1
for file in uapi/linux/mqttk_netlink.h mqttk/netlink-gen.h mqttk/netlink-gen.c; do
	n=$((n + 1))
	if diff -u "$file" "$dir/$file"; then
		echo "ok $n - $file is fresh"
	else
		echo "not ok $n - $file is not what tools/ynl-regen.sh generates"
		failed=1
	fi
done
exit $failed
