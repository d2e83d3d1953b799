// SPDX-License-Identifier: GPL-2.0
/*
 * session.c, delivery.c, window.c: what a session keeps, whom it wakes and when
 * it gives up. The sessions are real ones of the initial network namespace; the
 * test is their endpoint, and sends as little as it likes.
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <net/net_namespace.h>

#include "../msg.h"
#include "../net.h"
#include "../router.h"
#include "../session.h"
#include "../via.h"

#define ENDPOINTS	4
#define AT_ONCE		32

/* More than a look at the queue removes at once. */
#define MANY		500

struct endpoint {
	struct mqttk_endpoint ep;
	struct mqttk_session *s;
	unsigned int woken;
	unsigned int ended;
};

struct session_ctx {
	struct mqttk_net *mn;
	unsigned long saved[MQTTK_LIMIT_NR];
	struct endpoint e[ENDPOINTS];
	struct mqttk_qent ents[AT_ONCE];
	struct mqttk_msg *kept[MANY];
	unsigned int nr_kept;
};

static void endpoint_wake(struct mqttk_endpoint *ep)
{
	container_of(ep, struct endpoint, ep)->woken++;
}

static void endpoint_end(struct mqttk_endpoint *ep, enum mqttk_end why, u8 reason)
{
	container_of(ep, struct endpoint, ep)->ended++;
}

static const struct mqttk_endpoint_ops endpoint_ops = {
	.wake = endpoint_wake,
	.end = endpoint_end,
};

static int try_open(struct session_ctx *ctx, struct endpoint *e, char name,
		    u16 receive_max, u32 expiry, bool *present)
{
	u8 id[] = "mqttk session test ?";
	struct mqttk_session_open how = {
		.id = id,
		.id_len = sizeof(id) - 1,
		.receive_max = receive_max,
		.expiry = expiry,
	};
	struct mqttk_session *s;

	id[how.id_len - 1] = name;
	s = mqttk_session_open(ctx->mn, &how, &e->ep, present);
	if (IS_ERR(s))
		return PTR_ERR(s);
	e->s = s;
	return 0;
}

/* Returns true if there was a session that goes on. */
static bool open_as(struct kunit *test, struct endpoint *e, char name,
		    u16 receive_max, u32 expiry)
{
	bool present;

	KUNIT_ASSERT_EQ(test, try_open(test->priv, e, name, receive_max,
				       expiry, &present), 0);
	return present;
}

static void leave(struct endpoint *e, u32 expiry)
{
	struct mqttk_replays replays = {};
	struct mqttk_session_leave how = {
		.expiry = expiry,
		.replays = &replays,
	};

	mqttk_session_leave(e->s, &e->ep, &how);
	e->s = NULL;
}

static void subscribe(struct kunit *test, struct endpoint *e,
		      const char *filter, u8 qos)
{
	KUNIT_ASSERT_EQ(test, mqttk_session_subscribe(e->s, &e->ep, filter,
						      strlen(filter), qos, 0,
						      0, NULL), 0);
}

/* NULL if there is no memory for it. */
static struct mqttk_msg *new_msg(struct session_ctx *ctx, const char *topic,
				 u8 number, u8 qos, u32 len)
{
	static const u8 zeros[256];
	struct mqttk_msg *msg;

	msg = mqttk_msg_alloc(&ctx->mn->limits, topic, strlen(topic), 0, len,
			      GFP_KERNEL);
	if (IS_ERR(msg))
		return NULL;
	mqttk_msg_fill(msg, &number, 1);
	while (msg->filled < len)
		mqttk_msg_fill(msg, zeros, sizeof(zeros));
	msg->qos = qos;
	return msg;
}

static void publish(struct kunit *test, const char *topic, u8 number, u8 qos)
{
	struct session_ctx *ctx = test->priv;
	struct mqttk_msg *msg = new_msg(ctx, topic, number, qos, 1);

	KUNIT_ASSERT_NOT_NULL(test, msg);
	mqttk_router_publish(ctx->mn, msg, NULL, NULL);
	mqttk_msg_put(msg);
}

/* One whose time will be over when the test says so. */
static void publish_mortal(struct kunit *test, const char *topic, u8 qos)
{
	struct session_ctx *ctx = test->priv;
	struct mqttk_msg *msg = new_msg(ctx, topic, 0, qos, 1);

	KUNIT_ASSERT_NOT_NULL(test, msg);
	msg->has_lifetime = true;
	msg->lifetime = 1000;
	mqttk_msg_begin_life(msg);
	mqttk_router_publish(ctx->mn, msg, NULL, NULL);
	ctx->kept[ctx->nr_kept++] = msg;
}

static void time_passes(struct session_ctx *ctx)
{
	while (ctx->nr_kept) {
		struct mqttk_msg *msg = ctx->kept[--ctx->nr_kept];

		msg->expires = ktime_get_boottime() - 1;
		mqttk_msg_put(msg);
	}
}

/* As a sender does. */
static unsigned int peek(struct endpoint *e, struct mqttk_qent *ents,
			 unsigned int max)
{
	unsigned int n;

	local_bh_disable();
	n = mqttk_session_peek(e->s, &e->ep, ents, max);
	local_bh_enable();
	return n;
}

static unsigned int look(struct session_ctx *ctx, struct endpoint *e)
{
	return peek(e, ctx->ents, AT_ONCE);
}

static void look_ends(struct session_ctx *ctx, struct endpoint *e,
		      unsigned int nr, unsigned int sent)
{
	mqttk_session_consume(e->s, ctx->ents, nr, sent);
}

/* Sends all it may; returns how many. */
static unsigned int send_all(struct session_ctx *ctx, struct endpoint *e)
{
	unsigned int n, sum = 0;

	while ((n = look(ctx, e))) {
		look_ends(ctx, e, n, n);
		sum += n;
	}
	return sum;
}

static u8 number_of(const struct mqttk_qent *ent)
{
	u8 number;

	mqttk_msg_read(ent->msg, 0, &number, 1);
	return number;
}

static int session_setup(struct kunit *test)
{
	struct session_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->mn = mqttk_net(&init_net);
	memcpy(ctx->saved, ctx->mn->limits.value, sizeof(ctx->saved));
	ctx->mn->limits.value[MQTTK_LIMIT_MAX_INFLIGHT] = 0;
	for (i = 0; i < ENDPOINTS; i++)
		ctx->e[i].ep.ops = &endpoint_ops;
	return 0;
}

/* Whatever a test does, nothing stays. */
static void session_teardown(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct mqttk_limits *l = &ctx->mn->limits;
	int i;

	for (i = 0; i < ENDPOINTS; i++)
		if (ctx->e[i].s)
			leave(&ctx->e[i], 0);
	time_passes(ctx);
	memcpy(l->value, ctx->saved, sizeof(ctx->saved));
	rcu_barrier();
	mqttk_msg_flush();
	KUNIT_EXPECT_EQ(test, ctx->mn->index.nr_subs, 0);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(&l->used[MQTTK_BUDGET_MESSAGE]),
			0);
}

/*
 * What was looked at and not sent, because the socket was full, expires like
 * anything else. It must not stay due for ever, which would keep the clock busy.
 */
static void session_sweep_unsent(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *e = &ctx->e[0];
	unsigned int n;

	open_as(test, e, 'a', 10, 60);
	subscribe(test, e, "a", 2);
	publish_mortal(test, "a", 1);
	publish_mortal(test, "a", 2);
	publish_mortal(test, "a", 1);
	n = look(ctx, e);
	KUNIT_EXPECT_EQ(test, n, 3);
	look_ends(ctx, e, n, 1);
	time_passes(ctx);
	mqttk_session_sweep(e->s);
	KUNIT_EXPECT_EQ(test, e->s->queue.nr, 0);
	KUNIT_EXPECT_EQ(test, mqttk_session_counted(e->s).expired, 2);
	KUNIT_EXPECT_EQ(test, e->s->window.nr, 1);
	KUNIT_EXPECT_FALSE(test, e->s->expires);
	KUNIT_EXPECT_EQ(test, look(ctx, e), 0);
}

/* Not even if it expires while its client is away is it sent later. */
static void session_unsent_expires(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *e = &ctx->e[0];

	open_as(test, e, 'a', 10, 60);
	subscribe(test, e, "a", 1);
	publish_mortal(test, "a", 1);
	look_ends(ctx, e, look(ctx, e), 0);
	leave(e, 60);
	time_passes(ctx);
	KUNIT_EXPECT_TRUE(test, open_as(test, e, 'a', 10, 60));
	KUNIT_EXPECT_EQ(test, look(ctx, e), 0);
	KUNIT_EXPECT_EQ(test, e->s->window.nr, 0);
}

/* What stood behind an expired message can go, and somebody has to be told. */
static void session_sweep_wakes(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *e = &ctx->e[0];

	open_as(test, e, 'a', 1, 60);
	subscribe(test, e, "a", 1);
	publish(test, "a", 1, 1);
	publish_mortal(test, "a", 1);
	publish(test, "a", 2, 0);
	KUNIT_EXPECT_EQ(test, send_all(ctx, e), 1);
	e->woken = 0;
	time_passes(ctx);
	mqttk_session_sweep(e->s);
	KUNIT_EXPECT_EQ(test, e->woken, 1);
	KUNIT_EXPECT_EQ(test, send_all(ctx, e), 1);
}

/* Expired messages go a few at a time, and what is behind them is not lost. */
static void session_many_expired(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *e = &ctx->e[0];
	unsigned int i, before, looks = 0;

	open_as(test, e, 'a', 10, 60);
	subscribe(test, e, "a", 0);
	for (i = 0; i < MANY; i++)
		publish_mortal(test, "a", 0);
	publish(test, "a", 1, 0);
	time_passes(ctx);
	do {
		e->woken = 0;
		before = e->s->queue.nr;
		i = look(ctx, e);
		KUNIT_EXPECT_LE(test, before - e->s->queue.nr, 64);
		looks++;
	} while (!i && e->woken && looks < MANY);
	KUNIT_ASSERT_EQ(test, i, 1);
	KUNIT_EXPECT_EQ(test, number_of(&ctx->ents[0]), 1);
	KUNIT_EXPECT_EQ(test, mqttk_session_counted(e->s).expired, MANY);
	look_ends(ctx, e, 1, 1);
}

/* A look that found nothing is no reason to look again. */
static void session_nothing(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *e = &ctx->e[0];

	open_as(test, e, 'a', 10, 60);
	KUNIT_EXPECT_EQ(test, look(ctx, e), 0);
	look_ends(ctx, e, 0, 0);
	KUNIT_EXPECT_EQ(test, e->woken, 0);
}

/*
 * While a sender is between looking and saying how far it got another
 * connection takes over: it waits, is woken, and sends again what was sent.
 */
static void session_takeover_peeked(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *old = &ctx->e[0], *new = &ctx->e[1];
	struct mqttk_qent ents[4];
	u16 ids[3];
	int i;

	open_as(test, old, 'a', 10, 60);
	subscribe(test, old, "a", 1);
	for (i = 0; i < 3; i++)
		publish(test, "a", i, 1);
	KUNIT_ASSERT_EQ(test, peek(old, ents, 4), 3);
	for (i = 0; i < 3; i++)
		ids[i] = ents[i].id;
	KUNIT_EXPECT_TRUE(test, open_as(test, new, 'a', 10, 60));
	KUNIT_EXPECT_EQ(test, old->ended, 1);
	KUNIT_EXPECT_EQ(test, look(ctx, new), 0);
	new->woken = 0;
	mqttk_session_consume(old->s, ents, 3, 2);
	KUNIT_EXPECT_EQ(test, new->woken, 1);
	KUNIT_EXPECT_EQ(test, peek(old, ents, 4), 0);

	KUNIT_ASSERT_EQ(test, look(ctx, new), 3);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, number_of(&ctx->ents[i]), i);
		KUNIT_EXPECT_EQ(test, (bool)ctx->ents[i].dup, i < 2);
	}
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, ctx->ents[i].id, ids[i]);
	look_ends(ctx, new, 3, 3);
	leave(old, 60);
	KUNIT_EXPECT_PTR_EQ(test, new->s->ep, &new->ep);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, mqttk_session_puback(new->s, &new->ep,
							   ctx->ents[i].id), 0);
	KUNIT_EXPECT_EQ(test, new->s->window.quota, 10);
}

/* The same where all that was looked at goes at once, and is not sent again. */
static void session_takeover_run(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *old = &ctx->e[0], *new = &ctx->e[1];
	struct mqttk_qent ents[4];
	u64 bytes = 0;
	int i;

	open_as(test, old, 'a', 10, 60);
	subscribe(test, old, "a", 1);
	for (i = 0; i < 3; i++)
		publish(test, "a", i, 0);
	KUNIT_ASSERT_EQ(test, peek(old, ents, 4), 3);
	publish(test, "a", 3, 1);
	for (i = 0; i < 3; i++)
		bytes += mqttk_msg_share(ents[i].msg);
	KUNIT_EXPECT_TRUE(test, open_as(test, new, 'a', 10, 60));
	KUNIT_EXPECT_EQ(test, look(ctx, new), 0);
	new->woken = 0;
	local_bh_disable();
	mqttk_session_consume_run(old->s, 3, bytes);
	local_bh_enable();
	for (i = 0; i < 3; i++)
		mqttk_msg_put(ents[i].msg);
	KUNIT_EXPECT_EQ(test, new->woken, 1);
	KUNIT_EXPECT_EQ(test, mqttk_session_counted(new->s).sent[0], 3);

	KUNIT_ASSERT_EQ(test, look(ctx, new), 1);
	KUNIT_EXPECT_EQ(test, number_of(&ctx->ents[0]), 3);
	look_ends(ctx, new, 1, 1);
	leave(old, 60);
}

/*
 * However much a client may have in flight, by acknowledging nothing it does
 * not take all memory for messages.
 */
static void session_never_acks(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct mqttk_limits *l = &ctx->mn->limits;
	const unsigned int limit = 4000000;
	struct endpoint *e = &ctx->e[0], *good = &ctx->e[1];
	struct mqttk_msg *msg;
	unsigned int i;

	l->value[MQTTK_LIMIT_MESSAGE_MEMORY] = limit;
	open_as(test, e, 'a', 65535, 60);
	subscribe(test, e, "a", 1);
	for (i = 0; i < 2 * limit / 1000; i++) {
		msg = new_msg(ctx, "a", 0, 1, 1000);
		KUNIT_ASSERT_NOT_NULL(test, msg);
		mqttk_router_publish(ctx->mn, msg, NULL, NULL);
		mqttk_msg_put(msg);
		send_all(ctx, e);
		cond_resched();
	}
	KUNIT_EXPECT_GT(test, e->s->window.nr, 0);
	KUNIT_EXPECT_GT(test, e->s->dropped, 0);
	open_as(test, good, 'b', 10, 60);
	subscribe(test, good, "b", 1);
	publish(test, "b", 1, 1);
	KUNIT_EXPECT_EQ(test, send_all(ctx, good), 1);
	/* Once it has acknowledged it is served again. */
	for (i = 1; e->s->window.nr; i++)
		mqttk_session_puback(e->s, &e->ep, i);
	publish(test, "a", 1, 1);
	KUNIT_EXPECT_EQ(test, send_all(ctx, e), 1);
}

/*
 * Publishers that stop in the middle of large messages leave memory for those
 * that do not.
 */
static void session_half_messages(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct mqttk_limits *l = &ctx->mn->limits;
	struct endpoint *e = &ctx->e[0];
	struct mqttk_msg *msg;
	unsigned int i;

	l->value[MQTTK_LIMIT_MESSAGE_MEMORY] = 8000000;
	for (i = 0; i < 7; i++) {
		msg = mqttk_msg_alloc(l, "a", 1, 0, 2000000, GFP_KERNEL);
		if (IS_ERR(msg))
			break;
		mqttk_msg_reserve(msg, 2000000, GFP_KERNEL);
		ctx->kept[ctx->nr_kept++] = msg;
	}
	open_as(test, e, 'a', 10, 0);
	subscribe(test, e, "a", 1);
	publish(test, "a", 1, 1);
	KUNIT_EXPECT_EQ(test, send_all(ctx, e), 1);
}

/* What a member of a group leaves goes to another in the order it came in. */
static void session_bequest_order(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *e = &ctx->e[0], *heir = &ctx->e[1];
	unsigned int i, n;

	open_as(test, e, 'a', 2, 60);
	subscribe(test, e, "$share/g/a", 1);
	for (i = 0; i < 4; i++)
		publish(test, "a", i, 1);
	KUNIT_EXPECT_EQ(test, send_all(ctx, e), 2);
	open_as(test, heir, 'b', 10, 60);
	subscribe(test, heir, "$share/g/a", 1);
	leave(e, 0);
	n = look(ctx, heir);
	KUNIT_ASSERT_EQ(test, n, 4);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, number_of(&ctx->ents[i]), i);
		KUNIT_EXPECT_FALSE(test, (bool)ctx->ents[i].dup);
	}
	look_ends(ctx, heir, n, n);
}

/*
 * Who comes once for each of many names, and leaves a session each time, does
 * not keep others out.
 */
static void session_strangers(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct mqttk_limits *l = &ctx->mn->limits;
	struct percpu_counter *used = &l->used[MQTTK_BUDGET_CLIENT];
	struct endpoint *e = &ctx->e[0];
	const unsigned int limit = 1000000;
	bool existed, present;
	unsigned int n = 0;

	l->value[MQTTK_LIMIT_CLIENT_MEMORY] = limit;
	/* Each costs about 24,000 bytes, most of it for its window. */
	while (n < 200 && !try_open(ctx, e, 1 + n, 1000, 60, &present)) {
		mqttk_session_subscribe(e->s, &e->ep, "a", 1, 1, 0, 0, NULL);
		leave(e, 60);
		n++;
	}
	KUNIT_EXPECT_GT(test, n, 10);
	KUNIT_EXPECT_LT(test, n, 200);
	KUNIT_EXPECT_LT(test, percpu_counter_sum(used), limit * 7 / 8);
	/* Whoever leaves nothing gets in; whoever has a session gets it back. */
	KUNIT_EXPECT_FALSE(test, open_as(test, e, 255, 10, 0));
	subscribe(test, e, "b", 1);
	leave(e, 0);
	KUNIT_EXPECT_TRUE(test, open_as(test, e, 1, 1000, 60));
	KUNIT_EXPECT_EQ(test, mqttk_session_subscribe(e->s, &e->ep, "b", 1, 1,
						      0, 0, NULL), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, mqttk_session_subscribe(e->s, &e->ep, "a", 1, 0,
						      0, 0, &existed), 0);
	KUNIT_EXPECT_TRUE(test, existed);
	leave(e, 60);

	l->value[MQTTK_LIMIT_CLIENT_MEMORY] = LONG_MAX;
	while (n--) {
		KUNIT_EXPECT_TRUE(test, open_as(test, e, 1 + n, 1000, 60));
		leave(e, 0);
	}
}

/* Leaves with a will that is to wait. Returns true if it is to go out now. */
static bool leave_will(struct kunit *test, struct endpoint *e, u32 expiry)
{
	struct session_ctx *ctx = test->priv;
	struct mqttk_replays replays = {};
	struct mqttk_session_leave how = {
		.expiry = expiry,
		.will = new_msg(ctx, "will", 1, 0, 1),
		.will_delay = 1000,
		.replays = &replays,
	};
	bool due;

	KUNIT_ASSERT_NOT_NULL(test, how.will);
	mqttk_session_leave(e->s, &e->ep, &how);
	e->s = NULL;
	due = how.will;
	mqttk_msg_put(how.will);
	return due;
}

/* A delayed will goes out once, when its session ends, or never. */
static void session_will(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *old = &ctx->e[0], *new = &ctx->e[1];
	struct endpoint *witness = &ctx->e[2];
	struct mqttk_session *s;

	open_as(test, witness, 'w', 10, 0);
	subscribe(test, witness, "will", 0);
	/* The client comes back. */
	open_as(test, old, 'a', 10, 2000);
	KUNIT_EXPECT_FALSE(test, leave_will(test, old, 2000));
	open_as(test, old, 'a', 10, 2000);
	KUNIT_EXPECT_EQ(test, send_all(ctx, witness), 0);
	/* It is back before its first connection was noticed to be gone. */
	open_as(test, new, 'a', 10, 2000);
	KUNIT_EXPECT_FALSE(test, leave_will(test, old, 2000));
	KUNIT_EXPECT_EQ(test, send_all(ctx, witness), 0);
	/* It leaves, and then its session ends, twice. */
	s = new->s;
	refcount_inc(&s->ref);
	KUNIT_EXPECT_FALSE(test, leave_will(test, new, 2000));
	KUNIT_EXPECT_TRUE(test, mqttk_session_end(s, MQTTK_END_ADMIN));
	KUNIT_EXPECT_FALSE(test, mqttk_session_end(s, MQTTK_END_ADMIN));
	mqttk_session_put(s);
	KUNIT_EXPECT_EQ(test, send_all(ctx, witness), 1);
	/* Its session ends while it is there: then it has to see to it. */
	open_as(test, old, 'a', 10, 2000);
	KUNIT_EXPECT_TRUE(test, mqttk_session_end(old->s, MQTTK_END_ADMIN));
	KUNIT_EXPECT_TRUE(test, leave_will(test, old, 2000));
	KUNIT_EXPECT_EQ(test, send_all(ctx, witness), 0);
}

/* Takes at most max, checks their order and puts them; returns how many. */
static unsigned int take(struct kunit *test, struct endpoint *e,
			 unsigned int max, u8 first, bool dup, bool *more)
{
	struct session_ctx *ctx = test->priv;
	unsigned int i, n;

	n = mqttk_session_take(e->s, &e->ep, ctx->ents, max, more);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, number_of(&ctx->ents[i]), first + i);
		KUNIT_EXPECT_TRUE(test, ctx->ents[i].dup == dup);
		mqttk_msg_put(ctx->ents[i].msg);
		mqttk_via_put(ctx->ents[i].via);
	}
	return n;
}

/*
 * What was taken is in the window at once, whoever has it just now: another
 * endpoint need not wait to take it again, and what was not taken after it.
 * One word acknowledges whatever QoS, and all that went before.
 */
static void session_taken(struct kunit *test)
{
	struct session_ctx *ctx = test->priv;
	struct endpoint *old = &ctx->e[0], *new = &ctx->e[1];
	bool more;
	u16 id;

	open_as(test, old, 'a', 3, 60);
	subscribe(test, old, "a", 2);
	for (id = 0; id < 5; id++)
		publish(test, "a", id, 1 + id % 2);
	KUNIT_EXPECT_EQ(test, take(test, old, AT_ONCE, 0, false, &more), 3);
	KUNIT_EXPECT_FALSE(test, more);
	KUNIT_EXPECT_FALSE(test, mqttk_session_may_take(old->s, &old->ep));
	KUNIT_EXPECT_TRUE(test, open_as(test, new, 'a', 4, 60));
	KUNIT_EXPECT_EQ(test, mqttk_session_ack(old->s, &old->ep, 1),
			-ESHUTDOWN);
	/* Nothing was sent to this one yet. */
	KUNIT_EXPECT_EQ(test, mqttk_session_ack(new->s, &new->ep,
						ctx->ents[0].id), -ENOENT);
	KUNIT_EXPECT_EQ(test, take(test, new, 1, 0, true, &more), 1);
	KUNIT_EXPECT_TRUE(test, more);
	id = ctx->ents[0].id;
	KUNIT_EXPECT_EQ(test, take(test, new, 2, 1, true, &more), 2);
	KUNIT_EXPECT_TRUE(test, more);
	KUNIT_EXPECT_EQ(test, take(test, new, AT_ONCE, 3, false, &more), 1);
	KUNIT_EXPECT_FALSE(test, more);
	KUNIT_EXPECT_EQ(test, mqttk_session_ack(new->s, &new->ep, id), 0);
	KUNIT_EXPECT_EQ(test, mqttk_session_ack(new->s, &new->ep, id),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, take(test, new, AT_ONCE, 4, false, &more), 1);
	KUNIT_EXPECT_EQ(test, new->s->window.nr, 4);
	/* All but the one last taken. */
	KUNIT_EXPECT_EQ(test, mqttk_session_ack_upto(new->s, &new->ep, 0,
						     ctx->ents[0].id), 0);
	KUNIT_EXPECT_EQ(test, new->s->window.nr, 1);
	KUNIT_EXPECT_EQ(test, mqttk_session_ack_upto(new->s, &new->ep,
						     ctx->ents[0].id, 0), 0);
	KUNIT_EXPECT_EQ(test, new->s->window.nr, 0);
	KUNIT_EXPECT_EQ(test, new->s->window.quota, 4);
}

static struct kunit_case session_cases[] = {
	KUNIT_CASE(session_sweep_unsent),
	KUNIT_CASE(session_unsent_expires),
	KUNIT_CASE(session_sweep_wakes),
	KUNIT_CASE(session_many_expired),
	KUNIT_CASE(session_nothing),
	KUNIT_CASE(session_takeover_peeked),
	KUNIT_CASE(session_takeover_run),
	KUNIT_CASE(session_taken),
	KUNIT_CASE(session_never_acks),
	KUNIT_CASE(session_half_messages),
	KUNIT_CASE(session_bequest_order),
	KUNIT_CASE(session_strangers),
	KUNIT_CASE(session_will),
	{}
};

static struct kunit_suite session_suite = {
	.name = "mqttk-session",
	.init = session_setup,
	.exit = session_teardown,
	.test_cases = session_cases,
};

kunit_test_suite(session_suite);
