/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How `mqttkctl sub` prints a message: mosquitto_sub's formats.
 */
#ifndef MQTTKCTL_FORMAT_H
#define MQTTKCTL_FORMAT_H

#include <stdbool.h>

struct device_message;

int format_check(const char *format, char *why, unsigned long size);
bool format_print(const char *format, const struct device_message *m);

#endif /* MQTTKCTL_FORMAT_H */
