// SPDX-License-Identifier: GPL-2.0
/*
 * By which subscriptions a message reaches a receiver.
 */
#include <kunit/visibility.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "group.h"
#include "via.h"

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
