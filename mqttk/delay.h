/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output that waits for more.
 */
#ifndef MQTTK_DELAY_H
#define MQTTK_DELAY_H

#include <linux/types.h>

struct mqttk_conn;

bool mqttk_delay(struct mqttk_conn *conn, unsigned int usecs);
void mqttk_delay_module_init(void);
void mqttk_delay_module_exit(void);

#endif /* MQTTK_DELAY_H */
