// SPDX-License-Identifier: GPL-2.0
/*
 * nl-fuzz: one request, good, nearly good, or bad. What is good is known from
 * the specification, and from what the broker itself has answered: names and
 * identifiers that exist are what gets a request behind the first check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "fuzz.h"

#define MAX_POOLS	256
#define POOL_VALUES	32
#define POOL_BYTES	256

/* Values of an attribute that the broker has shown. */
static struct pool {
	unsigned int nr;
	unsigned int len[POOL_VALUES];
	unsigned char value[POOL_VALUES][POOL_BYTES];
} pools[MAX_POOLS];

uint64_t seed;

static unsigned char *out;
static size_t len;

uint32_t rnd(uint32_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 2685821657736338717ULL) >> 32) % below;
}

bool chance(unsigned int percent)
{
	return rnd(100) < percent;
}

static void put(const void *b, size_t n)
{
	if (len + n > MAX_REQUEST)
		return;
	memcpy(out + len, b, n);
	len += n;
}

static void put_noise(size_t n)
{
	unsigned char b;

	while (n--) {
		b = chance(30) ? 0 : rnd(256);
		put(&b, 1);
	}
}

static size_t begin(unsigned int type)
{
	struct nlattr nla = { .nla_type = type };
	size_t at = len;

	put(&nla, sizeof(nla));
	return at;
}

/* With @lie the attribute has another length than it says. */
static void end(size_t at, bool lie)
{
	struct nlattr *nla = (struct nlattr *)(out + at);

	if (len - at < sizeof(*nla))
		return;
	nla->nla_len = len - at;
	if (lie)
		nla->nla_len = chance(50) ? rnd(8) : nla->nla_len + rnd(3000) - 1000;
	while (len & 3)
		put("", 1);
}

static void put_word(const struct attr *a)
{
	static const char *const words[] = {
		"a", "a/b", "busy/0/0", "busy/+/0", "#", "+/#", "$share/g/a/#",
		"$SYS/#", "$SYS/broker/uptime", "max_packet_size", "auto-", "",
		"/", "x/", "+", "a\001", "\xc3\x28", "\xed\xa0\x80", "swarm-9",
	};
	const char *word = words[rnd(sizeof(words) / sizeof(*words))];
	char text[80];

	if (chance(30)) {
		snprintf(text, sizeof(text), "%s/%0*u", a->name,
			 chance(5) ? 64 : 1, rnd(40));
		word = text;
	}
	put(word, strlen(word) + 1);
}

static void put_number(const struct attr *a, unsigned int bytes)
{
	static const uint64_t others[] = {
		0, 1, 2, 3, 100, 255, 4096, 65535, 100000, 1ULL << 31,
	};
	uint64_t n = others[rnd(10)];

	if (a->max)
		n = a->min + rnd(a->max - a->min + 1);
	else if (a->min)
		n = a->min + rnd(2);
	/* Ports and addresses, of which few are enough. */
	if (a->big_endian && bytes == 2)
		n = htons(20000 + rnd(64));
	else if (a->big_endian)
		n = htonl(chance(90) ? 0x7f000001 : rnd(~0u));
	put(&n, bytes);
}

static void put_value(const struct attr *a, unsigned int depth);

static void put_good(const struct attr *a, unsigned int depth)
{
	size_t at = begin(a->nr | (a->type == T_NEST && chance(90) ?
				   NLA_F_NESTED : 0));

	put_value(a, depth);
	end(at, false);
}

/* What the specification allows, more or less. */
static void put_value(const struct attr *a, unsigned int depth)
{
	static const unsigned char loopback[16] = { [15] = 1 };
	const struct pool *p = &pools[a->pool];
	unsigned int i;

	if (p->nr && chance(70)) {
		i = rnd(p->nr < POOL_VALUES ? p->nr : POOL_VALUES);
		put(p->value[i], p->len[i]);
		return;
	}
	switch (a->type) {
	case T_FLAG:
		break;
	case T_STRING:
		put_word(a);
		break;
	case T_BINARY:
		if (a->exact == 16)
			put(loopback, 16);
		else
			put_noise(a->exact ? a->exact : rnd(chance(2) ? 40000 : 200));
		break;
	case T_NEST:
		for (i = 0; depth && i < a->nested->nr; i++)
			if (chance(40))
				put_good(&a->nested->attrs[i], depth - 1);
		break;
	case T_U8:
		put_number(a, 1);
		break;
	case T_U16:
		put_number(a, 2);
		break;
	case T_UINT:
		put_number(a, chance(50) ? 4 : 8);
		break;
	case T_U64:
		put_number(a, 8);
		break;
	default:
		put_number(a, 4);
		break;
	}
}

static void put_bad(const struct attr *a)
{
	static const uint64_t extremes[] = {
		0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 1ULL << 63, ~0ULL,
	};
	unsigned int type = a->nr, i;
	size_t at = len, inner[60];

	switch (rnd(10)) {
	case 0:		/* too short, or too long */
		begin(type);
		put_noise(rnd(20));
		end(at, false);
		break;
	case 1:		/* another's number, or nobody's */
		begin(chance(50) ? rnd(64) : rnd(65536));
		put_value(a, 1);
		end(at, false);
		break;
	case 2:		/* a length that is not true */
		begin(type);
		put_value(a, 1);
		end(at, true);
		break;
	case 3:		/* twice */
		put_good(a, 1);
		put_good(a, 1);
		break;
	case 4:		/* as long as can be */
		begin(type);
		put_noise(rnd(3));
		for (i = rnd(chance(20) ? 65000 : 3000); i; i--)
			put("y", 1);
		if (chance(70))
			put("", 1);
		end(at, false);
		break;
	case 5:		/* no terminator, or too early */
		begin(type);
		put_noise(1 + rnd(80));
		end(at, false);
		break;
	case 6:		/* at the edges */
		begin(type);
		put(&extremes[rnd(12)], 1 << rnd(4));
		end(at, false);
		break;
	case 7:		/* deep */
		for (i = 0; i < 60; i++)
			inner[i] = begin(type | NLA_F_NESTED);
		while (i--)
			end(inner[i], chance(1));
		break;
	case 8:		/* flags that it should not have */
		begin(type | (1 + rnd(3)) << 14);
		put_value(a, 1);
		end(at, false);
		break;
	case 9:		/* a nest of all sorts */
		begin(type | NLA_F_NESTED);
		for (i = rnd(6); i; i--) {
			inner[0] = begin(rnd(24));
			put_noise(rnd(24));
			end(inner[0], chance(10));
		}
		end(at, chance(10));
		break;
	}
}

static void put_attributes(const struct op *op, bool dump, unsigned int bad)
{
	unsigned int i, nr = dump ? op->nr_dump : op->nr_do;
	const unsigned char *which = dump ? op->dump : op->do_;
	unsigned int absent = rnd(100);
	const struct attr *a;

	for (i = 0; i < nr; i++) {
		a = &op->set->attrs[which[i]];
		if (chance(absent))
			continue;
		if (chance(bad))
			put_bad(a);
		else
			put_good(a, 3);
		if (a->multi && chance(60))
			i--;
	}
	/* Attributes that are only for answers. */
	if (bad && chance(20))
		put_good(&op->set->attrs[rnd(op->set->nr)], 1);
	if (bad && chance(5))
		put_noise(rnd(20));
}

static const struct op *by_number(unsigned int cmd)
{
	unsigned int i;

	for (i = 0; i < nr_ops; i++)
		if (ops[i].cmd == cmd)
			return &ops[i];
	return NULL;
}

static const struct op *choose_op(void)
{
	const struct op *op;

	/* What empties the broker comes seldom: there is to be something. */
	do {
		op = &ops[rnd(nr_ops)];
	} while (!op->nr_do && !op->nr_dump && op->admin && !op->has_dump &&
		 rnd(500));
	return op;
}

static void damage(struct nlmsghdr *n, struct genlmsghdr *g, struct request *r)
{
	switch (rnd(7)) {
	case 0:
		g->cmd = chance(50) ? rnd(40) : rnd(256);
		r->op = by_number(g->cmd);
		break;
	case 1:
		n->nlmsg_flags = rnd(65536);
		break;
	case 2:
		n->nlmsg_flags ^= 1 << rnd(16);
		break;
	case 3:
		g->version = rnd(256);
		break;
	case 4:
		g->reserved = rnd(65536);
		break;
	case 5:
		n->nlmsg_len = chance(50) ? rnd(64) :
			       n->nlmsg_len + rnd(200) - 100;
		break;
	case 6:
		n->nlmsg_type = rnd(16);
		break;
	}
	r->plain = false;
	r->dump = (n->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/*
 * make_request() - a request, of at most MAX_REQUEST bytes
 * @to: where to
 * @family: the number of the family
 * @seq: its number
 * @r: what it is
 *
 * Return: bytes of it, which may not be what its header says
 */
size_t make_request(unsigned char *to, uint16_t family, uint32_t seq,
		    struct request *r)
{
	const struct op *op = choose_op();
	struct genlmsghdr g = { .cmd = op->cmd, .version = 1 };
	struct nlmsghdr n = {
		.nlmsg_type = family,
		.nlmsg_seq = seq,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	unsigned int how = rnd(100);

	out = to;
	len = sizeof(n) + sizeof(g);
	r->seq = seq;
	r->op = op;
	r->dump = op->has_dump && (!op->has_do || chance(30));
	r->plain = true;
	if (how < 50)
		put_attributes(op, r->dump, 0);
	else if (how < 85)
		put_attributes(op, r->dump, 40);
	else if (how < 90)
		put_noise(rnd(chance(5) ? 4000 : 60));
	else
		put_attributes(op, r->dump, 10);
	if (r->dump)
		n.nlmsg_flags |= NLM_F_DUMP;
	n.nlmsg_len = len;
	if (how >= 95)
		damage(&n, &g, r);
	memcpy(to, &n, sizeof(n));
	memcpy(to + sizeof(n), &g, sizeof(g));
	return (len + 3) & ~3;
}

/*
 * learn() - remember what the broker shows
 * @op: of the answer
 * @b: its attributes
 * @n: bytes of them
 */
void learn(const struct op *op, const unsigned char *b, size_t n)
{
	const struct nlattr *nla;
	unsigned int i, size, step;
	struct pool *p;

	for (; n >= sizeof(*nla); b += step, n -= step < n ? step : n) {
		nla = (const struct nlattr *)b;
		if (nla->nla_len < sizeof(*nla) || nla->nla_len > n)
			return;
		step = (nla->nla_len + 3) & ~3u;
		size = nla->nla_len - sizeof(*nla);
		for (i = 0; i < op->set->nr; i++)
			if (op->set->attrs[i].nr == (nla->nla_type & NLA_TYPE_MASK))
				break;
		if (i == op->set->nr || size > POOL_BYTES ||
		    op->set->attrs[i].type == T_NEST ||
		    op->set->attrs[i].pool >= MAX_POOLS)
			continue;
		p = &pools[op->set->attrs[i].pool];
		i = p->nr++ % POOL_VALUES;
		p->len[i] = size;
		memcpy(p->value[i], nla + 1, size);
	}
}
