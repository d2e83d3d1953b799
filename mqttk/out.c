// SPDX-License-Identifier: GPL-2.0
/*
 * Packets other than PUBLISH on their way out.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "out.h"

/* Room for some acknowledgements; what most connections ever need at once. */
#define OUT_MIN		64

/*
 * The largest single answer is a SUBACK for a SUBSCRIBE of max_packet_size
 * (one byte for each four of the request). It is the only thing that may
 * exceed MQTTK_OUT_HIGH, since nothing is read behind it until it is sent.
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
	out->size = 0;
}

/**
 * mqttk_out_free - forget what was not sent
 * @out: the queue; nobody uses it any more
 */
void mqttk_out_free(struct mqttk_out *out)
{
	kvfree(out->buf);
	out->buf = NULL;
	out->len = 0;
	out->size = 0;
}

/**
 * mqttk_out_append - add bytes
 * @out: the queue; only its owner appends
 * @data: the bytes, copied
 * @len: how many
 *
 * Context: process; may sleep.
 * Return: 0 or -ENOMEM, nothing appended
 */
int mqttk_out_append(struct mqttk_out *out, const void *data, u32 len)
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
			spin_unlock_bh(&out->lock);
			kvfree(buf);
			return 0;
		}
		spin_unlock_bh(&out->lock);

		kvfree(buf);
		size = max_t(u32, OUT_MIN, roundup_pow_of_two(need));
		buf = kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NORETRY |
			       __GFP_NOWARN);
		if (!buf)
			return -ENOMEM;
	}
}

/**
 * mqttk_out_take - take everything there is
 * @out: the queue
 * @len: set to the bytes taken
 *
 * Context: any but hard interrupts.
 * Return: the bytes, to be freed with kvfree(), or NULL if there were none
 */
u8 *mqttk_out_take(struct mqttk_out *out, u32 *len)
{
	u8 *buf;

	if (!READ_ONCE(out->len))
		return NULL;
	spin_lock_bh(&out->lock);
	buf = out->len ? out->buf : NULL;
	*len = out->len;
	if (buf) {
		out->buf = NULL;
		WRITE_ONCE(out->len, 0);
		out->size = 0;
	}
	spin_unlock_bh(&out->lock);
	return buf;
}
