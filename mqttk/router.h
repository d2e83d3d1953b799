/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The router: from a published message to the queues of its receivers.
 */
#ifndef MQTTK_ROUTER_H
#define MQTTK_ROUTER_H

struct mqttk_msg;
struct mqttk_net;

unsigned int mqttk_router_publish(struct mqttk_net *mn, struct mqttk_msg *msg);

#endif /* MQTTK_ROUTER_H */
