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
#include "trace.h"

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
	int n, why, err = 0;

	for (n = 0; n < ACCEPT_TURN; n++) {
		err = kernel_accept(ln->sock, &sock, O_NONBLOCK);
		if (err)
			break;
		why = mqttk_conn_create(ln, sock);
		trace_mqttk_connection(ln, why);
		if (why) {
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

static bool has_device(struct net *net, int ifindex)
{
	bool has;

	rcu_read_lock();
	has = dev_get_by_index_rcu(net, ifindex);
	rcu_read_unlock();
	return has;
}

static int bind_socket(struct socket *sock,
		       const struct mqttk_listener_config *config,
		       struct netlink_ext_ack *extack)
{
	struct sockaddr_storage addr = config->addr;
	struct sock *sk = sock->sk;
	int err;

	sock_set_reuseaddr(sk);
	/* An address that is not up yet shall work once it is. */
	inet_set_bit(FREEBIND, sk);
	if (addr.ss_family == AF_INET6)
		ip6_sock_set_v6only(sk);
	if (config->bind_ifindex && !has_device(sock_net(sk),
						config->bind_ifindex)) {
		NL_SET_ERR_MSG(extack, "no such device");
		return -ENODEV;
	}
	if (config->bind_ifindex) {
		err = sock_bindtoindex(sk, config->bind_ifindex, true);
		if (err) {
			NL_SET_ERR_MSG(extack, "cannot bind to the device");
			return err;
		}
	}
	err = kernel_bind(sock, mqttk_sockaddr(&addr), addr_size(&addr));
	if (err)
		return bind_error(err, extack);
	/* It keeps its port when it is suspended, whoever chose that. */
	lock_sock(sk);
	sk->sk_userlocks |= SOCK_BINDPORT_LOCK;
	release_sock(sk);
	return 0;
}

/**
 * mqttk_listener_bind - a socket that is bound and does not listen yet
 * @mn: the broker
 * @config: to which address and device
 * @sock: set to the socket
 * @extack: says why not, or NULL
 *
 * Context: process, of whose rights it takes; may sleep.
 * Return: 0 or what bind() says
 */
int mqttk_listener_bind(struct mqttk_net *mn,
			const struct mqttk_listener_config *config,
			struct socket **sock, struct netlink_ext_ack *extack)
{
	int err;

	err = sock_create_kern(mn->net, config->addr.ss_family, SOCK_STREAM,
			       IPPROTO_TCP, sock);
	if (err) {
		NL_SET_ERR_MSG(extack, "cannot create a socket");
		*sock = NULL;
		/* No memory for its inode: no table of files is full. */
		return err == -ENFILE ? -ENOMEM : err;
	}
	err = bind_socket(*sock, config, extack);
	if (err) {
		sock_release(*sock);
		*sock = NULL;
	}
	return err;
}

/**
 * mqttk_listener_listen - let the kernel answer who connects
 * @sock: from mqttk_listener_bind()
 * @extack: says why not, or NULL
 *
 * Nobody accepts yet.
 *
 * Return: 0 or what listen() says
 */
int mqttk_listener_listen(struct socket *sock, struct netlink_ext_ack *extack)
{
	int err;

	/*
	 * What connections begin with. A peer that was once offered more would
	 * make segments that do not fit: where those can be large, as on
	 * loopback, it would wait for a window that never comes. Not locked
	 * yet, or none could ever grow beyond 64 KiB.
	 */
	WRITE_ONCE(sock->sk->sk_rcvbuf, MQTTK_BUFFER_BASE);
	err = kernel_listen(sock, LISTEN_BACKLOG);
	return err ? bind_error(err, extack) : 0;
}

static void start(struct mqttk_listener *ln)
{
	struct sock *sk = ln->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	/* Connections of a listener that moves are reading them: they stay. */
	if (!ln->saved.data_ready) {
		ln->saved.data_ready = sk->sk_data_ready;
		ln->saved.state_change = sk->sk_state_change;
		ln->saved.write_space = sk->sk_write_space;
	}
	__rcu_assign_sk_user_data_with_flags(sk, ln, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = listen_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	/* Somebody may have connected before anybody was told. */
	mod_delayed_work(mqttk_conn_wq, &ln->work, 0);
}

/**
 * mqttk_listener_stop - accept no more
 * @ln: the listener
 *
 * After this no callback finds the listener any more, once a grace period has
 * passed.
 */
void mqttk_listener_stop(struct mqttk_listener *ln)
{
	struct sock *sk = ln->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = ln->saved.data_ready;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * mqttk_listeners_change - the list of listeners is about to change
 * @mn: the broker
 *
 * Context: under mn->ctl_mutex.
 */
void mqttk_listeners_change(struct mqttk_net *mn)
{
	/* 0 would mean that nobody counts. */
	if (!++mn->listeners_seq)
		mn->listeners_seq = 1;
}

/**
 * mqttk_listener_terms - the terms of a listener
 * @ln: the listener
 *
 * Context: under mn->ctl_mutex.
 * Return: what holds now
 */
struct mqttk_terms *mqttk_listener_terms(const struct mqttk_listener *ln)
{
	return rcu_dereference_protected(ln->terms,
					 lockdep_is_held(&ln->mn->ctl_mutex));
}

/**
 * mqttk_listener_find - look a listener up
 * @mn: the broker
 * @name: its name
 *
 * Context: under mn->ctl_mutex.
 * Return: the listener, or NULL
 */
struct mqttk_listener *mqttk_listener_find(struct mqttk_net *mn,
					   const char *name)
{
	struct mqttk_listener *ln;

	list_for_each_entry(ln, &mn->listeners, list)
		if (!strcmp(mqttk_listener_terms(ln)->name, name))
			return ln;
	return NULL;
}

/**
 * mqttk_listener_tell - a listener has come or goes
 * @ln: the listener
 * @cmd: MQTTK_CMD_LISTENER_UP_NTF or MQTTK_CMD_LISTENER_DOWN_NTF
 *
 * Context: under mn->ctl_mutex, so that a name goes before it comes again.
 */
void mqttk_listener_tell(const struct mqttk_listener *ln, int cmd)
{
	const struct mqttk_event e = { .cmd = cmd, .listener = ln };

	if (cmd == MQTTK_CMD_LISTENER_UP_NTF)
		trace_mqttk_listener_up(ln, 0);
	else
		trace_mqttk_listener_down(ln, 0);
	mqttk_event_tell(ln->mn->net, &e);
}

/* Port 0 was asked for: which one is it? */
static void learn_port(struct mqttk_listener *ln, const struct socket *sock)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&ln->addr;

	/* IPv4 and IPv6 addresses have the port in the same place. */
	in->sin_port = inet_sk(sock->sk)->inet_sport;
}

/**
 * mqttk_listener_name - call a listener by its address if it has no name
 * @mn: the broker
 * @addr: its address
 * @terms: its terms, which nobody has seen yet
 *
 * As it is typed: a link-local address is only unique with its interface.
 */
void mqttk_listener_name(struct mqttk_net *mn,
			 const struct sockaddr_storage *addr,
			 struct mqttk_terms *terms)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct net_device *dev = NULL;

	if (terms->name[0])
		return;
	rcu_read_lock();
	if (addr->ss_family == AF_INET6 && in6->sin6_scope_id)
		dev = dev_get_by_index_rcu(mn->net, in6->sin6_scope_id);
	if (dev)
		snprintf(terms->name, sizeof(terms->name), "[%pI6c%%%s]:%u",
			 &in6->sin6_addr, dev->name, ntohs(in6->sin6_port));
	else
		snprintf(terms->name, sizeof(terms->name), "%pISpc", in6);
	rcu_read_unlock();
}

/**
 * mqttk_listener_open - a listener begins to accept
 * @ln: the listener, in no list
 * @sock: its socket, which listens; the listener's from now on
 *
 * Context: process; under mn->ctl_mutex.
 */
void mqttk_listener_open(struct mqttk_listener *ln, struct socket *sock)
{
	mqttk_listeners_change(ln->mn);
	ln->sock = sock;
	list_add_tail(&ln->list, &ln->mn->listeners);
	start(ln);
	mqttk_listener_tell(ln, MQTTK_CMD_LISTENER_UP_NTF);
}

/**
 * mqttk_listener_alloc - a listener that is not open yet
 * @mn: the broker
 * @config: what it shall be like
 * @extack: says why not, or NULL
 *
 * Context: process; may sleep. Its memory cgroup is the caller's.
 * Return: the listener with a reference; -ENOBUFS over the budget, -ENOMEM
 */
struct mqttk_listener *
mqttk_listener_alloc(struct mqttk_net *mn,
		     const struct mqttk_listener_config *config,
		     struct netlink_ext_ack *extack)
{
	struct mqttk_listener *ln;

	if (!mqttk_charge(&mn->limits, MQTTK_BUDGET_CLIENT, LISTENER_COST)) {
		NL_SET_ERR_MSG(extack, "over client_memory");
		return ERR_PTR(-ENOBUFS);
	}
	ln = kzalloc(sizeof(*ln), GFP_KERNEL_ACCOUNT);
	if (!ln) {
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT,
			       LISTENER_COST);
		return ERR_PTR(-ENOMEM);
	}
	ln->mn = mn;
	ln->addr = config->addr;
	ln->bind_ifindex = config->bind_ifindex;
	RCU_INIT_POINTER(ln->terms, mqttk_terms_get(config->terms));
	refcount_set(&ln->ref, 1);
	INIT_DELAYED_WORK(&ln->work, accept_work);
	ln->memcg = mqttk_memcg_get();
	return ln;
}

static int open_listener(struct mqttk_net *mn, struct mqttk_listener *ln,
			 const struct mqttk_listener_config *config,
			 struct netlink_ext_ack *extack)
{
	struct socket *sock;
	int err;

	if (mn->dying)
		return -ENODEV;
	if (list_count_nodes(&mn->listeners) >= MQTTK_LISTENERS_MAX) {
		NL_SET_ERR_MSG(extack, "too many listeners");
		return -ENOSPC;
	}
	err = mqttk_listener_bind(mn, config, &sock, extack);
	if (err)
		return err;
	learn_port(ln, sock);
	mqttk_listener_name(mn, &ln->addr, config->terms);
	if (mqttk_listener_find(mn, config->terms->name)) {
		NL_SET_ERR_MSG(extack, "a listener of this name exists");
		err = -EEXIST;
	}
	if (!err)
		err = mqttk_listener_listen(sock, extack);
	if (err)
		sock_release(sock);
	else
		mqttk_listener_open(ln, sock);
	return err;
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
 *	over the budget, -ENOSPC if there are too many, -ENOMEM, or what bind()
 *	says
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
	ln = mqttk_listener_alloc(mn, config, extack);
	if (IS_ERR(ln))
		return PTR_ERR(ln);
	mutex_lock(&mn->ctl_mutex);
	err = open_listener(mn, ln, config, extack);
	mutex_unlock(&mn->ctl_mutex);
	if (err)
		mqttk_listener_put(ln);
	else
		mqttk_sys_start(mn);
	return err;
}

/**
 * mqttk_listener_close - the end of a listener and of its connections
 * @ln: the listener; stopped a grace period ago, in no list. The list's
 *	reference is dropped
 *
 * Its connections are closed in order, by themselves.
 *
 * Context: process; under mn->ctl_mutex; sleeps.
 */
void mqttk_listener_close(struct mqttk_listener *ln)
{
	cancel_delayed_work_sync(&ln->work);
	sock_release(ln->sock);
	ln->sock = NULL;
	mqttk_listener_tell(ln, MQTTK_CMD_LISTENER_DOWN_NTF);
	mqttk_conns_end(ln->mn, ln);
	mqttk_listener_put(ln);
}

#if IS_ENABLED(CONFIG_IPV6)
static bool covers_ipv6(const struct sockaddr_storage *addr,
			const struct sock *sk)
{
	const struct in6_addr *a =
		&((const struct sockaddr_in6 *)addr)->sin6_addr;

	return ipv6_addr_any(a) || ipv6_addr_equal(a, &sk->sk_v6_rcv_saddr);
}
#else
static bool covers_ipv6(const struct sockaddr_storage *addr,
			const struct sock *sk)
{
	return false;
}
#endif

/**
 * mqttk_listener_covers - could a connection have come by this listener?
 * @ln: the listener
 * @sk: the connection's socket, of the same family and local port
 *
 * Context: under mn->ctl_mutex.
 * Return: true if it could
 */
bool mqttk_listener_covers(const struct mqttk_listener *ln,
			   const struct sock *sk)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&ln->addr;

	if (ln->bind_ifindex &&
	    READ_ONCE(sk->sk_bound_dev_if) != ln->bind_ifindex)
		return false;
	if (ln->addr.ss_family == AF_INET6)
		return covers_ipv6(&ln->addr, sk);
	return !in->sin_addr.s_addr || in->sin_addr.s_addr == sk->sk_rcv_saddr;
}

/**
 * mqttk_listener_move - a listener goes on at another address
 * @ln: the listener, stopped a grace period ago
 * @config: where
 * @sock: a socket that listens there; the listener's from now on
 *
 * Connections that come by the new address as well stay.
 *
 * Context: process; under mn->ctl_mutex; sleeps.
 */
void mqttk_listener_move(struct mqttk_listener *ln,
			 const struct mqttk_listener_config *config,
			 struct socket *sock)
{
	cancel_delayed_work_sync(&ln->work);
	sock_release(ln->sock);
	ln->sock = sock;
	ln->addr = config->addr;
	ln->bind_ifindex = config->bind_ifindex;
	start(ln);
	mqttk_conns_end_strays(ln->mn, ln);
}

/**
 * mqttk_listener_set_terms - other terms hold from now on
 * @ln: the listener
 * @terms: which; the caller keeps its reference
 *
 * Clients that would not be let in any more, or would mean other topics, are
 * disconnected; see conn.c.
 *
 * Context: process; under mn->ctl_mutex; yields.
 */
void mqttk_listener_set_terms(struct mqttk_listener *ln,
			      struct mqttk_terms *terms)
{
	struct mqttk_terms *old = mqttk_listener_terms(ln);
	struct mqttk_net *mn = ln->mn;

	if (mqttk_terms_equal(old, terms))
		return;
	spin_lock_bh(&mn->conns_lock);
	rcu_assign_pointer(ln->terms, mqttk_terms_get(terms));
	spin_unlock_bh(&mn->conns_lock);
	if (!terms->anonymous || !mqttk_terms_same_mount(old, terms) ||
	    strcmp(old->client_id_prefix, terms->client_id_prefix))
		mqttk_conns_review(mn, ln);
	mqttk_terms_put(old);
}

/**
 * mqttk_listener_suspend - make way for a socket that takes its address over
 * @ln: the listener; who has connected so far is accepted yet
 *
 * Context: process; under mn->ctl_mutex; sleeps.
 */
void mqttk_listener_suspend(struct mqttk_listener *ln)
{
	flush_delayed_work(&ln->work);
	kernel_sock_shutdown(ln->sock, SHUT_RD);
}

/**
 * mqttk_listener_resume - undo mqttk_listener_suspend()
 * @ln: the listener
 *
 * Its port is its own all the time, so nothing but another program that was
 * quick enough to listen beside it can be in the way.
 *
 * Context: process; under mn->ctl_mutex; sleeps.
 */
void mqttk_listener_resume(struct mqttk_listener *ln)
{
	int err = kernel_listen(ln->sock, LISTEN_BACKLOG);

	if (err)
		pr_warn("mqttk: listener %s lost its address: %pe\n",
			mqttk_listener_terms(ln)->name, ERR_PTR(err));
	mod_delayed_work(mqttk_conn_wq, &ln->work, 0);
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
	ln = mqttk_listener_find(mn, name);
	if (ln) {
		mqttk_listeners_change(mn);
		list_del(&ln->list);
		mqttk_listener_stop(ln);
		synchronize_rcu();
		mqttk_listener_close(ln);
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
		mqttk_listener_stop(ln);
	synchronize_rcu();
	mqttk_listeners_change(mn);
	list_for_each_entry_safe(ln, next, &mn->listeners, list) {
		list_del(&ln->list);
		mqttk_listener_close(ln);
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
	mqttk_terms_put(rcu_dereference_protected(ln->terms, true));
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
