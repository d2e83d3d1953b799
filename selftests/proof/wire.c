// SPDX-License-Identifier: GPL-2.0
/*
 * wire.c, for all packets up to N bytes behind the fixed header: nothing is
 * read that is not theirs, every verdict is one that a client can be told, and
 * what is accepted is what is there: whoever writes down again what was decoded,
 * piece by piece, gets the same bytes.
 */
#include <linux/errno.h>

#include "mqttk/wire.h"

#include "proof.h"

/* How far a packet was written down again. */
struct at {
	const u8 *body;
	size_t len;
	size_t off;
};

static void next_u8(struct at *a, u8 v)
{
	CHECK(a->off < a->len);
	CHECK(a->body[a->off] == v);
	a->off++;
}

static void next_u16(struct at *a, u16 v)
{
	next_u8(a, v >> 8);
	next_u8(a, v & 0xff);
}

/* It points into the packet: no need to compare its bytes with themselves. */
static void next_bytes(struct at *a, const u8 *p, size_t len)
{
	CHECK(len <= a->len - a->off);
	CHECK(!len || p == a->body + a->off);
	a->off += len;
}

static void next_str(struct at *a, const struct mqttk_str *s)
{
	next_u16(a, s->len);
	next_bytes(a, s->p, s->len);
}

static void next_props(struct at *a, const struct mqttk_props *p)
{
	CHECK(!p->raw_len == !p->has);
	CHECK(p->receive_max && p->max_packet_size);
	CHECK(p->raw_len <= 0x7f);	/* for N is no more */
	next_u8(a, p->raw_len);
	next_bytes(a, p->raw, p->raw_len);
}

static bool is_verdict(int ret)
{
	u8 reason = mqttk_wire_reason(ret);

	return !ret || (ret < 0 && reason > MQTTK_REASON_UNSPECIFIED_ERROR &&
			reason != MQTTK_REASON_QUOTA_EXCEEDED);
}

static void check_fixed(const u8 *p, size_t len)
{
	u8 version = any_version();
	struct mqttk_fixed f, cut_f;
	int ret = mqttk_wire_fixed(version, p, len, &f), cut_ret;
	size_t cut;

	CHECK(ret == 0 || ret == -EBADMSG || (ret >= 2 && ret <= 5));
	/* Fewer bytes never say anything else, only less. */
	for (cut = 0; cut < len; cut++) {
		cut_ret = mqttk_wire_fixed(version, p, cut, &cut_f);
		if (ret > 0)
			CHECK(cut_ret == ((int)cut < ret ? 0 : ret));
		else
			CHECK(cut_ret == 0 || cut_ret == ret);
	}
	if (ret <= 0)
		return;
	CHECK(f.size == ret && (size_t)ret <= len);
	CHECK(f.type >= MQTTK_CONNECT);
	CHECK(f.type <= MQTTK_DISCONNECT || version == MQTTK_V5);
	CHECK(f.remaining <= MQTTK_REMAINING_MAX);
}

void proof_fixed(void)
{
	for_each_input(p, len, N)
		check_fixed(p, len);
}

static void written_connect(struct at *a, const struct mqttk_connect *c)
{
	if (c->version == MQTTK_V5)
		next_props(a, &c->props);
	next_str(a, &c->client_id);
	if (c->has_will) {
		if (c->version == MQTTK_V5)
			next_props(a, &c->will_props);
		next_str(a, &c->will_topic);
		next_str(a, &c->will_payload);
	}
	if (c->has_user)
		next_str(a, &c->user);
	if (c->has_password)
		next_str(a, &c->password);
	CHECK(a->off == a->len);
}

static void check_connect(const u8 *body, size_t len)
{
	struct at a = { body, len, 0 };
	struct mqttk_connect c;
	u8 flags;
	int ret = mqttk_wire_connect(body, len, &c);

	CHECK(is_verdict(ret));
	CHECK(c.version == 0 || (c.version >= 3 && c.version <= 5) ||
	      ret == -EPROTONOSUPPORT);
	if (ret)
		return;
	CHECK(c.version >= MQTTK_V31 && c.version <= MQTTK_V5);
	CHECK(c.will_qos <= 2 && c.will_topic.len > 0 == c.has_will);
	CHECK(c.has_user || !c.has_password || c.version == MQTTK_V5);

	a.off = c.version == MQTTK_V31 ? 8 : 6;
	next_u8(&a, c.version);
	flags = body[a.off++];
	CHECK(c.clean == (flags >> 1 & 1) && c.has_will == (flags >> 2 & 1));
	if (c.version != MQTTK_V31)
		CHECK(flags == (c.clean << 1 | c.has_will << 2 |
				c.will_qos << 3 | c.will_retain << 5 |
				c.has_password << 6 | c.has_user << 7));
	next_u16(&a, c.keepalive);
	written_connect(&a, &c);
}

void proof_connect(void)
{
	for_each_input(p, len, N)
		check_connect(p, len);
}

/* What follows the name of a protocol is where it gets interesting. */
static void connect_of(const u8 *start, size_t n)
{
	size_t i;

	for_each_input(p, len, N) {
		for (i = 0; i < n && i < len; i++)
			p[i] = start[i];
		check_connect(p, len);
	}
}

void proof_connect_v31(void)
{
	connect_of((const u8 *)"\0\6MQIsdp\3", 9);
}

void proof_connect_v311(void)
{
	connect_of((const u8 *)"\0\4MQTT\4", 7);
}

void proof_connect_v5(void)
{
	connect_of((const u8 *)"\0\4MQTT\5", 7);
}

static void check_publish(const u8 *body, size_t avail)
{
	u8 version = any_version(), flags = nondet_u8() & 0x0f;
	u32 remaining = nondet_u32();
	struct at a = { body, avail, 0 };
	struct mqttk_publish p;
	int ret;

	ASSUME(remaining <= MQTTK_REMAINING_MAX);
	ret = mqttk_wire_publish(version, flags, remaining, body, avail, &p);
	if (!ret)
		CHECK(avail < remaining);
	if (ret <= 0) {
		CHECK(is_verdict(ret));
		return;
	}
	CHECK((u32)ret == p.header);
	CHECK(p.header <= avail && p.header <= remaining && p.qos <= 2);
	CHECK(!p.packet_id == !p.qos);
	CHECK(p.qos == (flags >> 1 & 3) && p.retain == (flags & 1));
	CHECK(p.dup == (p.qos && flags & 8));
	CHECK(p.topic.len || p.props.topic_alias);
	CHECK(!mqttk_props_has(&p.props, MQTTK_PROP_SUBSCRIPTION_ID));
	next_str(&a, &p.topic);
	if (p.qos)
		next_u16(&a, p.packet_id);
	if (version == MQTTK_V5)
		next_props(&a, &p.props);
	CHECK(a.off == p.header);
}

void proof_publish(void)
{
	for_each_input(p, len, N)
		check_publish(p, len);
}

/* A reason code and properties, either of which may be left out. */
static void next_outcome(struct at *a, u8 reason, const struct mqttk_props *p)
{
	if (a->off == a->len) {
		CHECK(!reason && !p->has);
		return;
	}
	next_u8(a, reason);
	if (a->off == a->len)
		CHECK(!p->has);
	else
		next_props(a, p);
	CHECK(a->off == a->len);
}

static void check_ack(const u8 *body, size_t len)
{
	u8 version = any_version(), type = nondet_u8();
	struct at a = { body, len, 0 };
	struct mqttk_ack ack;
	int ret;

	ASSUME(type >= MQTTK_PUBACK && type <= MQTTK_PUBCOMP);
	ret = mqttk_wire_ack(version, type, body, len, &ack);
	CHECK(is_verdict(ret));
	if (ret)
		return;
	CHECK(ack.id);
	CHECK(version == MQTTK_V5 || (!ack.reason && !ack.props.has));
	next_u16(&a, ack.id);
	next_outcome(&a, ack.reason, &ack.props);
}

void proof_ack(void)
{
	for_each_input(p, len, N)
		check_ack(p, len);
}

static void check_leaving(const u8 *body, size_t len)
{
	u8 version = any_version();
	struct at a = { body, len, 0 };
	struct mqttk_disconnect d;
	struct mqttk_auth auth;
	int ret = mqttk_wire_disconnect(version, body, len, &d);

	CHECK(is_verdict(ret));
	if (!ret)
		next_outcome(&a, d.reason, &d.props);
	a.off = 0;
	ret = mqttk_wire_auth(body, len, &auth);
	CHECK(is_verdict(ret));
	if (!ret)
		next_outcome(&a, auth.reason, &auth.props);
}

/* DISCONNECT, and AUTH, which looks the same. */
void proof_disconnect(void)
{
	for_each_input(p, len, N)
		check_leaving(p, len);
}

static void check_subscribe(const u8 *body, size_t len)
{
	u8 version = any_version(), options;
	u8 type = nondet_bool() ? MQTTK_SUBSCRIBE : MQTTK_UNSUBSCRIBE;
	struct at a = { body, len, 0 };
	struct mqttk_sub_iter it;
	struct mqttk_str filter;
	u32 nr = 0;
	int ret = mqttk_wire_subscribe(version, type, body, len, &it);

	CHECK(is_verdict(ret));
	if (ret)
		return;
	CHECK(it.packet_id);
	next_u16(&a, it.packet_id);
	if (version == MQTTK_V5)
		next_props(&a, &it.props);
	while (mqttk_wire_subscribe_next(&it, &filter, &options)) {
		CHECK((options & MQTTK_SUB_QOS) <= 2);
		CHECK(version == MQTTK_V5 ? options < 0x30 : options <= 2);
		next_str(&a, &filter);
		if (type == MQTTK_SUBSCRIBE)
			next_u8(&a, options);
		nr++;
	}
	CHECK(nr && nr == it.nr);
	CHECK(a.off == len);
}

void proof_subscribe(void)
{
	for_each_input(p, len, N)
		check_subscribe(p, len);
}
