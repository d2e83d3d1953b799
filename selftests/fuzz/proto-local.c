// SPDX-License-Identifier: GPL-2.0
/*
 * A reader in this machine: what dev_read.c and dev_ioctl.c are to its session.
 * One at a time; hidden, or by a client identifier that nobody else has.
 */
#include "shim.h"
#include "proto.h"

#include "mqttk/msg.h"
#include "mqttk/replay.h"
#include "mqttk/session.h"
#include "mqttk/via.h"

#define HELD	32

static struct {
	struct mqttk_endpoint ep;
	struct mqttk_session *session;
	struct mqttk_replays replays;
	bool hidden;
	bool acks;
	int ended;
	u16 sent[HELD];
	unsigned int nr_sent;
} me;

/* Filters it asked for, also before it was away. */
static u32 wanted[2];

static void wake(struct mqttk_endpoint *ep)
{
}

static void end(struct mqttk_endpoint *ep, enum mqttk_end why, u8 reason)
{
	me.ended = 1 + why;
}

static const struct mqttk_endpoint_ops ops = { wake, end, .lingers = true };

/* Its session is to go: true if there was one. */
bool local_leaves(void)
{
	if (!me.session || !me.ended)
		return false;
	local_close(0);
	return true;
}

/* Goes; its session stays so many seconds, if it is one that can. */
void local_close(int expiry)
{
	struct mqttk_session_leave how = {
		.expiry = me.hidden ? 0 : expiry,
		.replays = &me.replays,
		.cause = MQTTK_CAUSE_CLIENT,
	};

	if (me.session)
		mqttk_session_leave(me.session, &me.ep, &how);
	me.session = NULL;
}

static void open(bool hidden)
{
	static const u8 id[] = "dev";
	const struct mqttk_session_open how = {
		.id = id, .id_len = 3, .receive_max = 5, .expiry = 30,
	};
	struct mqttk_session *s;
	bool present = false;

	me.ep.ops = &ops;
	me.ended = 0;
	me.hidden = hidden;
	me.acks = !hidden;
	me.nr_sent = 0;
	me.replays.first = NULL;
	s = hidden ? mqttk_session_open_hidden(broker(), &me.ep) :
		     mqttk_session_open(broker(), &how, &me.ep, &present);
	if (IS_ERR(s))
		return;
	me.session = s;
	if (!present)
		wanted[hidden] = 0;
	mqttk_session_announce(s, &me.ep, present);
	mqttk_session_take_replays(s, &me.ep, &me.replays);
}

static void subscribe(u8 how, u8 which)
{
	const u8 *f = (const u8 *)filters[which % FILTERS];
	u16 len = strlen(filters[which % FILTERS]);
	struct mqttk_replay *rp = NULL;
	bool existed;
	int err;

	if (f[0] != '$' || f[1] != 's') {
		rp = mqttk_replay_alloc(me.session, f, len, how & 3);
		if (!rp)
			return;
	}
	err = mqttk_session_subscribe(me.session, &me.ep, f, len, how % 3,
				      how % 3, how & 3, &existed);
	if (!err)
		wanted[me.hidden] |= 1u << which % FILTERS;
	if (err && rp)
		mqttk_replay_discard(me.session, rp);
	if (err || !rp)
		return;
	if (existed)
		mqttk_replays_outdate(&me.replays, me.session);
	mqttk_replay_start(&me.replays, me.session, rp, how % 3);
}

static void check(const struct mqttk_qent *e)
{
	char topic[256];
	u8 *payload;

	SHIM_CHECK(e->qos <= 2 && e->msg->topic_len < sizeof(topic));
	memcpy(topic, e->msg->data, e->msg->topic_len);
	topic[e->msg->topic_len] = 0;
	SHIM_CHECK(client_matches(wanted[me.hidden], topic));
	payload = malloc(e->msg->payload_len ?: 1);
	SHIM_CHECK(payload);
	mqttk_msg_read(e->msg, 0, payload, e->msg->payload_len);
	client_check_payload(topic, payload, e->msg->payload_len);
	free(payload);
}

static void take(unsigned int max)
{
	struct mqttk_qent ents[16];
	unsigned int n, i, k;
	bool more;

	while (!mqttk_replays_empty(&me.replays) &&
	       mqttk_replay_run(&me.replays, me.session) == MQTTK_REPLAY_AGAIN)
		;
	mqttk_session_may_take(me.session, &me.ep);
	n = mqttk_session_take(me.session, &me.ep, ents, max, &more);
	for (i = 0; i < n; i++) {
		if (!ents[i].msg) {
			mqttk_session_ack(me.session, &me.ep, ents[i].id);
			continue;
		}
		check(&ents[i]);
		SHIM_CHECK(!ents[i].id || me.acks);
		for (k = 0; k < me.nr_sent; k++)
			SHIM_CHECK(!ents[i].id || ents[i].id != me.sent[k]);
		if (ents[i].id && me.nr_sent < HELD)
			me.sent[me.nr_sent++] = ents[i].id;
		mqttk_msg_put(ents[i].msg);
		mqttk_via_put(ents[i].via);
	}
}

/* The oldest, all up to one, or one that may not be. */
static void acknowledge(u8 how)
{
	unsigned int nr = me.nr_sent ? 1 + (how >> 2) % me.nr_sent : 0, i;

	if (how & 1 && nr) {
		mqttk_session_ack_upto(me.session, &me.ep, me.sent[nr - 1], 0);
	} else {
		nr = min(nr, 1U);
		mqttk_session_ack(me.session, &me.ep,
				  nr ? me.sent[0] : 1 + how);
	}
	me.nr_sent -= nr;
	for (i = 0; i < me.nr_sent; i++)
		me.sent[i] = me.sent[i + nr];
}

void local_step(u8 how, u8 which)
{
	if (!me.session) {
		open(how & 0x80);
		if (!me.session)
			return;
	}
	switch (how >> 4 & 7) {
	case 0:
	case 1:
		subscribe(how, which);
		break;
	case 2:
		mqttk_session_unsubscribe(me.session, &me.ep,
					  (const u8 *)filters[which % FILTERS],
					  strlen(filters[which % FILTERS]));
		break;
	case 3:
		if (!me.acks && !wanted[me.hidden] &&
		    !mqttk_session_want_acks(me.session, &me.ep, 1 + which % 8))
			me.acks = true;
		break;
	case 4:
		acknowledge(which);
		break;
	case 5:
		mqttk_session_limit_queue(me.session, &me.ep, which & 15,
					  which << 4);
		break;
	case 6:
		if (which & 0x80)
			local_close(which & 31);
		else
			mqttk_session_rest(me.session);
		break;
	default:
		take(1 + which % 16);
		break;
	}
}
