// SPDX-License-Identifier: GPL-2.0
/*
 * alias.c: whatever is sent, and however much of it, a client that follows the
 * aliases finds the topics that were meant.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/prandom.h>

#include "../alias.h"
#include "index_fixture.h"

#define TOPICS		300
#define CLIENT_MAX	20
#define GATHER		12

struct alias_ctx {
	struct mqttk_limits *limits;
	struct mqttk_aliases_in in;
	struct mqttk_aliases_out out;
	struct rnd_state rnd;
	/* What the client takes each alias for; -1: it does not know it. */
	int client[CLIENT_MAX + 1];
	struct gathered {
		int topic;
		struct text text;
		u16 alias;
		bool known;
	} gathered[GATHER];
	unsigned int left_out;
	unsigned int sent;
};

static int alias_setup(struct kunit *test)
{
	struct alias_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	for (i = 0; i <= CLIENT_MAX; i++)
		ctx->client[i] = -1;
	test->priv = ctx;
	return 0;
}

static void alias_teardown(struct kunit *test)
{
	struct alias_ctx *ctx = test->priv;

	mqttk_aliases_in_free(&ctx->in, ctx->limits);
	mqttk_aliases_out_free(&ctx->out);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

static struct text topic_text(int topic)
{
	struct text t = { };

	t.len = snprintf(t.p, sizeof(t.p), "topic/%d", topic);
	return t;
}

static int in_set(struct alias_ctx *ctx, u16 alias, const char *topic)
{
	const struct mqttk_str s = { topic, strlen(topic) };

	return mqttk_alias_in_set(&ctx->in, ctx->limits, alias, &s);
}

static bool in_is(struct alias_ctx *ctx, u16 alias, const char *topic)
{
	struct mqttk_str s;

	return !mqttk_alias_in_get(&ctx->in, alias, &s) &&
	       s.len == strlen(topic) && !memcmp(s.p, topic, s.len);
}

/* The client's aliases: set, replaced, unknown, out of range. */
static void alias_in(struct kunit *test)
{
	struct alias_ctx *ctx = test->priv;
	struct mqttk_str s;

	KUNIT_EXPECT_EQ(test, in_set(ctx, 1, "a"), -EADDRNOTAVAIL);
	KUNIT_EXPECT_EQ(test, mqttk_alias_in_get(&ctx->in, 1, &s),
			-EADDRNOTAVAIL);
	ctx->in.max = 1000;
	KUNIT_EXPECT_EQ(test, mqttk_alias_in_get(&ctx->in, 1, &s), -EPROTO);
	KUNIT_EXPECT_EQ(test, mqttk_alias_in_get(&ctx->in, 1000, &s), -EPROTO);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 1, "first"), 0);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 9, "ninth"), 0);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 1000, "last"), 0);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 1001, "beyond"), -EADDRNOTAVAIL);
	KUNIT_EXPECT_TRUE(test, in_is(ctx, 1, "first"));
	KUNIT_EXPECT_TRUE(test, in_is(ctx, 9, "ninth"));
	KUNIT_EXPECT_TRUE(test, in_is(ctx, 1000, "last"));
	KUNIT_EXPECT_EQ(test, mqttk_alias_in_get(&ctx->in, 999, &s), -EPROTO);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 9, "another"), 0);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 9, "another"), 0);
	KUNIT_EXPECT_TRUE(test, in_is(ctx, 9, "another"));
	mqttk_aliases_in_free(&ctx->in, ctx->limits);
	KUNIT_EXPECT_EQ(test, mqttk_alias_in_get(&ctx->in, 9, &s),
			-EADDRNOTAVAIL);
}

/* Without budget what was set stays, and nothing is half set. */
static void alias_in_no_budget(struct kunit *test)
{
	struct alias_ctx *ctx = test->priv;
	struct mqttk_str s;
	s64 used;

	ctx->in.max = 100;
	KUNIT_EXPECT_EQ(test, in_set(ctx, 1, "kept"), 0);
	used = limits_used(ctx->limits);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	KUNIT_EXPECT_EQ(test, in_set(ctx, 1, "other"), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 2, "other"), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 100, "other"), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), used);
	KUNIT_EXPECT_TRUE(test, in_is(ctx, 1, "kept"));
	KUNIT_EXPECT_EQ(test, mqttk_alias_in_get(&ctx->in, 2, &s), -EPROTO);
}

/* Nor without memory. */
static void alias_in_failed_set(struct kunit *test)
{
	struct alias_ctx *ctx = test->priv;
	struct mqttk_str s;
	unsigned int nth = 0;
	int err;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	ctx->in.max = 100;
	KUNIT_ASSERT_EQ(test, in_set(ctx, 1, "kept"), 0);
	fail_nth(1);
	KUNIT_EXPECT_EQ(test, in_set(ctx, 1, "other"), -ENOMEM);
	KUNIT_EXPECT_TRUE(test, fail_done());
	/* A larger table, too. */
	do {
		fail_nth(++nth);
		err = in_set(ctx, 50, "new");
		if (!fail_done())
			break;
		if (err) {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			KUNIT_EXPECT_EQ(test, mqttk_alias_in_get(&ctx->in, 50,
								 &s), -EPROTO);
		}
		KUNIT_EXPECT_TRUE(test, in_is(ctx, 1, "kept"));
	} while (nth < 100);
	KUNIT_EXPECT_GT(test, nth, 1);
	KUNIT_EXPECT_TRUE(test, in_is(ctx, 50, "new"));
}

/* A few topics come often, many seldom. */
static int some_topic(struct alias_ctx *ctx)
{
	u32 r = prandom_u32_state(&ctx->rnd);

	return r & BIT(16) ? r % 5 : r % TOPICS;
}

/* What a client makes of a message. */
static void receive(struct kunit *test, struct alias_ctx *ctx,
		    const struct gathered *g)
{
	ctx->sent++;
	if (!g->alias)
		return;
	KUNIT_ASSERT_LE(test, g->alias, CLIENT_MAX);
	if (g->known) {
		KUNIT_EXPECT_EQ(test, ctx->client[g->alias], g->topic);
		ctx->left_out++;
	} else {
		ctx->client[g->alias] = g->topic;
	}
}

static void gather_and_send(struct kunit *test, struct alias_ctx *ctx)
{
	struct gathered *g = ctx->gathered;
	int i, sent;

	mqttk_alias_out_begin(&ctx->out);
	for (i = 0; i < GATHER; i++) {
		g[i].topic = some_topic(ctx);
		g[i].text = topic_text(g[i].topic);
		g[i].alias = mqttk_alias_out_find(&ctx->out, g[i].text.p,
						  g[i].text.len, &g[i].known);
		/* Some turn out to be too large. */
		if (g[i].alias && !g[i].known &&
		    prandom_u32_state(&ctx->rnd) % 8 == 0) {
			mqttk_alias_out_cancel(&ctx->out, g[i].alias);
			g[i].alias = 0;
		}
	}
	/* The socket takes some of them, seldom all. */
	sent = prandom_u32_state(&ctx->rnd) % (GATHER + 1);
	for (i = 0; i < sent; i++) {
		receive(test, ctx, &g[i]);
		if (g[i].alias && !g[i].known)
			mqttk_alias_out_commit(&ctx->out, g[i].text.p,
					       g[i].text.len, g[i].alias);
	}
}

/*
 * Our aliases, with messages that are gathered and not sent, or sent without,
 * and with memory that is there and is not.
 */
static void alias_out(struct kunit *test)
{
	struct alias_ctx *ctx = test->priv;
	unsigned long *limit = &ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY];
	int i;

	KUNIT_ASSERT_EQ(test, mqttk_aliases_out_init(&ctx->out, ctx->limits,
						     CLIENT_MAX), 0);
	for (i = 0; i < 4000; i++) {
		*limit = i % 64 < 8 ? 0 : LONG_MAX;
		gather_and_send(test, ctx);
	}
	/* It is worth it: half of all messages have one of five topics. */
	KUNIT_EXPECT_GT(test, ctx->left_out * 4, ctx->sent);
}

/* How many aliases there are, and which topics are worth one. */
static void alias_out_limits(struct kunit *test)
{
	struct alias_ctx *ctx = test->priv;
	struct text t;
	bool known;
	u16 alias;
	int i;

	/* A client that takes none. */
	KUNIT_EXPECT_EQ(test, mqttk_aliases_out_init(&ctx->out, ctx->limits,
						     0), 0);
	mqttk_alias_out_begin(&ctx->out);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test,
				mqttk_alias_out_find(&ctx->out, "a/b/c", 5,
						     &known), 0);
	/* One that takes more than there are. */
	KUNIT_ASSERT_EQ(test, mqttk_aliases_out_init(&ctx->out, ctx->limits,
						     U16_MAX), 0);
	mqttk_alias_out_begin(&ctx->out);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test,
				mqttk_alias_out_find(&ctx->out, "abc", 3,
						     &known), 0);
	for (i = 0; i < TOPICS * 2; i++) {
		t = topic_text(i / 2);
		alias = mqttk_alias_out_find(&ctx->out, t.p, t.len, &known);
		KUNIT_EXPECT_LE(test, alias, MQTTK_ALIASES_OUT_MAX);
		mqttk_alias_out_begin(&ctx->out);
	}
	mqttk_aliases_out_free(&ctx->out);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	KUNIT_EXPECT_EQ(test, mqttk_aliases_out_init(&ctx->out, ctx->limits,
						     1), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, mqttk_alias_out_find(&ctx->out, "a/b/c", 5,
						   &known), 0);
}

static struct kunit_case alias_cases[] = {
	KUNIT_CASE(alias_in),
	KUNIT_CASE(alias_in_no_budget),
	KUNIT_CASE(alias_in_failed_set),
	KUNIT_CASE(alias_out),
	KUNIT_CASE(alias_out_limits),
	{}
};

static struct kunit_suite alias_suite = {
	.name = "mqttk-alias",
	.init = alias_setup,
	.exit = alias_teardown,
	.test_cases = alias_cases,
};

kunit_test_suite(alias_suite);
