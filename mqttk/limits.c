// SPDX-License-Identifier: GPL-2.0
/*
 * Budgets and settings of a netns, and the cap of the whole module.
 */
#include <kunit/visibility.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "events.h"
#include "limits.h"

static unsigned long memory_max __ro_after_init;
module_param(memory_max, ulong, 0444);
MODULE_PARM_DESC(memory_max, "Bytes all network namespaces together may hold (0: a quarter of memory)");

/*
 * How far a CPU's share of a counter may run ahead unseen. Charges smaller
 * than this mostly stay on their CPU.
 */
#define CHARGE_BATCH	SZ_64K

/* All budgets of all netns together. */
static struct percpu_counter module_used ____cacheline_aligned_in_smp;

/*
 * MQTT's own bounds where there are any, otherwise what keeps a mistake from
 * becoming a denial of service. Rows of memory budgets are completed at load.
 */
struct mqttk_limit_desc mqttk_limit_desc[MQTTK_LIMIT_NR] __ro_after_init = {
	[MQTTK_LIMIT_MAX_PACKET_SIZE] = {
		"max_packet_size", "bytes", 20, 268435460, 2000000, 2000000,
	},
	[MQTTK_LIMIT_MAX_CONNECTIONS] = {
		"max_connections", "connections", 1, 10000000, 1000, 1000000,
	},
	[MQTTK_LIMIT_MAX_QUEUED_MESSAGES] = {
		"max_queued_messages", "messages", 1, 100000000, 1000, 1000,
	},
	[MQTTK_LIMIT_MAX_QUEUED_BYTES] = {
		"max_queued_bytes", "bytes", SZ_4K, 0, SZ_1M, SZ_64M,
	},
	[MQTTK_LIMIT_MAX_KEEPALIVE] = {
		"max_keepalive", "seconds", 0, 65535, 65535, 0,
	},
	[MQTTK_LIMIT_MAX_SUBSCRIPTIONS] = {
		"max_subscriptions", "subscriptions", 1, 100000000, 1000,
		2000000,
	},
	[MQTTK_LIMIT_CONNECT_TIMEOUT] = {
		"connect_timeout", "seconds", 1, 3600, 10, 10,
	},
	[MQTTK_LIMIT_SOCKET_BUFFER] = {
		"socket_buffer", "bytes", SZ_4K, SZ_16M, SZ_256K, SZ_256K,
	},
	[MQTTK_LIMIT_MAX_INFLIGHT] = {
		"max_inflight_messages", "messages", 0, 65535, 65535, 20,
	},
	[MQTTK_LIMIT_MAX_TOPIC_ALIAS] = {
		"max_topic_alias", "aliases", 0, 65535, 100, 10,
	},
	[MQTTK_LIMIT_QUEUE_QOS0] = {
		"queue_qos0_messages", "boolean", 0, 1, 1, 0,
	},
	[MQTTK_LIMIT_QUEUE_DROP_QOS0] = {
		"queue_drop_qos0", "boolean", 0, 1, 1, 0,
	},
	[MQTTK_LIMIT_PERSISTENT_EXPIRY] = {
		"persistent_client_expiration", "duration", 0, U32_MAX,
		U32_MAX, 0,
	},
	[MQTTK_LIMIT_SHARED_STRATEGY] = {
		"shared_strategy", "strategy", 0, 2, 2, 0,
	},
	[MQTTK_LIMIT_CHECK_PAYLOAD_FORMAT] = {
		"check_payload_format", "boolean", 0, 1, 1, 0,
	},
	[MQTTK_LIMIT_SYS_INTERVAL] = {
		"sys_interval", "seconds", 0, 65535, 65535, 10,
	},
	[MQTTK_LIMIT_RETAIN_AVAILABLE] = {
		"retain_available", "boolean", 0, 1, 1, 1,
	},
	[MQTTK_LIMIT_UPGRADE_QOS] = {
		"upgrade_outgoing_qos", "boolean", 0, 1, 1, 0,
	},
	[MQTTK_LIMIT_HANDSHAKE_MEMORY] = {
		"handshake_memory", "bytes", SZ_64K, 0, SZ_1M, SZ_64M,
	},
	[MQTTK_LIMIT_CLIENT_MEMORY] = {
		"client_memory", "bytes", SZ_64K, 0, SZ_8M, 0,
	},
	[MQTTK_LIMIT_MESSAGE_MEMORY] = {
		"message_memory", "bytes", SZ_64K, 0, SZ_8M, 0,
	},
	[MQTTK_LIMIT_RETAINED_MEMORY] = {
		"retained_memory", "bytes", SZ_64K, 0, SZ_4M, 0,
	},
};

static const enum mqttk_limit budget_limit[MQTTK_BUDGET_NR] = {
	[MQTTK_BUDGET_HANDSHAKE] = MQTTK_LIMIT_HANDSHAKE_MEMORY,
	[MQTTK_BUDGET_CLIENT] = MQTTK_LIMIT_CLIENT_MEMORY,
	[MQTTK_BUDGET_MESSAGE] = MQTTK_LIMIT_MESSAGE_MEMORY,
	[MQTTK_BUDGET_RETAINED] = MQTTK_LIMIT_RETAINED_MEMORY,
};

static void __init scale_to_memory(enum mqttk_limit key, unsigned long share)
{
	struct mqttk_limit_desc *d = &mqttk_limit_desc[key];

	d->max = memory_max;
	d->def = d->def ? min(d->def, share) : share;
	d->def = max(d->def, d->min);
	d->userns_max = min(d->userns_max, d->def);
}

/**
 * mqttk_limits_module_init - set up the module's cap and scale the budgets
 *
 * Context: module load.
 * Return: 0 or -ENOMEM
 */
int __init mqttk_limits_module_init(void)
{
	unsigned long pages = totalram_pages();
	unsigned long ram;

	/* A 32-bit machine may have more than its unsigned long can say. */
	ram = min(pages, ULONG_MAX >> PAGE_SHIFT) << PAGE_SHIFT;
	if (!memory_max)
		memory_max = ram / 4;
	scale_to_memory(MQTTK_LIMIT_HANDSHAKE_MEMORY, ram / 32);
	scale_to_memory(MQTTK_LIMIT_CLIENT_MEMORY, ram / 8);
	scale_to_memory(MQTTK_LIMIT_MESSAGE_MEMORY, ram / 8);
	scale_to_memory(MQTTK_LIMIT_RETAINED_MEMORY, ram / 16);
	scale_to_memory(MQTTK_LIMIT_MAX_QUEUED_BYTES, ram / 64);
	return percpu_counter_init(&module_used, 0, GFP_KERNEL);
}

/**
 * mqttk_limits_module_exit - undo mqttk_limits_module_init()
 *
 * Context: when no netns has anything charged any more.
 */
void mqttk_limits_module_exit(void)
{
	WARN_ON_ONCE(percpu_counter_sum(&module_used));
	percpu_counter_destroy(&module_used);
}

static unsigned long ceiling(enum mqttk_limit key, bool init_userns)
{
	const struct mqttk_limit_desc *d = &mqttk_limit_desc[key];

	return init_userns ? d->max : d->userns_max;
}

/**
 * mqttk_limit_find - which setting has this name?
 * @name: its name
 *
 * Return: enum mqttk_limit, or -ENOENT
 */
int mqttk_limit_find(const char *name)
{
	int key;

	for (key = 0; key < MQTTK_LIMIT_NR; key++)
		if (!strcmp(mqttk_limit_desc[key].name, name))
			return key;
	return -ENOENT;
}

/**
 * mqttk_limit_default - what a setting is when nobody has set it
 * @key: which
 * @init_userns: the netns belongs to the initial user namespace
 *
 * Return: its value
 */
unsigned long mqttk_limit_default(enum mqttk_limit key, bool init_userns)
{
	return min(mqttk_limit_desc[key].def, ceiling(key, init_userns));
}

/**
 * mqttk_limits_reset - give every setting its default
 * @l: a netns's limits
 * @init_userns: the netns belongs to the initial user namespace
 *
 * Context: under the netns's ctl_mutex, or before anybody sees @l.
 */
void mqttk_limits_reset(struct mqttk_limits *l, bool init_userns)
{
	int i;

	for (i = 0; i < MQTTK_LIMIT_NR; i++)
		WRITE_ONCE(l->value[i], mqttk_limit_default(i, init_userns));
}

/**
 * mqttk_limits_init - defaults and empty budgets
 * @l: zeroed memory
 * @init_userns: the netns belongs to the initial user namespace
 *
 * Return: 0 or -ENOMEM
 */
int mqttk_limits_init(struct mqttk_limits *l, bool init_userns)
{
	int err;

	mqttk_limits_reset(l, init_userns);
	/*
	 * Who can make as many namespaces as they like leave half to those of
	 * the machine's administrator.
	 */
	l->cap = init_userns ? memory_max : memory_max / 2;
	l->store = alloc_percpu_gfp(struct mqttk_store, GFP_KERNEL_ACCOUNT);
	if (!l->store)
		return -ENOMEM;
	err = percpu_counter_init_many(l->used, 0, GFP_KERNEL_ACCOUNT,
				       MQTTK_BUDGET_NR);
	if (err)
		free_percpu(l->store);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_limits_init);

/**
 * mqttk_limits_exit - undo mqttk_limits_init()
 * @l: limits; whatever was charged has been given back
 */
void mqttk_limits_exit(struct mqttk_limits *l)
{
	int i;

	for (i = 0; i < MQTTK_BUDGET_NR; i++)
		WARN_ONCE(percpu_counter_sum(&l->used[i]),
			  "mqttk: budget %d still holds %lld bytes\n", i,
			  percpu_counter_sum(&l->used[i]));
	percpu_counter_destroy_many(l->used, MQTTK_BUDGET_NR);
	free_percpu(l->store);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_limits_exit);

/**
 * mqttk_limit_permits - could a setting be set so?
 * @key: which
 * @value: to what, in the unit of its description
 * @init_userns: whoever asks administers the initial user namespace; otherwise
 *	the lower ceilings hold
 *
 * Return: true if it could
 */
bool mqttk_limit_permits(enum mqttk_limit key, u64 value, bool init_userns)
{
	return value >= mqttk_limit_desc[key].min &&
	       value <= ceiling(key, init_userns);
}

/**
 * mqttk_limit_set - change a setting
 * @l: a netns's limits
 * @key: which
 * @value: to what, in the unit of its description
 * @init_userns: whoever asks administers the initial user namespace; otherwise
 *	the lower ceilings hold
 *
 * A budget set below what it holds takes nothing away; it refuses until
 * enough was given back.
 *
 * Context: under the netns's ctl_mutex.
 * Return: 0 or -ERANGE
 */
int mqttk_limit_set(struct mqttk_limits *l, enum mqttk_limit key, u64 value,
		    bool init_userns)
{
	if (!mqttk_limit_permits(key, value, init_userns))
		return -ERANGE;
	WRITE_ONCE(l->value[key], value);
	return 0;
}

static bool over(struct percpu_counter *used, unsigned long limit,
		 size_t bytes)
{
	if (bytes > limit)
		return true;
	return __percpu_counter_compare(used, limit - bytes, CHARGE_BATCH) > 0;
}

static void refuse(struct mqttk_limits *l, enum mqttk_budget b)
{
	atomic_long_inc(&l->overflow[b]);
	mqttk_limit_hit(l, budget_limit[b], NULL);
}

/**
 * mqttk_earmark - count bytes that are charged already against a second budget
 * @l: the netns's limits
 * @b: which
 * @bytes: how many
 *
 * Retained messages are messages, but must not take all that messages may.
 *
 * Context: any but hard interrupts. Does not sleep.
 * Return: true if counted; otherwise the refusal was
 */
bool mqttk_earmark(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes)
{
	if (over(&l->used[b], mqttk_limit(l, budget_limit[b]), bytes)) {
		refuse(l, b);
		return false;
	}
	percpu_counter_add_batch(&l->used[b], bytes, CHARGE_BATCH);
	return true;
}

/**
 * mqttk_unearmark - undo mqttk_earmark()
 * @l: the netns's limits
 * @b: which
 * @bytes: how many
 *
 * Context: any but hard interrupts. Does not sleep.
 */
void mqttk_unearmark(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes)
{
	percpu_counter_add_batch(&l->used[b], -(s64)bytes, CHARGE_BATCH);
}

/**
 * mqttk_limits_stored - the messages of a netns
 * @l: its limits
 *
 * Context: any.
 * Return: how many there are, and their payloads' bytes; about, while they
 *	come and go
 */
struct mqttk_store mqttk_limits_stored(const struct mqttk_limits *l)
{
	struct mqttk_store sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mqttk_store *s = per_cpu_ptr(l->store, cpu);

		sum.messages += READ_ONCE(s->messages);
		sum.bytes += READ_ONCE(s->bytes);
	}
	sum.messages = max(sum.messages, 0L);
	sum.bytes = max(sum.bytes, 0L);
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_limits_stored);

/**
 * mqttk_budget_left - about how much a budget has left
 * @l: the netns's limits
 * @b: which
 *
 * Context: any. Cheap: only what the CPUs have told of is counted.
 * Return: bytes
 */
unsigned long mqttk_budget_left(struct mqttk_limits *l, enum mqttk_budget b)
{
	unsigned long limit = mqttk_limit(l, budget_limit[b]);
	u64 used = percpu_counter_read_positive(&l->used[b]);

	return used < limit ? limit - used : 0;
}

/**
 * mqttk_budget_has - could so much be charged now?
 * @l: the netns's limits
 * @b: as what
 * @bytes: how many
 *
 * Context: any but hard interrupts. Does not sleep.
 * Return: true if it could; otherwise a refusal was counted
 */
bool mqttk_budget_has(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes)
{
	if (!over(&l->used[b], mqttk_limit(l, budget_limit[b]), bytes))
		return true;
	refuse(l, b);
	return false;
}

/**
 * mqttk_budget_scarce - is less than a quarter of a budget left?
 * @l: the netns's limits
 * @b: which
 *
 * What stays when its owner goes leaves the last quarter to who is there:
 * otherwise a stranger who comes once for each of many client ids could keep
 * everybody out for good.
 *
 * Context: any. As cheap, and as exact, as mqttk_budget_left().
 * Return: true if it is
 */
bool mqttk_budget_scarce(struct mqttk_limits *l, enum mqttk_budget b)
{
	return mqttk_budget_left(l, b) < mqttk_limit(l, budget_limit[b]) / 4;
}

/**
 * mqttk_charge - take bytes from a budget before allocating them
 * @l: the netns's limits
 * @b: what for
 * @bytes: how many
 *
 * Charges on several CPUs at once can each pass, so a budget may be exceeded
 * by one charge for each CPU; charges are small (large payloads are charged
 * by the page as they arrive).
 *
 * Context: any but hard interrupts. Does not sleep.
 * Return: true if charged; otherwise the refusal was counted
 */
bool mqttk_charge(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes)
{
	if (over(&l->used[b], mqttk_limit(l, budget_limit[b]), bytes) ||
	    over(&module_used, l->cap, bytes)) {
		refuse(l, b);
		return false;
	}
	percpu_counter_add_batch(&l->used[b], bytes, CHARGE_BATCH);
	percpu_counter_add_batch(&module_used, bytes, CHARGE_BATCH);
	return true;
}

/**
 * mqttk_uncharge - give bytes back
 * @l: the netns's limits
 * @b: what they were charged as
 * @bytes: how many
 *
 * Context: any but hard interrupts. Does not sleep.
 */
void mqttk_uncharge(struct mqttk_limits *l, enum mqttk_budget b, size_t bytes)
{
	percpu_counter_add_batch(&l->used[b], -(s64)bytes, CHARGE_BATCH);
	percpu_counter_add_batch(&module_used, -(s64)bytes, CHARGE_BATCH);
}
