/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the core of the module needs, layers 0 to 4 and the
 * namespace, for fuzzing it in a process: one CPU, one thread, a clock that only
 * moves when it is told to, allocations that fail when they are told to. Every
 * header that the module includes is this one, but those in ../include.
 *
 * It judges as well: memory is freed as early as RCU permits, so the sanitizer
 * sees who uses it too long; who sleeps with a lock held, locks twice, or counts
 * a reference below zero is told so by shim_die().
 */
#ifndef _SHIM_H
#define _SHIM_H

#include <errno.h>
#include <limits.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/types.h>
#include <stdarg.h>
/* deadline.c has one of its own. */
#define remove	shim_stdio_remove
#include <stdio.h>
#undef remove
#include <stdlib.h>
#include <string.h>

#include "lists.h"

typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;
typedef s64 ktime_t;

/* -- the compiler and small arithmetic ------------------------------------- */

#define __rcu
#define __percpu
#define __user
#define __init
#define __exit
#define __net_init
#define __net_exit
#define __read_mostly
#define __ro_after_init
#define __must_check
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define __always_inline		inline __attribute__((always_inline))
#define noinline		__attribute__((noinline))
#define noinline_for_stack	noinline
#define __packed		__attribute__((packed))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define __aligned(n)		__attribute__((aligned(n)))
#define ____cacheline_aligned_in_smp
#define ____cacheline_aligned
#define __cacheline_group_begin(x)
#define __counted_by(member)
#define fallthrough		__attribute__((fallthrough))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" : : : "memory")
#define prefetch(p)		((void)(p))
#define prefetchw(p)		((void)(p))
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile typeof(x) *)&(x) = (v))
#define data_race(x)		(x)
#define IS_ENABLED(option)	SHIM_##option
#define SHIM_CONFIG_64BIT	1
#define SHIM_CONFIG_IPV6	0
#define SHIM_CONFIG_KASAN	1
#define SHIM_CONFIG_PREEMPT_RT	0
#define BUILD_BUG_ON(x)		_Static_assert(!(x), #x)
#define static_assert(x, ...)	_Static_assert(x, #x)
#define EXPORT_SYMBOL_IF_KUNIT(x)	struct shim_unused_##x
#define EXPORT_SYMBOL_GPL(x)	struct shim_unused_##x
#define VISIBLE_IF_KUNIT	static
#define KUNIT_STATIC_STUB_REDIRECT(...)	do { } while (0)
#define module_init(f)		int shim_module_init(void) { return f(); }
#define module_exit(f)		void shim_module_exit(void) { f(); }
#define MODULE_LICENSE(x)	struct shim_unused_param
#define MODULE_DESCRIPTION(x)	struct shim_unused_param
#define MODULE_AUTHOR(x)	struct shim_unused_param
#define MODULE_VERSION(x)	struct shim_unused_param
#define module_param(...)	struct shim_unused_param
#define module_param_named(...)	struct shim_unused_param
#define MODULE_PARM_DESC(...)	struct shim_unused_param

#define min(a, b)		({ typeof(a) _a = (a); typeof(b) _b = (b);	\
				   _a < _b ? _a : (typeof(_a))_b; })
#define max(a, b)		({ typeof(a) _a = (a); typeof(b) _b = (b);	\
				   _a > _b ? _a : (typeof(_a))_b; })
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define min3(a, b, c)		min(min(a, b), c)
#define max3(a, b, c)		max(max(a, b), c)
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(t, v, lo, hi)	clamp((t)(v), (t)(lo), (t)(hi))
#define swap(a, b)		({ typeof(a) _t = (a); (a) = (b); (b) = _t; })
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(x, y)		((((x) - 1) | ((typeof(x))(y) - 1)) + 1)
#define round_down(x, y)	((x) & ~((typeof(x))(y) - 1))
#define roundup(x, y)		((((x) + (y) - 1) / (y)) * (y))
#define ALIGN(x, a)		round_up(x, a)
#define roundup_pow_of_two(n)	shim_pow2(n)
#define rounddown_pow_of_two(n)	(shim_pow2((n) + 1) >> 1)
#define ilog2(n)		(63 - __builtin_clzll(n))
#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))
#define hweight8(n)		__builtin_popcount((u8)(n))
#define hweight32(n)		__builtin_popcount(n)
#define __ffs(n)		__builtin_ctzl(n)
#define fls(n)			((n) ? 32 - __builtin_clz(n) : 0)
#define div_u64(n, d)		((u64)(n) / (d))
#define div64_u64(n, d)		((u64)(n) / (d))
#define div64_ul(n, d)		((u64)(n) / (d))
#define div_s64(n, d)		((s64)(n) / (d))
#define mul_u64_u64_shr(a, b, n)	((u64)((unsigned __int128)(a) * (b) >> (n)))
#define mul_u64_u64_div_u64(a, b, d)	((u64)((unsigned __int128)(a) * (b) / (d)))
#define mul_u64_u32_shr(a, b, n)	((u64)((unsigned __int128)(a) * (b) >> (n)))
#define reciprocal_scale(v, n)	((u32)((u64)(u32)(v) * (n) >> 32))
#define lower_32_bits(n)	((u32)(n))
#define upper_32_bits(n)	((u32)((u64)(n) >> 32))
#define array_size(a, b)	((size_t)(a) * (b))
#define size_add(a, b)		((size_t)(a) + (b))
#define size_mul(a, b)		((size_t)(a) * (b))
#define struct_size(p, m, n)	(sizeof(*(p)) + sizeof((p)->m[0]) * (size_t)(n))
#define struct_size_t(t, m, n)	(offsetof(t, m) + sizeof(((t *)0)->m[0]) * (size_t)(n))
#define flex_array_size(p, m, n)	(sizeof((p)->m[0]) * (size_t)(n))
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)
#define U8_MAX			((u8)~0)
#define U16_MAX			((u16)~0)
#define U32_MAX			(~0U)
#define S32_MAX			INT_MAX
#define U64_MAX			(~0ULL)
#define S64_MAX			LLONG_MAX
#define SZ_1K			0x400
#define SZ_4K			0x1000
#define SZ_8K			0x2000
#define SZ_16K			0x4000
#define SZ_32K			0x8000
#define SZ_64K			0x10000
#define SZ_128K			0x20000
#define SZ_256K			0x40000
#define SZ_512K			0x80000
#define SZ_1M			0x100000
#define SZ_2M			0x200000
#define SZ_4M			0x400000
#define SZ_8M			0x800000
#define SZ_16M			0x1000000
#define SZ_32M			0x2000000
#define SZ_64M			0x4000000
#define SZ_128M			0x8000000
#define SZ_256M			0x10000000
#define SZ_1G			0x40000000
#define L1_CACHE_BYTES		64
#define SMP_CACHE_BYTES		64
#define BITS_PER_LONG		64
#define BITS_PER_BYTE		8
#define BITS_PER_TYPE(x)	(sizeof(x) * 8)
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define UUID_STRING_LEN		36
#define ERESTARTSYS		512

static inline u64 shim_pow2(u64 n)
{
	u64 p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

/* -- what must not be ------------------------------------------------------ */

void shim_die(const char *file, int line, const char *why)
	__attribute__((noreturn));
#define SHIM_CHECK(x)	((x) ? (void)0 : shim_die(__FILE__, __LINE__, #x))
#define WARN_ON(x)	({ bool _w = (x); SHIM_CHECK(!_w && "WARN_ON " #x); _w; })
#define WARN_ON_ONCE(x)	WARN_ON(x)
#define WARN(x, ...)	WARN_ON(x)
#define WARN_ONCE(x, ...)	WARN_ON(x)
#define BUG_ON(x)	WARN_ON(x)
#define pr_err(...)	do { } while (0)
#define pr_warn(...)	do { } while (0)
#define pr_info(...)	do { } while (0)
#define pr_warn_ratelimited(...)	do { } while (0)

/* -- errors in pointers ---------------------------------------------------- */

#define MAX_ERRNO	4095
#define IS_ERR_VALUE(x)	((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return IS_ERR_VALUE(p);
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

#define PTR_ERR_OR_ZERO(p)	(IS_ERR(p) ? (int)PTR_ERR(p) : 0)
#define ERR_CAST(p)		((void *)(p))

/* -- contexts -------------------------------------------------------------- */

/* How many read-side sections and spinlocks there are just now. */
extern int shim_rcu, shim_atomic;

void shim_may_sleep(void);
void shim_leave(void);		/* a section or a lock was left */

static inline void rcu_read_lock(void)
{
	shim_rcu++;
}

static inline void rcu_read_unlock(void)
{
	SHIM_CHECK(shim_rcu > 0);
	shim_rcu--;
	shim_leave();
}

static inline bool rcu_read_lock_held(void)
{
	return shim_rcu || shim_atomic;
}

#define rcu_read_lock_bh()		rcu_read_lock()
#define rcu_read_unlock_bh()		rcu_read_unlock()
#define local_bh_disable()		((void)shim_atomic++)
#define local_bh_enable()		((void)shim_atomic--, shim_leave())
#define cond_resched()			shim_may_sleep()
#define usleep_range(lo, hi)		SHIM_CHECK(!"waits for somebody else")
#define might_sleep()			shim_may_sleep()
#define need_resched()			false
#define in_serving_softirq()		false
#define preempt_disable()		((void)shim_atomic++)
#define preempt_enable()		((void)shim_atomic--, shim_leave())

#define rcu_dereference(p)		({ SHIM_CHECK(rcu_read_lock_held()); (p); })
#define rcu_dereference_raw(p)		(p)
#define rcu_dereference_check(p, c)	({ SHIM_CHECK(rcu_read_lock_held() || (c)); (p); })
#define rcu_dereference_protected(p, c)	({ SHIM_CHECK(c); (p); })
#define rcu_access_pointer(p)		(p)
#define rcu_assign_pointer(p, v)	((p) = (v))
#define rcu_replace_pointer(p, v, c)	({ typeof(p) _o = (p); (p) = (v); _o; })
#define RCU_INIT_POINTER(p, v)		((p) = (v))
#define rcu_pointer_handoff(p)		(p)
#define unrcu_pointer(p)		(p)

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
	void *object;
};

void shim_rcu_free(struct rcu_head *head, void *object);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
void synchronize_rcu(void);
#define rcu_barrier()			synchronize_rcu()
#define synchronize_net()		synchronize_rcu()
#define kfree_rcu(p, member)		shim_rcu_free(&(p)->member, p)
#define kvfree_rcu(p, member)		shim_rcu_free(&(p)->member, p)

#define smp_mb()			barrier()
#define smp_rmb()			barrier()
#define smp_wmb()			barrier()
#define smp_mb__before_atomic()		barrier()
#define smp_mb__after_atomic()		barrier()
#define smp_load_acquire(p)		(*(p))
#define smp_store_release(p, v)		(*(p) = (v))

typedef struct { int held; } spinlock_t;
struct lock_class_key { int unused; };

#define DEFINE_SPINLOCK(x)		spinlock_t x
#define spin_lock_init(l)		((l)->held = 0)
#define spin_lock(l)			shim_spin_lock(l)
#define spin_unlock(l)			shim_spin_unlock(l)
#define spin_lock_bh(l)			shim_spin_lock(l)
#define spin_unlock_bh(l)		shim_spin_unlock(l)
#define spin_lock_nested(l, n)		shim_spin_lock(l)
#define spin_is_locked(l)		((l)->held)
#define lockdep_assert_held(l)		SHIM_CHECK((l)->held)
#define lockdep_assert(x)		SHIM_CHECK(x)
#define lockdep_is_held(l)		((l)->held)
#define lockdep_set_class(l, k)		((void)(k))
#define lockdep_assert_once(x)		SHIM_CHECK(x)

static inline void shim_spin_lock(spinlock_t *lock)
{
	SHIM_CHECK(!lock->held);
	lock->held = 1;
	shim_atomic++;
}

static inline void shim_spin_unlock(spinlock_t *lock)
{
	SHIM_CHECK(lock->held && shim_atomic > 0);
	lock->held = 0;
	shim_atomic--;
	shim_leave();
}

struct mutex { int held; };

#define DEFINE_MUTEX(x)			struct mutex x
#define mutex_init(l)			((l)->held = 0)
#define mutex_is_locked(l)		((l)->held)

static inline void mutex_lock(struct mutex *lock)
{
	shim_may_sleep();
	SHIM_CHECK(!lock->held);
	lock->held = 1;
}

static inline void mutex_unlock(struct mutex *lock)
{
	SHIM_CHECK(lock->held);
	lock->held = 0;
}

/* -- counters -------------------------------------------------------------- */

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { int refs; } refcount_t;

#define ATOMIC_INIT(n)			{ n }
#define atomic_read(v)			((v)->counter)
#define atomic_set(v, n)		((v)->counter = (n))
#define atomic_inc(v)			((void)(v)->counter++)
#define atomic_dec(v)			((void)(v)->counter--)
#define atomic_add(n, v)		((void)((v)->counter += (n)))
#define atomic_sub(n, v)		((void)((v)->counter -= (n)))
#define atomic_inc_return(v)		(++(v)->counter)
#define atomic_fetch_inc(v)		((v)->counter++)
#define atomic_dec_and_test(v)		(!--(v)->counter)
#define atomic_sub_and_test(n, v)	(!((v)->counter -= (n)))
#define atomic_cmpxchg(v, o, n)		shim_cmpxchg(v, o, n)
#define atomic_long_read(v)		((v)->counter)
#define atomic_long_set(v, n)		((v)->counter = (n))
#define atomic_long_inc(v)		((void)(v)->counter++)
#define atomic_long_add(n, v)		((void)((v)->counter += (n)))
#define atomic_long_sub(n, v)		((void)((v)->counter -= (n)))
#define atomic_long_xchg(v, n)		({ long _o = (v)->counter; (v)->counter = (n); _o; })
#define atomic64_read(v)		((v)->counter)
#define atomic64_set(v, n)		((v)->counter = (n))
#define atomic64_read_acquire(v)	atomic64_read(v)
#define atomic64_set_release(v, n)	atomic64_set(v, n)
#define atomic64_inc(v)			((void)(v)->counter++)
#define atomic64_add(n, v)		((void)((v)->counter += (n)))
#define atomic64_try_cmpxchg(v, o, n)					\
	((v)->counter == *(o) ? ((v)->counter = (n), true) :		\
				(*(o) = (v)->counter, false))
#define try_cmpxchg(p, o, n)						\
	(*(p) == *(o) ? (*(p) = (n), true) : (*(o) = *(p), false))
#define cmpxchg(p, o, n)		({ typeof(*(p)) _o = *(p); if (_o == (o)) *(p) = (n); _o; })
#define xchg(p, n)			({ typeof(*(p)) _o = *(p); *(p) = (n); _o; })

#define REFCOUNT_INIT(n)		{ n }
#define refcount_read(r)		((r)->refs)
#define refcount_set(r, n)		((r)->refs = (n))

static inline void refcount_add(int n, refcount_t *r)
{
	SHIM_CHECK(r->refs > 0 && n >= 0);
	r->refs += n;
}

static inline void refcount_inc(refcount_t *r)
{
	refcount_add(1, r);
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	SHIM_CHECK(r->refs >= 0);
	return r->refs && r->refs++;
}

static inline bool refcount_sub_and_test(int n, refcount_t *r)
{
	SHIM_CHECK(r->refs >= n && n > 0);
	r->refs -= n;
	return !r->refs;
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

static inline void refcount_dec(refcount_t *r)
{
	SHIM_CHECK(r->refs > 1);
	r->refs--;
}

static inline bool test_bit(long nr, const unsigned long *p)
{
	return p[nr / 64] >> nr % 64 & 1;
}

#define __set_bit(nr, p)	set_bit(nr, p)
#define __clear_bit(nr, p)	clear_bit(nr, p)
#define DECLARE_BITMAP(name, bits)	unsigned long name[((bits) + 63) / 64]

/* The last of @size bits that is set, @size if none is. */
static inline unsigned long find_last_bit(const unsigned long *p,
					  unsigned long size)
{
	unsigned long i = size;

	while (i--)
		if (p[i / 64] >> (i % 64) & 1)
			return i;
	return size;
}
#define BITS_TO_LONGS(n)	(((n) + 63) / 64)

static inline void set_bit(long nr, unsigned long *p)
{
	p[nr / 64] |= 1UL << nr % 64;
}

static inline void clear_bit(long nr, unsigned long *p)
{
	p[nr / 64] &= ~(1UL << nr % 64);
}

static inline bool test_and_set_bit(long nr, unsigned long *p)
{
	bool was = test_bit(nr, p);

	set_bit(nr, p);
	return was;
}

static inline bool test_and_clear_bit(long nr, unsigned long *p)
{
	bool was = test_bit(nr, p);

	clear_bit(nr, p);
	return was;
}

#define __test_and_set_bit(nr, p)	test_and_set_bit(nr, p)
#define __test_and_clear_bit(nr, p)	test_and_clear_bit(nr, p)

/* There is one CPU. */
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < 1; (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)
#define num_possible_cpus()		1
#define nr_cpu_ids			1
#define smp_processor_id()		0
#define raw_smp_processor_id()		0
#define DEFINE_PER_CPU(type, name)	typeof(type) name
#define per_cpu(var, cpu)		(var)
#define per_cpu_ptr(p, cpu)		(p)
#define this_cpu_ptr(p)			(p)
#define raw_cpu_ptr(p)			(p)
#define raw_cpu_read(var)		(var)
#define cpu_to_node(cpu)		0
#define this_cpu_add(x, n)		((void)((x) += (n)))
#define this_cpu_sub(x, n)		((void)((x) -= (n)))
#define this_cpu_inc(x)			((void)(x)++)
#define this_cpu_dec(x)			((void)(x)--)
#define this_cpu_read(x)		(x)
#define this_cpu_write(x, n)		((void)((x) = (n)))
#define this_cpu_xchg(x, n)		({ typeof(x) _o = (x); (x) = (n); _o; })
#define alloc_percpu_gfp(type, gfp)	((type *)kzalloc(sizeof(type), gfp))
#define alloc_percpu(type)		((type *)kzalloc(sizeof(type), GFP_KERNEL))
#define free_percpu(p)			kfree(p)
typedef struct { int unused; } local_lock_t;
#define local_lock_init(l)		((void)(l))
#define local_lock(l)			((void)(l))
#define local_unlock(l)			((void)(l))
#define local_lock_nested_bh(l)		((void)(l))
#define local_unlock_nested_bh(l)	((void)(l))
#define INIT_LOCAL_LOCK(x)		{ 0 }

struct percpu_counter { s64 count; };

#define percpu_counter_init(c, n, gfp)	((c)->count = (n), 0)
#define percpu_counter_destroy(c)	((void)(c))
#define percpu_counter_destroy_many(c, n)	((void)(c))
#define percpu_counter_add_batch(c, n, b)	((void)((c)->count += (n)))
#define percpu_counter_add(c, n)	((void)((c)->count += (n)))
#define percpu_counter_sum(c)		((c)->count)
#define percpu_counter_read(c)		((c)->count)
#define percpu_counter_read_positive(c)	max((c)->count, (s64)0)
#define percpu_counter_sum_positive(c)	max((c)->count, (s64)0)
#define percpu_counter_limited_add(c, l, n)	((c)->count + (n) <= (l) ? (c)->count += (n), true : false)

static inline int percpu_counter_init_many(struct percpu_counter *c, s64 n,
					   gfp_t gfp, int nr)
{
	while (nr--)
		c[nr].count = n;
	return 0;
}

static inline int __percpu_counter_compare(struct percpu_counter *c, s64 n,
					   s32 batch)
{
	return c->count < n ? -1 : c->count > n;
}

/* -- memory ---------------------------------------------------------------- */

#define __GFP_DIRECT_RECLAIM	0x01u	/* it may sleep */
#define __GFP_ZERO		0x02u
#define __GFP_NOWARN		0x04u
#define __GFP_NORETRY		0x08u
#define __GFP_ACCOUNT		0x10u
#define __GFP_COMP		0x20u
#define __GFP_HIGHMEM		0x40u
#define __GFP_NOMEMALLOC	0x80u
#define __GFP_RETRY_MAYFAIL	0x100u
#define GFP_KERNEL		__GFP_DIRECT_RECLAIM
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT		0x200u
#define GFP_ATOMIC		0x400u
#define PAGE_SIZE		4096UL
#define PAGE_SHIFT		12
#define PAGE_ALIGN(x)		round_up(x, PAGE_SIZE)
#define offset_in_page(p)	((unsigned long)(p) & (PAGE_SIZE - 1))
#define KMALLOC_MAX_SIZE	0x400000UL
#define get_order(size)		((size) <= PAGE_SIZE ? 0 : ilog2(shim_pow2(size)) - PAGE_SHIFT)
#define SLAB_ACCOUNT		0
#define SLAB_HWCACHE_ALIGN	0
#define SLAB_TYPESAFE_BY_RCU	0
#define ZERO_SIZE_PTR		((void *)16)

extern long shim_fail_in;	/* the allocation that fails, from now; 0: none */
extern long shim_fail_more;	/* and so many behind it */
extern long shim_live;		/* allocations that were not freed */

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *p);
void *krealloc(const void *p, size_t size, gfp_t gfp);
size_t ksize(const void *p);

#define kmalloc_size_roundup(n)	((n) > 8192 ? round_up((size_t)(n), PAGE_SIZE) : \
				 max_t(size_t, 8, shim_pow2(n)))
#define kzalloc(n, gfp)		kmalloc(n, (gfp) | __GFP_ZERO)
#define kmalloc_node(n, gfp, node)	kmalloc(n, gfp)
#define kcalloc(n, size, gfp)	kmalloc((size_t)(n) * (size), (gfp) | __GFP_ZERO)
#define kmalloc_array(n, size, gfp)	kmalloc((size_t)(n) * (size), gfp)
#define kvmalloc(n, gfp)	kmalloc(n, gfp)
#define kvzalloc(n, gfp)	kzalloc(n, gfp)
#define kvcalloc(n, size, gfp)	kcalloc(n, size, gfp)
#define kvmalloc_array(n, size, gfp)	kmalloc_array(n, size, gfp)
#define kvfree(p)		kfree(p)
#define kfree_sensitive(p)	kfree(p)
#define kfree_const(p)		kfree(p)
#define kzalloc_obj(x, gfp)	((typeof(x) *)kzalloc(sizeof(x), gfp))

static inline void *kmemdup(const void *from, size_t len, gfp_t gfp)
{
	void *p = kmalloc(len, gfp);

	return p ? memcpy(p, from, len) : NULL;
}

struct kmem_cache { size_t size; };

struct kmem_cache *shim_cache_create(size_t size);
#define KMEM_CACHE(s, flags)		shim_cache_create(sizeof(struct s))
#define kmem_cache_create(name, size, ...)	shim_cache_create(size)
#define kmem_cache_create_usercopy(name, size, ...)	shim_cache_create(size)
#define kmem_cache_destroy(c)		free(c)
#define kmem_cache_alloc(c, gfp)	kmalloc((c)->size, gfp)
#define kmem_cache_zalloc(c, gfp)	kzalloc((c)->size, gfp)
#define kmem_cache_free(c, p)		kfree(p)
#define kmem_cache_size(c)		((unsigned int)(c)->size)
#define mem_cgroup_put(m)		((void)(m))
#define mem_cgroup_get(m)		((void)(m))
#define set_active_memcg(m)		((void)(m), (struct mem_cgroup *)NULL)
#define get_mem_cgroup_from_mm(mm)	((struct mem_cgroup *)NULL)
#define current				(&shim_task)

struct task_struct { void *mm; };
extern struct task_struct shim_task;

#define totalram_pages()		(1UL << 18)
struct sysinfo { unsigned long totalram, mem_unit, totalhigh; };
#define si_meminfo(i)			((i)->totalram = 1UL << 18, (i)->mem_unit = PAGE_SIZE, (i)->totalhigh = 0)

/* Pages in a row share the references of the first. */
struct page {
	struct page *head;
	int refs;
	u8 *data;
};

struct page *shim_alloc_pages(gfp_t gfp, unsigned int order);
void put_page(struct page *page);
#define alloc_page(gfp)			shim_alloc_pages(gfp, 0)
#define alloc_pages(gfp, order)		shim_alloc_pages(gfp, order)
#define __free_page(p)			put_page(p)
#define __free_pages(p, order)		put_page(p)
#define get_page(p)			((void)(p)->head->refs++)
#define page_ref_add(p, n)		((void)((p)->head->refs += (n)))
#define page_ref_count(p)		((p)->head->refs)
#define page_address(p)			((void *)(p)->data)
#define kmap_local_page(p)		((void *)(p)->data)
#define kunmap_local(p)			((void)(p))
#define split_page(p, order)		((void)(p))

struct page_frag {
	struct page *page;
	u32 offset;
	u32 size;
};

#define compound_head(p)	((p)->head)

struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;
	unsigned int bv_offset;
};

static inline void bvec_set_page(struct bio_vec *v, struct page *page,
				 unsigned int len, unsigned int offset)
{
	*v = (struct bio_vec){ page, len, offset };
}

#define bvec_kmap_local(v)	((void *)((v)->bv_page->data + (v)->bv_offset))

struct kvec {
	void *iov_base;
	size_t iov_len;
};

struct iov_iter {
	const struct bio_vec *bvec;
	size_t nr;
	size_t off;
	size_t count;
};

#define ITER_DEST	0
#define ITER_SOURCE	1

static inline void iov_iter_bvec(struct iov_iter *i, unsigned int dir,
				 const struct bio_vec *bvec, size_t nr,
				 size_t count)
{
	*i = (struct iov_iter){ bvec, nr, 0, count };
}

static inline void iov_iter_advance(struct iov_iter *i, size_t n)
{
	SHIM_CHECK(n <= i->count);
	i->off += n;
	i->count -= n;
}

#define iov_iter_count(i)	((i)->count)
size_t shim_iter_copy(struct iov_iter *i, void *to, const void *from, size_t n);
#define copy_to_iter(p, n, i)	shim_iter_copy(i, NULL, p, n)
#define copy_from_iter(p, n, i)	shim_iter_copy(i, p, NULL, n)
#define copy_page_from_iter(page, off, n, i)	shim_iter_copy(i, (page)->data + (off), NULL, n)

/* -- hashes and luck ------------------------------------------------------- */

typedef struct { u64 key[2]; } siphash_key_t;
typedef struct { unsigned long key[2]; } hsiphash_key_t;

u32 shim_hash(const void *data, size_t len, u64 seed);
#define siphash(p, n, k)	((u64)shim_hash(p, n, (k)->key[0]) << 32 | shim_hash(p, n, (k)->key[1] + 1))
#define hsiphash(p, n, k)	shim_hash(p, n, (k)->key[0])
#define siphash_1u64(v, k)	({ u64 _v = (v); siphash(&_v, 8, k); })
#define siphash_2u64(v, w, k)	({ u64 _v[2] = { v, w }; siphash(_v, 16, k); })
#define jhash(p, n, seed)	shim_hash(p, n, seed)
#define jhash_3words(a, b, c, s)	({ u32 _w[3] = { a, b, c }; shim_hash(_w, 12, s); })
#define jhash_2words(a, b, s)	({ u32 _w[2] = { a, b }; shim_hash(_w, 8, s); })
#define jhash_1word(a, s)	({ u32 _w = (a); shim_hash(&_w, 4, s); })
u32 shim_random(void);
#define get_random_u32()	shim_random()
#define GOLDEN_RATIO_32		0x61C88647
#define get_random_u32_below(n)	(shim_random() % (n))
#define get_random_u64()	((u64)shim_random() << 32 | shim_random())
void get_random_bytes(void *p, size_t len);
typedef struct { u8 b[16]; } uuid_t;
#define uuid_gen(u)		get_random_bytes(u, sizeof(*(u)))
#define generate_random_uuid(u)	get_random_bytes(u, 16)
#define strscpy(to, from)	scnprintf(to, sizeof(to), "%s", from)
int scnprintf(char *to, size_t size, const char *fmt, ...);

/* -- time and works -------------------------------------------------------- */

#define HZ			250
#define NSEC_PER_SEC		1000000000L
#define NSEC_PER_MSEC		1000000L
#define NSEC_PER_USEC		1000L
#define USEC_PER_SEC		1000000L
#define MSEC_PER_SEC		1000L
#define KTIME_MAX		S64_MAX
#define jiffies			((unsigned long)(shim_now / (NSEC_PER_SEC / HZ)))
#define ktime_get_boottime()	((ktime_t)shim_now)
#define ktime_get_boottime_ns()	((u64)shim_now)
#define ktime_get_coarse_boottime()	((ktime_t)shim_now)
#define ktime_get_coarse_boottime_ns()	((u64)shim_now)
#define ktime_get_boottime_seconds()	(shim_now / NSEC_PER_SEC)
#define ktime_get()		((ktime_t)shim_now)
#define ktime_get_ns()		((u64)shim_now)
#define ktime_sub(a, b)		((a) - (b))
#define ktime_add(a, b)		((a) + (b))
#define ktime_add_ns(a, b)	((ktime_t)((a) + (b)))
#define ktime_to_ns(a)		(a)
#define ns_to_ktime(a)		((ktime_t)(a))
#define ktime_to_ms(a)		((a) / NSEC_PER_MSEC)
#define ktime_ms_delta(a, b)	(((a) - (b)) / NSEC_PER_MSEC)
#define ktime_before(a, b)	((a) < (b))
#define ktime_after(a, b)	((a) > (b))
#define ktime_compare(a, b)	((a) < (b) ? -1 : (a) > (b))

extern s64 shim_now;
void shim_advance(s64 ns);	/* and what is due by then */
bool shim_run_works(void);	/* true: there were some */

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	work_func_t func;
	bool pending;
	struct list_head entry;
};

struct delayed_work {
	struct work_struct work;
	s64 due;
	bool set;
	struct list_head entry;
};

#define WQ_UNBOUND		0
#define WQ_PERCPU		0
#define WQ_MEM_RECLAIM		0
#define WQ_HIGHPRI		0
#define WQ_CPU_INTENSIVE	0
#define INIT_WORK(w, f)		(*(w) = (struct work_struct){ .func = (f) })
#define INIT_DELAYED_WORK(w, f)	(*(w) = (struct delayed_work){ .work = { .func = (f) } })
#define DECLARE_WORK(w, f)	struct work_struct w = { .func = (f) }
#define alloc_workqueue(...)	((struct workqueue_struct *)&shim_task)
#define destroy_workqueue(wq)	((void)(wq))
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
#define work_pending(w)		((w)->pending)
#define work_busy(w)		((w)->pending)
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool flush_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay);
bool cancel_delayed_work_sync(struct delayed_work *work);

typedef struct { int unused; } wait_queue_head_t;
#define init_waitqueue_head(w)	((void)(w))
#define wake_up(w)		((void)(w))
#define wait_event(w, condition) do {					\
	shim_may_sleep();						\
	while (!(condition))						\
		SHIM_CHECK(shim_run_works() && "waits for ever");	\
} while (0)

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode { HRTIMER_MODE_ABS_SOFT, HRTIMER_MODE_REL_SOFT,
		    HRTIMER_MODE_ABS, HRTIMER_MODE_REL };

struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	ktime_t expires;
	bool active;
	struct list_head entry;
};

#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME	7
#endif

static inline void hrtimer_setup(struct hrtimer *t,
				 enum hrtimer_restart (*f)(struct hrtimer *),
				 int clock, enum hrtimer_mode mode)
{
	*t = (struct hrtimer){ .function = f };
}

void hrtimer_start(struct hrtimer *timer, ktime_t when, enum hrtimer_mode mode);
int hrtimer_cancel(struct hrtimer *timer);
#define hrtimer_try_to_cancel(t)	hrtimer_cancel(t)

/* In the order of their times, and for one time in that of their coming. */
struct timerqueue_node {
	struct timerqueue_node *next;
	bool queued;
	ktime_t expires;
};

struct timerqueue_head {
	struct timerqueue_node *first;
};

#define timerqueue_init_head(h)		((h)->first = NULL)
#define timerqueue_init(n)		((n)->queued = false)
#define timerqueue_node_queued(n)	((n)->queued)
#define timerqueue_getnext(h)		((h)->first)
#define timerqueue_iterate_next(n)	((n)->next)
bool timerqueue_add(struct timerqueue_head *h, struct timerqueue_node *n);
void timerqueue_del(struct timerqueue_head *h, struct timerqueue_node *n);

/* -- tables ---------------------------------------------------------------- */

/* A sorted array of numbers and pointers: xarray, maple tree and ida. */
struct shim_map {
	unsigned long *index;
	void **entry;
	unsigned int nr;
};

int shim_map_set(struct shim_map *m, unsigned long index, void *entry, gfp_t gfp);
void *shim_map_get(const struct shim_map *m, unsigned long index);
void shim_map_del(struct shim_map *m, unsigned long index);
void shim_map_clear(struct shim_map *m);
unsigned int shim_map_at(const struct shim_map *m, unsigned long index);

struct xarray { struct shim_map m; };
struct xa_limit { u32 max, min; };

#define XA_LIMIT(lo, hi)	((struct xa_limit){ .min = (lo), .max = (hi) })
#define xa_limit_31b		XA_LIMIT(0, INT_MAX)
#define xa_limit_32b		XA_LIMIT(0, U32_MAX)
#define XA_FLAGS_ALLOC		1
#define XA_FLAGS_ALLOC1		2
#define XA_FLAGS_ACCOUNT	4
#define XA_FLAGS_LOCK_BH	8
#define XA_PRESENT		0
#define XA_ZERO_ENTRY		((void *)0x403UL)
#define xa_is_zero(e)		((e) == XA_ZERO_ENTRY)
#define xa_init_flags(x, f)	((x)->m = (struct shim_map){ 0 })
#define xa_init(x)		xa_init_flags(x, 0)
#define xa_empty(x)		(!(x)->m.nr)
#define xa_destroy(x)		shim_map_clear(&(x)->m)
#define xa_load(x, i)		shim_map_get(&(x)->m, i)
#define xa_store(x, i, e, gfp)	(shim_map_set(&(x)->m, i, e, gfp) ? ERR_PTR(-ENOMEM) : NULL)
#define xa_err(e)		(IS_ERR(e) ? (int)PTR_ERR(e) : 0)
void *xa_erase(struct xarray *xa, unsigned long index);
void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max, int filter);
void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max, int filter);
int xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit, gfp_t gfp);
#define xa_for_each(x, i, e)						\
	for ((i) = 0, (e) = xa_find(x, &(i), ULONG_MAX, XA_PRESENT); (e);	\
	     (e) = xa_find_after(x, &(i), ULONG_MAX, XA_PRESENT))

struct ida { struct shim_map m; };
#define ida_init(i)		((i)->m = (struct shim_map){ 0 })
#define ida_destroy(i)		shim_map_clear(&(i)->m)
#define ida_is_empty(i)		(!(i)->m.nr)
#define ida_free(i, id)		(SHIM_CHECK(shim_map_get(&(i)->m, id)), shim_map_del(&(i)->m, id))
#define ida_exists(i, id)	(!!shim_map_get(&(i)->m, id))
#define ida_alloc(i, gfp)	ida_alloc_range(i, 0, INT_MAX, gfp)
int ida_alloc_range(struct ida *ida, unsigned int lo, unsigned int hi, gfp_t gfp);

struct maple_tree { struct shim_map m; };
struct ma_state {
	struct maple_tree *tree;
	unsigned long index;
	unsigned long last;
};

#define MT_FLAGS_USE_RCU	0
#define MA_STATE(name, mt, first, end)					\
	struct ma_state name = { .tree = (mt), .index = (first), .last = (end) }
#define mt_init_flags(t, f)	((t)->m = (struct shim_map){ 0 })
#define mt_init(t)		mt_init_flags(t, 0)
#define mtree_empty(t)		(!(t)->m.nr)
#define mtree_destroy(t)	shim_map_clear(&(t)->m)
/* As the kernel's, it does not tell of entries that only keep their place. */
#define mtree_load(t, i)						\
	({ void *_e = shim_map_get(&(t)->m, i); xa_is_zero(_e) ? NULL : _e; })
#define mas_lock(mas)		((void)(mas))
#define mas_unlock(mas)		((void)(mas))
#define mas_set(mas, i)		((mas)->index = (mas)->last = (i))
int mas_store_gfp(struct ma_state *mas, void *entry, gfp_t gfp);
void *mas_walk(struct ma_state *mas);
void *mas_prev(struct ma_state *mas, unsigned long min);

/* A hash table that never grows. */
struct rhash_head { struct rhash_head *next; };
struct rhashtable;
struct rhashtable_compare_arg {
	struct rhashtable *ht;
	const void *key;
};

struct rhashtable_params {
	u16 nelem_hint, key_len, key_offset, head_offset;
	unsigned int max_size;
	u16 min_size;
	bool automatic_shrinking;
	u32 (*hashfn)(const void *data, u32 len, u32 seed);
	u32 (*obj_hashfn)(const void *data, u32 len, u32 seed);
	int (*obj_cmpfn)(struct rhashtable_compare_arg *arg, const void *obj);
};

struct bucket_table { int unused; };

#define SHIM_BUCKETS	32

struct rhashtable {
	struct bucket_table *tbl;
	struct rhashtable_params p;
	atomic_t nelems;
	struct rhash_head *bucket[SHIM_BUCKETS];
};

#define rht_bucket_index(t, h)	(h)
#define rht_bucket(t, i)	((void *)NULL)
#define rht_ptr_rcu(b)		((struct rhash_head *)1)
#define rht_is_a_nulls(h)	true
int rhashtable_init(struct rhashtable *ht, const struct rhashtable_params *p);
#define rhashtable_init_noprof(h, p)	rhashtable_init(h, p)
void rhashtable_destroy(struct rhashtable *ht);
void *shim_rht_lookup(struct rhashtable *ht, const void *key);
int shim_rht_insert(struct rhashtable *ht, struct rhash_head *obj);
int shim_rht_remove(struct rhashtable *ht, struct rhash_head *obj);
int shim_rht_replace(struct rhashtable *ht, struct rhash_head *old,
		     struct rhash_head *obj);
#define rhashtable_lookup(h, k, p)	shim_rht_lookup(h, k)
#define rhashtable_lookup_fast(h, k, p)	shim_rht_lookup(h, k)
#define rhashtable_insert_fast(h, o, p)	shim_rht_insert(h, o)
#define rhashtable_remove_fast(h, o, p)	shim_rht_remove(h, o)
#define rhashtable_replace_fast(h, old, o, p)	shim_rht_replace(h, old, o)

/* -- what is above and beside ---------------------------------------------- */

struct user_namespace { int unused; };
extern struct user_namespace init_user_ns;

struct net {
	struct user_namespace *user_ns;
	void *generic;
};

struct netlink_ext_ack;
#define NL_SET_ERR_MSG(e, m)	((void)(e))
#define net_generic(net, id)	((net)->generic)
extern struct net init_net;

struct pernet_operations {
	int (*init)(struct net *net);
	void (*pre_exit)(struct net *net);
	void (*exit)(struct net *net);
	unsigned int *id;
	size_t size;
};

int shim_module_init(void);
void shim_module_exit(void);
int register_pernet_subsys(struct pernet_operations *ops);
void unregister_pernet_subsys(struct pernet_operations *ops);

struct socket;
struct sock;
struct sockaddr_storage { u8 data[128]; };

#define PARAMS(args...)			args
#define TP_PROTO(args...)		args
#define TP_ARGS(args...)		args
#define TP_CONDITION(args...)		args
#define TRACE_DEFINE_ENUM(x)		struct shim_unused_##x
#define TRACE_EVENT(name, proto, ...)					\
	static inline void trace_##name(proto) { }			\
	static inline bool trace_##name##_enabled(void) { return false; }
#define TRACE_EVENT_CONDITION(name, proto, ...)	TRACE_EVENT(name, PARAMS(proto))
#define DECLARE_EVENT_CLASS(name, ...)
#define DEFINE_EVENT(class, name, proto, ...)	TRACE_EVENT(name, PARAMS(proto))
#define DEFINE_EVENT_PRINT(class, name, proto, ...)	TRACE_EVENT(name, PARAMS(proto))
#define DEFINE_EVENT_CONDITION(class, name, proto, ...)	TRACE_EVENT(name, PARAMS(proto))

#endif /* _SHIM_H */
