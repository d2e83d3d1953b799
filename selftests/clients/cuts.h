/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cuts: clients that follow the protocol to the letter over links that do not
 * live long, and know what the broker owes them. See cuts.c.
 */
#ifndef CUTS_H
#define CUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONNECT = 1, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP,
	SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT,
};

#define MAX_TOPICS	8
#define MAX_CLIENTS	32
#define MAX_PIDS	48		/* a publisher uses so many identifiers */
#define MAX_SIZE	60000		/* bytes of payload */
#define MAX_PACKET	(MAX_SIZE + 1000)
#define MAX_ALIAS	8
#define MAX_STALE	4		/* links taken over, for each client */
#define MAX_ACKS	4096
#define LOG_LINES	400		/* of a client's history */
#define LOG_LINE	120

/**
 * struct options - what the command line says
 * @host: numeric address of the broker
 * @port: its port
 * @seed: of all decisions
 * @cuts: links to cut
 * @publishers: how many
 * @subscribers: how many
 * @topics: how many
 * @window: most messages in flight to a client that names no maximum
 * @seconds: until it is given up
 * @patience: seconds in which something must happen
 * @overlap: some subscribers have filters that overlap
 * @lax: forgive what mosquitto is known to do
 */
struct options {
	const char *host;
	const char *port;
	uint64_t seed;
	unsigned int cuts;
	unsigned int publishers;
	unsigned int subscribers;
	unsigned int topics;
	unsigned int window;
	unsigned int seconds;
	unsigned int patience;
	bool overlap;
	bool lax;
};

extern struct options opt;

/**
 * struct message - one that was published, or is about to be
 * @publisher: by whom
 * @topic: its number
 * @qos: as published
 * @seq: its number among its publisher's of that topic and QoS
 * @size: bytes of payload
 * @began: when the first byte of it was sent; a number that grows
 * @tries: how often it was sent completely
 * @calm: sent when links were no longer cut
 */
struct message {
	uint16_t publisher;
	uint16_t topic;
	uint8_t qos;
	bool calm;
	uint32_t seq;
	uint32_t size;
	uint32_t tries;
	uint64_t began;
};

extern struct message *messages;
extern unsigned int nr_messages;

/* Where in the exchange of packets a link is cut, and how. */
enum where { BEFORE, HALF, AFTER, READING, NR_WHERE };
enum way { CLOSE, RESET, TAKEOVER, GOODBYE, SHUT, NR_WAY };

/**
 * struct packet - one that is being sent
 * @len: bytes
 * @sent: bytes the socket has taken
 * @stop: the socket gets no more than so many for now
 * @type: of the packet
 * @pid: its identifier
 * @message: which one is published
 * @refuses: a PUBREC that says failure
 * @cut: the link is cut when @stop is reached
 * @way: how
 * @b: the packet
 */
struct packet {
	unsigned int len;
	unsigned int sent;
	unsigned int stop;
	unsigned int type;
	uint16_t pid;
	uint32_t message;
	bool refuses;
	bool cut;
	enum way way;
	unsigned char b[MAX_PACKET];
};

struct client;

/**
 * struct link - one TCP connection
 * @fd: its socket
 * @owner: whose
 * @nr: counts the owner's links
 * @stale: another link is to take over: only its end is of interest
 * @greeted: CONNECT was sent completely
 * @up: CONNACK was read
 * @draining: nothing more is sent; what comes still counts
 * @broken: sending failed, which reading will tell, too
 * @whole: stale, and no packet was being sent
 * @goodbye: DISCONNECT came from the broker; its reason code plus one
 * @have: bytes in @in
 * @in: what was read and is not yet a packet
 * @next: in the list of those to be freed
 */
struct link {
	int fd;
	struct client *owner;
	unsigned int nr;
	bool stale;
	bool greeted;
	bool up;
	bool draining;
	bool broken;
	bool whole;
	unsigned int goodbye;
	unsigned int have;
	unsigned char in[2 * MAX_PACKET];
	struct link *next;
};

enum sent_state { TO_PUBLISH, TO_RELEASE };

/**
 * struct flight - a publisher's message that is not acknowledged
 * @pid: packet identifier
 * @state: what is, or was, to be sent
 * @message: which
 * @tried: sending it began at least once: then it is sent again with DUP
 * @rel_due: its PUBREC has come on this link, its PUBREL is to be sent
 * @rel_sent: how often PUBREL was sent completely
 * @link: on which link it (or its PUBREL) was sent completely, or 0
 */
struct flight {
	uint16_t pid;
	enum sent_state state;
	uint32_t message;
	bool tried;
	bool rel_due;
	unsigned int rel_sent;
	unsigned int link;
};

enum got_state {
	FREE,		/* never used */
	SEEN,		/* PUBLISH came; no acknowledgment was sent completely */
	RECEIVED,	/* QoS 2: PUBREC was sent */
	RELEASED,	/* QoS 2: PUBREL came; PUBCOMP was not sent completely */
	ACKED,		/* the last acknowledgment was sent: PUBACK, or a PUBREC */
			/* that says failure */
	DONE,		/* the same: PUBCOMP */
};

/**
 * struct entry - what a subscriber knows of a packet identifier
 * @state: how far the exchange has come
 * @qos: of it
 * @message: which
 * @link: the link on which @state came about
 * @seen: the link on which PUBLISH came last
 * @order: counts messages, when the first PUBLISH came
 * @recorded: counts PUBRECs, when its was sent
 */
struct entry {
	enum got_state state;
	uint8_t qos;
	uint32_t message;
	unsigned int link;
	unsigned int seen;
	uint64_t order;
	uint64_t recorded;
};

/* An acknowledgment that is due. */
struct ack {
	unsigned int type;
	uint16_t pid;
};

struct subscription {
	char filter[64];
	uint8_t qos;
};

/**
 * struct client - a publisher or a subscriber
 */
struct client {
	unsigned int nr;
	bool subscriber;
	uint8_t version;
	char id[24];
	uint64_t random;

	struct link *link;		/* NULL: to be opened */
	struct packet tx;
	unsigned int links;		/* ever opened */
	unsigned int stale;		/* links that are to be taken over */
	unsigned int loose;		/* CONNECTs whose fate is unknown */
	bool known;			/* the broker has a session */
	uint64_t since;			/* when CONNACK came on this link */
	uint64_t back_ms;		/* when to open a link again, */
	unsigned int back_at;		/* or at how many messages */
	unsigned int fuse;		/* steps to the next cut */
	unsigned int lazy;		/* of 100 turns, those it sits out */
	uint64_t moved_ms;		/* when something happened to it */

	/* publisher */
	struct flight flights[MAX_PIDS];
	unsigned int nr_flights;
	unsigned int again;		/* flights below have been sent again */
	unsigned int window;
	unsigned int alias_max;
	bool alias_set[MAX_ALIAS + 1];
	uint32_t seq[MAX_TOPICS][3];
	unsigned int to_publish;	/* when calm */

	/* subscriber */
	struct subscription subs[2];
	unsigned int nr_subs;
	unsigned int sub_id;		/* subscription identifier */
	bool subscribed;		/* once */
	bool subscribe_due;
	bool subscribing;
	uint16_t subscribe_pid;
	struct entry *entries;		/* by packet identifier */
	struct ack acks[MAX_ACKS];
	unsigned int first_ack, nr_acks;
	unsigned int outstanding;	/* PUBLISH on this link, not acknowledged */
	unsigned int receive_max;
	uint64_t order;			/* messages seen */
	uint64_t again_order;		/* of the last PUBLISH sent again on this link, */
	uint64_t again_rel;		/* and of the last PUBREL */
	uint64_t recorded;		/* PUBRECs sent, */
	uint64_t released;		/* and the last of them answered */
	char alias[MAX_ALIAS + 1][64];
	unsigned int alias_limit;
	uint8_t *got;			/* by message: how often */
	unsigned int got_room;
	uint32_t next[MAX_CLIENTS][MAX_TOPICS][3];

	/* at the end */
	bool ping_due, pinging;
	char (*log)[LOG_LINE];
	unsigned int logged;
};

extern struct client clients[MAX_CLIENTS];
extern unsigned int nr_clients;
extern uint64_t now;		/* counts what matters for DUP */
extern unsigned int slowest;	/* messages the last subscriber is behind */
extern bool calm;		/* links are no longer cut */
extern bool ending;		/* nothing is to come any more */

/* Figures. */
extern struct figures {
	unsigned int cuts;
	unsigned int where[NR_WHERE];
	unsigned int way[NR_WAY];
	unsigned int half[16];		/* by type of packet */
	unsigned int resumed;
	unsigned int taken_over;	/* links whose end was seen */
	unsigned int by_loose;		/* links ended by an old CONNECT */
	unsigned int subscribed;
	unsigned int sent[3];
	unsigned int again_sent;
	unsigned int delivered[3];	/* by QoS of the delivery */
	unsigned int again_got;
	unsigned int rel_again;
	unsigned int refused;
	unsigned int aliased;
	unsigned int peak;		/* most outstanding */
	unsigned int lost0;		/* QoS 0 messages, in the storm */
} figures;

/* cuts.c */
uint32_t rnd(struct client *c, uint32_t below);
bool chance(struct client *c, unsigned int percent);
void note(struct client *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void wrong(struct client *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void topic_name(char *name, unsigned int topic);
void welcome(struct client *c);

/* cuts-wire.c */
void put_connect(struct client *c, bool clean, bool ends);
void put_disconnect(struct client *c);
void put_publish(struct client *c, uint32_t message, uint16_t pid, bool dup);
void put_ack(struct client *c, unsigned int type, uint16_t pid, unsigned int reason);
void put_subscribe(struct client *c);
void put_ping(struct client *c);

/**
 * struct reader - a cursor over a packet that came; reading past its end fails
 */
struct reader {
	struct client *c;
	const unsigned char *b;
	unsigned int left;
};

uint32_t get_number(struct reader *r, unsigned int bytes);
uint32_t get_varint(struct reader *r);
struct reader get_part(struct reader *r, unsigned int len);
void get_string(struct reader *r, char *to, size_t size);

/* Properties that mean something here. */
struct props {
	bool has_receive_max, has_alias_max;
	uint32_t receive_max, alias_max, alias;
	uint32_t ids[4];
	unsigned int nr_ids;
	char user[24];
};

void get_props(struct reader *r, struct props *p);
uint32_t get_message(struct reader *r);
const char *type_name(unsigned int type);

/* cuts-model.c */
bool next_packet(struct client *c);
void packet_begun(struct client *c);
void packet_sent(struct client *c);
void packet_came(struct client *c, const unsigned char *b, unsigned int len,
		 unsigned int header);
void link_lost(struct client *c);
bool owes_nothing(struct client *c);
unsigned int behind(const struct client *c);
unsigned int missing0(const struct client *c);
bool may_come(const struct client *c, const struct message *m);

/* cuts-promise.c */
bool broken_promise(struct client *c, char *text, size_t size);

#endif /* CUTS_H */
