// SPDX-License-Identifier: GPL-2.0
/*
 * The sender. Whoever queues something for a connection puts it on its CPU's
 * list, once; whatever the connection has pending when the sender comes by
 * goes into the socket in as few sends as possible. Under load that is where
 * the time is saved.
 */
#include <linux/percpu.h>
#include <net/tcp.h>

#include "conn_impl.h"
#include "delay.h"
#include "lane.h"
#include "terms.h"

/*
 * Connections served with bottom halves off in one go: more would overflow the
 * backlog of the receiving side on loopback.
 */
#define SERVED_AT_ONCE	32

/* Bytes sent to one connection before others get their turn. */
#define TX_BUDGET	(256 * 1024)

/* In softirq; who is to get more is left to a work. */
#define QUICK_TX_BUDGET	SZ_16K

/**
 * struct sender - the connections with something to send, as one CPU found them
 * @list: of conn->tx_node; each entry holds a reference
 * @work: drains @list, wherever it runs
 */
struct sender {
	struct llist_head list;
	struct work_struct work;
};

static DEFINE_PER_CPU(struct sender, senders);

/* Tells the conn's work what it was waiting for. */
static void after_send(struct mqttk_conn *conn)
{
	bool kick = false;

	if (test_bit(CONN_RX_BLOCKED, &conn->flags) && !conn->tx_buf &&
	    !mqttk_out_pending(&conn->peer.out))
		kick = test_and_clear_bit(CONN_RX_BLOCKED, &conn->flags);
	if (test_bit(CONN_REPLAY_FULL, &conn->flags) && conn->tx_session &&
	    mqttk_session_has_room(conn->tx_session))
		kick |= test_and_clear_bit(CONN_REPLAY_FULL, &conn->flags);
	/* The endpoint before left retained messages for us to queue. */
	kick |= conn->tx_session && !mqttk_replays_empty(&conn->tx_session->replays);
	if (kick || READ_ONCE(conn->phase) == CONN_CLOSING)
		mqttk_conn_queue(conn);
}

/* Under the socket's spinlock. Returns true if there is more to send. */
static bool send_some(struct mqttk_conn *conn, int budget)
{
	struct sock *sk = conn->sk;
	int n;

	set_bit(CONN_TX_BUSY, &conn->flags);
	n = mqttk_gather_send(conn, budget);
	clear_bit(CONN_TX_BUSY, &conn->flags);
	if (n == -EAGAIN && sk_stream_is_writeable(sk)) {
		/* Not the peer is slow, memory is short: nobody will tell. */
		set_bit(CONN_TX_STALLED, &conn->flags);
		mqttk_wheel_soon(conn);
	}
	after_send(conn);
	return n > 0;
}

/* Returns true if there is more to send. */
static bool serve(struct mqttk_conn *conn, int budget)
{
	struct sock *sk = conn->sk;
	bool more = false;

	bh_lock_sock(sk);
	if (sock_owned_by_user(sk)) {
		/* The work can wait for whoever has it; see mqttk_conn_turn(). */
		set_bit(CONN_TX_RETRY, &conn->flags);
		mqttk_conn_queue(conn);
	} else if (!test_bit(CONN_DEAD, &conn->flags) &&
		   (1 << sk->sk_state) & (TCPF_ESTABLISHED |
					  TCPF_CLOSE_WAIT)) {
		more = send_some(conn, budget);
	}
	bh_unlock_sock(sk);
	return more;
}

/* Any CPU's list will do: its work drains it wherever that runs. */
static void list(struct mqttk_conn *conn)
{
	struct sender *snd = raw_cpu_ptr(&senders);

	if (llist_add(&conn->tx_node, &snd->list))
		queue_work(mqttk_conn_wq, &snd->work);
}

/* Returns true if it is to be listed; then its list has a reference. */
static bool enlist(struct mqttk_conn *conn)
{
	if (test_and_set_bit(CONN_TX_LISTED, &conn->flags))
		return false;
	refcount_inc(&conn->ref);
	return true;
}

static void drain(struct sender *snd)
{
	struct llist_node *first = llist_del_all(&snd->list);
	struct mqttk_conn *conn, *next;
	unsigned int n = 0;

	first = llist_reverse_order(first);
	local_bh_disable();
	llist_for_each_entry_safe(conn, next, first, tx_node) {
		/*
		 * Off the list before looking at its queues: who queues
		 * something from now on lists it again. And not before @next
		 * was read from it.
		 */
		smp_mb__before_atomic();
		clear_bit(CONN_TX_LISTED, &conn->flags);
		/* Pairs with the test_and_set_bit() in mqttk_tx_list(). */
		smp_mb__after_atomic();
		if (serve(conn, TX_BUDGET) && enlist(conn))
			list(conn);
		mqttk_conn_put(conn);
		if (++n % SERVED_AT_ONCE)
			continue;
		mqttk_gather_end();
		local_bh_enable();
		cond_resched();
		local_bh_disable();
	}
	if (n)
		mqttk_gather_end();
	local_bh_enable();
}

static void drain_work(struct work_struct *work)
{
	drain(container_of(work, struct sender, work));
}

/**
 * mqttk_tx_list - there is something to send
 * @conn: the connection; the caller has a reference or its session's lock
 *
 * What is found in softirq is sent in softirq, soon. In process context it can
 * wait until whoever is at it has queued all it has: otherwise enabling bottom
 * halves after the first message would send that alone.
 *
 * Context: any but hard interrupts; takes no lock.
 */
void mqttk_tx_list(struct mqttk_conn *conn)
{
	if (!enlist(conn))
		return;
	if (in_serving_softirq() && READ_ONCE(mqttk_lane_enabled))
		mqttk_lane_transmit(conn);
	else
		list(conn);
}

/**
 * mqttk_tx_list_soon - there is something to send that may wait for more
 * @conn: the connection of a client, or its CONNECT is being answered; the
 *	caller has a reference or its session's lock
 *
 * Context: any but hard interrupts.
 */
void mqttk_tx_list_soon(struct mqttk_conn *conn)
{
	const struct mqttk_terms *terms = conn->peer.terms;

	if (likely(!terms || !terms->coalesce_usecs) ||
	    !mqttk_delay(conn, terms->coalesce_usecs))
		mqttk_tx_list(conn);
}

/**
 * mqttk_tx_flush - send what waits for more
 * @conn: an open connection, which is about to leave its session; called by its
 *	work
 */
void mqttk_tx_flush(struct mqttk_conn *conn)
{
	if (!test_bit(CONN_TX_DELAYED, &conn->flags))
		return;
	mqttk_tx_list(conn);
	mqttk_tx_drain();
}

/**
 * mqttk_tx_serve_quick - send what a connection has pending
 * @conn: the connection, just off a lane's list
 *
 * Context: softirq.
 */
void mqttk_tx_serve_quick(struct mqttk_conn *conn)
{
	if (serve(conn, QUICK_TX_BUDGET) && enlist(conn))
		list(conn);
}

/**
 * mqttk_tx_drain - send what this CPU has listed, now
 *
 * Spares the way through the workqueue at the end of a conn's turn.
 *
 * Context: process.
 */
void mqttk_tx_drain(void)
{
	drain(raw_cpu_ptr(&senders));
}

/**
 * mqttk_tx_pending - is there anything left to send but messages?
 * @conn: the connection; called by its work
 *
 * Return: true if answers, or the rest of a packet, are not yet in the socket
 */
bool mqttk_tx_pending(struct mqttk_conn *conn)
{
	bool pending;

	mqttk_conn_lock(conn);
	pending = conn->tx_buf || conn->rest ||
		  mqttk_out_pending(&conn->peer.out);
	mqttk_conn_unlock(conn);
	return pending;
}

/**
 * mqttk_tx_free - forget what was not sent
 * @conn: a connection with CONN_DEAD set; called by its work
 */
void mqttk_tx_free(struct mqttk_conn *conn)
{
	mqttk_conn_lock(conn);
	conn->tx_session = NULL;
	mqttk_gather_forget(conn);
	mqttk_conn_unlock(conn);
	mqttk_proto_free(&conn->peer);
}

/**
 * mqttk_tx_module_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_tx_module_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct sender *snd = per_cpu_ptr(&senders, cpu);

		init_llist_head(&snd->list);
		INIT_WORK(&snd->work, drain_work);
	}
	mqttk_delay_module_init();
	return mqttk_gather_module_init();
}

/**
 * mqttk_tx_look - is a sender busy?
 * @cpu: whose
 * @listed: set to whether connections are in its list
 * @queued: set to whether its work is to run, or does
 *
 * Context: any. An instant's guess.
 */
void mqttk_tx_look(int cpu, bool *listed, bool *queued)
{
	struct sender *snd = per_cpu_ptr(&senders, cpu);

	*listed = !llist_empty(&snd->list);
	*queued = work_busy(&snd->work);
}

/**
 * mqttk_tx_module_exit - wait for the senders
 *
 * Context: no connection is left, so their lists stay empty.
 */
void mqttk_tx_module_exit(void)
{
	int cpu;

	mqttk_delay_module_exit();
	for_each_possible_cpu(cpu)
		cancel_work_sync(&per_cpu_ptr(&senders, cpu)->work);
	mqttk_gather_module_exit();
}
