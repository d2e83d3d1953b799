// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers and times as people write and read them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mqttkctl.h"

/**
 * parse_number - a number, perhaps with K, M or G (powers of 1024) behind it
 * @word: as typed
 * @value: the number
 *
 * Return: whether it is one
 */
bool parse_number(const char *word, __u64 *value)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	int shift = 0;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	*value = strtoull(word, &end, 10);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, *end == 'k' ? 'K' : *end);
		if (!unit || end[1])
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (*value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

/* Longest first; months and years are what mosquitto.conf means by them. */
static const struct {
	char letter;
	__u32 seconds;
} intervals[] = {
	{ 'y', 365 * 86400 },
	{ 'm', 30 * 86400 },
	{ 'w', 7 * 86400 },
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 's', 1 },
};

/**
 * parse_interval - seconds, or a number with s, h, d, w, m or y behind it
 * @word: as typed
 * @seconds: what it means
 *
 * Return: whether it makes sense
 */
bool parse_interval(const char *word, __u64 *seconds)
{
	__u32 unit = 1;
	char *end;
	size_t i;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	*seconds = strtoull(word, &end, 10);
	if (errno)
		return false;
	if (*end) {
		for (i = 0; i < ARRAY_SIZE(intervals); i++)
			if (*end == intervals[i].letter)
				break;
		if (i == ARRAY_SIZE(intervals) || end[1])
			return false;
		unit = intervals[i].seconds;
	}
	if (*seconds > UINT64_MAX / unit)
		return false;
	*seconds *= unit;
	return true;
}

/**
 * interval_str - an interval as parse_interval() takes it, exactly
 * @seconds: how long
 *
 * Return: until the next call
 */
const char *interval_str(__u64 seconds)
{
	static char str[24];
	size_t i = 0;

	if (!seconds)
		return "0";
	while (seconds % intervals[i].seconds)
		i++;
	snprintf(str, sizeof(str), "%llu%c",
		 (unsigned long long)seconds / intervals[i].seconds,
		 intervals[i].letter);
	return str;
}

/**
 * parse_code - an MQTT reason code, decimal or hexadecimal
 * @word: as typed
 * @code: the code
 *
 * Return: whether it can be one
 */
bool parse_code(const char *word, __u8 *code)
{
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	const char *digits = hex ? word + 2 : word;
	unsigned long value;
	char *end;

	if (!isxdigit((unsigned char)*digits))
		return false;
	errno = 0;
	value = strtoul(digits, &end, hex ? 16 : 10);
	if (errno || *end || value > UINT8_MAX)
		return false;
	*code = value;
	return true;
}

/**
 * duration_str - how long something lasts, to two units
 * @msec: milliseconds
 *
 * Return: until the next call
 */
const char *duration_str(__u64 msec)
{
	unsigned long long sec = msec / 1000;
	static char str[40];

	if (sec < 60)
		snprintf(str, sizeof(str), "%llu.%llus", sec,
			 (unsigned long long)msec % 1000 / 100);
	else if (sec < 3600)
		snprintf(str, sizeof(str), "%llum%02llus", sec / 60, sec % 60);
	else if (sec < 86400)
		snprintf(str, sizeof(str), "%lluh%02llum", sec / 3600,
			 sec / 60 % 60);
	else
		snprintf(str, sizeof(str), "%llud%02lluh", sec / 86400,
			 sec / 3600 % 24);
	return str;
}
