// SPDX-License-Identifier: GPL-2.0
/*
 * The configuration: from the listeners and limits there are to those there
 * shall be, without a moment in between and without going half the way.
 *
 * Everything that can fail comes first and changes nothing that anybody sees:
 * names and addresses are compared, memory is allocated, sockets are bound and
 * then made to listen, while nobody accepts by them yet. What follows cannot
 * fail.
 *
 * Listeners are known by their place: address, port and device. One that is
 * wanted in a place where there is one stays, with its socket and connections;
 * its name and its terms may change. One whose place is free is new.
 *
 * Between these is a place that overlaps with that of a listener that is not
 * wanted any more, 127.0.0.1 in place of 0.0.0.0: two sockets cannot both
 * listen there. Here the listener moves: its old socket stops listening, but
 * keeps its port, as long as it takes to bind the new one and let it listen;
 * if anything fails until then, it listens again. Connections stay where the
 * new place covers them.
 */
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include <uapi/linux/mqttk_netlink.h>

#include "access.h"
#include "config.h"
#include "net.h"

static int fault(struct mqttk_config *c, const struct mqttk_config_listener *w,
		 int err)
{
	if (err)
		c->bad = w - c->listeners;
	return err;
}

/* -- places ---------------------------------------------------------------- */

static bool is_any(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;

	return addr->ss_family == AF_INET6 ? ipv6_addr_any(&in6->sin6_addr) :
					     !in->sin_addr.s_addr;
}

static bool same_addr(const struct sockaddr_storage *a,
		      const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)b;

	if (a->ss_family == AF_INET6)
		return ipv6_addr_equal(&a6->sin6_addr, &b6->sin6_addr);
	return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

static bool same_port(const struct sockaddr_storage *a,
		      const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)b;

	/* IPv4 and IPv6 addresses have it in the same place, and differ. */
	return a->ss_family == b->ss_family && a4->sin_port == b4->sin_port;
}

/* To which device a socket there is bound, or 0. */
static int device_of(const struct sockaddr_storage *addr, int ifindex)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	if (!ifindex && addr->ss_family == AF_INET6)
		return in6->sin6_scope_id;
	return ifindex;
}

static bool same_place(const struct mqttk_listener *ln,
		       const struct mqttk_config_listener *w)
{
	const struct mqttk_listener_config *c = &w->config;

	return same_port(&ln->addr, &c->addr) &&
	       same_addr(&ln->addr, &c->addr) &&
	       ln->bind_ifindex == c->bind_ifindex &&
	       device_of(&ln->addr, 0) == device_of(&c->addr, 0);
}

/* Could two sockets not both listen there? */
static bool overlap(const struct sockaddr_storage *a, int a_if,
		    const struct sockaddr_storage *b, int b_if)
{
	a_if = device_of(a, a_if);
	b_if = device_of(b, b_if);
	return same_port(a, b) && (!a_if || !b_if || a_if == b_if) &&
	       (is_any(a) || is_any(b) || same_addr(a, b));
}

static bool overlaps(const struct mqttk_listener *ln,
		     const struct mqttk_config_listener *w)
{
	return overlap(&ln->addr, ln->bind_ifindex, &w->config.addr,
		       w->config.bind_ifindex);
}

/* A listener that goes, or moves, is where another one is to be. */
static bool is_in_the_way(const struct mqttk_listener *ln,
			  const struct mqttk_config_listener *w)
{
	return (!ln->wish || ln->wish->moved) && overlaps(ln, w);
}

static bool is_blocked(const struct mqttk_net *mn,
		       const struct mqttk_config_listener *w)
{
	const struct mqttk_listener *ln;

	list_for_each_entry(ln, &mn->listeners, list)
		if (is_in_the_way(ln, w))
			return true;
	return false;
}

/* -- what can fail --------------------------------------------------------- */

/* Is @w unlike all that come before it? */
static int check_one(struct mqttk_config *c,
		     const struct mqttk_config_listener *w,
		     struct netlink_ext_ack *extack)
{
	const struct mqttk_listener_config *a = &w->config;
	const struct mqttk_config_listener *v;

	for (v = c->listeners; v < w; v++) {
		const struct mqttk_listener_config *b = &v->config;

		if (!strcmp(a->terms->name, b->terms->name)) {
			NL_SET_ERR_MSG(extack, "two listeners of this name");
			return -EEXIST;
		}
		if (overlap(&a->addr, a->bind_ifindex, &b->addr,
			    b->bind_ifindex)) {
			NL_SET_ERR_MSG(extack,
				       "two listeners at this address");
			return -EADDRINUSE;
		}
	}
	return 0;
}

static int check_all(struct mqttk_net *mn, struct mqttk_config *c,
		     struct netlink_ext_ack *extack)
{
	struct mqttk_config_listener *w;
	int err = 0;

	for (w = c->listeners; w < c->listeners + c->nr && !err; w++) {
		mqttk_listener_name(mn, &w->config.addr, w->config.terms);
		err = fault(c, w, check_one(c, w, extack));
	}
	return err;
}

static void assign(struct mqttk_config_listener *w, struct mqttk_listener *ln)
{
	w->ln = ln;
	ln->wish = w;
}

/* Finds out which listeners stay and which move. */
static void match(struct mqttk_net *mn, struct mqttk_config *c)
{
	struct mqttk_config_listener *end = c->listeners + c->nr;
	struct mqttk_config_listener *w;
	struct mqttk_listener *ln;

	list_for_each_entry(ln, &mn->listeners, list) {
		ln->wish = NULL;
		for (w = c->listeners; w < end && !ln->wish; w++)
			if (same_place(ln, w))
				assign(w, ln);
	}
	list_for_each_entry(ln, &mn->listeners, list) {
		for (w = c->listeners; w < end && !ln->wish; w++) {
			if (w->ln || !overlaps(ln, w))
				continue;
			assign(w, ln);
			w->moved = true;
		}
	}
}

static int make_new(struct mqttk_net *mn, struct mqttk_config *c,
		    struct netlink_ext_ack *extack)
{
	struct mqttk_config_listener *w;

	for (w = c->listeners; w < c->listeners + c->nr; w++) {
		struct mqttk_listener *ln;

		if (w->ln)
			continue;
		ln = mqttk_listener_alloc(mn, &w->config, extack);
		if (IS_ERR(ln))
			return fault(c, w, PTR_ERR(ln));
		w->ln = ln;
		w->fresh = true;
	}
	return 0;
}

static void make_way(struct mqttk_net *mn,
		     const struct mqttk_config_listener *w)
{
	struct mqttk_listener *ln;

	list_for_each_entry(ln, &mn->listeners, list) {
		if (ln->suspended || !is_in_the_way(ln, w))
			continue;
		mqttk_listener_suspend(ln);
		ln->suspended = true;
	}
}

/*
 * Binds what is to be bound, of the listeners that are @blocked by others or of
 * those that are not.
 */
static int bind_those(struct mqttk_net *mn, struct mqttk_config *c,
		      bool blocked, struct netlink_ext_ack *extack)
{
	struct mqttk_config_listener *w;
	int err = 0;

	for (w = c->listeners; w < c->listeners + c->nr && !err; w++) {
		if ((!w->fresh && !w->moved) || is_blocked(mn, w) != blocked)
			continue;
		if (blocked)
			make_way(mn, w);
		err = fault(c, w, mqttk_listener_bind(mn, &w->config, &w->sock,
						      extack));
	}
	return err;
}

static int listen_all(struct mqttk_config *c, struct netlink_ext_ack *extack)
{
	struct mqttk_config_listener *w;
	int err = 0;

	for (w = c->listeners; w < c->listeners + c->nr && !err; w++)
		if (w->sock)
			err = fault(c, w, mqttk_listener_listen(w->sock,
								extack));
	return err;
}

static int prepare(struct mqttk_net *mn, struct mqttk_config *c,
		   struct netlink_ext_ack *extack)
{
	int err;

	if (mn->dying)
		return -ENODEV;
	err = check_all(mn, c, extack);
	if (err)
		return err;
	match(mn, c);
	err = make_new(mn, c, extack) ?: bind_those(mn, c, false, extack);
	/* A check must not disturb; with whom it would, only time can tell. */
	if (err || c->check)
		return err;
	return bind_those(mn, c, true, extack) ?: listen_all(c, extack);
}

static void undo(struct mqttk_net *mn, struct mqttk_config *c)
{
	struct mqttk_config_listener *w;
	struct mqttk_listener *ln;

	for (w = c->listeners; w < c->listeners + c->nr; w++) {
		if (w->sock)
			sock_release(w->sock);
		if (w->fresh)
			mqttk_listener_put(w->ln);
	}
	list_for_each_entry(ln, &mn->listeners, list) {
		if (ln->suspended)
			mqttk_listener_resume(ln);
		ln->suspended = false;
		ln->wish = NULL;
	}
}

/* -- what cannot ------------------------------------------------------------ */

static void set_limits(struct mqttk_net *mn, const struct mqttk_config *c)
{
	int key;

	for (key = 0; key < MQTTK_LIMIT_NR; key++)
		WRITE_ONCE(mn->limits.value[key], c->limits[key]);
}

/* For who listens to events the old one goes and a new one comes. */
static bool is_renamed(const struct mqttk_listener *ln)
{
	return ln->wish->moved ||
	       strcmp(mqttk_listener_terms(ln)->name,
		      ln->wish->config.terms->name);
}

/* Those that go are moved to @gone; they and those that move accept no more. */
static void stop_old(struct mqttk_net *mn, struct list_head *gone)
{
	struct mqttk_listener *ln, *next;
	bool stopped = false;

	list_for_each_entry_safe(ln, next, &mn->listeners, list) {
		if (ln->wish && is_renamed(ln))
			mqttk_listener_tell(ln, MQTTK_CMD_LISTENER_DOWN_NTF);
		if (ln->wish && !ln->wish->moved)
			continue;
		mqttk_listener_stop(ln);
		stopped = true;
		if (!ln->wish)
			list_move_tail(&ln->list, gone);
	}
	if (stopped)
		synchronize_rcu();
}

static void commit_one(struct mqttk_net *mn, struct mqttk_config_listener *w)
{
	struct mqttk_listener *ln = w->ln;
	bool renamed;

	if (w->fresh) {
		mqttk_listener_open(ln, w->sock);
		return;
	}
	renamed = is_renamed(ln);
	list_move_tail(&ln->list, &mn->listeners);
	if (w->moved)
		mqttk_listener_move(ln, &w->config, w->sock);
	mqttk_listener_set_terms(ln, w->config.terms);
	if (renamed)
		mqttk_listener_tell(ln, MQTTK_CMD_LISTENER_UP_NTF);
	ln->suspended = false;
	ln->wish = NULL;
}

static void commit(struct mqttk_net *mn, struct mqttk_config *c)
{
	struct mqttk_listener *ln, *next;
	unsigned int i;
	LIST_HEAD(gone);

	mqttk_listeners_change(mn);
	set_limits(mn, c);
	/* Before anybody comes in by what is new. */
	mqttk_access_set(mn, c->acl);
	c->acl = NULL;
	stop_old(mn, &gone);
	/* A name that comes again has to go first. */
	list_for_each_entry_safe(ln, next, &gone, list) {
		list_del(&ln->list);
		mqttk_listener_close(ln);
	}
	for (i = 0; i < c->nr; i++)
		commit_one(mn, &c->listeners[i]);
}

/**
 * mqttk_config_apply - make a broker what it shall be, or leave it as it is
 * @mn: the broker
 * @c: what it shall be like
 * @extack: says why not
 *
 * Addresses are bound in the caller's context, with the caller's rights. Clients
 * that may stay do; see mqttk_listener_set_terms() for who may not. With
 * @c->check an address that overlaps with that of a listener that would go is
 * not tried.
 *
 * Context: process; takes mn->ctl_mutex; sleeps for a grace period.
 * Return: 0; -EEXIST if two have the same name, -EADDRINUSE the same place; or
 *	as mqttk_listener_add(). Then @c->bad says which, and nothing has changed
 */
int mqttk_config_apply(struct mqttk_net *mn, struct mqttk_config *c,
		       struct netlink_ext_ack *extack)
{
	unsigned long interval;
	int err;

	c->bad = -1;
	mutex_lock(&mn->ctl_mutex);
	interval = mqttk_limit(&mn->limits, MQTTK_LIMIT_SYS_INTERVAL);
	err = prepare(mn, c, extack);
	if (err || c->check)
		undo(mn, c);
	else
		commit(mn, c);
	mutex_unlock(&mn->ctl_mutex);
	if (err || c->check)
		return err;
	if (c->nr)
		mqttk_sys_start(mn);
	if (interval != c->limits[MQTTK_LIMIT_SYS_INTERVAL])
		mqttk_sys_refresh(mn);
	return 0;
}
