// SPDX-License-Identifier: GPL-2.0
/*
 * PUBACK, PUBREC, PUBREL and PUBCOMP, in both directions.
 *
 * Comments that begin with "qos2:" are rows of selftests/model/qos2.table.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/unaligned.h>

#include "net.h"
#include "proto_impl.h"
#include "session.h"

/* Bytes of one that says no more than its identifier: success. */
#define ACK_PLAIN	4

/**
 * mqttk_proto_ack - have PUBACK, PUBREC, PUBREL or PUBCOMP sent
 * @peer: the connection
 * @type: which of them
 * @id: packet identifier
 * @reason: enum mqttk_reason; before 5.0 it is not told
 *
 * Return: as mqttk_proto_emit()
 */
int mqttk_proto_ack(struct mqttk_peer *peer, u8 type, u16 id, u8 reason)
{
	u8 buf[MQTTK_ACK_MAX];

	return mqttk_proto_emit(peer, buf,
				mqttk_wire_put_ack(buf, peer->version, type,
						   id, reason));
}

/* -- of what the client sent -------------------------------------------- */

/**
 * mqttk_proto_pubrel - PUBREL came: the client will not send a message again
 * @peer: the connection
 * @f: its fixed header
 * @body: its body
 *
 * Return: 0 or an error, see proto.c
 */
int mqttk_proto_pubrel(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body)
{
	u8 reason = MQTTK_REASON_SUCCESS;
	struct mqttk_ack ack;
	int err;

	err = mqttk_wire_ack(peer->version, f->type, body, f->remaining, &ack);
	if (err)
		return err;
	err = mqttk_session_release(peer->session, &peer->ep, ack.id);
	switch (err) {
	case 0:
		/* qos2: receiver KNOWN PUBREL -> pubcomp UNKNOWN */
		if (peer->unreleased)
			peer->unreleased--;
		break;
	case -ENOENT:
		/* qos2: receiver UNKNOWN PUBREL -> pubcomp_unknown UNKNOWN */
		reason = MQTTK_REASON_PACKET_ID_NOT_FOUND;
		break;
	default:
		return err;
	}
	return mqttk_proto_ack(peer, MQTTK_PUBCOMP, ack.id, reason);
}

/* -- of what was sent to the client ------------------------------------- */

/* An answer that comes twice, or too late, does no harm. */
static int unless_unknown(int err)
{
	return err == -ENOENT ? 0 : err;
}

/**
 * mqttk_proto_puback - PUBACK came
 * @peer: the connection
 * @f: its fixed header
 * @body: its body
 *
 * Whatever it says, the message is not sent again.
 *
 * Return: 0 or an error, see proto.c
 */
int mqttk_proto_puback(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body)
{
	struct mqttk_ack ack;
	int err;

	err = mqttk_wire_ack(peer->version, f->type, body, f->remaining, &ack);
	if (err)
		return err;
	return unless_unknown(mqttk_session_puback(peer->session, &peer->ep,
						   ack.id));
}

/**
 * mqttk_proto_pubrec - PUBREC came
 * @peer: the connection
 * @f: its fixed header
 * @body: its body
 *
 * Return: 0 or an error, see proto.c
 */
int mqttk_proto_pubrec(struct mqttk_peer *peer, const struct mqttk_fixed *f,
		       const u8 *body)
{
	u8 reason = MQTTK_REASON_SUCCESS;
	struct mqttk_ack ack;
	bool refused;
	int err;

	err = mqttk_wire_ack(peer->version, f->type, body, f->remaining, &ack);
	if (err)
		return err;
	refused = ack.reason >= MQTTK_REASON_UNSPECIFIED_ERROR;
	err = mqttk_session_pubrec(peer->session, &peer->ep, ack.id, refused);
	if (refused) {
		/*
		 * qos2: sender PUBLISHED REFUSED -> give_up FREE
		 * qos2: sender FREE REFUSED -> ignore FREE
		 */
		return unless_unknown(err);
	}
	/*
	 * qos2: sender PUBLISHED PUBREC -> pubrel RELEASED
	 * qos2: sender RELEASED PUBREC -> pubrel RELEASED
	 */
	if (err == -ENOENT) {
		/* qos2: sender FREE PUBREC -> pubrel_unknown FREE */
		reason = MQTTK_REASON_PACKET_ID_NOT_FOUND;
		err = 0;
	}
	return err ?: mqttk_proto_ack(peer, MQTTK_PUBREL, ack.id, reason);
}

/**
 * mqttk_proto_pubcomp - PUBCOMP came
 * @peer: the connection
 * @f: its fixed header
 * @body: its body
 *
 * Return: 0 or an error, see proto.c
 */
int mqttk_proto_pubcomp(struct mqttk_peer *peer, const struct mqttk_fixed *f,
			const u8 *body)
{
	struct mqttk_ack ack;
	int err;

	err = mqttk_wire_ack(peer->version, f->type, body, f->remaining, &ack);
	if (err)
		return err;
	/*
	 * qos2: sender RELEASED PUBCOMP -> complete FREE
	 * qos2: sender FREE PUBCOMP -> ignore FREE
	 * qos2: sender PUBLISHED PUBCOMP -> protocol_error PUBLISHED
	 */
	return unless_unknown(mqttk_session_pubcomp(peer->session, &peer->ep,
						    ack.id));
}

/* -- several at once ----------------------------------------------------- */

/* How many plain ones of the same kind a buffer begins with. */
static unsigned int count_plain(const u8 *buf, size_t len, u16 *ids)
{
	unsigned int max = min_t(size_t, len / ACK_PLAIN, MQTTK_ACKS_MAX);
	u8 first = buf[0];
	unsigned int n;

	if (first != (MQTTK_PUBACK << 4) && first != (MQTTK_PUBREC << 4) &&
	    first != (MQTTK_PUBREL << 4 | 2) && first != (MQTTK_PUBCOMP << 4))
		return 0;
	for (n = 0; n < max; n++, buf += ACK_PLAIN) {
		if (buf[0] != first || buf[1] != ACK_PLAIN - 2)
			break;
		ids[n] = get_unaligned_be16(buf + 2);
		if (!ids[n])
			break;
	}
	return n;
}

/* The answer to one; 0: there is none. */
static u8 answer_to(enum mqttk_ptype type)
{
	/* qos2: sender PUBLISHED PUBREC -> pubrel RELEASED */
	if (type == MQTTK_PUBREC)
		return MQTTK_PUBREL;
	/* qos2: receiver KNOWN PUBREL -> pubcomp UNKNOWN */
	return type == MQTTK_PUBREL ? MQTTK_PUBCOMP : 0;
}

static int answer_all(struct mqttk_peer *peer, u8 answer, const u16 *ids,
		      unsigned int nr, u32 unknown)
{
	u8 buf[MQTTK_ACKS_MAX * MQTTK_ACK_MAX];
	unsigned int i, len = 0;
	u8 reason;

	for (i = 0; i < nr; i++) {
		reason = unknown & BIT(i) ? MQTTK_REASON_PACKET_ID_NOT_FOUND :
					    MQTTK_REASON_SUCCESS;
		len += mqttk_wire_put_ack(buf + len, peer->version, answer,
					  ids[i], reason);
	}
	return mqttk_out_append(&peer->out, &peer->mn->limits, buf, len, nr,
				mqttk_peer_gfp(peer));
}

/**
 * mqttk_proto_acks - acknowledgments may have come that can be taken together
 * @peer: the connection
 * @buf: what came
 * @len: its bytes, at least 1
 *
 * Those of one kind, one behind the other, that say nothing but their packet
 * identifiers and are no errors.
 *
 * Context: process, may sleep; or the quick lane.
 * Return: bytes of them; 0: what is there goes the usual way; or an error, see
 *	proto.c
 */
int mqttk_proto_acks(struct mqttk_peer *peer, const u8 *buf, size_t len)
{
	u16 ids[MQTTK_ACKS_MAX];
	unsigned int n, known;
	u8 type = buf[0] >> 4;
	u8 answer = answer_to(type);
	u32 unknown;
	int err = 0;

	if (peer->state != MQTTK_PEER_CONNECTED)
		return 0;
	n = count_plain(buf, len, ids);
	if (!n)
		return 0;
	/*
	 * Before anything is done: later there is no way back. What was
	 * reserved may be sent meanwhile with what was in it; then once more.
	 */
	if (answer && (peer->max_packet_size < MQTTK_ACK_MAX ||
		       mqttk_out_reserve(&peer->out, &peer->mn->limits,
					 n * MQTTK_ACK_MAX,
					 mqttk_peer_gfp(peer))))
		return 0;
	n = mqttk_session_acks(peer->session, &peer->ep, type, ids, n, &unknown);
	if (!n)
		return 0;
	mqttk_stat_add(peer->mn, MQTTK_STAT_PACKETS_RECEIVED, n);
	if (type == MQTTK_PUBREL) {
		known = n - hweight32(unknown);
		peer->unreleased -= min_t(unsigned int, peer->unreleased, known);
	}
	if (answer)
		err = answer_all(peer, answer, ids, n, unknown);
	return err ?: n * ACK_PLAIN;
}
