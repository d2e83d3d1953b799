#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every command of mqttkctl once more, under KASAN, lockdep and kmemleak.
# time: 600
exec "$(dirname "$0")/../../vm/tests/mqttkctl.sh"
