// SPDX-License-Identifier: GPL-2.0
/*
 * The access control list.
 *
 * What it says follows mosquitto's acl_file: a client is judged by the rules of
 * its user name, or by those for clients without one, and if they say nothing
 * by those for everybody. A rule that denies goes before those that permit;
 * what nothing permits is denied.
 *
 * What a client calls itself must not get it more than it was meant to have: the
 * rules for everybody permit nothing to one whose client identifier or user name
 * has a wildcard in it, and %c and %u in a rule that permits stand for no name
 * that is more than one level.
 *
 * A list is one allocation and does not change. Its rules stand in a hash table
 * under the levels they begin with, up to the first that is not literal. A topic
 * is looked up level by level, so that what a check costs depends on the depth
 * of the topic and on how many rules begin alike, not on how many there are.
 *
 *	user	whom	levels		rest
 *	hub	USER	site/hall	+/temp		site/hall/+/temp
 *	-	EVERYBODY	dev	%c/#		dev/%c/#
 */
#include <kunit/visibility.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "acl.h"
#include "limits.h"

/**
 * struct rule - a rule
 * @next: the next in its bucket, counted from 1; 0: none
 * @hash: of whom it is for and of the levels it begins with
 * @text: where in the list's text the user name is, the filter behind it
 * @user_len: bytes of user name
 * @len: bytes of filter
 * @prefix: bytes of filter that are literal levels, without the slash behind
 * @access: what it permits
 * @whom: enum mqttk_acl_whom
 */
struct rule {
	u32 next;
	u32 hash;
	u32 text;
	u16 user_len;
	u16 len;
	u16 prefix;
	u8 access;
	u8 whom;
};

/**
 * struct mqttk_acl - an access control list
 * @ref: one for whom it holds, one for each who looks for longer than RCU allows
 * @rcu: freed a grace period after the last
 * @limits: whose MQTTK_BUDGET_CLIENT it is charged to
 * @size: bytes of all of it
 * @seed: of its hashes
 * @nr: rules
 * @room: rules there is room for
 * @shift: of a hash, to get the bucket
 * @text_len: bytes of @text
 * @text_room: bytes there is room for
 * @depths: how many levels rules begin with, by whom they are for
 * @has: what the rules permit, by whom they are for
 * @buckets: the first rule of each, counted from 1; 0: none
 * @rules: the rules in the order in which they were given
 * @source_len: bytes of @text that say where it was read from, its first ones
 * @text: user names and filters
 */
struct mqttk_acl {
	refcount_t ref;
	struct rcu_head rcu;
	struct mqttk_limits *limits;
	size_t size;
	u32 seed;
	u32 nr;
	u32 room;
	u32 shift;
	size_t text_len;
	size_t text_room;
	u16 source_len;
	DECLARE_BITMAP(depths[MQTTK_ACL_WHOM_NR], MQTTK_TOPIC_LEVELS_MAX + 1);
	u8 has[MQTTK_ACL_WHOM_NR];
	u32 *buckets;
	u8 *text;
	struct rule rules[];
};

static const u8 *user_of(const struct mqttk_acl *acl, const struct rule *r)
{
	return acl->text + r->text;
}

static const u8 *filter_of(const struct mqttk_acl *acl, const struct rule *r)
{
	return acl->text + r->text + r->user_len;
}

/* -- making one ------------------------------------------------------------- */

/**
 * mqttk_acl_alloc - begin a list
 * @limits: whose budget it is charged to
 * @nr: rules that will be added, at most MQTTK_RULES_MAX
 * @text: bytes of their user names and filters, at most MQTTK_ACL_TEXT_MAX
 * @source: where it was read from, for people; is copied
 *
 * Context: process; may sleep.
 * Return: a list without a rule, which permits nothing; NULL over the budget or
 *	without memory
 */
struct mqttk_acl *mqttk_acl_alloc(struct mqttk_limits *limits, u32 nr,
				  size_t text,
				  const struct mqttk_str *source)
{
	u32 buckets = roundup_pow_of_two(max(nr, 2U));
	size_t rules = struct_size_t(struct mqttk_acl, rules, nr);
	size_t size = size_add(rules + buckets * sizeof(u32), text + source->len);
	struct mqttk_acl *acl;

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, size))
		return NULL;
	acl = kvzalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!acl) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, size);
		return NULL;
	}
	refcount_set(&acl->ref, 1);
	acl->limits = limits;
	acl->size = size;
	acl->seed = get_random_u32();
	acl->room = nr;
	acl->shift = 32 - ilog2(buckets);
	acl->text_room = text + source->len;
	acl->source_len = source->len;
	acl->text_len = source->len;
	acl->buckets = (void *)acl + rules;
	acl->text = (void *)(acl->buckets + buckets);
	memcpy(acl->text, source->p, source->len);
	return acl;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_alloc);

/* The hash of no levels. */
static u32 hash_whom(const struct mqttk_acl *acl, enum mqttk_acl_whom whom,
		     const struct mqttk_str *user)
{
	return whom == MQTTK_ACL_USER ? jhash(user->p, user->len, acl->seed) :
	       acl->seed + 1 + whom;
}

static u32 hash_level(u32 hash, const u8 *level, size_t len)
{
	return jhash(level, len, hash);
}

static u32 bucket_of(const struct mqttk_acl *acl, u32 hash)
{
	return hash * GOLDEN_RATIO_32 >> acl->shift;
}

static bool is_percent(const u8 *p, size_t left)
{
	return left >= 2 && p[0] == '%' && (p[1] == 'c' || p[1] == 'u');
}

static bool is_literal(const struct mqttk_acl_rule *rule, const u8 *level,
		       size_t len)
{
	size_t i;

	if (len == 1 && (*level == '+' || *level == '#'))
		return false;
	if (rule->whom != MQTTK_ACL_EVERYBODY)
		return true;
	for (i = 0; i < len; i++)
		if (is_percent(level + i, len - i))
			return false;
	return true;
}

/*
 * Goes through the levels that are literal. Returns how many; the slash behind
 * the last is not part of them.
 */
static unsigned int hash_prefix(const struct mqttk_acl_rule *rule,
				struct rule *r)
{
	const struct mqttk_str *f = &rule->filter;
	unsigned int depth = 0;
	size_t off = 0, n;

	while (off <= f->len) {
		n = mqttk_topic_level(f->p, f->len, off);
		if (!is_literal(rule, f->p + off, n))
			break;
		r->hash = hash_level(r->hash, f->p + off, n);
		r->prefix = off + n;
		off += n + 1;
		depth++;
	}
	return depth;
}

/**
 * mqttk_acl_fault - is this a rule?
 * @rule: what somebody asks for
 *
 * Return: what is wrong with it, or NULL
 */
const char *mqttk_acl_fault(const struct mqttk_acl_rule *rule)
{
	if (!mqttk_filter_valid(rule->filter.p, rule->filter.len))
		return "a rule needs a valid topic filter";
	if (!rule->access || (rule->access & MQTTK_ACL_DENY &&
			      rule->access != MQTTK_ACL_DENY))
		return "a rule permits or denies";
	if (rule->whom == MQTTK_ACL_USER && !rule->user.len)
		return "a user has a name";
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_fault);

static bool is_alike(const struct mqttk_acl *acl, const struct rule *a,
		     const struct rule *b)
{
	return a->hash == b->hash && a->whom == b->whom &&
	       a->user_len == b->user_len && a->prefix == b->prefix &&
	       !memcmp(user_of(acl, a), user_of(acl, b), a->user_len) &&
	       !memcmp(filter_of(acl, a), filter_of(acl, b), a->prefix);
}

/**
 * mqttk_acl_add - add a rule
 * @acl: a list nobody else sees yet
 * @rule: a rule without a fault; its strings are copied
 *
 * Return: 0; -ENOSPC if there is no room for it; -E2BIG if there are
 *	MQTTK_RULES_ALIKE_MAX like it
 */
int mqttk_acl_add(struct mqttk_acl *acl, const struct mqttk_acl_rule *rule)
{
	size_t text = (size_t)rule->user.len + rule->filter.len;
	unsigned int depth, alike = 0;
	struct rule *r;
	u32 *bucket, i;

	if (acl->nr == acl->room || text > acl->text_room - acl->text_len)
		return -ENOSPC;
	r = &acl->rules[acl->nr];
	*r = (struct rule){
		.hash = hash_whom(acl, rule->whom, &rule->user),
		.text = acl->text_len,
		.user_len = rule->user.len,
		.len = rule->filter.len,
		.access = rule->access,
		.whom = rule->whom,
	};
	memcpy(acl->text + r->text, rule->user.p, rule->user.len);
	memcpy(acl->text + r->text + r->user_len, rule->filter.p,
	       rule->filter.len);
	depth = hash_prefix(rule, r);
	bucket = &acl->buckets[bucket_of(acl, r->hash)];
	for (i = *bucket; i; i = acl->rules[i - 1].next)
		alike += is_alike(acl, r, &acl->rules[i - 1]);
	if (alike >= MQTTK_RULES_ALIKE_MAX)
		return -E2BIG;
	acl->text_len += text;
	acl->nr++;
	r->next = *bucket;
	*bucket = acl->nr;
	__set_bit(depth, acl->depths[rule->whom]);
	acl->has[rule->whom] |= rule->access;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_add);

/**
 * mqttk_acl_get - keep a list
 * @acl: the list, under RCU, or NULL
 *
 * Return: @acl with a reference; NULL if it is going
 */
struct mqttk_acl *mqttk_acl_get(struct mqttk_acl *acl)
{
	return acl && refcount_inc_not_zero(&acl->ref) ? acl : NULL;
}

/**
 * mqttk_acl_put - drop a reference
 * @acl: the list, or NULL; readers under RCU may still see it
 *
 * Context: process.
 */
void mqttk_acl_put(struct mqttk_acl *acl)
{
	if (!acl || !refcount_dec_and_test(&acl->ref))
		return;
	mqttk_uncharge(acl->limits, MQTTK_BUDGET_CLIENT, acl->size);
	kvfree_rcu(acl, rcu);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_put);

/**
 * mqttk_acl_source - where was it read from?
 * @acl: the list
 *
 * Return: as it was given; lives as long as the list
 */
struct mqttk_str mqttk_acl_source(const struct mqttk_acl *acl)
{
	return (struct mqttk_str){ acl->text, acl->source_len };
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_source);

/**
 * mqttk_acl_rules - how many rules are there?
 * @acl: the list
 *
 * Return: their number
 */
u32 mqttk_acl_rules(const struct mqttk_acl *acl)
{
	return acl->nr;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_rules);

/**
 * mqttk_acl_rule - a rule as it was given
 * @acl: the list
 * @i: which, in the order given
 * @rule: filled; its strings live as long as the list
 */
void mqttk_acl_rule(const struct mqttk_acl *acl, u32 i,
		    struct mqttk_acl_rule *rule)
{
	const struct rule *r = &acl->rules[i];

	*rule = (struct mqttk_acl_rule){
		.whom = r->whom,
		.access = r->access,
		.user = { user_of(acl, r), r->user_len },
		.filter = { filter_of(acl, r), r->len },
	};
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_rule);

/* -- may it publish, or read? ----------------------------------------------- */

/* Where in a topic, and in the filter of a rule for everybody, a match is. */
struct place {
	size_t f;
	size_t t;
};

/*
 * What stands for %c or %u in a rule, or NULL. A name of several levels is one
 * to be denied things by, not one to get at them.
 */
static const struct mqttk_str *name_for(const struct rule *r, u8 what,
					const struct mqttk_who *who)
{
	const struct mqttk_str *s = what == 'c' ? &who->id : &who->user;

	if (!s->p || !s->len)
		return NULL;
	if (!(r->access & MQTTK_ACL_DENY) && memchr(s->p, '/', s->len))
		return NULL;
	return s;
}

/* The topic has to have what stands for %c or %u. */
static bool match_name(struct place *at, const struct mqttk_str *s,
		       const u8 *topic, u16 len)
{
	if (!s || len - at->t < s->len ||
	    memcmp(topic + at->t, s->p, s->len))
		return false;
	at->t += s->len;
	at->f += 2;
	return true;
}

/* As mqttk_topic_match(), with %c and %u. */
static bool match_everybody(const struct rule *r, const u8 *f,
			    const struct mqttk_who *who,
			    const u8 *topic, u16 len)
{
	size_t flen = r->len;
	struct place at = {};
	bool begins = true;	/* a level of the filter */

	/* Nobody gets at such topics by calling itself so. */
	if (len && *topic == '$' && *f != '$')
		return false;
	while (at.f < flen) {
		if (begins && f[at.f] == '#')
			return true;
		if (begins && f[at.f] == '+') {
			at.t += mqttk_topic_level(topic, len, at.t);
			at.f++;
			begins = false;
			continue;
		}
		if (is_percent(f + at.f, flen - at.f)) {
			if (!match_name(&at, name_for(r, f[at.f + 1], who),
					topic, len))
				return false;
			begins = false;
			continue;
		}
		if (at.t == len)
			/* "a/#" is for "a", too. */
			return flen - at.f == 2 && f[at.f] == '/' &&
			       f[at.f + 1] == '#';
		if (f[at.f] != topic[at.t])
			return false;
		begins = f[at.f] == '/';
		at.f++;
		at.t++;
	}
	return at.t == len;
}

static bool is_for(const struct mqttk_acl *acl, const struct rule *r,
		   enum mqttk_acl_whom whom, const struct mqttk_who *who)
{
	if (r->whom != whom)
		return false;
	return whom != MQTTK_ACL_USER ||
	       (r->user_len == who->user.len &&
		!memcmp(user_of(acl, r), who->user.p, r->user_len));
}

static bool matches(const struct mqttk_acl *acl, const struct rule *r,
		    const struct mqttk_who *who, const u8 *topic, u16 len)
{
	const u8 *f = filter_of(acl, r);

	if (r->whom == MQTTK_ACL_EVERYBODY)
		return match_everybody(r, f, who, topic, len);
	return mqttk_topic_match(f, r->len, topic, len);
}

/* What the rules that begin so say of a topic. */
static u8 judge_bucket(const struct mqttk_acl *acl, u32 hash,
		       enum mqttk_acl_whom whom, const struct mqttk_who *who,
		       const u8 *topic, u16 len)
{
	const struct rule *r;
	u8 said = 0;
	u32 i;

	for (i = acl->buckets[bucket_of(acl, hash)]; i; i = r->next) {
		r = &acl->rules[i - 1];
		/* It says nothing new. */
		if (r->hash != hash || !(r->access & ~said))
			continue;
		if (is_for(acl, r, whom, who) &&
		    matches(acl, r, who, topic, len))
			said |= r->access;
	}
	return said;
}

/* What all rules for somebody say of a topic. */
static u8 judge(const struct mqttk_acl *acl, enum mqttk_acl_whom whom,
		const struct mqttk_who *who, const u8 *topic, u16 len)
{
	const unsigned long *depths = acl->depths[whom];
	u32 hash = hash_whom(acl, whom, &who->user);
	unsigned int depth = 0, last;
	size_t off = 0, n;
	u8 said = 0;

	last = find_last_bit(depths, MQTTK_TOPIC_LEVELS_MAX + 1);
	if (last > MQTTK_TOPIC_LEVELS_MAX)
		return 0;
	for (;;) {
		if (test_bit(depth, depths))
			said |= judge_bucket(acl, hash, whom, who, topic, len);
		if (said & MQTTK_ACL_DENY || depth == last || off > len)
			return said;
		n = mqttk_topic_level(topic, len, off);
		hash = hash_level(hash, topic + off, n);
		off += n + 1;
		depth++;
	}
}

static enum mqttk_acl_whom whom_of(const struct mqttk_who *who)
{
	return who->user.p ? MQTTK_ACL_USER : MQTTK_ACL_ANONYMOUS;
}

static bool is_wild(const struct mqttk_str *s)
{
	return s->p && (memchr(s->p, '+', s->len) || memchr(s->p, '#', s->len));
}

/* Are there rules for everybody for it? */
static bool is_anybody(const struct mqttk_who *who)
{
	return !is_wild(&who->id) && !is_wild(&who->user);
}

/**
 * mqttk_acl_permits - may a client?
 * @acl: the list, under RCU
 * @who: the client
 * @access: MQTTK_ACL_READ or MQTTK_ACL_WRITE
 * @topic: a valid topic name
 * @len: its length
 *
 * Context: any.
 * Return: true if it may
 */
bool mqttk_acl_permits(const struct mqttk_acl *acl, const struct mqttk_who *who,
		       u8 access, const u8 *topic, u16 len)
{
	u8 said = judge(acl, whom_of(who), who, topic, len);

	if (!(said & (access | MQTTK_ACL_DENY)) && is_anybody(who))
		said = judge(acl, MQTTK_ACL_EVERYBODY, who, topic, len);
	return (said & access) && !(said & MQTTK_ACL_DENY);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_permits);

/* -- may it subscribe? ------------------------------------------------------ */

/* What two filters have to do with each other. */
enum relation {
	APART,		/* no topic matches both */
	MEETS,		/* some may */
	COVERS,		/* what matches the second matches the first */
};

static bool is_level(const u8 *level, size_t len, char c)
{
	return len == 1 && *level == c;
}

/* Of one level of each. */
static enum relation relate_level(const u8 *a, size_t alen,
				  const u8 *b, size_t blen)
{
	if (is_level(a, alen, '+'))
		return COVERS;
	if (is_level(b, blen, '+'))
		return MEETS;
	return alen == blen && !memcmp(a, b, alen) ? COVERS : APART;
}

/* Wildcards do not match what begins with a dollar sign. */
static bool differ_in_dollar(const u8 *a, const u8 *b)
{
	return (*a == '$') != (*b == '$');
}

static enum relation relate(const u8 *a, size_t alen, const u8 *b, size_t blen)
{
	enum relation all = COVERS, one;
	size_t i = 0, j = 0, m, n;

	if (differ_in_dollar(a, b))
		return APART;
	while (i <= alen && j <= blen) {
		m = mqttk_topic_level(a, alen, i);
		n = mqttk_topic_level(b, blen, j);
		if (is_level(a + i, m, '#'))
			return all;
		if (is_level(b + j, n, '#'))
			/* No topic has less than one level. */
			return !i && alen == 3 && !memcmp(a, "+/#", 3) ?
			       COVERS : MEETS;
		one = relate_level(a + i, m, b + j, n);
		if (one == APART)
			return APART;
		all = min(all, one);
		i += m + 1;
		j += n + 1;
	}
	if (i > alen && j > blen)
		return all;
	/* "a/#" is for "a", too; one that has no more levels meets just that. */
	if (i <= alen)
		return is_level(a + i, alen - i, '#') ? all : APART;
	return is_level(b + j, blen - j, '#') ? MEETS : APART;
}

/*
 * Writes a filter with what %c and %u stand for. Returns its length; 0 if it is
 * for no topic, or for none that can be.
 */
static size_t expand(u8 *buf, size_t room, const struct rule *r, const u8 *f,
		     const struct mqttk_who *who)
{
	const struct mqttk_str *s;
	size_t i = 0, n = 0;

	while (i < r->len) {
		struct mqttk_str one = { f + i, 1 };

		s = &one;
		if (is_percent(f + i, r->len - i)) {
			s = name_for(r, f[++i], who);
			if (!s)
				return 0;
		}
		if (s->len > room - n)
			return 0;
		memcpy(buf + n, s->p, s->len);
		n += s->len;
		i++;
	}
	/* Nobody gets at such topics by calling itself so. */
	return *buf == '$' && *f != '$' ? 0 : n;
}

/**
 * struct verdict - what the rules for somebody say of a filter
 * @denied: all that matches it is denied
 * @read: something that matches it may be read
 * @subscribe: it may be subscribed to
 */
struct verdict {
	bool denied;
	bool read;
	bool subscribe;
};

static void judge_filter(const struct rule *r, const u8 *f, size_t flen,
			 const struct mqttk_str *filter, struct verdict *v)
{
	enum relation rel = relate(f, flen, filter->p, filter->len);

	if (rel == APART)
		return;
	if (r->access & MQTTK_ACL_DENY && rel == COVERS)
		v->denied = true;
	if (r->access & MQTTK_ACL_READ)
		v->read = true;
	if (r->access & MQTTK_ACL_SUBSCRIBE && rel == COVERS)
		v->subscribe = true;
}

/* What all rules say of a filter to a client, by whom they are for. */
static void judge_all(const struct mqttk_acl *acl, const struct mqttk_who *who,
		      const struct mqttk_str *filter, u8 *buf,
		      struct verdict *own, struct verdict *all)
{
	enum mqttk_acl_whom whom = whom_of(who);
	bool anybody = is_anybody(who);
	const struct rule *r;
	size_t n;

	for (r = acl->rules; r < acl->rules + acl->nr; r++) {
		if (is_for(acl, r, whom, who))
			judge_filter(r, filter_of(acl, r), r->len, filter, own);
		if (anybody && r->whom == MQTTK_ACL_EVERYBODY) {
			n = expand(buf, MQTTK_TOPIC_LEN_MAX, r,
				   filter_of(acl, r), who);
			if (n)
				judge_filter(r, buf, n, filter, all);
		}
		cond_resched();
	}
}

/**
 * mqttk_acl_permits_filter - may a client subscribe?
 * @acl: the list, with a reference
 * @who: the client
 * @filter: a valid filter, without the name of a share
 *
 * Where rules say what its clients may subscribe to, one of them has to cover
 * the filter. Otherwise it may, unless it could never be sent anything: because
 * all that matches the filter is denied, or nothing is permitted to be read.
 *
 * Context: process; may sleep, yields.
 * Return: 0 if it may; -EACCES; -ENOMEM
 */
int mqttk_acl_permits_filter(const struct mqttk_acl *acl,
			     const struct mqttk_who *who,
			     const struct mqttk_str *filter)
{
	u8 has = acl->has[whom_of(who)] | acl->has[MQTTK_ACL_EVERYBODY];
	struct verdict own = {}, all = {};
	u8 *buf;

	buf = kvmalloc(MQTTK_TOPIC_LEN_MAX, GFP_KERNEL_ACCOUNT | __GFP_NORETRY |
		       __GFP_NOWARN);
	if (!buf)
		return -ENOMEM;
	judge_all(acl, who, filter, buf, &own, &all);
	kvfree(buf);
	if (own.denied)
		return -EACCES;
	if (has & MQTTK_ACL_SUBSCRIBE) {
		if (own.subscribe)
			return 0;
		return all.subscribe && !all.denied ? 0 : -EACCES;
	}
	if (own.read)
		return 0;
	return all.read && !all.denied ? 0 : -EACCES;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_acl_permits_filter);
