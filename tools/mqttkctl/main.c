// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl: controls and shows the MQTT broker in the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mqttkctl.h"

bool opt_json;
bool opt_pretty;
bool opt_statistics;

/*
 * A shortened word means the first object that begins with it, so new objects
 * go behind those whose short forms people may have got used to.
 */
static const struct command objects[] = {
	{ "listener", cmd_listener, 0,
	  "addresses where clients connect" },
	{ "client", cmd_client, 0,
	  "who is connected" },
	{ "limit", cmd_limit, 0,
	  "limits and memory budgets" },
	{ "stats", cmd_stats, 0,
	  "totals" },
	{ "sub", cmd_sub, COMMAND_OPTIONS,
	  "print messages" },
	{ "pub", cmd_pub, COMMAND_OPTIONS,
	  "publish messages" },
	{ "session", cmd_session, 0,
	  "what is kept for clients, connected or not" },
	{ "subscription", cmd_subscription, 0,
	  "who is subscribed to what" },
	{ "retained", cmd_retained, 0,
	  "messages kept for who comes later" },
	{ "apply", cmd_apply, COMMAND_OPTIONS,
	  "make the broker what a mosquitto.conf says" },
	{ "show", cmd_show, 0,
	  "the running configuration, as a mosquitto.conf" },
	{ "top", cmd_top, COMMAND_OPTIONS,
	  "who does most, again and again" },
	{ "monitor", cmd_monitor, 0,
	  "what happens, as it happens" },
	{ "acl", cmd_acl, 0,
	  "who may publish and read what" },
	{ "reset", cmd_reset, COMMAND_WHOLE,
	  "back to the state just after loading" },
	{ }
};

static void print_help(FILE *to)
{
	const struct command *o;

	fprintf(to, "usage: mqttkctl [-j] [-p] [-s] [-n NETNS] OBJECT [VERB [WORDS]]\n"
		"\nobjects (see also: mqttkctl help OBJECT, man mqttkctl):\n");
	for (o = objects; o->name; o++)
		fprintf(to, "  %-13s %s\n", o->name, o->help);
	fprintf(to, "\noptions:\n"
		"  -j, --json         show as JSON\n"
		"  -p, --pretty       the same, indented\n"
		"  -s, --statistics   show more figures\n"
		"  -n, --netns NETNS  act on that network namespace (of ip netns)\n"
		"  -V, --version      print the version\n"
		"  -h, --help         print this\n");
}

/**
 * is_short_for - whether a word can stand for a name
 * @word: as typed
 * @name: in full
 *
 * Return: whether @word is the beginning of @name, or all of it
 */
bool is_short_for(const char *word, const char *name)
{
	return *word && !strncmp(word, name, strlen(word));
}

static const struct command *find(const struct command *list, const char *word)
{
	for (; list->name; list++)
		if (list->how & COMMAND_WHOLE ? !strcmp(word, list->name) :
				  is_short_for(word, list->name))
			return list;
	return NULL;
}

static void print_verbs(FILE *to, const char *object,
			const struct command *verbs)
{
	const char *first = "usage:";

	for (; verbs->name; verbs++, first = "      ")
		fprintf(to, "%s mqttkctl %s %s%s%s\n", first, object,
			verbs->name, *verbs->help ? " " : "", verbs->help);
}

/**
 * run_verb - find an object's verb and run it
 * @object: its name
 * @verbs: table of its verbs; the first one is meant when none is typed
 * @argc: words
 * @argv: the object, the verb and its words
 *
 * Return: exit status
 */
int run_verb(const char *object, const struct command *verbs, int argc,
	     char **argv)
{
	const struct command *verb;

	if (argc < 2)
		return verbs->run(argc, argv);
	if (!strcmp(argv[1], "help")) {
		print_verbs(stdout, object, verbs);
		return OK;
	}
	verb = find(verbs, argv[1]);
	if (verb)
		return verb->run(argc - 1, argv + 1);
	print_verbs(stderr, object, verbs);
	return usage_error("%s: no such verb: %s", object, argv[1]);
}

/* An exit status. */
static int enter_netns(const char *name)
{
	char path[64];
	int fd, status = OK;

	if (strchr(name, '/') ||
	    snprintf(path, sizeof(path), "/run/netns/%s", name) >=
	    (int)sizeof(path))
		return usage_error("-n %s: not a name of a network namespace",
				   name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		fprintf(stderr, "mqttkctl: -n %s: %s\n", name,
			errno == ENOENT ? "no such network namespace (`ip netns` lists them)" :
					  strerror(errno));
		status = FAILED;
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static const struct command *find_object(const char *word)
{
	const struct command *object = find(objects, word);

	if (!object)
		fprintf(stderr,
			"mqttkctl: no such object: %s (mqttkctl help lists them)\n",
			word);
	return object;
}

/* `help [OBJECT]`; an exit status. */
static int help(int argc, char **argv)
{
	const struct command *object;
	char option[] = "--help", word[] = "help";
	char *words[3] = { };

	if (argc == 1) {
		print_help(stdout);
		return OK;
	}
	object = find_object(argv[1]);
	if (!object)
		return USAGE;
	words[0] = argv[1];
	words[1] = object->how & COMMAND_OPTIONS ? option : word;
	return out_finish(object->run(2, words));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "statistics", no_argument, NULL, 's' },
		{ "netns", required_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const struct command *object;
	const char *netns = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "+jpsn:Vh", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			opt_pretty = true;
			opt_json = true;
			break;
		case 'j':
			opt_json = true;
			break;
		case 's':
			opt_statistics = true;
			break;
		case 'n':
			netns = optarg;
			break;
		case 'V':
			puts("mqttkctl " VERSION);
			return OK;
		case 'h':
			print_help(stdout);
			return OK;
		default:
			print_help(stderr);
			return USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc) {
		print_help(stderr);
		return USAGE;
	}
	if (!strcmp(argv[0], "help"))
		return help(argc, argv);
	object = find_object(argv[0]);
	if (!object)
		return USAGE;
	c = netns ? enter_netns(netns) : OK;
	if (c)
		return c;
	return out_finish(object->run(argc, argv));
}
