// SPDX-License-Identifier: GPL-2.0
/*
 * device: one publisher by TCP, many who read records from /dev/mqtt.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/mqttk.h>

#include "flow.h"

#define BUFFER	(256 * 1024)

static char buffer[BUFFER];

static void device_open(struct client *c, unsigned int nr, const char *filter)
{
	struct mqttk_options options = { .flags = MQTTK_OPT_BINARY_READ };
	struct mqttk_subscription sub = {
		.filter = (uintptr_t)filter,
		.filter_len = strlen(filter),
		.qos = opt.qos,
	};

	c->nr = nr;
	c->fd = open(MQTTK_DEVICE_PATH, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (c->fd < 0)
		fail("%s: %s", MQTTK_DEVICE_PATH, strerror(errno));
	if (ioctl(c->fd, MQTTK_IOC_OPTIONS, &options) ||
	    ioctl(c->fd, MQTTK_IOC_SUBSCRIBE, &sub))
		fail("%s, ioctl: %s", MQTTK_DEVICE_PATH, strerror(errno));
}

static void take_records(struct client *c, const char *at, size_t len)
{
	const struct mqttk_record *r;
	const char *end = at + len;
	uint64_t mark[2];

	for (; at < end; at += r->len) {
		r = (const struct mqttk_record *)at;
		if (r->payload_len < MARK_SIZE)
			fail("reader %u gets a message that is none of ours", c->nr);
		memcpy(mark, at + r->header_len + r->topic_len + r->props_len,
		       MARK_SIZE);
		flow_message(c, mark[0], mark[1]);
	}
}

static void readable(struct client *c, bool ending)
{
	ssize_t n;

	if (c->group->publisher == c) {
		receive(c, ending);
		return;
	}
	/*
	 * As many whole records as fit: what is left when there is no room for
	 * another one of the largest size has to be asked for.
	 */
	do {
		n = read(c->fd, buffer, BUFFER);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			fail("reader %u: %s", c->nr, strerror(errno));
		take_records(c, buffer, n);
	} while (n > BUFFER / 2);
	flow_drained(c);
}

/**
 * work_device - one publisher, many readers of /dev/mqtt
 *
 * Return: the exit status
 */
int work_device(void)
{
	static const struct hooks hooks = {
		.message = flow_message,
		.acked = flow_acked,
		.drained = flow_drained,
		.readable = readable,
	};
	unsigned int nr = clients_wanted(100), i;
	struct client *clients = calloc(nr + 1, sizeof(*clients));
	struct group *group = flow_begin(1, nr);
	char topic[128];

	if (!clients)
		fail("no memory for %u readers", nr);
	if (opt.size > BUFFER / 4)
		fail("readers take messages of %u bytes at most", BUFFER / 4);
	clients_begin(nr + 1, &hooks);
	snprintf(topic, sizeof(topic), "%s/device", opt.prefix);
	for (i = 0; i < nr; i++) {
		device_open(&clients[i], i, topic);
		clients[i].group = group;
		client_watch(&clients[i]);
	}
	publisher_open(&clients[nr], nr, group, topic);
	return flow_run();
}
