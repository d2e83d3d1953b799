// SPDX-License-Identifier: GPL-2.0
/*
 * Events on their way up, and how often a limit may speak.
 */
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>

#include "events.h"
#include "trace.h"

/* A limit that is hit all the time is told of so often: nanoseconds. */
#define HIT_INTERVAL	NSEC_PER_SEC

static const struct mqttk_events_ops __rcu *listeners;

/**
 * mqttk_events_register - have events passed on, or not any more
 * @ops: by whom; NULL: by nobody
 *
 * Context: process, module load and unload. When it returns nobody is using the
 *	operations that were there before.
 */
void mqttk_events_register(const struct mqttk_events_ops *ops)
{
	rcu_assign_pointer(listeners, ops);
	synchronize_rcu();
}

/**
 * mqttk_events_wanted - would anybody hear of an event?
 * @net: where; NULL: nowhere, as in unit tests
 *
 * For those to whom it costs something to find out what to tell.
 *
 * Context: any but hard interrupts.
 * Return: true if somebody would
 */
bool mqttk_events_wanted(struct net *net)
{
	const struct mqttk_events_ops *ops;
	bool wanted;

	rcu_read_lock();
	ops = rcu_dereference(listeners);
	wanted = ops && net && ops->wanted(net);
	rcu_read_unlock();
	return wanted;
}

/**
 * mqttk_event_tell - something happened
 * @net: where; NULL: nowhere
 * @e: what
 *
 * Context: any but hard interrupts; under whatever locks the event happens.
 */
void mqttk_event_tell(struct net *net, const struct mqttk_event *e)
{
	const struct mqttk_events_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(listeners);
	if (ops && net && ops->wanted(net))
		ops->tell(net, e);
	rcu_read_unlock();
}

/*
 * Whoever hits a limit may do so a million times a second: one of them speaks
 * for all since the last. Returns how many, or 0 if it is too early.
 */
static u64 speak_for(struct mqttk_hits *h)
{
	s64 next = atomic64_read(&h->next);
	s64 now = ktime_get_coarse_boottime_ns();

	atomic_long_inc(&h->count);
	if (now < next || !atomic64_try_cmpxchg(&h->next, &next,
						now + HIT_INTERVAL))
		return 0;
	return atomic_long_xchg(&h->count, 0);
}

/**
 * mqttk_limit_hit - a limit refused or dropped something
 * @l: the netns's limits
 * @key: which limit
 * @s: at whose expense, or NULL
 *
 * Told once a second at most for each limit, with how often it was.
 *
 * Context: any but hard interrupts; under whatever locks.
 */
void mqttk_limit_hit(struct mqttk_limits *l, enum mqttk_limit key,
		     const struct mqttk_session *s)
{
	struct mqttk_event e = {
		.cmd = MQTTK_CMD_LIMIT_HIT_NTF,
		.session = s,
		.limit = mqttk_limit_desc[key].name,
	};

	trace_mqttk_limit_hit(l->net, e.limit, s);
	if (!mqttk_events_wanted(l->net))
		return;
	e.count = speak_for(&l->hits[key]);
	if (e.count)
		mqttk_event_tell(l->net, &e);
}
