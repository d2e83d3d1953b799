// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl show: the running configuration, in mosquitto.conf's syntax.
 *
 * Applied anywhere, it makes the same broker. What is a default is shown
 * behind #, since defaults may be shares of a machine's memory; what mosquitto
 * has no word for is only there if it is not a default, so that mosquitto can
 * read the rest.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "conf.h"
#include "mqttkctl.h"

/**
 * struct shown - a listener as the kernel has it
 * @addr: its address
 * @name: its name
 * @device: index of the interface it is bound to, or 0
 * @max_connections: 0: any number
 * @anonymous: lets in clients without a user name
 * @max_qos: highest QoS
 * @coalesce_usecs: microseconds that output may wait for more
 * @zero_length_id: clients may leave their identifier to the broker
 * @mount_point: or empty
 * @id_prefix: what client identifiers must begin with, or empty
 * @auto_id_prefix: what those given by the broker begin with
 * @both: the same is on all IPv4 and all IPv6 addresses: this one stands for
 *	the other
 */
struct shown {
	struct sockaddr_storage addr;
	char *name;
	unsigned int device;
	__u32 max_connections;
	bool anonymous;
	unsigned int max_qos;
	unsigned int coalesce_usecs;
	bool zero_length_id;
	char *mount_point;
	char *id_prefix;
	char *auto_id_prefix;
	bool both;
};

static struct shown *listeners;
static size_t nr_listeners;
/* The only limit that mosquitto has for each listener. */
static __u64 aliases = 10;

static void *must(void *p)
{
	if (p)
		return p;
	perror("mqttkctl: memory");
	exit(FAILED);
}

static char *text_of(const struct nlattr *attr, const char *absent)
{
	return must(strdup(attr ? nl_str(attr) : absent));
}

static void note_listener(const struct nlattr **attrs)
{
	struct shown *s;

	listeners = must(realloc(listeners,
				 (nr_listeners + 1) * sizeof(*listeners)));
	s = &listeners[nr_listeners++];
	memset(s, 0, sizeof(*s));
	addr_get(&s->addr, attrs[MQTTK_A_LISTENER_IPV4],
		 attrs[MQTTK_A_LISTENER_IPV6], attrs[MQTTK_A_LISTENER_SCOPE_ID],
		 attrs[MQTTK_A_LISTENER_PORT]);
	s->name = text_of(attrs[MQTTK_A_LISTENER_NAME], "");
	s->device = nl_uint(attrs[MQTTK_A_LISTENER_BIND_IFINDEX]);
	s->max_connections = nl_uint(attrs[MQTTK_A_LISTENER_MAX_CONNECTIONS]);
	s->anonymous = nl_uint(attrs[MQTTK_A_LISTENER_ANONYMOUS]);
	s->max_qos = attrs[MQTTK_A_LISTENER_MAX_QOS] ?
		     nl_uint(attrs[MQTTK_A_LISTENER_MAX_QOS]) : 2;
	s->coalesce_usecs = nl_uint(attrs[MQTTK_A_LISTENER_COALESCE_USECS]);
	s->zero_length_id = !attrs[MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID] ||
		nl_uint(attrs[MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID]);
	s->mount_point = text_of(attrs[MQTTK_A_LISTENER_MOUNT_POINT], "");
	s->id_prefix = text_of(attrs[MQTTK_A_LISTENER_CLIENT_ID_PREFIX], "");
	s->auto_id_prefix = text_of(attrs[MQTTK_A_LISTENER_AUTO_ID_PREFIX],
				    "auto-");
}

static unsigned int port_of(const struct shown *s)
{
	/* The port is at the same place in both. */
	return ntohs(((const struct sockaddr_in *)&s->addr)->sin_port);
}

static const void *bytes_of(const struct shown *s, size_t *len)
{
	if (s->addr.ss_family == AF_INET) {
		*len = 4;
		return &((const struct sockaddr_in *)&s->addr)->sin_addr;
	}
	*len = 16;
	return &((const struct sockaddr_in6 *)&s->addr)->sin6_addr;
}

/* The same order whatever order they were added in. */
static int by_address(const void *one, const void *other)
{
	const struct shown *a = one, *b = other;
	const void *bytes_a, *bytes_b;
	size_t len;
	int order;

	if (port_of(a) != port_of(b))
		return port_of(a) < port_of(b) ? -1 : 1;
	if (a->addr.ss_family != b->addr.ss_family)
		return a->addr.ss_family == AF_INET ? -1 : 1;
	bytes_a = bytes_of(a, &len);
	bytes_b = bytes_of(b, &len);
	order = memcmp(bytes_a, bytes_b, len);
	return order ? order : strcmp(a->name, b->name);
}

static bool is_named(const struct shown *s)
{
	return strcmp(s->name, addr_str(&s->addr));
}

static bool is_any(const struct shown *s)
{
	static const char zeroes[16];
	size_t len;
	const void *bytes = bytes_of(s, &len);

	return !memcmp(bytes, zeroes, len);
}

static bool is_like(const struct shown *a, const struct shown *b)
{
	return port_of(a) == port_of(b) && a->device == b->device &&
	       a->max_connections == b->max_connections &&
	       a->anonymous == b->anonymous && a->max_qos == b->max_qos &&
	       a->coalesce_usecs == b->coalesce_usecs &&
	       a->zero_length_id == b->zero_length_id &&
	       !strcmp(a->mount_point, b->mount_point) &&
	       !strcmp(a->id_prefix, b->id_prefix) &&
	       !strcmp(a->auto_id_prefix, b->auto_id_prefix);
}

/* One on 0.0.0.0 and one like it on :: are one without an address. */
static void join(void)
{
	struct shown *a, *b, *end = &listeners[nr_listeners];

	for (a = listeners; a < end; a++) {
		if (a->addr.ss_family != AF_INET || !is_any(a) || is_named(a))
			continue;
		for (b = a + 1; b < end; b++) {
			if (b->addr.ss_family == AF_INET || !is_any(b) ||
			    is_named(b) || !is_like(a, b))
				continue;
			a->both = true;
			memmove(b, b + 1, (end - b - 1) * sizeof(*b));
			nr_listeners--;
			end--;
			break;
		}
	}
}

/* What client identifiers must begin with, if that goes for all. */
static const char *common_prefix(void)
{
	size_t i;

	for (i = 1; i < nr_listeners; i++)
		if (strcmp(listeners[i].id_prefix, listeners[0].id_prefix))
			return NULL;
	return nr_listeners ? listeners[0].id_prefix : NULL;
}

static void print_text(const char *key, const char *text)
{
	if (conf_is_writable(text)) {
		printf("%s %s\n", key, text);
		return;
	}
	printf("# %s is one that cannot be written here\n", key);
	fprintf(stderr,
		"show: warning: %s: it has characters that the syntax cannot carry (mqttkctl -j show has them)\n",
		key);
}

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

static void print_listener(const struct shown *s, const char *common)
{
	unsigned int scope = s->addr.ss_family == AF_INET6 ?
		((const struct sockaddr_in6 *)&s->addr)->sin6_scope_id : 0;

	printf("\nlistener %u", port_of(s));
	if (!s->both)
		printf(" %s", host_str(&s->addr));
	if (scope)
		printf("%%%s", ifname_str(scope));
	putchar('\n');
	if (is_named(s))
		print_text("listener_name", s->name);
	printf("allow_anonymous %s\n", truth(s->anonymous));
	if (s->device)
		printf("bind_interface %s\n", ifname_str(s->device));
	if (s->max_connections)
		printf("max_connections %u\n", s->max_connections);
	if (s->max_qos != 2)
		printf("max_qos %u\n", s->max_qos);
	if (s->coalesce_usecs)
		printf("coalesce_usecs %u\n", s->coalesce_usecs);
	if (aliases != 10)
		printf("max_topic_alias %llu\n", (unsigned long long)aliases);
	if (*s->mount_point)
		print_text("mount_point", s->mount_point);
	if (!s->zero_length_id)
		puts("allow_zero_length_clientid false");
	if (strcmp(s->auto_id_prefix, "auto-"))
		print_text("auto_id_prefix", s->auto_id_prefix);
	if (!common && *s->id_prefix)
		print_text("listener_clientid_prefix", s->id_prefix);
}

static void print_limit(const struct nlattr **attrs)
{
	const char *name = nl_str(attrs[MQTTK_A_LIMIT_NAME]);
	const char *unit = nl_str(attrs[MQTTK_A_LIMIT_UNIT]);
	__u64 value = nl_uint(attrs[MQTTK_A_LIMIT_VALUE]);
	const struct conf_key *key = conf_find_limit(name);

	if (!strcmp(name, "max_topic_alias")) {
		aliases = value;
		return;
	}
	printf("%s%s %s\n",
	       value == nl_uint(attrs[MQTTK_A_LIMIT_DEFAULT]) ? "#" : "",
	       key ? key->name : name, limit_str(unit, value));
}

/* Its rules are where they were read from. */
static void print_acl(const struct nlattr **attrs)
{
	if (!attrs[MQTTK_A_ACL_ENFORCED])
		return;
	if (attrs[MQTTK_A_ACL_SOURCE]) {
		print_text("acl_file", nl_str(attrs[MQTTK_A_ACL_SOURCE]));
		return;
	}
	puts("# acl_file is not known: the list came by standard input");
	fprintf(stderr,
		"show: warning: acl_file: the list in force came from no file (mqttkctl acl show has it)\n");
}

static void out_acl(const struct nlattr **attrs)
{
	if (!attrs[MQTTK_A_ACL_ENFORCED])
		return;
	out_begin("acl");
	if (attrs[MQTTK_A_ACL_SOURCE])
		out_str("source", NULL, nl_str(attrs[MQTTK_A_ACL_SOURCE]));
	out_uint("rules", NULL, nl_uint(attrs[MQTTK_A_ACL_RULES]));
	out_end();
}

static int ask_acl(reply_fn reply)
{
	return nl_failed("show", NULL,
			 nl_talk(nl_request(MQTTK_CMD_ACL_GET, false),
				 MQTTK_A_ACL_MAX, reply));
}

static void print_all(void)
{
	const char *common = common_prefix();
	size_t i;

	if (!nr_listeners) {
		puts("\nlocal_only false");
		if (aliases != 10)
			printf("max_topic_alias %llu\n",
			       (unsigned long long)aliases);
		return;
	}
	puts("\nper_listener_settings true");
	if (common && *common)
		print_text("clientid_prefixes", common);
	for (i = 0; i < nr_listeners; i++)
		print_listener(&listeners[i], common);
}

static void out_listener(const struct shown *s)
{
	out_begin(NULL);
	out_addr(&s->addr);
	out_str("name", NULL, s->name);
	out_bool("anonymous", NULL, s->anonymous);
	if (s->device)
		out_str("bind_device", NULL, ifname_str(s->device));
	out_uint("max_connections", NULL, s->max_connections);
	out_uint("max_qos", NULL, s->max_qos);
	out_str("mount_point", NULL, s->mount_point);
	out_bool("allow_zero_length_id", NULL, s->zero_length_id);
	out_str("client_id_prefix", NULL, s->id_prefix);
	out_str("auto_id_prefix", NULL, s->auto_id_prefix);
	out_uint("coalesce_usecs", NULL, s->coalesce_usecs);
	out_end();
}

static void out_limit(const struct nlattr **attrs)
{
	out_uint(nl_str(attrs[MQTTK_A_LIMIT_NAME]), NULL,
		 nl_uint(attrs[MQTTK_A_LIMIT_VALUE]));
}

static int dump(int cmd, int max_attr, reply_fn reply)
{
	return nl_failed("show", NULL,
			 nl_talk(nl_request(cmd, true), max_attr, reply));
}

static int show_json(void)
{
	size_t i;
	int err;

	out_begin(NULL);
	out_list_key("listeners");
	for (i = 0; i < nr_listeners; i++)
		out_listener(&listeners[i]);
	out_list_end();
	out_begin("limits");
	err = dump(MQTTK_CMD_LIMIT_GET, MQTTK_A_LIMIT_MAX, out_limit);
	out_end();
	if (!err)
		err = ask_acl(out_acl);
	out_end();
	return err;
}

static int show_text(void)
{
	int err;

	puts("# The configuration of the broker in the kernel, for `mqttkctl apply`.\n"
	     "# What stands behind # is the default.\n");
	err = dump(MQTTK_CMD_LIMIT_GET, MQTTK_A_LIMIT_MAX, print_limit);
	if (!err)
		err = ask_acl(print_acl);
	if (err)
		return err;
	join();
	print_all();
	return OK;
}

static void free_all(void)
{
	size_t i;

	for (i = 0; i < nr_listeners; i++) {
		free(listeners[i].name);
		free(listeners[i].mount_point);
		free(listeners[i].id_prefix);
		free(listeners[i].auto_id_prefix);
	}
	free(listeners);
}

/**
 * cmd_show - `mqttkctl show`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_show(int argc, char **argv)
{
	int err;

	if (argc == 2 && !strcmp(argv[1], "help")) {
		puts("usage: mqttkctl show");
		return OK;
	}
	if (argc > 1)
		return usage_error("show: %s: no words follow", argv[1]);
	err = dump(MQTTK_CMD_LISTENER_GET, MQTTK_A_LISTENER_MAX, note_listener);
	if (!err) {
		qsort(listeners, nr_listeners, sizeof(*listeners), by_address);
		err = opt_json ? show_json() : show_text();
	}
	free_all();
	return err;
}
