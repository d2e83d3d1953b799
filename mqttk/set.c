// SPDX-License-Identifier: GPL-2.0
/*
 * A set of things by a small number. What it allocates is a client's: it is
 * charged as MQTTK_BUDGET_CLIENT.
 *
 * All items are linked in the order of their index; where there are several, a
 * tree finds the way in. A reader enters by the list's head or by the tree and
 * follows the links. Why it misses nothing, and meets nothing twice:
 *
 *  - Links lead to higher indices only, those of items taken out as well: an
 *    item's index never changes, and a link to what was inserted later is
 *    written only into items that are in the set.
 *  - What a reader stands on was in the set at some time since it began. That
 *    is so for where it entered. An item's link is that of the last time it was
 *    in the set, which is now or, for one taken out, then; both are not before
 *    the reader began, and what the link says was in the set at that time.
 *  - So between an item and where its link leads there is nothing that is there
 *    all the time, from when the reader began until it ends: it would have been
 *    in between at that time, and the link would have led to it.
 *
 * An item is in the tree a little before its predecessor links to it, and a
 * little longer: its own link is right by then, and still. Nothing is freed, or
 * added again, before a grace period is over.
 */
#include <kunit/static_stub.h>
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
	RCU_INIT_POINTER(set->first, NULL);
	mt_init_flags(&set->tree, MT_FLAGS_USE_RCU);
	set->epoch = 0;
	set->nr = 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_set_init);

/* The owner has serialized writers. */
static struct mqttk_item *deref(struct mqttk_item __rcu *item)
{
	return rcu_dereference_protected(item, true);
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

static struct mqttk_item *tree_before(struct mqttk_set *set, u32 index)
{
	MA_STATE(mas, &set->tree, index, index);
	struct mqttk_item *item;

	/* For the tree's own checks: no other writer is here. */
	rcu_read_lock();
	do {
		item = mas_prev(&mas, 0);
	} while (xa_is_zero(item));
	rcu_read_unlock();
	return item;
}

/*
 * The link that leads to an index, or would if it were there. What is to be
 * found by the tree is there already, or still.
 */
static struct mqttk_item __rcu **link_to(struct mqttk_set *set, u32 index)
{
	struct mqttk_item *first = deref(set->first);

	if (!first || first->index >= index)
		return &set->first;
	/* The only one needs no tree. */
	if (!rcu_access_pointer(first->next))
		return &first->next;
	return &tree_before(set, index)->next;
}

/* A second item: both go to the tree, then the tree counts. */
static int set_grow(struct mqttk_set *set, struct mqttk_limits *limits,
		    struct mqttk_item *item)
{
	struct mqttk_item *sole = deref(set->first);
	int err;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT,
			  TREE_COST + 2 * TREE_ITEM_COST))
		return -ENOBUFS;
	err = tree_store(set, sole->index, sole);
	if (!err)
		err = tree_store(set, item->index, item);
	if (err) {
		mtree_destroy(&set->tree);
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
			       TREE_COST + 2 * TREE_ITEM_COST);
	}
	return err;
}

/* One is left, which is linked alone already: no tree. */
static void set_shrink(struct mqttk_set *set, struct mqttk_limits *limits)
{
	/*
	 * A reader that saw several and then finds the tree gone must notice:
	 * links before @epoch, @epoch before the tree.
	 */
	smp_store_release(&set->epoch, set->epoch + 1);
	smp_wmb(); /* pairs with smp_rmb() in mqttk_set_next() */
	mtree_destroy(&set->tree);
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
		       TREE_COST + 2 * TREE_ITEM_COST);
}

/* One more of several. */
static int set_add_more(struct mqttk_set *set, struct mqttk_limits *limits,
			struct mqttk_item *item)
{
	int err;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, TREE_ITEM_COST))
		return -ENOBUFS;
	err = tree_store(set, item->index, item);
	if (err)
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, TREE_ITEM_COST);
	return err;
}

/**
 * mqttk_set_add - add an item
 * @set: the set
 * @limits: who pays
 * @item: the item; its index is not in the set
 *
 * Context: process, may sleep; writers are serialized.
 * Return: 0; -ENOBUFS over the budget, -ENOMEM: nobody has seen the item. The
 *	first item always fits.
 */
int mqttk_set_add(struct mqttk_set *set, struct mqttk_limits *limits,
		  struct mqttk_item *item)
{
	struct mqttk_item __rcu **link = link_to(set, item->index);
	int err = 0;

	/* A reader may find it in the tree before it is linked to. */
	RCU_INIT_POINTER(item->next, deref(*link));
	if (set->nr == 1)
		err = set_grow(set, limits, item);
	else if (set->nr)
		err = set_add_more(set, limits, item);
	if (err)
		return err;
	/* Pairs with smp_rmb() in mqttk_set_next(): then the tree is full. */
	rcu_assign_pointer(*link, item);
	WRITE_ONCE(set->nr, set->nr + 1);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_set_add);

/**
 * mqttk_set_replace - put another item in place of one
 * @set: the set
 * @old: in it; readers may find it until a grace period is over
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
	struct mqttk_item __rcu **link = link_to(set, item->index);

	RCU_INIT_POINTER(item->next, deref(old->next));
	if (set->nr > 1)
		WARN_ON_ONCE(tree_store(set, item->index, item));
	rcu_assign_pointer(*link, item);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_set_replace);

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
	struct mqttk_item __rcu **link = link_to(set, item->index);

	/* Its own link stays: it leads on whoever stands on it. */
	rcu_assign_pointer(*link, deref(item->next));
	WRITE_ONCE(set->nr, set->nr - 1);
	if (set->nr == 1) {
		set_shrink(set, limits);
	} else if (set->nr) {
		tree_erase(set, item->index);
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, TREE_ITEM_COST);
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_set_del);

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
	struct mqttk_item *first = deref(set->first);

	if (set->nr > 1)
		return mtree_load(&set->tree, index);
	return first && first->index == index ? first : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_set_find);

/**
 * mqttk_set_tree_next - the first item from an index on, as far as the tree says
 * @set: the set
 * @from: the index
 *
 * Not for others than mqttk_set_next(), and for tests, which let the set change
 * before it looks.
 *
 * Context: under RCU.
 * Return: the item, or NULL
 */
struct mqttk_item *mqttk_set_tree_next(struct mqttk_set *set, u32 from)
{
	MA_STATE(mas, &set->tree, from, from);
	struct mqttk_item *item;
	unsigned long at = from;

	KUNIT_STATIC_STUB_REDIRECT(mqttk_set_tree_next, set, from);
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
EXPORT_SYMBOL_IF_KUNIT(mqttk_set_tree_next);

/**
 * mqttk_set_next - the first item from an index on
 * @set: the set
 * @from: the index
 *
 * Whoever goes on from it by mqttk_set_after(), or from behind the last index
 * it met, finds whatever is there all the time, in order and once, however the
 * set changes meanwhile.
 *
 * Context: under RCU.
 * Return: the item, valid until the read-side section ends; NULL if there is
 *	none
 */
struct mqttk_item *mqttk_set_next(struct mqttk_set *set, u32 from)
{
	struct mqttk_item *item;
	unsigned int epoch;

	do {
		/* Pairs with the release in set_shrink(). */
		epoch = smp_load_acquire(&set->epoch);
		item = rcu_dereference(set->first);
		if (item && item->index < from)
			item = mqttk_set_after(item);
		if (!item || item->index >= from)
			return item;
		/*
		 * There are several, so the tree has them: pairs with
		 * rcu_assign_pointer() in mqttk_set_add().
		 */
		smp_rmb();
		item = mqttk_set_tree_next(set, from);
		if (item)
			return item;
		/* Or it was emptied since, as the one left needs none. */
		smp_rmb(); /* pairs with smp_wmb() in set_shrink() */
	} while (epoch != READ_ONCE(set->epoch));
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_set_next);
