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
 * struct mqttk_out - bytes to send, appended by one and taken by another
 * @lock: guards the fields; bottom halves off
 * @buf: the bytes, or NULL
 * @len: bytes in @buf
 * @size: allocated for @buf, and charged to MQTTK_BUDGET_CLIENT
 * @packets: in @buf
 * @limits: of the netns
 */
struct mqttk_out {
	spinlock_t lock;	/* the fields below */
	u8 *buf;
	u32 len;
	u32 size;
	u32 packets;
	struct mqttk_limits *limits;
};

void mqttk_out_init(struct mqttk_out *out, struct mqttk_limits *limits);
void mqttk_out_free(struct mqttk_out *out);
int mqttk_out_append(struct mqttk_out *out, const void *data, u32 len,
		     gfp_t gfp);
u8 *mqttk_out_take(struct mqttk_out *out, u32 *len, u32 *size, u32 *packets);
void mqttk_out_free_buf(struct mqttk_out *out, u8 *buf, u32 size);

static inline u32 mqttk_out_pending(const struct mqttk_out *out)
{
	return READ_ONCE(out->len);
}

#endif /* MQTTK_OUT_H */
