/* SPDX-License-Identifier: GPL-2.0 */
/*
 * By which subscriptions a message reaches a receiver: what MQTT 5.0 tells it
 * of them.
 */
#ifndef MQTTK_VIA_H
#define MQTTK_VIA_H

#include <linux/refcount.h>
#include <linux/types.h>

#include "limits.h"

struct mqttk_group;

/**
 * struct mqttk_via - the subscription identifiers that go with a message
 * @ref: the subscription, and each queue entry
 * @len: bytes of @subids
 * @limits: whose budget it is charged to
 * @group: the shared subscription it came by, with a reference, or NULL
 * @budget: as what: a subscription's as MQTTK_BUDGET_CLIENT, one made for a
 *	message as MQTTK_BUDGET_MESSAGE
 * @subids: Subscription Identifier properties as they go over the wire
 *
 * Immutable. A message that comes by one subscription has that subscription's,
 * which keeps its reference until nobody finds it under RCU any more; one that
 * comes by several has one of its own.
 */
struct mqttk_via {
	refcount_t ref;
	u32 len;
	struct mqttk_limits *limits;
	struct mqttk_group *group;
	u8 budget;
	u8 subids[];
};

struct mqttk_via *mqttk_via_alloc(struct mqttk_limits *limits,
				  enum mqttk_budget budget, u32 len, gfp_t gfp);
void mqttk_via_trim(struct mqttk_via *via, u32 len);
void mqttk_via_free(struct mqttk_via *via);

static inline struct mqttk_via *mqttk_via_get(struct mqttk_via *via)
{
	if (via)
		refcount_inc(&via->ref);
	return via;
}

static inline void mqttk_via_put(struct mqttk_via *via)
{
	if (via && refcount_dec_and_test(&via->ref))
		mqttk_via_free(via);
}

/*
 * What a message's identifiers take up in its receiver's queue: those of a
 * subscription nothing, because it has them anyway.
 */
static inline size_t mqttk_via_share(const struct mqttk_via *via)
{
	return via && via->budget == MQTTK_BUDGET_MESSAGE ? via->len : 0;
}

#endif /* MQTTK_VIA_H */
