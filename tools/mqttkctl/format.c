// SPDX-License-Identifier: GPL-2.0
/*
 * How `mqttkctl sub` prints a message: mosquitto_sub's formats, so that
 * scripts written for the one go on working with the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "format.h"

/**
 * struct field - `%[-0][WIDTH][.MAX]C` taken apart
 * @left: pad on the right
 * @zero: pad with zeros
 * @width: at least so many characters
 * @max: at most so many, or -1
 * @conversion: C
 */
struct field {
	bool left;
	bool zero;
	int width;
	int max;
	char conversion;
};

/* Widths are cut here: nobody means more. */
#define WIDTH_MAX	10000

static int take_width(const char **at)
{
	int n = 0;

	while (**at >= '0' && **at <= '9') {
		if (n < WIDTH_MAX)
			n = n * 10 + **at - '0';
		(*at)++;
	}
	return n < WIDTH_MAX ? n : WIDTH_MAX;
}

/* Takes a field apart; @at is behind the %. Returns behind the field. */
static const char *take_field(const char *at, struct field *f)
{
	*f = (struct field){ .max = -1 };
	for (; *at == '-' || *at == '0'; at++) {
		if (*at == '-')
			f->left = true;
		else
			f->zero = true;
	}
	f->width = take_width(&at);
	if (*at == '.') {
		at++;
		f->max = take_width(&at);
	}
	f->conversion = *at;
	return *at ? at + 1 : at;
}

static const char escapes[] = "0\0a\ae\033n\nr\rt\tv\v\\\\";

/* What `\c` stands for; -1: nothing. */
static int escaped(char c)
{
	size_t i;

	for (i = 0; i + 1 < sizeof(escapes); i += 2)
		if (escapes[i] == c && c)
			return escapes[i + 1];
	return -1;
}

/**
 * format_check - is a format understood?
 * @format: the argument of -F
 * @why: filled with what is wrong
 * @size: bytes of @why
 *
 * Return: 0 or -1
 */
int format_check(const char *format, char *why, unsigned long size)
{
	struct field f;

	while (*format) {
		char c = *format++;

		if (c == '%') {
			format = take_field(format, &f);
			if (!f.conversion ||
			    !strchr("%IJUXjlmpqrtx", f.conversion)) {
				snprintf(why, size, "%%%.1s is no format",
					 &f.conversion);
				return -1;
			}
		} else if (c == '\\') {
			if (escaped(*format) < 0) {
				snprintf(why, size, "\\%.1s is no escape",
					 format);
				return -1;
			}
			format++;
		} else if (c == '@') {
			if (!*format) {
				snprintf(why, size, "@ without a letter");
				return -1;
			}
			format++;
		}
	}
	return 0;
}

static void pad(int n, char with)
{
	while (n-- > 0)
		putchar(with);
}

static void put_bytes(const struct field *f, const void *p, size_t len)
{
	int missing;

	if (f->max >= 0 && len > (size_t)f->max)
		len = f->max;
	missing = len < (size_t)f->width ? f->width - (int)len : 0;
	if (!f->left)
		pad(missing, ' ');
	fwrite(p, 1, len, stdout);
	if (f->left)
		pad(missing, ' ');
}

static void put_number(const struct field *f, unsigned long n)
{
	if (f->left)
		printf("%-*lu", f->width, n);
	else if (f->zero)
		printf("%0*lu", f->width, n);
	else
		printf("%*lu", f->width, n);
}

static void put_hex(const struct field *f, const struct device_message *m)
{
	const char *one = f->conversion == 'x' ? "%02x" : "%02X";
	size_t len = 2 * m->payload_len;
	int missing = len < (size_t)f->width ? f->width - (int)len : 0;
	size_t i;

	if (!f->left)
		pad(missing, f->zero ? '0' : ' ');
	for (i = 0; i < m->payload_len; i++)
		printf(one, m->payload[i]);
	if (f->left)
		pad(missing, ' ');
}

/* When the broker had the message, by the wall clock as it is now. */
static struct timespec wall_time(const struct device_message *m)
{
	struct timespec boot, real;
	__s64 ns;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	ns = (__s64)(real.tv_sec - boot.tv_sec) * 1000000000 +
	     (real.tv_nsec - boot.tv_nsec) + (__s64)m->record->usec * 1000;
	return (struct timespec){ .tv_sec = ns / 1000000000,
				  .tv_nsec = ns % 1000000000 };
}

static void put_time(const char *spec, const struct timespec *ts)
{
	char buf[128];
	struct tm tm;

	localtime_r(&ts->tv_sec, &tm);
	if (strftime(buf, sizeof(buf), spec, &tm))
		fputs(buf, stdout);
}

/*
 * Bytes of the UTF-8 sequence at @p, 0 if it is none. Payloads are anything,
 * but JSON is text.
 */
static size_t utf8_len(const unsigned char *p, size_t len)
{
	static const __u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 :
		   (*p & 0xf0) == 0xe0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
	__u32 c;
	size_t i;

	if (n < 2 || n > len)
		return n == 1;
	c = *p & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

static void put_json_string(const void *data, size_t len)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const unsigned char *p = data, *end = p + len;

	putchar('"');
	while (p < end) {
		size_t n = utf8_len(p, end - p);
		const char *at = *p ? strchr(from, *p) : NULL;

		if (!n)
			fputs("\\ufffd", stdout);
		else if (at)
			printf("\\%c", to[at - from]);
		else if (*p < 0x20)
			printf("\\u%04x", *p);
		else
			fwrite(p, 1, n, stdout);
		p += n ? n : 1;
	}
	putchar('"');
}

/* Behind the digits at @p, if any. */
static const char *json_digits(const char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

static const char *json_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *json_string(const char *p)
{
	for (p++; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u' &&
		    strspn(p + 1, "0123456789abcdefABCDEF") >= 4)
			p += 4;
		else if (!*p || !strchr("\"\\/bfnrt", *p))
			return NULL;
	}
	return p + 1;
}

static const char *json_number(const char *p)
{
	const char *digits;

	p += *p == '-';
	digits = p;
	p = json_digits(p);
	if (p == digits || (*digits == '0' && p > digits + 1))
		return NULL;
	if (*p == '.') {
		digits = ++p;
		p = json_digits(p);
		if (p == digits)
			return NULL;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		digits = p;
		p = json_digits(p);
		if (p == digits)
			return NULL;
	}
	return p;
}

static const char *json_scalar(const char *p)
{
	if (*p == '"')
		return json_string(p);
	if (!strncmp(p, "true", 4) || !strncmp(p, "null", 4))
		return p + 4;
	if (!strncmp(p, "false", 5))
		return p + 5;
	return json_number(p);
}

/* The deepest JSON that is recognized as such. */
#define JSON_DEPTH	256

/* Whether terminated @p is one JSON value and nothing else. */
static bool is_json(const char *p)
{
	char stack[JSON_DEPTH];
	int depth = 0;

	for (;;) {
		/* A value, or the end of an empty container, comes here. */
		p = json_space(p);
		if (*p == '{' || *p == '[') {
			if (depth == JSON_DEPTH)
				return false;
			stack[depth++] = *p;
			p = json_space(p + 1);
			if (*p == stack[depth - 1] + 2)
				goto close;
			if (stack[depth - 1] == '[')
				continue;
			goto key;
		}
		p = json_scalar(p);
close:
		/* Behind a value: what it closes, and what may follow. */
		for (; p; p++) {
			p = json_space(p);
			if (!depth || *p != stack[depth - 1] + 2)
				break;
			depth--;
		}
		if (!p || !depth)
			return p && !*p;
		if (*p++ != ',')
			return false;
		if (stack[depth - 1] == '[')
			continue;
key:
		p = json_space(p);
		if (*p != '"')
			return false;
		p = json_string(p);
		if (!p)
			return false;
		p = json_space(p);
		if (*p++ != ':')
			return false;
	}
}

static bool is_retained(const struct device_message *m)
{
	return m->record->flags & MQTTK_RECORD_RETAIN;
}

/* Returns false, having said why, if the payload is to be JSON and is not. */
static bool put_json(const struct device_message *m, bool bare)
{
	struct timespec ts = wall_time(m);
	bool ok = true;

	if (bare && m->payload_len)
		ok = !memchr(m->payload, 0, m->payload_len) &&
		     is_json((const char *)m->payload);
	if (!ok) {
		fprintf(stderr, "sub: %s: the payload is not JSON\n", m->topic);
		return false;
	}
	fputs("{\"tst\":\"", stdout);
	put_time("%Y-%m-%dT%H:%M:%S", &ts);
	printf(".%06ldZ", ts.tv_nsec / 1000);
	put_time("%z", &ts);
	fputs("\",\"topic\":", stdout);
	put_json_string(m->topic, m->topic_len);
	printf(",\"qos\":%d,\"retain\":%d,\"payloadlen\":%zu,",
	       m->record->qos, is_retained(m), m->payload_len);
	if (m->record->token)
		printf("\"mid\":%u,", m->record->token);
	fputs("\"payload\":", stdout);
	if (!m->payload_len)
		fputs("null", stdout);
	else if (bare)
		fwrite(m->payload, 1, m->payload_len, stdout);
	else
		put_json_string(m->payload, m->payload_len);
	putchar('}');
	return true;
}

static bool put_field(const struct field *f, const struct device_message *m)
{
	struct timespec ts;

	switch (f->conversion) {
	case '%':
		putchar('%');
		break;
	case 'I':
		ts = wall_time(m);
		put_time("%Y-%m-%dT%H:%M:%S%z", &ts);
		break;
	case 'U':
		ts = wall_time(m);
		printf("%lld.%09ld", (long long)ts.tv_sec, ts.tv_nsec);
		break;
	case 'J':
	case 'j':
		return put_json(m, f->conversion == 'J');
	case 'l':
		put_number(f, m->payload_len);
		break;
	case 'm':
		put_number(f, m->record->token);
		break;
	case 'p':
		put_bytes(f, m->payload, m->payload_len);
		break;
	case 'q':
		printf("%d", m->record->qos);
		break;
	case 'r':
		printf("%d", is_retained(m));
		break;
	case 't':
		put_bytes(f, m->topic, m->topic_len);
		break;
	case 'X':
	case 'x':
		put_hex(f, m);
		break;
	}
	return true;
}

static void put_strftime(char c, const struct device_message *m)
{
	struct timespec ts = wall_time(m);
	char spec[] = { '%', c, '\0' };

	if (c == '@')
		putchar('@');
	else if (c == 'N')
		printf("%09ld", ts.tv_nsec);
	else
		put_time(spec, &ts);
}

/**
 * format_print - print a message
 * @format: checked by format_check()
 * @m: the message; a terminator stands behind its payload
 *
 * Return: false if it could not be printed as the format wants, having said so
 */
bool format_print(const char *format, const struct device_message *m)
{
	struct field f;
	bool ok = true;

	while (*format) {
		char c = *format++;

		if (c == '%') {
			format = take_field(format, &f);
			ok &= put_field(&f, m);
		} else if (c == '@') {
			put_strftime(*format++, m);
		} else if (c == '\\') {
			putchar(escaped(*format++));
		} else {
			putchar(c);
		}
	}
	return ok;
}
