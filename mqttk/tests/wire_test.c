// SPDX-License-Identifier: GPL-2.0
/*
 * The wire format of 3.1 and 3.1.1: every packet type, whole, cut short, with
 * each bit turned, and out and back in again.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "wire_fixture.h"

struct packet {
	const char *name;
	u8 version;
	size_t len;
	const char *bytes;
	/* Bytes of variable header in front of a payload of any length. */
	int header;
	/* A shorter length at which this is a packet, too. */
	size_t also;
};

#define PACKET(name, version, bytes, header, also) \
	{ name, version, sizeof(bytes) - 1, bytes, header, also }

static const struct packet packets[] = {
	PACKET("CONNECT", 4,
	       "\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a", 0, 0),
	PACKET("CONNECT of 3.1", 3,
	       "\x10\x0f\0\6MQIsdp\3\2\0\x3c\0\1a", 0, 0),
	PACKET("CONNECT without client id", 4,
	       "\x10\x0c\0\4MQTT\4\2\0\0\0\0", 0, 0),
	PACKET("CONNECT with everything", 4,
	       "\x10\x21\0\4MQTT\4\xee\xff\xff\0\2id\0\3w/t\0\2\0\xff"
	       "\0\4user\0\2\xfe\0", 0, 0),
	PACKET("CONNACK", 4, "\x20\2\1\0", 0, 0),
	PACKET("PUBLISH of QoS 0", 4, "\x31\7\0\3a/bhi", 5, 0),
	PACKET("PUBLISH of QoS 1", 4, "\x3a\x0a\0\3a/b\1\2abc", 7, 0),
	PACKET("PUBLISH of QoS 2", 4, "\x34\7\0\3a/b\xff\xff", 7, 0),
	PACKET("PUBLISH without payload", 4, "\x30\3\0\1a", 3, 0),
	PACKET("PUBACK", 4, "\x40\2\0\1", 0, 0),
	PACKET("PUBREC", 4, "\x50\2\1\0", 0, 0),
	PACKET("PUBREL", 4, "\x62\2\xff\xff", 0, 0),
	PACKET("PUBREL repeated in 3.1", 3, "\x6a\2\0\1", 0, 0),
	PACKET("PUBCOMP", 4, "\x70\2\x12\x34", 0, 0),
	PACKET("SUBSCRIBE", 4, "\x82\x0d\0\1\0\3a/b\1\0\2+a\2", 0, 10),
	PACKET("SUBSCRIBE repeated in 3.1", 3, "\x8a\6\0\1\0\1#\0", 0, 0),
	PACKET("SUBACK", 4, "\x90\4\0\1\0\x80", 0, 5),
	PACKET("UNSUBSCRIBE", 4, "\xa2\x0a\0\1\0\3a/b\0\1#", 0, 9),
	PACKET("UNSUBACK", 4, "\xb0\2\0\7", 0, 0),
	PACKET("PINGREQ", 4, "\xc0\0", 0, 0),
	PACKET("PINGRESP", 4, "\xd0\0", 0, 0),
	PACKET("DISCONNECT", 4, "\xe0\0", 0, 0),
};

static void packet_desc(const struct packet *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(packet, packets, packet_desc);

/* A whole packet of each type is taken. */
static void wire_whole(struct kunit *test)
{
	const struct packet *p = test->param_value;
	u8 *buf = exact(test, p->bytes, p->len);
	struct mqttk_fixed f;

	KUNIT_ASSERT_EQ(test, mqttk_wire_fixed(p->version, buf, p->len, &f), 2);
	KUNIT_EXPECT_EQ(test, f.size, 2);
	KUNIT_EXPECT_EQ(test, f.type, buf[0] >> 4);
	KUNIT_EXPECT_EQ(test, f.flags, buf[0] & 0x0f);
	KUNIT_ASSERT_EQ(test, f.remaining, p->len - 2);
	KUNIT_EXPECT_EQ(test, decode_body(p->version, &f, buf + 2, p->len - 2),
			p->header);
}

/*
 * Cut at every byte, a packet that is still to come asks for more, one whose
 * end is known is malformed, and nothing beyond the cut is read.
 */
static void wire_truncated(struct kunit *test)
{
	const struct packet *p = test->param_value;
	struct mqttk_fixed f, cut_f;
	size_t len;

	mqttk_wire_fixed(p->version, p->bytes, p->len, &f);
	for (len = 0; len < p->len; len++) {
		bool no_entry = len == 4 && (f.type == MQTTK_SUBSCRIBE ||
					     f.type == MQTTK_UNSUBSCRIBE);
		u8 *buf = exact(test, p->bytes, len);
		int ret = mqttk_wire_fixed(p->version, buf, len, &cut_f);

		KUNIT_EXPECT_EQ(test, ret, len < 2 ? 0 : 2);
		kunit_kfree(test, buf);
		if (len < 2 || !has_decoder(f.type))
			continue;

		buf = exact(test, p->bytes + 2, len - 2);
		ret = decode_body(p->version, &f, buf, len - 2);
		if (!p->header)
			KUNIT_EXPECT_EQ_MSG(test, ret,
					    len == p->also ? 0 :
					    no_entry ? -EPROTO : -EBADMSG,
					    "%zu bytes", len);
		else
			KUNIT_EXPECT_EQ_MSG(test, ret,
					    (int)len - 2 < p->header ?
					    0 : p->header, "%zu bytes", len);
		kunit_kfree(test, buf);
	}
}

/*
 * A packet whose end is missing while its fixed header agrees with what is
 * left is malformed, unless what is left happens to be a packet.
 */
static void wire_shortened(struct kunit *test)
{
	const struct packet *p = test->param_value;
	struct mqttk_fixed f;
	size_t len;

	for (len = 2; len < p->len; len++) {
		u8 *buf = exact(test, p->bytes, len);
		int ret;

		buf[1] = len - 2;
		ret = mqttk_wire_fixed(p->version, buf, len, &f);
		if (ret > 0) {
			u8 *body = exact(test, buf + 2, len - 2);

			ret = decode_body(p->version, &f, body, len - 2);
			kunit_kfree(test, body);
		}
		if (p->header && (int)len - 2 >= p->header)
			KUNIT_EXPECT_EQ(test, ret, p->header);
		else
			KUNIT_EXPECT_EQ_MSG(test, ret,
					    len == p->also ? 0 : -EBADMSG,
					    "%zu bytes", len);
		kunit_kfree(test, buf);
	}
}

/* Bytes behind the end that a packet's own fields have make it malformed. */
static void wire_trailing(struct kunit *test)
{
	const struct packet *p = test->param_value;
	u8 *buf = kunit_kzalloc(test, p->len + 1, GFP_KERNEL);
	struct mqttk_fixed f;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf, p->bytes, p->len);
	buf[1]++;
	ret = mqttk_wire_fixed(p->version, buf, p->len + 1, &f);
	if (ret > 0)
		ret = decode_body(p->version, &f, buf + 2, p->len - 1);

	if (f.type == MQTTK_SUBACK)	/* one more code */
		KUNIT_EXPECT_EQ(test, ret, 0);
	else
		KUNIT_EXPECT_EQ(test, ret, p->header ?: -EBADMSG);
}

/*
 * Every first byte there is, for each protocol level: reserved types, reserved
 * flags, QoS 3 and a repeated QoS 0 are refused before any length is there.
 */
static void wire_first_byte(struct kunit *test)
{
	static const u8 levels[] = { 0, MQTTK_V31, MQTTK_V311 };
	struct mqttk_fixed f;
	unsigned int i, b;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		bool v31 = levels[i] == MQTTK_V31;

		for (b = 0; b <= 0xff; b++) {
			u8 type = b >> 4, flags = b & 0x0f, byte = b;
			u8 qos = flags >> 1 & 3;
			bool good;

			if (type == 0 || type == MQTTK_AUTH)
				good = false;
			else if (type == MQTTK_PUBLISH)
				good = qos != 3 && (qos || !(flags & 8) || v31);
			else if (type == MQTTK_PUBREL ||
				 type == MQTTK_SUBSCRIBE ||
				 type == MQTTK_UNSUBSCRIBE)
				good = flags == 2 || v31;
			else
				good = flags == 0 || v31;
			KUNIT_EXPECT_EQ_MSG(test,
					    mqttk_wire_fixed(levels[i], &byte,
							     1, &f),
					    good ? 0 : -EBADMSG,
					    "level %u, byte %#x", levels[i], b);
		}
	}
}

/*
 * Lengths at both ends of each size come out, padded ones too; a fifth byte is
 * refused as soon as the fourth announces it.
 */
static void wire_remaining(struct kunit *test)
{
	static const struct {
		u8 bytes[6];
		u8 len;
		int ret;
		u32 remaining;
	} rows[] = {
		{ { 0x30, 0x03 }, 2, 2, 3 },
		{ { 0x30, 0x7f }, 2, 2, 127 },
		{ { 0x30, 0x80, 0x01 }, 3, 3, 128 },
		{ { 0x30, 0xff, 0x7f }, 3, 3, 16383 },
		{ { 0x30, 0x80, 0x80, 0x01 }, 4, 4, 16384 },
		{ { 0x30, 0xff, 0xff, 0x7f }, 4, 4, 2097151 },
		{ { 0x30, 0x80, 0x80, 0x80, 0x01 }, 5, 5, 2097152 },
		{ { 0x30, 0xff, 0xff, 0xff, 0x7f }, 5, 5, MQTTK_REMAINING_MAX },
		{ { 0x30, 0x83, 0x00 }, 3, 3, 3 },
		{ { 0x30, 0x83, 0x80, 0x80, 0x00 }, 5, 5, 3 },
		{ { 0x30, 0xff, 0xff, 0xff, 0xff }, 5, -EBADMSG, 0 },
		{ { 0x30, 0xff, 0xff, 0xff, 0x80, 0x01 }, 6, -EBADMSG, 0 },
		{ { 0x30, 0x80, 0x80, 0x80, 0x80, 0x00 }, 6, -EBADMSG, 0 },
	};
	struct mqttk_fixed f;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 *buf = exact(test, rows[i].bytes, rows[i].len);

		KUNIT_EXPECT_EQ_MSG(test,
				    mqttk_wire_fixed(MQTTK_V311, buf,
						     rows[i].len, &f),
				    rows[i].ret, "row %zu", i);
		if (rows[i].ret < 0)
			continue;
		KUNIT_EXPECT_EQ(test, f.remaining, rows[i].remaining);
		KUNIT_EXPECT_EQ(test, f.size, rows[i].ret);
		for (len = 0; len < rows[i].len; len++) {
			u8 *cut = exact(test, rows[i].bytes, len);

			KUNIT_EXPECT_EQ(test, mqttk_wire_fixed(MQTTK_V311, cut,
							       len, &f), 0);
			kunit_kfree(test, cut);
		}
	}
}

/* A length that no packet of the type can have is refused with the header. */
static void wire_impossible_length(struct kunit *test)
{
	static const struct {
		u8 first;
		u32 min;
		u32 max;
	} rows[] = {
		{ 0x10, 7, MQTTK_REMAINING_MAX },
		{ 0x20, 2, 2 },
		{ 0x30, 3, MQTTK_REMAINING_MAX },
		{ 0x40, 2, 2 },
		{ 0x50, 2, 2 },
		{ 0x62, 2, 2 },
		{ 0x70, 2, 2 },
		{ 0x82, 5, MQTTK_REMAINING_MAX },
		{ 0x90, 3, MQTTK_REMAINING_MAX },
		{ 0xa2, 4, MQTTK_REMAINING_MAX },
		{ 0xb0, 2, 2 },
		{ 0xc0, 0, 0 },
		{ 0xd0, 0, 0 },
		{ 0xe0, 0, 0 },
	};
	struct mqttk_fixed f;
	size_t i;
	u32 n;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 huge[] = { rows[i].first, 0xff, 0xff, 0xff, 0x7f };

		for (n = 0; n < 10; n++) {
			u8 buf[] = { rows[i].first, n };
			bool good = n >= rows[i].min && n <= rows[i].max;

			KUNIT_EXPECT_EQ_MSG(test,
					    mqttk_wire_fixed(MQTTK_V311, buf,
							     2, &f),
					    good ? 2 : -EBADMSG,
					    "%#x of %u", buf[0], n);
		}
		KUNIT_EXPECT_EQ(test, mqttk_wire_fixed(MQTTK_V311, huge, 5, &f),
				rows[i].max == MQTTK_REMAINING_MAX ?
				5 : -EBADMSG);
	}
}

static int connect(struct kunit *test, const char *bytes, size_t len,
		   struct mqttk_connect *c)
{
	return mqttk_wire_connect(exact(test, bytes, len), len, c);
}

#define CONNECT(test, bytes, c) connect(test, bytes, sizeof(bytes) - 1, c)

/* Every field of a CONNECT that has them all comes out. */
static void wire_connect_fields(struct kunit *test)
{
	static const char all[] =
		"\0\4MQTT\4\xee\x12\x34\0\2id\0\3w/t\0\2\0\xff"
		"\0\4user\0\2\xfe\0";
	struct mqttk_connect c;

	KUNIT_ASSERT_EQ(test, CONNECT(test, all, &c), 0);
	KUNIT_EXPECT_EQ(test, c.version, 4);
	KUNIT_EXPECT_TRUE(test, c.clean);
	KUNIT_EXPECT_TRUE(test, c.has_will);
	KUNIT_EXPECT_TRUE(test, c.will_retain);
	KUNIT_EXPECT_EQ(test, c.will_qos, 1);
	KUNIT_EXPECT_TRUE(test, c.has_user);
	KUNIT_EXPECT_TRUE(test, c.has_password);
	KUNIT_EXPECT_EQ(test, c.keepalive, 0x1234);
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.client_id, "id"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.will_topic, "w/t"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.will_payload, "\0\xff"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.user, "user"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.password, "\xfe\0"));

	KUNIT_ASSERT_EQ(test, CONNECT(test, "\0\4MQTT\4\0\0\0\0\0", &c), 0);
	KUNIT_EXPECT_FALSE(test, c.clean);
	KUNIT_EXPECT_FALSE(test, c.has_will);
	KUNIT_EXPECT_FALSE(test, c.has_user);
	KUNIT_EXPECT_FALSE(test, c.has_password);
	KUNIT_EXPECT_EQ(test, c.keepalive, 0);
	KUNIT_EXPECT_EQ(test, c.client_id.len, 0);
	KUNIT_EXPECT_EQ(test, c.will_topic.len, 0);
}

/* Names and levels: what is spoken, what is answered, what is not MQTT. */
static void wire_connect_protocol(struct kunit *test)
{
	struct mqttk_connect c;
	unsigned int level;

	for (level = 0; level <= 0xff; level++) {
		char v311[] = "\0\4MQTT\0\2\0\0\0\1a";
		char v31[] = "\0\6MQIsdp\0\2\0\0\0\1a";

		v311[6] = level;
		/* level 5 takes the id's length for one of properties */
		KUNIT_EXPECT_EQ(test, CONNECT(test, v311, &c),
				level == 4 ? 0 : level == 5 ? -EBADMSG :
				-EPROTONOSUPPORT);
		KUNIT_EXPECT_EQ(test, c.version, level);
		v31[8] = level;
		KUNIT_EXPECT_EQ(test, CONNECT(test, v31, &c),
				level == 3 ? 0 : -EPROTONOSUPPORT);
		KUNIT_EXPECT_EQ(test, c.version, level);
	}
	/* a level says nothing about what follows it */
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\4MQTT\6", &c), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\4MQTT\x84\xff", &c),
			-EPROTONOSUPPORT);

	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\4mqtt\4\2\0\0\0\1a", &c), -EPROTO);
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\4MQTX\4\2\0\0\0\1a", &c), -EPROTO);
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\3MQT\4\2\0\0\0\1a", &c), -EPROTO);
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\0\4\2\0\0\0\1a", &c), -EPROTO);
	KUNIT_EXPECT_EQ(test, c.version, 0);
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\xff\xffMQTT\4", &c), -EBADMSG);
	KUNIT_EXPECT_EQ(test, c.version, 0);
}

/*
 * Every value of the connect flags, with a payload that fits: reserved bit,
 * will bits without a will, Will QoS 3, password without user name.
 */
static void wire_connect_flags(struct kunit *test)
{
	struct mqttk_connect c;
	unsigned int flags;
	int v31;

	for (v31 = 0; v31 <= 1; v31++)
		for (flags = 0; flags <= 0xff; flags++) {
			bool will = flags & 0x04, qos3 = (flags & 0x18) == 0x18;
			bool good = !(flags & 0x40) || flags & 0x80;
			u8 buf[40];
			size_t n;
			int ret;

			if (will && qos3)
				good = false;
			if (!v31 && (flags & 1 || (!will && flags & 0x38)))
				good = false;

			n = v31 ? 9 : 7;
			memcpy(buf, v31 ? "\0\6MQIsdp\3" : "\0\4MQTT\4", n);
			buf[n++] = flags;
			memcpy(buf + n, "\0\0\0\1a", 5);
			n += 5;
			if (will) {
				memcpy(buf + n, "\0\1t\0\0", 5);
				n += 5;
			}
			if (flags & 0x80) {
				memcpy(buf + n, "\0\1u", 3);
				n += 3;
			}
			if (flags & 0x40) {
				memcpy(buf + n, "\0\1p", 3);
				n += 3;
			}
			ret = connect(test, buf, n, &c);
			KUNIT_EXPECT_EQ_MSG(test, ret, good ? 0 : -EBADMSG,
					    "flags %#x", flags);
			if (ret)
				continue;
			KUNIT_EXPECT_EQ(test, c.has_will, will);
			KUNIT_EXPECT_EQ(test, c.will_retain,
					will && flags & 0x20);
			KUNIT_EXPECT_EQ(test, c.will_qos,
					will ? flags >> 3 & 3 : 0);
		}
}

/* Strings are judged as what they are: text, topic name, or any bytes. */
static void wire_connect_strings(struct kunit *test)
{
	struct mqttk_connect c;

#define BAD(bytes) KUNIT_EXPECT_EQ(test, CONNECT(test, bytes, &c), -EBADMSG)
	BAD("\0\4MQTT\4\2\0\0\0\1\xff");
	BAD("\0\4MQTT\4\2\0\0\0\1\0");
	BAD("\0\4MQTT\4\2\0\0\0\1ax");
	BAD("\0\4MQTT\4\2\0\0\0\2a");
	BAD("\0\4MQTT\4\6\0\0\0\1a\0\0\0\1p");
	BAD("\0\4MQTT\4\6\0\0\0\1a\0\1#\0\1p");
	BAD("\0\4MQTT\4\6\0\0\0\1a\0\3a/+\0\1p");
	BAD("\0\4MQTT\4\6\0\0\0\1a\0\1\xff\0\1p");
	BAD("\0\4MQTT\4\x82\0\0\0\1a\0\1\xff");
	BAD("\0\4MQTT\4\x82\0\0\0\1a");
	BAD("\0\4MQTT\4\xc2\0\0\0\1a\0\1u");
#undef BAD
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\4MQTT\4\xc6\0\0\0\0\0\1t\0\0\0\0\0\0", &c), 0);
	KUNIT_EXPECT_TRUE(test, c.has_user && c.has_password && c.has_will);
}

/* 3.1: user name and password may be missing though flagged, ids be longer. */
static void wire_connect_v31_lenient(struct kunit *test)
{
	static const char long_id[] =
		"\0\6MQIsdp\3\2\0\0\0\030abcdefghijklmnopqrstuvwx";
	struct mqttk_connect c;

	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\6MQIsdp\3\xc2\0\0\0\1a", &c), 0);
	KUNIT_EXPECT_FALSE(test, c.has_user);
	KUNIT_EXPECT_FALSE(test, c.has_password);
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\6MQIsdp\3\xc2\0\0\0\1a\0\1u", &c), 0);
	KUNIT_EXPECT_TRUE(test, c.has_user);
	KUNIT_EXPECT_FALSE(test, c.has_password);
	KUNIT_EXPECT_EQ(test, CONNECT(test, "\0\6MQIsdp\3\xc2\0\0\0\1a\0\1u\0", &c), -EBADMSG);
	/* one character more than the 23 of 3.1 */
	KUNIT_EXPECT_EQ(test, CONNECT(test, long_id, &c), 0);
}

static int publish(struct kunit *test, u8 version, u8 flags, const char *bytes,
		   size_t len, struct mqttk_publish *p)
{
	return mqttk_wire_publish(version, flags, len, exact(test, bytes, len),
				  len, p);
}

#define PUBLISH(test, version, flags, bytes, p) \
	publish(test, version, flags, bytes, sizeof(bytes) - 1, p)

/* Fields of a PUBLISH come out; id 0 and what is no topic name do not. */
static void wire_publish_fields(struct kunit *test)
{
	struct mqttk_publish p;

	KUNIT_ASSERT_EQ(test, PUBLISH(test, 4, 0x0d, "\0\3a/b\x12\x34payload", &p), 7);
	KUNIT_EXPECT_TRUE(test, p.dup);
	KUNIT_EXPECT_TRUE(test, p.retain);
	KUNIT_EXPECT_EQ(test, p.qos, 2);
	KUNIT_EXPECT_EQ(test, p.packet_id, 0x1234);
	KUNIT_EXPECT_EQ(test, p.header, 7);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.topic, "a/b"));

	/* at QoS 0 there is no id, and in 3.1 DUP means nothing */
	KUNIT_ASSERT_EQ(test, 5, PUBLISH(test, 3, 0x08, "\0\3a/b\0\0", &p));
	KUNIT_EXPECT_FALSE(test, p.dup);
	KUNIT_EXPECT_FALSE(test, p.retain);
	KUNIT_EXPECT_EQ(test, p.packet_id, 0);

#define BAD(flags, bytes) \
	KUNIT_EXPECT_EQ(test, PUBLISH(test, 4, flags, bytes, &p), -EBADMSG)
	KUNIT_EXPECT_EQ(test, PUBLISH(test, 4, 0x02, "\0\3a/b\0\0", &p),
			-EPROTO);
	KUNIT_EXPECT_EQ(test, PUBLISH(test, 4, 0x04, "\0\3a/b\0\0x", &p),
			-EPROTO);
	BAD(0x06, "\0\3a/b\0\1");
	BAD(0x08, "\0\3a/b\0\1");
	BAD(0x00, "\0\0payload");
	BAD(0x00, "\0\1+payload");
	BAD(0x00, "\0\3a/#");
	BAD(0x00, "\0\3a\0b");
	BAD(0x00, "\0\2\xc0\x80");
	BAD(0x00, "\0\3\xed\xa0\x80");
	BAD(0x00, "\0\3\xef\xbf\xbf");
	BAD(0x00, "\0\4a/b");
	BAD(0x02, "\0\3a/b\1");
	BAD(0x00, "\0");
	BAD(0x00, "");
#undef BAD
}

/* Only what belongs to the packet is looked at when more has arrived. */
static void wire_publish_ends(struct kunit *test)
{
	struct mqttk_publish p;
	u8 *buf = exact(test, "\0\3a/b\0\1", 7);

	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 0, 5, buf, 7, &p), 5);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 2, 7, buf, 7, &p), 7);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 2, 6, buf, 7, &p), -EBADMSG);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 0, 4, buf, 7, &p), -EBADMSG);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 0, 1, buf, 7, &p), -EBADMSG);
	/* and a topic that cannot fit is refused before it has arrived */
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 0, 4, buf, 2, &p), -EBADMSG);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 0, 100, buf, 2, &p), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(4, 0, 100, buf, 0, &p), 0);
}

/* Acknowledgements are two bytes long and never name packet 0. */
static void wire_ack(struct kunit *test)
{
	u8 *buf = exact(test, "\x12\x34\0\0\1", 5);
	struct mqttk_ack ack;

#define ACK(version, buf, len) \
	mqttk_wire_ack(version, MQTTK_PUBACK, buf, len, &ack)
	KUNIT_EXPECT_EQ(test, ACK(4, buf, 2), 0);
	KUNIT_EXPECT_EQ(test, ack.id, 0x1234);
	KUNIT_EXPECT_EQ(test, ack.reason, 0);
	KUNIT_EXPECT_EQ(test, ack.props.has, 0);
	KUNIT_EXPECT_EQ(test, ACK(3, buf + 3, 2), 0);
	KUNIT_EXPECT_EQ(test, ack.id, 1);
	KUNIT_EXPECT_EQ(test, ACK(4, buf + 2, 2), -EPROTO);
	KUNIT_EXPECT_EQ(test, ACK(4, buf, 0), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ACK(4, buf, 1), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ACK(4, buf, 3), -EBADMSG);
#undef ACK
}

static int subscribe(struct kunit *test, u8 type, const char *bytes, size_t len,
		     struct mqttk_sub_iter *it)
{
	return mqttk_wire_subscribe(MQTTK_V311, type, exact(test, bytes, len),
				    len, it);
}

#define SUBSCRIBE(test, bytes, it) \
	subscribe(test, MQTTK_SUBSCRIBE, bytes, sizeof(bytes) - 1, it)
#define UNSUBSCRIBE(test, bytes, it) \
	subscribe(test, MQTTK_UNSUBSCRIBE, bytes, sizeof(bytes) - 1, it)

/* All entries of SUBSCRIBE and UNSUBSCRIBE come out, in order, once. */
static void wire_subscribe_entries(struct kunit *test)
{
	struct mqttk_sub_iter it;
	struct mqttk_str filter;
	u8 options;

	KUNIT_ASSERT_EQ(test, SUBSCRIBE(test, "\1\2\0\3a/+\1\0\0\0\0\2##\2", &it), 0);
	KUNIT_EXPECT_EQ(test, it.packet_id, 0x0102);
	KUNIT_EXPECT_EQ(test, it.nr, 3);
	KUNIT_ASSERT_TRUE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
	KUNIT_EXPECT_TRUE(test, STR_IS(&filter, "a/+"));
	KUNIT_EXPECT_EQ(test, options, 1);
	KUNIT_ASSERT_TRUE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
	KUNIT_EXPECT_EQ(test, filter.len, 0);
	KUNIT_EXPECT_EQ(test, options, 0);
	KUNIT_ASSERT_TRUE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
	KUNIT_EXPECT_TRUE(test, STR_IS(&filter, "##"));
	KUNIT_EXPECT_EQ(test, options, 2);
	KUNIT_EXPECT_FALSE(test, mqttk_wire_subscribe_next(&it, &filter, &options));

	KUNIT_ASSERT_EQ(test, 0, UNSUBSCRIBE(test, "\1\2\0\1a\0\1b", &it));
	KUNIT_EXPECT_EQ(test, it.nr, 2);
	KUNIT_ASSERT_TRUE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
	KUNIT_EXPECT_TRUE(test, STR_IS(&filter, "a"));
	KUNIT_EXPECT_EQ(test, options, 0);
	KUNIT_ASSERT_TRUE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
	KUNIT_EXPECT_TRUE(test, STR_IS(&filter, "b"));
	KUNIT_EXPECT_FALSE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
}

/* Bad entries make all of the packet malformed, wherever they stand. */
static void wire_subscribe_malformed(struct kunit *test)
{
#define ROW(bytes) { bytes, sizeof(bytes) - 1 }
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		ROW(""),
		ROW("\0"),
		ROW("\0\1\0"),
		ROW("\0\1\0\2a"),
		ROW("\0\1\0\3\xed\xa0\x80\0"),
		ROW("\0\1\0\1\0\0"),
		ROW("\0\1\377\377a"),
	};
#undef ROW
	struct mqttk_sub_iter it;
	unsigned int options;
	size_t i;

	for (options = 0; options <= 0xff; options++) {
		char one[] = "\0\1\0\1a\0";
		char two[] = "\0\1\0\1a\0\0\1b\0";
		int want = options <= 2 ? 0 : -EBADMSG;

		one[5] = options;
		two[9] = options;
		KUNIT_EXPECT_EQ(test, SUBSCRIBE(test, one, &it), want);
		KUNIT_EXPECT_EQ(test, SUBSCRIBE(test, two, &it), want);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, subscribe(test, MQTTK_SUBSCRIBE,
						bad[i].bytes, bad[i].len, &it),
				-EBADMSG);
		KUNIT_EXPECT_EQ(test, subscribe(test, MQTTK_UNSUBSCRIBE,
						bad[i].bytes, bad[i].len, &it),
				-EBADMSG);
	}
	/* what is well-formed, but not allowed: packet 0, and no entry */
	KUNIT_EXPECT_EQ(test, SUBSCRIBE(test, "\0\0\0\1a\0", &it), -EPROTO);
	KUNIT_EXPECT_EQ(test, UNSUBSCRIBE(test, "\0\0\0\1a", &it), -EPROTO);
	KUNIT_EXPECT_EQ(test, SUBSCRIBE(test, "\0\1", &it), -EPROTO);
	KUNIT_EXPECT_EQ(test, UNSUBSCRIBE(test, "\0\1", &it), -EPROTO);
	KUNIT_EXPECT_EQ(test, SUBSCRIBE(test, "\0\1\0\1a", &it), -EBADMSG);
}

/* Writes a whole PUBLISH and returns its length. */
static size_t put_publish(u8 *buf, u8 qos, bool dup, bool retain,
			  const char *topic, u16 id, u32 payload_len)
{
	u16 topic_len = strlen(topic);
	size_t n;

	n = mqttk_wire_publish_head(buf, MQTTK_V311, qos, dup, retain,
				    topic_len, payload_len);
	memcpy(buf + n, topic, topic_len);
	n += topic_len;
	n += mqttk_wire_publish_tail(buf + n, MQTTK_V311, qos, id);
	memset(buf + n, 'p', payload_len);
	return n + payload_len;
}

/*
 * What is encoded decodes to what it was: each QoS and flag, payloads at both
 * sides of where the length grows by a byte.
 */
static void wire_publish_round_trip(struct kunit *test)
{
	static const u32 payloads[] = {
		0, 1, 120, 121, 122, 123, 124, 16376, 16377, 16378, 16379,
		16380, 2097140, 2097143, 2097144, 2097145, 2097146, 2097150,
	};
	size_t i, size = payloads[ARRAY_SIZE(payloads) - 1] + 32;
	u8 *buf = kvmalloc(size, GFP_KERNEL);
	unsigned int qos, dup, retain;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < ARRAY_SIZE(payloads) * 12; i++) {
		u32 payload = payloads[i / 12];
		struct mqttk_publish p = {};
		struct mqttk_fixed f = {};
		size_t n;

		qos = i % 3;
		dup = i / 3 % 2;
		retain = i / 6 % 2;
		n = put_publish(buf, qos, dup, retain, "a/b", 0xabcd, payload);

		KUNIT_EXPECT_EQ(test, n,
				mqttk_wire_publish_size(MQTTK_V311, qos, 3,
							payload));
		KUNIT_EXPECT_GT(test, mqttk_wire_fixed(MQTTK_V311, buf, n, &f),
				0);
		KUNIT_EXPECT_EQ(test, f.size + f.remaining, n);
		KUNIT_EXPECT_EQ(test, f.type, MQTTK_PUBLISH);
		KUNIT_EXPECT_EQ(test,
				mqttk_wire_publish(MQTTK_V311, f.flags,
						   f.remaining, buf + f.size,
						   n - f.size, &p),
				qos ? 7 : 5);
		KUNIT_EXPECT_EQ(test, p.qos, qos);
		KUNIT_EXPECT_EQ(test, p.dup, dup && qos);
		KUNIT_EXPECT_EQ(test, p.retain, retain);
		KUNIT_EXPECT_EQ(test, p.packet_id, qos ? 0xabcd : 0);
		KUNIT_EXPECT_TRUE(test, STR_IS(&p.topic, "a/b"));
		KUNIT_EXPECT_EQ(test, f.remaining - p.header, payload);
	}
	kvfree(buf);
}

/* What no length field can express is refused, at the very byte. */
static void wire_publish_too_big(struct kunit *test)
{
	u32 fits = MQTTK_REMAINING_MAX - 2 - 3;
	u8 buf[MQTTK_PUBLISH_HEAD_MAX];

	KUNIT_EXPECT_EQ(test, mqttk_wire_publish_size(4, 0, 3, fits),
			MQTTK_REMAINING_MAX + 5);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish_head(buf, 4, 0, 0, 0, 3, fits),
			7);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x30\xff\xff\xff\x7f\0\3", 7), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish_size(4, 0, 3, fits + 1), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish_size(4, 1, 3, fits), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish_size(4, 0, 65535, ~0u), 0);
	KUNIT_EXPECT_EQ(test,
			mqttk_wire_publish_head(buf, 4, 0, 0, 0, 3, fits + 1),
			0);
}

/* The small packets a broker sends, byte for byte. */
static void wire_encoders(struct kunit *test)
{
	static const u8 acks[] = {
		MQTTK_PUBACK, MQTTK_PUBREC, MQTTK_PUBREL, MQTTK_PUBCOMP,
		MQTTK_UNSUBACK,
	};
	struct mqttk_connack ca = { .session_present = true };
	struct mqttk_fixed f;
	u8 buf[16];
	size_t i;

	KUNIT_EXPECT_EQ(test, mqttk_wire_put_connack(buf, 4, &ca), 4);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x20\2\1\0", 4), 0);
	/* no session present in 3.1, nor with a refusal */
	mqttk_wire_put_connack(buf, 3, &ca);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x20\2\0\0", 4), 0);
	ca.reason = MQTTK_CONNACK_NOT_AUTHORIZED;
	mqttk_wire_put_connack(buf, 4, &ca);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x20\2\0\5", 4), 0);
	ca = (struct mqttk_connack){ };
	mqttk_wire_put_connack(buf, 4, &ca);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x20\2\0\0", 4), 0);

	for (i = 0; i < ARRAY_SIZE(acks); i++) {
		KUNIT_EXPECT_EQ(test,
				mqttk_wire_put_ack(buf, 4, acks[i], 0x1234,
						   MQTTK_REASON_QUOTA_EXCEEDED),
				4);
		KUNIT_EXPECT_EQ(test, mqttk_wire_fixed(4, buf, 4, &f), 2);
		KUNIT_EXPECT_EQ(test, f.type, acks[i]);
		KUNIT_EXPECT_EQ(test, f.remaining, 2);
		KUNIT_EXPECT_EQ(test, get_unaligned_be16(buf + 2), 0x1234);
	}

	KUNIT_EXPECT_EQ(test, mqttk_wire_put_pingresp(buf), 2);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\xd0\0", 2), 0);

	KUNIT_EXPECT_EQ(test, mqttk_wire_put_suback_header(buf, 4, 0x1234, 2), 4);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x90\4\x12\x34", 4), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_put_suback_header(buf, 4, 1, 126), 5);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x90\x80\1\0\1", 5), 0);
	/* as many entries as the largest SUBSCRIBE has */
	KUNIT_EXPECT_EQ(test,
			mqttk_wire_put_suback_header(buf, 4, 1,
						     MQTTK_REMAINING_MAX / 3),
			MQTTK_SUBACK_HEADER_MAX - 1);
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE_PARAM(wire_whole, packet_gen_params),
	KUNIT_CASE_PARAM(wire_truncated, packet_gen_params),
	KUNIT_CASE_PARAM(wire_shortened, packet_gen_params),
	KUNIT_CASE_PARAM(wire_trailing, packet_gen_params),
	KUNIT_CASE(wire_first_byte),
	KUNIT_CASE(wire_remaining),
	KUNIT_CASE(wire_impossible_length),
	KUNIT_CASE(wire_connect_fields),
	KUNIT_CASE(wire_connect_protocol),
	KUNIT_CASE(wire_connect_flags),
	KUNIT_CASE(wire_connect_strings),
	KUNIT_CASE(wire_connect_v31_lenient),
	KUNIT_CASE(wire_publish_fields),
	KUNIT_CASE(wire_publish_ends),
	KUNIT_CASE(wire_ack),
	KUNIT_CASE(wire_subscribe_entries),
	KUNIT_CASE(wire_subscribe_malformed),
	KUNIT_CASE(wire_publish_round_trip),
	KUNIT_CASE(wire_publish_too_big),
	KUNIT_CASE(wire_encoders),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "mqttk-wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);
