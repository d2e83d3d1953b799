/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Retained messages for a new subscription, given at the pace of who gets
 * them: `#` over a million of them neither fills a queue nor stalls anybody.
 */
#ifndef MQTTK_REPLAY_H
#define MQTTK_REPLAY_H

#include <linux/types.h>

struct mqttk_replay;
struct mqttk_session;

/**
 * enum mqttk_replay_state - where mqttk_replay_run() stopped
 * @MQTTK_REPLAY_DONE: nothing is left
 * @MQTTK_REPLAY_FULL: the queue has enough for now: run again when it drained
 * @MQTTK_REPLAY_AGAIN: its turn is over: run again soon
 */
enum mqttk_replay_state {
	MQTTK_REPLAY_DONE,
	MQTTK_REPLAY_FULL,
	MQTTK_REPLAY_AGAIN,
};

/**
 * struct mqttk_replays - replays in the order of the subscriptions
 * @first: the oldest; NULL: there are none. The others stand behind it in a ring
 *
 * Hardly any client has some, and each has room for them twice: so it is no
 * &struct list_head. Whoever is the session's endpoint has its own to itself.
 */
struct mqttk_replays {
	struct mqttk_replay *first;
};

/* Also without what keeps others away: then it is an instant's guess. */
static inline bool mqttk_replays_empty(const struct mqttk_replays *r)
{
	return !READ_ONCE(r->first);
}

void mqttk_replays_join(struct mqttk_replays *r, struct mqttk_replays *from);
void mqttk_replays_free(struct mqttk_replays *r, struct mqttk_session *s);
void mqttk_replays_outdate(struct mqttk_replays *r, struct mqttk_session *s);
struct mqttk_replay *mqttk_replay_alloc(struct mqttk_session *s,
					const u8 *filter, u16 len, u32 id);
void mqttk_replay_discard(struct mqttk_session *s, struct mqttk_replay *rp);
void mqttk_replay_start(struct mqttk_replays *r, struct mqttk_session *s,
			struct mqttk_replay *rp, u8 qos);
enum mqttk_replay_state mqttk_replay_run(struct mqttk_replays *r,
					 struct mqttk_session *s);

#endif /* MQTTK_REPLAY_H */
