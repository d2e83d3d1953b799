// SPDX-License-Identifier: GPL-2.0
/*
 * merge.c: whoever subscribed to several filters is met once, with all of its
 * subscriptions, however they come and go in the pauses; and what that takes
 * grows with the subscriptions, not with the filters times the subscribers.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "../filter.h"
#include "../merge.h"
#include "index_fixture.h"

#define NR	128	/* filters, and subscribers */
#define MANY	1000

/**
 * struct merge_ctx - filters and subscribers
 * @has: who is subscribed to what
 * @stable: and has been, or not, since the merge began
 */
struct merge_ctx {
	struct mqttk_limits *limits;
	struct mqttk_index ix;
	struct mutex lock;	/* the index's */
	struct rnd_state rnd;
	struct mqttk_subscriber who[MANY];
	struct mqttk_source src[MANY];
	unsigned int nr;
	DECLARE_BITMAP(has, NR * NR);
	DECLARE_BITMAP(stable, NR * NR);
};

static int merge_setup(struct kunit *test)
{
	struct merge_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	mutex_init(&ctx->lock);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	for (i = 0; i < MANY; i++)
		mqttk_subscriber_init(&ctx->who[i], i);
	test->priv = ctx;
	return mqttk_index_init(&ctx->ix, ctx->limits, &ctx->lock);
}

static void merge_teardown(struct kunit *test)
{
	struct merge_ctx *ctx = test->priv;
	int i;

	for (i = 0; i < MANY; i++)
		mqttk_unsubscribe_all(&ctx->ix, &ctx->who[i]);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 0);
	mqttk_index_exit(&ctx->ix);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

static struct text filter_text(unsigned int f)
{
	struct text t;

	t.len = scnprintf(t.p, TEXT_MAX, "f/%u", f);
	return t;
}

static struct mqttk_filter *subscribe(struct kunit *test, unsigned int f,
				      unsigned int who)
{
	struct merge_ctx *ctx = test->priv;
	struct text t = filter_text(f);
	struct mqttk_sub *sub = NULL;

	mutex_lock(&ctx->lock);
	KUNIT_EXPECT_EQ(test, mqttk_subscribe(&ctx->ix, &ctx->who[who], t.p,
					      t.len, 0, 0, 0, &sub, NULL), 0);
	mutex_unlock(&ctx->lock);
	return sub ? sub->filter : NULL;
}

/* Somebody subscribes or unsubscribes. */
static void change(struct kunit *test, unsigned int f, unsigned int who)
{
	struct merge_ctx *ctx = test->priv;
	struct text t = filter_text(f);

	__clear_bit(f * NR + who, ctx->stable);
	if (!__test_and_change_bit(f * NR + who, ctx->has)) {
		subscribe(test, f, who);
		return;
	}
	mutex_lock(&ctx->lock);
	KUNIT_EXPECT_EQ(test, mqttk_unsubscribe(&ctx->ix, &ctx->who[who], t.p,
						t.len), 0);
	mutex_unlock(&ctx->lock);
}

/* A filter in @density out of 256 for each subscriber. */
static void fill(struct kunit *test, unsigned int density)
{
	struct merge_ctx *ctx = test->priv;
	struct mqttk_filter *filter;
	unsigned int f, who;

	ctx->nr = 0;
	for (f = 0; f < NR; f++) {
		filter = NULL;
		for (who = 0; who < NR; who++) {
			if (prandom_u32_state(&ctx->rnd) % 256 >= density)
				continue;
			filter = subscribe(test, f, who);
			__set_bit(f * NR + who, ctx->has);
		}
		if (filter && mqttk_filter_get(filter))
			ctx->src[ctx->nr++] = (struct mqttk_source){
				.filter = filter,
			};
	}
	bitmap_fill(ctx->stable, NR * NR);
}

static unsigned int number_of(const struct mqttk_filter *f)
{
	unsigned int n = 0, i;

	for (i = 2; i < f->len; i++)
		n = n * 10 + f->text[i] - '0';
	return n;
}

/* What was taken is what its subscriber has; @met, what was missing before. */
static void expect_taken(struct kunit *test, const struct mqttk_sources *all,
			 u32 *next, unsigned long *missing)
{
	struct merge_ctx *ctx = test->priv;
	const struct mqttk_source *src;
	u32 who = U32_MAX;

	for (src = mqttk_sources_taken(all); src < mqttk_sources_end(all);
	     src++) {
		unsigned int bit;

		if (!src->sub)
			continue;
		if (who == U32_MAX)
			who = src->sub->item.index;
		KUNIT_EXPECT_EQ(test, src->sub->item.index, who);
		KUNIT_EXPECT_PTR_EQ(test, src->sub->filter, src->filter);
		bit = number_of(src->filter) * NR + who;
		KUNIT_EXPECT_TRUE(test, test_bit(bit, ctx->has));
		__clear_bit(bit, missing);
	}
	KUNIT_ASSERT_NE(test, who, U32_MAX);
	KUNIT_EXPECT_GE(test, who, *next);
	*next = who + 1;
}

/* Merges all there is; pauses after one in @pauses, if not 0. */
static void merge(struct kunit *test, unsigned int pauses,
		  unsigned long *missing)
{
	struct merge_ctx *ctx = test->priv;
	struct mqttk_sources all;
	unsigned int i;
	u32 next = 0;

	mqttk_sources_start(&all, ctx->src, ctx->nr);
	rcu_read_lock();
	while (all.nr) {
		bool settled = mqttk_sources_settle(&all, pauses ? 8 : UINT_MAX);

		if (settled && all.nr) {
			mqttk_sources_take(&all);
			expect_taken(test, &all, &next, missing);
			mqttk_sources_advance(&all);
		}
		if (settled && (!pauses ||
				prandom_u32_state(&ctx->rnd) % pauses))
			continue;
		rcu_read_unlock();
		for (i = prandom_u32_state(&ctx->rnd) % 16; pauses && i; i--)
			change(test, prandom_u32_state(&ctx->rnd) % NR,
			       prandom_u32_state(&ctx->rnd) % NR);
		rcu_read_lock();
		mqttk_sources_outdate(&all);
		all.work = 0;
	}
	rcu_read_unlock();
	for (i = 0; i < ctx->nr; i++)
		mqttk_filter_put(ctx->src[i].filter);
}

static void merge_oracle(struct kunit *test)
{
	static const unsigned int densities[] = { 1, 2, 16, 128, 256 };
	struct merge_ctx *ctx = test->priv;
	unsigned long *missing = kunit_kzalloc(test, sizeof(ctx->has),
					       GFP_KERNEL);
	unsigned int i, who;

	KUNIT_ASSERT_NOT_NULL(test, missing);
	for (i = 0; i < 2 * ARRAY_SIZE(densities); i++) {
		fill(test, densities[i / 2]);
		bitmap_copy(missing, ctx->has, NR * NR);
		merge(test, i % 2 ? 3 : 0, missing);
		bitmap_and(missing, missing, ctx->stable, NR * NR);
		KUNIT_EXPECT_TRUE(test, bitmap_empty(missing, NR * NR));
		for (who = 0; who < NR; who++)
			mqttk_unsubscribe_all(&ctx->ix, &ctx->who[who]);
		bitmap_zero(ctx->has, NR * NR);
	}
}

/* The work that merging everything takes; everybody has to be met. */
static unsigned int work(struct kunit *test, unsigned int receivers)
{
	struct merge_ctx *ctx = test->priv;
	struct mqttk_sources all;
	unsigned int met = 0;

	rcu_read_lock();
	for (mqttk_sources_start(&all, ctx->src, ctx->nr);
	     mqttk_sources_settle(&all, UINT_MAX) && all.nr; met++) {
		mqttk_sources_take(&all);
		mqttk_sources_advance(&all);
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, met, receivers);
	return all.work;
}

/* A thousand filters, of one subscriber or of one each: no square of it. */
static void merge_work(struct kunit *test)
{
	struct merge_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < MANY; i++)
		ctx->src[i] = (struct mqttk_source){
			.filter = subscribe(test, i, 0),
		};
	ctx->nr = MANY;
	KUNIT_EXPECT_LE(test, work(test, 1), 2 * MANY);

	mqttk_unsubscribe_all(&ctx->ix, &ctx->who[0]);
	for (i = 0; i < MANY; i++)
		ctx->src[i] = (struct mqttk_source){
			.filter = subscribe(test, i, MANY - 1 - i),
		};
	KUNIT_EXPECT_LE(test, work(test, MANY), 2 * MANY);
}

static struct kunit_case merge_cases[] = {
	KUNIT_CASE(merge_oracle),
	KUNIT_CASE(merge_work),
	{}
};

static struct kunit_suite merge_suite = {
	.name = "mqttk-merge",
	.init = merge_setup,
	.exit = merge_teardown,
	.test_cases = merge_cases,
};

kunit_test_suite(merge_suite);
