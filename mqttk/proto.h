/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The MQTT state machine of one network connection: which packet is legal in
 * which state, and what it does. It knows nothing of sockets: packets come in
 * through mqttk_proto_*(), answers go out through struct mqttk_out and the
 * session's queue.
 */
#ifndef MQTTK_PROTO_H
#define MQTTK_PROTO_H

#include <linux/types.h>

#include "alias.h"
#include "out.h"
#include "replay.h"
#include "session.h"
#include "wire.h"

struct mqttk_msg;
struct mqttk_net;
struct mqttk_repeat;
struct mqttk_terms;

/**
 * enum mqttk_peer_state - how far a connection has come
 * @MQTTK_PEER_NEW: nothing yet: only CONNECT is legal
 * @MQTTK_PEER_CONNECTED: CONNACK with success was queued
 * @MQTTK_PEER_DONE: DISCONNECT came, CONNECT was refused, or farewell was said:
 *	nothing is read any more
 * @MQTTK_PEER_STATES: their number
 */
enum mqttk_peer_state {
	MQTTK_PEER_NEW,
	MQTTK_PEER_CONNECTED,
	MQTTK_PEER_DONE,
	MQTTK_PEER_STATES,
};

/* Messages routed together at most: half of what goes into one send. */
#define MQTTK_HELD_MAX		16

/**
 * struct mqttk_held - messages of one topic that came one behind the other
 * @nr: how many; 0: none
 * @done: how many of them, from the first, were routed already
 * @msgs: the messages, with references
 *
 * Receivers are looked for once for all of them. It lives as long as a
 * connection is read without a pause.
 */
struct mqttk_held {
	unsigned int nr;
	unsigned int done;
	struct mqttk_msg *msgs[MQTTK_HELD_MAX];
};

/**
 * struct mqttk_more - what only some clients need
 * @will: message to publish when the connection ends badly, or NULL
 * @will_delay: seconds the will waits for the client to come back
 * @expiry: in 5.0: seconds the session shall outlive the connection
 * @aliases_in: topic aliases it has set
 * @aliases_out: topic aliases it was told; the senders'
 */
struct mqttk_more {
	struct mqttk_msg *will;
	u32 will_delay;
	u32 expiry;
	struct mqttk_aliases_in aliases_in;
	struct mqttk_aliases_out aliases_out;
};

/**
 * struct mqttk_peer - the protocol's side of a connection
 * @ep: where the session's messages go; the embedding conn set its ops
 * @mn: the broker
 * @session: NULL before CONNECT and after the end
 * @state: enum mqttk_peer_state
 * @version: 3 (3.1), 4 (3.1.1) or 5; 4 while nothing is known
 * @reason: why it is closed, where an error would not say it exactly: a reason
 *	code of 5.0, or 0
 * @cause: enum mqttk_cause, why it is closed; 0 until farewell
 * @gone: the connection is being reset: loops stop; set by anybody
 * @quick: the quick lane is at it: nothing sleeps, what would have to returns
 *	-EAGAIN and has done nothing yet
 * @admitted: there is budget for a client; set before CONNECT is handled
 * @retain_ok: it was told that messages are retained
 * @will_on_close: the will is due if the connection ends now
 * @max_qos: the highest QoS it may publish with or is granted
 * @late_len: bytes of @late; 0: none
 * @late: an answer for which the quick lane had no memory
 * @keepalive: seconds that hold, the client's or ours, 0: none
 * @mount_len: bytes of @terms' mount point; 0: none
 * @receive_max: QoS 2 messages it may leave unreleased
 * @unreleased: those it has; what earlier connections left is not counted
 * @max_packet_size: larger packets are not sent to it;
 *	MQTTK_PACKET_SIZE_UNLIMITED if it did not say
 * @terms: those of its listener when its CONNECT came, a reference; NULL before
 * @held: messages that wait for others of their topic; NULL: none may
 * @repeat: how its last PUBLISH began, or NULL
 * @more: there if it speaks 5.0 or has a will, from its CONNECT on
 * @out: packets other than PUBLISH on their way out
 * @replays: retained messages still to be queued for new subscriptions
 *
 * Only the conn's own work touches it, but for @out, which has its own lock,
 * @more->aliases_out, and what the kernel-doc of conn.h says dumps may read.
 * @version, @mount_len, @max_packet_size, @more and @terms do not change once senders
 * see the session.
 */
struct mqttk_peer {
	struct mqttk_endpoint ep;
	struct mqttk_net *mn;
	struct mqttk_session *session;
	u8 state;
	u8 version;
	u8 reason;
	u8 cause;
	bool gone;
	bool quick;
	bool admitted : 1;
	bool retain_ok : 1;
	bool will_on_close : 1;
	u8 max_qos : 2;
	u8 late_len : 3;
	u8 late[MQTTK_ACK_MAX];
	u16 keepalive;
	u16 mount_len;
	u16 receive_max;
	u16 unreleased;
	u32 max_packet_size;
	struct mqttk_terms *terms;
	struct mqttk_held *held;
	struct mqttk_repeat *repeat;
	struct mqttk_more *more;
	struct mqttk_out out;
	struct mqttk_replays replays;
};

/**
 * struct mqttk_incoming - a PUBLISH while its payload arrives
 * @msg: the message being filled, or NULL if the payload is to be skipped
 * @left: payload bytes still to come
 * @packet_id: 0 for QoS 0
 * @reason: why it is not taken, a reason code of 5.0; 0: it is
 * @qos: as published
 * @text: the payload is said to be text, and that is to be checked
 * @joins: it is of the same topic, and kind, as those held back
 */
struct mqttk_incoming {
	struct mqttk_msg *msg;
	u32 left;
	u16 packet_id;
	u8 reason;
	u8 qos : 2;
	bool text : 1;
	bool joins : 1;
};

bool mqttk_proto_is_reserved(const struct mqttk_str *topic);
void mqttk_proto_init(struct mqttk_peer *peer, struct mqttk_net *mn);
int mqttk_proto_check(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		      const u8 *body, size_t avail);
void mqttk_proto_malformed(struct mqttk_peer *peer, const u8 *packet,
			   size_t len);
int mqttk_proto_emit_late(struct mqttk_peer *peer);
int mqttk_proto_packet(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body);
int mqttk_proto_acks(struct mqttk_peer *peer, const u8 *buf, size_t len);
int mqttk_proto_publish_begin(struct mqttk_peer *peer,
			      const struct mqttk_fixed *f,
			      const u8 *body, size_t avail,
			      struct mqttk_incoming *in);
int mqttk_proto_publish_end(struct mqttk_peer *peer,
			    struct mqttk_incoming *in);
void mqttk_proto_publish_refused(struct mqttk_peer *peer,
				 struct mqttk_incoming *in);
int mqttk_proto_publish_held(struct mqttk_peer *peer);
int mqttk_proto_repeat(struct mqttk_peer *peer, const u8 *buf, size_t len,
		       unsigned int *packets, int *cost);
void mqttk_proto_forget(struct mqttk_peer *peer);

/* Is it the first byte of PUBACK, PUBREC, PUBREL or PUBCOMP? */
static inline bool mqttk_proto_is_ack(u8 first)
{
	return first >> 4 >= MQTTK_PUBACK && first >> 4 <= MQTTK_PUBCOMP;
}

/*
 * From now on messages may be held back, until mqttk_proto_publish_held(); then
 * @peer->held is to be NULL again.
 */
static inline void mqttk_proto_hold(struct mqttk_peer *peer,
				    struct mqttk_held *held)
{
	held->nr = 0;
	held->done = 0;
	peer->held = held;
}

void mqttk_proto_farewell(struct mqttk_peer *peer, int err);
void mqttk_proto_end(struct mqttk_peer *peer, bool quiet);
void mqttk_proto_free(struct mqttk_peer *peer);

/* proto_text.c, for whoever else takes messages */
bool mqttk_proto_is_text(const struct mqttk_msg *msg);

#endif /* MQTTK_PROTO_H */
