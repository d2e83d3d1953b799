// SPDX-License-Identifier: GPL-2.0
/*
 * retain.c: retained messages, looked up by topic and by filter.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../deadline.h"
#include "../msg.h"
#include "../retain.h"
#include "index_fixture.h"
#include "topic_oracle.h"

/* Topics of a test; a message's payload says which one's it is. */
#define NR	256

struct payload {
	u16 topic;
	u16 version;
};

struct retain_ctx {
	struct mqttk_limits *limits;
	struct mqttk_clock clock;
	struct mqttk_retained rt;
	struct rnd_state rnd;
	struct text topic[NR];
	u16 version[NR];
	DECLARE_BITMAP(kept, NR);
};

static bool same(struct text a, struct text b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

/* Different topics, so that one message cannot stand for two. */
static void generate_topics(struct retain_ctx *ctx)
{
	int i, j;

	for (i = 0; i < NR; i++) {
		do {
			ctx->topic[i] = text_generate(&ctx->rnd, false);
			for (j = 0; j < i; j++)
				if (same(ctx->topic[i], ctx->topic[j]))
					break;
		} while (j < i);
	}
}

static int retain_setup(struct kunit *test)
{
	struct retain_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	generate_topics(ctx);
	test->priv = ctx;
	mqttk_clock_init(&ctx->clock);
	return mqttk_retained_init(&ctx->rt, ctx->limits, &ctx->clock);
}

/* Leaving the tree gives everything back, whatever is still retained. */
static void retain_teardown(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;

	mqttk_retained_exit(&ctx->rt);
	mqttk_clock_exit(&ctx->clock);
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 0);
	KUNIT_EXPECT_EQ(test, ctx->rt.bytes, 0);
	KUNIT_EXPECT_EQ(test, ctx->rt.earmarked, 0);
	KUNIT_EXPECT_EQ(test, mqttk_limits_stored(ctx->limits).messages, 0);
	KUNIT_EXPECT_EQ(test, mqttk_limits_stored(ctx->limits).bytes, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

/* Also called under RCU, hence the mask. */
static int set_until(struct retain_ctx *ctx, struct text topic,
		     const void *payload, u32 len, ktime_t expires)
{
	struct mqttk_msg *msg;
	int err;

	msg = mqttk_msg_alloc(ctx->limits, topic.p, topic.len, 0, len,
			      GFP_ATOMIC);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	mqttk_msg_fill(msg, payload, len);
	msg->expires = expires;
	err = mqttk_retain_set(&ctx->rt, msg);
	mqttk_msg_put(msg);
	return err;
}

static int set(struct retain_ctx *ctx, struct text topic, const void *payload,
	       u32 len)
{
	return set_until(ctx, topic, payload, len, 0);
}

static void keep(struct kunit *test, struct retain_ctx *ctx, u16 i)
{
	struct payload p = { .topic = i, .version = ++ctx->version[i] };

	KUNIT_ASSERT_EQ(test, set(ctx, ctx->topic[i], &p, sizeof(p)), 0);
	set_bit(i, ctx->kept);
}

static void drop(struct kunit *test, struct retain_ctx *ctx, u16 i)
{
	KUNIT_ASSERT_EQ(test, set(ctx, ctx->topic[i], NULL, 0), 0);
	clear_bit(i, ctx->kept);
}

static void toggle(struct kunit *test, struct retain_ctx *ctx, u16 i)
{
	if (test_bit(i, ctx->kept))
		drop(test, ctx, i);
	else
		keep(test, ctx, i);
}

/* Which topic's message it is, if it is the latest; gives it back. */
static int msg_topic(struct retain_ctx *ctx, struct mqttk_msg *msg)
{
	struct payload p;

	if (!msg)
		return -ENOENT;
	mqttk_msg_read(msg, 0, &p, sizeof(p));
	mqttk_msg_put(msg);
	return p.version == ctx->version[p.topic] ? p.topic : -ESTALE;
}

static void expect_get(struct kunit *test, struct retain_ctx *ctx)
{
	struct mqttk_msg *msg;
	int i;

	for (i = 0; i < NR; i++) {
		msg = mqttk_retain_get(&ctx->rt, ctx->topic[i].p,
				       ctx->topic[i].len);
		KUNIT_EXPECT_EQ(test, msg_topic(ctx, msg),
				test_bit(i, ctx->kept) ? i : -ENOENT);
	}
	KUNIT_EXPECT_EQ(test, ctx->rt.count, bitmap_weight(ctx->kept, NR));
}

/* A walk from end to end meets what a slow matcher says, each topic once. */
static void expect_walk(struct kunit *test, struct retain_ctx *ctx,
			struct text filter)
{
	struct mqttk_retain_walk w;
	struct mqttk_retain_node *node;
	DECLARE_BITMAP(seen, NR) = {};
	bool want;
	int i;

	rcu_read_lock();
	mqttk_retain_start(&w, &ctx->rt, filter.p, filter.len);
	while ((node = mqttk_retain_next(&w))) {
		if (IS_ERR(node))
			continue;
		i = msg_topic(ctx, mqttk_retain_read(&ctx->rt, node));
		KUNIT_EXPECT_GE(test, i, 0);
		if (i >= 0)
			KUNIT_EXPECT_FALSE(test, test_and_set_bit(i, seen));
	}
	rcu_read_unlock();

	for (i = 0; i < NR; i++) {
		want = test_bit(i, ctx->kept) &&
		       oracle_match(filter.p, filter.len, ctx->topic[i].p,
				    ctx->topic[i].len);
		if (want != test_bit(i, seen))
			KUNIT_FAIL(test, "%.*s: %s %.*s", filter.len, filter.p,
				   want ? "missed" : "met",
				   ctx->topic[i].len, ctx->topic[i].p);
	}
}

/*
 * While messages are retained, replaced and cleared, look-ups by topic find the
 * latest, and walks find exactly the topics that the filter matches.
 */
static void retain_oracle(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	int round, i;

	for (round = 0; round < 150; round++) {
		for (i = 0; i < 24; i++) {
			u16 t = prandom_u32_state(&ctx->rnd) % NR;

			if (i % 3)
				toggle(test, ctx, t);
			else
				keep(test, ctx, t);
		}
		expect_get(test, ctx);
		for (i = 0; i < 20; i++)
			expect_walk(test, ctx, text_generate(&ctx->rnd, true));
		cond_resched();
	}
	expect_walk(test, ctx, text_of("#"));
	expect_walk(test, ctx, text_of("$s/#"));
	expect_walk(test, ctx, text_of("+/"));
}

/* Message and byte counts follow replacing and clearing. */
static void retain_counts(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a/b"), "12345", 5), 0);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a"), "1", 1), 0);
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 2);
	KUNIT_EXPECT_EQ(test, ctx->rt.bytes, 3 + 5 + 1 + 1);
	KUNIT_EXPECT_EQ(test, mqttk_limits_stored(ctx->limits).messages, 2);
	KUNIT_EXPECT_EQ(test, mqttk_limits_stored(ctx->limits).bytes, 5 + 1);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a/b"), "1", 1), 0);
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 2);
	KUNIT_EXPECT_EQ(test, ctx->rt.bytes, 3 + 1 + 1 + 1);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a"), NULL, 0), 0);
	/* Clearing what is not there: above, below and beside what is. */
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a"), NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a/b/c"), NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("b"), NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 1);
	KUNIT_EXPECT_EQ(test, ctx->rt.bytes, 3 + 1);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a/b"), NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
}

/*
 * With a budget that runs out at every level of a topic, and then at the
 * message, nothing is retained and nothing is left over.
 */
static void retain_budget(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	unsigned long *budget =
		&ctx->limits->value[MQTTK_LIMIT_RETAINED_MEMORY];
	struct text topic = text_of("a/b/c/d/e");
	unsigned int refused = 0;
	int err;

	for (*budget = 0; ; *budget += 16) {
		err = set(ctx, topic, "x", 1);
		if (!err)
			break;
		KUNIT_ASSERT_EQ(test, err, -ENOBUFS);
		KUNIT_ASSERT_EQ(test, limits_used(ctx->limits), 0);
		KUNIT_ASSERT_EQ(test, ctx->rt.count, 0);
		refused++;
	}
	KUNIT_EXPECT_GT(test, refused, 5);
	/* What is there can be replaced, and more does not fit. */
	KUNIT_EXPECT_EQ(test, set(ctx, topic, "y", 1), 0);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a/b/x"), "y", 1), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("a/b"), "y", 1), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 1);
}

/*
 * Payloads count against the budget of what is retained, by words, and a value
 * that was replaced by one too large is gone rather than out of date.
 */
static void retain_budget_payload(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct text topic = text_of("a/b");
	u8 *payload = kunit_kzalloc(test, 1000, GFP_KERNEL);
	s64 nodes, used;

	KUNIT_ASSERT_NOT_NULL(test, payload);
	KUNIT_ASSERT_EQ(test, set(ctx, topic, payload, 1), 0);
	nodes = percpu_counter_sum(&ctx->limits->used[MQTTK_BUDGET_RETAINED]);
	KUNIT_ASSERT_EQ(test, set(ctx, topic, payload, 993), 0);
	used = percpu_counter_sum(&ctx->limits->used[MQTTK_BUDGET_RETAINED]);
	KUNIT_EXPECT_EQ(test, used, nodes + 992);

	ctx->limits->value[MQTTK_LIMIT_RETAINED_MEMORY] = used - 1;
	KUNIT_EXPECT_EQ(test, set(ctx, topic, payload, 993), -ENOBUFS);
	KUNIT_EXPECT_NULL(test, mqttk_retain_get(&ctx->rt, topic.p, topic.len));
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	KUNIT_EXPECT_EQ(test, set(ctx, topic, payload, 985), 0);
}

/*
 * As above, for one that expires: it costs more, and what that takes is charged
 * as well.
 */
static void retain_budget_expiry(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	unsigned long *budget =
		&ctx->limits->value[MQTTK_LIMIT_RETAINED_MEMORY];
	struct text topic = text_of("a/b");
	s64 plain;

	KUNIT_ASSERT_EQ(test, set(ctx, topic, "x", 1), 0);
	plain = percpu_counter_sum(&ctx->limits->used[MQTTK_BUDGET_RETAINED]);
	*budget = plain;
	KUNIT_EXPECT_EQ(test, set(ctx, topic, "y", 1), 0);
	KUNIT_EXPECT_EQ(test, set_until(ctx, topic, "z", 1, KTIME_MAX),
			-ENOBUFS);
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	*budget = LONG_MAX;
	KUNIT_EXPECT_EQ(test, set_until(ctx, topic, "z", 1, KTIME_MAX), 0);
	KUNIT_EXPECT_GT(test,
			percpu_counter_sum(&ctx->limits->used[MQTTK_BUDGET_RETAINED]),
			plain);
}

static ktime_t soon(struct retain_ctx *ctx)
{
	return ktime_get_boottime() +
	       prandom_u32_state(&ctx->rnd) % (2 * (u32)MQTTK_DEADLINE_GRAIN);
}

/* Waits for the clock to have taken out what expires, for a minute at most. */
static void wait_count(struct kunit *test, struct retain_ctx *ctx,
		       unsigned long count)
{
	unsigned long end = jiffies + 60 * HZ;

	while (READ_ONCE(ctx->rt.count) > count && time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(test, READ_ONCE(ctx->rt.count), count);
}

/*
 * Messages go when they expire, with nobody looking, and give everything back;
 * others stay, also one in the place of one that would have expired.
 */
static void retain_expires(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	s64 before;
	int i;

	KUNIT_ASSERT_EQ(test, set(ctx, text_of("stay"), "x", 1), 0);
	KUNIT_ASSERT_EQ(test, set(ctx, text_of("again"), "x", 1), 0);
	KUNIT_ASSERT_EQ(test, set_until(ctx, text_of("later"), "x", 1,
					KTIME_MAX), 0);
	before = limits_used(ctx->limits);

	/* Replaced in time, by one that stays and by none. */
	KUNIT_EXPECT_EQ(test, set_until(ctx, text_of("again"), "y", 1,
					mqttk_clock_in(3600)), 0);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("again"), "z", 1), 0);
	KUNIT_EXPECT_EQ(test, set_until(ctx, text_of("never"), "y", 1,
					mqttk_clock_in(3600)), 0);
	KUNIT_EXPECT_EQ(test, set(ctx, text_of("never"), NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), before);
	KUNIT_EXPECT_EQ(test, ctx->rt.expired, 0);

	for (i = 0; i < NR; i++)
		KUNIT_ASSERT_EQ(test, set_until(ctx, ctx->topic[i], "x", 1,
						soon(ctx)), 0);
	wait_count(test, ctx, 3);
	KUNIT_EXPECT_EQ(test, ctx->rt.expired, NR);
	KUNIT_EXPECT_EQ(test, ctx->rt.bytes, 5 + 6 + 6);
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(&ctx->rt, "+", 1), 3);
	KUNIT_EXPECT_EQ(test, ctx->rt.expired, NR);
}

/* From its time on a message is not read, even if the clock is late. */
static void retain_expired_hidden(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct mqttk_retain_walk w;
	struct mqttk_retain_node *node;
	struct mqttk_msg *msg;
	struct text topic = text_of("a/b");

	KUNIT_ASSERT_EQ(test, set_until(ctx, topic, "x", 1,
					mqttk_clock_in(3600)), 0);
	msg = mqttk_retain_get(&ctx->rt, topic.p, topic.len);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	/* Its deadline stays where it is. */
	msg->expires = ktime_get_boottime();
	KUNIT_EXPECT_NULL(test, mqttk_retain_get(&ctx->rt, topic.p, topic.len));
	rcu_read_lock();
	mqttk_retain_start(&w, &ctx->rt, "#", 1);
	while ((node = mqttk_retain_next(&w)))
		KUNIT_EXPECT_NULL(test, IS_ERR(node) ? NULL :
				  mqttk_retain_read(&ctx->rt, node));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, ctx->rt.count, 1);
	mqttk_msg_put(msg);
}

struct expirer {
	struct retain_ctx *ctx;
	struct rnd_state rnd;
	struct completion done;
	unsigned int failed;
};

static int expirer_fn(void *data)
{
	struct expirer *e = data;
	int i;

	for (i = 0; i < 4000; i++) {
		u32 r = prandom_u32_state(&e->rnd);
		struct text topic = e->ctx->topic[r % NR];
		int err;

		if (r & BIT(16))
			err = set_until(e->ctx, topic, "x", 1, 1);
		else if (r & BIT(17))
			err = set(e->ctx, topic, "x", 1);
		else
			err = set(e->ctx, topic, NULL, 0);
		e->failed += !!err;
		if (!(r >> 26))
			mqttk_retain_clear(&e->ctx->rt, NULL, 0);
		cond_resched();
	}
	complete(&e->done);
	return 0;
}

/*
 * While several threads set messages that expire at once, others that do not,
 * and clear, nothing is lost and nothing is freed twice; in the end those that
 * do not expire are there.
 */
static void retain_expiry_races(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct expirer *e = kunit_kcalloc(test, 3, sizeof(*e), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, e);
	for (i = 0; i < 3; i++) {
		e[i].ctx = ctx;
		prandom_seed_state(&e[i].rnd, FIXTURE_SEED + i);
		init_completion(&e[i].done);
		kthread_run(expirer_fn, &e[i], "mqttk-expirer");
	}
	for (i = 0; i < 3; i++) {
		wait_for_completion(&e[i].done);
		KUNIT_EXPECT_EQ(test, e[i].failed, 0);
	}
	KUNIT_EXPECT_GT(test, ctx->rt.expired, 0);
	for (i = 0; i < NR; i++) {
		if (i % 2)
			keep(test, ctx, i);
		else
			KUNIT_ASSERT_EQ(test, set_until(ctx, ctx->topic[i],
							"x", 1, 1), 0);
	}
	wait_count(test, ctx, NR / 2);
	expect_get(test, ctx);
}

/* The tree goes with deadlines set, due, and being run. */
static void retain_exit_expiring(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	int round, i;

	for (round = 0; round < 50; round++) {
		for (i = 0; i < NR; i++)
			KUNIT_ASSERT_EQ(test, set_until(ctx, ctx->topic[i],
							"x", 1, i % 8 ? 1 :
							KTIME_MAX), 0);
		mqttk_retained_exit(&ctx->rt);
		mqttk_clock_exit(&ctx->clock);
		KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
		mqttk_clock_init(&ctx->clock);
		KUNIT_ASSERT_EQ(test, mqttk_retained_init(&ctx->rt, ctx->limits,
							  &ctx->clock), 0);
	}
}

/*
 * A replay that leaves RCU after every step, while messages below, beside and
 * at its place are cleared and others retained, meets each one that stays
 * exactly once, and no message but the latest.
 */
static void replay_with_changes(struct kunit *test, struct retain_ctx *ctx,
				struct text filter)
{
	struct mqttk_retain_node *node;
	struct mqttk_retain_walk w;
	DECLARE_BITMAP(seen, NR) = {};
	bool want;
	int i;

	rcu_read_lock();
	mqttk_retain_start(&w, &ctx->rt, filter.p, filter.len);
	while ((node = mqttk_retain_next(&w))) {
		if (!IS_ERR(node)) {
			i = msg_topic(ctx, mqttk_retain_read(&ctx->rt, node));
			KUNIT_EXPECT_GE(test, i, 0);
			if (i >= 0 && test_and_set_bit(i, seen))
				KUNIT_EXPECT_GE(test, i, NR / 2);
		}
		/* Also without a pause: deleted under the walk's feet. */
		if (prandom_u32_state(&ctx->rnd) % 4) {
			mqttk_retain_pause(&w);
			rcu_read_unlock();
			if (!(prandom_u32_state(&ctx->rnd) % 32))
				synchronize_rcu();
			for (i = 0; i < 8; i++)
				toggle(test, ctx, NR / 2 +
				       prandom_u32_state(&ctx->rnd) % (NR / 2));
			if (!(prandom_u32_state(&ctx->rnd) % 8))
				for (i = NR / 2; i < NR; i++)
					drop(test, ctx, i);
			rcu_read_lock();
			mqttk_retain_resume(&w);
		}
	}
	rcu_read_unlock();

	for (i = 0; i < NR / 2; i++) {
		want = test_bit(i, ctx->kept) &&
		       oracle_match(filter.p, filter.len, ctx->topic[i].p,
				    ctx->topic[i].len);
		KUNIT_EXPECT_EQ(test, test_bit(i, seen), want);
	}
}

static void retain_pause(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	int round, i;

	for (round = 0; round < 60; round++) {
		for (i = 0; i < 16; i++)
			toggle(test, ctx,
			       prandom_u32_state(&ctx->rnd) % (NR / 2));
		replay_with_changes(test, ctx, round % 8 ?
				    text_generate(&ctx->rnd, true) :
				    text_of("#"));
		cond_resched();
	}
}

/* The node a walk stands at goes before it pauses, its siblings with it. */
static void retain_pause_on_deleted(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct mqttk_retain_node *node;
	struct mqttk_retain_walk w;
	unsigned int left = 0, i;
	struct text t;

	for (i = 0; i < 26; i++) {
		t = text_of("a/?/x");
		t.p[2] = 'a' + i;
		KUNIT_ASSERT_EQ(test, set(ctx, t, "x", 1), 0);
	}
	rcu_read_lock();
	mqttk_retain_start(&w, &ctx->rt, "a/+/+", 5);
	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mqttk_retain_next(&w));
	/* Clear what was met and ten more; six are still to come. */
	node = w.at;
	for (i = 0; i < 20; i++) {
		t = text_of("a/?/x");
		t.p[2] = 'z' - i;
		KUNIT_EXPECT_EQ(test, set(ctx, t, NULL, 0), 0);
	}
	KUNIT_EXPECT_EQ(test, node->level.users, 0);
	mqttk_retain_pause(&w);
	/* It left that node for one that stays. */
	KUNIT_EXPECT_PTR_NE(test, w.at, node);
	KUNIT_EXPECT_GT(test, w.at->level.users, 0);
	rcu_read_unlock();
	synchronize_rcu();
	rcu_read_lock();
	mqttk_retain_resume(&w);
	while ((node = mqttk_retain_next(&w)))
		left++;
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, left, 6);
}

/*
 * A walk goes only where its filter leads: among 10,000 topics an exact filter
 * and one with "+" in a small place never need to yield, "#" does, and giving
 * it up in the middle leaves nothing pinned.
 */
static void retain_descends(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct mqttk_retain_node *node;
	struct mqttk_retain_walk w;
	unsigned int i, yields = 0, found = 0;
	struct text t;

	for (i = 0; i < 10000; i++) {
		t.len = scnprintf(t.p, TEXT_MAX, "wide/%u/leaf", i);
		KUNIT_ASSERT_EQ(test, set(ctx, t, "x", 1), 0);
		if (i >= 100)
			continue;
		t.len = scnprintf(t.p, TEXT_MAX, "small/%u/leaf", i);
		KUNIT_ASSERT_EQ(test, set(ctx, t, "x", 1), 0);
	}

	rcu_read_lock();
	mqttk_retain_start(&w, &ctx->rt, "wide/77/leaf", 12);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, mqttk_retain_next(&w));
	KUNIT_EXPECT_NULL(test, mqttk_retain_next(&w));

	mqttk_retain_start(&w, &ctx->rt, "small/+/leaf", 12);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, mqttk_retain_next(&w));
	KUNIT_EXPECT_NULL(test, mqttk_retain_next(&w));

	mqttk_retain_start(&w, &ctx->rt, "#", 1);
	while ((node = mqttk_retain_next(&w))) {
		if (IS_ERR(node))
			yields++;
		else
			found++;
	}
	KUNIT_EXPECT_EQ(test, found, 10100);
	KUNIT_EXPECT_GE(test, yields, 2 * 20200 / 1024);

	mqttk_retain_start(&w, &ctx->rt, "wide/#", 6);
	for (i = 0; i < 100; i++)
		mqttk_retain_next(&w);
	mqttk_retain_pause(&w);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(&ctx->rt, "#", 1), 10100);
	KUNIT_EXPECT_GT(test, limits_used(ctx->limits), 0);
	mqttk_retain_abort(&w);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
}

/* Clearing by filter takes what matches, "$..." only when it is named. */
static void retain_clear(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct mqttk_retained *rt = &ctx->rt;

	set(ctx, text_of("a"), "x", 1);
	set(ctx, text_of("a/b"), "x", 1);
	set(ctx, text_of("a/b/c"), "x", 1);
	set(ctx, text_of("b/b"), "x", 1);
	set(ctx, text_of("$SYS/a"), "x", 1);
	set(ctx, text_of("$SYS"), "x", 1);
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(rt, "a/+", 3), 1);
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(rt, "a/+", 3), 0);
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(rt, "#", 1), 3);
	KUNIT_EXPECT_EQ(test, rt->count, 2);
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(rt, "$SYS/#", 6), 2);
	set(ctx, text_of("a"), "x", 1);
	set(ctx, text_of("$SYS"), "x", 1);
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(rt, NULL, 0), 2);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
}

/*
 * Whichever allocation fails, the message is not retained and nothing is left
 * of the attempt; what is there can always be replaced and cleared.
 */
static void retain_failed_set(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct text topic = text_of("a/b/c/d/e");
	unsigned int nth, failures = 0;
	struct mqttk_msg *msg;
	bool failed = true;
	s64 before;
	int err;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	msg = mqttk_msg_alloc(ctx->limits, topic.p, topic.len, 0, 1,
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, msg);
	mqttk_msg_fill(msg, "x", 1);
	msg->expires = KTIME_MAX;
	before = limits_used(ctx->limits);
	for (nth = 1; failed; nth++) {
		fail_nth(nth);
		err = mqttk_retain_set(&ctx->rt, msg);
		failed = fail_done();
		if (!failed)
			break;
		/* Some debugging aids allocate too, and do without. */
		if (err) {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			failures++;
		} else {
			mqttk_retain_clear(&ctx->rt, "#", 1);
		}
		KUNIT_ASSERT_EQ(test, limits_used(ctx->limits), before);
		KUNIT_ASSERT_EQ(test, ctx->rt.count, 0);
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	/* One for each level, and one for its end. */
	KUNIT_EXPECT_GE(test, failures, 6);

	fail_nth(1);
	msg->expires = 0;
	KUNIT_EXPECT_EQ(test, mqttk_retain_set(&ctx->rt, msg), 0);
	KUNIT_EXPECT_EQ(test, mqttk_retain_clear(&ctx->rt, "#", 1), 1);
	fail_done();
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), before);
	mqttk_msg_put(msg);
}

struct replayer {
	struct retain_ctx *ctx;
	struct completion done;
	unsigned int rounds;
	unsigned int wrong;
	bool stop;
};

/* The lower half stays, though its messages are replaced all the time. */
static int replayer_fn(void *data)
{
	struct replayer *r = data;

	while (!READ_ONCE(r->stop)) {
		DECLARE_BITMAP(seen, NR) = {};
		struct mqttk_retain_node *node;
		struct mqttk_retain_walk w;
		struct mqttk_msg *msg;
		struct payload p;

		rcu_read_lock();
		mqttk_retain_start(&w, &r->ctx->rt, "#", 1);
		w.hidden = true;
		while ((node = mqttk_retain_next(&w))) {
			msg = IS_ERR(node) ? NULL :
			      mqttk_retain_read(&r->ctx->rt, node);
			if (msg) {
				mqttk_msg_read(msg, 0, &p, sizeof(p));
				mqttk_msg_put(msg);
				if (test_and_set_bit(p.topic, seen) &&
				    p.topic < NR / 2)
					r->wrong++;
			}
			mqttk_retain_pause(&w);
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
			mqttk_retain_resume(&w);
		}
		rcu_read_unlock();
		if (find_first_zero_bit(seen, NR) < NR / 2)
			r->wrong++;
		r->rounds++;
	}
	complete(&r->done);
	return 0;
}

/* Replays beside a publisher meet every message that stays in every round. */
static void retain_replayers(struct kunit *test)
{
	struct retain_ctx *ctx = test->priv;
	struct replayer *r = kunit_kcalloc(test, 2, sizeof(*r), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < NR / 2; i++)
		keep(test, ctx, i);
	for (i = 0; i < 2; i++) {
		r[i].ctx = ctx;
		init_completion(&r[i].done);
		kthread_run(replayer_fn, &r[i], "mqttk-replayer");
	}
	for (i = 0; i < 6000; i++) {
		keep(test, ctx, prandom_u32_state(&ctx->rnd) % (NR / 2));
		toggle(test, ctx,
		       NR / 2 + prandom_u32_state(&ctx->rnd) % (NR / 2));
		if (!(i % 16))
			cond_resched();
	}
	for (i = 0; i < 2; i++) {
		WRITE_ONCE(r[i].stop, true);
		wait_for_completion(&r[i].done);
		KUNIT_EXPECT_GT(test, r[i].rounds, 2);
		KUNIT_EXPECT_EQ(test, r[i].wrong, 0);
	}
}

static struct kunit_case retain_cases[] = {
	KUNIT_CASE(retain_oracle),
	KUNIT_CASE(retain_counts),
	KUNIT_CASE(retain_budget),
	KUNIT_CASE(retain_budget_payload),
	KUNIT_CASE(retain_budget_expiry),
	KUNIT_CASE(retain_expires),
	KUNIT_CASE(retain_expired_hidden),
	KUNIT_CASE(retain_expiry_races),
	KUNIT_CASE(retain_exit_expiring),
	KUNIT_CASE(retain_pause),
	KUNIT_CASE(retain_pause_on_deleted),
	KUNIT_CASE(retain_descends),
	KUNIT_CASE(retain_clear),
	KUNIT_CASE(retain_replayers),
	KUNIT_CASE(retain_failed_set),
	{}
};

static struct kunit_suite retain_suite = {
	.name = "mqttk-retain",
	.init = retain_setup,
	.exit = retain_teardown,
	.test_cases = retain_cases,
};

kunit_test_suite(retain_suite);
