/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What others are told of a session, by events and tracepoints. All under the
 * session's lock, so that whoever listens hears of a client that it came, what
 * it did, that it went, and that its session ended, in this order.
 */
#ifndef MQTTK_SESSION_TELL_H
#define MQTTK_SESSION_TELL_H

#include "session.h"

void mqttk_tell_disconnected(struct mqttk_session *s,
			     const struct mqttk_endpoint *ep,
			     enum mqttk_cause cause, u8 reason);
void mqttk_tell_parted(struct mqttk_session *s, struct mqttk_endpoint *ep,
		       enum mqttk_end why, u8 said);
void mqttk_tell_ended(struct mqttk_session *s, enum mqttk_cause cause);
void mqttk_tell_subscribed(struct mqttk_session *s,
			   const struct mqttk_endpoint *ep, const u8 *filter,
			   u16 len, u8 qos);
void mqttk_tell_unsubscribed(struct mqttk_session *s,
			     const struct mqttk_endpoint *ep, const u8 *filter,
			     u16 len);

#endif /* MQTTK_SESSION_TELL_H */
