// SPDX-License-Identifier: GPL-2.0
/*
 * roll.c: whoever goes through subscriptions with pauses meets what lasts
 * once, whatever happens in the pauses.
 */
#include <kunit/test.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "../filter.h"
#include "../roll.h"
#include "index_fixture.h"

#define CLIENTS	40
#define FILTERS	40

struct roll_ctx {
	struct mqttk_limits *limits;
	struct mqttk_index ix;
	struct mutex lock;	/* the index's */
	struct mqttk_subscriber clients[CLIENTS];
	struct rnd_state rnd;
};

static int roll_setup(struct kunit *test)
{
	struct roll_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	mutex_init(&ctx->lock);
	for (i = 0; i < CLIENTS; i++)
		mqttk_subscriber_init(&ctx->clients[i], 7 * i);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	test->priv = ctx;
	return mqttk_index_init(&ctx->ix, ctx->limits, &ctx->lock);
}

static void roll_teardown(struct kunit *test)
{
	struct roll_ctx *ctx = test->priv;
	u32 i;

	for (i = 0; i < CLIENTS; i++)
		mqttk_unsubscribe_all(&ctx->ix, &ctx->clients[i]);
	mqttk_index_exit(&ctx->ix);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

/* The identifier tells which it is. */
static void subscribe(struct kunit *test, u32 client, const char *fmt, u32 n)
{
	struct roll_ctx *ctx = test->priv;
	char text[32];
	int len = scnprintf(text, sizeof(text), fmt, n);

	mutex_lock(&ctx->lock);
	KUNIT_EXPECT_EQ(test, mqttk_subscribe(&ctx->ix, &ctx->clients[client],
					      text, len, 1, 0, n + 1, NULL,
					      NULL), 0);
	mutex_unlock(&ctx->lock);
}

static void unsubscribe(struct kunit *test, u32 client, const char *fmt, u32 n)
{
	struct roll_ctx *ctx = test->priv;
	char text[32];
	int len = scnprintf(text, sizeof(text), fmt, n);

	mutex_lock(&ctx->lock);
	mqttk_unsubscribe(&ctx->ix, &ctx->clients[client], text, len);
	mutex_unlock(&ctx->lock);
}

/* Odd ones come and go, and even ones are made anew. */
static void disturb(struct kunit *test, const char *fmt)
{
	struct roll_ctx *ctx = test->priv;
	u32 n = prandom_u32_state(&ctx->rnd) % FILTERS;

	if (!(n % 2) || prandom_u32_state(&ctx->rnd) % 2)
		subscribe(test, 0, fmt, n);
	else
		unsubscribe(test, 0, fmt, n);
}

/* One step of a roll under the lock; false at the end. */
static bool step(struct roll_ctx *ctx, struct mqttk_roll *r, u32 *seen)
{
	struct mqttk_sub *sub;

	mutex_lock(&ctx->lock);
	sub = mqttk_roll_peek(r, &ctx->clients[0]);
	if (sub) {
		if (sub->id <= FILTERS)
			seen[sub->id - 1]++;
		mqttk_roll_pass(r, sub);
	}
	mutex_unlock(&ctx->lock);
	return sub;
}

/* Two at once, at different speeds, while subscriptions change. */
static void roll_of_client(struct kunit *test)
{
	struct roll_ctx *ctx = test->priv;
	u32 seen[2][FILTERS] = { };
	struct mqttk_roll r[2];
	bool more[2] = { true, true };
	u32 n;

	for (n = 0; n < FILTERS; n += 2)
		subscribe(test, 0, "a/%u/+", n);
	mutex_lock(&ctx->lock);
	mqttk_roll_start(&r[0], &ctx->ix, &ctx->clients[0]);
	mqttk_roll_start(&r[1], &ctx->ix, &ctx->clients[0]);
	mutex_unlock(&ctx->lock);

	/* They end though there is always something new. */
	for (n = 0; n < 100 * FILTERS && (more[0] || more[1]); n++) {
		disturb(test, "a/%u/+");
		unsubscribe(test, 0, "new/%u", FILTERS + n);
		subscribe(test, 0, "new/%u", FILTERS + n + 1);
		more[0] = step(ctx, &r[0], seen[0]);
		if (n % 3 == 0)
			more[1] = step(ctx, &r[1], seen[1]);
	}
	KUNIT_EXPECT_LT(test, n, 100 * FILTERS);
	for (n = 0; n < FILTERS; n += 2) {
		KUNIT_EXPECT_EQ_MSG(test, seen[0][n], 1, "filter %u", n);
		KUNIT_EXPECT_EQ_MSG(test, seen[1][n], 1, "filter %u", n);
	}
	mutex_lock(&ctx->lock);
	mqttk_roll_end(&r[0]);
	mqttk_roll_end(&r[1]);
	mutex_unlock(&ctx->lock);
}

/* A mark is no subscription: all go, and it stays until it is taken away. */
static void roll_outlives(struct kunit *test)
{
	struct roll_ctx *ctx = test->priv;
	struct mqttk_roll r;
	u32 seen[FILTERS] = { };
	u32 n;

	for (n = 0; n < FILTERS; n++)
		subscribe(test, 0, "b/%u", n);
	mutex_lock(&ctx->lock);
	mqttk_roll_start(&r, &ctx->ix, &ctx->clients[0]);
	mutex_unlock(&ctx->lock);
	for (n = 0; n < 5; n++)
		KUNIT_EXPECT_TRUE(test, step(ctx, &r, seen));

	mqttk_unsubscribe_all(&ctx->ix, &ctx->clients[0]);
	KUNIT_EXPECT_EQ(test, ctx->clients[0].nr_subs, 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_subs, 0);
	KUNIT_EXPECT_FALSE(test, step(ctx, &r, seen));

	mutex_lock(&ctx->lock);
	mqttk_roll_end(&r);
	mutex_unlock(&ctx->lock);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->clients[0].subs));
}

/* Once each of those who stay subscribed to @text while others change. */
static void all_to(struct kunit *test, const char *text)
{
	struct roll_ctx *ctx = test->priv;
	u32 seen[CLIENTS] = { };
	struct mqttk_set *set;
	struct mqttk_sub *sub;
	u32 at = 0, n;

	for (n = 0; n < CLIENTS; n += 2)
		subscribe(test, n, text, 0);
	do {
		rcu_read_lock();
		set = mqttk_index_find(&ctx->ix, text, strlen(text));
		sub = set ? mqttk_roll_to(set, &at) : NULL;
		if (sub)
			seen[sub->owner->index / 7]++;
		rcu_read_unlock();
		n = 1 + 2 * (prandom_u32_state(&ctx->rnd) % (CLIENTS / 2));
		subscribe(test, n, text, 0);
		n = 1 + 2 * (prandom_u32_state(&ctx->rnd) % (CLIENTS / 2));
		unsubscribe(test, n, text, 0);
	} while (sub);
	for (n = 0; n < CLIENTS; n++) {
		if (n % 2)
			KUNIT_EXPECT_LE(test, seen[n], 1);
		else
			KUNIT_EXPECT_EQ_MSG(test, seen[n], 1, "client %u", n);
	}
}

static void roll_to_filter(struct kunit *test)
{
	struct roll_ctx *ctx = test->priv;

	all_to(test, "+/x");
	/* Each text has its own, though they match the same. */
	all_to(test, "$share/g/+/x");
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, mqttk_index_find(&ctx->ix, "+/y", 3));
	KUNIT_EXPECT_NULL(test, mqttk_index_find(&ctx->ix, "$share/h/+/x", 12));
	rcu_read_unlock();
}

static struct kunit_case roll_cases[] = {
	KUNIT_CASE(roll_of_client),
	KUNIT_CASE(roll_outlives),
	KUNIT_CASE(roll_to_filter),
	{}
};

static struct kunit_suite roll_suite = {
	.name = "mqttk-roll",
	.init = roll_setup,
	.exit = roll_teardown,
	.test_cases = roll_cases,
};

kunit_test_suite(roll_suite);
