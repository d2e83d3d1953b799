// SPDX-License-Identifier: GPL-2.0
/*
 * The MQTT state machine of one network connection.
 *
 * Every entry point returns 0 to go on, or a negative error after which the
 * connection is closed once what is queued in peer->out was sent:
 *
 *  -ESHUTDOWN	the peer said DISCONNECT, or its session is gone
 *  -ECONNREFUSED CONNECT was answered with a refusal
 *  -EBADMSG	malformed packet
 *  -EPROTO	packet not allowed now
 *  -EMSGSIZE	packet over the limit
 *  -ENOMEM, -ENOBUFS  out of memory, or over a budget
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "limits.h"
#include "msg.h"
#include "net.h"
#include "proto.h"
#include "router.h"
#include "topic.h"

/*
 * No more of a CONNECT is accepted, whatever max_packet_size says: three
 * strings and a modest will. mosquitto draws the same line.
 */
#define CONNECT_MAX	100000

/*
 * Filters are checked in one go, without a yield, so there is a bound to how
 * many can come at once, even where max_packet_size was raised.
 */
#define SUBSCRIBE_MAX	2000000

#define GFP_PEER	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* In which states a client may send what. */
static const u8 legal[] = {
	[MQTTK_CONNECT] = BIT(MQTTK_PEER_NEW),
	[MQTTK_PUBLISH] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBACK] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBREC] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBREL] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBCOMP] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_SUBSCRIBE] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_UNSUBSCRIBE] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PINGREQ] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_DISCONNECT] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_AUTH] = 0,
};

/**
 * mqttk_proto_init - a connection that has said nothing yet
 * @peer: zeroed, but for @peer->ep.ops
 * @mn: the broker
 * @anonymous_ok: its listener lets clients without a name in
 */
void mqttk_proto_init(struct mqttk_peer *peer, struct mqttk_net *mn,
		      bool anonymous_ok)
{
	peer->mn = mn;
	peer->state = MQTTK_PEER_NEW;
	peer->version = MQTTK_V311;
	peer->anonymous_ok = anonymous_ok;
	mqttk_out_init(&peer->out, &mn->limits);
	mqttk_replays_init(&peer->replays);
}

/**
 * mqttk_proto_check - may this packet come now, and be that large?
 * @peer: the connection
 * @f: its fixed header
 *
 * Called before any other byte of the packet is looked at.
 * Return: 0 or an error, see above
 */
int mqttk_proto_check(struct mqttk_peer *peer, const struct mqttk_fixed *f)
{
	unsigned long max = mqttk_limit(&peer->mn->limits,
					MQTTK_LIMIT_MAX_PACKET_SIZE);

	if (f->type >= ARRAY_SIZE(legal) || !(legal[f->type] & BIT(peer->state)))
		return -EPROTO;
	if (f->type == MQTTK_CONNECT)
		max = min(max, CONNECT_MAX);
	else if (f->type != MQTTK_PUBLISH)
		max = min(max, SUBSCRIBE_MAX);
	if ((u64)f->size + f->remaining > max)
		return -EMSGSIZE;
	return 0;
}

static int refuse(struct mqttk_peer *peer, u8 code)
{
	const struct mqttk_connack ca = { .reason = code };
	u8 buf[MQTTK_CONNACK_MAX];
	unsigned int n;

	n = mqttk_wire_put_connack(buf, peer->version, &ca);
	mqttk_stat_inc(peer->mn, MQTTK_STAT_CONNECTS_REFUSED);
	peer->state = MQTTK_PEER_DONE;
	return mqttk_out_append(&peer->out, buf, n) ?: -ECONNREFUSED;
}

/* A topic that only the broker itself publishes to. */
static bool is_reserved(const struct mqttk_str *topic)
{
	return topic->len >= 5 && !memcmp(topic->p, "$SYS/", 5);
}

static int make_will(struct mqttk_peer *peer, const struct mqttk_connect *c)
{
	const struct mqttk_str *payload = &c->will_payload;
	struct mqttk_msg *will;
	int n;

	if (!mqttk_topic_valid(c->will_topic.p, c->will_topic.len))
		return -EBADMSG;
	if (is_reserved(&c->will_topic))
		return 0;
	will = mqttk_msg_alloc(&peer->mn->limits, c->will_topic.p,
			       c->will_topic.len, payload->len, GFP_PEER);
	if (IS_ERR(will))
		return PTR_ERR(will);
	n = mqttk_msg_reserve(will, payload->len, GFP_PEER);
	if (n < 0) {
		mqttk_msg_put(will);
		return n;
	}
	mqttk_msg_fill(will, payload->p, payload->len);
	will->qos = c->will_qos;
	will->retain = c->will_retain;
	peer->will = will;
	return 0;
}

/* "auto-" and a UUID, as clients of mosquitto know it. */
#define AUTO_ID_LEN	(5 + UUID_STRING_LEN)

static int open_session(struct mqttk_peer *peer, const struct mqttk_connect *c)
{
	char auto_id[AUTO_ID_LEN + 1];
	struct mqttk_str id = c->client_id;
	struct mqttk_session *s;
	uuid_t uuid;

	if (!id.len) {
		uuid_gen(&uuid);
		snprintf(auto_id, sizeof(auto_id), "auto-%pUb", &uuid);
		id = (struct mqttk_str){ auto_id, AUTO_ID_LEN };
	}
	s = mqttk_session_open(peer->mn, id.p, id.len, &peer->ep);
	if (IS_ERR(s))
		return PTR_ERR(s);
	peer->session = s;
	return 0;
}

static int accept(struct mqttk_peer *peer, const struct mqttk_connect *c)
{
	const struct mqttk_connack ca = { };
	u8 buf[MQTTK_CONNACK_MAX];
	unsigned int n;
	int err;

	n = mqttk_wire_put_connack(buf, peer->version, &ca);
	err = mqttk_out_append(&peer->out, buf, n);
	if (err)
		return err;
	peer->keepalive = c->keepalive;
	peer->will_on_close = true;
	peer->state = MQTTK_PEER_CONNECTED;
	mqttk_stat_inc(peer->mn, MQTTK_STAT_CLIENTS_CONNECTED);
	return 0;
}

/* Before 5.0 a client cannot be told another; mosquitto answers alike. */
static bool keepalive_ok(struct mqttk_peer *peer,
			 const struct mqttk_connect *c)
{
	unsigned long max = mqttk_limit(&peer->mn->limits,
					MQTTK_LIMIT_MAX_KEEPALIVE);

	return !max || (c->keepalive && c->keepalive <= max);
}

static int on_connect(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		      const u8 *body)
{
	struct mqttk_connect c;
	int err;

	err = mqttk_wire_connect(body, f->remaining, &c);
	if (err == -EPROTONOSUPPORT || c.version == MQTTK_V5)
		return refuse(peer, MQTTK_CONNACK_BAD_VERSION);
	if (err)
		return err;
	peer->version = c.version;
	/* An id may be left out only where nothing outlives the connection. */
	if (!c.client_id.len && (c.version == MQTTK_V31 || !c.clean))
		return refuse(peer, MQTTK_CONNACK_BAD_CLIENT_ID);
	if (!peer->anonymous_ok)
		return refuse(peer, MQTTK_CONNACK_NOT_AUTHORIZED);
	if (!keepalive_ok(peer, &c))
		return refuse(peer, MQTTK_CONNACK_BAD_CLIENT_ID);
	if (!peer->admitted)
		return refuse(peer, MQTTK_CONNACK_UNAVAILABLE);
	if (c.has_will) {
		err = make_will(peer, &c);
		if (err == -EBADMSG)
			return err;
		if (err)
			return refuse(peer, MQTTK_CONNACK_UNAVAILABLE);
	}
	err = open_session(peer, &c);
	if (err)
		return refuse(peer, MQTTK_CONNACK_UNAVAILABLE);
	return accept(peer, &c);
}

/* Returns the code for the SUBACK, or -ESHUTDOWN if the session is not ours. */
static int subscribe_one(struct mqttk_peer *peer,
			 const struct mqttk_str *filter, u8 options)
{
	struct mqttk_session *s = peer->session;
	struct mqttk_replay *rp;
	bool existed;
	int err;

	if (!mqttk_filter_valid(filter->p, filter->len))
		return MQTTK_SUBACK_FAILURE;
	rp = mqttk_replay_alloc(s, filter->p, filter->len);
	if (!rp)
		return MQTTK_SUBACK_FAILURE;
	err = mqttk_session_subscribe(s, &peer->ep, filter->p, filter->len, 0,
				      options, &existed);
	if (err) {
		mqttk_replay_discard(s, rp);
		return err == -ESHUTDOWN ? err : MQTTK_SUBACK_FAILURE;
	}
	if (existed)
		mqttk_replays_drop(&peer->replays, s, filter->p, filter->len);
	/* Run when the SUBACK is on its way: clients expect that first. */
	mqttk_replay_start(&peer->replays, s, rp, 0);
	return 0;
}

static int on_subscribe(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			const u8 *body)
{
	struct mqttk_sub_iter it;
	struct mqttk_str filter;
	unsigned int n;
	u8 options;
	u8 *buf, *p;
	int code = 0;
	int err;

	err = mqttk_wire_subscribe(peer->version, f->type, body, f->remaining,
				   &it);
	if (err)
		return err;
	buf = kvmalloc(MQTTK_SUBACK_HEADER_MAX + (size_t)it.nr, GFP_PEER);
	if (!buf)
		return -ENOMEM;
	n = mqttk_wire_put_suback_header(buf, peer->version, it.packet_id,
					 it.nr);
	p = buf + n;
	while (code >= 0 && !READ_ONCE(peer->gone) &&
	       mqttk_wire_subscribe_next(&it, &filter, &options)) {
		code = subscribe_one(peer, &filter, options);
		*p++ = code;
		cond_resched();
	}
	/* Whoever lost its session gets no answer: it is asked no more. */
	err = code < 0 ? code : mqttk_out_append(&peer->out, buf, p - buf);
	kvfree(buf);
	return err;
}

static int send_ack(struct mqttk_peer *peer, u8 type, u16 id)
{
	u8 buf[MQTTK_ACK_MAX];
	unsigned int n = mqttk_wire_put_ack(buf, peer->version, type, id, 0);

	return mqttk_out_append(&peer->out, buf, n);
}

static int on_unsubscribe(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			  const u8 *body)
{
	struct mqttk_sub_iter it;
	struct mqttk_str filter;
	u8 options;
	int err;

	err = mqttk_wire_subscribe(peer->version, f->type, body, f->remaining,
				   &it);
	if (err)
		return err;
	while (!READ_ONCE(peer->gone) &&
	       mqttk_wire_subscribe_next(&it, &filter, &options)) {
		if (!mqttk_session_unsubscribe(peer->session, &peer->ep,
					       filter.p, filter.len))
			mqttk_replays_drop(&peer->replays, peer->session,
					   filter.p, filter.len);
		cond_resched();
	}
	return send_ack(peer, MQTTK_UNSUBACK, it.packet_id);
}

/* Nothing is sent at QoS 1 or 2, so there is nothing to acknowledge. */
static int on_ack(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		  const u8 *body)
{
	struct mqttk_ack ack;

	return mqttk_wire_ack(peer->version, f->type, body, f->remaining, &ack);
}

static int on_pubrel(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		     const u8 *body)
{
	struct mqttk_ack ack;
	int err;

	err = mqttk_wire_ack(peer->version, f->type, body, f->remaining, &ack);
	return err ?: send_ack(peer, MQTTK_PUBCOMP, ack.id);
}

static int on_pingreq(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		      const u8 *body)
{
	u8 buf[MQTTK_PINGRESP_MAX];

	if (f->remaining)
		return -EBADMSG;
	return mqttk_out_append(&peer->out, buf, mqttk_wire_put_pingresp(buf));
}

static int on_disconnect(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			 const u8 *body)
{
	if (f->remaining)
		return -EBADMSG;
	peer->will_on_close = false;
	peer->state = MQTTK_PEER_DONE;
	return -ESHUTDOWN;
}

static int (* const handlers[])(struct mqttk_peer *peer,
				const struct mqttk_fixed *f,
				const u8 *body) = {
	[MQTTK_CONNECT] = on_connect,
	[MQTTK_PUBACK] = on_ack,
	[MQTTK_PUBREC] = on_ack,
	[MQTTK_PUBREL] = on_pubrel,
	[MQTTK_PUBCOMP] = on_ack,
	[MQTTK_SUBSCRIBE] = on_subscribe,
	[MQTTK_UNSUBSCRIBE] = on_unsubscribe,
	[MQTTK_PINGREQ] = on_pingreq,
	[MQTTK_DISCONNECT] = on_disconnect,
};

/**
 * mqttk_proto_packet - a whole packet other than PUBLISH came
 * @peer: the connection
 * @f: its fixed header, which mqttk_proto_check() has let pass
 * @body: @f->remaining bytes; only borrowed
 *
 * Context: process; may sleep, yields.
 * Return: 0 or an error, see above
 */
int mqttk_proto_packet(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body)
{
	if (WARN_ON_ONCE(f->type >= ARRAY_SIZE(handlers) ||
			 !handlers[f->type]))
		return -EPROTO;
	return handlers[f->type](peer, f, body);
}

/**
 * mqttk_proto_publish_begin - the first bytes of a PUBLISH came
 * @peer: the connection
 * @f: its fixed header, which mqttk_proto_check() has let pass
 * @body: what there is behind it
 * @avail: bytes of @body, at most @f->remaining
 * @in: filled; the payload goes into its message, or is skipped if it has none
 *
 * Context: process; may sleep.
 * Return: bytes of @body before the payload; 0 if more are needed to tell;
 *	or an error, see above
 */
int mqttk_proto_publish_begin(struct mqttk_peer *peer,
			      const struct mqttk_fixed *f,
			      const u8 *body, size_t avail,
			      struct mqttk_incoming *in)
{
	struct mqttk_publish *pub = &in->pub;
	struct mqttk_msg *msg = NULL;
	int n;

	n = mqttk_wire_publish(peer->version, f->flags, f->remaining, body,
			       avail, pub);
	if (n <= 0)
		return n;
	in->left = f->remaining - n;
	in->refused = false;
	if (!is_reserved(&pub->topic)) {
		msg = mqttk_msg_alloc(&peer->mn->limits, pub->topic.p,
				      pub->topic.len, in->left, GFP_PEER);
		if (IS_ERR(msg)) {
			msg = NULL;
			in->msg = NULL;
			mqttk_proto_publish_refused(peer, in);
		}
	}
	if (msg) {
		msg->qos = pub->qos;
		msg->retain = pub->retain;
	}
	in->msg = msg;
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
	in->refused = true;
	mqttk_stat_inc(peer->mn, MQTTK_STAT_MESSAGES_REFUSED);
}

/**
 * mqttk_proto_publish_end - the payload of a PUBLISH is complete
 * @peer: the connection
 * @in: what mqttk_proto_publish_begin() filled; its message is given away
 *
 * Context: process; yields.
 * Return: what it cost, see mqttk_router_publish(), or an error, see above
 */
int mqttk_proto_publish_end(struct mqttk_peer *peer,
			    struct mqttk_incoming *in)
{
	struct mqttk_msg *msg = in->msg;
	unsigned int cost = 0;
	int err = 0;

	/*
	 * Before 5.0 there is no way to refuse: an acknowledgment would lose
	 * the message, the end of the connection makes the client try again.
	 */
	if (in->refused && in->pub.qos)
		return -ENOBUFS;
	in->msg = NULL;
	if (msg) {
		mqttk_stat_inc(peer->mn, MQTTK_STAT_MESSAGES_RECEIVED);
		peer->session->received++;
		cost = mqttk_router_publish(peer->mn, msg);
		mqttk_msg_put(msg);
	}
	if (in->pub.qos == 1)
		err = send_ack(peer, MQTTK_PUBACK, in->pub.packet_id);
	else if (in->pub.qos == 2)
		err = send_ack(peer, MQTTK_PUBREC, in->pub.packet_id);
	return err ?: min_t(unsigned int, cost, INT_MAX);
}

/**
 * mqttk_proto_end - the connection ends
 * @peer: the connection; nothing is sent in its session's name any more
 * @quiet: the whole broker ends: nobody is told
 *
 * The session goes first, so that the will is not queued for its own client.
 *
 * Context: process; may sleep, yields.
 */
void mqttk_proto_end(struct mqttk_peer *peer, bool quiet)
{
	peer->state = MQTTK_PEER_DONE;
	if (peer->session) {
		mqttk_replays_free(&peer->replays, peer->session);
		mqttk_session_close(peer->session, &peer->ep);
		peer->session = NULL;
	}
	if (peer->will && peer->will_on_close && !quiet) {
		mqttk_stat_inc(peer->mn, MQTTK_STAT_WILLS_SENT);
		mqttk_router_publish(peer->mn, peer->will);
	}
	mqttk_msg_put(peer->will);
	peer->will = NULL;
}
