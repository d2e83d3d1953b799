// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a fuzz target without libFuzzer: on the seeds, on every prefix of them,
 * and on what random changes make of them. The random sequence is fixed, so a
 * failure comes back.
 *
 *	TARGET [RUNS [SEED]]	so many changed inputs
 *	TARGET -w DIR		write the seeds into DIR, for libFuzzer to start from
 */
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX	512

static __u64 state = 0x9e3779b97f4a7c15;

/* xorshift64*: good enough to pick bytes, and the same everywhere. */
static u32 rnd(u32 below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1d >> 32) % below;
}

/* Hands over a copy of the exact size, so that any over-read is seen. */
static void run(const void *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);

	CHECK(copy);
	if (len)
		memcpy(copy, data, len);
	fuzz_one(copy + !len, len);
	free(copy);
}

/* Makes one random change and returns the new length. */
static size_t mutate(u8 *buf, size_t len)
{
	static const u8 special[] = {
		0, 1, 2, 3, 4, 5, '/', '+', '#', '$', 0x7f, 0x80, 0xc2, 0xed,
		0xef, 0xf4, 0xfe, 0xff,
	};
	const struct fuzz_seed *other;
	size_t at = len ? rnd(len) : 0, n;

	switch (rnd(6)) {
	case 0:
		if (len)
			buf[at] ^= 1 << rnd(8);
		return len;
	case 1:
		if (len)
			buf[at] = special[rnd(sizeof(special))];
		return len;
	case 2:
		return at;
	case 3:		/* remove */
		if (!len)
			return 0;
		n = 1 + rnd(len - at);
		memmove(buf + at, buf + at + n, len - at - n);
		return len - n;
	case 4:		/* insert */
		if (len == INPUT_MAX)
			return len;
		memmove(buf + at + 1, buf + at, len - at);
		buf[at] = rnd(2) ? rnd(256) : special[rnd(sizeof(special))];
		return len + 1;
	default:	/* go on as another seed does */
		other = &fuzz_seeds[rnd(fuzz_nr_seeds)];
		n = rnd(other->len);
		if (at + other->len - n > INPUT_MAX)
			return len;
		memcpy(buf + at, other->bytes + n, other->len - n);
		return at + other->len - n;
	}
}

static void write_seeds(const char *dir)
{
	char path[4096];
	size_t i;

	for (i = 0; i < fuzz_nr_seeds; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/seed-%zu", dir, i);
		f = fopen(path, "w");
		if (!f || fwrite(fuzz_seeds[i].bytes, 1, fuzz_seeds[i].len,
				 f) != fuzz_seeds[i].len || fclose(f)) {
			perror(path);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long i, runs = argc > 1 ? strtoul(argv[1], NULL, 0) : 200000;
	u8 buf[INPUT_MAX];
	size_t len, n;

	if (argc == 3 && !strcmp(argv[1], "-w")) {
		write_seeds(argv[2]);
		return 0;
	}
	if (argc > 2)
		state ^= strtoul(argv[2], NULL, 0);

	for (i = 0; i < fuzz_nr_seeds; i++)
		for (len = 0; len <= fuzz_seeds[i].len; len++)
			run(fuzz_seeds[i].bytes, len);

	for (i = 0; i < runs; i++) {
		const struct fuzz_seed *seed = &fuzz_seeds[rnd(fuzz_nr_seeds)];

		len = seed->len;
		memcpy(buf, seed->bytes, len);
		for (n = 1 + rnd(8); n; n--)
			len = mutate(buf, len);
		run(buf, len);
	}
	printf("%s: %lu inputs\n", argv[0], runs);
	return 0;
}
