/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets other than PUBLISH on their way out of a connection: a small byte
 * queue that its owner fills and the sender empties.
 */
#ifndef MQTTK_OUT_H
#define MQTTK_OUT_H

#include <linux/spinlock.h>
#include <linux/types.h>

/*
 * More than this unsent, and the connection is not read until its peer reads:
 * otherwise one that sends PINGREQ and never reads would fill memory.
 */
#define MQTTK_OUT_HIGH	4096

struct mqttk_limits;

/**
 * struct mqttk_out_buf - bytes to send
 * @size: allocated, this header included, and charged to MQTTK_BUDGET_CLIENT
 * @len: bytes in @data
 * @packets: in @data
 * @sent: bytes of @data that are in the socket; whoever took it counts
 * @data: the bytes
 */
struct mqttk_out_buf {
	u32 size;
	u32 len;
	u32 packets;
	u32 sent;
	u8 data[];
};

/**
 * struct mqttk_out - bytes to send, appended by one and taken by another
 * @lock: guards the fields; bottom halves off
 * @len: bytes in @buf
 * @buf: the bytes, or NULL
 */
struct mqttk_out {
	spinlock_t lock;	/* the fields below */
	u32 len;
	struct mqttk_out_buf *buf;
};

void mqttk_out_init(struct mqttk_out *out);
void mqttk_out_free(struct mqttk_out *out, struct mqttk_limits *limits);
int mqttk_out_append(struct mqttk_out *out, struct mqttk_limits *limits,
		     const void *data, u32 len, unsigned int packets, gfp_t gfp);
int mqttk_out_reserve(struct mqttk_out *out, struct mqttk_limits *limits,
		      u32 len, gfp_t gfp);
struct mqttk_out_buf *mqttk_out_take(struct mqttk_out *out);
void mqttk_out_buf_free(struct mqttk_out_buf *buf, struct mqttk_limits *limits);

static inline u32 mqttk_out_pending(const struct mqttk_out *out)
{
	return READ_ONCE(out->len);
}

#endif /* MQTTK_OUT_H */
