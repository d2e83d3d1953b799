#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds without a warning on Debian 12, with the kernel headers of
# its backports: the oldest compiler and the oldest 6.12 there are.
# time: 600
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/floor")
version=$(cat "$tree/mqttk/floor")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
"$MQTTK_LIB/sources" -c "$dir/src" Kbuild compat mqttk uapi
if "$MQTTK_LIB/enter" "$tree" -b "$dir/src:/build" make -s -j2 \
	-C "/lib/modules/$version/build" M=/build KCFLAGS=-Werror modules \
	>"$dir/log" 2>&1
then
	echo "ok 1 - $version"
else
	cat "$dir/log"
	echo "not ok 1 - $version"
	exit 1
fi
