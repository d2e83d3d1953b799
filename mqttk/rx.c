// SPDX-License-Identifier: GPL-2.0
/*
 * The receiving side of a connection: bytes from the socket into packets.
 *
 * Small packets are read many at a time into scratch memory that belongs to
 * nobody in particular; a connection keeps only what has not come whole. A
 * large payload goes from the socket into the message's own pages. The socket
 * is locked only while bytes are copied.
 */
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "conn_impl.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "trace.h"

#define SCRATCH_BYTES	SZ_16K

/* Room made at a time in a message that is being received. */
#define PAYLOAD_CHUNK	SZ_64K

/* What one turn may cost before others get theirs. */
#define TURN_READS	8
#define TURN_COST	16384

/* Packets decoded before what they caused is sent. */
#define PACKETS_AT_ONCE	64

/* Memory for a packet that has not come whole starts with so much. */
#define PARTIAL_MIN	128

#define GFP_RX	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/*
 * A scratch buffer for each CPU. A turn may sleep, so it takes the buffer away
 * while it needs it, and one that finds none gets its own.
 */
static DEFINE_PER_CPU(u8 *, scratch);

static u8 *scratch_get(void)
{
	u8 *buf = this_cpu_xchg(scratch, NULL);

	return buf ?: kmalloc(SCRATCH_BYTES, GFP_KERNEL | __GFP_NORETRY |
			      __GFP_NOWARN);
}

static void scratch_put(u8 *buf)
{
	kfree(this_cpu_xchg(scratch, buf));
}

static int actor(read_descriptor_t *desc, struct sk_buff *skb,
		 unsigned int offset, size_t len)
{
	struct iov_iter *to = desc->arg.data;
	size_t n = min(len, iov_iter_count(to));

	if (n && skb_copy_datagram_iter(skb, offset, to, n))
		return -EFAULT;
	desc->count = iov_iter_count(to);
	return n;
}

/*
 * Reads what there is, up to the room in @to. Returns the bytes read, -EAGAIN
 * if there are none now, -ENOTCONN if there will be none.
 */
static int read_socket(struct mqttk_conn *conn, struct iov_iter *to)
{
	read_descriptor_t desc = {
		.arg.data = to,
		.count = iov_iter_count(to),
	};
	struct sock *sk = conn->sk;
	int n;

	mqttk_conn_lock(conn);
	n = tcp_read_sock(sk, &desc, actor);
	if (n <= 0) {
		if (sk->sk_err || sk->sk_state == TCP_CLOSE ||
		    sk->sk_shutdown & RCV_SHUTDOWN)
			n = -ENOTCONN;
		else
			n = -EAGAIN;
	}
	mqttk_conn_unlock(conn);
	if (n > 0) {
		conn->last_rx = jiffies;
		mqttk_stat_add(conn->peer.mn, MQTTK_STAT_BYTES_RECEIVED, n);
	}
	return n;
}

/* Receivers up to which the next message may be for the quick lane. */
#define FEW		32

/* In the quick lane it may have to be done again, by the work. */
static int payload_done(struct mqttk_conn *conn, int *cost)
{
	int n;

	n = mqttk_proto_publish_end(&conn->peer, &conn->in);
	if (n == -EAGAIN) {
		conn->many = true;
		return 0;
	}
	conn->in_payload = false;
	if (n < 0)
		return n;
	/* One that is held back is not routed yet. */
	if (!conn->peer.held || !conn->peer.held->nr)
		conn->many = n > FEW;
	*cost += n;
	return 0;
}

/* Takes payload out of a buffer. Returns bytes taken or an error. */
static int take_payload(struct mqttk_conn *conn, const u8 *buf, size_t len,
			int *cost)
{
	struct mqttk_incoming *in = &conn->in;
	u32 take = min_t(size_t, len, in->left);
	u32 done = 0;
	int n, err = 0;

	while (in->msg && done < take) {
		n = mqttk_msg_reserve(in->msg, take - done, GFP_RX);
		if (n < 0) {
			mqttk_proto_publish_refused(&conn->peer, in);
			break;
		}
		done += mqttk_msg_fill(in->msg, buf + done, n);
	}
	in->left -= take;
	if (!in->left)
		err = payload_done(conn, cost);
	return err ?: take;
}

/*
 * Decodes one packet, or as much of a PUBLISH as there is. Returns the bytes
 * used; 0 if it takes more to go on, at least conn->need; or an error.
 */
static int decode_packet(struct mqttk_conn *conn, const u8 *buf, size_t len,
			 int *cost)
{
	struct mqttk_peer *peer = &conn->peer;
	struct mqttk_fixed f;
	size_t avail;
	int n, err;

	n = mqttk_wire_fixed(peer->version, buf, len, &f);
	conn->need = len + 1;
	conn->whole = MQTTK_FIXED_MAX;
	if (n < 0)
		mqttk_proto_malformed(peer, buf, len);
	if (n <= 0)
		return n;
	avail = min_t(size_t, len - n, f.remaining);
	err = mqttk_proto_check(peer, &f, buf + n, avail);
	if (err)
		return err;
	conn->whole = n + f.remaining;
	if (f.type == MQTTK_PUBLISH) {
		conn->whole = n + min_t(u32, f.remaining,
				      MQTTK_PUBLISH_HEADER_MAX);
		err = mqttk_proto_publish_begin(peer, &f, buf + n, avail,
						&conn->in);
		if (err <= 0)
			return err;
		n += err;
		mqttk_stat_inc(peer->mn, MQTTK_STAT_PACKETS_RECEIVED);
		conn->in_payload = true;
		err = 0;
		if (!conn->in.left)
			err = payload_done(conn, cost);
		return err ?: n;
	}
	conn->need = conn->whole;
	if (avail < f.remaining)
		return 0;
	mqttk_stat_inc(peer->mn, MQTTK_STAT_PACKETS_RECEIVED);
	if (f.type == MQTTK_CONNECT)
		peer->admitted = mqttk_conn_admit(conn);
	return mqttk_proto_packet(peer, &f, buf + n) ?: n + f.remaining;
}

static int take_packet(struct mqttk_conn *conn, const u8 *buf, size_t len,
		       int *cost)
{
	struct mqttk_peer *peer = &conn->peer;
	int n = decode_packet(conn, buf, len, cost);

	/* An end in order, by DISCONNECT or a refusal, is none of its fault. */
	if (n < 0 && n != -EAGAIN && n != -ESHUTDOWN && n != -ECONNREFUSED)
		trace_mqttk_bad_packet(peer->mn->net, peer->session,
				       buf[0] >> 4, n);
	return n;
}

/* Takes acknowledgments that come together. Returns as take_packet(). */
static int take_acks(struct mqttk_conn *conn, const u8 *buf, size_t len)
{
	return mqttk_proto_is_ack(*buf) ?
	       mqttk_proto_acks(&conn->peer, buf, len) : 0;
}

/* Decodes what is in a buffer. Returns bytes used, or an error. */
static int take_all(struct mqttk_conn *conn, const u8 *buf, size_t len,
		    int *cost)
{
	unsigned int packets = 0;
	size_t used = 0;
	int n;

	while (used < len) {
		if (READ_ONCE(conn->peer.gone))
			return -ESHUTDOWN;
		if (conn->in_payload)
			n = take_payload(conn, buf + used, len - used,
					 cost);
		else
			n = take_acks(conn, buf + used, len - used) ?:
			    take_packet(conn, buf + used, len - used, cost);
		if (n < 0)
			return n;
		if (!n)
			break;
		used += n;
		/*
		 * The senders' works wait for this one to end, so a burst
		 * longer than a receiver's queue would overflow it.
		 */
		if (++packets % PACKETS_AT_ONCE == 0)
			mqttk_tx_drain();
		cond_resched();
	}
	return used;
}

static void partial_free(struct mqttk_conn *conn)
{
	struct mqttk_partial *p = conn->partial;

	if (!p)
		return;
	mqttk_uncharge(&conn->peer.mn->limits, p->budget, p->size);
	kvfree(p);
	conn->partial = NULL;
}

static u32 partial_room(const struct mqttk_partial *p)
{
	return p->size - sizeof(*p);
}

/*
 * Makes room for a packet that has not come whole. The memory grows with what
 * has come, not with what was announced: a length costs nothing to send.
 */
static int partial_grow(struct mqttk_conn *conn, u32 more, gfp_t gfp)
{
	struct mqttk_limits *l = &conn->peer.mn->limits;
	struct mqttk_partial *p, *old = conn->partial;
	u8 budget = conn->peer.state == MQTTK_PEER_NEW ?
		    MQTTK_BUDGET_HANDSHAKE : MQTTK_BUDGET_CLIENT;
	u32 len = old ? old->len : 0;
	u32 room = max(min(conn->whole, 2 * len), len + more);
	u32 size = max_t(u32, PARTIAL_MIN, sizeof(*p) + room);

	if (!mqttk_charge(l, budget, size))
		return -ENOBUFS;
	p = kvmalloc(size, gfp);
	if (!p) {
		mqttk_uncharge(l, budget, size);
		return -ENOMEM;
	}
	p->size = size;
	p->len = len;
	p->budget = budget;
	if (old)
		memcpy(p->data, old->data, len);
	partial_free(conn);
	conn->partial = p;
	return 0;
}

static int partial_keep(struct mqttk_conn *conn, const u8 *buf, u32 len,
			gfp_t gfp)
{
	int err = partial_grow(conn, len, gfp);

	if (err)
		return err;
	memcpy(conn->partial->data, buf, len);
	conn->partial->len = len;
	return 0;
}

static int read_behind_partial(struct mqttk_conn *conn)
{
	struct mqttk_partial *p = conn->partial;
	struct iov_iter to;
	struct kvec v;
	int n;

	if (p->len == partial_room(p)) {
		n = partial_grow(conn, 1, GFP_RX);
		if (n)
			return n;
		p = conn->partial;
	}
	v.iov_base = p->data + p->len;
	v.iov_len = partial_room(p) - p->len;
	iov_iter_kvec(&to, ITER_DEST, &v, 1, v.iov_len);
	n = read_socket(conn, &to);
	if (n > 0)
		p->len += n;
	return n;
}

/*
 * Goes on with the packet that has not come whole, or with those that the quick
 * lane left.
 */
static int read_partial(struct mqttk_conn *conn, int *cost)
{
	struct mqttk_partial *p;
	int n = 1, used;

	if (conn->partial->len < conn->need)
		n = read_behind_partial(conn);
	p = conn->partial;
	if (n < 0 || p->len < conn->need)
		return n;
	used = take_all(conn, p->data, p->len, cost);
	if (used < 0)
		return used;
	p->len -= used;
	memmove(p->data, p->data + used, p->len);
	if (!p->len)
		partial_free(conn);
	return n;
}

/* Reads into the pages of the message whose payload is arriving. */
static int read_payload(struct mqttk_conn *conn, int *cost)
{
	struct mqttk_incoming *in = &conn->in;
	struct iov_iter to;
	int n, err = 0;

	n = mqttk_msg_reserve(in->msg, PAYLOAD_CHUNK, GFP_RX);
	if (n < 0) {
		mqttk_proto_publish_refused(&conn->peer, in);
		return -EINTR;
	}
	mqttk_msg_fill_iter(in->msg, &to);
	n = read_socket(conn, &to);
	if (n < 0)
		return n;
	in->msg->filled += n;
	in->left -= n;
	if (!in->left)
		err = payload_done(conn, cost);
	return err ?: n;
}

/* Reads packets of which nothing has come yet. */
static int read_packets(struct mqttk_conn *conn, u8 *buf, int *cost)
{
	struct kvec v = { buf, SCRATCH_BYTES };
	struct iov_iter to;
	int n, used, err = 0;

	iov_iter_kvec(&to, ITER_DEST, &v, 1, v.iov_len);
	n = read_socket(conn, &to);
	if (n < 0)
		return n;
	used = take_all(conn, buf, n, cost);
	if (used < 0)
		return used;
	if (used < n)
		err = partial_keep(conn, buf + used, n - used, GFP_RX);
	return err ?: n;
}

static int read_once(struct mqttk_conn *conn, u8 *buf, int *cost)
{
	if (conn->partial)
		return read_partial(conn, cost);
	if (conn->in_payload && conn->in.msg && conn->in.msg->bvec)
		return read_payload(conn, cost);
	return read_packets(conn, buf, cost);
}

/* Its peer does not read its answers: neither do we read, until it does. */
static bool is_blocked(struct mqttk_conn *conn)
{
	if (mqttk_out_pending(&conn->peer.out) < MQTTK_OUT_HIGH)
		return false;
	set_bit(CONN_RX_BLOCKED, &conn->flags);
	/* The sender may have emptied it before it could see the bit. */
	smp_mb__after_atomic();
	mqttk_tx_list(conn);
	return true;
}

/* More comes than a turn or the buffer can take: let the peer send more at a time. */
static void grow_buffer(struct mqttk_conn *conn)
{
	struct mqttk_limits *l = &conn->peer.mn->limits;
	struct sock *sk = conn->sk;
	int size = sk->sk_rcvbuf;

	if (!conn->peer.session ||
	    size * 2 > mqttk_limit(l, MQTTK_LIMIT_SOCKET_BUFFER) ||
	    !mqttk_charge(l, MQTTK_BUDGET_CLIENT, size))
		return;
	mqttk_conn_lock(conn);
	conn->client_charge += size;
	WRITE_ONCE(sk->sk_rcvbuf, size * 2);
	WRITE_ONCE(tcp_sk(sk)->window_clamp,
		   max_t(u32, tcp_sk(sk)->window_clamp, tcp_full_space(sk)));
	mqttk_conn_unlock(conn);
}

/* Does what the quick lane left to do before anything else is read. */
static int finish_quick(struct mqttk_conn *conn, int *cost)
{
	int err;

	if (conn->rx_err)
		return conn->rx_err;
	err = mqttk_proto_emit_late(&conn->peer);
	if (!err && conn->in_payload && !conn->in.left)
		err = payload_done(conn, cost);
	return err;
}

/**
 * mqttk_rx_run - read, decode and route for one turn
 * @conn: an open connection; called by its work
 * @again: set if there is probably more to read
 *
 * Return: 0, or why the connection ends: -ENOTCONN if the peer closed it,
 *	otherwise see proto.c
 */
int mqttk_rx_run(struct mqttk_conn *conn, bool *again)
{
	struct mqttk_held held;
	int reads = TURN_READS;
	unsigned int nr_held;
	int cost = 0;
	u8 *buf;
	int n = 0, err;

	*again = false;
	n = finish_quick(conn, &cost);
	if (n)
		return n;
	buf = scratch_get();
	if (!buf) {
		/* The bytes wait in the socket: their sender is not late. */
		conn->last_rx = jiffies;
		mqttk_wheel_soon(conn);
		return 0;
	}
	mqttk_proto_hold(&conn->peer, &held);
	while (reads-- && cost < TURN_COST) {
		if (is_blocked(conn)) {
			/* Nobody else would notice that its socket died. */
			if (READ_ONCE(conn->sk->sk_state) == TCP_CLOSE)
				n = -ENOTCONN;
			goto out;
		}
		n = read_once(conn, buf, &cost);
		if (n < 0 && n != -EINTR)
			goto out;
	}
	*again = true;
out:
	nr_held = held.nr;
	err = mqttk_proto_publish_held(&conn->peer);
	if (err >= 0 && nr_held)
		conn->many = err / nr_held > FEW;
	if (err < 0 && (n >= 0 || n == -EAGAIN || n == -EINTR))
		n = err;
	conn->peer.held = NULL;
	if (*again || (conn->in_payload && conn->in.left > conn->sk->sk_rcvbuf))
		grow_buffer(conn);
	scratch_put(buf);
	return n < 0 && n != -EAGAIN && n != -EINTR ? n : 0;
}

/* -- the quick lane ------------------------------------------------------ */

/* What of one connection is done in one go; more than that is no lone message. */
#define QUICK_PACKETS	64
#define QUICK_COST	256

/* Readings in a row until a sender counts as steady, and how often it is told. */
#define STEADY		16
#define ACK_EVERY	4

#define GFP_QUICK	(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN)

/* The types of packets it knows. */
#define QUICK_TYPES	(BIT(MQTTK_PUBLISH) | BIT(MQTTK_PUBACK) |	\
			 BIT(MQTTK_PUBREC) | BIT(MQTTK_PUBREL) |	\
			 BIT(MQTTK_PUBCOMP) | BIT(MQTTK_PINGREQ))

/**
 * struct quick_read - where a reading goes
 * @buf: room that is left
 * @len: bytes of it
 */
struct quick_read {
	u8 *buf;
	size_t len;
};

static int quick_actor(read_descriptor_t *desc, struct sk_buff *skb,
		       unsigned int offset, size_t len)
{
	struct quick_read *to = desc->arg.data;
	size_t n = min(len, to->len);

	if (skb_copy_bits(skb, offset, to->buf, n))
		return -EFAULT;
	to->buf += n;
	to->len -= n;
	desc->count = to->len;
	return n;
}

/* What of a packet from the network lies in one piece, from byte @off on. */
static const u8 *first_piece(const struct sk_buff *skb, u32 off, u32 *len)
{
	const skb_frag_t *frag = skb_shinfo(skb)->frags;
	u32 head = skb_headlen(skb);

	if (off < head) {
		*len = head - off;
		return skb->data + off;
	}
	off -= head;
	if (!skb_shinfo(skb)->nr_frags || !skb_frags_readable(skb) ||
	    off >= skb_frag_size(frag) || PageHighMem(skb_frag_page(frag)))
		return NULL;
	*len = skb_frag_size(frag) - off;
	return skb_frag_address(frag) + off;
}

/*
 * As tcp_read_sock(), for what most often is there: one packet from the network,
 * all in one piece. Returns bytes read, 0 if it is not like that. It has to be
 * copied before anybody looks at it: its sender may yet change it.
 */
static int read_first(struct sock *sk, u8 *buf, size_t len)
{
	struct sk_buff *skb;
	const u8 *from;
	u32 off, n;

	skb = tcp_recv_skb(sk, tcp_sk(sk)->copied_seq, &off);
	if (!skb || unlikely(tcp_sk(sk)->urg_data))
		return 0;
	from = first_piece(skb, off, &n);
	if (!from || n != skb->len - off || n > len)
		return 0;
	memcpy(buf, from, n);
	tcp_read_done(sk, n);
	return n;
}

/* Likewise, of all packets from the network. */
static int read_all(struct sock *sk, u8 *buf, size_t len)
{
	struct quick_read to = { buf, len };
	read_descriptor_t desc = { .arg.data = &to, .count = len };
	int n, first = read_first(sk, buf, len);

	if (first == len || (first && skb_queue_empty(&sk->sk_receive_queue)))
		return first;
	to.buf += first;
	to.len -= first;
	desc.count = to.len;
	n = tcp_read_sock(sk, &desc, quick_actor);
	/* What was taken is taken, whatever became of the rest. */
	return n < 0 && !first ? n : first + max(n, 0);
}

/*
 * TCP acknowledges what was read at once if it had come in two small segments,
 * for a sender that waits for that before it sends another (Nagle). Who has sent
 * the second does not wait. So where one message comes right behind the other
 * every fourth is enough: that is a packet less to send for every four. Not for a
 * few: when it stops in between its sender's TCP may ask what came, by sending
 * the last of it again.
 */
static void thin_acks(struct mqttk_conn *conn, struct sock *sk)
{
	if ((u32)jiffies - conn->last_rx > 1) {
		conn->steady = 0;
		return;
	}
	conn->steady = conn->steady < U8_MAX ? conn->steady + 1 : STEADY;
	if (conn->steady >= STEADY && conn->steady % ACK_EVERY)
		inet_csk(sk)->icsk_ack.pending &= ~ICSK_ACK_PUSHED2;
}

/*
 * Returns bytes read, 0 if there are none; -EAGAIN if that is not all there is
 * to it.
 */
static int quick_read(struct mqttk_conn *conn, u8 *buf, size_t len)
{
	struct sock *sk = conn->sk;
	int n = -EAGAIN;

	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk) && sk->sk_state == TCP_ESTABLISHED) {
		thin_acks(conn, sk);
		n = read_all(sk, buf, len);
	}
	bh_unlock_sock(sk);
	if (n < 0)
		return -EAGAIN;
	if (n) {
		conn->last_rx = jiffies;
		mqttk_stat_add(conn->peer.mn, MQTTK_STAT_BYTES_RECEIVED, n);
	}
	return n;
}

/*
 * Bytes of a packet, 0 if that takes more than three bytes to say. Whether it
 * may be said so is for who decodes it.
 */
static size_t quick_len(const u8 *buf, size_t len)
{
	if (len < 2)
		return 0;
	if (!(buf[1] & 0x80))
		return 2 + buf[1];
	if (len < 3 || buf[2] & 0x80)
		return 0;
	return 3 + (buf[2] << 7 | (buf[1] & 0x7f));
}

/*
 * Takes one packet, if it is here as a whole and needs no sleep. Returns bytes
 * used, -EAGAIN if it is for the work, or why the connection ends.
 */
static int quick_packet(struct mqttk_conn *conn, const u8 *buf, size_t len,
			int *cost)
{
	size_t whole = quick_len(buf, len);
	int n, used;

	if (!whole || whole > len || !(QUICK_TYPES & BIT(*buf >> 4)))
		return -EAGAIN;
	used = take_packet(conn, buf, whole, cost);
	if (used < 0 || !conn->in_payload || !conn->in.left)
		return used ?: -EAGAIN;
	if (conn->in.msg && conn->in.msg->bvec)
		return used;
	n = take_payload(conn, buf + used, conn->in.left, cost);
	return n < 0 ? n : used + n;
}

/* Returns bytes used. The rest is for the work, conn->rx_err is set if any. */
static int quick_packets(struct mqttk_conn *conn, const u8 *buf, size_t len)
{
	struct mqttk_peer *peer = &conn->peer;
	unsigned int packets = 0;
	size_t used = 0;
	int n, cost = 0;

	while (used < len && packets < QUICK_PACKETS && cost < QUICK_COST &&
	       !READ_ONCE(peer->gone)) {
		n = take_acks(conn, buf + used, len - used) ?:
		    mqttk_proto_repeat(peer, buf + used, len - used, &packets,
				       &cost);
		if (!n) {
			n = quick_packet(conn, buf + used, len - used, &cost);
			packets++;
		}
		if (n < 0 && n != -EAGAIN)
			conn->rx_err = n;
		if (n < 0)
			break;
		used += n;
		if (conn->in_payload || peer->late_len)
			break;
	}
	return used;
}

/* Keeps for the work what is left; without memory, in the lane's own. */
static int quick_keep(struct mqttk_conn *conn, u8 **scratch, size_t size,
		      size_t used, size_t len)
{
	int err = partial_keep(conn, *scratch + used, len - used, GFP_QUICK);
	struct mqttk_partial *p = (struct mqttk_partial *)*scratch;

	if (err == -ENOMEM &&
	    mqttk_charge(&conn->peer.mn->limits, MQTTK_BUDGET_CLIENT, size)) {
		memmove(p->data, *scratch + used, len - used);
		p->size = size;
		p->len = len - used;
		p->budget = MQTTK_BUDGET_CLIENT;
		conn->partial = p;
		*scratch = NULL;
		err = 0;
	}
	/* There may be more than one packet. */
	conn->need = 1;
	return err;
}

/**
 * mqttk_rx_quick - read, decode and route what needs no sleep
 * @conn: an open connection of a client, with nothing left over; called by the
 *	quick lane
 * @scratch: memory to read into; set to NULL if the connection keeps it
 * @size: bytes of @scratch
 *
 * Context: softirq.
 * Return: true if that is all for now; false if the work is to go on
 */
bool mqttk_rx_quick(struct mqttk_conn *conn, u8 **scratch, size_t size)
{
	/* For what quick_keep() may have to say of it. */
	size_t room = size - sizeof(struct mqttk_partial);
	struct mqttk_peer *peer = &conn->peer;
	struct mqttk_held held;
	int n, used, err;

	n = quick_read(conn, *scratch, room);
	if (n <= 0)
		return !n;
	peer->quick = true;
	mqttk_proto_hold(peer, &held);
	used = quick_packets(conn, *scratch, n);
	err = mqttk_proto_publish_held(peer);
	if (err < 0 && !conn->rx_err)
		conn->rx_err = err;
	peer->held = NULL;
	peer->quick = false;
	if (used < n && !conn->rx_err)
		conn->rx_err = quick_keep(conn, scratch, size, used, n);
	if (mqttk_out_pending(&peer->out))
		mqttk_tx_list_soon(conn);
	return used == n && n < room && !conn->rx_err && !conn->in_payload &&
	       !peer->late_len &&
	       mqttk_out_pending(&peer->out) < MQTTK_OUT_HIGH;
}

/**
 * mqttk_rx_discard - throw away what still comes on a closing connection
 * @conn: the connection; called by its work
 *
 * Unread bytes would make the kernel answer with a reset, which can overtake
 * what we said last.
 */
void mqttk_rx_discard(struct mqttk_conn *conn)
{
	u8 *buf = scratch_get();
	int n = TURN_READS;

	while (buf && n--) {
		struct kvec v = { buf, SCRATCH_BYTES };
		struct iov_iter to;

		iov_iter_kvec(&to, ITER_DEST, &v, 1, v.iov_len);
		if (read_socket(conn, &to) <= 0)
			break;
	}
	scratch_put(buf);
}

/**
 * mqttk_rx_free - forget what has not come whole
 * @conn: the connection; called by its work
 */
void mqttk_rx_free(struct mqttk_conn *conn)
{
	partial_free(conn);
	mqttk_msg_put(conn->in.msg);
	conn->in.msg = NULL;
	conn->in_payload = false;
}

/**
 * mqttk_rx_module_exit - at module unload, when no connection is left
 */
void mqttk_rx_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(per_cpu(scratch, cpu));
}
