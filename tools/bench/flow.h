/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows of messages from publishers to receivers, one in flight or more, each
 * counted and its place in the sequence checked.
 */
#ifndef MQTTK_BENCH_FLOW_H
#define MQTTK_BENCH_FLOW_H

#include "bench.h"
#include "receive.h"

/**
 * struct group - a publisher and who receives from it
 * @publisher: the publisher
 * @topic: what it publishes
 * @receivers: how many get each message
 * @sent: messages published
 * @acked: of them, those that have arrived for good (QoS 1 and 2)
 * @got: what all receivers together have got, or will never get
 * @target: messages to publish until now
 * @ended: all of them are there
 */
struct group {
	struct client *publisher;
	struct topic topic;
	unsigned int receivers;
	uint64_t sent;
	uint64_t acked;
	uint64_t got;
	uint64_t target;
	bool ended;
};

struct group *flow_begin(unsigned int nr, unsigned int receivers);
void flow_message(struct client *c, uint64_t number, uint64_t sent);
void flow_acked(struct client *c);
void flow_drained(struct client *c);
int flow_run(void);
void receiver_open(struct client *c, unsigned int nr, struct group *g,
		   const char *filter);
void publisher_open(struct client *c, unsigned int nr, struct group *g,
		    const char *topic);

extern const struct hooks flow_hooks;

#endif
