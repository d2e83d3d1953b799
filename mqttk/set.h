/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of things by a small number, in its order: the subscriptions of a
 * filter, its groups, a group's members. Mostly there is one, which then needs
 * no memory.
 *
 * Writers are serialized by the owner; readers look under RCU.
 */
#ifndef MQTTK_SET_H
#define MQTTK_SET_H

#include <linux/maple_tree.h>
#include <linux/types.h>

#include "limits.h"

/**
 * struct mqttk_item - what a set holds; embedded in it
 * @index: at most INT_MAX; unique in the set
 */
struct mqttk_item {
	u32 index;
};

/**
 * struct mqttk_set - items by their index
 * @sole: the only item; NULL when there are several
 * @tree: items, when there are several. Sorted, so that several sets can be
 *	merged and a walk be resumed from an index alone; and compact, where an
 *	xarray would cost up to a whole node for each index of a sparse set
 * @epoch: counts the moves from @tree to @sole; a reader that found neither
 *	looks again if it changed
 * @nr: items; the writers', peeked at without
 */
struct mqttk_set {
	struct mqttk_item __rcu *sole;
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

#endif /* MQTTK_SET_H */
