// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for the core of the broker: the protocol's state machine, routing,
 * sessions, subscriptions and retained messages, as they are in the module, over
 * the kernel that shim.h makes of a process.
 *
 * Input: a byte of options, then steps. Each is a byte that says what is done on
 * which of four connections, and bytes that say how: most make a packet that is
 * right or nearly so, some are sent as they are. Time passes and allocations
 * fail when a step says so.
 *
 * Whatever is sent: all that comes back are packets that a client understands,
 * messages match a filter that was asked for and are what was published, QoS 2
 * arrives once, nobody gets more than it can take, no budget is exceeded, and in
 * the end everything is given back. And a new client is served as ever.
 */
#include "shim.h"
#include "proto.h"

#include "mqttk/deadline.h"
#include "mqttk/limits.h"
#include "mqttk/terms.h"

#define BATCH_MAX	(2 * STREAM_MAX)

/* The input that is left. */
static const u8 *in;
static size_t in_left;

/* With TELL in the environment an input says what it does. */
void proto_tell(int i, const char *what, const u8 *p, int n)
{
	static int told = -1;
	int k;

	if (told < 0)
		told = !!getenv("TELL");
	if (!told)
		return;
	printf("%d %s %d:", i, what, n);
	for (k = 0; p && k < min(n, 60); k++)
		printf(p[k] > ' ' && p[k] < 0x7f ? "%c" : "\\%02x", p[k]);
	printf("\n");
	fflush(stdout);
}

static u8 next(void)
{
	if (!in_left)
		return 0;
	in_left--;
	return *in++;
}

/* A packet that is being written; what is before its body comes last. */
static u8 body[STREAM_MAX];
static u32 body_len;

static void put_u8(u8 v)
{
	body[body_len++] = v;
}

static void put_u16(u16 v)
{
	put_u8(v >> 8);
	put_u8(v);
}

static void put_u32(u32 v)
{
	put_u16(v >> 16);
	put_u16(v);
}

static void put_str(const char *s)
{
	put_u16(strlen(s));
	memcpy(body + body_len, s, strlen(s));
	body_len += strlen(s);
}

/* Packets that go together. */
static u8 batch[SLOTS][BATCH_MAX];
static u32 batch_len[SLOTS];
static bool batching;

static void flush(int i, u8 how)
{
	u32 n = batch_len[i], cut = how & 0x40 && n ? how % n : 0;

	batch_len[i] = 0;
	if (cut)
		broker_feed(i, batch[i], cut, false);
	broker_feed(i, batch[i] + cut, n - cut, how & 0x80);
}

/* Sends bytes now, in one piece or in two, or with what comes next. */
static void send_bytes(int i, const u8 *p, u32 len, u8 how)
{
	if (batch_len[i] + len > BATCH_MAX)
		flush(i, how);
	memcpy(batch[i] + batch_len[i], p, len);
	batch_len[i] += len;
	if (!batching)
		flush(i, how);
}

static void send_packet(int i, u8 first, u8 how)
{
	static u8 packet[STREAM_MAX + 8];
	u32 n = 0, len = body_len;

	packet[n++] = first;
	do {
		packet[n++] = (len & 0x7f) | (len > 0x7f ? 0x80 : 0);
		len >>= 7;
	} while (len);
	memcpy(packet + n, body, body_len);
	n += body_len;
	body_len = 0;
	send_bytes(i, packet, n, how);
}

static void begin(int i, unsigned int which_terms)
{
	if (links[i].open)
		return;
	broker_accept(i, which_terms);
	client_reset(i);
	batch_len[i] = 0;
}

static void connect(int i, u8 how, u8 id, u8 flags, u8 more)
{
	static const u8 levels[] = { MQTTK_V5, MQTTK_V311, MQTTK_V31, MQTTK_V5 };
	struct slot *s = &slots[i];
	char name[8];
	u32 at;

	begin(i, how >> 2);
	if (links[i].peer.session || links[i].nr_pending || batch_len[i]) {
		s->wild = true;		/* a second CONNECT, or in a packet */
	} else {
		s->version = levels[how & 3];
		s->client = id < 250 ? &clients[id % IDS] : NULL;
		s->clean = flags & 2;
	}
	flags &= ~1;
	if (!(flags & 4))
		flags &= ~0x38;
	if ((flags & 0x18) == 0x18)
		flags &= ~0x10;
	flags &= ~0xc0;
	put_str(levels[how & 3] == MQTTK_V31 ? "MQIsdp" : "MQTT");
	put_u8(levels[how & 3]);
	put_u8(flags);
	put_u16(how & 8 ? 10 : 0);
	if (levels[how & 3] == MQTTK_V5) {
		at = body_len++;
		if (more & 1) {
			put_u8(MQTTK_PROP_SESSION_EXPIRY);
			put_u32(more & 2 ? 30 : UINT_MAX);
		}
		if (more & 4) {
			put_u8(MQTTK_PROP_RECEIVE_MAX);
			put_u16(2);
			s->receive_max = 2;
		}
		if (more & 8) {
			put_u8(MQTTK_PROP_MAX_PACKET_SIZE);
			put_u32(64);
			s->max_packet = 64;
		}
		if (more & 16) {
			put_u8(MQTTK_PROP_TOPIC_ALIAS_MAX);
			put_u16(3);
		}
		if (more & 32) {
			put_u8(MQTTK_PROP_REQUEST_RESPONSE_INFO);
			put_u8(1);
		}
		body[at] = body_len - at - 1;
	}
	snprintf(name, sizeof(name), "id%u", id % IDS);
	put_str(id < 250 ? name : "");
	if (id >= 250)
		s->wild = true;		/* whoever it is */
	if (flags & 4) {
		const char *topic = topics[more % TOPICS];
		char full[32];

		if (levels[how & 3] == MQTTK_V5) {
			put_u8(more & 64 ? 5 : 0);
			if (more & 64) {
				put_u8(MQTTK_PROP_WILL_DELAY);
				put_u32(5);
			}
		}
		snprintf(full, sizeof(full), "%.*s%s",
			 links[i].peer.terms->mount_len, "a/", topic);
		put_str(topic);
		put_u16(8);
		body_len += client_payload(client_serial(full, -1), body + body_len,
					   8);
	}
	send_packet(i, 0x10, how & 0xc0);
	/* Whether it goes on with a session says what may come. */
	broker_send(i, 0);
}

/* Is it connected? Then, or now as good as any. */
static void be_connected(int i)
{
	if (!links[i].open && !batch_len[i])
		connect(i, i & 3, i, 0, i & 1);
}

static void publish(int i)
{
	static const u16 sizes[] = { 3, 40, 0, 1024, 1025, 5000, 9000, 3 };
	u8 how = next(), which = next(), id = next() % 8;
	u8 qos = (how & 3) % 3, retain = how >> 2 & 1, alias = which >> 6;
	u16 len = sizes[which >> 3 & 7];
	struct slot *s = &slots[i];
	struct client *c;
	const char *topic = topics[which % TOPICS];
	bool again = false;
	char full[32];
	int serial = -1;

	be_connected(i);
	if (!links[i].open)
		return;
	c = s->client;
	if (qos == 2 && c && !s->wild) {
		/* One that is not released can only come again. */
		again = c->publishing[id] >= 0;
		if (again) {
			serial = c->publishing[id] & 0xffff;
			topic = topics[c->publishing[id] >> 16 & 7];
			len = 3;
			alias = 0;
		}
	}
	snprintf(full, sizeof(full), "%.*s%s",
		 links[i].peer.terms->mount_len, "a/", topic);
	/* By another listener it would be another topic. */
	if (again && !client_serial_is(serial, full))
		return;
	if (!again)
		serial = client_serial(full, i);
	if (s->wild || s->version != MQTTK_V5)
		alias = 0;
	if (alias && how & 0x20 && s->alias_out[alias] >= 0) {
		/* By its alias alone. */
		topic = topics[s->alias_out[alias]];
		snprintf(full, sizeof(full), "%.*s%s",
			 links[i].peer.terms->mount_len, "a/", topic);
		serial = client_serial(full, i);
		put_str("");
	} else {
		put_str(topic);
		if (alias)
			s->alias_out[alias] = which % TOPICS;
	}
	if (qos == 2 && c && !again && !s->wild && serial >= 0 && id) {
		len = 3;
		c->publishing[id] = serial;
		for (int k = 0; k < TOPICS; k++)
			if (topics[k] == topic)
				c->publishing[id] |= k << 16;
	}
	if (qos)
		put_u16(id);
	if (s->version == MQTTK_V5) {
		u32 at = body_len++;

		if (alias) {
			put_u8(MQTTK_PROP_TOPIC_ALIAS);
			put_u16(alias);
		}
		if (how & 8) {
			put_u8(MQTTK_PROP_MESSAGE_EXPIRY);
			put_u32(how & 16 ? 3 : 60);
		}
		if (how & 16) {
			put_u8(MQTTK_PROP_USER);
			put_str("k");
			put_str("v");
		}
		if (how & 4 && which & 8) {
			put_u8(MQTTK_PROP_PAYLOAD_FORMAT);
			put_u8(1);
		}
		body[at] = body_len - at - 1;
	}
	body_len += client_payload(serial, body + body_len, len);
	send_packet(i, 0x30 | (again ? 8 : 0) | qos << 1 | retain, how & 0xc0);
}

/* Many short ones to a topic, as quick as can be. */
static void burst(int i)
{
	u8 how = next(), which = next(), nr = 2 + next() % 40;
	bool was = batching;
	char full[32];

	be_connected(i);
	if (!links[i].open)
		return;
	snprintf(full, sizeof(full), "%.*s%s", links[i].peer.terms->mount_len, "a/",
		 topics[which % TOPICS]);
	while (nr--) {
		batching = was || nr;
		put_str(topics[which % TOPICS]);
		if (slots[i].version == MQTTK_V5)
			put_u8(0);
		body_len += client_payload(client_serial(full, i),
					   body + body_len,
					   how & 1 ? 3 + nr % 5 : 150);
		/* An odd one among them. */
		send_packet(i, 0x30 | (how & 2 && nr == how >> 4), how & 0xc0);
	}
	batching = was;
}

static void subscribe(int i, bool undo)
{
	u8 how = next(), which = next(), second = next();
	struct slot *s = &slots[i];
	const u8 f[2] = { which % FILTERS, second % FILTERS };
	int k, nr = how & 0x10 ? 2 : 1;

	be_connected(i);
	if (!links[i].open)
		return;
	put_u16(1 + which);
	if (s->version == MQTTK_V5) {
		put_u8(how & 8 && !undo ? 2 : 0);
		if (how & 8 && !undo) {
			put_u8(MQTTK_PROP_SUBSCRIPTION_ID);
			put_u8(1 + (second & 0x7f) % 100);
		}
	}
	for (k = 0; k < nr; k++) {
		put_str(filters[f[k]]);
		if (!undo) {
			u8 opt = (how & 3) % 3;

			if (s->version == MQTTK_V5)
				opt |= (second & 0x18) |
				       ((which >> 6) % 3) << 4;
			if (filters[f[k]][0] == '$' && filters[f[k]][1] == 's')
				opt &= ~4;
			opt &= 0x3f;
			if ((opt & 0x30) == 0x30)
				opt &= 0x0f;
			put_u8(opt);
		}
		if (undo)
			continue;
		s->asked |= 1u << (f[k] + (links[i].peer.terms->mount_len ?
					   FILTERS : 0));
		s->asked_shared |= !strncmp(filters[f[k]], "$sh", 3);
	}
	if (s->client && s->connected)
		client_ask(s);
	send_packet(i, undo ? 0xa2 : 0x82, how & 0xc0);
}

/* An acknowledgment that is due, or some other. */
static void acknowledge(int i)
{
	u8 how = next(), id = next() % 8;
	struct slot *s = &slots[i];
	u8 buf[64 * MQTTK_ACK_MAX];
	u8 type = MQTTK_PUBACK + (how >> 2 & 3);
	u32 n;

	if (!links[i].open || !s->connected)
		return;
	if (how & 1) {
		n = client_ack(i, buf, how & 2);
		if (n)
			send_bytes(i, buf, n, how & 0xc0);
		return;
	}
	if (type != MQTTK_PUBREL)
		s->wild = true;		/* nobody asked for it */
	else if (s->client)
		s->client->publishing[id] = -1;
	n = mqttk_wire_put_ack(buf, s->version, type, id, how & 0x40 ? 0x92 : 0);
	send_bytes(i, buf, n, how & 0x80);
}

static void raw(int i)
{
	u8 how = next(), buf[64];
	u32 n = 0;

	begin(i, how >> 6);
	slots[i].wild = true;
	/* What is said of the client that it was does not hold any more. */
	if (slots[i].client) {
		slots[i].client->filters = ~0;
		slots[i].client->shared = true;
		memset(slots[i].client->publishing, -1,
		       sizeof(slots[i].client->publishing));
	}
	while (n < (how & 63) && in_left) {
		buf[n] = next();
		if (buf[n] == 0xa5)
			buf[n] = 0xa4;
		n++;
	}
	send_bytes(i, buf, n, how & 0x80);
}

static void leave(int i)
{
	u8 how = next(), reason = how & 4 ? 4 : 0;

	if (how & 1) {
		broker_close(i, -ENOTCONN);
		return;
	}
	if (!links[i].open)
		return;
	if (slots[i].version == MQTTK_V5 && how & 6) {
		put_u8(reason);
		if (how & 8) {
			put_u8(5);
			put_u8(MQTTK_PROP_SESSION_EXPIRY);
			put_u32(how & 16 ? 0 : 20);
		}
	}
	send_packet(i, 0xe0, how & 0xc0);
}

/* Whoever has been silent for too long goes. */
static void pass_time(void)
{
	static const s64 steps[] = { 10, 200, 1000, 3500, 6000, 16000, 61000,
				     4000000 };
	u8 how = next();
	int i;

	shim_advance(steps[how & 7] * NSEC_PER_MSEC);
	for (i = 0; i < SLOTS; i++) {
		struct link *l = &links[i];

		if (!l->open || !l->peer.session)
			continue;
		if (l->peer.keepalive && shim_now - l->last_rx >
		    (s64)l->peer.keepalive * 3 * NSEC_PER_SEC / 2)
			broker_close(i, -ETIME);
		else if (how & 8)
			broker_rest(i);
	}
}

static void administrate(void)
{
	static const u32 values[] = { 0, 1, 2, 5, 100, 5000, 20000, 70000,
				      300000, 4000000 };
	u8 how = next(), value = next();
	struct mqttk_session *s;
	char name[8];

	snprintf(name, sizeof(name), "id%u", value % IDS);
	switch (how & 3) {
	case 0:
		mutex_lock(&broker()->ctl_mutex);
		mqttk_limit_set(&broker()->limits,
				(how >> 2) % MQTTK_LIMIT_NR,
				values[value % ARRAY_SIZE(values)], true);
		mutex_unlock(&broker()->ctl_mutex);
		break;
	case 1:
		rcu_read_lock();
		s = mqttk_session_find(broker(), (u8 *)name, 3);
		rcu_read_unlock();
		if (s && how & 4)
			mqttk_session_end(s, MQTTK_END_ADMIN);
		else if (s)
			mqttk_session_kick(s, 0x98);
		mqttk_session_put(s);
		break;
	case 2:
		mqttk_retain_clear(&broker()->retained,
				   how & 4 ? (const u8 *)"a/#" : NULL,
				   how & 4 ? 3 : 0);
		break;
	default:
		shim_fail_in = 1 + value % 64;
		shim_fail_more = how >> 4;
		break;
	}
}

static void send_all(void)
{
	for (int i = 0; i < SLOTS; i++)
		broker_send(i, 100);
	broker_sent();
}

static void step(void)
{
	u8 what = next();
	int i = what >> 4 & 3;
	u8 how;

	batching = what & 0x80;
	switch (what & 15) {
	case 0:
		how = next();
		connect(i, how, in_left ? in[0] : 0, in_left > 1 ? in[1] : 0,
			in_left > 2 ? in[2] : 0);
		(void)next(), (void)next(), (void)next();
		break;
	case 1:
	case 2:
		publish(i);
		break;
	case 3:
		burst(i);
		break;
	case 4:
	case 5:
		subscribe(i, false);
		break;
	case 6:
		subscribe(i, true);
		break;
	case 7:
		acknowledge(i);
		break;
	case 8:
		how = next();
		local_step(how, next());
		break;
	case 9:
		raw(i);
		break;
	case 10:
		leave(i);
		break;
	case 11:
		pass_time();
		break;
	case 12:
		administrate();
		break;
	case 13:
		broker_send(i, 1 + (what >> 6));
		break;
	case 14:
		send_all();
		break;
	default:
		send_packet(i, 0xc0, 0x80 & what);	/* PINGREQ */
		break;
	}
}

/* Whatever there was: a client that comes now is served. */
static void serve_on(void)
{
	struct mqttk_limits *l = &broker()->limits;

	shim_fail_in = 0;
	shim_fail_more = 0;
	batching = false;
	local_close(0);
	for (int i = 0; i < SLOTS; i++)
		broker_close(i, -ENOTCONN);
	broker_settle();
	mutex_lock(&broker()->ctl_mutex);
	mqttk_limits_reset(l, true);
	mutex_unlock(&broker()->ctl_mutex);
	mqttk_retain_clear(&broker()->retained, NULL, 0);

	begin(0, 0);
	slots[0].version = MQTTK_V311;
	slots[0].client = &clients[0];
	slots[0].clean = true;
	put_str("MQTT");
	put_u8(4);
	put_u8(2);
	put_u16(0);
	put_str("id0");
	send_packet(0, 0x10, 0);
	broker_settle();
	broker_send(0, 10);
	SHIM_CHECK(slots[0].connected);
	/* A topic that only bytes as they are could have named before. */
	clients[0].filters = 1 << (FILTERS - 1);
	put_u16(1);
	put_str(filters[FILTERS - 1]);
	put_u8(2);
	send_packet(0, 0x82, 0);
	put_str(filters[FILTERS - 1]);
	put_u16(5);
	put_u8('x');
	send_packet(0, 0x34, 0);
	broker_send(0, 10);
	SHIM_CHECK(slots[0].nr_unacked >= 1);
}

int fuzz_one(const u8 *data, size_t size)
{
	u8 options;

	in = data;
	in_left = min_t(size_t, size, 1024);
	options = next();
	body_len = 0;
	client_serials_reset();
	for (int i = 0; i < IDS; i++)
		client_forget(&clients[i]);
	for (int i = 0; i < SLOTS; i++) {
		client_reset(i);
		batch_len[i] = 0;
	}
	batching = false;
	broker_start(options & 1);
	while (in_left) {
		step();
		broker_settle();
		broker_check();
	}
	/* Or everything ends while all are there. */
	if (!(options & 2))
		serve_on();
	broker_check();
	broker_stop();
	return 0;
}
