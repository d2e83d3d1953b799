#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mqttkctl top: its figures are true, in text and JSON, of clients and of topics;
# on a terminal keys, resizing and signals do what they should, and the terminal
# is left as it was.
# time: 600
# kernels: 6.12
# shellcheck source=selftests/clients/lib.sh
. "$(dirname "$0")/../../clients/lib.sh"

out=$tmp/out err=$tmp/err

# fails WORDS...: `mqttkctl top WORDS` is bad usage, and says something.
fails()
{
	mqttkctl top "$@" >"$out" 2>"$err"
	[ $? = 2 ] && [ ! -s "$out" ] && [ -s "$err" ]
}

broker_start
for words in '-d 0' '-d x' '-n 0' '-n x' '-o nonsense' 'nonsense' '-t a/b' \
	'topic 0' 'topic x' 'topic 1 2' '-x'; do
	# shellcheck disable=SC2086 # words
	check "makes no sense: top $words" fails $words
done
check 'help' sh -c 'mqttkctl help top | grep -q "usage: mqttkctl top"'

mosquitto_sub -i quiet -t quiet/x >/dev/null &
quiet=$!
mosquitto_sub -i $'odd \\ \xc3\xa9' -V 5 -t busy/a/b >"$tmp/got" &
odd=$!
# Ten a second: more than any other here.
while sleep 0.1; do echo 0123456789; done |
	mosquitto_pub -i busy -t busy/a/b -l &
busy=$!
check 'messages come' wait_for 60 test -s "$tmp/got"

# --- JSON ---
check 'JSON' sh -c "mqttkctl -j top -n 3 -d 1 >$out"
is "$(jq -c 'keys' "$out" | sort -u)" '["bytes_received_rate","bytes_sent_rate",'\
'"clients","interval_ms","messages_dropped_rate","messages_received_rate",'\
'"messages_sent_rate","time_ms"]' 'JSON: one object a table'
is "$(wc -l <"$out")" 3 'JSON: as many as asked for'
# By what it says it measured over, so that no busy machine makes a difference.
check 'JSON: the busy one is busy' jq -se 'all(.[]; .clients |
	(map(select(.id == "busy"))[0].messages_received_rate > 0) and
	(map(select(.id == "quiet"))[0].messages_received_rate == 0))' "$out"
check 'JSON: what is sent is what the subscriber got' jq -se 'all(.[];
	.messages_sent_rate == (.clients | map(select(.id |
	startswith("odd")))[0].messages_sent_rate))' "$out"
check 'JSON: ten bytes of payload and more' jq -se 'all(.[];
	.bytes_received_rate >= 10 * .messages_received_rate)' "$out"
check 'JSON: sorted by what goes out' jq -se 'all(.[]; .clients |
	map(.messages_sent_rate) | . == (sort | reverse))' "$out"
check 'JSON: sorted by name' sh -c "mqttkctl -j top -n 1 -d 0.2 -o id -r |
	jq -e '.clients | map(.id) | . == (sort | reverse) and length == 3'"

# --- text ---
check 'text' sh -c "mqttkctl top -b -n 2 -d 0.5 >$out"
is "$(grep -c '^CLIENT .*ADDRESS .* IN/s .* OUT/s .* B-IN/s ' "$out")" 2 \
	'text: a title each'
check 'text: all are there' grep -q '^quiet  *127\.0\.0\.1:[0-9]* ' "$out"
check 'text: what a terminal should not see is escaped' \
	grep -q '^odd\\x20\\x5c\\x20\(\\xc3\\xa9\|é\) ' "$out"
check 'no terminal, no pictures' sh -c "mqttkctl top -n 1 -d 0.2 </dev/null |
	grep -q '^busy '"

# --- topics ---
check 'topics' sh -c "mqttkctl -j top topic -n 2 -d 1 >$out"
check 'topics: one level' jq -se 'all(.[]; .topics | length == 1 and
	.[0].topic == "busy/#" and .[0].bytes == 10 * .[0].messages)' "$out"
check 'topics: they sum up' jq -se '.[1].messages_rate == .[1].topics[0].messages_rate and
	.[1].topics[0].messages > .[0].topics[0].messages' "$out"
check 'topics: three levels' sh -c "mqttkctl -j top topic 3 -n 1 -d 2 |
	jq -e '.topics[0].topic == \"busy/a/b\"'"
check 'topics: of a filter' sh -c "mqttkctl -j top topic -t nothing/# -n 1 -d 1 |
	jq -e '.topics == [] and .messages_lost == 0'"
check_not 'topics: not of a bad one' mqttkctl top topic -t '#/a' -n 1 -d 1
check 'topics: as text' sh -c "mqttkctl top topic 2 -b -n 1 -d 1 |
	grep -qE '^busy/a/# +[0-9.]+ +[0-9.]+ +[0-9]+ +[0-9]+$'"

# --- on a terminal ---
for what in clients signals topics; do
	results python3 "$clients/top.py" $what
done

kill $quiet $odd $busy
wait $quiet $odd $busy 2>/dev/null
mosquitto_sub -i busy -t x >/dev/null 2>&1 &
busy=$!
wait_for 30 mqttkctl client show busy
results python3 "$clients/top.py" broken
kill $busy
wait $busy 2>/dev/null
finish
