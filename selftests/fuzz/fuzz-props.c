// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for props.c: any list on any packet is judged and read as the
 * oracle does it, and what is forwarded is what the oracle forwards.
 *
 * Input: a byte whose low nibble is the packet type, 0 for the will; the list.
 */
#include <errno.h>
#include <string.h>

#include "mqttk/tests/props_oracle.h"
#include "mqttk/wire.h"

#include "fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
	SEED("\x00\x18\0\0\0\1\1\1\2\0\0\0\2\3\0\1t\x08\0\1r\x09\0\1\xff"),
	SEED("\x01\x11\0\0\0\x0a\x21\0\x14\x27\0\1\0\0\x22\0\x0a\x19\1\x17\0"),
	SEED("\x01\x15\0\1m\x16\0\2\0\xff\x26\0\1k\0\1v\x26\0\1k\0\1w"),
	SEED("\x02\x12\0\2id\x13\0\x3c\x1a\0\1r\x1c\0\1s\x24\1\x25\1\x28\1\x29\1"
	     "\x2a\1\x1f\0\2no"),
	SEED("\x03\1\0\2\0\0\0\1\x23\0\1\x08\0\3r/t\x09\0\1c\x0b\1\x0b\x80\1\3\0"
	     "\1t\x26\0\1a\0\1b"),
	SEED("\x04\x1f\0\3why\x26\0\0\0\0"),
	SEED("\x08\x0b\xff\xff\xff\x7f\x26\0\1a\0\2\xc3\xa4"),
	SEED("\x0e\x11\xff\xff\xff\xff\x1f\0\1x\x1c\0\1y"),
	SEED("\x0f\x15\0\1m\x16\0\0\x1f\0\0\x26\0\1a\0\1b"),
};

const size_t fuzz_nr_seeds = sizeof(fuzz_seeds) / sizeof(*fuzz_seeds);

static void check_number(const struct oracle_props *o, unsigned int id,
			 u32 got, u32 otherwise)
{
	CHECK(got == (o->seen[id] ? o->number[id] : otherwise));
}

static void check_string(const struct oracle_props *o, unsigned int id,
			 const struct mqttk_str *got)
{
	CHECK(got->len == o->len[id] && got->p == o->str[id]);
}

static void check_fields(const struct oracle_props *o,
			 const struct mqttk_props *p)
{
	unsigned int id;

	for (id = 0; id < ORACLE_PROPS; id++)
		CHECK(mqttk_props_has(p, id) == !!o->seen[id]);
	check_number(o, 0x11, p->session_expiry, 0);
	check_number(o, 0x18, p->will_delay, 0);
	check_number(o, 0x02, p->message_expiry, 0);
	check_number(o, 0x27, p->max_packet_size, 0xffffffff);
	check_number(o, 0x0b, p->subscription_id, 0);
	check_number(o, 0x21, p->receive_max, 65535);
	check_number(o, 0x22, p->topic_alias_max, 0);
	check_number(o, 0x23, p->topic_alias, 0);
	check_number(o, 0x01, p->payload_format, 0);
	check_number(o, 0x17, p->request_problem_info, 1);
	check_number(o, 0x19, p->request_response_info, 0);
	check_string(o, 0x03, &p->content_type);
	check_string(o, 0x08, &p->response_topic);
	check_string(o, 0x09, &p->correlation_data);
	check_string(o, 0x15, &p->auth_method);
	check_string(o, 0x16, &p->auth_data);
	check_string(o, 0x1f, &p->reason_string);
}

static void check_forward(const struct oracle_props *o, const u8 *list, u32 len)
{
	u32 n = mqttk_props_forward_len(list, len);
	u8 *buf = malloc(n ? n : 1);

	CHECK(buf && n == o->forward_len);
	CHECK(mqttk_props_forward(buf, list, len) == n);
	CHECK(!memcmp(buf, o->forward, n));
	/* What is forwarded is a list again, and all of it is. */
	CHECK(mqttk_props_forward_len(buf, n) == n);
	free(buf);
}

int fuzz_one(const u8 *data, size_t size)
{
	struct oracle_props o = { 0 };
	struct mqttk_props p;
	u8 context;
	int want;

	if (!size)
		return 0;
	context = data[0] & 0x0f;
	data++;
	size--;
	o.forward = malloc(size ? size : 1);
	CHECK(o.forward);
	want = oracle_props(context, data, size, &o);
	CHECK(mqttk_props_decode(context, data, size, &p) == want);
	if (!want) {
		CHECK(p.raw == data && p.raw_len == size);
		check_fields(&o, &p);
		if (context == 0 || context == MQTTK_PUBLISH)
			check_forward(&o, data, size);
	}
	free(o.forward);
	return 0;
}
