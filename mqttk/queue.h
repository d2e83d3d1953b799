/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The queue of a session: message references in order, a few in places that
 * stay as long as messages come, the rest in chunks that are freed as they
 * drain.
 */
#ifndef MQTTK_QUEUE_H
#define MQTTK_QUEUE_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/types.h>

struct mqttk_limits;
struct mqttk_msg;
struct mqttk_session;
struct mqttk_via;

/*
 * Entries for which there are places: a client that keeps up never has more. As
 * many as in the second line for one to whom messages come in bursts.
 */
#define MQTTK_QUEUE_PLACES	4
#define MQTTK_QUEUE_PLACES_MAX	16

/**
 * struct mqttk_qent - a message on its way to one receiver
 * @msg: the message; the entry holds a reference. NULL only for a PUBREL
 * @via: by which subscriptions it came; a reference, or NULL
 * @lost: for a reader of /dev/mqtt: messages dropped just before this one
 * @id: packet identifier, 0: none yet
 * @qos: QoS of the delivery: the lower of published and granted
 * @retain: RETAIN as the receiver shall see it
 * @dup: it was sent before, on another connection
 * @resend: it comes from the window, not from the queue
 * @skip: too large for the receiver: passed over
 */
struct mqttk_qent {
	struct mqttk_msg *msg;
	struct mqttk_via *via;
	u32 lost;
	u16 id;
	u8 qos : 2;
	u8 retain : 1;
	u8 dup : 1;
	u8 resend : 1;
	u8 skip : 1;
};

/**
 * struct mqttk_queue_room - what a queue needs while messages come
 * @chunks: what did not fit in @places, oldest first
 * @places: of the first few, a ring
 */
struct mqttk_queue_room {
	struct list_head chunks;
	struct mqttk_qent places[];
};

/* Bytes of a room with so many places. */
#define MQTTK_QUEUE_ROOM(places) \
	(sizeof(struct mqttk_queue_room) + (places) * sizeof(struct mqttk_qent))

/**
 * struct mqttk_queue - FIFO of &struct mqttk_qent; its owner locks
 * @room: where they are; NULL: nothing has come for a while. Whoever has a queue
 *	is charged for MQTTK_QUEUE_PLACES all the time, for more while they are there
 * @bytes: of all entries, topic, properties, payload, and identifiers of
 *	subscriptions that are theirs alone; what a message costs is shared, so
 *	this is the receiver's fair share, not memory
 * @nr: entries
 * @nr_qos0: those of QoS 0
 * @lost: dropped since the last entry was queued; counted by the owner, moved to
 *	the next entry
 * @max_nr: entries its receiver wants at most, beside the netns's limit
 * @max_bytes: likewise
 * @first: index of the oldest entry in @room->places
 * @nr_placed: entries in @room->places; they come before those in @room->chunks
 * @mask: of an index there: how many there are, a power of two, less one
 */
struct mqttk_queue {
	struct mqttk_queue_room *room;
	u64 bytes;
	u32 nr;
	u32 nr_qos0;
	u32 lost;
	u32 max_nr;
	u32 max_bytes;
	u8 first;
	u8 nr_placed;
	u8 mask;
};

/**
 * struct mqttk_chunk - part of a backlog; its entries follow it
 * @list: in queue->room->chunks
 * @head: oldest entry
 * @tail: one behind the newest
 * @nr_qos0: entries of QoS 0
 * @expires: before it no entry is to be removed; 0: none ever is
 */
struct mqttk_chunk {
	struct list_head list;
	u16 head;
	u16 tail;
	u16 nr_qos0;
	ktime_t expires;
};

/**
 * struct mqttk_queue_pos - a place in a queue, while it is locked
 * @chunk: the chunk, NULL while among the entries in places
 * @i: number of the entry there
 */
struct mqttk_queue_pos {
	struct mqttk_chunk *chunk;
	unsigned int i;
};

/**
 * struct mqttk_sweep - a search for expired entries that can pause
 * @mark: where to go on; in @queue's list while paused
 * @owner: whose queue it is, for tracepoints, or NULL
 * @now: CLOCK_BOOTTIME
 * @next: when the next of those left is to be removed, 0: none that was seen
 * @expired: entries removed
 * @paused: @mark is in the list
 */
struct mqttk_sweep {
	struct mqttk_chunk mark;
	const struct mqttk_session *owner;
	ktime_t now;
	ktime_t next;
	unsigned int expired;
	bool paused;
};

int mqttk_queue_cache_init(void);
void mqttk_queue_cache_exit(void);

void mqttk_queue_init(struct mqttk_queue *q);
void mqttk_queue_rest(struct mqttk_queue *q, struct mqttk_limits *limits);
void mqttk_queue_limit(struct mqttk_queue *q, u32 messages, u64 bytes);
bool mqttk_queue_takes(const struct mqttk_queue *q, struct mqttk_limits *limits,
		       size_t bytes);
bool mqttk_queue_takes_run(const struct mqttk_queue *q,
			   struct mqttk_limits *limits, unsigned int nr,
			   u64 bytes);
bool mqttk_queue_is_fair(struct mqttk_limits *limits, u64 bytes);
bool mqttk_queue_has_room(const struct mqttk_queue *q,
			  struct mqttk_limits *limits);
int mqttk_queue_append(struct mqttk_queue *q, struct mqttk_limits *limits,
		       const struct mqttk_qent *e);
unsigned int mqttk_queue_append_run(struct mqttk_queue *q,
				    struct mqttk_limits *limits,
				    struct mqttk_msg *const *msgs,
				    unsigned int nr, u64 bytes,
				    struct mqttk_via *via);
unsigned int mqttk_queue_copy(const struct mqttk_queue *q,
			      struct mqttk_qent *to, unsigned int max);
struct mqttk_qent *mqttk_queue_first(struct mqttk_queue *q,
				     struct mqttk_queue_pos *pos);
struct mqttk_qent *mqttk_queue_next_chunk(struct mqttk_queue *q,
					  struct mqttk_queue_pos *pos);
void mqttk_queue_pop(struct mqttk_queue *q, struct mqttk_limits *limits,
		     struct mqttk_qent *e);
void mqttk_queue_pop_run(struct mqttk_queue *q, struct mqttk_limits *limits,
			 unsigned int nr, u64 bytes);
bool mqttk_queue_drop_qos0(struct mqttk_queue *q, struct mqttk_limits *limits,
			   unsigned int keep);
bool mqttk_queue_sweep(struct mqttk_queue *q, struct mqttk_limits *limits,
		       struct mqttk_sweep *sw);
void mqttk_queue_sweep_abort(struct mqttk_sweep *sw);

/* The entry in a place, counted from the oldest. */
static inline struct mqttk_qent *
mqttk_queue_placed(const struct mqttk_queue *q, unsigned int i)
{
	return &q->room->places[(q->first + i) & q->mask];
}

/**
 * mqttk_queue_next - the entry behind
 * @q: the queue, locked
 * @pos: at an entry; moved to the next
 *
 * Return: the entry, or NULL
 */
static inline struct mqttk_qent *mqttk_queue_next(struct mqttk_queue *q,
						  struct mqttk_queue_pos *pos)
{
	struct mqttk_chunk *c = pos->chunk;

	pos->i++;
	if (!c && pos->i < q->nr_placed)
		return mqttk_queue_placed(q, pos->i);
	if (c && pos->i < c->tail)
		return (struct mqttk_qent *)(c + 1) + pos->i;
	return mqttk_queue_next_chunk(q, pos);
}

/*
 * Nothing is in it, and there is a place for what comes: then any message is
 * taken, and with no more to do than this.
 */
static inline bool mqttk_queue_is_idle(const struct mqttk_queue *q)
{
	return !q->nr && q->room && list_empty(&q->room->chunks);
}

/* As mqttk_queue_append(), to an idle queue; @bytes are the entry's share. */
static inline void mqttk_queue_append_idle(struct mqttk_queue *q,
					   struct mqttk_msg *msg,
					   struct mqttk_via *via, u8 qos,
					   bool retain, u64 bytes)
{
	q->room->places[q->first] = (struct mqttk_qent){
		.msg = msg,
		.via = via,
		.lost = q->lost,
		.qos = qos,
		.retain = retain,
	};
	q->nr_placed = 1;
	q->nr = 1;
	q->nr_qos0 = !qos;
	q->bytes = bytes;
	q->lost = 0;
}

/* There is one entry, in a place: what mqttk_queue_pop_sole() takes. */
static inline bool mqttk_queue_has_sole(const struct mqttk_queue *q)
{
	return q->nr == 1 && q->nr_placed;
}

static inline const struct mqttk_qent *
mqttk_queue_sole(const struct mqttk_queue *q)
{
	return &q->room->places[q->first];
}

/* Its references are the caller's now. */
static inline void mqttk_queue_take_sole(struct mqttk_queue *q)
{
	q->nr_placed = 0;
	q->nr = 0;
	q->nr_qos0 = 0;
	q->bytes = 0;
}

static inline void mqttk_queue_pop_sole(struct mqttk_queue *q,
					struct mqttk_qent *e)
{
	*e = *mqttk_queue_sole(q);
	mqttk_queue_take_sole(q);
}

#endif /* MQTTK_QUEUE_H */
