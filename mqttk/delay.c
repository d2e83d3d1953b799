// SPDX-License-Identifier: GPL-2.0
/*
 * Output that waits for more, where the terms of a listener allow it: fewer,
 * larger segments for a few microseconds.
 *
 * A CPU has one list and one timer for all of them. Whoever comes first sets the
 * timer, or sets it earlier; when it expires all of them are sent, so nobody
 * waits for longer than its listener says, and those who come later for less.
 */
#include <linux/hrtimer.h>
#include <linux/percpu.h>

#include "conn_impl.h"
#include "delay.h"
#include "run.h"
#include "terms.h"

/* Bytes of answers that need not wait for more. */
#define ENOUGH_BYTES	1024

/**
 * struct delay - connections whose output waits
 * @list: of conn->delay_node; each entry holds a reference
 * @timer: lists all of them with the sender
 *
 * Only its own CPU adds to it, with bottom halves off.
 */
struct delay {
	struct llist_head list;
	struct hrtimer timer;
};

static DEFINE_PER_CPU(struct delay, delays);

/* Is there as much as goes into one send? */
static bool is_enough(struct mqttk_conn *conn)
{
	struct mqttk_session *s;
	bool enough;

	if (mqttk_out_pending(&conn->peer.out) >= ENOUGH_BYTES)
		return true;
	rcu_read_lock();
	s = READ_ONCE(conn->tx_session);
	enough = s && READ_ONCE(s->queue.nr) >= MQTTK_RUN_MAX;
	rcu_read_unlock();
	return enough;
}

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct delay *d = container_of(timer, struct delay, timer);
	struct llist_node *first = llist_del_all(&d->list);
	struct mqttk_conn *conn, *next;

	first = llist_reverse_order(first);
	llist_for_each_entry_safe(conn, next, first, delay_node) {
		/* After @next was read from it. */
		smp_mb__before_atomic();
		clear_bit(CONN_TX_DELAYED, &conn->flags);
		/* Who queues something from now on waits anew; as in tx.c. */
		smp_mb__after_atomic();
		mqttk_tx_list(conn);
		mqttk_conn_put(conn);
	}
	return HRTIMER_NORESTART;
}

/**
 * mqttk_delay - let output wait for more
 * @conn: a connection that has something to send; the caller has a reference or
 *	its session's lock
 * @usecs: for how long at most
 *
 * Context: any but hard interrupts.
 * Return: false if there is enough already: it is to be sent
 */
bool mqttk_delay(struct mqttk_conn *conn, unsigned int usecs)
{
	ktime_t wait = ns_to_ktime((u64)usecs * NSEC_PER_USEC);
	struct delay *d;

	if (is_enough(conn))
		return false;
	if (test_and_set_bit(CONN_TX_DELAYED, &conn->flags))
		return true;
	refcount_inc(&conn->ref);
	local_bh_disable();
	d = this_cpu_ptr(&delays);
	llist_add(&conn->delay_node, &d->list);
	/* The timer's own run is over, or has not begun: it is a softirq. */
	if (!hrtimer_is_queued(&d->timer) ||
	    hrtimer_get_remaining(&d->timer) > wait)
		hrtimer_start(&d->timer, wait, HRTIMER_MODE_REL_PINNED_SOFT);
	local_bh_enable();
	return true;
}

/**
 * mqttk_delay_module_init - at module load
 */
void __init mqttk_delay_module_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct delay *d = per_cpu_ptr(&delays, cpu);

		init_llist_head(&d->list);
		hrtimer_setup(&d->timer, expired, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_SOFT);
	}
}

/**
 * mqttk_delay_module_exit - at module unload, when no connection is left
 */
void mqttk_delay_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(&delays, cpu)->timer);
}
