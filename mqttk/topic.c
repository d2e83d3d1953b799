// SPDX-License-Identifier: GPL-2.0
/*
 * Topic names, topic filters and the strings they are made of.
 *
 * Everything here is called on hostile bytes: it reads nothing outside the
 * given length and its cost is linear in that length.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "topic.h"

/* The byte @b in every byte of a word. */
#define BYTES(b)	(~0UL / 0xff * (b))

/*
 * Whether a word holds only ASCII from U+0020 to U+007E. Where no byte has its
 * top bit set, neither sum carries into the next byte; where one has, the
 * first term says no.
 */
static bool word_is_plain(unsigned long w)
{
	unsigned long below_space = ~(w + BYTES(0x60));
	unsigned long del = w + BYTES(0x01);

	return !((w | below_space | del) & BYTES(0x80));
}

/* Whether a byte of a word is @b; whether it says so of others does not matter. */
static bool word_may_have(unsigned long w, u8 b)
{
	w ^= BYTES(b);
	return (w - BYTES(0x01)) & ~w & BYTES(0x80);
}

/*
 * Nearly all topic names are plain ASCII, and too short to have too many levels.
 * Returns false if it takes a closer look to tell.
 */
static bool is_plain_topic(const u8 *p, size_t len)
{
	const u8 *last;
	unsigned long w;

	if (len < sizeof(long) || len >= MQTTK_TOPIC_LEVELS_MAX)
		return false;
	last = p + len - sizeof(long);
	for (;;) {
		w = get_unaligned((const unsigned long *)p);
		if (!word_is_plain(w) || word_may_have(w, '+') ||
		    word_may_have(w, '#'))
			return false;
		if (p == last)
			return true;
		/* The last one overlaps the one before. */
		p = (size_t)(last - p) > sizeof(long) ? p + sizeof(long) : last;
	}
}

/* Whether MQTT lets a string hold code point @c; see mqttk_utf8_valid(). */
static bool code_point_permitted(u32 c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
		return false;
	if (c >= 0xd800 && c <= 0xdfff)
		return false;
	if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
		return false;
	return c <= 0x10ffff;
}

/* The bytes of the permitted character at @p, or 0 when there is none. */
static size_t utf8_char(const u8 *p, size_t left)
{
	size_t i, n;
	u32 c, min;

	if (p[0] < 0x80) {
		n = 1;
		c = p[0];
		min = 0;
	} else if (p[0] < 0xc0) {
		return 0;
	} else if (p[0] < 0xe0) {
		n = 2;
		c = p[0] & 0x1f;
		min = 0x80;
	} else if (p[0] < 0xf0) {
		n = 3;
		c = p[0] & 0x0f;
		min = 0x800;
	} else if (p[0] < 0xf8) {
		n = 4;
		c = p[0] & 0x07;
		min = 0x10000;
	} else {
		return 0;
	}

	if (left < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= min && code_point_permitted(c) ? n : 0;
}

/**
 * mqttk_utf8_valid - whether bytes are a string MQTT permits
 * @p: the bytes
 * @len: how many
 *
 * Two rules of the standard are a MUST, and one is ours to choose:
 *
 * - ill-formed UTF-8 is refused: overlong forms, surrogates, anything above
 *   U+10FFFF [MQTT-1.5.3-1]; U+0000 is refused [MQTT-1.5.3-2];
 * - control characters (U+0001 to U+001F, U+007F to U+009F) and non-characters
 *   (U+FDD0 to U+FDEF and the last two of each plane) SHOULD NOT be sent, and
 *   the receiver MAY close the connection. They are refused as well, in every
 *   string and for every protocol level: mosquitto does the same, so no client
 *   in the field relies on them, and names free of control characters cannot
 *   garble a terminal or a log that shows them.
 *
 * U+FEFF is an ordinary character [MQTT-1.5.3-3]. MQTT 3.1 speaks of Java's
 * modified UTF-8, whose forms of U+0000 and of characters above U+FFFF are
 * refused as ill-formed.
 *
 * Context: Any.
 * Return: true if the string is permitted; an empty one is.
 */
bool mqttk_utf8_valid(const u8 *p, size_t len)
{
	size_t n;

	while (len) {
		/* Nearly all topics are ASCII: take them a word at a time. */
		if (len >= sizeof(long) &&
		    word_is_plain(get_unaligned((const unsigned long *)p))) {
			n = sizeof(long);
		} else {
			n = utf8_char(p, len);
			if (!n)
				return false;
		}
		p += n;
		len -= n;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_utf8_valid);

/* What topic names and filters have in common. */
static bool levels_valid(const u8 *p, size_t len)
{
	unsigned int levels = 1;
	size_t i;

	if (!len || len > MQTTK_TOPIC_LEN_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (p[i] == '/' && ++levels > MQTTK_TOPIC_LEVELS_MAX)
			return false;
	return mqttk_utf8_valid(p, len);
}

/**
 * mqttk_topic_valid - whether bytes are a topic name
 * @p: the bytes
 * @len: how many
 *
 * A topic name is what is published to: at least one byte [MQTT-4.7.3-1], at
 * most 65,535 [MQTT-4.7.3-3], a permitted string without wildcards
 * [MQTT-3.3.2-2], and at most MQTTK_TOPIC_LEVELS_MAX levels.
 *
 * Context: Any.
 * Return: true if they are.
 */
bool mqttk_topic_valid(const u8 *p, size_t len)
{
	return is_plain_topic(p, len) ||
	       (levels_valid(p, len) && !mqttk_filter_is_wildcard(p, len));
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_topic_valid);

/**
 * mqttk_filter_valid - whether bytes are a topic filter
 * @p: the bytes
 * @len: how many
 *
 * A topic filter is what is subscribed to: as a topic name, but a level may be
 * "+", and the last one may be "#"; next to anything else in a level, neither
 * is allowed [MQTT-4.7.1-2, MQTT-4.7.1-3].
 *
 * Context: Any.
 * Return: true if they are.
 */
bool mqttk_filter_valid(const u8 *p, size_t len)
{
	size_t off, n;

	if (!levels_valid(p, len))
		return false;
	for (off = 0; off <= len; off += n + 1) {
		n = mqttk_topic_level(p, len, off);
		if (!mqttk_filter_is_wildcard(p + off, n))
			continue;
		if (n != 1)
			return false;
		if (p[off] == '#' && off + n != len)
			return false;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_filter_valid);

/**
 * mqttk_filter_is_wildcard - whether a filter can match more than one topic
 * @p: a valid filter
 * @len: its bytes
 *
 * Context: Any.
 * Return: true if it contains "+" or "#".
 */
bool mqttk_filter_is_wildcard(const u8 *p, size_t len)
{
	return memchr(p, '+', len) || memchr(p, '#', len);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_filter_is_wildcard);

/**
 * mqttk_topic_level - measure one level of a topic name or filter
 * @p: the name or filter
 * @len: its bytes
 * @off: where the level starts, at most @len
 *
 * The next level starts at @off + result + 1 if that is at most @len; there is
 * no further level otherwise. "a/" has two levels, the second one empty.
 *
 * Context: Any.
 * Return: bytes from @off to the next "/" or to the end.
 */
size_t mqttk_topic_level(const u8 *p, size_t len, size_t off)
{
	const u8 *slash = memchr(p + off, '/', len - off);

	if (slash)
		len = slash - p;
	return len - off;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_topic_level);

/**
 * mqttk_topic_match - whether a filter matches a topic name
 * @filter: a valid filter
 * @flen: its bytes
 * @topic: a valid topic name
 * @tlen: its bytes
 *
 * "+" matches one level, an empty one too; "#" matches the parent level and
 * everything below it. A filter that starts with a wildcard matches no topic
 * that starts with "$" [MQTT-4.7.2-1]. All other bytes are compared as they
 * are [MQTT-4.7.3-4].
 *
 * For one filter and one topic, as in permissions or tests; the index finds
 * all filters of a topic at once.
 *
 * Context: Any.
 * Return: true if it does.
 */
bool mqttk_topic_match(const u8 *filter, size_t flen,
		       const u8 *topic, size_t tlen)
{
	size_t foff = 0, toff = 0;

	if (tlen && topic[0] == '$' &&
	    flen && (filter[0] == '+' || filter[0] == '#'))
		return false;

	for (;;) {
		size_t fn = mqttk_topic_level(filter, flen, foff);
		size_t tn = mqttk_topic_level(topic, tlen, toff);

		if (fn == 1 && filter[foff] == '#')
			return true;
		if (!(fn == 1 && filter[foff] == '+') &&
		    (fn != tn || memcmp(filter + foff, topic + toff, fn)))
			return false;

		foff += fn;
		toff += tn;
		if (toff == tlen)	/* then only "/#" may be left */
			return foff == flen ||
			       (flen - foff == 2 && filter[foff + 1] == '#');
		if (foff == flen)
			return false;
		foff++;
		toff++;
	}
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_topic_match);

#define SHARE		"$share/"
#define SHARE_LEN	(sizeof(SHARE) - 1)

/**
 * mqttk_filter_is_shared - whether a filter asks for a shared subscription
 * @p: the filter, valid or not
 * @len: its bytes
 *
 * Context: Any.
 * Return: true if it does, be it well-formed or not.
 */
bool mqttk_filter_is_shared(const u8 *p, size_t len)
{
	return len >= SHARE_LEN && !memcmp(p, SHARE, SHARE_LEN);
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_filter_is_shared);

/**
 * mqttk_share_parse - take a filter apart
 * @filter: a permitted string, as it came
 * @len: its bytes
 * @s: the result; it points into @filter
 *
 * "$share/", a name of at least one byte without wildcards, "/", and a filter
 * of at least one byte [MQTT-4.8.2-1, MQTT-4.8.2-2]. Whether @s->filter is a
 * valid filter remains to be asked, shared or not. "$share" alone is a filter
 * like any other.
 *
 * Context: Any.
 * Return: 1 if it is shared; 0 if it is not; -EINVAL if it should be, but is
 * not well-formed.
 */
int mqttk_share_parse(const u8 *filter, u16 len, struct mqttk_share *s)
{
	size_t group;

	if (!mqttk_filter_is_shared(filter, len)) {
		s->group = (struct mqttk_str){ };
		s->filter = (struct mqttk_str){ filter, len };
		return 0;
	}
	filter += SHARE_LEN;
	len -= SHARE_LEN;
	group = mqttk_topic_level(filter, len, 0);
	if (!group || mqttk_filter_is_wildcard(filter, group))
		return -EINVAL;
	if (group + 1 >= len)		/* no "/", or nothing behind it */
		return -EINVAL;
	s->group = (struct mqttk_str){ filter, group };
	s->filter = (struct mqttk_str){ filter + group + 1, len - group - 1 };
	return 1;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_share_parse);
