/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The group: sessions that share a subscription, so that each message goes to
 * one of them.
 */
#ifndef MQTTK_GROUP_H
#define MQTTK_GROUP_H

#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include "set.h"

struct mqttk_filter;
struct mqttk_index;
struct mqttk_limits;
struct mqttk_sub;

/**
 * enum mqttk_shared_strategy - which member gets a message
 * @MQTTK_SHARED_ROUND_ROBIN: each in its turn
 * @MQTTK_SHARED_LEAST_BUSY: who has the fewest messages ahead of it
 * @MQTTK_SHARED_SAME_TOPIC: who got the last one of its topic, as long as
 *	members neither come nor go; topics are spread over all
 *
 * The values of MQTTK_LIMIT_SHARED_STRATEGY.
 */
enum mqttk_shared_strategy {
	MQTTK_SHARED_ROUND_ROBIN,
	MQTTK_SHARED_LEAST_BUSY,
	MQTTK_SHARED_SAME_TOPIC,
};

/**
 * struct mqttk_group - who subscribed to $share/GROUP/FILTER
 * @item: among the groups of its filter
 * @ref: one while it has members, one for each struct mqttk_via that names it;
 *	freed a grace period after the last
 * @limits: who pays
 * @filter: FILTER; valid while there are members, under the index's lock
 * @members: struct mqttk_sub.item. Their indices are scrambled, so that they
 *	lie evenly on the ring of all indices, whoever subscribes
 * @turn: index of the member after the one that got the last message; racy
 * @rcu: for freeing
 * @hash_node: in the index's table of groups
 * @hash: of @text
 * @len: bytes of @text
 * @text: as it was subscribed to, "$share/" and all; not terminated
 *
 * When its last member goes so does the group; one that comes into being later
 * under the same name is another.
 */
struct mqttk_group {
	struct mqttk_item item;
	refcount_t ref;
	struct mqttk_limits *limits;
	struct mqttk_filter *filter;
	struct mqttk_set members;
	u32 turn;
	struct rcu_head rcu;
	struct rhash_head hash_node;
	u32 hash;
	u16 len;
	u8 text[];
};

/**
 * struct mqttk_groups - the groups of a filter that has any
 * @set: struct mqttk_group.item
 * @next: an index that was not given out for a long time
 * @rcu: freed after a grace period
 */
struct mqttk_groups {
	struct mqttk_set set;
	u32 next;
	struct rcu_head rcu;
};

int mqttk_groups_init(struct mqttk_index *ix);
void mqttk_groups_exit(struct mqttk_index *ix);

struct mqttk_group *mqttk_group_find(struct mqttk_index *ix,
				     const u8 *text, u16 len);
struct mqttk_group *mqttk_group_create(struct mqttk_index *ix,
				       struct mqttk_filter *f,
				       const u8 *text, u16 len);
void mqttk_group_unlink(struct mqttk_index *ix, struct mqttk_group *g);
void mqttk_group_free(struct mqttk_group *g);

/* Any context. */
static inline struct mqttk_group *mqttk_group_get(struct mqttk_group *g)
{
	refcount_inc(&g->ref);
	return g;
}

/* Any context but hard interrupts. */
static inline void mqttk_group_put(struct mqttk_group *g)
{
	if (refcount_dec_and_test(&g->ref))
		mqttk_group_free(g);
}

/*
 * The index of a session among the members: an odd factor maps the indices onto
 * themselves, and neighbours far from each other.
 */
static inline u32 mqttk_group_index(u32 session)
{
	return session * 0x9e3779b1u & INT_MAX;
}

/**
 * struct mqttk_picking - how a member is picked
 * @strategy: which
 * @topic: hash of the topic, for MQTTK_SHARED_SAME_TOPIC; strangers cannot
 *	tell it
 * @load: how many messages a member has ahead of it, at most INT_MAX; negative
 *	if its client is away. Called under RCU
 */
struct mqttk_picking {
	enum mqttk_shared_strategy strategy;
	u64 topic;
	int (*load)(const struct mqttk_sub *sub);
};

struct mqttk_sub *mqttk_group_pick(struct mqttk_group *g,
				   const struct mqttk_picking *how);

/**
 * struct mqttk_ring - a walk over the members, from anywhere and around
 * @group: whose
 * @start: index where it began
 * @at: index to go on from
 * @wrapped: it began again at 0
 * @last: the member met last
 */
struct mqttk_ring {
	struct mqttk_group *group;
	u32 start;
	u32 at;
	bool wrapped;
	struct mqttk_item *last;
};

void mqttk_ring_start(struct mqttk_ring *r, struct mqttk_group *g, u32 start);
struct mqttk_sub *mqttk_ring_next(struct mqttk_ring *r);

#endif /* MQTTK_GROUP_H */
