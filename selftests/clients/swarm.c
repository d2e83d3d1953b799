// SPDX-License-Identifier: GPL-2.0
/*
 * swarm: many MQTT clients in one process; see usage(). This file has the
 * engine: sockets, packets in and out, options. The modes are in swarm-*.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "swarm.h"

struct options opt = {
	.host = "127.0.0.1",
	.port = "1883",
	.clients = 100,
	.messages = 100,
	.window = 10,
	.size = 64,
	.seconds = 60,
	.prefix = "swarm",
};

struct peer *peers;
bool stop;

static const struct events *events;
static struct addrinfo *address;
static int epfd;

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("swarm: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

void make_peers(unsigned int nr, const struct events *ev)
{
	unsigned int i;

	events = ev;
	peers = calloc(nr, sizeof(*peers));
	if (!peers)
		fail("no memory for %u clients", nr);
	for (i = 0; i < nr; i++) {
		peers[i].fd = -1;
		peers[i].nr = i;
		peers[i].code = -1;
	}
}

static void watch(struct peer *p, int op)
{
	struct epoll_event ev = { .data.ptr = p };

	if (!(p->deaf && p->state == READY))
		ev.events |= EPOLLIN;
	if (p->state == DIALING || p->tx_len)
		ev.events |= EPOLLOUT;
	if (epoll_ctl(epfd, op, p->fd, &ev))
		fail("epoll_ctl: %s", strerror(errno));
}

/* Begins to connect; false: not now, errno says why. */
bool dial(struct peer *p)
{
	int fd, one = 1, small = 4096;

	fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (p->deaf)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(fd, address->ai_addr, address->ai_addrlen) &&
	    errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		errno = error;
		return false;
	}
	p->fd = fd;
	p->state = DIALING;
	p->have = 0;
	p->header = 0;
	p->left = 0;
	p->tx_len = 0;
	p->code = -1;
	watch(p, EPOLL_CTL_ADD);
	return true;
}

void hang_up(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->state = CLOSED;
}

static void lost(struct peer *p, int error)
{
	hang_up(p);
	events->closed(p, error);
}

static void flush(struct peer *p)
{
	ssize_t n;

	n = send(p->fd, p->tx, p->tx_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	/* An error shows when reading, too, and is told there. */
	if (n > 0) {
		p->tx_len -= n;
		memmove(p->tx, p->tx + n, p->tx_len);
	} else if (n < 0 && errno != EAGAIN) {
		p->tx_len = 0;
	}
}

/* Room for a packet of @size bytes at the end of what is to be sent. */
static unsigned char *room(struct peer *p, size_t size)
{
	if (p->tx_len + size > p->tx_size) {
		p->tx_size = p->tx_len + size;
		p->tx = realloc(p->tx, p->tx_size);
		if (!p->tx)
			fail("no memory to send");
	}
	return p->tx + p->tx_len;
}

static void queue(struct peer *p, size_t size)
{
	bool waiting = p->tx_len;

	p->tx_len += size;
	if (p->fd < 0) {
		p->tx_len = 0;
		return;
	}
	if (waiting)
		return;
	flush(p);
	if (p->tx_len)
		watch(p, EPOLL_CTL_MOD);
}

static unsigned char *put_header(unsigned char *b, unsigned int first, size_t remaining)
{
	*b++ = first;
	do {
		*b++ = (remaining & 0x7f) | (remaining > 0x7f ? 0x80 : 0);
		remaining >>= 7;
	} while (remaining);
	return b;
}

static unsigned char *put_string(unsigned char *b, const char *s)
{
	size_t len = strlen(s);

	*b++ = len >> 8;
	*b++ = len;
	memcpy(b, s, len);
	return b + len;
}

void send_connect(struct peer *p, const char *id, unsigned int keepalive,
		  const char *will)
{
	size_t len = 10 + 2 + strlen(id) + (will ? 2 + strlen(will) + 2 + 4 : 0);
	unsigned char *start = room(p, len + 5), *b;

	b = put_header(start, CONNECT << 4, len);
	b = put_string(b, "MQTT");
	*b++ = 4;
	*b++ = will ? 0x06 : 0x02;
	*b++ = keepalive >> 8;
	*b++ = keepalive;
	b = put_string(b, id);
	if (will) {
		b = put_string(b, will);
		b = put_string(b, "gone");
	}
	p->state = GREETING;
	queue(p, b - start);
}

void send_subscribe(struct peer *p, const char *const *filters, unsigned int nr)
{
	unsigned char *start, *b;
	unsigned int i;
	size_t len = 2;

	for (i = 0; i < nr; i++)
		len += 2 + strlen(filters[i]) + 1;
	start = room(p, len + 5);
	b = put_header(start, SUBSCRIBE << 4 | 2, len);
	*b++ = 0;
	*b++ = 1;
	for (i = 0; i < nr; i++) {
		b = put_string(b, filters[i]);
		*b++ = 0;
	}
	queue(p, b - start);
}

void send_unsubscribe(struct peer *p, const char *filter)
{
	size_t len = 2 + 2 + strlen(filter);
	unsigned char *start = room(p, len + 5), *b;

	b = put_header(start, UNSUBSCRIBE << 4 | 2, len);
	*b++ = 0;
	*b++ = 2;
	b = put_string(b, filter);
	queue(p, b - start);
}

static void put_publish(struct peer *p, unsigned int flags, const char *topic,
			uint64_t seq, unsigned int size)
{
	unsigned char *start, *b;
	char digits[24];
	size_t len;

	if (size < SEQ_LEN)
		size = SEQ_LEN;
	len = 2 + strlen(topic) + (flags & 2 ? 2 : 0) + size;
	start = room(p, len + 5);
	b = put_header(start, PUBLISH << 4 | flags, len);
	b = put_string(b, topic);
	if (flags & 2) {
		*b++ = 0;
		*b++ = 1;
	}
	snprintf(digits, sizeof(digits), "%0*llu", SEQ_LEN,
		 (unsigned long long)seq % 10000000000ULL);
	memcpy(b, digits, SEQ_LEN);
	memset(b + SEQ_LEN, 'x', size - SEQ_LEN);
	queue(p, b + size - start);
}

void send_publish(struct peer *p, const char *topic, uint64_t seq,
		  unsigned int size, bool retain)
{
	put_publish(p, retain, topic, seq, size);
}

/* At QoS 1, always with the same identifier: one at a time. */
void send_acked(struct peer *p, const char *topic, uint64_t seq)
{
	put_publish(p, 2, topic, seq, opt.size);
}

/* PINGREQ and DISCONNECT. */
void send_plain(struct peer *p, unsigned int type)
{
	unsigned char *b = room(p, 2);

	b[0] = type << 4;
	b[1] = 0;
	queue(p, 2);
}

/* Whether the PUBLISH that just arrived is about @topic. */
bool topic_is(const struct peer *p, const char *topic)
{
	const unsigned char *b = p->kept + p->header;
	size_t len = strlen(topic);

	return (size_t)(b[0] << 8 | b[1]) == len && !memcmp(b + 2, topic, len);
}

/* The sequence number of the PUBLISH that just arrived. */
uint64_t sequence(const struct peer *p)
{
	const unsigned char *b = p->kept + p->header;
	unsigned int i, off = 2 + (b[0] << 8 | b[1]);
	uint64_t seq = 0;

	if (p->header + off + SEQ_LEN > KEEP)
		fail("client %u: a topic that nobody published", p->nr);
	for (i = 0; i < SEQ_LEN; i++)
		seq = seq * 10 + b[off + i] - '0';
	return seq;
}

/* Decodes the fixed header once it is complete. */
static void decode_header(struct peer *p)
{
	size_t remaining = 0;
	unsigned int i;

	for (i = 1; i < p->have; i++) {
		remaining |= (size_t)(p->kept[i] & 0x7f) << (7 * (i - 1));
		if (!(p->kept[i] & 0x80)) {
			p->header = i + 1;
			p->left = remaining;
			p->length = remaining + p->header;
			return;
		}
	}
	if (p->have > 4)
		fail("client %u: a length of more than four bytes", p->nr);
}

static void received(struct peer *p)
{
	unsigned int type = p->kept[0] >> 4;

	if (type == CONNACK)
		p->code = p->kept[3];
	if (type == PUBLISH)
		p->received++;
	if (events->packet)
		events->packet(p, type);
	p->have = 0;
	p->header = 0;
}

static void feed(struct peer *p, const unsigned char *buf, size_t n)
{
	int fd = p->fd;
	size_t take;

	while (n && p->fd == fd) {
		if (!p->header) {
			p->kept[p->have++] = *buf++;
			n--;
			if (p->have > 1)
				decode_header(p);
			if (p->header && !p->left)
				received(p);
			continue;
		}
		take = n < p->left ? n : p->left;
		if (p->have < KEEP) {
			size_t keep = KEEP - p->have < take ? KEEP - p->have : take;

			memcpy(p->kept + p->have, buf, keep);
			p->have += keep;
		}
		buf += take;
		n -= take;
		p->left -= take;
		if (!p->left)
			received(p);
	}
}

static void readable(struct peer *p)
{
	static unsigned char buf[65536];
	ssize_t n;

	n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n > 0)
		feed(p, buf, n);
	else if (!n)
		lost(p, 0);
	else if (errno != EAGAIN)
		lost(p, errno);
}

static void writable(struct peer *p)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (p->state != DIALING) {
		flush(p);
		watch(p, EPOLL_CTL_MOD);
		return;
	}
	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		lost(p, error);
		return;
	}
	p->state = GREETING;
	events->opened(p);
	if (p->fd >= 0)
		watch(p, EPOLL_CTL_MOD);
}

/* Waits for events, once. */
void turn(int timeout_ms)
{
	struct epoll_event ev[256];
	struct peer *p;
	int i, n;

	n = epoll_wait(epfd, ev, 256, timeout_ms);
	for (i = 0; i < n; i++) {
		p = ev[i].data.ptr;
		if (p->fd < 0)
			continue;
		if (ev[i].events & EPOLLOUT)
			writable(p);
		if (p->fd >= 0 && (ev[i].events & ~(uint32_t)EPOLLOUT)) {
			bool deaf = p->deaf && p->state == READY;

			if (deaf)	/* only errors come by here */
				lost(p, ECONNRESET);
			else
				readable(p);
			if (p->fd >= 0 && p->deaf && p->state == READY)
				watch(p, EPOLL_CTL_MOD);
		}
	}
}

/* Goes on until @done, or until @deadline or a signal: false. */
bool turn_until(bool (*done)(void), uint64_t deadline)
{
	while (!done()) {
		if (stop || now_ms() > deadline)
			return false;
		turn(100);
	}
	return true;
}

/*
 * The way from CONNACK to READY by way of a subscription. Returns whether the
 * packet was part of it.
 */
bool come_in(struct peer *p, unsigned int type, const char *const *filters,
	     unsigned int nr)
{
	if (type == CONNACK && p->state == GREETING) {
		if (p->code)
			fail("client %u: refused with code %d", p->nr, p->code);
		if (nr) {
			p->state = SUBSCRIBING;
			send_subscribe(p, filters, nr);
		} else {
			p->state = READY;
		}
		return true;
	}
	if (type == SUBACK && p->state == SUBSCRIBING) {
		if (p->kept[4] == 0x80)
			fail("client %u: may not subscribe", p->nr);
		p->state = READY;
		if (p->deaf)
			watch(p, EPOLL_CTL_MOD);
		return true;
	}
	return false;
}

/* Dials peers 0 to @nr - 1, so many at a time as a backlog takes. */
bool ramp(unsigned int nr, uint64_t deadline)
{
	unsigned int i, next = 0, ready;

	for (;;) {
		unsigned int underway = 0;

		for (i = 0, ready = 0; i < next; i++) {
			ready += peers[i].state == READY;
			underway += peers[i].state != READY;
		}
		if (ready == nr)
			return true;
		if (stop || now_ms() > deadline)
			return false;
		for (; underway < 64 && next < nr; underway++, next++)
			if (!dial(&peers[next]))
				fail("client %u: connect: %s", next, strerror(errno));
		turn(100);
	}
}

static void on_signal(int sig)
{
	(void)sig;
	stop = true;
}

static const struct mode {
	const char *name;
	int (*run)(void);
	const char *help;
} modes[] = {
	{ "fan", mode_fan, "one publisher to all clients; every one gets everything" },
	{ "order", mode_order, "fan-outs of 1 and of all in turn; nothing is reordered" },
	{ "busy", mode_busy, "publish, subscribe and reconnect without end" },
	{ "hold", mode_hold, "connect and say nothing; tell when they are cut" },
	{ "refuse", mode_refuse, "each expects a CONNACK that refuses it, then the end" },
	{ "replay", mode_replay, "ping-pong while many retained messages are replayed, and on" },
	{ "sit", mode_sit, "connect, subscribe, print \"ready\" and stay" },
};

static void usage(void)
{
	size_t i;

	fputs("Usage: swarm MODE [-H ADDRESS] [-P PORT] [-n CLIENTS] [-m MESSAGES]\n"
	      "             [-w WINDOW] [-s BYTES] [-t SECONDS] [-i ID] [-S] [-o]\n", stderr);
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		fprintf(stderr, "  %-8s %s\n", modes[i].name, modes[i].help);
	fputs("-S: one subscriber more, which never reads; -o: topics of their own, too\n", stderr);
	exit(2);
}

static void parse(int argc, char **argv)
{
	int c;

	if (getenv("HOST"))
		opt.host = getenv("HOST");
	if (getenv("PORT"))
		opt.port = getenv("PORT");
	while ((c = getopt(argc, argv, "H:P:n:m:w:s:t:i:So")) != -1) {
		switch (c) {
		case 'H':
			opt.host = optarg;
			break;
		case 'P':
			opt.port = optarg;
			break;
		case 'n':
			opt.clients = atoi(optarg);
			break;
		case 'm':
			opt.messages = atoi(optarg);
			break;
		case 'w':
			opt.window = atoi(optarg);
			break;
		case 's':
			opt.size = atoi(optarg);
			break;
		case 't':
			opt.seconds = atoi(optarg);
			break;
		case 'i':
			opt.prefix = optarg;
			break;
		case 'S':
			opt.slow = true;
			break;
		case 'o':
			opt.own = true;
			break;
		default:
			usage();
		}
	}
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct sigaction sa = { .sa_handler = on_signal };
	struct rlimit files;
	size_t i;

	if (argc < 2)
		usage();
	parse(argc - 1, argv + 1);
	files.rlim_cur = opt.clients + 64;
	files.rlim_max = files.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &files))
		fail("may not have %u files: %s", opt.clients + 64, strerror(errno));
	if (getaddrinfo(opt.host, opt.port, &hints, &address))
		fail("not an address: %s port %s", opt.host, opt.port);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	epfd = epoll_create1(EPOLL_CLOEXEC);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(argv[1], modes[i].name))
			return modes[i].run();
	usage();
	return 2;
}
