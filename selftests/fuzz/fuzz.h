/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzz target is fuzz_one() and its seeds. driver.c runs it with generated
 * input and a fixed random sequence; libFuzzer knows it as
 * LLVMFuzzerTestOneInput.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>

/* Unlike assert(), never compiled out; selftests/proof proves the same. */
#ifdef __CPROVER__
#define CHECK(condition)	__CPROVER_assert(condition, #condition)
#else
#define CHECK(condition) do {						\
	if (!(condition)) {						\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,	\
			#condition);					\
		abort();						\
	}								\
} while (0)
#endif

/**
 * struct fuzz_seed - a valid input to start from
 * @bytes: the input
 * @len: its bytes
 */
struct fuzz_seed {
	const char *bytes;
	size_t len;
};

#define SEED(bytes)	{ bytes, sizeof(bytes) - 1 }

extern const struct fuzz_seed fuzz_seeds[];
extern const size_t fuzz_nr_seeds;

int fuzz_one(const u8 *data, size_t size);

#endif /* _FUZZ_H */
