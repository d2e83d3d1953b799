/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: what administrators may want to be told of as it happens.
 *
 * Every layer tells; who listens stands above them all and registers here. An
 * event is told where the thing happens, under the lock that makes it happen,
 * so events of one session come in the order they happened in. Telling does not
 * sleep, cannot fail and changes nothing; while nobody listens it costs a look.
 */
#ifndef MQTTK_EVENTS_H
#define MQTTK_EVENTS_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <uapi/linux/mqttk_netlink.h>

#include "limits.h"

struct mqttk_endpoint;
struct mqttk_listener;
struct mqttk_session;
struct net;

/**
 * struct mqttk_event - something that happened
 * @cmd: what: MQTTK_CMD_*_NTF
 * @session: whose, or NULL; alive while this is told
 * @ep: the session's endpoint, for clients that come and go, locked with it
 * @listener: for listeners that come and go
 * @cause: why something ended
 * @reason: reason code of 5.0 for it, 0: none
 * @present: the client found a session of its own
 * @expiry: seconds the session outlives the connection
 * @filter: of a subscription
 * @filter_len: its length
 * @qos: granted
 * @limit: name of a limit
 * @count: how often it was hit since it was last told
 */
struct mqttk_event {
	int cmd;
	const struct mqttk_session *session;
	const struct mqttk_endpoint *ep;
	const struct mqttk_listener *listener;
	enum mqttk_cause cause;
	u8 reason;
	bool present;
	u32 expiry;
	const u8 *filter;
	u16 filter_len;
	u8 qos;
	const char *limit;
	u64 count;
};

/**
 * struct mqttk_events_ops - who passes events on
 * @wanted: does anybody listen in this netns? Called under RCU, in any context
 *	but hard interrupts
 * @tell: tell them; called likewise, with locks of any layer held
 */
struct mqttk_events_ops {
	bool (*wanted)(struct net *net);
	void (*tell)(struct net *net, const struct mqttk_event *e);
};

void mqttk_events_register(const struct mqttk_events_ops *ops);
bool mqttk_events_wanted(struct net *net);
void mqttk_event_tell(struct net *net, const struct mqttk_event *e);
void mqttk_limit_hit(struct mqttk_limits *l, enum mqttk_limit key,
		     const struct mqttk_session *s);

#endif /* MQTTK_EVENTS_H */
