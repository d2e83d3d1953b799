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
 *    a step at a time and never while they sleep on events or wait for user
 *    memory, so whoever detaches waits for a step, however the user behaves.
 *    What is copied under it is copied with page faults disabled; where that
 *    stops short, dev_file.live is let go, the memory is brought in, and the
 *    copy goes on.
 *  - Messages live no longer than their netns. So those that a file keeps, to
 *    be read (dev_file.held) or published (dev_file.staged), are used under
 *    dev_file.live only, and whoever detaches the file drops them.
 *  - Detaching, in ->release() or at the end of the netns, happens under
 *    dev_file.live held for writing, once: then @mn is NULL for ever. The file
 *    leaves the netns's list last, so mqttk_dev_net_exit(), which goes on until
 *    the list is empty, returns after the last touch of the netns.
 *  - A file that becomes a client with an identifier exchanges its session for
 *    that client's, under dev_file.live held for writing.
 *  - A read() that finds no more than a few small messages to take holds
 *    dev_file.live for writing instead of both locks, if it is free: it never
 *    waits for it, nor for anything while it has it. A reader of the long way
 *    that has let go of it meanwhile, to wait for its user's memory, still holds
 *    the messages it reads, which is how that read() knows.
 *  - ->open() needs none of this: the opener's own netns is alive.
 *  - The wake and end calls of a session come in any context with bottom halves
 *    off; they only set flags and wake.
 *
 * Locks: dev_file.lock or dev_file.write_lock > dev_file.live > the core's.
 * While a user's memory is waited for only the first is held, which the core
 * never takes.
 */
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mqttk.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "dev_impl.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "router.h"
#include "trace.h"
#include "wire.h"

/*
 * Guards every netns's list of files. Not in struct mqttk_net: the last file to
 * leave the list lets the netns go, which must not happen with its own lock
 * half unlocked.
 */
static DEFINE_SPINLOCK(files_lock);

/*
 * What mqttk_dev_wake() does, for each message. Nobody takes that lock in a hard
 * interrupt, and bottom halves are off.
 */
static void file_wake(struct mqttk_endpoint *ep)
{
	struct mqttk_dev_file *f = container_of(ep, struct mqttk_dev_file, ep);

	WRITE_ONCE(f->ready, true);
	spin_lock(&f->wait.lock);
	wake_up_locked_poll(&f->wait, EPOLLIN | EPOLLRDNORM);
	spin_unlock(&f->wait.lock);
}

static void hang_up(struct mqttk_dev_file *f, int err)
{
	if (!READ_ONCE(f->ended))
		WRITE_ONCE(f->ended, err);
	wake_up_interruptible_poll(&f->wait, EPOLLHUP | EPOLLERR);
}

static void file_end(struct mqttk_endpoint *ep, enum mqttk_end why, u8 reason)
{
	static const int errors[] = {
		[MQTTK_END_TAKEN_OVER] = -ESTALE,
		[MQTTK_END_ADMIN] = -ECONNABORTED,
		[MQTTK_END_NET] = -ENODEV,
		[MQTTK_END_EXPIRED] = -ENODEV,
	};

	hang_up(container_of(ep, struct mqttk_dev_file, ep), errors[why]);
}

static const struct mqttk_endpoint_ops file_ops = {
	.wake = file_wake,
	.end = file_end,
	.lingers = true,
};

/**
 * mqttk_dev_wake - there is something to read
 * @f: the file
 *
 * Context: any but hard interrupts.
 */
void mqttk_dev_wake(struct mqttk_dev_file *f)
{
	WRITE_ONCE(f->ready, true);
	wake_up_interruptible_poll(&f->wait, EPOLLIN | EPOLLRDNORM);
}

static void put_file(struct mqttk_dev_file *f)
{
	if (!refcount_dec_and_test(&f->ref))
		return;
	mem_cgroup_put(f->memcg);
	mutex_destroy(&f->lock);
	mutex_destroy(&f->write_lock);
	kfree(f);
}

/**
 * mqttk_dev_error - what the user is told of an error of the session's
 * @f: the file
 * @err: an error, or 0
 *
 * Return: @err, or why the session ended behind mqttk_dev_begin()'s back
 */
int mqttk_dev_error(struct mqttk_dev_file *f, int err)
{
	return err == -ESHUTDOWN ? READ_ONCE(f->ended) ?: -ENODEV : err;
}

/* Take the netns away from a file, for good. */
static void detach(struct mqttk_dev_file *f)
{
	struct mqttk_session_leave how = {
		.expiry = f->expiry,
		.replays = &f->replays,
		.cause = MQTTK_CAUSE_CLIENT,
	};
	struct mqttk_net *mn;

	down_write(&f->live);
	hang_up(f, -ENODEV);
	mn = f->mn;
	if (mn) {
		mqttk_dev_free_staged(f);
		mqttk_session_leave(f->session, &f->ep, &how);
		/* What came by a share goes to those who are left. */
		mqttk_dev_free_held(f, mn);
		mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT, sizeof(*f));
		f->session = NULL;
		f->mn = NULL;
		spin_lock(&files_lock);
		list_del(&f->node);
		spin_unlock(&files_lock);
	}
	up_write(&f->live);
}

static void init_file(struct mqttk_dev_file *f)
{
	f->ep.ops = &file_ops;
	refcount_set(&f->ref, 1);
	init_rwsem(&f->live);
	init_waitqueue_head(&f->wait);
	mutex_init(&f->lock);
	mutex_init(&f->write_lock);
	INIT_LIST_HEAD(&f->staged);
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct net *net = current->nsproxy->net_ns;
	struct mqttk_dev_file *f;
	struct mqttk_session *s;
	struct mqttk_net *mn;
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
	init_file(f);
	s = mqttk_session_open_hidden(mn, &f->ep);
	if (IS_ERR(s)) {
		err = mqttk_dev_error(f, PTR_ERR(s));
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
	put_file(f);
uncharge:
	mqttk_uncharge(&mn->limits, MQTTK_BUDGET_CLIENT, sizeof(*f));
	return err;
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct mqttk_dev_file *f = file->private_data;

	detach(f);
	put_file(f);
	return 0;
}

static ssize_t read_some(struct mqttk_dev_file *f, const struct file *file,
			 struct iov_iter *to)
{
	ssize_t ret;

	ret = mutex_lock_interruptible(&f->lock);
	if (ret)
		return ret;
	if (f->opts & MQTTK_OPT_BINARY_READ)
		ret = mqttk_dev_read_records(f, file, to);
	else
		ret = mqttk_dev_read_text(f, file, to);
	mutex_unlock(&f->lock);
	return ret;
}

/* Nothing was there. Returns 0 if there may be something now. */
static int wait_to_read(struct mqttk_dev_file *f, const struct file *file,
			bool wait)
{
	if (!wait || file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	/* The wait does not look if there is something to do. */
	if (signal_pending(current))
		return -ERESTARTSYS;
	cond_resched();
	return wait_event_interruptible(f->wait, READ_ONCE(f->ready) ||
						 READ_ONCE(f->ended));
}

static ssize_t dev_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct mqttk_dev_file *f = file->private_data;
	ssize_t ret;

	if (!iov_iter_count(to))
		return 0;
	for (;;) {
		ret = read_some(f, file, to);
		if (ret)
			return ret;
		ret = wait_to_read(f, file, !(iocb->ki_flags & IOCB_NOWAIT));
		if (ret)
			return ret;
	}
}

/* The long way, behind @done bytes that were read by the short one. */
static ssize_t read_on(struct mqttk_dev_file *f, const struct file *file,
		       char __user *buf, size_t len, size_t done)
{
	struct iov_iter to;
	ssize_t ret;

	iov_iter_ubuf(&to, ITER_DEST, buf + done, len - done);
	ret = read_some(f, file, &to);
	if (ret >= 0)
		return done + ret;
	/* What was taken for us and is left is for the next reader. */
	mqttk_dev_wake(f);
	return done ?: ret;
}

/* Goes on where mqttk_dev_read_quick() returned @ret. */
static noinline ssize_t read_or_wait(const struct file *file, char __user *buf,
				     size_t len, ssize_t ret)
{
	struct mqttk_dev_file *f = file->private_data;

	for (;;) {
		if (ret < 0)
			ret = read_on(f, file, buf, len, ~ret);
		if (ret)
			return ret;
		ret = wait_to_read(f, file, true);
		if (ret)
			return ret;
		ret = mqttk_dev_read_quick(f, buf, len);
	}
}

/*
 * The same for read() alone, the one way in that most readers take: it saves
 * what asks for nothing but a buffer a structure that can ask for much, and
 * there is a short way.
 */
static ssize_t dev_read(struct file *file, char __user *buf, size_t len,
			loff_t *pos)
{
	ssize_t ret;

	if (!len)
		return 0;
	ret = mqttk_dev_read_quick(file->private_data, buf, len);
	return likely(ret > 0) ? ret : read_or_wait(file, buf, len, ret);
}

static ssize_t dev_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct mqttk_dev_file *f = iocb->ki_filp->private_data;

	if (!iov_iter_count(from))
		return 0;
	if (READ_ONCE(f->opts) & MQTTK_OPT_BINARY_WRITE)
		return mqttk_dev_write_records(f, from);
	return mqttk_dev_write_text(f, from);
}

/*
 * Is all as a poll has to find it? Where messages are acknowledged, what is in
 * the queue may have to wait for that, so only taking it tells if it can be
 * read.
 */
static bool is_prepared(const struct mqttk_dev_file *f)
{
	if (!READ_ONCE(f->filtered) || READ_ONCE(f->replaying))
		return false;
	return !(READ_ONCE(f->opts) & MQTTK_OPT_ACK) || !READ_ONCE(f->ready);
}

/*
 * Where readers are busy with the file they leave f->ready as it should be, and
 * wake us if need be; otherwise that is ours to do. Not inlined: it would take
 * registers, and mostly all is prepared.
 */
static noinline __poll_t prepare_poll(struct mqttk_dev_file *f,
				      const struct file *file)
{
	__poll_t mask = 0;

	if (!mutex_trylock(&f->lock))
		return 0;
	if (!mqttk_dev_begin(f)) {
		if (mqttk_dev_subscribe_default(f, file))
			mask = EPOLLERR;
		else if (!READ_ONCE(f->ready) || f->opts & MQTTK_OPT_ACK)
			mqttk_dev_refresh(f);
		mqttk_dev_end(f);
	}
	mutex_unlock(&f->lock);
	return mask;
}

static __poll_t dev_poll(struct file *file, poll_table *pt)
{
	struct mqttk_dev_file *f = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &f->wait, pt);
	if (!is_prepared(f) && file->f_mode & FMODE_READ)
		mask = prepare_poll(f, file);
	if (READ_ONCE(f->ended))
		return EPOLLHUP | EPOLLERR | EPOLLOUT | EPOLLWRNORM;
	if (READ_ONCE(f->ready) && file->f_mode & FMODE_READ)
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask | EPOLLOUT | EPOLLWRNORM;
}

/**
 * mqttk_dev_is_reserved - is it a topic that only the broker publishes to?
 * @topic: a topic name
 * @len: its length
 *
 * Return: true if it is
 */
bool mqttk_dev_is_reserved(const u8 *topic, u16 len)
{
	return len >= 4 && !memcmp(topic, "$SYS", 4) &&
	       (len == 4 || topic[4] == '/');
}

/**
 * mqttk_dev_refused - there was no memory for a message
 * @f: the file, in use
 * @qos: of the message, as far as it is known
 *
 * Context: process.
 */
void mqttk_dev_refused(struct mqttk_dev_file *f, u8 qos)
{
	mqttk_stat_inc(f->mn, MQTTK_STAT_MESSAGES_REFUSED);
	trace_mqttk_publish_refused(f->mn->net, f->session, NULL, qos,
				    MQTTK_REASON_QUOTA_EXCEEDED);
}

/**
 * mqttk_dev_publish - publish a message
 * @f: the file, in use
 * @msg: the message, complete; the caller keeps its reference
 *
 * Context: process; yields.
 */
void mqttk_dev_publish(struct mqttk_dev_file *f, struct mqttk_msg *msg)
{
	struct mqttk_session *s = f->session;
	struct mem_cgroup *old;

	mqttk_stat_inc(f->mn, MQTTK_STAT_MESSAGES_RECEIVED);
	/* Several may write at a time, unlike with a connection. */
	spin_lock_bh(&s->lock);
	mqttk_session_count_received(s, msg->qos, 1);
	spin_unlock_bh(&s->lock);
	old = set_active_memcg(f->memcg);
	mqttk_msg_begin_life(msg);
	mqttk_router_publish(f->mn, msg, s, NULL);
	set_active_memcg(old);
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read = dev_read,
	.read_iter = dev_read_iter,
	.write_iter = dev_write,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.poll = dev_poll,
	.unlocked_ioctl = mqttk_dev_ioctl,
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

static struct mqttk_dev_file *first_file(struct mqttk_net *mn)
{
	struct mqttk_dev_file *f;

	spin_lock(&files_lock);
	f = list_first_entry_or_null(&mn->files, struct mqttk_dev_file, node);
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
	struct mqttk_dev_file *f;

	while ((f = first_file(mn))) {
		detach(f);
		put_file(f);
	}
}
