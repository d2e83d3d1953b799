/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the objects that netlink shows (netlink_*.c) have in common. The
 * operations themselves are declared in netlink-gen.h.
 */
#ifndef MQTTK_NETLINK_IMPL_H
#define MQTTK_NETLINK_IMPL_H

#include <linux/ktime.h>
#include <linux/types.h>

struct genl_family;
struct genl_info;
struct mqttk_acl;
struct mqttk_listener_config;
struct mqttk_net;
struct mqttk_session;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct sockaddr_storage;

/**
 * struct mqttk_nl_addr_types - which attributes an address goes into
 * @ipv4: of an IPv4 address
 * @ipv6: of an IPv6 address
 * @scope_id: of its interface, if it is link-local
 * @port: of the TCP port
 */
struct mqttk_nl_addr_types {
	int ipv4;
	int ipv6;
	int scope_id;
	int port;
};

/* netlink.c */
struct mqttk_net *mqttk_nl_dump_net(struct netlink_callback *cb);
int mqttk_nl_blame(struct genl_info *info, const struct nlattr *attr, int err);
struct sk_buff *mqttk_nl_begin_reply(struct genl_info *info, size_t size,
				     void **hdr);
int mqttk_nl_end_reply(struct sk_buff *skb, void *hdr, struct genl_info *info,
		       int err);
int mqttk_nl_put_addr(struct sk_buff *skb, const struct sockaddr_storage *addr,
		      const struct mqttk_nl_addr_types *types);
int mqttk_nl_put_text(struct sk_buff *skb, int attr, int len_attr,
		      const u8 *text, u16 len, u16 max);
u64 mqttk_nl_msec_since(ktime_t when);
u64 mqttk_nl_sum_qos(const u64 *by_qos);

/* netlink_listener.c */
int mqttk_nl_get_listener(struct mqttk_net *mn, struct nlattr **tb,
			  const struct nlattr *nest,
			  struct mqttk_listener_config *config,
			  struct netlink_ext_ack *extack);

/* netlink_acl.c */
struct mqttk_acl *mqttk_nl_get_acl(struct genl_info *info,
				   const struct nlattr *enforced,
				   const struct nlattr *source, int rule_type);

/* netlink_session.c */

/*
 * Shows a session in a dump, or passes it over: 0 or -EMSGSIZE. Called under
 * RCU.
 */
typedef int (*mqttk_nl_show_session_fn)(struct sk_buff *skb,
					struct netlink_callback *cb,
					struct mqttk_session *s, u32 index);

struct mqttk_session *mqttk_nl_find_session(struct mqttk_net *mn,
					    struct netlink_ext_ack *extack,
					    const struct nlattr *id,
					    const struct nlattr *index,
					    int type);
int mqttk_nl_put_client_id(struct sk_buff *skb, const struct mqttk_session *s,
			   int type, int len_type);
int mqttk_nl_dump_sessions(struct sk_buff *skb, struct netlink_callback *cb,
			   mqttk_nl_show_session_fn show);

/* netlink_events.c */
void mqttk_nl_events_init(const struct genl_family *fam);
void mqttk_nl_events_exit(void);

#endif /* MQTTK_NETLINK_IMPL_H */
