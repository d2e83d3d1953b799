/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second opinion on strings, filters and matching, for KUnit and for the
 * fuzz targets. Slow on purpose, and written from the standards' tables rather
 * than from topic.c, so that one mistake is not made twice.
 */
#ifndef _MQTTK_TOPIC_ORACLE_H
#define _MQTTK_TOPIC_ORACLE_H

#include <linux/string.h>
#include <linux/types.h>

#ifndef ORACLE_LEVELS
#define ORACLE_LEVELS	12
#endif

struct oracle_level {
	const u8 *p;
	size_t len;
};

static inline size_t oracle_split(const u8 *p, size_t len,
				  struct oracle_level *level)
{
	size_t i, nr = 0, start = 0;

	for (i = 0; i <= len; i++) {
		if (i < len && p[i] != '/')
			continue;
		level[nr].p = p + start;
		level[nr++].len = i - start;
		start = i + 1;
	}
	return nr;
}

static inline bool oracle_is(const struct oracle_level *l, char c)
{
	return l->len == 1 && l->p[0] == c;
}

/*
 * m[j] after round i: do filter levels i… match topic levels j…? Filled from
 * the back, so every cell follows from the round before.
 */
static inline bool oracle_match(const u8 *filter, size_t flen,
				const u8 *topic, size_t tlen)
{
	struct oracle_level f[ORACLE_LEVELS], t[ORACLE_LEVELS];
	size_t nf = oracle_split(filter, flen, f);
	size_t nt = oracle_split(topic, tlen, t);
	bool m[ORACLE_LEVELS + 1] = { false };
	size_t i, j;

	if (topic[0] == '$' && (oracle_is(&f[0], '#') || oracle_is(&f[0], '+')))
		return false;

	m[nt] = true;
	for (i = nf; i-- > 0; ) {
		bool hash = oracle_is(&f[i], '#');

		for (j = 0; j <= nt; j++) {
			if (hash)
				m[j] = true;
			else if (j == nt)
				m[j] = false;
			else
				m[j] = m[j + 1] &&
				       (oracle_is(&f[i], '+') ||
					(f[i].len == t[j].len &&
					 !memcmp(f[i].p, t[j].p, t[j].len)));
		}
	}
	return m[0];
}

/* The well-formed byte sequences of Unicode's table 3-7. */
static const struct oracle_utf8 {
	u8 n;
	u8 lo[4];
	u8 hi[4];
} oracle_utf8[] = {
	{ 1, { 0x00 }, { 0x7f } },
	{ 2, { 0xc2, 0x80 }, { 0xdf, 0xbf } },
	{ 3, { 0xe0, 0xa0, 0x80 }, { 0xe0, 0xbf, 0xbf } },
	{ 3, { 0xe1, 0x80, 0x80 }, { 0xec, 0xbf, 0xbf } },
	{ 3, { 0xed, 0x80, 0x80 }, { 0xed, 0x9f, 0xbf } },
	{ 3, { 0xee, 0x80, 0x80 }, { 0xef, 0xbf, 0xbf } },
	{ 4, { 0xf0, 0x90, 0x80, 0x80 }, { 0xf0, 0xbf, 0xbf, 0xbf } },
	{ 4, { 0xf1, 0x80, 0x80, 0x80 }, { 0xf3, 0xbf, 0xbf, 0xbf } },
	{ 4, { 0xf4, 0x80, 0x80, 0x80 }, { 0xf4, 0x8f, 0xbf, 0xbf } },
};

/* The sequences that are well formed and yet refused, by the same notation. */
static const struct oracle_utf8 oracle_refused[] = {
	{ 1, { 0x00 }, { 0x1f } },				/* C0 */
	{ 1, { 0x7f }, { 0x7f } },				/* DEL */
	{ 2, { 0xc2, 0x80 }, { 0xc2, 0x9f } },			/* C1 */
	{ 3, { 0xef, 0xb7, 0x90 }, { 0xef, 0xb7, 0xaf } },	/* U+FDD0… */
	{ 3, { 0xef, 0xbf, 0xbe }, { 0xef, 0xbf, 0xbf } },	/* U+FFFE, F */
	/* The last two of planes 1 to 16. */
	{ 4, { 0xf0, 0x9f, 0xbf, 0xbe }, { 0xf4, 0x9f, 0xbf, 0xbf } },
	{ 4, { 0xf0, 0xaf, 0xbf, 0xbe }, { 0xf4, 0xaf, 0xbf, 0xbf } },
	{ 4, { 0xf0, 0xbf, 0xbf, 0xbe }, { 0xf4, 0xbf, 0xbf, 0xbf } },
	{ 4, { 0xf0, 0x8f, 0xbf, 0xbe }, { 0xf4, 0x8f, 0xbf, 0xbf } },
};

static inline size_t oracle_row(const struct oracle_utf8 *row, const u8 *p,
				size_t left)
{
	size_t i;

	if (left < row->n)
		return 0;
	for (i = 0; i < row->n; i++)
		if (p[i] < row->lo[i] || p[i] > row->hi[i])
			return 0;
	return row->n;
}

static inline bool oracle_utf8_valid(const u8 *p, size_t len)
{
	size_t i, n;

	while (len) {
		n = 0;
		for (i = 0; i < sizeof(oracle_utf8) / sizeof(*oracle_utf8); i++)
			n += oracle_row(&oracle_utf8[i], p, len);
		if (!n)
			return false;
		for (i = 0;
		     i < sizeof(oracle_refused) / sizeof(*oracle_refused); i++)
			if (oracle_row(&oracle_refused[i], p, n))
				return false;
		p += n;
		len -= n;
	}
	return true;
}

#endif /* _MQTTK_TOPIC_ORACLE_H */
