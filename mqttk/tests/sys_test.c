// SPDX-License-Identifier: GPL-2.0
/*
 * sys.c: the moving averages are what they should be, in integers.
 */
#include <kunit/test.h>

#include "../sys.h"

#define ONE	BIT_ULL(MQTTK_LOAD_SHIFT)

/* By exact arithmetic elsewhere, in 1/65536. */
static const struct {
	u32 span;
	u64 load;
	u64 events;
	u32 msec;
	u64 expected;
} steps[] = {
	{ MQTTK_SPAN_1MIN, 0, 10ULL, 10000U,
	  603658ULL },
	{ MQTTK_SPAN_5MIN, 0, 10ULL, 10000U,
	  128912ULL },
	{ MQTTK_SPAN_15MIN, 0, 10ULL, 10000U,
	  43449ULL },
	{ MQTTK_SPAN_1MIN, 100, 0ULL, 10000U,
	  5547503ULL },
	{ MQTTK_SPAN_5MIN, 100, 0ULL, 10000U,
	  6338747ULL },
	{ MQTTK_SPAN_15MIN, 100, 0ULL, 10000U,
	  6481185ULL },
	{ MQTTK_SPAN_1MIN, 60, 10ULL, 10067U,
	  3928118ULL },
	{ MQTTK_SPAN_15MIN, 7, 123456ULL, 1U,
	  539845946ULL },
	{ MQTTK_SPAN_1MIN, 1000000000, 123456789ULL, 11000U,
	  61950626749048ULL },
	{ MQTTK_SPAN_5MIN, 50, 0ULL, 86400000U,
	  0ULL },
	{ MQTTK_SPAN_15MIN, 12345, 1000ULL, 4294967295U,
	  916ULL },
	{ MQTTK_SPAN_1MIN, 0, 1ULL, 4294967295U,
	  1ULL },
	{ MQTTK_SPAN_5MIN, 3, 40000000000ULL, 1000U,
	  523415156957777ULL },
};

/* One step, long or short, up or down, comes to within a few 1/65536. */
static void sys_average(struct kunit *test)
{
	size_t i;
	u64 got;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		/* What the largest rates allow: a part in 2^40 more. */
		u64 slack = 4 + (steps[i].expected >> 40);

		got = mqttk_sys_average(steps[i].load << MQTTK_LOAD_SHIFT,
					steps[i].events, steps[i].msec,
					steps[i].span);
		KUNIT_EXPECT_LE_MSG(test, abs_diff(got, steps[i].expected),
				    slack, "step %zu: %llu", i, got);
	}
}

/*
 * A steady rate is reached, the faster the shorter the span, and never passed;
 * without events the average goes to nothing.
 */
static void sys_steady(struct kunit *test)
{
	u64 load[MQTTK_SPAN_NR] = {}, before;
	int i, s;

	for (i = 0; i < 2000; i++) {
		for (s = 0; s < MQTTK_SPAN_NR; s++) {
			before = load[s];
			load[s] = mqttk_sys_average(before, 70, 10000, s);
			KUNIT_ASSERT_GE(test, load[s], before);
			KUNIT_ASSERT_LE(test, load[s], 420 * ONE);
		}
		KUNIT_ASSERT_GE(test, load[0], load[1]);
		KUNIT_ASSERT_GE(test, load[1], load[2]);
	}
	for (s = 0; s < MQTTK_SPAN_NR; s++) {
		KUNIT_EXPECT_GE(test, load[s], 420 * ONE - ONE / 200);
		for (i = 0; i < 4000; i++)
			load[s] = mqttk_sys_average(load[s], 0, 10000, s);
		KUNIT_EXPECT_EQ(test, load[s], 0);
	}
}

/* Many short steps come to the same as a long one. */
static void sys_split(struct kunit *test)
{
	u64 whole, parts;
	int i, s;

	for (s = 0; s < MQTTK_SPAN_NR; s++) {
		whole = mqttk_sys_average(1000 * ONE, 60000, 60000, s);
		parts = 1000 * ONE;
		for (i = 0; i < 6000; i++)
			parts = mqttk_sys_average(parts, 10, 10, s);
		KUNIT_EXPECT_LE(test, abs_diff(parts, whole), ONE / 8);
	}
}

/* Absurd counts give an absurd average, and no fault. */
static void sys_saturates(struct kunit *test)
{
	u64 load = 0;
	int i;

	for (i = 0; i < 100; i++)
		load = mqttk_sys_average(load, U64_MAX, 1 + i * 1000, 0);
	KUNIT_EXPECT_GT(test, load, U64_MAX / 2);
	load = mqttk_sys_average(U64_MAX, U64_MAX, U32_MAX, 0);
	KUNIT_EXPECT_GT(test, load, U64_MAX / 2);
	load = mqttk_sys_average(U64_MAX, 0, 1, 2);
	KUNIT_EXPECT_GT(test, load, U64_MAX / 2);
}

/* Two digits, rounded. */
static void sys_format(struct kunit *test)
{
	static const struct {
		u64 load;
		const char *text;
	} cases[] = {
		{ 0, "0.00" },
		{ ONE / 250, "0.00" },
		{ ONE / 150, "0.01" },
		{ ONE / 2, "0.50" },
		{ ONE - 1, "1.00" },
		{ ONE, "1.00" },
		{ 1234567 * ONE + ONE / 4, "1234567.25" },
		{ U64_MAX / 2, "140737488355328.00" },
	};
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, mqttk_sys_format(text, sizeof(text),
						       cases[i].load),
				strlen(cases[i].text));
		KUNIT_EXPECT_STREQ(test, text, cases[i].text);
	}
}

static struct kunit_case sys_cases[] = {
	KUNIT_CASE(sys_average),
	KUNIT_CASE(sys_steady),
	KUNIT_CASE(sys_split),
	KUNIT_CASE(sys_saturates),
	KUNIT_CASE(sys_format),
	{}
};

static struct kunit_suite sys_suite = {
	.name = "mqttk-sys",
	.test_cases = sys_cases,
};

kunit_test_suite(sys_suite);
