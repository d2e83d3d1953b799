/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The text format of /dev/mqtt: one line a message, in both directions. Pure
 * code without kernel state.
 */
#ifndef MQTTK_TEXT_H
#define MQTTK_TEXT_H

#include <linux/mqttk.h>
#include <linux/types.h>

/* What stands before the topic: three numbers and the flags, and some air. */
#define MQTTK_TEXT_HEAD_MAX	80

/* The longest line: every byte of topic and payload escaped. */
#define MQTTK_TEXT_LINE_MAX	(MQTTK_TEXT_HEAD_MAX + \
				 4 * (65535 + MQTTK_TEXT_PAYLOAD_MAX) + 2)

/**
 * enum mqttk_text_part - where text stands in a line, which says what to escape
 * @MQTTK_TEXT_TOPIC: also space, `;` and `=`
 * @MQTTK_TEXT_PAYLOAD: only what is unprintable, and the backslash
 */
enum mqttk_text_part {
	MQTTK_TEXT_TOPIC,
	MQTTK_TEXT_PAYLOAD,
};

/**
 * struct mqttk_text_head - what a line tells beside topic and payload
 * @seq: counts the messages of a file, lost ones too
 * @usec: CLOCK_BOOTTIME at receipt
 * @full_len: bytes of the whole payload if the line has less, else 0
 * @qos: of the delivery
 * @retain: RETAIN as the reader shall see it
 * @dup: it may have been read before
 */
struct mqttk_text_head {
	u64 seq;
	u64 usec;
	u32 full_len;
	u8 qos;
	bool retain;
	bool dup;
};

/**
 * struct mqttk_text_publish - a line somebody wrote
 * @topic: its topic, valid to publish to
 * @payload: what to publish
 * @payload_len: bytes of payload
 * @topic_len: bytes of topic
 * @qos: 0 to 2
 * @retain: whether to retain it
 */
struct mqttk_text_publish {
	const u8 *topic;
	const u8 *payload;
	u32 payload_len;
	u16 topic_len;
	u8 qos;
	bool retain;
};

char *mqttk_text_put_head(char *to, const char *end,
			  const struct mqttk_text_head *head);
char *mqttk_text_escape(char *to, const char *end, const u8 *from, size_t len,
			enum mqttk_text_part part);
int mqttk_text_parse(u8 *line, size_t len, struct mqttk_text_publish *pub);

#endif /* MQTTK_TEXT_H */
