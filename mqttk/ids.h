/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of packet identifiers: those of QoS 2 messages that a client has not
 * released yet.
 */
#ifndef MQTTK_IDS_H
#define MQTTK_IDS_H

#include <linux/types.h>

struct mqttk_ids;
struct mqttk_limits;

int mqttk_ids_add(struct mqttk_ids **ids, struct mqttk_limits *limits, u16 id);
int mqttk_ids_del(struct mqttk_ids *ids, u16 id);
u32 mqttk_ids_count(const struct mqttk_ids *ids);
void mqttk_ids_rest(struct mqttk_ids **ids, struct mqttk_limits *limits);
void mqttk_ids_free(struct mqttk_ids **ids, struct mqttk_limits *limits);

#endif /* MQTTK_IDS_H */
