// SPDX-License-Identifier: GPL-2.0
/*
 * The wire format of 5.0: every packet type, whole, cut short, with each bit
 * turned, and out and back in again. Properties have a suite of their own.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "wire_fixture.h"

#define V5	MQTTK_V5

struct packet {
	const char *name;
	size_t len;
	const char *bytes;
	/* Bytes of variable header in front of a payload of any length. */
	int header;
	/* Shorter bodies, by length, that are packets, too ... */
	u64 also;
	/* ... and those that can be read, but are not allowed. */
	u64 barred;
};

#define PACKET(name, bytes, header, also, barred) \
	{ name, sizeof(bytes) - 1, bytes, header, also, barred }

static const struct packet packets[] = {
	PACKET("CONNECT",
	       "\x10\x0e\0\4MQTT\5\2\0\x3c\0\0\1a", 0, 0, 0),
	PACKET("CONNECT with everything",
	       "\x10\x2b\0\4MQTT\5\xee\xff\xff\3\x21\0\1\0\2id\5\x18\0\0\0\5"
	       "\0\3w/t\0\2\0\xff\0\4user\0\2\xfe\0", 0, 0, 0),
	PACKET("CONNECT with a password alone",
	       "\x10\x11\0\4MQTT\5\x42\0\0\0\0\1a\0\1p", 0, 0, 0),
	PACKET("CONNACK", "\x20\3\0\0\0", 0, 0, 0),
	PACKET("PUBLISH of QoS 0", "\x31\x08\0\3a/b\0hi", 6, 0, 0),
	PACKET("PUBLISH of QoS 1 with properties",
	       "\x3a\x0d\0\3a/b\1\2\2\1\1abc", 10, 0, 0),
	PACKET("PUBLISH of QoS 2", "\x34\x08\0\3a/b\xff\xff\0", 8, 0, 0),
	PACKET("PUBLISH of an alias", "\x30\7\0\0\3\x23\0\1x", 6, 0, 0),
	PACKET("PUBACK", "\x40\2\0\1", 0, 0, 0),
	PACKET("PUBACK with a reason", "\x40\3\0\1\x10", 0, BIT_ULL(2), 0),
	PACKET("PUBREC with empty properties",
	       "\x50\4\1\0\x97\0", 0, BIT_ULL(2) | BIT_ULL(3), 0),
	PACKET("PUBREL with a reason string",
	       "\x62\x08\1\0\x92\4\x1f\0\1x", 0, BIT_ULL(2) | BIT_ULL(3), 0),
	PACKET("PUBCOMP with a user property",
	       "\x70\x0b\1\0\0\7\x26\0\1k\0\1v", 0, BIT_ULL(2) | BIT_ULL(3), 0),
	PACKET("SUBSCRIBE", "\x82\x0e\0\1\0\0\3a/b\x2d\0\2+a\2", 0,
	       BIT_ULL(9), BIT_ULL(3)),
	PACKET("SUBSCRIBE with an identifier", "\x82\x09\0\1\2\x0b\1\0\1#\2", 0,
	       0, BIT_ULL(5)),
	PACKET("UNSUBSCRIBE", "\xa2\x0b\0\1\0\0\3a/b\0\1#", 0,
	       BIT_ULL(8), BIT_ULL(3)),
	PACKET("SUBACK", "\x90\5\0\1\0\0\x80", 0, BIT_ULL(4), 0),
	PACKET("UNSUBACK", "\xb0\5\0\7\0\0\x11", 0, BIT_ULL(4), 0),
	PACKET("PINGREQ", "\xc0\0", 0, 0, 0),
	PACKET("PINGRESP", "\xd0\0", 0, 0, 0),
	PACKET("DISCONNECT", "\xe0\0", 0, 0, 0),
	PACKET("DISCONNECT with a reason", "\xe0\1\4", 0, BIT_ULL(0), 0),
	PACKET("DISCONNECT with an expiry", "\xe0\7\0\5\x11\0\0\0\1", 0,
	       BIT_ULL(0) | BIT_ULL(1), 0),
	PACKET("AUTH", "\xf0\x0a\x18\x08\x15\0\1m\x16\0\1d", 0, 0,
	       BIT_ULL(0) | BIT_ULL(1)),
};

static void packet_desc(const struct packet *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(packet, packets, packet_desc);

/* A whole packet of each type is taken. */
static void wire5_whole(struct kunit *test)
{
	const struct packet *p = test->param_value;
	u8 *buf = exact(test, p->bytes, p->len);
	struct mqttk_fixed f;

	KUNIT_ASSERT_EQ(test, mqttk_wire_fixed(V5, buf, p->len, &f), 2);
	KUNIT_EXPECT_EQ(test, f.size, 2);
	KUNIT_EXPECT_EQ(test, f.type, buf[0] >> 4);
	KUNIT_EXPECT_EQ(test, f.flags, buf[0] & 0x0f);
	KUNIT_ASSERT_EQ(test, f.remaining, p->len - 2);
	KUNIT_EXPECT_EQ(test, decode_body(V5, &f, buf + 2, p->len - 2),
			p->header);
}

/* What becomes of a packet that ends after @len bytes of body. */
static int want_of(const struct packet *p, size_t len)
{
	if (p->also >> len & 1)
		return 0;
	return p->barred >> len & 1 ? -EPROTO : -EBADMSG;
}

/*
 * Cut at every byte, a packet that is still to come asks for more, one whose
 * end is known is refused, and nothing beyond the cut is read.
 * proves 5.0:MQTT-4.13.1-1
 */
static void wire5_truncated(struct kunit *test)
{
	const struct packet *p = test->param_value;
	struct mqttk_fixed f, cut_f;
	size_t len;

	mqttk_wire_fixed(V5, p->bytes, p->len, &f);
	for (len = 0; len < p->len; len++) {
		u8 *buf = exact(test, p->bytes, len);
		int ret = mqttk_wire_fixed(V5, buf, len, &cut_f);

		KUNIT_EXPECT_EQ(test, ret, len < 2 ? 0 : 2);
		kunit_kfree(test, buf);
		if (len < 2 || !has_decoder(f.type))
			continue;

		buf = exact(test, p->bytes + 2, len - 2);
		ret = decode_body(V5, &f, buf, len - 2);
		if (!p->header)
			KUNIT_EXPECT_EQ_MSG(test, ret, want_of(p, len - 2),
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
 * left is refused, unless what is left happens to be a packet.
 */
static void wire5_shortened(struct kunit *test)
{
	const struct packet *p = test->param_value;
	struct mqttk_fixed f;
	size_t len;

	for (len = 2; len < p->len; len++) {
		u8 *buf = exact(test, p->bytes, len);
		int ret;

		buf[1] = len - 2;
		ret = mqttk_wire_fixed(V5, buf, len, &f);
		if (ret > 0) {
			u8 *body = exact(test, buf + 2, len - 2);

			ret = decode_body(V5, &f, body, len - 2);
			kunit_kfree(test, body);
		}
		KUNIT_EXPECT_EQ_MSG(test, ret,
				    p->header && (int)len - 2 >= p->header ?
				    p->header : want_of(p, len - 2),
				    "%zu bytes", len);
		kunit_kfree(test, buf);
	}
}

/* Bytes behind the end that a packet's own fields have make it malformed. */
static void wire5_trailing(struct kunit *test)
{
	const struct packet *p = test->param_value;
	u8 *buf = kunit_kzalloc(test, p->len + 2, GFP_KERNEL);
	struct mqttk_fixed f;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf, p->bytes, p->len);
	/* two, because one could be a reason code or an empty property list */
	buf[1] += 2;
	ret = mqttk_wire_fixed(V5, buf, p->len + 2, &f);
	if (ret > 0)
		ret = decode_body(V5, &f, buf + 2, p->len);

	if (p->header)
		KUNIT_EXPECT_EQ(test, ret, p->header);
	else if (p->len == 4 || (f.type == MQTTK_DISCONNECT && p->len == 2))
		KUNIT_EXPECT_EQ(test, ret, 0);	/* both, in fact */
	else if (f.type == MQTTK_UNSUBSCRIBE)
		KUNIT_EXPECT_EQ(test, ret, 0);	/* an empty filter */
	else if (has_decoder(f.type) || f.type == MQTTK_PINGREQ ||
		 f.type == MQTTK_PINGRESP)
		KUNIT_EXPECT_EQ(test, ret, -EBADMSG);
}

/*
 * Every first byte there is: reserved types, reserved flags, QoS 3 and a
 * repeated QoS 0 are refused before any length is there.
 * proves 5.0:MQTT-2.1.3-1, 5.0:MQTT-3.3.1-2, 5.0:MQTT-3.3.1-4
 * proves 5.0:MQTT-3.6.1-1, 5.0:MQTT-3.8.1-1, 5.0:MQTT-3.10.1-1
 * proves 5.0:MQTT-3.14.1-1, 5.0:MQTT-3.15.1-1
 */
static void wire5_first_byte(struct kunit *test)
{
	/* By type: bit by flags that it may have. */
	static const u16 good[16] = {
		[1] = 0x0001, [2] = 0x0001, [3] = 0x3c3f, [4] = 0x0001,
		[5] = 0x0001, [6] = 0x0004, [7] = 0x0001, [8] = 0x0004,
		[9] = 0x0001, [10] = 0x0004, [11] = 0x0001, [12] = 0x0001,
		[13] = 0x0001, [14] = 0x0001, [15] = 0x0001,
	};
	struct mqttk_fixed f;
	unsigned int b;

	for (b = 0; b <= 0xff; b++) {
		u8 byte = b;

		KUNIT_EXPECT_EQ_MSG(test, mqttk_wire_fixed(V5, &byte, 1, &f),
				    good[b >> 4] >> (b & 15) & 1 ? 0 : -EBADMSG,
				    "byte %#x", b);
	}
}

/*
 * Lengths at both ends of each size come out; padded ones and a fifth byte
 * are refused.
 * proves 5.0:MQTT-1.5.5-1
 */
static void wire5_remaining(struct kunit *test)
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
		{ { 0x30, 0x83, 0x00 }, 3, -EBADMSG, 0 },
		{ { 0x30, 0x83, 0x80, 0x80, 0x00 }, 5, -EBADMSG, 0 },
		{ { 0x30, 0xff, 0xff, 0xff, 0xff }, 5, -EBADMSG, 0 },
		{ { 0xe0, 0x80, 0x00 }, 3, -EBADMSG, 0 },
	};
	struct mqttk_fixed f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 *buf = exact(test, rows[i].bytes, rows[i].len);

		KUNIT_EXPECT_EQ_MSG(test,
				    mqttk_wire_fixed(V5, buf, rows[i].len, &f),
				    rows[i].ret, "row %zu", i);
		if (rows[i].ret > 0)
			KUNIT_EXPECT_EQ(test, f.remaining, rows[i].remaining);
	}
}

/* A length that no packet of the type can have is refused with the header. */
static void wire5_impossible_length(struct kunit *test)
{
	static const struct {
		u8 first;
		u32 min;
		u32 max;
	} rows[] = {
		{ 0x10, 7, MQTTK_REMAINING_MAX },
		{ 0x30, 3, MQTTK_REMAINING_MAX },
		{ 0x40, 2, MQTTK_REMAINING_MAX },
		{ 0x50, 2, MQTTK_REMAINING_MAX },
		{ 0x62, 2, MQTTK_REMAINING_MAX },
		{ 0x70, 2, MQTTK_REMAINING_MAX },
		{ 0x82, 3, MQTTK_REMAINING_MAX },
		{ 0xa2, 3, MQTTK_REMAINING_MAX },
		{ 0xc0, 0, 0 },
		{ 0xd0, 0, 0 },
		{ 0xe0, 0, MQTTK_REMAINING_MAX },
		{ 0xf0, 0, MQTTK_REMAINING_MAX },
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
					    mqttk_wire_fixed(V5, buf, 2, &f),
					    good ? 2 : -EBADMSG,
					    "%#x of %u", buf[0], n);
		}
		KUNIT_EXPECT_EQ(test, mqttk_wire_fixed(V5, huge, 5, &f),
				rows[i].max ? 5 : -EBADMSG);
	}
}

static int connect(struct kunit *test, const void *bytes, size_t len,
		   struct mqttk_connect *c)
{
	return mqttk_wire_connect(exact(test, bytes, len), len, c);
}

#define CONNECT(test, bytes, c) connect(test, bytes, sizeof(bytes) - 1, c)

/*
 * Every field of a CONNECT comes out, the will's properties apart from its own.
 * proves 5.0:MQTT-3.1.2-9, 5.0:MQTT-3.1.2-17, 5.0:MQTT-3.1.2-19
 * proves 5.0:MQTT-3.1.3-1, 5.0:MQTT-3.1.3-3
 */
static void wire5_connect_fields(struct kunit *test)
{
	static const char all[] =
		"\0\4MQTT\5\xee\x12\x34\x0b\x11\0\0\1\0\x26\0\1k\0\0\0\2"
		"id\x08\x18\0\0\0\5\3\0\0\0\3w/t\0\2\0\xff\0\4user\0\2\xfe\0";
	struct mqttk_connect c;

	KUNIT_ASSERT_EQ(test, CONNECT(test, all, &c), 0);
	KUNIT_EXPECT_EQ(test, c.version, 5);
	KUNIT_EXPECT_TRUE(test, c.clean);
	KUNIT_EXPECT_TRUE(test, c.has_will);
	KUNIT_EXPECT_TRUE(test, c.will_retain);
	KUNIT_EXPECT_EQ(test, c.will_qos, 1);
	KUNIT_EXPECT_TRUE(test, c.has_user);
	KUNIT_EXPECT_TRUE(test, c.has_password);
	KUNIT_EXPECT_EQ(test, c.keepalive, 0x1234);
	KUNIT_EXPECT_EQ(test, c.props.session_expiry, 256);
	KUNIT_EXPECT_EQ(test, c.props.raw_len, 11);
	KUNIT_EXPECT_EQ(test, c.props.has, BIT_ULL(0x11) | BIT_ULL(0x26));
	KUNIT_EXPECT_EQ(test, c.will_props.will_delay, 5);
	KUNIT_EXPECT_EQ(test, c.will_props.has, BIT_ULL(0x18) | BIT_ULL(0x03));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.client_id, "id"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.will_topic, "w/t"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.will_payload, "\0\xff"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.user, "user"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&c.password, "\xfe\0"));

	KUNIT_ASSERT_EQ(test, CONNECT(test, "\0\4MQTT\5\0\0\0\0\0\0", &c), 0);
	KUNIT_EXPECT_FALSE(test, c.clean);
	KUNIT_EXPECT_EQ(test, c.client_id.len, 0);
	KUNIT_EXPECT_EQ(test, c.props.receive_max, 65535);
	KUNIT_EXPECT_EQ(test, c.will_props.has, 0);
	KUNIT_EXPECT_EQ(test, c.will_props.max_packet_size,
			MQTTK_PACKET_SIZE_UNLIMITED);

	/* 3.1.1 has none, and a caller need not ask */
	KUNIT_ASSERT_EQ(test, CONNECT(test, "\0\4MQTT\4\0\0\0\0\0", &c), 0);
	KUNIT_EXPECT_EQ(test, c.props.has, 0);
	KUNIT_EXPECT_EQ(test, c.props.receive_max, 65535);
}

/*
 * Every value of the connect flags, with a payload that fits: reserved bit,
 * will bits without a will, Will QoS 3; a password needs no user name.
 * proves 5.0:MQTT-3.1.2-3, 5.0:MQTT-3.1.2-11, 5.0:MQTT-3.1.2-12
 * proves 5.0:MQTT-3.1.2-13, 5.0:MQTT-3.1.2-16, 5.0:MQTT-3.1.2-18
 */
static void wire5_connect_flags(struct kunit *test)
{
	struct mqttk_connect c;
	unsigned int flags;

	for (flags = 0; flags <= 0xff; flags++) {
		bool will = flags & 0x04, user = flags & 0x80;
		bool password = flags & 0x40;
		bool good = !(flags & 1) && (will ? (flags & 0x18) != 0x18 :
						    !(flags & 0x38));
		u8 buf[40] = "\0\4MQTT\5\0\0\0\0\0\1a";
		size_t n = 14;
		int ret;

		buf[7] = flags;
		if (will) {
			memcpy(buf + n, "\0\0\1t\0\0", 6);
			n += 6;
		}
		if (user) {
			memcpy(buf + n, "\0\1u", 3);
			n += 3;
		}
		if (password) {
			memcpy(buf + n, "\0\1p", 3);
			n += 3;
		}
		ret = connect(test, buf, n, &c);
		KUNIT_EXPECT_EQ_MSG(test, ret, good ? 0 : -EBADMSG,
				    "flags %#x", flags);
		KUNIT_EXPECT_EQ(test, c.version, 5);
		if (ret)
			continue;
		KUNIT_EXPECT_EQ(test, c.clean, !!(flags & 2));
		KUNIT_EXPECT_EQ(test, c.has_will, will);
		KUNIT_EXPECT_EQ(test, c.will_retain, !!(flags & 0x20));
		KUNIT_EXPECT_EQ(test, c.will_qos, flags >> 3 & 3);
		KUNIT_EXPECT_EQ(test, c.has_user, user);
		KUNIT_EXPECT_EQ(test, c.has_password, password);
		/* what is flagged must be there, and nothing else */
		KUNIT_EXPECT_EQ(test, connect(test, buf, n - 1, &c), -EBADMSG);
		KUNIT_EXPECT_EQ(test, connect(test, buf, n + 1, &c), -EBADMSG);
	}
}

/*
 * What is wrong in a CONNECT is told apart, and so is whom to tell it.
 * proves 5.0:MQTT-3.1.2-1, 5.0:MQTT-3.1.2-2, 5.0:MQTT-3.1.4-1
 * proves 5.0:MQTT-3.1.3-4, 5.0:MQTT-3.1.3-11, 5.0:MQTT-3.1.3-12
 */
static void wire5_connect_errors(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 1024, GFP_KERNEL);
	struct mqttk_connect c;
	size_t n;

	KUNIT_ASSERT_NOT_NULL(test, buf);
#define EXPECT(bytes, ret, level) do {					\
	KUNIT_EXPECT_EQ(test, CONNECT(test, bytes, &c), ret);		\
	KUNIT_EXPECT_EQ(test, c.version, level);			\
} while (0)
	EXPECT("", -EBADMSG, 0);
	EXPECT("\0\4MQTT", -EBADMSG, 0);
	EXPECT("\0\4MQTS\5\2\0\0\0\0\0", -EPROTO, 0);
	EXPECT("\0\6MQIsdp\5\2\0\0\0\0\0", -EPROTONOSUPPORT, 5);
	EXPECT("\0\4MQTT\6\2\0\0\0\0\0", -EPROTONOSUPPORT, 6);
	EXPECT("\0\4MQTT\5", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\3\0\0\0\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\2\0\0\x80\0\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\2\0\0\1\0\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\2\0\0\2\x01\0\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\2\0\0\3\x21\0\0\0\0", -EPROTO, 5);
	EXPECT("\0\4MQTT\5\2\0\0\4\x17\1\x17\1\0\0", -EPROTO, 5);
	EXPECT("\0\4MQTT\5\2\0\0\0\0\1\xff", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\x82\0\0\0\0\0\0\1\0", -EBADMSG, 5);
	/* the will: no topic name, a property that is the CONNECT's */
	EXPECT("\0\4MQTT\5\6\0\0\0\0\0\0\0\0\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\6\0\0\0\0\0\0\0\1#\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\6\0\0\0\0\0\0\0\1\xff\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\6\0\0\0\0\0\5\x11\0\0\0\0\0\1t\0\0", -EBADMSG, 5);
	EXPECT("\0\4MQTT\5\2\0\0\5\x18\0\0\0\0\0\0", -EBADMSG, 5);
#undef EXPECT

	/* a will's topic that is only too deep */
	memcpy(buf, "\0\4MQTT\5\6\0\0\0\0\0\0\0\xff", 16);
	memset(buf + 16, '/', 255);
	n = 16 + 255 + 2;
	KUNIT_EXPECT_EQ(test, connect(test, buf, n, &c), -ENAMETOOLONG);
	buf[20] = '+';
	KUNIT_EXPECT_EQ(test, connect(test, buf, n, &c), -EBADMSG);
}

/* Each error has the reason code that wire.h says. */
static void wire5_reasons(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(0), 0x00);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-EBADMSG), 0x81);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-EPROTO), 0x82);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-EPROTONOSUPPORT), 0x84);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-ETIMEDOUT), 0x8d);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-ENAMETOOLONG), 0x90);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-EADDRNOTAVAIL), 0x94);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-EMSGSIZE), 0x95);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-ENOMEM), 0x97);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-ENOBUFS), 0x97);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-EIO), 0x80);
}

static int publish(struct kunit *test, u8 flags, const char *bytes, size_t len,
		   struct mqttk_publish *p)
{
	return mqttk_wire_publish(V5, flags, len, exact(test, bytes, len), len,
				  p);
}

#define PUBLISH(test, flags, bytes, p) \
	publish(test, flags, bytes, sizeof(bytes) - 1, p)

/* Fields of a PUBLISH come out. */
static void wire5_publish_fields(struct kunit *test)
{
	static const char all[] = "\0\3a/b\x12\x34\5\2\0\0\0\x09payload";
	struct mqttk_publish p;

	KUNIT_ASSERT_EQ(test, PUBLISH(test, 0x0d, all, &p), 13);
	KUNIT_EXPECT_TRUE(test, p.dup);
	KUNIT_EXPECT_TRUE(test, p.retain);
	KUNIT_EXPECT_EQ(test, p.qos, 2);
	KUNIT_EXPECT_EQ(test, p.packet_id, 0x1234);
	KUNIT_EXPECT_EQ(test, p.header, 13);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.topic, "a/b"));
	KUNIT_EXPECT_EQ(test, p.props.message_expiry, 9);
	KUNIT_EXPECT_EQ(test, p.props.raw_len, 5);

	KUNIT_ASSERT_EQ(test, PUBLISH(test, 0x00, "\0\3a/b\0", &p), 6);
	KUNIT_EXPECT_EQ(test, p.packet_id, 0);
	KUNIT_EXPECT_EQ(test, p.props.has, 0);
	KUNIT_EXPECT_EQ(test, p.props.topic_alias, 0);

	/* an alias with its topic, and in place of it */
	KUNIT_ASSERT_EQ(test, PUBLISH(test, 0, "\0\1t\3\x23\xff\xff", &p), 7);
	KUNIT_EXPECT_EQ(test, p.props.topic_alias, 65535);
	KUNIT_ASSERT_EQ(test, PUBLISH(test, 0, "\0\0\3\x23\0\1x", &p), 6);
	KUNIT_EXPECT_EQ(test, p.topic.len, 0);
	KUNIT_EXPECT_EQ(test, p.props.topic_alias, 1);
}

/*
 * What a PUBLISH may not be.
 * proves 5.0:MQTT-3.3.1-2, 5.0:MQTT-3.3.1-4, 5.0:MQTT-2.2.1-2
 * proves 5.0:MQTT-3.3.2-1, 5.0:MQTT-3.3.2-2, 5.0:MQTT-3.3.2-8
 * proves 5.0:MQTT-3.3.2-14, 5.0:MQTT-3.3.4-6, 5.0:MQTT-4.7.0-1
 * proves 5.0:MQTT-4.7.3-1, 5.0:MQTT-4.7.3-2
 */
static void wire5_publish_errors(struct kunit *test)
{
	struct mqttk_publish p;

#define EXPECT(flags, bytes, ret) \
	KUNIT_EXPECT_EQ(test, PUBLISH(test, flags, bytes, &p), ret)
	EXPECT(0x06, "\0\3a/b\0\1\0", -EBADMSG);
	EXPECT(0x08, "\0\3a/b\0", -EBADMSG);
	EXPECT(0x02, "\0\3a/b\0\0\0", -EPROTO);
	/* at QoS 0, what looks like a packet id is a property list */
	EXPECT(0x00, "\0\3a/b\1\2\0", -EBADMSG);
	EXPECT(0x00, "\0\1+\0", -EBADMSG);
	EXPECT(0x00, "\0\3a/#\0", -EBADMSG);
	EXPECT(0x00, "\0\2\xc0\x80\0", -EBADMSG);
	EXPECT(0x00, "\0\1\0\0", -EBADMSG);
	EXPECT(0x00, "\0\0\0payload", -EPROTO);
	EXPECT(0x00, "\0\0\2\1\1payload", -EPROTO);
	EXPECT(0x00, "\0\1t\3\x23\0\0", -EADDRNOTAVAIL);
	EXPECT(0x00, "\0\1t\2\x0b\1", -EPROTO);
	EXPECT(0x00, "\0\1t\4\1\0\1\1", -EPROTO);
	EXPECT(0x00, "\0\1t\4\x08\0\1#", -EPROTO);
	EXPECT(0x00, "\0\1t\3\x21\0\1", -EBADMSG);
	EXPECT(0x00, "\0\1t\3\x03\0\1x", -EBADMSG);
	/* the property list's length: missing, padded, too long, beyond */
	EXPECT(0x00, "\0\1t", -EBADMSG);
	EXPECT(0x02, "\0\1t\0\1", -EBADMSG);
	EXPECT(0x00, "\0\1t\x80", -EBADMSG);
	EXPECT(0x00, "\0\1t\x80\0", -EBADMSG);
	EXPECT(0x00, "\0\1t\xff\xff\xff\xff\1", -EBADMSG);
	EXPECT(0x00, "\0\1t\1", -EBADMSG);
	EXPECT(0x00, "\0\4a/b\0", -EBADMSG);
#undef EXPECT
}

/*
 * Only what belongs to the packet is looked at when more has arrived, and what
 * cannot become a packet is refused before it has.
 */
static void wire5_publish_ends(struct kunit *test)
{
	u8 *buf = exact(test, "\0\3a/b\2\1\1", 8);
	struct mqttk_publish p;
	int len;

#define EXPECT(remaining, avail, ret)					\
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(V5, 0, remaining, buf,	\
						 avail, &p), ret)
	for (len = 0; len < 8; len++)
		EXPECT(100, len, 0);
	EXPECT(100, 8, 8);
	EXPECT(8, 8, 8);
	EXPECT(7, 8, -EBADMSG);
	EXPECT(6, 8, -EBADMSG);
	EXPECT(5, 8, -EBADMSG);
	EXPECT(1, 8, -EBADMSG);
	EXPECT(5, 2, -EBADMSG);		/* no room for properties */
	EXPECT(7, 6, -EBADMSG);		/* properties leave the packet */
	EXPECT(7, 5, 0);
#undef EXPECT
}

/*
 * Topic and properties may be large together, but not larger than is ever
 * buffered, and nothing is judged before all of it is there.
 */
static void wire5_publish_header_max(struct kunit *test)
{
	u32 max = MQTTK_PUBLISH_HEADER_MAX, i;
	u8 *buf = kvmalloc(max + 8, GFP_KERNEL);
	struct mqttk_publish p;
	/* topic "t", 3 bytes of length, one long user property after another */
	u32 list = max - 3 - 3;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf, "\0\1t", 3);
	buf[3] = 0x80 | (list & 0x7f);
	buf[4] = 0x80 | (list >> 7 & 0x7f);
	buf[5] = list >> 14;
	for (i = 6; i < max; i += 5)
		memcpy(buf + i, "\x26\0\0\0\0", 5);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(V5, 0, max + 100, buf, 6, &p),
			0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(V5, 0, max + 100, buf, max - 1,
						 &p), 0);
	/* the list's length is no multiple of 5, so its end is cut */
	KUNIT_EXPECT_EQ(test, list % 5, 1);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(V5, 0, max + 100, buf, max,
						 &p), -EBADMSG);
	buf[3]--;
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(V5, 0, max + 100, buf, max,
						 &p), max - 1);
	KUNIT_EXPECT_EQ(test, p.props.raw_len, list - 1);
	buf[3] += 2;
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(V5, 0, max + 100, buf, 6, &p),
			-EMSGSIZE);
	KUNIT_EXPECT_EQ(test, mqttk_wire_publish(V5, 0, max, buf, 6, &p),
			-EBADMSG);
	kvfree(buf);
}

/* A topic that is only too deep has a reason code of its own. */
static void wire5_publish_deep(struct kunit *test)
{
	struct mqttk_publish p;
	char buf[210];
	size_t n;

	memset(buf, '/', sizeof(buf));
	for (n = 199; n <= 200; n++) {	/* one level more than slashes */
		buf[0] = 0;
		buf[1] = n;
		buf[2 + n] = 0;
		KUNIT_EXPECT_EQ(test, publish(test, 0, buf, n + 3, &p),
				n == 199 ? (int)n + 3 : -ENAMETOOLONG);
		KUNIT_EXPECT_EQ(test, mqttk_wire_publish(MQTTK_V311, 0, n + 2,
							 buf, n + 2, &p),
				n == 199 ? (int)n + 2 : -ENAMETOOLONG);
		buf[2 + n] = '/';
	}
}

/* By packet type: the reason codes it may carry from a client. */
static const char *const reasons[16] = {
	[4] = "\x10\x80\x83\x87\x90\x91\x97\x99",
	[5] = "\x10\x80\x83\x87\x90\x91\x97\x99",
	[6] = "\x92",
	[7] = "\x92",
	[14] = "\x04\x80\x81\x82\x83\x90\x93\x94\x95\x96\x97\x98\x99",
};

/*
 * Each reason code on PUBACK and its kin, with and without properties.
 * proves 5.0:MQTT-3.4.2-1, 5.0:MQTT-3.5.2-1, 5.0:MQTT-3.6.2-1
 * proves 5.0:MQTT-3.7.2-1
 */
static void wire5_ack_reasons(struct kunit *test)
{
	struct mqttk_ack ack;
	unsigned int reason;
	u8 type;

	for (type = MQTTK_PUBACK; type <= MQTTK_PUBCOMP; type++)
		for (reason = 0; reason <= 0xff; reason++) {
			/* NUL is in every string */
			int want = strchr(reasons[type], reason) ? 0 : -EPROTO;
			u8 body[] = { 0x12, 0x34, reason, 0 };

			KUNIT_EXPECT_EQ_MSG(test,
					    mqttk_wire_ack(V5, type, body, 3,
							   &ack),
					    want, "%#x on %u", reason, type);
			KUNIT_EXPECT_EQ(test, mqttk_wire_ack(V5, type, body, 4,
							     &ack), want);
			if (want)
				continue;
			KUNIT_EXPECT_EQ(test, ack.id, 0x1234);
			KUNIT_EXPECT_EQ(test, ack.reason, reason);
			KUNIT_EXPECT_EQ(test, ack.props.raw_len, 0);
		}
}

/* What a PUBREC may leave out, and what it may not be. */
static void wire5_ack_forms(struct kunit *test)
{
	struct mqttk_ack ack;

#define ACK(bytes) \
	mqttk_wire_ack(V5, MQTTK_PUBREC, \
		       exact(test, bytes, sizeof(bytes) - 1), \
		       sizeof(bytes) - 1, &ack)
	KUNIT_ASSERT_EQ(test, ACK("\1\2"), 0);
	KUNIT_EXPECT_EQ(test, ack.id, 0x0102);
	KUNIT_EXPECT_EQ(test, ack.reason, MQTTK_REASON_SUCCESS);
	KUNIT_EXPECT_EQ(test, ack.props.has, 0);
	KUNIT_ASSERT_EQ(test, ACK("\1\2\x97\5\x1f\0\2no"), 0);
	KUNIT_EXPECT_EQ(test, ack.reason, MQTTK_REASON_QUOTA_EXCEEDED);
	KUNIT_EXPECT_TRUE(test, STR_IS(&ack.props.reason_string, "no"));
	KUNIT_EXPECT_EQ(test, ACK("\0\0"), -EPROTO);
	KUNIT_EXPECT_EQ(test, ACK("\0\0\0\0"), -EPROTO);
	KUNIT_EXPECT_EQ(test, ACK("\0\1\0\0\0"), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ACK("\0\1\0\1"), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ACK("\0\1\0\x80\0"), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ACK("\0\1\0\5\x11\0\0\0\0"), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ACK("\0\1\0\6\x1f\0\0\x1f\0\0"), -EPROTO);
#undef ACK
}

/*
 * Each reason code on DISCONNECT, and what it may leave out.
 * proves 5.0:MQTT-3.14.2-1
 */
static void wire5_disconnect(struct kunit *test)
{
	struct mqttk_disconnect d;
	unsigned int reason;

	for (reason = 0; reason <= 0xff; reason++) {
		int want = strchr(reasons[14], reason) ? 0 : -EPROTO;
		u8 body[] = { reason, 5, 0x11, 0, 0, 1, 0 };

		KUNIT_EXPECT_EQ_MSG(test,
				    mqttk_wire_disconnect(V5, body, 1, &d),
				    want, "%#x", reason);
		KUNIT_EXPECT_EQ(test, mqttk_wire_disconnect(V5, body, 7, &d),
				want);
		if (want)
			continue;
		KUNIT_EXPECT_EQ(test, d.reason, reason);
		KUNIT_EXPECT_EQ(test, d.props.session_expiry, 256);
	}
	KUNIT_EXPECT_EQ(test, mqttk_wire_disconnect(V5, "", 0, &d), 0);
	KUNIT_EXPECT_EQ(test, d.reason, MQTTK_REASON_NORMAL_DISCONNECTION);
	KUNIT_EXPECT_EQ(test, d.props.has, 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_disconnect(V5, "\0\0", 2, &d), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_disconnect(V5, "\0\0\0", 3, &d),
			-EBADMSG);
	KUNIT_EXPECT_EQ(test, mqttk_wire_disconnect(V5, "\0\3\x21\0\1", 5, &d),
			-EBADMSG);
	KUNIT_EXPECT_EQ(test, mqttk_wire_disconnect(MQTTK_V311, "", 0, &d), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_disconnect(MQTTK_V311, "\0", 1, &d),
			-EBADMSG);
}

/*
 * AUTH has a method and goes on or starts anew; success is not a client's.
 * proves 5.0:MQTT-3.15.2-1
 */
static void wire5_auth(struct kunit *test)
{
	struct mqttk_auth a;
	unsigned int reason;

	for (reason = 0; reason <= 0xff; reason++) {
		u8 body[] = { reason, 8, 0x15, 0, 1, 'm', 0x16, 0, 1, 'd' };
		bool good = reason == 0x18 || reason == 0x19;

		KUNIT_EXPECT_EQ_MSG(test,
				    mqttk_wire_auth(body, sizeof(body), &a),
				    good ? 0 : -EPROTO, "%#x", reason);
		if (!good)
			continue;
		KUNIT_EXPECT_EQ(test, a.reason, reason);
		KUNIT_EXPECT_TRUE(test, STR_IS(&a.props.auth_method, "m"));
		KUNIT_EXPECT_TRUE(test, STR_IS(&a.props.auth_data, "d"));
	}
	KUNIT_EXPECT_EQ(test, mqttk_wire_auth("", 0, &a), -EPROTO);
	KUNIT_EXPECT_EQ(test, mqttk_wire_auth("\x18", 1, &a), -EPROTO);
	KUNIT_EXPECT_EQ(test, mqttk_wire_auth("\x18\0", 2, &a), -EPROTO);
	KUNIT_EXPECT_EQ(test, mqttk_wire_auth("\x18\4\x1f\0\1x", 6, &a),
			-EPROTO);
	KUNIT_EXPECT_EQ(test, mqttk_wire_auth("\x18\4\x15\0\1\xff", 6, &a),
			-EBADMSG);
}

static int subscribe(struct kunit *test, u8 type, const void *bytes, size_t len,
		     struct mqttk_sub_iter *it)
{
	return mqttk_wire_subscribe(V5, type, exact(test, bytes, len), len, it);
}

#define SUBSCRIBE(test, bytes, it) \
	subscribe(test, MQTTK_SUBSCRIBE, bytes, sizeof(bytes) - 1, it)
#define UNSUBSCRIBE(test, bytes, it) \
	subscribe(test, MQTTK_UNSUBSCRIBE, bytes, sizeof(bytes) - 1, it)

/* Entries, options and the identifier of a SUBSCRIBE come out. */
static void wire5_subscribe_entries(struct kunit *test)
{
	struct mqttk_sub_iter it;
	struct mqttk_str filter;
	u8 options;

	KUNIT_ASSERT_EQ(test, SUBSCRIBE(test, "\1\2\3\x0b\x80\1\0\3a/+\x1d\0\1#\2",
					&it), 0);
	KUNIT_EXPECT_EQ(test, it.packet_id, 0x0102);
	KUNIT_EXPECT_EQ(test, it.nr, 2);
	KUNIT_EXPECT_EQ(test, it.props.subscription_id, 128);
	KUNIT_ASSERT_TRUE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
	KUNIT_EXPECT_TRUE(test, STR_IS(&filter, "a/+"));
	KUNIT_EXPECT_EQ(test, options & MQTTK_SUB_QOS, 1);
	KUNIT_EXPECT_TRUE(test, options & MQTTK_SUB_NO_LOCAL);
	KUNIT_EXPECT_TRUE(test, options & MQTTK_SUB_RETAIN_AS_PUBLISHED);
	KUNIT_EXPECT_EQ(test, options & MQTTK_SUB_RETAIN_HANDLING,
			MQTTK_SUB_RETAIN_IF_NEW);
	KUNIT_ASSERT_TRUE(test, mqttk_wire_subscribe_next(&it, &filter, &options));
	KUNIT_EXPECT_EQ(test, options, 2);
	KUNIT_EXPECT_FALSE(test, mqttk_wire_subscribe_next(&it, &filter, &options));

	KUNIT_ASSERT_EQ(test, 0, UNSUBSCRIBE(test, "\1\2\0\0\1a\0\0", &it));
	KUNIT_EXPECT_EQ(test, it.nr, 2);
	KUNIT_EXPECT_EQ(test, it.props.subscription_id, 0);
}

/*
 * Every option byte there is, on filters that are shared and that are not.
 * proves 5.0:MQTT-3.8.3-4, 5.0:MQTT-3.8.3-5
 */
static void wire5_subscribe_options(struct kunit *test)
{
	struct mqttk_sub_iter it;
	unsigned int opt;

	for (opt = 0; opt <= 0xff; opt++) {
		char plain[] = "\0\1\0\0\1a\0\0\1b\0";
		char shared[] = "\0\1\0\0\x0a$share/g/t\0";
		char nearly[] = "\0\1\0\0\6$share\0";
		bool reserved = opt >= 0x40;
		bool barred = opt % 4 == 3 || (opt & 0x30) == 0x30;
		int want = reserved ? -EBADMSG : barred ? -EPROTO : 0;

		plain[10] = opt;
		nearly[11] = opt;
		shared[15] = opt;
		KUNIT_EXPECT_EQ_MSG(test, SUBSCRIBE(test, plain, &it), want,
				    "%#x", opt);
		KUNIT_EXPECT_EQ(test, SUBSCRIBE(test, nearly, &it), want);
		if (opt & 4 && !want)
			want = -EPROTO;
		KUNIT_EXPECT_EQ_MSG(test, SUBSCRIBE(test, shared, &it), want,
				    "%#x shared", opt);
	}
}

/*
 * What SUBSCRIBE and UNSUBSCRIBE may not be.
 * proves 5.0:MQTT-3.8.3-1, 5.0:MQTT-3.8.3-2, 5.0:MQTT-3.10.3-1
 * proves 5.0:MQTT-3.10.3-2
 */
static void wire5_subscribe_errors(struct kunit *test)
{
	struct mqttk_sub_iter it;

#define SUB(bytes, ret) \
	KUNIT_EXPECT_EQ(test, SUBSCRIBE(test, bytes, &it), ret)
#define UNSUB(bytes, ret) \
	KUNIT_EXPECT_EQ(test, UNSUBSCRIBE(test, bytes, &it), ret)
	SUB("\0\1\0", -EPROTO);
	SUB("\0\1\2\x0b\1", -EPROTO);
	SUB("\0\0\0\0\1a\0", -EPROTO);
	SUB("\0\1\2\x0b\0\0\1a\0", -EPROTO);
	SUB("\0\1\4\x0b\1\x0b\2\0\1a\0", -EPROTO);
	SUB("\0\1\0\0\1a", -EBADMSG);
	SUB("\0\1\0\0\1\xff\0", -EBADMSG);
	SUB("\0\1\0\0\1\0\0", -EBADMSG);
	SUB("\0\1\2\1\1\0\1a\0", -EBADMSG);
	SUB("\0\1\x80\0\0\1a\0", -EBADMSG);
	UNSUB("\0\1\0", -EPROTO);
	UNSUB("\0\0\0\0\1a", -EPROTO);
	UNSUB("\0\1\0\0\2a", -EBADMSG);
	UNSUB("\0\1\0\0\2\xed\xa0", -EBADMSG);
	UNSUB("\0\1\2\x0b\1\0\1a", -EBADMSG);
#undef SUB
#undef UNSUB
}

/* A whole PUBLISH, as the pieces of which it is sent are put together. */
static size_t put_publish(u8 *buf, struct mqttk_pub_out *o, const char *topic,
			  const char *subids, const char *props)
{
	size_t n = mqttk_wire_pub_head(buf, o);

	memcpy(buf + n, topic, o->topic_len);
	n += o->topic_len;
	n += mqttk_wire_pub_tail(buf + n, o);
	if (o->version == V5) {
		memcpy(buf + n, subids, o->subids_len);
		n += o->subids_len;
		memcpy(buf + n, props, o->props_len);
		n += o->props_len;
	}
	memset(buf + n, 'p', o->payload_len);
	return n + o->payload_len;
}

static void check_publish(struct kunit *test, const struct mqttk_pub_out *o,
			  const u8 *buf, size_t n)
{
	bool v5 = o->version == V5;
	struct mqttk_publish p = {};
	struct mqttk_fixed f = {};

	KUNIT_ASSERT_EQ(test, mqttk_wire_pub_size(o), n);
	KUNIT_ASSERT_GT(test, mqttk_wire_fixed(o->version, buf, n, &f), 0);
	KUNIT_ASSERT_EQ(test, f.size + f.remaining, n);
	KUNIT_ASSERT_EQ(test, f.type, MQTTK_PUBLISH);
	KUNIT_ASSERT_EQ(test, mqttk_wire_publish(o->version, f.flags,
						 f.remaining, buf + f.size,
						 n - f.size, &p),
			f.remaining - o->payload_len);
	KUNIT_EXPECT_EQ(test, p.qos, o->qos);
	KUNIT_EXPECT_EQ(test, p.dup, o->dup && o->qos);
	KUNIT_EXPECT_EQ(test, p.retain, o->retain);
	KUNIT_EXPECT_EQ(test, p.packet_id, o->qos ? o->id : 0);
	KUNIT_EXPECT_EQ(test, p.topic.len, o->topic_len);
	KUNIT_EXPECT_EQ(test, p.props.topic_alias, v5 ? o->alias : 0);
	KUNIT_EXPECT_EQ(test, mqttk_props_has(&p.props,
					      MQTTK_PROP_MESSAGE_EXPIRY),
			v5 && o->has_expiry);
	KUNIT_EXPECT_EQ(test, p.props.message_expiry,
			v5 && o->has_expiry ? o->expiry : 0);
	if (v5) {
		KUNIT_ASSERT_GE(test, p.props.raw_len, o->props_len);
		KUNIT_EXPECT_EQ(test, mqttk_props_forward_len(p.props.raw,
							      p.props.raw_len),
				o->props_len);
	}
}

/*
 * What is encoded decodes to what it was: each QoS, flag and property, for
 * each level, payloads at both sides of where the length grows by a byte.
 */
static void wire5_publish_round_trip(struct kunit *test)
{
	static const u32 payloads[] = { 0, 1, 100, 110, 120, 121, 122, 123, 124,
					16360, 16370, 16376, 16380 };
	static const u8 versions[] = { MQTTK_V31, MQTTK_V311, V5 };
	static const char props[] = "\1\1\x26\0\1k\0\1v";
	u8 *buf = kunit_kmalloc(test, 16500, GFP_KERNEL);
	unsigned int i, bits;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < ARRAY_SIZE(payloads) * ARRAY_SIZE(versions) * 3; i++)
		for (bits = 0; bits < 32; bits++) {
			struct mqttk_pub_out o = {
				.version = versions[i % 3],
				.qos = i / 3 % 3,
				.dup = bits & 1,
				.retain = bits & 2,
				.has_expiry = bits & 4,
				.alias = bits & 8 ? 0xabcd : 0,
				.id = 0x1234,
				.topic_len = 3,
				.expiry = 0x01020304,
				.props_len = bits & 16 ? sizeof(props) - 1 : 0,
				.payload_len = payloads[i / 9],
			};

			if (o.alias && o.version == V5 && o.retain)
				o.topic_len = 0;
			check_publish(test, &o, buf,
				      put_publish(buf, &o, "a/b", "", props));
		}
}

/* Where the property list's length grows by a byte, nothing is off by one. */
static void wire5_publish_list_length(struct kunit *test)
{
	u8 *buf = kunit_kmalloc(test, 20000, GFP_KERNEL);
	char *props = kunit_kmalloc(test, 17000, GFP_KERNEL);
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_NOT_NULL(test, props);
	memset(props, 'x', 17000);
	for (len = 100; len < 16500; len += len == 140 ? 16200 : 1) {
		struct mqttk_pub_out o = {
			.version = V5, .has_expiry = true, .topic_len = 1,
			.props_len = len,
		};

		props[0] = MQTTK_PROP_CORRELATION_DATA;
		put_unaligned_be16(len - 3, props + 1);
		check_publish(test, &o, buf,
			      put_publish(buf, &o, "t", "", props));
	}
}

/* Byte for byte, with everything that a receiver can get. */
static void wire5_publish_bytes(struct kunit *test)
{
	static const char want[] =
		"\x3b\x1f\0\3a/b\xab\xcd\x15\2\0\0\0\5\x23\0\7\x0b\1\x0b\x80\1"
		"\x26\0\1k\0\0\1\1pp";
	struct mqttk_pub_out o = {
		.version = V5, .qos = 1, .dup = true, .retain = true,
		.has_expiry = true, .id = 0xabcd, .topic_len = 3, .alias = 7,
		.expiry = 5, .props_len = 8, .payload_len = 2,
	};
	u8 subids[2 * MQTTK_SUBID_MAX], buf[64];
	struct mqttk_props p;

	o.subids_len = mqttk_wire_put_subid(subids, 1);
	o.subids_len += mqttk_wire_put_subid(subids + o.subids_len, 128);
	KUNIT_ASSERT_EQ(test, o.subids_len, 5);
	KUNIT_ASSERT_EQ(test, put_publish(buf, &o, "a/b", subids,
					  "\x26\0\1k\0\0\1\1"),
			sizeof(want) - 1);
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want) - 1), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_pub_size(&o), sizeof(want) - 1);
	/* a client of ours accepts the list */
	KUNIT_EXPECT_EQ(test, mqttk_props_decode(MQTTK_PUBLISH, buf + 10, 21,
						 &p), 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 128);

	/* before 5.0, nothing of that is there */
	o.version = MQTTK_V311;
	KUNIT_ASSERT_EQ(test, put_publish(buf, &o, "a/b", subids, ""), 11);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x3b\x09\0\3a/b\xab\xcdpp", 11), 0);
	KUNIT_EXPECT_EQ(test, mqttk_wire_pub_size(&o), 11);
}

/* What no length field can express is refused, at the very byte. */
static void wire5_publish_too_big(struct kunit *test)
{
	struct mqttk_pub_out o = {
		.version = V5, .topic_len = 3,
		.payload_len = MQTTK_REMAINING_MAX - 2 - 3 - 1,
	};
	u8 buf[MQTTK_PUB_HEAD_MAX];

	KUNIT_EXPECT_EQ(test, mqttk_wire_pub_size(&o), MQTTK_REMAINING_MAX + 5);
	KUNIT_EXPECT_EQ(test, mqttk_wire_pub_head(buf, &o), 7);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x30\xff\xff\xff\x7f\0\3", 7), 0);

#define TOO_LARGE(change) do {						\
	struct mqttk_pub_out saved = o;					\
									\
	change;								\
	KUNIT_EXPECT_EQ(test, mqttk_wire_pub_size(&o),			\
			MQTTK_PUB_TOO_LARGE);				\
	KUNIT_EXPECT_EQ(test, mqttk_wire_pub_head(buf, &o), 0);		\
	o = saved;							\
} while (0)
	TOO_LARGE(o.payload_len++);
	TOO_LARGE(o.topic_len++);
	TOO_LARGE(o.qos = 1);
	TOO_LARGE(o.alias = 1);
	TOO_LARGE(o.has_expiry = true);
	TOO_LARGE(o.subids_len = 1);
	TOO_LARGE(o.props_len = 1);
	TOO_LARGE(o.props_len = ~0u);
	TOO_LARGE((o.props_len = ~0u, o.subids_len = ~0u,
		   o.payload_len = ~0u));
	o.payload_len = 0;
	TOO_LARGE(o.subids_len = MQTTK_REMAINING_MAX);
	TOO_LARGE((o.props_len = ~0u - 4, o.has_expiry = true));
#undef TOO_LARGE
}

/* Subscription identifiers of every size. */
static void wire5_subids(struct kunit *test)
{
	static const struct {
		u32 id;
		unsigned int size;
	} rows[] = {
		{ 1, 2 }, { 127, 2 }, { 128, 3 }, { 16383, 3 }, { 16384, 4 },
		{ 2097151, 4 }, { 2097152, 5 }, { MQTTK_REMAINING_MAX, 5 },
	};
	struct mqttk_props p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 buf[MQTTK_SUBID_MAX];

		KUNIT_EXPECT_EQ(test, mqttk_wire_put_subid(buf, rows[i].id),
				rows[i].size);
		KUNIT_EXPECT_EQ(test, mqttk_props_decode(MQTTK_PUBLISH, buf,
							 rows[i].size, &p), 0);
		KUNIT_EXPECT_EQ(test, p.subscription_id, rows[i].id);
	}
}

#define STR(s)	{ (const u8 *)(s), sizeof(s) - 1 }

/*
 * CONNACK: nothing, everything, and strings that need a longer length.
 * proves 5.0:MQTT-2.2.2-1, 5.0:MQTT-3.2.2-1, 5.0:MQTT-3.2.2-6
 */
static void wire5_put_connack(struct kunit *test)
{
	static const char want[] =
		"\x20\x32\1\0\x2f\x11\0\0\1\0\x21\0\x14\x27\0\x1e\x84\x80"
		"\x22\0\x0a\x13\0\x3c\x24\1\x25\0\x12\0\2id\x1f\0\2hi\x1a\0\1r\x15\0\1"
		"m\x16\0\3\0\1\2";
	struct mqttk_connack c = {
		.session_present = true,
		.has_session_expiry = true, .session_expiry = 256,
		.receive_max = 20, .max_packet_size = 2000000,
		.topic_alias_max = 10,
		.has_server_keepalive = true, .server_keepalive = 60,
		.has_max_qos = true, .max_qos = 1, .no_retain = true,
		.assigned_id = STR("id"), .reason_string = STR("hi"),
		.response_info = STR("r"), .auth_method = STR("m"),
		.auth_data = STR("\0\1\2"),
	};
	struct mqttk_connack none = { .session_present = true };
	struct mqttk_fixed f;
	struct mqttk_props p;
	u8 buf[MQTTK_CONNACK_MAX + 9];
	u8 *big;

	KUNIT_ASSERT_EQ(test, mqttk_wire_put_connack(buf, V5, &c),
			sizeof(want) - 1);
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want) - 1), 0);
	KUNIT_EXPECT_EQ(test, mqttk_props_decode(MQTTK_CONNACK, buf + 5,
						 sizeof(want) - 6, &p), 0);
	KUNIT_EXPECT_EQ(test, p.session_expiry, 256);
	KUNIT_EXPECT_EQ(test, p.receive_max, 20);
	/* only 5.0 has properties */
	KUNIT_EXPECT_EQ(test, mqttk_wire_put_connack(buf, MQTTK_V311, &c), 4);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x20\2\1\0", 4), 0);

	KUNIT_EXPECT_EQ(test, mqttk_wire_put_connack(buf, V5, &none), 5);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x20\3\1\0\0", 5), 0);
	none.reason = MQTTK_REASON_BAD_AUTH_METHOD;
	KUNIT_EXPECT_EQ(test, mqttk_wire_put_connack(buf, V5, &none), 5);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "\x20\3\0\x8c\0", 5), 0);

	big = kunit_kzalloc(test, 65535 + MQTTK_CONNACK_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, big);
	none.auth_data = (struct mqttk_str){ big, 65535 };
	none.auth_method = (struct mqttk_str)STR("m");
	none.auth_data.p = kunit_kzalloc(test, 65535, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, none.auth_data.p);
	KUNIT_ASSERT_EQ(test, mqttk_wire_put_connack(big, V5, &none),
			1 + 3 + 2 + 3 + 4 + 3 + 65535);
	KUNIT_EXPECT_EQ(test, mqttk_wire_fixed(V5, big, 4, &f), 4);
	KUNIT_EXPECT_EQ(test, f.remaining, 2 + 3 + 4 + 3 + 65535);
	KUNIT_EXPECT_EQ(test, mqttk_props_decode(MQTTK_CONNACK, big + 9,
						 4 + 3 + 65535, &p), 0);
	KUNIT_EXPECT_EQ(test, p.auth_data.len, 65535);
}

/* What refuses a client of 5.0 refuses older ones as they know it. */
static void wire5_return_codes(struct kunit *test)
{
	static const u8 rows[][2] = {
		{ 0x00, 0 }, { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 4 }, { 5, 5 },
		{ 0x80, 3 }, { 0x81, 3 }, { 0x84, 1 }, { 0x85, 2 }, { 0x86, 4 },
		{ 0x87, 5 }, { 0x88, 3 }, { 0x89, 3 }, { 0x8a, 5 }, { 0x8c, 5 },
		{ 0x95, 3 }, { 0x97, 3 }, { 0x9f, 3 },
	};
	u8 buf[MQTTK_CONNACK_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mqttk_connack c = { .reason = rows[i][0] };

		KUNIT_EXPECT_EQ(test, mqttk_wire_put_connack(buf, MQTTK_V31, &c),
				4);
		KUNIT_EXPECT_EQ_MSG(test, buf[3], rows[i][1], "%#x", rows[i][0]);
	}
}

/* The other packets a broker sends, byte for byte. */
static void wire5_encoders(struct kunit *test)
{
	static const struct mqttk_str no = STR("no"), empty = STR("");
	static const struct mqttk_str method = STR("me"), data = STR("\0d");
	struct mqttk_ack ack;
	u8 buf[MQTTK_AUTH_MAX + 4];
	u8 type;

#define WROTE(call, want) do {						\
	KUNIT_EXPECT_EQ(test, call, sizeof(want) - 1);			\
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want) - 1), 0);	\
} while (0)
	WROTE(mqttk_wire_put_ack(buf, V5, MQTTK_PUBACK, 0x1234, 0),
	      "\x40\2\x12\x34");
	WROTE(mqttk_wire_put_ack(buf, V5, MQTTK_PUBACK, 0x1234, 0x10),
	      "\x40\3\x12\x34\x10");
	WROTE(mqttk_wire_put_ack(buf, V5, MQTTK_PUBREL, 1, 0x92),
	      "\x62\3\0\1\x92");
	WROTE(mqttk_wire_put_suback_header(buf, V5, 0x1234, 2),
	      "\x90\5\x12\x34\0");
	WROTE(mqttk_wire_put_suback_header(buf, V5, 1, 125),
	      "\x90\x80\1\0\1\0");
	WROTE(mqttk_wire_put_unsuback_header(buf, V5, 0x1234, 2),
	      "\xb0\5\x12\x34\0");
	WROTE(mqttk_wire_put_unsuback_header(buf, MQTTK_V311, 0x1234, 2),
	      "\xb0\2\x12\x34");
	WROTE(mqttk_wire_put_disconnect(buf, 0x8e, NULL), "\xe0\1\x8e");
	WROTE(mqttk_wire_put_disconnect(buf, 0x8e, &empty), "\xe0\1\x8e");
	WROTE(mqttk_wire_put_disconnect(buf, 0x82, &no),
	      "\xe0\7\x82\5\x1f\0\2no");
	WROTE(mqttk_wire_put_auth(buf, 0x18, &method, &data),
	      "\xf0\x0c\x18\x0a\x15\0\2me\x16\0\2\0d");
	WROTE(mqttk_wire_put_auth(buf, 0x18, &method, NULL),
	      "\xf0\7\x18\5\x15\0\2me");
#undef WROTE
	/* as many entries as the largest SUBSCRIBE has */
	KUNIT_EXPECT_EQ(test,
			mqttk_wire_put_suback_header(buf, V5, 1,
						     MQTTK_REMAINING_MAX / 3),
			MQTTK_SUBACK_HEADER_MAX);

	for (type = MQTTK_PUBACK; type <= MQTTK_PUBCOMP; type++) {
		u8 reason = reasons[type][0];
		struct mqttk_fixed f;
		unsigned int n;

		n = mqttk_wire_put_ack(buf, V5, type, 0xabcd, reason);
		KUNIT_ASSERT_EQ(test, mqttk_wire_fixed(V5, buf, n, &f), 2);
		KUNIT_EXPECT_EQ(test, f.type, type);
		KUNIT_ASSERT_EQ(test, mqttk_wire_ack(V5, type, buf + 2,
						     f.remaining, &ack), 0);
		KUNIT_EXPECT_EQ(test, ack.id, 0xabcd);
		KUNIT_EXPECT_EQ(test, ack.reason, reason);
	}
}

static struct kunit_case wire5_cases[] = {
	KUNIT_CASE_PARAM(wire5_whole, packet_gen_params),
	KUNIT_CASE_PARAM(wire5_truncated, packet_gen_params),
	KUNIT_CASE_PARAM(wire5_shortened, packet_gen_params),
	KUNIT_CASE_PARAM(wire5_trailing, packet_gen_params),
	KUNIT_CASE(wire5_first_byte),
	KUNIT_CASE(wire5_remaining),
	KUNIT_CASE(wire5_impossible_length),
	KUNIT_CASE(wire5_connect_fields),
	KUNIT_CASE(wire5_connect_flags),
	KUNIT_CASE(wire5_connect_errors),
	KUNIT_CASE(wire5_reasons),
	KUNIT_CASE(wire5_publish_fields),
	KUNIT_CASE(wire5_publish_errors),
	KUNIT_CASE(wire5_publish_ends),
	KUNIT_CASE(wire5_publish_header_max),
	KUNIT_CASE(wire5_publish_deep),
	KUNIT_CASE(wire5_ack_reasons),
	KUNIT_CASE(wire5_ack_forms),
	KUNIT_CASE(wire5_disconnect),
	KUNIT_CASE(wire5_auth),
	KUNIT_CASE(wire5_subscribe_entries),
	KUNIT_CASE(wire5_subscribe_options),
	KUNIT_CASE(wire5_subscribe_errors),
	KUNIT_CASE(wire5_publish_round_trip),
	KUNIT_CASE(wire5_publish_list_length),
	KUNIT_CASE(wire5_publish_bytes),
	KUNIT_CASE(wire5_publish_too_big),
	KUNIT_CASE(wire5_subids),
	KUNIT_CASE(wire5_put_connack),
	KUNIT_CASE(wire5_return_codes),
	KUNIT_CASE(wire5_encoders),
	{}
};

static struct kunit_suite wire5_suite = {
	.name = "mqttk-wire5",
	.test_cases = wire5_cases,
};

kunit_test_suite(wire5_suite);
