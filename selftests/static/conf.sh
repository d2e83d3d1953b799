#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mqttkctl apply understands mosquitto's configuration files: every key there is
# gets its due, bad values and strange bytes are refused with their line, and
# the example that Debian's mosquitto ships is read without a word.
# time: 300
# fast
# shellcheck source=selftests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

tree=$("$MQTTK_LIB/tree")
user=$("$MQTTK_LIB/build" user)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The package's file, and nothing that starts a broker on this machine.
fetch()
{
	(cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download mosquitto)
}

fetch || { apt-get -q update && fetch; }
dpkg-deb --fsys-tarfile "$dir"/mosquitto_*.deb |
	tar -xO --wildcards './usr/share/doc/mosquitto/examples/mosquitto.conf*' \
	>"$dir/shipped"
# Debian packs what is large.
if gzip -t "$dir/shipped" 2>/dev/null; then
	gzip -dc "$dir/shipped" >"$dir/shipped.conf"
else
	mv "$dir/shipped" "$dir/shipped.conf"
fi
"$MQTTK_LIB/enter" "$tree" -r "$user:/stage" -r "$dir:/src" \
	env PATH="/stage/usr/sbin:$PATH" \
	/stage/selftests/conf/conf.py /src/shipped.conf
