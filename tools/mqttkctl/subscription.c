// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl subscription: who is subscribed to what.
 */
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

#define FILTER_MAX	65535	/* of MQTT */

static const struct which_attrs which = {
	.id = MQTTK_A_SUBSCRIPTION_CLIENT_ID,
	.index = MQTTK_A_SUBSCRIPTION_INDEX,
};

/*
 * The filter to show, where a client was named too: the kernel goes by one of
 * them, and a client's are fewer.
 */
static const char *only_filter;

static bool is_wanted(const struct nlattr **attrs)
{
	const char *filter = nl_str(attrs[MQTTK_A_SUBSCRIPTION_FILTER]);
	const struct nlattr *whole = attrs[MQTTK_A_SUBSCRIPTION_FILTER_LENGTH];

	if (!only_filter)
		return true;
	/* Of a long one only the beginning is here. */
	if (whole)
		return nl_uint(whole) == strlen(only_filter) &&
		       !strncmp(filter, only_filter, strlen(filter));
	return !strcmp(filter, only_filter);
}

static void show_client(const struct nlattr **attrs)
{
	const struct nlattr *id = attrs[MQTTK_A_SUBSCRIPTION_CLIENT_ID];
	const struct nlattr *whole =
		attrs[MQTTK_A_SUBSCRIPTION_CLIENT_ID_LENGTH];

	if (id)
		out_str("client", "", nl_str(id));
	else
		out_word("-");
	if (whole) {
		out_word("...");
		out_uint("client_length", "client-length", nl_uint(whole));
	}
	out_uint("index", NULL, nl_uint(attrs[MQTTK_A_SUBSCRIPTION_INDEX]));
	/* To be named by where there is no identifier, or not all of it. */
	if (!id || whole)
		out_uint(NULL, "index",
			 nl_uint(attrs[MQTTK_A_SUBSCRIPTION_INDEX]));
}

static void show_flag(const char *key, const char *word,
		      const struct nlattr *attr)
{
	if (!attr)
		return;
	out_bool(key, NULL, nl_uint(attr));
	if (nl_uint(attr))
		out_word(word);
}

static void show_one(const struct nlattr **attrs)
{
	const struct nlattr *handling =
		attrs[MQTTK_A_SUBSCRIPTION_RETAIN_HANDLING];
	const struct nlattr *whole = attrs[MQTTK_A_SUBSCRIPTION_FILTER_LENGTH];

	if (!is_wanted(attrs))
		return;
	out_begin(NULL);
	show_client(attrs);
	out_str("filter", "filter", nl_str(attrs[MQTTK_A_SUBSCRIPTION_FILTER]));
	if (whole) {
		out_word("...");
		out_uint("filter_length", "filter-length", nl_uint(whole));
	}
	out_uint("qos", "qos", nl_uint(attrs[MQTTK_A_SUBSCRIPTION_QOS]));
	show_flag("no_local", "no-local",
		  attrs[MQTTK_A_SUBSCRIPTION_NO_LOCAL]);
	show_flag("retain_as_published", "retain-as-published",
		  attrs[MQTTK_A_SUBSCRIPTION_RETAIN_AS_PUBLISHED]);
	if (handling)
		out_uint("retain_handling",
			 nl_uint(handling) ? "retain-handling" : NULL,
			 nl_uint(handling));
	if (attrs[MQTTK_A_SUBSCRIPTION_IDENTIFIER])
		out_uint("identifier", "identifier",
			 nl_uint(attrs[MQTTK_A_SUBSCRIPTION_IDENTIFIER]));
	out_end();
}

/* `client WHO`, `filter FILTER`, both or nothing; 0 or an exit status. */
static int put_words(struct nlmsghdr *nlh, const char **what, int argc,
		     char **argv)
{
	bool client = false;
	int err;

	while (argc) {
		bool is_client = is_short_for(*argv, "client");

		if (!is_client && !is_short_for(*argv, "filter"))
			return usage_error("subscription show: %s: must be client or filter",
					   *argv);
		if (is_client ? client : !!only_filter)
			return usage_error("subscription show: %s: one, or none",
					   *argv);
		argc--;
		argv++;
		if (is_client) {
			err = put_which(nlh, &which, "subscription show client",
					&argc, &argv);
			if (err)
				return err;
			client = true;
			*what = argv[-1];
			continue;
		}
		if (!argc)
			return usage_error("subscription show: filter: which one?");
		if (!**argv || strlen(*argv) > FILTER_MAX)
			return usage_error("subscription show: filter: must have 1 to %d bytes",
					   FILTER_MAX);
		only_filter = *argv;
		argc--;
		argv++;
	}
	if (only_filter && !client) {
		if (!nl_fits(only_filter))
			return usage_error("subscription show: filter: too long without a client");
		mnl_attr_put_strz(nlh, MQTTK_A_SUBSCRIPTION_FILTER,
				  only_filter);
		*what = only_filter;
		only_filter = NULL;
	}
	return 0;
}

static int do_show(int argc, char **argv)
{
	struct nlmsghdr *nlh = nl_request(MQTTK_CMD_SUBSCRIPTION_GET, true);
	const char *what = NULL;
	int err;

	err = put_words(nlh, &what, argc > 1 ? argc - 1 : 0, argv + 1);
	if (err)
		return err;
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_SUBSCRIPTION_MAX, show_one);
	out_list_end();
	return nl_failed("subscription show", what, err);
}

static const struct command verbs[] = {
	{ "show", do_show, 0,
	  "[client {[id] ID | index N}] [filter FILTER]" },
	{ }
};

/**
 * cmd_subscription - `mqttkctl subscription ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_subscription(int argc, char **argv)
{
	return run_verb("subscription", verbs, argc, argv);
}
