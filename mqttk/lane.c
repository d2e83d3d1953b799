// SPDX-License-Identifier: GPL-2.0
/*
 * The quick lane. To wake a worker costs a lone message half as much as TCP
 * does. So what can be done without sleeping is done in the softirq that brought
 * the bytes, right behind the network's own part: PUBLISH to a few receivers,
 * acknowledgments, PINGREQ, and sending what comes of them. Everything else is
 * left to the connection's own work, see conn.c.
 *
 * Each CPU has a lane: first it reads what has come for the connections in its
 * list, then it sends what was queued meanwhile, for each receiver in one go. It
 * is a NAPI instance, so it takes turns with the network's receive queues within
 * their budget. Bottom-half work would do as well, and cost a message 900
 * instructions more; see Documentation/performance/lane.md.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "conn_impl.h"
#include "lane.h"

/*
 * Connections read, and served, in one run: more would overflow the backlog of
 * the receiving side on loopback, and keep others from the CPU.
 */
#define CONNS_AT_ONCE	32

/* Bytes read from a connection in one run; what sends more is no lone message. */
#define SCRATCH_BYTES	SZ_4K

bool mqttk_lane_enabled __read_mostly = true;
module_param_named(quick_lane, mqttk_lane_enabled, bool, 0644);
MODULE_PARM_DESC(quick_lane, "Handle messages to a few receivers in softirq (default: yes)");

/**
 * struct lane - the connections that one CPU is to look at
 * @rx: of conn->rx_node, something came; each entry holds a reference
 * @tx: of conn->tx_node, something is to be sent; likewise
 * @rx_left: taken from @rx by an earlier run, in order
 * @tx_left: likewise
 * @running: it will look at @rx and @tx once more before it ends
 * @scratch: what is read goes here; NULL: a connection has kept it
 * @napi: polls the lists, never beside itself
 */
struct lane {
	struct llist_head rx;
	struct llist_head tx;
	struct llist_node *rx_left;
	struct llist_node *tx_left;
	bool running;
	u8 *scratch;
	struct napi_struct napi;
};

static DEFINE_PER_CPU(struct lane, lanes);

/* What NAPI instances belong to; nobody ever sees it. */
static struct net_device *lane_dev;

/* Pairs with the barrier in poll(); llist_add() is one. */
static void kick(struct lane *lane)
{
	if (!READ_ONCE(lane->running))
		napi_schedule(&lane->napi);
}

/**
 * mqttk_lane_receive - something came for a connection
 * @conn: the connection; the caller has a reference, or finds it under RCU
 *
 * Context: any but hard interrupts.
 */
void mqttk_lane_receive(struct mqttk_conn *conn)
{
	struct lane *lane;

	/* Whoever takes it off its list will see what has come by now. */
	if (test_and_set_bit(CONN_RX_LISTED, &conn->flags))
		return;
	/* Found under RCU, it may have lost its last reference already. */
	if (!refcount_inc_not_zero(&conn->ref))
		return;
	lane = raw_cpu_ptr(&lanes);
	if (llist_add(&conn->rx_node, &lane->rx))
		kick(lane);
}

/**
 * mqttk_lane_transmit - something is to be sent; called by mqttk_tx_list()
 * @conn: a connection in no sender's list; the list's reference was taken
 *
 * Context: softirq.
 */
void mqttk_lane_transmit(struct mqttk_conn *conn)
{
	struct lane *lane = raw_cpu_ptr(&lanes);

	if (llist_add(&conn->tx_node, &lane->tx))
		kick(lane);
}

/* The next ones, in the order in which they came. */
static struct llist_node *take(struct llist_head *head, struct llist_node *left)
{
	return left ?: llist_reverse_order(llist_del_all(head));
}

/*
 * Off the list before anybody looks at the connection: who finds something new
 * from now on lists it again.
 */
static void unlist(struct mqttk_conn *conn, enum mqttk_conn_flag listed)
{
	smp_mb__before_atomic(); /* after the successor was read */
	clear_bit(listed, &conn->flags);
	smp_mb__after_atomic(); /* pairs with test_and_set_bit() of who lists */
}

static void receive(struct lane *lane)
{
	struct llist_node *node = take(&lane->rx, lane->rx_left);
	unsigned int n;

	for (n = 0; node && n < CONNS_AT_ONCE; n++) {
		struct mqttk_conn *conn = llist_entry(node, struct mqttk_conn,
						      rx_node);

		node = node->next;
		unlist(conn, CONN_RX_LISTED);
		/* Memory may be back. */
		if (unlikely(!lane->scratch))
			lane->scratch = kmalloc(SCRATCH_BYTES, GFP_NOWAIT |
						__GFP_NOWARN);
		mqttk_conn_run_quick(conn, &lane->scratch, SCRATCH_BYTES);
		mqttk_conn_put(conn);
	}
	lane->rx_left = node;
}

static void transmit(struct lane *lane)
{
	struct llist_node *node = take(&lane->tx, lane->tx_left);
	unsigned int n;

	for (n = 0; node && n < CONNS_AT_ONCE; n++) {
		struct mqttk_conn *conn = llist_entry(node, struct mqttk_conn,
						      tx_node);

		node = node->next;
		unlist(conn, CONN_TX_LISTED);
		mqttk_tx_serve_quick(conn);
		mqttk_conn_put(conn);
	}
	if (n)
		mqttk_gather_end();
	lane->tx_left = node;
}

static bool is_done(const struct lane *lane)
{
	return !lane->rx_left && !lane->tx_left && llist_empty(&lane->rx) &&
	       llist_empty(&lane->tx);
}

static int poll(struct napi_struct *napi, int budget)
{
	struct lane *lane = container_of(napi, struct lane, napi);

	WRITE_ONCE(lane->running, true);
	receive(lane);
	transmit(lane);
	WRITE_ONCE(lane->running, false);
	smp_mb(); /* pairs with kick() */
	if (!is_done(lane))
		return budget;
	napi_complete_done(napi, 0);
	return 0;
}

/**
 * mqttk_lane_module_init - at module load
 * Return: 0 or -ENOMEM
 */
int __init mqttk_lane_module_init(void)
{
	int cpu;

	lane_dev = alloc_netdev_dummy(0);
	if (!lane_dev)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct lane *lane = per_cpu_ptr(&lanes, cpu);

		init_llist_head(&lane->rx);
		init_llist_head(&lane->tx);
		netif_napi_add(lane_dev, &lane->napi, poll);
		napi_enable(&lane->napi);
	}
	return 0;
}

/**
 * mqttk_lane_look - is a lane busy?
 * @cpu: whose
 * @listed: set to whether connections are in its lists
 * @queued: set to whether it is to run, or does
 *
 * Context: any. An instant's guess.
 */
void mqttk_lane_look(int cpu, bool *listed, bool *queued)
{
	struct lane *lane = per_cpu_ptr(&lanes, cpu);

	*listed = !llist_empty(&lane->rx) || !llist_empty(&lane->tx);
	*queued = test_bit(NAPI_STATE_SCHED, &lane->napi.state);
}

/**
 * mqttk_lane_module_exit - wait for the lanes
 *
 * Context: no connection is left, so their lists stay empty.
 */
void mqttk_lane_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct lane *lane = per_cpu_ptr(&lanes, cpu);

		napi_disable(&lane->napi);
		netif_napi_del(&lane->napi);
		kfree(lane->scratch);
	}
	free_netdev(lane_dev);
}
