// SPDX-License-Identifier: GPL-2.0
/*
 * The broker of a network namespace: it comes with the namespace and goes with
 * it, at any moment.
 */
#include <kunit/visibility.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/netns/generic.h>

#include "access.h"
#include "conn.h"
#include "dev.h"
#include "listener.h"
#include "msg.h"
#include "net.h"
#include "session.h"

static bool userns;
module_param(userns, bool, 0444);
MODULE_PARM_DESC(userns, "Allow network namespaces of other user namespaces than the initial one");

static unsigned int mqttk_net_id __read_mostly;

/**
 * mqttk_net - the broker of a network namespace
 * @net: the namespace
 *
 * Return: its broker, alive as long as the namespace
 */
struct mqttk_net *mqttk_net(const struct net *net)
{
	return net_generic(net, mqttk_net_id);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_net);

/**
 * mqttk_net_is_initial - does a netns belong to the initial user namespace?
 * @net: the namespace
 *
 * Return: true if it does
 */
bool mqttk_net_is_initial(const struct net *net)
{
	return net->user_ns == &init_user_ns;
}

/**
 * mqttk_net_allowed - may mqttk be used in a netns at all?
 * @net: the namespace
 * @extack: says why not, or NULL
 *
 * Anybody can make a user namespace and be root in it, so that only counts if
 * the machine's administrator said so.
 *
 * Return: true if it may
 */
bool mqttk_net_allowed(const struct net *net, struct netlink_ext_ack *extack)
{
	if (userns || mqttk_net_is_initial(net))
		return true;
	NL_SET_ERR_MSG(extack, "not in a user namespace: module parameter userns=1 allows it");
	return false;
}

/**
 * mqttk_stat_sum - read a counter
 * @mn: the broker
 * @stat: which
 *
 * On 32-bit machines a value may be torn while it passes 2^32.
 *
 * Return: its sum over all CPUs
 */
u64 mqttk_stat_sum(const struct mqttk_net *mn, enum mqttk_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(mn->stats, cpu)->value[stat]);
	return sum;
}

/**
 * mqttk_net_reset - back to how it was just after loading
 * @mn: the broker
 *
 * Open /dev/mqtt files stay.
 *
 * Context: process; takes mn->ctl_mutex; sleeps until every client is gone.
 * Return: 0
 */
int mqttk_net_reset(struct mqttk_net *mn)
{
	mutex_lock(&mn->ctl_mutex);
	mqttk_listener_del_all(mn);
	mqttk_conns_abort(mn);
	mqttk_sessions_end(mn);
	mqttk_sys_stop(mn);
	mqttk_retain_clear(&mn->retained, NULL, 0);
	mqttk_access_set(mn, NULL);
	mqttk_limits_reset(&mn->limits, mqttk_net_is_initial(mn->net));
	/* For files that are still open. */
	mqttk_sys_start(mn);
	mutex_unlock(&mn->ctl_mutex);
	return 0;
}

static int __net_init net_init(struct net *net)
{
	struct mqttk_net *mn = mqttk_net(net);
	int err;

	mn->net = net;
	mutex_init(&mn->ctl_mutex);
	mutex_init(&mn->sub_mutex);
	INIT_LIST_HEAD(&mn->listeners);
	mn->listeners_seq = 1;
	mn->acl_seq = 1;
	INIT_LIST_HEAD(&mn->conns);
	spin_lock_init(&mn->conns_lock);
	init_waitqueue_head(&mn->wait);
	mqttk_dev_net_init(mn);
	mqttk_clock_init(&mn->clock);
	mqttk_sys_init(mn);

	mn->stats = alloc_percpu_gfp(struct mqttk_stats, GFP_KERNEL_ACCOUNT);
	if (!mn->stats)
		return -ENOMEM;
	err = mqttk_limits_init(&mn->limits, mqttk_net_is_initial(net));
	if (err)
		goto free_stats;
	mn->limits.net = net;
	err = mqttk_index_init(&mn->index, &mn->limits, &mn->sub_mutex);
	if (err)
		goto exit_limits;
	err = mqttk_retained_init(&mn->retained, &mn->limits, &mn->clock);
	if (err)
		goto exit_index;
	err = mqttk_sessions_init(mn);
	if (err)
		goto exit_retained;
	return 0;

exit_retained:
	mqttk_retained_exit(&mn->retained);
exit_index:
	mqttk_index_exit(&mn->index);
exit_limits:
	mqttk_limits_exit(&mn->limits);
free_stats:
	free_percpu(mn->stats);
	return err;
}

/*
 * The namespace goes, or the module. In this order: nobody opens anything any
 * more; listeners, then connections, then files let go of their sessions; when
 * the last session is freed nothing can be queued.
 */
static void __net_exit net_pre_exit(struct net *net)
{
	struct mqttk_net *mn = mqttk_net(net);

	mutex_lock(&mn->ctl_mutex);
	mutex_lock(&mn->sub_mutex);
	mn->dying = true;
	mutex_unlock(&mn->sub_mutex);
	mqttk_listener_del_all(mn);
	mutex_unlock(&mn->ctl_mutex);

	mqttk_sys_stop(mn);
	mqttk_conns_abort(mn);
	mqttk_sessions_end(mn);
	mqttk_dev_net_exit(mn);
	wait_event(mn->wait, !atomic_read(&mn->nr_objects));
}

/*
 * Whoever counted down to 0 above may not have got as far as waking us, but
 * there was a grace period since, for all namespaces that go together. The rest
 * is ours alone.
 */
static void __net_exit net_exit(struct net *net)
{
	struct mqttk_net *mn = mqttk_net(net);

	mqttk_sessions_exit(mn);
	mqttk_retained_exit(&mn->retained);
	/* What was due when it was canceled may be under way until here. */
	mqttk_clock_exit(&mn->clock);
	mqttk_index_exit(&mn->index);
	mqttk_msg_flush();
	mqttk_access_set(mn, NULL);
	mqttk_limits_exit(&mn->limits);
	free_percpu(mn->stats);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &mqttk_net_id,
	.size = sizeof(struct mqttk_net),
};

/**
 * mqttk_net_module_init - a broker for every netns, there is and will be
 * Return: 0 or -ENOMEM
 */
int __init mqttk_net_module_init(void)
{
	int err = mqttk_sessions_module_init();

	if (err)
		return err;
	err = register_pernet_subsys(&net_ops);
	if (err)
		mqttk_sessions_module_exit();
	return err;
}

/**
 * mqttk_net_module_exit - all of them end
 */
void mqttk_net_module_exit(void)
{
	unregister_pernet_subsys(&net_ops);
	/* A socket's callback may still be on its way out of our text. */
	synchronize_rcu();
	mqttk_sessions_module_exit();
}
