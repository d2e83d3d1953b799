/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deadlines: what is to be done at a time, and the clock of a netns that does
 * it.
 *
 * Time is CLOCK_BOOTTIME, in which a suspended machine gets older and nobody
 * can set the hands. There is one timer for all deadlines of a netns, and none
 * is armed while none is set.
 */
#ifndef MQTTK_DEADLINE_H
#define MQTTK_DEADLINE_H

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mqttk_deadline;

/*
 * Deadlines fall on a grid, in nanoseconds, a power of two: each is rounded up
 * to it. So none is early, those that come close together cost one wakeup, and
 * one that is moved by less is mostly not moved at all.
 */
#define MQTTK_DEADLINE_GRAIN	BIT_ULL(26)

/**
 * struct mqttk_deadline_ops - whose deadlines these are
 * @get: pins the owner, so that the deadline stays until @run has dropped the
 *	pin. Called under clock->lock, bottom halves off, when the deadline is
 *	no longer set. Must not take a lock under which anyone sets or cancels a
 *	deadline; refcount_inc_not_zero() is what it is for. False: the owner is
 *	being freed, nothing is run.
 * @run: it is time. In process context with no lock held; may sleep, but the
 *	netns's other deadlines wait for it. It may set the deadline again, and
 *	drops the pin last. Whoever moved or canceled the deadline meanwhile
 *	came too late to stop it: it has to look at its owner to see if
 *	anything is still to be done.
 */
struct mqttk_deadline_ops {
	bool (*get)(struct mqttk_deadline *d);
	void (*run)(struct mqttk_deadline *d);
};

/**
 * struct mqttk_deadline - something to be done at a time
 * @node: in clock->queue; its time is 0 while the deadline is not set
 * @ops: what is to be done
 *
 * Embedded in its owner, which cancels it before it is freed: one that is not
 * set needs no end.
 */
struct mqttk_deadline {
	struct timerqueue_node node;
	const struct mqttk_deadline_ops *ops;
};

/**
 * struct mqttk_clock - the deadlines of a netns
 * @lock: guards @queue and every deadline in it, and the arming of @timer;
 *	bottom halves off; nothing is locked inside it
 * @queue: deadlines that are set, the earliest first
 * @timer: rings for the earliest; its callback only queues @work. It may ring
 *	too early once if the earliest was moved or canceled.
 * @work: runs what is due, one after the other
 */
struct mqttk_clock {
	spinlock_t lock;	/* queue, deadlines, timer */
	struct timerqueue_head queue;
	struct hrtimer timer;
	struct work_struct work;
};

/* Unbound; for anything else, too, that is done at a time and may take long. */
extern struct workqueue_struct *mqttk_clock_wq;

int mqttk_clock_module_init(void);
void mqttk_clock_module_exit(void);

void mqttk_clock_init(struct mqttk_clock *c);
void mqttk_clock_exit(struct mqttk_clock *c);

void mqttk_deadline_init(struct mqttk_deadline *d,
			 const struct mqttk_deadline_ops *ops);
void mqttk_deadline_set(struct mqttk_clock *c, struct mqttk_deadline *d,
			ktime_t when);
unsigned int mqttk_clock_count(struct mqttk_clock *c, unsigned int max,
			       ktime_t *next);
bool mqttk_deadline_cancel(struct mqttk_clock *c, struct mqttk_deadline *d);

/**
 * mqttk_clock_in - the time that is some seconds from now
 * @seconds: any
 *
 * Context: any.
 * Return: CLOCK_BOOTTIME then
 */
static inline ktime_t mqttk_clock_in(u32 seconds)
{
	return ktime_add_ns(ktime_get_boottime(),
			    (u64)seconds * NSEC_PER_SEC);
}

#endif /* MQTTK_DEADLINE_H */
