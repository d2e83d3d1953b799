// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of a session on their way to its client through queue and window. How
 * they come into the queue stands in append.c, what the client answers in
 * session_acks.c.
 *
 * Towards the client the queue holds what was never sent. What is sent at QoS 1
 * or 2 moves to the window until it is acknowledged, and a new connection sends
 * what it finds there first. So the order of messages is that of the queue,
 * whatever the QoS: one that waits for the window holds up those behind it.
 */
#include <kunit/visibility.h>
#include <linux/sched.h>

#include "ids.h"
#include "msg.h"
#include "net.h"
#include "router.h"
#include "session.h"
#include "trace.h"
#include "via.h"

/* Expired messages that a look at the queue removes. */
#define EXPIRE_AT_ONCE	64

/* Messages that go at a time with the session they were for. */
#define FORGET_AT_ONCE		8

/* How soon an expired message is looked for again if it could not be removed. */
#define SWEEP_AGAIN	1

/* -- towards the client ------------------------------------------------- */

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
		mqttk_session_count_expired(s, 1);
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
	ktime_t now = s->expires ? ktime_get_boottime() : 0;
	struct mqttk_qent *e;

	for (i = 0; i < n; i++)
		quota -= ents[i].msg && quota;
	if (!drop_expired(s, now)) {
		/* The endpoint comes again for the rest. */
		mqttk_session_wake(s);
		return n;
	}
	/* What neither expires nor needs an identifier asks for nothing more. */
	if (!now && (s->plain || s->queue.nr_qos0 == s->queue.nr))
		return n + mqttk_queue_copy(&s->queue, ents + n, max - n);
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

	if (mqttk_window_republish(&s->window) ||
	    mqttk_window_rerelease(&s->window))
		n = mqttk_window_peek(&s->window, ents, max, &more);
	return more ? n : peek_queue(s, ents, n, max);
}

/* Mostly there is one message, of QoS 0, and nothing is to be asked of it. */
static bool peek_sole(struct mqttk_session *s, struct mqttk_qent *e)
{
	const struct mqttk_queue *q = &s->queue;

	if (!mqttk_queue_has_sole(q) || !q->nr_qos0 || s->expires ||
	    mqttk_window_republish(&s->window) ||
	    mqttk_window_rerelease(&s->window))
		return false;
	*e = *mqttk_queue_sole(q);
	return true;
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
 * Context: bottom halves off.
 * Return: how many; then mqttk_session_consume() has to follow. 0 too if the
 *	session is no longer @ep's, or another endpoint's look has not ended
 */
unsigned int mqttk_session_peek(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				struct mqttk_qent *ents, unsigned int max)
{
	unsigned int n = 0;

	spin_lock(&s->lock);
	if (s->ep != ep || (s->peeker && s->peeker != ep))
		goto unlock;
	n = peek_sole(s, ents) ? 1 : look(s, ents, max);
	if (n)
		s->peeker = ep;
unlock:
	spin_unlock(&s->lock);
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
	mqttk_session_wake(s);
}

/* Is there anything that another look might find? */
static bool has_more(const struct mqttk_session *s)
{
	return s->queue.nr || mqttk_window_republish(&s->window) ||
	       mqttk_window_rerelease(&s->window);
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
 * Return: true if there may be more to be sent; if not, the endpoint is woken
 *	when there is
 */
bool mqttk_session_consume(struct mqttk_session *s, struct mqttk_qent *ents,
			   unsigned int nr, unsigned int n)
{
	unsigned int i, unsent = 0;
	bool more;

	/* Then nobody was kept from looking. */
	if (!nr)
		return false;
	spin_lock_bh(&s->lock);
	for (i = 0; i < n; i++) {
		if (ents[i].skip)
			count_skipped(s, ents[i].msg);
		else if (ents[i].msg)
			mqttk_session_count_sent(s, ents[i].qos, 1);
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
	more = has_more(s);
	spin_unlock_bh(&s->lock);
	for (i = 0; i < nr; i++)
		if (ents[i].resend)
			put_ent(&ents[i]);
	return more;
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
 * Context: bottom halves off.
 * Return: as mqttk_session_consume()
 */
bool mqttk_session_consume_run(struct mqttk_session *s, unsigned int nr,
			       u64 bytes)
{
	bool more;

	spin_lock(&s->lock);
	mqttk_session_count_sent(s, 0, nr);
	if (mqttk_queue_has_sole(&s->queue))
		mqttk_queue_take_sole(&s->queue);
	else
		mqttk_queue_pop_run(&s->queue, &s->mn->limits, nr, bytes);
	end_look(s);
	more = has_more(s);
	spin_unlock(&s->lock);
	return more;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_consume_run);

/* Takes what is of QoS 0 and never expires: nothing is to be asked of any. */
static unsigned int take_run(struct mqttk_session *s, struct mqttk_qent *ents,
			     unsigned int max)
{
	unsigned int i, n = mqttk_queue_copy(&s->queue, ents, max);
	u64 bytes = 0;

	if (n == s->queue.nr)
		bytes = s->queue.bytes;
	else
		for (i = 0; i < n; i++)
			bytes += mqttk_msg_share(ents[i].msg) +
				 mqttk_via_share(ents[i].via);
	mqttk_queue_pop_run(&s->queue, &s->mn->limits, n, bytes);
	mqttk_session_count_sent(s, 0, n);
	return n;
}

/* Takes what is due from a session that acknowledges nothing. */
static unsigned int take_plain(struct mqttk_session *s,
			       struct mqttk_qent *ents, unsigned int max)
{
	struct mqttk_limits *l = &s->mn->limits;
	unsigned int n = 0, expired = 0;
	ktime_t now = 0;

	if (!s->expires && s->queue.nr_qos0 == s->queue.nr)
		return take_run(s, ents, max);
	while (n < max && expired < EXPIRE_AT_ONCE && s->queue.nr) {
		struct mqttk_qent *e = &ents[n];

		mqttk_queue_pop(&s->queue, l, e);
		/* Few expire: the others need no look at the clock. */
		if (e->msg->expires && !now)
			now = ktime_get_boottime();
		if (!has_expired(e, now)) {
			mqttk_session_count_sent(s, e->qos, 1);
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
		mqttk_session_count_expired(s, expired);
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
			mqttk_session_count_sent(s, e->qos, 1);
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

	if (mqttk_window_rerelease(w))
		return true;
	if (mqttk_window_republish(w))
		return w->quota;
	if (!s->queue.nr || s->plain)
		return s->queue.nr;
	e = mqttk_queue_first(&s->queue, &pos);
	return !e->qos || (w->quota && w->slots && w->slots->free.head);
}

/* Not inlined, as append_any(). */
static noinline unsigned int take_any(struct mqttk_session *s,
				      struct mqttk_qent *ents, unsigned int max,
				      bool *more)
{
	unsigned int n;

	if (s->plain) {
		n = take_plain(s, ents, max);
		*more = s->queue.nr;
	} else {
		n = take_windowed(s, ents, max);
		*more = may_send(s);
	}
	return n;
}

/* Mostly there is one, which never expires. */
static bool take_sole(struct mqttk_session *s, struct mqttk_qent *e)
{
	if (!s->plain || s->expires || !mqttk_queue_has_sole(&s->queue))
		return false;
	mqttk_queue_pop_sole(&s->queue, e);
	mqttk_session_count_sent(s, e->qos, 1);
	return true;
}

/**
 * mqttk_session_take - take what is to be delivered next, as delivered
 * @s: the session
 * @ep: the endpoint that asks
 * @ents: filled, as by mqttk_session_peek(); references are the caller's, who
 *	sees to it that they get where they should
 * @max: at most so many, not 0
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
	if (s->ep == ep && !s->peeker)
		n = take_sole(s, ents) ? 1 : take_any(s, ents, max, more);
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
				mqttk_session_wake(s);
		}
		mqttk_session_count_expired(s, sw.expired);
		mqttk_stat_add(s->mn, MQTTK_STAT_MESSAGES_EXPIRED, sw.expired);
		sw.expired = 0;
		/* What came during a pause lies behind the mark: it was seen. */
		if (!more) {
			s->expires = sw.next;
			if (s->away)
				s->away->expires_at = sw.next;
		}
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
 * mqttk_session_rest - its client has said nothing for a while
 * @s: the session; the caller has a reference
 *
 * Gives memory back that the next message will allocate anew.
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_rest(struct mqttk_session *s)
{
	spin_lock_bh(&s->lock);
	mqttk_queue_rest(&s->queue, &s->mn->limits);
	mqttk_ids_rest(&s->received_ids, &s->mn->limits);
	spin_unlock_bh(&s->lock);
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
	struct mqttk_slots *slots;
	struct mqttk_qent e;
	u16 size;

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
	mqttk_session_rest(s);
	/* Dumps, and an endpoint that has lost it, may still ask how many. */
	spin_lock_bh(&s->lock);
	slots = w->slots;
	size = w->size;
	w->slots = NULL;
	w->size = 0;
	mqttk_ids_free(&s->received_ids, l);
	spin_unlock_bh(&s->lock);
	mqttk_window_free(l, slots, size);
}
