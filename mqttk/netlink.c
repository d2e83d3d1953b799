// SPDX-License-Identifier: GPL-2.0
/*
 * Control and inspection by generic netlink. Everything acts on the network
 * namespace of the caller's socket, which holds it (and so its broker) for as
 * long as an operation or a dump runs.
 *
 * There is deliberately no genl alias: whoever may open a socket must not be
 * able to load the module.
 */
#include <linux/capability.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "conn.h"
#include "limits.h"
#include "listener.h"
#include "net.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "props.h"
#include "session.h"

/* A dump of clients or sessions leaves RCU after looking at so many. */
#define SESSIONS_PER_SLICE	64

static struct genl_family mqttk_family;

static struct mqttk_net *dump_net(struct netlink_callback *cb)
{
	return mqttk_net(genl_info_net(genl_info_dump(cb)));
}

/* Says which attribute was at fault where a lower layer only said what is. */
static int blame(struct genl_info *info, const struct nlattr *attr, int err)
{
	if (err && attr && !info->extack->bad_attr)
		NL_SET_BAD_ATTR(info->extack, attr);
	return err;
}

/**
 * mqttk_nl_pre_doit - what comes before every request
 * @ops: the operation
 * @skb: the request
 * @info: likewise; its user_ptr[0] becomes the broker
 *
 * Return: 0 or -EPERM
 */
int mqttk_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
		      struct genl_info *info)
{
	struct net *net = genl_info_net(info);

	if (!mqttk_net_allowed(net, info->extack))
		return -EPERM;
	info->user_ptr[0] = mqttk_net(net);
	return 0;
}

/**
 * mqttk_nl_pre_dumpit - what comes before every dump
 * @cb: the dump
 *
 * Return: 0 or -EPERM
 */
int mqttk_nl_pre_dumpit(struct netlink_callback *cb)
{
	struct net *net = genl_info_net(genl_info_dump(cb));

	return mqttk_net_allowed(net, cb->extack) ? 0 : -EPERM;
}

/*
 * Replies of one message: begin_reply(), attributes, and end_reply() with what
 * came of putting them.
 */
static struct sk_buff *begin_reply(struct genl_info *info, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_iput(skb, info);
	if (!*hdr) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static int end_reply(struct sk_buff *skb, void *hdr, struct genl_info *info,
		     int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int put_addr(struct sk_buff *skb, const struct sockaddr_storage *addr,
		    int ipv4, int ipv6, int scope_id, int port)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;

	switch (addr->ss_family) {
	case AF_INET:
		if (nla_put_in_addr(skb, ipv4, sin->sin_addr.s_addr) ||
		    nla_put_be16(skb, port, sin->sin_port))
			return -EMSGSIZE;
		break;
	case AF_INET6:
		if (nla_put_in6_addr(skb, ipv6, &sin6->sin6_addr) ||
		    nla_put_be16(skb, port, sin6->sin6_port))
			return -EMSGSIZE;
		if (sin6->sin6_scope_id &&
		    nla_put_s32(skb, scope_id, sin6->sin6_scope_id))
			return -EMSGSIZE;
		break;
	}
	return 0;
}

/* Listeners */

static int get_listener_addr(struct genl_info *info,
			     struct sockaddr_storage *addr)
{
	struct nlattr *v4 = info->attrs[MQTTK_A_LISTENER_IPV4];
	struct nlattr *v6 = info->attrs[MQTTK_A_LISTENER_IPV6];
	struct nlattr *scope = info->attrs[MQTTK_A_LISTENER_SCOPE_ID];
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	__be16 port = nla_get_be16(info->attrs[MQTTK_A_LISTENER_PORT]);

	if (v4 && v6) {
		NL_SET_ERR_MSG_ATTR(info->extack, v6,
				    "a listener has one address, IPv4 or IPv6");
		return -EINVAL;
	}
	if (scope && !v6) {
		NL_SET_ERR_MSG_ATTR(info->extack, scope,
				    "a scope needs an IPv6 address");
		return -EINVAL;
	}
	if (v4) {
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = nla_get_in_addr(v4);
		sin->sin_port = port;
		return 0;
	}
	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_IPV6)) {
		NL_SET_ERR_MSG(info->extack, "an address is needed");
		return -EINVAL;
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = nla_get_in6_addr(v6);
	sin6->sin6_port = port;
	if (scope)
		sin6->sin6_scope_id = nla_get_s32(scope);
	return 0;
}

/**
 * mqttk_nl_listener_new_doit - open a listener
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_listener_config config = { };
	struct mqttk_net *mn = info->user_ptr[0];
	struct nlattr *name = info->attrs[MQTTK_A_LISTENER_NAME];
	struct nlattr *attr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_PORT)) {
		NL_SET_ERR_MSG(info->extack, "a port is needed");
		return -EINVAL;
	}
	err = get_listener_addr(info, &config.addr);
	if (err)
		return err;
	if (name)
		nla_strscpy(config.name, name, sizeof(config.name));
	attr = info->attrs[MQTTK_A_LISTENER_BIND_IFINDEX];
	if (attr)
		config.bind_ifindex = nla_get_s32(attr);
	attr = info->attrs[MQTTK_A_LISTENER_ANONYMOUS];
	if (attr)
		config.anonymous = nla_get_u8(attr);
	attr = info->attrs[MQTTK_A_LISTENER_MAX_CONNECTIONS];
	if (attr)
		config.max_connections = nla_get_u32(attr);

	err = mqttk_listener_add(mn, &config, info->extack);
	if (err == -EEXIST)
		return blame(info, name, err);
	return blame(info, info->attrs[MQTTK_A_LISTENER_PORT], err);
}

/**
 * mqttk_nl_listener_del_doit - close a listener
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[MQTTK_A_LISTENER_NAME];
	struct mqttk_net *mn = info->user_ptr[0];
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_NAME)) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	err = mqttk_listener_del(mn, nla_data(name), info->extack);
	return blame(info, name, err);
}

static int put_listener(struct sk_buff *skb, struct mqttk_listener *ln)
{
	const struct mqttk_listener_config *c = &ln->config;

	lockdep_assert_held(&ln->mn->ctl_mutex);
	if (nla_put_string(skb, MQTTK_A_LISTENER_NAME, c->name) ||
	    put_addr(skb, &c->addr, MQTTK_A_LISTENER_IPV4,
		     MQTTK_A_LISTENER_IPV6, MQTTK_A_LISTENER_SCOPE_ID,
		     MQTTK_A_LISTENER_PORT) ||
	    nla_put_u8(skb, MQTTK_A_LISTENER_ANONYMOUS, c->anonymous) ||
	    nla_put_u32(skb, MQTTK_A_LISTENER_MAX_CONNECTIONS,
			c->max_connections) ||
	    nla_put_u32(skb, MQTTK_A_LISTENER_CONNECTIONS,
			atomic_read(&ln->nr_conns)) ||
	    nla_put_uint(skb, MQTTK_A_LISTENER_ACCEPTED,
			 (unsigned long)atomic_long_read(&ln->accepted)) ||
	    nla_put_uint(skb, MQTTK_A_LISTENER_REFUSED,
			 (unsigned long)atomic_long_read(&ln->refused)))
		return -EMSGSIZE;
	if (c->bind_ifindex &&
	    nla_put_s32(skb, MQTTK_A_LISTENER_BIND_IFINDEX, c->bind_ifindex))
		return -EMSGSIZE;
	return 0;
}

static struct mqttk_listener *find_listener(struct mqttk_net *mn,
					    const char *name)
{
	struct mqttk_listener *ln;

	list_for_each_entry(ln, &mn->listeners, list)
		if (!strcmp(ln->config.name, name))
			return ln;
	return NULL;
}

/**
 * mqttk_nl_listener_get_doit - show one listener
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[MQTTK_A_LISTENER_NAME];
	struct mqttk_net *mn = info->user_ptr[0];
	struct mqttk_listener *ln;
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LISTENER_NAME)) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	reply = begin_reply(info, &hdr);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&mn->ctl_mutex);
	ln = find_listener(mn, nla_data(name));
	err = ln ? put_listener(reply, ln) : -ENOENT;
	mutex_unlock(&mn->ctl_mutex);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, name, "no such listener");
	return end_reply(reply, hdr, info, err);
}

static int dump_listener(struct sk_buff *skb, struct netlink_callback *cb,
			 struct mqttk_listener *ln)
{
	void *hdr = genlmsg_iput(skb, genl_info_dump(cb));

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_listener(skb, ln)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * mqttk_nl_listener_get_dumpit - show all listeners
 * @skb: to fill
 * @cb: where the dump is: args[0] listeners were shown
 *
 * Return: 0 or an error
 */
int mqttk_nl_listener_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct mqttk_net *mn = dump_net(cb);
	struct mqttk_listener *ln;
	long at = 0;
	int err = 0;

	mutex_lock(&mn->ctl_mutex);
	cb->seq = mn->listeners_seq;
	list_for_each_entry(ln, &mn->listeners, list) {
		if (at++ < cb->args[0])
			continue;
		err = dump_listener(skb, cb, ln);
		if (err)
			break;
		cb->args[0] = at;
	}
	mutex_unlock(&mn->ctl_mutex);
	return err;
}

/* Clients and sessions: what they share */

/*
 * The session that a request names by client identifier or by index, with a
 * reference, or an error pointer.
 */
static struct mqttk_session *find_session(struct genl_info *info,
					  const struct nlattr *id,
					  const struct nlattr *index)
{
	struct mqttk_net *mn = info->user_ptr[0];
	struct mqttk_session *s;

	if (!index == !id) {
		NL_SET_ERR_MSG_ATTR(info->extack, id,
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

/* A client identifier, cut if it is long; then @len_type says how long it is. */
static int put_client_id(struct sk_buff *skb, const struct mqttk_session *s,
			 int type, int len_type)
{
	u16 len = min_t(u16, s->id_len, MQTTK_CLIENT_ID_SHOWN);
	struct nlattr *attr;
	u8 *to;

	attr = nla_reserve(skb, type, len + 1);
	if (!attr)
		return -EMSGSIZE;
	to = nla_data(attr);
	memcpy(to, s->id, len);
	to[len] = '\0';
	return len < s->id_len ? nla_put_u32(skb, len_type, s->id_len) : 0;
}

/* What has no time yet is just beginning. */
static u64 msec_since(ktime_t when)
{
	return when ? max(ktime_ms_delta(ktime_get_boottime(), when), 0) : 0;
}

/* Shows a session in a dump, or passes it over: 0 or -EMSGSIZE. */
typedef int (*dump_session_fn)(struct sk_buff *skb, struct netlink_callback *cb,
			       struct mqttk_session *s, u32 index);

/*
 * Looks at some sessions from index cb->args[0] on and leaves there where to
 * go on: -EAGAIN if there may be more, 0 at the end.
 */
static int dump_slice(struct sk_buff *skb, struct netlink_callback *cb,
		      struct mqttk_net *mn, dump_session_fn show)
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

/*
 * Dumps by index. Indices do not move when others come and go, so what is there
 * all the time is shown once.
 */
static int dump_sessions(struct sk_buff *skb, struct netlink_callback *cb,
			 dump_session_fn show)
{
	struct mqttk_net *mn = dump_net(cb);
	int err;

	while ((err = dump_slice(skb, cb, mn, show)) == -EAGAIN)
		cond_resched();
	return err;
}

/* Clients */

/**
 * struct client - a client as it was while its session's lock was held
 * @session: whose; alive under RCU or by the caller's reference
 * @index: of @session
 * @conn: of its connection, if @tcp
 * @listener: name of the listener @conn came by
 * @tcp: attached by a connection; otherwise by /dev/mqtt
 * @received: messages
 * @sent: messages
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
	u64 received;
	u64 sent;
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
		c->received = s->received;
		c->sent = s->sent;
		c->dropped = s->dropped;
		c->expired = s->expired;
		c->queued = s->queue.nr;
		c->queued_bytes = s->queue.bytes;
		c->inflight = s->window.nr;
		c->unreleased = s->nr_received_ids;
		c->expiry = s->expiry;
	}
	spin_unlock_bh(&s->lock);
	return connected;
}

static int put_client_conn(struct sk_buff *skb, const struct client *c)
{
	if (nla_put_string(skb, MQTTK_A_CLIENT_LISTENER, c->listener) ||
	    put_addr(skb, &c->conn.addr, MQTTK_A_CLIENT_IPV4,
		     MQTTK_A_CLIENT_IPV6, MQTTK_A_CLIENT_SCOPE_ID,
		     MQTTK_A_CLIENT_PORT) ||
	    nla_put_u8(skb, MQTTK_A_CLIENT_PROTOCOL_LEVEL, c->conn.version) ||
	    nla_put_u16(skb, MQTTK_A_CLIENT_KEEPALIVE, c->conn.keepalive) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_CONNECTED_MSEC,
			 msec_since(c->conn.since)) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_EXPIRY_INTERVAL, c->expiry) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_BYTES_RECEIVED,
			 c->conn.bytes_received) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_BYTES_SENT, c->conn.bytes_sent))
		return -EMSGSIZE;
	return 0;
}

static int put_client(struct sk_buff *skb, const struct client *c)
{
	const struct mqttk_session *s = c->session;
	u32 transport = c->tcp ? MQTTK_TRANSPORT_TCP : MQTTK_TRANSPORT_DEVICE;

	if (nla_put_u32(skb, MQTTK_A_CLIENT_INDEX, c->index) ||
	    nla_put_u32(skb, MQTTK_A_CLIENT_TRANSPORT, transport))
		return -EMSGSIZE;
	if (!s->hidden && put_client_id(skb, s, MQTTK_A_CLIENT_ID,
					MQTTK_A_CLIENT_ID_LENGTH))
		return -EMSGSIZE;
	if (c->tcp && put_client_conn(skb, c))
		return -EMSGSIZE;
	if (nla_put_uint(skb, MQTTK_A_CLIENT_MESSAGES_RECEIVED, c->received) ||
	    nla_put_uint(skb, MQTTK_A_CLIENT_MESSAGES_SENT, c->sent) ||
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
	return find_session(info, info->attrs[MQTTK_A_CLIENT_ID],
			    info->attrs[MQTTK_A_CLIENT_INDEX]);
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
	reply = begin_reply(info, &hdr);
	if (reply)
		err = end_reply(reply, hdr, info, put_client(reply, &c));
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
	return dump_sessions(skb, cb, dump_client);
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

/* Sessions */

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
	bool alive;

	if (s->hidden)
		return false;
	memset(v, 0, sizeof(*v));
	v->session = s;
	spin_lock_bh(&s->lock);
	alive = !s->dead;
	v->connected = s->ep;
	v->since = s->away_since;
	if (s->ep && mqttk_conn_info(s->ep, &conn))
		v->since = conn.since;
	v->index = s->sub.index;
	v->ends_at = s->ends_at;
	v->expiry = s->expiry;
	v->queued = s->queue.nr;
	v->queued_bytes = s->queue.bytes;
	v->inflight = s->window.nr;
	v->unreleased = s->nr_received_ids;
	v->received = s->received;
	v->sent = s->sent;
	v->dropped = s->dropped;
	v->expired = s->expired;
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
				    msec_since(v->since));
	if (nla_put_uint(skb, MQTTK_A_SESSION_AWAY_MSEC, msec_since(v->since)))
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
	    put_client_id(skb, s, MQTTK_A_SESSION_ID,
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

	s = find_session(info, info->attrs[MQTTK_A_SESSION_ID],
			 info->attrs[MQTTK_A_SESSION_INDEX]);
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
	reply = begin_reply(info, &hdr);
	if (reply)
		err = end_reply(reply, hdr, info, put_session(reply, &v));
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
	return dump_sessions(skb, cb, dump_session);
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

/* Limits */

/* Ceilings are the initial user namespace's administrator's to pass. */
static bool is_init_admin(const struct sk_buff *request)
{
	return netlink_capable(request, CAP_NET_ADMIN);
}

static int put_limit(struct sk_buff *skb, struct mqttk_net *mn,
		     enum mqttk_limit key, bool init_admin)
{
	const struct mqttk_limit_desc *d = &mqttk_limit_desc[key];
	bool initial = mqttk_net_is_initial(mn->net);
	struct mqttk_limits *l = &mn->limits;
	int budget = key - MQTTK_LIMIT_HANDSHAKE_MEMORY;

	/* The memory limits are the last ones, in the order of the budgets. */
	BUILD_BUG_ON(MQTTK_LIMIT_NR - MQTTK_LIMIT_HANDSHAKE_MEMORY !=
		     MQTTK_BUDGET_NR);
	BUILD_BUG_ON(MQTTK_LIMIT_RETAINED_MEMORY -
		     MQTTK_LIMIT_HANDSHAKE_MEMORY != MQTTK_BUDGET_RETAINED);

	if (nla_put_string(skb, MQTTK_A_LIMIT_NAME, d->name) ||
	    nla_put_string(skb, MQTTK_A_LIMIT_UNIT, d->unit) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_VALUE, mqttk_limit(l, key)) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_MINIMUM, d->min) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_MAXIMUM,
			 init_admin ? d->max : d->userns_max) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_DEFAULT,
			 initial ? d->def : min(d->def, d->userns_max)))
		return -EMSGSIZE;
	if (budget < 0)
		return 0;
	if (nla_put_uint(skb, MQTTK_A_LIMIT_USED,
			 percpu_counter_sum_positive(&l->used[budget])) ||
	    nla_put_uint(skb, MQTTK_A_LIMIT_OVERFLOWS,
			 (unsigned long)atomic_long_read(&l->overflow[budget])))
		return -EMSGSIZE;
	return 0;
}

/* The limit a request names, or an error. */
static int find_limit(struct genl_info *info)
{
	struct nlattr *name = info->attrs[MQTTK_A_LIMIT_NAME];
	int key;

	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LIMIT_NAME)) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	for (key = 0; key < MQTTK_LIMIT_NR; key++)
		if (!strcmp(mqttk_limit_desc[key].name, nla_data(name)))
			return key;
	NL_SET_ERR_MSG_ATTR(info->extack, name, "no such limit");
	return -ENOENT;
}

/**
 * mqttk_nl_limit_get_doit - show one limit
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_limit_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];
	int key = find_limit(info);
	struct sk_buff *reply;
	void *hdr;

	if (key < 0)
		return key;
	reply = begin_reply(info, &hdr);
	if (!reply)
		return -ENOMEM;
	return end_reply(reply, hdr, info,
			 put_limit(reply, mn, key, is_init_admin(skb)));
}

/**
 * mqttk_nl_limit_get_dumpit - show all limits
 * @skb: to fill
 * @cb: where the dump is: args[0] limits were shown
 *
 * Return: 0 or an error
 */
int mqttk_nl_limit_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool init_admin = is_init_admin(cb->skb);
	struct mqttk_net *mn = dump_net(cb);
	void *hdr;

	for (; cb->args[0] < MQTTK_LIMIT_NR; cb->args[0]++) {
		hdr = genlmsg_iput(skb, genl_info_dump(cb));
		if (!hdr)
			return -EMSGSIZE;
		if (put_limit(skb, mn, cb->args[0], init_admin)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
	}
	return 0;
}

/**
 * mqttk_nl_limit_set_doit - set a limit
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_limit_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *value = info->attrs[MQTTK_A_LIMIT_VALUE];
	struct mqttk_net *mn = info->user_ptr[0];
	bool init_admin = is_init_admin(skb);
	const struct mqttk_limit_desc *d;
	int key = find_limit(info);
	int err;

	if (key < 0)
		return key;
	if (GENL_REQ_ATTR_CHECK(info, MQTTK_A_LIMIT_VALUE)) {
		NL_SET_ERR_MSG(info->extack, "a value is needed");
		return -EINVAL;
	}
	mutex_lock(&mn->ctl_mutex);
	err = mqttk_limit_set(&mn->limits, key, nla_get_uint(value),
			      init_admin);
	mutex_unlock(&mn->ctl_mutex);
	if (!err && key == MQTTK_LIMIT_SYS_INTERVAL)
		mqttk_sys_refresh(mn);
	d = &mqttk_limit_desc[key];
	if (err == -ERANGE)
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, value,
					"the value must be %lu to %lu", d->min,
					init_admin ? d->max : d->userns_max);
	return blame(info, value, err);
}

/* Totals */

static int put_counters(struct sk_buff *skb, const struct mqttk_net *mn)
{
	struct nlattr *nest = nla_nest_start(skb, MQTTK_A_STATS_COUNTERS);
	int i;

	/* enum mqttk_stat and the attributes are the same list. */
	BUILD_BUG_ON(MQTTK_STAT_NR - (int)MQTTK_A_COUNTERS_MAX);
	BUILD_BUG_ON(MQTTK_STAT_BYTES_RECEIVED -
		     (int)MQTTK_A_COUNTERS_BYTES_RECEIVED + 1);
	BUILD_BUG_ON(MQTTK_STAT_WILLS_SENT -
		     (int)MQTTK_A_COUNTERS_WILLS_SENT + 1);
	BUILD_BUG_ON(MQTTK_STAT_SESSIONS_EXPIRED -
		     (int)MQTTK_A_COUNTERS_SESSIONS_EXPIRED + 1);
	BUILD_BUG_ON(MQTTK_STAT_PUBLISH_BYTES_SENT -
		     (int)MQTTK_A_COUNTERS_PUBLISH_BYTES_SENT + 1);

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < MQTTK_STAT_NR; i++)
		if (nla_put_uint(skb, i + 1, mqttk_stat_sum(mn, i)))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_stats(struct sk_buff *skb, struct mqttk_net *mn)
{
	if (put_counters(skb, mn) ||
	    nla_put_u32(skb, MQTTK_A_STATS_CONNECTIONS,
			READ_ONCE(mn->nr_conns)) ||
	    nla_put_u32(skb, MQTTK_A_STATS_SESSIONS,
			atomic_read(&mn->sessions.nelems)) ||
	    nla_put_u32(skb, MQTTK_A_STATS_FILTERS,
			READ_ONCE(mn->index.nr_filters)) ||
	    nla_put_u32(skb, MQTTK_A_STATS_SUBSCRIPTIONS,
			READ_ONCE(mn->index.nr_subs)) ||
	    nla_put_uint(skb, MQTTK_A_STATS_RETAINED_MESSAGES,
			 READ_ONCE(mn->retained.count)) ||
	    nla_put_uint(skb, MQTTK_A_STATS_RETAINED_BYTES,
			 READ_ONCE(mn->retained.bytes)))
		return -EMSGSIZE;
	return 0;
}

/**
 * mqttk_nl_stats_get_doit - show the totals
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];
	struct sk_buff *reply;
	void *hdr;

	reply = begin_reply(info, &hdr);
	if (!reply)
		return -ENOMEM;
	return end_reply(reply, hdr, info, put_stats(reply, mn));
}

/**
 * mqttk_nl_reset_doit - back to the state just after loading
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error
 */
int mqttk_nl_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mqttk_net *mn = info->user_ptr[0];

	return mqttk_net_reset(mn);
}

/* What is laid out and refused as yet */

static int refuse(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "this version of the module cannot do that");
	return -EOPNOTSUPP;
}

int mqttk_nl_subscription_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb)
{
	return refuse(cb->extack);
}

int mqttk_nl_retained_get_doit(struct sk_buff *skb,
			       struct genl_info *info)
{
	return refuse(info->extack);
}

int mqttk_nl_retained_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return refuse(cb->extack);
}

int mqttk_nl_retained_set_doit(struct sk_buff *skb,
			       struct genl_info *info)
{
	return refuse(info->extack);
}

int mqttk_nl_retained_del_doit(struct sk_buff *skb,
			       struct genl_info *info)
{
	return refuse(info->extack);
}

int mqttk_nl_config_set_doit(struct sk_buff *skb,
			     struct genl_info *info)
{
	return refuse(info->extack);
}

/*
 * As the specification lists them, and with who may listen, which the
 * generator of 6.12 leaves out.
 */
static const struct genl_multicast_group mqttk_groups[] = {
	[MQTTK_NLGRP_EVENTS] = {
		.name = MQTTK_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family mqttk_family __ro_after_init = {
	.name		= MQTTK_FAMILY_NAME,
	.version	= MQTTK_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= mqttk_nl_ops,
	.n_split_ops	= ARRAY_SIZE(mqttk_nl_ops),
	.mcgrps		= mqttk_groups,
	.n_mcgrps	= ARRAY_SIZE(mqttk_groups),
};

/**
 * mqttk_netlink_module_init - open the control plane
 *
 * Context: module load, when every netns has its broker.
 * Return: 0 or an error
 */
int __init mqttk_netlink_module_init(void)
{
	return genl_register_family(&mqttk_family);
}

/**
 * mqttk_netlink_module_exit - close the control plane
 *
 * Context: module unload, before any broker goes. When it returns no request
 * runs any more; a dump that is under way holds the module, so there is none.
 */
void mqttk_netlink_module_exit(void)
{
	genl_unregister_family(&mqttk_family);
}
