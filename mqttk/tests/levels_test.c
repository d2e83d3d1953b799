// SPDX-License-Identifier: GPL-2.0
/*
 * levels.c: the tree of topic levels by itself.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "../levels.h"
#include "index_fixture.h"

#define DEPTH	200

struct levels_ctx {
	struct mqttk_limits *limits;
	struct mqttk_levels lv;
};

static int levels_setup(struct kunit *test)
{
	struct levels_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	test->priv = ctx;
	return mqttk_levels_init(&ctx->lv, ctx->limits, MQTTK_BUDGET_RETAINED,
				 sizeof(struct mqttk_level));
}

/* Whatever a test did, every byte was given back. */
static void levels_teardown(struct kunit *test)
{
	struct levels_ctx *ctx = test->priv;

	KUNIT_EXPECT_TRUE(test, mqttk_table_empty(&ctx->lv.table));
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_levels_exit(&ctx->lv);
	mqttk_limits_exit(ctx->limits);
}

static struct mqttk_level *add(struct kunit *test, struct mqttk_level *parent,
			       const char *name)
{
	struct levels_ctx *ctx = test->priv;
	struct mqttk_level *level;

	level = mqttk_level_add(&ctx->lv, parent, name, strlen(name),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, level);
	return level;
}

/* A name means another node below another parent; empty names are names. */
static void levels_names(struct kunit *test)
{
	struct levels_ctx *ctx = test->priv;
	struct mqttk_levels *lv = &ctx->lv;
	struct mqttk_level *a = add(test, lv->root, "a");
	struct mqttk_level *aa = add(test, a, "a");
	struct mqttk_level *empty = add(test, a, "");

	KUNIT_EXPECT_PTR_EQ(test, mqttk_level_find(lv, lv->root, "a", 1), a);
	KUNIT_EXPECT_PTR_EQ(test, mqttk_level_find(lv, a, "a", 1), aa);
	KUNIT_EXPECT_PTR_EQ(test, mqttk_level_find(lv, a, "", 0), empty);
	KUNIT_EXPECT_NULL(test, mqttk_level_find(lv, aa, "a", 1));
	KUNIT_EXPECT_NULL(test, mqttk_level_find(lv, lv->root, "", 0));
	KUNIT_EXPECT_NULL(test, mqttk_level_find(lv, a, "a/", 2));
	KUNIT_EXPECT_EQ(test, a->users, 2);
	KUNIT_EXPECT_EQ(test, memcmp(mqttk_level_name(aa), "a", 1), 0);

	KUNIT_EXPECT_PTR_EQ(test, mqttk_level_remove(lv, aa), a);
	KUNIT_EXPECT_NULL(test, mqttk_level_find(lv, a, "a", 1));
	KUNIT_EXPECT_PTR_EQ(test, mqttk_level_remove(lv, empty), a);
	KUNIT_EXPECT_EQ(test, a->users, 0);
	KUNIT_EXPECT_PTR_EQ(test, mqttk_level_remove(lv, a), lv->root);
	KUNIT_EXPECT_EQ(test, lv->root->users, 1);
}

/* The longest level a topic can have is stored and found whole. */
static void levels_longest(struct kunit *test)
{
	struct levels_ctx *ctx = test->priv;
	struct mqttk_levels *lv = &ctx->lv;
	struct mqttk_level *level;
	u8 *name = kunit_kmalloc(test, U16_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	memset(name, 'x', U16_MAX);
	level = mqttk_level_add(lv, lv->root, name, U16_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, level);
	KUNIT_EXPECT_PTR_EQ(test, level,
			    mqttk_level_find(lv, lv->root, name, U16_MAX));
	KUNIT_EXPECT_NULL(test,
			  mqttk_level_find(lv, lv->root, name, U16_MAX - 1));
	mqttk_level_remove(lv, level);
}

/*
 * From a pinned node one walks up to the root after all of them were taken out,
 * and its unpinning frees them all.
 */
static void levels_pinned_chain(struct kunit *test)
{
	struct levels_ctx *ctx = test->priv;
	struct mqttk_levels *lv = &ctx->lv;
	struct mqttk_level *at = lv->root, *bottom;
	unsigned int depth = 0;

	while (depth++ < DEPTH)
		at = add(test, at, "level");
	bottom = at;
	KUNIT_ASSERT_TRUE(test, mqttk_level_pin(bottom));
	while (at != lv->root)
		at = mqttk_level_remove(lv, at);
	KUNIT_EXPECT_TRUE(test, mqttk_table_empty(&lv->table));
	KUNIT_EXPECT_GT(test, limits_used(ctx->limits), 0);

	for (at = bottom, depth = 0; at != lv->root; at = at->parent)
		depth++;
	KUNIT_EXPECT_EQ(test, depth, DEPTH);
	mqttk_level_unpin(lv, bottom);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
}

/* A full budget refuses a node and is none the fuller for it. */
static void levels_budget(struct kunit *test)
{
	struct levels_ctx *ctx = test->priv;
	struct mqttk_levels *lv = &ctx->lv;
	struct mqttk_level *level;

	ctx->limits->value[MQTTK_LIMIT_RETAINED_MEMORY] = 16;
	level = mqttk_level_add(lv, lv->root, "a", 1, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(level), -ENOBUFS);
	KUNIT_EXPECT_NULL(test, mqttk_level_find(lv, lv->root, "a", 1));
	KUNIT_EXPECT_EQ(test, lv->root->users, 1);
}

/* The way back finds every level's start, empty ones too. */
static void levels_before(struct kunit *test)
{
	static const u8 topic[] = "ab//c/";

	/* Levels start at 0, 3, 4 and 6; 7 is past the end. */
	KUNIT_EXPECT_EQ(test, mqttk_level_before(topic, 7), 6);
	KUNIT_EXPECT_EQ(test, mqttk_level_before(topic, 6), 4);
	KUNIT_EXPECT_EQ(test, mqttk_level_before(topic, 4), 3);
	KUNIT_EXPECT_EQ(test, mqttk_level_before(topic, 3), 0);
	KUNIT_EXPECT_EQ(test, mqttk_level_before("/", 1), 0);
	KUNIT_EXPECT_EQ(test, mqttk_level_before("/", 2), 1);
}

static struct kunit_case levels_cases[] = {
	KUNIT_CASE(levels_names),
	KUNIT_CASE(levels_longest),
	KUNIT_CASE(levels_pinned_chain),
	KUNIT_CASE(levels_budget),
	KUNIT_CASE(levels_before),
	{}
};

static struct kunit_suite levels_suite = {
	.name = "mqttk-levels",
	.init = levels_setup,
	.exit = levels_teardown,
	.test_cases = levels_cases,
};

kunit_test_suite(levels_suite);
