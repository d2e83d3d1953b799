#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The rules of this tree that grep can check: kernel versions are asked about
# in compat/ only, every source file has a licence, functions and files stay
# readable, and shell scripts satisfy shellcheck.
# time: 300
# fast
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

cd "$MQTTK_TOP"
# What counts at the end of a pipe is to be known here.
shopt -s lastpipe
n=0 failed=0

# rule DESCRIPTION: standard input, the offenders, is empty.
rule()
{
	local offenders

	offenders=$(cat)
	n=$((n + 1))
	if [ -z "$offenders" ]; then
		echo "ok $n - $1"
	else
		printf '%s\n' "$offenders" | head -n 40 | sed 's/^/# /'
		echo "not ok $n - $1"
		failed=1
	fi
}

sources()
{
	"$MQTTK_LIB/sources" . | grep -E "$1" || :
}

# xargs' and grep's "nothing found" is what is hoped for.
{ sources '\.[ch]$' | grep -v '^compat/' |
	xargs grep -nE 'LINUX_VERSION_CODE|\bKERNEL_VERSION *\(' || :; } |
	rule 'kernel versions are asked about in compat/ only'
{ sources '\.([chS]|sh|py)$' | xargs grep -L 'SPDX-License-Identifier' || :; } |
	rule 'every source file names its licence'
{ sources '\.[ch]$' | xargs grep -nE '\b(TODO|FIXME|XXX)\b' || :; } |
	rule 'nothing is left for later in comments'
sources '^(mqttk|tools)/.*\.c$' | xargs grep -L 'YNL-GEN' | while read -r file; do
	awk -v f="$file" '
		/^\{/ { start = NR }
		/^\}/ { if (start && NR - start > 90) print f ":" start ": function of " NR - start " lines"; start = 0 }
		END { if (NR > 1500) print f ": " NR " lines" }' "$file"
done | rule 'functions stay under about 80 lines, files under 1,500'
tree=$("$MQTTK_LIB/tree")
scripts=$("$MQTTK_LIB/sources" . | while read -r file; do
	case $(head -n 1 "$file" | tr -d '\0') in
	'#!/bin/bash'|'#!/bin/sh'|'#!/bin/busybox sh') echo "$file" ;;
	esac
done)
if [ -x "$tree/usr/bin/shellcheck" ]; then
	# shellcheck disable=SC2086 # a list of words
	{ "$MQTTK_LIB/enter" "$tree" -r "$MQTTK_TOP:/src" sh -c \
		'cd /src && exec shellcheck -x -S warning "$@"' sh $scripts || :; } |
		rule 'shellcheck is content with the shell scripts'
fi
exit $failed
