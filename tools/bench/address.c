// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets: to the broker, and to be one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

/* A source address has about 28,000 ports to connect from. */
#define PORTS_EACH	20000

static struct addrinfo *target;

static struct addrinfo *resolve(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int error;

	error = getaddrinfo(opt.host, opt.port, &hints, &found);
	if (error)
		fail("%s port %s: %s", opt.host, opt.port, gai_strerror(error));
	return found;
}

/* On the loopback network there are many addresses to come from. */
static void bind_source(int fd, unsigned int nr)
{
	struct sockaddr_in *to = (struct sockaddr_in *)target->ai_addr;
	struct sockaddr_in from = { .sin_family = AF_INET };
	uint32_t net = 127U << 24;

	if (nr < PORTS_EACH || target->ai_family != AF_INET ||
	    (ntohl(to->sin_addr.s_addr) & 0xff000000) != net)
		return;
	from.sin_addr.s_addr = htonl(net | (1 + nr / PORTS_EACH) << 8 | 1);
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)))
		fail("bind to %s: %s", inet_ntoa(from.sin_addr), strerror(errno));
}

/**
 * dial - connects to the broker
 * @nr: number of the connection, for its source address
 *
 * Return: the socket; a read that gets nothing for the time limit fails
 */
int dial(unsigned int nr)
{
	struct timeval limit = { .tv_sec = opt.timeout };
	int fd, one = 1;

	if (!target)
		target = resolve();
	fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket %u: %s", nr, strerror(errno));
	bind_source(fd, nr);
	if (connect(fd, target->ai_addr, target->ai_addrlen))
		fail("connection %u to %s port %s: %s", nr, opt.host, opt.port,
		     strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/**
 * serve - listens where the broker would
 *
 * Return: the socket
 */
int serve(void)
{
	struct addrinfo *at = resolve();
	int fd, one = 1;

	fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		fail("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, at->ai_addr, at->ai_addrlen) || listen(fd, SOMAXCONN))
		fail("listen on %s port %s: %s", opt.host, opt.port,
		     strerror(errno));
	freeaddrinfo(at);
	return fd;
}

/**
 * many_files - makes room for connections
 * @nr: how many
 */
void many_files(unsigned int nr)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= nr + 64)
		return;
	limit.rlim_cur = nr + 64;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("%u connections need as many files: %s (see ulimit -n)",
		     nr, strerror(errno));
}
