// SPDX-License-Identifier: GPL-2.0
/*
 * From listeners to the addresses they are on.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "mqttkctl.h"

/* A kernel may have been built or booted without it. */
static bool has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EAFNOSUPPORT;
}

static bool is_same_addr(const struct sockaddr_storage *a,
			 const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *six_a = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in6 *six_b = (const struct sockaddr_in6 *)b;
	const struct sockaddr_in *four_a = (const struct sockaddr_in *)a;
	const struct sockaddr_in *four_b = (const struct sockaddr_in *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return four_a->sin_port == four_b->sin_port &&
		       four_a->sin_addr.s_addr == four_b->sin_addr.s_addr;
	return six_a->sin6_port == six_b->sin6_port &&
	       six_a->sin6_scope_id == six_b->sin6_scope_id &&
	       IN6_ARE_ADDR_EQUAL(&six_a->sin6_addr, &six_b->sin6_addr);
}

static bool is_same_device(const struct conf_listener *a,
			   const struct conf_listener *b)
{
	return !a->device || !b->device ? a->device == b->device :
					  !strcmp(a->device, b->device);
}

static void add_addr(struct conf *c, const struct conf_listener *l,
		     const struct sockaddr_storage *addr)
{
	struct conf_addr *a;

	for (a = c->addrs; a < &c->addrs[c->nr_addrs]; a++) {
		if (!is_same_addr(&a->addr, addr) ||
		    !is_same_device(a->listener, l))
			continue;
		/* A host may have an address twice, under two names. */
		if (a->listener != l)
			conf_say(c, true, &l->at, "listener",
				 "%s: there is one on it already, of %s:%u",
				 addr_str(addr), a->listener->at.file,
				 a->listener->at.line);
		return;
	}
	if (c->nr_addrs == CONF_ADDRS_MAX) {
		conf_say(c, true, &l->at, "listener",
			 "there are more than %d addresses", CONF_ADDRS_MAX);
		return;
	}
	c->nr_addrs++;
	a->listener = l;
	a->addr = *addr;
}

static void add_ipv4(struct conf *c, const struct conf_listener *l,
		     in_addr_t where)
{
	struct sockaddr_storage addr = { };
	struct sockaddr_in *sin = (struct sockaddr_in *)&addr;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(where);
	sin->sin_port = htons(l->port);
	add_addr(c, l, &addr);
}

static void add_ipv6(struct conf *c, const struct conf_listener *l,
		     const struct in6_addr *where)
{
	struct sockaddr_storage addr = { };
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&addr;

	if (!has_ipv6())
		return;
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = *where;
	sin6->sin6_port = htons(l->port);
	add_addr(c, l, &addr);
}

static void look_up_host(struct conf *c, const struct conf_listener *l)
{
	struct addrinfo hints = {
		.ai_flags = AI_PASSIVE,
		.ai_family = l->family,
		.ai_socktype = SOCK_STREAM,
	};
	struct sockaddr_storage addr;
	struct addrinfo *list, *ai;
	char port[8];
	int err;

	snprintf(port, sizeof(port), "%u", l->port);
	err = getaddrinfo(l->host, port, &hints, &list);
	if (err) {
		conf_say(c, true, &l->at, "listener", "%s: %s", l->host,
			 err == EAI_SYSTEM ? strerror(errno) :
					     gai_strerror(err));
		return;
	}
	for (ai = list; ai; ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof(addr))
			continue;
		memset(&addr, 0, sizeof(addr));
		memcpy(&addr, ai->ai_addr, ai->ai_addrlen);
		add_addr(c, l, &addr);
	}
	freeaddrinfo(list);
}

static void look_up(struct conf *c, const struct conf_listener *l)
{
	size_t before = c->nr_addrs;

	if (l->host) {
		look_up_host(c, l);
	} else {
		if (l->family != AF_INET6)
			add_ipv4(c, l, INADDR_ANY);
		if (l->family != AF_INET)
			add_ipv6(c, l, &in6addr_any);
	}
	if (c->nr_addrs < before + 2)
		return;
	if (l->name)
		conf_say(c, true, &l->at, "listener_name",
			 "%s: this listener has %zu addresses: a name needs a listener for each",
			 l->name, c->nr_addrs - before);
	if (l->max_connections)
		conf_say(c, false, &l->at, "max_connections",
			 "%u holds for each of this listener's %zu addresses by itself",
			 l->max_connections, c->nr_addrs - before);
}

/**
 * conf_look_up - find the addresses of a configuration's listeners
 * @c: the configuration, after conf_finish()
 *
 * Where a host has several addresses it is listened on all of them. Without
 * any listener, the local host can connect.
 */
void conf_look_up(struct conf *c)
{
	const struct conf_listener *l;

	for (l = c->listeners; l < &c->listeners[c->nr_listeners]; l++) {
		if (!conf_is_opened(c, l))
			continue;
		if (l->given) {
			look_up(c, l);
		} else {
			add_ipv4(c, l, INADDR_LOOPBACK);
			add_ipv6(c, l, &in6addr_loopback);
		}
	}
}
