// SPDX-License-Identifier: GPL-2.0
/*
 * floor: what a broker in user space has to do at the least: a bare epoll loop
 * that reads what a publisher sends and writes it to who wants it, unchanged.
 * It knows of MQTT just enough for the other kinds of work to begin: who sends
 * SUBSCRIBE gets what is sent to that topic; who sends PUBLISH is a publisher on
 * the topic of the first one, and from then on its bytes are passed on as they
 * are. One write for each message, or with -B for all that was read at once.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "bench.h"

#define BUFFER	(1024 * 1024)
#define EVENTS	1024
#define BUCKETS	4096

/**
 * struct route - a topic and who wants it
 * @next: in its bucket
 * @name: the topic
 * @len: its bytes
 * @nr: how many want it
 * @room: how many there is room for
 * @fds: their sockets
 */
struct route {
	struct route *next;
	uint8_t *name;
	size_t len;
	unsigned int nr;
	unsigned int room;
	int *fds;
};

/**
 * struct end - a connection
 * @fd: its socket
 * @route: where what it publishes goes, once it has
 * @wants: what it has subscribed to, or NULL
 * @have: bytes of a packet that has begun to come
 * @part: those
 */
struct end {
	int fd;
	struct route *route;
	struct route *wants;
	size_t have;
	uint8_t *part;
};

static struct route *buckets[BUCKETS];
static uint8_t *buffer;
static int epfd;

static struct route *route_of(const uint8_t *name, size_t len)
{
	struct route **bucket, *r;
	unsigned int hash = 0;
	size_t i;

	for (i = 0; i < len; i++)
		hash = hash * 31 + name[i];
	bucket = &buckets[hash % BUCKETS];
	for (r = *bucket; r; r = r->next)
		if (r->len == len && !memcmp(r->name, name, len))
			return r;
	r = calloc(1, sizeof(*r));
	if (!r)
		fail("no memory for a topic");
	r->name = malloc(len + 1);
	if (!r->name)
		fail("no memory for a topic");
	memcpy(r->name, name, len);
	r->len = len;
	r->next = *bucket;
	*bucket = r;
	return r;
}

static void want(struct end *e, const uint8_t *name, size_t len)
{
	struct route *r = route_of(name, len);

	if (r->nr == r->room) {
		r->room = 2 * r->room + 1;
		r->fds = realloc(r->fds, r->room * sizeof(*r->fds));
		if (!r->fds)
			fail("no memory for %u subscribers", r->room);
	}
	r->fds[r->nr++] = e->fd;
	e->wants = r;
}

static void write_all(int fd, const uint8_t *data, size_t len)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	while (len) {
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			if (poll(&room, 1, opt.timeout * 1000) != 1)
				return;
			continue;
		}
		/* It is told of when it is read from. */
		if (n < 0)
			return;
		data += n;
		len -= n;
	}
}

static void forward(const struct route *r, const uint8_t *data, size_t len)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		write_all(r->fds[i], data, len);
}

/* Size of the packet at @at, 0: not all of it is there. */
static size_t whole(const uint8_t *at, size_t len)
{
	size_t size = 0, i;

	for (i = 1; i < len && i < 5; i++) {
		size |= (size_t)(at[i] & 0x7f) << 7 * (i - 1);
		if (!(at[i] & 0x80)) {
			size += i + 1;
			return size <= len ? size : 0;
		}
	}
	return 0;
}

/* What a broker would answer; of a PUBLISH only where to is of interest. */
static void packet(struct end *e, const uint8_t *at, size_t size)
{
	static const uint8_t connack[] = { CONNACK << 4, 2, 0, 0 };
	uint8_t suback[] = { SUBACK << 4, 3, 0, 0, 0 };
	size_t n = 1, len;

	while (at[n++] & 0x80)
		;
	switch (at[0] >> 4) {
	case CONNECT:
		write_all(e->fd, connack, sizeof(connack));
		break;
	case SUBSCRIBE:
		len = at[n + 2] << 8 | at[n + 3];
		suback[2] = at[n];
		suback[3] = at[n + 1];
		if (n + 4 + len <= size)
			want(e, at + n + 4, len);
		write_all(e->fd, suback, sizeof(suback));
		break;
	case PUBLISH:
		len = at[n] << 8 | at[n + 1];
		if (n + 2 + len <= size)
			e->route = route_of(at + n + 2, len);
		break;
	}
}

/* Whole packets; returns how much that is. */
static size_t packets(struct end *e, const uint8_t *at, size_t len)
{
	size_t done = 0, size;

	while (done < len) {
		if (e->route && opt.batch) {
			forward(e->route, at + done, len - done);
			return len;
		}
		size = whole(at + done, len - done);
		if (!size)
			break;
		if (!e->route)
			packet(e, at + done, size);
		/* What comes after the last message is a DISCONNECT. */
		if (e->route && opt.batch)
			continue;
		if (e->route)
			forward(e->route, at + done, size);
		done += size;
	}
	return done;
}

static void forget(struct end *e)
{
	struct route *r = e->wants;
	unsigned int i;

	for (i = 0; r && i < r->nr; i++)
		if (r->fds[i] == e->fd)
			r->fds[i--] = r->fds[--r->nr];
	close(e->fd);
	free(e->part);
	free(e);
}

static void keep(struct end *e, size_t from, size_t len)
{
	if (len && !e->part) {
		e->part = malloc(BUFFER);
		if (!e->part)
			fail("no memory for a packet that comes in parts");
	}
	if (len)
		memcpy(e->part, buffer + from, len);
	e->have = len;
}

static void readable(struct end *e, bool ending)
{
	size_t done, room;
	ssize_t n;

	do {
		if (e->have)
			memcpy(buffer, e->part, e->have);
		room = BUFFER - e->have;
		n = recv(e->fd, buffer + e->have, room, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			forget(e);
			return;
		}
		done = packets(e, buffer, e->have + n);
		keep(e, done, e->have + n - done);
	} while ((size_t)n == room || ending);
}

static void accept_all(int listener)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	int fd, one = 1;
	struct end *e;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		e = calloc(1, sizeof(*e));
		if (!e)
			fail("no memory for a connection");
		e->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		ev.data.ptr = e;
		if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev))
			fail("epoll_ctl: %s", strerror(errno));
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		fail("accept: %s", strerror(errno));
}

/**
 * work_floor - be what brokers are compared with, until killed
 *
 * Return: the exit status
 */
int work_floor(void)
{
	static struct epoll_event events[EVENTS];
	struct epoll_event ev = { .events = EPOLLIN };
	int listener, i, n;

	many_files(clients_wanted(1000));
	listener = serve();
	buffer = malloc(BUFFER);
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (!buffer || epfd < 0)
		fail("epoll_create1: %s", strerror(errno));
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &ev))
		fail("epoll_ctl: %s", strerror(errno));
	for (;;) {
		n = epoll_wait(epfd, events, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			fail("epoll_wait: %s", strerror(errno));
		for (i = 0; i < n; i++)
			if (events[i].data.ptr)
				readable(events[i].data.ptr,
					 events[i].events & ~EPOLLIN);
			else
				accept_all(listener);
	}
}
