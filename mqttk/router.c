// SPDX-License-Identifier: GPL-2.0
/*
 * The router: finds the filters that match a topic and gives the message to
 * each receiver once.
 *
 * The subscriptions of a filter are sorted by their session's index. So when
 * several filters match they are merged window by window over the indices,
 * with no memory for each receiver and no more state than an index for each
 * filter; and a fan-out of any size can leave RCU and yield between slices,
 * going on from that index. Membership is as each slice finds it.
 */
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "filter.h"
#include "msg.h"
#include "net.h"
#include "retain.h"
#include "router.h"
#include "session.h"

/* Receivers between two chances to yield. */
#define SLICE		256

/* What a long stretch of matching costs, in receivers. */
#define MATCH_COST	16

/* References to the message taken at a time. */
#define REF_BATCH	64

/* Indices merged at a time; the array is on the stack. */
#define WINDOW		32

/* Matching filters kept without and with an allocation. */
#define FILTERS_ONSTACK	8
#define FILTERS_MAX	4096

/**
 * struct match - a filter that matches, and how far its receivers were served
 * @filter: the filter; pinned if its place is below fanout->pinned
 * @next: index of the next session to look at
 */
struct match {
	struct mqttk_filter *filter;
	u32 next;
};

/**
 * struct fanout - one message on its way to its receivers
 * @mn: the broker
 * @msg: the message
 * @credit: references taken but not given to a queue yet
 * @cost: queues that took it, and what finding them took, in the same coin
 * @slice: receivers since the last chance to yield
 * @nr: matching filters in @filters
 * @pinned: how many of them are pinned, from the first
 * @room: for how many there is room
 * @filters: @fixed, or allocated
 * @fixed: enough for most
 */
struct fanout {
	struct mqttk_net *mn;
	struct mqttk_msg *msg;
	unsigned int credit;
	unsigned int cost;
	unsigned int slice;
	unsigned int nr;
	unsigned int pinned;
	unsigned int room;
	struct match *filters;
	struct match fixed[FILTERS_ONSTACK];
};

static void give(struct fanout *fo, const struct mqttk_sub *sub)
{
	struct mqttk_session *s = container_of(sub->owner,
					       struct mqttk_session, sub);

	if (!fo->credit) {
		refcount_add(REF_BATCH, &fo->msg->ref);
		fo->credit = REF_BATCH;
	}
	if (mqttk_session_append(s, fo->msg, min_t(u8, fo->msg->qos, sub->qos),
				 false)) {
		fo->credit--;
		fo->cost++;
	}
	fo->slice++;
}

/*
 * Leaves RCU for a moment. Filters found so far are pinned first; one whose
 * last subscription has gone meanwhile is skipped from then on.
 */
static void yield_rcu(struct fanout *fo) __must_hold(RCU)
{
	for (; fo->pinned < fo->nr; fo->pinned++) {
		struct match *m = &fo->filters[fo->pinned];

		if (m->filter && !mqttk_filter_get(m->filter))
			m->filter = NULL;
	}
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	fo->slice = 0;
}

static void give_one_filter(struct fanout *fo)
{
	struct match *m = &fo->filters[0];
	struct mqttk_sub_walk walk;
	struct mqttk_sub *sub;

	mqttk_sub_walk_start(&walk, m->filter, 0);
	while ((sub = mqttk_sub_walk_next(&walk))) {
		give(fo, sub);
		if (fo->slice < SLICE)
			continue;
		m->next = walk.next;
		yield_rcu(fo);
		if (!m->filter)
			return;
		mqttk_sub_walk_start(&walk, m->filter, m->next);
	}
}

/* The smallest index that any filter still has to serve; U32_MAX: none. */
static u32 next_window(struct fanout *fo)
{
	u32 first = U32_MAX;
	unsigned int i;

	for (i = 0; i < fo->nr; i++) {
		struct match *m = &fo->filters[i];

		if (!m->filter)
			continue;
		if (mqttk_filter_next_sub(m->filter, &m->next)) {
			first = min(first, m->next);
			continue;
		}
		if (i < fo->pinned)
			mqttk_filter_put(m->filter);
		m->filter = NULL;
	}
	return first;
}

/* One copy for each session, at the highest QoS granted [MQTT-3.3.5-1]. */
static void give_window(struct fanout *fo, u32 first)
{
	const struct mqttk_sub *best[WINDOW] = {};
	unsigned int i;

	for (i = 0; i < fo->nr; i++) {
		struct match *m = &fo->filters[i];
		struct mqttk_sub *sub;

		while (m->filter && m->next - first < WINDOW) {
			sub = mqttk_filter_next_sub(m->filter, &m->next);
			if (!sub || m->next - first >= WINDOW)
				break;
			if (!best[m->next - first] ||
			    best[m->next - first]->qos < sub->qos)
				best[m->next - first] = sub;
			m->next++;
		}
	}
	for (i = 0; i < WINDOW; i++)
		if (best[i])
			give(fo, best[i]);
	/* Filters without receivers in the window took their time too. */
	fo->slice += fo->nr / 8;
}

static void give_merged(struct fanout *fo)
{
	u32 first;

	while ((first = next_window(fo)) != U32_MAX) {
		give_window(fo, first);
		if (fo->slice >= SLICE)
			yield_rcu(fo);
	}
}

/* Gives the message to the receivers of the filters found so far. */
static void flush_filters(struct fanout *fo)
{
	unsigned int i;

	if (fo->nr == 1 && fo->filters[0].filter)
		give_one_filter(fo);
	else if (fo->nr > 1)
		give_merged(fo);
	for (i = 0; i < fo->pinned; i++)
		if (fo->filters[i].filter)
			mqttk_filter_put(fo->filters[i].filter);
	fo->nr = 0;
	fo->pinned = 0;
}

/* More filters match than there is room for. Called with @m paused. */
static void make_room(struct fanout *fo) __must_hold(RCU)
{
	unsigned int room = fo->room * 8;
	struct match *more = NULL;

	if (room <= FILTERS_MAX) {
		yield_rcu(fo);
		rcu_read_unlock();
		more = kvmalloc_array(room, sizeof(*more), GFP_KERNEL_ACCOUNT |
				      __GFP_NORETRY | __GFP_NOWARN);
		rcu_read_lock();
	}
	if (!more) {
		/*
		 * Go on without: a session behind filters of both parts gets
		 * a further copy, as the standard allows; nobody goes without.
		 */
		flush_filters(fo);
		return;
	}
	memcpy(more, fo->filters, fo->nr * sizeof(*more));
	if (fo->filters != fo->fixed)
		kvfree(fo->filters);
	fo->filters = more;
	fo->room = room;
}

static void fan_out(struct fanout *fo)
{
	struct mqttk_filter *f;
	struct mqttk_match m;

	rcu_read_lock();
	mqttk_match_start(&m, &fo->mn->index, fo->msg->data,
			  fo->msg->topic_len);
	while ((f = mqttk_match_next(&m))) {
		if (IS_ERR(f)) {
			mqttk_match_pause(&m);
			yield_rcu(fo);
			mqttk_match_resume(&m);
			fo->cost += MATCH_COST;
			continue;
		}
		if (fo->nr == fo->room) {
			/* @f is pinned by hand while the others are moved. */
			if (!mqttk_filter_get(f))
				continue;
			mqttk_match_pause(&m);
			make_room(fo);
			mqttk_match_resume(&m);
			/* By now the others are pinned as well, or served. */
			fo->filters[fo->nr++] = (struct match){ f, 0 };
			fo->pinned = fo->nr;
			continue;
		}
		fo->filters[fo->nr++] = (struct match){ f, 0 };
	}
	flush_filters(fo);
	rcu_read_unlock();
	if (fo->filters != fo->fixed)
		kvfree(fo->filters);
}

/**
 * mqttk_router_publish - give a message to everybody who subscribed to it
 * @mn: the broker
 * @msg: a complete message; the caller keeps its reference
 *
 * A retained message is stored first, so that whoever subscribes meanwhile
 * gets it once at least. When this returns the message is in the queue of every
 * receiver, or dropped and counted there: the publisher may be answered.
 *
 * Context: process; yields.
 * Return: what it cost, mostly one for each queue that took it: for whoever
 *	takes turns
 */
unsigned int mqttk_router_publish(struct mqttk_net *mn, struct mqttk_msg *msg)
{
	struct fanout fo = {
		.mn = mn,
		.msg = msg,
		.room = FILTERS_ONSTACK,
	};

	fo.filters = fo.fixed;
	if (msg->retain && mqttk_retain_set(&mn->retained, msg))
		mqttk_stat_inc(mn, MQTTK_STAT_RETAIN_REFUSED);
	fan_out(&fo);
	if (fo.credit)
		WARN_ON_ONCE(refcount_sub_and_test(fo.credit, &msg->ref));
	return fo.cost;
}
