// SPDX-License-Identifier: GPL-2.0
/*
 * Topic aliases of one connection.
 *
 * Those the client sets are a plain table. For ours, each topic has one slot,
 * found by its hash, so that a look-up costs a hash and one comparison however
 * many aliases there are. A topic gets its slot when it is seen for the second
 * time: most are sent once, and an alias costs three bytes before it saves any.
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "alias.h"
#include "limits.h"

#define GFP_ALIAS	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)
#define GFP_SENDER	(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN)

/* Entries of the client's table to begin with. */
#define IN_MIN		8

/* Shorter topics, or as long, gain nothing from the property of an alias. */
#define WORTHLESS	3

/**
 * struct mqttk_alias_topic - what an alias stands for
 * @len: bytes of @topic
 * @topic: the topic
 */
struct mqttk_alias_topic {
	u16 len;
	u8 topic[];
};

static size_t topic_size(u16 len)
{
	return struct_size_t(struct mqttk_alias_topic, topic, len);
}

static struct mqttk_alias_topic *topic_alloc(struct mqttk_limits *limits,
					     const u8 *topic, u16 len,
					     gfp_t gfp)
{
	struct mqttk_alias_topic *t;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, topic_size(len)))
		return ERR_PTR(-ENOBUFS);
	t = kmalloc(topic_size(len), gfp);
	if (!t) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, topic_size(len));
		return ERR_PTR(-ENOMEM);
	}
	t->len = len;
	memcpy(t->topic, topic, len);
	return t;
}

static void topic_free(struct mqttk_limits *limits, struct mqttk_alias_topic *t)
{
	if (!t)
		return;
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, topic_size(t->len));
	kfree(t);
}

static bool topic_is(const struct mqttk_alias_topic *t, const u8 *topic,
		     u16 len)
{
	return t && t->len == len && !memcmp(t->topic, topic, len);
}

/* -- the client's ------------------------------------------------------- */

static size_t table_size(u16 size)
{
	return array_size(size, sizeof(struct mqttk_alias_topic *));
}

static int grow_table(struct mqttk_aliases_in *a, struct mqttk_limits *limits,
		      u16 alias)
{
	u16 size = min_t(u32, a->max, max_t(u32, IN_MIN,
					    roundup_pow_of_two(alias)));
	struct mqttk_alias_topic **topics;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, table_size(size)))
		return -ENOBUFS;
	topics = kvcalloc(size, sizeof(*topics), GFP_ALIAS);
	if (!topics) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, table_size(size));
		return -ENOMEM;
	}
	if (a->topics) {
		memcpy(topics, a->topics, table_size(a->size));
		kvfree(a->topics);
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
			       table_size(a->size));
	}
	a->topics = topics;
	a->size = size;
	return 0;
}

/**
 * mqttk_alias_in_set - the client gives a topic an alias
 * @a: its aliases
 * @limits: who pays, as MQTTK_BUDGET_CLIENT
 * @alias: not 0
 * @topic: the topic, copied; what the alias stood for is forgotten
 *
 * Context: process; may sleep.
 * Return: 0; -EADDRNOTAVAIL if the client may not use @alias
 *	[MQTT-3.2.2-17]; -ENOBUFS over the budget, -ENOMEM
 */
int mqttk_alias_in_set(struct mqttk_aliases_in *a, struct mqttk_limits *limits,
		       u16 alias, const struct mqttk_str *topic)
{
	struct mqttk_alias_topic *t;
	int err = 0;

	if (alias > a->max)
		return -EADDRNOTAVAIL;
	if (alias > a->size)
		err = grow_table(a, limits, alias);
	if (err)
		return err;
	/* Some clients send both each time. */
	if (topic_is(a->topics[alias - 1], topic->p, topic->len))
		return 0;
	t = topic_alloc(limits, topic->p, topic->len, GFP_ALIAS);
	if (IS_ERR(t))
		return PTR_ERR(t);
	topic_free(limits, a->topics[alias - 1]);
	a->topics[alias - 1] = t;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_alias_in_set);

/**
 * mqttk_alias_in_get - the client lets an alias stand for a topic
 * @a: its aliases
 * @alias: not 0
 * @topic: set to the topic; valid until @a is changed
 *
 * Return: 0; -EADDRNOTAVAIL if the client may not use @alias
 *	[MQTT-3.2.2-17], -EPROTO if it has not set it [MQTT-3.3.2-7]
 */
int mqttk_alias_in_get(const struct mqttk_aliases_in *a, u16 alias,
		       struct mqttk_str *topic)
{
	const struct mqttk_alias_topic *t;

	if (alias > a->max)
		return -EADDRNOTAVAIL;
	t = alias <= a->size ? a->topics[alias - 1] : NULL;
	if (!t)
		return -EPROTO;
	*topic = (struct mqttk_str){ t->topic, t->len };
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_alias_in_get);

/**
 * mqttk_aliases_in_free - forget all aliases of the client
 * @a: its aliases; empty afterwards, and none may be used
 * @limits: who paid
 *
 * Context: process; yields.
 */
void mqttk_aliases_in_free(struct mqttk_aliases_in *a,
			   struct mqttk_limits *limits)
{
	u16 i;

	for (i = 0; i < a->size; i++) {
		topic_free(limits, a->topics[i]);
		cond_resched();
	}
	if (a->topics) {
		kvfree(a->topics);
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
			       table_size(a->size));
	}
	*a = (struct mqttk_aliases_in){ };
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_aliases_in_free);

/* -- ours --------------------------------------------------------------- */

/**
 * struct mqttk_alias_slot - what one of our aliases stands for
 * @topic: what the client knows by it, or NULL
 * @next: while tentative: what it will know by it once the message is sent;
 *	the message's, which stays until then
 * @next_len: bytes of @next
 * @candidate: hash of a topic that was seen once and may take the slot; 0: none
 */
struct mqttk_alias_slot {
	struct mqttk_alias_topic *topic;
	const u8 *next;
	u16 next_len;
	u32 candidate;
};

/**
 * mqttk_aliases_out_init - get ready to use aliases towards a client
 * @a: zeroed
 * @limits: who pays
 * @max: the highest alias the client takes
 *
 * Context: process; may sleep.
 * Return: 0; -ENOBUFS over the budget, -ENOMEM: none will be used, which does
 *	no harm
 */
int mqttk_aliases_out_init(struct mqttk_aliases_out *a,
			   struct mqttk_limits *limits, u16 max)
{
	u16 nr = min_t(u16, max, MQTTK_ALIASES_OUT_MAX);
	size_t size = array_size(nr, sizeof(*a->slots));

	if (!nr)
		return 0;
	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, size))
		return -ENOBUFS;
	a->slots = kcalloc(nr, sizeof(*a->slots), GFP_ALIAS);
	if (!a->slots) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, size);
		return -ENOMEM;
	}
	a->limits = limits;
	a->nr = nr;
	a->seed = get_random_u32();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_aliases_out_init);

/**
 * mqttk_aliases_out_free - forget all aliases
 * @a: aliases that no sender uses any more, or zeroed; zeroed afterwards
 *
 * Context: any but hard interrupts.
 */
void mqttk_aliases_out_free(struct mqttk_aliases_out *a)
{
	u16 i;

	if (!a->slots)
		return;
	for (i = 0; i < a->nr; i++)
		topic_free(a->limits, a->slots[i].topic);
	kfree(a->slots);
	mqttk_uncharge(a->limits, MQTTK_BUDGET_CLIENT,
		       array_size(a->nr, sizeof(*a->slots)));
	*a = (struct mqttk_aliases_out){ };
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_aliases_out_free);

/**
 * mqttk_alias_out_begin - messages are gathered from now on
 * @a: aliases
 *
 * What was gathered before and not committed will not be sent as it was.
 */
void mqttk_alias_out_begin(struct mqttk_aliases_out *a)
{
	a->tentative = 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_alias_out_begin);

static u32 hash_of(const struct mqttk_aliases_out *a, const u8 *topic, u16 len)
{
	/* 0 says that there is no candidate. */
	return jhash(topic, len, a->seed) ?: 1;
}

/**
 * mqttk_alias_out_find - how to name a topic in the next message gathered
 * @a: aliases
 * @topic: the topic; stays until the next begin or commit
 * @len: its length
 * @known: set if the alias stands for it already, so that it can be left out;
 *	otherwise the message that has both sets it, and is to be committed when
 *	it, or a part of it, was sent
 *
 * Context: the sender's, any but hard interrupts.
 * Return: the alias; 0: the topic as it is
 */
u16 mqttk_alias_out_find(struct mqttk_aliases_out *a, const u8 *topic, u16 len,
			 bool *known)
{
	struct mqttk_alias_slot *slot;
	u32 hash, i;

	*known = false;
	if (!a->nr || len <= WORTHLESS)
		return 0;
	hash = hash_of(a, topic, len);
	i = reciprocal_scale(hash, a->nr);
	slot = &a->slots[i];
	if (a->tentative & BIT_ULL(i)) {
		/* What it stood for before, it will not when this is read. */
		*known = slot->next_len == len &&
			 !memcmp(slot->next, topic, len);
		return *known ? i + 1 : 0;
	}
	if (topic_is(slot->topic, topic, len)) {
		/* In use: others have to come twice anew. */
		if (slot->candidate)
			slot->candidate = 0;
		*known = true;
		return i + 1;
	}
	if (slot->candidate != hash) {
		slot->candidate = hash;
		return 0;
	}
	a->tentative |= BIT_ULL(i);
	slot->next = topic;
	slot->next_len = len;
	return i + 1;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_alias_out_find);

/**
 * mqttk_alias_out_commit - a message with an alias was sent
 * @a: aliases
 * @topic: its topic
 * @len: the topic's length
 * @alias: what mqttk_alias_out_find() returned for it
 *
 * Where there is no memory to remember it the alias stands for nothing here,
 * though it does there: so it is set before it is used again.
 *
 * Context: the sender's, any but hard interrupts.
 */
void mqttk_alias_out_commit(struct mqttk_aliases_out *a, const u8 *topic,
			    u16 len, u16 alias)
{
	struct mqttk_alias_slot *slot;
	struct mqttk_alias_topic *t;

	if (!alias || alias > a->nr)
		return;
	slot = &a->slots[alias - 1];
	a->tentative &= ~BIT_ULL(alias - 1);
	if (topic_is(slot->topic, topic, len))
		return;
	slot->candidate = 0;
	topic_free(a->limits, slot->topic);
	t = topic_alloc(a->limits, topic, len, GFP_SENDER);
	slot->topic = IS_ERR(t) ? NULL : t;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_alias_out_commit);

/**
 * mqttk_alias_out_cancel - the message just gathered will not set its alias
 * @a: aliases
 * @alias: what mqttk_alias_out_find() returned for it, not yet known
 *
 * For a message that is passed over, or goes without.
 */
void mqttk_alias_out_cancel(struct mqttk_aliases_out *a, u16 alias)
{
	if (alias)
		a->tentative &= ~BIT_ULL(alias - 1);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_alias_out_cancel);
