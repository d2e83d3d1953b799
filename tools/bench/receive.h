/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What comes from the broker, between client.c and receive.c.
 */
#ifndef MQTTK_BENCH_RECEIVE_H
#define MQTTK_BENCH_RECEIVE_H

#include "bench.h"

size_t put_length(uint8_t *at, size_t len);
void receive_begin(const struct hooks *hooks);
void receive(struct client *c, bool ending);

#endif
