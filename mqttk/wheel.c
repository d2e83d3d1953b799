// SPDX-License-Identifier: GPL-2.0
/*
 * When connections are to be looked at again: whether their peer has been silent
 * for too long, or a farewell takes too long.
 *
 * There may be a hundred thousand, and hardly one of them is ever late. So they
 * have no timer each, but all of them a wheel of slots, a quarter of a second
 * each, and one timer, which rings for the next slot that has any. What is due
 * later than the wheel reaches is looked at once a round, and put back. A timer
 * would be 40 bytes of each connection, of which this takes 20.
 *
 * What is to be tried again at once, because memory was short, waits in a list
 * with a timer of its own.
 */
#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#include "conn_impl.h"

#define SLOTS	1024

/* Jiffies of a slot. */
#define TICK	(HZ / 4)

/* How soon what failed is tried again. */
#define SOON	(HZ / 50)

/* Connections looked at before others get the CPU. */
#define AT_ONCE	512

/**
 * struct wheel - all connections that are to be looked at some time
 * @lock: guards everything, and each conn's ring_node and rings; bottom halves off
 * @pos: the slot that was looked at last
 * @at: jiffies when it was due
 * @used: slots that have any
 * @slot: connections, of conn->ring_node
 * @timer: rings for the next used slot; never later
 * @soon: those that are to be looked at soon, likewise
 * @soon_timer: rings for @soon
 */
struct wheel {
	spinlock_t lock;	/* all of it */
	unsigned int pos;
	unsigned long at;
	DECLARE_BITMAP(used, SLOTS);
	struct hlist_head slot[SLOTS];
	struct timer_list timer;
	struct hlist_head soon;
	struct timer_list soon_timer;
};

static struct wheel wheel = {
	.lock = __SPIN_LOCK_UNLOCKED(wheel.lock),
};

/* How many slots ahead the next used one is; 0: none is. */
static unsigned int next_used(void)
{
	unsigned int bit = find_next_bit(wheel.used, SLOTS, wheel.pos + 1);

	if (bit < SLOTS)
		return bit - wheel.pos;
	bit = find_first_bit(wheel.used, SLOTS);
	/* This one itself is empty, or not done yet. */
	return bit < wheel.pos ? bit + SLOTS - wheel.pos : 0;
}

/* Where it belongs, when it is nowhere. */
static void put(struct mqttk_conn *conn)
{
	s32 wait = (s32)(conn->rings - (u32)wheel.at);
	unsigned int n, slot;

	n = clamp_t(s32, DIV_ROUND_UP(max(wait, 0), TICK), 1, SLOTS - 1);
	slot = (wheel.pos + n) % SLOTS;
	hlist_add_head(&conn->ring_node, &wheel.slot[slot]);
	__set_bit(slot, wheel.used);
	timer_reduce(&wheel.timer, wheel.at + (unsigned long)n * TICK);
}

static void take(struct mqttk_conn *conn)
{
	if (!hlist_unhashed(&conn->ring_node))
		hlist_del_init(&conn->ring_node);
}

static bool is_due(const struct mqttk_conn *conn)
{
	return (s32)((u32)jiffies - conn->rings) >= 0;
}

/* Looks through a list. Returns false if there is too much in it for once. */
static bool look(struct hlist_head *list, unsigned int *left)
{
	struct mqttk_conn *conn;

	while (!hlist_empty(list)) {
		if (!(*left)--)
			return false;
		conn = hlist_entry(list->first, struct mqttk_conn, ring_node);
		hlist_del_init(&conn->ring_node);
		if (is_due(conn))
			mqttk_conn_ring(conn);
		else
			put(conn);
	}
	return true;
}

static void wheel_ring(struct timer_list *t)
{
	unsigned int left = AT_ONCE, n = 0;

	spin_lock(&wheel.lock);
	/* What was put back since goes to other slots: each is done once. */
	while (look(&wheel.slot[wheel.pos], &left)) {
		__clear_bit(wheel.pos, wheel.used);
		n = next_used();
		if (!n || time_before(jiffies, wheel.at + (unsigned long)n * TICK))
			break;
		wheel.pos = (wheel.pos + n) % SLOTS;
		wheel.at += (unsigned long)n * TICK;
	}
	if (!hlist_empty(&wheel.slot[wheel.pos]))
		mod_timer(&wheel.timer, jiffies + 1);
	else if (n)
		mod_timer(&wheel.timer, wheel.at + (unsigned long)n * TICK);
	spin_unlock(&wheel.lock);
}

static void soon_ring(struct timer_list *t)
{
	unsigned int left = AT_ONCE;

	spin_lock(&wheel.lock);
	/* One that came just now waits for its fellows' turn, or goes with them. */
	if (!look(&wheel.soon, &left))
		mod_timer(&wheel.soon_timer, jiffies + 1);
	spin_unlock(&wheel.lock);
}

/* Nothing is in it, or nothing that is due soon: where it stands is too long ago. */
static void turn_on(void)
{
	if (!next_used() && hlist_empty(&wheel.slot[wheel.pos]))
		wheel.at = jiffies;
}

/**
 * mqttk_wheel_set - look at a connection then
 * @conn: the connection
 * @when: jiffies; it may be up to a quarter of a second later, never earlier
 *
 * mqttk_conn_ring() is called then, unless this is called again before.
 *
 * Context: any but hard interrupts. Not after mqttk_wheel_stop().
 */
void mqttk_wheel_set(struct mqttk_conn *conn, unsigned long when)
{
	spin_lock_bh(&wheel.lock);
	take(conn);
	turn_on();
	WRITE_ONCE(conn->rings, (u32)when);
	put(conn);
	spin_unlock_bh(&wheel.lock);
}

/**
 * mqttk_wheel_reduce - look at a connection then, if not earlier
 * @conn: the connection
 * @when: as for mqttk_wheel_set()
 *
 * Mostly it is, and this is no more than a look.
 *
 * Context: as mqttk_wheel_set().
 */
void mqttk_wheel_reduce(struct mqttk_conn *conn, unsigned long when)
{
	if (!mqttk_wheel_has(conn) ||
	    (s32)((u32)when - READ_ONCE(conn->rings)) < 0)
		mqttk_wheel_set(conn, when);
}

/**
 * mqttk_wheel_soon - look at a connection again, memory may be back then
 * @conn: the connection
 *
 * Context: as mqttk_wheel_set().
 */
void mqttk_wheel_soon(struct mqttk_conn *conn)
{
	spin_lock_bh(&wheel.lock);
	take(conn);
	WRITE_ONCE(conn->rings, (u32)jiffies);
	hlist_add_head(&conn->ring_node, &wheel.soon);
	timer_reduce(&wheel.soon_timer, jiffies + SOON);
	spin_unlock_bh(&wheel.lock);
}

/**
 * mqttk_wheel_stop - never look at a connection again
 * @conn: the connection; mqttk_conn_ring() is not running for it when this
 *	returns, nor will it
 *
 * Context: any but hard interrupts.
 */
void mqttk_wheel_stop(struct mqttk_conn *conn)
{
	spin_lock_bh(&wheel.lock);
	take(conn);
	spin_unlock_bh(&wheel.lock);
}

/**
 * mqttk_wheel_module_init - at module load
 */
void __init mqttk_wheel_module_init(void)
{
	wheel.at = jiffies;
	timer_setup(&wheel.timer, wheel_ring, 0);
	timer_setup(&wheel.soon_timer, soon_ring, 0);
}

/**
 * mqttk_wheel_module_exit - at module unload, when no connection is left
 */
void mqttk_wheel_module_exit(void)
{
	timer_shutdown_sync(&wheel.timer);
	timer_shutdown_sync(&wheel.soon_timer);
}
