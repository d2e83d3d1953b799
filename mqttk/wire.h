/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The MQTT wire format: packets to structures and back. Pure code without
 * kernel state and without allocation; user space builds it as well.
 *
 * A @version is the protocol level of the connection: 3 (MQTT 3.1), 4 (3.1.1)
 * or 5 (5.0), and 0 while no CONNECT has told it.
 *
 * What decoders return when a packet is wrong, and what mqttk_wire_reason()
 * makes of it for MQTT 5.0, where older clients see their connection closed:
 *
 *  -EBADMSG		0x81 malformed: no packet looks like that
 *  -EPROTO		0x82 protocol error: well-formed, but not allowed
 *  -EPROTONOSUPPORT	0x84 no protocol level that is spoken (CONNECT only)
 *  -ENAMETOOLONG	0x90 a topic of more levels than are accepted
 *  -EADDRNOTAVAIL	0x94 topic alias 0
 *  -EMSGSIZE		0x95 larger than is accepted
 *  -ETIMEDOUT		0x8d keep-alive, not returned here
 *  -ENOMEM, -ENOBUFS	0x97 not returned here
 *  any other		0x80
 */
#ifndef _MQTTK_WIRE_H
#define _MQTTK_WIRE_H

#include <linux/types.h>

#include "props.h"
#include "topic.h"

/* Protocol levels, as CONNECT carries them. */
#define MQTTK_V31	3
#define MQTTK_V311	4
#define MQTTK_V5	5

/* The largest value of a four-byte variable byte integer. */
#define MQTTK_REMAINING_MAX	268435455u

/* The flags of a PUBLISH's first byte. */
#define MQTTK_PUBLISH_RETAIN	0x01
#define MQTTK_PUBLISH_QOS	0x06
#define MQTTK_PUBLISH_DUP	0x08

/* The option byte of a SUBSCRIBE's entry; before 5.0, only the QoS. */
#define MQTTK_SUB_QOS			0x03
#define MQTTK_SUB_NO_LOCAL		0x04
#define MQTTK_SUB_RETAIN_AS_PUBLISHED	0x08
#define MQTTK_SUB_RETAIN_HANDLING	0x30
#define MQTTK_SUB_RETAIN_ALWAYS		0x00
#define MQTTK_SUB_RETAIN_IF_NEW		0x10
#define MQTTK_SUB_RETAIN_NEVER		0x20

/*
 * The largest variable header of a PUBLISH that is taken: the longest topic
 * and nearly as many bytes of properties. It must come whole to be understood.
 */
#define MQTTK_PUBLISH_HEADER_MAX	(128 * 1024)

/*
 * Room for the encoders below, in bytes. Where they take strings, these come
 * on top with their length.
 */
#define MQTTK_FIXED_MAX		5
#define MQTTK_CONNACK_MAX	(MQTTK_FIXED_MAX + 2 + 4 + 23 + 5 * 3)
#define MQTTK_ACK_MAX		5
#define MQTTK_PINGRESP_MAX	2
#define MQTTK_SUBACK_HEADER_MAX	(MQTTK_FIXED_MAX + 2 + 1)
#define MQTTK_DISCONNECT_MAX	(MQTTK_FIXED_MAX + 1 + 4 + 3)
#define MQTTK_AUTH_MAX		(MQTTK_FIXED_MAX + 1 + 4 + 2 * 3)
#define MQTTK_PUB_HEAD_MAX	(MQTTK_FIXED_MAX + 2)
#define MQTTK_PUB_TAIL_MAX	(2 + 4 + 5 + 3)
#define MQTTK_PUBLISH_HEAD_MAX	(MQTTK_FIXED_MAX + 2)
#define MQTTK_PUBLISH_TAIL_MAX	2

/* The code of a SUBACK entry whose filter was refused, before 5.0. */
#define MQTTK_SUBACK_FAILURE	0x80

/* What mqttk_wire_pub_size() says of a packet that no length field can hold. */
#define MQTTK_PUB_TOO_LARGE	((u32)~0)

/* Packet types, as the first byte's high nibble has them. */
enum mqttk_ptype {
	MQTTK_CONNECT = 1,
	MQTTK_CONNACK,
	MQTTK_PUBLISH,
	MQTTK_PUBACK,
	MQTTK_PUBREC,
	MQTTK_PUBREL,
	MQTTK_PUBCOMP,
	MQTTK_SUBSCRIBE,
	MQTTK_SUBACK,
	MQTTK_UNSUBSCRIBE,
	MQTTK_UNSUBACK,
	MQTTK_PINGREQ,
	MQTTK_PINGRESP,
	MQTTK_DISCONNECT,
	MQTTK_AUTH,
};

/* CONNACK return codes of 3.1 and 3.1.1. */
enum mqttk_connack_code {
	MQTTK_CONNACK_ACCEPTED = 0,
	MQTTK_CONNACK_BAD_VERSION,
	MQTTK_CONNACK_BAD_CLIENT_ID,
	MQTTK_CONNACK_UNAVAILABLE,
	MQTTK_CONNACK_BAD_CREDENTIALS,
	MQTTK_CONNACK_NOT_AUTHORIZED,
};

/**
 * struct mqttk_fixed - a decoded fixed header
 * @type: enum mqttk_ptype
 * @flags: low nibble of the first byte
 * @size: bytes of the fixed header itself, 2 to 5
 * @remaining: bytes of the packet that follow it
 */
struct mqttk_fixed {
	u8 type;
	u8 flags;
	u8 size;
	u32 remaining;
};

/**
 * struct mqttk_connect - a decoded CONNECT
 * @version: protocol level; on errors, too, and 0 if it is not MQTT's
 * @clean: Clean Session, or Clean Start
 * @has_will: @will_topic and @will_payload are given
 * @will_retain: Will Retain; false without a will
 * @will_qos: Will QoS, 0 to 2; 0 without a will
 * @has_user: @user is given (it may be empty)
 * @has_password: @password is given (it may be empty)
 * @keepalive: seconds, 0 for none
 * @client_id: valid UTF-8, may be empty
 * @will_topic: a valid topic name
 * @will_payload: any bytes
 * @user: valid UTF-8
 * @password: any bytes
 * @props: properties of the CONNECT; as if left out before 5.0
 * @will_props: properties of the will; as if left out without one
 *
 * What is not given has a length of 0.
 */
struct mqttk_connect {
	u8 version;
	bool clean;
	bool has_will;
	bool will_retain;
	u8 will_qos;
	bool has_user;
	bool has_password;
	u16 keepalive;
	struct mqttk_str client_id;
	struct mqttk_str will_topic;
	struct mqttk_str will_payload;
	struct mqttk_str user;
	struct mqttk_str password;
	struct mqttk_props props;
	struct mqttk_props will_props;
};

/**
 * struct mqttk_publish - the decoded start of a PUBLISH
 * @dup: this is a repetition
 * @retain: the value is to be retained
 * @qos: 0 to 2
 * @packet_id: 0 for QoS 0, never 0 otherwise
 * @topic: a valid topic name; empty if @props.topic_alias stands for it
 * @header: bytes of the variable header, properties included; the payload
 *	follows
 * @props: properties; as if left out before 5.0
 */
struct mqttk_publish {
	bool dup;
	bool retain;
	u8 qos;
	u16 packet_id;
	struct mqttk_str topic;
	u32 header;
	struct mqttk_props props;
};

/**
 * struct mqttk_ack - a decoded PUBACK, PUBREC, PUBREL or PUBCOMP
 * @id: packet identifier, never 0
 * @reason: one that this packet may carry; 0 before 5.0
 * @props: properties; as if left out before 5.0
 */
struct mqttk_ack {
	u16 id;
	u8 reason;
	struct mqttk_props props;
};

/**
 * struct mqttk_disconnect - a decoded DISCONNECT
 * @reason: one that a client may give; 0 before 5.0
 * @props: properties; as if left out before 5.0
 */
struct mqttk_disconnect {
	u8 reason;
	struct mqttk_props props;
};

/**
 * struct mqttk_auth - a decoded AUTH
 * @reason: MQTTK_REASON_CONTINUE_AUTHENTICATION or MQTTK_REASON_REAUTHENTICATE
 * @props: properties; the authentication method is always given
 */
struct mqttk_auth {
	u8 reason;
	struct mqttk_props props;
};

/**
 * struct mqttk_sub_iter - the entries of a SUBSCRIBE or UNSUBSCRIBE
 * @packet_id: never 0
 * @nr: entries in the packet, at least 1
 * @options: whether an option byte follows each filter (SUBSCRIBE)
 * @p: next entry
 * @left: bytes left at @p
 * @props: properties; as if left out before 5.0
 */
struct mqttk_sub_iter {
	u16 packet_id;
	u32 nr;
	bool options;
	const u8 *p;
	size_t left;
	struct mqttk_props props;
};

/**
 * struct mqttk_connack - a CONNACK to be written
 * @reason: enum mqttk_reason; before 5.0, the return code that comes closest
 *	is written, and return codes 1 to 5 as they are
 * @session_present: whether a stored session goes on; ignored unless accepted
 * @has_session_expiry: @session_expiry is to be told
 * @has_server_keepalive: @server_keepalive is to be told
 * @has_max_qos: @max_qos is to be told
 * @no_retain: nothing is retained
 * @max_qos: the highest QoS it may publish with, 0 or 1
 * @session_expiry: the one used in place of the client's
 * @max_packet_size: what the client may send, in bytes; 0 for no limit
 * @receive_max: how many QoS 1 and 2 messages it may send unacknowledged; 0
 *	stands for MQTTK_RECEIVE_MAX_DEFAULT and is not told
 * @topic_alias_max: highest alias it may use; 0 for none
 * @server_keepalive: the one used in place of the client's
 * @assigned_id: client identifier made up for it
 * @reason_string: for people to read
 * @response_info: basis of its response topics
 * @auth_method: that of its CONNECT
 * @auth_data: last step of the authentication
 *
 * Empty strings are left out. Before 5.0 only the first two are told.
 */
struct mqttk_connack {
	u8 reason;
	bool session_present;
	bool has_session_expiry;
	bool has_server_keepalive;
	bool has_max_qos;
	bool no_retain;
	u8 max_qos;
	u32 session_expiry;
	u32 max_packet_size;
	u16 receive_max;
	u16 topic_alias_max;
	u16 server_keepalive;
	struct mqttk_str assigned_id;
	struct mqttk_str reason_string;
	struct mqttk_str response_info;
	struct mqttk_str auth_method;
	struct mqttk_str auth_data;
};

/**
 * struct mqttk_pub_out - a PUBLISH to be written
 * @version: protocol level of the receiver
 * @qos: 0 to 2
 * @dup: this is a repetition; ignored for QoS 0 [MQTT-3.3.1-2]
 * @retain: the value is a retained one
 * @has_expiry: @expiry is to be told
 * @id: packet identifier; not looked at for QoS 0
 * @topic_len: bytes of the topic that is sent; 0 if @alias stands for it
 * @alias: topic alias, 0 for none
 * @expiry: seconds the message has left
 * @subids_len: bytes of all subscription identifiers, as
 *	mqttk_wire_put_subid() writes them
 * @props_len: bytes of the forwarded properties, mqttk_props_forward()
 * @payload_len: bytes of the payload
 *
 * On the wire: mqttk_wire_pub_head() | topic | mqttk_wire_pub_tail() |
 * subscription identifiers | forwarded properties | payload. Before 5.0 there
 * are no properties, whatever @has_expiry, @alias, @subids_len and @props_len
 * say: the caller leaves those pieces out.
 */
struct mqttk_pub_out {
	u8 version;
	u8 qos;
	bool dup;
	bool retain;
	bool has_expiry;
	u16 id;
	u16 topic_len;
	u16 alias;
	u32 expiry;
	u32 subids_len;
	u32 props_len;
	u32 payload_len;
};

u8 mqttk_wire_reason(int err);

int mqttk_wire_fixed(u8 version, const u8 *buf, size_t len,
		     struct mqttk_fixed *f);
int mqttk_wire_connect(const u8 *body, size_t len, struct mqttk_connect *c);
int mqttk_wire_publish(u8 version, u8 flags, u32 remaining,
		       const u8 *body, size_t avail, struct mqttk_publish *p);
int mqttk_wire_ack(u8 version, u8 type, const u8 *body, size_t len,
		   struct mqttk_ack *ack);
int mqttk_wire_subscribe(u8 version, u8 type, const u8 *body, size_t len,
			 struct mqttk_sub_iter *it);
bool mqttk_wire_subscribe_next(struct mqttk_sub_iter *it,
			       struct mqttk_str *filter, u8 *options);
int mqttk_wire_disconnect(u8 version, const u8 *body, size_t len,
			  struct mqttk_disconnect *d);
int mqttk_wire_auth(const u8 *body, size_t len, struct mqttk_auth *a);

unsigned int mqttk_wire_put_connack(u8 *buf, u8 version,
				    const struct mqttk_connack *c);
unsigned int mqttk_wire_put_ack(u8 *buf, u8 version, u8 type, u16 id,
				u8 reason);
unsigned int mqttk_wire_put_pingresp(u8 *buf);
unsigned int mqttk_wire_put_suback_header(u8 *buf, u8 version, u16 id, u32 nr);
unsigned int mqttk_wire_put_unsuback_header(u8 *buf, u8 version, u16 id,
					    u32 nr);
unsigned int mqttk_wire_put_disconnect(u8 *buf, u8 reason,
				       const struct mqttk_str *reason_string);
unsigned int mqttk_wire_put_auth(u8 *buf, u8 reason,
				 const struct mqttk_str *method,
				 const struct mqttk_str *data);
unsigned int mqttk_wire_put_subid(u8 *buf, u32 id);
unsigned int mqttk_wire_pub_head(u8 *buf, const struct mqttk_pub_out *o);
unsigned int mqttk_wire_pub_tail(u8 *buf, const struct mqttk_pub_out *o);
u32 mqttk_wire_pub_size(const struct mqttk_pub_out *o);
unsigned int mqttk_wire_publish_head(u8 *buf, u8 version, u8 qos, bool dup,
				     bool retain, u16 topic_len,
				     u32 payload_len);
unsigned int mqttk_wire_publish_tail(u8 *buf, u8 version, u8 qos, u16 id);
u32 mqttk_wire_publish_size(u8 version, u8 qos, u16 topic_len,
			    u32 payload_len);

#endif /* _MQTTK_WIRE_H */
