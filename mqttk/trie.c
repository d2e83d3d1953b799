// SPDX-License-Identifier: GPL-2.0
/*
 * The trie of the levels of filters with wildcards, within the index: how it
 * grows and shrinks. match.c walks it.
 */
#include <linux/rcupdate.h>

#include "filter.h"
#include "topic.h"
#include "trie.h"

/* Only ever allocated on behalf of a client, which can be told to try later. */
#define TRIE_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/**
 * mqttk_trie_prune - take a node out if nothing needs it, then its parents
 * @ix: the index
 * @level: the node
 *
 * Context: process, under the index's lock.
 */
void mqttk_trie_prune(struct mqttk_index *ix, struct mqttk_level *level)
{
	while (!level->users) {
		struct mqttk_trie_node *parent = mqttk_trie_node(level->parent);

		if (mqttk_trie_is_plus(level))
			RCU_INIT_POINTER(parent->plus, NULL);
		else
			WRITE_ONCE(parent->literals, parent->literals - 1);
		level = mqttk_level_remove(&ix->wild, level);
	}
}

static struct mqttk_level *trie_add(struct mqttk_index *ix,
				    struct mqttk_trie_node *parent,
				    const u8 *name, size_t n)
{
	struct mqttk_level *level;

	level = mqttk_level_add(&ix->wild, &parent->level, name, n, TRIE_GFP);
	if (IS_ERR(level))
		return level;
	if (mqttk_trie_is_plus(level))
		rcu_assign_pointer(parent->plus, mqttk_trie_node(level));
	else
		WRITE_ONCE(parent->literals, parent->literals + 1);
	return level;
}

/**
 * mqttk_trie_extend - find or make the node at which a filter hangs
 * @ix: the index
 * @text: the filter; that of one which ends in "#" is the node above
 * @len: bytes of @text
 *
 * Context: process, under the index's lock; may sleep.
 * Return: the node, which may have no user yet; or an ERR_PTR() as of
 * mqttk_level_add()
 */
struct mqttk_level *mqttk_trie_extend(struct mqttk_index *ix, const u8 *text,
				      u16 len)
{
	struct mqttk_level *at = ix->wild.root;
	size_t off, n;

	for (off = 0; off <= len; off += n + 1) {
		struct mqttk_level *child;

		n = mqttk_topic_level(text, len, off);
		if (n == 1 && text[off] == '#')
			break;
		child = mqttk_level_find(&ix->wild, at, text + off, n);
		if (!child)
			child = trie_add(ix, mqttk_trie_node(at), text + off, n);
		if (IS_ERR(child)) {
			mqttk_trie_prune(ix, at);
			return child;
		}
		at = child;
	}
	return at;
}

/**
 * mqttk_trie_slot - where a node points to a filter
 * @level: what mqttk_trie_extend() found
 * @text: the filter
 * @len: bytes of @text
 *
 * Return: where the filter is to be put
 */
struct mqttk_filter __rcu **mqttk_trie_slot(struct mqttk_level *level,
					    const u8 *text, u16 len)
{
	struct mqttk_trie_node *node = mqttk_trie_node(level);

	return text[len - 1] == '#' ? &node->below : &node->here;
}
