/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/mqtt: every open file is a local MQTT subscriber and publisher. What is
 * read and written is text, or, where a file asks for it, records; ioctls say
 * what a file subscribes to, as which client, and what it has dealt with.
 * mqttk(4) tells all of it.
 *
 * Structures grow at their end. The size that a caller knows is in the ioctl's
 * number: a kernel that knows more takes the rest as 0 and fills no more than
 * that; one that knows less takes it if the rest is 0, and answers E2BIG
 * otherwise. Fields named reserved are 0.
 */
#ifndef _UAPI_LINUX_MQTTK_H
#define _UAPI_LINUX_MQTTK_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MQTTK_DEVICE_PATH	"/dev/mqtt"

/* The longest write of text: whole lines, all valid or none counts. */
#define MQTTK_WRITE_MAX		65536

/* Payload bytes of a line as read; more are cut off and flag T says so. */
#define MQTTK_TEXT_PAYLOAD_MAX	8192

/* -- records ------------------------------------------------------------ */

#define MQTTK_RECORD_ALIGN	8

#define MQTTK_RECORD_RETAIN	0x01 /* was retained before; write: retain it */
#define MQTTK_RECORD_DUP	0x02 /* perhaps seen before, not acknowledged */
#define MQTTK_RECORD_EXPIRES	0x04 /* @expiry counts */

/**
 * struct mqttk_record - a message, as read and as written
 * @len: bytes of the whole record, a multiple of MQTTK_RECORD_ALIGN; the next
 *	one follows
 * @header_len: bytes of this header; the topic follows
 * @topic_len: bytes of topic; the properties follow
 * @props_len: bytes of properties; the payload follows, then zeros up to @len
 * @payload_len: bytes of payload, all of it
 * @flags: MQTTK_RECORD_*; not those of others, which there may be later
 * @qos: of the delivery, or to publish with: 0 to 2
 * @reserved: 0
 * @expiry: seconds the message has left, or shall have
 * @token: what acknowledges it, 0: nothing needs to
 * @lost: messages lost for this file just before this one, because it read too
 *	slowly
 * @seq: number of the message for this file, those lost included
 * @usec: microseconds of CLOCK_BOOTTIME when the broker had it
 *
 * Properties are those of a PUBLISH of MQTT 5.0 as they go over the wire,
 * without the length before them: what the publisher said of its message, and
 * the identifiers of the subscriptions by which it came. When a record is
 * written @token, @lost, @seq and @usec are not looked at, nor is the DUP flag,
 * and identifiers of subscriptions are left out: what was read may be written
 * as it is.
 */
struct mqttk_record {
	__u32 len;
	__u16 header_len;
	__u16 topic_len;
	__u32 props_len;
	__u32 payload_len;
	__u16 flags;
	__u8 qos;
	__u8 reserved;
	__u32 expiry;
	__u32 token;
	__u32 lost;
	__u64 seq;
	__u64 usec;
};

/* Size of the first version of struct mqttk_record. */
#define MQTTK_RECORD_SIZE_VER0	48

/* -- subscriptions ------------------------------------------------------ */

/*
 * Options of a subscription, with the values they have in MQTT 5.0. Of the last
 * two at most one: without, all retained messages come at its begin.
 */
#define MQTTK_SUB_NO_LOCAL		0x04 /* not what this file publishes */
#define MQTTK_SUB_RETAIN_AS_PUBLISHED	0x08 /* RETAIN says how it was published */
#define MQTTK_SUB_RETAINED_IF_NEW	0x10 /* only if it is a new one */
#define MQTTK_SUB_RETAINED_NEVER	0x20 /* none */

/**
 * struct mqttk_subscription - argument of the subscription ioctls
 * @filter: address of the topic filter, not terminated
 * @filter_len: its bytes, 1 to 65535
 * @qos: highest QoS wanted, 0 to 2; 0 to unsubscribe
 * @flags: of MQTTK_SUB_*; 0 to unsubscribe
 * @id: subscription identifier, told in the properties of records; 0: none; 0 to
 *	unsubscribe
 */
struct mqttk_subscription {
	__aligned_u64 filter;
	__u32 filter_len;
	__u32 qos;
	__u32 flags;
	__u32 id;
};

/* Size of the first version of struct mqttk_subscription. */
#define MQTTK_SUBSCRIPTION_SIZE_VER0	24

/* -- options ------------------------------------------------------------ */

#define MQTTK_OPT_BINARY_READ	0x01 /* read() gives records */
#define MQTTK_OPT_BINARY_WRITE	0x02 /* write() takes records */
#define MQTTK_OPT_ACK		0x04 /* QoS 1 and 2 are acknowledged */

/**
 * struct mqttk_options - how a file behaves
 * @flags: MQTTK_OPT_*
 * @receive_max: messages of QoS 1 and 2 read and not acknowledged, 0 or more
 *	than the limit max_inflight_messages: as many as that allows
 * @queued_messages: waiting to be read, 0 or more than the limit
 *	max_queued_messages: as many as that allows
 * @reserved: 0
 * @queued_bytes: likewise, max_queued_bytes
 */
struct mqttk_options {
	__u32 flags;
	__u32 receive_max;
	__u32 queued_messages;
	__u32 reserved;
	__u64 queued_bytes;
};

/* Size of the first version of struct mqttk_options. */
#define MQTTK_OPTIONS_SIZE_VER0		24

/* -- a client identifier ------------------------------------------------ */

#define MQTTK_CLIENT_CLEAN	0x01 /* begin anew, whatever was kept */

/* Never, as an @expiry. */
#define MQTTK_CLIENT_FOR_EVER	0xffffffff

/**
 * struct mqttk_client - be this client
 * @id: address of the client identifier, not terminated
 * @id_len: its bytes, 1 to 65535
 * @flags: MQTTK_CLIENT_*
 * @expiry: seconds that subscriptions and messages are kept when the file is
 *	closed
 * @reserved: 0
 */
struct mqttk_client {
	__aligned_u64 id;
	__u32 id_len;
	__u32 flags;
	__u32 expiry;
	__u32 reserved;
};

/* Size of the first version of struct mqttk_client. */
#define MQTTK_CLIENT_SIZE_VER0		24

/* -- acknowledgments ---------------------------------------------------- */

#define MQTTK_ACK_UPTO		0x01 /* and all that was read before it */

/**
 * struct mqttk_acknowledge - a message was dealt with
 * @token: of its record; 0 with MQTTK_ACK_UPTO: all that was read
 * @flags: MQTTK_ACK_*
 */
struct mqttk_acknowledge {
	__u32 token;
	__u32 flags;
};

/* Size of the first version of struct mqttk_acknowledge. */
#define MQTTK_ACKNOWLEDGE_SIZE_VER0	8

/* -- how it stands ------------------------------------------------------ */

/**
 * struct mqttk_info - how it stands with a file
 * @flags: MQTTK_OPT_* in force
 * @receive_max: messages of QoS 1 and 2 that may be unacknowledged; 0 where
 *	nothing is acknowledged
 * @queued: messages that wait to be read
 * @inflight: messages read and not acknowledged
 * @next_size: bytes of the next record, that a read needs room for; 0: there is
 *	none, or text is read
 * @subscriptions: how many
 * @queued_bytes: topics, properties and payloads of what is @queued
 * @seq: number of the next message
 * @lost: messages that were lost, because a limit was reached
 * @expired: messages whose time was over before they were read
 */
struct mqttk_info {
	__u32 flags;
	__u32 receive_max;
	__u32 queued;
	__u32 inflight;
	__u32 next_size;
	__u32 subscriptions;
	__u64 queued_bytes;
	__u64 seq;
	__u64 lost;
	__u64 expired;
};

/* Size of the first version of struct mqttk_info. */
#define MQTTK_INFO_SIZE_VER0		56

#define MQTTK_IOC_MAGIC		0xBC
#define MQTTK_IOC_SUBSCRIBE	_IOW(MQTTK_IOC_MAGIC, 0x01, \
				     struct mqttk_subscription)
#define MQTTK_IOC_UNSUBSCRIBE	_IOW(MQTTK_IOC_MAGIC, 0x02, \
				     struct mqttk_subscription)
#define MQTTK_IOC_OPTIONS	_IOW(MQTTK_IOC_MAGIC, 0x03, \
				     struct mqttk_options)
#define MQTTK_IOC_CLIENT	_IOW(MQTTK_IOC_MAGIC, 0x04, struct mqttk_client)
#define MQTTK_IOC_ACK		_IOW(MQTTK_IOC_MAGIC, 0x05, struct mqttk_acknowledge)
#define MQTTK_IOC_INFO		_IOR(MQTTK_IOC_MAGIC, 0x06, struct mqttk_info)

#endif /* _UAPI_LINUX_MQTTK_H */
