/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fetching ahead what a look-up in a hash table will read.
 *
 * Among a million filters nothing is in a cache, and what a look-up costs is
 * the wait for memory: for its bucket, then for the entry. Whoever knows early
 * what it will look up has both come while it does something else.
 */
#ifndef MQTTK_AHEAD_H
#define MQTTK_AHEAD_H

#include <linux/prefetch.h>
#include <linux/rhashtable.h>

/* An object's first lines; what is looked at lies in these. */
static inline void mqttk_ahead_object(const void *p)
{
	prefetch(p);
	prefetch(p + 64);
}

/* The first step. Under RCU; a table that grows meanwhile only makes it moot. */
static inline void mqttk_ahead_bucket(struct rhashtable *ht, u32 hash)
{
	struct bucket_table *table = rcu_dereference(ht->tbl);

	prefetch(rht_bucket(table, rht_bucket_index(table, hash)));
}

/* The second one, when the first has had its time. Under RCU. */
static inline void mqttk_ahead_entry(struct rhashtable *ht, u32 hash,
				     size_t head_offset)
{
	struct bucket_table *table = rcu_dereference(ht->tbl);
	struct rhash_head *head;

	head = rht_ptr_rcu(rht_bucket(table, rht_bucket_index(table, hash)));
	if (!rht_is_a_nulls(head))
		mqttk_ahead_object((void *)head - head_offset);
}

#endif /* MQTTK_AHEAD_H */
