// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mqtt: what comes to a file's reader, whatever the format.
 *
 * A reader takes a few messages off its session's queue at a time and holds
 * them until it has read them: so the session waits for no user's memory, and
 * looks at its queue once for all of them.
 */
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mqttk.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "dev_impl.h"
#include "msg.h"
#include "net.h"
#include "replay.h"
#include "router.h"
#include "topic.h"
#include "trace.h"
#include "via.h"

/**
 * mqttk_dev_subscribe - subscribe, and have the retained messages replayed
 * @f: the file, in use, under its lock
 * @filter: a valid topic filter
 * @len: its length
 * @qos: highest QoS
 * @flags: MQTTK_SUB_*
 * @id: subscription identifier, 0: none
 *
 * Return: 0 or an error for the user
 */
int mqttk_dev_subscribe(struct mqttk_dev_file *f, const u8 *filter, u16 len,
			u8 qos, u32 flags, u32 id)
{
	struct mqttk_replay *rp = NULL;
	struct mem_cgroup *old;
	bool existed;
	int err;

	old = set_active_memcg(f->memcg);
	if (!(flags & MQTTK_SUB_RETAINED_NEVER) &&
	    !mqttk_filter_is_shared(filter, len)) {
		err = -ENOBUFS;
		rp = mqttk_replay_alloc(f->session, filter, len, id);
		if (!rp)
			goto out;
	}
	err = mqttk_session_subscribe(f->session, &f->ep, filter, len, qos,
				      flags | qos, id, &existed);
	if (!err)
		WRITE_ONCE(f->filtered, true);
	if (rp && (err || (existed && flags & MQTTK_SUB_RETAINED_IF_NEW))) {
		mqttk_replay_discard(f->session, rp);
	} else if (rp) {
		if (existed)
			mqttk_replays_outdate(&f->replays, f->session);
		mqttk_replay_start(&f->replays, f->session, rp, qos);
		WRITE_ONCE(f->replaying, true);
	}
out:
	set_active_memcg(old);
	return mqttk_dev_error(f, err);
}

/**
 * mqttk_dev_subscribe_default - subscribe to all unless a filter was set
 * @f: the file, in use, under its lock
 * @file: the file as it was opened
 *
 * A reader that set no filter wants to see everything, but a file that is only
 * written to must not gather what nobody will read.
 *
 * Return: 0 or an error for the user
 */
int mqttk_dev_subscribe_default(struct mqttk_dev_file *f,
				const struct file *file)
{
	if (f->filtered || !(file->f_mode & FMODE_READ))
		return 0;
	return mqttk_dev_subscribe(f, "#", 1, 2, 0, 0);
}

/* Lets retained messages into the queue. */
static void run_replays(struct mqttk_dev_file *f)
{
	enum mqttk_replay_state state;
	struct mem_cgroup *old;

	old = set_active_memcg(f->memcg);
	state = mqttk_replay_run(&f->replays, f->session);
	set_active_memcg(old);
	f->again = state == MQTTK_REPLAY_AGAIN;
	WRITE_ONCE(f->replaying, state != MQTTK_REPLAY_DONE);
}

/*
 * Who had this client identifier before may have left deliveries of QoS 2
 * that lack their last packet: no message, nothing to tell the reader.
 */
static unsigned int skip_releases(struct mqttk_dev_file *f, unsigned int n)
{
	unsigned int i, kept = 0;

	for (i = 0; i < n; i++) {
		if (f->held[i].msg)
			f->held[kept++] = f->held[i];
		else
			mqttk_session_ack(f->session, &f->ep, f->held[i].id);
	}
	return kept;
}

/*
 * Takes messages from the queue; where it is empty retained messages are let in
 * until it is not. That may mean walking a large tree in vain, so whoever waits
 * for us comes first: the caller is woken again, or is about to leave.
 *
 * f->ready is cleared before the look, so a message that comes meanwhile sets
 * it again.
 */
static void fill(struct mqttk_dev_file *f)
{
	unsigned int n;

	WRITE_ONCE(f->ready, false);
	f->first = 0;
	f->again = false;
	f->got = false;
	for (;;) {
		if (f->replaying)
			run_replays(f);
		n = mqttk_session_take(f->session, &f->ep, f->held,
				       MQTTK_DEV_HELD, &f->more);
		if (n && f->opts & MQTTK_OPT_ACK)
			n = skip_releases(f, n);
		f->nr_held = n;
		f->got = n;
		if (n || (!f->again && !f->more) || signal_pending(current) ||
		    rwsem_is_contended(&f->live))
			return;
		cond_resched();
	}
}

/* Its time was over before it was read. */
static void expire_first(struct mqttk_dev_file *f)
{
	struct mqttk_session *s = f->session;

	trace_mqttk_drop(s, mqttk_dev_held(f, 0)->msg, MQTTK_DROP_EXPIRED);
	f->lost = mqttk_dev_held(f, 0)->lost;
	mqttk_dev_pop_held(f, 1);
	spin_lock_bh(&s->lock);
	mqttk_session_count_expired(s, 1);
	spin_unlock_bh(&s->lock);
	mqttk_stat_inc(f->mn, MQTTK_STAT_MESSAGES_EXPIRED);
}

/**
 * mqttk_dev_first - the message to be read next
 * @f: the file, in use, under its lock
 *
 * Return: the message, NULL: there is none. The file holds it until
 *	mqttk_dev_drop_first()
 */
struct mqttk_qent *mqttk_dev_first(struct mqttk_dev_file *f)
{
	struct mqttk_qent *e;

	for (;;) {
		if (!f->nr_held)
			fill(f);
		if (!f->nr_held)
			return NULL;
		e = mqttk_dev_held(f, 0);
		e->lost += f->lost;
		f->lost = 0;
		/* What has a token is to be acknowledged, however late. */
		if (e->id || !mqttk_msg_expired(e->msg))
			return e;
		expire_first(f);
	}
}

/**
 * mqttk_dev_refresh - find out if there is something to read
 * @f: the file, in use, under its lock
 *
 * Sets f->ready as it should be.
 */
void mqttk_dev_refresh(struct mqttk_dev_file *f)
{
	WRITE_ONCE(f->ready, false);
	if (mqttk_dev_first(f) || f->again || f->more || !f->filtered)
		mqttk_dev_wake(f);
}

/**
 * mqttk_dev_free_held - nobody will read what the file holds
 * @f: the file, its session left
 * @mn: its netns
 *
 * What has to be acknowledged the session keeps by itself. What came by a share
 * is not for this file alone.
 */
void mqttk_dev_free_held(struct mqttk_dev_file *f, struct mqttk_net *mn)
{
	struct mqttk_qent *e;

	for (; f->nr_held; f->nr_held--, f->first++) {
		e = mqttk_dev_held(f, 0);
		if (!e->id && e->via && e->via->group && !mn->dying)
			mqttk_router_reroute(mn, e);
		else
			mqttk_dev_put_held(e);
	}
}
