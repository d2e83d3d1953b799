/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window of a session: messages of QoS 1 and 2 that were sent to the client
 * and are not acknowledged yet, by packet identifier.
 */
#ifndef MQTTK_WINDOW_H
#define MQTTK_WINDOW_H

#include <linux/types.h>

#include "queue.h"

struct mqttk_limits;
struct mqttk_slot;

/**
 * struct mqttk_flight - packets in the order in which they were sent
 * @head: packet identifier of the oldest, 0: none
 * @tail: of the newest
 * @resend: of the next to be sent again on this connection; 0: none is left
 */
struct mqttk_flight {
	u16 head;
	u16 tail;
	u16 resend;
};

/**
 * struct mqttk_window - what is in flight towards a client; its owner locks
 * @slots: by packet identifier; NULL until QoS 1 or 2 was granted
 * @size: packet identifiers there are: 1 to @size
 * @limit: PUBLISHes of QoS 1 and 2 the client takes at once: the lower of its
 *	Receive Maximum and max_inflight_messages
 * @quota: how many of those it takes now
 * @nr: packet identifiers in use
 * @bytes: of the messages in @slots, as those of a queue: the receiver's fair
 *	share
 * @free: identifiers not in use, the one longest unused first: an answer that
 *	comes late meets nobody for as long as possible
 * @published: sent, to be answered by PUBACK or PUBREC
 * @released: answered by PUBREC, to be answered by PUBCOMP; in the order of
 *	the PUBRECs [MQTT-4.6.0-4]
 */
struct mqttk_window {
	struct mqttk_slot *slots;
	u16 size;
	u16 limit;
	u16 quota;
	u16 nr;
	u64 bytes;
	struct mqttk_flight free;
	struct mqttk_flight published;
	struct mqttk_flight released;
};

struct mqttk_slot *mqttk_window_alloc(struct mqttk_limits *limits, u16 size);
void mqttk_window_free(struct mqttk_limits *limits, struct mqttk_slot *slots,
		       u16 size);
struct mqttk_slot *mqttk_window_grow(struct mqttk_window *w,
				     struct mqttk_slot *slots, u16 size);

void mqttk_window_start(struct mqttk_window *w, u16 limit);
u16 mqttk_window_reserve(struct mqttk_window *w);
void mqttk_window_cancel(struct mqttk_window *w, u16 id);
void mqttk_window_sent(struct mqttk_window *w, const struct mqttk_qent *e);
unsigned int mqttk_window_peek(struct mqttk_window *w, struct mqttk_qent *ents,
			       unsigned int max, bool *more);
void mqttk_window_resent(struct mqttk_window *w, u16 id, bool given_up);
int mqttk_window_puback(struct mqttk_window *w, u16 id);
int mqttk_window_pubrec(struct mqttk_window *w, u16 id, bool refused);
int mqttk_window_pubcomp(struct mqttk_window *w, u16 id);
bool mqttk_window_is_sent(const struct mqttk_window *w, u16 id);
u16 mqttk_window_oldest(const struct mqttk_window *w);
int mqttk_window_ack(struct mqttk_window *w, u16 id);
bool mqttk_window_drop_one(struct mqttk_window *w, struct mqttk_qent *e);

#endif /* MQTTK_WINDOW_H */
