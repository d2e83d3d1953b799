// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mqtt: every open file is a local subscriber and publisher, with a
 * session and a queue like any client's, but no socket and no MQTT between.
 *
 * Lifetimes. A file belongs to the netns of its opener but holds no reference
 * on it: when the netns goes, its broker goes with it and the file is left
 * with nothing but ENODEV. Who holds what:
 *
 *  - struct file holds the dev_file until ->release(); mqttk_dev_net_exit()
 *    holds it while it detaches it, which may be at the same time. No other
 *    reference exists: a session calls its endpoint only under session->lock,
 *    and detaching ends that.
 *  - dev_file.mn and .session are only used under dev_file.live, held for
 *    reading: read and poll (process context), write, ioctl. They take it for
 *    a step at a time and never while they sleep on events or touch user
 *    memory, so whoever detaches waits for a step, however the user behaves.
 *  - Detaching, in ->release() or at the end of the netns, happens under
 *    dev_file.live held for writing, once: then @mn is NULL for ever. The file
 *    leaves the netns's list last, so mqttk_dev_net_exit(), which goes on until
 *    the list is empty, returns after the last touch of the netns.
 *  - ->open() needs none of this: the opener's own netns is alive.
 *  - The wake and end calls of a session come in any context with bottom halves
 *    off; they only set flags and wake.
 *
 * Locks: dev_file.lock > dev_file.live > the core's. While the user's memory is
 * written to, only dev_file.lock is held, which the core never takes.
 */
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mqttk.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "dev.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "replay.h"
#include "router.h"
#include "session.h"
#include "text.h"
#include "topic.h"
#include "wire.h"

/* Messages looked at in one step of a read. */
#define READ_BATCH	16

/* Lines of one step of a read; a longer single line gets a larger buffer. */
#define READ_BUF	SZ_16K

#define MSG_GFP		(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/**
 * struct dev_file - an open /dev/mqtt
 * @ep: its session's way upward
 * @ref: struct file, and mqttk_dev_net_exit() for a while
 * @live: held for reading while @mn and @session are used, for writing to
 *	take them away
 * @mn: the broker of the opener's netns; NULL when that is gone
 * @session: subscriptions and queue; as @mn
 * @node: in mn->files, under files_lock
 * @memcg: the opener's, pinned; pays for what the file makes the broker keep
 * @wait: readers and pollers
 * @lock: one reader at a time; guards @replays, @replaying, @filtered, @seq
 *	and @ents
 * @replays: retained messages still to be queued; besides @lock, under @live
 * @replaying: @replays may have more
 * @filtered: a filter was set at some time, by the user or by default
 * @ready: the queue may have messages
 * @ended: the session is no longer ours
 * @seq: number of the next message
 * @ents: what a reader took from the queue last; under @lock
 */
struct dev_file {
	struct mqttk_endpoint ep;
	refcount_t ref;
	struct rw_semaphore live;
	struct mqttk_net *mn;
	struct mqttk_session *session;
	struct list_head node;
	struct mem_cgroup *memcg;
	wait_queue_head_t wait;
	struct mutex lock;	/* readers and replays */
	struct list_head replays;
	bool replaying;
	bool filtered;
	bool ready;
	bool ended;
	u64 seq;
	struct mqttk_qent ents[READ_BATCH];
};

/*
 * Guards every netns's list of files. Not in struct mqttk_net: the last file to
 * leave the list lets the netns go, which must not happen with its own lock
 * half unlocked.
 */
static DEFINE_SPINLOCK(files_lock);

static void file_wake(struct mqttk_endpoint *ep)
{
	struct dev_file *f = container_of(ep, struct dev_file, ep);

	WRITE_ONCE(f->ready, true);
	wake_up_interruptible_poll(&f->wait, EPOLLIN | EPOLLRDNORM);
}

static void file_end(struct mqttk_endpoint *ep, enum mqttk_end why)
{
	struct dev_file *f = container_of(ep, struct dev_file, ep);

	WRITE_ONCE(f->ended, true);
	wake_up_interruptible_poll(&f->wait, EPOLLHUP | EPOLLERR);
}

static const struct mqttk_endpoint_ops file_ops = {
	.wake = file_wake,
	.end = file_end,
};

static void put_file(struct dev_file *f)
{
	if (!refcount_dec_and_test(&f->ref))
		return;
	mem_cgroup_put(f->memcg);
	mutex_destroy(&f->lock);
	kfree(f);
}

/* Begin to use the file's netns. On success end_use() must follow soon. */
static int begin_use(struct dev_file *f)
{
	down_read(&f->live);
	if (f->mn && !READ_ONCE(f->ended))
		return 0;
	up_read(&f->live);
	return -ENODEV;
}

static void end_use(struct dev_file *f)
{
	up_read(&f->live);
}

/* What the user is told where the session ended behind begin_use()'s back. */
static int no_device(int err)
{
	return err == -ESHUTDOWN ? -ENODEV : err;
}

/* Take the netns away from a file, for good. */
static void detach(struct dev_file *f)
{
	struct mqttk_session_leave how = {
		.replays = &f->replays,
		.cause = MQTTK_CAUSE_CLIENT,
	};
	struct mqttk_net *mn;

	down_write(&f->live);
	WRITE_ONCE(f->ended, true);
	mn = f->mn;
	if (mn) {
		mqttk_session_leave(f->session, &f->ep, &how);
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT, sizeof(*f));
		f->session = NULL;
		f->mn = NULL;
		spin_lock(&files_lock);
		list_del(&f->node);
		spin_unlock(&files_lock);
	}
	up_write(&f->live);
	wake_up_interruptible_poll(&f->wait, EPOLLHUP | EPOLLERR);
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct net *net = current->nsproxy->net_ns;
	struct mqttk_session *s;
	struct mqttk_net *mn;
	struct dev_file *f;
	int err;

	if (!mqttk_net_allowed(net, NULL))
		return -EPERM;
	mn = mqttk_net(net);
	if (!mqttk_charge(&mn->limits, MQTTK_BUDGET_CLIENT, sizeof(*f)))
		return -ENOBUFS;
	err = -ENOMEM;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		goto uncharge;
	f->ep.ops = &file_ops;
	refcount_set(&f->ref, 1);
	init_rwsem(&f->live);
	init_waitqueue_head(&f->wait);
	mutex_init(&f->lock);
	INIT_LIST_HEAD(&f->replays);
	s = mqttk_session_open_hidden(mn, &f->ep);
	if (IS_ERR(s)) {
		err = no_device(PTR_ERR(s));
		goto free;
	}
	f->mn = mn;
	f->session = s;
	f->memcg = get_mem_cgroup_from_mm(current->mm);
	spin_lock(&files_lock);
	list_add_tail(&f->node, &mn->files);
	spin_unlock(&files_lock);
	mqttk_session_announce(s, &f->ep, false);
	mqttk_sys_start(mn);
	file->private_data = f;
	return stream_open(inode, file);
free:
	mutex_destroy(&f->lock);
	kfree(f);
uncharge:
	mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT, sizeof(*f));
	return err;
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct dev_file *f = file->private_data;

	detach(f);
	put_file(f);
	return 0;
}

/*
 * Subscribe, and have the retained messages replayed as @flags (MQTTK_SUB_*)
 * say. In use, under f->lock.
 */
static int subscribe(struct dev_file *f, const u8 *filter, u16 len, u8 qos,
		     u32 flags)
{
	struct mqttk_replay *rp = NULL;
	struct mem_cgroup *old;
	bool existed;
	int err;

	old = set_active_memcg(f->memcg);
	if (!(flags & MQTTK_SUB_RETAINED_NEVER)) {
		err = -ENOBUFS;
		rp = mqttk_replay_alloc(f->session, filter, len, 0);
		if (!rp)
			goto out;
	}
	err = mqttk_session_subscribe(f->session, &f->ep, filter, len, qos,
				      flags, 0, &existed);
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
	return no_device(err);
}

/*
 * A reader that set no filter wants to see everything, but a file that is only
 * written to must not gather what nobody will read. In use, under f->lock.
 */
static int subscribe_default(struct dev_file *f, const struct file *file)
{
	if (f->filtered || !(file->f_mode & FMODE_READ))
		return 0;
	return subscribe(f, "#", 1, 2, 0);
}

/*
 * Look at the queue, and where it is empty let retained messages in until it is
 * not. That may mean walking a large tree in vain, so whoever waits for us
 * comes first: the caller is woken again, or is about to leave. In use, under
 * f->lock.
 */
static unsigned int peek(struct dev_file *f, struct mqttk_qent *ents,
			 unsigned int max)
{
	enum mqttk_replay_state state = MQTTK_REPLAY_DONE;
	struct mem_cgroup *old;
	unsigned int n;

	for (;;) {
		if (f->replaying) {
			old = set_active_memcg(f->memcg);
			state = mqttk_replay_run(&f->replays, f->session);
			set_active_memcg(old);
			WRITE_ONCE(f->replaying, state != MQTTK_REPLAY_DONE);
		}
		n = mqttk_session_peek(f->session, &f->ep, ents, max);
		if (n || state != MQTTK_REPLAY_AGAIN ||
		    signal_pending(current) || rwsem_is_contended(&f->live))
			return n;
		cond_resched();
	}
}

/*
 * Make f->ready true where a reader has something to do: read a message, go on
 * with a replay that was broken off, or set the default filter, which failed or
 * was left to us. It is cleared before the queue is looked at, so a message
 * that comes meanwhile sets it again. In use, under f->lock.
 */
static void refresh_ready(struct dev_file *f)
{
	struct mqttk_qent ent;
	unsigned int n;

	WRITE_ONCE(f->ready, false);
	n = peek(f, &ent, 1);
	mqttk_session_consume(f->session, &ent, n, 0);
	if (n || f->replaying || !f->filtered)
		file_wake(&f->ep);
}

/* Write payload, piece by piece since it may lie in several pages. */
static char *put_payload(char *to, const char *end, const struct mqttk_msg *msg,
			 u32 len)
{
	u8 piece[256];
	u32 off, part;

	for (off = 0; to && off < len; off += part) {
		part = min_t(u32, len - off, sizeof(piece));
		mqttk_msg_read(msg, off, piece, part);
		to = mqttk_text_escape(to, end, piece, part,
				       MQTTK_TEXT_PAYLOAD);
	}
	return to;
}

/* Write the line of one message. Returns behind it, NULL if there is no room. */
static char *put_line(char *to, const char *end, const struct mqttk_qent *ent,
		      u64 seq)
{
	const struct mqttk_msg *msg = ent->msg;
	u32 len = min_t(u32, msg->payload_len, MQTTK_TEXT_PAYLOAD_MAX);
	struct mqttk_text_head head = {
		.seq = seq,
		.usec = ktime_to_us(msg->stamp),
		.full_len = len < msg->payload_len ? msg->payload_len : 0,
		.qos = ent->qos,
		.retain = ent->retain,
	};

	to = mqttk_text_put_head(to, end, &head);
	if (to)
		to = mqttk_text_escape(to, end, msg->data, msg->topic_len,
				       MQTTK_TEXT_TOPIC);
	if (!to || to == end)
		return NULL;
	*to++ = ' ';
	to = put_payload(to, end, msg, len);
	if (!to || to == end)
		return NULL;
	*to++ = '\n';
	return to;
}

/**
 * struct step - what one step of a read gathered
 * @buf: lines
 * @size: bytes there is room for
 * @len: bytes in @buf
 * @nr: messages in @buf, which are still in the queue
 * @looked: messages in the file's ents
 * @seq: number of the message behind them
 * @full: the next message did not fit
 */
struct step {
	char *buf;
	size_t size;
	size_t len;
	unsigned int nr;
	unsigned int looked;
	u64 seq;
	bool full;
};

/* Gather lines; they stay queued until the reader has them. Under f->lock. */
static int gather(struct dev_file *f, const struct file *file, struct step *st)
{
	unsigned int i = 0, n;
	char *to;
	int err;

	st->len = 0;
	st->nr = 0;
	st->seq = f->seq;
	st->full = false;
	err = begin_use(f);
	if (err)
		return err;
	err = subscribe_default(f, file);
	if (err)
		goto out;
	WRITE_ONCE(f->ready, false);
	n = peek(f, f->ents, READ_BATCH);
	for (; i < n; i++) {
		const struct mqttk_qent *e = &f->ents[i];

		to = put_line(st->buf + st->len, st->buf + st->size, e,
			      st->seq + e->lost);
		if (!to)
			break;
		st->len = to - st->buf;
		st->seq += e->lost + 1;
	}
	st->looked = n;
	st->nr = i;
	st->full = i < n;
out:
	end_use(f);
	return err;
}

/* The reader has what was gathered. Under f->lock. */
static void consume(struct dev_file *f, struct step *st)
{
	f->seq = st->seq;
	if (begin_use(f))
		return;
	mqttk_session_consume(f->session, f->ents, st->looked, st->nr);
	mqttk_stat_add(f->mn, MQTTK_STAT_MESSAGES_SENT, st->nr);
	end_use(f);
}

/* A line is longer than the buffer: get one for the longest that may come. */
static int enlarge(struct step *st, size_t room)
{
	size_t size = min_t(size_t, room, MQTTK_TEXT_LINE_MAX);
	char *buf;

	if (size <= st->size)
		return -EINVAL;
	buf = kvmalloc(size, MSG_GFP);
	if (!buf)
		return -ENOMEM;
	kvfree(st->buf);
	st->buf = buf;
	st->size = size;
	return 0;
}

/*
 * Read as many whole lines as there are and fit. Under f->lock. Returns bytes,
 * 0 if there are no messages, or an error if it came before the first line.
 */
static ssize_t read_lines(struct dev_file *f, const struct file *file,
			  struct iov_iter *to)
{
	struct step st = { .size = min(iov_iter_count(to), READ_BUF) };
	ssize_t done = 0;
	size_t copied;
	int err;

	st.buf = kvmalloc(st.size, MSG_GFP);
	if (!st.buf)
		return -ENOMEM;
	for (;;) {
		st.size = min(st.size, iov_iter_count(to));
		err = gather(f, file, &st);
		if (err)
			break;
		if (!st.nr && st.full && !done) {
			err = enlarge(&st, iov_iter_count(to));
			if (err)
				break;
			continue;
		}
		if (!st.nr)
			break;
		copied = copy_to_iter(st.buf, st.len, to);
		if (copied != st.len) {
			iov_iter_revert(to, copied);
			err = -EFAULT;
			break;
		}
		consume(f, &st);
		done += st.len;
		if (st.full || signal_pending(current))
			break;
		cond_resched();
	}
	kvfree(st.buf);
	if (!begin_use(f)) {
		refresh_ready(f);
		end_use(f);
	}
	return done ?: err;
}

static ssize_t dev_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct dev_file *f = file->private_data;
	ssize_t ret;
	int err;

	if (!iov_iter_count(to))
		return 0;
	for (;;) {
		err = mutex_lock_interruptible(&f->lock);
		if (err)
			return err;
		ret = read_lines(f, file, to);
		mutex_unlock(&f->lock);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT)
			return -EAGAIN;
		/* The wait does not look if there is something to do. */
		if (signal_pending(current))
			return -ERESTARTSYS;
		cond_resched();
		err = wait_event_interruptible(f->wait,
					       READ_ONCE(f->ready) ||
					       READ_ONCE(f->ended));
		if (err)
			return err;
	}
}

/*
 * Where readers are busy with the file they leave f->ready as it should be, and
 * wake us if need be; otherwise that is ours to do.
 */
static __poll_t prepare_poll(struct dev_file *f, const struct file *file)
{
	__poll_t mask = 0;

	if (READ_ONCE(f->filtered) && !READ_ONCE(f->replaying))
		return 0;
	if (!mutex_trylock(&f->lock))
		return 0;
	if (!begin_use(f)) {
		if (subscribe_default(f, file))
			mask = EPOLLERR;
		else if (!READ_ONCE(f->ready) && f->replaying)
			refresh_ready(f);
		end_use(f);
	}
	mutex_unlock(&f->lock);
	return mask;
}

static __poll_t dev_poll(struct file *file, poll_table *pt)
{
	struct dev_file *f = file->private_data;
	__poll_t mask;

	poll_wait(file, &f->wait, pt);
	mask = prepare_poll(f, file);
	if (READ_ONCE(f->ended))
		return EPOLLHUP | EPOLLERR | EPOLLOUT | EPOLLWRNORM;
	if (READ_ONCE(f->ready) && file->f_mode & FMODE_READ)
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask | EPOLLOUT | EPOLLWRNORM;
}

/* Topics under $SYS/ are the broker's own word. */
static bool is_reserved(const u8 *topic, u16 len)
{
	return len >= 4 && !memcmp(topic, "$SYS", 4) &&
	       (len == 4 || topic[4] == '/');
}

/**
 * struct line - one line of a write
 * @pub: what it says
 * @end: bytes of the write up to and with this line
 */
struct line {
	struct mqttk_text_publish pub;
	u32 end;
};

static int parse_line(u8 *text, size_t len, u32 max_packet,
		      struct mqttk_text_publish *pub)
{
	struct mqttk_pub_out out = { .version = MQTTK_V311 };
	int err;

	err = mqttk_text_parse(text, len, pub);
	if (err)
		return err;
	if (is_reserved(pub->topic, pub->topic_len))
		return -EPERM;
	out.qos = pub->qos;
	out.topic_len = pub->topic_len;
	out.payload_len = pub->payload_len;
	return mqttk_wire_pub_size(&out) <= max_packet ? 0 : -EMSGSIZE;
}

/*
 * Understand every line of @text, which ends in a newline, before any is
 * published. Returns how many there are in *@lines, which the caller frees.
 */
static int parse_lines(u8 *text, size_t len, u32 max_packet,
		       struct line **lines)
{
	u8 *end = text + len, *at, *nl;
	unsigned int nr = 0, i;
	struct line *l;
	int err;

	for (at = text; at < end; at++)
		nr += *at == '\n';
	l = kvmalloc_array(nr, sizeof(*l), MSG_GFP);
	if (!l)
		return -ENOMEM;
	for (i = 0, at = text; i < nr; i++, at = nl + 1) {
		nl = memchr(at, '\n', end - at);
		err = parse_line(at, nl - at, max_packet, &l[i].pub);
		if (err) {
			kvfree(l);
			return err;
		}
		l[i].end = nl + 1 - text;
		cond_resched();
	}
	*lines = l;
	return nr;
}

/* Several may write at a time, unlike with a connection. */
static void count_received(struct mqttk_session *s, u8 qos)
{
	spin_lock_bh(&s->lock);
	s->received[qos]++;
	spin_unlock_bh(&s->lock);
}

/* Publish what one line says. In use. */
static int publish(struct dev_file *f, const struct mqttk_text_publish *pub)
{
	struct mqttk_net *mn = f->mn;
	struct mqttk_msg *msg;
	int n;

	msg = mqttk_msg_alloc(&mn->limits, pub->topic, pub->topic_len, 0,
			      pub->payload_len, MSG_GFP);
	if (IS_ERR(msg)) {
		mqttk_stat_inc(mn, MQTTK_STAT_MESSAGES_REFUSED);
		return PTR_ERR(msg);
	}
	msg->qos = pub->qos;
	msg->retain = pub->retain;
	n = mqttk_msg_reserve(msg, pub->payload_len, MSG_GFP);
	if (n >= 0) {
		mqttk_msg_fill(msg, pub->payload, pub->payload_len);
		mqttk_stat_inc(mn, MQTTK_STAT_MESSAGES_RECEIVED);
		count_received(f->session, msg->qos);
		mqttk_router_publish(mn, msg, f->session, NULL);
	} else {
		mqttk_stat_inc(mn, MQTTK_STAT_MESSAGES_REFUSED);
	}
	mqttk_msg_put(msg);
	return min(n, 0);
}

/*
 * Publish all lines, or as many as can be. Returns the bytes of the write that
 * they were, or an error if it came before the first.
 */
static ssize_t publish_lines(struct dev_file *f, const struct line *lines,
			     unsigned int nr)
{
	struct mem_cgroup *old;
	ssize_t done = 0;
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr; i++) {
		err = begin_use(f);
		if (err)
			break;
		old = set_active_memcg(f->memcg);
		err = publish(f, &lines[i].pub);
		set_active_memcg(old);
		end_use(f);
		if (err)
			break;
		done = lines[i].end;
		/* A fan-out each: whoever is killed need not wait for all. */
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return done ?: err;
}

/* Write @text: parse, then publish. It is changed. */
static ssize_t write_text(struct dev_file *f, u8 *text, size_t len)
{
	struct line *lines;
	u32 max_packet;
	ssize_t ret;
	int nr, err;

	if (text[len - 1] != '\n')
		return -EINVAL;
	err = begin_use(f);
	if (err)
		return err;
	max_packet = mqttk_limit(&f->mn->limits, MQTTK_LIMIT_MAX_PACKET_SIZE);
	end_use(f);
	nr = parse_lines(text, len, max_packet, &lines);
	if (nr < 0)
		return nr;
	ret = publish_lines(f, lines, nr);
	kvfree(lines);
	return ret;
}

static ssize_t dev_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct dev_file *f = iocb->ki_filp->private_data;
	size_t len = iov_iter_count(from);
	ssize_t ret = -EFAULT;
	u8 *text;

	if (!len)
		return 0;
	if (len > MQTTK_WRITE_MAX)
		return -EINVAL;
	text = kvmalloc(len, MSG_GFP);
	if (!text)
		return -ENOMEM;
	if (copy_from_iter_full(text, len, from))
		ret = write_text(f, text, len);
	kvfree(text);
	return ret;
}

static int do_subscribe(struct dev_file *f, const u8 *filter,
			const struct mqttk_subscription *arg)
{
	int err;

	if (arg->qos > 2 ||
	    arg->flags & ~(MQTTK_SUB_RETAINED_IF_NEW | MQTTK_SUB_RETAINED_NEVER))
		return -EINVAL;
	err = mutex_lock_interruptible(&f->lock);
	if (err)
		return err;
	err = begin_use(f);
	if (!err) {
		err = subscribe(f, filter, arg->filter_len, arg->qos,
				arg->flags);
		refresh_ready(f);
		end_use(f);
	}
	mutex_unlock(&f->lock);
	return err;
}

static int do_unsubscribe(struct dev_file *f, const u8 *filter,
			  const struct mqttk_subscription *arg)
{
	int err;

	if (arg->qos || arg->flags)
		return -EINVAL;
	err = mutex_lock_interruptible(&f->lock);
	if (err)
		return err;
	err = begin_use(f);
	if (!err) {
		err = no_device(mqttk_session_unsubscribe(f->session, &f->ep,
							  filter,
							  arg->filter_len));
		if (!err)
			mqttk_replays_outdate(&f->replays, f->session);
		end_use(f);
	}
	mutex_unlock(&f->lock);
	return err;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	struct mqttk_subscription arg;
	bool subscribing;
	u8 *filter;
	int err;

	/* The size is the caller's version, so it is not compared. */
	if (_IOC_TYPE(cmd) != MQTTK_IOC_MAGIC || _IOC_DIR(cmd) != _IOC_WRITE)
		return -ENOTTY;
	subscribing = _IOC_NR(cmd) == _IOC_NR(MQTTK_IOC_SUBSCRIBE);
	if (!subscribing && _IOC_NR(cmd) != _IOC_NR(MQTTK_IOC_UNSUBSCRIBE))
		return -ENOTTY;
	if (_IOC_SIZE(cmd) < MQTTK_SUBSCRIPTION_SIZE_VER0)
		return -EINVAL;
	err = copy_struct_from_user(&arg, sizeof(arg), (void __user *)uarg,
				    _IOC_SIZE(cmd));
	if (err)
		return err;
	if (arg.reserved || !arg.filter_len ||
	    arg.filter_len > MQTTK_TOPIC_LEN_MAX)
		return -EINVAL;
	filter = vmemdup_user(u64_to_user_ptr(arg.filter), arg.filter_len);
	if (IS_ERR(filter))
		return PTR_ERR(filter);
	if (!mqttk_filter_valid(filter, arg.filter_len))
		err = -EINVAL;
	else if (subscribing)
		err = do_subscribe(file->private_data, filter, &arg);
	else
		err = do_unsubscribe(file->private_data, filter, &arg);
	kvfree(filter);
	return err;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read_iter = dev_read,
	.write_iter = dev_write,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.poll = dev_poll,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/*
 * No devname alias: opening a missing /dev/mqtt must not load a broker. Only
 * root may open it until the administrator's udev rule says otherwise.
 */
static struct miscdevice dev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mqtt",
	.nodename = "mqtt",
	.mode = 0600,
	.fops = &dev_fops,
};

/**
 * mqttk_dev_module_init - make /dev/mqtt
 *
 * Return: 0 or an error. Nothing of the module's init may fail after it.
 */
int __init mqttk_dev_module_init(void)
{
	return misc_register(&dev_misc);
}

/**
 * mqttk_dev_module_exit - remove /dev/mqtt
 *
 * No file is open: each holds a reference on the module.
 */
void mqttk_dev_module_exit(void)
{
	misc_deregister(&dev_misc);
}

/**
 * mqttk_dev_net_init - nobody has opened the device in a new netns
 * @mn: its broker
 */
void mqttk_dev_net_init(struct mqttk_net *mn)
{
	INIT_LIST_HEAD(&mn->files);
}

static struct dev_file *first_file(struct mqttk_net *mn)
{
	struct dev_file *f;

	spin_lock(&files_lock);
	f = list_first_entry_or_null(&mn->files, struct dev_file, node);
	if (f)
		refcount_inc(&f->ref);
	spin_unlock(&files_lock);
	return f;
}

/**
 * mqttk_dev_net_exit - take a netns that ends from its files
 * @mn: its broker; no file touches it any more afterwards
 *
 * Each file's session is closed; whoever reads, polls or writes the file sees
 * ENODEV and EPOLLHUP. No new file comes: who opens one is inside the netns.
 *
 * Context: process, none of the core's locks held; waits for steps that files
 * are in the middle of, never for user space.
 */
void mqttk_dev_net_exit(struct mqttk_net *mn)
{
	struct dev_file *f;

	while ((f = first_file(mn))) {
		detach(f);
		put_file(f);
	}
}
