/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/mqtt: every open file is a local subscriber and publisher.
 */
#ifndef MQTTK_DEV_H
#define MQTTK_DEV_H

struct mqttk_net;

/*
 * The device is the last thing a module's init makes: once it exists a file
 * may be open, and then nothing may be taken back. It is the first that exit
 * removes.
 */
int mqttk_dev_module_init(void);
void mqttk_dev_module_exit(void);

void mqttk_dev_net_init(struct mqttk_net *mn);
void mqttk_dev_net_exit(struct mqttk_net *mn);

#endif /* MQTTK_DEV_H */
