// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mqtt for sub and pub: opening it, and what comes from it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

/**
 * device_open - open /dev/mqtt, or say why not and what to do
 * @verb: who asks, for the error message
 * @flags: of open(2)
 * @options: MQTTK_OPT_ACK, or 0
 *
 * Return: a file descriptor for records, or -1
 */
int device_open(const char *verb, int flags, unsigned int options)
{
	int fd = mqttk_open(flags, options);
	const char *hint = "";

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENXIO)
		hint = ": is the module loaded? Try: modprobe mqttk";
	else if (errno == EACCES)
		hint = ": only root and members of group mqtt may";
	else if (errno == EPERM)
		hint = ": this user namespace has no broker (module parameter userns)";
	else if (errno == ENOBUFS)
		hint = ": client_memory is used up (mqttkctl limit show)";
	else if (errno == ENOTTY)
		hint = ": the module is older than this program";
	fprintf(stderr, "%s: " MQTTK_DEVICE_PATH ": %s%s\n", verb,
		strerror(errno), hint);
	return -1;
}

/**
 * device_error - what went wrong, in the words of the broker
 * @err: errno
 *
 * Return: a text
 */
const char *device_error(int err)
{
	switch (err) {
	case ENODEV:
		return "the broker is gone";
	case ESTALE:
		return "another has connected with this client identifier";
	case ECONNABORTED:
		return "disconnected by the administrator";
	default:
		return strerror(err);
	}
}

/* Has room for @len bytes and a terminator. */
static void *room(void **buf, size_t *size, size_t len)
{
	void *more;

	if (len < *size)
		return *buf;
	more = realloc(*buf, len + 1);
	if (!more)
		return NULL;
	*buf = more;
	*size = len + 1;
	return more;
}

/**
 * device_next - the next message
 * @fd: the device
 * @reader: what was read of it
 * @m: filled in; valid until the next call
 *
 * Return: 0, or -1 with errno
 */
int device_next(int fd, struct mqttk_reader *reader, struct device_message *m)
{
	const struct mqttk_record *r = mqttk_next(fd, reader);
	static size_t topic_size, payload_size;
	static void *topic, *payload;

	if (!r)
		return -1;
	if (!room(&topic, &topic_size, r->topic_len) ||
	    !room(&payload, &payload_size, r->payload_len)) {
		errno = ENOMEM;
		return -1;
	}
	m->record = r;
	m->topic = memcpy(topic, mqttk_topic(r), r->topic_len);
	m->topic_len = r->topic_len;
	m->topic[m->topic_len] = '\0';
	m->payload = memcpy(payload, mqttk_payload(r), r->payload_len);
	m->payload_len = r->payload_len;
	m->payload[m->payload_len] = '\0';
	return 0;
}
