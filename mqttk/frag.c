// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that what is written for sockets goes to, side by side. TCP holds on to
 * a page as long as it needs something in it, so nothing there is written twice
 * before it is ours alone.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "frag.h"

/**
 * mqttk_frag_refill - the page is full, or there is none: begin another
 * @f: the page, and how far it is used
 * @bytes: contiguous room that is needed; see mqttk_frag_room()
 *
 * Context: any but hard interrupts.
 * Return: false if so much does not fit into any, or memory is short
 */
bool mqttk_frag_refill(struct page_frag *f, size_t bytes)
{
	if (bytes > MQTTK_FRAG_BYTES - MQTTK_FRAG_ROOM_MIN)
		return false;
	if (f->page) {
		if (page_ref_count(f->page) == 1) {
			f->offset = 0;
			return true;
		}
		put_page(f->page);
	}
	f->page = alloc_pages(GFP_NOWAIT | __GFP_NOWARN | __GFP_COMP,
			      get_order(MQTTK_FRAG_BYTES));
	f->offset = 0;
	f->size = f->page ? PAGE_SIZE << get_order(MQTTK_FRAG_BYTES) : 0;
	return f->page;
}
