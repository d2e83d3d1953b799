// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl listener: addresses where clients connect.
 */
#include <errno.h>
#include <netinet/in.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

static bool too_long(const char *name)
{
	return strlen(name) > MQTTK_LISTENER_NAME_MAX;
}

/* What only some listeners have. In JSON all are there. */
static void show_terms(const struct nlattr **attrs)
{
	const char *prefix = nl_str(attrs[MQTTK_A_LISTENER_CLIENT_ID_PREFIX]);
	const char *auto_id = nl_str(attrs[MQTTK_A_LISTENER_AUTO_ID_PREFIX]);
	const char *mount = nl_str(attrs[MQTTK_A_LISTENER_MOUNT_POINT]);
	bool zero = nl_uint(attrs[MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID]);
	__u64 qos = nl_uint(attrs[MQTTK_A_LISTENER_MAX_QOS]);
	__u64 usecs = nl_uint(attrs[MQTTK_A_LISTENER_COALESCE_USECS]);

	out_str("mount_point", *mount ? "mount-point" : NULL, mount);
	out_uint("max_qos", qos < 2 ? "max-qos" : NULL, qos);
	out_bool("allow_zero_length_id", zero ? NULL : "zero-length-id", zero);
	out_str("client_id_prefix", *prefix ? "client-id-prefix" : NULL,
		prefix);
	out_str("auto_id_prefix",
		strcmp(auto_id, "auto-") ? "auto-id-prefix" : NULL, auto_id);
	out_uint("coalesce_usecs", usecs ? "coalesce-usecs" : NULL, usecs);
}

static void show_one(const struct nlattr **attrs)
{
	struct sockaddr_storage addr;

	addr_get(&addr, attrs[MQTTK_A_LISTENER_IPV4],
		 attrs[MQTTK_A_LISTENER_IPV6], attrs[MQTTK_A_LISTENER_SCOPE_ID],
		 attrs[MQTTK_A_LISTENER_PORT]);
	out_begin(NULL);
	out_addr(&addr);
	out_str("name", "name", nl_str(attrs[MQTTK_A_LISTENER_NAME]));
	out_bool("anonymous", "anonymous",
		 nl_uint(attrs[MQTTK_A_LISTENER_ANONYMOUS]));
	out_uint("max_connections", "max-connections",
		 nl_uint(attrs[MQTTK_A_LISTENER_MAX_CONNECTIONS]));
	if (attrs[MQTTK_A_LISTENER_BIND_IFINDEX])
		out_str("bind_device", "bind-device",
			ifname_str(nl_uint(attrs[MQTTK_A_LISTENER_BIND_IFINDEX])));
	show_terms(attrs);
	out_uint("connections", "connections",
		 nl_uint(attrs[MQTTK_A_LISTENER_CONNECTIONS]));
	out_uint("accepted", "accepted",
		 nl_uint(attrs[MQTTK_A_LISTENER_ACCEPTED]));
	out_uint("refused", "refused",
		 nl_uint(attrs[MQTTK_A_LISTENER_REFUSED]));
	out_end();
}

static int do_show(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	int err;

	if (argc > 2)
		return usage_error("listener show: one name, or none");
	if (argc == 2 && too_long(argv[1]))
		return usage_error("listener show: %s: too long a name", argv[1]);
	nlh = nl_request(MQTTK_CMD_LISTENER_GET, argc < 2);
	if (argc == 2)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_NAME, argv[1]);
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_LISTENER_MAX, show_one);
	out_list_end();
	return nl_failed("listener show", argc == 2 ? argv[1] : NULL, err);
}

/**
 * struct wish - what `listener add` shall open
 * @addr: where
 * @name: its name, or NULL
 * @ifindex: device to bind to, or 0
 * @max_connections: 0: none
 * @anonymous: let in clients without a user name
 * @max_qos: highest QoS
 * @coalesce_usecs: microseconds that output may wait for more
 * @zero_length_id: clients may leave their identifier to the broker
 * @mount_point: what their topics are put behind, or NULL
 * @id_prefix: what their identifiers must begin with, or NULL
 * @auto_id_prefix: what those made by the broker begin with, or NULL
 */
struct wish {
	struct sockaddr_storage addr;
	const char *name;
	unsigned int ifindex;
	__u32 max_connections;
	bool anonymous;
	__u64 max_qos;
	__u64 coalesce_usecs;
	bool zero_length_id;
	const char *mount_point;
	const char *id_prefix;
	const char *auto_id_prefix;
};

/**
 * listener_put_addr - add the attributes of an address to listen on
 * @nlh: to add to
 * @addr: the address, with its port
 */
void listener_put_addr(struct nlmsghdr *nlh,
		       const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;

	if (addr->ss_family == AF_INET) {
		mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_IPV4,
				 sin->sin_addr.s_addr);
		mnl_attr_put_u16(nlh, MQTTK_A_LISTENER_PORT, sin->sin_port);
		return;
	}
	mnl_attr_put(nlh, MQTTK_A_LISTENER_IPV6, 16, &sin6->sin6_addr);
	mnl_attr_put_u16(nlh, MQTTK_A_LISTENER_PORT, sin6->sin6_port);
	if (sin6->sin6_scope_id)
		mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_SCOPE_ID,
				 sin6->sin6_scope_id);
}

static int open_one(const struct wish *w)
{
	struct nlmsghdr *nlh = nl_request(MQTTK_CMD_LISTENER_NEW, false);

	listener_put_addr(nlh, &w->addr);
	if (w->name)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_NAME, w->name);
	if (w->ifindex)
		mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_BIND_IFINDEX,
				 w->ifindex);
	mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_MAX_CONNECTIONS,
			 w->max_connections);
	mnl_attr_put_u8(nlh, MQTTK_A_LISTENER_ANONYMOUS, w->anonymous);
	mnl_attr_put_u8(nlh, MQTTK_A_LISTENER_MAX_QOS, w->max_qos);
	mnl_attr_put_u8(nlh, MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID,
			w->zero_length_id);
	/* Not to be refused by a kernel that does not know it. */
	if (w->coalesce_usecs)
		mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_COALESCE_USECS,
				 w->coalesce_usecs);
	if (w->mount_point)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_MOUNT_POINT,
				  w->mount_point);
	if (w->id_prefix)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_CLIENT_ID_PREFIX,
				  w->id_prefix);
	if (w->auto_id_prefix)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_AUTO_ID_PREFIX,
				  w->auto_id_prefix);
	return nl_talk(nlh, MQTTK_A_LISTENER_MAX, NULL);
}

static int close_one(const char *name)
{
	struct nlmsghdr *nlh = nl_request(MQTTK_CMD_LISTENER_DEL, false);

	mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_NAME, name);
	return nl_talk(nlh, MQTTK_A_LISTENER_MAX, NULL);
}

/*
 * Every address there is takes two listeners, since one on :: is for IPv6
 * only. Both or none, but a kernel without IPv6 has no more than one.
 */
static int open_both(struct wish *w)
{
	struct sockaddr_storage *addr = &w->addr;
	int err;

	addr->ss_family = AF_INET;
	err = open_one(w);
	if (err)
		return err;
	addr->ss_family = AF_INET6;
	err = open_one(w);
	if (err && err != -EAFNOSUPPORT) {
		addr->ss_family = AF_INET;
		close_one(addr_str(addr));
	}
	return err == -EAFNOSUPPORT ? 0 : err;
}

/* Whose port it may be: see print_owner(). */
static struct sockaddr_storage wanted;
static bool is_ours;

static void note_owner(const struct nlattr **attrs)
{
	struct sockaddr_storage addr;

	addr_get(&addr, attrs[MQTTK_A_LISTENER_IPV4],
		 attrs[MQTTK_A_LISTENER_IPV6], attrs[MQTTK_A_LISTENER_SCOPE_ID],
		 attrs[MQTTK_A_LISTENER_PORT]);
	/* The port is at the same place in both. */
	if (((struct sockaddr_in *)&addr)->sin_port !=
	    ((struct sockaddr_in *)&wanted)->sin_port ||
	    (wanted.ss_family != AF_UNSPEC &&
	     addr.ss_family != wanted.ss_family))
		return;
	is_ours = true;
	fprintf(stderr, "hint: listener %s has %s\n",
		nl_str(attrs[MQTTK_A_LISTENER_NAME]), addr_str(&addr));
}

/* After an address was in use: who has it, or what tells. */
static void print_owner(const char *word)
{
	if (addr_parse(word, &wanted) ||
	    nl_talk(nl_request(MQTTK_CMD_LISTENER_GET, true),
		    MQTTK_A_LISTENER_MAX, note_owner) || is_ours)
		return;
	fprintf(stderr, "hint: another program has the port: ss -ltnp 'sport = :%u' shows which\n",
		ntohs(((struct sockaddr_in *)&wanted)->sin_port));
}

/* 0 or an exit status. */
static int take_switch(bool *to, const char *key, const char *value)
{
	*to = !strcmp(value, "on");
	if (*to || !strcmp(value, "off"))
		return 0;
	return usage_error("listener add: %s %s: must be on or off", key,
			   value);
}

/* 0 or an exit status. */
static int take_text(const char **to, const char *key, const char *value,
		     size_t max)
{
	*to = value;
	if (strlen(value) <= max)
		return 0;
	return usage_error("listener add: %s: must have at most %zu bytes",
			   key, max);
}

/* On what terms clients come; 0 or an exit status. */
static int take_term(struct wish *w, const char *key, const char *value)
{
	if (is_short_for(key, "mount-point"))
		return take_text(&w->mount_point, key, value,
				 MQTTK_MOUNT_POINT_MAX);
	if (is_short_for(key, "client-id-prefix"))
		return take_text(&w->id_prefix, key, value,
				 MQTTK_ID_PREFIX_MAX);
	if (is_short_for(key, "auto-id-prefix"))
		return take_text(&w->auto_id_prefix, key, value,
				 MQTTK_ID_PREFIX_MAX);
	if (is_short_for(key, "zero-length-id"))
		return take_switch(&w->zero_length_id, key, value);
	if (is_short_for(key, "max-qos")) {
		if (!parse_number(value, &w->max_qos) || w->max_qos > 2)
			return usage_error("listener add: max-qos %s: must be 0, 1 or 2",
					   value);
		return 0;
	}
	if (is_short_for(key, "coalesce-usecs")) {
		if (!parse_number(value, &w->coalesce_usecs) ||
		    w->coalesce_usecs > MQTTK_COALESCE_USECS_MAX)
			return usage_error("listener add: coalesce-usecs %s: must be 0 to %d",
					   value, MQTTK_COALESCE_USECS_MAX);
		return 0;
	}
	return usage_error("listener add: %s: no such option (mqttkctl listener help)",
			   key);
}

/* One pair of words; 0 or an exit status. */
static int take_option(struct wish *w, const char *key, const char *value)
{
	__u64 number;

	if (!value)
		return usage_error("listener add: %s: what value?", key);
	if (is_short_for(key, "name")) {
		if (!*value || too_long(value))
			return usage_error("listener add: name %s: must have 1 to %d bytes",
					   value, MQTTK_LISTENER_NAME_MAX);
		if (w->addr.ss_family == AF_UNSPEC)
			return usage_error("listener add: name: :PORT is two: add each by itself");
		w->name = value;
	} else if (is_short_for(key, "anonymous")) {
		return take_switch(&w->anonymous, key, value);
	} else if (is_short_for(key, "max-connections")) {
		if (!parse_number(value, &number) || number > UINT32_MAX)
			return usage_error("listener add: max-connections %s: not a number",
					   value);
		w->max_connections = number;
	} else if (is_short_for(key, "bind-device")) {
		w->ifindex = if_nametoindex(value);
		if (!w->ifindex)
			return nl_failed("listener add", value, -ENODEV);
	} else {
		return take_term(w, key, value);
	}
	return 0;
}

static int do_add(int argc, char **argv)
{
	struct wish w = { .max_qos = 2, .zero_length_id = true };
	const char *error;
	int i, err;

	if (argc < 2)
		return usage_error("listener add: on which address? ADDR:PORT");
	error = addr_parse(argv[1], &w.addr);
	if (error)
		return usage_error("listener add: %s: %s", argv[1], error);
	for (i = 2; i < argc; i += 2) {
		err = take_option(&w, argv[i], argv[i + 1]);
		if (err)
			return err;
	}
	err = w.addr.ss_family == AF_UNSPEC ? open_both(&w) : open_one(&w);
	if (!err && !w.anonymous)
		fprintf(stderr,
			"warning: nobody can connect to %s: anonymous is off, and there are no users\n"
			"hint: delete it and add it with `anonymous on` to let in everybody\n",
			argv[1]);
	i = nl_failed("listener add", argv[1], err);
	if (err == -EADDRINUSE)
		print_owner(argv[1]);
	return i;
}

static int do_del(int argc, char **argv)
{
	if (argc != 2)
		return usage_error("listener del: which one? (its name)");
	if (too_long(argv[1]))
		return usage_error("listener del: %s: too long a name", argv[1]);
	return nl_failed("listener del", argv[1], close_one(argv[1]));
}

static const struct command verbs[] = {
	{ "show", do_show, 0, "[NAME]" },
	{ "add", do_add, 0,
	  "ADDR:PORT [name NAME] [anonymous on|off]\n"
	  "           [max-connections N] [bind-device DEV] [mount-point PREFIX]\n"
	  "           [max-qos N] [client-id-prefix PREFIX] [zero-length-id on|off]\n"
	  "           [auto-id-prefix PREFIX] [coalesce-usecs N]\n"
	  "           (IPv6: [ADDR%IFACE]:PORT; every address: :PORT)" },
	{ "del", do_del, 0, "NAME" },
	{ }
};

/**
 * cmd_listener - `mqttkctl listener ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_listener(int argc, char **argv)
{
	return run_verb("listener", verbs, argc, argv);
}
