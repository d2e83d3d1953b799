/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fuzz target of the protocol: connections of the broker on one side,
 * clients that keep account of what they may expect on the other.
 */
#ifndef _FUZZ_PROTO_H
#define _FUZZ_PROTO_H

#include "fuzz.h"
#include "mqttk/net.h"
#include "mqttk/proto.h"

#define SLOTS		4	/* connections at a time */
#define IDS		4	/* client identifiers */
#define SERIALS		256	/* messages of one input that are accounted for */
#define TOPICS		8
#define FILTERS		16
#define STREAM_MAX	65536

/**
 * struct link - a connection: what endpoints of the module do, without a socket
 * @peer: the protocol's side, as in struct mqttk_conn
 * @open: it is there
 * @woken: the session has something
 * @end_err: the session was taken away, why
 * @aborted: the broker ends
 * @in: PUBLISH whose payload arrives
 * @in_payload: there is one
 * @charged: to MQTTK_BUDGET_CLIENT
 * @last_rx: when something last came
 * @pending: bytes of a packet that has not come whole
 * @nr_pending: how many
 */
struct link {
	struct mqttk_peer peer;
	bool open;
	bool woken;
	int end_err;
	bool aborted;
	struct mqttk_incoming in;
	bool in_payload;
	u32 charged;
	s64 last_rx;
	u8 *pending;
	u32 nr_pending;
};

/**
 * struct client - what is kept for a client identifier
 * @filters: those it asked for since its session began, bit by filter; the upper
 *	half: under the mount point
 * @shared: it asked for shared ones
 * @received: messages that came, not repeated, by serial
 * @last: the newest of a topic, by who published it
 * @awaiting: identifiers of QoS 2 messages it has acknowledged in part or not
 * @publishing: serial of a QoS 2 message that is not released, by identifier
 */
struct client {
	u32 filters;
	bool shared;
	u8 received[SERIALS];
	short last[SLOTS][TOPICS];
	u16 awaiting[64];
	unsigned int nr_awaiting;
	int publishing[8];
};

/**
 * struct slot - the client's side of a connection
 * @client: who
 * @version: protocol level
 * @connected: CONNACK came
 * @wild: it has sent bytes that nobody kept account of
 * @clean: it wants no session that was
 * @asked: filters asked for that its client's do not have yet: bits, as there
 * @asked_shared: some are shared
 * @max_packet: larger packets must not come
 * @receive_max: no more messages may be unacknowledged
 * @unacked: identifiers that are, with their QoS
 * @nr_unacked: how many
 * @alias_out: topic by alias that it has set
 * @alias_in: topic by alias that the broker has set
 * @alias_in_len: their lengths, 0: none
 */
struct slot {
	struct client *client;
	u8 version;
	bool connected;
	bool wild;
	bool clean;
	u32 asked;
	bool asked_shared;
	u32 max_packet;
	u16 receive_max;
	struct {
		u16 id;
		u8 qos;
		bool rec;
	} unacked[64];
	unsigned int nr_unacked;
	int alias_out[4];
	u8 alias_in[16][16];
	u8 alias_in_len[16];
};

extern struct link links[SLOTS];
extern struct slot slots[SLOTS];
extern struct client clients[IDS];
extern struct mqttk_terms *terms[2];
extern const char *const topics[TOPICS];
extern const char *const filters[FILTERS];

/* proto-broker.c */
void broker_start(bool sys);
void broker_stop(void);
void broker_accept(int i, unsigned int which_terms);
void broker_feed(int i, const u8 *p, u32 len, bool quick);
void broker_close(int i, int err);
void broker_send(int i, unsigned int max);
void broker_sent(void);
void broker_rest(int i);
void broker_settle(void);
void broker_check(void);
struct mqttk_net *broker(void);

/* fuzz-proto.c */
void proto_tell(int i, const char *what, const u8 *p, int n);

/* proto-local.c */
void local_step(u8 how, u8 which);
void local_close(int err);
bool local_leaves(void);

/* proto-client.c */
bool client_matches(u32 wanted, const char *topic);
int client_check_payload(const char *topic, const u8 *p, u32 len);
void client_reset(int i);
void client_receive(int i, const u8 *p, u32 len);
void client_lost(int i);
void client_ask(struct slot *s);
u32 client_payload(int serial, u8 *to, u32 len);
int client_serial(const char *topic, int from);
bool client_serial_is(int serial, const char *topic);
void client_serials_reset(void);
void client_forget(struct client *c);
u32 client_ack(int i, u8 *to, bool all);

#endif /* _FUZZ_PROTO_H */
