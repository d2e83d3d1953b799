/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mqttk.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_MQTTK_GEN_H
#define _LINUX_MQTTK_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/mqttk_netlink.h>

/* Common nested types */
extern const struct nla_policy mqttk_config_limit_nl_policy[MQTTK_A_LIMIT_VALUE + 1];
extern const struct nla_policy mqttk_config_listener_nl_policy[MQTTK_A_LISTENER_COALESCE_USECS + 1];
extern const struct nla_policy mqttk_rule_nl_policy[MQTTK_A_RULE_FILTER + 1];

/* Ops table for mqttk */
extern const struct genl_split_ops mqttk_nl_ops[24];

int mqttk_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		      struct genl_info *info);
int mqttk_nl_pre_dumpit(struct netlink_callback *cb);
int mqttk_nl_subscription_get_start(struct netlink_callback *cb);
int mqttk_nl_retained_get_start(struct netlink_callback *cb);
int mqttk_nl_subscription_get_done(struct netlink_callback *cb);
int mqttk_nl_retained_get_done(struct netlink_callback *cb);

int mqttk_nl_listener_new_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_listener_del_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_listener_get_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_listener_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int mqttk_nl_client_get_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_client_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int mqttk_nl_client_disconnect_doit(struct sk_buff *skb,
				    struct genl_info *info);
int mqttk_nl_limit_get_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_limit_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int mqttk_nl_limit_set_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_reset_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_session_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int mqttk_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_subscription_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb);
int mqttk_nl_retained_get_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_retained_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int mqttk_nl_retained_set_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_retained_del_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_acl_get_doit(struct sk_buff *skb, struct genl_info *info);
int mqttk_nl_acl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int mqttk_nl_acl_set_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	MQTTK_NLGRP_EVENTS,
};

#endif /* _LINUX_MQTTK_GEN_H */
