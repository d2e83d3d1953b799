/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What netlink does not promise: how things are inside, for who debugs mqttk.
 * Names and formats may change at any time.
 */
#ifndef MQTTK_DEBUGFS_H
#define MQTTK_DEBUGFS_H

void mqttk_debugfs_module_init(void);
void mqttk_debugfs_module_exit(void);

#endif /* MQTTK_DEBUGFS_H */
