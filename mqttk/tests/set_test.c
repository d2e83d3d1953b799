// SPDX-License-Identifier: GPL-2.0
/*
 * set.c: what a walk meets while the set changes.
 *
 * There is one thread, so a walk is taken in steps and the set changes between
 * two of them; and between the two looks of one step, by a stub. No item is
 * freed before its test ends: so a walk may stand on it as long as it likes, as
 * in one long read-side section, though none is held while the set changes.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>

#include "../set.h"
#include "index_fixture.h"

/* Indices of the random test: few, so that one is often added again. */
#define NR	48

/* Its steps, each of which may need an item, and walks under way. */
#define STEPS	40000
#define WALKS	8

/* What an index of the random test is in the set. */
#define INDEX(i)	((i) * 977)

/**
 * struct walk - a walk under way
 * @at: the item it stands on; NULL: it goes on from @next
 * @next: index to go on from
 * @stayed: in the set all the time since it began
 * @since: in the set at some time since it began
 * @met: met
 */
struct walk {
	const struct mqttk_item *at;
	u32 next;
	DECLARE_BITMAP(stayed, NR);
	DECLARE_BITMAP(since, NR);
	DECLARE_BITMAP(met, NR);
};

struct set_ctx {
	struct mqttk_limits *limits;
	struct mqttk_set set;
	struct rnd_state rnd;
	struct mqttk_item *items;
	unsigned int used;
	struct mqttk_item *in[NR];
	struct walk walks[WALKS];
	void (*between)(struct set_ctx *ctx);
	unsigned int looks;
};

static int set_setup(struct kunit *test)
{
	struct set_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	mqttk_set_init(&ctx->set);
	ctx->items = kvcalloc(STEPS, sizeof(*ctx->items), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->items);
	test->priv = ctx;
	return 0;
}

static void set_teardown(struct kunit *test)
{
	struct set_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < NR; i++)
		if (ctx->in[i])
			mqttk_set_del(&ctx->set, ctx->limits, ctx->in[i]);
	KUNIT_EXPECT_EQ(test, ctx->set.nr, 0);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(ctx->set.first));
	KUNIT_EXPECT_TRUE(test, mtree_empty(&ctx->set.tree));
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	kvfree(ctx->items);
	mqttk_limits_exit(ctx->limits);
}

static int add(struct set_ctx *ctx, u32 i)
{
	struct mqttk_item *item = &ctx->items[ctx->used++];
	int err;

	item->index = INDEX(i);
	err = mqttk_set_add(&ctx->set, ctx->limits, item);
	if (!err)
		ctx->in[i] = item;
	return err;
}

static void del(struct set_ctx *ctx, u32 i)
{
	mqttk_set_del(&ctx->set, ctx->limits, ctx->in[i]);
	ctx->in[i] = NULL;
}

static void replace(struct set_ctx *ctx, u32 i)
{
	struct mqttk_item *item = &ctx->items[ctx->used++];

	item->index = INDEX(i);
	mqttk_set_replace(&ctx->set, ctx->in[i], item);
	ctx->in[i] = item;
}

/* The number of the first item from one on; NR: there is none. */
static u32 next_from(struct set_ctx *ctx, u32 i)
{
	struct mqttk_item *item;

	rcu_read_lock();
	item = mqttk_set_next(&ctx->set, INDEX(i));
	rcu_read_unlock();
	return item ? item->index / INDEX(1) : NR;
}

/* The number of the item behind one, which may have been taken out. */
static u32 after(const struct mqttk_item *item)
{
	rcu_read_lock();
	item = mqttk_set_after(item);
	rcu_read_unlock();
	return item ? item->index / INDEX(1) : NR;
}

/* Links, tree and writers' look-ups say the same: who is in, in order. */
static void expect_all(struct kunit *test, struct set_ctx *ctx)
{
	struct mqttk_item *item;
	u32 i, nr = 0, next = NR;

	for (i = NR; i--;) {
		if (ctx->in[i]) {
			KUNIT_EXPECT_EQ(test, after(ctx->in[i]), next);
			next = i;
			nr++;
		}
		KUNIT_EXPECT_EQ(test, next_from(ctx, i), next);
		KUNIT_EXPECT_PTR_EQ(test, ctx->in[i],
				    mqttk_set_find(&ctx->set, INDEX(i)));
		rcu_read_lock();
		item = mqttk_set_tree_next(&ctx->set, INDEX(i));
		rcu_read_unlock();
		if (next < NR && ctx->set.nr > 1)
			KUNIT_EXPECT_PTR_EQ(test, item, ctx->in[next]);
	}
	KUNIT_EXPECT_EQ(test, ctx->set.nr, nr);
	KUNIT_EXPECT_EQ(test, mtree_empty(&ctx->set.tree), nr < 2);
}

static void walk_begin(struct set_ctx *ctx, struct walk *w)
{
	u32 i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < NR; i++)
		if (ctx->in[i])
			set_bit(i, w->stayed);
	bitmap_copy(w->since, w->stayed, NR);
}

/* What was there all the time was met, and nothing that never was there. */
static void expect_walked(struct kunit *test, const struct walk *w)
{
	KUNIT_EXPECT_TRUE(test, bitmap_subset(w->stayed, w->met, NR));
	KUNIT_EXPECT_TRUE(test, bitmap_subset(w->met, w->since, NR));
}

/* Now and then a walk leaves RCU and knows nothing but an index. */
static void walk_step(struct kunit *test, struct set_ctx *ctx, struct walk *w)
{
	const struct mqttk_item *item;

	if (!(prandom_u32_state(&ctx->rnd) % 4))
		w->at = NULL;
	rcu_read_lock();
	item = w->at ? mqttk_set_after(w->at) :
		       mqttk_set_next(&ctx->set, w->next);
	rcu_read_unlock();
	w->at = item;
	if (!item) {
		expect_walked(test, w);
		walk_begin(ctx, w);
		return;
	}
	/* Always upward, so none is met twice. */
	KUNIT_ASSERT_GE(test, item->index, w->next);
	w->next = item->index + 1;
	set_bit(item->index / INDEX(1), w->met);
}

/* Mostly a few, or all but a few, and now and then one or none. */
static void change(struct kunit *test, struct set_ctx *ctx, unsigned int step)
{
	static const unsigned int most[] = { 3, NR, 1, NR / 2 };
	u32 i = prandom_u32_state(&ctx->rnd) % NR;
	unsigned int n;

	if (ctx->in[i] && !(prandom_u32_state(&ctx->rnd) % 4)) {
		replace(ctx, i);
	} else if (ctx->in[i]) {
		del(ctx, i);
		for (n = 0; n < WALKS; n++)
			clear_bit(i, ctx->walks[n].stayed);
	} else if (ctx->set.nr < most[step / 256 % ARRAY_SIZE(most)]) {
		KUNIT_ASSERT_EQ(test, add(ctx, i), 0);
		for (n = 0; n < WALKS; n++)
			set_bit(i, ctx->walks[n].since);
	}
}

/*
 * Items come, go and are replaced while walks stand on them: each walk meets
 * whatever is there all the time, in order and once.
 */
static void set_model(struct kunit *test)
{
	struct set_ctx *ctx = test->priv;
	unsigned int step, n;

	for (n = 0; n < WALKS; n++)
		walk_begin(ctx, &ctx->walks[n]);
	for (step = 0; step < STEPS; step++) {
		change(test, ctx, step);
		/* Some are fast and some are slow. */
		n = prandom_u32_state(&ctx->rnd) % WALKS;
		if (prandom_u32_state(&ctx->rnd) % WALKS >= n)
			walk_step(test, ctx, &ctx->walks[n]);
		if (!(step % 61))
			expect_all(test, ctx);
		cond_resched();
	}
}

/* By hand what is most easily got wrong: whoever stands on what goes. */
static void set_stands(struct kunit *test)
{
	struct set_ctx *ctx = test->priv;
	const struct mqttk_item *first, *second, *last;

	KUNIT_ASSERT_EQ(test, add(ctx, 9), 0);
	KUNIT_ASSERT_EQ(test, add(ctx, 3), 0);
	KUNIT_ASSERT_EQ(test, add(ctx, 5), 0);
	first = ctx->in[3];
	second = ctx->in[5];
	last = ctx->in[9];

	/* One that came is seen from who is in, not from who went before. */
	del(ctx, 3);
	KUNIT_ASSERT_EQ(test, add(ctx, 4), 0);
	KUNIT_EXPECT_EQ(test, after(first), 5);
	del(ctx, 4);
	KUNIT_ASSERT_EQ(test, add(ctx, 7), 0);
	KUNIT_EXPECT_EQ(test, after(second), 7);

	/* One by one from under the walk, until the last is alone. */
	del(ctx, 5);
	del(ctx, 7);
	KUNIT_EXPECT_EQ(test, after(first), 5);
	KUNIT_EXPECT_EQ(test, after(second), 7);
	KUNIT_EXPECT_EQ(test, after(last), NR);
	KUNIT_EXPECT_EQ(test, next_from(ctx, 0), 9);
	KUNIT_EXPECT_EQ(test, next_from(ctx, 9), 9);
	KUNIT_EXPECT_EQ(test, next_from(ctx, 10), NR);

	/* The only one is replaced, and one comes behind what replaced it. */
	replace(ctx, 9);
	KUNIT_ASSERT_EQ(test, add(ctx, 11), 0);
	KUNIT_EXPECT_EQ(test, after(last), NR);
	KUNIT_EXPECT_EQ(test, after(ctx->in[9]), 11);
	replace(ctx, 11);
	KUNIT_EXPECT_EQ(test, after(ctx->in[9]), 11);
	del(ctx, 9);
	KUNIT_EXPECT_EQ(test, next_from(ctx, 0), 11);
}

/* Lets the set change, once, when a reader is about to look into the tree. */
static struct mqttk_item *look_late(struct mqttk_set *set, u32 from)
{
	struct kunit *test = kunit_get_current_test();
	struct set_ctx *ctx = test->priv;
	struct mqttk_item *item;

	/* What changes may sleep, and so may a stub's coming and going. */
	rcu_read_unlock();
	if (!ctx->looks++)
		ctx->between(ctx);
	kunit_deactivate_static_stub(test, mqttk_set_tree_next);
	rcu_read_lock();
	item = mqttk_set_tree_next(set, from);
	rcu_read_unlock();
	kunit_activate_static_stub(test, mqttk_set_tree_next, look_late);
	rcu_read_lock();
	return item;
}

static void leave_nine(struct set_ctx *ctx)
{
	del(ctx, 5);
	del(ctx, 3);
}

static void leave_three(struct set_ctx *ctx)
{
	del(ctx, 9);
	del(ctx, 5);
}

static void leave_nine_and_grow(struct set_ctx *ctx)
{
	leave_nine(ctx);
	WARN_ON(add(ctx, 1) || add(ctx, 2));
}

static void leave_nine_and_fail(struct set_ctx *ctx)
{
	leave_nine(ctx);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 1;
	WARN_ON(add(ctx, 1) != -ENOBUFS);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = LONG_MAX;
}

static void leave_none(struct set_ctx *ctx)
{
	leave_nine(ctx);
	del(ctx, 9);
}

/*
 * The set goes from several to one and on between a reader's look at the links
 * and its look into the tree, which may be empty by then: it finds what stayed.
 */
static void set_moves(struct kunit *test)
{
	static const struct {
		void (*between)(struct set_ctx *ctx);
		u32 from;
		u32 found;
		unsigned int looks;
	} cases[] = {
		{ leave_nine, 7, 9, 1 },
		{ leave_three, 7, NR, 1 },
		{ leave_nine_and_grow, 7, 9, 1 },
		{ leave_nine_and_fail, 7, 9, 1 },
		{ leave_none, 7, NR, 1 },
		{ leave_nine, 10, NR, 1 },
		{ leave_nine_and_grow, 10, NR, 2 },
	};
	struct set_ctx *ctx = test->priv;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_ASSERT_EQ(test, add(ctx, 3), 0);
		KUNIT_ASSERT_EQ(test, add(ctx, 5), 0);
		KUNIT_ASSERT_EQ(test, add(ctx, 9), 0);
		ctx->between = cases[i].between;
		ctx->looks = 0;
		kunit_activate_static_stub(test, mqttk_set_tree_next,
					   look_late);
		KUNIT_EXPECT_EQ_MSG(test, next_from(ctx, cases[i].from),
				    cases[i].found, "case %u", i);
		kunit_deactivate_static_stub(test, mqttk_set_tree_next);
		KUNIT_EXPECT_EQ_MSG(test, ctx->looks, cases[i].looks,
				    "case %u", i);
		for (n = 0; n < NR; n++)
			if (ctx->in[n])
				del(ctx, n);
	}
}

/* Without a budget an item is not in; what is in is as it was. */
static void set_budget(struct kunit *test)
{
	struct set_ctx *ctx = test->priv;
	u32 i;

	KUNIT_ASSERT_EQ(test, add(ctx, 7), 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 1;
	KUNIT_EXPECT_EQ(test, add(ctx, 3), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, add(ctx, 8), -ENOBUFS);
	expect_all(test, ctx);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = LONG_MAX;
	for (i = 0; i < NR; i += 2)
		KUNIT_ASSERT_EQ(test, add(ctx, i), 0);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 1;
	KUNIT_EXPECT_EQ(test, add(ctx, 3), -ENOBUFS);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = LONG_MAX;
	expect_all(test, ctx);
}

/* The same without memory, wherever it fails. */
static void set_failed_add(struct kunit *test)
{
	struct set_ctx *ctx = test->priv;
	unsigned int nth, failures = 0;
	bool failed;
	int err;
	u32 i;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	for (i = 0; i < NR; i++) {
		u32 at = i * 29 % NR;

		for (nth = 1, failed = true; failed; nth++) {
			fail_nth(nth);
			err = add(ctx, at);
			failed = fail_done();
			failures += failed;
			KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
			expect_all(test, ctx);
			if (failed && !err)
				del(ctx, at);
		}
	}
	KUNIT_EXPECT_GT(test, failures, 0);
}

/* Taking out never fails, and marks that it may leave are not met. */
static void set_failed_del(struct kunit *test)
{
	struct set_ctx *ctx = test->priv;
	unsigned int failures = 0, round;
	u32 i;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	for (round = 0; round < 16; round++) {
		for (i = 0; i < NR; i++)
			if (!ctx->in[i])
				KUNIT_ASSERT_EQ(test, add(ctx, i), 0);
		for (i = 0; i < NR; i++) {
			u32 at = i * 29 % NR;

			if (prandom_u32_state(&ctx->rnd) % 16 < round)
				continue;
			fail_nth(1 + prandom_u32_state(&ctx->rnd) % 3);
			del(ctx, at);
			failures += fail_done();
			expect_all(test, ctx);
		}
	}
	KUNIT_EXPECT_GT(test, failures, 0);
}

static struct kunit_case set_cases[] = {
	KUNIT_CASE(set_model),
	KUNIT_CASE(set_stands),
	KUNIT_CASE(set_moves),
	KUNIT_CASE(set_budget),
	KUNIT_CASE(set_failed_add),
	KUNIT_CASE(set_failed_del),
	{}
};

static struct kunit_suite set_suite = {
	.name = "mqttk-set",
	.init = set_setup,
	.exit = set_teardown,
	.test_cases = set_cases,
};

kunit_test_suite(set_suite);
