// SPDX-License-Identifier: GPL-2.0
/*
 * What others are told of a session; see the header.
 */
#include "events.h"
#include "net.h"
#include "session_tell.h"
#include "trace.h"
#include "wire.h"

/**
 * mqttk_tell_disconnected - an endpoint is about to be without the session
 * @s: the session, locked
 * @ep: its endpoint
 * @cause: why
 * @reason: reason code of 5.0 for it, 0: none
 */
void mqttk_tell_disconnected(struct mqttk_session *s,
			     const struct mqttk_endpoint *ep,
			     enum mqttk_cause cause, u8 reason)
{
	struct mqttk_event e = {
		.cmd = MQTTK_CMD_CLIENT_DISCONNECTED_NTF,
		.session = s,
		.ep = ep,
		.cause = cause,
		.reason = reason,
	};

	if (!s->connected)
		return;
	s->connected = false;
	trace_mqttk_client_disconnected(s, cause, reason);
	mqttk_event_tell(s->mn->net, &e);
}

/* What its client is said to have left for, and what it is told. */
static enum mqttk_cause cause_of(enum mqttk_end why, u8 said, u8 *reason)
{
	*reason = 0;
	switch (why) {
	case MQTTK_END_TAKEN_OVER:
		*reason = MQTTK_REASON_SESSION_TAKEN_OVER;
		return MQTTK_CAUSE_TAKEOVER;
	case MQTTK_END_EXPIRED:
		return MQTTK_CAUSE_EXPIRED;
	case MQTTK_END_ADMIN:
		*reason = said ?: MQTTK_REASON_ADMINISTRATIVE_ACTION;
		fallthrough;
	default:
		return MQTTK_CAUSE_ADMINISTRATOR;
	}
}

/**
 * mqttk_tell_parted - the session is about to be taken from an endpoint
 * @s: the session, locked
 * @ep: its endpoint
 * @why: what the endpoint is told
 * @said: likewise, by an administrator; see &struct mqttk_endpoint_ops
 */
void mqttk_tell_parted(struct mqttk_session *s, struct mqttk_endpoint *ep,
		       enum mqttk_end why, u8 said)
{
	u8 reason;
	enum mqttk_cause cause = cause_of(why, said, &reason);

	if (why == MQTTK_END_TAKEN_OVER)
		trace_mqttk_takeover(s);
	mqttk_tell_disconnected(s, ep, cause, reason);
}

/**
 * mqttk_tell_ended - the session is dead
 * @s: the session, locked
 * @cause: why
 */
void mqttk_tell_ended(struct mqttk_session *s, enum mqttk_cause cause)
{
	struct mqttk_event e = {
		.cmd = MQTTK_CMD_SESSION_ENDED_NTF,
		.session = s,
		.cause = cause,
	};

	trace_mqttk_session_ended(s, cause, 0);
	/* What an open file has nobody sees as a session. */
	if (s->told && !s->hidden)
		mqttk_event_tell(s->mn->net, &e);
}

static void tell_subscription(struct mqttk_session *s,
			      const struct mqttk_endpoint *ep,
			      const struct mqttk_event *e)
{
	if (!mqttk_events_wanted(s->mn->net))
		return;
	spin_lock_bh(&s->lock);
	if (s->ep == ep && !s->dead)
		mqttk_event_tell(s->mn->net, e);
	spin_unlock_bh(&s->lock);
}

/**
 * mqttk_tell_subscribed - there is a subscription, new or changed
 * @s: whose, not locked
 * @ep: the endpoint that asked for it; nothing is told if it is not there any
 *	more
 * @filter: the filter
 * @len: its length
 * @qos: granted
 *
 * Context: any but hard interrupts.
 */
void mqttk_tell_subscribed(struct mqttk_session *s,
			   const struct mqttk_endpoint *ep, const u8 *filter,
			   u16 len, u8 qos)
{
	const struct mqttk_event e = {
		.cmd = MQTTK_CMD_SUBSCRIPTION_NEW_NTF,
		.session = s,
		.filter = filter,
		.filter_len = len,
		.qos = qos,
	};

	tell_subscription(s, ep, &e);
}

/**
 * mqttk_tell_unsubscribed - there is a subscription less
 * @s: whose, not locked
 * @ep: the endpoint that asked for it; nothing is told if it is not there any
 *	more
 * @filter: the filter
 * @len: its length
 *
 * Context: any but hard interrupts.
 */
void mqttk_tell_unsubscribed(struct mqttk_session *s,
			     const struct mqttk_endpoint *ep, const u8 *filter,
			     u16 len)
{
	const struct mqttk_event e = {
		.cmd = MQTTK_CMD_SUBSCRIPTION_DEL_NTF,
		.session = s,
		.filter = filter,
		.filter_len = len,
	};

	tell_subscription(s, ep, &e);
}

/**
 * mqttk_session_announce - a client was let in, for good
 * @s: its session
 * @ep: its endpoint; nothing is told if it has lost the session already
 * @present: the session was there before
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_announce(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    bool present)
{
	struct mqttk_event e = {
		.cmd = MQTTK_CMD_CLIENT_CONNECTED_NTF,
		.session = s,
		.ep = ep,
		.present = present,
	};

	spin_lock_bh(&s->lock);
	if (s->ep == ep && !s->dead) {
		s->told = true;
		s->connected = true;
		e.expiry = s->expiry;
		trace_mqttk_client_connected(s, present, s->expiry);
		mqttk_event_tell(s->mn->net, &e);
	}
	spin_unlock_bh(&s->lock);
}
