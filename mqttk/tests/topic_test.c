// SPDX-License-Identifier: GPL-2.0
/*
 * topic.c: strings, topic names, topic filters, levels, matching and shares.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "../topic.h"
#include "topic_oracle.h"

#define SEED	20260101
#define ROUNDS	20000

/* A buffer of exactly @len bytes, so that KASAN sees a read beyond it. */
static u8 *exact(struct kunit *test, const void *p, size_t len)
{
	u8 *buf = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	if (len)
		memcpy(buf, p, len);
	return buf;
}

struct validity {
	const char *text;
	size_t len;
	bool utf8;
	bool topic;
	bool filter;
};

/* String literals hold NULs here, hence the sizes. */
#define ROW(s, utf8, topic, filter) { s, sizeof(s) - 1, utf8, topic, filter }

static const struct validity validity[] = {
	ROW("", true, false, false),
	ROW("a", true, true, true),
	ROW("/", true, true, true),
	ROW("//", true, true, true),
	ROW(" ", true, true, true),
	ROW("$SYS/broker", true, true, true),
	ROW("a/b c/d", true, true, true),
	ROW("sensor/kitchen/temperature", true, true, true),
	/* wildcards */
	ROW("+", true, false, true),
	ROW("#", true, false, true),
	ROW("+/+", true, false, true),
	ROW("/+", true, false, true),
	ROW("+/", true, false, true),
	ROW("a/+/b", true, false, true),
	ROW("a/#", true, false, true),
	ROW("/#", true, false, true),
	ROW("+/a/#", true, false, true),
	ROW("#/", true, false, false),
	ROW("#/a", true, false, false),
	ROW("a/#/b", true, false, false),
	ROW("##", true, false, false),
	ROW("++", true, false, false),
	ROW("+#", true, false, false),
	ROW("a#", true, false, false),
	ROW("#a", true, false, false),
	ROW("a+", true, false, false),
	ROW("+a", true, false, false),
	ROW("a/b+/c", true, false, false),
	ROW("a/b#", true, false, false),
	ROW("$+", true, false, false),
	/* characters of each length, and the byte order mark */
	ROW("\xc2\xa0/\xe2\x82\xac/\xf0\x9f\x98\x80", true, true, true),
	ROW("\xef\xbb\xbf", true, true, true),
	ROW("\xf4\x8f\xbf\xbd", true, true, true),
	/* NUL */
	ROW("\0", false, false, false),
	ROW("a\0b", false, false, false),
	ROW("sensor/kitchen/\0", false, false, false),
	ROW("\xc0\x80", false, false, false),
	/* control characters */
	ROW("\x01", false, false, false),
	ROW("a\nb", false, false, false),
	ROW("12345678\x1f", false, false, false),
	ROW("1234567\x7f", false, false, false),
	ROW("\xc2\x80", false, false, false),
	ROW("\xc2\x9f", false, false, false),
	/* non-characters */
	ROW("\xef\xbf\xbf", false, false, false),
	ROW("\xef\xbf\xbe", false, false, false),
	ROW("\xef\xb7\x90", false, false, false),
	ROW("\xef\xb7\xaf", false, false, false),
	ROW("\xf0\x9f\xbf\xbf", false, false, false),
	ROW("\xf4\x8f\xbf\xbf", false, false, false),
	/* surrogates */
	ROW("\xed\xa0\x80", false, false, false),
	ROW("\xed\xbf\xbf", false, false, false),
	ROW("\xed\xa0\xbd\xed\xb8\x80", false, false, false),
	/* overlong */
	ROW("\xc0\xaf", false, false, false),
	ROW("\xc1\xbf", false, false, false),
	ROW("\xe0\x80\xaf", false, false, false),
	ROW("\xe0\x9f\xbf", false, false, false),
	ROW("\xf0\x80\x80\xaf", false, false, false),
	ROW("\xf0\x8f\xbf\xbf", false, false, false),
	/* beyond U+10FFFF, bytes that start nothing, stray continuation */
	ROW("\xf4\x90\x80\x80", false, false, false),
	ROW("\xf5\x80\x80\x80", false, false, false),
	ROW("\xf8\x88\x80\x80\x80", false, false, false),
	ROW("\xfe", false, false, false),
	ROW("\xff", false, false, false),
	ROW("\x80", false, false, false),
	ROW("abcdefg\xbf", false, false, false),
	/* cut off, or followed by the wrong byte */
	ROW("\xc3", false, false, false),
	ROW("\xe2\x82", false, false, false),
	ROW("\xf0\x9f\x98", false, false, false),
	ROW("abcdefg\xe2\x82", false, false, false),
	ROW("\xe2\x82/", false, false, false),
	ROW("\xe2(\xa1", false, false, false),
};

static void validity_desc(const struct validity *v, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu: %*phN",
		 (size_t)(v - validity), (int)v->len, v->text);
}

KUNIT_ARRAY_PARAM(validity, validity, validity_desc);

/* Each row is judged as the standard judges it, as string, name and filter. */
static void topic_validity(struct kunit *test)
{
	const struct validity *v = test->param_value;
	u8 *p = exact(test, v->text, v->len);

	KUNIT_EXPECT_EQ(test, mqttk_utf8_valid(p, v->len), v->utf8);
	KUNIT_EXPECT_EQ(test, mqttk_topic_valid(p, v->len), v->topic);
	KUNIT_EXPECT_EQ(test, mqttk_filter_valid(p, v->len), v->filter);
	KUNIT_EXPECT_EQ(test, oracle_utf8_valid(p, v->len), v->utf8);
}

/* Encodes @c in @n bytes, however wrong that may be. */
static void encode(u32 c, size_t n, u8 *p)
{
	static const u8 lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i;

	for (i = n - 1; i > 0; i--) {
		p[i] = 0x80 | (c & 0x3f);
		c >>= 6;
	}
	p[0] = lead[n] | c;
}

/*
 * Every code point up to U+1FFFFF in every form from two to four bytes that
 * can express it is taken exactly if its form is the shortest and MQTT permits
 * it.
 */
static void topic_utf8_every_code_point(struct kunit *test)
{
	static const u32 limit[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };
	u32 c, wrong = 0;
	size_t n;
	u8 p[4];

	for (n = 2; n <= 4; n++) {
		for (c = 0; c < limit[n]; c++) {
			bool permitted = c >= limit[n - 1] && c <= 0x10ffff &&
					 !(c >= 0xd800 && c <= 0xdfff) &&
					 !(c < 0xa0) &&
					 !(c >= 0xfdd0 && c <= 0xfdef) &&
					 (c & 0xffff) < 0xfffe;

			encode(c, n, p);
			if (mqttk_utf8_valid(p, n) != permitted ||
			    oracle_utf8_valid(p, n) != permitted)
				wrong++;
			if (c % 4096 == 0)
				cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/*
 * Every byte at every place of a text longer than two words is judged alike,
 * with word-wise reading and without, and nothing beyond the end is read.
 */
static void topic_utf8_every_byte_everywhere(struct kunit *test)
{
	size_t len, at;
	int b;

	for (len = 1; len <= 2 * sizeof(long) + 3; len++) {
		u8 *p = kunit_kmalloc(test, len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		for (at = 0; at < len; at++) {
			memset(p, 'x', len);
			for (b = 0; b <= 0xff; b++) {
				p[at] = b;
				KUNIT_ASSERT_EQ_MSG(test,
						    mqttk_utf8_valid(p, len),
						    b >= 0x20 && b < 0x7f,
						    "byte %#x at %zu of %zu",
						    b, at, len);
			}
		}
		kunit_kfree(test, p);
	}
}

/* Names stop at 65,535 bytes and at MQTTK_TOPIC_LEVELS_MAX levels. */
static void topic_limits(struct kunit *test)
{
	size_t len = MQTTK_TOPIC_LEN_MAX + 1;
	u8 *p = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, 'x', len);
	KUNIT_EXPECT_TRUE(test, mqttk_topic_valid(p, len - 1));
	KUNIT_EXPECT_TRUE(test, mqttk_filter_valid(p, len - 1));
	KUNIT_EXPECT_FALSE(test, mqttk_topic_valid(p, len));
	KUNIT_EXPECT_FALSE(test, mqttk_filter_valid(p, len));

	/* n slashes make n + 1 levels */
	memset(p, '/', len);
	KUNIT_EXPECT_TRUE(test, mqttk_topic_valid(p, MQTTK_TOPIC_LEVELS_MAX - 1));
	KUNIT_EXPECT_TRUE(test, mqttk_filter_valid(p, MQTTK_TOPIC_LEVELS_MAX - 1));
	KUNIT_EXPECT_FALSE(test, mqttk_topic_valid(p, MQTTK_TOPIC_LEVELS_MAX));
	KUNIT_EXPECT_FALSE(test, mqttk_filter_valid(p, MQTTK_TOPIC_LEVELS_MAX));
	KUNIT_EXPECT_FALSE(test, mqttk_topic_valid(p, MQTTK_TOPIC_LEN_MAX));
}

/* Levels are measured from slash to slash, empty ones and the last one, too. */
static void topic_levels(struct kunit *test)
{
	static const struct {
		const char *text;
		size_t sizes[5];
		size_t nr;
	} rows[] = {
		{ "a", { 1 }, 1 },
		{ "abc/de", { 3, 2 }, 2 },
		{ "/", { 0, 0 }, 2 },
		{ "a/", { 1, 0 }, 2 },
		{ "/a", { 0, 1 }, 2 },
		{ "a//b/", { 1, 0, 1, 0 }, 4 },
		{ "+/ab/#", { 1, 2, 1 }, 3 },
	};
	size_t i, n, off, len;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 *p;

		len = strlen(rows[i].text);
		p = exact(test, rows[i].text, len);
		n = 0;
		for (off = 0; off <= len; off += rows[i].sizes[n++] + 1) {
			KUNIT_ASSERT_LT(test, n, rows[i].nr);
			KUNIT_EXPECT_EQ(test, mqttk_topic_level(p, len, off),
					rows[i].sizes[n]);
		}
		KUNIT_EXPECT_EQ(test, n, rows[i].nr);
	}
}

static const struct match_row {
	const char *filter;
	const char *topic;
	bool match;
} match_rows[] = {
	{ "a", "a", true },
	{ "a", "A", false },
	{ "a", "ab", false },
	{ "ab", "a", false },
	{ "a/b", "a/b", true },
	{ "a/b", "a", false },
	{ "a", "a/b", false },
	{ "a", "a/", false },
	{ "a", "/a", false },
	{ "/", "/", true },
	{ "//", "/", false },
	/* # */
	{ "#", "a", true },
	{ "#", "a/b/c", true },
	{ "#", "/", true },
	{ "sport/#", "sport", true },
	{ "sport/#", "sport/", true },
	{ "sport/#", "sport/tennis/player1", true },
	{ "sport/#", "sports", false },
	{ "sport/#", "spor", false },
	{ "sport/tennis/#", "sport", false },
	{ "/#", "/", true },
	{ "/#", "/a", true },
	{ "/#", "a", false },
	/* + */
	{ "+", "a", true },
	{ "+", "a/b", false },
	{ "+", "/a", false },
	{ "+/+", "/a", true },
	{ "/+", "/a", true },
	{ "+/", "a/", true },
	{ "sport/+", "sport", false },
	{ "sport/+", "sport/", true },
	{ "sport/+", "sport/a", true },
	{ "sport/+", "sport/a/b", false },
	{ "sport/+/b", "sport/a/b", true },
	{ "sport/+/b", "sport//b", true },
	{ "+/a/#", "x/a", true },
	{ "+/a/#", "x/a/y/z", true },
	{ "+/#", "a", true },
	{ "+/+/#", "a", false },
	/* $ */
	{ "#", "$SYS/a", false },
	{ "+/a", "$SYS/a", false },
	{ "+", "$SYS", false },
	{ "+/#", "$SYS/a", false },
	{ "$SYS/#", "$SYS/a", true },
	{ "$SYS/#", "$SYS", true },
	{ "$SYS/+", "$SYS/a", true },
	{ "$SYS/a", "$SYS/a", true },
	{ "a/#", "a/$b", true },
	{ "a/+", "a/$b", true },
};

static void match_desc(const struct match_row *r, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %s %s", r->filter,
		 r->match ? "matches" : "does not match", r->topic);
}

KUNIT_ARRAY_PARAM(match, match_rows, match_desc);

/* The standard's examples of matching, and what lies next to them. */
static void topic_match(struct kunit *test)
{
	const struct match_row *r = test->param_value;
	size_t flen = strlen(r->filter), tlen = strlen(r->topic);
	u8 *f = exact(test, r->filter, flen);
	u8 *t = exact(test, r->topic, tlen);

	KUNIT_ASSERT_TRUE(test, mqttk_filter_valid(f, flen));
	KUNIT_ASSERT_TRUE(test, mqttk_topic_valid(t, tlen));
	KUNIT_EXPECT_EQ(test, mqttk_topic_match(f, flen, t, tlen), r->match);
	KUNIT_EXPECT_EQ(test, oracle_match(f, flen, t, tlen), r->match);
}

/*
 * Writes up to five levels out of few words, so that matches are common.
 * Nothing but valid filters and topics comes out.
 */
static size_t generate(struct rnd_state *rnd, bool filter, u8 *p)
{
	static const char * const words[] = { "", "a", "b", "ab", "$", "$a" };
	u32 i, levels = 1 + prandom_u32_state(rnd) % 5;
	size_t len = 0, n;

	for (i = 0; i < levels; i++) {
		u32 r = prandom_u32_state(rnd) % 12;

		if (i)
			p[len++] = '/';
		if (filter && r == 0 && i == levels - 1) {
			p[len++] = '#';
		} else if (filter && r < 4) {
			p[len++] = '+';
		} else {
			r = prandom_u32_state(rnd) % ARRAY_SIZE(words);
			n = strlen(words[r]);
			memcpy(p + len, words[r], n);
			len += n;
		}
	}
	if (!len)
		p[len++] = '/';
	return len;
}

/* Generated filters and topics match exactly where the naive oracle says so. */
static void topic_match_oracle(struct kunit *test)
{
	u32 i, matches = 0;
	struct rnd_state rnd;
	u8 f[32], t[32];

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < ROUNDS; i++) {
		size_t flen = generate(&rnd, true, f);
		size_t tlen = generate(&rnd, false, t);
		bool want = oracle_match(f, flen, t, tlen);

		KUNIT_ASSERT_TRUE(test, mqttk_filter_valid(f, flen));
		KUNIT_ASSERT_TRUE(test, mqttk_topic_valid(t, tlen));
		KUNIT_ASSERT_EQ_MSG(test, mqttk_topic_match(f, flen, t, tlen),
				    want, "%.*s against %.*s",
				    (int)flen, f, (int)tlen, t);
		matches += want;
		if (i % 256 == 0)
			cond_resched();
	}
	/* Neither answer is rare, or this would have shown little. */
	KUNIT_EXPECT_GT(test, matches, ROUNDS / 100);
	KUNIT_EXPECT_LT(test, matches, ROUNDS - ROUNDS / 100);
}

struct share {
	const char *text;
	int ret;
	const char *group;
	const char *filter;
};

static const struct share shares[] = {
	{ "", 0, "", "" },
	{ "a/b", 0, "", "a/b" },
	{ "$share", 0, "", "$share" },
	{ "$shared/g/t", 0, "", "$shared/g/t" },
	{ "$Share/g/t", 0, "", "$Share/g/t" },
	{ "a/$share/g/t", 0, "", "a/$share/g/t" },
	{ "$share/g/t", 1, "g", "t" },
	{ "$share/group/a/b/#", 1, "group", "a/b/#" },
	{ "$share/g/+/x", 1, "g", "+/x" },
	{ "$share/g//", 1, "g", "/" },
	{ "$share/g//t", 1, "g", "/t" },
	{ "$share/$g/$share/h/t", 1, "$g", "$share/h/t" },
	{ "$share/\xc3\xa4/t", 1, "\xc3\xa4", "t" },
	/* not a filter, which is not asked here */
	{ "$share/g/#/t", 1, "g", "#/t" },
	{ "$share/", -EINVAL, "", "" },
	{ "$share/g", -EINVAL, "", "" },
	{ "$share/g/", -EINVAL, "", "" },
	{ "$share//", -EINVAL, "", "" },
	{ "$share//t", -EINVAL, "", "" },
	{ "$share/+/t", -EINVAL, "", "" },
	{ "$share/#/t", -EINVAL, "", "" },
	{ "$share/#", -EINVAL, "", "" },
	{ "$share/g+/t", -EINVAL, "", "" },
	{ "$share/#g/t", -EINVAL, "", "" },
};

static bool is_text(const struct mqttk_str *s, const char *text)
{
	return s->len == strlen(text) &&
	       (!s->len || !memcmp(s->p, text, s->len));
}

/*
 * A filter is taken apart into group and filter, or left whole, or refused.
 * proves 5.0:MQTT-4.8.2-1, 5.0:MQTT-4.8.2-2
 */
static void topic_share(struct kunit *test)
{
	struct mqttk_share s;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		const struct share *row = &shares[i];
		u8 *buf;

		len = strlen(row->text);
		buf = exact(test, row->text, len);
		KUNIT_EXPECT_EQ_MSG(test, mqttk_share_parse(buf, len, &s),
				    row->ret, "%s", row->text);
		KUNIT_EXPECT_EQ_MSG(test, mqttk_filter_is_shared(buf, len),
				    row->ret != 0, "%s", row->text);
		if (row->ret < 0)
			continue;
		KUNIT_EXPECT_TRUE_MSG(test, is_text(&s.group, row->group),
				      "%s", row->text);
		KUNIT_EXPECT_TRUE_MSG(test, is_text(&s.filter, row->filter),
				      "%s", row->text);
	}
}

static struct kunit_case topic_cases[] = {
	KUNIT_CASE_PARAM(topic_validity, validity_gen_params),
	KUNIT_CASE(topic_utf8_every_code_point),
	KUNIT_CASE(topic_utf8_every_byte_everywhere),
	KUNIT_CASE(topic_limits),
	KUNIT_CASE(topic_levels),
	KUNIT_CASE_PARAM(topic_match, match_gen_params),
	KUNIT_CASE(topic_match_oracle),
	KUNIT_CASE(topic_share),
	{}
};

static struct kunit_suite topic_suite = {
	.name = "mqttk-topic",
	.test_cases = topic_cases,
};

kunit_test_suite(topic_suite);
