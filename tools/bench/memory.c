// SPDX-License-Identifier: GPL-2.0
/*
 * Memory, as /proc has it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "memory.h"

/* The sum of some lines of a file of /proc, which has them in KiB. */
static uint64_t sum_of(const char *path, const char * const *names)
{
	FILE *f = fopen(path, "r");
	uint64_t sum = 0;
	char line[256];
	unsigned int i;

	if (!f)
		fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		for (i = 0; names[i]; i++)
			if (!strncmp(line, names[i], strlen(names[i])))
				sum += strtoull(line + strlen(names[i]), NULL, 10);
	fclose(f);
	return sum * 1024;
}

static void read_caches(struct memory *m)
{
	unsigned long objects, size, each, pages, slabs;
	FILE *f = fopen("/proc/slabinfo", "r");
	char line[512], *at;

	if (!f)
		fail("/proc/slabinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f) && m->nr < MAX_CACHES) {
		if (sscanf(line, "%47s %*u %lu %lu %lu %lu", m->caches[m->nr].name,
			   &objects, &size, &each, &pages) != 5)
			continue;
		at = strstr(line, "slabdata");
		if (!at || sscanf(at, "slabdata %*u %lu", &slabs) != 1)
			continue;
		m->caches[m->nr].bytes = (uint64_t)slabs * pages *
					 sysconf(_SC_PAGESIZE);
		m->slab += m->caches[m->nr++].bytes;
	}
	fclose(f);
}

/* Free pages that processors keep for themselves. */
static uint64_t free_lists(void)
{
	FILE *f = fopen("/proc/zoneinfo", "r");
	unsigned long count;
	uint64_t sum = 0;
	char line[256];

	if (!f)
		fail("/proc/zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %lu", &count) == 1)
			sum += count;
	fclose(f);
	return sum * sysconf(_SC_PAGESIZE);
}

/**
 * memory_now - how it stands
 * @m: the result
 */
void memory_now(struct memory *m)
{
	static const char * const kernel[] = {
		"KernelStack:", "Percpu:", "VmallocUsed:", NULL,
	};
	static const char * const all[] = { "MemTotal:", NULL };
	/* What is free, or a process's, a file's, or counted otherwise. */
	static const char * const not_pages[] = {
		"MemFree:", "Buffers:", "Cached:", "AnonPages:", "Slab:",
		"KernelStack:", "PageTables:", "SecPageTables:", "Percpu:",
		"VmallocUsed:", NULL,
	};
	static const char * const process[] = {
		"RssAnon:", "RssShmem:", "VmPTE:", NULL,
	};
	char path[64];

	memset(m, 0, sizeof(*m));
	m->other = sum_of("/proc/meminfo", kernel);
	m->pages = sum_of("/proc/meminfo", all) - free_lists() -
		   sum_of("/proc/meminfo", not_pages);
	if (opt.pid) {
		snprintf(path, sizeof(path), "/proc/%u/status", opt.pid);
		m->broker = sum_of(path, process);
	}
	read_caches(m);
}

/**
 * memory_of - what a slab cache had
 * @m: then
 * @cache: its name
 *
 * Return: bytes
 */
uint64_t memory_of(const struct memory *m, const char *cache)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++)
		if (!strcmp(m->caches[i].name, cache))
			return m->caches[i].bytes;
	return 0;
}
