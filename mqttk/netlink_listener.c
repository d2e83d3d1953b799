// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners by netlink.
 */
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "listener.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"

static int get_listener_addr(struct genl_info *info,
			     struct sockaddr_storage *addr)
{
	struct nlattr *v4 = info->attrs[MQTTK_A_LISTENER_IPV4];
	struct nlattr *v6 = info->attrs[MQTTK_A_LISTENER_IPV6];
	struct nlattr *scope = info->attrs[MQTTK_A_LISTENER_SCOPE_ID];
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	__be16 port = nla_get_be16(info->attrs[MQTTK_A_LISTENER_PORT]);

	if (v4 && v6) {
		NL_SET_ERR_MSG_ATTR(info->extack, v6,
				    "a listener has one address, IPv4 or IPv6");
		return -EINVAL;
	}
	if (scope && !v6) {
		NL_SET_ERR_MSG_ATTR(info->extack, scope,
				    "a scope needs an IPv6 address");
		return -EINVAL;
	}
	if (v4) {
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = nla_get_in_addr(v4);
		sin->sin_port = port;
		return 0;
	}
	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_IPV6)) {
		NL_SET_ERR_MSG(info->extack, "an address is needed");
		return -EINVAL;
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = nla_get_in6_addr(v6);
	sin6->sin6_port = port;
	if (scope)
		sin6->sin6_scope_id = nla_get_s32(scope);
	return 0;
}

/**
 * mqttk_nl_listener_new_doit - open a listener
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_listener_config config = { };
	struct mqttk_net *mn = info->user_ptr[0];
	struct nlattr *name = info->attrs[MQTTK_A_LISTENER_NAME];
	struct nlattr *attr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_PORT)) {
		NL_SET_ERR_MSG(info->extack, "a port is needed");
		return -EINVAL;
	}
	err = get_listener_addr(info, &config.addr);
	if (err)
		return err;
	if (name)
		nla_strscpy(config.name, name, sizeof(config.name));
	attr = info->attrs[MQTTK_A_LISTENER_BIND_IFINDEX];
	if (attr)
		config.bind_ifindex = nla_get_s32(attr);
	attr = info->attrs[MQTTK_A_LISTENER_ANONYMOUS];
	if (attr)
		config.anonymous = nla_get_u8(attr);
	attr = info->attrs[MQTTK_A_LISTENER_MAX_CONNECTIONS];
	if (attr)
		config.max_connections = nla_get_u32(attr);

	err = mqttk_listener_add(mn, &config, info->extack);
	if (err == -EEXIST)
		return mqttk_nl_blame(info, name, err);
	return mqttk_nl_blame(info, info->attrs[MQTTK_A_LISTENER_PORT], err);
}

/**
 * mqttk_nl_listener_del_doit - close a listener
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[MQTTK_A_LISTENER_NAME];
	struct mqttk_net *mn = info->user_ptr[0];
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_NAME)) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	err = mqttk_listener_del(mn, nla_data(name), info->extack);
	return mqttk_nl_blame(info, name, err);
}

static const struct mqttk_nl_addr_types listener_addr = {
	.ipv4 = MQTTK_A_LISTENER_IPV4,
	.ipv6 = MQTTK_A_LISTENER_IPV6,
	.scope_id = MQTTK_A_LISTENER_SCOPE_ID,
	.port = MQTTK_A_LISTENER_PORT,
};

static int put_listener(struct sk_buff *skb, struct mqttk_listener *ln)
{
	const struct mqttk_listener_config *c = &ln->config;

	lockdep_assert_held(&ln->mn->ctl_mutex);
	if (nla_put_string(skb, MQTTK_A_LISTENER_NAME, c->name) ||
	    mqttk_nl_put_addr(skb, &c->addr, &listener_addr) ||
	    nla_put_u8(skb, MQTTK_A_LISTENER_ANONYMOUS, c->anonymous) ||
	    nla_put_u32(skb, MQTTK_A_LISTENER_MAX_CONNECTIONS,
			c->max_connections) ||
	    nla_put_u32(skb, MQTTK_A_LISTENER_CONNECTIONS,
			atomic_read(&ln->nr_conns)) ||
	    nla_put_uint(skb, MQTTK_A_LISTENER_ACCEPTED,
			 (unsigned long)atomic_long_read(&ln->accepted)) ||
	    nla_put_uint(skb, MQTTK_A_LISTENER_REFUSED,
			 (unsigned long)atomic_long_read(&ln->refused)))
		return -EMSGSIZE;
	if (c->bind_ifindex &&
	    nla_put_s32(skb, MQTTK_A_LISTENER_BIND_IFINDEX, c->bind_ifindex))
		return -EMSGSIZE;
	return 0;
}

static struct mqttk_listener *find_listener(struct mqttk_net *mn,
					    const char *name)
{
	struct mqttk_listener *ln;

	list_for_each_entry(ln, &mn->listeners, list)
		if (!strcmp(ln->config.name, name))
			return ln;
	return NULL;
}

/**
 * mqttk_nl_listener_get_doit - show one listener
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[MQTTK_A_LISTENER_NAME];
	struct mqttk_net *mn = info->user_ptr[0];
	struct mqttk_listener *ln;
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_NAME)) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	reply = mqttk_nl_begin_reply(info, 0, &hdr);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&mn->ctl_mutex);
	ln = find_listener(mn, nla_data(name));
	err = ln ? put_listener(reply, ln) : -ENOENT;
	mutex_unlock(&mn->ctl_mutex);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, name, "no such listener");
	return mqttk_nl_end_reply(reply, hdr, info, err);
}

static int dump_listener(struct sk_buff *skb, struct netlink_callback *cb,
			 struct mqttk_listener *ln)
{
	void *hdr = genlmsg_iput(skb, genl_info_dump(cb));

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_listener(skb, ln)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * mqttk_nl_listener_get_dumpit - show all listeners
 * @skb: to fill
 * @cb: where the dump is: args[0] listeners were shown
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct mqttk_net *mn = mqttk_nl_dump_net(cb);
	struct mqttk_listener *ln;
	long at = 0;
	int err = 0;

	mutex_lock(&mn->ctl_mutex);
	cb->seq = mn->listeners_seq;
	list_for_each_entry(ln, &mn->listeners, list) {
		if (at++ < cb->args[0])
			continue;
		err = dump_listener(skb, cb, ln);
		if (err)
			break;
		cb->args[0] = at;
	}
	mutex_unlock(&mn->ctl_mutex);
	return err;
}
