// SPDX-License-Identifier: GPL-2.0
/*
 * PUBLISH that are held back until it is known whether others of their topic
 * follow: for those, receivers are looked for once.
 */
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "msg.h"
#include "net.h"
#include "proto_impl.h"
#include "router.h"
#include "session.h"

/**
 * mqttk_proto_held_begin - begin a PUBLISH that is like those held back
 * @peer: the connection
 * @f: its fixed header
 * @body: what there is behind it
 * @avail: bytes of @body
 * @in: filled if it is
 *
 * One that differs from the last in its payload only needs no second look at its
 * topic.
 *
 * Return: the bytes before its payload; 0 if it is another; or -EAGAIN, as
 *	mqttk_proto_begin_msg()
 */
int mqttk_proto_held_begin(struct mqttk_peer *peer,
			   const struct mqttk_fixed *f,
			   const u8 *body, size_t avail,
			   struct mqttk_incoming *in)
{
	const struct mqttk_held *held = peer->held;
	static const struct mqttk_props none = {};
	const struct mqttk_msg *last;
	struct mqttk_str topic;
	int err;
	u32 n;

	if (!held || !held->nr || f->flags)
		return 0;
	last = held->msgs[0];
	topic.p = last->data + peer->mount_len;
	topic.len = last->topic_len - peer->mount_len;
	n = 2 + topic.len + (peer->version == MQTTK_V5);
	if (avail < n || f->remaining - n > MQTTK_MSG_INLINE ||
	    get_unaligned_be16(body) != topic.len ||
	    memcmp(body + 2, topic.p, topic.len) ||
	    (peer->version == MQTTK_V5 && body[n - 1]))
		return 0;
	*in = (struct mqttk_incoming){
		.left = f->remaining - n,
		.joins = true,
	};
	err = mqttk_proto_begin_msg(peer, &topic, &none, in);
	if (err)
		return err;
	mqttk_stat_add(peer->mn, MQTTK_STAT_PUBLISH_BYTES_RECEIVED, in->left);
	return n;
}

/**
 * mqttk_proto_held_add - hold a message back
 * @held: those of its topic, fewer than MQTTK_HELD_MAX
 * @msg: the message; the caller keeps its reference
 *
 * Until it is known whether others of its topic follow.
 */
void mqttk_proto_held_add(struct mqttk_held *held, struct mqttk_msg *msg)
{
	held->msgs[held->nr++] = mqttk_msg_get(msg);
}

/**
 * mqttk_proto_publish_held - give messages held back to whoever wants them
 * @peer: the connection
 *
 * Before anything that has to come behind them, and when there is nothing more
 * to be read just now.
 *
 * Context: process, yields; or the quick lane.
 * Return: what it cost, or an error, see proto.c
 */
int mqttk_proto_publish_held(struct mqttk_peer *peer)
{
	struct mqttk_held *held = peer->held;
	struct mqttk_session *s = peer->session;
	unsigned int nr, cost = 0;
	int err = 0;

	if (!held || !held->nr)
		return 0;
	nr = held->nr - held->done;
	if (nr && mqttk_session_is_current(s, &peer->ep)) {
		mqttk_stat_add(peer->mn, MQTTK_STAT_MESSAGES_RECEIVED, nr);
		mqttk_session_count_received(s, 0, nr);
		cost = mqttk_router_publish_run(peer->mn,
						held->msgs + held->done, nr, s,
						peer->quick);
	} else if (nr) {
		err = -ESHUTDOWN;
	}
	mqttk_msgs_put(held->msgs, held->nr, 1);
	held->nr = 0;
	held->done = 0;
	return err ?: min_t(unsigned int, cost, INT_MAX);
}

/**
 * mqttk_proto_held_make_room - route what came before a PUBLISH
 * @peer: the connection
 * @in: the PUBLISH
 *
 * As far as this one does not go with it.
 *
 * Return: as mqttk_proto_publish_held()
 */
int mqttk_proto_held_make_room(struct mqttk_peer *peer,
			       const struct mqttk_incoming *in)
{
	const struct mqttk_held *held = peer->held;

	if (!held || (in->joins && held->nr < MQTTK_HELD_MAX))
		return 0;
	return mqttk_proto_publish_held(peer);
}
