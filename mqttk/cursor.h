/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading and writing the data types that packets are made of. Every read goes
 * through a cursor that knows where the packet ends. Private to the files of
 * the wire format.
 */
#ifndef _MQTTK_CURSOR_H
#define _MQTTK_CURSOR_H

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "topic.h"

/* Bytes of a variable byte integer. */
#define VARINT_MAX	4

/**
 * struct cursor - what is left of a packet
 * @p: next byte
 * @left: bytes left at @p
 */
struct cursor {
	const u8 *p;
	size_t left;
};

static inline void skip(struct cursor *cur, size_t n)
{
	cur->p += n;
	cur->left -= n;
}

static inline bool get_u8(struct cursor *cur, u8 *v)
{
	if (cur->left < 1)
		return false;
	*v = *cur->p;
	skip(cur, 1);
	return true;
}

static inline bool get_u16(struct cursor *cur, u16 *v)
{
	if (cur->left < 2)
		return false;
	*v = get_unaligned_be16(cur->p);
	skip(cur, 2);
	return true;
}

static inline bool get_u32(struct cursor *cur, u32 *v)
{
	if (cur->left < 4)
		return false;
	*v = get_unaligned_be32(cur->p);
	skip(cur, 4);
	return true;
}

/* Two bytes of length and as many bytes of anything. */
static inline bool get_binary(struct cursor *cur, struct mqttk_str *s)
{
	u16 len;

	if (!get_u16(cur, &len) || cur->left < len)
		return false;
	s->p = cur->p;
	s->len = len;
	skip(cur, len);
	return true;
}

static inline bool get_string(struct cursor *cur, struct mqttk_str *s)
{
	return get_binary(cur, s) && mqttk_utf8_valid(s->p, s->len);
}

/*
 * Returns the bytes it took, 0 if it is cut short, or -EBADMSG if a fifth byte
 * were needed or, where @minimal, a shorter form says the same
 * [MQTT-1.5.5-1].
 */
static inline int get_varint(struct cursor *cur, bool minimal, u32 *v)
{
	unsigned int n;
	u8 byte;

	*v = 0;
	for (n = 0; n < VARINT_MAX; n++) {
		if (!get_u8(cur, &byte))
			return 0;
		*v |= (u32)(byte & 0x7f) << 7 * n;
		if (byte & 0x80)
			continue;
		return minimal && n && !byte ? -EBADMSG : (int)n + 1;
	}
	return -EBADMSG;
}

/* Bytes that put_varint() writes. */
static inline unsigned int varint_size(u32 v)
{
	return v < 1 << 7 ? 1 : v < 1 << 14 ? 2 : v < 1 << 21 ? 3 : 4;
}

/* Returns the bytes written, VARINT_MAX at most. */
static inline unsigned int put_varint(u8 *buf, u32 v)
{
	unsigned int n = 0;

	while (v > 0x7f && n < VARINT_MAX - 1) {
		buf[n++] = 0x80 | (v & 0x7f);
		v >>= 7;
	}
	buf[n++] = v & 0x7f;
	return n;
}

#endif /* _MQTTK_CURSOR_H */
