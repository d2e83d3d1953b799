// SPDX-License-Identifier: GPL-2.0
/*
 * Events by netlink: the upper end of events.c.
 *
 * An event may happen with bottom halves off and under locks, so there is no
 * waiting for memory. What is lost for want of it, or because a listener does
 * not read, every listener that lost something learns from its socket: ENOBUFS.
 */
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>

#include "conn.h"
#include "events.h"
#include "limits.h"
#include "listener.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "netlink_impl.h"
#include "session.h"

#define EVENT_GFP	(GFP_NOWAIT | __GFP_NOWARN)

/* All attributes but the client's identifier and the filter. */
#define EVENT_FIXED	512

static const struct genl_family *family __read_mostly;

static const struct mqttk_nl_addr_types addr_types = {
	.ipv4 = MQTTK_A_EVENT_IPV4,
	.ipv6 = MQTTK_A_EVENT_IPV6,
	.scope_id = MQTTK_A_EVENT_SCOPE_ID,
	.port = MQTTK_A_EVENT_PORT,
};

static bool is_client_event(const struct mqttk_event *e)
{
	return e->cmd == MQTTK_CMD_CLIENT_CONNECTED_NTF ||
	       e->cmd == MQTTK_CMD_CLIENT_DISCONNECTED_NTF;
}

static size_t event_size(const struct mqttk_event *e)
{
	size_t size = EVENT_FIXED;

	if (e->session)
		size += nla_total_size(min_t(u32, e->session->id_len,
					     MQTTK_CLIENT_ID_SHOWN) + 1);
	if (e->filter)
		size += nla_total_size(min_t(u32, e->filter_len,
					     MQTTK_TOPIC_SHOWN) + 1);
	return size;
}

static int put_session(struct sk_buff *skb, const struct mqttk_session *s)
{
	if (nla_put_u32(skb, MQTTK_A_EVENT_INDEX, s->sub.index))
		return -EMSGSIZE;
	return s->hidden ? 0 :
	       mqttk_nl_put_client_id(skb, s, MQTTK_A_EVENT_CLIENT_ID,
				      MQTTK_A_EVENT_CLIENT_ID_LENGTH);
}

static int put_conn(struct sk_buff *skb, const struct mqttk_conn_info *info)
{
	if (nla_put_string(skb, MQTTK_A_EVENT_LISTENER, info->listener))
		return -EMSGSIZE;
	return mqttk_nl_put_addr(skb, &info->addr, &addr_types);
}

static int put_connected(struct sk_buff *skb, const struct mqttk_event *e,
			 const struct mqttk_conn_info *info)
{
	if (nla_put_u8(skb, MQTTK_A_EVENT_PROTOCOL_LEVEL, info->version) ||
	    nla_put_u16(skb, MQTTK_A_EVENT_KEEPALIVE, info->keepalive) ||
	    nla_put_u8(skb, MQTTK_A_EVENT_SESSION_PRESENT, e->present) ||
	    nla_put_u32(skb, MQTTK_A_EVENT_EXPIRY_INTERVAL, e->expiry))
		return -EMSGSIZE;
	return 0;
}

/* A client that comes or goes; its endpoint is locked with its session. */
static int put_client(struct sk_buff *skb, const struct mqttk_event *e)
{
	struct mqttk_conn_info info = {};
	bool tcp = mqttk_conn_info(e->ep, &info);

	if (nla_put_u32(skb, MQTTK_A_EVENT_TRANSPORT,
			tcp ? MQTTK_TRANSPORT_TCP : MQTTK_TRANSPORT_DEVICE) ||
	    (tcp && put_conn(skb, &info)))
		return -EMSGSIZE;
	if (e->cmd == MQTTK_CMD_CLIENT_CONNECTED_NTF)
		return tcp ? put_connected(skb, e, &info) : 0;
	/* Reason codes are told, and sent, by 5.0 only. */
	return nla_put_u8(skb, MQTTK_A_EVENT_REASON,
			  tcp && info.version == 5 ? e->reason : 0);
}

static int put_filter(struct sk_buff *skb, const struct mqttk_event *e)
{
	u16 len = min_t(u16, e->filter_len, MQTTK_TOPIC_SHOWN);
	struct nlattr *attr = nla_reserve(skb, MQTTK_A_EVENT_FILTER, len + 1);
	u8 *to;

	if (!attr)
		return -EMSGSIZE;
	to = nla_data(attr);
	memcpy(to, e->filter, len);
	to[len] = '\0';
	if (len < e->filter_len &&
	    nla_put_u32(skb, MQTTK_A_EVENT_FILTER_LENGTH, e->filter_len))
		return -EMSGSIZE;
	if (e->cmd == MQTTK_CMD_SUBSCRIPTION_DEL_NTF)
		return 0;
	return nla_put_u8(skb, MQTTK_A_EVENT_QOS, e->qos);
}

static int put_listener(struct sk_buff *skb, const struct mqttk_listener *ln)
{
	if (nla_put_string(skb, MQTTK_A_EVENT_LISTENER,
			   mqttk_listener_terms(ln)->name))
		return -EMSGSIZE;
	return mqttk_nl_put_addr(skb, &ln->addr, &addr_types);
}

static int put_limit(struct sk_buff *skb, const struct mqttk_event *e)
{
	if (nla_put_string(skb, MQTTK_A_EVENT_LIMIT, e->limit) ||
	    nla_put_uint(skb, MQTTK_A_EVENT_COUNT, e->count))
		return -EMSGSIZE;
	return 0;
}

static int put_event(struct sk_buff *skb, const struct mqttk_event *e)
{
	if (nla_put_uint(skb, MQTTK_A_EVENT_USEC,
			 ktime_to_us(ktime_get_real())) ||
	    (e->session && put_session(skb, e->session)) ||
	    (is_client_event(e) && put_client(skb, e)) ||
	    (e->cause && nla_put_u32(skb, MQTTK_A_EVENT_CAUSE, e->cause)) ||
	    (e->filter && put_filter(skb, e)) ||
	    (e->listener && put_listener(skb, e->listener)) ||
	    (e->limit && put_limit(skb, e)))
		return -EMSGSIZE;
	return 0;
}

static struct sk_buff *make_event(const struct mqttk_event *e)
{
	struct sk_buff *skb = genlmsg_new(event_size(e), EVENT_GFP);
	void *hdr;

	if (!skb)
		return NULL;
	hdr = genlmsg_put(skb, 0, 0, family, 0, e->cmd);
	if (!hdr || WARN_ON_ONCE(put_event(skb, e))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

static bool wanted(struct net *net)
{
	return genl_has_listeners(family, net, MQTTK_NLGRP_EVENTS);
}

static void tell(struct net *net, const struct mqttk_event *e)
{
	struct sk_buff *skb = make_event(e);

	if (skb)
		genlmsg_multicast_netns(family, net, skb, 0,
					MQTTK_NLGRP_EVENTS, EVENT_GFP);
	else
		genl_set_err(family, net, 0, MQTTK_NLGRP_EVENTS, -ENOBUFS);
}

static const struct mqttk_events_ops events_ops = {
	.wanted = wanted,
	.tell = tell,
};

/**
 * mqttk_nl_events_init - begin to tell events
 * @fam: the family, registered
 *
 * Context: module load.
 */
void __init mqttk_nl_events_init(const struct genl_family *fam)
{
	family = fam;
	mqttk_events_register(&events_ops);
}

/**
 * mqttk_nl_events_exit - tell no events any more
 *
 * Context: before the family goes: its groups may be another's afterwards.
 */
void mqttk_nl_events_exit(void)
{
	mqttk_events_register(NULL);
}
