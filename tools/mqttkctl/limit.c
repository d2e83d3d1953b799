// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl limit: limits and memory budgets.
 */
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

static void show_one(const struct nlattr **attrs)
{
	out_begin(NULL);
	out_str("name", "", nl_str(attrs[MQTTK_A_LIMIT_NAME]));
	out_uint("value", "", nl_uint(attrs[MQTTK_A_LIMIT_VALUE]));
	out_str("unit", "", nl_str(attrs[MQTTK_A_LIMIT_UNIT]));
	out_uint("default", "default", nl_uint(attrs[MQTTK_A_LIMIT_DEFAULT]));
	out_uint("minimum", "minimum", nl_uint(attrs[MQTTK_A_LIMIT_MINIMUM]));
	out_uint("maximum", "maximum", nl_uint(attrs[MQTTK_A_LIMIT_MAXIMUM]));
	if (attrs[MQTTK_A_LIMIT_USED])
		out_uint("used", "used", nl_uint(attrs[MQTTK_A_LIMIT_USED]));
	if (attrs[MQTTK_A_LIMIT_OVERFLOWS])
		out_uint("overflows", "overflows",
			 nl_uint(attrs[MQTTK_A_LIMIT_OVERFLOWS]));
	out_end();
}

/* False if no limit can be called so. */
static bool put_name(struct nlmsghdr *nlh, const char *name)
{
	if (strlen(name) > MQTTK_LIMIT_NAME_MAX)
		return false;
	mnl_attr_put_strz(nlh, MQTTK_A_LIMIT_NAME, name);
	return true;
}

static int do_show(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	int err;

	if (argc > 2)
		return usage_error("limit show: one name, or none");
	nlh = nl_request(MQTTK_CMD_LIMIT_GET, argc < 2);
	if (argc == 2 && !put_name(nlh, argv[1]))
		return usage_error("limit show: %s: no such limit", argv[1]);
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_LIMIT_MAX, show_one);
	out_list_end();
	return nl_failed("limit show", argc == 2 ? argv[1] : NULL, err);
}

static int do_set(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	__u64 value;
	char what[64];

	if (argc != 3)
		return usage_error("limit set: which one, and to what? NAME VALUE");
	if (!parse_number(argv[2], &value))
		return usage_error("limit set: %s: %s: not a number (K, M and G may follow one)",
				   argv[1], argv[2]);
	nlh = nl_request(MQTTK_CMD_LIMIT_SET, false);
	if (!put_name(nlh, argv[1]))
		return usage_error("limit set: %s: no such limit", argv[1]);
	nl_put_uint(nlh, MQTTK_A_LIMIT_VALUE, value);
	snprintf(what, sizeof(what), "%s: %s", argv[1], argv[2]);
	return nl_failed("limit set", what,
			 nl_talk(nlh, MQTTK_A_LIMIT_MAX, NULL));
}

static const struct command verbs[] = {
	{ "show", do_show, false, "[NAME]" },
	{ "set", do_set, false, "NAME VALUE[K|M|G]" },
	{ }
};

/**
 * cmd_limit - `mqttkctl limit ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_limit(int argc, char **argv)
{
	return run_verb("limit", verbs, argc, argv);
}
