// SPDX-License-Identifier: GPL-2.0
/*
 * mosquitto's acl_file: who may publish and read what.
 *
 *	topic [read|write|readwrite|subscribe|deny] FILTER
 *	user NAME
 *	pattern [read|write|readwrite|subscribe|deny] FILTER
 *
 * As in conf.c, text comes as bytes, and they may be anything.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/mqttk_netlink.h>

#include "conf.h"

/* In the order in which they are shown. */
static const struct {
	const char *word;
	unsigned int access;
} accesses[] = {
	{ "readwrite", MQTTK_ACL_READ | MQTTK_ACL_WRITE },
	{ "read", MQTTK_ACL_READ },
	{ "write", MQTTK_ACL_WRITE },
	{ "subscribe", MQTTK_ACL_SUBSCRIBE },
	{ "deny", MQTTK_ACL_DENY },
	{ }
};

/**
 * conf_access_str - the words for what a rule permits
 * @access: its MQTTK_ACL_READ and so on; those a word was found for are cleared
 *
 * Return: the next word, or NULL
 */
const char *conf_access_str(unsigned int *access)
{
	size_t i;

	for (i = 0; accesses[i].word; i++) {
		if ((*access & accesses[i].access) != accesses[i].access)
			continue;
		*access &= ~accesses[i].access;
		return accesses[i].word;
	}
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

/* A word that permits something, if a filter follows; or what every rule does. */
static unsigned int take_access(const char **text)
{
	size_t i, len = strcspn(*text, " \t");

	for (i = 0; accesses[i].word; i++) {
		if (strlen(accesses[i].word) != len ||
		    strncmp(accesses[i].word, *text, len) || !(*text)[len])
			continue;
		*text = skip_blanks(*text + len);
		return accesses[i].access;
	}
	return MQTTK_ACL_READ | MQTTK_ACL_WRITE;
}

static void add_rule(struct conf *c, const struct conf_rule *rule)
{
	struct conf_rule *more;

	if (c->nr_rules == MQTTK_RULES_MAX) {
		conf_say(c, true, &rule->at, NULL, "there are more than %d rules",
			 MQTTK_RULES_MAX);
		return;
	}
	/* Doubled when it is full. */
	if (!(c->nr_rules & (c->nr_rules - 1))) {
		more = realloc(c->rules, (c->nr_rules ? 2 * c->nr_rules : 1) *
			       sizeof(*more));
		if (!more) {
			perror("mqttkctl: memory");
			exit(1);
		}
		c->rules = more;
	}
	c->rules[c->nr_rules++] = *rule;
}

static void take_filter(struct conf *c, const struct conf_at *at,
			const char *text, unsigned int whom, const char *user)
{
	struct conf_rule rule = { .whom = whom, .user = user, .at = *at };

	rule.access = take_access(&text);
	if (!*text)
		conf_say(c, true, at, NULL, "a topic filter is missing");
	else if (strlen(text) > MQTTK_RULE_FILTER_MAX)
		conf_say(c, true, at, NULL, "a filter longer than %d bytes",
			 MQTTK_RULE_FILTER_MAX);
	else
		rule.filter = conf_copy(c, text, strlen(text));
	if (rule.filter)
		add_rule(c, &rule);
}

/* Text behind a word, or NULL if it is another word. */
static const char *behind(const char *line, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) || (line[len] && !is_blank(line[len])))
		return NULL;
	return skip_blanks(line + len);
}

/* One line, terminated, without blanks around. */
static void take_line(struct conf *c, const struct conf_at *at,
		      const char *line, const char **user)
{
	const char *text;

	text = behind(line, "topic");
	if (text) {
		take_filter(c, at, text, *user ? MQTTK_ACL_USER :
			    MQTTK_ACL_ANONYMOUS, *user);
		return;
	}
	text = behind(line, "pattern");
	if (text) {
		take_filter(c, at, text, MQTTK_ACL_EVERYBODY, NULL);
		return;
	}
	text = behind(line, "user");
	if (!text)
		conf_say(c, true, at, NULL,
			 "%.40s: a line begins with topic, user or pattern",
			 line);
	else if (!*text)
		conf_say(c, true, at, NULL, "a user name is missing");
	else if (strlen(text) > MQTTK_USER_NAME_MAX)
		conf_say(c, true, at, NULL, "a user name longer than %d bytes",
			 MQTTK_USER_NAME_MAX);
	else
		*user = conf_copy(c, text, strlen(text));
}

/**
 * conf_parse_acl - take in the text of an access control list
 * @c: the configuration
 * @file: its name, for messages
 * @text: its bytes
 * @len: how many
 */
void conf_parse_acl(struct conf *c, const char *file, const char *text,
		    size_t len)
{
	struct conf_at at = { .file = conf_copy(c, file, strlen(file)) };
	const char *end = text + len, *eol, *user = NULL;
	char line[CONF_LINE_MAX + 1];
	size_t n;

	c->acl = true;
	for (; text < end; text = eol + (eol < end)) {
		eol = memchr(text, '\n', end - text);
		if (!eol)
			eol = end;
		at.line++;
		n = eol - text;
		while (n && is_blank(text[n - 1]))
			n--;
		if (!n || *text == '#')
			continue;
		if (n > CONF_LINE_MAX || memchr(text, '\0', n)) {
			conf_say(c, true, &at, NULL,
				 n > CONF_LINE_MAX ? "too long" :
				 "there is a byte 0 in this line: is it a text file?");
			continue;
		}
		memcpy(line, text, n);
		line[n] = '\0';
		take_line(c, &at, skip_blanks(line), &user);
	}
}
