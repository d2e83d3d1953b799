// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for topic.c: any two strings are judged and matched as the
 * oracle does it.
 *
 * Input: a byte whose lower bits say how long the filter is and whose top bit
 * maps all further bytes to a small alphabet, where matches are frequent; the
 * filter; the topic.
 */
#include <string.h>

#include "mqttk/topic.h"

#define ORACLE_LEVELS	MQTTK_TOPIC_LEVELS_MAX
#include "mqttk/tests/topic_oracle.h"

#include "fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
	SEED("\003a/#a/b/c"),
	SEED("\005+/b/+a/b/c"),
	SEED("\001#$SYS/broker/uptime"),
	SEED("\006$SYS/#$SYS/broker/uptime"),
	SEED("\020sensor/+/degreessensor/kitchen/degrees"),
	SEED("\013\xc3\xa4/\xe2\x82\xac/\xf0\x9f\x98\x80\xc3\xa4/\xe2\x82\xac/"),
	SEED("\203abcdefghijklmnopqrstuvwxyz"),
	SEED("\010////////////////"),
	SEED("\000\xef\xbf\xbf\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80"),
};

const size_t fuzz_nr_seeds = sizeof(fuzz_seeds) / sizeof(*fuzz_seeds);

static size_t count(const u8 *p, size_t len, u8 c)
{
	size_t n = 0;

	while (len--)
		n += *p++ == c;
	return n;
}

/* What a name and a filter must both be. */
static bool levels_valid(const u8 *p, size_t len)
{
	return len && len <= 65535 && oracle_utf8_valid(p, len) &&
	       count(p, len, '/') < MQTTK_TOPIC_LEVELS_MAX;
}

static bool oracle_topic_valid(const u8 *p, size_t len)
{
	return levels_valid(p, len) && !count(p, len, '+') &&
	       !count(p, len, '#');
}

static bool oracle_filter_valid(const u8 *p, size_t len)
{
	struct oracle_level level[ORACLE_LEVELS];
	size_t i, nr;

	if (!levels_valid(p, len))
		return false;
	nr = oracle_split(p, len, level);
	for (i = 0; i < nr; i++) {
		size_t wild = count(level[i].p, level[i].len, '+') +
			      count(level[i].p, level[i].len, '#');

		if (wild && level[i].len != 1)
			return false;
		if (oracle_is(&level[i], '#') && i != nr - 1)
			return false;
	}
	return true;
}

static void check_levels(const u8 *p, size_t len)
{
	struct oracle_level level[ORACLE_LEVELS];
	size_t nr = oracle_split(p, len, level), i = 0, off, n;

	for (off = 0; off <= len; off += n + 1) {
		n = mqttk_topic_level(p, len, off);
		CHECK(i < nr);
		CHECK(level[i].p == p + off && level[i].len == n);
		i++;
	}
	CHECK(i == nr);
}

static void check_validity(const u8 *p, size_t len)
{
	CHECK(mqttk_utf8_valid(p, len) == oracle_utf8_valid(p, len));
	CHECK(mqttk_topic_valid(p, len) == oracle_topic_valid(p, len));
	CHECK(mqttk_filter_valid(p, len) == oracle_filter_valid(p, len));
	CHECK(mqttk_filter_is_wildcard(p, len) ==
	      (count(p, len, '+') || count(p, len, '#')));
	if (levels_valid(p, len))
		check_levels(p, len);
}

static u8 *copy(const u8 *p, size_t len, bool map)
{
	static const char alphabet[] = "ab//+#$+";
	u8 *buf = malloc(len + 1);
	size_t i;

	CHECK(buf);
	buf++;		/* off alignment, and its end where the redzone is */
	for (i = 0; i < len; i++)
		buf[i] = map ? alphabet[p[i] % 8] : p[i];
	return buf;
}

int fuzz_one(const u8 *data, size_t size)
{
	size_t flen, tlen;
	u8 *filter, *topic;
	bool map;

	if (!size)
		return 0;
	map = data[0] & 0x80;
	flen = data[0] & 0x7f;
	data++;
	size--;
	if (flen > size)
		flen = size;
	tlen = size - flen;
	filter = copy(data, flen, map);
	topic = copy(data + flen, tlen, map);

	check_validity(filter, flen);
	check_validity(topic, tlen);
	if (mqttk_filter_valid(filter, flen) && mqttk_topic_valid(topic, tlen))
		CHECK(mqttk_topic_match(filter, flen, topic, tlen) ==
		      oracle_match(filter, flen, topic, tlen));

	free(filter - 1);
	free(topic - 1);
	return 0;
}
