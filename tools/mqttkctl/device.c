// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mqtt for sub and pub: opening it, and its text format.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/mqttk.h>

#include "device.h"

/**
 * device_open - open /dev/mqtt, or say why not and what to do
 * @verb: who asks, for the error message
 * @flags: of open(2)
 *
 * Return: a file descriptor, or -1
 */
int device_open(const char *verb, int flags)
{
	int fd = open(MQTTK_DEVICE_PATH, flags | O_CLOEXEC);
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
	fprintf(stderr, "%s: " MQTTK_DEVICE_PATH ": %s%s\n", verb,
		strerror(errno), hint);
	return -1;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Undoes the kernel's escapes in place; returns the bytes left, or -1. */
static long unescape(char *text, size_t len)
{
	char *to = text;
	size_t i = 0;

	while (i < len) {
		int hi, lo;

		if (text[i] != '\\') {
			*to++ = text[i++];
			continue;
		}
		if (len - i < 4 || text[i + 1] != 'x')
			return -1;
		hi = hex_digit(text[i + 2]);
		lo = hex_digit(text[i + 3]);
		if (hi < 0 || lo < 0)
			return -1;
		*to++ = hi << 4 | lo;
		i += 4;
	}
	return to - text;
}

/* Reads a number and the @end behind it. */
static int take_number(char **at, char end, __u64 *value)
{
	char *behind;

	if (**at < '0' || **at > '9')
		return -1;
	*value = strtoull(*at, &behind, 10);
	if (*behind != end)
		return -1;
	*at = behind + 1;
	return 0;
}

/* Flags this program does not know are left alone: there may come more. */
static void take_flags(char *at, const char *end, struct device_message *m)
{
	while (at < end) {
		if (*at == 'r') {
			m->retain = true;
		} else if (*at == 'T') {
			m->full_len = strtoull(at + 1, &at, 10);
			continue;
		}
		at++;
	}
}

/**
 * device_parse - understand a line read from the device
 * @line: the line; changed, and @m points into it
 * @len: its bytes without the newline; line[len] may be overwritten
 * @m: filled in; terminators stand behind topic and payload
 *
 * Return: 0, or -1 if it is no such line
 */
int device_parse(char *line, size_t len, struct device_message *m)
{
	char *at = line, *semicolon, *space;
	__u64 qos;
	long n;

	memset(m, 0, sizeof(*m));
	line[len] = '\0';
	if (take_number(&at, ',', &m->seq) || take_number(&at, ',', &m->usec) ||
	    take_number(&at, ',', &qos))
		return -1;
	m->qos = qos;
	semicolon = memchr(at, ';', line + len - at);
	if (!semicolon)
		return -1;
	take_flags(at, semicolon, m);
	m->topic = semicolon + 1;
	space = memchr(m->topic, ' ', line + len - m->topic);
	if (!space)
		return -1;
	n = unescape(m->topic, space - m->topic);
	if (n < 0)
		return -1;
	m->topic_len = n;
	m->topic[n] = '\0';
	m->payload = (unsigned char *)space + 1;
	n = unescape(space + 1, line + len - (space + 1));
	if (n < 0)
		return -1;
	m->payload_len = n;
	m->payload[n] = '\0';
	if (!m->full_len)
		m->full_len = n;
	return 0;
}

static bool needs_escape(unsigned char c, bool is_topic)
{
	if (c == '\\' || c == '\n')
		return true;
	return is_topic && (c == ' ' || c == ';' || c == '=');
}

/**
 * device_escape - make bytes part of a line to write
 * @to: where to, with room for four times @len; NULL: only measure
 * @from: the bytes
 * @len: how many
 * @is_topic: they are a topic, where more must be escaped
 *
 * Return: the bytes written
 */
size_t device_escape(char *to, const void *from, size_t len, bool is_topic)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = from;
	size_t n = 0, i;

	for (i = 0; i < len; i++) {
		if (!needs_escape(p[i], is_topic)) {
			if (to)
				to[n] = p[i];
			n++;
			continue;
		}
		if (to) {
			to[n] = '\\';
			to[n + 1] = 'x';
			to[n + 2] = hex[p[i] >> 4];
			to[n + 3] = hex[p[i] & 15];
		}
		n += 4;
	}
	return n;
}
