// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl client: who is connected.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

static const struct which_attrs which = {
	.id = MQTTK_A_CLIENT_ID,
	.index = MQTTK_A_CLIENT_INDEX,
};

static const char *version_str(unsigned int level)
{
	switch (level) {
	case 3:
		return "3.1";
	case 4:
		return "3.1.1";
	case 5:
		return "5.0";
	}
	return "?";
}

static void show_conn(const struct nlattr **attrs)
{
	__u64 age = nl_uint(attrs[MQTTK_A_CLIENT_CONNECTED_MSEC]);
	struct sockaddr_storage addr;

	addr_get(&addr, attrs[MQTTK_A_CLIENT_IPV4], attrs[MQTTK_A_CLIENT_IPV6],
		 attrs[MQTTK_A_CLIENT_SCOPE_ID], attrs[MQTTK_A_CLIENT_PORT]);
	out_addr(&addr);
	out_str("listener", "listener", nl_str(attrs[MQTTK_A_CLIENT_LISTENER]));
	if (attrs[MQTTK_A_CLIENT_USER])
		out_str("user", "user", nl_str(attrs[MQTTK_A_CLIENT_USER]));
	if (attrs[MQTTK_A_CLIENT_USER_LENGTH]) {
		out_word("...");
		out_uint("user_length", "user-length",
			 nl_uint(attrs[MQTTK_A_CLIENT_USER_LENGTH]));
	}
	out_str("version", "version",
		version_str(nl_uint(attrs[MQTTK_A_CLIENT_PROTOCOL_LEVEL])));
	out_uint("keepalive", "keepalive",
		 nl_uint(attrs[MQTTK_A_CLIENT_KEEPALIVE]));
	out_uint("connected_ms", NULL, age);
	out_str(NULL, "connected", duration_str(age));
	out_expiry(attrs[MQTTK_A_CLIENT_EXPIRY_INTERVAL]);
}

/* What only who asks for it gets to see in text: -s. */
static const struct {
	int attr;
	const char *key;
	const char *label;
} figures[] = {
	{ MQTTK_A_CLIENT_BYTES_RECEIVED, "bytes_received", "bytes-received" },
	{ MQTTK_A_CLIENT_BYTES_SENT, "bytes_sent", "bytes-sent" },
	{ MQTTK_A_CLIENT_BYTES_QUEUED, "bytes_queued", "bytes-queued" },
	{ MQTTK_A_CLIENT_QOS0_RECEIVED, "qos0_received", "qos0-received" },
	{ MQTTK_A_CLIENT_QOS1_RECEIVED, "qos1_received", "qos1-received" },
	{ MQTTK_A_CLIENT_QOS2_RECEIVED, "qos2_received", "qos2-received" },
	{ MQTTK_A_CLIENT_QOS0_SENT, "qos0_sent", "qos0-sent" },
	{ MQTTK_A_CLIENT_QOS1_SENT, "qos1_sent", "qos1-sent" },
	{ MQTTK_A_CLIENT_QOS2_SENT, "qos2_sent", "qos2-sent" },
};

static void show_figures(const struct nlattr **attrs)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(figures); i++)
		if (attrs[figures[i].attr])
			out_uint(figures[i].key,
				 opt_statistics ? figures[i].label : NULL,
				 nl_uint(attrs[figures[i].attr]));
}

static void show_one(const struct nlattr **attrs)
{
	bool tcp = nl_uint(attrs[MQTTK_A_CLIENT_TRANSPORT]) ==
		   MQTTK_TRANSPORT_TCP;

	out_begin(NULL);
	out_which(attrs[MQTTK_A_CLIENT_ID], attrs[MQTTK_A_CLIENT_ID_LENGTH],
		  attrs[MQTTK_A_CLIENT_INDEX]);
	out_str("transport", NULL, tcp ? "tcp" : "device");
	if (tcp)
		show_conn(attrs);
	else
		out_word("/dev/mqtt");
	/* To be named by where there is no identifier, or not all of it. */
	if (!attrs[MQTTK_A_CLIENT_ID] || attrs[MQTTK_A_CLIENT_ID_LENGTH])
		out_uint(NULL, "index", nl_uint(attrs[MQTTK_A_CLIENT_INDEX]));
	out_uint("messages_received", "received",
		 nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_RECEIVED]));
	out_uint("messages_sent", "sent",
		 nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_SENT]));
	out_uint("messages_dropped", "dropped",
		 nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_DROPPED]));
	out_uint("messages_queued", "queued",
		 nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_QUEUED]));
	out_uint("messages_inflight", "inflight",
		 nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_INFLIGHT]));
	out_uint("messages_unreleased", "unreleased",
		 nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_UNRELEASED]));
	out_uint("messages_expired", "expired",
		 nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_EXPIRED]));
	out_uint("subscriptions", "subscriptions",
		 nl_uint(attrs[MQTTK_A_CLIENT_SUBSCRIPTIONS]));
	show_figures(attrs);
	out_end();
}

static int do_show(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[argc - 1] : NULL;
	struct nlmsghdr *nlh;
	int err;

	nlh = nl_request(MQTTK_CMD_CLIENT_GET, !what);
	argc--;
	argv++;
	if (what) {
		err = put_which(nlh, &which, "client show", &argc, &argv);
		if (err)
			return err;
		if (argc)
			return usage_error("client show: %s: one client, or none",
					   argv[0]);
	}
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_CLIENT_MAX, show_one);
	out_list_end();
	return nl_failed("client show", what, err);
}

/* `reason CODE`, or nothing; 0 or an exit status. */
static int put_reason(struct nlmsghdr *nlh, int argc, char **argv)
{
	__u8 code;

	if (!argc)
		return 0;
	if (!is_short_for(argv[0], "reason"))
		return usage_error("client disconnect: %s: no such option (mqttkctl client help)",
				   argv[0]);
	if (argc != 2)
		return usage_error("client disconnect: reason: which one code?");
	if (!parse_code(argv[1], &code))
		return usage_error("client disconnect: reason %s: not a reason code: 0x80 to 0xa2",
				   argv[1]);
	mnl_attr_put_u8(nlh, MQTTK_A_CLIENT_REASON, code);
	return 0;
}

static int do_disconnect(int argc, char **argv)
{
	const char *what;
	struct nlmsghdr *nlh;
	int err;

	if (argc < 2)
		return usage_error("client disconnect: which one? (its identifier)");
	nlh = nl_request(MQTTK_CMD_CLIENT_DISCONNECT, false);
	argc--;
	argv++;
	err = put_which(nlh, &which, "client disconnect", &argc, &argv);
	what = argv[-1];
	if (!err)
		err = put_reason(nlh, argc, argv);
	if (err)
		return err;
	return nl_failed("client disconnect", what,
			 nl_talk(nlh, MQTTK_A_CLIENT_MAX, NULL));
}

static const struct command verbs[] = {
	{ "show", do_show, 0, "[[id] ID | index N]" },
	{ "disconnect", do_disconnect, 0,
	  "{[id] ID | index N} [reason CODE]" },
	{ }
};

/**
 * cmd_client - `mqttkctl client ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_client(int argc, char **argv)
{
	return run_verb("client", verbs, argc, argv);
}
