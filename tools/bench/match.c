// SPDX-License-Identifier: GPL-2.0
/*
 * match: one publisher and one receiver, among many subscriptions of others to
 * other topics, half of them with wildcards.
 */
#include <stdlib.h>

#include "flow.h"

/* So many filters a packet, and a client. */
#define PACKET	100
#define EACH	1000

static unsigned int done;

static void name(char *buf, size_t size, unsigned int i)
{
	static const char * const forms[] = {
		"plant/%u/line/%u/temperature", "plant/%u/line/%u/+",
		"plant/%u/line/%u/humidity", "plant/%u/line/%u/pressure/#",
		"plant/%u/line/%u/power", "plant/%u/+/%u/temperature",
	};

	i += done;
	/* As many of each form as of the others, at as many places. */
	snprintf(buf, size, forms[i % 6], i / 6 % 100, i / 600);
}

static void crowd(struct client *others)
{
	unsigned int nr;

	for (done = 0; done < opt.filters; done += nr) {
		struct client *c = &others[done / EACH];

		if (done % EACH == 0)
			client_open(c, 2 + done / EACH);
		nr = opt.filters - done < PACKET ? opt.filters - done : PACKET;
		client_subscribe_many(c, nr, name);
	}
}

/**
 * work_match - one message among many subscriptions
 *
 * Return: the exit status
 */
int work_match(void)
{
	unsigned int nr = 2 + (opt.filters + EACH - 1) / EACH;
	struct client *clients = calloc(nr, sizeof(*clients));
	struct group *group = flow_begin(1, 1);
	/* The way to it is that of many others, but for the last levels. */
	static const char topic[] = "plant/17/line/here/temperature";

	if (!clients)
		fail("no memory for %u clients", nr);
	clients_begin(nr, &flow_hooks);
	crowd(clients + 2);
	receiver_open(&clients[0], 0, group, topic);
	publisher_open(&clients[1], 1, group, topic);
	return flow_run();
}
