// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions by netlink, and what everything that belongs to a session shares:
 * naming one in a request, and dumping them by index.
 */
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "conn.h"
#include "ids.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink_impl.h"
#include "session.h"

/* A dump of clients or sessions leaves RCU after looking at so many. */
#define SESSIONS_PER_SLICE	64

/**
 * mqttk_nl_find_session - the session that a request names
 * @mn: the broker
 * @extack: the request's
 * @id: its attribute with a client identifier, or NULL
 * @index: its attribute with an index, or NULL
 * @type: of @id, which is missed if there is neither
 *
 * Return: the session, with a reference; -EINVAL, told, unless it is named by
 * one of both; -ENOENT, not told
 */
struct mqttk_session *mqttk_nl_find_session(struct mqttk_net *mn,
					    struct netlink_ext_ack *extack,
					    const struct nlattr *id,
					    const struct nlattr *index,
					    int type)
{
	struct mqttk_session *s;

	if (!index == !id) {
		if (!id)
			NL_SET_ERR_ATTR_MISS(extack, NULL, type);
		NL_SET_ERR_MSG_ATTR(extack, id,
				    "either a client identifier or an index is needed");
		return ERR_PTR(-EINVAL);
	}
	if (id) {
		s = mqttk_session_find(mn, nla_data(id), strlen(nla_data(id)));
	} else {
		rcu_read_lock();
		s = xa_load(&mn->session_ids, nla_get_u32(index));
		if (s && !refcount_inc_not_zero(&s->ref))
			s = NULL;
		rcu_read_unlock();
	}
	return s ?: ERR_PTR(-ENOENT);
}

/**
 * mqttk_nl_put_client_id - put a client identifier, cut if it is long
 * @skb: where
 * @s: whose
 * @type: attribute for the identifier
 * @len_type: attribute for its length, put if it is cut
 *
 * Return: 0 or -EMSGSIZE
 */
int mqttk_nl_put_client_id(struct sk_buff *skb, const struct mqttk_session *s,
			   int type, int len_type)
{
	return mqttk_nl_put_text(skb, type, len_type, s->id, s->id_len,
				 MQTTK_CLIENT_ID_SHOWN);
}

/*
 * Looks at some sessions from index cb->args[0] on and leaves there where to
 * go on: -EAGAIN if there may be more, 0 at the end.
 */
static int dump_slice(struct sk_buff *skb, struct netlink_callback *cb,
		      struct mqttk_net *mn, mqttk_nl_show_session_fn show)
{
	struct mqttk_session *s;
	unsigned int seen = 0;
	unsigned long index;
	int err = 0;

	rcu_read_lock();
	xa_for_each_start(&mn->session_ids, index, s, cb->args[0]) {
		err = show(skb, cb, s, index);
		if (err)
			break;
		cb->args[0] = index + 1;
		if (++seen == SESSIONS_PER_SLICE) {
			err = -EAGAIN;
			break;
		}
	}
	rcu_read_unlock();
	return err;
}

/**
 * mqttk_nl_sum_qos - messages of whatever QoS
 * @by_qos: how many of each
 *
 * Return: their sum
 */
u64 mqttk_nl_sum_qos(const u64 *by_qos)
{
	return by_qos[0] + by_qos[1] + by_qos[2];
}

/**
 * mqttk_nl_dump_sessions - go on with a dump by index
 * @skb: to fill
 * @cb: where the dump is: at the session with index args[0]
 * @show: shows one
 *
 * Indices do not move when others come and go, so what is there all the time is
 * shown once.
 *
 * Return: 0 or an error
 */
int mqttk_nl_dump_sessions(struct sk_buff *skb, struct netlink_callback *cb,
			   mqttk_nl_show_session_fn show)
{
	struct mqttk_net *mn = mqttk_nl_dump_net(cb);
	int err;

	while ((err = dump_slice(skb, cb, mn, show)) == -EAGAIN)
		cond_resched();
	return err;
}

/**
 * struct view - a session as it was while its lock was held
 * @session: which; alive under RCU or by the caller's reference
 * @index: of @session
 * @connected: its client is there
 * @since: CLOCK_BOOTTIME of the client's CONNECT, or when it left
 * @ends_at: CLOCK_BOOTTIME, 0: no end is in sight
 * @expiry: seconds it outlives its connection
 * @queued: messages
 * @queued_bytes: their topics, properties, payloads, and identifiers gathered
 * @inflight: messages to its client, not acknowledged
 * @unreleased: messages of QoS 2 from its client
 * @received: messages
 * @sent: messages
 * @dropped: messages
 * @expired: messages
 */
struct view {
	const struct mqttk_session *session;
	u32 index;
	bool connected;
	ktime_t since;
	ktime_t ends_at;
	u32 expiry;
	u32 queued;
	u64 queued_bytes;
	u32 inflight;
	u32 unreleased;
	u64 received;
	u64 sent;
	u64 dropped;
	u64 expired;
};

/* False if there is none, as far as anybody should see. */
static bool look_at_session(struct view *v, struct mqttk_session *s)
{
	struct mqttk_conn_info conn = { };
	struct mqttk_counts counts;
	bool alive;

	if (s->hidden)
		return false;
	memset(v, 0, sizeof(*v));
	v->session = s;
	spin_lock_bh(&s->lock);
	alive = !s->dead;
	v->connected = s->ep;
	v->since = s->away ? s->away->since : 0;
	if (s->ep && mqttk_conn_info(s->ep, &conn))
		v->since = conn.since;
	v->index = s->sub.index;
	v->ends_at = s->away ? s->away->ends_at : 0;
	v->expiry = s->expiry;
	v->queued = s->queue.nr;
	v->queued_bytes = s->queue.bytes;
	v->inflight = s->window.nr;
	v->unreleased = mqttk_ids_count(s->received_ids);
	counts = mqttk_session_counted(s);
	v->received = mqttk_nl_sum_qos(counts.received);
	v->sent = mqttk_nl_sum_qos(counts.sent);
	v->dropped = s->dropped;
	v->expired = counts.expired;
	spin_unlock_bh(&s->lock);
	return alive;
}

static int put_session_times(struct sk_buff *skb, const struct view *v)
{
	s64 left;

	if (nla_put_u8(skb, MQTTK_A_SESSION_CONNECTED, v->connected) ||
	    nla_put_u32(skb, MQTTK_A_SESSION_EXPIRY_INTERVAL, v->expiry))
		return -EMSGSIZE;
	if (v->connected)
		return nla_put_uint(skb, MQTTK_A_SESSION_CONNECTED_MSEC,
				    mqttk_nl_msec_since(v->since));
	if (nla_put_uint(skb, MQTTK_A_SESSION_AWAY_MSEC,
			 mqttk_nl_msec_since(v->since)))
		return -EMSGSIZE;
	if (!v->ends_at)
		return 0;
	left = ktime_ms_delta(v->ends_at, ktime_get_boottime());
	return nla_put_uint(skb, MQTTK_A_SESSION_ENDS_MSEC, max(left, 0));
}

static int put_session(struct sk_buff *skb, const struct view *v)
{
	const struct mqttk_session *s = v->session;

	if (nla_put_u32(skb, MQTTK_A_SESSION_INDEX, v->index) ||
	    mqttk_nl_put_client_id(skb, s, MQTTK_A_SESSION_ID,
				   MQTTK_A_SESSION_ID_LENGTH) ||
	    put_session_times(skb, v) ||
	    nla_put_u32(skb, MQTTK_A_SESSION_SUBSCRIPTIONS,
			READ_ONCE(s->sub.nr_subs)) ||
	    nla_put_u32(skb, MQTTK_A_SESSION_MESSAGES_QUEUED, v->queued) ||
	    nla_put_uint(skb, MQTTK_A_SESSION_BYTES_QUEUED, v->queued_bytes) ||
	    nla_put_u32(skb, MQTTK_A_SESSION_MESSAGES_INFLIGHT, v->inflight) ||
	    nla_put_u32(skb, MQTTK_A_SESSION_MESSAGES_UNRELEASED,
			v->unreleased) ||
	    nla_put_uint(skb, MQTTK_A_SESSION_MESSAGES_RECEIVED, v->received) ||
	    nla_put_uint(skb, MQTTK_A_SESSION_MESSAGES_SENT, v->sent) ||
	    nla_put_uint(skb, MQTTK_A_SESSION_MESSAGES_DROPPED, v->dropped) ||
	    nla_put_uint(skb, MQTTK_A_SESSION_MESSAGES_EXPIRED, v->expired))
		return -EMSGSIZE;
	return 0;
}

static struct mqttk_session *find_shown_session(struct genl_info *info)
{
	struct mqttk_session *s;

	s = mqttk_nl_find_session(info->user_ptr[0], info->extack,
				  info->attrs[MQTTK_A_SESSION_ID],
				  info->attrs[MQTTK_A_SESSION_INDEX],
				  MQTTK_A_SESSION_ID);
	if (!IS_ERR(s) && s->hidden) {
		mqttk_session_put(s);
		return ERR_PTR(-ENOENT);
	}
	return s;
}

static int no_such_session(struct genl_info *info)
{
	struct nlattr *id = info->attrs[MQTTK_A_SESSION_ID];

	NL_SET_ERR_MSG_ATTR(info->extack,
			    id ?: info->attrs[MQTTK_A_SESSION_INDEX],
			    "no such session");
	return -ENOENT;
}

/**
 * mqttk_nl_session_get_doit - show one session
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_session *s = find_shown_session(info);
	struct sk_buff *reply;
	struct view v;
	void *hdr;
	int err;

	if (IS_ERR(s))
		return s == ERR_PTR(-ENOENT) ? no_such_session(info) : PTR_ERR(s);
	if (!look_at_session(&v, s)) {
		err = no_such_session(info);
		goto put;
	}
	err = -ENOMEM;
	reply = mqttk_nl_begin_reply(info, 0, &hdr);
	if (reply)
		err = mqttk_nl_end_reply(reply, hdr, info,
					 put_session(reply, &v));
put:
	mqttk_session_put(s);
	return err;
}

static int dump_session(struct sk_buff *skb, struct netlink_callback *cb,
			struct mqttk_session *s, u32 index)
{
	struct view v;
	void *hdr;

	if (!look_at_session(&v, s))
		return 0;
	/* As in dump_client(). */
	v.index = index;
	hdr = genlmsg_iput(skb, genl_info_dump(cb));
	if (!hdr)
		return -EMSGSIZE;
	if (put_session(skb, &v)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * mqttk_nl_session_get_dumpit - show all sessions
 * @skb: to fill
 * @cb: where the dump is: at the session with index args[0]
 *
 * Return: 0 or an error
 */
int mqttk_nl_session_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	return mqttk_nl_dump_sessions(skb, cb, dump_session);
}

/**
 * mqttk_nl_session_del_doit - end a session
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_session *s = find_shown_session(info);
	int err = 0;

	if (IS_ERR(s))
		return s == ERR_PTR(-ENOENT) ? no_such_session(info) : PTR_ERR(s);
	if (!mqttk_session_end(s, MQTTK_END_ADMIN))
		err = no_such_session(info);
	mqttk_session_put(s);
	return err;
}
