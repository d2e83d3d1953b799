// SPDX-License-Identifier: GPL-2.0
/*
 * Control and inspection by generic netlink. Everything acts on the network
 * namespace of the caller's socket, which holds it (and so its broker) for as
 * long as an operation or a dump runs.
 *
 * There is deliberately no genl alias: whoever may open a socket must not be
 * able to load the module.
 */
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "net.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "netlink_impl.h"

/**
 * mqttk_nl_dump_net - the broker that a dump is of
 * @cb: the dump
 *
 * Return: the broker of the netns of the dump's socket, which holds it
 */
struct mqttk_net *mqttk_nl_dump_net(struct netlink_callback *cb)
{
	return mqttk_net(genl_info_net(genl_info_dump(cb)));
}

/**
 * mqttk_nl_blame - say which attribute was at fault
 * @info: the request
 * @attr: the attribute, may be NULL
 * @err: what came of it
 *
 * For where a lower layer only said what was at fault, or not even that.
 *
 * Return: @err
 */
int mqttk_nl_blame(struct genl_info *info, const struct nlattr *attr, int err)
{
	if (err && attr && !info->extack->bad_attr)
		NL_SET_BAD_ATTR(info->extack, attr);
	if (err == -ENOMEM && !info->extack->_msg)
		NL_SET_ERR_MSG(info->extack, "no memory");
	return err;
}

/**
 * mqttk_nl_pre_doit - what comes before every request
 * @ops: the operation
 * @skb: the request
 * @info: likewise; its user_ptr[0] becomes the broker
 *
 * Return: 0 or -EPERM
 */
int mqttk_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		      struct genl_info *info)
{
	struct net *net = genl_info_net(info);

	if (!mqttk_net_allowed(net, info->extack))
		return -EPERM;
	info->user_ptr[0] = mqttk_net(net);
	return 0;
}

/**
 * mqttk_nl_pre_dumpit - what comes before every dump
 * @cb: the dump
 *
 * Return: 0 or -EPERM
 */
int mqttk_nl_pre_dumpit(struct netlink_callback *cb)
{
	struct net *net = genl_info_net(genl_info_dump(cb));

	return mqttk_net_allowed(net, cb->extack) ? 0 : -EPERM;
}

/**
 * mqttk_nl_begin_reply - begin a reply of one message
 * @info: the request
 * @size: bytes of attributes there shall be room for
 * @hdr: where to leave what mqttk_nl_end_reply() needs
 *
 * Return: the reply, which mqttk_nl_end_reply() consumes; NULL without memory,
 * which has been told
 */
struct sk_buff *mqttk_nl_begin_reply(struct genl_info *info, size_t size,
				     void **hdr)
{
	struct sk_buff *skb = genlmsg_new(max_t(size_t, size,
						NLMSG_DEFAULT_SIZE),
					  GFP_KERNEL);

	*hdr = skb ? genlmsg_iput(skb, info) : NULL;
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	NL_SET_ERR_MSG(info->extack, "no memory for the answer");
	return NULL;
}

/**
 * mqttk_nl_end_reply - send a reply, or not
 * @skb: the reply
 * @hdr: of mqttk_nl_begin_reply()
 * @info: the request
 * @err: what came of putting attributes
 *
 * Return: 0 or an error
 */
int mqttk_nl_end_reply(struct sk_buff *skb, void *hdr, struct genl_info *info,
		       int err)
{
	if (err) {
		nlmsg_free(skb);
		if (err == -EMSGSIZE)
			NL_SET_ERR_MSG(info->extack, "the answer is too long");
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/**
 * mqttk_nl_put_addr - put an address
 * @skb: where
 * @addr: the address; of no family, nothing is put
 * @types: into which attributes
 *
 * Return: 0 or -EMSGSIZE
 */
int mqttk_nl_put_addr(struct sk_buff *skb, const struct sockaddr_storage *addr,
		      const struct mqttk_nl_addr_types *types)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;

	switch (addr->ss_family) {
	case AF_INET:
		if (nla_put_in_addr(skb, types->ipv4, sin->sin_addr.s_addr) ||
		    nla_put_be16(skb, types->port, sin->sin_port))
			return -EMSGSIZE;
		break;
	case AF_INET6:
		if (nla_put_in6_addr(skb, types->ipv6, &sin6->sin6_addr) ||
		    nla_put_be16(skb, types->port, sin6->sin6_port))
			return -EMSGSIZE;
		if (sin6->sin6_scope_id &&
		    nla_put_s32(skb, types->scope_id, sin6->sin6_scope_id))
			return -EMSGSIZE;
		break;
	}
	return 0;
}

/**
 * mqttk_nl_put_text - put a text, cut if it is long
 * @skb: where
 * @attr: attribute for the text
 * @len_attr: attribute for its length, put if it is cut
 * @text: UTF-8 without U+0000, not terminated; cut between characters
 * @len: bytes of @text
 * @max: at most so many of them
 *
 * Return: 0 or -EMSGSIZE
 */
int mqttk_nl_put_text(struct sk_buff *skb, int attr, int len_attr,
		      const u8 *text, u16 len, u16 max)
{
	u16 shown = len;
	struct nlattr *nla;
	u8 *to;

	if (len > max)
		for (shown = max; shown && (text[shown] & 0xc0) == 0x80;)
			shown--;
	nla = nla_reserve(skb, attr, shown + 1);
	if (!nla)
		return -EMSGSIZE;
	to = nla_data(nla);
	memcpy(to, text, shown);
	to[shown] = '\0';
	return shown < len ? nla_put_u32(skb, len_attr, len) : 0;
}

/**
 * mqttk_nl_msec_since - how long ago
 * @when: CLOCK_BOOTTIME; what has no time yet is just beginning
 *
 * Return: milliseconds
 */
u64 mqttk_nl_msec_since(ktime_t when)
{
	return when ? max(ktime_ms_delta(ktime_get_boottime(), when), 0) : 0;
}

/*
 * As the specification lists them, and with who may listen, which the
 * generator of 6.12 leaves out.
 */
static const struct genl_multicast_group mqttk_groups[] = {
	[MQTTK_NLGRP_EVENTS] = {
		.name = MQTTK_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family mqttk_family __ro_after_init = {
	.name		= MQTTK_FAMILY_NAME,
	.version	= MQTTK_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= mqttk_nl_ops,
	.n_split_ops	= ARRAY_SIZE(mqttk_nl_ops),
	.mcgrps		= mqttk_groups,
	.n_mcgrps	= ARRAY_SIZE(mqttk_groups),
};

/**
 * mqttk_netlink_module_init - open the control plane
 *
 * Context: module load, when every netns has its broker.
 * Return: 0 or an error
 */
int __init mqttk_netlink_module_init(void)
{
	int err = genl_register_family(&mqttk_family);

	if (!err)
		mqttk_nl_events_init(&mqttk_family);
	return err;
}

/**
 * mqttk_netlink_module_exit - close the control plane
 *
 * Context: module unload, before any broker goes. When it returns no request
 * runs any more; a dump that is under way holds the module, so there is none.
 */
void mqttk_netlink_module_exit(void)
{
	mqttk_nl_events_exit();
	genl_unregister_family(&mqttk_family);
}
