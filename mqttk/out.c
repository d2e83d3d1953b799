// SPDX-License-Identifier: GPL-2.0
/*
 * Packets other than PUBLISH on their way out.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "limits.h"
#include "out.h"

/* Room for some acknowledgements; what most connections ever need at once. */
#define OUT_MIN		64

/*
 * The largest single answer is the SUBACK of a long SUBSCRIBE: a byte for each
 * three of the request. It is the only thing that may exceed MQTTK_OUT_HIGH by
 * much, since nothing is read behind it until it is sent.
 */

/**
 * mqttk_out_init - an empty queue
 * @out: the queue
 * @limits: who pays
 */
void mqttk_out_init(struct mqttk_out *out, struct mqttk_limits *limits)
{
	spin_lock_init(&out->lock);
	out->limits = limits;
	out->buf = NULL;
	out->len = 0;
	out->size = 0;
}

/**
 * mqttk_out_free - forget what was not sent
 * @out: the queue; nobody uses it any more
 */
void mqttk_out_free(struct mqttk_out *out)
{
	mqttk_out_free_buf(out, out->buf, out->size);
	out->buf = NULL;
	out->len = 0;
	out->size = 0;
}

/**
 * mqttk_out_free_buf - free what mqttk_out_take() gave
 * @out: the queue it came from
 * @buf: the bytes, or NULL
 * @size: as it was given
 *
 * Context: any but hard interrupts.
 */
void mqttk_out_free_buf(struct mqttk_out *out, u8 *buf, u32 size)
{
	if (!buf)
		return;
	kvfree(buf);
	mqttk_uncharge(out->limits, MQTTK_BUDGET_CLIENT, size);
}

/**
 * mqttk_out_append - add bytes
 * @out: the queue; only its owner appends
 * @data: the bytes, copied
 * @len: how many
 * @gfp: how to allocate
 *
 * Context: any but hard interrupts, if @gfp does not sleep.
 * Return: 0; -ENOBUFS over the budget, -ENOMEM: nothing appended
 */
int mqttk_out_append(struct mqttk_out *out, const void *data, u32 len,
		     gfp_t gfp)
{
	u32 need, size = 0;
	u8 *buf = NULL;

	for (;;) {
		spin_lock_bh(&out->lock);
		need = out->len + len;
		if (need > out->size && need <= size) {
			if (out->len)
				memcpy(buf, out->buf, out->len);
			swap(out->buf, buf);
			swap(out->size, size);
		}
		if (need <= out->size) {
			memcpy(out->buf + out->len, data, len);
			WRITE_ONCE(out->len, need);
			out->packets++;
			spin_unlock_bh(&out->lock);
			mqttk_out_free_buf(out, buf, size);
			return 0;
		}
		spin_unlock_bh(&out->lock);

		mqttk_out_free_buf(out, buf, size);
		size = max_t(u32, OUT_MIN, roundup_pow_of_two(need));
		if (!mqttk_charge(out->limits, MQTTK_BUDGET_CLIENT, size))
			return -ENOBUFS;
		buf = kvmalloc(size, gfp);
		if (!buf) {
			mqttk_uncharge(out->limits, MQTTK_BUDGET_CLIENT, size);
			return -ENOMEM;
		}
	}
}

/**
 * mqttk_out_take - take everything there is
 * @out: the queue
 * @len: set to the bytes taken
 * @size: set to what they are charged as
 * @packets: set to how many packets they are
 *
 * Context: any but hard interrupts.
 * Return: the bytes, for mqttk_out_free_buf(), or NULL if there were none
 */
u8 *mqttk_out_take(struct mqttk_out *out, u32 *len, u32 *size, u32 *packets)
{
	u8 *buf;

	if (!READ_ONCE(out->len))
		return NULL;
	spin_lock_bh(&out->lock);
	buf = out->len ? out->buf : NULL;
	*len = out->len;
	*size = out->size;
	*packets = out->packets;
	if (buf) {
		out->packets = 0;
		out->buf = NULL;
		WRITE_ONCE(out->len, 0);
		out->size = 0;
	}
	spin_unlock_bh(&out->lock);
	return buf;
}
