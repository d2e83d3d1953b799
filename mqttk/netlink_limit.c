// SPDX-License-Identifier: GPL-2.0
/*
 * Limits, totals and reset by netlink.
 */
#include <linux/capability.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "limits.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"

/* Ceilings are the initial user namespace's administrator's to pass. */
static bool is_init_admin(const struct sk_buff *request)
{
	return netlink_capable(request, CAP_NET_ADMIN);
}

static int put_limit(struct sk_buff *skb, struct mqttk_net *mn,
		     enum mqttk_limit key, bool init_admin)
{
	const struct mqttk_limit_desc *d = &mqttk_limit_desc[key];
	bool initial = mqttk_net_is_initial(mn->net);
	struct mqttk_limits *l = &mn->limits;
	int budget = key - MQTTK_LIMIT_HANDSHAKE_MEMORY;

	/* The memory limits are the last ones, in the order of the budgets. */
	BUILD_BUG_ON(MQTTK_LIMIT_NR - MQTTK_LIMIT_HANDSHAKE_MEMORY !=
		     MQTTK_BUDGET_NR);
	BUILD_BUG_ON(MQTTK_LIMIT_RETAINED_MEMORY -
		     MQTTK_LIMIT_HANDSHAKE_MEMORY != MQTTK_BUDGET_RETAINED);

	if (nla_put_string(skb, MQTTK_A_LIMIT_NAME, d->name) ||
	    nla_put_string(skb, MQTTK_A_LIMIT_UNIT, d->unit) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_VALUE, mqttk_limit(l, key)) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_MINIMUM, d->min) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_MAXIMUM,
			 init_admin ? d->max : d->userns_max) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_DEFAULT,
			 initial ? d->def : min(d->def, d->userns_max)))
		return -EMSGSIZE;
	if (budget < 0)
		return 0;
	if (nla_put_uint(skb, MQTTK_A_LIMIT_USED,
			 percpu_counter_sum_positive(&l->used[budget])) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_OVERFLOWS,
			 (unsigned long)atomic_long_read(&l->overflow[budget])))
		return -EMSGSIZE;
	return 0;
}

/* The limit a request names, or an error. */
static int find_limit(struct genl_info *info)
{
	struct nlattr *name = info->attrs[MQTTK_A_LIMIT_NAME];
	int key;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LIMIT_NAME)) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	for (key = 0; key < MQTTK_LIMIT_NR; key++)
		if (!strcmp(mqttk_limit_desc[key].name, nla_data(name)))
			return key;
	NL_SET_ERR_MSG_ATTR(info->extack, name, "no such limit");
	return -ENOENT;
}

/**
 * mqttk_nl_limit_get_doit - show one limit
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_limit_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];
	int key = find_limit(info);
	struct sk_buff *reply;
	void *hdr;

	if (key < 0)
		return key;
	reply = mqttk_nl_begin_reply(info, 0, &hdr);
	if (!reply)
		return -ENOMEM;
	return mqttk_nl_end_reply(reply, hdr, info,
				  put_limit(reply, mn, key, is_init_admin(skb)));
}

/**
 * mqttk_nl_limit_get_dumpit - show all limits
 * @skb: to fill
 * @cb: where the dump is: args[0] limits were shown
 *
 * Return: 0 or an error
 */
int mqttk_nl_limit_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool init_admin = is_init_admin(cb->skb);
	struct mqttk_net *mn = mqttk_nl_dump_net(cb);
	void *hdr;

	for (; cb->args[0] < MQTTK_LIMIT_NR; cb->args[0]++) {
		hdr = genlmsg_iput(skb, genl_info_dump(cb));
		if (!hdr)
			return -EMSGSIZE;
		if (put_limit(skb, mn, cb->args[0], init_admin)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
	}
	return 0;
}

/**
 * mqttk_nl_limit_set_doit - set a limit
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_limit_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *value = info->attrs[MQTTK_A_LIMIT_VALUE];
	struct mqttk_net *mn = info->user_ptr[0];
	bool init_admin = is_init_admin(skb);
	const struct mqttk_limit_desc *d;
	int key = find_limit(info);
	int err;

	if (key < 0)
		return key;
	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LIMIT_VALUE)) {
		NL_SET_ERR_MSG(info->extack, "a value is needed");
		return -EINVAL;
	}
	mutex_lock(&mn->ctl_mutex);
	err = mqttk_limit_set(&mn->limits, key, nla_get_uint(value),
			      init_admin);
	mutex_unlock(&mn->ctl_mutex);
	if (!err && key == MQTTK_LIMIT_SYS_INTERVAL)
		mqttk_sys_refresh(mn);
	d = &mqttk_limit_desc[key];
	if (err == -ERANGE)
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, value,
					"the value must be %lu to %lu", d->min,
					init_admin ? d->max : d->userns_max);
	return mqttk_nl_blame(info, value, err);
}

static int put_counters(struct sk_buff *skb, const struct mqttk_net *mn)
{
	struct nlattr *nest = nla_nest_start(skb, MQTTK_A_STATS_COUNTERS);
	int i;

	/* enum mqttk_stat and the attributes are the same list. */
	BUILD_BUG_ON(MQTTK_STAT_NR - (int)MQTTK_A_COUNTERS_MAX);
	BUILD_BUG_ON(MQTTK_STAT_BYTES_RECEIVED -
		     (int)MQTTK_A_COUNTERS_BYTES_RECEIVED + 1);
	BUILD_BUG_ON(MQTTK_STAT_WILLS_SENT -
		     (int)MQTTK_A_COUNTERS_WILLS_SENT + 1);
	BUILD_BUG_ON(MQTTK_STAT_SESSIONS_EXPIRED -
		     (int)MQTTK_A_COUNTERS_SESSIONS_EXPIRED + 1);
	BUILD_BUG_ON(MQTTK_STAT_PUBLISH_BYTES_SENT -
		     (int)MQTTK_A_COUNTERS_PUBLISH_BYTES_SENT + 1);

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < MQTTK_STAT_NR; i++)
		if (nla_put_uint(skb, i + 1, mqttk_stat_sum(mn, i)))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_stats(struct sk_buff *skb, struct mqttk_net *mn)
{
	if (put_counters(skb, mn) ||
	    nla_put_u32(skb, MQTTK_A_STATS_CONNECTIONS,
			READ_ONCE(mn->nr_conns)) ||
	    nla_put_u32(skb, MQTTK_A_STATS_SESSIONS,
			atomic_read(&mn->sessions.nelems)) ||
	    nla_put_u32(skb, MQTTK_A_STATS_FILTERS,
			READ_ONCE(mn->index.nr_filters)) ||
	    nla_put_u32(skb, MQTTK_A_STATS_SUBSCRIPTIONS,
			READ_ONCE(mn->index.nr_subs)) ||
	    nla_put_uint(skb, MQTTK_A_STATS_RETAINED_MESSAGES,
			 READ_ONCE(mn->retained.count)) ||
	    nla_put_uint(skb, MQTTK_A_STATS_RETAINED_BYTES,
			 READ_ONCE(mn->retained.bytes)))
		return -EMSGSIZE;
	return 0;
}

/**
 * mqttk_nl_stats_get_doit - show the totals
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];
	struct sk_buff *reply;
	void *hdr;

	reply = mqttk_nl_begin_reply(info, 0, &hdr);
	if (!reply)
		return -ENOMEM;
	return mqttk_nl_end_reply(reply, hdr, info, put_stats(reply, mn));
}

/**
 * mqttk_nl_reset_doit - back to the state just after loading
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];

	return mqttk_net_reset(mn);
}
