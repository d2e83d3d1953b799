/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/mqtt: every open file is a local MQTT subscriber and publisher. What
 * can be read and written is text, described in mqttk(4); what a file
 * subscribes to is set by ioctl.
 */
#ifndef _UAPI_LINUX_MQTTK_H
#define _UAPI_LINUX_MQTTK_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MQTTK_DEVICE_PATH	"/dev/mqtt"

/* The longest write: whole lines, all of which are valid or none counts. */
#define MQTTK_WRITE_MAX		65536

/* Payload bytes of a line as read; more are cut off and flag T says so. */
#define MQTTK_TEXT_PAYLOAD_MAX	8192

/*
 * What retained messages a subscription gets at its begin; neither: all. Values
 * as in the subscription options of MQTT 5.0.
 */
#define MQTTK_SUB_RETAINED_IF_NEW	0x10 /* only if it is a new one */
#define MQTTK_SUB_RETAINED_NEVER	0x20 /* none */

/**
 * struct mqttk_subscription - argument of the subscription ioctls
 * @filter: address of the topic filter, not terminated
 * @filter_len: its bytes, 1 to 65535
 * @qos: highest QoS wanted, 0 to 2; not used to unsubscribe
 * @flags: of MQTTK_SUB_*; 0 to unsubscribe
 * @reserved: 0
 *
 * Fields are added at the end. The size that a caller knows is in the ioctl's
 * number: a kernel that knows more takes the rest as 0; one that knows less
 * takes it if the rest is 0, and answers E2BIG otherwise.
 */
struct mqttk_subscription {
	__aligned_u64 filter;
	__u32 filter_len;
	__u32 qos;
	__u32 flags;
	__u32 reserved;
};

/* Size of the first version of struct mqttk_subscription. */
#define MQTTK_SUBSCRIPTION_SIZE_VER0	24

#define MQTTK_IOC_MAGIC		0xBC
#define MQTTK_IOC_SUBSCRIBE	_IOW(MQTTK_IOC_MAGIC, 0x01, \
				     struct mqttk_subscription)
#define MQTTK_IOC_UNSUBSCRIBE	_IOW(MQTTK_IOC_MAGIC, 0x02, \
				     struct mqttk_subscription)

#endif /* _UAPI_LINUX_MQTTK_H */
