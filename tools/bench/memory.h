/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of the whole system, by what it is for.
 */
#ifndef MQTTK_BENCH_MEMORY_H
#define MQTTK_BENCH_MEMORY_H

#include <stdint.h>

#define MAX_CACHES	512

/**
 * struct memory - bytes in use at one moment
 * @slab: of all slab caches
 * @other: of the kernel's other memory: vmalloc, per-CPU, stacks
 * @pages: that nobody accounts, which sockets use for what they send
 * @broker: of the process that is the broker, if it is one
 * @nr: how many slab caches there are
 * @caches: each of them
 * @caches.name: how it is called
 * @caches.bytes: of its objects, each with its part of a slab
 */
struct memory {
	uint64_t slab;
	uint64_t other;
	uint64_t pages;
	uint64_t broker;
	unsigned int nr;
	struct {
		char name[48];
		uint64_t bytes;
	} caches[MAX_CACHES];
};

void memory_now(struct memory *m);
uint64_t memory_of(const struct memory *m, const char *cache);

#endif
