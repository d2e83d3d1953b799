// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/mqttk: a directory for each network namespace, named by its
 * inode number, and what all of them share. Whatever is read here is read
 * without waiting for anybody, and is an instant's guess.
 *
 * Lifetimes: files go before the broker they show, in ->pre_exit(), which runs
 * in the reverse order of registration; removing one waits for its readers.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/percpu_counter.h>
#include <linux/rhashtable.h>
#include <linux/seq_file.h>
#include <net/netns/generic.h>

#include "conn_impl.h"
#include "deadline.h"
#include "debugfs.h"
#include "lane.h"
#include "limits.h"
#include "net.h"

/* Deadlines that are counted with their lock held. */
#define COUNT_MAX	4096

static struct dentry *root;
static bool registered;
static unsigned int debugfs_net_id __read_mostly;

static void show_parts(struct seq_file *m, const char *name,
		       struct rhashtable *part, unsigned int nr,
		       unsigned int node_size)
{
	unsigned int buckets = 0, entries = 0, i;

	rcu_read_lock();
	for (i = 0; i < nr; i++) {
		buckets += rht_dereference_rcu(part[i].tbl, &part[i])->size;
		entries += atomic_read(&part[i].nelems);
	}
	rcu_read_unlock();
	seq_printf(m, "%-16s entries %u buckets %u", name, entries, buckets);
	if (node_size)
		seq_printf(m, " entry-size %u", node_size);
	seq_putc(m, '\n');
}

static void show_table(struct seq_file *m, const char *name,
		       struct mqttk_table *table, unsigned int node_size)
{
	show_parts(m, name, table->part, MQTTK_TABLE_PARTS, node_size);
}

static int index_show(struct seq_file *m, void *unused)
{
	struct mqttk_net *mn = m->private;
	struct mqttk_index *ix = &mn->index;
	struct mqttk_retained *rt = &mn->retained;

	seq_printf(m, "filters %u exact %u wildcard %u subscriptions %u shared %u\n",
		   READ_ONCE(ix->nr_filters), READ_ONCE(ix->nr_exact),
		   READ_ONCE(ix->nr_wild), READ_ONCE(ix->nr_subs),
		   READ_ONCE(ix->nr_shared));
	seq_printf(m, "retained %lu bytes %lu earmarked %lu expired %lu\n",
		   READ_ONCE(rt->count), READ_ONCE(rt->bytes),
		   READ_ONCE(rt->earmarked), READ_ONCE(rt->expired));
	show_table(m, "filters", &ix->filters, 0);
	show_parts(m, "groups", &ix->groups, 1, 0);
	show_table(m, "wildcard-levels", &ix->wild.table, ix->wild.node_size);
	show_table(m, "retained-levels", &rt->tree.table, rt->tree.node_size);
	show_parts(m, "sessions", &mn->sessions, 1, 0);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(index);

static int deadlines_show(struct seq_file *m, void *unused)
{
	struct mqttk_net *mn = m->private;
	unsigned int n;
	ktime_t next;

	n = mqttk_clock_count(&mn->clock, COUNT_MAX, &next);
	seq_printf(m, "deadlines %u%s", n, n == COUNT_MAX ? " or more" : "");
	if (n)
		seq_printf(m, " next-ms %lld",
			   ktime_ms_delta(next, ktime_get_boottime()));
	seq_putc(m, '\n');
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(deadlines);

/* What a CPU has counted and not told the others of. */
static s32 slack(const struct percpu_counter *c, int cpu)
{
#ifdef CONFIG_SMP
	return READ_ONCE(*per_cpu_ptr(c->counters, cpu));
#else
	return 0;
#endif
}

static int budgets_show(struct seq_file *m, void *unused)
{
	struct mqttk_net *mn = m->private;
	struct mqttk_limits *l = &mn->limits;
	int b, cpu;

	for (b = 0; b < MQTTK_BUDGET_NR; b++) {
		enum mqttk_limit key = MQTTK_LIMIT_HANDSHAKE_MEMORY + b;

		seq_printf(m, "%s limit %lu used %lld overflows %ld slack",
			   mqttk_limit_desc[key].name, mqttk_limit(l, key),
			   percpu_counter_sum(&l->used[b]),
			   atomic_long_read(&l->overflow[b]));
		for_each_online_cpu(cpu)
			seq_printf(m, " %d", slack(&l->used[b], cpu));
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(budgets);

static int senders_show(struct seq_file *m, void *unused)
{
	bool listed, queued;
	int cpu;

	for_each_online_cpu(cpu) {
		mqttk_tx_look(cpu, &listed, &queued);
		seq_printf(m, "cpu %d %s %s", cpu,
			   listed ? "pending" : "empty",
			   queued ? "queued" : "idle");
		mqttk_lane_look(cpu, &listed, &queued);
		seq_printf(m, " quick %s %s\n",
			   listed ? "pending" : "empty",
			   queued ? "queued" : "idle");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(senders);

static int __net_init debugfs_net_init(struct net *net)
{
	struct dentry **dir = net_generic(net, debugfs_net_id);
	struct mqttk_net *mn = mqttk_net(net);
	char name[16];

	/* Where nobody may use it there is nothing to be seen. */
	if (!mqttk_net_allowed(net, NULL))
		return 0;
	snprintf(name, sizeof(name), "%u", net->ns.inum);
	*dir = debugfs_create_dir(name, root);
	debugfs_create_file("index", 0400, *dir, mn, &index_fops);
	debugfs_create_file("deadlines", 0400, *dir, mn, &deadlines_fops);
	debugfs_create_file("budgets", 0400, *dir, mn, &budgets_fops);
	return 0;
}

static void __net_exit debugfs_net_pre_exit(struct net *net)
{
	struct dentry **dir = net_generic(net, debugfs_net_id);

	debugfs_remove(*dir);
}

static struct pernet_operations debugfs_net_ops = {
	.init = debugfs_net_init,
	.pre_exit = debugfs_net_pre_exit,
	.id = &debugfs_net_id,
	.size = sizeof(struct dentry *),
};

/**
 * mqttk_debugfs_module_init - begin to show
 *
 * If it cannot, nothing is shown.
 *
 * Context: module load, the last of all: once a file may be open nothing can be
 *	taken back.
 */
void __init mqttk_debugfs_module_init(void)
{
	root = debugfs_create_dir("mqttk", NULL);
	if (IS_ERR(root))
		return;
	debugfs_create_file("senders", 0400, root, NULL, &senders_fops);
	registered = !register_pernet_subsys(&debugfs_net_ops);
}

/**
 * mqttk_debugfs_module_exit - show no more
 *
 * Context: before any broker goes.
 */
void mqttk_debugfs_module_exit(void)
{
	if (registered)
		unregister_pernet_subsys(&debugfs_net_ops);
	debugfs_remove(root);
}
