// SPDX-License-Identifier: GPL-2.0
/*
 * Packets other than PUBLISH on their way out.
 */
#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "limits.h"
#include "out.h"

/* Room for some acknowledgements; what most connections ever need at once. */
#define OUT_MIN		(64 - sizeof(struct mqttk_out_buf))

/*
 * The largest single answer is the SUBACK of a long SUBSCRIBE: a byte for each
 * three of the request. It is the only thing that may exceed MQTTK_OUT_HIGH by
 * much, since nothing is read behind it until it is sent.
 */

/**
 * mqttk_out_init - an empty queue
 * @out: the queue
 */
void mqttk_out_init(struct mqttk_out *out)
{
	spin_lock_init(&out->lock);
	out->buf = NULL;
	out->len = 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_out_init);

/**
 * mqttk_out_free - forget what was not sent
 * @out: the queue; nobody uses it any more
 * @limits: who paid
 */
void mqttk_out_free(struct mqttk_out *out, struct mqttk_limits *limits)
{
	mqttk_out_buf_free(out->buf, limits);
	out->buf = NULL;
	out->len = 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_out_free);

static struct mqttk_out_buf *buf_alloc(struct mqttk_limits *limits, u32 len,
				       gfp_t gfp)
{
	struct mqttk_out_buf *buf;
	u32 size = roundup_pow_of_two(struct_size(buf, data, len));

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, size))
		return ERR_PTR(-ENOBUFS);
	buf = kvmalloc(size, gfp);
	if (!buf) {
		mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, size);
		return ERR_PTR(-ENOMEM);
	}
	*buf = (struct mqttk_out_buf){ .size = size };
	return buf;
}

/**
 * mqttk_out_buf_free - free what mqttk_out_take() gave
 * @buf: it, or NULL
 * @limits: who paid
 *
 * Context: any but hard interrupts.
 */
void mqttk_out_buf_free(struct mqttk_out_buf *buf, struct mqttk_limits *limits)
{
	if (!buf)
		return;
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, buf->size);
	kvfree(buf);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_out_buf_free);

static bool has_room(const struct mqttk_out_buf *buf, u32 len)
{
	return buf && len <= buf->size - sizeof(*buf);
}

/* Adds bytes; without @data it only makes room for so many. */
static int add(struct mqttk_out *out, struct mqttk_limits *limits,
	       const void *data, u32 len, unsigned int packets, gfp_t gfp)
{
	struct mqttk_out_buf *buf = NULL;
	u32 need;

	for (;;) {
		spin_lock_bh(&out->lock);
		need = out->len + len;
		if (!has_room(out->buf, need) && has_room(buf, need)) {
			if (out->buf) {
				buf->packets = out->buf->packets;
				buf->len = out->len;
				memcpy(buf->data, out->buf->data, out->len);
			}
			swap(out->buf, buf);
		}
		if (has_room(out->buf, need)) {
			if (data) {
				memcpy(out->buf->data + out->len, data, len);
				out->buf->len = need;
				out->buf->packets += packets;
				WRITE_ONCE(out->len, need);
			}
			spin_unlock_bh(&out->lock);
			mqttk_out_buf_free(buf, limits);
			return 0;
		}
		spin_unlock_bh(&out->lock);

		mqttk_out_buf_free(buf, limits);
		buf = buf_alloc(limits, max_t(u32, OUT_MIN, need), gfp);
		if (IS_ERR(buf))
			return PTR_ERR(buf);
	}
}

/**
 * mqttk_out_append - add packets
 * @out: the queue; only its owner appends
 * @limits: who pays
 * @data: the packets, copied
 * @len: bytes of them
 * @packets: how many
 * @gfp: how to allocate
 *
 * Context: any but hard interrupts, if @gfp does not sleep.
 * Return: 0; -ENOBUFS over the budget, -ENOMEM: nothing appended
 */
int mqttk_out_append(struct mqttk_out *out, struct mqttk_limits *limits,
		     const void *data, u32 len, unsigned int packets, gfp_t gfp)
{
	return add(out, limits, data, len, packets, gfp);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_out_append);

/**
 * mqttk_out_reserve - make room before it is too late to do without
 * @out: the queue; only its owner does
 * @limits: who pays
 * @len: bytes to be added
 * @gfp: how to allocate
 *
 * If what is there is taken meanwhile, the room goes with it.
 *
 * Context: any but hard interrupts, if @gfp does not sleep.
 * Return: as mqttk_out_append()
 */
int mqttk_out_reserve(struct mqttk_out *out, struct mqttk_limits *limits,
		      u32 len, gfp_t gfp)
{
	return add(out, limits, NULL, len, 0, gfp);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_out_reserve);

/**
 * mqttk_out_take - take everything there is
 * @out: the queue
 *
 * Context: any but hard interrupts.
 * Return: the bytes, for mqttk_out_buf_free(), or NULL if there were none
 */
struct mqttk_out_buf *mqttk_out_take(struct mqttk_out *out)
{
	struct mqttk_out_buf *buf;

	if (!READ_ONCE(out->len))
		return NULL;
	spin_lock_bh(&out->lock);
	buf = out->buf;
	out->buf = NULL;
	WRITE_ONCE(out->len, 0);
	spin_unlock_bh(&out->lock);
	return buf;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_out_take);
