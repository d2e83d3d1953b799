// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a session: as much as its client id needs, and what is there only
 * once there is something to count.
 */
#include <linux/cache.h>
#include <linux/math.h>
#include <linux/slab.h>

#include "session.h"

/*
 * Most client ids are not longer than a client may rely on [MQTT-3.1.3-5]: a
 * hundred thousand sessions are as large as theirs are, not as the longest of
 * those. The others' are of a size of their own.
 */
#define ID_STEP		8
#define CACHED_ID	24

static struct kmem_cache *caches[CACHED_ID / ID_STEP] __ro_after_init;

/* Those without one, of files, are with the shortest. */
static unsigned int step_of(u16 id_len)
{
	return id_len ? (id_len - 1) / ID_STEP : 0;
}

static size_t session_size(u16 id_len)
{
	size_t base = offsetof(struct mqttk_session, id);

	if (id_len <= CACHED_ID)
		return base + (step_of(id_len) + 1) * ID_STEP;
	return kmalloc_size_roundup(base + id_len);
}

/**
 * mqttk_session_caches_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_session_caches_init(void)
{
	unsigned int i, id_len;
	char name[32];

	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		id_len = (i + 1) * ID_STEP;
		snprintf(name, sizeof(name), "mqttk_session_%u", id_len);
		caches[i] = kmem_cache_create(name, session_size(id_len), 0, 0,
					      NULL);
		if (!caches[i]) {
			mqttk_session_caches_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * mqttk_session_caches_exit - at module unload, when no session is left
 */
void mqttk_session_caches_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(caches); i++)
		kmem_cache_destroy(caches[i]);
}

/**
 * mqttk_session_cost - what a session is charged for
 * @id_len: bytes of its client id
 *
 * Return: bytes, all it may need for a message included
 */
size_t mqttk_session_cost(u16 id_len)
{
	return session_size(id_len) + MQTTK_QUEUE_ROOM(MQTTK_QUEUE_PLACES) +
	       sizeof(struct mqttk_counts);
}

/**
 * mqttk_session_zalloc - memory for a session
 * @id_len: bytes of its client id
 *
 * Context: process; may sleep.
 * Return: zeroed, to be freed by kfree(); NULL: there is none
 */
struct mqttk_session *mqttk_session_zalloc(u16 id_len)
{
	if (id_len <= CACHED_ID)
		return kmem_cache_zalloc(caches[step_of(id_len)],
					 MQTTK_SESSION_GFP);
	return kzalloc(session_size(id_len), MQTTK_SESSION_GFP);
}

/**
 * mqttk_session_need_counts - there is something to be counted
 * @s: the session, whose cost covers it
 *
 * For mqttk_session_counts(), the first time.
 *
 * Context: any but hard interrupts.
 * Return: where to, or NULL
 */
struct mqttk_counts *mqttk_session_need_counts(struct mqttk_session *s)
{
	struct mqttk_counts *c, *other;

	c = kzalloc(sizeof(*c), GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!c)
		return NULL;
	/* What comes and what goes is counted by different CPUs. */
	other = cmpxchg(&s->counts, NULL, c);
	if (!other)
		return c;
	kfree(c);
	return other;
}
