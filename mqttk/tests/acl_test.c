// SPDX-License-Identifier: GPL-2.0
/*
 * acl.c: what the rules say is what a reading of each of them, one after the
 * other, says; and what may be subscribed to is what there is anything to get of.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "../acl.h"
#include "index_fixture.h"
#include "topic_oracle.h"

#define RULES_MAX	24
#define LISTS		4000
#define CHECKS		250

/**
 * struct acl_ctx - a list and what it was made of
 * @rules: the rules; their strings are in @texts
 */
struct acl_ctx {
	struct mqttk_limits *limits;
	struct rnd_state rnd;
	struct mqttk_acl *acl;
	unsigned int nr;
	struct mqttk_acl_rule rules[RULES_MAX];
	struct text texts[RULES_MAX];
};

static int acl_setup(struct kunit *test)
{
	struct acl_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->limits = limits_setup(test);
	prandom_seed_state(&ctx->rnd, FIXTURE_SEED);
	test->priv = ctx;
	return 0;
}

static void acl_teardown(struct kunit *test)
{
	struct acl_ctx *ctx = test->priv;

	mqttk_acl_put(ctx->acl);
	KUNIT_EXPECT_EQ(test, limits_used(ctx->limits), 0);
	mqttk_limits_exit(ctx->limits);
}

static struct mqttk_str str(const char *s)
{
	return (struct mqttk_str){ (const u8 *)s, strlen(s) };
}

static struct mqttk_str nobody(void)
{
	return (struct mqttk_str){};
}

static u32 below(struct acl_ctx *ctx, u32 n)
{
	return prandom_u32_state(&ctx->rnd) % n;
}

/* -- lists made by hand ---------------------------------------------------- */

static void begin(struct kunit *test, u32 nr)
{
	struct acl_ctx *ctx = test->priv;
	const struct mqttk_str from = str("/etc/acl");

	mqttk_acl_put(ctx->acl);
	ctx->acl = mqttk_acl_alloc(ctx->limits, nr, nr * 64, &from);
	KUNIT_ASSERT_NOT_NULL(test, ctx->acl);
}

static void add(struct kunit *test, enum mqttk_acl_whom whom, const char *user,
		u8 access, const char *filter)
{
	struct acl_ctx *ctx = test->priv;
	struct mqttk_acl_rule rule = {
		.whom = whom,
		.access = access,
		.user = user ? str(user) : nobody(),
		.filter = str(filter),
	};

	KUNIT_ASSERT_NULL(test, mqttk_acl_fault(&rule));
	KUNIT_ASSERT_EQ(test, mqttk_acl_add(ctx->acl, &rule), 0);
}

static bool may(struct kunit *test, const char *id, const char *user, u8 access,
		const char *topic)
{
	struct acl_ctx *ctx = test->priv;
	const struct mqttk_who who = {
		.id = str(id),
		.user = user ? str(user) : nobody(),
	};

	return mqttk_acl_permits(ctx->acl, &who, access, (const u8 *)topic,
				 strlen(topic));
}

#define MAY(...)	KUNIT_EXPECT_TRUE(test, may(test, __VA_ARGS__))
#define MAY_NOT(...)	KUNIT_EXPECT_FALSE(test, may(test, __VA_ARGS__))

static void acl_empty(struct kunit *test)
{
	begin(test, 0);
	MAY_NOT("c", NULL, MQTTK_ACL_READ, "a");
	MAY_NOT("c", "u", MQTTK_ACL_WRITE, "a/b");
}

/* A rule is for those it is for, and for what it says. */
static void acl_whom(struct kunit *test)
{
	begin(test, 4);
	add(test, MQTTK_ACL_ANONYMOUS, NULL, MQTTK_ACL_READ, "news/#");
	add(test, MQTTK_ACL_USER, "ann", MQTTK_ACL_WRITE, "ann/+");
	add(test, MQTTK_ACL_USER, "bob", MQTTK_ACL_READ | MQTTK_ACL_WRITE, "x");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_READ, "all");

	MAY("c", NULL, MQTTK_ACL_READ, "news");
	MAY("c", NULL, MQTTK_ACL_READ, "news/of/today");
	MAY_NOT("c", NULL, MQTTK_ACL_WRITE, "news");
	MAY_NOT("c", "ann", MQTTK_ACL_READ, "news");
	MAY_NOT("c", "", MQTTK_ACL_READ, "news");
	MAY("c", "ann", MQTTK_ACL_WRITE, "ann/1");
	MAY("c", "ann", MQTTK_ACL_WRITE, "ann/");
	MAY_NOT("c", "ann", MQTTK_ACL_WRITE, "ann");
	MAY_NOT("c", "ann", MQTTK_ACL_WRITE, "ann/1/2");
	MAY_NOT("c", "an", MQTTK_ACL_WRITE, "ann/1");
	MAY_NOT("ann", NULL, MQTTK_ACL_WRITE, "ann/1");
	MAY("c", "bob", MQTTK_ACL_WRITE, "x");
	MAY("c", "bob", MQTTK_ACL_READ, "all");
	MAY("c", NULL, MQTTK_ACL_READ, "all");
	MAY("c", "", MQTTK_ACL_READ, "all");
}

/* The rules of a user go before those for everybody, a denial before both. */
static void acl_order(struct kunit *test)
{
	begin(test, 6);
	add(test, MQTTK_ACL_USER, "ann", MQTTK_ACL_READ, "a/#");
	add(test, MQTTK_ACL_USER, "ann", MQTTK_ACL_DENY, "a/secret/#");
	add(test, MQTTK_ACL_USER, "ann", MQTTK_ACL_READ, "a/secret/not");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_DENY, "a/+/x");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_READ, "#");
	add(test, MQTTK_ACL_USER, "bob", MQTTK_ACL_DENY, "#");

	MAY("c", "ann", MQTTK_ACL_READ, "a/b");
	MAY_NOT("c", "ann", MQTTK_ACL_READ, "a/secret");
	MAY_NOT("c", "ann", MQTTK_ACL_READ, "a/secret/not");
	/* As mosquitto has it: what is permitted to a user is not asked again. */
	MAY("c", "ann", MQTTK_ACL_READ, "a/b/x");
	MAY_NOT("c", "eve", MQTTK_ACL_READ, "a/b/x");
	MAY("c", "eve", MQTTK_ACL_READ, "a/b");
	MAY_NOT("c", "bob", MQTTK_ACL_READ, "z");
	MAY_NOT("c", "ann", MQTTK_ACL_READ, "$SYS/x");
}

/* Nobody gets at more by what it calls itself. */
static void acl_names(struct kunit *test)
{
	begin(test, 4);
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_WRITE, "dev/%c/up");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_READ, "user/%u/#");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_READ, "%c/state");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_READ, "n-%c-%u");

	MAY("d1", NULL, MQTTK_ACL_WRITE, "dev/d1/up");
	MAY_NOT("d1", NULL, MQTTK_ACL_WRITE, "dev/d2/up");
	MAY_NOT("d", NULL, MQTTK_ACL_WRITE, "dev/d1/up");
	MAY_NOT("+", NULL, MQTTK_ACL_WRITE, "dev/d1/up");
	MAY_NOT("#", NULL, MQTTK_ACL_WRITE, "dev/d1/up");
	MAY_NOT("", NULL, MQTTK_ACL_WRITE, "dev//up");
	MAY_NOT("c", NULL, MQTTK_ACL_READ, "user/x");
	MAY_NOT("c", "", MQTTK_ACL_READ, "user/");
	MAY("c", "x", MQTTK_ACL_READ, "user/x");
	MAY("c", "x", MQTTK_ACL_READ, "user/x/y/z");
	MAY_NOT("c", "#", MQTTK_ACL_READ, "user/x");
	MAY_NOT("$SYS", NULL, MQTTK_ACL_READ, "$SYS/state");
	MAY("c", "u", MQTTK_ACL_READ, "n-c-u");
	MAY_NOT("c", "u/v", MQTTK_ACL_READ, "user/u/v");
	MAY_NOT("d/1", NULL, MQTTK_ACL_WRITE, "dev/d/1/up");
	MAY_NOT("c", NULL, MQTTK_ACL_READ, "n-c-u");
	/* But nobody gets away from being denied. */
	begin(test, 3);
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_DENY, "not/%u/#");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_READ, "#");
	MAY("c", "u/v", MQTTK_ACL_READ, "not/w");
	MAY_NOT("c", "u/v", MQTTK_ACL_READ, "not/u/v/w");
	MAY_NOT("c", "+", MQTTK_ACL_READ, "not/w");
	MAY_NOT("#", NULL, MQTTK_ACL_READ, "not/w");
	/* A percent sign means nothing in a rule that is not for everybody. */
	begin(test, 1);
	add(test, MQTTK_ACL_ANONYMOUS, NULL, MQTTK_ACL_READ, "a/%c");
	MAY("x", NULL, MQTTK_ACL_READ, "a/%c");
	MAY_NOT("x", NULL, MQTTK_ACL_READ, "a/x");
}

static void acl_faults(struct kunit *test)
{
	struct mqttk_acl_rule rule = { .filter = str("a/#") };

	KUNIT_EXPECT_NOT_NULL(test, mqttk_acl_fault(&rule));
	rule.access = MQTTK_ACL_READ | MQTTK_ACL_DENY;
	KUNIT_EXPECT_NOT_NULL(test, mqttk_acl_fault(&rule));
	rule.access = MQTTK_ACL_DENY;
	KUNIT_EXPECT_NULL(test, mqttk_acl_fault(&rule));
	rule.whom = MQTTK_ACL_USER;
	KUNIT_EXPECT_NOT_NULL(test, mqttk_acl_fault(&rule));
	rule.user = str("u");
	KUNIT_EXPECT_NULL(test, mqttk_acl_fault(&rule));
	rule.filter = str("a/#/b");
	KUNIT_EXPECT_NOT_NULL(test, mqttk_acl_fault(&rule));
	rule.filter = nobody();
	KUNIT_EXPECT_NOT_NULL(test, mqttk_acl_fault(&rule));
}

/* No more than was said there would be, and not too many that begin alike. */
static void acl_bounds(struct kunit *test)
{
	struct acl_ctx *ctx = test->priv;
	struct mqttk_acl_rule rule = {
		.access = MQTTK_ACL_READ,
		.filter = str("a/+/c"),
	};
	unsigned int i;

	begin(test, 1);
	KUNIT_EXPECT_EQ(test, mqttk_acl_add(ctx->acl, &rule), 0);
	KUNIT_EXPECT_EQ(test, mqttk_acl_add(ctx->acl, &rule), -ENOSPC);
	KUNIT_EXPECT_EQ(test, mqttk_acl_rules(ctx->acl), 1);
	begin(test, MQTTK_RULES_ALIKE_MAX + 2);
	for (i = 0; i < MQTTK_RULES_ALIKE_MAX; i++)
		KUNIT_ASSERT_EQ(test, mqttk_acl_add(ctx->acl, &rule), 0);
	KUNIT_EXPECT_EQ(test, mqttk_acl_add(ctx->acl, &rule), -E2BIG);
	rule.filter = str("b/+/c");
	KUNIT_EXPECT_EQ(test, mqttk_acl_add(ctx->acl, &rule), 0);
}

/* What was given comes back. */
static void acl_shown(struct kunit *test)
{
	struct acl_ctx *ctx = test->priv;
	struct mqttk_acl_rule rule;
	struct mqttk_str from;

	begin(test, 2);
	add(test, MQTTK_ACL_USER, "ann", MQTTK_ACL_WRITE, "ann/+");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_DENY, "%c");
	from = mqttk_acl_source(ctx->acl);
	KUNIT_EXPECT_EQ(test, from.len, 8);
	KUNIT_EXPECT_MEMEQ(test, from.p, "/etc/acl", 8);
	mqttk_acl_rule(ctx->acl, 0, &rule);
	KUNIT_EXPECT_EQ(test, rule.whom, MQTTK_ACL_USER);
	KUNIT_EXPECT_EQ(test, rule.access, MQTTK_ACL_WRITE);
	KUNIT_EXPECT_EQ(test, rule.user.len, 3);
	KUNIT_EXPECT_MEMEQ(test, rule.user.p, "ann", 3);
	KUNIT_EXPECT_EQ(test, rule.filter.len, 5);
	KUNIT_EXPECT_MEMEQ(test, rule.filter.p, "ann/+", 5);
	mqttk_acl_rule(ctx->acl, 1, &rule);
	KUNIT_EXPECT_EQ(test, rule.whom, MQTTK_ACL_EVERYBODY);
	KUNIT_EXPECT_EQ(test, rule.filter.len, 2);
}

/* -- lists made at random --------------------------------------------------- */

static const char * const names[] = { "a", "b", "ab", "+", "a/b", "$s", "#" };

static struct mqttk_str random_name(struct acl_ctx *ctx)
{
	return str(names[below(ctx, ARRAY_SIZE(names))]);
}

static struct text random_filter(struct acl_ctx *ctx, unsigned int levels,
				 bool percent)
{
	static const char * const words[] = {
		"a", "b", "+", "a", "", "+", "%c", "%u", "x%c", "%c%u",
	};
	unsigned int i, nr = 1 + below(ctx, levels);
	struct text t = { .len = 0 };

	for (i = 0; i < nr; i++) {
		const char *word = words[below(ctx, percent ? 10 : 6)];

		if (i)
			t.p[t.len++] = '/';
		if (i == nr - 1 && !below(ctx, 3))
			word = "#";
		if (!i && !below(ctx, 8))
			word = "$s";
		memcpy(t.p + t.len, word, strlen(word));
		t.len += strlen(word);
	}
	if (!t.len)
		t = text_of("a");
	return t;
}

static struct text random_topic(struct acl_ctx *ctx)
{
	static const char * const words[] = { "a", "b", "ab", "", "xa", "x" };
	unsigned int i, nr = 1 + below(ctx, 4);
	struct text t = { .len = 0 };

	for (i = 0; i < nr; i++) {
		const char *word = words[below(ctx, ARRAY_SIZE(words))];

		if (i)
			t.p[t.len++] = '/';
		if (!i && !below(ctx, 8))
			word = "$s";
		memcpy(t.p + t.len, word, strlen(word));
		t.len += strlen(word);
	}
	if (!t.len)
		t = text_of("b");
	return t;
}

static void random_list(struct kunit *test, unsigned int accesses)
{
	struct acl_ctx *ctx = test->priv;
	unsigned int i;

	ctx->nr = 1 + below(ctx, RULES_MAX);
	begin(test, ctx->nr);
	for (i = 0; i < ctx->nr; i++) {
		struct mqttk_acl_rule *r = &ctx->rules[i];

		r->whom = below(ctx, MQTTK_ACL_WHOM_NR);
		r->access = BIT(below(ctx, accesses));
		r->user = r->whom == MQTTK_ACL_USER ? random_name(ctx) :
						      nobody();
		ctx->texts[i] = random_filter(ctx, 4, true);
		r->filter.p = ctx->texts[i].p;
		r->filter.len = ctx->texts[i].len;
		KUNIT_ASSERT_EQ(test, mqttk_acl_add(ctx->acl, r), 0);
	}
}

/* What it calls itself in place of %c and %u; no length: that cannot be. */
static struct text expanded(const struct mqttk_acl_rule *r,
			    const struct mqttk_who *who)
{
	struct text t = { .len = 0 };
	unsigned int i;

	for (i = 0; i < r->filter.len; i++) {
		const u8 *p = r->filter.p + i;
		bool two = i + 1 < r->filter.len && *p == '%' &&
			   (p[1] == 'c' || p[1] == 'u');
		const struct mqttk_str *s;

		if (r->whom != MQTTK_ACL_EVERYBODY || !two) {
			t.p[t.len++] = *p;
			continue;
		}
		s = p[1] == 'c' ? &who->id : &who->user;
		if (!s->len || (memchr(s->p, '/', s->len) &&
				!(r->access & MQTTK_ACL_DENY)))
			return (struct text){ .len = 0 };
		memcpy(t.p + t.len, s->p, s->len);
		t.len += s->len;
		i++;
	}
	if (t.p[0] == '$' && r->filter.p[0] != '$')
		t.len = 0;
	return t;
}

static bool is_about(const struct mqttk_acl_rule *r, bool everybody,
		     const struct mqttk_who *who)
{
	if (everybody || r->whom == MQTTK_ACL_EVERYBODY)
		return everybody && r->whom == MQTTK_ACL_EVERYBODY;
	if (!who->user.p)
		return r->whom == MQTTK_ACL_ANONYMOUS;
	return r->whom == MQTTK_ACL_USER && r->user.len == who->user.len &&
	       !memcmp(r->user.p, who->user.p, r->user.len);
}

static bool has_wildcard(const struct mqttk_str *s)
{
	return s->len && (memchr(s->p, '+', s->len) || memchr(s->p, '#', s->len));
}

static bool oracle(const struct acl_ctx *ctx, const struct mqttk_who *who,
		   u8 access, const struct text *topic)
{
	int everybody;
	unsigned int i;

	for (everybody = 0; everybody < 2; everybody++) {
		bool granted = false;

		if (everybody && (has_wildcard(&who->id) ||
				  has_wildcard(&who->user)))
			break;

		for (i = 0; i < ctx->nr; i++) {
			const struct mqttk_acl_rule *r = &ctx->rules[i];
			struct text f = expanded(r, who);

			if (!is_about(r, everybody, who) || !f.len ||
			    !oracle_match(f.p, f.len, topic->p, topic->len))
				continue;
			if (r->access & MQTTK_ACL_DENY)
				return false;
			granted |= r->access & access;
		}
		if (granted)
			return true;
	}
	return false;
}

static struct mqttk_who random_who(struct acl_ctx *ctx)
{
	return (struct mqttk_who){
		.id = random_name(ctx),
		.user = below(ctx, 3) ? random_name(ctx) : nobody(),
	};
}

/* A million checks. */
static void acl_random(struct kunit *test)
{
	struct acl_ctx *ctx = test->priv;
	unsigned int i, j, permitted = 0;

	for (i = 0; i < LISTS; i++) {
		random_list(test, 4);
		for (j = 0; j < CHECKS; j++) {
			struct mqttk_who who = random_who(ctx);
			struct text t = random_topic(ctx);
			u8 access = BIT(below(ctx, 2));
			bool want = oracle(ctx, &who, access, &t);

			permitted += want;
			KUNIT_ASSERT_EQ_MSG(test, want,
					    mqttk_acl_permits(ctx->acl, &who,
							      access, t.p,
							      t.len),
					    "%.*s", t.len, t.p);
		}
		cond_resched();
	}
	KUNIT_EXPECT_GT(test, permitted, LISTS * CHECKS / 50);
}

/* Every topic of up to four levels of these words. */
static struct text nth_topic(unsigned int n)
{
	static const char * const words[] = { "a", "b", "", "z", "$s" };
	struct text t = { .len = 0 };
	bool first = true;

	for (; n; n /= ARRAY_SIZE(words) + 1) {
		unsigned int word = n % (ARRAY_SIZE(words) + 1);

		if (!word)
			break;
		if (!first)
			t.p[t.len++] = '/';
		memcpy(t.p + t.len, words[word - 1], strlen(words[word - 1]));
		t.len += strlen(words[word - 1]);
		first = false;
	}
	return t;
}

#define TOPICS	(6 * 6 * 6 * 6)

static int may_subscribe(struct acl_ctx *ctx, const struct mqttk_who *who,
			 const struct text *f)
{
	const struct mqttk_str filter = { f->p, f->len };

	return mqttk_acl_permits_filter(ctx->acl, who, &filter);
}

/* Where rules permit to read, it may be subscribed to what they meet. */
static void acl_subscribe_read(struct kunit *test)
{
	const struct mqttk_who who = { .id = str("a"), .user = str("b") };
	struct acl_ctx *ctx = test->priv;
	unsigned int i, n;

	for (i = 0; i < 1000; i++) {
		struct text f = random_filter(ctx, 3, false);
		bool want = false;

		begin(test, 2);
		for (ctx->nr = 0; ctx->nr < 2; ctx->nr++) {
			struct mqttk_acl_rule *r = &ctx->rules[ctx->nr];

			ctx->texts[ctx->nr] = random_filter(ctx, 3, false);
			*r = (struct mqttk_acl_rule){
				.whom = ctx->nr ? MQTTK_ACL_EVERYBODY :
						  MQTTK_ACL_USER,
				.access = MQTTK_ACL_READ,
				.user = ctx->nr ? nobody() : str("b"),
				.filter = { ctx->texts[ctx->nr].p,
					    ctx->texts[ctx->nr].len },
			};
			KUNIT_ASSERT_EQ(test, mqttk_acl_add(ctx->acl, r), 0);
		}
		for (n = 1; n < TOPICS && !want; n++) {
			struct text t = nth_topic(n);

			/* That there is no topic "" makes no difference. */
			want = oracle_match(f.p, f.len, t.p, t.len) &&
			       oracle(ctx, &who, MQTTK_ACL_READ, &t);
		}
		KUNIT_EXPECT_EQ_MSG(test, may_subscribe(ctx, &who, &f),
				    want ? 0 : -EACCES, "%.*s of %.*s, %.*s",
				    f.len, f.p, ctx->texts[0].len,
				    ctx->texts[0].p, ctx->texts[1].len,
				    ctx->texts[1].p);
		cond_resched();
	}
}

/* Where a rule says what may be subscribed to, it has to cover it. */
static void acl_subscribe_covered(struct kunit *test)
{
	const struct mqttk_who who = { .id = str("a") };
	struct acl_ctx *ctx = test->priv;
	unsigned int i, n;

	for (i = 0; i < 1000; i++) {
		struct text f = random_filter(ctx, 3, false);
		struct text r = random_filter(ctx, 3, false);
		struct mqttk_acl_rule rule = {
			.access = MQTTK_ACL_SUBSCRIBE,
			.filter = { r.p, r.len },
		};
		bool want = true;

		begin(test, 1);
		KUNIT_ASSERT_EQ(test, mqttk_acl_add(ctx->acl, &rule), 0);
		for (n = 1; n < TOPICS && want; n++) {
			struct text t = nth_topic(n);

			want = !t.len ||
			       !oracle_match(f.p, f.len, t.p, t.len) ||
			       oracle_match(r.p, r.len, t.p, t.len);
		}
		KUNIT_EXPECT_EQ_MSG(test, may_subscribe(ctx, &who, &f),
				    want ? 0 : -EACCES, "%.*s of %.*s", f.len,
				    f.p, r.len, r.p);
		cond_resched();
	}
}

static void acl_subscribe_denied(struct kunit *test)
{
	const struct mqttk_who who = { .id = str("a") };
	const struct mqttk_who wild = { .id = str("#") };
	struct acl_ctx *ctx = test->priv;
	struct text t;

	begin(test, 3);
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_READ, "#");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_DENY, "x/+/y");
	add(test, MQTTK_ACL_EVERYBODY, NULL, MQTTK_ACL_DENY, "%c/#");
	t = text_of("x/1/y");
	KUNIT_EXPECT_EQ(test, may_subscribe(ctx, &who, &t), -EACCES);
	t = text_of("x/+/+");
	KUNIT_EXPECT_EQ(test, may_subscribe(ctx, &who, &t), 0);
	t = text_of("a/b");
	KUNIT_EXPECT_EQ(test, may_subscribe(ctx, &who, &t), -EACCES);
	KUNIT_EXPECT_EQ(test, may_subscribe(ctx, &wild, &t), -EACCES);
	t = text_of("$SYS/#");
	KUNIT_EXPECT_EQ(test, may_subscribe(ctx, &who, &t), -EACCES);
}

static struct kunit_case acl_cases[] = {
	KUNIT_CASE(acl_empty),
	KUNIT_CASE(acl_whom),
	KUNIT_CASE(acl_order),
	KUNIT_CASE(acl_names),
	KUNIT_CASE(acl_faults),
	KUNIT_CASE(acl_bounds),
	KUNIT_CASE(acl_shown),
	KUNIT_CASE_SLOW(acl_random),
	KUNIT_CASE_SLOW(acl_subscribe_read),
	KUNIT_CASE_SLOW(acl_subscribe_covered),
	KUNIT_CASE(acl_subscribe_denied),
	{ }
};

static struct kunit_suite acl_suite = {
	.name = "mqttk-acl",
	.init = acl_setup,
	.exit = acl_teardown,
	.test_cases = acl_cases,
};

kunit_test_suite(acl_suite);
