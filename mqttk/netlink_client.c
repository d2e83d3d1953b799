// SPDX-License-Identifier: GPL-2.0
/*
 * Connected clients by netlink.
 */
#include <linux/string.h>
#include <net/genetlink.h>

#include "access.h"
#include "conn.h"
#include "ids.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"
#include "props.h"
#include "session.h"

/**
 * struct client - a client as it was while its session's lock was held
 * @session: whose; alive under RCU or by the caller's reference
 * @index: of @session
 * @conn: of its connection, if @tcp
 * @listener: name of the listener @conn came by
 * @tcp: attached by a connection; otherwise by /dev/mqtt
 * @received: messages, by QoS
 * @sent: messages, by QoS
 * @dropped: messages
 * @expired: messages
 * @queued: messages
 * @queued_bytes: their topics, properties, payloads, and identifiers gathered
 * @inflight: messages to it, not acknowledged
 * @unreleased: messages of QoS 2 from it
 * @expiry: seconds @session outlives @conn
 */
struct client {
	const struct mqttk_session *session;
	u32 index;
	struct mqttk_conn_info conn;
	char listener[MQTTK_LISTENER_NAME_MAX + 1];
	bool tcp;
	u64 received[MQTTK_NR_QOS];
	u64 sent[MQTTK_NR_QOS];
	u64 dropped;
	u64 expired;
	u32 queued;
	u64 queued_bytes;
	u32 inflight;
	u32 unreleased;
	u32 expiry;
};

/* False if nobody is connected. */
static bool look_at_client(struct client *c, struct mqttk_session *s)
{
	struct mqttk_counts counts;
	bool connected;

	memset(c, 0, sizeof(*c));
	spin_lock_bh(&s->lock);
	connected = s->ep && !s->dead;
	if (connected) {
		c->session = s;
		c->index = s->sub.index;
		c->tcp = mqttk_conn_info(s->ep, &c->conn);
		if (c->tcp)
			strscpy(c->listener, c->conn.listener);
		counts = mqttk_session_counted(s);
		memcpy(c->received, counts.received, sizeof(c->received));
		memcpy(c->sent, counts.sent, sizeof(c->sent));
		c->dropped = s->dropped;
		c->expired = counts.expired;
		c->queued = s->queue.nr;
		c->queued_bytes = s->queue.bytes;
		c->inflight = s->window.nr;
		c->unreleased = mqttk_ids_count(s->received_ids);
		c->expiry = s->expiry;
	}
	spin_unlock_bh(&s->lock);
	return connected;
}

static const struct mqttk_nl_addr_types peer_addr = {
	.ipv4 = MQTTK_A_CLIENT_IPV4,
	.ipv6 = MQTTK_A_CLIENT_IPV6,
	.scope_id = MQTTK_A_CLIENT_SCOPE_ID,
	.port = MQTTK_A_CLIENT_PORT,
};

static int put_client_conn(struct sk_buff *skb, const struct client *c)
{
	if (nla_put_string(skb, MQTTK_A_CLIENT_LISTENER, c->listener) ||
	    mqttk_nl_put_addr(skb, &c->conn.addr, &peer_addr) ||
	    nla_put_u8(skb, MQTTK_A_CLIENT_PROTOCOL_LEVEL, c->conn.version) ||
	    nla_put_u16(skb, MQTTK_A_CLIENT_KEEPALIVE, c->conn.keepalive) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_CONNECTED_MSEC,
			 mqttk_nl_msec_since(c->conn.since)) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_EXPIRY_INTERVAL, c->expiry) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_BYTES_RECEIVED,
			 c->conn.bytes_received) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_BYTES_SENT, c->conn.bytes_sent))
		return -EMSGSIZE;
	return 0;
}

/* The attributes of each QoS follow each other. */
static int put_by_qos(struct sk_buff *skb, int attr, const u64 *messages)
{
	int qos;

	for (qos = 0; qos < MQTTK_NR_QOS; qos++)
		if (nla_put_uint(skb, attr + qos, messages[qos]))
			return -EMSGSIZE;
	return 0;
}

static int put_user_name(struct sk_buff *skb, const struct mqttk_session *s)
{
	const struct mqttk_user *user;
	int err = 0;

	rcu_read_lock();
	user = rcu_dereference(s->user);
	if (user)
		err = mqttk_nl_put_text(skb, MQTTK_A_CLIENT_USER,
					MQTTK_A_CLIENT_USER_LENGTH, user->name,
					user->len, MQTTK_CLIENT_ID_SHOWN);
	rcu_read_unlock();
	return err;
}

static int put_client(struct sk_buff *skb, const struct client *c)
{
	const struct mqttk_session *s = c->session;
	u32 transport = c->tcp ? MQTTK_TRANSPORT_TCP : MQTTK_TRANSPORT_DEVICE;

	if (nla_put_u32(skb, MQTTK_A_CLIENT_INDEX, c->index) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_TRANSPORT, transport))
		return -EMSGSIZE;
	if (!s->hidden &&
	    mqttk_nl_put_client_id(skb, s, MQTTK_A_CLIENT_ID,
				   MQTTK_A_CLIENT_ID_LENGTH))
		return -EMSGSIZE;
	if (c->tcp && (put_client_conn(skb, c) || put_user_name(skb, s)))
		return -EMSGSIZE;
	if (nla_put_uint(skb, MQTTK_A_CLIENT_MESSAGES_RECEIVED,
			 mqttk_nl_sum_qos(c->received)) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_MESSAGES_SENT,
			 mqttk_nl_sum_qos(c->sent)) ||
	    put_by_qos(skb, MQTTK_A_CLIENT_QOS0_RECEIVED, c->received) ||
	    put_by_qos(skb, MQTTK_A_CLIENT_QOS0_SENT, c->sent) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_MESSAGES_DROPPED, c->dropped) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_MESSAGES_QUEUED, c->queued) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_BYTES_QUEUED, c->queued_bytes) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_MESSAGES_INFLIGHT, c->inflight) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_MESSAGES_UNRELEASED,
			c->unreleased) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_MESSAGES_EXPIRED, c->expired) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_SUBSCRIPTIONS,
			READ_ONCE(s->sub.nr_subs)))
		return -EMSGSIZE;
	return 0;
}

static struct mqttk_session *find_client(struct genl_info *info)
{
	return mqttk_nl_find_session(info->user_ptr[0], info->extack,
				     info->attrs[MQTTK_A_CLIENT_ID],
				     info->attrs[MQTTK_A_CLIENT_INDEX],
				     MQTTK_A_CLIENT_ID);
}

static int no_such_client(struct genl_info *info)
{
	struct nlattr *id = info->attrs[MQTTK_A_CLIENT_ID];

	NL_SET_ERR_MSG_ATTR(info->extack,
			    id ?: info->attrs[MQTTK_A_CLIENT_INDEX],
			    "no such client is connected");
	return -ENOENT;
}

/**
 * mqttk_nl_client_get_doit - show one client
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_client_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_session *s = find_client(info);
	struct sk_buff *reply;
	struct client c;
	void *hdr;
	int err;

	if (IS_ERR(s))
		return s == ERR_PTR(-ENOENT) ? no_such_client(info) : PTR_ERR(s);
	if (!look_at_client(&c, s)) {
		err = no_such_client(info);
		goto put;
	}
	err = -ENOMEM;
	reply = mqttk_nl_begin_reply(info, 0, &hdr);
	if (reply)
		err = mqttk_nl_end_reply(reply, hdr, info,
					 put_client(reply, &c));
put:
	mqttk_session_put(s);
	return err;
}

static int dump_client(struct sk_buff *skb, struct netlink_callback *cb,
		       struct mqttk_session *s, u32 index)
{
	struct client c;
	void *hdr;

	if (!look_at_client(&c, s))
		return 0;
	/* A session that is just being opened may not know its index yet. */
	c.index = index;
	hdr = genlmsg_iput(skb, genl_info_dump(cb));
	if (!hdr)
		return -EMSGSIZE;
	if (put_client(skb, &c)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * mqttk_nl_client_get_dumpit - show all clients
 * @skb: to fill
 * @cb: where the dump is: at the session with index args[0]
 *
 * Return: 0 or an error
 */
int mqttk_nl_client_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return mqttk_nl_dump_sessions(skb, cb, dump_client);
}

/* May a server say this in DISCONNECT, other than that all is well? */
static bool is_disconnect_error(u8 reason)
{
	switch (reason) {
	case MQTTK_REASON_UNSUPPORTED_VERSION:
	case MQTTK_REASON_BAD_CLIENT_ID:
	case MQTTK_REASON_BAD_CREDENTIALS:
	case MQTTK_REASON_SERVER_UNAVAILABLE:
	case MQTTK_REASON_BANNED:
	case MQTTK_REASON_BAD_AUTH_METHOD:
	case MQTTK_REASON_PACKET_ID_IN_USE:
	case MQTTK_REASON_PACKET_ID_NOT_FOUND:
		return false;
	}
	return reason >= MQTTK_REASON_UNSPECIFIED_ERROR &&
	       reason <= MQTTK_REASON_WILDCARDS_NOT_SUPPORTED;
}

/**
 * mqttk_nl_client_disconnect_doit - disconnect a client
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_client_disconnect_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	struct nlattr *attr = info->attrs[MQTTK_A_CLIENT_REASON];
	u8 reason = MQTTK_REASON_ADMINISTRATIVE_ACTION;
	struct mqttk_session *s;
	int err = 0;

	if (attr)
		reason = nla_get_u8(attr);
	if (!is_disconnect_error(reason)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "not a reason a server may disconnect for");
		return -EINVAL;
	}
	s = find_client(info);
	if (IS_ERR(s))
		return s == ERR_PTR(-ENOENT) ? no_such_client(info) : PTR_ERR(s);
	if (!mqttk_session_kick(s, reason))
		err = no_such_client(info);
	mqttk_session_put(s);
	return err;
}
