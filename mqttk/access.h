/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access: whether the list in force lets a client do something.
 */
#ifndef MQTTK_ACCESS_H
#define MQTTK_ACCESS_H

#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "acl.h"

struct mqttk_net;
struct mqttk_session;

/**
 * struct mqttk_user - the user name of a session's client
 * @ref: the session's, and of those who look for longer than RCU allows
 * @rcu: freed a grace period after the last
 * @limits: whose MQTTK_BUDGET_CLIENT it is charged to
 * @len: bytes of @name
 * @name: valid UTF-8, not terminated; may be empty
 */
struct mqttk_user {
	refcount_t ref;
	struct rcu_head rcu;
	struct mqttk_limits *limits;
	u16 len;
	u8 name[];
};

struct mqttk_user *mqttk_user_alloc(struct mqttk_limits *limits,
				    const struct mqttk_str *name);
void mqttk_user_put(struct mqttk_user *user);

bool mqttk_access_permits(const struct mqttk_acl *acl,
			  const struct mqttk_session *s, u8 access,
			  const u8 *topic, u16 len);
bool mqttk_access_may_who(const struct mqttk_net *mn,
			  const struct mqttk_who *who, u8 access,
			  const u8 *topic, u16 len);
bool mqttk_access_may(const struct mqttk_net *mn, const struct mqttk_session *s,
		      u8 access, const u8 *topic, u16 len);
int mqttk_access_may_subscribe(const struct mqttk_net *mn,
			       const struct mqttk_session *s,
			       const struct mqttk_str *filter);
void mqttk_access_set(struct mqttk_net *mn, struct mqttk_acl *acl);

#endif /* MQTTK_ACCESS_H */
