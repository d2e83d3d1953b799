// SPDX-License-Identifier: GPL-2.0
/*
 * The listener: opens an address in the caller's netns and with the caller's
 * rights, and accepts.
 */
#include <linux/inet.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "conn.h"
#include "events.h"
#include "listener.h"
#include "memcg.h"
#include "net.h"

#define LISTEN_BACKLOG	4096

/* What a listener is charged: itself, its socket and what hangs on it. */
#define LISTENER_COST	SZ_8K

/* Connections accepted in one turn. */
#define ACCEPT_TURN	64

/* How long to wait after accept() found no memory. */
#define ACCEPT_RETRY	(HZ / 10)

static void listen_data_ready(struct sock *sk)
{
	struct mqttk_listener *ln;

	/* Accepted sockets start as copies of the listening one. */
	if (READ_ONCE(sk->sk_state) != TCP_LISTEN)
		return;
	rcu_read_lock();
	ln = rcu_dereference_sk_user_data(sk);
	if (ln)
		mod_delayed_work(mqttk_conn_wq, &ln->work, 0);
	rcu_read_unlock();
}

/* Turns a connection away, without leaving a socket behind. */
static void turn_away(struct mqttk_listener *ln, struct socket *sock)
{
	atomic_long_inc(&ln->refused);
	mqttk_stat_inc(ln->mn, MQTTK_STAT_CONNECTIONS_REFUSED);
	sock_no_linger(sock->sk);
	sock_release(sock);
}

static void accept_work(struct work_struct *work)
{
	struct mqttk_listener *ln = container_of(to_delayed_work(work),
						 struct mqttk_listener, work);
	struct mem_cgroup *old = set_active_memcg(ln->memcg);
	unsigned long delay = 0;
	struct socket *sock;
	int n, err = 0;

	for (n = 0; n < ACCEPT_TURN; n++) {
		err = kernel_accept(ln->sock, &sock, O_NONBLOCK);
		if (err)
			break;
		if (mqttk_conn_create(ln, sock)) {
			turn_away(ln, sock);
			continue;
		}
		atomic_long_inc(&ln->accepted);
		mqttk_stat_inc(ln->mn, MQTTK_STAT_CONNECTIONS);
	}
	set_active_memcg(old);
	if (err == -EAGAIN || err == -EINVAL)
		return;
	/* ECONNABORTED is the peer's affair; others mean memory is short. */
	if (err && err != -ECONNABORTED)
		delay = ACCEPT_RETRY;
	queue_delayed_work(mqttk_conn_wq, &ln->work, delay);
}

static int bind_error(int err, struct netlink_ext_ack *extack)
{
	switch (err) {
	case -EADDRINUSE:
		NL_SET_ERR_MSG(extack, "address in use");
		break;
	case -EACCES:
		NL_SET_ERR_MSG(extack, "low ports need CAP_NET_BIND_SERVICE");
		break;
	case -EADDRNOTAVAIL:
		NL_SET_ERR_MSG(extack, "address cannot be bound");
		break;
	case -EINVAL:
		NL_SET_ERR_MSG(extack, "address cannot be bound: a link-local one needs %IFACE");
		break;
	default:
		NL_SET_ERR_MSG(extack, "cannot bind");
	}
	return err;
}

static int addr_size(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
					    sizeof(struct sockaddr_in6);
}

static int open_socket(struct mqttk_listener *ln,
		       struct netlink_ext_ack *extack)
{
	struct mqttk_listener_config *config = &ln->config;
	int err;

	err = sock_create_kern(ln->mn->net, config->addr.ss_family,
			       SOCK_STREAM, IPPROTO_TCP, &ln->sock);
	if (err) {
		NL_SET_ERR_MSG(extack, "cannot create a socket");
		return err;
	}
	sock_set_reuseaddr(ln->sock->sk);
	/* An address that is not up yet shall work once it is. */
	inet_set_bit(FREEBIND, ln->sock->sk);
	if (config->addr.ss_family == AF_INET6)
		ip6_sock_set_v6only(ln->sock->sk);
	if (config->bind_ifindex) {
		err = sock_bindtoindex(ln->sock->sk, config->bind_ifindex,
				       true);
		if (err) {
			NL_SET_ERR_MSG(extack, "cannot bind to the device");
			return err;
		}
	}
	err = kernel_bind(ln->sock, mqttk_sockaddr(&config->addr),
			  addr_size(&config->addr));
	return err ? bind_error(err, extack) : 0;
}

static void start(struct mqttk_listener *ln)
{
	struct sock *sk = ln->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	ln->saved.data_ready = sk->sk_data_ready;
	ln->saved.state_change = sk->sk_state_change;
	ln->saved.write_space = sk->sk_write_space;
	__rcu_assign_sk_user_data_with_flags(sk, ln, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = listen_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

/*
 * After this no callback finds the listener any more, once a grace period has
 * passed.
 */
static void stop(struct mqttk_listener *ln)
{
	struct sock *sk = ln->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = ln->saved.data_ready;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}

/* @listeners is about to change. 0 would mean that nobody counts. */
static void count_change(struct mqttk_net *mn)
{
	if (!++mn->listeners_seq)
		mn->listeners_seq = 1;
}

static struct mqttk_listener *find(struct mqttk_net *mn, const char *name)
{
	struct mqttk_listener *ln;

	list_for_each_entry(ln, &mn->listeners, list)
		if (!strcmp(ln->config.name, name))
			return ln;
	return NULL;
}

/* Under ctl_mutex, so that a name goes before it comes again. */
static void tell(const struct mqttk_listener *ln, int cmd)
{
	const struct mqttk_event e = { .cmd = cmd, .listener = ln };

	mqttk_event_tell(ln->mn->net, &e);
}

/* Port 0 was asked for: which one is it? */
static void learn_port(struct mqttk_listener *ln)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&ln->config.addr;

	/* IPv4 and IPv6 addresses have the port in the same place. */
	in->sin_port = inet_sk(ln->sock->sk)->inet_sport;
}

/* As it is typed: a link-local address is only unique with its interface. */
static void make_name(struct mqttk_listener *ln)
{
	struct mqttk_listener_config *config = &ln->config;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&config->addr;
	struct net_device *dev = NULL;

	if (config->name[0])
		return;
	rcu_read_lock();
	if (config->addr.ss_family == AF_INET6 && in6->sin6_scope_id)
		dev = dev_get_by_index_rcu(ln->mn->net, in6->sin6_scope_id);
	if (dev)
		snprintf(config->name, sizeof(config->name), "[%pI6c%%%s]:%u",
			 &in6->sin6_addr, dev->name, ntohs(in6->sin6_port));
	else
		snprintf(config->name, sizeof(config->name), "%pISpc", in6);
	rcu_read_unlock();
}

static int open_listener(struct mqttk_net *mn, struct mqttk_listener *ln,
			 struct netlink_ext_ack *extack)
{
	int err;

	if (mn->dying)
		return -ENODEV;
	err = open_socket(ln, extack);
	if (err)
		return err;
	learn_port(ln);
	make_name(ln);
	if (find(mn, ln->config.name)) {
		NL_SET_ERR_MSG(extack, "a listener of this name exists");
		return -EEXIST;
	}
	start(ln);
	err = kernel_listen(ln->sock, LISTEN_BACKLOG);
	if (err) {
		stop(ln);
		synchronize_rcu();
		cancel_delayed_work_sync(&ln->work);
		return bind_error(err, extack);
	}
	count_change(mn);
	list_add_tail(&ln->list, &mn->listeners);
	tell(ln, MQTTK_CMD_LISTENER_UP_NTF);
	return 0;
}

/**
 * mqttk_listener_add - open a listener
 * @mn: the broker
 * @config: what is asked for
 * @extack: says why not, or NULL
 *
 * The address is bound in the caller's context, with the caller's rights; one
 * that is not up yet can be bound already.
 *
 * Context: process; takes mn->ctl_mutex.
 * Return: 0; -EEXIST if there is one of this name, -EAFNOSUPPORT, -ENOBUFS
 *	over the budget, -ENOMEM, or what bind() says
 */
int mqttk_listener_add(struct mqttk_net *mn,
		       const struct mqttk_listener_config *config,
		       struct netlink_ext_ack *extack)
{
	struct mqttk_listener *ln;
	int err;

	if (config->addr.ss_family != AF_INET &&
	    config->addr.ss_family != AF_INET6) {
		NL_SET_ERR_MSG(extack, "address is neither IPv4 nor IPv6");
		return -EAFNOSUPPORT;
	}
	if (!mqttk_charge(&mn->limits, MQTTK_BUDGET_CLIENT, LISTENER_COST)) {
		NL_SET_ERR_MSG(extack, "over client_memory");
		return -ENOBUFS;
	}
	ln = kzalloc(sizeof(*ln), GFP_KERNEL_ACCOUNT);
	if (!ln) {
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT,
			       LISTENER_COST);
		return -ENOMEM;
	}
	ln->mn = mn;
	ln->config = *config;
	refcount_set(&ln->ref, 1);
	INIT_DELAYED_WORK(&ln->work, accept_work);
	ln->memcg = mqttk_memcg_get();

	mutex_lock(&mn->ctl_mutex);
	err = open_listener(mn, ln, extack);
	mutex_unlock(&mn->ctl_mutex);
	if (err) {
		if (ln->sock)
			sock_release(ln->sock);
		mqttk_listener_put(ln);
	} else {
		mqttk_sys_start(mn);
	}
	return err;
}

/* Its connections are closed in order, by themselves. */
static void close_listener(struct mqttk_listener *ln)
{
	cancel_delayed_work_sync(&ln->work);
	sock_release(ln->sock);
	ln->sock = NULL;
	tell(ln, MQTTK_CMD_LISTENER_DOWN_NTF);
	mqttk_conns_end(ln->mn, ln);
	mqttk_listener_put(ln);
}

/**
 * mqttk_listener_del - close a listener and its connections
 * @mn: the broker
 * @name: which
 * @extack: says why not, or NULL
 *
 * Context: process; takes mn->ctl_mutex, sleeps for a grace period.
 * Return: 0 or -ENOENT
 */
int mqttk_listener_del(struct mqttk_net *mn, const char *name,
		       struct netlink_ext_ack *extack)
{
	struct mqttk_listener *ln;

	mutex_lock(&mn->ctl_mutex);
	ln = find(mn, name);
	if (ln) {
		count_change(mn);
		list_del(&ln->list);
		stop(ln);
		synchronize_rcu();
		close_listener(ln);
	}
	mutex_unlock(&mn->ctl_mutex);
	if (!ln) {
		NL_SET_ERR_MSG(extack, "no listener of this name");
		return -ENOENT;
	}
	return 0;
}

/**
 * mqttk_listener_del_all - close all listeners and their connections
 * @mn: the broker
 *
 * Context: process; under mn->ctl_mutex; sleeps for a grace period.
 */
void mqttk_listener_del_all(struct mqttk_net *mn)
{
	struct mqttk_listener *ln, *next;

	if (list_empty(&mn->listeners))
		return;
	list_for_each_entry(ln, &mn->listeners, list)
		stop(ln);
	synchronize_rcu();
	count_change(mn);
	list_for_each_entry_safe(ln, next, &mn->listeners, list) {
		list_del(&ln->list);
		close_listener(ln);
	}
}

/**
 * mqttk_listener_put - drop a reference
 * @ln: the listener
 *
 * Context: any but hard interrupts.
 */
void mqttk_listener_put(struct mqttk_listener *ln)
{
	if (!refcount_dec_and_test(&ln->ref))
		return;
	mqttk_uncharge(&ln->mn->limits, MQTTK_BUDGET_CLIENT, LISTENER_COST);
	mem_cgroup_put(ln->memcg);
	kfree_rcu(ln, rcu);
}

/**
 * mqttk_listener_parse - ADDR:PORT or [ADDR%IFACE]:PORT into a configuration
 * @net: where IFACE is
 * @text: what somebody typed
 * @config: its address is filled in
 *
 * Return: 0 or -EINVAL
 */
int mqttk_listener_parse(struct net *net, const char *text,
			 struct mqttk_listener_config *config)
{
	const char *port = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2 + IFNAMSIZ];
	size_t len;

	if (!port)
		return -EINVAL;
	len = port - text;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = 0;
	return inet_pton_with_scope(net, AF_UNSPEC, host, port + 1,
				    &config->addr);
}
