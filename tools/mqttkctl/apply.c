// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl apply: make the broker what a file says.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "conf.h"
#include "mqttkctl.h"

/* Less than what nl_request() has room for, by one listener with all it has. */
#define REQUEST_MAX	(96 * 1024)

/**
 * struct part - a part of the request, to find out what an error is about
 * @end: of it in the request
 * @at: where the file asks for it
 * @what: for messages
 * @name: what the kernel calls it
 */
struct part {
	size_t end;
	const struct conf_at *at;
	const char *what;
	const char *name;
};

static struct part *parts;
static size_t nr_parts;

static void end_part(struct conf *c, const struct nlmsghdr *nlh,
		     const struct conf_at *at, const char *what,
		     const char *name)
{
	parts[nr_parts++] = (struct part) {
		.end = nlh->nlmsg_len,
		.at = at,
		.what = conf_copy(c, what, strlen(what)),
		.name = conf_copy(c, name, strlen(name)),
	};
}

static void put_listener(struct nlmsghdr *nlh, const struct conf *c,
			 const struct conf_addr *a)
{
	const struct conf_listener *l = a->listener;
	const struct conf_security *s = c->per_listener ? &l->security :
							  &c->general;
	const char *auto_id = l->auto_id_prefix ? l->auto_id_prefix :
						  s->auto_id_prefix;
	const char *id_prefix = l->id_prefix ? l->id_prefix : c->id_prefix;

	listener_put_addr(nlh, &a->addr);
	if (l->name)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_NAME, l->name);
	if (l->device)
		mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_BIND_IFINDEX,
				 if_nametoindex(l->device));
	mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_MAX_CONNECTIONS,
			 l->max_connections);
	mnl_attr_put_u8(nlh, MQTTK_A_LISTENER_ANONYMOUS, conf_anonymous(c, l));
	mnl_attr_put_u8(nlh, MQTTK_A_LISTENER_MAX_QOS, l->max_qos);
	if (l->coalesce_usecs)
		mnl_attr_put_u32(nlh, MQTTK_A_LISTENER_COALESCE_USECS,
				 l->coalesce_usecs);
	mnl_attr_put_u8(nlh, MQTTK_A_LISTENER_ALLOW_ZERO_LENGTH_ID,
			s->zero_length_id);
	if (l->mount_point)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_MOUNT_POINT,
				  l->mount_point);
	if (id_prefix)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_CLIENT_ID_PREFIX,
				  id_prefix);
	if (auto_id)
		mnl_attr_put_strz(nlh, MQTTK_A_LISTENER_AUTO_ID_PREFIX,
				  auto_id);
}

/* What the access control list is made of; each rule is at fault by itself. */
static void put_acl(struct nlmsghdr *nlh, struct conf *c)
{
	size_t i;

	if (!c->acl)
		return;
	mnl_attr_put(nlh, MQTTK_A_CONFIG_ACL_ENFORCED, 0, NULL);
	if (c->acl_source)
		mnl_attr_put_strz(nlh, MQTTK_A_CONFIG_ACL_SOURCE,
				  c->acl_source);
	for (i = 0; i < c->nr_rules; i++) {
		acl_put_rule(nlh, MQTTK_A_CONFIG_RULE, c, i);
		parts[nr_parts++] = (struct part) {
			.end = nlh->nlmsg_len,
			.at = &c->rules[i].at,
			.what = c->rules[i].filter,
			.name = c->rules[i].filter,
		};
	}
}

/* False if it is too much for one request, which is all that can be atomic. */
static bool put_all(struct nlmsghdr *nlh, struct conf *c)
{
	const struct conf_addr *a;
	const struct conf_limit *l;
	struct nlattr *nest;
	char what[128];

	for (a = c->addrs; a < &c->addrs[c->nr_addrs]; a++) {
		if (nlh->nlmsg_len > REQUEST_MAX) {
			conf_say(c, true, &a->listener->at, "listener",
				 "there are too many, with too long settings");
			return false;
		}
		nest = mnl_attr_nest_start(nlh, MQTTK_A_CONFIG_LISTENER);
		put_listener(nlh, c, a);
		mnl_attr_nest_end(nlh, nest);
		snprintf(what, sizeof(what), "listener: %s", addr_str(&a->addr));
		end_part(c, nlh, &a->listener->at, what,
			 a->listener->name ? a->listener->name :
					     addr_str(&a->addr));
	}
	for (l = c->limits; l < &c->limits[c->nr_limits]; l++) {
		nest = mnl_attr_nest_start(nlh, MQTTK_A_CONFIG_LIMIT);
		mnl_attr_put_strz(nlh, MQTTK_A_LIMIT_NAME, l->name);
		nl_put_uint(nlh, MQTTK_A_LIMIT_VALUE, l->value);
		mnl_attr_nest_end(nlh, nest);
		end_part(c, nlh, &l->at, conf_find_limit(l->name)->name,
			 l->name);
	}
	put_acl(nlh, c);
	return true;
}

/* What only this machine knows. */
static void check_devices(struct conf *c)
{
	const struct conf_listener *l;

	for (l = c->listeners; l < &c->listeners[c->nr_listeners]; l++)
		if (conf_is_opened(c, l) && l->device &&
		    !if_nametoindex(l->device))
			conf_say(c, true, &l->at, "bind_interface",
				 "%s: there is no such interface (ip link lists them)",
				 l->device);
}

static void warn_of_nobody(struct conf *c)
{
	const struct conf_listener *l;

	if (c->errors)
		return;
	for (l = c->listeners; l < &c->listeners[c->nr_listeners]; l++)
		if (conf_is_opened(c, l) && !conf_anonymous(c, l))
			conf_say(c, false, &l->at, "listener",
				 "nobody can connect: allow_anonymous is false, and there are no users");
}

/* The kernel puts the begin of a name before what it says; here it is known. */
static const char *without_name(const char *text, const char *name)
{
	const char *colon = strstr(text, ": ");

	while (colon && strncmp(text, name, colon - text))
		colon = strstr(colon + 2, ": ");
	return colon && colon > text ? colon + 2 : text;
}

/* What the kernel did not like, in the words of the file. */
static void say_refused(struct conf *c, int err)
{
	static const struct conf_at nowhere;
	const struct part *p = parts;
	size_t offset = nl_bad_offset();

	while (offset && p < &parts[nr_parts] && p->end <= offset)
		p++;
	if (!offset || p == &parts[nr_parts])
		conf_say(c, true, &nowhere, NULL, "%s", nl_error_text(err));
	else
		conf_say(c, true, p->at, p->what, "%s",
			 without_name(nl_error_text(err), p->name));
}

/* What was not printed yet. */
static void print_said(const struct conf *c, const char *path)
{
	static size_t printed;
	const struct conf_said *s;

	for (; printed < c->nr_said; printed++) {
		s = &c->said[printed];
		fprintf(stderr, "apply: %s", s->at.file ? s->at.file : path);
		if (s->at.line)
			fprintf(stderr, ":%u", s->at.line);
		fprintf(stderr, ": %s%s%s%s\n", s->error ? "" : "warning: ",
			s->key ? s->key : "", s->key ? ": " : "", s->text);
	}
}

static void show_said(const struct conf *c, const char *path, bool check,
		      bool done)
{
	const struct conf_said *s;

	out_begin(NULL);
	out_str("file", NULL, path);
	out_bool("check", NULL, check);
	out_bool("applied", NULL, done && !check);
	out_uint("errors", NULL, c->errors);
	out_list_key("messages");
	for (s = c->said; s < &c->said[c->nr_said]; s++) {
		out_begin(NULL);
		out_bool("error", NULL, s->error);
		out_str("file", NULL, s->at.file ? s->at.file : path);
		if (s->at.line)
			out_uint("line", NULL, s->at.line);
		if (s->key)
			out_str("key", NULL, s->key);
		out_str("text", NULL, s->text);
		out_end();
	}
	out_list_end();
	out_end();
}

/* All or nothing, by one request. */
static int set(struct conf *c, bool check)
{
	struct nlmsghdr *nlh;
	int err;

	parts = calloc(CONF_ADDRS_MAX + CONF_LIMITS_MAX + c->nr_rules,
		       sizeof(*parts));
	if (!parts) {
		perror("mqttkctl: memory");
		exit(FAILED);
	}
	nlh = nl_large_request(MQTTK_CMD_CONFIG_SET, acl_room(c));

	if (check)
		mnl_attr_put(nlh, MQTTK_A_CONFIG_CHECK, 0, NULL);
	if (!put_all(nlh, c))
		return 0;
	err = nl_talk(nlh, MQTTK_A_CONFIG_MAX, NULL);
	if (err)
		say_refused(c, err);
	return err;
}

static int apply(const char *path, bool check, bool ignore)
{
	static struct conf c;
	int err = 0;

	conf_init(&c, ignore);
	c.include = conf_read_dir;
	c.read_acl = conf_read_acl;
	conf_read(&c, path);
	conf_finish(&c);
	if (!c.errors) {
		conf_look_up(&c);
		check_devices(&c);
	}
	warn_of_nobody(&c);
	print_said(&c, path);
	if (!c.errors)
		err = set(&c, check);
	print_said(&c, path);
	if (err)
		nl_print_hint("apply", -err);
	if (c.errors)
		fprintf(stderr, "apply: %s: %u error%s: nothing was changed\n",
			path, c.errors, c.errors == 1 ? "" : "s");
	if (opt_json)
		show_said(&c, path, check, !c.errors);
	err = c.errors ? FAILED : OK;
	conf_free(&c);
	return err;
}

static int show_keys(void)
{
	const struct conf_key *key;

	out_list_begin();
	for (key = conf_keys; key->name; key++) {
		out_begin(NULL);
		out_str("key", "", key->name);
		out_str("scope", "", conf_scope_str(key));
		out_str("effect", "", conf_fate_str(key));
		if (key->harmless)
			out_str("harmless", NULL, key->harmless);
		if (key->why)
			out_str("why", NULL, key->why);
		if (key->why && !opt_json) {
			out_word("-");
			out_word(key->why);
		}
		out_end();
	}
	out_list_end();
	return OK;
}

static int usage(FILE *to)
{
	fprintf(to, "usage: mqttkctl apply FILE [--check] [--ignore-unsupported]\n"
		"       mqttkctl apply --keys\n");
	return to == stdout ? OK : USAGE;
}

/**
 * cmd_apply - `mqttkctl apply ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_apply(int argc, char **argv)
{
	bool check = false, ignore = false;
	const char *path = NULL;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--check"))
			check = true;
		else if (!strcmp(argv[i], "--ignore-unsupported"))
			ignore = true;
		else if (!strcmp(argv[i], "--keys") && argc == 2)
			return show_keys();
		else if (!strcmp(argv[i], "--help") && argc == 2)
			return usage(stdout);
		else if ((*argv[i] != '-' || !argv[i][1]) && !path)
			path = argv[i];
		else
			return usage(stderr);
	}
	if (!path)
		return usage(stderr);
	return apply(path, check, ignore);
}
