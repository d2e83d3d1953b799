// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl reset: back to the state just after loading.
 */
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

/**
 * cmd_reset - `mqttkctl reset`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_reset(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "help")) {
		puts("usage: mqttkctl reset");
		return OK;
	}
	if (argc > 1)
		return usage_error("reset: %s: no words follow", argv[1]);
	return nl_failed("reset", NULL,
			 nl_talk(nl_request(MQTTK_CMD_RESET, false), 0, NULL));
}
