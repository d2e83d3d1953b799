/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second opinion on property lists, for KUnit and for the fuzz targets.
 * Written packet by packet from the chapters on packets, where props.c has it
 * property by property, so that one mistake is not made twice.
 */
#ifndef _MQTTK_PROPS_ORACLE_H
#define _MQTTK_PROPS_ORACLE_H

#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#include "topic_oracle.h"

#define ORACLE_PROPS	0x2b

/* By packet type, 0 for the will: the identifiers that it may have. */
static const char *const oracle_allowed[16] = {
	[0] = "\x18\x01\x02\x03\x08\x09\x26",
	[1] = "\x11\x21\x27\x22\x19\x17\x26\x15\x16",
	[2] = "\x11\x21\x24\x25\x27\x12\x22\x1f\x26\x28\x29\x2a\x13\x1a\x1c\x15\x16",
	[3] = "\x01\x02\x23\x08\x09\x26\x0b\x03",
	[4] = "\x1f\x26",
	[5] = "\x1f\x26",
	[6] = "\x1f\x26",
	[7] = "\x1f\x26",
	[8] = "\x0b\x26",
	[9] = "\x1f\x26",
	[10] = "\x26",
	[11] = "\x1f\x26",
	[12] = "",
	[13] = "",
	[14] = "\x11\x1f\x26\x1c",
	[15] = "\x15\x16\x1f\x26",
};

/*
 * Value types by the table of all properties: 1, 2 or 4 bytes, v: a variable
 * byte integer, b: binary data, s: a string, p: a pair of strings.
 */
static inline char oracle_type(unsigned int id)
{
	if (strchr("\x01\x17\x19\x24\x25\x28\x29\x2a", id))
		return '1';
	if (strchr("\x13\x21\x22\x23", id))
		return '2';
	if (strchr("\x02\x11\x18\x27", id))
		return '4';
	if (strchr("\x03\x08\x12\x15\x1a\x1c\x1f", id))
		return 's';
	if (strchr("\x09\x16", id))
		return 'b';
	return id == 0x0b ? 'v' : 'p';
}

static inline bool oracle_permits(u8 context, unsigned int id)
{
	return id && id < ORACLE_PROPS && strchr(oracle_allowed[context], id);
}

/**
 * struct oracle_props - what the oracle reads from a list
 * @seen: how often each identifier came
 * @number: the last value of each that is a number
 * @str: the last value of each that is a string or binary
 * @len: its bytes
 * @forward: where forwarded properties are copied to, or NULL
 * @forward_len: bytes of them
 */
struct oracle_props {
	unsigned int seen[ORACLE_PROPS];
	u32 number[ORACLE_PROPS];
	const u8 *str[ORACLE_PROPS];
	size_t len[ORACLE_PROPS];
	u8 *forward;
	size_t forward_len;
};

/* Bytes of a number at @p, or 0 if there is none. */
static inline size_t oracle_number(char type, const u8 *p, size_t left, u32 *v)
{
	size_t i, n = type - '0';

	*v = 0;
	if (type == 'v') {
		for (n = 0; n < left && n < 4 && p[n] & 0x80; n++)
			;
		if (n == left || n == 4 || (n && !p[n]))
			return 0;
		for (i = n + 1; i-- > 0; )
			*v = *v * 128 + (p[i] & 0x7f);
		return n + 1;
	}
	for (i = 0; n <= left && i < n; i++)
		*v = *v * 256 + p[i];
	return n <= left ? n : 0;
}

/* Bytes of a string with its length, or 0. */
static inline size_t oracle_string(bool text, const u8 *p, size_t left)
{
	size_t n = left < 2 ? 0 : 2 + p[0] * 256 + p[1];

	if (!n || n > left || (text && !oracle_utf8_valid(p + 2, n - 2)))
		return 0;
	return n;
}

/* One value's bytes, or a verdict on it. */
static inline int oracle_value(unsigned int id, const u8 *p, size_t left,
			       struct oracle_props *o)
{
	char type = oracle_type(id);
	size_t n, m;
	u32 v;

	if (type == 'p') {
		n = oracle_string(true, p, left);
		m = n ? oracle_string(true, p + n, left - n) : 0;
		return m ? (int)(n + m) : -EBADMSG;
	}
	if (type == 's' || type == 'b') {
		n = oracle_string(type == 's', p, left);
		if (!n)
			return -EBADMSG;
		if (id == 0x08 && (n == 2 || memchr(p + 2, '+', n - 2) ||
				   memchr(p + 2, '#', n - 2)))
			return -EPROTO;
		o->str[id] = p + 2;
		o->len[id] = n - 2;
		return n;
	}
	n = oracle_number(type, p, left, &v);
	if (!n)
		return -EBADMSG;
	o->number[id] = v;
	if (type == '1' && v > 1)
		return -EPROTO;
	if (!v && id == 0x23)
		return -EADDRNOTAVAIL;
	return v || !strchr("\x0b\x21\x27", id) ? (int)n : -EPROTO;
}

/* What mqttk_props_decode() is to answer; of several errors, the first. */
static inline int oracle_props(u8 context, const u8 *p, size_t len,
			       struct oracle_props *o)
{
	size_t off = 0;

	while (off < len) {
		unsigned int id = p[off];
		int n;

		if (!oracle_permits(context, id))
			return -EBADMSG;
		if (o->seen[id]++ && id != 0x26 && !(id == 0x0b && context == 3))
			return -EPROTO;
		n = oracle_value(id, p + off + 1, len - off - 1, o);
		if (n < 0)
			return n;
		if (strchr("\x01\x03\x08\x09\x26", id)) {
			if (o->forward)
				memcpy(o->forward + o->forward_len, p + off,
				       n + 1);
			o->forward_len += n + 1;
		}
		off += n + 1;
	}
	return o->seen[0x16] && !o->seen[0x15] ? -EPROTO : 0;
}

#endif /* _MQTTK_PROPS_ORACLE_H */
