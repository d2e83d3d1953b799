// SPDX-License-Identifier: GPL-2.0
/*
 * Clients: they connect and subscribe one after the other, waiting for the
 * answers; from client_watch() on one epoll loop is there for all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "receive.h"

#define EVENTS	1024

static const struct hooks *hooks;
static int epfd = -1;

/**
 * clients_begin - before the first client
 * @nr: how many there will be
 * @h: what is to be done when something happens
 */
void clients_begin(unsigned int nr, const struct hooks *h)
{
	many_files(nr);
	hooks = h;
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epfd < 0)
		fail("epoll_create1: %s", strerror(errno));
	receive_begin(h);
}

static void send_all(struct client *c, const uint8_t *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n < 0)
			fail("client %u, sending: %s", c->nr, strerror(errno));
	}
}

/* The answer to what was just asked: a packet of this type and size. */
static void await(struct client *c, enum packet type, uint8_t *packet, size_t len)
{
	ssize_t n;

	n = recv(c->fd, packet, len, MSG_WAITALL);
	if (n < 0)
		fail("client %u gets no answer: %s", c->nr, strerror(errno));
	if ((size_t)n < len)
		fail("client %u: the broker has closed the connection", c->nr);
	if (packet[0] >> 4 != type)
		fail("client %u: the answer is no packet of type %d", c->nr, type);
}

static size_t put_string(uint8_t *at, const char *string)
{
	size_t len = strlen(string);

	at[0] = len >> 8;
	at[1] = len;
	memcpy(at + 2, string, len);
	return 2 + len;
}

/**
 * put_length - a packet's remaining length
 * @at: where to
 * @len: the length
 *
 * Return: the bytes it takes
 */
size_t put_length(uint8_t *at, size_t len)
{
	size_t n = 0;

	do {
		at[n++] = (len & 0x7f) | (len > 0x7f) << 7;
		len >>= 7;
	} while (len);
	return n;
}

static void send_packet(struct client *c, unsigned int first,
			const uint8_t *body, size_t len)
{
	uint8_t *packet = malloc(len + 5);
	size_t n = 1;

	if (!packet)
		fail("no memory for a packet of %zu bytes", len);
	packet[0] = first;
	n += put_length(packet + 1, len);
	memcpy(packet + n, body, len);
	send_all(c, packet, n + len);
	free(packet);
}

/**
 * client_open - connects a client
 * @c: the client
 * @nr: its number
 */
void client_open(struct client *c, unsigned int nr)
{
	uint8_t body[1024], answer[4];
	char id[64];
	size_t n = 0;

	memset(c, 0, sizeof(*c));
	c->nr = nr;
	c->fd = dial(nr);
	n += put_string(body, "MQTT");
	body[n++] = 4;
	body[n++] = 2 | (opt.user ? 0x80 : 0) | (opt.password ? 0x40 : 0);
	/* A long one: nothing but what is measured shall happen. */
	body[n++] = KEEP_ALIVE >> 8;
	body[n++] = KEEP_ALIVE & 0xff;
	snprintf(id, sizeof(id), "%s-%u", opt.prefix, nr);
	n += put_string(body + n, id);
	if (opt.user)
		n += put_string(body + n, opt.user);
	if (opt.password)
		n += put_string(body + n, opt.password);
	send_packet(c, CONNECT << 4, body, n);
	await(c, CONNACK, answer, sizeof(answer));
	if (answer[3])
		fail("client %u is refused with return code %u%s", nr, answer[3],
		     answer[3] >= 4 ? " (see -u and -P)" : "");
}

/**
 * client_subscribe_many - subscribes to several filters with one packet
 * @c: the client
 * @nr: how many
 * @name: gives filter i of them
 */
void client_subscribe_many(struct client *c, unsigned int nr,
			   void (*name)(char *buf, size_t size, unsigned int i))
{
	uint8_t *body = malloc(16 + nr * 130), *answer = malloc(nr + 8);
	size_t n = 2, skip = 1, len;
	char filter[128];
	unsigned int i;

	if (!body || !answer)
		fail("no memory for %u filters", nr);
	body[0] = 0;
	body[1] = 1;
	for (i = 0; i < nr; i++) {
		name(filter, sizeof(filter), i);
		n += put_string(body + n, filter);
		body[n++] = opt.qos;
	}
	send_packet(c, SUBSCRIBE << 4 | 2, body, n);
	skip += put_length(answer, 2 + nr);
	len = skip + 2 + nr;
	await(c, SUBACK, answer, len);
	for (i = skip + 2; i < len; i++)
		if (answer[i] != opt.qos)
			fail("client %u asks for QoS %u and is answered %#x",
			     c->nr, opt.qos, answer[i]);
	free(body);
	free(answer);
}

static const char *only_filter;

static void name_only(char *buf, size_t size, unsigned int i)
{
	snprintf(buf, size, "%s", only_filter);
}

/**
 * client_subscribe - subscribes a client with the QoS of the options
 * @c: the client
 * @filter: to what
 */
void client_subscribe(struct client *c, const char *filter)
{
	only_filter = filter;
	client_subscribe_many(c, 1, name_only);
}

/**
 * client_lazy - wake us for this client when so much is there, not before
 * @c: the client
 * @len: bytes
 */
void client_lazy(struct client *c, size_t len)
{
	int low = len;

	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)))
		fail("SO_RCVLOWAT: %s", strerror(errno));
}

/**
 * client_watch - from now on the loop reads from this client
 * @c: the client
 */
void client_watch(struct client *c)
{
	struct epoll_event ev = {
		/* Edges: an event is told once, with nothing to tell again. */
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = c,
	};

	if (fcntl(c->fd, F_SETFL, O_NONBLOCK))
		fail("fcntl: %s", strerror(errno));
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &ev))
		fail("epoll_ctl: %s", strerror(errno));
}

/**
 * client_append - adds to what will be sent
 * @c: the client
 * @data: what
 * @len: its bytes
 */
void client_append(struct client *c, const void *data, size_t len)
{
	if (c->tx_len + len > c->tx_room) {
		c->tx_room = 2 * (c->tx_len + len);
		c->tx = realloc(c->tx, c->tx_room);
		if (!c->tx)
			fail("no memory for %zu bytes to send", c->tx_room);
	}
	memcpy(c->tx + c->tx_len, data, len);
	c->tx_len += len;
}

/**
 * client_flush - sends what was added; what does not fit goes when it does
 * @c: the client
 */
void client_flush(struct client *c)
{
	ssize_t n;

	n = send(c->fd, c->tx, c->tx_len, MSG_NOSIGNAL);
	if (n < 0) {
		if (errno == EAGAIN)
			return;
		fail("client %u, sending: %s", c->nr, strerror(errno));
	}
	c->tx_len -= n;
	if (c->tx_len)
		memmove(c->tx, c->tx + n, c->tx_len);
}

/**
 * client_close - says goodbye and goes
 * @c: the client
 */
void client_close(struct client *c)
{
	static const uint8_t disconnect[] = { DISCONNECT << 4, 0 };

	send_all(c, disconnect, sizeof(disconnect));
	close(c->fd);
	free(c->tx);
	c->tx = NULL;
}

/**
 * turn - waits until something happens, and tells of it
 *
 * Return: whether anything did within the time limit
 */
bool turn(void)
{
	static struct epoll_event events[EVENTS];
	struct client *c;
	int i, n;

	n = epoll_wait(epfd, events, EVENTS, opt.timeout * 1000);
	if (n < 0 && errno != EINTR)
		fail("epoll_wait: %s", strerror(errno));
	for (i = 0; i < n; i++) {
		c = events[i].data.ptr;
		if (c->tx_len && (events[i].events & EPOLLOUT))
			client_flush(c);
		if (!(events[i].events & ~EPOLLOUT))
			continue;
		hooks->readable(c, events[i].events & ~(EPOLLIN | EPOLLOUT));
	}
	return n != 0;
}
