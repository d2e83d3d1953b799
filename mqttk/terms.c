// SPDX-License-Identifier: GPL-2.0
/*
 * The terms of a listener.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "limits.h"
#include "terms.h"
#include "topic.h"

static size_t terms_size(u16 mount_len)
{
	return struct_size_t(struct mqttk_terms, mount_point, mount_len);
}

/**
 * mqttk_terms_alloc - terms as they are when nobody says anything
 * @limits: whose budget they are charged to
 * @mount_point: what mqttk_mount_point_fault() found no fault with, or NULL
 * @len: its length, 0: no mount point
 *
 * Context: process; may sleep.
 * Return: to be completed by the caller, with one reference; NULL over the
 *	budget or without memory
 */
struct mqttk_terms *mqttk_terms_alloc(struct mqttk_limits *limits,
				      const char *mount_point, u16 len)
{
	struct mqttk_terms *t;
	unsigned int i;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, terms_size(len)))
		return NULL;
	t = kzalloc(terms_size(len), GFP_KERNEL_ACCOUNT);
	if (!t) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, terms_size(len));
		return NULL;
	}
	refcount_set(&t->ref, 1);
	t->limits = limits;
	t->zero_length_id = true;
	t->max_qos = 2;
	strscpy(t->auto_id_prefix, "auto-");
	t->mount_len = len;
	if (len)
		memcpy(t->mount_point, mount_point, len);
	for (i = 0; i < len; i++)
		t->mount_levels += t->mount_point[i] == '/';
	return t;
}

/**
 * mqttk_terms_free - free terms whose last reference is gone
 * @t: the terms; call mqttk_terms_put() instead
 *
 * Context: any but hard interrupts.
 */
void mqttk_terms_free(struct mqttk_terms *t)
{
	mqttk_uncharge(t->limits, MQTTK_BUDGET_CLIENT,
		       terms_size(t->mount_len));
	kfree_rcu(t, rcu);
}

/**
 * mqttk_terms_same_mount - do topics mean the same?
 * @a: terms
 * @b: other terms
 *
 * Return: true if their mount points are the same
 */
bool mqttk_terms_same_mount(const struct mqttk_terms *a,
			    const struct mqttk_terms *b)
{
	return a->mount_len == b->mount_len &&
	       !memcmp(a->mount_point, b->mount_point, a->mount_len);
}

/**
 * mqttk_terms_equal - is there any difference?
 * @a: terms
 * @b: other terms
 *
 * Return: true if there is none
 */
bool mqttk_terms_equal(const struct mqttk_terms *a,
		       const struct mqttk_terms *b)
{
	return a->max_connections == b->max_connections &&
	       a->anonymous == b->anonymous &&
	       a->zero_length_id == b->zero_length_id &&
	       a->max_qos == b->max_qos &&
	       a->coalesce_usecs == b->coalesce_usecs &&
	       !strcmp(a->name, b->name) &&
	       !strcmp(a->client_id_prefix, b->client_id_prefix) &&
	       !strcmp(a->auto_id_prefix, b->auto_id_prefix) &&
	       mqttk_terms_same_mount(a, b);
}

/**
 * mqttk_terms_admit_id - may a client have this identifier?
 * @t: the terms
 * @id: the identifier that would hold
 * @len: its length
 *
 * Return: true if it begins as it has to
 */
bool mqttk_terms_admit_id(const struct mqttk_terms *t, const u8 *id, u16 len)
{
	size_t n = strlen(t->client_id_prefix);

	return len >= n && !memcmp(id, t->client_id_prefix, n);
}

/**
 * mqttk_mount_point_fault - is this a mount point?
 * @mount_point: what somebody asks for
 * @len: its length, not 0
 *
 * Before a filter it has to leave a valid filter, before a topic a valid topic,
 * and neither may become one that has a meaning of its own, as $SYS and $share
 * have.
 *
 * Return: what is wrong with it, or NULL
 */
const char *mqttk_mount_point_fault(const char *mount_point, size_t len)
{
	if (mqttk_filter_is_wildcard((const u8 *)mount_point, len))
		return "a mount point has no wildcards";
	if (mount_point[0] == '$')
		return "a mount point does not begin with $";
	if (len > MQTTK_MOUNT_POINT_MAX ||
	    !mqttk_topic_valid((const u8 *)mount_point, len))
		return "a mount point has to be a valid topic";
	return NULL;
}
