/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A third opinion on strings, names and filters, made for being proved against:
 * it looks at one byte after the other, at places that are numbers and no
 * variables, and keeps what it has seen in a state. It is not the oracle of the
 * fuzz targets, nor written from it.
 */
#ifndef _PROOF_ORACLE_H
#define _PROOF_ORACLE_H

#include <linux/types.h>

/**
 * struct utf8_state - between two bytes of a string
 * @bad: it is none
 * @more: bytes of the character that are to come
 * @size: how many it has
 * @c: what is known of its code point
 */
struct utf8_state {
	bool bad;
	u8 more;
	u8 size;
	u32 c;
};

static inline void utf8_step(struct utf8_state *s, u8 byte)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (s->more) {
		s->bad |= byte >> 6 != 2;
		s->c = s->c * 64 + byte % 64;
		s->more--;
	} else {
		s->size = byte < 0x80 ? 1 : byte >> 5 == 6 ? 2 :
			  byte >> 4 == 14 ? 3 : byte >> 3 == 30 ? 4 : 0;
		s->bad |= !s->size;
		s->more = s->size ? s->size - 1 : 0;
		s->c = s->size < 2 ? byte : byte % (1 << (7 - s->size));
	}
	if (s->bad || s->more)
		return;
	s->bad = s->c < least[s->size] || s->c > 0x10ffff ||
		 s->c < ' ' || (s->c > '~' && s->c < 0xa0) ||
		 (s->c >> 11 == 0x1b) ||		/* surrogates */
		 (s->c > 0xfdcf && s->c < 0xfdf0) ||
		 s->c % 0x10000 > 0xfffd;
}

static inline bool proof_is_string(const u8 *p, size_t len)
{
	struct utf8_state s = { 0 };
	size_t i;

	for (i = 0; i < len; i++)
		utf8_step(&s, p[i]);
	return !s.bad && !s.more;
}

static inline bool is_wild(u8 c)
{
	return c == '+' || c == '#';
}

static inline bool proof_is_name(const u8 *p, size_t len)
{
	bool wild = false;
	size_t i;

	for (i = 0; i < len; i++)
		wild |= is_wild(p[i]);
	return len && !wild && proof_is_string(p, len);
}

static inline bool proof_is_filter(const u8 *p, size_t len)
{
	bool good = true;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!is_wild(p[i]))
			continue;
		good &= !i || p[i - 1] == '/';
		good &= i + 1 == len || (p[i] == '+' && p[i + 1] == '/');
	}
	return len && good && proof_is_string(p, len);
}

/*
 * Does a filter match a name? By table: m[j] says, after the round of @i,
 * whether what stands in the filter from @i on matches what stands in the name
 * from @j on. "+" takes a byte that is no slash, or nothing more.
 */
static inline bool proof_match_oracle(const u8 *f, size_t flen, const u8 *t,
				      size_t tlen)
{
	bool m[N + 1], before[N + 1];
	size_t i, j;

	for (j = 0; j <= tlen; j++)
		m[j] = j == tlen;
	for (i = flen; i-- > 0; ) {
		for (j = 0; j <= tlen; j++)
			before[j] = m[j];
		for (j = tlen + 1; j-- > 0; ) {
			if (f[i] == '#')
				m[j] = true;
			else if (f[i] == '+')
				m[j] = before[j] ||
				       (j < tlen && t[j] != '/' && m[j + 1]);
			else
				m[j] = j < tlen ? t[j] == f[i] && before[j + 1] :
				       f[i] == '/' && i + 2 == flen &&
				       f[i + 1] == '#';
		}
	}
	return m[0] && !(t[0] == '$' && is_wild(f[0]));
}

#endif /* _PROOF_ORACLE_H */
