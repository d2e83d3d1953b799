// SPDX-License-Identifier: GPL-2.0
/*
 * The router: finds the filters that match a topic and gives the message to
 * each receiver once, and to one member of each group.
 *
 * The subscriptions of a filter are sorted by their session's index. So when
 * several filters match they are merged by the indices (merge.c), with no
 * memory for each receiver and no more state than an index for each filter; and
 * a fan-out of any size can leave RCU and yield between slices, going on from
 * that index. Membership is as each slice finds it.
 */
#include <kunit/visibility.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "access.h"
#include "deadline.h"
#include "filter.h"
#include "group.h"
#include "match.h"
#include "merge.h"
#include "msg.h"
#include "net.h"
#include "retain.h"
#include "router.h"
#include "session.h"
#include "trace.h"
#include "via.h"
#include "wire.h"

/* Receivers between two chances to yield. */
#define SLICE		256

/* What a long stretch of matching costs, in receivers. */
#define MATCH_COST	16

/* Filters looked at in a merge that cost as much as a receiver. */
#define MERGE_COST	2

/* What it costs to find a member of a group, in receivers. */
#define GROUP_COST	8

/* Members that are asked when the one picked has no room. */
#define GROUP_ASK	64

/* Matching filters kept without and with an allocation. */
#define FILTERS_ONSTACK	8
#define FILTERS_MAX	4096

/* Receivers that the quick lane serves; a guess as good as the index's counts. */
#define QUICK_MAX	32

/**
 * struct fanout - one message on its way to its receivers
 * @mn: the broker
 * @msg: the message; of a run the first, for those who have to look
 * @run: the messages
 * @nr_run: how many; more than one are of one topic and QoS 0, and neither
 *	expire nor have RETAIN
 * @share: mqttk_msg_share() of all
 * @from: who published it, or NULL
 * @acl: the access control list in force, or NULL; looked up again whenever RCU
 *	was left
 * @picking: how groups pick a member, once the first group was met
 * @matched: a filter was found
 * @upgrade: upgrade_outgoing_qos is on
 * @quick: nothing may yield; there is little to do
 * @few: if there is more nobody is to get anything
 * @receivers: of the filters found so far, where @few
 * @changes: mqttk_index_changes() before they were looked for
 * @credit: references taken, to each message, but not given to a queue yet
 * @cost: queues that took it, and what finding them took, in the same coin
 * @slice: receivers since the last chance to yield
 * @nr: matching filters in @filters. While groups are served, each source's
 *	@next is the index of the next group; then that of the next session
 * @pinned: how many of them are pinned, from the first
 * @room: for how many there is room
 * @filters: @fixed, or allocated
 * @fixed: enough for most
 */
struct fanout {
	struct mqttk_net *mn;
	struct mqttk_msg *msg;
	struct mqttk_msg *const *run;
	unsigned int nr_run;
	u64 share;
	const struct mqttk_session *from;
	const struct mqttk_acl *acl;
	struct mqttk_picking picking;
	bool matched;
	bool upgrade;
	bool quick;
	bool few;
	unsigned int receivers;
	u64 changes;
	unsigned int credit;
	unsigned int cost;
	unsigned int slice;
	unsigned int nr;
	unsigned int pinned;
	unsigned int room;
	struct mqttk_source *filters;
	struct mqttk_source fixed[FILTERS_ONSTACK];
};

static struct mqttk_session *session_of(const struct mqttk_sub *sub)
{
	return container_of(sub->owner, struct mqttk_session, sub);
}

/*
 * Does the publisher subscribe and not want it back? It is the client that
 * counts, whatever became of its connection and session [MQTT-3.8.3-3].
 */
static bool is_unwanted(const struct fanout *fo, const struct mqttk_sub *sub)
{
	const struct mqttk_session *s, *from = fo->from;

	if (!from || !(sub->options & MQTTK_SUB_NO_LOCAL))
		return false;
	s = session_of(sub);
	return s == from ||
	       (s->id_len && s->id_len == from->id_len &&
		!memcmp(s->id, from->id, s->id_len));
}

/* Does the access control list keep it from a subscriber? */
static bool is_denied(const struct fanout *fo, const struct mqttk_sub *sub)
{
	const struct mqttk_session *s = session_of(sub);

	if (likely(!fo->acl) ||
	    mqttk_access_permits(fo->acl, s, MQTTK_ACL_READ, fo->msg->data,
				 fo->msg->topic_len))
		return false;
	trace_mqttk_drop(s, fo->msg, MQTTK_DROP_DENIED);
	return true;
}

static void look_up_acl(struct fanout *fo)
{
	fo->acl = rcu_dereference(fo->mn->acl);
}

static u8 qos_for(const struct fanout *fo, const struct mqttk_sub *sub)
{
	return fo->upgrade ? sub->qos : min_t(u8, fo->msg->qos, sub->qos);
}

static void need_credit(struct fanout *fo)
{
	if (fo->credit)
		return;
	mqttk_msgs_get(fo->run, fo->nr_run, MQTTK_ROUTER_REFS);
	fo->credit = MQTTK_ROUTER_REFS;
}

static void return_credit(struct fanout *fo)
{
	if (fo->credit)
		mqttk_msgs_put(fo->run, fo->nr_run, fo->credit);
	fo->credit = 0;
}

/* RETAIN is kept only for those who want it [MQTT-3.3.1-12]. */
static void append(struct fanout *fo, const struct mqttk_sub *sub,
		   struct mqttk_via *via, bool retain_as_published)
{
	need_credit(fo);
	if (fo->nr_run > 1) {
		mqttk_session_append_run(session_of(sub), fo->run, fo->nr_run,
					 fo->share, via);
		fo->credit--;
		fo->cost += fo->nr_run;
		return;
	}
	if (mqttk_session_append(session_of(sub), fo->msg, qos_for(fo, sub),
				 retain_as_published && fo->msg->retain,
				 via)) {
		fo->credit--;
		fo->cost++;
	}
}

static bool keeps_retain(const struct mqttk_sub *sub)
{
	return sub->options & MQTTK_SUB_RETAIN_AS_PUBLISHED;
}

static void give(struct fanout *fo, const struct mqttk_sub *sub)
{
	fo->slice++;
	if (!is_unwanted(fo, sub) && !is_denied(fo, sub))
		append(fo, sub, sub->via, keeps_retain(sub));
}

/* One whose last subscription has gone meanwhile is skipped from then on. */
static void pin_filters(struct fanout *fo)
{
	for (; fo->pinned < fo->nr; fo->pinned++) {
		struct mqttk_source *m = &fo->filters[fo->pinned];

		if (m->filter && !mqttk_filter_get(m->filter))
			m->filter = NULL;
	}
}

/* Leaves RCU for a moment. Filters found so far are pinned first. */
static void yield_rcu(struct fanout *fo) __must_hold(RCU)
{
	if (fo->quick)
		return;
	pin_filters(fo);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	look_up_acl(fo);
	fo->slice = 0;
}

static void give_one_filter(struct fanout *fo)
{
	struct mqttk_source *m = &fo->filters[0];
	struct mqttk_sub *sub;

	sub = mqttk_filter_next_sub(m->filter, &m->next);
	while (sub) {
		give(fo, sub);
		if (fo->slice < SLICE || fo->quick) {
			sub = mqttk_sub_after(sub);
			continue;
		}
		m->next = sub->item.index + 1;
		yield_rcu(fo);
		if (!m->filter)
			return;
		sub = mqttk_filter_next_sub(m->filter, &m->next);
	}
}

/*
 * The identifiers of all subscriptions of a session that match. Those that come
 * just now may be missing, those that go may be there yet.
 */
static struct mqttk_via *gather_subids(struct fanout *fo,
				       const struct mqttk_sources *all,
				       u32 room)
{
	const struct mqttk_source *src;
	struct mqttk_via *via;
	u32 len = 0;

	via = mqttk_via_alloc(&fo->mn->limits, MQTTK_BUDGET_MESSAGE, room,
			      GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!via)
		return NULL;
	for (src = mqttk_sources_taken(all); src < mqttk_sources_end(all);
	     src++) {
		const struct mqttk_sub *sub = src->sub;

		if (!sub || !sub->via || is_unwanted(fo, sub))
			continue;
		memcpy(via->subids + len, sub->via->subids, sub->via->len);
		len += sub->via->len;
	}
	mqttk_via_trim(via, len);
	return via;
}

/*
 * One copy for a session, at the highest QoS granted [MQTT-3.3.4-2], with all
 * its identifiers [MQTT-3.3.4-4].
 */
static void give_taken(struct fanout *fo, const struct mqttk_sources *all)
{
	const struct mqttk_source *src;
	struct mqttk_merge m = {};
	struct mqttk_via *via;

	fo->slice++;
	for (src = mqttk_sources_taken(all); src < mqttk_sources_end(all);
	     src++)
		if (src->sub && !is_unwanted(fo, src->sub))
			mqttk_merge_add(&m, src->sub);
	if (!m.sub || is_denied(fo, m.sub))
		return;
	if (mqttk_merge_is_plain(&m)) {
		append(fo, m.sub, m.sub->via, m.retain_as_published);
		return;
	}
	via = gather_subids(fo, all, m.len);
	if (!via) {
		mqttk_session_lose(session_of(m.sub), fo->msg);
		return;
	}
	append(fo, m.sub, via, m.retain_as_published);
	mqttk_via_put(via);
}

static void give_merged(struct fanout *fo)
{
	struct mqttk_sources all;

	/* Their order will change, so all of them are pinned, or none. */
	if (fo->pinned)
		pin_filters(fo);
	mqttk_sources_start(&all, fo->filters, fo->nr);
	while (all.nr) {
		if (mqttk_sources_settle(&all, SLICE * MERGE_COST) && all.nr) {
			mqttk_sources_take(&all);
			give_taken(fo, &all);
			mqttk_sources_advance(&all);
		}
		if (fo->slice + all.work / MERGE_COST < SLICE)
			continue;
		yield_rcu(fo);
		mqttk_sources_outdate(&all);
		all.work = 0;
	}
	fo->slice += all.work / MERGE_COST;
}

/* What a member of a group has ahead of it. A hint: read without its lock. */
static int load_of(const struct mqttk_sub *sub)
{
	const struct mqttk_session *s = session_of(sub);

	if (!READ_ONCE(s->ep))
		return -1;
	return min_t(u32, READ_ONCE(s->window.nr) + READ_ONCE(s->queue.nr),
		     INT_MAX);
}

static const struct mqttk_picking *picking(struct fanout *fo)
{
	struct mqttk_picking *how = &fo->picking;

	if (how->load)
		return how;
	how->load = load_of;
	how->strategy = mqttk_limit(&fo->mn->limits,
				    MQTTK_LIMIT_SHARED_STRATEGY);
	if (how->strategy == MQTTK_SHARED_SAME_TOPIC)
		how->topic = hsiphash(fo->msg->data, fo->msg->topic_len,
				      &fo->mn->index.key);
	return how;
}

static bool offer(struct fanout *fo, const struct mqttk_sub *sub)
{
	if (is_denied(fo, sub))
		return false;
	need_credit(fo);
	if (!mqttk_session_offer(session_of(sub), fo->msg, qos_for(fo, sub),
				 keeps_retain(sub) && fo->msg->retain,
				 sub->via))
		return false;
	fo->credit--;
	fo->cost++;
	return true;
}

/* Asks the members behind one that had no room. */
static bool offer_others(struct fanout *fo, struct mqttk_group *g,
			 const struct mqttk_sub *but, bool away)
{
	const struct mqttk_sub *sub;
	struct mqttk_ring ring;
	unsigned int n;

	mqttk_ring_start(&ring, g, but->item.index + 1);
	for (n = 0; n < GROUP_ASK; n++) {
		sub = mqttk_ring_next(&ring);
		if (!sub)
			break;
		if (sub == but || (load_of(sub) < 0) != away)
			continue;
		fo->slice++;
		if (offer(fo, sub))
			return true;
	}
	return false;
}

/*
 * One member gets the message, in a copy of its own. If none has room it is the
 * first one picked that has to make some, or to count a loss.
 */
static void give_group(struct fanout *fo, struct mqttk_group *g)
{
	const struct mqttk_sub *sub = mqttk_group_pick(g, picking(fo));

	fo->slice += GROUP_COST;
	if (!sub || offer(fo, sub) || offer_others(fo, g, sub, false))
		return;
	/* Who is away keeps nothing of QoS 0. */
	if (qos_for(fo, sub) && offer_others(fo, g, sub, true))
		return;
	if (!is_denied(fo, sub))
		append(fo, sub, sub->via, keeps_retain(sub));
}

static void give_groups_one(struct fanout *fo, struct mqttk_source *m)
{
	struct mqttk_group *g;

	while (m->filter &&
	       (g = mqttk_filter_next_group(m->filter, &m->next))) {
		m->next++;
		give_group(fo, g);
		if (fo->slice >= SLICE)
			yield_rcu(fo);
	}
	m->next = 0;
}

/* Each message of a run goes to a member of its own. */
static void give_groups(struct fanout *fo, struct mqttk_source *m)
{
	struct mqttk_msg *const *run = fo->run;
	struct mqttk_msg *first = fo->msg;
	unsigned int nr = fo->nr_run;

	return_credit(fo);
	fo->nr_run = 1;
	for (; fo->run < run + nr; fo->run++) {
		fo->msg = *fo->run;
		give_groups_one(fo, m);
		return_credit(fo);
	}
	fo->run = run;
	fo->nr_run = nr;
	fo->msg = first;
}

/* Gives the message to the receivers of the filters found so far. */
static void flush_filters(struct fanout *fo)
{
	unsigned int i;

	for (i = 0; i < fo->nr; i++) {
		struct mqttk_source *m = &fo->filters[i];

		if (m->filter && mqttk_filter_has_groups(m->filter))
			give_groups(fo, m);
	}
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
	struct mqttk_source *more = NULL;

	if (room <= FILTERS_MAX && !fo->quick) {
		yield_rcu(fo);
		rcu_read_unlock();
		more = kvmalloc_array(room, sizeof(*more), GFP_KERNEL_ACCOUNT |
				      __GFP_NORETRY | __GFP_NOWARN);
		rcu_read_lock();
		look_up_acl(fo);
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

static void add_filter(struct fanout *fo, struct mqttk_filter *f)
{
	fo->filters[fo->nr++] = (struct mqttk_source){ .filter = f };
}

/* How many are behind a filter, or as much work. */
static u32 receivers_of(const struct mqttk_filter *f)
{
	const struct mqttk_groups *groups = rcu_dereference(f->groups);
	u32 n = READ_ONCE(f->subs.nr);

	if (!groups)
		return n;
	return n + GROUP_COST * min_t(u32, READ_ONCE(groups->set.nr),
				      QUICK_MAX);
}

/*
 * Whoever subscribes at this moment may add a few receivers to those that are
 * counted; no matter.
 */
static bool is_little(struct fanout *fo, const struct mqttk_filter *f)
{
	if (IS_ERR(f) || fo->nr == FILTERS_ONSTACK)
		return false;
	fo->receivers += receivers_of(f);
	return fo->receivers <= QUICK_MAX;
}

/* Returns false if it is too much; if not, up to a few are still to be served. */
static bool find_filters(struct fanout *fo) __must_hold(RCU)
{
	struct mqttk_filter *f;
	struct mqttk_match m;

	fo->changes = mqttk_index_changes(&fo->mn->index);
	mqttk_match_start(&m, &fo->mn->index, fo->msg->data,
			  fo->msg->topic_len);
	while ((f = mqttk_match_next(&m))) {
		if (fo->few && !is_little(fo, f))
			return false;
		if (IS_ERR(f)) {
			mqttk_match_pause(&m);
			yield_rcu(fo);
			mqttk_match_resume(&m);
			fo->cost += MATCH_COST;
			continue;
		}
		fo->matched = true;
		if (fo->nr == fo->room) {
			/* @f is pinned by hand while the others are moved. */
			if (!mqttk_filter_get(f))
				continue;
			mqttk_match_pause(&m);
			make_room(fo);
			mqttk_match_resume(&m);
			/* By now the others are pinned as well, or served. */
			add_filter(fo, f);
			fo->pinned = fo->nr;
			continue;
		}
		add_filter(fo, f);
	}
	return true;
}

/* If it is to be little and is not, nobody got anything, and false is returned. */
static bool fan_out(struct fanout *fo)
{
	bool done;

	rcu_read_lock();
	look_up_acl(fo);
	done = find_filters(fo);
	if (done)
		flush_filters(fo);
	rcu_read_unlock();
	if (fo->filters != fo->fixed)
		kvfree(fo->filters);
	return done;
}

/*
 * Without retain_available what was to be retained is only delivered. It speaks
 * of clients: what the broker or its administrator says is retained.
 */
static int retain(struct mqttk_net *mn, struct mqttk_msg *msg,
		  const struct mqttk_session *from)
{
	int err = -EOPNOTSUPP;

	if (!from || mqttk_limit(&mn->limits, MQTTK_LIMIT_RETAIN_AVAILABLE))
		err = mqttk_retain_set(&mn->retained, msg);
	if (err)
		mqttk_stat_inc(mn, MQTTK_STAT_RETAIN_REFUSED);
	return err;
}

static void fanout_init(struct fanout *fo, struct mqttk_net *mn,
			struct mqttk_msg *const *msgs, unsigned int nr,
			const struct mqttk_session *from)
{
	unsigned int i;

	/* But for @fixed, of which only what is used is ever written. */
	fo->picking.load = NULL;
	fo->share = 0;
	fo->matched = false;
	fo->quick = false;
	fo->few = false;
	fo->receivers = 0;
	fo->credit = 0;
	fo->cost = 0;
	fo->slice = 0;
	fo->nr = 0;
	fo->pinned = 0;
	fo->mn = mn;
	fo->msg = *msgs;
	fo->run = msgs;
	fo->nr_run = nr;
	fo->from = from;
	fo->room = FILTERS_ONSTACK;
	fo->upgrade = mqttk_limit(&mn->limits, MQTTK_LIMIT_UPGRADE_QOS);
	fo->filters = fo->fixed;
	for (i = 0; i < nr; i++)
		fo->share += mqttk_msg_share(msgs[i]);
}

static void trace_publish(const struct fanout *fo)
{
	unsigned int i;

	for (i = 0; i < fo->nr_run && trace_mqttk_publish_enabled(); i++)
		trace_mqttk_publish(fo->mn->net, fo->from, fo->run[i],
				    fo->run[i]->qos, 0);
}

/* What mqttk_router_publish() does; @retained is what came of retaining it. */
static unsigned int publish(struct mqttk_net *mn, struct mqttk_msg *msg,
			    const struct mqttk_session *from, bool *matched,
			    int *retained)
{
	struct fanout fo;

	fanout_init(&fo, mn, &msg, 1, from);
	trace_publish(&fo);
	*retained = msg->retain ? retain(mn, msg, from) : 0;
	fan_out(&fo);
	return_credit(&fo);
	if (matched)
		*matched = fo.matched;
	return fo.cost;
}

/**
 * mqttk_router_publish - give a message to everybody who subscribed to it
 * @mn: the broker
 * @msg: a complete message; the caller keeps its reference
 * @from: the publisher's session, for No Local, or NULL
 * @matched: set to whether anybody subscribed to it; may be NULL
 *
 * A retained message is stored first, so that whoever subscribes meanwhile
 * gets it once at least. When this returns the message is in the queue of every
 * receiver, or dropped and counted there: the publisher may be answered.
 *
 * Context: process; yields.
 * Return: what it cost, mostly one for each queue that took it: for whoever
 *	takes turns
 */
unsigned int mqttk_router_publish(struct mqttk_net *mn, struct mqttk_msg *msg,
				  const struct mqttk_session *from,
				  bool *matched)
{
	int retained;

	return publish(mn, msg, from, matched, &retained);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_router_publish);

/**
 * mqttk_router_publish_quick - publish to few receivers without sleeping
 * @mn: the broker
 * @msg: a complete message; the caller keeps its reference
 * @from: the publisher's session, for No Local, or NULL
 * @found: set to what it matched
 *
 * As mqttk_router_publish(). If it is too much to be done here only RETAIN has
 * had its effect, and has it again when mqttk_router_publish() follows.
 *
 * Context: any but hard interrupts.
 * Return: as mqttk_router_publish(), or -EAGAIN
 */
int mqttk_router_publish_quick(struct mqttk_net *mn, struct mqttk_msg *msg,
			       const struct mqttk_session *from,
			       struct mqttk_found *found)
{
	struct fanout fo;

	fanout_init(&fo, mn, &msg, 1, from);
	fo.quick = true;
	fo.few = true;
	if (msg->retain)
		retain(mn, msg, from);
	rcu_read_lock();
	look_up_acl(&fo);
	if (!find_filters(&fo)) {
		rcu_read_unlock();
		return -EAGAIN;
	}
	found->filter = NULL;
	if (fo.nr == 1 && !fo.upgrade &&
	    !mqttk_filter_has_groups(fo.filters[0].filter))
		found->filter = fo.filters[0].filter;
	found->changes = fo.changes;
	found->matched = fo.matched;
	trace_publish(&fo);
	flush_filters(&fo);
	rcu_read_unlock();
	return_credit(&fo);
	return fo.cost;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_router_publish_quick);

/* Does what was found hold, and is it little? */
static bool is_found(const struct mqttk_index *ix,
		     const struct mqttk_found *found)
{
	return found->filter && mqttk_index_changes(ix) == found->changes &&
	       !mqttk_filter_has_groups(found->filter) &&
	       READ_ONCE(found->filter->subs.nr) <= QUICK_MAX;
}

/**
 * mqttk_router_publish_again - publish to a topic that was published to before
 * @mn: the broker
 * @msgs: as for mqttk_router_publish_run(), but to each the caller has
 *	MQTTK_ROUTER_REFS references, and has none when they are published
 * @nr: how many, at least 1
 * @from: the publisher's session, for No Local, or NULL
 * @found: what mqttk_router_publish_quick() found for their topic
 *
 * As mqttk_router_publish_quick() for each of them, but that nobody is looked
 * for.
 *
 * Context: any but hard interrupts.
 * Return: as mqttk_router_publish(); or -EAGAIN: nobody got anything, @found does
 *	not hold any more, or it is too much
 */
int mqttk_router_publish_again(struct mqttk_net *mn,
			       struct mqttk_msg *const *msgs, unsigned int nr,
			       const struct mqttk_session *from,
			       const struct mqttk_found *found)
{
	struct fanout fo;

	fanout_init(&fo, mn, msgs, nr, from);
	/* Then their QoS is the receiver's affair. */
	if (fo.upgrade)
		return -EAGAIN;
	rcu_read_lock();
	if (!is_found(&mn->index, found)) {
		rcu_read_unlock();
		return -EAGAIN;
	}
	fo.quick = true;
	look_up_acl(&fo);
	/* One is kept until the end, so that there may be more. */
	fo.credit = MQTTK_ROUTER_REFS - 1;
	add_filter(&fo, found->filter);
	trace_publish(&fo);
	give_one_filter(&fo);
	rcu_read_unlock();
	fo.credit++;
	return_credit(&fo);
	return fo.cost;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_router_publish_again);

/**
 * mqttk_router_publish_run - give several messages to those who subscribed
 * @mn: the broker
 * @msgs: complete messages of one topic, each one that mqttk_router_joins(); the
 *	caller keeps its references
 * @nr: how many, at least 1
 * @from: the publisher's session, for No Local, or NULL
 * @quick: do not sleep: mqttk_router_publish_quick() has just had a message of
 *	their topic
 *
 * As mqttk_router_publish() for each of them, but that receivers are looked for
 * once. Who subscribes or unsubscribes meanwhile gets all of them or none.
 *
 * Context: process, yields; or @quick.
 * Return: what it cost
 */
unsigned int mqttk_router_publish_run(struct mqttk_net *mn,
				      struct mqttk_msg *const *msgs,
				      unsigned int nr,
				      const struct mqttk_session *from,
				      bool quick)
{
	unsigned int cost = 0, i, n = nr;
	struct fanout fo;

	/* Then their QoS is the receiver's affair, as if they were no run. */
	if (mqttk_limit(&mn->limits, MQTTK_LIMIT_UPGRADE_QOS))
		n = 1;
	for (i = 0; i < nr; i += n) {
		fanout_init(&fo, mn, msgs + i, n, from);
		fo.quick = quick;
		trace_publish(&fo);
		fan_out(&fo);
		return_credit(&fo);
		cost += fo.cost;
	}
	return cost;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_router_publish_run);

/**
 * mqttk_router_joins - may a message be published together with others?
 * @msg: a complete message
 *
 * Return: true if it may, with others of its topic for which that is true
 */
bool mqttk_router_joins(const struct mqttk_msg *msg)
{
	return !msg->qos && !msg->retain && !msg->has_lifetime && !msg->bvec;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_router_joins);

/**
 * mqttk_router_retain - publish a message for its being retained
 * @mn: the broker
 * @msg: a complete message with RETAIN; the caller keeps its reference
 *
 * As mqttk_router_publish(); for who has to know whether it is retained.
 *
 * Context: process; yields.
 * Return: 0, or as mqttk_retain_set(): then it was delivered all the same
 */
int mqttk_router_retain(struct mqttk_net *mn, struct mqttk_msg *msg)
{
	int retained;

	publish(mn, msg, NULL, NULL, &retained);
	return retained;
}

/**
 * mqttk_router_will - publish a will
 * @mn: the broker
 * @will: its reference is dropped; if it expires, then counted from now
 * @from: the session of the client whose will it is, for No Local
 *
 * It goes nowhere if its client may not publish it any more.
 *
 * Context: process; yields.
 */
void mqttk_router_will(struct mqttk_net *mn, struct mqttk_msg *will,
		       const struct mqttk_session *from)
{
	if (!mqttk_access_may(mn, from, MQTTK_ACL_WRITE, will->data,
			      will->topic_len)) {
		trace_mqttk_publish_refused(mn->net, from, will, will->qos,
					    MQTTK_REASON_NOT_AUTHORIZED);
		mqttk_msg_put(will);
		return;
	}
	mqttk_stat_inc(mn, MQTTK_STAT_WILLS_SENT);
	trace_mqttk_will(mn->net, from, will, will->qos, 0);
	mqttk_msg_begin_life(will);
	mqttk_router_publish(mn, will, from, NULL);
	mqttk_msg_put(will);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_router_will);

/**
 * mqttk_router_reroute - find another receiver for a message of a lost session
 * @mn: the broker
 * @e: what was on its way to a session that has ended and has no subscriptions
 *	any more; the references are dropped
 *
 * What came by a group goes to another member, if there is one; whatever else,
 * and PUBRELs, nowhere. Messages of QoS 2 that were sent already must not be
 * rerouted [MQTT-4.8.2-5], nor those that the client refused [MQTT-4.8.2-6]:
 * that is the caller's to know.
 *
 * Context: any but hard interrupts.
 */
void mqttk_router_reroute(struct mqttk_net *mn, struct mqttk_qent *e)
{
	/* The entry's reference is for whoever takes it. */
	struct fanout fo = {
		.mn = mn,
		.msg = e->msg,
		.run = &e->msg,
		.nr_run = 1,
		.credit = 1,
	};

	if (e->msg && e->via && e->via->group) {
		rcu_read_lock();
		look_up_acl(&fo);
		give_group(&fo, e->via->group);
		rcu_read_unlock();
	}
	if (fo.credit)
		mqttk_msg_put(e->msg);
	mqttk_via_put(e->via);
}
