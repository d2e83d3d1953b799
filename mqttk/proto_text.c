// SPDX-License-Identifier: GPL-2.0
/*
 * Is a payload text, as its publisher says? It may be as large as a message
 * can be and lie in many pages, so it is read where it lies, bit by bit.
 */
#include <kunit/visibility.h>
#include <linux/bvec.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "msg.h"
#include "proto_impl.h"

/**
 * struct utf8 - between two bytes of a text
 * @left: bytes the character still needs
 * @min: the next byte's smallest value, while @left
 * @max: its largest one
 */
struct utf8 {
	u8 left;
	u8 min;
	u8 max;
};

/* The first byte of a character of several, and what may follow it. */
static bool begin_char(struct utf8 *u, u8 c)
{
	u->min = 0x80;
	u->max = 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return false;
	u->left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	/* Neither longer than need be, nor a surrogate, nor beyond Unicode. */
	if (c == 0xe0)
		u->min = 0xa0;
	else if (c == 0xed)
		u->max = 0x9f;
	else if (c == 0xf0)
		u->min = 0x90;
	else if (c == 0xf4)
		u->max = 0x8f;
	return true;
}

static bool feed(struct utf8 *u, const u8 *p, size_t len)
{
	const u8 *end = p + len;

	for (; p < end; p++) {
		if (u->left) {
			if (*p < u->min || *p > u->max)
				return false;
			u->left--;
			u->min = 0x80;
			u->max = 0xbf;
		} else if (*p >= 0x80 && !begin_char(u, *p)) {
			return false;
		}
	}
	return true;
}

/**
 * mqttk_proto_is_text - is a payload UTF-8?
 * @msg: a complete message
 *
 * Unlike in the strings of packets every character is allowed, NUL too
 * (section 3.3.2.3.2 of MQTT 5.0).
 *
 * Context: process; yields.
 * Return: true if it is
 */
bool mqttk_proto_is_text(const struct mqttk_msg *msg)
{
	u32 left = msg->payload_len;
	struct utf8 u = { };
	u32 i, len;
	bool ok;
	u8 *p;

	if (!msg->bvec)
		return feed(&u, mqttk_msg_inline(msg), left) && !u.left;
	for (i = 0; left && i < msg->nr_pages; i++) {
		len = min_t(u32, left, PAGE_SIZE);
		p = bvec_kmap_local(&msg->bvec[i]);
		ok = feed(&u, p, len);
		kunmap_local(p);
		if (!ok)
			return false;
		left -= len;
		cond_resched();
	}
	return !u.left;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_proto_is_text);
