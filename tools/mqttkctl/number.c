// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers and times as people write and read them.
 */
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
