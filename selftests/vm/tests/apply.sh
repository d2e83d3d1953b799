#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mqttkctl apply and show with a kernel behind them: the same ports as mosquitto
# opens, nobody let in whom the file keeps out, all or nothing, nobody
# disconnected who may stay, and what `show` prints makes the same broker again.
# kernels: 6.12
# time: 600
# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "$0")/../../lib/ktap.sh"

real=$(dirname "$0")/../../conf/real
out=$ktap_tmp/out err=$ktap_tmp/err conf=$ktap_tmp/m.conf
cd "$ktap_tmp" || exit 1

# apply STATUS WORDS...: applies what is on standard input; leaves $out and $err.
apply()
{
	local want=$1 got

	shift
	cat >"$conf"
	mqttkctl apply m.conf "$@" >"$out" 2>"$err"
	got=$?
	[ "$got" = "$want" ] && return 0
	echo "status $got, not $want:"
	cat "$conf" "$out" "$err"
	return 1
}

# says TEXT: standard error holds the line TEXT.
says()
{
	grep -qxF -e "$1" "$err" && return 0
	echo "no line '$1' in:"
	cat "$err"
	return 1
}

# again: what `show` prints, applied, changes nothing, and not after a reset.
again()
{
	mqttkctl show >first.conf && mqttkctl -j show >first.json || return
	mqttkctl apply first.conf || return
	mqttkctl show >second.conf && cmp first.conf second.conf || return
	mqttkctl reset && mqttkctl apply first.conf || return
	mqttkctl -j show >second.json && cmp first.json second.json
}

# is_still FILE: `show` prints what FILE holds.
is_still()
{
	mqttkctl show >now.conf && cmp "$1" now.conf
}

# ports: what TCP is listened on.
ports()
{
	ss -Hltn | awk '{ print $4 }' | sort
}

# pub PORT [OPTIONS...]: can somebody connect and publish there?
pub()
{
	local port=$1

	shift
	timeout 20 mosquitto_pub -p "$port" -t t -m m "$@"
}

load

# --- nothing ---
mqttkctl show >first.conf
check 'as loaded: shown' grep -qx 'local_only false' first.conf
check 'as loaded: again' again
is "$(ports)" '' 'as loaded: no port'

# --- the same ports as mosquitto opens, from files that it takes as well ---
n=0
while IFS= read -r text; do
	n=$((n + 1))
	printf '%b\n' "$text" >"$conf"
	mqttkctl reset
	mosquitto -c m.conf >mosquitto.log 2>&1 &
	broker=$!
	wait_for 20 grep -q ' running$' mosquitto.log
	ports >theirs
	kill $broker
	wait $broker
	check "ports: $text" mqttkctl apply m.conf
	ports >ours
	check "ports: $text: as mosquitto's" diff -u theirs ours
done <<'END'

port 1884
listener 1884
listener 1884 127.0.0.1
listener 1884 localhost
listener 1884 ::1
max_connections 10\nlistener 1884
max_connections -1\nlistener 1884
bind_address 127.0.0.1
bind_address 127.0.0.1\nport 1885\nlistener 1886 ::1
listener 1884\nsocket_domain ipv4
listener 1884\nsocket_domain ipv6
socket_domain ipv6
max_qos 1
listener 1884 127.0.0.1\nmax_qos 1
require_certificate false
max_topic_alias 3\nlistener 1884 127.0.0.1
protocol mqtt\nlistener 1884 127.0.0.1
allow_anonymous false
listener 1884 127.0.0.1\nlistener 1885 127.0.0.1\nlistener 1884 127.0.0.2
END

# --- who is let in ---
while IFS='|' read -r text port good; do
	# shellcheck disable=SC2059 # with its line ends
	printf "$text\n" >"$conf"
	mqttkctl apply m.conf --ignore-unsupported 2>"$err"
	if [ "$good" = yes ]; then
		check "let in: $text" pub "$port"
	else
		check_not "kept out: $text" pub "$port"
	fi
	[ "$good" != yes ] || continue
	check_not "let in: $text: nobody else" pub $((port + 1))
done <<'END'
|1883|yes
allow_anonymous false|1883|no
listener 1883|1883|no
port 1883|1883|no
listener 1883\nallow_anonymous true|1883|yes
allow_anonymous true\nlistener 1883|1883|yes
listener 1883\nlistener_allow_anonymous true|1883|yes
allow_anonymous true\nlistener 1883\nlistener_allow_anonymous false|1883|no
per_listener_settings true\nallow_anonymous true\nlistener 1883|1883|no
per_listener_settings true\nlistener 1883\nallow_anonymous true\nlistener 1884|1883|yes
allow_anonymous true\nlistener 1883\npassword_file /f|1883|no
allow_anonymous true\nacl_file /f\nlistener 1883|1883|no
allow_anonymous true\nlistener 1883\nplugin /f|1883|no
per_listener_settings true\nlistener 1883\nallow_anonymous true\nglobal_plugin /f|1883|no
per_listener_settings true\nlistener 1883\nallow_anonymous true\nlistener 1884\nacl_file /f\nallow_anonymous true|1883|yes
per_listener_settings true\nlistener 1883\nacl_file /f\nper_listener_settings false\nallow_anonymous true|1883|no
allow_anonymous true\nlistener 1883\ncertfile /f|1883|no
allow_anonymous true\nlistener 1883\nprotocol websockets|1883|no
allow_anonymous true\nlistener 1883\nrequire_certificate true|1883|no
allow_anonymous true\nlistener 1883\nuse_username_as_clientid true|1883|no
allow_anonymous true\nlistener 1883\naccept_protocol_versions 5|1883|no
allow_anonymous true\nlistener 1883\nlistener 1884\npsk_hint h|1883|yes
local_only false|1883|no
END
check 'identifiers must begin so' apply 0 \
	<<<$'allow_anonymous true\nclientid_prefixes in-\nlistener 1883'
check 'identifiers must begin so: one does' pub 1883 -i in-1
check_not 'identifiers must begin so: one does not' pub 1883 -i out-1
check 'identifiers must be given' apply 0 \
	<<<$'allow_anonymous true\nallow_zero_length_clientid false\nlistener 1883'
check 'identifiers must be given: one is' pub 1883 -i a
check_not 'identifiers must be given: none is' \
	pub 1883 -V 5 -i ''

# --- errors: all of them, and nothing changes ---
check 'a good file' apply 0 \
	<<<$'listener 1883 127.0.0.1\nallow_anonymous true\nmax_queued_messages 77'
mqttkctl show >good.conf
check 'a file with errors' apply 1 <<'END'
listener 1884
max_qos 9
nonsense
END
check 'a file with errors: one' says 'apply: m.conf:2: max_qos: 9: must be 0 to 2'
check 'a file with errors: another' says 'apply: m.conf:3: nonsense: there is no such key'
check 'a file with errors: changes nothing' \
	says 'apply: m.conf: 2 errors: nothing was changed'
check 'a file with errors: really' is_still good.conf
nc -lk 127.0.0.1 1885 >/dev/null &
other=$!
wait_for 20 sh -c "ss -Hltn | grep -q :1885"
for option in '' --check; do
	# shellcheck disable=SC2086 # none or one
	check "a port that is taken $option" apply 1 $option <<'END'
max_queued_messages 55

listener 1886 127.0.0.1
listener 1885 127.0.0.1
END
	[ -n "$option" ] && continue
	check 'a port that is taken: says which' \
		says 'apply: m.conf:4: listener: 127.0.0.1:1885: address in use'
	check 'a port that is taken: nothing changes' is_still good.conf
done
kill $other
check 'what the kernel refuses' apply 1 <<'END'
listener 1886 127.0.0.1
client_memory 1
END
check 'what the kernel refuses: says where' grep -qE \
	'^apply: m.conf:2: client_memory: the value must be [0-9]+ to [0-9]+$' "$err"
check 'two on one address' apply 1 <<'END'
listener 1886 127.0.0.1
listener 1886
listener 1886 127.0.0.1
END
check 'two on one address: says which' says \
	'apply: m.conf:3: listener: 127.0.0.1:1886: there is one on it already, of m.conf:1'
check 'no such interface' apply 1 <<<$'listener 1886\nbind_interface none0'
check 'no such host' apply 1 <<<'listener 1886 no-such-host.invalid'
check 'one name for two addresses' apply 1 <<<$'listener 1886\nlistener_name x'
check 'nothing has changed' is_still good.conf
check '--check' apply 0 --check <<<$'listener 1886\nmax_queued_messages 5'
check '--check: changes nothing' is_still good.conf
chmod 755 "$ktap_tmp"
check_not 'without privilege' setpriv --reuid 65534 --regid 65534 \
	--clear-groups --inh-caps=-all --bounding-set=-all \
	mqttkctl apply good.conf --check
mv "$ktap_tmp/output" refused
check 'without privilege: says what is needed' grep -q CAP_NET_ADMIN refused

# --- nobody is disconnected who may stay ---
mosquitto_sub -h 127.0.0.1 -i stays -t '#' -q 1 -v >got &
sub=$!
wait_for 20 mqttkctl client show stays
index=$(mqttkctl -j client show stays | jq '.[0].index')
for text in 'listener 1883 127.0.0.1' 'port 1883\nbind_address 127.0.0.1' \
	'listener 1883 127.0.0.1\nlistener_name other\nmax_connections 5' \
	'listener 1884\nlistener 1883 127.0.0.1\nmax_topic_alias 5' \
	'max_keepalive 600\nlistener 1883 localhost'; do
	printf 'allow_anonymous true\n%b\n' "$text" >wanted
	check "stays: $text" apply 0 <wanted
	check "stays: $text: gets messages" pub 1883 -h 127.0.0.1 -q 1 -i p
done
check 'stays: all messages' wait_for 20 sh -c '[ "$(wc -l <got)" = 5 ]'
is "$(mqttkctl -j client show stays | jq '.[0].index')" "$index" \
	'stays: it is the same connection'
check 'may not stay' apply 0 <<<$'allow_anonymous false\nlistener 1883 127.0.0.1'
check 'may not stay: says so' grep -q 'nobody can connect' "$err"
check 'may not stay: is gone' \
	wait_for 20 sh -c '! mqttkctl client show stays 2>/dev/null'
kill $sub
wait $sub

# --- show makes the same broker again ---
check 'all kinds of things' apply 0 <<'END'
clientid_prefixes c-
listener 1883
bind_interface lo
max_connections 7
listener 1884 127.0.0.1
listener_name first of them
allow_anonymous true
mount_point some where/
max_qos 1
max_topic_alias 3
listener 1885 ::1
listener_clientid_prefix d-
listener_auto_id_prefix e-
listener_allow_anonymous false
listener 1885 127.0.0.1
socket_domain ipv4
global_max_connections 500
retain_available false
upgrade_outgoing_qos true
shared_strategy same-topic
client_memory 12M
persistent_client_expiration 2m
max_queued_messages 0
END
check 'all kinds of things: again' again
check 'all kinds of things: as it was asked' jq -e '
	(.listeners | length) == 5 and
	(.listeners | map(select(.port == 1883)) | length == 2 and
		all(.bind_device == "lo" and .max_connections == 7)) and
	(.listeners[] | select(.port == 1884) | .name == "first of them" and
		.anonymous and .mount_point == "some where/" and .max_qos == 1 and
		.client_id_prefix == "c-") and
	(.listeners[] | select(.address == "::1") | .client_id_prefix == "d-" and
		.auto_id_prefix == "e-" and (.anonymous | not)) and
	(.limits | .max_connections == 500 and .retain_available == 0 and
		.shared_strategy == 2 and .client_memory == 12582912 and
		.max_topic_alias == 10 and .max_queued_messages == 100000000 and
		.persistent_client_expiration == 5184000)' first.json
check 'mosquitto takes what is shown of its own files' apply 0 <<'END'
per_listener_settings true
listener 1884
allow_anonymous true
max_qos 1
listener 1885 127.0.0.1
allow_zero_length_clientid false
max_queued_messages 7
END
mqttkctl show >shown.conf
mqttkctl reset
mosquitto -c shown.conf >mosquitto.log 2>&1 &
broker=$!
check 'mosquitto takes what is shown of its own files: it does' \
	wait_for 20 grep -q ' running$' mosquitto.log
kill $broker
wait $broker

# Every limit there is, off its default.
mqttkctl -j limit show | jq -r '.[] | "\(.name) \(if .value == .minimum
	then .minimum + 1 else .minimum end)"' |
	while read -r name value; do
		mqttkctl limit set "$name" "$value" || echo "$name"
	done >left
is "$(cat left)" '' 'every limit can be set'
check 'every limit: again' again
mqttkctl reset
ip link add dummy0 type dummy
ip link set dummy0 up
mqttkctl listener add '[fe80::1%dummy0]:1883' name ll
mqttkctl listener add 127.0.0.1:1999 mount-point a/ max-qos 0 \
	client-id-prefix p- auto-id-prefix q- zero-length-id off 2>/dev/null
check 'listeners added by hand' again
check 'listeners added by hand: with all they have' jq -e '
	(.listeners[] | select(.port == 1883) | .interface == "dummy0") and
	(.listeners[] | select(.port == 1999) | .mount_point == "a/" and
		.max_qos == 0 and .client_id_prefix == "p-" and
		.auto_id_prefix == "q-" and (.allow_zero_length_id | not))' first.json
mqttkctl listener show 127.0.0.1:1999 >"$out"
check 'listeners added by hand: shown' grep -qF \
	' mount-point a/ max-qos 0 zero-length-id off client-id-prefix p- auto-id-prefix q- ' \
	"$out"

# --- what people are told to write ---
while read -r name want; do
	check "real: $name" mqttkctl apply "$real/$name.conf" --ignore-unsupported
	is "$(mqttkctl -j show | jq -r '[.listeners[] |
		"\(.address):\(.port)\(if .anonymous then "+" else "-" end)"] |
		join(" ")')" "$want" "real: $name: the listeners there can be"
	check "real: $name: again" again
done <<'END'
chirpstack 0.0.0.0:1883+ :::1883+
chirpstack-tls 127.0.0.1:1883+
home-assistant-addon 0.0.0.0:1883- :::1883-
home-assistant-container 0.0.0.0:1883+ :::1883+
zigbee2mqtt 0.0.0.0:1883+ :::1883+
zigbee2mqtt-password 0.0.0.0:1883- :::1883-
END

# --- the unit's file ---
check 'the unit applies a file' grep -q \
	'^ExecReload=mqttkctl apply /etc/mqttk/mqttk.conf$' \
	/usr/lib/systemd/system/mqttk.service

mqttkctl reset
modprobe -r mqttk || fail 'unload'
finish
