// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl pub: publish messages, as mosquitto_pub does, through /dev/mqtt.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/mqttk.h>

#include "device.h"
#include "mqttkctl.h"

/**
 * enum pub_source - where the payload comes from
 * @PUB_NONE: not said yet
 * @PUB_MESSAGE: the command line
 * @PUB_FILE: a file
 * @PUB_LINES: standard input, a message each line
 * @PUB_STDIN: standard input as a whole
 * @PUB_NULL: there is none
 */
enum pub_source {
	PUB_NONE,
	PUB_MESSAGE,
	PUB_FILE,
	PUB_LINES,
	PUB_STDIN,
	PUB_NULL,
};

/**
 * struct pub - the command line, and the work
 * @topic: -t
 * @source: -m, -f, -l, -s or -n
 * @argument: of -m or -f
 * @qos: -q
 * @retain: -r
 * @fd: the device
 * @head: options and topic as they stand before every payload
 * @head_len: bytes of @head
 * @out: lines to write
 * @len: bytes of @out
 */
struct pub {
	const char *topic;
	enum pub_source source;
	const char *argument;
	int qos;
	bool retain;
	int fd;
	char *head;
	size_t head_len;
	char out[MQTTK_WRITE_MAX];
	size_t len;
};

static const char usage_text[] =
	"Usage: mqttkctl pub -t TOPIC (-m MESSAGE | -f FILE | -l | -s | -n) [-q QOS] [-r]\n"
	"Publishes messages, by /dev/mqtt.\n"
	"\n"
	" -t, --topic TOPIC      where to\n"
	" -m, --message MESSAGE  this message\n"
	" -f, --file FILE        what FILE holds\n"
	" -l, --stdin-line       each line of standard input\n"
	" -s, --stdin-file       standard input as a whole\n"
	" -n, --null-message     an empty message\n"
	" -q, --qos QOS          quality of service (default 0)\n"
	" -r, --retain           keep it for later subscribers; with -n: forget it\n";

static int bad_usage(const char *what, const char *value)
{
	fprintf(stderr, "pub: %s%s%s\nTry: mqttkctl pub --help\n", what,
		value ? ": " : "", value ? value : "");
	return 2;
}

static int set_source(struct pub *p, enum pub_source source)
{
	if (p->source != PUB_NONE)
		return bad_usage("only one of -m, -f, -l, -s and -n", NULL);
	p->source = source;
	p->argument = optarg;
	return 0;
}

static int take_option(struct pub *p, int c)
{
	switch (c) {
	case 't':
		p->topic = optarg;
		return 0;
	case 'm':
		return set_source(p, PUB_MESSAGE);
	case 'f':
		return set_source(p, PUB_FILE);
	case 'l':
		return set_source(p, PUB_LINES);
	case 's':
		return set_source(p, PUB_STDIN);
	case 'n':
		return set_source(p, PUB_NULL);
	case 'q':
		if (*optarg < '0' || *optarg > '2' || optarg[1])
			return bad_usage("QoS is 0, 1 or 2", optarg);
		p->qos = *optarg - '0';
		return 0;
	case 'r':
		p->retain = true;
		return 0;
	}
	return bad_usage("unknown option or missing value", NULL);
}

/* Returns 0, an exit status, or -1 if help was all that was wanted. */
static int take_options(struct pub *p, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "topic", required_argument, NULL, 't' },
		{ "message", required_argument, NULL, 'm' },
		{ "file", required_argument, NULL, 'f' },
		{ "stdin-line", no_argument, NULL, 'l' },
		{ "stdin-file", no_argument, NULL, 's' },
		{ "null-message", no_argument, NULL, 'n' },
		{ "qos", required_argument, NULL, 'q' },
		{ "retain", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'H' },
		{ }
	};
	int c, err;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "t:m:f:lsnq:r", longs,
				NULL)) >= 0) {
		if (c == 'H') {
			fputs(usage_text, stdout);
			return -1;
		}
		err = take_option(p, c);
		if (err)
			return err;
	}
	if (optind < argc)
		return bad_usage("unexpected argument", argv[optind]);
	if (!p->topic)
		return bad_usage("-t TOPIC is missing", NULL);
	if (!*p->topic || strpbrk(p->topic, "+#"))
		return bad_usage("not a topic to publish to", p->topic);
	if (p->source == PUB_NONE)
		return bad_usage("no message: -m, -f, -l, -s or -n", NULL);
	return 0;
}

/* Makes what stands before every payload. */
static int make_head(struct pub *p)
{
	size_t len = strlen(p->topic);

	p->head = malloc(32 + 4 * len);
	if (!p->head) {
		fprintf(stderr, "pub: out of memory\n");
		return -1;
	}
	p->head_len = sprintf(p->head, "qos=%d%s;", p->qos,
			      p->retain ? ",retain" : "");
	p->head_len += device_escape(p->head + p->head_len, p->topic, len,
				     true);
	p->head[p->head_len++] = ' ';
	return 0;
}

static const char *write_error(int err)
{
	switch (err) {
	case EINVAL:
		return "not a topic to publish to";
	case EPERM:
		return "$SYS/ is the broker's own";
	case EMSGSIZE:
		return "larger than max_packet_size (mqttkctl limit show)";
	case ENOBUFS:
		return "message_memory is used up (mqttkctl limit show)";
	case ENODEV:
		return "the broker is gone";
	default:
		return strerror(err);
	}
}

/* Writes what was gathered: all of it, or says why not. */
static int flush_lines(struct pub *p)
{
	size_t done = 0;
	ssize_t n;

	while (done < p->len) {
		n = write(p->fd, p->out + done, p->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fprintf(stderr, "pub: %s: %s\n", p->topic,
				write_error(errno));
			return -1;
		}
		done += n;
	}
	p->len = 0;
	return 0;
}

/* Adds a message to what is to be written. */
static int add_message(struct pub *p, const char *payload, size_t len)
{
	size_t need = p->head_len + device_escape(NULL, payload, len, false) + 1;

	if (need > sizeof(p->out)) {
		fprintf(stderr,
			"pub: %s: %zu bytes make a line of %zu, the device takes %d: publish by TCP\n",
			p->topic, len, need, MQTTK_WRITE_MAX);
		return -1;
	}
	if (need > sizeof(p->out) - p->len && flush_lines(p))
		return -1;
	memcpy(p->out + p->len, p->head, p->head_len);
	p->len += p->head_len;
	p->len += device_escape(p->out + p->len, payload, len, false);
	p->out[p->len++] = '\n';
	return 0;
}

/*
 * Publishes each line of standard input when it comes, an empty line too, as
 * mosquitto_pub does.
 */
static int publish_stdin_lines(struct pub *p)
{
	static char buf[MQTTK_WRITE_MAX];
	char *at, *newline;
	size_t len = 0;
	ssize_t n;

	while ((n = read(0, buf + len, sizeof(buf) - len)) > 0) {
		len += n;
		for (at = buf; (newline = memchr(at, '\n', buf + len - at));
		     at = newline + 1)
			if (add_message(p, at, newline - at))
				return -1;
		len -= at - buf;
		memmove(buf, at, len);
		if (flush_lines(p))
			return -1;
		if (len == sizeof(buf)) {
			fprintf(stderr,
				"pub: a line of more than %zu bytes: the device takes no such\n",
				sizeof(buf));
			return -1;
		}
	}
	if (n < 0) {
		fprintf(stderr, "pub: standard input: %s\n", strerror(errno));
		return -1;
	}
	return len && (add_message(p, buf, len) || flush_lines(p)) ? -1 : 0;
}

static int publish_file(struct pub *p)
{
	static char buf[MQTTK_WRITE_MAX];
	const char *name = p->source == PUB_FILE ? p->argument :
						   "standard input";
	FILE *file = p->source == PUB_FILE ? fopen(p->argument, "re") : stdin;
	size_t len;
	int err;

	if (!file) {
		fprintf(stderr, "pub: %s: %s\n", name, strerror(errno));
		return -1;
	}
	len = fread(buf, 1, sizeof(buf), file);
	err = ferror(file) ? errno : 0;
	if (!err && len == sizeof(buf)) {
		fprintf(stderr,
			"pub: %s: too large: the device takes lines of %d bytes: publish by TCP\n",
			name, MQTTK_WRITE_MAX);
		err = -1;
	} else if (err) {
		fprintf(stderr, "pub: %s: %s\n", name, strerror(err));
	}
	if (p->source == PUB_FILE)
		fclose(file);
	if (err)
		return -1;
	return add_message(p, buf, len) || flush_lines(p) ? -1 : 0;
}

static int publish(struct pub *p)
{
	switch (p->source) {
	case PUB_LINES:
		return publish_stdin_lines(p);
	case PUB_FILE:
	case PUB_STDIN:
		return publish_file(p);
	case PUB_MESSAGE:
		return add_message(p, p->argument, strlen(p->argument)) ||
		       flush_lines(p) ? -1 : 0;
	default:
		return add_message(p, "", 0) || flush_lines(p) ? -1 : 0;
	}
}

/**
 * cmd_pub - mqttkctl pub
 * @argc: arguments
 * @argv: the first is the verb
 *
 * Return: the exit status
 */
int cmd_pub(int argc, char **argv)
{
	static struct pub p;
	int ret;

	ret = take_options(&p, argc, argv);
	if (ret)
		return ret < 0 ? 0 : ret;
	if (make_head(&p))
		return 1;
	ret = 1;
	p.fd = device_open("pub", O_WRONLY);
	if (p.fd >= 0) {
		ret = publish(&p) ? 1 : 0;
		close(p.fd);
	}
	free(p.head);
	return ret;
}
