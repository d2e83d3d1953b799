// SPDX-License-Identifier: GPL-2.0
/*
 * absent: very many clients with sessions, who subscribe and leave, a publisher,
 * and the same clients again, a batch at a time, each of which must get every
 * message once and in order. Every second one speaks MQTT 5.0.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

enum {
	CONNECT = 1, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 8, SUBACK,
	PINGREQ = 12, PINGRESP, DISCONNECT,
};

#define TOPIC		"absent/all"
#define BUFFER		65536
#define MAX_WINDOW	65535

static struct {
	const char *host, *port;
	unsigned int clients, messages, size, batch, seconds, window;
} opt = {
	.host = "127.0.0.1", .port = "1883", .clients = 1000, .messages = 100,
	.size = 200, .batch = 100, .seconds = 300, .window = 20,
};

/**
 * struct peer - a client that is here just now
 * @fd: its socket, -1 if there is none
 * @nr: its number
 * @next: number of the message that is due
 * @pinged: PINGREQ was sent after the last message
 * @have: bytes in @in
 * @in: what was read and is not a whole packet
 * @out_len: bytes in @out
 * @out: acknowledgments on their way
 */
struct peer {
	int fd;
	unsigned int nr;
	unsigned int next;
	bool pinged;
	unsigned int have;
	unsigned char in[BUFFER];
	unsigned int out_len;
	unsigned char out[BUFFER];
};

static struct addrinfo *address;
static int epfd;
static bool collecting;
static unsigned int finished;
static uint64_t deadline, delivered;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("absent: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(1);
}

static int dial(void)
{
	int one = 1, fd;

	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen))
		fail("connect: %s", strerror(errno));
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

static unsigned int version(unsigned int nr)
{
	return nr & 1 ? 5 : 4;
}

/* CONNECT of at most 127 bytes; sessions of 5.0 last an hour. */
static unsigned int put_connect(unsigned char *to, const char *id,
				unsigned int level, bool clean)
{
	unsigned char *b = to + 2;

	b = put_string(b, "MQTT");
	*b++ = level;
	*b++ = clean ? 2 : 0;
	*b++ = 0;
	*b++ = 0;
	if (level == 5) {
		static const unsigned char expiry[] = { 5, 0x11, 0, 0, 14, 16 };

		memcpy(b, expiry, sizeof(expiry));
		b += sizeof(expiry);
	}
	b = put_string(b, id);
	to[0] = CONNECT << 4;
	to[1] = b - to - 2;
	return b - to;
}

static unsigned int put_subscribe(unsigned char *to, unsigned int level)
{
	unsigned char *b = to + 2;

	*b++ = 0;
	*b++ = 1;
	if (level == 5)
		*b++ = 0;
	b = put_string(b, TOPIC);
	*b++ = 1;
	to[0] = SUBSCRIBE << 4 | 2;
	to[1] = b - to - 2;
	return b - to;
}

static void flush(struct peer *p)
{
	ssize_t n = send(p->fd, p->out, p->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	struct epoll_event ev = { .data.ptr = p, .events = EPOLLIN };

	if (n < 0 && errno != EAGAIN)
		fail("client %u: send: %s", p->nr, strerror(errno));
	if (n > 0) {
		p->out_len -= n;
		memmove(p->out, p->out + n, p->out_len);
	}
	if (p->out_len)
		ev.events |= EPOLLOUT;
	epoll_ctl(epfd, EPOLL_CTL_MOD, p->fd, &ev);
}

static void start(struct peer *p, unsigned int nr)
{
	struct epoll_event ev = { .data.ptr = p, .events = EPOLLIN };
	char id[32];

	p->nr = nr;
	p->next = 0;
	p->pinged = false;
	p->have = 0;
	p->fd = dial();
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, p->fd, &ev))
		fail("epoll_ctl: %s", strerror(errno));
	snprintf(id, sizeof(id), "absent-%u", nr);
	p->out_len = put_connect(p->out, id, version(nr), false);
	if (!collecting)
		p->out_len += put_subscribe(p->out + p->out_len, version(nr));
	flush(p);
}

/* Says goodbye, and hears the broker hang up: then it has the session again. */
static void leave(struct peer *p)
{
	memcpy(p->out + p->out_len, "\xe0\0", 2);
	p->out_len += 2;
	flush(p);
}

static void message_came(struct peer *p, unsigned int first,
			 const unsigned char *b, unsigned int len)
{
	unsigned int topic = b[0] << 8 | b[1], at = 2 + topic, id, i, seq = 0;

	if (first != (PUBLISH << 4 | 2))
		fail("client %u: message with flags %u where %u is due", p->nr,
		     first & 15, p->next);
	if (topic != strlen(TOPIC) || memcmp(b + 2, TOPIC, topic))
		fail("client %u: a topic that nobody published to", p->nr);
	id = b[at] << 8 | b[at + 1];
	at += 2;
	if (version(p->nr) == 5)
		at += 1 + b[at];
	if (len - at != opt.size)
		fail("client %u: %u bytes, not %u", p->nr, len - at, opt.size);
	for (i = 0; i < 8; i++)
		seq = seq * 10 + b[at + i] - '0';
	if (seq != p->next)
		fail("client %u: message %u came where %u is due", p->nr, seq,
		     p->next);
	if (b[len - 1] != 'a' + seq % 26)
		fail("client %u: message %u was changed", p->nr, seq);
	p->next++;
	delivered++;
	if (p->out_len > BUFFER - 8)
		fail("client %u: acknowledgments pile up", p->nr);
	p->out[p->out_len++] = PUBACK << 4;
	p->out[p->out_len++] = 2;
	p->out[p->out_len++] = id >> 8;
	p->out[p->out_len++] = id;
	if (p->next == opt.messages) {
		/* Nothing may follow. */
		memcpy(p->out + p->out_len, "\xc0\0", 2);
		p->out_len += 2;
		p->pinged = true;
	}
}

static void packet_came(struct peer *p, unsigned int first,
			const unsigned char *b, unsigned int len)
{
	switch (first >> 4) {
	case CONNACK:
		if (b[1])
			fail("client %u: refused with code %u", p->nr, b[1]);
		if (b[0] != collecting)
			fail("client %u: session present %u", p->nr, b[0]);
		return;
	case SUBACK:
		if (b[len - 1] != 1)
			fail("client %u: not granted", p->nr);
		leave(p);
		return;
	case PUBLISH:
		if (!collecting || p->pinged)
			fail("client %u: a message too many", p->nr);
		message_came(p, first, b, len);
		return;
	case PINGRESP:
		leave(p);
		return;
	}
	fail("client %u: a packet of type %u", p->nr, first >> 4);
}

static void take_packets(struct peer *p)
{
	unsigned int at = 0, i, n;
	unsigned char *all = p->in;

	for (;;) {
		unsigned char *b = all + at;

		n = 0;
		for (i = 1; i < 5 && at + i < p->have; i++) {
			n |= (b[i] & 0x7f) << (7 * (i - 1));
			if (!(b[i] & 0x80))
				break;
		}
		if (i == 5 || at + i >= p->have || at + i + 1 + n > p->have)
			break;
		packet_came(p, b[0], b + i + 1, n);
		at += i + 1 + n;
	}
	p->have -= at;
	memmove(all, all + at, p->have);
	if (p->out_len)
		flush(p);
}

/* Reads; true when the client is through and gone. */
static bool readable(struct peer *p)
{
	ssize_t n = recv(p->fd, p->in + p->have, BUFFER - p->have, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0)
		fail("client %u: %s", p->nr, strerror(errno));
	if (n) {
		p->have += n;
		take_packets(p);
		return false;
	}
	if (collecting && !p->pinged)
		fail("client %u: cut where message %u is due", p->nr, p->next);
	close(p->fd);
	p->fd = -1;
	finished++;
	return true;
}

/* All clients come, so many at a time, do what they came for, and leave. */
static void everybody(void)
{
	struct epoll_event ev[64];
	unsigned int next = 0, i;
	struct peer *peers;
	int n, k;

	if (opt.batch > opt.clients)
		opt.batch = opt.clients;
	peers = calloc(opt.batch, sizeof(*peers));
	if (!peers)
		fail("no memory");
	for (i = 0; i < opt.batch; i++)
		start(&peers[i], next++);
	while (finished < opt.clients) {
		n = epoll_wait(epfd, ev, 64, 1000);
		if (now_ms() > deadline)
			fail("out of time: %u clients through, %llu messages",
			     finished, (unsigned long long)delivered);
		for (k = 0; k < n; k++) {
			struct peer *p = ev[k].data.ptr;

			if (ev[k].events & EPOLLOUT)
				flush(p);
			if (ev[k].events & ~(uint32_t)EPOLLOUT && readable(p) &&
			    next < opt.clients)
				start(p, next++);
		}
	}
}

static void read_all(int fd, unsigned char *to, size_t len)
{
	ssize_t n;

	for (; len; len -= n, to += n) {
		n = recv(fd, to, len, 0);
		if (n <= 0)
			fail("publisher: cut");
	}
}

static void send_all(int fd, const unsigned char *b, size_t len)
{
	if (send(fd, b, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail("publisher: send: %s", strerror(errno));
}

/* Publishes at QoS 1; ends when all is acknowledged. */
static void publish(void)
{
	struct timeval patience = { .tv_sec = opt.seconds };
	unsigned char in[4], *b, *start;
	unsigned int i, acked = 0, len, n;
	int fd = dial();

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	start = malloc(opt.size + 128);
	if (!start || opt.size < 16)
		fail("a size of %u bytes", opt.size);
	send_all(fd, start, put_connect(start, "absent-publisher", 4, true));
	read_all(fd, in, 4);
	if (in[3])
		fail("publisher: refused with code %u", in[3]);
	for (i = 0; i < opt.messages || acked < opt.messages;) {
		if (i < opt.messages && i < acked + opt.window) {
			n = 2 + strlen(TOPIC) + 2 + opt.size;
			b = start;
			*b++ = PUBLISH << 4 | 2;
			do {
				*b++ = (n & 0x7f) | (n > 0x7f ? 0x80 : 0);
				n >>= 7;
			} while (n);
			b = put_string(b, TOPIC);
			*b++ = (i % MAX_WINDOW + 1) >> 8;
			*b++ = i % MAX_WINDOW + 1;
			memset(b, 'a' + i % 26, opt.size);
			len = sprintf((char *)b, "%08u", i);
			b[len] = '-';
			b += opt.size;
			send_all(fd, start, b - start);
			i++;
			continue;
		}
		read_all(fd, in, 4);
		if (in[0] != PUBACK << 4)
			fail("publisher: a packet of type %u", in[0] >> 4);
		acked++;
	}
	send_all(fd, (const unsigned char *)"\xe0\0", 2);
	close(fd);
	free(start);
}

static void usage(void)
{
	fputs("Usage: absent subscribe|publish|collect [-H ADDRESS] [-P PORT] [-n CLIENTS]\n"
	      "            [-m MESSAGES] [-s BYTES] [-b BATCH] [-w WINDOW] [-t SECONDS]\n",
	      stderr);
	exit(2);
}

static void parse(int argc, char **argv)
{
	int c;

	if (getenv("HOST"))
		opt.host = getenv("HOST");
	if (getenv("PORT"))
		opt.port = getenv("PORT");
	while ((c = getopt(argc, argv, "H:P:n:m:s:b:w:t:")) != -1) {
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
		case 's':
			opt.size = atoi(optarg);
			break;
		case 'b':
			opt.batch = atoi(optarg);
			break;
		case 'w':
			opt.window = atoi(optarg);
			break;
		case 't':
			opt.seconds = atoi(optarg);
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
	uint64_t began = now_ms();

	if (argc < 2)
		usage();
	parse(argc - 1, argv + 1);
	if (getaddrinfo(opt.host, opt.port, &hints, &address))
		usage();
	deadline = began + opt.seconds * 1000ULL;
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (!strcmp(argv[1], "publish")) {
		publish();
	} else if (!strcmp(argv[1], "subscribe")) {
		everybody();
	} else if (!strcmp(argv[1], "collect")) {
		collecting = true;
		everybody();
		printf("delivered=%llu\n", (unsigned long long)delivered);
	} else {
		usage();
	}
	printf("ms=%llu\n", (unsigned long long)(now_ms() - began));
	return 0;
}
