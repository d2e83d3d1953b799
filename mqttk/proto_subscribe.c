// SPDX-License-Identifier: GPL-2.0
/*
 * SUBSCRIBE and UNSUBSCRIBE.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "access.h"
#include "proto_impl.h"
#include "replay.h"
#include "session.h"
#include "terms.h"
#include "topic.h"

/**
 * struct entries - what a SUBSCRIBE or UNSUBSCRIBE asks for
 * @it: its entries
 * @room: for a filter under the mount point; NULL if there is none
 */
struct entries {
	struct mqttk_sub_iter it;
	u8 *room;
};

/*
 * Puts the mount point before a filter; that of a share is behind its name.
 * What does not become a filter by it is left without a byte, which none is.
 */
static void mount(const struct mqttk_peer *peer, struct mqttk_str *filter,
		  u8 *room)
{
	struct mqttk_share share;
	u16 name;

	if (mqttk_share_parse(filter->p, filter->len, &share) < 0 ||
	    filter->len > MQTTK_TOPIC_LEN_MAX - peer->mount_len) {
		filter->len = 0;
		return;
	}
	name = share.filter.p - filter->p;
	memcpy(room, filter->p, name);
	memcpy(room + name, peer->terms->mount_point, peer->mount_len);
	memcpy(room + name + peer->mount_len, share.filter.p, share.filter.len);
	filter->p = room;
	filter->len += peer->mount_len;
}

/* @topics is set to the part that is matched against topics. */
static bool filter_ok(const struct mqttk_str *filter, bool *shared,
		      struct mqttk_str *topics)
{
	struct mqttk_share share;
	int n;

	n = mqttk_share_parse(filter->p, filter->len, &share);
	*shared = n > 0;
	*topics = share.filter;
	return n >= 0 && mqttk_filter_valid(topics->p, topics->len);
}

/* A code for the SUBACK; before 5.0 all failures are the same. */
static u8 failure(const struct mqttk_peer *peer, u8 reason)
{
	return peer->version == MQTTK_V5 ? reason : MQTTK_SUBACK_FAILURE;
}

/*
 * What is retained for a new subscription is queued once the SUBACK is on its
 * way, because clients expect that first.
 */
static void start_replay(struct mqttk_peer *peer, struct mqttk_replay *rp,
			 u8 qos, u8 options, bool existed)
{
	u8 handling = options & MQTTK_SUB_RETAIN_HANDLING;
	struct mqttk_session *s = peer->session;

	if (handling == MQTTK_SUB_RETAIN_IF_NEW && existed) {
		/* [MQTT-3.3.1-10] */
		mqttk_replay_discard(s, rp);
		return;
	}
	if (existed)
		mqttk_replays_outdate(&peer->replays, s);
	mqttk_replay_start(&peer->replays, s, rp, qos);
}

/* Returns the code for the SUBACK, or -ESHUTDOWN if the session is not ours. */
static int subscribe_one(struct mqttk_peer *peer,
			 const struct mqttk_str *filter, u8 options, u32 id)
{
	struct mqttk_session *s = peer->session;
	u8 qos = min_t(u8, options & MQTTK_SUB_QOS, peer->max_qos);
	struct mqttk_replay *rp = NULL;
	struct mqttk_str topics;
	bool shared, existed;
	int err;

	if (!filter_ok(filter, &shared, &topics))
		return failure(peer, MQTTK_REASON_FILTER_INVALID);
	err = mqttk_access_may_subscribe(peer->mn, s, &topics);
	if (err)
		return failure(peer, err == -EACCES ?
			       MQTTK_REASON_NOT_AUTHORIZED :
			       MQTTK_REASON_QUOTA_EXCEEDED);
	/* Section 3.3.1.3: a share is not sent what is retained. */
	if (!shared &&
	    (options & MQTTK_SUB_RETAIN_HANDLING) != MQTTK_SUB_RETAIN_NEVER) {
		rp = mqttk_replay_alloc(s, filter->p, filter->len, id);
		if (!rp)
			return failure(peer, MQTTK_REASON_QUOTA_EXCEEDED);
	}
	err = mqttk_session_subscribe(s, &peer->ep, filter->p, filter->len,
				      qos, options, id, &existed);
	if (err) {
		if (rp)
			mqttk_replay_discard(s, rp);
		return err == -ESHUTDOWN ? err :
		       failure(peer, MQTTK_REASON_QUOTA_EXCEEDED);
	}
	if (rp)
		start_replay(peer, rp, qos, options, existed);
	return qos;
}

/* Returns the code for the UNSUBACK, or -ESHUTDOWN. */
static int unsubscribe_one(struct mqttk_peer *peer,
			   const struct mqttk_str *filter)
{
	struct mqttk_session *s = peer->session;
	struct mqttk_str topics;
	bool shared;
	int err;

	if (!filter_ok(filter, &shared, &topics))
		return MQTTK_REASON_FILTER_INVALID;
	err = mqttk_session_unsubscribe(s, &peer->ep, filter->p, filter->len);
	if (err == -ESHUTDOWN)
		return err;
	if (err)
		return MQTTK_REASON_NO_SUBSCRIPTION_EXISTED;
	mqttk_replays_outdate(&peer->replays, s);
	return MQTTK_REASON_SUCCESS;
}

/*
 * Does what the entries ask for and writes their codes to @codes. Returns how
 * many, or an error. Whoever lost its session gets no answer: it is asked no
 * more.
 */
static int run_entries(struct mqttk_peer *peer, struct entries *e, u8 *codes)
{
	struct mqttk_sub_iter *it = &e->it;
	bool subscribe = it->options;
	struct mqttk_str filter;
	u32 id = it->props.subscription_id;
	u8 options;
	int n = 0;
	int code;

	while (mqttk_wire_subscribe_next(it, &filter, &options)) {
		if (READ_ONCE(peer->gone))
			return -ESHUTDOWN;
		if (e->room)
			mount(peer, &filter, e->room);
		if (subscribe)
			code = subscribe_one(peer, &filter, options, id);
		else
			code = unsubscribe_one(peer, &filter);
		if (code < 0)
			return code;
		codes[n++] = code;
		cond_resched();
	}
	return n;
}

static int answer(struct mqttk_peer *peer, struct entries *e)
{
	struct mqttk_sub_iter *it = &e->it;
	unsigned int head;
	int n, err;
	u8 *buf;

	buf = kvmalloc(MQTTK_SUBACK_HEADER_MAX + (size_t)it->nr,
		       MQTTK_GFP_PEER);
	if (!buf)
		return -ENOMEM;
	if (it->options)
		head = mqttk_wire_put_suback_header(buf, peer->version,
						    it->packet_id, it->nr);
	else
		head = mqttk_wire_put_unsuback_header(buf, peer->version,
						      it->packet_id, it->nr);
	n = run_entries(peer, e, buf + head);
	/* An UNSUBACK has no codes before 5.0. */
	if (n > 0 && !it->options && peer->version != MQTTK_V5)
		n = 0;
	err = n < 0 ? n : mqttk_proto_emit(peer, buf, head + n);
	kvfree(buf);
	return err;
}

/**
 * mqttk_proto_subscribe - SUBSCRIBE or UNSUBSCRIBE came
 * @peer: the connection
 * @f: its fixed header
 * @body: its body
 *
 * What is asked for is granted, up to the highest QoS that is. A filter that
 * begins with "$share/" is shared before 5.0, too.
 *
 * Return: 0 or an error, see proto.c
 */
int mqttk_proto_subscribe(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			  const u8 *body)
{
	struct entries e = { };
	int err;

	/* What came before is not for who subscribes now, unless it is retained. */
	err = mqttk_proto_publish_held(peer);
	if (err < 0)
		return err;
	err = mqttk_wire_subscribe(peer->version, f->type, body, f->remaining,
				   &e.it);
	if (err)
		return err;
	if (peer->mount_len) {
		e.room = kvmalloc(peer->mount_len + (size_t)f->remaining,
				  MQTTK_GFP_PEER);
		if (!e.room)
			return -ENOMEM;
	}
	err = answer(peer, &e);
	kvfree(e.room);
	return err;
}
