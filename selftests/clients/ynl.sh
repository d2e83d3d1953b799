#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The guest's part of static/ynl.sh; /share is what it made.
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/lib.sh"

load
results python3 "$clients/ynl.py" /share
broker_stop
finish
