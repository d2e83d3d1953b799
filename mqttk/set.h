/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of things by a small number, in its order: the subscriptions of a
 * filter, its groups, a group's members. Mostly there is one, which then needs
 * no memory.
 *
 * Writers are serialized by the owner; readers look under RCU. They find a
 * place by its number, mqttk_set_next(), and go on from item to item,
 * mqttk_set_after(), until the read-side section ends; then by number again.
 */
#ifndef MQTTK_SET_H
#define MQTTK_SET_H

#include <linux/maple_tree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "limits.h"

/**
 * struct mqttk_item - what a set holds; embedded in it
 * @next: the one of the next higher index; the set's
 * @index: at most INT_MAX; unique in the set
 * @tag: whoever embeds it may keep something here, where the compiler would
 *	leave a hole in something there may be a million of
 */
struct mqttk_item {
	struct mqttk_item __rcu *next;
	u32 index;
	u32 tag;
};

/**
 * struct mqttk_set - items by their index
 * @first: the item of the lowest index, and by @next all others; NULL: none
 * @tree: the same, by index, when there are several. Sorted, so that several
 *	sets can be merged and a walk be resumed from an index alone; and
 *	compact, where an xarray would cost up to a whole node for each index of
 *	a sparse set
 * @epoch: counts how often @tree was emptied because one was left; a reader who
 *	found nothing there looks again if it changed
 * @nr: items; the writers', peeked at without
 */
struct mqttk_set {
	struct mqttk_item __rcu *first;
	struct maple_tree tree;
	unsigned int epoch;
	u32 nr;
};

void mqttk_set_init(struct mqttk_set *set);
int mqttk_set_add(struct mqttk_set *set, struct mqttk_limits *limits,
		  struct mqttk_item *item);
void mqttk_set_replace(struct mqttk_set *set, struct mqttk_item *old,
		       struct mqttk_item *item);
void mqttk_set_del(struct mqttk_set *set, struct mqttk_limits *limits,
		   struct mqttk_item *item);
struct mqttk_item *mqttk_set_find(struct mqttk_set *set, u32 index);
struct mqttk_item *mqttk_set_next(struct mqttk_set *set, u32 from);
struct mqttk_item *mqttk_set_tree_next(struct mqttk_set *set, u32 from);

/**
 * mqttk_set_after - the item behind one
 * @item: found in a set, in the same RCU read-side section; it may have been
 *	taken out meanwhile
 *
 * As mqttk_set_next() from the index behind it, for the price of a pointer.
 *
 * Context: under RCU.
 * Return: the item, valid until the read-side section ends; NULL if there is
 *	none
 */
static inline struct mqttk_item *mqttk_set_after(const struct mqttk_item *item)
{
	return rcu_dereference(item->next);
}

#endif /* MQTTK_SET_H */
