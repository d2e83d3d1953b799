#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A network namespace with a busy broker in it is deleted, a hundred times
# under KASAN, lockdep and kmemleak.
# time: 1800
# mem: 768
# shellcheck source=selftests/clients/netns.sh
. "$(dirname "$0")/../../clients/netns.sh" "${ROUNDS:-100}"
