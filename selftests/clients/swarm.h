/* SPDX-License-Identifier: GPL-2.0 */
/*
 * swarm: many MQTT 3.1.1 clients in one process, without a library, for tests
 * in which the broker is to be the only thing that can go wrong.
 */
#ifndef SWARM_H
#define SWARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONNECT = 1, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP,
	SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT,
};

/* How much of a packet is kept: fixed header, topic, sequence number. */
#define KEEP	160

/* Every payload begins with its sequence number in so many digits. */
#define SEQ_LEN	10

/**
 * struct options - what the command line says, with a meaning for each mode
 * @host: numeric address of the broker
 * @port: its port
 * @clients: how many
 * @messages: to publish
 * @window: messages in flight before the publisher waits for all receivers
 * @size: bytes of payload
 * @seconds: until it is given up, or how long to go on
 * @slow: one more subscriber that never reads
 * @own: clients have a topic of their own, too
 * @prefix: what client ids begin with
 */
struct options {
	const char *host;
	const char *port;
	unsigned int clients;
	unsigned int messages;
	unsigned int window;
	unsigned int size;
	unsigned int seconds;
	bool slow;
	bool own;
	const char *prefix;
};

extern struct options opt;

enum state {
	CLOSED,		/* no socket */
	DIALING,	/* connect() under way */
	GREETING,	/* CONNECT sent */
	SUBSCRIBING,	/* SUBSCRIBE sent */
	READY,
};

/**
 * struct peer - one client
 * @fd: its socket, or -1
 * @nr: its number
 * @state: how far it has come
 * @silent: says nothing once connected
 * @deaf: never reads once it is READY
 * @kept: start of the packet that is arriving
 * @have: bytes in @kept
 * @header: bytes of its fixed header, 0 until known
 * @left: bytes of it that have not arrived
 * @length: bytes of all of it
 * @next: sequence number that is due
 * @received: PUBLISH packets
 * @when: milliseconds; time of what the mode times
 * @code: of the CONNACK, or -1
 * @tx: bytes on their way out
 * @tx_len: bytes in @tx
 * @tx_size: room in @tx
 */
struct peer {
	int fd;
	unsigned int nr;
	enum state state;
	bool silent;
	bool deaf;
	unsigned char kept[KEEP];
	unsigned int have;
	unsigned int header;
	size_t left;
	size_t length;
	uint64_t next;
	uint64_t received;
	uint64_t when;
	int code;
	unsigned char *tx;
	size_t tx_len;
	size_t tx_size;
};

/**
 * struct events - what a mode wants to hear of
 * @opened: TCP has connected; sends CONNECT if NULL
 * @packet: a whole packet is in; only KEEP bytes of it are in kept[]
 * @closed: the broker closed it, or connecting failed (errno, or 0)
 */
struct events {
	void (*opened)(struct peer *p);
	void (*packet)(struct peer *p, unsigned int type);
	void (*closed)(struct peer *p, int error);
};

extern struct peer *peers;
extern bool stop;		/* SIGTERM or SIGINT came */

uint64_t now_ms(void);
void make_peers(unsigned int nr, const struct events *ev);
bool dial(struct peer *p);
void hang_up(struct peer *p);
void turn(int timeout_ms);
bool turn_until(bool (*done)(void), uint64_t deadline);
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void send_connect(struct peer *p, const char *id, unsigned int keepalive,
		  const char *will);
void send_subscribe(struct peer *p, const char *const *filters,
		    unsigned int nr);
void send_unsubscribe(struct peer *p, const char *filter);
void send_publish(struct peer *p, const char *topic, uint64_t seq,
		  unsigned int size, bool retain);
void send_acked(struct peer *p, const char *topic, uint64_t seq);
void send_plain(struct peer *p, unsigned int type);
bool come_in(struct peer *p, unsigned int type, const char *const *filters,
	     unsigned int nr);
bool ramp(unsigned int nr, uint64_t deadline);
bool topic_is(const struct peer *p, const char *topic);
uint64_t sequence(const struct peer *p);

int mode_fan(void);
int mode_order(void);
int mode_busy(void);
int mode_hold(void);
int mode_refuse(void);
int mode_replay(void);
int mode_sit(void);

#endif /* SWARM_H */
