#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Links of publishers and subscribers with sessions are cut at random places,
# under KASAN, lockdep and kmemleak.
# time: 900
# mem: 768
# shellcheck source=selftests/clients/cuts.sh
. "$(dirname "$0")/../../clients/cuts.sh" "${CUTS:-400}" "${OVERLAPPING:-100}"
