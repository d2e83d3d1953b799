/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What conn.c, rx.c, tx.c and gather.c share: the connection and who may touch what.
 *
 * A connection is worked on by
 *  - its work (process context), which reads, decodes, routes, and closes; it is
 *    done in turns, see turns.c;
 *  - the quick lane (softirq), which reads, decodes and routes what needs no
 *    sleep: see lane.c. It and the work keep out of each other's way by
 *    CONN_BUSY, so that packets are decoded in their order, and none before
 *    what the one before caused is in the receivers' queues;
 *  - senders (bottom halves off, socket spinlock held), which empty its
 *    queues into the socket, on whatever CPU somebody queued something;
 *  - the socket's callbacks and the wheel (softirq), which only queue its work,
 *    or put it on the list of a lane or a sender.
 *
 * Where it says "its work only" below it may be the quick lane as well.
 */
#ifndef MQTTK_CONN_IMPL_H
#define MQTTK_CONN_IMPL_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <net/sock.h>

#include "conn.h"
#include "proto.h"
#include "session.h"

/**
 * enum mqttk_conn_flag - bits of conn->flags
 * @CONN_STRANGER: it is charged to MQTTK_BUDGET_HANDSHAKE
 * @CONN_BUSY: its work or the quick lane is at it
 * @CONN_WANTED: the other of them has to look when that one is done
 * @CONN_QUEUED: it is to have a turn
 * @CONN_QUICK: what comes next is for the quick lane. A hint
 * @CONN_RX_LISTED: on a lane's list
 * @CONN_TX_LISTED: on a sender's list
 * @CONN_TX_DELAYED: on a CPU's list of those whose output waits for more
 * @CONN_TX_RETRY: a sender found the socket owned; the work waits for it and
 *	lists the conn again
 * @CONN_TX_BUSY: a sender is at it: write_space() need not list it
 * @CONN_TX_STALLED: the kernel had no memory for a send; the wheel retries
 * @CONN_RX_BLOCKED: not read until the peer has read its answers
 * @CONN_REPLAY_FULL: a replay waits until the queue has drained
 * @CONN_REVIEW: its listener has other terms: is it to stay?
 * @CONN_ENDED: its session was taken away, or an administrator closes it
 * @CONN_ABORT: the broker ends: no farewell
 * @CONN_DEAD: released: senders keep off
 */
enum mqttk_conn_flag {
	CONN_STRANGER,
	CONN_BUSY,
	CONN_WANTED,
	CONN_QUEUED,
	CONN_QUICK,
	CONN_RX_LISTED,
	CONN_TX_LISTED,
	CONN_TX_DELAYED,
	CONN_TX_RETRY,
	CONN_TX_BUSY,
	CONN_TX_STALLED,
	CONN_RX_BLOCKED,
	CONN_REPLAY_FULL,
	CONN_REVIEW,
	CONN_ENDED,
	CONN_ABORT,
	CONN_DEAD,
};

/**
 * enum mqttk_conn_phase - how its work goes about it
 * @CONN_OPEN: reads and answers
 * @CONN_CLOSING: sends what is left and waits for the end of the connection,
 *	so that a refusal survives a lossy link
 * @CONN_RELEASED: has no socket any more
 */
enum mqttk_conn_phase {
	CONN_OPEN,
	CONN_CLOSING,
	CONN_RELEASED,
};

/**
 * struct mqttk_outgoing - a packet from the session on its way into the socket
 * @out: how its PUBLISH is written: once for all, since what was sent in part
 *	has to go on as it began
 * @size: bytes of the packet
 * @topic_at: where in the message's topic the one begins that the client sees
 * @head_len: bytes of @head
 * @tail_len: bytes of @tail
 * @head: up to the topic; all of a PUBREL
 * @tail: between topic and subscription identifiers
 */
struct mqttk_outgoing {
	struct mqttk_pub_out out;
	u32 size;
	u16 topic_at;
	u8 head_len;
	u8 tail_len;
	u8 head[MQTTK_PUB_HEAD_MAX];
	u8 tail[MQTTK_PUB_TAIL_MAX];
};

/**
 * struct mqttk_rest - a packet that is in the socket in part
 * @out: the packet
 * @ent: what it was made of, with references of its own, so that the stream stays
 *	whole whatever becomes of the session
 * @sent: bytes of it in the socket
 */
struct mqttk_rest {
	struct mqttk_outgoing out;
	struct mqttk_qent ent;
	u32 sent;
};

/**
 * struct mqttk_partial - bytes that wait for more
 * @size: allocated, this header included, and charged
 * @len: bytes in @data, not 0
 * @budget: what it is charged to
 * @data: the bytes
 */
struct mqttk_partial {
	u32 size;
	u32 len;
	u8 budget;
	u8 data[];
};

/**
 * struct mqttk_conn - a TCP connection with an MQTT peer
 * @peer: the protocol's side; its work only
 * @in: the PUBLISH whose payload is arriving; its work only
 * @in_payload: there is one; if nothing of it is left to come the quick lane has
 *	left it to the work to route it
 * @many: its messages go to more receivers than the quick lane serves
 * @steady: how often the quick lane found something that had come right behind
 *	what was there before; see thin_acks()
 * @phase: its work only
 * @partial: bytes of a packet that has not come whole, or NULL; its work only
 * @need: bytes at @partial from which on it makes sense to decode again
 * @whole: bytes the packet at @partial takes up before it can be decoded, as
 *	far as is known; how large @partial may get ahead of time
 * @client_charge: bytes charged to MQTTK_BUDGET_CLIENT for it, its socket and the
 *	socket's buffers, which may grow; under the socket lock
 * @rx_err: why the connection ends, as the quick lane found
 * @end_err: why CONN_ENDED is set, as proto.c's errors; 0: the broker ends
 * @end_reason: likewise, as an administrator has said, a reason code of 5.0; or 0
 * @last_rx: 32 bits of jiffies when something last came; its work only
 * @deadline: likewise when the present phase ends; its work only
 * @since: CLOCK_BOOTTIME of the CONNECT
 * @tx_session: the session that senders take from, under the socket lock;
 *	valid while not NULL, because its work clears it before closing it
 * @tx_buf: bytes of peer.out being sent, or NULL; under the socket lock
 * @rest: a packet that is in the socket in part, or NULL; under the socket lock
 * @flags: enum mqttk_conn_flag
 * @sk: the socket's inner half, with a reference of its own, so that senders
 *	may lock it at any time
 * @ln: the listener it came by; a reference
 * @list: in mn->conns
 * @rx_node: in a lane's list
 * @tx_node: in a sender's list
 * @delay_node: in the list of those whose output waits
 * @turn_node: in a list of turns
 * @ring_node: in the wheel
 * @rings: when it is its time there, 32 bits of jiffies; see wheel.c
 * @ref: mn->conns, each list of turns, each lane's and each sender's list
 * @rcu: callbacks find it under RCU, when it is not in @list any more
 */
struct mqttk_conn {
	/* Written by whoever has something for it, on any CPU. */
	unsigned long flags;
	struct llist_node rx_node;
	struct llist_node tx_node;
	struct llist_node turn_node;
	struct llist_node delay_node;
	refcount_t ref;
	u32 last_rx;
	union {
		struct list_head list;
		struct rcu_head rcu;
	};
	struct sock *sk;
	struct mqttk_listener *ln;
	/* The senders', under the socket lock. */
	struct mqttk_session *tx_session;
	struct mqttk_out_buf *tx_buf;
	struct mqttk_rest *rest;
	struct mqttk_peer peer;
	struct mqttk_incoming in;
	bool in_payload : 1;
	bool many : 1;
	u8 steady;
	u8 phase;
	u8 end_reason;
	u32 client_charge;
	struct mqttk_partial *partial;
	u32 need;
	u32 whole;
	u32 deadline;
	s16 rx_err;
	s16 end_err;
	u32 rings;
	struct hlist_node ring_node;
	ktime_t since;
};

/* conn.c */
void mqttk_conn_queue(struct mqttk_conn *conn);
void mqttk_conn_turn(struct mqttk_conn *conn);
void mqttk_conn_ring(struct mqttk_conn *conn);
void mqttk_conn_run_quick(struct mqttk_conn *conn, u8 **scratch, size_t size);
void mqttk_conn_free(struct mqttk_conn *conn);

static inline void mqttk_conn_put(struct mqttk_conn *conn)
{
	if (refcount_dec_and_test(&conn->ref))
		mqttk_conn_free(conn);
}

bool mqttk_conn_admit(struct mqttk_conn *conn);

/* turns.c */
void mqttk_turns_add(struct mqttk_conn *conn);
int mqttk_turns_module_init(void);
void mqttk_turns_module_exit(void);

/* wheel.c */
void mqttk_wheel_set(struct mqttk_conn *conn, unsigned long when);
void mqttk_wheel_reduce(struct mqttk_conn *conn, unsigned long when);
void mqttk_wheel_soon(struct mqttk_conn *conn);
void mqttk_wheel_stop(struct mqttk_conn *conn);
void mqttk_wheel_module_init(void);
void mqttk_wheel_module_exit(void);

/* Will it be looked at some time? An instant's guess, but for who sets it. */
static inline bool mqttk_wheel_has(const struct mqttk_conn *conn)
{
	return !hlist_unhashed_lockless(&conn->ring_node);
}

/* rx.c */
void mqttk_rx_module_exit(void);
int mqttk_rx_run(struct mqttk_conn *conn, bool *again);
bool mqttk_rx_quick(struct mqttk_conn *conn, u8 **scratch, size_t size);
void mqttk_rx_discard(struct mqttk_conn *conn);
void mqttk_rx_free(struct mqttk_conn *conn);

/* gather.c */
int mqttk_gather_send(struct mqttk_conn *conn, int budget);
void mqttk_gather_forget(struct mqttk_conn *conn);
void mqttk_gather_end(void);
int mqttk_gather_module_init(void);
void mqttk_gather_module_exit(void);

/* tx.c */
int mqttk_tx_module_init(void);
void mqttk_tx_module_exit(void);
void mqttk_tx_look(int cpu, bool *listed, bool *queued);
void mqttk_tx_list(struct mqttk_conn *conn);
void mqttk_tx_list_soon(struct mqttk_conn *conn);
void mqttk_tx_flush(struct mqttk_conn *conn);
void mqttk_tx_serve_quick(struct mqttk_conn *conn);
void mqttk_tx_drain(void);
bool mqttk_tx_pending(struct mqttk_conn *conn);
void mqttk_tx_free(struct mqttk_conn *conn);

/*
 * The socket, for the work: its spinlock while nobody owns it. Owners are rare:
 * our own setting of an option, ss -K, a BPF iterator. The lock is held for a
 * bounded copy only and nobody sleeps under it; nobody holds two of them.
 */
static inline void mqttk_conn_lock(struct mqttk_conn *conn)
{
	struct sock *sk = conn->sk;

	for (;;) {
		local_bh_disable();
		bh_lock_sock(sk);
		if (!sock_owned_by_user(sk))
			return;
		bh_unlock_sock(sk);
		local_bh_enable();
		/* Sleeps until the owner is done. */
		lock_sock(sk);
		release_sock(sk);
	}
}

static inline void mqttk_conn_unlock(struct mqttk_conn *conn)
{
	bh_unlock_sock(conn->sk);
	local_bh_enable();
}

#endif /* MQTTK_CONN_IMPL_H */
