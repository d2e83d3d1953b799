// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mqttk.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/mqttk_netlink.h>

/* Common nested types */
const struct nla_policy mqttk_config_limit_nl_policy[MQTTK_A_LIMIT_VALUE + 1] = {
	[MQTTK_A_LIMIT_NAME] = { .type = NLA_NUL_STRING, .len = MQTTK_LIMIT_NAME_MAX, },
	[MQTTK_A_LIMIT_VALUE] = { .type = NLA_UINT, },
};

const struct nla_policy mqttk_config_listener_nl_policy[MQTTK_A_LISTENER_COALESCE_USECS + 1] = {
	[MQTTK_A_LISTENER_NAME] = { .type = NLA_NUL_STRING, .len = MQTTK_LISTENER_NAME_MAX, },
	[MQTTK_A_LISTENER_IPV4] = { .type = NLA_U32, },
	[MQTTK_A_LISTENER_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[MQTTK_A_LISTENER_SCOPE_ID] = NLA_POLICY_MIN(NLA_S32, 1),
	[MQTTK_A_LISTENER_PORT] = { .type = NLA_U16, },
	[MQTTK_A_LISTENER_BIND_IFINDEX] = NLA_POLICY_MIN(NLA_S32, 1),
	[MQTTK_A_LISTENER_MAX_CONNECTIONS] = { .type = NLA_U32, },
	[MQTTK_A_LISTENER_ANONYMOUS] = NLA_POLICY_MAX(NLA_U8, 1),
	[MQTTK_A_LISTENER_MOUNT_POINT] = { .type = NLA_NUL_STRING, .len = MQTTK_MOUNT_POINT_MAX, },
	[MQTTK_A_LISTENER_MAX_QOS] = NLA_POLICY_MAX(NLA_U8, 2),
	[MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID] = NLA_POLICY_MAX(NLA_U8, 1),
	[MQTTK_A_LISTENER_CLIENT_ID_PREFIX] = { .type = NLA_NUL_STRING, .len = MQTTK_ID_PREFIX_MAX, },
	[MQTTK_A_LISTENER_AUTO_ID_PREFIX] = { .type = NLA_NUL_STRING, .len = MQTTK_ID_PREFIX_MAX, },
	[MQTTK_A_LISTENER_COALESCE_USECS] = NLA_POLICY_MAX(NLA_U32, 10000),
};

const struct nla_policy mqttk_rule_nl_policy[MQTTK_A_RULE_FILTER + 1] = {
	[MQTTK_A_RULE_WHOM] = NLA_POLICY_MAX(NLA_U32, 2),
	[MQTTK_A_RULE_ACCESS] = NLA_POLICY_MASK(NLA_U32, 0xf),
	[MQTTK_A_RULE_USER] = { .type = NLA_NUL_STRING, .len = MQTTK_USER_NAME_MAX, },
	[MQTTK_A_RULE_FILTER] = { .type = NLA_NUL_STRING, .len = MQTTK_RULE_FILTER_MAX, },
};

/* MQTTK_CMD_LISTENER_NEW - do */
static const struct nla_policy mqttk_listener_new_nl_policy[MQTTK_A_LISTENER_COALESCE_USECS + 1] = {
	[MQTTK_A_LISTENER_NAME] = { .type = NLA_NUL_STRING, .len = MQTTK_LISTENER_NAME_MAX, },
	[MQTTK_A_LISTENER_IPV4] = { .type = NLA_U32, },
	[MQTTK_A_LISTENER_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[MQTTK_A_LISTENER_SCOPE_ID] = NLA_POLICY_MIN(NLA_S32, 1),
	[MQTTK_A_LISTENER_PORT] = { .type = NLA_U16, },
	[MQTTK_A_LISTENER_BIND_IFINDEX] = NLA_POLICY_MIN(NLA_S32, 1),
	[MQTTK_A_LISTENER_MAX_CONNECTIONS] = { .type = NLA_U32, },
	[MQTTK_A_LISTENER_ANONYMOUS] = NLA_POLICY_MAX(NLA_U8, 1),
	[MQTTK_A_LISTENER_MOUNT_POINT] = { .type = NLA_NUL_STRING, .len = MQTTK_MOUNT_POINT_MAX, },
	[MQTTK_A_LISTENER_MAX_QOS] = NLA_POLICY_MAX(NLA_U8, 2),
	[MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID] = NLA_POLICY_MAX(NLA_U8, 1),
	[MQTTK_A_LISTENER_CLIENT_ID_PREFIX] = { .type = NLA_NUL_STRING, .len = MQTTK_ID_PREFIX_MAX, },
	[MQTTK_A_LISTENER_AUTO_ID_PREFIX] = { .type = NLA_NUL_STRING, .len = MQTTK_ID_PREFIX_MAX, },
	[MQTTK_A_LISTENER_COALESCE_USECS] = NLA_POLICY_MAX(NLA_U32, 10000),
};

/* MQTTK_CMD_LISTENER_DEL - do */
static const struct nla_policy mqttk_listener_del_nl_policy[MQTTK_A_LISTENER_NAME + 1] = {
	[MQTTK_A_LISTENER_NAME] = { .type = NLA_NUL_STRING, .len = MQTTK_LISTENER_NAME_MAX, },
};

/* MQTTK_CMD_LISTENER_GET - do */
static const struct nla_policy mqttk_listener_get_nl_policy[MQTTK_A_LISTENER_NAME + 1] = {
	[MQTTK_A_LISTENER_NAME] = { .type = NLA_NUL_STRING, .len = MQTTK_LISTENER_NAME_MAX, },
};

/* MQTTK_CMD_CLIENT_GET - do */
static const struct nla_policy mqttk_client_get_nl_policy[MQTTK_A_CLIENT_ID + 1] = {
	[MQTTK_A_CLIENT_INDEX] = { .type = NLA_U32, },
	[MQTTK_A_CLIENT_ID] = { .type = NLA_NUL_STRING, .len = MQTTK_CLIENT_ID_MAX, },
};

/* MQTTK_CMD_CLIENT_DISCONNECT - do */
static const struct nla_policy mqttk_client_disconnect_nl_policy[MQTTK_A_CLIENT_REASON + 1] = {
	[MQTTK_A_CLIENT_INDEX] = { .type = NLA_U32, },
	[MQTTK_A_CLIENT_ID] = { .type = NLA_NUL_STRING, .len = MQTTK_CLIENT_ID_MAX, },
	[MQTTK_A_CLIENT_REASON] = { .type = NLA_U8, },
};

/* MQTTK_CMD_LIMIT_GET - do */
static const struct nla_policy mqttk_limit_get_nl_policy[MQTTK_A_LIMIT_NAME + 1] = {
	[MQTTK_A_LIMIT_NAME] = { .type = NLA_NUL_STRING, .len = MQTTK_LIMIT_NAME_MAX, },
};

/* MQTTK_CMD_LIMIT_SET - do */
static const struct nla_policy mqttk_limit_set_nl_policy[MQTTK_A_LIMIT_VALUE + 1] = {
	[MQTTK_A_LIMIT_NAME] = { .type = NLA_NUL_STRING, .len = MQTTK_LIMIT_NAME_MAX, },
	[MQTTK_A_LIMIT_VALUE] = { .type = NLA_UINT, },
};

/* MQTTK_CMD_SESSION_GET - do */
static const struct nla_policy mqttk_session_get_nl_policy[MQTTK_A_SESSION_ID + 1] = {
	[MQTTK_A_SESSION_INDEX] = { .type = NLA_U32, },
	[MQTTK_A_SESSION_ID] = { .type = NLA_NUL_STRING, .len = MQTTK_CLIENT_ID_MAX, },
};

/* MQTTK_CMD_SESSION_DEL - do */
static const struct nla_policy mqttk_session_del_nl_policy[MQTTK_A_SESSION_ID + 1] = {
	[MQTTK_A_SESSION_INDEX] = { .type = NLA_U32, },
	[MQTTK_A_SESSION_ID] = { .type = NLA_NUL_STRING, .len = MQTTK_CLIENT_ID_MAX, },
};

/* MQTTK_CMD_SUBSCRIPTION_GET - dump */
static const struct nla_policy mqttk_subscription_get_nl_policy[MQTTK_A_SUBSCRIPTION_FILTER + 1] = {
	[MQTTK_A_SUBSCRIPTION_INDEX] = { .type = NLA_U32, },
	[MQTTK_A_SUBSCRIPTION_CLIENT_ID] = { .type = NLA_NUL_STRING, .len = MQTTK_CLIENT_ID_MAX, },
	[MQTTK_A_SUBSCRIPTION_FILTER] = { .type = NLA_NUL_STRING, },
};

/* MQTTK_CMD_RETAINED_GET - do */
static const struct nla_policy mqttk_retained_get_do_nl_policy[MQTTK_A_RETAINED_OFFSET + 1] = {
	[MQTTK_A_RETAINED_TOPIC] = { .type = NLA_NUL_STRING, },
	[MQTTK_A_RETAINED_OFFSET] = { .type = NLA_U32, },
};

/* MQTTK_CMD_RETAINED_GET - dump */
static const struct nla_policy mqttk_retained_get_dump_nl_policy[MQTTK_A_RETAINED_FILTER + 1] = {
	[MQTTK_A_RETAINED_FILTER] = { .type = NLA_NUL_STRING, },
};

/* MQTTK_CMD_RETAINED_SET - do */
static const struct nla_policy mqttk_retained_set_nl_policy[MQTTK_A_RETAINED_PAYLOAD + 1] = {
	[MQTTK_A_RETAINED_TOPIC] = { .type = NLA_NUL_STRING, },
	[MQTTK_A_RETAINED_QOS] = NLA_POLICY_MAX(NLA_U8, 2),
	[MQTTK_A_RETAINED_PAYLOAD] = { .type = NLA_BINARY, },
};

/* MQTTK_CMD_RETAINED_DEL - do */
static const struct nla_policy mqttk_retained_del_nl_policy[MQTTK_A_RETAINED_FILTER + 1] = {
	[MQTTK_A_RETAINED_FILTER] = { .type = NLA_NUL_STRING, },
};

/* MQTTK_CMD_CONFIG_SET - do */
static const struct nla_policy mqttk_config_set_nl_policy[MQTTK_A_CONFIG_RULE + 1] = {
	[MQTTK_A_CONFIG_LISTENER] = NLA_POLICY_NESTED(mqttk_config_listener_nl_policy),
	[MQTTK_A_CONFIG_LIMIT] = NLA_POLICY_NESTED(mqttk_config_limit_nl_policy),
	[MQTTK_A_CONFIG_CHECK] = { .type = NLA_FLAG, },
	[MQTTK_A_CONFIG_ACL_ENFORCED] = { .type = NLA_FLAG, },
	[MQTTK_A_CONFIG_ACL_SOURCE] = { .type = NLA_NUL_STRING, .len = MQTTK_RULE_FILTER_MAX, },
	[MQTTK_A_CONFIG_RULE] = NLA_POLICY_NESTED(mqttk_rule_nl_policy),
};

/* MQTTK_CMD_ACL_SET - do */
static const struct nla_policy mqttk_acl_set_nl_policy[MQTTK_A_ACL_RULE + 1] = {
	[MQTTK_A_ACL_ENFORCED] = { .type = NLA_FLAG, },
	[MQTTK_A_ACL_SOURCE] = { .type = NLA_NUL_STRING, .len = MQTTK_RULE_FILTER_MAX, },
	[MQTTK_A_ACL_RULE] = NLA_POLICY_NESTED(mqttk_rule_nl_policy),
};

/* Ops table for mqttk */
const struct genl_split_ops mqttk_nl_ops[24] = {
	{
		.cmd		= MQTTK_CMD_LISTENER_NEW,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_listener_new_doit,
		.policy		= mqttk_listener_new_nl_policy,
		.maxattr	= MQTTK_A_LISTENER_COALESCE_USECS,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_LISTENER_DEL,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_listener_del_doit,
		.policy		= mqttk_listener_del_nl_policy,
		.maxattr	= MQTTK_A_LISTENER_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_LISTENER_GET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_listener_get_doit,
		.policy		= mqttk_listener_get_nl_policy,
		.maxattr	= MQTTK_A_LISTENER_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= MQTTK_CMD_LISTENER_GET,
		.start	= mqttk_nl_pre_dumpit,
		.dumpit	= mqttk_nl_listener_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MQTTK_CMD_CLIENT_GET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_client_get_doit,
		.policy		= mqttk_client_get_nl_policy,
		.maxattr	= MQTTK_A_CLIENT_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= MQTTK_CMD_CLIENT_GET,
		.start	= mqttk_nl_pre_dumpit,
		.dumpit	= mqttk_nl_client_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MQTTK_CMD_CLIENT_DISCONNECT,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_client_disconnect_doit,
		.policy		= mqttk_client_disconnect_nl_policy,
		.maxattr	= MQTTK_A_CLIENT_REASON,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_LIMIT_GET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_limit_get_doit,
		.policy		= mqttk_limit_get_nl_policy,
		.maxattr	= MQTTK_A_LIMIT_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= MQTTK_CMD_LIMIT_GET,
		.start	= mqttk_nl_pre_dumpit,
		.dumpit	= mqttk_nl_limit_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MQTTK_CMD_LIMIT_SET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_limit_set_doit,
		.policy		= mqttk_limit_set_nl_policy,
		.maxattr	= MQTTK_A_LIMIT_VALUE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_STATS_GET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_stats_get_doit,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_RESET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_reset_doit,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_SESSION_GET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_session_get_doit,
		.policy		= mqttk_session_get_nl_policy,
		.maxattr	= MQTTK_A_SESSION_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= MQTTK_CMD_SESSION_GET,
		.start	= mqttk_nl_pre_dumpit,
		.dumpit	= mqttk_nl_session_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MQTTK_CMD_SESSION_DEL,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_session_del_doit,
		.policy		= mqttk_session_del_nl_policy,
		.maxattr	= MQTTK_A_SESSION_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_SUBSCRIPTION_GET,
		.start		= mqttk_nl_subscription_get_start,
		.dumpit		= mqttk_nl_subscription_get_dumpit,
		.done		= mqttk_nl_subscription_get_done,
		.policy		= mqttk_subscription_get_nl_policy,
		.maxattr	= MQTTK_A_SUBSCRIPTION_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MQTTK_CMD_RETAINED_GET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_retained_get_doit,
		.policy		= mqttk_retained_get_do_nl_policy,
		.maxattr	= MQTTK_A_RETAINED_OFFSET,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_RETAINED_GET,
		.start		= mqttk_nl_retained_get_start,
		.dumpit		= mqttk_nl_retained_get_dumpit,
		.done		= mqttk_nl_retained_get_done,
		.policy		= mqttk_retained_get_dump_nl_policy,
		.maxattr	= MQTTK_A_RETAINED_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MQTTK_CMD_RETAINED_SET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_retained_set_doit,
		.policy		= mqttk_retained_set_nl_policy,
		.maxattr	= MQTTK_A_RETAINED_PAYLOAD,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_RETAINED_DEL,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_retained_del_doit,
		.policy		= mqttk_retained_del_nl_policy,
		.maxattr	= MQTTK_A_RETAINED_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_CONFIG_SET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_config_set_doit,
		.policy		= mqttk_config_set_nl_policy,
		.maxattr	= MQTTK_A_CONFIG_RULE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MQTTK_CMD_ACL_GET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_acl_get_doit,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= MQTTK_CMD_ACL_GET,
		.start	= mqttk_nl_pre_dumpit,
		.dumpit	= mqttk_nl_acl_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MQTTK_CMD_ACL_SET,
		.pre_doit	= mqttk_nl_pre_doit,
		.doit		= mqttk_nl_acl_set_doit,
		.policy		= mqttk_acl_set_nl_policy,
		.maxattr	= MQTTK_A_ACL_RULE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group mqttk_nl_mcgrps[] = {
	[MQTTK_NLGRP_EVENTS] = { "events", },
};
