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
#include "topic.h"

static int get_addr(struct nlattr **tb, const struct nlattr *nest,
		    struct sockaddr_storage *addr,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *v4 = tb[MQTTK_A_LISTENER_IPV4];
	struct nlattr *v6 = tb[MQTTK_A_LISTENER_IPV6];
	struct nlattr *scope = tb[MQTTK_A_LISTENER_SCOPE_ID];
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	__be16 port;

	if (NL_REQ_ATTR_CHECK(extack, nest, tb, MQTTK_A_LISTENER_PORT)) {
		NL_SET_ERR_MSG(extack, "a port is needed");
		return -EINVAL;
	}
	port = nla_get_be16(tb[MQTTK_A_LISTENER_PORT]);
	if (v4 && v6) {
		NL_SET_ERR_MSG_ATTR(extack, v6,
				    "a listener has one address, IPv4 or IPv6");
		return -EINVAL;
	}
	if (scope && !v6) {
		NL_SET_ERR_MSG_ATTR(extack, scope,
				    "a scope needs an IPv6 address");
		return -EINVAL;
	}
	if (v4) {
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = nla_get_in_addr(v4);
		sin->sin_port = port;
		return 0;
	}
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, MQTTK_A_LISTENER_IPV6)) {
		NL_SET_ERR_MSG(extack, "an address is needed");
		return -EINVAL;
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = nla_get_in6_addr(v6);
	sin6->sin6_port = port;
	if (scope)
		sin6->sin6_scope_id = nla_get_s32(scope);
	return 0;
}

/* 0 if it is not given, or a prefix of identifiers. */
static int check_prefix(const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	if (!attr || mqttk_utf8_valid(nla_data(attr), strlen(nla_data(attr))))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "a prefix has to be UTF-8 without control characters");
	return -EINVAL;
}

static int check_terms(struct nlattr **tb, struct netlink_ext_ack *extack)
{
	struct nlattr *mount = tb[MQTTK_A_LISTENER_MOUNT_POINT];
	const char *fault = NULL;

	if (mount && *(char *)nla_data(mount))
		fault = mqttk_mount_point_fault(nla_data(mount),
						strlen(nla_data(mount)));
	if (fault) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, mount, "%s", fault);
		return -EINVAL;
	}
	return check_prefix(tb[MQTTK_A_LISTENER_CLIENT_ID_PREFIX], extack) ?:
	       check_prefix(tb[MQTTK_A_LISTENER_AUTO_ID_PREFIX], extack);
}

static void get_terms(struct nlattr **tb, struct mqttk_terms *t)
{
	struct nlattr *attr;

	attr = tb[MQTTK_A_LISTENER_NAME];
	if (attr)
		nla_strscpy(t->name, attr, sizeof(t->name));
	attr = tb[MQTTK_A_LISTENER_ANONYMOUS];
	if (attr)
		t->anonymous = nla_get_u8(attr);
	attr = tb[MQTTK_A_LISTENER_MAX_CONNECTIONS];
	if (attr)
		t->max_connections = nla_get_u32(attr);
	attr = tb[MQTTK_A_LISTENER_MAX_QOS];
	if (attr)
		t->max_qos = nla_get_u8(attr);
	attr = tb[MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID];
	if (attr)
		t->zero_length_id = nla_get_u8(attr);
	attr = tb[MQTTK_A_LISTENER_COALESCE_USECS];
	if (attr)
		t->coalesce_usecs = nla_get_u32(attr);
	attr = tb[MQTTK_A_LISTENER_CLIENT_ID_PREFIX];
	if (attr)
		nla_strscpy(t->client_id_prefix, attr,
			    sizeof(t->client_id_prefix));
	attr = tb[MQTTK_A_LISTENER_AUTO_ID_PREFIX];
	if (attr)
		nla_strscpy(t->auto_id_prefix, attr,
			    sizeof(t->auto_id_prefix));
}

/**
 * mqttk_nl_get_listener - what a request says of a listener
 * @mn: the broker
 * @tb: the attributes
 * @nest: what they are in, or NULL
 * @config: zeroed; filled. Its terms are a reference, unless there is an error
 * @extack: says what is wrong
 *
 * Return: 0; -EINVAL, -ENOBUFS over the budget or without memory
 */
int mqttk_nl_get_listener(struct mqttk_net *mn, struct nlattr **tb,
			  const struct nlattr *nest,
			  struct mqttk_listener_config *config,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *mount = tb[MQTTK_A_LISTENER_MOUNT_POINT];
	struct nlattr *attr = tb[MQTTK_A_LISTENER_BIND_IFINDEX];
	const char *mount_point = mount ? nla_data(mount) : "";
	int err;

	err = get_addr(tb, nest, &config->addr, extack) ?:
	      check_terms(tb, extack);
	if (err)
		return err;
	if (attr)
		config->bind_ifindex = nla_get_s32(attr);
	config->terms = mqttk_terms_alloc(&mn->limits, mount_point,
					  strlen(mount_point));
	if (!config->terms) {
		NL_SET_ERR_MSG(extack, "over client_memory");
		return -ENOBUFS;
	}
	get_terms(tb, config->terms);
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
	int err;

	err = mqttk_nl_get_listener(mn, info->attrs, NULL, &config,
				    info->extack);
	if (err)
		return err;
	err = mqttk_listener_add(mn, &config, info->extack);
	mqttk_terms_put(config.terms);
	if (err == -EEXIST)
		return mqttk_nl_blame(info,
				      info->attrs[MQTTK_A_LISTENER_NAME], err);
	if (err == -ENODEV)
		mqttk_nl_blame(info, info->attrs[MQTTK_A_LISTENER_BIND_IFINDEX],
			       err);
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

static int put_terms(struct sk_buff *skb, const struct mqttk_terms *t)
{
	struct nlattr *attr;

	if (nla_put_string(skb, MQTTK_A_LISTENER_NAME, t->name) ||
	    nla_put_u8(skb, MQTTK_A_LISTENER_ANONYMOUS, t->anonymous) ||
	    nla_put_u32(skb, MQTTK_A_LISTENER_MAX_CONNECTIONS,
			t->max_connections) ||
	    nla_put_u8(skb, MQTTK_A_LISTENER_MAX_QOS, t->max_qos) ||
	    nla_put_u8(skb, MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID,
		       t->zero_length_id) ||
	    nla_put_u32(skb, MQTTK_A_LISTENER_COALESCE_USECS,
			t->coalesce_usecs) ||
	    nla_put_string(skb, MQTTK_A_LISTENER_AUTO_ID_PREFIX,
			   t->auto_id_prefix))
		return -EMSGSIZE;
	if (t->client_id_prefix[0] &&
	    nla_put_string(skb, MQTTK_A_LISTENER_CLIENT_ID_PREFIX,
			   t->client_id_prefix))
		return -EMSGSIZE;
	if (!t->mount_len)
		return 0;
	attr = nla_reserve(skb, MQTTK_A_LISTENER_MOUNT_POINT,
			   t->mount_len + 1);
	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), t->mount_point, t->mount_len);
	((u8 *)nla_data(attr))[t->mount_len] = 0;
	return 0;
}

static int put_listener(struct sk_buff *skb, struct mqttk_listener *ln)
{
	lockdep_assert_held(&ln->mn->ctl_mutex);
	if (put_terms(skb, mqttk_listener_terms(ln)) ||
	    mqttk_nl_put_addr(skb, &ln->addr, &listener_addr) ||
	    nla_put_u32(skb, MQTTK_A_LISTENER_CONNECTIONS,
			atomic_read(&ln->nr_conns)) ||
	    nla_put_uint(skb, MQTTK_A_LISTENER_ACCEPTED,
			 (unsigned long)atomic_long_read(&ln->accepted)) ||
	    nla_put_uint(skb, MQTTK_A_LISTENER_REFUSED,
			 (unsigned long)atomic_long_read(&ln->refused)))
		return -EMSGSIZE;
	if (ln->bind_ifindex &&
	    nla_put_s32(skb, MQTTK_A_LISTENER_BIND_IFINDEX, ln->bind_ifindex))
		return -EMSGSIZE;
	return 0;
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
	ln = mqttk_listener_find(mn, nla_data(name));
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
