// SPDX-License-Identifier: GPL-2.0
/*
 * mosquitto.conf's syntax: a key and its value on each line.
 *
 * Nothing here reads a file or looks up a name: a configuration comes as
 * bytes, which is how it is fuzzed. They may be anything.
 *
 * mosquitto takes a line as a comment only if # is its very first character,
 * and separates by single spaces. More is taken here where it can only mean
 * one thing: tabs, an indented comment, a comment behind a number, the mark
 * that some editors put at the begin of a file.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

/* A string, and the one allocated before it. */
struct conf_string {
	struct conf_string *next;
	char text[];
};

static void *must(void *p)
{
	if (p)
		return p;
	perror("mqttkctl: memory");
	exit(1);
}

/**
 * conf_copy - keep a string as long as the configuration
 * @c: the configuration
 * @text: its bytes
 * @len: how many
 *
 * Return: a copy, terminated
 */
const char *conf_copy(struct conf *c, const char *text, size_t len)
{
	struct conf_string *s = must(malloc(sizeof(*s) + len + 1));

	memcpy(s->text, text, len);
	s->text[len] = '\0';
	s->next = c->memory;
	c->memory = s;
	return s->text;
}

/**
 * conf_free - give back all that belongs to a configuration
 * @c: the configuration
 */
void conf_free(struct conf *c)
{
	free(c->rules);
	c->rules = NULL;
	while (c->memory) {
		struct conf_string *s = c->memory;

		c->memory = s->next;
		free(s);
	}
}

static const struct conf_security nothing_said = {
	.anonymous = -1,
	.zero_length_id = true,
};

/**
 * conf_init - an empty configuration
 * @c: the configuration
 * @ignore: go on without what is not supported
 */
void conf_init(struct conf *c, bool ignore)
{
	struct conf_listener *l;

	memset(c, 0, sizeof(*c));
	c->ignore = ignore;
	c->local_only = true;
	c->general = nothing_said;
	c->nr_listeners = 1;
	for (l = c->listeners; l <= &c->listeners[CONF_LISTENERS_MAX]; l++) {
		l->port = 1883;
		l->max_qos = 2;
		l->aliases = -1;
		l->anonymous = -1;
		l->security = nothing_said;
	}
}

/* What a file says may be shown, but must not drive the terminal. */
static const char *printable(struct conf *c, const char *text)
{
	size_t room = 4 * strlen(text) + 1, len = 0;
	char *copy = must(malloc(room));
	const char *kept;

	for (; *text; text++) {
		unsigned char byte = *text;
		bool c1 = byte == 0xc2 && (unsigned char)text[1] < 0xa0;

		if (byte < ' ' || byte == 0x7f || c1)
			len += snprintf(copy + len, room - len, "\\x%02x",
					byte);
		else
			copy[len++] = byte;
	}
	kept = conf_copy(c, copy, len);
	free(copy);
	return kept;
}

/**
 * conf_say - say something about a configuration
 * @c: the configuration
 * @error: it cannot be applied so
 * @at: about which line
 * @key: about which key, or NULL
 * @fmt: what to say
 */
void conf_say(struct conf *c, bool error, const struct conf_at *at,
	      const char *key, const char *fmt, ...)
{
	struct conf_said *s;
	char text[CONF_LINE_MAX + 512];
	va_list args;

	c->errors += error;
	if (c->nr_said == CONF_SAID_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	s = &c->said[c->nr_said++];
	s->at = *at;
	s->key = key ? printable(c, key) : NULL;
	s->text = printable(c, text);
	s->error = error;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One line, without its end. */
static void parse_line(struct conf *c, const struct conf_at *at,
		       const char *line, size_t len)
{
	char buf[CONF_LINE_MAX + 1], *key = buf, *value;

	if (memchr(line, '\0', len)) {
		conf_say(c, true, at, NULL, "there is a byte 0 in this line: is it a text file?");
		return;
	}
	while (len && is_blank(line[len - 1]))
		len--;
	while (len && is_blank(*line)) {
		line++;
		len--;
	}
	if (!len || *line == '#')
		return;
	if (len > CONF_LINE_MAX) {
		conf_say(c, true, at, NULL, "longer than %d bytes",
			 CONF_LINE_MAX);
		return;
	}
	memcpy(buf, line, len);
	buf[len] = '\0';
	value = key + strcspn(key, " \t");
	while (is_blank(*value))
		*value++ = '\0';
	conf_take(c, at, key, value);
}

/**
 * conf_parse - take in the text of a configuration
 * @c: the configuration
 * @file: its name, for messages
 * @text: its bytes
 * @len: how many
 */
void conf_parse(struct conf *c, const char *file, const char *text, size_t len)
{
	struct conf_at at = { .file = conf_copy(c, file, strlen(file)) };
	const char *end = text + len, *eol;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	while (text < end) {
		eol = memchr(text, '\n', end - text);
		if (!eol)
			eol = end;
		at.line++;
		parse_line(c, &at, text, eol - text);
		text = eol + (eol < end);
	}
}
