// SPDX-License-Identifier: GPL-2.0
/*
 * encode.c, for all values of what is to be written, with strings up to N
 * bytes: no more is written than there is room for and than was announced, and
 * the decoders read from it what was to be written.
 */
#include <linux/errno.h>

#include "mqttk/wire.h"

#include "proof.h"

static struct mqttk_str any_str(void)
{
	u16 len = nondet_u16();

	ASSUME(len <= N);
	return (struct mqttk_str){ malloc(len), len };
}

static void check_header(const u8 *p, u32 n, u8 type, struct mqttk_fixed *f)
{
	CHECK(mqttk_wire_fixed(MQTTK_V5, p, n, f) == f->size);
	CHECK(f->type == type && f->remaining == n - f->size);
}

void proof_connack(void)
{
	struct mqttk_connack c;
	struct mqttk_props props;
	struct mqttk_fixed f;
	u32 room = MQTTK_CONNACK_MAX, n, list;
	u8 *buf;

	c.assigned_id = any_str();
	c.reason_string = any_str();
	c.response_info = any_str();
	c.auth_method = any_str();
	c.auth_data = any_str();
	room += c.assigned_id.len + c.reason_string.len +
		c.response_info.len + c.auth_method.len + c.auth_data.len;
	ASSUME(room <= MQTTK_CONNACK_MAX + 5 * N);
	ASSUME(c.max_qos <= 1);
	ASSUME(c.auth_method.len || !c.auth_data.len);
	buf = malloc(room);
	n = mqttk_wire_put_connack(buf, MQTTK_V5, &c);
	CHECK(n <= room);
	check_header(buf, n, MQTTK_CONNACK, &f);
	list = f.size + 3;
	CHECK(buf[f.size] <= 1 && buf[f.size + 1] == c.reason);
	CHECK(buf[list - 1] == n - list);	/* for N is no more */
	CHECK(!mqttk_props_decode(MQTTK_CONNACK, buf + list, n - list, &props));
	CHECK(props.max_packet_size == (c.max_packet_size ?: ~0u));
	CHECK(props.receive_max == (c.receive_max ?: 65535));
	CHECK(props.topic_alias_max == c.topic_alias_max);
	CHECK(props.auth_method.len == c.auth_method.len);
	CHECK(props.reason_string.len == c.reason_string.len);
}

void proof_connack_old(void)
{
	struct mqttk_connack c;
	u8 version = nondet_bool() ? MQTTK_V31 : MQTTK_V311, *buf = malloc(4);

	CHECK(mqttk_wire_put_connack(buf, version, &c) == 4);
	CHECK(buf[0] == 0x20 && buf[1] == 2);
	CHECK(buf[2] <= 1 && (c.reason >= 0x80 || buf[3] == c.reason));
	CHECK(buf[3] <= 5 || c.reason < 0x80);
}

void proof_put_ack(void)
{
	u8 type = nondet_u8(), reason = nondet_u8();
	u8 version = any_version(), *buf = malloc(MQTTK_ACK_MAX);
	u16 id = nondet_u16();
	struct mqttk_ack ack;
	struct mqttk_fixed f;
	int ret;
	u32 n;

	ASSUME(id && type >= MQTTK_PUBACK && type <= MQTTK_PUBCOMP);
	ASSUME(version);
	n = mqttk_wire_put_ack(buf, version, type, id, reason);
	CHECK(n <= MQTTK_ACK_MAX);
	CHECK(mqttk_wire_fixed(version, buf, n, &f) == f.size);
	CHECK(f.type == type && f.size + f.remaining == n);
	ret = mqttk_wire_ack(version, type, buf + f.size, f.remaining, &ack);
	CHECK(!ret || ret == -EPROTO);	/* a reason of somebody else's */
	if (!ret)
		CHECK(ack.id == id &&
		      ack.reason == (version == MQTTK_V5 ? reason : 0));
}

/* SUBACK, UNSUBACK and PINGRESP up to their codes, a Subscription Identifier. */
void proof_put_small(void)
{
	u8 version = any_version(), *buf = malloc(MQTTK_SUBACK_HEADER_MAX);
	u8 *ping = malloc(MQTTK_PINGRESP_MAX), *sub = malloc(MQTTK_SUBID_MAX);
	u32 nr = nondet_u32(), id = nondet_u32(), n;
	struct mqttk_props props;
	struct mqttk_fixed f;

	ASSUME(nr >= 1 && nr <= MQTTK_REMAINING_MAX - 3);
	ASSUME(version);
	n = mqttk_wire_put_suback_header(buf, version, nondet_u16(), nr);
	CHECK(n <= MQTTK_SUBACK_HEADER_MAX);
	CHECK(mqttk_wire_fixed(version, buf, n, &f) == f.size);
	CHECK(f.type == MQTTK_SUBACK && f.size + f.remaining == n + nr);
	n = mqttk_wire_put_unsuback_header(buf, version, nondet_u16(), nr);
	CHECK(mqttk_wire_fixed(version, buf, n, &f) == f.size);
	CHECK(f.type == MQTTK_UNSUBACK);
	CHECK(f.size + f.remaining == n + (version == MQTTK_V5 ? nr : 0));
	CHECK(mqttk_wire_put_pingresp(ping) == MQTTK_PINGRESP_MAX);

	ASSUME(id && id <= MQTTK_REMAINING_MAX);
	n = mqttk_wire_put_subid(sub, id);
	CHECK(n >= 2 && n <= MQTTK_SUBID_MAX);
	CHECK(!mqttk_props_decode(MQTTK_PUBLISH, sub, n, &props));
	CHECK(props.subscription_id == id);
}

void proof_put_leaving(void)
{
	struct mqttk_str why = any_str(), method = any_str(), data = any_str();
	u32 room = MQTTK_DISCONNECT_MAX + why.len, n;
	u8 reason = nondet_u8(), *buf = malloc(room);
	struct mqttk_fixed f;

	n = mqttk_wire_put_disconnect(buf, reason, nondet_bool() ? &why : NULL);
	CHECK(n <= room);
	check_header(buf, n, MQTTK_DISCONNECT, &f);
	CHECK(buf[f.size] == reason);

	ASSUME(method.len);
	room = MQTTK_AUTH_MAX + method.len + data.len;
	buf = malloc(room);
	n = mqttk_wire_put_auth(buf, reason, &method,
				nondet_bool() ? &data : NULL);
	CHECK(n <= room);
	check_header(buf, n, MQTTK_AUTH, &f);
	CHECK(buf[f.size] == reason);
}

/*
 * A PUBLISH of any size: what was announced, header, topic and tail, is what a
 * receiver reads. Topic and properties are short, the payload is not looked at.
 */
static void check_put_publish(u16 topic_len)
{
	struct mqttk_pub_out o;
	struct mqttk_publish p;
	struct mqttk_fixed f;
	u32 room, n, tail, size;
	u8 *buf;

	o.topic_len = topic_len;
	o.subids_len = 0;
	o.props_len = 0;
	/* Uninitialized ones could be neither. */
	o.dup = nondet_bool();
	o.retain = nondet_bool();
	o.has_expiry = nondet_bool();
	ASSUME(o.version >= MQTTK_V31 && o.version <= MQTTK_V5);
	ASSUME(o.qos <= 2 && (!o.qos || o.id));
	ASSUME(o.version == MQTTK_V5 || topic_len);
	ASSUME(topic_len || o.alias);
	room = MQTTK_PUB_HEAD_MAX + topic_len + MQTTK_PUB_TAIL_MAX;
	buf = malloc(room);
	size = mqttk_wire_pub_size(&o);
	n = mqttk_wire_pub_head(buf, &o);
	CHECK(!n == (size == MQTTK_PUB_TOO_LARGE));
	if (!n)
		return;
	CHECK(n <= MQTTK_PUB_HEAD_MAX);
	n += topic_len;
	tail = mqttk_wire_pub_tail(buf + n, &o);
	CHECK(tail <= MQTTK_PUB_TAIL_MAX);
	n += tail;
	CHECK(mqttk_wire_fixed(o.version, buf, n, &f) == f.size);
	CHECK(f.size + f.remaining == size && size - n == o.payload_len);
	if (mqttk_wire_publish(o.version, f.flags, f.remaining, buf + f.size,
			       n - f.size, &p) < 0)
		return;		/* strings.c did not like the topic */
	CHECK(p.header == n - f.size && p.topic.len == topic_len);
	CHECK(p.qos == o.qos && p.retain == o.retain);
	CHECK(p.dup == (o.dup && o.qos));
	CHECK(!o.qos || p.packet_id == o.id);
	if (o.version != MQTTK_V5)
		return;
	CHECK(p.props.topic_alias == o.alias);
	CHECK(mqttk_props_has(&p.props, MQTTK_PROP_MESSAGE_EXPIRY) ==
	      o.has_expiry);
	CHECK(!o.has_expiry || p.props.message_expiry == o.expiry);
}

void proof_put_publish(void)
{
	u16 len;

	for (len = 0; len <= N; len++)
		check_put_publish(len);
}

/* Lengths of any size, and the functions for 3.1 and 3.1.1 agree with these. */
void proof_publish_size(void)
{
	struct mqttk_pub_out o;
	u8 a[MQTTK_PUB_HEAD_MAX], b[MQTTK_PUBLISH_HEAD_MAX];
	u32 n, i, old;

	ASSUME(o.version >= MQTTK_V31 && o.version <= MQTTK_V5 && o.qos <= 2);
	n = mqttk_wire_pub_head(a, &o);
	CHECK(!n == (mqttk_wire_pub_size(&o) == MQTTK_PUB_TOO_LARGE));
	CHECK(n <= MQTTK_PUB_HEAD_MAX);
	if (o.version == MQTTK_V5)
		return;
	old = mqttk_wire_publish_head(b, o.version, o.qos, o.dup, o.retain,
				      o.topic_len, o.payload_len);
	CHECK(old == n);
	for (i = 0; i < n; i++)
		CHECK(a[i] == b[i]);
	CHECK(!n || mqttk_wire_publish_size(o.version, o.qos, o.topic_len,
					    o.payload_len) ==
		    mqttk_wire_pub_size(&o));
}
