/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The match: a walk over the filters that match a topic.
 */
#ifndef MQTTK_MATCH_H
#define MQTTK_MATCH_H

#include <linux/types.h>

struct mqttk_filter;
struct mqttk_index;
struct mqttk_level;

/**
 * struct mqttk_match - a walk over the filters that match a topic
 * @index: the index walked
 * @topic: the topic name; the caller's, must stay until the walk is done
 * @at: the node of the trie the walk is at
 * @off: where the level of @topic that is matched below @at starts; beyond
 *	@len when no level is left
 * @len: bytes of @topic
 * @step: what to try next at @at
 * @paused: @at is pinned
 * @exact_near: the filter without wildcards was sent for
 * @exact: the hash it is looked up by
 * @ahead_at: a node "+" whose child was sent for; NULL if there is none
 * @ahead: the hash that child is looked up by
 * @work: what may still be done before -EAGAIN
 *
 * The walk takes constant space however deep and wide the trie is: it finds its
 * way back by the nodes' parents and by the slashes of the topic.
 */
struct mqttk_match {
	struct mqttk_index *index;
	const u8 *topic;
	struct mqttk_level *at;
	u32 off;
	u16 len;
	u8 step;
	bool paused;
	bool exact_near;
	u32 exact;
	u32 ahead;
	const struct mqttk_level *ahead_at;
	int work;
};

void mqttk_match_start(struct mqttk_match *m, struct mqttk_index *ix,
		       const u8 *topic, u16 len);
struct mqttk_filter *mqttk_match_next(struct mqttk_match *m);
void mqttk_match_pause(struct mqttk_match *m);
void mqttk_match_resume(struct mqttk_match *m);
void mqttk_match_abort(struct mqttk_match *m);

#endif /* MQTTK_MATCH_H */
