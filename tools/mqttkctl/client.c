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
	out_str("version", "version",
		version_str(nl_uint(attrs[MQTTK_A_CLIENT_PROTOCOL_LEVEL])));
	out_uint("keepalive", "keepalive",
		 nl_uint(attrs[MQTTK_A_CLIENT_KEEPALIVE]));
	out_uint("connected_ms", NULL, age);
	out_str(NULL, "connected", duration_str(age));
	out_uint("bytes_received", NULL,
		 nl_uint(attrs[MQTTK_A_CLIENT_BYTES_RECEIVED]));
	out_uint("bytes_sent", NULL, nl_uint(attrs[MQTTK_A_CLIENT_BYTES_SENT]));
}

static void show_one(const struct nlattr **attrs)
{
	bool tcp = nl_uint(attrs[MQTTK_A_CLIENT_TRANSPORT]) ==
		   MQTTK_TRANSPORT_TCP;

	out_begin(NULL);
	if (attrs[MQTTK_A_CLIENT_ID])
		out_str("id", "", nl_str(attrs[MQTTK_A_CLIENT_ID]));
	else
		out_word("-");
	if (attrs[MQTTK_A_CLIENT_ID_LENGTH]) {
		out_word("...");
		out_uint("id_length", "id-length",
			 nl_uint(attrs[MQTTK_A_CLIENT_ID_LENGTH]));
	}
	out_uint("index", NULL, nl_uint(attrs[MQTTK_A_CLIENT_INDEX]));
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
	out_uint("bytes_queued", NULL,
		 nl_uint(attrs[MQTTK_A_CLIENT_BYTES_QUEUED]));
	out_uint("subscriptions", "subscriptions",
		 nl_uint(attrs[MQTTK_A_CLIENT_SUBSCRIPTIONS]));
	out_end();
}

/*
 * Which client: ID, or `id ID` for one that is called "index" or "id", or
 * `index N`. 0 or an exit status.
 */
static int put_which(struct nlmsghdr *nlh, const char *verb, int argc,
		     char **argv)
{
	__u64 index;

	if (argc == 2 && !strcmp(argv[0], "index")) {
		if (!parse_number(argv[1], &index) || index > UINT32_MAX)
			return usage_error("%s: index %s: not a number", verb,
					   argv[1]);
		mnl_attr_put_u32(nlh, MQTTK_A_CLIENT_INDEX, index);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[0], "id")) {
		argc--;
		argv++;
	}
	if (argc != 1)
		return usage_error("%s: one client: ID, id ID or index N", verb);
	if (strlen(argv[0]) > MQTTK_CLIENT_ID_MAX)
		return usage_error("%s: too long an identifier: use its index",
				   verb);
	mnl_attr_put_strz(nlh, MQTTK_A_CLIENT_ID, argv[0]);
	return 0;
}

static int do_show(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	int err;

	nlh = nl_request(MQTTK_CMD_CLIENT_GET, argc < 2);
	if (argc > 1) {
		err = put_which(nlh, "client show", argc - 1, argv + 1);
		if (err)
			return err;
	}
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_CLIENT_MAX, show_one);
	out_list_end();
	return nl_failed("client show", argc > 1 ? argv[argc - 1] : NULL, err);
}

static int do_disconnect(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	int err;

	if (argc < 2)
		return usage_error("client disconnect: which one? (its identifier)");
	nlh = nl_request(MQTTK_CMD_CLIENT_DISCONNECT, false);
	err = put_which(nlh, "client disconnect", argc - 1, argv + 1);
	if (err)
		return err;
	return nl_failed("client disconnect", argv[argc - 1],
			 nl_talk(nlh, MQTTK_A_CLIENT_MAX, NULL));
}

static const struct command verbs[] = {
	{ "show", do_show, false, "[[id] ID | index N]" },
	{ "disconnect", do_disconnect, false, "[id] ID | index N" },
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
