// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for wire.c: no input makes a decoder read beyond its buffer or
 * answer what it may not, and whatever is accepted can be written again, byte
 * for byte, from what was decoded.
 *
 * Input: a byte that picks the protocol level (bits 0 and 1) and whether the
 * rest is a stream of packets or, with bit 2, the body of one packet whose
 * type the high nibble gives.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "mqttk/topic.h"
#include "mqttk/wire.h"

const struct fuzz_seed fuzz_seeds[] = {
	/* streams of 3.1.1 */
	SEED("\002\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a\xc0\0\xe0\0"),
	SEED("\002\x10\x1d\0\4MQTT\4\xc6\0\0\0\1a\0\1t\0\1w\0\4user\0\2\xfe\0"),
	SEED("\002\x31\7\0\3a/bhi\x3a\x0a\0\3a/b\1\2xyz"),
	SEED("\002\x34\7\0\3a/b\xff\xff\x30\3\0\1a"),
	SEED("\002\x40\2\0\1\x50\2\1\0\x62\2\xff\xff\x70\2\x12\x34"),
	SEED("\002\xd0\0\x20\2\1\0\xb0\2\0\7\x90\3\0\1\x80"),
	SEED("\002\x82\x0d\0\1\0\3a/b\1\0\2+a\2\xa2\x0a\0\1\0\3a/b\0\1#"),
	SEED("\002\x30\xff\xff\xff\x7f\0\3a/b"),
	SEED("\002\x30\x83\x80\x80\0\0\1a"),
	/* of 3.1, where repetitions and odd flags are allowed */
	SEED("\001\x10\x0f\0\6MQIsdp\3\2\0\x3c\0\1a"),
	SEED("\001\x8a\6\0\1\0\1#\0\x6a\2\0\1\x38\4\0\1ab"),
	/* single bodies */
	SEED("\024\0\4MQTT\4\xee\xff\xff\0\1i\0\1t\0\2\0\xff\0\1u\0\2\xfe\0"),
	SEED("\024\0\6MQIsdp\3\xc2\0\x3c\0\1a\0\1u"),
	SEED("\024\0\4MQTT\5\2\0\x3c\0\0\1a"),
	SEED("\204\0\1\0\3a/b\1\0\2+a\2"),
	SEED("\244\0\1\0\3a/b\0\1#"),
};

const size_t fuzz_nr_seeds = sizeof(fuzz_seeds) / sizeof(*fuzz_seeds);

/* A packet that is written again; room is for as much as was read. */
struct out {
	u8 *p;
	size_t len;
};

static void put(struct out *o, const void *p, size_t len)
{
	if (len)
		memcpy(o->p + o->len, p, len);
	o->len += len;
}

static void put_u8(struct out *o, u8 v)
{
	put(o, &v, 1);
}

static void put_u16(struct out *o, u16 v)
{
	put_u8(o, v >> 8);
	put_u8(o, v & 0xff);
}

static void put_str(struct out *o, const struct mqttk_str *s)
{
	put_u16(o, s->len);
	put(o, s->p, s->len);
}

/* MQTT 3.1's CONNECT has bits that mean nothing: only those are lost. */
static u8 connect_flags(const struct mqttk_connect *c, u8 original)
{
	u8 flags = c->clean << 1 | c->has_will << 2 | c->will_qos << 3 |
		   c->will_retain << 5 | c->has_password << 6 | c->has_user << 7;

	if (c->version == MQTTK_V31) {
		flags |= original & 0xc1;	/* reserved, or missing */
		if (!c->has_will)
			flags |= original & 0x38;
	}
	return flags;
}

static void check_connect(const u8 *body, size_t len, struct out *o)
{
	struct mqttk_connect c;
	int ret = mqttk_wire_connect(body, len, &c);

	CHECK(ret == 0 || ret == -EBADMSG || ret == -EPROTO ||
	      ret == -EPROTONOSUPPORT);
	if (ret)
		return;

	CHECK(c.version == MQTTK_V31 || c.version == MQTTK_V311);
	CHECK(c.will_qos <= 2);
	CHECK(c.has_user || !c.has_password);
	CHECK(mqttk_utf8_valid(c.client_id.p, c.client_id.len));
	CHECK(mqttk_utf8_valid(c.user.p, c.user.len));
	CHECK(c.has_will ==
	      mqttk_topic_valid(c.will_topic.p, c.will_topic.len));

	if (c.version == MQTTK_V31)
		put(o, "\0\6MQIsdp", 8);
	else
		put(o, "\0\4MQTT", 6);
	put_u8(o, c.version);
	put_u8(o, connect_flags(&c, body[o->len]));
	put_u16(o, c.keepalive);
	put_str(o, &c.client_id);
	if (c.has_will) {
		put_str(o, &c.will_topic);
		put_str(o, &c.will_payload);
	}
	if (c.has_user)
		put_str(o, &c.user);
	if (c.has_password)
		put_str(o, &c.password);
	CHECK(o->len == len && !memcmp(o->p, body, len));
}

static void check_publish(u8 version, const struct mqttk_fixed *f,
			  const u8 *body, size_t avail, struct out *o)
{
	struct mqttk_publish p, again;
	struct mqttk_fixed f2;
	u8 buf[MQTTK_PUBLISH_HEAD_MAX];
	u32 payload;
	int ret, n;
	size_t cut;

	ret = mqttk_wire_publish(version, f->flags, f->remaining, body, avail,
				 &p);
	if (ret == 0)
		CHECK(avail < f->remaining);
	if (ret <= 0) {
		CHECK(ret == 0 || ret == -EBADMSG);
		return;
	}
	CHECK((u32)ret == p.header && p.header <= f->remaining);
	CHECK(p.header <= avail && p.qos <= 2);
	CHECK(!p.packet_id == !p.qos);
	CHECK(mqttk_topic_valid(p.topic.p, p.topic.len));
	for (cut = 0; cut < p.header; cut += cut < 4 ? 1 : p.header / 4)
		CHECK(!mqttk_wire_publish(version, f->flags, f->remaining,
					  body, cut, &again));

	payload = f->remaining - p.header;
	n = mqttk_wire_publish_head(buf, version, p.qos, p.dup, p.retain,
				    p.topic.len, payload);
	CHECK(n >= 4 && n <= MQTTK_PUBLISH_HEAD_MAX);
	CHECK(mqttk_wire_fixed(version, buf, n, &f2) == n - 2);
	CHECK(f2.type == MQTTK_PUBLISH && f2.remaining == f->remaining);
	CHECK(f2.flags == f->flags || (version == MQTTK_V31 && !p.qos));
	CHECK(f2.size <= f->size);
	CHECK(mqttk_wire_publish_size(version, p.qos, p.topic.len, payload) ==
	      f2.size + f2.remaining);
	put(o, buf + n - 2, 2);
	put(o, p.topic.p, p.topic.len);
	o->len += mqttk_wire_publish_tail(o->p + o->len, version, p.qos,
					  p.packet_id);
	CHECK(o->len == p.header && !memcmp(o->p, body, o->len));
}

static void check_ack(u8 version, u8 type, const u8 *body, size_t len)
{
	u8 buf[MQTTK_ACK_MAX];
	u16 id;
	int ret = mqttk_wire_ack(version, body, len, &id);

	CHECK(ret == 0 || ret == -EBADMSG);
	if (ret)
		return;
	CHECK(id);
	CHECK(mqttk_wire_put_ack(buf, version, type, id) == 4);
	CHECK(buf[0] >> 4 == type && len == 2 && !memcmp(buf + 2, body, 2));
}

static void check_subscribe(u8 version, u8 type, const u8 *body, size_t len,
			    struct out *o)
{
	struct mqttk_sub_iter it;
	struct mqttk_str filter;
	u8 buf[MQTTK_SUBACK_HEADER_MAX];
	u8 options;
	u32 nr = 0;
	int ret;

	ret = mqttk_wire_subscribe(version, type, body, len, &it);
	CHECK(ret == 0 || ret == -EBADMSG);
	if (ret)
		return;

	CHECK(it.packet_id);
	CHECK(mqttk_wire_put_suback_header(buf, version, it.packet_id, it.nr) <=
	      sizeof(buf));
	put_u16(o, it.packet_id);
	while (mqttk_wire_subscribe_next(&it, &filter, &options)) {
		CHECK(options <= 2);
		CHECK(mqttk_utf8_valid(filter.p, filter.len));
		put_str(o, &filter);
		if (type == MQTTK_SUBSCRIBE)
			put_u8(o, options);
		nr++;
	}
	CHECK(nr && nr == it.nr);
	CHECK(o->len == len && !memcmp(o->p, body, len));
}

/* Decodes @avail bytes of a packet's body, in a buffer of just that size. */
static void check_body(u8 version, const struct mqttk_fixed *f,
		       const u8 *bytes, size_t avail)
{
	struct out o = { malloc(avail + 1), 0 };
	u8 *buf = malloc(avail + 1), *body = buf + 1;

	CHECK(buf && o.p);
	if (avail)
		memcpy(body, bytes, avail);
	switch (f->type) {
	case MQTTK_CONNECT:
		check_connect(body, avail, &o);
		break;
	case MQTTK_PUBLISH:
		check_publish(version, f, body, avail, &o);
		break;
	case MQTTK_PUBACK:
	case MQTTK_PUBREC:
	case MQTTK_PUBREL:
	case MQTTK_PUBCOMP:
	case MQTTK_UNSUBACK:
		check_ack(version, f->type, body, avail);
		break;
	case MQTTK_SUBSCRIBE:
	case MQTTK_UNSUBSCRIBE:
		check_subscribe(version, f->type, body, avail, &o);
		break;
	default:
		break;
	}
	free(buf);
	free(o.p);
}

/* A fixed header is either visible as a whole or asked for, never guessed. */
static int check_fixed(u8 version, const u8 *p, size_t len,
		       struct mqttk_fixed *f)
{
	int ret = mqttk_wire_fixed(version, p, len, f);
	struct mqttk_fixed cut_f;
	size_t cut;

	if (version > MQTTK_V311) {
		CHECK(ret == -EPROTONOSUPPORT);
		return ret;
	}
	CHECK(ret == 0 || ret == -EBADMSG || (ret >= 2 && ret <= 5));
	for (cut = 0; cut < len && cut < 6; cut++) {
		int cut_ret = mqttk_wire_fixed(version, p, cut, &cut_f);

		if (ret > 0)
			CHECK(cut_ret == ((int)cut < ret ? 0 : ret));
		else
			CHECK(cut_ret == 0 || cut_ret == ret);
	}
	if (ret > 0) {
		CHECK(f->size == ret);
		CHECK(f->type >= MQTTK_CONNECT && f->type <= MQTTK_DISCONNECT);
		CHECK(f->remaining <= MQTTK_REMAINING_MAX);
	}
	return ret;
}

int fuzz_one(const u8 *data, size_t size)
{
	static const u8 versions[] = { 0, MQTTK_V31, MQTTK_V311, MQTTK_V5 };
	struct mqttk_fixed f;
	u8 version;

	if (!size)
		return 0;
	version = versions[data[0] & 3];
	if (data[0] & 4) {
		f.type = data[0] >> 4;
		f.flags = data[0] & 8 ? 2 : 0;
		f.size = 5;
		f.remaining = size - 1;
		if (version == MQTTK_V5)
			f.type = MQTTK_CONNECT;
		check_body(version, &f, data + 1, size - 1);
		return 0;
	}

	for (data++, size--; size; ) {
		size_t avail;

		if (check_fixed(version, data, size, &f) <= 0)
			break;
		data += f.size;
		size -= f.size;
		avail = size < f.remaining ? size : f.remaining;
		check_body(version, &f, data, avail);
		data += avail;
		size -= avail;
	}
	return 0;
}
