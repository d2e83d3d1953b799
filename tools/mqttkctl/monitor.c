// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl monitor: what happens, a line for each event as it happens.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

static const char verb[] = "monitor";

/* Kinds of events, as they are asked for. */
static const char * const kinds[] = {
	"client", "session", "subscription", "limit", "listener",
};

enum kind { CLIENT, SESSION, SUBSCRIPTION, LIMIT, LISTENER };

static const struct {
	const char *json;	/* value of "event" */
	const char *did;	/* behind the kind, in text */
	enum kind kind;
} events[MQTTK_CMD_MAX + 1] = {
	[MQTTK_CMD_CLIENT_CONNECTED_NTF] = {
		"client-connected", "connected", CLIENT },
	[MQTTK_CMD_CLIENT_DISCONNECTED_NTF] = {
		"client-disconnected", "disconnected", CLIENT },
	[MQTTK_CMD_SESSION_ENDED_NTF] = {
		"session-ended", "ended", SESSION },
	[MQTTK_CMD_SUBSCRIPTION_NEW_NTF] = {
		"subscription-new", "new", SUBSCRIPTION },
	[MQTTK_CMD_SUBSCRIPTION_DEL_NTF] = {
		"subscription-deleted", "deleted", SUBSCRIPTION },
	[MQTTK_CMD_LIMIT_HIT_NTF] = { "limit-hit", "hit", LIMIT },
	[MQTTK_CMD_LISTENER_UP_NTF] = { "listener-up", "up", LISTENER },
	[MQTTK_CMD_LISTENER_DOWN_NTF] = { "listener-down", "down", LISTENER },
};

static const char * const causes[] = {
	[MQTTK_CAUSE_CLIENT] = "client",
	[MQTTK_CAUSE_NETWORK] = "network",
	[MQTTK_CAUSE_KEEPALIVE] = "keepalive",
	[MQTTK_CAUSE_PROTOCOL] = "protocol",
	[MQTTK_CAUSE_TAKEOVER] = "takeover",
	[MQTTK_CAUSE_ADMINISTRATOR] = "administrator",
	[MQTTK_CAUSE_LISTENER] = "listener",
	[MQTTK_CAUSE_EXPIRED] = "expired",
	[MQTTK_CAUSE_RESOURCES] = "resources",
};

/* How a time is written before each line, and which kinds are shown. */
static enum { NO_TIME, SHORT_TIME, LONG_TIME } stamp;
static unsigned int shown;

static void print_time(__u64 usec)
{
	time_t seconds = usec / 1000000;
	char text[32];
	struct tm tm;

	if (stamp == NO_TIME || opt_json)
		return;
	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text),
		 stamp == LONG_TIME ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &tm);
	printf("[%s.%06u] ", text, (unsigned int)(usec % 1000000));
}

static const char *version_of(unsigned int level)
{
	return level == 3 ? "3.1" : level == 4 ? "3.1.1" :
	       level == 5 ? "5.0" : "?";
}

/* Who it was; where there is no identifier, or not all of it, by index. */
static void show_who(const struct nlattr **attrs)
{
	out_which(attrs[MQTTK_A_EVENT_CLIENT_ID],
		  attrs[MQTTK_A_EVENT_CLIENT_ID_LENGTH],
		  attrs[MQTTK_A_EVENT_INDEX]);
	if (!attrs[MQTTK_A_EVENT_CLIENT_ID] ||
	    attrs[MQTTK_A_EVENT_CLIENT_ID_LENGTH])
		out_uint(NULL, "index", nl_uint(attrs[MQTTK_A_EVENT_INDEX]));
}

static void show_addr(const struct nlattr **attrs)
{
	struct sockaddr_storage addr;

	addr_get(&addr, attrs[MQTTK_A_EVENT_IPV4], attrs[MQTTK_A_EVENT_IPV6],
		 attrs[MQTTK_A_EVENT_SCOPE_ID], attrs[MQTTK_A_EVENT_PORT]);
	out_addr(&addr);
}

static void show_cause(const struct nlattr **attrs)
{
	unsigned int cause = nl_uint(attrs[MQTTK_A_EVENT_CAUSE]);
	unsigned int reason = nl_uint(attrs[MQTTK_A_EVENT_REASON]);
	char text[8];

	out_str("cause", "cause",
		cause < ARRAY_SIZE(causes) && causes[cause] ? causes[cause] :
							      "unknown");
	if (!attrs[MQTTK_A_EVENT_REASON])
		return;
	out_uint("reason", NULL, reason);
	snprintf(text, sizeof(text), "0x%02x", reason & 0xff);
	if (reason)
		out_str(NULL, "reason", text);
}

static void show_client(int cmd, const struct nlattr **attrs)
{
	bool tcp = nl_uint(attrs[MQTTK_A_EVENT_TRANSPORT]) ==
		   MQTTK_TRANSPORT_TCP;
	bool present = nl_uint(attrs[MQTTK_A_EVENT_SESSION_PRESENT]);

	show_who(attrs);
	out_str("transport", NULL, tcp ? "tcp" : "device");
	if (tcp) {
		show_addr(attrs);
		out_str("listener", "listener",
			nl_str(attrs[MQTTK_A_EVENT_LISTENER]));
	} else {
		out_word("/dev/mqtt");
	}
	if (cmd == MQTTK_CMD_CLIENT_DISCONNECTED_NTF) {
		show_cause(attrs);
	} else if (tcp) {
		out_str("version", "version",
			version_of(nl_uint(attrs[MQTTK_A_EVENT_PROTOCOL_LEVEL])));
		out_uint("keepalive", "keepalive",
			 nl_uint(attrs[MQTTK_A_EVENT_KEEPALIVE]));
		out_bool("session_present", NULL, present);
		out_str(NULL, "session", present ? "present" : "new");
		out_expiry(attrs[MQTTK_A_EVENT_EXPIRY_INTERVAL]);
	}
}

static void show_subscription(int cmd, const struct nlattr **attrs)
{
	show_who(attrs);
	out_str("filter", "filter", nl_str(attrs[MQTTK_A_EVENT_FILTER]));
	if (attrs[MQTTK_A_EVENT_FILTER_LENGTH]) {
		out_word("...");
		out_uint("filter_length", "filter-length",
			 nl_uint(attrs[MQTTK_A_EVENT_FILTER_LENGTH]));
	}
	if (cmd == MQTTK_CMD_SUBSCRIPTION_NEW_NTF)
		out_uint("qos", "qos", nl_uint(attrs[MQTTK_A_EVENT_QOS]));
}

static void show_limit(const struct nlattr **attrs)
{
	out_str("limit", "", nl_str(attrs[MQTTK_A_EVENT_LIMIT]));
	out_uint("count", "count", nl_uint(attrs[MQTTK_A_EVENT_COUNT]));
	if (!attrs[MQTTK_A_EVENT_INDEX])
		return;
	out_word("client");
	show_who(attrs);
}

static void show_listener(const struct nlattr **attrs)
{
	show_addr(attrs);
	out_str("name", "name", nl_str(attrs[MQTTK_A_EVENT_LISTENER]));
}

static void on_event(int cmd, const struct nlattr **attrs)
{
	__u64 usec = nl_uint(attrs[MQTTK_A_EVENT_USEC]);
	enum kind kind;

	/* A newer kernel may tell more than is known here. */
	if (cmd > MQTTK_CMD_MAX || !events[cmd].json)
		return;
	kind = events[cmd].kind;
	if (!(shown & 1U << kind))
		return;
	print_time(usec);
	out_begin(NULL);
	out_str("event", NULL, events[cmd].json);
	out_uint("usec", NULL, usec);
	out_word(kinds[kind]);
	out_word(events[cmd].did);
	switch (kind) {
	case CLIENT:
		show_client(cmd, attrs);
		break;
	case SESSION:
		show_who(attrs);
		show_cause(attrs);
		break;
	case SUBSCRIPTION:
		show_subscription(cmd, attrs);
		break;
	case LIMIT:
		show_limit(attrs);
		break;
	case LISTENER:
		show_listener(attrs);
		break;
	}
	out_end();
}

/* The kernel does not say how many. */
static void show_loss(void)
{
	struct timespec now;
	__u64 usec;

	clock_gettime(CLOCK_REALTIME, &now);
	usec = now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
	print_time(usec);
	out_begin(NULL);
	out_str("event", NULL, "lost");
	out_uint("usec", NULL, usec);
	out_word("lost some events: they came faster than they were read");
	out_end();
}

/* Every line was written when it was there, so nothing is left to be done. */
static void on_signal(int sig)
{
	_exit(OK);
}

static void end_by_signals(void)
{
	const struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

/*
 * The kernel tells of a loss before what it had queued until then, and goes on
 * losing until that was read: only then is it over, and told. An exit status.
 */
static int monitor(int fd)
{
	const struct nlattr *attrs[MQTTK_A_EVENT_MAX + 1];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	bool lost = false;
	int err = 0;

	end_by_signals();
	while (!err) {
		if (lost && !poll(&pfd, 1, 0)) {
			show_loss();
			lost = false;
		} else {
			err = nl_hear(attrs, MQTTK_A_EVENT_MAX, on_event);
			if (err == -ENOBUFS) {
				lost = true;
				err = 0;
			}
		}
		if (fflush(stdout))
			return FAILED;
	}
	if (err != -ENODEV)
		return nl_failed(verb, NULL, err);
	fprintf(stderr, "monitor: the module was unloaded\n");
	return FAILED;
}

static int print_usage(void)
{
	puts("usage: mqttkctl monitor [-t | -ts] [client] [session] [subscription]\n"
	     "                        [limit] [listener]");
	return OK;
}

/* 0 or an exit status. */
static int parse_word(const char *word)
{
	size_t i;

	if (!strcmp(word, "-t") || !strcmp(word, "-timestamp")) {
		stamp = LONG_TIME;
		return 0;
	}
	if (!strcmp(word, "-ts") || !strcmp(word, "-tshort")) {
		stamp = SHORT_TIME;
		return 0;
	}
	if (!strcmp(word, "all")) {
		shown = ~0U;
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (is_short_for(word, kinds[i])) {
			shown |= 1U << i;
			return 0;
		}
	}
	return usage_error("monitor: %s: no such events (mqttkctl monitor help)",
			   word);
}

/**
 * cmd_monitor - `mqttkctl monitor ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_monitor(int argc, char **argv)
{
	int err, fd;

	if (argc > 1 && !strcmp(argv[1], "help"))
		return print_usage();
	for (argc--, argv++; argc; argc--, argv++) {
		err = parse_word(*argv);
		if (err)
			return err;
	}
	if (!shown)
		shown = ~0U;
	/* Indented, an event would be many lines. */
	opt_pretty = false;
	fd = nl_listen();
	if (fd < 0)
		return nl_failed(verb, NULL, fd);
	return monitor(fd);
}
