// SPDX-License-Identifier: GPL-2.0
/*
 * Memory, as /proc has it.
 */
#include <errno.h>
#include <glob.h>
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

/*
 * Slabs that processors keep for themselves count as full of objects, of which
 * there are only a few. Where it is not allowed they do so.
 */
static void shrink_caches(void)
{
	unsigned int i;
	glob_t found;
	FILE *f;

	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		f = fopen(found.gl_pathv[i], "w");
		if (!f)
			break;
		fputs("1", f);
		fclose(f);
	}
	globfree(&found);
}

/*
 * Of each cache its objects, each with its part of what a slab has for them: what
 * is left over at a slab's end is theirs, places that are free are not.
 */
static void read_caches(struct memory *m)
{
	unsigned long active, objects, size, each, pages;
	FILE *f;
	char line[512];

	shrink_caches();
	f = fopen("/proc/slabinfo", "r");
	if (!f)
		fail("/proc/slabinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f) && m->nr < MAX_CACHES) {
		if (sscanf(line, "%47s %lu %lu %lu %lu %lu", m->caches[m->nr].name,
			   &active, &objects, &size, &each, &pages) != 6 || !each)
			continue;
		m->caches[m->nr].bytes = (uint64_t)active * pages *
					 sysconf(_SC_PAGESIZE) / each;
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
