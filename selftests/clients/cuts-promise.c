// SPDX-License-Identifier: GPL-2.0
/*
 * cuts: what the broker owes a client at this moment. Looked at when nothing
 * happens any more: of clients that all wait, most wait for one that was
 * forgotten.
 */
#include <stdio.h>

#include "cuts.h"

/* What a publisher's message waits for on this link, if it is the broker's turn. */
static bool flight_promise(struct client *c, char *text, size_t size)
{
	unsigned int i;

	for (i = 0; i < c->nr_flights; i++) {
		const struct flight *f = &c->flights[i];

		if (f->link != c->link->nr || f->rel_due)
			continue;
		snprintf(text, size, "%s %u was sent, %s has not come",
			 f->state == TO_RELEASE ? "PUBREL" : "PUBLISH", f->pid,
			 f->state == TO_RELEASE ? "PUBCOMP" :
			 messages[f->message].qos == 1 ? "PUBACK" : "PUBREC");
		return true;
	}
	return false;
}

/* Whether the broker has said that it has a message. */
static bool accepted(uint32_t number)
{
	const struct message *m = &messages[number];
	const struct client *p = &clients[m->publisher];
	unsigned int i;

	for (i = 0; i < p->nr_flights; i++)
		if (p->flights[i].message == number)
			return p->flights[i].state == TO_RELEASE;
	return m->qos && m->tries;
}

/* A message that is due to a subscriber that has room for it. */
static bool message_promise(struct client *c, char *text, size_t size)
{
	uint32_t i;

	if (c->outstanding)
		return false;
	for (i = 0; i < nr_messages; i++) {
		const struct message *m = &messages[i];

		if (!may_come(c, m) ||
		    m->seq < c->next[m->publisher][m->topic][m->qos] ||
		    !accepted(i))
			continue;
		snprintf(text, size,
			 "message %u (QoS %u) was accepted and has not come; nothing else is in flight",
			 i, m->qos);
		return true;
	}
	return false;
}

static bool release_promise(struct client *c, char *text, size_t size)
{
	unsigned int i;

	for (i = 1; i < 65536; i++) {
		if (c->entries[i].state != RECEIVED ||
		    c->entries[i].link != c->link->nr)
			continue;
		snprintf(text, size, "PUBREC %u was sent, PUBREL has not come", i);
		return true;
	}
	return false;
}

/**
 * broken_promise() - what the broker has to do next for a client
 * @c: the client
 * @text: filled
 * @size: of @text
 *
 * Return: false if it is not the broker's turn
 */
bool broken_promise(struct client *c, char *text, size_t size)
{
	struct link *l = c->link;

	if (c->stale && l && l->up) {
		snprintf(text, size, "%u links were taken over and are not closed",
			 c->stale);
		return true;
	}
	if (!l || (c->tx.len && !l->draining))
		return false;
	if (l->draining) {
		snprintf(text, size, "the link was ended and is not closed");
		return true;
	}
	if (!l->up) {
		snprintf(text, size, "CONNECT was sent, CONNACK has not come");
		return true;
	}
	if (c->pinging || c->subscribing) {
		snprintf(text, size, "%s has not come",
			 c->pinging ? "PINGRESP" : "SUBACK");
		return true;
	}
	if (!c->subscriber)
		return flight_promise(c, text, size);
	return release_promise(c, text, size) || message_promise(c, text, size);
}
