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
#include <uapi/linux/mqttk_netlink.h>

#include "deadline.h"
#include "filter.h"
#include "queue.h"
#include "replay.h"
#include "window.h"
#include "wire.h"

struct mqttk_endpoint;
struct mqttk_ids;
struct mqttk_msg;
struct mqttk_net;
struct mqttk_retain_node;
struct mqttk_user;

/* QoS 0, 1 and 2. */
#define MQTTK_NR_QOS		3

/* Acknowledgments that are noted at a time. */
#define MQTTK_ACKS_MAX		32

/* A Session Expiry Interval that never ends. */
#define MQTTK_EXPIRY_NEVER	U32_MAX

/**
 * enum mqttk_end - why an endpoint loses its session
 * @MQTTK_END_TAKEN_OVER: another connection came with the same client id
 * @MQTTK_END_ADMIN: an administrator said so
 * @MQTTK_END_NET: the netns ends, or the module does
 * @MQTTK_END_EXPIRED: its client stayed away too long
 */
enum mqttk_end {
	MQTTK_END_TAKEN_OVER,
	MQTTK_END_ADMIN,
	MQTTK_END_NET,
	MQTTK_END_EXPIRED,
};

/**
 * struct mqttk_endpoint_ops - the ways upward from a session
 * @wake: there is something to send. Called under session->lock, bottom halves
 *	off; must not sleep, nor take a lock under which anyone calls into the
 *	session.
 * @end: the session is no longer this endpoint's, or shall not be: it is to
 *	leave. @reason is what an administrator has said why, a reason code of 5.0,
 *	or 0. Called like @wake.
 * @lingers: it leaves when its user likes, which may be never: what is to go on
 *	without it does not wait
 */
struct mqttk_endpoint_ops {
	void (*wake)(struct mqttk_endpoint *ep);
	void (*end)(struct mqttk_endpoint *ep, enum mqttk_end why, u8 reason);
	bool lingers;
};

/**
 * struct mqttk_endpoint - where a session's messages go: a conn or a file
 * @ops: see there
 */
struct mqttk_endpoint {
	const struct mqttk_endpoint_ops *ops;
};

/**
 * struct mqttk_away - what a session needs for times without its client, and for
 *	messages that expire
 * @session: whose; no reference
 * @will: to be published when @will_at has come or the session ends, or NULL
 * @will_at: CLOCK_BOOTTIME
 * @ends_at: CLOCK_BOOTTIME when it ends for want of its client, 0: it does not
 * @since: CLOCK_BOOTTIME when its client left
 * @expires_at: no message in @session's queue expires earlier, 0: none is known to
 * @deadline: at the earliest of these times
 * @rcu: freed a grace period after the session's last reference, when the
 *	deadline is not set any more
 *
 * Most sessions end with their connection and never need it.
 */
struct mqttk_away {
	struct mqttk_session *session;
	struct mqttk_msg *will;
	ktime_t will_at;
	ktime_t ends_at;
	ktime_t since;
	ktime_t expires_at;
	union {
		struct mqttk_deadline deadline;
		struct rcu_head rcu;
	};
};

/**
 * struct mqttk_counts - messages of a session that were counted
 * @sent: given to the endpoint, by QoS; under the session's lock
 * @received: published by the client, by QoS; its endpoint only
 * @expired: in the queue; under the session's lock
 */
struct mqttk_counts {
	u64 sent[MQTTK_NR_QOS];
	u64 received[MQTTK_NR_QOS];
	u64 expired;
};

/**
 * struct mqttk_session - what the broker keeps for a client id
 * @sub: its subscriptions; @sub.index is its slot in the netns's session_ids
 * @lock: guards all up to @dropped; bottom halves off
 * @ep: the attached endpoint; NULL: the client is away. An endpoint detaches
 *	before it goes, so under @lock it is alive; what one does that is no
 *	longer attached is refused
 * @undertaker: the endpoint that was attached when the session ended: it cleans
 *	up when it leaves
 * @peeker: the endpoint that looks at messages just now; a new one waits for it
 * @dead: it has ended: nothing may be queued or subscribed
 * @hidden: not in the table of client ids (a /dev/mqtt file)
 * @told: somebody who listens may know of it: its client was let in once
 * @connected: its client was let in by @ep, and is there
 * @plain: its endpoint acknowledges nothing (likewise, unless it wants to): what
 *	it takes is delivered, whatever the QoS
 * @replay_waits: a retained message is too large for what the queue has left
 * @expires: messages in @queue may expire; when is said in @away, unless there was
 *	no memory for that
 * @stale_peek: the endpoint changed while another was looking: what that one
 *	has sent has to be sent again
 * @id_len: bytes of client id
 * @user: the user name its client came with, or NULL; changed under sub_mutex
 * @expiry: seconds it outlives its connection; 0: not at all;
 *	MQTTK_EXPIRY_NEVER
 * @queue: messages on their way to the client
 * @window: messages sent to it and not acknowledged
 * @received_ids: packet identifiers of QoS 2 messages from it that it has not
 *	released yet; NULL: none for a while
 * @replays: of an endpoint that left while the session goes on: retained
 *	messages that its successor shall queue
 * @away: there from the beginning if it is to outlive its connection, otherwise
 *	from the first message on that expires, or NULL
 * @counts: there from the first message on, to or from the client, or NULL
 * @dropped: messages not queued because a limit was reached
 * @mn: its netns's broker, which outlives it
 * @ref: the session table, the endpoint, and each subscription
 * @rcu: freed after a grace period, since fan-outs follow subscriptions to it
 * @node: in the netns's table of client ids
 * @id: client id
 */
struct mqttk_session {
	/* What a message on its way here touches. */
	struct mqttk_subscriber sub;
	spinlock_t lock;	/* ep to dropped */
	bool dead;
	bool plain;
	bool replay_waits;
	bool expires;
	struct mqttk_endpoint *ep;
	struct mqttk_endpoint *peeker;
	struct mqttk_queue queue;
	struct mqttk_window window;
	struct mqttk_net *mn;
	struct mqttk_counts *counts;
	u64 dropped;
	/* What it does not. */
	struct mqttk_ids *received_ids;
	struct mqttk_user __rcu *user;
	union {
		struct {
			struct mqttk_endpoint *undertaker;
			struct mqttk_replays replays;
		};
		struct rcu_head rcu;
	};
	struct mqttk_away *away;
	struct rhash_head node;
	refcount_t ref;
	u32 expiry;
	bool hidden : 1;
	bool told : 1;
	bool connected : 1;
	bool stale_peek : 1;
	u16 id_len;
	u8 id[];
};

/**
 * struct mqttk_session_open - what a CONNECT asks for
 * @id: client id
 * @id_len: its length, at least 1
 * @user: its user name; no bytes pointed to: none
 * @receive_max: QoS 1 and 2 messages the client takes at once, at least 1
 * @clean: begin anew: Clean Session, Clean Start
 * @expiry: seconds the session outlives the connection
 */
struct mqttk_session_open {
	const u8 *id;
	u16 id_len;
	struct mqttk_str user;
	u16 receive_max;
	bool clean;
	u32 expiry;
};

/**
 * struct mqttk_session_leave - how an endpoint leaves
 * @expiry: seconds the session shall go on without it
 * @will: what is to be published, or NULL; the session has taken the reference
 *	over if it is NULL afterwards
 * @will_delay: seconds until then, unless the client is back
 * @replays: retained messages not queued yet; the session takes them over
 * @cause: why it leaves
 * @reason: reason code of 5.0 for it, 0: none
 */
struct mqttk_session_leave {
	u32 expiry;
	struct mqttk_msg *will;
	u32 will_delay;
	struct mqttk_replays *replays;
	enum mqttk_cause cause;
	u8 reason;
};

/* session.c: its life */
struct mqttk_session *mqttk_session_open(struct mqttk_net *mn,
					 const struct mqttk_session_open *how,
					 struct mqttk_endpoint *ep,
					 bool *present);
struct mqttk_session *mqttk_session_open_hidden(struct mqttk_net *mn,
						struct mqttk_endpoint *ep);
void mqttk_session_announce(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    bool present);
struct mqttk_session *mqttk_session_find(struct mqttk_net *mn, const u8 *id,
					 u16 id_len);
void mqttk_session_leave(struct mqttk_session *s, struct mqttk_endpoint *ep,
			 struct mqttk_session_leave *how);
void mqttk_session_take_replays(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				struct mqttk_replays *replays);
bool mqttk_session_end(struct mqttk_session *s, enum mqttk_end why);
bool mqttk_session_kick(struct mqttk_session *s, u8 reason);
void mqttk_session_free(struct mqttk_session *s);
void mqttk_session_set_deadline(struct mqttk_session *s);
void mqttk_session_note_expiry(struct mqttk_session *s, ktime_t when);
u16 mqttk_session_window_limit(struct mqttk_net *mn, u16 receive_max);
bool mqttk_session_is_current(struct mqttk_session *s,
			      const struct mqttk_endpoint *ep);

int mqttk_session_subscribe(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    const u8 *filter, u16 len, u8 qos, u8 options,
			    u32 id, bool *existed);
int mqttk_session_unsubscribe(struct mqttk_session *s,
			      struct mqttk_endpoint *ep,
			      const u8 *filter, u16 len);

int mqttk_sessions_module_init(void);
void mqttk_sessions_module_exit(void);
int mqttk_sessions_init(struct mqttk_net *mn);
void mqttk_sessions_exit(struct mqttk_net *mn);
void mqttk_sessions_end(struct mqttk_net *mn);

/* append.c: messages into the queue */
bool mqttk_session_append(struct mqttk_session *s, struct mqttk_msg *msg,
			  u8 qos, bool retain, struct mqttk_via *via);
void mqttk_session_append_run(struct mqttk_session *s,
			      struct mqttk_msg *const *msgs, unsigned int nr,
			      u64 share, struct mqttk_via *via);
bool mqttk_session_offer(struct mqttk_session *s, struct mqttk_msg *msg,
			 u8 qos, bool retain, struct mqttk_via *via);
void mqttk_session_lose(struct mqttk_session *s, const struct mqttk_msg *msg);
int mqttk_session_append_retained(struct mqttk_session *s,
				  struct mqttk_retain_node *node, u8 qos,
				  struct mqttk_via *via);
bool mqttk_session_has_room(struct mqttk_session *s);

/* delivery.c: messages to the client */
unsigned int mqttk_session_peek(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				struct mqttk_qent *ents, unsigned int max);
bool mqttk_session_consume(struct mqttk_session *s, struct mqttk_qent *ents,
			   unsigned int nr, unsigned int n);
bool mqttk_session_consume_run(struct mqttk_session *s, unsigned int nr,
			       u64 bytes);
unsigned int mqttk_session_take(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				struct mqttk_qent *ents, unsigned int max,
				bool *more);
bool mqttk_session_may_take(struct mqttk_session *s, struct mqttk_endpoint *ep);
void mqttk_session_sweep(struct mqttk_session *s);
void mqttk_session_rest(struct mqttk_session *s);
void mqttk_session_forget(struct mqttk_session *s);

/* session_acks.c: acknowledgments, in both directions */
void mqttk_session_acknowledged(struct mqttk_session *s);
int mqttk_session_puback(struct mqttk_session *s, struct mqttk_endpoint *ep,
			 u16 id);
int mqttk_session_pubrec(struct mqttk_session *s, struct mqttk_endpoint *ep,
			 u16 id, bool refused);
int mqttk_session_pubcomp(struct mqttk_session *s, struct mqttk_endpoint *ep,
			  u16 id);
int mqttk_session_receive(struct mqttk_session *s, struct mqttk_endpoint *ep,
			  u16 id);
int mqttk_session_release(struct mqttk_session *s, struct mqttk_endpoint *ep,
			  u16 id);
unsigned int mqttk_session_acks(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				enum mqttk_ptype type, const u16 *ids,
				unsigned int nr, u32 *unknown);

/* session_local.c: of an endpoint in this machine */
int mqttk_session_want_acks(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    u16 receive_max);
void mqttk_session_limit_queue(struct mqttk_session *s,
			       struct mqttk_endpoint *ep, u32 messages,
			       u64 bytes);
int mqttk_session_ack(struct mqttk_session *s, struct mqttk_endpoint *ep,
		      u16 id);
int mqttk_session_ack_upto(struct mqttk_session *s, struct mqttk_endpoint *ep,
			   u16 last, u16 stop);

/* session_room.c: its memory */
#define MQTTK_SESSION_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

int mqttk_session_caches_init(void);
void mqttk_session_caches_exit(void);
size_t mqttk_session_cost(u16 id_len);
struct mqttk_session *mqttk_session_zalloc(u16 id_len);
struct mqttk_counts *mqttk_session_need_counts(struct mqttk_session *s);

/* Where to count; NULL without memory for it: then counting begins later. */
static inline struct mqttk_counts *mqttk_session_counts(struct mqttk_session *s)
{
	struct mqttk_counts *c = READ_ONCE(s->counts);

	return likely(c) ? c : mqttk_session_need_counts(s);
}

static inline void mqttk_session_count_sent(struct mqttk_session *s, u8 qos,
					    unsigned int nr)
{
	struct mqttk_counts *c = mqttk_session_counts(s);

	if (likely(c))
		c->sent[qos] += nr;
}

static inline void mqttk_session_count_received(struct mqttk_session *s, u8 qos,
						unsigned int nr)
{
	struct mqttk_counts *c = mqttk_session_counts(s);

	if (likely(c))
		c->received[qos] += nr;
}

static inline void mqttk_session_count_expired(struct mqttk_session *s,
					       unsigned int nr)
{
	struct mqttk_counts *c = nr ? mqttk_session_counts(s) : NULL;

	if (c)
		c->expired += nr;
}

/*
 * What was counted, for whoever shows it; under the session's lock. A dead one
 * may have been found under RCU, when nothing of it but itself is left.
 */
static inline struct mqttk_counts
mqttk_session_counted(const struct mqttk_session *s)
{
	return !s->dead && s->counts ? *s->counts : (struct mqttk_counts){};
}

/* There is something to send; under the session's lock. */
static inline void mqttk_session_wake(struct mqttk_session *s)
{
	if (s->ep)
		s->ep->ops->wake(s->ep);
}

static inline void mqttk_session_put(struct mqttk_session *s)
{
	if (s && refcount_dec_and_test(&s->ref))
		mqttk_session_free(s);
}

#endif /* MQTTK_SESSION_H */
