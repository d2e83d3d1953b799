// SPDX-License-Identifier: GPL-2.0
/*
 * The session of an endpoint in this machine: nothing is lost on the way to it,
 * so one word acknowledges a message, or many.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/sched.h>

#include "net.h"
#include "session.h"

/**
 * mqttk_session_want_acks - the endpoint acknowledges from now on
 * @s: a hidden session without subscriptions
 * @ep: its endpoint
 * @receive_max: QoS 1 and 2 messages it takes at once, at least 1
 *
 * Context: any but hard interrupts.
 * Return: 0, or -ESHUTDOWN if the session is no longer @ep's
 */
int mqttk_session_want_acks(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    u16 receive_max)
{
	int err = -ESHUTDOWN;

	spin_lock_bh(&s->lock);
	if (s->ep == ep) {
		s->plain = false;
		mqttk_window_start(&s->window,
				   mqttk_session_window_limit(s->mn,
							      receive_max));
		err = 0;
	}
	spin_unlock_bh(&s->lock);
	return err;
}

/**
 * mqttk_session_limit_queue - keep less than the netns's limits allow
 * @s: the session
 * @ep: its endpoint
 * @messages: in the queue; 0: as the netns's limit says
 * @bytes: likewise
 *
 * What is in the queue already stays. Holds until another endpoint comes.
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_limit_queue(struct mqttk_session *s,
			       struct mqttk_endpoint *ep, u32 messages,
			       u64 bytes)
{
	spin_lock_bh(&s->lock);
	if (s->ep == ep)
		mqttk_queue_limit(&s->queue, messages, bytes);
	spin_unlock_bh(&s->lock);
}

/* What a device has acknowledged under one hold of the lock. */
#define ACK_AT_ONCE	64

/**
 * mqttk_session_ack - a message is acknowledged, whatever its QoS
 * @s: the session
 * @ep: the endpoint that says so: one that needs no packets to complete QoS 2
 * @id: the packet identifier
 *
 * Context: any but hard interrupts.
 * Return: 0; -ENOENT if nothing was sent to @ep by that identifier, -ESHUTDOWN
 *	if the session is no longer @ep's
 */
int mqttk_session_ack(struct mqttk_session *s, struct mqttk_endpoint *ep,
		      u16 id)
{
	int err = -ESHUTDOWN;

	spin_lock_bh(&s->lock);
	if (s->ep == ep)
		err = mqttk_window_ack(&s->window, id);
	if (!err)
		mqttk_session_acknowledged(s);
	spin_unlock_bh(&s->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_ack);

/* Returns true if there may be more. */
static bool ack_some(struct mqttk_session *s, u16 last, u16 stop)
{
	struct mqttk_window *w = &s->window;
	unsigned int n;
	u16 id = 0;

	for (n = 0; n < ACK_AT_ONCE; n++) {
		id = mqttk_window_oldest(w);
		if (!id || id == stop)
			break;
		mqttk_window_ack(w, id);
		if (id == last)
			break;
	}
	mqttk_session_acknowledged(s);
	return n == ACK_AT_ONCE;
}

/**
 * mqttk_session_ack_upto - messages are acknowledged in the order they were sent
 * @s: the session
 * @ep: the endpoint that says so, as for mqttk_session_ack()
 * @last: up to and with this packet identifier; 0: all
 * @stop: but not from this one on; 0: none
 *
 * Context: process; yields.
 * Return: as mqttk_session_ack()
 */
int mqttk_session_ack_upto(struct mqttk_session *s, struct mqttk_endpoint *ep,
			   u16 last, u16 stop)
{
	bool more = true;
	int err = 0;

	while (more && !err) {
		spin_lock_bh(&s->lock);
		if (s->ep != ep)
			err = -ESHUTDOWN;
		else if (last && !mqttk_window_is_sent(&s->window, last))
			err = -ENOENT;
		else
			more = ack_some(s, last, stop);
		spin_unlock_bh(&s->lock);
		cond_resched();
	}
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_ack_upto);
