// SPDX-License-Identifier: GPL-2.0
/*
 * swarm's late subscriber: many messages are retained, then somebody subscribes
 * to all of them, and meanwhile another client publishes to itself at QoS 1,
 * one message after the other. What counts is not how long each of those takes,
 * but how many retained messages were handed out before it was back.
 *
 * Peer 0 retains, and then plays ping-pong with itself; peer 1 subscribes late.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swarm.h"

#define WINDOW	1000	/* retained between two pings */

static char ping_topic[64];
static uint64_t pings;		/* that are back, both message and PUBACK */
static bool message_back, ack_back;
static uint64_t replayed;	/* retained messages that peer 1 got */
static uint64_t ahead;		/* of them, when the ping was sent */
static uint64_t most;		/* of them, while a ping was under way */
static unsigned char *seen;	/* a bit for each */

static struct peer *player(void)
{
	return &peers[0];
}

static struct peer *late(void)
{
	return &peers[1];
}

static void greet(struct peer *p)
{
	char id[64];

	snprintf(id, sizeof(id), "%s-%u", opt.prefix, p->nr);
	send_connect(p, id, 0, NULL);
}

static void retained_topic(char *buf, size_t size, unsigned int i)
{
	snprintf(buf, size, "%s/%u/%u/state", opt.prefix, i / 1000, i % 1000);
}

static void got_retained(struct peer *p)
{
	uint64_t nr = sequence(p);
	char topic[64];

	retained_topic(topic, sizeof(topic), nr);
	if (nr >= opt.messages || !topic_is(p, topic))
		fail("a message that nobody retained");
	if (seen[nr / 8] & 1 << nr % 8)
		fail("message %llu came twice", (unsigned long long)nr);
	seen[nr / 8] |= 1 << nr % 8;
	replayed++;
}

static void on_packet(struct peer *p, unsigned int type)
{
	const char *filter = p == late() ? "#" : ping_topic;

	if (come_in(p, type, &filter, 1))
		return;
	if (p == late() && type == PUBLISH) {
		if (!topic_is(p, ping_topic))
			got_retained(p);
		return;
	}
	if (type == PUBLISH)
		message_back = true;
	else if (type == PUBACK)
		ack_back = true;
	else
		fail("client %u: a packet of type %u", p->nr, type);
}

static void on_close(struct peer *p, int error)
{
	fail("client %u was cut: %s", p->nr, strerror(error));
}

static const struct events replay_events = {
	.opened = greet,
	.packet = on_packet,
	.closed = on_close,
};

static bool is_back(void)
{
	return message_back && ack_back;
}

/* Publishes to itself and waits until it is back. False: told to stop. */
static bool ping(uint64_t deadline)
{
	message_back = false;
	ack_back = false;
	ahead = replayed;
	send_acked(player(), ping_topic, pings);
	if (!turn_until(is_back, deadline)) {
		if (stop)
			return false;
		fail("ping %llu is not back", (unsigned long long)pings);
	}
	if (replayed - ahead > most)
		most = replayed - ahead;
	pings++;
	return true;
}

static void retain_all(uint64_t deadline)
{
	char topic[64];
	unsigned int i;

	for (i = 0; i < opt.messages; i++) {
		retained_topic(topic, sizeof(topic), i);
		send_publish(player(), topic, i, opt.size, true);
		if (i % WINDOW == WINDOW - 1)
			ping(deadline);
	}
	ping(deadline);
}

int mode_replay(void)
{
	uint64_t deadline = now_ms() + opt.seconds * 1000ULL, start, before;

	snprintf(ping_topic, sizeof(ping_topic), "%s/ping", opt.prefix);
	seen = calloc(opt.messages / 8 + 1, 1);
	if (!seen)
		fail("no memory");
	make_peers(2, &replay_events);
	if (!ramp(1, deadline))
		fail("could not connect");
	start = now_ms();
	retain_all(deadline);
	printf("retain_ms=%llu\n", (unsigned long long)(now_ms() - start));

	start = now_ms();
	if (!ramp(2, deadline))
		fail("could not subscribe");
	before = pings;
	while (replayed < opt.messages && ping(deadline))
		;
	printf("replayed=%llu\npings=%llu\nmost=%llu\nreplay_ms=%llu\n",
	       (unsigned long long)replayed, (unsigned long long)(pings - before),
	       (unsigned long long)most, (unsigned long long)(now_ms() - start));

	/* Whatever is done to the retained messages now is done by somebody else. */
	hang_up(late());
	before = pings;
	printf("ready\n");
	while (ping(deadline))
		;
	printf("more_pings=%llu\n", (unsigned long long)(pings - before));
	return 0;
}
