// SPDX-License-Identifier: GPL-2.0
/*
 * group.c, via.c: who gets a message of a shared subscription, and what several
 * subscriptions of a session come to.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../filter.h"
#include "../group.h"
#include "../match.h"
#include "../merge.h"
#include "../via.h"
#include "../wire.h"
#include "index_fixture.h"

#define NR	320
#define AWAY	(-1)

/**
 * struct member - a subscriber that stands for a session
 * @who: what the index knows of it
 * @load: what it says when it is asked
 * @got: messages it got
 */
struct member {
	struct mqttk_subscriber who;
	int load;
	unsigned int got;
};

struct group_ctx {
	struct mqttk_limits *limits;
	struct mqttk_index ix;
	struct mutex lock;	/* the index's */
	struct rnd_state rnd;
	struct member m[NR];
};

static int group_setup(struct kunit *test)
{
	struct group_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	mutex_init(&ctx->lock);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	for (i = 0; i < NR; i++)
		mqttk_subscriber_init(&ctx->m[i].who, 1 + i);
	test->priv = ctx;
	return mqttk_index_init(&ctx->ix, ctx->limits, &ctx->lock);
}

static void unsubscribe_all(struct group_ctx *ctx)
{
	int i;

	for (i = 0; i < NR; i++)
		mqttk_unsubscribe_all(&ctx->ix, &ctx->m[i].who);
}

/* Every test ends with nobody subscribed: then nothing is left. */
static void group_teardown(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;

	unsubscribe_all(ctx);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_subs, 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_shared, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_index_exit(&ctx->ix);
	mqttk_limits_exit(ctx->limits);
	/* Readers may have followed subscriptions to ctx->m. */
	synchronize_rcu();
}

static int subscribe_id(struct group_ctx *ctx, u32 i, const char *text, u32 id)
{
	int err;

	mutex_lock(&ctx->lock);
	err = mqttk_subscribe(&ctx->ix, &ctx->m[i].who, text, strlen(text), 1,
			      1, id, NULL, NULL);
	mutex_unlock(&ctx->lock);
	return err;
}

static int subscribe(struct group_ctx *ctx, u32 i, const char *text)
{
	return subscribe_id(ctx, i, text, 0);
}

static int unsubscribe(struct group_ctx *ctx, u32 i, const char *text)
{
	int err;

	mutex_lock(&ctx->lock);
	err = mqttk_unsubscribe(&ctx->ix, &ctx->m[i].who, text, strlen(text));
	mutex_unlock(&ctx->lock);
	return err;
}

static struct mqttk_sub *last_sub(struct group_ctx *ctx, u32 i)
{
	return list_last_entry(&ctx->m[i].who.subs, struct mqttk_sub, node);
}

/* The only group of the only filter that matches; NULL: there is none. */
static struct mqttk_group *group_of(struct group_ctx *ctx, const char *topic)
{
	struct mqttk_filter *f;
	struct mqttk_match m;

	mqttk_match_start(&m, &ctx->ix, topic, strlen(topic));
	f = mqttk_match_next(&m);
	return f ? mqttk_filter_next_group(f, &(u32){ 0 }) : NULL;
}

static struct member *member_of(const struct mqttk_sub *sub)
{
	return container_of(sub->owner, struct member, who);
}

static int load_of(const struct mqttk_sub *sub)
{
	return READ_ONCE(member_of(sub)->load);
}

/* Gives a message to a member of the group at "a"; NULL: there is none. */
static struct member *pick(struct group_ctx *ctx,
			   enum mqttk_shared_strategy strategy, u64 topic)
{
	struct mqttk_picking how = {
		.strategy = strategy,
		.topic = topic,
		.load = load_of,
	};
	struct member *m = NULL;
	struct mqttk_group *g;
	struct mqttk_sub *sub;

	rcu_read_lock();
	g = group_of(ctx, "a");
	sub = g ? mqttk_group_pick(g, &how) : NULL;
	if (sub) {
		m = member_of(sub);
		m->got++;
	}
	rcu_read_unlock();
	return m;
}

/* @n members of the group at "a", whose clients are there. */
static void join(struct kunit *test, struct group_ctx *ctx, u32 n)
{
	u32 i;

	unsubscribe_all(ctx);
	for (i = 0; i < n; i++) {
		ctx->m[i].load = 0;
		ctx->m[i].got = 0;
		KUNIT_ASSERT_EQ(test, subscribe(ctx, i, "$share/g/a"), 0);
	}
}

/*
 * A group hangs at the filter it shares, whoever else subscribed to that, and
 * is found by every topic the filter matches, but not by its own text.
 */
static void group_filters(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	struct mqttk_group *g;
	const u8 *text;
	u16 len;

	KUNIT_ASSERT_EQ(test, subscribe(ctx, 0, "$share/g/a/+"), 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 1);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_wild, 1);
	KUNIT_ASSERT_EQ(test, subscribe(ctx, 1, "a/+"), 0);
	KUNIT_ASSERT_EQ(test, subscribe(ctx, 2, "$share/h/a/+"), 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 1);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_subs, 3);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_shared, 2);

	text = mqttk_sub_text(last_sub(ctx, 0), &len);
	KUNIT_EXPECT_EQ(test, len, strlen("$share/g/a/+"));
	KUNIT_EXPECT_MEMEQ(test, text, "$share/g/a/+", len);
	mqttk_sub_text(last_sub(ctx, 1), &len);
	KUNIT_EXPECT_EQ(test, len, strlen("a/+"));

	KUNIT_ASSERT_EQ(test, subscribe(ctx, 3, "$share/g/b"), 0);
	rcu_read_lock();
	g = group_of(ctx, "a/b");
	KUNIT_EXPECT_TRUE(test, g && g->members.nr == 1);
	g = group_of(ctx, "b");
	KUNIT_EXPECT_TRUE(test, g && g->members.nr == 1);
	KUNIT_EXPECT_NULL(test, group_of(ctx, "a/b/c"));
	KUNIT_EXPECT_NULL(test, group_of(ctx, "$share/g/b"));
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 3, "$share/g/b"), 0);

	/* Neither is the other's, nor the filter's own. */
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 0, "a/+"), -ENOENT);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 0, "$share/h/a/+"), -ENOENT);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 1, "$share/g/a/+"), -ENOENT);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 1, "a/+"), 0);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 0, "$share/g/a/+"), 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 1);
	KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 2, "$share/h/a/+"), 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 0);
}

/* What only begins like a shared subscription is refused, and leaves nothing. */
static void group_malformed(struct kunit *test)
{
	static const char * const bad[] = {
		"$share/", "$share//", "$share//a", "$share/g", "$share/g/",
		"$share/+/a", "$share/#/a", "$share/g+/a",
	};
	struct group_ctx *ctx = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, subscribe(ctx, 0, bad[i]), -EINVAL);
		KUNIT_EXPECT_EQ(test, unsubscribe(ctx, 0, bad[i]), -ENOENT);
	}
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_subs, 0);
	KUNIT_EXPECT_EQ(test, subscribe(ctx, 0, "$share"), 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_shared, 0);
}

/* Subscribing again replaces; the member stays one, with its new identifier. */
static void group_again(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	struct mqttk_group *g;
	struct mqttk_sub *sub;
	bool existed;
	u32 others;

	for (others = 0; others < 3; others++) {
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 0, "$share/g/a"), 0);
		KUNIT_EXPECT_EQ(test, last_sub(ctx, 0)->via->len, 0);
		mutex_lock(&ctx->lock);
		KUNIT_ASSERT_EQ(test, mqttk_subscribe(&ctx->ix, &ctx->m[0].who,
						      "$share/g/a", 10, 2, 0x0a,
						      300, &sub, &existed), 0);
		mutex_unlock(&ctx->lock);
		KUNIT_EXPECT_TRUE(test, existed);
		KUNIT_EXPECT_EQ(test, ctx->m[0].who.nr_subs, 1);
		KUNIT_EXPECT_EQ(test, ctx->ix.nr_shared, others + 1);
		KUNIT_EXPECT_EQ(test, sub->qos, 2);
		KUNIT_EXPECT_EQ(test, sub->id, 300);
		KUNIT_EXPECT_EQ(test, sub->via->len, 3);
		KUNIT_EXPECT_MEMEQ(test, sub->via->subids, "\x0b\xac\x02", 3);
		rcu_read_lock();
		g = group_of(ctx, "a");
		KUNIT_EXPECT_PTR_EQ(test, g, sub->via->group);
		rcu_read_unlock();
		KUNIT_EXPECT_EQ(test, sub->via->group->members.nr, others + 1);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 1 + others, "$share/g/a"),
				0);
	}
}

/* -- whose turn ----------------------------------------------------------- */

/* Each in its turn: after any number of messages nobody is behind by two. */
static void group_round_robin(struct kunit *test)
{
	static const u32 sizes[] = { 1, 2, 3, 7, 63, 64, 65, 200 };
	struct group_ctx *ctx = test->priv;
	u32 i, n, k;

	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		join(test, ctx, sizes[k]);
		for (n = 0; n < 5 * sizes[k]; n++)
			KUNIT_ASSERT_NOT_NULL(test,
					      pick(ctx, MQTTK_SHARED_ROUND_ROBIN,
						   n));
		for (i = 0; i < sizes[k]; i++)
			KUNIT_EXPECT_EQ(test, ctx->m[i].got, 5);
	}
}

/* Those that are there share evenly what those that are not do not get. */
static void group_round_robin_away(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	u32 i, n, size, round, there, least, most;

	for (round = 0; round < 50; round++) {
		size = 2 + prandom_u32_state(&ctx->rnd) % 62;
		join(test, ctx, size);
		for (i = 0, there = 0; i < size; i++) {
			if (i && prandom_u32_state(&ctx->rnd) % 3)
				ctx->m[i].load = AWAY;
			else
				there++;
		}
		for (n = 0; n < 3 * there + there / 2; n++)
			pick(ctx, MQTTK_SHARED_ROUND_ROBIN, n);
		for (i = 0, least = U32_MAX, most = 0; i < size; i++) {
			if (ctx->m[i].load == AWAY) {
				KUNIT_EXPECT_EQ(test, ctx->m[i].got, 0);
				continue;
			}
			least = min(least, ctx->m[i].got);
			most = max(most, ctx->m[i].got);
		}
		KUNIT_EXPECT_LE(test, most - least, 1);
	}
}

/*
 * With nobody there, those that are away share; and where one of many is
 * there it gets a message soon.
 */
static void group_away(struct kunit *test)
{
	static const u32 sizes[] = { 1, 3, 63, 64, 65, 128 };
	struct group_ctx *ctx = test->priv;
	u32 i, n, k;

	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		join(test, ctx, sizes[k]);
		for (i = 0; i < sizes[k]; i++)
			ctx->m[i].load = AWAY;
		for (n = 0; n < 8 * sizes[k]; n++)
			KUNIT_ASSERT_NOT_NULL(test,
					      pick(ctx, MQTTK_SHARED_ROUND_ROBIN,
						   n));
		for (i = 0, n = 0; i < sizes[k]; i++)
			n += ctx->m[i].got > 0;
		KUNIT_EXPECT_GE(test, n, (sizes[k] + 1) / 2);

		ctx->m[sizes[k] / 2].load = 0;
		ctx->m[sizes[k] / 2].got = 0;
		for (n = 0; n < 100; n++)
			pick(ctx, MQTTK_SHARED_ROUND_ROBIN, n);
		KUNIT_EXPECT_GE(test, ctx->m[sizes[k] / 2].got, 100 / 3);
	}
}

/* Whoever has least gets the next: so all come to have the same. */
static void group_least_busy(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	struct member *m;
	u32 i, n, size = 40, total = 0;

	join(test, ctx, size);
	for (i = 0; i < size; i++) {
		ctx->m[i].load = prandom_u32_state(&ctx->rnd) % 20;
		total += ctx->m[i].load;
	}
	for (n = 0; n < size * 25 - total; n++) {
		m = pick(ctx, MQTTK_SHARED_LEAST_BUSY, n);
		KUNIT_ASSERT_NOT_NULL(test, m);
		m->load++;
	}
	for (i = 0; i < size; i++)
		KUNIT_EXPECT_EQ(test, ctx->m[i].load, 25);

	/* However little there is for who is away. */
	ctx->m[3].load = AWAY;
	for (n = 0; n < 100; n++)
		KUNIT_EXPECT_PTR_NE(test, pick(ctx, MQTTK_SHARED_LEAST_BUSY, n),
				    &ctx->m[3]);
	/* And where all have the same it goes around. */
	join(test, ctx, size);
	for (n = 0; n < 3 * size; n++)
		pick(ctx, MQTTK_SHARED_LEAST_BUSY, n);
	for (i = 0; i < size; i++)
		KUNIT_EXPECT_EQ(test, ctx->m[i].got, 3);
}

#define TOPICS	1000

static u64 topic_hash(u32 i)
{
	return (u64)i * 0x9e3779b97f4a7c15ULL + 1;
}

/*
 * A topic stays with its member; when one goes, or its client does, only its
 * topics move, and come back with it.
 */
static void group_same_topic(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	struct member **owner = kunit_kcalloc(test, TOPICS, sizeof(*owner),
					      GFP_KERNEL);
	struct member *m;
	u32 i, t, size = 50;

	KUNIT_ASSERT_NOT_NULL(test, owner);
	join(test, ctx, size);
	for (t = 0; t < TOPICS; t++)
		owner[t] = pick(ctx, MQTTK_SHARED_SAME_TOPIC, topic_hash(t));
	/* 20 each, by chance. */
	for (i = 0; i < size; i++) {
		KUNIT_EXPECT_GE(test, ctx->m[i].got, 5);
		KUNIT_EXPECT_LE(test, ctx->m[i].got, 50);
	}

	ctx->m[7].load = AWAY;
	KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 11, "$share/g/a"), 0);
	for (t = 0; t < TOPICS; t++) {
		m = pick(ctx, MQTTK_SHARED_SAME_TOPIC, topic_hash(t));
		if (owner[t] == &ctx->m[7] || owner[t] == &ctx->m[11]) {
			KUNIT_EXPECT_PTR_NE(test, m, &ctx->m[7]);
			KUNIT_EXPECT_PTR_NE(test, m, &ctx->m[11]);
		} else {
			KUNIT_EXPECT_PTR_EQ(test, m, owner[t]);
		}
	}
	ctx->m[7].load = 0;
	KUNIT_ASSERT_EQ(test, subscribe(ctx, 11, "$share/g/a"), 0);
	for (t = 0; t < TOPICS; t++)
		KUNIT_EXPECT_PTR_EQ(test, owner[t],
				    pick(ctx, MQTTK_SHARED_SAME_TOPIC,
					 topic_hash(t)));
}

/*
 * Of many members only some are looked at for a topic, others for another: all
 * get their share, however their sessions' indices lie.
 */
static void group_same_topic_many(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	u32 i, t, round, most;

	for (round = 0; round < 2; round++) {
		unsubscribe_all(ctx);
		for (i = 0; i < NR && round; i++)
			ctx->m[i].who.index = i < 100 ? 1 + i :
					      1000000 + 37 * i;
		join(test, ctx, NR);
		for (t = 0; t < 20 * NR; t++)
			pick(ctx, MQTTK_SHARED_SAME_TOPIC, topic_hash(t));
		for (i = 0, most = 0; i < NR; i++) {
			KUNIT_EXPECT_GE(test, ctx->m[i].got, 20 / 5);
			most = max(most, ctx->m[i].got);
		}
		KUNIT_EXPECT_LE(test, most, 20 * 3);
	}
}

/* -- members come and go ---------------------------------------------------- */

/* A ring from anywhere meets every member once. */
static void group_ring(struct kunit *test)
{
	static const u32 corners[] = { 0, INT_MAX, 1U + INT_MAX };
	struct group_ctx *ctx = test->priv;
	struct mqttk_ring ring;
	struct mqttk_group *g;
	struct mqttk_sub *sub;
	u32 n, size, round;

	for (size = 1; size < 80; size += 13) {
		join(test, ctx, size);
		for (round = 0; round < 50; round++) {
			DECLARE_BITMAP(seen, NR) = {};
			u32 start = prandom_u32_state(&ctx->rnd) & INT_MAX;

			if (round < ARRAY_SIZE(corners))
				start = corners[round];
			else if (round < 20)
				start = last_sub(ctx, round % size)->item.index;
			rcu_read_lock();
			g = group_of(ctx, "a");
			mqttk_ring_start(&ring, g, start);
			for (n = 0; (sub = mqttk_ring_next(&ring)); n++)
				set_bit(sub->owner->index, seen);
			KUNIT_EXPECT_NULL(test, mqttk_ring_next(&ring));
			rcu_read_unlock();
			KUNIT_EXPECT_EQ(test, n, size);
			KUNIT_EXPECT_EQ(test, bitmap_weight(seen, NR), size);
		}
	}
}

/*
 * Entries that came by a group find its other members when theirs has gone; and
 * nobody, without keeping the group alive, when all have.
 */
static void group_outlived(struct kunit *test)
{
	struct mqttk_picking how = { .load = load_of };
	struct group_ctx *ctx = test->priv;
	struct mqttk_via *via;
	struct mqttk_sub *sub;

	join(test, ctx, 3);
	via = mqttk_via_get(last_sub(ctx, 0)->via);
	KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 0, "$share/g/a"), 0);
	rcu_read_lock();
	sub = mqttk_group_pick(via->group, &how);
	KUNIT_EXPECT_TRUE(test, sub && member_of(sub) != &ctx->m[0]);
	rcu_read_unlock();

	KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 1, "$share/g/a"), 0);
	KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 2, "$share/g/a"), 0);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 0);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, group_of(ctx, "a"));
	KUNIT_EXPECT_NULL(test, mqttk_group_pick(via->group, &how));
	rcu_read_unlock();
	/* One of the same name is another. */
	KUNIT_ASSERT_EQ(test, subscribe(ctx, 5, "$share/g/a"), 0);
	KUNIT_EXPECT_PTR_NE(test, last_sub(ctx, 5)->via->group, via->group);
	rcu_barrier();
	mqttk_via_put(via);
}

/*
 * A subscription that ends keeps its reference until no reader can be about to
 * take another: for a while at least, every time but by a rare chance.
 */
static void group_grace(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	unsigned int kept = 0, i;
	struct mqttk_via *via;

	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, subscribe(ctx, 0, "$share/g/a"), 0);
		via = mqttk_via_get(last_sub(ctx, 0)->via);
		if (i % 2)
			KUNIT_ASSERT_EQ(test, subscribe(ctx, 0, "$share/g/a"),
					0);
		else
			KUNIT_ASSERT_EQ(test, unsubscribe(ctx, 0, "$share/g/a"),
					0);
		kept += refcount_read(&via->ref) == 2;
		rcu_barrier();
		KUNIT_EXPECT_EQ(test, refcount_read(&via->ref), 1);
		mqttk_via_put(via);
	}
	KUNIT_EXPECT_GT(test, kept, 0);
}

static const char * const shares[] = {
	"$share/g/a", "$share/h/a", "$share/g/+", "$share/h/#", "$share/i/a",
	"$share/g/b", "a", "+",
};

/* All that match "a", of each filter each group and of each its members. */
static void walk_all(struct group_ctx *ctx,
		     unsigned long (*seen)[BITS_TO_LONGS(NR)], u32 *nr_groups)
{
	struct mqttk_filter *f;
	struct mqttk_match m;
	u32 i;

	mqttk_match_start(&m, &ctx->ix, "a", 1);
	while ((f = mqttk_match_next(&m))) {
		struct mqttk_group *g;
		u32 at = 0;

		if (IS_ERR(f))
			continue;
		while ((g = mqttk_filter_next_group(f, &at))) {
			struct mqttk_ring ring;
			struct mqttk_sub *sub;

			at++;
			++*nr_groups;
			for (i = 0; i < ARRAY_SIZE(shares); i++)
				if (strlen(shares[i]) == g->len &&
				    !memcmp(shares[i], g->text, g->len))
					break;
			mqttk_ring_start(&ring, g, 0);
			while ((sub = mqttk_ring_next(&ring)))
				set_bit(member_of(sub) - ctx->m, seen[i]);
		}
	}
}

/*
 * While members of several groups at several filters come and go, each group
 * that matches is found once and has those members that it should.
 */
static void group_oracle(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	unsigned long (*want)[BITS_TO_LONGS(NR)], (*seen)[BITS_TO_LONGS(NR)];
	size_t size = ARRAY_SIZE(shares) * sizeof(*want);
	u32 round, i, who, nr_groups, nr_shared = 0;

	want = kunit_kzalloc(test, size, GFP_KERNEL);
	seen = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, want && seen);
	for (round = 0; round < 6000; round++) {
		/* From few to many and back. */
		u32 members = round / 500 % 2 ? 2 : 40;

		i = prandom_u32_state(&ctx->rnd) % ARRAY_SIZE(shares);
		who = prandom_u32_state(&ctx->rnd) % members;
		if (test_and_change_bit(who, want[i])) {
			KUNIT_ASSERT_EQ(test, unsubscribe(ctx, who, shares[i]),
					0);
			nr_shared -= *shares[i] == '$';
		} else {
			KUNIT_ASSERT_EQ(test, subscribe_id(ctx, who, shares[i],
							   round % 3), 0);
			nr_shared += *shares[i] == '$';
		}
		KUNIT_ASSERT_EQ(test, ctx->ix.nr_shared, nr_shared);
		if (round % 8)
			continue;
		memset(seen, 0, size);
		nr_groups = 0;
		rcu_read_lock();
		walk_all(ctx, seen, &nr_groups);
		rcu_read_unlock();
		for (i = 0; i < 5; i++) {
			KUNIT_ASSERT_TRUE(test,
					  bitmap_equal(seen[i], want[i], NR));
			nr_groups -= !bitmap_empty(want[i], NR);
		}
		KUNIT_ASSERT_EQ(test, nr_groups, 0);
		KUNIT_ASSERT_TRUE(test, bitmap_empty(seen[5], NR));
		cond_resched();
	}
}

/*
 * Thousands of groups at one filter: each is met once, also when the walk goes
 * on from an index after others have gone.
 */
static void group_crowd(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	u32 i, at = 0, met = 0, nr = 2000;
	struct mqttk_filter *f;
	struct mqttk_match m;
	char text[32];
	bool held;

	for (i = 0; i < nr; i++) {
		snprintf(text, sizeof(text), "$share/%u/a/b", i);
		KUNIT_ASSERT_EQ(test, subscribe(ctx, i % NR, text), 0);
	}
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 1);
	rcu_read_lock();
	mqttk_match_start(&m, &ctx->ix, "a/b", 3);
	f = mqttk_match_next(&m);
	held = f && mqttk_filter_get(f);
	rcu_read_unlock();
	KUNIT_ASSERT_TRUE(test, held);
	for (i = 0; i < nr; i++) {
		struct mqttk_group *g;

		rcu_read_lock();
		g = mqttk_filter_next_group(f, &at);
		rcu_read_unlock();
		if (!g)
			break;
		at++;
		met++;
		/* One that was met goes, and one that was not. */
		snprintf(text, sizeof(text), "$share/%u/a/b", i);
		KUNIT_EXPECT_EQ(test, unsubscribe(ctx, i % NR, text), 0);
		snprintf(text, sizeof(text), "$share/%u/a/b", nr - 1 - i);
		KUNIT_EXPECT_EQ(test, unsubscribe(ctx, (nr - 1 - i) % NR, text),
				0);
	}
	KUNIT_EXPECT_EQ(test, met, nr / 2);
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_filters, 0);
	mqttk_filter_put(f);
}

#define STAY	4

struct reader {
	struct group_ctx *ctx;
	struct completion done;
	unsigned int rounds;
	unsigned int wrong;
	bool stop;
};

static void read_once(struct reader *r)
{
	struct mqttk_picking how = {
		.strategy = r->rounds % 3,
		.topic = topic_hash(r->rounds),
		.load = load_of,
	};
	struct mqttk_via *via = NULL;
	unsigned int stay = 0;
	struct mqttk_ring ring;
	struct mqttk_group *g;
	struct mqttk_sub *sub;

	rcu_read_lock();
	g = group_of(r->ctx, "a");
	if (!g) {
		r->wrong++;
		goto unlock;
	}
	mqttk_ring_start(&ring, g, topic_hash(r->rounds) & INT_MAX);
	while ((sub = mqttk_ring_next(&ring)))
		stay += member_of(sub) < r->ctx->m + STAY;
	sub = mqttk_group_pick(g, &how);
	/* As an entry in a queue does. */
	if (sub)
		via = mqttk_via_get(sub->via);
	if (stay != STAY || !via || via->group != g)
		r->wrong++;
unlock:
	rcu_read_unlock();
	mqttk_via_put(via);
	r->rounds++;
}

static int reader_fn(void *data)
{
	struct reader *r = data;

	while (!READ_ONCE(r->stop)) {
		read_once(r);
		cond_resched();
	}
	complete(&r->done);
	return 0;
}

/*
 * Readers without a lock, while members come, go and subscribe anew: those that
 * stay are met once in every round, and somebody is picked, whose references
 * can be taken.
 */
static void group_readers(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	struct reader *r = kunit_kcalloc(test, 2, sizeof(*r), GFP_KERNEL);
	u32 i, who;

	KUNIT_ASSERT_NOT_NULL(test, r);
	join(test, ctx, STAY);
	for (i = 0; i < 2; i++) {
		r[i].ctx = ctx;
		init_completion(&r[i].done);
		kthread_run(reader_fn, &r[i], "mqttk-reader");
	}
	for (i = 0; i < 6000; i++) {
		who = STAY + prandom_u32_state(&ctx->rnd) % (i / 512 % 2 ? 60 : 2);
		if (unsubscribe(ctx, who, "$share/g/a"))
			KUNIT_ASSERT_EQ(test, subscribe(ctx, who, "$share/g/a"),
					0);
		WRITE_ONCE(ctx->m[i % 64].load,
			   i % 5 ? (int)(i % 7) : AWAY);
		KUNIT_ASSERT_EQ(test, subscribe_id(ctx, i % STAY, "$share/g/a",
						   i), 0);
		if (!(i % 16))
			cond_resched();
	}
	for (i = 0; i < 2; i++) {
		WRITE_ONCE(r[i].stop, true);
		wait_for_completion(&r[i].done);
		KUNIT_EXPECT_GT(test, r[i].rounds, 10);
		KUNIT_EXPECT_EQ(test, r[i].wrong, 0);
	}
}

/* -- memory ----------------------------------------------------------------- */

/*
 * With a budget that runs out at every possible point, a refused member leaves
 * groups, filters and budget as they were.
 */
static void group_budget(struct kunit *test)
{
	static const char * const texts[] = {
		"$share/g/a", "$share/h/a", "$share/g/+/b/#",
	};
	struct group_ctx *ctx = test->priv;
	unsigned long *budget =
		&ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY];
	u32 who, refused = 0;
	s64 before;
	int err;

	for (who = 0; who < 4 * ARRAY_SIZE(texts); who++) {
		const char *text = texts[who % ARRAY_SIZE(texts)];
		unsigned int nr_filters = ctx->ix.nr_filters;

		before = limits_used(ctx->limits);
		for (*budget = before; ; *budget += 8) {
			err = subscribe_id(ctx, who, text, who % 2);
			if (!err)
				break;
			if (err != -ENOMEM)
				KUNIT_ASSERT_EQ(test, err, -ENOBUFS);
			KUNIT_ASSERT_EQ(test, limits_used(ctx->limits), before);
			KUNIT_ASSERT_EQ(test, ctx->ix.nr_filters, nr_filters);
			KUNIT_ASSERT_EQ(test, ctx->ix.nr_shared, who);
			KUNIT_ASSERT_EQ(test, ctx->m[who].who.nr_subs, 0);
			refused++;
		}
		KUNIT_EXPECT_LE(test, limits_used(ctx->limits), (s64)*budget);
	}
	KUNIT_EXPECT_GT(test, refused, 4 * ARRAY_SIZE(texts));
}

/*
 * Whichever allocation of a member fails, it is refused and nothing has
 * changed, or it did without and succeeds.
 */
static void group_failed_subscribe(struct kunit *test)
{
	static const char * const texts[] = {
		"$share/g/a", "$share/h/a", "$share/g/+/b/#",
	};
	struct group_ctx *ctx = test->priv;
	unsigned int nth, failures = 0;
	bool failed;
	s64 before;
	u32 who;
	int err;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	for (who = 0; who < 48; who++) {
		const char *text = texts[who % ARRAY_SIZE(texts)];

		before = limits_used(ctx->limits);
		for (nth = 1, failed = true; failed; nth++) {
			fail_nth(nth);
			err = subscribe_id(ctx, who, text, who % 2);
			failed = fail_done();
			failures += failed;
			if (err)
				KUNIT_ASSERT_EQ(test, err, -ENOMEM);
			if (!err && failed) {
				KUNIT_ASSERT_EQ(test,
						unsubscribe(ctx, who, text), 0);
				/* Its memory is given back by a callback. */
				rcu_barrier();
			}
			if (failed)
				KUNIT_ASSERT_EQ(test, before,
						limits_used(ctx->limits));
		}
	}
	KUNIT_EXPECT_GT(test, failures, 48);
	for (who = 0; who < 48; who++) {
		fail_nth(1 + who % 3);
		KUNIT_EXPECT_EQ(test, unsubscribe(ctx, who,
						  texts[who % ARRAY_SIZE(texts)]),
				0);
		fail_done();
	}
	KUNIT_EXPECT_EQ(test, ctx->ix.nr_shared, 0);
}

/* -- several subscriptions of one session ------------------------------------ */

static struct mqttk_sub *merged_sub(struct kunit *test, const char *text,
				    u8 qos, u8 options, u32 id)
{
	struct group_ctx *ctx = test->priv;
	struct mqttk_sub *sub = NULL;

	mutex_lock(&ctx->lock);
	KUNIT_EXPECT_EQ(test, mqttk_subscribe(&ctx->ix, &ctx->m[0].who, text,
					      strlen(text), qos, options, id,
					      &sub, NULL), 0);
	mutex_unlock(&ctx->lock);
	return sub;
}

/* The highest QoS counts, in whichever order filters are found. */
static void merge_qos(struct kunit *test)
{
	struct mqttk_sub *low = merged_sub(test, "a", 0, 0, 0);
	struct mqttk_sub *high = merged_sub(test, "+", 2, 0, 0);
	struct mqttk_sub *middle = merged_sub(test, "#", 1, 0, 0);
	struct mqttk_merge up = {}, down = {};

	mqttk_merge_add(&up, low);
	mqttk_merge_add(&up, middle);
	mqttk_merge_add(&up, high);
	KUNIT_EXPECT_PTR_EQ(test, up.sub, high);
	mqttk_merge_add(&down, high);
	mqttk_merge_add(&down, middle);
	mqttk_merge_add(&down, low);
	KUNIT_EXPECT_PTR_EQ(test, down.sub, high);
	KUNIT_EXPECT_EQ(test, down.len, 0);
	KUNIT_EXPECT_TRUE(test, mqttk_merge_is_plain(&down));
}

/* All identifiers are asked for; those of one subscription are taken as is. */
static void merge_subids(struct kunit *test)
{
	struct mqttk_sub *none = merged_sub(test, "a", 1, 0, 0);
	struct mqttk_sub *one = merged_sub(test, "+", 1, 0, 1);
	struct mqttk_sub *large = merged_sub(test, "#", 1, 0, 268435455);
	struct mqttk_sub *best = merged_sub(test, "a/#", 2, 0, 0);
	struct mqttk_merge m = {};

	KUNIT_EXPECT_NULL(test, none->via);
	KUNIT_EXPECT_MEMEQ(test, one->via->subids, "\x0b\x01", 2);
	KUNIT_EXPECT_EQ(test, large->via->len, 5);
	KUNIT_EXPECT_MEMEQ(test, large->via->subids, "\x0b\xff\xff\xff\x7f", 5);

	mqttk_merge_add(&m, none);
	KUNIT_EXPECT_TRUE(test, mqttk_merge_is_plain(&m));
	mqttk_merge_add(&m, one);
	KUNIT_EXPECT_PTR_EQ(test, m.sub, one);
	KUNIT_EXPECT_TRUE(test, mqttk_merge_is_plain(&m));
	mqttk_merge_add(&m, large);
	KUNIT_EXPECT_FALSE(test, mqttk_merge_is_plain(&m));
	KUNIT_EXPECT_EQ(test, m.len, 7);

	/* The one whose QoS counts has none, but another does. */
	m = (struct mqttk_merge){ .sub = NULL };
	mqttk_merge_add(&m, one);
	mqttk_merge_add(&m, best);
	KUNIT_EXPECT_PTR_EQ(test, m.sub, best);
	KUNIT_EXPECT_FALSE(test, mqttk_merge_is_plain(&m));
	KUNIT_EXPECT_EQ(test, m.len, 2);
}

/* RETAIN as published if one of them wants it, whatever their QoS. */
static void merge_options(struct kunit *test)
{
	struct mqttk_sub *plain = merged_sub(test, "a", 1, 0x01, 0);
	struct mqttk_sub *best = merged_sub(test, "+", 2, 0, 0);
	struct mqttk_sub *keeps = merged_sub(test, "#", 0,
					     MQTTK_SUB_RETAIN_AS_PUBLISHED, 0);
	struct mqttk_merge m = {};

	mqttk_merge_add(&m, best);
	KUNIT_EXPECT_FALSE(test, m.retain_as_published);
	mqttk_merge_add(&m, keeps);
	KUNIT_EXPECT_TRUE(test, m.retain_as_published);
	mqttk_merge_add(&m, plain);
	KUNIT_EXPECT_TRUE(test, m.retain_as_published);
	KUNIT_EXPECT_PTR_EQ(test, m.sub, best);
}

/* What is charged is given back, trimmed or not. */
static void via_budget(struct kunit *test)
{
	struct group_ctx *ctx = test->priv;
	struct mqttk_via *via;
	s64 before = limits_used(ctx->limits), used;

	via = mqttk_via_alloc(ctx->limits, MQTTK_BUDGET_MESSAGE, 100,
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, via);
	used = limits_used(ctx->limits);
	KUNIT_EXPECT_GE(test, used, before + 100);
	mqttk_via_trim(via, 40);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), used - 60);
	mqttk_via_get(via);
	mqttk_via_put(via);
	mqttk_via_put(via);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), before);
	ctx->limits->value[MQTTK_LIMIT_MESSAGE_MEMORY] = 0;
	KUNIT_EXPECT_NULL(test, mqttk_via_alloc(ctx->limits,
						MQTTK_BUDGET_MESSAGE, 100,
						GFP_KERNEL));
}

static struct kunit_case group_cases[] = {
	KUNIT_CASE(group_filters),
	KUNIT_CASE(group_malformed),
	KUNIT_CASE(group_again),
	KUNIT_CASE(group_round_robin),
	KUNIT_CASE(group_round_robin_away),
	KUNIT_CASE(group_away),
	KUNIT_CASE(group_least_busy),
	KUNIT_CASE(group_same_topic),
	KUNIT_CASE(group_same_topic_many),
	KUNIT_CASE(group_ring),
	KUNIT_CASE(group_outlived),
	KUNIT_CASE(group_grace),
	KUNIT_CASE(group_oracle),
	KUNIT_CASE(group_crowd),
	KUNIT_CASE(group_readers),
	KUNIT_CASE(group_budget),
	KUNIT_CASE(group_failed_subscribe),
	KUNIT_CASE(merge_qos),
	KUNIT_CASE(merge_subids),
	KUNIT_CASE(merge_options),
	KUNIT_CASE(via_budget),
	{}
};

static struct kunit_suite group_suite = {
	.name = "mqttk-group",
	.init = group_setup,
	.exit = group_teardown,
	.test_cases = group_cases,
};

kunit_test_suite(group_suite);
