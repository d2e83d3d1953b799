// SPDX-License-Identifier: GPL-2.0
/*
 * The merge: when several filters match, each session gets one copy.
 *
 * The subscriptions of every filter are in the order of their sessions'
 * indices. So the filters stand in a heap by the index that each has next, and
 * all subscriptions of one session come from it together: a thousand filters
 * with a subscriber each cost ten comparisons for each of them, and one session
 * behind a thousand filters costs each of them once.
 */
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "filter.h"
#include "merge.h"
#include "via.h"
#include "wire.h"

static u32 subids_len(const struct mqttk_sub *sub)
{
	return sub->via ? sub->via->len : 0;
}

/**
 * mqttk_merge_add - a further subscription of a session matches
 * @m: zero before the first
 * @sub: the subscription, not a shared one
 *
 * Context: under RCU, until the merge has been used.
 */
void mqttk_merge_add(struct mqttk_merge *m, const struct mqttk_sub *sub)
{
	if (!m->sub || m->sub->qos < sub->qos ||
	    (m->sub->qos == sub->qos && !m->sub->via))
		m->sub = sub;
	m->len += subids_len(sub);
	if (sub->options & MQTTK_SUB_RETAIN_AS_PUBLISHED)
		m->retain_as_published = true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_merge_add);

/**
 * mqttk_merge_is_plain - do the identifiers of @m->sub say it all?
 * @m: subscriptions that match, at least one
 *
 * Context: under RCU, as mqttk_merge_add().
 * Return: false if others have identifiers, too
 */
bool mqttk_merge_is_plain(const struct mqttk_merge *m)
{
	return m->len == subids_len(m->sub);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_merge_is_plain);

/**
 * mqttk_sources_start - begin to merge
 * @all: to be set up
 * @p: filters that match, each with a @next of 0
 * @nr: how many
 *
 * Context: any.
 */
void mqttk_sources_start(struct mqttk_sources *all, struct mqttk_source *p,
			 unsigned int nr)
{
	*all = (struct mqttk_sources){ .p = p, .nr = nr, .era = 1 };
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_sources_start);

/* The head has grown: it sinks to its place. */
static void sink(struct mqttk_sources *all)
{
	struct mqttk_source *p = all->p;
	unsigned int at = 0, child;

	while ((child = 2 * at + 1) < all->nr) {
		if (child + 1 < all->nr && p[child + 1].next < p[child].next)
			child++;
		if (p[at].next <= p[child].next)
			return;
		swap(p[at], p[child]);
		at = child;
	}
}

/* The last one is new: it rises to its place. */
static void rise(struct mqttk_sources *all)
{
	struct mqttk_source *p = all->p;
	unsigned int at = all->nr - 1;

	while (at) {
		unsigned int parent = (at - 1) / 2;

		if (p[parent].next <= p[at].next)
			return;
		swap(p[at], p[parent]);
		at = parent;
	}
}

static void drop_head(struct mqttk_sources *all)
{
	all->nr--;
	swap(all->p[0], all->p[all->nr]);
	sink(all);
}

/* What the head's filter has next, as it is now. */
static void look_up_head(struct mqttk_sources *all)
{
	struct mqttk_source *head = all->p;

	all->work++;
	head->era = all->era;
	head->sub = head->filter ?
		    mqttk_filter_next_sub(head->filter, &head->next) : NULL;
}

/**
 * mqttk_sources_settle - look up who is next
 * @all: the sources; nothing is taken
 * @work: how much may be done
 *
 * Context: under RCU.
 * Return: true if that is known now: whoever is next at the head of the heap,
 *	or nobody in it; false when the caller should let others run first
 */
bool mqttk_sources_settle(struct mqttk_sources *all, unsigned int work)
{
	while (all->nr && all->p[0].era != all->era) {
		if (all->work >= work)
			return false;
		look_up_head(all);
		if (all->p[0].sub)
			sink(all);
		else
			drop_head(all);
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_sources_settle);

/**
 * mqttk_sources_take - take what matches for the next session
 * @all: the sources, settled and not empty
 *
 * From mqttk_sources_taken() to mqttk_sources_end(). Some may have no
 * subscription any more, but not all.
 *
 * Context: under RCU, in the section in which they were settled.
 */
void mqttk_sources_take(struct mqttk_sources *all)
{
	u32 index = all->p[0].next;

	do {
		if (all->p[0].era != all->era) {
			look_up_head(all);
			if (all->p[0].sub && all->p[0].next != index) {
				sink(all);
				continue;
			}
		}
		drop_head(all);
		all->taken++;
		all->work++;
	} while (all->nr && all->p[0].next == index);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_sources_take);

/**
 * mqttk_sources_advance - go on behind what was taken
 * @all: the sources
 *
 * Context: under RCU, in the section in which they were taken.
 */
void mqttk_sources_advance(struct mqttk_sources *all)
{
	unsigned int i, end = all->nr + all->taken;

	for (i = all->nr; i < end; i++) {
		struct mqttk_source *src = &all->p[i];

		src->sub = src->sub ? mqttk_sub_after(src->sub) : NULL;
		if (!src->sub)
			continue;
		src->next = src->sub->item.index;
		swap(all->p[all->nr], *src);
		all->nr++;
		rise(all);
	}
	all->taken = 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_sources_advance);
