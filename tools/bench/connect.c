// SPDX-License-Identifier: GPL-2.0
/*
 * connect: connections that come and go, one after the other.
 */
#include "bench.h"

static uint64_t run(uint64_t connections, unsigned int seconds)
{
	uint64_t until = now_ns() + seconds * 1000000000ULL, begin, nr = 0;
	struct client c;

	while (connections ? nr < connections : now_ns() < until) {
		begin = opt.counting ? 0 : now_ns();
		client_open(&c, nr % 10000);
		if (!opt.counting)
			latency_add(now_ns() - begin);
		client_close(&c);
		nr++;
	}
	return nr;
}

/**
 * work_connect - connections that come and go
 *
 * Return: the exit status
 */
int work_connect(void)
{
	struct result result = { .unit = "connection" };
	struct sample begin;

	settle();
	if (opt.warm_up)
		run(opt.warm_up, 0);
	latency_reset();
	sample_begin(&begin);
	result.units = run(opt.messages, opt.seconds);
	sample_end(&result.spent, &begin);
	return report(&result);
}
