// SPDX-License-Identifier: GPL-2.0
/*
 * swarm's load without end: clients in groups of ten publish to their group,
 * each as soon as its last message came back, and all the while subscribe,
 * unsubscribe, retain, die with a will, part in peace and take one another's
 * client id. Survives that the broker goes, and goes on when it is back; says
 * "busy" each time the load is there (again).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swarm.h"

#define GROUP	10
#define SHARED	8	/* so many clients, in pairs, fight for one client id */

static uint64_t delivered, connected, cut, refused, denied;

/*
 * Whom the broker left since the last "busy", how many they are, and how much
 * had been delivered when the last of them was found.
 */
static bool *left;
static unsigned int nr_left;
static uint64_t delivered_before;

static void mark_left(struct peer *p)
{
	/* Those lose their links to each other. */
	if (p->nr < SHARED || left[p->nr])
		return;
	left[p->nr] = true;
	nr_left++;
	delivered_before = delivered;
}

/*
 * Most clients were left, most are there again, and each has got a message on
 * average: what starts and stops the broker waits for this, and does not have to
 * ask it again and again.
 */
static void tell_busy(void)
{
	unsigned int i, ready = 0;

	if (2 * nr_left < opt.clients ||
	    delivered < delivered_before + opt.clients)
		return;
	for (i = 0; i < opt.clients; i++)
		ready += peers[i].state == READY;
	if (4 * ready < 3 * opt.clients)
		return;
	memset(left, 0, opt.clients * sizeof(*left));
	nr_left = 0;
	printf("busy\n");
}

static void topic_of(char *buf, size_t size, const struct peer *p)
{
	snprintf(buf, size, "busy/%u/%u", p->nr / GROUP, p->nr % GROUP);
}

static void opened(struct peer *p)
{
	unsigned int id = p->nr < SHARED ? p->nr & ~1u : p->nr;
	char name[64], will[64];

	snprintf(name, sizeof(name), "%s-%u", opt.prefix, id);
	snprintf(will, sizeof(will), "busy/%u/will", p->nr / GROUP);
	send_connect(p, name, 30, will);
}

static void publish(struct peer *p)
{
	char topic[64];

	topic_of(topic, sizeof(topic), p);
	/* Now and then a large one, whose pages are not copied. */
	send_publish(p, topic, p->next, p->next % 50 ? opt.size : 20000,
		     p->next % 16 == 0);
	p->next++;
	p->when = now_ms();
}

static void leave(struct peer *p, bool in_peace)
{
	if (in_peace)
		send_plain(p, DISCONNECT);
	hang_up(p);
	p->when = now_ms() + p->nr % 100;
}

/* What else a client does, by its own number and that of the message. */
static void misbehave(struct peer *p)
{
	static const char * const more[] = { "busy/+/0", "busy/retained/#" };

	switch ((p->next + p->nr) % 200) {
	case 20:
		send_subscribe(p, more, 2);
		break;
	case 60:
		send_unsubscribe(p, more[0]);
		break;
	case 100:
		send_plain(p, PINGREQ);
		break;
	case 150:
		leave(p, true);
		break;
	case 199:
		leave(p, false);
		break;
	}
}

static void packet(struct peer *p, unsigned int type)
{
	const char *filters[1];
	char group[64], own[64];

	if (type == CONNACK && p->code) {
		/* A budget is full for the moment, or the broker is going. */
		refused++;
		leave(p, false);
		return;
	}
	if (type == SUBACK && p->kept[4] == 0x80) {
		denied++;
		leave(p, false);
		return;
	}
	snprintf(group, sizeof(group), "busy/%u/#", p->nr / GROUP);
	filters[0] = group;
	if (come_in(p, type, filters, 1)) {
		if (type == CONNACK)
			connected++;
		if (p->state == READY)
			publish(p);
		return;
	}
	if (type != PUBLISH)
		return;
	delivered++;
	topic_of(own, sizeof(own), p);
	if (p->state == READY && topic_is(p, own)) {
		misbehave(p);
		if (p->state == READY)
			publish(p);
	}
}

static void closed(struct peer *p, int error)
{
	(void)error;
	cut++;
	mark_left(p);
	p->when = now_ms() + 50 + p->nr % 100;
}

static const struct events busy_events = {
	.opened = opened,
	.packet = packet,
	.closed = closed,
};

/* Dials who is due, wakes who waits for a message that was dropped. */
static void tend(void)
{
	uint64_t now = now_ms();
	unsigned int i;

	for (i = 0; i < opt.clients; i++) {
		struct peer *p = &peers[i];

		if (p->state == CLOSED && now >= p->when) {
			if (!dial(p))
				p->when = now + 100;
		} else if (p->state == READY && now > p->when + 1000) {
			publish(p);
		}
	}
}

int mode_busy(void)
{
	uint64_t until = now_ms() + opt.seconds * 1000ULL, next = 0;
	unsigned int i;

	make_peers(opt.clients, &busy_events);
	left = calloc(opt.clients, sizeof(*left));
	if (!left)
		fail("no memory for %u marks", opt.clients);
	for (i = 0; i < opt.clients; i++)
		mark_left(&peers[i]);
	printf("ready\n");
	while (!stop && now_ms() < until) {
		if (now_ms() >= next) {
			tend();
			next = now_ms() + 20;
		}
		turn(20);
		tell_busy();
	}
	printf("delivered=%llu\nconnected=%llu\ncut=%llu\nrefused=%llu\ndenied=%llu\n",
	       (unsigned long long)delivered, (unsigned long long)connected,
	       (unsigned long long)cut, (unsigned long long)refused, (unsigned long long)denied);
	return 0;
}
