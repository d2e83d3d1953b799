#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The structures there are many of, and those that every message reads, are as
# large as selftests/static/pahole.table says, and nothing that is written by
# clients that come and go shares a cache line with what every message reads. To
# change a size on purpose: UPDATE=1 selftests/static/pahole.sh, and commit what
# it has written, saying why.
# time: 300
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

need_packages pahole
table=$MQTTK_TOP/selftests/static/pahole.table
modules=$("$MQTTK_LIB/build" 6.12)
ko=$(find "$modules" -name mqttk.ko | head -n 1)
[ -n "$ko" ] || die "there is no mqttk.ko in $modules"
exec python3 "$MQTTK_TOP/selftests/static/pahole.py" "$ko" "$table"
