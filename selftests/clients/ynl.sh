#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The guest's part of static/ynl.sh; /share is what it made.
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2119 # without parameters
load
results python3 "$clients/ynl.py" /share
denied()
{
	unshare -Urn mqttkctl "$@" 2>&1 | grep -q 'userns=1'
}
check 'a user namespace is refused, and told why' denied limit show
check 'likewise a dump that has a beginning' denied subscription show
broker_stop
finish
