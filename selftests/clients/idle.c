// SPDX-License-Identifier: GPL-2.0
/*
 * idle: very many clients that do nothing. Each connects, subscribes to a
 * filter of its own and then only keeps itself alive; see usage(). It takes as
 * little memory for a client as it can, because the broker's is to be measured.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNACK = 2, PUBLISH = 3, SUBACK = 9, PINGRESP = 13 };

/* Connections that are being made at a time: fewer than a listener's backlog. */
#define UNDERWAY	128

/*
 * Clients of one address: fewer than half of the ports there are. The kernel looks
 * at all even ones first, one by one, before it takes an odd one.
 */
#define PER_ADDRESS	10000

enum state { DIALING, GREETING, SUBSCRIBING, READY, CLOSED };

/**
 * struct client - one of them
 * @fd: its socket
 * @type: of the packet that arrives, from its first byte; 0: none does
 * @left: bytes of it to come; while its length arrives, the length so far
 * @at: bytes of its body that have come
 * @shift: bits of the length that have come
 * @body: the length is known
 * @state: how far it has come
 */
struct client {
	int fd;
	uint32_t left;
	uint16_t at;
	uint8_t type;
	uint8_t shift : 6;
	uint8_t body : 1;
	uint8_t state;
};

static struct client *clients;
static unsigned int nr = 1000, keepalive = 60, seconds = 600;
static unsigned int dialed, ready, cut, pings, answers;
static bool bare, stop;
static const char *host = "127.0.0.1", *port = "1883";
static struct sockaddr_in broker;
static int epfd, listener = -1;

static void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("idle: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static unsigned int number(const struct client *c)
{
	return c - clients;
}

static void watch(struct client *c, int op, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (epoll_ctl(epfd, op, c->fd, &ev))
		fail("epoll_ctl: %s", strerror(errno));
}

static void closed(struct client *c)
{
	if (c->state != READY)
		fail("client %u: closed before it was in", number(c));
	close(c->fd);
	c->state = CLOSED;
	cut++;
}

static void put(struct client *c, const void *data, size_t len)
{
	/* So little always fits into a socket that has nothing to send. */
	if (send(c->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len && errno != EPIPE &&
	    errno != ECONNRESET)
		fail("client %u: send: %s", number(c), strerror(errno));
}

static void say_connect(struct client *c)
{
	unsigned char b[32] = { 0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2 };
	int n = snprintf((char *)b + 14, 16, "idle-%06u", number(c));

	b[1] = 12 + n;
	b[10] = keepalive >> 8;
	b[11] = keepalive;
	b[13] = n;
	put(c, b, 14 + n);
}

static void say_subscribe(struct client *c)
{
	unsigned char b[32] = { 0x82, 0, 0, 1 };
	int n = snprintf((char *)b + 6, 20, "d/%06u/cmd", number(c));

	b[1] = 5 + n;
	b[5] = n;
	put(c, b, 7 + n);
}

static void say_ping(struct client *c)
{
	put(c, "\xc0", 2);
	pings++;
}

static void dial(struct client *c)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		fail("socket: %s", strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	/* All of 127.0.0.0/8 is ours. */
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + ((1 + number(c) / PER_ADDRESS) << 8));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)))
		fail("bind: %s", strerror(errno));
	if (connect(c->fd, (struct sockaddr *)&broker, sizeof(broker)) &&
	    errno != EINPROGRESS)
		fail("client %u: connect: %s", number(c), strerror(errno));
	c->state = DIALING;
	watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

/* The body of a packet, byte by byte. */
static void took(struct client *c, unsigned char byte)
{
	unsigned int type = c->type >> 4;

	if (type == CONNACK && c->at == 1 && byte)
		fail("client %u: refused with code %u", number(c), byte);
	if (type == SUBACK && c->at == 2 && byte)
		fail("client %u: SUBACK with code %u", number(c), byte);
	c->at++;
}

static void packet(struct client *c)
{
	unsigned int type = c->type >> 4;

	c->type = 0;
	if (type == CONNACK && c->state == GREETING) {
		c->state = SUBSCRIBING;
		say_subscribe(c);
	} else if (type == SUBACK && c->state == SUBSCRIBING) {
		c->state = READY;
		ready++;
	} else if (type == PINGRESP && c->state == READY) {
		answers++;
	} else if (type == PUBLISH && c->state == READY) {
		printf("message=%u\n", number(c));
	} else {
		fail("client %u: packet of type %u", number(c), type);
	}
}

static void feed(struct client *c, const unsigned char *b, ssize_t n)
{
	for (; n > 0; n--, b++) {
		if (!c->type) {
			c->type = *b;
			c->left = 0;
			c->at = 0;
			c->shift = 0;
			c->body = 0;
			continue;
		}
		if (c->body) {
			took(c, *b);
			c->left--;
		} else {
			c->left |= (uint32_t)(*b & 0x7f) << c->shift;
			c->shift += 7;
			c->body = !(*b & 0x80);
		}
		if (c->body && !c->left)
			packet(c);
	}
}

static void opened(struct client *c)
{
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error)
		fail("client %u: connect: %s", number(c), strerror(error));
	watch(c, EPOLL_CTL_MOD, EPOLLIN);
	if (bare) {
		c->state = READY;
		ready++;
	} else {
		c->state = GREETING;
		say_connect(c);
	}
}

/* What a server without a protocol keeps: accepted sockets, and no more. */
static void accept_all(void)
{
	while (accept4(listener, NULL, NULL, SOCK_CLOEXEC) >= 0)
		;
	if (errno != EAGAIN)
		fail("accept: %s", strerror(errno));
}

static void turn(int timeout_ms)
{
	static unsigned char buf[4096];
	struct epoll_event ev[256];
	int i, n = epoll_wait(epfd, ev, 256, timeout_ms);

	for (i = 0; i < n; i++) {
		struct client *c = ev[i].data.ptr;
		ssize_t len;

		if (!c) {
			accept_all();
		} else if (c->state == DIALING) {
			opened(c);
		} else {
			len = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (len > 0)
				feed(c, buf, len);
			else if (!len || errno != EAGAIN)
				closed(c);
		}
	}
}

static void come_in(uint64_t deadline)
{
	while (ready < nr) {
		if (stop || now_ms() > deadline)
			fail("%u of %u clients came in", ready, nr);
		for (; dialed < nr && dialed < ready + UNDERWAY; dialed++)
			dial(&clients[dialed]);
		turn(100);
	}
}

/* Each says something once in two thirds of its time, spread over it. */
static void stay(uint64_t deadline)
{
	uint64_t start = now_ms(), now = start, due;
	uint64_t period = keepalive ? keepalive * 1000ULL * 2 / 3 : 1;
	uint64_t done = 0;

	while (!stop && now < deadline && cut < nr) {
		turn(50);
		now = now_ms();
		due = (now - start) * nr / period;
		for (; keepalive && !bare && done < due; done++)
			if (clients[done % nr].state == READY)
				say_ping(&clients[done % nr]);
	}
}

static void listen_bare(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int one = 1;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&broker, sizeof(broker)) ||
	    listen(listener, 4096))
		fail("listen: %s", strerror(errno));
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &ev))
		fail("epoll_ctl: %s", strerror(errno));
}

static void on_signal(int sig)
{
	(void)sig;
	stop = true;
}

static void usage(void)
{
	fputs("Usage: idle [-n CLIENTS] [-k KEEPALIVE] [-t SECONDS] [-H ADDRESS] [-P PORT] [-b]\n"
	      "  Connects, subscribes each to d/NUMBER/cmd, prints \"ready\", and stays; prints\n"
	      "  message=NUMBER when one has a message, in the end how many were cut off.\n"
	      "  -b: no MQTT: connects to itself and holds both ends, for comparison\n", stderr);
	exit(2);
}

static unsigned int count(const char *text, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n > max)
		usage();
	return n;
}

static void parse(int argc, char **argv)
{
	int c;

	if (getenv("HOST"))
		host = getenv("HOST");
	if (getenv("PORT"))
		port = getenv("PORT");
	while ((c = getopt(argc, argv, "n:k:t:H:P:b")) != -1) {
		switch (c) {
		case 'n':
			nr = count(optarg, 999999);
			break;
		case 'k':
			keepalive = count(optarg, 65535);
			break;
		case 't':
			seconds = count(optarg, 86400);
			break;
		case 'H':
			host = optarg;
			break;
		case 'P':
			port = optarg;
			break;
		case 'b':
			bare = true;
			break;
		default:
			usage();
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct rlimit files;
	uint64_t deadline;

	parse(argc, argv);
	files.rlim_cur = (bare ? 2 : 1) * nr + 64;
	files.rlim_max = files.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &files))
		fail("may not have %lu files: %s", files.rlim_cur, strerror(errno));
	broker.sin_family = AF_INET;
	broker.sin_port = htons(count(port, 65535));
	if (inet_pton(AF_INET, host, &broker.sin_addr) != 1)
		fail("not an IPv4 address: %s", host);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (bare)
		listen_bare();
	clients = calloc(nr, sizeof(*clients));
	if (!clients)
		fail("no memory for %u clients", nr);
	deadline = now_ms() + seconds * 1000ULL;
	come_in(deadline);
	printf("ready\n");
	stay(deadline);
	printf("cut=%u\npings=%u\nanswers=%u\n", cut, pings, answers);
	return 0;
}
