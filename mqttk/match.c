// SPDX-License-Identifier: GPL-2.0
/*
 * The match: a walk over the filters that match a topic.
 *
 * It is depth first, but what it will come to is known earlier: the filter
 * without wildcards from the start, and below a "+" what is looked up there
 * while its siblings are still to be walked. Both are fetched ahead, so that
 * among a million filters most waiting for memory happens at the same time.
 */
#include <kunit/visibility.h>
#include <linux/rcupdate.h>

#include "ahead.h"
#include "filter.h"
#include "match.h"
#include "topic.h"
#include "trie.h"

/* Steps, and bytes that count as one, between two -EAGAIN. */
#define MATCH_WORK	1024
#define MATCH_BYTES	64

enum match_step {
	MATCH_BEGIN,	/* what is looked up at the end is sent for */
	MATCH_BELOW,	/* a node entered: its "#" */
	MATCH_HERE,	/* the topic ends: the filter that ends too */
	MATCH_LITERAL,	/* the child named like the topic's level */
	MATCH_PLUS,	/* the child "+" */
	MATCH_UP,	/* nothing more here */
	MATCH_EXACT,	/* the table of filters */
	MATCH_END,
};

/**
 * mqttk_match_start - start walking the filters that match a topic
 * @m: the walk
 * @ix: the index
 * @topic: a topic name; mqttk_topic_valid() holds. Must stay until the end.
 * @len: bytes of @topic
 *
 * Context: any.
 */
void mqttk_match_start(struct mqttk_match *m, struct mqttk_index *ix,
		       const u8 *topic, u16 len)
{
	m->index = ix;
	m->topic = topic;
	m->len = len;
	m->at = ix->wild.root;
	m->off = 0;
	m->step = MATCH_BEGIN;
	m->paused = false;
	m->exact_near = true;
	m->ahead_at = NULL;
	m->work = MATCH_WORK;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_match_start);

/* "#" and "+" at the first level do not match "$..." [MQTT-4.7.2-1]. */
static bool match_hidden(const struct mqttk_match *m)
{
	return m->at == m->index->wild.root && m->topic[0] == '$';
}

static void match_begin(struct mqttk_match *m)
{
	struct mqttk_index *ix = m->index;

	m->step = READ_ONCE(ix->nr_wild) ? MATCH_BELOW : MATCH_EXACT;
	m->work -= m->len / MATCH_BYTES;
	m->exact = mqttk_filter_hash(ix, m->topic, m->len);
	if (m->step == MATCH_BELOW && READ_ONCE(ix->nr_exact)) {
		mqttk_filter_ahead(ix, m->exact);
		m->exact_near = false;
	}
}

static struct mqttk_filter *match_exact(struct mqttk_match *m)
{
	m->step = MATCH_END;
	if (!READ_ONCE(m->index->nr_exact))
		return NULL;
	return mqttk_filter_find(m->index, m->topic, m->len, m->exact);
}

static struct mqttk_filter *match_below(struct mqttk_match *m)
{
	m->step = m->off > m->len ? MATCH_HERE : MATCH_LITERAL;
	return match_hidden(m) ? NULL : rcu_dereference(mqttk_trie_node(m->at)->below);
}

/* The child "+" is for later, but known by now, and what is looked up in it. */
static void match_ahead(struct mqttk_match *m,
			const struct mqttk_trie_node *plus, u32 off)
{
	size_t n;

	mqttk_ahead_object(plus);
	if (off > m->len)
		return;
	n = mqttk_topic_level(m->topic, m->len, off);
	m->ahead_at = &plus->level;
	m->ahead = mqttk_level_hash(&m->index->wild, m->ahead_at,
				    m->topic + off, n);
	m->work -= n / MATCH_BYTES;
	mqttk_level_ahead(&m->index->wild, m->ahead);
}

static struct mqttk_level *match_literal(struct mqttk_match *m, size_t n,
					 const struct mqttk_trie_node *plus)
{
	struct mqttk_levels *wild = &m->index->wild;
	const u8 *name = m->topic + m->off;
	struct mqttk_level *child;
	u32 hash;

	if (m->ahead_at == m->at) {
		hash = m->ahead;
		m->ahead_at = NULL;
	} else {
		hash = mqttk_level_hash(wild, m->at, name, n);
	}
	if (plus)
		match_ahead(m, plus, m->off + n + 1);
	child = mqttk_level_find_hash(wild, m->at, name, n, hash);
	if (plus && m->ahead_at == &plus->level)
		mqttk_level_ahead_node(wild, m->ahead);
	return child;
}

/*
 * Goes down to the child named like the topic's level, or to "+", or nowhere.
 * The way back tells from the name which of them it was.
 */
static void match_down(struct mqttk_match *m)
{
	struct mqttk_trie_node *node = mqttk_trie_node(m->at);
	size_t n = mqttk_topic_level(m->topic, m->len, m->off);
	struct mqttk_level *child = NULL;
	struct mqttk_trie_node *plus = NULL;

	m->work -= n / MATCH_BYTES;
	if (!match_hidden(m))
		plus = rcu_dereference(node->plus);
	if (m->step == MATCH_LITERAL && READ_ONCE(node->literals))
		child = match_literal(m, n, plus);
	if (!child && plus)
		child = &plus->level;
	if (!child) {
		m->step = MATCH_UP;
		return;
	}
	m->at = child;
	m->off += n + 1;
	m->step = MATCH_BELOW;
}

static void match_up(struct mqttk_match *m)
{
	u32 off = m->off;

	if (m->at == m->index->wild.root) {
		m->step = MATCH_EXACT;
		return;
	}
	if (!m->exact_near) {
		mqttk_filter_ahead_entry(m->index, m->exact);
		m->exact_near = true;
	}
	m->step = mqttk_trie_is_plus(m->at) ? MATCH_UP : MATCH_PLUS;
	m->at = m->at->parent;
	m->off = mqttk_level_before(m->topic, off);
	m->work -= (off - m->off) / MATCH_BYTES;
}

/**
 * mqttk_match_next - the next filter that matches
 * @m: the walk
 *
 * Finds each filter that is there from the beginning of the walk to its end
 * exactly once; one that comes or goes meanwhile, at most once.
 *
 * A topic can match as many filters as there are, so this does a bounded amount
 * of work and then asks the caller to let others run: mqttk_match_pause(),
 * leave RCU, yield, enter RCU, mqttk_match_resume(), and go on. A caller that
 * cannot yield may also just go on.
 *
 * Context: under RCU.
 * Return: the filter, valid until the caller leaves RCU unless it succeeds in
 * mqttk_filter_get(); NULL at the end; ERR_PTR(-EAGAIN) to yield.
 */
struct mqttk_filter *mqttk_match_next(struct mqttk_match *m)
{
	struct mqttk_filter *f = NULL;

	while (!f && m->step != MATCH_END) {
		if (--m->work < 0) {
			m->work = MATCH_WORK;
			return ERR_PTR(-EAGAIN);
		}
		switch (m->step) {
		case MATCH_BEGIN:
			match_begin(m);
			break;
		case MATCH_BELOW:
			f = match_below(m);
			break;
		case MATCH_HERE:
			m->step = MATCH_UP;
			f = rcu_dereference(mqttk_trie_node(m->at)->here);
			break;
		case MATCH_LITERAL:
		case MATCH_PLUS:
			match_down(m);
			break;
		case MATCH_UP:
			match_up(m);
			break;
		case MATCH_EXACT:
			f = match_exact(m);
			break;
		}
	}
	if (f)
		prefetch(f);
	return f;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_match_next);

/**
 * mqttk_match_pause - keep the place of a walk, to leave RCU
 * @m: the walk
 *
 * Cannot fail: a node that is being freed has nothing below it any more, so the
 * walk goes on from the next one above that stays.
 *
 * Context: under RCU; any.
 */
void mqttk_match_pause(struct mqttk_match *m)
{
	if (m->step == MATCH_END)
		return;
	while (!mqttk_level_pin(m->at))
		match_up(m);
	m->paused = true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_match_pause);

/**
 * mqttk_match_resume - go on with a paused walk
 * @m: the walk
 *
 * Context: under RCU again; any.
 */
void mqttk_match_resume(struct mqttk_match *m)
{
	if (!m->paused)
		return;
	m->paused = false;
	m->ahead_at = NULL;
	m->work = MATCH_WORK;
	/* What this may free stays until the caller leaves RCU. */
	mqttk_level_unpin(&m->index->wild, m->at);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_match_resume);

/**
 * mqttk_match_abort - give a walk up before its end, paused or not
 * @m: the walk
 *
 * Context: any.
 */
void mqttk_match_abort(struct mqttk_match *m)
{
	if (m->paused)
		mqttk_level_unpin(&m->index->wild, m->at);
	m->paused = false;
	m->step = MATCH_END;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_match_abort);
