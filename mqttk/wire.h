/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The MQTT wire format: packets to structures and back. Pure code without
 * kernel state and without allocation; user space builds it as well.
 *
 * A @version is the protocol level of the connection: 3 (MQTT 3.1), 4 (3.1.1)
 * or 5 (5.0), and 0 while no CONNECT has told it. Level 5 is not spoken yet:
 * its CONNECT is recognized and refused.
 */
#ifndef _MQTTK_WIRE_H
#define _MQTTK_WIRE_H

#include <linux/types.h>

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

/* Room for the encoders below, in bytes. */
#define MQTTK_FIXED_MAX		5
#define MQTTK_CONNACK_MAX	4
#define MQTTK_ACK_MAX		4
#define MQTTK_PINGRESP_MAX	2
#define MQTTK_SUBACK_HEADER_MAX	(MQTTK_FIXED_MAX + 2)
#define MQTTK_PUBLISH_HEAD_MAX	(MQTTK_FIXED_MAX + 2)
#define MQTTK_PUBLISH_TAIL_MAX	2

/* The code of a SUBACK entry whose filter was refused. */
#define MQTTK_SUBACK_FAILURE	0x80

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
 * struct mqttk_str - bytes borrowed from a packet
 * @p: first byte; valid for as long as the packet's buffer is
 * @len: number of bytes; there is no terminating NUL
 */
struct mqttk_str {
	const u8 *p;
	u16 len;
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
 * @version: protocol level; set on -EPROTONOSUPPORT, too
 * @clean: Clean Session
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
};

/**
 * struct mqttk_publish - the decoded start of a PUBLISH
 * @dup: this is a repetition
 * @retain: the value is to be retained
 * @qos: 0 to 2
 * @packet_id: 0 for QoS 0, never 0 otherwise
 * @topic: a valid topic name
 * @header: bytes of the variable header; the payload follows
 */
struct mqttk_publish {
	bool dup;
	bool retain;
	u8 qos;
	u16 packet_id;
	struct mqttk_str topic;
	u32 header;
};

/**
 * struct mqttk_sub_iter - the entries of a SUBSCRIBE or UNSUBSCRIBE
 * @packet_id: never 0
 * @nr: entries in the packet, at least 1
 * @options: whether an option byte follows each filter (SUBSCRIBE)
 * @p: next entry
 * @left: bytes left at @p
 */
struct mqttk_sub_iter {
	u16 packet_id;
	u32 nr;
	bool options;
	const u8 *p;
	size_t left;
};

int mqttk_wire_fixed(u8 version, const u8 *buf, size_t len,
		     struct mqttk_fixed *f);
int mqttk_wire_connect(const u8 *body, size_t len, struct mqttk_connect *c);
int mqttk_wire_publish(u8 version, u8 flags, u32 remaining,
		       const u8 *body, size_t avail, struct mqttk_publish *p);
int mqttk_wire_ack(u8 version, const u8 *body, size_t len, u16 *id);
int mqttk_wire_subscribe(u8 version, u8 type, const u8 *body, size_t len,
			 struct mqttk_sub_iter *it);
bool mqttk_wire_subscribe_next(struct mqttk_sub_iter *it,
			       struct mqttk_str *filter, u8 *options);

unsigned int mqttk_wire_put_connack(u8 *buf, u8 version, bool session_present,
				    u8 code);
unsigned int mqttk_wire_put_ack(u8 *buf, u8 version, u8 type, u16 id);
unsigned int mqttk_wire_put_pingresp(u8 *buf);
unsigned int mqttk_wire_put_suback_header(u8 *buf, u8 version, u16 id, u32 nr);
unsigned int mqttk_wire_publish_head(u8 *buf, u8 version, u8 qos, bool dup,
				     bool retain, u16 topic_len,
				     u32 payload_len);
unsigned int mqttk_wire_publish_tail(u8 *buf, u8 version, u8 qos, u16 id);
u32 mqttk_wire_publish_size(u8 version, u8 qos, u16 topic_len,
			    u32 payload_len);

#endif /* _MQTTK_WIRE_H */
