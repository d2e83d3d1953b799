// SPDX-License-Identifier: GPL-2.0
/*
 * The message. Topic and small payloads are one allocation; a larger payload
 * has pages, allocated as its bytes arrive, so that a length from the wire
 * costs its sender real bytes before it costs us memory.
 */
#include <kunit/visibility.h>
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "limits.h"
#include "msg.h"
#include "topic.h"

/* Pages that are allocated at once. */
#define ORDER_MAX		3

/* Bytes of a spare block, with what there is to say about it. */
#define SPARE_BYTES		SZ_4K

/* A message of more pages is freed by a work of its own. */
#define FREE_LATER_PAGES	256

/**
 * struct spare - a CPU's memory for a block
 * @lent: there is one in it, or will be
 * @turn: how often it was asked for, under KASAN
 * @block: messages, and what they point to
 */
struct spare {
	int lent;
	u32 turn;
	u64 block[];
};

/*
 * Most blocks are sent and gone before the CPU gets to the next one: that one
 * can have the same memory. It is a CPU's own, like what it reads to, and is
 * charged to nobody: there is never more of it, whoever has it.
 */
static DEFINE_PER_CPU(struct spare *, spares);

static u32 payload_pages(u32 payload_len)
{
	return DIV_ROUND_UP(payload_len, PAGE_SIZE);
}

static bool is_inline(const struct mqttk_msg *msg)
{
	return msg->payload_len <= MQTTK_MSG_INLINE;
}

/* Counts messages in, or out again. */
static void count(const struct mqttk_limits *limits, long messages, long bytes)
{
	this_cpu_add(limits->store->messages, messages);
	this_cpu_add(limits->store->bytes, bytes);
}

/*
 * A message grows only while half of what it takes is left for others: so
 * however many publishers stop in the middle of one, together they never take
 * all memory.
 */
static int charge(struct mqttk_msg *msg, size_t bytes)
{
	if (!mqttk_budget_has(msg->limits, MQTTK_BUDGET_MESSAGE,
			      msg->charged / 2))
		return -ENOBUFS;
	if (!mqttk_charge(msg->limits, MQTTK_BUDGET_MESSAGE, bytes))
		return -ENOBUFS;
	msg->charged += bytes;
	return 0;
}

/**
 * mqttk_msg_alloc_under - start a message under a mount point
 * @limits: whose MQTTK_BUDGET_MESSAGE it is charged to; outlives it
 * @prefix: what comes before @topic, copied
 * @topic: the rest of its topic, copied; both together have at most
 *	MQTTK_TOPIC_LEN_MAX bytes
 * @props_len: room for properties at mqttk_msg_props(), which the caller writes
 * @payload_len: bytes of payload to come, at most MQTTK_REMAINING_MAX
 * @gfp: how to allocate; large payloads need a mask that may sleep
 *
 * The payload is written by mqttk_msg_reserve() with mqttk_msg_fill() or
 * mqttk_msg_fill_iter(), and complete when @filled is @payload_len.
 *
 * Return: the message with one reference, the caller's; -ENOBUFS over the
 *	budget, -ENOMEM
 */
struct mqttk_msg *mqttk_msg_alloc_under(struct mqttk_limits *limits,
					const struct mqttk_str *prefix,
					const struct mqttk_str *topic,
					u32 props_len, u32 payload_len,
					gfp_t gfp)
{
	u16 topic_len = prefix->len + topic->len;
	bool in_place = payload_len <= MQTTK_MSG_INLINE;
	size_t size = struct_size_t(struct mqttk_msg, mem,
				    (size_t)topic_len + props_len);
	size_t vec = 0;
	struct mqttk_msg *msg;

	if (in_place)
		size += payload_len;
	else
		vec = array_size(payload_pages(payload_len),
				 sizeof(struct bio_vec));
	size = round_up(size, sizeof(u64));
	if (!mqttk_charge(limits, MQTTK_BUDGET_MESSAGE, size + vec))
		return ERR_PTR(-ENOBUFS);
	/* Properties may be many pages long; then the mask lets us sleep. */
	msg = props_len ? kvmalloc(size, gfp) : kmalloc(size, gfp);
	if (!msg)
		goto uncharge;
	memset(msg, 0, sizeof(*msg));
	/* Behind the last byte. */
	memset((u8 *)msg + size - sizeof(u64), 0, sizeof(u64));
	refcount_set(&msg->ref, 1);
	msg->data = msg->mem;
	msg->limits = limits;
	msg->charged = size + vec;
	msg->topic_len = topic_len;
	msg->props_len = props_len;
	msg->payload_len = payload_len;
	msg->stamp = ktime_get_boottime();
	memcpy(msg->data, prefix->p, prefix->len);
	memcpy(msg->data + prefix->len, topic->p, topic->len);
	if (vec) {
		msg->bvec = kvmalloc(vec, gfp);
		if (!msg->bvec)
			goto free;
	}
	count(limits, 1, payload_len);
	return msg;
free:
	kvfree(msg);
uncharge:
	mqttk_uncharge(limits, MQTTK_BUDGET_MESSAGE, size + vec);
	return ERR_PTR(-ENOMEM);
}

/**
 * mqttk_msg_alloc - start a message
 * @limits: whose MQTTK_BUDGET_MESSAGE it is charged to; outlives it
 * @topic: its topic, copied
 * @topic_len: bytes of topic
 * @props_len: room for properties at mqttk_msg_props(), which the caller writes
 * @payload_len: bytes of payload to come, at most MQTTK_REMAINING_MAX
 * @gfp: how to allocate; large payloads need a mask that may sleep
 *
 * Return: as mqttk_msg_alloc_under()
 */
struct mqttk_msg *mqttk_msg_alloc(struct mqttk_limits *limits, const u8 *topic,
				  u16 topic_len, u32 props_len, u32 payload_len,
				  gfp_t gfp)
{
	const struct mqttk_str all = { topic, topic_len };
	const struct mqttk_str none = { topic, 0 };

	return mqttk_msg_alloc_under(limits, &none, &all, props_len,
				     payload_len, gfp);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_alloc);

/*
 * Adds so many pages. In a row they are one piece for TCP, and each is a page
 * of its own for everybody else: all have a reference.
 */
static int add_compound(struct mqttk_msg *msg, unsigned int order, gfp_t gfp)
{
	u32 i, nr = 1 << order;
	struct page *page;
	int err;

	err = charge(msg, PAGE_SIZE << order);
	if (err)
		return err;
	page = alloc_pages(gfp, order);
	if (!page) {
		mqttk_uncharge(msg->limits, MQTTK_BUDGET_MESSAGE,
			       PAGE_SIZE << order);
		msg->charged -= PAGE_SIZE << order;
		return -ENOMEM;
	}
	if (order)
		page_ref_add(page, nr - 1);
	for (i = 0; i < nr; i++)
		bvec_set_page(&msg->bvec[msg->nr_pages++], page + i, PAGE_SIZE,
			      0);
	return 0;
}

/* Adds pages, @missing at most; several if they can be had without waiting. */
static int grow(struct mqttk_msg *msg, u32 missing, gfp_t gfp)
{
	unsigned int order = min_t(unsigned int, ilog2(missing), ORDER_MAX);
	gfp_t several = (gfp | __GFP_COMP | __GFP_NOWARN | __GFP_NORETRY) &
			~__GFP_DIRECT_RECLAIM;

	/* What can be done without is no refusal, nor is anybody to be told. */
	if (order &&
	    mqttk_budget_left(msg->limits, MQTTK_BUDGET_MESSAGE) / 2 >=
	    max_t(unsigned long, PAGE_SIZE << order, msg->charged) &&
	    !add_compound(msg, order, several))
		return 0;
	return add_compound(msg, 0, gfp);
}

/* Any CPU's will do, if it is there; NULL if not. */
static struct mqttk_msg *borrow(size_t size)
{
	struct spare *spare = raw_cpu_read(spares);

	if (size > SPARE_BYTES - sizeof(*spare) || READ_ONCE(spare->lent))
		return NULL;
	/* Who uses a message too late is to be seen sometimes. */
	if (IS_ENABLED(CONFIG_KASAN) && spare->turn++ % 2)
		return NULL;
	/* Pairs with give_back(). */
	return xchg(&spare->lent, true) ? NULL : (struct mqttk_msg *)spare->block;
}

static void give_back(struct mqttk_msg *first)
{
	struct spare *spare = container_of((u64 *)first, struct spare, block[0]);

	smp_store_release(&spare->lent, false); /* pairs with borrow() */
}

/* Memory for a block; @charged is what of it is charged. */
static struct mqttk_msg *get_block(struct mqttk_limits *limits, size_t size,
				   u32 *charged, gfp_t gfp)
{
	struct mqttk_msg *first;

	/* One by one they may still fit: that is no refusal yet. */
	if (mqttk_budget_left(limits, MQTTK_BUDGET_MESSAGE) < size)
		return NULL;
	*charged = 0;
	first = borrow(size);
	if (first)
		return first;
	if (!mqttk_charge(limits, MQTTK_BUDGET_MESSAGE, size))
		return NULL;
	*charged = size;
	first = kmalloc(size, gfp);
	if (!first)
		mqttk_uncharge(limits, MQTTK_BUDGET_MESSAGE, size);
	return first;
}

/**
 * mqttk_msg_alloc_block - start several small messages at once
 * @limits: whose MQTTK_BUDGET_MESSAGE they are charged to; outlives them
 * @nr: how many, 1 to MQTTK_MSG_BLOCK
 * @bytes: of memory for all of them, which begins behind the last
 * @refs: references to each that the caller is to have
 * @gfp: how to allocate
 *
 * For messages of QoS 0 that came together, will mostly go together, and neither
 * are retained nor have properties. What they take is one allocation, one charge
 * and one count of references, and given back when the last of them is gone: so a
 * block is to be small. The caller writes packets, side by side and in order, and
 * sets @data, @topic_len and @payload_len of each, then calls
 * mqttk_msg_block_done(); until then nobody else may see them.
 *
 * Return: the first of them, the others are behind it; NULL over the budget, or
 *	without memory
 */
struct mqttk_msg *mqttk_msg_alloc_block(struct mqttk_limits *limits,
					unsigned int nr, size_t bytes,
					unsigned int refs, gfp_t gfp)
{
	/* Who copies words reads beyond the last byte. */
	size_t size = round_up(nr * sizeof(struct mqttk_msg) + bytes,
			       sizeof(u64)) + sizeof(u64);
	struct mqttk_msg *first, *msg;
	u32 charged;
	ktime_t now;
	u8 i;

	first = get_block(limits, size, &charged, gfp);
	if (!first)
		return NULL;
	memset((u8 *)first + size - 2 * sizeof(u64), 0, 2 * sizeof(u64));
	now = ktime_get_boottime();
	for (i = 0, msg = first; i < nr; i++, msg++) {
		msg->nr = 0;
		msg->qos = 0;
		msg->retain = false;
		msg->has_lifetime = false;
		msg->in_block = true;
		msg->borrowed = !charged;
		msg->nth = i;
		msg->props_len = 0;
		msg->lifetime = 0;
		msg->nr_pages = 0;
		msg->charged = 0;
		msg->limits = limits;
		msg->stamp = now;
		msg->expires = 0;
		msg->bvec = NULL;
	}
	refcount_set(&first->ref, nr * refs);
	first->charged = charged;
	first->nr = nr;
	return first;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_alloc_block);

/**
 * mqttk_msg_block_done - several messages are complete
 * @first: the first of them
 * @payload: bytes of all payloads
 */
void mqttk_msg_block_done(struct mqttk_msg *first, size_t payload)
{
	count(first->limits, first->nr, payload);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_block_done);

/**
 * mqttk_msg_reserve - make room for the next bytes of payload
 * @msg: a message that nobody else has seen
 * @len: how many more bytes there shall be room for; cut to what is missing
 * @gfp: how to allocate
 *
 * Return: the bytes there is room for, at least one unless the payload is
 *	complete; -ENOBUFS over the budget, -ENOMEM
 */
int mqttk_msg_reserve(struct mqttk_msg *msg, u32 len, gfp_t gfp)
{
	u32 want = min(len, msg->payload_len - msg->filled);
	u32 pages = payload_pages(msg->filled + want);
	int err;

	if (is_inline(msg))
		return want;
	while (msg->nr_pages < pages) {
		err = grow(msg, pages - msg->nr_pages, gfp);
		if (err)
			return err;
	}
	return want;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_reserve);

/**
 * mqttk_msg_fill_iter - where the next bytes of payload go
 * @msg: a message that nobody else has seen, with room reserved
 * @iter: set to the room not yet filled
 *
 * Whoever writes through @iter adds what was written to @filled.
 */
void mqttk_msg_fill_iter(struct mqttk_msg *msg, struct iov_iter *iter)
{
	u32 room = min_t(u64, msg->payload_len,
			 (u64)msg->nr_pages << PAGE_SHIFT) - msg->filled;

	iov_iter_bvec(iter, ITER_DEST, msg->bvec, msg->nr_pages,
		      msg->filled + room);
	iov_iter_advance(iter, msg->filled);
}

/**
 * mqttk_msg_fill - copy the next bytes of payload
 * @msg: a message that nobody else has seen, with room reserved
 * @from: the bytes
 * @len: how many; no more than there is room for
 *
 * Return: the bytes copied
 */
u32 mqttk_msg_fill(struct mqttk_msg *msg, const void *from, u32 len)
{
	struct iov_iter iter;
	u32 done;

	if (is_inline(msg)) {
		done = min(len, msg->payload_len - msg->filled);
		memcpy(msg->data + msg->topic_len + msg->filled, from, done);
	} else {
		mqttk_msg_fill_iter(msg, &iter);
		done = copy_to_iter(from, len, &iter);
	}
	msg->filled += done;
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_fill);

/**
 * mqttk_msg_fill_from - copy the next bytes of a payload that lies in pages
 * @msg: a message that nobody else has seen, with room reserved
 * @from: where from; advanced
 * @len: how many; no more than there is room for
 *
 * Return: the bytes copied, fewer where user memory is missing
 */
u32 mqttk_msg_fill_from(struct mqttk_msg *msg, struct iov_iter *from, u32 len)
{
	u32 done = 0;

	while (done < len) {
		u32 off = offset_in_page(msg->filled);
		u32 want = min_t(u32, PAGE_SIZE - off, len - done);
		struct page *page;
		size_t n;

		page = msg->bvec[msg->filled >> PAGE_SHIFT].bv_page;
		n = copy_page_from_iter(page, off, want, from);
		msg->filled += n;
		done += n;
		if (n < want)
			break;
	}
	return done;
}

/**
 * mqttk_msg_read - copy payload out
 * @msg: a complete message
 * @off: first byte
 * @to: where to
 * @len: how many; @off + @len is at most the payload's length
 */
void mqttk_msg_read(const struct mqttk_msg *msg, u32 off, void *to, u32 len)
{
	struct iov_iter iter;

	if (is_inline(msg)) {
		memcpy(to, mqttk_msg_inline(msg) + off, len);
		return;
	}
	iov_iter_bvec(&iter, ITER_SOURCE, msg->bvec, msg->nr_pages,
		      msg->payload_len);
	iov_iter_advance(&iter, off);
	WARN_ON_ONCE(copy_from_iter(to, len, &iter) != len);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_read);

/* Counts a message out, or all of a block. */
static void uncount(const struct mqttk_msg *msg)
{
	u32 i, nr = msg->in_block ? msg->nr : 1;
	long bytes = 0;

	for (i = 0; i < nr; i++)
		bytes += msg[i].payload_len;
	count(msg->limits, -(long)nr, -bytes);
}

static void free_now(struct mqttk_msg *msg)
{
	u32 i;

	for (i = 0; i < msg->nr_pages; i++) {
		put_page(msg->bvec[i].bv_page);
		if (msg->nr_pages > FREE_LATER_PAGES)
			cond_resched();
	}
	uncount(msg);
	if (msg->borrowed) {
		give_back(msg);
		return;
	}
	mqttk_uncharge(msg->limits, MQTTK_BUDGET_MESSAGE, msg->charged);
	if (msg->bvec)
		kvfree(msg->bvec);
	kvfree(msg);
}

static LLIST_HEAD(free_later);

static void free_work_fn(struct work_struct *work)
{
	struct llist_node *list = llist_del_all(&free_later);
	struct mqttk_msg *msg, *next;

	llist_for_each_entry_safe(msg, next, list, free)
		free_now(msg);
}

static DECLARE_WORK(free_work, free_work_fn);
static struct workqueue_struct *free_wq;

/**
 * mqttk_msg_free - free a message whose last reference is gone
 * @msg: the message, or the first of its block; call mqttk_msg_put() instead
 *
 * TCP may still hold some of its pages: they are freed when it is done. The
 * last reference often goes with bottom halves off, where thousands of pages
 * would take too long, so those go to a work.
 *
 * Context: any but hard interrupts.
 */
void mqttk_msg_free(struct mqttk_msg *msg)
{
	if (msg->nr_pages <= FREE_LATER_PAGES)
		free_now(msg);
	else if (llist_add(&msg->free, &free_later))
		queue_work(free_wq, &free_work);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_free);

/**
 * mqttk_msg_flush - wait until messages put before are freed
 *
 * Context: may sleep; before a netns's limits or the module go.
 */
void mqttk_msg_flush(void)
{
	flush_work(&free_work);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_msg_flush);

static void free_spares(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(per_cpu(spares, cpu));
}

static bool need_spares(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct spare *spare = kmalloc_node(SPARE_BYTES, GFP_KERNEL,
						   cpu_to_node(cpu));

		if (!spare)
			return false;
		spare->lent = false;
		spare->turn = 0;
		per_cpu(spares, cpu) = spare;
	}
	return true;
}

/**
 * mqttk_msg_module_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_msg_module_init(void)
{
	if (!need_spares())
		goto free;
	free_wq = alloc_workqueue("mqttk_free", WQ_UNBOUND, 0);
	if (free_wq)
		return 0;
free:
	free_spares();
	return -ENOMEM;
}

/**
 * mqttk_msg_module_exit - at module unload, when no message is left
 */
void mqttk_msg_module_exit(void)
{
	destroy_workqueue(free_wq);
	free_spares();
}
