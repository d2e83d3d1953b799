/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the protocol engine share: proto.c, and one for each
 * family of packets.
 */
#ifndef MQTTK_PROTO_IMPL_H
#define MQTTK_PROTO_IMPL_H

#include <linux/gfp_types.h>

#include "proto.h"

struct mqttk_found;

/* Memory that a peer makes us allocate. */
#define MQTTK_GFP_PEER	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* The same, where it may be the quick lane. */
static inline gfp_t mqttk_peer_gfp(const struct mqttk_peer *peer)
{
	return peer->quick ? GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN :
			     MQTTK_GFP_PEER;
}

/* proto.c */
int mqttk_proto_emit(struct mqttk_peer *peer, const u8 *packet, u32 len);
int mqttk_proto_refuse(struct mqttk_peer *peer, u8 reason);
int mqttk_proto_violation(struct mqttk_peer *peer, u8 reason);

/* proto_connect.c */
int mqttk_proto_connect(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			const u8 *body);

/* proto_publish.c */
bool mqttk_proto_reserved(const struct mqttk_peer *peer,
			  const struct mqttk_str *topic);
bool mqttk_proto_mountable(const struct mqttk_peer *peer,
			   const struct mqttk_str *topic);
struct mqttk_msg *mqttk_proto_msg(struct mqttk_peer *peer,
				  const struct mqttk_str *topic,
				  const struct mqttk_props *props,
				  u32 payload_len);
int mqttk_proto_begin_msg(struct mqttk_peer *peer,
			  const struct mqttk_str *topic,
			  const struct mqttk_props *props,
			  struct mqttk_incoming *in);
bool mqttk_proto_claims_text(struct mqttk_peer *peer,
			     const struct mqttk_props *props);

/* proto_held.c */
int mqttk_proto_held_begin(struct mqttk_peer *peer,
			   const struct mqttk_fixed *f,
			   const u8 *body, size_t avail,
			   struct mqttk_incoming *in);
int mqttk_proto_held_make_room(struct mqttk_peer *peer,
			       const struct mqttk_incoming *in);
void mqttk_proto_held_add(struct mqttk_held *held, struct mqttk_msg *msg);

/* proto_repeat.c */
void mqttk_proto_remember(struct mqttk_peer *peer, const struct mqttk_msg *msg,
			  const struct mqttk_found *found);

/* proto_ack.c */
int mqttk_proto_ack(struct mqttk_peer *peer, u8 type, u16 id, u8 reason);
int mqttk_proto_puback(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body);
int mqttk_proto_pubrec(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body);
int mqttk_proto_pubrel(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body);
int mqttk_proto_pubcomp(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			const u8 *body);

/* proto_subscribe.c */
int mqttk_proto_subscribe(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			  const u8 *body);

#endif /* MQTTK_PROTO_IMPL_H */
