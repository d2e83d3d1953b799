#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A thousand links of publishers and subscribers with sessions are cut, within
# packets and between them, in every way there is: at QoS 2 each message comes
# exactly once, at QoS 1 at least once, all in order, sent again as they were.
# time: 600
# mem: 1024
# shellcheck source=selftests/clients/cuts.sh
. "$(dirname "$0")/../../clients/cuts.sh" "${CUTS:-1500}" "${OVERLAPPING:-500}"
