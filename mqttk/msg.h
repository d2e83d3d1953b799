/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The message: topic and payload, stored once, immutable once published,
 * however many queues hold it.
 */
#ifndef MQTTK_MSG_H
#define MQTTK_MSG_H

#include <linux/bvec.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/refcount.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

struct iov_iter;
struct mqttk_limits;
struct mqttk_str;

/*
 * Payloads up to this size lie behind the topic in one allocation and are
 * copied into the socket; larger ones have pages of their own that are
 * spliced into it.
 */
#define MQTTK_MSG_INLINE	1024

/* Messages that share one allocation at most. */
#define MQTTK_MSG_BLOCK		16

/**
 * struct mqttk_msg - an application message
 * @ref: who holds it: each queue entry, the retained tree, whoever builds it; of
 *	those in a block all are counted in the first
 * @payload_len: bytes of payload, at most the largest MQTT packet
 * @filled: bytes of payload written so far, while it is being received
 * @nr: of the first in a block, once it is complete: how many they are
 * @topic_len: bytes of topic
 * @props_len: bytes of the properties that are forwarded as they came
 * @lifetime: Message Expiry Interval in seconds, as the publisher gave it
 * @has_lifetime: it gave one
 * @qos: as published, 0 to 2
 * @retain: RETAIN as published
 * @in_block: see mqttk_msg_alloc_block(). Before @data stands what makes it a
 *	PUBLISH of QoS 0 for MQTT 3.1.1, and behind its payload the packet of the
 *	next one begins: they need not be written
 * @borrowed: of the first in a block: its memory is a CPU's spare one
 * @nth: how many of its block come before it; 0 if it is in none
 * @nr_pages: payload pages allocated so far; 0 for an inline payload
 * @charged: bytes charged to @limits; of a block all are in the first
 * @limits: the budget; lives as long as the netns, which outlives all messages
 * @stamp: CLOCK_BOOTTIME at receipt
 * @expires: CLOCK_BOOTTIME from which on nobody is to have it; 0: never
 * @free: in the list of large messages about to be freed
 * @bvec: the payload's pages, or NULL if it is inline. Pages come from the
 *	page allocator, are never rewritten once published and never recycled
 *	by us, so TCP may hold on to them after the message is gone.
 * @data: the topic, not terminated, then an inline payload, then the properties;
 *	all of the last word may be read, for those who copy words
 * @mem: what @data points to, but in a block
 */
struct mqttk_msg {
	refcount_t ref;
	u32 payload_len;
	union {
		u32 filled;
		u32 nr;
	};
	u16 topic_len;
	u8 qos : 2;
	u8 retain : 1;
	u8 has_lifetime : 1;
	u8 in_block : 1;
	u8 borrowed : 1;
	u8 nth;
	u32 props_len;
	u32 lifetime;
	u32 nr_pages;
	u32 charged;
	struct mqttk_limits *limits;
	union {
		ktime_t stamp;
		struct llist_node free;
	};
	ktime_t expires;
	struct bio_vec *bvec;
	u8 *data;
	u8 mem[] __aligned(sizeof(u64));
};

struct mqttk_msg *mqttk_msg_alloc(struct mqttk_limits *limits, const u8 *topic,
				  u16 topic_len, u32 props_len, u32 payload_len,
				  gfp_t gfp);
struct mqttk_msg *mqttk_msg_alloc_under(struct mqttk_limits *limits,
					const struct mqttk_str *prefix,
					const struct mqttk_str *topic,
					u32 props_len, u32 payload_len,
					gfp_t gfp);
struct mqttk_msg *mqttk_msg_alloc_block(struct mqttk_limits *limits,
					unsigned int nr, size_t bytes,
					unsigned int refs, gfp_t gfp);
void mqttk_msg_block_done(struct mqttk_msg *first, size_t payload);
int mqttk_msg_reserve(struct mqttk_msg *msg, u32 len, gfp_t gfp);
u32 mqttk_msg_fill(struct mqttk_msg *msg, const void *from, u32 len);
void mqttk_msg_fill_iter(struct mqttk_msg *msg, struct iov_iter *iter);
u32 mqttk_msg_fill_from(struct mqttk_msg *msg, struct iov_iter *from, u32 len);
void mqttk_msg_read(const struct mqttk_msg *msg, u32 off, void *to, u32 len);
void mqttk_msg_free(struct mqttk_msg *msg);
void mqttk_msg_flush(void);
int mqttk_msg_module_init(void);
void mqttk_msg_module_exit(void);

static inline const u8 *mqttk_msg_inline(const struct mqttk_msg *msg)
{
	return msg->data + msg->topic_len;
}

/* The properties that are forwarded, as they are on the wire. */
static inline u8 *mqttk_msg_props(struct mqttk_msg *msg)
{
	u32 payload = msg->payload_len <= MQTTK_MSG_INLINE ? msg->payload_len :
							     0;

	return msg->data + msg->topic_len + payload;
}

/* What a message counts for in one receiver's queue. */
static inline size_t mqttk_msg_share(const struct mqttk_msg *msg)
{
	return (size_t)msg->topic_len + msg->props_len + msg->payload_len;
}

/*
 * It is published now: from here on its lifetime counts. One of no seconds lets
 * it reach those who are there.
 */
static inline void mqttk_msg_begin_life(struct mqttk_msg *msg)
{
	if (msg->has_lifetime)
		msg->expires = ktime_add_ns(ktime_get_boottime(),
					    (u64)max(msg->lifetime, 1U) *
					    NSEC_PER_SEC);
}

/* Past its time: nobody is given it any more. */
static inline bool mqttk_msg_expired(const struct mqttk_msg *msg)
{
	return msg->expires && msg->expires <= ktime_get_boottime();
}

/* Where its references are counted. */
static inline refcount_t *mqttk_msg_refs(struct mqttk_msg *msg)
{
	return &(msg - msg->nth)->ref;
}

static inline struct mqttk_msg *mqttk_msg_get(struct mqttk_msg *msg)
{
	refcount_inc(mqttk_msg_refs(msg));
	return msg;
}

static inline void mqttk_msg_put(struct mqttk_msg *msg)
{
	if (msg && refcount_dec_and_test(mqttk_msg_refs(msg)))
		mqttk_msg_free(msg - msg->nth);
}

/* How many, from the first, are counted as one, at most @nr. */
static inline unsigned int mqttk_msgs_alike(struct mqttk_msg *const *msgs,
					    unsigned int nr)
{
	const struct mqttk_msg *first = msgs[0] - msgs[0]->nth;
	unsigned long bytes = sizeof(*first);
	unsigned int n = 1;

	if (first->in_block)
		bytes *= first->nr;
	while (n < nr &&
	       (unsigned long)msgs[n] - (unsigned long)first < bytes)
		n++;
	return n;
}

/* @times references to each; there is one to each already. */
static inline void mqttk_msgs_get(struct mqttk_msg *const *msgs,
				  unsigned int nr, unsigned int times)
{
	unsigned int i, n;

	for (i = 0; i < nr; i += n) {
		n = mqttk_msgs_alike(msgs + i, nr - i);
		refcount_add(n * times, mqttk_msg_refs(msgs[i]));
	}
}

/* Drops @times references to each. */
static inline void mqttk_msgs_put(struct mqttk_msg *const *msgs,
				  unsigned int nr, unsigned int times)
{
	unsigned int i, n;

	for (i = 0; i < nr; i += n) {
		struct mqttk_msg *first = msgs[i] - msgs[i]->nth;

		n = mqttk_msgs_alike(msgs + i, nr - i);
		if (refcount_sub_and_test(n * times, &first->ref))
			mqttk_msg_free(first);
	}
}

#endif /* MQTTK_MSG_H */
