// SPDX-License-Identifier: GPL-2.0
/*
 * The access control list by netlink.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <net/genetlink.h>

#include "access.h"
#include "acl.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"

static struct mqttk_str str_of(const struct nlattr *attr)
{
	struct mqttk_str s = {};

	if (attr) {
		s.p = nla_data(attr);
		s.len = strnlen(nla_data(attr), nla_len(attr));
	}
	return s;
}

static const char *fault_of(struct nlattr **tb, struct mqttk_acl_rule *rule)
{
	bool of_user;

	if (!tb[MQTTK_A_RULE_WHOM] || !tb[MQTTK_A_RULE_ACCESS] ||
	    !tb[MQTTK_A_RULE_FILTER])
		return "a rule says for whom, what and where";
	rule->whom = nla_get_u32(tb[MQTTK_A_RULE_WHOM]);
	rule->access = nla_get_u32(tb[MQTTK_A_RULE_ACCESS]);
	rule->user = str_of(tb[MQTTK_A_RULE_USER]);
	rule->filter = str_of(tb[MQTTK_A_RULE_FILTER]);
	of_user = rule->whom == MQTTK_ACL_USER;
	if (of_user != !!rule->user.p)
		return "a user name is for the rules of a user";
	return mqttk_acl_fault(rule);
}

static int read_rule(const struct nlattr *nest, struct mqttk_acl_rule *rule,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MQTTK_A_RULE_MAX + 1];
	const char *fault;
	int err;

	err = nla_parse_nested(tb, MQTTK_A_RULE_MAX, nest, mqttk_rule_nl_policy,
			       extack);
	if (err)
		return err;
	fault = fault_of(tb, rule);
	if (!fault)
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(extack, nest, "%s", fault);
	return -EINVAL;
}

/**
 * struct rules - the rules in a request
 * @info: the request
 * @type: the attribute that each of them is
 * @extack: where to complain
 */
struct rules {
	struct genl_info *info;
	int type;
	struct netlink_ext_ack *extack;
};

/* What there is to keep, without a look at it. */
static int count_rules(const struct rules *r, u32 *nr, size_t *text)
{
	const struct nlattr *attr;
	int rem;

	*nr = 0;
	*text = 0;
	nla_for_each_attr(attr, genlmsg_data(r->info->genlhdr),
			  genlmsg_len(r->info->genlhdr), rem) {
		if (nla_type(attr) != r->type)
			continue;
		*text += nla_len(attr);
		if (++*nr > MQTTK_RULES_MAX || *text > MQTTK_ACL_TEXT_MAX) {
			NL_SET_ERR_MSG_ATTR(r->extack, attr, "too many rules");
			return -E2BIG;
		}
	}
	return 0;
}

static int add_rules(const struct rules *r, struct mqttk_acl *acl)
{
	struct mqttk_acl_rule rule;
	const struct nlattr *attr;
	int rem, err;

	nla_for_each_attr(attr, genlmsg_data(r->info->genlhdr),
			  genlmsg_len(r->info->genlhdr), rem) {
		if (nla_type(attr) != r->type)
			continue;
		err = read_rule(attr, &rule, r->extack);
		if (err)
			return err;
		err = mqttk_acl_add(acl, &rule);
		if (err) {
			NL_SET_ERR_MSG_ATTR(r->extack, attr,
					    "too many rules begin alike");
			return err;
		}
		cond_resched();
	}
	return 0;
}

/**
 * mqttk_nl_get_acl - the access control list in a request
 * @info: the request
 * @enforced: the attribute that says that there is one, or NULL
 * @source: where it was read from, or NULL
 * @rule_type: the attribute that each rule is
 *
 * Context: process; may sleep, yields.
 * Return: the list, with a reference; NULL if there is to be none; or an error,
 *	which was told
 */
struct mqttk_acl *mqttk_nl_get_acl(struct genl_info *info,
				   const struct nlattr *enforced,
				   const struct nlattr *source, int rule_type)
{
	const struct rules r = { info, rule_type, info->extack };
	struct mqttk_net *mn = info->user_ptr[0];
	const struct mqttk_str from = str_of(source);
	struct mqttk_acl *acl;
	size_t text;
	u32 nr;
	int err;

	err = count_rules(&r, &nr, &text);
	if (err)
		return ERR_PTR(err);
	if (!enforced && (nr || source)) {
		NL_SET_ERR_MSG(info->extack, "rules of a list that is none");
		return ERR_PTR(-EINVAL);
	}
	if (!enforced)
		return NULL;
	acl = mqttk_acl_alloc(&mn->limits, nr, text, &from);
	if (!acl) {
		NL_SET_ERR_MSG(info->extack,
			       "the list needs more than is left of client_memory");
		return ERR_PTR(-ENOBUFS);
	}
	err = add_rules(&r, acl);
	if (!err)
		return acl;
	mqttk_acl_put(acl);
	return ERR_PTR(err);
}

/**
 * mqttk_nl_acl_set_doit - put a list into force, or none
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_acl_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];
	struct mqttk_acl *acl;

	acl = mqttk_nl_get_acl(info, info->attrs[MQTTK_A_ACL_ENFORCED],
			       info->attrs[MQTTK_A_ACL_SOURCE],
			       MQTTK_A_ACL_RULE);
	if (IS_ERR(acl))
		return PTR_ERR(acl);
	mutex_lock(&mn->ctl_mutex);
	if (mn->dying) {
		mutex_unlock(&mn->ctl_mutex);
		mqttk_acl_put(acl);
		return -ENODEV;
	}
	mqttk_access_set(mn, acl);
	mutex_unlock(&mn->ctl_mutex);
	return 0;
}

static int put_str(struct sk_buff *skb, int type, const struct mqttk_str *s)
{
	struct nlattr *attr = nla_reserve(skb, type, s->len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), s->p, s->len);
	((u8 *)nla_data(attr))[s->len] = 0;
	return 0;
}

static int put_acl(struct sk_buff *skb, const struct mqttk_acl *acl)
{
	struct mqttk_str source;

	if (!acl)
		return 0;
	source = mqttk_acl_source(acl);
	if (nla_put_flag(skb, MQTTK_A_ACL_ENFORCED) ||
	    nla_put_u32(skb, MQTTK_A_ACL_RULES, mqttk_acl_rules(acl)))
		return -EMSGSIZE;
	return source.len ? put_str(skb, MQTTK_A_ACL_SOURCE, &source) : 0;
}

/* The list in force. Under ctl_mutex it stays. */
static const struct mqttk_acl *acl_of(const struct mqttk_net *mn)
{
	return rcu_dereference_protected(mn->acl,
					 lockdep_is_held(&mn->ctl_mutex));
}

/**
 * mqttk_nl_acl_get_doit - say whether there is a list
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_acl_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = mqttk_nl_begin_reply(info, 2 * MQTTK_RULE_FILTER_MAX, &hdr);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&mn->ctl_mutex);
	err = put_acl(reply, acl_of(mn));
	mutex_unlock(&mn->ctl_mutex);
	return mqttk_nl_end_reply(reply, hdr, info, err);
}

static int put_rule(struct sk_buff *skb, const struct mqttk_acl *acl, u32 i)
{
	struct mqttk_acl_rule rule;
	struct nlattr *nest;

	mqttk_acl_rule(acl, i, &rule);
	nest = nla_nest_start(skb, MQTTK_A_ACL_RULE);
	if (!nest ||
	    nla_put_u32(skb, MQTTK_A_RULE_WHOM, rule.whom) ||
	    nla_put_u32(skb, MQTTK_A_RULE_ACCESS, rule.access) ||
	    (rule.whom == MQTTK_ACL_USER &&
	     put_str(skb, MQTTK_A_RULE_USER, &rule.user)) ||
	    put_str(skb, MQTTK_A_RULE_FILTER, &rule.filter))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dump_rule(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct mqttk_acl *acl, u32 i)
{
	void *hdr = genlmsg_iput(skb, genl_info_dump(cb));

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_rule(skb, acl, i)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * mqttk_nl_acl_get_dumpit - show all rules
 * @skb: to fill
 * @cb: where the dump is: args[0] rules were shown
 *
 * Return: 0 or an error
 */
int mqttk_nl_acl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mqttk_net *mn = mqttk_nl_dump_net(cb);
	const struct mqttk_acl *acl;
	int err = 0;

	mutex_lock(&mn->ctl_mutex);
	cb->seq = mn->acl_seq;
	acl = acl_of(mn);
	while (acl && cb->args[0] < mqttk_acl_rules(acl)) {
		err = dump_rule(skb, cb, acl, cb->args[0]);
		if (err)
			break;
		cb->args[0]++;
	}
	mutex_unlock(&mn->ctl_mutex);
	return err;
}
