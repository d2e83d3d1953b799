// SPDX-License-Identifier: GPL-2.0
/*
 * topic.c, for all strings up to N bytes: nothing is read beyond them, and the
 * oracle says the same.
 */
#include <linux/errno.h>

#include "mqttk/topic.h"

#include "proof.h"
#include "oracle.h"

void proof_utf8(void)
{
	for_each_input(p, len, N)
		CHECK(mqttk_utf8_valid(p, len) == proof_is_string(p, len));
}

void proof_name(void)
{
	for_each_input(p, len, N)
		CHECK(mqttk_topic_valid(p, len) == proof_is_name(p, len));
}

void proof_filter(void)
{
	for_each_input(p, len, N)
		CHECK(mqttk_filter_valid(p, len) == proof_is_filter(p, len));
}

static void check_share(const u8 *p, size_t len)
{
	struct mqttk_share s;
	int ret = mqttk_share_parse(p, len, &s);

	CHECK(ret == 0 || ret == 1 || ret == -EINVAL);
	if (!ret)
		CHECK(s.filter.p == p && s.filter.len == len && !s.group.len);
	if (ret == 1) {
		CHECK(s.group.len && s.filter.len);
		CHECK(s.group.p == p + 7);
		CHECK(s.filter.p == s.group.p + s.group.len + 1);
		CHECK(s.filter.p + s.filter.len == p + len);
	}
}

void proof_share(void)
{
	for_each_input(p, len, N)
		check_share(p, len);
}

static void check_match(const u8 *f, size_t flen, const u8 *t, size_t tlen)
{
	/* It is to stay inside what is no filter and no name, too. */
	bool match = mqttk_topic_match(f, flen, t, tlen);

	if (proof_is_filter(f, flen) && proof_is_name(t, tlen))
		CHECK(match == proof_match_oracle(f, flen, t, tlen));
}

void proof_match(void)
{
	for_each_input(filter, flen, N)
		for_each_input(topic, tlen, N)
			check_match(filter, flen, topic, tlen);
}
