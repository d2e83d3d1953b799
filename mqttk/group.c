// SPDX-License-Identifier: GPL-2.0
/*
 * The group: sessions that share a subscription. A group hangs at the filter
 * that it shares, beside the filter's own subscriptions, and is found by its
 * whole text when somebody subscribes.
 */
#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/jhash.h>
#include <linux/lockdep.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "filter.h"
#include "group.h"

#define GROUP_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* Members looked at for one message, however many there are. */
#define LOOK		64

/* How often somebody may be faster before two get the same turn. */
#define TURN_TRIES	8

/* Rank of a member whose client is away: behind all others. */
#define RANK_AWAY	BIT_ULL(32)

struct group_key {
	const u8 *text;
	u32 hash;
	u16 len;
};

/* As in levels.c: a keyed hash needs no seed. */
static u32 key_hashfn(const void *data, u32 len, u32 seed)
{
	const struct group_key *key = data;

	return key->hash;
}

static u32 group_hashfn(const void *data, u32 len, u32 seed)
{
	const struct mqttk_group *g = data;

	return g->hash;
}

static int group_cmpfn(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct group_key *key = arg->key;
	const struct mqttk_group *g = obj;

	return g->hash != key->hash || g->len != key->len ||
	       memcmp(g->text, key->text, key->len);
}

static const struct rhashtable_params group_params = {
	.head_offset = offsetof(struct mqttk_group, hash_node),
	.hashfn = key_hashfn,
	.obj_hashfn = group_hashfn,
	.obj_cmpfn = group_cmpfn,
	.automatic_shrinking = true,
};

/**
 * mqttk_groups_init - an index's table of groups
 * @ix: the index
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM
 */
int mqttk_groups_init(struct mqttk_index *ix)
{
	return rhashtable_init(&ix->groups, &group_params);
}

/**
 * mqttk_groups_exit - undo mqttk_groups_init()
 * @ix: the index; nobody subscribes any more
 *
 * Context: process, may sleep.
 */
void mqttk_groups_exit(struct mqttk_index *ix)
{
	rhashtable_destroy(&ix->groups);
}

/**
 * mqttk_group_find - the group of a text
 * @ix: the index
 * @text: "$share/GROUP/FILTER"
 * @len: bytes of @text
 *
 * Context: under the index's lock, or RCU.
 * Return: the group, or NULL
 */
struct mqttk_group *mqttk_group_find(struct mqttk_index *ix,
				     const u8 *text, u16 len)
{
	struct group_key key = {
		.text = text,
		.len = len,
		.hash = hsiphash(text, len, &ix->key),
	};
	struct mqttk_group *g;

	rcu_read_lock();
	g = rhashtable_lookup(&ix->groups, &key, group_params);
	rcu_read_unlock();
	return g;
}

static size_t group_cost(u16 len)
{
	struct mqttk_group *g;

	return kmalloc_size_roundup(struct_size(g, text, len)) +
	       2 * sizeof(void *);
}

static struct mqttk_group *group_alloc(struct mqttk_index *ix,
				       struct mqttk_filter *f,
				       const u8 *text, u16 len)
{
	struct mqttk_group *g;

	if (!mqttk_charge(ix->limits, MQTTK_BUDGET_CLIENT, group_cost(len)))
		return ERR_PTR(-ENOBUFS);
	g = kzalloc(struct_size(g, text, len), GROUP_GFP);
	if (!g) {
		mqttk_uncharge(ix->limits, MQTTK_BUDGET_CLIENT,
			       group_cost(len));
		return ERR_PTR(-ENOMEM);
	}
	mqttk_set_init(&g->members);
	refcount_set(&g->ref, 1);
	g->limits = ix->limits;
	g->filter = f;
	g->hash = hsiphash(text, len, &ix->key);
	g->len = len;
	memcpy(g->text, text, len);
	return g;
}

/**
 * mqttk_group_free - free a group after its last reference
 * @g: the group; call mqttk_group_put() instead
 *
 * Context: any but hard interrupts.
 */
void mqttk_group_free(struct mqttk_group *g)
{
	mqttk_uncharge(g->limits, MQTTK_BUDGET_CLIENT, group_cost(g->len));
	kfree_rcu(g, rcu);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_group_free);

static struct mqttk_groups *groups_of(struct mqttk_index *ix,
				      struct mqttk_filter *f)
{
	return rcu_dereference_protected(f->groups, lockdep_is_held(ix->lock));
}

static struct mqttk_groups *filter_groups_alloc(struct mqttk_index *ix)
{
	struct mqttk_groups *all;

	if (!mqttk_charge(ix->limits, MQTTK_BUDGET_CLIENT, sizeof(*all)))
		return ERR_PTR(-ENOBUFS);
	all = kzalloc(sizeof(*all), GROUP_GFP);
	if (!all) {
		mqttk_uncharge(ix->limits, MQTTK_BUDGET_CLIENT, sizeof(*all));
		return ERR_PTR(-ENOMEM);
	}
	mqttk_set_init(&all->set);
	return all;
}

static void filter_groups_free(struct mqttk_index *ix, struct mqttk_groups *all)
{
	mqttk_uncharge(ix->limits, MQTTK_BUDGET_CLIENT, sizeof(*all));
	kfree_rcu(all, rcu);
}

/* Indices go around once in many groups, so one that is taken is rare. */
static void group_index(struct mqttk_groups *all, struct mqttk_group *g)
{
	while (all->set.nr && mqttk_set_find(&all->set, all->next))
		all->next = (all->next + 1) & INT_MAX;
	g->item.index = all->next;
	all->next = (all->next + 1) & INT_MAX;
}

/* Hangs the group at its filter, where a publish finds it. */
static int group_hang(struct mqttk_index *ix, struct mqttk_group *g)
{
	struct mqttk_filter *f = g->filter;
	struct mqttk_groups *all = groups_of(ix, f), *first = NULL;
	int err;

	if (!all) {
		first = filter_groups_alloc(ix);
		if (IS_ERR(first))
			return PTR_ERR(first);
		all = first;
	}
	group_index(all, g);
	/* The first one always fits. */
	err = mqttk_set_add(&all->set, ix->limits, &g->item);
	if (err)
		return err;
	if (first)
		rcu_assign_pointer(f->groups, first);
	return 0;
}

static void group_unhang(struct mqttk_index *ix, struct mqttk_group *g)
{
	struct mqttk_filter *f = g->filter;
	struct mqttk_groups *all = groups_of(ix, f);

	mqttk_set_del(&all->set, ix->limits, &g->item);
	if (all->set.nr)
		return;
	RCU_INIT_POINTER(f->groups, NULL);
	filter_groups_free(ix, all);
}

/**
 * mqttk_group_create - a group without members
 * @ix: the index
 * @f: the filter it shares
 * @text: "$share/GROUP/FILTER", of which there is none
 * @len: bytes of @text
 *
 * It needs a member, or mqttk_group_unlink().
 *
 * Context: process, may sleep; under the index's lock.
 * Return: the group; -ENOBUFS over the budget, -ENOMEM
 */
struct mqttk_group *mqttk_group_create(struct mqttk_index *ix,
				       struct mqttk_filter *f,
				       const u8 *text, u16 len)
{
	struct mqttk_group *g = group_alloc(ix, f, text, len);
	int err;

	if (IS_ERR(g))
		return g;
	err = group_hang(ix, g);
	if (err) {
		mqttk_group_put(g);
		return ERR_PTR(err);
	}
	if (rhashtable_insert_fast(&ix->groups, &g->hash_node, group_params)) {
		group_unhang(ix, g);
		mqttk_group_put(g);
		return ERR_PTR(-ENOMEM);
	}
	return g;
}

/**
 * mqttk_group_unlink - a group is over
 * @ix: the index
 * @g: has no members
 *
 * Context: process, may sleep; under the index's lock.
 */
void mqttk_group_unlink(struct mqttk_index *ix, struct mqttk_group *g)
{
	rhashtable_remove_fast(&ix->groups, &g->hash_node, group_params);
	group_unhang(ix, g);
	g->filter = NULL;
	mqttk_group_put(g);
}

/**
 * mqttk_ring_start - start a walk over a group's members
 * @r: the walk
 * @g: the group
 * @start: where to begin, an index among the members
 *
 * Context: under RCU, until the end of the walk.
 */
void mqttk_ring_start(struct mqttk_ring *r, struct mqttk_group *g, u32 start)
{
	r->group = g;
	r->start = start;
	r->at = start;
	r->wrapped = false;
	r->last = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_ring_start);

/**
 * mqttk_ring_next - the next member
 * @r: the walk
 *
 * Context: under RCU.
 * Return: the member's subscription; NULL after all were met, once
 */
struct mqttk_sub *mqttk_ring_next(struct mqttk_ring *r)
{
	struct mqttk_set *members = &r->group->members;
	struct mqttk_item *item;

	item = r->last ? mqttk_set_after(r->last) :
			 mqttk_set_next(members, r->at);
	if (!item && !r->wrapped) {
		r->wrapped = true;
		item = mqttk_set_next(members, 0);
	}
	if (!item || (r->wrapped && item->index >= r->start))
		return NULL;
	r->at = item->index + 1;
	r->last = item;
	return container_of(item, struct mqttk_sub, item);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_ring_next);

/* The lower the better; 0 cannot be beaten. */
static u64 rank_of(const struct mqttk_picking *how, const struct mqttk_sub *sub)
{
	int load = how->load(sub);
	u64 rank = load < 0 ? RANK_AWAY : 0;

	switch (how->strategy) {
	case MQTTK_SHARED_LEAST_BUSY:
		return rank ? rank : load;
	case MQTTK_SHARED_SAME_TOPIC:
		/* The best of one's own for each topic: few move when one goes. */
		return rank | jhash_3words(lower_32_bits(how->topic),
					   upper_32_bits(how->topic),
					   sub->item.index, 0);
	case MQTTK_SHARED_ROUND_ROBIN:
		break;
	}
	return rank;
}

/**
 * struct look - what a look at some members found
 * @best: the member to take; NULL: there are none
 * @next: index to look from the next time
 * @nobody: all that were looked at are away, and there are more
 */
struct look {
	struct mqttk_sub *best;
	u32 next;
	bool nobody;
};

static struct look look(struct mqttk_group *g, const struct mqttk_picking *how,
			u32 start)
{
	u64 rank, best_rank = U64_MAX;
	struct mqttk_ring ring;
	struct look l = { };
	struct mqttk_sub *sub;
	unsigned int n;
	u32 at;

	mqttk_ring_start(&ring, g, start);
	for (n = 0; n < LOOK && best_rank; n++) {
		sub = mqttk_ring_next(&ring);
		if (!sub)
			break;
		rank = rank_of(how, sub);
		if (rank >= best_rank)
			continue;
		best_rank = rank;
		l.best = sub;
		l.next = sub->item.index + 1;
	}
	at = ring.at;
	if (n == LOOK && best_rank >= RANK_AWAY && mqttk_ring_next(&ring)) {
		l.next = at;
		l.nobody = true;
	}
	return l;
}

/* So that not the same few have to keep what comes while nobody is there. */
static struct mqttk_sub *any_of(struct mqttk_group *g, u32 start)
{
	u32 n = 1 + get_random_u32_below(LOOK);
	struct mqttk_sub *sub = NULL, *next;
	struct mqttk_ring ring;

	mqttk_ring_start(&ring, g, start);
	while (n-- && (next = mqttk_ring_next(&ring)))
		sub = next;
	return sub;
}

/**
 * mqttk_group_pick - whose turn it is
 * @g: the group
 * @how: how to tell
 *
 * Looks at a bounded number of members. Among those, one whose client is there
 * goes before any that is away.
 *
 * Context: under RCU.
 * Return: the member's subscription, valid until the read-side section ends;
 *	NULL if there are none
 */
struct mqttk_sub *mqttk_group_pick(struct mqttk_group *g,
				   const struct mqttk_picking *how)
{
	u32 turn = READ_ONCE(g->turn), start, tries;
	struct look l;

	if (how->strategy == MQTTK_SHARED_SAME_TOPIC)
		return look(g, how, lower_32_bits(how->topic) & INT_MAX).best;

	for (tries = 0; tries < TURN_TRIES; tries++) {
		start = turn;
		l = look(g, how, start);
		/* Publishers that pick at the same time share no turn. */
		if (!l.best || l.next == turn ||
		    try_cmpxchg(&g->turn, &turn, l.next))
			break;
	}
	return l.nobody ? any_of(g, start) : l.best;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_group_pick);
