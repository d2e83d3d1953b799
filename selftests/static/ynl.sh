#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whoever has the specification and the kernel's own tool for such needs nothing
# else: cli.py does every operation in a virtual machine, in every mode, and
# hears every event.
# time: 600
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

linux=$("$MQTTK_LIB/source" 6.12)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# As the kernel's tree has them: cli.py looks for the schema from the
# specification on.
mkdir -p "$dir/tools/net" "$dir/Documentation/netlink/specs"
cp -r "$linux/tools/net/ynl" "$dir/tools/net/"
cp "$linux"/Documentation/netlink/*.yaml "$dir/Documentation/netlink/"
cp "$MQTTK_TOP/Documentation/netlink/specs/mqttk.yaml" \
	"$dir/Documentation/netlink/specs/"
"$MQTTK_TOP/selftests/vm/run" -t 300 -d "$dir" /selftests/clients/ynl.sh
