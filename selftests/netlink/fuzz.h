/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nl-fuzz: hostile requests by generic netlink; see fuzz.c.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mqttk_netlink.h>

enum type {
	T_BINARY, T_U8, T_U16, T_U32, T_U64, T_S32, T_UINT, T_STRING, T_FLAG,
	T_NEST,
};

struct attr_set;

/**
 * struct attr - an attribute, as specified
 * @name: as in the specification
 * @nr: its number
 * @type: its type
 * @min: least value, 0 if none is given
 * @max: greatest value, 0 if none is given
 * @exact: bytes it must have, or 0
 * @most: bytes it may have, without a terminator, or 0
 * @big_endian: a number in the network's order
 * @multi: may be given more than once
 * @nested: what is in a nest
 * @pool: values of it that were seen, a number of its own
 */
struct attr {
	const char *name;
	unsigned short nr;
	enum type type;
	long long min, max;
	unsigned int exact, most;
	bool big_endian, multi;
	const struct attr_set *nested;
	unsigned int pool;
};

struct attr_set {
	const char *name;
	const struct attr *attrs;
	unsigned int nr;
};

/**
 * struct op - an operation, as specified
 * @name: as in the specification
 * @cmd: its number
 * @set: whose attributes it has
 * @admin: for administrators only
 * @has_do: may be asked once
 * @has_dump: may be asked for all
 * @nr_do: attributes of a request
 * @nr_dump: attributes of a request for all
 * @do_: which
 * @dump: which
 */
struct op {
	const char *name;
	unsigned char cmd;
	const struct attr_set *set;
	bool admin, has_do, has_dump;
	unsigned int nr_do, nr_dump;
	const unsigned char *do_, *dump;
};

extern const struct op ops[];
extern const unsigned int nr_ops, nr_pools;

/**
 * struct request - what was sent, to be told apart by its answer
 * @seq: its number
 * @op: which operation, or NULL if there is none by that number
 * @dump: was asked for all
 * @plain: header and length are as they should be: the operation is reached
 */
struct request {
	uint32_t seq;
	const struct op *op;
	bool dump;
	bool plain;
};

#define MAX_REQUEST	150000

/* fuzz-make.c */
extern uint64_t seed;
uint32_t rnd(uint32_t below);
bool chance(unsigned int percent);
size_t make_request(unsigned char *to, uint16_t family, uint32_t seq,
		    struct request *r);
void learn(const struct op *op, const unsigned char *b, size_t len);

#endif /* FUZZ_H */
