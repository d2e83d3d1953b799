// SPDX-License-Identifier: GPL-2.0
/*
 * out.c: what is appended is what is taken, byte for byte, whatever room was
 * made meanwhile; and everything is given back.
 */
#include <kunit/test.h>

#include "../out.h"
#include "index_fixture.h"

#define LARGE	1000

struct out_ctx {
	struct mqttk_limits *limits;
	struct mqttk_out out;
	u8 bytes[LARGE];
};

static int out_setup(struct kunit *test)
{
	struct out_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->limits = limits_setup(test);
	mqttk_out_init(&ctx->out);
	for (i = 0; i < LARGE; i++)
		ctx->bytes[i] = i * 7;
	return 0;
}

static void out_teardown(struct kunit *test)
{
	struct out_ctx *ctx = test->priv;

	mqttk_out_free(&ctx->out, ctx->limits);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

static void append(struct kunit *test, u32 from, u32 len)
{
	struct out_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, mqttk_out_append(&ctx->out, ctx->limits,
					       ctx->bytes + from, len, 1,
					       GFP_KERNEL), 0);
}

static void reserve(struct kunit *test, u32 len)
{
	struct out_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, mqttk_out_reserve(&ctx->out, ctx->limits, len,
						GFP_KERNEL), 0);
}

static void take(struct kunit *test, u32 len, u32 packets)
{
	struct out_ctx *ctx = test->priv;
	struct mqttk_out_buf *buf;

	KUNIT_EXPECT_EQ(test, mqttk_out_pending(&ctx->out), len);
	buf = mqttk_out_take(&ctx->out);
	KUNIT_EXPECT_EQ(test, mqttk_out_pending(&ctx->out), 0);
	if (!len) {
		KUNIT_EXPECT_NULL(test, buf);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, buf->len, len);
	KUNIT_EXPECT_EQ(test, buf->packets, packets);
	KUNIT_EXPECT_MEMEQ(test, buf->data, ctx->bytes, len);
	mqttk_out_buf_free(buf, ctx->limits);
}

/* The room grows, with what is there in it. */
static void out_append(struct kunit *test)
{
	append(test, 0, 10);
	append(test, 10, 30);
	append(test, 40, LARGE - 40);
	take(test, LARGE, 3);
	take(test, 0, 0);
	append(test, 0, 1);
	take(test, 1, 1);
}

/* A sender may take what is there between the room being made and used. */
static void out_reserve(struct kunit *test)
{
	append(test, 0, 40);
	reserve(test, 160);
	take(test, 40, 1);
	append(test, 0, 160);
	take(test, 160, 1);

	append(test, 0, 40);
	reserve(test, 160);
	append(test, 40, 160);
	take(test, 200, 2);

	reserve(test, 160);
	take(test, 0, 0);
	append(test, 0, 160);
	take(test, 160, 1);
	reserve(test, LARGE);
}

/* Without memory, or over the budget, all that was there still is. */
static void out_refused(struct kunit *test)
{
	struct out_ctx *ctx = test->priv;

	append(test, 0, 40);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	KUNIT_EXPECT_EQ(test, mqttk_out_reserve(&ctx->out, ctx->limits, LARGE,
						GFP_KERNEL), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, mqttk_out_append(&ctx->out, ctx->limits,
					       ctx->bytes, LARGE, 1, GFP_KERNEL),
			-ENOBUFS);
	take(test, 40, 1);
}

static struct kunit_case out_cases[] = {
	KUNIT_CASE(out_append),
	KUNIT_CASE(out_reserve),
	KUNIT_CASE(out_refused),
	{}
};

static struct kunit_suite out_suite = {
	.name = "mqttk-out",
	.init = out_setup,
	.exit = out_teardown,
	.test_cases = out_cases,
};

kunit_test_suite(out_suite);
