// SPDX-License-Identifier: GPL-2.0
/*
 * fan: one publisher, many who are subscribed to its topic.
 */
#include <stdlib.h>

#include "flow.h"

/**
 * work_fan - one publisher, many receivers
 *
 * Return: the exit status
 */
int work_fan(void)
{
	unsigned int nr = clients_wanted(100), i;
	struct client *clients = calloc(nr + 1, sizeof(*clients));
	struct group *group = flow_begin(1, nr);
	char topic[128];

	if (!clients)
		fail("no memory for %u clients", nr);
	clients_begin(nr + 1, &flow_hooks);
	snprintf(topic, sizeof(topic), "%s/fan", opt.prefix);
	for (i = 0; i < nr; i++)
		receiver_open(&clients[i], i, group, topic);
	publisher_open(&clients[nr], nr, group, topic);
	for (i = 0; opt.lazy && i < nr; i++)
		client_lazy(&clients[i], group->topic.len);
	return flow_run();
}
