/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The listener: an address where clients connect, and what is allowed there.
 */
#ifndef MQTTK_LISTENER_H
#define MQTTK_LISTENER_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/socket.h>
#include <linux/workqueue.h>

struct mem_cgroup;
struct mqttk_net;
struct net;
struct netlink_ext_ack;
struct sock;
struct socket;

#define MQTTK_LISTENER_NAME_MAX	63

/**
 * struct mqttk_listener_config - what somebody asks for
 * @addr: IPv4 or IPv6 address and port; sin6_scope_id for link-local ones
 * @name: unique in the netns; empty: made from the address
 * @bind_ifindex: device to bind to, or 0
 * @max_connections: of this listener; 0: no limit of its own
 * @anonymous: clients without a user name may connect
 */
struct mqttk_listener_config {
	struct sockaddr_storage addr;
	char name[MQTTK_LISTENER_NAME_MAX + 1];
	int bind_ifindex;
	u32 max_connections;
	bool anonymous;
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
 * @config: as given, name and port filled in
 * @sock: the listening socket; NULL once closed
 * @work: accepts; delayed only while memory is short
 * @saved: what the socket's callbacks were; those of its connections, too
 * @memcg: who opened it pays for what comes by it; a reference
 * @nr_conns: connections it has open
 * @accepted: connections it ever accepted
 * @refused: connections it turned away
 * @ref: the list, and each connection
 * @rcu: the socket's callback finds the listener under RCU
 */
struct mqttk_listener {
	struct list_head list;
	struct mqttk_net *mn;
	struct mqttk_listener_config config;
	struct socket *sock;
	struct delayed_work work;
	struct mqttk_callbacks saved;
	struct mem_cgroup *memcg;
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

#endif /* MQTTK_LISTENER_H */
