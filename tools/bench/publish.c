// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to publish, made once and copied.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "receive.h"

/**
 * topic_make - makes the message for a topic
 * @t: the result
 * @name: the topic
 */
void topic_make(struct topic *t, const char *name)
{
	size_t len = strlen(name), n = 1;

	t->packet = malloc(16 + len + opt.size);
	if (!t->packet)
		fail("no memory for a message");
	t->packet[0] = PUBLISH << 4 | opt.qos << 1;
	n += put_length(t->packet + 1, 2 + len + (opt.qos ? 2 : 0) + opt.size);
	t->packet[n++] = len >> 8;
	t->packet[n++] = len;
	memcpy(t->packet + n, name, len);
	n += len;
	t->id_at = 0;
	if (opt.qos) {
		t->id_at = n;
		n += 2;
	}
	t->mark_at = n;
	memset(t->packet + n, 'x', opt.size);
	t->len = n + opt.size;
}

/**
 * publish - adds a message to what a client will send
 * @c: the client
 * @t: the message
 * @number: its number
 * @now: the time, or 0 where nobody wants to know how long it takes
 */
void publish(struct client *c, const struct topic *t, uint64_t number,
	     uint64_t now)
{
	uint64_t mark[2] = { number, now };
	uint8_t *at;

	client_append(c, t->packet, t->len);
	at = c->tx + c->tx_len - t->len;
	memcpy(at + t->mark_at, mark, MARK_SIZE);
	if (!t->id_at)
		return;
	if (!++c->packet_id)
		c->packet_id = 1;
	at[t->id_at] = c->packet_id >> 8;
	at[t->id_at + 1] = c->packet_id;
}
