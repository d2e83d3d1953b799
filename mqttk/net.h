/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The broker of a network namespace.
 */
#ifndef MQTTK_NET_H
#define MQTTK_NET_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "deadline.h"
#include "filter.h"
#include "limits.h"
#include "retain.h"
#include "sys.h"

struct netlink_ext_ack;

/**
 * enum mqttk_stat - counters of a netns, monotonic
 *
 * Order and names are those of the netlink attributes.
 */
enum mqttk_stat {
	MQTTK_STAT_CONNECTIONS,		/* TCP connections accepted */
	MQTTK_STAT_CONNECTIONS_REFUSED,	/* over max_connections or a budget */
	MQTTK_STAT_CLIENTS_CONNECTED,	/* CONNECTs accepted */
	MQTTK_STAT_CONNECTS_REFUSED,	/* CONNECTs answered with a refusal */
	MQTTK_STAT_CONNECT_TIMEOUTS,	/* cut for being late with CONNECT */
	MQTTK_STAT_KEEPALIVE_TIMEOUTS,	/* cut for silence */
	MQTTK_STAT_TAKEOVERS,		/* client id came again */
	MQTTK_STAT_MALFORMED,		/* connections cut for bad packets */
	MQTTK_STAT_PACKETS_TOO_LARGE,	/* connections cut for max_packet_size */
	MQTTK_STAT_BYTES_RECEIVED,	/* off sockets */
	MQTTK_STAT_BYTES_SENT,		/* into sockets */
	MQTTK_STAT_MESSAGES_RECEIVED,	/* PUBLISH accepted, from anyone */
	MQTTK_STAT_MESSAGES_SENT,	/* PUBLISH given to endpoints */
	MQTTK_STAT_MESSAGES_DROPPED,	/* by a receiver's queue limit */
	MQTTK_STAT_MESSAGES_REFUSED,	/* not stored for want of memory */
	MQTTK_STAT_RETAIN_REFUSED,	/* delivered, but not retained */
	MQTTK_STAT_WILLS_SENT,		/* wills published */
	MQTTK_STAT_MESSAGES_EXPIRED,	/* in a queue, before delivery */
	MQTTK_STAT_SESSIONS_EXPIRED,	/* for want of their client */
	MQTTK_STAT_CLIENTS_DISCONNECTED, /* of those connected */
	MQTTK_STAT_PACKETS_RECEIVED,	/* MQTT packets of every type */
	MQTTK_STAT_PACKETS_SENT,	/* likewise */
	MQTTK_STAT_PUBLISH_BYTES_RECEIVED, /* payload of PUBLISH */
	MQTTK_STAT_PUBLISH_BYTES_SENT,	/* likewise */
	MQTTK_STAT_NR,
};

struct mqttk_stats {
	u64 value[MQTTK_STAT_NR];
};

/**
 * struct mqttk_net - the broker of a network namespace
 * @net: the namespace; no reference: it outlives this by being torn down first
 * @acl: the access control list in force, or NULL; changed under @ctl_mutex
 * @acl_seq: of the one in force, so that a dump can tell that it was interrupted;
 *	under @ctl_mutex; never 0
 * @limits: settings and budgets
 * @stats: counters
 * @clock: what is due at a time
 * @sys: the $SYS topics
 * @dying: set once, when the namespace or the module goes
 * @ctl_mutex: serializes control: listeners, limits, reset
 * @listeners: under @ctl_mutex
 * @listeners_seq: changes of @listeners, so that a dump can tell that it was
 *	interrupted by one; never 0
 * @sub_mutex: serializes changes of subscriptions, of the table of client ids
 *	and of @session_ids; inside @ctl_mutex
 * @index: subscriptions, by topic
 * @sessions: client id -> session; read under RCU
 * @session_ids: small index -> session, files included; read under RCU. Dumps
 *	resume by it.
 * @retained: retained messages
 * @conns: TCP connections, under @conns_lock
 * @conns_lock: guards @conns; bottom halves off
 * @nr_conns: in @conns
 * @nr_live: conns whose memory is not yet freed; the netns waits for 0
 * @nr_objects: sessions not yet freed; likewise
 * @wait: wakes who waits for @nr_live
 * @files: open /dev/mqtt files; dev.c's
 */
struct mqttk_net {
	/* What every message reads, and hardly anything writes. */
	struct net *net;
	struct mqttk_stats __percpu *stats;
	bool dying;
	struct mqttk_acl __rcu *acl;
	struct mqttk_limits limits;
	/* Written when clients come and go, subscribe and unsubscribe. */
	struct mqttk_index index;
	struct mutex sub_mutex;	/* subscriptions, client ids */
	struct rhashtable sessions;
	struct xarray session_ids;
	struct list_head conns;
	spinlock_t conns_lock;	/* conns */
	unsigned int nr_conns;
	atomic_t nr_live;
	atomic_t nr_objects;
	wait_queue_head_t wait;
	/* Written by messages that are retained, or expire. */
	struct mqttk_retained retained ____cacheline_aligned_in_smp;
	struct mqttk_clock clock;
	/* Control, and what goes by time. */
	struct mqttk_sys sys;
	struct mutex ctl_mutex;	/* control */
	struct list_head listeners;
	u32 listeners_seq;
	u32 acl_seq;
	struct list_head files;
};

struct mqttk_net *mqttk_net(const struct net *net);
int mqttk_net_module_init(void);
void mqttk_net_module_exit(void);

bool mqttk_net_is_initial(const struct net *net);
bool mqttk_net_allowed(const struct net *net, struct netlink_ext_ack *extack);
u64 mqttk_stat_sum(const struct mqttk_net *mn, enum mqttk_stat stat);
int mqttk_net_reset(struct mqttk_net *mn);

static inline void mqttk_stat_add(struct mqttk_net *mn, enum mqttk_stat stat,
				  u64 n)
{
	this_cpu_add(mn->stats->value[stat], n);
}

static inline void mqttk_stat_inc(struct mqttk_net *mn, enum mqttk_stat stat)
{
	mqttk_stat_add(mn, stat, 1);
}

/*
 * Counts down one of the netns's counters that its end waits for. Once it is 0
 * the netns may be gone, but not before a grace period.
 */
static inline void mqttk_net_gone(struct mqttk_net *mn, atomic_t *counter)
{
	rcu_read_lock();
	if (atomic_dec_and_test(counter))
		wake_up(&mn->wait);
	rcu_read_unlock();
}

#endif /* MQTTK_NET_H */
