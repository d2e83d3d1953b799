// SPDX-License-Identifier: GPL-2.0
/*
 * What acknowledges a session's messages, in both directions: the client's
 * answers to what was sent to it, and what of its own QoS 2 messages has to be
 * remembered.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>

#include "ids.h"
#include "net.h"
#include "session.h"

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
