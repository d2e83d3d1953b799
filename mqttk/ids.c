// SPDX-License-Identifier: GPL-2.0
/*
 * A set of packet identifiers, as a bitmap in parts. To add and to remove is a
 * step, however many there are; and as a client takes its identifiers one after
 * the other, there is mostly one part. A part that is empty stays for the next
 * identifiers, wherever they lie, so that who keeps up allocates nothing.
 */
#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include "ids.h"
#include "limits.h"

#define PART_BITS	4096
#define NR_PARTS	((U16_MAX + 1) / PART_BITS)
#define PART_BYTES	(PART_BITS / BITS_PER_BYTE)

/* Under a lock. */
#define GFP_IDS		(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN)

/**
 * struct mqttk_ids - a set of packet identifiers; its owner locks
 * @nr: how many
 * @nr_in: how many in each part
 * @part: bitmaps; NULL: never needed, or moved
 */
struct mqttk_ids {
	u32 nr;
	u16 nr_in[NR_PARTS];
	unsigned long *part[NR_PARTS];
};

static void *alloc(struct mqttk_limits *limits, size_t size, int *err)
{
	void *p;

	*err = -ENOBUFS;
	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, size))
		return NULL;
	*err = -ENOMEM;
	p = kzalloc(size, GFP_IDS);
	if (!p)
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, size);
	return p;
}

/* Has a bitmap where there is none: an empty one of another part, or a new one. */
static int need_part(struct mqttk_ids *ids, struct mqttk_limits *limits,
		     unsigned int n)
{
	unsigned int i;
	int err;

	for (i = 0; i < NR_PARTS; i++) {
		if (!ids->part[i] || ids->nr_in[i])
			continue;
		swap(ids->part[n], ids->part[i]);
		return 0;
	}
	ids->part[n] = alloc(limits, PART_BYTES, &err);
	return ids->part[n] ? 0 : err;
}

/**
 * mqttk_ids_add - add an identifier
 * @ids: the set, *@ids is NULL until something was added
 * @limits: who pays, as MQTTK_BUDGET_CLIENT
 * @id: the identifier
 *
 * Context: any but hard interrupts. Does not sleep.
 * Return: 0; -EEXIST if it is there already; -ENOBUFS over the budget, -ENOMEM
 */
int mqttk_ids_add(struct mqttk_ids **ids, struct mqttk_limits *limits, u16 id)
{
	unsigned int n = id / PART_BITS;
	struct mqttk_ids *set = *ids;
	int err;

	BUILD_BUG_ON(PART_BITS > U16_MAX);
	if (unlikely(!set)) {
		set = alloc(limits, sizeof(*set), &err);
		if (!set)
			return err;
		*ids = set;
	}
	if (unlikely(!set->part[n])) {
		err = need_part(set, limits, n);
		if (err)
			return err;
	}
	if (__test_and_set_bit(id % PART_BITS, set->part[n]))
		return -EEXIST;
	set->nr_in[n]++;
	set->nr++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_ids_add);

/**
 * mqttk_ids_del - remove an identifier
 * @ids: the set, or NULL
 * @id: the identifier
 *
 * Return: 0, or -ENOENT if it is not there
 */
int mqttk_ids_del(struct mqttk_ids *ids, u16 id)
{
	unsigned int n = id / PART_BITS;

	if (!ids || !ids->part[n] ||
	    !__test_and_clear_bit(id % PART_BITS, ids->part[n]))
		return -ENOENT;
	ids->nr_in[n]--;
	ids->nr--;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_ids_del);

/**
 * mqttk_ids_count - how many identifiers are there?
 * @ids: the set, or NULL
 *
 * Return: how many
 */
u32 mqttk_ids_count(const struct mqttk_ids *ids)
{
	return ids ? ids->nr : 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_ids_count);

/**
 * mqttk_ids_rest - give the memory of an empty set back
 * @ids: the set
 * @limits: who paid
 */
void mqttk_ids_rest(struct mqttk_ids **ids, struct mqttk_limits *limits)
{
	if (!mqttk_ids_count(*ids))
		mqttk_ids_free(ids, limits);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_ids_rest);

/**
 * mqttk_ids_free - forget a set
 * @ids: the set; NULL afterwards
 * @limits: who paid
 */
void mqttk_ids_free(struct mqttk_ids **ids, struct mqttk_limits *limits)
{
	struct mqttk_ids *set = *ids;
	size_t bytes = sizeof(*set);
	unsigned int i;

	if (!set)
		return;
	for (i = 0; i < NR_PARTS; i++) {
		bytes += set->part[i] ? PART_BYTES : 0;
		kfree(set->part[i]);
	}
	kfree(set);
	*ids = NULL;
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, bytes);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_ids_free);
