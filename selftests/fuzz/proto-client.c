// SPDX-License-Identifier: GPL-2.0
/*
 * The clients' side: takes apart all that the broker sends, as a client would
 * that trusts nobody, and knows what may come at all.
 */
#include "shim.h"
#include "proto.h"

#include "mqttk/topic.h"

/* What a payload of ours begins with; raw bytes never have it. */
#define MAGIC	0xa5

struct slot slots[SLOTS];
struct client clients[IDS];
static struct {
	char topic[32];
	int from;		/* published by; -1: its order says nothing */
} serials[SERIALS];
static int nr_serials;

const char *const topics[TOPICS] = {
	"a", "a/b", "a/b/c", "b", "a//c", "$x/a", "b/a/b", "a/a",
};

const char *const filters[FILTERS] = {
	"a", "a/b", "#", "+", "a/#", "a/+", "+/b", "a/+/c", "b", "$x/#",
	"$share/g/a", "$share/g/a/#", "$share/h/#", "+/+", "b/#", "on",
};

void client_serials_reset(void)
{
	nr_serials = 0;
	memset(clients, 0, sizeof(clients));
}

/*
 * A number for a message to this topic, as the broker will have it; -1: none.
 * @from is the slot that publishes it now, -1 if it is for later.
 */
int client_serial(const char *topic, int from)
{
	if (nr_serials == SERIALS)
		return -1;
	snprintf(serials[nr_serials].topic, sizeof(serials[0].topic), "%s",
		 topic);
	serials[nr_serials].from = from;
	return nr_serials++;
}

bool client_serial_is(int serial, const char *topic)
{
	return !strcmp(serials[serial].topic, topic);
}

/* Its payload: the number, and what follows from it. */
u32 client_payload(int serial, u8 *to, u32 len)
{
	u32 i;

	if (serial < 0 || len < 3) {
		memset(to, 'x', len);
		return len;
	}
	to[0] = MAGIC;
	to[1] = serial >> 8;
	to[2] = serial;
	for (i = 3; i < len; i++)
		to[i] = 'a' + (serial + i) % 23;
	return len;
}

/* The broker has no session for it any more. */
void client_forget(struct client *c)
{
	memset(c, 0, sizeof(*c));
	memset(c->publishing, -1, sizeof(c->publishing));
	memset(c->last, -1, sizeof(c->last));
}

void client_reset(int i)
{
	struct slot *s = &slots[i];

	memset(s, 0, sizeof(*s));
	memset(s->alias_out, -1, sizeof(s->alias_out));
	s->max_packet = UINT_MAX;
	s->receive_max = 65535;
}

void client_lost(int i)
{
	slots[i].connected = false;
	slots[i].client = NULL;
}

/* -- what comes --------------------------------------------------------------- */

/* Is there a filter it asked for, under a mount point or not, that matches? */
bool client_matches(u32 wanted, const char *topic)
{
	struct mqttk_share share;
	char full[64];
	int i;

	for (i = 0; i < 2 * FILTERS; i++) {
		const char *f = filters[i % FILTERS];

		if (!(wanted >> i & 1))
			continue;
		SHIM_CHECK(mqttk_share_parse((const u8 *)f, strlen(f), &share) >= 0);
		snprintf(full, sizeof(full), "%s%.*s", i < FILTERS ? "" : "a/",
			 share.filter.len, share.filter.p);
		if (mqttk_topic_match((u8 *)full, strlen(full),
				      (const u8 *)topic, strlen(topic)))
			return true;
	}
	return false;
}

/* One of ours is as it was sent; returns its serial, or -1. */
int client_check_payload(const char *topic, const u8 *p, u32 len)
{
	int serial;
	u32 i;

	if (len < 3 || p[0] != MAGIC)
		return -1;
	serial = p[1] << 8 | p[2];
	SHIM_CHECK(serial < nr_serials);
	for (i = 3; i < len; i++)
		SHIM_CHECK(p[i] == 'a' + (serial + i) % 23);
	SHIM_CHECK(client_serial_is(serial, topic));
	return serial;
}

static bool is_awaiting(const struct client *c, u16 id)
{
	unsigned int i;

	for (i = 0; i < c->nr_awaiting; i++)
		if (c->awaiting[i] == id)
			return true;
	return false;
}

/* It comes for the first time, as far as this client knows. */
static void take_qos2(struct client *c, u16 id)
{
	if (is_awaiting(c, id))
		return;
	if (c->nr_awaiting < ARRAY_SIZE(c->awaiting))
		c->awaiting[c->nr_awaiting++] = id;
}

/*
 * What is not sent again comes once, whatever filters match, and what one client
 * publishes to a topic comes in its order.
 */
static void take_once(struct client *c, int serial, const char *topic)
{
	int from = serials[serial].from, k;

	SHIM_CHECK(!c->received[serial]++ && "exactly once");
	for (k = 0; from >= 0 && k < TOPICS; k++) {
		if (strcmp(topic, topics[k]))
			continue;
		SHIM_CHECK(serial > c->last[from][k] && "in order");
		c->last[from][k] = serial;
	}
}

static void take_unacked(struct slot *s, u16 id, u8 qos)
{
	unsigned int i;

	for (i = 0; i < s->nr_unacked; i++)
		SHIM_CHECK(s->unacked[i].id != id && "identifier in use");
	if (s->nr_unacked < ARRAY_SIZE(s->unacked)) {
		s->unacked[s->nr_unacked].id = id;
		s->unacked[s->nr_unacked].rec = false;
		s->unacked[s->nr_unacked++].qos = qos;
	}
	SHIM_CHECK(s->nr_unacked <= s->receive_max);
}

/* Takes topic and properties apart; returns what is behind them. */
static u32 take_header(struct slot *s, const struct mqttk_fixed *f, const u8 *p,
		       char *topic, size_t room, struct mqttk_props *props)
{
	u8 qos = f->flags >> 1 & 3;
	u32 len = p[0] << 8 | p[1], at = 2 + len + (qos ? 2 : 0), n = 0, k;

	SHIM_CHECK(at <= f->remaining && len < room);
	memcpy(topic, p + 2, len);
	topic[len] = 0;
	mqttk_props_init(props);
	if (s->version == MQTTK_V5) {
		for (k = 0; ; k++) {
			SHIM_CHECK(at < f->remaining && k < 4);
			n |= (p[at] & 0x7fu) << 7 * k;
			if (!(p[at++] & 0x80))
				break;
		}
		SHIM_CHECK(n <= f->remaining - at);
		SHIM_CHECK(!mqttk_props_decode(MQTTK_PUBLISH, p + at, n, props));
		at += n;
	}
	if (props->topic_alias) {
		SHIM_CHECK(props->topic_alias < ARRAY_SIZE(s->alias_in));
		if (len && len < sizeof(s->alias_in[0])) {
			memcpy(s->alias_in[props->topic_alias], topic, len + 1);
			s->alias_in_len[props->topic_alias] = len;
		} else if (!len) {
			SHIM_CHECK(s->alias_in_len[props->topic_alias]);
			memcpy(topic, s->alias_in[props->topic_alias],
			       s->alias_in_len[props->topic_alias] + 1);
		}
	}
	SHIM_CHECK(mqttk_topic_valid((u8 *)topic, strlen(topic)));
	return at;
}

static void take_publish(int i, const struct mqttk_fixed *f, const u8 *p)
{
	struct slot *s = &slots[i];
	char topic[256], full[300];
	struct mqttk_props props;
	u8 qos = f->flags >> 1 & 3;
	u32 at, len = p[0] << 8 | p[1];
	bool again;
	int serial;
	u16 id;

	SHIM_CHECK(s->connected && qos <= 2);
	SHIM_CHECK(qos || !(f->flags & 8));
	if (len >= sizeof(topic))	/* somebody's raw bytes */
		return;
	at = take_header(s, f, p, topic, sizeof(topic), &props);
	snprintf(full, sizeof(full), "%.*s%s", links[i].peer.mount_len, "a/",
		 topic);
	SHIM_CHECK(s->wild || client_matches(s->client->filters, full));
	serial = client_check_payload(full, p + at, f->remaining - at);
	id = qos ? p[2 + len] << 8 | p[3 + len] : 0;
	SHIM_CHECK(!qos || id);
	if (s->wild)
		return;
	again = f->flags & 8 || (qos == 2 && is_awaiting(s->client, id));
	/* Its window began anew when it connected. */
	if (qos)
		take_unacked(s, id, qos);
	if (qos == 2)
		take_qos2(s->client, id);
	/* Retained ones, and those of a group, may be second ones. */
	if (serial >= 0 && !(f->flags & 1) && !again && !s->client->shared)
		take_once(s->client, serial, topic);
}

/* What it asked for may come from now on. */
void client_ask(struct slot *s)
{
	s->client->filters |= s->asked;
	s->client->shared |= s->asked_shared;
	s->asked = 0;
	s->asked_shared = false;
}

static void take_connack(int i, const struct mqttk_fixed *f, const u8 *p)
{
	struct slot *s = &slots[i];

	SHIM_CHECK(!s->connected && f->remaining >= 2 && p[0] <= 1);
	SHIM_CHECK(f->remaining == 2 || s->version == MQTTK_V5 || s->wild);
	if (p[1])
		return;
	s->connected = true;
	SHIM_CHECK(!p[0] || !s->client || !s->clean);
	if (!s->client)
		return;
	/* 3.1 does not say whether there was a session; others have it now. */
	if ((s->version == MQTTK_V31 && !s->clean) || !links[i].open)
		memset(s->client->publishing, -1, sizeof(s->client->publishing));
	else if (!p[0])
		client_forget(s->client);
	client_ask(s);
}

static void take_ack(struct slot *s, u8 type, const struct mqttk_fixed *f,
		     const u8 *p)
{
	u16 id = p[0] << 8 | p[1];
	unsigned int k;

	SHIM_CHECK(f->remaining >= 2 && f->remaining <= 3 && id);
	if (!s->client || id >= ARRAY_SIZE(s->client->publishing))
		return;
	/* Refused with a reason, or complete: the identifier is free. */
	if (type == MQTTK_PUBCOMP ||
	    (type == MQTTK_PUBREC && f->remaining == 3 && p[2] >= 0x80))
		s->client->publishing[id] = -1;
	if (type != MQTTK_PUBREL)
		return;
	for (k = 0; k < s->nr_unacked; k++) {
		if (s->unacked[k].id == id) {
			s->unacked[k].rec = true;
			return;
		}
	}
	/* It was acknowledged on an earlier connection. */
	if (k < ARRAY_SIZE(s->unacked)) {
		s->unacked[k].id = id;
		s->unacked[k].qos = 2;
		s->unacked[k].rec = true;
		s->nr_unacked++;
	}
}

static void take_packet(int i, const struct mqttk_fixed *f, const u8 *p)
{
	struct slot *s = &slots[i];

	SHIM_CHECK(f->size + f->remaining <= s->max_packet || s->wild);
	switch (f->type) {
	case MQTTK_CONNACK:
		take_connack(i, f, p);
		break;
	case MQTTK_PUBLISH:
		take_publish(i, f, p);
		break;
	case MQTTK_PUBACK:
	case MQTTK_PUBREC:
	case MQTTK_PUBREL:
	case MQTTK_PUBCOMP:
		SHIM_CHECK(s->connected);
		take_ack(s, f->type, f, p);
		break;
	case MQTTK_SUBACK:
	case MQTTK_UNSUBACK:
	case MQTTK_PINGRESP:
		SHIM_CHECK(s->connected);
		break;
	case MQTTK_DISCONNECT:
		SHIM_CHECK(s->connected && links[i].peer.version == MQTTK_V5);
		s->connected = false;
		break;
	default:
		SHIM_CHECK(!"a packet that brokers send");
	}
}

/* Whole packets, as the broker's side writes them. */
void client_receive(int i, const u8 *p, u32 len)
{
	struct mqttk_fixed f;
	int n;

	proto_tell(i, "<-", p, len);
	while (len) {
		n = mqttk_wire_fixed(links[i].peer.version, p, len, &f);
		SHIM_CHECK(n > 0 && f.remaining <= len - n);
		take_packet(i, &f, p + n);
		p += n + f.remaining;
		len -= n + f.remaining;
	}
}

/* -- what it answers ----------------------------------------------------------- */

/* The step that is due for the oldest that is not acknowledged, or all. */
u32 client_ack(int i, u8 *to, bool all)
{
	struct slot *s = &slots[i];
	unsigned int k, j, at = 0;
	u32 n = 0;

	while (at < s->nr_unacked) {
		u16 id = s->unacked[at].id;
		bool done = s->unacked[at].qos == 1 || s->unacked[at].rec;
		u8 type = s->unacked[at].qos == 1 ? MQTTK_PUBACK :
			  done ? MQTTK_PUBCOMP : MQTTK_PUBREC;

		n += mqttk_wire_put_ack(to + n, s->version, type, id, 0);
		if (!done) {
			at++;
		} else {
			struct client *c = s->client;

			for (k = at; k + 1 < s->nr_unacked; k++)
				s->unacked[k] = s->unacked[k + 1];
			s->nr_unacked--;
			for (k = 0; c && k < c->nr_awaiting; k++) {
				if (c->awaiting[k] != id)
					continue;
				for (j = k; j + 1 < c->nr_awaiting; j++)
					c->awaiting[j] = c->awaiting[j + 1];
				c->nr_awaiting--;
				break;
			}
		}
		if (!all)
			break;
	}
	return n;
}
