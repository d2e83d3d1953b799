/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The listener: an address where clients connect, and what is allowed there.
 */
#ifndef MQTTK_LISTENER_H
#define MQTTK_LISTENER_H

#include <linux/cache.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/socket.h>
#include <linux/workqueue.h>

#include "terms.h"

struct mem_cgroup;
struct mqttk_config_listener;
struct mqttk_net;
struct net;
struct netlink_ext_ack;
struct sock;
struct socket;

/* As in the netlink specification. */
#define MQTTK_LISTENERS_MAX	256

/**
 * struct mqttk_listener_config - what somebody asks for
 * @addr: IPv4 or IPv6 address and port; sin6_scope_id for link-local ones
 * @bind_ifindex: device to bind to, or 0
 * @terms: all else. A reference of the caller's, who has shown them to nobody: if
 *	they have no name they are given one
 */
struct mqttk_listener_config {
	struct sockaddr_storage addr;
	int bind_ifindex;
	struct mqttk_terms *terms;
};

/**
 * struct mqttk_callbacks - a socket's callbacks before ours
 * @data_ready: see &struct sock
 * @state_change: see &struct sock
 * @write_space: see &struct sock
 */
struct mqttk_callbacks {
	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	void (*write_space)(struct sock *sk);
};

/**
 * struct mqttk_listener - an open listener
 * @list: in mn->listeners, under mn->ctl_mutex
 * @mn: its broker
 * @addr: where, port filled in; under mn->ctl_mutex
 * @bind_ifindex: device it is bound to, or 0; likewise
 * @terms: written under mn->ctl_mutex and mn->conns_lock, read under RCU; a
 *	reference
 * @sock: the listening socket; NULL once closed; under mn->ctl_mutex, and its
 *	work's
 * @work: accepts; delayed only while memory is short
 * @saved: what the socket's callbacks were; those of its connections, too
 * @wish: config.c's, and only while it decides: what it is to be; NULL: nothing
 * @suspended: likewise: it keeps its port but does not listen
 * @memcg: who opened it pays for what comes by it; a reference
 * @nr_conns: connections it has open
 * @accepted: connections it ever accepted
 * @refused: connections it turned away
 * @ref: the list, and each connection
 * @rcu: the socket's callback finds the listener under RCU
 */
struct mqttk_listener {
	/* What its connections read. */
	struct mqttk_net *mn;
	struct mqttk_terms __rcu *terms;
	struct mem_cgroup *memcg;
	struct mqttk_callbacks saved;
	/* What is written when they come and go, or by control. */
	struct list_head list ____cacheline_aligned_in_smp;
	struct sockaddr_storage addr;
	int bind_ifindex;
	struct socket *sock;
	struct delayed_work work;
	struct mqttk_config_listener *wish;
	bool suspended;
	atomic_t nr_conns;
	atomic_long_t accepted;
	atomic_long_t refused;
	refcount_t ref;
	struct rcu_head rcu;
};

int mqttk_listener_add(struct mqttk_net *mn,
		       const struct mqttk_listener_config *config,
		       struct netlink_ext_ack *extack);
int mqttk_listener_del(struct mqttk_net *mn, const char *name,
		       struct netlink_ext_ack *extack);
void mqttk_listener_del_all(struct mqttk_net *mn);
int mqttk_listener_parse(struct net *net, const char *text,
			 struct mqttk_listener_config *config);
void mqttk_listener_put(struct mqttk_listener *ln);
struct mqttk_listener *mqttk_listener_find(struct mqttk_net *mn,
					   const char *name);
struct mqttk_terms *mqttk_listener_terms(const struct mqttk_listener *ln);
bool mqttk_listener_covers(const struct mqttk_listener *ln,
			   const struct sock *sk);

/* For config.c: the steps in which listeners come, change and go. */
struct mqttk_listener *
mqttk_listener_alloc(struct mqttk_net *mn,
		     const struct mqttk_listener_config *config,
		     struct netlink_ext_ack *extack);
int mqttk_listener_bind(struct mqttk_net *mn,
			const struct mqttk_listener_config *config,
			struct socket **sock, struct netlink_ext_ack *extack);
int mqttk_listener_listen(struct socket *sock, struct netlink_ext_ack *extack);
void mqttk_listener_name(struct mqttk_net *mn,
			 const struct sockaddr_storage *addr,
			 struct mqttk_terms *terms);
void mqttk_listener_tell(const struct mqttk_listener *ln, int cmd);
void mqttk_listeners_change(struct mqttk_net *mn);
void mqttk_listener_open(struct mqttk_listener *ln, struct socket *sock);
void mqttk_listener_stop(struct mqttk_listener *ln);
void mqttk_listener_close(struct mqttk_listener *ln);
void mqttk_listener_move(struct mqttk_listener *ln,
			 const struct mqttk_listener_config *config,
			 struct socket *sock);
void mqttk_listener_set_terms(struct mqttk_listener *ln,
			      struct mqttk_terms *terms);
void mqttk_listener_suspend(struct mqttk_listener *ln);
void mqttk_listener_resume(struct mqttk_listener *ln);

#endif /* MQTTK_LISTENER_H */
