/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the proofs share. CBMC tries all values of what nondet_*() returns at
 * once; a CHECK() that some of them breaks is a counter-example.
 */
#ifndef _PROOF_H
#define _PROOF_H

#include <linux/types.h>
#include <stdlib.h>

#include "../fuzz/fuzz.h"

/* Bytes of input, at most; the table in run says how many for which. */
#ifndef N
#define N	4
#endif

#define ASSUME(condition)	__CPROVER_assume(condition)

u8 nondet_u8(void);
u16 nondet_u16(void);
u32 nondet_u32(void);
bool nondet_bool(void);

/*
 * All lengths up to @max, each in an object of just that size, so that whatever
 * looks beyond is found. One after the other: a length that is a number and no
 * variable makes formulas that are solved in a hundredth of the time.
 */
#define for_each_input(p, len, max)					\
	for (size_t len = 0; len <= (max); len++)			\
		for (u8 *p = malloc(len); p; p = NULL)

/* 0 before CONNECT; nothing but these comes from connect_protocol(). */
static inline u8 any_version(void)
{
	u8 version = nondet_u8();

	ASSUME(!version || (version >= 3 && version <= 5));
	return version;
}

#endif /* _PROOF_H */
