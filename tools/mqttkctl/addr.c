// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses as people write them: ADDR:PORT, [ADDR%IFACE]:PORT, :PORT.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

#include "mqttkctl.h"

static const char *parse_port(const char *word, in_port_t *port)
{
	unsigned long value;
	char *end;

	value = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end || value > 65535)
		return "the port must be a number from 0 to 65535";
	*port = htons(value);
	return NULL;
}

static const char *parse_ipv6(char *host, struct sockaddr_in6 *sin6)
{
	char *iface = strchr(host, '%');

	if (iface) {
		*iface++ = '\0';
		sin6->sin6_scope_id = if_nametoindex(iface);
		if (!sin6->sin6_scope_id)
			return "no such interface";
	}
	sin6->sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, host, &sin6->sin6_addr) != 1)
		return "not an IPv6 address";
	if (IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr) && !sin6->sin6_scope_id)
		return "a link-local address needs its interface: [ADDR%IFACE]:PORT";
	return NULL;
}

/**
 * addr_parse - an address with its port
 * @word: as typed; without an address (":PORT") it means all there are
 * @addr: the address; its family is AF_UNSPEC if it means all there are
 *
 * Return: NULL, or what is wrong
 */
const char *addr_parse(const char *word, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	char host[ADDR_STRLEN];
	const char *colon = strrchr(word, ':');
	size_t len;

	memset(addr, 0, sizeof(*addr));
	if (!colon)
		return "a port is needed: ADDR:PORT";
	len = colon - word;
	if (len >= sizeof(host))
		return "too long for an address";
	memcpy(host, word, len);
	host[len] = '\0';

	if (*host == '[' && host[len - 1] == ']') {
		const char *error;

		host[len - 1] = '\0';
		error = parse_ipv6(host + 1, sin6);
		return error ? error : parse_port(colon + 1, &sin6->sin6_port);
	}
	/* The port is at the same place in both. */
	if (!len)
		return parse_port(colon + 1, &sin->sin_port);
	if (strchr(host, ':'))
		return "an IPv6 address goes into brackets: [ADDR]:PORT";
	sin->sin_family = AF_INET;
	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1)
		return "not an IPv4 address (names are not looked up)";
	return parse_port(colon + 1, &sin->sin_port);
}

/**
 * addr_get - an address from attributes
 * @addr: the address; its family is AF_UNSPEC if there is none
 * @ipv4: attribute, or NULL
 * @ipv6: attribute, or NULL
 * @scope: attribute, or NULL
 * @port: attribute, or NULL
 */
void addr_get(struct sockaddr_storage *addr, const struct nlattr *ipv4,
	      const struct nlattr *ipv6, const struct nlattr *scope,
	      const struct nlattr *port)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	if (ipv4) {
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = nl_uint(ipv4);
		sin->sin_port = nl_uint(port);
	} else if (ipv6 && mnl_attr_get_payload_len(ipv6) == 16) {
		sin6->sin6_family = AF_INET6;
		memcpy(&sin6->sin6_addr, mnl_attr_get_payload(ipv6), 16);
		sin6->sin6_scope_id = nl_uint(scope);
		sin6->sin6_port = nl_uint(port);
	}
}

/**
 * ifname_str - the name of an interface of this network namespace
 * @ifindex: which
 *
 * Return: its name, or its number if it is gone; until the next call
 */
const char *ifname_str(unsigned int ifindex)
{
	static char name[IF_NAMESIZE];

	if (!if_indextoname(ifindex, name))
		snprintf(name, sizeof(name), "%u", ifindex);
	return name;
}

/**
 * host_str - an address without its port
 * @addr: the address
 *
 * Return: until the next call; without the interface of a link-local one
 */
const char *host_str(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;
	static char host[INET6_ADDRSTRLEN];

	if (addr->ss_family == AF_INET)
		inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
	return host;
}

/**
 * addr_str - an address with its port, as addr_parse() takes it
 * @addr: the address
 *
 * Return: until the next call
 */
const char *addr_str(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;
	static char str[ADDR_STRLEN];

	if (addr->ss_family == AF_INET)
		snprintf(str, sizeof(str), "%s:%u", host_str(addr),
			 ntohs(sin->sin_port));
	else if (addr->ss_family == AF_INET6)
		snprintf(str, sizeof(str), "[%s%s%s]:%u", host_str(addr),
			 sin6->sin6_scope_id ? "%" : "",
			 sin6->sin6_scope_id ? ifname_str(sin6->sin6_scope_id) : "",
			 ntohs(sin6->sin6_port));
	else
		snprintf(str, sizeof(str), "-");
	return str;
}

/**
 * out_addr - show an address: one word, or the JSON keys "address", "port" and,
 *	for a link-local address, "interface"
 * @addr: the address
 */
void out_addr(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;

	out_word(addr_str(addr));
	if (addr->ss_family == AF_UNSPEC)
		return;
	out_str("address", NULL, host_str(addr));
	if (addr->ss_family == AF_INET6 && sin6->sin6_scope_id)
		out_str("interface", NULL, ifname_str(sin6->sin6_scope_id));
	/* The port is at the same place in both. */
	out_uint("port", NULL, ntohs(sin->sin_port));
}
