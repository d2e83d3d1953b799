/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's lists: rings, lists with one end, and those without.
 */
#ifndef _SHIM_LISTS_H
#define _SHIM_LISTS_H

#include <linux/types.h>

#define container_of(p, type, member)					\
	((type *)((char *)(p) - offsetof(type, member)))
#define container_of_const(p, type, member)	container_of(p, type, member)

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(x)	{ &(x), &(x) }
#define LIST_HEAD(x)		struct list_head x = LIST_HEAD_INIT(x)

static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l;
	l->prev = l;
}

static inline void shim_list_link(struct list_head *a, struct list_head *b)
{
	a->next = b;
	b->prev = a;
}

static inline void list_add_tail(struct list_head *l, struct list_head *head)
{
	shim_list_link(head->prev, l);
	shim_list_link(l, head);
}

static inline void list_add(struct list_head *l, struct list_head *head)
{
	list_add_tail(l, head->next);
}

/* Whoever follows the links of what is gone falls. */
static inline void list_del(struct list_head *l)
{
	shim_list_link(l->prev, l->next);
	l->next = (void *)0x100;
	l->prev = (void *)0x122;
}

static inline void list_del_init(struct list_head *l)
{
	shim_list_link(l->prev, l->next);
	INIT_LIST_HEAD(l);
}

static inline bool list_empty(const struct list_head *l)
{
	return l->next == l;
}

static inline void list_move(struct list_head *l, struct list_head *head)
{
	shim_list_link(l->prev, l->next);
	list_add(l, head);
}

static inline void list_move_tail(struct list_head *l, struct list_head *head)
{
	shim_list_link(l->prev, l->next);
	list_add_tail(l, head);
}

static inline void list_replace(struct list_head *old, struct list_head *l)
{
	shim_list_link(old->prev, l);
	shim_list_link(l, old->next);
}

static inline void list_splice_tail(const struct list_head *l,
				    struct list_head *head)
{
	if (list_empty(l))
		return;
	shim_list_link(head->prev, l->next);
	shim_list_link(l->prev, head);
}

static inline void list_splice_tail_init(struct list_head *l,
					 struct list_head *head)
{
	list_splice_tail(l, head);
	INIT_LIST_HEAD(l);
}

static inline void list_splice_init(struct list_head *l, struct list_head *head)
{
	list_splice_tail_init(l, head->next);
}

#define list_empty_careful(l)		list_empty(l)
#define list_is_singular(l)		(!list_empty(l) && (l)->next == (l)->prev)
#define list_is_first(l, h)		((l)->prev == (h))
#define list_is_last(l, h)		((l)->next == (h))
#define list_entry(p, t, m)		container_of(p, t, m)
#define list_first_entry(h, t, m)	list_entry((h)->next, t, m)
#define list_last_entry(h, t, m)	list_entry((h)->prev, t, m)
#define list_first_entry_or_null(h, t, m)				\
	(list_empty(h) ? NULL : list_first_entry(h, t, m))
#define list_next_entry(p, m)		list_entry((p)->m.next, typeof(*(p)), m)
#define list_prev_entry(p, m)		list_entry((p)->m.prev, typeof(*(p)), m)
#define list_for_each_entry_from(p, h, m)				\
	for (; &(p)->m != (h); (p) = list_next_entry(p, m))
#define list_for_each_entry(p, h, m)					\
	for ((p) = list_first_entry(h, typeof(*(p)), m); &(p)->m != (h);	\
	     (p) = list_next_entry(p, m))
#define list_for_each_entry_reverse(p, h, m)				\
	for ((p) = list_last_entry(h, typeof(*(p)), m); &(p)->m != (h);	\
	     (p) = list_prev_entry(p, m))
#define list_for_each_entry_continue(p, h, m)				\
	for ((p) = list_next_entry(p, m); &(p)->m != (h);		\
	     (p) = list_next_entry(p, m))
#define list_for_each_entry_safe_from(p, n, h, m)			\
	for ((n) = list_next_entry(p, m); &(p)->m != (h);		\
	     (p) = (n), (n) = list_next_entry(n, m))
#define list_for_each_entry_safe(p, n, h, m)				\
	for ((p) = list_first_entry(h, typeof(*(p)), m),		\
	     (n) = list_next_entry(p, m); &(p)->m != (h);		\
	     (p) = (n), (n) = list_next_entry(n, m))
#define list_for_each_entry_rcu(p, h, m, ...)	list_for_each_entry(p, h, m)
#define list_add_rcu(l, h)			list_add(l, h)
#define list_add_tail_rcu(l, h)			list_add_tail(l, h)

static inline void list_del_rcu(struct list_head *l)
{
	shim_list_link(l->prev, l->next);
	l->prev = (void *)0x122;
}

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#define INIT_HLIST_HEAD(h)	((h)->first = NULL)
#define HLIST_HEAD_INIT		{ .first = NULL }
#define hlist_empty(h)		(!(h)->first)
#define hlist_unhashed(n)	(!(n)->pprev)
#define hlist_first_rcu(h)	((h)->first)
#define hlist_next_rcu(n)	((n)->next)
#define hlist_entry(p, t, m)	container_of(p, t, m)
#define hlist_entry_safe(p, t, m)					\
	({ typeof(p) _p = (p); _p ? hlist_entry(_p, t, m) : NULL; })
#define hlist_for_each_entry(p, h, m)					\
	for ((p) = hlist_entry_safe((h)->first, typeof(*(p)), m); (p);	\
	     (p) = hlist_entry_safe((p)->m.next, typeof(*(p)), m))
#define hlist_for_each_entry_rcu(p, h, m, ...)	hlist_for_each_entry(p, h, m)

static inline void hlist_add_head_rcu(struct hlist_node *n,
				      struct hlist_head *h)
{
	n->next = h->first;
	n->pprev = &h->first;
	if (n->next)
		n->next->pprev = &n->next;
	h->first = n;
}

#define hlist_add_head(n, h)	hlist_add_head_rcu(n, h)

/* Readers that stand on it go on from it. */
static inline void hlist_del_rcu(struct hlist_node *n)
{
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	n->pprev = (void *)0x122;
}

#define hlist_del(n)		hlist_del_rcu(n)

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#define LLIST_HEAD(x)		struct llist_head x
#define init_llist_head(h)	((h)->first = NULL)
#define llist_empty(h)		(!(h)->first)
#define llist_entry(p, t, m)	container_of(p, t, m)

static inline bool llist_add(struct llist_node *n, struct llist_head *h)
{
	n->next = h->first;
	h->first = n;
	return !n->next;
}

static inline struct llist_node *llist_del_all(struct llist_head *h)
{
	struct llist_node *first = h->first;

	h->first = NULL;
	return first;
}

/* The next one is read before the body, which may free this. */
#define llist_for_each_entry_safe(p, n, first, m)			\
	for (struct llist_node *_l = (first), *_n;			\
	     _l && ((p) = llist_entry(_l, typeof(*(p)), m),		\
		    _n = _l->next,					\
		    (n) = _n ? llist_entry(_n, typeof(*(p)), m) : NULL, true); \
	     _l = _n)

#endif /* _SHIM_LISTS_H */
