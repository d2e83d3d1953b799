// SPDX-License-Identifier: GPL-2.0
/*
 * Subscriptions by netlink.
 *
 * A dump goes from session to session by their indices, and through each one's
 * subscriptions by a roll, which keeps its place; one of a single filter goes
 * by the subscribers' indices. Neither place moves when others come and go, so
 * what is there all the time is shown once.
 */
#include <linux/bitfield.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "filter.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"
#include "roll.h"
#include "session.h"
#include "topic.h"
#include "wire.h"

/* Shown before others may have sub_mutex, or a grace period may end. */
#define SUBS_PER_SLICE		64

/* What one subscription takes up at most, texts cut, and some more. */
#define SUB_ROOM		(MQTTK_TOPIC_SHOWN + MQTTK_CLIENT_ID_SHOWN + 512)

/**
 * struct sub_dump - where a dump is, between its messages
 * @filter: those to this text only; in the request, which stays. NULL: any
 * @filter_len: bytes of @filter
 * @session: whose subscriptions are being shown, with a reference; NULL: the
 *	next one's are
 * @roll: where among them, while there is @session
 * @one: of @session only; its end interrupts the dump
 * @next: index of the next session, or place among the subscribers of @filter
 */
struct sub_dump {
	const u8 *filter;
	u16 filter_len;
	struct mqttk_session *session;
	struct mqttk_roll roll;
	bool one;
	u32 next;
};

static struct sub_dump **dump_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct sub_dump *) > sizeof(cb->ctx));
	return (struct sub_dump **)cb->ctx;
}

/* -- beginning and end --------------------------------------------------- */

static int get_filter(struct sub_dump *d, const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	size_t len = strlen(nla_data(attr));
	struct mqttk_share share;

	if (len && len <= U16_MAX &&
	    mqttk_share_parse(nla_data(attr), len, &share) >= 0 &&
	    mqttk_filter_valid(share.filter.p, share.filter.len)) {
		d->filter = nla_data(attr);
		d->filter_len = len;
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(extack, attr, "not a topic filter");
	return -EINVAL;
}

static void begin_session(struct sub_dump *d, struct mqttk_session *s)
{
	struct mqttk_net *mn = s->mn;

	d->session = s;
	mutex_lock(&mn->sub_mutex);
	mqttk_roll_start(&d->roll, &mn->index, &s->sub);
	mutex_unlock(&mn->sub_mutex);
}

static void end_session(struct sub_dump *d)
{
	struct mqttk_session *s = d->session;

	if (!s)
		return;
	mutex_lock(&s->mn->sub_mutex);
	mqttk_roll_end(&d->roll);
	mutex_unlock(&s->mn->sub_mutex);
	mqttk_session_put(s);
	d->session = NULL;
}

/* What the request asks for. */
static int begin(struct sub_dump *d, struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct nlattr *id = attrs[MQTTK_A_SUBSCRIPTION_CLIENT_ID];
	struct nlattr *index = attrs[MQTTK_A_SUBSCRIPTION_INDEX];
	struct nlattr *filter = attrs[MQTTK_A_SUBSCRIPTION_FILTER];
	struct mqttk_session *s;

	if (filter && (id || index)) {
		NL_SET_ERR_MSG_ATTR(cb->extack, filter,
				    "either a client or a filter can be named");
		return -EINVAL;
	}
	if (filter)
		return get_filter(d, filter, cb->extack);
	if (!id && !index)
		return 0;
	s = mqttk_nl_find_session(mqttk_nl_dump_net(cb), cb->extack, id, index,
				  MQTTK_A_SUBSCRIPTION_CLIENT_ID);
	if (s == ERR_PTR(-ENOENT))
		NL_SET_ERR_MSG_ATTR(cb->extack, id ?: index,
				    "no such client");
	if (IS_ERR(s))
		return PTR_ERR(s);
	d->one = true;
	begin_session(d, s);
	return 0;
}

/**
 * mqttk_nl_subscription_get_start - begin to show subscriptions
 * @cb: the dump
 *
 * Return: 0 or an error
 */
int mqttk_nl_subscription_get_start(struct netlink_callback *cb)
{
	struct sub_dump *d;
	int err;

	err = mqttk_nl_pre_dumpit(cb);
	if (err)
		return err;
	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d) {
		NL_SET_ERR_MSG(cb->extack, "no memory for the dump");
		return -ENOMEM;
	}
	err = begin(d, cb);
	if (err) {
		kfree(d);
		return err;
	}
	*dump_of(cb) = d;
	cb->seq = 1;
	cb->min_dump_alloc = SUB_ROOM;
	return 0;
}

/**
 * mqttk_nl_subscription_get_done - the dump has ended, or was given up
 * @cb: the dump
 *
 * Return: 0
 */
int mqttk_nl_subscription_get_done(struct netlink_callback *cb)
{
	struct sub_dump *d = *dump_of(cb);

	end_session(d);
	kfree(d);
	return 0;
}

/* -- showing ------------------------------------------------------------- */

static int put_options(struct sk_buff *skb, const struct mqttk_sub *sub)
{
	u8 options = sub->options;
	u8 handling = FIELD_GET(MQTTK_SUB_RETAIN_HANDLING, options);

	if (nla_put_u8(skb, MQTTK_A_SUBSCRIPTION_QOS, sub->qos) ||
	    nla_put_u8(skb, MQTTK_A_SUBSCRIPTION_NO_LOCAL,
		       !!(options & MQTTK_SUB_NO_LOCAL)) ||
	    nla_put_u8(skb, MQTTK_A_SUBSCRIPTION_RETAIN_AS_PUBLISHED,
		       !!(options & MQTTK_SUB_RETAIN_AS_PUBLISHED)) ||
	    nla_put_u8(skb, MQTTK_A_SUBSCRIPTION_RETAIN_HANDLING, handling))
		return -EMSGSIZE;
	return sub->id ? nla_put_u32(skb, MQTTK_A_SUBSCRIPTION_IDENTIFIER,
				     sub->id) : 0;
}

static int put_sub(struct sk_buff *skb, const struct mqttk_sub *sub)
{
	const struct mqttk_session *s = container_of(sub->owner,
						     struct mqttk_session, sub);
	const u8 *text;
	u16 len;

	text = mqttk_sub_text(sub, &len);
	if (nla_put_u32(skb, MQTTK_A_SUBSCRIPTION_INDEX, sub->owner->index))
		return -EMSGSIZE;
	if (!s->hidden &&
	    mqttk_nl_put_client_id(skb, s, MQTTK_A_SUBSCRIPTION_CLIENT_ID,
				   MQTTK_A_SUBSCRIPTION_CLIENT_ID_LENGTH))
		return -EMSGSIZE;
	if (mqttk_nl_put_text(skb, MQTTK_A_SUBSCRIPTION_FILTER,
			      MQTTK_A_SUBSCRIPTION_FILTER_LENGTH, text, len,
			      MQTTK_TOPIC_SHOWN))
		return -EMSGSIZE;
	return put_options(skb, sub);
}

/* Under RCU, or sub_mutex. */
static int dump_sub(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct mqttk_sub *sub)
{
	void *hdr = genlmsg_iput(skb, genl_info_dump(cb));

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_sub(skb, sub)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* Some of one session: -EAGAIN if there may be more, 0 at its end. */
static int session_slice(struct sub_dump *d, struct sk_buff *skb,
			 struct netlink_callback *cb)
{
	struct mqttk_session *s = d->session;
	struct mqttk_sub *sub;
	unsigned int n;
	int err = 0;

	mutex_lock(&s->mn->sub_mutex);
	for (n = 0; n < SUBS_PER_SLICE; n++) {
		/* Those of one that ends are on their way out. */
		sub = READ_ONCE(s->dead) ? NULL :
		      mqttk_roll_peek(&d->roll, &s->sub);
		if (!sub)
			break;
		err = dump_sub(skb, cb, sub);
		if (err)
			break;
		mqttk_roll_pass(&d->roll, sub);
	}
	mutex_unlock(&s->mn->sub_mutex);
	return n == SUBS_PER_SLICE ? -EAGAIN : err;
}

static int dump_session(struct sub_dump *d, struct sk_buff *skb,
			struct netlink_callback *cb)
{
	int err;

	while ((err = session_slice(d, skb, cb)) == -EAGAIN)
		cond_resched();
	/* The end of the dump carries that it is not all there was. */
	if (!err && d->one && READ_ONCE(d->session->dead))
		cb->seq++;
	return err;
}

/* The next session that has any, with a reference. */
static struct mqttk_session *next_session(struct mqttk_net *mn, u32 *next)
{
	struct mqttk_session *s;
	unsigned long index = *next;

	rcu_read_lock();
	xa_for_each_start(&mn->session_ids, index, s, *next) {
		if (READ_ONCE(s->sub.nr_subs) && refcount_inc_not_zero(&s->ref))
			break;
		/* The loop goes by index, so it needs no RCU for itself. */
		if (need_resched()) {
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
	*next = index + 1;
	return s;
}

static int dump_all(struct sub_dump *d, struct sk_buff *skb,
		    struct netlink_callback *cb)
{
	struct mqttk_net *mn = mqttk_nl_dump_net(cb);
	struct mqttk_session *s;
	int err;

	for (;;) {
		if (!d->session) {
			s = next_session(mn, &d->next);
			if (!s)
				return 0;
			begin_session(d, s);
		}
		err = dump_session(d, skb, cb);
		if (err)
			return err;
		end_session(d);
		cond_resched();
	}
}

/* Some to one filter: -EAGAIN if there may be more, 0 at the end. */
static int filter_slice(struct sub_dump *d, struct sk_buff *skb,
			struct netlink_callback *cb)
{
	struct mqttk_net *mn = mqttk_nl_dump_net(cb);
	struct mqttk_set *subs;
	struct mqttk_sub *sub;
	unsigned int n;
	u32 at = d->next;
	int err = 0;

	rcu_read_lock();
	/* Found anew each time: without subscribers it is another one. */
	subs = mqttk_index_find(&mn->index, d->filter, d->filter_len);
	for (n = 0; subs && n < SUBS_PER_SLICE; n++) {
		sub = mqttk_roll_to(subs, &at);
		if (!sub)
			break;
		err = dump_sub(skb, cb, sub);
		if (err)
			break;
		d->next = at;
	}
	rcu_read_unlock();
	return n == SUBS_PER_SLICE ? -EAGAIN : err;
}

/**
 * mqttk_nl_subscription_get_dumpit - show subscriptions
 * @skb: to fill
 * @cb: the dump
 *
 * Return: 0 or an error
 */
int mqttk_nl_subscription_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb)
{
	struct sub_dump *d = *dump_of(cb);
	int err;

	if (d->one)
		return dump_session(d, skb, cb);
	if (!d->filter)
		return dump_all(d, skb, cb);
	while ((err = filter_slice(d, skb, cb)) == -EAGAIN)
		cond_resched();
	return err;
}
