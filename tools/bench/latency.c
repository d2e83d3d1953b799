// SPDX-License-Identifier: GPL-2.0
/*
 * How long messages take: counted in classes that are about one percent wide,
 * from a nanosecond to hours, so that nothing has to be kept for each.
 */
#include <string.h>

#include "bench.h"

#define SUB_BITS	6	/* so many classes, as a power of 2, an octave */
#define SUB		64
#define CLASSES		(48 * SUB)

static uint64_t classes[CLASSES], count, most;

/* The first 2 SUB values have a class each; then every octave has SUB. */
static unsigned int class_of(uint64_t ns)
{
	unsigned int shift, class;

	if (ns < 2 * SUB)
		return ns;
	shift = 63 - __builtin_clzll(ns) - SUB_BITS;
	class = shift * SUB + (ns >> shift);
	return class < CLASSES ? class : CLASSES - 1;
}

/* The largest value of a class. */
static uint64_t end_of(unsigned int class)
{
	unsigned int shift;

	if (class < 2 * SUB)
		return class;
	shift = class / SUB - 1;
	return ((uint64_t)(class - shift * SUB + 1) << shift) - 1;
}

/**
 * latency_add - one more message
 * @ns: nanoseconds it took
 */
void latency_add(uint64_t ns)
{
	classes[class_of(ns)]++;
	count++;
	if (ns > most)
		most = ns;
}

/**
 * latency_reset - forgets what came so far
 */
void latency_reset(void)
{
	memset(classes, 0, sizeof(classes));
	count = 0;
	most = 0;
}

/**
 * latency_count - how many there were
 *
 * Return: that
 */
uint64_t latency_count(void)
{
	return count;
}

/**
 * latency_most - the longest
 *
 * Return: nanoseconds
 */
uint64_t latency_most(void)
{
	return most;
}

/**
 * latency_at - what so many took at most
 * @part: of all, 0 to 1
 *
 * Return: nanoseconds, up to 1.6 percent more than it was
 */
uint64_t latency_at(double part)
{
	uint64_t below = 0, value;
	unsigned int i;

	for (i = 0; i < CLASSES; i++) {
		below += classes[i];
		if (below && (double)below >= part * (double)count) {
			value = end_of(i);
			return value < most ? value : most;
		}
	}
	return most;
}
