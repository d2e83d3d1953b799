// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mqtt as records: struct mqttk_record and what follows it, in both
 * directions, exact and of any size that MQTT has.
 *
 * Between a message and a user's buffer there is no other copy.
 */
#include <linux/align.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mqttk.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include "dev_impl.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "proto.h"
#include "topic.h"
#include "via.h"
#include "wire.h"

/* User memory brought in at a time. */
#define FAULT_IN	SZ_256K

/* How often bringing it in may help nothing before it is given up. */
#define FAULT_TRIES	4

/* Payload copied between two chances to let go of the netns. */
#define COPY_STEP	SZ_64K

/* The longest record, without its padding, that is worth a shorter way. */
#define SIMPLE_MAX	256

/* Headers of later versions that are understood if what they add is 0. */
#define HEADER_MAX	256

/* -- to the reader ------------------------------------------------------ */

static u32 props_len(const struct mqttk_qent *e)
{
	return e->msg->props_len + (e->via ? e->via->len : 0);
}

/**
 * mqttk_dev_record_size - measure a message as a record
 * @e: the message
 *
 * Return: bytes, less than 2^29
 */
u64 mqttk_dev_record_size(const struct mqttk_qent *e)
{
	return ALIGN(sizeof(struct mqttk_record) + (u64)e->msg->topic_len +
		     props_len(e) + e->msg->payload_len, MQTTK_RECORD_ALIGN);
}

/* Seconds left, those that have begun included. */
static u32 seconds_left(const struct mqttk_msg *msg)
{
	s64 left = ktime_sub(msg->expires, ktime_get_boottime());

	left = max_t(s64, left, 0) + NSEC_PER_SEC - 1;
	return min_t(u64, div_u64(left, NSEC_PER_SEC), msg->lifetime);
}

static void make_header(struct mqttk_record *r, struct mqttk_dev_file *f,
			const struct mqttk_qent *e, u32 size)
{
	const struct mqttk_msg *msg = e->msg;

	r->len = size;
	r->header_len = sizeof(*r);
	r->topic_len = msg->topic_len;
	r->props_len = props_len(e);
	r->payload_len = msg->payload_len;
	r->flags = (e->retain ? MQTTK_RECORD_RETAIN : 0) |
		   (e->dup ? MQTTK_RECORD_DUP : 0);
	r->qos = e->qos;
	r->reserved = 0;
	r->expiry = 0;
	r->token = e->id;
	r->lost = e->lost;
	r->seq = f->seq + e->lost;
	r->usec = ktime_to_us(msg->stamp);
	if (msg->has_lifetime) {
		r->flags |= MQTTK_RECORD_EXPIRES;
		r->expiry = seconds_left(msg);
	}
}

/**
 * struct progress - a record on its way into the user's buffer
 * @to: the buffer
 * @skip: bytes before those that are still to be copied
 * @copied: bytes copied
 */
struct progress {
	struct iov_iter *to;
	size_t skip;
	size_t copied;
};

/* Copies a piece, as far as it was not copied yet. False if it stops short. */
static bool put_piece(struct progress *p, const void *from, size_t len)
{
	size_t n;

	if (p->skip >= len) {
		p->skip -= len;
		return true;
	}
	len -= p->skip;
	n = copy_to_iter(from + p->skip, len, p->to);
	p->copied += n;
	p->skip = 0;
	return n == len;
}

static bool put_payload(struct progress *p, const struct mqttk_msg *msg)
{
	u32 left = msg->payload_len;
	u32 i, n;

	if (!msg->bvec)
		return put_piece(p, mqttk_msg_inline(msg), left);
	for (i = 0; left; i++, left -= n) {
		n = min_t(u32, left, PAGE_SIZE);
		if (!put_piece(p, page_address(msg->bvec[i].bv_page), n))
			return false;
	}
	return true;
}

/* Goes on with a record. Page faults are disabled. False if it stops short. */
static bool put_pieces(struct progress *p, const struct mqttk_record *r,
		       const struct mqttk_qent *e)
{
	static const u8 zeros[MQTTK_RECORD_ALIGN];
	struct mqttk_msg *msg = e->msg;
	u32 body = sizeof(*r) + r->topic_len + r->props_len + r->payload_len;

	return put_piece(p, r, sizeof(*r)) &&
	       put_piece(p, msg->data, msg->topic_len) &&
	       (!e->via || put_piece(p, e->via->subids, e->via->len)) &&
	       put_piece(p, mqttk_msg_props(msg), msg->props_len) &&
	       put_payload(p, msg) &&
	       put_piece(p, zeros, r->len - body);
}

static bool is_simple(const struct mqttk_qent *e)
{
	const struct mqttk_msg *msg = e->msg;

	return msg->topic_len + (u64)msg->payload_len <=
	       SIMPLE_MAX - sizeof(struct mqttk_record) &&
	       !props_len(e) && !msg->has_lifetime;
}

/* The first bytes of a word, 1 to 7, and zeros. */
static __always_inline u64 first_bytes(const u8 *from, unsigned int n)
{
	/* Looked up, since a number of bits takes longer to shift by. */
	static const u64 masks[sizeof(u64)] = {
		0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff,
		0xffffffffffff, 0xffffffffffffff,
	};

	return (__force u64)cpu_to_le64(get_unaligned_le64(from) & masks[n]);
}

/*
 * Copies bytes and zeros up to the end of the last word; all of that may be read.
 * In a section of user access, so nothing may be called. False: a fault.
 */
static __always_inline bool store_words(u64 __user *to, const u8 *from,
					unsigned int len)
{
	const u64 *word = (const u64 *)from;
	unsigned int nr = len / sizeof(u64);
	unsigned int rest = len % sizeof(u64);

	for (; nr >= 4; nr -= 4, to += 4, word += 4) {
		unsafe_put_user(get_unaligned(word), to, fault);
		unsafe_put_user(get_unaligned(word + 1), to + 1, fault);
		unsafe_put_user(get_unaligned(word + 2), to + 2, fault);
		unsafe_put_user(get_unaligned(word + 3), to + 3, fault);
	}
	if (nr & 2) {
		unsafe_put_user(get_unaligned(word), to, fault);
		unsafe_put_user(get_unaligned(word + 1), to + 1, fault);
		to += 2;
		word += 2;
	}
	if (nr & 1)
		unsafe_put_user(get_unaligned(word++), to++, fault);
	if (rest)
		unsafe_put_user(first_bytes((const u8 *)word, rest), to, fault);
	return true;
fault:
	return false;
}

/* What make_header() and put_pieces() do, as store_words(). */
static __always_inline bool store_simple(struct mqttk_record __user *to,
					 const struct mqttk_qent *e, u32 size,
					 u64 seq)
{
	const struct mqttk_msg *msg = e->msg;

	unsafe_put_user(size, &to->len, fault);
	unsafe_put_user(sizeof(*to), &to->header_len, fault);
	unsafe_put_user(msg->topic_len, &to->topic_len, fault);
	unsafe_put_user(0, &to->props_len, fault);
	unsafe_put_user(msg->payload_len, &to->payload_len, fault);
	unsafe_put_user((e->retain ? MQTTK_RECORD_RETAIN : 0) |
			(e->dup ? MQTTK_RECORD_DUP : 0), &to->flags, fault);
	unsafe_put_user(e->qos, &to->qos, fault);
	unsafe_put_user(0, &to->reserved, fault);
	unsafe_put_user(0, &to->expiry, fault);
	unsafe_put_user(e->id, &to->token, fault);
	unsafe_put_user(e->lost, &to->lost, fault);
	unsafe_put_user(seq, &to->seq, fault);
	unsafe_put_user(div_u64(msg->stamp, NSEC_PER_USEC), &to->usec, fault);
	/* Topic and payload lie side by side. */
	return store_words((u64 __user *)(to + 1), msg->data,
			   msg->topic_len + msg->payload_len);
fault:
	return false;
}

/*
 * Lets go of the first few of those held, all of which are messages. Those of a
 * block, which lie side by side, count as one.
 */
static __always_inline void put_stored(struct mqttk_dev_file *f, unsigned int nr)
{
	struct mqttk_qent *e = mqttk_dev_held(f, 0), *end = e + nr;
	struct mqttk_msg *first;
	int n;

	f->first += nr;
	f->nr_held -= nr;
	while (e < end) {
		first = e->msg - e->msg->nth;
		for (n = 0; e < end && e->msg - e->msg->nth == first; n++, e++)
			mqttk_via_put(e->via);
		if (refcount_sub_and_test(n, &first->ref))
			mqttk_msg_free(first);
	}
}

/*
 * Most records are small and go to plain memory that is there: then what copies
 * of any size into memory of any kind take is most of what a read takes. Reads
 * as many of the messages held as are like that, from the first; where it is not
 * as simple, or does not fit, the others remain. In use, under its lock or alone.
 * Returns their bytes.
 */
static __always_inline size_t put_simple(struct mqttk_dev_file *f,
					 u8 __user *at, size_t room)
{
	const struct mqttk_qent *e = mqttk_dev_held(f, 0);
	const struct mqttk_qent *end = e + f->nr_held;
	u8 __user *to = at;
	u64 seq = f->seq;
	unsigned int nr;
	size_t size;

	room = min_t(size_t, room, MQTTK_DEV_HELD * SIMPLE_MAX);
	pagefault_disable();
	if (unlikely(!user_access_begin(at, room)))
		goto enable;
	/* By pointer: a checked index would be a call, which has no place here. */
	for (; e < end; e++, to += size) {
		if (unlikely(!is_simple(e)))
			break;
		size = ALIGN(sizeof(struct mqttk_record) + e->msg->topic_len +
			     e->msg->payload_len, MQTTK_RECORD_ALIGN);
		if (unlikely(size > at + room - to) ||
		    !store_simple((struct mqttk_record __user *)to, e, size,
				  seq + e->lost))
			break;
		seq += e->lost + 1;
	}
	user_access_end();
	f->seq = seq;
	nr = e - mqttk_dev_held(f, 0);
	mqttk_stat_add(f->mn, MQTTK_STAT_MESSAGES_SENT, nr);
	put_stored(f, nr);
enable:
	pagefault_enable();
	return to - at;
}

/* Is it where words can be stored? */
static bool is_for_words(const void __user *at)
{
	return IS_ALIGNED((unsigned long)at, MQTTK_RECORD_ALIGN);
}

/* The same for any buffer; none but a plain one is worth it. */
static noinline size_t put_simple_to(struct mqttk_dev_file *f,
				     struct iov_iter *to)
{
	size_t done;

	if (!iter_is_ubuf(to) || !is_for_words(iter_iov_addr(to)))
		return 0;
	done = put_simple(f, iter_iov_addr(to), iov_iter_count(to));
	iov_iter_advance(to, done);
	return done;
}

/* Is there nothing to be done but to take messages, and to store records? */
static bool is_quick(const struct mqttk_dev_file *f)
{
	const u32 opts = MQTTK_OPT_BINARY_READ | MQTTK_OPT_ACK;

	return (f->opts & opts) == MQTTK_OPT_BINARY_READ && f->filtered &&
	       !(f->replaying | f->nr_held | f->lost | READ_ONCE(f->ended));
}

/**
 * mqttk_dev_read_quick - read records, as long as that is simple
 * @f: the file, not in use by the caller, nor under its lock
 * @buf: where to
 * @len: its size, not 0
 *
 * A reader that keeps up finds a few small messages and nothing else to do: that
 * takes no time, so it is done with the file to itself, which is one lock
 * instead of two. Another reader that waits for its memory is no obstacle to
 * that lock, but holds messages.
 *
 * Return: bytes, if that was all there is to read; otherwise ~bytes: the long way
 *	has to go on behind them
 */
ssize_t mqttk_dev_read_quick(struct mqttk_dev_file *f, u8 __user *buf,
			     size_t len)
{
	ssize_t done = 0;
	bool all = false;

	if (!is_for_words(buf) || !down_write_trylock(&f->live))
		return ~done;
	if (likely(is_quick(f))) {
		/* Before the look: what comes meanwhile sets it again. */
		WRITE_ONCE(f->ready, false);
		f->first = 0;
		f->nr_held = mqttk_session_take(f->session, &f->ep, f->held,
						MQTTK_DEV_HELD, &f->more);
		if (f->nr_held)
			done = put_simple(f, buf, len);
		all = !f->nr_held && !f->more;
	}
	up_write(&f->live);
	return all ? done : ~done;
}

/*
 * Brings the user's memory in where a copy stopped short, unless that was in
 * vain before. The file is in use before, and afterwards if 0 is returned.
 */
static int wait_for_reader(struct mqttk_dev_file *f, struct iov_iter *to,
			   size_t left, bool in_vain)
{
	size_t want = min_t(size_t, left, FAULT_IN);

	mqttk_dev_end(f);
	if (fatal_signal_pending(current))
		return -EINTR;
	cond_resched();
	if (in_vain || fault_in_iov_iter_writeable(to, want) == want)
		return -EFAULT;
	return mqttk_dev_begin(f);
}

/*
 * Copies the record of the first message. In use before, and afterwards if 0
 * is returned; otherwise as if nothing had been copied.
 */
static int put_record(struct mqttk_dev_file *f, const struct mqttk_qent *e,
		      u32 size, struct iov_iter *to)
{
	unsigned int tries = FAULT_TRIES;
	size_t copied = 0;
	struct mqttk_record r;
	struct progress p;
	bool whole;
	int err;

	make_header(&r, f, e, size);
	for (;;) {
		p = (struct progress){ .to = to, .skip = copied };
		pagefault_disable();
		whole = put_pieces(&p, &r, e);
		pagefault_enable();
		if (whole)
			return 0;
		if (p.copied)
			tries = FAULT_TRIES;
		copied += p.copied;
		err = wait_for_reader(f, to, size - copied, !tries--);
		if (err) {
			iov_iter_revert(to, copied);
			return err;
		}
	}
}

/* Reads a message if it fits. As put_record(). */
static int read_one(struct mqttk_dev_file *f, const struct mqttk_qent *e,
		    struct iov_iter *to, size_t *size)
{
	u64 need = mqttk_dev_record_size(e);
	int err;

	if (need > iov_iter_count(to))
		return 0;
	err = put_record(f, e, need, to);
	if (err)
		return err;
	mqttk_dev_drop_first(f);
	mqttk_stat_inc(f->mn, MQTTK_STAT_MESSAGES_SENT);
	*size = need;
	return 0;
}

/* Reads while there are messages that fit. As put_record(). */
static int read_while_fitting(struct mqttk_dev_file *f, struct iov_iter *to,
			      ssize_t *done)
{
	struct mqttk_qent *e;
	size_t size;
	int err;

	while ((e = mqttk_dev_first(f))) {
		size = put_simple_to(f, to);
		if (!size) {
			err = read_one(f, e, to, &size);
			if (err)
				return err;
			if (!size)
				break;
		}
		*done += size;
		/* Mostly that is all, and a second look tells nothing new. */
		if (!mqttk_dev_may_have(f) || signal_pending(current) ||
		    rwsem_is_contended(&f->live))
			break;
		cond_resched();
	}
	return 0;
}

/**
 * mqttk_dev_read_records - read as many whole records as there are and fit
 * @f: the file, under its lock
 * @file: as it was opened
 * @to: where to
 *
 * Return: bytes, 0 if there are no messages, or an error if it came before the
 *	first record
 */
ssize_t mqttk_dev_read_records(struct mqttk_dev_file *f,
			       const struct file *file, struct iov_iter *to)
{
	ssize_t done = 0;
	int err;

	err = mqttk_dev_begin(f);
	if (err)
		return err;
	if (unlikely(!f->filtered))
		err = mqttk_dev_subscribe_default(f, file);
	if (!err) {
		err = read_while_fitting(f, to, &done);
		if (err) {
			/* Whoever comes next finds what we could not read. */
			mqttk_dev_wake(f);
			return done ?: err;
		}
		if (!done && f->nr_held)
			err = -EINVAL;
		mqttk_dev_settle(f);
	}
	mqttk_dev_end(f);
	return done ?: err;
}

/* -- from the writer ---------------------------------------------------- */

/**
 * struct staged - a record that was written, ready to be published
 * @list: in its file's
 * @msg: what to publish; a reference
 * @end: bytes of the write up to and with this record
 */
struct staged {
	struct list_head list;
	struct mqttk_msg *msg;
	size_t end;
};

static void free_staged(struct staged *st)
{
	list_del(&st->list);
	mqttk_msg_put(st->msg);
	kfree(st);
}

/**
 * mqttk_dev_free_staged - what was written will not be published
 * @f: the file; in use by its writer, or detached just now
 */
void mqttk_dev_free_staged(struct mqttk_dev_file *f)
{
	struct staged *st, *next;

	list_for_each_entry_safe(st, next, &f->staged, list)
		free_staged(st);
}

/**
 * struct incoming - a record that is being written
 * @rec: its header
 * @left: bytes of the write behind the header
 * @pad: bytes behind the payload
 * @head: topic, properties, and the payload if it lies in the message itself
 */
struct incoming {
	struct mqttk_record rec;
	size_t left;
	u32 pad;
	u8 *head;
};

static u32 inline_len(const struct mqttk_record *r)
{
	return r->payload_len <= MQTTK_MSG_INLINE ? r->payload_len : 0;
}

static int check_header(struct incoming *in)
{
	const struct mqttk_record *r = &in->rec;
	u64 size = (u64)r->header_len + r->topic_len + r->props_len +
		   r->payload_len;

	if (r->qos > 2 || r->reserved || !r->topic_len ||
	    r->flags & ~(MQTTK_RECORD_RETAIN | MQTTK_RECORD_DUP |
			 MQTTK_RECORD_EXPIRES) ||
	    (r->expiry && !(r->flags & MQTTK_RECORD_EXPIRES)))
		return -EINVAL;
	if (r->header_len < MQTTK_RECORD_SIZE_VER0 ||
	    r->len != ALIGN(size, MQTTK_RECORD_ALIGN) ||
	    r->len - MQTTK_RECORD_SIZE_VER0 > in->left)
		return -EINVAL;
	if (r->header_len > HEADER_MAX)
		return -E2BIG;
	if (r->topic_len + (u64)r->props_len > MQTTK_PUBLISH_HEADER_MAX ||
	    r->payload_len > MQTTK_REMAINING_MAX)
		return -EMSGSIZE;
	in->pad = r->len - size;
	return 0;
}

/* Reads the header, and what a later version may have added to it. */
static int get_header(struct incoming *in, struct iov_iter *from)
{
	u8 more[HEADER_MAX];
	size_t extra;
	int err;

	if (iov_iter_count(from) < sizeof(in->rec))
		return -EINVAL;
	if (!copy_from_iter_full(&in->rec, sizeof(in->rec), from))
		return -EFAULT;
	in->left = iov_iter_count(from);
	err = check_header(in);
	if (err)
		return err;
	extra = in->rec.header_len - sizeof(in->rec);
	if (!copy_from_iter_full(more, extra, from))
		return -EFAULT;
	return memchr_inv(more, 0, extra) ? -E2BIG : 0;
}

static int check_props(const struct mqttk_record *r, const u8 *list,
		       struct mqttk_props *props)
{
	int err = mqttk_props_decode(MQTTK_PUBLISH, list, r->props_len, props);

	if (err)
		return -EBADMSG;
	if (mqttk_props_has(props, MQTTK_PROP_TOPIC_ALIAS))
		return -EBADMSG;
	if (!(r->flags & MQTTK_RECORD_EXPIRES))
		return 0;
	/* Said twice. */
	if (mqttk_props_has(props, MQTTK_PROP_MESSAGE_EXPIRY))
		return -EBADMSG;
	return 0;
}

/* The packet that would say the same may be as large as any. */
static int check_size(struct mqttk_dev_file *f, const struct mqttk_record *r,
		      const struct mqttk_props *props)
{
	struct mqttk_pub_out out = {
		.version = MQTTK_V5,
		.qos = r->qos,
		.has_expiry = r->flags & MQTTK_RECORD_EXPIRES,
		.topic_len = r->topic_len,
		.props_len = props->raw_len,
		.payload_len = r->payload_len,
	};

	return mqttk_wire_pub_size(&out) <=
	       mqttk_limit(&f->mn->limits, MQTTK_LIMIT_MAX_PACKET_SIZE) ?
	       0 : -EMSGSIZE;
}

static void put_props(struct mqttk_msg *msg, const struct mqttk_record *r,
		      const struct mqttk_props *props, u32 len)
{
	if (len)
		mqttk_props_forward(mqttk_msg_props(msg), props->raw,
				    props->raw_len);
	msg->has_lifetime = r->flags & MQTTK_RECORD_EXPIRES ||
			    mqttk_props_has(props, MQTTK_PROP_MESSAGE_EXPIRY);
	msg->lifetime = r->flags & MQTTK_RECORD_EXPIRES ? r->expiry :
			props->message_expiry;
	msg->qos = r->qos;
	msg->retain = r->flags & MQTTK_RECORD_RETAIN;
}

/* Begins the message of a record; its payload may be still to come. In use. */
static struct mqttk_msg *make_msg(struct mqttk_dev_file *f,
				  const struct incoming *in, bool *text)
{
	const struct mqttk_record *r = &in->rec;
	const u8 *list = in->head + r->topic_len;
	struct mqttk_props props;
	struct mqttk_msg *msg;
	u32 len;
	int err;

	if (!mqttk_topic_valid(in->head, r->topic_len))
		return ERR_PTR(-EINVAL);
	if (mqttk_dev_is_reserved(in->head, r->topic_len))
		return ERR_PTR(-EPERM);
	err = check_props(r, list, &props) ?: check_size(f, r, &props);
	if (err)
		return ERR_PTR(err);
	*text = props.payload_format &&
		mqttk_limit(&f->mn->limits, MQTTK_LIMIT_CHECK_PAYLOAD_FORMAT);
	len = mqttk_props_forward_len(props.raw, props.raw_len);
	msg = mqttk_msg_alloc(&f->mn->limits, in->head, r->topic_len, len,
			      r->payload_len, MQTTK_DEV_GFP);
	if (IS_ERR(msg))
		return msg;
	put_props(msg, r, &props, len);
	if (r->payload_len <= MQTTK_MSG_INLINE)
		mqttk_msg_fill(msg, list + r->props_len, r->payload_len);
	return msg;
}

/* Adds what the record describes to what is staged. In use. */
static struct staged *stage(struct mqttk_dev_file *f, const struct incoming *in,
			    bool *text)
{
	struct mem_cgroup *old = set_active_memcg(f->memcg);
	struct staged *st;
	int err;

	st = kmalloc(sizeof(*st), MQTTK_DEV_GFP);
	if (!st) {
		set_active_memcg(old);
		return ERR_PTR(-ENOMEM);
	}
	st->msg = make_msg(f, in, text);
	set_active_memcg(old);
	if (IS_ERR(st->msg)) {
		err = PTR_ERR(st->msg);
		kfree(st);
		return ERR_PTR(err);
	}
	list_add_tail(&st->list, &f->staged);
	return st;
}

/* Copies some of the payload. In use. Returns bytes, or an error. */
static int get_some(struct mqttk_dev_file *f, struct mqttk_msg *msg,
		    struct iov_iter *from)
{
	struct mem_cgroup *old = set_active_memcg(f->memcg);
	u32 n;
	int room;

	room = mqttk_msg_reserve(msg, COPY_STEP, MQTTK_DEV_GFP);
	set_active_memcg(old);
	if (room < 0)
		return room;
	pagefault_disable();
	n = mqttk_msg_fill_from(msg, from, room);
	pagefault_enable();
	return n;
}

/*
 * Copies the payload that lies in pages. In use before, and afterwards if 0 is
 * returned. In between the message may be freed together with the file's netns;
 * then the file cannot be used any more.
 */
static int get_payload(struct mqttk_dev_file *f, struct mqttk_msg *msg,
		       struct iov_iter *from)
{
	unsigned int tries = FAULT_TRIES;
	size_t want;
	int n, err;

	while (msg->filled < msg->payload_len) {
		n = get_some(f, msg, from);
		want = min_t(size_t, msg->payload_len - msg->filled, FAULT_IN);
		mqttk_dev_end(f);
		if (n < 0)
			return n;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (n)
			tries = FAULT_TRIES;
		else if (!tries-- ||
			 fault_in_iov_iter_readable(from, want) == want)
			return -EFAULT;
		err = mqttk_dev_begin(f);
		if (err)
			return err;
	}
	return 0;
}

/* Understands the next record of a write. */
static int stage_one(struct mqttk_dev_file *f, struct iov_iter *from,
		     size_t total)
{
	struct incoming in;
	struct staged *st;
	bool text = false;
	size_t head;
	int err;

	err = get_header(&in, from);
	if (err)
		return err;
	head = (size_t)in.rec.topic_len + in.rec.props_len +
	       inline_len(&in.rec);
	in.head = kvmalloc(head, MQTTK_DEV_GFP);
	if (!in.head)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_iter_full(in.head, head, from))
		err = mqttk_dev_begin(f);
	if (err)
		goto free;
	st = stage(f, &in, &text);
	if (IS_ERR(st)) {
		mqttk_dev_end(f);
		err = PTR_ERR(st);
		goto free;
	}
	err = get_payload(f, st->msg, from);
	if (err)
		goto free;
	if (text && !mqttk_proto_is_text(st->msg))
		err = -EILSEQ;
	iov_iter_advance(from, in.pad);
	st->end = total - iov_iter_count(from);
	mqttk_dev_end(f);
free:
	kvfree(in.head);
	return err;
}

/* Understands all of a write before any of it is published. */
static int stage_all(struct mqttk_dev_file *f, struct iov_iter *from)
{
	size_t total = iov_iter_count(from);
	int err;

	while (iov_iter_count(from)) {
		err = stage_one(f, from, total);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* Returns bytes of the write, or an error if it came before the first record. */
static ssize_t publish_staged(struct mqttk_dev_file *f)
{
	struct staged *st;
	ssize_t done = 0;
	int err;

	for (;;) {
		err = mqttk_dev_begin(f);
		if (err)
			return done ?: err;
		st = list_first_entry_or_null(&f->staged, struct staged, list);
		if (!st)
			break;
		mqttk_dev_publish(f, st->msg);
		done = st->end;
		free_staged(st);
		/* A fan-out each: whoever is killed need not wait for all. */
		if (signal_pending(current))
			break;
		mqttk_dev_end(f);
		cond_resched();
	}
	mqttk_dev_end(f);
	return done;
}

/**
 * mqttk_dev_write_records - publish records
 * @f: the file
 * @from: whole records
 *
 * Return: bytes of the records that were published, or an error if it came
 *	before the first
 */
ssize_t mqttk_dev_write_records(struct mqttk_dev_file *f, struct iov_iter *from)
{
	ssize_t ret;

	ret = mutex_lock_interruptible(&f->write_lock);
	if (ret)
		return ret;
	ret = stage_all(f, from);
	if (!ret)
		ret = publish_staged(f);
	if (!mqttk_dev_begin(f)) {
		if (ret == -ENOBUFS || ret == -ENOMEM)
			mqttk_dev_refused(f, 0);
		mqttk_dev_free_staged(f);
		mqttk_dev_end(f);
	}
	mutex_unlock(&f->write_lock);
	return ret;
}
