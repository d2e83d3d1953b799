// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for wire.c and encode.c: no input makes a decoder read beyond its buffer or
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
	SEED("\204\0\1\0\3a/b\1\0\2+a\2"),
	SEED("\244\0\1\0\3a/b\0\1#"),
	/* streams of 5.0 */
	SEED("\003\x10\x13\0\4MQTT\5\2\0\x3c\5\x11\0\0\0\1\0\1a\xc0\0\xe0\0"),
	SEED("\003\x31\x08\0\3a/b\0hi\x32\x10\0\3a/b\1\2\7\1\1\x26\0\0\0\0x"),
	SEED("\003\x34\x0f\0\0\xff\xff\x09\x23\0\1\2\0\0\1\0xyz"),
	SEED("\003\x40\2\0\1\x50\3\1\0\x10\x62\4\xff\xff\x92\0"
	     "\x70\x0a\0\1\x92\6\x1f\0\3why"),
	SEED("\003\x82\x12\0\1\2\x0b\7\0\3a/b\x2d\0\2+a\2"),
	SEED("\003\x82\x10\0\1\0\0\x0a$share/g/t\x1a"),
	SEED("\003\xa2\x0b\0\1\0\0\3a/b\0\1#"),
	SEED("\003\xe0\1\4\xe0\7\0\5\x11\0\0\0\0\xe0\0"),
	SEED("\003\xf0\x0b\x18\x09\x15\0\1m\x16\0\2\0\xff"),
	/* single bodies of 5.0 */
	SEED("\027\0\4MQTT\5\xee\xff\xff\3\x21\0\1\0\1i\5\x18\0\0\0\5"
	     "\0\1t\0\2\0\xff\0\1u\0\2\xfe\0"),
	SEED("\027\0\4MQTT\5\x42\0\0\7\x15\0\1m\x16\0\0\0\0\0\1p"),
	SEED("\067\0\1t\0\5\x0b\1\x23\0\1"),
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

/* Properties of 5.0 as they came. */
static void put_props(struct out *o, const struct mqttk_props *p)
{
	u32 len = p->raw_len;

	for (; len > 0x7f; len >>= 7)
		put_u8(o, 0x80 | (len & 0x7f));
	put_u8(o, len);
	put(o, p->raw, p->raw_len);
}

static void check_props(u8 version, const struct mqttk_props *p)
{
	if (version != MQTTK_V5)
		CHECK(!p->has && !p->raw_len);
	CHECK(p->receive_max && p->max_packet_size);
	CHECK(!p->raw_len == !p->has);
}

/* What a decoder returns, or a reason that a client can be told. */
static bool is_verdict(int ret)
{
	u8 reason = mqttk_wire_reason(ret);

	return !ret || (ret < 0 && reason > MQTTK_REASON_UNSPECIFIED_ERROR &&
			reason != MQTTK_REASON_QUOTA_EXCEEDED);
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

	CHECK(is_verdict(ret));
	if (ret)
		return;

	CHECK(c.version >= MQTTK_V31 && c.version <= MQTTK_V5);
	CHECK(c.will_qos <= 2);
	CHECK(c.has_user || !c.has_password || c.version == MQTTK_V5);
	check_props(c.version, &c.props);
	check_props(c.has_will ? c.version : 0, &c.will_props);
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
	if (c.version == MQTTK_V5)
		put_props(o, &c.props);
	put_str(o, &c.client_id);
	if (c.has_will) {
		if (c.version == MQTTK_V5)
			put_props(o, &c.will_props);
		put_str(o, &c.will_topic);
		put_str(o, &c.will_payload);
	}
	if (c.has_user)
		put_str(o, &c.user);
	if (c.has_password)
		put_str(o, &c.password);
	CHECK(o->len == len && !memcmp(o->p, body, len));
}

/* A PUBLISH that is sent on says what the one that came in did. */
static void check_sent_on(u8 version, const struct mqttk_publish *p,
			  u32 payload)
{
	const struct mqttk_props *in = &p->props;
	struct mqttk_pub_out po = {
		.version = version,
		.qos = p->qos,
		.dup = p->dup,
		.retain = p->retain,
		.has_expiry = mqttk_props_has(in, MQTTK_PROP_MESSAGE_EXPIRY),
		.id = p->packet_id,
		.topic_len = p->topic.len,
		.alias = in->topic_alias,
		.expiry = in->message_expiry,
		.props_len = mqttk_props_forward_len(in->raw, in->raw_len),
		.payload_len = payload,
	};
	u32 room = MQTTK_PUB_HEAD_MAX + po.topic_len + MQTTK_PUB_TAIL_MAX +
		   po.props_len;
	u8 *buf = malloc(room), *props;
	struct mqttk_publish again;
	struct mqttk_fixed f;
	u32 n, tail;

	CHECK(buf);
	n = mqttk_wire_pub_head(buf, &po);
	if (!n) {	/* only where a fuller length field was needed */
		CHECK(mqttk_wire_pub_size(&po) == MQTTK_PUB_TOO_LARGE);
		CHECK(payload > MQTTK_REMAINING_MAX - room);
		free(buf);
		return;
	}
	CHECK(n <= MQTTK_PUB_HEAD_MAX);
	memcpy(buf + n, p->topic.p, p->topic.len);
	n += p->topic.len;
	tail = mqttk_wire_pub_tail(buf + n, &po);
	CHECK(tail <= MQTTK_PUB_TAIL_MAX);
	n += tail;
	props = buf + n;
	n += mqttk_props_forward(props, in->raw, in->raw_len);

	CHECK(mqttk_wire_fixed(version, buf, n, &f) == f.size);
	CHECK(mqttk_wire_pub_size(&po) == f.size + f.remaining);
	CHECK(mqttk_wire_publish(version, f.flags, f.remaining, buf + f.size,
				 n - f.size, &again) == (int)(n - f.size));
	CHECK(f.remaining - again.header == payload);
	CHECK(again.qos == p->qos && again.dup == p->dup);
	CHECK(again.retain == p->retain && again.packet_id == p->packet_id);
	CHECK(again.topic.len == p->topic.len);
	CHECK(!memcmp(again.topic.p, p->topic.p, p->topic.len));
	CHECK(again.props.has == in->has);
	CHECK(again.props.message_expiry == in->message_expiry);
	CHECK(again.props.topic_alias == in->topic_alias);
	free(buf);
}

/* The functions for 3.1 and 3.1.1 agree with those for all levels. */
static void check_old_encoder(u8 version, const struct mqttk_publish *p,
			      u32 payload)
{
	struct mqttk_pub_out po = {
		.version = version,
		.qos = p->qos,
		.dup = p->dup,
		.retain = p->retain,
		.id = p->packet_id,
		.topic_len = p->topic.len,
		.payload_len = payload,
	};
	u8 a[MQTTK_PUB_HEAD_MAX] = { 0 }, b[MQTTK_PUBLISH_HEAD_MAX] = { 0 };

	CHECK(mqttk_wire_pub_head(a, &po) ==
	      mqttk_wire_publish_head(b, version, p->qos, p->dup, p->retain,
				      p->topic.len, payload));
	CHECK(!memcmp(a, b, sizeof(a)));
	CHECK(mqttk_wire_pub_size(&po) ==
	      mqttk_wire_publish_size(version, p->qos, p->topic.len, payload));
}

static void check_publish(u8 version, const struct mqttk_fixed *f,
			  const u8 *body, size_t avail, struct out *o)
{
	struct mqttk_publish p, again;
	int ret;
	size_t cut;

	ret = mqttk_wire_publish(version, f->flags, f->remaining, body, avail,
				 &p);
	if (ret == 0)
		CHECK(avail < f->remaining);
	if (ret <= 0) {
		CHECK(is_verdict(ret));
		return;
	}
	CHECK((u32)ret == p.header && p.header <= f->remaining);
	CHECK(p.header <= avail && p.qos <= 2);
	CHECK(!p.packet_id == !p.qos);
	check_props(version, &p.props);
	CHECK(mqttk_topic_valid(p.topic.p, p.topic.len) ||
	      (!p.topic.len && p.props.topic_alias));
	CHECK(!mqttk_props_has(&p.props, MQTTK_PROP_SUBSCRIPTION_ID));
	for (cut = 0; cut < p.header; cut += cut < 4 ? 1 : p.header / 4)
		CHECK(!mqttk_wire_publish(version, f->flags, f->remaining,
					  body, cut, &again));

	put_str(o, &p.topic);
	if (p.qos)
		put_u16(o, p.packet_id);
	if (version == MQTTK_V5)
		put_props(o, &p.props);
	CHECK(o->len == p.header && !memcmp(o->p, body, o->len));

	check_sent_on(version, &p, f->remaining - p.header);
	if (version != MQTTK_V5)
		check_old_encoder(version, &p, f->remaining - p.header);
}

/* A reason code and properties, in the shortest form that says it. */
static void put_outcome(struct out *o, u8 reason,
			const struct mqttk_props *props)
{
	if (!reason && !props->raw_len)
		return;
	put_u8(o, reason);
	if (props->raw_len)
		put_props(o, props);
}

/* Says whether @body is what was written, give or take what may be left out. */
static bool is_outcome(const struct out *o, const u8 *body, size_t len)
{
	static const u8 nothing[2];

	return len >= o->len && len - o->len <= 2 &&
	       !memcmp(o->p, body, o->len) &&
	       !memcmp(nothing, body + o->len, len - o->len);
}

static void check_ack(u8 version, u8 type, const u8 *body, size_t len,
		      struct out *o)
{
	u8 buf[MQTTK_ACK_MAX];
	struct mqttk_ack ack;
	unsigned int n;
	int ret = mqttk_wire_ack(version, type, body, len, &ack);

	CHECK(is_verdict(ret));
	if (ret)
		return;
	CHECK(ack.id);
	check_props(version, &ack.props);
	n = mqttk_wire_put_ack(buf, version, type, ack.id, ack.reason);
	CHECK(n == (ack.reason ? 5 : 4) && buf[0] >> 4 == type);
	CHECK(buf[1] == n - 2 && !memcmp(buf + 2, body, n - 2));
	put_u16(o, ack.id);
	put_outcome(o, ack.reason, &ack.props);
	CHECK(is_outcome(o, body, len));
}

static void check_disconnect(u8 version, const u8 *body, size_t len,
			     struct out *o)
{
	struct mqttk_disconnect d;
	int ret = mqttk_wire_disconnect(version, body, len, &d);

	CHECK(is_verdict(ret));
	if (ret)
		return;
	check_props(version, &d.props);
	put_outcome(o, d.reason, &d.props);
	CHECK(is_outcome(o, body, len));
}

static void check_auth(const u8 *body, size_t len, struct out *o)
{
	struct mqttk_auth a;
	int ret = mqttk_wire_auth(body, len, &a);

	CHECK(is_verdict(ret));
	if (ret)
		return;
	check_props(MQTTK_V5, &a.props);
	put_outcome(o, a.reason, &a.props);
	CHECK(o->len == len && !memcmp(o->p, body, len));
}

static void check_subscribe(u8 version, u8 type, const u8 *body, size_t len,
			    struct out *o)
{
	struct mqttk_sub_iter it;
	struct mqttk_str filter;
	struct mqttk_share share;
	u8 buf[MQTTK_SUBACK_HEADER_MAX];
	u8 options;
	u32 nr = 0;
	int ret;

	ret = mqttk_wire_subscribe(version, type, body, len, &it);
	CHECK(is_verdict(ret));
	if (ret)
		return;

	CHECK(it.packet_id);
	check_props(version, &it.props);
	CHECK(mqttk_wire_put_suback_header(buf, version, it.packet_id, it.nr) <=
	      sizeof(buf));
	CHECK(mqttk_wire_put_unsuback_header(buf, version, it.packet_id,
					     it.nr) <= sizeof(buf));
	put_u16(o, it.packet_id);
	if (version == MQTTK_V5)
		put_props(o, &it.props);
	while (mqttk_wire_subscribe_next(&it, &filter, &options)) {
		CHECK((options & MQTTK_SUB_QOS) <= 2);
		CHECK(version == MQTTK_V5 ? options < 0x30 : options <= 2);
		CHECK(mqttk_utf8_valid(filter.p, filter.len));
		if (mqttk_share_parse(filter.p, filter.len, &share))
			CHECK(!(options & MQTTK_SUB_NO_LOCAL));
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
		check_ack(version, f->type, body, avail, &o);
		break;
	case MQTTK_DISCONNECT:
		check_disconnect(version, body, avail, &o);
		break;
	case MQTTK_AUTH:
		check_auth(body, avail, &o);
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
		CHECK(f->type >= MQTTK_CONNECT);
		CHECK(f->type <= MQTTK_DISCONNECT || version == MQTTK_V5);
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
