/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The session: what the broker keeps for a client id (or for an open
 * /dev/mqtt): its subscriptions and the queue of messages on their way to it.
 */
#ifndef MQTTK_SESSION_H
#define MQTTK_SESSION_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>

#include "filter.h"
#include "queue.h"

struct mqttk_endpoint;
struct mqttk_msg;
struct mqttk_net;
struct mqttk_retain_node;

/**
 * enum mqttk_end - why an endpoint loses its session
 * @MQTTK_END_TAKEN_OVER: another connection came with the same client id
 * @MQTTK_END_ADMIN: an administrator said so
 * @MQTTK_END_NET: the netns ends, or the module does
 */
enum mqttk_end {
	MQTTK_END_TAKEN_OVER,
	MQTTK_END_ADMIN,
	MQTTK_END_NET,
};

/**
 * struct mqttk_endpoint_ops - the ways upward from a session
 * @wake: the queue went from empty to non-empty. Called under session->lock,
 *	bottom halves off; must not sleep, nor take a lock under which anyone
 *	calls into the session.
 * @end: the session is no longer this endpoint's, for the reason given.
 *	Called like @wake; never called again for that session.
 */
struct mqttk_endpoint_ops {
	void (*wake)(struct mqttk_endpoint *ep);
	void (*end)(struct mqttk_endpoint *ep, enum mqttk_end why);
};

/**
 * struct mqttk_endpoint - where a session's messages go: a conn or a file
 * @ops: see there
 */
struct mqttk_endpoint {
	const struct mqttk_endpoint_ops *ops;
};

/**
 * struct mqttk_session - what the broker keeps for a client id
 * @sub: its subscriptions; @sub.index is its slot in the netns's session_ids
 * @lock: guards @ep, @dead, @replay_waits and @queue; bottom halves off
 * @ep: the attached endpoint, or NULL. An endpoint detaches before it goes,
 *	so under @lock it is alive; what one does that is no longer attached
 *	is refused
 * @dead: no longer in any table: nothing may be queued or subscribed
 * @replay_waits: a retained message is too large for what the queue has left
 * @queue: messages on their way to the client
 * @received: messages published by the client
 * @sent: messages given to the endpoint
 * @dropped: messages not queued because a limit was reached
 * @mn: its netns's broker, which outlives it
 * @ref: the session table, the endpoint, and each subscription
 * @rcu: freed after a grace period, since fan-outs follow subscriptions to it
 * @node: in the netns's table of client ids
 * @id_len: bytes of client id
 * @hidden: not in the table of client ids (a /dev/mqtt file)
 * @id: client id
 */
struct mqttk_session {
	struct mqttk_subscriber sub;
	spinlock_t lock;	/* ep, dead, queue */
	struct mqttk_endpoint *ep;
	bool dead;
	bool hidden;
	bool replay_waits;
	u16 id_len;
	struct mqttk_queue queue;
	u64 received;
	u64 sent;
	u64 dropped;
	struct mqttk_net *mn;
	refcount_t ref;
	struct rcu_head rcu;
	struct rhash_head node;
	u8 id[];
};

struct mqttk_session *mqttk_session_open(struct mqttk_net *mn, const u8 *id,
					 u16 id_len, struct mqttk_endpoint *ep);
struct mqttk_session *mqttk_session_open_hidden(struct mqttk_net *mn,
						struct mqttk_endpoint *ep);
struct mqttk_session *mqttk_session_find(struct mqttk_net *mn, const u8 *id,
					 u16 id_len);
void mqttk_session_close(struct mqttk_session *s, struct mqttk_endpoint *ep);
bool mqttk_session_end(struct mqttk_session *s, enum mqttk_end why);
void mqttk_session_free(struct mqttk_session *s);

bool mqttk_session_append(struct mqttk_session *s, struct mqttk_msg *msg,
			  u8 qos, bool retain);
unsigned int mqttk_session_peek(struct mqttk_session *s,
				const struct mqttk_endpoint *ep,
				struct mqttk_qent *ents, unsigned int max);
void mqttk_session_consume(struct mqttk_session *s, unsigned int n);
int mqttk_session_append_retained(struct mqttk_session *s,
				  struct mqttk_retain_node *node, u8 qos);
bool mqttk_session_has_room(struct mqttk_session *s);

int mqttk_session_subscribe(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    const u8 *filter, u16 len, u8 qos, u8 options,
			    bool *existed);
int mqttk_session_unsubscribe(struct mqttk_session *s,
			      struct mqttk_endpoint *ep,
			      const u8 *filter, u16 len);

void mqttk_sessions_module_init(void);
int mqttk_sessions_init(struct mqttk_net *mn);
void mqttk_sessions_exit(struct mqttk_net *mn);

static inline void mqttk_session_put(struct mqttk_session *s)
{
	if (s && refcount_dec_and_test(&s->ref))
		mqttk_session_free(s);
}

#endif /* MQTTK_SESSION_H */
