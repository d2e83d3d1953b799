/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/mqtt for sub and pub: opening it, and what comes from it.
 */
#ifndef MQTTKCTL_DEVICE_H
#define MQTTKCTL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <mqttk.h>

/**
 * struct device_message - a message that came from the device
 * @record: what it was read as
 * @topic: terminated, but may hold any byte MQTT allows
 * @topic_len: bytes of topic
 * @payload: as published, terminated
 * @payload_len: its bytes
 */
struct device_message {
	const struct mqttk_record *record;
	char *topic;
	size_t topic_len;
	unsigned char *payload;
	size_t payload_len;
};

int device_open(const char *verb, int flags, unsigned int options);
const char *device_error(int err);
int device_next(int fd, struct mqttk_reader *reader, struct device_message *m);

#endif /* MQTTKCTL_DEVICE_H */
