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

/**
 * struct mqttk_msg - an application message
 * @ref: who holds it: each queue entry, the retained tree, whoever builds it
 * @payload_len: bytes of payload, at most the largest MQTT packet
 * @filled: bytes of payload written so far, while it is being received
 * @topic_len: bytes of topic
 * @props_len: bytes of the properties that are forwarded as they came
 * @lifetime: Message Expiry Interval in seconds, as the publisher gave it
 * @has_lifetime: it gave one
 * @qos: as published, 0 to 2
 * @retain: RETAIN as published
 * @nr_pages: payload pages allocated so far; 0 for an inline payload
 * @charged: bytes charged to @limits
 * @limits: the budget; lives as long as the netns, which outlives all messages
 * @stamp: CLOCK_BOOTTIME at receipt
 * @expires: CLOCK_BOOTTIME from which on nobody is to have it; 0: never
 * @free: in the list of large messages about to be freed
 * @bvec: the payload's pages, or NULL if it is inline. Pages come from the
 *	page allocator, are never rewritten once published and never recycled
 *	by us, so TCP may hold on to them after the message is gone.
 * @data: the topic, not terminated, then an inline payload, then the properties,
 *	then zeros up to the end of the word, for those who copy words
 */
struct mqttk_msg {
	refcount_t ref;
	u32 payload_len;
	u32 filled;
	u16 topic_len;
	u8 qos : 2;
	u8 retain : 1;
	u8 has_lifetime : 1;
	u32 props_len;
	u32 lifetime;
	u32 nr_pages;
	size_t charged;
	struct mqttk_limits *limits;
	union {
		ktime_t stamp;
		struct llist_node free;
	};
	ktime_t expires;
	struct bio_vec *bvec;
	u8 data[];
};

struct mqttk_msg *mqttk_msg_alloc(struct mqttk_limits *limits, const u8 *topic,
				  u16 topic_len, u32 props_len, u32 payload_len,
				  gfp_t gfp);
struct mqttk_msg *mqttk_msg_alloc_under(struct mqttk_limits *limits,
					const struct mqttk_str *prefix,
					const struct mqttk_str *topic,
					u32 props_len, u32 payload_len,
					gfp_t gfp);
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

static inline struct mqttk_msg *mqttk_msg_get(struct mqttk_msg *msg)
{
	refcount_inc(&msg->ref);
	return msg;
}

static inline void mqttk_msg_put(struct mqttk_msg *msg)
{
	if (msg && refcount_dec_and_test(&msg->ref))
		mqttk_msg_free(msg);
}

#endif /* MQTTK_MSG_H */
