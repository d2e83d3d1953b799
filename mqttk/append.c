// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of a session: into its queue, or dropped and counted where that is
 * full. How they leave it stands in delivery.c.
 */
#include <kunit/visibility.h>

#include "access.h"
#include "events.h"
#include "msg.h"
#include "net.h"
#include "retain.h"
#include "run.h"
#include "session.h"
#include "trace.h"
#include "via.h"

/* Messages of QoS 0 that may have to go for one that comes. */
#define DROP_AT_ONCE	16

/*
 * Is there room for a message, without another's going for it? Who holds nothing
 * is given any; what was sent counts only where memory gets short.
 */
static bool takes(struct mqttk_session *s, size_t bytes)
{
	struct mqttk_limits *l = &s->mn->limits;
	u64 held = mqttk_window_bytes(&s->window);

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
	if (q->nr && q->max_bytes != U32_MAX &&
	    q->bytes + bytes > q->max_bytes)
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

/*
 * Who keeps up has nothing in its queue: then there is nothing to look at, and
 * this is most of what a message costs. False if it is not so, nothing was done.
 */
static bool append_idle(struct mqttk_session *s, struct mqttk_msg *msg,
			u8 qos, bool retain, struct mqttk_via *via)
{
	if (s->dead || !s->ep || mqttk_window_bytes(&s->window) || msg->expires ||
	    !mqttk_queue_is_idle(&s->queue))
		return false;
	mqttk_queue_append_idle(&s->queue, msg, via, qos, retain,
				mqttk_msg_share(msg) + mqttk_via_share(via));
	trace_mqttk_deliver(s->mn->net, s, msg, qos, 0);
	mqttk_via_get(via);
	mqttk_session_wake(s);
	return true;
}

/*
 * With everything there is to it. Without @press nothing goes for it, and no
 * loss is counted. Not inlined: it would take the other's registers and stack.
 */
static noinline bool append_any(struct mqttk_session *s, struct mqttk_msg *msg,
				u8 qos, bool retain, struct mqttk_via *via,
				bool press)
{
	size_t bytes = mqttk_msg_share(msg) + mqttk_via_share(via);
	struct mqttk_limits *l = &s->mn->limits;
	struct mqttk_qent e = {
		.msg = msg,
		.via = via,
		.qos = qos,
		.retain = retain,
	};

	if (s->dead)
		return false;
	if (!s->ep && !qos && !mqttk_limit(l, MQTTK_LIMIT_QUEUE_QOS0)) {
		if (press)
			trace_mqttk_drop(s, msg, MQTTK_DROP_AWAY);
		return false;
	}
	if ((!takes(s, bytes) && !(press && make_room(s, bytes))) ||
	    mqttk_queue_append(&s->queue, l, &e)) {
		if (press)
			count_lost(s, msg, tell_limit(s, bytes));
		return false;
	}
	trace_mqttk_deliver(s->mn->net, s, msg, qos, 0);
	mqttk_via_get(via);
	if (msg->expires)
		mqttk_session_note_expiry(s, msg->expires);
	/* Again where its endpoint may be waiting for more. */
	if (s->queue.nr == 1 || s->queue.nr == MQTTK_RUN_MAX)
		mqttk_session_wake(s);
	return true;
}

static bool append(struct mqttk_session *s, struct mqttk_msg *msg,
		   u8 qos, bool retain, struct mqttk_via *via, bool press)
{
	bool queued;

	spin_lock_bh(&s->lock);
	queued = append_idle(s, msg, qos, retain, via) ||
		 append_any(s, msg, qos, retain, via, press);
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
	u64 held = mqttk_window_bytes(&s->window);
	unsigned int i, n;

	if (s->dead || !s->ep ||
	    !mqttk_queue_takes_run(&s->queue, l, nr, held + bytes))
		return 0;
	n = mqttk_queue_append_run(&s->queue, l, msgs, nr, bytes, via);
	if (via)
		refcount_add(n, &via->ref);
	if (trace_mqttk_deliver_enabled())
		for (i = 0; i < n; i++)
			trace_mqttk_deliver(s->mn->net, s, msgs[i], 0, 0);
	if (n && (s->queue.nr == n ||
		  (s->queue.nr >= MQTTK_RUN_MAX &&
		   s->queue.nr - n < MQTTK_RUN_MAX)))
		mqttk_session_wake(s);
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
	if (!mqttk_access_may(s->mn, s, MQTTK_ACL_READ, e.msg->data,
			      e.msg->topic_len)) {
		trace_mqttk_drop(s, e.msg, MQTTK_DROP_DENIED);
		mqttk_msg_put(e.msg);
		goto unlock;
	}
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
	if (e.msg->expires)
		mqttk_session_note_expiry(s, e.msg->expires);
	if (s->queue.nr == 1)
		mqttk_session_wake(s);
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
	room = s->replay_waits ? !s->queue.nr && !mqttk_window_bytes(&s->window) :
	       mqttk_queue_has_room(&s->queue, &s->mn->limits);
	spin_unlock_bh(&s->lock);
	return room;
}
