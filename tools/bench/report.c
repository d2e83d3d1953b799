// SPDX-License-Identifier: GPL-2.0
/*
 * What a run gave, for people and for programs.
 */
#include "bench.h"

static const struct {
	const char *name;
	const char *key;
	double part;
} percentiles[] = {
	{ "50%", "p50", 0.5 },
	{ "90%", "p90", 0.9 },
	{ "99%", "p99", 0.99 },
	{ "99.9%", "p99_9", 0.999 },
};

#define NR_PERCENTILES	(sizeof(percentiles) / sizeof(*percentiles))

static double share(uint64_t ns, const struct sample *of)
{
	return of->wall ? (double)ns / of->wall : 0;
}

static void print_json(const struct result *r, double seconds)
{
	const struct sample *s = &r->spent;
	unsigned int i;

	printf("{\"work\":\"%s\",\"clients\":%u,\"size\":%u,\"qos\":%u", opt.work,
	       opt.clients, opt.size, opt.qos);
	printf(",\"burst\":%u,\"window\":%u,\"filters\":%u", opt.burst, opt.window,
	       opt.filters);
	printf(",\"unit\":\"%s\",\"units\":%llu,\"published\":%llu,\"lost\":%llu",
	       r->unit, (unsigned long long)r->units,
	       (unsigned long long)r->published, (unsigned long long)r->lost);
	printf(",\"seconds\":%.6f,\"rate\":%.1f", seconds, r->units / seconds);
	if (opt.counting)
		printf(",\"instructions\":%llu,\"idle\":%llu,\"each\":%.1f",
		       (unsigned long long)(s->wall - s->idle),
		       (unsigned long long)s->idle,
		       (double)(s->wall - s->idle) / (r->units ? r->units : 1));
	if (latency_count()) {
		printf(",\"latency_us\":{");
		for (i = 0; i < NR_PERCENTILES; i++)
			printf("\"%s\":%.1f,", percentiles[i].key,
			       latency_at(percentiles[i].part) / 1e3);
		printf("\"max\":%.1f}", latency_most() / 1e3);
	}
	printf(",\"cpu\":{\"bench\":%.3f,\"system\":%.3f", share(s->own, s),
	       share(s->busy, s));
	if (opt.pid)
		printf(",\"broker\":%.3f", share(s->broker, s));
	printf("},\"backlog_drops\":%llu,\"retransmitted\":%llu}\n",
	       (unsigned long long)s->drops,
	       (unsigned long long)s->retransmitted);
}

static void print_latency(void)
{
	unsigned int i;

	if (!latency_count())
		return;
	printf("latency");
	for (i = 0; i < NR_PERCENTILES; i++)
		printf("  %s %.1f", percentiles[i].name,
		       latency_at(percentiles[i].part) / 1e3);
	printf("  max %.1f us\n", latency_most() / 1e3);
}

static void print_text(const struct result *r, double seconds)
{
	const struct sample *s = &r->spent;
	const char *plural = r->unit[0] == 'd' ? "deliveries" : "connections";

	printf("%s: %llu %s in %.3f s, %.0f/s\n", opt.work,
	       (unsigned long long)r->units, plural, seconds, r->units / seconds);
	print_latency();
	if (opt.counting)
		printf("instructions %.0f for each %s\n",
		       (double)(s->wall - s->idle) / (r->units ? r->units : 1),
		       r->unit);
	else
		printf("processors busy %.2f, of which mqttk-bench %.2f\n",
		       share(s->busy, s), share(s->own, s));
	if (opt.pid)
		printf("broker %.2f processors\n", share(s->broker, s));
	if (s->drops || s->retransmitted)
		printf("backlog drops %llu, segments sent again %llu\n",
		       (unsigned long long)s->drops,
		       (unsigned long long)s->retransmitted);
	if (r->lost)
		printf("lost %llu\n", (unsigned long long)r->lost);
}

/**
 * report - prints a result
 * @r: the result
 *
 * Return: the exit status, 1 if something was lost
 */
int report(const struct result *r)
{
	double seconds = (r->spent.wall ? r->spent.wall : 1) / 1e9;

	if (opt.json)
		print_json(r, seconds);
	else
		print_text(r, seconds);
	return r->lost ? 1 : 0;
}
