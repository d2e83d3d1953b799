// SPDX-License-Identifier: GPL-2.0
/*
 * Retained messages for new subscriptions, a few at a time.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "net.h"
#include "replay.h"
#include "session.h"
#include "via.h"
#include "wire.h"

/* Steps of the walk in one turn, so that its endpoint gets on with the rest. */
#define TURN	128

/* Replays without a subscription that may wait for their turn to go. */
#define OUTDATED_MIN	64

/**
 * struct mqttk_replay - the retained messages of one subscription
 * @list: in its endpoint's ring, or in the session's
 * @walk: where it is; paused between turns
 * @via: the identifier of the subscription, or NULL
 * @seq: of the subscription; without that there is nothing to do
 * @outdated: of the first of a ring: replays whose subscription may have ended
 *	since they were looked through
 * @outdated_max: likewise: how many before they are again
 * @qos: granted
 * @len: bytes of filter
 * @filter: the walk's
 */
struct mqttk_replay {
	struct list_head list;
	struct mqttk_retain_walk walk;
	struct mqttk_via *via;
	u32 seq;
	u32 outdated;
	u32 outdated_max;
	u8 qos;
	u16 len;
	u8 filter[];
};

static size_t replay_size(u16 len)
{
	return struct_size_t(struct mqttk_replay, filter, len);
}

/* A list of all of them while something is done with it; the ring is empty. */
static void ring_open(struct mqttk_replays *r, struct list_head *list)
{
	INIT_LIST_HEAD(list);
	if (r->first)
		list_add_tail(list, &r->first->list);
	WRITE_ONCE(r->first, NULL);
}

static void ring_close(struct mqttk_replays *r, struct list_head *list)
{
	if (list_empty(list))
		return;
	WRITE_ONCE(r->first, list_first_entry(list, struct mqttk_replay, list));
	list_del(list);
}

/**
 * mqttk_replays_join - put replays behind others
 * @r: the others
 * @from: emptied
 */
void mqttk_replays_join(struct mqttk_replays *r, struct mqttk_replays *from)
{
	struct list_head list, behind;

	ring_open(r, &list);
	ring_open(from, &behind);
	list_splice_tail(&behind, &list);
	ring_close(r, &list);
}

/**
 * mqttk_replay_discard - not needed after all
 * @s: the session
 * @rp: a replay that is in no ring
 */
void mqttk_replay_discard(struct mqttk_session *s, struct mqttk_replay *rp)
{
	mqttk_uncharge(&s->mn->limits, MQTTK_BUDGET_CLIENT,
		       replay_size(rp->len));
	mqttk_via_put(rp->via);
	kfree(rp);
}

static bool make_via(struct mqttk_limits *l, struct mqttk_replay *rp, u32 id)
{
	u8 buf[MQTTK_SUBID_MAX];
	unsigned int n = mqttk_wire_put_subid(buf, id);

	rp->via = mqttk_via_alloc(l, MQTTK_BUDGET_CLIENT, n,
				  GFP_KERNEL_ACCOUNT | __GFP_NORETRY |
				  __GFP_NOWARN);
	if (!rp->via)
		return false;
	memcpy(rp->via->subids, buf, n);
	return true;
}

/**
 * mqttk_replay_alloc - get ready to replay, before subscribing
 * @s: the session that subscribes
 * @filter: to what
 * @len: its length
 * @id: subscription identifier, 0: none
 *
 * Context: process; may sleep.
 * Return: to be given to mqttk_replay_start() or mqttk_replay_discard();
 *	NULL over the budget or without memory
 */
struct mqttk_replay *mqttk_replay_alloc(struct mqttk_session *s,
					const u8 *filter, u16 len, u32 id)
{
	struct mqttk_limits *l = &s->mn->limits;
	struct mqttk_replay *rp;

	if (!mqttk_charge(l, MQTTK_BUDGET_CLIENT, replay_size(len)))
		return NULL;
	rp = kmalloc(replay_size(len), GFP_KERNEL_ACCOUNT | __GFP_NORETRY |
		     __GFP_NOWARN);
	if (!rp) {
		mqttk_uncharge(l, MQTTK_BUDGET_CLIENT, replay_size(len));
		return NULL;
	}
	rp->len = len;
	memcpy(rp->filter, filter, len);
	rp->via = NULL;
	rp->outdated = 0;
	rp->outdated_max = 0;
	if (id && !make_via(l, rp, id)) {
		mqttk_replay_discard(s, rp);
		return NULL;
	}
	return rp;
}

static u32 seq_now(struct mqttk_session *s, const struct mqttk_replay *rp)
{
	return mqttk_subscription_seq(&s->mn->index, &s->sub, rp->filter,
				      rp->len);
}

/**
 * mqttk_replay_start - queue it behind the replays before
 * @r: the endpoint's replays
 * @s: its session
 * @rp: what mqttk_replay_alloc() gave, now that its subscription is there; owned
 *	by @r from now on
 * @qos: granted
 */
void mqttk_replay_start(struct mqttk_replays *r, struct mqttk_session *s,
			struct mqttk_replay *rp, u8 qos)
{
	struct list_head list;

	rp->qos = qos;
	rp->seq = seq_now(s, rp);
	rcu_read_lock();
	mqttk_retain_start(&rp->walk, &s->mn->retained, rp->filter, rp->len);
	mqttk_retain_pause(&rp->walk);
	rcu_read_unlock();
	ring_open(r, &list);
	list_add_tail(&rp->list, &list);
	ring_close(r, &list);
}

static void replay_end(struct mqttk_session *s, struct mqttk_replay *rp,
		       struct list_head *list)
{
	struct mqttk_replay *next = list_next_entry(rp, list);

	/* The first one counts for all. */
	if (list_is_first(&rp->list, list) && !list_is_last(&rp->list, list)) {
		next->outdated = rp->outdated;
		next->outdated_max = rp->outdated_max;
	}
	list_del(&rp->list);
	mqttk_replay_discard(s, rp);
}

/**
 * mqttk_replays_free - drop what is left
 * @r: replays
 * @s: their session
 */
void mqttk_replays_free(struct mqttk_replays *r, struct mqttk_session *s)
{
	struct mqttk_replay *rp, *next;
	struct list_head list;

	ring_open(r, &list);
	list_for_each_entry_safe(rp, next, &list, list) {
		mqttk_retain_abort(&rp->walk);
		replay_end(s, rp, &list);
		cond_resched();
	}
}

/**
 * mqttk_replays_outdate - a subscription ended, or was made anew
 * @r: the endpoint's replays
 * @s: its session
 *
 * Nothing of it is queued any more [MQTT-3.10.4-2]: its replay finds that out
 * when it is its turn. There may be hundreds of thousands, so they are looked
 * through only when as many may be out of date as there were the last time.
 *
 * Context: process; the endpoint's own; yields.
 */
void mqttk_replays_outdate(struct mqttk_replays *r, struct mqttk_session *s)
{
	struct mqttk_replay *rp = r->first, *next;
	struct list_head list;
	u32 left = 0;

	if (!rp || ++rp->outdated < rp->outdated_max)
		return;
	ring_open(r, &list);
	list_for_each_entry_safe(rp, next, &list, list) {
		if (seq_now(s, rp) == rp->seq) {
			left++;
		} else {
			mqttk_retain_abort(&rp->walk);
			replay_end(s, rp, &list);
		}
		cond_resched();
	}
	ring_close(r, &list);
	if (!r->first)
		return;
	r->first->outdated = 0;
	r->first->outdated_max = max_t(u32, OUTDATED_MIN, left);
}

/* Returns DONE when this replay's walk has ended. */
static enum mqttk_replay_state run_one(struct mqttk_replay *rp,
				       struct mqttk_session *s, int *turn)
{
	enum mqttk_replay_state state = MQTTK_REPLAY_AGAIN;
	struct mqttk_retain_walk before;
	struct mqttk_retain_node *node;

	if (seq_now(s, rp) != rp->seq) {
		mqttk_retain_abort(&rp->walk);
		return MQTTK_REPLAY_DONE;
	}
	rcu_read_lock();
	mqttk_retain_resume(&rp->walk);
	while ((*turn)-- > 0) {
		if (!mqttk_session_has_room(s)) {
			state = MQTTK_REPLAY_FULL;
			break;
		}
		before = rp->walk;
		node = mqttk_retain_next(&rp->walk);
		if (IS_ERR(node))
			break;
		if (!node) {
			state = MQTTK_REPLAY_DONE;
			break;
		}
		if (mqttk_session_append_retained(s, node, rp->qos,
						  rp->via)) {
			/* It is found again when there is room. */
			rp->walk = before;
			state = MQTTK_REPLAY_FULL;
			break;
		}
	}
	if (state == MQTTK_REPLAY_DONE)
		mqttk_retain_abort(&rp->walk);
	else
		mqttk_retain_pause(&rp->walk);
	rcu_read_unlock();
	return state;
}

/**
 * mqttk_replay_run - go on where the last turn stopped
 * @r: the endpoint's replays
 * @s: its session
 *
 * Context: process; the endpoint's own.
 * Return: what is left to do
 */
enum mqttk_replay_state mqttk_replay_run(struct mqttk_replays *r,
					 struct mqttk_session *s)
{
	enum mqttk_replay_state state = MQTTK_REPLAY_DONE;
	struct mqttk_replay *rp, *next;
	struct list_head list;
	int turn = TURN;

	ring_open(r, &list);
	list_for_each_entry_safe(rp, next, &list, list) {
		state = run_one(rp, s, &turn);
		if (state != MQTTK_REPLAY_DONE)
			break;
		replay_end(s, rp, &list);
	}
	ring_close(r, &list);
	return state;
}
