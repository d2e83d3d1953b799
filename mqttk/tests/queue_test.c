// SPDX-License-Identifier: GPL-2.0
/*
 * queue.c: beside a plain array that is told the same, the queue holds the same
 * messages in the same order, counts them right and gives everything back.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../msg.h"
#include "../queue.h"
#include "../via.h"
#include "index_fixture.h"

/* More than a sweep looks at before it pauses, several times. */
#define MODEL_MAX	5000
#define VIAS		3
/* More than there are ever places for, and than a chunk has. */
#define RUN_MAX		40
#define STEPS		12000
#define ROUNDS		3

/* What an entry of the queue shall be. The model has a reference to each. */
struct model_ent {
	struct mqttk_msg *msg;
	struct mqttk_via *via;
	u32 lost;
	u16 id;
	u8 qos;
	u8 retain;
};

struct queue_ctx {
	struct mqttk_limits *limits;
	struct rnd_state rnd;
	u32 seed;
	u32 step;
	struct mqttk_queue q;
	struct mqttk_sweep sw;
	/* The test's own time, so that what expires when is no chance. */
	ktime_t now;
	struct mqttk_via *via[VIAS];
	u32 via_users[VIAS];
	u16 last_id;
	/* What the queue's members of these names shall be. */
	u32 nr;
	u32 nr_qos0;
	u64 bytes;
	u32 lost;
	u32 pauses;
	u32 aborts;
	u32 expired;
	u32 dropped;
	bool growing;
	bool sweeping;
	struct mqttk_qent copied[RUN_MAX];
	struct model_ent model[MODEL_MAX];
};

/* Both sides are evaluated once; what fails says where it can be found again. */
#define EXPECT(test, left, op, right)					\
do {									\
	struct kunit *t_ = (test);					\
	const struct queue_ctx *c_ = t_->priv;				\
	const s64 l_ = (left), r_ = (right);				\
									\
	KUNIT_ASSERT_TRUE_MSG(t_, l_ op r_,				\
			      "seed %u step %u: " #left " is %lld, " #right " is %lld", \
			      c_->seed, c_->step, l_, r_);		\
} while (0)

static u32 rnd(struct queue_ctx *ctx, u32 below)
{
	return prandom_u32_state(&ctx->rnd) % below;
}

static int queue_setup(struct kunit *test)
{
	struct queue_ctx *ctx = kvzalloc(sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->limits = limits_setup(test);
	ctx->seed = FIXTURE_SEED;
	prandom_seed_state(&ctx->rnd, ctx->seed);
	mqttk_queue_init(&ctx->q);
	ctx->now = 1000;
	for (i = 0; i < VIAS; i++) {
		ctx->via[i] = mqttk_via_alloc(ctx->limits, MQTTK_BUDGET_CLIENT,
					      2 * i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ctx->via[i]);
	}
	return 0;
}

/* A failed test leaves a model that is not to be believed: no checks here. */
static void queue_teardown(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	struct mqttk_qent e;
	u32 i;

	mqttk_queue_sweep_abort(&ctx->sw);
	while (ctx->q.nr) {
		mqttk_queue_pop(&ctx->q, ctx->limits, &e);
		mqttk_msg_put(e.msg);
		mqttk_via_put(e.via);
	}
	for (i = 0; i < ctx->nr; i++)
		mqttk_msg_put(ctx->model[i].msg);
	for (i = 0; i < VIAS; i++)
		mqttk_via_put(ctx->via[i]);
	mqttk_queue_rest(&ctx->q, ctx->limits);
	/* Not if there were chunks left. */
	KUNIT_EXPECT_NULL(test, ctx->q.room);
	KUNIT_EXPECT_EQ(test, mqttk_limits_stored(ctx->limits).messages, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
	kvfree(ctx);
}

static struct mqttk_msg *new_msg(struct kunit *test, u32 len, ktime_t expires)
{
	static const u8 topic[16] = "a/b/c/d/e/f/g/h";
	struct queue_ctx *ctx = test->priv;
	struct mqttk_msg *msg;

	msg = mqttk_msg_alloc(ctx->limits, topic, 1 + rnd(ctx, sizeof(topic)),
			      0, len, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	msg->filled = len;
	msg->expires = expires;
	return msg;
}

static void model_add(struct queue_ctx *ctx, const struct model_ent *m)
{
	u32 i;

	ctx->model[ctx->nr] = *m;
	ctx->model[ctx->nr++].lost = ctx->lost;
	ctx->nr_qos0 += !m->qos;
	ctx->bytes += mqttk_msg_share(m->msg);
	ctx->lost = 0;
	for (i = 0; i < VIAS; i++)
		if (m->via == ctx->via[i])
			ctx->via_users[i]++;
}

/* The queue gets a reference if it takes it, the model keeps one. */
static int append_msg(struct kunit *test, struct mqttk_msg *msg, u8 qos)
{
	struct queue_ctx *ctx = test->priv;
	u32 which = rnd(ctx, VIAS + 1);
	struct mqttk_qent e = {
		.msg = msg,
		.via = which < VIAS ? ctx->via[which] : NULL,
		.qos = qos,
		.retain = rnd(ctx, 2),
	};
	int err;

	err = mqttk_queue_append(&ctx->q, ctx->limits, &e);
	if (err)
		return err;
	mqttk_msg_get(msg);
	mqttk_via_get(e.via);
	model_add(ctx, &(struct model_ent){
		.msg = msg,
		.via = e.via,
		.qos = e.qos,
		.retain = e.retain,
	});
	return 0;
}

/* Several of QoS 0 at once. Returns how many the queue took. */
static u32 append_run(struct kunit *test, u32 nr)
{
	struct queue_ctx *ctx = test->priv;
	u32 i, n, which = rnd(ctx, VIAS + 1);
	struct mqttk_via *via = which < VIAS ? ctx->via[which] : NULL;
	struct mqttk_msg *msgs[RUN_MAX];
	u64 bytes = 0;

	for (i = 0; i < nr; i++) {
		msgs[i] = new_msg(test, rnd(ctx, 40), 0);
		bytes += mqttk_msg_share(msgs[i]);
	}
	n = mqttk_queue_append_run(&ctx->q, ctx->limits, msgs, nr, bytes, via);
	for (i = 0; i < n; i++) {
		mqttk_msg_get(msgs[i]);
		mqttk_via_get(via);
		model_add(ctx, &(struct model_ent){
			.msg = msgs[i],
			.via = via,
		});
	}
	for (; i < nr; i++)
		mqttk_msg_put(msgs[i]);
	return n;
}

static void append(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	ktime_t expires = 0;

	if (ctx->nr == MODEL_MAX)
		return;
	if (!rnd(ctx, 3))
		expires = ctx->now + 1 + rnd(ctx, 3000);
	/* A publisher that was away: nearly as late as can be. */
	else if (!rnd(ctx, 10))
		expires = ctx->now + 1;
	EXPECT(test,
	       append_msg(test, new_msg(test, rnd(ctx, 40), expires),
			  rnd(ctx, 3)), ==, 0);
}

static void append_nr(struct kunit *test, u32 nr, u8 qos, ktime_t expires)
{
	while (nr--)
		EXPECT(test,
		       append_msg(test, new_msg(test, 1, expires), qos), ==, 0);
}

/* The queue has let go of it: so does the model, with the last reference. */
static void model_forget(struct kunit *test, const struct model_ent *m)
{
	struct queue_ctx *ctx = test->priv;
	int i;

	EXPECT(test, refcount_read(&m->msg->ref), ==, 1);
	ctx->nr_qos0 -= !m->qos;
	ctx->bytes -= mqttk_msg_share(m->msg);
	mqttk_msg_put(m->msg);
	for (i = 0; i < VIAS; i++)
		if (m->via == ctx->via[i])
			ctx->via_users[i]--;
}

static void model_remove(struct queue_ctx *ctx, u32 i)
{
	ctx->nr--;
	memmove(&ctx->model[i], &ctx->model[i + 1],
		(ctx->nr - i) * sizeof(ctx->model[0]));
}

static void expect_same(struct kunit *test, const struct mqttk_qent *e,
			const struct model_ent *m)
{
	KUNIT_ASSERT_PTR_EQ(test, e->msg, m->msg);
	KUNIT_ASSERT_PTR_EQ(test, e->via, m->via);
	EXPECT(test, e->lost, ==, m->lost);
	EXPECT(test, e->id, ==, m->id);
	EXPECT(test, e->qos, ==, m->qos);
	EXPECT(test, e->retain, ==, m->retain);
	EXPECT(test, e->dup || e->resend || e->skip, ==, false);
	EXPECT(test, refcount_read(&m->msg->ref), ==, 2);
}

/* The counts, whatever has just happened. */
static void expect_counts(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	struct mqttk_queue_pos pos;

	EXPECT(test, ctx->q.nr, ==, ctx->nr);
	EXPECT(test, ctx->q.nr_qos0, ==, ctx->nr_qos0);
	EXPECT(test, ctx->q.bytes, ==, ctx->bytes);
	EXPECT(test, ctx->q.lost, ==, ctx->lost);
	EXPECT(test, !!mqttk_queue_first(&ctx->q, &pos), ==, !!ctx->nr);
}

/* What a chunk says of its entries, now that all of them were seen. */
static void expect_chunk(struct kunit *test, struct mqttk_chunk *c, u32 nr,
			 u32 nr_qos0, ktime_t expires)
{
	EXPECT(test, c->tail - c->head, ==, nr);
	EXPECT(test, c->nr_qos0, ==, nr_qos0);
	if (expires)
		EXPECT(test, c->expires && c->expires <= expires, ==, true);
}

/* The first few, taken together. */
static void expect_copied(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 i, max = 1 + rnd(ctx, RUN_MAX);
	u32 nr = min(max, ctx->nr);

	EXPECT(test, mqttk_queue_copy(&ctx->q, ctx->copied, max), ==, nr);
	for (i = 0; i < nr; i++)
		expect_same(test, &ctx->copied[i], &ctx->model[i]);
}

/* All there is, in order, and nothing else: no empty chunk, no stray mark. */
static void expect_all(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 i, nr = 0, nr_qos0 = 0, chunks = 0;
	struct mqttk_chunk *c, *at = NULL;
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;
	ktime_t expires = 0;

	e = mqttk_queue_first(&ctx->q, &pos);
	for (i = 0; e; i++) {
		struct model_ent *m = &ctx->model[i];

		EXPECT(test, i, <, ctx->nr);
		expect_same(test, e, m);
		if (pos.chunk != at) {
			at = pos.chunk;
			chunks++;
			nr = 0;
			nr_qos0 = 0;
			expires = 0;
		}
		nr++;
		nr_qos0 += !m->qos;
		if (!m->id && m->msg->expires &&
		    (!expires || m->msg->expires < expires))
			expires = m->msg->expires;
		e = mqttk_queue_next(&ctx->q, &pos);
		if (at && (!e || pos.chunk != at))
			expect_chunk(test, at, nr, nr_qos0, expires);
	}
	EXPECT(test, i, ==, ctx->nr);
	if (ctx->q.room) {
		list_for_each_entry(c, &ctx->q.room->chunks, list) {
			if (c == &ctx->sw.mark)
				EXPECT(test, ctx->sw.paused, ==, true);
			else
				chunks--;
		}
	}
	EXPECT(test, chunks, ==, 0);
	expect_copied(test);
	for (i = 0; i < VIAS; i++)
		EXPECT(test, refcount_read(&ctx->via[i]->ref), ==,
		       1 + ctx->via_users[i]);
}

static void pop(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	struct model_ent *m = &ctx->model[0];
	struct mqttk_qent e;

	if (!ctx->nr)
		return;
	mqttk_queue_pop(&ctx->q, ctx->limits, &e);
	expect_same(test, &e, m);
	mqttk_msg_put(e.msg);
	mqttk_via_put(e.via);
	model_forget(test, m);
	model_remove(ctx, 0);
}

/* Takes the first few of QoS 0 at once. */
static void pop_run(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 nr = 0, max = 1 + rnd(ctx, 40);
	u64 bytes = 0;

	while (nr < max && nr < ctx->nr && !ctx->model[nr].qos)
		bytes += mqttk_msg_share(ctx->model[nr++].msg);
	mqttk_queue_pop_run(&ctx->q, ctx->limits, nr, bytes);
	while (nr--) {
		struct model_ent *m = &ctx->model[0];

		mqttk_msg_put(m->msg);
		mqttk_via_put(m->via);
		model_forget(test, m);
		model_remove(ctx, 0);
	}
}

/* Where what was lost before entry @i is told of. */
static u32 *lost_before(struct queue_ctx *ctx, u32 i)
{
	return i < ctx->nr ? &ctx->model[i].lost : &ctx->lost;
}

static void drop(struct kunit *test, u32 keep)
{
	struct queue_ctx *ctx = test->priv;
	struct model_ent gone;
	u32 i = keep;
	bool dropped;

	while (i < ctx->nr && ctx->model[i].qos)
		i++;
	dropped = mqttk_queue_drop_qos0(&ctx->q, ctx->limits, keep);
	EXPECT(test, dropped, ==, i < ctx->nr);
	if (!dropped)
		return;
	ctx->dropped++;
	gone = ctx->model[i];
	model_remove(ctx, i);
	*lost_before(ctx, i) += gone.lost + 1;
	model_forget(test, &gone);
}

static bool may_expire(const struct model_ent *m, ktime_t now)
{
	return !m->id && m->msg->expires && m->msg->expires <= now;
}

/*
 * Tells the model what a sweep has removed; only what had to go may be missing.
 * Returns how much that is.
 */
static u32 model_follow(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 i, kept = 0, nr = ctx->nr, lost = 0;
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;

	e = mqttk_queue_first(&ctx->q, &pos);
	for (i = 0; i < nr; i++) {
		struct model_ent m = ctx->model[i];

		if (e && e->msg == m.msg) {
			m.lost += lost;
			lost = 0;
			ctx->model[kept++] = m;
			e = mqttk_queue_next(&ctx->q, &pos);
			continue;
		}
		EXPECT(test, may_expire(&m, ctx->sw.now), ==, true);
		lost += m.lost;
		model_forget(test, &m);
	}
	KUNIT_ASSERT_NULL(test, e);
	ctx->nr = kept;
	ctx->lost += lost;
	return nr - kept;
}

/* A sweep has seen everything: nothing is left that it had to remove. */
static void expect_swept(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	ktime_t next = 0;
	u32 i;

	for (i = 0; i < ctx->nr; i++) {
		struct model_ent *m = &ctx->model[i];

		EXPECT(test, may_expire(m, ctx->sw.now), ==, false);
		if (!m->id && m->msg->expires &&
		    (!next || m->msg->expires < next))
			next = m->msg->expires;
	}
	/* In time for the next, though it may be for one that is gone. */
	if (next)
		EXPECT(test, ctx->sw.next && ctx->sw.next <= next, ==, true);
	/* Or who comes back when there is something to do never stops. */
	EXPECT(test, !ctx->sw.next || ctx->sw.next > ctx->sw.now, ==, true);
	expect_all(test);
}

/* Begins a sweep, or goes on with one. */
static void sweep(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 before;

	if (!ctx->sweeping) {
		ctx->now += rnd(ctx, 200);
		ctx->sw = (struct mqttk_sweep){ .now = ctx->now };
	}
	before = ctx->sw.expired;
	ctx->sweeping = mqttk_queue_sweep(&ctx->q, ctx->limits, &ctx->sw);
	EXPECT(test, ctx->sw.paused, ==, ctx->sweeping);
	EXPECT(test, ctx->sw.expired - before, ==, model_follow(test));
	ctx->expired += ctx->sw.expired - before;
	if (ctx->sweeping)
		ctx->pauses++;
	else
		expect_swept(test);
}

static void abort_sweep(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;

	ctx->aborts += ctx->sweeping;
	mqttk_queue_sweep_abort(&ctx->sw);
	ctx->sweeping = false;
	expect_all(test);
}

/* Somebody looks at the first few and is not able to send them yet. */
static void look(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;
	u32 i, n = 1 + rnd(ctx, 12);

	e = mqttk_queue_first(&ctx->q, &pos);
	for (i = 0; e && i < n; i++) {
		expect_same(test, e, &ctx->model[i]);
		if (e->qos && !e->id) {
			ctx->last_id = ctx->last_id % U16_MAX + 1;
			e->id = ctx->last_id;
			ctx->model[i].id = e->id;
		}
		e = mqttk_queue_next(&ctx->q, &pos);
	}
}

static void random_step(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;

	/* Long tides, so that every length comes about. */
	if (!rnd(ctx, 2000) || ctx->nr == MODEL_MAX)
		ctx->growing = ctx->nr < 200 || rnd(ctx, 3);
	if (ctx->nr == MODEL_MAX)
		ctx->growing = false;
	switch (rnd(ctx, 40)) {
	case 0 ... 27:
		if (ctx->growing == !!rnd(ctx, 16))
			append(test);
		else if (ctx->nr < 200 && !rnd(ctx, 8))
			EXPECT(test, append_run(test, RUN_MAX), ==, RUN_MAX);
		else if (rnd(ctx, 8))
			pop(test);
		else
			pop_run(test);
		break;
	case 28 ... 31:
		drop(test, rnd(ctx, 3) ? 0 : rnd(ctx, ctx->nr + 2));
		break;
	case 32:
		look(test);
		break;
	case 33:
		/* The owner could not queue something. */
		ctx->lost += 2;
		ctx->q.lost += 2;
		break;
	case 34:
		if (ctx->sweeping && !rnd(ctx, 3))
			abort_sweep(test);
		break;
	case 35:
		if (ctx->sweeping || !rnd(ctx, 8))
			sweep(test);
		break;
	default:
		ctx->now += rnd(ctx, 10);
	}
}

/* Whatever is done in whatever order. */
static void queue_random(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 round;

	for (round = 0; round < ROUNDS; round++) {
		ctx->seed = FIXTURE_SEED + round;
		prandom_seed_state(&ctx->rnd, ctx->seed);
		ctx->growing = true;
		/* One sweep of this needs a pause or two. */
		append_nr(test, 1500 * round, 1, 0);
		for (ctx->step = 0; ctx->step < STEPS; ctx->step++) {
			random_step(test);
			expect_counts(test);
			if (ctx->nr < 16 || !(ctx->step % 64))
				expect_all(test);
			if (!(ctx->step % 256))
				cond_resched();
		}
		abort_sweep(test);
		while (ctx->nr) {
			pop(test);
			if (ctx->nr < 16)
				expect_all(test);
		}
		expect_counts(test);
		KUNIT_ASSERT_TRUE(test, list_empty(&ctx->q.room->chunks));
	}
	/* It is not for nothing that this test ran. */
	KUNIT_EXPECT_GT(test, ctx->pauses, 20);
	KUNIT_EXPECT_GT(test, ctx->aborts, 2);
	KUNIT_EXPECT_GT(test, ctx->expired, 500);
	KUNIT_EXPECT_GT(test, ctx->dropped, 500);
}

/* Has nothing come for a while? Then there may, or may not, be more places. */
static void rest(struct queue_ctx *ctx, unsigned long client_memory)
{
	if (ctx->nr || ctx->sweeping)
		return;
	mqttk_queue_rest(&ctx->q, ctx->limits);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] =
		rnd(ctx, 2) ? client_memory : 0;
}

/* A queue that is short all along: from in place to chunks and back. */
static void queue_short(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	unsigned long memory = ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY];

	for (ctx->step = 0; ctx->step < STEPS; ctx->step++) {
		switch (rnd(ctx, 9)) {
		case 0 ... 2:
			if (ctx->nr < 7)
				append(test);
			break;
		case 8:
			rest(ctx, memory);
			if (ctx->nr < 7 && !rnd(ctx, 4))
				append_run(test, 1 + rnd(ctx, RUN_MAX / 2));
			break;
		case 3 ... 4:
			pop(test);
			break;
		case 5:
			drop(test, rnd(ctx, 4));
			break;
		case 6:
			if (!rnd(ctx, 8))
				look(test);
			break;
		case 7:
			sweep(test);
			break;
		}
		expect_counts(test);
		expect_all(test);
		/* A client that keeps up needs no more memory for its queue. */
		if (!ctx->nr && ctx->q.room)
			EXPECT(test, list_empty(&ctx->q.room->chunks), ==, true);
	}
	KUNIT_EXPECT_GT(test, ctx->expired, 20);
	KUNIT_EXPECT_GT(test, ctx->dropped, 100);
}

/* Bytes that a queue takes besides its messages. */
static s64 memory_of(struct queue_ctx *ctx)
{
	return percpu_counter_sum(&ctx->limits->used[MQTTK_BUDGET_CLIENT]);
}

/* Who gets bursts has places for them from the first on, until none come. */
static void queue_large(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	s64 small = memory_of(ctx);
	u32 i, n;

	for (i = 0; i < 50; i++) {
		/* Wherever the ring begins. */
		append_nr(test, MQTTK_QUEUE_PLACES, 1, 0);
		if (!i)
			KUNIT_EXPECT_EQ(test, memory_of(ctx), small);
		for (n = rnd(ctx, MQTTK_QUEUE_PLACES + 1); n; n--)
			pop(test);
		append_run(test, MQTTK_QUEUE_PLACES_MAX - ctx->nr);
		KUNIT_EXPECT_TRUE(test, list_empty(&ctx->q.room->chunks));
		KUNIT_EXPECT_EQ(test, memory_of(ctx), small +
				MQTTK_QUEUE_ROOM(MQTTK_QUEUE_PLACES_MAX));
		append_run(test, 1);
		KUNIT_EXPECT_FALSE(test, list_empty(&ctx->q.room->chunks));
		expect_all(test);
		while (ctx->nr)
			pop(test);
	}
	mqttk_queue_rest(&ctx->q, ctx->limits);
	KUNIT_EXPECT_EQ(test, memory_of(ctx), small);
	/* One that is large only because there was memory does without. */
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	append_run(test, RUN_MAX);
	KUNIT_EXPECT_EQ(test, memory_of(ctx), small);
	expect_counts(test);
	expect_all(test);
}

/* A pause during which all that the sweep has seen goes, and all that it has not. */
static void queue_sweep_outlived(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;

	append_nr(test, 2000, 1, 0);
	sweep(test);
	KUNIT_ASSERT_TRUE(test, ctx->sweeping);
	while (ctx->nr)
		pop(test);
	expect_counts(test);
	expect_all(test);
	/* The mark is all there is; what comes lies behind it. */
	append_nr(test, 3, 1, ctx->now);
	append_nr(test, 3, 0, ctx->now + 1000);
	expect_counts(test);
	expect_all(test);
	sweep(test);
	KUNIT_EXPECT_FALSE(test, ctx->sweeping);
	KUNIT_EXPECT_EQ(test, ctx->nr, 3);
	KUNIT_EXPECT_EQ(test, ctx->sw.next, ctx->now + 1000);

	append_nr(test, 2000, 1, 0);
	sweep(test);
	KUNIT_ASSERT_TRUE(test, ctx->sweeping);
	while (ctx->nr)
		pop(test);
	abort_sweep(test);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->q.room->chunks));
	append_nr(test, 1, 1, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->q.room->chunks));
	expect_all(test);
}

/* What is on its way already stays, and does not make the sweep come back. */
static void queue_sweep_on_its_way(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;
	u32 i;

	append_nr(test, 100, 1, ctx->now + 10);
	e = mqttk_queue_first(&ctx->q, &pos);
	for (i = 0; i < 50; i++) {
		e->id = i + 1;
		ctx->model[i].id = i + 1;
		e = mqttk_queue_next(&ctx->q, &pos);
	}
	ctx->now += 10;
	ctx->sw = (struct mqttk_sweep){ .now = ctx->now };
	KUNIT_EXPECT_FALSE(test, mqttk_queue_sweep(&ctx->q, ctx->limits,
						   &ctx->sw));
	KUNIT_EXPECT_EQ(test, model_follow(test), 50);
	KUNIT_EXPECT_EQ(test, ctx->nr, 50);
	expect_swept(test);
	KUNIT_EXPECT_EQ(test, ctx->sw.next, 0);
}

/* How many a queue takes. */
static void queue_limit_messages(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	struct mqttk_limits *l = ctx->limits;

	l->value[MQTTK_LIMIT_MAX_QUEUED_BYTES] = LONG_MAX;
	l->value[MQTTK_LIMIT_MAX_QUEUED_MESSAGES] = 10;
	append_nr(test, 5, 1, 0);
	KUNIT_EXPECT_TRUE(test, mqttk_queue_has_room(&ctx->q, l));
	append_nr(test, 1, 1, 0);
	KUNIT_EXPECT_FALSE(test, mqttk_queue_has_room(&ctx->q, l));
	append_nr(test, 3, 1, 0);
	KUNIT_EXPECT_TRUE(test, mqttk_queue_takes(&ctx->q, l, 1));
	append_nr(test, 1, 1, 0);
	KUNIT_EXPECT_FALSE(test, mqttk_queue_takes(&ctx->q, l, 1));
	pop(test);
	KUNIT_EXPECT_TRUE(test, mqttk_queue_takes(&ctx->q, l, 1));
	/* A limit that was lowered takes nothing away. */
	l->value[MQTTK_LIMIT_MAX_QUEUED_MESSAGES] = 1;
	KUNIT_EXPECT_FALSE(test, mqttk_queue_takes(&ctx->q, l, 1));
	KUNIT_EXPECT_FALSE(test, mqttk_queue_has_room(&ctx->q, l));
	expect_all(test);
}

/* How many bytes, of its own and of what is left for all. */
static void queue_limit_bytes(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	struct mqttk_limits *l = ctx->limits;
	struct percpu_counter *used = &l->used[MQTTK_BUDGET_MESSAGE];
	u64 bytes;

	l->value[MQTTK_LIMIT_MAX_QUEUED_BYTES] = 100;
	/* Whatever its size: it could never be delivered otherwise. */
	KUNIT_EXPECT_TRUE(test, mqttk_queue_takes(&ctx->q, l, 101));
	KUNIT_EXPECT_TRUE(test, mqttk_queue_takes(&ctx->q, l, SIZE_MAX));
	append_nr(test, 3, 1, 0);
	bytes = ctx->q.bytes;
	KUNIT_EXPECT_TRUE(test, mqttk_queue_takes(&ctx->q, l, 100 - bytes));
	KUNIT_EXPECT_FALSE(test, mqttk_queue_takes(&ctx->q, l, 101 - bytes));
	l->value[MQTTK_LIMIT_MAX_QUEUED_BYTES] = 2 * bytes;
	KUNIT_EXPECT_TRUE(test, mqttk_queue_has_room(&ctx->q, l));
	l->value[MQTTK_LIMIT_MAX_QUEUED_BYTES] = 2 * bytes - 1;
	KUNIT_EXPECT_FALSE(test, mqttk_queue_has_room(&ctx->q, l));
	/* Half of what all together have left. */
	l->value[MQTTK_LIMIT_MAX_QUEUED_BYTES] = LONG_MAX;
	l->value[MQTTK_LIMIT_MESSAGE_MEMORY] =
		percpu_counter_read_positive(used) + 200;
	KUNIT_EXPECT_TRUE(test, mqttk_queue_takes(&ctx->q, l, 100 - bytes));
	KUNIT_EXPECT_FALSE(test, mqttk_queue_takes(&ctx->q, l, 101 - bytes));
	l->value[MQTTK_LIMIT_MESSAGE_MEMORY] = 0;
	KUNIT_EXPECT_FALSE(test, mqttk_queue_takes(&ctx->q, l, 0));
	KUNIT_EXPECT_FALSE(test, mqttk_queue_has_room(&ctx->q, l));
	while (ctx->nr)
		pop(test);
	KUNIT_EXPECT_TRUE(test, mqttk_queue_takes(&ctx->q, l, 1000));
	KUNIT_EXPECT_TRUE(test, mqttk_queue_has_room(&ctx->q, l));
}

/* A message was not taken, and nothing else has happened. */
static void expect_refused(struct kunit *test, s64 used)
{
	struct queue_ctx *ctx = test->priv;

	expect_counts(test);
	expect_all(test);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), used);
}

/* Over the budget no chunk is begun, but one that is there is filled. */
static void queue_no_budget(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 i, refused = 0, taken_before = 0;
	struct mqttk_msg *msgs[64];
	s64 used;

	for (i = 0; i < ARRAY_SIZE(msgs); i++)
		msgs[i] = new_msg(test, 1, 0);
	used = limits_used(ctx->limits);
	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	ctx->limits->value[MQTTK_LIMIT_MESSAGE_MEMORY] = 0;
	for (i = 0; i < ARRAY_SIZE(msgs); i++) {
		ctx->lost++;
		ctx->q.lost++;
		if (!append_msg(test, msgs[i], i % 3)) {
			expect_counts(test);
			continue;
		}
		KUNIT_EXPECT_EQ(test, refcount_read(&msgs[i]->ref), 1);
		expect_refused(test, used);
		/* Not before they were all refused: it would make room. */
		msgs[refused] = msgs[i];
		if (++refused != 3)
			continue;
		taken_before = ctx->nr;
		ctx->limits->value[MQTTK_LIMIT_MESSAGE_MEMORY] = used + 600;
		used += 512;
	}
	KUNIT_EXPECT_EQ(test, taken_before, MQTTK_QUEUE_PLACES);
	KUNIT_EXPECT_GT(test, ctx->nr, MQTTK_QUEUE_PLACES + 1);
	KUNIT_EXPECT_GT(test, refused, 3);
	KUNIT_EXPECT_EQ(test, ctx->nr + refused, ARRAY_SIZE(msgs));
	while (refused)
		mqttk_msg_put(msgs[--refused]);
	expect_all(test);
}

/* A run that is longer than what is in place and several chunks hold. */
static void queue_run(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 i;

	for (i = 0; i < 50; i++) {
		append_nr(test, 1 + rnd(ctx, 90), 0, 0);
		pop_run(test);
		expect_counts(test);
		expect_all(test);
	}
	append_nr(test, 3, 1, 0);
	while (ctx->nr_qos0)
		pop_run(test);
	expect_all(test);
	EXPECT(test, ctx->nr, ==, 3);
}

/* Nor without memory. */
static void queue_failed_append(struct kunit *test)
{
	struct queue_ctx *ctx = test->priv;
	u32 failures = 0, i;
	struct mqttk_msg *msg;
	s64 used;
	int err;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	for (i = 0; i < 200; i++) {
		msg = new_msg(test, 1, 0);
		used = limits_used(ctx->limits);
		fail_nth(1);
		err = append_msg(test, msg, 1);
		if (!fail_done()) {
			KUNIT_ASSERT_EQ(test, err, 0);
			continue;
		}
		failures++;
		KUNIT_ASSERT_EQ(test, !ctx->q.room, !i);
		/* Without a larger room a chunk will do. */
		if (ctx->nr == MQTTK_QUEUE_PLACES + 1 && !err) {
			KUNIT_ASSERT_EQ(test, ctx->q.mask,
					MQTTK_QUEUE_PLACES - 1);
			continue;
		}
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		expect_refused(test, used);
		KUNIT_ASSERT_EQ(test, append_msg(test, msg, 1), 0);
		expect_counts(test);
	}
	expect_all(test);
	KUNIT_EXPECT_GT(test, failures, 4);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE_SLOW(queue_random),
	KUNIT_CASE(queue_short),
	KUNIT_CASE(queue_large),
	KUNIT_CASE(queue_sweep_outlived),
	KUNIT_CASE(queue_sweep_on_its_way),
	KUNIT_CASE(queue_limit_messages),
	KUNIT_CASE(queue_limit_bytes),
	KUNIT_CASE(queue_no_budget),
	KUNIT_CASE(queue_run),
	KUNIT_CASE(queue_failed_append),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "mqttk-queue",
	.init = queue_setup,
	.exit = queue_teardown,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
