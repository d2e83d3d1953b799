/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Budgets: what a netns and the whole module may hold, and who counts it.
 *
 * Sockets accepted in a worker are charged to nobody, so mqttk budgets by
 * itself. Every byte that a peer can make the module keep is charged to one
 * budget of its netns and to the module's cap before it is allocated, and
 * given back when it is freed. What happens when a budget is full is written
 * beside it, once, in Documentation/limits.md.
 */
#ifndef MQTTK_LIMITS_H
#define MQTTK_LIMITS_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/percpu_counter.h>
#include <linux/types.h>

struct net;

/**
 * enum mqttk_budget - what a byte is charged as
 * @MQTTK_BUDGET_HANDSHAKE: connections that have not finished CONNECT: their
 *	state, partial packets and socket buffers; full: the connection is
 *	closed
 * @MQTTK_BUDGET_CLIENT: connections and sessions after CONNECT, subscriptions
 *	and filters, socket buffers; full: CONNECT or SUBSCRIBE is refused
 * @MQTTK_BUDGET_MESSAGE: payloads and topics of messages, however many queues
 *	hold them, and queue entries; full: the publish is dropped and counted
 * @MQTTK_BUDGET_RETAINED: the tree of retained messages; the messages in it
 *	are earmarked here, too, so that they leave room for others; full: the
 *	message is delivered but not retained, counted
 * @MQTTK_BUDGET_NR: their number
 */
enum mqttk_budget {
	MQTTK_BUDGET_HANDSHAKE,
	MQTTK_BUDGET_CLIENT,
	MQTTK_BUDGET_MESSAGE,
	MQTTK_BUDGET_RETAINED,
	MQTTK_BUDGET_NR,
};

/**
 * enum mqttk_limit - settings of a netns, by mosquitto's names where it has one
 *
 * Names, units, defaults and ceilings stand in one table in limits.c.
 */
enum mqttk_limit {
	MQTTK_LIMIT_MAX_PACKET_SIZE,	/* bytes, whole packet */
	MQTTK_LIMIT_MAX_CONNECTIONS,	/* TCP connections of the netns */
	MQTTK_LIMIT_MAX_QUEUED_MESSAGES, /* a session's queue, entries */
	MQTTK_LIMIT_MAX_QUEUED_BYTES,	/* a session's queue, payload bytes */
	MQTTK_LIMIT_MAX_KEEPALIVE,	/* seconds, 0: none enforced */
	MQTTK_LIMIT_MAX_SUBSCRIPTIONS,	/* of a client */
	MQTTK_LIMIT_CONNECT_TIMEOUT,	/* seconds from accept to CONNECT */
	MQTTK_LIMIT_SOCKET_BUFFER,	/* bytes, each way, of a connection */
	MQTTK_LIMIT_MAX_INFLIGHT,	/* each way, of a client; 0: no limit */
	MQTTK_LIMIT_MAX_TOPIC_ALIAS,	/* aliases a client may use */
	MQTTK_LIMIT_QUEUE_QOS0,		/* keep QoS 0 for absent clients */
	MQTTK_LIMIT_QUEUE_DROP_QOS0,	/* full queue: the oldest QoS 0 goes */
	MQTTK_LIMIT_PERSISTENT_EXPIRY,	/* seconds of absence, 0: for ever */
	MQTTK_LIMIT_SHARED_STRATEGY,	/* enum mqttk_shared_strategy */
	MQTTK_LIMIT_CHECK_PAYLOAD_FORMAT, /* refuse text that is not UTF-8 */
	MQTTK_LIMIT_SYS_INTERVAL,	/* seconds, 0: no $SYS topics */
	MQTTK_LIMIT_RETAIN_AVAILABLE,	/* clients may have messages retained */
	MQTTK_LIMIT_UPGRADE_QOS,	/* deliver with the QoS subscribed to */
	MQTTK_LIMIT_HANDSHAKE_MEMORY,	/* bytes, MQTTK_BUDGET_HANDSHAKE */
	MQTTK_LIMIT_CLIENT_MEMORY,	/* bytes, MQTTK_BUDGET_CLIENT */
	MQTTK_LIMIT_MESSAGE_MEMORY,	/* bytes, MQTTK_BUDGET_MESSAGE */
	MQTTK_LIMIT_RETAINED_MEMORY,	/* bytes, MQTTK_BUDGET_RETAINED */
	MQTTK_LIMIT_NR,
};

/**
 * struct mqttk_store - messages that came to be on a CPU, less those that went
 * @messages: how many
 * @bytes: their payloads
 */
struct mqttk_store {
	long messages;
	long bytes;
};

/**
 * struct mqttk_hits - how often a limit refused or dropped something
 * @next: when it may be told again, nanoseconds of CLOCK_BOOTTIME
 * @count: since it was told
 */
struct mqttk_hits {
	atomic64_t next;
	atomic_long_t count;
};

/**
 * struct mqttk_limits - settings and budgets of a netns
 * @value: settings; written under the netns's ctl_mutex, read anywhere with
 *	READ_ONCE()
 * @store: what messages there are, whoever holds them; kept by msg.c
 * @net: whose; NULL: nobody is told of limits that are hit
 * @cap: bytes all netns together may hold when this one takes more
 * @used: bytes charged, by budget; per-CPU, so that publishers on different
 *	CPUs do not write one cache line, but for each 64 KiB
 * @overflow: how often each budget refused
 * @hits: of each setting, while somebody listens; see events.c
 *
 * What every message reads does not share a cache line with what is written.
 */
struct mqttk_limits {
	unsigned long value[MQTTK_LIMIT_NR];
	struct mqttk_store __percpu *store;
	struct net *net;
	unsigned long cap;
	struct percpu_counter used[MQTTK_BUDGET_NR] ____cacheline_aligned_in_smp;
	atomic_long_t overflow[MQTTK_BUDGET_NR] ____cacheline_aligned_in_smp;
	struct mqttk_hits hits[MQTTK_LIMIT_NR];
} ____cacheline_aligned_in_smp;

/**
 * struct mqttk_limit_desc - a setting as people see it
 * @name: its name in `mqttkctl limit`
 * @unit: "bytes", "messages", "seconds", ...
 * @min: smallest value that can be set
 * @max: ceiling; outside the initial user namespace @userns_max applies. Those
 *	of memory budgets follow the size of the machine, set at module load
 * @userns_max: ceiling for netns owned by other user namespaces
 * @def: what a new netns starts with
 */
struct mqttk_limit_desc {
	const char *name;
	const char *unit;
	unsigned long min;
	unsigned long max;
	unsigned long userns_max;
	unsigned long def;
};

extern struct mqttk_limit_desc mqttk_limit_desc[MQTTK_LIMIT_NR];

/* The module's cap, shared by all netns: set up at module load. */
int mqttk_limits_module_init(void);
void mqttk_limits_module_exit(void);

int mqttk_limits_init(struct mqttk_limits *l, bool init_userns);
void mqttk_limits_reset(struct mqttk_limits *l, bool init_userns);
void mqttk_limits_exit(struct mqttk_limits *l);
int mqttk_limit_find(const char *name);
unsigned long mqttk_limit_default(enum mqttk_limit key, bool init_userns);
bool mqttk_limit_permits(enum mqttk_limit key, u64 value, bool init_userns);
int mqttk_limit_set(struct mqttk_limits *l, enum mqttk_limit key, u64 value,
		    bool init_userns);

bool mqttk_charge(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes);
void mqttk_uncharge(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes);
bool mqttk_earmark(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes);
void mqttk_unearmark(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes);
struct mqttk_store mqttk_limits_stored(const struct mqttk_limits *l);
unsigned long mqttk_budget_left(struct mqttk_limits *l, enum mqttk_budget b);
bool mqttk_budget_has(struct mqttk_limits *l, enum mqttk_budget b,
		      size_t bytes);
bool mqttk_budget_scarce(struct mqttk_limits *l, enum mqttk_budget b);

static inline unsigned long mqttk_limit(const struct mqttk_limits *l, enum mqttk_limit k)
{
	return READ_ONCE(l->value[k]);
}

#endif /* MQTTK_LIMITS_H */
