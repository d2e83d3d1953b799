// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel, for a fuzz target: see shim.h.
 */
#include "shim.h"

int shim_rcu, shim_atomic;
long shim_fail_in, shim_fail_more, shim_live;
s64 shim_now;
struct task_struct shim_task;
struct user_namespace init_user_ns;
struct net init_net = { .user_ns = &init_user_ns };

void shim_die(const char *file, int line, const char *why)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, why);
	abort();
}

void shim_may_sleep(void)
{
	SHIM_CHECK(!shim_rcu && !shim_atomic && "sleeps");
}

/* -- memory ---------------------------------------------------------------- */

/* Says whether this is the allocation that was told to fail. */
static bool fails(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		shim_may_sleep();
	if (!shim_fail_in || --shim_fail_in)
		return false;
	if (shim_fail_more) {
		shim_fail_more--;
		shim_fail_in = 1;
	}
	return true;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (fails(gfp))
		return NULL;
	SHIM_CHECK(size < 1UL << 30);
	/* Whoever counts on more than what was asked for is found. */
	shim_live++;
	return gfp & __GFP_ZERO ? calloc(1, size ?: 1) : malloc(size ?: 1);
}

void kfree(const void *p)
{
	shim_live -= !!p;
	free((void *)p);
}

struct kmem_cache *shim_cache_create(size_t size)
{
	struct kmem_cache *c = malloc(sizeof(*c));

	SHIM_CHECK(c);
	c->size = size;
	return c;
}

struct page *shim_alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned int i, nr = 1 << order;
	struct page *page = kmalloc(nr * (sizeof(*page) + PAGE_SIZE), gfp);

	for (i = 0; page && i < nr; i++)
		page[i] = (struct page){
			.head = page,
			.data = (u8 *)(page + nr) + i * PAGE_SIZE,
		};
	if (page)
		page->refs = 1;
	return page;
}

void put_page(struct page *page)
{
	page = page->head;
	SHIM_CHECK(page->refs > 0);
	if (!--page->refs)
		kfree(page);
}

size_t shim_iter_copy(struct iov_iter *i, void *to, const void *from, size_t n)
{
	const struct bio_vec *v = i->bvec;
	size_t at = i->off, done = 0, part;

	while (at >= v->bv_len && v < i->bvec + i->nr)
		at -= v++->bv_len;
	n = min(n, i->count);
	for (; done < n; v++, at = 0) {
		SHIM_CHECK(v < i->bvec + i->nr);
		part = min(n - done, (size_t)v->bv_len - at);
		if (to)
			memcpy((u8 *)to + done, (u8 *)bvec_kmap_local(v) + at,
			       part);
		else
			memcpy((u8 *)bvec_kmap_local(v) + at,
			       (const u8 *)from + done, part);
		done += part;
	}
	iov_iter_advance(i, n);
	return n;
}

/* -- RCU ------------------------------------------------------------------- */

static struct rcu_head *to_free;	/* no section was left since */
static struct rcu_head *to_call;	/* by whoever waits for a grace period */

/* Nobody reads: all that was handed over goes at once. */
void shim_leave(void)
{
	struct rcu_head *head;

	if (shim_rcu || shim_atomic)
		return;
	while ((head = to_free)) {
		to_free = head->next;
		kfree(head->object);
	}
}

void shim_rcu_free(struct rcu_head *head, void *object)
{
	head->object = object;
	head->next = to_free;
	to_free = head;
	shim_leave();
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	head->next = to_call;
	to_call = head;
}

void synchronize_rcu(void)
{
	struct rcu_head *head;

	shim_may_sleep();
	shim_leave();
	while ((head = to_call)) {
		to_call = head->next;
		/* As in softirq. */
		shim_atomic++;
		head->func(head);
		shim_atomic--;
	}
	shim_leave();
}

/* -- time and works -------------------------------------------------------- */

static LIST_HEAD(works);
static LIST_HEAD(delayed);
static LIST_HEAD(timers);

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	if (work->pending)
		return false;
	work->pending = true;
	list_add_tail(&work->entry, &works);
	return true;
}

bool cancel_work_sync(struct work_struct *work)
{
	bool pending = work->pending;

	shim_may_sleep();
	if (pending)
		list_del(&work->entry);
	work->pending = false;
	return pending;
}

bool flush_work(struct work_struct *work)
{
	bool pending = cancel_work_sync(work);

	if (pending)
		work->func(work);
	return pending;
}

bool shim_run_works(void)
{
	struct work_struct *work;

	synchronize_rcu();
	if (list_empty(&works))
		return false;
	work = list_first_entry(&works, struct work_struct, entry);
	flush_work(work);
	SHIM_CHECK(!shim_rcu && !shim_atomic);
	return true;
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay)
{
	if (work->set || work->work.pending)
		return false;
	if (!delay)
		return queue_work(wq, &work->work);
	work->due = shim_now + (s64)delay * (NSEC_PER_SEC / HZ);
	work->set = true;
	list_add_tail(&work->entry, &delayed);
	return true;
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	bool set = work->set;

	if (set)
		list_del(&work->entry);
	work->set = false;
	return cancel_work_sync(&work->work) || set;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay)
{
	bool set = cancel_delayed_work_sync(work);

	queue_delayed_work(wq, work, delay);
	return set;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	bool active = timer->active;

	if (active)
		list_del(&timer->entry);
	timer->active = false;
	return active;
}

void hrtimer_start(struct hrtimer *timer, ktime_t when, enum hrtimer_mode mode)
{
	hrtimer_cancel(timer);
	timer->expires = when;
	timer->active = true;
	list_add_tail(&timer->entry, &timers);
}

void shim_advance(s64 ns)
{
	struct delayed_work *work, *next_work;
	struct hrtimer *timer, *next_timer;

	shim_now += ns;
	list_for_each_entry_safe(timer, next_timer, &timers, entry) {
		if (timer->expires > shim_now)
			continue;
		hrtimer_cancel(timer);
		shim_atomic++;
		timer->function(timer);
		shim_atomic--;
	}
	list_for_each_entry_safe(work, next_work, &delayed, entry) {
		if (work->due > shim_now)
			continue;
		list_del(&work->entry);
		work->set = false;
		queue_work(NULL, &work->work);
	}
}

bool timerqueue_add(struct timerqueue_head *h, struct timerqueue_node *n)
{
	struct timerqueue_node **link = &h->first;

	SHIM_CHECK(!n->queued);
	while (*link && (*link)->expires <= n->expires)
		link = &(*link)->next;
	n->next = *link;
	n->queued = true;
	*link = n;
	return h->first == n;
}

void timerqueue_del(struct timerqueue_head *h, struct timerqueue_node *n)
{
	struct timerqueue_node **link = &h->first;

	SHIM_CHECK(n->queued);
	while (*link != n)
		link = &(*link)->next;
	*link = n->next;
	n->queued = false;
}

/* -- tables ---------------------------------------------------------------- */

/* Where an index is, or would be. */
unsigned int shim_map_at(const struct shim_map *m, unsigned long index)
{
	unsigned int at = 0;

	while (at < m->nr && m->index[at] < index)
		at++;
	return at;
}

void *shim_map_get(const struct shim_map *m, unsigned long index)
{
	unsigned int at = shim_map_at(m, index);

	return at < m->nr && m->index[at] == index ? m->entry[at] : NULL;
}

int shim_map_set(struct shim_map *m, unsigned long index, void *entry, gfp_t gfp)
{
	unsigned int at = shim_map_at(m, index), i;

	if (at < m->nr && m->index[at] == index) {
		m->entry[at] = entry;
		return 0;
	}
	if (fails(gfp))
		return -ENOMEM;
	m->index = realloc(m->index, (m->nr + 1) * sizeof(*m->index));
	m->entry = realloc(m->entry, (m->nr + 1) * sizeof(*m->entry));
	SHIM_CHECK(m->index && m->entry);
	for (i = m->nr++; i > at; i--) {
		m->index[i] = m->index[i - 1];
		m->entry[i] = m->entry[i - 1];
	}
	m->index[at] = index;
	m->entry[at] = entry;
	return 0;
}

void shim_map_del(struct shim_map *m, unsigned long index)
{
	unsigned int at = shim_map_at(m, index);

	if (at == m->nr || m->index[at] != index)
		return;
	m->nr--;
	for (; at < m->nr; at++) {
		m->index[at] = m->index[at + 1];
		m->entry[at] = m->entry[at + 1];
	}
	if (!m->nr)
		shim_map_clear(m);
}

void shim_map_clear(struct shim_map *m)
{
	free(m->index);
	free(m->entry);
	*m = (struct shim_map){ 0 };
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	void *entry = shim_map_get(&xa->m, index);

	shim_map_del(&xa->m, index);
	return entry;
}

void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max,
	      int filter)
{
	unsigned int at = shim_map_at(&xa->m, *index);

	if (at == xa->m.nr || xa->m.index[at] > max)
		return NULL;
	*index = xa->m.index[at];
	return xa->m.entry[at];
}

void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max,
		    int filter)
{
	++*index;
	return xa_find(xa, index, max, filter);
}

/* The lowest number from @lo on that is free. */
static unsigned long lowest(const struct shim_map *m, unsigned long lo)
{
	while (shim_map_get(m, lo))
		lo++;
	return lo;
}

int xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
	     gfp_t gfp)
{
	*id = lowest(&xa->m, limit.min);
	return *id > limit.max ? -EBUSY : shim_map_set(&xa->m, *id, entry, gfp);
}

int ida_alloc_range(struct ida *ida, unsigned int lo, unsigned int hi, gfp_t gfp)
{
	unsigned long id = lowest(&ida->m, lo);

	if (id > hi)
		return -ENOSPC;
	return shim_map_set(&ida->m, id, ida, gfp) ?: (int)id;
}

int mas_store_gfp(struct ma_state *mas, void *entry, gfp_t gfp)
{
	if (!entry && fails(gfp))
		return -ENOMEM;		/* nodes that merge */
	if (entry)
		return shim_map_set(&mas->tree->m, mas->index, entry, gfp);
	shim_map_del(&mas->tree->m, mas->index);
	return 0;
}

void *mas_walk(struct ma_state *mas)
{
	const struct shim_map *m = &mas->tree->m;
	unsigned int at = shim_map_at(m, mas->index);

	if (at < m->nr && m->index[at] == mas->index) {
		mas->last = mas->index;
		return m->entry[at];
	}
	mas->last = at < m->nr ? m->index[at] - 1 : ULONG_MAX;
	return NULL;
}

void *mas_prev(struct ma_state *mas, unsigned long min)
{
	const struct shim_map *m = &mas->tree->m;
	unsigned int at = shim_map_at(m, mas->index);

	if (!at || m->index[at - 1] < min)
		return NULL;
	mas->index = m->index[at - 1];
	return m->entry[at - 1];
}

static struct rhash_head **bucket(struct rhashtable *ht, u32 hash)
{
	return &ht->bucket[hash % SHIM_BUCKETS];
}

static u32 hash_of(struct rhashtable *ht, const void *object)
{
	const struct rhashtable_params *p = &ht->p;

	if (p->obj_hashfn)
		return p->obj_hashfn(object, p->key_len, 0);
	object = (const u8 *)object + p->key_offset;
	return p->hashfn ? p->hashfn(object, p->key_len, 0) :
			   shim_hash(object, p->key_len, 0);
}

int rhashtable_init(struct rhashtable *ht, const struct rhashtable_params *p)
{
	if (fails(GFP_KERNEL))
		return -ENOMEM;
	*ht = (struct rhashtable){ .p = *p };
	return 0;
}

void rhashtable_destroy(struct rhashtable *ht)
{
	*ht = (struct rhashtable){ .p = ht->p };
}

void *shim_rht_lookup(struct rhashtable *ht, const void *key)
{
	const struct rhashtable_params *p = &ht->p;
	struct rhashtable_compare_arg arg = { ht, key };
	u32 hash = p->hashfn ? p->hashfn(key, p->key_len, 0) :
			       shim_hash(key, p->key_len, 0);
	struct rhash_head *head;

	for (head = *bucket(ht, hash); head; head = head->next) {
		u8 *object = (u8 *)head - p->head_offset;

		if (p->obj_cmpfn ? !p->obj_cmpfn(&arg, object) :
		    !memcmp(object + p->key_offset, key, p->key_len))
			return object;
	}
	return NULL;
}

int shim_rht_insert(struct rhashtable *ht, struct rhash_head *obj)
{
	struct rhash_head **b;

	if (fails(GFP_ATOMIC))
		return -ENOMEM;
	b = bucket(ht, hash_of(ht, (u8 *)obj - ht->p.head_offset));
	obj->next = *b;
	*b = obj;
	ht->nelems.counter++;
	return 0;
}

static struct rhash_head **link_to(struct rhashtable *ht,
				   struct rhash_head *obj)
{
	struct rhash_head **link;

	link = bucket(ht, hash_of(ht, (u8 *)obj - ht->p.head_offset));
	while (*link && *link != obj)
		link = &(*link)->next;
	return link;
}

int shim_rht_remove(struct rhashtable *ht, struct rhash_head *obj)
{
	struct rhash_head **link = link_to(ht, obj);

	if (!*link)
		return -ENOENT;
	*link = obj->next;
	ht->nelems.counter--;
	return 0;
}

int shim_rht_replace(struct rhashtable *ht, struct rhash_head *old,
		     struct rhash_head *obj)
{
	struct rhash_head **link = link_to(ht, old);

	if (!*link)
		return -ENOENT;
	obj->next = old->next;
	*link = obj;
	return 0;
}

/* -- hashes, luck and text ------------------------------------------------- */

u32 shim_hash(const void *data, size_t len, u64 seed)
{
	u64 h = seed ^ 0xcbf29ce484222325;
	const u8 *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3;
	return h >> 32 ^ h;
}

static u64 luck = 1;

/* The same for every input, as long as what it does is. */
u32 shim_random(void)
{
	luck = luck * 6364136223846793005 + 1442695040888963407;
	return luck >> 33;
}

void get_random_bytes(void *p, size_t len)
{
	u8 *to = p;

	while (len--)
		*to++ = shim_random();
}

/* Whose text is not what matters here: the identifiers are 36 digits. */
int scnprintf(char *to, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	if (!strcmp(fmt, "%s%pUb")) {
		const char *prefix = va_arg(args, const char *);
		const uuid_t *uuid = va_arg(args, const uuid_t *);

		n = snprintf(to, size, "%s%036u", prefix,
			     shim_hash(uuid, sizeof(*uuid), 0));
	} else {
		n = vsnprintf(to, size, fmt, args);
	}
	va_end(args);
	return min_t(size_t, n, size - 1);
}

/* -- the one network namespace --------------------------------------------- */

int register_pernet_subsys(struct pernet_operations *ops)
{
	int err;

	init_net.generic = calloc(1, ops->size);
	SHIM_CHECK(init_net.generic);
	err = ops->init(&init_net);
	if (err)
		free(init_net.generic);
	return err;
}

void unregister_pernet_subsys(struct pernet_operations *ops)
{
	ops->pre_exit(&init_net);
	synchronize_rcu();
	ops->exit(&init_net);
	synchronize_rcu();
	free(init_net.generic);
}
