// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl top: topics, by their first levels. This reads every message that
 * matches, by /dev/mqtt; what it cannot read fast enough is counted as lost,
 * and holds nobody up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "mqttkctl.h"
#include "term.h"
#include "top.h"

/* Topics are anybody's: what goes beyond so many prefixes is one row. */
#define PREFIXES	65536
#define SLOTS		(2 * PREFIXES)
#define OTHERS		"(others)"

/* Messages at a time: keys and the next table must have their turn. */
#define AT_ONCE		4096

enum { MESSAGES_RATE, BYTES_RATE, MESSAGES, BYTES };

static const struct top_column columns[] = {
	[MESSAGES_RATE] = { "MSG/s", "messages_rate", 'm' },
	[BYTES_RATE] = { "BYTES/s", "bytes_rate", 'b' },
	[MESSAGES] = { "MSGS", "messages", 'M' },
	[BYTES] = { "BYTES", "bytes", 'B' },
};

/**
 * struct prefix - what came to the topics that begin so
 * @name: a filter for them
 * @messages: since the start
 * @bytes: of payload, since the start
 * @messages_before: at the table before
 * @bytes_before: at the table before
 */
struct prefix {
	char *name;
	__u64 messages;
	__u64 bytes;
	__u64 messages_before;
	__u64 bytes_before;
};

static struct prefix *slots[SLOTS];
static struct prefix others = { .name = OTHERS };
static size_t nr_prefixes;
static unsigned int levels;
static __u64 lost;
static struct top_mode mode;

static void *must(void *p)
{
	if (p)
		return p;
	term_leave();
	perror("top topic");
	exit(FAILED);
}

/* FNV-1a */
static __u32 hash(const char *s, size_t len)
{
	__u32 h = 2166136261u;

	while (len--)
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return h;
}

/*
 * Bytes of the first levels of a topic; if there are more, with the slash, and
 * *@more is set.
 */
static size_t prefix_length(const char *topic, size_t len, bool *more)
{
	unsigned int level = 0;
	size_t i;

	*more = false;
	for (i = 0; i < len; i++) {
		if (topic[i] == '/' && ++level == levels) {
			*more = true;
			return i + 1;
		}
	}
	return len;
}

static struct prefix *find(const char *topic, size_t len)
{
	const char *rest;
	struct prefix *p;
	size_t n, at;
	bool more;

	n = prefix_length(topic, len, &more);
	rest = more ? "#" : "";
	for (at = hash(topic, n) % SLOTS; slots[at]; at = (at + 1) % SLOTS) {
		p = slots[at];
		if (!strncmp(p->name, topic, n) && !strcmp(p->name + n, rest))
			return p;
	}
	if (nr_prefixes == PREFIXES)
		return &others;
	p = must(calloc(1, sizeof(*p)));
	if (asprintf(&p->name, "%.*s%s", (int)n, topic, rest) < 0)
		must(NULL);
	slots[at] = p;
	nr_prefixes++;
	return p;
}

static void take_message(const struct mqttk_record *r)
{
	struct prefix *p = find(mqttk_topic(r), r->topic_len);

	lost += r->lost;
	p->messages++;
	p->bytes += r->payload_len;
}

static int readable(void)
{
	static struct mqttk_reader reader;
	const struct mqttk_record *r;
	int i;

	for (i = 0; i < AT_ONCE; i++) {
		r = mqttk_next(mode.fd, &reader);
		if (!r && (errno == EAGAIN || errno == EINTR))
			return OK;
		if (!r) {
			term_leave();
			fprintf(stderr, "top topic: " MQTTK_DEVICE_PATH ": %s\n",
				device_error(errno));
			return FAILED;
		}
		take_message(r);
	}
	return OK;
}

static void add_row(struct top_table *table, struct prefix *p)
{
	struct top_row *row = top_add(table);

	row->name = must(strdup(p->name));
	row->value[MESSAGES] = p->messages;
	row->value[BYTES] = p->bytes;
	if (table->seconds > 0) {
		row->value[MESSAGES_RATE] =
			(p->messages - p->messages_before) / table->seconds;
		row->value[BYTES_RATE] =
			(p->bytes - p->bytes_before) / table->seconds;
	}
	p->messages_before = p->messages;
	p->bytes_before = p->bytes;
}

static int sample(struct top_table *table)
{
	size_t i;

	for (i = 0; i < SLOTS; i++)
		if (slots[i])
			add_row(table, slots[i]);
	if (others.messages)
		add_row(table, &others);
	return OK;
}

static void summary(const struct top_table *table)
{
	double messages = 0, bytes = 0;
	size_t i;

	for (i = 0; i < table->nr; i++) {
		messages += table->rows[i].value[MESSAGES_RATE];
		bytes += table->rows[i].value[BYTES_RATE];
	}
	if (opt_json) {
		out_real(columns[MESSAGES_RATE].key, messages);
		out_real(columns[BYTES_RATE].key, bytes);
		out_uint("messages_lost", NULL, lost);
		return;
	}
	printf("%zu prefixes of %u levels", table->nr, levels);
	term_line_end();
	printf("%s/s", top_figure(messages));
	printf(" %s bytes/s", top_figure(bytes));
	if (lost)
		printf(", %llu were too fast to be counted",
		       (unsigned long long)lost);
	term_line_end();
}

static struct top_mode mode = {
	.title = "TOPIC",
	.list = "topics",
	.name_key = "topic",
	.columns = columns,
	.nr_columns = ARRAY_SIZE(columns),
	.sort = MESSAGES_RATE,
	.sample = sample,
	.summary = summary,
	.fd = -1,
	.readable = readable,
};

/**
 * top_topic - the mode that shows topics
 * @nr_levels: of a topic that count
 * @filter: which topics; NULL: #
 *
 * Return: the mode, or NULL if it could not be, which it said
 */
struct top_mode *top_topic(unsigned int nr_levels, const char *filter)
{
	if (!filter)
		filter = "#";
	levels = nr_levels;
	mode.fd = device_open("top topic", O_RDONLY | O_NONBLOCK, 0);
	if (mode.fd < 0)
		return NULL;
	if (mqttk_subscribe(mode.fd, filter, 0, MQTTK_SUB_RETAINED_NEVER)) {
		fprintf(stderr, "top topic: -t %s: %s\n", filter,
			errno == EINVAL ? "not a topic filter" : strerror(errno));
		return NULL;
	}
	return &mode;
}
