/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hash table of which there may be a million entries.
 *
 * A rhashtable that grows gets a new array in one go: cleared, and filled with
 * end marks, without letting anybody else run. At a million entries that takes
 * milliseconds. So there are several, by the hash's upper bits (each takes the
 * lower ones), which grow one by one.
 */
#ifndef MQTTK_TABLE_H
#define MQTTK_TABLE_H

#include <linux/bits.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#define MQTTK_TABLE_BITS	4
#define MQTTK_TABLE_PARTS	BIT(MQTTK_TABLE_BITS)

/* For struct rhashtable_params: a part begins small, since there are many. */
#define MQTTK_TABLE_HINT	3

/**
 * struct mqttk_table - a hash table in parts
 * @part: each for itself; mqttk_table_part() says which
 */
struct mqttk_table {
	struct rhashtable part[MQTTK_TABLE_PARTS];
};

/* Where what has this hash is. */
static inline struct rhashtable *mqttk_table_part(struct mqttk_table *t,
						  u32 hash)
{
	return &t->part[hash >> (32 - MQTTK_TABLE_BITS)];
}

int mqttk_table_init(struct mqttk_table *t,
		     const struct rhashtable_params *params);
void mqttk_table_exit(struct mqttk_table *t);
bool mqttk_table_empty(struct mqttk_table *t);

#endif /* MQTTK_TABLE_H */
