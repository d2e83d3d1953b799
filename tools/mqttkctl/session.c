// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl session: what is kept for clients, connected or not.
 */
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

static const struct which_attrs which = {
	.id = MQTTK_A_SESSION_ID,
	.index = MQTTK_A_SESSION_INDEX,
};

static void show_time(const char *key, const char *label,
		      const struct nlattr *attr)
{
	__u64 msec = nl_uint(attr);

	if (!attr)
		return;
	out_uint(key, NULL, msec);
	out_str(NULL, label, duration_str(msec));
}

static void show_times(const struct nlattr **attrs)
{
	out_bool("connected", NULL, nl_uint(attrs[MQTTK_A_SESSION_CONNECTED]));
	show_time("connected_ms", "connected",
		  attrs[MQTTK_A_SESSION_CONNECTED_MSEC]);
	show_time("away_ms", "away", attrs[MQTTK_A_SESSION_AWAY_MSEC]);
	show_time("ends_ms", "ends-in", attrs[MQTTK_A_SESSION_ENDS_MSEC]);
	out_expiry(attrs[MQTTK_A_SESSION_EXPIRY_INTERVAL]);
}

static void show_one(const struct nlattr **attrs)
{
	out_begin(NULL);
	out_which(attrs[MQTTK_A_SESSION_ID], attrs[MQTTK_A_SESSION_ID_LENGTH],
		  attrs[MQTTK_A_SESSION_INDEX]);
	/* To be named by where not all of the identifier is shown. */
	if (attrs[MQTTK_A_SESSION_ID_LENGTH])
		out_uint(NULL, "index", nl_uint(attrs[MQTTK_A_SESSION_INDEX]));
	show_times(attrs);
	out_uint("subscriptions", "subscriptions",
		 nl_uint(attrs[MQTTK_A_SESSION_SUBSCRIPTIONS]));
	out_uint("messages_queued", "queued",
		 nl_uint(attrs[MQTTK_A_SESSION_MESSAGES_QUEUED]));
	out_uint("bytes_queued", "bytes",
		 nl_uint(attrs[MQTTK_A_SESSION_BYTES_QUEUED]));
	out_uint("messages_inflight", "inflight",
		 nl_uint(attrs[MQTTK_A_SESSION_MESSAGES_INFLIGHT]));
	out_uint("messages_unreleased", "unreleased",
		 nl_uint(attrs[MQTTK_A_SESSION_MESSAGES_UNRELEASED]));
	out_uint("messages_received", "received",
		 nl_uint(attrs[MQTTK_A_SESSION_MESSAGES_RECEIVED]));
	out_uint("messages_sent", "sent",
		 nl_uint(attrs[MQTTK_A_SESSION_MESSAGES_SENT]));
	out_uint("messages_dropped", "dropped",
		 nl_uint(attrs[MQTTK_A_SESSION_MESSAGES_DROPPED]));
	out_uint("messages_expired", "expired",
		 nl_uint(attrs[MQTTK_A_SESSION_MESSAGES_EXPIRED]));
	out_end();
}

static int do_show(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[argc - 1] : NULL;
	struct nlmsghdr *nlh;
	int err;

	nlh = nl_request(MQTTK_CMD_SESSION_GET, !what);
	argc--;
	argv++;
	if (what) {
		err = put_which(nlh, &which, "session show", &argc, &argv);
		if (err)
			return err;
		if (argc)
			return usage_error("session show: %s: one session, or none",
					   argv[0]);
	}
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_SESSION_MAX, show_one);
	out_list_end();
	return nl_failed("session show", what, err);
}

static int do_del(int argc, char **argv)
{
	const char *what = argv[argc - 1];
	struct nlmsghdr *nlh;
	int err;

	if (argc < 2)
		return usage_error("session del: which one? (its client's identifier)");
	nlh = nl_request(MQTTK_CMD_SESSION_DEL, false);
	argc--;
	argv++;
	err = put_which(nlh, &which, "session del", &argc, &argv);
	if (err)
		return err;
	if (argc)
		return usage_error("session del: %s: one session at a time",
				   argv[0]);
	return nl_failed("session del", what,
			 nl_talk(nlh, MQTTK_A_SESSION_MAX, NULL));
}

static const struct command verbs[] = {
	{ "show", do_show, 0, "[[id] ID | index N]" },
	{ "del", do_del, 0, "[id] ID | index N" },
	{ }
};

/**
 * cmd_session - `mqttkctl session ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_session(int argc, char **argv)
{
	return run_verb("session", verbs, argc, argv);
}
