// SPDX-License-Identifier: GPL-2.0
/*
 * The properties of MQTT 5.0.
 *
 * One table says of each property what its value is and which packets it may
 * be on; everything else follows from it.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "cursor.h"
#include "props.h"
#include "wire.h"

/* Data types of values. */
enum type {
	BYTE = 1,
	TWO,
	FOUR,
	VARINT,
	BINARY,
	STRING,
	PAIR,
};

/* What a value may be beyond its data type. */
enum check {
	ANY,
	FLAG,		/* 0 or 1 */
	NOT_ZERO,
	ALIAS,		/* not 0, which has a reason code of its own */
	TOPIC,		/* no wildcards, not empty */
};

/* Sets of packets. */
#define WILL		BIT(MQTTK_PROPS_WILL)
#define CONNECT		BIT(MQTTK_CONNECT)
#define CONNACK		BIT(MQTTK_CONNACK)
#define PUBLISH		BIT(MQTTK_PUBLISH)
#define ACKS		(BIT(MQTTK_PUBACK) | BIT(MQTTK_PUBREC) |	\
			 BIT(MQTTK_PUBREL) | BIT(MQTTK_PUBCOMP))
#define SUBSCRIBE	BIT(MQTTK_SUBSCRIBE)
#define SUBACKS		(BIT(MQTTK_SUBACK) | BIT(MQTTK_UNSUBACK))
#define UNSUBSCRIBE	BIT(MQTTK_UNSUBSCRIBE)
#define DISCONNECT	BIT(MQTTK_DISCONNECT)
#define AUTH		BIT(MQTTK_AUTH)
#define ALL		(WILL | CONNECT | CONNACK | PUBLISH | ACKS |	\
			 SUBSCRIBE | SUBACKS | UNSUBSCRIBE | DISCONNECT | AUTH)

#define FIELD(name)	.field = offsetof(struct mqttk_props, name)

/*
 * @on: on which packets it may be; @repeats: on which of them more than once
 * @field: where the value goes; 0 if it is not stored
 * @forwarded: receivers of the message get it as it came [MQTT-3.3.2-4,
 *	MQTT-3.3.2-15 to MQTT-3.3.2-20]
 */
static const struct rule {
	u8 type;
	u8 check;
	u8 field;
	bool forwarded;
	u16 on;
	u16 repeats;
} rules[] = {
	[MQTTK_PROP_PAYLOAD_FORMAT] = {
		BYTE, FLAG, FIELD(payload_format), .forwarded = true,
		.on = PUBLISH | WILL },
	[MQTTK_PROP_MESSAGE_EXPIRY] = {
		FOUR, ANY, FIELD(message_expiry), .on = PUBLISH | WILL },
	[MQTTK_PROP_CONTENT_TYPE] = {
		STRING, ANY, FIELD(content_type), .forwarded = true,
		.on = PUBLISH | WILL },
	[MQTTK_PROP_RESPONSE_TOPIC] = {
		STRING, TOPIC, FIELD(response_topic), .forwarded = true,
		.on = PUBLISH | WILL },
	[MQTTK_PROP_CORRELATION_DATA] = {
		BINARY, ANY, FIELD(correlation_data), .forwarded = true,
		.on = PUBLISH | WILL },
	[MQTTK_PROP_SUBSCRIPTION_ID] = {
		VARINT, NOT_ZERO, FIELD(subscription_id),
		.on = PUBLISH | SUBSCRIBE, .repeats = PUBLISH },
	[MQTTK_PROP_SESSION_EXPIRY] = {
		FOUR, ANY, FIELD(session_expiry),
		.on = CONNECT | CONNACK | DISCONNECT },
	[MQTTK_PROP_ASSIGNED_CLIENT_ID] = { STRING, .on = CONNACK },
	[MQTTK_PROP_SERVER_KEEPALIVE] = { TWO, .on = CONNACK },
	[MQTTK_PROP_AUTH_METHOD] = {
		STRING, ANY, FIELD(auth_method),
		.on = CONNECT | CONNACK | AUTH },
	[MQTTK_PROP_AUTH_DATA] = {
		BINARY, ANY, FIELD(auth_data), .on = CONNECT | CONNACK | AUTH },
	[MQTTK_PROP_REQUEST_PROBLEM_INFO] = {
		BYTE, FLAG, FIELD(request_problem_info), .on = CONNECT },
	[MQTTK_PROP_WILL_DELAY] = {
		FOUR, ANY, FIELD(will_delay), .on = WILL },
	[MQTTK_PROP_REQUEST_RESPONSE_INFO] = {
		BYTE, FLAG, FIELD(request_response_info), .on = CONNECT },
	[MQTTK_PROP_RESPONSE_INFO] = { STRING, .on = CONNACK },
	[MQTTK_PROP_SERVER_REFERENCE] = {
		STRING, .on = CONNACK | DISCONNECT },
	[MQTTK_PROP_REASON_STRING] = {
		STRING, ANY, FIELD(reason_string),
		.on = CONNACK | ACKS | SUBACKS | DISCONNECT | AUTH },
	[MQTTK_PROP_RECEIVE_MAX] = {
		TWO, NOT_ZERO, FIELD(receive_max), .on = CONNECT | CONNACK },
	[MQTTK_PROP_TOPIC_ALIAS_MAX] = {
		TWO, ANY, FIELD(topic_alias_max), .on = CONNECT | CONNACK },
	[MQTTK_PROP_TOPIC_ALIAS] = {
		TWO, ALIAS, FIELD(topic_alias), .on = PUBLISH },
	[MQTTK_PROP_MAX_QOS] = { BYTE, FLAG, .on = CONNACK },
	[MQTTK_PROP_RETAIN_AVAILABLE] = { BYTE, FLAG, .on = CONNACK },
	[MQTTK_PROP_USER] = {
		PAIR, .forwarded = true, .on = ALL, .repeats = ALL },
	[MQTTK_PROP_MAX_PACKET_SIZE] = {
		FOUR, NOT_ZERO, FIELD(max_packet_size),
		.on = CONNECT | CONNACK },
	[MQTTK_PROP_WILDCARD_AVAILABLE] = { BYTE, FLAG, .on = CONNACK },
	[MQTTK_PROP_SUBSCRIPTION_ID_AVAILABLE] = { BYTE, FLAG, .on = CONNACK },
	[MQTTK_PROP_SHARED_AVAILABLE] = { BYTE, FLAG, .on = CONNACK },
};

/* The rule for what comes next if that may be on one of @packets, or NULL. */
static const struct rule *get_rule(struct cursor *cur, u32 packets, u32 *id)
{
	if (get_varint(cur, true, id) <= 0 || *id >= ARRAY_SIZE(rules))
		return NULL;
	return rules[*id].on & packets ? &rules[*id] : NULL;
}

static int check_number(u8 check, u32 v)
{
	switch (check) {
	case FLAG:
		return v > 1 ? -EPROTO : 0;
	case NOT_ZERO:
		return v ? 0 : -EPROTO;
	case ALIAS:
		return v ? 0 : -EADDRNOTAVAIL;	/* [MQTT-3.3.2-8] */
	default:
		return 0;
	}
}

static bool get_number(struct cursor *cur, u8 type, u32 *v)
{
	u16 two;
	u8 byte;

	switch (type) {
	case BYTE:
		if (!get_u8(cur, &byte))
			return false;
		*v = byte;
		return true;
	case TWO:
		if (!get_u16(cur, &two))
			return false;
		*v = two;
		return true;
	case FOUR:
		return get_u32(cur, v);
	default:
		return get_varint(cur, true, v) > 0;
	}
}

static void store_number(u8 type, void *field, u32 v)
{
	if (type == BYTE)
		*(u8 *)field = v;
	else if (type == TWO)
		*(u16 *)field = v;
	else
		*(u32 *)field = v;
}

/* @field is NULL if the value is only to be checked. */
static int get_value(struct cursor *cur, const struct rule *rule, void *field)
{
	struct mqttk_str s;
	int err;
	u32 v;

	switch (rule->type) {
	case PAIR:
		return get_string(cur, &s) && get_string(cur, &s) ?
		       0 : -EBADMSG;
	case STRING:
	case BINARY:
		if (!get_binary(cur, &s) ||
		    (rule->type == STRING && !mqttk_utf8_valid(s.p, s.len)))
			return -EBADMSG;
		/* [MQTT-3.3.2-14], [MQTT-4.7.3-1] */
		if (rule->check == TOPIC &&
		    (!s.len || mqttk_filter_is_wildcard(s.p, s.len)))
			return -EPROTO;
		if (field)
			*(struct mqttk_str *)field = s;
		return 0;
	default:
		if (!get_number(cur, rule->type, &v))
			return -EBADMSG;
		err = check_number(rule->check, v);
		if (!err && field)
			store_number(rule->type, field, v);
		return err;
	}
}

/**
 * mqttk_props_init - a list that has nothing in it
 * @p: set to what holds where every property is left out
 *
 * Context: Any.
 */
void mqttk_props_init(struct mqttk_props *p)
{
	memset(p, 0, sizeof(*p));
	p->max_packet_size = MQTTK_PACKET_SIZE_UNLIMITED;
	p->receive_max = MQTTK_RECEIVE_MAX_DEFAULT;
	p->request_problem_info = 1;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_props_init);

/**
 * mqttk_props_decode - decode and check a property list
 * @context: the packet's type, or MQTTK_PROPS_WILL
 * @buf: the list, without its length
 * @len: all of its bytes
 * @p: the result, valid only when 0 is returned; it points into @buf
 *
 * An unknown identifier, one that has no place on this packet, and a value
 * that is not of the right data type make the packet malformed (section
 * 2.2.2.2 of the standard). A property that comes twice and a value that is
 * ruled out are protocol errors (each property's own section). Which side
 * sends the packet is not known here: the caller refuses what only a server
 * may send.
 *
 * Context: Any.
 * Return: 0, -EBADMSG, -EPROTO or -EADDRNOTAVAIL; see wire.h.
 */
int mqttk_props_decode(u8 context, const u8 *buf, size_t len,
		       struct mqttk_props *p)
{
	struct cursor cur = { buf, len };
	const struct rule *rule;
	int err;
	u32 id;

	mqttk_props_init(p);
	p->raw = buf;
	p->raw_len = len;
	while (cur.left) {
		rule = get_rule(&cur, BIT(context), &id);
		if (!rule)
			return -EBADMSG;
		if (mqttk_props_has(p, id) && !(rule->repeats & BIT(context)))
			return -EPROTO;
		p->has |= BIT_ULL(id);
		err = get_value(&cur, rule,
				rule->field ? (u8 *)p + rule->field : NULL);
		if (err)
			return err;
	}
	if (mqttk_props_has(p, MQTTK_PROP_AUTH_DATA) &&
	    !mqttk_props_has(p, MQTTK_PROP_AUTH_METHOD))
		return -EPROTO;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_props_decode);

static bool skip_value(struct cursor *cur, u8 type)
{
	struct mqttk_str s;
	u32 v;

	switch (type) {
	case PAIR:
		return get_binary(cur, &s) && get_binary(cur, &s);
	case STRING:
	case BINARY:
		return get_binary(cur, &s);
	default:
		return get_number(cur, type, &v);
	}
}

/*
 * Takes the next property that is forwarded, identifier included. Returns its
 * bytes, or 0 at the end.
 */
static u32 next_forwarded(struct cursor *cur, const u8 **start)
{
	const struct rule *rule;
	u32 id;

	while (cur->left) {
		*start = cur->p;
		rule = get_rule(cur, PUBLISH | WILL, &id);
		if (!rule || !skip_value(cur, rule->type))
			return 0;
		if (rule->forwarded)
			return cur->p - *start;
	}
	return 0;
}

/**
 * mqttk_props_forward_len - measure what receivers of a message get
 * @raw: property list of a PUBLISH or a will that was decoded without error
 * @len: its bytes
 *
 * Context: Any.
 * Return: bytes that mqttk_props_forward() will write, at most @len.
 */
u32 mqttk_props_forward_len(const u8 *raw, u32 len)
{
	struct cursor cur = { raw, len };
	const u8 *start;
	u32 n, sum = 0;

	while ((n = next_forwarded(&cur, &start)))
		sum += n;
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_props_forward_len);

/**
 * mqttk_props_forward - copy what receivers of a message get
 * @to: room for mqttk_props_forward_len() bytes
 * @raw: property list of a PUBLISH or a will that was decoded without error
 * @len: its bytes
 *
 * Payload format, content type, response topic, correlation data and user
 * properties are copied as they are and in their order. What concerns only the
 * server or this hop is not: expiry, topic alias, subscription identifiers,
 * will delay.
 *
 * Context: Any.
 * Return: bytes written.
 */
u32 mqttk_props_forward(u8 *to, const u8 *raw, u32 len)
{
	struct cursor cur = { raw, len };
	const u8 *start;
	u32 n, sum = 0;

	while ((n = next_forwarded(&cur, &start))) {
		memcpy(to + sum, start, n);
		sum += n;
	}
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_props_forward);
