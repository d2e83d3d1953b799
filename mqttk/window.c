// SPDX-License-Identifier: GPL-2.0
/*
 * The window of a session. The state of a packet identifier towards the client
 * is that of the sender's half of a delivery:
 *
 *   FREE       nothing is known of it
 *   RESERVED   given to the queue's entry that is being sent
 *   PUBLISHED  PUBLISH was sent
 *   RELEASED   PUBREC came: the message is the client's, PUBREL was sent
 *
 * What a new connection has to repeat lies between the resend marks of the two
 * lists and their ends.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "limits.h"
#include "msg.h"
#include "via.h"
#include "window.h"

enum slot_state {
	SLOT_FREE,
	SLOT_RESERVED,
	SLOT_PUBLISHED,
	SLOT_RELEASED,
};

static void flight_add(struct mqttk_window *w, struct mqttk_flight *f, u16 id)
{
	struct mqttk_slot *slot = &w->slots->slot[id];

	slot->next = 0;
	slot->prev = f->tail;
	if (f->tail)
		w->slots->slot[f->tail].next = id;
	else
		f->head = id;
	f->tail = id;
}

static void flight_del(struct mqttk_window *w, struct mqttk_flight *f, u16 id)
{
	struct mqttk_slot *slot = &w->slots->slot[id];

	if (f->resend == id)
		f->resend = slot->next;
	if (slot->prev)
		w->slots->slot[slot->prev].next = slot->next;
	else
		f->head = slot->next;
	if (slot->next)
		w->slots->slot[slot->next].prev = slot->prev;
	else
		f->tail = slot->prev;
}

static size_t slots_size(u16 size)
{
	return struct_size_t(struct mqttk_slots, slot, (size_t)size + 1);
}

/**
 * mqttk_window_alloc - memory for a window
 * @limits: who pays, as MQTTK_BUDGET_CLIENT
 * @old: packet identifiers that the window has
 * @size: those that it shall have, more than @old
 *
 * Those that come to it are strung together here, where nobody waits for it.
 *
 * Context: process; may sleep.
 * Return: for mqttk_window_grow() or mqttk_window_free(); NULL over the budget
 *	or without memory
 */
struct mqttk_slots *mqttk_window_alloc(struct mqttk_limits *limits, u16 old,
				       u16 size)
{
	size_t bytes = slots_size(size);
	struct mqttk_slots *slots;
	u32 id;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, bytes))
		return NULL;
	slots = kvzalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_NORETRY |
			 __GFP_NOWARN);
	if (!slots) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, bytes);
		return NULL;
	}
	slots->conn = 1;
	slots->free.head = old + 1;
	slots->free.tail = size;
	for (id = old + 1; id < size; id++) {
		slots->slot[id].next = id + 1;
		slots->slot[id + 1].prev = id;
	}
	return slots;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_alloc);

/**
 * mqttk_window_free - give the memory of a window back
 * @limits: who paid
 * @slots: what mqttk_window_alloc() returned, nothing in flight; may be NULL
 * @size: as it was allocated
 *
 * Context: process.
 */
void mqttk_window_free(struct mqttk_limits *limits, struct mqttk_slots *slots,
		       u16 size)
{
	if (!slots)
		return;
	kvfree(slots);
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
		       slots_size(size));
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_free);

/**
 * mqttk_window_grow - have more packet identifiers
 * @w: the window
 * @slots: memory for them, allocated for what the window has and @size; the
 *	window's from now on
 * @size: how many, more than it has
 *
 * Return: the memory it had, of @w->size as it was before, to be freed
 */
struct mqttk_slots *mqttk_window_grow(struct mqttk_window *w,
				      struct mqttk_slots *slots, u16 size)
{
	struct mqttk_slots *old = w->slots;
	u16 first = w->size + 1;
	u16 last;

	w->slots = slots;
	w->size = size;
	if (!old)
		return NULL;
	last = old->free.tail;
	memcpy(slots, old, slots_size(first - 1));
	slots->free.tail = size;
	slots->slot[first].prev = last;
	if (last)
		slots->slot[last].next = first;
	else
		slots->free.head = first;
	return old;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_grow);

/*
 * After so many connections that their numbers are used up, none of before may
 * be taken for one to come.
 */
static void renumber(struct mqttk_slots *slots)
{
	u16 id;

	for (id = slots->published.head; id; id = slots->slot[id].next)
		slots->slot[id].conn = 0;
	for (id = slots->released.head; id; id = slots->slot[id].next)
		slots->slot[id].conn = 0;
	slots->conn = 1;
}

/**
 * mqttk_window_start - a new connection begins
 * @w: the window
 * @limit: how many PUBLISHes it takes at once, at least 1
 *
 * All that is in flight will be sent again [MQTT-4.4.0-1].
 */
void mqttk_window_start(struct mqttk_window *w, u16 limit)
{
	struct mqttk_slots *slots = w->slots;

	w->limit = limit;
	w->quota = limit;
	if (!slots)
		return;
	/*
	 * qos2: sender FREE RESUME -> ignore FREE
	 * qos2: sender PUBLISHED RESUME -> publish_dup PUBLISHED
	 * qos2: sender RELEASED RESUME -> pubrel RELEASED
	 */
	slots->published.resend = slots->published.head;
	slots->released.resend = slots->released.head;
	if (!++slots->conn)
		renumber(slots);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_start);

/* The references are the caller's now. */
static void take_msg(struct mqttk_window *w, struct mqttk_slot *slot,
		     struct mqttk_qent *e)
{
	*e = (struct mqttk_qent){
		.msg = slot->msg, .via = slot->via, .qos = slot->qos,
	};
	if (slot->msg)
		w->slots->bytes -= mqttk_msg_share(slot->msg) +
			    mqttk_via_share(slot->via);
	slot->msg = NULL;
	slot->via = NULL;
}

static void put_msg(struct mqttk_window *w, struct mqttk_slot *slot)
{
	struct mqttk_qent e;

	take_msg(w, slot, &e);
	mqttk_msg_put(e.msg);
	mqttk_via_put(e.via);
}

static void free_slot(struct mqttk_window *w, u16 id)
{
	struct mqttk_slot *slot = &w->slots->slot[id];

	put_msg(w, slot);
	slot->state = SLOT_FREE;
	flight_add(w, &w->slots->free, id);
	w->nr--;
}

/**
 * mqttk_window_reserve - take a packet identifier for a message to be sent
 * @w: the window
 *
 * Return: the identifier, to be given to mqttk_window_sent() or
 *	mqttk_window_cancel(); 0 if all are in use
 */
u16 mqttk_window_reserve(struct mqttk_window *w)
{
	u16 id = w->slots ? w->slots->free.head : 0;

	if (!id)
		return 0;
	flight_del(w, &w->slots->free, id);
	w->slots->slot[id].state = SLOT_RESERVED;
	w->nr++;
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_reserve);

/**
 * mqttk_window_cancel - the message is not sent after all
 * @w: the window
 * @id: what mqttk_window_reserve() returned
 */
void mqttk_window_cancel(struct mqttk_window *w, u16 id)
{
	free_slot(w, id);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_cancel);

static void count(struct mqttk_window *w, struct mqttk_slot *slot)
{
	slot->conn = w->slots->conn;
	if (w->quota)
		w->quota--;
}

/* Of what is published or released. */
static bool is_counted(const struct mqttk_window *w, u16 id)
{
	return w->slots->slot[id].conn == w->slots->conn;
}

/**
 * mqttk_window_sent - a message was sent for the first time
 * @w: the window
 * @e: the message, with a reserved identifier; its references are the
 *	window's from now on
 */
void mqttk_window_sent(struct mqttk_window *w, const struct mqttk_qent *e)
{
	struct mqttk_slot *slot = &w->slots->slot[e->id];

	slot->msg = e->msg;
	slot->via = e->via;
	slot->qos = e->qos;
	slot->retain = e->retain;
	w->slots->bytes += mqttk_msg_share(e->msg) + mqttk_via_share(e->via);
	/* qos2: sender FREE SEND -> publish PUBLISHED */
	slot->state = SLOT_PUBLISHED;
	flight_add(w, &w->slots->published, e->id);
	count(w, slot);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_sent);

/**
 * mqttk_window_peek - what has to be sent again
 * @w: the window
 * @ents: filled; with references of their own. Those without a message are
 *	PUBRELs
 * @max: at most so many
 * @more: set if there is more of it, which goes before anything new
 *
 * Return: how many
 */
unsigned int mqttk_window_peek(struct mqttk_window *w, struct mqttk_qent *ents,
			       unsigned int max, bool *more)
{
	unsigned int n = 0, publishes = 0;
	u16 id;

	*more = false;
	if (!w->slots)
		return 0;
	for (id = w->slots->released.resend; id && n < max; id = w->slots->slot[id].next)
		ents[n++] = (struct mqttk_qent){ .id = id, .resend = true };
	*more = id;
	if (id)
		return n;
	for (id = w->slots->published.resend; id && n < max; id = w->slots->slot[id].next) {
		struct mqttk_slot *slot = &w->slots->slot[id];

		if (publishes++ == w->quota)
			break;
		ents[n++] = (struct mqttk_qent){
			.msg = mqttk_msg_get(slot->msg),
			.via = mqttk_via_get(slot->via),
			.id = id,
			.qos = slot->qos,
			.retain = slot->retain,
			.dup = true,
			.resend = true,
		};
	}
	*more = id;
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_peek);

/**
 * mqttk_window_resent - something was sent again
 * @w: the window
 * @id: its packet identifier
 * @given_up: it can not be sent on this connection and never will be
 *
 * An answer may have come meanwhile; then there is nothing to note.
 */
void mqttk_window_resent(struct mqttk_window *w, u16 id, bool given_up)
{
	if (w->slots->released.resend == id) {
		w->slots->released.resend = w->slots->slot[id].next;
	} else if (w->slots->published.resend == id) {
		w->slots->published.resend = w->slots->slot[id].next;
		if (given_up) {
			flight_del(w, &w->slots->published, id);
			free_slot(w, id);
		} else {
			count(w, &w->slots->slot[id]);
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_resent);

static int slot_state(const struct mqttk_window *w, u16 id)
{
	return id && id <= w->size && w->slots ? w->slots->slot[id].state : SLOT_FREE;
}

static void done(struct mqttk_window *w, struct mqttk_flight *f, u16 id)
{
	/*
	 * What is merely released on this connection took nothing: giving it
	 * back would let more PUBLISHes go than the client takes
	 * [MQTT-3.3.4-9].
	 */
	if (is_counted(w, id) && w->quota < w->limit)
		w->quota++;
	flight_del(w, f, id);
	free_slot(w, id);
}

/**
 * mqttk_window_puback - PUBACK came
 * @w: the window
 * @id: its packet identifier
 *
 * Return: 0; -ENOENT if nothing was sent by that identifier, -EPROTO if what
 *	was sent is not to be answered so
 */
int mqttk_window_puback(struct mqttk_window *w, u16 id)
{
	if (slot_state(w, id) != SLOT_PUBLISHED)
		return slot_state(w, id) == SLOT_RELEASED ? -EPROTO : -ENOENT;
	if (w->slots->slot[id].qos != 1)
		return -EPROTO;
	done(w, &w->slots->published, id);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_puback);

/**
 * mqttk_window_pubrec - PUBREC came
 * @w: the window
 * @id: its packet identifier
 * @refused: with a reason code that ends the delivery [MQTT-4.3.3-4]
 *
 * Return: 0 if PUBREL is to be sent, or, if @refused, nothing; -ENOENT,
 *	-EPROTO as mqttk_window_puback()
 */
int mqttk_window_pubrec(struct mqttk_window *w, u16 id, bool refused)
{
	struct mqttk_slot *slot;

	if (slot_state(w, id) == SLOT_RELEASED) {
		/* qos2: sender RELEASED REFUSED -> give_up FREE */
		if (refused)
			done(w, &w->slots->released, id);
		return 0;
	}
	if (slot_state(w, id) != SLOT_PUBLISHED)
		return -ENOENT;
	slot = &w->slots->slot[id];
	if (slot->qos != 2)
		return -EPROTO;
	if (refused) {
		done(w, &w->slots->published, id);
		return 0;
	}
	flight_del(w, &w->slots->published, id);
	put_msg(w, slot);
	slot->state = SLOT_RELEASED;
	flight_add(w, &w->slots->released, id);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_pubrec);

/**
 * mqttk_window_pubcomp - PUBCOMP came
 * @w: the window
 * @id: its packet identifier
 *
 * Return: 0; -ENOENT, -EPROTO as mqttk_window_puback()
 */
int mqttk_window_pubcomp(struct mqttk_window *w, u16 id)
{
	if (slot_state(w, id) != SLOT_RELEASED)
		return slot_state(w, id) == SLOT_PUBLISHED ? -EPROTO : -ENOENT;
	done(w, &w->slots->released, id);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_pubcomp);

/**
 * mqttk_window_is_sent - was a message sent on this connection?
 * @w: the window
 * @id: its packet identifier
 *
 * Return: true if so, and it was not answered yet
 */
bool mqttk_window_is_sent(const struct mqttk_window *w, u16 id)
{
	return slot_state(w, id) == SLOT_PUBLISHED && is_counted(w, id);
}

/**
 * mqttk_window_oldest - what was sent first on this connection, of what was not
 *	answered yet
 * @w: the window
 *
 * Return: its packet identifier, 0: there is nothing
 */
u16 mqttk_window_oldest(const struct mqttk_window *w)
{
	u16 id = w->slots ? w->slots->published.head : 0;

	return id && is_counted(w, id) ? id : 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_oldest);

/**
 * mqttk_window_ack - all answers there are for a message came at once
 * @w: the window
 * @id: its packet identifier
 *
 * For a receiver in this machine: neither PUBREC nor PUBREL can be lost on the
 * way.
 *
 * Return: 0; -ENOENT if nothing was sent by that identifier on this connection
 *	that is not answered yet
 */
int mqttk_window_ack(struct mqttk_window *w, u16 id)
{
	if (slot_state(w, id) == SLOT_RELEASED)
		return mqttk_window_pubcomp(w, id);
	if (!mqttk_window_is_sent(w, id))
		return -ENOENT;
	/*
	 * qos2: sender PUBLISHED PUBREC -> pubrel RELEASED
	 * qos2: sender RELEASED PUBCOMP -> complete FREE
	 */
	done(w, &w->slots->published, id);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_ack);

/**
 * mqttk_window_drop_one - forget the oldest delivery
 * @w: the window of a session that ends
 * @e: what it was, with the references; without a message if only PUBCOMP was
 *	missing
 *
 * Return: false if there was none
 */
bool mqttk_window_drop_one(struct mqttk_window *w, struct mqttk_qent *e)
{
	struct mqttk_flight *f;
	u16 id;

	if (!w->slots)
		return false;
	f = &w->slots->published;
	if (!f->head)
		f = &w->slots->released;
	id = f->head;
	if (!id)
		return false;
	take_msg(w, &w->slots->slot[id], e);
	done(w, f, id);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_window_drop_one);
