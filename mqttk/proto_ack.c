// SPDX-License-Identifier: GPL-2.0
/*
 * PUBACK, PUBREC, PUBREL and PUBCOMP, in both directions.
 *
 * Comments that begin with "qos2:" are rows of selftests/model/qos2.table.
 */
#include "proto_impl.h"
#include "session.h"

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
