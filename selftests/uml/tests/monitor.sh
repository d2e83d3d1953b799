#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mqttkctl monitor once more, under KASAN, lockdep and kmemleak.
# time: 600
exec "$(dirname "$0")/../../vm/tests/monitor.sh"
