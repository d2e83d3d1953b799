/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/mqtt for sub and pub: opening it, and its text format.
 */
#ifndef MQTTKCTL_DEVICE_H
#define MQTTKCTL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/**
 * struct device_message - a line read from the device, understood
 * @seq: number of the message among all that came to this file
 * @usec: CLOCK_BOOTTIME when the broker had it
 * @full_len: bytes of the whole payload; more than @payload_len if it was cut
 * @topic: terminated, but may hold any byte MQTT allows
 * @topic_len: bytes of topic
 * @payload: as published
 * @payload_len: its bytes
 * @qos: of the delivery
 * @retain: whether it is a retained one
 */
struct device_message {
	__u64 seq;
	__u64 usec;
	size_t full_len;
	char *topic;
	size_t topic_len;
	unsigned char *payload;
	size_t payload_len;
	int qos;
	bool retain;
};

int device_open(const char *verb, int flags);
int device_parse(char *line, size_t len, struct device_message *m);
size_t device_escape(char *to, const void *from, size_t len, bool is_topic);

#endif /* MQTTKCTL_DEVICE_H */
