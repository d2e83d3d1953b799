// SPDX-License-Identifier: GPL-2.0
/*
 * CONNECT: who may come in, on which terms, and with which session.
 */
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "access.h"
#include "events.h"
#include "limits.h"
#include "msg.h"
#include "net.h"
#include "proto_impl.h"
#include "session.h"
#include "terms.h"
#include "topic.h"
#include "trace.h"

/* A prefix and a UUID, as clients of mosquitto know it. */
#define AUTO_ID_MAX	(MQTTK_ID_PREFIX_MAX + UUID_STRING_LEN)

/* What a client's response topics begin with; its id and a slash follow. */
#define RESPONSE_PREFIX	"response/"

/**
 * struct welcome - what goes into an accepting CONNACK
 * @ca: the CONNACK; its strings point into the CONNECT or to here
 * @id: the client id that holds
 * @expiry: seconds the session shall outlive the connection
 * @response_info: allocated, or NULL
 * @auto_id: the one made up, if that is it
 */
struct welcome {
	struct mqttk_connack ca;
	struct mqttk_str id;
	u32 expiry;
	u8 *response_info;
	char auto_id[AUTO_ID_MAX + 1];
};

static u32 limit_of(const struct mqttk_peer *peer, enum mqttk_limit key)
{
	return min_t(unsigned long, mqttk_limit(&peer->mn->limits, key),
		     U32_MAX);
}

/* -- may it come in? ---------------------------------------------------- */

/*
 * Who is it? Returns a reason to refuse it, or 0. Here the question will be
 * handed over to whoever knows users.
 */
static u8 authenticate(const struct mqttk_peer *peer,
		       const struct mqttk_connect *c)
{
	if (mqttk_props_has(&c->props, MQTTK_PROP_AUTH_METHOD))
		return MQTTK_REASON_BAD_AUTH_METHOD;
	if (!peer->terms->anonymous)
		return MQTTK_REASON_NOT_AUTHORIZED;
	return 0;
}

static bool keepalive_too_long(const struct mqttk_peer *peer,
			       const struct mqttk_connect *c)
{
	u32 max = limit_of(peer, MQTTK_LIMIT_MAX_KEEPALIVE);

	return max && (!c->keepalive || c->keepalive > max);
}

/* Is the identifier that would hold one that the listener wants? */
static bool id_ok(const struct mqttk_peer *peer, const struct mqttk_connect *c)
{
	const struct mqttk_terms *t = peer->terms;
	const struct mqttk_str *id = &c->client_id;

	if (id->len)
		return mqttk_terms_admit_id(t, id->p, id->len);
	/* Before 5.0 a client cannot be told which id it was given. */
	if (c->version != MQTTK_V5 && (c->version == MQTTK_V31 || !c->clean))
		return false;
	return t->zero_length_id &&
	       mqttk_terms_admit_id(t, t->auto_id_prefix,
				    strlen(t->auto_id_prefix));
}

/* Returns a reason to refuse it, or 0. */
static u8 judge(const struct mqttk_peer *peer, const struct mqttk_connect *c)
{
	bool v5 = c->version == MQTTK_V5;
	u8 reason;

	if (!id_ok(peer, c))
		return MQTTK_REASON_BAD_CLIENT_ID;
	reason = authenticate(peer, c);
	if (reason)
		return reason;
	/* Nor another keep-alive; mosquitto answers alike. */
	if (!v5 && keepalive_too_long(peer, c)) {
		mqttk_limit_hit(&peer->mn->limits, MQTTK_LIMIT_MAX_KEEPALIVE,
				NULL);
		return MQTTK_REASON_BAD_CLIENT_ID;
	}
	if (!peer->admitted)
		return MQTTK_REASON_QUOTA_EXCEEDED;
	return 0;
}

/* -- the will ----------------------------------------------------------- */

static bool retains(const struct mqttk_peer *peer)
{
	return mqttk_limit(&peer->mn->limits, MQTTK_LIMIT_RETAIN_AVAILABLE);
}

/* Returns a reason to refuse the client, or 0. */
static u8 judge_will(const struct mqttk_peer *peer,
		     const struct mqttk_connect *c)
{
	if (c->will_qos > peer->terms->max_qos)
		return MQTTK_REASON_QOS_NOT_SUPPORTED;
	if (c->will_retain && !retains(peer))
		return MQTTK_REASON_RETAIN_NOT_SUPPORTED;
	if (!mqttk_proto_mountable(peer, &c->will_topic))
		return MQTTK_REASON_TOPIC_NAME_INVALID;
	return 0;
}

/* Likewise. */
static u8 get_more(struct mqttk_peer *peer)
{
	struct mqttk_limits *limits = &peer->mn->limits;
	size_t size = sizeof(*peer->more);

	if (!mqttk_charge(limits, MQTTK_BUDGET_CLIENT, size))
		return MQTTK_REASON_QUOTA_EXCEEDED;
	peer->more = kzalloc(size, MQTTK_GFP_PEER);
	if (peer->more)
		return 0;
	mqttk_uncharge(limits, MQTTK_BUDGET_CLIENT, size);
	return MQTTK_REASON_QUOTA_EXCEEDED;
}

/*
 * Who may not publish its will comes in without one, as with mosquitto: there
 * are devices whose will cannot be configured.
 */
static bool may_publish(const struct mqttk_peer *peer,
			const struct mqttk_connect *c,
			const struct mqttk_msg *will)
{
	struct mqttk_who who = { .id = c->client_id };

	if (c->has_user)
		who.user = c->user;
	return mqttk_access_may_who(peer->mn, &who, MQTTK_ACL_WRITE, will->data,
				    will->topic_len);
}

/* Returns a reason to refuse the client, or 0. */
static u8 make_will(struct mqttk_peer *peer, const struct mqttk_connect *c)
{
	const struct mqttk_str *payload = &c->will_payload;
	struct mqttk_msg *will;
	u8 reason = judge_will(peer, c);
	u32 done = 0;
	int n;

	if (reason || mqttk_proto_reserved(peer, &c->will_topic))
		return reason;
	will = mqttk_proto_msg(peer, &c->will_topic, &c->will_props,
			       payload->len);
	if (IS_ERR(will))
		return MQTTK_REASON_QUOTA_EXCEEDED;
	peer->more->will = will;
	while (done < payload->len) {
		n = mqttk_msg_reserve(will, payload->len - done,
				      MQTTK_GFP_PEER);
		if (n < 0)
			return MQTTK_REASON_QUOTA_EXCEEDED;
		done += mqttk_msg_fill(will, payload->p + done, n);
	}
	if (mqttk_proto_claims_text(peer, &c->will_props) &&
	    !mqttk_proto_is_text(will))
		return MQTTK_REASON_PAYLOAD_FORMAT_INVALID;
	if (!may_publish(peer, c, will)) {
		trace_mqttk_publish_refused(peer->mn->net, NULL, will,
					    c->will_qos,
					    MQTTK_REASON_NOT_AUTHORIZED);
		peer->more->will = NULL;
		mqttk_msg_put(will);
		return 0;
	}
	will->qos = c->will_qos;
	will->retain = c->will_retain;
	peer->more->will_delay = c->will_props.will_delay;
	return 0;
}

/* -- terms -------------------------------------------------------------- */

/* Seconds the session outlives the connection. */
static u32 expiry_of(const struct mqttk_peer *peer,
		     const struct mqttk_connect *c)
{
	u32 limit = limit_of(peer, MQTTK_LIMIT_PERSISTENT_EXPIRY);
	u32 expiry = c->props.session_expiry;

	if (c->version != MQTTK_V5)
		expiry = c->clean ? 0 : MQTTK_EXPIRY_NEVER;
	return limit ? min(expiry, limit) : expiry;
}

/* What the client asks for, as far as we go along with it. */
static void settle(struct mqttk_peer *peer, const struct mqttk_connect *c,
		   struct welcome *w)
{
	struct mqttk_connack *ca = &w->ca;

	peer->keepalive = c->keepalive;
	w->expiry = expiry_of(peer, c);
	peer->max_qos = peer->terms->max_qos;
	peer->retain_ok = retains(peer);
	if (c->version != MQTTK_V5)
		return;
	if (keepalive_too_long(peer, c)) {
		peer->keepalive = limit_of(peer, MQTTK_LIMIT_MAX_KEEPALIVE);
		ca->has_server_keepalive = true;
		ca->server_keepalive = peer->keepalive;
	}
	ca->has_max_qos = peer->max_qos < 2;
	ca->max_qos = peer->max_qos;
	ca->no_retain = !peer->retain_ok;
	peer->more->expiry = w->expiry;
	ca->has_session_expiry = w->expiry != c->props.session_expiry;
	ca->session_expiry = w->expiry;
	ca->receive_max = limit_of(peer, MQTTK_LIMIT_MAX_INFLIGHT);
	ca->max_packet_size = limit_of(peer, MQTTK_LIMIT_MAX_PACKET_SIZE);
	ca->topic_alias_max = limit_of(peer, MQTTK_LIMIT_MAX_TOPIC_ALIAS);
	if (ca->receive_max)
		peer->receive_max = ca->receive_max;
	peer->more->aliases_in.max = ca->topic_alias_max;
	/* Without memory for them there will be none. */
	mqttk_aliases_out_init(&peer->more->aliases_out, &peer->mn->limits,
			       c->props.topic_alias_max);
}

static void choose_id(const struct mqttk_peer *peer, struct welcome *w,
		      const struct mqttk_connect *c)
{
	uuid_t uuid;
	int len;

	w->id = c->client_id;
	if (w->id.len)
		return;
	uuid_gen(&uuid);
	len = scnprintf(w->auto_id, sizeof(w->auto_id), "%s%pUb",
			peer->terms->auto_id_prefix, &uuid);
	w->id = (struct mqttk_str){ w->auto_id, len };
	w->ca.assigned_id = w->id;	/* [MQTT-3.1.3-7] */
}

/*
 * Response topics of its own, if the client asks and its id can be part of a
 * topic. It gets none if there is no memory: it has to live without anyway.
 */
static void offer_response_topics(struct welcome *w,
				  const struct mqttk_connect *c)
{
	const u32 prefix = sizeof(RESPONSE_PREFIX) - 1;
	u32 len = prefix + w->id.len + 1;
	u8 *info;

	if (!c->props.request_response_info || len > MQTTK_TOPIC_LEN_MAX)
		return;
	info = kvmalloc(len, MQTTK_GFP_PEER);
	if (!info)
		return;
	memcpy(info, RESPONSE_PREFIX, prefix);
	memcpy(info + prefix, w->id.p, w->id.len);
	info[len - 1] = '/';
	w->response_info = info;
	if (mqttk_topic_valid(info, len))
		w->ca.response_info = (struct mqttk_str){ info, len };
}

/* -- the answer --------------------------------------------------------- */

/* Returns the packet's length, or -EMSGSIZE if the client would not take it. */
static int write_connack(const struct mqttk_peer *peer, u8 *buf,
			 struct mqttk_connack *ca)
{
	u32 len = mqttk_wire_put_connack(buf, peer->version, ca);

	if (len > peer->max_packet_size && ca->response_info.len) {
		ca->response_info.len = 0;
		len = mqttk_wire_put_connack(buf, peer->version, ca);
	}
	return len <= peer->max_packet_size ? len : -EMSGSIZE;
}

/* There is no memory to say that it is in, so it is not. */
static void back_out(struct mqttk_peer *peer, bool present, u32 expiry)
{
	struct mqttk_session_leave how = {
		.expiry = present ? expiry : 0,
		.replays = &peer->replays,
		.cause = MQTTK_CAUSE_RESOURCES,
	};

	mqttk_session_leave(peer->session, &peer->ep, &how);
	peer->session = NULL;
}

/* The way in. All that can fail and be answered goes before the session. */
static int let_in(struct mqttk_peer *peer, const struct mqttk_connect *c,
		  struct welcome *w, u8 *buf)
{
	const struct mqttk_session_open how = {
		.id = w->id.p,
		.id_len = w->id.len,
		.user = c->has_user ? c->user : (struct mqttk_str){},
		.receive_max = c->props.receive_max,
		.clean = c->clean,
		.expiry = w->expiry,
	};
	struct mqttk_session *s;
	bool present;
	int n, err;

	if (write_connack(peer, buf, &w->ca) < 0)
		return mqttk_proto_refuse(peer,
					  MQTTK_REASON_IMPLEMENTATION_SPECIFIC);
	s = mqttk_session_open(peer->mn, &how, &peer->ep, &present);
	if (IS_ERR(s))
		return mqttk_proto_refuse(peer, PTR_ERR(s) == -ESHUTDOWN ?
					  MQTTK_REASON_SERVER_UNAVAILABLE :
					  MQTTK_REASON_QUOTA_EXCEEDED);
	peer->session = s;
	w->ca.session_present = present;
	n = write_connack(peer, buf, &w->ca);
	err = mqttk_out_append(&peer->out, &peer->mn->limits, buf, n, 1,
			       MQTTK_GFP_PEER);
	if (err) {
		back_out(peer, present, w->expiry);
		return err;
	}
	peer->will_on_close = true;
	peer->state = MQTTK_PEER_CONNECTED;
	mqttk_stat_inc(peer->mn, MQTTK_STAT_CLIENTS_CONNECTED);
	mqttk_session_announce(s, &peer->ep, present);
	return 0;
}

static int welcome(struct mqttk_peer *peer, const struct mqttk_connect *c)
{
	struct welcome w = { };
	int err;
	u8 *buf;

	settle(peer, c, &w);
	choose_id(peer, &w, c);
	offer_response_topics(&w, c);
	buf = kvmalloc(MQTTK_CONNACK_MAX + w.ca.assigned_id.len +
		       w.ca.response_info.len, MQTTK_GFP_PEER);
	if (buf)
		err = let_in(peer, c, &w, buf);
	else
		err = mqttk_proto_refuse(peer, MQTTK_REASON_QUOTA_EXCEEDED);
	kvfree(buf);
	kvfree(w.response_info);
	return err;
}

/* [MQTT-1.5.5-1]; before 5.0 nothing says so, but this had to be known first. */
static bool length_is_shortest(const struct mqttk_fixed *f)
{
	return f->size == 2 || f->remaining >> (7 * (f->size - 2));
}

static int decode(const struct mqttk_fixed *f, const u8 *body,
		  struct mqttk_connect *c)
{
	int err = mqttk_wire_connect(body, f->remaining, c);

	if (!err && c->version == MQTTK_V5 && !length_is_shortest(f))
		err = -EBADMSG;
	return err;
}

/**
 * mqttk_proto_connect - CONNECT came
 * @peer: the connection
 * @f: its fixed header
 * @body: its body
 *
 * Return: 0 or an error, see proto.c
 */
int mqttk_proto_connect(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			const u8 *body)
{
	struct mqttk_connect c;
	u8 reason;
	int err;

	err = decode(f, body, &c);
	/* In the form of 3.1.1, as mosquitto does: that any client can read. */
	if (err == -EPROTONOSUPPORT)
		return mqttk_proto_refuse(peer,
					  MQTTK_REASON_UNSUPPORTED_VERSION);
	if (!err || c.version == MQTTK_V5)
		peer->version = c.version;
	if (err)
		return err;
	peer->max_packet_size = c.props.max_packet_size;
	peer->mount_len = peer->terms->mount_len;
	reason = judge(peer, &c);
	if (!reason && (c.has_will || c.version == MQTTK_V5))
		reason = get_more(peer);
	if (!reason && c.has_will)
		reason = make_will(peer, &c);
	if (reason)
		return mqttk_proto_refuse(peer, reason);
	return welcome(peer, &c);
}
