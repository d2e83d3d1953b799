// SPDX-License-Identifier: GPL-2.0
/*
 * pairs: many publishers, each with a topic and a receiver of its own.
 */
#include <stdlib.h>

#include "flow.h"

/**
 * work_pairs - pairs of a publisher and a receiver
 *
 * Return: the exit status
 */
int work_pairs(void)
{
	unsigned int nr = clients_wanted(100), i;
	struct client *clients = calloc(2 * (size_t)nr, sizeof(*clients));
	struct group *groups = flow_begin(nr, 1);
	char topic[128];

	if (!clients)
		fail("no memory for %u clients", 2 * nr);
	clients_begin(2 * nr, &flow_hooks);
	for (i = 0; i < nr; i++) {
		snprintf(topic, sizeof(topic), "%s/pair/%u", opt.prefix, i);
		receiver_open(&clients[2 * i], 2 * i, &groups[i], topic);
		publisher_open(&clients[2 * i + 1], 2 * i + 1, &groups[i], topic);
		if (opt.lazy)
			client_lazy(&clients[2 * i], groups[i].topic.len);
	}
	return flow_run();
}
