// SPDX-License-Identifier: GPL-2.0
/*
 * pingpong: two clients, each of which answers what it gets from the other.
 */
#include <stdlib.h>

#include "flow.h"

static struct client *clients;
static uint64_t delivered, rounds, target, until;
static bool ended;

static void message(struct client *c, uint64_t number, uint64_t sent)
{
	uint64_t now = opt.counting ? 0 : now_ns();

	if (number != c->next)
		fail("message %llu comes instead of %llu",
		     (unsigned long long)number, (unsigned long long)c->next);
	c->next++;
	delivered++;
	if (sent)
		latency_add(now - sent);
	/* The one who began counts, and begins the next round. */
	if (c == clients) {
		rounds++;
		ended = target ? rounds == target : now >= until;
		if (ended)
			return;
		number++;
	}
	publish(c, &c->group->topic, number, now);
}

static void nothing(struct client *c)
{
}

static bool run(uint64_t messages, unsigned int seconds)
{
	struct client *first = &clients[0];

	target = messages ? rounds + messages : 0;
	until = now_ns() + seconds * 1000000000ULL;
	ended = false;
	publish(first, &first->group->topic, rounds, opt.counting ? 0 : now_ns());
	client_flush(first);
	while (!ended)
		if (!turn())
			return false;
	return true;
}

/**
 * work_pingpong - two clients that answer each other
 *
 * Return: the exit status
 */
int work_pingpong(void)
{
	static const struct hooks hooks = {
		.message = message,
		.acked = nothing,
		.drained = nothing,
		.readable = receive,
	};
	struct result result = { .unit = "delivery" };
	struct group *groups = flow_begin(2, 1);
	char topic[2][128];
	struct sample begin;
	unsigned int i;

	clients = calloc(2, sizeof(*clients));
	if (!clients)
		fail("no memory for two clients");
	clients_begin(2, &hooks);
	for (i = 0; i < 2; i++) {
		snprintf(topic[i], sizeof(topic[i]), "%s/ping/%u", opt.prefix, i);
		client_open(&clients[i], i);
		client_subscribe(&clients[i], topic[i]);
		clients[i].group = &groups[i];
		groups[i].publisher = &clients[i];
	}
	for (i = 0; i < 2; i++) {
		topic_make(&groups[i].topic, topic[!i]);
		client_watch(&clients[i]);
	}
	settle();
	if (opt.warm_up && !run(opt.warm_up, 0))
		fail("a message was lost while warming up");
	latency_reset();
	delivered = 0;
	sample_begin(&begin);
	result.lost = !run(opt.messages, opt.seconds);
	sample_end(&result.spent, &begin);
	result.units = delivered;
	result.published = delivered;
	return report(&result);
}
