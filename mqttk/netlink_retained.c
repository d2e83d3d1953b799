// SPDX-License-Identifier: GPL-2.0
/*
 * Retained messages by netlink.
 *
 * A dump is a walk over the tree, paused between its messages: there may be
 * millions, and nothing is held while the reader takes its time but the one
 * node that the walk is at.
 */
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "limits.h"
#include "msg.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"
#include "proto.h"
#include "retain.h"
#include "router.h"
#include "topic.h"
#include "wire.h"

/* Topics looked at in one RCU read-side section. */
#define TOPICS_PER_SLICE	64

/* What one topic takes up in a dump at most, cut, and some more. */
#define TOPIC_ROOM		(MQTTK_TOPIC_SHOWN + 512)

#define RETAINED_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* -- what requests name -------------------------------------------------- */

/* A topic of a request; the attribute is terminated. */
static int get_topic(struct genl_info *info, struct mqttk_str *topic)
{
	struct nlattr *attr = info->attrs[MQTTK_A_RETAINED_TOPIC];
	size_t len;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_RETAINED_TOPIC)) {
		NL_SET_ERR_MSG(info->extack, "a topic is needed");
		return -EINVAL;
	}
	len = strlen(nla_data(attr));
	if (len > U16_MAX || !mqttk_topic_valid(nla_data(attr), len)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "not a topic name");
		return -EINVAL;
	}
	*topic = (struct mqttk_str){ nla_data(attr), len };
	return 0;
}

static int get_filter(const struct nlattr *attr, struct mqttk_str *filter,
		      struct netlink_ext_ack *extack)
{
	size_t len = strlen(nla_data(attr));

	if (len > U16_MAX || !mqttk_filter_valid(nla_data(attr), len)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "not a topic filter");
		return -EINVAL;
	}
	if (mqttk_filter_is_shared(nla_data(attr), len)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "nothing is retained for shares");
		return -EINVAL;
	}
	*filter = (struct mqttk_str){ nla_data(attr), len };
	return 0;
}

static int not_ours(struct genl_info *info, const struct nlattr *attr)
{
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "topics under $SYS are the broker's own");
	return -EPERM;
}

/* -- showing ------------------------------------------------------------- */

static int put_topic(struct sk_buff *skb, const struct mqttk_msg *msg)
{
	return mqttk_nl_put_text(skb, MQTTK_A_RETAINED_TOPIC,
				 MQTTK_A_RETAINED_TOPIC_LENGTH, msg->data,
				 msg->topic_len, MQTTK_TOPIC_SHOWN);
}

static int put_retained(struct sk_buff *skb, const struct mqttk_msg *msg)
{
	s64 left;

	/* No two messages of a topic come in the same nanosecond. */
	if (put_topic(skb, msg) ||
	    nla_put_u8(skb, MQTTK_A_RETAINED_QOS, msg->qos) ||
	    nla_put_u32(skb, MQTTK_A_RETAINED_PAYLOAD_LENGTH,
			msg->payload_len) ||
	    nla_put_uint(skb, MQTTK_A_RETAINED_SERIAL,
			 ktime_to_ns(msg->stamp)) ||
	    nla_put_uint(skb, MQTTK_A_RETAINED_AGE_MSEC,
			 mqttk_nl_msec_since(msg->stamp)))
		return -EMSGSIZE;
	if (!msg->expires)
		return 0;
	left = ktime_ms_delta(msg->expires, ktime_get_boottime());
	return nla_put_uint(skb, MQTTK_A_RETAINED_EXPIRES_MSEC, max(left, 0));
}

static int put_piece(struct sk_buff *skb, const struct mqttk_msg *msg,
		     u32 offset)
{
	u32 len = 0;
	struct nlattr *nla;

	if (offset < msg->payload_len)
		len = min_t(u32, msg->payload_len - offset,
			    MQTTK_RETAINED_PIECE_MAX);
	if (nla_put_u32(skb, MQTTK_A_RETAINED_OFFSET, offset))
		return -EMSGSIZE;
	nla = nla_reserve(skb, MQTTK_A_RETAINED_PAYLOAD, len);
	if (!nla)
		return -EMSGSIZE;
	mqttk_msg_read(msg, offset, nla_data(nla), len);
	return 0;
}

/**
 * mqttk_nl_retained_get_doit - show one retained message
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_retained_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *offset = info->attrs[MQTTK_A_RETAINED_OFFSET];
	struct mqttk_net *mn = info->user_ptr[0];
	struct mqttk_str topic;
	struct mqttk_msg *msg;
	struct sk_buff *reply;
	void *hdr;
	int err;

	err = get_topic(info, &topic);
	if (err)
		return err;
	msg = mqttk_retain_get(&mn->retained, topic.p, topic.len);
	if (!msg) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[MQTTK_A_RETAINED_TOPIC],
				    "nothing is retained for this topic");
		return -ENOENT;
	}
	err = -ENOMEM;
	reply = mqttk_nl_begin_reply(info, TOPIC_ROOM +
				     MQTTK_RETAINED_PIECE_MAX, &hdr);
	if (reply) {
		err = put_retained(reply, msg) ?:
		      put_piece(reply, msg, offset ? nla_get_u32(offset) : 0);
		err = mqttk_nl_end_reply(reply, hdr, info, err);
	}
	mqttk_msg_put(msg);
	return err;
}

/**
 * struct retained_dump - where a dump is, between its messages
 * @walk: paused; its filter is in the request, which stays
 */
struct retained_dump {
	struct mqttk_retain_walk walk;
};

static struct retained_dump **dump_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct retained_dump *) > sizeof(cb->ctx));
	return (struct retained_dump **)cb->ctx;
}

/**
 * mqttk_nl_retained_get_start - begin to show retained messages
 * @cb: the dump
 *
 * Return: 0 or an error
 */
int mqttk_nl_retained_get_start(struct netlink_callback *cb)
{
	struct nlattr *attr = genl_info_dump(cb)->attrs[MQTTK_A_RETAINED_FILTER];
	struct mqttk_str filter = { "#", 1 };
	struct mqttk_net *mn = mqttk_nl_dump_net(cb);
	struct retained_dump *d;
	int err;

	err = mqttk_nl_pre_dumpit(cb);
	if (!err && attr)
		err = get_filter(attr, &filter, cb->extack);
	if (err)
		return err;
	d = kmalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d) {
		NL_SET_ERR_MSG(cb->extack, "no memory for the dump");
		return -ENOMEM;
	}
	rcu_read_lock();
	mqttk_retain_start(&d->walk, &mn->retained, filter.p, filter.len);
	mqttk_retain_pause(&d->walk);
	rcu_read_unlock();
	*dump_of(cb) = d;
	cb->min_dump_alloc = TOPIC_ROOM;
	return 0;
}

/**
 * mqttk_nl_retained_get_done - the dump has ended, or was given up
 * @cb: the dump
 *
 * Return: 0
 */
int mqttk_nl_retained_get_done(struct netlink_callback *cb)
{
	struct retained_dump *d = *dump_of(cb);

	mqttk_retain_abort(&d->walk);
	kfree(d);
	return 0;
}

static int dump_msg(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct mqttk_msg *msg)
{
	void *hdr = genlmsg_iput(skb, genl_info_dump(cb));

	if (!hdr)
		return -EMSGSIZE;
	if (put_retained(skb, msg)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* The next one: -EMSGSIZE, and the walk is as before; 0; or 1 at the end. */
static int dump_next(struct sk_buff *skb, struct netlink_callback *cb,
		     struct mqttk_retain_walk *walk)
{
	struct mqttk_retain_walk before = *walk;
	struct mqttk_retain_node *node;
	struct mqttk_msg *msg;
	int err;

	node = mqttk_retain_next(walk);
	if (IS_ERR_OR_NULL(node))
		return node ? PTR_ERR(node) : 1;
	msg = mqttk_retain_read(walk->rt, node);
	if (!msg)
		return 0;
	err = dump_msg(skb, cb, msg);
	if (err)
		*walk = before;
	mqttk_msg_put(msg);
	return err;
}

/**
 * mqttk_nl_retained_get_dumpit - show retained messages
 * @skb: to fill
 * @cb: the dump
 *
 * Return: 0 or an error
 */
int mqttk_nl_retained_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct retained_dump *d = *dump_of(cb);
	unsigned int n;
	int err;

	do {
		rcu_read_lock();
		mqttk_retain_resume(&d->walk);
		for (n = 0, err = 0; n < TOPICS_PER_SLICE && !err; n++)
			err = dump_next(skb, cb, &d->walk);
		mqttk_retain_pause(&d->walk);
		rcu_read_unlock();
		cond_resched();
	} while (!err || err == -EAGAIN);
	return min(err, 0);
}

/* -- changing ------------------------------------------------------------ */

static struct mqttk_msg *make_msg(struct mqttk_net *mn,
				  const struct mqttk_str *topic,
				  const struct nlattr *payload, u8 qos)
{
	u32 len = payload ? nla_len(payload) : 0;
	struct mqttk_msg *msg;
	int n;

	msg = mqttk_msg_alloc(&mn->limits, topic->p, topic->len, 0, len,
			      RETAINED_GFP);
	if (IS_ERR(msg))
		return msg;
	msg->qos = qos;
	msg->retain = true;
	n = mqttk_msg_reserve(msg, len, RETAINED_GFP);
	if (n < 0) {
		mqttk_msg_put(msg);
		return ERR_PTR(n);
	}
	if (len)
		mqttk_msg_fill(msg, nla_data(payload), len);
	return msg;
}

/* A subscriber's packet of it is as large as that of a client's would be. */
static bool is_too_large(struct mqttk_net *mn, const struct mqttk_str *topic,
			 const struct nlattr *payload, u8 qos)
{
	struct mqttk_pub_out out = {
		.version = MQTTK_V311,
		.qos = qos,
		.topic_len = topic->len,
		.payload_len = payload ? nla_len(payload) : 0,
	};

	return mqttk_wire_pub_size(&out) >
	       mqttk_limit(&mn->limits, MQTTK_LIMIT_MAX_PACKET_SIZE);
}

/**
 * mqttk_nl_retained_set_doit - publish a retained message
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_retained_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *payload = info->attrs[MQTTK_A_RETAINED_PAYLOAD];
	struct nlattr *large = payload ?: info->attrs[MQTTK_A_RETAINED_TOPIC];
	struct nlattr *attr = info->attrs[MQTTK_A_RETAINED_QOS];
	u8 qos = attr ? nla_get_u8(attr) : 0;
	struct mqttk_net *mn = info->user_ptr[0];
	struct mqttk_str topic;
	struct mqttk_msg *msg;
	int err;

	err = get_topic(info, &topic);
	if (err)
		return err;
	if (mqttk_proto_is_reserved(&topic))
		return not_ours(info, info->attrs[MQTTK_A_RETAINED_TOPIC]);
	if (is_too_large(mn, &topic, payload, qos)) {
		NL_SET_ERR_MSG_ATTR(info->extack, large,
				    "larger than max_packet_size");
		return -EMSGSIZE;
	}
	msg = make_msg(mn, &topic, payload, qos);
	if (IS_ERR(msg)) {
		mqttk_stat_inc(mn, MQTTK_STAT_MESSAGES_REFUSED);
		NL_SET_ERR_MSG_ATTR(info->extack, large,
				    "no room for the message: see message_memory");
		return PTR_ERR(msg);
	}
	mqttk_stat_inc(mn, MQTTK_STAT_MESSAGES_RECEIVED);
	err = mqttk_router_retain(mn, msg);
	mqttk_msg_put(msg);
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, large,
				    "delivered, but no room to retain it: see retained_memory");
	return err;
}

/**
 * mqttk_nl_retained_del_doit - remove retained messages
 * @skb: the request
 * @info: likewise
 *
 * Nobody is told: MQTT knows no message that says so, and one with an empty
 * payload would be news of another kind.
 *
 * Return: 0 or an error
 */
int mqttk_nl_retained_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MQTTK_A_RETAINED_FILTER];
	struct mqttk_net *mn = info->user_ptr[0];
	struct mqttk_str filter, first;
	struct sk_buff *reply;
	unsigned long count;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_RETAINED_FILTER)) {
		NL_SET_ERR_MSG(info->extack, "a filter is needed");
		return -EINVAL;
	}
	err = get_filter(attr, &filter, info->extack);
	if (err)
		return err;
	first = filter;
	first.len = mqttk_topic_level(filter.p, filter.len, 0);
	if (mqttk_proto_is_reserved(&first))
		return not_ours(info, attr);
	/* First, so that nothing is done when it cannot be told. */
	reply = mqttk_nl_begin_reply(info, 0, &hdr);
	if (!reply)
		return -ENOMEM;
	count = mqttk_retain_clear(&mn->retained, filter.p, filter.len);
	return mqttk_nl_end_reply(reply, hdr, info,
				  nla_put_u32(reply, MQTTK_A_RETAINED_COUNT,
					      min(count, U32_MAX)));
}
