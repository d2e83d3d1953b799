// SPDX-License-Identifier: GPL-2.0
/*
 * Retained messages: a tree of topics that can be looked up by a filter.
 *
 * A walk reads the tree's shape under RCU and goes down only where its filter
 * allows. Messages are read under the lock: with RCU alone every message in the
 * broker, retained or not, would have to wait for a grace period to be freed.
 *
 * A message that expires has a deadline beside it, so that its memory comes
 * back then and not when somebody happens to look. Most never expire, and pay
 * for a pointer in their node only.
 */
#include <kunit/visibility.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "deadline.h"
#include "msg.h"
#include "retain.h"
#include "trace.h"
#include "topic.h"

/* A publisher may be in a bottom half; what does not fit is not retained. */
#define RETAIN_GFP	(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN)

/* Steps, and bytes that count as one, between two -EAGAIN. */
#define RETAIN_WORK	512
#define RETAIN_BYTES	64

/* Messages cleared in one RCU read-side section. */
#define RETAIN_CLEAR	64

enum retain_step {
	RETAIN_ENTER,	/* a node come to from above or from its sibling */
	RETAIN_LEAVE,	/* nothing more at and below it */
	RETAIN_END,
};

/**
 * struct mqttk_retain_expiry - the end of a retained message
 * @deadline: when
 * @ref: one of the node's, and one of the deadline's while it is run
 * @rt: the tree; outlives all runs of its clock's deadlines
 * @node: where the message is retained; NULL once it is not any more. Under
 *	rt->lock
 */
struct mqttk_retain_expiry {
	struct mqttk_deadline deadline;
	refcount_t ref;
	struct mqttk_retained *rt;
	struct mqttk_retain_node *node;
};

static struct mqttk_retain_node *node_of(struct mqttk_level *level)
{
	return container_of(level, struct mqttk_retain_node, level);
}

/**
 * mqttk_retained_init - set up an empty tree
 * @rt: the tree
 * @limits: who pays for its nodes; must outlive the tree
 * @clock: of its netns; must outlive the tree
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mqttk_retained_init(struct mqttk_retained *rt, struct mqttk_limits *limits,
			struct mqttk_clock *clock)
{
	spin_lock_init(&rt->lock);
	rt->count = 0;
	rt->bytes = 0;
	rt->earmarked = 0;
	rt->expired = 0;
	rt->clock = clock;
	return mqttk_levels_init(&rt->tree, limits, MQTTK_BUDGET_RETAINED,
				 sizeof(struct mqttk_retain_node));
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retained_init);

/**
 * mqttk_retained_exit - give back all messages and the tree
 * @rt: the tree. No walk is left, and nobody can come any more.
 *
 * Deadlines that were due already may still be run and take rt->lock:
 * mqttk_clock_exit() waits for them, and comes next.
 *
 * Context: process, may sleep.
 */
void mqttk_retained_exit(struct mqttk_retained *rt)
{
	mqttk_retain_clear(rt, NULL, 0);
	mqttk_levels_exit(&rt->tree);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retained_exit);

/* Takes a node out of the tree if nothing needs it, then its parents. */
static void retain_prune(struct mqttk_retained *rt, struct mqttk_level *level)
{
	lockdep_assert_held(&rt->lock);

	while (!level->users) {
		hlist_del_rcu(&node_of(level)->sibling);
		level = mqttk_level_remove(&rt->tree, level);
	}
}

/* Under RCU: the lock is not needed to hash two hundred levels. */
static struct mqttk_level *retain_find(struct mqttk_retained *rt,
				       const u8 *topic, u16 len)
{
	struct mqttk_level *at = rt->tree.root;
	size_t off, n;

	for (off = 0; at && off <= len; off += n + 1) {
		n = mqttk_topic_level(topic, len, off);
		at = mqttk_level_find(&rt->tree, at, topic + off, n);
	}
	return at;
}

static struct mqttk_level *retain_add(struct mqttk_retained *rt,
				      struct mqttk_level *parent,
				      const u8 *name, size_t n)
{
	struct mqttk_level *level;

	level = mqttk_level_add(&rt->tree, parent, name, n, RETAIN_GFP);
	/*
	 * At the head: a walk among the siblings meets those that were there
	 * when it came, so it ends however fast new ones arrive.
	 */
	if (!IS_ERR(level))
		hlist_add_head_rcu(&node_of(level)->sibling,
				   &node_of(parent)->children);
	return level;
}

/* Finds or makes a topic's node. It may have no user: see mqttk_level_add(). */
static struct mqttk_level *retain_extend(struct mqttk_retained *rt,
					 const u8 *topic, u16 len)
{
	struct mqttk_level *at = rt->tree.root;
	size_t off, n;

	for (off = 0; off <= len; off += n + 1) {
		struct mqttk_level *child;

		n = mqttk_topic_level(topic, len, off);
		child = mqttk_level_find(&rt->tree, at, topic + off, n);
		if (!child)
			child = retain_add(rt, at, topic + off, n);
		if (IS_ERR(child)) {
			retain_prune(rt, at);
			return child;
		}
		at = child;
	}
	return at;
}

static unsigned long retain_size(const struct mqttk_msg *msg)
{
	return (unsigned long)msg->topic_len + msg->payload_len;
}

static void expiry_put(struct mqttk_retain_expiry *e)
{
	struct mqttk_retained *rt = e->rt;

	if (!refcount_dec_and_test(&e->ref))
		return;
	kfree(e);
	mqttk_uncharge(rt->tree.limits, rt->tree.budget, sizeof(*e));
}

/* The node's message goes before its time. */
static void expiry_drop(struct mqttk_retained *rt,
			struct mqttk_retain_node *node)
{
	struct mqttk_retain_expiry *e = node->expiry;

	lockdep_assert_held(&rt->lock);

	if (!e)
		return;
	node->expiry = NULL;
	e->node = NULL;
	mqttk_deadline_cancel(rt->clock, &e->deadline);
	expiry_put(e);
}

static bool expiry_get(struct mqttk_deadline *d)
{
	return refcount_inc_not_zero(&container_of(d, struct mqttk_retain_expiry,
						   deadline)->ref);
}

/*
 * A node's message, if it has one, does not count any more. The caller puts
 * another or none in its place, and then the reference.
 */
static struct mqttk_msg *retain_dismiss(struct mqttk_retained *rt,
					struct mqttk_retain_node *node)
{
	struct mqttk_msg *old = node->msg;

	lockdep_assert_held(&rt->lock);

	if (old) {
		trace_mqttk_retain_gone(rt->tree.limits->net, old, 0);
		expiry_drop(rt, node);
		mqttk_unearmark(rt->tree.limits, rt->tree.budget, old->charged);
		node->level.users--;
		WRITE_ONCE(rt->count, rt->count - 1);
		WRITE_ONCE(rt->bytes, rt->bytes - retain_size(old));
		WRITE_ONCE(rt->earmarked, rt->earmarked - old->charged);
	}
	return old;
}

static struct mqttk_msg *retain_take(struct mqttk_retained *rt,
				     struct mqttk_retain_node *node)
{
	struct mqttk_msg *old = retain_dismiss(rt, node);

	WRITE_ONCE(node->msg, NULL);
	retain_prune(rt, &node->level);
	return old;
}

static void expiry_run(struct mqttk_deadline *d)
{
	struct mqttk_retain_expiry *e =
		container_of(d, struct mqttk_retain_expiry, deadline);
	struct mqttk_retained *rt = e->rt;
	struct mqttk_msg *old = NULL;

	spin_lock_bh(&rt->lock);
	/* It may have been replaced or cleared since we were taken. */
	if (e->node) {
		old = retain_take(rt, e->node);
		WRITE_ONCE(rt->expired, rt->expired + 1);
	}
	spin_unlock_bh(&rt->lock);
	mqttk_msg_put(old);
	expiry_put(e);
}

static const struct mqttk_deadline_ops expiry_ops = {
	.get = expiry_get,
	.run = expiry_run,
};

/*
 * Counts a message that is to be retained, and sees to its end.
 *
 * A retained message stays until somebody clears it, whoever published it. So
 * it counts a second time, in a budget smaller than that of all messages:
 * retaining cannot use up what publishing lives on.
 */
static int retain_admit(struct mqttk_retained *rt,
			struct mqttk_retain_node *node, struct mqttk_msg *msg)
{
	struct mqttk_limits *limits = rt->tree.limits;
	struct mqttk_retain_expiry *e;
	int err = -ENOBUFS;

	if (!mqttk_earmark(limits, rt->tree.budget, msg->charged))
		return err;
	if (!msg->expires)
		return 0;

	if (!mqttk_charge(limits, rt->tree.budget, sizeof(*e)))
		goto unearmark;
	err = -ENOMEM;
	e = kmalloc(sizeof(*e), RETAIN_GFP);
	if (!e)
		goto uncharge;
	mqttk_deadline_init(&e->deadline, &expiry_ops);
	refcount_set(&e->ref, 1);
	e->rt = rt;
	e->node = node;
	node->expiry = e;
	mqttk_deadline_set(rt->clock, &e->deadline, msg->expires);
	return 0;

uncharge:
	mqttk_uncharge(limits, rt->tree.budget, sizeof(*e));
unearmark:
	mqttk_unearmark(limits, rt->tree.budget, msg->charged);
	return err;
}

/*
 * Puts a message, or none, in the place of a node's, which is handed back. When
 * there is no room for it the node is left without: what was there is out of
 * date.
 */
static int retain_swap(struct mqttk_retained *rt,
		       struct mqttk_retain_node *node, struct mqttk_msg *msg,
		       struct mqttk_msg **handback)
{
	int err = 0;

	*handback = retain_dismiss(rt, node);
	if (msg)
		err = retain_admit(rt, node, msg);
	if (err)
		msg = NULL;
	if (msg) {
		mqttk_msg_get(msg);
		node->level.users++;
		WRITE_ONCE(rt->count, rt->count + 1);
		WRITE_ONCE(rt->bytes, rt->bytes + retain_size(msg));
		WRITE_ONCE(rt->earmarked, rt->earmarked + msg->charged);
	}
	/* One store: a walk that peeks finds one message or the other. */
	WRITE_ONCE(node->msg, msg);
	retain_prune(rt, &node->level);
	return err;
}

/**
 * mqttk_retain_set - retain a message for its topic
 * @rt: the tree
 * @msg: the message. A reference is taken if it is kept; one without payload
 *	clears what was retained [MQTT-3.3.1-10]. It is kept until it expires,
 *	if it does.
 *
 * On failure nothing is retained for the topic, not even what was before: a
 * late subscriber had better see no value than one known to be out of date.
 * Clearing does not fail.
 *
 * Context: any but hard interrupts; may be called under session->lock.
 * Return: 0, -ENOBUFS when the budget is full, or -ENOMEM.
 */
int mqttk_retain_set(struct mqttk_retained *rt, struct mqttk_msg *msg)
{
	struct mqttk_msg *keep = msg->payload_len ? msg : NULL;
	struct mqttk_msg *old = NULL;
	struct mqttk_level *level;
	int err = 0;

	rcu_read_lock();
	level = retain_find(rt, msg->data, msg->topic_len);
	spin_lock_bh(&rt->lock);
	/* Without users it was taken out before we had the lock. */
	if (level && !level->users)
		level = NULL;
	if (keep && !level)
		level = retain_extend(rt, msg->data, msg->topic_len);
	if (IS_ERR(level))
		err = PTR_ERR(level);
	else if (level)
		err = retain_swap(rt, node_of(level), keep, &old);
	spin_unlock_bh(&rt->lock);
	rcu_read_unlock();

	if (keep)
		trace_mqttk_retain_set(rt->tree.limits->net, msg, err);
	mqttk_msg_put(old);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_set);

/**
 * mqttk_retain_read - the message of a node as it is now
 * @rt: the tree
 * @node: found by mqttk_retain_next()
 *
 * A replay calls this under session->lock and appends to the session's queue
 * before it lets go of that. A publish stores its message here first and then
 * appends it to the queues: so whatever order the two come in, no older message
 * follows a newer one.
 *
 * Context: under RCU; any but hard interrupts.
 * Return: the message with a reference, or NULL if it was cleared or expired.
 */
struct mqttk_msg *mqttk_retain_read(struct mqttk_retained *rt,
				    struct mqttk_retain_node *node)
{
	struct mqttk_msg *msg;

	spin_lock_bh(&rt->lock);
	msg = node->msg;
	/* Its deadline may be a little late. */
	if (msg && mqttk_msg_expired(msg))
		msg = NULL;
	if (msg)
		mqttk_msg_get(msg);
	spin_unlock_bh(&rt->lock);
	return msg;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_read);

/**
 * mqttk_retain_get - the message retained for a topic
 * @rt: the tree
 * @topic: a topic name
 * @len: bytes of @topic
 *
 * Context: any but hard interrupts.
 * Return: the message with a reference, or NULL.
 */
struct mqttk_msg *mqttk_retain_get(struct mqttk_retained *rt,
				   const u8 *topic, u16 len)
{
	struct mqttk_msg *msg = NULL;
	struct mqttk_level *level;

	rcu_read_lock();
	level = retain_find(rt, topic, len);
	if (level)
		msg = mqttk_retain_read(rt, node_of(level));
	rcu_read_unlock();
	return msg;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_get);

static bool retain_drop(struct mqttk_retained *rt,
			struct mqttk_retain_node *node)
{
	struct mqttk_msg *old = NULL;

	spin_lock_bh(&rt->lock);
	if (node->msg)
		old = retain_take(rt, node);
	spin_unlock_bh(&rt->lock);
	mqttk_msg_put(old);
	return old;
}

/**
 * mqttk_retain_clear - forget the messages that match a filter
 * @rt: the tree
 * @filter: a topic filter, or NULL for every message, "$..." too
 * @len: bytes of @filter
 *
 * Context: process; sleeps, since there may be millions.
 * Return: how many were forgotten.
 */
unsigned long mqttk_retain_clear(struct mqttk_retained *rt, const u8 *filter,
				 u16 len)
{
	struct mqttk_retain_walk w;
	struct mqttk_retain_node *node;
	unsigned long cleared = 0;
	unsigned int slice = 0;

	mqttk_retain_start(&w, rt, filter ?: (const u8 *)"#", filter ? len : 1);
	w.hidden = !filter;

	rcu_read_lock();
	while ((node = mqttk_retain_next(&w))) {
		if (!IS_ERR(node)) {
			cleared += retain_drop(rt, node);
			if (++slice < RETAIN_CLEAR)
				continue;
		}
		slice = 0;
		mqttk_retain_pause(&w);
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
		mqttk_retain_resume(&w);
	}
	rcu_read_unlock();
	return cleared;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_clear);

/**
 * mqttk_retain_start - start walking the retained messages that match a filter
 * @w: the walk
 * @rt: the tree
 * @filter: a topic filter; mqttk_filter_valid() holds. Must stay until the end.
 * @len: bytes of @filter
 *
 * Context: any.
 */
void mqttk_retain_start(struct mqttk_retain_walk *w, struct mqttk_retained *rt,
			const u8 *filter, u16 len)
{
	w->rt = rt;
	w->filter = filter;
	w->len = len;
	w->at = node_of(rt->tree.root);
	w->off = 0;
	w->deep = 0;
	w->step = RETAIN_ENTER;
	w->hidden = false;
	w->paused = false;
	w->work = RETAIN_WORK;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_start);

static bool is_wildcard(u8 c)
{
	return c == '+' || c == '#';
}

/* "#" and "+" at the first level do not match "$..." [MQTT-4.7.2-1]. */
static bool retain_hidden(const struct mqttk_retain_walk *w)
{
	const struct mqttk_level *level = &w->at->level;

	return !w->hidden && level->parent == w->rt->tree.root &&
	       is_wildcard(w->filter[0]) &&
	       level->len && *mqttk_level_name(level) == '$';
}

static struct mqttk_retain_node *node_or_null(struct hlist_node *sibling)
{
	return hlist_entry_safe(sibling, struct mqttk_retain_node, sibling);
}

/* Chooses among the children; returns the node if it matches itself. */
static struct mqttk_retain_node *retain_enter(struct mqttk_retain_walk *w)
{
	struct mqttk_retain_node *node = w->at, *child, *found = NULL;
	const u8 *name = w->filter + w->off;
	struct mqttk_level *level;
	size_t n;

	w->step = RETAIN_LEAVE;
	if (retain_hidden(w))
		return NULL;
	if (w->off > w->len)
		return READ_ONCE(node->msg) ? node : NULL;

	n = mqttk_topic_level(w->filter, w->len, w->off);
	if (n == 1 && is_wildcard(*name)) {
		child = node_or_null(rcu_dereference(hlist_first_rcu(&node->children)));
	} else {
		w->work -= n / RETAIN_BYTES;
		level = mqttk_level_find(&w->rt->tree, &node->level, name, n);
		child = level ? node_of(level) : NULL;
	}
	if (n == 1 && *name == '#') {
		found = READ_ONCE(node->msg) ? node : NULL;
		w->deep += !!child;
	} else if (child) {
		w->off += n + 1;
	}
	if (child) {
		w->at = child;
		w->step = RETAIN_ENTER;
	}
	return found;
}

/* Goes to the next sibling that the filter chooses as well, or up. */
static void retain_leave(struct mqttk_retain_walk *w)
{
	struct mqttk_level *parent = w->at->level.parent;
	struct mqttk_retain_node *sibling = NULL;
	u32 off = w->off;

	if (!parent) {
		w->step = RETAIN_END;
		return;
	}
	if (!w->deep) {
		off = mqttk_level_before(w->filter, off);
		w->work -= (w->off - off) / RETAIN_BYTES;
	}
	if (off < w->len && is_wildcard(w->filter[off]))
		sibling = node_or_null(rcu_dereference(hlist_next_rcu(&w->at->sibling)));
	if (sibling) {
		w->at = sibling;
		w->step = RETAIN_ENTER;
		return;
	}
	w->at = node_of(parent);
	w->off = off;
	w->deep -= !!w->deep;
	w->step = RETAIN_LEAVE;
}

/**
 * mqttk_retain_next - the next retained message that matches
 * @w: the walk
 *
 * Meets every topic that has a message from the beginning of the walk to its
 * end exactly once; one that comes or goes meanwhile, at most once for each
 * time it comes. Does a bounded amount of work and then asks the caller to let
 * others run, as mqttk_match_next() does.
 *
 * Context: under RCU; any.
 * Return: the node, valid until the caller leaves RCU, whose message is had by
 * mqttk_retain_read(); NULL at the end; ERR_PTR(-EAGAIN) to yield.
 */
struct mqttk_retain_node *mqttk_retain_next(struct mqttk_retain_walk *w)
{
	struct mqttk_retain_node *node = NULL;

	while (!node && w->step != RETAIN_END) {
		if (--w->work < 0) {
			w->work = RETAIN_WORK;
			return ERR_PTR(-EAGAIN);
		}
		if (w->step == RETAIN_ENTER)
			node = retain_enter(w);
		else
			retain_leave(w);
	}
	return node;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_next);

/* A user keeps a node where it is, so that its siblings can be found from it. */
static bool retain_pin(struct mqttk_retained *rt, struct mqttk_level *level)
{
	bool in_tree;

	spin_lock_bh(&rt->lock);
	in_tree = level->users;
	if (in_tree)
		level->users++;
	spin_unlock_bh(&rt->lock);
	return in_tree;
}

static void retain_unpin(struct mqttk_retain_walk *w)
{
	if (!w->paused)
		return;
	w->paused = false;
	spin_lock_bh(&w->rt->lock);
	w->at->level.users--;
	retain_prune(w->rt, &w->at->level);
	spin_unlock_bh(&w->rt->lock);
}

/**
 * mqttk_retain_pause - keep the place of a walk, to leave RCU
 * @w: the walk
 *
 * Cannot fail: from a node that was taken out of the tree under our eyes there
 * is nothing to see below, and its links to what comes after it stay as long as
 * the RCU read-side section, so the walk just goes on to a node that is in it.
 *
 * Context: under RCU; any but hard interrupts.
 */
void mqttk_retain_pause(struct mqttk_retain_walk *w)
{
	while (w->step != RETAIN_END) {
		if (retain_pin(w->rt, &w->at->level)) {
			w->paused = true;
			return;
		}
		retain_leave(w);
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_pause);

/**
 * mqttk_retain_resume - go on with a paused walk
 * @w: the walk
 *
 * Context: under RCU again; any but hard interrupts.
 */
void mqttk_retain_resume(struct mqttk_retain_walk *w)
{
	/* What this may free stays until the caller leaves RCU. */
	retain_unpin(w);
	w->work = RETAIN_WORK;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_resume);

/**
 * mqttk_retain_abort - give a walk up before its end, paused or not
 * @w: the walk
 *
 * Context: any but hard interrupts.
 */
void mqttk_retain_abort(struct mqttk_retain_walk *w)
{
	retain_unpin(w);
	w->step = RETAIN_END;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_retain_abort);
