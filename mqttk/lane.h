/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The quick lane: what need not sleep is done in softirq.
 */
#ifndef MQTTK_LANE_H
#define MQTTK_LANE_H

#include <linux/types.h>

struct mqttk_conn;

/* The module parameter; may change at any time. */
extern bool mqttk_lane_enabled;

int mqttk_lane_module_init(void);
void mqttk_lane_module_exit(void);
void mqttk_lane_look(int cpu, bool *listed, bool *queued);
void mqttk_lane_receive(struct mqttk_conn *conn);
void mqttk_lane_transmit(struct mqttk_conn *conn);

#endif /* MQTTK_LANE_H */
