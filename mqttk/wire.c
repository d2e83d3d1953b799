// SPDX-License-Identifier: GPL-2.0
/*
 * The MQTT wire format: packets to structures.
 *
 * Whatever is wrong within a single packet is found here; what is wrong only
 * in the light of earlier packets is the protocol engine's to find.
 *
 * MQTT 3.1 differs from 3.1.1 in little that can be seen in a packet, and
 * nothing of it is worth a connection to a client that old:
 *
 * - it lets a repeated PUBREL, SUBSCRIBE or UNSUBSCRIBE carry DUP and calls the
 *   other flags unused, so only those of PUBLISH mean anything;
 * - unused bits in CONNECT's flags, Will QoS and Will Retain without a will
 *   among them, are passed over;
 * - user name and password may be missing although their flags are set, when
 *   the packet ends before them;
 * - DUP on a QoS 0 PUBLISH means nothing;
 * - client identifiers longer than the 23 characters it allows are taken.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "cursor.h"
#include "props.h"
#include "topic.h"
#include "wire.h"

/* CONNECT's flags. */
#define CONNECT_RESERVED	0x01
#define CONNECT_CLEAN		0x02
#define CONNECT_WILL		0x04
#define CONNECT_WILL_QOS	0x18
#define CONNECT_WILL_RETAIN	0x20
#define CONNECT_PASSWORD	0x40
#define CONNECT_USER		0x80

#define QOS_MAX			2

/* A SUBSCRIBE's option byte. */
#define SUB_RESERVED		0xc0

/**
 * mqttk_wire_reason - what to tell a client of MQTT 5.0 about an error
 * @err: what a function of this layer returned, or 0
 *
 * Context: Any.
 * Return: the reason code, by the table in wire.h; MQTTK_REASON_SUCCESS for 0.
 */
u8 mqttk_wire_reason(int err)
{
	switch (err) {
	case 0:
		return MQTTK_REASON_SUCCESS;
	case -EBADMSG:
		return MQTTK_REASON_MALFORMED_PACKET;
	case -EPROTO:
		return MQTTK_REASON_PROTOCOL_ERROR;
	case -EPROTONOSUPPORT:
		return MQTTK_REASON_UNSUPPORTED_VERSION;
	case -ENAMETOOLONG:
		return MQTTK_REASON_TOPIC_NAME_INVALID;
	case -EADDRNOTAVAIL:
		return MQTTK_REASON_TOPIC_ALIAS_INVALID;
	case -EMSGSIZE:
		return MQTTK_REASON_PACKET_TOO_LARGE;
	case -ETIMEDOUT:
		return MQTTK_REASON_KEEPALIVE_TIMEOUT;
	case -ENOMEM:
	case -ENOBUFS:
		return MQTTK_REASON_QUOTA_EXCEEDED;
	default:
		return MQTTK_REASON_UNSPECIFIED_ERROR;
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_reason);

/* A packet identifier; 0 is not one [3.1.1: MQTT-2.3.1-1, 5.0: MQTT-2.2.1-3]. */
static int get_id(struct cursor *cur, u16 *id)
{
	if (!get_u16(cur, id))
		return -EBADMSG;
	return *id ? 0 : -EPROTO;
}

/* The properties of a packet that has come whole. */
static int get_props(struct cursor *cur, u8 context, struct mqttk_props *p)
{
	const u8 *list;
	u32 len;

	if (get_varint(cur, true, &len) <= 0 || len > cur->left)
		return -EBADMSG;
	list = cur->p;
	skip(cur, len);
	return mqttk_props_decode(context, list, len, p);
}

/* A topic name to publish to. */
static int check_topic(const struct mqttk_str *t)
{
	if (mqttk_topic_valid(t->p, t->len))
		return 0;
	/* Nothing is wrong with it, but for its depth. */
	if (t->len && mqttk_utf8_valid(t->p, t->len) &&
	    !mqttk_filter_is_wildcard(t->p, t->len))
		return -ENAMETOOLONG;
	return -EBADMSG;
}

static u8 publish_qos(u8 flags)
{
	return (flags & MQTTK_PUBLISH_QOS) >> 1;
}

static bool publish_flags_valid(u8 version, u8 flags)
{
	u8 qos = publish_qos(flags);

	if (qos > QOS_MAX)	/* [MQTT-3.3.1-4] */
		return false;
	/* [MQTT-3.3.1-2] */
	return version == MQTTK_V31 || qos || !(flags & MQTTK_PUBLISH_DUP);
}

/*
 * What the fixed header of each type may look like. A packet of impossible
 * length is refused before a byte of it is stored. CONNECT's minimum is what
 * names the protocol and its level, because the rest belongs to a level that
 * need not be known.
 */
struct fixed_rule {
	bool known;
	u8 flags;
	u32 min;
	u32 max;
};

static const struct fixed_rule fixed_rules[] = {
	[MQTTK_CONNECT]		= { true, 0, 7, MQTTK_REMAINING_MAX },
	[MQTTK_CONNACK]		= { true, 0, 2, 2 },
	[MQTTK_PUBLISH]		= { true, 0, 3, MQTTK_REMAINING_MAX },
	[MQTTK_PUBACK]		= { true, 0, 2, 2 },
	[MQTTK_PUBREC]		= { true, 0, 2, 2 },
	[MQTTK_PUBREL]		= { true, 2, 2, 2 },
	[MQTTK_PUBCOMP]		= { true, 0, 2, 2 },
	[MQTTK_SUBSCRIBE]	= { true, 2, 5, MQTTK_REMAINING_MAX },
	[MQTTK_SUBACK]		= { true, 0, 3, MQTTK_REMAINING_MAX },
	[MQTTK_UNSUBSCRIBE]	= { true, 2, 4, MQTTK_REMAINING_MAX },
	[MQTTK_UNSUBACK]	= { true, 0, 2, 2 },
	[MQTTK_PINGREQ]		= { true, 0, 0, 0 },
	[MQTTK_PINGRESP]	= { true, 0, 0, 0 },
	[MQTTK_DISCONNECT]	= { true, 0, 0, 0 },
	[MQTTK_AUTH]		= { false },
};

/*
 * The same for 5.0. A SUBSCRIBE without entries is a protocol error, not
 * malformed, so its minimum is that of an empty one.
 */
static const struct fixed_rule fixed_rules_v5[] = {
	[MQTTK_CONNECT]		= { true, 0, 7, MQTTK_REMAINING_MAX },
	[MQTTK_CONNACK]		= { true, 0, 3, MQTTK_REMAINING_MAX },
	[MQTTK_PUBLISH]		= { true, 0, 3, MQTTK_REMAINING_MAX },
	[MQTTK_PUBACK]		= { true, 0, 2, MQTTK_REMAINING_MAX },
	[MQTTK_PUBREC]		= { true, 0, 2, MQTTK_REMAINING_MAX },
	[MQTTK_PUBREL]		= { true, 2, 2, MQTTK_REMAINING_MAX },
	[MQTTK_PUBCOMP]		= { true, 0, 2, MQTTK_REMAINING_MAX },
	[MQTTK_SUBSCRIBE]	= { true, 2, 3, MQTTK_REMAINING_MAX },
	[MQTTK_SUBACK]		= { true, 0, 4, MQTTK_REMAINING_MAX },
	[MQTTK_UNSUBSCRIBE]	= { true, 2, 3, MQTTK_REMAINING_MAX },
	[MQTTK_UNSUBACK]	= { true, 0, 4, MQTTK_REMAINING_MAX },
	[MQTTK_PINGREQ]		= { true, 0, 0, 0 },
	[MQTTK_PINGRESP]	= { true, 0, 0, 0 },
	[MQTTK_DISCONNECT]	= { true, 0, 0, MQTTK_REMAINING_MAX },
	[MQTTK_AUTH]		= { true, 0, 0, MQTTK_REMAINING_MAX },
};

static bool fixed_flags_valid(u8 version, const struct fixed_rule *rule,
			      const struct mqttk_fixed *f)
{
	if (!rule->known)
		return false;
	if (f->type == MQTTK_PUBLISH)
		return publish_flags_valid(version, f->flags);
	/* [3.1.1: MQTT-2.2.2-2, 5.0: MQTT-2.1.3-1] */
	return version == MQTTK_V31 || f->flags == rule->flags;
}

/**
 * mqttk_wire_fixed - decode a fixed header
 * @version: protocol level, 0 before CONNECT
 * @buf: first byte of the packet
 * @len: bytes that have arrived
 * @f: the result; valid only when something positive is returned
 *
 * Refuses what no packet of this type can be: an unknown type, wrong flags, a
 * length of five bytes, a length the type cannot have. A length written with
 * more bytes than it needs is accepted before 5.0, which rules that out.
 *
 * Context: Any.
 * Return: the header's size, 2 to 5; 0 if it is not complete yet; -EBADMSG if
 * it is malformed (as soon as that can be seen).
 */
int mqttk_wire_fixed(u8 version, const u8 *buf, size_t len,
		     struct mqttk_fixed *f)
{
	const struct fixed_rule *rule;
	struct cursor cur;
	int n = 1;

	if (!len)
		return 0;
	f->type = *buf >> 4;
	f->flags = *buf & 0x0f;
	rule = version == MQTTK_V5 ? &fixed_rules_v5[f->type] :
				     &fixed_rules[f->type];
	if (!fixed_flags_valid(version, rule, f))
		return -EBADMSG;

	if (len > 1 && !(buf[1] & 0x80)) {
		/* As good as always. */
		f->remaining = buf[1];
	} else {
		cur = (struct cursor){ buf + 1, len - 1 };
		n = get_varint(&cur, version == MQTTK_V5, &f->remaining);
		if (n <= 0)
			return n;
	}
	if (f->remaining < rule->min || f->remaining > rule->max)
		return -EBADMSG;
	f->size = 1 + n;
	return f->size;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_fixed);

/* Which protocol is spoken. */
static int connect_protocol(struct cursor *cur, struct mqttk_connect *c)
{
	struct mqttk_str name;
	bool spoken;
	u8 level;

	if (!get_binary(cur, &name) || !get_u8(cur, &level))
		return -EBADMSG;
	if (name.len == 4 && !memcmp(name.p, "MQTT", 4))
		spoken = level == MQTTK_V311 || level == MQTTK_V5;
	else if (name.len == 6 && !memcmp(name.p, "MQIsdp", 6))
		spoken = level == MQTTK_V31;
	else
		return -EPROTO;
	c->version = level;
	return spoken ? 0 : -EPROTONOSUPPORT;
}

/* Flags, keep-alive and properties. */
static int connect_header(struct cursor *cur, struct mqttk_connect *c)
{
	bool strict = c->version != MQTTK_V31;
	u8 flags;

	if (!get_u8(cur, &flags) || !get_u16(cur, &c->keepalive))
		return -EBADMSG;
	if (strict && flags & CONNECT_RESERVED)		/* [MQTT-3.1.2-3] */
		return -EBADMSG;
	c->clean = flags & CONNECT_CLEAN;

	c->has_will = flags & CONNECT_WILL;
	if (c->has_will) {
		c->will_retain = flags & CONNECT_WILL_RETAIN;
		c->will_qos = (flags & CONNECT_WILL_QOS) >> 3;
		/* [3.1.1: MQTT-3.1.2-14, 5.0: MQTT-3.1.2-12] */
		if (c->will_qos > QOS_MAX)
			return -EBADMSG;
	} else if (strict && flags & (CONNECT_WILL_QOS | CONNECT_WILL_RETAIN)) {
		/*
		 * [3.1.1: MQTT-3.1.2-13, MQTT-3.1.2-15,
		 *  5.0: MQTT-3.1.2-11, MQTT-3.1.2-13]
		 */
		return -EBADMSG;
	}

	c->has_user = flags & CONNECT_USER;
	c->has_password = flags & CONNECT_PASSWORD;
	if (c->version == MQTTK_V5)
		return get_props(cur, MQTTK_CONNECT, &c->props);
	if (c->has_password && !c->has_user)	/* [3.1.1: MQTT-3.1.2-22] */
		return -EBADMSG;
	return 0;
}

static int connect_will(struct cursor *cur, struct mqttk_connect *c)
{
	int err = 0;

	if (c->version == MQTTK_V5)
		err = get_props(cur, MQTTK_PROPS_WILL, &c->will_props);
	if (err)
		return err;
	if (!get_binary(cur, &c->will_topic))
		return -EBADMSG;
	err = check_topic(&c->will_topic);
	if (err)
		return err;
	return get_binary(cur, &c->will_payload) ? 0 : -EBADMSG;
}

/* Everything behind the header, to the packet's last byte. */
static int connect_payload(struct cursor *cur, struct mqttk_connect *c)
{
	bool lenient = c->version == MQTTK_V31;
	int err;

	if (!get_string(cur, &c->client_id))
		return -EBADMSG;
	if (c->has_will) {
		err = connect_will(cur, c);
		if (err)
			return err;
	}

	/* MQTT 3.1: the packet's length has precedence over these flags. */
	if (lenient && !cur->left)
		c->has_user = false;
	if (c->has_user && !get_string(cur, &c->user))
		return -EBADMSG;
	if (lenient && !cur->left)
		c->has_password = false;
	if (c->has_password && !get_binary(cur, &c->password))
		return -EBADMSG;

	return cur->left ? -EBADMSG : 0;
}

/**
 * mqttk_wire_connect - decode a CONNECT
 * @body: what follows the fixed header
 * @len: all of its bytes
 * @c: the result; its strings point into @body
 *
 * An empty client identifier passes, with and without a clean session: that is
 * answered by a return code, not by silence.
 *
 * What else is valid in @c is so only when 0 is returned, but @c->version
 * always is: with 5 there, an error is worth a CONNACK with its reason code;
 * with -EPROTONOSUPPORT, one with return code 1; with 0, it is not MQTT at
 * all. Otherwise the connection is closed without an answer.
 *
 * Context: Any.
 * Return: 0, -EBADMSG, -EPROTO, -EPROTONOSUPPORT or -ENAMETOOLONG; see wire.h.
 */
int mqttk_wire_connect(const u8 *body, size_t len, struct mqttk_connect *c)
{
	struct cursor cur = { body, len };
	int err;

	memset(c, 0, sizeof(*c));
	mqttk_props_init(&c->props);
	mqttk_props_init(&c->will_props);
	err = connect_protocol(&cur, c);
	if (!err)
		err = connect_header(&cur, c);
	if (!err)
		err = connect_payload(&cur, c);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_connect);

/*
 * Finds the end of a PUBLISH's variable header, of which @avail bytes have
 * come. Returns 1 when @header bytes are all of it, with @props of them at
 * its end; 0 if it takes more to tell; or an error.
 */
static int publish_header(u8 version, u8 qos, u32 remaining, const u8 *body,
			  size_t avail, u32 *header, u32 *props)
{
	bool whole = avail >= remaining;
	struct cursor cur;
	u16 topic_len;
	u32 size;
	int n;

	/* What has arrived may go beyond the packet; the header may not. */
	if (whole)
		avail = remaining;
	cur = (struct cursor){ body, avail };
	if (!get_u16(&cur, &topic_len))
		return whole ? -EBADMSG : 0;
	size = 2 + topic_len + (qos ? 2 : 0);
	*props = 0;
	if (version == MQTTK_V5) {
		if (size >= remaining)
			return -EBADMSG;
		if (size >= avail)
			return 0;
		cur = (struct cursor){ body + size, avail - size };
		n = get_varint(&cur, true, props);
		if (n < 0)
			return n;
		if (!n)
			return whole ? -EBADMSG : 0;
		size += n + *props;
	}
	if (size > remaining)
		return -EBADMSG;
	if (size > MQTTK_PUBLISH_HEADER_MAX)
		return -EMSGSIZE;
	*header = size;
	return size <= avail;
}

/* @p->props, and what they and the topic mean to each other. */
static int publish_props(const u8 *list, u32 len, struct mqttk_publish *p)
{
	int err = mqttk_props_decode(MQTTK_PUBLISH, list, len, &p->props);

	if (err)
		return err;
	/* [MQTT-3.3.4-6] */
	if (mqttk_props_has(&p->props, MQTTK_PROP_SUBSCRIPTION_ID))
		return -EPROTO;
	return p->topic.len || p->props.topic_alias ? 0 : -EPROTO;
}

/**
 * mqttk_wire_publish - decode a PUBLISH up to its payload
 * @version: protocol level
 * @flags: those of the fixed header
 * @remaining: the fixed header's remaining length
 * @body: what follows the fixed header
 * @avail: bytes of it that have arrived; what goes beyond @remaining is not
 *	looked at
 * @p: the result, valid only when something positive is returned; it points
 *	into @body
 *
 * The payload is the @remaining - @p->header bytes behind the header. Until
 * the header has come whole, only its length is judged: one that leaves the
 * packet or is over MQTTK_PUBLISH_HEADER_MAX is refused at once.
 *
 * Context: Any.
 * Return: bytes of the variable header (as in @p->header); 0 if it is not
 * complete yet; -EBADMSG, -EPROTO, -ENAMETOOLONG, -EADDRNOTAVAIL or -EMSGSIZE;
 * see wire.h.
 */
int mqttk_wire_publish(u8 version, u8 flags, u32 remaining,
		       const u8 *body, size_t avail, struct mqttk_publish *p)
{
	u8 qos = publish_qos(flags);
	struct cursor cur;
	u32 props;
	int err;

	if (!publish_flags_valid(version, flags) ||
	    remaining < (qos ? 4 : 2))
		return -EBADMSG;
	err = publish_header(version, qos, remaining, body, avail, &p->header,
			     &props);
	if (err <= 0)
		return err;

	cur = (struct cursor){ body, p->header };
	p->packet_id = 0;
	if (!get_binary(&cur, &p->topic))
		return -EBADMSG;
	err = qos ? get_id(&cur, &p->packet_id) : 0;
	if (!err && (p->topic.len || version != MQTTK_V5))
		err = check_topic(&p->topic);
	if (err)
		return err;
	if (version == MQTTK_V5)
		err = publish_props(body + p->header - props, props, p);
	else
		mqttk_props_init(&p->props);
	if (err)
		return err;
	p->qos = qos;
	p->dup = qos && flags & MQTTK_PUBLISH_DUP;
	p->retain = flags & MQTTK_PUBLISH_RETAIN;
	return p->header;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_publish);

/*
 * Which reason codes a client's packets may carry. 0x10 is for servers to say,
 * but does no harm.
 */
#define RECEIVED	(BIT(MQTTK_PUBACK) | BIT(MQTTK_PUBREC))
#define RELEASED	(BIT(MQTTK_PUBREL) | BIT(MQTTK_PUBCOMP))
#define LEAVING		BIT(MQTTK_DISCONNECT)

static const struct {
	u8 reason;
	u16 on;
} client_reasons[] = {
	{ MQTTK_REASON_SUCCESS, RECEIVED | RELEASED | LEAVING },
	{ MQTTK_REASON_DISCONNECT_WITH_WILL, LEAVING },
	{ MQTTK_REASON_NO_MATCHING_SUBSCRIBERS, RECEIVED },
	{ MQTTK_REASON_CONTINUE_AUTHENTICATION, BIT(MQTTK_AUTH) },
	{ MQTTK_REASON_REAUTHENTICATE, BIT(MQTTK_AUTH) },
	{ MQTTK_REASON_UNSPECIFIED_ERROR, RECEIVED | LEAVING },
	{ MQTTK_REASON_MALFORMED_PACKET, LEAVING },
	{ MQTTK_REASON_PROTOCOL_ERROR, LEAVING },
	{ MQTTK_REASON_IMPLEMENTATION_SPECIFIC, RECEIVED | LEAVING },
	{ MQTTK_REASON_NOT_AUTHORIZED, RECEIVED },
	{ MQTTK_REASON_TOPIC_NAME_INVALID, RECEIVED | LEAVING },
	{ MQTTK_REASON_PACKET_ID_IN_USE, RECEIVED },
	{ MQTTK_REASON_PACKET_ID_NOT_FOUND, RELEASED },
	{ MQTTK_REASON_RECEIVE_MAX_EXCEEDED, LEAVING },
	{ MQTTK_REASON_TOPIC_ALIAS_INVALID, LEAVING },
	{ MQTTK_REASON_PACKET_TOO_LARGE, LEAVING },
	{ MQTTK_REASON_MESSAGE_RATE_TOO_HIGH, LEAVING },
	{ MQTTK_REASON_QUOTA_EXCEEDED, RECEIVED | LEAVING },
	{ MQTTK_REASON_ADMINISTRATIVE_ACTION, LEAVING },
	{ MQTTK_REASON_PAYLOAD_FORMAT_INVALID, RECEIVED | LEAVING },
};

static bool reason_allowed(u8 type, u8 reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(client_reasons); i++)
		if (client_reasons[i].reason == reason)
			return client_reasons[i].on & BIT(type);
	return false;
}

/*
 * The end of a packet of 5.0: a reason code, which may be left out if it is 0,
 * and properties, which may be left out if there are none. A reason code that
 * this packet cannot have is well-formed, but not allowed.
 */
static int get_outcome(struct cursor *cur, u8 type, u8 *reason,
		       struct mqttk_props *props)
{
	int err;

	*reason = MQTTK_REASON_SUCCESS;
	get_u8(cur, reason);
	if (!reason_allowed(type, *reason))
		return -EPROTO;
	if (!cur->left)
		return 0;
	err = get_props(cur, type, props);
	if (err)
		return err;
	return cur->left ? -EBADMSG : 0;
}

/**
 * mqttk_wire_ack - decode PUBACK, PUBREC, PUBREL or PUBCOMP
 * @version: protocol level
 * @type: which of them
 * @body: what follows the fixed header
 * @len: all of its bytes
 * @ack: the result; it points into @body
 *
 * Context: Any.
 * Return: 0, -EBADMSG or -EPROTO; see wire.h.
 */
int mqttk_wire_ack(u8 version, u8 type, const u8 *body, size_t len,
		   struct mqttk_ack *ack)
{
	struct cursor cur = { body, len };
	int err;

	ack->reason = MQTTK_REASON_SUCCESS;
	mqttk_props_init(&ack->props);
	err = get_id(&cur, &ack->id);
	if (err || !cur.left)
		return err;
	if (version != MQTTK_V5)
		return -EBADMSG;
	return get_outcome(&cur, type, &ack->reason, &ack->props);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_ack);

/**
 * mqttk_wire_disconnect - decode a DISCONNECT
 * @version: protocol level
 * @body: what follows the fixed header
 * @len: all of its bytes
 * @d: the result; it points into @body
 *
 * Context: Any.
 * Return: 0, -EBADMSG or -EPROTO; see wire.h.
 */
int mqttk_wire_disconnect(u8 version, const u8 *body, size_t len,
			  struct mqttk_disconnect *d)
{
	struct cursor cur = { body, len };

	d->reason = MQTTK_REASON_NORMAL_DISCONNECTION;
	mqttk_props_init(&d->props);
	if (!len)
		return 0;
	if (version != MQTTK_V5)
		return -EBADMSG;
	return get_outcome(&cur, MQTTK_DISCONNECT, &d->reason, &d->props);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_disconnect);

/**
 * mqttk_wire_auth - decode an AUTH, which is of MQTT 5.0
 * @body: what follows the fixed header
 * @len: all of its bytes
 * @a: the result; it points into @body
 *
 * The short form, which stands for success, is a server's to send.
 *
 * Context: Any.
 * Return: 0, -EBADMSG or -EPROTO; see wire.h.
 */
int mqttk_wire_auth(const u8 *body, size_t len, struct mqttk_auth *a)
{
	struct cursor cur = { body, len };
	int err;

	mqttk_props_init(&a->props);
	err = get_outcome(&cur, MQTTK_AUTH, &a->reason, &a->props);
	if (err)
		return err;
	/* Section 3.15.2.2.2: it cannot be left out. */
	return mqttk_props_has(&a->props, MQTTK_PROP_AUTH_METHOD) ?
	       0 : -EPROTO;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_auth);

/* One filter and, in a SUBSCRIBE, its options. */
static bool get_entry(struct cursor *cur, bool options, struct mqttk_str *filter,
		      u8 *opt)
{
	*opt = 0;
	return get_binary(cur, filter) && (!options || get_u8(cur, opt));
}

/* What is wrong with an entry's option byte, if something is. */
static int check_options(u8 version, const struct mqttk_str *filter, u8 opt)
{
	if (version != MQTTK_V5)	/* [3.1.1: MQTT-3.8.3-4] */
		return opt > QOS_MAX ? -EBADMSG : 0;
	if (opt & SUB_RESERVED)		/* [MQTT-3.8.3-5] */
		return -EBADMSG;
	/* Section 3.8.3.1 rules out these two. */
	if ((opt & MQTTK_SUB_QOS) > QOS_MAX ||
	    (opt & MQTTK_SUB_RETAIN_HANDLING) > MQTTK_SUB_RETAIN_NEVER)
		return -EPROTO;
	/* [MQTT-3.8.3-4] */
	if (opt & MQTTK_SUB_NO_LOCAL &&
	    mqttk_filter_is_shared(filter->p, filter->len))
		return -EPROTO;
	return 0;
}

/**
 * mqttk_wire_subscribe - check a SUBSCRIBE or UNSUBSCRIBE
 * @version: protocol level
 * @type: MQTTK_SUBSCRIBE or MQTTK_UNSUBSCRIBE
 * @body: what follows the fixed header
 * @len: all of its bytes
 * @it: the result, for mqttk_wire_subscribe_next(); it points into @body
 *
 * Checks all of the packet, so that nothing of a bad one takes effect: at
 * least one entry [3.1.1: MQTT-3.8.3-3, MQTT-3.10.3-2, 5.0: MQTT-3.8.3-2,
 * MQTT-3.10.3-2], every filter a permitted string, every option byte one that
 * means something, for MQTT 3.1 too. Whether a string is a valid filter is
 * not judged here, because a SUBACK refuses filters one by one.
 *
 * The time this takes is linear in @len, which the caller bounds.
 *
 * Context: Any.
 * Return: 0, -EBADMSG or -EPROTO; see wire.h.
 */
int mqttk_wire_subscribe(u8 version, u8 type, const u8 *body, size_t len,
			 struct mqttk_sub_iter *it)
{
	struct cursor cur = { body, len };
	struct mqttk_str filter;
	int err;
	u8 opt;

	mqttk_props_init(&it->props);
	err = get_id(&cur, &it->packet_id);
	if (!err && version == MQTTK_V5)
		err = get_props(&cur, type, &it->props);
	if (err)
		return err;
	it->options = type == MQTTK_SUBSCRIBE;
	it->p = cur.p;
	it->left = cur.left;
	it->nr = 0;

	while (cur.left) {
		if (!get_entry(&cur, it->options, &filter, &opt) ||
		    !mqttk_utf8_valid(filter.p, filter.len))
			return -EBADMSG;
		err = check_options(version, &filter, opt);
		if (err)
			return err;
		it->nr++;
	}
	return it->nr ? 0 : -EPROTO;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_subscribe);

/**
 * mqttk_wire_subscribe_next - take the next entry
 * @it: as mqttk_wire_subscribe() left it on returning 0
 * @filter: a permitted string, not necessarily a valid filter; may be empty
 * @options: MQTTK_SUB_* bits; 0 in an UNSUBSCRIBE
 *
 * Context: Any.
 * Return: true, @it->nr times; false at the end.
 */
bool mqttk_wire_subscribe_next(struct mqttk_sub_iter *it,
			       struct mqttk_str *filter, u8 *options)
{
	struct cursor cur = { it->p, it->left };

	if (!get_entry(&cur, it->options, filter, options))
		return false;
	it->p = cur.p;
	it->left = cur.left;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_subscribe_next);
