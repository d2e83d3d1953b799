#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A network namespace with a busy broker in it is deleted, a hundred times with
# its clients in it and fifty times with clients elsewhere, under KASAN, lockdep
# and kmemleak.
# time: 1800
# mem: 768
# shellcheck source=selftests/clients/netns.sh
. "$(dirname "$0")/../../clients/netns.sh" "${ROUNDS:-100}" "${OUTSIDE:-50}"
