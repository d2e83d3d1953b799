#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modprobe -r under 200 busy clients returns at once and harms nothing, again
# and again; an open /dev/mqtt gives EBUSY; so does the end of a namespace with
# a busy broker in it.
# time: 480
# mem: 1024
# fast
# shellcheck source=selftests/clients/unload.sh
. "$(dirname "$0")/../../clients/unload.sh" "${ROUNDS:-8}"
