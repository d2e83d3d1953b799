/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Topic names, topic filters and the strings they are made of: validity and
 * matching. Pure code without kernel state; user space builds it as well.
 */
#ifndef _MQTTK_TOPIC_H
#define _MQTTK_TOPIC_H

#include <linux/types.h>

/* What the two-byte length of an MQTT string can express. */
#define MQTTK_TOPIC_LEN_MAX	65535

/*
 * Deeper topics are refused, as mosquitto does: each level costs the index a
 * step, and no honest topic comes near.
 */
#define MQTTK_TOPIC_LEVELS_MAX	200

/**
 * struct mqttk_str - bytes borrowed from a packet
 * @p: first byte; valid for as long as the packet's buffer is
 * @len: number of bytes; there is no terminating NUL
 */
struct mqttk_str {
	const u8 *p;
	u16 len;
};

/**
 * struct mqttk_share - what a filter subscribes to, and as whose member
 * @group: the share's name; empty if the subscription is not shared
 * @filter: the filter without "$share/" and the name; not judged yet, but not
 *	empty if the subscription is shared
 */
struct mqttk_share {
	struct mqttk_str group;
	struct mqttk_str filter;
};

bool mqttk_utf8_valid(const u8 *p, size_t len);
bool mqttk_topic_valid(const u8 *p, size_t len);
bool mqttk_filter_valid(const u8 *p, size_t len);
bool mqttk_filter_is_wildcard(const u8 *p, size_t len);
size_t mqttk_topic_level(const u8 *p, size_t len, size_t off);
bool mqttk_topic_match(const u8 *filter, size_t flen,
		       const u8 *topic, size_t tlen);
bool mqttk_filter_is_shared(const u8 *p, size_t len);
int mqttk_share_parse(const u8 *filter, u16 len, struct mqttk_share *s);

#endif /* _MQTTK_TOPIC_H */
