/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The roll: going through the subscriptions of one subscriber, or to one text,
 * with pauses. For those who look from outside; messages find their way by
 * struct mqttk_match.
 */
#ifndef MQTTK_ROLL_H
#define MQTTK_ROLL_H

#include "filter.h"

/**
 * struct mqttk_roll - a place among the subscriptions of a subscriber
 * @index: its index
 * @left: how many there were at first and are not passed yet; as new ones come
 *	behind those, the rest is of no concern, and nobody can keep a roll
 *	from ending
 * @mark: stands in the subscriber's list, before the next one to look at. It
 *	has no owner, and so is no subscription
 */
struct mqttk_roll {
	struct mqttk_index *index;
	u32 left;
	struct mqttk_sub mark;
};

void mqttk_roll_start(struct mqttk_roll *r, struct mqttk_index *ix,
		      struct mqttk_subscriber *s);
struct mqttk_sub *mqttk_roll_peek(struct mqttk_roll *r,
				  struct mqttk_subscriber *s);
void mqttk_roll_pass(struct mqttk_roll *r, struct mqttk_sub *sub);
void mqttk_roll_end(struct mqttk_roll *r);

struct mqttk_sub *mqttk_roll_to(struct mqttk_set *subs, u32 *at);

/* Everybody but a roll passes its mark over. */
static inline bool mqttk_roll_is_mark(const struct mqttk_sub *sub)
{
	return !sub->owner;
}

#endif /* MQTTK_ROLL_H */
