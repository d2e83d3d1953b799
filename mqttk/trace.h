/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: every change of state, and every place where something is refused
 * or dropped, as events/mqttk/ of tracefs. While one is off it costs a jump that
 * is not taken.
 *
 * Client identifiers and text of topics are cut to MQTTK_TRACE_TEXT bytes and
 * show "?" for what could break a line. Payloads and passwords never go here.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mqttk

#if !defined(MQTTK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MQTTK_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>

#include "terms.h"

#define MQTTK_TRACE_TEXT	128

struct mqttk_listener;
struct mqttk_msg;
struct mqttk_session;
struct net;

#ifndef MQTTK_TRACE_ONCE
#define MQTTK_TRACE_ONCE

/**
 * enum mqttk_drop - why a message did not get to a receiver
 * @MQTTK_DROP_MESSAGES: over max_queued_messages
 * @MQTTK_DROP_BYTES: over max_queued_bytes
 * @MQTTK_DROP_SHARE: over its share of message_memory, which gets short
 * @MQTTK_DROP_MEMORY: over message_memory, or no memory
 * @MQTTK_DROP_DISPLACED: of QoS 0, for a later one, with queue_drop_qos0
 * @MQTTK_DROP_AWAY: of QoS 0, and the client is not there
 * @MQTTK_DROP_EXPIRED: its time was over
 * @MQTTK_DROP_TOO_LARGE: the client does not take packets that large, or its
 *	topic does not lie below the client's mount point
 * @MQTTK_DROP_DENIED: the access control list does not let the client read it
 */
enum mqttk_drop {
	MQTTK_DROP_MESSAGES,
	MQTTK_DROP_BYTES,
	MQTTK_DROP_SHARE,
	MQTTK_DROP_MEMORY,
	MQTTK_DROP_DISPLACED,
	MQTTK_DROP_AWAY,
	MQTTK_DROP_EXPIRED,
	MQTTK_DROP_TOO_LARGE,
	MQTTK_DROP_DENIED,
};

/* trace.c, for the events below */
u32 mqttk_trace_netns(const struct net *net);
u32 mqttk_trace_netns_of(const struct mqttk_session *s);
u32 mqttk_trace_index(const struct mqttk_session *s);
unsigned int mqttk_trace_room(size_t len);
unsigned int mqttk_trace_id_room(const struct mqttk_session *s);
unsigned int mqttk_trace_topic_room(const struct mqttk_msg *msg);
void mqttk_trace_text(char *to, const void *from, size_t len);
void mqttk_trace_id(char *to, const struct mqttk_session *s);
void mqttk_trace_topic(char *to, const struct mqttk_msg *msg);
u32 mqttk_trace_bytes(const struct mqttk_msg *msg);
const char *mqttk_trace_drop(enum mqttk_drop why);
const char *mqttk_trace_cause(int cause);
void mqttk_trace_listener(char *to, const struct mqttk_listener *ln);
u32 mqttk_trace_listener_netns(const struct mqttk_listener *ln);

#endif /* MQTTK_TRACE_ONCE */

/* -- clients and sessions ------------------------------------------------ */

TRACE_EVENT(mqttk_client_connected,
	TP_PROTO(const struct mqttk_session *s, bool present, u32 expiry),
	TP_ARGS(s, present, expiry),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__field(u32, expiry)
		__field(bool, present)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns_of(s);
		__entry->index = mqttk_trace_index(s);
		__entry->expiry = expiry;
		__entry->present = present;
		mqttk_trace_id(__get_dynamic_array(client), s);
	),
	TP_printk("netns=%u index=%u client=%s present=%u expiry=%u",
		  __entry->netns, __entry->index, __get_str(client),
		  __entry->present, __entry->expiry)
);

DECLARE_EVENT_CLASS(mqttk_end,
	TP_PROTO(const struct mqttk_session *s, int cause, u8 reason),
	TP_ARGS(s, cause, reason),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__field(u8, reason)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
		__string(cause, mqttk_trace_cause(cause))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns_of(s);
		__entry->index = mqttk_trace_index(s);
		__entry->reason = reason;
		mqttk_trace_id(__get_dynamic_array(client), s);
		__assign_str(cause);
	),
	TP_printk("netns=%u index=%u client=%s cause=%s reason=0x%02x",
		  __entry->netns, __entry->index, __get_str(client),
		  __get_str(cause), __entry->reason)
);

DEFINE_EVENT(mqttk_end, mqttk_client_disconnected,
	TP_PROTO(const struct mqttk_session *s, int cause, u8 reason),
	TP_ARGS(s, cause, reason)
);

DEFINE_EVENT(mqttk_end, mqttk_session_ended,
	TP_PROTO(const struct mqttk_session *s, int cause, u8 reason),
	TP_ARGS(s, cause, reason)
);

DECLARE_EVENT_CLASS(mqttk_session,
	TP_PROTO(const struct mqttk_session *s),
	TP_ARGS(s),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns_of(s);
		__entry->index = mqttk_trace_index(s);
		mqttk_trace_id(__get_dynamic_array(client), s);
	),
	TP_printk("netns=%u index=%u client=%s",
		  __entry->netns, __entry->index, __get_str(client))
);

DEFINE_EVENT(mqttk_session, mqttk_session_begun,
	TP_PROTO(const struct mqttk_session *s),
	TP_ARGS(s)
);

/* Another connection takes the session, or its place. */
DEFINE_EVENT(mqttk_session, mqttk_takeover,
	TP_PROTO(const struct mqttk_session *s),
	TP_ARGS(s)
);

/* CONNECT was answered with a refusal. */
TRACE_EVENT(mqttk_client_refused,
	TP_PROTO(const struct net *net, u8 version, u8 reason),
	TP_ARGS(net, version, reason),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u8, version)
		__field(u8, reason)
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns(net);
		__entry->version = version;
		__entry->reason = reason;
	),
	TP_printk("netns=%u version=%u reason=0x%02x",
		  __entry->netns, __entry->version, __entry->reason)
);

/* -- connections --------------------------------------------------------- */

/* Bytes came that end their connection; error as in proto.c. */
TRACE_EVENT(mqttk_bad_packet,
	TP_PROTO(const struct net *net, const struct mqttk_session *s, u8 type,
		 int error),
	TP_ARGS(net, s, type, error),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(int, error)
		__field(u8, type)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns(net);
		__entry->error = error;
		__entry->type = type;
		mqttk_trace_id(__get_dynamic_array(client), s);
	),
	TP_printk("netns=%u client=%s type=%u error=%d",
		  __entry->netns, __get_str(client), __entry->type,
		  __entry->error)
);

DECLARE_EVENT_CLASS(mqttk_listener,
	TP_PROTO(const struct mqttk_listener *ln, int error),
	TP_ARGS(ln, error),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(int, error)
		__array(char, listener, MQTTK_LISTENER_NAME_MAX + 1)
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_listener_netns(ln);
		__entry->error = error;
		mqttk_trace_listener(__entry->listener, ln);
	),
	TP_printk("netns=%u listener=%s error=%d",
		  __entry->netns, __entry->listener, __entry->error)
);

/* Accepted, or turned away because of the error. */
DEFINE_EVENT(mqttk_listener, mqttk_connection,
	TP_PROTO(const struct mqttk_listener *ln, int error),
	TP_ARGS(ln, error)
);

/* It begins to close; error as in proto.c, 0: it is reset. */
DEFINE_EVENT(mqttk_listener, mqttk_connection_end,
	TP_PROTO(const struct mqttk_listener *ln, int error),
	TP_ARGS(ln, error)
);

DEFINE_EVENT(mqttk_listener, mqttk_listener_up,
	TP_PROTO(const struct mqttk_listener *ln, int error),
	TP_ARGS(ln, error)
);

DEFINE_EVENT(mqttk_listener, mqttk_listener_down,
	TP_PROTO(const struct mqttk_listener *ln, int error),
	TP_ARGS(ln, error)
);

/* -- subscriptions ------------------------------------------------------- */

/* error: it was refused. */
TRACE_EVENT(mqttk_subscribe,
	TP_PROTO(const struct mqttk_session *s, const u8 *filter, u16 len,
		 u8 options, int error),
	TP_ARGS(s, filter, len, options, error),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__field(int, error)
		__field(u8, options)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
		__dynamic_array(char, filter, mqttk_trace_room(len))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns_of(s);
		__entry->index = mqttk_trace_index(s);
		__entry->error = error;
		__entry->options = options;
		mqttk_trace_id(__get_dynamic_array(client), s);
		mqttk_trace_text(__get_dynamic_array(filter), filter, len);
	),
	TP_printk("netns=%u index=%u client=%s filter=%s options=0x%02x error=%d",
		  __entry->netns, __entry->index, __get_str(client),
		  __get_str(filter), __entry->options, __entry->error)
);

TRACE_EVENT(mqttk_unsubscribe,
	TP_PROTO(const struct mqttk_session *s, const u8 *filter, u16 len,
		 int error),
	TP_ARGS(s, filter, len, error),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__field(int, error)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
		__dynamic_array(char, filter, mqttk_trace_room(len))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns_of(s);
		__entry->index = mqttk_trace_index(s);
		__entry->error = error;
		mqttk_trace_id(__get_dynamic_array(client), s);
		mqttk_trace_text(__get_dynamic_array(filter), filter, len);
	),
	TP_printk("netns=%u index=%u client=%s filter=%s error=%d",
		  __entry->netns, __entry->index, __get_str(client),
		  __get_str(filter), __entry->error)
);

/* -- messages ------------------------------------------------------------ */

DECLARE_EVENT_CLASS(mqttk_message,
	TP_PROTO(const struct net *net, const struct mqttk_session *s,
		 const struct mqttk_msg *msg, u8 qos, int error),
	TP_ARGS(net, s, msg, qos, error),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__field(u32, bytes)
		__field(int, error)
		__field(u8, qos)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
		__dynamic_array(char, topic, mqttk_trace_topic_room(msg))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns(net);
		__entry->index = mqttk_trace_index(s);
		__entry->bytes = mqttk_trace_bytes(msg);
		__entry->error = error;
		__entry->qos = qos;
		mqttk_trace_id(__get_dynamic_array(client), s);
		mqttk_trace_topic(__get_dynamic_array(topic), msg);
	),
	TP_printk("netns=%u index=%u client=%s topic=%s bytes=%u qos=%u error=%d",
		  __entry->netns, __entry->index, __get_str(client),
		  __get_str(topic), __entry->bytes, __entry->qos,
		  __entry->error)
);

/* A message goes to whoever subscribed to it; the client published it. */
DEFINE_EVENT(mqttk_message, mqttk_publish,
	TP_PROTO(const struct net *net, const struct mqttk_session *s,
		 const struct mqttk_msg *msg, u8 qos, int error),
	TP_ARGS(net, s, msg, qos, error)
);

/* A client's PUBLISH was not taken; error is a reason code of 5.0. */
DEFINE_EVENT(mqttk_message, mqttk_publish_refused,
	TP_PROTO(const struct net *net, const struct mqttk_session *s,
		 const struct mqttk_msg *msg, u8 qos, int error),
	TP_ARGS(net, s, msg, qos, error)
);

/* A client's will is published. */
DEFINE_EVENT(mqttk_message, mqttk_will,
	TP_PROTO(const struct net *net, const struct mqttk_session *s,
		 const struct mqttk_msg *msg, u8 qos, int error),
	TP_ARGS(net, s, msg, qos, error)
);

/* A message is in the queue of a receiver, the client. */
DEFINE_EVENT(mqttk_message, mqttk_deliver,
	TP_PROTO(const struct net *net, const struct mqttk_session *s,
		 const struct mqttk_msg *msg, u8 qos, int error),
	TP_ARGS(net, s, msg, qos, error)
);

/* A message does not get to a receiver, the client. */
TRACE_EVENT(mqttk_drop,
	TP_PROTO(const struct mqttk_session *s, const struct mqttk_msg *msg,
		 enum mqttk_drop why),
	TP_ARGS(s, msg, why),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__field(u32, bytes)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
		__dynamic_array(char, topic, mqttk_trace_topic_room(msg))
		__string(reason, mqttk_trace_drop(why))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns_of(s);
		__entry->index = mqttk_trace_index(s);
		__entry->bytes = mqttk_trace_bytes(msg);
		mqttk_trace_id(__get_dynamic_array(client), s);
		mqttk_trace_topic(__get_dynamic_array(topic), msg);
		__assign_str(reason);
	),
	TP_printk("netns=%u index=%u client=%s topic=%s bytes=%u reason=%s",
		  __entry->netns, __entry->index, __get_str(client),
		  __get_str(topic), __entry->bytes, __get_str(reason))
);

DECLARE_EVENT_CLASS(mqttk_retained,
	TP_PROTO(const struct net *net, const struct mqttk_msg *msg, int error),
	TP_ARGS(net, msg, error),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, bytes)
		__field(int, error)
		__dynamic_array(char, topic, mqttk_trace_topic_room(msg))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns(net);
		__entry->bytes = mqttk_trace_bytes(msg);
		__entry->error = error;
		mqttk_trace_topic(__get_dynamic_array(topic), msg);
	),
	TP_printk("netns=%u topic=%s bytes=%u error=%d",
		  __entry->netns, __get_str(topic), __entry->bytes,
		  __entry->error)
);

/* Retained from now on, or, with an error, not. */
DEFINE_EVENT(mqttk_retained, mqttk_retain_set,
	TP_PROTO(const struct net *net, const struct mqttk_msg *msg, int error),
	TP_ARGS(net, msg, error)
);

/* Not retained any more: replaced, cleared or expired. */
DEFINE_EVENT(mqttk_retained, mqttk_retain_gone,
	TP_PROTO(const struct net *net, const struct mqttk_msg *msg, int error),
	TP_ARGS(net, msg, error)
);

/* -- limits -------------------------------------------------------------- */

/* Each time, unlike the event that netlink tells. */
TRACE_EVENT(mqttk_limit_hit,
	TP_PROTO(const struct net *net, const char *limit,
		 const struct mqttk_session *s),
	TP_ARGS(net, limit, s),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, index)
		__string(limit, limit)
		__dynamic_array(char, client, mqttk_trace_id_room(s))
	),
	TP_fast_assign(
		__entry->netns = mqttk_trace_netns(net);
		__entry->index = mqttk_trace_index(s);
		__assign_str(limit);
		mqttk_trace_id(__get_dynamic_array(client), s);
	),
	TP_printk("netns=%u limit=%s index=%u client=%s",
		  __entry->netns, __get_str(limit), __entry->index,
		  __get_str(client))
);

#endif /* MQTTK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
