// SPDX-License-Identifier: GPL-2.0
/*
 * swarm's measured fan-outs: one publisher, many subscribers, every message
 * counted and its place in the sequence checked.
 *
 * Peers 0 to clients - 1 subscribe, then comes the slow one if there is one,
 * then the publisher.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swarm.h"

static uint64_t due;		/* PUBLISH packets all subscribers ought to have */
static uint64_t got;
static bool ordering;

static struct peer *publisher(void)
{
	return &peers[opt.clients + opt.slow];
}

static void greet(struct peer *p)
{
	char id[64];

	snprintf(id, sizeof(id), "%s-%u", opt.prefix, p->nr);
	send_connect(p, id, 0, NULL);
}

static void own_topic(char *buf, size_t size, unsigned int nr)
{
	snprintf(buf, size, "%s/own/%u", opt.prefix, nr);
}

/* What peer @p subscribes to; returns how many. */
static unsigned int filters_of(struct peer *p, char own[64], const char *filters[2])
{
	static char all[64], one_level[64];

	snprintf(all, sizeof(all), "%s/all", opt.prefix);
	snprintf(one_level, sizeof(one_level), "%s/+", opt.prefix);
	if (p == publisher())
		return 0;
	filters[0] = ordering && !p->nr ? one_level : all;
	if (!opt.own)
		return 1;
	own_topic(own, 64, p->nr);
	filters[1] = own;
	return 2;
}

/*
 * In mode fan all see every number, the numbers of their own topic are apart.
 * In mode order client 0 sees every number, the others the odd ones.
 */
static void check(struct peer *p)
{
	uint64_t seq = sequence(p);
	char own[64];

	if (opt.own) {
		own_topic(own, sizeof(own), p->nr);
		if (topic_is(p, own)) {
			if (seq != p->nr)
				fail("client %u: got what is client %llu's", p->nr,
				     (unsigned long long)seq);
			return;
		}
	}
	if (seq != p->next)
		fail("client %u: message %llu came when %llu was due", p->nr,
		     (unsigned long long)seq, (unsigned long long)p->next);
	p->next += ordering && p->nr ? 2 : 1;
}

static void on_packet(struct peer *p, unsigned int type)
{
	const char *filters[2];
	char own[64];

	if (come_in(p, type, filters, filters_of(p, own, filters)))
		return;
	if (type != PUBLISH || p == publisher())
		fail("client %u: a packet of type %u", p->nr, type);
	if (p->deaf)
		return;
	check(p);
	got++;
}

static void on_close(struct peer *p, int error)
{
	if (p->deaf) {
		printf("slow=cut\n");
		return;
	}
	fail("client %u (%s) was cut: %s", p->nr,
	     p == publisher() ? "the publisher" : "a subscriber", strerror(error));
}

static const struct events fan_events = {
	.opened = greet,
	.packet = on_packet,
	.closed = on_close,
};

static bool all_there(void)
{
	return got >= due;
}

static bool sent(void)
{
	return !publisher()->tx_len;
}

static void wait_for_all(uint64_t deadline)
{
	if (!turn_until(sent, deadline) || !turn_until(all_there, deadline))
		fail("%llu of %llu messages have not come",
		     (unsigned long long)(due - got), (unsigned long long)due);
}

static void publish_all(uint64_t deadline)
{
	char topic[64];
	unsigned int i;

	snprintf(topic, sizeof(topic), "%s/all", opt.prefix);
	for (i = 0; i < opt.messages; i++) {
		send_publish(publisher(), topic, i, opt.size, false);
		due += opt.clients;
		if (i % opt.window == opt.window - 1)
			wait_for_all(deadline);
	}
	wait_for_all(deadline);
}

static void publish_own(uint64_t deadline)
{
	char topic[64];
	unsigned int i;

	for (i = 0; i < opt.clients; i++) {
		own_topic(topic, sizeof(topic), i);
		send_publish(publisher(), topic, i, opt.size, false);
		due++;
		if (i % 256 == 255)
			wait_for_all(deadline);
	}
	wait_for_all(deadline);
}

/* Nothing may come after what was due: gives a second copy time to show. */
static void linger(void)
{
	uint64_t until = now_ms() + 300;

	while (now_ms() < until)
		turn(50);
	if (got != due)
		fail("%llu messages too many", (unsigned long long)(got - due));
}

static uint64_t gather(void)
{
	uint64_t deadline = now_ms() + opt.seconds * 1000ULL, began = now_ms();

	make_peers(opt.clients + opt.slow + 1, &fan_events);
	if (opt.slow)
		peers[opt.clients].deaf = true;
	if (!ramp(opt.clients + opt.slow + 1, deadline))
		fail("not all clients came in");
	printf("connect_ms=%llu\n", (unsigned long long)(now_ms() - began));
	return deadline;
}

int mode_fan(void)
{
	uint64_t deadline = gather(), began = now_ms();

	publish_all(deadline);
	if (opt.own)
		publish_own(deadline);
	printf("fan_ms=%llu\n", (unsigned long long)(now_ms() - began));
	linger();
	printf("delivered=%llu\n", (unsigned long long)got);
	if (opt.slow) {
		/* The caller looks at the slow one's budget while it is there. */
		printf("ready\n");
		while (!stop && now_ms() < deadline)
			turn(100);
	}
	return 0;
}

int mode_order(void)
{
	char one[64], all[64];
	uint64_t deadline;
	unsigned int i;

	ordering = true;
	deadline = gather();
	snprintf(one, sizeof(one), "%s/one", opt.prefix);
	snprintf(all, sizeof(all), "%s/all", opt.prefix);
	for (i = 1; i < opt.clients; i++)
		peers[i].next = 1;
	for (i = 0; i < opt.messages; i++) {
		/* Even numbers go to client 0 alone, odd ones to everybody. */
		send_publish(publisher(), i % 2 ? all : one, i, opt.size, false);
		due += i % 2 ? opt.clients : 1;
		if (i % opt.window == opt.window - 1)
			wait_for_all(deadline);
	}
	wait_for_all(deadline);
	linger();
	printf("delivered=%llu\n", (unsigned long long)got);
	return 0;
}
