// SPDX-License-Identifier: GPL-2.0
/*
 * The text format of /dev/mqtt: what is written can be read back, whatever its
 * bytes are; what is no line is refused.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../text.h"

struct head_case {
	const char *text;
	struct mqttk_text_head head;
};

static const struct head_case head_params[] = {
	{ "0,0,0,-;", { } },
	{ "7,1000000,1,r;",
	  { .seq = 7, .usec = 1000000, .qos = 1, .retain = true } },
	{ "1,2,0,T8193;", { .seq = 1, .usec = 2, .full_len = 8193 } },
	{ "1,2,2,rT268435455;",
	  { .seq = 1, .usec = 2, .qos = 2, .retain = true,
	    .full_len = 268435455 } },
	{ "18446744073709551615,18446744073709551615,2,rT4294967295;",
	  { .seq = U64_MAX, .usec = U64_MAX, .qos = 2, .retain = true,
	    .full_len = U32_MAX } },
};

static void head_name(const struct head_case *c, char *desc)
{
	strscpy(desc, c->text, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(head, head_params, head_name);

/*
 * What stands before the topic is exactly this, fits into the space promised
 * for the longest one, and is refused rather than cut in any smaller space.
 */
static void text_head(struct kunit *test)
{
	const struct head_case *c = test->param_value;
	size_t len = strlen(c->text), room;
	char buf[MQTTK_TEXT_HEAD_MAX];
	char *end;

	end = mqttk_text_put_head(buf, buf + sizeof(buf), &c->head);
	KUNIT_ASSERT_NOT_NULL(test, end);
	KUNIT_EXPECT_EQ(test, end - buf, len);
	KUNIT_EXPECT_EQ(test, memcmp(buf, c->text, len), 0);
	for (room = 0; room < len; room++) {
		memset(buf, '#', sizeof(buf));
		end = mqttk_text_put_head(buf, buf + room, &c->head);
		KUNIT_EXPECT_NULL(test, end);
		KUNIT_EXPECT_EQ(test, buf[room], '#');
	}
}

/* Every byte is escaped where it must be, and only there. */
static void text_escape_every_byte(struct kunit *test)
{
	char buf[4], want[5];
	unsigned int c;
	char *end;
	u8 byte;

	for (c = 0; c < 256; c++) {
		bool bare = c >= 0x20 && c < 0x7f && c != '\\';

		byte = c;
		snprintf(want, sizeof(want), bare ? "%c" : "\\x%02x", c);
		end = mqttk_text_escape(buf, buf + 4, &byte, 1,
					MQTTK_TEXT_PAYLOAD);
		KUNIT_ASSERT_NOT_NULL(test, end);
		KUNIT_EXPECT_EQ(test, end - buf, strlen(want));
		KUNIT_EXPECT_EQ(test, memcmp(buf, want, end - buf), 0);

		bare = bare && c != ' ' && c != ';' && c != '=';
		snprintf(want, sizeof(want), bare ? "%c" : "\\x%02x", c);
		end = mqttk_text_escape(buf, buf + 4, &byte, 1,
					MQTTK_TEXT_TOPIC);
		KUNIT_ASSERT_NOT_NULL(test, end);
		KUNIT_EXPECT_EQ(test, end - buf, strlen(want));
		KUNIT_EXPECT_EQ(test, memcmp(buf, want, end - buf), 0);
	}
}

/* Escaping never writes behind the room there is. */
static void text_escape_room(struct kunit *test)
{
	static const u8 from[] = { 'a', '\n', 'b', 0xff, 'c' };
	static const char want[] = "a\\x0ab\\xffc";
	size_t len = sizeof(want) - 1, room;
	char buf[16];
	char *end;

	for (room = 0; room <= len; room++) {
		memset(buf, '#', sizeof(buf));
		end = mqttk_text_escape(buf, buf + room, from, sizeof(from),
					MQTTK_TEXT_PAYLOAD);
		KUNIT_EXPECT_EQ(test, !!end, room == len);
		KUNIT_EXPECT_EQ(test, buf[room], '#');
	}
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, len), 0);
	KUNIT_EXPECT_PTR_EQ(test, mqttk_text_escape(buf, buf, from, 0,
						    MQTTK_TEXT_TOPIC),
			    (char *)buf);
}

struct line_case {
	const char *line;
	const char *topic;
	const char *payload;
	u8 qos;
	bool retain;
};

static const struct line_case line_params[] = {
	{ "a/b hello", "a/b", "hello" },
	{ "a/b ", "a/b", "" },
	{ "a/b  two words ", "a/b", " two words " },
	{ "a/b k=v;w", "a/b", "k=v;w" },
	{ "qos=0;a b", "a", "b" },
	{ "qos=1;a b", "a", "b", 1 },
	{ "qos=2,retain;a b", "a", "b", 2, true },
	{ "retain,qos=1;a b", "a", "b", 1, true },
	{ "retain;a ", "a", "", 0, true },
	{ "a\\x20b c\\x5c", "a b", "c\\" },
	{ "a\\x3bb\\x3D c", "a;b=", "c" },
	{ "a=b c", "a=b", "c" },
	{ "qos=1\\x3ba b;c", "qos=1;a", "b;c" },
	{ "a b\\x0ac\\x0A", "a", "b\nc\n" },
	{ "\xc3\xa4 \xc3\xb6\xff\x01", "\xc3\xa4", "\xc3\xb6\xff\x01" },
	{ "\\xc3\\xa4 \\xff", "\xc3\xa4", "\xff" },
};

static void line_name(const struct line_case *c, char *desc)
{
	strscpy(desc, c->line, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(line, line_params, line_name);

/* A good line means what it says. */
static void text_parse_good(struct kunit *test)
{
	const struct line_case *c = test->param_value;
	struct mqttk_text_publish pub;
	size_t len = strlen(c->line);
	u8 *line;

	/* Without a terminator, so that KASAN sees a step too far. */
	line = kunit_kzalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, line);
	memcpy(line, c->line, len);
	KUNIT_ASSERT_EQ(test, mqttk_text_parse(line, len, &pub), 0);
	KUNIT_EXPECT_EQ(test, pub.qos, c->qos);
	KUNIT_EXPECT_EQ(test, pub.retain, c->retain);
	KUNIT_ASSERT_EQ(test, pub.topic_len, strlen(c->topic));
	KUNIT_EXPECT_EQ(test, memcmp(pub.topic, c->topic, pub.topic_len), 0);
	KUNIT_ASSERT_EQ(test, pub.payload_len, strlen(c->payload));
	KUNIT_EXPECT_EQ(test, memcmp(pub.payload, c->payload,
				     pub.payload_len), 0);
}

static const char *const bad_params[] = {
	"", " ", "a", "a/b", " a", ";a b", "a;b c", "qos=1; b", "qos=1;a",
	"qos=3;a b", "qos=;a b", "qos=11;a b", "qos=1,qos=1;a b",
	"qos=0,qos=1;a b", "retain,retain;a b", "retain,;a b", ",retain;a b",
	"Retain;a b", "retained;a b", "qos=1;retain;a b", "retain;a;b c",
	"a/+ b", "a/# b", "# b", "a\\x00b c", "\\xff b", "a\\xed\\xa0\\x80 b",
	"a b\\", "a b\\x", "a b\\x4", "a b\\xg0", "a b\\x0g", "a b\\n",
	"a b\\\\", "a b\\X41", "a\\x b", "a\\ b", "\\",
};

static void bad_name(const char *const *line, char *desc)
{
	strscpy(desc, **line ? *line : "(empty)", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad, bad_params, bad_name);

/* What is no line, or names no topic, is refused, not guessed. */
static void text_parse_bad(struct kunit *test)
{
	const char *const *text = test->param_value;
	struct mqttk_text_publish pub;
	size_t len = strlen(*text);
	u8 *line;

	line = kunit_kzalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, line);
	memcpy(line, *text, len);
	KUNIT_EXPECT_EQ(test, mqttk_text_parse(line, len, &pub), -EINVAL);
}

/* Whatever a payload's bytes are, its line written back gives them again. */
static void text_round_trip(struct kunit *test)
{
	static const u8 topic[] = { 'a', ' ', ';', '=', '\\', 0xc3, 0xa4 };
	struct mqttk_text_publish pub;
	u8 payload[256];
	unsigned int i;
	char *line, *to, *end;

	line = kunit_kzalloc(test, 2048, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, line);
	end = line + 2048;
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i;
	to = mqttk_text_escape(line, end, topic, sizeof(topic),
			       MQTTK_TEXT_TOPIC);
	KUNIT_ASSERT_NOT_NULL(test, to);
	*to++ = ' ';
	to = mqttk_text_escape(to, end, payload, sizeof(payload),
			       MQTTK_TEXT_PAYLOAD);
	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_ASSERT_EQ(test, mqttk_text_parse((u8 *)line, to - line, &pub), 0);
	KUNIT_ASSERT_EQ(test, pub.topic_len, sizeof(topic));
	KUNIT_EXPECT_EQ(test, memcmp(pub.topic, topic, sizeof(topic)), 0);
	KUNIT_ASSERT_EQ(test, pub.payload_len, sizeof(payload));
	KUNIT_EXPECT_EQ(test, memcmp(pub.payload, payload, sizeof(payload)), 0);
}

/* A topic at MQTT's limit is taken, one byte more is refused. */
static void text_parse_long_topic(struct kunit *test)
{
	struct mqttk_text_publish pub;
	u8 *line;

	line = kunit_kzalloc(test, 65538, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, line);
	memset(line, 'a', 65535);
	line[65535] = ' ';
	KUNIT_EXPECT_EQ(test, mqttk_text_parse(line, 65536, &pub), 0);
	KUNIT_EXPECT_EQ(test, pub.topic_len, 65535);
	line[65535] = 'a';
	line[65536] = ' ';
	KUNIT_EXPECT_EQ(test, mqttk_text_parse(line, 65537, &pub), -EINVAL);
}

static struct kunit_case text_cases[] = {
	KUNIT_CASE_PARAM(text_head, head_gen_params),
	KUNIT_CASE(text_escape_every_byte),
	KUNIT_CASE(text_escape_room),
	KUNIT_CASE_PARAM(text_parse_good, line_gen_params),
	KUNIT_CASE_PARAM(text_parse_bad, bad_gen_params),
	KUNIT_CASE(text_round_trip),
	KUNIT_CASE(text_parse_long_topic),
	{}
};

static struct kunit_suite text_suite = {
	.name = "mqttk-text",
	.test_cases = text_cases,
};

kunit_test_suite(text_suite);
