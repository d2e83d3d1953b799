// SPDX-License-Identifier: GPL-2.0
/*
 * The queue of a session. An idle or prompt receiver needs no memory beyond
 * the session itself; a backlog grows by chunks that are given back one by one.
 */
#include <linux/minmax.h>
#include <linux/slab.h>

#include "limits.h"
#include "msg.h"
#include "queue.h"

#define CHUNK_BYTES	512
#define CHUNK_ENTRIES	((CHUNK_BYTES - sizeof(struct list_head) - 8) / \
			 sizeof(struct mqttk_qent))

/**
 * struct chunk - part of a backlog
 * @list: in queue->chunks
 * @head: oldest entry
 * @tail: one behind the newest
 * @ents: the entries
 */
struct chunk {
	struct list_head list;
	u32 head;
	u32 tail;
	struct mqttk_qent ents[CHUNK_ENTRIES];
};

static struct kmem_cache *chunk_cache;

/**
 * mqttk_queue_cache_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_queue_cache_init(void)
{
	BUILD_BUG_ON(sizeof(struct chunk) > CHUNK_BYTES);
	chunk_cache = kmem_cache_create("mqttk_chunk", sizeof(struct chunk), 0,
					0, NULL);
	return chunk_cache ? 0 : -ENOMEM;
}

/**
 * mqttk_queue_cache_exit - at module unload, when no queue is left
 */
void mqttk_queue_cache_exit(void)
{
	kmem_cache_destroy(chunk_cache);
}

/**
 * mqttk_queue_init - an empty queue
 * @q: the queue
 */
void mqttk_queue_init(struct mqttk_queue *q)
{
	memset(q, 0, sizeof(*q));
	INIT_LIST_HEAD(&q->chunks);
}

static struct chunk *last_chunk(struct mqttk_queue *q,
				struct mqttk_limits *limits)
{
	struct chunk *c;

	if (!list_empty(&q->chunks)) {
		c = list_last_entry(&q->chunks, struct chunk, list);
		if (c->tail < CHUNK_ENTRIES)
			return c;
	}
	if (!mqttk_charge(limits, MQTTK_BUDGET_MESSAGE, sizeof(*c)))
		return NULL;
	c = kmem_cache_alloc(chunk_cache, GFP_NOWAIT | __GFP_ACCOUNT |
			     __GFP_NOWARN);
	if (!c) {
		mqttk_uncharge(limits, MQTTK_BUDGET_MESSAGE, sizeof(*c));
		return NULL;
	}
	c->head = 0;
	c->tail = 0;
	list_add_tail(&c->list, &q->chunks);
	return c;
}

static struct mqttk_qent *new_entry(struct mqttk_queue *q,
				    struct mqttk_limits *limits)
{
	struct chunk *c;
	unsigned int i;

	if (list_empty(&q->chunks) && q->nr_inplace < MQTTK_QUEUE_INPLACE) {
		i = (q->first + q->nr_inplace++) % MQTTK_QUEUE_INPLACE;
		return &q->inplace[i];
	}
	c = last_chunk(q, limits);
	return c ? &c->ents[c->tail++] : NULL;
}

/*
 * Bytes this queue may hold. The less memory is left for messages the shorter
 * every queue has to be: so however many receivers are stalled, together they
 * never take all of it, and those that read are served.
 */
static unsigned long bytes_max(struct mqttk_limits *limits)
{
	return min(mqttk_limit(limits, MQTTK_LIMIT_MAX_QUEUED_BYTES),
		   mqttk_budget_left(limits, MQTTK_BUDGET_MESSAGE) / 2);
}

/**
 * mqttk_queue_takes - would a message be queued?
 * @q: the queue, locked
 * @limits: the netns's limits
 * @bytes: topic and payload
 *
 * An empty queue takes any message, whatever its size: otherwise one larger
 * than max_queued_bytes could never be delivered.
 *
 * Return: true, but for want of memory
 */
bool mqttk_queue_takes(const struct mqttk_queue *q, struct mqttk_limits *limits,
		       size_t bytes)
{
	return !q->nr ||
	       (q->nr < mqttk_limit(limits,
				    MQTTK_LIMIT_MAX_QUEUED_MESSAGES) &&
		q->bytes + bytes <= bytes_max(limits));
}

/**
 * mqttk_queue_has_room - is the queue at most half full?
 * @q: the queue, locked
 * @limits: the netns's limits
 *
 * What can wait, waits until it is, and leaves the other half to what cannot.
 *
 * Return: true if it is
 */
bool mqttk_queue_has_room(const struct mqttk_queue *q,
			  struct mqttk_limits *limits)
{
	return q->nr <= mqttk_limit(limits,
				    MQTTK_LIMIT_MAX_QUEUED_MESSAGES) / 2 &&
	       q->bytes <= bytes_max(limits) / 2;
}

/**
 * mqttk_queue_append - add a message at the end
 * @q: the queue, locked
 * @limits: the netns's limits
 * @msg: the message; on success the queue owns the reference passed in
 * @qos: QoS of the delivery
 * @retain: RETAIN as the receiver shall see it
 *
 * Return: 0; -ENOBUFS over a limit, -ENOMEM: then the caller keeps the
 *	reference and the loss is noted for the next entry
 */
int mqttk_queue_append(struct mqttk_queue *q, struct mqttk_limits *limits,
		       struct mqttk_msg *msg, u8 qos, bool retain)
{
	size_t bytes = mqttk_msg_share(msg);
	struct mqttk_qent *e;

	if (!mqttk_queue_takes(q, limits, bytes)) {
		q->lost++;
		return -ENOBUFS;
	}
	e = new_entry(q, limits);
	if (!e) {
		q->lost++;
		return -ENOMEM;
	}
	e->msg = msg;
	e->qos = qos;
	e->retain = retain;
	e->lost = q->lost;
	q->lost = 0;
	q->nr++;
	q->bytes += bytes;
	return 0;
}

/**
 * mqttk_queue_peek - look at the oldest entries
 * @q: the queue, locked
 * @ents: filled with copies; the queue keeps the references
 * @max: at most so many
 *
 * Return: how many there are in @ents
 */
unsigned int mqttk_queue_peek(const struct mqttk_queue *q,
			      struct mqttk_qent *ents, unsigned int max)
{
	const struct chunk *c;
	unsigned int n = 0, i;

	for (i = 0; i < q->nr_inplace && n < max; i++)
		ents[n++] = q->inplace[(q->first + i) % MQTTK_QUEUE_INPLACE];
	list_for_each_entry(c, &q->chunks, list) {
		unsigned int part = min(max - n, c->tail - c->head);

		if (!part)
			break;
		memcpy(&ents[n], &c->ents[c->head], part * sizeof(*ents));
		n += part;
	}
	return n;
}

static void forget(struct mqttk_queue *q, struct mqttk_qent *e)
{
	q->nr--;
	q->bytes -= mqttk_msg_share(e->msg);
	mqttk_msg_put(e->msg);
}

static void free_chunk(struct chunk *c, struct mqttk_limits *limits)
{
	list_del(&c->list);
	kmem_cache_free(chunk_cache, c);
	mqttk_uncharge(limits, MQTTK_BUDGET_MESSAGE, sizeof(*c));
}

/**
 * mqttk_queue_consume - drop the oldest entries and their references
 * @q: the queue, locked
 * @limits: the netns's limits
 * @n: how many, no more than there are
 */
void mqttk_queue_consume(struct mqttk_queue *q, struct mqttk_limits *limits,
			 unsigned int n)
{
	while (n && q->nr_inplace) {
		forget(q, &q->inplace[q->first]);
		q->first = (q->first + 1) % MQTTK_QUEUE_INPLACE;
		q->nr_inplace--;
		n--;
	}
	while (n) {
		struct chunk *c = list_first_entry(&q->chunks, struct chunk,
						   list);

		while (n && c->head < c->tail) {
			forget(q, &c->ents[c->head++]);
			n--;
		}
		if (c->head == c->tail)
			free_chunk(c, limits);
	}
}

/**
 * mqttk_queue_purge - empty a queue that nobody else uses any more
 * @q: the queue; not locked, since a long one takes time
 * @limits: the netns's limits
 *
 * Context: process; yields.
 */
void mqttk_queue_purge(struct mqttk_queue *q, struct mqttk_limits *limits)
{
	while (q->nr) {
		mqttk_queue_consume(q, limits, min_t(u32, q->nr, 256));
		cond_resched();
	}
}
