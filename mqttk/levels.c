// SPDX-License-Identifier: GPL-2.0
/*
 * A tree of topic levels, whose edges live in one hash table.
 *
 * One table for all edges, rather than one for each node, keeps a node small
 * when it has one child, as most have, and a look-up flat when it has a
 * million. Writers are serialized by whoever owns the tree; readers need RCU
 * only.
 */
#include <kunit/visibility.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "ahead.h"
#include "levels.h"

/* What a look-up is by. */
struct level_key {
	const struct mqttk_level *parent;
	const u8 *name;
	u32 hash;
	u16 len;
};

/*
 * The table's own seed would add nothing to a keyed hash, so both functions
 * ignore it; long chains can only come from a table that is still growing.
 */
static u32 key_hashfn(const void *data, u32 len, u32 seed)
{
	const struct level_key *key = data;

	return key->hash;
}

static u32 level_hashfn(const void *data, u32 len, u32 seed)
{
	const struct mqttk_level *level = data;

	return level->hash;
}

static int level_cmpfn(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct mqttk_level *level = obj;
	const struct level_key *key = arg->key;

	/* The name is in another line, which need not wait for the first. */
	prefetch(level + 1);
	return level->hash != key->hash || level->parent != key->parent ||
	       level->len != key->len ||
	       memcmp(mqttk_level_name(level), key->name, key->len);
}

static const struct rhashtable_params level_params = {
	.head_offset = offsetof(struct mqttk_level, hash_node),
	.hashfn = key_hashfn,
	.obj_hashfn = level_hashfn,
	.obj_cmpfn = level_cmpfn,
	.nelem_hint = MQTTK_TABLE_HINT,
	.automatic_shrinking = true,
};

/**
 * mqttk_level_hash - what a level is looked up by
 * @lv: the tree
 * @parent: whose child; only its address counts
 * @name: its name
 * @len: bytes of @name, at most U16_MAX
 *
 * The parent goes into the key and not before the name: that saves a copy, and
 * nobody outside knows either.
 *
 * Context: any.
 * Return: the hash
 */
u32 mqttk_level_hash(const struct mqttk_levels *lv,
		     const struct mqttk_level *parent,
		     const u8 *name, size_t len)
{
	hsiphash_key_t key = lv->key;

	key.key[0] ^= (unsigned long)parent;
	return hsiphash(name, len, &key);
}

/* A node costs what the allocator takes, and its share of the table. */
static size_t level_cost(const struct mqttk_levels *lv, size_t len)
{
	return kmalloc_size_roundup(lv->node_size + len) + 2 * sizeof(void *);
}

static void level_setup(struct mqttk_levels *lv, struct mqttk_level *level,
			struct mqttk_level *parent)
{
	memset(level, 0, lv->node_size);
	level->parent = parent;
	level->name_off = lv->node_size;
	refcount_set(&level->ref, 1);
}

/**
 * mqttk_levels_init - set up an empty tree
 * @lv: the tree
 * @limits: who pays; must outlive the tree
 * @budget: what nodes are charged as
 * @node_size: size of the structure whose first member is struct mqttk_level;
 *	it comes zeroed from mqttk_level_add()
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mqttk_levels_init(struct mqttk_levels *lv, struct mqttk_limits *limits,
		      enum mqttk_budget budget, size_t node_size)
{
	int err;

	lv->limits = limits;
	lv->budget = budget;
	lv->node_size = node_size;
	get_random_bytes(&lv->key, sizeof(lv->key));

	lv->root = kmalloc(node_size, GFP_KERNEL_ACCOUNT);
	if (!lv->root)
		return -ENOMEM;
	level_setup(lv, lv->root, NULL);
	lv->root->users = 1;

	err = mqttk_table_init(&lv->table, &level_params);
	if (err)
		kfree(lv->root);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_levels_init);

/**
 * mqttk_levels_exit - free an empty tree
 * @lv: the tree. The owner has removed every node, no pin is left, and no
 *	reader can come any more.
 *
 * Context: process, may sleep.
 */
void mqttk_levels_exit(struct mqttk_levels *lv)
{
	WARN_ON_ONCE(!mqttk_table_empty(&lv->table));
	WARN_ON_ONCE(refcount_read(&lv->root->ref) != 1);
	mqttk_table_exit(&lv->table);
	kfree(lv->root);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_levels_exit);

/**
 * mqttk_level_find - look up a child by its name
 * @lv: the tree
 * @parent: whose child
 * @name: its name
 * @len: bytes of @name, at most U16_MAX
 *
 * Context: under RCU, or under the writers' lock.
 * Return: the child or NULL; no reference is taken.
 */
struct mqttk_level *mqttk_level_find(struct mqttk_levels *lv,
				     struct mqttk_level *parent,
				     const u8 *name, size_t len)
{
	return mqttk_level_find_hash(lv, parent, name, len,
				     mqttk_level_hash(lv, parent, name, len));
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_level_find);

/**
 * mqttk_level_find_hash - look up a child whose hash is known
 * @lv: the tree
 * @parent: whose child
 * @name: its name
 * @len: bytes of @name, at most U16_MAX
 * @hash: mqttk_level_hash() of them
 *
 * Context: under RCU, or under the writers' lock.
 * Return: the child or NULL; no reference is taken.
 */
struct mqttk_level *mqttk_level_find_hash(struct mqttk_levels *lv,
					  struct mqttk_level *parent,
					  const u8 *name, size_t len, u32 hash)
{
	struct level_key key = {
		.parent = parent,
		.name = name,
		.len = len,
		.hash = hash,
	};
	struct mqttk_level *level;

	rcu_read_lock();
	level = rhashtable_lookup(mqttk_table_part(&lv->table, hash), &key,
				  level_params);
	rcu_read_unlock();
	return level;
}

/**
 * mqttk_level_ahead - a look-up is to come
 * @lv: the tree
 * @hash: of the child
 *
 * Context: under RCU.
 */
void mqttk_level_ahead(struct mqttk_levels *lv, u32 hash)
{
	mqttk_ahead_bucket(mqttk_table_part(&lv->table, hash), hash);
}

/**
 * mqttk_level_ahead_node - a look-up is to come soon
 * @lv: the tree
 * @hash: of the child; mqttk_level_ahead() was some time ago
 *
 * Context: under RCU.
 */
void mqttk_level_ahead_node(struct mqttk_levels *lv, u32 hash)
{
	mqttk_ahead_entry(mqttk_table_part(&lv->table, hash), hash,
			  offsetof(struct mqttk_level, hash_node));
}

/**
 * mqttk_level_add - add a child that is not there yet
 * @lv: the tree
 * @parent: whose child; becomes used by it
 * @name: its name
 * @len: bytes of @name, at most U16_MAX
 * @gfp: how to allocate
 *
 * The child has no user yet: the caller gives it one, or removes it again,
 * before it lets go of the writers' lock.
 *
 * Context: under the writers' lock; sleeps if @gfp says so.
 * Return: the child, ERR_PTR(-ENOBUFS) when the budget is full, or
 * ERR_PTR(-ENOMEM).
 */
struct mqttk_level *mqttk_level_add(struct mqttk_levels *lv,
				    struct mqttk_level *parent,
				    const u8 *name, size_t len, gfp_t gfp)
{
	size_t cost = level_cost(lv, len);
	struct mqttk_level *level;

	if (!mqttk_charge(lv->limits, lv->budget, cost))
		return ERR_PTR(-ENOBUFS);

	level = kmalloc(lv->node_size + len, gfp);
	if (!level)
		goto uncharge;

	level_setup(lv, level, parent);
	level->len = len;
	memcpy((u8 *)level + level->name_off, name, len);
	level->hash = mqttk_level_hash(lv, parent, name, len);
	if (rhashtable_insert_fast(mqttk_table_part(&lv->table, level->hash),
				   &level->hash_node, level_params))
		goto free;

	refcount_inc(&parent->ref);
	parent->users++;
	return level;

free:
	kfree(level);
uncharge:
	mqttk_uncharge(lv->limits, lv->budget, cost);
	return ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_level_add);

/**
 * mqttk_level_remove - take a node that has no user out of the tree
 * @lv: the tree
 * @level: the node, not the root. Its owner has unlinked what it hung on it;
 *	readers that are there already, or have it pinned, still find their way
 *	up from it.
 *
 * Context: under the writers' lock.
 * Return: its parent, which has one user less and may be the next to go.
 */
struct mqttk_level *mqttk_level_remove(struct mqttk_levels *lv,
				       struct mqttk_level *level)
{
	struct mqttk_level *parent = level->parent;

	WARN_ON_ONCE(level->users);
	rhashtable_remove_fast(mqttk_table_part(&lv->table, level->hash),
			       &level->hash_node, level_params);
	parent->users--;
	mqttk_level_unpin(lv, level);
	return parent;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_level_remove);

/**
 * mqttk_level_unpin - give back a reference on a node's memory
 * @lv: the tree
 * @level: the node
 *
 * The last reference frees the node after a grace period, and with it the one
 * on its parent: a loop, as deep as topics may be.
 *
 * Context: any.
 */
void mqttk_level_unpin(struct mqttk_levels *lv, struct mqttk_level *level)
{
	while (level && refcount_dec_and_test(&level->ref)) {
		struct mqttk_level *parent = level->parent;

		mqttk_uncharge(lv->limits, lv->budget,
			       level_cost(lv, level->len));
		kfree_rcu(level, rcu);
		level = parent;
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_level_unpin);

/**
 * mqttk_level_before - find the level before another
 * @topic: a topic or filter
 * @off: where a level of it starts, or one past its end if all were taken;
 *	not 0
 *
 * Context: any.
 * Return: where the level before starts.
 */
size_t mqttk_level_before(const u8 *topic, size_t off)
{
	off--;
	while (off && topic[off - 1] != '/')
		off--;
	return off;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_level_before);
