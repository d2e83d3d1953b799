// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl limit: limits and memory budgets.
 */
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

/* In the order of their values. */
static const char * const booleans[] = { "false", "true", NULL };
static const char * const strategies[] = {
	"round-robin", "least-inflight", "same-topic", NULL
};

/**
 * struct form - how people write the values of a unit
 * @unit: as the kernel names it
 * @words: what the values are called, from 0 on; NULL: they are durations
 * @expected: what makes sense, for messages
 *
 * All others are plain numbers. In JSON all are, so that they compare.
 */
struct form {
	const char *unit;
	const char * const *words;
	const char *expected;
};

static const struct form forms[] = {
	{ "boolean", booleans, "true or false" },
	{ "strategy", strategies, "round-robin, least-inflight or same-topic" },
	{ "duration", NULL,
	  "a number of seconds, or one followed by h, d, w, m (months) or y" },
};

static const struct form *form_of(const char *unit)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].unit, unit))
			return &forms[i];
	return NULL;
}

/* NULL if it has no other form than its number. */
static const char *value_str(const struct form *form, __u64 value)
{
	const char * const *word;

	if (!form->words)
		return interval_str(value);
	for (word = form->words; *word; word++)
		if (!value--)
			return *word;
	return NULL;
}

/**
 * limit_str - the value of a limit as people write it
 * @unit: its unit, as the kernel names it
 * @value: its value
 *
 * Return: until the next call
 */
const char *limit_str(const char *unit, __u64 value)
{
	const struct form *form = form_of(unit);
	const char *str = form ? value_str(form, value) : NULL;
	static char number[24];

	if (str)
		return str;
	snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
	return number;
}

static void out_value(const struct form *form, const char *key,
		      const char *label, __u64 value)
{
	const char *str = form ? value_str(form, value) : NULL;

	out_uint(key, str ? NULL : label, value);
	if (str)
		out_str(NULL, label, str);
}

static void out_choices(const struct form *form)
{
	const char * const *word;
	const char *before = "choices ";
	char text[64];

	for (word = form->words; *word; word++) {
		snprintf(text, sizeof(text), "%s%s", before, *word);
		out_word(text);
		before = "or ";
	}
}

static void show_one(const struct nlattr **attrs)
{
	const struct form *form = form_of(nl_str(attrs[MQTTK_A_LIMIT_UNIT]));
	__u64 value = nl_uint(attrs[MQTTK_A_LIMIT_VALUE]);
	const char *str = form ? value_str(form, value) : NULL;
	/* Between words there is nothing. */
	bool words = form && form->words;

	out_begin(NULL);
	out_str("name", "", nl_str(attrs[MQTTK_A_LIMIT_NAME]));
	out_value(form, "value", "", value);
	if (str)
		out_str("text", NULL, str);
	out_str("unit", "", nl_str(attrs[MQTTK_A_LIMIT_UNIT]));
	out_value(form, "default", "default",
		  nl_uint(attrs[MQTTK_A_LIMIT_DEFAULT]));
	out_value(form, "minimum", words ? NULL : "minimum",
		  nl_uint(attrs[MQTTK_A_LIMIT_MINIMUM]));
	out_value(form, "maximum", words ? NULL : "maximum",
		  nl_uint(attrs[MQTTK_A_LIMIT_MAXIMUM]));
	if (words && form->words != booleans)
		out_choices(form);
	if (attrs[MQTTK_A_LIMIT_USED])
		out_uint("used", "used", nl_uint(attrs[MQTTK_A_LIMIT_USED]));
	if (attrs[MQTTK_A_LIMIT_OVERFLOWS])
		out_uint("overflows", "overflows",
			 nl_uint(attrs[MQTTK_A_LIMIT_OVERFLOWS]));
	out_end();
}

/* False if no limit can be called so. */
static bool put_name(struct nlmsghdr *nlh, const char *name)
{
	if (strlen(name) > MQTTK_LIMIT_NAME_MAX)
		return false;
	mnl_attr_put_strz(nlh, MQTTK_A_LIMIT_NAME, name);
	return true;
}

static int do_show(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	int err;

	if (argc > 2)
		return usage_error("limit show: one name, or none");
	nlh = nl_request(MQTTK_CMD_LIMIT_GET, argc < 2);
	if (argc == 2 && !put_name(nlh, argv[1]))
		return usage_error("limit show: %s: no such limit", argv[1]);
	out_list_begin();
	err = nl_talk(nlh, MQTTK_A_LIMIT_MAX, show_one);
	out_list_end();
	return nl_failed("limit show", argc == 2 ? argv[1] : NULL, err);
}

/* How the values of the limit that is to be set are written. */
static const struct form *set_form;

static void note_form(const struct nlattr **attrs)
{
	set_form = form_of(nl_str(attrs[MQTTK_A_LIMIT_UNIT]));
}

static bool parse_value(const struct form *form, const char *word,
			__u64 *value)
{
	const char * const *name;

	if (!form)
		return parse_number(word, value);
	if (!form->words)
		return parse_interval(word, value);
	for (name = form->words; *name; name++) {
		if (!strcmp(word, *name)) {
			*value = name - form->words;
			return true;
		}
	}
	if (form->words == booleans) {
		/* As for `listener add`. */
		*value = !strcmp(word, "on");
		if (*value || !strcmp(word, "off"))
			return true;
	}
	return parse_number(word, value);
}

static int do_set(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	__u64 value;
	char what[96];
	int err;

	if (argc != 3)
		return usage_error("limit set: which one, and to what? NAME VALUE");
	snprintf(what, sizeof(what), "%s: %s", argv[1], argv[2]);
	nlh = nl_request(MQTTK_CMD_LIMIT_GET, false);
	if (!put_name(nlh, argv[1]))
		return usage_error("limit set: %s: no such limit", argv[1]);
	err = nl_talk(nlh, MQTTK_A_LIMIT_MAX, note_form);
	if (err)
		return nl_failed("limit set", what, err);
	if (!parse_value(set_form, argv[2], &value))
		return usage_error("limit set: %s: must be %s", what,
				   set_form ? set_form->expected :
				   "a number (K, M and G may follow it)");

	nlh = nl_request(MQTTK_CMD_LIMIT_SET, false);
	put_name(nlh, argv[1]);
	nl_put_uint(nlh, MQTTK_A_LIMIT_VALUE, value);
	return nl_failed("limit set", what,
			 nl_talk(nlh, MQTTK_A_LIMIT_MAX, NULL));
}

static const struct command verbs[] = {
	{ "show", do_show, 0, "[NAME]" },
	{ "set", do_set, 0,
	  "NAME VALUE\n"
	  "           (N[K|M|G], true|false, a strategy, or N[h|d|w|m|y])" },
	{ }
};

/**
 * cmd_limit - `mqttkctl limit ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_limit(int argc, char **argv)
{
	return run_verb("limit", verbs, argc, argv);
}
