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
 * struct mqttk_slot - a packet identifier
 * @msg: what was published with it, until the client has it; a reference
 * @via: by which subscriptions; a reference, or NULL
 * @next: in its list, 0: the last
 * @prev: in its list, 0: the first
 * @conn: number of the connection on which PUBLISH was sent: on that it takes
 *	from the quota until its last acknowledgment
 * @state: enum slot_state of window.c
 * @qos: 1 or 2
 * @retain: RETAIN as it was sent
 */
struct mqttk_slot {
	struct mqttk_msg *msg;
	struct mqttk_via *via;
	u16 next;
	u16 prev;
	u16 conn;
	u8 state;
	u8 qos : 2;
	u8 retain : 1;
};

/**
 * struct mqttk_slots - what of a window is only there once it is needed
 * @bytes: of the messages in @slot, as those of a queue: the receiver's fair
 *	share
 * @free: identifiers not in use, the one longest unused first: an answer that
 *	comes late meets nobody for as long as possible
 * @published: sent, to be answered by PUBACK or PUBREC
 * @released: answered by PUBREC, to be answered by PUBCOMP; in the order of
 *	the PUBRECs [MQTT-4.6.0-4]
 * @conn: number of the present connection, never 0; after many it begins anew
 * @slot: by packet identifier; the first is none's
 */
struct mqttk_slots {
	u64 bytes;
	struct mqttk_flight free;
	struct mqttk_flight published;
	struct mqttk_flight released;
	u16 conn;
	struct mqttk_slot slot[];
};

/**
 * struct mqttk_window - what is in flight towards a client; its owner locks
 * @slots: NULL until QoS 1 or 2 was granted
 * @size: packet identifiers there are: 1 to @size
 * @limit: PUBLISHes of QoS 1 and 2 the client takes at once: the lower of its
 *	Receive Maximum and max_inflight_messages
 * @quota: how many of those it takes now
 * @nr: packet identifiers in use
 */
struct mqttk_window {
	struct mqttk_slots *slots;
	u16 size;
	u16 limit;
	u16 quota;
	u16 nr;
};

struct mqttk_slots *mqttk_window_alloc(struct mqttk_limits *limits, u16 old,
				       u16 size);
void mqttk_window_free(struct mqttk_limits *limits, struct mqttk_slots *slots,
		       u16 size);
struct mqttk_slots *mqttk_window_grow(struct mqttk_window *w,
				      struct mqttk_slots *slots, u16 size);

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

/* Of what was sent and is not the client's yet; as mqttk_queue.bytes. */
static inline u64 mqttk_window_bytes(const struct mqttk_window *w)
{
	return w->slots ? w->slots->bytes : 0;
}

/* The first PUBLISH to be sent again, 0: none. */
static inline u16 mqttk_window_republish(const struct mqttk_window *w)
{
	return w->slots ? w->slots->published.resend : 0;
}

/* The first PUBREL to be sent again, 0: none. */
static inline u16 mqttk_window_rerelease(const struct mqttk_window *w)
{
	return w->slots ? w->slots->released.resend : 0;
}

#endif /* MQTTK_WINDOW_H */
