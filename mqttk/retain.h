/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Retained messages: a tree of topics that can be looked up by a filter.
 */
#ifndef MQTTK_RETAIN_H
#define MQTTK_RETAIN_H

#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "levels.h"
#include "limits.h"

struct mqttk_clock;
struct mqttk_msg;
struct mqttk_retain_expiry;

/**
 * struct mqttk_retained - the retained messages of a netns
 * @tree: the levels of their topics
 * @lock: guards the tree's shape and every node's message; bottom halves off;
 *	inside session->lock
 * @count: messages; under @lock, peeked at without
 * @bytes: their topics and payloads; likewise
 * @earmarked: bytes that count as messages and as retained; likewise
 * @expired: messages taken out because their time had come; likewise
 * @clock: tells when it comes
 */
struct mqttk_retained {
	struct mqttk_levels tree;
	spinlock_t lock;	/* shape and messages */
	unsigned long count;
	unsigned long bytes;
	unsigned long earmarked;
	unsigned long expired;
	struct mqttk_clock *clock;
};

/**
 * struct mqttk_retain_node - a level of some retained message's topic
 * @level: in the tree
 * @children: struct mqttk_retain_node.sibling; written under the lock, read
 *	under RCU
 * @sibling: among the parent's @children. A plain list: a walk that leaves RCU
 *	keeps its node in the tree, so nothing more is needed to go on from it,
 *	and neither adding nor removing a child can fail
 * @msg: the message retained for this topic, or NULL
 * @expiry: takes @msg out when it expires; NULL if it never does
 */
struct mqttk_retain_node {
	struct mqttk_level level;
	struct hlist_head children;
	struct hlist_node sibling;
	struct mqttk_msg *msg;
	struct mqttk_retain_expiry *expiry;
};

int mqttk_retained_init(struct mqttk_retained *rt, struct mqttk_limits *limits,
			struct mqttk_clock *clock);
void mqttk_retained_exit(struct mqttk_retained *rt);

int mqttk_retain_set(struct mqttk_retained *rt, struct mqttk_msg *msg);
struct mqttk_msg *mqttk_retain_get(struct mqttk_retained *rt,
				   const u8 *topic, u16 len);
struct mqttk_msg *mqttk_retain_read(struct mqttk_retained *rt,
				    struct mqttk_retain_node *node);
unsigned long mqttk_retain_clear(struct mqttk_retained *rt, const u8 *filter,
				 u16 len);

/**
 * struct mqttk_retain_walk - a walk over the retained messages that match
 * @rt: the tree walked
 * @filter: the filter; the caller's, must stay until the walk is done
 * @at: the node the walk is at
 * @off: where the level of @filter that chooses among @at's children starts;
 *	beyond @len when no level is left
 * @deep: levels that @at lies below the one above "#"; @off then stays at "#"
 * @len: bytes of @filter
 * @step: what to try next at @at
 * @hidden: topics that begin with "$" match a wildcard too
 * @paused: @at is kept in the tree
 * @work: what may still be done before -EAGAIN
 */
struct mqttk_retain_walk {
	struct mqttk_retained *rt;
	const u8 *filter;
	struct mqttk_retain_node *at;
	u32 off;
	u32 deep;
	u16 len;
	u8 step;
	bool hidden;
	bool paused;
	int work;
};

void mqttk_retain_start(struct mqttk_retain_walk *w, struct mqttk_retained *rt,
			const u8 *filter, u16 len);
struct mqttk_retain_node *mqttk_retain_next(struct mqttk_retain_walk *w);
void mqttk_retain_pause(struct mqttk_retain_walk *w);
void mqttk_retain_resume(struct mqttk_retain_walk *w);
void mqttk_retain_abort(struct mqttk_retain_walk *w);

#endif /* MQTTK_RETAIN_H */
