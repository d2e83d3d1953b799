// SPDX-License-Identifier: GPL-2.0
/*
 * ids.c: beside a plain array that is told the same, the set has the same
 * identifiers, and gives everything back.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../ids.h"
#include "index_fixture.h"

#define STEPS	100000

struct ids_ctx {
	struct mqttk_limits *limits;
	struct rnd_state rnd;
	struct mqttk_ids *ids;
	bool model[U16_MAX + 1];
	u32 nr;
};

static int ids_setup(struct kunit *test)
{
	struct ids_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->limits = limits_setup(test);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	return 0;
}

static void ids_teardown(struct kunit *test)
{
	struct ids_ctx *ctx = test->priv;

	mqttk_ids_free(&ctx->ids, ctx->limits);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

static u32 rnd(struct ids_ctx *ctx, u32 below)
{
	return prandom_u32_state(&ctx->rnd) % below;
}

static void add(struct kunit *test, u16 id)
{
	struct ids_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, mqttk_ids_add(&ctx->ids, ctx->limits, id),
			ctx->model[id] ? -EEXIST : 0);
	ctx->nr += !ctx->model[id];
	ctx->model[id] = true;
	KUNIT_ASSERT_EQ(test, mqttk_ids_count(ctx->ids), ctx->nr);
}

static void del(struct kunit *test, u16 id)
{
	struct ids_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, mqttk_ids_del(ctx->ids, id),
			ctx->model[id] ? 0 : -ENOENT);
	ctx->nr -= ctx->model[id];
	ctx->model[id] = false;
	KUNIT_ASSERT_EQ(test, mqttk_ids_count(ctx->ids), ctx->nr);
}

/* Near each other, as a client takes them, or anywhere. */
static void ids_random(struct kunit *test)
{
	struct ids_ctx *ctx = test->priv;
	u32 i, base = 0, near = 1;

	del(test, 1);
	for (i = 0; i < STEPS; i++) {
		if (!rnd(ctx, 1000)) {
			base = rnd(ctx, U16_MAX + 1);
			near = 1 << rnd(ctx, 17);
		}
		if (rnd(ctx, 5) < 3)
			add(test, base + rnd(ctx, near));
		else
			del(test, base + rnd(ctx, near));
		/* It stays as long as there is anything in it. */
		if (!rnd(ctx, 100))
			mqttk_ids_rest(&ctx->ids, ctx->limits);
	}
	for (i = 0; i <= U16_MAX; i++)
		del(test, i);
	mqttk_ids_rest(&ctx->ids, ctx->limits);
	KUNIT_EXPECT_NULL(test, ctx->ids);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
}

/* A client that releases what it sent takes no more for it in the long run. */
static void ids_in_turn(struct kunit *test)
{
	struct ids_ctx *ctx = test->priv;
	s64 used = 0;
	u32 i;

	for (i = 0; i < 3 * U16_MAX; i++) {
		u16 id = 1 + i % U16_MAX;

		add(test, id);
		del(test, id);
		if (!i)
			used = limits_used(ctx->limits);
		KUNIT_ASSERT_EQ(test, limits_used(ctx->limits), used);
	}
}

/* Without budget nothing is added, and what there is stays. */
static void ids_no_budget(struct kunit *test)
{
	struct ids_ctx *ctx = test->priv;

	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	KUNIT_EXPECT_EQ(test, mqttk_ids_add(&ctx->ids, ctx->limits, 1),
			-ENOBUFS);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = LONG_MAX;
	add(test, 1);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	KUNIT_EXPECT_EQ(test, mqttk_ids_add(&ctx->ids, ctx->limits, U16_MAX),
			-ENOBUFS);
	add(test, 2);
	del(test, 1);
	del(test, 2);
	/* Now there is room that nobody needs. */
	add(test, U16_MAX);
}

/* Nor without memory, whichever allocation it is that fails. */
static void ids_failed_alloc(struct kunit *test)
{
	struct ids_ctx *ctx = test->priv;
	int nth, err, failures = 0;
	bool failed = true;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	/* Some are not ours, and missed by nobody. */
	for (nth = 1; failed; nth++) {
		fail_nth(nth);
		err = mqttk_ids_add(&ctx->ids, ctx->limits, 1);
		failed = fail_done();
		failures += !!err;
		KUNIT_EXPECT_TRUE(test, !err || (failed && err == -ENOMEM));
		KUNIT_EXPECT_EQ(test, mqttk_ids_count(ctx->ids), !err);
		KUNIT_EXPECT_EQ(test, mqttk_ids_del(ctx->ids, 1),
				err ? -ENOENT : 0);
		mqttk_ids_rest(&ctx->ids, ctx->limits);
		KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	}
	KUNIT_EXPECT_EQ(test, failures, 2);
}

static struct kunit_case ids_cases[] = {
	KUNIT_CASE(ids_random),
	KUNIT_CASE(ids_in_turn),
	KUNIT_CASE(ids_no_budget),
	KUNIT_CASE(ids_failed_alloc),
	{}
};

static struct kunit_suite ids_suite = {
	.name = "mqttk-ids",
	.init = ids_setup,
	.exit = ids_teardown,
	.test_cases = ids_cases,
};

kunit_test_suite(ids_suite);
