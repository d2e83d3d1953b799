/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The subscription index: which filters match a topic, who subscribed to them.
 *
 * Publishers read under RCU, without a lock and without memory. Subscribing and
 * unsubscribing is serialized by the owner's mutex.
 */
#ifndef MQTTK_FILTER_H
#define MQTTK_FILTER_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include "levels.h"
#include "limits.h"
#include "set.h"
#include "table.h"

struct mqttk_group;
struct mqttk_groups;
struct mqttk_via;

/**
 * struct mqttk_index - the subscriptions of a netns
 * @filters: every filter by its text; also the look-up of filters without a
 *	wildcard, since no topic name equals the text of one with
 * @groups: every group of a shared subscription by its text
 * @key: of the hashes of @filters and @groups, and of topics
 * @wild: the levels of filters with a wildcard
 * @limits: who pays
 * @lock: the owner's mutex that serializes writers
 * @nr_filters: filters of both kinds; under @lock, peeked at without
 * @nr_wild: those with a wildcard; likewise
 * @nr_exact: those without; likewise. Not derived from the others, which are
 *	not written at once
 * @nr_subs: subscriptions; likewise
 * @nr_shared: those of them that are shared; likewise
 * @deferred: there were subscriptions that an RCU callback frees
 * @seq: of the newest subscription; under @lock
 * @changes: of what filters there are: see mqttk_index_changes()
 */
struct mqttk_index {
	struct mqttk_table filters;
	struct rhashtable groups;
	hsiphash_key_t key;
	struct mqttk_levels wild;
	struct mqttk_limits *limits;
	struct mutex *lock;	/* the writers' */
	unsigned int nr_filters;
	unsigned int nr_wild;
	unsigned int nr_exact;
	unsigned int nr_subs;
	unsigned int nr_shared;
	bool deferred;
	u32 seq;
	atomic64_t changes;
};

/**
 * struct mqttk_subscriber - who subscribes; embedded in the session
 * @index: the session's small index, unique among the index's subscribers and
 *	at most INT_MAX; subscriptions of a filter are walked in its order
 * @nr_subs: subscriptions in @subs; under the index's lock
 * @subs: struct mqttk_sub.node, and marks of struct mqttk_roll between them;
 *	under the index's lock
 *
 * Readers follow subscriptions to it under RCU, so it must stay for a grace
 * period after its last subscription is gone.
 */
struct mqttk_subscriber {
	u32 index;
	u32 nr_subs;
	struct list_head subs;
};

/**
 * struct mqttk_sub - a subscription
 * @owner: who subscribed; NULL only in the mark of a struct mqttk_roll
 * @filter: to what; for a shared one the filter that its group shares. Valid as
 *	long as the subscription
 * @via: what goes with each message: identifier, group; NULL if there is
 *	neither
 * @node: in @owner's list; under the index's lock
 * @rcu: freed after a grace period
 * @item: in the filter's subscriptions, by @owner's index; or in its group's
 *	members, by mqttk_group_index() of that. Its tag is which SUBSCRIBE it
 *	was that asked for what is retained, not 0
 * @id: subscription identifier of MQTT 5.0, 0: none
 * @qos: granted QoS
 * @options: the option byte as the client sent it
 *
 * Immutable: subscribing again replaces it, so that a reader never sees the
 * QoS of one SUBSCRIBE with the identifier of another.
 */
struct mqttk_sub {
	struct mqttk_subscriber *owner;
	struct mqttk_filter *filter;
	struct mqttk_via *via;
	union {
		struct list_head node;
		struct rcu_head rcu;
	};
	struct mqttk_item item;
	u32 id;
	u8 qos;
	u8 options;
};

/**
 * struct mqttk_filter - a filter that somebody subscribed to
 * @index: where it belongs
 * @level: the node of the wildcard trie that holds it, NULL for exact filters;
 *	readers look at neither
 * @rcu: freed a grace period after the last reference
 * @groups: those that share it; NULL when there are none
 * @subs: struct mqttk_sub.item
 * @hash_node: in the index's @filters
 * @ref: one while it has subscriptions or groups, one for each
 *	mqttk_filter_get()
 * @hash: of @text
 * @len: bytes of @text
 * @text: the filter, not terminated
 */
struct mqttk_filter {
	union {
		struct {
			struct mqttk_index *index;
			struct mqttk_level *level;
		};
		struct rcu_head rcu;
	};
	struct mqttk_groups __rcu *groups;
	struct mqttk_set subs;
	/* From here on what a look-up by text reads: one cache line, mostly. */
	struct rhash_head hash_node;
	refcount_t ref;
	u32 hash;
	u16 len;
	u8 text[];
};

int mqttk_index_init(struct mqttk_index *ix,
		     struct mqttk_limits *limits, struct mutex *lock);
void mqttk_index_exit(struct mqttk_index *ix);

void mqttk_subscriber_init(struct mqttk_subscriber *s, u32 index);
int mqttk_subscribe(struct mqttk_index *ix, struct mqttk_subscriber *s,
		    const u8 *filter, u16 len, u8 qos, u8 options, u32 id,
		    struct mqttk_sub **sub, bool *existed);
int mqttk_unsubscribe(struct mqttk_index *ix, struct mqttk_subscriber *s,
		      const u8 *filter, u16 len);
bool mqttk_unsubscribe_some(struct mqttk_index *ix, struct mqttk_subscriber *s,
			    unsigned int max);
void mqttk_unsubscribe_all(struct mqttk_index *ix, struct mqttk_subscriber *s);
u32 mqttk_subscription_seq(struct mqttk_index *ix,
			   const struct mqttk_subscriber *s,
			   const u8 *filter, u16 len);
const u8 *mqttk_sub_text(const struct mqttk_sub *sub, u16 *len);
struct mqttk_set *mqttk_index_find(struct mqttk_index *ix, const u8 *text,
				   u16 len);

struct mqttk_filter *mqttk_filter_find(struct mqttk_index *ix, const u8 *text,
				       u16 len, u32 hash);
void mqttk_filter_ahead(struct mqttk_index *ix, u32 hash);
void mqttk_filter_ahead_entry(struct mqttk_index *ix, u32 hash);
void mqttk_filter_free(struct mqttk_filter *f);

/*
 * As long as this stays the same a topic matches the filters that it did: read it
 * before they are looked for. And under RCU such a filter is still there: it is
 * counted when it cannot be found any more, before the grace period begins after
 * which it is freed.
 */
static inline u64 mqttk_index_changes(const struct mqttk_index *ix)
{
	return atomic64_read_acquire(&ix->changes);
}

/* What a filter is looked up by. */
static inline u32 mqttk_filter_hash(const struct mqttk_index *ix,
				    const u8 *text, u16 len)
{
	return hsiphash(text, len, &ix->key);
}

/*
 * Keeps a filter found under RCU beyond the read-side section; false: its last
 * subscription is gone, so there is nobody to keep it for.
 */
static inline bool mqttk_filter_get(struct mqttk_filter *f)
{
	return refcount_inc_not_zero(&f->ref);
}

/* Any context. */
static inline void mqttk_filter_put(struct mqttk_filter *f)
{
	if (refcount_dec_and_test(&f->ref))
		mqttk_filter_free(f);
}

struct mqttk_sub *mqttk_filter_next_sub(struct mqttk_filter *f, u32 *index);

/*
 * The next subscription of the same filter, in the same RCU read-side section;
 * NULL: that was the last.
 */
static inline struct mqttk_sub *mqttk_sub_after(const struct mqttk_sub *sub)
{
	struct mqttk_item *item = mqttk_set_after(&sub->item);

	return item ? container_of(item, struct mqttk_sub, item) : NULL;
}

struct mqttk_group *mqttk_filter_next_group(struct mqttk_filter *f, u32 *index);

/* Under RCU; spares most filters the walk over their groups. */
static inline bool mqttk_filter_has_groups(const struct mqttk_filter *f)
{
	return rcu_access_pointer(f->groups);
}

#endif /* MQTTK_FILTER_H */
