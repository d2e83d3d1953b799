// SPDX-License-Identifier: GPL-2.0
/*
 * Access: whether the list in force lets a client do something.
 *
 * The list is read under RCU where something happens, never remembered: so a
 * new one holds at once, for those who are connected as well.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "access.h"
#include "limits.h"
#include "net.h"
#include "session.h"

static size_t user_size(u16 len)
{
	return struct_size_t(struct mqttk_user, name, len);
}

/**
 * mqttk_user_alloc - a user name to be a session's
 * @limits: whose budget it is charged to
 * @name: the name; may be empty
 *
 * Context: process; may sleep.
 * Return: with a reference; NULL over the budget
 *	or without memory
 */
struct mqttk_user *mqttk_user_alloc(struct mqttk_limits *limits,
				    const struct mqttk_str *name)
{
	struct mqttk_user *user;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, user_size(name->len)))
		return NULL;
	user = kmalloc(user_size(name->len), GFP_KERNEL_ACCOUNT |
		       __GFP_NORETRY | __GFP_NOWARN);
	if (!user) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT,
			       user_size(name->len));
		return NULL;
	}
	refcount_set(&user->ref, 1);
	user->limits = limits;
	user->len = name->len;
	memcpy(user->name, name->p, name->len);
	return user;
}

/**
 * mqttk_user_put - drop a reference
 * @user: the user name, or NULL; readers under RCU may still see it
 *
 * Context: any but hard interrupts.
 */
void mqttk_user_put(struct mqttk_user *user)
{
	if (!user || !refcount_dec_and_test(&user->ref))
		return;
	mqttk_uncharge(user->limits, MQTTK_BUDGET_CLIENT,
		       user_size(user->len));
	kfree_rcu(user, rcu);
}

static struct mqttk_who who_is(const struct mqttk_session *s,
			       const struct mqttk_user *user)
{
	struct mqttk_who who = { .id = { s->id, s->id_len } };

	if (user)
		who.user = (struct mqttk_str){ user->name, user->len };
	return who;
}

/**
 * mqttk_access_permits - does a list let a session's client do something?
 * @acl: the list, under RCU
 * @s: the session; who opened /dev/mqtt may do anything
 * @access: MQTTK_ACL_READ or MQTTK_ACL_WRITE
 * @topic: a valid topic name, mount point and all
 * @len: its length
 *
 * Context: any.
 * Return: true if it does
 */
bool mqttk_access_permits(const struct mqttk_acl *acl,
			  const struct mqttk_session *s, u8 access,
			  const u8 *topic, u16 len)
{
	struct mqttk_who who;

	if (s->hidden)
		return true;
	who = who_is(s, rcu_dereference(s->user));
	return mqttk_acl_permits(acl, &who, access, topic, len);
}

/**
 * mqttk_access_may - may a session's client do something?
 * @mn: the broker
 * @s: as for mqttk_access_permits()
 * @access: likewise
 * @topic: likewise
 * @len: its length
 *
 * Context: any but hard interrupts.
 * Return: true if it may, or there is no list
 */
bool mqttk_access_may(const struct mqttk_net *mn, const struct mqttk_session *s,
		      u8 access, const u8 *topic, u16 len)
{
	const struct mqttk_acl *acl;
	bool may = true;

	if (likely(!rcu_access_pointer(mn->acl)))
		return true;
	rcu_read_lock();
	acl = rcu_dereference(mn->acl);
	if (acl)
		may = mqttk_access_permits(acl, s, access, topic, len);
	rcu_read_unlock();
	return may;
}

/**
 * mqttk_access_may_who - may somebody who has no session yet do something?
 * @mn: the broker
 * @who: who it is
 * @access: as for mqttk_access_permits()
 * @topic: likewise
 * @len: its length
 *
 * Context: any but hard interrupts.
 * Return: true if it may, or there is no list
 */
bool mqttk_access_may_who(const struct mqttk_net *mn,
			  const struct mqttk_who *who, u8 access,
			  const u8 *topic, u16 len)
{
	const struct mqttk_acl *acl;
	bool may;

	rcu_read_lock();
	acl = rcu_dereference(mn->acl);
	may = !acl || mqttk_acl_permits(acl, who, access, topic, len);
	rcu_read_unlock();
	return may;
}

/**
 * mqttk_access_may_subscribe - may a session's client subscribe?
 * @mn: the broker
 * @s: the session, with a reference; its endpoint's own
 * @filter: as for mqttk_acl_permits_filter(), mount point and all
 *
 * Context: process; may sleep, yields.
 * Return: 0 if it may, or there is no list; -EACCES; -ENOMEM
 */
int mqttk_access_may_subscribe(const struct mqttk_net *mn,
			       const struct mqttk_session *s,
			       const struct mqttk_str *filter)
{
	struct mqttk_user *user;
	struct mqttk_acl *acl;
	struct mqttk_who who;
	bool gone;
	int err = 0;

	if (likely(!rcu_access_pointer(mn->acl)))
		return 0;
	rcu_read_lock();
	acl = mqttk_acl_get(rcu_dereference(mn->acl));
	user = rcu_dereference(s->user);
	/* Who has taken the session over came by another name. */
	gone = user && !refcount_inc_not_zero(&user->ref);
	rcu_read_unlock();
	if (gone) {
		err = -EACCES;
	} else {
		who = who_is(s, user);
		if (acl)
			err = mqttk_acl_permits_filter(acl, &who, filter);
		mqttk_user_put(user);
	}
	mqttk_acl_put(acl);
	return err;
}

/**
 * mqttk_access_set - from now on this list is in force
 * @mn: the broker
 * @acl: the list, whose reference is given away; NULL: none: everything is
 *	permitted
 *
 * Subscriptions stay: what they bring is judged message by message.
 *
 * Context: process, under mn->ctl_mutex; or nobody uses the broker any more.
 */
void mqttk_access_set(struct mqttk_net *mn, struct mqttk_acl *acl)
{
	mqttk_acl_put(rcu_replace_pointer(mn->acl, acl, true));
	if (!++mn->acl_seq)
		mn->acl_seq = 1;
}
