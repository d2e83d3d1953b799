// SPDX-License-Identifier: GPL-2.0
/*
 * What goes into one send: answers, and as many messages as there are, made
 * packets and handed to the socket; and how far it got.
 */
#include <linux/bvec.h>
#include <linux/local_lock.h>
#include <linux/percpu.h>
#include <linux/unaligned.h>
#include <net/tcp.h>

#include "alias.h"
#include "conn_impl.h"
#include "cursor.h"
#include "frag.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "run.h"
#include "terms.h"
#include "via.h"

/* Messages gathered for one send. */
#define GATHER		MQTTK_RUN_MAX

/* The pieces of a PUBLISH: header, topic, properties, payload. */
#define PIECES		6

/**
 * struct gather - what goes into one send; one for each CPU
 * @lock: on PREEMPT_RT bottom halves off keep nobody else out
 * @ents: what the session gave
 * @packets: made of @ents
 * @vec: the pieces, in order
 * @pieces: what goes into the socket: @vec, or those of @run
 * @nr_ents: in @ents
 * @nr_packets: in @packets; fewer if a payload is spliced
 * @nr_vec: in @pieces
 * @bytes: sum of @pieces
 * @splice: message whose payload pages follow @vec, or NULL
 * @splice_off: bytes of it already sent
 * @nr_small: bytes used of @small
 * @small: small pieces, side by side
 * @more: the session may have more than @ents
 * @has_run: @ents are those of @run, and no @packets were made of them
 * @run: what was sent last
 * @spare: for a packet that the socket takes in part; there before it is sent
 * @frag: a page that small sends are copied to, lent to one socket at a time;
 *	and that what stands before payloads in @run is written to
 * @header: of a send
 */
struct gather {
	local_lock_t lock;
	struct mqttk_qent ents[GATHER];
	struct mqttk_outgoing packets[GATHER];
	struct kvec vec[1 + PIECES * (GATHER + 1)];
	const struct kvec *pieces;
	unsigned int nr_ents;
	unsigned int nr_packets;
	unsigned int nr_vec;
	size_t bytes;
	struct mqttk_msg *splice;
	u32 splice_off;
	bool more;
	bool has_run;
	u32 nr_small;
	u8 small[GATHER * 128];
	struct mqttk_run run;
	struct mqttk_rest *spare;
	struct page_frag frag;
	struct msghdr header;
};

/* Too much for what modules have of the static per-CPU memory. */
static struct gather __percpu *gathers;

/* -- from messages to packets -------------------------------------------- */

/* What MQTT 5.0 adds to a PUBLISH. */
static void add_properties(struct mqttk_conn *conn, const struct mqttk_qent *e,
			   struct mqttk_pub_out *out)
{
	struct mqttk_msg *msg = e->msg;
	bool known = false;
	s64 left;

	out->props_len = msg->props_len;
	out->subids_len = e->via ? e->via->len : 0;
	out->has_expiry = msg->has_lifetime;
	if (msg->has_lifetime) {
		/* Seconds that have begun count [MQTT-3.3.2-6]. */
		left = ktime_sub(msg->expires, ktime_get_boottime());
		left = max_t(s64, left, 0) + NSEC_PER_SEC - 1;
		out->expiry = min_t(u64, div_u64(left, NSEC_PER_SEC),
				    msg->lifetime);
	}
	out->alias = mqttk_alias_out_find(&conn->peer.more->aliases_out, msg->data,
					  msg->topic_len, &known);
	if (known)
		out->topic_len = 0;
}

static bool is_too_large(const struct mqttk_peer *peer, u32 size)
{
	return size > peer->max_packet_size || size == MQTTK_PUB_TOO_LARGE;
}

/*
 * What a session was subscribed to by another listener may not lie under the
 * mount point: it has no name for this client, so it is passed over.
 */
static bool is_mounted(const struct mqttk_peer *peer,
		       const struct mqttk_msg *msg)
{
	return mqttk_terms_mounted(peer->terms, msg->data, msg->topic_len);
}

/* Makes the packet of a message, or of a PUBREL. */
static void prepare(struct mqttk_conn *conn, struct mqttk_qent *e,
		    struct mqttk_outgoing *o)
{
	const struct mqttk_peer *peer = &conn->peer;
	struct mqttk_pub_out *out = &o->out;

	o->topic_at = peer->mount_len;
	if (!e->msg) {
		o->size = mqttk_wire_put_ack(o->head, peer->version,
					     MQTTK_PUBREL, e->id, 0);
		return;
	}
	e->skip = peer->mount_len && !is_mounted(peer, e->msg);
	if (e->skip) {
		o->size = 0;
		return;
	}
	*out = (struct mqttk_pub_out){
		.version = peer->version,
		.qos = e->qos,
		.dup = e->dup,
		.retain = e->retain,
		.id = e->id,
		.topic_len = e->msg->topic_len - o->topic_at,
		.payload_len = e->msg->payload_len,
	};
	if (peer->version == MQTTK_V5)
		add_properties(conn, e, out);
	o->size = mqttk_wire_pub_size(out);
	if (is_too_large(peer, o->size) && out->alias && out->topic_len) {
		/* It may do without setting an alias. */
		mqttk_alias_out_cancel(&conn->peer.more->aliases_out, out->alias);
		out->alias = 0;
		o->size = mqttk_wire_pub_size(out);
	}
	/* As if it had been sent [MQTT-3.1.2-25]. */
	e->skip = is_too_large(peer, o->size);
	if (e->skip) {
		o->size = 0;
		return;
	}
	o->head_len = mqttk_wire_pub_head(o->head, out);
	o->tail_len = mqttk_wire_pub_tail(o->tail, out);
}

/*
 * Small pieces are copied side by side: that costs less than to have the socket
 * look at one piece more.
 */
static bool copy_piece(struct gather *g, const void *data, u32 len)
{
	struct kvec *last = g->nr_vec ? &g->vec[g->nr_vec - 1] : NULL;
	u8 *to = g->small + g->nr_small;

	if (len > MQTTK_RUN_COPY || len > sizeof(g->small) - g->nr_small)
		return false;
	memcpy(to, data, len);
	g->nr_small += len;
	if (last && (u8 *)last->iov_base + last->iov_len == to)
		last->iov_len += len;
	else
		g->vec[g->nr_vec++] = (struct kvec){ to, len };
	return true;
}

static void add_piece(struct gather *g, const void *data, u32 len, u32 *skip)
{
	u32 cut = min(len, *skip);

	*skip -= cut;
	data += cut;
	len -= cut;
	if (!len)
		return;
	g->bytes += len;
	if (!copy_piece(g, data, len))
		g->vec[g->nr_vec++] = (struct kvec){ (void *)data, len };
}

/* Adds a packet from byte @skip on. */
static void add_packet(struct gather *g, const struct mqttk_qent *e,
		       struct mqttk_outgoing *o, u32 skip)
{
	const struct mqttk_pub_out *out = &o->out;
	struct mqttk_msg *msg = e->msg;

	if (!msg) {
		add_piece(g, o->head, o->size, &skip);
		return;
	}
	add_piece(g, o->head, o->head_len, &skip);
	if (!o->tail_len && !msg->bvec) {
		/* Topic and payload lie side by side. */
		add_piece(g, msg->data + o->topic_at,
			  msg->topic_len - o->topic_at + msg->payload_len,
			  &skip);
		return;
	}
	add_piece(g, msg->data + o->topic_at, out->topic_len, &skip);
	add_piece(g, o->tail, o->tail_len, &skip);
	if (out->subids_len)
		add_piece(g, e->via->subids, out->subids_len, &skip);
	if (out->props_len)
		add_piece(g, mqttk_msg_props(msg), out->props_len, &skip);
	if (msg->bvec) {
		g->splice = msg;
		g->splice_off = skip;
		return;
	}
	add_piece(g, mqttk_msg_inline(msg), msg->payload_len, &skip);
}

/*
 * A small packet without anything special is written in one go; most of QoS 1
 * and 2 are. It comes out as prepare() and add_packet() would make it; should
 * only a part of it be sent prepare() follows, for which it leaves no head.
 * Returns false if it is not for this.
 */
static bool write_small(struct gather *g, const struct mqttk_peer *peer,
			const struct mqttk_qent *e, struct mqttk_outgoing *o)
{
	struct kvec *last = g->nr_vec ? &g->vec[g->nr_vec - 1] : NULL;
	const struct mqttk_msg *msg = e->msg;
	u8 *to = g->small + g->nr_small;
	bool v5 = peer->version == MQTTK_V5;
	u32 remaining, size;
	u8 *p = to;

	if (!msg || !e->qos || msg->bvec || e->via || msg->props_len ||
	    msg->has_lifetime)
		return false;
	remaining = 2 + msg->topic_len + 2 + v5 + msg->payload_len;
	size = 1 + varint_size(remaining) + remaining;
	if (size > MQTTK_RUN_COPY || size > sizeof(g->small) - g->nr_small ||
	    size > peer->max_packet_size)
		return false;
	*p++ = MQTTK_PUBLISH << 4 | (e->dup ? MQTTK_PUBLISH_DUP : 0) |
	       e->qos << 1 | (e->retain ? MQTTK_PUBLISH_RETAIN : 0);
	p += put_varint(p, remaining);
	put_unaligned_be16(msg->topic_len, p);
	memcpy(p + 2, msg->data, msg->topic_len);
	p += 2 + msg->topic_len;
	put_unaligned_be16(e->id, p);
	p += 2;
	if (v5)
		*p++ = 0;
	memcpy(p, mqttk_msg_inline(msg), msg->payload_len);
	o->size = size;
	o->head_len = 0;
	o->out.alias = 0;
	g->nr_small += size;
	g->bytes += size;
	if (last && (u8 *)last->iov_base + last->iov_len == to)
		last->iov_len += size;
	else
		g->vec[g->nr_vec++] = (struct kvec){ to, size };
	return true;
}

/*
 * A run that lies in pages goes alone. And, as in frag_lend(), not to a slow
 * peer, which would keep a page for each header.
 */
static bool may_splice(const struct gather *g, const struct mqttk_conn *conn)
{
	return !g->bytes && !tcp_send_head(conn->sk);
}

/* What others had just now may be what this one is to have, too. */
static bool collect_run(struct gather *g, struct mqttk_conn *conn)
{
	const struct mqttk_peer *peer = &conn->peer;
	struct mqttk_run *run = &g->run;

	if (peer->mount_len || (peer->more && peer->more->aliases_out.nr))
		return false;
	if (!mqttk_run_is(run, peer->version, g->ents, g->nr_ents) &&
	    !mqttk_run_begin(run, peer->version, g->ents, g->nr_ents, &g->frag,
			     peer->mn))
		return false;
	if (run->max_size > peer->max_packet_size ||
	    (run->page && !may_splice(g, conn))) {
		mqttk_run_miss(run);
		return false;
	}
	g->bytes += run->bytes;
	g->has_run = true;
	if (run->page)
		return true;
	if (!g->nr_vec) {
		g->pieces = run->vec;
		g->nr_vec = run->nr_vec;
		return true;
	}
	memcpy(g->vec + g->nr_vec, run->vec, run->nr_vec * sizeof(*run->vec));
	g->nr_vec += run->nr_vec;
	return true;
}

/* Makes packets of what the session has, up to one that is spliced. */
static void collect_session(struct gather *g, struct mqttk_conn *conn)
{
	const struct mqttk_peer *peer = &conn->peer;
	bool plain = !peer->mount_len &&
		     !(peer->more && peer->more->aliases_out.nr);
	unsigned int i;

	g->nr_ents = mqttk_session_peek(conn->tx_session, &conn->peer.ep,
					g->ents, GATHER);
	g->more = g->nr_ents;
	if (!g->nr_ents || collect_run(g, conn))
		return;
	if (conn->peer.version == MQTTK_V5)
		mqttk_alias_out_begin(&conn->peer.more->aliases_out);
	for (i = 0; i < g->nr_ents && !g->splice; i++) {
		if (plain && write_small(g, peer, &g->ents[i], &g->packets[i]))
			continue;
		prepare(conn, &g->ents[i], &g->packets[i]);
		if (!g->ents[i].skip)
			add_packet(g, &g->ents[i], &g->packets[i], 0);
	}
	g->nr_packets = i;
}

/*
 * Collects in the order of the stream: the packet that is partly sent, answers,
 * messages; up to the first payload that is spliced.
 */
static void collect(struct gather *g, struct mqttk_conn *conn)
{
	struct mqttk_rest *rest = conn->rest;
	u32 skip;

	g->nr_ents = 0;
	g->nr_packets = 0;
	g->pieces = g->vec;
	g->nr_vec = 0;
	g->nr_small = 0;
	g->bytes = 0;
	g->splice = NULL;
	g->has_run = false;
	g->more = true;
	if (rest) {
		add_packet(g, &rest->ent, &rest->out, rest->sent);
		if (g->splice)
			return;
	}
	if (!conn->tx_buf && mqttk_out_pending(&conn->peer.out)) {
		conn->tx_buf = mqttk_out_take(&conn->peer.out);
		if (conn->tx_buf)
			mqttk_stat_add(conn->peer.mn, MQTTK_STAT_PACKETS_SENT,
				       conn->tx_buf->packets);
	}
	if (conn->tx_buf) {
		skip = conn->tx_buf->sent;
		add_piece(g, conn->tx_buf->data, conn->tx_buf->len, &skip);
	}
	g->more = false;
	if (conn->tx_session)
		collect_session(g, conn);
}

/* -- from packets into the socket ---------------------------------------- */

/* Remembers the packet that is only partly in the socket. */
static void keep_rest(struct gather *g, struct mqttk_conn *conn,
		      const struct mqttk_qent *e,
		      const struct mqttk_outgoing *o, u32 sent)
{
	struct mqttk_rest *rest = g->spare;

	/* Nothing is sent without one at hand; see send_once(). */
	g->spare = NULL;
	rest->out = *o;
	rest->ent = *e;
	rest->sent = sent;
	if (e->msg)
		mqttk_msg_get(e->msg);
	mqttk_via_get(e->via);
	conn->rest = rest;
}

static void forget_rest(struct mqttk_conn *conn)
{
	struct mqttk_rest *rest = conn->rest;

	if (!rest)
		return;
	conn->rest = NULL;
	mqttk_msg_put(rest->ent.msg);
	mqttk_via_put(rest->ent.via);
	kfree(rest);
}

static void count_messages(struct mqttk_conn *conn, unsigned int messages,
			   size_t payload)
{
	struct mqttk_net *mn = conn->peer.mn;

	mqttk_stat_add(mn, MQTTK_STAT_MESSAGES_SENT, messages);
	mqttk_stat_add(mn, MQTTK_STAT_PACKETS_SENT, messages);
	mqttk_stat_add(mn, MQTTK_STAT_PUBLISH_BYTES_SENT, payload);
}

/* All of it is sent; it is counted with the run. */
static void account_run(struct gather *g, struct mqttk_conn *conn)
{
	struct mqttk_run *run = &g->run;

	g->more = mqttk_session_consume_run(conn->tx_session, g->nr_ents,
					    run->share);
	mqttk_run_keep(run);
}

/*
 * That is the rule. For what is between nothing and all the packets have to be
 * made after all: they come out as they are in the run.
 */
static void unmake_run(struct gather *g, struct mqttk_conn *conn, size_t sent)
{
	unsigned int i;

	mqttk_run_miss(&g->run);
	for (i = 0; i < g->nr_ents && sent; i++)
		prepare(conn, &g->ents[i], &g->packets[i]);
	g->nr_packets = i;
}

/* Returns how many of the session's are done, and notes how far the next is. */
static unsigned int account_session(struct gather *g, struct mqttk_conn *conn,
				    size_t sent)
{
	unsigned int done, messages = 0;
	size_t payload = 0;

	if (g->has_run)
		unmake_run(g, conn, sent);
	for (done = 0; done < g->nr_packets; done++) {
		struct mqttk_outgoing *o = &g->packets[done];
		struct mqttk_qent *e = &g->ents[done];

		if (e->skip)
			continue;
		if (!sent)
			break;
		messages += !!e->msg;
		payload += e->msg ? e->msg->payload_len : 0;
		if (e->msg && o->out.alias && o->out.topic_len)
			mqttk_alias_out_commit(&conn->peer.more->aliases_out,
					       e->msg->data, e->msg->topic_len,
					       o->out.alias);
		if (sent < o->size) {
			if (e->msg && !o->head_len)
				prepare(conn, e, o);
			keep_rest(g, conn, e, o, sent);
		}
		sent -= min_t(size_t, sent, o->size);
	}
	g->more = mqttk_session_consume(conn->tx_session, g->ents, g->nr_ents,
					done);
	count_messages(conn, messages, payload);
	return done;
}

/*
 * Notes that @sent bytes of what was collected are in the socket. Returns how
 * many of the session's are done.
 */
static unsigned int account(struct gather *g, struct mqttk_conn *conn,
			    size_t sent)
{
	struct mqttk_rest *rest = conn->rest;
	struct mqttk_out_buf *buf = conn->tx_buf;
	bool whole_run = g->has_run && sent == g->bytes;
	size_t part = sent - (whole_run ? g->run.bytes : 0);

	if (part)
		mqttk_stat_add(conn->peer.mn, MQTTK_STAT_BYTES_SENT, part);
	if (rest) {
		part = min_t(size_t, sent, rest->out.size - rest->sent);
		rest->sent += part;
		sent -= part;
		if (rest->sent == rest->out.size)
			forget_rest(conn);
	}
	if (buf && sent) {
		part = min_t(size_t, sent, buf->len - buf->sent);
		buf->sent += part;
		sent -= part;
	}
	if (buf && buf->sent == buf->len) {
		mqttk_out_buf_free(buf, &conn->peer.mn->limits);
		conn->tx_buf = NULL;
	}
	if (whole_run) {
		account_run(g, conn);
		return g->nr_ents;
	}
	return g->nr_ents ? account_session(g, conn, sent) : 0;
}

/*
 * A socket of the kernel keeps the page that it copies to, 32 KiB, for as long
 * as it lives: far more than all else that an idle connection takes. So it gets
 * one of ours for as long as a send takes. Not if something is unsent already:
 * then its peer is slow, and would keep a page, that it has a few bytes in, for
 * each send. One that is not has only what is in flight, which is a packet, and
 * 1 KiB of its buffer, for each.
 */
static bool frag_lend(struct gather *g, struct sock *sk)
{
	if (tcp_send_head(sk) || !mqttk_frag_room(&g->frag, g->bytes))
		return false;
	swap(sk->sk_frag, g->frag);
	return true;
}

/* One that is not slow does without a page of its own, too. */
static void frag_drop(struct sock *sk)
{
	if (!sk->sk_frag.page || tcp_send_head(sk))
		return;
	put_page(sk->sk_frag.page);
	sk->sk_frag.page = NULL;
}

/* Of the header all but what is set here stays 0. */
static int send_run(struct gather *g, struct sock *sk)
{
	struct mqttk_run *run = &g->run;
	struct msghdr *msg = &g->header;

	msg->msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_SPLICE_PAGES;
	iov_iter_bvec(&msg->msg_iter, ITER_SOURCE, run->bvec, run->nr_vec,
		      run->bytes);
	return tcp_sendmsg_locked(sk, msg, run->bytes);
}

static int send_vec(struct gather *g, struct sock *sk)
{
	struct msghdr *msg = &g->header;
	bool lent;
	int n;

	if (g->has_run && g->run.page)
		return send_run(g, sk);
	lent = frag_lend(g, sk);
	msg->msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL |
			 (g->splice ? MSG_MORE : 0);
	iov_iter_kvec(&msg->msg_iter, ITER_SOURCE, g->pieces, g->nr_vec,
		      g->bytes);
	n = tcp_sendmsg_locked(sk, msg, g->bytes);
	if (lent)
		swap(sk->sk_frag, g->frag);
	return n;
}

static int send_pages(struct gather *g, struct sock *sk)
{
	size_t len = g->splice->payload_len - g->splice_off;
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_SPLICE_PAGES,
	};

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, g->splice->bvec,
		      g->splice->nr_pages, g->splice->payload_len);
	iov_iter_advance(&msg.msg_iter, g->splice_off);
	return tcp_sendmsg_locked(sk, &msg, len);
}

/* A peer that reads slower than we send gets more buffer, while there is any. */
static bool grow_buffer(struct mqttk_conn *conn)
{
	struct mqttk_limits *l = &conn->peer.mn->limits;
	struct sock *sk = conn->sk;
	int size = sk->sk_sndbuf;

	if (!conn->tx_session ||
	    size * 2 > mqttk_limit(l, MQTTK_LIMIT_SOCKET_BUFFER) ||
	    !mqttk_charge(l, MQTTK_BUDGET_CLIENT, size))
		return false;
	conn->client_charge += size;
	WRITE_ONCE(sk->sk_sndbuf, size * 2);
	return true;
}

/* Returns 1 to go on, or an error as send_once(). */
static int send_failed(struct gather *g, struct mqttk_conn *conn, int err)
{
	account(g, conn, 0);
	return err == -EAGAIN && grow_buffer(conn) ? 1 : err;
}

static bool new_spare(struct gather *g)
{
	g->spare = kmalloc(sizeof(*g->spare), GFP_NOWAIT | __GFP_NOWARN);
	return g->spare;
}

/*
 * Sends once. Returns something positive to go on; 0 if there was nothing to
 * send; -EAGAIN if the socket is full: write_space() lists the conn again;
 * other errors if the connection is beyond help.
 */
static int send_once(struct mqttk_conn *conn)
{
	struct gather *g = this_cpu_ptr(gathers);
	struct sock *sk = conn->sk;
	int sent = 0, done, n;
	bool full = false;

	/* Memory is short, and the caller has a timer for that. */
	if (unlikely(!g->spare) && !new_spare(g))
		return -EAGAIN;
	collect(g, conn);
	if (g->bytes) {
		n = send_vec(g, sk);
		if (n < 0)
			return send_failed(g, conn, n);
		sent = n;
		full = n < g->bytes;
	}
	if (g->splice && !full) {
		n = send_pages(g, sk);
		full = n < 0 || n < g->splice->payload_len - g->splice_off;
		if (n < 0 && n != -EAGAIN && !sent)
			return send_failed(g, conn, n);
		sent += max(n, 0);
	}
	done = account(g, conn, sent);
	if (full && !grow_buffer(conn))
		return -EAGAIN;
	/* Whoever has something new from now on lists the connection again. */
	if (!full && !g->more)
		return 0;
	return full || done ? max(sent, 1) : sent;
}

/**
 * mqttk_gather_send - send what a connection has pending
 * @conn: the connection; its socket's spinlock is held, bottom halves are off
 * @budget: stop when so many bytes are sent
 *
 * Return: something positive if there may be more; 0 if there is not; -EAGAIN
 *	if the socket is full: write_space() tells; other errors if the
 *	connection is beyond help
 */
int mqttk_gather_send(struct mqttk_conn *conn, int budget)
{
	int n;

	local_lock_nested_bh(&gathers->lock);
	do {
		n = send_once(conn);
		budget -= max(n, 0);
	} while (n > 0 && budget > 0);
	local_unlock_nested_bh(&gathers->lock);
	frag_drop(conn->sk);
	return n;
}

/**
 * mqttk_gather_forget - forget what is only partly in the socket
 * @conn: the connection; its socket's spinlock is held
 */
void mqttk_gather_forget(struct mqttk_conn *conn)
{
	mqttk_out_buf_free(conn->tx_buf, &conn->peer.mn->limits);
	conn->tx_buf = NULL;
	forget_rest(conn);
}

/**
 * mqttk_gather_end - nothing more is sent for now
 *
 * Forgets what was sent last, so that the messages go. Whoever sends to several
 * connections calls it once behind all of them, on the same CPU.
 *
 * Context: bottom halves off, no socket's lock held.
 */
void mqttk_gather_end(void)
{
	local_lock_nested_bh(&gathers->lock);
	mqttk_run_drop(this_cpu_ptr(&gathers->run));
	local_unlock_nested_bh(&gathers->lock);
}

/**
 * mqttk_gather_module_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_gather_module_init(void)
{
	int cpu;

	gathers = alloc_percpu(struct gather);
	if (!gathers)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(gathers, cpu)->lock);
	return 0;
}

/**
 * mqttk_gather_module_exit - at module unload, when nobody sends any more
 */
void mqttk_gather_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct gather *g = per_cpu_ptr(gathers, cpu);

		if (g->frag.page)
			put_page(g->frag.page);
		kfree(g->spare);
	}
	free_percpu(gathers);
}
