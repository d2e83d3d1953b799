/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The terms of a listener: what it is called, whom it lets in and on what
 * conditions. A connection keeps those it was let in on.
 */
#ifndef MQTTK_TERMS_H
#define MQTTK_TERMS_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/string.h>
#include <linux/types.h>

struct mqttk_limits;

/* As in the netlink specification. */
#define MQTTK_LISTENER_NAME_MAX	63
#define MQTTK_MOUNT_POINT_MAX	1023
#define MQTTK_ID_PREFIX_MAX	63

/**
 * struct mqttk_terms - the terms of a listener
 * @ref: the listener, and each connection that was let in on them
 * @limits: whose MQTTK_BUDGET_CLIENT they are charged to
 * @max_connections: of this listener; 0: no limit of its own
 * @anonymous: clients without a user name may connect
 * @zero_length_id: clients may leave their identifier to the broker
 * @max_qos: highest QoS
 * @coalesce_usecs: microseconds that output may wait for more; 0: none
 * @mount_len: bytes of @mount_point
 * @mount_levels: slashes in it
 * @name: unique in the netns; empty: to be made from the address
 * @client_id_prefix: what identifiers begin with; empty: anything
 * @auto_id_prefix: what those made by the broker begin with
 * @rcu: the listener's are read under RCU
 * @mount_point: before every topic and filter; a topic name, not terminated
 *
 * Immutable once the listener has them.
 */
struct mqttk_terms {
	refcount_t ref;
	struct mqttk_limits *limits;
	u32 max_connections;
	bool anonymous;
	bool zero_length_id;
	u8 max_qos;
	u16 mount_len;
	u16 mount_levels;
	u16 coalesce_usecs;
	char name[MQTTK_LISTENER_NAME_MAX + 1];
	char client_id_prefix[MQTTK_ID_PREFIX_MAX + 1];
	char auto_id_prefix[MQTTK_ID_PREFIX_MAX + 1];
	struct rcu_head rcu;
	u8 mount_point[];
};

struct mqttk_terms *mqttk_terms_alloc(struct mqttk_limits *limits,
				      const char *mount_point, u16 len);
void mqttk_terms_free(struct mqttk_terms *t);
bool mqttk_terms_same_mount(const struct mqttk_terms *a,
			    const struct mqttk_terms *b);
bool mqttk_terms_equal(const struct mqttk_terms *a,
		       const struct mqttk_terms *b);
bool mqttk_terms_admit_id(const struct mqttk_terms *t, const u8 *id, u16 len);
const char *mqttk_mount_point_fault(const char *mount_point, size_t len);

static inline struct mqttk_terms *mqttk_terms_get(struct mqttk_terms *t)
{
	refcount_inc(&t->ref);
	return t;
}

static inline void mqttk_terms_put(struct mqttk_terms *t)
{
	if (t && refcount_dec_and_test(&t->ref))
		mqttk_terms_free(t);
}

/* Is a topic under the mount point, and more than it? */
static inline bool mqttk_terms_mounted(const struct mqttk_terms *t,
				       const u8 *topic, u16 len)
{
	return len > t->mount_len &&
	       !memcmp(topic, t->mount_point, t->mount_len);
}

#endif /* MQTTK_TERMS_H */
