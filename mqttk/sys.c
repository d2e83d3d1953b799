// SPDX-License-Identifier: GPL-2.0
/*
 * $SYS/broker: what the broker says about itself, under mosquitto's names.
 *
 * The values are retained messages like any others, replaced when they change.
 * What was said last is read from there: so a value that somebody deleted, or
 * that did not fit, is said again at the next round.
 *
 * Averages. Each looks back on 1, 5 or 15 minutes and forgets exponentially:
 * over a time t a rate r changes the average a for a span s to
 * r + (a - r) exp(-t / s). Times are in milliseconds; exp(-1 ms / s) is a
 * constant with 63 bits behind the point, raised to the power t by squaring,
 * which costs less than a bit of precision for each of its few steps. So the
 * averages come out the same whatever the interval is and however late it is.
 */
#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/sched/mm.h>

#include "deadline.h"
#include "limits.h"
#include "memcg.h"
#include "msg.h"
#include "net.h"
#include "retain.h"
#include "router.h"
#include "sys.h"
#include "version.h"

#define SYS_ROOT	"$SYS/broker/"
#define SYS_GFP		(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)
#define TOPIC_MAX	64
#define TEXT_MAX	32

/* What is published as it is. */
enum figure {
	CLIENTS_TOTAL,
	CLIENTS_CONNECTED,
	CLIENTS_DISCONNECTED,
	CLIENTS_MAXIMUM,
	CLIENTS_EXPIRED,
	PACKETS_RECEIVED,
	PACKETS_SENT,
	STORE_MESSAGES,
	STORE_BYTES,
	PUBLISH_RECEIVED,
	PUBLISH_SENT,
	PUBLISH_DROPPED,
	PUBLISH_BYTES_RECEIVED,
	PUBLISH_BYTES_SENT,
	BYTES_RECEIVED,
	BYTES_SENT,
	SUBSCRIPTIONS,
	SHARED_SUBSCRIPTIONS,
	RETAINED_MESSAGES,
	HEAP_CURRENT,
	HEAP_MAXIMUM,
	SOCKETS,
	CONNECTS,
	FIGURE_NR,
};

/* Some have an old name beside the new one. */
static const struct {
	const char *topic;
	enum figure figure;
} figures[] = {
	{ "clients/total", CLIENTS_TOTAL },
	{ "clients/connected", CLIENTS_CONNECTED },
	{ "clients/active", CLIENTS_CONNECTED },
	{ "clients/disconnected", CLIENTS_DISCONNECTED },
	{ "clients/inactive", CLIENTS_DISCONNECTED },
	{ "clients/maximum", CLIENTS_MAXIMUM },
	{ "clients/expired", CLIENTS_EXPIRED },
	{ "messages/received", PACKETS_RECEIVED },
	{ "messages/sent", PACKETS_SENT },
	{ "messages/stored", STORE_MESSAGES },
	{ "store/messages/count", STORE_MESSAGES },
	{ "store/messages/bytes", STORE_BYTES },
	{ "publish/messages/received", PUBLISH_RECEIVED },
	{ "publish/messages/sent", PUBLISH_SENT },
	{ "publish/messages/dropped", PUBLISH_DROPPED },
	{ "publish/bytes/received", PUBLISH_BYTES_RECEIVED },
	{ "publish/bytes/sent", PUBLISH_BYTES_SENT },
	{ "bytes/received", BYTES_RECEIVED },
	{ "bytes/sent", BYTES_SENT },
	{ "subscriptions/count", SUBSCRIPTIONS },
	{ "shared_subscriptions/count", SHARED_SUBSCRIPTIONS },
	{ "retained messages/count", RETAINED_MESSAGES },
	{ "heap/current", HEAP_CURRENT },
	{ "heap/maximum", HEAP_MAXIMUM },
	{ "connections/socket/count", SOCKETS },
};

static const struct {
	const char *topic;
	enum figure figure;
} loads[MQTTK_LOAD_NR] = {
	[MQTTK_LOAD_PACKETS_RECEIVED] = { "messages/received",
					  PACKETS_RECEIVED },
	[MQTTK_LOAD_PACKETS_SENT] = { "messages/sent", PACKETS_SENT },
	[MQTTK_LOAD_PUBLISH_DROPPED] = { "publish/dropped", PUBLISH_DROPPED },
	[MQTTK_LOAD_PUBLISH_RECEIVED] = { "publish/received",
					  PUBLISH_RECEIVED },
	[MQTTK_LOAD_PUBLISH_SENT] = { "publish/sent", PUBLISH_SENT },
	[MQTTK_LOAD_BYTES_RECEIVED] = { "bytes/received", BYTES_RECEIVED },
	[MQTTK_LOAD_BYTES_SENT] = { "bytes/sent", BYTES_SENT },
	[MQTTK_LOAD_SOCKETS] = { "sockets", SOCKETS },
	[MQTTK_LOAD_CONNECTS] = { "connections", CONNECTS },
};

static const struct {
	const char *name;
	u64 decay;	/* exp(-1 ms / span), 63 bits behind the point */
} spans[MQTTK_SPAN_NR] = {
	[MQTTK_SPAN_1MIN] = { "1min", 0x7fff7430e774d7b8 },
	[MQTTK_SPAN_5MIN] = { "5min", 0x7fffe409bbacb08c },
	[MQTTK_SPAN_15MIN] = { "15min", 0x7ffff6ade88bd041 },
};

/* How much of an average is left after a time; 63 bits behind the point. */
static u64 decay_over(enum mqttk_span span, u32 msec)
{
	u64 left = BIT_ULL(63), step = spans[span].decay;

	for (; msec; msec >>= 1) {
		if (msec & 1)
			left = mul_u64_u64_shr(left, step, 63);
		step = mul_u64_u64_shr(step, step, 63);
	}
	return left;
}

/**
 * mqttk_sys_average - go on with a moving average
 * @load: the average so far, in events a minute; see MQTTK_LOAD_SHIFT
 * @events: how many came since
 * @msec: in which time; not 0
 * @span: what it is an average of
 *
 * Context: any.
 * Return: the average now
 */
u64 mqttk_sys_average(u64 load, u64 events, u32 msec, enum mqttk_span span)
{
	u64 left = decay_over(span, msec), rate;

	/* No machine can do as much; the rate would not fit. */
	events = min(events, (u64)msec << 32);
	rate = mul_u64_u64_div_u64(events,
				   60ULL * MSEC_PER_SEC << MQTTK_LOAD_SHIFT,
				   msec);
	if (load > rate)
		return rate + mul_u64_u64_shr(load - rate, left, 63);
	return rate - mul_u64_u64_shr(rate - load, left, 63);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_sys_average);

/**
 * mqttk_sys_format - an average as text
 * @to: where to
 * @size: bytes there
 * @load: the average, at most half of what a u64 holds
 *
 * Context: any.
 * Return: its length; two digits follow the point
 */
int mqttk_sys_format(char *to, size_t size, u64 load)
{
	u32 part;

	load += (1 << MQTTK_LOAD_SHIFT) / 200;
	part = load & ((1 << MQTTK_LOAD_SHIFT) - 1);
	return scnprintf(to, size, "%llu.%02u", load >> MQTTK_LOAD_SHIFT,
			 part * 100 >> MQTTK_LOAD_SHIFT);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_sys_format);

static bool said_already(struct mqttk_net *mn, const char *topic, u16 topic_len,
			 const char *text, u32 len)
{
	char said[TEXT_MAX];
	struct mqttk_msg *msg;
	bool same = false;

	msg = mqttk_retain_get(&mn->retained, (const u8 *)topic, topic_len);
	if (msg && msg->payload_len == len && len <= sizeof(said)) {
		mqttk_msg_read(msg, 0, said, len);
		same = !memcmp(said, text, len);
	}
	mqttk_msg_put(msg);
	return same;
}

/* Where memory is short nothing is said; the next round tries again. */
static void say(struct mqttk_net *mn, const char *topic, const char *text)
{
	u32 len = strlen(text);
	struct mqttk_msg *msg;
	char full[TOPIC_MAX];
	u16 topic_len;

	topic_len = scnprintf(full, sizeof(full), SYS_ROOT "%s", topic);
	if (said_already(mn, full, topic_len, text, len))
		return;
	msg = mqttk_msg_alloc(&mn->limits, (const u8 *)full, topic_len, 0, len,
			      SYS_GFP);
	if (IS_ERR(msg))
		return;
	mqttk_msg_fill(msg, text, len);
	msg->qos = 2;
	msg->retain = 1;
	mqttk_router_publish(mn, msg, NULL, NULL);
	mqttk_msg_put(msg);
}

/* Charged bytes, what counts in two budgets only once. */
static u64 heap(struct mqttk_net *mn)
{
	s64 sum = -(s64)READ_ONCE(mn->retained.earmarked);
	int i;

	for (i = 0; i < MQTTK_BUDGET_NR; i++)
		sum += percpu_counter_sum(&mn->limits.used[i]);
	return max(sum, 0LL);
}

/* One more in @a than in @b may be on its way to be counted there, too. */
static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

static void collect(struct mqttk_net *mn, u64 *value)
{
	static const struct {
		enum figure figure;
		enum mqttk_stat stat;
	} stats[] = {
		{ CLIENTS_EXPIRED, MQTTK_STAT_SESSIONS_EXPIRED },
		{ PACKETS_RECEIVED, MQTTK_STAT_PACKETS_RECEIVED },
		{ PACKETS_SENT, MQTTK_STAT_PACKETS_SENT },
		{ PUBLISH_RECEIVED, MQTTK_STAT_MESSAGES_RECEIVED },
		{ PUBLISH_SENT, MQTTK_STAT_MESSAGES_SENT },
		{ PUBLISH_DROPPED, MQTTK_STAT_MESSAGES_DROPPED },
		{ PUBLISH_BYTES_RECEIVED, MQTTK_STAT_PUBLISH_BYTES_RECEIVED },
		{ PUBLISH_BYTES_SENT, MQTTK_STAT_PUBLISH_BYTES_SENT },
		{ BYTES_RECEIVED, MQTTK_STAT_BYTES_RECEIVED },
		{ BYTES_SENT, MQTTK_STAT_BYTES_SENT },
		{ SOCKETS, MQTTK_STAT_CONNECTIONS },
	};
	struct mqttk_store store = mqttk_limits_stored(&mn->limits);
	u64 accepted, gone;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stats); i++)
		value[stats[i].figure] = mqttk_stat_sum(mn, stats[i].stat);
	/* In this order: nobody is gone who had not come before. */
	gone = mqttk_stat_sum(mn, MQTTK_STAT_CLIENTS_DISCONNECTED);
	accepted = mqttk_stat_sum(mn, MQTTK_STAT_CLIENTS_CONNECTED);
	value[CONNECTS] = accepted +
			  mqttk_stat_sum(mn, MQTTK_STAT_CONNECTS_REFUSED);
	value[CLIENTS_CONNECTED] = less(accepted, gone);
	value[CLIENTS_TOTAL] = max_t(u64, atomic_read(&mn->sessions.nelems),
				     value[CLIENTS_CONNECTED]);
	value[CLIENTS_DISCONNECTED] = value[CLIENTS_TOTAL] -
				      value[CLIENTS_CONNECTED];
	value[CLIENTS_MAXIMUM] = max(mn->sys.clients_max,
				     value[CLIENTS_CONNECTED]);
	value[STORE_MESSAGES] = store.messages;
	value[STORE_BYTES] = store.bytes;
	value[SUBSCRIPTIONS] = READ_ONCE(mn->index.nr_subs);
	value[SHARED_SUBSCRIPTIONS] = READ_ONCE(mn->index.nr_shared);
	value[RETAINED_MESSAGES] = READ_ONCE(mn->retained.count);
	value[HEAP_CURRENT] = heap(mn);
	value[HEAP_MAXIMUM] = max(mn->sys.heap_max, value[HEAP_CURRENT]);

	mn->sys.clients_max = value[CLIENTS_MAXIMUM];
	mn->sys.heap_max = value[HEAP_MAXIMUM];
}

/* Takes the averages on to now. */
static void average(struct mqttk_sys *sys, const u64 *value, ktime_t now)
{
	s64 msec = ktime_ms_delta(now, sys->last);
	u64 events;
	int i, s;

	/* The first time it is only noted where the counters stand. */
	if (sys->begun && msec <= 0)
		return;
	for (i = 0; i < MQTTK_LOAD_NR; i++) {
		events = less(value[loads[i].figure], sys->seen[i]);
		sys->seen[i] = value[loads[i].figure];
		for (s = 0; sys->begun && s < MQTTK_SPAN_NR; s++)
			sys->load[i][s] =
				mqttk_sys_average(sys->load[i][s], events,
						  min_t(s64, msec, U32_MAX), s);
	}
	sys->last = now;
	sys->begun = true;
}

static void say_loads(struct mqttk_net *mn)
{
	char topic[TOPIC_MAX], text[TEXT_MAX];
	int i, s;

	for (i = 0; i < MQTTK_LOAD_NR; i++) {
		for (s = 0; s < MQTTK_SPAN_NR; s++) {
			if (READ_ONCE(mn->dying))
				return;
			scnprintf(topic, sizeof(topic), "load/%s/%s",
				  loads[i].topic, spans[s].name);
			mqttk_sys_format(text, sizeof(text),
					 mn->sys.load[i][s]);
			say(mn, topic, text);
		}
	}
}

static void say_all(struct mqttk_net *mn)
{
	ktime_t now = ktime_get_boottime();
	u64 value[FIGURE_NR] = {};
	char text[TEXT_MAX];
	size_t i;

	collect(mn, value);
	average(&mn->sys, value, now);
	say(mn, "version", "mqttk version " MQTTK_VERSION);
	scnprintf(text, sizeof(text), "%llu seconds",
		  div_u64(ktime_sub(now, mn->sys.started), NSEC_PER_SEC));
	say(mn, "uptime", text);
	say_loads(mn);
	for (i = 0; i < ARRAY_SIZE(figures); i++) {
		if (READ_ONCE(mn->dying))
			return;
		scnprintf(text, sizeof(text), "%llu", value[figures[i].figure]);
		say(mn, figures[i].topic, text);
	}
}

/* Nobody listens, nobody is there, no file is open. */
static bool nobody_there(struct mqttk_net *mn)
{
	return list_empty(&mn->listeners) && list_empty(&mn->files) &&
	       !atomic_read(&mn->sessions.nelems);
}

static void forget_all(struct mqttk_net *mn)
{
	static const char filter[] = SYS_ROOT "#";

	mqttk_retain_clear(&mn->retained, (const u8 *)filter,
			   sizeof(filter) - 1);
}

static void end(struct mqttk_net *mn)
{
	struct mqttk_sys *sys = &mn->sys;

	if (!sys->running)
		return;
	sys->running = false;
	mem_cgroup_put(sys->memcg);
	sys->memcg = NULL;
	forget_all(mn);
}

static void work_fn(struct work_struct *work)
{
	struct mqttk_net *mn = container_of(to_delayed_work(work),
					    struct mqttk_net, sys.work);
	unsigned long interval = mqttk_limit(&mn->limits,
					     MQTTK_LIMIT_SYS_INTERVAL);
	struct mqttk_sys *sys = &mn->sys;
	struct mem_cgroup *old;

	mutex_lock(&sys->lock);
	/*
	 * Whoever comes asks for a start after it can be seen: so either it is
	 * seen here, or what ends here is started again.
	 */
	if (sys->running && nobody_there(mn))
		end(mn);
	if (!sys->running)
		goto unlock;
	if (!interval) {
		forget_all(mn);
		goto unlock;
	}
	/* First: a fan-out may take long. */
	queue_delayed_work(mqttk_clock_wq, &sys->work, interval * HZ);
	old = set_active_memcg(sys->memcg);
	say_all(mn);
	set_active_memcg(old);
unlock:
	mutex_unlock(&sys->lock);
}

/**
 * mqttk_sys_init - before the first start
 * @mn: the broker
 *
 * Context: process.
 */
void mqttk_sys_init(struct mqttk_net *mn)
{
	mutex_init(&mn->sys.lock);
	INIT_DELAYED_WORK(&mn->sys.work, work_fn);
}

/**
 * mqttk_sys_start - publish from now on, if there is anybody to publish for
 * @mn: the broker
 *
 * To be called when a listener or a file has come. Ends by itself when the last
 * one and the last client are gone, and leaves nothing retained. Does nothing
 * if it has been started before.
 *
 * Context: process; sleeps.
 */
void mqttk_sys_start(struct mqttk_net *mn)
{
	struct mqttk_sys *sys = &mn->sys;

	mutex_lock(&sys->lock);
	if (!sys->running && !READ_ONCE(mn->dying) && !nobody_there(mn)) {
		sys->running = true;
		sys->begun = false;
		sys->memcg = mqttk_memcg_get();
		sys->started = ktime_get_boottime();
		sys->clients_max = 0;
		sys->heap_max = 0;
		memset(sys->load, 0, sizeof(sys->load));
		mod_delayed_work(mqttk_clock_wq, &sys->work, 0);
	}
	mutex_unlock(&sys->lock);
}

/**
 * mqttk_sys_refresh - sys_interval was changed
 * @mn: the broker
 *
 * Context: process; sleeps.
 */
void mqttk_sys_refresh(struct mqttk_net *mn)
{
	mutex_lock(&mn->sys.lock);
	if (mn->sys.running)
		mod_delayed_work(mqttk_clock_wq, &mn->sys.work, 0);
	mutex_unlock(&mn->sys.lock);
}

/**
 * mqttk_sys_stop - publish nothing any more, and leave nothing retained
 * @mn: the broker
 *
 * If mn->dying is set it can not be started again.
 *
 * Context: process; waits for the present round, which breaks off when the
 *	broker is dying.
 */
void mqttk_sys_stop(struct mqttk_net *mn)
{
	mutex_lock(&mn->sys.lock);
	end(mn);
	mutex_unlock(&mn->sys.lock);
	/* It may be waiting for the lock, to find that it has nothing to do. */
	cancel_delayed_work_sync(&mn->sys.work);
}
