// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks, and what the kernel counts.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/**
 * now_ns - the time
 *
 * Return: nanoseconds of CLOCK_MONOTONIC
 */
uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/*
 * What processors slept, exactly: all other files have it in hundredths of a
 * second. Only root may read this one.
 */
static uint64_t idle_ns(void)
{
	FILE *f = fopen("/proc/timer_list", "r");
	uint64_t sum = 0;
	char line[256];
	char *at;

	if (!f)
		fail("counting instructions needs /proc/timer_list, and root");
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "_sleeptime");
		if (at)
			sum += strtoull(strchr(at, ':') + 1, NULL, 10);
	}
	fclose(f);
	return sum;
}

/* Hundredths of a second of all processors, without what was idle. */
static uint64_t busy_ns(void)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
	FILE *f = fopen("/proc/stat", "r");
	int n;

	if (!f)
		return 0;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
		   &system, &idle, &iowait, &irq, &softirq, &steal);
	fclose(f);
	if (n != 8)
		return 0;
	return (user + nice + system + irq + softirq) *
	       (1000000000ULL / sysconf(_SC_CLK_TCK));
}

/* What all threads of process @pid have run. */
static uint64_t ran_ns(unsigned int pid)
{
	unsigned long long ran;
	struct dirent *entry;
	char path[512];
	uint64_t sum = 0;
	DIR *dir;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	dir = opendir(path);
	if (!dir)
		fail("there is no process %u", pid);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%u/task/%s/schedstat", pid,
			 entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%llu", &ran) == 1)
			sum += ran;
		fclose(f);
	}
	closedir(dir);
	return sum;
}

/* A packet for each line's second word, a processor each. */
static uint64_t backlog_drops(void)
{
	FILE *f = fopen("/proc/net/softnet_stat", "r");
	unsigned int processed, dropped;
	uint64_t sum = 0;
	char line[512];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%x %x", &processed, &dropped) == 2)
			sum += dropped;
	fclose(f);
	return sum;
}

static uint64_t segments_again(void)
{
	FILE *f = fopen("/proc/net/snmp", "r");
	static const char spaces[] = {' ', '\n', 0};
	char names[1024], values[1024];
	char *name, *value, *n, *v;
	uint64_t found = 0;

	if (!f)
		return 0;
	while (fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		if (strncmp(names, "Tcp:", 4))
			continue;
		name = strtok_r(names, spaces, &n);
		value = strtok_r(values, spaces, &v);
		while (name && value) {
			if (!strcmp(name, "RetransSegs"))
				found = strtoull(value, NULL, 10);
			name = strtok_r(NULL, spaces, &n);
			value = strtok_r(NULL, spaces, &v);
		}
	}
	fclose(f);
	return found;
}

static void counters(struct sample *s)
{
	s->busy = busy_ns();
	s->broker = opt.pid ? ran_ns(opt.pid) : 0;
	s->drops = backlog_drops();
	s->retransmitted = segments_again();
}

/**
 * settle - if that is wanted, lets pass what connecting has left to be done
 *
 * Whoever has answered something puts off its acknowledgments, in the hope that
 * they can go with the next answer. Who only receives loses that habit at the
 * first pause, for good: then each message costs an acknowledgment.
 */
void settle(void)
{
	if (opt.settle)
		sleep(2);
}

/**
 * sample_begin - before what is measured
 * @s: how it stands; the clock is read last
 */
void sample_begin(struct sample *s)
{
	counters(s);
	s->own = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	s->idle = opt.counting ? idle_ns() : 0;
	s->wall = now_ns();
}

/**
 * sample_end - after what is measured
 * @s: what it took; the clock is read first
 * @begin: how it stood before
 */
void sample_end(struct sample *s, const struct sample *begin)
{
	s->wall = now_ns() - begin->wall;
	s->idle = (opt.counting ? idle_ns() : 0) - begin->idle;
	s->own = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin->own;
	counters(s);
	s->busy -= begin->busy;
	s->broker -= begin->broker;
	s->drops -= begin->drops;
	s->retransmitted -= begin->retransmitted;
}
