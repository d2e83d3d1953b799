// SPDX-License-Identifier: GPL-2.0
/*
 * Turns: connections that are to be worked on in process context, one behind the
 * other.
 *
 * A connection is idle most of its life and needs no work of its own for that.
 * It waits in its CPU's list, and a few runners, which are works, take one
 * connection off it each. A runner that sleeps in a turn does not hold up the
 * others: before it begins, it sees to it that another is there for what is
 * left. When all of them sleep, the rest has to wait.
 */
#include <linux/bits.h>
#include <linux/llist.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "conn_impl.h"

/* Turns that may sleep at a time. */
#define RUNNERS	32

struct turns;

/**
 * struct runner - takes one turn at a time
 * @work: does it
 * @turns: where it takes it from
 */
struct runner {
	struct work_struct work;
	struct turns *turns;
};

/**
 * struct turns - the connections that one CPU was told of
 * @came: of conn->turn_node, the newest first; each entry holds a reference
 * @lock: guards the rest; bottom halves off
 * @left: taken from @came, in order
 * @idle: bits of @runner that neither run nor are about to
 * @called: one of them is about to run
 * @runner: see there
 */
struct turns {
	struct llist_head came;
	spinlock_t lock;	/* what follows */
	struct llist_node *left;
	u32 idle;
	bool called;
	struct runner runner[RUNNERS];
};

static struct turns __percpu *all_turns;

static bool is_empty(const struct turns *t)
{
	return !t->left && llist_empty(&t->came);
}

/* There is something to do: is anybody coming? Locked. */
static void call(struct turns *t)
{
	unsigned int n;

	if (is_empty(t) || t->called || !t->idle)
		return;
	n = __ffs(t->idle);
	t->idle &= ~BIT(n);
	t->called = true;
	queue_work(mqttk_conn_wq, &t->runner[n].work);
}

/**
 * mqttk_turns_add - a connection is to have a turn
 * @conn: the connection, in no list of turns; the list's reference was taken
 *
 * Context: any but hard interrupts.
 */
void mqttk_turns_add(struct mqttk_conn *conn)
{
	/* Any CPU's will do. */
	struct turns *t = raw_cpu_ptr(all_turns);

	/* If it was not empty, somebody was called, or looks when he is done. */
	if (!llist_add(&conn->turn_node, &t->came))
		return;
	spin_lock_bh(&t->lock);
	call(t);
	spin_unlock_bh(&t->lock);
}

/* The one that waits longest, or NULL. Locked. */
static struct mqttk_conn *next(struct turns *t)
{
	struct llist_node *node = t->left;

	if (!node)
		node = llist_reverse_order(llist_del_all(&t->came));
	if (!node)
		return NULL;
	t->left = node->next;
	return llist_entry(node, struct mqttk_conn, turn_node);
}

static void run(struct work_struct *work)
{
	struct runner *r = container_of(work, struct runner, work);
	struct turns *t = r->turns;
	struct mqttk_conn *conn;

	spin_lock_bh(&t->lock);
	t->called = false;
	conn = next(t);
	call(t);
	spin_unlock_bh(&t->lock);
	if (conn)
		mqttk_conn_turn(conn);
	spin_lock_bh(&t->lock);
	t->idle |= BIT(r - t->runner);
	call(t);
	spin_unlock_bh(&t->lock);
}

/**
 * mqttk_turns_module_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_turns_module_init(void)
{
	unsigned int i;
	int cpu;

	all_turns = alloc_percpu(struct turns);
	if (!all_turns)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct turns *t = per_cpu_ptr(all_turns, cpu);

		init_llist_head(&t->came);
		spin_lock_init(&t->lock);
		t->idle = U32_MAX;
		for (i = 0; i < RUNNERS; i++) {
			INIT_WORK(&t->runner[i].work, run);
			t->runner[i].turns = t;
		}
	}
	return 0;
}

/**
 * mqttk_turns_module_exit - at module unload, when the workqueue is gone
 */
void mqttk_turns_module_exit(void)
{
	free_percpu(all_turns);
}
