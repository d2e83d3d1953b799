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
 */
struct pub {
	const char *topic;
	enum pub_source source;
	const char *argument;
	int qos;
	bool retain;
	int fd;
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
	default:
		return device_error(err);
	}
}

/* Publishes one message, or says why not. */
static int publish_one(struct pub *p, const void *payload, size_t len)
{
	if (!mqttk_publish(p->fd, p->topic, payload, len, p->qos,
			   p->retain ? MQTTK_RECORD_RETAIN : 0))
		return 0;
	fprintf(stderr, "pub: %s: %s\n", p->topic, write_error(errno));
	return -1;
}

/*
 * Publishes each line of standard input when it comes, an empty line too, as
 * mosquitto_pub does.
 */
static int publish_lines(struct pub *p)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int err = 0;

	while (!err && (n = getline(&line, &size, stdin)) >= 0)
		err = publish_one(p, line, n && line[n - 1] == '\n' ? n - 1 : n);
	free(line);
	if (!err && ferror(stdin)) {
		fprintf(stderr, "pub: standard input: %s\n", strerror(errno));
		err = -1;
	}
	return err;
}

/* Reads all of a file. Returns memory to be freed, or NULL with errno. */
static char *read_all(FILE *file, size_t *len)
{
	size_t size = 65536;
	char *buf = NULL, *more;

	*len = 0;
	for (;;) {
		more = realloc(buf, size);
		if (!more)
			break;
		buf = more;
		*len += fread(buf + *len, 1, size - *len, file);
		if (ferror(file))
			break;
		if (*len < size)
			return buf;
		size *= 2;
	}
	free(buf);
	return NULL;
}

static int publish_file(struct pub *p)
{
	const char *name = p->source == PUB_FILE ? p->argument :
						   "standard input";
	FILE *file = p->source == PUB_FILE ? fopen(p->argument, "re") : stdin;
	size_t len;
	char *buf;
	int err;

	buf = file ? read_all(file, &len) : NULL;
	if (!buf)
		fprintf(stderr, "pub: %s: %s\n", name, strerror(errno));
	err = buf ? publish_one(p, buf, len) : -1;
	free(buf);
	if (file && file != stdin)
		fclose(file);
	return err;
}

static int publish(struct pub *p)
{
	switch (p->source) {
	case PUB_LINES:
		return publish_lines(p);
	case PUB_FILE:
	case PUB_STDIN:
		return publish_file(p);
	case PUB_MESSAGE:
		return publish_one(p, p->argument, strlen(p->argument));
	default:
		return publish_one(p, "", 0);
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
	struct pub p = { };
	int ret;

	ret = take_options(&p, argc, argv);
	if (ret)
		return ret < 0 ? 0 : ret;
	ret = 1;
	p.fd = device_open("pub", O_WRONLY, 0);
	if (p.fd >= 0) {
		ret = publish(&p) ? 1 : 0;
		close(p.fd);
	}
	return ret;
}
