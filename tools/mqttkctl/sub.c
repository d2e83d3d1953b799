// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl sub: print messages, as mosquitto_sub does, through /dev/mqtt.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "format.h"
#include "mqttkctl.h"

/* What mosquitto_sub exits with when -W is over. */
#define EXIT_TIMED_OUT	27

/**
 * struct sub_options - the command line
 * @filters: -t
 * @nr_filters: how many
 * @qos: -q
 * @count: -C, or -1
 * @seconds: -W, or -1
 * @format: -F, or NULL
 * @id: -i, or NULL
 * @keep: -c
 * @expiry: -x
 * @verbose: -v
 * @no_newline: -N
 * @no_retained: -R
 * @retained_only: --retained-only
 * @as_published: --retain-as-published
 */
struct sub_options {
	char **filters;
	unsigned int nr_filters;
	int qos;
	long count;
	double seconds;
	const char *format;
	const char *id;
	bool keep;
	unsigned int expiry;
	bool verbose;
	bool no_newline;
	bool no_retained;
	bool retained_only;
	bool as_published;
};

/**
 * struct sub - the work
 * @opt: what is wanted
 * @fd: the device
 * @reader: what was read of it
 * @failed: some message could not be shown as it is
 */
struct sub {
	struct sub_options opt;
	int fd;
	struct mqttk_reader reader;
	bool failed;
};

static const char usage_text[] =
	"Usage: mqttkctl sub -t FILTER [-t FILTER]... [-q QOS] [-v] [-C COUNT] [-W SECONDS]\n"
	"                    [-F FORMAT] [-N] [-R] [--retained-only] [--retain-as-published]\n"
	"                    [-i ID [-c] [-x SECONDS]]\n"
	"Prints messages that come through the broker, by /dev/mqtt.\n"
	"\n"
	" -t, --topic FILTER  topics to print, + and # allowed; may be repeated\n"
	" -q, --qos QOS       highest quality of service wanted (default 0); what is\n"
	"                     printed is acknowledged\n"
	" -v, --verbose       print the topic before the payload\n"
	" -C COUNT            exit after so many messages\n"
	" -W SECONDS          exit after so long, with status 27\n"
	" -F FORMAT           print each message so: %t topic, %p payload, %j JSON, ...\n"
	" -N                  no newline behind a message\n"
	" -R                  no messages that were retained before\n"
	"     --retained-only only those, then exit\n"
	"     --retain-as-published  say of new messages, too, if they are retained\n"
	" -i, --id ID         be the client ID\n"
	" -c                  go on with what ID missed, and keep what it misses next\n"
	" -x SECONDS          keep it so long; for ever if not given\n"
	"See mqttkctl-sub(8) for the formats.\n";

static int bad_usage(const char *what, const char *value)
{
	fprintf(stderr, "sub: %s%s%s\nTry: mqttkctl sub --help\n", what,
		value ? ": " : "", value ? value : "");
	return 2;
}

/* Takes a whole number from @min to @max. */
static int take_number(const char *text, long min, long max, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	return errno || end == text || *end || *value < min || *value > max ?
	       -1 : 0;
}

static int take_option(struct sub_options *o, int c)
{
	char why[80], *end;
	long n;

	switch (c) {
	case 't':
		o->filters[o->nr_filters++] = optarg;
		return 0;
	case 'q':
		if (take_number(optarg, 0, 2, &n))
			return bad_usage("QoS is 0, 1 or 2", optarg);
		o->qos = n;
		return 0;
	case 'C':
		if (take_number(optarg, 1, 0x7fffffff, &o->count))
			return bad_usage("not a count", optarg);
		return 0;
	case 'W':
		o->seconds = strtod(optarg, &end);
		if (end == optarg || *end || !(o->seconds > 0) ||
		    o->seconds > 1e9)
			return bad_usage("not a time in seconds", optarg);
		return 0;
	case 'F':
		if (format_check(optarg, why, sizeof(why)))
			return bad_usage(why, NULL);
		o->format = optarg;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 'N':
		o->no_newline = true;
		return 0;
	case 'R':
		o->no_retained = true;
		return 0;
	case 'r':
		o->retained_only = true;
		return 0;
	case 'a':
		o->as_published = true;
		return 0;
	case 'i':
		o->id = optarg;
		return 0;
	case 'c':
		o->keep = true;
		return 0;
	case 'x':
		if (take_number(optarg, 0, 0x7fffffff, &n))
			return bad_usage("not a time in seconds", optarg);
		o->expiry = n;
		return 0;
	}
	return bad_usage("unknown option or missing value", NULL);
}

/* Returns 0, an exit status, or -1 if help was all that was wanted. */
static int take_options(struct sub_options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "topic", required_argument, NULL, 't' },
		{ "qos", required_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "retained-only", no_argument, NULL, 'r' },
		{ "retain-as-published", no_argument, NULL, 'a' },
		{ "id", required_argument, NULL, 'i' },
		{ "disable-clean-session", no_argument, NULL, 'c' },
		{ "session-expiry-interval", required_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'H' },
		{ }
	};
	int c, err;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "t:q:vC:W:F:NRi:cx:", longs,
				NULL)) >= 0) {
		if (c == 'H') {
			fputs(usage_text, stdout);
			return -1;
		}
		err = take_option(o, c);
		if (err)
			return err;
	}
	if (optind < argc)
		return bad_usage("unexpected argument", argv[optind]);
	if (!o->nr_filters)
		return bad_usage("-t FILTER is missing", NULL);
	if (opt_json && !o->format)
		o->format = "%j";
	if ((o->keep || o->expiry != MQTTK_CLIENT_FOR_EVER) && !o->id)
		return bad_usage("-c and -x need -i ID", NULL);
	if (o->no_retained && o->retained_only)
		return bad_usage("-R and --retained-only exclude each other",
				   NULL);
	return 0;
}

static int subscribe(struct sub *s, const char *filter)
{
	unsigned int flags = 0;
	const char *why;

	if (s->opt.no_retained)
		flags |= MQTTK_SUB_RETAINED_NEVER;
	if (s->opt.as_published)
		flags |= MQTTK_SUB_RETAIN_AS_PUBLISHED;
	if (!mqttk_subscribe(s->fd, filter, s->opt.qos, flags))
		return 0;
	switch (errno) {
	case EINVAL:
		why = "not a topic filter";
		break;
	case EDQUOT:
		why = "too many filters (mqttkctl limit show: max_subscriptions)";
		break;
	case ENOBUFS:
		why = "client_memory is used up (mqttkctl limit show)";
		break;
	default:
		why = device_error(errno);
	}
	fprintf(stderr, "sub: %s: %s\n", filter, why);
	return -1;
}

/* Becomes the client that -i names. */
static int be_client(struct sub *s)
{
	const struct sub_options *o = &s->opt;
	unsigned int expiry = o->keep || o->expiry != MQTTK_CLIENT_FOR_EVER ?
			      o->expiry : 0;

	if (!o->id || mqttk_be_client(s->fd, o->id, expiry,
				      o->keep ? 0 : MQTTK_CLIENT_CLEAN) >= 0)
		return 0;
	fprintf(stderr, "sub: -i %s: %s\n", o->id,
		errno == EINVAL ? "not a client identifier" :
		errno == ENOBUFS ? "client_memory is used up (mqttkctl limit show)" :
		device_error(errno));
	return -1;
}

static void print_message(struct sub *s, const struct device_message *m)
{
	const struct sub_options *o = &s->opt;

	if (o->format) {
		if (!format_print(o->format, m))
			s->failed = true;
	} else if (m->payload_len) {
		if (o->verbose)
			printf("%s ", m->topic);
		fwrite(m->payload, 1, m->payload_len, stdout);
	} else if (o->verbose && !o->no_newline) {
		printf("%s (null)", m->topic);
	} else {
		return;
	}
	if (!o->no_newline)
		putchar('\n');
}

/* Says what the output does not show. */
static void complain(struct sub *s, const struct mqttk_record *r)
{
	if (!r->lost)
		return;
	fflush(stdout);
	fprintf(stderr,
		"sub: %u messages lost: read too slowly (mqttkctl limit show: max_queued_messages)\n",
		r->lost);
	s->failed = true;
}

/* Prints a message. Returns true when no more are wanted. */
static bool take_message(struct sub *s, const struct device_message *m)
{
	if (s->opt.retained_only && !(m->record->flags & MQTTK_RECORD_RETAIN))
		return true;
	complain(s, m->record);
	print_message(s, m);
	return s->opt.count > 0 && !--s->opt.count;
}

/* What was printed is done with. Returns false if it could not be printed. */
static bool confirm(struct sub *s, const struct mqttk_record *r)
{
	/* What may be lost on the way out costs no system call each. */
	if (!r->token && s->reader.at < s->reader.len)
		return true;
	if (fflush(stdout)) {
		fprintf(stderr, "sub: output: %s\n", strerror(errno));
		return false;
	}
	mqttk_ack(s->fd, r);
	return true;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Waits for messages. Returns 0, or -1 when the time is over. */
static int wait_for_messages(struct sub *s, double until)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	double left = -1;
	int ms = -1;

	do {
		if (s->opt.seconds >= 0) {
			left = until - now();
			if (left <= 0)
				return -1;
			/* In pieces: a poll cannot wait for months. */
			ms = left > 86400 ? 86400000 : (int)(left * 1000) + 1;
		}
	} while (!poll(&p, 1, ms));
	return 0;
}

static int run(struct sub *s)
{
	double until = now() + s->opt.seconds;
	struct device_message m;

	for (;;) {
		if (!device_next(s->fd, &s->reader, &m)) {
			bool done = take_message(s, &m);

			if (!confirm(s, m.record))
				return 1;
			if (done)
				return s->failed;
			/* A stream without a gap has an end, too. */
			if (s->opt.seconds < 0 || now() < until)
				continue;
			errno = EAGAIN;
		}
		if (errno != EAGAIN && errno != EINTR) {
			fprintf(stderr, "sub: " MQTTK_DEVICE_PATH ": %s\n",
				device_error(errno));
			return 1;
		}
		if (wait_for_messages(s, until)) {
			fprintf(stderr, "Timed out\n");
			return EXIT_TIMED_OUT;
		}
	}
}

/**
 * cmd_sub - mqttkctl sub
 * @argc: arguments
 * @argv: the first is the verb
 *
 * Return: the exit status
 */
int cmd_sub(int argc, char **argv)
{
	struct sub s = {
		.opt = {
			.count = -1,
			.seconds = -1,
			.expiry = MQTTK_CLIENT_FOR_EVER,
		},
	};
	unsigned int i;
	int ret = 1;

	/* No more filters than arguments. */
	s.opt.filters = calloc(argc + 1, sizeof(*s.opt.filters));
	if (!s.opt.filters) {
		fprintf(stderr, "sub: out of memory\n");
		goto out;
	}
	ret = take_options(&s.opt, argc, argv);
	if (ret) {
		ret = ret < 0 ? 0 : ret;
		goto out;
	}
	ret = 1;
	s.fd = device_open("sub", O_RDONLY | O_NONBLOCK,
			   s.opt.qos ? MQTTK_OPT_ACK : 0);
	if (s.fd < 0)
		goto out;
	if (be_client(&s))
		goto close;
	for (i = 0; i < s.opt.nr_filters; i++)
		if (subscribe(&s, s.opt.filters[i]))
			goto close;
	ret = run(&s);
close:
	close(s.fd);
out:
	free(s.opt.filters);
	free(s.reader.buf);
	return ret;
}
