// SPDX-License-Identifier: GPL-2.0
/*
 * In place of props.c, where packets are proved: any verdict on a property list,
 * and any values that it may have. That props.c stays inside a list, and that
 * what it says of one is so, is proved in props.c.
 */
#include <linux/errno.h>

#include "mqttk/props.h"

#include "proof.h"

struct mqttk_props nondet_props(void);

void mqttk_props_init(struct mqttk_props *p)
{
	*p = (struct mqttk_props){
		.max_packet_size = MQTTK_PACKET_SIZE_UNLIMITED,
		.receive_max = MQTTK_RECEIVE_MAX_DEFAULT,
		.request_problem_info = 1,
	};
}

int mqttk_props_decode(u8 context, const u8 *buf, size_t len,
		       struct mqttk_props *p)
{
	u8 verdict = nondet_u8();

	CHECK(context <= 15);
	CHECK(!len || __CPROVER_r_ok(buf, len));
	if (verdict == 1)
		return -EBADMSG;
	if (verdict == 2)
		return -EPROTO;
	if (verdict == 3)
		return -EADDRNOTAVAIL;
	*p = nondet_props();
	p->raw = buf;
	p->raw_len = len;
	ASSUME(!len == !p->has);
	ASSUME(p->receive_max && p->max_packet_size);
	return 0;
}
