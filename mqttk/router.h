/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The router: from a published message to the queues of its receivers.
 */
#ifndef MQTTK_ROUTER_H
#define MQTTK_ROUTER_H

#include <linux/types.h>

struct mqttk_filter;
struct mqttk_msg;
struct mqttk_net;
struct mqttk_qent;
struct mqttk_session;

/* References to each message that mqttk_router_publish_again() takes over. */
#define MQTTK_ROUTER_REFS	64

/**
 * struct mqttk_found - what a topic matches, for who publishes to it again
 * @filter: the only filter; NULL: there is not just one, or groups share it. Only
 *	to be looked at under RCU, while @changes holds
 * @changes: mqttk_index_changes() before it was found
 * @matched: the topic matches any
 */
struct mqttk_found {
	struct mqttk_filter *filter;
	u64 changes;
	bool matched;
};

unsigned int mqttk_router_publish(struct mqttk_net *mn, struct mqttk_msg *msg,
				  const struct mqttk_session *from,
				  bool *matched);
int mqttk_router_publish_quick(struct mqttk_net *mn, struct mqttk_msg *msg,
			       const struct mqttk_session *from,
			       struct mqttk_found *found);
int mqttk_router_publish_again(struct mqttk_net *mn,
			       struct mqttk_msg *const *msgs, unsigned int nr,
			       const struct mqttk_session *from,
			       const struct mqttk_found *found);
unsigned int mqttk_router_publish_run(struct mqttk_net *mn,
				      struct mqttk_msg *const *msgs,
				      unsigned int nr,
				      const struct mqttk_session *from, bool quick);
bool mqttk_router_joins(const struct mqttk_msg *msg);
int mqttk_router_retain(struct mqttk_net *mn, struct mqttk_msg *msg);
void mqttk_router_will(struct mqttk_net *mn, struct mqttk_msg *will,
		       const struct mqttk_session *from);
void mqttk_router_reroute(struct mqttk_net *mn, struct mqttk_qent *e);

#endif /* MQTTK_ROUTER_H */
