// SPDX-License-Identifier: GPL-2.0
/*
 * Values of mosquitto.conf's keys, by their types.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "mqttkctl.h"

/* Bytes of the first word, and whether something other than a comment follows. */
static size_t first_word(const char *text, bool *more)
{
	size_t len = strcspn(text, " \t");
	const char *rest = text + len + strspn(text + len, " \t");

	*more = *rest && *rest != '#';
	return len;
}

/* Which of the words in @words it is, from 0 on; -1: none of them. */
static int find_word(const char *words, const char *word)
{
	size_t len, want = strlen(word);
	int i;

	for (i = 0; *words; i++, words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		if (len == want && !strncmp(words, word, len))
			return i;
	}
	return -1;
}

/**
 * conf_is_writable - does a text come back when it is read from a file?
 * @text: the text
 *
 * Return: false if there is anything in it that ends or trims a line
 */
bool conf_is_writable(const char *text)
{
	const char *p;

	for (p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return *text && *text != ' ' && p[-1] != ' ';
}

/**
 * conf_is_harmless - whether a value asks for what is done anyway
 * @key: the key
 * @text: its value
 *
 * Return: whether its fate and so on do not matter
 */
bool conf_is_harmless(const struct conf_key *key, const char *text)
{
	char word[64];
	size_t len = 0;

	if (!key->harmless)
		return false;
	/* "3, 4, 5" is as good as "3,4,5". */
	for (; *text && *text != '#'; text++) {
		if (*text == ' ' || *text == '\t')
			continue;
		if (len == sizeof(word) - 1)
			return false;
		word[len++] = *text;
	}
	word[len] = '\0';
	return find_word(key->harmless, word) >= 0;
}

static bool parse_int(const char *word, long long *number)
{
	const char *digits = word + (*word == '-');
	char *end;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	*number = strtoll(word, &end, 10);
	return !errno && !*end;
}

static bool parse_unsigned(const struct conf_key *key, const char *word,
			   long long *number)
{
	__u64 value;

	if (key->type == CONF_SIZE ? !parse_number(word, &value) :
				     !parse_interval(word, &value))
		return false;
	if (value > INT64_MAX)
		return false;
	*number = value;
	return true;
}

static const char *expected(const struct conf_key *key)
{
	switch (key->type) {
	case CONF_BOOL:
		return "true or false";
	case CONF_INT:
		return "a number";
	case CONF_SIZE:
		return "a number (K, M and G may follow it)";
	case CONF_DURATION:
		return "a number with h, d, w, m (months) or y behind it";
	default:
		return key->words;
	}
}

static bool in_range(struct conf *c, const struct conf_at *at,
		     const struct conf_key *key, long long number)
{
	if (number >= key->min && (!key->max || number <= key->max))
		return true;
	if (key->max)
		conf_say(c, true, at, key->name,
			 "%lld: must be %lld to %lld", number, key->min,
			 key->max);
	else
		conf_say(c, true, at, key->name, "%lld: must be %lld at least",
			 number, key->min);
	return false;
}

/**
 * conf_value - understand the value of a key
 * @c: the configuration
 * @at: where it stands
 * @key: the key
 * @text: the value as it stands there
 * @value: the value
 *
 * Return: whether it makes sense; if not, that is said
 */
bool conf_value(struct conf *c, const struct conf_at *at,
		const struct conf_key *key, const char *text,
		struct conf_value *value)
{
	const char *word;
	bool more, good;

	value->text = text;
	value->number = 0;
	if (key->type == CONF_ANY)
		return true;
	if (!*text) {
		conf_say(c, true, at, key->name, "what value?");
		return false;
	}
	if (key->type == CONF_TEXT)
		return true;

	word = conf_copy(c, text, first_word(text, &more));
	switch (key->type) {
	case CONF_BOOL:
		value->number = find_word("false true 0 1", word);
		good = value->number >= 0;
		value->number &= 1;
		break;
	case CONF_WORD:
		value->number = find_word(key->words, word);
		good = value->number >= 0;
		break;
	case CONF_INT:
		good = parse_int(word, &value->number);
		break;
	default:
		good = parse_unsigned(key, word, &value->number);
		break;
	}
	if (!good) {
		conf_say(c, true, at, key->name, "%s: must be %s%s", word,
			 key->type == CONF_WORD ? "one of: " : "",
			 expected(key));
		return false;
	}
	if (key->type != CONF_BOOL && key->type != CONF_WORD &&
	    !in_range(c, at, key, value->number))
		return false;
	if (more)
		conf_say(c, false, at, key->name,
			 "what follows %s is not looked at", word);
	return true;
}
