// SPDX-License-Identifier: GPL-2.0
/*
 * The whole configuration by netlink, at once or not.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "acl.h"
#include "config.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"

/**
 * struct wishes - a request while it is read
 * @mn: the broker
 * @extack: where to complain
 * @config: what was read so far
 * @nests: the attributes of its listeners
 * @init_admin: whoever asks may pass the lower ceilings
 * @named: the limits that were named
 */
struct wishes {
	struct mqttk_net *mn;
	struct netlink_ext_ack *extack;
	struct mqttk_config config;
	const struct nlattr *nests[MQTTK_LISTENERS_MAX];
	bool init_admin;
	DECLARE_BITMAP(named, MQTTK_LIMIT_NR);
};

/* Puts before a complaint what it is about; the two fit into an extack. */
static void tell_of(struct netlink_ext_ack *extack, const char *name)
{
	char why[55];

	strscpy(why, extack->_msg ?: "no memory");
	NL_SET_ERR_MSG_FMT(extack, "%.22s: %s", name, why);
}

static int read_listener(struct wishes *w, const struct nlattr *nest)
{
	/* However many attributes there will be. */
	struct nlattr *tb[ARRAY_SIZE(mqttk_config_listener_nl_policy)];
	struct mqttk_config *c = &w->config;
	struct mqttk_listener_config *lc;
	int err;

	if (c->nr == MQTTK_LISTENERS_MAX) {
		NL_SET_ERR_MSG_ATTR(w->extack, nest, "too many listeners");
		return -ENOSPC;
	}
	err = nla_parse_nested(tb, ARRAY_SIZE(tb) - 1, nest,
			       mqttk_config_listener_nl_policy, w->extack);
	if (err)
		return err;
	lc = &c->listeners[c->nr].config;
	err = mqttk_nl_get_listener(w->mn, tb, nest, lc, w->extack);
	if (err) {
		if (!w->extack->bad_attr)
			NL_SET_BAD_ATTR(w->extack, nest);
		return err;
	}
	w->nests[c->nr++] = nest;
	/* It would be another one each time. */
	if (!nla_get_be16(tb[MQTTK_A_LISTENER_PORT])) {
		NL_SET_ERR_MSG_ATTR(w->extack, tb[MQTTK_A_LISTENER_PORT],
				    "a configuration has no port 0");
		return -EINVAL;
	}
	return 0;
}

static int read_limit(struct wishes *w, const struct nlattr *nest)
{
	struct nlattr *tb[MQTTK_A_LIMIT_VALUE + 1];
	const struct mqttk_limit_desc *d;
	struct nlattr *name, *value;
	int key, err;

	err = nla_parse_nested(tb, ARRAY_SIZE(tb) - 1, nest,
			       mqttk_config_limit_nl_policy, w->extack);
	if (err)
		return err;
	name = tb[MQTTK_A_LIMIT_NAME];
	value = tb[MQTTK_A_LIMIT_VALUE];
	if (NL_REQ_ATTR_CHECK(w->extack, nest, tb, MQTTK_A_LIMIT_NAME) ||
	    NL_REQ_ATTR_CHECK(w->extack, nest, tb, MQTTK_A_LIMIT_VALUE)) {
		NL_SET_ERR_MSG_ATTR(w->extack, nest,
				    "a limit needs a name and a value");
		return -EINVAL;
	}
	key = mqttk_limit_find(nla_data(name));
	if (key < 0) {
		NL_SET_ERR_MSG_ATTR(w->extack, name, "no such limit");
		tell_of(w->extack, nla_data(name));
		return key;
	}
	if (__test_and_set_bit(key, w->named)) {
		NL_SET_ERR_MSG_ATTR(w->extack, name, "named twice");
		tell_of(w->extack, nla_data(name));
		return -EEXIST;
	}
	if (!mqttk_limit_permits(key, nla_get_uint(value), w->init_admin)) {
		d = &mqttk_limit_desc[key];
		NL_SET_ERR_MSG_ATTR_FMT(w->extack, value,
					"the value must be %lu to %lu", d->min,
					w->init_admin ? d->max : d->userns_max);
		tell_of(w->extack, d->name);
		return -ERANGE;
	}
	w->config.limits[key] = nla_get_uint(value);
	return 0;
}

static int read_all(struct wishes *w, struct genl_info *info)
{
	bool initial = mqttk_net_is_initial(w->mn->net);
	const struct nlattr *attr;
	struct mqttk_acl *acl;
	int key, rem, err = 0;

	for (key = 0; key < MQTTK_LIMIT_NR; key++)
		w->config.limits[key] = mqttk_limit_default(key, initial);
	nla_for_each_attr(attr, genlmsg_data(info->genlhdr),
			  genlmsg_len(info->genlhdr), rem) {
		switch (nla_type(attr)) {
		case MQTTK_A_CONFIG_LISTENER:
			err = read_listener(w, attr);
			break;
		case MQTTK_A_CONFIG_LIMIT:
			err = read_limit(w, attr);
			break;
		}
		if (err)
			return err;
	}
	w->config.check = info->attrs[MQTTK_A_CONFIG_CHECK];
	acl = mqttk_nl_get_acl(info, info->attrs[MQTTK_A_CONFIG_ACL_ENFORCED],
			       info->attrs[MQTTK_A_CONFIG_ACL_SOURCE],
			       MQTTK_A_CONFIG_RULE);
	if (IS_ERR(acl))
		return PTR_ERR(acl);
	w->config.acl = acl;
	return 0;
}

static int attr_at_fault(int err)
{
	switch (err) {
	case -EEXIST:
		return MQTTK_A_LISTENER_NAME;
	case -ENODEV:
		return MQTTK_A_LISTENER_BIND_IFINDEX;
	default:
		return MQTTK_A_LISTENER_PORT;
	}
}

/* Which attribute of which listener is at fault? */
static void blame_listener(struct wishes *w, int err)
{
	const struct mqttk_config *c = &w->config;
	const struct nlattr *nest, *attr;

	if (c->bad < 0)
		return;
	nest = w->nests[c->bad];
	attr = nla_find_nested(nest, attr_at_fault(err));
	NL_SET_BAD_ATTR(w->extack, attr ?: nest);
	tell_of(w->extack, c->listeners[c->bad].config.terms->name);
}

static unsigned int count_listeners(struct genl_info *info)
{
	const struct nlattr *attr;
	unsigned int n = 0;
	int rem;

	nla_for_each_attr(attr, genlmsg_data(info->genlhdr),
			  genlmsg_len(info->genlhdr), rem)
		n += nla_type(attr) == MQTTK_A_CONFIG_LISTENER;
	return min(n, MQTTK_LISTENERS_MAX);
}

static int set_config(struct wishes *w, struct genl_info *info)
{
	struct mqttk_config *c = &w->config;
	unsigned int n = count_listeners(info);
	int err;

	/* One more, so that none at all is memory, too. */
	c->listeners = kvcalloc(n + 1, sizeof(*c->listeners),
				GFP_KERNEL_ACCOUNT);
	if (!c->listeners)
		return -ENOMEM;
	err = read_all(w, info);
	if (!err) {
		err = mqttk_config_apply(w->mn, c, w->extack);
		if (err)
			blame_listener(w, err);
	}
	while (c->nr)
		mqttk_terms_put(c->listeners[--c->nr].config.terms);
	mqttk_acl_put(c->acl);
	kvfree(c->listeners);
	return err;
}

/**
 * mqttk_nl_config_set_doit - make the broker what it shall be
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct wishes *w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);
	int err;

	if (!w)
		return -ENOMEM;
	w->mn = info->user_ptr[0];
	w->extack = info->extack;
	w->init_admin = netlink_capable(skb, CAP_NET_ADMIN);
	err = set_config(w, info);
	kfree(w);
	return err;
}
