// SPDX-License-Identifier: GPL-2.0
/*
 * window.c: beside plain lists of packet identifiers that are told the same,
 * the window knows what every identifier stands for, repeats what it has to in
 * the right order, and never lets more go than the client takes.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../msg.h"
#include "../via.h"
#include "../window.h"
#include "index_fixture.h"

#define NR_IDS		48
#define PEEK_MAX	(NR_IDS + 2)
#define VIAS		2
#define STEPS		40000

enum model_state {
	MODEL_FREE,
	MODEL_RESERVED,
	MODEL_PUBLISHED,
	MODEL_RELEASED,
};

/* What an identifier stands for. The model has a reference to the message. */
struct model_id {
	enum model_state state;
	struct mqttk_msg *msg;
	struct mqttk_via *via;
	u8 qos;
	bool retain;
	/* Still to be repeated on this connection. */
	bool again;
	/* PUBLISH was sent on this connection. */
	bool counted;
};

/* Identifiers in order. */
struct ids {
	u16 id[NR_IDS];
	u32 nr;
};

struct window_ctx {
	struct mqttk_limits *limits;
	struct rnd_state rnd;
	u32 step;
	struct mqttk_window w;
	struct mqttk_via *via[VIAS];
	u32 via_users[VIAS];
	u16 limit;
	struct model_id model[NR_IDS + 1];
	struct ids free;
	struct ids reserved;
	struct ids published;
	struct ids released;
	u32 sent;
	u32 repeated;
	u32 given_up;
	u32 refused;
	u32 completed;
	u32 held_up;
	struct mqttk_qent ents[PEEK_MAX];
};

/* Both sides are evaluated once; what fails says where it can be found again. */
#define EXPECT(test, left, op, right)					\
do {									\
	struct kunit *t_ = (test);					\
	const struct window_ctx *c_ = t_->priv;				\
	const s64 l_ = (left), r_ = (right);				\
									\
	KUNIT_ASSERT_TRUE_MSG(t_, l_ op r_,				\
			      "seed %u step %u: " #left " is %lld, " #right " is %lld", \
			      FIXTURE_SEED, c_->step, l_, r_);		\
} while (0)

static u32 rnd(struct window_ctx *ctx, u32 below)
{
	return prandom_u32_state(&ctx->rnd) % below;
}

static void ids_add(struct ids *ids, u16 id)
{
	ids->id[ids->nr++] = id;
}

static void ids_del(struct ids *ids, u16 id)
{
	u32 i = 0;

	while (ids->id[i] != id)
		i++;
	ids->nr--;
	memmove(&ids->id[i], &ids->id[i + 1],
		(ids->nr - i) * sizeof(ids->id[0]));
}

static u16 ids_first(const struct ids *ids)
{
	return ids->nr ? ids->id[0] : 0;
}

static u16 ids_last(const struct ids *ids)
{
	return ids->nr ? ids->id[ids->nr - 1] : 0;
}

/* The first that is still to be repeated. */
static u16 first_again(const struct window_ctx *ctx, const struct ids *ids)
{
	u32 i;

	for (i = 0; i < ids->nr; i++)
		if (ctx->model[ids->id[i]].again)
			return ids->id[i];
	return 0;
}

static int window_setup(struct kunit *test)
{
	struct window_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->limits = limits_setup(test);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	for (i = 0; i < VIAS; i++) {
		ctx->via[i] = mqttk_via_alloc(ctx->limits, MQTTK_BUDGET_CLIENT,
					      2 * i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ctx->via[i]);
	}
	return 0;
}

/* A failed test leaves a model that is not to be believed: no checks here. */
static void window_teardown(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct mqttk_qent e;
	int i;

	while (mqttk_window_drop_one(&ctx->w, &e)) {
		mqttk_msg_put(e.msg);
		mqttk_via_put(e.via);
	}
	mqttk_window_free(ctx->limits, ctx->w.slots, ctx->w.size);
	for (i = 1; i <= NR_IDS; i++)
		mqttk_msg_put(ctx->model[i].msg);
	for (i = 0; i < VIAS; i++)
		mqttk_via_put(ctx->via[i]);
	KUNIT_EXPECT_EQ(test, mqttk_limits_stored(ctx->limits).messages, 0);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

/* The window is what the model says; called after every step. */
static void expect_same(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct mqttk_window *w = &ctx->w;
	u32 i, counted = 0;

	EXPECT(test, w->slots->free.head, ==, ids_first(&ctx->free));
	EXPECT(test, w->slots->free.tail, ==, ids_last(&ctx->free));
	EXPECT(test, w->slots->published.head, ==, ids_first(&ctx->published));
	EXPECT(test, w->slots->published.tail, ==, ids_last(&ctx->published));
	EXPECT(test, w->slots->released.head, ==, ids_first(&ctx->released));
	EXPECT(test, w->slots->released.tail, ==, ids_last(&ctx->released));
	EXPECT(test, w->slots->published.resend, ==,
	       first_again(ctx, &ctx->published));
	EXPECT(test, w->slots->released.resend, ==, first_again(ctx, &ctx->released));
	EXPECT(test, w->nr, ==, ctx->reserved.nr + ctx->published.nr +
				ctx->released.nr);
	EXPECT(test, w->nr + ctx->free.nr, ==, w->size);
	for (i = 1; i <= w->size; i++) {
		struct model_id *m = &ctx->model[i];

		counted += m->counted;
		if (m->msg)
			EXPECT(test, refcount_read(&m->msg->ref), ==, 2);
	}
	/* [MQTT-3.3.4-9]: Receive Maximum, of this connection's PUBLISHes. */
	EXPECT(test, counted, <=, ctx->limit);
	EXPECT(test, w->quota, ==, ctx->limit - counted);
	for (i = 0; i < VIAS; i++)
		EXPECT(test, refcount_read(&ctx->via[i]->ref), ==,
		       1 + ctx->via_users[i]);
}

static void start(struct window_ctx *ctx, u16 limit)
{
	u32 i;

	mqttk_window_start(&ctx->w, limit);
	ctx->limit = limit;
	for (i = 1; i <= ctx->w.size; i++) {
		struct model_id *m = &ctx->model[i];

		m->again = m->state == MODEL_PUBLISHED ||
			   m->state == MODEL_RELEASED;
		m->counted = false;
	}
}

static void grow(struct kunit *test, u16 size)
{
	struct window_ctx *ctx = test->priv;
	u16 old_size = ctx->w.size, id;
	struct mqttk_slots *slots, *old;

	slots = mqttk_window_alloc(ctx->limits, old_size, size);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	old = mqttk_window_grow(&ctx->w, slots, size);
	EXPECT(test, !!old, ==, !!old_size);
	mqttk_window_free(ctx->limits, old, old_size);
	for (id = old_size + 1; id <= size; id++)
		ids_add(&ctx->free, id);
}

static void reserve(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u16 id = mqttk_window_reserve(&ctx->w);

	/* The one longest unused; none if all are taken. */
	EXPECT(test, id, ==, ids_first(&ctx->free));
	if (!id)
		return;
	EXPECT(test, ctx->model[id].state, ==, MODEL_FREE);
	ids_del(&ctx->free, id);
	ids_add(&ctx->reserved, id);
	ctx->model[id].state = MODEL_RESERVED;
}

/* The client has it, or will not have it: nobody refers to it any more. */
static void model_let_go(struct kunit *test, u16 id)
{
	struct window_ctx *ctx = test->priv;
	struct model_id *m = &ctx->model[id];
	int i;

	if (!m->msg)
		return;
	EXPECT(test, refcount_read(&m->msg->ref), ==, 1);
	mqttk_msg_put(m->msg);
	for (i = 0; i < VIAS; i++)
		if (m->via == ctx->via[i])
			ctx->via_users[i]--;
	m->msg = NULL;
	m->via = NULL;
}

static void model_free(struct kunit *test, struct ids *from, u16 id)
{
	struct window_ctx *ctx = test->priv;

	model_let_go(test, id);
	ids_del(from, id);
	ids_add(&ctx->free, id);
	ctx->model[id] = (struct model_id){ .state = MODEL_FREE };
}

static void cancel(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u16 id;

	if (!ctx->reserved.nr)
		return;
	id = ctx->reserved.id[rnd(ctx, ctx->reserved.nr)];
	mqttk_window_cancel(&ctx->w, id);
	model_free(test, &ctx->reserved, id);
}

/* As the queue's owner does it: within the quota, when all is repeated. */
static void send(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u16 id = ids_first(&ctx->reserved);
	u32 which = rnd(ctx, VIAS + 1);
	struct mqttk_qent e = {
		.via = which < VIAS ? ctx->via[which] : NULL,
		.id = id,
		.qos = 1 + rnd(ctx, 2),
		.retain = rnd(ctx, 2),
	};

	if (!id || !ctx->w.quota || mqttk_window_republish(&ctx->w) ||
	    mqttk_window_rerelease(&ctx->w))
		return;
	e.msg = mqttk_msg_alloc(ctx->limits, "topic", 5, 0, rnd(ctx, 9),
				GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(e.msg));
	mqttk_msg_get(e.msg);
	mqttk_via_get(e.via);
	if (e.via)
		ctx->via_users[which]++;
	mqttk_window_sent(&ctx->w, &e);
	ids_del(&ctx->reserved, id);
	ids_add(&ctx->published, id);
	ctx->model[id] = (struct model_id){
		.state = MODEL_PUBLISHED,
		.msg = e.msg,
		.via = e.via,
		.qos = e.qos,
		.retain = e.retain,
		.counted = true,
	};
	ctx->sent++;
}

static void puback(struct kunit *test, u16 id)
{
	struct window_ctx *ctx = test->priv;
	struct model_id *m = &ctx->model[id];
	int err = mqttk_window_puback(&ctx->w, id);

	switch (id <= ctx->w.size ? m->state : MODEL_FREE) {
	case MODEL_FREE:
	case MODEL_RESERVED:
		EXPECT(test, err, ==, -ENOENT);
		break;
	case MODEL_RELEASED:
		EXPECT(test, err, ==, -EPROTO);
		break;
	case MODEL_PUBLISHED:
		EXPECT(test, err, ==, m->qos == 1 ? 0 : -EPROTO);
		if (!err)
			model_free(test, &ctx->published, id);
		break;
	}
}

static void pubrec(struct kunit *test, u16 id, bool refused)
{
	struct window_ctx *ctx = test->priv;
	struct model_id *m = &ctx->model[id];
	bool again = first_again(ctx, &ctx->released);
	int err = mqttk_window_pubrec(&ctx->w, id, refused);

	switch (id <= ctx->w.size ? m->state : MODEL_FREE) {
	case MODEL_FREE:
	case MODEL_RESERVED:
		EXPECT(test, err, ==, -ENOENT);
		break;
	case MODEL_RELEASED:
		EXPECT(test, err, ==, 0);
		if (refused)
			model_free(test, &ctx->released, id);
		break;
	case MODEL_PUBLISHED:
		EXPECT(test, err, ==, m->qos == 2 ? 0 : -EPROTO);
		if (err)
			break;
		ctx->refused += refused;
		if (refused) {
			model_free(test, &ctx->published, id);
			break;
		}
		/* The message is the client's, the identifier not yet ours. */
		model_let_go(test, id);
		ids_del(&ctx->published, id);
		ids_add(&ctx->released, id);
		m->state = MODEL_RELEASED;
		/* Its PUBREL follows those that are being repeated. */
		m->again = again;
		break;
	}
}

static void pubcomp(struct kunit *test, u16 id)
{
	struct window_ctx *ctx = test->priv;
	int err = mqttk_window_pubcomp(&ctx->w, id);

	switch (id <= ctx->w.size ? ctx->model[id].state : MODEL_FREE) {
	case MODEL_FREE:
	case MODEL_RESERVED:
		EXPECT(test, err, ==, -ENOENT);
		break;
	case MODEL_PUBLISHED:
		EXPECT(test, err, ==, -EPROTO);
		break;
	case MODEL_RELEASED:
		EXPECT(test, err, ==, 0);
		model_free(test, &ctx->released, id);
		ctx->completed++;
		break;
	}
}

static u16 any_of(struct window_ctx *ctx, const struct ids *ids)
{
	return ids->nr ? ids->id[rnd(ctx, ids->nr)] : 0;
}

/* What the client says, and what it had better not say. */
static void answer(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u16 id;

	switch (rnd(ctx, 8)) {
	case 0:
		id = rnd(ctx, NR_IDS + 1);
		break;
	case 1:
		id = any_of(ctx, &ctx->reserved);
		break;
	case 2 ... 3:
		id = any_of(ctx, &ctx->released);
		break;
	default:
		id = any_of(ctx, &ctx->published);
	}
	switch (rnd(ctx, 3)) {
	case 0:
		puback(test, id);
		break;
	case 1:
		pubrec(test, id, !rnd(ctx, 4));
		break;
	default:
		pubcomp(test, id);
	}
}

static void expect_repeat(struct kunit *test, const struct mqttk_qent *e,
			  u16 id)
{
	struct window_ctx *ctx = test->priv;
	struct model_id *m = &ctx->model[id];

	EXPECT(test, e->id, ==, id);
	EXPECT(test, e->resend, ==, true);
	EXPECT(test, e->skip, ==, false);
	KUNIT_ASSERT_PTR_EQ(test, e->msg, m->msg);
	KUNIT_ASSERT_PTR_EQ(test, e->via, m->via);
	if (!m->msg)
		return;
	EXPECT(test, e->dup, ==, true);
	EXPECT(test, e->qos, ==, m->qos);
	EXPECT(test, e->retain, ==, m->retain);
}

/*
 * PUBRELs in the order of the PUBRECs, then PUBLISHes in the order in which they
 * were sent, as far as the client takes them. Returns how many.
 */
static u32 peek(struct kunit *test, u32 max)
{
	struct window_ctx *ctx = test->priv;
	u32 i, n, nr = 0, publishes = 0;
	bool more, more_here = false;

	n = mqttk_window_peek(&ctx->w, ctx->ents, max, &more);
	for (i = 0; i < ctx->released.nr; i++) {
		u16 id = ctx->released.id[i];

		if (!ctx->model[id].again)
			continue;
		if (nr < max)
			expect_repeat(test, &ctx->ents[nr++], id);
		else
			more_here = true;
	}
	for (i = 0; i < ctx->published.nr; i++) {
		u16 id = ctx->published.id[i];

		if (!ctx->model[id].again)
			continue;
		if (nr < max && publishes < ctx->w.quota) {
			expect_repeat(test, &ctx->ents[nr++], id);
			publishes++;
		} else {
			ctx->held_up += nr < max;
			more_here = true;
		}
	}
	EXPECT(test, n, ==, nr);
	EXPECT(test, more, ==, more_here);
	return n;
}

/* What follows counts the references of the window and of the model only. */
static void drop_refs(struct window_ctx *ctx, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		mqttk_msg_put(ctx->ents[i].msg);
		mqttk_via_put(ctx->ents[i].via);
	}
}

static void resent(struct kunit *test, u16 id, bool given_up)
{
	struct window_ctx *ctx = test->priv;

	mqttk_window_resent(&ctx->w, id, given_up);
	if (id == first_again(ctx, &ctx->released)) {
		ctx->model[id].again = false;
	} else if (id == first_again(ctx, &ctx->published)) {
		ctx->model[id].again = false;
		ctx->model[id].counted = !given_up;
		if (given_up)
			model_free(test, &ctx->published, id);
		ctx->given_up += given_up;
	}
	ctx->repeated++;
}

/* Some of what has to be sent again is; at times an answer overtakes it. */
static void repeat(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u32 i, n, done;

	n = peek(test, rnd(ctx, 4) ? 1 + rnd(ctx, 8) : PEEK_MAX);
	drop_refs(ctx, n);
	expect_same(test);
	if (!rnd(ctx, 8))
		answer(test);
	done = n ? rnd(ctx, n + 1) : 0;
	for (i = 0; i < done; i++) {
		resent(test, ctx->ents[i].id,
		       ctx->ents[i].msg && !rnd(ctx, 16));
		expect_same(test);
	}
}

static void reconnect(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u16 limit = 1 + rnd(ctx, rnd(ctx, 2) ? 2 * NR_IDS : 6);

	start(ctx, limit);
	expect_same(test);
	/* For want of memory it may stay as it was. */
	if (limit > ctx->w.size && limit <= NR_IDS && rnd(ctx, 2))
		grow(test, limit);
	else if (limit > NR_IDS && ctx->w.size < NR_IDS && !rnd(ctx, 16))
		grow(test, NR_IDS);
}

/* The session ends: PUBLISHes in their order, then what had only a PUBREL. */
static void drop_all(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct mqttk_qent e;

	while (ctx->reserved.nr)
		cancel(test);
	while (mqttk_window_drop_one(&ctx->w, &e)) {
		struct ids *from = ctx->published.nr ? &ctx->published :
						       &ctx->released;
		u16 id = ids_first(from);

		EXPECT(test, id, >, 0);
		KUNIT_ASSERT_PTR_EQ(test, e.msg, ctx->model[id].msg);
		KUNIT_ASSERT_PTR_EQ(test, e.via, ctx->model[id].via);
		if (e.msg)
			EXPECT(test, e.qos, ==, ctx->model[id].qos);
		mqttk_msg_put(e.msg);
		mqttk_via_put(e.via);
		model_free(test, from, id);
		expect_same(test);
	}
	EXPECT(test, ctx->w.nr, ==, 0);
	EXPECT(test, ctx->free.nr, ==, ctx->w.size);
}

/* Whatever is sent, answered and repeated in whatever order. */
static void window_random(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;

	start(ctx, 4);
	grow(test, 4);
	for (ctx->step = 0; ctx->step < STEPS; ctx->step++) {
		switch (rnd(ctx, 32)) {
		case 0:
			if (!rnd(ctx, 4))
				reconnect(test);
			break;
		case 1 ... 6:
			reserve(test);
			break;
		case 7:
			cancel(test);
			break;
		case 8 ... 14:
			send(test);
			break;
		case 15 ... 17:
			repeat(test);
			break;
		case 18:
			if (!rnd(ctx, 64))
				drop_all(test);
			break;
		default:
			answer(test);
		}
		expect_same(test);
		if (!(ctx->step % 256))
			cond_resched();
	}
	drop_all(test);
	/* It is not for nothing that this test ran. */
	KUNIT_EXPECT_EQ(test, ctx->w.size, NR_IDS);
	KUNIT_EXPECT_GT(test, ctx->sent, 1000);
	KUNIT_EXPECT_GT(test, ctx->repeated, 500);
	KUNIT_EXPECT_GT(test, ctx->given_up, 10);
	KUNIT_EXPECT_GT(test, ctx->refused, 50);
	KUNIT_EXPECT_GT(test, ctx->completed, 200);
	KUNIT_EXPECT_GT(test, ctx->held_up, 50);
}

/* Reserves and sends until the client takes no more. Returns how many. */
static u32 fill(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u32 sent = ctx->sent;

	while (ctx->w.quota) {
		if (!ctx->reserved.nr)
			reserve(test);
		send(test);
		expect_same(test);
	}
	return ctx->sent - sent;
}

static u32 repeat_all(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u32 i, n = peek(test, PEEK_MAX);

	drop_refs(ctx, n);
	for (i = 0; i < n; i++) {
		resent(test, ctx->ents[i].id, false);
		expect_same(test);
	}
	return n;
}

/* A client that comes back and takes fewer at once than it has already. */
static void window_lower_limit(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u32 repeated, publishes = 0;
	u16 id;

	start(ctx, 20);
	grow(test, 20);
	EXPECT(test, fill(test), ==, 20);
	start(ctx, 3);
	while (first_again(ctx, &ctx->published)) {
		repeated = repeat_all(test);
		EXPECT(test, repeated, <=, 3);
		EXPECT(test, repeated, >, 0);
		publishes += repeated;
		EXPECT(test, repeat_all(test), ==, 0);
		id = ids_first(&ctx->published);
		if (ctx->model[id].qos == 1) {
			puback(test, id);
		} else {
			pubrec(test, id, false);
			/* Until PUBCOMP it is in flight. */
			EXPECT(test, repeat_all(test), ==, 0);
			pubcomp(test, id);
		}
		expect_same(test);
	}
	EXPECT(test, publishes, ==, 20);
	drop_all(test);
}

/*
 * The quota is this connection's: what is completed that was published before
 * gives nothing back, or more than the client takes would go.
 */
static void window_quota_after_resumption(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u32 i, released = 0;
	u16 id;

	start(ctx, 10);
	grow(test, 30);
	EXPECT(test, fill(test), ==, 10);
	for (i = ctx->published.nr; i--; ) {
		id = ctx->published.id[i];
		if (ctx->model[id].qos == 1)
			continue;
		pubrec(test, id, false);
		released++;
	}
	EXPECT(test, released, >, 1);
	start(ctx, 10);
	EXPECT(test, repeat_all(test), ==, 10);
	/* PUBRELs took nothing: so many new PUBLISHes may go. */
	EXPECT(test, ctx->w.quota, ==, released);
	EXPECT(test, fill(test), ==, released);
	for (i = 0; i < released; i++) {
		pubcomp(test, ids_first(&ctx->released));
		EXPECT(test, ctx->w.quota, ==, 0);
		expect_same(test);
	}
	EXPECT(test, ctx->released.nr, ==, 0);
	drop_all(test);
	EXPECT(test, ctx->w.quota, ==, 10);
}

/* All identifiers there can be, and no window at all. */
static void window_sizes(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct mqttk_slots *slots;
	bool more = true;
	u32 id;

	mqttk_window_start(&ctx->w, U16_MAX);
	KUNIT_EXPECT_EQ(test, mqttk_window_reserve(&ctx->w), 0);
	KUNIT_EXPECT_EQ(test, mqttk_window_puback(&ctx->w, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, mqttk_window_pubrec(&ctx->w, 1, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, mqttk_window_pubcomp(&ctx->w, U16_MAX), -ENOENT);
	KUNIT_EXPECT_EQ(test, mqttk_window_peek(&ctx->w, ctx->ents, PEEK_MAX,
						&more), 0);
	KUNIT_EXPECT_FALSE(test, more);
	slots = mqttk_window_alloc(ctx->limits, 0, U16_MAX);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	KUNIT_EXPECT_NULL(test, mqttk_window_grow(&ctx->w, slots, U16_MAX));
	for (id = 1; id <= U16_MAX; id++)
		KUNIT_ASSERT_EQ(test, mqttk_window_reserve(&ctx->w), id);
	KUNIT_EXPECT_EQ(test, mqttk_window_reserve(&ctx->w), 0);
	mqttk_window_cancel(&ctx->w, U16_MAX);
	mqttk_window_cancel(&ctx->w, 1);
	KUNIT_EXPECT_EQ(test, mqttk_window_reserve(&ctx->w), U16_MAX);
	KUNIT_EXPECT_EQ(test, mqttk_window_reserve(&ctx->w), 1);
	KUNIT_EXPECT_EQ(test, mqttk_window_reserve(&ctx->w), 0);
}

/*
 * What was sent on one connection is none of the next one's, however many there
 * were since.
 */
static void window_many_starts(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u32 i;

	start(ctx, 20);
	grow(test, 20);
	EXPECT(test, fill(test), ==, 20);
	for (i = 20; ctx->model[i].qos == 1; i--)
		EXPECT(test, i, >, 2);
	pubrec(test, i, false);
	EXPECT(test, mqttk_window_oldest(&ctx->w), ==, 1);
	for (i = 0; i < 3 * U16_MAX; i++) {
		start(ctx, 20);
		EXPECT(test, mqttk_window_oldest(&ctx->w), ==, 0);
	}
	expect_same(test);
	/* Nor does its answer make room for more. */
	pubcomp(test, ids_first(&ctx->released));
	EXPECT(test, ctx->w.quota, ==, 20);
	EXPECT(test, repeat_all(test), ==, 19);
	EXPECT(test, mqttk_window_oldest(&ctx->w), ==, 1);
	drop_all(test);
}

/* Without budget there is no window, and nothing is charged. */
static void window_no_budget(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	s64 used = limits_used(ctx->limits);

	ctx->limits->value[MQTTK_LIMIT_CLIENT_MEMORY] = 0;
	KUNIT_EXPECT_NULL(test, mqttk_window_alloc(ctx->limits, 0, 1));
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), used);
}

/* Nor without memory. */
static void window_failed_alloc(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	s64 used = limits_used(ctx->limits);
	struct mqttk_slots *slots;

	if (!failslab)
		kunit_skip(test, "needs failslab=1 and a kernel set up for it");
	fail_nth(1);
	slots = mqttk_window_alloc(ctx->limits, 0, 4);
	KUNIT_EXPECT_TRUE(test, fail_done());
	KUNIT_EXPECT_NULL(test, slots);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), used);
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE(window_random),
	KUNIT_CASE(window_lower_limit),
	KUNIT_CASE(window_quota_after_resumption),
	KUNIT_CASE(window_sizes),
	KUNIT_CASE(window_many_starts),
	KUNIT_CASE(window_no_budget),
	KUNIT_CASE(window_failed_alloc),
	{}
};

static struct kunit_suite window_suite = {
	.name = "mqttk-window",
	.init = window_setup,
	.exit = window_teardown,
	.test_cases = window_cases,
};

kunit_test_suite(window_suite);
