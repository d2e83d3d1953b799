// SPDX-License-Identifier: GPL-2.0
/*
 * The session: its life. Who can hold a reference to one:
 *
 *  - the netns's table of client ids, until the session ends;
 *  - the endpoint that opened it, until mqttk_session_leave();
 *  - its deadline while it runs, and whoever looked it up, for as long as it
 *    takes.
 *
 * A fan-out follows subscriptions to it under RCU without a reference: the
 * memory stays for a grace period, and @dead keeps the queue empty.
 *
 * A session ends when its client left for good, when another connection begins
 * anew with its client id, when its time is over, when an administrator or the
 * netns says so. If an endpoint is attached just then, that one cleans up, when
 * it leaves; otherwise whoever ended it does. Nobody waits for an endpoint.
 */
#include <kunit/visibility.h>
#include <linux/delay.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "access.h"
#include "events.h"
#include "ids.h"
#include "msg.h"
#include "net.h"
#include "replay.h"
#include "router.h"
#include "session.h"
#include "session_tell.h"
#include "trace.h"

struct id_key {
	const u8 *id;
	u16 len;
};

/* With the session's lock held. */
#define AWAY_GFP	(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN)

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
 * mqttk_sessions_module_init - make client ids hard to collide, and room for them
 * Return: 0 or -ENOMEM
 */
int __init mqttk_sessions_module_init(void)
{
	get_random_bytes(&id_hash_key, sizeof(id_hash_key));
	return mqttk_session_caches_init();
}

/**
 * mqttk_sessions_module_exit - at module unload, when no netns is left
 */
void mqttk_sessions_module_exit(void)
{
	mqttk_session_caches_exit();
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

/* -- the end ------------------------------------------------------------- */

/* Returns true if the caller has to clean up. */
static bool kill_locked(struct mqttk_session *s, enum mqttk_end why)
{
	struct mqttk_endpoint *ep = s->ep;
	enum mqttk_cause cause = MQTTK_CAUSE_ADMINISTRATOR;

	if (s->dead)
		return false;
	s->dead = true;
	s->ep = NULL;
	s->undertaker = ep;
	if (ep) {
		mqttk_tell_parted(s, ep, why, 0);
		ep->ops->end(ep, why, 0);
	}
	/* Its client has begun anew, or stayed away, or an administrator. */
	if (why == MQTTK_END_TAKEN_OVER)
		cause = MQTTK_CAUSE_CLIENT;
	else if (why == MQTTK_END_EXPIRED)
		cause = MQTTK_CAUSE_EXPIRED;
	mqttk_tell_ended(s, cause);
	return !ep;
}

static struct mqttk_msg *take_will(struct mqttk_session *s)
{
	struct mqttk_msg *will = NULL;

	if (s->away)
		swap(will, s->away->will);
	return will;
}

static bool is_peeked(struct mqttk_session *s)
{
	bool peeked;

	spin_lock_bh(&s->lock);
	peeked = s->peeker;
	spin_unlock_bh(&s->lock);
	return peeked;
}

/*
 * Ends what a dead session still has. Who may still come: fan-outs and dumps,
 * which find it dead; its deadline, which does, too; the sender of an endpoint
 * that lost the session before it ended, for the moment of one send.
 */
static void clean_up(struct mqttk_session *s)
{
	struct mqttk_net *mn = s->mn;
	struct mqttk_msg *will;

	while (is_peeked(s))
		usleep_range(100, 1000);
	/* Dead, so that nobody subscribes it anew. */
	mqttk_unsubscribe_all(&mn->index, &s->sub);
	mutex_lock(&mn->sub_mutex);
	xa_erase(&mn->session_ids, s->sub.index);
	if (!s->hidden &&
	    !rhashtable_remove_fast(&mn->sessions, &s->node, id_params))
		mqttk_session_put(s);
	mutex_unlock(&mn->sub_mutex);

	if (s->away)
		mqttk_deadline_cancel(&mn->clock, &s->away->deadline);
	mqttk_replays_free(&s->replays, s);
	mqttk_session_forget(s);

	spin_lock_bh(&s->lock);
	will = take_will(s);
	spin_unlock_bh(&s->lock);
	if (will)
		mqttk_router_will(mn, will, s);
}

/**
 * mqttk_session_end - a session is over
 * @s: the session; the caller has a reference
 * @why: what its endpoint is told, if it has one
 *
 * The endpoint cleans up in its own time, when it leaves; from now on nothing
 * it does in the session's name has an effect.
 *
 * Context: process; may sleep, yields.
 * Return: true if the session was alive
 */
bool mqttk_session_end(struct mqttk_session *s, enum mqttk_end why)
{
	bool alive, orphan;

	spin_lock_bh(&s->lock);
	alive = !s->dead;
	orphan = kill_locked(s, why);
	spin_unlock_bh(&s->lock);
	if (orphan)
		clean_up(s);
	return alive;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_end);

/* -- absence ------------------------------------------------------------- */

/* A session that would never end may yet be limited. */
static ktime_t end_of_absence(struct mqttk_session *s)
{
	unsigned long limit = mqttk_limit(&s->mn->limits,
					  MQTTK_LIMIT_PERSISTENT_EXPIRY);
	u32 expiry = s->expiry;

	if (limit)
		expiry = min_t(unsigned long, expiry, limit);
	return expiry == MQTTK_EXPIRY_NEVER ? 0 : mqttk_clock_in(expiry);
}

static struct mqttk_session *of_deadline(struct mqttk_deadline *d)
{
	return container_of(d, struct mqttk_away, deadline)->session;
}

static bool deadline_get(struct mqttk_deadline *d)
{
	return refcount_inc_not_zero(&of_deadline(d)->ref);
}

static void deadline_run(struct mqttk_deadline *d)
{
	struct mqttk_session *s = of_deadline(d);
	const struct mqttk_away *away = s->away;
	ktime_t now = ktime_get_boottime();
	struct mqttk_msg *will = NULL;
	bool clean = false, sweep;

	spin_lock_bh(&s->lock);
	sweep = away->expires_at && away->expires_at <= now;
	if (!s->ep && !s->dead && away->ends_at && away->ends_at <= now) {
		mqttk_stat_inc(s->mn, MQTTK_STAT_SESSIONS_EXPIRED);
		clean = kill_locked(s, MQTTK_END_EXPIRED);
	} else if (!s->ep && !s->dead && away->will && away->will_at <= now) {
		will = take_will(s);
	}
	spin_unlock_bh(&s->lock);

	if (will)
		mqttk_router_will(s->mn, will, s);
	if (clean)
		clean_up(s);
	else if (sweep)
		mqttk_session_sweep(s);
	spin_lock_bh(&s->lock);
	mqttk_session_set_deadline(s);
	spin_unlock_bh(&s->lock);
	mqttk_session_put(s);
}

static const struct mqttk_deadline_ops session_deadline_ops = {
	.get = deadline_get,
	.run = deadline_run,
};

/* Called on the session, locked, or before anybody finds it. */
static bool need_away(struct mqttk_session *s, gfp_t gfp)
{
	struct mqttk_limits *l = &s->mn->limits;
	struct mqttk_away *away;

	if (s->away)
		return true;
	if (!mqttk_charge(l, MQTTK_BUDGET_CLIENT, sizeof(*away)))
		return false;
	away = kzalloc(sizeof(*away), gfp);
	if (!away) {
		mqttk_uncharge(l, MQTTK_BUDGET_CLIENT, sizeof(*away));
		return false;
	}
	away->session = s;
	mqttk_deadline_init(&away->deadline, &session_deadline_ops);
	s->away = away;
	return true;
}

/* The session goes on without an endpoint. */
static void be_away(struct mqttk_session *s)
{
	s->ep = NULL;
	mqttk_ids_rest(&s->received_ids, &s->mn->limits);
	s->away->since = ktime_get_boottime();
	s->away->ends_at = end_of_absence(s);
	mqttk_session_set_deadline(s);
}

/* Returns true if the caller has to clean up, without the will. */
static bool leave_locked(struct mqttk_session *s,
			 struct mqttk_session_leave *how)
{
	mqttk_tell_disconnected(s, s->ep, how->cause, how->reason);
	s->expiry = how->expiry;
	/* There already, unless it changed its mind. */
	if (!s->expiry || !need_away(s, AWAY_GFP)) {
		s->ep = NULL;
		s->dead = true;
		mqttk_tell_ended(s, how->cause);
		return true;
	}
	be_away(s);
	if (how->will && how->will_delay) {
		s->away->will = how->will;
		how->will = NULL;
		s->away->will_at = mqttk_clock_in(how->will_delay);
		mqttk_session_set_deadline(s);
	}
	return false;
}

/**
 * mqttk_session_leave - an endpoint is done with its session
 * @s: the session; the endpoint's reference is dropped
 * @ep: the endpoint; it does not peek or consume at the same time
 * @how: see there; a will that is left is to be published now
 *
 * Context: process; may sleep, yields.
 */
void mqttk_session_leave(struct mqttk_session *s, struct mqttk_endpoint *ep,
			 struct mqttk_session_leave *how)
{
	struct mqttk_msg *back_in_time = NULL;
	bool clean;

	spin_lock_bh(&s->lock);
	if (s->peeker == ep)
		s->peeker = NULL;
	clean = s->undertaker == ep;
	if (s->ep == ep) {
		clean = leave_locked(s, how);
	} else if (!s->dead) {
		/* The client is back already [MQTT-3.1.3-9]. */
		if (how->will_delay)
			swap(back_in_time, how->will);
	}
	if (!s->dead && !mqttk_replays_empty(how->replays)) {
		mqttk_replays_join(&s->replays, how->replays);
		if (s->ep)
			s->ep->ops->wake(s->ep);
	}
	spin_unlock_bh(&s->lock);
	mqttk_msg_put(back_in_time);
	mqttk_replays_free(how->replays, s);
	if (clean)
		clean_up(s);
	mqttk_session_put(s);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_leave);

/**
 * mqttk_session_kick - have the client leave
 * @s: the session; the caller has a reference. It may go on without its client,
 *	but not without its file
 * @reason: what the client is told, a reason code of 5.0; 0: the usual
 *
 * Context: process; may sleep.
 * Return: true if the client was there
 */
bool mqttk_session_kick(struct mqttk_session *s, u8 reason)
{
	struct mqttk_endpoint *ep;
	bool dies;

	spin_lock_bh(&s->lock);
	ep = s->ep;
	dies = s->hidden ||
	       (ep && ep->ops->lingers && !(s->expiry && s->away));
	if (ep && !dies) {
		if (ep->ops->lingers) {
			mqttk_tell_parted(s, ep, MQTTK_END_ADMIN, reason);
			ep->ops->end(ep, MQTTK_END_ADMIN, reason);
			be_away(s);
		} else {
			ep->ops->end(ep, MQTTK_END_ADMIN, reason);
		}
	}
	spin_unlock_bh(&s->lock);
	return dies ? mqttk_session_end(s, MQTTK_END_ADMIN) : !!ep;
}

/**
 * mqttk_session_take_replays - go on with what the endpoint before left
 * @s: the session
 * @ep: its endpoint
 * @replays: the endpoint's; they go behind them
 *
 * Context: any but hard interrupts.
 */
void mqttk_session_take_replays(struct mqttk_session *s,
				struct mqttk_endpoint *ep,
				struct mqttk_replays *replays)
{
	if (mqttk_replays_empty(&s->replays))
		return;
	spin_lock_bh(&s->lock);
	if (s->ep == ep)
		mqttk_replays_join(replays, &s->replays);
	spin_unlock_bh(&s->lock);
}

static ktime_t earliest(const struct mqttk_session *s)
{
	const struct mqttk_away *away = s->away;
	ktime_t when = away->expires_at;

	if (s->ep)
		return when;
	if (away->ends_at && (!when || away->ends_at < when))
		when = away->ends_at;
	if (away->will && (!when || away->will_at < when))
		when = away->will_at;
	return when;
}

/**
 * mqttk_session_set_deadline - one of the session's times has changed
 * @s: the session, locked; it has @s->away
 */
void mqttk_session_set_deadline(struct mqttk_session *s)
{
	ktime_t when = earliest(s);

	if (when && !s->dead)
		mqttk_deadline_set(&s->mn->clock, &s->away->deadline, when);
}

/**
 * mqttk_session_note_expiry - a message that expires is in the queue
 * @s: the session, locked
 * @when: when it does
 *
 * Without memory to know it, it goes when its turn to be sent comes.
 */
void mqttk_session_note_expiry(struct mqttk_session *s, ktime_t when)
{
	s->expires = true;
	if (!need_away(s, AWAY_GFP) ||
	    (s->away->expires_at && s->away->expires_at <= when))
		return;
	s->away->expires_at = when;
	mqttk_session_set_deadline(s);
}

/*
 * Its client came with this user name, whose reference is given away. Under
 * sub_mutex, or before anybody finds the session.
 */
static void set_user(struct mqttk_session *s, struct mqttk_user *user)
{
	mqttk_user_put(rcu_replace_pointer(s->user, user, true));
}

/*
 * May a client go on with what there is of its id? Where an access control list
 * says who may read what, only if it was there by the same name. Under
 * sub_mutex; @s is the session it would have otherwise.
 */
static bool may_have(const struct mqttk_session *old,
		     const struct mqttk_session *s)
{
	const struct mqttk_user *a = rcu_access_pointer(old->user);
	const struct mqttk_user *b = rcu_access_pointer(s->user);

	if (!rcu_access_pointer(s->mn->acl))
		return true;
	return a && b ? a->len == b->len && !memcmp(a->name, b->name, a->len) :
			a == b;
}

static bool give_user(struct mqttk_session *s, const struct mqttk_str *name)
{
	struct mqttk_user *user = mqttk_user_alloc(&s->mn->limits, name);

	set_user(s, user);
	return user;
}

/* -- the beginning ------------------------------------------------------- */

/* A session that could not be opened; a dump may have found it already. */
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
	size_t cost = mqttk_session_cost(id_len);
	struct mqttk_session *s;

	if (!mqttk_charge(&mn->limits, MQTTK_BUDGET_CLIENT, cost))
		return ERR_PTR(-ENOBUFS);
	s = mqttk_session_zalloc(id_len);
	if (!s) {
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT, cost);
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

	/* A sweep that had paused may have kept it. */
	mqttk_queue_rest(&s->queue, &mn->limits);
	kfree(s->counts);
	mqttk_user_put(rcu_access_pointer(s->user));
	WARN_ON_ONCE(s->queue.room || s->sub.nr_subs || s->window.slots ||
		     s->received_ids ||
		     (s->away && s->away->will));
	if (s->away) {
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT,
			       sizeof(*s->away));
		kfree_rcu(s->away, rcu);
	}
	mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT,
		       mqttk_session_cost(s->id_len));
	kfree_rcu(s, rcu);
	mqttk_net_gone(mn, &mn->nr_objects);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_free);

/*
 * May more be kept for a client? Not if it would stay when the client goes, and
 * memory is scarce. Under sub_mutex, or before anybody finds the session.
 */
static bool may_keep(struct mqttk_session *s)
{
	return !READ_ONCE(s->expiry) ||
	       !mqttk_budget_scarce(&s->mn->limits, MQTTK_BUDGET_CLIENT);
}

/**
 * mqttk_session_window_limit - messages of QoS 1 and 2 that a client takes at once
 * @mn: the broker
 * @receive_max: as the client says
 *
 * Return: how many, by the netns's limits
 */
u16 mqttk_session_window_limit(struct mqttk_net *mn, u16 receive_max)
{
	unsigned long max = mqttk_limit(&mn->limits,
					MQTTK_LIMIT_MAX_INFLIGHT);

	return max ? min_t(unsigned long, max, receive_max) : receive_max;
}

/*
 * Makes room for as many messages in flight as the client takes. Serialized by
 * sub_mutex.
 */
static int grow_window(struct mqttk_session *s)
{
	struct mqttk_window *w = &s->window;
	struct mqttk_slots *slots, *old;
	u16 old_size = w->size;
	u16 size = w->limit;

	if (old_size >= size)
		return 0;
	slots = mqttk_window_alloc(&s->mn->limits, old_size, size);
	if (!slots)
		return -ENOMEM;
	spin_lock_bh(&s->lock);
	old = mqttk_window_grow(w, slots, size);
	spin_unlock_bh(&s->lock);
	mqttk_window_free(&s->mn->limits, old, old_size);
	return 0;
}

/*
 * Attaches an endpoint to a session that goes on. Returns false if it does not,
 * because it ends just now.
 */
static bool resume(struct mqttk_session *s, const struct mqttk_session_open *how,
		   struct mqttk_endpoint *ep)
{
	struct mqttk_msg *will = NULL;
	bool ok;

	spin_lock_bh(&s->lock);
	/*
	 * With the connection that is taken over it would have ended, too.
	 *
	 * qos2: receiver KNOWN RESUME -> ignore KNOWN
	 * qos2: receiver UNKNOWN RESUME -> ignore UNKNOWN
	 */
	ok = !s->dead && s->expiry && s->away;
	if (ok) {
		if (s->ep) {
			mqttk_tell_parted(s, s->ep, MQTTK_END_TAKEN_OVER, 0);
			s->ep->ops->end(s->ep, MQTTK_END_TAKEN_OVER, 0);
			mqttk_stat_inc(s->mn, MQTTK_STAT_TAKEOVERS);
		}
		s->stale_peek = !!s->peeker;
		s->ep = ep;
		s->expiry = how->expiry;
		s->away->ends_at = 0;
		mqttk_queue_limit(&s->queue, 0, 0);
		will = take_will(s);
		mqttk_window_start(&s->window,
				   mqttk_session_window_limit(s->mn,
							      how->receive_max));
		refcount_inc(&s->ref);
	}
	spin_unlock_bh(&s->lock);
	mqttk_msg_put(will);
	/* If there is no memory the window stays as small as it was. */
	if (ok && s->window.slots)
		grow_window(s);
	return ok;
}

/*
 * Puts a session into the table, in place of @old if there is one, whose
 * reference by the table is the caller's then. Under sub_mutex.
 */
static int session_insert(struct mqttk_session *s, struct mqttk_session *old)
{
	struct mqttk_net *mn = s->mn;
	int err;

	err = session_index(s);
	if (err)
		return err;
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
	return 0;
}

/* The session of a client id. Under sub_mutex: the table's reference keeps it. */
static struct mqttk_session *lookup(struct mqttk_net *mn,
				    const struct mqttk_session_open *how)
{
	struct id_key key = { how->id, how->id_len };
	struct mqttk_session *s;

	rcu_read_lock();
	s = rhashtable_lookup(&mn->sessions, &key, id_params);
	rcu_read_unlock();
	return s;
}

/*
 * Another session has come in its place. Under sub_mutex: nobody finds the new
 * one before the old one has ended. Returns true if the caller has to clean up.
 */
static bool replace_old(struct mqttk_net *mn, struct mqttk_session *old)
{
	bool orphan;

	spin_lock_bh(&old->lock);
	if (old->ep)
		mqttk_stat_inc(mn, MQTTK_STAT_TAKEOVERS);
	orphan = kill_locked(old, MQTTK_END_TAKEN_OVER);
	spin_unlock_bh(&old->lock);
	return orphan;
}

/**
 * mqttk_session_open - the session of a client that connects
 * @mn: the broker
 * @how: what the client asks for
 * @ep: where its messages go, from now on
 * @present: set if it had one that goes on
 *
 * A connection that has the same client id loses its session at once and
 * without being waited for [MQTT-3.1.4-2].
 *
 * Context: process; may sleep, yields.
 * Return: the session, with a reference that mqttk_session_leave() drops;
 *	-ENOBUFS over the budget, -ENOMEM, -ESHUTDOWN when the netns goes
 */
struct mqttk_session *mqttk_session_open(struct mqttk_net *mn,
					 const struct mqttk_session_open *how,
					 struct mqttk_endpoint *ep,
					 bool *present)
{
	struct mqttk_session *s, *old;
	bool orphan = false;
	int err;

	/* Allocated for nothing when one goes on: that is the rarer case. */
	s = session_alloc(mn, how->id, how->id_len, ep);
	if (IS_ERR(s))
		return s;
	s->expiry = how->expiry;
	if ((s->expiry && !need_away(s, MQTTK_SESSION_GFP)) ||
	    (how->user.p && !give_user(s, &how->user))) {
		session_abandon(s);
		return ERR_PTR(-ENOMEM);
	}
	mqttk_window_start(&s->window,
			   mqttk_session_window_limit(mn, how->receive_max));

	mutex_lock(&mn->sub_mutex);
	old = lookup(mn, how);
	*present = old && !how->clean && !mn->dying && may_have(old, s) &&
		   resume(old, how, ep);
	if (*present) {
		set_user(old, rcu_replace_pointer(s->user, NULL, true));
		mutex_unlock(&mn->sub_mutex);
		session_abandon(s);
		return old;
	}
	/* One that takes the place of another leaves no more than that did. */
	err = -ENOBUFS;
	if (old || may_keep(s))
		err = session_insert(s, old);
	if (!err && old)
		orphan = replace_old(mn, old);
	mutex_unlock(&mn->sub_mutex);
	if (err) {
		session_abandon(s);
		return ERR_PTR(err);
	}
	trace_mqttk_session_begun(s);
	if (orphan)
		clean_up(old);
	mqttk_session_put(old);
	return s;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_open);

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
	s->plain = true;
	mutex_lock(&mn->sub_mutex);
	err = session_index(s);
	mutex_unlock(&mn->sub_mutex);
	if (err) {
		session_abandon(s);
		return ERR_PTR(err);
	}
	trace_mqttk_session_begun(s);
	return s;
}

/**
 * mqttk_sessions_end - every session with a client id ends
 * @mn: the broker; nobody connects any more
 *
 * Context: process; may sleep, yields.
 */
void mqttk_sessions_end(struct mqttk_net *mn)
{
	struct mqttk_session *s;
	unsigned long index = 0;

	for (;;) {
		rcu_read_lock();
		s = xa_find(&mn->session_ids, &index, ULONG_MAX, XA_PRESENT);
		if (s && (s->hidden || !refcount_inc_not_zero(&s->ref))) {
			rcu_read_unlock();
			index++;
			continue;
		}
		rcu_read_unlock();
		if (!s)
			return;
		mqttk_session_end(s, MQTTK_END_NET);
		mqttk_session_put(s);
		index++;
		cond_resched();
	}
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
 * mqttk_session_is_current - does a session belong to an endpoint?
 * @s: the session
 * @ep: the endpoint
 *
 * Context: any but hard interrupts.
 * Return: false if another took it, or it has ended
 */
bool mqttk_session_is_current(struct mqttk_session *s,
			      const struct mqttk_endpoint *ep)
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
 * @id: subscription identifier, 0: none
 * @existed: set if the session had this subscription already, or NULL
 *
 * Context: process; may sleep.
 * Return: 0; -ESHUTDOWN if the session is no longer @ep's, -EDQUOT over
 *	max_subscriptions, -ENOBUFS over the budget, -ENOMEM
 */
int mqttk_session_subscribe(struct mqttk_session *s, struct mqttk_endpoint *ep,
			    const u8 *filter, u16 len, u8 qos, u8 options,
			    u32 id, bool *existed)
{
	struct mqttk_net *mn = s->mn;
	int err = -ESHUTDOWN;
	bool dummy;

	if (!existed)
		existed = &dummy;

	mutex_lock(&mn->sub_mutex);
	if (!mqttk_session_is_current(s, ep))
		goto unlock;
	err = qos && !s->plain ? grow_window(s) : 0;
	if (err)
		goto unlock;
	err = mqttk_subscribe(&mn->index, &s->sub, filter, len, qos, options,
			      id, NULL, existed);
	/* One that replaces another is always allowed [MQTT-3.8.4-3]. */
	if (!err && s->sub.nr_subs > mqttk_limit(&mn->limits,
						 MQTTK_LIMIT_MAX_SUBSCRIPTIONS) &&
	    !*existed) {
		mqttk_unsubscribe(&mn->index, &s->sub, filter, len);
		mqttk_limit_hit(&mn->limits, MQTTK_LIMIT_MAX_SUBSCRIPTIONS, s);
		err = -EDQUOT;
	}
	if (!err && !*existed && !may_keep(s)) {
		mqttk_unsubscribe(&mn->index, &s->sub, filter, len);
		err = -ENOBUFS;
	}
	if (!err)
		mqttk_tell_subscribed(s, ep, filter, len, qos);
unlock:
	mutex_unlock(&mn->sub_mutex);
	trace_mqttk_subscribe(s, filter, len, options, err);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_subscribe);

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
	if (mqttk_session_is_current(s, ep))
		err = mqttk_unsubscribe(&mn->index, &s->sub, filter, len);
	if (!err)
		mqttk_tell_unsubscribed(s, ep, filter, len);
	mutex_unlock(&mn->sub_mutex);
	trace_mqttk_unsubscribe(s, filter, len, err);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_session_unsubscribe);
