#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modprobe -r under 200 busy clients, and an open /dev/mqtt, a hundred times
# under KASAN, lockdep and kmemleak.
# time: 1800
# mem: 768
# shellcheck source=selftests/clients/unload.sh
. "$(dirname "$0")/../../clients/unload.sh" "${ROUNDS:-100}"
