/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that what is written for sockets goes to, side by side.
 */
#ifndef MQTTK_FRAG_H
#define MQTTK_FRAG_H

#include <linux/mm_types_task.h>
#include <linux/sizes.h>
#include <linux/types.h>

/* Large enough for some sends of many messages, small enough to be pinned. */
#define MQTTK_FRAG_BYTES	SZ_8K

/* tcp_sendmsg_locked() takes a new page when it finds less room than this. */
#define MQTTK_FRAG_ROOM_MIN	32

bool mqttk_frag_refill(struct page_frag *f, size_t bytes);

/* Makes contiguous room. Returns false if that cannot be had. */
static inline bool mqttk_frag_room(struct page_frag *f, size_t bytes)
{
	return (f->page &&
		f->offset + bytes + MQTTK_FRAG_ROOM_MIN <= f->size) ||
	       mqttk_frag_refill(f, bytes);
}

#endif /* MQTTK_FRAG_H */
