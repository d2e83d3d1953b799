/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * /dev/mqtt for C programs: subscribe, read, acknowledge and publish in a few
 * lines. Only this header, no library; see mqttk(4).
 *
 * All functions that return int return -1 with errno set when they fail.
 */
#ifndef MQTTK_H
#define MQTTK_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/mqttk.h>

/**
 * mqttk_open - open the device to read and write records
 * @flags: of open(2): O_RDONLY, O_WRONLY or O_RDWR, and perhaps O_NONBLOCK
 * @options: MQTTK_OPT_ACK, or 0
 *
 * Return: a file descriptor
 */
static inline int mqttk_open(int flags, unsigned int options)
{
	struct mqttk_options o;
	int fd = open(MQTTK_DEVICE_PATH, flags | O_CLOEXEC), err;

	if (fd < 0)
		return -1;
	memset(&o, 0, sizeof(o));
	o.flags = options | MQTTK_OPT_BINARY_READ | MQTTK_OPT_BINARY_WRITE;
	if (!ioctl(fd, MQTTK_IOC_OPTIONS, &o))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/**
 * mqttk_be_client - be a client whose messages outlive the file
 * @fd: what mqttk_open() returned, before anything is subscribed to
 * @id: client identifier
 * @expiry: seconds they are kept, or MQTTK_CLIENT_FOR_EVER
 * @flags: MQTTK_CLIENT_CLEAN, or 0
 *
 * Return: 1 if there are subscriptions and perhaps messages from before, or 0
 */
static inline int mqttk_be_client(int fd, const char *id, unsigned int expiry,
				  unsigned int flags)
{
	struct mqttk_client c;

	memset(&c, 0, sizeof(c));
	c.id = (uintptr_t)id;
	c.id_len = strlen(id);
	c.expiry = expiry;
	c.flags = flags;
	return ioctl(fd, MQTTK_IOC_CLIENT, &c);
}

/**
 * mqttk_subscribe - have messages come to this file
 * @fd: what mqttk_open() returned
 * @filter: topic filter
 * @qos: the highest QoS wanted
 * @flags: MQTTK_SUB_*
 *
 * Return: 0
 */
static inline int mqttk_subscribe(int fd, const char *filter, int qos,
				  unsigned int flags)
{
	struct mqttk_subscription s;

	memset(&s, 0, sizeof(s));
	s.filter = (uintptr_t)filter;
	s.filter_len = strlen(filter);
	s.qos = qos;
	s.flags = flags;
	return ioctl(fd, MQTTK_IOC_SUBSCRIBE, &s);
}

/**
 * mqttk_unsubscribe - end a subscription
 * @fd: what mqttk_open() returned
 * @filter: as it was subscribed to
 *
 * Return: 0
 */
static inline int mqttk_unsubscribe(int fd, const char *filter)
{
	struct mqttk_subscription s;

	memset(&s, 0, sizeof(s));
	s.filter = (uintptr_t)filter;
	s.filter_len = strlen(filter);
	return ioctl(fd, MQTTK_IOC_UNSUBSCRIBE, &s);
}

/**
 * mqttk_publish - publish a message
 * @fd: what mqttk_open() returned
 * @topic: where to
 * @payload: what
 * @len: its bytes
 * @qos: 0 to 2
 * @flags: MQTTK_RECORD_RETAIN, or 0
 *
 * Return: 0
 */
static inline int mqttk_publish(int fd, const char *topic, const void *payload,
				size_t len, int qos, unsigned int flags)
{
	static const char zeros[MQTTK_RECORD_ALIGN];
	struct mqttk_record r;
	struct iovec v[4];
	size_t size, pad;
	ssize_t n;

	memset(&r, 0, sizeof(r));
	size = sizeof(r) + strlen(topic) + len;
	pad = -size % MQTTK_RECORD_ALIGN;
	if (strlen(topic) > 65535 || size + pad > 0x7fffffff) {
		errno = EMSGSIZE;
		return -1;
	}
	r.len = size + pad;
	r.header_len = sizeof(r);
	r.topic_len = strlen(topic);
	r.payload_len = len;
	r.flags = flags;
	r.qos = qos;
	v[0].iov_base = &r;
	v[0].iov_len = sizeof(r);
	v[1].iov_base = (void *)topic;
	v[1].iov_len = r.topic_len;
	v[2].iov_base = (void *)payload;
	v[2].iov_len = len;
	v[3].iov_base = (void *)zeros;
	v[3].iov_len = pad;
	do
		n = writev(fd, v, 4);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/**
 * mqttk_ack - a message was dealt with
 * @fd: a client's, or one opened with MQTTK_OPT_ACK
 * @r: the message; nothing is done where nothing needs to be
 *
 * Return: 0
 */
static inline int mqttk_ack(int fd, const struct mqttk_record *r)
{
	struct mqttk_acknowledge a;

	if (!r->token)
		return 0;
	a.token = r->token;
	a.flags = 0;
	return ioctl(fd, MQTTK_IOC_ACK, &a);
}

/**
 * struct mqttk_reader - records that were read; begins as all zeros
 * @buf: memory, to be freed at the end
 * @size: bytes of it
 * @at: of the next record
 * @len: bytes that were read
 */
struct mqttk_reader {
	char *buf;
	size_t size;
	size_t at;
	size_t len;
};

/* Returns 0 if @r has room for the next record now. */
static inline int mqttk_grow(int fd, struct mqttk_reader *r)
{
	int need = 0;
	char *more;

	if (r->buf && ioctl(fd, FIONREAD, &need))
		return -1;
	if (need < 65536)
		need = 65536;
	if ((size_t)need <= r->size)
		return 0;
	more = (char *)realloc(r->buf, need);
	if (!more)
		return -1;
	r->buf = more;
	r->size = need;
	return 0;
}

/**
 * mqttk_next - the next message
 * @fd: what mqttk_open() returned
 * @r: the reader
 *
 * Return: the message, until the next call; NULL with errno, which is EAGAIN if
 *	there is none and @fd does not wait
 */
static inline const struct mqttk_record *mqttk_next(int fd,
						    struct mqttk_reader *r)
{
	const struct mqttk_record *record;
	ssize_t n;

	while (r->at >= r->len) {
		if (!r->buf && mqttk_grow(fd, r))
			return NULL;
		n = read(fd, r->buf, r->size);
		if (n < 0 && errno == EINVAL) {
			if (mqttk_grow(fd, r))
				return NULL;
			continue;
		}
		if (n < 0)
			return NULL;
		r->at = 0;
		r->len = n;
	}
	record = (const struct mqttk_record *)(r->buf + r->at);
	r->at += record->len;
	return record;
}

/* Parts of a record: topic_len, props_len and payload_len bytes, unterminated. */
static inline const char *mqttk_topic(const struct mqttk_record *r)
{
	return (const char *)r + r->header_len;
}

static inline const void *mqttk_props(const struct mqttk_record *r)
{
	return mqttk_topic(r) + r->topic_len;
}

static inline const void *mqttk_payload(const struct mqttk_record *r)
{
	return (const char *)mqttk_props(r) + r->props_len;
}

#endif /* MQTTK_H */
