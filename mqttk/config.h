/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration: what a broker shall be like, all of it, at once or not.
 */
#ifndef MQTTK_CONFIG_H
#define MQTTK_CONFIG_H

#include "limits.h"
#include "listener.h"

struct mqttk_acl;

/**
 * struct mqttk_config_listener - a listener that there shall be
 * @config: where and on what terms; a reference to them
 * @ln: which serves: there already, or new
 * @sock: what it is to listen by; NULL: what it has
 * @fresh: @ln is new
 * @moved: @ln is another one that goes on here
 *
 * All but @config is mqttk_config_apply()'s.
 */
struct mqttk_config_listener {
	struct mqttk_listener_config config;
	struct mqttk_listener *ln;
	struct socket *sock;
	bool fresh;
	bool moved;
};

/**
 * struct mqttk_config - what a broker shall be like
 * @listeners: all there shall be, in this order
 * @nr: how many
 * @check: only say whether it could be
 * @limits: all of them, each one permitted
 * @acl: the access control list there shall be, or NULL; taken over, then NULL,
 *	if it is put into force
 * @bad: set on errors: which of @listeners is at fault; -1: none
 */
struct mqttk_config {
	struct mqttk_config_listener *listeners;
	unsigned int nr;
	bool check;
	unsigned long limits[MQTTK_LIMIT_NR];
	struct mqttk_acl *acl;
	int bad;
};

int mqttk_config_apply(struct mqttk_net *mn, struct mqttk_config *c,
		       struct netlink_ext_ack *extack);

#endif /* MQTTK_CONFIG_H */
