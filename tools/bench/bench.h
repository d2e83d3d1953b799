/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mqttk-bench: a load generator for MQTT 3.1.1 brokers. One process, one epoll
 * loop, and as little work of its own as possible for each message: where
 * instructions are counted, all of them count.
 *
 * client.c has connections and packets; each kind of work is a file of its own;
 * measure.c reads clocks and counters, report.c prints.
 */
#ifndef MQTTK_BENCH_H
#define MQTTK_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct options - what was asked for; see mqttk-bench(1)
 * @work: the kind of work, by name
 * @host: of the broker
 * @port: of the broker
 * @prefix: of client identifiers and topics
 * @user: to connect as, or NULL
 * @password: with @user, or NULL
 * @clients: receivers, pairs, connections; 0: what the work takes by default
 * @first: connections before memory is looked at for the first time
 * @size: bytes of payload
 * @qos: to publish and to subscribe with
 * @burst: messages that a publisher sends at once
 * @window: messages that a publisher may have under way, @burst at least
 * @messages: for each publisher to measure, 0: go by @seconds
 * @warm_up: for each publisher before that
 * @seconds: to measure for
 * @filters: subscriptions of others
 * @timeout: seconds without a packet after which what is missing is lost
 * @pid: of the broker, whose time is told, or 0
 * @lazy: receivers are woken when a whole message is there
 * @counting: count instructions, in a guest where each takes a nanosecond
 * @settle: wait a while between connecting and the first message
 * @batch: the floor writes what it has read at once
 * @json: print JSON
 */
struct options {
	const char *work;
	const char *host;
	const char *port;
	const char *prefix;
	const char *user;
	const char *password;
	unsigned int clients;
	unsigned int first;
	unsigned int size;
	unsigned int qos;
	unsigned int burst;
	unsigned int window;
	uint64_t messages;
	uint64_t warm_up;
	unsigned int seconds;
	unsigned int filters;
	unsigned int timeout;
	unsigned int pid;
	bool lazy;
	bool counting;
	bool settle;
	bool batch;
	bool json;
};

extern struct options opt;

/* Packets of MQTT, as the upper half of their first byte. */
enum packet {
	CONNECT = 1,
	CONNACK,
	PUBLISH,
	PUBACK,
	PUBREC,
	PUBREL,
	PUBCOMP,
	SUBSCRIBE,
	SUBACK,
	DISCONNECT = 14,
};

/* Seconds; nobody pings, so nothing may take longer. */
#define KEEP_ALIVE	3600

/* What a payload begins with: the message's number and when it was sent. */
#define MARK_SIZE	16

/* So much of a packet that comes in parts is kept: all but its payload. */
#define HEAD_SIZE	256

/**
 * struct client - one connection, or one open /dev/mqtt
 * @fd: its socket
 * @nr: its number among the clients
 * @group: whom it receives from or publishes to
 * @next: number of the message that it gets next
 * @total: bytes of the packet that has begun to come, 0: not known
 * @have: those that have come
 * @kept: those in @head
 * @head: begin of that packet
 * @packet_id: of the last message it has published with QoS 1 or 2
 * @tx_len: bytes that wait to be sent
 * @tx_room: bytes that @tx has room for
 * @tx: what waits to be sent
 */
struct client {
	int fd;
	unsigned int nr;
	struct group *group;
	uint64_t next;
	uint32_t total;
	uint32_t have;
	uint32_t kept;
	uint8_t head[HEAD_SIZE];
	uint16_t packet_id;
	size_t tx_len;
	size_t tx_room;
	uint8_t *tx;
};

/**
 * struct hooks - what a kind of work does when something happens
 * @message: a message has come whole; @number and @sent are its mark
 * @acked: a message this client published with QoS 1 or 2 has arrived for good
 * @drained: all that had come for this client has been told
 * @readable: there is something to read for this client, or it has ended; most
 *	often this is receive()
 */
struct hooks {
	void (*message)(struct client *c, uint64_t number, uint64_t sent);
	void (*acked)(struct client *c);
	void (*drained)(struct client *c);
	void (*readable)(struct client *c, bool ending);
};

/**
 * struct topic - a message to publish, ready but for its mark
 * @packet: the PUBLISH
 * @len: its bytes
 * @id_at: where the packet identifier is, 0: QoS 0
 * @mark_at: where the payload begins
 */
struct topic {
	uint8_t *packet;
	size_t len;
	size_t id_at;
	size_t mark_at;
};

/* client.c */
void clients_begin(unsigned int nr, const struct hooks *hooks);
void client_open(struct client *c, unsigned int nr);
void client_subscribe(struct client *c, const char *filter);
void client_subscribe_many(struct client *c, unsigned int nr,
			   void (*name)(char *buf, size_t size, unsigned int i));
void client_watch(struct client *c);
void client_lazy(struct client *c, size_t len);
void client_append(struct client *c, const void *data, size_t len);
void client_flush(struct client *c);
void client_close(struct client *c);
bool turn(void);
void topic_make(struct topic *t, const char *name);
void publish(struct client *c, const struct topic *t, uint64_t number,
	     uint64_t now);

/* address.c */
int dial(unsigned int nr);
int serve(void);
void many_files(unsigned int nr);

/**
 * struct sample - clocks and counters at one moment
 * @wall: nanoseconds of CLOCK_MONOTONIC
 * @idle: of them, those in which no processor had anything to do
 * @busy: nanoseconds of all processors, as the system accounts them
 * @own: of this process
 * @broker: of process @pid of the options
 * @drops: packets that a full backlog lost
 * @retransmitted: segments that TCP sent again
 */
struct sample {
	uint64_t wall;
	uint64_t idle;
	uint64_t busy;
	uint64_t own;
	uint64_t broker;
	uint64_t drops;
	uint64_t retransmitted;
};

/* measure.c */
uint64_t now_ns(void);
void settle(void);
void sample_begin(struct sample *s);
void sample_end(struct sample *s, const struct sample *begin);

/* latency.c */
void latency_add(uint64_t ns);
void latency_reset(void);
uint64_t latency_count(void);
uint64_t latency_at(double part);
uint64_t latency_most(void);

/**
 * struct result - what a run gave
 * @units: messages delivered, connections made, and the like
 * @unit: what they are, in the singular
 * @published: messages that were published
 * @lost: messages that were not delivered
 * @spent: what it took
 */
struct result {
	uint64_t units;
	const char *unit;
	uint64_t published;
	uint64_t lost;
	struct sample spent;
};

/* report.c */
int report(const struct result *r);

/* What a kind of work is called by, each in a file of its own; and its result. */
int work_fan(void);
int work_pairs(void);
int work_match(void);
int work_device(void);
int work_pingpong(void);
int work_connect(void);
int work_idle(void);
int work_floor(void);

/* main.c */
unsigned int clients_wanted(unsigned int usual);
void fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif
