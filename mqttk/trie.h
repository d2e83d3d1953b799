/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trie of the levels of filters with wildcards, within the index.
 */
#ifndef MQTTK_TRIE_H
#define MQTTK_TRIE_H

#include <linux/container_of.h>
#include <linux/types.h>

#include "levels.h"

struct mqttk_filter;
struct mqttk_index;

/**
 * struct mqttk_trie_node - a level of filters with wildcards
 * @level: in the trie
 * @here: the filter that ends here
 * @below: the filter that goes on with "#" and ends
 * @plus: the child "+", which every topic tries: no hash for it
 * @literals: number of other children; spares topics a look-up
 */
struct mqttk_trie_node {
	struct mqttk_level level;
	struct mqttk_filter __rcu *here;
	struct mqttk_filter __rcu *below;
	struct mqttk_trie_node __rcu *plus;
	u32 literals;
};

static inline struct mqttk_trie_node *mqttk_trie_node(struct mqttk_level *level)
{
	return container_of(level, struct mqttk_trie_node, level);
}

static inline bool mqttk_trie_is_plus(const struct mqttk_level *level)
{
	return level->len == 1 && *mqttk_level_name(level) == '+';
}

struct mqttk_level *mqttk_trie_extend(struct mqttk_index *ix, const u8 *text,
				      u16 len);
void mqttk_trie_prune(struct mqttk_index *ix, struct mqttk_level *level);
struct mqttk_filter __rcu **mqttk_trie_slot(struct mqttk_level *level,
					    const u8 *text, u16 len);

#endif /* MQTTK_TRIE_H */
