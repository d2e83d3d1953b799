// SPDX-License-Identifier: GPL-2.0
/*
 * mqttk-bench.ko: what it costs to find the filters that match a topic, among
 * few and among many. Loading it runs it; the kernel log has the table.
 *
 * Filters and topics look like those of a plant with many sensors. Each topic
 * matches one filter of a set, or in those that overlap also six that others
 * match, so that sets of a kind differ in size only. Looking up one topic again
 * and again shows the work; looking up another one each time also shows the
 * memory: among a million filters nothing is in a cache.
 */
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "../filter.h"
#include "../limits.h"
#include "../match.h"
#include "../merge.h"

static unsigned int most = 1000000;
module_param(most, uint, 0);
MODULE_PARM_DESC(most, "Filters in the largest set");

static unsigned int lookups = 1 << 20;
module_param(lookups, uint, 0);
MODULE_PARM_DESC(lookups, "Look-ups timed for each figure");

#define SEED	20260303
#define TOPICS	16384
#define TEXT	48

/*
 * Look-ups timed together. The best of many chunks counts: whatever disturbs
 * one, another virtual machine say, only ever adds to it.
 */
#define CHUNK	2048

/* Filters that all match one topic: "+" or a word at each of ten levels. */
#define OVERLAP		1000
#define LEVELS		10

struct text {
	u16 len;
	u8 p[TEXT];
};

enum mix { MIX_EXACT, MIX_WILD, MIX_MIXED, MIX_OVERLAP, MIX_NR };

static const char * const mix_name[MIX_NR] = {
	"exact", "wild", "mixed", "over",
};

/* How many filters of a set a topic matches. */
static const u32 mix_matches[MIX_NR] = { 1, 1, 1, 7 };

struct bench {
	struct mqttk_limits limits;
	struct mqttk_index ix;
	struct mutex lock;	/* the index's */
	struct mqttk_subscriber who;
	struct text topic[TOPICS];
	struct mqttk_subscriber client[OVERLAP];
	struct mqttk_source source[OVERLAP];
};

/* Sensor @i's place: a thousand lines in each plant, at most. */
static void text_format(struct text *t, const char *fmt, u32 i)
{
	t->len = scnprintf(t->p, TEXT, fmt, i / 1000, i % 1000);
}

static void filter_format(struct text *t, enum mix which, u32 i)
{
	static const char * const wild[] = {
		"plant/%u/line/%u/+",
		"plant/%u/line/%u/#",
		"plant/%u/+/%u/temperature",
	};

	if (which == MIX_EXACT || (which >= MIX_MIXED && i % 2))
		text_format(t, "plant/%u/line/%u/temperature", i);
	else
		text_format(t, wild[i % ARRAY_SIZE(wild)], i);
}

static int bench_subscribe(struct bench *b, const struct text *t)
{
	return mqttk_subscribe(&b->ix, &b->who, t->p, t->len, 0, 0, 0, NULL,
			       NULL);
}

/* What every topic of one of the first @nr sensors matches, all of them once. */
static int bench_fill_common(struct bench *b, u32 nr)
{
	static const char * const wide[] = {
		"#", "plant/#", "plant/+/line/#", "+/+/+/+/temperature",
	};
	struct text t;
	int err = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(wide) && !err; i++) {
		text_format(&t, wide[i], 0);
		err = bench_subscribe(b, &t);
	}
	for (i = 0; i < min(nr, 1000U) && !err; i++) {
		t.len = scnprintf(t.p, TEXT, "plant/+/line/%u/#", i);
		err = bench_subscribe(b, &t);
	}
	for (i = 0; i < DIV_ROUND_UP(nr, 1000) && !err; i++) {
		t.len = scnprintf(t.p, TEXT, "plant/%u/+/+/temperature", i);
		err = bench_subscribe(b, &t);
	}
	return err;
}

static int bench_fill(struct bench *b, enum mix which, u32 nr)
{
	struct text t;
	int err = 0;
	u32 i;

	mutex_lock(&b->lock);
	if (which == MIX_OVERLAP)
		err = bench_fill_common(b, nr);
	for (i = 0; i < nr && !err; i++) {
		filter_format(&t, which, i);
		err = bench_subscribe(b, &t);
		cond_resched();
	}
	mutex_unlock(&b->lock);
	return err;
}

static void bench_topics(struct bench *b, u32 nr)
{
	struct rnd_state rnd;
	u32 i;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < TOPICS; i++)
		text_format(&b->topic[i], "plant/%u/line/%u/temperature",
			    prandom_u32_state(&rnd) % nr);
}

/* Looks up some topics; false if they did not find their filters. */
static bool bench_lookups(struct bench *b, enum mix which, u32 from, u32 mask)
{
	u32 i, found = 0;

	for (i = from; i < from + CHUNK; i++) {
		const struct text *t = &b->topic[i & mask];
		struct mqttk_filter *f;
		struct mqttk_match m;

		rcu_read_lock();
		mqttk_match_start(&m, &b->ix, t->p, t->len);
		while ((f = mqttk_match_next(&m)))
			found += !IS_ERR(f);
		rcu_read_unlock();
	}
	return found == CHUNK * mix_matches[which];
}

/* The ns a look-up takes, or -1. */
static int bench_time(struct bench *b, enum mix which, u32 mask)
{
	u64 start, best = U64_MAX;
	u32 i;

	for (i = 0; i < lookups; i += CHUNK) {
		cond_resched();
		start = ktime_get_ns();
		if (!bench_lookups(b, which, i, mask))
			return -1;
		best = min(best, ktime_get_ns() - start);
	}
	return div_u64(best, CHUNK);
}

static int bench_set(struct bench *b, enum mix which, u32 nr)
{
	u64 start = ktime_get_ns(), fill;
	int err, one, many;

	err = bench_fill(b, which, nr);
	fill = div_u64(ktime_get_ns() - start, nr);
	if (err) {
		pr_err("mqttk-bench: %u %s filters: %d\n", nr, mix_name[which],
		       err);
		return err;
	}
	bench_topics(b, nr);
	one = bench_time(b, which, 0);
	many = bench_time(b, which, TOPICS - 1);
	pr_info("mqttk-bench: %5s %8u  one topic %5d ns  random topics %5d ns  subscribe %6llu ns\n",
		mix_name[which], nr, one, many, fill);
	return one < 0 || many < 0 ? -EINVAL : 0;
}

static int bench_sets(struct bench *b)
{
	static const u32 sizes[] = { 1, 1000, 1000000 };
	enum mix which;
	int err = 0, i;

	for (which = 0; which < MIX_NR; which++) {
		for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++) {
			if (i && min(sizes[i], most) <= sizes[i - 1])
				continue;
			err = mqttk_index_init(&b->ix, &b->limits, &b->lock);
			if (err)
				return err;
			err = bench_set(b, which, min(sizes[i], most));
			mutex_lock(&b->lock);
			while (mqttk_unsubscribe_some(&b->ix, &b->who, 256))
				cond_resched();
			mutex_unlock(&b->lock);
			mqttk_index_exit(&b->ix);
		}
	}
	return err;
}

/* Which of its levels are "+" is what @mask says. */
static void overlap_format(struct text *t, u32 mask)
{
	u32 i;

	t->len = 2 * LEVELS - 1;
	memset(t->p, '/', t->len);
	for (i = 0; i < LEVELS; i++)
		t->p[2 * i] = mask >> i & 1 ? '+' : 'a';
}

/* Filters that match, and sessions that get something, must be so many. */
static bool overlap_match(struct bench *b, const struct text *t, u32 clients)
{
	struct mqttk_sources all;
	struct mqttk_filter *f;
	struct mqttk_match m;
	u32 n = 0, met;

	rcu_read_lock();
	mqttk_match_start(&m, &b->ix, t->p, t->len);
	while ((f = mqttk_match_next(&m)))
		if (!IS_ERR(f) && n < OVERLAP)
			b->source[n++] = (struct mqttk_source){ .filter = f };
	mqttk_sources_start(&all, b->source, n);
	for (met = 0; clients && mqttk_sources_settle(&all, UINT_MAX) && all.nr;
	     met++) {
		mqttk_sources_take(&all);
		mqttk_sources_advance(&all);
	}
	rcu_read_unlock();
	return n == OVERLAP && met == clients;
}

/* The ns it takes to match, and to merge for @clients if not 0; or -1. */
static int overlap_time(struct bench *b, const struct text *t, u32 clients)
{
	u64 start, best = U64_MAX;
	u32 i;

	for (i = 0; i < lookups; i += OVERLAP) {
		cond_resched();
		start = ktime_get_ns();
		if (!overlap_match(b, t, clients))
			return -1;
		best = min(best, ktime_get_ns() - start);
	}
	return best;
}

/* A thousand overlapping filters, dealt to clients. */
static int overlap_run(struct bench *b, u32 clients)
{
	int err, match, both;
	struct text t;
	u32 i;

	err = mqttk_index_init(&b->ix, &b->limits, &b->lock);
	if (err)
		return err;
	mutex_lock(&b->lock);
	for (i = 0; i < OVERLAP && !err; i++) {
		overlap_format(&t, i);
		err = mqttk_subscribe(&b->ix, &b->client[i % clients], t.p,
				      t.len, 0, 0, 0, NULL, NULL);
	}
	mutex_unlock(&b->lock);
	overlap_format(&t, 0);
	match = overlap_time(b, &t, 0);
	both = overlap_time(b, &t, clients);
	for (i = 0; i < clients; i++)
		mqttk_unsubscribe_all(&b->ix, &b->client[i]);
	mqttk_index_exit(&b->ix);
	if (err || match < 0 || both < 0) {
		pr_err("mqttk-bench: %u overlapping: %d\n", OVERLAP, err);
		return err ?: -EINVAL;
	}
	pr_info("mqttk-bench: %u overlapping filters of %4u clients  one topic %6d ns  with merging %6d ns\n",
		OVERLAP, clients, match, both);
	return 0;
}

static int __init bench_init(void)
{
	struct bench *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	u32 i;
	int err;

	if (!b)
		return -ENOMEM;
	mutex_init(&b->lock);
	mqttk_subscriber_init(&b->who, 0);
	for (i = 0; i < OVERLAP; i++)
		mqttk_subscriber_init(&b->client[i], i);
	err = mqttk_limits_init(&b->limits, true);
	if (err)
		goto free;
	b->limits.value[MQTTK_LIMIT_CLIENT_MEMORY] = LONG_MAX;
	err = bench_sets(b) ?: overlap_run(b, 1) ?: overlap_run(b, OVERLAP);
	mqttk_limits_exit(&b->limits);
free:
	kvfree(b);
	return err;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Look-up benchmark of the MQTT broker");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
