/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tree of topic levels, whose edges live in one hash table.
 *
 * The wildcard filters and the retained messages are both such trees. Their
 * nodes embed struct mqttk_level as the first member and add what they need;
 * the name follows the embedding structure.
 */
#ifndef MQTTK_LEVELS_H
#define MQTTK_LEVELS_H

#include <linux/gfp_types.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include "limits.h"
#include "table.h"

/**
 * struct mqttk_level - a level of some topic, below a certain parent
 * @hash_node: in the tree's table, keyed by @parent and the name
 * @parent: holds a memory reference, so that whoever pins a node can walk up
 *	even after both were taken out of the tree; NULL for the root
 * @ref: memory: one while the node is in the tree, one for each child that is
 *	not freed yet, one for each pin; freed a grace period after the last
 * @users: why the node is in the tree: its children, its content, and walks
 *	that want to find it where it is. Under the writer's lock; at 0 the
 *	writer takes it out
 * @hash: of @parent and the name; keeps look-ups from touching other names and
 *	spares a rehash the work
 * @len: bytes of name
 * @name_off: where the name starts, from this structure
 * @rcu: for freeing
 */
struct mqttk_level {
	struct rhash_head hash_node;
	struct mqttk_level *parent;
	refcount_t ref;
	u32 users;
	u32 hash;
	u16 len;
	u16 name_off;
	struct rcu_head rcu;
};

/**
 * struct mqttk_levels - a tree of levels
 * @table: every node but the root, by parent and name
 * @key: topics are hostile input: nobody outside can choose colliding ones
 * @limits: who pays for the nodes
 * @root: the node above the first level; has no name, lives as long as the tree
 * @budget: what the nodes are charged as
 * @node_size: bytes of the structure that embeds struct mqttk_level
 */
struct mqttk_levels {
	struct mqttk_table table;
	hsiphash_key_t key;
	struct mqttk_limits *limits;
	struct mqttk_level *root;
	enum mqttk_budget budget;
	u16 node_size;
};

int mqttk_levels_init(struct mqttk_levels *lv, struct mqttk_limits *limits,
		      enum mqttk_budget budget, size_t node_size);
void mqttk_levels_exit(struct mqttk_levels *lv);

u32 mqttk_level_hash(const struct mqttk_levels *lv,
		     const struct mqttk_level *parent,
		     const u8 *name, size_t len);
struct mqttk_level *mqttk_level_find(struct mqttk_levels *lv,
				     struct mqttk_level *parent,
				     const u8 *name, size_t len);
struct mqttk_level *mqttk_level_find_hash(struct mqttk_levels *lv,
					  struct mqttk_level *parent,
					  const u8 *name, size_t len, u32 hash);
void mqttk_level_ahead(struct mqttk_levels *lv, u32 hash);
void mqttk_level_ahead_node(struct mqttk_levels *lv, u32 hash);
struct mqttk_level *mqttk_level_add(struct mqttk_levels *lv,
				    struct mqttk_level *parent,
				    const u8 *name, size_t len, gfp_t gfp);
struct mqttk_level *mqttk_level_remove(struct mqttk_levels *lv,
				       struct mqttk_level *level);
void mqttk_level_unpin(struct mqttk_levels *lv, struct mqttk_level *level);

size_t mqttk_level_before(const u8 *topic, size_t off);

/* Keeps the memory of a node found under RCU; false: it is on its way out. */
static inline bool mqttk_level_pin(struct mqttk_level *level)
{
	return refcount_inc_not_zero(&level->ref);
}

static inline const u8 *mqttk_level_name(const struct mqttk_level *level)
{
	return (const u8 *)level + level->name_off;
}

#endif /* MQTTK_LEVELS_H */
