// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

static int __init mqttk_init(void)
{
	return 0;
}

static void __exit mqttk_exit(void)
{
}

module_init(mqttk_init);
module_exit(mqttk_exit);

MODULE_DESCRIPTION("MQTT broker");
MODULE_LICENSE("GPL");
