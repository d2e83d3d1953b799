#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module's version is the package's.
# fast
# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "$0")/../lib/ktap.sh"

cd "$(dirname "$0")/../.." || exit 1
is "$(sed -n 's/^#define MQTTK_VERSION\t"\(.*\)"$/\1/p' mqttk/version.h)" \
	"$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)" \
	'mqttk/version.h and dkms.conf agree'
finish
