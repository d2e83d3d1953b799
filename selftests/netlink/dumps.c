// SPDX-License-Identifier: GPL-2.0
/*
 * nl-dumps: dumps what there is very much of, by small reads and two dumps at
 * a time, and between the reads other sessions, subscriptions and retained
 * messages come and go. What lasts as long as the dumps must be in each of them
 * exactly once: the sessions and subscriptions that absent(1) made, those that
 * "nl-dumps many" makes for one client, and the messages of "nl-dumps retain".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/mqttk_netlink.h>

enum {
	CONNECT = 1, CONNACK, SUBSCRIBE = 8, SUBACK, UNSUBSCRIBE, UNSUBACK,
};

#define DUMPS		2
#define BATCH		500	/* filters of one SUBSCRIBE */
#define CHURN		100	/* clients and topics that come and go */
#define READ_SIZE	8192

static struct {
	unsigned int clients, many, reads, churn, port;
} opt = {
	.clients = 1000, .many = 1000, .churn = 1, .port = 1883,
};

static uint16_t family;
static int device = -1, many_fd = -1;

static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("nl-dumps: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(1);
}

/* -- a client ------------------------------------------------------------ */

static int dial(void)
{
	struct timeval patience = { .tv_sec = 120 };
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(opt.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		fail("connect: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static unsigned char *put_string(unsigned char *b, const char *s)
{
	size_t len = strlen(s);

	*b++ = len >> 8;
	*b++ = len;
	memcpy(b, s, len);
	return b + len;
}

static void send_packet(int fd, unsigned char first, const unsigned char *body,
			size_t len)
{
	static unsigned char packet[5 + 65536];
	size_t left = len;
	unsigned int n = 0;

	packet[n++] = first;
	do {
		packet[n++] = (left & 0x7f) | (left > 0x7f ? 0x80 : 0);
		left >>= 7;
	} while (left);
	memcpy(packet + n, body, len);
	if (send(fd, packet, n + len, MSG_NOSIGNAL) != (ssize_t)(n + len))
		fail("send: %s", strerror(errno));
}

static void take(int fd, unsigned char *to, size_t len)
{
	ssize_t n;

	for (; len; len -= n, to += n) {
		n = recv(fd, to, len, 0);
		if (n <= 0)
			fail("a client was cut");
	}
}

/* Skips messages, should there be any, up to an answer. */
static void expect(int fd, unsigned int type)
{
	static unsigned char body[65536];
	unsigned char first, byte;
	unsigned int len, shift;

	do {
		take(fd, &first, 1);
		len = 0;
		shift = 0;
		do {
			take(fd, &byte, 1);
			len |= (byte & 0x7f) << shift;
			shift += 7;
		} while (byte & 0x80);
		if (len > sizeof(body))
			fail("a packet of %u bytes", len);
		take(fd, body, len);
	} while (first >> 4 == 3);
	if (first >> 4 != type)
		fail("a packet of type %u where %u is due", first >> 4, type);
	if (type == CONNACK && body[1])
		fail("refused with code %u", body[1]);
	if (type == SUBACK && body[len - 1] > 2)
		fail("not granted");
}

static int client(const char *id, bool clean)
{
	unsigned char body[128], *b = body;
	int fd = dial();

	b = put_string(b, "MQTT");
	*b++ = 4;
	*b++ = clean ? 2 : 0;
	*b++ = 0;
	*b++ = 0;
	b = put_string(b, id);
	send_packet(fd, CONNECT << 4, body, b - body);
	expect(fd, CONNACK);
	return fd;
}

static void subscribe(int fd, const char *filter, int qos)
{
	unsigned char body[256], *b = body;

	*b++ = 0;
	*b++ = 1;
	b = put_string(b, filter);
	*b++ = qos;
	send_packet(fd, SUBSCRIBE << 4 | 2, body, b - body);
	expect(fd, SUBACK);
}

static void unsubscribe(int fd, const char *filter)
{
	unsigned char body[256], *b = body;

	*b++ = 0;
	*b++ = 1;
	b = put_string(b, filter);
	send_packet(fd, UNSUBSCRIBE << 4 | 2, body, b - body);
	expect(fd, UNSUBACK);
}

/* The broker hangs up when it has the session again. */
static void leave(int fd)
{
	char c;

	send_packet(fd, 0xe0, NULL, 0);
	while (recv(fd, &c, 1, 0) > 0)
		;
	close(fd);
}

static void retain(const char *format, unsigned int n, const char *payload)
{
	char line[128];
	int len;

	if (device < 0)
		device = open("/dev/mqtt", O_WRONLY | O_CLOEXEC);
	len = snprintf(line, sizeof(line), "retain;");
	len += snprintf(line + len, sizeof(line) - len, format, n);
	len += snprintf(line + len, sizeof(line) - len, " %s\n", payload);
	if (write(device, line, len) != len)
		fail("/dev/mqtt: %s", strerror(errno));
}

/* -- what there is very much of ------------------------------------------ */

static void make_many(void)
{
	static unsigned char body[BATCH * 16 + 2];
	unsigned char *b = body + 2;
	int fd = client("many", false);
	unsigned int i;
	char text[16];

	body[1] = 1;
	for (i = 0; i < opt.many; i++) {
		snprintf(text, sizeof(text), "many/%06u", i);
		b = put_string(b, text);
		*b++ = i % 3;
		if ((i + 1) % BATCH && i + 1 < opt.many)
			continue;
		send_packet(fd, SUBSCRIBE << 4 | 2, body, b - body);
		expect(fd, SUBACK);
		b = body + 2;
	}
	leave(fd);
}

static void make_retained(void)
{
	unsigned int i;

	for (i = 0; i < opt.many; i++)
		retain("keep/%06u", i, "x");
}

/* One of everything comes, one goes, one changes. */
static void churn(unsigned int k)
{
	unsigned int here = k % CHURN, gone = (k + CHURN / 2) % CHURN;
	char text[32];
	int fd;

	snprintf(text, sizeof(text), "churn-%u", here);
	fd = client(text, false);
	subscribe(fd, "absent/all", 0);
	leave(fd);
	snprintf(text, sizeof(text), "churn-%u", gone);
	leave(client(text, true));

	retain("churn/%u", here, "x");
	retain("churn/%u", gone, "");
	retain("keep/%06u", k % opt.many, "y");

	if (many_fd < 0)
		many_fd = client("many", false);
	/* Made anew in its place. */
	snprintf(text, sizeof(text), "many/%06u", k * 7919 % opt.many);
	subscribe(many_fd, text, k % 3);
	snprintf(text, sizeof(text), "other/%u", here);
	subscribe(many_fd, text, 0);
	snprintf(text, sizeof(text), "other/%u", gone);
	unsubscribe(many_fd, text);
}

/* -- dumps --------------------------------------------------------------- */

/**
 * struct what - something to dump
 * @name: as the command line says it
 * @cmd: MQTTK_CMD_*
 * @type: attribute of the request, 0: none
 * @value: its value
 * @clients: each of the absent clients must be there
 * @client_attr: and this tells which
 * @many: each of what there are many of must be there
 * @many_attr: likewise
 * @many_format: how its text is read
 */
static const struct what {
	const char *name;
	int cmd, type;
	const char *value;
	bool clients;
	int client_attr;
	bool many;
	int many_attr;
	const char *many_format;
} whats[] = {
	{ .name = "sessions", .cmd = MQTTK_CMD_SESSION_GET,
	  .clients = true, .client_attr = MQTTK_A_SESSION_ID },
	{ .name = "subscriptions", .cmd = MQTTK_CMD_SUBSCRIPTION_GET,
	  .clients = true, .client_attr = MQTTK_A_SUBSCRIPTION_CLIENT_ID,
	  .many = true, .many_attr = MQTTK_A_SUBSCRIPTION_FILTER,
	  .many_format = "many/%6u" },
	{ .name = "filter", .cmd = MQTTK_CMD_SUBSCRIPTION_GET,
	  .type = MQTTK_A_SUBSCRIPTION_FILTER, .value = "absent/all",
	  .clients = true, .client_attr = MQTTK_A_SUBSCRIPTION_CLIENT_ID },
	{ .name = "client", .cmd = MQTTK_CMD_SUBSCRIPTION_GET,
	  .type = MQTTK_A_SUBSCRIPTION_CLIENT_ID, .value = "many",
	  .many = true, .many_attr = MQTTK_A_SUBSCRIPTION_FILTER,
	  .many_format = "many/%6u" },
	{ .name = "retained", .cmd = MQTTK_CMD_RETAINED_GET,
	  .many = true, .many_attr = MQTTK_A_RETAINED_TOPIC,
	  .many_format = "keep/%6u" },
	{ }
};

/**
 * struct dump - one that is under way
 * @what: of what
 * @sock: by which socket
 * @clients: how often each was there
 * @many: likewise
 * @entries: how many there were of any kind
 * @interrupted: the kernel says that it was
 * @done: to its end
 */
struct dump {
	const struct what *what;
	struct mnl_socket *sock;
	unsigned char *clients, *many;
	unsigned int entries;
	bool interrupted, done;
};

static struct nlmsghdr *request(void *buf, uint16_t type, int cmd, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static struct mnl_socket *netlink_open(void)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_GENERIC,
						   SOCK_CLOEXEC);

	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID))
		fail("netlink: %s", strerror(errno));
	return sock;
}

static void find_family(void)
{
	struct mnl_socket *sock = netlink_open();
	char buf[READ_SIZE] __attribute__((aligned(8)));
	const struct nlattr *attr;
	struct nlmsghdr *nlh;

	nlh = request(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, MQTTK_FAMILY_NAME);
	mnl_socket_sendto(sock, nlh, nlh->nlmsg_len);
	if (mnl_socket_recvfrom(sock, buf, sizeof(buf)) > 0)
		mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
			if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
				family = mnl_attr_get_u16(attr);
	if (!family)
		fail("the module is not loaded");
	mnl_socket_close(sock);
}

static void start(struct dump *d, const struct what *what)
{
	char buf[READ_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	memset(d, 0, sizeof(*d));
	d->what = what;
	d->clients = calloc(opt.clients, 1);
	d->many = calloc(opt.many, 1);
	if (!d->clients || !d->many)
		fail("no memory");
	d->sock = netlink_open();
	nlh = request(buf, family, what->cmd, NLM_F_DUMP);
	if (what->type)
		mnl_attr_put_strz(nlh, what->type, what->value);
	if (mnl_socket_sendto(d->sock, nlh, nlh->nlmsg_len) < 0)
		fail("request: %s", strerror(errno));
}

static void count(unsigned char *seen, unsigned int nr, unsigned int i)
{
	if (i < nr && seen[i] < 255)
		seen[i]++;
}

static void entry(struct dump *d, const struct nlmsghdr *nlh)
{
	const struct what *w = d->what;
	const struct nlattr *attr;
	unsigned int i;

	d->entries++;
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		const char *text = mnl_attr_get_payload(attr);
		int type = mnl_attr_get_type(attr);

		if (w->clients && type == w->client_attr &&
		    sscanf(text, "absent-%u", &i) == 1)
			count(d->clients, opt.clients, i);
		if (w->many && type == w->many_attr &&
		    sscanf(text, w->many_format, &i) == 1)
			count(d->many, opt.many, i);
	}
}

/* One message of the kernel's: as many entries as fit. */
static void read_some(struct dump *d)
{
	char buf[READ_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	ssize_t n = mnl_socket_recvfrom(d->sock, buf, sizeof(buf));
	int len = n;

	if (n < 0)
		fail("%s: %s", d->what->name, strerror(errno));
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		d->interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
		if (nlh->nlmsg_type == family) {
			entry(d, nlh);
			continue;
		}
		n = *(int *)mnl_nlmsg_get_payload(nlh);
		if (n)
			fail("%s: %s", d->what->name, strerror(-n));
		d->done = true;
	}
}

static unsigned int wrong(const char *what, const unsigned char *seen,
			  unsigned int nr)
{
	unsigned int i, bad = 0;

	for (i = 0; i < nr; i++) {
		if (seen[i] == 1)
			continue;
		if (!bad++)
			printf("# %s %u is there %u times\n", what, i, seen[i]);
	}
	return bad;
}

/* Ends a dump, wherever it is; returns whether what it showed is right. */
static bool end(struct dump *d)
{
	unsigned int bad = 0;

	if (d->done && d->what->clients)
		bad += wrong("client", d->clients, opt.clients);
	if (d->done && d->what->many)
		bad += wrong("of many, number", d->many, opt.many);
	if (d->interrupted)
		printf("# it was interrupted\n");
	mnl_socket_close(d->sock);
	free(d->clients);
	free(d->many);
	return !bad && !d->interrupted;
}

static bool dump(const struct what *what)
{
	unsigned int reads = 0, i, k;
	struct dump dumps[DUMPS];
	bool busy = true, ok = true;

	for (i = 0; i < DUMPS; i++)
		start(&dumps[i], what);
	while (busy && (!opt.reads || reads < opt.reads)) {
		busy = false;
		reads++;
		for (i = 0; i < DUMPS; i++) {
			/* The second one is slower. */
			if (!dumps[i].done && (!i || reads % 2 || dumps[0].done))
				read_some(&dumps[i]);
			busy |= !dumps[i].done;
		}
		for (k = 0; k < opt.churn; k++)
			churn(reads * opt.churn + k);
	}
	for (i = 0; i < DUMPS; i++) {
		printf("entries=%u\n", dumps[i].entries);
		ok &= end(&dumps[i]);
	}
	printf("reads=%u\n", reads);
	return ok;
}

static void usage(void)
{
	fputs("Usage: nl-dumps many|retain|sessions|subscriptions|filter|client|retained\n"
	      "                [-n CLIENTS] [-m MANY] [-c CHURN-PER-READ] [-r READS] [-P PORT]\n"
	      "With -r it gives up after so many reads.\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	const struct what *what;
	int c;

	if (argc < 2)
		usage();
	while ((c = getopt(argc - 1, argv + 1, "n:m:c:r:P:")) != -1) {
		switch (c) {
		case 'n':
			opt.clients = atoi(optarg);
			break;
		case 'm':
			opt.many = atoi(optarg);
			break;
		case 'c':
			opt.churn = atoi(optarg);
			break;
		case 'r':
			opt.reads = atoi(optarg);
			break;
		case 'P':
			opt.port = atoi(optarg);
			break;
		default:
			usage();
		}
	}
	if (!strcmp(argv[1], "many")) {
		make_many();
		return 0;
	}
	if (!strcmp(argv[1], "retain")) {
		make_retained();
		return 0;
	}
	find_family();
	for (what = whats; what->name; what++)
		if (!strcmp(what->name, argv[1]))
			return !dump(what);
	usage();
}
