// SPDX-License-Identifier: GPL-2.0
/*
 * The subscription index: which filters match a topic, who subscribed to them.
 *
 * Every filter stands in a hash table by its text: a publish finds the filter
 * without wildcards there in one look-up. Filters with wildcards also hang in
 * a trie of levels, which is not entered at all when there are none. A filter
 * has subscriptions of its own, groups that share it, or both.
 */
#include <kunit/visibility.h>
#include <linux/lockdep.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "ahead.h"
#include "filter.h"
#include "group.h"
#include "props.h"
#include "roll.h"
#include "topic.h"
#include "trie.h"
#include "via.h"
#include "wire.h"

/* Subscriptions removed before others may have the lock. */
#define UNSUBSCRIBE_SLICE	256

/* Only ever allocated on behalf of a client, which can be told to try later. */
#define INDEX_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

struct filter_key {
	const u8 *text;
	u32 hash;
	u16 len;
};

/* As in levels.c: a keyed hash needs no seed. */
static u32 key_hashfn(const void *data, u32 len, u32 seed)
{
	const struct filter_key *key = data;

	return key->hash;
}

static u32 filter_hashfn(const void *data, u32 len, u32 seed)
{
	const struct mqttk_filter *f = data;

	return f->hash;
}

static int filter_cmpfn(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct filter_key *key = arg->key;
	const struct mqttk_filter *f = obj;

	return f->hash != key->hash || f->len != key->len ||
	       memcmp(f->text, key->text, key->len);
}

static const struct rhashtable_params filter_params = {
	.head_offset = offsetof(struct mqttk_filter, hash_node),
	.hashfn = key_hashfn,
	.obj_hashfn = filter_hashfn,
	.obj_cmpfn = filter_cmpfn,
	.nelem_hint = MQTTK_TABLE_HINT,
	.automatic_shrinking = true,
};

/**
 * mqttk_filter_find - a filter by its text
 * @ix: the index
 * @text: the filter
 * @len: bytes of @text
 * @hash: mqttk_filter_hash() of it
 *
 * Context: under RCU, or the index's lock.
 * Return: the filter; NULL if nobody subscribed to it
 */
struct mqttk_filter *mqttk_filter_find(struct mqttk_index *ix, const u8 *text,
				       u16 len, u32 hash)
{
	struct filter_key key = {
		.text = text,
		.len = len,
		.hash = hash,
	};
	struct mqttk_filter *f;

	rcu_read_lock();
	f = rhashtable_lookup(mqttk_table_part(&ix->filters, hash), &key,
			      filter_params);
	rcu_read_unlock();
	return f;
}

static struct mqttk_filter *find_text(struct mqttk_index *ix,
				      const u8 *text, u16 len)
{
	return mqttk_filter_find(ix, text, len,
				 mqttk_filter_hash(ix, text, len));
}

/**
 * mqttk_filter_ahead - mqttk_filter_find() is to come
 * @ix: the index
 * @hash: of the text
 *
 * Context: under RCU.
 */
void mqttk_filter_ahead(struct mqttk_index *ix, u32 hash)
{
	mqttk_ahead_bucket(mqttk_table_part(&ix->filters, hash), hash);
}

/**
 * mqttk_filter_ahead_entry - mqttk_filter_find() is to come soon
 * @ix: the index
 * @hash: of the text; mqttk_filter_ahead() was some time ago
 *
 * Context: under RCU.
 */
void mqttk_filter_ahead_entry(struct mqttk_index *ix, u32 hash)
{
	mqttk_ahead_entry(mqttk_table_part(&ix->filters, hash), hash,
			  offsetof(struct mqttk_filter, hash_node));
}

/* Less than struct_size(), which pads what @text begins in. */
static size_t filter_size(u16 len)
{
	return offsetof(struct mqttk_filter, text) + len;
}

static size_t filter_cost(u16 len)
{
	return kmalloc_size_roundup(filter_size(len)) + 2 * sizeof(void *);
}

static struct mqttk_filter *filter_alloc(struct mqttk_index *ix,
					 const u8 *text, u16 len)
{
	struct mqttk_filter *f;

	if (!mqttk_charge(ix->limits, MQTTK_BUDGET_CLIENT, filter_cost(len)))
		return ERR_PTR(-ENOBUFS);
	f = kzalloc(filter_size(len), INDEX_GFP);
	if (!f) {
		mqttk_uncharge(ix->limits, MQTTK_BUDGET_CLIENT,
			       filter_cost(len));
		return ERR_PTR(-ENOMEM);
	}
	mqttk_set_init(&f->subs);
	refcount_set(&f->ref, 1);
	f->index = ix;
	f->hash = mqttk_filter_hash(ix, text, len);
	f->len = len;
	memcpy(f->text, text, len);
	return f;
}

/**
 * mqttk_filter_free - free a filter after its last reference
 * @f: the filter; use mqttk_filter_put()
 *
 * Context: any.
 */
void mqttk_filter_free(struct mqttk_filter *f)
{
	mqttk_uncharge(f->index->limits, MQTTK_BUDGET_CLIENT,
		       filter_cost(f->len));
	kfree_rcu(f, rcu);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_filter_free);

/* Under the index's lock; see mqttk_index_changes(). */
static void count_change(struct mqttk_index *ix)
{
	atomic64_set_release(&ix->changes, atomic64_read(&ix->changes) + 1);
}

/* Makes a filter visible; on failure nobody has seen it. */
static int filter_link(struct mqttk_index *ix, struct mqttk_filter *f)
{
	bool wild = mqttk_filter_is_wildcard(f->text, f->len);
	struct mqttk_level *level = NULL;

	if (wild) {
		level = mqttk_trie_extend(ix, f->text, f->len);
		if (IS_ERR(level))
			return PTR_ERR(level);
	}
	if (rhashtable_insert_fast(mqttk_table_part(&ix->filters, f->hash),
				   &f->hash_node, filter_params)) {
		if (level)
			mqttk_trie_prune(ix, level);
		return -ENOMEM;
	}
	if (level) {
		f->level = level;
		level->users++;
		rcu_assign_pointer(*mqttk_trie_slot(level, f->text, f->len), f);
		WRITE_ONCE(ix->nr_wild, ix->nr_wild + 1);
	} else {
		WRITE_ONCE(ix->nr_exact, ix->nr_exact + 1);
	}
	WRITE_ONCE(ix->nr_filters, ix->nr_filters + 1);
	count_change(ix);
	return 0;
}

static void filter_unlink(struct mqttk_index *ix, struct mqttk_filter *f)
{
	rhashtable_remove_fast(mqttk_table_part(&ix->filters, f->hash),
			       &f->hash_node, filter_params);
	if (f->level) {
		RCU_INIT_POINTER(*mqttk_trie_slot(f->level, f->text, f->len), NULL);
		f->level->users--;
		mqttk_trie_prune(ix, f->level);
		f->level = NULL;
		WRITE_ONCE(ix->nr_wild, ix->nr_wild - 1);
	} else {
		WRITE_ONCE(ix->nr_exact, ix->nr_exact - 1);
	}
	WRITE_ONCE(ix->nr_filters, ix->nr_filters - 1);
	count_change(ix);
	mqttk_filter_put(f);
}

/* Takes a filter that nobody needs out. Walks that hold it find nobody. */
static void filter_prune(struct mqttk_index *ix, struct mqttk_filter *f)
{
	if (!f->subs.nr && !mqttk_filter_has_groups(f))
		filter_unlink(ix, f);
}

/* Finds or makes the filter of a text: then it needs a subscription or a prune. */
static struct mqttk_filter *filter_provide(struct mqttk_index *ix,
					   const u8 *text, u16 len)
{
	struct mqttk_filter *f = find_text(ix, text, len);
	int err;

	if (f)
		return f;
	f = filter_alloc(ix, text, len);
	if (IS_ERR(f))
		return f;
	err = filter_link(ix, f);
	if (err) {
		mqttk_filter_put(f);
		return ERR_PTR(err);
	}
	return f;
}

static struct mqttk_group *sub_group(const struct mqttk_sub *sub)
{
	return sub->via ? sub->via->group : NULL;
}

/* For good: nobody can find it any more. */
static void sub_destroy(struct mqttk_index *ix, struct mqttk_sub *sub)
{
	mqttk_via_put(sub->via);
	mqttk_uncharge(ix->limits, MQTTK_BUDGET_CLIENT, sizeof(*sub));
	kfree(sub);
}

static void sub_free_rcu(struct rcu_head *rcu)
{
	struct mqttk_sub *sub = container_of(rcu, struct mqttk_sub, rcu);

	mqttk_uncharge(sub->via->limits, MQTTK_BUDGET_CLIENT, sizeof(*sub));
	mqttk_via_put(sub->via);
	kfree(sub);
}

/* Readers that found it take references to its @via yet. */
static void sub_free(struct mqttk_index *ix, struct mqttk_sub *sub)
{
	if (sub->via) {
		ix->deferred = true;
		call_rcu(&sub->rcu, sub_free_rcu);
		return;
	}
	mqttk_uncharge(ix->limits, MQTTK_BUDGET_CLIENT, sizeof(*sub));
	kfree_rcu(sub, rcu);
}

static struct mqttk_via *sub_via(struct mqttk_index *ix, u32 id)
{
	u8 buf[MQTTK_SUBID_MAX];
	unsigned int n = id ? mqttk_wire_put_subid(buf, id) : 0;
	struct mqttk_via *via;

	via = mqttk_via_alloc(ix->limits, MQTTK_BUDGET_CLIENT, n, INDEX_GFP);
	if (via)
		memcpy(via->subids, buf, n);
	return via;
}

static struct mqttk_sub *sub_alloc(struct mqttk_index *ix, u32 id, bool shared)
{
	struct mqttk_sub *sub;

	if (!mqttk_charge(ix->limits, MQTTK_BUDGET_CLIENT, sizeof(*sub)))
		return ERR_PTR(-ENOBUFS);
	sub = kzalloc(sizeof(*sub), INDEX_GFP);
	if (!sub) {
		mqttk_uncharge(ix->limits, MQTTK_BUDGET_CLIENT, sizeof(*sub));
		return ERR_PTR(-ENOMEM);
	}
	sub->id = id;
	if (id || shared) {
		sub->via = sub_via(ix, id);
		if (!sub->via) {
			sub_destroy(ix, sub);
			return ERR_PTR(-ENOMEM);
		}
	}
	return sub;
}

static struct mqttk_sub *sub_find(struct mqttk_index *ix,
				  const struct mqttk_subscriber *s,
				  const u8 *text, u16 len, bool shared)
{
	struct mqttk_item *item = NULL;
	struct mqttk_filter *f;
	struct mqttk_group *g;

	if (shared) {
		g = mqttk_group_find(ix, text, len);
		if (g)
			item = mqttk_set_find(&g->members,
					      mqttk_group_index(s->index));
	} else {
		f = find_text(ix, text, len);
		if (f)
			item = mqttk_set_find(&f->subs, s->index);
	}
	return item ? container_of(item, struct mqttk_sub, item) : NULL;
}

/* The same subscription anew: takes no memory, so it cannot fail. */
static void sub_replace(struct mqttk_index *ix, struct mqttk_sub *old,
			struct mqttk_sub *sub)
{
	struct mqttk_group *g = sub_group(old);

	sub->filter = old->filter;
	sub->item.index = old->item.index;
	if (g)
		sub->via->group = mqttk_group_get(g);
	list_replace(&old->node, &sub->node);
	mqttk_set_replace(g ? &g->members : &sub->filter->subs, &old->item,
			  &sub->item);
	sub_free(ix, old);
}

/* One that leaves what is retained as it is goes on with its predecessor's. */
static u32 sub_seq(struct mqttk_index *ix, const struct mqttk_sub *old,
		   u8 options)
{
	if (old && options & MQTTK_SUB_RETAIN_HANDLING)
		return old->item.tag;
	return ++ix->seq ?: ++ix->seq;
}

/* A further member for a group, or a first one. */
static int sub_join(struct mqttk_index *ix, struct mqttk_sub *sub,
		    const u8 *text, u16 len)
{
	struct mqttk_group *g = mqttk_group_find(ix, text, len);
	int err;

	if (!g)
		g = mqttk_group_create(ix, sub->filter, text, len);
	if (IS_ERR(g))
		return PTR_ERR(g);
	sub->item.index = mqttk_group_index(sub->owner->index);
	sub->via->group = mqttk_group_get(g);
	err = mqttk_set_add(&g->members, ix->limits, &sub->item);
	if (!g->members.nr)
		mqttk_group_unlink(ix, g);
	return err;
}

static int sub_insert(struct mqttk_index *ix, struct mqttk_sub *sub,
		      const u8 *text, u16 len, const struct mqttk_share *share)
{
	struct mqttk_subscriber *s = sub->owner;
	struct mqttk_filter *f;
	int err;

	f = filter_provide(ix, share->filter.p, share->filter.len);
	if (IS_ERR(f))
		return PTR_ERR(f);
	sub->filter = f;
	if (share->group.len) {
		err = sub_join(ix, sub, text, len);
	} else {
		sub->item.index = s->index;
		err = mqttk_set_add(&f->subs, ix->limits, &sub->item);
	}
	if (err) {
		filter_prune(ix, f);
		return err;
	}
	list_add_tail(&sub->node, &s->subs);
	s->nr_subs++;
	WRITE_ONCE(ix->nr_subs, ix->nr_subs + 1);
	if (share->group.len)
		WRITE_ONCE(ix->nr_shared, ix->nr_shared + 1);
	return 0;
}

static void sub_remove(struct mqttk_index *ix, struct mqttk_sub *sub)
{
	struct mqttk_group *g = sub_group(sub);
	struct mqttk_filter *f = sub->filter;

	list_del(&sub->node);
	sub->owner->nr_subs--;
	WRITE_ONCE(ix->nr_subs, ix->nr_subs - 1);
	if (g) {
		WRITE_ONCE(ix->nr_shared, ix->nr_shared - 1);
		mqttk_set_del(&g->members, ix->limits, &sub->item);
		if (!g->members.nr)
			mqttk_group_unlink(ix, g);
	} else {
		mqttk_set_del(&f->subs, ix->limits, &sub->item);
	}
	filter_prune(ix, f);
	sub_free(ix, sub);
}

/**
 * mqttk_index_init - set up an empty index
 * @ix: the index
 * @limits: who pays; must outlive the index
 * @lock: the mutex under which the owner subscribes and unsubscribes
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mqttk_index_init(struct mqttk_index *ix,
		     struct mqttk_limits *limits, struct mutex *lock)
{
	int err;

	memset(ix, 0, sizeof(*ix));
	ix->limits = limits;
	ix->lock = lock;
	get_random_bytes(&ix->key, sizeof(ix->key));

	err = mqttk_levels_init(&ix->wild, limits, MQTTK_BUDGET_CLIENT,
				sizeof(struct mqttk_trie_node));
	if (err)
		return err;
	err = mqttk_table_init(&ix->filters, &filter_params);
	if (err)
		goto exit_levels;
	err = mqttk_groups_init(ix);
	if (err)
		goto exit_filters;
	return 0;

exit_filters:
	mqttk_table_exit(&ix->filters);
exit_levels:
	mqttk_levels_exit(&ix->wild);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_index_init);

/**
 * mqttk_index_exit - free an empty index
 * @ix: the index. Every subscriber has unsubscribed from everything, every
 *	filter and paused match was given back, and no reader can come any more.
 *
 * Context: process, may sleep.
 */
void mqttk_index_exit(struct mqttk_index *ix)
{
	WARN_ON_ONCE(ix->nr_filters || ix->nr_subs);
	/* sub_free_rcu() still needs the limits, and the module. */
	if (ix->deferred)
		rcu_barrier();
	mqttk_groups_exit(ix);
	mqttk_table_exit(&ix->filters);
	mqttk_levels_exit(&ix->wild);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_index_exit);

/**
 * mqttk_subscriber_init - prepare a subscriber without subscriptions
 * @s: the subscriber
 * @index: see there
 *
 * Context: any.
 */
void mqttk_subscriber_init(struct mqttk_subscriber *s, u32 index)
{
	s->index = index;
	s->nr_subs = 0;
	INIT_LIST_HEAD(&s->subs);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_subscriber_init);

/**
 * mqttk_subscribe - subscribe, or change a subscription
 * @ix: the index
 * @s: who
 * @text: to what; mqttk_filter_valid() holds, or "$share/GROUP/FILTER", where
 *	it holds for FILTER
 * @len: bytes of @text
 * @qos: granted QoS
 * @options: option byte
 * @id: subscription identifier or 0
 * @sub: the subscription goes here; it stays until its owner unsubscribes or
 *	subscribes again. May be NULL.
 * @existed: set to whether @s was subscribed to @text already; may be NULL
 *
 * Subscribing again to the same text replaces the subscription: a publish that
 * goes on meanwhile sees it as it was or as it is, and always once
 * [MQTT-3.8.4-3].
 *
 * Context: process, under the index's lock; may sleep.
 * Return: 0, -ENOBUFS when the budget is full, -ENOMEM, or -EINVAL if @text
 * begins like a shared subscription and is none; on failure everything is as
 * before.
 */
int mqttk_subscribe(struct mqttk_index *ix, struct mqttk_subscriber *s,
		    const u8 *text, u16 len, u8 qos, u8 options, u32 id,
		    struct mqttk_sub **sub, bool *existed)
{
	struct mqttk_sub *old, *new;
	struct mqttk_share share;
	int shared, err;

	lockdep_assert_held(ix->lock);

	shared = mqttk_share_parse(text, len, &share);
	if (shared < 0)
		return shared;
	new = sub_alloc(ix, id, shared);
	if (IS_ERR(new))
		return PTR_ERR(new);
	new->owner = s;
	new->qos = qos;
	new->options = options;

	old = sub_find(ix, s, text, len, shared);
	new->item.tag = sub_seq(ix, old, options);
	if (old) {
		sub_replace(ix, old, new);
	} else {
		err = sub_insert(ix, new, text, len, &share);
		if (err) {
			sub_destroy(ix, new);
			return err;
		}
	}
	if (sub)
		*sub = new;
	if (existed)
		*existed = old;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_subscribe);

/**
 * mqttk_unsubscribe - end a subscription
 * @ix: the index
 * @s: whose
 * @text: to what
 * @len: bytes of @text
 *
 * A publish that goes on meanwhile may still find the subscription until it
 * leaves its RCU read-side section.
 *
 * Context: process, under the index's lock; may sleep.
 * Return: 0, or -ENOENT if there was no such subscription.
 */
int mqttk_unsubscribe(struct mqttk_index *ix, struct mqttk_subscriber *s,
		      const u8 *text, u16 len)
{
	struct mqttk_sub *sub;

	lockdep_assert_held(ix->lock);

	sub = sub_find(ix, s, text, len, mqttk_filter_is_shared(text, len));
	if (!sub)
		return -ENOENT;
	sub_remove(ix, sub);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_unsubscribe);

/**
 * mqttk_unsubscribe_some - end subscriptions of one subscriber
 * @ix: the index
 * @s: the subscriber
 * @max: at most so many, so that the lock can be left in between
 *
 * Context: process, may sleep; under the index's lock.
 * Return: true if there are more
 */
bool mqttk_unsubscribe_some(struct mqttk_index *ix, struct mqttk_subscriber *s,
			    unsigned int max)
{
	struct mqttk_sub *sub, *next;

	lockdep_assert_held(ix->lock);

	list_for_each_entry_safe(sub, next, &s->subs, node) {
		if (mqttk_roll_is_mark(sub))
			continue;
		if (!max--)
			return true;
		sub_remove(ix, sub);
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_unsubscribe_some);

/**
 * mqttk_unsubscribe_all - end all subscriptions of one subscriber
 * @ix: the index
 * @s: the subscriber
 *
 * Context: process; takes the index's lock for a while at a time. Nobody
 * subscribes in @s's name any more.
 */
void mqttk_unsubscribe_all(struct mqttk_index *ix, struct mqttk_subscriber *s)
{
	bool more;

	do {
		mutex_lock(ix->lock);
		more = mqttk_unsubscribe_some(ix, s, UNSUBSCRIBE_SLICE);
		mutex_unlock(ix->lock);
		cond_resched();
	} while (more);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_unsubscribe_all);

/**
 * mqttk_subscription_seq - tell a subscription from those before it
 * @ix: the index
 * @s: the subscriber
 * @text: to what, not shared
 * @len: bytes of @text
 *
 * Context: any but hard interrupts.
 * Return: a number that changes when @s subscribes anew, unless its options
 *	say that this changes nothing for what is retained; 0: it is not
 *	subscribed
 */
u32 mqttk_subscription_seq(struct mqttk_index *ix,
			   const struct mqttk_subscriber *s,
			   const u8 *text, u16 len)
{
	struct mqttk_sub *sub = NULL;
	struct mqttk_filter *f;
	u32 at = s->index;
	u32 seq = 0;

	rcu_read_lock();
	f = find_text(ix, text, len);
	if (f)
		sub = mqttk_filter_next_sub(f, &at);
	if (sub && at == s->index)
		seq = sub->item.tag;
	rcu_read_unlock();
	return seq;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_subscription_seq);

/**
 * mqttk_sub_text - what was subscribed to
 * @sub: the subscription
 * @len: set to the bytes of it
 *
 * Context: under RCU, or the index's lock.
 * Return: the text as the client sent it, not terminated
 */
const u8 *mqttk_sub_text(const struct mqttk_sub *sub, u16 *len)
{
	struct mqttk_group *g = sub_group(sub);

	*len = g ? g->len : sub->filter->len;
	return g ? g->text : sub->filter->text;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_sub_text);

/**
 * mqttk_index_find - the subscriptions to exactly one text
 * @ix: the index
 * @text: a filter, or "$share/GROUP/FILTER"
 * @len: bytes of @text
 *
 * Context: under RCU.
 * Return: struct mqttk_sub.item of each, valid until the read-side section
 * ends; NULL if there are none
 */
struct mqttk_set *mqttk_index_find(struct mqttk_index *ix, const u8 *text,
				   u16 len)
{
	struct mqttk_filter *f;
	struct mqttk_group *g;

	if (mqttk_filter_is_shared(text, len)) {
		g = mqttk_group_find(ix, text, len);
		return g ? &g->members : NULL;
	}
	f = find_text(ix, text, len);
	return f ? &f->subs : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_index_find);

/**
 * mqttk_filter_next_sub - a filter's first subscription from an index on
 * @f: the filter, found under RCU or held by mqttk_filter_get()
 * @index: where to look from; becomes the index of the subscription's owner
 *
 * It is found from the root of a tree. Whoever looks at one after the other goes
 * on with mqttk_sub_after(), and comes back with the index behind the last one
 * after it has left RCU.
 *
 * Context: under RCU.
 * Return: the subscription, or NULL if there is none from @index on.
 */
struct mqttk_sub *mqttk_filter_next_sub(struct mqttk_filter *f, u32 *index)
{
	struct mqttk_item *item = mqttk_set_next(&f->subs, *index);

	if (!item)
		return NULL;
	*index = item->index;
	return container_of(item, struct mqttk_sub, item);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_filter_next_sub);

/**
 * mqttk_filter_next_group - a filter's first group from an index on
 * @f: the filter, found under RCU or held by mqttk_filter_get()
 * @index: where to look from; becomes the group's
 *
 * Context: under RCU.
 * Return: the group, valid until the read-side section ends; NULL if there is
 * none from @index on
 */
struct mqttk_group *mqttk_filter_next_group(struct mqttk_filter *f, u32 *index)
{
	struct mqttk_groups *all = rcu_dereference(f->groups);
	struct mqttk_item *item;

	item = all ? mqttk_set_next(&all->set, *index) : NULL;
	if (!item)
		return NULL;
	*index = item->index;
	return container_of(item, struct mqttk_group, item);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_filter_next_group);
