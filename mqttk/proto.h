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

#include "out.h"
#include "replay.h"
#include "session.h"
#include "wire.h"

struct mqttk_msg;
struct mqttk_net;

/**
 * enum mqttk_peer_state - how far a connection has come
 * @MQTTK_PEER_NEW: nothing yet: only CONNECT is legal
 * @MQTTK_PEER_CONNECTED: CONNACK with success was queued
 * @MQTTK_PEER_DONE: DISCONNECT came, or an error: nothing is read any more
 * @MQTTK_PEER_STATES: their number
 */
enum mqttk_peer_state {
	MQTTK_PEER_NEW,
	MQTTK_PEER_CONNECTED,
	MQTTK_PEER_DONE,
	MQTTK_PEER_STATES,
};

/**
 * struct mqttk_peer - the protocol's side of a connection
 * @ep: where the session's messages go; the embedding conn set its ops
 * @mn: the broker
 * @session: NULL before CONNECT and after the end
 * @state: see there
 * @version: 3 (3.1), 4 (3.1.1) or 5
 * @admitted: there is budget for a client; set before CONNECT is handled
 * @gone: the connection is being reset: loops stop; set by anybody
 * @anonymous_ok: clients without a name are let in
 * @will_on_close: the will is due if the connection ends now
 * @keepalive: seconds the client promised, 0: none
 * @will: message to publish when the connection ends badly, or NULL
 * @out: packets other than PUBLISH on their way out
 * @replays: retained messages still to be queued for new subscriptions
 *
 * Only the conn's own work touches it, but for @out, which has its own lock,
 * and what the kernel-doc of conn.h says dumps may read.
 */
struct mqttk_peer {
	struct mqttk_endpoint ep;
	struct mqttk_net *mn;
	struct mqttk_session *session;
	enum mqttk_peer_state state;
	u8 version;
	bool admitted;
	bool gone;
	bool anonymous_ok;
	bool will_on_close;
	u16 keepalive;
	struct mqttk_msg *will;
	struct mqttk_out out;
	struct mqttk_replays replays;
};

/**
 * struct mqttk_incoming - a PUBLISH while its payload arrives
 * @pub: its decoded header; @pub.topic is only valid in publish_begin
 * @msg: the message being filled, or NULL if the payload is to be skipped
 * @left: payload bytes still to come
 * @refused: there was no memory for it
 */
struct mqttk_incoming {
	struct mqttk_publish pub;
	struct mqttk_msg *msg;
	u32 left;
	bool refused;
};

void mqttk_proto_init(struct mqttk_peer *peer, struct mqttk_net *mn,
		      bool anonymous_ok);
int mqttk_proto_check(struct mqttk_peer *peer, const struct mqttk_fixed *f);
int mqttk_proto_packet(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body);
int mqttk_proto_publish_begin(struct mqttk_peer *peer,
			      const struct mqttk_fixed *f,
			      const u8 *body, size_t avail,
			      struct mqttk_incoming *in);
int mqttk_proto_publish_end(struct mqttk_peer *peer,
			    struct mqttk_incoming *in);
void mqttk_proto_publish_refused(struct mqttk_peer *peer,
				 struct mqttk_incoming *in);
void mqttk_proto_end(struct mqttk_peer *peer, bool quiet);

#endif /* MQTTK_PROTO_H */
