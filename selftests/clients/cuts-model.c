// SPDX-License-Identifier: GPL-2.0
/*
 * cuts: the model of a publisher and of a subscriber. They do what the standard
 * asks of a client, and check every packet of the broker against what it may,
 * and must, send in the state that both are in.
 *
 * What a client sent completely may or may not have reached the broker before
 * the link was cut; what it sent in part has not. So a client knows more than
 * it seems, and the checks use all of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuts.h"

/* The highest QoS that was granted for a topic. */
static unsigned int granted(const struct client *c, unsigned int topic)
{
	char name[64];
	unsigned int i, qos = 0;

	topic_name(name, topic);
	for (i = 0; i < c->nr_subs; i++)
		if ((strpbrk(c->subs[i].filter, "#+") ||
		     !strcmp(c->subs[i].filter, name)) && c->subs[i].qos > qos)
			qos = c->subs[i].qos;
	return qos;
}

static struct flight *find_flight(struct client *c, uint16_t pid)
{
	unsigned int i;

	for (i = 0; i < c->nr_flights; i++)
		if (c->flights[i].pid == pid)
			return &c->flights[i];
	return NULL;
}

/* A packet identifier that is not in use; few are, so that all are used again. */
static uint16_t new_pid(struct client *c)
{
	uint16_t pid;

	do {
		pid = 1 + rnd(c, MAX_PIDS + 8);
		if (pid > MAX_PIDS)
			pid = 65536 - (pid - MAX_PIDS);
	} while (find_flight(c, pid));
	return pid;
}

static uint32_t new_message(struct client *c)
{
	static const unsigned int sizes[] = { 100, 100, 100, 100, 100, 1500, 5000 };
	struct message *m;

	if (!(nr_messages & (nr_messages - 1))) {
		messages = realloc(messages, 2 * (nr_messages + 1) * sizeof(*messages));
		if (!messages)
			wrong(c, "no memory for messages");
	}
	m = &messages[nr_messages];
	memset(m, 0, sizeof(*m));
	m->publisher = c->nr;
	m->topic = rnd(c, opt.topics);
	m->qos = chance(c, 15) ? 0 : 1 + rnd(c, 2);
	m->seq = c->seq[m->topic][m->qos]++;
	m->size = 8 + rnd(c, chance(c, 2) ? 40000 : sizes[rnd(c, 7)]);
	m->calm = calm;
	return nr_messages++;
}

/* Whether subscribers have taken most of what was sent. */
static bool may_publish(struct client *c)
{
	if (calm)
		return c->to_publish && !ending;
	return slowest < 150;
}

static bool publisher_next(struct client *c)
{
	struct flight *f;
	uint32_t m;
	unsigned int i;

	/* First what the broker may not know, in the order of old. */
	if (c->again < c->nr_flights) {
		f = &c->flights[c->again];
		if (f->state == TO_PUBLISH)
			put_publish(c, f->message, f->pid, f->tried);
		else
			put_ack(c, PUBREL, f->pid, 0);
		return true;
	}
	for (i = 0; i < c->nr_flights; i++) {
		if (c->flights[i].rel_due) {
			put_ack(c, PUBREL, c->flights[i].pid, 0);
			return true;
		}
	}
	if (!may_publish(c) || c->nr_flights >= c->window)
		return false;
	m = new_message(c);
	if (calm)
		c->to_publish--;
	if (messages[m].qos) {
		f = &c->flights[c->nr_flights];
		memset(f, 0, sizeof(*f));
		f->pid = new_pid(c);
		f->message = m;
		c->nr_flights++;
		put_publish(c, m, f->pid, false);
	} else {
		put_publish(c, m, 0, false);
	}
	return true;
}

static bool subscriber_next(struct client *c)
{
	const struct ack *a = &c->acks[c->first_ack];

	if (c->subscribe_due && !c->subscribing) {
		c->subscribe_due = false;
		c->subscribing = true;
		put_subscribe(c);
		return true;
	}
	if (!c->nr_acks) {
		/* Subscribing again changes nothing, and loses nothing. */
		if (!calm && !c->subscribing && chance(c, 1))
			c->subscribe_due = true;
		return false;
	}
	if (a->type == PUBREC && c->version == 5 && !calm && chance(c, 5))
		put_ack(c, a->type, a->pid, 0x83);
	else if (a->type == PUBCOMP && c->entries[a->pid].state == DONE)
		put_ack(c, a->type, a->pid, 0x92);
	else
		put_ack(c, a->type, a->pid, 0);
	return true;
}

/* What the client sends next, into its tx. Returns false if nothing. */
bool next_packet(struct client *c)
{
	if (!c->link->up)
		return false;
	if (c->ping_due && !c->pinging) {
		c->ping_due = false;
		c->pinging = true;
		put_ping(c);
		return true;
	}
	if (chance(c, c->lazy))
		return false;
	return c->subscriber ? subscriber_next(c) : publisher_next(c);
}

/* The first byte of the packet in tx has been sent. */
void packet_begun(struct client *c)
{
	struct flight *f;

	if (c->tx.type != PUBLISH)
		return;
	if (!messages[c->tx.message].began)
		messages[c->tx.message].began = ++now;
	f = c->tx.pid ? find_flight(c, c->tx.pid) : NULL;
	if (f) {
		figures.again_sent += f->tried;
		f->tried = true;
	}
}

static void publisher_sent(struct client *c)
{
	struct flight *f;

	if (c->tx.type == PUBLISH) {
		struct message *m = &messages[c->tx.message];

		m->tries++;
		figures.sent[m->qos]++;
	}
	if (!c->tx.pid)
		return;
	f = find_flight(c, c->tx.pid);
	f->link = c->link->nr;
	if (c->tx.type == PUBREL) {
		f->rel_due = false;
		f->rel_sent++;
	}
	if (f == &c->flights[c->again])
		c->again++;
}

static void subscriber_sent(struct client *c)
{
	struct entry *e = &c->entries[c->tx.pid];
	bool counted = e->seen == c->link->nr;

	if (c->tx.type == SUBSCRIBE)
		return;
	c->first_ack = (c->first_ack + 1) % MAX_ACKS;
	c->nr_acks--;
	switch (c->tx.type) {
	case PUBACK:
		e->state = ACKED;
		break;
	case PUBREC:
		e->state = c->tx.refuses ? ACKED : RECEIVED;
		figures.refused += c->tx.refuses;
		e->recorded = ++c->recorded;
		break;
	case PUBCOMP:
		counted = counted && e->state == RELEASED;
		e->state = DONE;
		break;
	}
	e->link = c->link->nr;
	if (counted && (e->state == ACKED || e->state == DONE))
		c->outstanding--;
}

/* The packet in tx has been sent completely. */
void packet_sent(struct client *c)
{
	if (c->tx.type == CONNECT)
		c->link->greeted = true;
	else if (c->tx.type == PINGREQ || c->tx.type == DISCONNECT)
		;
	else if (c->subscriber)
		subscriber_sent(c);
	else
		publisher_sent(c);
}

/* The link is gone, and with it all that belongs to a link. */
void link_lost(struct client *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_flights; i++) {
		c->flights[i].link = 0;
		c->flights[i].rel_due = false;
	}
	c->again = 0;
	memset(c->alias_set, 0, sizeof(c->alias_set));
	memset(c->alias, 0, sizeof(c->alias));
	c->first_ack = 0;
	c->nr_acks = 0;
	c->outstanding = 0;
	c->again_order = 0;
	c->again_rel = 0;
	if (c->subscriber && !c->subscribed)
		c->subscribe_due = true;
	c->subscribing = false;
	c->pinging = false;
}

/*
 * An acknowledgment is for the oldest of what it can be for that was sent on
 * this link.
 */
static struct flight *expect(struct client *c, unsigned int type, uint16_t pid)
{
	unsigned int i, qos = type == PUBACK ? 1 : 2;
	enum sent_state state = type == PUBCOMP ? TO_RELEASE : TO_PUBLISH;
	struct flight *f;

	for (i = 0; i < c->nr_flights; i++) {
		f = &c->flights[i];
		if (f->state != state || f->link != c->link->nr ||
		    messages[f->message].qos != qos)
			continue;
		if (f->pid == pid)
			return f;
		wrong(c, "%s %u, but %u was sent before", type_name(type), pid,
		      f->pid);
	}
	wrong(c, "%s %u: nothing is in flight that it could be for",
	      type_name(type), pid);
}

static void publisher_got(struct client *c, unsigned int type, uint16_t pid,
			  unsigned int reason)
{
	struct flight *f;
	unsigned int i;

	if (type != PUBACK && type != PUBREC && type != PUBCOMP)
		wrong(c, "%s for a publisher", type_name(type));
	f = expect(c, type, pid);
	if (reason && !(reason == 0x10 && type != PUBCOMP) &&
	    !(reason == 0x92 && type == PUBCOMP && f->rel_sent > 1))
		wrong(c, "%s %u with reason 0x%02x", type_name(type), pid, reason);
	if (type == PUBREC) {
		f->state = TO_RELEASE;
		f->rel_due = true;
		f->link = 0;
		return;
	}
	i = f - c->flights;
	memmove(f, f + 1, (--c->nr_flights - i) * sizeof(*f));
	c->again--;
}

static void ack_later(struct client *c, unsigned int type, uint16_t pid)
{
	struct ack *a = &c->acks[(c->first_ack + c->nr_acks++) % MAX_ACKS];

	if (c->nr_acks > MAX_ACKS)
		wrong(c, "more than %u acknowledgments are due", MAX_ACKS);
	a->type = type;
	a->pid = pid;
}

/* A message that this subscriber has not got in this exchange. */
static void delivery(struct client *c, uint32_t number, unsigned int qos)
{
	const struct message *m = &messages[number];
	uint32_t *next = &c->next[m->publisher][m->topic][m->qos];

	while (c->got_room <= number) {
		c->got = realloc(c->got, c->got_room + 65536);
		if (!c->got)
			wrong(c, "no memory");
		memset(c->got + c->got_room, 0, 65536);
		c->got_room += 65536;
	}
	figures.delivered[qos]++;
	/*
	 * A publisher's own repetition at QoS 1 is another message to the
	 * broker; nothing else may come again.
	 */
	if (++c->got[number] > (m->qos == 1 ? m->tries : 1))
		wrong(c, "message %u (QoS %u, as published %u) came %u times, was sent %u times",
		      number, qos, m->qos, c->got[number], m->tries);
	if (c->got[number] > 1) {
		figures.again_got++;
		return;
	}
	/*
	 * What a publisher sends again at QoS 1 comes after what followed it;
	 * who gets it at QoS 0 may have missed the first.
	 */
	if (m->seq < *next && !qos && m->qos == 1 && m->tries > 1)
		return;
	if (m->seq < *next)
		wrong(c, "message %u: number %u where %u is due (publisher %u, topic %u, QoS %u)",
		      number, m->seq, *next, m->publisher, m->topic, m->qos);
	if (m->seq > *next && qos)
		wrong(c, "one before %u missing: %u, due %u (publisher %u, topic %u, QoS %u)",
		      number, m->seq, *next, m->publisher, m->topic, m->qos);
	figures.lost0 += m->seq - *next;
	*next = m->seq + 1;
}

/* PUBLISH for an identifier of which the subscriber knows something. */
static bool repeated(struct client *c, struct entry *e, uint16_t pid,
		     uint32_t number, unsigned int qos, bool dup)
{
	bool same = e->message == number && e->qos == qos;
	bool fresh = e->link == c->link->nr || e->seen == c->link->nr;

	switch (e->state) {
	case FREE:
		return false;
	case SEEN:
	case RECEIVED:
		if (!same)
			wrong(c, "identifier %u: message %u, before %u is acknowledged",
			      pid, number, e->message);
		if (fresh)
			wrong(c, "message %u came twice on this link", number);
		if (!dup)
			wrong(c, "message %u came again without DUP", number);
		return true;
	case RELEASED:
		/* mosquitto forgets PUBREC when a link does not last. */
		if (opt.lax && same && dup && !fresh)
			return true;
		wrong(c, "PUBLISH for identifier %u, whose PUBREL came (message %u, now %u)",
		      pid, e->message, number);
	case ACKED:
		if (fresh && dup)
			wrong(c, "identifier %u came again on this link, with DUP", pid);
		/*
		 * Was the acknowledgment lost, or is this a new message? It may
		 * even be the publisher's own repetition of the old one.
		 */
		if (same && dup && e->order <= c->again_order &&
		    c->got[number] < messages[number].tries)
			return false;
		return same && dup;
	case DONE:
		if (fresh && dup)
			wrong(c, "identifier %u came again on this link, with DUP", pid);
		return opt.lax && same && dup;
	}
	return false;
}

static void check_publish(struct client *c, uint32_t number, unsigned int flags,
			  const char *topic, const struct props *p)
{
	const struct message *m = &messages[number];
	unsigned int qos = flags >> 1 & 3, max = granted(c, m->topic);
	char name[64];

	topic_name(name, m->topic);
	if (strcmp(topic, name))
		wrong(c, "message %u on topic %s", number, topic);
	if (flags & 1)
		wrong(c, "message %u with RETAIN", number);
	if (qos != (m->qos < max ? m->qos : max))
		wrong(c, "message %u at QoS %u; published %u, granted %u", number,
		      qos, m->qos, max);
	if (!m->began)
		wrong(c, "message %u was not sent", number);
	if (flags & 8) {
		if (!qos)
			wrong(c, "DUP at QoS 0");
		if (m->began > c->since)
			wrong(c, "message %u with DUP, but it is younger than the link",
			      number);
	}
	if (c->version != 5)
		return;
	if (!p->nr_ids || p->ids[0] != c->sub_id)
		wrong(c, "message %u with %u subscription identifiers (%u)", number,
		      p->nr_ids, p->ids[0]);
	if (clients[m->publisher].version == 5 ?
	    (uint32_t)atoi(p->user) != number || !p->user[0] : p->user[0])
		wrong(c, "message %u with user property '%s'", number, p->user);
}

static void get_topic(struct client *c, struct reader *r, char *topic, size_t size)
{
	get_string(r, topic, size);
	if (!topic[0] && c->version != 5)
		wrong(c, "an empty topic");
}

static void resolve_alias(struct client *c, char *topic, const struct props *p)
{
	if (!p->alias) {
		if (!topic[0])
			wrong(c, "neither a topic nor an alias");
		return;
	}
	if (p->alias > c->alias_limit)
		wrong(c, "topic alias %u, but only %u are allowed", p->alias,
		      c->alias_limit);
	if (topic[0]) {
		snprintf(c->alias[p->alias], sizeof(c->alias[p->alias]), "%s", topic);
		return;
	}
	figures.aliased++;
	if (!c->alias[p->alias][0])
		wrong(c, "topic alias %u means nothing on this link", p->alias);
	memcpy(topic, c->alias[p->alias], sizeof(c->alias[p->alias]));
}

static void publish_came(struct client *c, struct reader *r, unsigned int flags)
{
	unsigned int qos = flags >> 1 & 3, window;
	bool dup = flags & 8, again;
	struct entry *e;
	struct props p;
	char topic[64];
	uint32_t number;
	uint16_t pid = 0;

	get_topic(c, r, topic, sizeof(topic));
	if (qos)
		pid = get_number(r, 2);
	get_props(r, &p);
	resolve_alias(c, topic, &p);
	number = get_message(r);
	note(c, "got  PUBLISH %u: message %u, QoS %u%s", pid, number, qos,
	     dup ? ", DUP" : "");
	if (ending)
		wrong(c, "message %u comes when all is over", number);
	check_publish(c, number, flags, topic, &p);
	if (!qos) {
		delivery(c, number, 0);
		return;
	}
	if (!pid)
		wrong(c, "packet identifier 0");
	e = &c->entries[pid];
	again = repeated(c, e, pid, number, qos, dup);
	if (again) {
		figures.again_got++;
		if (e->order <= c->again_order)
			wrong(c, "message %u is sent again after one that came after it",
			      number);
		c->again_order = e->order;
	} else {
		e->qos = qos;
		e->message = number;
		e->order = ++c->order;
		/* It was sent before, but lost. */
		if (dup)
			c->again_order = e->order;
		delivery(c, number, qos);
	}
	e->state = SEEN;
	e->link = c->link->nr;
	e->seen = c->link->nr;
	window = c->receive_max < opt.window ? c->receive_max : opt.window;
	/* mosquitto counts what was in flight on another link by halves. */
	if (++c->outstanding > window && !opt.lax)
		wrong(c, "%u messages are in flight, %u are allowed",
		      c->outstanding, window);
	if (c->outstanding > figures.peak)
		figures.peak = c->outstanding;
	ack_later(c, qos == 1 ? PUBACK : PUBREC, pid);
}

static void pubrel_came(struct client *c, uint16_t pid, unsigned int reason)
{
	struct entry *e = &c->entries[pid];
	bool again = e->link != c->link->nr;

	if (reason)
		wrong(c, "PUBREL %u with reason 0x%02x", pid, reason);
	switch (e->state) {
	case FREE:
	case ACKED:
		wrong(c, "PUBREL %u for what is not in flight", pid);
	case SEEN:
		wrong(c, "PUBREL %u, but no PUBREC was sent", pid);
	case RECEIVED:
		if (again)
			break;
		if (e->recorded < c->released)
			wrong(c, "PUBREL %u is late: others were answered after it",
			      pid);
		c->released = e->recorded;
		break;
	case RELEASED:
	case DONE:
		if (!again)
			wrong(c, "PUBREL %u came twice on this link", pid);
		break;
	}
	if (again) {
		if (e->order <= c->again_rel)
			wrong(c, "PUBREL %u is sent again after one that came after it",
			      pid);
		c->again_rel = e->order;
		figures.rel_again++;
	}
	/* One that was DONE stays so: it is merely answered once more. */
	if (e->state != DONE)
		e->state = RELEASED;
	e->link = c->link->nr;
	ack_later(c, PUBCOMP, pid);
}

static void suback_came(struct client *c, struct reader *r)
{
	struct props p;
	unsigned int i, code;

	if (!c->subscribing || get_number(r, 2) != c->subscribe_pid)
		wrong(c, "SUBACK for nothing");
	get_props(r, &p);
	for (i = 0; i < c->nr_subs; i++) {
		code = get_number(r, 1);
		if (code != c->subs[i].qos)
			wrong(c, "asked for QoS %u, got %u", c->subs[i].qos, code);
	}
	c->subscribing = false;
	c->subscribed = true;
	figures.subscribed++;
}

static void connack_came(struct client *c, struct reader *r)
{
	unsigned int flags = get_number(r, 1), code = get_number(r, 1);
	struct props p;

	get_props(r, &p);
	if (c->link->up)
		wrong(c, "CONNACK twice");
	if (code)
		wrong(c, "CONNACK with code %u", code);
	note(c, "got  CONNACK, session present %u", flags);
	/* 3.1 does not tell. */
	if (c->version > 3 && flags != c->known)
		wrong(c, "session present is %u, not %u", flags, c->known);
	figures.resumed += c->known;
	c->link->up = true;
	c->since = ++now;
	c->window = 20;
	if (p.has_receive_max && p.receive_max < c->window)
		c->window = p.receive_max;
	c->alias_max = p.alias_max;
	welcome(c);
}

/* A packet has come on the client's link. */
void packet_came(struct client *c, const unsigned char *b, unsigned int len,
		 unsigned int header)
{
	struct reader r = { .c = c, .b = b + header, .left = len - header };
	unsigned int type = b[0] >> 4, flags = b[0] & 15, reason = 0;
	struct props p;
	uint16_t pid;

	if (!c->link->up && type != CONNACK)
		wrong(c, "%s before CONNACK", type_name(type));
	if (type != PUBLISH && flags != (type == PUBREL ? 2 : 0))
		wrong(c, "%s with flags %u", type_name(type), flags);
	switch (type) {
	case CONNACK:
		connack_came(c, &r);
		return;
	case PUBLISH:
		if (!c->subscriber)
			break;
		publish_came(c, &r, flags);
		return;
	case SUBACK:
		note(c, "got  SUBACK");
		suback_came(c, &r);
		return;
	case PINGRESP:
		if (!c->pinging)
			wrong(c, "PINGRESP for nothing");
		c->pinging = false;
		return;
	case DISCONNECT:
		if (c->version == 5) {
			c->link->goodbye = 1 + (r.left ? get_number(&r, 1) : 0);
			note(c, "got  DISCONNECT 0x%02x", c->link->goodbye - 1);
			return;
		}
		break;
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP:
		pid = get_number(&r, 2);
		if (r.left && c->version == 5) {
			reason = get_number(&r, 1);
			get_props(&r, &p);
		}
		if (r.left)
			wrong(c, "%s is too long", type_name(type));
		note(c, "got  %s %u%s", type_name(type), pid,
		     reason ? " with a reason" : "");
		if (!c->subscriber)
			publisher_got(c, type, pid, reason);
		else if (type == PUBREL)
			pubrel_came(c, pid, reason);
		else
			break;
		return;
	}
	wrong(c, "%s is not for this client", type_name(type));
}

/* Whether nothing is under way between this client and the broker. */
bool owes_nothing(struct client *c)
{
	unsigned int i;

	if (!c->subscriber)
		return !c->nr_flights && !c->to_publish;
	if (!c->subscribed || c->nr_acks || behind(c))
		return false;
	for (i = 1; i < 65536; i++)
		if (c->entries[i].state != FREE && c->entries[i].state != ACKED &&
		    c->entries[i].state != DONE)
			return false;
	return true;
}

/* Messages at QoS 1 and 2 that this subscriber is still to get. */
unsigned int behind(const struct client *c)
{
	unsigned int p, t, q, n = 0;

	if (!c->subscriber)
		return 0;
	for (p = 0; p < nr_clients && !clients[p].subscriber; p++)
		for (t = 0; t < opt.topics; t++)
			for (q = 1; q < 3 && granted(c, t); q++)
				n += clients[p].seq[t][q] - c->next[p][t][q];
	return n;
}

/* Whether a message is for this subscriber, at QoS 1 or 2. */
bool may_come(const struct client *c, const struct message *m)
{
	return c->subscriber && m->qos && granted(c, m->topic);
}

/* Messages at QoS 0 that should have come, because no link was cut. */
unsigned int missing0(const struct client *c)
{
	unsigned int i, n = 0;

	if (!c->subscriber)
		return 0;
	for (i = 0; i < nr_messages; i++)
		if (messages[i].calm && (c->got_room <= i || !c->got[i]))
			n++;
	return n;
}
