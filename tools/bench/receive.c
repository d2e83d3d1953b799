// SPDX-License-Identifier: GPL-2.0
/*
 * Takes apart what comes from the broker. Nearly always that is whole packets,
 * which are looked at where they are; of one that comes in parts its head is
 * kept, and the rest only counted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"
#include "receive.h"

#define BUFFER	(1024 * 1024)

static const struct hooks *hooks;
static uint8_t *buffer;

/**
 * receive_begin - before anything is received
 * @h: what is to be done when something happens
 */
void receive_begin(const struct hooks *h)
{
	hooks = h;
	buffer = malloc(BUFFER);
	if (!buffer)
		fail("no memory for what is received");
}

/* Size of the packet at @at, 0: not known yet. */
static uint32_t packet_size(const uint8_t *at, size_t len)
{
	uint32_t size = 0;
	unsigned int i;

	for (i = 1; i < len && i < 5; i++) {
		size |= (uint32_t)(at[i] & 0x7f) << 7 * (i - 1);
		if (!(at[i] & 0x80))
			return size + i + 1;
	}
	if (i == 5)
		fail("the broker sends a packet that is too long to be one");
	return 0;
}

static void answer(struct client *c, enum packet type, const uint8_t *id)
{
	uint8_t packet[] = {
		type << 4 | (type == PUBREL ? 2 : 0), 2, id[0], id[1],
	};

	client_append(c, packet, sizeof(packet));
}

static void take_message(struct client *c, const uint8_t *at, size_t kept)
{
	unsigned int qos = at[0] >> 1 & 3;
	uint64_t mark[2];
	size_t n = 1;

	while (n < 5 && at[n] & 0x80)
		n++;
	n++;
	if (n + 2 <= kept)
		n += 2 + (at[n] << 8 | at[n + 1]);
	if (n + (qos ? 2 : 0) + MARK_SIZE > kept)
		fail("client %u gets a message that is none of ours", c->nr);
	if (qos) {
		answer(c, qos == 1 ? PUBACK : PUBREC, at + n);
		n += 2;
	}
	memcpy(mark, at + n, MARK_SIZE);
	hooks->message(c, mark[0], mark[1]);
}

/* A packet is there; of a large one only its first @kept bytes are. */
static void take_packet(struct client *c, const uint8_t *at, size_t kept)
{
	switch (at[0] >> 4) {
	case PUBLISH:
		take_message(c, at, kept);
		return;
	case PUBACK:
	case PUBCOMP:
		hooks->acked(c);
		return;
	case PUBREC:
		answer(c, PUBREL, at + 2);
		return;
	case PUBREL:
		answer(c, PUBCOMP, at + 2);
		return;
	}
	fail("client %u gets a packet of type %u", c->nr, at[0] >> 4);
}

/* Goes on with a packet that has begun; returns how much of @len it took. */
static size_t take_more(struct client *c, const uint8_t *at, size_t len)
{
	size_t n, took = 0;

	while (!c->total && took < len) {
		c->head[c->kept++] = at[took++];
		c->have++;
		c->total = packet_size(c->head, c->kept);
	}
	if (!c->total)
		return took;
	n = c->total - c->have;
	if (n > len - took)
		n = len - took;
	if (c->kept < HEAD_SIZE) {
		size_t part = n < HEAD_SIZE - c->kept ? n : HEAD_SIZE - c->kept;

		memcpy(c->head + c->kept, at + took, part);
		c->kept += part;
	}
	c->have += n;
	if (c->have == c->total) {
		take_packet(c, c->head, c->kept);
		c->total = 0;
		c->have = 0;
		c->kept = 0;
	}
	return took + n;
}

static void take(struct client *c, const uint8_t *at, size_t len)
{
	uint32_t size;
	size_t n;

	while (len) {
		size = c->have ? 0 : packet_size(at, len);
		if (size && size <= len) {
			take_packet(c, at, size);
			n = size;
		} else {
			n = take_more(c, at, len);
		}
		at += n;
		len -= n;
	}
}

/**
 * receive - reads what is there for a client
 * @c: the client
 * @ending: there is more than data: an error, or the end
 *
 * A read that does not fill the buffer has emptied the socket, so that what
 * comes next is an event again.
 */
void receive(struct client *c, bool ending)
{
	ssize_t n;

	do {
		n = recv(c->fd, buffer, BUFFER, 0);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			fail("client %u, receiving: %s", c->nr, strerror(errno));
		if (!n)
			fail("client %u: the broker has closed the connection",
			     c->nr);
		take(c, buffer, n);
	} while (n == BUFFER || ending);
	hooks->drained(c);
	if (c->tx_len)
		client_flush(c);
}
