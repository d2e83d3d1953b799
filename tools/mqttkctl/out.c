// SPDX-License-Identifier: GPL-2.0
/*
 * Showing things: one line an object for people, or JSON.
 *
 * The JSON is written as it comes: a list of 100,000 clients needs no memory,
 * which a library that builds a tree first would. Strings of MQTT are UTF-8,
 * but nothing here relies on it: in JSON what is not becomes U+FFFD, in text
 * it is escaped like everything that a terminal should not see.
 */
#include <stdio.h>
#include <string.h>

#include "mqttkctl.h"

static int depth;
static bool need_comma;		/* something came before at this depth */
static bool at_line_start = true;

/* Bytes of the UTF-8 character at @s; 0 if it is none. */
static int utf8_len(const unsigned char *s)
{
	__u32 c;
	int i, len;

	if (*s < 0x80)
		return 1;
	len = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;
	if (*s < 0xc2 || *s > 0xf4)
		return 0;
	c = *s & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((len == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
	    (len == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return len;
}

/* Most characters are shown as they are; those are written many at a time. */
static void put_run(const unsigned char *from, const unsigned char *to)
{
	if (to > from)
		fwrite(from, 1, to - from, stdout);
}

/* What stands behind @end is a 0. */
static void json_bytes(const unsigned char *s, const unsigned char *end)
{
	const unsigned char *run = s;
	int len;

	putchar('"');
	while (s < end) {
		len = utf8_len(s);
		if (len && *s != '"' && *s != '\\' && *s >= 0x20 &&
		    *s != 0x7f) {
			s += len;
			continue;
		}
		put_run(run, s);
		if (!len)
			fputs("\\ufffd", stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else
			printf("\\u%04x", *s);
		run = ++s;
	}
	put_run(run, s);
	putchar('"');
}

static void json_string(const char *str)
{
	json_bytes((const unsigned char *)str,
		   (const unsigned char *)str + strlen(str));
}

static bool is_utf8(const unsigned char *s, const unsigned char *end)
{
	int len;

	for (; s < end; s += len) {
		len = utf8_len(s);
		if (!len)
			return false;
	}
	return true;
}

/* As in RFC 4648, with padding. */
static void json_base64(const unsigned char *s, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	__u32 bits;
	size_t i;

	putchar('"');
	for (i = 0; i < length; i += 3) {
		bits = s[i] << 16;
		bits |= i + 1 < length ? s[i + 1] << 8 : 0;
		bits |= i + 2 < length ? s[i + 2] : 0;
		putchar(digits[bits >> 18]);
		putchar(digits[bits >> 12 & 63]);
		putchar(i + 1 < length ? digits[bits >> 6 & 63] : '=');
		putchar(i + 2 < length ? digits[bits & 63] : '=');
	}
	putchar('"');
}

/* A word for people: one word, whatever is in it. */
static void text_string(const char *str)
{
	const unsigned char *s = (const unsigned char *)str, *run = s;
	int len;

	while (*s) {
		/* C1 controls are characters of two bytes. */
		bool c1 = *s == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;

		len = utf8_len(s);
		if (len && *s > ' ' && *s != 0x7f && *s != '\\' && !c1) {
			s += len;
			continue;
		}
		put_run(run, s);
		for (len = c1 ? 2 : 1; len; len--)
			printf("\\x%02x", *s++);
		run = s;
	}
	put_run(run, s);
}

static void json_newline(void)
{
	if (opt_pretty)
		printf("\n%*s", depth * 4, "");
}

static void json_next(const char *key)
{
	if (need_comma)
		putchar(',');
	need_comma = true;
	if (depth)
		json_newline();
	if (!key)
		return;
	json_string(key);
	fputs(opt_pretty ? ": " : ":", stdout);
}

static void json_open(const char *key, char bracket)
{
	json_next(key);
	putchar(bracket);
	depth++;
	need_comma = false;
}

static void json_close(char bracket)
{
	depth--;
	if (need_comma)
		json_newline();
	putchar(bracket);
	/* Things on their own have a line each. */
	need_comma = depth;
	if (!depth)
		putchar('\n');
}

/**
 * out_list_begin - what follows are objects of a list
 */
void out_list_begin(void)
{
	if (opt_json)
		json_open(NULL, '[');
}

/**
 * out_list_key - what follows are objects of a list in an object
 * @key: of the list
 */
void out_list_key(const char *key)
{
	if (opt_json)
		json_open(key, '[');
}

/**
 * out_list_end - the end of the list
 */
void out_list_end(void)
{
	if (opt_json)
		json_close(']');
}

/**
 * out_begin - what follows are values of an object
 * @key: of the object in the one that contains it, or NULL
 */
void out_begin(const char *key)
{
	if (opt_json)
		json_open(key, '{');
}

/**
 * out_end - the end of the object
 */
void out_end(void)
{
	if (opt_json) {
		json_close('}');
	} else if (!at_line_start) {
		putchar('\n');
		at_line_start = true;
	}
}

static void text_label(const char *label)
{
	if (!at_line_start)
		putchar(' ');
	at_line_start = false;
	if (*label)
		printf("%s ", label);
}

/**
 * out_word - something for people only
 * @text: as it is
 */
void out_word(const char *text)
{
	if (opt_json)
		return;
	text_label("");
	fputs(text, stdout);
}

/**
 * out_str - a string
 * @key: in JSON, or NULL if not there
 * @label: before it in text; "" for none, NULL if not there at all
 * @value: any bytes
 */
void out_str(const char *key, const char *label, const char *value)
{
	if (opt_json && key) {
		json_next(key);
		json_string(value);
	} else if (!opt_json && label) {
		text_label(label);
		text_string(value);
	}
}

/**
 * out_payload - bytes of any kind, in JSON only
 * @data: the bytes, and a 0 behind them
 * @length: how many
 *
 * What is UTF-8 is a string, "payload"; all else is "payload_base64", since no
 * byte may get lost.
 */
void out_payload(const unsigned char *data, size_t length)
{
	if (!opt_json)
		return;
	if (is_utf8(data, data + length)) {
		json_next("payload");
		json_bytes(data, data + length);
	} else {
		json_next("payload_base64");
		json_base64(data, length);
	}
}

/**
 * out_uint - a number
 * @key: see out_str()
 * @label: likewise
 * @value: the number
 */
void out_uint(const char *key, const char *label, __u64 value)
{
	if (opt_json && key) {
		json_next(key);
		printf("%llu", (unsigned long long)value);
	} else if (!opt_json && label) {
		text_label(label);
		printf("%llu", (unsigned long long)value);
	}
}

/**
 * out_real - a number with one decimal; JSON only
 * @key: see out_str()
 * @value: the number
 */
void out_real(const char *key, double value)
{
	if (!opt_json)
		return;
	json_next(key);
	printf("%.1f", value);
}

/**
 * out_bool - a yes or no; "on" or "off" in text
 * @key: see out_str()
 * @label: likewise
 * @value: which
 */
void out_bool(const char *key, const char *label, bool value)
{
	if (opt_json && key) {
		json_next(key);
		fputs(value ? "true" : "false", stdout);
	} else if (!opt_json && label) {
		text_label(label);
		fputs(value ? "on" : "off", stdout);
	}
}

/**
 * out_finish - see that everything was really written
 * @status: exit status so far
 *
 * Return: exit status
 */
int out_finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		perror("mqttkctl: output");
		return status ? status : FAILED;
	}
	return status;
}
