// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of QoS 0 look the same to everybody who speaks the same protocol
 * level and asked for nothing special. So what was written for one receiver is
 * sent to the next as it is, as long as their queues hold the same messages.
 */
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "cursor.h"
#include "frag.h"
#include "msg.h"
#include "net.h"
#include "queue.h"
#include "run.h"
#include "wire.h"

/* Adds what was just written to the image, or lies elsewhere. */
static void add_piece(struct mqttk_run *run, const u8 *data, u32 len)
{
	struct kvec *last = run->nr_vec ? &run->vec[run->nr_vec - 1] : NULL;

	if (last && (u8 *)last->iov_base + last->iov_len == data)
		last->iov_len += len;
	else
		run->vec[run->nr_vec++] = (struct kvec){ (u8 *)data, len };
}

static u8 *put(u8 *p, const void *data, u32 len)
{
	memcpy(p, data, len);
	return p + len;
}

/* Pages that were allocated as one go as one. */
static bool continues(const struct bio_vec *v, const struct page *page)
{
	u32 end = v->bv_offset + v->bv_len;

	return !offset_in_page(end) && page == v->bv_page + end / PAGE_SIZE &&
	       compound_head(page) == compound_head(v->bv_page);
}

static bool add_page(struct mqttk_run *run, struct page *page, u32 off, u32 len)
{
	if (!off && continues(&run->bvec[run->nr_vec - 1], page)) {
		run->bvec[run->nr_vec - 1].bv_len += len;
		return true;
	}
	if (run->nr_vec == ARRAY_SIZE(run->bvec))
		return false;
	bvec_set_page(&run->bvec[run->nr_vec++], page, len, off);
	return true;
}

/* Adds what was just written to the page, and the payload. */
static bool add_payload(struct mqttk_run *run, const u8 *data, u32 len,
			const struct mqttk_msg *msg)
{
	u32 i, left = msg->payload_len;

	if (run->nr_vec == ARRAY_SIZE(run->bvec))
		return false;
	bvec_set_page(&run->bvec[run->nr_vec++], run->page, len,
		      data - (u8 *)page_address(run->page));
	for (i = 0; left; i++) {
		len = min_t(u32, left, PAGE_SIZE);
		if (!add_page(run, msg->bvec[i].bv_page, 0, len))
			return false;
		left -= len;
	}
	return true;
}

/* What stands before the payload; returns what is behind it. */
static u8 *put_topic_and_props(u8 *p, struct mqttk_msg *msg, u8 version)
{
	p = put(p, msg->data, msg->topic_len);
	if (version != MQTTK_V5)
		return p;
	p += put_varint(p, msg->props_len);
	return put(p, mqttk_msg_props(msg), msg->props_len);
}

/*
 * Bytes of a packet behind the fixed header, or 0 if it can not be in a run.
 * Topic and properties may have to fit into the packet's room in the image.
 */
static u32 remaining_of(const struct mqttk_run *run,
			const struct mqttk_msg *msg)
{
	u32 before = MQTTK_PUB_HEAD_MAX + msg->topic_len;
	u32 n = 2 + msg->topic_len + msg->payload_len;

	if (!msg->bvec != !run->page)
		return 0;
	if (run->version == MQTTK_V5) {
		/* What is left of its lifetime depends on when it is sent. */
		if (msg->has_lifetime || msg->props_len >= MQTTK_RUN_COPY)
			return 0;
		before += VARINT_MAX + msg->props_len;
		n += varint_size(msg->props_len) + msg->props_len;
	}
	if (run->page)
		return before <= MQTTK_RUN_COPY &&
		       run->bytes + n <= MQTTK_RUN_PAGED ? n : 0;
	return run->version != MQTTK_V5 || before <= MQTTK_RUN_COPY ? n : 0;
}

/*
 * There is room in the image for as many packets of MQTTK_RUN_COPY bytes as a run
 * has, and of a larger one only what stands before the payload is there.
 */
static bool write_packet(struct mqttk_run *run, struct mqttk_msg *msg,
			 u32 remaining)
{
	const u8 *rest = msg->data;
	u32 left = msg->topic_len + msg->payload_len;
	u8 *from = run->at;
	u8 *p = from;

	*p++ = MQTTK_PUBLISH << 4;
	p += put_varint(p, remaining);
	put_unaligned_be16(msg->topic_len, p);
	p += 2;
	if (run->version == MQTTK_V5 || run->page) {
		p = put_topic_and_props(p, msg, run->version);
		rest = mqttk_msg_inline(msg);
		left = msg->payload_len;
	}
	if (1 + varint_size(remaining) + remaining <= MQTTK_RUN_COPY) {
		p = put(p, rest, left);
		left = 0;
	}
	run->at = p;
	if (run->page)
		return add_payload(run, from, p - from, msg);
	add_piece(run, from, p - from);
	if (left)
		add_piece(run, rest, left);
	return true;
}

static u32 size_of(u32 remaining)
{
	return 1 + varint_size(remaining) + remaining;
}

/* Adds a packet; false if it can not be in a run. */
static bool add_packet(struct mqttk_run *run, struct mqttk_msg *msg)
{
	u32 remaining = remaining_of(run, msg);
	u32 size = size_of(remaining);

	if (!remaining || !write_packet(run, msg, remaining))
		return false;
	run->max_size = max(run->max_size, size);
	run->bytes += size;
	run->payload += msg->payload_len;
	run->share += mqttk_msg_share(msg);
	return true;
}

/*
 * Messages of a block are packets of MQTT 3.1.1 already, side by side: one piece.
 * Adds those of @ents, from the first on, that are; returns how many.
 */
static unsigned int add_block(struct mqttk_run *run, struct mqttk_msg **msgs,
			      const struct mqttk_qent *ents, unsigned int nr)
{
	struct mqttk_msg *first = ents->msg, *msg = first;
	unsigned int n = 0, left = msg[-msg->nth].nr - msg->nth;
	size_t payload = 0, share = 0;
	u32 len, max = 0;
	const u8 *from;

	do {
		msgs[n] = msg;
		len = msg->topic_len + msg->payload_len;
		max = max(max, len);
		share += len;
		payload += msg->payload_len;
		n++;
		msg++;
	} while (n < nr && n < left && ents[n].msg == msg &&
		 mqttk_run_is_common(&ents[n]));
	len = first->topic_len + first->payload_len;
	from = first->data + len - size_of(2 + len);
	msg--;
	len = msg->data + msg->topic_len + msg->payload_len - from;
	add_piece(run, from, len);
	run->max_size = max(run->max_size, size_of(2 + max));
	run->bytes += len;
	run->payload += payload;
	run->share += share;
	return n;
}

/*
 * Where the first payload is in pages all have to be, and what stands before
 * them, too: then the socket copies nothing.
 */
static bool begin(struct mqttk_run *run, const struct mqttk_qent *first,
		  unsigned int nr, struct page_frag *frag)
{
	run->at = run->image;
	if (!first->msg->bvec)
		return true;
	if (!mqttk_frag_room(frag, nr * MQTTK_RUN_COPY))
		return false;
	run->page = frag->page;
	get_page(run->page);
	run->at = page_address(run->page) + frag->offset;
	return true;
}

/**
 * mqttk_run_begin - this is to be sent from now on
 * @run: the run
 * @version: protocol level of the receiver
 * @ents: what it is to have
 * @nr: how many, at most MQTTK_RUN_MAX
 * @frag: a page for what TCP is to hold on to
 * @mn: whose messages they are
 *
 * mqttk_run_is() says that it is not what was sent last. mqttk_run_keep() or
 * mqttk_run_miss() has to follow.
 *
 * Context: any but hard interrupts.
 * Return: true if @run->vec, or @run->bvec, is what to send; false if it has to be written for
 *	this receiver alone
 */
bool mqttk_run_begin(struct mqttk_run *run, u8 version,
		     const struct mqttk_qent *ents, unsigned int nr,
		     struct page_frag *frag, struct mqttk_net *mn)
{
	unsigned int i = 0;

	/* Then what was sent last may yet be what the next one is to have. */
	if (!mqttk_run_is_common(&ents[0]))
		return false;
	mqttk_run_drop(run);
	run->version = version;
	run->nr_vec = 0;
	run->max_size = 0;
	run->bytes = 0;
	run->payload = 0;
	run->share = 0;
	if (!begin(run, &ents[0], nr, frag))
		return false;
	while (i < nr) {
		struct mqttk_msg *msg = ents[i].msg;

		if (!mqttk_run_is_common(&ents[i]))
			return false;
		if (msg->in_block && !run->page && version != MQTTK_V5) {
			i += add_block(run, run->msgs + i, ents + i, nr - i);
			continue;
		}
		if (!add_packet(run, msg))
			return false;
		run->msgs[i++] = msg;
	}
	if (run->page)
		frag->offset = run->at - (u8 *)page_address(run->page);
	run->nr = nr;
	run->mn = mn;
	return true;
}

/* So many have all of it. */
static void count_sent(const struct mqttk_run *run, u64 receivers)
{
	struct mqttk_net *mn = run->mn;

	mqttk_stat_add(mn, MQTTK_STAT_MESSAGES_SENT, receivers * run->nr);
	mqttk_stat_add(mn, MQTTK_STAT_PACKETS_SENT, receivers * run->nr);
	mqttk_stat_add(mn, MQTTK_STAT_PUBLISH_BYTES_SENT,
		       receivers * run->payload);
	mqttk_stat_add(mn, MQTTK_STAT_BYTES_SENT, receivers * run->bytes);
}

/**
 * mqttk_run_drop - count it, forget it, and drop the references it has
 * @run: the run
 *
 * Context: any but hard interrupts.
 */
void mqttk_run_drop(struct mqttk_run *run)
{
	if (run->credit) {
		count_sent(run, run->credit);
		mqttk_msgs_put(run->msgs, run->nr, run->credit);
	}
	run->nr = 0;
	run->credit = 0;
	if (run->page)
		put_page(run->page);
	run->page = NULL;
}
