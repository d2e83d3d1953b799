/* SPDX-License-Identifier: GPL-2.0 */
/* Queues are bound to a CPU unless told otherwise; since 6.18 they say so. */
#ifndef MQTTK_COMPAT_LINUX_WORKQUEUE_H
#define MQTTK_COMPAT_LINUX_WORKQUEUE_H

#include_next <linux/workqueue.h>

#ifndef MQTTK_HAS_WQ_PERCPU
#define WQ_PERCPU	0
#endif

#endif
