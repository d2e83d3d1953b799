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

bool mqttk_utf8_valid(const u8 *p, size_t len);
bool mqttk_topic_valid(const u8 *p, size_t len);
bool mqttk_filter_valid(const u8 *p, size_t len);
bool mqttk_filter_is_wildcard(const u8 *p, size_t len);
size_t mqttk_topic_level(const u8 *p, size_t len, size_t off);
bool mqttk_topic_match(const u8 *filter, size_t flen,
		       const u8 *topic, size_t tlen);

#endif /* _MQTTK_TOPIC_H */
