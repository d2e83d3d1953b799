/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The access control list: who may publish to and read which topics.
 */
#ifndef MQTTK_ACL_H
#define MQTTK_ACL_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <uapi/linux/mqttk_netlink.h>

#include "topic.h"

struct mqttk_limits;

/* Bytes of the user names and filters of a list. */
#define MQTTK_ACL_TEXT_MAX	(16 << 20)

/* Kinds of enum mqttk_acl_whom. */
#define MQTTK_ACL_WHOM_NR	(MQTTK_ACL_EVERYBODY + 1)

/**
 * struct mqttk_who - who asks
 * @id: client identifier
 * @user: user name; no bytes pointed to: none
 */
struct mqttk_who {
	struct mqttk_str id;
	struct mqttk_str user;
};

/**
 * struct mqttk_acl_rule - a rule as people write it
 * @whom: for whom
 * @access: MQTTK_ACL_READ, _WRITE and _SUBSCRIBE, or MQTTK_ACL_DENY
 * @user: for MQTTK_ACL_USER
 * @filter: a valid topic filter, as it is written
 */
struct mqttk_acl_rule {
	enum mqttk_acl_whom whom;
	u8 access;
	struct mqttk_str user;
	struct mqttk_str filter;
};

struct mqttk_acl;

struct mqttk_acl *mqttk_acl_alloc(struct mqttk_limits *limits, u32 nr,
				  size_t text,
				  const struct mqttk_str *source);
int mqttk_acl_add(struct mqttk_acl *acl, const struct mqttk_acl_rule *rule);
struct mqttk_acl *mqttk_acl_get(struct mqttk_acl *acl);
void mqttk_acl_put(struct mqttk_acl *acl);
struct mqttk_str mqttk_acl_source(const struct mqttk_acl *acl);
u32 mqttk_acl_rules(const struct mqttk_acl *acl);
void mqttk_acl_rule(const struct mqttk_acl *acl, u32 i,
		    struct mqttk_acl_rule *rule);
const char *mqttk_acl_fault(const struct mqttk_acl_rule *rule);

bool mqttk_acl_permits(const struct mqttk_acl *acl, const struct mqttk_who *who,
		       u8 access, const u8 *topic, u16 len);
int mqttk_acl_permits_filter(const struct mqttk_acl *acl,
			     const struct mqttk_who *who,
			     const struct mqttk_str *filter);

#endif /* MQTTK_ACL_H */
