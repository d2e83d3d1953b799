// SPDX-License-Identifier: GPL-2.0
/*
 * Repeats: PUBLISH of QoS 0 that differ from the one before in their payload
 * only, as most of what a client publishes does. What was found out about the
 * one before holds for them: that its topic is one, and to whom it goes. All of
 * them that came together are one allocation, and in the queues of those who
 * subscribed in one go.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "access.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "proto_impl.h"
#include "router.h"
#include "session.h"

/* A block keeps its memory until its last message is gone. */
#define BLOCK_BYTES	(SZ_4K - 2 * sizeof(u64))

/**
 * struct mqttk_repeat - how a client's last PUBLISH began
 * @found: to whom it went
 * @len: bytes of @prefix
 * @prefix: what came between its fixed header and its payload: length and topic,
 *	and behind them a 0 if there might have been properties
 */
struct mqttk_repeat {
	struct mqttk_found found;
	u16 len;
	u8 prefix[102];
};

/**
 * struct burst - what came at once
 * @nr: how many packets
 * @bytes: of all of them
 * @payload: bytes of all payloads
 * @len: of each payload
 */
struct burst {
	unsigned int nr;
	u32 bytes;
	u32 payload;
	u16 len[MQTTK_MSG_BLOCK];
};

/**
 * mqttk_proto_remember - there may be more PUBLISH like this
 * @peer: the connection
 * @msg: its message
 * @found: to whom it went
 *
 * Context: the quick lane.
 */
void mqttk_proto_remember(struct mqttk_peer *peer, const struct mqttk_msg *msg,
			  const struct mqttk_found *found)
{
	bool has_props = peer->version == MQTTK_V5;
	u32 len = 2 + msg->topic_len + has_props;
	struct mqttk_repeat *r = peer->repeat;

	if (!found->filter || peer->mount_len || msg->props_len ||
	    len > sizeof(r->prefix) || !mqttk_router_joins(msg))
		return;
	if (!r) {
		if (!mqttk_charge(&peer->mn->limits, MQTTK_BUDGET_CLIENT,
				  sizeof(*r)))
			return;
		r = kmalloc(sizeof(*r), mqttk_peer_gfp(peer));
		if (!r) {
			mqttk_uncharge(&peer->mn->limits, MQTTK_BUDGET_CLIENT,
				       sizeof(*r));
			return;
		}
		peer->repeat = r;
	}
	r->found = *found;
	r->len = len;
	put_unaligned_be16(msg->topic_len, r->prefix);
	memcpy(r->prefix + 2, msg->data, msg->topic_len);
	if (has_props)
		r->prefix[len - 1] = 0;
}

/**
 * mqttk_proto_forget - keep nothing for PUBLISH that may never come
 * @peer: the connection; called by its work
 */
void mqttk_proto_forget(struct mqttk_peer *peer)
{
	if (!peer->repeat)
		return;
	mqttk_uncharge(&peer->mn->limits, MQTTK_BUDGET_CLIENT,
		       sizeof(*peer->repeat));
	kfree(peer->repeat);
	peer->repeat = NULL;
}

/* As memcmp(), for what is short and mostly the same. */
static bool is_same(const u8 *a, const u8 *b, u32 len)
{
	u32 i;

	if (len < sizeof(u64))
		return !memcmp(a, b, len);
	for (i = 0; i < len - sizeof(u64); i += sizeof(u64))
		if (get_unaligned((u64 *)(a + i)) != get_unaligned((u64 *)(b + i)))
			return false;
	i = len - sizeof(u64);
	return get_unaligned((u64 *)(a + i)) == get_unaligned((u64 *)(b + i));
}

/* Bytes of the packet at @buf, if it is a repeat that has come whole; or 0. */
static u32 repeat_len(const struct mqttk_repeat *r, const u8 *buf, size_t len,
		      u32 *payload)
{
	u32 remaining, head = 2;

	if (len < 2 || buf[0] != MQTTK_PUBLISH << 4)
		return 0;
	remaining = buf[1];
	if (remaining & 0x80) {
		/* Longer ones, and those that say it in too many bytes, are not. */
		if (len < 3 || !buf[2] || buf[2] & 0x80)
			return 0;
		remaining = buf[2] << 7 | (remaining & 0x7f);
		head = 3;
	}
	if (head + remaining > len || remaining < r->len ||
	    remaining - r->len > MQTTK_MSG_INLINE ||
	    !is_same(buf + head, r->prefix, r->len))
		return 0;
	*payload = remaining - r->len;
	return head + remaining;
}

static void find_burst(const struct mqttk_peer *peer, const u8 *buf, size_t len,
		       struct burst *b)
{
	unsigned long max = mqttk_limit(&peer->mn->limits,
					MQTTK_LIMIT_MAX_PACKET_SIZE);
	u32 n, payload;

	b->nr = 0;
	b->bytes = 0;
	b->payload = 0;
	while (b->nr < MQTTK_MSG_BLOCK) {
		n = repeat_len(peer->repeat, buf + b->bytes, len - b->bytes,
			       &payload);
		if (!n || n > max ||
		    (b->nr + 1) * sizeof(struct mqttk_msg) + b->bytes + n >
		    BLOCK_BYTES)
			break;
		b->len[b->nr++] = payload;
		b->bytes += n;
		b->payload += payload;
	}
}

static u8 *put_len(u8 *p, u32 len)
{
	if (len > 0x7f) {
		*p++ = 0x80 | (len & 0x7f);
		len >>= 7;
	}
	*p++ = len;
	return p;
}

static u8 *put(u8 *p, const u8 *from, u32 len)
{
	memcpy(p, from, len);
	return p + len;
}

/* The packets, but as MQTT 3.1.1 has them. */
static void put_old(u8 *to, const struct mqttk_repeat *r, const u8 *buf,
		    const struct burst *b)
{
	unsigned int i;

	for (i = 0; i < b->nr; i++) {
		/* Behind the prefix, wherever that begins. */
		buf += 1 + (r->len + b->len[i] > 0x7f ? 2 : 1) + r->len;
		*to++ = MQTTK_PUBLISH << 4;
		to = put_len(to, r->len - 1 + b->len[i]);
		to = put(to, r->prefix, r->len - 1);
		to = put(to, buf, b->len[i]);
		buf += b->len[i];
	}
}

/* Makes messages of the packets, which lie behind them. */
static void fill(struct mqttk_msg *msg, struct mqttk_msg **msgs,
		 const struct mqttk_peer *peer, const u8 *buf,
		 const struct burst *b)
{
	const struct mqttk_repeat *r = peer->repeat;
	u8 *at = (u8 *)(msg + b->nr);
	u16 topic_len = r->len - 2;
	unsigned int i;

	if (peer->version == MQTTK_V5) {
		topic_len--;
		put_old(at, r, buf, b);
	} else {
		memcpy(at, buf, b->bytes);
	}
	for (i = 0; i < b->nr; i++, msg++) {
		u32 body = topic_len + b->len[i];

		at += 1 + (2 + body > 0x7f ? 2 : 1) + 2;
		msg->data = at;
		msg->topic_len = topic_len;
		msg->payload_len = b->len[i];
		msgs[i] = msg;
		at += body;
	}
}

static void count(struct mqttk_peer *peer, const struct burst *b)
{
	struct mqttk_net *mn = peer->mn;

	mqttk_stat_add(mn, MQTTK_STAT_PACKETS_RECEIVED, b->nr);
	mqttk_stat_add(mn, MQTTK_STAT_PUBLISH_BYTES_RECEIVED, b->payload);
	mqttk_stat_add(mn, MQTTK_STAT_MESSAGES_RECEIVED, b->nr);
	mqttk_session_count_received(peer->session, 0, b->nr);
}

/* Returns what it cost, or -EAGAIN. */
static int publish(struct mqttk_peer *peer, const u8 *buf,
		   const struct burst *b)
{
	struct mqttk_msg *msgs[MQTTK_MSG_BLOCK];
	struct mqttk_msg *block;
	int cost;

	block = mqttk_msg_alloc_block(&peer->mn->limits, b->nr, b->bytes,
				      MQTTK_ROUTER_REFS, mqttk_peer_gfp(peer));
	if (!block)
		return -EAGAIN;
	fill(block, msgs, peer, buf, b);
	mqttk_msg_block_done(block, b->payload);
	cost = mqttk_router_publish_again(peer->mn, msgs, b->nr, peer->session,
					  &peer->repeat->found);
	if (cost < 0)
		mqttk_msgs_put(msgs, b->nr, MQTTK_ROUTER_REFS);
	else
		count(peer, b);
	return cost;
}

/**
 * mqttk_proto_repeat - take PUBLISH that are like the one before
 * @peer: the connection
 * @buf: what has come
 * @len: how many bytes
 * @packets: how many were taken is added
 * @cost: what that cost is added, see mqttk_router_publish()
 *
 * Context: the quick lane.
 * Return: bytes taken; 0: it is something else, or not for here, and nothing was
 *	done; or an error, see proto.c
 */
int mqttk_proto_repeat(struct mqttk_peer *peer, const u8 *buf, size_t len,
		       unsigned int *packets, int *cost)
{
	struct burst b;
	int n;

	if (*buf != MQTTK_PUBLISH << 4 || !peer->repeat ||
	    !peer->repeat->found.filter || peer->state != MQTTK_PEER_CONNECTED)
		return 0;
	find_burst(peer, buf, len, &b);
	if (!b.nr)
		return 0;
	/* What it was may have come just before it. */
	if (peer->held && peer->held->nr) {
		n = mqttk_proto_publish_held(peer);
		if (n < 0)
			return n;
		*cost += n;
	}
	/* What it was may be denied by now: that is not for here. */
	if (!mqttk_access_may(peer->mn, peer->session, MQTTK_ACL_WRITE,
			      peer->repeat->prefix + 2,
			      get_unaligned_be16(peer->repeat->prefix)))
		return 0;
	/* What comes after another has taken over counts as not having come. */
	if (!mqttk_session_is_current(peer->session, &peer->ep))
		return -ESHUTDOWN;
	n = publish(peer, buf, &b);
	if (n < 0) {
		/* Not to be tried for each that follows: it may never hold again. */
		peer->repeat->found.filter = NULL;
		return 0;
	}
	*cost += n;
	*packets += b.nr;
	return b.bytes;
}
