// SPDX-License-Identifier: GPL-2.0
/*
 * The MQTT wire format.
 *
 * Whatever is wrong within a single packet is found here; what is wrong only
 * in the light of earlier packets is the protocol engine's to find.
 *
 * Every read goes through a cursor that knows where the packet ends.
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
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

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

/* What is left of a packet. */
struct cursor {
	const u8 *p;
	size_t left;
};

static bool get_u8(struct cursor *cur, u8 *v)
{
	if (cur->left < 1)
		return false;
	*v = *cur->p++;
	cur->left--;
	return true;
}

static bool get_u16(struct cursor *cur, u16 *v)
{
	if (cur->left < 2)
		return false;
	*v = get_unaligned_be16(cur->p);
	cur->p += 2;
	cur->left -= 2;
	return true;
}

/* Two bytes of length and as many bytes of anything. */
static bool get_binary(struct cursor *cur, struct mqttk_str *s)
{
	u16 len;

	if (!get_u16(cur, &len) || cur->left < len)
		return false;
	s->p = cur->p;
	s->len = len;
	cur->p += len;
	cur->left -= len;
	return true;
}

static bool get_string(struct cursor *cur, struct mqttk_str *s)
{
	return get_binary(cur, s) && mqttk_utf8_valid(s->p, s->len);
}

/* A packet identifier; 0 is not one [MQTT-2.3.1-1]. */
static bool get_id(struct cursor *cur, u16 *id)
{
	return get_u16(cur, id) && *id;
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
 * What the fixed header of each type of 3.1 and 3.1.1 may look like. A packet
 * of impossible length is refused before a byte of it is stored. CONNECT's
 * minimum is what names the protocol and its level, because the rest belongs
 * to a level that need not be known.
 */
static const struct fixed_rule {
	u8 flags;
	u32 min;
	u32 max;
} fixed_rules[] = {
	[MQTTK_CONNECT]		= { 0, 7, MQTTK_REMAINING_MAX },
	[MQTTK_CONNACK]		= { 0, 2, 2 },
	[MQTTK_PUBLISH]		= { 0, 3, MQTTK_REMAINING_MAX },
	[MQTTK_PUBACK]		= { 0, 2, 2 },
	[MQTTK_PUBREC]		= { 0, 2, 2 },
	[MQTTK_PUBREL]		= { 2, 2, 2 },
	[MQTTK_PUBCOMP]		= { 0, 2, 2 },
	[MQTTK_SUBSCRIBE]	= { 2, 5, MQTTK_REMAINING_MAX },
	[MQTTK_SUBACK]		= { 0, 3, MQTTK_REMAINING_MAX },
	[MQTTK_UNSUBSCRIBE]	= { 2, 4, MQTTK_REMAINING_MAX },
	[MQTTK_UNSUBACK]	= { 0, 2, 2 },
	[MQTTK_PINGREQ]		= { 0, 0, 0 },
	[MQTTK_PINGRESP]	= { 0, 0, 0 },
	[MQTTK_DISCONNECT]	= { 0, 0, 0 },
};

static bool fixed_flags_valid(u8 version, u8 type, u8 flags)
{
	if (type < MQTTK_CONNECT || type > MQTTK_DISCONNECT)
		return false;
	if (type == MQTTK_PUBLISH)
		return publish_flags_valid(version, flags);
	/* [MQTT-2.2.2-2] */
	return version == MQTTK_V31 || flags == fixed_rules[type].flags;
}

/**
 * mqttk_wire_fixed - decode a fixed header
 * @version: protocol level, 0 before CONNECT
 * @buf: first byte of the packet
 * @len: bytes that have arrived
 * @f: the result; valid only when something positive is returned
 *
 * Refuses what no packet of this type can be: an unknown type, wrong flags, a
 * length of five bytes, a length the type cannot have. As in 3.1.1, a length
 * written with more bytes than it needs is accepted.
 *
 * Context: Any.
 * Return: the header's size, 2 to 5; 0 if it is not complete yet; -EBADMSG if
 * it is malformed (as soon as that can be seen); -EPROTONOSUPPORT if @version
 * is not spoken.
 */
int mqttk_wire_fixed(u8 version, const u8 *buf, size_t len,
		     struct mqttk_fixed *f)
{
	struct cursor cur = { buf, len };
	unsigned int shift;
	u8 byte;

	if (version > MQTTK_V311)
		return -EPROTONOSUPPORT;
	if (!get_u8(&cur, &byte))
		return 0;
	f->type = byte >> 4;
	f->flags = byte & 0x0f;
	if (!fixed_flags_valid(version, f->type, f->flags))
		return -EBADMSG;

	f->remaining = 0;
	for (shift = 0; shift < 28; shift += 7) {
		if (!get_u8(&cur, &byte))
			return 0;
		f->remaining |= (u32)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (f->remaining < fixed_rules[f->type].min ||
		    f->remaining > fixed_rules[f->type].max)
			return -EBADMSG;
		f->size = len - cur.left;
		return f->size;
	}
	return -EBADMSG;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_fixed);

/* Which protocol is spoken. */
static int connect_protocol(struct cursor *cur, struct mqttk_connect *c)
{
	struct mqttk_str name;
	u8 level;

	if (!get_binary(cur, &name) || !get_u8(cur, &c->version))
		return -EBADMSG;
	if (name.len == 4 && !memcmp(name.p, "MQTT", 4))
		level = MQTTK_V311;
	else if (name.len == 6 && !memcmp(name.p, "MQIsdp", 6))
		level = MQTTK_V31;
	else
		return -EPROTO;
	return c->version == level ? 0 : -EPROTONOSUPPORT;
}

/* Flags and keep-alive. */
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
		if (c->will_qos > QOS_MAX)		/* [MQTT-3.1.2-14] */
			return -EBADMSG;
	} else if (strict && flags & (CONNECT_WILL_QOS | CONNECT_WILL_RETAIN)) {
		return -EBADMSG;	/* [MQTT-3.1.2-13], [MQTT-3.1.2-15] */
	}

	c->has_user = flags & CONNECT_USER;
	c->has_password = flags & CONNECT_PASSWORD;
	if (c->has_password && !c->has_user)		/* [MQTT-3.1.2-22] */
		return -EBADMSG;
	return 0;
}

/* Everything behind the keep-alive, to the packet's last byte. */
static int connect_payload(struct cursor *cur, struct mqttk_connect *c)
{
	bool lenient = c->version == MQTTK_V31;

	if (!get_string(cur, &c->client_id))
		return -EBADMSG;
	if (c->has_will) {
		if (!get_binary(cur, &c->will_topic) ||
		    !mqttk_topic_valid(c->will_topic.p, c->will_topic.len) ||
		    !get_binary(cur, &c->will_payload))
			return -EBADMSG;
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
 * Context: Any.
 * Return: 0; -EPROTO if the protocol is not MQTT (close without an answer);
 * -EPROTONOSUPPORT if it is MQTT of a level that is not spoken, where only
 * @c->version is valid (answer 0x01, then close); -EBADMSG if it is malformed
 * (close without an answer).
 */
int mqttk_wire_connect(const u8 *body, size_t len, struct mqttk_connect *c)
{
	struct cursor cur = { body, len };
	int err;

	memset(c, 0, sizeof(*c));
	err = connect_protocol(&cur, c);
	if (!err)
		err = connect_header(&cur, c);
	if (!err)
		err = connect_payload(&cur, c);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_connect);

/**
 * mqttk_wire_publish - decode a PUBLISH up to its payload
 * @version: protocol level
 * @flags: those of the fixed header
 * @remaining: the fixed header's remaining length
 * @body: what follows the fixed header
 * @avail: bytes of it that have arrived; what goes beyond @remaining is not
 *	looked at
 * @p: the result, valid only when something positive is returned; its topic
 *	points into @body
 *
 * The payload is the @remaining - @p->header bytes behind the header.
 *
 * Context: Any.
 * Return: bytes of the variable header (as in @p->header); 0 if it is not
 * complete yet; -EBADMSG if it is malformed; -EPROTONOSUPPORT if @version is
 * not spoken.
 */
int mqttk_wire_publish(u8 version, u8 flags, u32 remaining,
		       const u8 *body, size_t avail, struct mqttk_publish *p)
{
	u8 qos = publish_qos(flags);
	u32 id_size = qos ? 2 : 0;
	struct cursor cur;
	u16 topic_len;

	if (version > MQTTK_V311)
		return -EPROTONOSUPPORT;
	if (!publish_flags_valid(version, flags) || remaining < 2 + id_size)
		return -EBADMSG;

	/* What has arrived may go beyond the packet; the header may not. */
	cur = (struct cursor){ body, avail };
	if (!get_u16(&cur, &topic_len))
		return 0;
	p->header = 2 + topic_len + id_size;
	if (p->header > remaining)
		return -EBADMSG;
	if (p->header > avail)
		return 0;

	cur = (struct cursor){ body, p->header };
	p->packet_id = 0;
	if (!get_binary(&cur, &p->topic) || (qos && !get_id(&cur, &p->packet_id)))
		return -EBADMSG;
	if (!mqttk_topic_valid(p->topic.p, p->topic.len))
		return -EBADMSG;
	p->qos = qos;
	p->dup = qos && flags & MQTTK_PUBLISH_DUP;
	p->retain = flags & MQTTK_PUBLISH_RETAIN;
	return p->header;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_publish);

/**
 * mqttk_wire_ack - decode PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK
 * @version: protocol level
 * @body: what follows the fixed header
 * @len: all of its bytes
 * @id: the packet identifier, not 0
 *
 * Context: Any.
 * Return: 0; -EBADMSG if it is malformed; -EPROTONOSUPPORT if @version is not
 * spoken.
 */
int mqttk_wire_ack(u8 version, const u8 *body, size_t len, u16 *id)
{
	struct cursor cur = { body, len };

	if (version > MQTTK_V311)
		return -EPROTONOSUPPORT;
	return get_id(&cur, id) && !cur.left ? 0 : -EBADMSG;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_ack);

/* One filter and, in a SUBSCRIBE, its options. */
static bool get_entry(struct cursor *cur, bool options, struct mqttk_str *filter,
		      u8 *opt)
{
	*opt = 0;
	return get_binary(cur, filter) && (!options || get_u8(cur, opt));
}

/**
 * mqttk_wire_subscribe - check a SUBSCRIBE or UNSUBSCRIBE
 * @version: protocol level
 * @type: MQTTK_SUBSCRIBE or MQTTK_UNSUBSCRIBE
 * @body: what follows the fixed header
 * @len: all of its bytes
 * @it: the result, for mqttk_wire_subscribe_next(); it points into @body
 *
 * Checks all of the packet, so that nothing of a malformed one takes effect:
 * at least one entry [MQTT-3.8.3-3, MQTT-3.10.3-2], every filter a permitted
 * string, every option byte a QoS from 0 to 2 without reserved bits
 * [MQTT-3.8.3-4], for MQTT 3.1 too. Whether a string is a valid filter is not
 * judged here, because a SUBACK refuses filters one by one.
 *
 * The time this takes is linear in @len, which the caller bounds.
 *
 * Context: Any.
 * Return: 0; -EBADMSG if it is malformed; -EPROTONOSUPPORT if @version is not
 * spoken.
 */
int mqttk_wire_subscribe(u8 version, u8 type, const u8 *body, size_t len,
			 struct mqttk_sub_iter *it)
{
	struct cursor cur = { body, len };
	struct mqttk_str filter;
	u8 opt;

	if (version > MQTTK_V311)
		return -EPROTONOSUPPORT;
	if (!get_id(&cur, &it->packet_id))
		return -EBADMSG;
	it->options = type == MQTTK_SUBSCRIBE;
	it->p = cur.p;
	it->left = cur.left;
	it->nr = 0;

	while (cur.left) {
		if (!get_entry(&cur, it->options, &filter, &opt) ||
		    !mqttk_utf8_valid(filter.p, filter.len) || opt > QOS_MAX)
			return -EBADMSG;
		it->nr++;
	}
	return it->nr ? 0 : -EBADMSG;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_subscribe);

/**
 * mqttk_wire_subscribe_next - take the next entry
 * @it: as mqttk_wire_subscribe() left it on returning 0
 * @filter: a permitted string, not necessarily a valid filter; may be empty
 * @options: requested QoS; 0 in an UNSUBSCRIBE
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

/* Returns the bytes written, MQTTK_FIXED_MAX at most. */
static unsigned int put_fixed(u8 *buf, u8 type, u8 flags, u32 remaining)
{
	unsigned int n = 0;

	buf[n++] = type << 4 | flags;
	while (remaining > 0x7f && n < MQTTK_FIXED_MAX - 1) {
		buf[n++] = 0x80 | (remaining & 0x7f);
		remaining >>= 7;
	}
	buf[n++] = remaining & 0x7f;
	return n;
}

/**
 * mqttk_wire_put_connack - write a CONNACK
 * @buf: room for MQTTK_CONNACK_MAX bytes
 * @version: protocol level; 3.1 has no session_present
 * @session_present: whether a stored session goes on; ignored unless accepted
 *	[MQTT-3.2.2-4]
 * @code: enum mqttk_connack_code
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_connack(u8 *buf, u8 version, bool session_present,
				    u8 code)
{
	unsigned int n = put_fixed(buf, MQTTK_CONNACK, 0, 2);

	buf[n++] = session_present && version != MQTTK_V31 &&
		   code == MQTTK_CONNACK_ACCEPTED;
	buf[n++] = code;
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_connack);

/**
 * mqttk_wire_put_ack - write PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK
 * @buf: room for MQTTK_ACK_MAX bytes
 * @version: protocol level, 3 or 4
 * @type: which of them
 * @id: the packet identifier
 *
 * Context: Any.
 * Return: bytes written.
 */
unsigned int mqttk_wire_put_ack(u8 *buf, u8 version, u8 type, u16 id)
{
	unsigned int n = put_fixed(buf, type, fixed_rules[type].flags, 2);

	put_unaligned_be16(id, buf + n);
	return n + 2;
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

/**
 * mqttk_wire_put_suback_header - write a SUBACK up to its codes
 * @buf: room for MQTTK_SUBACK_HEADER_MAX bytes
 * @version: protocol level, 3 or 4
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
	unsigned int n = put_fixed(buf, MQTTK_SUBACK, 0, 2 + nr);

	put_unaligned_be16(id, buf + n);
	return n + 2;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_put_suback_header);

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
	u8 buf[MQTTK_FIXED_MAX];

	if (!remaining)
		return 0;
	return put_fixed(buf, MQTTK_PUBLISH, 0, remaining) + remaining;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_wire_publish_size);
