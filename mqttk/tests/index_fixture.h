/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the topic trees share: budgets, and generated topics and
 * filters from so few words that they often match.
 */
#ifndef _MQTTK_INDEX_FIXTURE_H
#define _MQTTK_INDEX_FIXTURE_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/percpu_counter.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "../limits.h"

#define FIXTURE_SEED	20260202
#define TEXT_MAX	64

struct text {
	u8 p[TEXT_MAX];
	u16 len;
};

static inline struct text text_of(const char *s)
{
	struct text t = { .len = strlen(s) };

	memcpy(t.p, s, t.len);
	return t;
}

static inline void text_level(struct text *t, const char *word)
{
	if (t->len)
		t->p[t->len++] = '/';
	memcpy(t->p + t->len, word, strlen(word));
	t->len += strlen(word);
}

/* Up to six levels; an empty first level is written by hand in the tests. */
static inline struct text text_generate(struct rnd_state *rnd, bool filter)
{
	static const char * const words[] = { "a", "b", "a", "", "long-level" };
	u32 levels = 1 + prandom_u32_state(rnd) % 6, i;
	struct text t = { .len = 0 };

	text_level(&t, prandom_u32_state(rnd) % 8 ? "a" : "$s");
	if (filter && !(prandom_u32_state(rnd) % 3))
		t = text_of("+");
	for (i = 1; i < levels; i++) {
		if (filter && !(prandom_u32_state(rnd) % 3))
			text_level(&t, "+");
		else
			text_level(&t, words[prandom_u32_state(rnd) %
					     ARRAY_SIZE(words)]);
	}
	if (filter && !(prandom_u32_state(rnd) % 4)) {
		if (prandom_u32_state(rnd) % 8)
			text_level(&t, "#");
		else
			t = text_of("#");
	}
	return t;
}

/* Budgets that do not get in the way; some tests lower one. */
static inline struct mqttk_limits *limits_setup(struct kunit *test)
{
	struct mqttk_limits *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	KUNIT_ASSERT_EQ(test, mqttk_limits_init(l, true), 0);
	l->value[MQTTK_LIMIT_CLIENT_MEMORY] = LONG_MAX;
	l->value[MQTTK_LIMIT_MESSAGE_MEMORY] = LONG_MAX;
	l->value[MQTTK_LIMIT_RETAINED_MEMORY] = LONG_MAX;
	return l;
}

static inline s64 limits_used(struct mqttk_limits *l)
{
	s64 used = 0;
	int i;

	for (i = 0; i < MQTTK_BUDGET_NR; i++)
		used += percpu_counter_sum(&l->used[i]);
	return used;
}

/* Set when the kernel was prepared for it: see selftests/uml/tests/failslab.sh. */
extern bool failslab;

/* Makes this thread's @nth allocation from now fail; 0: none. */
static inline void fail_nth(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, nth);
#endif
}

/* No further allocation fails; true if the one that should have did. */
static inline bool fail_done(void)
{
	bool failed = false;

#ifdef CONFIG_FAULT_INJECTION
	failed = !READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
#endif
	return failed;
}

#endif /* _MQTTK_INDEX_FIXTURE_H */
