// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines: what is to be done at a time, and the clock of a netns that does
 * it.
 *
 * Setting one is cheap enough for a packet: under the lock it is a step in a
 * tree, and without it a look whether the deadline is there already. The timer
 * is not put off when the first of several deadlines is: the work then finds
 * nothing due, and arms the timer for what comes first.
 */
#include <kunit/visibility.h>
#include <linux/sched.h>

#include "deadline.h"

struct workqueue_struct *mqttk_clock_wq;

/* Soft: with interrupts on, so that the wakeup delays nobody else's timers. */
#define CLOCK_MODE	HRTIMER_MODE_ABS_SOFT

/* Rounded up to the grid; never 0, which says that a deadline is not set. */
static ktime_t on_grid(ktime_t when)
{
	const s64 grain = MQTTK_DEADLINE_GRAIN;

	if (when < grain)
		return grain;
	if (when > KTIME_MAX - grain)
		return KTIME_MAX - grain + 1;
	return (when + grain - 1) & ~(grain - 1);
}

static struct mqttk_deadline *first_deadline(struct mqttk_clock *c)
{
	struct timerqueue_node *node = timerqueue_getnext(&c->queue);

	return node ? container_of(node, struct mqttk_deadline, node) : NULL;
}

static bool remove(struct mqttk_clock *c, struct mqttk_deadline *d)
{
	lockdep_assert_held(&c->lock);

	if (!timerqueue_node_queued(&d->node))
		return false;
	timerqueue_del(&c->queue, &d->node);
	WRITE_ONCE(d->node.expires, 0);
	return true;
}

/**
 * mqttk_deadline_init - before a deadline's first use
 * @d: the deadline
 * @ops: what is to be done
 *
 * Context: any.
 */
void mqttk_deadline_init(struct mqttk_deadline *d,
			 const struct mqttk_deadline_ops *ops)
{
	timerqueue_init(&d->node);
	d->node.expires = 0;
	d->ops = ops;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_deadline_init);

/**
 * mqttk_deadline_set - have something done at a time, moving it if it is set
 * @c: the clock; always the same for a deadline
 * @d: the deadline
 * @when: CLOCK_BOOTTIME; what is past is due at once
 *
 * The time is rounded up, see MQTTK_DEADLINE_GRAIN. Deadlines that fall on the
 * same point of the grid are run in the order in which they were set.
 *
 * Context: any but hard interrupts. Whoever sets and cancels the same deadline
 *	from several places serializes them, if the outcome matters.
 */
void mqttk_deadline_set(struct mqttk_clock *c, struct mqttk_deadline *d,
			ktime_t when)
{
	when = on_grid(when);
	/*
	 * If the work is just taking it, it is run after this call as well as
	 * if we had come a moment earlier. A 32-bit machine could read halves.
	 */
	if (IS_ENABLED(CONFIG_64BIT) && READ_ONCE(d->node.expires) == when)
		return;

	spin_lock_bh(&c->lock);
	if (d->node.expires != when) {
		remove(c, d);
		WRITE_ONCE(d->node.expires, when);
		if (timerqueue_add(&c->queue, &d->node))
			hrtimer_start(&c->timer, when, CLOCK_MODE);
	}
	spin_unlock_bh(&c->lock);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_deadline_set);

/**
 * mqttk_deadline_cancel - do not have it done after all
 * @c: the clock
 * @d: the deadline
 *
 * Afterwards ops->get() is not called, so the owner may be freed once its
 * references are gone; ops->run() may still be under way, with its pin.
 *
 * Context: any but hard interrupts.
 * Return: true if it was set
 */
bool mqttk_deadline_cancel(struct mqttk_clock *c, struct mqttk_deadline *d)
{
	bool was_set;

	spin_lock_bh(&c->lock);
	was_set = remove(c, d);
	/* In vain if it is ringing already: the work finds nothing. */
	if (was_set && !first_deadline(c))
		hrtimer_try_to_cancel(&c->timer);
	spin_unlock_bh(&c->lock);
	return was_set;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_deadline_cancel);

/**
 * mqttk_clock_count - how many deadlines are set
 * @c: the clock
 * @max: no more are counted
 * @next: set to the time of the earliest, if there is one
 *
 * Context: any but hard interrupts; holds the lock for as long as it takes.
 * Return: how many, at most @max
 */
unsigned int mqttk_clock_count(struct mqttk_clock *c, unsigned int max,
			       ktime_t *next)
{
	struct timerqueue_node *node;
	unsigned int n = 0;

	spin_lock_bh(&c->lock);
	node = timerqueue_getnext(&c->queue);
	if (node)
		*next = node->expires;
	for (; node && n < max; node = timerqueue_iterate_next(node))
		n++;
	spin_unlock_bh(&c->lock);
	return n;
}

static enum hrtimer_restart clock_ring(struct hrtimer *timer)
{
	struct mqttk_clock *c = container_of(timer, struct mqttk_clock, timer);

	queue_work(mqttk_clock_wq, &c->work);
	return HRTIMER_NORESTART;
}

/*
 * Takes out the first deadline if it is due, pinned in @due unless its owner is
 * going. False: none is, and the timer is armed if there is one at all.
 */
static bool take_due(struct mqttk_clock *c, struct mqttk_deadline **due)
{
	struct mqttk_deadline *d;
	bool found = false;

	*due = NULL;
	spin_lock_bh(&c->lock);
	d = first_deadline(c);
	if (d && d->node.expires <= ktime_get_boottime()) {
		found = remove(c, d);
		if (d->ops->get(d))
			*due = d;
	} else if (d) {
		hrtimer_start(&c->timer, d->node.expires, CLOCK_MODE);
	}
	spin_unlock_bh(&c->lock);
	return found;
}

static void clock_work_fn(struct work_struct *work)
{
	struct mqttk_clock *c = container_of(work, struct mqttk_clock, work);
	struct mqttk_deadline *d;

	while (take_due(c, &d)) {
		if (d)
			d->ops->run(d);
		cond_resched();
	}
}

/**
 * mqttk_clock_init - set up a clock with nothing to do
 * @c: the clock
 *
 * Context: process.
 */
void mqttk_clock_init(struct mqttk_clock *c)
{
	spin_lock_init(&c->lock);
	timerqueue_init_head(&c->queue);
	hrtimer_setup(&c->timer, clock_ring, CLOCK_BOOTTIME, CLOCK_MODE);
	INIT_WORK(&c->work, clock_work_fn);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_clock_init);

/**
 * mqttk_clock_exit - the end of a clock on which nothing is set any more
 * @c: the clock. Nobody sets anything on it, not even what is still run.
 *
 * Context: process; sleeps until what was due has been run.
 */
void mqttk_clock_exit(struct mqttk_clock *c)
{
	WARN_ON_ONCE(first_deadline(c));
	hrtimer_cancel(&c->timer);
	cancel_work_sync(&c->work);
	/* The work may have armed it for one that was canceled since. */
	hrtimer_cancel(&c->timer);
	cancel_work_sync(&c->work);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_clock_exit);

/**
 * mqttk_clock_module_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_clock_module_init(void)
{
	mqttk_clock_wq = alloc_workqueue("mqttk_clock", WQ_UNBOUND, 0);
	return mqttk_clock_wq ? 0 : -ENOMEM;
}

/**
 * mqttk_clock_module_exit - at module unload, when no clock is left
 */
void mqttk_clock_module_exit(void)
{
	destroy_workqueue(mqttk_clock_wq);
}
