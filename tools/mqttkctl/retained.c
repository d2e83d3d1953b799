// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl retained: the message that each topic keeps for who comes later.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

/* What an attribute can carry; more goes through /dev/mqtt. */
#define PAYLOAD_MAX	(UINT16_MAX - MNL_ATTR_HDRLEN)

/* A message that changes faster than it can be read so often is given up. */
#define TRIES		100

static void show_facts(const struct nlattr **attrs)
{
	__u64 age = nl_uint(attrs[MQTTK_A_RETAINED_AGE_MSEC]);
	const struct nlattr *expires = attrs[MQTTK_A_RETAINED_EXPIRES_MSEC];

	out_uint("qos", "qos", nl_uint(attrs[MQTTK_A_RETAINED_QOS]));
	out_uint("payload_length", "bytes",
		 nl_uint(attrs[MQTTK_A_RETAINED_PAYLOAD_LENGTH]));
	out_uint("age_ms", NULL, age);
	out_str(NULL, "age", duration_str(age));
	if (expires) {
		out_uint("expires_ms", NULL, nl_uint(expires));
		out_str(NULL, "expires-in", duration_str(nl_uint(expires)));
	}
}

static void show_one(const struct nlattr **attrs)
{
	const struct nlattr *whole = attrs[MQTTK_A_RETAINED_TOPIC_LENGTH];

	out_begin(NULL);
	out_str("topic", "", nl_str(attrs[MQTTK_A_RETAINED_TOPIC]));
	if (whole) {
		out_word("...");
		out_uint("topic_length", "topic-length", nl_uint(whole));
	}
	show_facts(attrs);
	out_end();
}

static int do_show(int argc, char **argv)
{
	struct nlmsghdr *nlh = nl_request(MQTTK_CMD_RETAINED_GET, true);
	const char *filter = argc > 1 ? argv[1] : NULL;
	int err;

	if (argc > 2)
		return usage_error("retained show: %s: one filter, or none",
				   argv[2]);
	if (filter && !nl_fits(filter))
		return usage_error("retained show: the filter is too long");
	if (filter)
		mnl_attr_put_strz(nlh, MQTTK_A_RETAINED_FILTER, filter);
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_RETAINED_MAX, show_one);
	out_list_end();
	return nl_failed("retained show", filter, err);
}

/**
 * struct collected - a message as far as it was fetched
 * @payload: room for all of it
 * @length: bytes of the whole payload
 * @have: bytes that are there
 * @serial: of the message that they are of
 * @changed: the last piece was of another one
 * @failed: there was no memory, or a piece made no sense
 */
static struct collected {
	unsigned char *payload;
	__u64 length;
	__u64 have;
	__u64 serial;
	bool changed;
	bool failed;
} got;

static void take_piece(const struct nlattr **attrs)
{
	const struct nlattr *piece = attrs[MQTTK_A_RETAINED_PAYLOAD];
	__u64 length = nl_uint(attrs[MQTTK_A_RETAINED_PAYLOAD_LENGTH]);
	__u64 serial = nl_uint(attrs[MQTTK_A_RETAINED_SERIAL]);
	__u64 n = piece ? mnl_attr_get_payload_len(piece) : 0;

	if (!got.have) {
		got.serial = serial;
		got.length = length;
		free(got.payload);
		got.payload = malloc(length + 1);
	} else if (serial != got.serial || length != got.length) {
		got.changed = true;
		return;
	}
	/* The last piece is the one that completes it: none may be empty. */
	if (!got.payload || n > got.length - got.have ||
	    (!n && got.have < got.length)) {
		got.failed = true;
		return;
	}
	got.payload[got.length] = '\0';
	if (n)
		memcpy(got.payload + got.have, mnl_attr_get_payload(piece), n);
	got.have += n;
	if (got.have < got.length || !opt_json)
		return;
	out_begin(NULL);
	out_str("topic", NULL, nl_str(attrs[MQTTK_A_RETAINED_TOPIC]));
	show_facts(attrs);
	out_payload(got.payload, got.length);
	out_end();
}

/* One piece after another; a message that changes meanwhile, from its start. */
static int fetch(const char *topic)
{
	int err, tries = 0;

	do {
		struct nlmsghdr *nlh = nl_request(MQTTK_CMD_RETAINED_GET,
						  false);

		mnl_attr_put_strz(nlh, MQTTK_A_RETAINED_TOPIC, topic);
		mnl_attr_put_u32(nlh, MQTTK_A_RETAINED_OFFSET, got.have);
		err = nl_talk(nlh, MQTTK_A_RETAINED_MAX, take_piece);
		if (err == -ESTALE || err == -ERANGE)
			got.changed = true;	/* it is shorter now */
		else if (err)
			return err;
		if (got.failed)
			return -ENOMEM;
		if (got.changed) {
			if (++tries == TRIES)
				return -EAGAIN;
			got.changed = false;
			got.have = 0;
			continue;
		}
	} while (got.have < got.length);
	return 0;
}

static int do_get(int argc, char **argv)
{
	int err;

	if (argc != 2)
		return usage_error("retained get: of which one topic?");
	if (!nl_fits(argv[1]))
		return usage_error("retained get: the topic is too long");
	err = fetch(argv[1]);
	if (!err && !opt_json)
		fwrite(got.payload, 1, got.length, stdout);
	free(got.payload);
	return nl_failed("retained get", argv[1], err);
}

/**
 * struct wish - what `retained set` shall publish
 * @topic: where to
 * @payload: as typed, or NULL
 * @file: to read it from instead, "-" for standard input; or NULL
 * @qos: of the message, as typed
 */
struct wish {
	char *topic;
	char *payload;
	char *file;
	char *qos;
};

/*
 * Options stand anywhere, as in mosquitto_pub; not by getopt(3), since -5 is a
 * payload. 0 or an exit status.
 */
static int take_words(struct wish *w, int argc, char **argv)
{
	bool options = true;
	int i;

	w->qos = "0";
	for (i = 1; i < argc; i++) {
		char **value = NULL;

		if (options && !strcmp(argv[i], "--")) {
			options = false;
			continue;
		}
		if (options && !strcmp(argv[i], "-f"))
			value = &w->file;
		else if (options && !strcmp(argv[i], "-q"))
			value = &w->qos;
		if (value) {
			if (++i == argc)
				return usage_error("retained set: %s: what value?",
						   argv[i - 1]);
			*value = argv[i];
		} else if (!w->topic) {
			w->topic = argv[i];
		} else if (!w->payload) {
			w->payload = argv[i];
		} else {
			return usage_error("retained set: %s: quote a payload with spaces",
					   argv[i]);
		}
	}
	if (!w->topic)
		return usage_error("retained set: which topic, and to what?");
	if (!w->payload == !w->file)
		return usage_error("retained set: %s: to what? PAYLOAD or -f FILE",
				   w->topic);
	if (strlen(w->qos) != 1 || *w->qos < '0' || *w->qos > '2')
		return usage_error("retained set: -q %s: must be 0, 1 or 2",
				   w->qos);
	return 0;
}

/* A file whole, however long; NULL with errno. */
static char *read_all(const char *name, size_t *length)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "re") : stdin;
	char *data = NULL, *more;
	size_t room = 0;

	*length = 0;
	if (!f)
		return NULL;
	do {
		if (room - *length < BUFSIZ) {
			room = room ? room * 2 : 2 * PAYLOAD_MAX;
			more = realloc(data, room);
			if (!more)
				goto failed;
			data = more;
		}
		*length += fread(data + *length, 1, room - *length, f);
		if (ferror(f))
			goto failed;
	} while (!feof(f));
	if (f != stdin)
		fclose(f);
	return data;

failed:
	free(data);
	if (f != stdin)
		fclose(f);
	return NULL;
}

/* More than a netlink attribute carries: as `mqttkctl pub` does it. */
static int set_by_device(const struct wish *w, const char *data, size_t length)
{
	char path[40];
	char *argv[9] = {
		"pub", "-r", "-q", w->qos, "-t", w->topic, "-f", path, NULL
	};
	int fd = memfd_create("payload", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	while (fd >= 0 && done < length) {
		n = write(fd, data + done, length - done);
		if (n < 0)
			break;
		done += n;
	}
	if (done < length)
		return nl_failed("retained set", w->topic, -errno);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return cmd_pub(ARRAY_SIZE(argv) - 1, argv);
}

static int set(const struct wish *w, const char *data, size_t length)
{
	struct nlmsghdr *nlh;

	if (length > PAYLOAD_MAX)
		return set_by_device(w, data, length);
	nlh = nl_request(MQTTK_CMD_RETAINED_SET, false);
	mnl_attr_put_strz(nlh, MQTTK_A_RETAINED_TOPIC, w->topic);
	mnl_attr_put_u8(nlh, MQTTK_A_RETAINED_QOS, *w->qos - '0');
	mnl_attr_put(nlh, MQTTK_A_RETAINED_PAYLOAD, length, data);
	return nl_failed("retained set", w->topic,
			 nl_talk(nlh, MQTTK_A_RETAINED_MAX, NULL));
}

static int do_set(int argc, char **argv)
{
	struct wish w = { };
	size_t length;
	char *data;
	int status;

	status = take_words(&w, argc, argv);
	if (status)
		return status;
	if (!nl_fits(w.topic))
		return usage_error("retained set: the topic is too long");
	if (w.payload)
		return set(&w, w.payload, strlen(w.payload));
	data = read_all(w.file, &length);
	if (!data)
		return nl_failed("retained set", w.file, -errno);
	status = set(&w, data, length);
	free(data);
	return status;
}

static __u64 removed;

static void take_count(const struct nlattr **attrs)
{
	removed = nl_uint(attrs[MQTTK_A_RETAINED_COUNT]);
}

static int do_del(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	int err;

	if (argc != 2)
		return usage_error("retained del: which? one FILTER ('#' is all but $SYS)");
	if (!nl_fits(argv[1]))
		return usage_error("retained del: the filter is too long");
	nlh = nl_request(MQTTK_CMD_RETAINED_DEL, false);
	mnl_attr_put_strz(nlh, MQTTK_A_RETAINED_FILTER, argv[1]);
	err = nl_talk(nlh, MQTTK_A_RETAINED_MAX, take_count);
	if (err)
		return nl_failed("retained del", argv[1], err);
	/* Who names one topic wants it gone, and may have mistyped. */
	if (!removed && !strpbrk(argv[1], "+#")) {
		fprintf(stderr,
			"retained del: %s: nothing is retained for this topic\n"
			"hint: mqttkctl retained show lists them\n", argv[1]);
		return FAILED;
	}
	out_begin(NULL);
	out_uint("removed", "removed", removed);
	out_end();
	return OK;
}

static const struct command verbs[] = {
	{ "show", do_show, 0, "[FILTER]" },
	{ "get", do_get, 0, "TOPIC" },
	{ "set", do_set, 0, "TOPIC {PAYLOAD | -f FILE} [-q QOS]" },
	{ "del", do_del, 0, "FILTER" },
	{ }
};

/**
 * cmd_retained - `mqttkctl retained ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_retained(int argc, char **argv)
{
	return run_verb("retained", verbs, argc, argv);
}
