// SPDX-License-Identifier: GPL-2.0
/*
 * The connection: its life, its work, its socket's callbacks.
 */
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "conn_impl.h"
#include "events.h"
#include "lane.h"
#include "limits.h"
#include "listener.h"
#include "memcg.h"
#include "net.h"
#include "replay.h"
#include "trace.h"

/* How long a farewell may take. */
#define CLOSING_TIMEOUT	(10 * HZ)

struct workqueue_struct *mqttk_conn_wq;
static struct kmem_cache *conn_cache __ro_after_init;

static struct mqttk_conn *conn_of(const struct mqttk_endpoint *ep)
{
	return container_of(ep, struct mqttk_conn, peer.ep);
}

/**
 * mqttk_conn_queue - have the connection's work look at it
 * @conn: the connection; the caller has a reference, or finds it under RCU
 *
 * Context: any but hard interrupts.
 */
void mqttk_conn_queue(struct mqttk_conn *conn)
{
	/* A turn that is still to begin sees what the caller wrote before. */
	if (test_and_set_bit(CONN_QUEUED, &conn->flags))
		return;
	/* Found under RCU, it may have lost its last reference already. */
	if (refcount_inc_not_zero(&conn->ref))
		mqttk_turns_add(conn);
}

/* -- the socket's callbacks -------------------------------------------- */

static void data_ready(struct sock *sk)
{
	struct mqttk_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	if (conn && test_bit(CONN_QUICK, &conn->flags))
		mqttk_lane_receive(conn);
	else if (conn)
		mqttk_conn_queue(conn);
	rcu_read_unlock();
}

static void state_change(struct sock *sk)
{
	struct mqttk_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	/* The work looks at the socket's state; nothing more to say. */
	if (conn)
		mqttk_conn_queue(conn);
	rcu_read_unlock();
}

static void write_space(struct sock *sk)
{
	struct mqttk_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	if (conn && sk_stream_is_writeable(sk) &&
	    !test_bit(CONN_TX_BUSY, &conn->flags) &&
	    !test_bit(CONN_DEAD, &conn->flags)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		/* The socket is alive, and so is the conn that owns it. */
		mqttk_tx_list(conn);
	}
	rcu_read_unlock();
}

static void callbacks_install(struct mqttk_conn *conn)
{
	struct sock *sk = conn->sk;

	write_lock_bh(&sk->sk_callback_lock);
	__rcu_assign_sk_user_data_with_flags(sk, conn, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = data_ready;
	sk->sk_state_change = state_change;
	sk->sk_write_space = write_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void callbacks_restore(struct mqttk_conn *conn)
{
	struct sock *sk = conn->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = conn->ln->saved.data_ready;
	sk->sk_state_change = conn->ln->saved.state_change;
	sk->sk_write_space = conn->ln->saved.write_space;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * mqttk_conn_ring - its time has come
 * @conn: the connection; called by the wheel
 *
 * Context: softirq.
 */
void mqttk_conn_ring(struct mqttk_conn *conn)
{
	if (test_and_clear_bit(CONN_TX_STALLED, &conn->flags))
		mqttk_tx_list(conn);
	mqttk_conn_queue(conn);
}

/* -- the session's endpoint -------------------------------------------- */

static void ep_wake(struct mqttk_endpoint *ep)
{
	mqttk_tx_list_soon(conn_of(ep));
}

static void ep_end(struct mqttk_endpoint *ep, enum mqttk_end why, u8 reason)
{
	struct mqttk_conn *conn = conn_of(ep);

	switch (why) {
	case MQTTK_END_TAKEN_OVER:
		WRITE_ONCE(conn->end_err, -ESTALE);
		break;
	case MQTTK_END_ADMIN:
		if (reason)
			WRITE_ONCE(conn->end_reason, reason);
		WRITE_ONCE(conn->end_err, -EACCES);
		break;
	default:
		break;
	}
	/* The work that sees the flag sees why, too. */
	smp_mb__before_atomic();
	set_bit(why == MQTTK_END_NET ? CONN_ABORT : CONN_ENDED, &conn->flags);
	mqttk_conn_queue(conn);
}

static const struct mqttk_endpoint_ops conn_ep_ops = {
	.wake = ep_wake,
	.end = ep_end,
};

/* -- the end ----------------------------------------------------------- */

/**
 * mqttk_conn_free - free a connection whose last reference is gone
 * @conn: the connection; use mqttk_conn_put()
 *
 * References are held by mn->conns until release(), by the list of turns, a
 * lane's or a sender's; callbacks and the wheel use it under RCU or
 * until they are switched off by release(). The last one may go anywhere, so
 * all that needs process context was done by release().
 */
void mqttk_conn_free(struct mqttk_conn *conn)
{
	struct mqttk_net *mn = conn->peer.mn;
	struct sock *sk = conn->sk;

	mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT, conn->client_charge);
	mqttk_terms_put(conn->peer.terms);
	mqttk_listener_put(conn->ln);
	sock_put(sk);
	kfree_rcu(conn, rcu);
	/* Nothing of the netns may be touched after this. */
	mqttk_net_gone(mn, &mn->nr_live);
}

/* What a connection costs at rest: our memory, and the kernel's. */
static u32 fixed_cost(const struct sock *sk)
{
	return sizeof(struct mqttk_conn) + sizeof(struct mqttk_rest) + sk->sk_prot->obj_size +
	       sizeof(struct socket_alloc);
}

static void end_handshake_charge(struct mqttk_conn *conn)
{
	if (test_and_clear_bit(CONN_STRANGER, &conn->flags))
		mqttk_uncharge(&conn->peer.mn->limits, MQTTK_BUDGET_HANDSHAKE,
			       fixed_cost(conn->sk));
}

/* A phase takes seconds, 32 bits of jiffies last for weeks. */
static unsigned long deadline_of(const struct mqttk_conn *conn)
{
	return jiffies + (s32)(conn->deadline - (u32)jiffies);
}

/*
 * The socket goes, and with it everything but the memory of the conn itself.
 * Contexts that can still hold a reference: a sender that found the conn on
 * its list (CONN_DEAD keeps it off the socket), the work queued once more
 * (phase says there is nothing to do), a callback under RCU on its way to
 * queue it.
 */
static void release(struct mqttk_conn *conn)
{
	struct mqttk_net *mn = conn->peer.mn;
	struct sock *sk = conn->sk;

	callbacks_restore(conn);
	mqttk_conn_lock(conn);
	set_bit(CONN_DEAD, &conn->flags);
	mqttk_conn_unlock(conn);
	mqttk_wheel_stop(conn);
	mqttk_rx_free(conn);
	mqttk_tx_free(conn);
	/*
	 * A kernel socket of a netns loses its timers when it is closed: it
	 * would stay in FIN_WAIT for ever if the peer is gone. So whatever has
	 * not ended by now is reset.
	 */
	if (READ_ONCE(sk->sk_state) != TCP_CLOSE)
		sock_no_linger(sk);
	sock_release(sk->sk_socket);
	end_handshake_charge(conn);
	WRITE_ONCE(conn->phase, CONN_RELEASED);

	spin_lock_bh(&mn->conns_lock);
	list_del(&conn->list);
	mn->nr_conns--;
	spin_unlock_bh(&mn->conns_lock);
	atomic_dec(&conn->ln->nr_conns);
	mqttk_conn_put(conn);
}

/*
 * Takes the session from the senders, so that nothing follows a farewell, then
 * leaves it. @err is 0 if there is nobody to say farewell to.
 */
static void leave_session(struct mqttk_conn *conn, int err)
{
	trace_mqttk_connection_end(conn->ln, err);
	mqttk_conn_lock(conn);
	conn->tx_session = NULL;
	mqttk_conn_unlock(conn);
	if (err == -EACCES && !conn->peer.reason)
		conn->peer.reason = READ_ONCE(conn->end_reason);
	if (err)
		mqttk_proto_farewell(&conn->peer, err);
	mqttk_proto_end(&conn->peer, !err);
	if (conn->since)
		mqttk_stat_inc(conn->peer.mn, MQTTK_STAT_CLIENTS_DISCONNECTED);
}

static void count_end(struct mqttk_conn *conn, int err)
{
	struct mqttk_net *mn = conn->peer.mn;

	switch (err) {
	case -EBADMSG:
	case -EPROTO:
		mqttk_stat_inc(mn, MQTTK_STAT_MALFORMED);
		break;
	case -EMSGSIZE:
		mqttk_stat_inc(mn, MQTTK_STAT_PACKETS_TOO_LARGE);
		break;
	case -ETIME:
		mqttk_stat_inc(mn, conn->since ? MQTTK_STAT_KEEPALIVE_TIMEOUTS :
						 MQTTK_STAT_CONNECT_TIMEOUTS);
		if (!conn->since)
			mqttk_limit_hit(&mn->limits,
					MQTTK_LIMIT_CONNECT_TIMEOUT, NULL);
		break;
	}
}

static void begin_closing(struct mqttk_conn *conn, int err)
{
	count_end(conn, err);
	WRITE_ONCE(conn->phase, CONN_CLOSING);
	mqttk_tx_flush(conn);
	leave_session(conn, err);
	mqttk_rx_free(conn);
	/* A stranger to whom there is nothing to say does not cost 10 s more. */
	if (!conn->since && !mqttk_tx_pending(conn)) {
		release(conn);
		return;
	}
	conn->deadline = jiffies + CLOSING_TIMEOUT;
	mqttk_wheel_set(conn, deadline_of(conn));
	mqttk_tx_list(conn);
}

/*
 * Closing goes on: when all is sent, say FIN; when the peer has said it too,
 * or time is up, let go.
 */
static void go_on_closing(struct mqttk_conn *conn)
{
	struct sock *sk = conn->sk;

	mqttk_rx_discard(conn);
	if (READ_ONCE(sk->sk_state) == TCP_CLOSE ||
	    time_after_eq(jiffies, deadline_of(conn))) {
		release(conn);
		return;
	}
	if (!mqttk_tx_pending(conn) && !(sk->sk_shutdown & SEND_SHUTDOWN))
		kernel_sock_shutdown(sk->sk_socket, SHUT_WR);
	/* Loopback may have ended it while we held the socket. */
	if (READ_ONCE(sk->sk_state) == TCP_CLOSE)
		release(conn);
	else
		mqttk_wheel_reduce(conn, deadline_of(conn));
}

/* -- the work ---------------------------------------------------------- */

static unsigned long idle_deadline(struct mqttk_conn *conn)
{
	/* One and a half times the keep-alive [MQTT-3.1.2-24]. */
	return jiffies - (u32)((u32)jiffies - conn->last_rx) +
	       conn->peer.keepalive * HZ + conn->peer.keepalive * HZ / 2;
}

/* Has the peer been silent for too long? If not, look again in time. */
static bool is_late(struct mqttk_conn *conn)
{
	unsigned long deadline = deadline_of(conn);

	if (conn->since) {
		if (!conn->peer.keepalive)
			return false;
		deadline = idle_deadline(conn);
	}
	if (time_after_eq(jiffies, deadline))
		return true;
	/* It has rung, so no message came that waits; see mqttk_queue_rest(). */
	if (conn->since && !mqttk_wheel_has(conn)) {
		mqttk_session_rest(conn->peer.session);
		mqttk_proto_forget(&conn->peer);
	}
	/* One that is to fire earlier will see that it is too early. */
	mqttk_wheel_reduce(conn, deadline);
	return false;
}

/*
 * The terms that hold now. Under the lock under which they change, so that a
 * review of all who came before that finds this one with the old ones, or not at
 * all.
 */
static struct mqttk_terms *take_terms(struct mqttk_conn *conn)
{
	struct mqttk_net *mn = conn->peer.mn;
	struct mqttk_terms *t;

	spin_lock_bh(&mn->conns_lock);
	t = rcu_dereference_protected(conn->ln->terms,
				      lockdep_is_held(&mn->conns_lock));
	mqttk_terms_get(t);
	spin_unlock_bh(&mn->conns_lock);
	return t;
}

/**
 * mqttk_conn_admit - is there budget for one client more?
 * @conn: a connection whose CONNECT has come; called by its work
 *
 * Asked before CONNECT is answered, so that the answer can be no. The terms on
 * which the client comes in, if it does, are settled here, too.
 *
 * Return: true if it was charged
 */
bool mqttk_conn_admit(struct mqttk_conn *conn)
{
	u32 cost = fixed_cost(conn->sk) + 2 * MQTTK_BUFFER_BASE;

	conn->peer.terms = take_terms(conn);
	if (!mqttk_charge(&conn->peer.mn->limits, MQTTK_BUDGET_CLIENT, cost))
		return false;
	conn->client_charge = cost;
	return true;
}

/* CONNECT was accepted: from a stranger to a client. */
static void become_client(struct mqttk_conn *conn)
{
	end_handshake_charge(conn);
	conn->since = ktime_get_boottime();
	mqttk_conn_lock(conn);
	conn->tx_session = conn->peer.session;
	mqttk_conn_unlock(conn);
	/* Something may have been queued before senders could see it. */
	mqttk_tx_list(conn);
}

static void run_replays(struct mqttk_conn *conn, bool *again)
{
	struct mqttk_peer *peer = &conn->peer;

	mqttk_session_take_replays(peer->session, &peer->ep, &peer->replays);
	if (mqttk_replays_empty(&peer->replays))
		return;
	switch (mqttk_replay_run(&peer->replays, peer->session)) {
	case MQTTK_REPLAY_AGAIN:
		*again = true;
		break;
	case MQTTK_REPLAY_FULL:
		set_bit(CONN_REPLAY_FULL, &conn->flags);
		/* The queue may have drained before the bit could be seen. */
		smp_mb__after_atomic();
		mqttk_tx_list(conn);
		break;
	case MQTTK_REPLAY_DONE:
		break;
	}
}

/*
 * The terms of the listener have changed. Who would not be let in now has to go;
 * so has who would be let in but mean other topics. All else holds from the next
 * CONNECT on: the client was told what holds now.
 */
static u8 judge_anew(const struct mqttk_peer *peer, const struct mqttk_terms *t)
{
	const struct mqttk_session *s = peer->session;

	if (!t->anonymous)
		return MQTTK_REASON_NOT_AUTHORIZED;
	if (!mqttk_terms_same_mount(t, peer->terms) ||
	    !mqttk_terms_admit_id(t, s->id, s->id_len))
		return MQTTK_REASON_ADMINISTRATIVE_ACTION;
	return 0;
}

/* Returns why it has to go, or 0. */
static int review(struct mqttk_conn *conn)
{
	u8 reason = 0;

	/* Who has not connected yet will be judged by the new terms. */
	if (!test_and_clear_bit(CONN_REVIEW, &conn->flags) ||
	    !conn->peer.session)
		return 0;
	rcu_read_lock();
	reason = judge_anew(&conn->peer, rcu_dereference(conn->ln->terms));
	rcu_read_unlock();
	if (!reason)
		return 0;
	conn->peer.reason = reason;
	return -EACCES;
}

/* The session is not ours any more: why? */
static int end_error(struct mqttk_conn *conn)
{
	return READ_ONCE(conn->end_err) ?: -ESHUTDOWN;
}

/* One turn of an open connection. Returns why it ends, or 0. */
static int turn(struct mqttk_conn *conn, bool *again)
{
	int err;

	if (test_bit(CONN_ENDED, &conn->flags)) {
		/* If the peer has closed it had said all, DISCONNECT too. */
		if (conn->sk->sk_shutdown & RCV_SHUTDOWN)
			mqttk_rx_run(conn, again);
		return end_error(conn);
	}
	err = review(conn) ?: mqttk_rx_run(conn, again);
	if (conn->peer.session && !conn->since)
		become_client(conn);
	if (err == -ESHUTDOWN)
		return end_error(conn);
	if (err)
		return err;
	if (conn->peer.session)
		run_replays(conn, again);
	if (mqttk_out_pending(&conn->peer.out))
		mqttk_tx_list_soon(conn);
	return is_late(conn) ? -ETIME : 0;
}

/* -- who is at it ------------------------------------------------------ */

/* False: somebody else is, who has the work look again. */
static bool own(struct mqttk_conn *conn)
{
	if (!test_and_set_bit_lock(CONN_BUSY, &conn->flags))
		return true;
	set_bit(CONN_WANTED, &conn->flags);
	/* Pairs with disown(): one of both sees what the other did. */
	smp_mb__after_atomic();
	return !test_and_set_bit_lock(CONN_BUSY, &conn->flags);
}

static void disown(struct mqttk_conn *conn)
{
	clear_bit_unlock(CONN_BUSY, &conn->flags);
	smp_mb__after_atomic(); /* pairs with own() */
	if (test_bit(CONN_WANTED, &conn->flags) &&
	    test_and_clear_bit(CONN_WANTED, &conn->flags))
		mqttk_conn_queue(conn);
}

/* What the quick lane knows nothing of. */
#define CONN_NOT_QUICK	(BIT(CONN_TX_RETRY) | BIT(CONN_RX_BLOCKED) |	\
			 BIT(CONN_REVIEW) | BIT(CONN_ENDED) |		\
			 BIT(CONN_ABORT) | BIT(CONN_DEAD))

/* Called by whoever is at it. */
static bool may_be_quick(const struct mqttk_conn *conn)
{
	return READ_ONCE(mqttk_lane_enabled) && conn->since &&
	       conn->phase == CONN_OPEN && !conn->many && !conn->rx_err &&
	       !conn->in_payload && !conn->partial &&
	       !(READ_ONCE(conn->flags) & CONN_NOT_QUICK);
}

/**
 * mqttk_conn_run_quick - do what need not sleep, leave the rest to the work
 * @conn: a connection for which something has come
 * @scratch: memory to read into, set to NULL if the connection keeps it; may be
 *	NULL to begin with
 * @size: bytes of @scratch
 *
 * Context: softirq.
 */
void mqttk_conn_run_quick(struct mqttk_conn *conn, u8 **scratch, size_t size)
{
	struct mem_cgroup *old;

	if (!own(conn))
		return;
	old = set_active_memcg(conn->ln->memcg);
	if (!*scratch || !may_be_quick(conn) ||
	    !mqttk_rx_quick(conn, scratch, size)) {
		clear_bit(CONN_QUICK, &conn->flags);
		mqttk_conn_queue(conn);
	}
	set_active_memcg(old);
	disown(conn);
}

/**
 * mqttk_conn_turn - do what there is to do, as far as one turn goes
 * @conn: a connection just off a list of turns, whose reference is dropped
 *
 * Context: process; may sleep.
 */
void mqttk_conn_turn(struct mqttk_conn *conn)
{
	struct mem_cgroup *old;
	bool again = false;
	int err;

	/* Who finds something new from now on queues it again. */
	smp_mb__before_atomic(); /* after its list was left */
	clear_bit(CONN_QUEUED, &conn->flags);
	smp_mb__after_atomic(); /* pairs with mqttk_conn_queue() */
	if (!own(conn)) {
		mqttk_conn_put(conn);
		return;
	}
	old = set_active_memcg(conn->ln->memcg);
	if (conn->phase != CONN_RELEASED &&
	    test_bit(CONN_ABORT, &conn->flags)) {
		if (conn->phase == CONN_OPEN)
			leave_session(conn, 0);
		release(conn);
	}
	if (conn->phase == CONN_OPEN) {
		err = turn(conn, &again);
		if (err)
			begin_closing(conn, err);
	}
	/* Answers first: what is in the socket need not be waited for. */
	if (conn->phase != CONN_RELEASED) {
		if (test_and_clear_bit(CONN_TX_RETRY, &conn->flags)) {
			mqttk_conn_lock(conn);
			mqttk_conn_unlock(conn);
			mqttk_tx_list(conn);
		}
		mqttk_tx_drain();
	}
	if (conn->phase == CONN_CLOSING)
		go_on_closing(conn);
	else if (again && conn->phase == CONN_OPEN)
		mqttk_conn_queue(conn);
	else if (may_be_quick(conn))
		set_bit(CONN_QUICK, &conn->flags);
	set_active_memcg(old);
	disown(conn);
	mqttk_conn_put(conn);
}

/* -- the beginning ----------------------------------------------------- */

static void prepare_socket(struct sock *sk)
{
	lock_sock(sk);
	/* Senders run in softirq: see sk_page_frag(). */
	sk->sk_use_task_frag = false;
	sk->sk_allocation = GFP_ATOMIC;
	WRITE_ONCE(sk->sk_sndbuf, MQTTK_BUFFER_BASE);
	WRITE_ONCE(sk->sk_rcvbuf, MQTTK_BUFFER_BASE);
	sk->sk_userlocks |= SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK;
	release_sock(sk);
	tcp_sock_set_nodelay(sk);
}

static struct mqttk_conn *conn_alloc(struct mqttk_listener *ln,
				     struct socket *sock)
{
	struct mqttk_net *mn = ln->mn;
	u32 cost = fixed_cost(sock->sk);
	struct mqttk_conn *conn;

	if (!mqttk_charge(&mn->limits, MQTTK_BUDGET_HANDSHAKE, cost))
		return ERR_PTR(-ENOBUFS);
	conn = kmem_cache_zalloc(conn_cache, GFP_KERNEL_ACCOUNT |
				 __GFP_NORETRY | __GFP_NOWARN);
	if (!conn) {
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_HANDSHAKE, cost);
		return ERR_PTR(-ENOMEM);
	}
	set_bit(CONN_STRANGER, &conn->flags);
	conn->peer.ep.ops = &conn_ep_ops;
	mqttk_proto_init(&conn->peer, mn);
	conn->sk = sock->sk;
	sock_hold(conn->sk);
	conn->ln = ln;
	refcount_inc(&ln->ref);
	refcount_set(&conn->ref, 1);
	conn->last_rx = jiffies;
	conn->deadline = jiffies + HZ * mqttk_limit(&mn->limits,
					MQTTK_LIMIT_CONNECT_TIMEOUT);
	atomic_inc(&mn->nr_live);
	return conn;
}

/* 0: no limit. */
static u32 max_connections(const struct mqttk_listener *ln)
{
	u32 max;

	rcu_read_lock();
	max = rcu_dereference(ln->terms)->max_connections;
	rcu_read_unlock();
	return max;
}

/**
 * mqttk_conn_create - a connection for an accepted socket
 * @ln: the listener it came by, open
 * @sock: the socket; the connection's from now on, unless this fails
 *
 * Context: the listener's work.
 * Return: 0; -ENOBUFS over the budget, -EMFILE over max_connections, -ENOMEM
 */
int mqttk_conn_create(struct mqttk_listener *ln, struct socket *sock)
{
	struct mqttk_net *mn = ln->mn;
	u32 max = max_connections(ln);
	struct mqttk_conn *conn;

	if (READ_ONCE(mn->nr_conns) >=
	    mqttk_limit(&mn->limits, MQTTK_LIMIT_MAX_CONNECTIONS) ||
	    (max && atomic_read(&ln->nr_conns) >= max)) {
		mqttk_limit_hit(&mn->limits, MQTTK_LIMIT_MAX_CONNECTIONS, NULL);
		return -EMFILE;
	}
	prepare_socket(sock->sk);
	conn = conn_alloc(ln, sock);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	atomic_inc(&ln->nr_conns);
	spin_lock_bh(&mn->conns_lock);
	list_add_tail(&conn->list, &mn->conns);
	mn->nr_conns++;
	spin_unlock_bh(&mn->conns_lock);
	callbacks_install(conn);
	/* Bytes, or the end, may have come before the callbacks were there. */
	mqttk_conn_queue(conn);
	return 0;
}

/* -- what others ask of it --------------------------------------------- */

static void fill_addr(const struct sock *sk, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = sk->sk_family;
	if (sk->sk_family == AF_INET) {
		in->sin_port = sk->sk_dport;
		in->sin_addr.s_addr = sk->sk_daddr;
#if IS_ENABLED(CONFIG_IPV6)
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

		in6->sin6_port = sk->sk_dport;
		in6->sin6_addr = sk->sk_v6_daddr;
		in6->sin6_scope_id = ipv6_iface_scope_id(&sk->sk_v6_daddr,
							 sk->sk_bound_dev_if);
#endif
	}
}

/**
 * mqttk_conn_info - what there is to show of a session's connection
 * @ep: the session's endpoint
 * @info: filled
 *
 * Context: under the session's lock.
 * Return: false if @ep is not a connection
 */
bool mqttk_conn_info(const struct mqttk_endpoint *ep,
		     struct mqttk_conn_info *info)
{
	const struct mqttk_conn *conn;
	const struct tcp_sock *tp;

	if (!ep || ep->ops != &conn_ep_ops)
		return false;
	conn = conn_of(ep);
	tp = tcp_sk(conn->sk);
	fill_addr(conn->sk, &info->addr);
	info->version = conn->peer.version;
	info->keepalive = conn->peer.keepalive;
	info->since = conn->since;
	/* TCP counts what it repeats. */
	info->bytes_received = READ_ONCE(tp->bytes_received);
	info->bytes_sent = READ_ONCE(tp->bytes_sent) -
			   READ_ONCE(tp->bytes_retrans);
	/* The listener may be given another name just now. */
	rcu_read_lock();
	strscpy(info->listener, rcu_dereference(conn->ln->terms)->name);
	rcu_read_unlock();
	return true;
}

/*
 * Sets a flag on each connection, of one listener or of all, and wakes it; with
 * @strays, only on those that could not have come by the listener as it is now.
 */
static void flag_all(struct mqttk_net *mn, const struct mqttk_listener *ln,
		     enum mqttk_conn_flag flag, bool strays)
{
	struct mqttk_conn *conn;
	unsigned int n;

	spin_lock_bh(&mn->conns_lock);
	/* Each goes to the tail, so the lock can be left at any time. */
	for (n = mn->nr_conns; n && !list_empty(&mn->conns); n--) {
		conn = list_first_entry(&mn->conns, struct mqttk_conn, list);
		list_move_tail(&conn->list, &mn->conns);
		if ((!ln || conn->ln == ln) &&
		    !(strays && mqttk_listener_covers(ln, conn->sk)) &&
		    !test_and_set_bit(flag, &conn->flags)) {
			if (flag == CONN_ABORT)
				WRITE_ONCE(conn->peer.gone, true);
			mqttk_conn_queue(conn);
		}
		if (n % 64 == 0) {
			spin_unlock_bh(&mn->conns_lock);
			cond_resched();
			spin_lock_bh(&mn->conns_lock);
		}
	}
	spin_unlock_bh(&mn->conns_lock);
}

/**
 * mqttk_conns_end - close connections in order
 * @mn: the broker
 * @ln: those of this listener, which accepts no more; NULL: all
 *
 * Context: process; yields; does not wait for them.
 */
void mqttk_conns_end(struct mqttk_net *mn, const struct mqttk_listener *ln)
{
	flag_all(mn, ln, CONN_ENDED, false);
}

/**
 * mqttk_conns_end_strays - close connections that a listener no longer stands for
 * @mn: the broker
 * @ln: the listener, whose address has changed
 *
 * Context: process; under mn->ctl_mutex; yields; does not wait for them.
 */
void mqttk_conns_end_strays(struct mqttk_net *mn,
			    const struct mqttk_listener *ln)
{
	flag_all(mn, ln, CONN_ENDED, true);
}

/**
 * mqttk_conns_review - close connections that would not be let in now
 * @mn: the broker
 * @ln: their listener, whose terms have changed
 *
 * Context: process; yields; does not wait for them.
 */
void mqttk_conns_review(struct mqttk_net *mn, const struct mqttk_listener *ln)
{
	flag_all(mn, ln, CONN_REVIEW, false);
}

/**
 * mqttk_conns_abort - reset all connections and wait until they are gone
 * @mn: the broker, without a listener
 *
 * Context: process; sleeps. Takes as long as their works' present turns.
 */
void mqttk_conns_abort(struct mqttk_net *mn)
{
	flag_all(mn, NULL, CONN_ABORT, false);
	wait_event(mn->wait, !atomic_read(&mn->nr_live));
}

/**
 * mqttk_conn_module_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_conn_module_init(void)
{
	int err = -ENOMEM;

	conn_cache = KMEM_CACHE(mqttk_conn, 0);
	if (!conn_cache)
		return -ENOMEM;
	mqttk_conn_wq = alloc_workqueue("mqttk", WQ_PERCPU, 0);
	if (!mqttk_conn_wq)
		goto destroy_cache;
	err = mqttk_turns_module_init();
	if (err)
		goto destroy;
	mqttk_wheel_module_init();
	err = mqttk_lane_module_init();
	if (err)
		goto exit_turns;
	err = mqttk_tx_module_init();
	if (err)
		goto exit_lane;
	return 0;
exit_lane:
	mqttk_lane_module_exit();
exit_turns:
	mqttk_turns_module_exit();
destroy:
	destroy_workqueue(mqttk_conn_wq);
destroy_cache:
	kmem_cache_destroy(conn_cache);
	return err;
}

/**
 * mqttk_conn_module_exit - at module unload, when no netns is left
 */
void mqttk_conn_module_exit(void)
{
	mqttk_lane_module_exit();
	mqttk_tx_module_exit();
	mqttk_wheel_module_exit();
	destroy_workqueue(mqttk_conn_wq);
	mqttk_turns_module_exit();
	mqttk_rx_module_exit();
	kmem_cache_destroy(conn_cache);
}
