// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl stats: totals of the network namespace.
 */
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

static const char * const gauges[MQTTK_A_STATS_MAX + 1] = {
	[MQTTK_A_STATS_CONNECTIONS] = "connections",
	[MQTTK_A_STATS_SESSIONS] = "sessions",
	[MQTTK_A_STATS_FILTERS] = "filters",
	[MQTTK_A_STATS_SUBSCRIPTIONS] = "subscriptions",
	[MQTTK_A_STATS_RETAINED_MESSAGES] = "retained_messages",
	[MQTTK_A_STATS_RETAINED_BYTES] = "retained_bytes",
};

static const char * const counters[MQTTK_A_COUNTERS_MAX + 1] = {
	[MQTTK_A_COUNTERS_CONNECTIONS] = "connections",
	[MQTTK_A_COUNTERS_CONNECTIONS_REFUSED] = "connections_refused",
	[MQTTK_A_COUNTERS_CLIENTS_CONNECTED] = "clients_connected",
	[MQTTK_A_COUNTERS_CONNECTS_REFUSED] = "connects_refused",
	[MQTTK_A_COUNTERS_CONNECT_TIMEOUTS] = "connect_timeouts",
	[MQTTK_A_COUNTERS_KEEPALIVE_TIMEOUTS] = "keepalive_timeouts",
	[MQTTK_A_COUNTERS_TAKEOVERS] = "takeovers",
	[MQTTK_A_COUNTERS_MALFORMED] = "malformed",
	[MQTTK_A_COUNTERS_PACKETS_TOO_LARGE] = "packets_too_large",
	[MQTTK_A_COUNTERS_BYTES_RECEIVED] = "bytes_received",
	[MQTTK_A_COUNTERS_BYTES_SENT] = "bytes_sent",
	[MQTTK_A_COUNTERS_MESSAGES_RECEIVED] = "messages_received",
	[MQTTK_A_COUNTERS_MESSAGES_SENT] = "messages_sent",
	[MQTTK_A_COUNTERS_MESSAGES_DROPPED] = "messages_dropped",
	[MQTTK_A_COUNTERS_MESSAGES_REFUSED] = "messages_refused",
	[MQTTK_A_COUNTERS_RETAIN_REFUSED] = "retain_refused",
	[MQTTK_A_COUNTERS_WILLS_SENT] = "wills_sent",
	[MQTTK_A_COUNTERS_MESSAGES_EXPIRED] = "messages_expired",
	[MQTTK_A_COUNTERS_SESSIONS_EXPIRED] = "sessions_expired",
	[MQTTK_A_COUNTERS_CLIENTS_DISCONNECTED] = "clients_disconnected",
	[MQTTK_A_COUNTERS_PACKETS_RECEIVED] = "packets_received",
	[MQTTK_A_COUNTERS_PACKETS_SENT] = "packets_sent",
	[MQTTK_A_COUNTERS_PUBLISH_BYTES_RECEIVED] = "publish_bytes_received",
	[MQTTK_A_COUNTERS_PUBLISH_BYTES_SENT] = "publish_bytes_sent",
};

static void show_values(const char * const *names, const struct nlattr **attrs,
			int max_attr)
{
	int i;

	for (i = 1; i <= max_attr; i++) {
		if (!names[i] || !attrs[i])
			continue;
		if (opt_json)
			out_uint(names[i], NULL, nl_uint(attrs[i]));
		else
			printf("  %-22s %llu\n", names[i],
			       (unsigned long long)nl_uint(attrs[i]));
	}
}

static void show_stats(const struct nlattr **attrs)
{
	const struct nlattr *nested[MQTTK_A_COUNTERS_MAX + 1];

	out_begin(NULL);
	if (!opt_json)
		puts("now:");
	show_values(gauges, attrs, MQTTK_A_STATS_MAX);
	if (attrs[MQTTK_A_STATS_COUNTERS]) {
		nl_parse_nest(attrs[MQTTK_A_STATS_COUNTERS], nested,
			      MQTTK_A_COUNTERS_MAX);
		if (!opt_json)
			puts("since loading:");
		out_begin("counters");
		show_values(counters, nested, MQTTK_A_COUNTERS_MAX);
		out_end();
	}
	out_end();
}

static int do_show(int argc, char **argv)
{
	struct nlmsghdr *nlh;

	if (argc > 1 && strcmp(argv[0], "show"))
		return usage_error("stats: no words follow");
	nlh = nl_request(MQTTK_CMD_STATS_GET, false);
	return nl_failed("stats", NULL,
			 nl_talk(nlh, MQTTK_A_STATS_MAX, show_stats));
}

static const struct command verbs[] = {
	{ "show", do_show, 0, "" },
	{ }
};

/**
 * cmd_stats - `mqttkctl stats`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_stats(int argc, char **argv)
{
	return run_verb("stats", verbs, argc, argv);
}
