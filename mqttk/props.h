/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The properties and the reason codes of MQTT 5.0. Pure code without kernel
 * state and without allocation; user space builds it as well.
 */
#ifndef _MQTTK_PROPS_H
#define _MQTTK_PROPS_H

#include <linux/types.h>

#include "topic.h"

/* In place of a packet type: the second list of a CONNECT, its will's. */
#define MQTTK_PROPS_WILL	0

/* A Subscription Identifier as PUBLISH carries it, in bytes. */
#define MQTTK_SUBID_MAX		5

/* What a list says that leaves these out. */
#define MQTTK_RECEIVE_MAX_DEFAULT	65535
#define MQTTK_PACKET_SIZE_UNLIMITED	((u32)~0)

/* Property identifiers. */
enum mqttk_prop {
	MQTTK_PROP_PAYLOAD_FORMAT		= 0x01,
	MQTTK_PROP_MESSAGE_EXPIRY		= 0x02,
	MQTTK_PROP_CONTENT_TYPE			= 0x03,
	MQTTK_PROP_RESPONSE_TOPIC		= 0x08,
	MQTTK_PROP_CORRELATION_DATA		= 0x09,
	MQTTK_PROP_SUBSCRIPTION_ID		= 0x0b,
	MQTTK_PROP_SESSION_EXPIRY		= 0x11,
	MQTTK_PROP_ASSIGNED_CLIENT_ID		= 0x12,
	MQTTK_PROP_SERVER_KEEPALIVE		= 0x13,
	MQTTK_PROP_AUTH_METHOD			= 0x15,
	MQTTK_PROP_AUTH_DATA			= 0x16,
	MQTTK_PROP_REQUEST_PROBLEM_INFO		= 0x17,
	MQTTK_PROP_WILL_DELAY			= 0x18,
	MQTTK_PROP_REQUEST_RESPONSE_INFO	= 0x19,
	MQTTK_PROP_RESPONSE_INFO		= 0x1a,
	MQTTK_PROP_SERVER_REFERENCE		= 0x1c,
	MQTTK_PROP_REASON_STRING		= 0x1f,
	MQTTK_PROP_RECEIVE_MAX			= 0x21,
	MQTTK_PROP_TOPIC_ALIAS_MAX		= 0x22,
	MQTTK_PROP_TOPIC_ALIAS			= 0x23,
	MQTTK_PROP_MAX_QOS			= 0x24,
	MQTTK_PROP_RETAIN_AVAILABLE		= 0x25,
	MQTTK_PROP_USER				= 0x26,
	MQTTK_PROP_MAX_PACKET_SIZE		= 0x27,
	MQTTK_PROP_WILDCARD_AVAILABLE		= 0x28,
	MQTTK_PROP_SUBSCRIPTION_ID_AVAILABLE	= 0x29,
	MQTTK_PROP_SHARED_AVAILABLE		= 0x2a,
};

/* Reason codes; from 0x80 on, they say that something failed. */
enum mqttk_reason {
	MQTTK_REASON_SUCCESS			= 0x00,
	MQTTK_REASON_NORMAL_DISCONNECTION	= 0x00,
	MQTTK_REASON_GRANTED_QOS_0		= 0x00,
	MQTTK_REASON_GRANTED_QOS_1		= 0x01,
	MQTTK_REASON_GRANTED_QOS_2		= 0x02,
	MQTTK_REASON_DISCONNECT_WITH_WILL	= 0x04,
	MQTTK_REASON_NO_MATCHING_SUBSCRIBERS	= 0x10,
	MQTTK_REASON_NO_SUBSCRIPTION_EXISTED	= 0x11,
	MQTTK_REASON_CONTINUE_AUTHENTICATION	= 0x18,
	MQTTK_REASON_REAUTHENTICATE		= 0x19,
	MQTTK_REASON_UNSPECIFIED_ERROR		= 0x80,
	MQTTK_REASON_MALFORMED_PACKET		= 0x81,
	MQTTK_REASON_PROTOCOL_ERROR		= 0x82,
	MQTTK_REASON_IMPLEMENTATION_SPECIFIC	= 0x83,
	MQTTK_REASON_UNSUPPORTED_VERSION	= 0x84,
	MQTTK_REASON_BAD_CLIENT_ID		= 0x85,
	MQTTK_REASON_BAD_CREDENTIALS		= 0x86,
	MQTTK_REASON_NOT_AUTHORIZED		= 0x87,
	MQTTK_REASON_SERVER_UNAVAILABLE		= 0x88,
	MQTTK_REASON_SERVER_BUSY		= 0x89,
	MQTTK_REASON_BANNED			= 0x8a,
	MQTTK_REASON_SERVER_SHUTTING_DOWN	= 0x8b,
	MQTTK_REASON_BAD_AUTH_METHOD		= 0x8c,
	MQTTK_REASON_KEEPALIVE_TIMEOUT		= 0x8d,
	MQTTK_REASON_SESSION_TAKEN_OVER		= 0x8e,
	MQTTK_REASON_FILTER_INVALID		= 0x8f,
	MQTTK_REASON_TOPIC_NAME_INVALID		= 0x90,
	MQTTK_REASON_PACKET_ID_IN_USE		= 0x91,
	MQTTK_REASON_PACKET_ID_NOT_FOUND	= 0x92,
	MQTTK_REASON_RECEIVE_MAX_EXCEEDED	= 0x93,
	MQTTK_REASON_TOPIC_ALIAS_INVALID	= 0x94,
	MQTTK_REASON_PACKET_TOO_LARGE		= 0x95,
	MQTTK_REASON_MESSAGE_RATE_TOO_HIGH	= 0x96,
	MQTTK_REASON_QUOTA_EXCEEDED		= 0x97,
	MQTTK_REASON_ADMINISTRATIVE_ACTION	= 0x98,
	MQTTK_REASON_PAYLOAD_FORMAT_INVALID	= 0x99,
	MQTTK_REASON_RETAIN_NOT_SUPPORTED	= 0x9a,
	MQTTK_REASON_QOS_NOT_SUPPORTED		= 0x9b,
	MQTTK_REASON_USE_ANOTHER_SERVER		= 0x9c,
	MQTTK_REASON_SERVER_MOVED		= 0x9d,
	MQTTK_REASON_SHARED_NOT_SUPPORTED	= 0x9e,
	MQTTK_REASON_CONNECTION_RATE_EXCEEDED	= 0x9f,
	MQTTK_REASON_MAXIMUM_CONNECT_TIME	= 0xa0,
	MQTTK_REASON_SUBSCRIPTION_IDS_NOT_SUPPORTED = 0xa1,
	MQTTK_REASON_WILDCARDS_NOT_SUPPORTED	= 0xa2,
};

/**
 * struct mqttk_props - a decoded property list
 * @has: bit by identifier of what the list contains, see mqttk_props_has()
 * @raw: the list without its length; valid for as long as the packet's buffer
 * @raw_len: its bytes
 * @session_expiry: seconds; ~0 is never. 0 if left out
 * @will_delay: seconds; 0 if left out
 * @message_expiry: seconds; means nothing if left out, because 0 is a value
 * @max_packet_size: never 0; MQTTK_PACKET_SIZE_UNLIMITED if left out
 * @subscription_id: 1 to MQTTK_REMAINING_MAX, the last one of several; 0 if
 *	left out
 * @receive_max: never 0; MQTTK_RECEIVE_MAX_DEFAULT if left out
 * @topic_alias_max: 0 if left out
 * @topic_alias: never 0 if given; 0 if left out
 * @payload_format: 0 or 1; 0 if left out
 * @request_problem_info: 0 or 1; 1 if left out
 * @request_response_info: 0 or 1; 0 if left out
 * @content_type: valid UTF-8
 * @response_topic: valid UTF-8, not empty and without wildcards if given
 * @correlation_data: any bytes
 * @auth_method: valid UTF-8
 * @auth_data: any bytes; only given together with @auth_method
 * @reason_string: valid UTF-8
 *
 * Strings that are left out have a length of 0. Those properties that only a
 * server sends are checked, but not stored; user properties stay in @raw.
 */
struct mqttk_props {
	u64 has;
	const u8 *raw;
	u32 raw_len;
	u32 session_expiry;
	u32 will_delay;
	u32 message_expiry;
	u32 max_packet_size;
	u32 subscription_id;
	u16 receive_max;
	u16 topic_alias_max;
	u16 topic_alias;
	u8 payload_format;
	u8 request_problem_info;
	u8 request_response_info;
	struct mqttk_str content_type;
	struct mqttk_str response_topic;
	struct mqttk_str correlation_data;
	struct mqttk_str auth_method;
	struct mqttk_str auth_data;
	struct mqttk_str reason_string;
};

static inline bool mqttk_props_has(const struct mqttk_props *p,
				   enum mqttk_prop id)
{
	return p->has >> id & 1;
}

void mqttk_props_init(struct mqttk_props *p);
int mqttk_props_decode(u8 context, const u8 *buf, size_t len,
		       struct mqttk_props *p);
u32 mqttk_props_forward_len(const u8 *raw, u32 len);
u32 mqttk_props_forward(u8 *to, const u8 *raw, u32 len);

#endif /* _MQTTK_PROPS_H */
