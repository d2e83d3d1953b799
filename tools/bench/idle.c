// SPDX-License-Identifier: GPL-2.0
/*
 * idle: what the system's memory grows by for each connection that has a
 * subscription of its own and does nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "memory.h"

/*
 * What both ends of a connection take whoever the broker is: sockets, and where
 * an end is a process, its file and its place in an epoll.
 */
static const char * const sockets[] = {
	"TCP", "TCPv6", "sock_inode_cache", "request_sock_TCP",
	"tcp_bind_bucket", "tcp_bind2_bucket", "tw_sock_TCP", "filp", "dentry",
	"eventpoll_epi", "eventpoll_pwq", "lsm_file_cache", "lsm_inode_cache",
	"fdtable",
};

static struct memory before, after;
static unsigned int opened;

static void open_until(struct client *clients, unsigned int nr)
{
	char filter[128];

	for (; opened < nr; opened++) {
		client_open(&clients[opened], opened);
		snprintf(filter, sizeof(filter), "%s/d/%u/cmd", opt.prefix, opened);
		client_subscribe(&clients[opened], filter);
	}
	/* What is freed later is freed now. */
	sleep(2);
}

static bool is_socket(const char *cache)
{
	unsigned int i;

	for (i = 0; i < sizeof(sockets) / sizeof(*sockets); i++)
		if (!strcmp(cache, sockets[i]))
			return true;
	return false;
}

static double each(uint64_t from, uint64_t to)
{
	return (double)(int64_t)(to - from) / (opt.clients - opt.first);
}

static void print_caches(void)
{
	const char *separator = "";
	unsigned int i;
	double bytes;

	for (i = 0; i < after.nr; i++) {
		bytes = each(memory_of(&before, after.caches[i].name),
			     after.caches[i].bytes);
		if (bytes < 4 && bytes > -4)
			continue;
		if (opt.json)
			printf("%s\"%s\":%.0f", separator, after.caches[i].name,
			       bytes);
		else
			printf("  %-24s %8.0f%s\n", after.caches[i].name, bytes,
			       is_socket(after.caches[i].name) ? "  (sockets)" : "");
		separator = ",";
	}
}

static void print_part(const char *key, const char *name, double bytes)
{
	if (opt.json)
		printf(",\"%s\":%.0f", key, bytes);
	else
		printf("  %-24s %8.0f\n", name, bytes);
}

static double sockets_each(void)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < after.nr; i++)
		if (is_socket(after.caches[i].name))
			sum += each(memory_of(&before, after.caches[i].name),
				    after.caches[i].bytes);
	return sum;
}

/**
 * work_idle - memory of connections that do nothing
 *
 * Return: the exit status
 */
int work_idle(void)
{
	double slab, other, pages, broker, beyond, all;
	struct client *clients;

	clients_wanted(10000);
	if (!opt.first)
		opt.first = opt.clients / 5;
	if (opt.first >= opt.clients)
		fail("memory is compared between fewer (-f) and more (-n) clients");
	clients = calloc(opt.clients, sizeof(*clients));
	if (!clients)
		fail("no memory for %u clients", opt.clients);
	many_files(opt.clients);
	/* Ours is not what is looked for: have all of it now. */
	memset(clients, 1, opt.clients * sizeof(*clients));
	open_until(clients, opt.first);
	memory_now(&before);
	open_until(clients, opt.clients);
	memory_now(&after);

	slab = each(before.slab, after.slab);
	other = each(before.other, after.other);
	broker = each(before.broker, after.broker);
	pages = each(before.pages, after.pages);
	all = slab + other + pages + broker;
	beyond = all - sockets_each();
	if (opt.json)
		printf("{\"work\":\"idle\",\"clients\":%u,\"first\":%u", opt.clients,
		       opt.first);
	else
		printf("bytes for each connection, from %u to %u:\n", opt.first,
		       opt.clients);
	print_part("bytes", "all", all);
	print_part("beyond_sockets", "beyond the sockets", beyond);
	print_part("slab", "slab", slab);
	print_part("other", "other kernel memory", other);
	print_part("pages", "pages of sockets", pages);
	print_part("broker", "broker's process", broker);
	printf(opt.json ? ",\"caches\":{" : "by slab cache:\n");
	print_caches();
	if (opt.json)
		printf("}}\n");
	return 0;
}
