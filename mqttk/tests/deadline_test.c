// SPDX-License-Identifier: GPL-2.0
/*
 * deadline.c: what is due is done, in order, once, and not early.
 *
 * Nothing here says how late a deadline may be. That one is not run is seen
 * when a later one was.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "../deadline.h"
#include "index_fixture.h"

#define NR		64
#define PATIENCE	(60 * HZ)
#define GRAIN		((s64)MQTTK_DEADLINE_GRAIN)

struct clock_ctx;

/**
 * struct item - something to be done
 * @d: when
 * @ctx: the test
 * @ref: one of the test's, one of a run
 * @when: what @d was set to, in tests that check it
 * @runs: how often it was done
 * @place: how many were done before, the last time
 * @again: how often it sets itself again
 * @refuses: it pretends that it is being freed
 * @stops: the clock stands still when it is done, until the gate is opened
 * @early: it was done before @when
 * @done: each time
 * @entered: it waits for the test's gate
 */
struct item {
	struct mqttk_deadline d;
	struct clock_ctx *ctx;
	refcount_t ref;
	ktime_t when;
	unsigned int runs;
	unsigned int place;
	unsigned int again;
	bool refuses;
	bool stops;
	bool early;
	struct completion done;
	struct completion entered;
};

struct clock_ctx {
	struct mqttk_clock clock;
	struct rnd_state rnd;
	unsigned int runs;
	atomic_t live;
	struct completion gate;
	struct item *item[NR];
};

static void item_put(struct item *it)
{
	if (!refcount_dec_and_test(&it->ref))
		return;
	atomic_dec(&it->ctx->live);
	kfree(it);
}

static bool item_get(struct mqttk_deadline *d)
{
	struct item *it = container_of(d, struct item, d);

	return !it->refuses && refcount_inc_not_zero(&it->ref);
}

static void item_run(struct mqttk_deadline *d)
{
	struct item *it = container_of(d, struct item, d);
	struct clock_ctx *ctx = it->ctx;

	if (it->stops) {
		complete(&it->entered);
		wait_for_completion(&ctx->gate);
	}
	it->place = ctx->runs++;
	it->early |= ktime_get_boottime() < it->when;
	if (it->again) {
		it->again--;
		it->when = ktime_add_ns(it->when, GRAIN);
		mqttk_deadline_set(&ctx->clock, d, it->when);
	}
	WRITE_ONCE(it->runs, it->runs + 1);
	complete(&it->done);
	item_put(it);
}

static const struct mqttk_deadline_ops item_ops = {
	.get = item_get,
	.run = item_run,
};

static struct item *item_alloc(struct clock_ctx *ctx)
{
	struct item *it = kzalloc(sizeof(*it), GFP_KERNEL);

	if (!it)
		return NULL;
	mqttk_deadline_init(&it->d, &item_ops);
	it->ctx = ctx;
	refcount_set(&it->ref, 1);
	init_completion(&it->done);
	init_completion(&it->entered);
	atomic_inc(&ctx->live);
	return it;
}

static int clock_setup(struct kunit *test)
{
	struct clock_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	mqttk_clock_init(&ctx->clock);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	init_completion(&ctx->gate);
	test->priv = ctx;
	for (i = 0; i < NR; i++) {
		ctx->item[i] = item_alloc(ctx);
		KUNIT_ASSERT_NOT_NULL(test, ctx->item[i]);
	}
	return 0;
}

/* Whatever a test left set is canceled; no run is left, and no pin. */
static void clock_teardown(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;
	int i;

	complete_all(&ctx->gate);
	for (i = 0; i < NR && ctx->item[i]; i++)
		mqttk_deadline_cancel(&ctx->clock, &ctx->item[i]->d);
	mqttk_clock_exit(&ctx->clock);
	for (i = 0; i < NR && ctx->item[i]; i++)
		item_put(ctx->item[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->live), 0);
}

static void set_in(struct item *it, s64 ns)
{
	it->when = ktime_add_ns(ktime_get_boottime(), ns);
	mqttk_deadline_set(&it->ctx->clock, &it->d, it->when);
}

static bool cancel(struct item *it)
{
	return mqttk_deadline_cancel(&it->ctx->clock, &it->d);
}

static void wait_for(struct kunit *test, struct item *it)
{
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&it->done, PATIENCE),
			0);
}

/* Nothing is run from here on, however slow we are, until the gate opens. */
static void stop_clock(struct kunit *test, struct item *it)
{
	it->stops = true;
	set_in(it, 0);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&it->entered,
							  PATIENCE), 0);
	KUNIT_EXPECT_FALSE(test, cancel(it));
}

/* Where a time lies on the grid. */
static s64 point(ktime_t when)
{
	return (when + GRAIN - 1) >> ilog2(MQTTK_DEADLINE_GRAIN);
}

/*
 * All are run, once, none before its time, and the earlier ones first; those
 * on one point of the grid as they were set.
 */
static void clock_order(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;
	int i, j;

	for (i = 0; i < NR; i++)
		set_in(ctx->item[i],
		       prandom_u32_state(&ctx->rnd) % (8 * (u32)GRAIN));
	for (i = 0; i < NR; i++)
		wait_for(test, ctx->item[i]);
	for (i = 0; i < NR; i++) {
		struct item *a = ctx->item[i];

		KUNIT_EXPECT_EQ(test, a->runs, 1);
		KUNIT_EXPECT_FALSE(test, a->early);
		for (j = 0; j < i; j++) {
			struct item *b = ctx->item[j];

			KUNIT_EXPECT_EQ(test, b->place < a->place,
					point(b->when) <= point(a->when));
		}
	}
	KUNIT_EXPECT_EQ(test, ctx->runs, NR);
}

/* A past time is due at once; the end of time, and times before it, are not. */
static void clock_extremes(struct kunit *test)
{
	static const ktime_t past[] = { KTIME_MIN, -1, 0, 1 };
	static const ktime_t future[] = { KTIME_MAX, KTIME_MAX - 1 };
	struct clock_ctx *ctx = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(future); i++)
		mqttk_deadline_set(&ctx->clock, &ctx->item[i]->d, future[i]);
	for (i = 0; i < ARRAY_SIZE(past); i++) {
		mqttk_deadline_set(&ctx->clock, &ctx->item[2]->d, past[i]);
		wait_for(test, ctx->item[2]);
		KUNIT_EXPECT_EQ(test, ctx->item[2]->runs, i + 1);
		KUNIT_EXPECT_FALSE(test, cancel(ctx->item[2]));
	}
	for (i = 0; i < ARRAY_SIZE(future); i++) {
		KUNIT_EXPECT_EQ(test, ctx->item[i]->runs, 0);
		KUNIT_EXPECT_TRUE(test, cancel(ctx->item[i]));
	}
}

/* One moved forward is run then, one moved back is not run before. */
static void clock_move(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;
	struct item *forward = ctx->item[0], *back = ctx->item[1];
	struct item *last = ctx->item[2];

	stop_clock(test, ctx->item[3]);
	set_in(forward, 3600 * NSEC_PER_SEC);
	set_in(back, 0);
	set_in(last, 2 * GRAIN);
	set_in(back, 3600 * NSEC_PER_SEC);
	set_in(forward, GRAIN);
	complete_all(&ctx->gate);
	wait_for(test, last);
	KUNIT_EXPECT_EQ(test, forward->runs, 1);
	KUNIT_EXPECT_FALSE(test, forward->early);
	KUNIT_EXPECT_LT(test, forward->place, last->place);
	KUNIT_EXPECT_EQ(test, back->runs, 0);
	KUNIT_EXPECT_TRUE(test, cancel(back));
	KUNIT_EXPECT_FALSE(test, cancel(forward));
}

/* What is canceled is not run, and says so once. */
static void clock_cancel(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;
	int i;

	KUNIT_EXPECT_FALSE(test, cancel(ctx->item[0]));
	stop_clock(test, ctx->item[0]);
	for (i = 1; i < NR; i++)
		set_in(ctx->item[i], (i % 3) * GRAIN);
	for (i = 2; i < NR; i += 2) {
		KUNIT_EXPECT_TRUE(test, cancel(ctx->item[i]));
		KUNIT_EXPECT_FALSE(test, cancel(ctx->item[i]));
	}
	/* The last one. */
	set_in(ctx->item[1], 4 * GRAIN);
	complete_all(&ctx->gate);
	for (i = 1; i < NR; i += 2)
		wait_for(test, ctx->item[i]);
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_EQ(test, ctx->item[i]->runs, !i || i % 2);
}

/* The timer runs while something is set, and not a moment longer. */
static void clock_idle(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;
	int i;

	KUNIT_EXPECT_FALSE(test, hrtimer_active(&ctx->clock.timer));
	for (i = 0; i < NR; i++)
		set_in(ctx->item[i], 3600 * NSEC_PER_SEC);
	KUNIT_EXPECT_TRUE(test, hrtimer_active(&ctx->clock.timer));
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_TRUE(test, cancel(ctx->item[i]));
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&ctx->clock.timer));
}

/* An owner on its way out is passed over, and the next one is run. */
static void clock_refused(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;

	ctx->item[0]->refuses = true;
	set_in(ctx->item[0], 0);
	set_in(ctx->item[1], GRAIN);
	wait_for(test, ctx->item[1]);
	KUNIT_EXPECT_EQ(test, ctx->item[0]->runs, 0);
	KUNIT_EXPECT_FALSE(test, cancel(ctx->item[0]));
}

/* A deadline that sets itself again is run again, beside others. */
static void clock_again(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;
	struct item *it = ctx->item[0];
	int i;

	it->again = 4;
	set_in(ctx->item[1], 2 * GRAIN);
	set_in(it, 0);
	for (i = 0; i < 5; i++)
		wait_for(test, it);
	wait_for(test, ctx->item[1]);
	KUNIT_EXPECT_EQ(test, it->runs, 5);
	KUNIT_EXPECT_FALSE(test, it->early);
	KUNIT_EXPECT_FALSE(test, cancel(it));
}

struct mover {
	struct clock_ctx *ctx;
	struct rnd_state rnd;
	struct completion done;
	unsigned int lost;
	unsigned int failed;
};

/* Every set ends in one run or one successful cancel, never both or neither. */
static void move_own(struct mover *m, struct item *it)
{
	struct clock_ctx *ctx = m->ctx;
	unsigned int runs = it->runs;

	if (prandom_u32_state(&m->rnd) % 2)
		mqttk_deadline_set(&ctx->clock, &it->d,
				   ktime_get_boottime() +
				   3600LL * NSEC_PER_SEC);
	mqttk_deadline_set(&ctx->clock, &it->d, 0);
	udelay(prandom_u32_state(&m->rnd) % 100);
	if (!cancel(it) && wait_for_completion_timeout(&it->done, PATIENCE))
		runs++;
	if (READ_ONCE(it->runs) != runs)
		m->lost++;
}

/* Freed while it may be due, taken, or run. */
static void move_and_free(struct mover *m)
{
	struct item *it = item_alloc(m->ctx);

	if (!it) {
		m->failed++;
		return;
	}
	mqttk_deadline_set(&m->ctx->clock, &it->d, 0);
	udelay(prandom_u32_state(&m->rnd) % 100);
	cancel(it);
	item_put(it);
}

static int mover_fn(void *data)
{
	struct mover *m = data;
	struct item *own = item_alloc(m->ctx);
	unsigned int i;

	for (i = 0; own && i < 2000; i++) {
		struct item *it =
			m->ctx->item[prandom_u32_state(&m->rnd) % NR];

		move_own(m, own);
		move_and_free(m);
		if (prandom_u32_state(&m->rnd) % 2)
			mqttk_deadline_set(&m->ctx->clock, &it->d,
					   ktime_get_boottime() +
					   prandom_u32_state(&m->rnd) %
					   (4 * (u32)GRAIN));
		else
			cancel(it);
		cond_resched();
	}
	if (own) {
		cancel(own);
		item_put(own);
	} else {
		m->failed++;
	}
	complete(&m->done);
	return 0;
}

/*
 * While several threads set, move, cancel and free, no set is lost, nothing is
 * run twice, and nothing that was freed is touched.
 */
static void clock_concurrent(struct kunit *test)
{
	struct clock_ctx *ctx = test->priv;
	struct mover *m = kunit_kcalloc(test, 3, sizeof(*m), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < 3; i++) {
		m[i].ctx = ctx;
		prandom_seed_state(&m[i].rnd, FIXTURE_SEED + i);
		init_completion(&m[i].done);
		kthread_run(mover_fn, &m[i], "mqttk-mover");
	}
	for (i = 0; i < 3; i++) {
		wait_for_completion(&m[i].done);
		KUNIT_EXPECT_EQ(test, m[i].lost, 0);
		KUNIT_EXPECT_EQ(test, m[i].failed, 0);
	}
	/* The clock still goes. */
	for (i = 0; i < NR; i++) {
		cancel(ctx->item[i]);
		reinit_completion(&ctx->item[i]->done);
		set_in(ctx->item[i], 0);
	}
	for (i = 0; i < NR; i++)
		wait_for(test, ctx->item[i]);
}

static struct kunit_case clock_cases[] = {
	KUNIT_CASE(clock_order),
	KUNIT_CASE(clock_extremes),
	KUNIT_CASE(clock_move),
	KUNIT_CASE(clock_cancel),
	KUNIT_CASE(clock_idle),
	KUNIT_CASE(clock_refused),
	KUNIT_CASE(clock_again),
	KUNIT_CASE(clock_concurrent),
	{}
};

static struct kunit_suite clock_suite = {
	.name = "mqttk-deadline",
	.init = clock_setup,
	.exit = clock_teardown,
	.test_cases = clock_cases,
};

kunit_test_suite(clock_suite);
