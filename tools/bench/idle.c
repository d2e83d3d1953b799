// SPDX-License-Identifier: GPL-2.0
/*
 * idle: what the system's memory grows by for each connection that has a
 * subscription of its own and does nothing; and for as many bare connections,
 * whose other ends are here, too. What those take is the sockets' own, with the
 * files of both ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "memory.h"

/* Before each look at memory a while passes: what is freed later is freed then. */
static struct memory bare[2], ours[2];

static double each(uint64_t from, uint64_t to)
{
	return (double)(int64_t)(to - from) / (opt.clients - opt.first);
}

static double cache_each(const struct memory m[2], const char *cache)
{
	return each(memory_of(&m[0], cache), memory_of(&m[1], cache));
}

static void open_bare(int listener, struct sockaddr_in *at, int fds[2])
{
	struct linger reset = { .l_onoff = 1 };

	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Nothing of it shall linger when it is counted what others take. */
	if (fds[0] < 0 ||
	    setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ||
	    connect(fds[0], (struct sockaddr *)at, sizeof(*at)))
		fail("a bare connection: %s", strerror(errno));
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fds[1] < 0)
		fail("accept: %s", strerror(errno));
}

static void with_bare(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int (*fds)[2] = calloc(opt.clients, sizeof(*fds));
	socklen_t len = sizeof(at);
	unsigned int i;

	if (!fds || listener < 0 ||
	    bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(listener, SOMAXCONN) ||
	    getsockname(listener, (struct sockaddr *)&at, &len))
		fail("a listener for bare connections: %s", strerror(errno));
	memset(fds, 0xff, opt.clients * sizeof(*fds));
	for (i = 0; i < opt.clients; i++) {
		/* So many are there already when the first of the rest comes. */
		if (i == opt.first) {
			sleep(2);
			memory_now(&bare[0]);
		}
		open_bare(listener, &at, fds[i]);
	}
	sleep(2);
	memory_now(&bare[1]);
	for (i = 0; i < opt.clients; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	close(listener);
	free(fds);
	sleep(2);
}

static void with_broker(void)
{
	struct client *clients = calloc(opt.clients, sizeof(*clients));
	char filter[128];
	unsigned int i;

	if (!clients)
		fail("no memory for %u clients", opt.clients);
	/* Ours is not what is looked for: have all of it now. */
	memset(clients, 1, opt.clients * sizeof(*clients));
	for (i = 0; i < opt.clients; i++) {
		if (i == opt.first) {
			sleep(2);
			memory_now(&ours[0]);
		}
		client_open(&clients[i], i);
		snprintf(filter, sizeof(filter), "%s/d/%u/cmd", opt.prefix, i);
		client_subscribe(&clients[i], filter);
	}
	sleep(2);
	memory_now(&ours[1]);
}

/*
 * Caches of processes that come and go meanwhile, of paths while they are looked
 * up, and of the files that say all this: no broker's for a connection.
 */
static bool is_others(const char *cache)
{
	static const char * const caches[] = {
		"vm_area_struct", "vma_lock", "anon_vma", "anon_vma_chain",
		"task_struct", "signal_cache", "sighand_cache", "mm_struct",
		"files_cache", "fs_cache", "pid", "cred_jar", "pool_workqueue",
		"names_cache", "proc_inode_cache", NULL,
	};
	unsigned int i;

	for (i = 0; caches[i]; i++)
		if (!strcmp(cache, caches[i]))
			return true;
	return false;
}

/* What of a cache is the broker's. */
static double beyond_each(const char *cache)
{
	double bytes = cache_each(ours, cache) - cache_each(bare, cache);

	return bytes > 0 && !is_others(cache) ? bytes : 0;
}

static void print_caches(void)
{
	const char *separator = "", *name;
	unsigned int i;
	double bytes;

	for (i = 0; i < ours[1].nr; i++) {
		name = ours[1].caches[i].name;
		bytes = beyond_each(name);
		if (bytes < 1)
			continue;
		if (opt.json)
			printf("%s\"%s\":%.0f", separator, name, bytes);
		else
			printf("  %-24s %8.0f\n", name, bytes);
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

/**
 * work_idle - memory of connections that do nothing
 *
 * Return: the exit status
 */
int work_idle(void)
{
	double slab, other, pages, broker, beyond;
	unsigned int i;

	clients_wanted(10000);
	if (!opt.first)
		opt.first = opt.clients / 5;
	if (opt.first >= opt.clients)
		fail("memory is compared between fewer (-f) and more (-n) clients");
	many_files(2 * opt.clients);
	with_bare();
	with_broker();

	slab = each(ours[0].slab, ours[1].slab);
	other = each(ours[0].other, ours[1].other);
	pages = each(ours[0].pages, ours[1].pages);
	broker = each(ours[0].broker, ours[1].broker);
	pages -= each(bare[0].pages, bare[1].pages);
	beyond = other + broker + (pages > 0 ? pages : 0);
	for (i = 0; i < ours[1].nr; i++)
		beyond += beyond_each(ours[1].caches[i].name);
	if (opt.json)
		printf("{\"work\":\"idle\",\"clients\":%u,\"first\":%u", opt.clients,
		       opt.first);
	else
		printf("bytes for each connection, from %u to %u:\n", opt.first,
		       opt.clients);
	print_part("bytes", "all", slab + other + broker);
	print_part("beyond_sockets", "beyond the sockets", beyond);
	print_part("slab", "slab", slab);
	print_part("other", "other kernel memory", other);
	print_part("pages", "pages beyond the sockets", pages);
	print_part("broker", "broker's process", broker);
	printf(opt.json ? ",\"caches\":{" : "slab beyond the sockets:\n");
	print_caches();
	if (opt.json)
		printf("}}\n");
	return 0;
}
