#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Completion of mqttkctl in bash and zsh, as people type: what is offered is what
# mqttkctl shows, and no client identifier or topic, whatever is in it, comes out
# as another one or is taken for code.
# time: 300
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

need_packages bash zsh python3 mawk
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
for shell in bash:mqttkctl.bash zsh:_mqttkctl; do
	mkdir "$dir/${shell%:*}"
	python3 "$MQTTK_TOP/selftests/static/completion.py" "${shell%:*}" \
		"$MQTTK_TOP/tools/completion/${shell#*:}" "$dir/${shell%:*}" ||
		status=1
done
exit $status
