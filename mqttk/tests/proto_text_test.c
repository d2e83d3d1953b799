// SPDX-License-Identifier: GPL-2.0
/*
 * proto_text.c: what is UTF-8 and what is not, wherever in a payload's pages.
 */
#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/err.h>
#include <linux/mm.h>

#include "../msg.h"
#include "../proto_impl.h"
#include "index_fixture.h"

struct sample {
	const char *bytes;
	u8 len;
	bool text;
};

#define TEXT(bytes)	{ bytes, sizeof(bytes) - 1, true }
#define NOT_TEXT(bytes)	{ bytes, sizeof(bytes) - 1, false }

static const struct sample samples[] = {
	TEXT("a"), TEXT("\0"), TEXT("\x7f"),
	TEXT("\xc2\x80"), TEXT("\xdf\xbf"),
	TEXT("\xe0\xa0\x80"), TEXT("\xec\xbf\xbf"), TEXT("\xed\x9f\xbf"),
	TEXT("\xee\x80\x80"), TEXT("\xef\xbf\xbf"),
	TEXT("\xf0\x90\x80\x80"), TEXT("\xf3\xbf\xbf\xbf"),
	TEXT("\xf4\x8f\xbf\xbf"),
	NOT_TEXT("\x80"), NOT_TEXT("\xbf"),
	/* Longer than need be. */
	NOT_TEXT("\xc0\x80"), NOT_TEXT("\xc1\xbf"), NOT_TEXT("\xe0\x9f\xbf"),
	NOT_TEXT("\xf0\x8f\xbf\xbf"),
	/* Surrogates; beyond Unicode. */
	NOT_TEXT("\xed\xa0\x80"), NOT_TEXT("\xed\xbf\xbf"),
	NOT_TEXT("\xf4\x90\x80\x80"), NOT_TEXT("\xf5\x80\x80\x80"),
	NOT_TEXT("\xff"),
	/* A byte too few, and one of another kind in its place. */
	NOT_TEXT("\xc2 "), NOT_TEXT("\xe1\x80 "), NOT_TEXT("\xe1 \x80"),
	NOT_TEXT("\xf1\x80\x80 "), NOT_TEXT("\xf1\x80\xc2\x80"),
	NOT_TEXT("\xc2\x80\x80"),
};

static struct mqttk_limits *limits;

static int text_setup(struct kunit *test)
{
	limits = limits_setup(test);
	return 0;
}

static void text_teardown(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, limits_used(limits), 0);
	mqttk_limits_exit(limits);
}

/* Is a payload of @len times 'a' text that has @len2 @bytes at @at? */
static bool is_text(struct kunit *test, u8 *buf, u32 len, u32 at,
		    const void *bytes, u32 len2)
{
	struct mqttk_msg *msg;
	struct page *page;
	bool text;

	memset(buf, 'a', len);
	memcpy(buf + at, bytes, len2);
	msg = mqttk_msg_alloc(limits, "t", 1, 0, len, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	while (msg->bvec && msg->nr_pages < DIV_ROUND_UP(len, PAGE_SIZE)) {
		page = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, page);
		bvec_set_page(&msg->bvec[msg->nr_pages++], page, PAGE_SIZE, 0);
	}
	KUNIT_ASSERT_EQ(test, mqttk_msg_fill(msg, buf, len), len);
	text = mqttk_proto_is_text(msg);
	mqttk_msg_put(msg);
	return text;
}

static void text_samples(struct kunit *test)
{
	const u32 len = 2 * PAGE_SIZE + 10;
	u8 *buf = kunit_kmalloc(test, len, GFP_KERNEL);
	const struct sample *s;
	u32 at;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (s = samples; s < samples + ARRAY_SIZE(samples); s++) {
		KUNIT_EXPECT_EQ_MSG(test, is_text(test, buf, s->len, 0,
						  s->bytes, s->len),
				    s->text, "%*ph", s->len, s->bytes);
		KUNIT_EXPECT_EQ(test, is_text(test, buf, 100, 100 - s->len,
					      s->bytes, s->len), s->text);
		for (at = PAGE_SIZE - s->len; at <= PAGE_SIZE; at++)
			KUNIT_EXPECT_EQ_MSG(test,
					    is_text(test, buf, len, at,
						    s->bytes, s->len),
					    s->text, "%*ph at %u", s->len,
					    s->bytes, at);
		KUNIT_EXPECT_EQ(test, is_text(test, buf, len, len - s->len,
					      s->bytes, s->len), s->text);
	}
}

/* Text that ends within a character is not; nor does a page end one. */
static void text_cut(struct kunit *test)
{
	u8 *buf = kunit_kmalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	const struct sample *s;
	u8 n;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_TRUE(test, is_text(test, buf, 0, 0, "", 0));
	for (s = samples; s < samples + ARRAY_SIZE(samples); s++)
		for (n = 1; s->text && n < s->len; n++) {
			KUNIT_EXPECT_FALSE(test, is_text(test, buf, n, 0,
							 s->bytes, n));
			KUNIT_EXPECT_FALSE(test,
					   is_text(test, buf, 2 * PAGE_SIZE,
						   2 * PAGE_SIZE - n,
						   s->bytes, n));
		}
}

static struct kunit_case text_cases[] = {
	KUNIT_CASE(text_samples),
	KUNIT_CASE(text_cut),
	{}
};

static struct kunit_suite text_suite = {
	.name = "mqttk-proto-text",
	.init = text_setup,
	.exit = text_teardown,
	.test_cases = text_cases,
};

kunit_test_suite(text_suite);
