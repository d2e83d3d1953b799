// SPDX-License-Identifier: GPL-2.0
/*
 * cuts: packets of MQTT 3.1, 3.1.1 and 5.0, as far as these clients need them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuts.h"

const char *type_name(unsigned int type)
{
	static const char *const names[16] = {
		"0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC",
		"PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE",
		"UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
	};

	return names[type & 15];
}

/* A packet under construction, without its fixed header. */
static unsigned char body[MAX_PACKET];
static unsigned int body_len;

static void put(const void *b, unsigned int len)
{
	memcpy(body + body_len, b, len);
	body_len += len;
}

static void put_number(uint32_t n, unsigned int bytes)
{
	while (bytes--)
		body[body_len++] = n >> (8 * bytes);
}

static void put_string(const char *s)
{
	put_number(strlen(s), 2);
	put(s, strlen(s));
}

/* Where a property list begins; it is shorter than 128 bytes. */
static unsigned int begin_props(void)
{
	return body_len++;
}

static void end_props(unsigned int at)
{
	body[at] = body_len - at - 1;
}

static void complete(struct client *c, unsigned int first)
{
	struct packet *p = &c->tx;
	unsigned int n = body_len, at = 0;

	p->b[at++] = first;
	do {
		p->b[at++] = (n & 0x7f) | (n > 0x7f ? 0x80 : 0);
		n >>= 7;
	} while (n);
	memcpy(p->b + at, body, body_len);
	p->len = at + body_len;
	p->sent = 0;
	p->type = first >> 4;
	p->pid = 0;
	p->refuses = false;
	body_len = 0;
}

void put_connect(struct client *c, bool clean, bool ends)
{
	unsigned int at;

	put_string(c->version == 3 ? "MQIsdp" : "MQTT");
	put_number(c->version, 1);
	put_number(clean ? 2 : 0, 1);
	put_number(0, 2);
	c->receive_max = 65535;
	c->alias_limit = 0;
	if (c->version == 5) {
		static const unsigned int maxima[] = { 1, 2, 5, 20, 1000 };

		at = begin_props();
		if (!ends) {
			put_number(0x11, 1);
			put_number(chance(c, 50) ? 0xffffffff : 7200, 4);
		}
		if (chance(c, 70)) {
			c->receive_max = maxima[rnd(c, 5)];
			put_number(0x21, 1);
			put_number(c->receive_max, 2);
		}
		if (chance(c, 60)) {
			c->alias_limit = chance(c, 50) ? 1 : 5;
			put_number(0x22, 1);
			put_number(c->alias_limit, 2);
		}
		end_props(at);
	}
	put_string(c->id);
	complete(c, CONNECT << 4);
}

void put_disconnect(struct client *c)
{
	unsigned int at;

	if (c->version == 5 && chance(c, 50)) {
		put_number(0, 1);
		if (chance(c, 50)) {
			at = begin_props();
			put_number(0x11, 1);
			put_number(9000, 4);
			end_props(at);
		}
	}
	complete(c, DISCONNECT << 4);
}

/* A payload is its message's number, and bytes that follow from it. */
static unsigned char payload_byte(uint32_t message, unsigned int i)
{
	return message * 31 + i * 7 + (i >> 8);
}

void put_publish(struct client *c, uint32_t message, uint16_t pid, bool dup)
{
	const struct message *m = &messages[message];
	unsigned int alias = 0, at, i;
	char text[64];

	topic_name(text, m->topic);
	if (c->version == 5 && m->topic + 1u <= c->alias_max &&
	    m->topic < MAX_ALIAS && chance(c, 50)) {
		alias = m->topic + 1;
		if (c->alias_set[alias])
			text[0] = 0;
	}
	put_string(text);
	if (m->qos)
		put_number(pid, 2);
	if (c->version == 5) {
		at = begin_props();
		if (alias) {
			put_number(0x23, 1);
			put_number(alias, 2);
			c->alias_set[alias] = true;
		}
		snprintf(text, sizeof(text), "%u", message);
		put_number(0x26, 1);
		put_string("n");
		put_string(text);
		end_props(at);
	}
	snprintf(text, sizeof(text), "%08x", message);
	put(text, 8);
	for (i = 8; i < m->size; i++)
		body[body_len++] = payload_byte(message, i);
	complete(c, PUBLISH << 4 | (dup ? 8 : 0) | m->qos << 1);
	c->tx.pid = pid;
	c->tx.message = message;
}

void put_ack(struct client *c, unsigned int type, uint16_t pid, unsigned int reason)
{
	put_number(pid, 2);
	/* In 5.0, success need not be said, nor that there is no property. */
	if (c->version == 5 && (reason || chance(c, 30))) {
		put_number(reason, 1);
		if (chance(c, 50))
			put_number(0, 1);
	}
	complete(c, type << 4 | (type == PUBREL ? 2 : 0));
	c->tx.pid = pid;
	c->tx.refuses = reason >= 0x80;
}

void put_subscribe(struct client *c)
{
	unsigned int i, at;

	/* One packet for each filter would do as well; ids need it. */
	c->subscribe_pid = 1 + rnd(c, 65535);
	put_number(c->subscribe_pid, 2);
	if (c->version == 5) {
		at = begin_props();
		put_number(0x0b, 1);
		put_number(c->sub_id, 1);
		end_props(at);
	}
	for (i = 0; i < c->nr_subs; i++) {
		put_string(c->subs[i].filter);
		put_number(c->subs[i].qos, 1);
	}
	complete(c, SUBSCRIBE << 4 | 2);
	c->tx.pid = c->subscribe_pid;
}

void put_ping(struct client *c)
{
	complete(c, PINGREQ << 4);
}

static void need(struct reader *r, unsigned int bytes)
{
	if (r->left < bytes)
		wrong(r->c, "a packet ends in the middle of a field");
}

uint32_t get_number(struct reader *r, unsigned int bytes)
{
	uint32_t n = 0;

	need(r, bytes);
	r->left -= bytes;
	while (bytes--)
		n = n << 8 | *r->b++;
	return n;
}

uint32_t get_varint(struct reader *r)
{
	uint32_t n = 0, b;
	unsigned int shift = 0;

	do {
		b = get_number(r, 1);
		n |= (b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80 && shift < 28);
	return n;
}

struct reader get_part(struct reader *r, unsigned int len)
{
	struct reader part = { .c = r->c, .b = r->b, .left = len };

	need(r, len);
	r->b += len;
	r->left -= len;
	return part;
}

void get_string(struct reader *r, char *to, size_t size)
{
	struct reader part = get_part(r, get_number(r, 2));

	if (!to)
		return;
	if (part.left >= size)
		wrong(r->c, "a string of %u bytes", part.left);
	memcpy(to, part.b, part.left);
	to[part.left] = 0;
}

/* The property list of a packet of 5.0; in others there is none. */
void get_props(struct reader *r, struct props *p)
{
	struct reader part;
	unsigned int id;
	char name[8];

	memset(p, 0, sizeof(*p));
	if (r->c->version != 5 || !r->left)
		return;
	part = get_part(r, get_varint(r));
	while (part.left) {
		id = get_varint(&part);
		switch (id) {
		case 0x01: case 0x24: case 0x25: case 0x28: case 0x29: case 0x2a:
			get_number(&part, 1);
			break;
		case 0x13:
			get_number(&part, 2);
			break;
		case 0x02: case 0x11: case 0x27:
			get_number(&part, 4);
			break;
		case 0x0b:
			if (p->nr_ids < 4)
				p->ids[p->nr_ids++] = get_varint(&part);
			break;
		case 0x21:
			p->has_receive_max = true;
			p->receive_max = get_number(&part, 2);
			break;
		case 0x22:
			p->alias_max = get_number(&part, 2);
			break;
		case 0x23:
			p->alias = get_number(&part, 2);
			if (!p->alias)
				wrong(r->c, "topic alias 0");
			break;
		case 0x26:
			get_string(&part, name, sizeof(name));
			get_string(&part, p->user, sizeof(p->user));
			break;
		case 0x03: case 0x08: case 0x09: case 0x12: case 0x15: case 0x16:
		case 0x1a: case 0x1c: case 0x1f:
			get_string(&part, NULL, 0);
			break;
		default:
			wrong(r->c, "property %u", id);
		}
	}
}

/* What is left is the payload of which message? It must be all of it. */
uint32_t get_message(struct reader *r)
{
	char digits[9] = "", check[9], *end;
	const struct message *m;
	unsigned int number, i;

	need(r, 8);
	memcpy(digits, r->b, 8);
	number = strtoul(digits, &end, 16);
	if (end != digits + 8 || number >= nr_messages)
		wrong(r->c, "a payload that nobody sent: %s", digits);
	snprintf(check, sizeof(check), "%08x", number);
	if (strcmp(check, digits))
		wrong(r->c, "a payload that nobody sent: %s", digits);
	m = &messages[number];
	if (r->left != m->size)
		wrong(r->c, "message %u: a payload of %u bytes, not %u", number,
		      r->left, m->size);
	for (i = 8; i < m->size; i++)
		if (r->b[i] != payload_byte(number, i))
			wrong(r->c, "message %u: byte %u of the payload changed",
			      number, i);
	return number;
}
