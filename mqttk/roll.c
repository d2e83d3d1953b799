// SPDX-License-Identifier: GPL-2.0
/*
 * The roll: going through the subscriptions of one subscriber, or to one text,
 * with pauses.
 *
 * A subscriber's are in a list, in the order in which they were made; one that
 * is made anew takes the place of its predecessor. A mark in the list keeps the
 * place of a roll while the lock is left, so that it finds whatever is there
 * all the time once, and a pause costs nothing however many there are.
 *
 * Those to a text are in a set by a number that stays theirs; its place is that
 * number.
 */
#include <kunit/visibility.h>
#include <linux/lockdep.h>

#include "roll.h"

/**
 * mqttk_roll_start - begin before the first
 * @r: the roll
 * @ix: the index
 * @s: whose subscriptions; stays until mqttk_roll_end(), whatever it
 *	unsubscribes from
 *
 * Context: process; under the index's lock.
 */
void mqttk_roll_start(struct mqttk_roll *r, struct mqttk_index *ix,
		      struct mqttk_subscriber *s)
{
	lockdep_assert_held(ix->lock);
	r->index = ix;
	r->left = s->nr_subs;
	r->mark.owner = NULL;
	list_add(&r->mark.node, &s->subs);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_roll_start);

/**
 * mqttk_roll_peek - the next subscription
 * @r: the roll
 * @s: whose
 *
 * Context: process; under the index's lock.
 * Return: the subscription, valid until the lock is left; NULL at the end of
 * what there was at first
 */
struct mqttk_sub *mqttk_roll_peek(struct mqttk_roll *r,
				  struct mqttk_subscriber *s)
{
	struct mqttk_sub *sub = &r->mark;

	lockdep_assert_held(r->index->lock);
	if (!r->left)
		return NULL;
	list_for_each_entry_continue(sub, &s->subs, node)
		if (!mqttk_roll_is_mark(sub))
			return sub;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_roll_peek);

/**
 * mqttk_roll_pass - done with a subscription
 * @r: the roll
 * @sub: what mqttk_roll_peek() returned, under the same lock
 *
 * Context: process; under the index's lock.
 */
void mqttk_roll_pass(struct mqttk_roll *r, struct mqttk_sub *sub)
{
	lockdep_assert_held(r->index->lock);
	r->left--;
	list_move(&r->mark.node, &sub->node);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_roll_pass);

/**
 * mqttk_roll_end - give the place up
 * @r: the roll
 *
 * Context: process; under the index's lock.
 */
void mqttk_roll_end(struct mqttk_roll *r)
{
	lockdep_assert_held(r->index->lock);
	list_del(&r->mark.node);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_roll_end);

/**
 * mqttk_roll_to - the next subscription to a text
 * @subs: of mqttk_index_find(), in the same RCU read-side section
 * @at: where to look from; becomes the place behind it
 *
 * Context: under RCU.
 * Return: the subscription, valid until the section ends; NULL at the end
 */
struct mqttk_sub *mqttk_roll_to(struct mqttk_set *subs, u32 *at)
{
	struct mqttk_item *item = mqttk_set_next(subs, *at);

	if (!item)
		return NULL;
	*at = item->index + 1;
	return container_of(item, struct mqttk_sub, item);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_roll_to);
