// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of a session: on their way to its client through queue and window,
 * and from it, as far as QoS 2 has to remember them.
 *
 * Towards the client the queue holds what was never sent. What is sent at QoS 1
 * or 2 moves to the window until it is acknowledged, and a new connection sends
 * what it finds there first. So the order of messages is that of the queue,
 * whatever the QoS: one that waits for the window holds up those behind it.
 */
#include <kunit/visibility.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "events.h"
#include "msg.h"
#include "net.h"
#include "replay.h"
#include "retain.h"
#include "router.h"
#include "run.h"
#include "session.h"
#include "trace.h"
#include "via.h"

/*
 * What the packet identifiers of unreleased messages take up at most, charged
 * while there are any: bitmaps of 1024 bits, and the tree that holds them.
 */
#define RECEIVED_IDS_COST	(64 * 128 + 1024)

/* Messages of QoS 0 that may have to go for one that comes. */
#define DROP_AT_ONCE	16

/* Expired messages that a look at the queue removes. */
#define EXPIRE_AT_ONCE	64

/* Messages that go at a time with the session they were for. */
#define FORGET_AT_ONCE		8

/* How soon an expired message is looked for again if it could not be removed. */
#define SWEEP_AGAIN	1

static void wake(struct mqttk_session *s)
{
	if (s->ep)
		s->ep->ops->wake(s->ep);
}

/* -- towards the client ------------------------------------------------- */

/*
 * Is there room for a message, without another's going for it? Who holds nothing
 * is given any; what was sent counts only where memory gets short.
 */
static bool takes(struct mqttk_session *s, size_t bytes)
{
	struct mqttk_limits *l = &s->mn->limits;
	u64 held = s->window.bytes;

	return (!held ||
		mqttk_queue_is_fair(l, held + s->queue.bytes + bytes)) &&
	       mqttk_queue_takes(&s->queue, l, bytes);
}

/* The queue is full. Returns true if it is not any more. */
static bool make_room(struct mqttk_session *s, size_t bytes)
{
	struct mqttk_limits *l = &s->mn->limits;
	unsigned int keep = s->peeker ? s->queue.nr : 0;
	unsigned int n;

	if (!mqttk_limit(l, MQTTK_LIMIT_QUEUE_DROP_QOS0))
		return false;
	for (n = 0; n < DROP_AT_ONCE; n++) {
		if (!mqttk_queue_drop_qos0(&s->queue, l, keep))
			return false;
		s->dropped++;
		mqttk_stat_inc(s->mn, MQTTK_STAT_MESSAGES_DROPPED);
		/* Which one it was is gone. */
		trace_mqttk_drop(s, NULL, MQTTK_DROP_DISPLACED);
		if (takes(s, bytes))
			return true;
	}
	return false;
}

/* A message that expires is in the queue. */
static void note_expiry(struct mqttk_session *s, ktime_t expires)
{
	if (!expires || (s->expires_at && s->expires_at <= expires))
		return;
	s->expires_at = expires;
	mqttk_session_set_deadline(s);
}

/* It did not fit. Which limit said so? For memory it was told already. */
static enum mqttk_drop tell_limit(struct mqttk_session *s, size_t bytes)
{
	struct mqttk_limits *l = &s->mn->limits;
	const struct mqttk_queue *q = &s->queue;

	if (takes(s, bytes))
		return MQTTK_DROP_MEMORY;
	/* What a file has set for itself is nobody else's affair. */
	if (q->nr >= q->max_nr)
		return MQTTK_DROP_MESSAGES;
	if (q->nr && q->bytes + bytes > q->max_bytes)
		return MQTTK_DROP_BYTES;
	if (q->nr >= mqttk_limit(l, MQTTK_LIMIT_MAX_QUEUED_MESSAGES)) {
		mqttk_limit_hit(l, MQTTK_LIMIT_MAX_QUEUED_MESSAGES, s);
		return MQTTK_DROP_MESSAGES;
	}
	if (q->nr && q->bytes + bytes >
	    mqttk_limit(l, MQTTK_LIMIT_MAX_QUEUED_BYTES)) {
		mqttk_limit_hit(l, MQTTK_LIMIT_MAX_QUEUED_BYTES, s);
		return MQTTK_DROP_BYTES;
	}
	mqttk_limit_hit(l, MQTTK_LIMIT_MESSAGE_MEMORY, s);
	return MQTTK_DROP_SHARE;
}

static void count_lost(struct mqttk_session *s, const struct mqttk_msg *msg,
		       enum mqttk_drop why)
{
	trace_mqttk_drop(s, msg, why);
	s->queue.lost++;
	s->dropped++;
	mqttk_stat_inc(s->mn, MQTTK_STAT_MESSAGES_DROPPED);
}

/* Without @press nothing goes for it, and no loss is counted. */
static bool append(struct mqttk_session *s, struct mqttk_msg *msg,
		   u8 qos, bool retain, struct mqttk_via *via, bool press)
{
	size_t bytes = mqttk_msg_share(msg) + mqttk_via_share(via);
	struct mqttk_limits *l = &s->mn->limits;
	struct mqttk_qent e = {
		.msg = msg,
		.via = via,
		.qos = qos,
		.retain = retain,
	};
	bool queued = false;

	spin_lock_bh(&s->lock);
	if (s->dead)
		goto unlock;
	if (!s->ep && !qos && !mqttk_limit(l, MQTTK_LIMIT_QUEUE_QOS0)) {
		if (press)
			trace_mqttk_drop(s, msg, MQTTK_DROP_AWAY);
		goto unlock;
	}
	queued = (takes(s, bytes) || (press && make_room(s, bytes))) &&
		 !mqttk_queue_append(&s->queue, l, &e);
	if (!queued) {
		if (press)
			count_lost(s, msg, tell_limit(s, bytes));
		goto unlock;
	}
	trace_mqttk_deliver(s->mn->net, s, msg, qos, 0);
	mqttk_via_get(via);
	note_expiry(s, msg->expires);
	/* Again where its endpoint may be waiting for more. */
	if (s->queue.nr == 1 || s->queue.nr == MQTTK_RUN_MAX)
		wake(s);
unlock:
	spin_unlock_bh(&s->lock);
	return queued;
}

/**
 * mqttk_session_append - queue a message for a session
 * @s: the session, under RCU or with a reference
 * @msg: the message; true takes over one reference of the caller's
 * @qos: QoS of the delivery
 * @retain: RETAIN as the receiver shall see it
 * @via: by which subscriptions, or NULL; the caller keeps its reference
 *
 * What does not fit is dropped and counted: the receiver's limits are its own
 * affair, and no publisher waits for them. While the client is away QoS 0 is
 * not kept for it, unless queue_qos0_messages says so.
 *
 * Context: any but hard interrupts.
 * Return: true if queued
 */
bool mqttk_session_append(struct mqttk_session *s, struct mqttk_msg *msg,
			  u8 qos, bool retain, struct mqttk_via *via)
{
	return append(s, msg, qos, retain, via, true);
}

/* Returns how many of a run were queued just as they are. */
static unsigned int append_all(struct mqttk_session *s,
			       struct mqttk_msg *const *msgs, unsigned int nr,
			       u64 bytes, struct mqttk_via *via)
{
	struct mqttk_limits *l = &s->mn->limits;
	u64 held = s->window.bytes;
	unsigned int i, n;

	if (s->dead || !s->ep ||
	    !mqttk_queue_takes_run(&s->queue, l, nr, held + bytes))
		return 0;
	n = mqttk_queue_append_run(&s->queue, l, msgs, nr, via);
	if (via)
		refcount_add(n, &via->ref);
	if (trace_mqttk_deliver_enabled())
		for (i = 0; i < n; i++)
			trace_mqttk_deliver(s->mn->net, s, msgs[i], 0, 0);
	if (n && (s->queue.nr == n ||
		  (s->queue.nr >= MQTTK_RUN_MAX &&
		   s->queue.nr - n < MQTTK_RUN_MAX)))
		wake(s);
	return n;
}

/**
 * mqttk_session_append_run - queue several messages for a session
 * @s: the session, under RCU or with a reference
 * @msgs: the messages, to be delivered with QoS 0 and without RETAIN; none
 *	expires. One reference to each of the caller's is taken over
 * @nr: how many
 * @share: mqttk_msg_share() of all
 * @via: by which subscriptions, or NULL; the caller keeps its reference
 *
 * As mqttk_session_append() for each of them.
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_append_run(struct mqttk_session *s,
			      struct mqttk_msg *const *msgs, unsigned int nr,
			      u64 share, struct mqttk_via *via)
{
	unsigned int n;

	spin_lock_bh(&s->lock);
	n = append_all(s, msgs, nr, share + nr * mqttk_via_share(via), via);
	spin_unlock_bh(&s->lock);
	/* Where there is not room for all, each has to see for itself. */
	for (; n < nr; n++)
		if (!append(s, msgs[n], 0, false, via, true))
			mqttk_msg_put(msgs[n]);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_append_run);

/**
 * mqttk_session_offer - queue a message that another session may have as well
 * @s: the session, under RCU or with a reference
 * @msg: the message; true takes over one reference of the caller's
 * @qos: QoS of the delivery
 * @retain: RETAIN as the receiver shall see it
 * @via: by which subscriptions, or NULL; the caller keeps its reference
 *
 * If it does not fit nothing has happened.
 *
 * Context: any but hard interrupts.
 * Return: true if queued
 */
bool mqttk_session_offer(struct mqttk_session *s, struct mqttk_msg *msg,
			 u8 qos, bool retain, struct mqttk_via *via)
{
	return append(s, msg, qos, retain, via, false);
}

/**
 * mqttk_session_lose - a message for a session was lost for want of memory
 * @s: the session, under RCU or with a reference
 * @msg: the message
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_lose(struct mqttk_session *s, const struct mqttk_msg *msg)
{
	spin_lock_bh(&s->lock);
	if (!s->dead)
		count_lost(s, msg, MQTTK_DROP_MEMORY);
	spin_unlock_bh(&s->lock);
}

/**
 * mqttk_session_append_retained - queue what a topic retains just now
 * @s: the session
 * @node: a node of its netns's retained messages, kept by the caller
 * @qos: granted QoS
 * @via: by which subscription, or NULL; the caller keeps its reference
 *
 * The value is read under the session's lock, and a publisher stores before it
 * queues: so an old value can never come behind a newer one.
 *
 * Context: any but hard interrupts.
 * Return: 0 if it was queued or there is nothing; -EAGAIN if it has to wait
 *	until mqttk_session_has_room()
 */
int mqttk_session_append_retained(struct mqttk_session *s,
				  struct mqttk_retain_node *node, u8 qos,
				  struct mqttk_via *via)
{
	struct mqttk_limits *l = &s->mn->limits;
	struct mqttk_qent e = { .via = via, .retain = true };
	int err = 0;

	spin_lock_bh(&s->lock);
	if (s->dead)
		goto unlock;
	e.msg = mqttk_retain_read(&s->mn->retained, node);
	if (!e.msg)
		goto unlock;
	e.qos = mqttk_limit(l, MQTTK_LIMIT_UPGRADE_QOS) ?
		qos : min_t(u8, e.msg->qos, qos);
	s->replay_waits = !takes(s, mqttk_msg_share(e.msg)) ||
			  mqttk_queue_append(&s->queue, l, &e);
	if (s->replay_waits) {
		mqttk_msg_put(e.msg);
		err = -EAGAIN;
		goto unlock;
	}
	trace_mqttk_deliver(s->mn->net, s, e.msg, e.qos, 0);
	mqttk_via_get(via);
	note_expiry(s, e.msg->expires);
	if (s->queue.nr == 1)
		wake(s);
unlock:
	spin_unlock_bh(&s->lock);
	return err;
}

/**
 * mqttk_session_has_room - may a replay go on?
 * @s: the session
 *
 * Context: any but hard interrupts.
 * Return: true if the queue is at most half full; where a message did not fit
 *	all the same, if it is empty and nothing is in flight
 */
bool mqttk_session_has_room(struct mqttk_session *s)
{
	bool room;

	spin_lock_bh(&s->lock);
	room = s->replay_waits ? !s->queue.nr && !s->window.bytes :
	       mqttk_queue_has_room(&s->queue, &s->mn->limits);
	spin_unlock_bh(&s->lock);
	return room;
}

static void put_ent(struct mqttk_qent *e)
{
	mqttk_msg_put(e->msg);
	mqttk_via_put(e->via);
}

static bool has_expired(const struct mqttk_qent *e, ktime_t now)
{
	return e->msg->expires && e->msg->expires <= now;
}

/* Something was lost before what comes next. */
static void lose_before(struct mqttk_session *s, u32 lost)
{
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;

	e = mqttk_queue_first(&s->queue, &pos);
	if (e)
		e->lost += lost;
	else
		s->queue.lost += lost;
}

/* Returns false if there are more than should go at once. */
static bool drop_expired(struct mqttk_session *s, ktime_t now)
{
	struct mqttk_queue_pos pos;
	struct mqttk_qent e, *first;
	unsigned int n;

	for (n = 0; n < EXPIRE_AT_ONCE; n++) {
		first = mqttk_queue_first(&s->queue, &pos);
		if (!first || !has_expired(first, now))
			return true;
		mqttk_queue_pop(&s->queue, &s->mn->limits, &e);
		lose_before(s, e.lost);
		trace_mqttk_drop(s, e.msg, MQTTK_DROP_EXPIRED);
		put_ent(&e);
		s->expired++;
		mqttk_stat_inc(s->mn, MQTTK_STAT_MESSAGES_EXPIRED);
	}
	return false;
}

/* Adds what is new to what is repeated. */
static unsigned int peek_queue(struct mqttk_session *s,
			       struct mqttk_qent *ents, unsigned int n,
			       unsigned int max)
{
	struct mqttk_window *w = &s->window;
	struct mqttk_queue_pos pos;
	unsigned int i, quota = w->quota;
	/*
	 * Once: what is there after the first look is not gone at the second.
	 * And not for nothing: hardly any message expires.
	 */
	ktime_t now = s->expires_at ? ktime_get_boottime() : 0;
	struct mqttk_qent *e;

	for (i = 0; i < n; i++)
		quota -= ents[i].msg && quota;
	if (!drop_expired(s, now)) {
		/* The endpoint comes again for the rest. */
		wake(s);
		return n;
	}
	for (e = mqttk_queue_first(&s->queue, &pos); e && n < max;
	     e = mqttk_queue_next(&s->queue, &pos)) {
		if (has_expired(e, now))
			break;
		if (e->qos && !s->plain) {
			if (!quota)
				break;
			if (!e->id)
				e->id = mqttk_window_reserve(w);
			if (!e->id)
				break;
			quota--;
		}
		ents[n++] = *e;
	}
	return n;
}

/* First what is to be sent again, then what is new. */
static unsigned int look(struct mqttk_session *s, struct mqttk_qent *ents,
			 unsigned int max)
{
	unsigned int n = 0;
	bool more = false;

	if (s->window.published.resend || s->window.released.resend)
		n = mqttk_window_peek(&s->window, ents, max, &more);
	return more ? n : peek_queue(s, ents, n, max);
}

/**
 * mqttk_session_peek - look at what is to be sent next
 * @s: the session
 * @ep: the endpoint that asks
 * @ents: filled: first what is to be sent again, then the oldest messages
 * @max: at most so many
 *
 * They stay until the endpoint consumes them. When nothing is left, or the
 * client has to acknowledge first, the endpoint is woken again.
 *
 * Context: any but hard interrupts.
 * Return: how many; then mqttk_session_consume() has to follow. 0 too if the
 *	session is no longer @ep's, or another endpoint's look has not ended
 */
unsigned int mqttk_session_peek(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				struct mqttk_qent *ents, unsigned int max)
{
	unsigned int n = 0;

	spin_lock_bh(&s->lock);
	if (s->ep != ep || (s->peeker && s->peeker != ep))
		goto unlock;
	n = look(s, ents, max);
	if (n)
		s->peeker = ep;
unlock:
	spin_unlock_bh(&s->lock);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_peek);

/* The oldest of the queue was sent, or passed over. */
static void consume_one(struct mqttk_session *s, bool skip)
{
	struct mqttk_qent e;

	mqttk_queue_pop(&s->queue, &s->mn->limits, &e);
	if (e.id && !skip) {
		mqttk_window_sent(&s->window, &e);
		return;
	}
	if (e.id)
		mqttk_window_cancel(&s->window, e.id);
	put_ent(&e);
}

/*
 * Nothing of the first @n in the queue was sent: their identifiers are free
 * again. So while nobody looks no message in the queue has one, and each may
 * expire or go elsewhere.
 */
static void take_ids_back(struct mqttk_session *s, unsigned int n)
{
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;

	for (e = mqttk_queue_first(&s->queue, &pos); e && n--;
	     e = mqttk_queue_next(&s->queue, &pos)) {
		if (e->id)
			mqttk_window_cancel(&s->window, e->id);
		e->id = 0;
	}
}

static void count_skipped(struct mqttk_session *s, const struct mqttk_msg *msg)
{
	trace_mqttk_drop(s, msg, MQTTK_DROP_TOO_LARGE);
	s->dropped++;
	mqttk_stat_inc(s->mn, MQTTK_STAT_MESSAGES_DROPPED);
}

static void end_look(struct mqttk_session *s)
{
	struct mqttk_endpoint *ep = s->peeker;

	s->peeker = NULL;
	if (ep == s->ep)
		return;
	/* Another has come meanwhile and could not look. */
	if (s->stale_peek)
		mqttk_window_start(&s->window, s->window.limit);
	s->stale_peek = false;
	wake(s);
}

/**
 * mqttk_session_consume - the look at what is to be sent has ended
 * @s: the session
 * @ents: what mqttk_session_peek() filled; references in it are dropped. What
 *	is marked skip is not and never will be sent
 * @nr: how many it returned
 * @n: how many of them, from the first, were sent or passed over
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_consume(struct mqttk_session *s, struct mqttk_qent *ents,
			   unsigned int nr, unsigned int n)
{
	unsigned int i, unsent = 0;

	/* Then nobody was kept from looking. */
	if (!nr)
		return;
	spin_lock_bh(&s->lock);
	for (i = 0; i < n; i++) {
		if (ents[i].skip)
			count_skipped(s, ents[i].msg);
		else if (ents[i].msg)
			s->sent[ents[i].qos]++;
		if (ents[i].resend)
			mqttk_window_resent(&s->window, ents[i].id,
					    ents[i].skip);
		else
			consume_one(s, ents[i].skip);
	}
	for (; i < nr; i++)
		unsent += !ents[i].resend;
	take_ids_back(s, unsent);
	end_look(s);
	spin_unlock_bh(&s->lock);
	for (i = 0; i < nr; i++)
		if (ents[i].resend)
			put_ent(&ents[i]);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_consume);

/**
 * mqttk_session_consume_run - all that was looked at was sent, and is QoS 0
 * @s: the session
 * @nr: how many mqttk_session_peek() returned
 * @bytes: their mqttk_msg_share(); none has subscription identifiers
 *
 * As mqttk_session_consume(), but that the references are the caller's now.
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_consume_run(struct mqttk_session *s, unsigned int nr,
			       u64 bytes)
{
	spin_lock_bh(&s->lock);
	s->sent[0] += nr;
	mqttk_queue_pop_run(&s->queue, &s->mn->limits, nr, bytes);
	end_look(s);
	spin_unlock_bh(&s->lock);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_consume_run);

/* Takes what is of QoS 0 and never expires: nothing is to be asked of any. */
static unsigned int take_run(struct mqttk_session *s, struct mqttk_qent *ents,
			     unsigned int max)
{
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;
	unsigned int i, n = 0;
	u64 bytes = 0;

	for (e = mqttk_queue_first(&s->queue, &pos); e && n < max;
	     e = mqttk_queue_next(&s->queue, &pos))
		ents[n++] = *e;
	if (n == s->queue.nr)
		bytes = s->queue.bytes;
	else
		for (i = 0; i < n; i++)
			bytes += mqttk_msg_share(ents[i].msg) +
				 mqttk_via_share(ents[i].via);
	mqttk_queue_pop_run(&s->queue, &s->mn->limits, n, bytes);
	s->sent[0] += n;
	return n;
}

/* Takes what is due from a session that acknowledges nothing. */
static unsigned int take_plain(struct mqttk_session *s,
			       struct mqttk_qent *ents, unsigned int max)
{
	struct mqttk_limits *l = &s->mn->limits;
	unsigned int n = 0, expired = 0;
	ktime_t now = 0;

	if (!s->expires_at && s->queue.nr_qos0 == s->queue.nr)
		return take_run(s, ents, max);
	while (n < max && expired < EXPIRE_AT_ONCE && s->queue.nr) {
		struct mqttk_qent *e = &ents[n];

		mqttk_queue_pop(&s->queue, l, e);
		/* Few expire: the others need no look at the clock. */
		if (e->msg->expires && !now)
			now = ktime_get_boottime();
		if (!has_expired(e, now)) {
			s->sent[e->qos]++;
			n++;
			continue;
		}
		/* No loss, but what was lost before it is one of the next's. */
		lose_before(s, e->lost);
		trace_mqttk_drop(s, e->msg, MQTTK_DROP_EXPIRED);
		put_ent(e);
		expired++;
	}
	if (expired) {
		s->expired += expired;
		mqttk_stat_add(s->mn, MQTTK_STAT_MESSAGES_EXPIRED, expired);
	}
	return n;
}

/* Takes what may be sent to an endpoint that acknowledges. */
static unsigned int take_windowed(struct mqttk_session *s,
				  struct mqttk_qent *ents, unsigned int max)
{
	struct mqttk_qent popped;
	unsigned int i, n;

	n = look(s, ents, max);
	for (i = 0; i < n; i++) {
		struct mqttk_qent *e = &ents[i];

		if (e->msg)
			s->sent[e->qos]++;
		if (e->resend) {
			mqttk_window_resent(&s->window, e->id, false);
			continue;
		}
		mqttk_queue_pop(&s->queue, &s->mn->limits, &popped);
		if (!e->id)
			continue;
		/* The window has the queue's references, the caller its own. */
		mqttk_msg_get(e->msg);
		mqttk_via_get(e->via);
		mqttk_window_sent(&s->window, &popped);
	}
	return n;
}

/* Is there something that could be sent just now? */
static bool may_send(struct mqttk_session *s)
{
	const struct mqttk_window *w = &s->window;
	struct mqttk_queue_pos pos;
	struct mqttk_qent *e;

	if (w->released.resend)
		return true;
	if (w->published.resend)
		return w->quota;
	if (!s->queue.nr || s->plain)
		return s->queue.nr;
	e = mqttk_queue_first(&s->queue, &pos);
	return !e->qos || (w->quota && w->free.head);
}

/**
 * mqttk_session_take - take what is to be delivered next, as delivered
 * @s: the session
 * @ep: the endpoint that asks
 * @ents: filled, as by mqttk_session_peek(); references are the caller's, who
 *	sees to it that they get where they should
 * @max: at most so many
 * @more: set if there is more for another call
 *
 * For an endpoint that may take its time with them: nothing waits for it, as
 * it would between a peek and a consume.
 *
 * Context: any but hard interrupts.
 * Return: how many
 */
unsigned int mqttk_session_take(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				struct mqttk_qent *ents, unsigned int max,
				bool *more)
{
	unsigned int n = 0;

	*more = false;
	spin_lock_bh(&s->lock);
	/* Whose look has not ended yet wakes us when it has. */
	if (s->ep == ep && !s->peeker) {
		if (s->plain) {
			n = take_plain(s, ents, max);
			*more = s->queue.nr;
		} else {
			n = take_windowed(s, ents, max);
			*more = may_send(s);
		}
	}
	spin_unlock_bh(&s->lock);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_take);

/**
 * mqttk_session_may_take - would mqttk_session_take() find something?
 * @s: the session
 * @ep: the endpoint that asks
 *
 * Context: any but hard interrupts.
 * Return: true if so, unless what is there has expired
 */
bool mqttk_session_may_take(struct mqttk_session *s, struct mqttk_endpoint *ep)
{
	bool may;

	spin_lock_bh(&s->lock);
	may = s->ep == ep && !s->peeker && may_send(s);
	spin_unlock_bh(&s->lock);
	return may;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_may_take);

/**
 * mqttk_session_acknowledged - room in the window again
 * @s: the session, locked
 *
 * What waited for it can go, or come.
 */
void mqttk_session_acknowledged(struct mqttk_session *s)
{
	if (s->queue.nr || s->window.published.resend || s->replay_waits)
		wake(s);
}

/**
 * mqttk_session_puback - the client has a message of QoS 1
 * @s: the session
 * @ep: the endpoint that says so
 * @id: the packet identifier
 *
 * Context: any but hard interrupts.
 * Return: 0; -ESHUTDOWN if the session is no longer @ep's; -ENOENT if nothing
 *	was sent by that identifier, -EPROTO if it is not to be answered so
 */
int mqttk_session_puback(struct mqttk_session *s, struct mqttk_endpoint *ep,
			 u16 id)
{
	int err = -ESHUTDOWN;

	spin_lock_bh(&s->lock);
	if (s->ep == ep)
		err = mqttk_window_puback(&s->window, id);
	if (!err)
		mqttk_session_acknowledged(s);
	spin_unlock_bh(&s->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_puback);

/**
 * mqttk_session_pubrec - the client has a message of QoS 2
 * @s: the session
 * @ep: the endpoint that says so
 * @id: the packet identifier
 * @refused: or will not have it, which ends the delivery
 *
 * Context: any but hard interrupts.
 * Return: 0 if PUBREL is to be sent, or, if @refused, nothing; else as
 *	mqttk_session_puback()
 */
int mqttk_session_pubrec(struct mqttk_session *s, struct mqttk_endpoint *ep,
			 u16 id, bool refused)
{
	int err = -ESHUTDOWN;

	spin_lock_bh(&s->lock);
	if (s->ep == ep)
		err = mqttk_window_pubrec(&s->window, id, refused);
	if (!err && (refused || s->replay_waits))
		mqttk_session_acknowledged(s);
	spin_unlock_bh(&s->lock);
	return err;
}

/**
 * mqttk_session_pubcomp - a delivery of QoS 2 is complete
 * @s: the session
 * @ep: the endpoint that says so
 * @id: the packet identifier
 *
 * Context: any but hard interrupts.
 * Return: as mqttk_session_puback()
 */
int mqttk_session_pubcomp(struct mqttk_session *s, struct mqttk_endpoint *ep,
			  u16 id)
{
	int err = -ESHUTDOWN;

	spin_lock_bh(&s->lock);
	if (s->ep == ep)
		err = mqttk_window_pubcomp(&s->window, id);
	if (!err)
		mqttk_session_acknowledged(s);
	spin_unlock_bh(&s->lock);
	return err;
}

/* -- from the client ---------------------------------------------------- */

/**
 * mqttk_session_receive - a message of QoS 2 came from the client
 * @s: the session
 * @ep: the endpoint by which it came
 * @id: its packet identifier
 *
 * Context: any but hard interrupts.
 * Return: 0: it is to be published; -EEXIST: it was already [MQTT-4.3.3-10];
 *	-ESHUTDOWN if the session is no longer @ep's; -ENOBUFS over the budget,
 *	-ENOMEM
 */
int mqttk_session_receive(struct mqttk_session *s, struct mqttk_endpoint *ep,
			  u16 id)
{
	struct mqttk_limits *l = &s->mn->limits;
	int err = -ESHUTDOWN;

	spin_lock_bh(&s->lock);
	if (s->ep != ep || s->dead)
		goto unlock;
	err = -ENOBUFS;
	if (!s->nr_received_ids &&
	    !mqttk_charge(l, MQTTK_BUDGET_CLIENT, RECEIVED_IDS_COST))
		goto unlock;
	err = ida_alloc_range(&s->received_ids, id, id,
			      GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN);
	if (err >= 0) {
		s->nr_received_ids++;
		err = 0;
	} else if (err == -ENOSPC) {
		err = -EEXIST;
	}
	if (!s->nr_received_ids)
		mqttk_uncharge(l, MQTTK_BUDGET_CLIENT, RECEIVED_IDS_COST);
unlock:
	spin_unlock_bh(&s->lock);
	return err;
}

/**
 * mqttk_session_release - the client will not send a message again
 * @s: the session
 * @ep: the endpoint that says so
 * @id: its packet identifier
 *
 * Context: any but hard interrupts.
 * Return: 0; -ENOENT if it is unknown, -ESHUTDOWN if the session is no longer
 *	@ep's
 */
int mqttk_session_release(struct mqttk_session *s, struct mqttk_endpoint *ep,
			  u16 id)
{
	int err = -ESHUTDOWN;
	int got;

	spin_lock_bh(&s->lock);
	if (s->ep != ep || s->dead)
		goto unlock;
	err = -ENOENT;
	/* An IDA can only be asked by taking what is not taken yet. */
	got = ida_alloc_range(&s->received_ids, id, id,
			      GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN);
	if (got != -ENOSPC) {
		if (got >= 0)
			ida_free(&s->received_ids, id);
		goto unlock;
	}
	ida_free(&s->received_ids, id);
	if (!--s->nr_received_ids)
		mqttk_uncharge(&s->mn->limits, MQTTK_BUDGET_CLIENT,
			       RECEIVED_IDS_COST);
	err = 0;
unlock:
	spin_unlock_bh(&s->lock);
	return err;
}

/* -- the end of messages ------------------------------------------------ */

/**
 * mqttk_session_sweep - remove what has expired from the queue
 * @s: the session; the caller has a reference
 *
 * Context: process; yields.
 */
void mqttk_session_sweep(struct mqttk_session *s)
{
	struct mqttk_sweep sw = { .now = ktime_get_boottime(), .owner = s };
	bool more = true;

	while (more) {
		spin_lock_bh(&s->lock);
		/* What an endpoint is looking at may not move. */
		if (s->peeker || s->dead) {
			mqttk_queue_sweep_abort(&sw);
			sw.next = s->dead ? 0 : mqttk_clock_in(SWEEP_AGAIN);
			more = false;
		} else {
			more = mqttk_queue_sweep(&s->queue, &s->mn->limits,
						 &sw);
			/* What stood behind them may be free to go. */
			if (sw.expired)
				wake(s);
		}
		s->expired += sw.expired;
		mqttk_stat_add(s->mn, MQTTK_STAT_MESSAGES_EXPIRED, sw.expired);
		sw.expired = 0;
		/* What came during a pause lies behind the mark: it was seen. */
		if (!more)
			s->expires_at = sw.next;
		spin_unlock_bh(&s->lock);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_sweep);

/*
 * A session has ended before a message was delivered. What came by a shared
 * subscription is not for it alone.
 */
static void bequeath(struct mqttk_session *s, struct mqttk_qent *e)
{
	if (e->via && e->via->group && !s->mn->dying)
		mqttk_router_reroute(s->mn, e);
	else
		put_ent(e);
}

static void forget_queue(struct mqttk_session *s)
{
	struct mqttk_qent ents[FORGET_AT_ONCE];
	unsigned int i, n;

	do {
		spin_lock_bh(&s->lock);
		for (n = 0; n < FORGET_AT_ONCE && s->queue.nr; n++)
			mqttk_queue_pop(&s->queue, &s->mn->limits, &ents[n]);
		spin_unlock_bh(&s->lock);
		for (i = 0; i < n; i++)
			bequeath(s, &ents[i]);
		cond_resched();
	} while (n);
}

/**
 * mqttk_session_forget - drop all messages of a session that has ended
 * @s: the session; dead, no endpoint looks at its messages
 *
 * Context: process; yields.
 */
void mqttk_session_forget(struct mqttk_session *s)
{
	struct mqttk_limits *l = &s->mn->limits;
	struct mqttk_window *w = &s->window;
	struct mqttk_qent e;

	/*
	 * First what was sent first. Nobody finds anything there any more, so
	 * it needs no lock.
	 */
	while (mqttk_window_drop_one(w, &e)) {
		/* QoS 2 in flight dies with the session [MQTT-4.8.2-5]. */
		if (e.msg && e.qos == 1)
			bequeath(s, &e);
		else
			put_ent(&e);
		cond_resched();
	}
	forget_queue(s);
	mqttk_window_free(l, w->slots, w->size);
	w->slots = NULL;
	w->size = 0;
	ida_destroy(&s->received_ids);
	if (s->nr_received_ids)
		mqttk_uncharge(l, MQTTK_BUDGET_CLIENT, RECEIVED_IDS_COST);
	s->nr_received_ids = 0;
}
