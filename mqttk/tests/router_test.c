// SPDX-License-Identifier: GPL-2.0
/*
 * router.c: who gets a message, how, and with which identifiers. The sessions
 * are real ones of the initial network namespace; only their endpoints are the
 * test's, which looks at what they would send.
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "../msg.h"
#include "../net.h"
#include "../router.h"
#include "../session.h"
#include "../via.h"
#include "../wire.h"

#define CLIENTS		4
#define AT_ONCE		16
#define SUBIDS		128
#define RUN		5

/**
 * struct got - a message that a client would have been sent
 * @number: its payload
 * @qos: with that QoS
 * @retain: and that RETAIN
 * @len: bytes of @subids
 * @subids: identifiers as on the wire
 */
struct got {
	u8 number;
	u8 qos;
	bool retain;
	u32 len;
	u8 subids[SUBIDS];
};

struct client {
	struct mqttk_endpoint ep;
	struct mqttk_session *s;
};

struct router_ctx {
	struct mqttk_net *mn;
	unsigned long saved[MQTTK_LIMIT_NR];
	struct client c[CLIENTS];
	struct got got[64];
	unsigned int nr;
};

/* The test looks when it wants to. */
static void endpoint_wake(struct mqttk_endpoint *ep)
{
}

static void endpoint_end(struct mqttk_endpoint *ep, enum mqttk_end why, u8 reason)
{
}

static const struct mqttk_endpoint_ops endpoint_ops = {
	.wake = endpoint_wake,
	.end = endpoint_end,
};

static void client_open(struct kunit *test, unsigned int i, u16 receive_max,
			u32 expiry)
{
	struct router_ctx *ctx = test->priv;
	u8 id[] = "mqttk router test 0";
	struct mqttk_session_open how = {
		.id = id,
		.id_len = sizeof(id) - 1,
		.receive_max = receive_max,
		.expiry = expiry,
	};
	struct mqttk_session *s;
	bool present;

	id[how.id_len - 1] += i;
	s = mqttk_session_open(ctx->mn, &how, &ctx->c[i].ep, &present);
	KUNIT_ASSERT_FALSE(test, IS_ERR(s));
	ctx->c[i].s = s;
}

/* With an expiry of 0 its session ends; otherwise it goes on. */
static void client_leave(struct router_ctx *ctx, unsigned int i, u32 expiry)
{
	struct client *c = &ctx->c[i];
	struct mqttk_replays replays = {};
	struct mqttk_session_leave how = {
		.expiry = expiry,
		.replays = &replays,
	};

	mqttk_session_leave(c->s, &c->ep, &how);
	c->s = NULL;
}

static int router_setup(struct kunit *test)
{
	struct router_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->mn = mqttk_net(&init_net);
	memcpy(ctx->saved, ctx->mn->limits.value, sizeof(ctx->saved));
	ctx->mn->limits.value[MQTTK_LIMIT_SHARED_STRATEGY] = 0;
	ctx->mn->limits.value[MQTTK_LIMIT_QUEUE_QOS0] = 0;
	ctx->mn->limits.value[MQTTK_LIMIT_QUEUE_DROP_QOS0] = 0;
	for (i = 0; i < CLIENTS; i++)
		ctx->c[i].ep.ops = &endpoint_ops;
	return 0;
}

/* Every test ends without sessions of its own, and then without messages. */
static void router_teardown(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	struct percpu_counter *messages =
		&ctx->mn->limits.used[MQTTK_BUDGET_MESSAGE];
	int i;

	for (i = 0; i < CLIENTS; i++)
		if (ctx->c[i].s)
			client_leave(ctx, i, 0);
	memcpy(ctx->mn->limits.value, ctx->saved, sizeof(ctx->saved));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, ctx->mn->index.nr_subs, 0);
	KUNIT_EXPECT_EQ(test, ctx->mn->index.nr_filters, 0);
	KUNIT_EXPECT_EQ(test, percpu_counter_sum(messages), 0);
}

static void subscribe(struct kunit *test, unsigned int i, const char *filter,
		      u8 qos, u8 options, u32 id)
{
	struct router_ctx *ctx = test->priv;
	struct client *c = &ctx->c[i];

	KUNIT_ASSERT_EQ(test, mqttk_session_subscribe(c->s, &c->ep, filter,
						      strlen(filter), qos,
						      options, id, NULL), 0);
}

static bool publish(struct kunit *test, const char *topic, u8 number, u8 qos,
		    bool retain, struct mqttk_session *from)
{
	struct router_ctx *ctx = test->priv;
	struct mqttk_msg *msg;
	bool matched = false;

	msg = mqttk_msg_alloc(&ctx->mn->limits, topic, strlen(topic), 0, 1,
			      GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	mqttk_msg_fill(msg, &number, 1);
	msg->qos = qos;
	msg->retain = retain;
	mqttk_router_publish(ctx->mn, msg, from, &matched);
	mqttk_msg_put(msg);
	return matched;
}

/* Takes back what a topic retains. */
static void unretain(struct kunit *test, const char *topic)
{
	struct router_ctx *ctx = test->priv;
	struct mqttk_msg *msg;

	msg = mqttk_msg_alloc(&ctx->mn->limits, topic, strlen(topic), 0, 0,
			      GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	msg->retain = true;
	mqttk_router_publish(ctx->mn, msg, NULL, NULL);
	mqttk_msg_put(msg);
}

static void note(struct router_ctx *ctx, const struct mqttk_qent *e)
{
	struct got *got = &ctx->got[ctx->nr++];

	mqttk_msg_read(e->msg, 0, &got->number, 1);
	got->qos = e->qos;
	got->retain = e->retain;
	got->len = e->via ? e->via->len : 0;
	if (e->via)
		memcpy(got->subids, e->via->subids,
		       min_t(u32, SUBIDS, e->via->len));
}

/* What a client would be sent now goes to ctx->got; it does not acknowledge. */
static unsigned int receive(struct router_ctx *ctx, unsigned int i)
{
	struct client *c = &ctx->c[i];
	struct mqttk_qent ents[AT_ONCE];
	unsigned int n, k;

	ctx->nr = 0;
	for (;;) {
		local_bh_disable();
		n = mqttk_session_peek(c->s, &c->ep, ents, AT_ONCE);
		local_bh_enable();
		if (!n)
			break;
		for (k = 0; k < n && ctx->nr < ARRAY_SIZE(ctx->got); k++)
			note(ctx, &ents[k]);
		mqttk_session_consume(c->s, ents, n, k);
		if (k < n)
			break;
	}
	return ctx->nr;
}

/* Whether an identifier is among those of a message. */
static bool has_subid(const struct got *got, u32 id)
{
	u8 one[5];
	unsigned int n = mqttk_wire_put_subid(one, id);
	u32 at, end;

	for (at = 0; at < got->len; at = end) {
		for (end = at + 1; got->subids[end] & 0x80; end++)
			;
		end++;
		if (end - at == n && !memcmp(got->subids + at, one, n))
			return true;
	}
	return false;
}

/*
 * Overlapping filters: one copy, at the highest QoS, with all identifiers, with
 * RETAIN as published if one wants that; to its publisher unless none wants it.
 */
static void router_overlap(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;

	client_open(test, 0, 10, 0);
	client_open(test, 1, 10, 0);
	subscribe(test, 0, "a/#", 0, MQTTK_SUB_RETAIN_AS_PUBLISHED, 1);
	subscribe(test, 0, "a/+", 2, MQTTK_SUB_NO_LOCAL, 300);
	subscribe(test, 0, "a/b", 1, 0, 0);
	subscribe(test, 1, "a/+", 1, 0, 7);

	KUNIT_EXPECT_TRUE(test, publish(test, "a/b", 1, 2, false, NULL));
	KUNIT_ASSERT_EQ(test, receive(ctx, 0), 1);
	KUNIT_EXPECT_EQ(test, ctx->got[0].qos, 2);
	KUNIT_EXPECT_FALSE(test, ctx->got[0].retain);
	KUNIT_EXPECT_EQ(test, ctx->got[0].len, 5);
	KUNIT_EXPECT_TRUE(test, has_subid(&ctx->got[0], 1));
	KUNIT_EXPECT_TRUE(test, has_subid(&ctx->got[0], 300));
	KUNIT_ASSERT_EQ(test, receive(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, ctx->got[0].qos, 1);
	KUNIT_EXPECT_EQ(test, ctx->got[0].len, 2);
	KUNIT_EXPECT_TRUE(test, has_subid(&ctx->got[0], 7));

	/* Two of its three would have it back: it comes as by those alone. */
	publish(test, "a/b", 2, 2, true, ctx->c[0].s);
	KUNIT_ASSERT_EQ(test, receive(ctx, 0), 1);
	KUNIT_EXPECT_TRUE(test, ctx->got[0].retain);
	KUNIT_EXPECT_EQ(test, ctx->got[0].qos, 1);
	KUNIT_EXPECT_EQ(test, ctx->got[0].len, 2);
	KUNIT_EXPECT_TRUE(test, has_subid(&ctx->got[0], 1));
	KUNIT_ASSERT_EQ(test, receive(ctx, 1), 1);
	KUNIT_EXPECT_FALSE(test, ctx->got[0].retain);
	KUNIT_EXPECT_EQ(test, ctx->got[0].qos, 1);
	mqttk_session_unsubscribe(ctx->c[0].s, &ctx->c[0].ep, "a/#", 3);
	mqttk_session_unsubscribe(ctx->c[0].s, &ctx->c[0].ep, "a/b", 3);
	publish(test, "a/b", 3, 1, false, ctx->c[0].s);
	KUNIT_EXPECT_EQ(test, receive(ctx, 0), 0);
	KUNIT_EXPECT_EQ(test, receive(ctx, 1), 1);
	publish(test, "a/b", 4, 1, false, ctx->c[1].s);
	KUNIT_EXPECT_EQ(test, receive(ctx, 0), 1);
	KUNIT_EXPECT_EQ(test, receive(ctx, 1), 1);
	unretain(test, "a/b");
}

/* More matching filters than are kept at hand: still one copy, all of them. */
static void router_overlap_many(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	u32 i, level, want = 0;

	client_open(test, 0, 10, 0);
	client_open(test, 1, 10, 0);
	for (i = 0; i < 31; i++) {
		char filter[] = "a/a/a/a/a";

		for (level = 0; level < 5; level++)
			if (i >> level & 1)
				filter[2 * level] = '+';
		subscribe(test, 0, filter, i == 17 ? 2 : 0, 0, 100 + i);
		want += 100 + i < 128 ? 2 : 3;
	}
	/* Another one, so that windows hold several. */
	subscribe(test, 1, "a/a/#", 1, 0, 0);
	publish(test, "a/a/a/a/a", 1, 2, false, NULL);
	KUNIT_ASSERT_EQ(test, receive(ctx, 0), 1);
	KUNIT_EXPECT_EQ(test, ctx->got[0].qos, 2);
	KUNIT_ASSERT_EQ(test, ctx->got[0].len, want);
	for (i = 0; i < 31; i++)
		KUNIT_EXPECT_TRUE(test, has_subid(&ctx->got[0], 100 + i));
	KUNIT_ASSERT_EQ(test, receive(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, ctx->got[0].len, 0);
}

/*
 * Identifiers gathered for a message are its receiver's to answer for: many of
 * them with a small payload fill its queue as a large payload does.
 */
static void router_overlap_bytes(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	struct mqttk_queue *q;
	unsigned int i;
	u64 before;

	client_open(test, 0, 10, 60);
	subscribe(test, 0, "a/#", 1, 0, 268435455);
	q = &ctx->c[0].s->queue;
	publish(test, "a/b", 1, 1, false, NULL);
	KUNIT_EXPECT_EQ(test, q->bytes, 4);
	subscribe(test, 0, "a/+", 1, 0, 268435454);
	publish(test, "a/b", 2, 1, false, NULL);
	KUNIT_EXPECT_EQ(test, q->bytes, 4 + 4 + 10);
	before = q->bytes;
	ctx->mn->limits.value[MQTTK_LIMIT_MAX_QUEUED_BYTES] = before + 13;
	for (i = 0; i < 2; i++)
		publish(test, "a/b", 3, 1, false, NULL);
	KUNIT_EXPECT_EQ(test, q->bytes, before);
	KUNIT_EXPECT_EQ(test, ctx->c[0].s->dropped, 2);
	KUNIT_EXPECT_EQ(test, receive(ctx, 0), 2);
	KUNIT_EXPECT_EQ(test, q->bytes, 0);
}

/* Without memory for its identifiers a message is lost to that one, counted. */
static void router_overlap_memory(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	unsigned long *budget =
		&ctx->mn->limits.value[MQTTK_LIMIT_MESSAGE_MEMORY];
	struct mqttk_msg *msg;

	client_open(test, 0, 10, 0);
	client_open(test, 1, 10, 0);
	subscribe(test, 0, "a/#", 1, 0, 1);
	subscribe(test, 0, "a/+", 1, 0, 2);
	subscribe(test, 1, "a/#", 1, 0, 3);
	subscribe(test, 1, "a/+", 1, 0, 0);
	msg = mqttk_msg_alloc(&ctx->mn->limits, "a/b", 3, 0, 1, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	mqttk_msg_fill(msg, "x", 1);
	*budget = 0;
	mqttk_router_publish(ctx->mn, msg, NULL, NULL);
	mqttk_msg_put(msg);
	*budget = ctx->saved[MQTTK_LIMIT_MESSAGE_MEMORY];
	KUNIT_EXPECT_EQ(test, receive(ctx, 0), 0);
	KUNIT_EXPECT_EQ(test, ctx->c[0].s->dropped, 1);
	KUNIT_EXPECT_EQ(test, receive(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, ctx->c[1].s->dropped, 0);
}

/* Somebody subscribed, whether it gets the message or not; or nobody. */
static void router_matched(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, publish(test, "a/b", 1, 1, false, NULL));
	client_open(test, 0, 10, 0);
	subscribe(test, 0, "a/+", 1, 0, 0);
	subscribe(test, 0, "$share/g/b", 1, 0, 0);
	KUNIT_EXPECT_TRUE(test, publish(test, "a/b", 1, 1, false, NULL));
	KUNIT_EXPECT_TRUE(test, publish(test, "b", 1, 1, false, NULL));
	KUNIT_EXPECT_FALSE(test, publish(test, "a", 1, 1, false, NULL));
	KUNIT_EXPECT_FALSE(test, publish(test, "$share/g/b", 1, 1, false, NULL));
}

/*
 * Each group's message goes to one member, each in turn, beside what goes to
 * ordinary subscriptions, with the identifier of the one it came by.
 */
static void router_group(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	unsigned int i, k, shared[3] = {}, others[3] = {}, own = 0;

	for (i = 0; i < 3; i++) {
		client_open(test, i, 100, 0);
		subscribe(test, i, "$share/g/a/+", 1, 0, 1 + i);
	}
	for (i = 0; i < 2; i++)
		subscribe(test, i, "$share/h/a/#", 0, 0, 11 + i);
	subscribe(test, 0, "a/b", 2, 0, 21);
	for (i = 0; i < 12; i++)
		publish(test, "a/b", i, 2, false, NULL);

	for (i = 0; i < 3; i++) {
		receive(ctx, i);
		for (k = 0; k < ctx->nr; k++) {
			struct got *got = &ctx->got[k];

			KUNIT_EXPECT_EQ(test, got->len, 2);
			if (has_subid(got, 1 + i)) {
				KUNIT_EXPECT_EQ(test, got->qos, 1);
				shared[i]++;
			} else if (has_subid(got, 11 + i)) {
				KUNIT_EXPECT_EQ(test, got->qos, 0);
				others[i]++;
			} else if (has_subid(got, 21)) {
				KUNIT_EXPECT_EQ(test, got->qos, 2);
				own++;
			}
		}
		KUNIT_EXPECT_EQ(test, shared[i], 4);
	}
	KUNIT_EXPECT_EQ(test, others[0], 6);
	KUNIT_EXPECT_EQ(test, others[1], 6);
	KUNIT_EXPECT_EQ(test, others[2], 0);
	KUNIT_EXPECT_EQ(test, own, 12);
}

/*
 * A member whose queue is full passes its turn on; when all are full the message
 * is dropped once, and counted where it was to go.
 */
static void router_group_full(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	unsigned int i, dropped = 0, got = 0;

	ctx->mn->limits.value[MQTTK_LIMIT_MAX_QUEUED_MESSAGES] = 5;
	for (i = 0; i < 3; i++) {
		client_open(test, i, 100, 0);
		subscribe(test, i, "$share/g/a", 1, 0, 0);
	}
	/* One of them is full from elsewhere. */
	subscribe(test, 0, "b", 1, 0, 0);
	for (i = 0; i < 5; i++)
		publish(test, "b", 100, 1, false, NULL);
	for (i = 0; i < 10; i++)
		publish(test, "a", i, 1, false, NULL);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, ctx->c[i].s->dropped, 0);
	for (i = 0; i < 7; i++)
		publish(test, "a", i, 1, false, NULL);
	for (i = 0; i < 3; i++) {
		dropped += ctx->c[i].s->dropped;
		got += receive(ctx, i);
	}
	KUNIT_EXPECT_EQ(test, dropped, 7);
	KUNIT_EXPECT_EQ(test, got, 15);
}

/*
 * Who is away gets nothing while somebody is there; while nobody is, what has a
 * QoS waits with one of them.
 */
static void router_group_away(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		client_open(test, i, 100, 60);
		subscribe(test, i, "$share/g/a", 1, 0, 0);
	}
	client_leave(ctx, 0, 60);
	for (i = 0; i < 10; i++)
		publish(test, "a", i, i % 2, false, NULL);
	KUNIT_EXPECT_EQ(test, receive(ctx, 1), 10);
	client_leave(ctx, 1, 60);
	for (i = 0; i < 10; i++)
		publish(test, "a", i, i % 2, false, NULL);
	client_open(test, 0, 100, 60);
	client_open(test, 1, 100, 60);
	/* The first ten were not acknowledged, five of them of QoS 1. */
	KUNIT_EXPECT_EQ(test, receive(ctx, 0) + receive(ctx, 1), 5 + 5);
}

/*
 * When a member's session ends the others get what it was sent at QoS 1 and did
 * not acknowledge, and what it was not sent; not what it was sent at QoS 2.
 */
static void router_reroute(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	bool seen[12] = {};
	unsigned int i;

	client_open(test, 0, 4, 0);
	subscribe(test, 0, "$share/g/a", 2, 0, 1);
	subscribe(test, 0, "b", 1, 0, 0);
	for (i = 0; i < 4; i++)
		publish(test, "a", i, 1 + i % 2, false, NULL);
	/* All that it takes at once. */
	KUNIT_ASSERT_EQ(test, receive(ctx, 0), 4);
	publish(test, "b", 50, 1, false, NULL);
	for (i = 4; i < 12; i++)
		publish(test, "a", i, i % 3, false, NULL);

	for (i = 1; i < 3; i++) {
		client_open(test, i, 100, 0);
		subscribe(test, i, "$share/g/a", 1, 0, 1 + i);
	}
	client_leave(ctx, 0, 0);
	for (i = 1; i < 3; i++) {
		receive(ctx, i);
		KUNIT_EXPECT_EQ(test, ctx->nr, 5);
		while (ctx->nr--) {
			struct got *got = &ctx->got[ctx->nr];

			KUNIT_ASSERT_LT(test, got->number, 12);
			KUNIT_EXPECT_FALSE(test, seen[got->number]);
			seen[got->number] = true;
			KUNIT_EXPECT_TRUE(test, has_subid(got, 1 + i));
			KUNIT_EXPECT_LE(test, got->qos, 1);
		}
	}
	KUNIT_EXPECT_TRUE(test, seen[0] && seen[2]);
	KUNIT_EXPECT_FALSE(test, seen[1] || seen[3]);
	for (i = 4; i < 12; i++)
		KUNIT_EXPECT_TRUE(test, seen[i]);

	/* From one to the last, and with that to nobody. */
	client_leave(ctx, 1, 0);
	KUNIT_EXPECT_GE(test, receive(ctx, 2), 1);
	client_leave(ctx, 2, 0);
}

/*
 * An absent member whose session ends leaves what waits for it to others that
 * are away, too, and they find it when they are back.
 */
static void router_reroute_absent(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		client_open(test, i, 100, 60);
		subscribe(test, i, "$share/g/a", 1, 0, 0);
	}
	client_leave(ctx, 0, 60);
	client_leave(ctx, 1, 60);
	for (i = 0; i < 10; i++)
		publish(test, "a", i, 1, false, NULL);
	/* It is back, and its session ends with this connection. */
	client_open(test, 0, 100, 60);
	client_leave(ctx, 0, 0);
	client_open(test, 1, 100, 60);
	KUNIT_EXPECT_EQ(test, receive(ctx, 1), 10);
}

/* Numbers from @first on, of QoS 0, all at once. */
static void publish_run(struct kunit *test, const char *topic, u8 first,
			struct mqttk_session *from)
{
	struct router_ctx *ctx = test->priv;
	struct mqttk_msg *msgs[RUN];
	u8 i, number;

	for (i = 0; i < RUN; i++) {
		number = first + i;
		msgs[i] = mqttk_msg_alloc(&ctx->mn->limits, topic,
					  strlen(topic), 0, 1, GFP_KERNEL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(msgs[i]));
		mqttk_msg_fill(msgs[i], &number, 1);
		KUNIT_EXPECT_TRUE(test, mqttk_router_joins(msgs[i]));
	}
	mqttk_router_publish_run(ctx->mn, msgs, RUN, from, false);
	for (i = 0; i < RUN; i++)
		mqttk_msg_put(msgs[i]);
}

/* Those of a run in ctx->got are @nr, in order, the first being @first. */
static void expect_run(struct kunit *test, u8 first, unsigned int nr)
{
	struct router_ctx *ctx = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ctx->nr, nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, ctx->got[i].number, first + i);
}

/*
 * Messages routed together reach everybody as they would one by one: in order,
 * once, with identifiers, not back to who wants none of his own.
 */
static void router_run(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++)
		client_open(test, i, 10, 0);
	subscribe(test, 0, "a/b", 1, 0, 0);
	subscribe(test, 1, "a/#", 2, MQTTK_SUB_RETAIN_AS_PUBLISHED, 7);
	subscribe(test, 1, "a/b", 0, 0, 300);
	subscribe(test, 2, "+/b", 0, MQTTK_SUB_NO_LOCAL, 0);
	/* So that the second run begins in the middle of a chunk. */
	publish(test, "a/b", 1, 0, false, NULL);
	publish_run(test, "a/b", 2, ctx->c[2].s);
	publish_run(test, "a/b", 2 + RUN, NULL);
	receive(ctx, 0);
	expect_run(test, 1, 1 + 2 * RUN);
	KUNIT_EXPECT_EQ(test, ctx->got[0].len, 0);
	receive(ctx, 1);
	expect_run(test, 1, 1 + 2 * RUN);
	for (i = 0; i < ctx->nr; i++) {
		KUNIT_EXPECT_EQ(test, ctx->got[i].qos, 0);
		KUNIT_EXPECT_EQ(test, ctx->got[i].len, 5);
		KUNIT_EXPECT_TRUE(test, has_subid(&ctx->got[i], 7));
		KUNIT_EXPECT_TRUE(test, has_subid(&ctx->got[i], 300));
	}
	KUNIT_ASSERT_EQ(test, receive(ctx, 2), 1 + RUN);
	KUNIT_EXPECT_EQ(test, ctx->got[0].number, 1);
	KUNIT_EXPECT_EQ(test, ctx->got[1].number, 2 + RUN);
}

/* A receiver that has not room for all gets those there is room for. */
static void router_run_full(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	u64 dropped;

	ctx->mn->limits.value[MQTTK_LIMIT_MAX_QUEUED_MESSAGES] = RUN + 2;
	client_open(test, 0, 10, 0);
	subscribe(test, 0, "a", 1, 0, 0);
	publish_run(test, "a", 0, NULL);
	dropped = ctx->c[0].s->dropped;
	publish_run(test, "a", RUN, NULL);
	KUNIT_EXPECT_EQ(test, ctx->c[0].s->dropped - dropped, RUN - 2);
	receive(ctx, 0);
	expect_run(test, 0, RUN + 2);

	/* Where the oldest goes instead, these are the last. */
	ctx->mn->limits.value[MQTTK_LIMIT_QUEUE_DROP_QOS0] = 1;
	publish_run(test, "a", 10, NULL);
	publish_run(test, "a", 10 + RUN, NULL);
	receive(ctx, 0);
	expect_run(test, 10 + RUN - 2, RUN + 2);

	/* Who is away gets nothing of QoS 0, unless it is to be kept. */
	client_leave(ctx, 0, 60);
	publish_run(test, "a", 20, NULL);
	ctx->mn->limits.value[MQTTK_LIMIT_QUEUE_QOS0] = 1;
	publish_run(test, "a", 30, NULL);
	client_open(test, 0, 10, 0);
	receive(ctx, 0);
	expect_run(test, 30, RUN);
}

/* Each message of a run finds a member of a group for itself; and upgrades. */
static void router_run_group(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	unsigned int i, sum = 0;

	for (i = 0; i < 2; i++) {
		client_open(test, i, 10, 0);
		subscribe(test, i, "$share/g/a", 1, 0, 0);
	}
	client_open(test, 2, 10, 0);
	subscribe(test, 2, "a", 1, 0, 0);
	publish_run(test, "a", 0, NULL);
	for (i = 0; i < 2; i++) {
		sum += receive(ctx, i);
		KUNIT_EXPECT_GE(test, ctx->nr, RUN / 2);
	}
	KUNIT_EXPECT_EQ(test, sum, RUN);
	receive(ctx, 2);
	expect_run(test, 0, RUN);
	KUNIT_EXPECT_EQ(test, ctx->got[0].qos, 0);

	ctx->mn->limits.value[MQTTK_LIMIT_UPGRADE_QOS] = 1;
	publish_run(test, "a", 0, NULL);
	receive(ctx, 2);
	expect_run(test, 0, RUN);
	KUNIT_EXPECT_EQ(test, ctx->got[0].qos, 1);
}

/* A will's lifetime begins when it is published. */
static void router_will(struct kunit *test)
{
	struct router_ctx *ctx = test->priv;
	struct mqttk_msg *will;
	ktime_t before, soon;

	client_open(test, 0, 10, 0);
	subscribe(test, 0, "a", 1, 0, 0);
	will = mqttk_msg_alloc(&ctx->mn->limits, "a", 1, 0, 1, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(will));
	mqttk_msg_fill(will, "x", 1);
	will->lifetime = 1000;
	will->has_lifetime = true;
	mqttk_msg_get(will);
	before = mqttk_clock_in(1000);
	mqttk_router_will(ctx->mn, will, NULL);
	soon = mqttk_clock_in(1000);
	KUNIT_EXPECT_GE(test, will->expires, before);
	KUNIT_EXPECT_LE(test, will->expires, soon);
	mqttk_msg_put(will);
	KUNIT_EXPECT_EQ(test, receive(ctx, 0), 1);
}

static struct kunit_case router_cases[] = {
	KUNIT_CASE(router_overlap),
	KUNIT_CASE(router_overlap_many),
	KUNIT_CASE(router_overlap_bytes),
	KUNIT_CASE(router_overlap_memory),
	KUNIT_CASE(router_matched),
	KUNIT_CASE(router_group),
	KUNIT_CASE(router_group_full),
	KUNIT_CASE(router_group_away),
	KUNIT_CASE(router_reroute),
	KUNIT_CASE(router_reroute_absent),
	KUNIT_CASE(router_run),
	KUNIT_CASE(router_run_full),
	KUNIT_CASE(router_run_group),
	KUNIT_CASE(router_will),
	{}
};

static struct kunit_suite router_suite = {
	.name = "mqttk-router",
	.init = router_setup,
	.exit = router_teardown,
	.test_cases = router_cases,
};

kunit_test_suite(router_suite);
