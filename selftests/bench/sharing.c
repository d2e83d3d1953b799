// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU that sees every access to memory of the guest's kernel, and
 * counts those for which a processor would have had to ask another: of a cache line
 * that the other has written since. Caches have room for everything here, so what
 * is counted is sharing, nothing else. Ends with a list in FILE (out=FILE): the
 * address of an instruction, of a line, 'r' or 'w', how many.
 *
 * It counts from where the guest runs sharing-mark.S made with mark=1 to where it
 * runs the one made with mark=2.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-plugin.h"

#define EXPORT	__attribute__((visibility("default")))

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

#define LINE_SHIFT	6
#define LINES		(4U * 1024 * 1024)
#define LOCKS		1024
#define MISSES		(1024U * 1024)
#define KERNEL		0x8000000000000000ULL

/* Who has a line. Guarded by the lock of its bucket. */
struct line {
	uint64_t addr;
	uint16_t holders;
	bool dirty;
};

/* Misses of one instruction at one line. Guarded by misses_lock. */
struct miss {
	uint64_t pc;
	uint64_t addr;
	uint64_t nr[2];
};

static struct line *lines;
static struct miss *misses;
static atomic_flag locks[LOCKS], misses_lock = ATOMIC_FLAG_INIT;
static atomic_bool on;
static char out[4096];
static atomic_ulong lost;

static void lock(atomic_flag *l)
{
	while (atomic_flag_test_and_set_explicit(l, memory_order_acquire))
		;
}

static void unlock(atomic_flag *l)
{
	atomic_flag_clear_explicit(l, memory_order_release);
}

static uint64_t hash(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15ULL;
	return x ^ x >> 32;
}

static void count(uint64_t pc, uint64_t addr, bool store)
{
	uint64_t i = hash(pc ^ addr << 20), n;
	struct miss *m;

	lock(&misses_lock);
	for (n = 0; n < MISSES; n++) {
		m = &misses[(i + n) % MISSES];
		if (!m->pc || (m->pc == pc && m->addr == addr))
			break;
	}
	if (n == MISSES) {
		lost++;
	} else {
		m->pc = pc;
		m->addr = addr;
		m->nr[store]++;
	}
	unlock(&misses_lock);
}

/* Lines of a bucket stand side by side: 4096 buckets a lock. */
static struct line *line_of(uint64_t addr)
{
	uint64_t first = hash(addr) % (LINES / 64) * 64, i;

	for (i = first; i < first + 64; i++)
		if (!lines[i].addr || lines[i].addr == addr)
			return &lines[i];
	return NULL;
}

static void mem(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
		void *arg)
{
	bool store = qemu_plugin_mem_is_store(info), miss;
	uint64_t addr = vaddr >> LINE_SHIFT;
	uint16_t me = 1U << cpu;
	atomic_flag *l;
	struct line *line;

	if (!(vaddr & KERNEL) || !atomic_load_explicit(&on, memory_order_relaxed))
		return;
	l = &locks[hash(addr) % (LINES / 64) % LOCKS];
	lock(l);
	line = line_of(addr);
	if (!line) {
		lost++;
		unlock(l);
		return;
	}
	line->addr = addr;
	if (store) {
		miss = line->holders & ~me;
		line->holders = me;
		line->dirty = true;
	} else {
		miss = !(line->holders & me) && line->dirty;
		line->holders |= me;
		/* Whoever had it has written it back. */
		if (line->holders != me)
			line->dirty = false;
	}
	unlock(l);
	if (miss)
		count((uintptr_t)arg, addr, store);
}

static void stop(void)
{
	uint64_t i;
	FILE *f;

	on = false;
	f = fopen(out, "w");
	if (!f) {
		perror(out);
		return;
	}
	for (i = 0; i < MISSES; i++) {
		struct miss *m = &misses[i];

		if (m->nr[0])
			fprintf(f, "%" PRIx64 " %" PRIx64 " r %" PRIu64 "\n",
				m->pc, m->addr << LINE_SHIFT, m->nr[0]);
		if (m->nr[1])
			fprintf(f, "%" PRIx64 " %" PRIx64 " w %" PRIu64 "\n",
				m->pc, m->addr << LINE_SHIFT, m->nr[1]);
	}
	fprintf(f, "lost %lu\n", (unsigned long)lost);
	fclose(f);
}

static void mark(unsigned int cpu, void *arg)
{
	if (arg)
		on = true;
	else
		stop();
}

/* nopl with a displacement that nobody else would use; see sharing-mark.S. */
static int is_mark(const struct qemu_plugin_insn *insn)
{
	static const uint8_t nop[] = { 0x0f, 0x1f, 0x80 };
	static const char word[] = { 'T', 'Q', 'M' };
	const uint8_t *p = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 7 || memcmp(p, nop, 3) ||
	    memcmp(p + 4, word, 3))
		return 0;
	return p[3];
}

static void trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn;
	uint64_t pc;
	int what;

	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		pc = qemu_plugin_insn_vaddr(insn);
		what = is_mark(insn);
		if (what)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, CB_NO_REGS,
							       what == 1 ? out : NULL);
		if (pc & KERNEL)
			qemu_plugin_register_vcpu_mem_cb(insn, mem, CB_NO_REGS,
							 MEM_RW,
							 (void *)(uintptr_t)pc);
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info,
			       int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4) ||
	    strlen(argv[0] + 4) >= sizeof(out))
		return -1;
	memcpy(out, argv[0] + 4, strlen(argv[0] + 4) + 1);
	lines = calloc(LINES, sizeof(*lines));
	misses = calloc(MISSES, sizeof(*misses));
	if (!lines || !misses)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, trans);
	return 0;
}
