/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two paho programs share: results in TAP (lib.sh numbers them), and
 * payloads to be compared byte for byte.
 */
#ifndef PAHO_H
#define PAHO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE	20	/* seconds that nothing takes, even emulated */

static int failed;

static inline void tap(bool good, const char *what)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	fflush(stdout);
	failed += !good;
}

static inline const char *broker(char *buf, size_t size)
{
	const char *host = getenv("HOST"), *port = getenv("PORT");

	snprintf(buf, size, "tcp://%s:%s", host ? host : "127.0.0.1",
		 port ? port : "1883");
	return buf;
}

/* Every byte value, in an order that repeats nowhere near its length. */
static inline void fill(unsigned char *b, size_t len)
{
	uint32_t x = 2463534242u;
	size_t i;

	for (i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		b[i] = x;
	}
}

#endif /* PAHO_H */
