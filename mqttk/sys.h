/* SPDX-License-Identifier: GPL-2.0 */
/*
 * $SYS/broker: what the broker says about itself.
 */
#ifndef MQTTK_SYS_H
#define MQTTK_SYS_H

#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mem_cgroup;
struct mqttk_net;

/**
 * enum mqttk_load - what is averaged over time
 *
 * Topics of the same order stand in a table in sys.c.
 */
enum mqttk_load {
	MQTTK_LOAD_PACKETS_RECEIVED,
	MQTTK_LOAD_PACKETS_SENT,
	MQTTK_LOAD_PUBLISH_DROPPED,
	MQTTK_LOAD_PUBLISH_RECEIVED,
	MQTTK_LOAD_PUBLISH_SENT,
	MQTTK_LOAD_BYTES_RECEIVED,
	MQTTK_LOAD_BYTES_SENT,
	MQTTK_LOAD_SOCKETS,
	MQTTK_LOAD_CONNECTS,
	MQTTK_LOAD_NR,
};

/**
 * enum mqttk_span - the time an average looks back on
 * @MQTTK_SPAN_1MIN: a minute
 * @MQTTK_SPAN_5MIN: five
 * @MQTTK_SPAN_15MIN: fifteen
 * @MQTTK_SPAN_NR: their number
 */
enum mqttk_span {
	MQTTK_SPAN_1MIN,
	MQTTK_SPAN_5MIN,
	MQTTK_SPAN_15MIN,
	MQTTK_SPAN_NR,
};

/* Averages are in events a minute, with so many bits behind the point. */
#define MQTTK_LOAD_SHIFT	16

/**
 * struct mqttk_sys - the $SYS topics of a netns
 * @lock: guards the rest; inside ctl_mutex
 * @work: publishes what has changed, every sys_interval seconds
 * @running: there is somebody to publish for
 * @begun: something was published since it has been
 * @memcg: who had it started; pays
 * @started: CLOCK_BOOTTIME when it was
 * @last: CLOCK_BOOTTIME of the averages
 * @clients_max: most clients seen connected
 * @heap_max: most bytes seen charged
 * @seen: the counters at @last
 * @load: the averages
 */
struct mqttk_sys {
	struct mutex lock;	/* all of it */
	struct delayed_work work;
	bool running;
	bool begun;
	struct mem_cgroup *memcg;
	ktime_t started;
	ktime_t last;
	u64 clients_max;
	u64 heap_max;
	u64 seen[MQTTK_LOAD_NR];
	u64 load[MQTTK_LOAD_NR][MQTTK_SPAN_NR];
};

void mqttk_sys_init(struct mqttk_net *mn);
void mqttk_sys_start(struct mqttk_net *mn);
void mqttk_sys_refresh(struct mqttk_net *mn);
void mqttk_sys_stop(struct mqttk_net *mn);

u64 mqttk_sys_average(u64 load, u64 events, u32 msec, enum mqttk_span span);
int mqttk_sys_format(char *to, size_t size, u64 load);

#endif /* MQTTK_SYS_H */
