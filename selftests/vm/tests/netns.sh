#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A network namespace with a busy broker in it is deleted, again and again.
# time: 480
# mem: 1024
# shellcheck source=selftests/clients/netns.sh
. "$(dirname "$0")/../../clients/netns.sh" "${ROUNDS:-8}"
