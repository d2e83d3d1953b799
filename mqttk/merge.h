/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The merge: when several filters match, each session gets one copy.
 */
#ifndef MQTTK_MERGE_H
#define MQTTK_MERGE_H

#include <linux/types.h>

struct mqttk_filter;
struct mqttk_sub;

/**
 * struct mqttk_merge - what a session gets when several of its subscriptions
 *	match: one copy
 * @sub: one of them, of the highest QoS [MQTT-3.3.4-2]; NULL: none so far
 * @len: bytes of all their identifiers
 * @retain_as_published: one of them wants RETAIN as it was published
 */
struct mqttk_merge {
	const struct mqttk_sub *sub;
	u32 len;
	bool retain_as_published;
};

void mqttk_merge_add(struct mqttk_merge *m, const struct mqttk_sub *sub);
bool mqttk_merge_is_plain(const struct mqttk_merge *m);

/**
 * struct mqttk_source - a filter that matches, and how far it was served
 * @filter: the filter, kept by the caller; NULL if it has gone
 * @sub: its next subscription; good for the RCU read-side section that @era
 *	stands for. NULL: there is none
 * @next: the index of that, or of the first one to look for
 * @era: when @sub was looked up
 */
struct mqttk_source {
	struct mqttk_filter *filter;
	const struct mqttk_sub *sub;
	u32 next;
	u32 era;
};

/**
 * struct mqttk_sources - the filters that match, to be merged
 * @p: all of them: first a heap by @next, the least at its head; then those
 *	taken from it; then those with no subscription left
 * @nr: in the heap
 * @taken: behind it
 * @era: the present RCU read-side section
 * @work: sources looked at since the caller set it to 0
 */
struct mqttk_sources {
	struct mqttk_source *p;
	unsigned int nr;
	unsigned int taken;
	u32 era;
	unsigned int work;
};

void mqttk_sources_start(struct mqttk_sources *all, struct mqttk_source *p,
			 unsigned int nr);
bool mqttk_sources_settle(struct mqttk_sources *all, unsigned int work);
void mqttk_sources_take(struct mqttk_sources *all);
void mqttk_sources_advance(struct mqttk_sources *all);

/* RCU was left and entered again: what was found before may be gone. */
static inline void mqttk_sources_outdate(struct mqttk_sources *all)
{
	all->era++;
}

/* What was taken, subscriptions of one session: from here ... */
static inline const struct mqttk_source *
mqttk_sources_taken(const struct mqttk_sources *all)
{
	return all->p + all->nr;
}

/* ... to here. */
static inline const struct mqttk_source *
mqttk_sources_end(const struct mqttk_sources *all)
{
	return all->p + all->nr + all->taken;
}

#endif /* MQTTK_MERGE_H */
