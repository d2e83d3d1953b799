// SPDX-License-Identifier: GPL-2.0
/*
 * swarm's clients that mostly wait: for being cut, for being refused, or for
 * nothing in particular.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swarm.h"

static unsigned int open_now, ever, over;
static uint64_t shortest = ~0ULL, longest;

static void timed(struct peer *p)
{
	uint64_t ms = now_ms() - p->when;

	if (ms < shortest)
		shortest = ms;
	if (ms > longest)
		longest = ms;
	over++;
}

static void hold_opened(struct peer *p)
{
	p->when = now_ms();
	ever++;
	open_now++;
}

static void hold_closed(struct peer *p, int error)
{
	(void)error;
	/* One that was never let in is turned away as well. */
	if (p->when) {
		open_now--;
		timed(p);
	} else {
		over++;
	}
}

static const struct events hold_events = {
	.opened = hold_opened,
	.closed = hold_closed,
};

static bool all_over(void)
{
	return over == opt.clients;
}

/* Silent connections, opened some 64 at a time, until the broker cuts them. */
int mode_hold(void)
{
	uint64_t deadline = now_ms() + opt.seconds * 1000ULL;
	unsigned int next = 0;

	make_peers(opt.clients, &hold_events);
	while (next < opt.clients && !stop && now_ms() < deadline) {
		for (; next < opt.clients && next < ever + over + 64; next++)
			if (!dial(&peers[next]))
				fail("connect: %s", strerror(errno));
		turn(100);
	}
	while (ever + over < opt.clients && now_ms() < deadline)
		turn(100);
	printf("ready\nopen=%u\n", open_now);
	turn_until(all_over, deadline);
	printf("opened=%u\ncut=%u\nfirst_ms=%llu\nlast_ms=%llu\n", ever, over,
	       (unsigned long long)shortest, (unsigned long long)longest);
	return over != opt.clients;
}

static unsigned int told;

static void refuse_opened(struct peer *p)
{
	char id[64];

	p->when = now_ms();
	snprintf(id, sizeof(id), "%s-%u", opt.prefix, p->nr);
	send_connect(p, id, 0, NULL);
}

static void refuse_closed(struct peer *p, int error)
{
	(void)error;
	told += p->code > 0;
	timed(p);
}

static const struct events refuse_events = {
	.opened = refuse_opened,
	.closed = refuse_closed,
};

int mode_refuse(void)
{
	uint64_t deadline = now_ms() + opt.seconds * 1000ULL;
	unsigned int next = 0;

	make_peers(opt.clients, &refuse_events);
	while (!stop && now_ms() < deadline && !all_over()) {
		for (; next < opt.clients && next < over + 64; next++)
			if (!dial(&peers[next]))
				fail("connect: %s", strerror(errno));
		turn(100);
	}
	printf("refused=%u\nclosed=%u\nlast_ms=%llu\n", told, over,
	       (unsigned long long)longest);
	return told != opt.clients;
}

static void sit_packet(struct peer *p, unsigned int type)
{
	const char *filters[1];
	char own[64];

	snprintf(own, sizeof(own), "%s/%u/#", opt.prefix, p->nr);
	filters[0] = own;
	come_in(p, type, filters, 1);
}

static void sit_closed(struct peer *p, int error)
{
	if (error == ECONNREFUSED)
		fail("client %u: %s", p->nr, strerror(error));
	over++;
}

static const struct events sit_events = {
	.opened = refuse_opened,
	.packet = sit_packet,
	.closed = sit_closed,
};

int mode_sit(void)
{
	uint64_t deadline = now_ms() + opt.seconds * 1000ULL;

	make_peers(opt.clients, &sit_events);
	if (!ramp(opt.clients, deadline))
		fail("not all clients came in");
	printf("ready\n");
	while (!stop && now_ms() < deadline && !all_over())
		turn(100);
	printf("cut=%u\n", over);
	return 0;
}
