#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The documentation: it is built without warnings, what it links to is there,
# and it names whatever the code has: limits, counters, module parameters,
# verbs of mqttkctl.
# time: 600
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"
# shellcheck source=selftests/lib/ktap.sh
. "$MQTTK_LIB/ktap.sh"

cd "$MQTTK_TOP" || exit 1
set +e
shopt -s lastpipe

# none DESCRIPTION: standard input, the offenders, is empty.
none()
{
	local offenders

	offenders=$(cat)
	if [ -z "$offenders" ]; then
		pass "$1"
	else
		fail "$1"
		note "$offenders"
	fi
}

# missing FILE...: of the words on standard input, those that no FILE has.
missing()
{
	local word

	while read -r word; do
		grep -qwF -- "$word" "$@" || echo "$word"
	done
}

# Where relative links lead nowhere.
dead_links()
{
	local file link

	for file in README.md $("$MQTTK_LIB/sources" Documentation | grep '\.md$'); do
		grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | while read -r link; do
			case $link in
			http*:*|netlink/index.md|json.md|man/*) ;;
			*) [ -e "$(dirname "$file")/$link" ] || echo "$file: $link" ;;
			esac
		done
	done
}

limits()
{
	sed -n '/^struct mqttk_limit_desc mqttk_limit_desc/,/^};/s/^\t\t"\([a-z_0-9]*\)".*/\1/p' \
		mqttk/limits.c
}

# The names of the counters, as mqttkctl shows them.
counters()
{
	python3 -c '
import yaml
spec = yaml.safe_load(open("Documentation/netlink/specs/mqttk.yaml"))
for attrs in spec["attribute-sets"]:
    if attrs["name"] == "counters":
        for attr in attrs["attributes"]:
            print(attr["name"].replace("-", "_"))'
}

need_packages python3 python3-yaml
dir=$(mktemp -d)
trap 'rm -rf "$dir"; ktap_exit' EXIT
check 'it is built without warnings' Documentation/build "$dir"
dead_links | none 'what it links to is in the tree'
[ "$(limits | wc -l)" -ge 20 ] || fail 'limits.c is not what this test reads'
limits | missing Documentation/limits.md | none 'limits.md has every limit'
limits | missing tools/man/mqttkctl-limit.8 |
	none 'mqttkctl-limit(8) has every limit'
counters | missing tools/man/mqttkctl-stats.8 |
	none 'mqttkctl-stats(8) has every counter'
Documentation/json-keys -l | sort -u | while read -r object key; do
	grep -qw -- "$key" "tools/man/mqttkctl-$object.8" || echo "$object: $key"
done | none 'the page of each object of mqttkctl has its keys of JSON'
[ "$(Documentation/json-keys -l | wc -l)" -gt 100 ] || fail 'json-keys found no keys'
grep -hoE '^\.BR? mqttk(ctl)?[a-z\\-]* *\([0-9]\)' tools/man/*.[0-9] |
	sed -E 's/^\.BR? //; s/\\-/-/g; s/ *\(([0-9])\)/.\1/' | sort -u |
	while read -r page; do
		[ -e "tools/man/$page" ] || echo "$page"
	done | none 'pages that the manual names are in it'
for file in mqttk/*.c; do
	case $file in
	mqttk/netlink_*|*-gen.c) ;;
	*) echo "${file#mqttk/}" ;;
	esac
done | missing Documentation/architecture.md |
	none 'architecture.md has a place for every source file'
check 'migration.md has every key (Documentation/keys prints the table)' \
	Documentation/keys -c Documentation/migration.md
for image in Documentation/*.svg; do
	[ ! -e "$image" ] || python3 -c '
import sys, xml.dom.minidom
xml.dom.minidom.parse(sys.argv[1])' "$image" 2>&1
done | none 'images are well-formed'
finish
