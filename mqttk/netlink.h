/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control and inspection by generic netlink, as specified in
 * Documentation/netlink/specs/mqttk.yaml.
 */
#ifndef MQTTK_NETLINK_H
#define MQTTK_NETLINK_H

int mqttk_netlink_module_init(void);
void mqttk_netlink_module_exit(void);

#endif /* MQTTK_NETLINK_H */
