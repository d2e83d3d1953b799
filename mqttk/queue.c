// SPDX-License-Identifier: GPL-2.0
/*
 * The queue of a session. An idle receiver needs no memory beyond the session
 * itself, a prompt one allocates none for a message; a backlog grows by chunks
 * that are given back one by one.
 */
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "limits.h"
#include "msg.h"
#include "queue.h"
#include "trace.h"
#include "via.h"

#define CHUNK_BYTES	512
#define CHUNK_ENTRIES	((CHUNK_BYTES - sizeof(struct mqttk_chunk)) / \
			 sizeof(struct mqttk_qent))

/* What a room takes to which messages have come in bursts. */
#define LARGE_BYTES	MQTTK_QUEUE_ROOM(MQTTK_QUEUE_PLACES_MAX)

/* Chunks looked at by a sweep before it lets others have the queue. */
#define SWEEP_CHUNKS	64

static struct kmem_cache *chunk_cache, *room_cache, *large_room_cache;

static struct mqttk_qent *chunk_ents(struct mqttk_chunk *c)
{
	return (struct mqttk_qent *)(c + 1);
}

/* The receiver's fair share of what an entry costs. */
static size_t share(const struct mqttk_qent *e)
{
	return mqttk_msg_share(e->msg) + mqttk_via_share(e->via);
}

/**
 * mqttk_queue_cache_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_queue_cache_init(void)
{
	BUILD_BUG_ON(sizeof(struct mqttk_chunk) % __alignof__(struct mqttk_qent));
	chunk_cache = kmem_cache_create("mqttk_chunk", CHUNK_BYTES, 0, 0, NULL);
	room_cache = kmem_cache_create("mqttk_room",
				       MQTTK_QUEUE_ROOM(MQTTK_QUEUE_PLACES), 0,
				       0, NULL);
	large_room_cache = kmem_cache_create("mqttk_large_room", LARGE_BYTES, 0,
					     0, NULL);
	if (chunk_cache && room_cache && large_room_cache)
		return 0;
	mqttk_queue_cache_exit();
	return -ENOMEM;
}

/**
 * mqttk_queue_cache_exit - at module unload, when no queue is left
 */
void mqttk_queue_cache_exit(void)
{
	kmem_cache_destroy(large_room_cache);
	kmem_cache_destroy(room_cache);
	kmem_cache_destroy(chunk_cache);
}

/**
 * mqttk_queue_init - an empty queue
 * @q: the queue
 */
void mqttk_queue_init(struct mqttk_queue *q)
{
	memset(q, 0, sizeof(*q));
	mqttk_queue_limit(q, 0, 0);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_init);

static bool is_large(const struct mqttk_queue *q)
{
	return q->mask >= MQTTK_QUEUE_PLACES;
}

/**
 * mqttk_queue_rest - nothing has come for a while
 * @q: the queue, locked
 * @limits: the netns's limits
 *
 * Gives back what the next messages can do without. An empty queue keeps nothing.
 */
void mqttk_queue_rest(struct mqttk_queue *q, struct mqttk_limits *limits)
{
	if (!q->room || q->nr || !list_empty(&q->room->chunks))
		return;
	if (is_large(q)) {
		kmem_cache_free(large_room_cache, q->room);
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, LARGE_BYTES);
	} else {
		kmem_cache_free(room_cache, q->room);
	}
	q->room = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_rest);

/**
 * mqttk_queue_limit - take less than the netns's limits allow
 * @q: the queue
 * @messages: entries, 0: no limit of its own
 * @bytes: likewise; more than 32 bits can say count as none, too
 */
void mqttk_queue_limit(struct mqttk_queue *q, u32 messages, u64 bytes)
{
	q->max_nr = messages ?: U32_MAX;
	q->max_bytes = bytes ? min_t(u64, bytes, U32_MAX) : U32_MAX;
}

static struct mqttk_chunk *last_chunk(struct mqttk_queue *q,
				      struct mqttk_limits *limits)
{
	struct mqttk_chunk *c;

	if (!list_empty(&q->room->chunks)) {
		c = list_last_entry(&q->room->chunks, struct mqttk_chunk, list);
		if (c->tail < CHUNK_ENTRIES)
			return c;
	}
	if (!mqttk_charge(limits, MQTTK_BUDGET_MESSAGE, CHUNK_BYTES))
		return NULL;
	c = kmem_cache_alloc(chunk_cache, GFP_NOWAIT | __GFP_ACCOUNT |
			     __GFP_NOWARN);
	if (!c) {
		mqttk_uncharge(limits, MQTTK_BUDGET_MESSAGE, CHUNK_BYTES);
		return NULL;
	}
	c->head = 0;
	c->tail = 0;
	c->nr_qos0 = 0;
	c->expires = 0;
	list_add_tail(&c->list, &q->room->chunks);
	return c;
}

static void free_chunk(struct mqttk_chunk *c, struct mqttk_limits *limits)
{
	list_del(&c->list);
	kmem_cache_free(chunk_cache, c);
	mqttk_uncharge(limits, MQTTK_BUDGET_MESSAGE, CHUNK_BYTES);
}

/* The earlier of two times, of which 0 is never. */
static ktime_t earlier(ktime_t a, ktime_t b)
{
	return a && (!b || a < b) ? a : b;
}

static struct mqttk_queue_room *new_room(struct kmem_cache *cache)
{
	struct mqttk_queue_room *room;

	room = kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_ACCOUNT |
				__GFP_NOWARN);
	if (room)
		INIT_LIST_HEAD(&room->chunks);
	return room;
}

static bool need_room(struct mqttk_queue *q)
{
	if (likely(q->room))
		return true;
	q->room = new_room(room_cache);
	q->mask = MQTTK_QUEUE_PLACES - 1;
	q->first = 0;
	return q->room;
}

/*
 * More come at once than there are places. They will again, so there is to be a
 * place for each then, and not a chunk to be had and given back each time. What
 * can be done without leaves the last of the memory to others.
 */
static void grow_room(struct mqttk_queue *q, struct mqttk_limits *limits)
{
	struct mqttk_queue_room *room;
	unsigned int i;

	if (is_large(q) || !list_empty(&q->room->chunks) ||
	    mqttk_budget_scarce(limits, MQTTK_BUDGET_CLIENT) ||
	    !mqttk_charge(limits, MQTTK_BUDGET_CLIENT, LARGE_BYTES))
		return;
	room = new_room(large_room_cache);
	if (!room) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, LARGE_BYTES);
		return;
	}
	for (i = 0; i < q->nr_placed; i++)
		room->places[i] = *mqttk_queue_placed(q, i);
	kmem_cache_free(room_cache, q->room);
	q->room = room;
	q->mask = MQTTK_QUEUE_PLACES_MAX - 1;
	q->first = 0;
}

/* How many of @nr entries there are places for, behind those that there are. */
static unsigned int places_for(struct mqttk_queue *q,
			       struct mqttk_limits *limits, unsigned int nr)
{
	unsigned int left = q->mask + 1 - q->nr_placed;

	if (!list_empty(&q->room->chunks))
		return 0;
	if (nr > left) {
		grow_room(q, limits);
		left = q->mask + 1 - q->nr_placed;
	}
	return min(nr, left);
}

static struct mqttk_qent *new_entry(struct mqttk_queue *q,
				    struct mqttk_limits *limits,
				    const struct mqttk_qent *e)
{
	struct mqttk_chunk *c;

	if (!need_room(q))
		return NULL;
	if (places_for(q, limits, 1))
		return mqttk_queue_placed(q, q->nr_placed++);
	c = last_chunk(q, limits);
	if (!c)
		return NULL;
	c->nr_qos0 += !e->qos;
	c->expires = earlier(c->expires, e->msg->expires);
	return &chunk_ents(c)[c->tail++];
}

/*
 * Bytes a receiver may hold. The less memory is left for messages the less that
 * is: so however many receivers are stalled, together they never take all of
 * it, and those that read are served.
 */
static unsigned long fair_share(struct mqttk_limits *limits)
{
	return mqttk_budget_left(limits, MQTTK_BUDGET_MESSAGE) / 2;
}

/**
 * mqttk_queue_is_fair - may a receiver hold so much?
 * @limits: the netns's limits
 * @bytes: topics and payloads, in its queue or sent and not acknowledged
 *
 * Who reads and never acknowledges holds memory just as well as who does not
 * read.
 *
 * Return: true, but where memory for messages gets short
 */
bool mqttk_queue_is_fair(struct mqttk_limits *limits, u64 bytes)
{
	return bytes <= fair_share(limits);
}

/* Bytes of them that may be in a queue. */
static u64 bytes_max(const struct mqttk_queue *q, struct mqttk_limits *limits)
{
	u64 max = min(mqttk_limit(limits, MQTTK_LIMIT_MAX_QUEUED_BYTES),
		      fair_share(limits));

	return q->max_bytes == U32_MAX ? max : min_t(u64, max, q->max_bytes);
}

/* Entries that may be in it. */
static u32 nr_max(const struct mqttk_queue *q, struct mqttk_limits *limits)
{
	return min_t(unsigned long, q->max_nr,
		     mqttk_limit(limits, MQTTK_LIMIT_MAX_QUEUED_MESSAGES));
}

/**
 * mqttk_queue_takes - would a message be queued?
 * @q: the queue, locked
 * @limits: the netns's limits
 * @bytes: mqttk_msg_share() and mqttk_via_share()
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
	       (q->nr < nr_max(q, limits) &&
		q->bytes + bytes <= bytes_max(q, limits));
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_takes);

/**
 * mqttk_queue_takes_run - would several messages be queued?
 * @q: the queue, locked
 * @limits: the netns's limits
 * @nr: how many
 * @bytes: of all of them, as for mqttk_queue_takes()
 *
 * Return: true if so, but for want of memory; otherwise some may be all the same
 */
bool mqttk_queue_takes_run(const struct mqttk_queue *q,
			   struct mqttk_limits *limits, unsigned int nr,
			   u64 bytes)
{
	return q->nr + nr <= nr_max(q, limits) &&
	       q->bytes + bytes <= bytes_max(q, limits);
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
	return q->nr <= nr_max(q, limits) / 2 &&
	       q->bytes <= bytes_max(q, limits) / 2;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_has_room);

/**
 * mqttk_queue_append - add a message at the end
 * @q: the queue, locked
 * @limits: the netns's limits
 * @e: the entry; on success the queue owns its references
 *
 * The caller has asked mqttk_queue_takes().
 *
 * Return: 0; -ENOMEM without memory, or over the budget: the caller keeps the
 *	references
 */
int mqttk_queue_append(struct mqttk_queue *q, struct mqttk_limits *limits,
		       const struct mqttk_qent *e)
{
	struct mqttk_qent *to;

	to = new_entry(q, limits, e);
	if (!to)
		return -ENOMEM;
	*to = *e;
	to->lost = q->lost;
	q->lost = 0;
	q->nr++;
	q->nr_qos0 += !e->qos;
	q->bytes += share(e);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_append);

static void write_run(struct mqttk_qent *to, struct mqttk_msg *const *msgs,
		      unsigned int nr, struct mqttk_via *via)
{
	for (; nr; nr--)
		*to++ = (struct mqttk_qent){ .msg = *msgs++, .via = via };
}

/* Into places, as many as there are. Returns how many. */
static unsigned int place_run(struct mqttk_queue *q,
			      struct mqttk_limits *limits,
			      struct mqttk_msg *const *msgs, unsigned int nr,
			      struct mqttk_via *via)
{
	unsigned int at, before, n = places_for(q, limits, nr);

	at = (q->first + q->nr_placed) & q->mask;
	before = min(n, q->mask + 1 - at);
	write_run(&q->room->places[at], msgs, before, via);
	write_run(q->room->places, msgs + before, n - before, via);
	if (n)
		q->room->places[at].lost = q->lost;
	q->nr_placed += n;
	return n;
}

/* Into the last chunk, or another. Returns how many. */
static unsigned int chunk_run(struct mqttk_queue *q,
			      struct mqttk_limits *limits,
			      struct mqttk_msg *const *msgs, unsigned int nr,
			      struct mqttk_via *via)
{
	struct mqttk_chunk *c = last_chunk(q, limits);
	unsigned int n;

	if (!c)
		return 0;
	n = min_t(unsigned int, nr, CHUNK_ENTRIES - c->tail);
	write_run(&chunk_ents(c)[c->tail], msgs, n, via);
	chunk_ents(c)[c->tail].lost = q->lost;
	c->tail += n;
	c->nr_qos0 += n;
	return n;
}

/**
 * mqttk_queue_append_run - add messages of QoS 0 that do not expire at the end
 * @q: the queue, locked
 * @limits: the netns's limits
 * @msgs: the messages
 * @nr: how many, not 0
 * @bytes: what they count for together
 * @via: by which subscriptions all of them came, or NULL
 *
 * The caller has asked mqttk_queue_takes_run().
 *
 * Return: how many, from the first, the queue took, with a reference to each
 *	and to @via; fewer without memory, or over the budget
 */
unsigned int mqttk_queue_append_run(struct mqttk_queue *q,
				    struct mqttk_limits *limits,
				    struct mqttk_msg *const *msgs,
				    unsigned int nr, u64 bytes,
				    struct mqttk_via *via)
{
	unsigned int i, more, n;

	if (!need_room(q))
		return 0;
	n = place_run(q, limits, msgs, nr, via);
	if (n)
		q->lost = 0;
	while (n < nr) {
		more = chunk_run(q, limits, msgs + n, nr - n, via);
		if (!more)
			break;
		q->lost = 0;
		n += more;
	}
	q->nr += n;
	q->nr_qos0 += n;
	if (likely(n == nr)) {
		q->bytes += bytes;
		return n;
	}
	for (i = 0; i < n; i++)
		q->bytes += mqttk_msg_share(msgs[i]);
	q->bytes += n * mqttk_via_share(via);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_append_run);

static struct mqttk_qent *first_in_chunk(struct mqttk_queue *q,
					 struct mqttk_queue_pos *pos)
{
	list_for_each_entry_continue(pos->chunk, &q->room->chunks, list) {
		/* The mark of a sweep is empty. */
		if (pos->chunk->head == pos->chunk->tail)
			continue;
		pos->i = pos->chunk->head;
		return &chunk_ents(pos->chunk)[pos->i];
	}
	return NULL;
}

/**
 * mqttk_queue_first - the oldest entry
 * @q: the queue, locked
 * @pos: set to it
 *
 * Return: the entry, or NULL
 */
struct mqttk_qent *mqttk_queue_first(struct mqttk_queue *q,
				     struct mqttk_queue_pos *pos)
{
	pos->i = 0;
	pos->chunk = NULL;
	if (!q->nr)
		return NULL;
	if (q->nr_placed)
		return mqttk_queue_placed(q, 0);
	pos->chunk = list_entry(&q->room->chunks, struct mqttk_chunk, list);
	return first_in_chunk(q, pos);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_first);

/**
 * mqttk_queue_next_chunk - the entry behind the last of a chunk
 * @q: the queue, locked
 * @pos: behind it, or behind the last in place; moved to the next
 *
 * Return: the entry, or NULL
 */
struct mqttk_qent *mqttk_queue_next_chunk(struct mqttk_queue *q,
					  struct mqttk_queue_pos *pos)
{
	if (!pos->chunk)
		pos->chunk = list_entry(&q->room->chunks, struct mqttk_chunk, list);
	return first_in_chunk(q, pos);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_next_chunk);

/* Those in places. Returns how many. */
static unsigned int copy_placed(const struct mqttk_queue *q,
				struct mqttk_qent *to, unsigned int max)
{
	unsigned int n = min_t(unsigned int, max, q->nr_placed);
	unsigned int before = min_t(unsigned int, n, q->mask + 1 - q->first);

	memcpy(to, &q->room->places[q->first], before * sizeof(*to));
	if (n > before)
		memcpy(to + before, q->room->places,
		       (n - before) * sizeof(*to));
	return n;
}

/**
 * mqttk_queue_copy - look at the oldest entries
 * @q: the queue, locked
 * @to: filled with them; the references are the queue's
 * @max: how many at most
 *
 * Return: how many
 */
unsigned int mqttk_queue_copy(const struct mqttk_queue *q,
			      struct mqttk_qent *to, unsigned int max)
{
	struct mqttk_chunk *c;
	unsigned int n, some;

	if (!q->nr)
		return 0;
	n = copy_placed(q, to, max);
	if (n == max || n == q->nr)
		return n;
	list_for_each_entry(c, &q->room->chunks, list) {
		some = min_t(unsigned int, max - n, c->tail - c->head);
		memcpy(to + n, &chunk_ents(c)[c->head], some * sizeof(*to));
		n += some;
		if (n == max)
			break;
	}
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_copy);

static void forget(struct mqttk_queue *q, const struct mqttk_qent *e)
{
	q->nr--;
	q->nr_qos0 -= !e->qos;
	q->bytes -= share(e);
}

/**
 * mqttk_queue_pop - take the oldest entry
 * @q: the queue, locked, not empty
 * @limits: the netns's limits
 * @e: the entry, with its references
 */
void mqttk_queue_pop(struct mqttk_queue *q, struct mqttk_limits *limits,
		     struct mqttk_qent *e)
{
	struct mqttk_queue_pos pos;
	struct mqttk_chunk *c;

	if (q->nr_placed) {
		*e = *mqttk_queue_placed(q, 0);
		forget(q, e);
		q->first = (q->first + 1) & q->mask;
		q->nr_placed--;
		return;
	}
	*e = *mqttk_queue_first(q, &pos);
	forget(q, e);
	c = pos.chunk;
	c->nr_qos0 -= !e->qos;
	if (++c->head == c->tail)
		free_chunk(c, limits);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_pop);

/**
 * mqttk_queue_pop_run - take the oldest entries, all of QoS 0
 * @q: the queue, locked
 * @limits: the netns's limits
 * @nr: how many, at most as many as there are; the caller has them already, and
 *	their references are his now
 * @bytes: what they count for together
 */
void mqttk_queue_pop_run(struct mqttk_queue *q, struct mqttk_limits *limits,
			 unsigned int nr, u64 bytes)
{
	unsigned int n = min_t(unsigned int, nr, q->nr_placed);
	struct mqttk_chunk *c, *next;

	q->nr -= nr;
	q->nr_qos0 -= nr;
	q->bytes -= bytes;
	q->nr_placed -= n;
	/* Where nothing is left the first places will do again. */
	q->first = q->nr_placed ? (q->first + n) & q->mask : 0;
	nr -= n;
	if (!nr)
		return;
	list_for_each_entry_safe(c, next, &q->room->chunks, list) {
		if (!nr)
			break;
		/* The mark of a sweep is empty, and not ours to free. */
		if (c->head == c->tail)
			continue;
		n = min_t(unsigned int, nr, c->tail - c->head);
		c->nr_qos0 -= n;
		c->head += n;
		if (c->head == c->tail)
			free_chunk(c, limits);
		nr -= n;
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_pop_run);

/* Removes an entry from the middle; how many were lost there is remembered. */
static void cut(struct mqttk_queue *q, struct mqttk_limits *limits,
		struct mqttk_queue_pos *pos, unsigned int lost)
{
	struct mqttk_queue_pos next = *pos;
	struct mqttk_chunk *c = pos->chunk;
	struct mqttk_qent *e, *after;
	unsigned int i;

	after = mqttk_queue_next(q, &next);
	e = c ? &chunk_ents(c)[pos->i] : mqttk_queue_placed(q, pos->i);
	lost += e->lost;
	if (after)
		after->lost += lost;
	else
		q->lost += lost;
	forget(q, e);
	mqttk_msg_put(e->msg);
	mqttk_via_put(e->via);
	if (!c) {
		for (i = pos->i; i + 1 < q->nr_placed; i++)
			*mqttk_queue_placed(q, i) = *mqttk_queue_placed(q, i + 1);
		q->nr_placed--;
		return;
	}
	c->nr_qos0 -= !e->qos;
	memmove(e, e + 1, (c->tail - pos->i - 1) * sizeof(*e));
	if (--c->tail == c->head)
		free_chunk(c, limits);
}

/**
 * mqttk_queue_drop_qos0 - make room: the oldest message of QoS 0 goes
 * @q: the queue, locked
 * @limits: the netns's limits
 * @keep: entries at the front that somebody is looking at
 *
 * Return: false if there is none
 */
bool mqttk_queue_drop_qos0(struct mqttk_queue *q, struct mqttk_limits *limits,
			   unsigned int keep)
{
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;
	unsigned int n = 0;

	if (!q->nr_qos0 || keep >= q->nr)
		return false;
	e = mqttk_queue_first(q, &pos);
	while (e) {
		if (n >= keep && pos.chunk && !pos.chunk->nr_qos0) {
			e = first_in_chunk(q, &pos);
			continue;
		}
		if (n++ >= keep && !e->qos) {
			cut(q, limits, &pos, 1);
			return true;
		}
		e = mqttk_queue_next(q, &pos);
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_drop_qos0);

/*
 * When an entry is to be removed; 0: never. One that is on its way already
 * stays, so nobody is to come back for it: its time may be long past.
 */
static ktime_t removal(const struct mqttk_qent *e)
{
	return e->id ? 0 : e->msg->expires;
}

static bool is_due(const struct mqttk_qent *e, ktime_t now)
{
	ktime_t when = removal(e);

	return when && when <= now;
}

static void sweep_places(struct mqttk_queue *q, struct mqttk_limits *limits,
			 struct mqttk_sweep *sw)
{
	struct mqttk_queue_pos pos = {};

	while (pos.i < q->nr_placed) {
		struct mqttk_qent *e = mqttk_queue_placed(q, pos.i);

		if (is_due(e, sw->now)) {
			trace_mqttk_drop(sw->owner, e->msg,
					 MQTTK_DROP_EXPIRED);
			cut(q, limits, &pos, 0);
			sw->expired++;
			continue;
		}
		sw->next = earlier(sw->next, removal(e));
		pos.i++;
	}
}

static void sweep_chunk(struct mqttk_queue *q, struct mqttk_limits *limits,
			struct mqttk_sweep *sw, struct mqttk_chunk *c)
{
	struct mqttk_queue_pos pos = { .chunk = c, .i = c->head };
	unsigned int left = c->tail - c->head;

	c->expires = 0;
	while (left--) {
		struct mqttk_qent *e = &chunk_ents(c)[pos.i];

		/* The last one takes the chunk with it. */
		if (is_due(e, sw->now)) {
			trace_mqttk_drop(sw->owner, e->msg,
					 MQTTK_DROP_EXPIRED);
			cut(q, limits, &pos, 0);
			sw->expired++;
			continue;
		}
		c->expires = earlier(c->expires, removal(e));
		sw->next = earlier(sw->next, removal(e));
		pos.i++;
	}
}

/**
 * mqttk_queue_sweep - remove what has expired
 * @q: the queue, locked
 * @limits: the netns's limits
 * @sw: @now set, the rest zero; goes on where the last call paused
 *
 * Nobody is looking at entries meanwhile. Those that have a packet identifier
 * are on their way already and stay. A pause leaves @sw->mark in the queue: call
 * until this returns false, or mqttk_queue_sweep_abort().
 *
 * Return: true if there is more to do
 */
bool mqttk_queue_sweep(struct mqttk_queue *q, struct mqttk_limits *limits,
		       struct mqttk_sweep *sw)
{
	struct mqttk_chunk *c, *next;
	unsigned int n = 0;

	if (!q->room)
		return false;
	if (sw->paused) {
		c = list_next_entry(&sw->mark, list);
		list_del(&sw->mark.list);
		sw->paused = false;
	} else {
		sweep_places(q, limits, sw);
		c = list_first_entry(&q->room->chunks, struct mqttk_chunk, list);
	}
	list_for_each_entry_safe_from(c, next, &q->room->chunks, list) {
		if (n++ == SWEEP_CHUNKS) {
			sw->mark.head = CHUNK_ENTRIES;
			sw->mark.tail = CHUNK_ENTRIES;
			sw->mark.nr_qos0 = 0;
			list_add_tail(&sw->mark.list, &c->list);
			sw->paused = true;
			return true;
		}
		if (c->expires && c->expires <= sw->now)
			sweep_chunk(q, limits, sw, c);
		else
			sw->next = earlier(sw->next, c->expires);
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_sweep);

/**
 * mqttk_queue_sweep_abort - leave the rest for later
 * @sw: a sweep; its queue is locked
 */
void mqttk_queue_sweep_abort(struct mqttk_sweep *sw)
{
	if (sw->paused)
		list_del(&sw->mark.list);
	sw->paused = false;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_queue_sweep_abort);
