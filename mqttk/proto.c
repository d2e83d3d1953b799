// SPDX-License-Identifier: GPL-2.0
/*
 * The MQTT state machine of one network connection.
 *
 * Every entry point returns 0 to go on, or a negative error after which the
 * connection is closed once what is queued in peer->out was sent:
 *
 *  -ESHUTDOWN	the peer said DISCONNECT, or its session is gone
 *  -ECONNREFUSED CONNECT was answered with a refusal
 *  -EBADMSG	malformed packet
 *  -EPROTO	packet not allowed now, or as peer->reason says
 *  -ENAMETOOLONG topic of too many levels
 *  -EADDRNOTAVAIL topic alias out of range
 *  -EMSGSIZE	packet over the limit
 *  -ENOMEM, -ENOBUFS  out of memory, or over a budget
 *
 * Or -EAGAIN, only in the quick lane and only where it says so: it takes more
 * than the lane can do, nothing was done.
 *
 * mqttk_proto_farewell() tells the peer.
 */
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "events.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "proto_impl.h"
#include "router.h"
#include "session.h"
#include "trace.h"

/*
 * No more of a CONNECT is accepted, whatever max_packet_size says: three
 * strings, properties and a modest will. mosquitto draws the same line.
 */
#define CONNECT_MAX	100000

/*
 * Filters are checked in one go, without a yield, so there is a bound to how
 * many can come at once, even where max_packet_size was raised.
 */
#define SUBSCRIBE_MAX	2000000

/* Room for a reason string of ours. */
#define WHY_MAX		64

/* In which states a client may send what. */
static const u8 legal[] = {
	[MQTTK_CONNECT] = BIT(MQTTK_PEER_NEW),
	[MQTTK_PUBLISH] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBACK] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBREC] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBREL] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PUBCOMP] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_SUBSCRIBE] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_UNSUBSCRIBE] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_PINGREQ] = BIT(MQTTK_PEER_CONNECTED),
	[MQTTK_DISCONNECT] = BIT(MQTTK_PEER_CONNECTED),
	/* Nobody who asks for it is let in [MQTT-4.12.0-7]. */
	[MQTTK_AUTH] = 0,
};

/**
 * mqttk_proto_init - a connection that has said nothing yet
 * @peer: zeroed, but for @peer->ep.ops
 * @mn: the broker
 */
void mqttk_proto_init(struct mqttk_peer *peer, struct mqttk_net *mn)
{
	peer->mn = mn;
	peer->state = MQTTK_PEER_NEW;
	peer->version = MQTTK_V311;
	peer->receive_max = MQTTK_RECEIVE_MAX_DEFAULT;
	peer->max_packet_size = MQTTK_PACKET_SIZE_UNLIMITED;
	mqttk_out_init(&peer->out);
}

/*
 * One whose CONNECT fails for its size, or before it has come whole, is to be
 * told in its language: what that is stands at the very beginning.
 */
static void guess_version(struct mqttk_peer *peer, const u8 *body,
			  size_t avail)
{
	static const u8 v5[] = { 0, 4, 'M', 'Q', 'T', 'T', MQTTK_V5 };

	if (avail >= sizeof(v5) && !memcmp(body, v5, sizeof(v5)))
		peer->version = MQTTK_V5;
}

/**
 * mqttk_proto_check - may this packet come now, and be that large?
 * @peer: the connection
 * @f: its fixed header
 * @body: what there is behind it
 * @avail: bytes of @body, at most @f->remaining
 *
 * Called before the packet is decoded, or has come whole.
 * Return: 0 or an error, see above
 */
int mqttk_proto_check(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		      const u8 *body, size_t avail)
{
	unsigned long limit = mqttk_limit(&peer->mn->limits,
					  MQTTK_LIMIT_MAX_PACKET_SIZE);
	unsigned long max = limit;

	if (f->type >= ARRAY_SIZE(legal) || !(legal[f->type] & BIT(peer->state)))
		return -EPROTO;
	if (f->type == MQTTK_CONNECT) {
		guess_version(peer, body, avail);
		max = min(limit, CONNECT_MAX);
	} else if (f->type != MQTTK_PUBLISH) {
		max = min(limit, SUBSCRIBE_MAX);
	}
	if ((u64)f->size + f->remaining <= max)
		return 0;
	if (max == limit)
		mqttk_limit_hit(&peer->mn->limits, MQTTK_LIMIT_MAX_PACKET_SIZE,
				peer->session);
	return -EMSGSIZE;
}

/**
 * mqttk_proto_malformed - bytes came that no packet begins with
 * @peer: the connection, which is closed for it
 * @packet: the bytes
 * @len: how many
 *
 * If it is a CONNECT that went wrong so early, its sender's language is still
 * to be found out for the farewell.
 */
void mqttk_proto_malformed(struct mqttk_peer *peer, const u8 *packet,
			   size_t len)
{
	size_t n = 1;

	if (peer->state != MQTTK_PEER_NEW || !len ||
	    packet[0] >> 4 != MQTTK_CONNECT)
		return;
	while (n < len && packet[n] & 0x80)
		n++;
	if (++n < len && n <= MQTTK_FIXED_MAX)
		guess_version(peer, packet + n, len - n);
}

/* -- what goes out ------------------------------------------------------- */

/**
 * mqttk_proto_emit - have a packet other than PUBLISH sent
 * @peer: the connection
 * @packet: the packet, copied
 * @len: its length
 *
 * One that is larger than the client takes is not sent [MQTT-3.1.2-24].
 *
 * Context: process, may sleep; or the quick lane, which then does nothing more
 *	before mqttk_proto_emit_late() if @peer->late_len is set.
 * Return: 0, -ENOBUFS or -ENOMEM
 */
int mqttk_proto_emit(struct mqttk_peer *peer, const u8 *packet, u32 len)
{
	int err;

	if (len > peer->max_packet_size)
		return 0;
	err = mqttk_out_append(&peer->out, &peer->mn->limits, packet, len, 1,
			       mqttk_peer_gfp(peer));
	/* What it answers was done: that cannot be left to the work. */
	if (err == -ENOMEM && peer->quick && len <= sizeof(peer->late)) {
		memcpy(peer->late, packet, len);
		peer->late_len = len;
		err = 0;
	}
	return err;
}

/**
 * mqttk_proto_emit_late - have the answer sent that the quick lane could not
 * @peer: the connection
 *
 * Context: process; may sleep.
 * Return: as mqttk_proto_emit()
 */
int mqttk_proto_emit_late(struct mqttk_peer *peer)
{
	u32 len = peer->late_len;

	peer->late_len = 0;
	return len ? mqttk_proto_emit(peer, peer->late, len) : 0;
}

/* For people, where the reason code leaves open what to look at. */
static const char *why(u8 reason)
{
	switch (reason) {
	case MQTTK_REASON_NOT_AUTHORIZED:
		return "this listener lets no anonymous clients in";
	case MQTTK_REASON_BAD_AUTH_METHOD:
		return "no authentication method is known";
	case MQTTK_REASON_IMPLEMENTATION_SPECIFIC:
		return "Maximum Packet Size is too small";
	case MQTTK_REASON_RECEIVE_MAX_EXCEEDED:
		return "over max_inflight_messages";
	case MQTTK_REASON_TOPIC_ALIAS_INVALID:
		return "over max_topic_alias, or 0";
	case MQTTK_REASON_PACKET_TOO_LARGE:
		return "over max_packet_size";
	case MQTTK_REASON_QUOTA_EXCEEDED:
		return "a limit on memory is reached";
	case MQTTK_REASON_BAD_CLIENT_ID:
		return "this listener wants other client identifiers";
	case MQTTK_REASON_QOS_NOT_SUPPORTED:
		return "over max_qos of this listener";
	case MQTTK_REASON_RETAIN_NOT_SUPPORTED:
		return "retain_available is off";
	default:
		return "";
	}
}

static struct mqttk_str why_str(u8 reason)
{
	const char *s = why(reason);

	return (struct mqttk_str){ s, min(strlen(s), WHY_MAX) };
}

static int say_refused(struct mqttk_peer *peer, u8 reason)
{
	struct mqttk_connack ca = {
		.reason = reason,
		.reason_string = why_str(reason),
	};
	u8 buf[MQTTK_CONNACK_MAX + WHY_MAX];
	u32 n;

	mqttk_stat_inc(peer->mn, MQTTK_STAT_CONNECTS_REFUSED);
	trace_mqttk_client_refused(peer->mn->net, peer->version, reason);
	peer->state = MQTTK_PEER_DONE;
	n = mqttk_wire_put_connack(buf, peer->version, &ca);
	if (n > peer->max_packet_size) {
		ca.reason_string.len = 0;
		n = mqttk_wire_put_connack(buf, peer->version, &ca);
	}
	return mqttk_proto_emit(peer, buf, n);
}

/**
 * mqttk_proto_refuse - answer CONNECT with a refusal
 * @peer: the connection
 * @reason: enum mqttk_reason, also before 5.0
 *
 * Return: an error, see above
 */
int mqttk_proto_refuse(struct mqttk_peer *peer, u8 reason)
{
	return say_refused(peer, reason) ?: -ECONNREFUSED;
}

/**
 * mqttk_proto_violation - the client did what it may not
 * @peer: the connection
 * @reason: enum mqttk_reason, for the farewell
 *
 * Return: an error, see above
 */
int mqttk_proto_violation(struct mqttk_peer *peer, u8 reason)
{
	peer->reason = reason;
	return -EPROTO;
}

static void say_disconnect(struct mqttk_peer *peer, u8 reason)
{
	struct mqttk_str s = why_str(reason);
	u8 buf[MQTTK_DISCONNECT_MAX + WHY_MAX];
	u32 n;

	n = mqttk_wire_put_disconnect(buf, reason, &s);
	if (n > peer->max_packet_size)
		n = mqttk_wire_put_disconnect(buf, reason, NULL);
	/* Without memory the end of the connection has to say it. */
	mqttk_proto_emit(peer, buf, n);
}

static u8 farewell_reason(const struct mqttk_peer *peer, int err)
{
	if (peer->reason)
		return peer->reason;
	switch (err) {
	case -ETIME:
		return MQTTK_REASON_KEEPALIVE_TIMEOUT;
	case -ESTALE:
		return MQTTK_REASON_SESSION_TAKEN_OVER;
	case -EACCES:
		return MQTTK_REASON_ADMINISTRATIVE_ACTION;
	case -ESHUTDOWN:
		return MQTTK_REASON_SERVER_SHUTTING_DOWN;
	default:
		return mqttk_wire_reason(err);
	}
}

/* Is it the fault of a CONNECT, or of our memory, so that it can be answered? */
static bool connect_failed(int err)
{
	switch (err) {
	case -EBADMSG:
	case -EPROTO:
	case -ENAMETOOLONG:
	case -EMSGSIZE:
	case -ENOBUFS:
	case -ENOMEM:
		return true;
	default:
		return false;
	}
}

static enum mqttk_cause cause_of(int err)
{
	switch (err) {
	case -ENOTCONN:
		return MQTTK_CAUSE_NETWORK;
	case -ETIME:
		return MQTTK_CAUSE_KEEPALIVE;
	case -ESTALE:
		return MQTTK_CAUSE_TAKEOVER;
	case -EACCES:
		return MQTTK_CAUSE_ADMINISTRATOR;
	case -ESHUTDOWN:
		return MQTTK_CAUSE_LISTENER;
	case -ENOMEM:
	case -ENOBUFS:
		return MQTTK_CAUSE_RESOURCES;
	default:
		return MQTTK_CAUSE_PROTOCOL;
	}
}

/**
 * mqttk_proto_farewell - tell the client why its connection is closed
 * @peer: the connection; mqttk_proto_end() follows
 * @err: why: what an entry point returned, or -ETIME if it was silent for too
 *	long, -ESTALE if its session was taken over, -EACCES if an administrator
 *	wants it, -ESHUTDOWN if the broker ends, -ENOTCONN if there is nobody
 *	left to tell; @peer->reason goes before
 *
 * Only 5.0 has words for it. Nothing is read from the connection any more.
 *
 * Context: process; may sleep.
 */
void mqttk_proto_farewell(struct mqttk_peer *peer, int err)
{
	enum mqttk_peer_state state = peer->state;

	peer->state = MQTTK_PEER_DONE;
	/* Who said DISCONNECT, and why, left by itself, whatever came then. */
	peer->cause = state == MQTTK_PEER_DONE ? MQTTK_CAUSE_CLIENT :
						 cause_of(err);
	if (peer->version != MQTTK_V5 || err == -ENOTCONN)
		return;
	if (state == MQTTK_PEER_CONNECTED) {
		peer->reason = farewell_reason(peer, err);
		say_disconnect(peer, peer->reason);
	} else if (state == MQTTK_PEER_NEW && connect_failed(err)) {
		say_refused(peer, farewell_reason(peer, err));
	}
}

/* -- packets that need no file of their own ----------------------------- */

static int on_pingreq(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		      const u8 *body)
{
	u8 buf[MQTTK_PINGRESP_MAX];

	if (f->remaining)
		return -EBADMSG;
	return mqttk_proto_emit(peer, buf, mqttk_wire_put_pingresp(buf));
}

static int on_disconnect(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			 const u8 *body)
{
	struct mqttk_disconnect d;
	int err;

	err = mqttk_wire_disconnect(peer->version, body, f->remaining, &d);
	if (err)
		return err;
	if (mqttk_props_has(&d.props, MQTTK_PROP_SESSION_EXPIRY)) {
		/* Section 3.14.2.2.2: what was to end cannot go on. */
		if (d.props.session_expiry && !peer->more->expiry)
			return -EPROTO;
		peer->more->expiry = d.props.session_expiry;
	}
	/* [MQTT-3.14.4-3]; any other reason leaves it due. */
	if (d.reason == MQTTK_REASON_NORMAL_DISCONNECTION)
		peer->will_on_close = false;
	peer->reason = d.reason;
	peer->state = MQTTK_PEER_DONE;
	return -ESHUTDOWN;
}

static int (* const handlers[])(struct mqttk_peer *peer,
				const struct mqttk_fixed *f,
				const u8 *body) = {
	[MQTTK_CONNECT] = mqttk_proto_connect,
	[MQTTK_PUBACK] = mqttk_proto_puback,
	[MQTTK_PUBREC] = mqttk_proto_pubrec,
	[MQTTK_PUBREL] = mqttk_proto_pubrel,
	[MQTTK_PUBCOMP] = mqttk_proto_pubcomp,
	[MQTTK_SUBSCRIBE] = mqttk_proto_subscribe,
	[MQTTK_UNSUBSCRIBE] = mqttk_proto_subscribe,
	[MQTTK_PINGREQ] = on_pingreq,
	[MQTTK_DISCONNECT] = on_disconnect,
};

/**
 * mqttk_proto_packet - a whole packet other than PUBLISH came
 * @peer: the connection
 * @f: its fixed header, which mqttk_proto_check() has let pass
 * @body: @f->remaining bytes; only borrowed
 *
 * Context: process; may sleep, yields.
 * Return: 0 or an error, see above
 */
int mqttk_proto_packet(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body)
{
	if (WARN_ON_ONCE(f->type >= ARRAY_SIZE(handlers) ||
			 !handlers[f->type]))
		return -EPROTO;
	return handlers[f->type](peer, f, body);
}

/* -- the end -------------------------------------------------------------- */

/* Only in 5.0 can a client change its mind. */
static u32 expiry_of(const struct mqttk_peer *peer)
{
	return peer->version == MQTTK_V5 ? peer->more->expiry :
					   READ_ONCE(peer->session->expiry);
}

static void leave_session(struct mqttk_peer *peer, bool quiet)
{
	struct mqttk_session_leave how = {
		.expiry = quiet ? 0 : expiry_of(peer),
		.replays = &peer->replays,
		.cause = peer->cause ?: MQTTK_CAUSE_ADMINISTRATOR,
		.reason = peer->reason,
	};
	struct mqttk_session *s = peer->session;

	if (peer->more && peer->will_on_close && !quiet) {
		how.will_delay = peer->more->will_delay;
		swap(how.will, peer->more->will);
	}
	/* Kept beyond that: the will is to say whose it is. */
	refcount_inc(&s->ref);
	mqttk_session_leave(s, &peer->ep, &how);
	peer->session = NULL;
	/* The session goes first: if it ends, it gets no copy of its own will. */
	if (how.will)
		mqttk_router_will(peer->mn, how.will, s);
	mqttk_session_put(s);
}

/**
 * mqttk_proto_end - the connection ends
 * @peer: the connection; nothing is sent in its session's name any more
 * @quiet: the whole broker ends: nobody is told, nothing goes on
 *
 * What senders may still use stays until mqttk_proto_free().
 *
 * Context: process; may sleep, yields.
 */
void mqttk_proto_end(struct mqttk_peer *peer, bool quiet)
{
	peer->state = MQTTK_PEER_DONE;
	mqttk_proto_forget(peer);
	if (peer->session)
		leave_session(peer, quiet);
	if (!peer->more)
		return;
	mqttk_msg_put(peer->more->will);
	peer->more->will = NULL;
	mqttk_aliases_in_free(&peer->more->aliases_in, &peer->mn->limits);
}

/**
 * mqttk_proto_free - forget what senders may have used
 * @peer: the connection; mqttk_proto_end() was called, and nobody sends for it
 */
void mqttk_proto_free(struct mqttk_peer *peer)
{
	struct mqttk_limits *limits = &peer->mn->limits;

	mqttk_out_free(&peer->out, limits);
	if (!peer->more)
		return;
	mqttk_aliases_out_free(&peer->more->aliases_out);
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, sizeof(*peer->more));
	kfree(peer->more);
	peer->more = NULL;
}
