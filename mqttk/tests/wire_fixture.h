/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the wire format have in common.
 */
#ifndef _MQTTK_WIRE_FIXTURE_H
#define _MQTTK_WIRE_FIXTURE_H

#include <kunit/test.h>
#include <linux/string.h>

#include "../wire.h"

/* A buffer of exactly @len bytes, so that KASAN sees a read beyond it. */
static inline u8 *exact(struct kunit *test, const void *p, size_t len)
{
	u8 *buf = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	if (len)
		memcpy(buf, p, len);
	return buf;
}

/* Decodes what follows a fixed header by the decoder of its type. */
static inline int decode_body(u8 version, const struct mqttk_fixed *f,
			      const u8 *body, size_t len)
{
	union {
		struct mqttk_connect connect;
		struct mqttk_publish publish;
		struct mqttk_ack ack;
		struct mqttk_sub_iter it;
		struct mqttk_disconnect disconnect;
		struct mqttk_auth auth;
	} u;

	switch (f->type) {
	case MQTTK_CONNECT:
		return mqttk_wire_connect(body, len, &u.connect);
	case MQTTK_PUBLISH:
		return mqttk_wire_publish(version, f->flags, f->remaining,
					  body, len, &u.publish);
	case MQTTK_PUBACK:
	case MQTTK_PUBREC:
	case MQTTK_PUBREL:
	case MQTTK_PUBCOMP:
		return mqttk_wire_ack(version, f->type, body, len, &u.ack);
	case MQTTK_SUBSCRIBE:
	case MQTTK_UNSUBSCRIBE:
		return mqttk_wire_subscribe(version, f->type, body, len, &u.it);
	case MQTTK_DISCONNECT:
		return mqttk_wire_disconnect(version, body, len, &u.disconnect);
	case MQTTK_AUTH:
		return mqttk_wire_auth(body, len, &u.auth);
	default:	/* a broker receives no body of any other type */
		return 0;
	}
}

static inline bool has_decoder(u8 type)
{
	return type != MQTTK_CONNACK && type != MQTTK_SUBACK &&
	       type != MQTTK_UNSUBACK && type != MQTTK_PINGREQ &&
	       type != MQTTK_PINGRESP;
}

static inline bool str_is(const struct mqttk_str *s, const char *want,
			  size_t len)
{
	return s->len == len && (!len || !memcmp(s->p, want, len));
}

#define STR_IS(s, want) str_is(s, want, sizeof(want) - 1)

#endif /* _MQTTK_WIRE_FIXTURE_H */
