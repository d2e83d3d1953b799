// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl acl: the access control list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "conf.h"
#include "mqttkctl.h"

/**
 * acl_room - how much of a request the rules of a configuration take
 * @c: the configuration
 *
 * Return: bytes, rather too many
 */
size_t acl_room(const struct conf *c)
{
	size_t i, bytes = 0;

	for (i = 0; i < c->nr_rules; i++)
		bytes += 64 + strlen(c->rules[i].filter) +
			 (c->rules[i].user ? strlen(c->rules[i].user) : 0);
	return bytes;
}

/**
 * acl_put_rule - put a rule into a request
 * @nlh: the request
 * @type: the attribute that a rule is there
 * @c: the configuration
 * @i: which of its rules
 */
void acl_put_rule(struct nlmsghdr *nlh, int type, const struct conf *c,
		  size_t i)
{
	const struct conf_rule *rule = &c->rules[i];
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put_u32(nlh, MQTTK_A_RULE_WHOM, rule->whom);
	mnl_attr_put_u32(nlh, MQTTK_A_RULE_ACCESS, rule->access);
	if (rule->user)
		mnl_attr_put_strz(nlh, MQTTK_A_RULE_USER, rule->user);
	mnl_attr_put_strz(nlh, MQTTK_A_RULE_FILTER, rule->filter);
	mnl_attr_nest_end(nlh, nest);
}

/* -- show ------------------------------------------------------------------ */

/* The user whose rules are being shown, or NULL. */
static char *shown_user;
/* Rules for those without a user name, or for everybody, are shown first. */
static bool showing_users;
static bool enforced;

static void note_enforced(const struct nlattr **attrs)
{
	enforced = attrs[MQTTK_A_ACL_ENFORCED];
}

static void print_line(const char *word, const char *access, const char *text)
{
	if (!conf_is_writable(text))
		fprintf(stderr,
			"acl show: warning: a %s has characters that the syntax cannot carry (mqttkctl -j acl show has them)\n",
			*access ? "filter" : "user name");
	else if (*access)
		printf("%s %s %s\n", word, access, text);
	else
		printf("%s %s\n", word, text);
}

static void print_user(const char *user)
{
	if (shown_user && !strcmp(shown_user, user))
		return;
	free(shown_user);
	shown_user = strdup(user);
	putchar('\n');
	print_line("user", "", user);
}

static void print_rule(const struct nlattr **rule)
{
	unsigned int whom = nl_uint(rule[MQTTK_A_RULE_WHOM]);
	unsigned int access = nl_uint(rule[MQTTK_A_RULE_ACCESS]);
	bool of_user = whom == MQTTK_ACL_USER;
	const char *word;

	if (of_user != showing_users)
		return;
	if (of_user)
		print_user(nl_str(rule[MQTTK_A_RULE_USER]));
	while ((word = conf_access_str(&access)))
		print_line(whom == MQTTK_ACL_EVERYBODY ? "pattern" : "topic",
			   word, nl_str(rule[MQTTK_A_RULE_FILTER]));
}

static void out_rule(const struct nlattr **rule)
{
	static const char * const whoms[] = { "anonymous", "user", "everybody" };
	unsigned int whom = nl_uint(rule[MQTTK_A_RULE_WHOM]);
	unsigned int access = nl_uint(rule[MQTTK_A_RULE_ACCESS]);
	char text[64] = "";
	const char *word;

	while ((word = conf_access_str(&access))) {
		if (*text)
			strcat(text, ",");
		strcat(text, word);
	}
	out_begin(NULL);
	if (whom < ARRAY_SIZE(whoms))
		out_str("whom", NULL, whoms[whom]);
	if (rule[MQTTK_A_RULE_USER])
		out_str("user", NULL, nl_str(rule[MQTTK_A_RULE_USER]));
	out_str("access", NULL, text);
	out_str("filter", NULL, nl_str(rule[MQTTK_A_RULE_FILTER]));
	out_end();
}

static void show_rule(const struct nlattr **attrs)
{
	const struct nlattr *rule[MQTTK_A_RULE_MAX + 1] = {};

	if (!attrs[MQTTK_A_ACL_RULE])
		return;
	nl_parse_nest(attrs[MQTTK_A_ACL_RULE], rule, MQTTK_A_RULE_MAX);
	if (opt_json)
		out_rule(rule);
	else
		print_rule(rule);
}

static int dump(void)
{
	return nl_talk(nl_request(MQTTK_CMD_ACL_GET, true), MQTTK_A_ACL_MAX,
		       show_rule);
}

static int show_json(void)
{
	int err = 0;

	out_begin(NULL);
	out_bool("enforced", NULL, enforced);
	out_list_key("rules");
	if (enforced)
		err = dump();
	out_list_end();
	out_end();
	return err;
}

/* In the syntax of a file; rules of users stand behind all others there. */
static int show_text(void)
{
	int err;

	if (!enforced) {
		puts("# There is no access control list: everything is permitted.");
		return 0;
	}
	puts("# What no rule permits is denied.");
	err = dump();
	showing_users = true;
	if (!err)
		err = dump();
	free(shown_user);
	return err;
}

static int do_show(int argc, char **argv)
{
	int err;

	if (argc > 1)
		return usage_error("acl show: %s: no words follow", argv[1]);
	err = nl_talk(nl_request(MQTTK_CMD_ACL_GET, false), MQTTK_A_ACL_MAX,
		      note_enforced);
	if (!err)
		err = opt_json ? show_json() : show_text();
	return nl_failed("acl show", NULL, err);
}

/* -- load ------------------------------------------------------------------- */

static void print_said(const struct conf *c)
{
	const struct conf_said *s;

	for (s = c->said; s < &c->said[c->nr_said]; s++) {
		fputs("acl load: ", stderr);
		/* Otherwise it is about the file itself, and names it. */
		if (s->at.line)
			fprintf(stderr, "%s:%u: ", s->at.file, s->at.line);
		fprintf(stderr, "%s\n", s->text);
	}
}

/* Which line of the file did the kernel not like? */
static void print_refused(const struct conf *c, const size_t *ends,
			  const char *path, int err)
{
	size_t i = 0;

	while (i < c->nr_rules && ends[i] <= nl_bad_offset())
		i++;
	if (nl_bad_offset() && i < c->nr_rules)
		fprintf(stderr, "acl load: %s:%u: %s: %s\n",
			c->rules[i].at.file, c->rules[i].at.line, c->rules[i].filter,
			nl_error_text(err));
	else
		fprintf(stderr, "acl load: %s: %s\n", path, nl_error_text(err));
	nl_print_hint("acl load", -err);
}

static int load(const struct conf *c, const char *path)
{
	size_t *ends = calloc(c->nr_rules + 1, sizeof(*ends));
	struct nlmsghdr *nlh;
	size_t i;
	int err;

	if (!ends) {
		perror("mqttkctl: memory");
		return FAILED;
	}
	nlh = nl_large_request(MQTTK_CMD_ACL_SET, acl_room(c));
	mnl_attr_put(nlh, MQTTK_A_ACL_ENFORCED, 0, NULL);
	if (c->acl_source)
		mnl_attr_put_strz(nlh, MQTTK_A_ACL_SOURCE, c->acl_source);
	for (i = 0; i < c->nr_rules; i++) {
		acl_put_rule(nlh, MQTTK_A_ACL_RULE, c, i);
		ends[i] = nlh->nlmsg_len;
	}
	err = nl_talk(nlh, MQTTK_A_ACL_MAX, NULL);
	if (err)
		print_refused(c, ends, path, err);
	free(ends);
	return err ? FAILED : OK;
}

static int do_load(int argc, char **argv)
{
	static const struct conf_at nowhere;
	static struct conf c;
	int status = FAILED;

	if (argc != 2)
		return usage_error("acl load: which file?");
	conf_init(&c, false);
	conf_read_acl(&c, &nowhere, argv[1]);
	print_said(&c);
	if (c.errors)
		fprintf(stderr, "acl load: %s: %u error%s: nothing was changed\n",
			argv[1], c.errors, c.errors == 1 ? "" : "s");
	else
		status = load(&c, argv[1]);
	conf_free(&c);
	return status;
}

static int do_del(int argc, char **argv)
{
	if (argc > 1)
		return usage_error("acl del: %s: no words follow", argv[1]);
	return nl_failed("acl del", NULL,
			 nl_talk(nl_request(MQTTK_CMD_ACL_SET, false),
				 MQTTK_A_ACL_MAX, NULL));
}

static const struct command verbs[] = {
	{ "show", do_show, 0, "" },
	{ "load", do_load, 0, "FILE" },
	{ "del", do_del, COMMAND_WHOLE, "" },
	{ }
};

/**
 * cmd_acl - `mqttkctl acl ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_acl(int argc, char **argv)
{
	return run_verb("acl", verbs, argc, argv);
}
