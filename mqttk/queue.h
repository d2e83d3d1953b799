/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The queue of a session: message references in order, a few in place and the
 * rest in chunks that are freed as they drain.
 */
#ifndef MQTTK_QUEUE_H
#define MQTTK_QUEUE_H

#include <linux/list.h>
#include <linux/types.h>

struct mqttk_limits;
struct mqttk_msg;

/* Entries that need no allocation: a client that keeps up never has more. */
#define MQTTK_QUEUE_INPLACE	4

/**
 * struct mqttk_qent - a message on its way to one receiver
 * @msg: the message; the entry holds a reference
 * @qos: QoS of the delivery: the lower of published and granted
 * @retain: RETAIN as the receiver shall see it
 * @lost: for a reader of /dev/mqtt: messages dropped just before this one
 */
struct mqttk_qent {
	struct mqttk_msg *msg;
	u8 qos;
	bool retain;
	u32 lost;
};

/**
 * struct mqttk_queue - FIFO of &struct mqttk_qent; its owner locks
 * @chunks: what did not fit in place, oldest first
 * @nr: entries
 * @bytes: topic and payload bytes of all entries; what @msg costs is shared,
 *	so this is the receiver's fair share, not memory
 * @lost: dropped since the last entry was queued
 * @first: index of the oldest entry in @inplace
 * @nr_inplace: entries in @inplace; they come before those in @chunks
 * @inplace: the first few
 */
struct mqttk_queue {
	struct list_head chunks;
	u32 nr;
	u32 lost;
	u64 bytes;
	u8 first;
	u8 nr_inplace;
	struct mqttk_qent inplace[MQTTK_QUEUE_INPLACE];
};

int mqttk_queue_cache_init(void);
void mqttk_queue_cache_exit(void);

void mqttk_queue_init(struct mqttk_queue *q);
bool mqttk_queue_takes(const struct mqttk_queue *q, struct mqttk_limits *limits,
		       size_t bytes);
bool mqttk_queue_has_room(const struct mqttk_queue *q,
			  struct mqttk_limits *limits);
int mqttk_queue_append(struct mqttk_queue *q, struct mqttk_limits *limits,
		       struct mqttk_msg *msg, u8 qos, bool retain);
unsigned int mqttk_queue_peek(const struct mqttk_queue *q,
			      struct mqttk_qent *ents, unsigned int max);
void mqttk_queue_consume(struct mqttk_queue *q, struct mqttk_limits *limits,
			 unsigned int n);
void mqttk_queue_purge(struct mqttk_queue *q, struct mqttk_limits *limits);

#endif /* MQTTK_QUEUE_H */
