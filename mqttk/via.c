// SPDX-License-Identifier: GPL-2.0
/*
 * By which subscriptions a message reaches a receiver.
 */
#include <kunit/visibility.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "filter.h"
#include "group.h"
#include "via.h"
#include "wire.h"

/**
 * mqttk_via_alloc - room for subscription identifiers
 * @limits: who pays
 * @budget: as what; as the subscription or as the message
 * @len: bytes of identifiers, to be written by the caller
 * @gfp: how to allocate
 *
 * Context: any that @gfp allows.
 * Return: with one reference; NULL over the budget or without memory
 */
struct mqttk_via *mqttk_via_alloc(struct mqttk_limits *limits,
				  enum mqttk_budget budget, u32 len, gfp_t gfp)
{
	size_t size = struct_size_t(struct mqttk_via, subids, len);
	struct mqttk_via *via;

	if (!mqttk_charge(limits, budget, size))
		return NULL;
	via = kmalloc(size, gfp);
	if (!via) {
		mqttk_uncharge(limits, budget, size);
		return NULL;
	}
	refcount_set(&via->ref, 1);
	via->limits = limits;
	via->group = NULL;
	via->budget = budget;
	via->len = len;
	return via;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_via_alloc);

/**
 * mqttk_via_trim - there are fewer identifiers than there is room for
 * @via: nobody else's yet
 * @len: bytes there are, at most as allocated
 *
 * Context: any but hard interrupts.
 */
void mqttk_via_trim(struct mqttk_via *via, u32 len)
{
	mqttk_uncharge(via->limits, via->budget, via->len - len);
	via->len = len;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_via_trim);

/**
 * mqttk_via_free - free what nothing refers to any more
 * @via: call mqttk_via_put() instead
 *
 * Context: any but hard interrupts.
 */
void mqttk_via_free(struct mqttk_via *via)
{
	mqttk_uncharge(via->limits, via->budget,
		       struct_size_t(struct mqttk_via, subids, via->len));
	if (via->group)
		mqttk_group_put(via->group);
	kfree(via);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_via_free);

static u32 subids_len(const struct mqttk_sub *sub)
{
	return sub->via ? sub->via->len : 0;
}

/**
 * mqttk_merge_add - a further subscription of a session matches
 * @m: zero before the first
 * @sub: the subscription, not a shared one
 *
 * Context: under RCU, until the merge has been used.
 */
void mqttk_merge_add(struct mqttk_merge *m, const struct mqttk_sub *sub)
{
	if (!m->sub || m->sub->qos < sub->qos ||
	    (m->sub->qos == sub->qos && !m->sub->via))
		m->sub = sub;
	m->len += subids_len(sub);
	if (sub->options & MQTTK_SUB_RETAIN_AS_PUBLISHED)
		m->retain_as_published = true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_merge_add);

/**
 * mqttk_merge_is_plain - do the identifiers of @m->sub say it all?
 * @m: subscriptions that match, at least one
 *
 * Context: under RCU, as mqttk_merge_add().
 * Return: false if others have identifiers, too
 */
bool mqttk_merge_is_plain(const struct mqttk_merge *m)
{
	return m->len == subids_len(m->sub);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_merge_is_plain);
