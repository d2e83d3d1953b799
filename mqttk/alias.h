/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Topic aliases of one connection: small numbers that stand for topics, those
 * that its client has set and those that we have.
 */
#ifndef MQTTK_ALIAS_H
#define MQTTK_ALIAS_H

#include <linux/types.h>

#include "topic.h"

struct mqttk_alias_slot;
struct mqttk_alias_topic;
struct mqttk_limits;

/* More than so many are not set, whatever a client would take. */
#define MQTTK_ALIASES_OUT_MAX	64

/**
 * struct mqttk_aliases_in - what the client's aliases stand for
 * @topics: by alias less 1; NULL where none is set. NULL until one is
 * @size: entries of @topics
 * @max: the highest alias the client was told it may use, 0: none
 *
 * Only the conn's own work touches it.
 */
struct mqttk_aliases_in {
	struct mqttk_alias_topic **topics;
	u16 size;
	u16 max;
};

/**
 * struct mqttk_aliases_out - which topics the client knows by an alias
 * @slots: by alias less 1; NULL: none is ever set
 * @limits: who pays, as MQTTK_BUDGET_CLIENT
 * @tentative: bit by slot: a message that sets it is being gathered
 * @nr: of @slots
 * @seed: of the hash by which a topic has its slot
 *
 * Set up before senders see the connection; theirs from then on.
 */
struct mqttk_aliases_out {
	struct mqttk_alias_slot *slots;
	struct mqttk_limits *limits;
	u64 tentative;
	u16 nr;
	u32 seed;
};

int mqttk_alias_in_set(struct mqttk_aliases_in *a, struct mqttk_limits *limits,
		       u16 alias, const struct mqttk_str *topic);
int mqttk_alias_in_get(const struct mqttk_aliases_in *a, u16 alias,
		       struct mqttk_str *topic);
void mqttk_aliases_in_free(struct mqttk_aliases_in *a,
			   struct mqttk_limits *limits);

int mqttk_aliases_out_init(struct mqttk_aliases_out *a,
			   struct mqttk_limits *limits, u16 max);
void mqttk_aliases_out_free(struct mqttk_aliases_out *a);
void mqttk_alias_out_begin(struct mqttk_aliases_out *a);
u16 mqttk_alias_out_find(struct mqttk_aliases_out *a, const u8 *topic, u16 len,
			 bool *known);
void mqttk_alias_out_commit(struct mqttk_aliases_out *a, const u8 *topic,
			    u16 len, u16 alias);
void mqttk_alias_out_cancel(struct mqttk_aliases_out *a, u16 alias);

#endif /* MQTTK_ALIAS_H */
