// SPDX-License-Identifier: GPL-2.0
/*
 * Retained messages for new subscriptions, a few at a time.
 */
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
 * @list: in its endpoint's list, or in the session's
 * @walk: where it is; paused between turns
 * @via: the identifier of the subscription, or NULL
 * @seq: of the subscription; without that there is nothing to do
 * @qos: granted
 * @len: bytes of filter
 * @filter: the walk's
 */
struct mqttk_replay {
	struct list_head list;
	struct mqttk_retain_walk walk;
	struct mqttk_via *via;
	u32 seq;
	u8 qos;
	u16 len;
	u8 filter[];
};

static size_t replay_size(u16 len)
{
	return struct_size_t(struct mqttk_replay, filter, len);
}

/**
 * mqttk_replay_discard - not needed after all
 * @s: the session
 * @rp: a replay that is not in a list
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
 * @list: the endpoint's replays
 * @s: its session
 * @rp: what mqttk_replay_alloc() gave, now that its subscription is there; owned
 *	by the list from now on
 * @qos: granted
 */
void mqttk_replay_start(struct list_head *list, struct mqttk_session *s,
			struct mqttk_replay *rp, u8 qos)
{
	rp->qos = qos;
	rp->seq = seq_now(s, rp);
	rcu_read_lock();
	mqttk_retain_start(&rp->walk, &s->mn->retained, rp->filter, rp->len);
	mqttk_retain_pause(&rp->walk);
	rcu_read_unlock();
	list_add_tail(&rp->list, list);
}

static void replay_end(struct mqttk_session *s, struct mqttk_replay *rp)
{
	list_del(&rp->list);
	mqttk_replay_discard(s, rp);
}

/**
 * mqttk_replays_free - drop what is left
 * @list: replays
 * @s: their session
 */
void mqttk_replays_free(struct list_head *list, struct mqttk_session *s)
{
	struct mqttk_replay *rp, *next;

	list_for_each_entry_safe(rp, next, list, list) {
		mqttk_retain_abort(&rp->walk);
		replay_end(s, rp);
		cond_resched();
	}
}

/**
 * mqttk_replays_outdate - a subscription ended, or was made anew
 * @list: the endpoint's replays
 * @s: its session
 *
 * Nothing of it is queued any more [MQTT-3.10.4-2]: its replay finds that out
 * when it is its turn. There may be hundreds of thousands, so they are looked
 * through only when as many may be out of date as there were the last time.
 *
 * Context: process; the endpoint's own; yields.
 */
void mqttk_replays_outdate(struct list_head *list, struct mqttk_session *s)
{
	struct mqttk_replay *rp, *next;
	u32 left = 0;

	if (list_empty(list) || ++s->outdated < s->outdated_max)
		return;
	list_for_each_entry_safe(rp, next, list, list) {
		if (seq_now(s, rp) == rp->seq) {
			left++;
		} else {
			mqttk_retain_abort(&rp->walk);
			replay_end(s, rp);
		}
		cond_resched();
	}
	s->outdated = 0;
	s->outdated_max = max_t(u32, OUTDATED_MIN, left);
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
 * @list: the endpoint's replays
 * @s: its session
 *
 * Context: process; the endpoint's own.
 * Return: what is left to do
 */
enum mqttk_replay_state mqttk_replay_run(struct list_head *list,
					 struct mqttk_session *s)
{
	enum mqttk_replay_state state;
	struct mqttk_replay *rp;
	int turn = TURN;

	while (!list_empty(list)) {
		rp = list_first_entry(list, struct mqttk_replay, list);
		state = run_one(rp, s, &turn);
		if (state != MQTTK_REPLAY_DONE)
			return state;
		replay_end(s, rp);
	}
	return MQTTK_REPLAY_DONE;
}
