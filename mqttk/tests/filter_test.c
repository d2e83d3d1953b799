// SPDX-License-Identifier: GPL-2.0
/*
 * filter.c, trie.c, match.c: subscriptions and what they match, alone and under
 * way.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../filter.h"
#include "../match.h"
#include "../wire.h"
#include "index_fixture.h"
#include "topic_oracle.h"

bool failslab;
module_param(failslab, bool, 0);
MODULE_PARM_DESC(failslab, "Run tests that make allocations fail");

/* Filters of a test, each with a subscriber of its own. */
#define NR	256

struct index_ctx {
	struct mqttk_limits *limits;
	struct mqttk_index ix;
	struct mutex lock;	/* the index's */
	struct rnd_state rnd;
	struct mqttk_subscriber who[NR];
	struct text filter[NR];
	DECLARE_BITMAP(subscribed, NR);
};

static int index_setup(struct kunit *test)
{
	struct index_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	mutex_init(&ctx->lock);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	for (i = 0; i < NR; i++)
		mqttk_subscriber_init(&ctx->who[i], i);
	test->priv = ctx;
	return mqttk_index_init(&ctx->ix, ctx->limits, &ctx->lock);
}

/* Every test ends with nobody subscribed: then nothing is left. */
static void index_teardown(struct kunit *test)
{
	struct index_ctx *ctx = test->priv;
	int i;

	mutex_lock(&ctx->lock);
	for (i = 0; i < NR; i++)
		while (mqttk_unsubscribe_some(&ctx->ix, &ctx->who[i], 256))
			cond_resched();
	mutex_unlock(&ctx->lock);
	/* Subscriptions with an identifier are given back by callbacks. */
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_wild, 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_subs, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_index_exit(&ctx->ix);
	mqttk_limits_exit(ctx->limits);
	/* Readers may have followed subscriptions to ctx->who. */
	synchronize_rcu();
}

static int subscribe(struct index_ctx *ctx, u32 who, struct text text, u8 qos)
{
	int err;

	mutex_lock(&ctx->lock);
	err = mqttk_subscribe(&ctx->ix, &ctx->who[who], text.p, text.len, qos,
			      qos, 0, NULL, NULL);
	mutex_unlock(&ctx->lock);
	return err;
}

static int unsubscribe(struct index_ctx *ctx, u32 who, struct text text)
{
	int err;

	mutex_lock(&ctx->lock);
	err = mqttk_unsubscribe(&ctx->ix, &ctx->who[who], text.p, text.len);
	mutex_unlock(&ctx->lock);
	return err;
}

/* Subscriber i to a generated filter, or back from it. */
static void toggle(struct kunit *test, struct index_ctx *ctx, u32 i)
{
	if (test_bit(i, ctx->subscribed)) {
		KUNIT_ASSERT_EQ(test, unsubscribe(ctx, i, ctx->filter[i]), 0);
	} else {
		ctx->filter[i] = text_generate(&ctx->rnd, true);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, i, ctx->filter[i], 1), 0);
	}
	change_bit(i, ctx->subscribed);
}

/*
 * Marks the subscribers of a filter; false if one of them was marked before.
 * From @fickle on they come and go, and may be met under one filter and, later
 * in the same walk, under another.
 */
static bool mark_subs(struct mqttk_filter *f, unsigned long *seen, u32 fickle)
{
	struct mqttk_sub *sub;
	bool once = true;
	u32 index = 0;

	for (sub = mqttk_filter_next_sub(f, &index); sub;
	     sub = mqttk_sub_after(sub)) {
		index = sub->owner->index;
		if (test_and_set_bit(index, seen) && index < fickle)
			once = false;
	}
	return once;
}

/* A match from end to end; false if a subscriber was met twice. */
static bool match_all(struct mqttk_index *ix, struct text topic,
		      unsigned long *seen)
{
	struct mqttk_filter *f;
	struct mqttk_match m;
	bool once = true;

	rcu_read_lock();
	mqttk_match_start(&m, ix, topic.p, topic.len);
	while ((f = mqttk_match_next(&m))) {
		if (!IS_ERR(f))
			once &= mark_subs(f, seen, NR);
	}
	rcu_read_unlock();
	return once;
}

static void expect_match(struct kunit *test, struct index_ctx *ctx,
			 struct text topic)
{
	DECLARE_BITMAP(seen, NR) = {};
	bool want, got;
	int i;

	KUNIT_EXPECT_TRUE(test, match_all(&ctx->ix, topic, seen));
	for (i = 0; i < NR; i++) {
		got = test_bit(i, seen);
		want = test_bit(i, ctx->subscribed) &&
		       oracle_match(ctx->filter[i].p, ctx->filter[i].len,
				    topic.p, topic.len);
		if (got != want)
			KUNIT_FAIL(test, "%.*s: %s %.*s", topic.len, topic.p,
				   got ? "matched" : "missed",
				   ctx->filter[i].len, ctx->filter[i].p);
	}
}

/*
 * While subscriptions come and go, a topic finds exactly those whose filter a
 * slow, independent matcher says it matches, each once.
 */
static void filter_oracle(struct kunit *test)
{
	struct index_ctx *ctx = test->priv;
	int round, i;

	for (round = 0; round < 200; round++) {
		/* They come at first, then they go. */
		bool going = round >= 100;

		for (i = 0; i < 32; i++) {
			u32 who = prandom_u32_state(&ctx->rnd) % NR;

			if (test_bit(who, ctx->subscribed) == going)
				toggle(test, ctx, who);
		}
		for (i = 0; i < 20; i++)
			expect_match(test, ctx,
				     text_generate(&ctx->rnd, false));
		cond_resched();
	}
}

/* The standard's own examples and the corners they leave out. */
static void filter_examples(struct kunit *test)
{
	static const char * const filters[] = {
		"#", "+", "+/+", "/+", "/#", "sport/tennis/player1/#",
		"sport/#", "sport/+", "sport/", "sport", "$SYS/#",
		"$SYS/monitor/+", "+/monitor/Clients", "+/", "//#", "+/#",
		"sport/+/player1", "+/tennis/#", "/finance",
	};
	static const char * const topics[] = {
		"sport", "sport/", "sport/tennis", "sport/tennis/player1",
		"sport/tennis/player1/ranking", "/finance", "/", "//", "$SYS",
		"$SYS/", "$SYS/monitor/Clients", "$", "finance", "a//b",
		"sport//player1",
	};
	struct index_ctx *ctx = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		ctx->filter[i] = text_of(filters[i]);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, i, ctx->filter[i], 0), 0);
		set_bit(i, ctx->subscribed);
	}
	for (i = 0; i < ARRAY_SIZE(topics); i++)
		expect_match(test, ctx, text_of(topics[i]));
}

/* What a filter's walk finds, whole and in slices, is exactly who is in. */
static void expect_subs(struct kunit *test, struct index_ctx *ctx,
			struct mqttk_filter *f)
{
	struct mqttk_sub *sub, *walked;
	u32 at = 0, i, n = 0;

	rcu_read_lock();
	walked = mqttk_filter_next_sub(f, &at);
	at = 0;
	for_each_set_bit(i, ctx->subscribed, NR) {
		KUNIT_EXPECT_PTR_EQ(test, walked ? walked->owner : NULL,
				    &ctx->who[i]);
		sub = mqttk_filter_next_sub(f, &at);
		KUNIT_EXPECT_PTR_EQ(test, sub ? sub->owner : NULL,
				    &ctx->who[i]);
		KUNIT_EXPECT_EQ(test, at++, ctx->who[i].index);
		walked = walked ? mqttk_sub_after(walked) : NULL;
		n++;
	}
	KUNIT_EXPECT_NULL(test, walked);
	KUNIT_EXPECT_NULL(test, mqttk_filter_next_sub(f, &at));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, f->subs.nr, n);
}

/*
 * A filter's subscribers with sparse indices, from one to many and back, again
 * and again: walks find all, in order; one subscriber needs no tree.
 */
static void filter_grow_shrink(struct kunit *test)
{
	struct text text = text_of("a/+");
	struct index_ctx *ctx = test->priv;
	struct mqttk_sub *keep;
	u32 i, round;

	/* Sparse, and in the order of ctx->who. */
	for (i = 0; i < NR; i++)
		ctx->who[i].index = i * 8191 + (i % 3) * 1000;

	mutex_lock(&ctx->lock);
	KUNIT_ASSERT_EQ(test, mqttk_subscribe(&ctx->ix, &ctx->who[9], text.p,
					      text.len, 0, 0, 0, &keep, NULL),
			0);
	mutex_unlock(&ctx->lock);
	set_bit(9, ctx->subscribed);

	for (round = 0; round < 3000; round++) {
		u32 most = round / 64 % 2 ? 2 : NR;

		i = prandom_u32_state(&ctx->rnd) % NR;
		if (i == 9)
			continue;
		if (test_and_change_bit(i, ctx->subscribed))
			KUNIT_ASSERT_EQ(test, unsubscribe(ctx, i, text), 0);
		else if (bitmap_weight(ctx->subscribed, NR) <= most)
			KUNIT_ASSERT_EQ(test, subscribe(ctx, i, text, 0), 0);
		else
			clear_bit(i, ctx->subscribed);
		expect_subs(test, ctx, keep->filter);
	}
	for (i = 0; i < NR; i++)
		if (i != 9 && test_and_clear_bit(i, ctx->subscribed))
			KUNIT_ASSERT_EQ(test, unsubscribe(ctx, i, text), 0);
	expect_subs(test, ctx, keep->filter);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(keep->filter->subs.first),
			    &keep->item);
	KUNIT_EXPECT_TRUE(test, mtree_empty(&keep->filter->subs.tree));
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 9, text), 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
}

static u32 next_index(struct mqttk_filter *f, u32 *at)
{
	u32 index = NR;

	rcu_read_lock();
	if (mqttk_filter_next_sub(f, at))
		index = (*at)++;
	rcu_read_unlock();
	return index;
}

/*
 * A filter that goes from one subscriber to several and back between two steps
 * of a walk: nobody is met twice, and who was there all the time is met.
 */
static void filter_walk_moves(struct kunit *test)
{
	struct text text = text_of("a/b");
	struct index_ctx *ctx = test->priv;
	struct mqttk_filter *f;
	struct mqttk_sub *sub;
	u32 from, at;

	for (from = 0; from < 2; from++) {
		/* From an index of 0 the tree's root may be the entry itself. */
		u32 a = from ? 5 : 0;

		KUNIT_ASSERT_EQ(test, subscribe(ctx, a, text, 0), 0);
		sub = list_first_entry(&ctx->who[a].subs, struct mqttk_sub,
				       node);
		f = sub->filter;

		at = 0;
		KUNIT_EXPECT_EQ(test, next_index(f, &at), a);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 7, text, 0), 0);
		KUNIT_EXPECT_EQ(test, next_index(f, &at), 7);
		KUNIT_EXPECT_EQ(test, next_index(f, &at), NR);

		at = 0;
		KUNIT_EXPECT_EQ(test, next_index(f, &at), a);
		KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 7, text), 0);
		KUNIT_EXPECT_EQ(test, next_index(f, &at), NR);

		KUNIT_ASSERT_EQ(test, subscribe(ctx, 7, text, 0), 0);
		at = 0;
		KUNIT_EXPECT_EQ(test, next_index(f, &at), a);
		KUNIT_ASSERT_EQ(test, unsubscribe(ctx, a, text), 0);
		KUNIT_EXPECT_EQ(test, next_index(f, &at), 7);

		/* Away from the tree and into another one. */
		KUNIT_ASSERT_EQ(test, subscribe(ctx, a, text, 0), 0);
		at = 0;
		KUNIT_EXPECT_EQ(test, next_index(f, &at), a);
		KUNIT_ASSERT_EQ(test, unsubscribe(ctx, a, text), 0);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 3, text, 0), 0);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 9, text, 0), 0);
		KUNIT_EXPECT_EQ(test, next_index(f, &at), a < 3 ? 3 : 7);
		KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 3, text), 0);
		KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 9, text), 0);
		KUNIT_EXPECT_EQ(test, next_index(f, &at), a < 3 ? 7 : NR);
		KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 7, text), 0);
	}
}

/*
 * Subscribing again changes QoS, options and identifier, alone and among
 * others, and is still one subscription; ending what is not there is -ENOENT.
 */
static void filter_again(struct kunit *test)
{
	struct text text = text_of("a/b");
	struct index_ctx *ctx = test->priv;
	struct mqttk_sub *sub;
	bool existed;
	u32 others;

	for (others = 0; others < 3; others++) {
		mutex_lock(&ctx->lock);
		KUNIT_ASSERT_EQ(test, mqttk_subscribe(&ctx->ix, &ctx->who[7],
						      text.p, text.len, 0, 0, 0,
						      &sub, &existed), 0);
		KUNIT_EXPECT_EQ(test, existed, others > 0);
		KUNIT_EXPECT_EQ(test, sub->qos, 0);
		KUNIT_ASSERT_EQ(test, mqttk_subscribe(&ctx->ix, &ctx->who[7],
						      text.p, text.len, 2, 0x2e,
						      99, &sub, &existed), 0);
		mutex_unlock(&ctx->lock);
		KUNIT_EXPECT_TRUE(test, existed);
		KUNIT_EXPECT_EQ(test, ctx->who[7].nr_subs, 1);
		KUNIT_EXPECT_TRUE(test, list_is_singular(&ctx->who[7].subs));
		KUNIT_EXPECT_EQ(test, sub->filter->subs.nr, others + 1);

		rcu_read_lock();
		KUNIT_EXPECT_PTR_EQ(test, sub,
				    mqttk_filter_next_sub(sub->filter,
							  &(u32){ 7 }));
		rcu_read_unlock();
		KUNIT_EXPECT_EQ(test, sub->qos, 2);
		KUNIT_EXPECT_EQ(test, sub->options, 0x2e);
		KUNIT_EXPECT_EQ(test, sub->id, 99);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 20 + others, text, 0), 0);
	}
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 7, text_of("a/c")), -ENOENT);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 8, text), -ENOENT);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 7, text), 0);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 7, text), -ENOENT);
}

static u32 seq_of(struct index_ctx *ctx, u32 who, struct text text)
{
	return mqttk_subscription_seq(&ctx->ix, &ctx->who[who], text.p,
				      text.len);
}

/* Which SUBSCRIBE asked for what is retained: those that did not do not count. */
static void filter_seq(struct kunit *test)
{
	static const struct {
		u8 options;
		bool same;
	} again[] = {
		{ MQTTK_SUB_RETAIN_ALWAYS, false },
		{ MQTTK_SUB_RETAIN_IF_NEW, true },
		{ MQTTK_SUB_RETAIN_NEVER, true },
	};
	struct index_ctx *ctx = test->priv;
	struct text text = text_of("a/+");
	u32 seq, others;
	int i;

	for (others = 0; others < 2; others++) {
		KUNIT_EXPECT_EQ(test, seq_of(ctx, 7, text), 0);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 7, text, 0), 0);
		seq = seq_of(ctx, 7, text);
		KUNIT_EXPECT_NE(test, seq, 0);
		for (i = 0; i < ARRAY_SIZE(again); i++) {
			mutex_lock(&ctx->lock);
			mqttk_subscribe(&ctx->ix, &ctx->who[7], text.p,
					text.len, 1, again[i].options, 0, NULL,
					NULL);
			mutex_unlock(&ctx->lock);
			KUNIT_EXPECT_EQ(test, seq_of(ctx, 7, text) == seq,
					again[i].same);
			seq = seq_of(ctx, 7, text);
		}
		KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 7, text), 0);
		KUNIT_EXPECT_EQ(test, seq_of(ctx, 7, text), 0);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 7, text, 0), 0);
		KUNIT_EXPECT_NE(test, seq_of(ctx, 7, text), seq);
		KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 7, text), 0);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 3 + 20 * others, text, 0),
				0);
	}
}

/*
 * With a budget that runs out at every possible point, a refused subscription
 * leaves index and budget as they were.
 */
static void filter_budget(struct kunit *test)
{
	static const char * const filters[] = { "a/b", "a/+/c/#", "a/+/c/+" };
	struct index_ctx *ctx = test->priv;
	unsigned long *budget =
		&ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY];
	u32 who, refused = 0;
	s64 before;
	int err;

	for (who = 0; who < 3 * ARRAY_SIZE(filters); who++) {
		struct text text = text_of(filters[who % ARRAY_SIZE(filters)]);
		unsigned int nr_filters = ctx->ix.nr_filters;

		before = limits_used(ctx->limits);
		for (*budget = before; ; *budget += 8) {
			err = subscribe(ctx, who, text, 0);
			if (!err)
				break;
			KUNIT_ASSERT_EQ(test, err, -ENOBUFS);
			KUNIT_ASSERT_EQ(test, limits_used(ctx->limits), before);
			KUNIT_ASSERT_EQ(test, ctx->ix.nr_filters, nr_filters);
			KUNIT_ASSERT_EQ(test, ctx->who[who].nr_subs, 0);
			refused++;
		}
		KUNIT_EXPECT_LE(test, limits_used(ctx->limits), (s64)*budget);
		ctx->filter[who] = text;
		set_bit(who, ctx->subscribed);
		expect_match(test, ctx, text_of("a/b"));
		expect_match(test, ctx, text_of("a/b/c"));
		expect_match(test, ctx, text_of("a/b/c/d"));
	}
	KUNIT_EXPECT_GT(test, refused, 3 * ARRAY_SIZE(filters));
}

/* A match that leaves RCU at every step, with changes made meanwhile. */
static void match_with_pauses(struct kunit *test, struct index_ctx *ctx,
			      struct text topic, unsigned long *seen)
{
	struct mqttk_filter *f, *held = NULL;
	struct mqttk_match m;
	int i;

	rcu_read_lock();
	mqttk_match_start(&m, &ctx->ix, topic.p, topic.len);
	while ((f = mqttk_match_next(&m))) {
		if (!IS_ERR(f)) {
			KUNIT_EXPECT_TRUE(test, mark_subs(f, seen, NR / 2));
			held = mqttk_filter_get(f) ? f : NULL;
		}
		mqttk_match_pause(&m);
		rcu_read_unlock();
		/* The upper half of the subscribers changes, at times all go. */
		for (i = 0; i < 8; i++)
			toggle(test, ctx,
			       NR / 2 + prandom_u32_state(&ctx->rnd) % (NR / 2));
		if (!(prandom_u32_state(&ctx->rnd) % 8))
			for (i = NR / 2; i < NR; i++)
				if (test_bit(i, ctx->subscribed))
					toggle(test, ctx, i);
		if (held)
			mqttk_filter_put(held);
		held = NULL;
		/* What was removed is really gone by now, unless pinned. */
		if (!(prandom_u32_state(&ctx->rnd) % 64))
			synchronize_rcu();
		rcu_read_lock();
		mqttk_match_resume(&m);
	}
	rcu_read_unlock();
}

/*
 * A walk that is paused while filters come and go around it, the one it stands
 * at included, still finds each filter that stays exactly once.
 */
static void filter_pause(struct kunit *test)
{
	struct index_ctx *ctx = test->priv;
	int round, i;

	for (round = 0; round < 150; round++) {
		struct text topic = text_generate(&ctx->rnd, false);
		DECLARE_BITMAP(seen, NR) = {};

		/* The lower half changes between the walks. */
		for (i = 0; i < 16; i++)
			toggle(test, ctx,
			       prandom_u32_state(&ctx->rnd) % (NR / 2));
		match_with_pauses(test, ctx, topic, seen);
		for (i = 0; i < NR / 2; i++) {
			bool want = test_bit(i, ctx->subscribed) &&
				    oracle_match(ctx->filter[i].p,
						 ctx->filter[i].len,
						 topic.p, topic.len);

			KUNIT_EXPECT_EQ(test, test_bit(i, seen), want);
		}
		cond_resched();
	}
}

/*
 * A topic that passes through thousands of nodes asks to yield, each stretch of
 * work is bounded, and a walk given up in the middle leaves no pin behind.
 */
static void filter_yields(struct kunit *test)
{
	struct index_ctx *ctx = test->priv;
	struct mqttk_filter *f;
	struct mqttk_match m;
	unsigned int bits, i, found = 0, yields = 0;
	struct text topic = text_of("a"), filter;

	for (i = 1; i < 12; i++)
		text_level(&topic, "a");
	for (bits = 0; bits < 4096; bits++) {
		filter = text_of(bits & 1 ? "+" : "a");
		for (i = 1; i < 12; i++)
			text_level(&filter, bits >> i & 1 ? "+" : "a");
		KUNIT_ASSERT_EQ(test, subscribe(ctx, bits % NR, filter, 0), 0);
	}

	rcu_read_lock();
	mqttk_match_start(&m, &ctx->ix, topic.p, topic.len);
	while ((f = mqttk_match_next(&m))) {
		if (!IS_ERR(f)) {
			found++;
			continue;
		}
		KUNIT_EXPECT_EQ(test, PTR_ERR(f), -EAGAIN);
		yields++;
		mqttk_match_pause(&m);
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
		mqttk_match_resume(&m);
	}
	KUNIT_EXPECT_EQ(test, found, 4096);
	/* 4096 leaves, as many nodes above them, several steps each. */
	KUNIT_EXPECT_GE(test, yields, 8192 * 3 / 1024);

	mqttk_match_start(&m, &ctx->ix, topic.p, topic.len);
	for (i = 0; i < 100; i++)
		mqttk_match_next(&m);
	mqttk_match_pause(&m);
	rcu_read_unlock();
	mqttk_match_abort(&m);
	KUNIT_EXPECT_NULL(test, mqttk_match_next(&m));
}

/* Filters that stay while readers look: index i is subscribed to stay[i]. */
static const char * const stay[] = {
	"a/b/c", "a/+/c", "a/#", "#", "+/b/+", "a/b/#", "+/+/c",
};

struct reader {
	struct index_ctx *ctx;
	struct completion done;
	unsigned int rounds;
	unsigned int wrong;
	bool stop;
};

static int reader_fn(void *data)
{
	struct reader *r = data;
	struct text topic = text_of("a/b/c");

	while (!READ_ONCE(r->stop)) {
		DECLARE_BITMAP(seen, NR) = {};
		struct mqttk_filter *f;
		struct mqttk_match m;

		rcu_read_lock();
		mqttk_match_start(&m, &r->ctx->ix, topic.p, topic.len);
		while ((f = mqttk_match_next(&m))) {
			if (!IS_ERR(f) && !mark_subs(f, seen, ARRAY_SIZE(stay)))
				r->wrong++;
			/* On one CPU the writer gets its turn here. */
			if (r->rounds % 4)
				continue;
			mqttk_match_pause(&m);
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
			mqttk_match_resume(&m);
		}
		rcu_read_unlock();
		if (find_first_zero_bit(seen, NR) < ARRAY_SIZE(stay))
			r->wrong++;
		r->rounds++;
		cond_resched();
	}
	complete(&r->done);
	return 0;
}

/*
 * The writer joins and leaves the very filters that stay, so that these have
 * one, two and more subscribers in turn, and others around them.
 */
static void write_around(struct kunit *test, struct index_ctx *ctx)
{
	unsigned int round, i;
	u32 who;

	for (round = 0; round < 6000; round++) {
		who = 64 + prandom_u32_state(&ctx->rnd) % 8;
		i = prandom_u32_state(&ctx->rnd) % ARRAY_SIZE(stay);
		if (unsubscribe(ctx, who, text_of(stay[i])))
			KUNIT_ASSERT_EQ(test, subscribe(ctx, who,
							text_of(stay[i]), 0),
					0);
		toggle(test, ctx, 128 + prandom_u32_state(&ctx->rnd) % 32);
		if (!(round % 16))
			cond_resched();
	}
}

/*
 * Readers without a lock, while subscriptions change around them and on the
 * filters they look at, find each subscription that stays in every round.
 */
static void filter_readers(struct kunit *test)
{
	struct index_ctx *ctx = test->priv;
	struct reader *r = kunit_kcalloc(test, 2, sizeof(*r), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < ARRAY_SIZE(stay); i++)
		KUNIT_ASSERT_EQ(test, subscribe(ctx, i, text_of(stay[i]), 0),
				0);
	for (i = 0; i < 2; i++) {
		r[i].ctx = ctx;
		init_completion(&r[i].done);
		kthread_run(reader_fn, &r[i], "mqttk-reader");
	}
	write_around(test, ctx);
	for (i = 0; i < 2; i++) {
		WRITE_ONCE(r[i].stop, true);
		wait_for_completion(&r[i].done);
		KUNIT_EXPECT_GT(test, r[i].rounds, 10);
		KUNIT_EXPECT_EQ(test, r[i].wrong, 0);
	}
}

/*
 * Whichever allocation of a SUBSCRIBE fails, it is refused and nothing has
 * changed, or it did without and succeeds.
 */
static void filter_failed_subscribe(struct kunit *test)
{
	static const char * const filters[] = { "a/b", "a/+/c/#", "a/+/c/+" };
	struct index_ctx *ctx = test->priv;
	unsigned int nth, failures = 0;
	bool failed = true;
	s64 before;
	u32 who;
	int err;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	for (who = 0; who < 48; who++) {
		struct text text = text_of(filters[who % ARRAY_SIZE(filters)]);

		before = limits_used(ctx->limits);
		for (nth = 1, failed = true; failed; nth++) {
			fail_nth(nth);
			err = subscribe(ctx, who, text, 0);
			failed = fail_done();
			failures += failed;
			if (err)
				KUNIT_ASSERT_EQ(test, err, -ENOMEM);
			else if (failed)
				KUNIT_ASSERT_EQ(test,
						unsubscribe(ctx, who, text), 0);
			if (failed)
				KUNIT_ASSERT_EQ(test, before,
						limits_used(ctx->limits));
		}
		ctx->filter[who] = text;
		set_bit(who, ctx->subscribed);
		expect_match(test, ctx, text_of("a/b"));
		expect_match(test, ctx, text_of("a/b/c/d"));
	}
	KUNIT_EXPECT_GT(test, failures, 48);
}

/* Unsubscribing succeeds whatever fails, and the others remain. */
static void filter_failed_unsubscribe(struct kunit *test)
{
	struct text text = text_of("a/b");
	struct index_ctx *ctx = test->priv;
	unsigned int failures = 0, round;
	u32 who;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	for (round = 0; round < 4; round++) {
		for (who = 0; who < NR; who++) {
			if (test_and_set_bit(who, ctx->subscribed))
				continue;
			ctx->filter[who] = text;
			KUNIT_ASSERT_EQ(test, subscribe(ctx, who, text, 0), 0);
		}
		for (who = 0; who < NR; who++) {
			if (prandom_u32_state(&ctx->rnd) % 64 < round * 16)
				continue;
			fail_nth(1 + prandom_u32_state(&ctx->rnd) % 3);
			KUNIT_EXPECT_EQ(test, unsubscribe(ctx, who, text), 0);
			failures += fail_done();
			clear_bit(who, ctx->subscribed);
			if (!(who % 16))
				expect_match(test, ctx, text);
		}
		expect_match(test, ctx, text);
	}
	KUNIT_EXPECT_GT(test, failures, 0);
}

static struct kunit_case filter_cases[] = {
	KUNIT_CASE(filter_examples),
	KUNIT_CASE(filter_oracle),
	KUNIT_CASE(filter_grow_shrink),
	KUNIT_CASE(filter_walk_moves),
	KUNIT_CASE(filter_again),
	KUNIT_CASE(filter_seq),
	KUNIT_CASE(filter_budget),
	KUNIT_CASE(filter_pause),
	KUNIT_CASE(filter_yields),
	KUNIT_CASE(filter_readers),
	KUNIT_CASE(filter_failed_subscribe),
	KUNIT_CASE(filter_failed_unsubscribe),
	{}
};

static struct kunit_suite filter_suite = {
	.name = "mqttk-filter",
	.init = index_setup,
	.exit = index_teardown,
	.test_cases = filter_cases,
};

kunit_test_suite(filter_suite);
