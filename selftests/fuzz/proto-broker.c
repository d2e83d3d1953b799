// SPDX-License-Identifier: GPL-2.0
/*
 * The broker's side: what conn.c, rx.c and gather.c are to the protocol, with
 * queues of bytes in place of sockets.
 */
#include "shim.h"
#include "proto.h"

#include "mqttk/conn.h"
#include "mqttk/deadline.h"
#include "mqttk/dev.h"
#include "mqttk/events.h"
#include "mqttk/listener.h"
#include "mqttk/msg.h"
#include "mqttk/frag.h"
#include "mqttk/replay.h"
#include "mqttk/run.h"
#include "mqttk/terms.h"
#include "mqttk/via.h"

struct link links[SLOTS];
struct mqttk_terms *terms[2];
static struct list_head listener;	/* so that $SYS has somebody to speak to */
static s64 used_before[MQTTK_BUDGET_NR];
static struct mqttk_run run;
static struct page_frag frag;

struct mqttk_net *broker(void)
{
	return init_net.generic;
}

static struct link *link_of(struct mqttk_endpoint *ep)
{
	return container_of(ep, struct link, peer.ep);
}

static void ep_wake(struct mqttk_endpoint *ep)
{
	link_of(ep)->woken = true;
}

static void ep_end(struct mqttk_endpoint *ep, enum mqttk_end why, u8 reason)
{
	struct link *l = link_of(ep);

	l->aborted |= why == MQTTK_END_NET;
	l->end_err = why == MQTTK_END_TAKEN_OVER ? -ESTALE :
		     why == MQTTK_END_ADMIN ? -EACCES : -ESHUTDOWN;
}

static const struct mqttk_endpoint_ops ops = { .wake = ep_wake, .end = ep_end };

/* -- what is above it in the module --------------------------------------- */

void mqttk_listener_del_all(struct mqttk_net *mn)
{
	if (!list_empty(&mn->listeners))
		list_del_init(&listener);
}

void mqttk_conns_abort(struct mqttk_net *mn)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		broker_close(i, 0);
	broker_sent();
}

void mqttk_dev_net_init(struct mqttk_net *mn)
{
	INIT_LIST_HEAD(&mn->files);
}

void mqttk_dev_net_exit(struct mqttk_net *mn)
{
	local_close(0);
}

/* main.c starts and stops all of the module; this is not there. */
#define NOT_THERE(name)							\
	int mqttk_##name##_module_init(void) { return 0; }		\
	void mqttk_##name##_module_exit(void) { }

NOT_THERE(conn)
NOT_THERE(netlink)
NOT_THERE(dev)
NOT_THERE(debugfs)

static bool wanted(struct net *net)
{
	return true;
}

/* Whatever an event points to is to be there. */
static void tell(struct net *net, const struct mqttk_event *e)
{
	if (e->session)
		SHIM_CHECK(shim_hash(e->session->id, e->session->id_len, 0) ||
			   e->session->id_len);
	if (e->filter_len)
		SHIM_CHECK(shim_hash(e->filter, e->filter_len, 0) ||
			   e->filter[0]);
	SHIM_CHECK(!e->limit || strlen(e->limit));
}

static const struct mqttk_events_ops events = { wanted, tell };

/* -- its life --------------------------------------------------------------- */

void broker_start(bool sys)
{
	static const struct mqttk_events_ops *const listening = &events;

	shim_now = NSEC_PER_SEC;
	shim_fail_in = 0;
	SHIM_CHECK(!shim_module_init());
	mqttk_events_register(listening);
	terms[0] = mqttk_terms_alloc(&broker()->limits, "", 0);
	terms[1] = mqttk_terms_alloc(&broker()->limits, "a/", 2);
	SHIM_CHECK(!IS_ERR_OR_NULL(terms[0]) && !IS_ERR_OR_NULL(terms[1]));
	terms[0]->anonymous = true;
	terms[0]->zero_length_id = true;
	terms[0]->max_qos = 2;
	terms[1]->anonymous = true;
	terms[1]->max_qos = 1;
	list_add_tail(&listener, &broker()->listeners);
	if (sys)
		mqttk_sys_start(broker());
	broker_settle();
	memset(used_before, 0, sizeof(used_before));
}

void broker_stop(void)
{
	shim_fail_in = 0;
	shim_fail_more = 0;
	broker_sent();
	if (frag.page)
		put_page(frag.page);
	frag = (struct page_frag){ 0 };
	mqttk_terms_put(terms[0]);
	mqttk_terms_put(terms[1]);
	synchronize_rcu();
	shim_module_exit();
	mqttk_events_register(NULL);
	SHIM_CHECK(!shim_live && "leaks");
}

/* What is due, and those who were told to go. */
void broker_settle(void)
{
	bool more;
	int i;

	do {
		more = local_leaves();
		while (shim_run_works())
			more = true;
		for (i = 0; i < SLOTS; i++) {
			if (!links[i].open || !links[i].end_err)
				continue;
			broker_close(i, links[i].aborted ? 0 : links[i].end_err);
			more = true;
		}
	} while (more);
}

void broker_check(void)
{
	struct mqttk_limits *l = &broker()->limits;
	static const enum mqttk_limit of[] = {
		MQTTK_LIMIT_HANDSHAKE_MEMORY, MQTTK_LIMIT_CLIENT_MEMORY,
		MQTTK_LIMIT_MESSAGE_MEMORY, MQTTK_LIMIT_RETAINED_MEMORY,
	};
	int b;

	SHIM_CHECK(!shim_rcu && !shim_atomic);
	for (b = 0; b < MQTTK_BUDGET_NR; b++) {
		s64 used = l->used[b].count;

		/* One that was set below what it holds only gives back. */
		SHIM_CHECK(used >= 0);
		SHIM_CHECK(used <= (s64)mqttk_limit(l, of[b]) ||
			   used <= used_before[b]);
		used_before[b] = used;
	}
}

/* -- a connection ------------------------------------------------------------ */

void broker_accept(int i, unsigned int which_terms)
{
	struct link *l = &links[i];

	memset(l, 0, sizeof(*l));
	l->peer.ep.ops = &ops;
	mqttk_proto_init(&l->peer, broker());
	l->open = true;
	l->last_rx = shim_now;
	/* Which listener it came by; settled when its CONNECT comes. */
	l->peer.terms = mqttk_terms_get(terms[which_terms % 2]);
}

/* As leave_session() and what follows it in conn.c. */
void broker_close(int i, int err)
{
	struct link *l = &links[i];

	if (!l->open)
		return;
	proto_tell(i, "closes", NULL, err);
	if (err)
		mqttk_proto_farewell(&l->peer, err);
	l->open = false;
	mqttk_proto_end(&l->peer, !err);
	mqttk_msg_put(l->in.msg);
	l->in.msg = NULL;
	/* What is left to be said is sent without the session's messages. */
	broker_send(i, 0);
	mqttk_proto_free(&l->peer);
	mqttk_uncharge(&broker()->limits, MQTTK_BUDGET_CLIENT, l->charged);
	mqttk_terms_put(l->peer.terms);
	kfree(l->pending);
	l->pending = NULL;
	client_lost(i);
}

static bool admit(struct link *l)
{
	if (!mqttk_charge(&broker()->limits, MQTTK_BUDGET_CLIENT, 4096))
		return false;
	l->charged = 4096;
	return true;
}

static int payload_done(struct link *l)
{
	int n = mqttk_proto_publish_end(&l->peer, &l->in);

	if (n == -EAGAIN)
		return n;
	l->in_payload = false;
	return min(n, 0);
}

static int take_payload(struct link *l, const u8 *p, u32 len)
{
	u32 take = min(len, l->in.left), done = 0;
	gfp_t gfp = l->peer.quick ? GFP_NOWAIT : GFP_KERNEL;
	int n;

	while (l->in.msg && done < take) {
		n = mqttk_msg_reserve(l->in.msg, take - done, gfp);
		if (n < 0) {
			mqttk_proto_publish_refused(&l->peer, &l->in);
			break;
		}
		done += mqttk_msg_fill(l->in.msg, p + done, n);
	}
	l->in.left -= take;
	n = l->in.left ? 0 : payload_done(l);
	/* Left to be routed without the lane; the bytes are taken. */
	return n == -EAGAIN || !n ? (int)take : n;
}

static int take_packet(struct link *l, const u8 *p, u32 len)
{
	struct mqttk_peer *peer = &l->peer;
	struct mqttk_fixed f;
	u32 avail;
	int n, err;

	n = mqttk_wire_fixed(peer->version, p, len, &f);
	if (n < 0)
		mqttk_proto_malformed(peer, p, len);
	if (n <= 0)
		return n;
	avail = min(len - n, f.remaining);
	err = mqttk_proto_check(peer, &f, p + n, avail);
	if (err)
		return err;
	if (f.type == MQTTK_PUBLISH) {
		err = mqttk_proto_publish_begin(peer, &f, p + n, avail, &l->in);
		if (err <= 0)
			return err;
		n += err;
		l->in_payload = true;
		err = l->in.left ? 0 : payload_done(l);
		return err && err != -EAGAIN ? err : n;
	}
	if (avail < f.remaining)
		return 0;
	if (f.type == MQTTK_CONNECT)
		peer->admitted = admit(l);
	return mqttk_proto_packet(peer, &f, p + n) ?: n + (int)f.remaining;
}

/* Acknowledgments that come together. */
static int take_acks(struct link *l, const u8 *p, u32 len)
{
	return mqttk_proto_is_ack(*p) ? mqttk_proto_acks(&l->peer, p, len) : 0;
}

/* Decodes what there is. Returns bytes used, or why the connection ends. */
static int take_all(struct link *l, const u8 *p, u32 len)
{
	u32 used = 0;
	int n;

	while (used < len && !l->end_err) {
		if (l->in_payload && !l->in.left)
			return used;
		/* What goes into pages is not for the lane. */
		if (l->in_payload && l->peer.quick && l->in.msg &&
		    l->in.msg->bvec)
			return used;
		n = l->in_payload ? take_payload(l, p + used, len - used) :
		    take_acks(l, p + used, len - used) ?:
		    take_packet(l, p + used, len - used);
		if (n < 0)
			return n == -EAGAIN ? (int)used : n;
		if (!n)
			break;
		used += n;
		if (l->peer.late_len)
			break;
	}
	return used;
}

/* One packet, if it is here as a whole and needs no sleep; else 0. */
static int quick_packet(struct link *l, const u8 *p, u32 len)
{
	struct mqttk_fixed f;
	int n = mqttk_wire_fixed(l->peer.version, p, len, &f);

	if (n <= 0 || len - n < f.remaining ||
	    f.type == MQTTK_CONNECT || f.type == MQTTK_SUBSCRIBE ||
	    f.type == MQTTK_UNSUBSCRIBE || f.type == MQTTK_DISCONNECT)
		return 0;
	return take_all(l, p, n + f.remaining);
}

/* As the quick lane: bottom halves off, whole packets of those who are known. */
static int take_quick(struct link *l, const u8 *p, u32 len)
{
	struct mqttk_peer *peer = &l->peer;
	unsigned int packets = 0;
	struct mqttk_held held;
	int n = 1, err, cost = 0;
	u32 used = 0;

	if (!peer->session || l->in_payload || l->nr_pending || peer->late_len)
		return 0;
	local_bh_disable();
	peer->quick = true;
	mqttk_proto_hold(peer, &held);
	while (used < len && n > 0 && !l->end_err && !l->in_payload &&
	       !peer->late_len) {
		n = mqttk_proto_repeat(peer, p + used, len - used, &packets,
				       &cost) ?:
		    quick_packet(l, p + used, len - used);
		used += max(n, 0);
	}
	err = mqttk_proto_publish_held(peer);
	peer->held = NULL;
	peer->quick = false;
	local_bh_enable();
	return n < 0 ? n : err < 0 ? err : (int)used;
}

static void run_replays(struct link *l)
{
	struct mqttk_peer *peer = &l->peer;

	if (!peer->session)
		return;
	mqttk_session_take_replays(peer->session, &peer->ep, &peer->replays);
	while (!mqttk_replays_empty(&peer->replays) &&
	       mqttk_replay_run(&peer->replays, peer->session) ==
	       MQTTK_REPLAY_AGAIN)
		;
}

/* One turn of the work. */
static int turn(struct link *l, const u8 *p, u32 len)
{
	struct mqttk_held held;
	int used, err;

	err = mqttk_proto_emit_late(&l->peer);
	if (!err && l->in_payload && !l->in.left)
		err = payload_done(l);
	if (err)
		return err;
	mqttk_proto_hold(&l->peer, &held);
	used = take_all(l, p, len);
	err = mqttk_proto_publish_held(&l->peer);
	l->peer.held = NULL;
	if (used >= 0)
		run_replays(l);
	return err < 0 && used >= 0 ? err : used;
}

void broker_feed(int i, const u8 *p, u32 len, bool quick)
{
	struct link *l = &links[i];
	u32 total = l->nr_pending + len;
	u8 *all, *at;
	int n = 0;

	if (!l->open)
		return;
	proto_tell(i, quick ? "=>" : "->", p, len);
	l->last_rx = shim_now;
	if (quick)
		n = take_quick(l, p, len);
	if (n < 0) {
		broker_close(i, n);
		return;
	}
	p += n;
	len -= n;
	total -= n;
	/* An object of just that size: who reads beyond it is found. */
	all = malloc(total ?: 1);
	SHIM_CHECK(all);
	memcpy(all, l->pending, l->nr_pending);
	memcpy(all + l->nr_pending, p, len);
	kfree(l->pending);
	l->pending = NULL;
	l->nr_pending = 0;
	at = all;
	for (;;) {
		n = turn(l, at, total);
		if (n <= 0)
			break;
		at += n;
		total -= n;
	}
	if (n < 0) {
		broker_close(i, n == -ESHUTDOWN && l->end_err ? l->end_err : n);
	} else if (total) {
		l->pending = kmalloc(total, GFP_KERNEL);
		if (l->pending) {
			memcpy(l->pending, at, total);
			l->nr_pending = total;
		} else {
			broker_close(i, -ENOMEM);
		}
	}
	free(all);
}

/* -- what it sends ----------------------------------------------------------- */

/* As add_properties() in gather.c. */
static void add_properties(struct link *l, const struct mqttk_qent *e,
			   struct mqttk_pub_out *out)
{
	struct mqttk_msg *msg = e->msg;
	bool known = false;
	s64 left;

	out->props_len = msg->props_len;
	out->subids_len = e->via ? e->via->len : 0;
	out->has_expiry = msg->has_lifetime;
	if (msg->has_lifetime) {
		left = max_t(s64, msg->expires - shim_now, 0);
		out->expiry = DIV_ROUND_UP(left, NSEC_PER_SEC);
	}
	out->alias = mqttk_alias_out_find(&l->peer.more->aliases_out, msg->data,
					  msg->topic_len, &known);
	if (known)
		out->topic_len = 0;
}

/* Writes a packet; false: it is passed over. */
static bool write_packet(int i, struct mqttk_qent *e)
{
	struct link *l = &links[i];
	struct mqttk_peer *peer = &l->peer;
	struct mqttk_msg *msg = e->msg;
	struct mqttk_pub_out out;
	u32 size, n, at = peer->mount_len;
	u8 *buf;

	if (!msg) {
		u8 ack[MQTTK_ACK_MAX];

		n = mqttk_wire_put_ack(ack, peer->version, MQTTK_PUBREL, e->id,
				       0);
		client_receive(i, ack, n);
		return true;
	}
	if (at && !mqttk_terms_mounted(peer->terms, msg->data, msg->topic_len))
		return false;
	out = (struct mqttk_pub_out){
		.version = peer->version, .qos = e->qos, .dup = e->dup,
		.retain = e->retain, .id = e->id,
		.topic_len = msg->topic_len - at,
		.payload_len = msg->payload_len,
	};
	if (peer->version == MQTTK_V5)
		add_properties(l, e, &out);
	size = mqttk_wire_pub_size(&out);
	if (size > peer->max_packet_size && out.alias && out.topic_len) {
		mqttk_alias_out_cancel(&peer->more->aliases_out, out.alias);
		out.alias = 0;
		size = mqttk_wire_pub_size(&out);
	}
	if (size > peer->max_packet_size)
		return false;
	buf = malloc(size);
	SHIM_CHECK(buf);
	n = mqttk_wire_pub_head(buf, &out);
	if (out.topic_len)
		memcpy(buf + n, msg->data + at, out.topic_len);
	n += out.topic_len;
	n += mqttk_wire_pub_tail(buf + n, &out);
	if (out.subids_len)
		memcpy(buf + n, e->via->subids, out.subids_len);
	n += out.subids_len;
	memcpy(buf + n, mqttk_msg_props(msg), out.props_len);
	n += out.props_len;
	SHIM_CHECK(n + msg->payload_len == size);
	mqttk_msg_read(msg, 0, buf + n, msg->payload_len);
	if (out.alias && out.topic_len)
		mqttk_alias_out_commit(&peer->more->aliases_out, msg->data,
				       msg->topic_len, out.alias);
	client_receive(i, buf, size);
	free(buf);
	return true;
}

/* Nothing has come for a while: as is_late() in conn.c. */
void broker_rest(int i)
{
	mqttk_session_rest(links[i].peer.session);
	mqttk_proto_forget(&links[i].peer);
}

static void send_answers(int i)
{
	struct mqttk_out_buf *buf = mqttk_out_take(&links[i].peer.out);

	if (!buf)
		return;
	client_receive(i, buf->data, buf->len);
	mqttk_out_buf_free(buf, &broker()->limits);
}

/*
 * What is the same for everybody, as in gather.c. Returns false if what was
 * looked at is not, or not for this one.
 */
static bool send_run(int i, const struct mqttk_qent *ents, unsigned int n)
{
	struct mqttk_peer *peer = &links[i].peer;
	unsigned int k, done = 0;
	u8 *buf;

	if (peer->mount_len || (peer->more && peer->more->aliases_out.nr))
		return false;
	if (!mqttk_run_is(&run, peer->version, ents, n) &&
	    !mqttk_run_begin(&run, peer->version, ents, n, &frag, peer->mn))
		return false;
	if (run.max_size > peer->max_packet_size) {
		mqttk_run_miss(&run);
		return false;
	}
	buf = malloc(run.bytes);
	SHIM_CHECK(buf);
	for (k = 0; k < run.nr_vec; k++) {
		const void *from = run.page ? bvec_kmap_local(&run.bvec[k]) :
					      run.vec[k].iov_base;
		u32 len = run.page ? run.bvec[k].bv_len : run.vec[k].iov_len;

		SHIM_CHECK(done + len <= run.bytes);
		memcpy(buf + done, from, len);
		done += len;
	}
	SHIM_CHECK(done == run.bytes);
	client_receive(i, buf, done);
	free(buf);
	mqttk_session_consume_run(peer->session, n, run.share);
	mqttk_run_keep(&run);
	return true;
}

/* Nobody else is to have what was sent last. */
void broker_sent(void)
{
	mqttk_run_drop(&run);
}

/* One by one; what is more than @max is left. */
static void send_ents(int i, struct mqttk_qent *ents, unsigned int n,
		      unsigned int max)
{
	struct link *l = &links[i];
	unsigned int k;

	if (l->peer.version == MQTTK_V5)
		mqttk_alias_out_begin(&l->peer.more->aliases_out);
	for (k = 0; k < n && k < max; k++)
		ents[k].skip = !write_packet(i, &ents[k]);
	mqttk_session_consume(l->peer.session, ents, n, k);
}

/* Sends answers, and up to @max of the session's messages. */
void broker_send(int i, unsigned int max)
{
	struct link *l = &links[i];
	struct mqttk_qent ents[MQTTK_RUN_MAX];
	unsigned int n;

	while (max && l->open && l->peer.session) {
		local_bh_disable();
		send_answers(i);
		n = mqttk_session_peek(l->peer.session, &l->peer.ep, ents,
				       ARRAY_SIZE(ents));
		if (n && (n > max || !send_run(i, ents, n)))
			send_ents(i, ents, n, max);
		local_bh_enable();
		run_replays(l);
		if (!n)
			break;
		max -= min(n, max);
	}
	l->woken = false;
	send_answers(i);
}
