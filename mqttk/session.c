// SPDX-License-Identifier: GPL-2.0
/*
 * The session. Who can hold a reference to one:
 *
 *  - the netns's table of client ids, from mqttk_session_open() until another
 *    connection takes the id or the endpoint closes it;
 *  - the endpoint that opened it, until mqttk_session_close();
 *  - whoever looked it up, for as long as it takes.
 *
 * A fan-out follows subscriptions to it under RCU without a reference: the
 * memory stays for a grace period, and @dead keeps the queue empty.
 */
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "msg.h"
#include "net.h"
#include "retain.h"
#include "session.h"

struct id_key {
	const u8 *id;
	u16 len;
};

static siphash_key_t id_hash_key __read_mostly;

static u32 id_hash(const void *data, u32 len, u32 seed)
{
	const struct id_key *key = data;

	return siphash(key->id, key->len, &id_hash_key) ^ seed;
}

static u32 id_obj_hash(const void *data, u32 len, u32 seed)
{
	const struct mqttk_session *s = data;

	return siphash(s->id, s->id_len, &id_hash_key) ^ seed;
}

static int id_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct id_key *key = arg->key;
	const struct mqttk_session *s = obj;

	return s->id_len != key->len || memcmp(s->id, key->id, key->len);
}

static const struct rhashtable_params id_params = {
	.head_offset = offsetof(struct mqttk_session, node),
	.hashfn = id_hash,
	.obj_hashfn = id_obj_hash,
	.obj_cmpfn = id_cmp,
	.automatic_shrinking = true,
};

/**
 * mqttk_sessions_module_init - make client ids hard to collide
 */
void __init mqttk_sessions_module_init(void)
{
	get_random_bytes(&id_hash_key, sizeof(id_hash_key));
}

/**
 * mqttk_sessions_init - a netns's tables of sessions
 * @mn: the broker
 *
 * Return: 0 or -ENOMEM
 */
int mqttk_sessions_init(struct mqttk_net *mn)
{
	xa_init_flags(&mn->session_ids, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	return rhashtable_init(&mn->sessions, &id_params);
}

/**
 * mqttk_sessions_exit - undo mqttk_sessions_init()
 * @mn: the broker; every session was closed
 */
void mqttk_sessions_exit(struct mqttk_net *mn)
{
	rhashtable_destroy(&mn->sessions);
	WARN_ON_ONCE(!xa_empty(&mn->session_ids));
	xa_destroy(&mn->session_ids);
}

static size_t session_size(u16 id_len)
{
	return struct_size_t(struct mqttk_session, id, id_len);
}

/*
 * A session that could not be opened. A dump may have found it already and
 * hold a reference; the endpoint will not be there for it.
 */
static void session_abandon(struct mqttk_session *s)
{
	spin_lock_bh(&s->lock);
	s->dead = true;
	s->ep = NULL;
	spin_unlock_bh(&s->lock);
	mqttk_session_put(s);
}

static struct mqttk_session *session_alloc(struct mqttk_net *mn, const u8 *id,
					   u16 id_len,
					   struct mqttk_endpoint *ep)
{
	size_t size = session_size(id_len);
	struct mqttk_session *s;

	if (!mqttk_charge(&mn->limits, MQTTK_BUDGET_CLIENT, size))
		return ERR_PTR(-ENOBUFS);
	s = kzalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN);
	if (!s) {
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT, size);
		return ERR_PTR(-ENOMEM);
	}
	spin_lock_init(&s->lock);
	mqttk_queue_init(&s->queue);
	refcount_set(&s->ref, 1);
	s->ep = ep;
	s->mn = mn;
	s->id_len = id_len;
	memcpy(s->id, id, id_len);
	atomic_inc(&mn->nr_objects);
	return s;
}

/**
 * mqttk_session_free - free a session whose last reference is gone
 * @s: the session; call mqttk_session_put() instead
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_free(struct mqttk_session *s)
{
	struct mqttk_net *mn = s->mn;

	WARN_ON_ONCE(s->queue.nr || s->sub.nr_subs);
	mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT,
		       session_size(s->id_len));
	kfree_rcu(s, rcu);
	mqttk_net_gone(mn, &mn->nr_objects);
}

/* Puts the session where dumps find it. Under sub_mutex. */
static int session_index(struct mqttk_session *s)
{
	struct mqttk_net *mn = s->mn;
	u32 index;
	int err;

	if (mn->dying)
		return -ESHUTDOWN;
	err = xa_alloc(&mn->session_ids, &index, s, xa_limit_31b, GFP_KERNEL);
	if (err)
		return err;
	mqttk_subscriber_init(&s->sub, index);
	return 0;
}

/* Under sub_mutex. On success the table holds a reference. */
static int session_insert(struct mqttk_session *s)
{
	struct id_key key = { s->id, s->id_len };
	struct mqttk_net *mn = s->mn;
	struct mqttk_session *old;
	int err;

	err = session_index(s);
	if (err)
		return err;
	rcu_read_lock();
	old = rhashtable_lookup(&mn->sessions, &key, id_params);
	rcu_read_unlock();
	/* The table's reference keeps it: only we, under the mutex, drop it. */
	if (old)
		err = rhashtable_replace_fast(&mn->sessions, &old->node,
					      &s->node, id_params);
	else
		err = rhashtable_insert_fast(&mn->sessions, &s->node,
					     id_params);
	if (err) {
		xa_erase(&mn->session_ids, s->sub.index);
		return err;
	}
	refcount_inc(&s->ref);
	if (old) {
		if (mqttk_session_end(old, MQTTK_END_TAKEN_OVER))
			mqttk_stat_inc(mn, MQTTK_STAT_TAKEOVERS);
		mqttk_session_put(old);
	}
	return 0;
}

/**
 * mqttk_session_open - a session for a client that connects
 * @mn: the broker
 * @id: client id
 * @id_len: its length, at least 1
 * @ep: where its messages go, from now on
 *
 * A connection that has the same client id loses its session at once and
 * without being waited for [MQTT-3.1.4-2].
 *
 * Context: process; may sleep.
 * Return: the session, with a reference that mqttk_session_close() drops;
 *	-ENOBUFS over the budget, -ENOMEM, -ESHUTDOWN when the netns goes
 */
struct mqttk_session *mqttk_session_open(struct mqttk_net *mn, const u8 *id,
					 u16 id_len, struct mqttk_endpoint *ep)
{
	struct mqttk_session *s = session_alloc(mn, id, id_len, ep);
	int err;

	if (IS_ERR(s))
		return s;
	mutex_lock(&mn->sub_mutex);
	err = session_insert(s);
	mutex_unlock(&mn->sub_mutex);
	if (err) {
		session_abandon(s);
		return ERR_PTR(err);
	}
	return s;
}

/**
 * mqttk_session_open_hidden - a session without a client id
 * @mn: the broker
 * @ep: where its messages go: an open file
 *
 * Context: process; may sleep.
 * Return: as mqttk_session_open()
 */
struct mqttk_session *mqttk_session_open_hidden(struct mqttk_net *mn,
						struct mqttk_endpoint *ep)
{
	struct mqttk_session *s = session_alloc(mn, NULL, 0, ep);
	int err;

	if (IS_ERR(s))
		return s;
	s->hidden = true;
	mutex_lock(&mn->sub_mutex);
	err = session_index(s);
	mutex_unlock(&mn->sub_mutex);
	if (err) {
		session_abandon(s);
		return ERR_PTR(err);
	}
	return s;
}

/**
 * mqttk_session_find - look a client up
 * @mn: the broker
 * @id: client id
 * @id_len: its length
 *
 * Context: any but hard interrupts.
 * Return: the session with a reference, or NULL
 */
struct mqttk_session *mqttk_session_find(struct mqttk_net *mn, const u8 *id,
					 u16 id_len)
{
	struct id_key key = { id, id_len };
	struct mqttk_session *s;

	rcu_read_lock();
	s = rhashtable_lookup(&mn->sessions, &key, id_params);
	if (s && !refcount_inc_not_zero(&s->ref))
		s = NULL;
	rcu_read_unlock();
	return s;
}

/**
 * mqttk_session_end - take a session from its endpoint
 * @s: the session; the caller has a reference or holds its table
 * @why: what the endpoint is told
 *
 * The endpoint cleans up in its own time, by mqttk_session_close(); from now
 * on nothing it does in the session's name has an effect.
 *
 * Context: any but hard interrupts.
 * Return: true if the session was alive
 */
bool mqttk_session_end(struct mqttk_session *s, enum mqttk_end why)
{
	struct mqttk_endpoint *ep;
	bool alive;

	spin_lock_bh(&s->lock);
	alive = !s->dead;
	ep = s->ep;
	s->dead = true;
	s->ep = NULL;
	if (ep)
		ep->ops->end(ep, why);
	spin_unlock_bh(&s->lock);
	return alive;
}

/**
 * mqttk_session_close - the endpoint is done with its session
 * @s: the session
 * @ep: the endpoint; it does not peek or consume at the same time
 *
 * Context: process; may sleep, yields.
 */
void mqttk_session_close(struct mqttk_session *s, struct mqttk_endpoint *ep)
{
	struct mqttk_net *mn = s->mn;

	spin_lock_bh(&s->lock);
	s->dead = true;
	if (s->ep == ep)
		s->ep = NULL;
	spin_unlock_bh(&s->lock);

	/* Dead, so that nobody subscribes it anew. */
	mqttk_unsubscribe_all(&mn->index, &s->sub);
	mutex_lock(&mn->sub_mutex);
	xa_erase(&mn->session_ids, s->sub.index);
	if (!s->hidden &&
	    !rhashtable_remove_fast(&mn->sessions, &s->node, id_params))
		mqttk_session_put(s);
	mutex_unlock(&mn->sub_mutex);

	mqttk_queue_purge(&s->queue, &mn->limits);
	mqttk_session_put(s);
}

/**
 * mqttk_session_append - queue a message for a session
 * @s: the session, under RCU or with a reference
 * @msg: the message; true takes over one reference of the caller's
 * @qos: QoS of the delivery
 * @retain: RETAIN as the receiver shall see it
 *
 * What does not fit is dropped and counted: the receiver's limits are its own
 * affair, and no publisher waits for them.
 *
 * Context: any but hard interrupts.
 * Return: true if queued
 */
bool mqttk_session_append(struct mqttk_session *s, struct mqttk_msg *msg,
			  u8 qos, bool retain)
{
	bool queued = false;

	spin_lock_bh(&s->lock);
	if (s->dead)
		goto unlock;
	queued = !mqttk_queue_append(&s->queue, &s->mn->limits, msg, qos,
				     retain);
	if (!queued) {
		s->dropped++;
		mqttk_stat_inc(s->mn, MQTTK_STAT_MESSAGES_DROPPED);
	} else if (s->queue.nr == 1 && s->ep) {
		s->ep->ops->wake(s->ep);
	}
unlock:
	spin_unlock_bh(&s->lock);
	return queued;
}

/**
 * mqttk_session_append_retained - queue what a topic retains just now
 * @s: the session
 * @node: a node of its netns's retained messages, kept by the caller
 * @qos: granted QoS
 *
 * The value is read under the session's lock, and a publisher stores before it
 * queues: so an old value can never come behind a newer one.
 *
 * Context: any but hard interrupts.
 * Return: 0 if it was queued or there is nothing; -EAGAIN if it has to wait
 *	until mqttk_session_has_room()
 */
int mqttk_session_append_retained(struct mqttk_session *s,
				  struct mqttk_retain_node *node, u8 qos)
{
	struct mqttk_limits *l = &s->mn->limits;
	struct mqttk_msg *msg;
	int err = 0;

	spin_lock_bh(&s->lock);
	if (s->dead)
		goto unlock;
	msg = mqttk_retain_read(&s->mn->retained, node);
	if (!msg)
		goto unlock;
	s->replay_waits = !mqttk_queue_takes(&s->queue, l,
					     mqttk_msg_share(msg)) ||
			  mqttk_queue_append(&s->queue, l, msg,
					     min_t(u8, msg->qos, qos), true);
	if (s->replay_waits) {
		mqttk_msg_put(msg);
		err = -EAGAIN;
	} else if (s->queue.nr == 1 && s->ep) {
		s->ep->ops->wake(s->ep);
	}
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
 *	all the same, if it is empty
 */
bool mqttk_session_has_room(struct mqttk_session *s)
{
	bool room;

	spin_lock_bh(&s->lock);
	room = s->replay_waits ? !s->queue.nr :
	       mqttk_queue_has_room(&s->queue, &s->mn->limits);
	spin_unlock_bh(&s->lock);
	return room;
}

/**
 * mqttk_session_peek - look at the oldest messages
 * @s: the session
 * @ep: the endpoint that asks
 * @ents: filled with copies; the references stay the queue's
 * @max: at most so many
 *
 * They stay until the endpoint consumes them or closes the session. When
 * nothing is left the next message wakes the endpoint again.
 *
 * Context: any but hard interrupts.
 * Return: how many; 0 too if the session is no longer @ep's
 */
unsigned int mqttk_session_peek(struct mqttk_session *s,
				const struct mqttk_endpoint *ep,
				struct mqttk_qent *ents, unsigned int max)
{
	unsigned int n = 0;

	spin_lock_bh(&s->lock);
	if (s->ep == ep)
		n = mqttk_queue_peek(&s->queue, ents, max);
	spin_unlock_bh(&s->lock);
	return n;
}

/**
 * mqttk_session_consume - done with the oldest messages
 * @s: the session
 * @n: how many of those peeked at
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_consume(struct mqttk_session *s, unsigned int n)
{
	spin_lock_bh(&s->lock);
	mqttk_queue_consume(&s->queue, &s->mn->limits, n);
	s->sent += n;
	spin_unlock_bh(&s->lock);
}

static bool is_current(struct mqttk_session *s, struct mqttk_endpoint *ep)
{
	bool current_ep;

	spin_lock_bh(&s->lock);
	current_ep = s->ep == ep && !s->dead;
	spin_unlock_bh(&s->lock);
	return current_ep;
}

/**
 * mqttk_session_subscribe - subscribe to a filter
 * @s: the session
 * @ep: the endpoint that asks
 * @filter: a valid topic filter
 * @len: its length
 * @qos: granted QoS
 * @options: option byte of the SUBSCRIBE
 * @existed: set if the session had this subscription already, or NULL
 *
 * Context: process; may sleep.
 * Return: 0; -ESHUTDOWN if the session is no longer @ep's, -EDQUOT over
 *	max_subscriptions, -ENOBUFS over the budget, -ENOMEM
 */
int mqttk_session_subscribe(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    const u8 *filter, u16 len, u8 qos, u8 options,
			    bool *existed)
{
	struct mqttk_net *mn = s->mn;
	int err = -ESHUTDOWN;
	bool dummy;

	if (!existed)
		existed = &dummy;

	mutex_lock(&mn->sub_mutex);
	if (!is_current(s, ep))
		goto unlock;
	err = mqttk_subscribe(&mn->index, &s->sub, filter, len, qos, options,
			      0, NULL, existed);
	/* One that replaces another is always allowed [MQTT-3.8.4-3]. */
	if (!err && s->sub.nr_subs > mqttk_limit(&mn->limits,
						 MQTTK_LIMIT_MAX_SUBSCRIPTIONS) &&
	    !*existed) {
		mqttk_unsubscribe(&mn->index, &s->sub, filter, len);
		err = -EDQUOT;
	}
unlock:
	mutex_unlock(&mn->sub_mutex);
	return err;
}

/**
 * mqttk_session_unsubscribe - end a subscription
 * @s: the session
 * @ep: the endpoint that asks
 * @filter: as it was subscribed to, byte for byte
 * @len: its length
 *
 * Context: process; may sleep.
 * Return: 0, -ENOENT if there was none, -ESHUTDOWN
 */
int mqttk_session_unsubscribe(struct mqttk_session *s,
			      struct mqttk_endpoint *ep,
			      const u8 *filter, u16 len)
{
	struct mqttk_net *mn = s->mn;
	int err = -ESHUTDOWN;

	mutex_lock(&mn->sub_mutex);
	if (is_current(s, ep))
		err = mqttk_unsubscribe(&mn->index, &s->sub, filter, len);
	mutex_unlock(&mn->sub_mutex);
	return err;
}
