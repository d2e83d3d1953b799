/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of /dev/mqtt share: the open file, and who may touch what.
 *
 * dev.c has its life, dev_read.c what comes to its reader, dev_text.c and
 * dev_record.c the two formats, dev_ioctl.c what else can be asked of it.
 */
#ifndef MQTTK_DEV_IMPL_H
#define MQTTK_DEV_IMPL_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/wait.h>

#include "dev.h"
#include "msg.h"
#include "queue.h"
#include "session.h"
#include "via.h"

struct file;
struct iov_iter;
struct mem_cgroup;

/* Messages taken from the session's queue at a time. */
#define MQTTK_DEV_HELD	16

#define MQTTK_DEV_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/**
 * struct mqttk_dev_file - an open /dev/mqtt
 * @ep: its session's way upward
 * @ref: struct file, and mqttk_dev_net_exit() for a while
 * @live: held for reading while @mn and @session are used, for writing to
 *	take them away, to exchange @session, or to read quickly
 * @mn: the broker of the opener's netns; NULL when that is gone
 * @session: subscriptions and queue; as @mn
 * @node: in mn->files, under files_lock
 * @memcg: the opener's, pinned; pays for what the file makes the broker keep
 * @wait: readers and pollers
 * @lock: one reader at a time; guards all up to @held, which change under @live
 *	only: who has that for writing needs no @lock
 * @replays: retained messages still to be queued; besides @lock, under @live
 * @replaying: @replays may have more
 * @again: it was broken off while there was room for more
 * @more: there was more in the queue at the last look
 * @got: that look found something
 * @filtered: a filter was set at some time, by the user or by default, or the
 *	file is a client with an identifier: it is never given one by default
 * @client: it is a client with an identifier
 * @receive_max: struct mqttk_options
 * @queued_messages: likewise
 * @queued_bytes: likewise
 * @expiry: seconds its session outlives it
 * @lost: messages lost before the first of @held, which does not say so
 * @seq: number of the next message
 * @first: the first in @held
 * @nr_held: how many, from @first
 * @held: messages taken from the queue and not read yet, with references.
 *	Besides @lock, under @live
 * @ready: there may be something to read
 * @ended: the session is no longer ours: why, a negative error; 0: it is
 * @opts: MQTTK_OPT_*; written under @lock
 * @write_lock: one writer of records at a time
 * @staged: records that are complete and not published yet; under @write_lock
 *	and @live
 */
struct mqttk_dev_file {
	struct mqttk_endpoint ep;
	refcount_t ref;
	struct rw_semaphore live;
	struct mqttk_net *mn;
	struct mqttk_session *session;
	struct list_head node;
	struct mem_cgroup *memcg;
	wait_queue_head_t wait;

	struct mutex lock;	/* readers, replays, options */
	struct mqttk_replays replays;
	bool replaying;
	bool again;
	bool more;
	bool got;
	bool filtered;
	bool client;
	u16 receive_max;
	u32 queued_messages;
	u64 queued_bytes;
	u32 expiry;
	u32 lost;
	u64 seq;
	u8 first;
	u8 nr_held;
	struct mqttk_qent held[MQTTK_DEV_HELD];

	bool ready;
	int ended;
	u32 opts;

	struct mutex write_lock;	/* records written */
	struct list_head staged;
};

/* dev.c */
int mqttk_dev_error(struct mqttk_dev_file *f, int err);
void mqttk_dev_wake(struct mqttk_dev_file *f);
bool mqttk_dev_is_reserved(const u8 *topic, u16 len);
void mqttk_dev_refused(struct mqttk_dev_file *f, u8 qos);
void mqttk_dev_publish(struct mqttk_dev_file *f, struct mqttk_msg *msg);

/*
 * Begins to use the file's netns: 0, then mqttk_dev_end() must follow soon; or
 * what the user is to be told, because the session is no longer the file's.
 */
static inline int mqttk_dev_begin(struct mqttk_dev_file *f)
{
	int err;

	down_read(&f->live);
	err = READ_ONCE(f->ended);
	if (err)
		up_read(&f->live);
	return err;
}

/* The file's netns is not used any more. */
static inline void mqttk_dev_end(struct mqttk_dev_file *f)
{
	up_read(&f->live);
}

/* dev_read.c */
int mqttk_dev_subscribe(struct mqttk_dev_file *f, const u8 *filter, u16 len,
			u8 qos, u32 flags, u32 id);
int mqttk_dev_subscribe_default(struct mqttk_dev_file *f,
				const struct file *file);
struct mqttk_qent *mqttk_dev_first(struct mqttk_dev_file *f);
void mqttk_dev_refresh(struct mqttk_dev_file *f);
void mqttk_dev_free_held(struct mqttk_dev_file *f, struct mqttk_net *mn);

static inline struct mqttk_qent *mqttk_dev_held(struct mqttk_dev_file *f,
						unsigned int i)
{
	return &f->held[f->first + i];
}

static inline void mqttk_dev_put_held(struct mqttk_qent *e)
{
	mqttk_msg_put(e->msg);
	mqttk_via_put(e->via);
}

/* The first few. */
static inline void mqttk_dev_pop_held(struct mqttk_dev_file *f, unsigned int nr)
{
	struct mqttk_qent *e = mqttk_dev_held(f, 0), *end = e + nr;

	f->first += nr;
	f->nr_held -= nr;
	for (; e < end; e++)
		mqttk_dev_put_held(e);
}

/* The first message was read; in use, under its lock. */
static inline void mqttk_dev_drop_first(struct mqttk_dev_file *f)
{
	f->seq += mqttk_dev_held(f, 0)->lost + 1;
	mqttk_dev_pop_held(f, 1);
}

/*
 * A reader is done: see that the next one comes; in use, under its lock.
 *
 * Next to do is to read a message, to go on with a replay, or to set the
 * default filter, which failed or was left to us. That there is something may
 * prove wrong, that there is nothing not. A replay that found no room is woken
 * when there is some, unless what took it was read just now.
 */
static inline void mqttk_dev_settle(struct mqttk_dev_file *f)
{
	if (f->nr_held || f->more || f->again || (f->replaying && f->got) ||
	    !f->filtered)
		mqttk_dev_wake(f);
}

/* May there be something to read? Without looking; in use, under its lock. */
static inline bool mqttk_dev_may_have(const struct mqttk_dev_file *f)
{
	return f->nr_held || f->more || f->replaying || READ_ONCE(f->ready);
}

/* dev_text.c */
ssize_t mqttk_dev_read_text(struct mqttk_dev_file *f, const struct file *file,
			    struct iov_iter *to);
ssize_t mqttk_dev_write_text(struct mqttk_dev_file *f, struct iov_iter *from);

/* dev_record.c */
u64 mqttk_dev_record_size(const struct mqttk_qent *e);
ssize_t mqttk_dev_read_records(struct mqttk_dev_file *f,
			       const struct file *file, struct iov_iter *to);
ssize_t mqttk_dev_read_quick(struct mqttk_dev_file *f, u8 __user *buf,
			     size_t len);
ssize_t mqttk_dev_write_records(struct mqttk_dev_file *f,
				struct iov_iter *from);
void mqttk_dev_free_staged(struct mqttk_dev_file *f);

/* dev_ioctl.c */
long mqttk_dev_ioctl(struct file *file, unsigned int cmd, unsigned long uarg);

#endif /* MQTTK_DEV_IMPL_H */
