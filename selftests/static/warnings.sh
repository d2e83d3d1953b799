#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds on both of Debian's kernels, and the tools and the tests'
# programs build, without a warning, at the kernel's W=1.
# time: 600
# fast
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/tree")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0 failed=0
for series in 6.12 7.3; do
	version=$(cat "$tree/mqttk/kernel/$series/version")
	n=$((n + 1))
	mkdir "$dir/$series"
	"$MQTTK_LIB/sources" -c "$dir/$series" Kbuild compat mqttk uapi
	if "$MQTTK_LIB/enter" "$tree" -b "$dir/$series:/build" make -s -j2 \
		-C "/usr/lib/modules/$version/build" M=/build W=1 \
		KCFLAGS=-Werror modules >"$dir/log" 2>&1 &&
		! grep -E '^(/build|mqttk|compat).*warning:|modpost:.*WARNING' "$dir/log"
	then
		echo "ok $n - W=1 -Werror on $version"
	else
		cat "$dir/log"
		echo "not ok $n - W=1 -Werror on $version"
		failed=1
	fi
done
n=$((n + 1))
user=$("$MQTTK_LIB/build" user)
if [ -s "$user/selftests/broken" ]; then
	sed 's/^/# does not build: /' "$user/selftests/broken"
	echo "not ok $n - tools and test programs build"
	failed=1
else
	echo "ok $n - tools and test programs build"
fi
exit $failed
