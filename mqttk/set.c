// SPDX-License-Identifier: GPL-2.0
/*
 * A set of things by a small number. What it allocates is a client's: it is
 * charged as MQTTK_BUDGET_CLIENT.
 */
#include <kunit/visibility.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include "set.h"

/* Only ever allocated on behalf of a client, which can be told to try later. */
#define SET_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/*
 * What a maple tree takes: its first node, and a place in a half-filled leaf
 * for each sparse index.
 */
#define TREE_COST	256
#define TREE_ITEM_COST	64

/**
 * mqttk_set_init - an empty set
 * @set: the set; when it is empty again it needs no end
 */
void mqttk_set_init(struct mqttk_set *set)
{
	RCU_INIT_POINTER(set->sole, NULL);
	mt_init_flags(&set->tree, MT_FLAGS_USE_RCU);
	set->epoch = 0;
	set->nr = 0;
}

/* The owner has serialized writers. */
static struct mqttk_item *sole_of(struct mqttk_set *set)
{
	return rcu_dereference_protected(set->sole, true);
}

static int tree_store(struct mqttk_set *set, u32 index, void *entry)
{
	MA_STATE(mas, &set->tree, index, index);
	int err;

	mas_lock(&mas);
	err = mas_store_gfp(&mas, entry, SET_GFP);
	mas_unlock(&mas);
	return err;
}

/*
 * Erasing takes memory when nodes merge. Without it a mark takes the entry's
 * place, which never needs any; walks skip it, and it goes with its node.
 */
static void tree_erase(struct mqttk_set *set, u32 index)
{
	if (tree_store(set, index, NULL))
		WARN_ON_ONCE(tree_store(set, index, XA_ZERO_ENTRY));
}

/* A second item: both go to the tree, then the tree counts. */
static int set_grow(struct mqttk_set *set, struct mqttk_limits *limits,
		    struct mqttk_item *item)
{
	struct mqttk_item *sole = sole_of(set);
	int err;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT,
			  TREE_COST + 2 * TREE_ITEM_COST))
		return -ENOBUFS;
	/* In this order: a reader may already look only at the tree. */
	err = tree_store(set, sole->index, sole);
	if (!err)
		err = tree_store(set, item->index, item);
	if (err) {
		mtree_destroy(&set->tree);
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
			       TREE_COST + 2 * TREE_ITEM_COST);
		return err;
	}
	/* Pairs with the dependency on reading NULL in find_next(). */
	smp_store_release(&set->sole, NULL);
	return 0;
}

/* All but one are gone: back from the tree. */
static void set_shrink(struct mqttk_set *set, struct mqttk_limits *limits,
		       struct mqttk_item *gone)
{
	struct mqttk_item *item, *last = NULL;
	unsigned long index = 0;

	mt_for_each(&set->tree, item, index, ULONG_MAX) {
		if (item != gone)
			last = item;
	}
	rcu_assign_pointer(set->sole, last);
	/*
	 * A reader that missed @sole and then finds the tree gone must notice:
	 * @sole before @epoch, @epoch before the tree.
	 */
	smp_store_release(&set->epoch, set->epoch + 1);
	smp_wmb(); /* pairs with smp_rmb() in mqttk_set_next() */
	mtree_destroy(&set->tree);
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
		       TREE_COST + 2 * TREE_ITEM_COST);
}

/**
 * mqttk_set_add - add an item
 * @set: the set
 * @limits: who pays
 * @item: the item; its index is not in the set
 *
 * Context: process, may sleep; writers are serialized.
 * Return: 0; -ENOBUFS over the budget, -ENOMEM. The first item always fits.
 */
int mqttk_set_add(struct mqttk_set *set, struct mqttk_limits *limits,
		  struct mqttk_item *item)
{
	int err;

	if (!set->nr) {
		rcu_assign_pointer(set->sole, item);
	} else if (sole_of(set)) {
		err = set_grow(set, limits, item);
		if (err)
			return err;
	} else {
		if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, TREE_ITEM_COST))
			return -ENOBUFS;
		err = tree_store(set, item->index, item);
		if (err) {
			mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
				       TREE_ITEM_COST);
			return err;
		}
	}
	WRITE_ONCE(set->nr, set->nr + 1);
	return 0;
}

/**
 * mqttk_set_replace - put another item in place of one
 * @set: the set
 * @old: in it
 * @item: of the same index
 *
 * Readers find one or the other, never none. Takes no memory, so it cannot
 * fail.
 *
 * Context: process; writers are serialized.
 */
void mqttk_set_replace(struct mqttk_set *set, struct mqttk_item *old,
		       struct mqttk_item *item)
{
	if (sole_of(set) == old)
		rcu_assign_pointer(set->sole, item);
	else
		WARN_ON_ONCE(tree_store(set, item->index, item));
}

/**
 * mqttk_set_del - take an item out
 * @set: the set
 * @limits: who paid
 * @item: in it; readers may find it until a grace period is over
 *
 * Context: process, may sleep; writers are serialized.
 */
void mqttk_set_del(struct mqttk_set *set, struct mqttk_limits *limits,
		   struct mqttk_item *item)
{
	WRITE_ONCE(set->nr, set->nr - 1);
	if (!set->nr) {
		RCU_INIT_POINTER(set->sole, NULL);
	} else if (set->nr == 1) {
		set_shrink(set, limits, item);
	} else {
		tree_erase(set, item->index);
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, TREE_ITEM_COST);
	}
}

/**
 * mqttk_set_find - the item of an index
 * @set: the set
 * @index: which
 *
 * Context: any; writers are serialized. Readers take mqttk_set_next().
 * Return: the item, or NULL
 */
struct mqttk_item *mqttk_set_find(struct mqttk_set *set, u32 index)
{
	struct mqttk_item *sole = sole_of(set);

	if (sole)
		return sole->index == index ? sole : NULL;
	return mtree_load(&set->tree, index);
}

static struct mqttk_item *tree_find(struct mqttk_set *set, u32 from)
{
	MA_STATE(mas, &set->tree, from, from);
	struct mqttk_item *item;
	unsigned long at = from;

	/*
	 * Every step starts from the root: mas_find() goes on from where it
	 * stands and falls over a tree that was emptied meanwhile; mas_walk()
	 * does not. It stops at gaps too, and behind the last of them at 0.
	 */
	do {
		mas_set(&mas, at);
		item = mas_walk(&mas);
		at = mas.last + 1;
	} while ((!item || xa_is_zero(item)) && at);
	return xa_is_zero(item) ? NULL : item;
}

static struct mqttk_item *find_next(struct mqttk_set *set, u32 from)
{
	struct mqttk_item *item = rcu_dereference(set->sole);

	if (item)
		return item->index >= from ? item : NULL;
	/* Pairs with the release in set_grow(): NULL, so the tree is full. */
	smp_rmb();
	return tree_find(set, from);
}

/**
 * mqttk_set_next - the first item from an index on
 * @set: the set
 * @from: the index
 *
 * Whoever goes on from behind the last index it met finds whatever is there all
 * the time, in order and once, however the set changes meanwhile.
 *
 * Context: under RCU.
 * Return: the item, valid until the read-side section ends; NULL if there is
 *	none
 */
struct mqttk_item *mqttk_set_next(struct mqttk_set *set, u32 from)
{
	struct mqttk_item *item;
	unsigned int epoch;

	for (;;) {
		/* Pairs with the release in set_shrink(). */
		epoch = smp_load_acquire(&set->epoch);
		item = find_next(set, from);
		if (item)
			return item;
		/*
		 * Not in the tree, but perhaps moved out of it after
		 * find_next() had seen no sole one.
		 */
		smp_rmb(); /* pairs with smp_wmb() in set_shrink() */
		if (epoch == READ_ONCE(set->epoch))
			return NULL;
	}
}
