// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mqtt: what can be asked of a file by ioctl.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mqttk.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/ioctls.h>

#include "dev_impl.h"
#include "msg.h"
#include "net.h"
#include "replay.h"
#include "topic.h"
#include "wire.h"

/*
 * Reads an argument of which the caller knows _IOC_SIZE(cmd) bytes: at least
 * @min, those of its first version. What it does not know is 0.
 */
static int get_arg(void *arg, size_t size, size_t min, unsigned int cmd,
		   const void __user *uarg)
{
	if (_IOC_SIZE(cmd) < min)
		return -EINVAL;
	return copy_struct_from_user(arg, size, uarg, _IOC_SIZE(cmd));
}

/* Likewise writes one. */
static int put_arg(const void *arg, size_t size, size_t min, unsigned int cmd,
		   void __user *uarg)
{
	size_t known = min_t(size_t, size, _IOC_SIZE(cmd));

	if (_IOC_SIZE(cmd) < min)
		return -EINVAL;
	if (copy_to_user(uarg, arg, known) ||
	    clear_user(uarg + known, _IOC_SIZE(cmd) - known))
		return -EFAULT;
	return 0;
}

/* Begins to use the file, as its only reader. end_alone() must follow on 0. */
static int begin_alone(struct mqttk_dev_file *f)
{
	int err = mutex_lock_interruptible(&f->lock);

	if (err)
		return err;
	err = mqttk_dev_begin(f);
	if (err)
		mutex_unlock(&f->lock);
	return err;
}

static void end_alone(struct mqttk_dev_file *f)
{
	mqttk_dev_end(f);
	mutex_unlock(&f->lock);
}

/* -- subscriptions ------------------------------------------------------ */

static bool is_filter(const u8 *filter, u16 len)
{
	struct mqttk_share share;

	return mqttk_share_parse(filter, len, &share) >= 0 &&
	       mqttk_filter_valid(share.filter.p, share.filter.len);
}

static int check_subscription(const struct mqttk_subscription *arg,
			      const u8 *filter)
{
	const u32 known = MQTTK_SUB_NO_LOCAL | MQTTK_SUB_RETAIN_AS_PUBLISHED |
			  MQTTK_SUB_RETAINED_IF_NEW | MQTTK_SUB_RETAINED_NEVER;
	const u32 both = MQTTK_SUB_RETAINED_IF_NEW | MQTTK_SUB_RETAINED_NEVER;

	if (arg->qos > 2 || arg->flags & ~known ||
	    (arg->flags & both) == both || arg->id > MQTTK_REMAINING_MAX)
		return -EINVAL;
	/* A share sends to whoever is next. */
	if (arg->flags & MQTTK_SUB_NO_LOCAL &&
	    mqttk_filter_is_shared(filter, arg->filter_len))
		return -EINVAL;
	return is_filter(filter, arg->filter_len) ? 0 : -EINVAL;
}

static int subscribe(struct mqttk_dev_file *f, const u8 *filter,
		     const struct mqttk_subscription *arg)
{
	int err = check_subscription(arg, filter) ?: begin_alone(f);

	if (err)
		return err;
	err = mqttk_dev_subscribe(f, filter, arg->filter_len, arg->qos,
				  arg->flags, arg->id);
	mqttk_dev_refresh(f);
	end_alone(f);
	return err;
}

static int unsubscribe(struct mqttk_dev_file *f, const u8 *filter,
		       const struct mqttk_subscription *arg)
{
	int err = -EINVAL;

	if (arg->qos || arg->flags || arg->id ||
	    !is_filter(filter, arg->filter_len))
		return err;
	err = begin_alone(f);
	if (err)
		return err;
	err = mqttk_session_unsubscribe(f->session, &f->ep, filter,
					arg->filter_len);
	if (!err)
		mqttk_replays_outdate(&f->replays, f->session);
	end_alone(f);
	return mqttk_dev_error(f, err);
}

/* Both of them. */
static int subscription(struct mqttk_dev_file *f, unsigned int cmd,
			void __user *uarg)
{
	struct mqttk_subscription arg;
	u8 *filter;
	int err;

	err = get_arg(&arg, sizeof(arg), MQTTK_SUBSCRIPTION_SIZE_VER0, cmd,
		      uarg);
	if (err)
		return err;
	if (!arg.filter_len || arg.filter_len > MQTTK_TOPIC_LEN_MAX)
		return -EINVAL;
	filter = vmemdup_user(u64_to_user_ptr(arg.filter), arg.filter_len);
	if (IS_ERR(filter))
		return PTR_ERR(filter);
	if (_IOC_NR(cmd) == _IOC_NR(MQTTK_IOC_SUBSCRIBE))
		err = subscribe(f, filter, &arg);
	else
		err = unsubscribe(f, filter, &arg);
	kvfree(filter);
	return err;
}

/* -- options ------------------------------------------------------------ */

/* 0 stands for as many as the netns allows. */
static u16 receive_max(const struct mqttk_dev_file *f)
{
	return f->receive_max ?: U16_MAX;
}

/*
 * Whether messages are acknowledged is settled before there can be any. In use,
 * alone.
 */
static int set_acks(struct mqttk_dev_file *f, const struct mqttk_options *arg)
{
	u32 now = f->opts & MQTTK_OPT_ACK;
	u32 then = f->client ? MQTTK_OPT_ACK : arg->flags & MQTTK_OPT_ACK;

	if (then == now && arg->receive_max == f->receive_max)
		return 0;
	if (now > then || f->filtered)
		return -EBUSY;
	f->receive_max = arg->receive_max;
	if (!then)
		return 0;
	return mqttk_dev_error(f, mqttk_session_want_acks(f->session, &f->ep,
							  receive_max(f)));
}

static int set_options(struct mqttk_dev_file *f, unsigned int cmd,
		       void __user *uarg)
{
	const u32 known = MQTTK_OPT_BINARY_READ | MQTTK_OPT_BINARY_WRITE |
			  MQTTK_OPT_ACK;
	struct mqttk_options arg;
	int err;

	err = get_arg(&arg, sizeof(arg), MQTTK_OPTIONS_SIZE_VER0, cmd, uarg);
	if (err)
		return err;
	if (arg.flags & ~known || arg.receive_max > U16_MAX || arg.reserved)
		return -EINVAL;
	err = begin_alone(f);
	if (err)
		return err;
	err = set_acks(f, &arg);
	if (!err) {
		if (f->client)
			arg.flags |= MQTTK_OPT_ACK;
		WRITE_ONCE(f->opts, arg.flags);
		f->queued_messages = arg.queued_messages;
		f->queued_bytes = arg.queued_bytes;
		mqttk_session_limit_queue(f->session, &f->ep,
					  arg.queued_messages,
					  arg.queued_bytes);
	}
	end_alone(f);
	return err;
}

/* -- a client identifier ------------------------------------------------ */

/*
 * Exchanges the file's session for that of a client. Under f->lock, and f->live
 * for writing. Returns 1 if there was one that goes on, 0, or an error.
 */
static int take_session(struct mqttk_dev_file *f,
			const struct mqttk_session_open *how)
{
	struct mqttk_session_leave leave = {
		.replays = &f->replays,
		.cause = MQTTK_CAUSE_CLIENT,
	};
	struct mqttk_session *s, *old = f->session;
	struct mem_cgroup *memcg;
	bool present;

	memcg = set_active_memcg(f->memcg);
	s = mqttk_session_open(f->mn, how, &f->ep, &present);
	set_active_memcg(memcg);
	if (IS_ERR(s))
		return mqttk_dev_error(f, PTR_ERR(s));
	f->session = s;
	f->client = true;
	f->filtered = true;
	f->expiry = how->expiry;
	WRITE_ONCE(f->opts, f->opts | MQTTK_OPT_ACK);
	mqttk_session_leave(old, &f->ep, &leave);
	mqttk_session_announce(s, &f->ep, present);
	mqttk_session_limit_queue(s, &f->ep, f->queued_messages,
				  f->queued_bytes);
	mqttk_session_take_replays(s, &f->ep, &f->replays);
	WRITE_ONCE(f->replaying, !mqttk_replays_empty(&f->replays));
	if (present)
		mqttk_dev_wake(f);
	return present;
}

static int become(struct mqttk_dev_file *f, const struct mqttk_client *arg,
		  const u8 *id)
{
	struct mqttk_session_open how = {
		.id = id,
		.id_len = arg->id_len,
		.clean = arg->flags & MQTTK_CLIENT_CLEAN,
		.expiry = arg->expiry,
	};
	int ret;

	ret = mutex_lock_interruptible(&f->lock);
	if (ret)
		return ret;
	how.receive_max = receive_max(f);
	down_write(&f->live);
	ret = READ_ONCE(f->ended);
	if (!ret)
		ret = f->filtered ? -EBUSY : take_session(f, &how);
	up_write(&f->live);
	mutex_unlock(&f->lock);
	return ret;
}

static int set_client(struct mqttk_dev_file *f, unsigned int cmd,
		      void __user *uarg)
{
	struct mqttk_client arg;
	u8 *id;
	int ret;

	ret = get_arg(&arg, sizeof(arg), MQTTK_CLIENT_SIZE_VER0, cmd, uarg);
	if (ret)
		return ret;
	if (!arg.id_len || arg.id_len > MQTTK_TOPIC_LEN_MAX || arg.reserved ||
	    arg.flags & ~MQTTK_CLIENT_CLEAN)
		return -EINVAL;
	id = vmemdup_user(u64_to_user_ptr(arg.id), arg.id_len);
	if (IS_ERR(id))
		return PTR_ERR(id);
	ret = -EINVAL;
	if (mqttk_utf8_valid(id, arg.id_len))
		ret = become(f, &arg, id);
	kvfree(id);
	return ret;
}

/* -- acknowledgments ---------------------------------------------------- */

/* Is it a message that the reader does not have yet? */
static bool is_held(struct mqttk_dev_file *f, u16 id)
{
	unsigned int i;

	for (i = 0; i < f->nr_held; i++)
		if (mqttk_dev_held(f, i)->id == id)
			return true;
	return false;
}

/* The first that the reader does not have yet and is to acknowledge. */
static u16 first_held(struct mqttk_dev_file *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_held; i++)
		if (mqttk_dev_held(f, i)->id)
			return mqttk_dev_held(f, i)->id;
	return 0;
}

/* In use, alone. */
static int do_acknowledge(struct mqttk_dev_file *f,
			  const struct mqttk_acknowledge *arg)
{
	if (!(f->opts & MQTTK_OPT_ACK))
		return -EINVAL;
	if (arg->token > U16_MAX || (arg->token && is_held(f, arg->token)))
		return -ENOENT;
	if (arg->flags & MQTTK_ACK_UPTO)
		return mqttk_session_ack_upto(f->session, &f->ep, arg->token,
					      first_held(f));
	return mqttk_session_ack(f->session, &f->ep, arg->token);
}

static int acknowledge(struct mqttk_dev_file *f, unsigned int cmd,
		       void __user *uarg)
{
	struct mqttk_acknowledge arg;
	int err;

	err = get_arg(&arg, sizeof(arg), MQTTK_ACKNOWLEDGE_SIZE_VER0, cmd,
		      uarg);
	if (err)
		return err;
	if (arg.flags & ~MQTTK_ACK_UPTO ||
	    (!arg.token && !(arg.flags & MQTTK_ACK_UPTO)))
		return -EINVAL;
	err = begin_alone(f);
	if (err)
		return err;
	err = mqttk_dev_error(f, do_acknowledge(f, &arg));
	end_alone(f);
	return err;
}

/* -- how it stands ------------------------------------------------------ */

/* Bytes of the next record; 0: there is none. In use, alone. */
static u32 next_size(struct mqttk_dev_file *f)
{
	struct mqttk_qent *e = NULL;

	if (f->opts & MQTTK_OPT_BINARY_READ)
		e = mqttk_dev_first(f);
	return e ? mqttk_dev_record_size(e) : 0;
}

static void add_held(struct mqttk_dev_file *f, struct mqttk_info *info)
{
	unsigned int i;

	for (i = 0; i < f->nr_held; i++) {
		const struct mqttk_qent *e = mqttk_dev_held(f, i);

		info->queued++;
		info->queued_bytes += mqttk_msg_share(e->msg);
		info->inflight -= !!e->id;
	}
}

static void get_info(struct mqttk_dev_file *f, struct mqttk_info *info)
{
	struct mqttk_session *s = f->session;

	*info = (struct mqttk_info){
		.flags = f->opts,
		.next_size = next_size(f),
		.subscriptions = READ_ONCE(s->sub.nr_subs),
		.seq = f->seq,
	};
	spin_lock_bh(&s->lock);
	if (f->opts & MQTTK_OPT_ACK)
		info->receive_max = s->window.limit;
	info->queued = s->queue.nr;
	info->queued_bytes = s->queue.bytes;
	info->inflight = s->window.nr;
	info->lost = s->dropped;
	info->expired = mqttk_session_counted(s).expired;
	spin_unlock_bh(&s->lock);
	add_held(f, info);
	/* It may have been looked for in vain. */
	mqttk_dev_settle(f);
}

static int show_info(struct mqttk_dev_file *f, unsigned int cmd,
		     void __user *uarg)
{
	struct mqttk_info info;
	int err;

	err = begin_alone(f);
	if (err)
		return err;
	get_info(f, &info);
	end_alone(f);
	return put_arg(&info, sizeof(info), MQTTK_INFO_SIZE_VER0, cmd, uarg);
}

/* What a read needs room for, as other files of messages tell it. */
static int show_next_size(struct mqttk_dev_file *f, int __user *uarg)
{
	int err = begin_alone(f);
	u32 size;

	if (err)
		return err;
	err = f->opts & MQTTK_OPT_BINARY_READ ? 0 : -ENOTTY;
	size = next_size(f);
	mqttk_dev_settle(f);
	end_alone(f);
	return err ?: put_user(size, uarg);
}

/* A number means one direction; the size is the caller's version. */
static bool is(unsigned int cmd, unsigned int known)
{
	return _IOC_NR(cmd) == _IOC_NR(known) &&
	       _IOC_DIR(cmd) == _IOC_DIR(known);
}

/**
 * mqttk_dev_ioctl - struct file_operations, .unlocked_ioctl
 * @file: the file
 * @cmd: MQTTK_IOC_* of any version, or FIONREAD
 * @uarg: the argument's address
 *
 * Return: 0, or more where that means something, or an error
 */
long mqttk_dev_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	struct mqttk_dev_file *f = file->private_data;
	void __user *arg = (void __user *)uarg;

	if (cmd == FIONREAD)
		return show_next_size(f, arg);
	if (_IOC_TYPE(cmd) != MQTTK_IOC_MAGIC)
		return -ENOTTY;
	if (is(cmd, MQTTK_IOC_SUBSCRIBE) || is(cmd, MQTTK_IOC_UNSUBSCRIBE))
		return subscription(f, cmd, arg);
	if (is(cmd, MQTTK_IOC_OPTIONS))
		return set_options(f, cmd, arg);
	if (is(cmd, MQTTK_IOC_CLIENT))
		return set_client(f, cmd, arg);
	if (is(cmd, MQTTK_IOC_ACK))
		return acknowledge(f, cmd, arg);
	if (is(cmd, MQTTK_IOC_INFO))
		return show_info(f, cmd, arg);
	return -ENOTTY;
}
