// SPDX-License-Identifier: GPL-2.0
/*
 * The text format of /dev/mqtt.
 *
 *	SEQ,USEC,QOS,FLAGS;TOPIC PAYLOAD	as read
 *	[qos=N,retain;]TOPIC PAYLOAD		as written
 *
 * TOPIC and PAYLOAD are escaped so that a message is one line of printable
 * ASCII whatever its bytes are, and so that `;` and the first space can be
 * found without looking at what they separate.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "text.h"
#include "topic.h"

/**
 * mqttk_text_put_head - write what stands before the topic
 * @to: where to
 * @end: one behind the last byte there is room for
 * @head: what to say
 *
 * Return: behind what was written; NULL if there is no room
 */
char *mqttk_text_put_head(char *to, const char *end,
			  const struct mqttk_text_head *head)
{
	size_t room = end - to;
	int n, m = 0;

	n = snprintf(to, room, "%llu,%llu,%u,%s%s", head->seq, head->usec,
		     head->qos, head->retain ? "r" : "", head->dup ? "d" : "");
	if (n >= room)
		return NULL;
	if (head->full_len)
		m = snprintf(to + n, room - n, "T%u;", head->full_len);
	else
		m = snprintf(to + n, room - n,
			     head->retain || head->dup ? ";" : "-;");
	return m < room - n ? to + n + m : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_text_put_head);

static bool is_plain(u8 c, enum mqttk_text_part part)
{
	if (c < ' ' || c > '~' || c == '\\')
		return false;
	return part == MQTTK_TEXT_PAYLOAD ||
	       (c != ' ' && c != ';' && c != '=');
}

/**
 * mqttk_text_escape - write bytes as printable text
 * @to: where to
 * @end: one behind the last byte there is room for
 * @from: the bytes
 * @len: how many
 * @part: what they are, which says what must be escaped
 *
 * Return: behind what was written; NULL if there is no room, then what stands
 *	at @to is undefined
 */
char *mqttk_text_escape(char *to, const char *end, const u8 *from, size_t len,
			enum mqttk_text_part part)
{
	const u8 *stop = from + len;

	for (; from < stop; from++) {
		if (is_plain(*from, part)) {
			if (end - to < 1)
				return NULL;
			*to++ = *from;
		} else {
			if (end - to < 4)
				return NULL;
			*to++ = '\\';
			*to++ = 'x';
			to = hex_byte_pack(to, *from);
		}
	}
	return to;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_text_escape);

/*
 * Undo the escapes of @len bytes at @text, in place since that never grows
 * them. Returns the bytes left, or -EINVAL at a backslash that begins no
 * escape: what a message was meant to be is not guessed.
 */
static int unescape(u8 *text, size_t len)
{
	u8 *to = text;
	size_t i = 0;
	int hi, lo;

	while (i < len) {
		if (text[i] != '\\') {
			*to++ = text[i++];
			continue;
		}
		if (len - i < 4 || text[i + 1] != 'x')
			return -EINVAL;
		hi = hex_to_bin(text[i + 2]);
		lo = hex_to_bin(text[i + 3]);
		if (hi < 0 || lo < 0)
			return -EINVAL;
		*to++ = hi << 4 | lo;
		i += 4;
	}
	return to - text;
}

/* Take one option of @len bytes; each may be said once. */
static int take_option(const u8 *opt, size_t len,
		       struct mqttk_text_publish *pub, bool *qos_said)
{
	if (len == 6 && !memcmp(opt, "retain", 6) && !pub->retain) {
		pub->retain = true;
		return 0;
	}
	if (len == 5 && !memcmp(opt, "qos=", 4) && !*qos_said &&
	    opt[4] >= '0' && opt[4] <= '2') {
		pub->qos = opt[4] - '0';
		*qos_said = true;
		return 0;
	}
	return -EINVAL;
}

static int take_options(const u8 *opts, size_t len,
			struct mqttk_text_publish *pub)
{
	const u8 *end = opts + len, *comma;
	bool qos_said = false;
	int err;

	do {
		comma = memchr(opts, ',', end - opts) ?: end;
		err = take_option(opts, comma - opts, pub, &qos_said);
		if (err)
			return err;
		opts = comma + 1;
	} while (comma < end);
	return 0;
}

/**
 * mqttk_text_parse - understand a line that somebody wrote
 * @line: the line; its escapes are undone in place
 * @len: its bytes, without the newline
 * @pub: filled in; it points into @line
 *
 * Return: 0, or -EINVAL if it is no line of this format or its topic is no
 *	topic name
 */
int mqttk_text_parse(u8 *line, size_t len, struct mqttk_text_publish *pub)
{
	u8 *space = memchr(line, ' ', len);
	u8 *semicolon;
	int n, err;

	memset(pub, 0, sizeof(*pub));
	if (!space)
		return -EINVAL;
	semicolon = memchr(line, ';', space - line);
	if (semicolon) {
		err = take_options(line, semicolon - line, pub);
		if (err)
			return err;
		len -= semicolon + 1 - line;
		line = semicolon + 1;
		/* Not even here is one left unescaped. */
		if (memchr(line, ';', space - line))
			return -EINVAL;
	}
	n = unescape(line, space - line);
	if (n < 0 || n > MQTTK_TOPIC_LEN_MAX || !mqttk_topic_valid(line, n))
		return -EINVAL;
	pub->topic = line;
	pub->topic_len = n;
	n = unescape(space + 1, line + len - (space + 1));
	if (n < 0)
		return -EINVAL;
	pub->payload = space + 1;
	pub->payload_len = n;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_text_parse);
