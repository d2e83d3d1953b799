// SPDX-License-Identifier: GPL-2.0
/*
 * PUBLISH from the client.
 *
 * Comments that begin with "qos2:" are rows of selftests/model/qos2.table.
 */
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "access.h"
#include "events.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "proto_impl.h"
#include "router.h"
#include "session.h"
#include "terms.h"
#include "topic.h"
#include "trace.h"

/**
 * mqttk_proto_is_reserved - is it a topic that only the broker publishes to?
 * @topic: a topic name
 *
 * Return: true if it is
 */
bool mqttk_proto_is_reserved(const struct mqttk_str *topic)
{
	/* "$SYS/#" matches "$SYS" as well. */
	return topic->len >= 4 && !memcmp(topic->p, "$SYS", 4) &&
	       (topic->len == 4 || topic->p[4] == '/');
}

/**
 * mqttk_proto_reserved - may a client not publish to it?
 * @peer: whose
 * @topic: a topic name, as the client has it
 *
 * Return: true if it may not; below a mount point there is no such topic
 */
bool mqttk_proto_reserved(const struct mqttk_peer *peer,
			  const struct mqttk_str *topic)
{
	return !peer->mount_len && mqttk_proto_is_reserved(topic);
}

/**
 * mqttk_proto_mountable - is a topic one under the mount point as well?
 * @peer: whose
 * @topic: a topic name, as the client has it
 *
 * Return: false if it has too many bytes or levels then
 */
bool mqttk_proto_mountable(const struct mqttk_peer *peer,
			   const struct mqttk_str *topic)
{
	unsigned int i, levels;

	if (!peer->mount_len)
		return true;
	if (topic->len > MQTTK_TOPIC_LEN_MAX - peer->mount_len)
		return false;
	levels = peer->terms->mount_levels + 1;
	for (i = 0; i < topic->len; i++)
		levels += topic->p[i] == '/';
	return levels <= MQTTK_TOPIC_LEVELS_MAX;
}

/**
 * mqttk_proto_msg - begin a message as a PUBLISH or a will describes it
 * @peer: whose
 * @topic: its topic, as the client has it; mqttk_proto_mountable()
 * @props: its properties
 * @payload_len: bytes of payload to come
 *
 * Context: process, may sleep; or the quick lane.
 * Return: as mqttk_msg_alloc()
 */
struct mqttk_msg *mqttk_proto_msg(struct mqttk_peer *peer,
				  const struct mqttk_str *topic,
				  const struct mqttk_props *props,
				  u32 payload_len)
{
	const struct mqttk_str prefix = {
		peer->terms->mount_point, peer->mount_len,
	};
	struct mqttk_msg *msg;
	u32 len = 0;

	if (props->raw_len)
		len = mqttk_props_forward_len(props->raw, props->raw_len);
	msg = mqttk_msg_alloc_under(&peer->mn->limits, &prefix, topic, len,
				    payload_len, mqttk_peer_gfp(peer));
	if (IS_ERR(msg))
		return msg;
	if (len)
		mqttk_props_forward(mqttk_msg_props(msg), props->raw,
				    props->raw_len);
	msg->has_lifetime = mqttk_props_has(props, MQTTK_PROP_MESSAGE_EXPIRY);
	msg->lifetime = props->message_expiry;
	return msg;
}

/**
 * mqttk_proto_claims_text - is a payload to be checked for being text?
 * @peer: the connection
 * @props: properties of the PUBLISH or the will
 *
 * Return: true if it is said to be UTF-8, and check_payload_format is on
 */
bool mqttk_proto_claims_text(struct mqttk_peer *peer,
			     const struct mqttk_props *props)
{
	return props->payload_format &&
	       mqttk_limit(&peer->mn->limits,
			   MQTTK_LIMIT_CHECK_PAYLOAD_FORMAT);
}

/* Which topic is meant. */
static int resolve_alias(struct mqttk_peer *peer, struct mqttk_publish *pub)
{
	u16 alias = pub->props.topic_alias;

	if (!alias)
		return 0;
	/* Only 5.0 has any, and who speaks it has this. */
	if (pub->topic.len && peer->quick)
		return -EAGAIN;
	if (pub->topic.len)
		return mqttk_alias_in_set(&peer->more->aliases_in,
					  &peer->mn->limits, alias, &pub->topic);
	return mqttk_alias_in_get(&peer->more->aliases_in, alias, &pub->topic);
}

/*
 * Does the client ask for more than it was told there is? A reason of 5.0 to
 * close its connection, or 0.
 */
static u8 judge(const struct mqttk_peer *peer, const struct mqttk_publish *pub)
{
	if (pub->qos > peer->max_qos)
		return MQTTK_REASON_QOS_NOT_SUPPORTED;
	if (pub->retain && !peer->retain_ok)
		return MQTTK_REASON_RETAIN_NOT_SUPPORTED;
	return 0;
}

/* Where a message may not go: a reason of 5.0 not to take it, or 0. */
static u8 judge_topic(const struct mqttk_peer *peer,
		      const struct mqttk_str *topic)
{
	if (mqttk_proto_reserved(peer, topic))
		return MQTTK_REASON_NOT_AUTHORIZED;
	if (!mqttk_proto_mountable(peer, topic))
		return MQTTK_REASON_TOPIC_NAME_INVALID;
	return 0;
}

/**
 * mqttk_proto_begin_msg - begin the message of a PUBLISH
 * @peer: whose
 * @topic: its topic, as the client has it; mqttk_proto_mountable()
 * @props: its properties
 * @in: the PUBLISH; without memory it is skipped, but in the quick lane, and if
 *	the client may not publish to its topic
 *
 * Return: 0; or -EAGAIN: to be called again by the work
 */
int mqttk_proto_begin_msg(struct mqttk_peer *peer,
			  const struct mqttk_str *topic,
			  const struct mqttk_props *props,
			  struct mqttk_incoming *in)
{
	struct mqttk_msg *msg;

	msg = mqttk_proto_msg(peer, topic, props, in->left);
	if (IS_ERR(msg)) {
		if (peer->quick)
			return -EAGAIN;
		mqttk_proto_publish_refused(peer, in);
		return 0;
	}
	if (!mqttk_access_may(peer->mn, peer->session, MQTTK_ACL_WRITE,
			      msg->data, msg->topic_len)) {
		in->reason = MQTTK_REASON_NOT_AUTHORIZED;
		mqttk_msg_put(msg);
		return 0;
	}
	in->msg = msg;
	return 0;
}

/**
 * mqttk_proto_publish_begin - the first bytes of a PUBLISH came
 * @peer: the connection
 * @f: its fixed header, which mqttk_proto_check() has let pass
 * @body: what there is behind it
 * @avail: bytes of @body, at most @f->remaining
 * @in: filled; the payload goes into its message, or is skipped if it has none
 *
 * Context: process, may sleep; or the quick lane.
 * Return: bytes of @body before the payload; 0 if more are needed to tell;
 *	-EAGAIN: to be called again by the work; or an error, see proto.c
 */
int mqttk_proto_publish_begin(struct mqttk_peer *peer,
			      const struct mqttk_fixed *f,
			      const u8 *body, size_t avail,
			      struct mqttk_incoming *in)
{
	struct mqttk_publish pub;
	u8 reason;
	int n, err;

	n = mqttk_proto_held_begin(peer, f, body, avail, in);
	if (n)
		return n;
	n = mqttk_wire_publish(peer->version, f->flags, f->remaining, body,
			       avail, &pub);
	if (n <= 0)
		return n;
	reason = judge(peer, &pub);
	if (reason)
		return mqttk_proto_violation(peer, reason);
	err = resolve_alias(peer, &pub);
	if (err == -EADDRNOTAVAIL)
		mqttk_limit_hit(&peer->mn->limits, MQTTK_LIMIT_MAX_TOPIC_ALIAS,
				peer->session);
	if (err)
		return err;
	*in = (struct mqttk_incoming){
		.left = f->remaining - n,
		.packet_id = pub.packet_id,
		.qos = pub.qos,
		.text = mqttk_proto_claims_text(peer, &pub.props),
	};
	in->reason = judge_topic(peer, &pub.topic);
	/* Otherwise it goes nowhere. */
	if (!in->reason) {
		err = mqttk_proto_begin_msg(peer, &pub.topic, &pub.props, in);
		if (err)
			return err;
		if (in->msg) {
			in->msg->qos = pub.qos;
			in->msg->retain = pub.retain;
		}
	}
	mqttk_stat_add(peer->mn, MQTTK_STAT_PUBLISH_BYTES_RECEIVED, in->left);
	return n;
}

/**
 * mqttk_proto_publish_refused - there is no memory for a PUBLISH
 * @peer: the connection
 * @in: the PUBLISH; what there is of its message is freed
 *
 * The rest of its payload is skipped.
 */
void mqttk_proto_publish_refused(struct mqttk_peer *peer,
				 struct mqttk_incoming *in)
{
	mqttk_msg_put(in->msg);
	in->msg = NULL;
	in->reason = MQTTK_REASON_QUOTA_EXCEEDED;
	mqttk_stat_inc(peer->mn, MQTTK_STAT_MESSAGES_REFUSED);
}

/*
 * Says that a message of QoS 1 or 2 is not taken. Before 5.0 there is no way
 * to: an acknowledgment would lose the message, the end of the connection
 * makes the client try again. Where that would be in vain it is acknowledged.
 */
static int nack(struct mqttk_peer *peer, const struct mqttk_incoming *in)
{
	if (peer->version != MQTTK_V5 &&
	    in->reason == MQTTK_REASON_QUOTA_EXCEEDED)
		return -ENOBUFS;
	return mqttk_proto_ack(peer, in->qos == 1 ? MQTTK_PUBACK : MQTTK_PUBREC,
			       in->packet_id, in->reason);
}

/* A message of QoS 2 that is not taken, unless it was before. */
static int refuse_qos2(struct mqttk_peer *peer,
		       const struct mqttk_incoming *in)
{
	struct mqttk_session *s = peer->session;
	int err;

	err = mqttk_session_receive(s, &peer->ep, in->packet_id);
	if (err == -EEXIST) {
		/* qos2: receiver KNOWN NOSPACE -> pubrec KNOWN */
		return mqttk_proto_ack(peer, MQTTK_PUBREC, in->packet_id,
				       MQTTK_REASON_SUCCESS);
	}
	if (!err)
		err = mqttk_session_release(s, &peer->ep, in->packet_id);
	if (err == -ESHUTDOWN)
		return err;
	/* qos2: receiver UNKNOWN NOSPACE -> refuse UNKNOWN */
	return nack(peer, in);
}

static int refuse_publish(struct mqttk_peer *peer,
			  const struct mqttk_incoming *in)
{
	switch (in->qos) {
	case 0:
		/* It may fail silently, unless what it says of itself is wrong. */
		return in->reason != MQTTK_REASON_PAYLOAD_FORMAT_INVALID ? 0 :
		       mqttk_proto_violation(peer, in->reason);
	case 1:
		return nack(peer, in);
	default:
		return refuse_qos2(peer, in);
	}
}

/*
 * The message goes to whoever wants it. Returns what that cost; or -EAGAIN in
 * the quick lane, if those are too many.
 */
static int route(struct mqttk_peer *peer, struct mqttk_msg *msg, u8 *reason)
{
	struct mqttk_session *s = peer->session;
	struct mqttk_found found = {};
	unsigned int cost;
	int n;

	mqttk_msg_begin_life(msg);
	if (peer->quick) {
		n = mqttk_router_publish_quick(peer->mn, msg, s, &found);
	} else {
		cost = mqttk_router_publish(peer->mn, msg, s, &found.matched);
		n = min_t(unsigned int, cost, INT_MAX);
	}
	if (peer->quick && n >= 0 && !msg->qos)
		mqttk_proto_remember(peer, msg, &found);
	if (n < 0)
		return n;
	mqttk_stat_inc(peer->mn, MQTTK_STAT_MESSAGES_RECEIVED);
	mqttk_session_count_received(s, msg->qos, 1);
	*reason = found.matched ? MQTTK_REASON_SUCCESS :
				  MQTTK_REASON_NO_MATCHING_SUBSCRIBERS;
	return n;
}

/* More than the client may leave unreleased [MQTT-3.3.4-9]. */
static int too_many(struct mqttk_peer *peer, u16 id)
{
	/* It was not published: should it come again, it is new. */
	mqttk_session_release(peer->session, &peer->ep, id);
	mqttk_limit_hit(&peer->mn->limits, MQTTK_LIMIT_MAX_INFLIGHT,
			peer->session);
	return mqttk_proto_violation(peer, MQTTK_REASON_RECEIVE_MAX_EXCEEDED);
}

static int take_qos2(struct mqttk_peer *peer, struct mqttk_incoming *in,
		     struct mqttk_msg *msg)
{
	u8 reason;
	int err, cost;

	err = mqttk_session_receive(peer->session, &peer->ep, in->packet_id);
	switch (err) {
	case 0:
		break;
	case -EEXIST:
		/* qos2: receiver KNOWN PUBLISH -> pubrec KNOWN */
		return mqttk_proto_ack(peer, MQTTK_PUBREC, in->packet_id,
				       MQTTK_REASON_SUCCESS);
	case -ESHUTDOWN:
		return err;
	default:
		mqttk_stat_inc(peer->mn, MQTTK_STAT_MESSAGES_REFUSED);
		in->reason = MQTTK_REASON_QUOTA_EXCEEDED;
		trace_mqttk_publish_refused(peer->mn->net, peer->session, msg,
					    in->qos, in->reason);
		return nack(peer, in);
	}
	if (peer->unreleased == peer->receive_max)
		return too_many(peer, in->packet_id);
	/* qos2: receiver UNKNOWN PUBLISH -> deliver_pubrec KNOWN */
	cost = route(peer, msg, &reason);
	if (cost < 0) {
		/* As if it had not come yet. */
		mqttk_session_release(peer->session, &peer->ep, in->packet_id);
		return cost;
	}
	peer->unreleased++;
	return mqttk_proto_ack(peer, MQTTK_PUBREC, in->packet_id, reason) ?:
	       cost;
}

static int take_now(struct mqttk_peer *peer, struct mqttk_incoming *in,
		    struct mqttk_msg *msg)
{
	u8 reason;
	int err = 0, cost;

	if (in->qos == 2)
		return take_qos2(peer, in, msg);
	/* What comes after another has taken over counts as not having come. */
	if (!mqttk_session_is_current(peer->session, &peer->ep))
		return -ESHUTDOWN;
	cost = route(peer, msg, &reason);
	if (in->qos && cost >= 0)
		err = mqttk_proto_ack(peer, MQTTK_PUBACK, in->packet_id,
				      reason);
	return err ?: cost;
}

/* @n may be an error. */
static int add_cost(int before, int n)
{
	return n < 0 ? n : n > INT_MAX - before ? INT_MAX : before + n;
}

static int take(struct mqttk_peer *peer, struct mqttk_incoming *in,
		struct mqttk_msg *msg)
{
	struct mqttk_held *held = peer->held;
	int n, before = mqttk_proto_held_make_room(peer, in);

	if (before < 0)
		return before;
	if (!held || !msg || !(held->nr || mqttk_router_joins(msg)))
		return add_cost(before, take_now(peer, in, msg));
	/* Only routing the first tells the quick lane whether it is for it. */
	n = peer->quick && !held->nr ? take_now(peer, in, msg) : 0;
	if (n < 0)
		return n;
	if (peer->quick && !held->nr)
		held->done = 1;
	mqttk_proto_held_add(held, msg);
	return add_cost(before, n);
}

/**
 * mqttk_proto_publish_end - the payload of a PUBLISH is complete
 * @peer: the connection
 * @in: what mqttk_proto_publish_begin() filled; its message is given away
 *
 * Context: process, yields; or the quick lane.
 * Return: what it cost, see mqttk_router_publish(); -EAGAIN: to be called again
 *	by the work; or an error, see proto.c
 */
int mqttk_proto_publish_end(struct mqttk_peer *peer,
			    struct mqttk_incoming *in)
{
	struct mqttk_msg *msg = in->msg;
	int n;

	if (msg && in->text && !mqttk_proto_is_text(msg))
		in->reason = MQTTK_REASON_PAYLOAD_FORMAT_INVALID;
	if (in->reason) {
		trace_mqttk_publish_refused(peer->mn->net, peer->session, msg,
					    in->qos, in->reason);
		n = refuse_publish(peer, in);
	} else {
		n = take(peer, in, msg);
		if (n == -EAGAIN)
			return n;
	}
	in->msg = NULL;
	mqttk_msg_put(msg);
	return n;
}
