// SPDX-License-Identifier: GPL-2.0
/*
 * mqttk-bench: what an MQTT broker can do.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../mqttk/version.h"
#include "bench.h"

#define MAX_CLIENTS	1000000
#define MAX_SIZE	(256 << 20)

struct options opt = {
	.work = "pairs",
	.host = "127.0.0.1",
	.port = "1883",
	.prefix = "bench",
	.size = 64,
	.burst = 1,
	.seconds = 10,
	.timeout = 10,
};

static const struct {
	const char *name;
	int (*run)(void);
	const char *help;
} works[] = {
	{ "pairs", work_pairs, "pairs of a publisher and a receiver" },
	{ "fan", work_fan, "one publisher, many receivers" },
	{ "pingpong", work_pingpong, "two clients that answer each other" },
	{ "connect", work_connect, "connections that come and go" },
	{ "match", work_match, "one message among many subscriptions" },
	{ "device", work_device, "one publisher, many readers of /dev/mqtt" },
	{ "idle", work_idle, "memory of connections that do nothing" },
	{ "floor", work_floor, "be what brokers are compared with: no broker" },
};

#define NR_WORKS	(sizeof(works) / sizeof(*works))

/**
 * fail - prints an error and exits
 * @fmt: what went wrong
 */
void fail(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	fputs("mqttk-bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

/**
 * clients_wanted - how many clients there shall be
 * @usual: if nothing was said
 *
 * Return: that
 */
unsigned int clients_wanted(unsigned int usual)
{
	if (!opt.clients)
		opt.clients = usual;
	return opt.clients;
}

static void __attribute__((noreturn, format(printf, 1, 2)))
usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("mqttk-bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputs("\nsee 'mqttk-bench --help'\n", stderr);
	va_end(ap);
	exit(2);
}

static void print_help(void)
{
	unsigned int i;

	printf("usage: mqttk-bench [WORK] [OPTIONS]\n\nkinds of work:\n");
	for (i = 0; i < NR_WORKS; i++)
		printf("  %-10s %s\n", works[i].name, works[i].help);
	printf("\noptions:\n"
	       "  -H, --host HOST      of the broker (127.0.0.1)\n"
	       "  -p, --port PORT      of the broker (1883)\n"
	       "  -u, --user NAME      connect as\n"
	       "  -P, --password WORD  with that\n"
	       "  -n, --clients N      receivers, pairs, connections\n"
	       "  -s, --size BYTES     of payload (64)\n"
	       "  -q, --qos QOS        0, 1 or 2 (0)\n"
	       "  -b, --burst N        messages sent at once (1)\n"
	       "  -w, --window N       messages on their way, for each publisher (one burst)\n"
	       "  -t, --time SECONDS   how long (10)\n"
	       "  -m, --messages N     or how many, for each publisher\n"
	       "  -W, --warm-up N      so many before that (not measured)\n"
	       "  -F, --filters N      match: subscriptions of others\n"
	       "  -f, --first N        idle: clients to begin with\n"
	       "  -L, --lazy           receivers wake up for whole messages\n"
	       "  -S, --settle         wait two seconds before the first message\n"
	       "  -B, --batch          floor: one write for all that was read\n"
	       "  -T, --timeout SECONDS  until what is missing is lost (10)\n"
	       "  -I, --prefix WORD    of client identifiers and topics (bench)\n"
	       "      --pid PID        of the broker, to tell what it used\n"
	       "  -i, --instructions   count them (in selftests/vm/run -i)\n"
	       "  -j, --json           print JSON\n"
	       "  -V, --version        print the version\n"
	       "  -h, --help           print this\n");
}

enum {
	OPT_PID = 256,
};

static const struct option options[] = {
	{ "host", required_argument, NULL, 'H' },
	{ "port", required_argument, NULL, 'p' },
	{ "user", required_argument, NULL, 'u' },
	{ "password", required_argument, NULL, 'P' },
	{ "clients", required_argument, NULL, 'n' },
	{ "size", required_argument, NULL, 's' },
	{ "qos", required_argument, NULL, 'q' },
	{ "burst", required_argument, NULL, 'b' },
	{ "window", required_argument, NULL, 'w' },
	{ "time", required_argument, NULL, 't' },
	{ "messages", required_argument, NULL, 'm' },
	{ "warm-up", required_argument, NULL, 'W' },
	{ "filters", required_argument, NULL, 'F' },
	{ "first", required_argument, NULL, 'f' },
	{ "lazy", no_argument, NULL, 'L' },
	{ "settle", no_argument, NULL, 'S' },
	{ "batch", no_argument, NULL, 'B' },
	{ "timeout", required_argument, NULL, 'T' },
	{ "prefix", required_argument, NULL, 'I' },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "instructions", no_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static const char *long_name(int c)
{
	const struct option *o;

	for (o = options; o->val != c; o++)
		;
	return o->name;
}

static unsigned long number(int c, unsigned long least, unsigned long most)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(optarg, &end, 10);
	if (*optarg < '0' || *optarg > '9' || *end || errno || value < least ||
	    value > most)
		usage("--%s takes a number from %lu to %lu, not '%s'", long_name(c),
		      least, most, optarg);
	return value;
}

static void take_number(int c)
{
	static const struct {
		int c;
		unsigned int *value;
		unsigned long least, most;
	} numbers[] = {
		{ 'n', &opt.clients, 1, MAX_CLIENTS },
		{ 's', &opt.size, MARK_SIZE, MAX_SIZE },
		{ 'q', &opt.qos, 0, 2 },
		{ 'b', &opt.burst, 1, 65535 },
		{ 'w', &opt.window, 1, 65535 },
		{ 't', &opt.seconds, 1, KEEP_ALIVE },
		{ 'F', &opt.filters, 0, 100000000 },
		{ 'f', &opt.first, 1, MAX_CLIENTS },
		{ 'T', &opt.timeout, 1, 3600 },
		{ OPT_PID, &opt.pid, 1, INT32_MAX },
	};
	unsigned int i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i].c == c)
			*numbers[i].value = number(c, numbers[i].least,
						   numbers[i].most);
}

static void take_option(int c)
{
	switch (c) {
	case 'H':
		opt.host = optarg;
		break;
	case 'p':
		opt.port = optarg;
		break;
	case 'u':
		opt.user = optarg;
		break;
	case 'P':
		opt.password = optarg;
		break;
	case 'I':
		opt.prefix = optarg;
		break;
	case 'm':
		opt.messages = number(c, 1, 1000000000);
		break;
	case 'W':
		opt.warm_up = number(c, 0, 1000000000);
		break;
	case 'L':
		opt.lazy = true;
		break;
	case 'S':
		opt.settle = true;
		break;
	case 'B':
		opt.batch = true;
		break;
	case 'i':
		opt.counting = true;
		break;
	case 'j':
		opt.json = true;
		break;
	case 'V':
		printf("mqttk-bench %s\n", MQTTK_VERSION);
		exit(0);
	case 'h':
		print_help();
		exit(0);
	case '?':
		usage("an option is unknown, or lacks its word");
	default:
		take_number(c);
	}
}

static void check_options(void)
{
	if (!opt.window)
		opt.window = opt.burst;
	if (opt.window < opt.burst)
		usage("a window of %u has no room for a burst of %u", opt.window,
		      opt.burst);
	if (strlen(opt.prefix) > 40)
		usage("a prefix has 40 bytes at most");
	if (opt.password && !opt.user)
		usage("a password takes a user (-u)");
	if ((opt.user && strlen(opt.user) > 256) ||
	    (opt.password && strlen(opt.password) > 256))
		usage("users and passwords have 256 bytes at most");
}

int main(int argc, char **argv)
{
	unsigned int i;
	int c;

	while ((c = getopt_long(argc, argv, "H:p:u:P:n:s:q:b:w:t:m:W:F:f:LSBT:I:ijVh",
				options, NULL)) >= 0)
		take_option(c);
	if (optind < argc)
		opt.work = argv[optind++];
	if (optind < argc)
		usage("one kind of work at a time, not '%s' as well", argv[optind]);
	check_options();
	for (i = 0; i < NR_WORKS; i++)
		if (!strcmp(works[i].name, opt.work))
			return works[i].run();
	usage("there is no kind of work called '%s'", opt.work);
}
