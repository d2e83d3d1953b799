// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl top: clients.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"
#include "term.h"
#include "top.h"

/* Columns whose figures only grow come first. */
enum {
	IN, OUT, BYTES_IN, BYTES_OUT, DROPPED, GROWING,
	QUEUED = GROWING, INFLIGHT
};

static const struct top_column columns[] = {
	[IN] = { "IN/s", "messages_received_rate", 'i' },
	[OUT] = { "OUT/s", "messages_sent_rate", 'o' },
	[BYTES_IN] = { "B-IN/s", "bytes_received_rate", 'b' },
	[BYTES_OUT] = { "B-OUT/s", "bytes_sent_rate", 'B' },
	[DROPPED] = { "DROP/s", "messages_dropped_rate", 'd' },
	[QUEUED] = { "QUEUED", "messages_queued", 'u' },
	[INFLIGHT] = { "INFLIGHT", "messages_inflight", 'f' },
};

/* Where the figures that only grow come from. */
static const int growing[GROWING] = {
	[IN] = MQTTK_A_CLIENT_MESSAGES_RECEIVED,
	[OUT] = MQTTK_A_CLIENT_MESSAGES_SENT,
	[BYTES_IN] = MQTTK_A_CLIENT_BYTES_RECEIVED,
	[BYTES_OUT] = MQTTK_A_CLIENT_BYTES_SENT,
	[DROPPED] = MQTTK_A_CLIENT_MESSAGES_DROPPED,
};

/**
 * struct past - what a client had at some time
 * @index: its index
 * @value: by column
 */
struct past {
	__u32 index;
	__u64 value[GROWING];
};

/**
 * struct pasts - what all clients had at some time
 * @client: by index
 * @nr: how many
 * @room: how many fit
 */
struct pasts {
	struct past *client;
	size_t nr;
	size_t room;
};

static struct pasts before, now;
static struct top_table *filling;

static int by_index(const void *p, const void *q)
{
	const struct past *a = p, *b = q;

	return (a->index > b->index) - (a->index < b->index);
}

static struct past *remember(__u32 index)
{
	if (now.nr == now.room) {
		now.room = now.room ? 2 * now.room : 64;
		now.client = realloc(now.client,
				     now.room * sizeof(*now.client));
		if (!now.client) {
			perror("top");
			exit(FAILED);
		}
	}
	now.client[now.nr].index = index;
	return &now.client[now.nr++];
}

static char *copy(const char *str)
{
	char *new = strdup(str);

	if (!new) {
		perror("top");
		exit(FAILED);
	}
	return new;
}

static void take_client(const struct nlattr **attrs)
{
	__u32 index = nl_uint(attrs[MQTTK_A_CLIENT_INDEX]);
	struct past key = { .index = index }, *then = NULL;
	struct past *past = remember(index);
	struct top_row *row = top_add(filling);
	struct sockaddr_storage addr;
	size_t i;

	if (before.nr)
		then = bsearch(&key, before.client, before.nr, sizeof(key),
			       by_index);
	row->index = index;
	row->name = copy(nl_str(attrs[MQTTK_A_CLIENT_ID]));
	addr_get(&addr, attrs[MQTTK_A_CLIENT_IPV4], attrs[MQTTK_A_CLIENT_IPV6],
		 attrs[MQTTK_A_CLIENT_SCOPE_ID], attrs[MQTTK_A_CLIENT_PORT]);
	row->place = copy(addr.ss_family == AF_UNSPEC ? "/dev/mqtt" :
			  addr_str(&addr));
	for (i = 0; i < GROWING; i++) {
		__u64 value = nl_uint(attrs[growing[i]]);

		past->value[i] = value;
		/*
		 * Who came just now brings what its session counted before. An
		 * index may be another's now, or a connection a new one: then
		 * what was counted before is less.
		 */
		if (!then || filling->seconds <= 0)
			continue;
		if (value >= then->value[i])
			value -= then->value[i];
		row->value[i] = value / filling->seconds;
	}
	row->value[QUEUED] = nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_QUEUED]);
	row->value[INFLIGHT] = nl_uint(attrs[MQTTK_A_CLIENT_MESSAGES_INFLIGHT]);
}

static __u64 totals[MQTTK_A_STATS_MAX + 1];

static void take_stats(const struct nlattr **attrs)
{
	int i;

	for (i = 1; i <= MQTTK_A_STATS_MAX; i++)
		if (i != MQTTK_A_STATS_COUNTERS)
			totals[i] = nl_uint(attrs[i]);
}

static int sample(struct top_table *table)
{
	struct pasts old = before;
	int err;

	before = now;
	now = old;
	now.nr = 0;
	filling = table;
	err = nl_talk(nl_request(MQTTK_CMD_CLIENT_GET, true),
		      MQTTK_A_CLIENT_MAX, take_client);
	if (!err)
		err = nl_talk(nl_request(MQTTK_CMD_STATS_GET, false),
			      MQTTK_A_STATS_MAX, take_stats);
	if (err) {
		term_leave();
		return nl_failed("top", NULL, err);
	}
	if (now.nr)
		qsort(now.client, now.nr, sizeof(*now.client), by_index);
	return OK;
}

static void summary(const struct top_table *table)
{
	double sum[GROWING] = { };
	size_t row, i;

	for (row = 0; row < table->nr; row++)
		for (i = 0; i < GROWING; i++)
			sum[i] += table->rows[row].value[i];
	if (opt_json) {
		for (i = 0; i < GROWING; i++)
			out_real(columns[i].key, sum[i]);
		return;
	}
	printf("%zu clients, %llu sessions, %llu subscriptions, %llu retained",
	       table->nr, (unsigned long long)totals[MQTTK_A_STATS_SESSIONS],
	       (unsigned long long)totals[MQTTK_A_STATS_SUBSCRIPTIONS],
	       (unsigned long long)totals[MQTTK_A_STATS_RETAINED_MESSAGES]);
	term_line_end();
	printf("in %s/s", top_figure(sum[IN]));
	printf(" %s bytes/s", top_figure(sum[BYTES_IN]));
	printf(", out %s/s", top_figure(sum[OUT]));
	printf(" %s bytes/s", top_figure(sum[BYTES_OUT]));
	printf(", dropped %s/s", top_figure(sum[DROPPED]));
	term_line_end();
}

/**
 * top_client - the mode that shows clients
 *
 * Return: the mode
 */
struct top_mode *top_client(void)
{
	static struct top_mode mode = {
		.title = "CLIENT",
		.list = "clients",
		.name_key = "id",
		.places = true,
		.columns = columns,
		.nr_columns = ARRAY_SIZE(columns),
		.sort = OUT,
		.sample = sample,
		.summary = summary,
		.fd = -1,
	};

	return &mode;
}
