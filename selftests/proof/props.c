// SPDX-License-Identifier: GPL-2.0
/*
 * props.c, for all property lists up to N bytes on every packet: nothing is read
 * that is not in the list, nothing is written beyond what was announced, and what
 * is forwarded is a list of which all is forwarded.
 */
#include <linux/errno.h>

#include "mqttk/wire.h"

#include "proof.h"

static void check_str(const u8 *p, size_t len, const struct mqttk_str *s)
{
	CHECK(!s->len || (s->p >= p && s->p + s->len <= p + len));
}

static void check_decode(const u8 *p, size_t len)
{
	u8 context = nondet_u8() & 0x0f;
	struct mqttk_props props;
	int ret = mqttk_props_decode(context, p, len, &props);

	CHECK(ret == 0 || ret == -EBADMSG || ret == -EPROTO ||
	      ret == -EADDRNOTAVAIL);
	if (ret)
		return;
	CHECK(props.raw == p && props.raw_len == len && !len == !props.has);
	CHECK(props.receive_max && props.max_packet_size);
	CHECK(props.payload_format <= 1 && props.request_problem_info <= 1 &&
	      props.request_response_info <= 1);
	CHECK(props.subscription_id <= MQTTK_REMAINING_MAX);
	CHECK(!mqttk_props_has(&props, MQTTK_PROP_TOPIC_ALIAS) ==
	      !props.topic_alias);
	CHECK(!mqttk_props_has(&props, MQTTK_PROP_AUTH_DATA) ||
	      mqttk_props_has(&props, MQTTK_PROP_AUTH_METHOD));
	check_str(p, len, &props.content_type);
	check_str(p, len, &props.response_topic);
	check_str(p, len, &props.correlation_data);
	check_str(p, len, &props.auth_method);
	check_str(p, len, &props.auth_data);
	check_str(p, len, &props.reason_string);
}

void proof_props(void)
{
	for_each_input(p, len, N)
		check_decode(p, len);
}

/* Lists that nobody has judged, too: it is to stay inside them. */
static void check_forward(const u8 *p, size_t len)
{
	u32 n = mqttk_props_forward_len(p, len);
	u8 *to;

	CHECK(n <= len);
	to = malloc(n);
	CHECK(mqttk_props_forward(to, p, len) == n);
	CHECK(mqttk_props_forward_len(to, n) == n);
}

void proof_forward(void)
{
	for_each_input(p, len, N)
		check_forward(p, len);
}
