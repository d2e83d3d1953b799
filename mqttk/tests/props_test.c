// SPDX-License-Identifier: GPL-2.0
/*
 * props.c: every property on every packet, alone, twice, cut short, with every
 * kind of bad value, and in lists that the oracle reads as well.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "props_oracle.h"
#include "wire_fixture.h"

#define SEED	20260102
#define ROUNDS	20000

/* One property with a value that is good wherever the property is. */
struct sample {
	u8 len;
	u8 bytes[12];
};

#define SAMPLE(bytes)	{ sizeof(bytes) - 1, bytes }

static const struct sample samples[] = {
	SAMPLE("\x01\1"),
	SAMPLE("\x02\0\0\0\0"),
	SAMPLE("\x03\0\1t"),
	SAMPLE("\x08\0\3r/t"),
	SAMPLE("\x09\0\2\0\xff"),
	SAMPLE("\x0b\x80\1"),
	SAMPLE("\x11\xff\xff\xff\xff"),
	SAMPLE("\x12\0\2id"),
	SAMPLE("\x13\0\0"),
	SAMPLE("\x15\0\1m"),
	SAMPLE("\x16\0\1\xff"),
	SAMPLE("\x17\0"),
	SAMPLE("\x18\0\0\0\1"),
	SAMPLE("\x19\1"),
	SAMPLE("\x1a\0\1r"),
	SAMPLE("\x1c\0\1s"),
	SAMPLE("\x1f\0\2no"),
	SAMPLE("\x21\0\1"),
	SAMPLE("\x22\0\0"),
	SAMPLE("\x23\xff\xff"),
	SAMPLE("\x24\1"),
	SAMPLE("\x25\0"),
	SAMPLE("\x26\0\1k\0\2vv"),
	SAMPLE("\x27\0\0\0\1"),
	SAMPLE("\x28\0"),
	SAMPLE("\x29\1"),
	SAMPLE("\x2a\0"),
};

/* Authentication data is nothing without its method. */
#define METHOD		"\x15\0\1m"
#define METHOD_LEN	(sizeof(METHOD) - 1)

/* A list of @nr times the sample, with what it needs to be good. */
static size_t make_list(u8 *buf, const struct sample *s, unsigned int nr)
{
	size_t n = 0;

	if (s->bytes[0] == MQTTK_PROP_AUTH_DATA) {
		memcpy(buf, METHOD, METHOD_LEN);
		n = METHOD_LEN;
	}
	while (nr--) {
		memcpy(buf + n, s->bytes, s->len);
		n += s->len;
	}
	return n;
}

static int decode(struct kunit *test, u8 context, const void *list, size_t len,
		  struct mqttk_props *p)
{
	return mqttk_props_decode(context, exact(test, list, len), len, p);
}

#define DECODE(test, context, list, p) \
	decode(test, context, list, sizeof(list) - 1, p)

/*
 * Each property is accepted on those packets that may have it; on all others
 * it makes the packet malformed, as unknown identifiers do everywhere.
 */
static void props_places(struct kunit *test)
{
	struct mqttk_props p;
	unsigned int context, id;
	u8 buf[32];
	size_t i, n;

	for (context = 0; context < 16; context++) {
		KUNIT_EXPECT_EQ(test, DECODE(test, context, "", &p), 0);
		KUNIT_EXPECT_EQ(test, p.has, 0);
		for (i = 0; i < ARRAY_SIZE(samples); i++) {
			bool good = oracle_permits(context, samples[i].bytes[0]);

			n = make_list(buf, &samples[i], 1);
			KUNIT_EXPECT_EQ_MSG(test,
					    decode(test, context, buf, n, &p),
					    good ? 0 : -EBADMSG,
					    "%#x on %u", samples[i].bytes[0], context);
		}
	}
	for (id = 0; id <= 0xff; id++) {
		/* room for any value, if it were one */
		u8 list[8] = { id, 0, 1, 'a', 0, 1, 'a' };

		for (i = 0; i < ARRAY_SIZE(samples); i++)
			if (samples[i].bytes[0] == id)
				break;
		if (i < ARRAY_SIZE(samples))
			continue;
		for (context = 0; context < 16; context++)
			KUNIT_EXPECT_EQ_MSG(test,
					    decode(test, context, list,
						   sizeof(list), &p),
					    -EBADMSG, "%#x on %u", id, context);
	}
}

/* Twice is a protocol error but where the standard lets a property repeat. */
static void props_twice(struct kunit *test)
{
	struct mqttk_props p;
	unsigned int context;
	u8 buf[64];
	size_t i, n;

	for (context = 0; context < 16; context++)
		for (i = 0; i < ARRAY_SIZE(samples); i++) {
			u8 id = samples[i].bytes[0];
			bool repeats = id == 0x26 || (id == 0x0b && context == 3);

			if (!oracle_permits(context, id))
				continue;
			n = make_list(buf, &samples[i], 2);
			KUNIT_EXPECT_EQ_MSG(test,
					    decode(test, context, buf, n, &p),
					    repeats ? 0 : -EPROTO,
					    "%#x on %u", id, context);
			if (id == MQTTK_PROP_AUTH_METHOD)
				continue;
			/* the first one is remembered past another */
			n = make_list(buf, &samples[i], 1);
			memcpy(buf + n, "\x26\0\1k\0\1v", 7);
			n += 7;
			memcpy(buf + n, samples[i].bytes, samples[i].len);
			n += samples[i].len;
			KUNIT_EXPECT_EQ_MSG(test,
					    decode(test, context, buf, n, &p),
					    repeats ? 0 : -EPROTO,
					    "%#x on %u", id, context);
		}
}

/* Cut at every byte, a property is malformed and nothing behind it is read. */
static void props_truncated(struct kunit *test)
{
	struct mqttk_props p;
	unsigned int context;
	size_t i, cut;

	for (context = 0; context < 16; context++)
		for (i = 0; i < ARRAY_SIZE(samples); i++) {
			if (!oracle_permits(context, samples[i].bytes[0]))
				continue;
			for (cut = 1; cut < samples[i].len; cut++)
				KUNIT_EXPECT_EQ_MSG(test,
						    decode(test, context,
							   samples[i].bytes,
							   cut, &p),
						    -EBADMSG,
						    "%zu bytes of %#x on %u",
						    cut, samples[i].bytes[0], context);
		}
}

/* Flags are 0 or 1, and some numbers are never 0. */
static void props_ruled_out(struct kunit *test)
{
	static const struct {
		u8 context;
		u8 id;
	} flags[] = {
		{ MQTTK_PUBLISH, 0x01 }, { MQTTK_PROPS_WILL, 0x01 },
		{ MQTTK_CONNECT, 0x17 }, { MQTTK_CONNECT, 0x19 },
		{ MQTTK_CONNACK, 0x24 }, { MQTTK_CONNACK, 0x25 },
		{ MQTTK_CONNACK, 0x28 }, { MQTTK_CONNACK, 0x29 },
		{ MQTTK_CONNACK, 0x2a },
	};
	struct mqttk_props p;
	unsigned int v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		for (v = 0; v <= 0xff; v++) {
			u8 list[] = { flags[i].id, v };

			KUNIT_EXPECT_EQ_MSG(test,
					    decode(test, flags[i].context, list,
						   sizeof(list), &p),
					    v <= 1 ? 0 : -EPROTO,
					    "%#x of %u", v, flags[i].id);
		}

#define EXPECT(type, list, ret) \
	KUNIT_EXPECT_EQ(test, DECODE(test, MQTTK_##type, list, &p), ret)
	EXPECT(CONNECT, "\x21\0\0", -EPROTO);
	EXPECT(CONNACK, "\x21\0\0", -EPROTO);
	EXPECT(CONNECT, "\x21\1\0", 0);
	EXPECT(CONNECT, "\x27\0\0\0\0", -EPROTO);
	EXPECT(CONNACK, "\x27\0\0\0\0", -EPROTO);
	EXPECT(CONNECT, "\x27\1\0\0\0", 0);
	EXPECT(SUBSCRIBE, "\x0b\0", -EPROTO);
	EXPECT(PUBLISH, "\x0b\0", -EPROTO);
	/* all others may be 0 */
	EXPECT(CONNECT, "\x11\0\0\0\0\x22\0\0", 0);
	EXPECT(CONNACK, "\x13\0\0", 0);
	EXPECT(PUBLISH, "\x02\0\0\0\0", 0);
	EXPECT(PROPS_WILL, "\x18\0\0\0\0", 0);
}

/* Topic alias 0 has a reason code of its own. proves 5.0:MQTT-3.3.2-8 */
static void props_alias(struct kunit *test)
{
	struct mqttk_props p;

	EXPECT(PUBLISH, "\x23\0\0", -EADDRNOTAVAIL);
	EXPECT(PUBLISH, "\x23\0\1", 0);
	KUNIT_EXPECT_EQ(test, p.topic_alias, 1);
	KUNIT_EXPECT_EQ(test, mqttk_wire_reason(-EADDRNOTAVAIL), 0x94);
}

/*
 * Text is UTF-8 that MQTT permits, in both halves of a pair, too; binary data
 * is anything.
 * proves 5.0:MQTT-1.5.4-1, 5.0:MQTT-1.5.4-2, 5.0:MQTT-1.5.7-1
 * proves 5.0:MQTT-3.3.2-13, 5.0:MQTT-3.3.2-19
 */
static void props_strings(struct kunit *test)
{
	static const char *const bad[] = {
		"\0\1\0", "\0\1\xff", "\0\2\xc0\x80", "\0\3\xed\xa0\x80",
		"\0\3\xef\xbf\xbf", "\0\1\x1f",
	};
	static const u8 text[][2] = {
		{ 3, 0x03 }, { 3, 0x08 }, { 0, 0x03 }, { 0, 0x08 },
		{ 2, 0x12 }, { 1, 0x15 }, { 15, 0x15 }, { 2, 0x1a },
		{ 2, 0x1c }, { 14, 0x1c }, { 2, 0x1f }, { 4, 0x1f },
		{ 14, 0x1f }, { 15, 0x1f },
	};
	struct mqttk_props p;
	size_t i, j, n;
	u8 buf[16];

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		n = 2 + bad[i][1];
		for (j = 0; j < ARRAY_SIZE(text); j++) {
			buf[0] = text[j][1];
			memcpy(buf + 1, bad[i], n);
			KUNIT_EXPECT_EQ_MSG(test,
					    decode(test, text[j][0], buf, n + 1,
						   &p),
					    -EBADMSG, "%#x", text[j][1]);
		}
		/* a user property's key, then its value */
		buf[0] = 0x26;
		memcpy(buf + 1, bad[i], n);
		memcpy(buf + 1 + n, "\0\1v", 3);
		KUNIT_EXPECT_EQ(test, decode(test, 3, buf, n + 4, &p), -EBADMSG);
		memcpy(buf + 1, "\0\1k", 3);
		memcpy(buf + 4, bad[i], n);
		KUNIT_EXPECT_EQ(test, decode(test, 3, buf, n + 4, &p), -EBADMSG);
		/* binary data */
		buf[0] = 0x09;
		memcpy(buf + 1, bad[i], n);
		KUNIT_EXPECT_EQ(test, decode(test, 3, buf, n + 1, &p), 0);
		KUNIT_EXPECT_TRUE(test, str_is(&p.correlation_data, bad[i] + 2,
					       n - 2));
	}
	/* empty is a string, and U+FEFF is a character */
	EXPECT(PUBLISH, "\x03\0\0\x09\0\0\x26\0\0\0\0", 0);
	EXPECT(PUBLISH, "\x03\0\3\xef\xbb\xbf", 0);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.content_type, "\xef\xbb\xbf"));
}

/*
 * A response topic is one that can be published to.
 * proves 5.0:MQTT-3.3.2-14
 */
static void props_response_topic(struct kunit *test)
{
	struct mqttk_props p;

	EXPECT(PUBLISH, "\x08\0\3a/b", 0);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.response_topic, "a/b"));
	EXPECT(PUBLISH, "\x08\0\1+", -EPROTO);
	EXPECT(PUBLISH, "\x08\0\3a/#", -EPROTO);
	EXPECT(PUBLISH, "\x08\0\2+a", -EPROTO);
	EXPECT(PUBLISH, "\x08\0\0", -EPROTO);
	EXPECT(PROPS_WILL, "\x08\0\1#", -EPROTO);
}

/* Authentication data needs a method, before or behind it. */
static void props_auth(struct kunit *test)
{
	struct mqttk_props p;

	EXPECT(CONNECT, "\x16\0\1d", -EPROTO);
	EXPECT(CONNECT, "\x16\0\0", -EPROTO);
	EXPECT(AUTH, "\x16\0\1d", -EPROTO);
	EXPECT(CONNECT, "\x15\0\1m", 0);
	EXPECT(CONNECT, "\x15\0\1m\x16\0\1d", 0);
	EXPECT(CONNECT, "\x16\0\1d\x15\0\1m", 0);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.auth_method, "m"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.auth_data, "d"));
}

/*
 * Variable byte integers are as short as they can be and have four bytes at
 * most, identifiers and values alike.
 * proves 5.0:MQTT-1.5.5-1
 */
static void props_varints(struct kunit *test)
{
	struct mqttk_props p;

	EXPECT(SUBSCRIBE, "\x0b\1", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 1);
	EXPECT(SUBSCRIBE, "\x0b\x7f", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 127);
	EXPECT(SUBSCRIBE, "\x0b\x80\1", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 128);
	EXPECT(SUBSCRIBE, "\x0b\xff\x7f", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 16383);
	EXPECT(SUBSCRIBE, "\x0b\x80\x80\1", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 16384);
	EXPECT(SUBSCRIBE, "\x0b\xff\xff\x7f", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 2097151);
	EXPECT(SUBSCRIBE, "\x0b\x80\x80\x80\1", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 2097152);
	EXPECT(SUBSCRIBE, "\x0b\xff\xff\xff\x7f", 0);
	KUNIT_EXPECT_EQ(test, p.subscription_id, MQTTK_REMAINING_MAX);
	EXPECT(SUBSCRIBE, "\x0b\x81\0", -EBADMSG);
	EXPECT(SUBSCRIBE, "\x0b\x80\0", -EBADMSG);
	EXPECT(SUBSCRIBE, "\x0b\x81\x80\0", -EBADMSG);
	EXPECT(SUBSCRIBE, "\x0b\x81\x80\x80\0", -EBADMSG);
	EXPECT(SUBSCRIBE, "\x0b\xff\xff\xff\xff", -EBADMSG);
	EXPECT(SUBSCRIBE, "\x0b\xff\xff\xff\xff\1", -EBADMSG);
	EXPECT(SUBSCRIBE, "\x8b\0\1", -EBADMSG);
	EXPECT(SUBSCRIBE, "\x8b\1\1", -EBADMSG);
	EXPECT(UNSUBSCRIBE, "\xa6\0\0\1k\0\1v", -EBADMSG);
}

/* Every field comes out, and those left out have the standard's defaults. */
static void props_fields(struct kunit *test)
{
	static const char all[] =
		"\x11\1\2\3\4\x21\5\6\x27\7\x08\x09\x0a\x22\x0b\x0c"
		"\x19\1\x17\0\x26\0\1k\0\1v\x15\0\2me\x16\0\3dat";
	static const char will[] =
		"\x18\xff\xff\xff\xfe\1\1\2\0\0\1\0\3\0\1"
		"c\x08\0\1r\x09\0\2\0\1";
	struct mqttk_props p;

	EXPECT(CONNECT, all, 0);
	KUNIT_EXPECT_EQ(test, p.session_expiry, 0x01020304);
	KUNIT_EXPECT_EQ(test, p.receive_max, 0x0506);
	KUNIT_EXPECT_EQ(test, p.max_packet_size, 0x0708090a);
	KUNIT_EXPECT_EQ(test, p.topic_alias_max, 0x0b0c);
	KUNIT_EXPECT_EQ(test, p.request_response_info, 1);
	KUNIT_EXPECT_EQ(test, p.request_problem_info, 0);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.auth_method, "me"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.auth_data, "dat"));
	KUNIT_EXPECT_EQ(test, p.has,
			BIT_ULL(0x11) | BIT_ULL(0x21) | BIT_ULL(0x27) |
			BIT_ULL(0x22) | BIT_ULL(0x19) | BIT_ULL(0x17) |
			BIT_ULL(0x26) | BIT_ULL(0x15) | BIT_ULL(0x16));
	KUNIT_EXPECT_TRUE(test, mqttk_props_has(&p, MQTTK_PROP_USER));
	KUNIT_EXPECT_FALSE(test, mqttk_props_has(&p, MQTTK_PROP_WILL_DELAY));

	EXPECT(PROPS_WILL, will, 0);
	KUNIT_EXPECT_EQ(test, p.will_delay, 0xfffffffe);
	KUNIT_EXPECT_EQ(test, p.payload_format, 1);
	KUNIT_EXPECT_EQ(test, p.message_expiry, 256);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.content_type, "c"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.response_topic, "r"));
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.correlation_data, "\0\1"));

	EXPECT(PUBLISH, "\x23\x12\x34\x0b\7\x0b\x80\2", 0);
	KUNIT_EXPECT_EQ(test, p.topic_alias, 0x1234);
	KUNIT_EXPECT_EQ(test, p.subscription_id, 256);
	EXPECT(PUBACK, "\x1f\0\3why", 0);
	KUNIT_EXPECT_TRUE(test, STR_IS(&p.reason_string, "why"));
	KUNIT_EXPECT_EQ(test, p.raw_len, 6);
	KUNIT_EXPECT_EQ(test, p.raw[0], 0x1f);

	mqttk_props_init(&p);
	KUNIT_EXPECT_EQ(test, p.has, 0);
	KUNIT_EXPECT_EQ(test, p.raw_len, 0);
	KUNIT_EXPECT_EQ(test, p.session_expiry, 0);
	KUNIT_EXPECT_EQ(test, p.receive_max, 65535);
	KUNIT_EXPECT_EQ(test, p.max_packet_size, 0xffffffff);
	KUNIT_EXPECT_EQ(test, p.topic_alias_max, 0);
	KUNIT_EXPECT_EQ(test, p.request_problem_info, 1);
	KUNIT_EXPECT_EQ(test, p.request_response_info, 0);
	KUNIT_EXPECT_EQ(test, p.auth_method.len, 0);
}

static bool forwards(struct kunit *test, const char *list, size_t len,
		     const char *want, size_t want_len)
{
	u8 *raw = exact(test, list, len);
	u8 *to = exact(test, "", 0);
	u32 n = mqttk_props_forward_len(raw, len);

	KUNIT_EXPECT_EQ(test, n, want_len);
	if (n != want_len)
		return false;
	if (n)
		to = exact(test, raw, n);
	KUNIT_EXPECT_EQ(test, mqttk_props_forward(to, raw, len), n);
	return !memcmp(to, want, n);
}

#define FORWARDS(list, want) \
	KUNIT_EXPECT_TRUE(test, forwards(test, list, sizeof(list) - 1, \
					 want, sizeof(want) - 1))

/*
 * What is the message's own goes on, byte for byte and in its order; what is
 * this hop's stays.
 * proves 5.0:MQTT-3.3.2-4, 5.0:MQTT-3.3.2-15, 5.0:MQTT-3.3.2-16
 * proves 5.0:MQTT-3.3.2-17, 5.0:MQTT-3.3.2-18, 5.0:MQTT-3.3.2-20
 * proves 5.0:MQTT-3.1.3-10
 */
static void props_forward(struct kunit *test)
{
	FORWARDS("", "");
	FORWARDS("\1\1", "\1\1");
	FORWARDS("\2\0\0\0\1", "");
	FORWARDS("\x23\0\1", "");
	FORWARDS("\x0b\xff\xff\xff\x7f\x0b\1", "");
	FORWARDS("\x18\0\0\0\1", "");
	FORWARDS("\x26\0\1b\0\0\2\0\0\0\1\x26\0\1a\0\1x\x23\0\1\x26\0\1b\0\0",
		 "\x26\0\1b\0\0\x26\0\1a\0\1x\x26\0\1b\0\0");
	FORWARDS("\x09\0\2\0\xff\x23\0\1\x08\0\1r\2\0\0\0\1\3\0\0\1\0",
		 "\x09\0\2\0\xff\x08\0\1r\3\0\0\1\0");
	/* a will's list */
	FORWARDS("\x18\0\0\0\1\x26\0\1k\0\1v\x18\0\0\0\1\1\1",
		 "\x26\0\1k\0\1v\1\1");
	/* a list that nobody checked ends where it makes no sense */
	FORWARDS("\1\1\x26\0\xff", "\1\1");
	FORWARDS("\1\1\x7f\1\1", "\1\1");
}

/* Random lists, mostly of whole properties: judged and read as by the oracle. */
static void props_random(struct kunit *test)
{
	struct oracle_props *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	u8 forward[64], again[64], buf[64];
	struct mqttk_props p;
	struct rnd_state rnd;
	unsigned int i, good = 0;

	KUNIT_ASSERT_NOT_NULL(test, o);
	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < ROUNDS; i++) {
		u8 context = prandom_u32_state(&rnd) % 16;
		u32 nr = prandom_u32_state(&rnd) % 4;
		const struct sample *s;
		size_t n = 0;
		int want;

		while (nr) {
			s = &samples[prandom_u32_state(&rnd) %
				     ARRAY_SIZE(samples)];
			/* wrong places are rarer than right ones */
			if (!oracle_permits(context, s->bytes[0]) &&
			    prandom_u32_state(&rnd) % 16)
				continue;
			if (context == 12 || context == 13)
				break;
			memcpy(buf + n, s->bytes, s->len);
			n += s->len;
			nr--;
		}
		if (n && prandom_u32_state(&rnd) % 4 == 0)
			buf[prandom_u32_state(&rnd) % n] =
				prandom_u32_state(&rnd);
		if (n && prandom_u32_state(&rnd) % 8 == 0)
			n -= prandom_u32_state(&rnd) % n;

		memset(o, 0, sizeof(*o));
		o->forward = forward;
		want = oracle_props(context, buf, n, o);
		KUNIT_ASSERT_EQ_MSG(test,
				    mqttk_props_decode(context, buf, n, &p),
				    want, "round %u: %*ph on %u", i, (int)n,
				    buf, context);
		cond_resched();
		if (want)
			continue;
		good++;
		KUNIT_EXPECT_EQ(test, mqttk_props_has(&p, MQTTK_PROP_USER),
				!!o->seen[0x26]);
		KUNIT_EXPECT_EQ(test, p.subscription_id, o->number[0x0b]);
		KUNIT_EXPECT_EQ(test, p.session_expiry, o->number[0x11]);
		if (context != MQTTK_PUBLISH && context != MQTTK_PROPS_WILL)
			continue;
		KUNIT_ASSERT_EQ(test, mqttk_props_forward(again, buf, n),
				o->forward_len);
		KUNIT_EXPECT_EQ(test, memcmp(again, forward, o->forward_len),
				0);
	}
	/* The dice are fair to both kinds. */
	KUNIT_EXPECT_GT(test, good, ROUNDS / 10);
	KUNIT_EXPECT_LT(test, good, ROUNDS - ROUNDS / 10);
}

static struct kunit_case props_cases[] = {
	KUNIT_CASE(props_places),
	KUNIT_CASE(props_twice),
	KUNIT_CASE(props_truncated),
	KUNIT_CASE(props_ruled_out),
	KUNIT_CASE(props_alias),
	KUNIT_CASE(props_strings),
	KUNIT_CASE(props_response_topic),
	KUNIT_CASE(props_auth),
	KUNIT_CASE(props_varints),
	KUNIT_CASE(props_fields),
	KUNIT_CASE(props_forward),
	KUNIT_CASE(props_random),
	{}
};

static struct kunit_suite props_suite = {
	.name = "mqttk-props",
	.test_cases = props_cases,
};

kunit_test_suite(props_suite);
