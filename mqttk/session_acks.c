// SPDX-License-Identifier: GPL-2.0
/*
 * What acknowledges a session's messages, in both directions: the client's
 * answers to what was sent to it, and what of its own QoS 2 messages has to be
 * remembered.
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/errno.h>

#include "ids.h"
#include "net.h"
#include "session.h"
#include "wire.h"

/**
 * mqttk_session_acknowledged - room in the window again
 * @s: the session, locked
 *
 * What waited for it can go, or come.
 */
void mqttk_session_acknowledged(struct mqttk_session *s)
{
	if (s->queue.nr || mqttk_window_republish(&s->window) ||
	    s->replay_waits)
		mqttk_session_wake(s);
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
	int err = -ESHUTDOWN;

	spin_lock_bh(&s->lock);
	if (s->ep == ep && !s->dead)
		err = mqttk_ids_add(&s->received_ids, &s->mn->limits, id);
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

	spin_lock_bh(&s->lock);
	if (s->ep == ep && !s->dead)
		err = mqttk_ids_del(s->received_ids, id);
	spin_unlock_bh(&s->lock);
	return err;
}

static int note(struct mqttk_session *s, enum mqttk_ptype type, u16 id)
{
	switch (type) {
	case MQTTK_PUBACK:
		return mqttk_window_puback(&s->window, id);
	case MQTTK_PUBREC:
		return mqttk_window_pubrec(&s->window, id, false);
	case MQTTK_PUBREL:
		return mqttk_ids_del(s->received_ids, id);
	default:
		return mqttk_window_pubcomp(&s->window, id);
	}
}

/**
 * mqttk_session_acks - several acknowledgments of one kind came together
 * @s: the session
 * @ep: the endpoint by which they came
 * @type: PUBACK, PUBREC, PUBREL or PUBCOMP, all of success
 * @ids: their packet identifiers
 * @nr: how many, at most MQTTK_ACKS_MAX
 * @unknown: set to which of them belong to nothing, bit by bit
 *
 * As mqttk_session_puback(), mqttk_session_pubrec(), mqttk_session_release() or
 * mqttk_session_pubcomp() for each.
 *
 * Context: any but hard interrupts.
 * Return: how many, from the first, were noted; the next, if any, would be an
 *	error
 */
unsigned int mqttk_session_acks(struct mqttk_session *s,
				struct mqttk_endpoint *ep, enum mqttk_ptype type,
				const u16 *ids, unsigned int nr, u32 *unknown)
{
	unsigned int n;
	int err;

	BUILD_BUG_ON(BITS_PER_TYPE(*unknown) < MQTTK_ACKS_MAX);
	*unknown = 0;
	spin_lock_bh(&s->lock);
	if (s->ep != ep || s->dead)
		nr = 0;
	for (n = 0; n < nr; n++) {
		err = note(s, type, ids[n]);
		if (err == -ENOENT)
			*unknown |= BIT(n);
		else if (err)
			break;
	}
	/* There is room in the window; or, behind PUBREC, one message less. */
	if (n && (type == MQTTK_PUBACK || type == MQTTK_PUBCOMP ||
		  s->replay_waits))
		mqttk_session_acknowledged(s);
	spin_unlock_bh(&s->lock);
	return n;
}
