// SPDX-License-Identifier: GPL-2.0
/*
 * The module: its rooms come up from the bottom and go down from the top.
 */
#include <linux/module.h>

#include "conn.h"
#include "deadline.h"
#include "debugfs.h"
#include "dev.h"
#include "limits.h"
#include "listener.h"
#include "msg.h"
#include "net.h"
#include "netlink.h"
#include "queue.h"
#include "terms.h"
#include "version.h"

static char *listen;
module_param(listen, charp, 0444);
MODULE_PARM_DESC(listen, "ADDR:PORT of an anonymous listener in the initial network namespace, for a first try");

static int __init listen_init(void)
{
	struct mqttk_listener_config config = { };
	int err;

	if (!listen)
		return 0;
	config.terms = mqttk_terms_alloc(&mqttk_net(&init_net)->limits, NULL,
					 0);
	if (!config.terms)
		return -ENOMEM;
	config.terms->anonymous = true;
	err = mqttk_listener_parse(&init_net, listen, &config);
	if (!err)
		err = mqttk_listener_add(mqttk_net(&init_net), &config, NULL);
	mqttk_terms_put(config.terms);
	if (err)
		pr_err("mqttk: cannot listen on '%s': %pe\n", listen,
		       ERR_PTR(err));
	return err;
}

static int __init mqttk_init(void)
{
	int err;

	err = mqttk_limits_module_init();
	if (err)
		return err;
	err = mqttk_msg_module_init();
	if (err)
		goto exit_limits;
	err = mqttk_queue_cache_init();
	if (err)
		goto exit_msg;
	err = mqttk_clock_module_init();
	if (err)
		goto exit_queue;
	err = mqttk_conn_module_init();
	if (err)
		goto exit_clock;
	err = mqttk_net_module_init();
	if (err)
		goto exit_conn;
	err = listen_init();
	if (err)
		goto exit_net;
	/* A dump may be under way from here on, a file be open further below. */
	err = mqttk_netlink_module_init();
	if (err)
		goto exit_net;
	err = mqttk_dev_module_init();
	if (err)
		goto exit_netlink;
	mqttk_debugfs_module_init();
	return 0;

exit_netlink:
	mqttk_netlink_module_exit();
exit_net:
	mqttk_net_module_exit();
exit_conn:
	mqttk_conn_module_exit();
exit_clock:
	mqttk_clock_module_exit();
exit_queue:
	mqttk_queue_cache_exit();
exit_msg:
	mqttk_msg_module_exit();
exit_limits:
	mqttk_limits_module_exit();
	return err;
}

static void __exit mqttk_exit(void)
{
	mqttk_debugfs_module_exit();
	mqttk_dev_module_exit();
	mqttk_netlink_module_exit();
	mqttk_net_module_exit();
	mqttk_conn_module_exit();
	mqttk_clock_module_exit();
	/* Subscriptions and filters are freed by RCU callbacks of ours. */
	rcu_barrier();
	mqttk_queue_cache_exit();
	mqttk_msg_module_exit();
	mqttk_limits_module_exit();
}

module_init(mqttk_init);
module_exit(mqttk_exit);

MODULE_DESCRIPTION("MQTT broker");
MODULE_VERSION(MQTTK_VERSION);
MODULE_LICENSE("GPL");
