// SPDX-License-Identifier: GPL-2.0
/*
 * The MQTT wire format: structures to packets.
 *
 * What is handed in comes from the broker itself and is not checked again; a
 * length that no packet can have is the exception, because it depends on what
 * two clients sent.
 */
#include <kunit/visibility.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "cursor.h"
#include "props.h"
#include "wire.h"

/* Returns the bytes written, MQTTK_FIXED_MAX at most. */
static unsigned int put_fixed(u8 *buf, u8 type, u8 flags, u32 remaining)
{
	buf[0] = type << 4 | flags;
	return 1 + put_varint(buf + 1, remaining);
}

/* All of these return what is behind what they wrote. */

static u8 *put_u8(u8 *p, u8 v)
{
	*p = v;
	return p + 1;
}

static u8 *put_u16(u8 *p, u16 v)
{
	put_unaligned_be16(v, p);
	return p + 2;
}

static u8 *put_prop_u8(u8 *p, u8 id, u8 v)
{
	return put_u8(put_u8(p, id), v);
}

static u8 *put_prop_u16(u8 *p, u8 id, u16 v)
{
	return put_u16(put_u8(p, id), v);
}

static u8 *put_prop_u32(u8 *p, u8 id, u32 v)
{
	p = put_u8(p, id);
	put_unaligned_be32(v, p);
	return p + 4;
}

/* NULL stands for an empty string, and that is left out. */
static u32 prop_str_size(const struct mqttk_str *s)
{
	return s && s->len ? 3 + s->len : 0;
}

static u8 *put_prop_str(u8 *p, u8 id, const struct mqttk_str *s)
{
	if (!s || !s->len)
		return p;
	p = put_prop_u16(p, id, s->len);
	memcpy(p, s->p, s->len);
	return p + s->len;
}

static u32 connack_props_size(const struct mqttk_connack *c)
{
	return (c->has_session_expiry ? 5 : 0) + (c->receive_max ? 3 : 0) +
	       (c->max_packet_size ? 5 : 0) + (c->topic_alias_max ? 3 : 0) +
	       (c->has_server_keepalive ? 3 : 0) + (c->has_max_qos ? 2 : 0) +
	       (c->no_retain ? 2 : 0) +
	       prop_str_size(&c->assigned_id) +
	       prop_str_size(&c->reason_string) +
	       prop_str_size(&c->response_info) +
	       prop_str_size(&c->auth_method) + prop_str_size(&c->auth_data);
}

static u8 *put_connack_props(u8 *p, const struct mqttk_connack *c)
{
	if (c->has_session_expiry)
		p = put_prop_u32(p, MQTTK_PROP_SESSION_EXPIRY,
				 c->session_expiry);
	if (c->receive_max)
		p = put_prop_u16(p, MQTTK_PROP_RECEIVE_MAX, c->receive_max);
	if (c->max_packet_size)
		p = put_prop_u32(p, MQTTK_PROP_MAX_PACKET_SIZE,
				 c->max_packet_size);
	if (c->topic_alias_max)
		p = put_prop_u16(p, MQTTK_PROP_TOPIC_ALIAS_MAX,
				 c->topic_alias_max);
	if (c->has_server_keepalive)
		p = put_prop_u16(p, MQTTK_PROP_SERVER_KEEPALIVE,
				 c->server_keepalive);
	if (c->has_max_qos)
		p = put_prop_u8(p, MQTTK_PROP_MAX_QOS, c->max_qos);
	if (c->no_retain)
		p = put_prop_u8(p, MQTTK_PROP_RETAIN_AVAILABLE, 0);
	p = put_prop_str(p, MQTTK_PROP_ASSIGNED_CLIENT_ID, &c->assigned_id);
	p = put_prop_str(p, MQTTK_PROP_REASON_STRING, &c->reason_string);
	p = put_prop_str(p, MQTTK_PROP_RESPONSE_INFO, &c->response_info);
	p = put_prop_str(p, MQTTK_PROP_AUTH_METHOD, &c->auth_method);
	return put_prop_str(p, MQTTK_PROP_AUTH_DATA, &c->auth_data);
}

/* What a client of 3.1 or 3.1.1 is told instead of a reason code. */
static u8 return_code(u8 reason)
{
	switch (reason) {
	case MQTTK_REASON_UNSUPPORTED_VERSION:
		return MQTTK_CONNACK_BAD_VERSION;
	case MQTTK_REASON_BAD_CLIENT_ID:
		return MQTTK_CONNACK_BAD_CLIENT_ID;
	case MQTTK_REASON_BAD_CREDENTIALS:
		return MQTTK_CONNACK_BAD_CREDENTIALS;
	case MQTTK_REASON_NOT_AUTHORIZED:
	case MQTTK_REASON_BANNED:
	case MQTTK_REASON_BAD_AUTH_METHOD:
		return MQTTK_CONNACK_NOT_AUTHORIZED;
	default:	/* busy, full, moved, ...: another time, perhaps */
		return reason & 0x80 ? MQTTK_CONNACK_UNAVAILABLE : reason;
	}
}

/**
 * mqttk_wire_put_connack - write a CONNACK
 * @buf: room for MQTTK_CONNACK_MAX bytes and for all of @c's strings
 * @version: protocol level; 3.1 has no session present
 * @c: what to say
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_connack(u8 *buf, u8 version,
				    const struct mqttk_connack *c)
{
	/* [3.1.1: MQTT-3.2.2-4, 5.0: MQTT-3.2.2-6] */
	bool present = c->session_present && version != MQTTK_V31 &&
		       c->reason == MQTTK_REASON_SUCCESS;
	u32 props;
	u8 *p;

	if (version != MQTTK_V5) {
		p = buf + put_fixed(buf, MQTTK_CONNACK, 0, 2);
		p = put_u8(p, present);
		return put_u8(p, return_code(c->reason)) - buf;
	}
	props = connack_props_size(c);
	p = buf + put_fixed(buf, MQTTK_CONNACK, 0,
			    2 + varint_size(props) + props);
	p = put_u8(p, present);
	p = put_u8(p, c->reason);
	p += put_varint(p, props);
	return put_connack_props(p, c) - buf;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_connack);

/**
 * mqttk_wire_put_ack - write PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK
 * @buf: room for MQTTK_ACK_MAX bytes
 * @version: protocol level; that of an UNSUBACK is 3 or 4, see
 *	mqttk_wire_put_unsuback_header()
 * @type: which of them
 * @id: the packet identifier
 * @reason: enum mqttk_reason; not written before 5.0, which has none
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_ack(u8 *buf, u8 version, u8 type, u16 id,
				u8 reason)
{
	bool told = version == MQTTK_V5 && reason != MQTTK_REASON_SUCCESS;
	u8 *p = buf;

	p += put_fixed(p, type, type == MQTTK_PUBREL ? 2 : 0, told ? 3 : 2);
	p = put_u16(p, id);
	if (told)
		p = put_u8(p, reason);
	return p - buf;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_ack);

/**
 * mqttk_wire_put_pingresp - write a PINGRESP
 * @buf: room for MQTTK_PINGRESP_MAX bytes
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_pingresp(u8 *buf)
{
	return put_fixed(buf, MQTTK_PINGRESP, 0, 0);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_pingresp);

/* SUBACK or UNSUBACK up to its codes; 5.0 has properties, here none. */
static unsigned int put_codes_header(u8 *buf, u8 version, u8 type, u16 id,
				     u32 nr)
{
	u8 props = version == MQTTK_V5;
	u8 *p = buf;

	p += put_fixed(p, type, 0, 2 + props + nr);
	p = put_u16(p, id);
	if (props)
		p = put_u8(p, 0);
	return p - buf;
}

/**
 * mqttk_wire_put_suback_header - write a SUBACK up to its codes
 * @buf: room for MQTTK_SUBACK_HEADER_MAX bytes
 * @version: protocol level
 * @id: the SUBSCRIBE's packet identifier
 * @nr: how many codes the caller appends, one byte each
 *
 * A decoded SUBSCRIBE never has more entries than a SUBACK can answer.
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_suback_header(u8 *buf, u8 version, u16 id, u32 nr)
{
	return put_codes_header(buf, version, MQTTK_SUBACK, id, nr);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_suback_header);

/**
 * mqttk_wire_put_unsuback_header - write an UNSUBACK up to its codes
 * @buf: room for MQTTK_SUBACK_HEADER_MAX bytes
 * @version: protocol level
 * @id: the UNSUBSCRIBE's packet identifier
 * @nr: how many codes the caller appends, one byte each; before 5.0 there are
 *	none, whatever this says
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_unsuback_header(u8 *buf, u8 version, u16 id,
					    u32 nr)
{
	return put_codes_header(buf, version, MQTTK_UNSUBACK, id,
				version == MQTTK_V5 ? nr : 0);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_unsuback_header);

/**
 * mqttk_wire_put_disconnect - write a DISCONNECT, which from a server is of 5.0
 * @buf: room for MQTTK_DISCONNECT_MAX bytes and for @reason_string
 * @reason: enum mqttk_reason
 * @reason_string: for people to read; NULL or empty for none
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_disconnect(u8 *buf, u8 reason,
				       const struct mqttk_str *reason_string)
{
	u32 props = prop_str_size(reason_string);
	u8 *p = buf;

	if (!props) {
		p += put_fixed(p, MQTTK_DISCONNECT, 0, 1);
		return put_u8(p, reason) - buf;
	}
	p += put_fixed(p, MQTTK_DISCONNECT, 0, 1 + varint_size(props) + props);
	p = put_u8(p, reason);
	p += put_varint(p, props);
	return put_prop_str(p, MQTTK_PROP_REASON_STRING, reason_string) - buf;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_disconnect);

/**
 * mqttk_wire_put_auth - write an AUTH, which is of 5.0
 * @buf: room for MQTTK_AUTH_MAX bytes and for both strings
 * @reason: enum mqttk_reason
 * @method: authentication method, not empty
 * @data: authentication data; NULL or empty for none
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_auth(u8 *buf, u8 reason,
				 const struct mqttk_str *method,
				 const struct mqttk_str *data)
{
	u32 props = prop_str_size(method) + prop_str_size(data);
	u8 *p = buf;

	p += put_fixed(p, MQTTK_AUTH, 0, 1 + varint_size(props) + props);
	p = put_u8(p, reason);
	p += put_varint(p, props);
	p = put_prop_str(p, MQTTK_PROP_AUTH_METHOD, method);
	return put_prop_str(p, MQTTK_PROP_AUTH_DATA, data) - buf;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_auth);

/**
 * mqttk_wire_put_subid - write a Subscription Identifier for a PUBLISH
 * @buf: room for MQTTK_SUBID_MAX bytes
 * @id: 1 to MQTTK_REMAINING_MAX
 *
 * Context: Any.
 * Return: bytes written, 2 to 5.
 */
unsigned int mqttk_wire_put_subid(u8 *buf, u32 id)
{
	buf[0] = MQTTK_PROP_SUBSCRIPTION_ID;
	return 1 + put_varint(buf + 1, id);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_subid);

/* Bytes of the property list of a PUBLISH of 5.0; 64 bits, lest they wrap. */
static u64 pub_props(const struct mqttk_pub_out *o)
{
	return (u64)o->subids_len + o->props_len + (o->has_expiry ? 5 : 0) +
	       (o->alias ? 3 : 0);
}

/* Remaining length of a PUBLISH, or 0 if no length field can express it. */
static u32 pub_remaining(const struct mqttk_pub_out *o)
{
	u64 n = 2 + (u64)o->topic_len + (o->qos ? 2 : 0) + o->payload_len;
	u64 props;

	if (o->version == MQTTK_V5) {
		props = pub_props(o);
		n += varint_size(props) + props;
	}
	return n <= MQTTK_REMAINING_MAX ? n : 0;
}

/**
 * mqttk_wire_pub_head - write a PUBLISH up to its topic
 * @buf: room for MQTTK_PUB_HEAD_MAX bytes
 * @o: what is published
 *
 * The topic's length is the last thing written here.
 *
 * Context: Any.
 * Return: bytes written; 0 if no packet can hold that much.
 */
unsigned int mqttk_wire_pub_head(u8 *buf, const struct mqttk_pub_out *o)
{
	u32 remaining = pub_remaining(o);
	u8 flags = o->qos << 1;
	u8 *p = buf;

	if (!remaining)
		return 0;
	if (o->dup && o->qos)
		flags |= MQTTK_PUBLISH_DUP;
	if (o->retain)
		flags |= MQTTK_PUBLISH_RETAIN;
	p += put_fixed(p, MQTTK_PUBLISH, flags, remaining);
	return put_u16(p, o->topic_len) - buf;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_pub_head);

/**
 * mqttk_wire_pub_tail - write what stands between topic and shared properties
 * @buf: room for MQTTK_PUB_TAIL_MAX bytes
 * @o: what is published, as mqttk_wire_pub_head() took it
 *
 * Context: Any.
 * Return: bytes written, 0 for QoS 0 before 5.0.
 */
unsigned int mqttk_wire_pub_tail(u8 *buf, const struct mqttk_pub_out *o)
{
	u8 *p = buf;

	if (o->qos)
		p = put_u16(p, o->id);
	if (o->version != MQTTK_V5)
		return p - buf;
	p += put_varint(p, pub_props(o));
	if (o->has_expiry)
		p = put_prop_u32(p, MQTTK_PROP_MESSAGE_EXPIRY, o->expiry);
	if (o->alias)
		p = put_prop_u16(p, MQTTK_PROP_TOPIC_ALIAS, o->alias);
	return p - buf;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_pub_tail);

/**
 * mqttk_wire_pub_size - measure a PUBLISH
 * @o: what is published
 *
 * Context: Any.
 * Return: bytes of the whole packet, its fixed header included;
 * MQTTK_PUB_TOO_LARGE if no packet can hold that much.
 */
u32 mqttk_wire_pub_size(const struct mqttk_pub_out *o)
{
	u32 remaining = pub_remaining(o);

	return remaining ? 1 + varint_size(remaining) + remaining :
			   MQTTK_PUB_TOO_LARGE;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_pub_size);

/* Remaining length of a PUBLISH, or 0 if no length field can express it. */
static u32 publish_remaining(u8 qos, u16 topic_len, u32 payload_len)
{
	u32 header = 2 + topic_len + (qos ? 2 : 0);

	return payload_len <= MQTTK_REMAINING_MAX - header ?
	       header + payload_len : 0;
}

/**
 * mqttk_wire_publish_head - write a PUBLISH up to its topic
 * @buf: room for MQTTK_PUBLISH_HEAD_MAX bytes
 * @version: protocol level, 3 or 4
 * @qos: 0 to 2
 * @dup: this is a repetition; ignored for QoS 0 [MQTT-3.3.1-2]
 * @retain: the value is a retained one
 * @topic_len: bytes of the topic
 * @payload_len: bytes of the payload
 *
 * The topic's length is the last thing written here. The topic follows, then
 * mqttk_wire_publish_tail(), then the payload.
 *
 * Context: Any.
 * Return: bytes written; 0 if no packet can hold that much.
 */
unsigned int mqttk_wire_publish_head(u8 *buf, u8 version, u8 qos, bool dup,
				     bool retain, u16 topic_len,
				     u32 payload_len)
{
	u32 remaining = publish_remaining(qos, topic_len, payload_len);
	u8 flags = qos << 1;
	unsigned int n;

	if (!remaining)
		return 0;
	if (dup && qos)
		flags |= MQTTK_PUBLISH_DUP;
	if (retain)
		flags |= MQTTK_PUBLISH_RETAIN;
	n = put_fixed(buf, MQTTK_PUBLISH, flags, remaining);
	put_unaligned_be16(topic_len, buf + n);
	return n + 2;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_publish_head);

/**
 * mqttk_wire_publish_tail - write what stands between topic and payload
 * @buf: room for MQTTK_PUBLISH_TAIL_MAX bytes
 * @version: protocol level, 3 or 4
 * @qos: 0 to 2
 * @id: the packet identifier; not looked at for QoS 0
 *
 * Context: Any.
 * Return: bytes written: 2, or 0 for QoS 0.
 */
unsigned int mqttk_wire_publish_tail(u8 *buf, u8 version, u8 qos, u16 id)
{
	if (!qos)
		return 0;
	put_unaligned_be16(id, buf);
	return 2;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_publish_tail);

/**
 * mqttk_wire_publish_size - measure a PUBLISH
 * @version: protocol level, 3 or 4
 * @qos: 0 to 2
 * @topic_len: bytes of the topic
 * @payload_len: bytes of the payload
 *
 * Context: Any.
 * Return: bytes of the whole packet, its fixed header included; 0 if no packet
 * can hold that much.
 */
u32 mqttk_wire_publish_size(u8 version, u8 qos, u16 topic_len, u32 payload_len)
{
	u32 remaining = publish_remaining(qos, topic_len, payload_len);

	return remaining ? 1 + varint_size(remaining) + remaining : 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_publish_size);
