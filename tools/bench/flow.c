// SPDX-License-Identifier: GPL-2.0
/*
 * Flows of messages. A publisher sends the next burst when the window has room
 * for it: with a window of one burst, when every receiver has got all of the
 * last one.
 */
#include <stdlib.h>

#include "flow.h"

static struct group *groups;
static unsigned int nr_groups, unfinished;
static uint64_t published, delivered, lost;
/* When what is being told was read; looked up at most once for each read. */
static uint64_t arrived;

const struct hooks flow_hooks = {
	.message = flow_message,
	.acked = flow_acked,
	.drained = flow_drained,
	.readable = receive,
};

/**
 * flow_begin - before anything else
 * @nr: how many publishers there are
 * @receivers: how many each has
 *
 * Return: a group for each publisher
 */
struct group *flow_begin(unsigned int nr, unsigned int receivers)
{
	unsigned int i;

	groups = calloc(nr, sizeof(*groups));
	if (!groups)
		fail("no memory for %u publishers", nr);
	nr_groups = nr;
	for (i = 0; i < nr; i++)
		groups[i].receivers = receivers;
	return groups;
}

/**
 * receiver_open - connects one who receives
 * @c: the client
 * @nr: its number
 * @g: the group it is in
 * @filter: what it subscribes to
 */
void receiver_open(struct client *c, unsigned int nr, struct group *g,
		   const char *filter)
{
	client_open(c, nr);
	c->group = g;
	client_subscribe(c, filter);
	client_watch(c);
}

/**
 * publisher_open - connects one who publishes
 * @c: the client
 * @nr: its number
 * @g: its group
 * @topic: what to
 */
void publisher_open(struct client *c, unsigned int nr, struct group *g,
		    const char *topic)
{
	client_open(c, nr);
	c->group = g;
	g->publisher = c;
	topic_make(&g->topic, topic);
	client_watch(c);
}

/* Some are missing, or one has come twice. */
static void out_of_order(struct client *c, uint64_t number)
{
	uint64_t gap = number - c->next;

	if (number < c->next)
		fail("client %u gets message %llu again, or too late", c->nr,
		     (unsigned long long)number);
	lost += gap;
	c->group->got += gap;
}

/**
 * flow_message - a receiver has got a message
 * @c: the receiver
 * @number: the message's number
 * @sent: when it was published, or 0
 */
void flow_message(struct client *c, uint64_t number, uint64_t sent)
{
	if (number != c->next)
		out_of_order(c, number);
	c->next = number + 1;
	c->group->got++;
	delivered++;
	if (!sent)
		return;
	if (!arrived)
		arrived = now_ns();
	latency_add(arrived - sent);
}

/**
 * flow_acked - a message has arrived for good
 * @c: its publisher
 */
void flow_acked(struct client *c)
{
	c->group->acked++;
}

static void burst(struct group *g)
{
	uint64_t now = opt.counting ? 0 : now_ns();
	unsigned int i;

	for (i = 0; i < opt.burst && g->sent < g->target; i++)
		publish(g->publisher, &g->topic, g->sent++, now);
	published += i;
}

/* Publishes what the window has room for. */
static void pump(struct group *g)
{
	uint64_t done = g->got;

	if (g->receivers > 1)
		done /= g->receivers;
	if (opt.qos && done > g->acked)
		done = g->acked;
	while (g->sent < g->target && g->sent - done + opt.burst <= opt.window)
		burst(g);
	if (g->publisher->tx_len)
		client_flush(g->publisher);
	if (done == g->target && !g->ended) {
		g->ended = true;
		unfinished--;
	}
}

/**
 * flow_drained - a read was told of to its end
 * @c: who has read
 */
void flow_drained(struct client *c)
{
	arrived = 0;
	pump(c->group);
}

static void aim(struct group *g, uint64_t target)
{
	g->target = target;
	g->ended = false;
}

/* What has not come in the time limit will not come any more. */
static void give_up(void)
{
	unsigned int i;

	for (i = 0; i < nr_groups; i++)
		lost += groups[i].sent * groups[i].receivers - groups[i].got;
	/* They were taken, or nobody ever said so. */
	if (!lost)
		fail("the broker has stopped acknowledging");
}

/* So many messages more, or for so many seconds; whether all went well. */
static bool run(uint64_t messages, unsigned int seconds)
{
	uint64_t until = now_ns() + seconds * 1000000000ULL;
	bool stopping = messages;
	unsigned int i;

	unfinished = nr_groups;
	for (i = 0; i < nr_groups; i++)
		aim(&groups[i], messages ? groups[i].sent + messages : UINT64_MAX);
	for (i = 0; i < nr_groups; i++)
		pump(&groups[i]);
	while (unfinished) {
		if (!turn()) {
			give_up();
			return false;
		}
		if (stopping || now_ns() < until)
			continue;
		stopping = true;
		unfinished = nr_groups;
		for (i = 0; i < nr_groups; i++)
			aim(&groups[i], groups[i].sent);
		for (i = 0; i < nr_groups; i++)
			pump(&groups[i]);
	}
	return true;
}

/**
 * flow_run - warms up, measures and reports
 *
 * Return: the exit status
 */
int flow_run(void)
{
	struct result result = { .unit = "delivery" };
	struct sample begin;
	bool whole = true;

	settle();
	if (opt.warm_up)
		whole = run(opt.warm_up, 0);
	if (!whole)
		fail("%llu messages were lost while warming up",
		     (unsigned long long)lost);
	latency_reset();
	delivered = 0;
	published = 0;
	sample_begin(&begin);
	run(opt.messages, opt.seconds);
	sample_end(&result.spent, &begin);
	result.units = delivered;
	result.published = published;
	result.lost = lost;
	return report(&result);
}
