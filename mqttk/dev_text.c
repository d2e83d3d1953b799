// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mqtt as text: a line a message, in both directions. text.c knows how
 * lines are made.
 */
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "dev_impl.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "text.h"
#include "wire.h"

/* Lines of one step of a read; a longer single line gets a larger buffer. */
#define READ_BUF	SZ_16K

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
		.dup = ent->dup,
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
 * @nr: messages in @buf, which the file still holds
 * @full: the next message did not fit
 */
struct step {
	char *buf;
	size_t size;
	size_t len;
	unsigned int nr;
	bool full;
};

/* Gather lines; the file holds them until the reader has them. */
static int gather(struct mqttk_dev_file *f, const struct file *file,
		  struct step *st)
{
	u64 seq = f->seq;
	unsigned int i;
	char *to;
	int err;

	st->len = 0;
	st->nr = 0;
	st->full = false;
	err = mqttk_dev_begin(f);
	if (err)
		return err;
	err = mqttk_dev_subscribe_default(f, file);
	if (err || !mqttk_dev_first(f))
		goto out;
	for (i = 0; i < f->nr_held; i++) {
		const struct mqttk_qent *e = mqttk_dev_held(f, i);

		to = put_line(st->buf + st->len, st->buf + st->size, e,
			      seq + e->lost);
		if (!to)
			break;
		st->len = to - st->buf;
		seq += e->lost + 1;
	}
	st->nr = i;
	st->full = i < f->nr_held;
out:
	mqttk_dev_end(f);
	return err;
}

/* The reader has what was gathered. */
static void consume(struct mqttk_dev_file *f, struct step *st)
{
	unsigned int i;

	if (mqttk_dev_begin(f))
		return;
	for (i = 0; i < st->nr; i++)
		mqttk_dev_drop_first(f);
	mqttk_stat_add(f->mn, MQTTK_STAT_MESSAGES_SENT, st->nr);
	mqttk_dev_end(f);
}

/* A line is longer than the buffer: get one for the longest that may come. */
static int enlarge(struct step *st, size_t room)
{
	size_t size = min_t(size_t, room, MQTTK_TEXT_LINE_MAX);
	char *buf;

	if (size <= st->size)
		return -EINVAL;
	buf = kvmalloc(size, MQTTK_DEV_GFP);
	if (!buf)
		return -ENOMEM;
	kvfree(st->buf);
	st->buf = buf;
	st->size = size;
	return 0;
}

/**
 * mqttk_dev_read_text - read as many whole lines as there are and fit
 * @f: the file, under its lock
 * @file: as it was opened
 * @to: where to
 *
 * Return: bytes, 0 if there are no messages, or an error if it came before the
 *	first line
 */
ssize_t mqttk_dev_read_text(struct mqttk_dev_file *f, const struct file *file,
			    struct iov_iter *to)
{
	struct step st = { .size = min(iov_iter_count(to), READ_BUF) };
	ssize_t done = 0;
	size_t copied;
	int err;

	st.buf = kvmalloc(st.size, MQTTK_DEV_GFP);
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
	if (!mqttk_dev_begin(f)) {
		mqttk_dev_settle(f);
		mqttk_dev_end(f);
	}
	return done ?: err;
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
	if (mqttk_dev_is_reserved(pub->topic, pub->topic_len))
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
	l = kvmalloc_array(nr, sizeof(*l), MQTTK_DEV_GFP);
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

/* Make the message that one line describes. In use. */
static struct mqttk_msg *make_msg(struct mqttk_dev_file *f,
				  const struct mqttk_text_publish *pub)
{
	struct mqttk_msg *msg;
	int n;

	msg = mqttk_msg_alloc(&f->mn->limits, pub->topic, pub->topic_len, 0,
			      pub->payload_len, MQTTK_DEV_GFP);
	if (IS_ERR(msg))
		return msg;
	msg->qos = pub->qos;
	msg->retain = pub->retain;
	n = mqttk_msg_reserve(msg, pub->payload_len, MQTTK_DEV_GFP);
	if (n < 0) {
		mqttk_msg_put(msg);
		return ERR_PTR(n);
	}
	mqttk_msg_fill(msg, pub->payload, pub->payload_len);
	return msg;
}

/* Publish what one line says. In use. */
static int publish(struct mqttk_dev_file *f,
		   const struct mqttk_text_publish *pub)
{
	struct mem_cgroup *old = set_active_memcg(f->memcg);
	struct mqttk_msg *msg = make_msg(f, pub);

	set_active_memcg(old);
	if (IS_ERR(msg)) {
		mqttk_dev_refused(f, pub->qos);
		return PTR_ERR(msg);
	}
	mqttk_dev_publish(f, msg);
	mqttk_msg_put(msg);
	return 0;
}

/*
 * Publish all lines, or as many as can be. Returns the bytes of the write that
 * they were, or an error if it came before the first.
 */
static ssize_t publish_lines(struct mqttk_dev_file *f, const struct line *lines,
			     unsigned int nr)
{
	ssize_t done = 0;
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr; i++) {
		err = mqttk_dev_begin(f);
		if (err)
			break;
		err = publish(f, &lines[i].pub);
		mqttk_dev_end(f);
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
static ssize_t write_text(struct mqttk_dev_file *f, u8 *text, size_t len)
{
	struct line *lines;
	u32 max_packet;
	ssize_t ret;
	int nr, err;

	if (text[len - 1] != '\n')
		return -EINVAL;
	err = mqttk_dev_begin(f);
	if (err)
		return err;
	max_packet = mqttk_limit(&f->mn->limits, MQTTK_LIMIT_MAX_PACKET_SIZE);
	mqttk_dev_end(f);
	nr = parse_lines(text, len, max_packet, &lines);
	if (nr < 0)
		return nr;
	ret = publish_lines(f, lines, nr);
	kvfree(lines);
	return ret;
}

/**
 * mqttk_dev_write_text - publish lines
 * @f: the file
 * @from: whole lines
 *
 * Return: bytes of the lines that were published, or an error if it came before
 *	the first
 */
ssize_t mqttk_dev_write_text(struct mqttk_dev_file *f, struct iov_iter *from)
{
	size_t len = iov_iter_count(from);
	ssize_t ret = -EFAULT;
	u8 *text;

	if (len > MQTTK_WRITE_MAX)
		return -EINVAL;
	text = kvmalloc(len, MQTTK_DEV_GFP);
	if (!text)
		return -ENOMEM;
	if (copy_from_iter_full(text, len, from))
		ret = write_text(f, text, len);
	kvfree(text);
	return ret;
}
