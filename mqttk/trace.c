// SPDX-License-Identifier: GPL-2.0
/*
 * What tracepoints record. All of this runs only while one is on; as it looks
 * into objects of every layer, it is below them only in name.
 */
#include <linux/array_size.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <uapi/linux/mqttk_netlink.h>

#include "listener.h"
#include "msg.h"
#include "net.h"
#include "session.h"
#include "terms.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * mqttk_trace_netns - which network namespace
 * @net: the namespace, or NULL
 *
 * Return: its inode number, as in /proc/PID/ns/net; 0: none
 */
u32 mqttk_trace_netns(const struct net *net)
{
	return net ? net->ns.inum : 0;
}

/**
 * mqttk_trace_netns_of - in which network namespace a session is
 * @s: the session, or NULL
 *
 * Return: as mqttk_trace_netns()
 */
u32 mqttk_trace_netns_of(const struct mqttk_session *s)
{
	return s ? mqttk_trace_netns(s->mn->net) : 0;
}

/**
 * mqttk_trace_index - which session
 * @s: the session, or NULL
 *
 * Return: its index, as in `mqttkctl -j client show`; 0: none
 */
u32 mqttk_trace_index(const struct mqttk_session *s)
{
	return s ? s->sub.index : 0;
}

/**
 * mqttk_trace_room - how much room a text needs
 * @len: its length
 *
 * Return: bytes, with the terminator
 */
unsigned int mqttk_trace_room(size_t len)
{
	return min_t(size_t, len, MQTTK_TRACE_TEXT) + 1;
}

/**
 * mqttk_trace_id_room - how much room a client identifier needs
 * @s: whose, or NULL
 *
 * Return: bytes
 */
unsigned int mqttk_trace_id_room(const struct mqttk_session *s)
{
	return mqttk_trace_room(s ? s->id_len : 0);
}

/**
 * mqttk_trace_topic_room - how much room a topic needs
 * @msg: of this message, or NULL
 *
 * Return: bytes
 */
unsigned int mqttk_trace_topic_room(const struct mqttk_msg *msg)
{
	return mqttk_trace_room(msg ? msg->topic_len : 0);
}

/**
 * mqttk_trace_text - write text that peers have chosen
 * @to: room for mqttk_trace_room() bytes
 * @from: the text; without control characters it cannot pretend to be a line
 *	of the trace
 * @len: its length
 */
void mqttk_trace_text(char *to, const void *from, size_t len)
{
	const u8 *text = from;
	size_t i;

	len = min_t(size_t, len, MQTTK_TRACE_TEXT);
	for (i = 0; i < len; i++)
		to[i] = text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	to[len] = '\0';
}

/**
 * mqttk_trace_id - write a client identifier
 * @to: room for mqttk_trace_id_room() bytes
 * @s: whose, or NULL
 */
void mqttk_trace_id(char *to, const struct mqttk_session *s)
{
	mqttk_trace_text(to, s ? s->id : NULL, s ? s->id_len : 0);
}

/**
 * mqttk_trace_topic - write a topic
 * @to: room for mqttk_trace_topic_room() bytes
 * @msg: of this message, or NULL
 */
void mqttk_trace_topic(char *to, const struct mqttk_msg *msg)
{
	mqttk_trace_text(to, msg ? msg->data : NULL, msg ? msg->topic_len : 0);
}

/**
 * mqttk_trace_bytes - how large a message is
 * @msg: the message, or NULL
 *
 * Return: bytes of payload
 */
u32 mqttk_trace_bytes(const struct mqttk_msg *msg)
{
	return msg ? msg->payload_len : 0;
}

/**
 * mqttk_trace_drop - a reason in a word
 * @why: the reason
 *
 * Return: the word
 */
const char *mqttk_trace_drop(enum mqttk_drop why)
{
	static const char * const words[] = {
		[MQTTK_DROP_MESSAGES] = "messages",
		[MQTTK_DROP_BYTES] = "bytes",
		[MQTTK_DROP_SHARE] = "share",
		[MQTTK_DROP_MEMORY] = "memory",
		[MQTTK_DROP_DISPLACED] = "displaced",
		[MQTTK_DROP_AWAY] = "away",
		[MQTTK_DROP_EXPIRED] = "expired",
		[MQTTK_DROP_TOO_LARGE] = "too-large",
		[MQTTK_DROP_DENIED] = "denied",
	};

	return words[why];
}

/**
 * mqttk_trace_cause - a cause in a word
 * @cause: enum mqttk_cause, or 0
 *
 * Return: the word
 */
const char *mqttk_trace_cause(int cause)
{
	static const char * const words[] = {
		[0] = "unknown",
		[MQTTK_CAUSE_CLIENT] = "client",
		[MQTTK_CAUSE_NETWORK] = "network",
		[MQTTK_CAUSE_KEEPALIVE] = "keepalive",
		[MQTTK_CAUSE_PROTOCOL] = "protocol",
		[MQTTK_CAUSE_TAKEOVER] = "takeover",
		[MQTTK_CAUSE_ADMINISTRATOR] = "administrator",
		[MQTTK_CAUSE_LISTENER] = "listener",
		[MQTTK_CAUSE_EXPIRED] = "expired",
		[MQTTK_CAUSE_RESOURCES] = "resources",
	};

	return words[cause < ARRAY_SIZE(words) ? cause : 0];
}

/**
 * mqttk_trace_listener - write a listener's name
 * @to: room for MQTTK_LISTENER_NAME_MAX and the terminator
 * @ln: the listener
 */
void mqttk_trace_listener(char *to, const struct mqttk_listener *ln)
{
	const struct mqttk_terms *terms;

	rcu_read_lock();
	terms = rcu_dereference(ln->terms);
	mqttk_trace_text(to, terms->name, strlen(terms->name));
	rcu_read_unlock();
}

/**
 * mqttk_trace_listener_netns - in which network namespace a listener is
 * @ln: the listener
 *
 * Return: as mqttk_trace_netns()
 */
u32 mqttk_trace_listener_netns(const struct mqttk_listener *ln)
{
	return mqttk_trace_netns(ln->mn->net);
}
