// SPDX-License-Identifier: GPL-2.0
/*
 * msg.c: several messages in one piece of memory, which may be a CPU's own: each
 * is whole, all go together, what is lent is lent once, and budgets are as they
 * were.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../msg.h"
#include "index_fixture.h"

#define NR		8
#define REFS		5
#define PAYLOAD		24
#define ROUNDS		8

/* More than a CPU's own memory has. */
#define LARGE		SZ_8K

/* Messages of a block, each with its number and letters. */
static struct mqttk_msg *fill(struct mqttk_limits *l, unsigned int nr,
			      size_t bytes, unsigned int refs)
{
	struct mqttk_msg *first = mqttk_msg_alloc_block(l, nr, bytes, refs,
							GFP_KERNEL);
	u8 *at;
	int i;

	if (!first)
		return NULL;
	at = (u8 *)(first + nr);
	for (i = 0; i < nr; i++) {
		first[i].data = at;
		first[i].topic_len = 1;
		first[i].payload_len = PAYLOAD;
		memset(at, 'a' + i, 1 + PAYLOAD);
		at += 1 + PAYLOAD;
	}
	mqttk_msg_block_done(first, nr * PAYLOAD);
	return first;
}

static void put_all(struct mqttk_msg *first, unsigned int nr, unsigned int refs)
{
	unsigned int i;

	for (i = 0; i < nr * refs; i++)
		mqttk_msg_put(first + i % nr);
}

static void expect_none(struct kunit *test, struct mqttk_limits *l)
{
	struct mqttk_store store = mqttk_limits_stored(l);

	KUNIT_EXPECT_EQ(test, limits_used(l), 0);
	KUNIT_EXPECT_EQ(test, store.messages, 0);
	KUNIT_EXPECT_EQ(test, store.bytes, 0);
}

/* Nothing of what was in the memory before is left in a message. */
static void block_is_whole(struct kunit *test)
{
	struct mqttk_limits *l = limits_setup(test);
	struct mqttk_msg *first, *msg;
	u8 want[1 + PAYLOAD];
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		first = fill(l, NR, NR * (1 + PAYLOAD), REFS);
		KUNIT_ASSERT_NOT_NULL(test, first);
		KUNIT_EXPECT_EQ(test, refcount_read(&first->ref), NR * REFS);
		KUNIT_EXPECT_EQ(test, mqttk_limits_stored(l).messages, NR);
		KUNIT_EXPECT_EQ(test, mqttk_limits_stored(l).bytes, NR * PAYLOAD);
		for (i = 0; i < NR; i++) {
			msg = first + i;
			memset(want, 'a' + i, sizeof(want));
			KUNIT_EXPECT_MEMEQ(test, msg->data, want, sizeof(want));
			KUNIT_EXPECT_EQ(test, msg->nth, i);
			KUNIT_EXPECT_TRUE(test, !msg->qos);
			KUNIT_EXPECT_FALSE(test, msg->retain);
			KUNIT_EXPECT_FALSE(test, msg->has_lifetime);
			KUNIT_EXPECT_EQ(test, msg->props_len, 0);
			KUNIT_EXPECT_EQ(test, msg->expires, 0);
			KUNIT_EXPECT_EQ(test, msg->nr_pages, 0);
			KUNIT_EXPECT_NULL(test, msg->bvec);
			KUNIT_EXPECT_PTR_EQ(test, mqttk_msg_refs(msg),
					    &first->ref);
			/* What the next one is to forget. */
			msg->qos = 2;
			msg->retain = true;
			msg->expires = 1;
		}
		put_all(first, NR, REFS);
		expect_none(test, l);
	}
	mqttk_limits_exit(l);
}

/* Either the budget pays for a block or it is a CPU's own memory, never both. */
static void spare_is_lent_once(struct kunit *test)
{
	struct mqttk_limits *l = limits_setup(test);
	struct mqttk_msg *held[ROUNDS];
	unsigned int i, k, borrowed = 0;
	s64 used;

	for (i = 0; i < ROUNDS; i++) {
		used = limits_used(l);
		held[i] = fill(l, 2, 2 * (1 + PAYLOAD), 1);
		KUNIT_ASSERT_NOT_NULL(test, held[i]);
		borrowed += held[i]->borrowed;
		KUNIT_EXPECT_EQ(test, limits_used(l) - used, held[i]->charged);
		KUNIT_EXPECT_TRUE(test, held[i]->borrowed == !held[i]->charged);
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_PTR_NE(test, held[i], held[k]);
	}
	/* There is one for each CPU, and this may have run on several. */
	KUNIT_EXPECT_GE(test, borrowed, 1);
	KUNIT_EXPECT_LE(test, borrowed, num_possible_cpus());
	for (i = 0; i < ROUNDS; i++)
		put_all(held[i], 2, 1);
	expect_none(test, l);
	mqttk_limits_exit(l);
}

/* Given back, it is lent again; where KASAN watches, each second time. */
static void spare_is_lent_again(struct kunit *test)
{
	struct mqttk_limits *l = limits_setup(test);
	unsigned int i, borrowed = 0;
	struct mqttk_msg *first;

	for (i = 0; i < ROUNDS; i++) {
		first = fill(l, 2, 2 * (1 + PAYLOAD), 3);
		KUNIT_ASSERT_NOT_NULL(test, first);
		borrowed += first->borrowed;
		put_all(first, 2, 3);
	}
	KUNIT_EXPECT_GE(test, borrowed, ROUNDS / 2);
	expect_none(test, l);
	mqttk_limits_exit(l);
}

static void large_block_is_charged(struct kunit *test)
{
	struct mqttk_limits *l = limits_setup(test);
	struct mqttk_msg *first;
	int i;

	for (i = 0; i < 2; i++) {
		first = fill(l, NR, LARGE, 1);
		KUNIT_ASSERT_NOT_NULL(test, first);
		KUNIT_EXPECT_FALSE(test, first->borrowed);
		KUNIT_EXPECT_GE(test, first->charged, LARGE);
		KUNIT_EXPECT_EQ(test, limits_used(l), first->charged);
		put_all(first, NR, 1);
		expect_none(test, l);
	}
	mqttk_limits_exit(l);
}

/* Also what would cost nothing: who is over the budget gets no more. */
static void budget_is_kept(struct kunit *test)
{
	struct mqttk_limits *l = limits_setup(test);
	int i;

	l->value[MQTTK_LIMIT_MESSAGE_MEMORY] = sizeof(struct mqttk_msg);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_NULL(test, fill(l, NR, NR * (1 + PAYLOAD), 1));
	expect_none(test, l);
	mqttk_limits_exit(l);
}

static void alike_are_those_of_a_block(struct kunit *test)
{
	struct mqttk_limits *l = limits_setup(test);
	struct mqttk_msg *a, *b, *msgs[2 * NR];
	int i;

	a = fill(l, NR, NR * (1 + PAYLOAD), 1);
	b = fill(l, NR, NR * (1 + PAYLOAD), 1);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < NR; i++) {
		msgs[i] = a + i;
		msgs[NR + i] = b + i;
	}
	for (i = 0; i < 2 * NR; i++)
		KUNIT_EXPECT_EQ(test, mqttk_msgs_alike(msgs + i, 2 * NR - i),
				NR - i % NR);
	KUNIT_EXPECT_EQ(test, mqttk_msgs_alike(msgs, 3), 3);
	/* Some of one block and some of the other in turn. */
	swap(msgs[1], msgs[NR]);
	KUNIT_EXPECT_EQ(test, mqttk_msgs_alike(msgs, 2 * NR), 1);
	put_all(a, NR, 1);
	put_all(b, NR, 1);
	expect_none(test, l);
	mqttk_limits_exit(l);
}

static struct kunit_case msg_cases[] = {
	KUNIT_CASE(block_is_whole),
	KUNIT_CASE(spare_is_lent_once),
	KUNIT_CASE(spare_is_lent_again),
	KUNIT_CASE(large_block_is_charged),
	KUNIT_CASE(budget_is_kept),
	KUNIT_CASE(alike_are_those_of_a_block),
	{}
};

static struct kunit_suite msg_suite = {
	.name = "mqttk-msg",
	.test_cases = msg_cases,
};

kunit_test_suite(msg_suite);
